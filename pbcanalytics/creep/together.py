"""What all series of a provider do together: no witness of any one of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pbcanalytics.creep.baseline import Baseline
from pbcanalytics.creep.dispersion import loads, year_weights
from pbcanalytics.creep.panel import BASELINE_MONTHS, Floats, Ints

LEAST_OWN: Final = 0.3
"""Share of its noise that a series keeps for itself, whatever its provider's other series say."""


@dataclass(frozen=True)
class Shared:
    """
    What all series of a provider do together: its case mix, its ward, its way with stays.

    Attributes
    ----------
    load : array of 3 x series
        How far each statistic of a series follows.
    month, walk : array of 3 x 3
        Covariance of what comes and goes with a month, and of a month's step that stays.
    """

    load: Floats
    month: Floats
    walk: Floats


def shared(z: Floats, noise: Floats, provider: Ints, base: Baseline) -> Shared:
    """
    Estimate from the baseline what the series of one provider share.

    A provider whose patients stay longer in one month has fewer impostors and more hidden severe
    in all its series at once; panels in which every series went its own way would alarm less often
    in its pool, and more often in the series.

    Parameters
    ----------
    z, noise : array of 3 x series x month
        Statistics, month effects taken off, and their variances about the level; only the baseline
        is looked at.
    provider : array, one value per series
    base : Baseline
    """
    load = loads(base)
    z = z[:, :, :BASELINE_MONTHS]
    noise = np.where(np.isfinite(z), noise[:, :, :BASELINE_MONTHS], 0.0)
    usual = noise.sum(axis=2) / np.maximum(np.isfinite(z).sum(axis=2), 1)
    is_held = base.is_usable & (usual > 0)
    weight = np.divide(load**2, usual, out=np.zeros_like(load), where=is_held)
    steps = np.diff(z, axis=2) / load[:, :, None]
    change = (year_weights(z) * np.nan_to_num(z)).sum(axis=2, keepdims=True) / load[:, :, None]
    near, far = (_between_series(x, weight, provider) for x in (steps, change))
    half = BASELINE_MONTHS // 2
    ratio, walked = 1 / half, (2 * half**2 + 1) / (3 * half)
    walk = _possible((far - near * ratio) / (walked - ratio))
    month = _possible((near - walk) / 2)
    return Shared(load, month, walk)


def _between_series(x: Floats, weight: Floats, provider: Ints) -> Floats:
    """Give the mean product of two series of one provider, of any two statistics."""
    known = np.isfinite(x)
    w = np.where(known, weight[:, :, None], 0.0)
    wx = w * np.nan_to_num(x)
    sums = np.zeros((2, 3, int(provider.max(initial=-1)) + 1, x.shape[2]))
    for i in range(3):
        np.add.at(sums[0, i], provider, wx[i])
        np.add.at(sums[1, i], provider, w[i])
    both = np.einsum("ajt,bjt->ab", sums[0], sums[0]) - np.einsum("ast,bst->ab", wx, wx)
    count = np.einsum("ajt,bjt->ab", sums[1], sums[1]) - np.einsum("ast,bst->ab", w, w)
    is_held = count > 1e-9 * np.abs(count).max()
    return np.asarray(np.divide(both, count, out=np.zeros((3, 3)), where=is_held))


def _possible(covariance: Floats) -> Floats:
    """Give the nearest matrix that can be a covariance."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)
