"""NHS numbers that a practice chose to keep: one practice's only, and gone when taken back."""

import os
from pathlib import Path

import pytest

from pbcanalytics import pipeline
from pbcanalytics.intake import Wishes
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import ExtractError
from tests.test_identifiers import events, stored

KEEP = Wishes(keeps_identifiers=True)


def other(folder: Path, practice: str) -> Path:
    folder.mkdir()
    return events(folder, practice)


def test_a_second_practices_numbers_are_refused_in_the_same_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    pipeline.load(data, [other(tmp_path / "a", "X80001")], KEEP)
    with pytest.raises(ExtractError, match="X80001, X80002"):
        pipeline.load(data, [other(tmp_path / "b", "X80002")], KEEP)


def test_the_numbers_of_patients_of_no_practice_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match="V81999"):
        pipeline.load(tmp_path / "data", [other(tmp_path / "a", "V81999")], KEEP)


def test_taking_back_a_load_leaves_no_trace_of_the_numbers_it_had_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    pipeline.load(data, [other(tmp_path / "a", "X80001")], KEEP)
    assert "9434765919" in stored(data)
    assert pipeline.unload(data, 1).identities == 3
    assert "9434765919" not in stored(data)
    assert {p.name for p in data.iterdir()} == {"warehouse.duckdb"}
    with Warehouse.open(data, doing="the test") as warehouse:
        assert warehouse.rows("SELECT count(*) FROM loads") == [(0,)]


def test_what_a_killed_load_left_is_removed_whenever_the_database_is_opened(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    pipeline.load(data, [other(tmp_path / "a", "X80001")])
    (data / ".reading" / "tmp").mkdir(parents=True)
    (data / ".reading" / "tmp" / "rows.json").write_text("9434765919")
    pipeline.status(data)
    assert not (data / ".reading").exists()
    if os.name == "posix":
        with (
            Warehouse.open(data, doing="the test") as warehouse,
            warehouse.scratch() as scratch,
        ):
            assert scratch.stat().st_mode & 0o077 == 0
