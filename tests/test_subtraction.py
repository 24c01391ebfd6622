"""Sums that are told give nothing small away, however they are combined."""

import random
from collections.abc import Hashable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics.faces.publishing.steps import step_totals
from pbcanalytics.faces.publishing.unpriced import unpriced_activity
from pbcanalytics.faces.withholding import subtraction
from pbcanalytics.faces.withholding.step_groups import Group
from pbcanalytics.faces.withholding.step_withholding import hidden_lines, steps_untold
from pbcanalytics.faces.withholding.subtraction import tellable
from pbcanalytics.faces.withholding.taken_steps import STEPS, TAKEN

SMALLEST = 8
Cells = dict[int, int]
Step = tuple[str, str, str]
Key = TypeVar("Key", bound=Hashable)
counted = st.lists(st.integers(1, 20), min_size=1, max_size=7).map(lambda ns: dict(enumerate(ns)))
sums = st.lists(st.sets(st.integers(0, 6), max_size=7), max_size=8)


def follow(cells: Cells, told: list[set[int]]) -> set[int]:
    """The cells that follow from some sums: those in which every solution agrees."""
    matrix = np.array([[c in s for c in cells] for s in told], dtype=float).reshape(-1, len(cells))
    _, values, space = np.linalg.svd(matrix, full_matrices=True)
    free = space[int((values > 1e-9).sum()) :]
    return {c for i, c in enumerate(cells) if not free.size or np.abs(free[:, i]).max() < 1e-9}


def few_that_follow(cells: Mapping[Key, int], told: Sequence[set[Key]]) -> list[set[Key]]:
    """
    All sums of fewer than 8 that follow from some sums: every set of small cells is tried.

    A sum follows if it is the same in every solution, that is if it does not see what the sums
    that are told leave free.
    """
    free = left_free(list(cells), told)
    small = [c for c, n in cells.items() if n < SMALLEST]
    found = []
    waiting = [(frozenset[Key](), 0, [Fraction(0)] * len(free), 0)]
    while waiting:
        inside, held, seen, at = waiting.pop()
        if inside and not any(seen):
            found.append(set(inside))
        waiting += [
            (
                inside | {c},
                held + cells[c],
                [s + d.get(c, 0) for s, d in zip(seen, free, strict=True)],
                i + 1,
            )
            for i, c in enumerate(small[at:], at)
            if held + cells[c] < SMALLEST
        ]
    return found


def left_free(cells: Sequence[Key], told: Sequence[set[Key]]) -> list[dict[Key, Fraction]]:
    """A base of what may be added to the cells without changing any sum that is told."""
    rows = [[Fraction(c in s) for c in cells] for s in told]
    leads: list[int] = []
    for column in range(len(cells)):
        top = len(leads)
        at = next((i for i in range(top, len(rows)) if rows[i][column]), None)
        if at is None:
            continue
        rows[top], rows[at] = rows[at], rows[top]
        rows[top] = [v / rows[top][column] for v in rows[top]]
        for i, row in enumerate(rows):
            if i != top and row[column]:
                rows[i] = [a - row[column] * b for a, b in zip(row, rows[top], strict=True)]
        leads.append(column)
    return [
        {
            cells[column]: Fraction(1),
            **{cells[lead]: -rows[i][column] for i, lead in enumerate(leads)},
        }
        for column in range(len(cells))
        if column not in leads
    ]


@given(counted, sums)
def test_no_small_cell_follows_from_the_sums_that_are_told(
    cells: Cells, wanted: list[set[int]]
) -> None:
    may = tellable(cells, [], wanted, SMALLEST)
    told = [s for s, yes in zip(wanted, may, strict=True) if yes]
    assert not {c for c in follow(cells, told) if cells[c] < SMALLEST}
    assert all(sum(cells.get(c, 0) for c in s) >= SMALLEST for s in told if s & set(cells))


@given(counted, sums)
def test_the_first_sum_is_told_whenever_it_may_be_and_a_sum_told_twice_is_no_news(
    cells: Cells, wanted: list[set[int]]
) -> None:
    may = tellable(cells, [], [*wanted, *wanted], SMALLEST)
    if wanted:
        inside = [cells[c] for c in wanted[0] if c in cells]
        assert may[0] == (not inside or sum(inside) >= SMALLEST)
    assert all(not once or twice for once, twice in zip(may, may[len(wanted) :], strict=False))


