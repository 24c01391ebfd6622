"""How far off forecasts may be: by the errors that the same forecast made a year ago."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.demand.charting.season import MONTHS
from pbcanalytics.demand.forecasting.smoothing import (
    ALPHA,
    N_START,
    forecast,
    members,
    project,
    seasons,
)
from pbcanalytics.words.errors import SelectionError

Amounts = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEVELS: Final = (80, 95)
"""Of the intervals. [per cent]"""

SIZES: Final = (50.0, 500.0, 5_000.0)
"""Means a month at which the next size band begins."""

HORIZONS: Final = ((1, 3), (4, 6), (7, 12))
"""Months ahead whose errors are taken together."""

LEAST_IN_BAND: Final = 8
"""A size band of fewer series borrows the errors of its group."""

LEAST_IN_GROUP: Final = 50
"""In a smaller group a series' own errors hold better (measured: docs/methods/demand.md)."""

LEAST_VALUES: Final = 24
"""A year to learn from, and a year to be wrong in."""

RECENT: Final = 3
"""A series without a value in so many last months has ended."""

OFFSET: Final = 0.5
"""Added to both sides of a ratio, so that a month of nothing has one."""

BAND: Final = "size band"
GROUP: Final = "group"
OWN: Final = "own errors"

SHORT: Final = "short"
ENDED: Final = "ended"
NOT_POSITIVE: Final = "not positive"


@dataclass(frozen=True)
class Forecasts:
    """
    Forecasts of series with their intervals.

    Attributes
    ----------
    point : array of float, series by month ahead
        Not a number where there is none.
    bounds : dict of int to pair of arrays
        By level [per cent]: lower and upper end.
    basis : array of str, series
        What the intervals rest on: BAND, GROUP, OWN, or "" without a forecast.
    n_errors : array of int, series
        Series whose errors those are; for OWN, errors.
    missing : array of str, series
        Why there is no forecast: SHORT, ENDED, NOT_POSITIVE, or "".
    """

    point: Amounts
    bounds: dict[int, tuple[Amounts, Amounts]]
    basis: NDArray[np.str_]
    n_errors: NDArray[np.int64]
    missing: NDArray[np.str_]


@dataclass(frozen=True)
class Backtest:
    """
    The forecasts that would have been made a year ago, and what came.

    Attributes
    ----------
    n_series, n_months : int
        Series held against what came, and series times months.
    wape : float
        Sum of absolute errors over the sum of what came. [share]
    wape_same_month, wape_year_mean : float
        The same if each month is expected to repeat the same month of the year before, or the
        mean of that year. [share]
    coverage : dict of int to float
        By level [per cent]: share of months inside the interval [share]; empty if there were too
        few months to make one.
    """

    n_series: int
    n_months: int
    wape: float
    wape_same_month: float
    wape_year_mean: float
    coverage: dict[int, float]


def forecast_with_intervals(
    values: Amounts, groups: Sequence[str], first_month: int, horizon: int = MONTHS
) -> Forecasts:
    """
    Forecast series and say how far off that may be.

    The intervals are grouped split-conformal ones: the signed errors of the forecast made a year
    ago, of series of the same group and size, at the same distance. In a group of few series each
    has those of its own errors.

    Parameters
    ----------
    values : array of float, series by month
        Not a number where a month is missing.
    groups : sequence of str
        For each series, with which others it shares season and errors: a measure.
    first_month : int
        Calendar month of the first, from 0.
    horizon : int
        Months ahead, 1 to 12.

    Returns
    -------
    Forecasts

    Raises
    ------
    SelectionError
        If so many months ahead cannot be forecast.
    """
    if not 1 <= horizon <= MONTHS:
        raise SelectionError(
            f"{horizon} months ahead cannot be forecast: errors are known for 1 to {MONTHS}. "
            f"Choose --horizon 1 to {MONTHS}."
        )
    values = np.asarray(values, dtype=float)
    named = np.asarray(groups, dtype=str)
    missing = _missing(values)
    point = np.full((len(values), horizon), np.nan)
    bounds = {level: (point.copy(), point.copy()) for level in LEVELS}
    basis = np.full(len(values), "", dtype="<U10")
    n_errors = np.zeros(len(values), dtype=np.int64)
    able = np.flatnonzero(missing == "")
    of, kinds = values[able], named[able]
    point[able] = forecast(of, kinds.tolist(), first_month, horizon)
    errors = np.full((len(of), MONTHS), np.nan)
    means = np.nansum(of, axis=1) / np.maximum((~np.isnan(of)).sum(axis=1), 1)
    sizes = np.searchsorted(np.array(SIZES), means, side="right")
    alone = np.zeros(len(of), dtype=bool)
    for group in members(kinds.tolist()):
        if len(group) >= LEAST_IN_GROUP:
            then = forecast(of[group, :-MONTHS], kinds[group].tolist(), first_month, MONTHS)
            errors[group] = _log_ratio(of[group, -MONTHS:], then)
        tried = (~np.isnan(errors[group])).any(axis=1)
        if tried.sum() < LEAST_IN_GROUP:
            alone[group] = True
            continue
        for size in np.unique(sizes[group]):
            mine = sizes[group] == size
            is_band = (mine & tried).sum() >= LEAST_IN_BAND
            lends = group[mine & tried] if is_band else group[tried]
            rows = able[group[mine]]
            basis[rows] = BAND if is_band else GROUP
            n_errors[rows] = len(lends)
            _spread(bounds, point, rows, errors[lends])
    if alone.any():
        rows = able[alone]
        basis[rows] = OWN
        n_errors[rows] = _spread_alone(bounds, point, rows, of[alone], kinds[alone], first_month)
    return Forecasts(point, bounds, basis, n_errors, missing)


