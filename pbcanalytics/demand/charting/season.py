"""How the months of a year differ, learnt from many series at once."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Amounts = NDArray[np.float64]

MONTHS: Final = 12
MEDIAN_LOSS: Final = np.pi / 2
"""A median of many values varies so many times as much as their mean does (normal values)."""


def pooled_index(values: Amounts, first_month: int) -> Amounts:
    """
    Give the seasonal index of series that share their season.

    For each calendar month the median over series of its ratio to the mean of its year, drawn
    towards 1 as far as series and years disagree about it: with few series most of what looks
    like a season is chance.

    Parameters
    ----------
    values : array of float, series by month
        Not a number where a month is missing; the whole years that come last are used.
    first_month : int
        Calendar month of the first, from 0.

    Returns
    -------
    array of float, 12 from January
        [ratio], with mean 1; all 1 if nothing can be learnt: one year of one series, or none.
    """
    n_years = values.shape[1] // MONTHS
    flat = np.ones(MONTHS)
    if not n_years:
        return flat
    start = values.shape[1] - n_years * MONTHS
    years = values[:, start:].reshape(len(values), n_years, MONTHS)
    n_there = (~np.isnan(years)).sum(axis=2, keepdims=True)
    mean = np.nansum(years, axis=2, keepdims=True) / np.maximum(n_there, 1)
    # A year with a hole in it would take the season of the months that it has for its mean.
    ratios = np.where((n_there == MONTHS) & (mean > 0), years / np.where(mean > 0, mean, 1), np.nan)
    whole = ~np.isnan(ratios[:, :, 0])
    n = int(whole.sum())
    if n < 2:
        return flat
    by_series = np.nansum(ratios, axis=1)[whole.any(axis=1)]
    by_series /= whole.sum(axis=1)[whole.any(axis=1), None]
    index = np.median(by_series, axis=0)
    index /= index.mean()
    noise = MEDIAN_LOSS * float((ratios[whole].var(axis=0, ddof=1) / n).mean())
    seen = float(index.var(ddof=1))
    index = 1 + (max(0.0, 1 - noise / seen) if seen > 0 else 0.0) * (index - 1)
    return np.roll(index, (first_month + start) % MONTHS)
