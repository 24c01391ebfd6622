"""What a rule for sharing savings pays if nothing has changed: closed forms by size of list."""

from fractions import Fraction
from math import sqrt
from statistics import NormalDist
from typing import Final

from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.budgets.savings.noise_terms import NoiseTerms
from pbcanalytics.words.errors import SelectionError

_NORMAL: Final = NormalDist()

NAIVE: Final = "any_underspend"
ONCE_PASSED: Final = "any_underspend_once_minimum_is_passed"
ABOVE_MINIMUM: Final = "above_minimum"
CREDIBLE: Final = "credible_part"
DEFAULT: Final = "above_raised_minimum"

PAY_OUTS: Final = (NAIVE, ONCE_PASSED, ABOVE_MINIMUM, CREDIBLE, DEFAULT)
"""Rules for paying a share of a saving: of any; of all of it if it passes the minimum savings rate;
of what is above that rate; of the credible part; of what is above a rate that is raised, for small
lists, until chance is expected to be paid no more than the terms allow."""

_PRECISION: Final = 1e-12


def saving_noise_share(n_patients: float, terms: NoiseTerms) -> float:
    """
    Give the standard deviation of a saving that is chance alone (trends 5).

    Parameters
    ----------
    n_patients : float
        List of the practice or group. [patients]
    terms : NoiseTerms

    Returns
    -------
    float
        [share of budget]

    Raises
    ------
    SelectionError
        If the list is not above 0.

    Examples
    --------
    >>> terms = NoiseTerms(3.6, 0.02, 0.02, 1, 0.9, 0.0025)
    >>> round(saving_noise_share(6_500, terms), 4)
    0.0662
    """
    if not n_patients > 0:
        raise SelectionError(
            f"A list of {n_patients} patients has no chance variation that could be reckoned. "
            "Give a list size above 0."
        )
    years = 1 / terms.base_years + 1 / terms.measured_years
    return sqrt(terms.spread_per_person_ratio**2 / n_patients * years + terms.drift_share**2)


def minimum_saving_share(n_patients: float, terms: NoiseTerms) -> float:
    """
    Give the minimum savings rate: a saving below it cannot be told from chance.

    Returns
    -------
    float
        [share of budget]

    Examples
    --------
    >>> terms = NoiseTerms(3.6, 0.02, 0.02, 1, 0.9, 0.0025)
    >>> round(minimum_saving_share(6_500, terms), 5)
    0.08489
    """
    return _NORMAL.inv_cdf(terms.least_confidence_share) * saving_noise_share(n_patients, terms)


def credible_share(n_patients: float, terms: NoiseTerms) -> float:
    """
    Give the part of an apparent saving that is likely to be true. [share of the saving].

    Examples
    --------
    >>> terms = NoiseTerms(3.6, 0.02, 0.02, 1, 0.9, 0.0025)
    >>> round(credible_share(6_500, terms), 3)
    0.084
    """
    true = terms.true_saving_share**2
    return true / (true + saving_noise_share(n_patients, terms) ** 2)


def raised_minimum_share(n_patients: float, practice_share: Fraction, terms: NoiseTerms) -> float:
    """
    Give the minimum savings rate of DEFAULT: high enough that chance is paid no more than allowed.

    Parameters
    ----------
    n_patients : float
        [patients]
    practice_share : Fraction
        Of the saving above the rate. [share]
    terms : NoiseTerms

    Returns
    -------
    float
        At least `minimum_saving_share`. [share of budget]
    """
    noise = saving_noise_share(n_patients, terms)
    z = _NORMAL.inv_cdf(terms.least_confidence_share)
    full = float(practice_share) * noise
    if full * _excess(z) <= terms.most_noise_share:
        return z * noise
    low, high = z, z + 1
    while full * _excess(high) > terms.most_noise_share:
        low, high = high, high + 1
    while high - low > _PRECISION:
        middle = (low + high) / 2
        low, high = (
            (middle, high) if full * _excess(middle) > terms.most_noise_share else (low, middle)
        )
    return high * noise


