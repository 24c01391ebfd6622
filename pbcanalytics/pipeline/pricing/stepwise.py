"""What is published of prices step by step, gathered from the working database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets import YearBudget
from pbcanalytics.costing import answering
from pbcanalytics.costing.published_prices import hrg_prices
from pbcanalytics.faces.publishing.steps import step_totals
from pbcanalytics.faces.publishing.unpriced import unpriced_activity
from pbcanalytics.faces.withholding.step_groups import groups, placed
from pbcanalytics.faces.withholding.step_withholding import Line, hidden_lines
from pbcanalytics.faces.withholding.taken_steps import ALL
from pbcanalytics.faces.withholding.told_sums import Elsewhere
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import codes, periods, tables
from pbcanalytics.words.tables import Table

_CELLS: Final = """
SELECT practice_code, pod, month, financial_year, price_year,
       CAST(SUM(n_rows - n_outside) AS BIGINT) AS n_activity,
       CAST(SUM(n_priced) AS BIGINT) AS n_priced
FROM activity
WHERE practice_code IS NOT NULL
GROUP BY practice_code, pod, month, financial_year, price_year
HAVING SUM(n_rows - n_outside) > 0
"""
"""Activity under the practice that it is recorded under, whoever answers for it now."""


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


def elsewhere(
    warehouse: Warehouse,
    practices: pd.DataFrame,
    published: Mapping[Table, pd.DataFrame],
) -> Elsewhere:
    """
    Gather the activity by month, and the sums of it that steps of prices and budgets tell.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes.
    practices : DataFrame, one row per practice
        Table `practices`.
    published : mapping of Table to DataFrame
        `step_totals` and the tables of budgets, as they will be published.
    """
    cells = warehouse.frame(_CELLS)
    cells["pod"] = cells["pod"].where(cells["pod"].isin(list(codes.PODS)), codes.OTHER_POD)
    by_year = cells.drop(columns="month").assign(is_reported=True, recorded=cells["practice_code"])
    answering_then: dict[str, dict[str, set[str]]] = {}
    columns = ["financial_year", "practice_code", "recorded"]
    known = placed(by_year, practices, "recorded")[columns].drop_duplicates()
    for year, now, then in known.itertuples(index=False):
        answering_then.setdefault(str(year), {}).setdefault(str(now), set()).add(str(then))
    members = {
        (g.kind, g.code): g.practices
        for g in groups(
            practices,
            warehouse.frame("SELECT * FROM pcts ORDER BY pct_code"),
            warehouse.frame("SELECT * FROM consortia ORDER BY consortium_code"),
        )
    }
    steps = published[tables.STEP_TOTALS]
    keys = ["group_kind", "group_code", "financial_year", "pod"]
    shown = steps.loc[~steps["is_withheld"].astype(bool), keys].drop_duplicates()
    told = [
        (year, _together(members[kind, code], answering_then.get(year, {})), pod)
        for kind, code, year, pod in shown.itertuples(index=False)
    ]
    return Elsewhere(
        cells, [*told, *_of_budgets(practices, published)], _hidden(published), practices
    )


def _together(own: Iterable[str], then: Mapping[str, Iterable[str]]) -> frozenset[str]:
    return frozenset(code for practice in own for code in then.get(practice, ()))


def _of_budgets(
    practices: pd.DataFrame, published: Mapping[Table, pd.DataFrame]
) -> Iterator[tuple[str, frozenset[str], str]]:
    """Give what budgets tell of the activity of their base years."""
    years, totals = published[tables.BUDGETS], published[tables.BUDGET_PRACTICES]
    if years.empty:
        return
    key = ["pct_code", "financial_year"]
    lines = published[tables.BUDGET_LINES]
    shown = pd.concat([totals.assign(pod=ALL), lines[~lines["is_withheld"].astype(bool)]])
    rows = shown.merge(years[[*key, "base_year"]], on=key, how="left", validate="many_to_one")
    then: dict[str, dict[str, set[str]]] = {}
    for year in years["financial_year"].unique():
        answers = answering(practices, "practice_code", periods.start(str(year)))
        for code, now in answers.items():
            then.setdefault(str(year), {}).setdefault(now, set()).add(code)
    columns = ["financial_year", "base_year", "practice_code", "pod"]
    for year, base, practice, pod in rows[columns].itertuples(index=False):
        yield base, _together([practice], then[year]), pod


def _hidden(published: Mapping[Table, pd.DataFrame]) -> frozenset[tuple[str, str, str]]:
    """List the lines of budgets that are withheld: budget year, practice, point of delivery."""
    lines = published[tables.BUDGET_LINES]
    if lines.empty:
        return frozenset()
    gone = lines.loc[lines["is_withheld"].astype(bool), ["financial_year", "practice_code", "pod"]]
    return frozenset(gone.itertuples(index=False, name=None))


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
