"""Changes of groupers and coding rules that the whole nation saw, where somebody listed them."""

import csv
import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from pbcanalytics.words.errors import ReferenceGap

FILE: Final = Path("reference") / "creep" / "events.csv"
"""Of the data folder."""

KINDS: Final = ("grouper", "rule")
COLUMNS: Final = ("month", "kind", "what")


class CodingEvent(NamedTuple):
    """From a month on another grouper, or another coding rule, held for everybody."""

    month: dt.date
    kind: str
    what: str


def coding_events(data: Path) -> list[CodingEvent] | None:
    """
    Read the calendar.

    Parameters
    ----------
    data : Path
        The data folder.

    Returns
    -------
    list of CodingEvent or None
        None if nobody keeps one: what everybody saw is then not known.

    Raises
    ------
    ReferenceGap
        With every fault of the file, line by line.
    """
    path = data / FILE
    if not path.is_file():
        return None
    faults: list[str] = []
    found: list[CodingEvent] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            lacking = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            faults += [f"it has no column {name}" for name in lacking]
            for row in reader if not lacking else ():
                cells = {name: (row[name] or "").strip() for name in COLUMNS}
                wrong = list(_faults(cells))
                faults += [f"line {reader.line_num}: {fault}" for fault in wrong]
                if not wrong:
                    month = dt.date.fromisoformat(f"{cells['month']}-01")
                    found.append(CodingEvent(month, cells["kind"], cells["what"]))
    except (UnicodeError, csv.Error):
        faults.append("it is no table of text in UTF-8")
    except OSError as error:
        faults.append(f"it cannot be read ({error.strerror})")
    if faults:
        listed = "\n".join(f"- {fault}." for fault in faults)
        raise ReferenceGap(
            f"{path} cannot be used, so it is not known which changes the whole nation saw, and a "
            f"hospital would be asked about them. Nothing was published. Correct these:\n{listed}"
        )
    return found


def _faults(cells: Mapping[str, str]) -> Iterator[str]:
    """Find what is wrong with a line."""
    try:
        dt.date.fromisoformat(f"{cells['month']}-01")
    except ValueError:
        yield f"'{cells['month']}' is no month such as 2018-04"
    if cells["kind"] not in KINDS:
        yield f"its kind is '{cells['kind']}', and must be grouper or rule"
    if not cells["what"]:
        yield "it does not say what changed"
