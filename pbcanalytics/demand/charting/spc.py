"""XmR control charts, many series at once: limits, rules, point types, icons."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.demand.charting.presets import (
    ASTRONOMICAL,
    LIMIT_FACTOR,
    MOVING_RANGE,
    NHSR,
    SCREEN_FACTOR,
    SHIFT,
    TREND,
    TWO_IN_THREE,
    Preset,
)
from pbcanalytics.words.errors import SelectionError

Amounts = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

DIRECTIONS: Final = {"increase": 1, "none": 0, "decrease": -1}
"""Which way is good."""

LEAST_POINTS: Final = 3
"""A segment of fewer points has no limits."""

SHORT_POINTS: Final = 13
"""With fewer points limits are still moving (NHSRplotthedots warns below this number)."""

LEAST_FIXED: Final = 12
"""Limits may be fixed after this many points, not before (NHSRplotthedots)."""

COMMON: Final = "common_cause"
IMPROVEMENT: Final = "improvement"
CONCERN: Final = "concern"
NEUTRAL: Final = "neutral"
NO_POINT: Final = ""


@dataclass(frozen=True)
class Chart:
    """
    Control charts of many series; every array is series by month.

    Attributes
    ----------
    preset : Preset
    direction : int
        1 if more is good, -1 if less is, 0 if neither.
    values : array of float
        Not a number where a month is missing.
    segment : array of int
        Counts the rebasings up to a month.
    mean, lower, upper : array of float
        Centre and limits; not a number in a segment of fewer than LEAST_POINTS.
    flags : dict of str to array of bool
        By rule, every point of its run.
    rule : array of int
        Place in the preset's precedence of the rule that names the point; -1 for none.
    side : array of int
        1 for a signal upwards, -1 for one downwards, 0 for none.
    n_points : array of int
        Points that the limits of the segment rest on.
    is_degenerate : array of bool
        The segment hardly varies: its limits are its mean, and nothing is flagged.
    """

    preset: Preset
    direction: int
    values: Amounts
    segment: Whole
    mean: Amounts
    lower: Amounts
    upper: Amounts
    flags: dict[str, Flags]
    rule: Whole
    side: Whole
    n_points: Whole
    is_degenerate: Flags

    @cached_property
    def point_types(self) -> NDArray[np.str_]:
        """Give each point's type: common_cause, or improvement, concern or neutral, high or low."""
        kinds = {0: NEUTRAL, 1: IMPROVEMENT, -1: CONCERN}
        names = np.array(
            [f"{kinds[-self.direction]}_low", COMMON, f"{kinds[self.direction]}_high", NO_POINT]
        )
        types: NDArray[np.str_] = names[np.where(np.isnan(self.values), 2, self.side) + 1]
        return types

    @cached_property
    def last(self) -> Whole:
        """Give the month of each series' last point; -1 if it has none."""
        there = ~np.isnan(self.values)
        n_months = there.shape[1]
        return np.where(there.any(axis=1), n_months - 1 - there[:, ::-1].argmax(axis=1), -1)


