"""From what patients had to what was recorded: catch-up, creep, and zero-day admissions."""

import numpy as np
import pandas as pd

from pbcanalytics.synthetic import (
    casemix,
    clinical,
    days,
    emergencies,
    places,
    planting,
    population,
)
from pbcanalytics.synthetic.emergencies import Clinic
from pbcanalytics.synthetic.planting import Planting

TRULY, MISSED, CREPT, ZERO_STAY = range(4)
"""Why a spell is recorded as it is: as it was, too cheap, too dear, or not at home."""

_NON_ELECTIVE = "^2|^8"


def record(
    clinic: Clinic, spells: pd.DataFrame, plan: Planting, rng: np.random.Generator
) -> pd.DataFrame:
    """
    Add the recorded HRG of each spell, and why it differs from the true one where it does.

    Parameters
    ----------
    clinic : Clinic
    spells : DataFrame, one row per spell
        Column `hrg` is what the patient truly had.
    plan : Planting
    rng : Generator

    Returns
    -------
    DataFrame, one row per spell
        With `recorded` (row of the HRG table) and `why` (TRULY, MISSED, CREPT or ZERO_STAY).
    """
    table = clinic.table
    hrg, start = spells["hrg"].to_numpy(), spells["start"].to_numpy()
    provider = spells["provider"].to_numpy()
    acute = spells["admimeth"].str.contains(_NON_ELECTIVE).to_numpy(dtype=bool)
    lots = rng.random((2, len(spells)))
    recorded, why = hrg.copy(), np.full(len(spells), TRULY)

    before = (provider == places.TEACHING) & (start < plan.caught_up_since) & acute
    dear = table["is_dear"].to_numpy()[hrg] & (table["step_down"].to_numpy()[hrg] >= 0)
    missed = before & dear & (lots[0] < plan.missed_before)
    recorded[missed] = planting.cheapest(table).to_numpy()[hrg[missed]]
    why[missed] = MISSED

    after = (provider == places.DISTRICT) & (start >= plan.creep_since) & acute
    crept = after & (lots[1] < planting.creep_chance(table, plan.creep_in).to_numpy()[hrg])
    recorded[crept] = planting.surely_dear(table).to_numpy()[hrg[crept]]
    why[crept] = CREPT
    return spells.assign(recorded=recorded, why=why)


def admit_instead(
    clinic: Clinic,
    people: population.People,
    home: pd.DataFrame,
    brief: casemix.Sampler,
    plan: Planting,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Turn some of XD1's attendances that would have gone home into admissions of no days.

    Parameters
    ----------
    clinic : Clinic
    people : People
    home : DataFrame, one row per attendance
        From `casualty.going_home`, nobody being in hospital already.
    brief : Sampler
        Of the national mix of short emergency stays.
    plan : Planting
    rng : Generator

    Returns
    -------
    tuple of DataFrame
        The attendances with their new disposal, and the spells, one row per admission.
    """
    lot = rng.random(len(home))
    moved = (home["provider"] == places.DISTRICT) & (home["day"] >= plan.zero_stay_since)
    # One admission a person: a second that day would put the person into two beds.
    moved &= (lot < planting.ZERO_STAY_SHARE) & ~home.duplicated(["person", "day"])
    chosen = home[moved]
    person, day = chosen["person"].to_numpy(), chosen["day"].to_numpy()
    age = population.age_on(people.birth[person], day)
    stratum = casemix.strata(age, people.sex[person])
    hrg = brief.draw(stratum, rng.random(len(chosen)))
    spells = pd.DataFrame(
        {
            "person": person,
            "start": day,
            "end": day,
            "leaves": day,
            "hrg": hrg,
            "stratum": stratum,
            "severity": rng.normal(-0.5, 1.0, len(chosen)),
            "provider": places.DISTRICT,
            "admimeth": "21",
            "admisorc": "19",
            "classpat": 1,
            "intmanag": "8",
            "dismeth": "1",
            "disdest": "19",
            "specialty": clinical.EMERGENCY_MEDICINE,
            "recorded": hrg,
            "why": ZERO_STAY,
            "practice": chosen["practice"].to_numpy(),
        }
    )
    disposal = home["disposal"].where(~moved, "01")
    return home.assign(disposal=disposal), spells


def occupied(spells: pd.DataFrame, table: pd.DataFrame, *, first: str, last: str) -> pd.Series:
    """
    Say which rows overlap a stay in hospital of the same person.

    Parameters
    ----------
    spells : DataFrame, one row per spell
        Emergency spells that do not overlap one another.
    table : DataFrame
        Rows with `person`; `first` and `last` name the columns of their first and last day.
    """
    held = spells[spells["admimeth"] != "81"].sort_values(["person", "start"], kind="stable")
    keys = held["person"].to_numpy() * days.NEVER + held["start"].to_numpy()
    person = table["person"].to_numpy()
    at = np.searchsorted(keys, person * days.NEVER + table[last].to_numpy(), side="right") - 1
    if len(held) == 0:
        return pd.Series(False, index=table.index)
    same = (at >= 0) & (held["person"].to_numpy()[at] == person)
    return pd.Series(same & (held["leaves"].to_numpy()[at] >= table[first].to_numpy()), table.index)


def planned_that_fit(spells: pd.DataFrame, planned: pd.DataFrame, n_people: int) -> pd.DataFrame:
    """Keep planned admissions that meet neither an emergency stay nor another planned one."""
    free = planned[~occupied(spells, planned, first="start", last="leaves")]
    free = free.sort_values(["person", "start"], kind="stable")
    idle = np.full(n_people, -1)
    return free[emergencies.is_free(free, idle)].reset_index(drop=True)