def expected_for_noise_share(
    pay_out: str, n_patients: float, practice_share: Fraction, terms: NoiseTerms
) -> float:
    """
    Give what a rule is expected to pay if nothing has changed.

    Parameters
    ----------
    pay_out : str
        One of PAY_OUTS.
    n_patients : float
        [patients]
    practice_share : Fraction
        Of what the rule counts as saved. [share]
    terms : NoiseTerms

    Returns
    -------
    float
        [share of budget]

    Raises
    ------
    SelectionError
        If there is no such rule.

    Notes
    -----
    Savings by chance are taken as normal; the tail beyond 10% of a list of 6,500 is some 12%
    fatter (trends 3).

    Examples
    --------
    >>> terms = NoiseTerms(3.6, 0.02, 0.02, 1, 0.9, 0.0025)
    >>> round(expected_for_noise_share(NAIVE, 6_500, Fraction("0.7"), terms), 4)
    0.0185
    """
    noise = saving_noise_share(n_patients, terms)
    full = float(practice_share) * noise
    z = _NORMAL.inv_cdf(terms.least_confidence_share)
    if pay_out == NAIVE:
        return full * _NORMAL.pdf(0)
    if pay_out == ONCE_PASSED:
        return full * _NORMAL.pdf(z)
    if pay_out == ABOVE_MINIMUM:
        return full * _excess(z)
    if pay_out == CREDIBLE:
        return full * _NORMAL.pdf(0) * credible_share(n_patients, terms)
    if pay_out == DEFAULT:
        raised = raised_minimum_share(n_patients, practice_share, terms)
        return full * _excess(raised / noise)
    raise _no_such(pay_out)


def payable_pence(
    pay_out: str,
    saving_pence: int,
    budget_pence: int,
    n_patients: float,
    practice_share: Fraction,
    terms: NoiseTerms,
) -> int:
    """
    Give what a rule pays of an apparent saving.

    Parameters
    ----------
    pay_out : str
        One of PAY_OUTS.
    saving_pence, budget_pence : int
        Net saving, or overspend below nothing, and the budget it is held against. [pence]
    n_patients : float
        [patients]
    practice_share : Fraction
        [share]
    terms : NoiseTerms

    Returns
    -------
    int
        From nothing up to the share of the saving. [pence]

    Raises
    ------
    SelectionError
        If there is no such rule.
    """
    counted = Fraction(max(saving_pence, 0))
    minimum = Fraction(minimum_saving_share(n_patients, terms)) * budget_pence
    if pay_out == ONCE_PASSED:
        counted = counted if counted > minimum else Fraction(0)
    elif pay_out == ABOVE_MINIMUM:
        counted = max(counted - minimum, Fraction(0))
    elif pay_out == CREDIBLE:
        counted *= Fraction(credible_share(n_patients, terms))
    elif pay_out == DEFAULT:
        raised = Fraction(raised_minimum_share(n_patients, practice_share, terms))
        counted = max(counted - raised * budget_pence, Fraction(0))
    elif pay_out != NAIVE:
        raise _no_such(pay_out)
    return half_up(practice_share * counted)


def chance_of_passing_share(
    true_saving_share: float, minimum_share: float, n_patients: float, terms: NoiseTerms
) -> float:
    """
    Give the chance that a practice that truly saves so much passes a minimum savings rate.

    Parameters
    ----------
    true_saving_share, minimum_share : float
        [share of budget]
    n_patients : float
        [patients]
    terms : NoiseTerms

    Returns
    -------
    float
        [share]
    """
    noise = saving_noise_share(n_patients, terms)
    return _NORMAL.cdf((true_saving_share - minimum_share) / noise)


def _excess(z: float) -> float:
    """Give the expected excess of a standard normal number over z."""
    return _NORMAL.pdf(z) - z * _NORMAL.cdf(-z)


def _no_such(pay_out: str) -> SelectionError:
    return SelectionError(
        f"There is no pay-out rule {pay_out!r}. Choose one of {', '.join(PAY_OUTS)}."
    )
