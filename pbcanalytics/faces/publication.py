"""What is published: aggregate tables, with small numbers withheld."""

from collections.abc import Iterable

import pandas as pd

from pbcanalytics.budgets import MOVES, YearBudget
from pbcanalytics.faces.disclosure import withhold
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

_PENCE = [*MOVES, "indicative_pence"]


def budget_tables(
    budgets: Iterable[YearBudget], practices: pd.DataFrame, *, smallest: int
) -> dict[Table, pd.DataFrame]:
    """
    Lay out budgets for publication.

    Parameters
    ----------
    budgets : iterable of YearBudget
    practices : DataFrame, one row per practice
        Table `practices`, for names and consortia.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of Table to DataFrame
        `budgets`, one row per PCT and year; `budget_practices`, one row per practice and year;
        `budget_lines`, one row per practice, point of delivery and year; `budget_gaps`, one row
        per practice left out and year. Where `is_withheld`, counts and pounds of a line are
        empty; they are in the practice's total.
    """
    years, of_practices, of_lines, gaps = [], [], [], []
    for budget in budgets:
        b = budget.baseline
        key = {"pct_code": budget.pct_code, "financial_year": b.financial_year}
        years.append(
            {
                **key,
                "base_year": b.base_year,
                "price_year": b.price_year,
                "resource_pence": b.plan.resource_pence,
                "available_pence": b.available_pence,
                "needed_pence": b.needed_pence,
                "n_practices": len(b.practices),
                "n_activity": int(b.practices["n_activity"].sum()),
                "n_priced": int(b.practices["n_priced"].sum()),
                "outside_activity": budget.outside_activity,
                "outside_pence": budget.outside_pence,
                "notes": "; ".join(b.plan.notes),
            }
        )
        lines = withhold(
            b.lines,
            row="practice_code",
            column="pod",
            count="n_activity",
            values=["n_priced", *_PENCE],
            smallest=smallest,
        )
        of_lines.append(_without_few_unpriced(lines.assign(**key), smallest))
        of_practices.append(_without_few_unpriced(b.practices.assign(**key), smallest))
        gaps.append(b.gaps.assign(**key))
    names = practices[["practice_code", "practice_name", "consortium_code"]]
    named = [
        p.merge(names, on="practice_code", how="left", validate="many_to_one") for p in of_practices
    ]
    found = {
        tables.BUDGETS: [_without_few(pd.DataFrame(years), smallest)] if years else [],
        tables.BUDGET_PRACTICES: named,
        tables.BUDGET_LINES: of_lines,
        tables.BUDGET_GAPS: gaps,
    }
    return {
        table: pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
        for table, frames in found.items()
    }


def _without_few_unpriced(frame: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Empty `n_priced` where it would tell of a small number of activities without a price."""
    missing = frame["n_activity"] - frame["n_priced"]
    few = missing.between(1, smallest - 1).fillna(False).astype(bool)
    return frame.assign(n_priced=frame["n_priced"].astype("Int64").mask(few))


def _without_few(years: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Empty what lies outside the practices where it is a small number of activities."""
    few = years["outside_activity"].between(1, smallest - 1)
    kept = {c: years[c].astype("Int64").mask(few) for c in ("outside_activity", "outside_pence")}
    return _without_few_unpriced(years.assign(**kept), smallest)
