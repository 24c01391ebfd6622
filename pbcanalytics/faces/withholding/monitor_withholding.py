"""Whose months and lines are withheld from the monitoring of a year.

Published are: each group's months of all activity and its lines of the year to date; lines by month
of PCTs and consortia; and, month by month, what was forecast of earlier years. A month or a line of
1 to 7 activities is told of nobody, nor what would give it away by subtraction, from these tables
or from any other (decision 5).
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.budgets.monitor.monitoring import Monitoring
from pbcanalytics.budgets.monitor.variance import Variance
from pbcanalytics.costing import answering
from pbcanalytics.faces.withholding.step_groups import Group
from pbcanalytics.faces.withholding.subtraction import tellable
from pbcanalytics.faces.withholding.told_sums import Cells, Elsewhere, Ledger
from pbcanalytics.words import periods

Whose = tuple[str, str]
"""Kind and code of a group."""

_KINDS: Final = ("pct", "consortium", "practice")

FEWEST_HIDDEN: Final = 3
"""Budgets tell of the base year's activity a second time, with each practice's own change of list:
two sums of two hidden lines tell both of them, of three or more none."""


@dataclass(frozen=True)
class Withheld:
    """
    What is withheld of one PCT's budget year.

    Attributes
    ----------
    totals : set of (kind, code)
        Groups of which not even the sums to date are told.
    months : set of (kind, code)
        Groups of which no months are told.
    lines, by_month : set of (kind, code, point of delivery)
        What is told, of the year to date and month by month.
    foreseen : set of (kind, code, month)
        Months of which no forecast is told.
    """

    totals: set[Whose]
    months: set[Whose]
    lines: set[tuple[str, str, str]]
    by_month: set[tuple[str, str, str]]
    foreseen: set[tuple[str, str, dt.date]]


def withheld(
    now: Monitoring,
    why: Variance,
    whose: Sequence[Group],
    elsewhere: Elsewhere,
    books: Mapping[str, Ledger],
    smallest: int,
) -> Withheld:
    """
    Choose what the monitoring of a PCT's year tells.

    Parameters
    ----------
    now, why : Monitoring and Variance
    whose : sequence of Group
        The PCT, its consortia and its practices.
    elsewhere : Elsewhere
    books : mapping of year to Ledger
        What is told is added to them.
    smallest : int
        The smallest count that may be shown.
    """
    year = now.financial_year
    book = books[year]
    recorded = _recorded(elsewhere.practices, now.pct_code, periods.start(year))
    at = {(m.month - 4) % 12 for m in now.months}
    scope = book.counted(recorded, at, now.held)
    own = {_key(g): scope & book.cells(_under(recorded, g)) for g in whose}
    totals = _few_in_all(now, why, smallest)
    ordered = [g for g in _in_order(whose, own, book) if _key(g) not in totals]
    # What others hold is in sums of the whole year, and must not follow from those to date.
    may = book.ask([own[_key(g)] for g in ordered])
    totals |= {_key(g) for g, yes in zip(ordered, may, strict=True) if not yes}
    ordered = [g for g in ordered if _key(g) not in totals]
    may = book.ask_by_month([own[_key(g)] for g in ordered])
    months = totals | {_key(g) for g, yes in zip(ordered, may, strict=True) if not yes}

    blocked = _told_twice(year, whose, elsewhere.hidden)
    pods = sorted(set(now.lines["pod"]))
    lines = [(g, pod) for g in ordered for pod in pods if (*_key(g), pod) not in blocked]
    sums = {
        (*_key(g), pod): own[_key(g)] & book.cells(_under(recorded, g), pod) for g, pod in lines
    }
    # Practices first, the largest before: what is small is guarded by the smallest others.
    lines.sort(key=lambda one: -book.size(sums[*_key(one[0]), one[1]]))
    lines.sort(key=lambda one: -_KINDS.index(one[0].kind))
    asked = [sums[*_key(g), pod] for g, pod in lines]
    lines = [one for one, yes in zip(lines, book.ask(asked), strict=True) if yes]
    base = books.get(why.base_year)
    if base is not None:
        budgeted = [base.cells(_under(recorded, g), pod) for g, pod in lines]
        lines = [one for one, yes in zip(lines, base.ask(budgeted), strict=True) if yes]

    by_month = [(g, pod) for g, pod in lines if g.kind != "practice" and _key(g) not in months]
    may = book.ask_by_month([sums[*_key(g), pod] for g, pod in by_month])
    return Withheld(
        totals=totals,
        months=months,
        lines={(*_key(g), pod) for g, pod in lines},
        by_month={(*_key(g), pod) for (g, pod), yes in zip(by_month, may, strict=True) if yes},
        foreseen=_foreseen_untold(now, whose, own, elsewhere, book),
    )


def earlier_told(
    now: Monitoring,
    whose: Sequence[Group],
    years: Collection[str],
    elsewhere: Elsewhere,
    books: Mapping[str, Ledger],
) -> set[tuple[str, str, str]]:
    """
    Choose the earlier years of which a record of forecasts is told: (kind, code, year).

    A straight line drawn through the first months tells what was spent in them, so that the record
    is one of months: of all lines, of the practices as they are at the end of the last month.

    Parameters
    ----------
    now : Monitoring
    whose : sequence of Group
    years : collection of str
        Earlier years.
    elsewhere : Elsewhere
    books : mapping of year to Ledger
        What is told is added to them.
    """
    recorded = _recorded(elsewhere.practices, now.pct_code, _month_end(now.known_to))
    found: set[tuple[str, str, str]] = set()
    for year in sorted(set(years) & set(books)):
        book = books[year]
        own = {_key(g): book.cells(_under(recorded, g)) & (book.at >= 0) for g in whose}
        left = _in_order(whose, own, book)
        for ask in (book.ask, book.ask_by_month):
            may = ask([own[_key(g)] for g in left])
            left = [g for g, yes in zip(left, may, strict=True) if yes]
        found |= {(*_key(g), year) for g in left}
    return found


def _foreseen_untold(
    now: Monitoring,
    whose: Sequence[Group],
    own: Mapping[Whose, Cells],
    elsewhere: Elsewhere,
    book: Ledger,
) -> set[tuple[str, str, dt.date]]:
    """List the months whose forecast is of other cells than the months are, and tells too much."""
    found: set[tuple[str, str, dt.date]] = set()
    judged: dict[bytes, bool] = {}
    for month in now.months:
        then = _recorded(elsewhere.practices, now.pct_code, _month_end(month))
        scope = book.counted(then, {(m.month - 4) % 12 for m in now.months}, now.held)
        for group in whose:
            cells = scope & book.cells(_under(then, group))
            if np.array_equal(cells, own[_key(group)]):
                continue
            name = cells.tobytes()
            if name not in judged:
                judged[name] = book.ask([cells])[0] and book.ask_by_month([cells])[0]
            if not judged[name]:
                found.add((*_key(group), month))
    return found


def _few_in_all(now: Monitoring, why: Variance, smallest: int) -> set[Whose]:
    """
    Choose the groups of which not even the sums to date are told.

    A practice with few activities in all, priced or not, of the year or of its base, and what
    guards it within its consortium; consortia where their own sums would give one away.
    """
    counted = [now.practices.set_index("practice_code")[n] for n in ("n_activity", "n_priced")]
    counted += [why.practices.set_index("practice_code")[n] for n in ("n_base", "n_now")]
    cells = [
        pd.DataFrame({"practice_code": own.index, "month": n, "n_activity": own.to_numpy()})
        for n, own in enumerate(counted)
    ]
    columns = (now.practices[c].astype(str) for c in ("practice_code", "consortium_code"))
    member = dict(zip(*columns, strict=True))
    found = months_untold(pd.concat(cells), member, now.pct_code, smallest)
    return found - {("pct", now.pct_code)}


def _told_twice(
    year: str, whose: Sequence[Group], hidden: Collection[tuple[str, str, str]]
) -> set[tuple[str, str, str]]:
    """Choose the lines that are not told because of the budgets of practices that are hidden."""
    pods = {pod for _, _, pod in hidden}
    found = {("practice", code, pod) for of, code, pod in hidden if of == year}

    def is_few(practices: Collection[str], pod: str) -> bool:
        return 0 < sum((year, p, pod) in hidden for p in practices) < FEWEST_HIDDEN

    consortia = [g for g in whose if g.kind == "consortium"]
    for pod in pods:
        few = [g for g in consortia if is_few(g.practices, pod)]
        found |= {(*_key(g), pod) for g in few}
        told = frozenset().union(*(g.practices for g in consortia if g not in few))
        found |= {
            (*_key(g), pod) for g in whose if g.kind == "pct" and is_few(g.practices - told, pod)
        }
    return found


def _recorded(practices: pd.DataFrame, pct_code: str, day: dt.date) -> dict[str, str]:
    """Give, for each code that activity is recorded under, the PCT's practice that answers."""
    ours = set(practices.loc[practices["pct_code"] == pct_code, "practice_code"].astype(str))
    answers = answering(practices, "practice_code", day)
    return {code: now for code, now in answers.items() if now in ours}


