"""Every sum of a year's activity that is told, in one ledger, whichever table tells it.

Activity is looked at cell by cell: the practice that it is recorded under, point of delivery and
month. A sum is a set of cells, whoever answers for them in a table: steps of prices have practices
as they are a year later, monitoring has those of 1 April, the record of forecasts those of today.
What is asked for is told where nothing small follows from it and all that was told before
(`subtraction.tellable`, decision 5).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.budgets.monitor.month_shares import MONTHS, HeldMonths, month_starts
from pbcanalytics.faces.withholding.subtraction import tellable
from pbcanalytics.faces.withholding.taken_steps import ALL

Cells = NDArray[np.bool_]
"""Which cells of a ledger a sum is made of."""


@dataclass(frozen=True)
class Elsewhere:
    """
    Activity, and the sums of it that other tables tell.

    Attributes
    ----------
    cells : DataFrame, one row per practice of the record, line, month, year and price year
        `practice_code`, `pod`, `month`, `financial_year`, `price_year`, `n_activity`, `n_priced`.
    told : sequence of (year of activity, practices of the record, point of delivery or ALL)
        What is told of whole years.
    hidden : set of (budget year, practice, point of delivery)
        Lines of budgets that are withheld.
    practices : DataFrame, one row per practice
        Table `practices`.
    """

    cells: pd.DataFrame
    told: Sequence[tuple[str, frozenset[str], str]]
    hidden: frozenset[tuple[str, str, str]]
    practices: pd.DataFrame


class Ledger:
    """
    The cells of one year of activity, and every sum of them that is told.

    Parameters
    ----------
    cells : DataFrame
        As `Elsewhere.cells`, of one year.
    financial_year : str
    smallest : int
        The smallest count that may be shown.
    """

    def __init__(self, cells: pd.DataFrame, financial_year: str, smallest: int) -> None:
        keys, counts = ["practice_code", "pod", "month"], ["n_activity", "n_priced"]
        # Activity without a month is in sums of the year, and in no month of it.
        known = cells.assign(
            month=pd.to_datetime(cells["month"]).fillna(pd.Timestamp(0)),
            price_year=cells["price_year"].fillna(""),
        )
        wide = known.groupby([*keys, "price_year"])[counts].sum().unstack(fill_value=0)
        # One row a way of counting: pounds are those of priced activity, at any year's prices.
        self.counts = np.unique(wide.to_numpy(dtype=np.int64).T, axis=0)
        places = {pd.Timestamp(m): n for n, m in enumerate(month_starts(financial_year))}
        self.practice = wide.index.get_level_values(0).to_numpy(dtype=object)
        self.pod = wide.index.get_level_values(1).to_numpy(dtype=object)
        self.at = np.array([places.get(m, -1) for m in wide.index.get_level_values(2)], dtype=int)
        self._names, self._whose = np.unique(self.practice.astype(str), return_inverse=True)
        self.smallest = smallest
        self.of_year: list[Cells] = []
        self.of_months: list[Cells] = []

    def cells(self, practices: Collection[str], pod: str = ALL) -> Cells:
        """Give the cells of practices of the record, of one line or all."""
        own = np.isin(self._names, list(practices))[self._whose]
        return np.asarray(own if pod == ALL else own & (self.pod == pod))

    def counted(
        self, answers: Mapping[str, str], months: Collection[int], held: HeldMonths
    ) -> Cells:
        """Give the cells of months that count, April being 0, and that nobody else holds."""
        rows = zip(self.practice, self.pod, self.at, strict=True)
        return np.array(
            [
                at in months and at not in held.get((answers.get(p, ""), pod), ())
                for p, pod, at in rows
            ],
            dtype=bool,
        )

    def size(self, sum_: Cells) -> int:
        """Count the activity of a sum."""
        return int(self.counts[:, sum_].sum(axis=1).max(initial=0))

    def ask(self, wanted: Sequence[Cells]) -> list[bool]:
        """Say which sums of the year may be told, those that matter most first; keep these."""
        may = self._judged([*self.of_year, *self._by_month()], [[sum_] for sum_ in wanted])
        self.of_year += [sum_ for sum_, yes in zip(wanted, may, strict=True) if yes]
        return may

    def ask_by_month(self, wanted: Sequence[Cells]) -> list[bool]:
        """Say which sums may be told month by month, in every month or none; keep these."""
        parts = [self._months(sum_) for sum_ in wanted]
        # By themselves first: a year that is told, however small, does not say which month it was.
        apart = self._judged(self._by_month(), parts)
        left = [n for n, yes in enumerate(apart) if yes]
        may = self._judged([*self.of_year, *self._by_month()], [parts[n] for n in left])
        told = {n for n, yes in zip(left, may, strict=True) if yes}
        self.of_months += [wanted[n] for n in sorted(told)]
        return [n in told for n in range(len(wanted))]

    def _by_month(self) -> list[Cells]:
        """List what is told by month, month by month."""
        return [month for sum_ in self.of_months for month in self._months(sum_)]

    def _months(self, sum_: Cells) -> list[Cells]:
        """Take a sum apart by month."""
        return [sum_ & (self.at == n) for n in range(MONTHS) if sum_[self.at == n].any()]

    def _judged(self, known: Sequence[Cells], wanted: Sequence[Sequence[Cells]]) -> list[bool]:
        """Judge sums on what no sum tells apart: cells that are in the same sums are one."""
        may = [True] * len(wanted)
        every = [*known, *(part for parts in wanted for part in parts)]
        if not every or not self.practice.size:
            return may
        # Eight sums a byte: an eighth to sort, in the same order.
        lots, lot = np.unique(np.packbits(every, axis=0), axis=1, return_inverse=True)
        sums = np.unpackbits(lots, axis=0, count=len(every))
        made = [np.flatnonzero(row).tolist() for row in sums]
        whose = [n for n, parts in enumerate(wanted) for _ in parts]
        for counts in self.counts:
            held = np.bincount(lot.ravel(), weights=counts, minlength=sums.shape[1])
            hidden = {n: int(count) for n, count in enumerate(held) if count}
            asked = [(n, at) for at, n in enumerate(whose, len(known)) if may[n]]
            told = tellable(
                hidden, made[: len(known)], [made[at] for _, at in asked], self.smallest
            )
            for (n, _), yes in zip(asked, told, strict=True):
                may[n] &= yes
        return may


def ledgers(elsewhere: Elsewhere, smallest: int) -> dict[str, Ledger]:
    """
    Open the ledger of every year of activity, with what other tables tell of it.

    Parameters
    ----------
    elsewhere : Elsewhere
    smallest : int
        The smallest count that may be shown.
    """
    found = {
        str(year): Ledger(own, str(year), smallest)
        for year, own in elsewhere.cells.groupby("financial_year", sort=True)
    }
    for year, practices, pod in elsewhere.told:
        if year in found:
            found[year].of_year.append(found[year].cells(practices, pod))
    return found
