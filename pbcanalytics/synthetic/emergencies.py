"""Emergency spells of one year: who, when, for what, where, how long, and what follows."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.synthetic import casemix, clinical, days, demand, places, population, stays

_YEARLY_SHAPE: Final = 0.17
_READMITTED: Final = 0.015
_TRANSFERRED: Final = 0.015
_METHODS: Final = np.array(["21", "22", "23", "24", "28", "2A", "2B", "2D"], dtype=object)
_METHOD_SHARE: Final = (0.71, 0.13, 0.02, 0.07, 0.02, 0.03, 0.01, 0.01)


@dataclass(frozen=True)
class Clinic:
    """What every admission is drawn from: HRG table, samplers by use, practices and population."""

    table: pd.DataFrame
    emergency: casemix.Sampler
    neonatal: casemix.Sampler
    planned: dict[tuple[str, str], casemix.Sampler]
    specialties: dict[int, casemix.Sampler]
    places: places.Practices


def members(people: population.People, year: int) -> pd.DataFrame:
    """List who is registered at the last 1 April: one row per person, ages as of that day."""
    person = np.flatnonzero(people.practice[-1] != population.NOBODY)
    return pd.DataFrame(
        {
            "person": person,
            "practice": people.practice[-1][person],
            "age": population.age_on(people.birth[person], days.april(year)),
            "sex": people.sex[person],
            "frailty": people.frailty[person],
        }
    )


def spells(
    clinic: Clinic,
    people: population.People,
    who: pd.DataFrame,
    year: int,
    busy: NDArray[np.int64],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """
    Draw a year's emergency spells, with readmissions and transfers.

    Parameters
    ----------
    clinic : Clinic
    people : People
    who : DataFrame, one row per person
        From `members`, or some of its rows.
    year : int
        Calendar year of the 1 April.
    busy : array, one value per person of `people`
        Last day on which each person is in hospital so far; brought up to date here.
    rng : Generator

    Returns
    -------
    DataFrame, one row per spell
        `person`, `start`, `end` [day numbers], `hrg` (row of the HRG table), `stratum`, `severity`
        and the codes of the HES record. Nobody is in two beds at once.
    """
    yearly = rng.gamma(_YEARLY_SHAPE, 1 / _YEARLY_SHAPE, len(who))
    weights = days.emergency_weights(year)
    rate = demand.emergency_rate(who["age"].to_numpy()) * weights.sum()
    rate = rate * clinic.places.need[who["practice"]] * who["frailty"].to_numpy() * yearly
    count = rng.poisson(rate)
    person = np.repeat(who["person"].to_numpy(), count)
    drawn = _draw(clinic, people, person, days.pick(year, weights, _spaced(count, rng)), rng)
    again = drawn[(rng.random(len(drawn)) < _READMITTED) & (drawn["dismeth"] != "4").to_numpy()]
    back = again["end"].to_numpy() + 1 + np.floor(29 * rng.random(len(again)) ** 1.6)
    more = _draw(clinic, people, again["person"].to_numpy(), back.astype(np.int64), rng)
    both = pd.concat([drawn, more], ignore_index=True)
    both = both.sort_values(["person", "start"], kind="stable", ignore_index=True)
    both = both[is_free(both, busy)].reset_index(drop=True)
    last = both["leaves"].where(both["dismeth"] != "4", days.NEVER).to_numpy()
    np.maximum.at(busy, both["person"].to_numpy(), last)
    died = both[both["dismeth"] == "4"]
    people.died[died["person"]] = np.minimum(people.died[died["person"]], died["end"])
    return _transfers(clinic, both, rng)


def _spaced(count: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    # Frail people come back all through the year; without spacing their spells would crowd so
    # closely that twice as many as in life would count as readmissions.
    each = np.repeat(count, count)
    place = np.arange(len(each)) - np.repeat(np.cumsum(count) - count, count)
    begin = np.repeat(rng.random(len(count)), count)
    return np.asarray(((place + 0.3 * rng.random(len(each))) / np.maximum(each, 1) + begin) % 1.0)


def is_free(table: pd.DataFrame, busy: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which spells, sorted by person and start, begin when the person is not in hospital."""
    person = table["person"].to_numpy()
    leaves = np.where(table["dismeth"] == "4", days.NEVER - 1, table["leaves"])
    lifted = person * days.NEVER + np.maximum(leaves, busy[person])
    before = np.concatenate([[-1], np.maximum.accumulate(lifted)[:-1]]) - person * days.NEVER
    return np.asarray(table["start"].to_numpy() > np.maximum(before, busy[person]))


