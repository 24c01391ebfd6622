"""What a referral leads to in outpatients: waits, missed appointments, follow-ups, procedures."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.synthetic import casemix, clinical, days, demand, population
from pbcanalytics.synthetic.emergencies import Clinic

_MEDIAN_WAIT: Final = 40.0
_URGENT_WAIT: Final = 11.0
_NEVER_SEEN: Final = 0.05
_MISSED: Final = 0.07
_LATE: Final = 0.03
_PROCEDURES: Final = 0.155
_MOST_PROCEDURES: Final = 0.7
NO_PROCEDURE: Final = -1


def attendances(
    clinic: Clinic,
    people: population.People,
    referrals: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """
    Follow referrals through outpatients.

    Parameters
    ----------
    clinic : Clinic
    people : People
    referrals : DataFrame, one row per referral
    rng : Generator

    Returns
    -------
    DataFrame, one row per appointment
        The referral's columns (its day as `requested`), `day`, `first` (1 first, 2 follow-up),
        `attended` (5 or 6 seen, 3 did not attend) and `procedure`, a row of the HRG table or -1.
        An appointment that falls after the person's death or removal is still in it.
    """
    lot = rng.random(len(referrals))
    seen = referrals[lot > _NEVER_SEEN].rename(columns={"day": "requested"})
    wait = np.where(seen["priority"] == 3, _URGENT_WAIT, _MEDIAN_WAIT)
    wait = wait * np.exp(0.6 * rng.normal(size=len(seen)))
    first = _book(seen, seen["requested"].to_numpy() + 2 + wait, 1, rng)
    missed = first[(first["attended"] == "3").to_numpy() & (rng.random(len(first)) < 0.6)]
    again = _book(missed, missed["day"].to_numpy() + rng.gamma(4.0, 8.0, len(missed)), 1, rng)
    met = pd.concat([first, again], ignore_index=True)
    met = met[met["attended"] != "3"]
    ratio = np.array([clinical.FOLLOW_UPS.get(s, 2.0) for s in demand.SPECIALTIES])
    expected = ratio[met["specialty"].to_numpy()]
    count = rng.poisson(rng.gamma(1.2, 1 / 1.2, len(met)) * expected)
    row = np.repeat(np.arange(len(met)), count)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    gap = 21 + rng.gamma(1.6, 32.0, len(row))
    # Gaps add up within one referral: a running sum less what stood before the referral's first.
    run = np.cumsum(gap)
    start = np.repeat(np.concatenate([[0.0], run])[np.cumsum(count) - count], count)
    later = met.iloc[row]
    follow = _book(later, later["day"].to_numpy() + run - start, 2, rng)
    follow = follow[place < 10]
    every = pd.concat([first, again, follow], ignore_index=True)
    done = pd.Series(_procedures(clinic, people, every, rng), name="procedure")
    complete: pd.DataFrame = pd.concat([every, done], axis=1)
    return complete


def _book(
    table: pd.DataFrame, day: NDArray[np.float64], first: int, rng: np.random.Generator
) -> pd.DataFrame:
    lot = rng.random(len(table))
    attended = np.where(lot < _MISSED, "3", np.where(lot < _MISSED + _LATE, "6", "5"))
    return table.assign(
        day=days.on_working_day(np.floor(day).astype(np.int64)),
        first=first,
        attended=attended.astype(object),
    )


def procedure_chances(clinic: Clinic) -> NDArray[np.float64]:
    """
    Say how often an attendance of each specialty is a procedure.

    Returns
    -------
    array, one value per specialty [share]
        About 15% over all, divided as the nation's outpatient procedures are.
    """
    volumes = clinic.table["outpatient_procedure"].to_numpy()
    mass = np.zeros(len(demand.SPECIALTIES))
    for number, specialty in enumerate(demand.SPECIALTIES):
        drawn = clinic.planned.get((specialty, "outpatient_procedure"))
        mass[number] = 0.0 if drawn is None else volumes[drawn.members].sum()
    wanted = _PROCEDURES * mass / max(float(mass.sum()), 1.0) / demand.attendances_share()
    return np.asarray(np.minimum(wanted, _MOST_PROCEDURES))


def _procedures(
    clinic: Clinic, people: population.People, table: pd.DataFrame, rng: np.random.Generator
) -> NDArray[np.int64]:
    specialty = table["specialty"].to_numpy()
    chosen = rng.random(len(table)) < procedure_chances(clinic)[specialty]
    chosen &= (table["attended"] != "3").to_numpy()
    person = table["person"].to_numpy()
    age = population.age_on(people.birth[person], table["day"].to_numpy())
    stratum = casemix.strata(np.maximum(age, 0), people.sex[person])
    uniforms = rng.random(len(table))
    drawn = np.full(len(table), NO_PROCEDURE)
    for number, code in enumerate(demand.SPECIALTIES):
        here = np.flatnonzero(chosen & (specialty == number))
        if (code, "outpatient_procedure") in clinic.planned:
            drawn[here] = clinic.planned[code, "outpatient_procedure"].draw(
                stratum[here], uniforms[here]
            )
    return drawn
