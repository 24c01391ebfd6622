"""Why the spending of a line changed: five factors, each its exact share, whatever the order."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import factorial, lcm
from typing import Final

from pbcanalytics.budgets.rounding import largest_remainder

EFFECTS: Final = (
    "list_pence",
    "volume_pence",
    "between_root_pence",
    "within_root_pence",
    "price_pence",
)
"""Registered patients; activity per patient; mix of roots; mix of HRGs within a root; mean price of
an HRG. They add up to the change."""

Cells = Mapping[tuple[str, str], tuple[int, int, int, int]]
"""By root and HRG: activity of the first period and of the second, then pence of each."""

_N: Final = len(EFFECTS)
_WEIGHTS: Final = [Fraction(factorial(k) * factorial(_N - 1 - k), factorial(_N)) for k in range(_N)]
"""Of what a factor adds where k others have moved before it: Shapley's."""


def effects(cells: Cells, n_patients: tuple[int, int]) -> tuple[Fraction, ...]:
    """
    Attribute the change of a line's spending to five factors, exactly.

    Spending is patients × activity per patient × the sum over roots of their share × the sum over
    HRGs of their share of the root × mean price. Each factor gets what it adds, averaged over all
    120 orders in which the five could have moved (Shapley): no order is preferred, and nothing is
    left over.

    Parameters
    ----------
    cells : Cells
        A root that is absent in one period has the mix within it of the other; an HRG that is
        absent has the other's price. Where a period has no activity at all, all is volume.
    n_patients : tuple of int
        List of each period. [patients]

    Returns
    -------
    tuple of Fraction
        In the order of EFFECTS; they sum to the pence of the second period less those of the
        first. [pence]

    Raises
    ------
    ValueError
        If a list is not positive, or there are pence without activity.

    Examples
    --------
    >>> [int(e) for e in effects({("A", "A1"): (10, 20, 1000, 2000)}, (50, 100))]
    [1000, 0, 0, 0, 0]
    """
    if min(n_patients) < 1 or any(pence and not n for n, pence in _periods(cells)):
        raise ValueError("A change needs a list of patients, and activity wherever there are pence")
    active = (sum(c[0] for c in cells.values()), sum(c[1] for c in cells.values()))
    if not all(active):
        change = sum(c[3] - c[2] for c in cells.values())
        return (Fraction(0), Fraction(change), *[Fraction(0)] * (_N - 2))
    means = _mean_prices(cells, active)
    amounts = [
        n_patients[s & 1] * Fraction(active[s >> 1 & 1], n_patients[s >> 1 & 1]) * means[s >> 2]
        for s in range(1 << _N)
    ]
    return tuple(
        sum(
            (
                _WEIGHTS[s.bit_count()] * (amounts[s | 1 << factor] - amounts[s])
                for s in range(1 << _N)
                if not s >> factor & 1
            ),
            Fraction(0),
        )
        for factor in range(_N)
    )


def in_pence(exact: Iterable[Fraction]) -> list[int]:
    """
    Round effects to whole pence that keep their sum; a change turned round is rounded the same.

    Parameters
    ----------
    exact : iterable of Fraction
        That sum to a whole number. [pence]

    Returns
    -------
    list of int
        [pence]

    Examples
    --------
    >>> in_pence([Fraction(1, 2), Fraction(1, 2)]), in_pence([Fraction(-1, 2), Fraction(-1, 2)])
    ([1, 0], [-1, 0])
    """
    amounts = list(exact)
    total = sum(amounts, Fraction(0))
    leading = next((a for a in (total, *amounts) if a), Fraction(0))
    sign = -1 if leading < 0 else 1
    rounded = largest_remainder([sign * a for a in amounts], int(sign * total))
    return [sign * r for r in rounded]


def _periods(cells: Cells) -> Iterable[tuple[int, int]]:
    """List activity and pence of every cell, of the one period and of the other."""
    for before, after, pence_before, pence_after in cells.values():
        yield before, pence_before
        yield after, pence_after


def _mean_prices(cells: Cells, active: tuple[int, int]) -> list[Fraction]:
    """
    Give the mean price of an activity with each of three factors in either period.

    Returns
    -------
    list of Fraction
        At 1 × mix of roots + 2 × mix within + 4 × price, each 0 or 1. [pence]
    """
    of_roots: dict[str, list[int]] = {}
    for (root, _), (before, after, *_) in cells.items():
        own = of_roots.setdefault(root, [0, 0])
        own[0] += before
        own[1] += after
    means = []
    for s in range(8):
        mix, within, price = s & 1, s >> 1 & 1, s >> 2
        # Numerators are summed by denominator first: whole numbers are quick, fractions slow.
        sums: dict[int, int] = {}
        for (root, _), cell in cells.items():
            n_roots = of_roots[root]
            n_root = n_roots[mix]
            if not n_root:
                continue
            w = within if n_roots[within] else 1 - within
            n = cell[w]
            if not n:
                continue
            p = price if cell[price] else 1 - price
            if p == w:
                below, above = n_roots[w], n_root * cell[2 + p]
            else:
                below, above = n_roots[w] * cell[p], n_root * n * cell[2 + p]
            sums[below] = sums.get(below, 0) + above
        common = lcm(*sums)
        whole = sum(above * (common // below) for below, above in sums.items())
        means.append(Fraction(whole, common * active[mix]))
    return means
