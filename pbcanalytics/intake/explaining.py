"""What would become of a file, before it is loaded: which heading would become which column."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pbcanalytics.intake.choosing import FIRST_LINES, Wishes, layout_of
from pbcanalytics.intake.files.opening import checksum, unpack
from pbcanalytics.intake.files.reading import Reading, read
from pbcanalytics.intake.layouts import LAYOUTS
from pbcanalytics.intake.layouts.layout import Layout
from pbcanalytics.intake.layouts.recognising import proposals, scores
from pbcanalytics.intake.loading import prepare
from pbcanalytics.intake.maps import ImportMap, named


@dataclass(frozen=True)
class Explanation:
    """
    How a file would be read.

    Attributes
    ----------
    file, layout, title : str
        The file, the layout, and the layout in words.
    score : (int, int)
        Headings of the file that are used, of how many.
    used : list of (str, list of str, str)
        Column, the headings that bring it, and what the column means.
    missing : list of str
        Columns of the layout that the file does not bring; none of them is needed.
    ignored : list of str
        Headings that are not used.
    lacks : list of str
        Columns that are needed and not there; empty if the file can be loaded.
    proposed : dict of str to str
        For those, headings that look like them.
    others : list of (str, int, int)
        The next best layouts: name, headings used, needed columns missing.
    supplier, import_map : str
        Of the saved map by which it is read; empty if none.
    headings : tuple of str
        All headings of the file, in order.
    """

    file: str
    layout: str
    title: str
    score: tuple[int, int]
    used: list[tuple[str, list[str], str]]
    missing: list[str]
    ignored: list[str]
    lacks: list[str]
    proposed: dict[str, str]
    others: list[tuple[str, int, int]]
    supplier: str = ""
    import_map: str = ""
    headings: tuple[str, ...] = ()


def explain(
    path: Path,
    wishes: Wishes | None = None,
    *,
    maps: Sequence[ImportMap] = (),
    scratch: Path | None = None,
) -> Explanation:
    """
    Say how a file would be read, without loading it.

    Parameters
    ----------
    path : Path
    wishes : Wishes, optional
        What the analyst says of it.
    maps : sequence of ImportMap
        The saved import maps.
    scratch : Path, optional
        A folder for copies while it is read, which are removed; else the system's.

    Raises
    ------
    ExtractError
        If it cannot be read, or is none of the known layouts; the message names what is missing.
    """
    with _opened(path, scratch) as (con, reading):
        layout = layout_of(con, path.name, reading, wishes or Wishes(), maps)
        return _explained(path.name, reading, layout)


def explain_as(path: Path, layout: Layout, *, scratch: Path | None = None) -> Explanation:
    """
    Say how a file would be read as one layout, whether or not it could be loaded so.

    Parameters
    ----------
    path : Path
    layout : Layout
    scratch : Path, optional
        A folder for copies while it is read, which are removed; else the system's.

    Raises
    ------
    ExtractError
        If it cannot be read.
    """
    with _opened(path, scratch) as (_, reading):
        return _explained(path.name, reading, layout)


def nearest(path: Path, *, maps: Sequence[ImportMap] = (), scratch: Path | None = None) -> Layout:
    """
    Give the layout that a file is nearest to, whether or not it could be loaded so.

    Parameters
    ----------
    path : Path
    maps : sequence of ImportMap
        Those saved of its supplier; their headings count as the layout's.
    scratch : Path, optional
        A folder for copies while it is read, which are removed; else the system's.

    Raises
    ------
    ExtractError
        If it cannot be read.
    """
    with _opened(path, scratch) as (_, reading):
        known = [*(m.applied() for m in maps), *LAYOUTS]
        return named(scores(reading.headings, known)[0].layout.name)


@contextmanager
def _opened(
    path: Path, scratch: Path | None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Reading]]:
    checksum(path)
    with tempfile.TemporaryDirectory(dir=scratch) as copies, duckdb.connect() as con:
        con.execute("SET temp_directory = ?", [copies])
        prepare(con)
        yield con, read(con, path.name, unpack(path, Path(copies), FIRST_LINES))


def _explained(file: str, reading: Reading, layout: Layout) -> Explanation:
    headings = reading.headings
    meaning = {c.name: c.meaning for c in layout.table.columns}
    secret = "used to make the pseudonym or the age, and kept nowhere"
    meaning |= {f.column: secret for f in layout.fields if f.is_secret}
    found = {f.column: f.found_in(headings) for f in layout.fields}
    given = {f.column: f"given: {f.given}" for f in layout.fields if f.given is not None}
    lacks = [f.column for f in layout.missing(headings)]
    taken = layout.used(headings)
    others = [s for s in scores(headings, LAYOUTS) if s.layout.name != layout.name]
    return Explanation(
        file=file,
        layout=layout.name,
        title=layout.title,
        score=(len(taken), len(headings)),
        used=[
            (c, h or [given[c]], meaning.get(c, "decides whether the row is kept, or how"))
            for c, h in found.items()
            if h or c in given
        ],
        missing=[c for c, h in found.items() if not h and c not in lacks and c not in given],
        ignored=[h for h in headings if h not in taken],
        lacks=lacks,
        proposed=proposals(headings, layout),
        others=[(s.layout.name, len(s.used), len(s.missing)) for s in others[:3]],
        supplier=layout.supplier,
        import_map=layout.import_map,
        headings=tuple(headings),
    )
