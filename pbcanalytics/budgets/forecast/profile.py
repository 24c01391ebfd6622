"""The share of a year that falls in each month: days of the calendar, and a pooled season."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.words import periods
from pbcanalytics.words.working_days import days_in, months_between

Amounts = NDArray[np.float64]

BY_CALENDAR_DAY: Final = frozenset(("NEL", "NELNE", "AE"))
"""Points of delivery that come every day of the week; the others come on working days."""


@dataclass(frozen=True)
class Profile:
    """
    How a year of each point of delivery is spread over its months.

    Attributes
    ----------
    shares : array of float, month by point of delivery
        Of the year to come; each column sums to 1. [share]
    past : array of float, year by month by point of delivery
        The same season on the days of each earlier year. [share]
    """

    shares: Amounts
    past: Amounts


def days(financial_year: str, pod: str) -> Amounts:
    """
    Count the days of each month on which a point of delivery takes place.

    Parameters
    ----------
    financial_year : str
        "2018/19".
    pod : str
        Point of delivery; emergencies come every day, the rest on working days.

    Returns
    -------
    array of float, 12 months from April
        [days]
    """
    first = periods.start(financial_year)
    last = first.replace(year=first.year + 1, month=3)
    counted = [days_in(month) for month in months_between(first, last)]
    is_every_day = pod in BY_CALENDAR_DAY
    return np.array([every if is_every_day else working for working, every in counted], dtype=float)


def profile(history: Amounts, years: list[str], pods: list[str], year: str) -> Profile:
    """
    Learn the season of each point of delivery from all practices together.

    A month's season is its spending per day over that of its year, averaged over the years by
    what was spent, and drawn towards that of all points of delivery as far as years disagree
    (trends 2, step 2).

    Parameters
    ----------
    history : array of float, year by month by point of delivery
        What all practices spent. [pence]
    years, pods : list of str
        What the first and the last axis are.
    year : str
        Financial year that the shares are for.

    Returns
    -------
    Profile
    """
    counts = np.stack([np.stack([days(y, p) for p in pods], axis=1) for y in years])
    spent = np.maximum(history, 0.0)
    index, weights = _index(spent, counts)
    season = (index * weights).sum(axis=0)
    usual = counts * spent.sum(axis=1, keepdims=True) / counts.sum(axis=1, keepdims=True)
    together, years_weights = _index(spent.sum(axis=2), usual.sum(axis=2))
    pooled = (together * years_weights).sum(axis=0)[:, None]
    season = pooled + (season - pooled) * _trust(index, season, pooled)
    coming = np.stack([days(year, p) for p in pods], axis=1) * season
    past = counts * season
    return Profile(coming / coming.sum(axis=0), past / past.sum(axis=1, keepdims=True))


def _index(spent: Amounts, usual: Amounts) -> tuple[Amounts, Amounts]:
    """Give each month over what its days would have, and the weight of its year."""
    whole = spent.sum(axis=1, keepdims=True)
    even = usual * whole / np.maximum(usual.sum(axis=1, keepdims=True), 1e-12)
    index = np.divide(spent, even, out=np.ones_like(spent), where=even > 0)
    of_years = whole.sum(axis=0, keepdims=True)
    equal = np.full_like(whole, 1 / whole.shape[0])
    return index, np.divide(whole, of_years, out=equal, where=of_years > 0)


def _trust(index: Amounts, season: Amounts, pooled: Amounts) -> Any:
    """Say how much of a season's own shape is shape: not what years' disagreement explains."""
    n_years = index.shape[0]
    between = ((season - pooled) ** 2).mean(axis=0)
    if n_years < 2:
        # One year cannot disagree with itself: half is believed.
        return 0.5
    noise = ((index - season) ** 2).sum(axis=0).mean(axis=0) / (n_years - 1) / n_years
    explained = np.divide(noise, between, out=np.ones_like(noise), where=between > 0)
    return np.clip(1 - explained, 0.0, 1.0)
