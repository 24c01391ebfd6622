"""Files of aggregate activity: HRG by setting by count, every row a line or a named reject."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd

from pbcanalytics.intake.files.opening import checksum, unpack
from pbcanalytics.intake.files.reading import carefully, read
from pbcanalytics.intake.files.texts import Text
from pbcanalytics.words import codes, settings
from pbcanalytics.words.errors import ExtractError

_HEADINGS: Final = {
    "hrg": (
        *("HRG", "HRG code", "Spell Core HRG", "Core HRG", "HRG/Currency Code", "Currency code"),
        *("Currency", "SUSHRG", "Spell HRG"),
    ),
    "setting": (
        *("Setting", "POD", "POD code", "Point of delivery", "Point of delivery code"),
        *("National POD code", "Contract POD", "Department", "Department code", "Department name"),
    ),
    "n_activity": (
        *("Activity", "Count", "N", "n_activity", "Number", "Volume", "Actual activity"),
        *("Activity count", "Activity actual", "Spells", "Number of spells", "Attendances"),
        *("Number of attendances", "Contract monitoring actual activity"),
    ),
    "specialty_code": (
        *("Specialty", "Specialty code", "TFC", "Treatment function", "Treatment function code"),
        "Activity treatment function code",
    ),
    "provider_code": (
        *("Provider", "Provider code", "Trust code", "Organisation code", "Org code"),
        *("Organisation identifier (code of provider)", "Organisation code (code of provider)"),
    ),
    "month": ("Month", "Activity month", "Financial month", "Period"),
    "inlier_bed_days": ("Inlier bed days", "Inlier days", "Number of inlier bed days"),
    "excess_bed_days": (
        *("Excess bed days", "Excess days", "XBD", "XBDs", "Number of excess bed days"),
        "Days beyond the trim point",
    ),
    "supplied_pence": (
        *("Cost", "Price", "Total cost", "Total price", "Actual cost", "Actual price"),
        *("Cost actual", "Price actual", "Contract monitoring actual price"),
    ),
}
_NUMERIC: Final = ("n_activity", "inlier_bed_days", "excess_bed_days", "supplied_pence")
_NEEDED: Final = {
    "hrg": "the HRG",
    "setting": "the setting or point of delivery",
    "n_activity": "the count of activity",
}
_COLLECTION: Final = {"DEPARTMENTCODE", "CURRENCYCODE"}
"""Headings by which the National Cost Collection is known."""

_NO_NUMBER: Final = {"", "-", "*", "NULL", "N/A"}
"""What stands where a number was left out, or withheld because it is small."""

_NO_CODE: Final = {*codes.FILE_NULLS, "*", "N/A"}
_NUMBER: Final = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
_NUMBERS: Final = ("_pence", "_days", "_line")
_MOST: Final = 10**10
"""More activities than this on one line is no count."""

_SENTENCES: Final = {
    "unknown_setting": "The setting is not a known one.",
    "no_setting": "The line names no setting.",
    "count_is_no_number": "The count is not a number.",
    "count_not_whole": "The count is not a whole number.",
    "negative_count": "The count is below zero: a credit, to be taken off the line it corrects.",
    "days_are_no_number": "The bed days are not a whole number from zero.",
    "cost_is_no_number": "The cost or price that came with the line is not a sum of money.",
}
"""Why a line is rejected; lines that are no rows bring their own sentence."""


@dataclass(frozen=True)
class AggregateFile:
    """
    A file of aggregate activity, read.

    Attributes
    ----------
    name : str
    is_collection : bool
        It is the National Cost Collection: its money is cost, not price.
    n_rows : int
        Rows read; `lines` and `rejected` together.
    lines : DataFrame, one row per line
        `source_line`, `setting_given`, `setting`, `hrg`, `n_activity` (empty where it was left
        out or withheld), and of `specialty_code`, `provider_code`, `month`, `inlier_bed_days`,
        `excess_bed_days` and `supplied_pence` those that the file has.
    rejected : DataFrame, one row per rejected line
        `source_line`, `reason` (several joined by a semicolon), `sentence`, `text`, what was in
        the fields.
    ignored : tuple of str
        Headings that are not used.
    """

    name: str
    is_collection: bool
    n_rows: int
    lines: pd.DataFrame
    rejected: pd.DataFrame
    ignored: tuple[str, ...]


def read_aggregates(path: Path) -> AggregateFile:
    """
    Read a file of aggregate activity.

    Parameters
    ----------
    path : Path
        CSV of any delimiter, plain, gzipped or alone in a zip; Parquet; an Excel sheet; with a
        heading for the HRG, the setting and the count, or the National Cost Collection.

    Returns
    -------
    AggregateFile

    Raises
    ------
    ExtractError
        If it cannot be read, or headings are missing or doubtful; all of that is said at once.
    """
    checksum(path)
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as con:
        source = unpack(path, Path(scratch))
        if isinstance(source, Text):
            reading = carefully(source, Path(scratch))
        else:
            reading = read(con, path.name, source)
        columns = _columns(path.name, reading.headings)
        rows = con.execute(f"{reading.relation} ORDER BY line_number").df()
    malformed = [(m.line, m.rule, m.sentence, "") for m in reading.malformed]
    lines, rejected = _judged(rows, columns)
    used = set(columns.values())
    there = {settings.plain(h) for h in reading.headings}
    return AggregateFile(
        name=path.name,
        is_collection=there >= _COLLECTION,
        n_rows=len(rows) + len(malformed),
        lines=lines,
        rejected=pd.DataFrame(
            sorted([*malformed, *rejected]), columns=["source_line", "reason", "sentence", "text"]
        ),
        ignored=tuple(h for h in reading.headings if h not in used),
    )


def _columns(name: str, headings: list[str]) -> dict[str, str]:
    """Find the heading of each column; every fault of the headings is said at once."""
    meant = {settings.plain(h): c for c, names in _HEADINGS.items() for h in names}
    found: dict[str, list[str]] = {}
    for heading in headings:
        if (column := meant.get(settings.plain(heading))) is not None:
            found.setdefault(column, []).append(heading)
    faults = [
        f"there is no column for {words} (such as {', '.join(_HEADINGS[c][:3])})"
        for c, words in _NEEDED.items()
        if c not in found
    ]
    faults += [
        f"{' and '.join(names)} could each be the column {column}"
        for column, names in found.items()
        if len(names) > 1
    ]
    if faults:
        raise ExtractError(
            f"{name} cannot be read as aggregate activity: {'; '.join(faults)}. Nothing was "
            f"priced. Its headings are {', '.join(headings)}; rename or remove those, and try "
            "again."
        )
    return {column: names[0] for column, names in found.items()}


def _judged(
    rows: pd.DataFrame, columns: dict[str, str]
) -> tuple[pd.DataFrame, list[tuple[int, str, str, str]]]:
    """Type every row; one that is faulty is rejected with all its faults."""
    readers: dict[str, Callable[[str, list[str]], Any]] = {
        "n_activity": _count,
        "inlier_bed_days": _days,
        "excess_bed_days": _days,
        "supplied_pence": _pence,
        "hrg": _code,
    }
    good, bad = [], []
    for record in rows.to_dict("records"):
        faults: list[str] = []
        line: dict[str, Any] = {"source_line": int(record["line_number"])}
        for column, heading in columns.items():
            value = record[heading]
            text = "" if value is None or value != value else str(value).strip()
            if column == "setting":
                line |= _setting(text, faults)
            elif text.upper() in (_NO_NUMBER if column in _NUMERIC else _NO_CODE):
                line[column] = None
            else:
                line[column] = readers.get(column, _text)(text, faults)
        if faults:
            said = " ".join(_SENTENCES[f] for f in faults)
            given = "; ".join(f"{h}: {record[h]}" for h in columns.values() if record[h])
            bad.append((line["source_line"], "; ".join(faults), said, given))
        else:
            good.append(line)
    names = ["source_line", "setting_given", *columns]
    frame = pd.DataFrame(good, columns=names).astype(
        {c: "string" for c in names if not c.startswith("n_") and not c.endswith(_NUMBERS)}
    )
    return frame.astype({c: "Int64" for c in names if c not in frame.select_dtypes("string")}), bad


def _setting(text: str, faults: list[str]) -> dict[str, str | None]:
    code = settings.setting_of(text) if text else None
    if code is None:
        faults.append("unknown_setting" if text else "no_setting")
    return {"setting_given": text, "setting": code}


def _code(text: str, faults: list[str]) -> str:
    return text.upper()


def _text(text: str, faults: list[str]) -> str:
    return text


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", "")) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None


def _count(text: str, faults: list[str]) -> int | None:
    number = _number(text)
    if number is None or number > _MOST:
        faults.append("count_is_no_number")
    elif number < 0:
        faults.append("negative_count")
    elif number % 1:
        faults.append("count_not_whole")
    else:
        return int(number)
    return None


def _days(text: str, faults: list[str]) -> int | None:
    number = _number(text)
    if number is None or number < 0 or number % 1 or number > _MOST:
        faults.append("days_are_no_number")
        return None
    return int(number)


def _pence(text: str, faults: list[str]) -> int | None:
    """Read pounds; a number with more decimals than pence is rounded half up."""
    number = _number(text.replace("£", "").replace(" ", ""))
    if number is None or abs(number) > _MOST * 100:
        faults.append("cost_is_no_number")
        return None
    return int((number * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
