"""Delimited text of any encoding and line end, made UTF-8 and its lines counted."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pbcanalytics.intake.files.headings import FirstLines, below_titles, lent, one_name_each
from pbcanalytics.words.errors import ExtractError

_BLOCK: Final = 1 << 20
_LONGEST_HEADING: Final = 1 << 20
"""A first line longer than this is no heading."""

_TITLES: Final = 12
"""The headings are looked for in so many lines."""

_LONG: Final = 100_000
"""A line of more characters is not looked at for headings below a title."""

_LOOKED_AT: Final = 4096
"""Bytes by which the encoding is told."""

_MOSTLY: Final = 0.4
"""If more than this share of every second byte is zero, and none of the others, it is UTF-16."""


@dataclass(frozen=True)
class Text:
    """
    Delimited text in UTF-8, its lines counted, so that reading it can be proved complete.

    `has_nul`: it holds NUL characters; `is_odd`: it holds white space other than blanks, apart
    from what delimits fields and ends lines; `heading_lines` is 0 if its headings are lent.
    """

    path: Path
    delimiter: str
    headings: list[str]
    lines: int
    has_nul: bool
    is_odd: bool
    heading_lines: int = 1


def counted(name: str, path: Path, scratch: Path, kinds: Sequence[FirstLines] = ()) -> Text:
    """
    Go through a text once, counting its lines.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    path : Path
        Where its text is.
    scratch : Path
        A folder for a copy in UTF-8, made if it is none.
    kinds : sequence of FirstLines
        How kinds of files are told that have no headings, or titles above them.

    Raises
    ------
    ExtractError
        If it is empty or no text, or its first line is no heading.
    """
    with path.open("rb") as opened:
        for encoding in _encodings(opened.read(_LOOKED_AT)):
            copy = None if encoding == "utf-8" else scratch / "utf8.csv"
            opened.seek(0)
            found = _transcoded(opened, encoding, copy)
            if found is not None and found.lines <= 1 and _ends_lines_with_cr(opened):
                copy = scratch / "utf8.csv"
                opened.seek(0)
                found = _transcoded(opened, encoding, copy, cr_ends=True)
            if found is not None:
                break
        else:
            raise ExtractError(
                f"{name} is not a text file (neither UTF-8 nor Windows-1252), so nothing was "
                "loaded from it. Save it as CSV and load it again."
            )
    plain = copy or path
    with plain.open(encoding="utf-8", newline="") as text:
        first = text.readline(_LONGEST_HEADING).rstrip("\r\n")
        below = [text.readline(_LONGEST_HEADING).rstrip("\r\n") for _ in range(_TITLES - 1)]
    starts = [_fields(line)[1] if len(line) < _LONG else [] for line in (first, *below)]
    if (at := below_titles(starts, kinds)) is not None:
        raise ExtractError(
            f"The headings of {name} seem to be on line {at}, so nothing was loaded from it. "
            f"Remove the {'line' if at == 2 else 'lines'} above and load it again."
        )
    if not first.strip():
        raise ExtractError(f"{name} is empty or has no heading, so nothing was loaded from it.")
    if len(first) >= _LONGEST_HEADING - 2:
        raise ExtractError(
            f"The first line of {name} is longer than a heading can be, so nothing was loaded "
            "from it. Save it as CSV with a line a row, and load it again."
        )
    delimiter, headings = _fields(first)
    is_odd = found.has_hard_blank or (found.has_tab and delimiter != "\t")
    borrowed = lent(headings, kinds)
    return Text(
        plain,
        delimiter,
        borrowed or one_name_each(name, headings),
        found.lines,
        found.has_nul,
        is_odd,
        heading_lines=0 if borrowed else 1,
    )


def _encodings(start: bytes) -> list[str]:
    """Name the encodings that a file may have, by its first bytes, the likeliest first."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ["utf-16"]
    even, odd = start[::2], start[1::2]
    others = ["utf-8-sig" if start[:3] == codecs.BOM_UTF8 else "utf-8", "cp1252"]
    if odd.count(0) > _MOSTLY * len(odd) and not even.count(0):
        return ["utf-16-le", *others]
    if even.count(0) > _MOSTLY * len(even) and not odd.count(0):
        return ["utf-16-be", *others]
    return others


def _fields(line: str) -> tuple[str, list[str]]:
    """Give the delimiter of a line, which it holds most of, and its fields without blanks."""
    delimiter = max(",;\t|", key=line.count)
    return delimiter, [h.strip() for h in next(csv.reader([line], delimiter=delimiter), [])]


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


def lines_of(path: Path, longest: int) -> Iterator[str]:
    """Go through a file line by line, never holding more of a line than `longest` characters."""
    with path.open(encoding="utf-8", newline="\n") as opened:
        while line := opened.readline(longest):
            yield line
            while line and not line.endswith("\n"):
                line = opened.readline(longest)
