"""The walk from base-year activity to indicative budget, exact at every step."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pandas as pd

from pbcanalytics.budgets.walk.adjustments import new_places, read_adjustments
from pbcanalytics.budgets.walk.fair_share_move import ShareRules
from pbcanalytics.budgets.walk.frames import budget_lines, budget_practices, sidelines
from pbcanalytics.budgets.walk.plan import Plan
from pbcanalytics.budgets.walk.scope import read_scope
from pbcanalytics.budgets.walk.steps import LEVELS, MOVES, NEEDED, Line, walk
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError
from pbcanalytics.words.working_days import months_between

__all__ = ["LEVELS", "MOVES", "NEEDED", "Baseline", "baseline"]

NOT_AGREED: Final = "not_agreed"
BASE_YEAR_INCOMPLETE: Final = "base_year_incomplete"
"""Why budgets are provisional; `missing_months` names the months."""


@dataclass(frozen=True)
class Baseline:
    """
    Indicative budgets of one year: legal responsibility stays with the PCT (seed 002).

    To the penny, the resource is contingency, risk pool, top slice, the sum of the budgets, what
    others hold and what is reserved.

    Attributes
    ----------
    financial_year, base_year, price_year : str
        The year of the budget, of the activity, and of the prices.
    plan : Plan
    lines : DataFrame, one row per practice and point of delivery
        `practice_code`, `pod`, `n_activity`, `n_priced`, MOVES, `indicative_pence`, and
        `held_pence`, which others hold of the line. [pence]
    practices : DataFrame, one row per practice
        `practice_code`, `list_base`, `list_budget` [patients] and the sums of its lines; of its
        whole budget, with what others hold, before it moves: `target_pence` (its fair share),
        `distance_share` (budget over target, less 1) and `chance_share` (how far chance alone
        goes, either way) as Fractions; None where not known. [pence; shares]
    available_pence : int
        Resource less what is held back: what budgets, holders and the reserve get. [pence]
    reserved_pence : int
        Kept for practices with activity that cannot be given a budget. [pence]
    needed_pence : int
        What the budgets would be without affordability and the fair-share move. [pence]
    gaps : DataFrame, one row per practice left out
        `practice_code`, `reason`, `n_activity`, `activity_pence`. [pence]
    contingency_pence, risk_pool_pence, top_slice_pence : int
        Held back before budgets are set. [pence]
    held : DataFrame, one row per practice, line and holder's months
        `practice_code`, `pod`, `holder`, `months`, `reason`, `held_pence`. [pence]
    outside : DataFrame, one row per line that all practices leave out
        `pod`, `holder`, `months`, `reason`: outside the resource, no money is held for it.
    adjustments : DataFrame, one row per adjustment and line on which it fell
        `practice_code`, `pod`, `amount_pence`, `reason`, `agreed_by`, `agreed_on`; they sum to
        `adjustment_pence`. [pence]
    unapplied : DataFrame, one row per thing that was asked for and could not be done
        `item` (adjustment, scope or pace_of_change), `practice_code`, `pod`, `amount_pence`,
        `reason`. [pence]
    missing_months : tuple of date
        Months of the base year without any activity, by their first days.
    provisional_reasons : tuple of str
        NOT_AGREED, and BASE_YEAR_INCOMPLETE where months are missing.
    """

    financial_year: str
    base_year: str
    price_year: str
    plan: Plan
    lines: pd.DataFrame
    practices: pd.DataFrame
    available_pence: int
    reserved_pence: int
    needed_pence: int
    gaps: pd.DataFrame
    contingency_pence: int
    risk_pool_pence: int
    top_slice_pence: int
    held: pd.DataFrame
    outside: pd.DataFrame
    adjustments: pd.DataFrame
    unapplied: pd.DataFrame
    missing_months: tuple[dt.date, ...]
    provisional_reasons: tuple[str, ...]

    @property
    def is_provisional(self) -> bool:
        """Whether anything may still change the budgets."""
        return bool(self.provisional_reasons)


def baseline(
    activity: pd.DataFrame,
    lists: pd.DataFrame,
    plan: Plan,
    *,
    financial_year: str,
    price_year: str,
    adjustments: pd.DataFrame | None = None,
    scope: pd.DataFrame | None = None,
    weights: pd.DataFrame | None = None,
    rules: ShareRules | None = None,
    months: Collection[dt.date] | None = None,
) -> Baseline:
    """
    Walk from base-year activity to the indicative budgets of a PCT's practices.

    Activity at tariff, times the change of the list, plus agreed growth per line, plus uplift
    where prices are base-year prices, plus local adjustments, less what is handed back, scaled
    to what the PCT has, and one step towards fair shares (domain 3.2). Every step is exact;
    levels are rounded to pence so that lines sum to practices and practices to the PCT.

    Parameters
    ----------
    activity : DataFrame, one row per practice and point of delivery
        Base-year activity priced at `price_year`: `practice_code`, `pod`, `n_activity`,
        `n_priced`, `pence`. Practices as they are in the budget year.
    lists : DataFrame, one row per practice
        `practice_code`, `list_base`, `list_budget`. [patients]
    plan : Plan
        Resource, what is held back, growth, uplift, pace of change.
    financial_year : str
        Year of the budget; the activity is of the plan's base year, else of the year before.
    price_year : str
        Year of the tariff at which `pence` was costed.
    adjustments, scope : DataFrame, optional
        Rows of `budget_adjustments` and `budget_scope`, as `read_adjustments` and `read_scope`
        take them.
    weights : DataFrame, one row per practice, optional
        `practice_code`, `n_patients`, `weight`, `reason`, as `fair_shares` takes them.
    rules : ShareRules, optional
        Needed with weights.
    months : collection of date, optional
        Months of the base year with activity, by their first days; all of them unless given.

    Returns
    -------
    Baseline

    Raises
    ------
    SelectionError
        If prices are already those of the budget year and the plan uplifts them again (the
        uplift guard of domain 3.2), no practice can be given a budget, or `walk` refuses.
    """
    base_year = plan.base_year or periods.preceding(financial_year)
    if plan.uplift_share and price_year == financial_year:
        raise SelectionError(
            f"The activity is already priced at {financial_year} prices, which hold that year's "
            f"uplift; adding {float(plan.uplift_share):.1%} would count it twice. Remove the "
            f"uplift from the plan, or price the activity at {base_year} prices."
        )
    known = lists.dropna(subset=["list_base", "list_budget"])
    known = known[(known["list_base"] > 0) & (known["list_budget"] > 0)]
    change = {
        str(code): Fraction(int(now), int(then))
        for code, now, then in zip(
            *(known[c].tolist() for c in ("practice_code", "list_budget", "list_base")), strict=True
        )
    }
    with_budget = activity[activity["practice_code"].isin(list(change))]
    if with_budget.empty or not with_budget["pence"].sum():
        raise SelectionError(
            f"No practice has both priced activity of {base_year} and list sizes for {base_year} "
            f"and {financial_year}, so no budget of {financial_year} can be set. Load the list "
            "sizes at 1 April of both years and the activity of the base year."
        )
    asked = read_adjustments(adjustments)
    priced = {
        (str(code), str(pod)): int(pence)
        for code, pod, pence in zip(
            *(activity[c].tolist() for c in ("practice_code", "pod", "pence")), strict=True
        )
    }
    practices = {*change, *(code for code, _ in priced)}
    added = [place for place in new_places(list(priced), asked) if place[0] in practices]
    places = sorted([*priced, *added])
    every = [Line(c, pod, priced.get((c, pod), 0), change.get(c)) for c, pod in places]
    taken = walk(
        every,
        plan,
        financial_year=financial_year,
        adjustments=asked,
        scope=read_scope(scope),
        weights=weights,
        rules=rules,
    )
    lines = budget_lines(taken, activity)
    missing = _missing(base_year, months)
    return Baseline(
        financial_year=financial_year,
        base_year=base_year,
        price_year=price_year,
        plan=plan,
        lines=lines,
        practices=budget_practices(known, lines, taken),
        available_pence=taken.division.available_pence,
        reserved_pence=taken.reserved_pence,
        needed_pence=int(lines[list(NEEDED)].sum().sum()),
        gaps=_gaps(activity, lists, set(lines["practice_code"])),
        contingency_pence=taken.division.contingency_pence,
        risk_pool_pence=taken.division.risk_pool_pence,
        top_slice_pence=taken.division.top_slice_pence,
        missing_months=missing,
        provisional_reasons=(NOT_AGREED, *([BASE_YEAR_INCOMPLETE] if missing else [])),
        **sidelines(taken, financial_year),
    )


def _missing(base_year: str, months: Collection[dt.date] | None) -> tuple[dt.date, ...]:
    """Name the months of the base year without activity."""
    start = periods.start(base_year)
    every = months_between(start, dt.date(start.year + 1, 3, 1))
    return () if months is None else tuple(m for m in every if m not in months)


def _gaps(activity: pd.DataFrame, lists: pd.DataFrame, budgeted: set[str]) -> pd.DataFrame:
    """Name the practices without a budget, and why."""
    left_out = activity[~activity["practice_code"].isin(budgeted)]
    summed = left_out.groupby("practice_code")[["n_activity", "pence"]].sum().reset_index()
    active = summed.rename(columns={"pence": "activity_pence"})
    active["reason"] = "no list size at 1 April of both years"
    known = {*budgeted, *active["practice_code"]}
    idle = lists.loc[~lists["practice_code"].isin(known), ["practice_code"]]
    idle = idle.assign(n_activity=0, activity_pence=0, reason="no activity in the base year")
    return pd.concat([active, idle]).sort_values("practice_code", ignore_index=True)
