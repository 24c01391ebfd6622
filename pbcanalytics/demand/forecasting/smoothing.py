"""Forecasts of many series: a pooled season times each one's own smoothed level."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.demand.charting.season import MONTHS, pooled_index

Amounts = NDArray[np.float64]

ALPHA: Final = 0.3
"""Weight of the newest month in the level (docs/methods/demand.md compares weights)."""

N_START: Final = 12
"""The level starts at the mean of so many months."""


def forecast(
    values: Amounts, groups: Sequence[str], first_month: int, horizon: int, alpha: float = ALPHA
) -> Amounts:
    """
    Forecast series from all their months.

    Parameters
    ----------
    values : array of float, series by month
        Not a number where a month is missing: the level stays as it was.
    groups : sequence of str
        For each series, with which others it shares its season.
    first_month : int
        Calendar month of the first, from 0.
    horizon : int
        Months ahead.
    alpha : float
        Weight of the newest month in the level. [share]

    Returns
    -------
    array of float, series by month ahead
        Not a number for a series of fewer than 12 values.
    """
    return project(values, seasons(values, groups, first_month), first_month, horizon, alpha)


def seasons(values: Amounts, groups: Sequence[str], first_month: int) -> Amounts:
    """
    Give each series the season that its group shares.

    Returns
    -------
    array of float, series by 12 from January
        [ratio]
    """
    found = np.ones((len(values), MONTHS))
    for of in members(groups):
        found[of] = pooled_index(values[of], first_month)
    return found


def members(groups: Sequence[str]) -> list[NDArray[np.int64]]:
    """Give the places of each group's series."""
    _, which, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return np.split(np.argsort(which, kind="stable"), np.cumsum(counts)[:-1])


def project(
    values: Amounts, season: Amounts, first_month: int, horizon: int, alpha: float = ALPHA
) -> Amounts:
    """
    Forecast series whose seasons are known; as `forecast`.

    Parameters
    ----------
    season : array of float, series by 12 from January
        As `seasons` gives it. [ratio]
    """
    n_months = values.shape[1]
    index = season[:, (first_month + np.arange(n_months + horizon)) % MONTHS]
    # A month in which nothing ever happens tells nothing of the level.
    levelled = values / np.where(index > 0, index, np.nan)[:, :n_months]
    return _level(levelled, alpha)[:, None] * index[:, n_months:]


def _level(values: Amounts, alpha: float) -> Amounts:
    """Smooth each series, from the mean of its first 12 values; the last level."""
    there = ~np.isnan(values)
    first = there & (there.cumsum(axis=1) <= N_START)
    n = first.sum(axis=1)
    level = np.where(first, values, 0).sum(axis=1) / np.maximum(n, 1)
    for month in range(values.shape[1]):
        level = np.where(there[:, month], level + alpha * (values[:, month] - level), level)
    return np.asarray(np.where(n == N_START, level, np.nan))
