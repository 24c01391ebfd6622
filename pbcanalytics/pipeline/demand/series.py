"""Files of series, month and value, read whole or refused with every fault named."""

import datetime as dt
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pandas as pd

from pbcanalytics.demand.charting.trend import Panel, Rebasing
from pbcanalytics.intake.files.opening import checksum, unpack
from pbcanalytics.intake.files.reading import Malformed, carefully, read
from pbcanalytics.intake.files.texts import Text
from pbcanalytics.words.errors import ExtractError, SelectionError
from pbcanalytics.words.working_days import months_between

HEADINGS: Final = {
    "series": ("series", "name", "code", "practice", "indicator", "measure"),
    "month": ("month", "date", "period"),
    "value": ("value", "count", "n", "number", "activity", "actual"),
    "group": ("group",),
}
"""What the columns may be called, in any case; a file without series is one series."""

ONLY: Final = "all"
"""What the series of a file of one is called."""

EARLIEST: Final = 1948
"""No month of the health service is earlier."""

_SHOWN: Final = 20
"""Of one kind of fault so many lines are named."""

_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.]?(\d{2})(?:[-/.]?\d{2}(?:[ T]00:00(?::00)?)?)?")
_MONTH_FIRST: Final = re.compile(r"(\d{1,2})[-/.](\d{4})")
_DAY_FIRST: Final = re.compile(r"\d{1,2}[-/.](\d{1,2})[-/.](\d{4}|\d{2})")
_NAMED: Final = re.compile(r"(?:\d{1,2}[ -])?([A-Za-z]{3,9})\.?[ '/-]*(\d{4}|\d{2})")
_NUMBER: Final = r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d+)?(?:[eE][+-]?\d+)?"
_NOTHING: Final = {"", "-", "*", "NULL", "N/A", "NA"}
"""What stands where a value was left out, or withheld because it is small."""

_REBASE: Final = re.compile(r"(?:(?P<series>[^:]*),)?(?P<month>[^,:]+)(?::(?P<reason>.*))?")


