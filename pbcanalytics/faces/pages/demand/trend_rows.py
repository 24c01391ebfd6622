"""Rows of the published file made ready for the page of demand: weighed, ordered, charted."""

import datetime as dt
from typing import Any, Final

import numpy as np

from pbcanalytics.demand.charting.presets import preset
from pbcanalytics.demand.charting.trend import Panel, Rebasing, Trend, trend
from pbcanalytics.demand.measuring.sums import PER_PATIENTS

_DIRECTIONS: Final = {"lower_better": "decrease", "higher_better": "increase"}


def newest(late: list[dict[str, Any]], months: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """
    Keep what is late of the newest months in a row, if it is not all of them.

    Parameters
    ----------
    late : list of dict
        Rows of `measure_provisional`.
    months : list of dict
        The months that are shown; where they are withheld, the year that holds them is still told.
    """
    run: set[dt.date] = set()
    known = {row["month"] for row in late}
    for month in reversed([m["month"] for m in months]):
        if month not in known:
            break
        run.add(month)
    is_rest = bool(months) and len(run) < len(months)
    return [row for row in late if not months or (is_rest and row["month"] in run)]


def weighed_month(row: dict[str, Any]) -> dict[str, Any]:
    """Give a month per 1,000 weighted patients; nothing where a weighted list is not held."""
    below, upper = row["weighted_list"], row["numerator"]
    is_known = below is not None and upper is not None
    return {
        **row,
        "denominator": below,
        "value": PER_PATIENTS * upper / below if is_known else None,
    }


def weighed_year(row: dict[str, Any]) -> dict[str, Any]:
    """Give a year per 1,000 weighted patients, and its change, whose interval moves along."""
    now, before, was = row["value_weighted"], row["value_weighted_before"], row["change_ratio"]
    ratio = now / before if now is not None and before else None
    ends = ("change_low", "change_high")
    is_known = ratio is not None and was
    moved = {k: row[k] * ratio / was if is_known and row[k] is not None else None for k in ends}
    return {**row, "value": now, "value_before": before, "change_ratio": ratio, **moved}


def adjusted(
    measure: dict[str, Any],
    months: list[dict[str, Any]],
    rules: str,
    events: list[dict[str, Any]],
    provisional: list[dict[str, Any]],
    *,
    aims: bool,
) -> Trend | None:
    """
    Chart the values without the days of their months and the season that all share.

    Parameters
    ----------
    measure : dict
        Row of `measures`.
    months : list of dict
        Rows of `measure_months`.
    rules : str
        Name of a preset.
    events : list of dict
        Rows of `chart_events`; a rebase before what is shown is not applied.
    provisional : list of dict
        As `newest`: in no rule and no limit.
    aims : bool
        A target is judged: it is in the unit of the values.

    Returns
    -------
    Trend or None
        None with fewer than three months.
    """
    values = [float("nan") if m["value"] is None else m["value"] / m["usual_ratio"] for m in months]
    n_late = len({row["month"] for row in provisional}) if months else 0
    known = values[: len(values) - n_late]
    if sum(not np.isnan(v) for v in known) < 3:
        return None
    panel = Panel(
        names=("series",),
        groups=("series",),
        months=tuple(m["month"] for m in months),
        values=np.array([values]),
    )
    direction = _DIRECTIONS.get(measure["direction"], "none")
    fixed, aimed = _last(events, "fix"), _last(events, "target")
    return trend(
        panel,
        preset=preset(rules),
        direction=direction,
        target=aimed if aims and direction != "none" else None,
        rebasings=[
            Rebasing(e["month"], e["reason"])
            for e in events
            if e["kind"] == "rebase" and e["month"] in panel.months[1:]
        ],
        fix_after=None if fixed is None else int(fixed),
        n_provisional=n_late,
    )


def _last(events: list[dict[str, Any]], kind: str) -> float | None:
    """Give the value of the latest event of a kind; a group's own goes before everybody's."""
    ours = [e for e in events if e["kind"] == kind]
    ours.sort(key=lambda e: (e["group_address"] != "ALL", e["month"] or dt.date.min))
    return ours[-1]["value"] if ours else None


def surest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put those that changed most surely first."""
    return sorted(rows, key=_sureness)


def _sureness(row: dict[str, Any]) -> tuple[bool, float]:
    """Order parts by how surely they changed: the nearer end of the interval from 1."""
    low, high = row["change_low"], row["change_high"]
    if row["is_withheld"] or low is None or high is None:
        return True, 0.0
    return False, -max(low - 1, 1 - high)
