"""Small numbers: what may leave a practice, and what must not be found by subtraction either.

A cell is hidden if its count is below the smallest that may be shown (zero is shown). Its row's
total is published, so that a hidden cell that stands alone could be found by subtraction; further
cells of the row are hidden until none can be (domain 7.8). Totals of columns are not published; a
page that shows one must protect columns too.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import pandas as pd

Key = TypeVar("Key")


def withhold(
    frame: pd.DataFrame,
    *,
    row: str,
    count: str,
    values: Iterable[str],
    smallest: int,
) -> pd.DataFrame:
    """
    Hide small cells of a table whose row totals are known.

    Parameters
    ----------
    frame : DataFrame, one row per cell
        The table, long.
    row, count : str
        Columns that name the row, and the count of people or events in the cell.
    values : iterable of str
        Columns that are blanked where a cell is hidden.
    smallest : int
        The smallest count that may be shown; 0 is always shown.

    Returns
    -------
    DataFrame, one row per cell
        The same rows in the same order, with a new column `is_withheld`.
    """
    hidden: set[int] = set()
    for _, cells in frame.groupby(row, sort=False):
        counts = {i: int(n) for i, n in zip(cells.index, cells[count], strict=True)}
        hidden |= withheld_cells(counts, smallest)
    return blanked(frame, [i in hidden for i in frame.index], values)


def blanked(frame: pd.DataFrame, withheld: list[bool], values: Iterable[str]) -> pd.DataFrame:
    """
    Blank the values of the rows that are withheld, and mark these.

    Returns
    -------
    DataFrame, the same rows in the same order, with a new column `is_withheld`
    """
    shown = frame.assign(is_withheld=pd.array(withheld, dtype=bool))
    for name in values:
        shown[name] = shown[name].astype("Int64").mask(shown["is_withheld"])
    return shown


def withheld_cells(counts: Mapping[Key, int], smallest: int) -> set[Key]:
    """
    Choose the cells of one row to hide.

    Parameters
    ----------
    counts : mapping
        Count by cell; their sum is known.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    set
        Every cell with a count from 1 to `smallest` - 1, and the smallest others until the hidden
        ones hold `smallest` together; all, where that cannot be had.
    """
    hidden = {cell for cell, n in counts.items() if 0 < n < smallest}
    shown = sorted((n, i, c) for i, (c, n) in enumerate(counts.items()) if n and c not in hidden)
    # One small cell holds fewer than may be shown, so that at least two are hidden in the end.
    while hidden and shown and sum(counts[c] for c in hidden) < smallest:
        hidden.add(shown.pop(0)[2])
    return hidden
