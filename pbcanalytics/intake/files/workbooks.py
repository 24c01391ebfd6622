"""A worksheet of an Excel workbook, as rows of text.

A cell that holds an error, or a formula without a result, is written as what stands there and
where, as in `#N/A in cell B7`: the reader of workbooks gives both as blank, and blank means that
nothing was to be said.
"""

import html
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pbcanalytics.intake.files.headings import one_name_each
from pbcanalytics.words.errors import ExtractError

_IN_CELL: Final = " in cell "
_ERROR: Final = "(#.*|a formula without a result) in cell [A-Z]{1,3}[0-9]{1,7}"
_BLOCK: Final = 1 << 22
_SHEET: Final = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATION: Final = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
_SUSPECT: Final = re.compile(rb"""\st=["']e["']|<(?:\w+:)?f[\s/>]""")
_ROW_OR_CELL: Final = re.compile(
    r"<(?:\w+:)?(?P<is_row>row)(?P<row>\s[^>]*)?>|"
    r"<(?:\w+:)?c(?P<marks>\s[^>]*?)?(?:/>|>(?P<inside>.*?)</(?:\w+:)?c>)",
    re.DOTALL,
)
_RESULT: Final = re.compile(r"<(?:\w+:)?v>(.*?)</(?:\w+:)?v>", re.DOTALL)
_FORMULA: Final = re.compile(r"<(?:\w+:)?f[\s/>]")


@dataclass(frozen=True)
class Rows:
    """Rows of a worksheet, written as JSON lines: `line_number`, then the headings, as text."""

    path: Path
    headings: list[str]
    rows: int


def worksheet(path: Path, scratch: Path) -> Rows:
    """
    Read the one sheet of a workbook that has rows.

    Parameters
    ----------
    path : Path
    scratch : Path
        A folder for the rows.

    Raises
    ------
    ExtractError
        If the workbook is damaged, or has no such sheet or several.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            sheets = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
            filled = {n: s for n, s in sheets.items() if s.height > 1}
            if len(filled) != 1:
                names = ", ".join(list(filled)[:5]) or "none"
                raise ExtractError(
                    f"{path.name} has {len(filled)} sheets with rows ({names}), so it is not clear "
                    "which to load. Save the sheet you mean as a file of its own."
                )
            (name, sheet), *_ = filled.items()
            start = sheet.start[1] if sheet.start else 0
            errors = {(row, column - start): said for row, column, said in _error_cells(path, name)}
            return _written(path.name, iter(sheet.iter_rows()), scratch, errors)
    except CalamineError as error:
        raise ExtractError(
            f"{path.name} cannot be read as an Excel workbook (damaged, or with a password), so "
            "nothing of it was loaded. Save it again, or as CSV."
        ) from error


def is_error(text: str) -> str:
    """Write the SQL that tells whether a text is an error of the spreadsheet."""
    return f"(contains({text}, '{_IN_CELL}') AND regexp_full_match({text}, '{_ERROR}'))"


def _error_cells(path: Path, sheet: str) -> Iterator[tuple[int, int, str]]:
    """Give the row and column, from 0, of each error of a sheet of an .xlsx, and what to say."""
    try:
        with zipfile.ZipFile(path) as book:
            part = _part(book, sheet)
            if part not in book.namelist() or not _is_suspect(book, part):
                return
            row = column = -1
            for found in _rows_and_cells(book, part):
                if found["is_row"]:
                    said = _mark(found["row"] or "", "r")
                    row, column = int(said) - 1 if said else row + 1, -1
                    continue
                place = _mark(found["marks"] or "", "r")
                column = _number(place) if place else column + 1
                if what := _what(found["marks"] or "", found["inside"] or ""):
                    yield row, column, f"{what}{_IN_CELL}{_letters(column)}{row + 1}"
    except (zipfile.BadZipFile, KeyError, OSError):
        return


def _part(book: zipfile.ZipFile, sheet: str) -> str:
    """Name the part of a workbook that holds a sheet; empty in workbooks of other kinds."""
    if "xl/workbook.xml" not in book.namelist():
        return ""
    relations = book.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    files = {_mark(r, "Id"): _mark(r, "Target") for r in _RELATION.findall(relations)}
    for tag in _SHEET.findall(book.read("xl/workbook.xml").decode("utf-8", "replace")):
        if html.unescape(_mark(tag, "name")) == sheet:
            target = files.get(_mark(tag, r"\w+:id"), "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _is_suspect(book: zipfile.ZipFile, part: str) -> bool:
    """Whether a sheet has any formula or error at all; most have none and need no second look."""
    tail = b""
    with book.open(part) as opened:
        while block := opened.read(_BLOCK):
            if _SUSPECT.search(tail + block):
                return True
            tail = block[-16:]
    return False


def _rows_and_cells(book: zipfile.ZipFile, part: str) -> Iterator[re.Match[str]]:
    """Give the beginnings of rows and the cells of a sheet in order, some megabytes at once."""
    with book.open(part) as opened:
        held = b""
        while block := opened.read(_BLOCK):
            held += block
            end = held.rfind(b"row>") + 4
            if end > 3:
                yield from _ROW_OR_CELL.finditer(held[:end].decode("utf-8", "replace"))
                held = held[end:]


def _what(marks: str, inside: str) -> str:
    kind, result = _mark(marks, "t"), _RESULT.search(inside)
    if kind == "e":
        return result[1] if result and result[1].startswith("#") else "#ERROR"
    # A formula may rightly give an empty text.
    if _FORMULA.search(inside) and kind != "str" and not (result and result[1]):
        return "a formula without a result"
    return ""


def _mark(tag: str, name: str) -> str:
    found = re.search(rf"""(?:^|\s){name}=(?:"([^"]*)"|'([^']*)')""", tag)
    return (found[1] or found[2] or "") if found else ""


def _number(place: str) -> int:
    """Count the column of a cell such as B7 from 0."""
    column = 0
    for letter in place.rstrip("0123456789"):
        column = 26 * column + ord(letter) - ord("A") + 1
    return column - 1


def _letters(column: int) -> str:
    letters, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def _written(
    name: str, rows: Iterator[list[Any]], scratch: Path, errors: dict[tuple[int, int], str]
) -> Rows:
    found = [str(c).strip() for c in next(rows)]
    while found and not found[-1]:
        found.pop()
    headings = one_name_each(name, found)
    path, n = scratch / "sheet.json", 0
    with path.open("w", encoding="utf-8", newline="") as out:
        for line, cells in enumerate(rows, start=2):
            texts = [
                errors.get((line - 1, i)) or _said(c) for i, c in enumerate(cells[: len(headings)])
            ]
            if any(texts):
                padded = [*texts, *[""] * (len(headings) - len(texts))]
                out.write(json_row(line, headings, padded))
                n += 1
    return Rows(path, headings, n)


def _said(cell: Any) -> str:
    """Write a cell as text: dates as days, whole numbers without a point."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if hasattr(cell, "isoformat"):
        said: str = cell.isoformat()
        return said.removesuffix("T00:00:00")
    return str(cell)


def json_row(line: int, headings: list[str], cells: list[str]) -> str:
    """Write one row as a line of JSON, with its line number."""
    pairs = zip(["line_number", *headings], [str(line), *cells], strict=True)
    return json.dumps(dict(pairs)) + "\n"
