"""How far chance moves a count or a share: exact and Byar's limits, Wilson's, Poisson tails."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pbcanalytics.words.errors import SelectionError

Array = NDArray[np.float64]

# Below this many events Byar's approximation is not close enough and the limits are exact (Public
# Health England, technical guide on confidence intervals).
EXACT_BELOW: Final = 10


def as_counts(values: ArrayLike, what: str) -> Array:
    """
    Take numbers of events or people; one that is not known stays not a number.

    Raises
    ------
    SelectionError
        If any is below 0 or has no end.
    """
    counts = np.asarray(values, dtype=float)
    n_wrong = int(((counts < 0) | np.isinf(counts)).sum())
    if n_wrong:
        raise SelectionError(
            f"{n_wrong} of {counts.size} {what} are below 0 or without end. No rate or limit can "
            "be reckoned from them. Correct them, or leave them empty where they are not known."
        )
    return counts


def as_pairs(events: ArrayLike, base: ArrayLike, what: str) -> tuple[Array, Array]:
    """Take counts and what they are set against, in one shape; as `as_counts`."""
    x, of = np.broadcast_arrays(as_counts(events, "counts"), as_counts(base, what))
    return x, of


def normal_quantile(confidence_share: float) -> float:
    """
    Give the distance from the mean, in standard deviations, that holds a share of a normal curve.

    Raises
    ------
    SelectionError
        If the share is not between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    from scipy.special import ndtri

    return float(ndtri(upper_share(confidence_share)))


def upper_share(confidence_share: float) -> float:
    """
    Give the share of outcomes below the upper of two limits.

    Raises
    ------
    SelectionError
        If the confidence is not between 0 and 1.

    Examples
    --------
    >>> upper_share(0.95)
    0.975
    """
    if not 0 < confidence_share < 1:
        raise SelectionError(
            f"A confidence of {confidence_share} has no limits: it must lie between 0 and 1. "
            "Give a share such as 0.95."
        )
    return (1 + confidence_share) / 2


def exact_count_limits(events: ArrayLike, confidence_share: float = 0.95) -> tuple[Array, Array]:
    """
    Give the exact limits of Poisson counts, by the chi-square distribution.

    Parameters
    ----------
    events : array of float
        [events]
    confidence_share : float
        0.95 for limits that hold the truth 19 times in 20. [share]

    Returns
    -------
    tuple of array
        Lower and upper limits, in the shape of `events`; not a number where a count is. [events]

    Raises
    ------
    SelectionError
        If a count is below 0 or the confidence not between 0 and 1.

    Notes
    -----
    A quantile of chi-square with 2k degrees of freedom, halved, is one of a gamma of shape k.

    Examples
    --------
    >>> [float(x.round(6)) for x in exact_count_limits(5)]
    [1.623486, 11.668332]
    """
    from scipy.special import gammaincinv

    counts = as_counts(events, "counts")
    upper = upper_share(confidence_share)
    lowest = gammaincinv(np.where(counts > 0, counts, 1), 1 - upper)
    low = np.where(counts == 0, 0.0, np.where(np.isnan(counts), np.nan, lowest))
    return low, np.asarray(gammaincinv(counts + 1, upper))


def byar_limits(events: ArrayLike, confidence_share: float = 0.95) -> tuple[Array, Array]:
    """
    Give Byar's limits of counts, within 0.2% of the exact ones from 10 events on at 95%.

    Returns
    -------
    tuple of array
        Lower and upper limits, as in `exact_count_limits`. [events]

    Examples
    --------
    >>> [float(x.round(4)) for x in byar_limits(20)]
    [12.2114, 30.8899]
    """
    counts = as_counts(events, "counts")
    z = normal_quantile(confidence_share)
    above = counts + 1
    lowest = np.where(counts > 0, counts, 1)
    low = lowest * (1 - 1 / (9 * lowest) - z / (3 * np.sqrt(lowest))) ** 3
    low = np.where(counts == 0, 0.0, np.where(np.isnan(counts), np.nan, np.maximum(low, 0)))
    return low, above * (1 - 1 / (9 * above) + z / (3 * np.sqrt(above))) ** 3


def count_limits(events: ArrayLike, confidence_share: float = 0.95) -> tuple[Array, Array]:
    """
    Give the limits of counts by the rule of Public Health England: exact below 10, Byar's from 10.

    Parameters
    ----------
    events : array of float
        [events]
    confidence_share : float
        [share]

    Returns
    -------
    tuple of array
        Lower and upper limits, in the shape of `events`; not a number where a count is. [events]

    Raises
    ------
    SelectionError
        If a count is below 0 or the confidence not between 0 and 1.

    Examples
    --------
    >>> [float(x.round(4)) for x in count_limits([0, 65])[1]]
    [3.6889, 82.8491]
    """
    counts = as_counts(events, "counts")
    low, high = (np.array(limit) for limit in byar_limits(counts, confidence_share))
    is_few = counts < EXACT_BELOW
    low[is_few], high[is_few] = exact_count_limits(counts[is_few], confidence_share)
    return low, high


def wilson_limits(
    events: ArrayLike, people: ArrayLike, confidence_share: float = 0.95
) -> tuple[Array, Array]:
    """
    Give Wilson's limits of the share of people to whom something happened.

    Parameters
    ----------
    events, people : array of float
        Those to whom it happened, of all. [people]
    confidence_share : float
        [share]

    Returns
    -------
    tuple of array
        Lower and upper limits; not a number without people. [share]

    Raises
    ------
    SelectionError
        If a number is below 0 or it happened to more people than there are.

    Examples
    --------
    >>> [float(x.round(4)) for x in wilson_limits(65, 100)]
    [0.5525, 0.7364]
    """
    x, n = as_pairs(events, people, "numbers of people")
    n_wrong = int((x > n).sum())
    if n_wrong:
        raise SelectionError(
            f"In {n_wrong} of {x.size} units it happened to more people than there are. A share "
            "above 1 has no limits. Count people and not events, or ask for a rate."
        )
    z = normal_quantile(confidence_share)
    n = np.where(n > 0, n, np.nan)
    half = z * np.sqrt(z**2 + 4 * x * (1 - x / n))
    bottom = 2 * (n + z**2)
    low, high = (2 * x + z**2 - half) / bottom, (2 * x + z**2 + half) / bottom
    return np.where(x == 0, 0 * n, low), np.where(x == n, 1.0, high)
