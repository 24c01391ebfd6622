"""Recorded events of charts: where limits start anew, are fixed, what is aimed at, and why."""

import csv
import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pbcanalytics.reference.shelf import Shelf
from pbcanalytics.words.errors import ReferenceGap

FILE: Final = "chart_events.csv"
"""In a user's `reference` folder; one of a later folder stands for that of an earlier one."""

REBASE: Final = "rebase"
FIX: Final = "fix"
TARGET: Final = "target"
NOTE: Final = "note"
KINDS: Final = (REBASE, FIX, TARGET, NOTE)

COLUMNS: Final = (
    *("measure", "group", "specialty", "month", "kind", "value", "reason", "author", "date"),
)
EVERYWHERE: Final = "ALL"
LEAST_FIXED: Final = 12
"""Limits that rest on fewer months are chance's (NHSRplotthedots)."""

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_MONTHS: Final = ("%Y-%m", "%Y-%m-%d", "%d/%m/%Y", "%b-%y", "%b %Y", "%B %Y")
_DAYS: Final = ("%Y-%m-%d", "%d/%m/%Y")


@dataclass(frozen=True)
class ChartEvent:
    """
    One line of the file.

    Attributes
    ----------
    measure : str
    group : str
        As a page's address has it, "X80001", "consortium-C01"; ALL for every group.
    specialty : str
        Code; ALL for the chart of all specialties together.
    month : date or None
        First day; a target without a month always held, and a fixed baseline has none.
    kind : str
        One of KINDS.
    value : float or None
        Of FIX how many months limits rest on; of TARGET what is aimed at, in the measure's unit.
    reason, author : str
    date : date
        When it was recorded.
    """

    measure: str
    group: str
    specialty: str
    month: dt.date | None
    kind: str
    value: float | None
    reason: str
    author: str
    date: dt.date


