"""What others use on the same series: raw shares, each series against itself or its peers.

Each gives one number a series and month, the larger the more alarming, so that every method can be
set to the same rate of false alarms.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from benchmarks.creep.generator import Floats, World
from pbcanalytics.creep.detector import scan
from pbcanalytics.creep.panel import BASELINE_MONTHS
from pbcanalytics.creep.signals import Signals

FIRST: Final = slice(0, BASELINE_MONTHS)


def _own(world: World) -> tuple[Floats, Floats, Floats, Floats]:
    """Give shares, spells, own baseline share, and the binomial standard error."""
    of = world.raw
    n = np.maximum(of.n, 1)
    x = of.k / n
    p = ((of.k[:, FIRST].sum(axis=1) + 0.5) / (of.n[:, FIRST].sum(axis=1) + 1))[:, None]
    return x, n, p, np.sqrt(p * (1 - p) / n)


def _rolling(x: Floats, months: int) -> Floats:
    """Add up the last months."""
    total = np.cumsum(x, axis=1)
    total[:, months:] -= total[:, :-months].copy()
    return total


def p_chart(world: World, found: Signals) -> Floats:
    """Give standard errors above the series' own baseline share."""
    x, _, p, error = _own(world)
    return (x - p) / error


def xmr(world: World, found: Signals) -> Floats:
    """Judge individuals by the mean moving range, or seven points in a row above the centre."""
    x, *_ = _own(world)
    centre = x[:, FIRST].mean(axis=1, keepdims=True)
    spread = np.abs(np.diff(x[:, FIRST], axis=1)).mean(axis=1, keepdims=True) / 1.128
    z = (x - centre) / np.maximum(spread, 1e-6)
    run = np.full_like(z, -9.0)
    for t in range(6, z.shape[1]):
        run[:, t] = z[:, t - 6 : t + 1].min(axis=1) * np.sqrt(7)
    return np.maximum(z, run)


def cusum(world: World, found: Signals) -> Floats:
    """Sum log-likelihoods of a binomial against odds 1.5 times as high."""
    of, (_, n, p, _) = world.raw, _own(world)
    odds = 1.5 * p / (1 - p)
    higher = odds / (1 + odds)
    gain = of.k * np.log(higher / p) + (n - of.k) * np.log((1 - higher) / (1 - p))
    total, out = np.zeros(len(n)), np.zeros_like(gain)
    for t in range(gain.shape[1]):
        total = np.maximum(0.0, total + gain[:, t])
        out[:, t] = total
    return out


def ewma(world: World, found: Signals) -> Floats:
    """Weigh exponentially (0.2) the standardised share, with overdispersion."""
    x, _, p, error = _own(world)
    z = (x - p) / error
    z = z / np.sqrt(np.maximum((z[:, FIRST] ** 2).mean(axis=1, keepdims=True), 1.0))
    level, out = np.zeros(len(z)), np.zeros_like(z)
    for t in range(z.shape[1]):
        level = 0.8 * level + 0.2 * z[:, t]
        out[:, t] = level / np.sqrt(0.2 / 1.8)
    return out


def funnel(world: World, found: Signals) -> Floats:
    """Compare providers of a root, three months together, additive overdispersion."""
    of = world.raw
    n, k = (_rolling(x, 3) for x in (of.n, of.k))
    n = np.maximum(n, 1)
    y, s = np.arcsin(np.sqrt(k / n)), 1 / (2 * np.sqrt(n))
    out = np.zeros_like(y)
    for root in np.unique(of.root):
        rows = of.root == root
        w = 1 / s[rows] ** 2
        mean = (w * y[rows]).sum(axis=0) / w.sum(axis=0)
        z = (y[rows] - mean) / s[rows]
        z = np.clip(z, *np.quantile(z, [0.1, 0.9], axis=0))
        size = rows.sum()
        spare = (z**2).sum(axis=0) - (size - 1)
        tau2 = np.maximum(0, spare / (w.sum(axis=0) - (w**2).sum(axis=0) / w.sum(axis=0)))
        out[rows] = (y[rows] - mean) / np.sqrt(s[rows] ** 2 + tau2)
    return out


def peer_difference(world: World, found: Signals) -> Floats:
    """Take six months less the same a year before, less the peers' mean, over its error."""
    of = world.raw
    n, k = np.maximum(_rolling(of.n, 6), 1), _rolling(of.k, 6)
    x, (_, _, p, _) = k / n, _own(world)
    out = np.zeros_like(x)
    change = x[:, 12:] - x[:, :-12]
    error = np.sqrt(p * (1 - p) * (1 / n[:, 12:] + 1 / n[:, :-12]))
    for root in np.unique(of.root):
        rows = of.root == root
        out[rows, 12:] = (change[rows] - change[rows].mean(axis=0)) / error[rows]
    return out


def share_only(world: World, found: Signals) -> Floats:
    """Run our own scan on the adjusted share alone."""
    z = found.z.copy()
    z[1:] = np.nan
    noise = np.where(np.isfinite(z), found.noise, 1.0)
    return scan(z, noise, found.spread.drift, world.panel.is_version).query


def share_and_impostors(world: World, found: Signals) -> Floats:
    """Run our own scan with nothing held against creep."""
    return np.sqrt(found.scan.ratios[0])


RIVALS: Final[dict[str, Callable[[World, Signals], Floats]]] = {
    "p-chart, raw share, own baseline": p_chart,
    "XmR with 7-point run": xmr,
    "binomial CUSUM, odds ratio 1.5": cusum,
    "EWMA 0.2 with overdispersion": ewma,
    "funnel, rolling 3 months, additive tau²": funnel,
    "peer difference, last 6 v same 6 a year before": peer_difference,
    "our scan, adjusted share only": share_only,
    "our scan, share + impostors, nothing held against": share_and_impostors,
}
"""A forest of isolation trees is not among them: no library for one is installed."""
