"""The mixes that events are drawn from, made once from the shelf for the whole PCT."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.reference import Shelf
from pbcanalytics.synthetic import casemix, casualty, demand, electives, older_groups
from pbcanalytics.synthetic.eras import Era

_PLANNED: Final = ("day_case", "elective", "outpatient_procedure")


@dataclass(frozen=True)
class Samplers:
    """What depends on the shelf alone: HRG table, affinities, and the mixes drawn from."""

    table: pd.DataFrame
    emergency: casemix.Sampler
    neonatal: casemix.Sampler
    brief: casemix.Sampler
    planned: dict[tuple[str, str], casemix.Sampler]
    specialties: dict[int, casemix.Sampler]
    casualty: tuple[list[str], casemix.Sampler]


def samplers(shelf: Shelf, lists: NDArray[np.int64], era: Era) -> Samplers:
    """
    Make every sampler, so that national volumes come out over the PCT's own ages.

    Parameters
    ----------
    shelf : Shelf
    lists : array of practice x sex x age
        The lists of the whole PCT on the first 1 April.
    era : Era
        Which codes there are.
    """
    table = casemix.catalogue(shelf)
    weights = casemix.affinity(table)
    if era.is_older:
        table, weights = older_groups.regrouped(table, weights)
    sex, age = (x.ravel() for x in np.indices(lists.shape[1:]))
    count = lists.sum(axis=0).ravel().astype(np.float64)
    who = casemix.strata(age, sex)
    acute = demand.shares(count * demand.emergency_rate(age), who)
    referred = demand.shares(count * demand.referral_rate(age), who)
    short = table["non_elective_short_stay"].to_numpy()
    both = short + table["non_elective_long_stay"].to_numpy()
    newborn = table["like"].str.startswith("PB").to_numpy(dtype=bool)
    specialties = {column: demand.specialty_sampler(referred, column) for column in (0, 2)}
    return Samplers(
        table=table,
        emergency=casemix.sampler(weights, np.where(newborn, 0.0, both), acute),
        neonatal=casemix.sampler(weights, np.where(newborn, both, 0.0), acute),
        brief=casemix.sampler(weights, np.where(newborn, 0.0, short), acute),
        planned=_planned(table, weights, specialties[0]),
        specialties=specialties,
        casualty=casualty.hrg_sampler(shelf, era),
    )


def _planned(
    table: pd.DataFrame, weights: NDArray[np.float64], by_gp: casemix.Sampler
) -> dict[tuple[str, str], casemix.Sampler]:
    treats = casemix.planned_specialty(table)
    each = np.diff(by_gp.steps, axis=1, prepend=0.0)
    found = {}
    for place, number in enumerate(by_gp.members):
        code = demand.SPECIALTIES[number]
        asked = each[:, place] / max(float(each[:, place].sum()), 1e-9)
        for setting in _PLANNED:
            volumes = np.where(treats == code, table[setting].to_numpy(), 0.0)
            if setting == "day_case":
                volumes = volumes / electives.course_weight(table)
            if volumes.sum() > 0:
                found[code, setting] = casemix.sampler(weights, volumes, asked)
    return found
