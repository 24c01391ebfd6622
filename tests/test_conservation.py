"""Every row that comes in goes out, or is counted at the door with a reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pbcanalytics import pipeline
from pbcanalytics.store import Warehouse
from pbcanalytics.words.reasons import UNPRICED


@pytest.fixture(scope="module")
def warehouse(small_pct: Path) -> Iterator[Warehouse]:
    with Warehouse.open(small_pct, doing="the test") as opened:
        yield opened


def test_rows_read_are_rows_accepted_and_rejected_and_lie_in_the_files(small_pct: Path) -> None:
    for file in pipeline.status(small_pct)["files"]:
        lines = (small_pct / "demo" / "landing" / file["file"]).read_text().splitlines()
        assert file["rows_read"] == len(lines) - 1
        assert file["rows_read"] == file["accepted"] + file["rejected"]
        assert file["rejected"] == sum(file["reasons"].values())


def test_every_episode_is_in_exactly_one_spell(warehouse: Warehouse) -> None:
    landed, placed, distinct = warehouse.rows(
        "SELECT (SELECT count(*) FROM episodes), (SELECT count(*) FROM spell_episodes), "
        "(SELECT count(DISTINCT episode_id) FROM spell_episodes)"
    )[0]
    assert landed == placed == distinct
    in_spells, spells, keys = warehouse.rows(
        "SELECT CAST(sum(n_episodes) AS BIGINT), count(*), count(DISTINCT spell_id) FROM spells"
    )[0]
    assert in_spells == landed
    assert spells == keys


def test_every_spell_is_priced_or_has_a_reason(warehouse: Warehouse) -> None:
    total, rows, keys, either = warehouse.rows(
        "SELECT (SELECT count(*) FROM spells), count(*), count(DISTINCT spell_id), "
        "count(*) FILTER ((price_pence IS NULL) = (unpriced_reason IS NOT NULL)) "
        "FROM priced_spells WHERE is_reported"
    )[0]
    assert total == rows == keys == either


@pytest.mark.parametrize(
    ("priced", "landing"),
    [("priced_outpatients", "outpatients"), ("priced_emergency", "emergency_attendances")],
)
def test_every_attendance_is_priced_or_has_a_reason(
    warehouse: Warehouse, priced: str, landing: str
) -> None:
    total, counted, either = warehouse.rows(
        f"SELECT (SELECT count(*) FROM {landing}), CAST(sum(n_activity) AS BIGINT), "
        "CAST(sum(n_activity) FILTER ((pence IS NULL) = (unpriced_reason IS NOT NULL)) AS BIGINT) "
        f"FROM {priced} WHERE is_reported"
    )[0]
    assert total == counted == either


@pytest.mark.parametrize(
    "priced", ["priced_spells", "priced_unbundled", "priced_outpatients", "priced_emergency"]
)
def test_every_reason_has_its_words(warehouse: Warehouse, priced: str) -> None:
    given = {r for (r,) in warehouse.rows(f"SELECT DISTINCT unpriced_reason FROM {priced}") if r}
    assert given <= set(UNPRICED)


def test_the_steps_of_a_price_add_up_to_it(warehouse: Warehouse) -> None:
    wrong = warehouse.rows(
        "SELECT count(*) FROM priced_spells WHERE price_pence <> base_pence "
        "+ COALESCE(short_stay_pence, 0) + long_stay_pence + COALESCE(top_up_pence, 0) "
        "+ COALESCE(other_pence, 0) + mff_pence"
    )
    assert wrong == [(0,)]


def test_the_cube_holds_the_rows_and_the_pence(warehouse: Warehouse) -> None:
    counts = warehouse.rows(
        "SELECT CAST(sum(n_rows) AS BIGINT), CAST(sum(n_priced) AS BIGINT), "
        "CAST(sum(pence) AS BIGINT) FROM activity"
    )[0]
    parts = warehouse.rows(
        "SELECT CAST(sum(n) AS BIGINT), CAST(sum(p) AS BIGINT), CAST(sum(pence) AS BIGINT) FROM ("
        + " UNION ALL ".join(
            f"SELECT sum({n}) AS n, sum({n}) FILTER (unpriced_reason IS NULL) AS p, "
            f"sum({n} * price_pence) AS pence FROM {t}"
            for t, n in (
                *(("priced_spells", "1"), ("priced_unbundled", "1")),
                *(("priced_outpatients", "n_activity"), ("priced_emergency", "n_activity")),
            )
        )
        + ")"
    )[0]
    assert counts == parts
    lines = warehouse.rows(
        "SELECT CAST(sum(n_priced) AS BIGINT), CAST(sum(pence) AS BIGINT) FROM practice_lines"
    )[0]
    assert lines == counts[1:]


def test_the_accounts_are_those_of_the_cube(small_pct: Path, warehouse: Warehouse) -> None:
    told = pipeline.status(small_pct)
    rows, priced, pence = warehouse.rows(
        "SELECT CAST(sum(n_rows) AS BIGINT), CAST(sum(n_priced) AS BIGINT), "
        "CAST(sum(pence) AS BIGINT) FROM activity WHERE is_reported"
    )[0]
    assert told["pence"]["total"] == pence
    assert sum(told["unpriced_activity"].values()) == rows - priced


def test_a_list_is_the_sum_of_its_ages_and_sexes(warehouse: Warehouse) -> None:
    assert warehouse.rows("SELECT CAST(sum(n_patients) AS BIGINT) FROM practice_lists") == (
        warehouse.rows("SELECT CAST(sum(n_patients) AS BIGINT) FROM list_sizes")
    )
