"""Measures of demand, gathered for publication PCT by PCT."""

import datetime as dt
from dataclasses import replace
from typing import Final

import pandas as pd

from pbcanalytics.demand.measuring.cutting import weighted_of
from pbcanalytics.demand.measuring.groups import group_series
from pbcanalytics.demand.measuring.list_months import Patients
from pbcanalytics.demand.measuring.measures import measure_of
from pbcanalytics.demand.measuring.sums import latest_year, sums_of
from pbcanalytics.faces.publishing.measures import measure_tables
from pbcanalytics.faces.withholding.nested_measures import KEYS, told_whole
from pbcanalytics.faces.withholding.step_groups import Group
from pbcanalytics.pipeline.demand.comparing import side_by_side
from pbcanalytics.pipeline.demand.cut_measures import Senders, cut_tables, recorded_events, senders
from pbcanalytics.pipeline.demand.measures import HeldDemand, held_demand
from pbcanalytics.pipeline.demand.schemes import no_schemes, schemed
from pbcanalytics.pipeline.demand.told_alerts import no_alerts, told_alerts
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.measures import measure_documents
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError
from pbcanalytics.words.tables import Table

_TABLES: Final = (*tables.OF_DEMAND, *tables.OF_COMPARISON)


def measured(
    warehouse: Warehouse,
    reference: Shelf,
    practices: pd.DataFrame,
    names: dict[tuple[str, str], str],
    smallest: int,
) -> dict[Table, pd.DataFrame]:
    """
    Measure demand for publication.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes.
    reference : Shelf
    practices : DataFrame, one row per practice
        Table `practices`.
    names : dict of kind and code to str
        Of PCTs, consortia and practices.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of Table to DataFrame
        The tables of OF_DEMAND and OF_COMPARISON; empty where nothing can be measured.
    """
    empty = {table: pd.DataFrame(columns=table.names) for table in _TABLES}
    try:
        held = held_demand(warehouse, reference)
    except SelectionError:
        return empty | no_alerts() | no_schemes()
    sent = senders(warehouse)
    found = [
        _of_pct(held, reference, sent, str(pct), own, names, smallest)
        for pct, own in practices.groupby("pct_code", sort=True)
    ]
    found = [one for one in found if one]
    if not found:
        return empty | no_alerts() | no_schemes()
    joined = {t: pd.concat([one[t] for one in found], ignore_index=True) for t in empty}
    # A measure is described once, however many PCTs there are.
    described = joined[tables.MEASURES].drop_duplicates("measure", ignore_index=True)
    groups = joined[tables.MEASURE_GROUPS]
    joined[tables.CHART_EVENTS] = recorded_events(reference, groups, held.specialties)
    years = joined[tables.MEASURE_YEARS]
    alerts = told_alerts(warehouse, reference, held, practices, years, smallest)
    schemes = schemed(warehouse, held, reference, practices, joined, smallest)
    return joined | {tables.MEASURES: described} | alerts | schemes


def _of_pct(
    held: HeldDemand,
    reference: Shelf,
    sent: Senders,
    pct: str,
    own: pd.DataFrame,
    names: dict[tuple[str, str], str],
    smallest: int,
) -> dict[Table, pd.DataFrame]:
    """Measure the practices of one PCT; what is compared with are these."""
    ours = [p for p in held.cube.practices if p in set(own["practice_code"])]
    rows = held.cube.rows
    inside = rows["practice_code"].isin(ours)
    if not inside.any():
        return {}
    cube = replace(
        held.cube,
        rows=rows[inside].reset_index(drop=True),
        left_out=pd.concat([held.cube.left_out, rows[~inside]], ignore_index=True),
        practices=ours,
    )
    member = dict(zip(own["practice_code"], own["consortium_code"].fillna(""), strict=True))
    consortia = {p: str(member[p]) for p in ours}
    groups = [Group("pct", pct, names.get(("pct", pct), pct), frozenset(ours))]
    for code in sorted({*consortia.values()} - {""}):
        inside_it = frozenset(p for p, c in consortia.items() if c == code)
        groups.append(Group("consortium", code, names.get(("consortium", code), code), inside_it))
    groups += [Group("practice", p, names.get(("practice", p), p), frozenset([p])) for p in ours]
    patients = Patients(held.lists, cube.practices, cube.months)
    members = {(g.kind, g.code): sorted(g.practices) for g in groups}
    measures = [measure_of(d) for d in measure_documents(reference).values()]
    sums = [sums_of(cube, measure, patients) for measure in measures]
    sums = [one for one in sums if one.is_told.any()]
    series = [group_series(cube, one, members) for one in sums]
    weighted = weighted_of(cube, patients, members)
    kinds = cube.rows[list(KEYS)].drop_duplicates().astype(str)
    whole = told_whole(series, kinds)
    told = measure_tables(
        series,
        groups,
        consortia,
        cube.specialties,
        held.specialties,
        pd.concat([latest_year(cube, one) for one in sums], ignore_index=True),
        kinds,
        weighted=weighted,
        today=dt.date.today(),
        smallest=smallest,
    )
    cuts = cut_tables(cube, sums, series, groups, consortia, weighted, told, sent, smallest)
    for table in (tables.MEASURE_PART_MONTHS, tables.MEASURE_PART_YEARS):
        rows = cuts[table]
        cuts[table] = rows[~rows["measure"].isin(whole)].reset_index(drop=True)
    told |= cuts
    return told | side_by_side(pct, cube, sums, patients, told)
