"""Rule sets for control charts: what "the NHS rules" were, by tool and version."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.words.errors import SelectionError

LIMIT_FACTOR: Final = 2.66
"""Limits lie this many mean moving ranges from the mean (NHSRplotthedots 0.2.2, `R/`)."""

SCREEN_FACTOR: Final = 3.267
"""A moving range of so many mean ones or more is an outlier (the same)."""

ASTRONOMICAL: Final = "astronomical"
SHIFT: Final = "shift"
TREND: Final = "trend"
TWO_IN_THREE: Final = "two_in_three"
MOVING_RANGE: Final = "moving_range"


@dataclass(frozen=True)
class Preset:
    """
    A rule set.

    Attributes
    ----------
    name : str
    source : str
        The tool and version that it follows.
    is_screened : bool
        Outlying moving ranges are left out of the limits, once.
    precedence : tuple of str
        The rules, the one that names a point first where several hold.
    shift_points : int
        So many in a row on one side of the mean are a shift.
    trend_points : int
        So many in a row, each above the one before (or each below), are a trend.
    flags_trend_start : bool
        The point from which a trend sets out is part of it.
    turns_with_next : bool
        Inside a trend, a point goes the way of the step out of it.
    counts_beyond_limits : bool
        Two in three: a point beyond the limits counts as one near them.
    needs_one_side : bool
        Two in three: all three lie on one side of the mean.
    flags_whole_window : bool
        Two in three: all three are flagged, not only those near a limit.
    moving_range_factor : float, optional
        A month's change of more than this many mean moving ranges is flagged.
    may_choose_run : bool
        The tool lets its user take 6 points for 7.
    chance_last : tuple of float
        Share of unchanging Poisson series whose last point is flagged, by mean as in MEANS.
    """

    name: str
    source: str
    is_screened: bool
    precedence: tuple[str, ...]
    chance_last: tuple[float, ...]
    shift_points: int = 7
    trend_points: int = 7
    flags_trend_start: bool = True
    turns_with_next: bool = False
    counts_beyond_limits: bool = True
    needs_one_side: bool = True
    flags_whole_window: bool = False
    moving_range_factor: float | None = None
    may_choose_run: bool = False


MEANS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Means a month for which chance was measured: 36 months (`python -m benchmarks.demand`)."""

NHSR: Final = Preset(
    name="nhsr_0_2_2",
    source="NHSRplotthedots 0.2.2 (29 September 2025)",
    is_screened=True,
    precedence=(ASTRONOMICAL, TREND, TWO_IN_THREE, SHIFT),
    turns_with_next=True,
    counts_beyond_limits=False,
    chance_last=(0.077, 0.062, 0.036, 0.022, 0.020, 0.019, 0.019),
)
NHSEI_SQL: Final = Preset(
    name="nhsei_sql_2020",
    source="NHS England and NHS Improvement SQL script (7 August 2019 to 15 January 2020)",
    is_screened=False,
    precedence=(ASTRONOMICAL, TREND, SHIFT, TWO_IN_THREE, MOVING_RANGE),
    trend_points=6,
    flags_trend_start=False,
    needs_one_side=False,
    flags_whole_window=True,
    moving_range_factor=3.27,
    chance_last=(0.096, 0.073, 0.045, 0.032, 0.030, 0.028, 0.027),
)
MDC_EXCEL: Final = Preset(
    name="mdc_excel_2023",
    source="Making Data Count Excel tool (November 2023)",
    is_screened=False,
    # The tool does not publish which rule names a point; NHSRplotthedots' order is taken.
    precedence=(ASTRONOMICAL, TREND, TWO_IN_THREE, SHIFT),
    may_choose_run=True,
    chance_last=(0.063, 0.053, 0.031, 0.022, 0.017, 0.015, 0.016),
)
_CHANCE_OF_SIX: Final = (0.089, 0.073, 0.052, 0.036, 0.032, 0.030, 0.029)
"""The chance of MDC_EXCEL with runs of six points."""

PRESETS: Final = {p.name: p for p in (NHSR, NHSEI_SQL, MDC_EXCEL)}
"""By name; the first is the default."""


def preset(name: str = NHSR.name, run_points: int | None = None) -> Preset:
    """
    Choose a rule set.

    Parameters
    ----------
    name : str
        One of PRESETS.
    run_points : int, optional
        Points of a shift and of a trend, 6 or 7, where the tool lets its user choose.

    Returns
    -------
    Preset

    Raises
    ------
    SelectionError
        If there is no such rule set, or it has no choice of points.
    """
    if name not in PRESETS:
        raise SelectionError(
            f"There is no rule set '{name}', so nothing was charted. Choose one of "
            f"{', '.join(PRESETS)}."
        )
    chosen = PRESETS[name]
    if run_points is None:
        return chosen
    if not chosen.may_choose_run or run_points not in (6, 7):
        raise SelectionError(
            f"The rule set {name} has no run of {run_points} points: only {MDC_EXCEL.name} leaves "
            "a choice, of 6 or 7. Leave --run away, or choose that rule set."
        )
    chance = _CHANCE_OF_SIX if run_points == 6 else chosen.chance_last
    return replace(chosen, shift_points=run_points, trend_points=run_points, chance_last=chance)


def chance_of_signal(of: Preset, means: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Give the chance that the last point of a series is flagged though nothing has changed.

    Parameters
    ----------
    of : Preset
    means : array of float
        Counts a month; infinite for what is no count.

    Returns
    -------
    array of float
        [share]
    """
    at = np.log(np.clip(means, MEANS[0], MEANS[-1]))
    return np.interp(at, np.log(MEANS), of.chance_last)
