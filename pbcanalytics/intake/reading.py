"""Read a delimited file so that every line ends as a row or as a named reject, and prove it.

DuckDB's parallel reader is believed only if the lines of the file add up to its rows; it loses
rows silently after a quote that is never closed. Otherwise the file is read again, record by
record. Every column is read as text: a reader that guesses turns the PCT 5E1 into a number.
"""

import csv
import hashlib
import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from pbcanalytics.words.errors import ExtractError

_LONGEST_RECORD_LINES: Final = 20
"""A quoted field that runs on for more lines than this was never closed."""


@dataclass(frozen=True)
class Malformed:
    """A line that is no row: where it stands, which rule it broke, and the rule in words."""

    line: int
    rule: str
    sentence: str


@dataclass(frozen=True)
class Reading:
    """What was read into table `raw` (`line_number`, then the headings, all text), and the rest."""

    sha256: str
    headings: list[str]
    rows: int
    malformed: list[Malformed]


def checksum(path: Path) -> str:
    """
    Give the SHA-256 of a file's bytes.

    Raises
    ------
    ExtractError
        If the file is missing, is a folder, or cannot be opened.
    """
    if not path.exists():
        raise ExtractError(
            f"There is no file {path}, so nothing was loaded. Check the name and the folder."
        )
    if path.is_dir():
        raise ExtractError(f"{path} is a folder, not a file, so nothing was loaded from it.")
    total = hashlib.sha256()
    try:
        with path.open("rb") as opened:
            while block := opened.read(1 << 20):
                total.update(block)
    except OSError as error:
        raise ExtractError(
            f"{path.name} cannot be opened ({error.strerror}), so nothing was loaded from it. "
            "Close it in other programs and check that you may read it."
        ) from error
    return total.hexdigest()


def read(con: duckdb.DuckDBPyConnection, path: Path) -> Reading:
    """
    Read a delimited file into the temporary table `raw`, everything as text.

    Parameters
    ----------
    con : DuckDBPyConnection
        Gets the table `raw`: `line_number` (line of the file) and one text column a heading.
    path : Path
        CSV of any delimiter; UTF-8, UTF-16 or Windows-1252.

    Returns
    -------
    Reading

    Raises
    ------
    ExtractError
        If the file is missing, empty, no text, or has two headings of the same name.
    """
    sha256 = checksum(path)
    text = _decoded(path)
    first = text.split("\n", 1)[0].rstrip("\r")
    if not first.strip():
        raise ExtractError(f"{path.name} is empty, so nothing was loaded from it.")
    delimiter = max(",;\t|", key=first.count)
    headings = [h.strip() for h in next(csv.reader([first], delimiter=delimiter))]
    upper = [h.upper() for h in headings]
    twice = sorted({h for h in upper if upper.count(h) > 1})
    if twice:
        raise ExtractError(
            f"{path.name} has more than one column named {', '.join(twice) or '(blank)'}, so it is "
            "not clear which to use; nothing of it was loaded. Rename or remove one of them."
        )
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "utf8.csv"
        copy.write_text(text, encoding="utf-8", newline="")
        rows = _fast(con, copy, headings, delimiter)
        lines = text.count("\n") + (0 if text.endswith("\n") else 1)
        if rows is not None and rows == lines - 1:
            return Reading(sha256, headings, rows, [])
        rows, malformed = _careful(con, text, headings, delimiter, Path(scratch) / "good.json")
    return Reading(sha256, headings, rows, malformed)


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ExtractError(
        f"{path.name} is not a text file (neither UTF-8 nor Windows-1252), so nothing was loaded "
        "from it. Save it as CSV and load it again."
    )


def _columns(headings: list[str]) -> str:
    return "{" + ", ".join("'" + h.replace("'", "''") + "': 'VARCHAR'" for h in headings) + "}"


def _fast(
    con: duckdb.DuckDBPyConnection, copy: Path, headings: list[str], delimiter: str
) -> int | None:
    try:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE raw AS SELECT row_number() OVER () + 1 AS line_number, * "
            f"FROM read_csv(?, columns = {_columns(headings)}, auto_detect = false, "
            "header = true, delim = ?, quote = '\"', escape = '\"')",
            [str(copy), delimiter],
        )
    except duckdb.Error:
        return None
    counted = con.execute("SELECT count(*) FROM raw").fetchone()
    return int(counted[0]) if counted else None


def _careful(
    con: duckdb.DuckDBPyConnection, text: str, headings: list[str], delimiter: str, good: Path
) -> tuple[int, list[Malformed]]:
    malformed: list[Malformed] = []
    rows = 0
    names = ["line_number", *headings]
    with good.open("w", encoding="utf-8", newline="") as out:
        for line, fields, why in _records(text, len(headings), delimiter):
            if fields is None:
                malformed.append(Malformed(line, *why))
            else:
                out.write(json.dumps(dict(zip(names, [str(line), *fields], strict=True))) + "\n")
                rows += 1
    con.execute(
        "CREATE OR REPLACE TEMP TABLE raw AS SELECT CAST(line_number AS BIGINT) AS line_number, "
        f"* EXCLUDE (line_number) FROM read_json(?, columns = {_columns(names)}, "
        "format = 'newline_delimited')",
        [str(good)],
    )
    return rows, malformed


def _records(
    text: str, width: int, delimiter: str
) -> Iterator[tuple[int, list[str] | None, tuple[str, str]]]:
    """Go through the records: first line of each, its fields or None, and what is wrong then."""
    lines = io.StringIO(text, newline="").readlines()
    at = 1
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        fields, taken = _record(lines[at : at + _LONGEST_RECORD_LINES], width, delimiter)
        if fields is None:
            why = ("quote_never_closed", "A quotation mark is opened and never closed.")
        else:
            why = (
                "wrong_number_of_fields",
                f"The line has {len(fields)} fields where the heading has {width}.",
            )
        yield at + 1, fields if fields and len(fields) == width else None, why
        at += taken


def _record(lines: list[str], width: int, delimiter: str) -> tuple[list[str] | None, int]:
    """Read one record from as few lines as close its quotes; one that never closes is one line."""
    record = ""
    for taken, line in enumerate(lines, start=1):
        record += line
        reader = csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, strict=True)
        try:
            fields = next(reader)
        except csv.Error:
            continue
        return (fields, taken) if taken == 1 or len(fields) == width else (None, 1)
    return None, 1
