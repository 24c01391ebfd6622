"""The people: wanted lists by practice, sex and age each 1 April, and the persons who fill them."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.synthetic import days
from pbcanalytics.synthetic.days import Days
from pbcanalytics.synthetic.places import Practices

OLDEST: Final = 95
"""The last age of a list is "95 and over"."""

NOBODY: Final = -1
_FRAILTY_SHAPE: Final = 0.4
_PYRAMID_AGES: Final = (0, 10, 20, 30, 40, 50, 60, 66, 71, 80, 90, 95)
_PYRAMID: Final = (122, 122, 125, 138, 128, 140, 112, 105, 98, 50, 14, 9)


@dataclass(frozen=True)
class People:
    """
    Everyone who was ever on a list, each array one value per person.

    `sex` is 0 for males and 1 for females; `frailty` multiplies a person's need for hospital for
    life [ratio, mean 1]; `practice` has one row per 1 April and holds NOBODY's number, -1, where
    the person is on no list.
    """

    birth: Days
    sex: NDArray[np.int64]
    frailty: NDArray[np.float64]
    died: Days
    practice: NDArray[np.int64]


def wanted_lists(places: Practices, older_share: float) -> NDArray[np.int64]:
    """
    Lay out the lists that one 1 April should show.

    Parameters
    ----------
    places : Practices
    older_share : float
        How much higher than at first the share of people of 65 and over is to be. [share]

    Returns
    -------
    array of practice x sex x age 0 to 95
        Whole people; each practice's cells sum to its list size.
    """
    ages = np.arange(OLDEST + 1)
    female = np.interp(ages, [0, 20, 60, 80, 95], [0.488, 0.49, 0.505, 0.56, 0.68])
    pyramid = np.interp(ages, _PYRAMID_AGES, _PYRAMID)
    tilted = pyramid * np.exp(np.outer(places.tilt, (ages - 40) / 40))
    tilted /= tilted.sum(axis=1, keepdims=True)
    old = tilted[:, 65:].sum(axis=1, keepdims=True)
    goal = np.clip(old + older_share, 0.0, 0.9)
    tilted *= np.where(ages >= 65, goal / old, (1 - goal) / (1 - old))
    cells = np.stack([tilted * (1 - female), tilted * female], axis=1)
    exact = cells.reshape(len(places), -1) * places.size[:, None]
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(np.argsort(-(exact - whole), axis=1, kind="stable"), axis=1)
    whole += order < (places.size - whole.sum(axis=1))[:, None]
    return np.asarray(whole.reshape(cells.shape))


def grown(places: Practices, growth_sd: float, years: int, rng: np.random.Generator) -> Practices:
    """
    Let every practice's list grow or shrink at a steady rate of its own.

    Parameters
    ----------
    places : Practices
        As at first.
    growth_sd : float
        Standard deviation of the yearly rate between practices; the mean is a third of it.
    years : int
        Years since the first.
    rng : Generator
        Opened anew for each year, so that a practice keeps its rate.
    """
    rate = growth_sd * np.clip(rng.normal(1 / 3, 1.0, len(places)), -2.0, 2.0)
    size = np.rint(places.size * (1 + rate) ** years).astype(np.int64)
    return replace(places, size=size)


def merged(
    wanted: NDArray[np.int64], closing: int | None, successor: int | None
) -> NDArray[np.int64]:
    """Move a closing practice's wanted list onto its successor's."""
    if closing is not None and successor is not None:
        wanted = wanted.copy()
        wanted[successor] += wanted[closing]
        wanted[closing] = 0
    return wanted


def age_on(birth: Days, day: Days | int) -> Days:
    """Give age in completed years."""
    born, then = birth.astype("datetime64[D]"), np.asarray(day).astype("datetime64[D]")
    born_month, then_month = born.astype("datetime64[M]"), then.astype("datetime64[M]")
    months = then_month.astype(np.int64) - born_month.astype(np.int64)
    early = (then - then_month).astype(np.int64) < (born - born_month).astype(np.int64)
    return np.asarray((months - early) // 12)


def nobody() -> People:
    """Start with nobody on any list."""
    none = np.zeros(0, dtype=np.int64)
    return People(none, none, np.zeros(0), none, np.zeros((0, 0), dtype=np.int64))


def with_deaths(people: People, died: Days) -> People:
    """Give the same people with other days of death, to try a year out on."""
    return replace(people, died=died)


def turn_of_year(
    people: People,
    wanted: NDArray[np.int64],
    year: int,
    *,
    moved: tuple[int | None, int | None],
    rng: np.random.Generator,
) -> People:
    """
    Make the lists of 1 April: survivors are a year older, surplus leaves, shortfall joins.

    Parameters
    ----------
    people : People
        As of the day before.
    wanted : array of practice x sex x age
        From `wanted_lists`.
    year : int
        Calendar year of the 1 April.
    moved : tuple of practice numbers
        A practice that has closed and the one that took its patients on, or two None.
    rng : Generator

    Returns
    -------
    People
        With one more row of `practice`; persons keep their numbers.
    """
    day = days.april(year)
    last = people.practice[-1] if len(people.practice) else np.zeros(0, dtype=np.int64)
    if moved[0] is not None and moved[1] is not None:
        last = np.where(last == moved[0], moved[1], last)
    there = np.flatnonzero((last != NOBODY) & (people.died >= day))
    age = np.minimum(age_on(people.birth[there], day), OLDEST)
    cell = np.ravel_multi_index((last[there], people.sex[there], age), wanted.shape)
    order = np.lexsort((rng.random(len(there)), cell))
    counts = np.bincount(cell, minlength=wanted.size)
    rank = np.arange(len(there)) - np.repeat(np.cumsum(counts) - counts, counts)
    stays = there[order][rank < wanted.ravel()[cell[order]]]
    now = np.full(len(last), NOBODY)
    now[stays] = last[stays]

    missing = np.maximum(wanted.ravel() - counts, 0)
    where, sex, age = np.unravel_index(np.repeat(np.arange(wanted.size), missing), wanted.shape)
    n_new = len(where)
    in_last_year = (day - 1 - rng.integers(0, 365, n_new)).astype("datetime64[D]")
    born_month = in_last_year.astype("datetime64[M]")
    in_month = (in_last_year - born_month).astype(np.int64)
    birth = (born_month - 12 * age).astype("datetime64[D]").astype(np.int64) + in_month
    earlier = np.full((len(people.practice), n_new), NOBODY)
    past = people.practice.reshape(len(people.practice), len(last))
    return People(
        birth=np.concatenate([people.birth, birth]),
        sex=np.concatenate([people.sex, sex]),
        frailty=np.concatenate(
            [people.frailty, rng.gamma(_FRAILTY_SHAPE, 1 / _FRAILTY_SHAPE, n_new)]
        ),
        died=np.concatenate([people.died, np.full(n_new, days.NEVER)]),
        practice=np.vstack([np.hstack([past, earlier]), np.concatenate([now, where])[None, :]]),
    )


def registered(people: People, person: Days, day: Days, first_year: int) -> Days:
    """
    Find the practice with which each person was registered on a day.

    Parameters
    ----------
    people : People
    person, day : arrays, one value per event
    first_year : int
        Calendar year of the first row of `people.practice`.

    Returns
    -------
    array, one value per event
        Practice numbers; -1 where the person was on no list or had died. A baby counts with the
        practice whose list it joins on its first 1 April.
    """
    dates = day.astype("datetime64[D]")
    year = (dates.astype("datetime64[M]").astype(np.int64) - 3) // 12 + 1970
    row = year - first_year
    born = people.birth[person]
    began = ((year - 1970) * 12 + 3).astype("datetime64[M]").astype("datetime64[D]")
    row = row + (born >= began.astype(np.int64))
    inside = (row >= 0) & (row < len(people.practice))
    found = people.practice[np.clip(row, 0, len(people.practice) - 1), person]
    return np.where(inside & (day <= people.died[person]) & (day >= born), found, NOBODY)
