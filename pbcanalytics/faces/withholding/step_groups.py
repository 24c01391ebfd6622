"""Whose sums of prices are published, and which activity is theirs."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pandas as pd

from pbcanalytics.costing import answering
from pbcanalytics.words import codes, periods

AT: Final = ("financial_year", "price_year", "is_reported")
"""Columns that say when activity was, and at which prices."""

LINES: Final = (*codes.PODS, codes.OTHER_POD)
"""Points of delivery, as budgets have them."""


@dataclass(frozen=True)
class Group:
    """A PCT, a consortium or a practice, and the practices that it is made of."""

    kind: str
    code: str
    name: str
    practices: frozenset[str]


def groups(practices: pd.DataFrame, pcts: pd.DataFrame, consortia: pd.DataFrame) -> Iterator[Group]:
    """
    List whose sums are told, in the order in which they matter: PCTs, consortia, practices.

    Parameters
    ----------
    practices, pcts, consortia : DataFrame
        The registers.
    """
    for kind, register in (("pct", pcts), ("consortium", consortia)):
        names = dict(zip(register[f"{kind}_code"], register[f"{kind}_name"], strict=True))
        for code, own in practices.dropna(subset=[f"{kind}_code"]).groupby(f"{kind}_code"):
            name = names.get(code)
            said = str(code) if name is None or pd.isna(name) else str(name)
            yield Group(kind, str(code), said, frozenset(own["practice_code"]))
    for code, name in zip(practices["practice_code"], practices["practice_name"], strict=True):
        said = str(code) if pd.isna(name) else str(name)
        yield Group("practice", str(code), said, frozenset([str(code)]))


def placed(frame: pd.DataFrame, practices: pd.DataFrame, *by: str) -> pd.DataFrame:
    """
    Sum activity over the practices that answer for it on the day when a budget rests on it.

    Parameters
    ----------
    frame : DataFrame
        With `practice_code`, `pod`, `financial_year`, `price_year`, `is_reported` and sums.
    practices : DataFrame, one row per practice
        Table `practices`.
    *by : str
        Further columns that are kept apart.

    Returns
    -------
    DataFrame, one row per practice, year, price year, point of delivery and combination of `by`
        Activity of no practice of a PCT is left out, as it is of budgets; `pod` is one of budgets'
        lines, `price_year` a blank text where none is held.
    """
    pod = frame["pod"].where(frame["pod"].isin(list(codes.PODS)), codes.OTHER_POD)
    frame = frame.assign(pod=pod, price_year=frame["price_year"].fillna(""))
    kept = ["practice_code", *AT, "pod", *by]
    sums = [c for c in frame.columns if c not in kept]
    found = []
    for year, own in frame.groupby("financial_year", sort=True):
        answers = _inside(practices, _day(str(year), own["price_year"]))
        found.append(own.assign(practice_code=own["practice_code"].map(answers)))
    if not found:
        return frame
    ours = pd.concat(found, ignore_index=True).dropna(subset=["practice_code"])
    ours[sums] = ours[sums].astype("Int64")
    return ours.groupby(kept, as_index=False, sort=True)[sums].sum(min_count=1)


def _day(year: str, price_years: Iterable[str]) -> dt.date:
    return periods.start(max([periods.following(year), *filter(None, price_years)]))


def _inside(practices: pd.DataFrame, day: dt.date) -> dict[str, str]:
    """Give the practice that answers for each, within its own PCT."""
    pct = practices.dropna(subset=["pct_code"]).set_index("practice_code")["pct_code"].to_dict()
    answers = answering(practices, "practice_code", day)
    return {c: now for c, now in answers.items() if c in pct and pct[c] == pct.get(now)}
