"""Which years of the parts of a measure are withheld: small ones, and what would give them away.

A measure's parts (specialties, hospitals, who asked) add up to it, and practices add up to their
consortium and their PCT. Each way of cutting a measure is guarded by itself: no cell of two of
them at once is told.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.faces.withholding.disclosure import withheld_cells
from pbcanalytics.faces.withholding.step_groups import Group

Cell = tuple[int, int]
"""Places of a group and of a part."""

Signed = dict[Cell, int]
"""A sum of cells that is known, each with its sign."""

_FOLLOWS: Final = 1 - 1e-9


def hidden_cells(
    years: Sequence[NDArray[np.float64]],
    groups: Sequence[Group],
    consortia: Mapping[str, str],
    smallest: int,
) -> NDArray[np.bool_]:
    """
    Choose the cells that are withheld, in rows and in columns alike.

    Parameters
    ----------
    years : sequence of array, group by part (all last)
        Counts of the years that are told. [events]
    groups : sequence of Group
        The PCT, its consortia, its practices.
    consortia : mapping of str to str
        Consortium of each practice; blank outside all.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    array of bool, group by part (all last)
        Hidden in all years alike; the last column never is.
    """
    n_parts = years[0].shape[-1] - 1
    hidden = np.zeros((len(groups), n_parts + 1), dtype=bool)
    lines, sums = _lines(groups, consortia, n_parts)
    for counts in years:
        while True:
            was = hidden.sum()
            for line in lines:
                _hide(hidden, counts, line, smallest)
            for cell in _worked_out(hidden, counts, sums):
                if counts[cell] < smallest:
                    _loosen(hidden, counts, cell, sums)
            if hidden.sum() == was:
                break
    return hidden


def _lines(
    groups: Sequence[Group], consortia: Mapping[str, str], n_parts: int
) -> tuple[list[list[Cell]], list[Signed]]:
    """List the cells that add up to something told, and the same as sums that are known."""
    practices = [n for n, g in enumerate(groups) if g.kind == "practice"]
    joint = {n: g.code for n, g in enumerate(groups) if g.kind == "consortium"}
    (pct,) = [n for n, g in enumerate(groups) if g.kind == "pct"]
    inside = {
        c: [n for n in practices if (consortia.get(groups[n].code) or "") == code]
        for c, code in joint.items()
    }
    outside = sorted({*practices} - {n for own in inside.values() for n in own})
    blocks = {**inside, pct: [*joint, *outside]}
    rows = [[(n, k) for k in range(n_parts)] for n in range(len(groups))]
    lines, sums = list(rows), [dict.fromkeys(row, 1) for row in rows]
    for whole, parts in blocks.items():
        for k in range(n_parts):
            column = [(n, k) for n in parts]
            lines.append(column)
            sums.append({(whole, k): -1, **dict.fromkeys(column, 1)})
    return lines, sums


def _hide(
    hidden: NDArray[np.bool_], counts: NDArray[np.float64], cells: list[Cell], smallest: int
) -> None:
    """Hide the small cells of a sum that is told, and as many more as guard those hidden."""
    held = {cell: round(float(counts[cell])) for cell in cells}
    gone = [cell for cell in cells if hidden[cell] and held[cell]]
    for cell in withheld_cells(held, smallest):
        hidden[cell] = True
    while gone and 0 < sum(held[c] for c in cells if hidden[c]) < smallest:
        if not _hide_beside(hidden, counts, [cells]):
            break
    if len([c for c in cells if hidden[c] and held[c]]) == 1:
        _hide_beside(hidden, counts, [cells])


def _hide_beside(
    hidden: NDArray[np.bool_], counts: NDArray[np.float64], lines: list[list[Cell]]
) -> bool:
    """Hide the smallest cell of lines that is shown and not nothing; tell whether there was one."""
    left = sorted((counts[c], c) for line in lines for c in line if counts[c] and not hidden[c])
    if left:
        hidden[left[0][1]] = True
    return bool(left)


def _loosen(
    hidden: NDArray[np.bool_],
    counts: NDArray[np.float64],
    cell: Cell,
    sums: Sequence[Signed],
) -> None:
    """Hide one more cell of the sums by which a cell follows, the nearest of them first."""
    reached, near = {cell}, [one for one in sums if cell in one]
    while not _hide_beside(hidden, counts, [list(one) for one in near]):
        more = {c for one in near for c in one if hidden[c]} - reached
        if not more:
            break
        reached |= more
        near = [one for one in sums if more & one.keys()]


def _worked_out(
    hidden: NDArray[np.bool_], counts: NDArray[np.float64], sums: Sequence[Signed]
) -> list[Cell]:
    """
    List the hidden cells that follow from all known sums together.

    A cell follows if a combination of the sums leaves it alone: if the projection on the space
    that the sums span leaves it as it is.
    """
    place = {
        (int(n), int(k)): i
        for i, (n, k) in enumerate(np.argwhere(hidden[:, :-1] & (counts[:, :-1] > 0)))
    }
    rows = [[(place[c], sign) for c, sign in one.items() if c in place] for one in sums]
    rows = [row for row in rows if row]
    if not rows:
        return []
    known = np.zeros((len(rows), len(place)))
    for i, row in enumerate(rows):
        for j, sign in row:
            known[i, j] = sign
    # The longer side is left out of the decomposition.
    values, vectors = np.linalg.eigh(known @ known.T)
    is_real = values > 1e-9 * values.max()
    spanned = (vectors[:, is_real] / np.sqrt(values[is_real])).T @ known
    share = (spanned**2).sum(axis=0)
    return [cell for cell, i in place.items() if share[i] > _FOLLOWS]