def chart(
    values: Amounts,
    *,
    preset: Preset = NHSR,
    direction: str = "none",
    breaks: Flags | None = None,
    fix_after: int | None = None,
) -> Chart:
    """
    Make the control charts of series.

    A missing month is not bridged: no moving range goes over it, and runs end at it.

    Parameters
    ----------
    values : array of float, series by month
        Not a number where a month is missing.
    preset : Preset
    direction : str
        One of DIRECTIONS.
    breaks : array of bool, month or series by month, optional
        The months from which mean, limits and runs start anew.
    fix_after : int, optional
        Mean and limits rest on so many points of each segment; at least 12.

    Returns
    -------
    Chart

    Raises
    ------
    SelectionError
        If the direction is unknown or limits are to be fixed too early.
    """
    if direction not in DIRECTIONS:
        raise SelectionError(
            f"'{direction}' is no direction, so nothing was charted. Choose one of "
            f"{', '.join(DIRECTIONS)}."
        )
    if fix_after is not None and fix_after < LEAST_FIXED:
        raise SelectionError(
            f"Limits cannot be fixed after {fix_after} points: they would be chance's. "
            f"Fix them after {LEAST_FIXED} or more."
        )
    values = np.asarray(values, dtype=float)
    starts = np.zeros(values.shape, dtype=bool)
    if breaks is not None:
        starts |= breaks
        starts[:, 0] = False
    segment = starts.cumsum(axis=1)
    there = ~np.isnan(values)
    base = there
    if fix_after is not None:
        counted = there.cumsum(axis=1)
        before = np.maximum.accumulate(np.where(starts, counted - there, 0), axis=1)
        base = there & (counted - before <= fix_after)
    n_points, mean, range_mean, ranges = _limits(values, segment, base, preset)
    is_degenerate = (range_mean == 0) & (n_points >= LEAST_POINTS)
    lower, upper = mean - LIMIT_FACTOR * range_mean, mean + LIMIT_FACTOR * range_mean
    with np.errstate(invalid="ignore"):
        side = np.nan_to_num(np.sign(values - mean)).astype(np.int64)
    flags, trends = _flags(values, segment, (mean, range_mean, ranges), side, preset)
    flags = {name: flag & ~is_degenerate for name, flag in flags.items()}
    rule = np.full(values.shape, -1)
    for place in reversed(range(len(preset.precedence))):
        rule[flags[preset.precedence[place]]] = place
    by_trend = rule == preset.precedence.index(TREND)
    return Chart(
        preset=preset,
        direction=DIRECTIONS[direction],
        values=values,
        segment=segment,
        mean=mean,
        lower=lower,
        upper=upper,
        flags=flags,
        rule=rule,
        side=np.where(rule < 0, 0, np.where(by_trend, trends, side)),
        n_points=n_points,
        is_degenerate=is_degenerate,
    )


def assurance(of: Chart, target: float) -> NDArray[np.str_]:
    """
    Say whether a target will be met consistently, by the limits of each series' last segment.

    Parameters
    ----------
    of : Chart
    target : float

    Returns
    -------
    array of str, series
        "pass", "fail", "inconsistent" (hit or miss; also if a limit is the target), or "" if no
        direction is good or the series has no limits.
    """
    rows, last = np.arange(len(of.values)), of.last
    lower, upper = of.lower[rows, last], of.upper[rows, last]
    above, below = ("fail", "pass") if of.direction > 0 else ("pass", "fail")
    with np.errstate(invalid="ignore"):
        found = np.where(target > upper, above, np.where(target < lower, below, "inconsistent"))
    unknown = np.isnan(lower) | (last < 0) | (of.direction == 0)
    return np.where(unknown, "", found)


def _limits(
    values: Amounts, segment: Whole, base: Flags, preset: Preset
) -> tuple[Whole, Amounts, Amounts, Amounts]:
    """Give points, mean and mean moving range of each point's segment, and the moving ranges."""
    n_segments = int(segment.max(initial=0)) + 1
    group = np.arange(len(values))[:, None] * n_segments + segment
    ranges = np.full(values.shape, np.nan)
    ranges[:, 1:] = np.abs(np.diff(values, axis=1))
    ranges[:, 1:][np.diff(segment, axis=1) > 0] = np.nan
    used = base & ~np.isnan(ranges)
    used[:, 1:] &= base[:, :-1]
    mean, n_points = _mean_of(values, base, group)
    range_mean, _ = _mean_of(ranges, used, group)
    if preset.is_screened:
        with np.errstate(invalid="ignore"):
            used &= ranges < SCREEN_FACTOR * range_mean
        screened, _ = _mean_of(ranges, used, group)
        # Of a constant series nothing is left; a mean range of 0 marks it as degenerate.
        range_mean = np.where(range_mean > 0, np.nan_to_num(screened), range_mean)
    few = n_points < LEAST_POINTS
    return n_points, np.where(few, np.nan, mean), np.where(few, np.nan, range_mean), ranges


