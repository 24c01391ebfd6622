"""Small numbers: what may leave a practice, and what must not be found by subtraction either.

A cell is hidden if its count is below the smallest that may be shown (zero is shown). Where the
totals of rows and columns are known, a hidden cell can be found by subtraction unless another
cell of its row and of its column is hidden too, all the way round; so further cells are hidden
until none can be found (domain 7.8).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import TypeAlias

import pandas as pd

_Cell: TypeAlias = tuple[Hashable, Hashable]


def withhold(
    frame: pd.DataFrame,
    *,
    row: str,
    column: str,
    count: str,
    values: Iterable[str],
    smallest: int,
) -> pd.DataFrame:
    """
    Hide small cells of a two-way table whose row and column totals are known.

    Parameters
    ----------
    frame : DataFrame, one row per cell
        The table, long.
    row, column, count : str
        Columns that name the row, the column and the count of people or events in the cell.
    values : iterable of str
        Columns that are blanked, with the count, where a cell is hidden.
    smallest : int
        The smallest count that may be shown; 0 is always shown.

    Returns
    -------
    DataFrame, one row per cell
        The same rows in the same order, with a new column `is_withheld`.
    """
    counts = {(r, c): int(n) for r, c, n in frame[[row, column, count]].itertuples(index=False)}
    hidden = withheld_cells(counts, smallest)
    shown = frame.copy()
    cells = zip(frame[row], frame[column], strict=True)
    shown["is_withheld"] = [cell in hidden for cell in cells]
    for name in {count, *values}:
        shown[name] = shown[name].astype("Int64").mask(shown["is_withheld"])
    return shown


def withheld_cells(counts: dict[_Cell, int], smallest: int) -> set[_Cell]:
    """
    Choose the cells to hide.

    Parameters
    ----------
    counts : dict
        Count by (row, column).
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    set
        The hidden cells: every count from 1 to `smallest` - 1, and as many of the smallest
        others as it takes that none can be found from the totals and no row or column hides
        fewer than `smallest` in all.
    """
    hidden = {cell for cell, n in counts.items() if 0 < n < smallest}
    while True:
        exposed = _exposed(hidden) or _too_few(counts, hidden, smallest)
        if not exposed:
            return hidden
        added = _partner(counts, hidden, exposed)
        if added is None:
            return hidden | {cell for cell, n in counts.items() if n}
        hidden.add(added)


def _exposed(hidden: set[_Cell]) -> _Cell | None:
    """Find a hidden cell that the totals give away: a bridge between its row and its column."""
    for cell in sorted(hidden, key=repr):
        reached, frontier = {("row", cell[0])}, [("row", cell[0])]
        links = _links(hidden - {cell})
        while frontier:
            for near in links[frontier.pop()]:
                if near not in reached:
                    reached.add(near)
                    frontier.append(near)
        if ("column", cell[1]) not in reached:
            return cell
    return None


def _links(
    cells: set[_Cell],
) -> defaultdict[tuple[str, Hashable], list[tuple[str, Hashable]]]:
    links: defaultdict[tuple[str, Hashable], list[tuple[str, Hashable]]] = defaultdict(list)
    for r, c in cells:
        links["row", r].append(("column", c))
        links["column", c].append(("row", r))
    return links


def _too_few(counts: dict[_Cell, int], hidden: set[_Cell], smallest: int) -> _Cell | None:
    """Find a row or column whose hidden cells together hold fewer than may be shown."""
    for axis in (0, 1):
        held: defaultdict[Hashable, int] = defaultdict(int)
        for cell in hidden:
            held[cell[axis]] += counts[cell]
        for cell in sorted(hidden, key=repr):
            others = any(n and c not in hidden and c[axis] == cell[axis] for c, n in counts.items())
            if held[cell[axis]] < smallest and others:
                return cell
    return None


def _partner(counts: dict[_Cell, int], hidden: set[_Cell], exposed: _Cell) -> _Cell | None:
    """Choose the next cell to hide: the smallest of the exposed cell's row or column, else any."""
    shown = [(n, repr(cell), cell) for cell, n in counts.items() if n and cell not in hidden]
    near = [s for s in shown if s[2][0] == exposed[0] or s[2][1] == exposed[1]]
    return min(near or shown, default=(0, "", None))[2]
