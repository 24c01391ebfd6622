"""Savings of a budget year: so far, at its end, and what chance alone would do."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from pbcanalytics.budgets.forecast.at_month import AtMonth
from pbcanalytics.budgets.membership import regrouped
from pbcanalytics.budgets.savings.agreed_sums import Agreed
from pbcanalytics.budgets.savings.freed_up import Position, ShareRule, position
from pbcanalytics.budgets.savings.group_prospects import (
    CONSORTIUM,
    OUTSIDE,
    as_table,
    group_prospects,
)
from pbcanalytics.budgets.savings.group_savings import MONTHS, GroupSavings, against, group_savings
from pbcanalytics.budgets.savings.noise_terms import NoiseTerms
from pbcanalytics.budgets.walk.baseline import NEEDED
from pbcanalytics.budgets.walk.years import YearBudget
from pbcanalytics.words import periods


@dataclass(frozen=True)
class YearSavings:
    """
    The savings of one PCT in one budget year.

    Attributes
    ----------
    financial_year, pct_code : str
    n_months : int
        From April to the last month with activity.
    empty_months : tuple of date
        Months before that one without any activity.
    whole : Position
        All groups together, so far.
    groups : tuple of GroupSavings
        Consortia by code, then practices outside all.
    n_activity, n_priced : int
        Of practices with a budget; what has no price is in no spending.
    silent : tuple of str
        Practices with a budget and no activity of the year: their spending is not known, so they
        are in no net.
    left_out_pence : int
        Spending of practices without a budget. [pence]
    practices : DataFrame, one row per practice with a budget
        `practice_code`, `code` of its group, `is_consortium`, `list_budget` [patients],
        `indicative_pence`, `expected_pence`. [pence]
    by_month : DataFrame, one row per group and month
        As `group_prospects.prospects_by_group` gives it; without the practices of consortia where
        no outturn is forecast.
    earlier_years : tuple of str
        What the forecast of the outturn rests on; empty where there is none.
    is_completed : bool
        Successive extracts told how complete the latest months are.
    unforeseen : tuple of str
        Practices with a budget and activity that the latest forecast does not hold: the year of
        their group is not foreseen.
    """

    financial_year: str
    pct_code: str
    n_months: int
    empty_months: tuple[dt.date, ...]
    whole: Position
    groups: tuple[GroupSavings, ...]
    n_activity: int
    n_priced: int
    silent: tuple[str, ...]
    left_out_pence: int
    practices: pd.DataFrame
    by_month: pd.DataFrame
    earlier_years: tuple[str, ...]
    is_completed: bool
    unforeseen: tuple[str, ...]


def elapsed_share(financial_year: str, n_months: int) -> Fraction:
    """
    Give the share of a year's weekdays in its first months.

    Parameters
    ----------
    financial_year : str
    n_months : int
        From April. [months]

    Returns
    -------
    Fraction
        Bank holidays are counted as weekdays. [share]

    Examples
    --------
    >>> elapsed_share("2018/19", 3), elapsed_share("2018/19", 12)
    (Fraction(1, 4), Fraction(1, 1))
    """
    starts = np.datetime64(periods.start(financial_year), "M") + np.arange(MONTHS + 1)
    days = np.busday_count(
        starts[:-1].astype("datetime64[D]"), starts[1:].astype("datetime64[D]")
    ).tolist()
    return Fraction(sum(days[:n_months]), sum(days))


def year_savings(
    found: YearBudget,
    monthly: pd.DataFrame,
    answers: Mapping[str, str],
    consortia: Mapping[str, str],
    *,
    rule: ShareRule,
    agreed: Mapping[str, Agreed],
    terms: NoiseTerms,
    seen: Sequence[AtMonth] = (),
) -> YearSavings | None:
    """
    Hold the spending of a budget year against its budgets, group by group.

    Parameters
    ----------
    found : YearBudget
        The budgets.
    monthly : DataFrame, one row per practice and month
        Activity of the budget year at its own prices: `practice_code`, `month` (its first day),
        `n_activity`, `n_priced`, `pence`.
    answers : mapping of str to str
        The practice that answers for each at the end of the latest month: budgets follow patients.
    consortia : mapping of str to str
        The consortium of each practice on 1 April of the year; blank outside all.
    rule : ShareRule
    agreed : mapping of str to Agreed
        By code of the group.
    terms : NoiseTerms
    seen : sequence of AtMonth, optional
        Forecasts of the PCT's outturn, one a month so far. Without them the year is foreseen from
        the rate so far.

    Returns
    -------
    YearSavings or None
        None where practices with a budget have no activity of the year.
    """
    plain = found.baseline
    practices = _practices(plain.practices, answers, consortia)
    rows = regrouped(monthly, dict(answers), ["practice_code", "month"])
    inside = rows[rows["practice_code"].isin(practices["practice_code"])]
    if inside.empty:
        return None
    year = plain.financial_year
    starts = [periods.start(year)]
    starts += [(pd.Timestamp(starts[0]) + pd.DateOffset(months=m)).date() for m in range(1, MONTHS)]
    with_activity = {pd.Timestamp(m).date() for m in inside["month"]}
    n_months = max(starts.index(m) for m in with_activity) + 1
    known = practices[practices["practice_code"].isin(inside["practice_code"])]
    spent = [
        inside[inside["month"].map(lambda m, last=start: pd.Timestamp(m).date() <= last)]
        .groupby("practice_code")["pence"]
        .sum()
        for start in starts[:n_months]
    ]
    shares = [elapsed_share(year, m + 1) for m in range(n_months)]
    ordered = known.sort_values(["is_consortium", "code"], ascending=[False, True])
    foreseen = group_prospects(seen, known, rule=rule, agreed=agreed)
    groups = tuple(
        group_savings(
            own,
            spent,
            shares,
            rule,
            agreed.get(str(code), Agreed()),
            terms,
            foreseen[_level(own), str(code)] if seen else None,
        )
        for code, own in ordered.groupby("code", sort=False)
    )
    if not seen:
        foreseen = {(CONSORTIUM if g.is_consortium else OUTSIDE, g.code): g.months for g in groups}
    return YearSavings(
        financial_year=year,
        pct_code=found.pct_code,
        n_months=n_months,
        empty_months=tuple(m for m in starts[:n_months] if m not in with_activity),
        whole=position(against(known, "indicative_pence", spent[-1], shares[-1])),
        groups=groups,
        n_activity=int(inside["n_activity"].sum()),
        n_priced=int(inside["n_priced"].sum()),
        silent=tuple(sorted(set(practices["practice_code"]) - set(known["practice_code"]))),
        left_out_pence=int(rows["pence"].sum() - inside["pence"].sum()),
        practices=practices,
        by_month=as_table(foreseen),
        earlier_years=seen[-1].earlier_years if seen else (),
        is_completed=bool(seen) and seen[-1].known.is_completed,
        unforeseen=tuple(sorted(set(known["practice_code"]) - set(seen[-1].held.practices)))
        if seen
        else (),
    )


def _practices(
    budgets: pd.DataFrame, answers: Mapping[str, str], consortia: Mapping[str, str]
) -> pd.DataFrame:
    """
    Give each practice that answers for a budget, and its group.

    A practice that closed since April leaves its budget, as its patients, to the one that answers
    for it; one that nobody answers for stays as it is. A practice that is new since then belongs
    where those belonged that it answers for.
    """
    codes = budgets["practice_code"].astype(str)
    own = pd.DataFrame(
        {
            "practice_code": [answers.get(c, c) for c in codes],
            "code": [consortia.get(c) or answers.get(c, c) for c in codes],
            "is_consortium": [bool(consortia.get(c)) for c in codes],
            "is_heir": [answers.get(c, c) != c for c in codes],
            "list_budget": budgets["list_budget"].to_numpy(),
            "indicative_pence": budgets["indicative_pence"].to_numpy(),
            "expected_pence": budgets[list(NEEDED)].sum(axis=1).to_numpy(),
        }
    )
    grouped = own.sort_values("is_heir", kind="stable").groupby("practice_code", as_index=False)
    sums = dict.fromkeys(("list_budget", "indicative_pence", "expected_pence"), "sum")
    return grouped.agg({"code": "first", "is_consortium": "first"} | sums)


def _level(own: pd.DataFrame) -> str:
    """Say of which level a group is."""
    return CONSORTIUM if bool(own["is_consortium"].iloc[0]) else OUTSIDE
