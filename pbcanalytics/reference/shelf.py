"""The shelf of reference data: dated tables, each with a record of units, source and status."""

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import pandas as pd

from pbcanalytics.reference import price_tables, record_files
from pbcanalytics.reference.rule_values import RULE_VALUES
from pbcanalytics.words import periods
from pbcanalytics.words.errors import ReferenceGap, StoreError

_PRICING_NOTHING: Final = (
    *("measures/", "indicators/", "schemes/"),
    *("compact.yaml", "chart_events", "coding_events"),
)


@dataclass(frozen=True)
class Source:
    """Where a reference table comes from: one row of `sources.csv`."""

    key: str
    title: str
    publisher: str
    licence: str
    held_how: str


@dataclass(frozen=True)
class Record:
    """What stands beside a reference table: title, grain, source, and unit and status a column."""

    title: str
    source: str
    financial_year: str | None
    columns: dict[str, dict[str, Any]]
    rules: dict[str, dict[str, Any]]

    @property
    def statuses(self) -> set[str]:
        """The statuses of the numbers and rules in this table; codes and labels aside."""
        numbers = [v for k, v in self.columns.items() if not k.endswith(record_files.LABEL_COLUMNS)]
        return {v["status"] for v in (*numbers, *self.rules.values())}


_CLAIM: Final = ("value", "status", "source")
"""What of a rule is its claim; the rest explains it."""


@dataclass(frozen=True)
class Override:
    """A rule of a year that a user's own reference folder changes."""

    financial_year: str
    rule: str
    value: Any
    shipped: Any
    status: str
    reason: str


@functools.lru_cache(maxsize=64)
def _sources(path: Path, changed_ns: int) -> tuple[Source, ...]:
    """Read a list of sources, anew whenever it has changed."""
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeError):
        rows = pd.DataFrame()
    names = [f.name for f in fields(Source)]
    missing = [n for n in names if n not in rows]
    if missing:
        raise ReferenceGap(
            f"{path} cannot be used, because nothing could be shown with its source: it has no "
            f"column {', '.join(missing)}. Its columns must be {', '.join(names)}, with a text "
            "that has a comma in quotation marks. Correct the file, then build again."
        )
    return tuple(Source(**dict(zip(names, row, strict=True))) for row in rows[names].to_numpy())


