"""Open what a supplier sends: plain or compressed text, Parquet, Excel; as text to be read.

Whatever the file was, what comes out is either UTF-8 text with its lines counted or a Parquet
file; nothing is guessed about types, and the whole file is never held in memory.
"""

import codecs
import csv
import gzip
import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from pbcanalytics.words.errors import ExtractError

_BLOCK: Final = 1 << 20
_LONGEST_HEADING: Final = 1 << 20
"""A first line longer than this is no heading."""

_GZIP, _ZIP, _PARQUET, _OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Text:
    """
    Delimited text in UTF-8, its lines counted, so that reading it can be proved complete.

    `has_nul`: it holds NUL characters; `is_odd`: it holds white space other than blanks, apart
    from what delimits fields and ends lines.
    """

    path: Path
    delimiter: str
    headings: list[str]
    lines: int
    has_nul: bool
    is_odd: bool


@dataclass(frozen=True)
class Columns:
    """A Parquet file."""

    path: Path


@dataclass(frozen=True)
class Rows:
    """Rows of a worksheet, written as JSON lines: `line_number`, then the headings, as text."""

    path: Path
    headings: list[str]
    rows: int


ENDINGS: Final = (".csv", ".txt", ".tsv", ".gz", ".zip", ".parquet", ".xlsx", ".xls")
"""How the names of the files end that are taken from a folder."""


def extracts_in(folder: Path) -> list[Path]:
    """List the files of a folder that may be extracts, by name."""
    return sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in ENDINGS)


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
            while block := opened.read(_BLOCK):
                total.update(block)
    except OSError as error:
        raise ExtractError(
            f"{path.name} cannot be opened ({error.strerror}), so nothing was loaded from it. "
            "Close it in other programs and check that you may read it."
        ) from error
    return total.hexdigest()


def unpack(path: Path, scratch: Path) -> Text | Columns | Rows:
    """
    Make a file ready to be read.

    Parameters
    ----------
    path : Path
        CSV of any delimiter, plain, gzipped or alone in a zip; Parquet; an Excel workbook.
    scratch : Path
        A folder for copies, the caller's to remove.

    Returns
    -------
    Text or Columns or Rows

    Raises
    ------
    ExtractError
        If it is empty, damaged, of no known kind, or does not say which part to load.
    """
    plain = path
    with path.open("rb") as opened:
        start = opened.read(4)
    if start.startswith(_GZIP):
        plain = _gunzipped(path, scratch / "unpacked")
    elif start == _ZIP:
        if _is_workbook(path):
            return _worksheet(path, scratch)
        plain = _unzipped(path, scratch / "unpacked")
    if start == _OLD_EXCEL:
        return _worksheet(path, scratch)
    with plain.open("rb") as opened:
        if opened.read(4) == _PARQUET:
            return Columns(plain)
    return _text(path.name, plain, scratch)


def one_name_each(file: str, headings: list[str]) -> list[str]:
    """
    Check that no two columns have the same name; one without a name is called by its place.

    Raises
    ------
    ExtractError
        If two have.
    """
    named = [h or f"column {i}" for i, h in enumerate(headings, start=1)]
    upper = [h.upper() for h in named]
    twice = sorted({h for h in upper if upper.count(h) > 1})
    if twice:
        raise ExtractError(
            f"{file} has more than one column named {', '.join(twice)}, so it is not clear which "
            "to use; nothing of it was loaded. Rename or remove one of them."
        )
    return named


def _gunzipped(path: Path, to: Path) -> Path:
    try:
        with gzip.open(path, "rb") as packed, to.open("wb") as out:
            shutil.copyfileobj(packed, out, _BLOCK)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ExtractError(
            f"{path.name} is compressed and ends too early or is damaged, so nothing of it was "
            "loaded. Ask for it again, or copy it once more."
        ) from error
    return to


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as packed:
            return "[Content_Types].xml" in packed.namelist()
    except zipfile.BadZipFile as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> ExtractError:
    return ExtractError(
        f"{path.name} is a damaged zip file, so nothing of it was loaded. Ask for it again, or "
        "copy it once more."
    )


