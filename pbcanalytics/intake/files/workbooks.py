"""A worksheet of an Excel workbook, as rows of text."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pbcanalytics.intake.files.headings import one_name_each
from pbcanalytics.words.errors import ExtractError


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
            return _written(path.name, iter(next(iter(filled.values())).iter_rows()), scratch)
    except CalamineError as error:
        raise ExtractError(
            f"{path.name} cannot be read as an Excel workbook (damaged, or with a password), so "
            "nothing of it was loaded. Save it again, or as CSV."
        ) from error


def _written(name: str, rows: Iterator[list[Any]], scratch: Path) -> Rows:
    found = [str(c).strip() for c in next(rows)]
    while found and not found[-1]:
        found.pop()
    headings = one_name_each(name, found)
    path, n = scratch / "sheet.json", 0
    with path.open("w", encoding="utf-8", newline="") as out:
        for line, cells in enumerate(rows, start=2):
            texts = [_said(c) for c in cells[: len(headings)]]
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
