"""The rows of a matched sheet as a table of the record; every row used, or listed with why not."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import pandas as pd

from pbcanalytics.reference.importing import values
from pbcanalytics.reference.importing.matching import Match, is_code_of
from pbcanalytics.reference.importing.targets import Subject, Target
from pbcanalytics.reference.importing.values import Value

_FORMULA: Final = ("=", "+", "-", "@", "\t")
_TOO_LONG: Final = 60


@dataclass(frozen=True)
class Unused:
    """A row that was not used: its line, what stands in it, and why."""

    line: int
    said: str
    reason: str


@dataclass
class Table:
    """
    A table read from a sheet.

    `frame` has one row per code, all as text, in the columns of the record; `rows` counts the
    rows below the heading that hold anything: `used` + `repeated` + those in `unused`. `rounded`
    values had smaller parts than are held; `unstated` rows are flagged for a reduced short stay
    price without one.
    """

    match: Match
    frame: pd.DataFrame
    rows: int = 0
    repeated: int = 0
    rounded: int = 0
    unstated: int = 0
    unused: list[Unused] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def subject(self) -> Subject:
        """What the table is about."""
        return self.match.subject

    @property
    def used(self) -> int:
        """How many rows became rows of the record."""
        return len(self.frame)

    @property
    def absent(self) -> list[str]:
        """Columns of numbers of the record that the sheet does not have: they stay blank."""
        return [
            t.column
            for t in self.subject.targets
            if t.column in self.frame.columns
            and t.kind not in ("code", "label")
            and self.frame[t.column].eq("").all()
        ]


def table_of(match: Match) -> Table:
    """
    Read the rows below the headings of a matched sheet.

    Parameters
    ----------
    match : Match
        One that `is_enough`.

    Returns
    -------
    Table
        `faults` holds everything that would make a price wrong, by line and code.
    """
    table = Table(match, pd.DataFrame())
    for column, headings in match.unclear.items():
        said = " or ".join(f"'{h}'" for h in headings)
        table.faults.append(f"{column} could be {said}")
    percent = _is_in_percent(match)
    found: dict[str, dict[str, str]] = {}
    lines: dict[str, int] = {}
    for line, cells in enumerate(match.sheet.rows, start=1):
        if line <= match.heading_line or not any(cells):
            continue
        table.rows += 1
        code = _cell(cells, match.places[match.subject.key]).upper()
        if not is_code_of(match.subject, code):
            table.unused.append(Unused(line, _gist(cells), _why_no_code(match.subject, code)))
            continue
        row = _row(table, cells, line, code, percent)
        if code not in found:
            found[code], lines[code] = row, line
        elif found[code] == row:
            table.repeated += 1
        else:
            table.faults.append(
                f"{code} stands on lines {lines[code]} and {line} with different values"
            )
    table.frame = pd.DataFrame(list(found.values()), columns=_columns(match), dtype="str")
    return table


def _columns(match: Match) -> list[str]:
    """Columns of the record in its order; those beyond the first years' only where they are."""
    present = {*match.places, *match.unclear}
    return _ORDER[match.subject.name] + [c for c in _FURTHER[match.subject.name] if c in present]


_ORDER: Final = {
    "tariff": [
        "hrg",
        "name",
        "root",
        "root_name",
        "split_name",
        "day_case_pence",
        "elective_pence",
        "outpatient_procedure_pence",
        "non_elective_pence",
        "elective_trim_days",
        "non_elective_trim_days",
        "long_stay_per_day_pence",
    ],
    "outpatient": ["specialty_code", "first_attendance_pence", "follow_up_attendance_pence"],
    "emergency": ["hrg", "attendance_pence"],
    "mff": ["provider_code", "provider_name", "mff_ratio"],
}
_FURTHER: Final = {
    "tariff": ["short_stay_emergency_share", "short_stay_emergency_pence"],
    "outpatient": ["first_multi_professional_pence", "follow_up_multi_professional_pence"],
    "emergency": [],
    "mff": [],
}


def _row(table: Table, cells: list[str], line: int, code: str, percent: bool) -> dict[str, str]:
    match = table.match
    row: dict[str, str] = dict.fromkeys(_columns(match), "")
    for column, place in match.places.items():
        target, text = match.subject.target(column), _cell(cells, place)
        if target.kind == "code":
            row[column] = code
        elif target.kind == "label":
            row[column] = _label(column, text)
        elif target.kind == "flag":
            row[column] = text.lower()
        else:
            heading = match.headings[column]
            value = _value(target, text, heading, percent)
            if value.fault:
                table.faults.append(f"line {line}, {code}, {heading}: {value.fault}")
            table.rounded += value.was_rounded
            row[column] = "" if value.number is None else _plain(value.number)
    return _finished(table, row, line, code)


def _value(target: Target, text: str, heading: str, percent: bool) -> Value:
    if target.kind == "days":
        return values.days(text, zero_is_none=target.zero_is_none)
    if target.kind == "index":
        return values.index(text)
    if target.kind == "share":
        return values.share(text, in_percent=percent)
    is_pence = "pence" in heading.lower()
    return values.pence(text, zero_is_none=target.zero_is_none, in_pence=is_pence)


def _finished(table: Table, row: dict[str, str], line: int, code: str) -> dict[str, str]:
    """Apply what the workbook means by its columns (domain 1.5)."""
    if table.subject.name != "tariff":
        return row
    row["root"] = code[:4]
    if combined := row.pop("combined_pence", ""):
        apart = {row["day_case_pence"], row["elective_pence"]} - {"", combined}
        if apart:
            table.faults.append(
                f"line {line}, {code}: a combined day case and elective price, and others beside it"
            )
        row["day_case_pence"] = row["elective_pence"] = combined
    applies = row.pop("short_stay_applies", "")
    if applies in ("no", "n"):
        row |= dict.fromkeys(_FURTHER["tariff"], "")
    elif applies in ("yes", "y"):
        table.unstated += not any(row.get(c) for c in _FURTHER["tariff"])
    return {c: row[c] for c in _columns(table.match)}


def _is_in_percent(match: Match) -> bool:
    place = match.places.get("short_stay_emergency_share")
    if place is None:
        return False
    return values.is_in_percent([_cell(r, place) for r in match.sheet.rows[match.heading_line :]])


def _why_no_code(subject: Subject, code: str) -> str:
    if not code:
        return "no code"
    if subject.name == "mff" and code.replace(".", "").isdigit():
        return f"'{code}' is a number; a spreadsheet may have made it of a code such as 1E5"
    return f"'{code[:20]}' is no {subject.targets[0].unit}"


def _cell(cells: list[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _label(column: str, text: str) -> str:
    """Keep a label from being run as a formula when the record is opened in a spreadsheet."""
    if column == "split_name":
        text = text.strip(" ,")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _gist(cells: list[str]) -> str:
    said = " | ".join(c for c in cells if c)
    return said if len(said) <= _TOO_LONG else f"{said[: _TOO_LONG - 1]}…"
