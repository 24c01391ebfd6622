"""What the year may leave for practices, month by month: the chance of a share, and its size."""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from statistics import NormalDist
from typing import Final

from pbcanalytics.budgets.noise_terms import NoiseTerms
from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.words.errors import SelectionError

_NORMAL: Final = NormalDist()
_MIDDLE_80: Final = _NORMAL.inv_cdf(0.9)


@dataclass(frozen=True)
class Prospect:
    """
    What may be shared at the end of a year, seen from one month.

    Attributes
    ----------
    elapsed_share : Fraction
        Of the year's work. [share]
    outturn_pence : int
        Expected spending of the whole year. [pence]
    low_pence, high_pence : int
        Between which it stays four times in five. [pence]
    chance_of_share : float
        That there is anything to share. [share]
    expected_pence : int
        The practices' share, times that chance. [pence]
    if_any_pence : int or None
        The practices' share to expect in the years with one; None where there is no chance. [pence]
    """

    elapsed_share: Fraction
    outturn_pence: int
    low_pence: int
    high_pence: int
    chance_of_share: float
    expected_pence: int
    if_any_pence: int | None


def prospect(
    *,
    budget_pence: int,
    expected_pence: int,
    actual_pence: int,
    elapsed_share: Fraction,
    n_patients: float,
    practice_share: Fraction,
    terms: NoiseTerms,
    first_claims_pence: int = 0,
) -> Prospect:
    """
    Foresee the share of a saving from the spending so far.

    What is expected of the rest of the year lies between the rate so far and the rate of the base
    years, by how far chance moves each (`NoiseTerms`). Late coding is not in it: develop the
    spending first, or read young months as a saving that goes away.

    Parameters
    ----------
    budget_pence : int
        Budget of the year. [pence]
    expected_pence : int
        Spending of the year to expect from the base years, before any was seen: the budget before
        it was cut to what the PCT affords. [pence]
    actual_pence : int
        Spending so far. [pence]
    elapsed_share : Fraction
        Of the year's work that this is the spending of; 0 before the year begins. [share]
    n_patients : float
        [patients]
    practice_share : Fraction
        Of the saving. [share]
    terms : NoiseTerms
    first_claims_pence : int, default 0
        Deficits and claims that come before the share. [pence]

    Returns
    -------
    Prospect

    Raises
    ------
    SelectionError
        If the elapsed share is no share, or the list or the expected spending is not above 0.
    """
    if not 0 <= elapsed_share <= 1 or not n_patients > 0 or expected_pence <= 0:
        raise SelectionError(
            f"Nothing can be foreseen from {float(elapsed_share):.0%} of a year, {n_patients} "
            f"patients and {expected_pence} pence of expected spending. Give a share from 0 to 1, "
            "and a list and a spending above 0."
        )
    chance = terms.spread_per_person_ratio**2 / n_patients
    prior = chance / terms.base_years + terms.drift_share**2
    elapsed = float(elapsed_share)
    weight = Fraction(prior * elapsed / (prior * elapsed + chance))
    rest = 1 - elapsed_share
    seen = Fraction(actual_pence) / elapsed_share if elapsed_share else Fraction(0)
    outturn = actual_pence + rest * (weight * seen + (1 - weight) * expected_pence)
    rate_variance = 1 / (1 / prior + elapsed / chance)
    spread = expected_pence * sqrt(float(rest) ** 2 * rate_variance + float(rest) * chance)
    left = budget_pence - first_claims_pence - outturn
    certainty, size = _beyond(float(left), spread)
    expected = float(practice_share) * size
    return Prospect(
        elapsed_share=elapsed_share,
        outturn_pence=half_up(outturn),
        low_pence=half_up(outturn - Fraction(_MIDDLE_80 * spread)),
        high_pence=half_up(outturn + Fraction(_MIDDLE_80 * spread)),
        chance_of_share=certainty,
        expected_pence=half_up(Fraction(expected)),
        if_any_pence=half_up(Fraction(expected / certainty)) if certainty else None,
    )


def _beyond(mean: float, spread: float) -> tuple[float, float]:
    """Give the chance that a normal sum is above nothing, and its expected part above nothing."""
    if not spread:
        return float(mean > 0), max(mean, 0.0)
    z = mean / spread
    return _NORMAL.cdf(z), spread * (_NORMAL.pdf(z) + z * _NORMAL.cdf(z))