def test_a_practice_total_and_a_pct_total_together_give_a_cell_away() -> None:
    """Of A's lines 3 and 9 the total is known; that of both practices' second line tells the 3."""
    cells = {("A", "x"): 3, ("A", "y"): 9}
    assert tellable(cells, [[("A", "x"), ("A", "y")]], [[("A", "y")]], SMALLEST) == [False]
    known = [[("A", "x"), ("A", "y")], [("B", "x"), ("B", "y")]]
    for other, may in ((9, True), (3, False)):
        more = {**cells, ("B", "y"): 9, ("B", "x"): other}
        assert tellable(more, known, [[("A", "y"), ("B", "y")]], SMALLEST) == [may]


def drawn_at_random(n: int) -> Iterator[tuple[Cells, list[set[int]], list[set[int]]]]:
    """Mostly small cells, up to two sums that are known and some that are wanted."""
    draw = random.Random(2006)
    for _ in range(n):
        cells = {c: draw.choice((1, 2, 3, 4, 5, 9)) for c in range(draw.randint(3, 8))}

        def sums(most: int, cells: Cells = cells) -> list[set[int]]:
            sizes = [draw.randint(2, len(cells)) for _ in range(draw.randint(0, most))]
            return [set(draw.sample(sorted(cells), size)) for size in sizes]

        yield cells, sums(2), sums(8)


def test_a_sum_is_refused_if_and_only_if_something_small_would_follow() -> None:
    """Small sums count whether asked for or not; those that follow anyhow stop nothing else."""
    n_refused = n_told = 0
    for cells, known, wanted in drawn_at_random(600):
        anyhow = few_that_follow(cells, known)
        told = list(known)
        for s, yes in zip(wanted, tellable(cells, known, wanted, SMALLEST), strict=True):
            is_few = sum(cells[c] for c in s) < SMALLEST
            more = few_that_follow(cells, [*told, s])
            assert yes == (not is_few and len(more) == len(anyhow)), (cells, known, wanted, s)
            told += [s] if yes else []
            n_told, n_refused = n_told + yes, n_refused + (not yes)
    assert n_told > 500
    assert n_refused > 500


def test_a_total_and_two_practices_leave_the_few_elective_stays_of_both() -> None:
    """Long stays of a PCT: 2 and 2 elective, 9 and 12 emergency; all less emergency is the 4."""
    cells = {("A", "EL"): 2, ("B", "EL"): 2, ("A", "NEL"): 9, ("B", "NEL"): 12}
    by_practice = [[(p, "EL"), (p, "NEL")] for p in "AB"]
    emergency = [("A", "NEL"), ("B", "NEL")]
    may = tellable(cells, [], [list(cells), *by_practice, emergency], SMALLEST)
    assert may == [True, True, True, False]


def test_a_search_without_end_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = {"a": 3, "b": 3, "c": 3, "d": 3}
    wanted = [["a", "b", "c"], ["b", "c", "d"]]
    assert tellable(cells, [], wanted, SMALLEST) == [True, True]
    monkeypatch.setattr(subtraction, "LONGEST", 1)
    assert tellable(cells, [], wanted, SMALLEST) == [True, False]


# Long stays of a PCT of three practices, of which the first two are a consortium: small as single
# steps, and small in sums: 4 elective ones of all, 5 of the first practice.
PCT = """
practice | pod | short | long
X1       | EL  | 0     | 1
X1       | NEL | 95    | 4
X2       | EL  | 0     | 2
X2       | NEL | 72    | 4
X3       | EL  | 0     | 1
X3       | NEL | 87    | 3
"""


def pct(prices: tuple[str, ...] = ("2017/18",)) -> tuple[pd.DataFrame, list[Group]]:
    rows = [[c.strip() for c in line.split("|")] for line in PCT.strip().splitlines()[1:]]
    frame = pd.DataFrame(
        [
            {
                "practice_code": practice,
                "pod": pod,
                "financial_year": "2017/18",
                "price_year": year,
                **{taken.count: 0 for taken in TAKEN.values()},
                "n_short_stay": int(short),
                "n_long_stay": int(long),
            }
            for year in prices
            for practice, pod, short, long in rows
        ]
    )
    practices = [Group("practice", p, p, frozenset([p])) for p in ("X1", "X2", "X3")]
    both = Group("consortium", "C", "C", frozenset(["X1", "X2"]))
    return frame, [Group("pct", "P", "P", frozenset(["X1", "X2", "X3"])), both, *practices]


