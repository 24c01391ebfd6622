"""Forecasts of a measure that add up, from what is loaded and priced."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pbcanalytics import intake
from pbcanalytics.demand.forecasting.counted import HORIZON
from pbcanalytics.demand.forecasting.foreseeing import Foreseen, Members, foreseen
from pbcanalytics.demand.measuring.list_months import Patients
from pbcanalytics.demand.measuring.measures import Measure
from pbcanalytics.demand.measuring.sums import ALL, sums_of
from pbcanalytics.pipeline.demand.measures import held_demand, held_measures
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import SelectionError, StoreError


@dataclass(frozen=True)
class ForeseenMeasure:
    """
    Forecasts of a measure, and what is asked of them.

    Attributes
    ----------
    found : Foreseen
        Of all; groups are `all`, consortia and practices.
    practice : str or None
        Who answers for the practice asked for.
    specialty : str or None
    last : Timestamp
        The last month that is known.
    specialties : dict of str to str
        Names by code.
    """

    found: Foreseen
    practice: str | None
    specialty: str | None
    last: pd.Timestamp
    specialties: dict[str, str]


def foresee(
    data: Path,
    measure: str,
    *,
    practice: str | None = None,
    specialty: str | None = None,
    months: int = HORIZON,
) -> ForeseenMeasure:
    """
    Forecast a rate's events by practice, specialty and source, so that sums agree.

    Parameters
    ----------
    data : Path
        The data folder.
    measure : str
    practice, specialty : str, optional
        What is asked for; what is learnt from stays everything.
    months : int
        Months ahead, 1 to 12.

    Returns
    -------
    ForeseenMeasure

    Raises
    ------
    SelectionError
        If one of the choices is none, or the measure has no events that add up or too few months.
    StoreError
        If nothing was priced yet.
    """
    if not 1 <= months <= HORIZON:
        raise SelectionError(
            f"{months} months ahead cannot be forecast: errors are known for 1 to {HORIZON}. "
            f"Choose --months 1 to {HORIZON}."
        )
    chosen = _rate(held_measures(data), measure)
    with Warehouse.open(data, doing="forecasting demand") as warehouse:
        if not warehouse.has("activity"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, and stays are made of episodes "
                "then, so there is nothing to forecast from. Run 'pbc build' first."
            )
        intake.prepare(warehouse.con)
        held = held_demand(warehouse, shelf(data))
        register = warehouse.frame("SELECT practice_code, consortium_code FROM practices")
    if practice is not None:
        _refuse_unknown(practice, held.answers, "practice in the register")
        practice = held.answers[practice]
    if specialty is not None:
        _refuse_unknown(specialty, held.cube.specialties, "specialty with activity")
    sums = sums_of(held.cube, chosen, Patients(held.lists, held.cube.practices, held.cube.months))
    found = foreseen(
        held.cube, sums, _members(held.cube.practices, register), is_whole=True, horizon=months
    )
    if found is None:
        raise SelectionError(
            f"'{measure}' cannot be forecast: no practice has a list and twelve known months of "
            "it, one of them among the last three. Load what is missing ('pbc status' says what is "
            "held)."
        )
    return ForeseenMeasure(found, practice, specialty, held.cube.months[-1], held.specialties)


def _rate(measures: Iterable[Measure], name: str) -> Measure:
    """Find a measure whose events add up."""
    known = {m.name: m for m in measures if m.is_rate and not m.numerator.counts_days}
    _refuse_unknown(
        name, known, "measure whose events add up (shares, ratios and days are forecast on pages)"
    )
    return known[name]


def _members(practices: list[str], register: pd.DataFrame) -> Members:
    """Lay out groups: all practices, consortia, each practice."""
    of = dict(zip(register["practice_code"], register["consortium_code"].fillna(""), strict=True))
    consortia = sorted({str(of.get(p, "")) for p in practices} - {""})
    groups = {("pct", ALL): practices}
    for code in consortia:
        groups["consortium", code] = [p for p in practices if of.get(p) == code]
    return groups | {("practice", p): [p] for p in practices}


def _refuse_unknown(chosen: str, known: Iterable[str], what: str) -> None:
    there = sorted(known)
    if chosen in there:
        return
    more = f" and {len(there) - 40} more" if len(there) > 40 else ""
    raise SelectionError(
        f"'{chosen}' is no {what}, so nothing was forecast. There are: "
        f"{', '.join(there[:40]) or 'none'}{more}."
    )
