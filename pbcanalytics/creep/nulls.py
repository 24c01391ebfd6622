"""Panels without creep that are like a given one: what its limits are set on."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pbcanalytics.creep.dispersion import loads, year_weights
from pbcanalytics.creep.explanations import FALSE_TOP, SENSITIVITY
from pbcanalytics.creep.panel import BASELINE_MONTHS, Floats, Ints, Panel
from pbcanalytics.creep.signals import Signals
from pbcanalytics.creep.statistics import by_chance
from pbcanalytics.synthetic.planting import stream

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


def shared(of: Panel, found: Signals) -> Shared:
    """
    Estimate from the baseline what the series of one provider share.

    A provider whose patients stay longer in one month has fewer impostors and more hidden severe
    in all its series at once; panels in which every series went its own way would alarm less often
    in its pool, and more often in the series.

    Parameters
    ----------
    of : Panel
    found : Signals
        Of `of`; only what was estimated on its baseline is used.
    """
    load = loads(found.base)
    z = found.z[:, :, :BASELINE_MONTHS]
    noise = np.where(np.isfinite(z), found.noise[:, :, :BASELINE_MONTHS], 0.0)
    usual = noise.sum(axis=2) / np.maximum(np.isfinite(z).sum(axis=2), 1)
    is_held = found.base.is_usable & (usual > 0)
    weight = np.divide(load**2, usual, out=np.zeros_like(load), where=is_held)
    steps = np.diff(z, axis=2) / load[:, :, None]
    change = (year_weights(z) * np.nan_to_num(z)).sum(axis=2, keepdims=True) / load[:, :, None]
    near, far = (_between_series(x, weight, of.provider) for x in (steps, change))
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


def null_panel(of: Panel, found: Signals, seed: int, number: int) -> Panel:
    """
    Draw a panel like another, in which nobody creeps, recodes or has other patients.

    Parameters
    ----------
    of : Panel
        Whose spells, masks and versions are kept.
    found : Signals
        Of `of`.
    seed, number : int
        Of the draw.
    """
    rng = stream(seed, "creep null", number)
    base, together = found.base, shared(of, found)
    n_providers = int(of.provider.max(initial=-1)) + 1
    load = together.load[:, :, None]

    def common(covariance: Floats) -> Floats:
        draw = rng.normal(size=(3, n_providers, of.n_months))
        drawn = np.einsum("ab,bjt->ajt", _root(covariance), draw)
        return np.asarray(load * drawn[:, of.provider])

    def own(total: Floats, covariance: Floats) -> Floats:
        left = total - load**2 * np.diag(covariance)[:, None, None]
        return np.maximum(left, LEAST_OWN * total)

    drift = found.spread.drift[:, :, None]
    steps = rng.normal(size=(3, *of.n.shape)) * np.sqrt(own(drift, together.walk))
    moved = np.cumsum(steps + common(together.walk), axis=2) + common(together.month)
    # Of months after the baseline only the spells are known in advance, not how many are dear.
    p, d, n = base.p[:, None], base.d[:, None], of.n
    r0 = np.nan_to_num(by_chance(np.where(n > 0, n, np.nan), p * n, base))
    left = own(found.spread.phi[:, :, None] * r0, together.month)
    # Chance draws the share itself, so only what goes beyond it is added.
    moved[0] += rng.normal(size=of.n.shape) * np.sqrt(np.maximum(left[0] - r0[0], 0.0))
    # The filter has followed the level through the baseline; about it the drift goes on.
    moved -= moved[:, :, :BASELINE_MONTHS].mean(axis=2, keepdims=True)
    k = rng.binomial(n.astype(np.int64), np.clip(p + moved[0], 1e-4, 1 - 1e-4)).astype(float)
    over = np.divide(left, r0, out=np.ones_like(left), where=r0 > 0)
    top = rng.normal(size=n.shape) * np.sqrt(over[1] * (k + FALSE_TOP * (1 - p) * n * d**2))
    rest = rng.normal(size=n.shape) * np.sqrt(over[2] * (n - k + (1 - SENSITIVITY) * p * n * d**2))
    q1 = base.mu1[:, None] * k - d * n * moved[1] + top
    q0 = base.mu0[:, None] * (n - k) + d * n * moved[2] + rest
    return replace(of, k=k, q1=q1, q0=q0, e=np.broadcast_to(base.e[:, None], n.shape))


def _root(covariance: Floats) -> Floats:
    """Give a matrix whose product with its own transpose is a covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
