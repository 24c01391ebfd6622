"""How far chance alone moves a practice's cost, by the size of its list."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist


def variation(n_patients: Fraction, k_ratio: Fraction) -> Fraction:
    """
    Give the coefficient of variation of a year's cost of a list: k over the root of its size.

    Parameters
    ----------
    n_patients : Fraction
        Patients, not weighted; above 0.
    k_ratio : Fraction
        Standard deviation over mean of one person's yearly cost. [ratio]

    Returns
    -------
    Fraction
        [share]

    Examples
    --------
    >>> round(float(variation(Fraction(10_000), Fraction(4))), 4)
    0.04
    """
    root = (Decimal(n_patients.numerator) / Decimal(n_patients.denominator)).sqrt()
    return k_ratio / Fraction(root)


def chance_band(n_patients: Fraction, k_ratio: Fraction, confidence_share: Fraction) -> Fraction:
    """
    Give the distance either way that chance alone explains, by the normal curve.

    Parameters
    ----------
    n_patients : Fraction
        Patients, not weighted; above 0.
    k_ratio : Fraction
        As in `variation`. [ratio]
    confidence_share : Fraction
        How often a practice at its fair share stays inside; 0.95 for a 95% band. [share]

    Returns
    -------
    Fraction
        [share of the target]
    """
    normal = NormalDist().inv_cdf(float((1 + confidence_share) / 2))
    return variation(n_patients, k_ratio) * Fraction(normal)


def reliability(n_patients: Fraction, spread_share: Fraction, k_ratio: Fraction) -> Fraction:
    """
    Tell how much of a practice's measured difference from others is true and not chance.

    Parameters
    ----------
    n_patients : Fraction
        Patients, not weighted; above 0.
    spread_share : Fraction
        Standard deviation of the true need between practices. [share]
    k_ratio : Fraction
        As in `variation`. [ratio]

    Returns
    -------
    Fraction
        0 where all is chance, 1 where nothing is. [share]
    """
    true = spread_share**2
    noise = k_ratio**2 / n_patients
    return true / (true + noise) if true + noise else Fraction(1)


def shrunk(
    needs: Sequence[Fraction],
    n_patients: Sequence[Fraction],
    spread_share: Fraction,
    k_ratio: Fraction,
) -> list[Fraction]:
    """
    Draw need indices that practices' own records gave towards the mean of all, the small ones most.

    Parameters
    ----------
    needs, n_patients : sequence of Fraction
        One a practice, in the same order. [ratio; patients]
    spread_share, k_ratio : Fraction
        As in `reliability`.

    Returns
    -------
    list of Fraction
        In the order of `needs`. [ratio]
    """
    listed = sum(n_patients, Fraction(0))
    mean = sum((a * n for a, n in zip(needs, n_patients, strict=True)), Fraction(0)) / listed
    return [
        mean + reliability(n, spread_share, k_ratio) * (need - mean)
        for need, n in zip(needs, n_patients, strict=True)
    ]
