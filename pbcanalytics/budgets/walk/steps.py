"""The steps of a budget, exact, line by line; and how they are rounded so that every sum holds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Final

import pandas as pd

from pbcanalytics.budgets.rounding import half_up, largest_remainder
from pbcanalytics.budgets.walk.adjustments import ONLY_RESERVED, Adjustment, Applied, applied
from pbcanalytics.budgets.walk.fair_share_move import Move, ShareRules, towards_fair_shares
from pbcanalytics.budgets.walk.plan import Division, Plan, divided
from pbcanalytics.budgets.walk.scope import HandBack, HandedBack, handed_back
from pbcanalytics.words.errors import SelectionError

LEVELS: Final = (
    *("activity", "listed", "grown", "uplifted", "adjusted", "scoped", "afforded"),
    "indicative",
)
"""The levels of the walk, in order; the last is what the practice is offered."""

MOVES: Final = (
    "activity_pence",
    "list_change_pence",
    "growth_pence",
    "uplift_pence",
    "adjustment_pence",
    "scope_pence",
    "affordability_pence",
    "fair_share_pence",
)
"""The steps of the walk; they add up to `indicative_pence`."""

NEEDED: Final = MOVES[: MOVES.index("affordability_pence")]
"""The steps before the budgets are fitted to the money: what the practices need."""


@dataclass(frozen=True)
class Line:
    """One line of a practice: base-year activity, and how its list changed; None if not known."""

    practice_code: str
    pod: str
    pence: int
    list_change: Fraction | None


@dataclass(frozen=True)
class Walk:
    """
    The walk of a PCT's lines, in whole pence at every level.

    Attributes
    ----------
    lines : list of Line
        Those with a budget, in the order of the levels.
    levels : dict of str to list of int
        By LEVELS, one a line; each sums from lines to practices to the PCT. [pence]
    held : list of (Line, HandBack, int)
        What others hold of the lines, as fitted to the money. [pence]
    division : Division
    reserved_pence : int
        Kept for practices with activity and no list. [pence]
    adjustments : list of (Line, Adjustment, int)
        [pence]
    handed : HandedBack
    move : Move
    unapplied : list of (str, str, str, int or None, str)
        What was asked for and could not be done: item, practice, line, pence, why.
    """

    lines: list[Line]
    levels: dict[str, list[int]]
    held: list[tuple[Line, HandBack, int]]
    division: Division
    reserved_pence: int
    adjustments: list[tuple[Line, Adjustment, int]]
    handed: HandedBack
    move: Move
    unapplied: list[tuple[str, str, str, int | None, str]]


def walk(
    every: Sequence[Line],
    plan: Plan,
    *,
    financial_year: str,
    adjustments: Sequence[Adjustment] = (),
    scope: Sequence[HandBack] = (),
    weights: pd.DataFrame | None = None,
    rules: ShareRules | None = None,
) -> Walk:
    """
    Walk every line of a PCT from activity to indicative budget (domain 3.2).

    A practice without a list keeps its share of the money: it must not go to the others. What is
    handed back is fitted to the money as the rest is, and so is what a practice gains or gives
    towards its fair share. The budgets of practices are rounded once, by largest remainder.

    Parameters
    ----------
    every : sequence of Line
        By practice and line, each once.
    plan : Plan
    financial_year : str
    adjustments : sequence of Adjustment
    scope : sequence of HandBack
    weights, rules
        As `towards_fair_shares` takes them.

    Returns
    -------
    Walk

    Raises
    ------
    SelectionError
        If too much is held back, an adjustment makes a line negative, a line is handed back
        twice, or all of it is.
    """
    division = divided(plan)
    places = [(line.practice_code, line.pod) for line in every]
    exact = _stepped(every, plan)
    put = applied(places, exact["uplifted"], adjustments)
    handed = handed_back(places, scope, financial_year)
    exact["adjusted"] = [a + b for a, b in zip(exact["uplifted"], put.amounts, strict=True)]
    parts = _parts(exact["adjusted"], handed)
    exact["scoped"] = [part.pence for part in parts[: len(every)]]
    needed = sum((part.pence for part in parts), Fraction(0))
    if not needed:
        raise SelectionError(
            f"Nothing of the activity is in the scope of {financial_year}, so no budget was set. "
            "Correct the rows of the scope that stand for all practices and lines."
        )
    scale = division.available_pence / needed
    has_budget = {line.practice_code: line.list_change is not None for line in every}
    owners = [every[part.place].practice_code for part in parts]
    whole = _summed(owners, [part.pence * scale for part in parts])
    own = {code: pence for code, pence in whole.items() if has_budget[code]}
    kept = sum((pence for code, pence in whole.items() if not has_budget[code]), Fraction(0))
    move = towards_fair_shares(own, weights, rules, plan.pace_share)
    afforded, final = _before_and_after(own, kept, division.available_pence, move)
    lines = [line for line in every if has_budget[line.practice_code]]
    codes = [line.practice_code for line in every]
    levels = {
        level: _by_remainder([(c, a) for c, a in zip(codes, amounts, strict=True) if has_budget[c]])
        for level, amounts in exact.items()
    }
    levels["scoped"] = _scoped(
        [
            pair
            for c, *pair in zip(codes, exact["adjusted"], exact["scoped"], strict=True)
            if has_budget[c]
        ],
        levels["adjusted"],
    )
    inside = [(c, part) for c, part in zip(owners, parts, strict=True) if has_budget[c]]
    needs = [(code, part.pence) for code, part in inside]
    levels["afforded"] = _fitted(needs, afforded)[: len(lines)]
    ended = _fitted(needs, final)
    levels["indicative"] = ended[: len(lines)]
    return Walk(
        lines=lines,
        levels=levels,
        held=[
            (every[part.place], part.row, pence)
            for (_, part), pence in zip(inside, ended, strict=True)
            if part.row is not None
        ],
        division=division,
        reserved_pence=division.available_pence - sum(ended),
        adjustments=[
            (every[i], one, pence)
            for i, one, pence in put.parts
            if has_budget[every[i].practice_code]
        ],
        handed=handed,
        move=move,
        unapplied=_unapplied(every, put, handed, move),
    )


@dataclass(frozen=True)
class _Part:
    """A part of a practice's whole budget: a line as far as it is in scope, or what others hold."""

    place: int
    row: HandBack | None
    pence: Fraction


