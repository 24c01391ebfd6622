"""The course of events in a group of practices: people first, then all that happens to them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.synthetic import (
    casualty,
    days,
    electives,
    emergencies,
    mixes,
    outpatients,
    planting,
    population,
    recording,
    referrals,
)
from pbcanalytics.synthetic.emergencies import Clinic
from pbcanalytics.synthetic.eras import Era
from pbcanalytics.synthetic.places import Practices
from pbcanalytics.synthetic.planting import Planting

WARM_UP: Final = 2
"""Years lived before the first, so that its follow-ups and long stays have had their beginnings."""


@dataclass(frozen=True)
class History:
    """All that happened to a group of practices; persons by number, days by number."""

    people: population.People
    referrals: pd.DataFrame
    appointments: pd.DataFrame
    casualty: pd.DataFrame
    spells: pd.DataFrame
    luck: dict[str, float]


@dataclass(frozen=True)
class Course:
    """
    What a group of practices is to live through.

    `plan` speaks of the group's practices by their number in it, and `group` keeps its random
    streams apart from those of other groups. `first_year` is the calendar year in which the first
    of `n_years` financial years starts.
    """

    drawn: mixes.Samplers
    places: Practices
    plan: Planting
    first_year: int
    n_years: int
    seed: int
    group: int
    era: Era

    @property
    def last_year(self) -> int:
        """Calendar year in which the last financial year starts."""
        return self.first_year + self.n_years - 1

    @property
    def clinic(self) -> Clinic:
        """What every admission is drawn from."""
        d = self.drawn
        return Clinic(d.table, d.emergency, d.neonatal, d.planned, d.specialties, self.places)

    def stream(self, *key: int | str) -> np.random.Generator:
        """Open the random stream of one purpose within the group."""
        return planting.stream(self.seed, self.group, *key)


def history(course: Course) -> History:
    """
    Let a group of practices live through years of warm-up and the years asked for.

    Returns
    -------
    History
        Warm-up included; events of people who had died or left are gone.
    """
    clinic, plan = course.clinic, course.plan
    people, busy = population.nobody(), np.zeros(0, dtype=np.int64)
    acute: list[pd.DataFrame] = []
    home: list[pd.DataFrame] = []
    sent: list[pd.DataFrame] = []
    luck: dict[str, float] = {}
    began = course.first_year - WARM_UP
    for year in range(began, course.last_year + 2):
        people = _first_of_april(course, people, year)
        busy = np.concatenate([busy, np.zeros(len(people.birth) - len(busy), dtype=np.int64)])
        if year > began:
            rng = course.stream(year, "babies")
            babies = emergencies.newborn_spells(clinic, people, year, rng)
            np.maximum.at(busy, babies["person"].to_numpy(), babies["leaves"].to_numpy())
            acute.append(babies)
        if year > course.last_year:
            break
        who = emergencies.members(people, year)
        if plan.unlucky is not None and year == course.last_year:
            unlucky = (who["practice"] == plan.unlucky).to_numpy()
            acute.append(_worst_of_several(course, people, who[unlucky], busy, luck))
        else:
            unlucky = np.zeros(len(who), dtype=bool)
        rng = course.stream(year, "emergencies")
        acute.append(emergencies.spells(clinic, people, who[~unlucky], year, busy, rng))
        home.append(casualty.going_home(clinic, who, year, course.stream(year, "home")))
        sent.append(referrals.usual(clinic, who, year, course.stream(year, "referrals")))
        for number, growth in enumerate(plan.growths):
            if days.april(year + 1) > growth.since:
                rng = course.stream(year, "growth", number)
                sent.append(referrals.extra(clinic, who, year, growth, rng))
    referred = pd.concat(sent, ignore_index=True)
    stays, attended = pd.concat(acute, ignore_index=True), pd.concat(home, ignore_index=True)
    return _settle(course, people, stays, attended, referred, luck)


def _first_of_april(course: Course, people: population.People, year: int) -> population.People:
    plan = course.plan
    older = plan.ageing_a_year * max(0, year - course.first_year)
    grown = population.grown(
        course.places,
        plan.list_growth_sd,
        max(0, year - course.first_year),
        course.stream("list growth"),
    )
    wanted = population.wanted_lists(grown, older)
    if year >= course.last_year:
        wanted = population.merged(wanted, plan.closing, plan.successor)
    moves = year == course.last_year
    moved = (plan.closing, plan.successor) if moves else (None, None)
    rng = course.stream(year, "lists")
    return population.turn_of_year(people, wanted, year, moved=moved, rng=rng)


def _worst_of_several(
    course: Course,
    people: population.People,
    here: pd.DataFrame,
    busy: NDArray[np.int64],
    luck: dict[str, float],
) -> pd.DataFrame:
    price = course.drawn.table["non_elective_pence"].fillna(0.0).to_numpy()
    tried = []
    for attempt in range(planting.UNLUCKY_DRAWS):
        trial, then = population.with_deaths(people, people.died.copy()), busy.copy()
        rng = course.stream(course.last_year, "unlucky", attempt)
        spells = emergencies.spells(course.clinic, trial, here, course.last_year, then, rng)
        cost = float(price[spells["hrg"].to_numpy()].sum()) / 100
        tried.append((cost, spells, then, trial.died))
    costs = [cost for cost, *_ in tried]
    _, worst, busy[:], people.died[:] = tried[int(np.argmax(costs))]
    luck["emergency_spend_gbp"] = round(max(costs), 2)
    luck["mean_of_draws_gbp"] = round(sum(costs) / len(costs), 2)
    return worst


def _settle(
    course: Course,
    people: population.People,
    acute: pd.DataFrame,
    home: pd.DataFrame,
    sent: pd.DataFrame,
    luck: dict[str, float],
) -> History:
    def on_a_list(table: pd.DataFrame, day: str) -> pd.DataFrame:
        found = population.registered(
            people, table["person"].to_numpy(), table[day].to_numpy(), course.first_year - WARM_UP
        )
        listed: pd.DataFrame = table.assign(practice=found)[found != population.NOBODY]
        return listed.reset_index(drop=True)

    def at_large(table: pd.DataFrame) -> pd.DataFrame:
        outside: pd.DataFrame = table[~recording.occupied(stays, table, first="day", last="day")]
        return outside

    clinic, plan, began = course.clinic, course.plan, course.first_year - WARM_UP
    stays = on_a_list(acute, "start")
    seen = outpatients.attendances(clinic, people, sent, course.stream("outpatients"))
    planned = electives.spells(clinic, people, seen, course.stream("electives"))
    regular = electives.regular_attenders(
        clinic, people, n_from=began, rng=course.stream("regular")
    )
    planned = on_a_list(pd.concat([planned, regular], ignore_index=True), "start")
    planned = recording.planned_that_fit(stays, planned, len(people.birth))
    every = recording.record(
        clinic,
        pd.concat([stays, planned], ignore_index=True),
        plan,
        course.stream("recording"),
    )
    outside = at_large(on_a_list(home, "day"))
    outside = outside[~recording.occupied(planned, outside, first="day", last="day")]
    outside, brief = recording.admit_instead(
        clinic, people, outside, course.drawn.brief, plan, course.stream("zero stays")
    )
    attended = pd.concat([outside, on_a_list(casualty.leading_to_admission(stays), "day")])
    attended = attended.reset_index(drop=True)
    return History(
        people=people,
        referrals=on_a_list(sent, "day"),
        appointments=at_large(on_a_list(seen, "day")).reset_index(drop=True),
        casualty=casualty.details(course.drawn.casualty, attended, course.stream("casualty")),
        spells=pd.concat([every, brief], ignore_index=True),
        luck=luck,
    )