def backtest(values: Amounts, groups: Sequence[str], first_month: int) -> Backtest | None:
    """
    Hold the forecasts of a year ago against what came.

    Parameters
    ----------
    values, groups, first_month
        As in `forecast_with_intervals`.

    Returns
    -------
    Backtest or None
        None if no series has a year to learn from and another to be held against.
    """
    values = np.asarray(values, dtype=float)
    able = _missing(values) == ""
    if not able.any():
        return None
    of = values[able]
    kinds = [g for g, is_able in zip(groups, able, strict=True) if is_able]
    known, came = of[:, :-MONTHS], of[:, -MONTHS:]
    made = forecast(known, kinds, first_month, MONTHS)
    before = known[:, -MONTHS:]
    n_before = (~np.isnan(before)).sum(axis=1, keepdims=True)
    usual = np.nansum(before, axis=1, keepdims=True) / np.maximum(n_before, 1)
    held = ~np.isnan(made) & ~np.isnan(came) & ~np.isnan(before)
    total = float(came[held].sum())
    if not total:
        return None

    def wape(made: Amounts) -> float:
        """Give the weighted absolute error of what was expected."""
        return float(np.abs(came - made)[held].sum()) / total

    coverage = {}
    if known.shape[1] >= LEAST_VALUES:
        then = forecast_with_intervals(known, kinds, first_month)
        judged = held & ~np.isnan(then.bounds[LEVELS[0]][0])
        for level, (low, high) in then.bounds.items():
            if judged.any():
                inside = (low <= came) & (came <= high)
                coverage[level] = float(inside[judged].mean())
    return Backtest(
        n_series=int(held.any(axis=1).sum()),
        n_months=int(held.sum()),
        wape=wape(made),
        wape_same_month=wape(before),
        wape_year_mean=wape(np.broadcast_to(usual, came.shape)),
        coverage=coverage,
    )


def _missing(values: Amounts) -> NDArray[np.str_]:
    """Say of each series why it cannot be forecast; "" if it can."""
    there = ~np.isnan(values)
    reasons = np.full(len(values), "", dtype="<U12")
    known = np.where(there, values, 0)
    reasons[(known < 0).any(axis=1) | (known.sum(axis=1) <= 0)] = NOT_POSITIVE
    reasons[~there[:, -RECENT:].any(axis=1)] = ENDED
    reasons[there.sum(axis=1) < LEAST_VALUES] = SHORT
    return reasons


def _log_ratio(came: Amounts, made: Amounts) -> Amounts:
    """Give how far what came was off, as the logarithm of a ratio."""
    return np.asarray(np.log((came + OFFSET) / (made + OFFSET)))


def _spread(
    bounds: dict[int, tuple[Amounts, Amounts]],
    point: Amounts,
    rows: NDArray[np.int64],
    errors: Amounts,
) -> None:
    """Set the intervals of series by the quantiles of errors, those of a horizon together."""
    for first, last in HORIZONS:
        ahead = slice(first - 1, min(last, point.shape[1]))
        held = errors[:, first - 1 : last]
        held = held[~np.isnan(held)]
        for level in LEVELS:
            # One more error is to come, and any place among the others is as likely.
            end = min(1.0, (0.5 + level / 200) * (len(held) + 1) / len(held))
            low, high = np.quantile(held, [1 - end, end])
            _set(bounds[level], point, rows, ahead, low, high)


def _spread_alone(
    bounds: dict[int, tuple[Amounts, Amounts]],
    point: Amounts,
    rows: NDArray[np.int64],
    values: Amounts,
    kinds: NDArray[np.str_],
    first_month: int,
) -> NDArray[np.int64]:
    """
    Set the intervals of series that have too few companions by each one's own errors.

    Its forecasts of one month ahead, from every month after the first year, tell the variance of
    a month; h months ahead that of a smoothed level grows by 1 + alpha^2 (h - 1) (Hyndman and
    Athanasopoulos, Forecasting: principles and practice, 8.7, model ETS(A,N,N)). Neighbouring
    errors are alike, so half of them are counted as degrees of freedom.
    """
    from scipy.special import stdtrit

    season, ahead = np.ones(0), []
    for origin in range(N_START, values.shape[1]):
        before = values[:, :origin]
        # A season is learnt from whole years, so it is learnt anew once a year.
        if origin % MONTHS == 0:
            season = seasons(before, kinds.tolist(), first_month)
        ahead.append(project(before, season, first_month, 1)[:, 0])
    errors = _log_ratio(values[:, N_START:], np.stack(ahead, axis=1))
    n: NDArray[np.int64] = (~np.isnan(errors)).sum(axis=1)
    variance = np.nansum(errors**2, axis=1) / n
    for month in range(point.shape[1]):
        sd = np.sqrt(variance * (1 + ALPHA**2 * month))
        for level in LEVELS:
            wide = stdtrit(n / 2, 0.5 + level / 200) * sd
            _set(bounds[level], point, rows, slice(month, month + 1), -wide[:, None], wide[:, None])
    return n


def _set(
    ends: tuple[Amounts, Amounts],
    point: Amounts,
    rows: NDArray[np.int64],
    ahead: slice,
    low: Amounts,
    high: Amounts,
) -> None:
    """Set ends of intervals from log ratios; none lies below 0 or leaves its forecast outside."""
    made = point[rows, ahead]
    ends[0][rows, ahead] = np.clip((made + OFFSET) * np.exp(np.minimum(low, 0)) - OFFSET, 0, None)
    ends[1][rows, ahead] = (made + OFFSET) * np.exp(np.maximum(high, 0)) - OFFSET
