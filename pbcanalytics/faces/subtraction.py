"""Which sums may be told so that no hidden cell follows from them by subtraction.

Every sum that is told is an equation in the cells that are hidden: a cell follows from the sums if
some combination of them leaves that cell alone. The equations are kept reduced (Gauss, in
fractions), where such a cell stands alone in its row.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

Cell = TypeVar("Cell", bound=Hashable)
Number = int | Fraction
Row = dict[Cell, Number]


def tellable(
    hidden: Mapping[Cell, int],
    known: Iterable[Iterable[Cell]],
    wanted: Sequence[Iterable[Cell]],
    smallest: int,
) -> list[bool]:
    """
    Choose, of the sums that a page would like to tell, those that give no hidden cell away.

    Parameters
    ----------
    hidden : mapping
        Count by hidden cell; every other cell is shown.
    known : iterable of iterable of cells
        The cells of each sum that is told in any case.
    wanted : sequence of iterable of cells
        The cells of each sum that may be told, those that matter most first.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    list of bool
        For each wanted sum whether it may be told: what is hidden of it holds `smallest` together
        (or nothing is), and with all sums told before it lets no hidden cell that is smaller be
        worked out. One that is larger, and hidden to guard others, may follow if these do not.
    """
    rows: list[Row[Cell]] = []
    for cells in known:
        rows = _with(rows, [c for c in cells if hidden.get(c)])
    told = []
    for cells in wanted:
        inside = [c for c in cells if hidden.get(c)]
        if not inside:
            told.append(True)
            continue
        coming, before = _with(rows, inside), {id(row) for row in rows}
        new: list[Row[Cell]] = [
            dict.fromkeys(inside, 1),
            *(r for r in coming if id(r) not in before),
        ]
        is_safe = not any(_gives_away(row, hidden, smallest) for row in new)
        told.append(is_safe)
        rows = coming if is_safe else rows
    return told


def _with(rows: list[Row[Cell]], cells: Sequence[Cell]) -> list[Row[Cell]]:
    """Add the sum of some cells to reduced rows; each row's first cell stands in no other."""
    coming: Row[Cell] = dict.fromkeys(cells, 1)
    for row in rows:
        if factor := coming.get(next(iter(row))):
            coming = _less(coming, row, factor)
    if not coming:
        return rows
    first = next(iter(coming))
    lead = coming[first]
    scaled = {c: v * lead if abs(lead) == 1 else Fraction(v) / lead for c, v in coming.items()}
    reduced = [_less(r, scaled, r[first]) if first in r else r for r in rows]
    return [*reduced, scaled]


def _less(row: Row[Cell], other: Row[Cell], factor: Number) -> Row[Cell]:
    found = dict(row)
    for cell, value in other.items():
        left = found.get(cell, 0) - factor * value
        if left:
            found[cell] = left
        else:
            del found[cell]
    return found


def _gives_away(row: Row[Cell], hidden: Mapping[Cell, int], smallest: int) -> bool:
    is_sum = all(v > 0 for v in row.values())
    return is_sum and sum(v * hidden[c] for c, v in row.items()) < smallest
