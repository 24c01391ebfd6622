"""The shelf of reference data: dated tables, each with a record of units, source and status."""

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

from pbcanalytics.words import periods
from pbcanalytics.words.errors import ReferenceGap, StoreError

STATUSES: Final = ("official", "example", "unverified")
"""How far a value may be trusted (domain 0): only `official` may be shown as such."""

_KEYS: Final = (
    "hrg",
    "setting",
    "provider_code",
    "specialty_code",
    "specialised_code",
    "pod",
    "commissioner_code",
)
"""Columns that tell the rows of a table apart."""

_NUMBERS: Final = ("_pence", "_days", "_ratio", "_share")
"""Endings of the columns that hold numbers; of these, pence and days are whole."""

_LABEL_COLUMNS: Final = ("hrg", "name", "root", "code", "setting")


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
        numbers = [v for k, v in self.columns.items() if not k.endswith(_LABEL_COLUMNS)]
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


@functools.lru_cache(maxsize=512)
def _yaml(path: Path, changed_ns: int) -> dict[str, Any]:
    """Read a record, anew whenever its file has changed."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {}


def _merged(
    rules: dict[str, dict[str, Any]], own: dict[str, dict[str, Any]], path: Path
) -> dict[str, dict[str, Any]]:
    """Put the rules of one more file over those that are held."""
    unknown = sorted(set(own) - set(rules)) if rules else []
    if unknown:
        raise ReferenceGap(
            f"{path} names rules that do not exist: {', '.join(unknown)}. They would change no "
            f"price. The rules: {', '.join(rules)} (docs/rules.md)."
        )
    kept = {n: {k: r[k] for k in ("unit", "kind") if k in r} for n, r in rules.items()}
    put = {
        n: {**kept.get(n, {}), "status": "unverified", "value": None, **r} for n, r in own.items()
    }
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
        """List the financial years held of a subject, oldest first."""
        stems = {p.stem for f in self.folders for p in (f / subject).glob("????-??.csv")}
        return sorted(s.replace("-", "/") for s in stems)

    def read(self, subject: str, financial_year: str | None = None) -> pd.DataFrame:
        """
        Read one reference table.

        Parameters
        ----------
        subject : str
            `tariff`, `short_stay`, `mff`, `outpatient`, `emergency`, `top_up`, `adjustment`,
            `unbundled`, `hrg_mix`, `rules`, `specialties`, `disclosure`.
        financial_year : str, optional
            "2018/19"; left out for tables that have no year.

        Returns
        -------
        DataFrame, one row per code
            Text as text; numbers as nullable integers or floats. A blank is missing, never zero.

        Raises
        ------
        ReferenceGap
            If no such table is held; the message says which file to add. If a code stands in it
            twice, a number is none, or a market forces factor is below 1 (domain 1.3, note 5).
        """
        path = self._path(subject, financial_year, ".csv")
        frame = pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""])
        faults = []
        for column in frame.columns:
            if column.endswith(_NUMBERS) or column.startswith("n_"):
                whole = not column.endswith(("_ratio", "_share"))
                numbers = pd.to_numeric(frame[column], errors="coerce")
                wrong = frame[column].notna() & (numbers.isna() | (whole & (numbers % 1 != 0)))
                faults += [f"{column} {v!r} is no number" for v in frame.loc[wrong, column]]
                frame[column] = numbers.mask(wrong).astype("Int64" if whole else "Float64")
            if column.endswith("_share"):
                odd = frame[column].notna() & ~frame[column].between(0, 1)
                faults += [f"{column} {v} is no share" for v in frame.loc[odd, column]]
        if subject == "mff":
            low = frame.loc[frame["mff_ratio"] < 1, "provider_code"]
            faults += [f"{code} is below 1, so it is not the payment index" for code in low]
        key = [c for c in frame.columns if c in _KEYS]
        twice = frame.loc[frame.duplicated(key), key].drop_duplicates()
        faults += [f"{' '.join(map(str, row))} stands there twice" for row in twice.to_numpy()]
        if faults:
            raise ReferenceGap(
                f"{path} cannot be used, because prices would be wrong: {'; '.join(faults[:8])}"
                f"{' …' if len(faults) > 8 else ''}. Correct the file, then build again."
            )
        return frame

    def record(self, subject: str, financial_year: str | None = None) -> Record:
        """
        Read the record beside a reference table: its source, and unit and status a column.

        Rules are merged: what a later folder says of a rule goes before an earlier one. A rule
        changed without a status is unverified, whatever the shipped one was.

        Raises
        ------
        ReferenceGap
            If no such record is held, or a later folder names a rule that does not exist.
        """
        self._path(subject, financial_year, ".yaml")
        held: dict[str, Any] = {}
        rules: dict[str, dict[str, Any]] = {}
        for path in self._paths(subject, financial_year, ".yaml"):
            record = _yaml(path, path.stat().st_mtime_ns)
            own = record.get("rules", {})
            held = held | record if own else record
            rules = _merged(rules, own, path)
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
                rows = pd.read_csv(path, dtype=str, keep_default_na=False)
                for row in rows.to_dict("records"):
                    source = Source(**{str(k): str(v) for k, v in row.items()})
                    found[source.key] = source
        return found

    def rule(self, subject: str, name: str, financial_year: str | None = None) -> Any:
        """Give the value of one rule, or None where the record says that it is not known."""
        return self.record(subject, financial_year).rules[name]["value"]

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
        """Give a checksum of every reference file in force (16 hexadecimal digits)."""
        total = hashlib.sha256()
        for name, path in self.files():
            total.update(name.encode())
            total.update(path.read_bytes().replace(b"\r\n", b"\n"))
        return total.hexdigest()[:16]

    def _paths(self, subject: str, financial_year: str | None, suffix: str) -> list[Path]:
        """Give the files of this name, those of earlier folders first."""
        inside = _inside(subject, financial_year).with_suffix(suffix)
        return [folder / inside for folder in self.folders if (folder / inside).is_file()]

    def _path(self, subject: str, financial_year: str | None, suffix: str) -> Path:
        found = self._paths(subject, financial_year, suffix)
        if found:
            return found[-1]
        inside = _inside(subject, financial_year)
        held = ", ".join(self.years(subject)) or "none"
        raise ReferenceGap(
            f"No {subject} data are held for {financial_year or 'any year'} (held: {held}), so "
            f"activity of that year cannot be priced. Add reference/{inside.as_posix()}{suffix} "
            "to your data folder, in the columns of a year that is held, with its source and "
            "status in the .yaml beside it; docs/reference-data.md shows how."
        )
