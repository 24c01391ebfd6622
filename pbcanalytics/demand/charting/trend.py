"""Series and what can be said of them: charts, signals, forecasts, and what luck alone would do."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.demand.charting.presets import NHSR, Preset, chance_of_signal
from pbcanalytics.demand.charting.spc import LEAST_POINTS, Chart, assurance, chart
from pbcanalytics.demand.forecasting.conformal import (
    Backtest,
    Forecasts,
    backtest,
    forecast_with_intervals,
)
from pbcanalytics.words.errors import SelectionError
from pbcanalytics.words.working_days import next_month

HORIZON: Final = 12
"""Months ahead, unless others are asked for."""


@dataclass(frozen=True)
class Panel:
    """
    Series of months.

    Attributes
    ----------
    names, groups : tuple of str
        One of each per series; series of a group share their season.
    months : tuple of date
        First days of all months from the first to the last, none left out.
    values : array of float, series by month
        Not a number where a month is missing.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    months: tuple[dt.date, ...]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Rebasing:
    """A month from which the limits start anew, and why; `series` is None for all."""

    month: dt.date
    reason: str
    series: str | None = None


@dataclass(frozen=True)
class Trend:
    """
    What can be said of a panel.

    Attributes
    ----------
    panel : Panel
        Without the series that were refused; provisional months included.
    chart : Chart
        Provisional months are missing in it.
    target : float or None
    assurances : array of str, series
        As `spc.assurance`; "" without a target.
    rebasings : tuple of Rebasing
    fix_after : int or None
    n_provisional : int
        Last months that count for nothing yet.
    refused : tuple of str
        Series of fewer than 3 points.
    forecasts : Forecasts
        From the first provisional month, else from the month after the last.
    ahead : tuple of date
        The months forecast.
    record : Backtest or None
    luck_share : array of float, series
        Chance that the last point is flagged though nothing has changed; 0 without limits.
    """

    panel: Panel
    chart: Chart
    target: float | None
    assurances: NDArray[np.str_]
    rebasings: tuple[Rebasing, ...]
    fix_after: int | None
    n_provisional: int
    refused: tuple[str, ...]
    forecasts: Forecasts
    ahead: tuple[dt.date, ...]
    record: Backtest | None
    luck_share: NDArray[np.float64]


def trend(
    panel: Panel,
    *,
    preset: Preset = NHSR,
    direction: str = "none",
    target: float | None = None,
    rebasings: Sequence[Rebasing] = (),
    fix_after: int | None = None,
    horizon: int = HORIZON,
    n_provisional: int = 0,
) -> Trend:
    """
    Chart the series of a panel and forecast them.

    Parameters
    ----------
    panel : Panel
    preset : Preset
    direction : str
        Which way is good: increase, decrease or none.
    target : float, optional
        Needs a direction.
    rebasings : sequence of Rebasing
        Each with a reason.
    fix_after : int, optional
        Limits rest on so many points of each segment.
    horizon : int
        Months ahead.
    n_provisional : int
        Last months that are not complete: they enter no rule, no limit and no forecast.

    Returns
    -------
    Trend

    Raises
    ------
    SelectionError
        If a choice cannot be met, or no series has points enough; all of that at once.
    """
    n_known = len(panel.months) - n_provisional
    faults = _faults(panel, n_known, direction, target, rebasings)
    if faults:
        raise SelectionError("\n".join(faults))
    known = panel.values.copy()
    known[:, n_known:] = np.nan
    enough = (~np.isnan(known)).sum(axis=1) >= LEAST_POINTS
    refused = tuple(n for n, is_enough in zip(panel.names, enough, strict=True) if not is_enough)
    if not enough.any():
        raise SelectionError(
            f"No series has {LEAST_POINTS} months, so there is nothing to chart. Add earlier "
            "months; from 13 on limits are steady."
        )
    kept = Panel(
        _those(panel.names, enough), _those(panel.groups, enough), panel.months,
        panel.values[enough],
    )  # fmt: skip
    known = known[enough]
    charted = chart(
        known,
        preset=preset,
        direction=direction,
        breaks=_breaks(kept, rebasings),
        fix_after=fix_after,
    )
    assurances = np.full(len(known), "", dtype="<U12")
    if target is not None:
        assurances = assurance(charted, target)
    first_month = panel.months[0].month - 1
    before = known[:, :n_known]
    return Trend(
        panel=kept,
        chart=charted,
        target=target,
        assurances=assurances,
        rebasings=tuple(rebasings),
        fix_after=fix_after,
        n_provisional=n_provisional,
        refused=refused,
        forecasts=forecast_with_intervals(before, kept.groups, first_month, horizon),
        ahead=_after(panel.months[n_known - 1], horizon),
        record=backtest(before, kept.groups, first_month),
        luck_share=_luck(charted),
    )


def _faults(
    panel: Panel,
    n_known: int,
    direction: str,
    target: float | None,
    rebasings: Sequence[Rebasing],
) -> list[str]:
    """Say which choices cannot be met."""
    faults = []
    if n_known < 1 or n_known > len(panel.months):
        faults.append(
            f"Of {len(panel.months)} months {len(panel.months) - n_known} cannot be provisional. "
            "Give --provisional a number from 0 that leaves some."
        )
    if target is not None and direction == "none":
        faults.append(
            f"A target of {target:g} says nothing while neither way is good. Add --direction "
            "increase or --direction decrease."
        )
    later = panel.months[1:]
    for one in rebasings:
        if one.month not in later:
            faults.append(
                f"Limits cannot start anew in {one.month:%Y-%m}: the months are "
                f"{panel.months[0]:%Y-%m} to {panel.months[-1]:%Y-%m}, and in the first they start "
                "anyway. Choose a later one."
            )
        if one.series is not None and one.series not in panel.names:
            faults.append(
                f"There is no series '{one.series}' whose limits could start anew in "
                f"{one.month:%Y-%m}. Write its name as in the file."
            )
        if not one.reason.strip():
            faults.append(
                f"Limits cannot start anew in {one.month:%Y-%m} without a reason: whoever reads "
                'the chart must see why. Write --rebase "2018-04: new pathway".'
            )
    return faults


def _those(names: tuple[str, ...], kept: NDArray[np.bool_]) -> tuple[str, ...]:
    """Keep the names of the series that are kept."""
    return tuple(n for n, is_kept in zip(names, kept, strict=True) if is_kept)


def _breaks(panel: Panel, rebasings: Sequence[Rebasing]) -> NDArray[np.bool_]:
    """Mark the months of each series in which limits start anew."""
    breaks = np.zeros(panel.values.shape, dtype=bool)
    for one in rebasings:
        month = panel.months.index(one.month)
        for row, name in enumerate(panel.names):
            breaks[row, month] |= one.series in (None, name)
    return breaks


def _after(month: dt.date, horizon: int) -> tuple[dt.date, ...]:
    """List the months after one."""
    months = []
    for _ in range(horizon):
        month = next_month(month)
        months.append(month)
    return tuple(months)


def _luck(of: Chart) -> NDArray[np.float64]:
    """Give the chance of a false signal in the last month; small counts give more of them."""
    rows, last = np.arange(len(of.values)), of.last
    values = np.nan_to_num(of.values)
    is_count = ((values >= 0) & (values == np.floor(values))).all(axis=1)
    mean = of.mean[rows, last]
    chance = chance_of_signal(of.preset, np.where(is_count, np.nan_to_num(mean), np.inf))
    return np.where(np.isnan(of.lower[rows, last]) | of.is_degenerate[rows, last], 0.0, chance)