def _under(recorded: Mapping[str, str], group: Group) -> set[str]:
    return {code for code, now in recorded.items() if now in group.practices}


def _in_order(whose: Sequence[Group], own: Mapping[Whose, Cells], book: Ledger) -> list[Group]:
    """Put those first that matter most: the PCT, consortia, and practices, largest first."""
    return sorted(whose, key=lambda g: (_KINDS.index(g.kind), -book.size(own[_key(g)]), g.code))


def _key(group: Group) -> Whose:
    return group.kind, group.code


def _month_end(month: dt.date) -> dt.date:
    return (pd.Timestamp(month) + pd.offsets.MonthEnd(0)).date()


def months_untold(
    cells: pd.DataFrame, consortia: Mapping[str, str], pct_code: str, smallest: int
) -> set[Whose]:
    """
    Choose the groups whose months are withheld.

    Parameters
    ----------
    cells : DataFrame, one row per practice and month (or finer)
        `practice_code`, `month`, `n_activity`.
    consortia : mapping of str to str
        Consortium of each practice; blank outside all.
    pct_code : str
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    set of (kind, code)
        Practices with a small month, those that guard them within their consortium, and
        consortia and the PCT where their own totals would give one away.
    """
    found: set[Whose] = set()
    counts = cells.groupby(["month", "practice_code"], as_index=False)["n_activity"].sum()
    members: dict[str, set[str]] = {}
    for practice in counts["practice_code"].unique():
        members.setdefault(consortia.get(practice) or "", set()).add(practice)
    groups = [("consortium", c) for c in sorted(members) if c]
    for _, own in counts.groupby("month"):
        by_practice = dict(zip(own["practice_code"], own["n_activity"].astype(int), strict=True))
        # Largest first: what is small is guarded by the smallest others.
        largest = sorted(by_practice, key=lambda p: (-by_practice[p], p))
        asked = [("pct", pct_code), *groups, *(("practice", p) for p in largest)]
        sums = [largest, *(members[c] for _, c in groups), *([p] for p in largest)]
        may = tellable(by_practice, [], sums, smallest)
        found |= {who for who, yes in zip(asked, may, strict=True) if not yes}
    return found


