"""The part of a forecast that is a practice's own, where others hold lines in some months."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.budgets.forecast.forecasting import Forecast, Year, mix
from pbcanalytics.budgets.forecast.profile import Profile
from pbcanalytics.budgets.monitor.month_shares import MONTHS, HeldMonths

Amounts = NDArray[np.float64]


def own_part(
    made: Forecast,
    history: Amounts,
    spread: Profile,
    year: Year,
    practices: list[str],
    pods: list[str],
    of_others: HeldMonths,
) -> Forecast:
    """
    Take out of a forecast of whole years the months of lines that others hold.

    What is known and late coding are counted month by month; of the months to come, the profile's
    share of a practice's own lines is taken. What is unknown is scaled likewise: practices' own
    variance with the part that is left and not with its square, which is on the safe side.

    Parameters
    ----------
    made : Forecast
    history, spread, year
        What it was made from.
    practices, pods : list of str
        What the indexes stand for.
    of_others : HeldMonths

    Returns
    -------
    Forecast
    """
    is_own = np.ones((MONTHS, len(practices), len(pods)))
    for (code, pod), months in of_others.items():
        if code in practices and pod in pods:
            is_own[sorted(months), practices.index(code), pods.index(pod)] = 0.0
    if is_own.all():
        return made
    n_months = year.actual.shape[0]
    weights = spread.shares[:, None, :] * mix(history, year)[None, :, :]
    to_come = _part(weights[n_months:], is_own[n_months:])
    so_far = _part(weights[:n_months], is_own[:n_months])
    actual = (year.actual * is_own[:n_months]).sum(axis=(0, 2))
    developed = (year.developed * is_own[:n_months]).sum(axis=(0, 2))
    completed, rest = developed - actual, made.rest * to_come
    unknown = made.completed + made.rest
    left = np.divide(completed + rest, unknown, out=np.zeros_like(rest), where=unknown > 0)
    left = np.clip(left, 0.0, 1.0)
    before = made.actual + made.completed
    line = made.straight_line - made.actual
    per_month = np.divide(actual, so_far, out=np.zeros_like(actual), where=so_far > 0)
    usual = np.divide(line, made.actual, out=np.zeros_like(line), where=made.actual > 0)
    return replace(
        made,
        actual=actual,
        completed=completed,
        rest=rest,
        straight_line=actual + np.where(so_far > 0, per_month * usual, line) * to_come,
        ladder=developed + (made.ladder - before) * to_come,
        expected=developed + (made.expected - before) * to_come,
        own_variance=made.own_variance * left,
        common=made.common * left[:, None],
    )


def _part(weights: Amounts, is_own: Amounts) -> Amounts:
    """Give the share of some months' spending that is each practice's own."""
    whole = weights.sum(axis=(0, 2))
    own = (weights * is_own).sum(axis=(0, 2))
    return np.asarray(np.divide(own, whole, out=np.ones_like(own), where=whole > 0))
