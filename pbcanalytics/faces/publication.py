"""What is published: aggregate tables, with small numbers withheld."""

from collections.abc import Collection, Iterable

import pandas as pd

from pbcanalytics.budgets import MOVES, YearBudget
from pbcanalytics.faces.disclosure import blanked
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

_PENCE = [*MOVES, "indicative_pence"]


def budget_tables(
    budgets: Iterable[YearBudget],
    practices: pd.DataFrame,
    *,
    hidden: Collection[tuple[str, str, str]],
    smallest: int,
) -> dict[Table, pd.DataFrame]:
    """
    Lay out budgets for publication.

    Parameters
    ----------
    budgets : iterable of YearBudget
    practices : DataFrame, one row per practice
        Table `practices`, for names and consortia.
    hidden : collection of (practice, year of activity, point of delivery)
        The lines that are withheld, as `step_withholding.hidden_lines` chooses them for every
        table that has lines of practices.
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
                "reserved_pence": b.reserved_pence,
                "needed_pence": b.needed_pence,
                "n_practices": len(b.practices),
                "n_activity": int(b.practices["n_activity"].sum()),
                "n_priced": int(b.practices["n_priced"].sum()),
                "outside_activity": budget.outside_activity,
                "outside_pence": budget.outside_pence,
                "notes": "; ".join(b.plan.notes),
            }
        )
        withheld = [
            (practice, b.base_year, pod) in hidden
            for practice, pod in zip(b.lines["practice_code"], b.lines["pod"], strict=True)
        ]
        of_lines.append(blanked(b.lines, withheld, ["n_activity", *_PENCE]).assign(**key))
        coverage = [
            rounded_down(priced / payable)
            for priced, payable in zip(
                b.practices["n_priced"], b.practices["n_activity"], strict=True
            )
        ]
        of_practices.append(b.practices.assign(coverage=coverage, **key))
        few = b.gaps["n_activity"].between(1, smallest - 1)
        told = b.gaps["activity_pence"].astype("Int64").mask(few)
        gaps.append(b.gaps.assign(activity_pence=told, **key))
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


def rounded_down(share: float) -> float:
    """Keep a share to two places, never up: few without a price are neither told nor lost."""
    return int(share * 100) / 100


def _without_few(years: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Empty what is a small number of activities outside the practices, or without a price."""
    outside = years["outside_activity"].between(1, smallest - 1)
    unpriced = (years["n_activity"] - years["n_priced"]).between(1, smallest - 1)
    kept = {
        c: years[c].astype("Int64").mask(outside) for c in ("outside_activity", "outside_pence")
    }
    return years.assign(n_priced=years["n_priced"].astype("Int64").mask(unpriced), **kept)
