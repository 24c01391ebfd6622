"""What a year's budgets were set from, as tables; and the budgets set again from these alone."""

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

from pbcanalytics import budgets, costing
from pbcanalytics.budgets import YearBudget
from pbcanalytics.pipeline.stage import every_budget
from pbcanalytics.store import WAREHOUSE_FILE, Warehouse
from pbcanalytics.store.plain_records import frame_of, frame_text
from pbcanalytics.words import periods, tables
from pbcanalytics.words.errors import StoreError

FOLDER: Final = "inputs/"
_COLUMNS: Final = f"{FOLDER}columns.json"
_OF_PLAN: Final = "pct_code = $pct AND REPLACE(financial_year, '-', '/') = $year"

_SELECTS: Final = {
    "practice_lines": "SELECT * FROM practice_lines WHERE financial_year = $base",
    "practice_lists": "SELECT * FROM practice_lists WHERE count_date IN ($base_day, $day)",
    "activity": "SELECT practice_code, financial_year, month, "
    "CAST(SUM(n_rows) AS BIGINT) AS n_rows FROM activity WHERE financial_year = $base "
    "GROUP BY practice_code, financial_year, month",
    "practices": "SELECT * FROM practices",
    "plan": f"SELECT * FROM plan WHERE {_OF_PLAN}",
    "budget_adjustments": f"SELECT * FROM budget_adjustments WHERE {_OF_PLAN}",
    "budget_scope": f"SELECT * FROM budget_scope WHERE {_OF_PLAN}",
    "weighted_lists": "SELECT * FROM weighted_lists WHERE financial_year = $year",
    "given_budgets": "SELECT * FROM given_budgets "
    "WHERE REPLACE(financial_year, '-', '/') = $year AND line = 'RX'",
}
"""What a walk reads of each table, for one year of one PCT. The register is whole, because
successors of practices are looked up in it."""

_BY_PRACTICE: Final = (
    *("practice_lines", "practice_lists", "activity"),
    *("weighted_lists", "given_budgets"),
)
"""Tables of which only what concerns the PCT's practices is taken."""

OUTSIDE: Final = "OUTSIDE"
"""Stands for the lines of all other practices: their sum is part of a budget's accounts."""


def inputs_of(warehouse: Warehouse, budget: YearBudget) -> dict[str, pd.DataFrame]:
    """
    Take what a budget was set from.

    Parameters
    ----------
    warehouse : Warehouse
    budget : YearBudget

    Returns
    -------
    dict of str to DataFrame
        By table; a table that the database does not have is not in it.
    """
    b = budget.baseline
    values = {
        "pct": budget.pct_code,
        "year": b.financial_year,
        "base": b.base_year,
        "day": periods.start(b.financial_year),
        "base_day": periods.start(b.base_year),
    }
    held = {
        str(name)
        for (name,) in warehouse.rows(
            "SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views()"
        )
    }
    found = {
        name: warehouse.con.execute(
            f"{select} ORDER BY ALL", {k: v for k, v in values.items() if _asks(select, k)}
        ).df()
        for name, select in _SELECTS.items()
        if name in held
    }
    ours = _ours(found["practices"], budget)
    return {
        name: _only_ours(frame, ours) if name in _BY_PRACTICE else frame
        for name, frame in found.items()
    }


def _ours(practices: pd.DataFrame, budget: YearBudget) -> set[str]:
    """Name the practices of the PCT, and those that they answer for."""
    own = set(practices.loc[practices["pct_code"] == budget.pct_code, "practice_code"])
    day = periods.start(budget.baseline.financial_year)
    answers = costing.answering(practices, "practice_code", day)
    return {code for code, now in answers.items() if now in own}


def _only_ours(frame: pd.DataFrame, ours: set[str]) -> pd.DataFrame:
    """Leave out what is of other practices; their lines become one, for the PCT's accounts."""
    is_ours = frame["practice_code"].isin(list(ours))
    if "pence" not in frame:
        return frame[is_ours].reset_index(drop=True)
    by = ["practice_code", "pod", "financial_year", "price_year"]
    other = frame[~is_ours].assign(practice_code=OUTSIDE)
    summed = other.groupby(by, as_index=False, dropna=False).sum()
    return pd.concat([frame[is_ours], summed[frame.columns]], ignore_index=True)


def packed(inputs: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """Write inputs as files: a CSV a table, and what kind each column is."""
    texts = {name: frame_text(frame) for name, frame in inputs.items()}
    kinds = {name: kind for name, (_, kind) in texts.items()}
    files = {f"{FOLDER}{name}.csv": text for name, (text, _) in texts.items()}
    return {**files, _COLUMNS: json.dumps(kinds, indent=1).encode()}


def unpacked(members: Mapping[str, bytes]) -> dict[str, pd.DataFrame]:
    """
    Read the inputs of a version from its files.

    Raises
    ------
    StoreError
        If one is missing or is not as it was written.
    """
    try:
        kinds = json.loads(members[_COLUMNS])
        return {name: frame_of(members[f"{FOLDER}{name}.csv"], k) for name, k in kinds.items()}
    except (KeyError, ValueError, TypeError) as error:
        raise StoreError(
            f"The inputs of this version cannot be read as they were written ({error}), so no "
            "budget can be set from them. Put the file back from a copy that was not changed."
        ) from error


def set_again(
    inputs: Mapping[str, pd.DataFrame], fair_share_rules: Mapping[str, Any]
) -> list[budgets.YearBudget | budgets.Unset]:
    """
    Set the budgets that these inputs give, with the program as it is now, and nothing else.

    Parameters
    ----------
    inputs : mapping of str to DataFrame
        By table, as `inputs_of` took them.
    fair_share_rules : mapping of str to mapping
        The rules of fair shares that held then.

    Returns
    -------
    list of YearBudget or Unset
    """
    with tempfile.TemporaryDirectory() as folder, Warehouse.in_memory() as memory:
        # The rules stand where a user's own would: they go before those shipped today.
        rules = Path(folder) / "reference" / "fair_shares.yaml"
        rules.parent.mkdir()
        rules.write_text(yaml.safe_dump({"rules": dict(fair_share_rules)}), encoding="utf-8")
        warehouse = Warehouse(memory.con, Path(folder) / WAREHOUSE_FILE)
        for table in (*tables.LANDING, *tables.RECORDS):
            warehouse.con.execute(table.ddl())
        landed = {table.name: table.names for table in tables.LANDING}
        for name, frame in {**inputs, "build": pd.DataFrame([{"inputs": "kept"}])}.items():
            if name not in landed:
                warehouse.source(name, frame)
                continue
            columns = ", ".join(c for c in landed[name] if c in frame.columns)
            warehouse.con.register("incoming", frame)
            warehouse.con.execute(f"INSERT INTO {name} BY NAME SELECT {columns} FROM incoming")
            warehouse.con.unregister("incoming")
        return every_budget(warehouse)


def the_one(
    found: list[budgets.YearBudget | budgets.Unset], pct_code: str, year: str
) -> budgets.YearBudget | budgets.Unset | None:
    """Give what was found for a PCT and year."""
    for one in found:
        own = one.baseline if isinstance(one, budgets.YearBudget) else one
        if one.pct_code == pct_code and own.financial_year == year:
            return one
    return None


def _asks(select: str, name: str) -> bool:
    """Tell whether a SELECT has a parameter of that name."""
    return re.search(rf"\${name}\b", select) is not None