def read_series(path: Path) -> Panel:
    """
    Read a file of series.

    Parameters
    ----------
    path : Path
        CSV of any delimiter and encoding, plain or compressed, or an Excel sheet, with a row per
        series and month: `series` (one series if left out), `month`, `value` and, where series do
        not all share their season, `group`. An empty value is a missing month.

    Returns
    -------
    Panel
        Series in the order of the file, months without a hole.

    Raises
    ------
    ExtractError
        If the file cannot be read; every fault of its lines is named at once.
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
    lines = pd.DataFrame({"line": rows["line_number"].astype(int)})
    for name, heading in columns.items():
        lines[name] = rows[heading].fillna("").astype(str).str.strip()
    lines["series"] = lines["series"] if "series" in columns else ONLY
    lines["group"] = lines["group"] if "group" in columns else ""
    if lines.empty and not reading.malformed:
        raise ExtractError(
            f"{path.name} has headings and no line, so there is nothing to chart. Add a line per "
            "series and month."
        )
    months = {text: month_of(text) for text in lines["month"].unique()}
    lines["at"] = lines["month"].map(months)
    is_number = lines["value"].str.fullmatch(_NUMBER) & lines["value"].str.contains(r"\d")
    bare = lines["value"].where(is_number).str.replace(",", "")
    lines["number"] = pd.to_numeric(bare, errors="coerce").astype(float)
    faults = _faults(lines, is_number, reading.malformed)
    if faults:
        said = "\n".join(f"- {f}" for f in faults)
        raise ExtractError(
            f"{path.name} was not charted, because a chart of a part of it could mislead. Put "
            f"these right and try again:\n{said}"
        )
    return _panel(lines)


def month_of(text: str) -> dt.date | None:
    """
    Read a month as people write it; None if it is none, or could be two.

    Examples
    --------
    >>> [f"{month_of(t):%Y-%m}" for t in ("2018-04", "30/04/2018", "Apr-18", "april 2018")]
    ['2018-04', '2018-04', '2018-04', '2018-04']
    >>> month_of("04/18") is None
    True
    """
    text = text.strip()
    if found := _YEAR_FIRST.fullmatch(text):
        year, month = found[1], found[2]
        if text.count("/") == 1:
            return None  # 2011/12 is a financial year to some and December to others.
    elif found := _MONTH_FIRST.fullmatch(text) or _DAY_FIRST.fullmatch(text):
        month, year = found[1], found[2]
    elif found := _NAMED.fullmatch(text):
        word = found[1].lower()
        full = [dt.date(2000, m, 1).strftime("%B").lower() for m in range(1, 13)]
        is_month = word[:3] in _NAMES and (word in full or word in (*_NAMES, "sept"))
        month, year = str(_NAMES.index(word[:3]) + 1) if is_month else "0", found[2]
    else:
        return None
    latest = dt.datetime.now(dt.UTC).year + 1
    number = int(year) if len(year) == 4 else 2000 + int(year)
    number -= 100 if len(year) == 2 and number > latest else 0
    if not (EARLIEST <= number <= latest and 1 <= int(month) <= 12):
        return None
    return dt.date(number, int(month), 1)


def rebasings(texts: Sequence[str]) -> list[Rebasing]:
    """
    Read where limits start anew: "2018-04: new pathway", or "X80001, 2018-04: new pathway".

    Raises
    ------
    SelectionError
        If one names no month or gives no reason; all of them at once.
    """
    found, faults = [], []
    for text in texts:
        parts = _REBASE.fullmatch(text.strip())
        month = month_of(parts["month"]) if parts else None
        if parts is None or month is None:
            faults.append(f"'{text}' names no month from which limits could start anew.")
        elif not (parts["reason"] or "").strip():
            faults.append(
                f"'{text}' gives no reason. Limits that start anew without one hide what happened."
            )
        else:
            series = parts["series"]
            found.append(Rebasing(month, parts["reason"].strip(), series and series.strip()))
    if faults:
        raise SelectionError(
            "\n".join(faults) + '\nNothing was charted. Write --rebase "2018-04: new pathway", or '
            '--rebase "X80001, 2018-04: new pathway" for one series.'
        )
    return found


def _columns(file: str, headings: list[str]) -> dict[str, str]:
    """Find the columns; a heading that could be two is a fault."""
    found, faults = {}, []
    for name, known in HEADINGS.items():
        there = [h for h in headings if h.strip().lower() in known]
        if len(there) > 1 and name in (exact := {h.strip().lower(): h for h in there}):
            there = [exact[name]]
        if len(there) > 1:
            faults.append(f"{' and '.join(there)} could both be the {name}")
        elif there:
            found[name] = there[0]
        elif name in ("month", "value"):
            faults.append(f"no column for the {name} ({' or '.join(known[:3])})")
    if "series" not in found and not faults and len(headings) > len(found):
        unknown = [h for h in headings if h not in found.values()]
        faults.append(f"no column for the series; {', '.join(unknown)} may be it")
    if faults:
        raise ExtractError(
            f"{file} was not charted: {'; '.join(faults)}. Its headings are "
            f"{', '.join(headings)}; rename them to series, month and value."
        )
    return found


def _faults(
    lines: pd.DataFrame, is_number: "pd.Series[bool]", malformed: Sequence[Malformed]
) -> list[str]:
    """Say what is wrong with the lines, by kind, with their numbers."""
    faults = []
    for sentence in dict.fromkeys(m.sentence for m in malformed):
        where = _listed([str(m.line) for m in malformed if m.sentence == sentence])
        faults.append(f"{sentence[:-1]}: line {where}.")

    def fault(wrong: "pd.Series[bool]", what: str, column: str = "") -> None:
        """Keep a kind of fault with its lines and what stands there."""
        of = lines[wrong]
        if len(of):
            texts = [f" ('{t}')" for t in of[column]] if column else [""] * len(of)
            named = [f"{n}{t}" for n, t in zip(of["line"], texts, strict=True)]
            faults.append(f"{what}: line {_listed(named)}.")

    fault(lines["series"] == "", "No name of a series")
    fault(
        lines["at"].isna(),
        f"No month from {EARLIEST} to next year, such as 2018-04 or Apr 2018",
        "month",
    )
    fault(
        ~is_number & ~lines["value"].str.upper().isin(_NOTHING),
        "The value is no number (leave it empty if it is not known)",
        "value",
    )
    fault(is_number & ~np.isfinite(lines["number"]), "The value is too large", "value")
    known = lines.dropna(subset=["at"])
    for (series, at), of in known[known.duplicated(["series", "at"], keep=False)].groupby(
        ["series", "at"], sort=False
    ):
        if len(faults) > _SHOWN:
            faults.append("… and more months that are there twice.")
            break
        where = _listed([str(n) for n in of["line"]])
        faults.append(f"{series} has {at:%Y-%m} more than once: lines {where}.")
    kinds = lines.groupby("series", sort=False)["group"].unique()
    for series, groups in kinds[kinds.map(len) > 1].head(_SHOWN).items():
        faults.append(f"{series} is in more than one group: {', '.join(groups)}.")
    return faults


def _listed(items: list[str]) -> str:
    """Write the first of many, and how many are left."""
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more


def _panel(lines: pd.DataFrame) -> Panel:
    """Lay the lines out by series and month."""
    months = tuple(months_between(lines["at"].min(), lines["at"].max()))
    names = list(dict.fromkeys(lines["series"]))
    rows = lines["series"].map({name: n for n, name in enumerate(names)})
    columns = lines["at"].map({month: n for n, month in enumerate(months)})
    values = np.full((len(names), len(months)), np.nan)
    values[rows.to_numpy(), columns.to_numpy()] = lines["number"]
    group = lines.groupby("series", sort=False)["group"].first()
    return Panel(tuple(names), tuple(group[n] for n in names), months, values)
