"""The sheets of a workbook, or a CSV file as one sheet: cells as text, lines as in the file."""

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pbcanalytics.reference.importing.uncounted import uncounted_cells
from pbcanalytics.words.errors import ExtractError

_TEXT_ENDINGS: Final = (".csv", ".txt", ".tsv")
_HEADING_LINES: Final = 60
"""Merged cells are filled so far down only: below, a merged cell is one value, not many."""


@dataclass(frozen=True)
class Sheet:
    """
    A sheet as text.

    `rows[i]` is line `i + 1` of the sheet; `headed` holds the same first lines with every merged
    cell written out, as a reader of the headings sees them.
    """

    name: str
    rows: list[list[str]]
    headed: list[list[str]]
    is_hidden: bool = False

    @property
    def is_empty(self) -> bool:
        """Tell whether no cell of it holds anything."""
        return not any(any(row) for row in self.rows)


def sheets_of(path: Path) -> list[Sheet]:
    """
    Read every sheet of a workbook, or a text file with delimiters as one sheet.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of Sheet
        In the order of the workbook.

    Raises
    ------
    ExtractError
        If the file is not there, damaged, protected by a password, or of another kind.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ExtractError(
            f"{path} cannot be opened ({error.strerror or error}), so nothing was imported. Check "
            "the name."
        ) from error
    if path.suffix.lower() in _TEXT_ENDINGS:
        rows = _delimited(path.name, content)
        return [Sheet(path.stem, rows, rows[:_HEADING_LINES])]
    return _workbook(path.name, content)


def _workbook(name: str, content: bytes) -> list[Sheet]:
    from python_calamine import (
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            found = []
            uncounted = uncounted_cells(content)
            for meta in book.sheets_metadata:
                if meta.typ != SheetTypeEnum.WorkSheet:
                    continue
                sheet = book.get_sheet_by_name(meta.name)
                rows = [[_said(c) for c in r] for r in sheet.to_python(skip_empty_area=False)]
                for (row, column), said in uncounted.get(meta.name, {}).items():
                    if row < len(rows) and column < len(rows[row]):
                        rows[row][column] = said
                headed = _unmerged(rows[:_HEADING_LINES], sheet.merged_cell_ranges or [])
                hidden = meta.visible != SheetVisibleEnum.Visible
                found.append(Sheet(meta.name, rows, headed, hidden))
            return found
    except PasswordError as error:
        raise ExtractError(
            f"{name} is protected by a password, so nothing was imported. Open it in Excel, save "
            "it without the password, and import it again."
        ) from error
    except CalamineError as error:
        raise ExtractError(
            f"{name} cannot be read as a workbook (damaged, protected by a password, or a file of "
            "another kind), so nothing was imported. Fetch it again, or save it anew in Excel."
        ) from error


def _unmerged(
    rows: list[list[str]], ranges: list[tuple[tuple[int, int], tuple[int, int]]]
) -> list[list[str]]:
    filled = [list(row) for row in rows]
    for (top, left), (bottom, right) in ranges:
        if top >= len(filled) or left >= len(filled[top]):
            continue
        for row in filled[top : bottom + 1]:
            for column in range(left, min(right + 1, len(row))):
                row[column] = filled[top][left]
    return filled


def _said(cell: Any) -> str:
    """Write a cell as text, every digit of a number kept and none added."""
    if isinstance(cell, bool):
        return "Yes" if cell else "No"
    if isinstance(cell, float):
        exact = Decimal(repr(cell))
        return f"{exact:f}".removesuffix(".0")
    if hasattr(cell, "isoformat"):
        said: str = cell.isoformat()
        return said
    return " ".join(str(cell).split())


def _delimiter(text: str) -> str:
    """Find what divides most of the first lines alike; names of HRGs are full of commas."""
    first = text.splitlines()[:_HEADING_LINES]

    def evenness(mark: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in csv.reader(first, delimiter=mark) if len(row) > 1)
        width, n_lines = widths.most_common(1)[0] if widths else (0, 0)
        return n_lines, width

    return max(",;\t|", key=evenness)


def _delimited(name: str, content: bytes) -> list[list[str]]:
    is_utf16 = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    for encoding in ("utf-16",) if is_utf16 else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = "\0"
    if "\0" in text:
        raise ExtractError(
            f"{name} is not a text file, so nothing was imported. Save it as CSV or as a workbook "
            "(.xlsx) and import it again."
        )
    delimiter = _delimiter(text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ExtractError(
            f"{name} cannot be read as CSV ({error}), so nothing was imported. A quotation mark is "
            "probably not closed; save it again from the program it comes from."
        ) from error
    return [[" ".join(cell.split()) for cell in row] for row in rows]