def _parts(adjusted: Sequence[Fraction], handed: HandedBack) -> list[_Part]:
    """Part every line: first what is in scope, a part a line; then what others hold."""
    taken = list(handed.outside_share)
    for place, _, share in handed.held:
        taken[place] += share
    inside = [
        _Part(i, None, a * (1 - t)) for i, (a, t) in enumerate(zip(adjusted, taken, strict=True))
    ]
    return [*inside, *(_Part(i, row, adjusted[i] * share) for i, row, share in handed.held)]


def _stepped(lines: Sequence[Line], plan: Plan) -> dict[str, list[Fraction]]:
    """Give the levels up to the price uplift, exactly."""
    levels: dict[str, list[Fraction]] = {level: [] for level in LEVELS[:4]}
    for line in lines:
        amount = Fraction(line.pence)
        levels["activity"].append(amount)
        amount *= 1 if line.list_change is None else line.list_change
        levels["listed"].append(amount)
        amount *= 1 + plan.growth_share.get(line.pod, Fraction(0))
        levels["grown"].append(amount)
        levels["uplifted"].append(amount * (1 + plan.uplift_share))
    return levels


def _summed(codes: Iterable[str], amounts: Iterable[Fraction]) -> dict[str, Fraction]:
    """Sum amounts by practice, in the order in which these first come."""
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for code, amount in zip(codes, amounts, strict=True):
        sums[code] += amount
    return dict(sums)


