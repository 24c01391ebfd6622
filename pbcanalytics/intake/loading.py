"""Load one file into its landing table in one transaction, every row accounted for."""

import datetime as dt
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from pbcanalytics.intake.checking import DUPLICATED, LOADED_BEFORE, Check
from pbcanalytics.intake.layouts import recognise
from pbcanalytics.intake.opening import checksum, unpack
from pbcanalytics.intake.reading import Malformed, Reading, carefully, read
from pbcanalytics.intake.texts import Text
from pbcanalytics.words import tables

_REJECTS: Final = """
INSERT INTO rejects
WITH broken AS (
  SELECT line_number, list({{'rule': rule, 'column_name': column_name, 'value': texts[i + 1],
                             'sentence': sentence}} ORDER BY i) AS found
  FROM checked JOIN fault_rules ON (faults & bit) <> 0
  GROUP BY line_number)
SELECT {load_id}, line_number, found[1].rule, found[1].column_name, found[1].value,
       found[1].sentence,
       NULLIF(array_to_string(list_sort(list_filter(list_distinct(
         list_transform(found, lambda f: f.rule)), lambda r: r <> found[1].rule)), ', '), '')
FROM broken ORDER BY line_number
"""
"""One row a line that broke a rule: the first rule in full, the names of the others."""


@dataclass(frozen=True)
class Loaded:
    """
    What became of a file: rows read = accepted + rejected.

    `reasons` counts the rejected rows by rule. `replaced` is how many rows the same file had
    brought before, and `to_reload` names files of which rows had been rejected in favour of those.
    """

    file: str
    layout: str
    rows_read: int
    accepted: int
    rejected: int
    is_new: bool
    reasons: dict[str, int] = field(default_factory=dict)
    replaced: int = 0
    to_reload: tuple[str, ...] = ()


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the landing tables and the records of loads where they do not exist yet."""
    for table in (*tables.LANDING, *tables.RECORDS):
        con.execute(table.ddl())


def load_file(con: duckdb.DuckDBPyConnection, path: Path) -> Loaded:
    """
    Load one extract.

    A file whose bytes were loaded before changes nothing. A file with other contents that lies
    where a file was loaded from before replaces what that one brought.

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
    sha256 = checksum(path)
    before = con.execute(
        "SELECT file, layout, rows_read, accepted, rejected FROM loads WHERE sha256 = ?", [sha256]
    ).fetchone()
    if before is not None:
        file, layout_name, rows_read, accepted, rejected = before
        return Loaded(file, layout_name, rows_read, accepted, rejected, is_new=False)
    with tempfile.TemporaryDirectory() as scratch:
        check, reading = _checked(con, path, Path(scratch))
    con.execute("BEGIN")
    try:
        load_id, replaced, to_reload = _new_load(con, str(path.resolve()))
        rejected = _landed(con, load_id, check, reading.malformed)
        rows_read = reading.rows + len(reading.malformed)
        accepted = rows_read - rejected
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        con.execute(
            "INSERT INTO loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(load_id, path.name, str(path.resolve()), sha256),
                *(check.layout.name, rows_read, accepted, rejected, now),
            ],
        )
        reasons = con.execute(
            "SELECT rule, count(*) FROM rejects WHERE load_id = ? GROUP BY ALL ORDER BY ALL",
            [load_id],
        ).fetchall()
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    finally:
        for step in ("checked", "repeated", "fault_rules"):
            con.execute(f"DROP TABLE IF EXISTS {step}")
    return Loaded(
        path.name,
        check.layout.name,
        rows_read,
        accepted,
        rejected,
        is_new=True,
        reasons=dict(reasons),
        replaced=replaced,
        to_reload=to_reload,
    )


def _checked(con: duckdb.DuckDBPyConnection, path: Path, scratch: Path) -> tuple[Check, Reading]:
    """Read, type and judge every row into the temporary table `checked`."""
    source = unpack(path, scratch)
    reading = read(con, path.name, source)
    is_odd = not isinstance(source, Text) or source.is_odd
    check = Check(recognise(path.name, reading.headings), reading.headings, is_odd=is_odd)
    if not isinstance(source, Text):
        _judge(con, check, reading)
    elif source.has_nul or not _complete(con, check, reading):
        reading = carefully(source, scratch)
        _judge(con, check, reading)
    return check, reading


def _judge(con: duckdb.DuckDBPyConnection, check: Check, reading: Reading) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE checked AS {check.checked(reading.relation)}")


def _complete(con: duckdb.DuckDBPyConnection, check: Check, reading: Reading) -> bool:
    """Read in the fast way; tell whether every line of the file became a row."""
    try:
        _judge(con, check, reading)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return False
    counted = con.execute("SELECT count(*) FROM checked").fetchone()
    return counted is not None and counted[0] == reading.rows


