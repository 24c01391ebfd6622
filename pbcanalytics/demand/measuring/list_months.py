"""How many patients a practice had in a month: registered, weighted, and by age and sex."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.words import periods

HOLDS_MONTHS: Final = 12
"""For so long a list stands for a practice: from the month of the count on, until the next."""

_OLDEST_BAND: Final = 18
N_STRATA: Final = 2 * (_OLDEST_BAND + 1)
"""Two sexes by 19 bands of five years, 0-4 to 90 and over."""


@dataclass(frozen=True)
class Lists:
    """
    The lists that are held; practices as they answer now.

    Attributes
    ----------
    registered : DataFrame, one row per practice and count date
        `practice_code`, `count_date`, `n_patients`.
    weighted : DataFrame, one row per practice and financial year
        `practice_code`, `financial_year`, `weighted_list`. [patients]
    by_age : DataFrame, one row per practice, count date, sex and age
        `practice_code`, `count_date`, `sex`, `age`, `n_patients`.
    """

    registered: pd.DataFrame
    weighted: pd.DataFrame
    by_age: pd.DataFrame


@dataclass(frozen=True)
class Patients:
    """
    The patients of each practice in each month; not a number where no list of it is held.

    Attributes
    ----------
    lists : Lists
    practices : list of str
    months : DatetimeIndex
        First days.
    """

    lists: Lists
    practices: list[str]
    months: pd.DatetimeIndex

    @cached_property
    def registered(self) -> Array:
        """Registered patients, practices by months, by a list of the twelve months before."""
        held = self.lists.registered
        found = np.full((len(self.practices), len(self.months)), np.nan)
        for rows, when, counted in self._counts(held):
            found[np.ix_(rows, when)] = counted["n_patients"].to_numpy(float, na_value=np.nan)[
                :, None
            ]
        return found

    @cached_property
    def weighted(self) -> Array:
        """Weighted patients, practices by months, by the weighted list of the financial year."""
        years = [periods.containing(m.date()) for m in self.months]
        table = self.lists.weighted.dropna(subset=["weighted_list"]).pivot_table(
            index="practice_code", columns="financial_year", values="weighted_list", aggfunc="sum"
        )
        return table.reindex(index=self.practices, columns=years).to_numpy(float)

    @cached_property
    def by_stratum(self) -> Array:
        """Registered patients, practices by months by N_STRATA, by a list by age and sex."""
        found = np.full((len(self.practices), len(self.months), N_STRATA), np.nan)
        rows = self.lists.by_age.assign(
            stratum=strata(self.lists.by_age["sex"], self.lists.by_age["age"])
        ).dropna(subset=["stratum"])
        by = ["practice_code", "count_date"]
        table = rows.pivot_table(index=by, columns="stratum", values="n_patients", aggfunc="sum")
        values = table.reindex(columns=range(N_STRATA)).fillna(0).to_numpy(float)
        held = table.index.to_frame(index=False).assign(place=range(len(table)))
        for at, when, counted in self._counts(held):
            found[np.ix_(at, when)] = values[counted["place"].to_numpy(), None, :]
        return found

    def _counts(self, held: pd.DataFrame) -> Iterator[tuple[Any, Any, pd.DataFrame]]:
        """Give for each count date, oldest first, practices, months that it holds for, and rows."""
        place = {code: i for i, code in enumerate(self.practices)}
        known = held[held["practice_code"].isin(list(place))]
        ends = self.months + pd.offsets.MonthEnd(0)
        for date, rows in known.groupby(pd.to_datetime(known["count_date"]), sort=True):
            day = pd.Timestamp(str(date))
            until = day + pd.DateOffset(months=HOLDS_MONTHS)
            when = np.flatnonzero((ends >= day) & (self.months < until))
            yield rows["practice_code"].map(place).to_numpy(), when, rows


def strata(sex: pd.Series, age: pd.Series) -> pd.Series:
    """
    Give the number of the stratum of each sex and age; missing where either is not known.

    Examples
    --------
    >>> strata(pd.Series(["1", "2", "ALL"]), pd.Series(["4", "95+", "7"])).tolist()
    [0.0, 37.0, nan]
    """
    years = pd.to_numeric(age.astype("string").str.removesuffix("+"), errors="coerce")
    band = (years.astype("Float64") // 5).clip(upper=_OLDEST_BAND)
    which = sex.astype("string").map({"1": 0, "2": 1}).astype("Float64")
    return (which * (_OLDEST_BAND + 1) + band).astype("float64")
