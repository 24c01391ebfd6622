"""From what is loaded to what is published: build and publish."""

import datetime as dt
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from pbcanalytics import budgets, costing, intake, store, synthetic
from pbcanalytics.faces import publication
from pbcanalytics.pipeline.stage import Progress, fingerprint, shelf, silent
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Published, Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import StoreError


def build(data: Path, *, progress: Progress = silent) -> dict[str, Any]:
    """
    Turn what was loaded into spells, prices and the cube.

    Parameters
    ----------
    data : Path
        The data folder.
    progress : callable
        Called with the model and the share done.

    Returns
    -------
    dict
        `activity_years`, `price_years`, `unpriced_years`, and `changes`: what changed of the last
        build in spells and pounds, a SpellChange each.

    Raises
    ------
    StoreError, ReferenceGap
    """
    held = shelf(data)
    with Warehouse.open(data, doing="pricing") as warehouse:
        intake.prepare(warehouse.con)
        last_load = store.remember(warehouse)
        years: dict[str, Any] = dict(costing.build(warehouse, held, progress))
        now = dt.datetime.now(dt.UTC)
        loaded = warehouse.rows("SELECT COALESCE(max(load_id), 0) FROM loads")[0][0]
        stamp = {
            "inputs": fingerprint(warehouse, held),
            "built_at": now.isoformat(timespec="seconds"),
            "version": version("pbcanalytics"),
            "last_load": loaded,
        }
        years["changes"] = store.record(warehouse, last_load, now.isoformat())
        warehouse.source("build", pd.DataFrame([stamp]))
    return years


def publish(data: Path) -> list[str]:
    """
    Set the budgets and publish them: aggregate, small numbers withheld, swapped in whole.

    Parameters
    ----------
    data : Path
        The data folder.

    Returns
    -------
    list of str
        What could not be set, a sentence each; empty where every year with a plan has budgets.

    Raises
    ------
    StoreError
        If nothing was built, or the file cannot be written; the last one stays.
    """
    held = shelf(data)
    with Warehouse.open(data, doing="publishing") as warehouse:
        if not warehouse.has("build"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so there is nothing to "
                "publish. Run 'pbc build' first."
            )
        if warehouse.rows("SELECT inputs FROM build") != [(fingerprint(warehouse, held),)]:
            raise StoreError(
                f"Extracts or reference data have changed since the activity in {data} was "
                "priced, so the figures would not agree with them. Run 'pbc build' first."
            )
        practices = warehouse.frame("SELECT * FROM practices ORDER BY practice_code")
        found = list(
            budgets.every_budget(
                warehouse.frame("SELECT * FROM practice_lines ORDER BY ALL"),
                warehouse.frame("SELECT * FROM practice_lists ORDER BY ALL"),
                practices,
                warehouse.frame("SELECT * FROM plan ORDER BY ALL"),
            )
        )
        about = _about(warehouse, held)
    about["unset"] = [
        {"financial_year": b.financial_year, "reason": b.reason}
        for b in found
        if isinstance(b, budgets.Unset)
    ]
    frames = publication.budget_tables(
        [b for b in found if isinstance(b, budgets.YearBudget)],
        practices,
        smallest=held.rule("disclosure", "smallest_shown_count"),
    )
    store.publish(data, frames, about)
    unset = [f"{u['financial_year']}: {u['reason']}" for u in about["unset"]]
    if not unset and frames[tables.BUDGETS].empty:
        unset = ["No budget was set: no plan of a PCT with practices is loaded."]
    return unset


def is_current(data: Path) -> bool:
    """Tell whether what is published was made from just what is loaded, and the same rules."""
    try:
        published = Published(data)
        about = published.about()
        published.close()
        with Warehouse.open(data, doing="the check") as warehouse:
            return bool(about.get("inputs") == fingerprint(warehouse, shelf(data)))
    except StoreError:
        return False


def _about(warehouse: Warehouse, held: Shelf) -> dict[str, Any]:
    built = warehouse.frame("SELECT * FROM build").to_dict("records")[0]
    known = store.status(warehouse)
    price_years = warehouse.frame("SELECT DISTINCT price_year FROM price_years ORDER BY 1")
    now = dt.datetime.now(dt.UTC)
    return {
        "build_id": now.strftime("%Y%m%d-%H%M%S-%f") + "-" + str(built["inputs"]),
        "published_at": now.isoformat(timespec="seconds"),
        **{str(k): str(v) for k, v in built.items()},
        "data_to": known["data_to"],
        "coverage": None
        if known["coverage"] is None
        else publication.rounded_down(known["coverage"]),
        "prices": {str(y): held.evidence(str(y)) for y in price_years["price_year"]},
        "rules_not_held": {str(y): held.rules_not_held(str(y)) for y in price_years["price_year"]},
        "files": len(known["files"]),
        "rows_read": sum(f["rows_read"] for f in known["files"]),
        "rows_rejected": sum(f["rejected"] for f in known["files"]),
        "reference": held.digest(),
        "is_demo": warehouse.has_rows("practices", "pct_code", synthetic.places.PCT),
    }
