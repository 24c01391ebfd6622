"""Measures of demand and the referral chain, from what is loaded and priced."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from pbcanalytics import costing, intake
from pbcanalytics.budgets.membership import regrouped
from pbcanalytics.costing.chain import model
from pbcanalytics.demand.measuring.chain import Chain, chain_of
from pbcanalytics.demand.measuring.cube import Cube, cube_of
from pbcanalytics.demand.measuring.grid import Grid, grid_of
from pbcanalytics.demand.measuring.list_months import Lists
from pbcanalytics.demand.measuring.measures import Measure, measure_of
from pbcanalytics.demand.measuring.sums import ALL
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.measures import measure_documents
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import SelectionError, StoreError


@dataclass(frozen=True)
class HeldDemand:
    """
    What measures rest on.

    Attributes
    ----------
    cube : Cube
        Practices that closed count with those that answer for them at the end of the last month.
    lists : Lists
    answers : dict of str to str
        Who answers for each practice.
    providers : list of str
        That sent anything.
    specialties : dict of str to str
        Names by code.
    """

    cube: Cube
    lists: Lists
    answers: dict[str, str]
    providers: list[str]
    specialties: dict[str, str]


def held_measures(data: Path) -> tuple[Measure, ...]:
    """
    Read the measures that are defined, the user's own on top.

    Raises
    ------
    ReferenceGap
        With every fault of every document.
    """
    return tuple(measure_of(document) for document in measure_documents(shelf(data)).values())


def measure_grid(
    data: Path,
    names: Sequence[str] = (),
    *,
    practice: str | None = None,
    specialty: str | None = None,
    provider: str | None = None,
) -> Grid:
    """
    Reckon measures of all practices, and show those that are asked for.

    Parameters
    ----------
    data : Path
        The data folder.
    names : sequence of str
        Of measures; all where none is named.
    practice, specialty : str, optional
        Show these only, beside all of them; what is compared with stays all practices.
    provider : str, optional
        Count what this provider did, and nothing else.

    Returns
    -------
    Grid

    Raises
    ------
    SelectionError
        If one of the choices is none; with what there is.
    ReferenceGap
        If a document is faulty.
    StoreError
        If nothing was priced yet.
    """
    known = {m.name: m for m in held_measures(data)}
    for name in names:
        _refuse_unknown(name, known, "measure", "'pbc measures' says what each is")
    held = _held(data, provider)
    grid = grid_of(held.cube, [known[n] for n in names or known], held.lists)
    return replace(
        grid,
        monthly=_shown(grid.monthly, held, practice, specialty),
        yearly=_shown(grid.yearly, held, practice, specialty),
    )


def referral_chain(
    data: Path,
    *,
    practice: str | None = None,
    specialty: str | None = None,
    provider: str | None = None,
) -> tuple[Chain, dict[str, str]]:
    """
    Reckon the referral chain, of all practices or of one.

    Parameters
    ----------
    data : Path
        The data folder.
    practice, specialty, provider : str, optional
        Count these only.

    Returns
    -------
    Chain
    dict of str to str
        Names of specialties by code.

    Raises
    ------
    SelectionError
        If one of the choices is none; with what there is.
    StoreError
        If nothing was priced yet.
    """
    held = _held(data, provider)
    code = None if practice is None else _practice(held, practice)
    chain = chain_of(held.cube, code)
    if specialty is not None:
        _refuse_unknown(specialty, held.cube.specialties, "specialty with activity")
        chain = replace(
            chain,
            stages=chain.stages[chain.stages["specialty_code"] == specialty],
            links=chain.links[chain.links["specialty_code"] == specialty],
        )
    return chain, held.specialties


def _held(data: Path, provider: str | None) -> HeldDemand:
    """Read what measures rest on."""
    with Warehouse.open(data, doing="the measures") as warehouse:
        if not warehouse.has("activity"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, and stays are made of episodes "
                "then, so there is nothing to measure. Run 'pbc build' first."
            )
        intake.prepare(warehouse.con)
        return held_demand(warehouse, shelf(data), provider)


def held_demand(warehouse: Warehouse, reference: Shelf, provider: str | None = None) -> HeldDemand:
    """
    Read what measures rest on, from a warehouse that is open.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes.
    reference : Shelf
    provider : str, optional
        Count what this provider did, and nothing else.

    Raises
    ------
    SelectionError
        If there is no such provider, or no activity of a practice in the register.
    """
    named = reference.read("specialties")
    with warehouse.rolled_back():
        # In memory: a table that is taken back need not be written to the file.
        warehouse.con.execute(f"CREATE TEMP TABLE demand_events AS {model('demand_events')}")
        counts = warehouse.frame(model("demand_counts"))
        ages = warehouse.frame(model("demand_ages"))
    register = warehouse.frame("SELECT * FROM practices ORDER BY practice_code")
    lists = Lists(
        warehouse.frame("SELECT * FROM practice_lists"),
        warehouse.frame("SELECT practice_code, financial_year, weighted_list FROM weighted_lists"),
        warehouse.frame("SELECT practice_code, count_date, sex, age, n_patients FROM list_sizes"),
    )
    providers = sorted(str(p) for p in counts["provider_code"].dropna().unique())
    if provider is not None:
        _refuse_unknown(provider, providers, "provider with activity")
        counts, ages = (f[f["provider_code"] == provider] for f in (counts, ages))
    last = counts["month"].max()
    day = (pd.Timestamp(last) + pd.offsets.MonthEnd(0)).date() if pd.notna(last) else None
    answers = {} if day is None else costing.answering(register, "practice_code", day)
    ours = counts.assign(practice_code=counts["practice_code"].map(answers))
    cube = cube_of(ours, ages, sorted(set(answers.values())))
    if cube.rows.empty:
        raise SelectionError(
            "None of the activity is of a practice in the register, so no practice can be "
            "measured. Load the register of practices ('pbc load practices.csv')."
        )
    return HeldDemand(
        cube,
        _answered(lists, answers),
        answers,
        providers,
        dict(zip(named["specialty_code"].astype(str), named["name"].astype(str), strict=True)),
    )


def _answered(lists: Lists, answers: dict[str, str]) -> Lists:
    """Add up the lists of practices that one answers for."""
    return Lists(
        regrouped(lists.registered, answers, ["practice_code", "count_date"]),
        regrouped(lists.weighted, answers, ["practice_code", "financial_year"]),
        regrouped(lists.by_age, answers, ["practice_code", "count_date", "sex", "age"]),
    )


def _shown(
    frame: pd.DataFrame, held: HeldDemand, practice: str | None, specialty: str | None
) -> pd.DataFrame:
    """Keep the practice and specialty asked for, beside all practices."""
    if practice is not None:
        frame = frame[frame["practice_code"].isin([_practice(held, practice), ALL])]
    if specialty is not None:
        _refuse_unknown(specialty, held.cube.specialties, "specialty with activity")
        frame = frame[frame["specialty_code"] == specialty]
    return frame.reset_index(drop=True)


def _practice(held: HeldDemand, practice: str) -> str:
    """Find the practice that answers for the one asked for."""
    _refuse_unknown(practice, held.answers, "practice in the register")
    return held.answers[practice]


def _refuse_unknown(chosen: str, known: Iterable[str], what: str, besides: str = "") -> None:
    there = sorted(known)
    if chosen in there:
        return
    more = f" and {len(there) - 40} more" if len(there) > 40 else ""
    raise SelectionError(
        f"'{chosen}' is no {what}, so nothing was measured. There are: "
        f"{', '.join(there[:40]) or 'none'}{more}{f'; {besides}' if besides else ''}."
    )
