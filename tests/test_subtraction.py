"""Sums that are told give no small cell away, however they are combined."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics.faces.subtraction import tellable

SMALLEST = 8
Cells = dict[int, int]
counted = st.lists(st.integers(1, 20), min_size=1, max_size=7).map(lambda ns: dict(enumerate(ns)))
sums = st.lists(st.sets(st.integers(0, 6), max_size=7), max_size=8)


def follow(cells: Cells, told: list[set[int]]) -> set[int]:
    """The cells that follow from some sums: those in which every solution agrees."""
    matrix = np.array([[c in s for c in cells] for s in told], dtype=float).reshape(-1, len(cells))
    _, values, space = np.linalg.svd(matrix, full_matrices=True)
    free = space[int((values > 1e-9).sum()) :]
    return {c for i, c in enumerate(cells) if not free.size or np.abs(free[:, i]).max() < 1e-9}


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
    more = {**cells, ("B", "y"): 9, ("B", "x"): 3}
    known = [[("A", "x"), ("A", "y")], [("B", "x"), ("B", "y")]]
    assert tellable(more, known, [[("A", "y"), ("B", "y")]], SMALLEST) == [True]
