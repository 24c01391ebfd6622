"""Which groups a measure is not told of: small months, and what follows from two measures or more.

Planned admissions less day cases are stays in a bed, whichever measures tell the two. What is told
of measures are sums of rows of the cube, numerators and denominators alike, so that each sum less
others that are parts of it is judged as if it were a measure of its own. Nothing is listed by
name: an analyst's own measures are judged like those that are shipped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.measuring.groups import GroupSeries
from pbcanalytics.demand.measuring.measures import Condition
from pbcanalytics.faces.withholding.monitor_withholding import months_untold
from pbcanalytics.faces.withholding.step_groups import Group

MOST_TOGETHER: Final = 4
"""So many sums are set against each other at once, at most."""

KEYS: Final = ("event", "kind", "source", "pod")
"""Columns of the cube by which measures choose rows."""


@dataclass
class _Sum:
    """A sum that measures tell: its kinds of rows, its months, and the measures that tell it."""

    kinds: NDArray[np.bool_]
    months: NDArray[np.float64]
    measures: list[GroupSeries]

    @property
    def use(self) -> tuple[int, int, int]:
        """Say how much it is used: by shipped rates, by rates; the larger sum less."""
        rates = [one.measure for one in self.measures if one.measure.is_rate]
        return sum(not m.is_own for m in rates), len(rates), -int(self.kinds.sum())


def untold_groups(
    series: Sequence[GroupSeries],
    groups: Sequence[Group],
    consortia: Mapping[str, str],
    kinds: pd.DataFrame,
    smallest: int,
) -> dict[str, set[tuple[str, str]]]:
    """
    Choose the groups whose months are withheld, all measures of them together.

    Parameters
    ----------
    series : sequence of GroupSeries
        One a measure, a row a group in the order of `groups`.
    groups : sequence of Group
        The PCT, its consortia, its practices.
    consortia : mapping of str to str
        Consortium of each practice; blank outside all.
    kinds : DataFrame, one row per kind of row of the cube
        Columns KEYS.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of str to set of (kind, code)
        By measure. Of sums that would tell a small number together, the one of least use is
        withheld, and with it every measure that tells it.
    """
    found: dict[str, set[tuple[str, str]]] = {one.measure.name: set() for one in series}
    sums = _sums(series, kinds)
    judged = [(each, each.months) for each in sums]
    for signs, of in _differences(sums):
        left = np.array(signs) @ np.array([each.months.ravel() for each in of])
        judged.append((min(of, key=lambda each: each.use), left.reshape(of[0].months.shape)))
    for each, months in judged:
        few = _untold(months, series[0].months, groups, consortia, smallest)
        for one in each.measures:
            found[one.measure.name] |= few
    return found


def told_whole(series: Sequence[GroupSeries], kinds: pd.DataFrame) -> set[str]:
    """
    List the rates that are told neither of specialties nor of other parts.

    Of two rates of which one is a part of the other, both cut, hardly any part would be safe: the
    one of less use is told of all together.

    Parameters
    ----------
    series, kinds
        As for `untold_groups`.

    Returns
    -------
    set of str
        Names of measures.
    """
    rates = [one for one in series if one.measure.is_rate]
    found: set[str] = set()
    for _, of in _differences(_sums(rates, kinds)):
        found |= {one.measure.name for one in min(of, key=lambda each: each.use).measures}
    return found


def _sums(series: Sequence[GroupSeries], kinds: pd.DataFrame) -> list[_Sum]:
    """List the sums that are told, each once for the same rows."""
    found: dict[bytes, _Sum] = {}
    for one in series:
        below = one.measure.denominator
        told: list[tuple[Condition, NDArray[np.float64]]] = [(one.measure.numerator, one.counts)]
        told += [] if below is None else [(below, one.denominator)]
        for condition, months in told:
            rows = condition.rows(kinds)
            if not rows.any():
                continue
            held = found.setdefault(rows.tobytes(), _Sum(rows, months[:, -1], []))
            # A month may be known of one measure only: of a practice without a list no rate is.
            held.months = np.where(np.isnan(held.months), months[:, -1], held.months)
            if not any(one is other for other in held.measures):
                held.measures.append(one)
    return list(found.values())


def _differences(sums: Sequence[_Sum]) -> Iterator[tuple[tuple[int, ...], list[_Sum]]]:
    """Give the ways in which sums less others are rows, each counted once; the fewest first."""
    for n in range(2, MOST_TOGETHER + 1):
        for own in _joined(sums):
            for of in combinations(own, n):
                rows = np.array([each.kinds for each in of], dtype=int)
                for signs in product((1, -1), repeat=n):
                    left = np.array(signs) @ rows
                    if -1 in signs and left.any() and left.min() == 0 and left.max() == 1:
                        yield signs, list(of)


def _joined(sums: Sequence[_Sum]) -> list[list[_Sum]]:
    """Put those together that share rows, themselves or through others."""
    found: list[list[_Sum]] = []
    for each in sums:
        near = [own for own in found if any((each.kinds & other.kinds).any() for other in own)]
        found = [own for own in found if not any(own is other for other in near)]
        found.append([*(one for own in near for one in own), each])
    return found


def _untold(
    counts: NDArray[np.float64],
    months: pd.DatetimeIndex,
    groups: Sequence[Group],
    consortia: Mapping[str, str],
    smallest: int,
) -> set[tuple[str, str]]:
    """Choose the groups whose months of one sum are withheld."""
    cells = pd.concat(
        [
            pd.DataFrame({"practice_code": g.code, "month": months, "n_activity": counts[n]})
            for n, g in enumerate(groups)
            if g.kind == "practice"
        ]
    ).dropna()
    cells["n_activity"] = cells["n_activity"].round().astype(int)
    (pct,) = [g.code for g in groups if g.kind == "pct"]
    return months_untold(cells, consortia, pct, smallest)
