"""From what is loaded to what is published: build and publish."""

import datetime as dt
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pandas as pd

from pbcanalytics import costing, intake, store, synthetic
from pbcanalytics.costing.chain import Engine
from pbcanalytics.faces.publishing import budgets as publication
from pbcanalytics.faces.publishing.monitor import monitor_tables
from pbcanalytics.faces.sentences.monitor import merged
from pbcanalytics.intake.changes import spells_changed_by
from pbcanalytics.pipeline.budgets.following import followed
from pbcanalytics.pipeline.budgets.in_force import checklists, in_force
from pbcanalytics.pipeline.coding.told_creep import forget_creep, told_creep
from pbcanalytics.pipeline.demand.measured import measured
from pbcanalytics.pipeline.pricing.stepwise import elsewhere, group_names, overridden, step_frames
from pbcanalytics.pipeline.stage import Progress, fingerprint, refuse_unpriced, shelf, silent
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.compact import compact
from pbcanalytics.store import Published, Warehouse
from pbcanalytics.store.spark import SparkEngine
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError, StoreError

ENGINES: Final = ("duckdb", "spark")
"""What the models can run on; both make the same tables."""


def build(data: Path, *, engine: str = "duckdb", progress: Progress = silent) -> dict[str, Any]:
    """
    Turn what was loaded into spells, prices and the cube.

    Parameters
    ----------
    data : Path
        The data folder.
    engine : str
        What the models run on, one of ENGINES; the figures are the same.
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
    SelectionError
        If there is no such engine.
    """
    if engine not in ENGINES:
        raise SelectionError(
            f"The models run on {' or '.join(ENGINES)} and not on {engine!r}, so nothing was "
            "priced. Choose one of these; the figures are the same."
        )
    held = shelf(data)
    with Warehouse.open(data, doing="pricing") as warehouse:
        intake.prepare(warehouse.con)
        is_first = not (warehouse.has("build") and warehouse.has("priced_spells"))
        last_load = 0 if is_first else costing.set_aside(warehouse)
        warehouse.in_any_order()
        progress(f"starting {engine}", 0)
        with _engine(engine, warehouse) as running:
            years: dict[str, Any] = dict(costing.build(running, held, progress))
        now = dt.datetime.now(dt.UTC)
        loaded = warehouse.rows("SELECT COALESCE(max(load_id), 0) FROM loads")[0][0]
        stamp = {
            "inputs": fingerprint(warehouse, held),
            "built_at": now.isoformat(timespec="seconds"),
            "version": version("pbcanalytics"),
            "last_load": loaded,
        }
        if not is_first:
            costing.keep_changes(warehouse, last_load, now.isoformat())
            warehouse.drop(costing.SET_ASIDE)
        years["changes"] = spells_changed_by(warehouse.con, now.isoformat())
        warehouse.source("build", pd.DataFrame([stamp]))
        forget_creep(warehouse)
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
        refuse_unpriced(warehouse, held)
        practices = warehouse.frame("SELECT * FROM practices ORDER BY practice_code")
        counting = in_force(warehouse)
        smallest = held.rule("disclosure", "smallest_shown_count")
        stepwise, hidden = step_frames(warehouse, practices, smallest, counting.budgets)
        under_way = list(followed(warehouse, held, counting.budgets))
        checks = checklists(warehouse, held, counting.budgets)
        names = group_names(warehouse)
        of_demand = measured(warehouse, held, practices, names, smallest)
        frames = publication.budget_tables(
            counting.budgets,
            practices,
            hidden=hidden,
            smallest=smallest,
            agreed=counting.agreed,
            checks=checks,
        )
        told = elsewhere(warehouse, practices, frames | stepwise)
        of_coding = told_creep(warehouse, smallest)
        about = _about(warehouse, held)
    about["unset"] = [
        {"financial_year": b.financial_year, "reason": b.reason} for b in counting.unset
    ]
    about["mergers"] = [
        {"financial_year": one.now.financial_year, "sentence": sentence}
        for one in under_way
        for sentence in merged(one.now.mergers, {code: name for (_, code), name in names.items()})
    ]
    monitored = monitor_tables(under_way, names, told, smallest)
    store.publish(data, frames | stepwise | monitored | of_demand | of_coding, about)
    unset = [f"{u['financial_year']}: {u['reason']}" for u in about["unset"]]
    if not unset and frames[tables.BUDGETS].empty:
        unset = ["No budget was set: no plan of a PCT with practices is loaded."]
    return unset


def _engine(name: str, warehouse: Warehouse) -> AbstractContextManager[Engine]:
    """Lend what the models run on."""
    return SparkEngine.on(warehouse) if name == "spark" else nullcontext(warehouse)


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
        "market_forces_factor": {
            str(y): held.rule("rules", "market_forces_factor", str(y))
            for y in price_years["price_year"]
        },
        "overrides": overridden(held, price_years["price_year"].astype(str).tolist()),
        "files": len(known["files"]),
        "rows_read": sum(f["rows_read"] for f in known["files"]),
        "rows_rejected": sum(f["rejected"] for f in known["files"]),
        "reference": held.digest(),
        "practices_named": compact(held).practices_named_to_each_other,
        "is_demo": warehouse.has_rows("practices", "pct_code", synthetic.places.PCT),
    }
