"""Savings of a budget year: so far, at its end, and what chance alone would do."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pbcanalytics.budgets.forecast.at_month import AtMonth
from pbcanalytics.budgets.monitor.monitoring import Monitoring
from pbcanalytics.budgets.monitor.month_shares import Spread, month_starts, own_months
from pbcanalytics.budgets.savings.agreed_sums import Agreed
from pbcanalytics.budgets.savings.freed_up import Position, ShareRule
from pbcanalytics.budgets.savings.group_prospects import (
    CONSORTIUM,
    OUTSIDE,
    as_table,
    group_prospects,
)
from pbcanalytics.budgets.savings.group_savings import GroupSavings, group_savings, stands
from pbcanalytics.budgets.savings.noise_terms import NoiseTerms
from pbcanalytics.budgets.walk.baseline import NEEDED
from pbcanalytics.budgets.walk.in_scope import Merger, heirs, merged_practices
from pbcanalytics.budgets.walk.years import YearBudget


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
        Months before that one without any activity: in no net, neither their spending nor their
        part of the budgets.
    whole : Position
        All groups together, so far: monitoring's profile and spending.
    groups : tuple of GroupSavings
        Consortia by code, then practices outside all.
    n_activity, n_priced : int
        Of practices with a budget; what has no price is in no spending.
    silent : tuple of str
        Practices with a budget and no activity of the year: their spending is not known, so they
        are in no net.
    mergers : tuple of Merger
        Practices that closed since 1 April: their budget and spending count with their successor.
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
    mergers: tuple[Merger, ...]
    left_out_pence: int
    practices: pd.DataFrame
    by_month: pd.DataFrame
    earlier_years: tuple[str, ...]
    is_completed: bool
    unforeseen: tuple[str, ...]


def year_savings(
    found: YearBudget,
    now: Monitoring,
    over: Spread,
    consortia: Mapping[str, str],
    *,
    rule: ShareRule,
    agreed: Mapping[str, Agreed],
    terms: NoiseTerms,
    seen: Sequence[AtMonth] = (),
) -> YearSavings:
    """
    Hold the spending of a budget year against its budgets, group by group.

    Parameters
    ----------
    found : YearBudget
        The budgets.
    now : Monitoring
        Of the same, until the latest month: what is saved so far is what it is under profile.
    over : Spread
        That `now` was spread by.
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
    YearSavings
    """
    silent = set(now.gaps.loc[now.gaps["kind"] == "silent", "code"])
    no_budget = now.gaps.loc[now.gaps["kind"] == "no_budget", "pence"]
    practices = _practices(found, now, consortia)
    known = practices[~practices["practice_code"].isin(silent)]
    course = _course(found, now, over, known["practice_code"].tolist())
    n_months = int(course["at"].max()) + 1
    ordered = known.sort_values(["is_consortium", "code"], ascending=[False, True])
    foreseen = group_prospects(seen, known, rule=rule, agreed=agreed)
    groups = tuple(
        group_savings(
            own,
            course[course["practice_code"].isin(own["practice_code"])],
            n_months,
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
        financial_year=now.financial_year,
        pct_code=found.pct_code,
        n_months=n_months,
        empty_months=tuple(m for m in now.empty_months if m < now.months[-1]),
        whole=stands(course, "budget_pence"),
        groups=groups,
        n_activity=int(now.pct["n_activity"].iloc[0]),
        n_priced=int(now.pct["n_priced"].iloc[0]),
        silent=tuple(sorted(silent)),
        mergers=now.mergers,
        left_out_pence=int(no_budget.sum()),
        practices=practices,
        by_month=as_table(foreseen),
        earlier_years=seen[-1].earlier_years if seen else (),
        is_completed=bool(seen) and seen[-1].known.is_completed,
        unforeseen=tuple(sorted(set(known["practice_code"]) - set(seen[-1].held.practices)))
        if seen
        else (),
    )


def _practices(found: YearBudget, now: Monitoring, consortia: Mapping[str, str]) -> pd.DataFrame:
    """Give each practice that answers for a budget, and its group."""
    own = merged_practices(found.baseline.practices, now.mergers, consortia)
    inside = own["consortium_code"] != ""
    return pd.DataFrame(
        {
            "practice_code": own["practice_code"],
            "code": own["consortium_code"].where(inside, own["practice_code"]),
            "is_consortium": inside,
            "list_budget": own["list_budget"],
            "indicative_pence": own["indicative_pence"],
            "expected_pence": own[list(NEEDED)].sum(axis=1),
        }
    )


def _course(found: YearBudget, now: Monitoring, over: Spread, known: list[str]) -> pd.DataFrame:
    """Give what fell to each month that counts of each budget, and what was spent."""
    starts, goes_to = month_starts(now.financial_year), heirs(now.mergers)
    places = [starts.index(m) for m in now.months]
    by = ["practice_code", "at"]
    spent = now.cells.assign(at=now.cells["month"].map(starts.index)).groupby(by)
    sums = spent[["profile_pence", "actual_pence"]].sum()
    every = pd.MultiIndex.from_product([known, places], names=by)
    course = sums.rename(columns={"profile_pence": "budget_pence"}).reindex(every, fill_value=0)
    historic = dict.fromkeys(every, 0)
    for row in found.baseline.lines.to_dict("records"):
        holder, pod = str(row["practice_code"]), str(row["pod"])
        pence = sum(int(row[step]) for step in NEEDED)
        months = own_months(pence, over.shares[pod], now.held.get((holder, pod), frozenset()))
        for m, part in months.items():
            if (goes_to.get(holder, holder), m) in historic:
                historic[goes_to.get(holder, holder), m] += part
    return course.assign(historic_pence=pd.Series(historic)).reset_index()


def _level(own: pd.DataFrame) -> str:
    """Say of which level a group is."""
    return CONSORTIUM if bool(own["is_consortium"].iloc[0]) else OUTSIDE