def _unzipped(path: Path, to: Path) -> Path:
    try:
        with zipfile.ZipFile(path) as packed:
            files = [i for i in packed.infolist() if not i.is_dir()]
            if len(files) != 1:
                inside = ", ".join(i.filename for i in files[:5]) or "nothing"
                raise ExtractError(
                    f"{path.name} holds {len(files)} files ({inside}), so it is not clear which to "
                    "load. Unpack it and load the files themselves."
                )
            with packed.open(files[0]) as member, to.open("wb") as out:
                shutil.copyfileobj(member, out, _BLOCK)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _damaged(path) from error
    except (RuntimeError, NotImplementedError) as error:
        raise ExtractError(
            f"{path.name} is a zip file with a password or in a form that cannot be read, so "
            "nothing of it was loaded. Unpack it and load the file itself."
        ) from error
    return to


def _text(name: str, path: Path, scratch: Path) -> Text:
    with path.open("rb") as opened:
        start = opened.read(3)
        opened.seek(0)
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            encodings = ["utf-16"]
        else:
            encodings = ["utf-8-sig" if start == codecs.BOM_UTF8 else "utf-8", "cp1252"]
        for encoding in encodings:
            copy = None if encoding == "utf-8" else scratch / "utf8.csv"
            opened.seek(0)
            counted = _transcoded(opened, encoding, copy)
            if counted is not None and counted.lines <= 1 and _ends_lines_with_cr(opened):
                copy = scratch / "utf8.csv"
                opened.seek(0)
                counted = _transcoded(opened, encoding, copy, cr_ends=True)
            if counted is not None:
                break
        else:
            raise ExtractError(
                f"{name} is not a text file (neither UTF-8 nor Windows-1252), so nothing was "
                "loaded from it. Save it as CSV and load it again."
            )
    plain = copy or path
    with plain.open(encoding="utf-8", newline="") as text:
        first = text.readline(_LONGEST_HEADING).rstrip("\r\n")
    if not first.strip():
        raise ExtractError(f"{name} is empty or has no heading, so nothing was loaded from it.")
    if len(first) >= _LONGEST_HEADING - 2:
        raise ExtractError(
            f"The first line of {name} is longer than a heading can be, so nothing was loaded "
            "from it. Save it as CSV with a line a row, and load it again."
        )
    delimiter = max(",;\t|", key=first.count)
    headings = [h.strip() for h in next(csv.reader([first], delimiter=delimiter))]
    is_odd = counted.has_hard_blank or (counted.has_tab and delimiter != "\t")
    return Text(
        plain, delimiter, one_name_each(name, headings), counted.lines, counted.has_nul, is_odd
    )


@dataclass
class _Counted:
    """What going through a text found."""

    lines: int = 0
    has_nul: bool = False
    has_tab: bool = False
    has_hard_blank: bool = False


def _ends_lines_with_cr(opened: BinaryIO) -> bool:
    """Tell whether the file is of the old kind whose lines end with a carriage return only."""
    opened.seek(0)
    return opened.read(_BLOCK).rstrip().count(b"\r") > 0


def _transcoded(
    opened: BinaryIO, encoding: str, copy: Path | None, *, cr_ends: bool = False
) -> "_Counted | None":
    """Go through a file as text, writing it as UTF-8 if asked; None if the encoding is wrong."""
    decoder = codecs.getincrementaldecoder(encoding)()
    found, last = _Counted(), "\n"
    out = copy.open("w", encoding="utf-8", newline="") if copy else None
    try:
        while block := opened.read(_BLOCK):
            text = decoder.decode(block)
            if cr_ends:
                text = text.replace("\r", "\n")
            found.lines += text.count("\n")
            found.has_nul = found.has_nul or "\0" in text
            found.has_tab = found.has_tab or "\t" in text
            found.has_hard_blank = found.has_hard_blank or "\xa0" in text
            last = text[-1:] or last
            if out:
                out.write(text)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    finally:
        if out:
            out.close()
    found.lines += last != "\n"
    return found


def _worksheet(path: Path, scratch: Path) -> Rows:
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


def lines_of(path: Path, longest: int) -> Iterator[str]:
    """Go through a file line by line, never holding more of a line than `longest` characters."""
    with path.open(encoding="utf-8", newline="\n") as opened:
        while line := opened.readline(longest):
            yield line
            while line and not line.endswith("\n"):
                line = opened.readline(longest)
