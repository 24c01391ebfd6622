"""Cells that a spreadsheet shows as an error, or never worked out: they must not pass as blank."""

import io
import re
import zipfile
from typing import Final

_SHEET: Final = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATION: Final = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
_CELL: Final = re.compile(
    r"<(?:\w+:)?c\s(?P<marks>[^>]*?)(?:/>|>(?P<inside>.*?)</(?:\w+:)?c>)", re.DOTALL
)
_RESULT: Final = re.compile(r"<(?:\w+:)?v>(.*?)</(?:\w+:)?v>", re.DOTALL)
_FORMULA: Final = re.compile(r"<(?:\w+:)?f[\s/>]")
_NOT_WORKED_OUT: Final = "formula without a result"


def uncounted_cells(content: bytes) -> dict[str, dict[tuple[int, int], str]]:
    """
    Find the cells of an .xlsx workbook that hold an error, or a formula without a result.

    The reader of workbooks gives both as blank, and blank means that there is no such price.

    Parameters
    ----------
    content : bytes
        Of the workbook; one of another kind has none.

    Returns
    -------
    dict of str to dict
        By the name of the sheet: row and column, counted from 0, and what stands there.
    """
    found: dict[str, dict[tuple[int, int], str]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            files = {
                _mark(r, "Id"): _mark(r, "Target")
                for r in _RELATION.findall(_text(book, "xl/_rels/workbook.xml.rels"))
            }
            for sheet in _SHEET.findall(_text(book, "xl/workbook.xml")):
                target = files.get(_mark(sheet, r"\w+:id"), "")
                path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                found[_unescaped(_mark(sheet, "name"))] = _cells(_text(book, path))
    except (zipfile.BadZipFile, KeyError, OSError):
        return {}
    return found


def _cells(sheet: str) -> dict[tuple[int, int], str]:
    found = {}
    for cell in _CELL.finditer(sheet):
        marks, inside = cell["marks"], cell["inside"] or ""
        kind, result = _mark(marks, "t"), _RESULT.search(inside)
        if kind == "e":
            found[_place(_mark(marks, "r"))] = result[1] if result else "#ERROR"
        elif _FORMULA.search(inside) and kind != "str" and not (result and result[1]):
            found[_place(_mark(marks, "r"))] = _NOT_WORKED_OUT
    return found


def _place(name: str) -> tuple[int, int]:
    letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", name).groups()  # type: ignore[union-attr]
    column = 0
    for letter in letters:
        column = 26 * column + ord(letter) - ord("A") + 1
    return int(digits) - 1, column - 1


def _mark(tag: str, name: str) -> str:
    found = re.search(rf'(?:^|\s){name}="([^"]*)"', tag)
    return found[1] if found else ""


def _text(book: zipfile.ZipFile, path: str) -> str:
    return book.read(path).decode("utf-8", errors="replace")


def _unescaped(text: str) -> str:
    for mark, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'")):
        text = text.replace(mark, sign)
    return text.replace("&amp;", "&")
