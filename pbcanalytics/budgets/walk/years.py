"""Every budget that a PCT's data allow: one per year with a plan, a tariff and a base year."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pbcanalytics.budgets.membership import regrouped
from pbcanalytics.budgets.walk.baseline import Baseline, baseline
from pbcanalytics.budgets.walk.fair_share_move import ShareRules
from pbcanalytics.budgets.walk.plan import Plan, plans
from pbcanalytics.costing import answering
from pbcanalytics.words import codes, periods
from pbcanalytics.words.errors import SelectionError


@dataclass(frozen=True)
class YearBudget:
    """
    The budgets of one PCT and year, and the base-year activity that stands in none of them.

    Attributes
    ----------
    pct_code : str
    baseline : Baseline
    outside_activity, outside_pence : int
        Priced base-year activity whose practice is unknown or of no practice of the PCT. [pence]
    """

    pct_code: str
    baseline: Baseline
    outside_activity: int
    outside_pence: int


@dataclass(frozen=True)
class Agreements:
    """
    What a PCT and its practices agreed beside the plan; none of it need be there.

    Attributes
    ----------
    adjustments, scope : DataFrame
        Tables `budget_adjustments` and `budget_scope`.
    weights : mapping of (PCT, financial year) to DataFrame
        Weighted lists, as `fair_shares` takes them.
    rules : ShareRules or None
        Needed with weights.
    months : DataFrame or None
        `practice_code`, `financial_year`, `month`: when practices have activity; None where it
        is not to be looked at.
    """

    adjustments: pd.DataFrame = field(default_factory=pd.DataFrame)
    scope: pd.DataFrame = field(default_factory=pd.DataFrame)
    weights: Mapping[tuple[str, str], pd.DataFrame] = field(default_factory=dict)
    rules: ShareRules | None = None
    months: pd.DataFrame | None = None


@dataclass(frozen=True)
class Unset:
    """A year for which a plan is there and no budget could be set, and why."""

    pct_code: str
    financial_year: str
    reason: str


def every_budget(
    activity: pd.DataFrame,
    lists: pd.DataFrame,
    practices: pd.DataFrame,
    plan_rows: pd.DataFrame,
    agreements: Agreements | None = None,
) -> Iterator[YearBudget | Unset]:
    """
    Set the budgets of every PCT and year that has a plan.

    Activity counts at the prices of the budget year; where these are not held, at those of its own
    year with the price uplift of the plan.

    Parameters
    ----------
    activity : DataFrame, one row per practice, point of delivery, year and price year
        `practice_code`, `pod`, `financial_year`, `price_year`, `n_activity`, `n_priced`, `pence`.
    lists : DataFrame, one row per practice and count date
        `practice_code`, `count_date`, `n_patients`.
    practices : DataFrame, one row per practice
        Table `practices`.
    plan_rows : DataFrame
        Table `plan`.
    agreements : Agreements, optional
        Adjustments, scope, weighted lists.

    Yields
    ------
    YearBudget or Unset
    """
    known = activity["pod"].where(activity["pod"].isin(list(codes.PODS)), codes.OTHER_POD)
    activity = activity.assign(pod=known)
    agreed = agreements or Agreements()
    for pct_code, own in practices.groupby("pct_code", sort=True):
        for year, plan in plans(plan_rows[plan_rows["pct_code"] == pct_code]).items():
            try:
                day = periods.start(year)
                answers = answering(practices, "practice_code", day)
                ours = set(own["practice_code"])
                inside = {code: now for code, now in answers.items() if now in ours}
                yield _one(str(pct_code), year, plan, activity, lists, inside, agreed)
            except SelectionError as error:
                yield Unset(str(pct_code), year, str(error))


def _one(
    pct_code: str,
    year: str,
    plan: Plan,
    activity: pd.DataFrame,
    lists: pd.DataFrame,
    answers: dict[str, str],
    agreed: Agreements,
) -> YearBudget:
    """Set the budgets of one PCT and year."""
    base_year = plan.base_year or periods.preceding(year)
    if periods.first_year(base_year) >= periods.first_year(year):
        raise SelectionError(
            f"The plan of {year} names {base_year} as its base year, so no budget of {year} can be "
            "set. A budget rests on activity of an earlier year: correct the item base_year of the "
            "plan, or leave it out to take the year before."
        )
    of_base, price_year = _priced(activity, base_year, year, plan)
    day = periods.start(year)
    columns = ["practice_code", "pod", "n_activity", "n_priced", "pence"]
    inside = regrouped(of_base[columns], answers, ["practice_code", "pod"])
    inside = inside[inside["n_activity"] > 0]
    outside = of_base[~of_base["practice_code"].isin(list(answers))]
    counted = [
        regrouped(
            lists.loc[lists["count_date"] == pd.Timestamp(on), ["practice_code", "n_patients"]],
            answers,
            ["practice_code"],
        ).rename(columns={"n_patients": name})
        for name, on in (("list_base", periods.start(base_year)), ("list_budget", day))
    ]
    sizes = counted[0].merge(counted[1], on="practice_code", how="outer", validate="one_to_one")
    result = baseline(
        inside,
        sizes,
        plan,
        financial_year=year,
        price_year=price_year,
        adjustments=_of_year(agreed.adjustments, pct_code, year, answers),
        scope=_of_year(agreed.scope, pct_code, year, answers),
        weights=agreed.weights.get((pct_code, year)),
        rules=agreed.rules,
        months=_months(agreed.months, base_year, answers),
    )
    return YearBudget(pct_code, result, int(outside["n_priced"].sum()), int(outside["pence"].sum()))


def _priced(
    activity: pd.DataFrame, base_year: str, year: str, plan: Plan
) -> tuple[pd.DataFrame, str]:
    """Take the base year's activity at the budget year's prices, else at its own with uplift."""
    of_base = activity[activity["financial_year"] == base_year]
    priced = of_base[of_base["price_year"] == year]
    if not priced.empty:
        return priced, year
    own = of_base[of_base["price_year"] == base_year]
    if plan.uplift_share and not own.empty:
        return own, base_year
    raise SelectionError(
        f"There is no activity of {base_year} priced at {year} prices, so no budget of {year} "
        f"can be set. Load the activity of {base_year}; if it is loaded, the tariff of {year} "
        f"is missing: add reference/tariff/{periods.in_file_name(year)}.csv, or a price uplift "
        f"to the plan if the tariff of {base_year} is held."
    )


def _of_year(
    rows: pd.DataFrame, pct_code: str, year: str, answers: dict[str, str]
) -> pd.DataFrame | None:
    """Take the rows of one PCT and year; a merged practice's are those of its successor."""
    if rows.empty:
        return None
    years = rows["financial_year"].str.replace("-", "/")
    own = rows[(rows["pct_code"] == pct_code) & (years == year)]
    return own.assign(practice_code=[answers.get(c, c) for c in own["practice_code"]])


def _months(months: pd.DataFrame | None, year: str, answers: dict[str, str]) -> set[Any] | None:
    """Give the months of a year in which the PCT's practices have activity."""
    if months is None:
        return None
    own = months[(months["financial_year"] == year) & months["practice_code"].isin(list(answers))]
    return {pd.Timestamp(m).date() for m in own["month"]}
