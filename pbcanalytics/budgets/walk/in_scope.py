"""What of a practice's activity its budget is for: all but the months of lines that others hold."""

from collections.abc import Mapping

import pandas as pd

from pbcanalytics.budgets.monitor.month_shares import HeldMonths, month_starts
from pbcanalytics.budgets.walk.adjustments import ALL
from pbcanalytics.budgets.walk.baseline import Baseline
from pbcanalytics.words import codes


def held_months(plain: Baseline) -> HeldMonths:
    """Say which months of which lines are in no practice's budget, because others hold them."""
    starts = month_starts(plain.financial_year)
    found: dict[tuple[str, str], frozenset[int]] = {}
    theirs = [
        ((str(row["practice_code"]), str(row["pod"])), str(row["months"]))
        for row in plain.held.to_dict("records")
    ]
    theirs += [
        ((str(code), pod), str(row["months"]))
        for row in plain.outside.to_dict("records")
        for code in plain.practices["practice_code"]
        for pod in (*codes.PODS, codes.OTHER_POD)
        if row["pod"] in (pod, ALL)
    ]
    for pair, months in theirs:
        first, last = months.split(" to ")
        own = frozenset(n for n, m in enumerate(starts) if first <= f"{m:%Y-%m}" <= last)
        found[pair] = found.get(pair, frozenset()) | own
    return found


def in_scope(
    activity: pd.DataFrame, held: HeldMonths, answers: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """
    Leave out what others hold, of every year alike, so that years can be compared.

    Parameters
    ----------
    activity : DataFrame, one row per practice, point of delivery and month, or finer
        `practice_code`, `pod`, `month`.
    held : HeldMonths
        Of the budget year.
    answers : mapping of str to str, optional
        The practice that answers for each; without, each answers for itself.

    Returns
    -------
    DataFrame
        The rows of `activity` that are left.
    """
    if not held or activity.empty:
        return activity
    practices = activity["practice_code"]
    if answers is not None:
        practices = practices.map(dict(answers))
    pods = activity["pod"].where(activity["pod"].isin(list(codes.PODS)), codes.OTHER_POD)
    places = (pd.to_datetime(activity["month"]).dt.month - 4) % 12
    is_held = [
        place in held.get((code, pod), ())
        for code, pod, place in zip(practices, pods, places, strict=True)
    ]
    return activity.loc[~pd.Series(is_held, index=activity.index, dtype=bool)]
