"""Load one file into its landing table in one transaction, every row accounted for."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pbcanalytics.intake.checking import Check, duplicated, loaded_before
from pbcanalytics.intake.layouts import Layout, recognise
from pbcanalytics.intake.reading import Reading, checksum, read
from pbcanalytics.words import tables


@dataclass(frozen=True)
class Loaded:
    """What became of a file: rows read = accepted + rejected."""

    file: str
    layout: str
    rows_read: int
    accepted: int
    rejected: int
    is_new: bool


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the landing tables and the records of loads where they do not exist yet."""
    for table in (*tables.LANDING, *tables.RECORDS):
        con.execute(table.ddl())


def load_file(con: duckdb.DuckDBPyConnection, path: Path) -> Loaded:
    """
    Load one extract.

    A file whose bytes were loaded before changes nothing. A file of the same name with other
    contents replaces what it brought before.

    Parameters
    ----------
    con : DuckDBPyConnection
        The working database, with landing tables made by `prepare`.
    path : Path
        The extract.

    Returns
    -------
    Loaded

    Raises
    ------
    ExtractError
        If the file cannot be read or is none of the known layouts. Nothing is changed then.
    """
    before = con.execute(
        "SELECT file, layout, rows_read, accepted, rejected FROM loads WHERE sha256 = ?",
        [checksum(path)],
    ).fetchone()
    if before is not None:
        file, layout_name, rows_read, accepted, rejected = before
        return Loaded(file, layout_name, rows_read, accepted, rejected, is_new=False)
    reading = read(con, path)
    layout = recognise(path.name, reading.headings)
    con.execute("BEGIN")
    try:
        loaded = _landed(con, path.name, reading, layout)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    finally:
        for step in ("raw", "texts", "checked"):
            con.execute(f"DROP TABLE IF EXISTS {step}")
    return loaded


def _landed(con: duckdb.DuckDBPyConnection, file: str, reading: Reading, layout: Layout) -> Loaded:
    load_id = _new_load(con, file)
    check = Check(layout, reading.headings)
    faults = [*(f.rule for f in check.faults), duplicated(layout), loaded_before(layout)]
    again, before = len(check.faults), len(check.faults) + 1
    con.execute(f"CREATE OR REPLACE TEMP TABLE texts AS {check.texts()}")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE checked AS SELECT *, {check.broken()} AS broken "
        f"FROM ({check.typed()})"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE checked AS SELECT *, CASE "
        f"WHEN {faults[before].broken_when} THEN [{before}] "
        f"WHEN {faults[again].broken_when} THEN [{again}] ELSE [] END AS repeated "
        "FROM checked WHERE len(broken) = 0 "
        "UNION ALL SELECT *, [] AS repeated FROM checked WHERE len(broken) > 0"
    )
    con.execute(
        f"INSERT INTO {layout.table.name} SELECT {load_id}, line_number, {check.selected()} "
        "FROM checked WHERE len(broken) = 0 AND len(repeated) = 0 ORDER BY line_number"
    )
    texts = "".join(f" WHEN {i} THEN {f.value}" for i, f in enumerate(check.faults))
    key = layout.key[0]
    rejected = con.execute(
        f"SELECT line_number, list_concat(broken, repeated) AS rules, CASE broken[1]{texts} "
        f"ELSE CAST({key} AS VARCHAR) END AS value FROM checked "
        "WHERE len(broken) > 0 OR len(repeated) > 0 ORDER BY line_number"
    ).fetchall()
    rows = [
        (
            load_id,
            line,
            faults[r[0]].name,
            faults[r[0]].column,
            value,
            faults[r[0]].sentence,
            ", ".join(sorted({faults[i].name for i in r[1:]} - {faults[r[0]].name})) or None,
        )
        for line, r, value in rejected
    ]
    rows += [(load_id, m.line, m.rule, None, None, m.sentence, None) for m in reading.malformed]
    if rows:
        con.executemany("INSERT INTO rejects VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    for rule in layout.soft:
        con.execute(
            f"INSERT INTO findings SELECT {load_id}, ?, ?, n FROM (SELECT count(*) AS n FROM "
            f"checked WHERE len(broken) = 0 AND len(repeated) = 0 AND ({rule.broken_when})) "
            "WHERE n > 0",
            [rule.name, rule.sentence],
        )
    read_rows = reading.rows + len(reading.malformed)
    accepted = read_rows - len(rows)
    con.execute(
        "INSERT INTO loads VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            load_id,
            file,
            reading.sha256,
            layout.name,
            read_rows,
            accepted,
            len(rows),
            dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0),
        ],
    )
    return Loaded(file, layout.name, read_rows, accepted, len(rows), is_new=True)


def _new_load(con: duckdb.DuckDBPyConnection, file: str) -> int:
    """Make room for a load: what a file of the same name brought before is taken away."""
    old = [r[0] for r in con.execute("SELECT load_id FROM loads WHERE file = ?", [file]).fetchall()]
    for load_id in old:
        for table in (*tables.LANDING, *tables.RECORDS):
            con.execute(f"DELETE FROM {table.name} WHERE load_id = ?", [load_id])
    highest = con.execute("SELECT COALESCE(max(load_id), 0) FROM loads").fetchone()
    return int(highest[0]) + 1 if highest else 1
