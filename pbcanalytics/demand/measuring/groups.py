"""Measures of groups of practices, month by month, with what a month is usually worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.demand.charting.season import MONTHS, pooled_index
from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.demand.forecasting.conformal import (
    Backtest,
    Forecasts,
    backtest,
    forecast_with_intervals,
)
from pbcanalytics.demand.forecasting.counted import HORIZON, days_of
from pbcanalytics.demand.forecasting.foreseeing import (
    POOLED,
    RECORDED,
    SAME_MONTH,
    Foreseen,
    foreseen,
)
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.measures import Measure
from pbcanalytics.demand.measuring.sums import PER_PATIENTS, Sums

SMOOTHED: Final = "smoothed"
"""The way in which shares, ratios and days are forecast: a pooled season, each one's own level."""


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
    foreseen : Foreseen or None
        Forecasts of events that add up; None of shares, ratios and days.
    forecasts : Forecasts or None
        Of what is not foreseen so: the values of all specialties, a row a group.
    ahead : DatetimeIndex
        The months forecast.
    record : DataFrame
        How forecasts of a year ago turned out, as `Foreseen.record`.
    """

    measure: Measure
    months: pd.DatetimeIndex
    numerator: Array
    denominator: Array
    counts: Array
    usual_ratio: Array
    foreseen: Foreseen | None
    forecasts: Forecasts | None
    ahead: pd.DatetimeIndex
    record: pd.DataFrame

    @property
    def wape(self) -> float | None:
        """Mean error of last year's forecasts of practices. [share]."""
        return self._error(POOLED if self.foreseen else SMOOTHED)

    @property
    def same_month_wape(self) -> float | None:
        """The same if each month repeated that of the year before. [share]."""
        return self._error(SAME_MONTH)

    def _error(self, method: str) -> float | None:
        of = self.record
        found = of.loc[
            (of["level"] == "practice") & (of["method"] == method) & of["size_from"].isna(), "wape"
        ]
        return float(found.iloc[0]) if len(found) else None

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
    days = days_of(measure, cube.months)
    index = pooled_index(values[alone] / days, first_month)
    summed = foreseen(cube, sums, members) if measure.is_rate else None
    smoothed, record = None, pd.DataFrame() if summed is None else summed.record
    if summed is None:
        named = [measure.name] * len(rows)
        smoothed = forecast_with_intervals(values, named, first_month, HORIZON)
        record = _record(backtest(values[alone], named[: len(alone)], first_month))
    return GroupSeries(
        measure=measure,
        months=cube.months,
        numerator=parts[0],
        denominator=parts[1],
        counts=parts[2],
        usual_ratio=days * index[(first_month + np.arange(len(cube.months))) % MONTHS],
        foreseen=summed,
        forecasts=smoothed,
        ahead=pd.date_range(cube.months[-1], periods=HORIZON + 1, freq="MS")[1:],
        record=record,
    )


def _record(tried: Backtest | None) -> pd.DataFrame:
    """Lay out a back-test of practices as the record of forecasts that add up."""
    rows = []
    if tried is not None:
        cases = {"level": "practice", "n_series": tried.n_series, "n_months": tried.n_months}
        held = {f"coverage_{level}": share for level, share in tried.coverage.items()}
        rows = [
            {**cases, "method": SMOOTHED, "wape": tried.wape, **held},
            {**cases, "method": SAME_MONTH, "wape": tried.wape_same_month},
        ]
    return pd.DataFrame(rows, columns=list(RECORDED))


def _summed(part: Array) -> Array:
    """Add practices up; not a number where none of them is known."""
    return np.where(np.isnan(part).all(axis=0), np.nan, np.nansum(part, axis=0))


def _valued(measure: Measure, numerator: Array, denominator: Array) -> Array:
    """Divide; rates are per 1,000 patients."""
    scale = PER_PATIENTS if measure.is_rate else 1
    found = np.full(numerator.shape, np.nan)
    np.divide(scale * numerator, denominator, out=found, where=denominator > 0)
    return found