def _before_and_after(
    budgets: Mapping[str, Fraction], kept: Fraction, available: int, move: Move
) -> tuple[dict[str, int], dict[str, int]]:
    """
    Round the whole budgets of practices before the fair-share move and after it.

    Who does not move shows no penny of the move: those who move share what the others leave, and
    where no rounding of theirs gives that, the largest of them takes the odd penny.
    """
    if not move.whole_pence:
        both = _shared(budgets, kept, available)
        return both, both
    others = {code: pence for code, pence in budgets.items() if code not in move.whole_pence}
    final = _shared(others, kept, available - sum(move.whole_pence.values())) | move.whole_pence
    movers = [code for code in budgets if code in move.movers]
    left = sum(final[code] for code in movers)
    least = sum(floor(budgets[code]) for code in movers)
    near = min(max(left, least), least + len(movers))
    rounded = largest_remainder([budgets[code] for code in movers], near)
    before = {**final, **dict(zip(movers, rounded, strict=True))}
    before[max(movers, key=lambda code: budgets[code])] += left - near
    return before, final


def _shared(budgets: Mapping[str, Fraction], kept: Fraction, total: int) -> dict[str, int]:
    """Round the budgets of practices, and what is kept for others, to a whole sum."""
    if not budgets and not kept:
        return {}
    *rounded, _ = largest_remainder([*budgets.values(), kept], total)
    return dict(zip(budgets, rounded, strict=True))


def _fitted(amounts: Sequence[tuple[str, Fraction]], totals: Mapping[str, int]) -> list[int]:
    """Scale each practice's amounts to its total, and round them so that they sum to it."""
    whole = _summed(*zip(*amounts, strict=True))
    ratio = {code: totals[code] / pence if pence else Fraction(0) for code, pence in whole.items()}
    return _each([(code, pence * ratio[code]) for code, pence in amounts], totals)


def _by_remainder(amounts: Sequence[tuple[str, Fraction]]) -> list[int]:
    """Round so that lines sum to their practice and practices to the PCT, each by remainder."""
    sums = _summed(*zip(*amounts, strict=True))
    totals = largest_remainder(list(sums.values()), half_up(sum(sums.values(), Fraction(0))))
    return _each(amounts, dict(zip(sums, totals, strict=True)))


def _scoped(exact: Sequence[Sequence[Fraction]], adjusted: Sequence[int]) -> list[int]:
    """Round what is left in scope; a line that nobody hands back shows no penny of the step."""
    return [
        rounded if left == before else half_up(left)
        for (before, left), rounded in zip(exact, adjusted, strict=True)
    ]


def _each(amounts: Sequence[tuple[str, Fraction]], totals: Mapping[str, int]) -> list[int]:
    """Round the amounts of each practice so that they sum to its total."""
    own: dict[str, list[Fraction]] = defaultdict(list)
    for code, amount in amounts:
        own[code].append(amount)
    rounded = {code: iter(largest_remainder(own[code], totals[code])) for code in own}
    return [next(rounded[code]) for code, _ in amounts]


def _unapplied(
    every: Sequence[Line], put: Applied, handed: HandedBack, move: Move
) -> list[tuple[str, str, str, int | None, str]]:
    """List what was asked for and could not be done, with why."""
    found: list[tuple[str, str, str, int | None, str]] = [
        ("adjustment", a.practice_code, a.line, a.amount_pence, why) for a, why in put.unapplied
    ]
    found += [
        ("adjustment", every[i].practice_code, every[i].pod, pence, ONLY_RESERVED)
        for i, _, pence in put.parts
        if every[i].list_change is None
    ]
    found += [("scope", r.practice_code, r.line, None, why) for r, why in handed.unapplied]
    found += [
        ("scope", every[i].practice_code, every[i].pod, None, ONLY_RESERVED)
        for i, _, _ in handed.held
        if every[i].list_change is None
    ]
    return found + [("pace_of_change", code, "", None, why) for code, why in move.stays]
