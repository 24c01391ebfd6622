"""The walk from base-year activity to indicative budget, exact at every step."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pandas as pd

from pbcanalytics.budgets.plan import Plan
from pbcanalytics.budgets.rounding import half_up, largest_remainder
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError

LEVELS: Final = ("activity", "listed", "grown", "uplifted", "indicative")
"""The levels of the walk, in order; the last is what the practice is offered."""

MOVES: Final = (
    "activity_pence",
    "list_change_pence",
    "growth_pence",
    "uplift_pence",
    "affordability_pence",
)
"""The steps of the walk; they add up to `indicative_pence`."""

NEEDED: Final = MOVES[:-1]
"""The steps before the budgets are fitted to the money: what the practices need."""


@dataclass(frozen=True)
class Baseline:
    """
    Indicative budgets of one year: legal responsibility stays with the PCT (seed 002).

    Attributes
    ----------
    financial_year, base_year, price_year : str
        The year of the budget, of the activity, and of the prices.
    lines : DataFrame, one row per practice and point of delivery
        `practice_code`, `pod`, `n_activity`, `n_priced`, the moves, `indicative_pence`. [pence]
    practices : DataFrame, one row per practice
        `practice_code`, `list_base`, `list_budget` [patients] and the sums of its lines. [pence]
    available_pence : int
        Resource less contingency; equals the sum of the budgets and what is reserved. [pence]
    reserved_pence : int
        Kept for practices with activity that cannot be given a budget. [pence]
    needed_pence : int
        What the budgets would be without the affordability step. [pence]
    gaps : DataFrame, one row per practice left out
        `practice_code`, `reason`, `n_activity`, `activity_pence`. [pence]
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


def baseline(
    activity: pd.DataFrame,
    lists: pd.DataFrame,
    plan: Plan,
    *,
    financial_year: str,
    price_year: str,
) -> Baseline:
    """
    Walk from base-year activity to the indicative budgets of a PCT's practices.

    Activity at tariff, times the change of the list, plus agreed growth per line, plus uplift
    where prices are base-year prices, scaled to what the PCT has (domain 3.2). Every step is
    exact; levels are rounded to pence so that lines sum to practices and practices to the PCT.

    Parameters
    ----------
    activity : DataFrame, one row per practice and point of delivery
        Base-year activity priced at `price_year`: `practice_code`, `pod`, `n_activity`,
        `n_priced`, `pence`. Practices as they are in the budget year.
    lists : DataFrame, one row per practice
        `practice_code`, `list_base`, `list_budget`. [patients]
    plan : Plan
        Resource, contingency, growth, uplift.
    financial_year : str
        Year of the budget; the activity is of the plan's base year, else of the year before.
    price_year : str
        Year of the tariff at which `pence` was costed.

    Returns
    -------
    Baseline

    Raises
    ------
    SelectionError
        If prices are already those of the budget year and the plan uplifts them again (the
        uplift guard of domain 3.2), or no practice can be given a budget.
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
    lines = activity.merge(known, on="practice_code", how="inner", validate="many_to_one")
    lines = lines.sort_values(["practice_code", "pod"], ignore_index=True)
    gaps = _gaps(activity, lists, set(lines["practice_code"]))
    if lines.empty or not lines["pence"].sum():
        raise SelectionError(
            f"No practice has both priced activity of {base_year} and list sizes for {base_year} "
            f"and {financial_year}, so no budget of {financial_year} can be set. Load the list "
            "sizes at 1 April of both years and the activity of the base year."
        )
    exact = _exact(lines, plan)
    needed = sum(exact["uplifted"], Fraction(0))
    # A practice without a list keeps its share of the money: it must not go to the others.
    left_out = activity[~activity["practice_code"].isin(known["practice_code"])]
    kept = sum(_exact(left_out.assign(list_base=1, list_budget=1), plan)["uplifted"], Fraction(0))
    available = half_up(plan.resource_pence * (1 - plan.contingency_share))
    exact["indicative"] = [a * available / (needed + kept) for a in exact["uplifted"]]
    codes = lines["practice_code"].tolist()
    rounded = {level: _rounded(exact[level], codes) for level in LEVELS}
    lines = lines[["practice_code", "pod", "n_activity", "n_priced"]].copy()
    before = [0] * len(lines)
    for move, level in zip(MOVES, LEVELS, strict=True):
        lines[move] = [now - then for now, then in zip(rounded[level], before, strict=True)]
        before = rounded[level]
    lines["indicative_pence"] = before
    summed = lines.drop(columns="pod").groupby("practice_code", as_index=False).sum()
    practices = known.merge(summed, on="practice_code", how="inner", validate="one_to_one")
    return Baseline(
        financial_year=financial_year,
        base_year=base_year,
        price_year=price_year,
        plan=plan,
        lines=lines,
        practices=practices.sort_values("practice_code", ignore_index=True),
        available_pence=available,
        reserved_pence=available - sum(before),
        needed_pence=half_up(needed),
        gaps=gaps,
    )


def _exact(lines: pd.DataFrame, plan: Plan) -> dict[str, list[Fraction]]:
    activity, listed, grown, uplifted = [], [], [], []
    columns = ("pence", "list_budget", "list_base", "pod")
    for pence, now, then, pod in zip(*(lines[c].tolist() for c in columns), strict=True):
        amount = Fraction(int(pence))
        activity.append(amount)
        amount *= Fraction(int(now), int(then))
        listed.append(amount)
        amount *= 1 + plan.growth_share.get(pod, Fraction(0))
        grown.append(amount)
        uplifted.append(amount * (1 + plan.uplift_share))
    return {"activity": activity, "listed": listed, "grown": grown, "uplifted": uplifted}


def _rounded(amounts: list[Fraction], practice_codes: list[str]) -> list[int]:
    """Round so that lines sum to their practice and practices to the PCT, each by remainder."""
    order = list(dict.fromkeys(practice_codes))
    own: dict[str, list[Fraction]] = {code: [] for code in order}
    for code, amount in zip(practice_codes, amounts, strict=True):
        own[code].append(amount)
    sums = [sum(own[code], Fraction(0)) for code in order]
    totals = largest_remainder(sums, half_up(sum(sums, Fraction(0))))
    lines = {c: iter(largest_remainder(own[c], t)) for c, t in zip(order, totals, strict=True)}
    return [next(lines[code]) for code in practice_codes]


def _gaps(activity: pd.DataFrame, lists: pd.DataFrame, budgeted: set[str]) -> pd.DataFrame:
    left_out = activity[~activity["practice_code"].isin(budgeted)]
    summed = left_out.groupby("practice_code")[["n_activity", "pence"]].sum().reset_index()
    active = summed.rename(columns={"pence": "activity_pence"})
    active["reason"] = "no list size at 1 April of both years"
    known = {*budgeted, *active["practice_code"]}
    idle = lists.loc[~lists["practice_code"].isin(known), ["practice_code"]]
    idle = idle.assign(n_activity=0, activity_pence=0, reason="no activity in the base year")
    return pd.concat([active, idle]).sort_values("practice_code", ignore_index=True)
