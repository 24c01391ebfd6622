"""What is held, and what became of it."""

import datetime as dt
from pathlib import Path
from typing import Any

from pbcanalytics import costing, intake, store
from pbcanalytics.pipeline.stage import fingerprint, shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import StoreError


def status(data: Path) -> dict[str, Any]:
    """
    Account for every row, spell and penny of a data folder.

    Parameters
    ----------
    data : Path
        The data folder.

    Returns
    -------
    dict
        `files` (one a file: `file`, `layout`, `rows_read`, `accepted`, `rejected`, `reasons`),
        `spells` (`total`, `priced`, `unpriced` by reason), `pence` (each step of the spells'
        price, `outpatients`, `emergency`, `total`), `is_current` (whether these rest on all that is
        loaded now), `coverage` (share of payable activity that is
        priced; None where there is none), `data_to` (month), `built_at`; the last four are None
        before `build`.

    Raises
    ------
    StoreError
    """
    with Warehouse.open(data, doing="the status") as warehouse:
        intake.prepare(warehouse.con)
        known = store.status(warehouse)
        built = warehouse.rows("SELECT inputs FROM build") if warehouse.has("build") else []
        known["is_current"] = built == [(fingerprint(warehouse, shelf(data)),)]
        return known


def has_activity(data: Path) -> bool:
    """Tell whether any extract has been loaded into a data folder."""
    try:
        with Warehouse.open(data, doing="the check") as warehouse:
            return warehouse.has("loads") and bool(warehouse.rows("SELECT 1 FROM loads LIMIT 1"))
    except StoreError:
        if (data / store.WAREHOUSE_FILE).exists():
            raise
        return False


def organisations(data: Path, day: dt.date | None = None) -> dict[str, Any]:
    """
    Compare the activity as it was with the activity by the organisations of one day.

    Nothing is changed: what a day other than the usual shows is not kept.

    Parameters
    ----------
    data : Path
        The data folder.
    day : date, optional
        The day that is "now"; otherwise the last day of the latest month of activity.

    Returns
    -------
    dict
        `day` (text) and what `costing.told` gives.

    Raises
    ------
    StoreError
        If nothing was built.
    """
    with Warehouse.open(data, doing="the comparison") as warehouse:
        if not warehouse.has("activity"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so there is nothing to compare. "
                "Run 'pbc build' first."
            )
        intake.prepare(warehouse.con)
        with warehouse.rolled_back():
            taken = costing.place(warehouse, day)
            told = costing.told(warehouse, costing.registers(warehouse))
    return {"day": taken.isoformat(), **told}