def _draw(
    clinic: Clinic,
    people: population.People,
    person: NDArray[np.int64],
    start: NDArray[np.int64],
    rng: np.random.Generator,
) -> pd.DataFrame:
    age, sex = population.age_on(people.birth[person], start), people.sex[person]
    stratum = casemix.strata(age, sex)
    hrg = clinic.emergency.draw(stratum, rng.random(len(person)))
    severity = rng.normal(size=len(person))
    short = stays.is_short(clinic.table, hrg, age, rng.random(len(person)))
    los = stays.emergency_days(clinic.table, hrg, age, short, severity, rng)
    dead = stays.dies(clinic.table, hrg, age, short, severity, rng)
    last_row = people.practice[-1][person]
    near = clinic.places.near_district[last_row]
    lot = rng.random(len(person))
    provider = np.where(lot < near, places.DISTRICT, places.TEACHING)
    method = _METHODS[rng.choice(len(_METHODS), len(person), p=_METHOD_SHARE)]
    community = (lot > 0.99) & (age >= 65)
    provider = np.where(community, places.COMMUNITY, provider)
    method[community] = "22"
    onward = (rng.random(len(person)) < _TRANSFERRED) & ~dead & (los >= 1)
    onward_los = stays.emergency_days(clinic.table, hrg, age, ~onward, severity, rng)
    home = np.where((age >= 80) & (rng.random(len(person)) < 0.06), "54", "19")
    alive = np.where(rng.random(len(person)) < 0.02, "2", "1")
    return pd.DataFrame(
        {
            "person": person,
            "start": start,
            "end": start + los,
            "leaves": start + los + np.where(onward, onward_los, 0),
            "hrg": hrg,
            "stratum": stratum,
            "severity": severity,
            "provider": provider,
            "admimeth": method,
            "admisorc": np.asarray(home, dtype=object),
            "classpat": 1,
            "intmanag": "8",
            "dismeth": np.where(dead, "4", np.where(onward, "1", alive)).astype(object),
            "disdest": np.where(dead, "79", np.where(onward, "51", home)).astype(object),
            "specialty": emergency_specialty(clinic, hrg, age, rng),
        }
    )


def emergency_specialty(
    clinic: Clinic, hrg: NDArray[np.int64], age: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[Any]:
    """Choose the specialty that looks after each emergency."""
    codes = clinic.table["like"].to_numpy(dtype=object)
    of_hrg = np.array(
        [clinical.longest_start(clinical.SPECIALTY_OF_EMERGENCY, c, "300") for c in codes],
        dtype=object,
    )[hrg]
    medical = np.isin(of_hrg, ["300", "320", "340", "400"])
    of_hrg[medical & (age >= 78) & (rng.random(len(hrg)) < 0.45)] = clinical.GERIATRICS
    of_hrg[age < 16] = clinical.PAEDIATRICS
    return of_hrg


def _transfers(clinic: Clinic, table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    onward = table[table["disdest"] == "51"].copy()
    at = onward["provider"].to_numpy()
    onward["provider"] = np.where(at == places.TEACHING, places.DISTRICT, places.TEACHING)
    onward = onward.assign(
        start=onward["end"],
        end=onward["leaves"],
        admimeth="81",
        admisorc="51",
        dismeth="1",
        disdest="19",
    )
    return pd.concat([table, onward], ignore_index=True)


def newborn_spells(
    clinic: Clinic, people: population.People, year: int, rng: np.random.Generator
) -> pd.DataFrame:
    """
    Draw the stays of babies who needed care at birth, among those who joined a list this 1 April.

    They are non-elective but no emergencies (ADMIMETH 82): births at the provider.
    """
    born = people.birth
    joined = np.flatnonzero(
        (born >= days.april(year - 1)) & (born < days.april(year)) & (people.practice[-1] >= 0)
    )
    person = joined[rng.random(len(joined)) < 0.1]
    drawn = _draw(clinic, people, person, born[person], rng)
    stratum = casemix.strata(np.zeros(len(person), dtype=np.int64), people.sex[person])
    hrg = clinic.neonatal.draw(stratum, rng.random(len(person)))
    short = stays.is_short(clinic.table, hrg, np.zeros_like(person), rng.random(len(person)))
    los = stays.emergency_days(
        clinic.table, hrg, np.zeros_like(person), short, drawn["severity"].to_numpy(), rng
    )
    return drawn.assign(
        hrg=hrg,
        end=drawn["start"] + los,
        leaves=drawn["start"] + los,
        provider=np.minimum(drawn["provider"], places.TEACHING),
        admimeth="82",
        admisorc="79",
        dismeth="1",
        disdest="19",
        specialty=clinical.PAEDIATRICS,
    )