def steps_told(steps: pd.DataFrame, whose: list[Group]) -> tuple[dict[Step, int], list[set[Step]]]:
    """The steps that some activity has, and the sums of them that are told."""
    untold = steps_untold(steps, whose, SMALLEST)
    cells = {
        (r["practice_code"], r["pod"], step): int(r[taken.count])
        for r in steps.to_dict("records")
        for step, taken in TAKEN.items()
        if r[taken.count]
    }
    told = [
        {c for c in cells if c[0] in g.practices and pod in ("ALL", c[1]) and c[2] in kinds}
        for g in whose
        for pod in ("ALL", "EL", "NEL")
        for what, kinds in [("together_pence", [*TAKEN]), *((s, [s]) for s in TAKEN)]
        if (g.kind, g.code, "2017/18", pod, what) not in untold
    ]
    return cells, [s for s in told if s]


def test_elective_long_stays_of_a_pct_and_those_of_a_practice_do_not_follow() -> None:
    cells, told = steps_told(*pct())
    elective = {c for c in cells if c[1] == "EL"}
    of_first = {c for c in cells if c[0] == "X1" and c[2] == "long_stay_pence"}
    assert sum(cells[c] for c in elective) == 4
    assert sum(cells[c] for c in of_first) == 5
    assert set(cells) in told
    found = few_that_follow(cells, told)
    assert elective not in found
    assert of_first not in found
    assert found == []


def test_a_step_that_is_nothing_at_one_years_prices_guards_no_other_there() -> None:
    """With 9 others a practice's 3 may be told together, but not where those 9 are none."""
    steps, whose = pct(("2017/18", "2018/19"))
    steps["n_short_stay"] = 0
    steps["n_long_stay"] = [9 if pod == "NEL" else 3 for pod in steps["pod"]]
    key = ("practice", "X1", "2017/18", "ALL", "long_stay_pence")
    assert key not in steps_untold(steps, whose, SMALLEST)
    none = steps["price_year"].eq("2018/19") & steps["pod"].eq("NEL")
    assert key in steps_untold(
        steps.assign(n_long_stay=steps["n_long_stay"].mask(none, 0)), whose, SMALLEST
    )


def test_activity_without_a_price_guards_no_pounds() -> None:
    """Of 3 priced and 9 unpriced activities the pounds are those of the 3."""
    rows = [("EL", 3, 3), ("OTHER", 9, 0), ("DC", 20, 20), ("OPFA", 40, 40)]
    steps = pd.DataFrame(rows, columns=["pod", "n_activity", "n_priced"]).assign(
        practice_code="X1", financial_year="2017/18", price_year="2017/18"
    )
    hidden = hidden_lines(steps, SMALLEST)
    assert {pod for _, _, pod in hidden} == {"EL", "DC"}


@pytest.mark.parametrize(("n_priced", "may"), [(0, []), (20, [17, 17])])
def test_a_count_of_a_line_tells_no_reason_of_a_few(n_priced: int, may: list[int]) -> None:
    """Of a line's activities 17 have no price for one reason and 3 for another."""
    at = {"practice_code": "X1", "financial_year": "2017/18", "price_year": "2017/18"}
    at |= {"is_reported": True}
    steps = pd.DataFrame(
        [
            {**at, "pod": "OTHER", "n_activity": 20 + n_priced, "n_priced": n_priced},
            {**at, "pod": "DC", "n_activity": 20, "n_priced": 20},
        ]
    ).assign(**dict.fromkeys([*STEPS, *(t.count for t in TAKEN.values())], 0))
    reasons = {"no_hrg": 17, "unknown_hrg": 3}
    unpriced = pd.DataFrame(
        [
            {**at, "pod": "OTHER", "unpriced_reason": reason, "is_gap": True, "n_activity": n}
            for reason, n in reasons.items()
        ]
    )
    whose = [Group("practice", "X1", "X1", frozenset(["X1"]))]
    lines = step_totals(steps, whose, hidden_lines(steps, SMALLEST), SMALLEST)
    assert not lines["is_withheld"].any()
    shown = unpriced_activity(unpriced, steps, lines, whose, SMALLEST)
    assert len(shown) == 4
    assert shown["n_activity"].dropna().tolist() == may