def _mean_of(values: Amounts, used: Flags, group: Whole) -> tuple[Amounts, Whole]:
    """Give the mean and the number of the values used in each point's group, at each point."""
    size = int(group.max(initial=0)) + 1
    flat = group.ravel()
    count = np.bincount(flat, used.ravel(), size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(flat, np.where(used, values, 0.0).ravel(), size) / count
        # A second pass, as in R: means of equal values are then exactly those values.
        off = np.where(used, values - mean[group], 0.0)
        mean += np.bincount(flat, off.ravel(), size) / count
    return mean[group], count[group].astype(np.int64)


def _flags(
    values: Amounts,
    segment: Whole,
    limits: tuple[Amounts, Amounts, Amounts],
    side: Whole,
    preset: Preset,
) -> tuple[dict[str, Flags], Whole]:
    """Give the points that each rule flags, and which way those of a trend go."""
    mean, range_mean, ranges = limits
    off = np.abs(values - mean)
    with np.errstate(invalid="ignore"):
        lower, upper = mean - LIMIT_FACTOR * range_mean, mean + LIMIT_FACTOR * range_mean
        inner = 2 * (LIMIT_FACTOR / 3) * range_mean
        outside = (values > upper) | (values < lower)
        beyond = (values > mean + inner) | (values < mean - inner)
        step = np.zeros(values.shape, dtype=np.int64)
        step[:, 1:] = np.nan_to_num(np.sign(np.diff(values, axis=1)))
    step[:, 1:][np.diff(segment, axis=1) > 0] = 0
    step[np.isnan(off)] = 0
    near = beyond if preset.counts_beyond_limits else beyond & ~outside
    # Runs of the same side in two segments are two runs.
    shift = _run_lengths(side * (segment + 1)) >= preset.shift_points
    trend, ways = _trends(step, preset)
    found = {
        ASTRONOMICAL: outside,
        TREND: trend,
        TWO_IN_THREE: _two_in_three(near, side, segment, ~np.isnan(off), preset),
        SHIFT: shift,
    }
    if preset.moving_range_factor is not None:
        with np.errstate(invalid="ignore"):
            found[MOVING_RANGE] = ranges > preset.moving_range_factor * range_mean
    return found, ways


def _run_lengths(keys: Whole) -> Whole:
    """Give for each point the length of the run of equal keys it lies in; 0 where the key is 0."""
    length = np.ones(keys.shape, dtype=np.int64)
    for t in range(1, keys.shape[1]):
        length[:, t] = np.where(keys[:, t] == keys[:, t - 1], length[:, t - 1] + 1, 1)
    for t in reversed(range(keys.shape[1] - 1)):
        same = keys[:, t] == keys[:, t + 1]
        length[:, t] = np.where(same, length[:, t + 1], length[:, t])
    return np.where(keys == 0, 0, length)


def _trends(step: Whole, preset: Preset) -> tuple[Flags, Whole]:
    """Give the points of trends, from the steps into them, and which way each goes."""
    steps = _run_lengths(step) >= preset.trend_points - 1
    out = _next(step)
    if not preset.flags_trend_start:
        return steps, step
    trend = steps | _next(steps)
    if preset.turns_with_next:
        goes_on = _next(trend) & (out != 0)
        return trend, np.where(goes_on, out, step)
    return trend, np.where(steps, step, out)


def _next(values: NDArray[Any]) -> NDArray[Any]:
    """Give at each month what the next one has; 0 at the last."""
    moved = np.zeros_like(values)
    moved[:, :-1] = values[:, 1:]
    return moved


def _two_in_three(near: Flags, side: Whole, segment: Whole, there: Flags, preset: Preset) -> Flags:
    """Give the points of windows of three of which two or more are near a limit."""
    flagged = np.zeros(near.shape, dtype=bool)
    if near.shape[1] < LEAST_POINTS:
        return flagged
    window = [slice(k, near.shape[1] - 2 + k) for k in range(3)]
    enough = sum(near[:, w].astype(np.int64) for w in window) >= 2
    enough &= segment[:, window[0]] == segment[:, window[2]]
    for w in window:
        enough &= there[:, w]
    if preset.needs_one_side:
        enough &= np.abs(sum(side[:, w] for w in window)) == 3
    for w in window:
        flagged[:, w] |= enough
    return flagged if preset.flags_whole_window else flagged & near
