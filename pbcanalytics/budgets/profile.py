"""The share of a year that falls in each month: days of the calendar, and a pooled season."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.words import periods

Amounts = NDArray[np.float64]

BY_CALENDAR_DAY: Final = frozenset(("NEL", "NELNE", "AE"))
"""Points of delivery that come every day of the week; the others come on working days."""

# Royal proclamations that moved a bank holiday or added one, since 2000.
_MOVED: Final = {dt.date(2002, 5, 27), dt.date(2012, 5, 28), dt.date(2020, 5, 4)} | {
    dt.date(2022, 5, 30)
}
_ADDED: Final = {
    *(dt.date(2002, 6, 3), dt.date(2002, 6, 4), dt.date(2011, 4, 29)),
    *(dt.date(2012, 6, 4), dt.date(2012, 6, 5), dt.date(2020, 5, 8)),
    *(dt.date(2022, 6, 2), dt.date(2022, 6, 3), dt.date(2022, 9, 19), dt.date(2023, 5, 8)),
}


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


def bank_holidays(year: int) -> list[dt.date]:
    """
    Give the bank holidays of England of a calendar year from 1978 on.

    Examples
    --------
    >>> [f"{d:%d %b}" for d in bank_holidays(2018)][:4]
    ['01 Jan', '30 Mar', '02 Apr', '07 May']
    """
    easter = _easter(year)
    fixed = [dt.date(year, 1, 1), dt.date(year, 12, 25), dt.date(year, 12, 26)]
    found = {
        *(easter - dt.timedelta(days=2), easter + dt.timedelta(days=1)),
        *(_monday(year, 5, 1), _monday(year, 5, 25), _monday(year, 8, 25)),
    }
    for day in fixed:
        # A holiday at the weekend is given on the next day that is not one already.
        while day.weekday() > 4 or day in found:
            day += dt.timedelta(days=1)
        found.add(day)
    return sorted((found - _MOVED) | {d for d in _ADDED if d.year == year})


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
    first = periods.first_year(financial_year)
    edges = np.array([f"{first + (m > 8)}-{(m + 3) % 12 + 1:02d}" for m in range(13)])
    edges = edges.astype("datetime64[M]").astype("datetime64[D]")
    if pod in BY_CALENDAR_DAY:
        return np.diff(edges).astype(np.int64).astype(np.float64)
    off = [day for year in (first, first + 1) for day in bank_holidays(year)]
    holidays = np.array(off, dtype="datetime64[D]")
    return np.busday_count(edges[:-1], edges[1:], holidays=holidays).astype(np.float64)


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


def _monday(year: int, month: int, day: int) -> dt.date:
    """Give the first Monday from a day on; a late day of the month makes it the last one."""
    first = dt.date(year, month, day)
    return first + dt.timedelta(days=-first.weekday() % 7)


def _easter(year: int) -> dt.date:
    """Give Easter Sunday by the Gregorian rule (Meeus)."""
    golden, century, rest = year % 19, year // 100, year % 100
    leap = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3) + 15
    moon = leap % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return dt.date(year, month, day + 1)
