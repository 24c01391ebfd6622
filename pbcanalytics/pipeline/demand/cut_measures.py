"""Measures cut by hospital and by who asked, late months and recorded events, for publication."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.cutting import PROVIDER, SOURCE, cut_of, labels, touched
from pbcanalytics.demand.measuring.groups import GroupSeries
from pbcanalytics.demand.measuring.lateness import MOST_LATE_MONTHS, Late, late_months
from pbcanalytics.demand.measuring.sums import Sums
from pbcanalytics.faces.pages import whose
from pbcanalytics.faces.publishing.measure_parts import event_rows, part_tables, provisional_rows
from pbcanalytics.faces.withholding.step_groups import Group
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.chart_events import chart_events
from pbcanalytics.reference.measures import measure_documents
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

LATE: Final = "late"
FLEX: Final = "flex"

_TABLES: Final = (
    *(tables.MEASURE_PART_MONTHS, tables.MEASURE_PART_YEARS, tables.MEASURE_PROVISIONAL),
    tables.CHART_EVENTS,
)
_STAYS: Final = ("admission", "priced_stay", "unpriced_stay")
_APPOINTMENTS: Final = ("attendance", "procedure", "missed", "cancelled", "unresolved")
_EVENTS_OF: Final = {
    "referrals": ("referral",),
    "outpatients": _APPOINTMENTS,
    "emergency_attendances": ("ae_attendance", "ae_follow_up"),
    "episodes": _STAYS,
    "supplied_spells": _STAYS,
}
"""The events that each landing table feeds."""

_OPEN: Final = """
SELECT table_name, submitter_code, month FROM submissions
WHERE month IS NOT NULL AND submission IN ('flex', 'freeze')
GROUP BY table_name, submitter_code, month
HAVING COUNT(CASE WHEN submission = 'freeze' THEN 1 END) = 0
ORDER BY table_name, submitter_code, month
"""
"""Months that were sent as provisional, and not yet as final."""


@dataclass(frozen=True)
class Senders:
    """The names of hospitals, and the months that each has sent as provisional, by its table."""

    names: dict[str, str]
    open_months: dict[tuple[str, str], frozenset[dt.date]]


def senders(warehouse: Warehouse) -> Senders:
    """Read who sends what, and which months may still change."""
    rows = warehouse.rows("SELECT provider_code, provider_name FROM providers")
    found: dict[tuple[str, str], set[dt.date]] = {}
    if warehouse.has("submissions"):
        for table, provider, month in warehouse.rows(_OPEN):
            found.setdefault((str(table), str(provider)), set()).add(month)
    return Senders(
        {str(code): str(name) for code, name in rows if name is not None},
        {key: frozenset(months) for key, months in found.items()},
    )


def cut_tables(
    cube: Cube,
    sums: Sequence[Sums],
    series: Sequence[GroupSeries],
    groups: Sequence[Group],
    consortia: Mapping[str, str],
    weighted: NDArray[np.float64],
    told: Mapping[Table, pd.DataFrame],
    sent: Senders,
    smallest: int,
) -> dict[Table, pd.DataFrame]:
    """
    Cut the measures of one PCT by hospital and by who asked, and mark months that are not whole.

    Parameters
    ----------
    cube : Cube
        Of the PCT's practices.
    sums, series : sequence of Sums, of GroupSeries
        One a measure, in the same order.
    groups : sequence of Group
    consortia : mapping of str to str
        Consortium of each practice; blank outside all.
    weighted : array of float, group by month
    told : mapping of Table to DataFrame
        What is published of the measures themselves.
    sent : Senders
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of Table to DataFrame
        Months and years of parts, and months that are provisional.
    """
    members = {(g.kind, g.code): sorted(g.practices) for g in groups}
    labelled = {by: labels(cube, by) for by in (PROVIDER, SOURCE)}
    hardly, flex = late_months(cube), _of_flex(cube, sent)
    found: dict[Table, list[pd.DataFrame]] = {table: [] for table in _TABLES}
    late = []
    whole = told[tables.MEASURE_GROUPS].set_index(["measure", "group_kind", "group_code"])
    for one, shown_as in zip(sums, series, strict=True):
        name = one.measure.name
        for reason, ours in ((LATE, hardly), (FLEX, flex)):
            of = touched(cube, one, ours, members)
            late += provisional_rows(name, of, reason, sent.names)
        shown = [not whole.at[(name, *key), "is_withheld"] for key in members]
        for by, where in labelled.items():
            cut = cut_of(cube, one, members, by, where)
            if cut is None:
                continue
            months, years = part_tables(
                shown_as, cut, groups, consortia, shown, sent.names,
                weighted=weighted, smallest=smallest,
            )  # fmt: skip
            found[tables.MEASURE_PART_MONTHS].append(months)
            found[tables.MEASURE_PART_YEARS].append(years)
    found[tables.MEASURE_PROVISIONAL].append(
        pd.DataFrame(late, columns=tables.MEASURE_PROVISIONAL.names)
    )
    return {
        table: pd.concat([table.check(f) for f in frames], ignore_index=True)
        if (frames := [f for f in made if not f.empty])
        else pd.DataFrame(columns=table.names)
        for table, made in found.items()
    }


def recorded_events(
    reference: Shelf, groups: pd.DataFrame, specialties: Mapping[str, str]
) -> pd.DataFrame:
    """
    Read what was recorded of charts, as table `chart_events`.

    Parameters
    ----------
    reference : Shelf
    groups : DataFrame
        Table `measure_groups`.
    specialties : mapping of str to str
        Names by code.

    Raises
    ------
    ReferenceGap
        With every fault of the file.
    """
    known = groups[["group_kind", "group_code"]].drop_duplicates().astype(str).to_numpy()
    documents = measure_documents(reference)
    return event_rows(
        chart_events(
            reference,
            {name: str(document["direction"]) for name, document in documents.items()},
            {whose.address(kind, code) for kind, code in known},
            set(specialties),
        )
    )


def _of_flex(cube: Cube, sent: Senders) -> list[Late]:
    """List the newest months in a row that a hospital has sent as provisional."""
    newest = [m.date() for m in cube.months[-MOST_LATE_MONTHS:]][::-1]
    found = []
    for (table, provider), months in sorted(sent.open_months.items()):
        run = []
        for month in newest:
            if month not in months:
                break
            run.append(month)
        if run:
            events = _EVENTS_OF.get(table, ())
            found += [Late(provider, event, tuple(run[::-1])) for event in events]
    return found
