"""Read what was opened so that every line ends as a row or as a named reject, and prove it.

DuckDB's parallel reader is believed only if the lines of the file add up to its rows; it loses
rows silently after a quote that is never closed. Otherwise the file is read again, record by
record. Every column is read as text: a reader that guesses turns the PCT 5E1 into a number.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from pbcanalytics.intake.files.headings import one_name_each
from pbcanalytics.intake.files.opening import Columns
from pbcanalytics.intake.files.texts import Text, lines_of
from pbcanalytics.intake.files.workbooks import Rows, json_row

_LONGEST_RECORD_LINES: Final = 20
"""A quoted field that runs on for more lines than this was never closed."""

_LONGEST_LINE: Final = 1_000_000
"""A line of more characters than this is no row."""


@dataclass(frozen=True)
class Malformed:
    """A line that is no row: where it stands, which rule it broke, and the rule in words."""

    line: int
    rule: str
    sentence: str


@dataclass(frozen=True)
class Reading:
    """
    A file as a relation.

    Attributes
    ----------
    relation : str
        SELECT of `line_number` and, as text, one column a heading.
    tolerant : str
        The same, passing over lines that are no rows where `relation` would stop; its line
        numbers are then wrong.
    headings : list of str
    rows : int
        How many rows the relation must give; another number means that rows were lost.
    malformed : list of Malformed
        Lines that are no rows.
    """

    relation: str
    tolerant: str
    headings: list[str]
    rows: int
    malformed: list[Malformed] = field(default_factory=list)


def read(con: duckdb.DuckDBPyConnection, name: str, source: Text | Columns | Rows) -> Reading:
    """
    Read in the fast way.

    Parameters
    ----------
    con : DuckDBPyConnection
    name : str
        Name of the file, for messages.
    source : Text or Columns or Rows
        What `opening.unpack` made of the file.

    Returns
    -------
    Reading
        For text, to be believed only if its relation gives `rows` rows; else `carefully`.

    Raises
    ------
    ExtractError
        If two columns of a Parquet file have the same name.
    """
    if isinstance(source, Columns):
        file = _quoted(str(source.path))
        described = con.execute(f"DESCRIBE SELECT * FROM read_parquet({file})").fetchall()
        headings = one_name_each(name, [row[0] for row in described])
        counted = con.execute(f"SELECT count(*) FROM read_parquet({file})").fetchone()
        texts = ", ".join(f"CAST({_named(h)} AS VARCHAR) AS {_named(h)}" for h in headings)
        relation = (
            f"SELECT row_number() OVER () + 1 AS line_number, {texts} FROM read_parquet({file})"
        )
        return Reading(relation, relation, headings, int(counted[0]) if counted else 0)
    if isinstance(source, Rows):
        relation = _json(source.path, source.headings)
        return Reading(relation, relation, source.headings, source.rows)
    strict, tolerant = (_csv(source, is_tolerant=tolerant) for tolerant in (False, True))
    return Reading(strict, tolerant, source.headings, source.lines - source.heading_lines)


def carefully(source: Text, scratch: Path) -> Reading:
    """
    Read text record by record: slower, and no line goes missing.

    Parameters
    ----------
    source : Text
    scratch : Path
        A folder for the rows, the caller's to remove.
    """
    malformed: list[Malformed] = []
    rows, good = 0, scratch / "rows.json"
    with good.open("w", encoding="utf-8", newline="") as out:
        for line, fields, why in _records(source):
            if fields is None:
                malformed.append(Malformed(line, *why))
            else:
                out.write(json_row(line, source.headings, fields))
                rows += 1
    relation = _json(good, source.headings)
    return Reading(relation, relation, source.headings, rows, malformed)


def _records(source: Text) -> Iterator[tuple[int, list[str] | None, tuple[str, str]]]:
    """Go through the records: first line of each, its fields or None, and what is wrong then."""
    coming = lines_of(source.path, _LONGEST_LINE)
    for _ in range(source.heading_lines):
        next(coming)
    ahead: deque[str] = deque()
    at = 1 + source.heading_lines
    while True:
        while len(ahead) < _LONGEST_RECORD_LINES and (line := next(coming, None)) is not None:
            ahead.append(line)
        if not ahead:
            return
        taken = 1
        if ahead[0].strip():
            fields, taken, why = _record(list(ahead), len(source.headings), source.delimiter)
            yield at, fields, why
        for _ in range(taken):
            ahead.popleft()
        at += taken


def _record(
    lines: list[str], width: int, delimiter: str
) -> tuple[list[str] | None, int, tuple[str, str]]:
    """Read one record from as few lines as close its quotes; one that is wrong is one line."""
    if len(lines[0]) >= _LONGEST_LINE:
        return None, 1, ("line_too_long", "The line is longer than a million characters.")
    if "\0" in lines[0]:
        return None, 1, ("nul_character", "The line holds a character that no text has (NUL).")
    unclosed = ("quote_never_closed", "A quotation mark is opened and never closed.")
    record = ""
    for taken, line in enumerate(lines, start=1):
        record += line
        reader = csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, strict=True)
        try:
            fields = next(reader)
        except csv.Error:
            continue
        if len(fields) == width:
            return fields, taken, ("", "")
        if taken > 1:
            break
        said = f"The line has {len(fields)} fields where the heading has {width}."
        return None, 1, ("wrong_number_of_fields", said)
    return None, 1, unclosed


def _csv(source: Text, *, is_tolerant: bool) -> str:
    above = source.heading_lines
    return (
        f"SELECT row_number() OVER () + {above} AS line_number, * FROM read_csv("
        f"{_quoted(str(source.path))}, columns = {_columns(source.headings)}, "
        f"auto_detect = false, header = {bool(above)}, delim = {_quoted(source.delimiter)}, "
        f"quote = '\"', escape = '\"', ignore_errors = {is_tolerant})"
    )


def _json(path: Path, headings: list[str]) -> str:
    columns = _columns(["line_number", *headings])
    return (
        "SELECT CAST(line_number AS BIGINT) AS line_number, * EXCLUDE (line_number) FROM "
        f"read_json({_quoted(str(path))}, columns = {columns}, format = 'newline_delimited')"
    )


def _columns(headings: list[str]) -> str:
    return "{" + ", ".join(f"{_quoted(h)}: 'VARCHAR'" for h in headings) + "}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _named(heading: str) -> str:
    return '"' + heading.replace('"', '""') + '"'
