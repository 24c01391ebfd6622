"""The record of a year written into a user's own folder: tables, units, status and source."""

import csv
import datetime as dt
import io
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

from pbcanalytics.reference.importing.reading import Reading
from pbcanalytics.reference.importing.tables import Table
from pbcanalytics.reference.shelf import Shelf
from pbcanalytics.words import periods
from pbcanalytics.words.errors import StoreError

_SOURCE_COLUMNS: Final = ("key", "title", "publisher", "licence", "held_how")
_RULES_SUBJECT: Final = "rules"


@dataclass(frozen=True)
class Draft:
    """The files of a record, by their name below `reference/`, before they are written."""

    reading: Reading
    files: dict[str, str]
    shelf: Shelf


def draft(reading: Reading, shelf: Shelf, own: Path, *, status: str, today: dt.date) -> Draft:
    """
    Make the files of a record, without writing them.

    Parameters
    ----------
    reading : Reading
    shelf : Shelf
        The reference data held so far: labels that the file lacks, and names of rules.
    own : Path
        The user's `reference` folder, whose list of sources is added to.
    status : str
        `official` or `unverified`.
    today : date
        The day to note.

    Returns
    -------
    Draft
    """
    year, key = reading.financial_year, _source_key(reading)
    stem = periods.in_file_name(year)
    files: dict[str, str] = {"sources.csv": _sources(own / "sources.csv", reading, key, today)}
    if "tariff" in reading.tables and year not in shelf.record_years(_RULES_SUBJECT):
        files[f"{_RULES_SUBJECT}/{stem}.yaml"] = _yaml(_rules(shelf, year, key))
    for subject, table in reading.tables.items():
        frame = _labelled(table.frame, shelf, year) if subject == "tariff" else table.frame
        files[f"{subject}/{stem}.yaml"] = _yaml(_beside(table, year, key, status))
        files[f"{subject}/{stem}.csv"] = frame.to_csv(index=False, lineterminator="\n")
    return Draft(reading, files, shelf)


def drafted(draft: Draft) -> dict[str, pd.DataFrame]:
    """
    Read the tables of a draft as the shelf will read them once they are written.

    Raises
    ------
    ReferenceGap
        If the shelf would not take them.
    """
    with tempfile.TemporaryDirectory() as folder:
        _put(draft.files, Path(folder))
        trial = Shelf((*draft.shelf.folders, Path(folder)))
        year = draft.reading.financial_year
        for subject in draft.reading.tables:
            trial.record(subject, year)
        return {s: trial.read(s, year) for s in draft.reading.tables}


def write(draft: Draft, own: Path, changes: dict[str, str], changes_folder: Path) -> list[Path]:
    """
    Write a draft into a user's `reference` folder, whole or not at all.

    Parameters
    ----------
    draft : Draft
    own : Path
    changes : dict of str to str
        Lists of differences as CSV, by file name; kept outside the record.
    changes_folder : Path

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    StoreError
        If a file cannot be written; those there before are as they were.
    """
    targets = {own / n: t for n, t in draft.files.items()}
    targets |= {changes_folder / n: t for n, t in changes.items()}
    was = {path: path.read_bytes() if path.is_file() else None for path in targets}
    staged: dict[Path, Path] = {}
    done: list[Path] = []
    try:
        for path, text in targets.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            staged[path] = path.with_name(f".{path.name}.new")
            staged[path].write_bytes(text.encode())
        for path, new in staged.items():
            new.replace(path)
            done.append(path)
    except OSError as error:
        for path in done:
            _restore(path, was[path])
        raise StoreError(
            f"The record cannot be written to {own} ({error.strerror or error}), so nothing was "
            "imported; what was there before is unchanged. Check the folder and the space on it."
        ) from error
    finally:
        for new in staged.values():
            new.unlink(missing_ok=True)
    return done


def is_held_as_is(draft: Draft, own: Path) -> bool:
    """Tell whether the user's folder holds these very tables already, from the same source."""
    return all(
        (own / name).is_file() and (own / name).read_bytes() == text.encode()
        for name, text in draft.files.items()
        if name != "sources.csv"
    )


def replaced(draft: Draft, own: Path) -> list[str]:
    """List the tables of the user's own that a draft would replace, by name."""
    names = [n for n in draft.files if n.endswith(".csv") and n != "sources.csv"]
    return [n for n in names if (own / n).is_file()]


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(content)


