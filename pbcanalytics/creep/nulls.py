"""Panels without creep that are like a given one: what its limits are set on."""

from dataclasses import replace

import numpy as np

from pbcanalytics.creep.explanations import FALSE_TOP, SENSITIVITY
from pbcanalytics.creep.panel import BASELINE_MONTHS, Floats, Panel
from pbcanalytics.creep.signals import Signals
from pbcanalytics.creep.statistics import by_chance
from pbcanalytics.creep.together import LEAST_OWN
from pbcanalytics.synthetic.planting import stream


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
    base, together = found.base, found.together
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