def _landed(
    con: duckdb.DuckDBPyConnection, load_id: int, check: Check, malformed: list[Malformed]
) -> int:
    """Move the rows that pass to the landing table; give how many are rejected."""
    table = check.layout.table
    _find_repeated(con, check)
    accepted = "FROM checked ANTI JOIN repeated USING (line_number) WHERE faults = 0"
    names = ", ".join(table.names[2:])
    con.execute(f"INSERT INTO {table.name} SELECT {load_id}, line_number, {names} {accepted}")
    _reject(con, load_id, check, malformed)
    _remark(con, load_id, check, accepted)
    counted = con.execute("SELECT count(*) FROM rejects WHERE load_id = ?", [load_id]).fetchone()
    return int(counted[0]) if counted else 0


def _find_repeated(con: duckdb.DuckDBPyConnection, check: Check) -> None:
    """Note the sound rows whose key stands again further down, or came with another file."""
    table, key = check.layout.table.name, ", ".join(check.layout.key)
    con.execute(
        "CREATE TEMP TABLE repeated AS "
        f"SELECT line_number, 1 AS which FROM checked SEMI JOIN {table} USING ({key}) "
        "WHERE faults = 0"
    )
    con.execute(
        "INSERT INTO repeated SELECT line_number, 0 FROM checked JOIN ("
        f"SELECT {key}, max(line_number) AS last_line FROM checked WHERE faults = 0 "
        f"GROUP BY {key} HAVING count(*) > 1) USING ({key}) "
        "WHERE faults = 0 AND line_number < last_line "
        "AND line_number NOT IN (SELECT line_number FROM repeated)"
    )


def _reject(
    con: duckdb.DuckDBPyConnection, load_id: int, check: Check, malformed: list[Malformed]
) -> None:
    """Write a row a rejected line: what stood there, and the rule in words."""
    con.execute(
        "CREATE TEMP TABLE fault_rules (i INTEGER, bit BIGINT, rule VARCHAR, column_name VARCHAR, "
        "sentence VARCHAR)"
    )
    con.executemany(
        "INSERT INTO fault_rules VALUES (?, ?, ?, ?, ?)",
        [
            (i, 1 << i, fault.rule.name, fault.rule.column, fault.rule.sentence)
            for i, fault in enumerate(check.faults)
        ],
    )
    con.execute(_REJECTS.format(load_id=load_id))
    key = check.layout.key
    for which, (rule, sentence) in enumerate((DUPLICATED, LOADED_BEFORE)):
        con.execute(
            f"INSERT INTO rejects SELECT {load_id}, line_number, ?, ?, CAST({key[0]} AS VARCHAR), "
            "?, NULL FROM checked JOIN repeated USING (line_number) WHERE which = ? "
            "ORDER BY line_number",
            [rule, ", ".join(key), sentence, which],
        )
    lines = [(load_id, m.line, m.rule, None, None, m.sentence, None) for m in malformed]
    if lines:
        con.executemany("INSERT INTO rejects VALUES (?, ?, ?, ?, ?, ?, ?)", lines)


def _remark(con: duckdb.DuckDBPyConnection, load_id: int, check: Check, accepted: str) -> None:
    """Count the accepted rows that break each soft rule."""
    soft = check.layout.soft
    if not soft:
        return
    counts = ", ".join(f"count(*) FILTER ({rule.broken_when})" for rule in soft)
    found = con.execute(f"SELECT {counts} {accepted}").fetchone() or ()
    for rule, n in zip(soft, found, strict=True):
        if n:
            con.execute(
                "INSERT INTO findings VALUES (?, ?, ?, ?)", [load_id, rule.name, rule.sentence, n]
            )


def _new_load(con: duckdb.DuckDBPyConnection, place: str) -> tuple[int, int, tuple[str, ...]]:
    """
    Make room for a load: what came from the same place before is taken away.

    Rows of other files that were rejected in its favour ought to have another chance: those files
    lose their checksum, so that loading them again is no repetition.
    """
    replaced, to_reload = 0, []
    held = con.execute(
        "SELECT load_id, layout, accepted FROM loads WHERE place = ?", [place]
    ).fetchall()
    for load_id, layout, accepted in held:
        for table in (*tables.LANDING, *tables.RECORDS):
            con.execute(f"DELETE FROM {table.name} WHERE load_id = ?", [load_id])
        replaced += accepted
        to_reload += con.execute(
            "UPDATE loads SET sha256 = '' WHERE layout = ? AND load_id IN (SELECT load_id FROM "
            "rejects WHERE rule = ?) RETURNING file",
            [layout, LOADED_BEFORE[0]],
        ).fetchall()
    highest = con.execute("SELECT COALESCE(max(load_id), 0) FROM loads").fetchone()
    names = tuple(sorted({file for (file,) in to_reload}))
    return (int(highest[0]) + 1 if highest else 1), replaced, names
