"""The budgets of an agreed version, set again from its file alone."""

from importlib.metadata import version as installed
from pathlib import Path

import pandas as pd

from pbcanalytics.budgets import YearBudget
from pbcanalytics.budgets.agreement.versions import Replayed, cells_that_differ, fields_of
from pbcanalytics.pipeline.budgets.budget_bundle import DOCUMENT, rules_kept
from pbcanalytics.pipeline.budgets.budget_inputs import set_again, the_one, unpacked
from pbcanalytics.store import Warehouse, agreed, plain_records
from pbcanalytics.store.agreed import Bundle


def replay(path: Path, data: Path | None = None) -> Replayed:
    """
    Set the budgets of a version again from its file alone, and compare every cell.

    Parameters
    ----------
    path : Path
        The file of a version, wherever it lies.
    data : Path, optional
        A data folder: also say which of the files loaded then are other files now.

    Returns
    -------
    Replayed

    Raises
    ------
    StoreError
        If it is no such file, or is damaged beyond reading.
    """
    bundle = agreed.opened(path)
    files = None if data is None else _files_now(bundle, data)
    differences = cells_that_differ({}, {})
    if not bundle.altered:
        differences = _replayed(bundle)
    return Replayed(
        bundle.manifest, bundle.seal, bundle.altered, differences, installed("pbcanalytics"), files
    )


def _replayed(bundle: Bundle) -> pd.DataFrame:
    """Set the budgets of a bundle again and compare every cell."""
    then = plain_records.read_loosely(bundle.members, DOCUMENT)
    pct_code, year = bundle.manifest["pct_code"], bundle.manifest["financial_year"]
    found = set_again(unpacked(bundle.members), rules_kept(bundle.members))
    again = the_one(found, pct_code, year)
    if isinstance(again, YearBudget):
        return cells_that_differ(then, fields_of(again))
    why = again.reason if again else "no budget comes of the inputs"
    return cells_that_differ({"budget": "set"}, {"budget": why})


def _files_now(bundle: Bundle, data: Path) -> pd.DataFrame:
    """Say of every file loaded then whether it is loaded now, by its checksum."""
    with Warehouse.open(data, doing="comparing the files") as warehouse:
        now = warehouse.frame("SELECT file, sha256 FROM loads")
    then = pd.DataFrame(bundle.manifest["files"], columns=["file", "layout", "sha256"])
    sums, names = set(now["sha256"]), set(now["file"])
    states = [
        "same" if sha in sums else "changed" if file in names else "gone"
        for file, sha in zip(then["file"], then["sha256"], strict=True)
    ]
    return then.assign(state=states)
