"""What is published of activity without a price: how much, and why.

These counts are parts of the counts of lines, so that both are held against each other: a line's
activity is what is priced of it and its gaps by reason.
"""

from collections.abc import Collection, Iterator
from typing import Final

import pandas as pd

from pbcanalytics.faces.publishing.steps import together
from pbcanalytics.faces.withholding.disclosure import blanked
from pbcanalytics.faces.withholding.step_groups import AT, Group
from pbcanalytics.faces.withholding.subtraction import tellable
from pbcanalytics.faces.withholding.taken_steps import ALL
from pbcanalytics.words import tables

_PRICED: Final = ""
# Stands for the reason where there is a price.

_Cell = tuple[str, str, str]
# Practice, point of delivery, reason.

_Sum = tuple[Group, str, str]


def unpriced_activity(
    unpriced: pd.DataFrame,
    steps: pd.DataFrame,
    told: pd.DataFrame,
    whose: Collection[Group],
    smallest: int,
) -> pd.DataFrame:
    """
    Lay out how much activity has no price, by reason, at the prices that count in totals.

    Parameters
    ----------
    unpriced : DataFrame
        From `placed`, apart by `unpriced_reason` and `is_gap`: the model `unpriced_totals`.
    steps : DataFrame
        From `placed`: the model `step_totals`.
    told : DataFrame
        From `publication_steps.step_totals`: what is told of the counts of lines.
    whose : collection of Group
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    DataFrame, one row per group, year, point of delivery (and ALL) and reason
        Table `unpriced_activity`.
    """
    gone = unpriced[unpriced["is_reported"].astype(bool) & (unpriced["n_activity"] > 0)]
    frames = []
    for year, own in gone.groupby("financial_year", sort=True):
        counts = _cells(own, "unpriced_reason", "n_activity")
        is_gap = dict(zip(own["unpriced_reason"], own["is_gap"].astype(bool), strict=True))
        priced = steps[steps["is_reported"].astype(bool) & (steps["financial_year"] == year)]
        parts = counts | _cells(priced.assign(reason=_PRICED), "reason", "n_priced")
        paid = {c for c in parts if c[2] == _PRICED or is_gap[c[2]]}
        lines = told[told["is_reported"].astype(bool) & (told["financial_year"] == year)]
        known = [
            *_known_lines(lines[~lines["is_withheld"]], whose, paid),
            *_known_gaps(whose, paid - {c for c in paid if c[2] == _PRICED}, counts, smallest),
        ]
        asked = list(_asked(whose, counts))
        sums = [
            [c for c in counts if c[0] in g.practices and c[2] == r and p in (ALL, c[1])]
            for g, p, r in asked
        ]
        may = tellable(parts, known, sums, smallest)
        frame = pd.DataFrame(
            [
                (g.kind, g.code, pod, reason, is_gap[reason], sum(counts[c] for c in cells))
                for (g, pod, reason), cells in zip(asked, sums, strict=True)
            ],
            columns=["group_kind", "group_code", "pod", "unpriced_reason", "is_gap", "n_activity"],
        )
        at = own.iloc[0]
        shown = blanked(frame, [not t for t in may], ["n_activity"])
        frames.append(shown.assign(**{c: at[c] for c in AT}))
    return together(frames, tables.UNPRICED_ACTIVITY)


def _cells(own: pd.DataFrame, reason: str, count: str) -> dict[_Cell, int]:
    some = own[own[count] > 0]
    keys = zip(some["practice_code"], some["pod"], some[reason], strict=True)
    return {k: int(n) for k, n in zip(keys, some[count], strict=True)}


def _known_lines(
    lines: pd.DataFrame, whose: Collection[Group], paid: set[_Cell]
) -> Iterator[list[_Cell]]:
    """Give what makes up each count that is told of activity to be priced."""
    by_key = {(g.kind, g.code): g.practices for g in whose}
    for kind, code, pod in zip(lines["group_kind"], lines["group_code"], lines["pod"], strict=True):
        practices = by_key[kind, code]
        yield sorted(c for c in paid if c[0] in practices and pod in (ALL, c[1]))


def _known_gaps(
    whose: Collection[Group], gaps: set[_Cell], counts: dict[_Cell, int], smallest: int
) -> Iterator[list[_Cell]]:
    """Give the gaps of each PCT: budgets tell how much of its activity is priced, if not of few."""
    for group in whose:
        own = sorted(c for c in gaps if c[0] in group.practices)
        if group.kind == "pct" and sum(counts[c] for c in own) >= smallest:
            yield own


def _asked(whose: Collection[Group], counts: dict[_Cell, int]) -> Iterator[_Sum]:
    """List the rows of the table, totals before their parts and sums before practices."""
    parts: list[_Sum] = []
    for group in whose:
        inside = {c for c in counts if c[0] in group.practices}
        yield from ((group, ALL, reason) for reason in sorted({c[2] for c in inside}))
        parts += [(group, pod, reason) for pod, reason in sorted({c[1:] for c in inside})]
    yield from parts
