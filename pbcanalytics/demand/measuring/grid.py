"""Measures × practices × specialties × months, and what they do not know, in one result."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.list_months import Lists, Patients
from pbcanalytics.demand.measuring.measure_gaps import Gap, gaps_of
from pbcanalytics.demand.measuring.measures import Measure
from pbcanalytics.demand.measuring.sums import cells, latest_year, sums_of


@dataclass(frozen=True)
class Grid:
    """
    Measures of all practices, specialty by specialty.

    Attributes
    ----------
    measures : tuple of Measure
    months : DatetimeIndex
    monthly : DataFrame, one row per measure, practice, specialty and month
        As `measuring.cells`.
    yearly : DataFrame, one row per measure, practice and specialty
        As `measuring.latest_year`.
    gaps : tuple of Gap
    confidence_share : float
        Of the intervals. [share]
    """

    measures: tuple[Measure, ...]
    months: pd.DatetimeIndex
    monthly: pd.DataFrame
    yearly: pd.DataFrame
    gaps: tuple[Gap, ...]
    confidence_share: float


def grid_of(
    cube: Cube, measures: Sequence[Measure], lists: Lists, *, confidence_share: float = 0.95
) -> Grid:
    """
    Reckon measures for every practice, specialty and month.

    Parameters
    ----------
    cube : Cube
        With a month at least.
    measures : sequence of Measure
        One at least.
    lists : Lists
        Of the cube's practices.
    confidence_share : float
        [share]

    Returns
    -------
    Grid
    """
    patients = Patients(lists, cube.practices, cube.months)
    every = [sums_of(cube, measure, patients) for measure in measures]
    monthly = [cells(cube, sums, confidence_share=confidence_share) for sums in every]
    yearly = [latest_year(cube, sums, confidence_share=confidence_share) for sums in every]
    return Grid(
        measures=tuple(measures),
        months=cube.months,
        monthly=pd.concat(monthly, ignore_index=True),
        yearly=pd.concat(yearly, ignore_index=True),
        gaps=tuple(gap for sums in every for gap in gaps_of(cube, sums)),
        confidence_share=confidence_share,
    )
