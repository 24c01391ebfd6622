"""Local adjustments: sums agreed with a reason, put on lines of practices (domain 3.1, R71)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.rounding import largest_remainder
from pbcanalytics.words.errors import SelectionError

ALL: Final = "ALL"
"""Stands for every practice, or for every line."""

NO_PRACTICE: Final = "the practice has neither a list nor activity in this year's budgets"
NOTHING_TO_SPREAD_OVER: Final = "there is no priced activity over which it could be spread"
ONLY_RESERVED: Final = "the practice has no budget; it is in what is kept for such practices"

Place = tuple[str, str]
"""A practice and a point of delivery."""


@dataclass(frozen=True)
class Adjustment:
    """A sum [pence] on a practice's line; ALL for every practice or line."""

    practice_code: str
    line: str
    amount_pence: int
    reason: str
    agreed_by: str | None = None
    agreed_on: Any = None


@dataclass(frozen=True)
class Applied:
    """
    Adjustments as they were put on lines.

    Attributes
    ----------
    amounts : list of int
        What each line gets. [pence]
    parts : list of (int, Adjustment, int)
        Place of the line, the adjustment, and its part that fell on the line. [pence]
    unapplied : list of (Adjustment, str)
        What could not be put on any line, and why.
    """

    amounts: list[int]
    parts: list[tuple[int, Adjustment, int]]
    unapplied: list[tuple[Adjustment, str]]


def read_adjustments(rows: pd.DataFrame | None) -> list[Adjustment]:
    """
    Read adjustments from rows of table `budget_adjustments` of one PCT and year.

    Parameters
    ----------
    rows : DataFrame, one row per adjustment, or None
        `practice_code`, `line`, `amount_pence`, `reason`; `agreed_by` and `agreed_on` where held.
    """
    if rows is None or rows.empty:
        return []
    return [
        Adjustment(
            str(row["practice_code"]),
            str(row["line"]),
            int(row["amount_pence"]),
            str(row["reason"]),
            *(None if pd.isna(row.get(c)) else row[c] for c in ("agreed_by", "agreed_on")),
        )
        for row in rows.to_dict("records")
    ]


def new_places(places: Sequence[Place], adjustments: Sequence[Adjustment]) -> list[Place]:
    """Name the lines that adjustments ask for by name and that no activity has, in order."""
    held = set(places)
    wanted = {
        (a.practice_code, a.line) for a in adjustments if ALL not in (a.practice_code, a.line)
    }
    return sorted(wanted - held)


def applied(
    places: Sequence[Place],
    amounts: Sequence[Fraction],
    adjustments: Sequence[Adjustment],
) -> Applied:
    """
    Put adjustments on lines; what is for all of them in proportion to their amounts.

    An agreed sum stays in whole pence: the parts of one that is spread are rounded by largest
    remainder, so that they sum to it and the list of adjustments to the step of the walk.

    Parameters
    ----------
    places : sequence of Place
        The lines.
    amounts : sequence of Fraction
        What each came to before. [pence]
    adjustments : sequence of Adjustment

    Returns
    -------
    Applied

    Raises
    ------
    SelectionError
        If a line would become negative; all such are named.
    """
    added = [0] * len(places)
    parts: list[tuple[int, Adjustment, int]] = []
    unapplied: list[tuple[Adjustment, str]] = []
    practices = {practice for practice, _ in places}
    for one in adjustments:
        if one.practice_code not in (ALL, *practices):
            unapplied.append((one, NO_PRACTICE))
            continue
        on = [
            i
            for i, (practice, pod) in enumerate(places)
            if one.practice_code in (ALL, practice) and one.line in (ALL, pod)
        ]
        by_name = ALL not in (one.practice_code, one.line)
        keys = [Fraction(1)] * len(on) if by_name else [amounts[i] for i in on]
        whole = sum(keys, Fraction(0))
        if not whole:
            unapplied.append((one, NOTHING_TO_SPREAD_OVER))
            continue
        spread = largest_remainder([one.amount_pence * k / whole for k in keys], one.amount_pence)
        for i, pence in zip(on, spread, strict=True):
            added[i] += pence
            parts += [(i, one, pence)] if pence or by_name else []
    _refuse_negative(places, [a + b for a, b in zip(amounts, added, strict=True)])
    return Applied(added, parts, unapplied)


def _refuse_negative(places: Sequence[Place], amounts: Sequence[Fraction]) -> None:
    below = [f"{p} {pod}" for (p, pod), a in zip(places, amounts, strict=True) if a < 0]
    if below:
        raise SelectionError(
            f"Local adjustments would take more from these lines than they hold: "
            f"{', '.join(below)}. A budget cannot be below zero, so none was set. Correct the "
            "amounts, or take the rest from another line."
        )