def lines_by_month(
    cells: pd.DataFrame, group: Group, others: Collection[Group], told: set[str], smallest: int
) -> set[str]:
    """
    Choose the lines of a PCT or consortium that are told month by month.

    Parameters
    ----------
    cells : DataFrame, one row per practice, point of delivery and month
        `practice_code`, `pod`, `month`, `n_activity`.
    group : Group
    others : collection of Group
        Groups inside it of which lines by month may be told too.
    told : set of str
        Its points of delivery of which the year to date is told.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    set of str
        All of the lines, or none: what is left of the total has to be large in every month.
    """
    own = cells[cells["practice_code"].isin(group.practices)]
    rests = [frozenset(group.practices), *(group.practices - o.practices for o in others)]
    small = {
        pod
        for rest in rests
        for pod in _small(own[own["practice_code"].isin(rest)], ["pod", "month"], smallest)
    }
    fine = told - small
    left = own[~own["pod"].isin(fine)]
    return set() if _small(left, ["month"], smallest) else fine


def _small(cells: pd.DataFrame, by: list[str], smallest: int) -> set[str]:
    """List what has a small number in any of its cells."""
    counts = cells.groupby(by)["n_activity"].sum()
    return set(counts.index[counts.between(1, smallest - 1)].get_level_values(0))
