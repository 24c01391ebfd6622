"""What is published of prices step by step, gathered from the working database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from pbcanalytics.budgets import YearBudget
from pbcanalytics.costing.published_prices import hrg_prices
from pbcanalytics.faces.publication_steps import step_totals
from pbcanalytics.faces.publication_unpriced import unpriced_activity
from pbcanalytics.faces.step_groups import groups, placed
from pbcanalytics.faces.step_withholding import Line, hidden_lines
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table


def step_frames(
    warehouse: Warehouse,
    practices: pd.DataFrame,
    smallest: int,
    found: Sequence[YearBudget] = (),
) -> tuple[dict[Table, pd.DataFrame], set[Line]]:
    """
    Gather the steps of prices for publication, and the lines of practices to withhold everywhere.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes.
    practices : DataFrame, one row per practice
        Table `practices`.
    smallest : int
        The smallest count that may be shown.
    found : sequence of YearBudget
        The budgets that are published beside them.
    """
    steps = placed(warehouse.frame("SELECT * FROM step_totals"), practices)
    unpriced = placed(
        warehouse.frame("SELECT * FROM unpriced_totals"), practices, "unpriced_reason", "is_gap"
    )
    whose = list(
        groups(
            practices,
            warehouse.frame("SELECT * FROM pcts ORDER BY pct_code"),
            warehouse.frame("SELECT * FROM consortia ORDER BY consortium_code"),
        )
    )
    growth = {
        (str(code), b.baseline.base_year): b.baseline.plan.growth_share
        for b in found
        for code in b.baseline.practices["practice_code"]
    }
    hidden = hidden_lines(steps, smallest, growth)
    factors = warehouse.frame(
        "SELECT m.financial_year AS price_year, m.provider_code, p.provider_name, m.mff_millionths "
        "FROM mff AS m LEFT JOIN providers AS p ON p.provider_code = m.provider_code ORDER BY 1, 2"
    )
    told = step_totals(steps, whose, hidden, smallest)
    return {
        tables.STEP_TOTALS: told,
        tables.UNPRICED_ACTIVITY: unpriced_activity(unpriced, steps, told, whose, smallest),
        tables.HRG_PRICES: hrg_prices(warehouse),
        tables.PROVIDER_FACTORS: factors,
    }, hidden


def told_lines(stepwise: Mapping[Table, pd.DataFrame]) -> set[tuple[str, str, str, str]]:
    """List the lines that are told: kind and code of the group, year of activity, line."""
    steps = stepwise[tables.STEP_TOTALS]
    shown = steps[~steps["is_withheld"].astype(bool)]
    keys = ("group_kind", "group_code", "financial_year", "pod")
    return set(zip(*(shown[k].astype(str) for k in keys), strict=True))


def group_names(warehouse: Warehouse) -> dict[tuple[str, str], str]:
    """Name PCTs, consortia and practices, by kind and code."""
    return {
        (kind, str(code)): str(name)
        for kind, register in (
            ("pct", "pcts"),
            ("consortium", "consortia"),
            ("practice", "practices"),
        )
        for code, name in warehouse.rows(f"SELECT {kind}_code, {kind}_name FROM {register}")
        if name is not None
    }


def overridden(held: Shelf, years: list[str]) -> dict[str, list[dict[str, Any]]]:
    """List, by price year, the rules that a user's own reference folder changes."""
    return {year: [asdict(o) for o in held.overrides(year)] for year in years}
