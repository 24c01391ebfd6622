"""What a budget is for: all but the months that others hold; and with whom it counts by now."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from pbcanalytics.budgets.monitor.month_shares import HeldMonths, month_starts
from pbcanalytics.budgets.walk.adjustments import ALL
from pbcanalytics.budgets.walk.baseline import NEEDED, Baseline
from pbcanalytics.words import codes


@dataclass(frozen=True)
class Merger:
    """
    A practice that closed within a budget year: its budget and its patients go to its successor.

    Attributes
    ----------
    practice_code : str
        With a budget of the year.
    closed_on : date
        Its last day.
    successor_code : str
        The practice of the same PCT that answers for it by now.
    """

    practice_code: str
    closed_on: dt.date
    successor_code: str


def heirs(mergers: Iterable[Merger]) -> dict[str, str]:
    """Give the successor of each practice that closed within the year."""
    return {m.practice_code: m.successor_code for m in mergers}


def merged_practices(
    budgeted: pd.DataFrame, mergers: Iterable[Merger], consortia: Mapping[str, str]
) -> pd.DataFrame:
    """
    Sum the budgets of each practice that answers for them, and place it.

    A successor without a budget of its own belongs where those belonged that it answers for.

    Parameters
    ----------
    budgeted : DataFrame, one row per practice with a budget
        As `Baseline.practices`.
    mergers : iterable of Merger
    consortia : mapping of str to str
        The consortium of each practice on 1 April of the year; blank outside all.

    Returns
    -------
    DataFrame, one row per practice that answers for a budget
        `practice_code`, `consortium_code` (blank outside all), `list_base`, `list_budget`
        [patients], `indicative_pence` and NEEDED. [pence]
    """
    goes_to = heirs(mergers)
    codes_then = budgeted["practice_code"].astype(str)
    sums = ["list_base", "list_budget", "indicative_pence", *NEEDED]
    own = budgeted[sums].assign(
        practice_code=[goes_to.get(c, c) for c in codes_then],
        consortium_code=[consortia.get(c) or "" for c in codes_then],
        is_gone=[c in goes_to for c in codes_then],
    )
    grouped = own.sort_values("is_gone", kind="stable").groupby("practice_code", as_index=False)
    return grouped.agg({"consortium_code": "first", **dict.fromkeys(sums, "sum")})


def held_together(
    held: HeldMonths, budgeted: Iterable[str], goes_to: Mapping[str, str]
) -> HeldMonths:
    """
    Give the months that others hold of all the budgets that count with a practice.

    Parameters
    ----------
    held : HeldMonths
        By practice with a budget.
    budgeted : iterable of str
        Practices with a budget.
    goes_to : mapping of str to str
        From `heirs`.

    Returns
    -------
    HeldMonths
        By practice that answers.
    """
    found: dict[tuple[str, str], frozenset[int]] = {}
    for code in budgeted:
        for pod in (*codes.PODS, codes.OTHER_POD):
            pair, own = (goes_to.get(code, code), pod), held.get((code, pod), frozenset())
            found[pair] = found.get(pair, own) & own
    return {pair: months for pair, months in found.items() if months}


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
