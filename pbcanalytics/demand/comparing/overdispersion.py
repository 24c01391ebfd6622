"""How far units differ beyond chance: the spread of their own levels, and counts under it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pbcanalytics.demand.comparing.limits import Array, as_counts, as_pairs, normal_quantile

# The robust estimate leaves out units that chance and spread pass no more often, on either side.
ROBUST_TAIL: Final = 0.001
# A gamma so narrow that its mixture of Poissons is Poisson to all digits that matter.
_POISSON_SIZE: Final = 1e8
# FunnelPlotR trims or winsorises a tenth at each end.
_TRIMMED_SHARE: Final = 0.1


@dataclass(frozen=True)
class Spread:
    """
    Poisson-gamma moments of a group of units.

    Attributes
    ----------
    mean_ratio : array of float
        Observed over expected of all units. [ratio]
    tau_squared : array of float
        Variance of units' own levels over the square of their mean; 0 where chance explains all.
    n_units : array of int
        Units that the estimate rests on.
    """

    mean_ratio: Array
    tau_squared: Array
    n_units: NDArray[np.int64]


@dataclass(frozen=True)
class Replicated:
    """
    Over-dispersion as FunnelPlotR reckons it; for replication only, see `spread`.

    Attributes
    ----------
    z : array of float, one per unit
        Before anything is trimmed.
    n_units : int
        Units kept.
    phi : float
        Mean of their squared z. [ratio]
    tau_squared : float
        On the scale of the method: logarithm (SHMI) or square root (CQC) of the ratio.
    """

    z: Array
    n_units: int
    phi: float
    tau_squared: float


def count_tail(counts: ArrayLike, mean: ArrayLike, tau_squared: ArrayLike) -> Array:
    """
    Give the chance of so many events or more, where a unit's level is gamma about a mean.

    Parameters
    ----------
    counts, mean : array of float
        [events]
    tau_squared : array of float
        Variance of the level over the square of its mean; 0 for Poisson counts.

    Returns
    -------
    array of float
        [share]

    Examples
    --------
    >>> float(count_tail(0, 5, 0.1)), float(count_tail(10, 5, 0).round(4))
    (1.0, 0.0318)
    """
    from scipy.special import betainc, gammainc

    c, mu, tau = np.broadcast_arrays(*(np.asarray(a, float) for a in (counts, mean, tau_squared)))
    tail = np.where(np.isnan(c + mu + tau), np.nan, 1.0)
    is_mixed = (c > 0) & (tau * _POISSON_SIZE > 1)
    is_poisson = (c > 0) & (tau * _POISSON_SIZE <= 1)
    size = 1 / tau[is_mixed]
    tail[is_mixed] = betainc(c[is_mixed], size, mu[is_mixed] / (mu[is_mixed] + size))
    tail[is_poisson] = gammainc(c[is_poisson], mu[is_poisson])
    return np.asarray(tail)


def critical_count(mean: ArrayLike, tau_squared: ArrayLike, tail_share: ArrayLike) -> Array:
    """
    Give the smallest count that chance reaches no more often than in a given share of cases.

    Parameters
    ----------
    mean, tau_squared : array of float
        As in `count_tail`.
    tail_share : array of float
        [share]

    Returns
    -------
    array of float
        Whole numbers; not a number where the mean is. [events]

    Examples
    --------
    >>> float(critical_count(5, 0, 0.025))
    11.0
    """
    from scipy.special import ndtri

    mu, tau, tail = np.broadcast_arrays(
        *(np.asarray(a, float) for a in (mean, tau_squared, tail_share))
    )
    sd, z = np.sqrt(mu + tau * mu**2), -ndtri(tail)
    # Cornish and Fisher's guess, a bracket about it that grows until it holds, then halving.
    guess = np.maximum(np.ceil(mu + z * sd + (z**2 - 1) * (1 + 2 * tau * mu) / 6), 0)
    low, high, step = guess - 1, guess.copy(), 1.0
    while (is_short := count_tail(high, mu, tau) > tail).any():
        low, high = np.where(is_short, high, low), np.where(is_short, high + step, high)
        step *= 2
    step = 1.0
    while (is_late := (low > 0) & (count_tail(low, mu, tau) <= tail)).any():
        high, low = np.where(is_late, low, high), np.where(is_late, low - step, low)
        step *= 2
    low = np.maximum(low, 0)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        is_short = count_tail(middle, mu, tau) > tail
        low, high = np.where(is_short, middle, low), np.where(is_short, high, middle)
    return np.asarray(high)


def detectable_mean(critical: ArrayLike, tau_squared: ArrayLike, power_share: float = 0.8) -> Array:
    """
    Give the mean at which a count reaches a critical one in a given share of cases.

    Parameters
    ----------
    critical : array of float
        From 1 on. [events]
    tau_squared : array of float
        As in `count_tail`.
    power_share : float
        [share]

    Returns
    -------
    array of float
        [events]

    Notes
    -----
    The inverse of `count_tail` in its mean, which has a closed form.

    Examples
    --------
    >>> round(float(count_tail(11, detectable_mean(11, 0.1), 0.1)), 6)
    0.8
    """
    from scipy.special import betaincinv, gammaincinv

    c, tau = np.broadcast_arrays(np.asarray(critical, float), np.asarray(tau_squared, float))
    mean = np.full(c.shape, np.nan)
    is_mixed = tau * _POISSON_SIZE > 1
    size = 1 / tau[is_mixed]
    share = betaincinv(c[is_mixed], size, power_share)
    mean[is_mixed] = size * share / (1 - share)
    mean[~is_mixed] = gammaincinv(c[~is_mixed], power_share)
    return mean


def spread(observed: ArrayLike, expected: ArrayLike, *, robust: bool = False) -> Spread:
    """
    Estimate how far units' own levels differ, by the moments of a Poisson-gamma mixture.

    Parameters
    ----------
    observed, expected : array of float, last axis the units
        A unit with either not known, or with nothing expected, is left out. [events]
    robust : bool
        Leave out the units beyond the 99.8% limits that all others give: a wild unit among its own
        peers would hide itself.

    Returns
    -------
    Spread
        Without the axis of units; not a number without any unit.

    Raises
    ------
    SelectionError
        If a number is below 0.

    Notes
    -----
    Trimmed estimators (`shmi`, `cqc`) come out near nothing at the sizes of practices; this one
    is nearly unbiased there (docs/methods/rates.md).
    """
    o, e = as_pairs(observed, expected, "expected counts")
    held = ~np.isnan(o) & (e > 0)
    if not robust:
        return _moments(o, e, held)
    others = _moments(o, e, held, is_without_own=True)
    mean, tau = others.mean_ratio * e, others.tau_squared
    least = np.minimum(count_tail(o, mean, tau), 1 - count_tail(o + 1, mean, tau))
    # Whether the only unit of its group is wild is not known, and it stays.
    return _moments(o, e, held & ~(least < ROBUST_TAIL))


def _moments(
    observed: Array, expected: Array, held: NDArray[np.bool_], *, is_without_own: bool = False
) -> Spread:
    """Take moments over the units that are held; or, for each unit, over the others."""
    o, e = np.where(held, observed, 0), np.where(held, expected, 0)

    def added(values: Array) -> Array:
        total = values.sum(axis=-1, keepdims=True)
        return np.asarray(total - values if is_without_own else total[..., 0])

    events, base, squares = added(o), added(e), added(e * e)
    mean = events / np.where(base > 0, base, np.nan)
    beyond = added(o * o) - 2 * mean * added(o * e) + mean**2 * squares - events
    bottom = mean**2 * squares
    tau = np.where(bottom > 0, np.maximum(beyond, 0) / np.where(bottom > 0, bottom, 1), 0.0)
    n_units = added(held.astype(float)).astype(int)
    return Spread(np.asarray(mean), np.where(base > 0, tau, np.nan), np.asarray(n_units))


def shmi(observed: ArrayLike, expected: ArrayLike) -> Replicated:
    """
    Estimate over-dispersion as the SHMI does: logarithms, a tenth of the units cut at each end.

    Parameters
    ----------
    observed, expected : array of float, one per unit
        Above 0. [events]

    Returns
    -------
    Replicated

    Notes
    -----
    As FunnelPlotR: tenths are by rank x 10 / (units + 1), rounded down.
    """
    from scipy.stats import rankdata

    o, e = as_counts(observed, "counts"), as_counts(expected, "expected counts")
    z = np.sqrt(e) * np.log(o / e)
    tenth = np.floor(rankdata(z) / _TRIMMED_SHARE / (len(z) + 1))
    kept = (tenth > 0) & (tenth < 1 / _TRIMMED_SHARE - 1)
    return _replicated(z, z[kept], e[kept])


def cqc(observed: ArrayLike, expected: ArrayLike) -> Replicated:
    """
    Estimate over-dispersion as the CQC does: square roots, the outer tenths pulled in.

    Parameters
    ----------
    observed, expected : array of float, one per unit
        [events]

    Returns
    -------
    Replicated
    """
    o, e = as_counts(observed, "counts"), as_counts(expected, "expected counts")
    z = (np.sqrt(o / e) - 1) * 2 * np.sqrt(e)
    ends = np.quantile(z, [_TRIMMED_SHARE, 1 - _TRIMMED_SHARE])
    return _replicated(z, np.clip(z, *ends), 4 * e)


def _replicated(z: Array, kept: Array, weights: Array) -> Replicated:
    """Reckon phi and tau squared; a weight is 1 over the squared standard error."""
    n = len(kept)
    phi = float((kept**2).mean()) if n else 0.0
    bottom = weights.sum() - (weights**2).sum() / weights.sum() if n > 1 else 0.0
    beyond = n * phi - (n - 1)
    return Replicated(z, n, phi, float(beyond / bottom) if beyond > 0 and bottom > 0 else 0.0)


def shmi_limits(
    expected: ArrayLike, tau_squared: float, confidence_share: float = 0.95
) -> tuple[Array, Array]:
    """Give the funnel's limits about 1 with the over-dispersion of `shmi`. [ratio]."""
    e = as_counts(expected, "expected counts")
    far = normal_quantile(confidence_share) * np.sqrt(1 / e + tau_squared)
    return np.exp(-far), np.exp(far)


def cqc_limits(
    expected: ArrayLike, tau_squared: float, confidence_share: float = 0.95
) -> tuple[Array, Array]:
    """
    Give the funnel's limits about 1 with the over-dispersion of `cqc`. [ratio].

    Notes
    -----
    They are drawn about 1 without squaring, as FunnelPlotR draws them: not the limits of a ratio.
    """
    e = as_counts(expected, "expected counts")
    far = normal_quantile(confidence_share) * np.sqrt(1 / (4 * e) + tau_squared)
    return 1 - far, 1 + far
