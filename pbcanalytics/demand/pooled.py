"""Forecasts of many small counts at once: what series share is pooled, each one's level shrunk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from pbcanalytics.demand.conformal import HORIZONS, LEAST_IN_BAND, LEVELS
from pbcanalytics.demand.course import Course, dispersion, pooled_course
from pbcanalytics.demand.limits import Array, as_counts
from pbcanalytics.demand.overdispersion import count_tail, critical_count, spread
from pbcanalytics.demand.season import MONTHS
from pbcanalytics.demand.smoothing import members
from pbcanalytics.words.errors import SelectionError

MEMORY_MONTHS: Final = 18.0
"""A month counts 1/e of the latest after so many (trends 1.6; not fitted)."""

DAMPING_SHARE: Final = 0.5
"""Of its growth a group is expected to keep so much (trends 1.6)."""

LEAST_MONTHS: Final = 12
"""With fewer known months a series has no forecast."""

LEAST_FOR_INTERVALS: Final = 24
"""A year to learn from, and a year to be wrong in."""

SIZES: Final = (0.5, 2.0, 10.0)
"""Forecasts a month at which the next size band of errors begins. [events]"""

_DRIFT_A_MONTH: Final = 0.002
# Variance of the logarithm of a level that a month adds. The errors of the last origin set the
# width of intervals; this only says that they widen with distance.


@dataclass(frozen=True)
class Pooled:
    """
    Forecasts of counts with their intervals.

    Attributes
    ----------
    point : array of float, series by month ahead
        Not a number for a series with fewer than 12 known months or no exposure. [events]
    bounds : dict of int to pair of arrays
        By level [per cent]: lower and upper end, whole events; empty with less than 24 months.
    year_bounds : dict of int to pair of arrays
        The same of the sum of the months ahead, one per series.
    level : array of float, series
        What a series is beside its group, drawn towards it. [ratio]
    spread : array of float, series
        Variance of its group's levels over the square of their mean.
    """

    point: Array
    bounds: dict[int, tuple[Array, Array]]
    year_bounds: dict[int, tuple[Array, Array]]
    level: Array
    spread: Array


@dataclass(frozen=True)
class _Prediction:
    """Means and dispersions of the months ahead, and of their sum, in the last column."""

    mean: Array
    tau: Array
    level: Array
    spread: Array


def pooled_forecast(
    counts: ArrayLike,
    exposure: ArrayLike,
    groups: Sequence[str],
    courses: Sequence[str],
    first_month: int,
) -> Pooled:
    """
    Forecast counts of practices by what their group shares and their own shrunken level.

    Parameters
    ----------
    counts : array of float, series by month
        Not a number where a month is not known. [events]
    exposure : array of float, series by month
        Working days x list, for the months known and as many more as are to be forecast, up to 12.
    groups : sequence of str
        For each series, with which others it shares its rate: a specialty and source.
    courses : sequence of str
        For each series, with which others it shares season and growth: a specialty.
    first_month : int
        Calendar month of the first, 1 for January.

    Returns
    -------
    Pooled

    Raises
    ------
    SelectionError
        If shapes differ, a number is below 0, or more or less is asked than 1 to 12 months.

    Notes
    -----
    Mean = exposure x rate of the group x level x season x growth (trends 1.6). Levels are gamma
    about 1; their variance is estimated by moments, group by group. Predictions are negative
    binomial. Their intervals are split-conformal: of the forecasts made a year earlier for months
    that came, the tail probability that was passed as often as the level allows, by size and
    distance.
    """
    y, x = as_counts(counts, "counts"), as_counts(exposure, "exposures")
    horizon = x.shape[1] - y.shape[1] if x.ndim == y.ndim == 2 and len(x) == len(y) else 0
    if not 1 <= horizon <= MONTHS or not len(y) == len(groups) == len(courses):
        raise SelectionError(
            f"Counts are {y.shape}, exposures {x.shape}, for {len(groups)} groups and "
            f"{len(courses)} courses: a forecast needs exposures of 1 to {MONTHS} months more than "
            "are counted, and a group and a course for each series. Correct these."
        )
    ahead = _predicted(y, x, groups, courses, first_month)
    bounds, of_year = _intervals(y, x, groups, courses, first_month, ahead)
    return Pooled(ahead.mean[:, :-1], bounds, of_year, ahead.level, ahead.spread)


def _predicted(
    y: Array, x: Array, groups: Sequence[str], courses: Sequence[str], first_month: int
) -> _Prediction:
    """Predict the months of exposure beyond those that are counted, and their sum."""
    n, horizon = y.shape[1], x.shape[1] - y.shape[1]
    known = np.hstack([y, np.full((len(y), horizon), np.nan)])
    usual, scatter, doubt = x.copy(), np.zeros(len(y)), np.zeros(len(y))
    for of in members(courses):
        course = pooled_course(known[of], x[of], first_month, n_months=horizon)
        usual[of] *= course.ratio * _damped(course, n, horizon)
        scatter[of], doubt[of] = dispersion(y[of], usual[of][:, :n]), course.variance
    held = ~np.isnan(y) & (usual[:, :n] > 0)
    weight = held * np.exp((np.arange(n) - n + 1) / MEMORY_MONTHS)
    seen, base = ((weight * np.where(held, a, 0)).sum(axis=1) for a in (y, usual[:, :n]))
    rate, varies = np.full(len(y), np.nan), np.zeros(len(y))
    for of in members(groups):
        total = base[of].sum()
        rate[of] = seen[of].sum() / total if total > 0 else np.nan
        varies[of] = np.nan_to_num(float(spread(seen[of], rate[of] * base[of]).tau_squared))
    expected = rate * base
    # Of a group that does not vary the level is the group's own: the limit of the formula.
    level = (1 + varies * seen) / (1 + varies * expected)
    left = varies / (1 + varies * expected)
    mean = usual[:, n:] * (rate * level)[:, None]
    mean[held.sum(axis=1) < LEAST_MONTHS] = np.nan
    steps = np.arange(1, horizon + 1)
    tau = (left + doubt)[:, None] + scatter[:, None] + _DRIFT_A_MONTH * steps
    of_sum = left + doubt + scatter / horizon + _DRIFT_A_MONTH * steps.mean()
    whole = mean.sum(axis=1, keepdims=True)
    return _Prediction(np.hstack([mean, whole]), np.column_stack([tau, of_sum]), level, varies)


def _damped(course: Course, n_known: int, horizon: int) -> Array:
    """Give what keeps a part only of the growth of the months ahead."""
    if not course.is_learnt:
        return np.ones(n_known + horizon)
    growth = np.log(course.ratio[MONTHS] / course.ratio[0])
    steps = np.maximum(np.arange(n_known + horizon) - n_known + 1, 0)
    return np.asarray(np.exp(-(1 - DAMPING_SHARE) * growth * steps / MONTHS))


def _intervals(
    y: Array,
    x: Array,
    groups: Sequence[str],
    courses: Sequence[str],
    first_month: int,
    ahead: _Prediction,
) -> tuple[dict[int, tuple[Array, Array]], dict[int, tuple[Array, Array]]]:
    """Set intervals by the tails that the forecasts of a year ago turned out to be in."""
    n, horizon = y.shape[1], x.shape[1] - y.shape[1]
    if n < LEAST_FOR_INTERVALS:
        return {}, {}
    then = _predicted(y[:, :-MONTHS], x[:, :n], groups, courses, first_month)
    came = y[:, -MONTHS:]
    tails = _tail(came, then.mean[:, :-1], then.tau[:, :-1])
    of_years = _tail(came.sum(axis=1), then.mean[:, -1], then.tau[:, -1])
    bands, bands_then = (np.searchsorted(SIZES, p.mean[:, -1] / m, side="right")
                         for p, m in ((ahead, horizon), (then, MONTHS)))  # fmt: skip
    bounds, of_year = {}, {}
    for level in LEVELS:
        share = np.full(ahead.mean.shape, np.nan)
        for band in range(len(SIZES) + 1):
            lends = bands_then == band
            if (lends & ~np.isnan(of_years)).sum() < LEAST_IN_BAND:
                lends = np.ones(len(y), dtype=bool)
            mine = bands == band
            for first, last in HORIZONS:
                allowed = _allowed(tails[lends, first - 1 : last], level)
                share[mine, first - 1 : min(last, horizon)] = allowed
            share[mine, -1] = _allowed(of_years[lends], level)
        # The ends are the last counts on either side that leave out no more than the share.
        low = critical_count(ahead.mean, ahead.tau, 1 - share) - 1
        high = np.maximum(critical_count(ahead.mean, ahead.tau, share) - 1, low)
        bounds[level] = low[:, :-1], high[:, :-1]
        of_year[level] = low[:, -1], high[:, -1]
    return bounds, of_year


def _tail(came: Array, mean: Array, tau: Array) -> Array:
    """
    Give the lesser of the chances of so much or more and of so little or less.

    An interval that leaves out less than this at each end holds what came.
    """
    return np.minimum(count_tail(came, mean, tau), 1 - count_tail(came + 1, mean, tau))


def _allowed(tails: Array, level: int) -> float:
    """Give the share to leave out at each end, so that as many as the level says were inside."""
    held = np.sort(tails[~np.isnan(tails)])
    if not len(held):
        return (1 - level / 100) / 2
    # One more error is to come, and any place among the others is as likely.
    place = int((1 - level / 100) * (len(held) + 1))
    return float(held[max(place - 1, 0)])
