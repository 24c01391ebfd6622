"""Random activity of every year that rules are held of, priced twice, to the penny.

The second time by an oracle in plain Python that shares no code with the package. By default it
prices some 2,000 spells of every year; `PBC_ORACLE_SPELLS=100000 python -m pytest
tests/test_oracle_rules.py -k penny` prices 100,000 spells of each.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from pbcanalytics import costing, intake
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words.reasons import UNPRICED
from tests import oracle_lines, oracle_prices, oracle_rules, oracle_spells, oracle_world
from tests.oracle_lines import CELL_COLUMNS, LINE_COLUMNS, SPELL_COLUMNS
from tests.oracle_rules import Pricing
from tests.oracle_spells import Activity

REFERENCE = Path(__file__).resolve().parents[1] / "data" / "reference"
YEARS = sorted(p.stem.replace("-", "/") for p in (REFERENCE / "rules").glob("*.yaml"))
DRAWN = [*YEARS, "2021/22"]
"""A year without rules too, and without any of the year after it: nothing of it has a price."""

ASKED = int(os.environ.get("PBC_ORACLE_SPELLS", "0"))
ROUND = 10_000
"""Spells of each year that are drawn and priced at a time, where more are asked for."""

SHIPPED = [(2 * n, ROUND) for n in range(-(-ASKED // ROUND))] or [(0, 1200)]
CHANGED = [(2 * n + 1, ROUND // 2) for n in range(-(-ASKED // ROUND // 5))] or [(19, 900)]
"""Of this seed each rule is unknown in some year in which a price needs it."""

IN_PRICE = SPELL_COLUMNS.index("paid_los_days")
REASON = SPELL_COLUMNS.index("unpriced_reason")


def reference(folder: Path, seed: int, changes: dict[str, dict[str, Any]]) -> tuple[Shelf, Pricing]:
    """Give the shipped rules, some changed, and invented prices: to the package and the oracle."""
    base, own = folder / f"base-{seed}", folder / f"own-{seed}"
    shutil.copytree(REFERENCE / "rules", base / "rules")
    shutil.copy(REFERENCE / "sources.csv", base)
    oracle_prices.write_rules(changes, own)
    rules = oracle_rules.read_rules(base, own)
    tables = oracle_prices.tables(seed, YEARS, rules)
    oracle_prices.write_tables(tables, base)
    return Shelf((base, own)), Pricing(rules, tables)


@contextmanager
def landed(activity: Activity) -> Iterator[Warehouse]:
    """Put drawn rows where loading would."""
    con = duckdb.connect()
    intake.prepare(con)
    for table, rows in vars(activity).items():
        if not rows:
            continue
        frame = pd.DataFrame(rows)
        columns = con.execute(f"SELECT column_name FROM (DESCRIBE {table})").fetchall()
        held = ", ".join(name for (name,) in columns if name in frame)
        con.register("drawn", frame)
        con.execute(f"INSERT INTO {table} ({held}) SELECT {held} FROM drawn")
        con.unregister("drawn")
    try:
        yield Warehouse(con, None)  # type: ignore[arg-type]
    finally:
        con.close()


def agree(activity: Activity, shelf: Shelf, pricing: Pricing) -> set[str]:
    """Price twice and compare every step and reason of every line; give the reasons met."""
    with landed(activity) as warehouse:
        costing.build(warehouse, shelf, lambda name, share: None)
        stays = warehouse.rows(f"SELECT {', '.join(SPELL_COLUMNS)} FROM priced_spells")
        lines = warehouse.rows(f"SELECT {', '.join(LINE_COLUMNS)} FROM priced_unbundled")
        cells = {
            kind: warehouse.rows(
                f"SELECT {', '.join(CELL_COLUMNS)}, n_activity, pence FROM priced_{table}"
            )
            for kind, table in (("outpatient", "outpatients"), ("emergency", "emergency"))
        }
        cube = warehouse.rows(
            "SELECT pod, price_year, CAST(SUM(n_rows) AS BIGINT), CAST(SUM(pence) AS BIGINT) "
            "FROM activity GROUP BY pod, price_year"
        )
    spells = oracle_spells.spells(activity)
    expected = oracle_lines.priced_spells(pricing, spells)
    found = {row[:2]: row for row in stays}
    assert len(found) == len(stays)
    assert found.keys() == expected.keys()
    different = {
        key: [(n, f, e) for n, f, e in zip(SPELL_COLUMNS, found[key], told, strict=True) if f != e]
        for key, told in expected.items()
        if found[key][:IN_PRICE] != told[:IN_PRICE] or (found[key] != told and told[REASON] is None)
    }
    assert not different, f"{len(different)} differ, such as {list(different.items())[:3]}"
    beside = oracle_lines.priced_unbundled(pricing, spells)
    assert Counter(lines) == beside
    reasons = {told[REASON] for told in expected.values()} | {line[-1] for line in beside}
    sums: Counter[tuple[str | None, str | None]] = Counter()
    counts: Counter[tuple[str | None, str | None]] = Counter()
    place = [SPELL_COLUMNS.index(c) for c in ("pod", "price_year", "price_pence")]
    of_lines = [LINE_COLUMNS.index(c) for c in ("pod", "price_year", "price_pence")]
    of_cells = [CELL_COLUMNS.index(c) for c in ("pod", "price_year", "price_pence")]
    gathered = [([told[i] for i in place], 1) for told in expected.values()]
    gathered += [([line[i] for i in of_lines], n) for line, n in beside.items()]
    rows = {"outpatient": activity.outpatients, "emergency": activity.emergency_attendances}
    for kind, held in cells.items():
        attended = oracle_lines.priced_attendances(pricing, rows[kind], kind)
        counted: Counter[tuple[Any, ...]] = Counter()
        for *cell, n, pence in held:
            counted[tuple(cell)] += n
            price = cell[of_cells[-1]]
            assert pence == (None if price is None else n * price)
        assert counted == attended
        reasons |= {cell[-1] for cell in attended}
        gathered += [([cell[i] for i in of_cells], n) for cell, n in attended.items()]
    for (pod, year, price), n in gathered:
        counts[pod, year] += n
        sums[pod, year] += n * (price or 0)
    assert {(p, y): (n, pence) for p, y, n, pence in cube} == {
        key: (counts[key], sums[key]) for key in counts
    }
    return {reason for reason in reasons if reason is not None}


@pytest.mark.parametrize(("seed", "n_spells"), SHIPPED)
def test_every_price_of_every_year_is_the_oracles_to_the_penny(
    tmp_path: Path, seed: int, n_spells: int
) -> None:
    shelf, pricing = reference(tmp_path, seed, {})
    activity = oracle_world.Draw(seed, DRAWN).activity(n_spells, n_spells // 4)
    met = agree(activity, shelf, pricing)
    assert met == UNPRICED.keys(), "every reason is met, so that every branch is compared"


@pytest.mark.parametrize(("seed", "n_spells"), CHANGED)
def test_with_rules_changed_at_random_every_price_is_the_oracles_to_the_penny(
    tmp_path: Path, seed: int, n_spells: int
) -> None:
    shelf, pricing = reference(tmp_path, seed, oracle_prices.rule_changes(seed, YEARS))
    changed = {o.rule for year in YEARS for o in shelf.overrides(year)}
    assert changed == oracle_prices.ALLOWED.keys(), "each rule is changed in some year"
    agree(oracle_world.Draw(seed, DRAWN).activity(n_spells, n_spells // 4), shelf, pricing)
