"""What has changed of late, over the whole grid of measures, practices and specialties."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.demand.comparing.scatter import Beside
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.lateness import Late, late_months
from pbcanalytics.demand.measuring.list_months import Lists, Patients
from pbcanalytics.demand.measuring.measures import Measure
from pbcanalytics.demand.measuring.sums import sums_of
from pbcanalytics.demand.watching.alerts import (
    ABOVE,
    BELOW,
    FALSE_SHARE,
    false_discovery_adjusted,
)
from pbcanalytics.demand.watching.changes import (
    LEAST_BASELINE_MONTHS,
    Change,
    Evidence,
    beside_others,
    change_of,
    least_detectable,
    tested,
)
from pbcanalytics.words.errors import SelectionError
from pbcanalytics.words.working_days import days_in

FAMILIES: Final = {
    "referrals": ("referral",),
    "outpatients": ("attendance", "procedure", "missed", "cancelled", "unresolved"),
    "A&E": ("ae_attendance", "ae_follow_up"),
    "stays": ("admission", "priced_stay", "unpriced_stay"),
}
"""By what a measure counts; declared before any figure was seen."""

SOON: Final = 3
LATER: Final = 12
"""Months after which it is told what would have been seen."""

LEAST_A_MONTH: Final = 5.0
"""Specialties in which practices have fewer on average are put together (trends 1.2)."""

REST: Final = "SMALL"
"""All specialties of a measure that are too small for series of their own."""

_PLANNED_PODS: Final = {"DC", "EL", "RA"}
_ANY_DAY: Final = {*FAMILIES["A&E"], *FAMILIES["stays"]}


KEY: Final = ("measure", "practice_code", "specialty_code", "side")
"""What an alert is called."""

COLUMNS: Final = (
    *KEY,
    *("family", "last_month", "n_a_month", "p_share", "adjusted_p_share", "is_alert"),
    *("least_ratio_soon", "least_ratio_later", "onset", "onset_earliest", "onset_latest"),
    *("observed", "expected", "ratio", "ratio_low", "ratio_high", "n_least"),
)
"""Of the series that are watched."""


@dataclass(frozen=True)
class Watch:
    """
    What was looked at, and what stood out.

    Attributes
    ----------
    measures : tuple of Measure
    missing : tuple of Measure
        Those of which nothing is loaded.
    month : date
        The latest that there is, whole or not.
    series : DataFrame, one row per measure, practice and specialty that has events
        KEY (`side` is ABOVE or BELOW, the likelier), `family`, `last_month` (the latest that is
        whole), `n_a_month` [events], `p_share`, `adjusted_p_share` (both empty if not tested),
        `is_alert`, `least_ratio_soon` and `least_ratio_later` (the smallest rise that would have
        been found after 3 and 12 months); and of alerts `onset`, `onset_earliest`, `onset_latest`
        (first days of months), `observed`, `expected` [events since], `ratio`, `ratio_low`,
        `ratio_high`: since over before, beside the other practices, with 95% limits; `n_least`,
        the least count that it rests on [events].
    alerts : DataFrame, one row per alert
        Those rows, the rarest by chance first.
    families : DataFrame, one row per family and side
        `n_tested`, `n_alerts`, `threshold_share`, `n_false_expected` [series].
    late : tuple of Late
        Why months were left out.
    """

    measures: tuple[Measure, ...]
    missing: tuple[Measure, ...]
    month: dt.date
    series: pd.DataFrame
    alerts: pd.DataFrame
    families: pd.DataFrame
    late: tuple[Late, ...]


def up_to(cube: Cube, month: dt.date) -> Cube:
    """
    Leave out what came after a month.

    Raises
    ------
    SelectionError
        If nothing is left.
    """
    last = pd.Timestamp(month)
    months = cube.months[cube.months <= last]
    if not len(months):
        raise SelectionError(
            f"There is no activity up to {month:%Y-%m}, so nothing can be watched. It begins in "
            f"{cube.months[0]:%Y-%m}: choose a later month with --as-of."
        )
    rows = cube.rows[cube.rows["month"] <= last].reset_index(drop=True)
    others = cube.left_out[~(cube.left_out["month"] > last)]
    return replace(cube, rows=rows, left_out=others, months=months)


def watch(
    cube: Cube, measures: Sequence[Measure], lists: Lists, *, false_share: float = FALSE_SHARE
) -> Watch:
    """
    Look for practices whose demand has moved away from that of the others.

    Parameters
    ----------
    cube : Cube
        With a month at least.
    measures : sequence of Measure
        Those that are `in_alerts` are looked at.
    lists : Lists
    false_share : float
        Of the alerts of a family, how many may be false on average. [share]

    Returns
    -------
    Watch

    Raises
    ------
    SelectionError
        If there are fewer than 13 months, or no measure is to be looked at.

    Notes
    -----
    Rises and falls of a family are two lists, each controlled by Benjamini and Hochberg.
    """
    looked = tuple(m for m in measures if m.in_alerts)
    if not looked or len(cube.months) <= LEAST_BASELINE_MONTHS:
        raise SelectionError(
            f"{len(looked)} measures are in alerts (in_alerts: true) and {len(cube.months)} months "
            f"are held: to watch takes one measure and {LEAST_BASELINE_MONTHS + 1} months at least."
            " Load more months, or let a measure be in alerts (docs/measures.md)."
        )
    late = late_months(cube)
    each = [(m, _looked_at(cube, m, lists, late)) for m in looked]
    missing = tuple(m for m, one in each if one.table.empty)
    found = [one for _, one in each if len(one.table)]
    if not found:
        raise SelectionError(
            "None of the measures in alerts has any events, so there is nothing to watch. Load "
            "referrals, attendances or stays, then run 'pbc build'."
        )
    series = pd.concat([one.table for one in found], ignore_index=True)
    families = []
    for family in dict.fromkeys(series["family"]):
        for side in (ABOVE, BELOW):
            mine = series.index[(series["family"] == family) & ~series[f"p_{side}"].isna()]
            adjusted, row = _judged(series.loc[mine, f"p_{side}"].to_numpy(), false_share)
            families.append({"family": family, "side": side, **row})
            series.loc[mine, f"adjusted_{side}"] = adjusted
    is_above = ~(series["p_above"] > series["p_below"])
    series["side"] = np.where(is_above, ABOVE, BELOW)
    for name in ("p", "adjusted"):
        likelier = series[f"{name}_above"].where(is_above, series[f"{name}_below"])
        series[f"{name}_share" if name == "p" else "adjusted_p_share"] = likelier
    series["is_alert"] = series["adjusted_p_share"] <= false_share
    by_family = pd.DataFrame(families)
    parts, start = [], 0
    for one in found:
        mine = series.iloc[start : start + len(one.table)]
        start += len(one.table)
        parts.append(_with_changes(one, mine, by_family))
    series = pd.concat(parts, ignore_index=True)[[*COLUMNS]]
    alerts = series[series["is_alert"]].sort_values(["p_share", *KEY], ignore_index=True)
    return Watch(looked, missing, cube.months[-1].date(), series, alerts, by_family, late)


@dataclass(frozen=True)
class _Looked:
    """One measure: its series, those beside the others, the tests, whole months, and counts."""

    table: pd.DataFrame
    of: Beside
    evidence: Evidence
    months: pd.DatetimeIndex
    counts: tuple[Array, ...]


def _looked_at(cube: Cube, measure: Measure, lists: Lists, late: Sequence[Late]) -> _Looked:
    """Test the series of a measure."""
    sums = sums_of(cube, measure, Patients(lists, cube.practices, cube.months))
    events = {e for condition in measure.conditions for e in condition.events}
    n_late = max((len(one.months) for one in late if one.event in events), default=0)
    months = cube.months[: len(cube.months) - n_late]
    # The last row is all practices, the last column all specialties.
    counts, base = (a[:-1, :-1, : len(months)] for a in (sums.numerator, sums.denominator))
    seen = np.where(
        np.isnan(counts), 0, cube.summed(measure.numerator, "n_events")[:, :-1, : len(months)]
    )
    counts, seen, base, specialties = _rolled_up(counts, seen, base, cube.specialties, measure)
    exposure = base * _days(measure, months) if measure.is_rate else base
    of = beside_others(counts, exposure, is_ratio=measure.per == "ratio")
    evidence = tested(of)
    codes = [(p, s) for p in cube.practices for s in specialties]
    table = pd.DataFrame(codes, columns=["practice_code", "specialty_code"]).assign(
        measure=measure.name,
        family=_family(measure),
        last_month=months[-1].date(),
        n_a_month=of.counts[:, -LATER:].mean(axis=1),
        p_above=evidence.p_above,
        p_below=evidence.p_below,
    )
    rests_on = [seen] if measure.is_rate else [seen, base]
    if measure.per == "share":
        rests_on.append(base - seen)
    flat = tuple(np.nan_to_num(a).reshape(-1, len(months)) for a in rests_on)
    return _Looked(table, of, evidence, months, flat)


def _rolled_up(
    counts: Array, seen: Array, base: Array, specialties: Sequence[str], measure: Measure
) -> tuple[Array, Array, Array, list[str]]:
    """
    Put the specialties together that have too few events for a series of their own.

    `seen` are the events of `counts`, which are days in a measure of days.
    """
    n_known = np.maximum((~np.isnan(counts)).sum(axis=(0, 2)), 1)
    a_month = np.nansum(counts, axis=(0, 2)) / n_known
    is_own = a_month >= LEAST_A_MONTH
    is_small = ~is_own & (a_month > 0)
    names = [s for s, own in zip(specialties, is_own, strict=True) if own]
    base = np.broadcast_to(base, counts.shape)
    parts = [a[:, is_own] for a in (counts, seen, base)]
    if is_small.any():
        small = [a[:, is_small].sum(axis=1, keepdims=True) for a in (counts, seen)]
        # A list is that of all specialties; events of a denominator add up.
        under = base[:, is_small]
        under = under[:, :1] if measure.is_rate else under.sum(axis=1, keepdims=True)
        each = zip(parts, (*small, under), strict=True)
        parts = [np.concatenate(pair, axis=1) for pair in each]
        names.append(REST)
    return parts[0], parts[1], parts[2], names


def _days(measure: Measure, months: pd.DatetimeIndex) -> Array:
    """Give the days on which the events of a measure happen: working days, of planned ones."""
    upper = measure.numerator
    is_planned = not _ANY_DAY.intersection(upper.events) or (
        bool(upper.pods) and _PLANNED_PODS.issuperset(upper.pods)
    )
    return np.array([days_in(m.date())[0 if is_planned else 1] for m in months], dtype=float)


def _family(measure: Measure) -> str:
    """Give the family of a measure, by the first event that it counts."""
    event = measure.numerator.events[0]
    return next((name for name, events in FAMILIES.items() if event in events), event)


def _judged(p: Array, false_share: float) -> tuple[Array, dict[str, float]]:
    """Control the false ones of one list, and say how many luck raises."""
    adjusted = false_discovery_adjusted(p)
    n_alerts = int((adjusted <= false_share).sum())
    threshold = false_share * max(n_alerts, 1) / max(len(p), 1)
    return adjusted, {
        "n_tested": len(p),
        "n_alerts": n_alerts,
        "threshold_share": threshold,
        "n_false_expected": threshold * len(p),
    }


def _with_changes(one: _Looked, series: pd.DataFrame, families: pd.DataFrame) -> pd.DataFrame:
    """Add what could have been seen, and of alerts since when and how much."""
    series = series.reset_index(drop=True)
    own = families[(families["family"] == series["family"].iloc[0]) & (families["side"] == ABOVE)]
    threshold = float(own["threshold_share"].iloc[0])
    for name, n in (("least_ratio_soon", SOON), ("least_ratio_later", LATER)):
        can = n in one.evidence.scatter
        series[name] = least_detectable(one.of, one.evidence, n, threshold) if can else np.nan
    changes: dict[int, Change] = {
        place: change_of(
            one.of, place, one.evidence.scatter, is_rise=series["side"][place] == ABOVE
        )
        for place in np.flatnonzero(series["is_alert"]).tolist()
    }
    days = [m.date() for m in one.months]
    columns: dict[str, dict[int, Any]] = {
        "onset": {k: days[c.first] for k, c in changes.items()},
        "onset_earliest": {k: days[c.earliest] for k, c in changes.items()},
        "onset_latest": {k: days[c.latest] for k, c in changes.items()},
        "observed": {k: c.observed for k, c in changes.items()},
        "expected": {k: c.expected for k, c in changes.items()},
        "ratio": {k: c.ratio for k, c in changes.items()},
        "ratio_low": {k: c.low for k, c in changes.items()},
        "ratio_high": {k: c.high for k, c in changes.items()},
        "n_least": {k: _least(one, k, c.first) for k, c in changes.items()},
    }
    for name, values in columns.items():
        series[name] = pd.Series(values, dtype=object if "onset" in name else float)
    return series


def _least(one: _Looked, place: int, first: int) -> float:
    """Give the least count of the latest months, those since an onset and those before it."""
    windows = slice(-SOON, None), slice(first, None), slice(0, first)
    return min(float(of[place, months].sum()) for of in one.counts for months in windows)
