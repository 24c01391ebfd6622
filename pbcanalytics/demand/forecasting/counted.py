"""The counts that forecasts are added up from: by practice, specialty and source."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.charting.season import MONTHS
from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.demand.forecasting.conformal import RECENT
from pbcanalytics.demand.forecasting.pooled import LEAST_MONTHS
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.measures import Measure
from pbcanalytics.demand.measuring.sums import Sums
from pbcanalytics.words.working_days import days_in

HORIZON: Final = MONTHS
"""Months ahead."""

_EVERY_DAY: Final = frozenset(("ae_attendance", "ae_follow_up"))
_EMERGENCY: Final = frozenset(("NEL", "NELNE"))


@dataclass(frozen=True)
class Bottom:
    """
    The counts from which all forecasts of a measure are added up.

    Attributes
    ----------
    practices : list of str
        That can be forecast.
    specialties, sources : array of str, pair
        What is counted of each practice.
    counts : array of float, practice by pair by month
        Not a number where a month is not known. [events]
    patients : array of float, practice by month
    days : array of float, month, 12 more than are counted
        Against the mean month. [ratio]
    first_month : int
        Calendar month of the first, 1 for January.
    """

    practices: list[str]
    specialties: NDArray[np.str_]
    sources: NDArray[np.str_]
    counts: Array
    patients: Array
    days: Array
    first_month: int


def bottom_of(cube: Cube, sums: Sums) -> Bottom | None:
    """Count what a rate counts by practice, specialty and source; None where nothing can be."""
    upper = sums.measure.numerator
    patients = sums.denominator[:-1, -1]
    is_known = sums.is_told & ~np.isnan(patients)
    able = (is_known.sum(axis=1) >= LEAST_MONTHS) & is_known[:, -RECENT:].any(axis=1)
    of = upper.rows(cube.rows)
    if not able.any() or not of.any():
        return None
    n_practices, n_specialties, n_months = cube.shape
    practice, rest = np.divmod(cube.place[of], n_specialties * n_months)
    specialty, month = np.divmod(rest, n_months)
    named = cube.rows["source"].astype("category").cat
    sources = named.categories.astype(str).to_numpy()
    codes = specialty * len(sources) + named.codes.to_numpy()[of]
    pairs, pair = np.unique(codes, return_inverse=True)
    shape = n_practices, len(pairs), n_months
    place = (practice * shape[1] + pair) * n_months + month
    amounts = cube.rows["n_events"].to_numpy(float)[of]
    counts = np.bincount(place, amounts, int(np.prod(shape))).reshape(shape)
    every = pd.date_range(cube.months[0], periods=n_months + HORIZON, freq="MS")
    return Bottom(
        practices=[p for p, is_able in zip(cube.practices, able, strict=True) if is_able],
        specialties=np.array(cube.specialties)[pairs // len(sources)],
        sources=sources[pairs % len(sources)],
        counts=np.where(is_known[:, None, :], counts, np.nan)[able],
        patients=patients[able],
        days=days_of(sums.measure, every),
        first_month=cube.months[0].month,
    )


def days_of(measure: Measure, months: pd.DatetimeIndex) -> Array:
    """Give the days of each month over those of the mean month; of shares and ratios, 1."""
    if not measure.is_rate:
        return np.ones(len(months))
    of = measure.numerator
    is_every_day = set(of.events) <= _EVERY_DAY or bool(of.pods and set(of.pods) <= _EMERGENCY)
    counted = np.array([days_in(m.date())[is_every_day] for m in months], dtype=float)
    return np.asarray(counted / counted.mean())
