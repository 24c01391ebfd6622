"""Rates with their limits: crude, standardised indirectly and directly, of events that repeat."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pbcanalytics.demand.comparing.limits import (
    Array,
    as_counts,
    as_pairs,
    byar_limits,
    count_limits,
    wilson_limits,
)

# Why a rate is not given. Sentences for them live in the faces.
FEW_EVENTS: Final = "fewer_than_10_events"
NO_POPULATION: Final = "no_population"
EMPTY_BAND: Final = "band_without_population"
NOTHING_EXPECTED: Final = "nothing_expected"
NOT_KNOWN: Final = "not_known"
REASONS: Final = (FEW_EVENTS, NO_POPULATION, EMPTY_BAND, NOTHING_EXPECTED, NOT_KNOWN)

# Below this a directly standardised rate is more noise than rate (Morris and others 2018).
LEAST_EVENTS: Final = 10


@dataclass(frozen=True)
class Rates:
    """
    Rates and what chance allows; all arrays have one shape.

    Attributes
    ----------
    value, lower, upper : array of float
        Not a number where `reason` says why.
    reason : array of str
        Empty, or one of REASONS.
    """

    value: Array
    lower: Array
    upper: Array
    reason: NDArray[Any]


def crude(
    events: ArrayLike,
    population: ArrayLike,
    *,
    per: float = 1_000,
    confidence_share: float = 0.95,
) -> Rates:
    """
    Give crude rates: per 1,000 registered, or weighted, as the population that is given.

    Parameters
    ----------
    events : array of float
        [events]
    population : array of float
        Registered or weighted patients; broadcast against `events`. [people]
    per : float
        The rate is per so many people.
    confidence_share : float
        [share]

    Returns
    -------
    Rates

    Raises
    ------
    SelectionError
        If a number is below 0.

    Notes
    -----
    The limits take events as independent of each other. Where patients come more than once, use
    `direct_of_repeats` with a single band: one band's rate is the crude one.

    Examples
    --------
    >>> rate = crude(65, 100, per=100)
    >>> [float(x.round(2)) for x in (rate.value, rate.lower, rate.upper)]
    [65.0, 50.16, 82.85]
    """
    x, n = as_pairs(events, population, "populations")
    low, high = count_limits(x, confidence_share)
    reason = _first_reason((np.isnan(x) | np.isnan(n), NOT_KNOWN), (n == 0, NO_POPULATION))
    scale = per / np.where(n > 0, n, np.nan)
    return _withheld(x * scale, low * scale, high * scale, reason)


def proportion(
    events: ArrayLike, people: ArrayLike, *, per: float = 1, confidence_share: float = 0.95
) -> Rates:
    """
    Give the share of people to whom something happened, with Wilson's limits.

    Parameters
    ----------
    events, people : array of float
        [people]
    per : float
        1 for shares, 100 for per cent.
    confidence_share : float
        [share]

    Returns
    -------
    Rates

    Raises
    ------
    SelectionError
        If a number is below 0 or it happened to more people than there are.
    """
    x, n = as_pairs(events, people, "numbers of people")
    low, high = wilson_limits(x, n, confidence_share)
    reason = _first_reason((np.isnan(x) | np.isnan(n), NOT_KNOWN), (n == 0, NO_POPULATION))
    return _withheld(per * x / np.where(n > 0, n, np.nan), per * low, per * high, reason)


def expected_events(
    population: ArrayLike, reference_events: ArrayLike, reference_population: ArrayLike
) -> Array:
    """
    Give the events that units would have if each band met the reference's rate.

    Parameters
    ----------
    population : array of float, last axis the bands
        [people]
    reference_events, reference_population : array of float, last axis the same bands
        [events; people]

    Returns
    -------
    array of float, without the axis of bands
        Not a number where a band has people but the reference has none. [events]

    Raises
    ------
    SelectionError
        If a number is below 0.

    Examples
    --------
    >>> float(expected_events([100, 50], [10, 20], [1_000, 500]))
    3.0
    """
    n = as_counts(population, "populations")
    of = as_counts(reference_population, "reference populations")
    rate = as_counts(reference_events, "reference counts") / np.where(of > 0, of, np.nan)
    return np.asarray(np.where(n == 0, 0.0, n * rate).sum(axis=-1))


def standardised_ratio(
    observed: ArrayLike,
    expected: ArrayLike,
    *,
    per: float = 100,
    confidence_share: float = 0.95,
) -> Rates:
    """
    Give indirectly standardised ratios: observed over expected events.

    Parameters
    ----------
    observed, expected : array of float
        One number a unit; see `expected_events`. [events]
    per : float
        100, as such ratios are published, or 1.
    confidence_share : float
        [share]

    Returns
    -------
    Rates

    Raises
    ------
    SelectionError
        If a number is below 0.
    """
    x, e = as_pairs(observed, expected, "expected counts")
    low, high = count_limits(x, confidence_share)
    reason = _first_reason((np.isnan(x) | np.isnan(e), NOT_KNOWN), (e == 0, NOTHING_EXPECTED))
    scale = per / np.where(e > 0, e, np.nan)
    return _withheld(x * scale, low * scale, high * scale, reason)


def direct(
    events: ArrayLike,
    population: ArrayLike,
    standard: ArrayLike,
    *,
    per: float = 1_000,
    confidence_share: float = 0.95,
) -> Rates:
    """
    Give directly standardised rates, with Dobson's limits.

    Parameters
    ----------
    events, population : array of float, last axis the bands
        [events; people]
    standard : array of float, the bands
        What each band counts; only its shares matter. [people]
    per : float
        The rate is per so many people.
    confidence_share : float
        [share]

    Returns
    -------
    Rates
        Without the axis of bands. Withheld below 10 events, and where a band has no people: its
        rate is not known, and it is not nothing.

    Raises
    ------
    SelectionError
        If a number is below 0.
    """
    x = as_counts(events, "counts")
    return _direct(x, x, population, standard, per, confidence_share)


def direct_of_repeats(
    persons: ArrayLike,
    population: ArrayLike,
    standard: ArrayLike,
    *,
    per: float = 1_000,
    confidence_share: float = 0.95,
) -> Rates:
    """
    Give directly standardised rates of events of which one person may have several.

    Admissions and referrals repeat; limits that take them as independent are too narrow.

    Parameters
    ----------
    persons : array of float, last axes frequency and band
        Persons with one event, with two, and so on. [people]
    population : array of float, last axis the bands
        [people]
    standard : array of float, the bands
        As in `direct`.
    per, confidence_share : float
        As in `direct`.

    Returns
    -------
    Rates
        As in `direct`.

    Raises
    ------
    SelectionError
        If a number is below 0.
    """
    found = as_counts(persons, "numbers of persons")
    times = np.arange(1, found.shape[-2] + 1)[:, None]
    events, squares = (times * found).sum(axis=-2), (times**2 * found).sum(axis=-2)
    return _direct(events, squares, population, standard, per, confidence_share)


def _direct(
    events: Array,
    squares: Array,
    population: ArrayLike,
    standard: ArrayLike,
    per: float,
    confidence_share: float,
) -> Rates:
    """Weigh bands' rates; `squares` are the variances of their events."""
    n = as_counts(population, "populations")
    events, squares, n = np.broadcast_arrays(events, squares, n)
    weights = as_counts(standard, "weights") / np.sum(standard)
    n_known = np.where(n > 0, n, np.nan)
    value = (weights * events / n_known).sum(axis=-1)
    variance = (weights**2 * squares / n_known**2).sum(axis=-1)
    total = events.sum(axis=-1)
    low, high = byar_limits(total, confidence_share)
    spread = np.sqrt(variance / np.where(total > 0, total, np.nan))
    reason = _first_reason(
        (np.isnan(total) | np.isnan(n).any(axis=-1), NOT_KNOWN),
        ((n == 0).all(axis=-1), NO_POPULATION),
        (total < LEAST_EVENTS, FEW_EVENTS),
        ((n == 0).any(axis=-1), EMPTY_BAND),
    )
    lower = np.maximum(value + spread * (low - total), 0)
    return _withheld(per * value, per * lower, per * (value + spread * (high - total)), reason)


def _first_reason(*tests: tuple[NDArray[np.bool_], str]) -> NDArray[Any]:
    """Name the first reason that holds, or none."""
    reason = np.full(np.shape(tests[0][0]), "", dtype=object)
    for holds, name in reversed(tests):
        reason[holds] = name
    return reason


def _withheld(value: Array, lower: Array, upper: Array, reason: NDArray[Any]) -> Rates:
    """Leave empty what has a reason to be."""
    is_given = reason == ""
    value, lower, upper = (np.where(is_given, x, np.nan) for x in (value, lower, upper))
    return Rates(value, lower, upper, reason)
