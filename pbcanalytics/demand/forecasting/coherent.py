"""Forecasts that add up: of practices to their consortium, specialty and PCT."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.words.errors import SelectionError

GRID: Final = 1024
"""Forecasts are kept to so many parts of an event: sums of such numbers are exact in any order."""


@dataclass(frozen=True)
class Hierarchy:
    """
    What adds up to what.

    Attributes
    ----------
    nodes : tuple
        Level and name of each sum, then those of the series themselves.
    matrix : array of float, node by series
        1 where a series is a part of the node.
    """

    nodes: tuple[tuple[str, Hashable], ...]
    matrix: Array

    @property
    def n_series(self) -> int:
        """Series at the bottom; they are the last nodes."""
        return int(self.matrix.shape[1])


def hierarchy_of(levels: dict[str, Sequence[Hashable]]) -> Hierarchy:
    """
    Lay out sums by what each series belongs to.

    Parameters
    ----------
    levels : dict of str to sequence
        From the top down: for each series the name of its node at that level. The last level names
        the series themselves.

    Returns
    -------
    Hierarchy

    Raises
    ------
    SelectionError
        If levels differ in length, or two series have one name.

    Examples
    --------
    >>> hierarchy_of({"pct": "xxx", "practice": "aab", "series": "123"}).matrix[:3]
    array([[1., 1., 1.],
           [1., 1., 0.],
           [0., 0., 1.]])
    """
    sizes = {name: len(of) for name, of in levels.items()}
    *_, series = levels.values()
    if len(set(sizes.values())) != 1 or len(set(series)) != len(series):
        raise SelectionError(
            f"Levels name {sizes} series, {len(set(series))} of them different at the last: sums "
            "need one name a level for each series, and the last must tell all apart. Correct this."
        )
    nodes, rows = [], []
    for name, of in levels.items():
        for node in dict.fromkeys(of):
            nodes.append((name, node))
            rows.append([float(own == node) for own in of])
    return Hierarchy(tuple(nodes), np.array(rows))


def bottom_up(sums: Hierarchy, bottom: ArrayLike) -> Array:
    """
    Add the forecasts of the series up.

    Parameters
    ----------
    sums : Hierarchy
    bottom : array of float, series or series by month
        Not a number is no part of a sum that has others. [events]

    Returns
    -------
    array of float, node or node by month
        To 1/1024 of an event, so that every sum is exact.
    """
    return added(sums.matrix, on_grid(bottom))


def on_grid(values: ArrayLike) -> Array:
    """Round to 1/1024, so that sums are exact in any order."""
    return np.asarray(np.round(np.asarray(values, dtype=float) * GRID) / GRID)


def added(matrix: Array, values: Array) -> Array:
    """
    Add series up; what is not a number is no part of a sum that has others.

    Parameters
    ----------
    matrix : array of float, sum by series
        1 where a series is a part of the sum.
    values : array of float, series or series by month, or several of these

    Returns
    -------
    array of float, sum or sum by month, or as many of these
    """
    there = ~np.isnan(values)
    total = matrix @ np.where(there, values, 0)
    return np.where(matrix @ there.astype(float) > 0, total, np.nan)


@dataclass(frozen=True)
class Crossed:
    """
    Sums over a full grid: every group of rows crossed with every part of columns.

    Attributes
    ----------
    groups : array of float, group by row
    parts : array of float, part by column
        1 where a row or column is in.
    kept : array of bool
        Which of all sums, group by group, and then of all cells, row by row, are wanted.
    """

    groups: Array
    parts: Array
    kept: NDArray[np.bool_]


def crossed_up(tree: Crossed, cells: Array) -> Array:
    """
    Add cells up by group and part.

    Parameters
    ----------
    tree : Crossed
    cells : array of float, row by column by month
        Not a number is no part of a sum that has others.

    Returns
    -------
    array of float, what is kept by month
        Exact in any order where the cells are `on_grid`.
    """
    n = cells.shape[-1]
    groups = added(tree.groups, cells.reshape(len(cells), -1)).reshape(-1, *cells.shape[1:])
    sums = added(tree.parts, groups)
    return np.vstack([sums.reshape(-1, n), cells.reshape(-1, n)])[tree.kept]


def structural_weights(sums: Hierarchy) -> Array:
    """Give the error weight of each node: how many series it adds up (wls_struct)."""
    return np.asarray(sums.matrix.sum(axis=1))


def reconciled(sums: Hierarchy, base: ArrayLike, weights: ArrayLike | None = None) -> Array:
    """
    Make forecasts that were made node by node add up, by minimum trace (MinT).

    Parameters
    ----------
    sums : Hierarchy
    base : array of float, node or node by month
        [events]
    weights : array of float, one per node, optional
        Variance of each node's error, up to a factor; `structural_weights` where none are given.

    Returns
    -------
    array of float, node or node by month
        Not exact to the last bit, and small nodes may fall below 0: `bottom_up` of the last rows
        makes them exact.

    References
    ----------
    .. [1] Wickramasuriya, Athanasopoulos and Hyndman (2019), JASA 114:804: G = (S'W⁻¹S)⁻¹S'W⁻¹.

    Examples
    --------
    >>> three = hierarchy_of({"all": ["x"] * 3, "two": ["p", "p", "q"], "series": "abc"})
    >>> kept = Hierarchy(three.nodes[:2] + three.nodes[3:], three.matrix[[0, 1, 3, 4, 5]])
    >>> reconciled(kept, [100, 60, 25, 30, 45]).round(6).tolist()
    [101.5, 57.0, 26.0, 31.0, 44.5]
    """
    w = structural_weights(sums) if weights is None else np.asarray(weights, dtype=float)
    weighted = sums.matrix.T / w
    bottom = np.linalg.solve(weighted @ sums.matrix, weighted @ np.asarray(base, dtype=float))
    return np.asarray(sums.matrix @ bottom)
