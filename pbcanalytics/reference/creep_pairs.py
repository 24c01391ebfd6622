"""Which HRGs differ only by complications where names do not tell: a table that a user edits."""

import csv
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from pbcanalytics.reference.record_files import STATUSES
from pbcanalytics.words.errors import ReferenceGap, SelectionError, StoreError
from pbcanalytics.words.settings import NO_HRG_SHAPE, version_of

FILE: Final = Path("reference") / "creep" / "pairs.csv"
"""Of the data folder."""

NEEDED: Final = ("hrg", "root")
COLUMNS: Final = (*NEEDED, "name", "status", "source")
"""Of the table as it is written; a table needs the first two only."""

FROM_NAMES: Final = "from the names"
"""Status of what the names of a price list say and nobody has looked at."""

PAIR_STATUSES: Final = (FROM_NAMES, *STATUSES)

_Lines = Mapping[int, Mapping[str, str]]


def creep_pairs(data: Path, priced: Collection[str]) -> pd.DataFrame | None:
    """
    Read which HRGs belong to which root, where somebody keeps a table of it.

    Parameters
    ----------
    data : Path
        The data folder.
    priced : collection of str
        HRGs that have a price in any year.

    Returns
    -------
    DataFrame or None, one row per HRG
        `hrg`, `root`; None if nobody keeps one: then names tell.

    Raises
    ------
    ReferenceGap
        With every fault of the file, line by line.
    """
    path = data / FILE
    if not path.is_file():
        return None
    lines: dict[int, dict[str, str]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened, strict=True)
            lacking = [name for name in NEEDED if name not in (reader.fieldnames or [])]
            faults = [f"it has no column {name}" for name in lacking]
            for row in reader if not lacking else ():
                cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
                if row.get(None):
                    faults.append(
                        f"line {reader.line_num}: it has more cells than there are columns; a name "
                        "with a comma stands in quotation marks"
                    )
                elif any(cells.values()):
                    lines[reader.line_num] = cells
    except (UnicodeError, csv.Error):
        faults = ["it is no table of text in UTF-8"]
    except OSError as error:
        faults = [f"it cannot be read ({error.strerror})"]
    versions = {version_of(hrg) for hrg in priced}
    for number, cells in lines.items():
        odd = version_of(cells["hrg"]) in versions and cells["hrg"] not in priced
        faults += [f"line {number}: {fault}" for fault in _faults(cells, is_unpriced=odd)]
    faults += [*_twice(lines), *_mixed(lines)]
    if faults:
        listed = "\n".join(f"- {fault}." for fault in faults)
        raise ReferenceGap(
            f"{path} cannot be used, so it is not known which HRGs differ only by complications, "
            "and dear classes would be set against the wrong cheap ones. Nothing was counted. "
            f"Correct these; docs/methods/creep.md says how it is written:\n{listed}"
        )
    return pd.DataFrame(list(lines.values()), columns=list(NEEDED), dtype=str)


def keep_creep_pairs(data: Path, pairs: pd.DataFrame) -> Path:
    """
    Write a table to be edited; what somebody edited already is never written over.

    Parameters
    ----------
    data : Path
        The data folder.
    pairs : DataFrame, one row per HRG
        In COLUMNS.

    Returns
    -------
    Path

    Raises
    ------
    SelectionError
        If there is one.
    StoreError
        If it cannot be written.
    """
    path = data / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="") as opened:
            pairs[list(COLUMNS)].to_csv(opened, index=False, lineterminator="\n")
    except FileExistsError as error:
        raise SelectionError(
            f"{path} is there already and is in use, so nothing was written. Edit it as it is; to "
            "have it made anew, move it away first."
        ) from error
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror or error}), so there is no table to edit. "
            "Make the folder writable and try again."
        ) from error
    return path


def _faults(cells: Mapping[str, str], *, is_unpriced: bool) -> Iterator[str]:
    """Find what is wrong with a line."""
    if version_of(cells["hrg"]) == NO_HRG_SHAPE:
        yield f"'{cells['hrg']}' is no HRG such as E35 or DZ11A"
    elif is_unpriced:
        yield f"{cells['hrg']} has no price in any year that is held, so the line does nothing"
    if not cells["root"]:
        yield f"it does not say to which root {cells['hrg'] or 'its HRG'} belongs"
    if cells["status"] not in ("", *PAIR_STATUSES):
        yield f"its status is '{cells['status']}', and may be {', '.join(PAIR_STATUSES)}"


def _twice(lines: _Lines) -> Iterator[str]:
    """Find HRGs that stand in several lines."""
    first: dict[str, int] = {}
    for number, cells in lines.items():
        hrg = cells["hrg"]
        if hrg in first:
            yield f"line {number}: {hrg} stands in line {first[hrg]} already"
        first.setdefault(hrg, number)


def _mixed(lines: _Lines) -> Iterator[str]:
    """Find roots called by an HRG that the table does not put there: it would join unsaid."""
    root_of = {cells["hrg"]: cells["root"] for cells in lines.values()}
    for number, cells in lines.items():
        named = [code for code in cells["root"].split("/") if version_of(code) != NO_HRG_SHAPE]
        for code in named:
            if root_of.get(code) != cells["root"]:
                yield (
                    f"line {number}: the root {cells['root']} is called by {code}, which the table "
                    f"does not put there; give {code} the same root, or call the root otherwise"
                )
