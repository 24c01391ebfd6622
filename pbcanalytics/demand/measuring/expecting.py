"""What a practice would count if its patients came as often as those of all, by age and sex."""

from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.demand.measuring import list_months
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.list_months import Patients
from pbcanalytics.demand.measuring.measures import Measure

LEAST_KNOWN_AGES: Final = 0.9
"""With ages and sexes of fewer of its events known, a measure is not standardised. [share]"""


def expected_of(cube: Cube, measure: Measure, patients: Patients, counted: Array) -> Array:
    """
    Give what each practice would count at the age-specific rates of all.

    The shape by age and sex is that of all practices over all months; its level, month by month,
    is such that expected and observed agree over the practices whose list is known by age. So the
    season is in what is expected of a month.

    Parameters
    ----------
    cube : Cube
    measure : Measure
    patients : Patients
        Of the cube's practices and months.
    counted : array, practices × specialties (all last) × months
        The numerator; not a number where it does not count.

    Returns
    -------
    array, practices (all last) × specialties × months
        Not a number where it is not known, or the measure is not standardised.
    """
    none = np.full((counted.shape[0] + 1, *counted.shape[1:]), np.nan)
    events = events_by_stratum(cube, measure)
    if measure.standardise != "age_sex" or events is None:
        return none
    people = patients.by_stratum
    per_head = events / np.maximum(np.nansum(people, axis=(0, 1)), 1)
    raw = np.einsum("pma,sa->psm", people, per_head)
    is_in = ~np.isnan(raw) & ~np.isnan(counted)
    observed = np.where(is_in, counted, 0).sum(axis=0)
    level = np.where(is_in, raw, 0).sum(axis=0)
    scale = observed / np.where(level > 0, level, np.nan)
    expected = np.where(is_in, raw * scale, np.nan)
    # All together are only held against what is expected of all.
    every = np.where(np.isnan(counted), 0, expected).sum(axis=0, keepdims=True)
    is_told = ~np.isnan(counted).all(axis=0, keepdims=True)
    return np.concatenate([expected, np.where(is_told, every, np.nan)], axis=0)


def events_by_stratum(cube: Cube, measure: Measure) -> Array | None:
    """
    Give the events of each specialty (all last) by sex and band of age.

    Returns
    -------
    array or None
        None where too few of the events have an age and a sex.
    """
    of = cube.ages[measure.numerator.rows(cube.ages)]
    column = "n_days" if measure.numerator.counts_days else "n_events"
    stratum = of["stratum"].to_numpy()
    weights = of[column].to_numpy(float)
    is_known = ~np.isnan(stratum)
    if weights[is_known].sum() < LEAST_KNOWN_AGES * weights.sum() or not weights.sum():
        return None
    specialty = pd.Index(cube.specialties).get_indexer(pd.Index(of["specialty_code"]))
    keep = is_known & (specialty >= 0)
    n = list_months.N_STRATA
    place = specialty[keep] * n + stratum[keep].astype(int)
    sums = np.bincount(place, weights[keep], len(cube.specialties) * n).reshape(-1, n)
    return np.concatenate([sums, sums.sum(axis=0, keepdims=True)], axis=0)
