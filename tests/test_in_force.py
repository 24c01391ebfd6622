"""What was agreed counts until something else is agreed, whatever is loaded afterwards."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from pbcanalytics import pipeline
from pbcanalytics.pipeline.budgets.agreeing import agree
from pbcanalytics.pipeline.budgets.fair_shares import shares_of
from pbcanalytics.store import Published
from pbcanalytics.store.agreed import opened
from pbcanalytics.words.errors import StoreError

YEAR = "2018/19"
LATER = (
    "PCT_CODE,FINANCIAL_YEAR,PRACTICE_CODE,LINE,AMOUNT,REASON,AGREED_BY,AGREED_ON\n"
    "9E1,2018/19,X80002,NEL,250000,A second home opens,PEC,2018-07-01\n"
)


def published(data: Path, table: str) -> list[dict[str, object]]:
    held = Published(data)
    try:
        return held.rows(f"SELECT * FROM {table} WHERE financial_year = ? ORDER BY ALL", (YEAR,))
    finally:
        held.close()


@pytest.fixture(scope="module")
def data(small_pct: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PCT whose budgets were agreed, and whose plan was changed afterwards."""
    data = tmp_path_factory.mktemp("agreed") / "data"
    shutil.copytree(small_pct, data)
    agree(
        data,
        YEAR,
        agreed_by="A. Lead, PEC chair",
        reason="Budgets of the year",
        agreed_on=dt.date(2018, 4, 27),
    )
    later = data / "budget_adjustments.csv"
    later.write_text(LATER, encoding="utf-8")
    pipeline.load(data, [later])
    pipeline.build(data)
    assert pipeline.publish(data) == []
    return data


def test_agreed_budgets_are_published_as_they_were_agreed(data: Path, small_pct: Path) -> None:
    (year,) = published(data, "budgets")
    assert (year["version"], year["agreed_by"]) == (1, "A. Lead, PEC chair")
    assert year["agreed_on"] == dt.date(2018, 4, 27)
    assert year["is_provisional"] is False
    # What was loaded since is told and does not move the budgets.
    assert isinstance(year["drift_pence"], int)
    assert year["drift_pence"] > 100_000
    assert published(data, "budget_lines") == published(small_pct, "budget_lines")
    checks = {r["item"]: r["state"] for r in published(data, "budget_checks")}
    assert checks["C1"] == "met"
    assert {r["item"]: r["state"] for r in published(small_pct, "budget_checks")}["C1"] == "not met"


def test_spending_is_held_against_what_was_agreed(data: Path, small_pct: Path) -> None:
    for table in ("monitor_lines", "monitor_causes"):
        assert published(data, table) == published(small_pct, table)


def test_what_was_agreed_and_altered_since_is_not_used(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "data"
    shutil.copytree(data, other)
    (bundle,) = (other / "agreed").glob("*.zip")
    bundle.write_bytes(bundle.read_bytes()[:-200])
    with pytest.raises(StoreError, match=bundle.name):
        pipeline.publish(other)


def test_a_pace_that_the_plan_takes_is_not_taken_twice(small_pct: Path) -> None:
    found = shares_of(small_pct, YEAR)
    (year,) = published(small_pct, "budgets")
    assert year["pace_share"] == 0.01
    practices = {r["practice_code"]: r for r in published(small_pct, "budget_practices")}
    for row in found.shares.practices.to_dict("records"):
        own = practices[row["practice_code"]]
        before = own["indicative_pence"] - own["fair_share_pence"] + own["held_pence"]
        assert abs(int(row["budget_pence"]) - before) <= 1


@pytest.mark.parametrize("place", [0.002, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 0.999])
def test_a_flipped_byte_anywhere_is_a_sentence_and_no_figure(
    data: Path, tmp_path: Path, place: float
) -> None:
    (kept,) = (data / "agreed").glob("*.zip")
    content = bytearray(kept.read_bytes())
    content[int(place * len(content))] ^= 0xFF
    damaged = tmp_path / kept.name
    damaged.write_bytes(content)
    try:
        bundle = opened(damaged)
    except StoreError as error:
        assert str(damaged) in str(error)
    else:
        # What a zip holds beside its members is not read; else the member is named.
        assert bundle.altered or bundle.members == opened(kept).members
