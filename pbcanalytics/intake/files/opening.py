"""Open what a supplier sends: plain or compressed text, Parquet, Excel.

Whatever the file was, what comes out is UTF-8 text with its lines counted, rows of text, or a
Parquet file; nothing is guessed about types, and the whole file is never held in memory.
"""

import gzip
import hashlib
import shutil
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pbcanalytics.intake.files import texts, workbooks
from pbcanalytics.intake.files.headings import FirstLines
from pbcanalytics.intake.files.texts import Text
from pbcanalytics.intake.files.workbooks import Rows
from pbcanalytics.words.errors import ExtractError

_BLOCK: Final = 1 << 20
_GZIP, _ZIP, _PARQUET, _OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Columns:
    """A Parquet file."""

    path: Path


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


def unpack(path: Path, scratch: Path, kinds: Sequence[FirstLines] = ()) -> Text | Columns | Rows:
    """
    Make a file ready to be read.

    Parameters
    ----------
    path : Path
        CSV of any delimiter, plain, gzipped or alone in a zip; Parquet; an Excel workbook.
    scratch : Path
        A folder for copies, the caller's to remove.
    kinds : sequence of FirstLines
        How kinds of files are told that have no headings, or titles above them.

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
            return workbooks.worksheet(path, scratch)
        plain = _unzipped(path, scratch / "unpacked")
    if start == _OLD_EXCEL:
        return workbooks.worksheet(path, scratch)
    with plain.open("rb") as opened:
        if opened.read(4) == _PARQUET:
            return Columns(plain)
    return texts.counted(path.name, plain, scratch, kinds)


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
