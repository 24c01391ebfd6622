"""The latest twelve months of a measure against those before, as they are published."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.demand.measuring.measures import Measure
from pbcanalytics.demand.measuring.sums import PER_PATIENTS, ratio_limits

_YEAR: Final = 12


def year_of(part: NDArray[np.float64], is_last: bool) -> NDArray[np.float64]:
    """Sum the last twelve months, or those before."""
    months = part[..., -_YEAR:] if is_last else part[..., -2 * _YEAR : -_YEAR]
    return np.asarray(np.nansum(months, axis=-1))


def changes_of(
    measure: Measure, now: Sequence[NDArray[np.float64]], before: Sequence[NDArray[np.float64]]
) -> dict[str, NDArray[Any]]:
    """
    Hold the latest twelve months against those before.

    Parameters
    ----------
    measure : Measure
    now, before : sequence of array
        What is divided, by what, and the events in it, of the two years.

    Returns
    -------
    dict of str to array
        The columns of `measure_years` from `n_events` to `change_high`.
    """
    scale = PER_PATIENTS if measure.is_rate else 1
    low, high = ratio_limits(now[2], before[2])
    if measure.numerator.counts_days or measure.per == "ratio":
        # What such a change rests on is more than one count, or days that come several at a time.
        low, high = np.full(low.shape, np.nan), np.full(high.shape, np.nan)
    size = _over(before[1], now[1])
    with np.errstate(invalid="ignore"):
        low, high = low * size, high * size
    return {
        "n_events": now[2].round(),
        "n_events_before": before[2].round(),
        "value": scale * _over(now[0], now[1]),
        "value_before": scale * _over(before[0], before[1]),
        "change_ratio": np.where(
            before[1] > 0, _over(now[0] * before[1], before[0] * now[1]), np.nan
        ),
        "change_low": low,
        "change_high": high,
    }


def weighted_years(
    measure: Measure,
    now: NDArray[np.float64],
    before: NDArray[np.float64],
    weighted: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """
    Give both years of a rate per 1,000 weighted patients.

    Parameters
    ----------
    measure : Measure
    now, before : array of float, group by part
        What is counted.
    weighted : array of float, group by month
        Not a number where a weighted list is not held; nor is the year then.

    Returns
    -------
    dict of str to array
        Columns `value_weighted` and `value_weighted_before`; none of a share or ratio.
    """
    if not measure.is_rate or weighted.shape[1] < 2 * _YEAR:
        return {}
    lists = [weighted[:, -_YEAR:], weighted[:, -2 * _YEAR : -_YEAR]]
    values = [
        _over(PER_PATIENTS * part, months.sum(axis=1)[:, None])
        for part, months in zip((now, before), lists, strict=True)
    ]
    return dict(zip(("value_weighted", "value_weighted_before"), values, strict=True))


def _over(upper: NDArray[np.float64], lower: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; not a number where there is nothing to divide by."""
    shape = np.broadcast_shapes(upper.shape, lower.shape)
    found = np.full(shape, np.nan)
    np.divide(upper, lower, out=found, where=np.asarray(lower > 0))
    return found
