"""What the steps share: progress, the reference data of a data folder, and its budgets."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pandas as pd

from pbcanalytics import budgets, costing
from pbcanalytics.pipeline.budgets.weighed_lists import given
from pbcanalytics.pipeline.budgets.weight_sets import share_rules
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError, StoreError

Progress = Callable[[str, float], None]

_INPUTS: Final = ("practice_months", "share_weights", "share_rules")

_MONTHS: Final = """
SELECT practice_code, financial_year, month
FROM activity
GROUP BY practice_code, financial_year, month
HAVING SUM(n_rows) > 0
ORDER BY ALL
"""
"""When practices have activity, at whatever prices."""


def silent(step: str, share: float) -> None:
    """Show nothing of how far a step is."""


def shelf(data: Path) -> Shelf:
    """Open the reference data, with those of the data folder on top."""
    return Shelf.open(data / "reference")


def every_budget(
    warehouse: Warehouse, *, is_moved: bool = True
) -> list[budgets.YearBudget | budgets.Unset]:
    """
    Set the budgets of every PCT and year that has a plan, from what was priced.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes.
    is_moved : bool, default True
        Whether a pace of change that a plan asks for is taken, or budgets are those before it.
    """
    practices = warehouse.frame("SELECT * FROM practices ORDER BY practice_code")
    plan = warehouse.frame("SELECT * FROM plan ORDER BY ALL")
    if not is_moved:
        plan = plan[plan["item"] != "pace_of_change"]
    return list(
        budgets.every_budget(
            warehouse.frame("SELECT * FROM practice_lines ORDER BY ALL"),
            warehouse.frame("SELECT * FROM practice_lists ORDER BY ALL"),
            practices,
            plan,
            agreements(warehouse, practices, plan),
        )
    )


def agreements(
    warehouse: Warehouse, practices: pd.DataFrame, plan: pd.DataFrame
) -> budgets.Agreements:
    """
    Gather what is loaded of adjustments, scope and weighted lists, and the rules of fair shares.

    Parameters
    ----------
    warehouse : Warehouse
        Where it holds the tables of `agreement_inputs`, these count, as in a budget set again.
    practices, plan : DataFrame
        The tables of these names.
    """
    kept = all(warehouse.has(name) for name in _INPUTS)
    inputs = (
        {name: warehouse.frame(f"SELECT * FROM {name} ORDER BY ALL") for name in _INPUTS}
        if kept
        else agreement_inputs(warehouse, practices, plan)
    )
    told = inputs["share_rules"]
    rules = {str(n): Fraction(str(v)) for n, v in zip(told["rule"], told["value"], strict=True)}
    weights = inputs["share_weights"]
    for name, read in (("n_patients", Fraction), ("weight", Fraction), ("reason", str)):
        values = [None if pd.isna(v) else read(v) for v in weights[name]]
        weights[name] = pd.Series(values, dtype=object, index=weights.index)
    by_year = weights.groupby(["pct_code", "financial_year"]) if len(weights) else ()
    return budgets.Agreements(
        adjustments=_landed(warehouse, "budget_adjustments"),
        scope=_landed(warehouse, "budget_scope"),
        weights={
            (str(pct), str(year)): own.drop(columns=["pct_code", "financial_year"])
            for (pct, year), own in by_year
        },
        rules=budgets.ShareRules(
            band_share=rules["band_share"],
            k_ratio=rules["person_cost_variation_ratio"],
            confidence_share=rules["confidence_share"],
        ),
        months=inputs["practice_months"],
    )


def agreement_inputs(
    warehouse: Warehouse, practices: pd.DataFrame, plan: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """
    Work out, as plain tables, what the walk takes from more than one place.

    Returns
    -------
    dict of str to DataFrame
        `practice_months`, one row per practice and month with activity; `share_weights`, one row
        per PCT, year with a plan and practice, its weighted list a fraction as text; `share_rules`,
        one row per rule.
    """
    rules = share_rules(shelf(warehouse.path.parent))
    columns = ["pct_code", "financial_year", "practice_code", "n_patients", "weight", "reason"]
    weights = [w.assign(pct_code=pct, financial_year=year) for (pct, year), w in
               _weights(warehouse, practices, plan).items()]  # fmt: skip
    told = pd.concat(weights)[columns] if weights else pd.DataFrame(columns=columns)
    for name in ("n_patients", "weight"):
        told[name] = [None if v is None else str(v) for v in told[name]]
    return {
        "practice_months": warehouse.frame(_MONTHS),
        "share_weights": told.reset_index(drop=True),
        "share_rules": pd.DataFrame(
            [(name, str(rule["value"])) for name, rule in rules.items()], columns=["rule", "value"]
        ),
    }


def _landed(warehouse: Warehouse, table: str) -> pd.DataFrame:
    """Give the rows of a landing table; a working file of an earlier version lacks it."""
    if not warehouse.has(table):
        return pd.DataFrame()
    return warehouse.frame(f"SELECT * FROM {table} ORDER BY ALL")


def _weights(
    warehouse: Warehouse, practices: pd.DataFrame, plan: pd.DataFrame
) -> dict[tuple[str, str], pd.DataFrame]:
    """Give the weighted lists of every PCT and year with a plan, where any are loaded."""
    found = {}
    for pct_code, own in practices.groupby("pct_code", sort=True):
        for year in budgets.plans(plan[plan["pct_code"] == pct_code]):
            answers = costing.answering(practices, "practice_code", periods.start(year))
            ours = set(own["practice_code"])
            inside = {code: now for code, now in answers.items() if now in ours}
            # None loaded is no fault: the budgets then say that nobody was moved.
            with suppress(SelectionError):
                found[str(pct_code), year] = given(warehouse, year, "all", inside)[0]
    return found


def refuse_unpriced(warehouse: Warehouse, held: Shelf) -> None:
    """
    Refuse to make figures that do not follow from what is loaded.

    Raises
    ------
    StoreError
        If nothing was built, or what is loaded has changed since.
    """
    data = warehouse.path.parent
    if not warehouse.has("build"):
        raise StoreError(
            f"The activity in {data} has not been priced yet, so there are no figures. Run "
            "'pbc build' first."
        )
    if warehouse.rows("SELECT inputs FROM build") != [(fingerprint(warehouse, held),)]:
        raise StoreError(
            f"Extracts or reference data have changed since the activity in {data} was priced, so "
            "figures would not agree with them. Run 'pbc build' first."
        )


def fingerprint(warehouse: Warehouse, held: Shelf) -> str:
    """Give a checksum of all that the figures rest on: files, reference data, models, version."""
    total = hashlib.sha256(version("pbcanalytics").encode())
    for sha in warehouse.frame("SELECT sha256 FROM loads ORDER BY load_id")["sha256"]:
        total.update(str(sha).encode())
    total.update(held.digest().encode())
    total.update(costing.digest().encode())
    return total.hexdigest()[:16]
