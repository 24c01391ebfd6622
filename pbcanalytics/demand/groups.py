"""Measures of groups of practices, month by month, with what a month is usually worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.conformal import Forecasts, backtest, forecast_with_intervals
from pbcanalytics.demand.cube import Cube
from pbcanalytics.demand.limits import Array
from pbcanalytics.demand.measures import Measure
from pbcanalytics.demand.measuring import PER_PATIENTS, Sums
from pbcanalytics.demand.season import MONTHS, pooled_index
from pbcanalytics.words.working_days import days_in

HORIZON: Final = 12
"""Months ahead."""

_EVERY_DAY: Final = frozenset(("ae_attendance", "ae_follow_up"))
_EMERGENCY: Final = frozenset(("NEL", "NELNE"))


@dataclass(frozen=True)
class GroupSeries:
    """
    One measure of several groups.

    Attributes
    ----------
    measure : Measure
    months : DatetimeIndex
    numerator, denominator : array of float, group by specialty (all last) by month
        Sums of practices; not a number where nothing is known. [events or days; patients, events]
    counts : array of float, group by specialty by month
        Events of the numerator, for judging small numbers. [events]
    usual_ratio : array of float, month
        What a month has against the mean month: days, and the season of all practices.
    forecasts : Forecasts
        Of the values of all specialties, a row a group.
    ahead : DatetimeIndex
        The months forecast.
    wape, same_month_wape : float or None
        Mean error of such forecasts last year, and of repeating the same month. [share]
    """

    measure: Measure
    months: pd.DatetimeIndex
    numerator: Array
    denominator: Array
    counts: Array
    usual_ratio: Array
    forecasts: Forecasts
    ahead: pd.DatetimeIndex
    wape: float | None
    same_month_wape: float | None

    @property
    def values(self) -> Array:
        """Per 1,000 patients, share or ratio, of all specialties: group by month."""
        return _valued(self.measure, self.numerator[:, -1], self.denominator[:, -1])


def group_series(
    cube: Cube, sums: Sums, members: Mapping[tuple[str, str], Sequence[str]]
) -> GroupSeries:
    """
    Sum a measure over groups, and forecast it.

    Parameters
    ----------
    cube : Cube
    sums : Sums
        Of the measure.
    members : mapping of kind and code to sequence of str
        Practices of each group; practices stand among the groups, each by itself.

    Returns
    -------
    GroupSeries
    """
    place = {code: n for n, code in enumerate(cube.practices)}
    rows = [[place[p] for p in practices if p in place] for practices in members.values()]
    measure = sums.measure
    counts = np.where(sums.is_told, cube.summed(measure.numerator, "n_events"), np.nan)
    numerator, denominator = sums.numerator[:-1], sums.denominator[:-1]
    is_in = ~np.isnan(numerator) & ~np.isnan(denominator)
    parts = [
        np.stack([_summed(np.where(is_in, part, np.nan)[own]) for own in rows])
        for part in (numerator, denominator, np.where(is_in, counts, np.nan))
    ]
    alone = [n for n, (kind, _) in enumerate(members) if kind == "practice"]
    values = _valued(measure, parts[0][:, -1], parts[1][:, -1])
    first_month = cube.months[0].month - 1
    days = _days(measure, cube.months)
    index = pooled_index(values[alone] / days, first_month)
    groups = [measure.name] * len(rows)
    tried = backtest(values[alone], [measure.name] * len(alone), first_month)
    return GroupSeries(
        measure=measure,
        months=cube.months,
        numerator=parts[0],
        denominator=parts[1],
        counts=parts[2],
        usual_ratio=days * index[(first_month + np.arange(len(cube.months))) % MONTHS],
        forecasts=forecast_with_intervals(values, groups, first_month, HORIZON),
        ahead=pd.date_range(cube.months[-1], periods=HORIZON + 1, freq="MS")[1:],
        wape=None if tried is None else float(tried.wape),
        same_month_wape=None if tried is None else float(tried.wape_same_month),
    )


def _summed(part: Array) -> Array:
    """Add practices up; not a number where none of them is known."""
    return np.where(np.isnan(part).all(axis=0), np.nan, np.nansum(part, axis=0))


def _valued(measure: Measure, numerator: Array, denominator: Array) -> Array:
    """Divide; rates are per 1,000 patients."""
    scale = PER_PATIENTS if measure.is_rate else 1
    found = np.full(numerator.shape, np.nan)
    np.divide(scale * numerator, denominator, out=found, where=denominator > 0)
    return found


def _days(measure: Measure, months: pd.DatetimeIndex) -> NDArray[np.float64]:
    """Give the days of each month over those of the mean month; of shares and ratios, 1."""
    if not measure.is_rate:
        return np.ones(len(months))
    of = measure.numerator
    is_every_day = set(of.events) <= _EVERY_DAY or bool(of.pods and set(of.pods) <= _EMERGENCY)
    counted = np.array([days_in(m.date())[is_every_day] for m in months], dtype=float)
    return np.asarray(counted / counted.mean())
