"""A published file for one practice, in a folder of its own."""

from pathlib import Path

import pandas as pd

from pbcanalytics import store
from pbcanalytics.faces.withholding.audience import cleared, for_practice
from pbcanalytics.pipeline.pricing.stepwise import group_names
from pbcanalytics.store import Published, Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError
from pbcanalytics.words.tables import Table


def share(data: Path, practice: str, to: Path) -> dict[str, int]:
    """
    Write what one practice may have of what is published.

    Parameters
    ----------
    data : Path
        The data folder.
    practice : str
        Its code.
    to : Path
        The folder to write into; its pages are opened with `pbc dashboards --data`.

    Returns
    -------
    dict of str to int
        Rows of each table.

    Raises
    ------
    SelectionError
        If there is no such practice, or the folder is one that holds extracts.
    StoreError
        If nothing was published, or the file cannot be written.
    """
    if to.resolve() == data.resolve() or (to / "warehouse.duckdb").exists():
        raise SelectionError(
            f"{to} holds the figures of all practices, which would be written over, so nothing was "
            "shared. Choose a folder of its own with --to."
        )
    published = Published(data)
    about = published.about()
    with Warehouse.open(data, doing="sharing") as warehouse:
        register = warehouse.frame("SELECT * FROM practices ORDER BY practice_code")
        names = group_names(warehouse)
    mine = register[register["practice_code"] == practice]
    if mine.empty:
        raise SelectionError(
            f"'{practice}' is no practice in the register, so nothing was shared. There are: "
            f"{', '.join(sorted(register['practice_code'].astype(str))[:40])}."
        )
    row = mine.iloc[0]
    codes = {kind: row[f"{kind}_code"] for kind in ("practice", "consortium", "pct")}
    held = {(kind, str(code)) for kind, code in codes.items() if pd.notna(code)}
    own = {word for key in held for word in (key[1], names.get(key, ""))}
    others = {w for key, name in names.items() if key not in held for w in (key[1], name)}
    others |= {str(w) for c in ("practice_code", "practice_name") for w in register[c].dropna()}
    frames = {table: _frame(published, table) for table in _there(published)}
    left = for_practice(frames, own, others - own)
    published.close()
    told = cleared(about, own, others - own) | {
        "build_id": f"{about['build_id']}-{practice}",
        "audience": practice,
        "practices_named": False,
    }
    store.publish(to, left, told)
    return {table.name: len(frame) for table, frame in left.items()}


def _there(published: Published) -> list[Table]:
    """List the published tables that the data dictionary knows; no other is shared."""
    # What is published goes before a landing table of the same name.
    known = [*(t for t in vars(tables).values() if isinstance(t, Table)), *tables.PUBLISHED]
    rows = published.rows("SELECT table_name FROM information_schema.tables")
    there = {str(r["table_name"]) for r in rows}
    return [t for name, t in {t.name: t for t in known}.items() if name in there]


def _frame(published: Published, table: Table) -> pd.DataFrame:
    return published.con.execute(f"SELECT * FROM {table.name}").df()
