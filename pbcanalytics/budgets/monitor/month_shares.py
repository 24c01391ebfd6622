"""The months of a budget year: which share of a budget falls to each, to the penny."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.budgets.forecast.profile import days, profile
from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.words import periods

MONTHS: Final = 12

HeldMonths = Mapping[tuple[str, str], frozenset[int]]
"""By practice and line: months that somebody else holds the budget of, April being 0."""


@dataclass(frozen=True)
class Spread:
    """
    How a year is spread over its months.

    Attributes
    ----------
    shares : dict of str to tuple of Fraction
        Twelve shares a point of delivery, from April; each twelve sum to 1. [share]
    years : tuple of str
        Earlier years that the season was learned from; none if only days were counted.
    """

    shares: Mapping[str, tuple[Fraction, ...]]
    years: tuple[str, ...]


def month_starts(financial_year: str) -> list[dt.date]:
    """
    List the first days of a financial year's months, from April.

    Examples
    --------
    >>> month_starts("2018/19")[8:10]
    [datetime.date(2018, 12, 1), datetime.date(2019, 1, 1)]
    """
    first = periods.first_year(financial_year)
    return [dt.date(first + (m > 8), (m + 3) % 12 + 1, 1) for m in range(MONTHS)]


def spread(history: pd.DataFrame, financial_year: str, pods: Iterable[str]) -> Spread:
    """
    Spread a year over its months: its own days, and the season of the whole years before it.

    Parameters
    ----------
    history : DataFrame, one row per point of delivery and month
        What all practices spent: `pod`, `month`, `pence`. [pence]
    financial_year : str
        The year to spread.
    pods : iterable of str
        Points of delivery to give shares for.

    Returns
    -------
    Spread
        By days alone where no whole year comes before.
    """
    wanted = sorted(set(pods))
    when = pd.DatetimeIndex(history["month"])
    first = periods.first_year(financial_year)
    place = np.asarray((when.year - first) * MONTHS + when.month - 4, dtype=np.int64)
    held, back = set(place.tolist()), -MONTHS
    while set(range(back, back + MONTHS)) <= held:
        back -= MONTHS
    n_years = -back // MONTHS - 1
    years = [periods.starting(first - n) for n in range(n_years, 0, -1)]
    if years:
        spent = np.zeros((n_years * MONTHS, len(wanted)))
        at = history["pod"].map({pod: n for n, pod in enumerate(wanted)})
        taken = (place >= -n_years * MONTHS) & (place < 0) & at.notna().to_numpy()
        rows, columns = place[taken] + n_years * MONTHS, at[taken].to_numpy(dtype=np.int64)
        np.add.at(spent, (rows, columns), history["pence"].to_numpy(dtype=float)[taken])
        found = profile(spent.reshape(n_years, MONTHS, -1), years, wanted, financial_year).shares
    else:
        found = np.stack([days(financial_year, pod) for pod in wanted], axis=1)
    shares = {pod: _normal(found[:, n].tolist()) for n, pod in enumerate(wanted)}
    return Spread(shares, tuple(years))


def month_budgets(
    budget_pence: int, shares: tuple[Fraction, ...], others: frozenset[int] = frozenset()
) -> list[int]:
    """
    Give each month its part of a budget; the twelve add up to it.

    What falls to the months until each is rounded half up, so that no sum of first months is more
    than half a penny off.

    Parameters
    ----------
    budget_pence : int
    shares : tuple of Fraction
        Twelve, from April. [share]
    others : frozenset of int
        Months that others hold, of which nothing falls to the budget; April is 0.

    Returns
    -------
    list of int
        Twelve. [pence]

    Examples
    --------
    >>> month_budgets(100, (Fraction(1, 12),) * 12)
    [8, 9, 8, 8, 9, 8, 8, 9, 8, 8, 9, 8]
    """
    own = [Fraction(0) if m in others else share for m, share in enumerate(shares)]
    # A line that others hold the whole year has a budget of nothing, or of a penny of rounding.
    own = own if sum(own) else list(shares)
    whole, until, parts = sum(own), Fraction(0), []
    before = 0
    for share in own:
        until += share
        now = half_up(budget_pence * until / whole)
        parts.append(now - before)
        before = now
    return parts


def own_months(
    budget_pence: int, shares: tuple[Fraction, ...], others: frozenset[int] = frozenset()
) -> dict[int, int]:
    """
    Give each month that a line's budget is for its part; months that others hold are not in it.

    Parameters
    ----------
    budget_pence, shares, others
        As `month_budgets` takes them.

    Returns
    -------
    dict of int to int
        By month, April being 0. [pence]

    Examples
    --------
    >>> own_months(100, (Fraction(1, 12),) * 12, frozenset(range(10)))
    {10: 50, 11: 50}
    """
    parts = month_budgets(budget_pence, shares, others)
    return {m: pence for m, pence in enumerate(parts) if m not in others}


def _normal(shares: list[float]) -> tuple[Fraction, ...]:
    """Make exact shares that sum to 1 of floats that nearly do."""
    exact = [Fraction(s) for s in shares]
    whole = sum(exact)
    return tuple(s / whole for s in exact)
