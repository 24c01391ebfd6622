"""What would become of a file, before it is loaded: which heading would become which column."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pbcanalytics.intake.layouts import recognise
from pbcanalytics.intake.opening import checksum, unpack
from pbcanalytics.intake.reading import read


@dataclass(frozen=True)
class Explanation:
    """
    How a file would be read.

    Attributes
    ----------
    file, layout, title : str
        The file, the layout, and the layout in words.
    used : list of (str, list of str, str)
        Column, the headings that bring it, and what the column means.
    missing : list of str
        Columns of the layout that the file does not bring; none of them is needed.
    ignored : list of str
        Headings that are not used.
    """

    file: str
    layout: str
    title: str
    used: list[tuple[str, list[str], str]]
    missing: list[str]
    ignored: list[str]


def explain(path: Path) -> Explanation:
    """
    Say how a file would be read, without loading it.

    Raises
    ------
    ExtractError
        If it cannot be read, or is none of the known layouts; the message names what is missing.
    """
    checksum(path)
    with tempfile.TemporaryDirectory() as scratch:
        headings = read(duckdb.connect(), path.name, unpack(path, Path(scratch))).headings
    layout = recognise(path.name, headings)
    meaning = {c.name: c.meaning for c in layout.table.columns}
    found = {f.column: f.found_in(headings) for f in layout.fields}
    taken = {heading for brought in found.values() for heading in brought}
    return Explanation(
        file=path.name,
        layout=layout.name,
        title=layout.title,
        used=[
            (c, h, meaning.get(c, "decides whether the row is kept")) for c, h in found.items() if h
        ],
        missing=[c for c, h in found.items() if not h],
        ignored=[h for h in headings if h not in taken],
    )
