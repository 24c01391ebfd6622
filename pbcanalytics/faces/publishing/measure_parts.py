"""What is published of a measure's parts, and what a reader of its chart must know.

Parts are hospitals and who asked. They are guarded as specialties are, each kind by itself, and
no part of one kind is ever told of a part of another.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.measuring.cutting import OTHERS, PROVIDER, UNSAID, Cut
from pbcanalytics.demand.measuring.groups import GroupSeries
from pbcanalytics.demand.measuring.lateness import Late
from pbcanalytics.demand.measuring.sums import PER_PATIENTS
from pbcanalytics.faces.publishing.measure_changes import changes_of, weighted_years, year_of
from pbcanalytics.faces.withholding.measure_withholding import hidden_cells
from pbcanalytics.faces.withholding.monitor_withholding import lines_by_month
from pbcanalytics.faces.withholding.step_groups import Group
from pbcanalytics.reference.chart_events import ChartEvent
from pbcanalytics.words import tables

SOURCES: Final = {
    "gp": "GPs",
    "consultant": "Consultants",
    "emergency_department": "A&E",
    "other": "Others",
    "unknown": "Not said",
}
"""Who asked, in words."""

_SUMMED: Final = {OTHERS: "Other hospitals", UNSAID: "Hospital not said"}


def named(by: str, code: str, providers: Mapping[str, str]) -> str:
    """Name a part: a hospital, or who asked."""
    if by == PROVIDER:
        return _SUMMED.get(code) or providers.get(code, code)
    return SOURCES[code]


def part_tables(
    one: GroupSeries,
    cut: Cut,
    groups: Sequence[Group],
    consortia: Mapping[str, str],
    shown: Sequence[bool],
    providers: Mapping[str, str],
    *,
    weighted: NDArray[np.float64],
    smallest: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Lay out one cut of one measure for publication.

    Parameters
    ----------
    one : GroupSeries
        The measure, a row a group in the order of `groups`.
    cut : Cut
        The same groups in the same order.
    groups : sequence of Group
    consortia : mapping of str to str
        Consortium of each practice; blank outside all.
    shown : sequence of bool
        Whether the group's own months are told.
    providers : mapping of str to str
        Names by code.
    weighted : array of float, group by month
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    tuple of DataFrame
        Tables `measure_part_months` and `measure_part_years`.
    """
    counts = [year_of(cut.counts, last) for last in (True, False)]
    hidden = hidden_cells(counts, groups, consortia, smallest)
    months = _months(one, cut, groups, shown, hidden, weighted, smallest)
    years = _years(one, cut, groups, shown, hidden, providers, weighted)
    return months, years


def _years(
    one: GroupSeries,
    cut: Cut,
    groups: Sequence[Group],
    shown: Sequence[bool],
    hidden: NDArray[np.bool_],
    providers: Mapping[str, str],
    weighted: NDArray[np.float64],
) -> pd.DataFrame:
    """Give the latest twelve months of each part against those before."""
    below = np.broadcast_to(one.denominator[:, -1:], cut.numerator.shape)
    parts = (cut.numerator, below, cut.counts)
    now, before = ([year_of(part, last) for part in parts] for last in (True, False))
    changes = changes_of(one.measure, now, before)
    changes |= weighted_years(one.measure, now[0], before[0], weighted)
    rows = []
    for n, group in enumerate(groups):
        for k, code in enumerate(cut.codes):
            if not now[2][n, k] and not before[2][n, k]:
                continue
            row: dict[str, Any] = {
                **_of(one, group, cut.by, code),
                "part_name": named(cut.by, code, providers),
                "to_month": one.months[-1].date(),
                "is_withheld": bool(hidden[n, k]) or not shown[n],
            }
            if not row["is_withheld"]:
                row |= {name: part[n, k] for name, part in changes.items()}
            rows.append(row)
    frame = pd.DataFrame(rows).reindex(columns=tables.MEASURE_PART_YEARS.names)
    frame["is_withheld"] = frame["is_withheld"].astype(bool)
    return frame.replace([np.inf, -np.inf], np.nan).astype(
        {"n_events": "Int64", "n_events_before": "Int64"}
    )


