"""Planned admissions: day cases and ordinary stays that outpatient attendances lead to."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.synthetic import casemix, clinical, days, demand, places, population, stays
from pbcanalytics.synthetic.emergencies import Clinic

RATE_PER_HEAD: Final = {"day_case": 0.072, "elective": 0.0185}
"""Planned admissions that referrals are to lead to. [per person and year]"""

_COURSE: Final = 4.0
_MEDIAN_WAIT: Final = 62.0
_REGULAR_PER_PERSON: Final = 1 / 3000


def spells(
    clinic: Clinic,
    people: population.People,
    appointments: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """
    Turn first attendances into planned admissions.

    Parameters
    ----------
    clinic : Clinic
    people : People
    appointments : DataFrame, one row per appointment
        From `outpatients.attendances`.
    rng : Generator

    Returns
    -------
    DataFrame, one row per spell
        In the columns of `emergencies.spells`. Treatments given as courses come back every few
        weeks, oftener for frail people.
    """
    met = appointments[(appointments["first"] == 1) & (appointments["attended"] != "3")]
    drawn = [_first_of_course(clinic, people, met, setting, rng) for setting in RATE_PER_HEAD]
    begun = pd.concat(drawn, ignore_index=True)
    return pd.concat([begun, _rest_of_course(clinic, people, begun, rng)], ignore_index=True)


def course_weight(table: pd.DataFrame) -> NDArray[np.float64]:
    """Give the admissions [ratio] that one start of each HRG's treatment leads to on average."""
    in_course = table["like"].str.startswith(clinical.COURSES).to_numpy(dtype=bool)
    return np.where(in_course, _COURSE, 1.0)


def conversion(clinic: Clinic, setting: str) -> NDArray[np.float64]:
    """Say what share of first attendances of each specialty leads to admission."""
    volumes = clinic.table[setting].to_numpy()
    if setting == "day_case":
        volumes = volumes / course_weight(clinic.table)
    mass = np.zeros(len(demand.SPECIALTIES))
    for number, specialty in enumerate(demand.SPECIALTIES):
        drawn = clinic.planned.get((specialty, setting))
        mass[number] = 0.0 if drawn is None else volumes[drawn.members].sum()
    per_first = demand.GP_REFERRALS_PER_HEAD * demand.firsts_per_gp_referral()
    rate = RATE_PER_HEAD[setting] * mass / max(float(clinic.table[setting].sum()), 1.0)
    return np.asarray(np.minimum(rate / per_first, 0.95))


def _first_of_course(
    clinic: Clinic,
    people: population.People,
    met: pd.DataFrame,
    setting: str,
    rng: np.random.Generator,
) -> pd.DataFrame:
    chance = conversion(clinic, setting)[met["specialty"].to_numpy()]
    goes = met[rng.random(len(met)) < chance]
    wait = _MEDIAN_WAIT * np.exp(0.6 * rng.normal(size=len(goes)))
    start = days.on_working_day((goes["day"].to_numpy() + 7 + wait).astype(np.int64))
    person = goes["person"].to_numpy()
    age = population.age_on(people.birth[person], start)
    stratum = casemix.strata(age, people.sex[person])
    hrg = np.full(len(goes), -1)
    uniforms = rng.random(len(goes))
    specialty = goes["specialty"].to_numpy()
    for number, code in enumerate(demand.SPECIALTIES):
        here = np.flatnonzero(specialty == number)
        if (code, setting) in clinic.planned:
            hrg[here] = clinic.planned[code, setting].draw(stratum[here], uniforms[here])
    same_day = setting == "day_case"
    los = np.zeros_like(hrg) if same_day else stays.elective_days(clinic.table, hrg, rng)
    provider = goes["provider"].to_numpy()
    waiting = rng.choice(np.array(["11", "12", "13"], dtype=object), len(goes), p=(0.6, 0.3, 0.1))
    drawn = pd.DataFrame(
        {
            "person": person,
            "start": start,
            "end": start + los,
            "leaves": start + los,
            "hrg": hrg,
            "stratum": stratum,
            "severity": rng.normal(size=len(goes)),
            "provider": np.where(provider == places.COMMUNITY, places.DISTRICT, provider),
            "admimeth": waiting,
            "admisorc": "19",
            "classpat": 2 if same_day else 1,
            "intmanag": "2" if same_day else "1",
            "dismeth": "1",
            "disdest": "19",
            "specialty": np.array(demand.SPECIALTIES, dtype=object)[specialty],
        }
    )
    return drawn[drawn["hrg"] >= 0].reset_index(drop=True)


def _rest_of_course(
    clinic: Clinic, people: population.People, begun: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    in_course = course_weight(clinic.table)[begun["hrg"].to_numpy()] > 1
    first = begun[in_course & (begun["classpat"] == 2).to_numpy()]
    frail = people.frailty[first["person"].to_numpy()]
    # Persons with planned care are already frailer than the mean, hence the level of 0.6.
    count = rng.poisson(rng.gamma(0.8, 1 / 0.8, len(first)) * (_COURSE - 1) * (0.6 + 0.2 * frail))
    count = np.minimum(count, 24)
    row = np.repeat(np.arange(len(first)), count)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + 1
    later = first.iloc[row]
    start = days.on_working_day(later["start"].to_numpy() + 28 * place)
    repeated: pd.DataFrame = later.assign(start=start, end=start, leaves=start, admimeth="13")
    return repeated


def regular_attenders(
    clinic: Clinic, people: population.People, *, n_from: int, rng: np.random.Generator
) -> pd.DataFrame:
    """
    Draw the few regular day attenders: weekly visits that share a spell number.

    Returns
    -------
    DataFrame, one row per visit
        In the columns of `emergencies.spells`, with `shared`, a number common to one person's
        visits.
    """
    adults = np.flatnonzero(population.age_on(people.birth, days.april(n_from)) >= 40)
    weight = people.frailty[adults] + 0.01
    n_years = len(people.practice) - 1
    n_people = max(1, round(len(adults) * _REGULAR_PER_PERSON)) * n_years
    n_people = min(n_people, len(adults))
    chosen = rng.choice(adults, n_people, False, p=weight / weight.sum())
    count = rng.integers(8, 30, n_people)
    person = np.repeat(chosen, count)
    place = np.arange(len(person)) - np.repeat(np.cumsum(count) - count, count)
    begins = days.april(n_from) + np.repeat(rng.integers(0, 365 * n_years, n_people), count)
    start = days.on_working_day(begins + 7 * place)
    age = population.age_on(people.birth[person], start)
    stratum = casemix.strata(age, people.sex[person])
    uniforms = np.repeat(rng.random(n_people), count)
    return pd.DataFrame(
        {
            "person": person,
            "start": start,
            "end": start,
            "leaves": start,
            "hrg": clinic.planned["303", "day_case"].draw(stratum, uniforms),
            "stratum": stratum,
            "severity": 0.0,
            "provider": places.DISTRICT,
            "admimeth": "13",
            "admisorc": "19",
            "classpat": 3,
            "intmanag": "4",
            "dismeth": "1",
            "disdest": "19",
            "specialty": "303",
            "shared": np.repeat(np.arange(n_people), count),
        }
    )
