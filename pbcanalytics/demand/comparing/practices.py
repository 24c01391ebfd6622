"""Practices side by side: against chance, against one another, and month by month in bands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.demand.comparing.funnels import (
    NOT_KNOWN,
    beyond_peers,
    least_detectable_ratio,
    significance,
)
from pbcanalytics.demand.comparing.limits import Array, count_limits
from pbcanalytics.demand.comparing.overdispersion import Spread, spread
from pbcanalytics.demand.comparing.peers import NEAREST, nearest_peers
from pbcanalytics.demand.comparing.ranks import ranks
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.list_months import N_STRATA, Patients
from pbcanalytics.demand.measuring.measures import Measure
from pbcanalytics.demand.measuring.sums import ALL, YEAR_MONTHS, Sums, latest_year
from pbcanalytics.words.tables.compared import BAND_PERCENTS

AGES: Final = "age_sex"
LISTS: Final = "list"
EVENTS: Final = "events"
"""What is expected of a practice rests on: ages and sexes, its list, or its own denominator."""

FEWEST_FOR_MEDIAN: Final = 5
FEWEST_FOR_MIDDLE: Final = 10
FEWEST_FOR_BANDS: Final = 30
"""Practices from which a median, the middle half and all bands are told: fewer have no shape, and
a percentile of few is one practice's value. The first of them holds for the answer of peers too."""

NO_DIRECTION: Final = "no_direction"
TOO_FEW: Final = "too_few_practices"
"""Why there is no place, beside the reasons of `ranks`."""

_MIDDLE: Final = (25, 50, 75)
_FIRST_OF_65: Final = 13
_NARROWEST: Final = 1e-6


@dataclass(frozen=True)
class Compared:
    """
    One measure over the latest twelve months.

    Attributes
    ----------
    measure : Measure
    table : DataFrame, one row per specialty and practice that is known
        `specialty_code`, `practice_code`, `to_month`, `observed` and `expected` [events or days];
        `ratio` with `ratio_low` and `ratio_high`, 95%; `chance` and `peers`, one of
        `funnels.VERDICTS` each; `least_detectable_ratio` beyond the outer limits of chance;
        `place_low`, `place_high`, `no_place_reason`.
    spreads : DataFrame, one row per specialty
        `specialty_code`, `basis`, `n_practices`, `event_weight_ratio`, `mean_ratio`,
        `tau_squared`; the last is not a number for fewer than FEWEST_FOR_MEDIAN practices.
    """

    measure: Measure
    table: pd.DataFrame
    spreads: pd.DataFrame


@dataclass(frozen=True)
class Comparison:
    """
    One measure of one specialty, for an analyst: nothing is withheld.

    Attributes
    ----------
    found : Compared
        Rows of the specialty only.
    specialty : str
        Code, or ALL.
    specialties, practices : mapping of str to str
        Names by code.
    near : DataFrame
        As `near_practices`.
    bands : DataFrame
        As `bands`.
    """

    found: Compared
    specialty: str
    specialties: Mapping[str, str]
    practices: Mapping[str, str]
    near: pd.DataFrame
    bands: pd.DataFrame


def compared(cube: Cube, sums: Sums, told: Collection[tuple[str, str]] | None = None) -> Compared:
    """
    Set the practices side by side in one measure, specialty by specialty.

    Parameters
    ----------
    cube : Cube
    sums : Sums
        Of the measure.
    told : collection of (practice, specialty), optional
        Nothing but these cells goes into any figure of the result, that of the peers included;
        None for all.

    Returns
    -------
    Compared

    Notes
    -----
    Chance gives a count of events a variance of its mean; of days of stays that come several at a
    time more, of a share p less (1 - p), of a ratio R of two counts more (1 + R). Counts and what
    is expected are divided by this weight, so that one method serves all measures.
    """
    year = latest_year(cube, sums)
    year = year[(year["practice_code"] != ALL) & (year["reason"] == "")]
    year = year.astype({"practice_code": str, "specialty_code": str})
    if told is not None:
        codes = zip(year["practice_code"], year["specialty_code"], strict=True)
        year = year[[code in told for code in codes]]
    squares = pd.DataFrame(
        np.nansum(sums.spread[:-1, :, -YEAR_MONTHS:], axis=-1),
        index=pd.Index(cube.practices),
        columns=pd.Index([*cube.specialties, ALL]),
    )
    tables, spreads = [], []
    for specialty, cells in year.groupby("specialty_code"):
        own = cells.set_index("practice_code").sort_index()
        found = _specialty(sums.measure, own, squares[str(specialty)].reindex(own.index))
        if found is not None:
            tables.append(found[0].assign(specialty_code=specialty))
            spreads.append({"specialty_code": specialty, **found[1]})
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=_COLUMNS)
    return Compared(sums.measure, table, pd.DataFrame(spreads, columns=_SPREADS))


