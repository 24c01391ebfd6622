"""Which lines and steps of prices are withheld, of practices and of sums of several.

Prices of every year are looked at one by one, as a step may be nothing in one and small in another;
what is withheld at one year's prices is withheld at all, so that none tells of the others.
"""

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import Final

import pandas as pd

from pbcanalytics.faces.withholding.disclosure import withheld_cells
from pbcanalytics.faces.withholding.step_groups import LINES, Group
from pbcanalytics.faces.withholding.subtraction import tellable
from pbcanalytics.faces.withholding.taken_steps import ALL, TAKEN, TOGETHER

Line = tuple[str, str, str]
"""Practice, year of activity, point of delivery."""

_COUNTS: Final = ("n_priced", "n_activity")
# Pounds are those of priced activity, and where few of many are priced they are those of a few.


Growth = Mapping[tuple[str, str], Mapping[str, Fraction]]
"""By practice and year of activity: the growth that a budget agrees for each line. [share]"""


def hidden_lines(steps: pd.DataFrame, smallest: int, growth: Growth | None = None) -> set[Line]:
    """
    Choose the lines of practices that are withheld from every table.

    Parameters
    ----------
    steps : DataFrame, one row per practice, year, price year and point of delivery
        From `step_groups.placed`, with `n_activity` and `n_priced`.
    smallest : int
        The smallest count that may be shown.
    growth : Growth, optional
        Of the lines of budgets: a practice's growth in all tells of its lines a second time.

    Returns
    -------
    set of (practice, year of activity, point of delivery)
        Small ones by activity or by priced activity, and those that guard them against the totals
        of practice and year; at every year's prices.
    """
    found: set[Line] = set()
    for count in _COUNTS:
        for year, own in _by_prices(steps):
            by_practice: dict[str, dict[Line, int]] = {}
            for (practice, pod), n in _counts(own, count).items():
                by_practice.setdefault(practice, {})[practice, year, pod] = n
            for lines in by_practice.values():
                small = {line for line, n in lines.items() if n < smallest}
                held = sum(n for line, n in lines.items() if line in found)
                if not small <= found or (small and held < smallest):
                    found |= withheld_cells(lines, smallest)
                found |= _against_growth(lines, found, growth or {}, smallest)
    return found


def _against_growth(
    lines: Mapping[Line, int], hidden: Collection[Line], growth: Growth, smallest: int
) -> set[Line]:
    """
    Choose what more of a practice's lines has to be withheld because its growth is told.

    Lines hidden with two rates of growth between them can be told apart by the total and its
    growth; with one rate, or with three, they cannot.
    """
    more = {line for line in lines if line in hidden}
    shown = sorted((n, line) for line, n in lines.items() if n and line not in more)
    while more and shown:
        by_rate: dict[Fraction, int] = {}
        for line in more:
            rate = growth.get(line[:2], {}).get(line[2], Fraction(0))
            by_rate[rate] = by_rate.get(rate, 0) + lines[line]
        if len(by_rate) != 2 or min(by_rate.values()) >= smallest:
            break
        more.add(shown.pop(0)[1])
    return more


def lines_untold(
    steps: pd.DataFrame, whose: Collection[Group], hidden: Collection[Line], smallest: int
) -> set[tuple[str, str, str, str]]:
    """
    Choose the lines of groups to withhold: (kind, code, year, point of delivery).

    Parameters
    ----------
    steps : DataFrame
        From `step_groups.placed`.
    whose : collection of Group
    hidden : collection of Line
        From `hidden_lines`.
    smallest : int
        The smallest count that may be shown.
    """
    found = {("practice", *line) for line in hidden}
    asked = [(g, pod) for g in whose if g.kind != "practice" for pod in LINES]
    practices = [g.code for g in whose if g.kind == "practice"]
    for count in _COUNTS:
        for year, own in _by_prices(steps):
            counts = _counts(own, count)
            cells = {c: n for c, n in counts.items() if (c[0], year, c[1]) in hidden}
            known = [[(p, pod) for pod in LINES] for p in practices]
            sums = [[(p, pod) for p in sorted(g.practices)] for g, pod in asked]
            may = tellable(cells, known, sums, smallest)
            found |= {
                (g.kind, g.code, year, pod) for (g, pod), t in zip(asked, may, strict=True) if not t
            }
    return found


def steps_untold(
    steps: pd.DataFrame, whose: Collection[Group], smallest: int
) -> set[tuple[str, str, str, str, str]]:
    """
    Choose the steps of groups to withhold: (kind, code, year, point of delivery or ALL, step).

    No step of any practice's line is taken as known, but where none of it has one, as nothing is
    told of it then; a sum is told if no small one, asked for or not, follows from it and all that
    was told before. The steps together come before each of them, all points of delivery before
    each, PCTs and consortia before practices.

    Parameters
    ----------
    steps : DataFrame
        From `step_groups.placed`, with the counts of TAKEN.
    whose : collection of Group
    smallest : int
        The smallest count that may be shown.
    """
    wholes = [(TOGETHER, [ALL]), (TOGETHER, LINES), *((s, [ALL]) for s in TAKEN)]
    order = [*wholes, *((s, LINES) for s in TAKEN)]
    asked = [(g, pod, what) for what, pods in order for g in whose for pod in pods]
    found = set()
    for year, own in _by_prices(steps):
        cells = {
            (practice, pod, step): n
            for step, taken in TAKEN.items()
            for (practice, pod), n in _counts(own, taken.count).items()
        }
        by_practice: dict[str, list[tuple[str, str, str]]] = {}
        for cell in sorted(cells):
            by_practice.setdefault(cell[0], []).append(cell)
        sums = [
            [
                c
                for p in sorted(g.practices)
                for c in by_practice.get(p, ())
                if pod in (ALL, c[1]) and what in (TOGETHER, c[2])
            ]
            for g, pod, what in asked
        ]
        may = tellable(cells, [], sums, smallest)
        found |= {
            (g.kind, g.code, year, pod, what)
            for (g, pod, what), told in zip(asked, may, strict=True)
            if not told
        }
    return found


def _by_prices(steps: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the year of activity and the rows of every year at every year's prices."""
    for (year, _), own in steps.groupby(["financial_year", "price_year"], sort=True):
        yield str(year), own


def _counts(own: pd.DataFrame, count: str) -> Mapping[tuple[str, str], int]:
    """Give how many activities of each practice and point of delivery are counted, if any."""
    some = own[own[count] > 0]
    keys = zip(some["practice_code"].astype(str), some["pod"].astype(str), strict=True)
    return dict(zip(keys, some[count].astype(int).tolist(), strict=True))
