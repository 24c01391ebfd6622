"""What a build changes of the build before it: every spell that came, went or costs otherwise."""

from collections.abc import Iterator

import pandas as pd
import pytest

from pbcanalytics import costing, intake
from pbcanalytics.intake.changes import spells_changed_by
from pbcanalytics.store import Warehouse
from tests.drawn import rows

BEFORE = """
    spell_id | provider_code | pod | discharge_date | price_pence | is_reported
    stays    | XD1           | EL  | 2018-06-07     | 100         | true
    gone     | XD1           | EL  | 2018-06-08     | 200         | true
    dearer   | XD1           | EL  | 2018-06-09     | 300         | true
    unknown  | XD1           | DC  | 2018-06-10     |             | true
    moves    | XT1           | EL  | 2018-05-31     | 500         | true
    open     | XT1           | NEL |                |             | true
    """
NOW = """
    spell_id | provider_code | pod | discharge_date | price_pence | is_reported
    stays    | XD1           | EL  | 2018-06-07     | 100         | true
    stays    | XD1           | EL  | 2018-06-07     | 999         | false
    dearer   | XD1           | EL  | 2018-06-09     | 310         | true
    unknown  | XD1           | DC  | 2018-06-10     | 40          | true
    moves    | XT1           | EL  | 2018-06-01     | 500         | true
    new      | XT1           | EL  | 2018-07-01     | 700         | true
    open2    | XT1           | NEL |                |             | true
    """
COLUMNS = "provider_code, strftime(month, '%Y-%m'), pod, change, was_frozen, n_spells, pence"


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as opened:
        intake.prepare(opened.con)
        opened.source("build", pd.DataFrame({"last_load": [3]}))
        yield opened


def held(warehouse: Warehouse, drawn: str) -> None:
    """Make `priced_spells` as drawn."""
    kinds = {"discharge_date": "DATE", "price_pence": "BIGINT", "is_reported": "BOOLEAN"}
    found = pd.DataFrame(rows(drawn), dtype="object")
    warehouse.source("drawn", found)
    warehouse.define(
        "priced_spells",
        "SELECT "
        + ", ".join(f"CAST({c} AS {kinds.get(c, 'VARCHAR')}) AS {c}" for c in found)
        + " FROM drawn",
    )


def rebuilt(warehouse: Warehouse, before: str, now: str, built_at: str = "2") -> None:
    held(warehouse, before)
    last_load = costing.set_aside(warehouse)
    held(warehouse, now)
    costing.keep_changes(warehouse, last_load, built_at)
    warehouse.drop(costing.SET_ASIDE)


def test_each_spell_that_came_went_or_costs_otherwise_is_counted_once(
    warehouse: Warehouse,
) -> None:
    rebuilt(warehouse, BEFORE, NOW)
    assert warehouse.rows(f"SELECT {COLUMNS} FROM spell_changes ORDER BY ALL NULLS LAST") == [
        ("XD1", "2018-06", "DC", "repriced", False, 1, 40),
        ("XD1", "2018-06", "EL", "gone", False, 1, -200),
        ("XD1", "2018-06", "EL", "repriced", False, 1, 10),
        ("XT1", "2018-07", "EL", "added", False, 1, 700),
        ("XT1", None, "NEL", "added", False, 1, 0),
        ("XT1", None, "NEL", "gone", False, 1, 0),
    ]


def test_a_month_counts_as_closed_if_a_hospital_load_since_found_it_so(
    warehouse: Warehouse,
) -> None:
    warehouse.con.execute(
        "INSERT INTO submissions (load_id, table_name, submitter_code, month, was_frozen) VALUES "
        "(4, 'episodes', 'XD1', '2018-06-01', TRUE), (5, 'episodes', 'XD1', '2018-06-01', FALSE), "
        "(3, 'episodes', 'XT1', '2018-07-01', TRUE), (4, 'outpatients', 'XT1', '2018-07-01', TRUE)"
    )
    rebuilt(warehouse, BEFORE, NOW)
    frozen = warehouse.rows(
        "SELECT DISTINCT provider_code, month(month) FROM spell_changes WHERE was_frozen"
    )
    assert frozen == [("XD1", 6)]
    found = spells_changed_by(warehouse.con, "2")
    assert [c.provider_code for c in found] == ["XD1", "XD1", "XT1", "XT1", "XT1"]
    assert (found[0].change, found[0].pence, found[0].was_frozen) == ("gone", -200, True)
    assert (found[1].change, found[1].n_spells, found[1].pence) == ("repriced", 2, 50)


def test_changes_of_earlier_builds_are_kept_and_a_build_like_the_last_has_none(
    warehouse: Warehouse,
) -> None:
    rebuilt(warehouse, BEFORE, NOW)
    kept = warehouse.rows("SELECT * FROM spell_changes ORDER BY ALL")
    rebuilt(warehouse, NOW, NOW, built_at="3")
    assert warehouse.rows("SELECT * FROM spell_changes ORDER BY ALL") == kept
    assert spells_changed_by(warehouse.con, "3") == ()
    assert not any(warehouse.has(name) for name in costing.SET_ASIDE)


def test_a_build_of_an_earlier_version_does_not_say_its_last_load(warehouse: Warehouse) -> None:
    warehouse.source("build", pd.DataFrame({"inputs": ["abc"]}))
    held(warehouse, BEFORE)
    assert costing.set_aside(warehouse) == 0
