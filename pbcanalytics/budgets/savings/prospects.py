"""What the year may leave for practices, month by month: the chance of a share, and its size."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from statistics import NormalDist
from typing import Final

from pbcanalytics.budgets.forecast.at_month import AtMonth
from pbcanalytics.budgets.forecast.outturn import moments
from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.budgets.savings.agreed_sums import Agreed
from pbcanalytics.budgets.savings.freed_up import ShareRule
from pbcanalytics.budgets.savings.noise_terms import NoiseTerms
from pbcanalytics.budgets.savings.shortfall import shortfall
from pbcanalytics.words.errors import SelectionError

_MIDDLE_80: Final = NormalDist().inv_cdf(0.9)

_NEVER: Final = 1e-6
"""A chance below this is none: what would come with it is lost in rounding. [share]"""


@dataclass(frozen=True)
class Prospect:
    """
    What may be shared at the end of a year, seen from one month.

    Attributes
    ----------
    n_months : int
        Months of the year that had passed.
    elapsed_share : float
        Of the year's work. [share]
    outturn_pence : int
        Expected spending of the whole year. [pence]
    low_80_pence, high_80_pence : int
        Between which it stays four times in five. [pence]
    chance_of_share : float
        That there is anything to share. [share]
    expected_share_pence : int or None
        The practices' share, times that chance; None where the share is not known. [pence]
    if_any_pence : int or None
        The practices' share to expect in the years with one; None where there is no chance. [pence]
    """

    n_months: int
    elapsed_share: float
    outturn_pence: int
    low_80_pence: int
    high_80_pence: int
    chance_of_share: float
    expected_share_pence: int | None
    if_any_pence: int | None


def foreseen(
    of: AtMonth,
    practice_codes: Iterable[str],
    *,
    budget_pence: int,
    practice_share: Fraction | None,
    first_claims_pence: int = 0,
) -> Prospect | None:
    """
    Foresee the share of a group's saving from the forecast of its practices' outturn.

    Parameters
    ----------
    of : AtMonth
    practice_codes : iterable of str
        Of the group.
    budget_pence : int
        Budget of the year. [pence]
    practice_share : Fraction or None
        Of the saving. [share]
    first_claims_pence : int, default 0
        Deficits and claims that come before the share. [pence]

    Returns
    -------
    Prospect or None
        None where one of the practices is in no activity so far.
    """
    found = moments(of, practice_codes)
    if found is None:
        return None
    limit = float(budget_pence - first_claims_pence)
    chance, size = shortfall(limit, found.known_pence, found.rest_pence, found.variance)
    return Prospect(
        of.n_months,
        of.made.elapsed,
        found.point_pence,
        found.low_80_pence,
        found.high_80_pence,
        chance,
        *_share_pence(practice_share, chance, size),
    )


def first_claims(rule: ShareRule, agreed: Agreed | None) -> int:
    """Add up what is recorded and comes before the share, in pence, as far as the rule allows."""
    taken = agreed or Agreed()
    deficit = (taken.prior_deficit_pence or 0) if rule.prior_deficit_first else 0
    return deficit + ((taken.pct_claim_pence or 0) if rule.pct_claim_first else 0)


def _share_pence(
    practice_share: Fraction | None, chance: float, size: float
) -> tuple[int | None, int | None]:
    """Give the practices' part of an expected saving, in all years and in those with one."""
    if practice_share is None:
        return None, None
    expected = float(practice_share) * size
    if_any = half_up(Fraction(expected / chance)) if chance > _NEVER else None
    return half_up(Fraction(expected)), if_any


def prospect(
    *,
    budget_pence: int,
    expected_pence: int,
    actual_pence: int,
    elapsed_share: Fraction,
    n_patients: float,
    practice_share: Fraction,
    terms: NoiseTerms,
    n_months: int,
    first_claims_pence: int = 0,
) -> Prospect:
    """
    Foresee the share of a saving from the spending so far, where no outturn is forecast.

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
    n_months : int
        Months of the year that had passed.
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
    limit = float(budget_pence - first_claims_pence - outturn)
    chance_of_share, size = shortfall(limit, 0.0, 0.0, spread**2)
    return Prospect(
        n_months,
        elapsed,
        half_up(outturn),
        half_up(outturn - Fraction(_MIDDLE_80 * spread)),
        half_up(outturn + Fraction(_MIDDLE_80 * spread)),
        chance_of_share,
        *_share_pence(practice_share, chance_of_share, size),
    )
