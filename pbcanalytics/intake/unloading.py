"""Take back a load: its rows go, and what had given way to them returns."""

from dataclasses import dataclass

import duckdb

from pbcanalytics.intake.maps import named
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError


@dataclass(frozen=True)
class Unloaded:
    """
    What taking back a load did: rows taken away, and rows of the history that returned.

    `identities` are the NHS numbers that had been kept: their traces are gone from the file only
    once it has been written anew.
    """

    load_id: int
    file: str
    removed: int
    returned: int
    identities: int = 0


def unload(con: duckdb.DuckDBPyConnection, load_id: int) -> Unloaded:
    """
    Take back one load, in one transaction.

    Parameters
    ----------
    con : DuckDBPyConnection
    load_id : int
        Number of the load, as `pbc status` lists it.

    Raises
    ------
    SelectionError
        If there is no such load, or a later one took the place of rows of it.
    """
    found = con.execute("SELECT file, layout FROM loads WHERE load_id = ?", [load_id]).fetchone()
    if found is None:
        raise SelectionError(
            f"There is no load {load_id}, so nothing was taken back. 'pbc status' lists the loads."
        )
    file, layout = found
    table = named(layout).table.name
    later = {
        by
        for (by,) in con.execute(
            f"SELECT DISTINCT superseded_by FROM superseded_{table} WHERE load_id = ?", [load_id]
        ).fetchall()
    }
    if later:
        numbers = ", ".join(map(str, sorted(later, reverse=True)))
        raise SelectionError(
            f"Rows of load {load_id} ({file}) gave way to load {numbers}, so it cannot be "
            f"taken back before that. Take back load {numbers} first."
        )
    kept = con.execute("SELECT count(*) FROM identities WHERE load_id = ?", [load_id]).fetchone()
    con.execute("BEGIN")
    try:
        removed = _count(con, f"DELETE FROM {table} WHERE load_id = {load_id}")
        back = f"FROM superseded_{table} WHERE superseded_by = {load_id}"
        returned = _count(con, f"INSERT INTO {table} SELECT * EXCLUDE (superseded_by) {back}")
        con.execute(f"DELETE {back}")
        for record in tables.RECORDS:
            if "load_id" in record.names:
                con.execute(f"DELETE FROM {record.name} WHERE load_id = {load_id}")
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return Unloaded(load_id, str(file), removed, returned, int(kept[0]) if kept else 0)


def _count(con: duckdb.DuckDBPyConnection, statement: str) -> int:
    done = con.execute(statement).fetchone()
    return int(done[0]) if done else 0
