"""The sequential test: a local level per statistic, and a scan for the month a step began."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pbcanalytics.creep.explanations import (
    CREEP,
    OTHER_PATIENTS,
    RECORDING,
    TRUE_MIX,
    leaning,
)
from pbcanalytics.creep.panel import BASELINE_MONTHS, Flags, Floats, Ints
from pbcanalytics.creep.together import Shared

WINDOW: Final = 18
"""Months back to which an onset is looked for."""

QUERY_WEIGHT: Final = 0.5
CONFIRMED_WEIGHT: Final = 1.0
"""How much the best explanation other than creep counts against it, in either tier."""

REARMED_AFTER: Final = 12
"""Months after an alarm in which the same series gives none."""

_NO_INFORMATION: Final = 1e-9

VERSION_VARIANCE: Final = (0.05**2, 0.10**2, 0.10**2)
"""Variance that a change of the grouper adds to the level of each statistic."""


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
        Likelihood-ratio statistics of creep, true mix and recording, at `onset`; in that of
        recording is what the provider's other series say.
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
    ways: Floats,
    *,
    provider: Ints | None = None,
    pools: Ints | None = None,
    together: Shared | None = None,
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
    ways : array of explanation x statistic x series
        What each explanation does to the statistics (`explanations.directions`).
    provider : array, one value per series, optional
        Number of the provider of each series: what its other series say counts for recording.
    pools : array, one value per series, optional
        Number of the pool of each series, from 0, -1 for none: scores and information are summed
        over a pool, and the result has one row per pool.
    together : Shared, optional
        What the series of a provider share: in a pool it counts once, not series by series.
    """
    n_series, n_months = z.shape[1:]
    known = np.isfinite(z)
    first = np.argmax(known, axis=2)
    start = 4 * np.take_along_axis(noise, first[:, :, None], axis=2)[:, :, 0]
    level, spread = np.zeros((3, n_series)), np.where(np.isfinite(start), start, 1.0)
    reached, score, information = (np.zeros((3, WINDOW, n_series)) for _ in range(3))
    pooled = None if pools is None else _Pooling.of(pools)
    of_provider = None if provider is None else _Pooling.of(provider)
    doubled = np.zeros((3, WINDOW, 0 if pooled is None else pooled.n_rows))
    out = _empty(n_series if pooled is None else pooled.n_rows, n_months)
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
        if pooled is not None and together is not None:
            doubled[:, t % WINDOW] = 0.0
            doubled += _doubled(heard / total[:, None], pooled, together)
        if version.any():
            # No onset at or before a change of the grouper: its own step would be taken for one.
            for sums in (score, information):
                sums[:, :, version] = 0.0
            reached[:, :, version] = 1.0
        if t >= BASELINE_MONTHS:
            month = t - (t - np.arange(WINDOW)) % WINDOW
            allowed = month >= BASELINE_MONTHS
            if pooled is None:
                pushes = np.einsum("dzs,zus->dus", ways, score[:, allowed])
                weights = np.einsum("dzs,zus->dus", ways**2, information[:, allowed])
            else:
                new = _told_once(pooled.sums(information[:, allowed]), doubled[:, allowed])
                pushes = pooled.sums(ways[:, :, None] * score[:, allowed])
                weights = pooled.sums(ways[:, :, None] ** 2 * information[:, allowed])
                pushes, weights = ((new * x).sum(axis=1) for x in (pushes, weights))
            others = _others(pushes, weights, of_provider) if of_provider is not None else None
            _judge(out, t, pushes, weights, month[allowed], others)
    return out


@dataclass(frozen=True)
class _Pooling:
    """The series in order of their pools, where each pool begins, and which numbers there are."""

    pools: Ints
    order: Ints
    begins: Ints
    numbers: Ints
    n_rows: int

    @classmethod
    def of(cls, pools: Ints) -> "_Pooling":
        """Sort the series by pool; -1 is in none."""
        order = np.argsort(pools, kind="stable")
        order = order[pools[order] >= 0]
        numbers, begins = np.unique(pools[order], return_index=True)
        return cls(pools, order, begins, numbers, int(pools.max(initial=-1)) + 1)

    def sums(self, values: Floats) -> Floats:
        """Add up over the series of each pool."""
        added = np.zeros((*values.shape[:-1], self.n_rows))
        if len(self.order):
            added[..., self.numbers] = np.add.reduceat(
                values[..., self.order], self.begins, axis=-1
            )
        return added


def _doubled(weight: Floats, pooled: _Pooling, together: Shared) -> Floats:
    """Give the variance that a pool's scores gain by what its series share in a month."""
    follows = weight * together.load[:, None]
    pairs = pooled.sums(follows) ** 2 - pooled.sums(follows**2)
    return np.asarray(np.maximum(np.diag(together.month)[:, None, None] * pairs, 0.0))


def _told_once(information: Floats, doubled: Floats) -> Floats:
    """Give the share of a pool's information that its series do not tell one after the other."""
    every = information + doubled
    return np.divide(information, every, out=np.ones_like(every), where=every > _NO_INFORMATION)


def _others(pushes: Floats, weights: Floats, providers: _Pooling) -> Floats:
    """Give the best likelihood ratios of the other series of each one's provider, together."""
    left = [providers.sums(x)[..., providers.pools] - x for x in (pushes, weights)]
    return np.asarray(_ratios(left[0], left[1])[:OTHER_PATIENTS].max(axis=1))


def _ratios(pushes: Floats, weights: Floats) -> Floats:
    """Give the likelihood-ratio statistics of steps that go up."""
    up = np.maximum(pushes, 0.0) ** 2
    # What is left of a sum without its only member is nought but for rounding.
    return np.asarray(
        np.divide(up, weights, out=np.zeros_like(up), where=weights > _NO_INFORMATION)
    )


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


def _judge(
    out: Scan, t: int, pushes: Floats, weights: Floats, month: Ints, others: Floats | None
) -> None:
    """Compare the explanations at every onset, and keep the onset that speaks most."""
    ratios = _ratios(pushes, weights)
    own_recording = ratios[RECORDING].copy()
    if others is not None:
        # What others do clears a series only as far as it shows signs of recording itself.
        ratios[RECORDING] += np.minimum(leaning(others), own_recording)
    effects = np.divide(
        pushes[CREEP],
        weights[CREEP],
        out=np.zeros_like(pushes[CREEP]),
        where=weights[CREEP] > _NO_INFORMATION,
    )
    creep, true = ratios[CREEP], ratios[TRUE_MIX]
    against = ratios[CREEP + 1 :].max(axis=0)
    query = creep - QUERY_WEIGHT * against
    best = query.argmax(axis=0)[None]
    out.query[:, t] = np.sqrt(np.maximum(query.max(axis=0), 0.0))
    confirmed = (creep - CONFIRMED_WEIGHT * against).max(axis=0)
    out.confirmed[:, t] = np.sqrt(np.maximum(confirmed, 0.0))
    # That a series is recorded better it has to say by itself alone.
    other = own_recording - QUERY_WEIGHT * np.maximum(true, creep)
    likeliest = other.argmax(axis=0)[None]
    out.recording[:, t] = np.sqrt(np.maximum(other.max(axis=0), 0.0))
    ratios = ratios[:OTHER_PATIENTS]
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
