"""The grid: every measure of every practice, specialty and month, with what chance allows."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pbcanalytics.demand.comparing.limits import Array, count_limits, wilson_limits
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.expecting import expected_of
from pbcanalytics.demand.measuring.list_months import Patients
from pbcanalytics.demand.measuring.measures import Measure

ALL: Final = "ALL"
"""The row of all practices, and that of all specialties."""

NO_ROWS: Final = "no_rows"
NO_LIST: Final = "no_list"
SMALL_DENOMINATOR: Final = "small_denominator"
"""Why a cell has no value. Sentences for them live in the faces."""

YEAR_MONTHS: Final = 12
PER_PATIENTS: Final = 1_000


@dataclass(frozen=True)
class Sums:
    """
    Of one measure: what is divided by what, practices (all last) × specialties (all last) × months.

    Attributes
    ----------
    numerator, denominator : array
        Not a number where not known. [events, or days; patients, or events]
    spread : array
        Sum of the squares of days, where days are counted. [days²]
    expected : array
        What the numerator would be at the age-specific rates of all practices together.
    is_told : array, months
        The months of which there are rows.
    """

    measure: Measure
    numerator: Array
    denominator: Array
    spread: Array
    expected: Array
    is_told: NDArray[np.bool_]


def sums_of(cube: Cube, measure: Measure, patients: Patients) -> Sums:
    """
    Sum what a measure divides by what.

    Parameters
    ----------
    cube : Cube
    measure : Measure
    patients : Patients
        Of the cube's practices and months.

    Returns
    -------
    Sums
    """
    upper = measure.numerator
    is_told = cube.told(upper)
    column = "n_days" if upper.counts_days else "n_events"
    counted = np.where(is_told, cube.summed(upper, column), np.nan)
    squares = cube.summed(upper, "n_square_days") if upper.counts_days else counted
    if measure.denominator is None:
        below = _listed(measure, patients)[:, None, :]
        is_in = ~np.isnan(below)
    else:
        is_told = is_told & cube.told(measure.denominator)
        below = np.where(is_told, cube.summed(measure.denominator, "n_events"), np.nan)
        counted = np.where(is_told, counted, np.nan)
        is_in = np.ones_like(below, dtype=bool)
    expected = expected_of(cube, measure, patients, np.where(is_in, counted, np.nan))
    return Sums(
        measure,
        _with_all(counted, is_in),
        np.broadcast_to(_with_all(below, is_in), (len(cube.practices) + 1, *counted.shape[1:])),
        _with_all(squares, is_in),
        expected,
        is_told,
    )


def cells(cube: Cube, sums: Sums, *, confidence_share: float = 0.95) -> pd.DataFrame:
    """
    Give a measure month by month.

    Parameters
    ----------
    cube : Cube
    sums : Sums
    confidence_share : float
        [share]

    Returns
    -------
    DataFrame, one row per practice, specialty and month
        `measure`, `practice_code`, `specialty_code` (ALL for all), `month`, `n_months`,
        `numerator`, `denominator`, `value` (per 1,000 patients of the month's list; share; ratio),
        `low`, `high`, `expected`, `ratio`, `ratio_low`, `ratio_high` (observed over expected) and
        `reason`, empty or why there is no value. Specialties without a row of the measure are left
        out.
    """
    parts = [sums.numerator, sums.denominator, sums.spread, sums.expected]
    frame = _axes(cube, sums, [str(m.date()) for m in cube.months])
    frame["n_months"] = 1
    return _valued(frame, sums, parts, sums.denominator, confidence_share)


def latest_year(cube: Cube, sums: Sums, *, confidence_share: float = 0.95) -> pd.DataFrame:
    """
    Give a measure over the latest twelve months, rates per patient and year.

    Returns
    -------
    DataFrame, one row per practice and specialty
        As `cells`; `month` is the last, `n_months` those of the twelve that are known, and the
        denominator of a rate is in patient-years.
    """
    parts = (sums.numerator, sums.denominator, sums.spread, sums.expected)
    last = [part[..., -YEAR_MONTHS:] for part in parts]
    is_known = ~np.isnan(last[0]) & ~np.isnan(last[1])
    n_months = is_known.sum(axis=-1, keepdims=True)
    pooled = [np.where(is_known, part, 0).sum(axis=-1, keepdims=True) for part in last]
    pooled = [np.where(n_months > 0, part, np.nan) for part in pooled]
    size = pooled[1]
    if sums.measure.is_rate:
        # The least denominator of a rate is a list, however many months it is measured over.
        size = size / np.maximum(n_months, 1)
        pooled[1] = pooled[1] / YEAR_MONTHS
    frame = _axes(cube, sums, [str(cube.months[-1].date())])
    frame["n_months"] = n_months.reshape(-1)
    return _valued(frame, sums, pooled, size, confidence_share)


def ratio_limits(
    upper: ArrayLike, lower: ArrayLike, confidence_share: float = 0.95
) -> tuple[Array, Array]:
    """
    Give the limits of the ratio of two independent counts.

    Given their sum, the upper count is binomial (Przyborowski and Wilenski 1940), so that limits of
    its share of the sum, here Wilson's, are limits of the ratio.

    Parameters
    ----------
    upper, lower : array of float
        [events]
    confidence_share : float
        [share]

    Returns
    -------
    tuple of array
        The upper limit has no end where the lower count is 0.

    Examples
    --------
    >>> [float(x.round(3)) for x in ratio_limits(20, 10)]
    [0.952, 4.2]
    """
    x, y = np.asarray(upper, dtype=float), np.asarray(lower, dtype=float)
    low, high = wilson_limits(x, x + y, confidence_share)
    with np.errstate(divide="ignore"):
        return low / (1 - low), high / (1 - high)


def _listed(measure: Measure, patients: Patients) -> Array:
    """Give the list that a rate is measured by; a list of nobody is none."""
    found = patients.weighted if measure.per == "1000 weighted" else patients.registered
    return np.where(found > 0, found, np.nan)


def _with_all(sums: Array, is_in: NDArray[np.bool_]) -> Array:
    """Add the row of all practices: those that are in, and nothing where none is."""
    every = np.where(is_in, sums, 0).sum(axis=0, keepdims=True)
    is_any = np.broadcast_to(is_in.any(axis=0, keepdims=True), every.shape)
    return np.concatenate([sums, np.where(is_any, every, np.nan)], axis=0)


def _axes(cube: Cube, sums: Sums, months: list[str]) -> pd.DataFrame:
    """Lay out the rows of a table: practices × specialties × months."""
    codes = ([*cube.practices, ALL], [*cube.specialties, ALL], months)
    index = np.indices([len(c) for c in codes]).reshape(3, -1)
    names = ("practice_code", "specialty_code", "month")
    columns = {
        n: pd.Categorical.from_codes(i, pd.Index(c))
        for n, i, c in zip(names, index, codes, strict=True)
    }
    return pd.DataFrame({"measure": sums.measure.name, **columns})


def _valued(
    frame: pd.DataFrame,
    sums: Sums,
    parts: list[Array],
    size: Array,
    confidence_share: float,
) -> pd.DataFrame:
    """Divide, and give limits and reasons."""
    measure = sums.measure
    upper, lower, squares, expected = (part.reshape(-1) for part in parts)
    reason = np.full(len(frame), "", dtype=object)
    with np.errstate(invalid="ignore"):
        reason[size.reshape(-1) < measure.min_denominator] = SMALL_DENOMINATOR
    reason[np.isnan(lower)] = NO_LIST if measure.is_rate else NO_ROWS
    reason[np.isnan(upper)] = NO_ROWS
    x = np.where(reason == "", upper, np.nan)
    n = np.where(reason == "", lower, np.nan)
    scale = PER_PATIENTS if measure.is_rate else 1
    if measure.is_rate:
        low, high = (limit / n for limit in _limits(x, squares, confidence_share))
    elif measure.per == "share":
        low, high = wilson_limits(x, n, confidence_share)
    else:
        low, high = ratio_limits(x, n, confidence_share)
    against = np.where(expected > 0, expected, np.nan)
    of_expected = [limit / against for limit in _limits(x, squares, confidence_share)]
    frame = frame.assign(
        numerator=upper, denominator=lower,
        value=scale * x / n, low=scale * low, high=scale * high, expected=expected,
        ratio=x / against, ratio_low=of_expected[0], ratio_high=of_expected[1], reason=reason,
    )  # fmt: skip
    return frame[_is_touched(sums, parts[0].shape)].reset_index(drop=True)


def _is_touched(sums: Sums, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Tell the rows of specialties that have a row of the measure, and of all together."""
    parts = [sums.numerator] if sums.measure.is_rate else [sums.numerator, sums.denominator]
    touched = np.logical_or.reduce([np.nansum(p, axis=(0, 2)) > 0 for p in parts])
    touched[-1] = True
    return np.broadcast_to(touched[None, :, None], shape).reshape(-1)


def _limits(counts: Array, squares: Array, confidence_share: float) -> tuple[Array, Array]:
    """
    Give the limits of counts, or of days that come several at a time.

    A stay of d days counts as one event of weight d: limits are those of as many events of equal
    weight as have the same variance (Fay and Feuer 1997). Of no days, the weight is that of all.
    """
    total = np.nansum(np.where(np.isnan(counts), 0, squares))
    usual = total / max(float(np.nansum(counts)), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.where(counts > 0, squares / counts, max(usual, 1))
    low, high = count_limits(counts / weight, confidence_share)
    return low * weight, high * weight
