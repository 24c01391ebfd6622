"""The PCT's plan for a year: its resource, what it holds back, and the growth agreed per line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import pandas as pd

from pbcanalytics.budgets.rounding import largest_remainder
from pbcanalytics.words.errors import SelectionError

HELD_BACK: Final = ("contingency", "risk_pool", "top_slice")
"""What a plan may hold back before budgets are set, each as a share of the resource or a sum."""


@dataclass(frozen=True)
class Plan:
    """
    What a PCT has decided for one budget year.

    Attributes
    ----------
    resource_pence : int
        Money for the services in scope. [pence]
    contingency_share : Fraction
        Held back before budgets are set. [share]
    growth_share : mapping of str to Fraction
        Agreed growth in activity per point of delivery; none stands for zero. [share]
    uplift_share : Fraction
        Price uplift; only where activity is priced at base-year prices. [share]
    notes : tuple of str
        Who agreed what, and when.
    base_year : str or None
        Financial year of the activity that budgets rest on; the year before unless named. The
        first budgets, of 2005/06, rested on 2003/04 (domain 3.1).
    risk_pool_share, top_slice_share : Fraction
        As the contingency. [share]
    contingency_pence, risk_pool_pence, top_slice_pence : int
        Where the plan names a sum and not a share; one of the two is 0. [pence]
    return_rules : mapping of str to str
        What the plan says of each of HELD_BACK: who agreed it, and when it comes back; an item
        that is missing has no rule (check C8, domain 3.3).
    pace_share : Fraction or None
        What a practice above the band of its fair share gives in the year, at most; None where
        nobody is to be moved. [share]
    """

    resource_pence: int
    contingency_share: Fraction = Fraction(0)
    growth_share: Mapping[str, Fraction] = field(default_factory=dict)
    uplift_share: Fraction = Fraction(0)
    notes: tuple[str, ...] = ()
    base_year: str | None = None
    risk_pool_share: Fraction = Fraction(0)
    top_slice_share: Fraction = Fraction(0)
    contingency_pence: int = 0
    risk_pool_pence: int = 0
    top_slice_pence: int = 0
    return_rules: Mapping[str, str] = field(default_factory=dict)
    pace_share: Fraction | None = None


@dataclass(frozen=True)
class Division:
    """The resource in whole pence [pence]: what can be budgeted, and what is held back."""

    available_pence: int
    contingency_pence: int
    risk_pool_pence: int
    top_slice_pence: int


def divided(plan: Plan) -> Division:
    """
    Divide the resource into what is held back and what is left for budgets, to the penny.

    Raises
    ------
    SelectionError
        If more is held back than there is.

    Examples
    --------
    >>> divided(Plan(1000, Fraction("0.03"), risk_pool_pence=50))
    Division(available_pence=920, contingency_pence=30, risk_pool_pence=50, top_slice_pence=0)
    """
    resource = plan.resource_pence
    held = [
        plan.contingency_share * resource + plan.contingency_pence,
        plan.risk_pool_share * resource + plan.risk_pool_pence,
        plan.top_slice_share * resource + plan.top_slice_pence,
    ]
    left = resource - sum(held, Fraction(0))
    if left < 0:
        raise SelectionError(
            f"Contingency, risk pool and top slice together are {float(sum(held)) / resource:.1%} "
            "of the PCT's resource, so nothing is left for budgets and none was set. Correct "
            "these items of the plan."
        )
    return Division(*largest_remainder([left, *held], resource))


def plans(rows: pd.DataFrame) -> dict[str, Plan]:
    """
    Read the plans of a PCT from the rows of table `plan`.

    Parameters
    ----------
    rows : DataFrame, one row per financial year, item and line
        Table `plan` of one PCT.

    Returns
    -------
    dict of str to Plan
        By financial year; a year without a resource has no plan.
    """
    found: dict[str, Plan] = {}
    years = rows["financial_year"].str.replace("-", "/")
    for year, of_year in rows.groupby(years, sort=True):
        is_base = of_year["item"] == "base_year"
        named = of_year.loc[is_base, "value"].tolist()
        others = list(of_year[~is_base].itertuples())
        values = {(str(r.item), str(r.line)): Fraction(str(r.value)) for r in others}
        if ("resource", "ALL") not in values:
            continue
        sums = {str(r.item) for r in others if str(r.unit).upper() == "GBP"}
        notes = dict.fromkeys(str(n) for n in of_year["note"].dropna())
        shares = {i: v for (i, _), v in values.items() if i not in sums}
        pence = {i: int(v * 100) for (i, _), v in values.items() if i in sums}
        found[str(year)] = Plan(
            resource_pence=int(values["resource", "ALL"] * 100),
            contingency_share=shares.get("contingency", Fraction(0)),
            growth_share={line: v for (item, line), v in values.items() if item == "growth"},
            uplift_share=shares.get("uplift", Fraction(0)),
            notes=tuple(notes),
            base_year=str(named[0]).strip().replace("-", "/") if named else None,
            risk_pool_share=shares.get("risk_pool", Fraction(0)),
            top_slice_share=shares.get("top_slice", Fraction(0)),
            contingency_pence=pence.get("contingency", 0),
            risk_pool_pence=pence.get("risk_pool", 0),
            top_slice_pence=pence.get("top_slice", 0),
            return_rules={
                str(r.item): str(r.note)
                for r in others
                if r.item in HELD_BACK and isinstance(r.note, str) and r.note.strip()
            },
            pace_share=shares.get("pace_of_change"),
        )
    return found
