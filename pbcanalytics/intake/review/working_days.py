"""Working days: Monday to Friday, less the bank holidays of England that come every year.

Holidays proclaimed for one occasion, and May Day's move in 2020, are not known here; a month with
one is judged as if it had a working day more, which is within what is allowed for.
"""

import datetime as dt
from collections.abc import Iterator
from functools import cache

_DAY = dt.timedelta(days=1)


def easter(year: int) -> dt.date:
    """
    Give Easter Sunday of the Gregorian calendar.

    Examples
    --------
    >>> easter(2019), easter(2018)
    (datetime.date(2019, 4, 21), datetime.date(2018, 4, 1))
    """
    century, golden = year // 100, year % 19
    epact = (19 * golden + century - century // 4 - (8 * century + 13) // 25 + 15) % 30
    epact -= 1 if epact > 28 or (epact == 28 and golden > 10) else 0
    # The paschal full moon is so many days after 21 March; Easter is the Sunday after it.
    moon = dt.date(year, 3, 21) + epact * _DAY
    return moon + (7 - (moon.weekday() + 1) % 7) * _DAY


@cache
def bank_holidays(year: int) -> frozenset[dt.date]:
    """Give the bank holidays of one year; on a weekend, the next working day stands for it."""
    sunday = easter(year)
    found = {
        sunday - 2 * _DAY,
        sunday + _DAY,
        _monday_from(dt.date(year, 5, 1)),
        _monday_from(dt.date(year, 5, 25)),
        _monday_from(dt.date(year, 8, 25)),
    }
    for day in (dt.date(year, 1, 1), dt.date(year, 12, 25), dt.date(year, 12, 26)):
        while day.weekday() > 4 or day in found:
            day += _DAY
        found.add(day)
    return frozenset(found)


def _monday_from(day: dt.date) -> dt.date:
    return day + (-day.weekday() % 7) * _DAY


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
    holidays = bank_holidays(month.year)
    return sum(d.weekday() < 5 and d not in holidays for d in every), len(every)
