"""What others use on the same series: raw shares, each series against itself or its peers.

Each gives one number a series and month, the larger the more alarming, so that every method can be
set to the same rate of false alarms.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.creep.generator import Floats, World
from pbcanalytics.creep.detector import scan
from pbcanalytics.creep.explanations import directions
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


def beta_binomial(world: World, found: Signals) -> Floats:
    """
    Judge six months by a beta belief about each series' share, its centre drawn to the root's.

    Empirical Bayes by moments: how far a root's providers differ is the belief a series starts
    with, its baseline updates it, and months differ by more than chance as they did then.
    """
    of, (x, n, own, _) = world.raw, _own(world)
    n_base, k_base = of.n[:, FIRST].sum(axis=1), of.k[:, FIRST].sum(axis=1)
    n_now, k_now = _rolling(of.n, 6), _rolling(of.k, 6)
    out = np.zeros_like(x)
    for root in np.unique(of.root):
        rows = of.root == root
        p = own[rows, 0]
        middle = float(k_base[rows].sum() / n_base[rows].sum())
        usual = middle * (1 - middle)
        between = max(float(p.var() - np.mean(usual / n_base[rows])), 1e-5)
        weight = usual / between - 1
        centre = (k_base[rows] + weight * middle) / (n_base[rows] + weight)
        spread = centre * (1 - centre)
        by_chance = spread[:, None] / n[rows][:, FIRST]
        beyond = (x[rows][:, FIRST] - centre[:, None]) ** 2 - by_chance
        monthly = max(float(beyond.mean()), 0.0)
        variance = spread[:, None] / np.maximum(n_now[rows], 1) + monthly / 6
        variance += (spread / (n_base[rows] + weight + 1))[:, None]
        share = k_now[rows] / np.maximum(n_now[rows], 1)
        out[rows] = (share - centre[:, None]) / np.sqrt(variance)
    out[:, :6] = 0.0
    return out


N_TREES: Final = 100
TREE_SIZE: Final = 256
"""Trees of a forest, and series-months that each grows on (Liu, Ting and Zhou 2008)."""


def forest(world: World, found: Signals) -> Floats:
    """
    Say how few cuts set a series-month apart from those of the baseline (an isolation forest).

    It sees the share of three months against the series' own baseline and against its peers, the
    change on a year before, depth of severity of either group, and spells. Rises only: the score
    of a month whose share is below its baseline is nought.
    """
    of, (_, _, p, _) = world.raw, _own(world)
    n, k = np.maximum(_rolling(of.n, 3), 1), _rolling(of.k, 3)
    x, error = k / n, np.sqrt(p * (1 - p) / n)
    peers = np.stack([x[of.root == r].mean(axis=0) for r in range(int(of.root.max()) + 1)])
    year = np.zeros_like(x)
    year[:, 12:] = (x[:, 12:] - x[:, :-12]) / error[:, 12:]
    severities = []
    for total, count in ((of.q1, k), (of.q0, n - k)):
        mean = _rolling(total, 3) / np.maximum(count, 1)
        usual = mean[:, 2:BASELINE_MONTHS].mean(axis=1, keepdims=True)
        severities.append((mean - usual) * np.sqrt(count))
    grown = n / n[:, 2:BASELINE_MONTHS].mean(axis=1, keepdims=True)
    seen = np.stack([(x - p) / error, (x - peers[of.root]) / error, year, *severities, grown])
    rng = np.random.default_rng(2008)
    taught = seen[:, :, 12:BASELINE_MONTHS].reshape(len(seen), -1)
    shown = seen.reshape(len(seen), -1)
    depth = np.zeros(shown.shape[1])
    for _ in range(N_TREES):
        sample = taught[:, rng.choice(taught.shape[1], TREE_SIZE, replace=False)]
        _isolate(rng, sample, shown, np.arange(shown.shape[1]), 0, depth)
    score = 2 ** (-depth / N_TREES / _usual_depth(TREE_SIZE))
    return np.where(x > p, score.reshape(x.shape), 0.0)


def _usual_depth(n: int) -> float:
    """Give the mean depth at which a search of a tree of so many ends in vain."""
    return 2 * (np.log(n - 1) + np.euler_gamma) - 2 * (n - 1) / n if n > 2 else float(n == 2)


def _isolate(
    rng: np.random.Generator,
    sample: Floats,
    shown: Floats,
    at: NDArray[np.int64],
    level: int,
    depth: Floats,
) -> None:
    """Cut at random, and add to each point the depth at which it comes to lie alone."""
    size = sample.shape[1]
    low, high = (sample.min(axis=1), sample.max(axis=1)) if size else (np.zeros(1), np.zeros(1))
    apart = np.flatnonzero(high > low)
    if len(at) == 0 or size <= 1 or len(apart) == 0 or level >= np.log2(TREE_SIZE):
        depth[at] += level + _usual_depth(size)
        return
    feature = int(rng.choice(apart))
    cut = rng.uniform(low[feature], high[feature])
    mine, theirs = sample[feature] < cut, shown[feature, at] < cut
    _isolate(rng, sample[:, mine], shown, at[theirs], level + 1, depth)
    _isolate(rng, sample[:, ~mine], shown, at[~theirs], level + 1, depth)


def share_only(world: World, found: Signals) -> Floats:
    """Run our own scan on the adjusted share alone."""
    z = found.z.copy()
    z[1:] = np.nan
    noise = np.where(np.isfinite(z), found.noise, 1.0)
    ways = directions(found.base)
    return scan(z, noise, found.spread.drift, world.panel.is_version, ways).query


def share_and_impostors(world: World, found: Signals) -> Floats:
    """Run our own scan with nothing held against creep, on all that creep moves."""
    return np.sqrt(found.scan.ratios[0])


RIVALS: Final[dict[str, Callable[[World, Signals], Floats]]] = {
    "p-chart, raw share, own baseline": p_chart,
    "XmR with 7-point run": xmr,
    "binomial CUSUM, odds ratio 1.5": cusum,
    "EWMA 0.2 with overdispersion": ewma,
    "funnel, rolling 3 months, additive tau²": funnel,
    "peer difference, last 6 v same 6 a year before": peer_difference,
    "hierarchical beta-binomial, six months": beta_binomial,
    "isolation forest, six features": forest,
    "our scan, adjusted share only": share_only,
    "our scan, share + impostors, nothing held against": share_and_impostors,
}
