"""How much more than chance a series moves: noise of single months, and drift of its level."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pbcanalytics.creep.baseline import Baseline
from pbcanalytics.creep.panel import BASELINE_MONTHS, Floats, Panel, root_means

_LEAST_SHARE: Final = 0.3
_LEAST: Final = (1.0, 0.5, 0.5)
"""A share is never steadier than chance; a score may vary less within a class than is stated."""

_LARGEST: Final = 4.0
_LEAST_DRIFT: Final = 1e-12

NEIGHBOURS_ERROR: Final = 3 / BASELINE_MONTHS
"""Variance of a mean square of neighbouring differences, over its own square (von Neumann)."""


@dataclass(frozen=True)
class Dispersion:
    """
    Of each statistic, in the order of `Statistics.z`.

    Attributes
    ----------
    phi : array of 3 x series
        Variance of single months over that of chance; of the share 1 to 4, else 0.5 to 4. [ratio]
    drift : array of 3 x series
        Variance that the level gains each month.
    """

    phi: Floats
    drift: Floats


def dispersion(z: Floats, r0: Floats, of: Panel, base: Baseline) -> Dispersion:
    """
    Estimate the noise from months of the baseline next to each other, the drift from its two years.

    The means of two whole years differ by no season, and tell a slow drift from noise with a
    quarter of the variance that single months a year apart do. Pooled over the providers of a
    root; a root is drawn towards all roots as far as they do not differ more than chance makes
    them.

    Parameters
    ----------
    z, r0 : array of 3 x series x month
        Statistics, month effects taken off, and their variances by chance.
    of : Panel
    base : Baseline
    """
    z, r0 = z[:, :, :BASELINE_MONTHS], r0[:, :, :BASELINE_MONTHS]
    scales = loads(base) ** 2
    near, near_chance = _neighbours(z, r0)
    far, far_chance, walked = _years(z, r0)
    _, first, number = np.unique(of.root, return_index=True, return_inverse=True)
    drift, phi = np.empty_like(near), np.empty_like(near)
    for i, least in enumerate(_LEAST):
        weights = np.where(base.is_usable & (near_chance[i] > 0), near_chance[i], np.inf) ** -2.0
        e1, chance, e12, chance12, months, scale = (
            root_means(x[i], of.root, weights)[first]
            for x in (near, near_chance, far, far_chance, walked, scales)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            n_providers = np.bincount(number, weights) ** 2 / np.bincount(number, weights**2)
            ratio = chance12 / chance
            own = (e12 - ratio * e1) / (months - ratio) / scale
            of_noise = ratio * e1 / (months - ratio) / scale
        every = 0.0
        for _ in range(2):
            # The error of a mean square grows with what it measures: noise first, then drift too.
            drawn, every = _drawn_to_all(own, 2 * (of_noise + every) ** 2 / n_providers)
            every = max(every, _LEAST_DRIFT)
        step = np.maximum(np.nan_to_num(drawn, nan=every), _LEAST_SHARE * every)
        over = np.divide(e1 - scale * step, chance, out=np.full_like(e1, np.nan), where=chance > 0)
        drawn, _ = _drawn_to_all(over, NEIGHBOURS_ERROR / n_providers)
        drift[i] = scales[i] * step[number]
        phi[i] = np.clip(np.nan_to_num(drawn, nan=1.0), least, _LARGEST)[number]
    return Dispersion(phi, drift)


def loads(base: Baseline) -> Floats:
    """
    Give how far each statistic follows a shift of the log-odds (share) or of the score (others).

    Parameters
    ----------
    base : Baseline

    Returns
    -------
    array of 3 x series
    """
    p, d = base.p, base.d
    return np.stack([p * (1 - p), p / d, (1 - p) / d])


def _drawn_to_all(value: Floats, variance: Floats) -> tuple[Floats, float]:
    """Draw estimates, those that are no number altogether, to what all share; give that too."""
    is_known = np.isfinite(value) & np.isfinite(variance) & (variance > 0)
    if not is_known.any():
        return np.full_like(value, np.nan), 0.0
    between = between_variance(value[is_known], variance[is_known])
    wide = 1 / (variance[is_known] + between)
    every = float((wide * value[is_known]).sum() / wide.sum())
    with np.errstate(invalid="ignore"):
        own = np.where(is_known, between / (between + variance), 0.0)
    return np.where(is_known, own * value + (1 - own) * every, every), every


def between_variance(value: Floats, variance: Floats) -> float:
    """Estimate by moments how far true values differ (DerSimonian and Laird 1986)."""
    w = 1 / variance
    total = max(float(w.sum()), 1e-12)
    mean = float((w * value).sum()) / total
    spare = float((w * (value - mean) ** 2).sum()) - (int((w > 0).sum()) - 1)
    return max(0.0, spare / max(total - float((w**2).sum()) / total, 1e-12))


def _neighbours(z: Floats, r0: Floats) -> tuple[Floats, Floats]:
    """Give each series' mean squared difference of months in turn, and what chance makes of it."""
    step = np.diff(z, axis=2)
    known = np.isfinite(step)
    count = np.maximum(known.sum(axis=2), 1)
    chance = np.where(known, r0[:, :, 1:] + r0[:, :, :-1], 0.0).sum(axis=2) / count
    return (np.where(known, step, 0.0) ** 2).sum(axis=2) / count, chance


def _years(z: Floats, r0: Floats) -> tuple[Floats, Floats, Floats]:
    """Give the squared difference of two years, chance's part, and the months of drift in it."""
    weight = year_weights(z)
    square = (weight * np.nan_to_num(z)).sum(axis=2) ** 2
    chance = (weight**2 * np.where(np.isfinite(z), r0, 0.0)).sum(axis=2)
    walked = (np.cumsum(weight[:, :, ::-1], axis=2) ** 2).sum(axis=2)
    return square, chance, walked


def year_weights(z: Floats) -> Floats:
    """Give the weights of the months that make the second year's mean less the first's."""
    known = np.isfinite(z).astype(float)
    halves = np.array_split(known, 2, axis=2)
    before, after = (x / np.maximum(x.sum(axis=2, keepdims=True), 1) for x in halves)
    return np.concatenate([-before, after], axis=2)