def chart_events(
    shelf: Shelf,
    directions: Mapping[str, str],
    groups: Collection[str],
    specialties: Collection[str],
) -> list[ChartEvent]:
    """
    Read what was recorded of charts.

    Parameters
    ----------
    shelf : Shelf
        The reference data.
    directions : mapping of str to str
        Of each measure which way is good, "none" where neither is.
    groups : collection of str
        Addresses of the groups that there are.
    specialties : collection of str
        Codes.

    Returns
    -------
    list of ChartEvent, by month
        Empty where nothing was recorded.

    Raises
    ------
    ReferenceGap
        With every fault of the file, line by line.
    """
    paths = [folder / FILE for folder in shelf.folders if (folder / FILE).is_file()]
    if not paths:
        return []
    found: dict[int, ChartEvent] = {}
    faults: list[str] = []
    try:
        for number, row in _rows(paths[-1]):
            wrong = list(_faults(row, directions, groups, specialties))
            faults += [f"line {number}: {fault}" for fault in wrong]
            if not wrong:
                found[number] = _event(row)
    except (UnicodeError, csv.Error):
        faults.append("it is no table of text in UTF-8")
    faults += _twice(found)
    if faults:
        listed = "\n".join(f"- {fault}." for fault in faults)
        raise ReferenceGap(
            f"{paths[-1]} cannot be used, because limits that move without a record mislead. "
            f"Nothing was published. Correct these; docs/measures.md says how it is written:\n"
            f"{listed}"
        )
    return sorted(found.values(), key=lambda e: (e.month or dt.date.min, e.measure, e.group))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Go through the lines with their numbers; a line of blanks is passed over."""
    text = path.read_text(encoding="utf-8-sig")
    heading = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=";" if ";" in heading else ",", strict=True)
    names = [name.strip().lower() for name in next(reader, [])]
    if sorted(names) != sorted(COLUMNS):
        raise ReferenceGap(
            f"{path} cannot be used: its headings are {', '.join(names) or 'missing'}, and must be "
            f"{', '.join(COLUMNS)}. Nothing was published; docs/measures.md says how it is written."
        )
    for cells in reader:
        if any(cell.strip() for cell in cells):
            filled = [cell.strip() for cell in cells] + [""] * (len(names) - len(cells))
            row = dict(zip(names, filled, strict=False))
            if len(cells) > len(names):
                row["too many"] = str(len(cells))
            yield reader.line_num, row


def _faults(
    row: Mapping[str, str],
    directions: Mapping[str, str],
    groups: Collection[str],
    specialties: Collection[str],
) -> Iterator[str]:
    if "too many" in row:
        yield (
            f"it has {row['too many']} cells instead of {len(COLUMNS)}; a text with a comma stands "
            "in quotation marks"
        )
        return
    measure, kind = row["measure"], row["kind"].lower()
    if measure not in directions:
        yield f"'{measure}' is no measure ('pbc measures' lists them)"
    if row["group"] not in ("", EVERYWHERE, *groups):
        yield (
            f"'{row['group']}' is no group; write X80001, consortium-C01 or pct-9E1, or leave it "
            "empty for all"
        )
    if row["specialty"] not in ("", EVERYWHERE, *specialties):
        yield f"'{row['specialty']}' is no specialty; leave it empty for all together"
    if kind not in KINDS:
        yield f"'{row['kind']}' is no kind of event; there are {', '.join(KINDS)}"
    if not row["reason"]:
        yield f"it gives no reason, and whoever reads the chart must see why ({kind or 'event'})"
    if not row["author"]:
        yield "it names no author"
    if _day(row["date"], _DAYS) is None:
        yield f"its date is '{row['date']}', and must be the day it was recorded, as 2026-04-30"
    month = _day(row["month"], _MONTHS)
    if row["month"] and month is None:
        yield f"its month is '{row['month']}', and must be one such as 2018-04"
    if not row["month"] and kind in (REBASE, NOTE):
        yield f"a {kind} needs its month, such as 2018-04"
    if row["month"] and kind == FIX:
        yield "a fix has no month: limits rest on the first months of the chart and of each rebase"
    yield from _of_value(kind, row["value"], directions.get(measure, ""))


def _of_value(kind: str, value: str, direction: str) -> Iterator[str]:
    """Find what is wrong with the value that goes with a kind."""
    is_number = _NUMBER.fullmatch(value) is not None
    if kind in (REBASE, NOTE) and value:
        yield f"a {kind} has no value, and here it is '{value}'"
    if kind == TARGET and not is_number:
        yield f"its target is '{value}', and must be a number in the measure's unit (0.08 for 8%)"
    if kind == TARGET and direction == "none":
        yield (
            "a target says nothing of a measure of which neither higher nor lower is better; give "
            "the measure a direction, or write a note"
        )
    if kind == FIX and not (value.isdigit() and int(value) >= LEAST_FIXED):
        yield (
            f"limits are to rest on '{value}' months, and must rest on {LEAST_FIXED} or more, or "
            "they are chance's"
        )


def _twice(found: Mapping[int, ChartEvent]) -> Iterator[str]:
    """Find events of one chart of which only one can hold."""
    seen: dict[tuple[object, ...], int] = {}
    for number, one in found.items():
        if one.kind == NOTE:
            continue
        month = None if one.kind == FIX else one.month
        key = (one.measure, one.group, one.specialty, one.kind, month)
        if key in seen:
            yield f"line {number}: it says again, for the same chart, what line {seen[key]} says"
        seen.setdefault(key, number)


def _event(row: Mapping[str, str]) -> ChartEvent:
    month, on = _day(row["month"], _MONTHS), _day(row["date"], _DAYS)
    assert on is not None
    return ChartEvent(
        measure=row["measure"],
        group=row["group"] or EVERYWHERE,
        specialty=row["specialty"] or EVERYWHERE,
        month=month and month.replace(day=1),
        kind=row["kind"].lower(),
        value=float(row["value"]) if row["value"] else None,
        reason=row["reason"],
        author=row["author"],
        date=on,
    )


def _day(text: str, forms: Collection[str]) -> dt.date | None:
    """Read a day or month in one of several forms; None if it is none."""
    for form in forms:
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None
