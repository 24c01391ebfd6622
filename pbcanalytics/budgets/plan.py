"""The PCT's plan for a year: its resource, what it holds back, and the growth agreed per line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import pandas as pd


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
    """

    resource_pence: int
    contingency_share: Fraction = Fraction(0)
    growth_share: Mapping[str, Fraction] = field(default_factory=dict)
    uplift_share: Fraction = Fraction(0)
    notes: tuple[str, ...] = ()
    base_year: str | None = None


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
        values = {
            (str(r.item), str(r.line)): Fraction(str(r.value))
            for r in of_year[~is_base].itertuples()
        }
        if ("resource", "ALL") not in values:
            continue
        notes = dict.fromkeys(str(n) for n in of_year["note"].dropna())
        found[str(year)] = Plan(
            resource_pence=int(values["resource", "ALL"] * 100),
            contingency_share=values.get(("contingency", "ALL"), Fraction(0)),
            growth_share={line: v for (item, line), v in values.items() if item == "growth"},
            notes=tuple(notes),
            base_year=str(named[0]).strip().replace("-", "/") if named else None,
        )
    return found