_COLUMNS: Final = (
    *("specialty_code", "practice_code", "to_month", "observed", "expected"),
    *("ratio", "ratio_low", "ratio_high", "chance", "peers", "least_detectable_ratio"),
    *("place_low", "place_high", "no_place_reason"),
)
_SPREADS: Final = (
    *("specialty_code", "basis", "n_practices"),
    *("event_weight_ratio", "mean_ratio", "tau_squared"),
)


def _specialty(
    measure: Measure, own: pd.DataFrame, squares: pd.Series
) -> tuple[pd.DataFrame, dict[str, Any]] | None:
    """Compare the practices of one specialty; None where nothing can be expected."""
    observed, below = own["numerator"].to_numpy(float), own["denominator"].to_numpy(float)
    expected, basis = own["expected"].to_numpy(float), AGES
    if np.isnan(expected).all() and below.sum() > 0:
        expected = below * observed.sum() / below.sum()
        basis = LISTS if measure.is_rate else EVENTS
    is_known = expected > 0
    # Two or three practices' own mean is no reference.
    if not is_known.any() or (basis != AGES and is_known.sum() < FEWEST_FOR_MEDIAN):
        return None
    codes = own.index.to_numpy()[is_known]
    observed, expected, below = (part[is_known] for part in (observed, expected, below))
    weight = _weight(measure, observed, below, squares.to_numpy(float)[is_known])
    o, e = observed / weight, expected / weight
    of = spread(o, e, robust=True)
    is_many = len(o) >= FEWEST_FOR_MEDIAN
    low, high = count_limits(o)
    table = pd.DataFrame(
        {
            "practice_code": codes,
            "to_month": pd.to_datetime(own["month"].iloc[0]).date(),
            "observed": observed,
            "expected": expected,
            "ratio": o / e,
            "ratio_low": low / e,
            "ratio_high": high / e,
            "chance": significance(o, e),
            "peers": beyond_peers(o, e, of) if is_many else NOT_KNOWN,
            "least_detectable_ratio": least_detectable_ratio(e),
            **_places(measure, o, e, of, is_many),
        }
    )
    return table, {
        "basis": basis,
        "n_practices": len(o),
        "event_weight_ratio": weight,
        "mean_ratio": float(of.mean_ratio),
        "tau_squared": float(of.tau_squared) if is_many else float("nan"),
    }


def _weight(measure: Measure, observed: Array, below: Array, squares: Array) -> float:
    """Give the variance that chance gives a count, over its mean, for all practices alike."""
    total, base = float(observed.sum()), float(below.sum())
    if measure.numerator.counts_days:
        return max(float(squares.sum()) / total, 1.0) if total else 1.0
    if measure.is_rate or not base:
        return 1.0
    mean = total / base
    # A share of 1 leaves chance nothing, and still no division by nothing.
    return max(1 - mean, 1 / (base + 1)) if measure.per == "share" else 1 + mean


def _places(
    measure: Measure, observed: Array, expected: Array, of: Spread, is_many: bool
) -> dict[str, Any]:
    """Give the places that practices may hold, or why none."""
    if measure.direction == "none" or not is_many:
        reason = TOO_FEW if measure.direction != "none" else NO_DIRECTION
        return {"place_low": np.nan, "place_high": np.nan, "no_place_reason": reason}
    found = ranks(observed, expected, peers=of)
    is_held = found.reason == ""
    return {
        "place_low": np.where(is_held, found.lower, np.nan),
        "place_high": np.where(is_held, found.upper, np.nan),
        "no_place_reason": found.reason,
    }


def bands(cube: Cube, sums: Sums, told: Collection[str] | None = None) -> pd.DataFrame:
    """
    Give the percentiles of practices' values month by month, of all specialties.

    Parameters
    ----------
    cube : Cube
    sums : Sums
    told : collection of str, optional
        Nothing but the months of these practices goes in; None for all.

    Returns
    -------
    DataFrame, one row per month
        `month`, `n_practices`, `p10` to `p90` (per 1,000 patients, share or ratio; R's type 7),
        `mean_ratio`, `event_weight_ratio`, `tau_squared` (the mean over months). Of fewer
        practices than FEWEST_FOR_BANDS the middle half and the median only, than
        FEWEST_FOR_MIDDLE the median only, than FEWEST_FOR_MEDIAN nothing.
    """
    ours = [n for n, p in enumerate(cube.practices) if told is None or p in told]
    upper, below, squares = (
        part[ours, -1, :].T for part in (sums.numerator, sums.denominator, sums.spread)
    )
    is_in = ~np.isnan(upper) & (below > 0)
    upper, below, squares = (np.where(is_in, part, np.nan) for part in (upper, below, squares))
    n = is_in.sum(axis=1)
    weight = _weight(sums.measure, *(p[is_in] for p in (upper, below, squares)))
    base = np.nansum(below, axis=1)
    mean = np.nansum(upper, axis=1) / np.where(base > 0, base, np.nan)
    of = spread(upper / weight, mean[:, None] * below / weight)
    is_enough = n >= FEWEST_FOR_MEDIAN
    tau = float(of.tau_squared[is_enough].mean()) if is_enough.any() else np.nan
    values = upper / below * (1_000 if sums.measure.is_rate else 1)
    found = pd.DataFrame({"month": [m.date() for m in cube.months], "n_practices": n})
    for p in BAND_PERCENTS:
        found[f"p{p}"] = [
            float(np.nanpercentile(row, p)) if p in _shown(int(k)) else np.nan
            for row, k in zip(values, n, strict=True)
        ]
    for name, held in (("mean_ratio", mean), ("event_weight_ratio", weight), ("tau_squared", tau)):
        found[name] = np.where(is_enough, held, np.nan)
    kept: pd.DataFrame = found.loc[is_enough].reset_index(drop=True)
    return kept


