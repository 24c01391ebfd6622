"""Practices side by side: for publication, and in full for an analyst."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from pbcanalytics import intake
from pbcanalytics.demand.comparing.practices import Comparison, bands, compared, near_practices
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.list_months import Patients
from pbcanalytics.demand.measuring.sums import ALL, Sums, sums_of
from pbcanalytics.faces.publishing.comparisons import (
    comparison_tables,
    told_cells,
    told_months,
)
from pbcanalytics.pipeline.demand.measures import held_demand, held_measures
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError, StoreError
from pbcanalytics.words.tables import Table


def side_by_side(
    pct_code: str,
    cube: Cube,
    every: Sequence[Sums],
    patients: Patients,
    told: Mapping[Table, pd.DataFrame],
) -> dict[Table, pd.DataFrame]:
    """
    Compare the practices of a PCT for publication.

    Parameters
    ----------
    pct_code : str
    cube : Cube
        Of its practices.
    every : sequence of Sums
        One a measure.
    patients : Patients
    told : mapping of Table to DataFrame
        With `measure_years` and `measure_groups` as they are published.

    Returns
    -------
    dict of Table to DataFrame
        The tables of OF_COMPARISON.
    """
    years, groups = told[tables.MEASURE_YEARS], told[tables.MEASURE_GROUPS]
    found = []
    for sums in every:
        cells = told_cells(years, sums.measure.name)
        months = told_months(groups, sums.measure.name)
        found.append((compared(cube, sums, cells), bands(cube, sums, months), cells))
    return comparison_tables(pct_code, cube.practices, found, near_practices(patients))


def compare_measure(data: Path, measure: str, specialty: str = ALL) -> Comparison:
    """
    Compare all practices in one measure.

    Parameters
    ----------
    data : Path
        The data folder.
    measure : str
    specialty : str
        Code, or ALL.

    Returns
    -------
    Comparison

    Raises
    ------
    SelectionError
        If one of the choices is none, or nothing is known of them.
    StoreError
        If nothing was priced yet.
    """
    known = {m.name: m for m in held_measures(data)}
    _refuse_unknown(measure, known, "measure")
    with Warehouse.open(data, doing="the comparison") as warehouse:
        if not warehouse.has("activity"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, and stays are made of episodes "
                "then, so there is nothing to compare. Run 'pbc build' first."
            )
        intake.prepare(warehouse.con)
        held = held_demand(warehouse, shelf(data))
        names = warehouse.frame("SELECT practice_code, practice_name FROM practices")
    _refuse_unknown(specialty, [ALL, *held.cube.specialties], "specialty with activity")
    patients = Patients(held.lists, held.cube.practices, held.cube.months)
    sums = sums_of(held.cube, known[measure], patients)
    cells = {(p, specialty) for p in held.cube.practices}
    found = compared(held.cube, sums, cells)
    if found.table.empty:
        raise SelectionError(
            f"No practice has anything of '{measure}' in the latest twelve months"
            + ("" if specialty == ALL else f" in specialty {specialty}")
            + ", or no list of it is held, so there is nothing to compare. 'pbc measures' says "
            "what is held."
        )
    return Comparison(
        found,
        specialty,
        held.specialties,
        dict(zip(names["practice_code"], names["practice_name"].fillna(""), strict=True)),
        near_practices(patients),
        bands(held.cube, sums),
    )


def _refuse_unknown(chosen: str, known: Sequence[str] | Mapping[str, object], what: str) -> None:
    there = sorted(known)
    if chosen not in there:
        raise SelectionError(
            f"'{chosen}' is no {what}, so nothing was compared. There are: "
            f"{', '.join(there[:40]) or 'none'}."
        )
