"""What is published of prices step by step, gathered from the working database."""

from dataclasses import asdict
from typing import Any

import pandas as pd

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
    warehouse: Warehouse, practices: pd.DataFrame, smallest: int
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
    hidden = hidden_lines(steps, smallest)
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


def overridden(held: Shelf, years: list[str]) -> dict[str, list[dict[str, Any]]]:
    """List, by price year, the rules that a user's own reference folder changes."""
    return {year: [asdict(o) for o in held.overrides(year)] for year in years}
