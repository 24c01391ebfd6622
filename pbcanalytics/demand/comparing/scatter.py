"""How far windows of months scatter beside the others, beyond the chance of counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pbcanalytics.demand.charting.course import in_windows
from pbcanalytics.demand.comparing.limits import Array

LEAST_WINDOWS: Final = 3
"""Fewer windows of a length do not tell how far they scatter."""

KEPT_SHARE: Final = 0.9
"""Of the series, when their scatter is estimated."""


@dataclass(frozen=True)
class Beside:
    """
    Series beside the others of their group.

    Attributes
    ----------
    counts : array of float, series by month
        0 where not known. [events]
    usual : array of float, series by month
        What the others would have had, up to a factor for each series; 0 where not known. [events]
    others : array of float, series by month
        Events of the others. [events]
    n_others : array of float, series
        Practices among them, as many as if all were of one size.
    base_events : array of float, series by month
        Events of a ratio's denominator, whose own chance counts; without end for lists and shares.
    """

    counts: Array
    usual: Array
    others: Array
    n_others: Array
    base_events: Array


@dataclass(frozen=True)
class Scatter:
    """
    How far windows vary: variance = clusters x mean + levels x mean squared.

    Attributes
    ----------
    clusters : float
        1 for events that come one by one; more where one patient comes several times.
    levels : float
        Of the level itself, the same for small and large series.
    """

    clusters: float
    levels: float


def scatter_of(of: Beside, windows: Sequence[int]) -> dict[int, Scatter]:
    """
    Estimate how far windows of each length scatter, about the means of their series.

    Parameters
    ----------
    of : Beside
    windows : sequence of int
        Months, ascending.

    Returns
    -------
    dict of int to Scatter

    Notes
    -----
    Patients who come several times make longer windows scatter more, never less; windows of which
    there are not three take the scatter of the longest of which there are.
    """
    found: dict[int, Scatter] = {}
    widest = Scatter(1.0, 0.0)
    for n in windows:
        if n <= of.counts.shape[1] // LEAST_WINDOWS:
            told = _about_means(of, n)
            widest = Scatter(max(widest.clusters, told.clusters), told.levels)
        found[n] = widest
    return found


def _about_means(of: Beside, n: int) -> Scatter:
    """
    Fit the squares of windows about their series' means by what chance leads to.

    The tenth of series that vary most is left out, and the rest enlarged by what chance alone
    loses so: otherwise the changes that are looked for would pass for scatter, and hide.
    """
    from scipy.optimize import nnls
    from scipy.special import gammainc, gammaincinv

    y, usual, others, base = (
        in_windows(a, n) for a in (of.counts, of.usual, of.others, of.base_events)
    )
    whole = usual.sum(axis=1, keepdims=True)
    share = np.divide(usual, whole, out=np.zeros_like(usual), where=whole > 0)
    mean = share * y.sum(axis=1, keepdims=True)
    free = np.where(share > 0, 1 - share, 0)
    wide = 1 + 1 / np.maximum(of.n_others, 1)[:, None]
    sides = mean + mean**2 / np.maximum(others, 1), wide * mean**2, mean**2 / np.maximum(base, 1)
    squares = (y - mean) ** 2
    squares, chance, levels, below = ((free > 0) * a for a in (squares, *(free * b for b in sides)))
    expected = (chance + below).sum(axis=1)
    used = (expected > 0) & ((free > 0).sum(axis=1) > 1)
    if not used.any():
        return Scatter(1.0, 0.0)
    degrees = (free > 0).sum(axis=1) - 1
    ratio = np.divide(squares, chance + below, out=np.zeros_like(y), where=chance > 0).sum(axis=1)
    ratio = np.where(used, ratio / np.maximum(degrees, 1), np.nan)
    used &= ratio <= np.nanquantile(ratio, KEPT_SHARE)
    half = np.median(degrees[used]) / 2
    lost = gammainc(half + 1, gammaincinv(half, KEPT_SHARE)) / KEPT_SHARE
    one = np.where(used[:, None] & (chance > 0), 1, 0) > 0
    weight = 1 / (chance + below)[one]
    design = np.column_stack([chance[one], levels[one]]) * weight[:, None]
    more = (squares[one] / lost - chance[one] - below[one]) * weight
    (clusters, spread), _ = nnls(design, more)
    return Scatter(1 + float(clusters), float(spread))
