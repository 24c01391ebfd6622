"""Gathering the demo PCT group by group: rows to the landing, facts and answers to the key."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.reference import Shelf
from pbcanalytics.synthetic import (
    answers,
    extracts,
    facts,
    mistakes,
    mixes,
    places,
    planting,
    population,
    prices,
    registers,
    world,
)
from pbcanalytics.synthetic.eras import Era
from pbcanalytics.synthetic.landing import Landing
from pbcanalytics.synthetic.planting import Planting, stream
from pbcanalytics.words import periods

GROUP: Final = 50
"""Practices that are lived through at once; what is planted at practices is in the first group."""


@dataclass
class Run:
    """One run: what was asked for, and what has been gathered so far."""

    shelf: Shelf
    practices: places.Practices
    plan: Planting
    drawn: mixes.Samplers
    first_year: int
    n_years: int
    seed: int
    era: Era
    tally: facts.Tally = field(default_factory=facts.Tally)
    changed: list[pd.DataFrame] = field(default_factory=list)
    errors: list[list[dict[str, Any]]] = field(default_factory=list)
    grown: list[dict[str, Any]] = field(default_factory=list)
    missing: dict[str, int] = field(default_factory=dict)
    luck: dict[str, float] = field(default_factory=dict)

    @property
    def years(self) -> list[int]:
        """Calendar years in which the financial years asked for start."""
        return list(range(self.first_year, self.first_year + self.n_years))

    def changed_spells(self) -> pd.DataFrame:
        """List every spell recorded otherwise than it truly was, one row per spell."""
        return pd.concat(self.changed, ignore_index=True)


def begin(
    shelf: Shelf,
    era: Era,
    n_practices: int,
    first_year: int,
    n_years: int,
    seed: int,
    quiet: bool,
) -> Run:
    """Invent the practices, decide what is planted and make the samplers."""
    practices = places.practices(n_practices, stream(seed, "practices"))
    local = practices.part(0, min(GROUP, n_practices))
    planted = planting.usual(local, first_year, n_years, era.creep_in)
    plan = planting.nothing() if quiet else planted
    drawn = mixes.samplers(shelf, population.wanted_lists(practices, 0.0), era)
    return Run(shelf, practices, plan, drawn, first_year, n_years, seed, era)


def add_group(run: Run, landing: Landing, start: int) -> None:
    """
    Let one group of practices live, and gather its rows, facts and answers.

    Parameters
    ----------
    run : Run
        Brought up to date.
    landing : Landing
    start : int
        Number of the group's first practice.
    """
    end = min(start + GROUP, len(run.practices))
    local, group, plan = run.practices.part(start, end), start // GROUP, run.plan
    if group:
        plan = replace(plan, growths=(), unlucky=None, closing=None, successor=None)
    course = world.Course(
        run.drawn, local, plan, run.first_year, run.n_years, run.seed, group, run.era
    )
    lived = world.history(course)
    desk = extracts.Desk(course, lived, extracts.pseudonyms(course, len(lived.people.birth)))
    frames = {
        "apc": extracts.admitted(desk),
        "op": extracts.outpatient(desk),
        "ae": extracts.emergency(desk),
    }
    referred = extracts.referred(desk)
    _measure(run, lived.people, frames, referred, len(local))
    run.luck |= lived.luck
    run.changed.append(answers.affected_spells(frames["apc"]))
    run.grown.extend(_grown(local, plan, frames["op"], referred))
    if plan.mistakes:
        frames = _spoil(run, plan, frames, start, end, group)
    for dataset, frame in (frames | {"referrals": referred}).items():
        landing.add(dataset, frame, group)


def _measure(
    run: Run,
    people: population.People,
    frames: dict[str, pd.DataFrame],
    referred: pd.DataFrame,
    n_local: int,
) -> None:
    base = _priced(run.shelf, frames, run.era.price_year)
    bases = run.era.budgets(run.years)
    every = range(run.first_year, run.first_year + run.n_years + 1)
    for row, year in enumerate(every, start=world.WARM_UP):
        lists = registers.counted_lists(people, n_local, row, year)
        held = run.tally.lists.get(year)
        run.tally.lists[year] = lists if held is None else np.concatenate([held, lists])
        if year in run.years:
            members = np.flatnonzero(people.practice[row] != population.NOBODY)
            run.tally.add_spend(year, members, base)
            run.tally.add_counts(year, facts.yearly_counts({**frames, "referrals": referred}, year))
        if year in bases:
            name = _price_year(run, year)
            priced = _priced(run.shelf, frames, name)
            priced = priced[priced["year"] == bases[year]]
            ratio = prices.market_forces(run.shelf, name)
            run.tally.add_cost(periods.starting(year), priced, ratio)


def _priced(shelf: Shelf, frames: dict[str, pd.DataFrame], price_year: str) -> pd.DataFrame:
    parts = [
        prices.admitted(shelf, frames["apc"], price_year),
        prices.outpatient(shelf, frames["op"], price_year),
        prices.casualty(shelf, frames["ae"], price_year),
    ]
    return pd.concat(parts, ignore_index=True)


def _price_year(run: Run, year: int) -> str:
    # An invented plan may be made for a year whose tariff is not held; it then rests on the base.
    name = periods.starting(year)
    return name if name in run.shelf.years("tariff") else run.era.price_year


def _grown(
    local: places.Practices, plan: Planting, seen: pd.DataFrame, referred: pd.DataFrame
) -> list[dict[str, Any]]:
    found = []
    for growth in plan.growths:
        mine = referred["extra"] & (referred["GPPRAC"] == local.code[growth.practice])
        followed = seen["extra"] & (seen["GPPRAC"] == local.code[growth.practice])
        keys = answers.keys_of(referred.loc[mine, "REFERRALKEY"].tolist())
        found.append(keys | {"n_appointments_that_followed": int(followed.sum())})
    return found


def _spoil(
    run: Run,
    plan: Planting,
    frames: dict[str, pd.DataFrame],
    start: int,
    end: int,
    group: int,
) -> dict[str, pd.DataFrame]:
    late = stream(run.seed, group, "late")
    frames, missing = mistakes.withhold(
        frames, places.COMMUNITY, plan.late_since, planting.LATE_SHARE, late
    )
    for name, count in missing.items():
        run.missing[name] = run.missing.get(name, 0) + count
    planned = [
        (m, mistakes.in_group(m.n_rows, len(run.practices), start, end))
        for m in mistakes.catalogue(run.era)
    ]
    frames, found = mistakes.plant(frames, planned, stream(run.seed, group, "mistakes"))
    run.errors.append(found)
    return frames