def _shown(n_practices: int) -> tuple[int, ...]:
    """Give the percentiles that so many practices may show."""
    if n_practices < FEWEST_FOR_MEDIAN:
        return ()
    if n_practices < FEWEST_FOR_MIDDLE:
        return (50,)
    if n_practices < FEWEST_FOR_BANDS:
        return _MIDDLE
    return tuple(p for p in BAND_PERCENTS if p % 10 == 0)


def own_interval(
    numerator: Array,
    denominator: Array,
    mean_ratio: Array,
    *,
    event_weight_ratio: Array,
    tau_squared: Array,
    confidence_share: float = 0.8,
) -> tuple[Array, Array]:
    """
    Give where a practice's level of a month probably lies: its own events and its peers' spread.

    Parameters
    ----------
    numerator, denominator, mean_ratio : array of float, month
        What it counted; by what that is divided; what all practices together have.
    event_weight_ratio, tau_squared : array of float, month
        As `bands` gives them.
    confidence_share : float
        [share]

    Returns
    -------
    tuple of array
        Numerator over denominator, not yet per 1,000.

    Notes
    -----
    Levels are gamma about the mean, counts Poisson about them, so that a level given its count is
    gamma again. A small practice's interval lies nearer to the mean than its value does.

    Examples
    --------
    >>> low, high = own_interval(30.0, 1000.0, 0.02, event_weight_ratio=1.0, tau_squared=0.04)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0205, 0.0286)
    """
    from scipy.special import gammaincinv

    inverse = 1 / np.maximum(np.asarray(tau_squared, dtype=float), _NARROWEST)
    shape = inverse + np.asarray(numerator) / event_weight_ratio
    rate = inverse + np.asarray(denominator) * mean_ratio / event_weight_ratio
    outside = (1 - confidence_share) / 2
    low, high = (gammaincinv(shape, share) / rate for share in (outside, 1 - outside))
    return np.asarray(low * mean_ratio), np.asarray(high * mean_ratio)


def near_practices(patients: Patients, n_peers: int = NEAREST) -> pd.DataFrame:
    """
    Find for each practice those most like it in list, ages and need.

    Parameters
    ----------
    patients : Patients
    n_peers : int

    Returns
    -------
    DataFrame, one row per practice and peer
        `practice_code`, `place`, `peer_code`, `distance`, `list_size_away`, `aged_65_away`,
        `under_5_away`, `need_away` [standard deviations]; the last ones not a number where ages or
        weighted lists of no practice are held. Practices without a list are in no row.
    """
    people, lists = patients.by_stratum[:, -1], patients.registered[:, -1]
    half = N_STRATA // 2
    by_age = people[:, :half] + people[:, half:]
    total = by_age.sum(axis=1)
    known = np.where(total > 0, total, np.nan)
    features = pd.DataFrame(
        {
            "list_size": lists,
            "aged_65": by_age[:, _FIRST_OF_65:].sum(axis=1) / known,
            "under_5": by_age[:, 0] / known,
            "need": patients.weighted[:, -1] / np.where(lists > 0, lists, np.nan),
        },
        index=pd.Index(patients.practices),
    )
    held = features.dropna(axis="columns", how="all")
    names = [f"{name}_away" for name in features]
    columns = ["practice_code", "place", "peer_code", "distance", *names]
    if held.empty or not len(held.columns):
        return pd.DataFrame(columns=columns)
    found = nearest_peers(held, n_peers=n_peers)
    return found.rename(columns={"unit": "practice_code", "peer": "peer_code"}).reindex(
        columns=columns
    )


def is_beyond(verdict: str) -> bool:
    """Tell whether a verdict lies beyond limits, inner or outer."""
    return verdict.startswith(("low_", "high_"))