def _months(
    one: GroupSeries,
    cut: Cut,
    groups: Sequence[Group],
    shown: Sequence[bool],
    hidden: NDArray[np.bool_],
    weighted: NDArray[np.float64],
    smallest: int,
) -> pd.DataFrame:
    """Give the months of parts of PCT and consortia; those of a practice would be of few."""
    names = tables.MEASURE_PART_MONTHS.names
    larger = [n for n, g in enumerate(groups) if g.kind != "practice"]
    if not all(shown[n] for n in larger):
        return pd.DataFrame(columns=names)
    inside = [groups[n] for n in larger if groups[n].kind == "consortium"]
    cells = _cells(cut, groups)
    frames = []
    for n in larger:
        others = inside if groups[n].kind == "pct" else []
        told = lines_by_month(cells, groups[n], others, set(cut.codes), smallest)
        is_any = np.nansum(cut.counts[n], axis=-1) > 0
        for k, code in enumerate(cut.codes):
            # Twelve months that are told would tell the year.
            if code not in told or not is_any[k] or hidden[n, k]:
                continue
            below = one.denominator[n, -1]
            value = np.full(below.shape, np.nan)
            np.divide(PER_PATIENTS * cut.numerator[n, k], below, out=value, where=below > 0)
            frames.append(
                pd.DataFrame(
                    {
                        **_of(one, groups[n], cut.by, code),
                        "month": [m.date() for m in one.months],
                        "numerator": cut.numerator[n, k],
                        "denominator": below,
                        "value": value,
                        "usual_ratio": one.usual_ratio,
                        "weighted_list": weighted[n],
                    }
                )
            )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)


def _of(one: GroupSeries, group: Group, by: str, code: str) -> dict[str, str]:
    """Say what a row is of."""
    return {
        "measure": one.measure.name,
        "group_kind": group.kind,
        "group_code": group.code,
        "part_kind": by,
        "part_code": code,
    }


def _cells(cut: Cut, groups: Sequence[Group]) -> pd.DataFrame:
    """Lay the events of practices out by part and month."""
    rows = [n for n, g in enumerate(groups) if g.kind == "practice"]
    counted = np.nan_to_num(cut.counts[rows, :-1])
    practice, part, month = (i.ravel() for i in np.indices(counted.shape))
    codes = np.array([groups[n].code for n in rows], dtype=object)
    return pd.DataFrame(
        {
            "practice_code": codes[practice],
            "pod": np.array(cut.codes, dtype=object)[part],
            "month": month,
            "n_activity": counted.ravel().round().astype(int),
        }
    )


def provisional_rows(
    measure: str,
    found: Sequence[tuple[tuple[str, str], Late]],
    reason: str,
    providers: Mapping[str, str],
) -> list[dict[str, Any]]:
    """
    Give the rows of `measure_provisional`: a group, a month, and the hospital that is late.

    Parameters
    ----------
    measure : str
    found : sequence of (group, Late)
        As `cutting.touched`.
    reason : str
        "late" or "flex".
    providers : mapping of str to str
        Names by code.
    """
    return [
        {
            "measure": measure,
            "group_kind": kind,
            "group_code": code,
            "month": month,
            "provider_code": one.provider_code,
            "provider_name": providers.get(one.provider_code, one.provider_code),
            "reason": reason,
        }
        for (kind, code), one in found
        for month in one.months
    ]


def event_rows(events: Sequence[ChartEvent]) -> pd.DataFrame:
    """Lay out recorded events as table `chart_events`."""
    rows = [
        (e.measure, e.group, e.specialty, e.month, e.kind, e.value, e.reason, e.author, e.date)
        for e in events
    ]
    return pd.DataFrame(rows, columns=tables.CHART_EVENTS.names)
