"""Months and their days: Mondays to Fridays that are not bank holidays of England."""

import datetime as dt
from collections.abc import Iterator
from functools import cache

_DAY = dt.timedelta(days=1)


@cache
def bank_holidays(year: int) -> frozenset[dt.date]:
    """
    Give the bank holidays of England of a calendar year, those proclaimed for an occasion too.

    Examples
    --------
    >>> [f"{d:%d %b}" for d in sorted(bank_holidays(2018))][:4]
    ['01 Jan', '30 Mar', '02 Apr', '07 May']
    """
    from holidays import country_holidays

    found = country_holidays("GB", subdiv="ENG", years=year)
    # A day that is given on another instead stays in the list, at the weekend.
    return frozenset(day for day in found if day.weekday() < 5)


def next_month(month: dt.date) -> dt.date:
    """Give the first day of the month after."""
    return dt.date(month.year + month.month // 12, month.month % 12 + 1, 1)


def months_between(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Give the months from one to another, both included, by their first days."""
    while first <= last:
        yield first
        first = next_month(first)


@cache
def days_in(month: dt.date) -> tuple[int, int]:
    """
    Count the days of a month.

    Returns
    -------
    tuple of int
        Working days, and days.

    Examples
    --------
    >>> days_in(dt.date(2018, 12, 1))
    (19, 31)
    """
    every = [month + i * _DAY for i in range((next_month(month) - month).days)]
    off = bank_holidays(month.year)
    return sum(d.weekday() < 5 and d not in off for d in every), len(every)
