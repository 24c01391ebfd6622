"""Scope: which lines practices hand back, for which months, and who holds them (R72, R114)."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.walk.adjustments import ALL, NO_PRACTICE, Place
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError
from pbcanalytics.words.working_days import days_in, months_between

NO_LINE: Final = "the practice has no such line, so there is nothing to hand back"


@dataclass(frozen=True)
class HandBack:
    """
    A line that another body holds for months of a year; ALL for every practice or line.

    For one practice, its money goes to the holder; for all, the line is outside the resource.
    """

    practice_code: str
    line: str
    holder: str
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    reason: str | None = None


@dataclass(frozen=True)
class HandedBack:
    """
    What part of each line is in no practice's budget.

    Attributes
    ----------
    outside_share : list of Fraction
        Of each line, outside the resource. [share]
    held : list of (int, HandBack, Fraction)
        Place of the line, the row, and the share that the holder has. [share]
    outside : list of HandBack
        The rows for all practices.
    unapplied : list of (HandBack, str)
        Rows that concern no line, and why.
    """

    outside_share: list[Fraction]
    held: list[tuple[int, HandBack, Fraction]]
    outside: list[HandBack]
    unapplied: list[tuple[HandBack, str]]


def read_scope(rows: pd.DataFrame | None) -> list[HandBack]:
    """
    Read hand-backs from rows of table `budget_scope` of one PCT and year.

    Parameters
    ----------
    rows : DataFrame, one row per practice, line and first day, or None
        `practice_code`, `line`, `holder`; `from_date`, `to_date`, `reason` where held.
    """
    if rows is None or rows.empty:
        return []
    return [
        HandBack(
            practice_code=str(row["practice_code"]),
            line=str(row["line"]),
            holder=str(row["holder"]),
            from_date=_day(row.get("from_date")),
            to_date=_day(row.get("to_date")),
            reason=None if pd.isna(row.get("reason")) else str(row["reason"]),
        )
        for row in rows.to_dict("records")
    ]


def _day(value: Any) -> dt.date | None:
    """Read a day that may be missing."""
    return None if pd.isna(value) else pd.Timestamp(value).date()


def months_of(row: HandBack, financial_year: str) -> list[dt.date]:
    """
    List the months for which a row holds, by their first days.

    Raises
    ------
    SelectionError
        If the dates are not the first and the last day of months of the year, in order.
    """
    start = periods.start(financial_year)
    end = dt.date(start.year + 1, 3, 31)
    first, last = row.from_date or start, row.to_date or end
    is_month_end = (last + dt.timedelta(days=1)).day == 1
    if not (start <= first <= last <= end and first.day == 1 and is_month_end):
        raise SelectionError(
            f"{row.practice_code} {row.line} is to be held by {row.holder} from {first} to {last}, "
            f"which are not whole months of {financial_year}, so no budget was set: budgets are "
            "kept by month. Give the first day of a month and the last of one."
        )
    return list(months_between(first, last.replace(day=1)))


def share_of_year(months: Sequence[dt.date], financial_year: str) -> Fraction:
    """
    Give the share of a year's working days that lies in some of its months.

    Examples
    --------
    >>> share_of_year([dt.date(2018, m, 1) for m in range(4, 10)], "2018/19")
    Fraction(126, 253)
    """
    start = periods.start(financial_year)
    every = months_between(start, dt.date(start.year + 1, 3, 1))
    return Fraction(sum(days_in(m)[0] for m in months), sum(days_in(m)[0] for m in every))


def handed_back(
    places: Sequence[Place], rows: Sequence[HandBack], financial_year: str
) -> HandedBack:
    """
    Work out what part of each line is in no practice's budget.

    Parameters
    ----------
    places : sequence of Place
        The lines.
    rows : sequence of HandBack
    financial_year : str

    Returns
    -------
    HandedBack

    Raises
    ------
    SelectionError
        If two rows hold for one line in one month, or dates are no months of the year.
    """
    months = [months_of(row, financial_year) for row in rows]
    _refuse_overlaps(rows, months)
    found = HandedBack([Fraction(0)] * len(places), [], [], [])
    practices = {practice for practice, _ in places}
    for row, own in zip(rows, months, strict=True):
        share = share_of_year(own, financial_year)
        on = [
            i
            for i, (practice, pod) in enumerate(places)
            if row.practice_code in (ALL, practice) and row.line in (ALL, pod)
        ]
        if row.practice_code == ALL:
            found.outside.append(row)
            for i in on:
                found.outside_share[i] += share
        elif on:
            found.held.extend((i, row, share) for i in on)
        else:
            why = NO_LINE if row.practice_code in practices else NO_PRACTICE
            found.unapplied.append((row, why))
    return found


def _refuse_overlaps(rows: Sequence[HandBack], months: Sequence[list[dt.date]]) -> None:
    both = [
        f"{a.practice_code} {a.line} ({a.holder}) and {b.practice_code} {b.line} ({b.holder})"
        for (a, of_a), (b, of_b) in combinations(zip(rows, months, strict=True), 2)
        if _meet(a.practice_code, b.practice_code)
        and _meet(a.line, b.line)
        and not set(of_a).isdisjoint(of_b)
    ]
    if both:
        raise SelectionError(
            f"These rows of the scope hold for the same line in the same months, so its money "
            f"would be handed back twice and no budget was set: {'; '.join(both)}. Leave one of "
            "each pair out, or change its dates."
        )


def _meet(one: str, other: str) -> bool:
    return one == other or ALL in (one, other)


def in_words(months: Sequence[dt.date]) -> str:
    """
    Write a run of months as data: first and last.

    Examples
    --------
    >>> in_words([dt.date(2018, 4, 1), dt.date(2018, 5, 1)])
    '2018-04 to 2018-05'
    """
    return f"{months[0]:%Y-%m} to {months[-1]:%Y-%m}"
