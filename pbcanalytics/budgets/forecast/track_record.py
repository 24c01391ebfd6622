"""How good forecasts have been: those that would have been made in earlier years, and what came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.budgets.forecast.forecasting import Forecast, forecast
from pbcanalytics.budgets.forecast.profile import profile
from pbcanalytics.budgets.forecast.year_to_date import Months, known_at

Amounts = NDArray[np.float64]

SCALE_WEIGHT: Final = 30.0
"""Practice years of back-test that the model's own variance is worth."""


@dataclass(frozen=True)
class Trial:
    """
    One forecast of a year that is over.

    Attributes
    ----------
    year, n_months : int
        Place of the year, and months that had passed.
    made : Forecast
    came : array of float, practice
        What the year came to. [pence]
    """

    year: int
    n_months: int
    made: Forecast
    came: Amounts


def own_scale(trials: Sequence[tuple[Forecast, Amounts]]) -> float:
    """
    Say by how much practices' own variance was misjudged in back-tests of one month.

    What was common to all practices of a trial is left out. Thirty practice years are given to the
    model, so that a short record moves it little.

    Parameters
    ----------
    trials : sequence of Forecast and what came [pence], array by practice

    Returns
    -------
    float
        Factor of the variance. [ratio]
    """
    squares, n = SCALE_WEIGHT, SCALE_WEIGHT
    for made, came in trials:
        point = made.point
        known = (made.own_variance > 0) & (came > 0)
        if known.sum() < 2:
            continue
        shared = (came - point)[known].sum() / point[known].sum()
        off = (came - point * (1 + shared))[known]
        # What is common moves practices unequally; the rest of that is expected here too.
        part = (point[known] / point[known].sum())[:, None]
        unequal = made.common[known] - part * made.common[known].sum(axis=0)
        expected = made.own_variance[known] + (unequal**2).sum(axis=1)
        # A practice that opened, closed or merged says nothing of the rest.
        squares += float(np.minimum(off**2 / expected, 25.0).sum())
        n += int(known.sum()) - 1
    return squares / n


def trials(
    held: Months, years: Sequence[int], came: Amounts, budgets: Mapping[int, Amounts]
) -> list[Trial]:
    """
    Forecast every earlier year at the end of each month, from what was known by then.

    Parameters
    ----------
    held : Months
    years : sequence of int
        Places of the earlier years; the first has none before it and is not forecast.
    came : array of float, year by practice
        What each came to. [pence]
    budgets : mapping of int to array of float, practice
        By year. [pence]

    Returns
    -------
    list of Trial
    """
    found = []
    none = np.full(len(held.practices), np.nan)
    for n, year in enumerate(years):
        for month in range(12 if n else 0):
            known = known_at(held, 12 * year + month, budgets.get(year, none))
            totals = known.history.sum(axis=2)
            names = [held.named(y) for y in known.years]
            spread = profile(totals, names, held.pods, held.named(year))
            made = forecast(known.history, spread, known.year)
            found.append(Trial(year, month + 1, made, came[n]))
    return found
