"""Cases drawn as pipe tables, so that they are read and not decoded."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
import yaml

from pbcanalytics import costing, intake
from pbcanalytics.reference import Shelf, price_tables
from pbcanalytics.store import Warehouse
from pbcanalytics.words import periods, tables
from pbcanalytics.words.tables import Table


@functools.cache
def _read(path: Path, changed_ns: int, subject: str) -> pd.DataFrame:
    """Read a reference table once; a file that has changed is another."""
    return price_tables.read(path, subject)


class Kept(Shelf):
    """A shelf that remembers its tables: each drawn case would read all of them again."""

    def read(self, subject: str, financial_year: str | None = None) -> pd.DataFrame:
        """Give a copy of a table, read at the first asking."""
        path = self._path(subject, financial_year, ".csv")
        return _read(path, path.stat().st_mtime_ns, subject).copy()


def rows(text: str) -> list[dict[str, str | None]]:
    """Read a pipe table: the first line names the columns, an empty cell is None."""
    lines = [line for line in text.splitlines() if line.strip()]
    names, *body = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [{n: (v or None) for n, v in zip(names, cells, strict=True)} for cells in body]


def put(warehouse: Warehouse, table: Table, drawn: str, **fixed: object) -> None:
    """Add drawn rows to a landing table; columns that are not drawn are `fixed` or empty."""
    for row in rows(drawn):
        values = [row.get(n, fixed.get(n)) for n in table.names]
        marks = ", ".join("?" for _ in values)
        warehouse.con.execute(f"INSERT INTO {table.name} VALUES ({marks})", values)


@contextmanager
def priced(
    episodes: str = "",
    outpatients: str = "",
    emergency: str = "",
    supplied: str = "",
    grouped: str = "",
    grouped_spells: str = "",
    shelf: Shelf | None = None,
    provider: str = "XD1",
) -> Iterator[Warehouse]:
    """Price drawn activity, with the shipped reference data if no other, in memory."""
    con = duckdb.connect(config={"threads": 1})
    warehouse = Warehouse(con, None)  # type: ignore[arg-type]
    intake.prepare(con)
    common = {"provider_code": provider, "practice_code": "X80001", "specialty_code": "300"}
    patient = {
        "person_id": "p",
        "patient_class": "1",
        "admission_method": "11",
        "age_years": 50,
    }
    if episodes:
        put(warehouse, tables.EPISODES, episodes, **common, **patient)
    if supplied:
        put(warehouse, tables.SUPPLIED_SPELLS, supplied, **common, **patient)
    if grouped:
        put(warehouse, tables.GROUPED_EPISODES, grouped, **common)
    if grouped_spells:
        put(warehouse, tables.GROUPED_SPELLS, grouped_spells, **common)
    if outpatients:
        put(warehouse, tables.OUTPATIENTS, outpatients, **common, attended="5")
    if emergency:
        put(warehouse, tables.EMERGENCY, emergency, **common)
    costing.build(warehouse, shelf or Kept.open(), lambda name, share: None)
    try:
        yield warehouse
    finally:
        con.close()


def one(warehouse: Warehouse, table: str, price_year: str = "2018/19") -> pd.DataFrame:
    """Give a priced table at one price year, by key."""
    return warehouse.frame(f"SELECT * FROM {table} WHERE price_year = ? ORDER BY 1", [price_year])


def shelf_with(folder: Path, financial_year: str = "2018/19", **rules: object) -> Shelf:
    """Open the shipped reference data with some rules of a year changed; None makes one unknown."""
    held = Shelf.open()
    stem = periods.in_file_name(financial_year)
    path = next(p for name, p in held.files() if name == f"rules/{stem}.yaml")
    record = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, value in rules.items():
        record["rules"][name] |= {"value": value, "missing": "not held"}
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "rules" / f"{stem}.yaml").write_text(yaml.safe_dump(record), encoding="utf-8")
    return Kept.open(folder)
