"""The three statistics: share, impostors among the dear, hidden severe among the cheap."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pbcanalytics.creep.baseline import Baseline
from pbcanalytics.creep.explanations import FALSE_TOP, SENSITIVITY
from pbcanalytics.creep.panel import BASELINE_MONTHS, Flags, Floats, Ints, Panel

FEWEST_PEERS: Final = 5
"""With fewer providers in a root there is no month effect: it would be the provider's own."""

TRIMMED: Final = 0.2
"""Share of providers left out at either end of the month effect."""


@dataclass(frozen=True)
class Statistics:
    """
    The statistics of a panel before the month effect is taken off; not a number where masked.

    Attributes
    ----------
    z : array of 3 x series x month
        Share `y`, impostors `c`, hidden severe `r`, each less its baseline value. [share]
    r0 : array of 3 x series x month
        Their variances by chance alone.
    """

    z: Floats
    r0: Floats


def statistics(of: Panel, base: Baseline) -> Statistics:
    """
    Compute the three statistics and their variances by chance.

    Adding impostors to the dear raises `c` by their share, hidden severe patients who leave the
    cheap lower `r` by theirs, and `y` rises with either and with truly sicker patients.

    Parameters
    ----------
    of : Panel
    base : Baseline
        Of the same series.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        n = np.where(of.is_masked, np.nan, of.n)
        k = np.where(of.is_masked, np.nan, of.k)
        p, mu1, mu0, d = (x[:, None] for x in (base.p, base.mu1, base.mu0, base.d))
        odds = np.log(p / (1 - p)) + of.e - base.e[:, None]
        y = k / n - 1 / (1 + np.exp(-odds))
        c = (mu1 * k - of.q1) / (d * n)
        r = (of.q0 - mu0 * (n - k)) / (d * n)
        r0 = by_chance(n, k, base)
    z = np.stack([y, c, r])
    first = slice(0, BASELINE_MONTHS)
    held = np.where(np.isfinite(z[:, :, first]), of.n[:, first], 0.0)
    usual = (np.nan_to_num(z[:, :, first]) * held).sum(axis=2) / np.maximum(held.sum(axis=2), 1)
    return Statistics(z - usual[:, :, None], r0)


def by_chance(n: Floats, k: Floats, base: Baseline) -> Floats:
    """
    Give the variances of the three statistics by chance alone.

    Parameters
    ----------
    n, k : array of series x month
        Spells, and of these the dear ones. [spells]
    base : Baseline

    Returns
    -------
    array of 3 x series x month
    """
    p, d = base.p[:, None], base.d[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = p * (1 - p) / n
        impostors = np.maximum(k, 1) / (d * n) ** 2 + FALSE_TOP * (1 - p) / n
        hidden = np.maximum(n - k, 1) / (d * n) ** 2 + (1 - SENSITIVITY) * p / n
    return np.stack([share, impostors, hidden])


def month_effects(z: Floats, root: Ints, is_left_out: Flags | None = None) -> Floats:
    """
    Give what all providers of a root share in a month, series by series.

    Parameters
    ----------
    z : array of 3 x series x month
    root : array, one value per series
    is_left_out : array of series x month, optional
        Series that are under suspicion that month: the rest give a plain mean. Otherwise a fifth
        of the providers is trimmed off each end.

    Returns
    -------
    array of 3 x series x month
        Nought where fewer than five providers remain.
    """
    order = np.argsort(root, kind="stable")
    roots, at, size = np.unique(root[order], return_index=True, return_counts=True)
    slot = np.empty(len(root), dtype=np.int64)
    slot[order] = np.arange(len(root)) - np.repeat(at, size)
    number = np.searchsorted(roots, root)
    effects = np.zeros_like(z)
    for i, values in enumerate(z):
        wide = np.full((len(roots), int(size.max(initial=0)), z.shape[2]), np.nan)
        wide[number, slot] = (
            values if is_left_out is None else np.where(is_left_out, np.nan, values)
        )
        known = np.isfinite(wide).sum(axis=1)
        cut = np.floor((TRIMMED if is_left_out is None else 0.0) * known).astype(int)
        wide.sort(axis=1)
        rank = np.arange(wide.shape[1])[None, :, None]
        inside = (rank >= cut[:, None]) & (rank < (known - cut)[:, None])
        total = np.where(inside, wide, 0.0).sum(axis=1)
        mean = np.where(known >= FEWEST_PEERS, total / np.maximum(known - 2 * cut, 1), 0.0)
        effects[i] = mean[number]
    return effects
