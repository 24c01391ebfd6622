"""Schemes of demand management, planned and evaluated from what is loaded and priced."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from pbcanalytics import intake
from pbcanalytics.costing.chain import model
from pbcanalytics.demand.measuring.cube import Cube, cube_of
from pbcanalytics.demand.measuring.measures import Measure, measure_of
from pbcanalytics.demand.schemes.effects import Judged, Plan, evaluated, planned
from pbcanalytics.demand.schemes.evaluation import YEAR_MONTHS
from pbcanalytics.demand.schemes.scheme import Scheme, demand_of, scheme_of
from pbcanalytics.demand.watching.grid_watch import up_to
from pbcanalytics.faces.publishing.schemes import scheme_tables
from pbcanalytics.pipeline.demand.measures import HeldDemand, held_demand
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.measures import measure_documents
from pbcanalytics.reference.schemes import (
    LEAST_MONTHS,
    MOST_MONTHS,
    month_of,
    scheme_documents,
)
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError, StoreError
from pbcanalytics.words.tables import Table

USUAL_MONTHS: Final = 36
"""Months of the cube that measures rest on; earlier ones are read where a scheme needs them."""


@dataclass(frozen=True)
class _Held:
    """What schemes rest on."""

    demand: HeldDemand
    practices: pd.DataFrame
    measures: dict[str, Measure]
    schemes: tuple[Scheme, ...]


def held_schemes(data: Path) -> tuple[Scheme, ...]:
    """
    Read the schemes that are registered.

    Raises
    ------
    ReferenceGap
        With every fault of every document.
    """
    return _schemes(shelf(data))


def judged_scheme(data: Path, name: str, as_of: str | None = None) -> Judged:
    """
    Tell what became of a scheme.

    Parameters
    ----------
    data : Path
        The data folder.
    name : str
    as_of : str, optional
        Look at nothing after this month: 2018-11.

    Returns
    -------
    Judged
        With a reason where it cannot be evaluated.

    Raises
    ------
    SelectionError
        If there is no such scheme or month.
    ReferenceGap
        If a document is faulty.
    StoreError
        If nothing was priced yet.
    """
    month = (
        None
        if as_of is None
        else _month(as_of, "so it cannot be said what was known then", "--as-of 2018-11")
    )
    known = {s.name: s for s in held_schemes(data)}
    if name not in known:
        raise SelectionError(
            f"'{name}' is no scheme, so nothing was evaluated. There are: "
            f"{', '.join(known) or 'none'}. Write one to {data / 'reference' / 'schemes'} "
            "(docs/schemes.md)."
        )
    scheme = known[name]
    with _held(data, _first_month(scheme.starts, scheme.months, scheme.figures_from)) as held:
        if month is not None:
            held = replace(held, demand=replace(held.demand, cube=up_to(held.demand.cube, month)))
        return _judged(held, scheme)


def plan_scheme(
    data: Path,
    *,
    measure: str,
    practices: Sequence[str],
    starts: str,
    specialties: Sequence[str] = (),
    months: int = YEAR_MONTHS,
    hoped_share: float | None = None,
    figures: Sequence[str] = (),
) -> tuple[Plan, Measure, tuple[str, ...], tuple[str, ...]]:
    """
    Tell, before a scheme is approved, the smallest effect that its evaluation could see.

    Parameters
    ----------
    data : Path
        The data folder.
    measure : str
    practices : sequence of str
        Codes of those that are to take part.
    starts : str
        Month in which it is to begin: 2018-04. Nothing from then on is looked at.
    specialties : sequence of str
        Codes; all where none is named.
    months : int
        For so long it is to be evaluated. [months]
    hoped_share : float, optional
        -0.1 for a tenth less. [share]
    figures : sequence of str
        First and last month by which the practices were chosen, if they were chosen by figures.

    Returns
    -------
    Plan
    Measure
    tuple of str
        The practices that would be treated, as they answer now.
    tuple of str
        The controls.

    Raises
    ------
    SelectionError
        If a choice is none, or there is too little to tell from.
    StoreError
        If nothing was priced yet.
    """
    start = _month(starts, "so it is not known when the scheme begins", "--starts 2018-04")
    chosen_by = "--figures 2017-04,2018-03"
    why = "so it is not known by which figures practices were chosen"
    between = [_month(f, why, chosen_by) for f in figures]
    if not LEAST_MONTHS <= months <= MOST_MONTHS:
        raise SelectionError(
            f"{months} months cannot be planned for, because no document of a scheme may have so "
            f"many or so few. Choose from {LEAST_MONTHS} to {MOST_MONTHS} with --months."
        )
    if hoped_share is not None and (not -1 < hoped_share <= 1 or not hoped_share):
        raise SelectionError(
            f"A hope of {hoped_share} cannot be planned for: it is a share between -1 and 1 other "
            "than 0. Write --hoped -0.1 for a tenth less."
        )
    if len(between) not in (0, 2) or (between and not between[0] <= between[1] < start):
        raise SelectionError(
            f"Figures of {' to '.join(figures)} cannot be those by which practices were chosen: "
            f"give the first and the last month, before the scheme starts, as in {chosen_by}."
        )
    with _held(data, _first_month(start, months, between[0] if between else None)) as held:
        chosen = _measure(held, measure)
        treated, controls, _ = _parties(held, practices, chosen.name, start, months)
        demand = demand_of(held.demand.cube, chosen, held.demand.lists, _known(held, specialties))
        plan = planned(
            demand, treated, controls, starts=start, n_months=months, hoped_share=hoped_share,
            figures=(between[0], between[1]) if between else None,
        )  # fmt: skip
    return plan, chosen, treated, controls


def schemed(
    warehouse: Warehouse,
    demand: HeldDemand,
    reference: Shelf,
    practices: pd.DataFrame,
    of_demand: dict[Table, pd.DataFrame],
    smallest: int,
) -> dict[Table, pd.DataFrame]:
    """
    Evaluate every scheme for publication.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes.
    demand : HeldDemand
    reference : Shelf
    practices : DataFrame, one row per practice
        Table `practices`.
    of_demand : dict of Table to DataFrame
        The tables of OF_DEMAND, which say whose years are told.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of Table to DataFrame
        The tables of OF_SCHEMES; empty where no scheme is registered.
    """
    schemes = _schemes(reference)
    if not schemes:
        return no_schemes()
    first = min(_first_month(s.starts, s.months, s.figures_from) for s in schemes)
    held = _Held(_reaching(warehouse, demand, first), practices, _measures(reference), schemes)
    found = [_judged(held, scheme) for scheme in schemes]
    return scheme_tables(found, practices, of_demand[tables.MEASURE_YEARS], smallest)


def no_schemes() -> dict[Table, pd.DataFrame]:
    """Give the tables of OF_SCHEMES without a row."""
    return {table: pd.DataFrame(columns=table.names) for table in tables.OF_SCHEMES}


@contextmanager
def _held(data: Path, first: dt.date) -> Iterator[_Held]:
    """Read what schemes rest on, from a month on if it is held."""
    reference = shelf(data)
    with Warehouse.open(data, doing="schemes") as warehouse:
        if not warehouse.has("activity"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, and stays are made of episodes "
                "then, so no scheme can be judged. Run 'pbc build' first."
            )
        intake.prepare(warehouse.con)
        demand = _reaching(warehouse, held_demand(warehouse, reference), first)
        practices = warehouse.frame("SELECT * FROM practices ORDER BY practice_code")
    yield _Held(demand, practices, _measures(reference), _schemes(reference))


def _reaching(warehouse: Warehouse, held: HeldDemand, first: dt.date) -> HeldDemand:
    """Read earlier months too, where a scheme needs them and there are more than usual."""
    months = held.cube.months
    if len(months) < USUAL_MONTHS or months[0] <= pd.Timestamp(first):
        return held
    with warehouse.rolled_back():
        warehouse.define("demand_events", model("demand_events"))
        counts = warehouse.frame(model("demand_counts"))
        ages = warehouse.frame(model("demand_ages"))
    ours = counts.assign(practice_code=counts["practice_code"].map(held.answers))
    last = months[-1]
    n_months = (last.year - first.year) * 12 + last.month - first.month + 1
    return replace(held, cube=cube_of(ours, ages, held.cube.practices, n_months))


def _first_month(starts: dt.date, n_months: int, figures_from: dt.date | None) -> dt.date:
    """Give the first month that a scheme needs: two windows before it, a year before its choice."""
    windows = pd.Timestamp(starts) - pd.DateOffset(months=YEAR_MONTHS + n_months)
    chosen = pd.Timestamp(figures_from or starts) - pd.DateOffset(months=YEAR_MONTHS)
    return min(windows, chosen).date()


def _judged(held: _Held, scheme: Scheme) -> Judged:
    """Plan and evaluate a scheme, or say why not."""
    measure = _measure(held, scheme.measure)
    names = tuple(held.demand.specialties.get(s, s) for s in scheme.specialties)
    found = Judged(scheme, measure.title, names)
    try:
        codes = _members(held, scheme)
        treated, controls, beside = _parties(
            held, codes, scheme.measure, scheme.starts, scheme.months, scheme.name
        )
        found = replace(found, treated=treated, controls=controls, beside=beside)
        cube: Cube = held.demand.cube
        demand = demand_of(cube, measure, held.demand.lists, _known(held, scheme.specialties))
        plan = planned(
            demand, treated, controls, starts=scheme.starts, n_months=scheme.months,
            hoped_share=scheme.hoped_share, figures=scheme.figures,
        )  # fmt: skip
        found = replace(found, plan=plan)
        return replace(found, evaluation=evaluated(demand, scheme, treated, controls, plan))
    except SelectionError as error:
        return replace(found, reason=str(error))


def _members(held: _Held, scheme: Scheme) -> Sequence[str]:
    """Give the practices of a scheme."""
    if scheme.consortium is None:
        return scheme.practices
    own = held.practices[held.practices["consortium_code"] == scheme.consortium]
    if own.empty:
        there = sorted(held.practices["consortium_code"].dropna().astype(str).unique())
        raise SelectionError(
            f"Scheme {scheme.name} is of consortium '{scheme.consortium}', which no practice in "
            f"the register is in. There are: {', '.join(there) or 'none'}."
        )
    return sorted(own["practice_code"].astype(str))


def _parties(
    held: _Held, codes: Sequence[str], measure: str, starts: dt.date, n_months: int, name: str = ""
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """
    Tell who is treated, who is a control, and which other schemes the treated are under.

    Controls are the others of the PCT that no scheme in the measure has reached by the end.
    """
    answers = held.demand.answers
    unknown = sorted(set(codes) - set(answers))
    if unknown:
        raise SelectionError(
            f"{', '.join(unknown)}: no such practices in the register, so the scheme's cannot be "
            "compared. Correct the codes, or load the register of practices."
        )
    treated = sorted({answers[c] for c in codes})
    known = held.practices.dropna(subset=["pct_code"])
    register = known.set_index("practice_code")["pct_code"].astype(str).to_dict()
    pcts = sorted({register.get(p, "") for p in treated})
    if len(pcts) != 1 or not pcts[0]:
        raise SelectionError(
            f"The practices are of the PCTs {', '.join(p or 'none' for p in pcts)}; controls are "
            "those of one. Write a scheme for each PCT, or correct the register of practices."
        )
    ends = (pd.Timestamp(starts) + pd.DateOffset(months=n_months)).date()
    reached: set[str] = set()
    beside = []
    for other in held.schemes:
        if other.name == name or other.measure != measure or other.starts >= ends:
            continue
        try:
            theirs = {answers.get(c, c) for c in _members(held, other)}
        except SelectionError:
            continue
        reached |= theirs
        if theirs & set(treated) and other.ends > starts:
            beside.append(other.name)
    ours = [p for p in held.demand.cube.practices if register.get(p, "") == pcts[0]]
    controls = [p for p in ours if p not in reached and p not in treated]
    return tuple(treated), tuple(controls), tuple(beside)


def _known(held: _Held, specialties: Sequence[str]) -> Sequence[str]:
    """Refuse specialties of which there is no activity at all."""
    unknown = sorted(set(specialties) - set(held.demand.cube.specialties))
    if unknown:
        raise SelectionError(
            f"There is no activity in specialty {', '.join(unknown)}, so nothing of it can be "
            f"compared. There are: {', '.join(held.demand.cube.specialties)}."
        )
    return specialties


def _measure(held: _Held, name: str) -> Measure:
    if name not in held.measures:
        raise SelectionError(
            f"'{name}' is no measure, so no scheme can be judged by it. There are: "
            f"{', '.join(held.measures)}; 'pbc measures' says what each is."
        )
    return held.measures[name]


def _measures(reference: Shelf) -> dict[str, Measure]:
    return {name: measure_of(d) for name, d in measure_documents(reference).items()}


def _schemes(reference: Shelf) -> tuple[Scheme, ...]:
    documents: dict[str, dict[str, Any]] = scheme_documents(reference)
    return tuple(scheme_of(document) for document in documents.values())


def _month(text: str, why: str, example: str) -> dt.date:
    """Read a month of an option; else say why it matters, and how it is written."""
    found = month_of(text)
    if found is None:
        raise SelectionError(f"'{text}' is no month, {why}. Write it as in {example}.")
    return found
