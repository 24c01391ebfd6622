"""The cube of demand, ready to be summed: by practice, specialty and month."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.demand.measuring.list_months import strata
from pbcanalytics.demand.measuring.measures import Condition

_FEW: Final = ("specialty_code", "event", "kind", "source", "pod")
"""Columns of few different texts, which are compared much faster as categories."""


@dataclass(frozen=True)
class Cube:
    """
    What was asked of hospitals, ready to be summed.

    Attributes
    ----------
    rows : DataFrame, one row per cell of model `demand_counts`
        Of the practices and months below only.
    ages : DataFrame
        Model `demand_ages`, with `stratum` (of `list_months.strata`).
    left_out : DataFrame
        Rows of other practices, and those without a month.
    practices, specialties : list of str
    months : DatetimeIndex
        First days, without a break.
    """

    rows: pd.DataFrame
    ages: pd.DataFrame
    left_out: pd.DataFrame
    practices: list[str]
    specialties: list[str]
    months: pd.DatetimeIndex

    @cached_property
    def place(self) -> NDArray[np.int64]:
        """The place of each row among practices × specialties × months."""
        practice = pd.Index(self.practices).get_indexer(pd.Index(self.rows["practice_code"]))
        specialty = pd.Index(self.specialties).get_indexer(pd.Index(self.rows["specialty_code"]))
        month = self.months.get_indexer(pd.DatetimeIndex(self.rows["month"]))
        n = len(self.specialties), len(self.months)
        return np.asarray((practice * n[0] + specialty) * n[1] + month, dtype=np.int64)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Practices, specialties, months."""
        return len(self.practices), len(self.specialties), len(self.months)

    def summed(self, condition: Condition, column: str) -> Array:
        """Sum a column by practice, specialty and month; all specialties come last."""
        of = condition.rows(self.rows)
        weights = self.rows[column].to_numpy(float)[of]
        sums = np.bincount(self.place[of], weights, int(np.prod(self.shape))).reshape(self.shape)
        return np.concatenate([sums, sums.sum(axis=1, keepdims=True)], axis=1)

    def told(self, condition: Condition) -> NDArray[np.bool_]:
        """Tell the months in which each event of a condition has a row that says what is asked."""
        every = np.ones(len(self.months), dtype=bool)
        for event in condition.events:
            of = Condition((event,), condition.kinds, condition.sources, condition.pods)
            # That others were sent for shows that there was nothing to send for ours.
            seen = [rows.loc[of.telling(rows), "month"] for rows in (self.rows, self.left_out)]
            every &= np.asarray(self.months.isin(pd.DatetimeIndex(pd.concat(seen))))
        return every


def cube_of(
    counts: pd.DataFrame, ages: pd.DataFrame, practices: Sequence[str], n_months: int = 36
) -> Cube:
    """
    Make ready what the models of demand gave.

    Parameters
    ----------
    counts, ages : DataFrame
        Models `demand_counts` and `demand_ages`.
    practices : sequence of str
        Codes of the practices that are compared; rows of others are left out.
    n_months : int
        At most so many, up to the latest that has rows.

    Returns
    -------
    Cube
        Without months where there are no rows.
    """
    few = counts.astype(dict.fromkeys(_FEW, "category"))
    ages = ages.assign(stratum=strata(ages["sex"], ages["age_years"]))
    ages = ages.astype(dict.fromkeys(_FEW, "category"))
    is_ours = counts["practice_code"].isin(list(practices)) & counts["month"].notna()
    ours, others = few[is_ours], few[~is_ours]
    if ours.empty:
        return Cube(ours, ages, others, list(practices), [], pd.DatetimeIndex([]))
    last = pd.Timestamp(ours["month"].max())
    first = max(pd.Timestamp(ours["month"].min()), last - pd.DateOffset(months=n_months - 1))
    rows = ours[ours["month"] >= first].reset_index(drop=True)
    others = others[others["month"].isna() | (others["month"] >= first)]
    specialties = sorted(str(s) for s in rows["specialty_code"].unique())
    months = pd.date_range(first, last, freq="MS")
    return Cube(rows, ages, others, list(practices), specialties, months)
