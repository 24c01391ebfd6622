"""Referrals of one year, by general practitioners, consultants and others."""

from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.synthetic import casemix, days, demand, places
from pbcanalytics.synthetic.emergencies import Clinic
from pbcanalytics.synthetic.planting import Growth

_BY_EMERGENCY_DEPARTMENT: Final = "04"


def expected(clinic: Clinic, who: pd.DataFrame, year: int) -> pd.Series:
    """Give the GP referrals expected of each person in a financial year."""
    frail = 0.45 + 0.55 * who["frailty"].to_numpy()
    rate = demand.referral_rate(who["age"].to_numpy()) * frail
    rate = rate * np.sqrt(clinic.places.need[who["practice"].to_numpy()])
    return pd.Series(rate * days.referral_weights(year).sum(), index=who.index)


def usual(clinic: Clinic, who: pd.DataFrame, year: int, rng: np.random.Generator) -> pd.DataFrame:
    """
    Draw a year's referrals.

    Parameters
    ----------
    clinic : Clinic
    who : DataFrame, one row per registered person
    year : int
        Calendar year of the 1 April.
    rng : Generator

    Returns
    -------
    DataFrame, one row per referral
        `person`, `day`, `source`, `specialty` (number), `provider`, `priority` and `extra`, whether
        planted growth added it; on working days.
    """
    rate = expected(clinic, who, year).to_numpy()
    drawn = []
    for source, (ratio, column) in demand.SOURCES.items():
        row = np.repeat(np.arange(len(who)), rng.poisson(rate * ratio))
        drawn.append(_lay_out(clinic, who.iloc[row], year, source, column, rng))
    return pd.concat(drawn, ignore_index=True).assign(extra=False)


def extra(
    clinic: Clinic, who: pd.DataFrame, year: int, growth: Growth, rng: np.random.Generator
) -> pd.DataFrame:
    """
    Draw the GP referrals that planted growth adds at one practice.

    Parameters
    ----------
    clinic, who, year, rng
        As for `usual`.
    growth : Growth
        Whose, by how much over the usual rate, in which specialties, since when.
    """
    here = who[who["practice"] == growth.practice]
    rate = expected(clinic, here, year).to_numpy()
    row = np.repeat(np.arange(len(here)), rng.poisson(rate * growth.share))
    drawn = _lay_out(clinic, here.iloc[row], year, demand.BY_GP, 0, rng)
    wanted = [demand.SPECIALTIES.index(s) for s in growth.specialties]
    added = drawn["specialty"].isin(wanted) & (drawn["day"] >= growth.since)
    return drawn[added].assign(extra=True).reset_index(drop=True)


def _lay_out(
    clinic: Clinic,
    who: pd.DataFrame,
    year: int,
    source: str,
    column: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    stratum = casemix.strata(who["age"].to_numpy(), who["sex"].to_numpy())
    specialty = clinic.specialties[column].draw(stratum, rng.random(len(who)))
    lot = rng.random(len(who))
    near = clinic.places.near_district[who["practice"].to_numpy()]
    provider = np.where(rng.random(len(who)) < near, places.DISTRICT, places.TEACHING)
    codes = np.array(demand.SPECIALTIES, dtype=object)[specialty]
    provider[np.isin(codes, ["100", "110", "130"]) & (lot < 0.18)] = places.INDEPENDENT
    provider[np.isin(codes, ["330", "430"]) & (lot < 0.3)] = places.COMMUNITY
    provider[codes == "800"] = places.TEACHING
    emergency = (source == "92") & (rng.random(len(who)) < 0.5)
    weights = days.referral_weights(year)
    return pd.DataFrame(
        {
            "person": who["person"].to_numpy(),
            "day": days.pick(year, weights, rng.random(len(who))),
            "source": np.where(emergency, _BY_EMERGENCY_DEPARTMENT, source).astype(object),
            "specialty": specialty,
            "provider": provider,
            "priority": rng.choice(np.array([1, 2, 3]), len(who), p=(0.8, 0.13, 0.07)),
        }
    )
