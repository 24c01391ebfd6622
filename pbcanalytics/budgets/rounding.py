"""Rounding that keeps sums: no penny is made or lost."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor


def half_up(amount: Fraction) -> int:
    """
    Round to the nearest whole number, halves upwards.

    Examples
    --------
    >>> half_up(Fraction(5, 2)), half_up(Fraction(-5, 2))
    (3, -2)
    """
    return floor(amount + Fraction(1, 2))


def largest_remainder(amounts: Sequence[Fraction], total: int) -> list[int]:
    """
    Round amounts to whole numbers that add up to a given total.

    Each amount is rounded down; what is missing to the total goes, one each, to the amounts with
    the largest remainders, and among equal remainders to the earlier (domain 3.2).

    Parameters
    ----------
    amounts : sequence of Fraction
        Exact amounts. [pence]
    total : int
        What the rounded amounts must add up to; differs from their exact sum by less than 1
        per amount. [pence]

    Returns
    -------
    list of int
        In the order of `amounts`. [pence]

    Raises
    ------
    ValueError
        If no rounding up or down of the amounts can give the total.

    Examples
    --------
    >>> largest_remainder([Fraction(10, 3)] * 3, 10)
    [4, 3, 3]
    """
    down = [floor(a) for a in amounts]
    missing = total - sum(down)
    if not 0 <= missing <= len(amounts):
        raise ValueError(f"{total} is not a rounding of amounts that sum to {sum(amounts)}")
    by_remainder = sorted(range(len(amounts)), key=lambda i: (down[i] - amounts[i], i))
    for i in by_remainder[:missing]:
        down[i] += 1
    return down
