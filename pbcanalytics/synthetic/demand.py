"""How often people of each age come: the rates per head of the invented PCT."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.synthetic import casemix, clinical

BY_GP: Final = "03"
SOURCES: Final[dict[str, tuple[float, int]]] = {BY_GP: (1.0, 0), "05": (0.2, 2), "92": (0.07, 0)}
"""REFSOURC code: referrals per GP referral [ratio], and whose choice of specialty they follow."""

SPECIALTIES: Final = list(clinical.REFERRAL_SHARE)
"""The specialties that take referrals, in the order of their numbers here."""

GP_REFERRALS_PER_HEAD: Final = 0.275
"""About what `referral_rate` comes to over an English age profile. [per person and year]"""

_AGES: Final = (0, 2, 5, 12, 20, 35, 50, 60, 70, 80, 90, 96)
_EMERGENCY: Final = (175, 116, 44, 37, 64, 64, 76, 102, 170, 315, 550, 655)
_AE_HOME: Final = (560, 460, 270, 280, 390, 300, 230, 210, 240, 330, 430, 450)
_REFERRAL: Final = (150, 140, 105, 120, 200, 230, 300, 360, 480, 540, 430, 380)


def emergency_rate(age: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give emergency spells per person and year, before need and frailty."""
    return np.interp(age, _AGES, _EMERGENCY) / 1000


def home_rate(age: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give A&E attendances per person and year that end without admission."""
    return np.interp(age, _AGES, _AE_HOME) / 1000


def referral_rate(age: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give GP referrals per person and year, before need and frailty."""
    return np.interp(age, _AGES, _REFERRAL) / 1000


def shares(weights: NDArray[np.float64], who: NDArray[np.int64]) -> NDArray[np.float64]:
    """
    Share out expected events over the strata.

    Parameters
    ----------
    weights : array, one value per person
        Expected events of the person.
    who : array, one value per person
        Stratum of the person.

    Returns
    -------
    array, one value per stratum
        Shares that sum to 1.
    """
    sums = np.bincount(who, weights=weights, minlength=casemix.N_STRATA)
    return np.asarray(sums / max(float(sums.sum()), 1e-9))


def specialty_sampler(demand: NDArray[np.float64], column: int) -> casemix.Sampler:
    """
    Make the sampler of the specialty that a person is referred to.

    Parameters
    ----------
    demand : array, one value per stratum
        Share of the referrals that each stratum makes.
    column : int
        0 for referrals by GPs, 2 for referrals by consultants.
    """
    codes = list(clinical.REFERRAL_SHARE)
    rows = clinical.REFERRAL_SHARE.values()
    volumes = np.array([row[column] for row in rows])
    slopes = np.array([row[1] for row in rows])
    middle = np.append(casemix.BAND_STARTS[1:], 100) / 2 + casemix.BAND_STARTS / 2
    drawn = np.exp(slopes * (np.maximum(middle, 15.0)[:, None] - 50) / 20)
    child = (casemix.BAND_STARTS < 13)[:, None]
    paediatric = np.array([c == clinical.PAEDIATRICS for c in codes])
    drawn *= np.where(child, np.where(paediatric, 8.0, 0.5), np.where(paediatric, 0.0, 1.0))
    geriatric = np.array([c == clinical.GERIATRICS for c in codes])
    drawn *= np.where((casemix.BAND_STARTS < 60)[:, None] & geriatric, 0.0, 1.0)
    weights = np.repeat(drawn[:, None, :], 2, axis=1)
    women = np.array([c == "502" for c in codes])
    weights[:, 0, women] = 0.0
    return casemix.sampler(weights.reshape(casemix.N_STRATA, len(codes)), volumes, demand)


def firsts_per_gp_referral() -> NDArray[np.float64]:
    """Give first attendances [ratio], by specialty, that go with one GP referral to any."""
    rows = np.array(list(clinical.REFERRAL_SHARE.values()))
    shares_of = rows / rows.sum(axis=0)
    per = sum(ratio * shares_of[:, column] for ratio, column in SOURCES.values())
    return np.asarray(per) * 0.9


def attendances_share() -> NDArray[np.float64]:
    """Give each specialty's share of all attendances, first and follow-up."""
    ratio = np.array([1 + clinical.FOLLOW_UPS.get(s, 2.0) for s in SPECIALTIES])
    expected = firsts_per_gp_referral() * ratio
    return np.asarray(expected / expected.sum())
