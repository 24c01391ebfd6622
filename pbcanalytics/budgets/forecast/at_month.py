"""A forecast of every practice as it was made at the end of one month."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.budgets.forecast.completion import TRIANGLE
from pbcanalytics.budgets.forecast.forecasting import Forecast, forecast
from pbcanalytics.budgets.forecast.own_part import own_part
from pbcanalytics.budgets.forecast.profile import Profile, profile
from pbcanalytics.budgets.forecast.track_record import own_scale
from pbcanalytics.budgets.forecast.year_to_date import Known, Months, gathered, known_at
from pbcanalytics.budgets.monitor.month_shares import HeldMonths
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError

Amounts = NDArray[np.float64]

_MONTHS = 12


@dataclass(frozen=True)
class AtMonth:
    """
    What was forecast of a year at the end of one of its months.

    Attributes
    ----------
    financial_year : str
    month : date
        First day of the latest month that was known.
    held : Months
        Activity up to that month.
    known : Known
    spread : Profile
    made : Forecast
    own_scale : float
        What back-tests of the same month made of practices' own variance. [ratio]
    budgets : mapping of int to array of float, practice
        By place of the year. [pence]
    """

    financial_year: str
    month: dt.date
    held: Months
    known: Known
    spread: Profile
    made: Forecast
    own_scale: float
    budgets: Mapping[int, Amounts]

    @property
    def n_months(self) -> int:
        """How many months of the year had passed."""
        return (self.month.month - 4) % _MONTHS + 1

    @property
    def earlier_years(self) -> tuple[str, ...]:
        """The whole years that the forecast rests on."""
        return tuple(self.held.named(y) for y in self.known.years)

    def places(self, practice_codes: Iterable[str]) -> NDArray[np.int64] | None:
        """Give the indexes of practices; None if one of them is in no activity so far."""
        at = {code: n for n, code in enumerate(self.held.practices)}
        codes = list(practice_codes)
        if not codes or not set(codes) <= set(at):
            return None
        return np.array([at[c] for c in codes], dtype=np.int64)


def at_month(
    activity: pd.DataFrame,
    *,
    known_to: dt.date,
    triangle: pd.DataFrame | None = None,
    budgets: pd.DataFrame | None = None,
    of_others: HeldMonths | None = None,
) -> AtMonth:
    """
    Forecast every practice's year from what was known at the end of a month.

    Parameters
    ----------
    activity, known_to, triangle, budgets, of_others
        As `outturn.outturn` takes them.

    Returns
    -------
    AtMonth

    Raises
    ------
    SelectionError
        If there is no activity of the year by then, or no whole year before it.
    """
    month = pd.Timestamp(known_to).replace(day=1)
    name = periods.containing(month.date())
    when = pd.to_datetime(activity["month"])
    within = (when >= pd.Timestamp(periods.start(name))) & (when <= month)
    if not within.any():
        raise SelectionError(
            f"There is no activity of {name} up to {month:%B %Y}, so its outturn cannot be "
            "forecast. Load and build the year's activity so far, or name another month."
        )
    seen = pd.DataFrame(columns=list(TRIANGLE)) if triangle is None else triangle
    held = gathered(activity[when <= month].assign(month=when[when <= month]), seen)
    last = (month.year - held.first_year) * _MONTHS + month.month - 4
    given = _budgets(held, budgets)
    known, spread, made = _forecast(held, last, given)
    came = known.history.sum(axis=(1, 3))
    tried = [
        (_forecast(held, _MONTHS * year + last % _MONTHS, given)[2], came[n])
        for n, year in enumerate(known.years)
        if n
    ]
    parts = (known.history, spread, known.year, held.practices, held.pods)
    made = own_part(made, *parts, of_others or {})
    return AtMonth(name, month.date(), held, known, spread, made, own_scale(tried), given)


def each_month(
    activity: pd.DataFrame,
    *,
    known_to: dt.date,
    triangle: pd.DataFrame | None = None,
    budgets: pd.DataFrame | None = None,
    of_others: HeldMonths | None = None,
) -> tuple[AtMonth, ...]:
    """
    Forecast a year as the end of each of its months saw it, up to one.

    Parameters
    ----------
    activity, known_to, triangle, budgets, of_others
        As `outturn.outturn` takes them.

    Returns
    -------
    tuple of AtMonth
        From the first month with activity on.

    Raises
    ------
    SelectionError
        If there is no activity of the year by then, or no whole year before it.
    """
    last = pd.Timestamp(known_to).replace(day=1)
    start = pd.Timestamp(periods.start(periods.containing(last.date())))
    when = pd.to_datetime(activity["month"])
    first = when[(when >= start) & (when <= last)].min()
    months = [last] if pd.isna(first) else pd.date_range(first.replace(day=1), last, freq="MS")
    return tuple(
        at_month(
            activity,
            known_to=m.date(),
            triangle=triangle,
            budgets=budgets,
            of_others=of_others,
        )
        for m in months
    )


def _forecast(
    held: Months, last: int, budgets: Mapping[int, Amounts]
) -> tuple[Known, Profile, Forecast]:
    """Forecast the year of a month from what was known at its end."""
    year = last // _MONTHS
    known = known_at(held, last, budgets.get(year, np.full(len(held.practices), np.nan)))
    names = [held.named(y) for y in known.years]
    spread = profile(known.history.sum(axis=2), names, held.pods, held.named(year))
    return known, spread, forecast(known.history, spread, known.year)


def _budgets(held: Months, budgets: pd.DataFrame | None) -> dict[int, Amounts]:
    """Lay budgets out by year and practice; not a number where there is none."""
    found: dict[int, Amounts] = {}
    if budgets is None:
        return found
    places = {code: n for n, code in enumerate(held.practices)}
    for year, of_year in budgets.groupby("financial_year"):
        row = np.full(len(held.practices), np.nan)
        for code, pence in zip(of_year["practice_code"], of_year["pence"], strict=True):
            if code in places:
                row[places[code]] = float(pence)
        found[periods.first_year(str(year)) - held.first_year] = row
    return found