def _put(files: dict[str, str], folder: Path) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def _source_key(reading: Reading) -> str:
    """Name the source; its checksum tells two files of one name apart."""
    name = re.sub(r"[^a-z0-9]+", "_", Path(reading.file).stem.lower()).strip("_") or "file"
    return f"user_{name}_{reading.sha256[:8]}"


def _sources(path: Path, reading: Reading, key: str, today: dt.date) -> str:
    rows: Iterable[dict[str, str]] = []
    if path.is_file():
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    kept = [r for r in rows if r["key"] != key]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, _SOURCE_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(kept)
    writer.writerow(
        {
            "key": key,
            "title": re.sub(r"^[=+\-@]", "_", reading.file),
            "publisher": "not stated",
            "licence": "not stated",
            "held_how": f"imported by pbc tariff import on {today.isoformat()}; "
            f"sha256 {reading.sha256}",
        }
    )
    return out.getvalue()


def _beside(table: Table, year: str, key: str, status: str) -> dict[str, Any]:
    """Make what stands beside a table: unit and status of each column, and where it was found."""
    match = table.match
    columns: dict[str, dict[str, str]] = {}
    for column in table.frame.columns:
        known = [t for t in match.subject.targets if t.column == column]
        unit = known[0].unit if known else "first four characters of the code"
        columns[column] = {"unit": unit, "status": status}
        if column in match.headings:
            columns[column]["note"] = f"heading: {match.headings[column]}"
        elif column in table.absent:
            said = "the combined price" if "combined_pence" in match.headings else "not in the file"
            columns[column]["note"] = said
    if "combined_pence" in match.headings:
        for column in ("day_case_pence", "elective_pence"):
            columns[column]["note"] = f"heading: {match.headings['combined_pence']}"
    if "name" in columns and table.subject.name == "tariff" and "root_name" not in match.places:
        for column in ("root_name", "split_name"):
            columns[column]["note"] = "of a year held before, where code and name are the same"
    beside: dict[str, Any] = {
        "title": f"{table.subject.title}, {year}",
        "financial_year": year,
        "source": key,
        "grain": table.subject.grain,
        "blank": "none of that kind in the source",
        "sheet": match.sheet.name,
        "columns": columns,
    }
    if table.rounded:
        beside["rounded"] = f"{table.rounded} values had parts of a penny; rounded half up"
    return beside


def _labelled(frame: pd.DataFrame, shelf: Shelf, year: str) -> pd.DataFrame:
    """Take the names of roots and splits from a year held, where code and name are the same."""
    if frame["root_name"].ne("").any():
        return frame
    held = [y for y in shelf.years("tariff")]
    done = frame.copy()
    for other in sorted(held, key=lambda y: abs(periods.first_year(y) - periods.first_year(year))):
        known = shelf.read("tariff", other)
        if not {"name", "root_name", "split_name"} <= set(known.columns):
            continue
        labels = known[["hrg", "name", "root_name", "split_name"]].fillna("").astype(str)
        found = done[["hrg", "name"]].merge(labels, on=["hrg", "name"], how="left").fillna("")
        is_open = done["root_name"].eq("").to_numpy()
        for column in ("root_name", "split_name"):
            done[column] = done[column].mask(is_open, found[column].to_numpy())
    return done


def _rules(shelf: Shelf, year: str, key: str) -> dict[str, Any]:
    """Make a record of rules of which none is known yet, each with what is missing."""
    stems = {p.stem for f in shelf.folders for p in (f / _RULES_SUBJECT).glob("????-??.yaml")}
    latest = max(stems).replace("-", "/")
    rules = {
        name: {
            "value": None,
            "unit": rule["unit"],
            "kind": rule.get("kind", "price"),
            "status": "unverified",
            "missing": f"not stated in the price workbook; see the rules of {year}",
        }
        for name, rule in shelf.record(_RULES_SUBJECT, latest).rules.items()
    }
    return {
        "title": f"Payment rules {year}",
        "financial_year": year,
        "source": key,
        "grain": "one record per financial year",
        "rules": rules,
    }


def _yaml(content: dict[str, Any]) -> str:
    said: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return said
