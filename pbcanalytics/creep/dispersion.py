"""How much more than chance a series moves: noise of single months, and drift of its level."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pbcanalytics.creep.baseline import Baseline
from pbcanalytics.creep.panel import BASELINE_MONTHS, Floats, Panel, root_means

_LEAST_SHARE: Final = 0.3
_LARGEST: Final = 4.0


@dataclass(frozen=True)
class Dispersion:
    """
    Of each statistic, in the order of `Statistics.z`.

    Attributes
    ----------
    phi : array of 3 x series
        Variance of single months over that of chance, 1 to 4. [ratio]
    drift : array of 3 x series
        Variance that the level gains each month.
    """

    phi: Floats
    drift: Floats


def dispersion(z: Floats, r0: Floats, of: Panel, base: Baseline) -> Dispersion:
    """
    Estimate both from differences between months of the baseline, 1 and 12 apart.

    Pooled over the providers of a root; the drift is drawn half-way to that of all roots and the
    noise half-way to the median root.

    Parameters
    ----------
    z, r0 : array of 3 x series x month
        Statistics, month effects taken off, and their variances by chance.
    of : Panel
    base : Baseline
    """
    z, r0 = z[:, :, :BASELINE_MONTHS], r0[:, :, :BASELINE_MONTHS]
    spread = root_means((base.p * (1 - base.p)) ** 2, of.root)
    scales = np.stack([spread, *[root_means(1 / base.d**2, of.root)] * 2])
    known = np.isfinite(z)
    count = known.sum(axis=2)
    usual = np.where(known, r0, 0.0).sum(axis=2) / np.maximum(count, 1)
    usual = np.where(count > 0, usual, 1e6)
    weights = np.where(base.is_usable, 1 / usual**2, 0.0)
    near, by_chance = _differences(z, r0, 1)
    far, _ = _differences(z, r0, 12)
    drift, phi = np.empty_like(usual), np.empty_like(usual)
    for i in range(len(z)):
        e1, e12, chance = (root_means(x[i], of.root, weights[i]) for x in (near, far, by_chance))
        own = (e12 - e1) / 11
        certain = np.where(base.is_usable, (scales[i] / root_means(usual[i], of.root)) ** 2, 0.0)
        every = max(_weighted(own / scales[i], certain), 1e-12)
        own = np.where(np.isfinite(own), own / scales[i], every)
        drift[i] = scales[i] * np.maximum((own + every) / 2, _LEAST_SHARE * every)
        over = np.divide(e1 - drift[i], chance, out=np.ones_like(e1), where=chance > 0)
        raw = np.clip(np.nan_to_num(over, nan=1.0), 1.0, _LARGEST)
        phi[i] = (raw + np.median(raw)) / 2
    return Dispersion(phi, drift)


def _differences(z: Floats, r0: Floats, lag: int) -> tuple[Floats, Floats]:
    """Give each series' mean squared difference, and what chance alone makes of it."""
    step = z[:, :, lag:] - z[:, :, :-lag]
    known = np.isfinite(step)
    count = np.maximum(known.sum(axis=2), 1)
    chance = np.where(known, r0[:, :, lag:] + r0[:, :, :-lag], 0.0).sum(axis=2) / count
    squares = np.where(known, step, 0.0) ** 2
    return squares.sum(axis=2) / count, chance


def _weighted(values: Floats, weights: Floats) -> float:
    known = np.isfinite(values) & (weights > 0)
    total = float(weights[known].sum())
    return float((values[known] * weights[known]).sum() / total) if total else 0.0
