"""What the steps share: progress, the reference data of a data folder, and its budgets."""

import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from pbcanalytics import budgets, costing
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse

Progress = Callable[[str, float], None]


def silent(step: str, share: float) -> None:
    """Show nothing of how far a step is."""


def shelf(data: Path) -> Shelf:
    """Open the reference data, with those of the data folder on top."""
    return Shelf.open(data / "reference")


def every_budget(warehouse: Warehouse) -> list[budgets.YearBudget | budgets.Unset]:
    """Set the budgets of every PCT and year that has a plan, from what was priced."""
    return list(
        budgets.every_budget(
            warehouse.frame("SELECT * FROM practice_lines ORDER BY ALL"),
            warehouse.frame("SELECT * FROM practice_lists ORDER BY ALL"),
            warehouse.frame("SELECT * FROM practices ORDER BY practice_code"),
            warehouse.frame("SELECT * FROM plan ORDER BY ALL"),
        )
    )


def fingerprint(warehouse: Warehouse, held: Shelf) -> str:
    """Give a checksum of all that the figures rest on: files, reference data, models, version."""
    total = hashlib.sha256(version("pbcanalytics").encode())
    for sha in warehouse.frame("SELECT sha256 FROM loads ORDER BY load_id")["sha256"]:
        total.update(str(sha).encode())
    total.update(held.digest().encode())
    total.update(costing.digest().encode())
    return total.hexdigest()[:16]
