"""Days of the invented years: whole numbers since 1970, bank holidays, and how busy a day is."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]
"""Days since 1 January 1970."""

NEVER: Final = 1_000_000
"""A day that does not come."""

_ENGLAND: Final = (
    "2001-04-13 2001-04-16 2001-05-07 2001-05-28 2001-08-27 2001-12-25 2001-12-26 2002-01-01 "
    "2002-03-29 2002-04-01 2002-05-06 2002-06-03 2002-06-04 2002-08-26 2002-12-25 2002-12-26 "
    "2003-01-01 2003-04-18 2003-04-21 2003-05-05 2003-05-26 2003-08-25 2003-12-25 2003-12-26 "
    "2004-01-01 2004-04-09 2004-04-12 2004-05-03 2004-05-31 2004-08-30 2004-12-27 2004-12-28 "
    "2005-01-03 2005-03-25 2005-03-28 2005-05-02 2005-05-30 2005-08-29 2005-12-26 2005-12-27 "
    "2006-01-02 2006-04-14 2006-04-17 2006-05-01 2006-05-29 2006-08-28 2006-12-25 2006-12-26 "
    "2007-01-01 "
    "2014-04-18 2014-04-21 2014-05-05 2014-05-26 2014-08-25 2014-12-25 2014-12-26 2015-01-01 "
    "2015-04-03 2015-04-06 2015-05-04 2015-05-25 2015-08-31 2015-12-25 2015-12-28 2016-01-01 "
    "2016-03-25 2016-03-28 2016-05-02 2016-05-30 2016-08-29 2016-12-26 2016-12-27 2017-01-02 "
    "2017-04-14 2017-04-17 2017-05-01 2017-05-29 2017-08-28 2017-12-25 2017-12-26 2018-01-01 "
    "2018-03-30 2018-04-02 2018-05-07 2018-05-28 2018-08-27 2018-12-25 2018-12-26 2019-01-01 "
    "2019-04-19 2019-04-22 2019-05-06 2019-05-27 2019-08-26 2019-12-25 2019-12-26 2020-01-01"
)

BANK_HOLIDAYS: Final = np.array(_ENGLAND.split(), dtype="datetime64[D]")
"""Bank holidays of England from 2001/02 to 2006/07 and from 2014/15 to 2019/20."""

_OTHER_MONTHS: Final = 7.06 / 7

REFERRAL_INDEX: Final = np.array(
    [
        _OTHER_MONTHS,
        0.96,
        *[_OTHER_MONTHS] * 4,
        1.06,
        0.96,
        _OTHER_MONTHS,
        1.07,
        _OTHER_MONTHS,
        0.89,
    ]
)
"""Referrals per working day against the year's mean, January to December [ratio, mean 1]."""

EMERGENCY_INDEX: Final = np.array(
    [1.08, 1.03, 1.02, 0.98, 0.97, 0.96, 0.97, 0.94, 0.97, 1.0, 1.02, 1.06]
)
"""Emergency admissions per day against the year's mean, January to December [ratio, mean 1]."""

_WEEKDAY_OF_EMERGENCIES: Final = np.array([1.08, 1.03, 1.01, 1.01, 1.03, 0.93, 0.91])
_WORKING_DAYS_A_YEAR: Final = 253.0


def number(day: str) -> int:
    """
    Turn a date into a day number.

    Examples
    --------
    >>> number("1970-01-02")
    1
    """
    return int(np.datetime64(day, "D").astype(np.int64))


def april(year: int) -> int:
    """Give the day number of 1 April of a calendar year."""
    return number(f"{year}-04-01")


def text(days: Days) -> NDArray[Any]:
    """Write days as YYYY-MM-DD; days that do not come are left empty (None)."""
    low, high = 0, number("2045-01-01")
    known = np.datetime_as_string(np.arange(low, high).astype("datetime64[D]")).astype(object)
    written = known[np.clip(days, low, high - 1)]
    written[days >= NEVER] = None
    return np.asarray(written)


def month(days: Days) -> Days:
    """Give the calendar month, 1 to 12."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1


def weekday(days: Days) -> Days:
    """Give the day of the week, Monday being 0."""
    return (days + 3) % 7


def is_working(days: Days) -> NDArray[np.bool_]:
    """Tell Mondays to Fridays that are not bank holidays of England."""
    return np.asarray(np.is_busday(days.astype("datetime64[D]"), holidays=BANK_HOLIDAYS))


def on_working_day(days: Days) -> Days:
    """Move days that are not working days forward to the next one."""
    moved = np.busday_offset(
        days.astype("datetime64[D]"), 0, roll="forward", holidays=BANK_HOLIDAYS
    )
    return np.asarray(moved.astype(np.int64))


def of_year(year: int) -> Days:
    """List the days of the financial year that starts in a calendar year."""
    return np.arange(april(year), april(year + 1), dtype=np.int64)


def referral_weights(year: int) -> NDArray[np.float64]:
    """Give each day of a financial year its expected share of a usual year's referrals."""
    days = of_year(year)
    return np.asarray(is_working(days) * REFERRAL_INDEX[month(days) - 1] / _WORKING_DAYS_A_YEAR)


def emergency_weights(year: int) -> NDArray[np.float64]:
    """Give each day of a financial year its expected share of a usual year's emergencies."""
    days = of_year(year)
    usual = EMERGENCY_INDEX[month(days) - 1] * _WEEKDAY_OF_EMERGENCIES[weekday(days)]
    return np.asarray(usual / 365.25)


def pick(year: int, weights: NDArray[np.float64], uniforms: NDArray[np.float64]) -> Days:
    """Choose days of a financial year in proportion to their weights."""
    steps = np.cumsum(weights)
    return np.asarray(april(year) + np.searchsorted(steps, uniforms * steps[-1], side="right"))


def year_of(day: Days) -> Days:
    """Give the calendar year in which the financial year of each day starts."""
    months = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray((months - 3) // 12 + 1970)
