"""Financial years, written "2018/19", from 1 April to 31 March; months by their first day."""

import datetime as dt
import re

from pbcanalytics.words.errors import SelectionError

_FINANCIAL_YEAR = re.compile(r"^(\d{4})[/-](\d{2})$")


def first_year(financial_year: str) -> int:
    """
    Give the calendar year in which a financial year starts.

    Parameters
    ----------
    financial_year : str
        "2018/19", or "2018-19" as in file names.

    Returns
    -------
    int

    Raises
    ------
    SelectionError
        If the text is not a financial year.

    Examples
    --------
    >>> first_year("2018/19")
    2018
    """
    found = _FINANCIAL_YEAR.match(financial_year)
    if found is None or (int(found[1]) + 1) % 100 != int(found[2]):
        raise SelectionError(
            f"'{financial_year}' is not a financial year. Write it as in 2018/19 "
            "(1 April 2018 to 31 March 2019)."
        )
    return int(found[1])


def starting(year: int) -> str:
    """
    Name the financial year that starts on 1 April of a calendar year.

    Examples
    --------
    >>> starting(1999)
    '1999/00'
    """
    return f"{year}/{(year + 1) % 100:02d}"


def containing(day: dt.date) -> str:
    """
    Name the financial year in which a day falls.

    Examples
    --------
    >>> containing(dt.date(2019, 3, 31)), containing(dt.date(2019, 4, 1))
    ('2018/19', '2019/20')
    """
    return starting(day.year if day.month >= 4 else day.year - 1)


def start(financial_year: str) -> dt.date:
    """Give 1 April of a financial year."""
    return dt.date(first_year(financial_year), 4, 1)


def month_of(text: str, financial_year: str) -> dt.date | None:
    """
    Read a month of a financial year, written as 2018-11; None if it is no month of it.

    Examples
    --------
    >>> month_of("2018-11", "2018/19"), month_of("2019-11", "2018/19")
    (datetime.date(2018, 11, 1), None)
    """
    first = start(financial_year)
    months = (dt.date(first.year + (m < 4), m, 1) for m in range(1, 13))
    return next((m for m in months if f"{m:%Y-%m}" == text.strip()), None)


def following(financial_year: str) -> str:
    """Name the next financial year."""
    return starting(first_year(financial_year) + 1)


def preceding(financial_year: str) -> str:
    """Name the previous financial year."""
    return starting(first_year(financial_year) - 1)


def in_file_name(financial_year: str) -> str:
    """
    Write a financial year as file names do.

    Examples
    --------
    >>> in_file_name("2018/19")
    '2018-19'
    """
    return starting(first_year(financial_year)).replace("/", "-")
