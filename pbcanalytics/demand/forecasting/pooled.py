"""Forecasts of many small counts at once: what series share is pooled, each one's level shrunk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pbcanalytics.demand.charting.course import Course, dispersion, pooled_course
from pbcanalytics.demand.charting.season import MONTHS
from pbcanalytics.demand.comparing.limits import Array, as_counts
from pbcanalytics.demand.comparing.overdispersion import count_tail, critical_count, spread
from pbcanalytics.demand.forecasting.conformal import HORIZONS, LEAST_IN_BAND, LEVELS
from pbcanalytics.demand.forecasting.smoothing import members
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

Names = Sequence[str] | NDArray[np.int64]

_DRIFT_A_MONTH: Final = 0.002
# Variance of the logarithm of a level that a month adds. The errors of the last origin set the
# width of intervals; this only says that they widen with distance.

_LEAST_SHARE: Final = 1e-9
# Six standard deviations: a month that nothing explains does not make an interval endless.


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
class Prediction:
    """
    What months ahead will probably be, before anything is known of how such forecasts turned out.

    Attributes
    ----------
    mean : array of float, series by month ahead, their sum last
        [events]
    own : array of float, in the same shape
        Variance of the logarithm that each series has by itself: its level, and how it drifts.
    doubt : array of float, series
        Variance that it shares with all of its course: season and growth.
    scatter : array of float, series
        Variance of single months beyond chance.
    fitted : array of float, series by known month
        What the same rate, level and course make of the months that are known. [events]
    level, spread : array of float, series
        As in `Pooled`.
    """

    mean: Array
    own: Array
    doubt: Array
    scatter: Array
    fitted: Array
    level: Array
    spread: Array

    @property
    def tau(self) -> Array:
        """Dispersions of the negative binomials, in the shape of `mean`."""
        horizon = self.mean.shape[1] - 1
        of_month = np.append(np.ones(horizon), 1 / horizon)
        return np.asarray(self.own + self.doubt[:, None] + self.scatter[:, None] * of_month)


def pooled_forecast(
    counts: ArrayLike,
    exposure: ArrayLike,
    groups: Names,
    courses: Names,
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
    groups : sequence of str, or of numbers
        For each series, with which others it shares its rate: a specialty and source.
    courses : sequence of str, or of numbers
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
    ahead = predicted(y, x, groups, courses, first_month)
    n, bounds, of_year = y.shape[1], {}, {}
    if n >= LEAST_FOR_INTERVALS:
        then = predicted(y[:, :-MONTHS], x[:, :n], groups, courses, first_month)
        tails = tails_of(y[:, -MONTHS:], then.mean, then.tau)
        for level in LEVELS:
            share = left_out(ahead.mean, then.mean, tails, level)
            low, high = ends(ahead.mean, ahead.tau, share)
            bounds[level] = low[:, :-1], high[:, :-1]
            of_year[level] = low[:, -1], high[:, -1]
    return Pooled(ahead.mean[:, :-1], bounds, of_year, ahead.level, ahead.spread)


def predicted(y: Array, x: Array, groups: Names, courses: Names, first_month: int) -> Prediction:
    """Predict the months of exposure beyond those that are counted; as `pooled_forecast`."""
    n, horizon = y.shape[1], x.shape[1] - y.shape[1]
    known = np.hstack([y, np.full((len(y), horizon), np.nan)])
    usual, scatter, doubt = x.copy(), np.zeros(len(y)), np.zeros(len(y))
    for of in members(np.asarray(courses).tolist()):
        course = pooled_course(known[of], x[of], first_month, n_months=horizon)
        usual[of] *= course.ratio * _damped(course, n, horizon)
        scatter[of], doubt[of] = dispersion(y[of], usual[of][:, :n]), course.variance
    held = ~np.isnan(y) & (usual[:, :n] > 0)
    weight = held * np.exp((np.arange(n) - n + 1) / MEMORY_MONTHS)
    seen, base = ((weight * np.where(held, a, 0)).sum(axis=1) for a in (y, usual[:, :n]))
    rate, varies = _shared(seen, base, groups)
    expected = rate * base
    # Of a group that does not vary the level is the group's own: the limit of the formula.
    level = (1 + varies * seen) / (1 + varies * expected)
    left = varies / (1 + varies * expected)
    fitted = usual * (rate * level)[:, None]
    mean = fitted[:, n:]
    mean[held.sum(axis=1) < LEAST_MONTHS] = np.nan
    steps = np.arange(1, horizon + 1)
    return Prediction(
        mean=np.hstack([mean, mean.sum(axis=1, keepdims=True)]),
        own=left[:, None] + _DRIFT_A_MONTH * np.append(steps, steps.mean()),
        doubt=doubt,
        scatter=scatter,
        fitted=fitted[:, :n],
        level=level,
        spread=varies,
    )


def _shared(seen: Array, base: Array, groups: Names) -> tuple[Array, Array]:
    """Give each series the rate of its group, and how far the levels of the group vary."""
    _, which, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    order = np.argsort(which, kind="stable")
    place = np.empty(len(which), dtype=np.int64)
    place[order] = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    events, under = (np.full((len(counts), counts.max(initial=0)), np.nan) for _ in range(2))
    events[which, place], under[which, place] = seen, base
    total = np.nansum(under, axis=1)
    rate = np.divide(
        np.nansum(events, axis=1), total, out=np.full(len(counts), np.nan), where=total > 0
    )
    tau = np.nan_to_num(spread(events, rate[:, None] * under).tau_squared)
    return rate[which], tau[which]


def _damped(course: Course, n_known: int, horizon: int) -> Array:
    """Give what keeps a part only of the growth of the months ahead."""
    if not course.is_learnt:
        return np.ones(n_known + horizon)
    growth = np.log(course.ratio[MONTHS] / course.ratio[0])
    steps = np.maximum(np.arange(n_known + horizon) - n_known + 1, 0)
    return np.asarray(np.exp(-(1 - DAMPING_SHARE) * growth * steps / MONTHS))


def tails_of(came: Array, mean: Array, tau: Array) -> Array:
    """
    Give the lesser of the chances of so much or more and of so little or less.

    An interval that leaves out less than this at each end holds what came.

    Parameters
    ----------
    came : array of float, series by month
        [events]
    mean, tau : array of float, series by month and their sum
        As a `Prediction` has them.

    Returns
    -------
    array of float, in the shape of `mean`
        [share]; not a number where it is not known what came.
    """
    of = np.hstack([came, came.sum(axis=1, keepdims=True)])
    return np.minimum(count_tail(of, mean, tau), 1 - count_tail(of + 1, mean, tau))


def left_out(
    mean: Array, mean_then: Array, tails: Array, level: int, sizes: Sequence[float] = SIZES
) -> Array:
    """
    Give what to leave out at each end, by the tails that forecasts of a year ago were in.

    Parameters
    ----------
    mean : array of float, series by month ahead, their sum last
        What is to have intervals. [events]
    mean_then, tails : array of float, series by 12 months, their sum last
        What was forecast then, and `tails_of` it.
    level : int
        [per cent]
    sizes : sequence of float
        Events a month at which the next size band begins.

    Returns
    -------
    array of float, in the shape of `mean`
        [share]
    """
    horizon = mean.shape[1] - 1
    share = np.full(mean.shape, np.nan)
    bands, bands_then = (
        np.searchsorted(sizes, m[:, -1] / (m.shape[1] - 1), side="right") for m in (mean, mean_then)
    )
    for band in np.unique(bands):
        lends, mine = bands_then == band, bands == band
        if (lends & ~np.isnan(tails[:, -1])).sum() < LEAST_IN_BAND:
            lends = np.ones(len(tails), dtype=bool)
        for first, last in HORIZONS:
            share[mine, first - 1 : min(last, horizon)] = _allowed(
                tails[lends, first - 1 : last], level
            )
        share[mine, -1] = _allowed(tails[lends, -1], level)
    return share


def ends(mean: Array, tau: Array, share: Array) -> tuple[Array, Array]:
    """Give the last counts on either side that leave out no more than a share."""
    low = critical_count(mean, tau, 1 - share) - 1
    return low, np.maximum(critical_count(mean, tau, share) - 1, low)


def _allowed(tails: Array, level: int) -> float:
    """Give the share to leave out at each end, so that as many as the level says were inside."""
    held = np.sort(tails[~np.isnan(tails)])
    if not len(held):
        return (1 - level / 100) / 2
    # One more error is to come, and any place among the others is as likely.
    place = int((1 - level / 100) * (len(held) + 1))
    return max(float(held[max(place - 1, 0)]), _LEAST_SHARE)