def _merged(
    rules: dict[str, dict[str, Any]], own: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Put the rules of one more file over those that are held."""
    kept = {n: {k: r[k] for k in ("unit", "kind") if k in r} for n, r in rules.items()}
    put = {n: {**kept.get(n, {}), "status": "unverified", **r} for n, r in own.items()}
    return {**rules, **put}


def _inside(subject: str, financial_year: str | None) -> Path:
    """Give the place of a table in a reference folder, without its ending."""
    if financial_year is None:
        return Path(subject)
    return Path(subject) / periods.in_file_name(financial_year)


@dataclass(frozen=True)
class Shelf:
    """
    Reference tables by subject and financial year, read from one or more folders.

    A folder named later replaces single files of an earlier one, so that an analyst adds a year
    or corrects a table without touching what was shipped. Of a year's rules it replaces only those
    that it names.
    """

    folders: tuple[Path, ...]

    @classmethod
    def open(cls, *folders: Path) -> "Shelf":
        """
        Open the shipped reference data, with a user's own folders on top.

        Parameters
        ----------
        *folders : Path
            `reference` folders of the user; those that do not exist are passed over.

        Raises
        ------
        StoreError
            If the shipped tables cannot be found.
        """
        here = Path(__file__).resolve()
        for shipped in (here.parents[2] / "data" / "reference", here.parent / "shipped"):
            if (shipped / "sources.csv").is_file():
                own = [f for f in folders if f.is_dir() and f.resolve() != shipped.resolve()]
                return cls((shipped, *own))
        raise StoreError(
            "The reference data that belong to pbcanalytics are missing, so nothing can be "
            "priced. Install the package again, or restore the folder data/reference."
        )

    def years(self, subject: str) -> list[str]:
        """List the financial years of which a table of a subject is held, oldest first."""
        return self._years(subject, ".csv")

    def record_years(self, subject: str) -> list[str]:
        """List the financial years of which a record of a subject is held, oldest first."""
        return self._years(subject, ".yaml")

    def read(self, subject: str, financial_year: str | None = None) -> pd.DataFrame:
        """
        Read one reference table.

        Parameters
        ----------
        subject : str
            `tariff`, `short_stay`, `mff`, `outpatient`, `emergency`, `top_up`, `adjustment`,
            `unbundled`, `threshold`, `hrg_mix`, `specialties`, `age_weights`.
        financial_year : str, optional
            "2018/19"; left out for tables that have no year.

        Returns
        -------
        DataFrame, one row per code
            Text as text; numbers as nullable integers or floats. A blank is missing, never zero.

        Raises
        ------
        ReferenceGap
            If no such table is held; the message says which file to add. If it is faulty, with
            its faults.
        """
        return price_tables.read(self._path(subject, financial_year, ".csv"), subject)

    def record(self, subject: str, financial_year: str | None = None) -> Record:
        """
        Read the record beside a reference table: its source, and unit and status a column.

        Rules are merged: what a later folder says of a rule goes before an earlier one. A rule
        changed without a status is unverified, whatever the shipped one was.

        Raises
        ------
        ReferenceGap
            If no such record is held, or one is faulty; with every fault of the file.
        """
        self._path(subject, financial_year, ".yaml")
        held: dict[str, Any] = {}
        rules: dict[str, dict[str, Any]] = {}
        for path in self._paths(subject, financial_year, ".yaml"):
            # What was shipped is held against its sources by the tests, once and for all.
            is_shipped = path.is_relative_to(self.folders[0])
            record = record_files.checked(
                path,
                subject,
                financial_year,
                held=rules if held else None,
                sources=None if is_shipped else self.sources(),
            )
            own = record.get("rules", {})
            held = held | record if own else record
            rules = _merged(rules, own)
        return Record(
            title=held["title"],
            source=held["source"],
            financial_year=held.get("financial_year"),
            columns=held.get("columns", {}),
            rules=rules,
        )

    def overrides(self, financial_year: str) -> list[Override]:
        """
        List what a user's own folders change of a year's rules.

        Returns
        -------
        list of Override, one per rule that has another value, status or source than as shipped
        """
        shipped = Shelf(self.folders[:1])
        if not shipped._paths("rules", financial_year, ".yaml"):
            return []
        before = shipped.record("rules", financial_year).rules
        return [
            Override(
                financial_year,
                name,
                rule["value"],
                before[name]["value"],
                rule["status"],
                str(rule.get("note") or rule.get("source") or ""),
            )
            for name, rule in self.record("rules", financial_year).rules.items()
            if any(rule.get(k) != before[name].get(k) for k in _CLAIM)
        ]

    def sources(self) -> dict[str, Source]:
        """Read the sources that records cite, by key; a later folder adds to an earlier one."""
        found: dict[str, Source] = {}
        for folder in self.folders:
            path = folder / "sources.csv"
            if path.is_file():
                found |= {s.key: s for s in _sources(path, path.stat().st_mtime_ns)}
        return found

    def rule(self, subject: str, name: str, financial_year: str | None = None) -> Any:
        """Give the value of one rule, or None where the record says that it is not known."""
        rules = self.record(subject, financial_year).rules
        # A year of the user's own may have some of the payment rules only.
        if name not in rules and subject == "rules" and name in RULE_VALUES:
            return None
        return rules[name]["value"]

    def evidence(self, financial_year: str) -> dict[str, list[str]]:
        """Give the statuses of the prices of a year, by subject: what a page must say of them."""
        where_held = ("short_stay", "unbundled", "top_up", "adjustment")
        held = [s for s in where_held if financial_year in self.years(s)]
        subjects = ["tariff", *held, "mff", "outpatient", "emergency"]
        return {s: sorted(self.record(s, financial_year).statuses) for s in subjects}

    def rules_not_held(self, financial_year: str) -> dict[str, str]:
        """Give the rules of a year that a price needs and has no value for; what each misses."""
        rules = self.record("rules", financial_year).rules
        return {
            name: str(r.get("missing", "not known"))
            for name, r in rules.items()
            if r["value"] is None and r.get("kind", "price") == "price"
        }

    def files(self) -> Iterator[tuple[str, Path]]:
        """Go through every file in force, by its name below `reference/`."""
        seen = {
            str(p.relative_to(f).as_posix()): p
            for f in self.folders
            for p in f.rglob("*")
            if p.suffix in (".csv", ".yaml")
        }
        yield from sorted(seen.items())

    def digest(self) -> str:
        """
        Give a checksum of every reference file in force (16 hexadecimal digits).

        What counts or compares what was priced, and prices nothing, is left out: measures,
        indicators, schemes, recorded events and the compact.
        """
        total = hashlib.sha256()
        for name, path in self.files():
            if name.startswith(_PRICING_NOTHING):
                continue
            total.update(name.encode())
            total.update(path.read_bytes().replace(b"\r\n", b"\n"))
        return total.hexdigest()[:16]

    def _paths(self, subject: str, financial_year: str | None, suffix: str) -> list[Path]:
        """Give the files of this name, those of earlier folders first."""
        inside = _inside(subject, financial_year).with_suffix(suffix)
        return [folder / inside for folder in self.folders if (folder / inside).is_file()]

    def _years(self, subject: str, suffix: str) -> list[str]:
        stems = {p.stem for f in self.folders for p in (f / subject).glob(f"????-??{suffix}")}
        return sorted(s.replace("-", "/") for s in stems)

    def _path(self, subject: str, financial_year: str | None, suffix: str) -> Path:
        found = self._paths(subject, financial_year, suffix)
        if found:
            return found[-1]
        inside = _inside(subject, financial_year)
        held = ", ".join(self._years(subject, suffix)) or "none"
        like = (
            "in the columns of a year that is held, with its source and status in the .yaml beside "
            "it"
            if suffix == ".csv"
            else "like that of a year that is held, with source and status"
        )
        raise ReferenceGap(
            f"No {subject} data are held for {financial_year or 'any year'} (held: {held}), so "
            f"activity of that year cannot be priced. Add reference/{inside.as_posix()}{suffix} "
            f"to your data folder, {like}; docs/reference-data.md shows how."
        )
