"""The sequential test: a local level per statistic, and a scan for the month a step began."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pbcanalytics.creep.panel import BASELINE_MONTHS, Flags, Floats, Ints

WINDOW: Final = 18
"""Months back to which an onset is looked for."""

QUERY_WEIGHT: Final = 0.5
CONFIRMED_WEIGHT: Final = 1.0
"""How much the best explanation other than creep counts against it, in either tier."""

REARMED_AFTER: Final = 12
"""Months after an alarm in which the same series gives none."""

VERSION_VARIANCE: Final = (0.05**2, 0.10**2, 0.10**2)
"""Variance that a change of the grouper adds to the level of each statistic."""

CREEP, TRUE_MIX, RECORDING = range(3)
DIRECTIONS: Final = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, -1.0]])
"""Of the three explanations, on share, impostors and hidden severe."""


@dataclass(frozen=True)
class Scan:
    """
    What the test says at the end of each month, by what was known then.

    Attributes
    ----------
    query, confirmed : array of series x month
        Statistics of the two tiers for creep.
    recording : array of series x month
        The same as `query` with better recording in the place of creep.
    ratios : array of 3 x series x month
        Likelihood-ratio statistics of creep, true mix and recording, at `onset`.
    onset : array of series x month
        Month number of the likeliest onset of creep; -1 before anything may be decided.
    recording_ratios, recording_onset : array
        The same at the likeliest onset of better recording.
    effect : array of series x month
        Step of the creep direction at that onset. [share]
    """

    query: Floats
    confirmed: Floats
    recording: Floats
    ratios: Floats
    onset: Ints
    recording_ratios: Floats
    recording_onset: Ints
    effect: Floats


def scan(
    z: Floats,
    noise: Floats,
    drift: Floats,
    is_version: Flags,
    pools: Ints | None = None,
) -> Scan:
    """
    Run the Kalman filter and the scan over the candidate onsets of the last 18 months.

    Parameters
    ----------
    z : array of 3 x series x month
        Statistics; not a number where a month is masked.
    noise : array of 3 x series x month
        Variance of each month about the level.
    drift : array of 3 x series
        Variance that the level gains each month.
    is_version : array of series x month
    pools : array, one value per series, optional
        Number of the pool of each series, from 0, -1 for none: scores and information are summed
        over a pool, and the result has one row per pool.
    """
    n_series, n_months = z.shape[1:]
    n_rows = n_series if pools is None else int(pools.max(initial=-1)) + 1
    known = np.isfinite(z)
    first = np.argmax(known, axis=2)
    start = 4 * np.take_along_axis(noise, first[:, :, None], axis=2)[:, :, 0]
    level, spread = np.zeros((3, n_series)), np.where(np.isfinite(start), start, 1.0)
    reached, score, information = (np.zeros((3, WINDOW, n_series)) for _ in range(3))
    out = _empty(n_rows, n_months)
    for t in range(n_months):
        version = is_version[:, t]
        spread = spread + drift + np.where(version, np.array(VERSION_VARIANCE)[:, None], 0.0)
        has = known[:, :, t]
        total = np.where(has, spread + noise[:, :, t], 1.0)
        gain = np.where(has, spread / total, 0.0)
        surprise = np.where(has, z[:, :, t] - level, 0.0)
        level, spread = level + gain * surprise, (1 - gain) * spread
        for sums in (reached, score, information):
            sums[:, t % WINDOW] = 0.0
        heard = np.where(has, 1.0, 0.0)[:, None] * (1 - reached)
        reached += gain[:, None] * heard
        score += heard * (surprise / total)[:, None]
        information += heard**2 / total[:, None]
        if version.any():
            # No onset at or before a change of the grouper: its own step would be taken for one.
            for sums in (score, information):
                sums[:, :, version] = 0.0
            reached[:, :, version] = 1.0
        if t >= BASELINE_MONTHS:
            month = t - (t - np.arange(WINDOW)) % WINDOW
            allowed = month >= BASELINE_MONTHS
            a, i = (
                _pooled(score[:, allowed], pools, n_rows),
                _pooled(information[:, allowed], pools, n_rows),
            )
            _judge(out, t, a, i, month[allowed])
    return out


def _empty(n_rows: int, n_months: int) -> Scan:
    shape = (n_rows, n_months)
    return Scan(
        query=np.zeros(shape),
        confirmed=np.zeros(shape),
        recording=np.zeros(shape),
        ratios=np.zeros((3, *shape)),
        onset=np.full(shape, -1),
        recording_ratios=np.zeros((3, *shape)),
        recording_onset=np.full(shape, -1),
        effect=np.zeros(shape),
    )


def _pooled(sums: Floats, pools: Ints | None, n_rows: int) -> Floats:
    """Add up over the series of each pool."""
    if pools is None:
        return sums
    order = np.argsort(pools, kind="stable")
    order = order[pools[order] >= 0]
    numbers, begins = np.unique(pools[order], return_index=True)
    added = np.zeros((*sums.shape[:2], n_rows))
    if len(order):
        added[:, :, numbers] = np.add.reduceat(sums[:, :, order], begins, axis=2)
    return added


def _judge(out: Scan, t: int, score: Floats, information: Floats, month: Ints) -> None:
    """Compare the three explanations at every onset, and keep the onset that speaks most."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pushes = np.einsum("dz,zus->dus", DIRECTIONS, score)
        weights = np.einsum("dz,zus->dus", DIRECTIONS**2, information)
        ratios = np.where(weights > 0, np.maximum(pushes, 0.0) ** 2 / weights, 0.0)
        effects = np.where(weights[CREEP] > 0, pushes[CREEP] / weights[CREEP], 0.0)
    creep, true, recording = ratios
    against = np.maximum(true, recording)
    query = creep - QUERY_WEIGHT * against
    best = query.argmax(axis=0)[None]
    out.query[:, t] = np.sqrt(np.maximum(query.max(axis=0), 0.0))
    confirmed = (creep - CONFIRMED_WEIGHT * against).max(axis=0)
    out.confirmed[:, t] = np.sqrt(np.maximum(confirmed, 0.0))
    other = recording - QUERY_WEIGHT * np.maximum(true, creep)
    likeliest = other.argmax(axis=0)[None]
    out.recording[:, t] = np.sqrt(np.maximum(other.max(axis=0), 0.0))
    out.recording_ratios[:, :, t] = np.take_along_axis(ratios, likeliest[None], axis=1)[:, 0]
    out.recording_onset[:, t] = month[likeliest[0]]
    out.ratios[:, :, t] = np.take_along_axis(ratios, best[None], axis=1)[:, 0]
    out.onset[:, t] = month[best[0]]
    out.effect[:, t] = np.take_along_axis(effects, best, axis=0)[0]


def fits(of: Scan, row: int, month: int) -> Floats:
    """
    Give how well creep, true mix and recording each explain a series, each at an onset that suits.

    Parameters
    ----------
    of : Scan
    row, month : int

    Returns
    -------
    array of 3
        Likelihood-ratio statistics.
    """
    return np.maximum(of.ratios[:, row, month], of.recording_ratios[:, row, month])


def alarms(statistic: Floats, limit: float) -> Flags:
    """
    Tell the months in which a statistic alarms: above its limit, and armed again 12 months on.

    Parameters
    ----------
    statistic : array of series x month
    limit : float

    Returns
    -------
    array of series x month
    """
    found = np.zeros(statistic.shape, dtype=bool)
    last = np.full(len(statistic), -REARMED_AFTER)
    for t in range(statistic.shape[1]):
        now = (statistic[:, t] > limit) & (t - last >= REARMED_AFTER)
        found[:, t] = now
        last[now] = t
    return found
