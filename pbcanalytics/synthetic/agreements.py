"""What the invented PCT and its practices agreed beside the plan: pools, adjustments, scope."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from pbcanalytics.synthetic import places
from pbcanalytics.words import periods

_FEWEST_WITH_SCOPE: Final = 5
"""A trial run of fewer practices has none that hands anything back."""

_PLAN: Final = (
    ("risk_pool", "0.005", "Invented example: what is left in March goes back by list in April"),
    ("top_slice", "0.005", "Invented example: pays for shared services; comes back if not spent"),
    ("pace_of_change", "0.01", "Invented example: agreed by the consortium boards"),
)


def plan_rows(years: Sequence[str]) -> pd.DataFrame:
    """Lay out the rows of plan.csv on pools and pace, one per year and item."""
    rows = [
        [places.PCT, year, item, "ALL", value, "share", note]
        for year in years
        for item, value, note in _PLAN
    ]
    names = ["PCT_CODE", "FINANCIAL_YEAR", "ITEM", "LINE", "VALUE", "UNIT", "NOTE"]
    return pd.DataFrame(rows, columns=names)


def adjustment_rows(codes: Sequence[str], year: str) -> pd.DataFrame:
    """
    Lay out budget_adjustments.csv: one agreed sum.

    Parameters
    ----------
    codes : sequence of str
        Practices with a budget of the year.
    year : str
        Budget year.
    """
    agreed_on = f"{periods.first_year(year)}-02-20"
    reason = "Invented example: a nursing home of 60 beds opens among the practice's patients"
    row = [places.PCT, year, codes[0], "NEL", "12000.00", reason, "PCT board", agreed_on]
    names = ["PCT_CODE", "FINANCIAL_YEAR", "PRACTICE_CODE", "LINE", "AMOUNT", "REASON"]
    return pd.DataFrame([row], columns=[*names, "AGREED_BY", "AGREED_ON"])


def scope_rows(codes: Sequence[str], year: str) -> pd.DataFrame:
    """
    Lay out budget_scope.csv: A&E that stays with the PCT, and a budget taken from 1 October.

    Parameters
    ----------
    codes : sequence of str
        Practices with a budget of the year.
    year : str
        Budget year.
    """
    first = periods.first_year(year)
    middle, last = codes[len(codes) // 2], codes[-1]
    ours, holder = [places.PCT, year], places.PCT_NAME
    why = "Invented example: the practice leaves A&E with the PCT"
    later = "Invented example: it takes its budget from 1 October"
    told = [
        [*ours, last, "AE", holder, None, None, why],
        [*ours, middle, "ALL", holder, f"{first}-04-01", f"{first}-09-30", later],
    ]
    names = ["PCT_CODE", "FINANCIAL_YEAR", "PRACTICE_CODE", "LINE", "HOLDER", "FROM_DATE"]
    made = pd.DataFrame(told, columns=[*names, "TO_DATE", "REASON"])
    return made if len(codes) >= _FEWEST_WITH_SCOPE else made.head(0)
