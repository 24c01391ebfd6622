"""Funnels: three definitions of limits, each by its name, and two answers for every unit."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pbcanalytics.demand.comparing.limits import (
    Array,
    as_counts,
    as_pairs,
    count_limits,
    exact_count_limits,
    normal_quantile,
    upper_share,
)
from pbcanalytics.demand.comparing.overdispersion import (
    Spread,
    count_tail,
    critical_count,
    detectable_mean,
    spread,
)

LOW_OUTER: Final = "low_0.001"
LOW_INNER: Final = "low_0.025"
USUAL: Final = "not_significant"
HIGH_INNER: Final = "high_0.025"
HIGH_OUTER: Final = "high_0.001"
NOT_KNOWN: Final = "not_known"
VERDICTS: Final = (LOW_OUTER, LOW_INNER, USUAL, HIGH_INNER, HIGH_OUTER, NOT_KNOWN)
"""Beyond which limits a unit lies: those that chance passes 1 time in 1,000 on that side, or 25."""

INNER_SHARE: Final = 0.95
OUTER_SHARE: Final = 0.998


@dataclass(frozen=True)
class Funnel:
    """
    Units against what chance allows, and against what their peers' own levels allow.

    Attributes
    ----------
    table : DataFrame, one row per unit
        `observed` and `expected` [events]; `ratio`; `chance` and `peers`, one of VERDICTS each;
        `chance_lower_95` to `chance_upper_998` about 1 and `peers_lower_95` to `peers_upper_998`
        about the mean of all [ratio]; `least_detectable_ratio`, the smallest true ratio that would
        be found beyond the outer limits of chance in 8 of 10 cases.
    spread : Spread
        Mean ratio and own levels of the peers.
    """

    table: pd.DataFrame
    spread: Spread


def phe_ratio_limits(
    observed: ArrayLike, confidence_share: float = INNER_SHARE
) -> tuple[Array, Array]:
    """
    Give, for observed counts, the expected ones at which they are just significant.

    This is the ratio funnel of Public Health England: below the first of them a count is high,
    above the second it is low.

    Parameters
    ----------
    observed : array of float
        [events]
    confidence_share : float
        [share]

    Returns
    -------
    tuple of array
        [expected events]

    Raises
    ------
    SelectionError
        If a count is below 0.

    Examples
    --------
    >>> [float(x.round(6)) for x in phe_ratio_limits(20)]
    [12.21652, 30.888378]
    """
    return exact_count_limits(observed, confidence_share)


def phe_proportion_limits(
    overall_share: ArrayLike, people: ArrayLike, confidence_share: float = INNER_SHARE
) -> tuple[Array, Array]:
    """
    Give the proportion funnel of Public Health England: the score test about the share of all.

    Parameters
    ----------
    overall_share : array of float
        [share]
    people : array of float
        Size of the unit; above 0. [people]
    confidence_share : float
        [share]

    Returns
    -------
    tuple of array
        Within 0 and 1. [share]

    Raises
    ------
    SelectionError
        If a number is below 0.

    Examples
    --------
    >>> [float(x.round(5)) for x in phe_proportion_limits(0.80642448, 30)]
    [0.66504, 0.94781]
    """
    p, n = as_counts(overall_share, "shares"), as_counts(people, "numbers of people")
    far = normal_quantile(confidence_share) * np.sqrt(p * (1 - p) / np.where(n > 0, n, np.nan))
    return np.maximum(p - far, 0), np.minimum(p + far, 1)


def funnelplotr_ratio_limits(
    expected: ArrayLike, confidence_share: float = INNER_SHARE
) -> tuple[Array, Array]:
    """
    Give FunnelPlotR's limits of the ratio of observed to expected events, about 1.

    Parameters
    ----------
    expected : array of float
        [events]
    confidence_share : float
        [share]

    Returns
    -------
    tuple of array
        Not a number where nothing is expected. [ratio]

    Raises
    ------
    SelectionError
        If a number is below 0.

    Examples
    --------
    >>> [float(x.round(6)) for x in funnelplotr_ratio_limits(20)]
    [0.610826, 1.544419]
    """
    e = as_counts(expected, "expected counts")
    low, high = exact_count_limits(e, confidence_share)
    known = np.where(e > 0, e, np.nan)
    return low / known, high / known


def significance(observed: ArrayLike, expected: ArrayLike) -> NDArray[Any]:
    """
    Tell whether units differ from what is expected by more than chance.

    Parameters
    ----------
    observed, expected : array of float
        [events]

    Returns
    -------
    array of str
        One of VERDICTS: 1 against the limits of `rates.standardised_ratio`.

    Raises
    ------
    SelectionError
        If a number is below 0.

    Examples
    --------
    >>> [str(x) for x in significance([150, 8], [119.56957, 6.23986])]
    ['high_0.025', 'not_significant']
    """
    o, e = as_pairs(observed, expected, "expected counts")
    inner_low, inner_high = count_limits(o, INNER_SHARE)
    outer_low, outer_high = count_limits(o, OUTER_SHARE)
    is_known = ~np.isnan(o) & (e > 0)
    return _verdicts(is_known, outer_high < e, inner_high < e, inner_low > e, outer_low > e)


def beyond_peers(observed: ArrayLike, expected: ArrayLike, peers: Spread) -> NDArray[Any]:
    """
    Tell whether units differ by more than chance and the spread of their peers together.

    Parameters
    ----------
    observed, expected : array of float, last axis the units
        [events]
    peers : Spread
        See `overdispersion.spread`.

    Returns
    -------
    array of str
        One of VERDICTS.

    Raises
    ------
    SelectionError
        If a number is below 0.
    """
    o, e = as_pairs(observed, expected, "expected counts")
    mean, tau = peers.mean_ratio[..., None] * e, peers.tau_squared[..., None]
    at_least, at_most = count_tail(o, mean, tau), 1 - count_tail(o + 1, mean, tau)
    inner, outer = 1 - upper_share(INNER_SHARE), 1 - upper_share(OUTER_SHARE)
    is_known = ~np.isnan(o) & (e > 0) & ~np.isnan(at_least)
    return _verdicts(
        is_known, at_most < outer, at_most < inner, at_least <= inner, at_least <= outer
    )


def peer_limits(
    expected: ArrayLike, peers: Spread, confidence_share: float = INNER_SHARE
) -> tuple[Array, Array]:
    """
    Give the ratios within which a unit is like its peers: quantiles of a negative binomial.

    Parameters
    ----------
    expected : array of float, last axis the units
        [events]
    peers : Spread
    confidence_share : float
        [share]

    Returns
    -------
    tuple of array
        Counts outside them are those of `beyond_peers`. [ratio]

    Raises
    ------
    SelectionError
        If a number is below 0.
    """
    e = as_counts(expected, "expected counts")
    e = np.where(e > 0, e, np.nan)
    mean, tau = peers.mean_ratio[..., None] * e, peers.tau_squared[..., None]
    upper = upper_share(confidence_share)
    # The critical count of the upper share is one more than the quantile of the lower one.
    low = critical_count(mean, tau, upper) - 1
    return low / e, (critical_count(mean, tau, 1 - upper) - 1) / e


def least_detectable_ratio(
    expected: ArrayLike,
    tau_squared: ArrayLike = 0.0,
    *,
    confidence_share: float = OUTER_SHARE,
    power_share: float = 0.8,
) -> Array:
    """
    Give the smallest true ratio above 1 that a funnel would be likely to show.

    Parameters
    ----------
    expected : array of float
        [events]
    tau_squared : array of float
        Spread of peers to be passed as well; 0 for chance alone.
    confidence_share, power_share : float
        The limits to be passed, and how often. [share]

    Returns
    -------
    array of float
        Not a number where nothing is expected. [ratio]

    Raises
    ------
    SelectionError
        If a number is below 0.

    Examples
    --------
    >>> float(least_detectable_ratio(20).round(2))
    2.05
    """
    e = as_counts(expected, "expected counts")
    e = np.where(e > 0, e, np.nan)
    critical = critical_count(e, tau_squared, 1 - upper_share(confidence_share))
    return detectable_mean(critical, tau_squared, power_share) / e


def funnel(observed: ArrayLike, expected: ArrayLike, *, robust: bool = True) -> Funnel:
    """
    Set units against chance and against their peers.

    Parameters
    ----------
    observed, expected : array of float, one per unit
        A Series keeps its index. [events]
    robust : bool
        Estimate the peers' spread without the units beyond the 99.8% limits of all others.

    Returns
    -------
    Funnel

    Raises
    ------
    SelectionError
        If a number is below 0.

    Notes
    -----
    Chance is held against 1, the reference of the expected events; the peers' answer against the
    mean of the units given, so that a whole PCT above its reference shows in the first alone.
    """
    o, e = as_counts(observed, "counts"), as_counts(expected, "expected counts")
    peers = spread(o, e, robust=robust)
    columns: dict[str, Any] = {"observed": o, "expected": e}
    columns["ratio"] = o / np.where(e > 0, e, np.nan)
    columns["chance"] = significance(o, e)
    columns["peers"] = beyond_peers(o, e, peers)
    for name, share in (("95", INNER_SHARE), ("998", OUTER_SHARE)):
        for kind, (low, high) in (
            ("chance", funnelplotr_ratio_limits(e, share)),
            ("peers", peer_limits(e, peers, share)),
        ):
            columns[f"{kind}_lower_{name}"] = low
            columns[f"{kind}_upper_{name}"] = high
    columns["least_detectable_ratio"] = least_detectable_ratio(e)
    index = observed.index if isinstance(observed, pd.Series) else None
    return Funnel(pd.DataFrame(columns, index=index), peers)


def _verdicts(is_known: NDArray[np.bool_], *beyond: NDArray[np.bool_]) -> NDArray[Any]:
    """Name the outermost limit that is passed, from far below to far above."""
    low_outer, low_inner, high_inner, high_outer = beyond
    found = np.full(is_known.shape, USUAL, dtype=object)
    for passed, name in (
        (low_inner, LOW_INNER),
        (low_outer, LOW_OUTER),
        (high_inner, HIGH_INNER),
        (high_outer, HIGH_OUTER),
        (~is_known, NOT_KNOWN),
    ):
        found[passed] = name
    return found
