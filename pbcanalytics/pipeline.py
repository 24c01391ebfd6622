"""The pipeline: strings the rooms together and decides nothing."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pandas as pd

from pbcanalytics import budgets, costing, intake, store, synthetic
from pbcanalytics.faces import publication
from pbcanalytics.intake import Loaded
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Published, Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import ExtractError, StoreError

Progress = Callable[[str, float], None]

DEMO_FOLDER: Final = "demo"


def _silent(step: str, share: float) -> None:
    pass


def shelf(data: Path) -> Shelf:
    """Open the reference data, with those of the data folder on top."""
    return Shelf.open(data / "reference")


def demo(
    data: Path,
    *,
    n_practices: int = 20,
    years: Iterable[str] = ("2016/17", "2017/18", "2018/19"),
    seed: int = 2006,
    quiet: bool = False,
    progress: Progress = _silent,
) -> Path:
    """
    Write the extracts of the demonstration PCT.

    Parameters
    ----------
    data : Path
        The data folder; the extracts go to `demo/landing` in it, the answer key beside them.
    n_practices : int
        How many practices.
    years : iterable of str
        Financial years, in order.
    seed : int
        The same seed gives the same files.
    quiet : bool
        Plant nothing: no growth, no creep, no errors.
    progress : callable
        Called with the step and the share done.

    Returns
    -------
    Path
        The folder of the extracts.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    folder = data / DEMO_FOLDER
    try:
        synthetic.write(
            folder,
            shelf(data),
            n_practices=n_practices,
            years=tuple(years),
            seed=seed,
            quiet=quiet,
            progress=progress,
        )
    except OSError as error:
        raise StoreError(
            f"The demonstration PCT cannot be written to {folder} ({error.strerror or error}), so "
            "nothing was made. Choose another folder with --data, or free some space."
        ) from error
    return demo_extracts(data)


def load(data: Path, files: Iterable[Path], *, progress: Progress = _silent) -> list[Loaded]:
    """
    Load extracts into the working database; every row is accepted, or rejected with a reason.

    Parameters
    ----------
    data : Path
        The data folder.
    files : iterable of Path
        Files, or folders of which every file that may be an extract is taken.
    progress : callable
        Called with the file and the share done.

    Returns
    -------
    list of Loaded
        In the order of the files.

    Raises
    ------
    ExtractError
        If files cannot be read; the others are loaded all the same, and all are named.
    """
    wanted = [
        path
        for given in files
        for path in (intake.extracts_in(given) if given.is_dir() else [given])
    ]
    if not wanted:
        raise ExtractError(
            f"There is no file of a kind that extracts have ({', '.join(intake.ENDINGS)}) in that "
            "folder, so nothing was loaded. Check the name."
        )
    done: list[Loaded] = []
    faults: list[str] = []
    if not any(path.is_file() for path in wanted):
        for path in wanted:
            try:
                intake.checksum(path)
            except ExtractError as error:
                faults.append(str(error))
        raise ExtractError("\n".join(faults))
    with Warehouse.open(data, doing="loading", create=True) as warehouse:
        intake.prepare(warehouse.con)
        for i, path in enumerate(wanted):
            progress(path.name, i / len(wanted))
            try:
                done.append(intake.load_file(warehouse.con, path))
            except ExtractError as error:
                faults.append(str(error))
    if faults:
        raise ExtractError("\n".join(faults))
    return done


def build(data: Path, *, progress: Progress = _silent) -> dict[str, Any]:
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
        `activity_years`, `price_years`, `unpriced_years`.

    Raises
    ------
    StoreError, ReferenceGap
    """
    held = shelf(data)
    with Warehouse.open(data, doing="pricing") as warehouse:
        intake.prepare(warehouse.con)
        years = costing.build(warehouse, held, progress)
        stamp = {
            "inputs": _fingerprint(warehouse, held),
            "built_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "version": version("pbcanalytics"),
        }
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
        if warehouse.rows("SELECT inputs FROM build") != [(_fingerprint(warehouse, held),)]:
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
        known["is_current"] = built == [(_fingerprint(warehouse, shelf(data)),)]
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


def demo_extracts(data: Path) -> Path:
    """Give the folder in which the demonstration PCT's extracts are."""
    return data / DEMO_FOLDER / "landing"


def is_current(data: Path) -> bool:
    """Tell whether what is published was made from just what is loaded, and the same rules."""
    try:
        published = Published(data)
        about = published.about()
        published.close()
        with Warehouse.open(data, doing="the check") as warehouse:
            return bool(about.get("inputs") == _fingerprint(warehouse, shelf(data)))
    except StoreError:
        return False


def _fingerprint(warehouse: Warehouse, held: Shelf) -> str:
    """Give a checksum of all that the figures rest on: files, reference data, models, version."""
    total = hashlib.sha256(version("pbcanalytics").encode())
    for sha in warehouse.frame("SELECT sha256 FROM loads ORDER BY load_id")["sha256"]:
        total.update(str(sha).encode())
    total.update(held.digest().encode())
    total.update(costing.digest().encode())
    return total.hexdigest()[:16]


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
