"""The published file: whole or not at all, read-only, aggregate, no small numbers."""

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pbcanalytics import pipeline, store
from pbcanalytics.store import Published
from pbcanalytics.words import tables
from pbcanalytics.words.errors import StoreError
from tests.test_intake import HEADINGS, episode


def gaps(*codes: str) -> dict[tables.Table, pd.DataFrame]:
    """A small publication: one table whose rows tell one build from another."""
    rows = [("9E1", "2018/19", code, "test", 0) for code in codes]
    return {tables.BUDGET_GAPS: pd.DataFrame(rows, columns=tables.BUDGET_GAPS.names)}


def shown(published: Published) -> list[str]:
    return [r["practice_code"] for r in published.rows("SELECT practice_code FROM budget_gaps")]


def test_a_reader_sees_the_new_build_and_an_old_one_is_whole_until_then(tmp_path: Path) -> None:
    store.publish(tmp_path, gaps("first"), {"build_id": "1"})
    reader = Published(tmp_path)
    assert shown(reader) == ["first"]
    held = reader.con
    store.publish(tmp_path, gaps("second", "third"), {"build_id": "2"})
    assert held.execute("SELECT count(*) FROM budget_gaps").fetchone() == (1,)
    assert shown(reader) == ["second", "third"]
    assert reader.about() == {"build_id": "2"}


def test_only_the_current_build_is_kept(tmp_path: Path) -> None:
    for build in "123":
        store.publish(tmp_path, gaps(build), {"build_id": build})
    assert [p.name for p in (tmp_path / "published").glob("pbc-*")] == ["pbc-3.duckdb"]


def test_a_page_cannot_write_read_files_or_change_its_settings(tmp_path: Path) -> None:
    store.publish(tmp_path, gaps("a"), {"build_id": "1"})
    reader = Published(tmp_path)
    for statement in (
        "DELETE FROM budget_gaps",
        "COPY (SELECT 1) TO 'out.csv'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SET enable_external_access = true",
    ):
        with pytest.raises(duckdb.Error):
            reader.con.execute(statement)


def test_a_failed_publication_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.publish(tmp_path, gaps("first"), {"build_id": "1"})

    def no_space(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(StoreError, match=r"disk .* is full"):
        store.publish(tmp_path, gaps("second"), {"build_id": "2"})
    monkeypatch.undo()
    assert shown(Published(tmp_path)) == ["first"]
    assert [p.name for p in (tmp_path / "published").iterdir()] != []
    assert not list((tmp_path / "published").glob("*.building"))


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """One hospital stay, loaded, priced and published: all the steps, and little to compute."""
    data, extract = tmp_path / "data", tmp_path / "apc.csv"
    extract.write_text(f"{HEADINGS}\n{episode()}\n", encoding="utf-8")
    pipeline.load(data, [extract])
    pipeline.build(data)
    pipeline.publish(data)
    return data


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a Unix idea")
def test_a_full_disk_while_publishing_is_one_sentence_and_nothing_half_written(few: Path) -> None:
    before = {p.name: p.read_bytes() for p in (few / "published").iterdir()}
    limited = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        "from pbcanalytics.cli import main; import sys; sys.argv[0] = 'pbc'; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, "publish", "--data", str(few)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6, done.stderr
    assert re.search(r"disk that holds .* is full, so publishing stopped", done.stderr)
    assert "Traceback" not in done.stderr
    assert {p.name: p.read_bytes() for p in (few / "published").iterdir()} == before


def test_nothing_published_yet_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Nothing has been published"):
        Published(tmp_path).about()


def test_a_damaged_published_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    file = store.publish(tmp_path, gaps("a"), {"build_id": "1"})
    file.write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError, match="cannot be used as a database"):
        Published(tmp_path).about()


def test_what_is_published_holds_no_person_and_no_small_number(small_pct: Path) -> None:
    reader = Published(small_pct)
    names = {r["name"] for r in reader.rows("SELECT table_name AS name FROM duckdb_tables()")}
    assert names == {t.name for t in tables.PUBLISHED} | {"about"}
    columns = {r["c"] for r in reader.rows("SELECT column_name AS c FROM duckdb_columns()")}
    assert not columns & {"person_id", "spell_id", "episode_id", "attendance_id"}
    small = reader.rows("SELECT * FROM budget_lines WHERE n_activity BETWEEN 1 AND 7")
    assert small == []
    assert reader.rows("SELECT * FROM budgets WHERE n_activity - n_priced BETWEEN 1 AND 7") == []
    assert "n_priced" not in {
        r["c"]
        for r in reader.rows(
            "SELECT column_name AS c FROM duckdb_columns() WHERE table_name <> 'budgets'"
        )
    }
    assert reader.rows("SELECT * FROM budgets WHERE outside_activity BETWEEN 1 AND 7") == []
    assert reader.rows("SELECT count(*) AS n FROM budgets WHERE outside_pence IS NULL")[0]["n"]
    assert reader.rows("SELECT count(*) AS n FROM budget_lines WHERE is_withheld")[0]["n"] > 0


def test_published_and_withheld_lines_are_the_practices_total(small_pct: Path) -> None:
    reader = Published(small_pct)
    for practice in reader.rows("SELECT * FROM budget_practices"):
        lines = reader.rows(
            "SELECT * FROM budget_lines WHERE practice_code = ? AND financial_year = ?",
            (practice["practice_code"], practice["financial_year"]),
        )
        open_pence = sum(r["indicative_pence"] or 0 for r in lines)
        hidden = [r for r in lines if r["is_withheld"]]
        assert open_pence <= practice["indicative_pence"]
        assert (open_pence == practice["indicative_pence"]) == (not hidden)


def test_practices_sum_to_the_pct_to_the_penny(small_pct: Path) -> None:
    reader = Published(small_pct)
    years = reader.rows("SELECT * FROM budgets")
    assert [y["financial_year"] for y in years] == ["2017/18", "2018/19"]
    for year in years:
        summed = reader.rows(
            "SELECT CAST(sum(indicative_pence) AS BIGINT) AS pence FROM budget_practices "
            "WHERE financial_year = ?",
            (year["financial_year"],),
        )
        assert summed[0]["pence"] == year["available_pence"]


def test_new_data_must_be_priced_before_they_are_published(few: Path, tmp_path: Path) -> None:
    assert pipeline.status(few)["is_current"]
    register = tmp_path / "providers.csv"
    register.write_text("PROVIDER_CODE,NAME\nXZ9,Another hospital\n")
    pipeline.load(few, [register])
    assert not pipeline.status(few)["is_current"]
    with pytest.raises(StoreError, match="Run 'pbc build' first"):
        pipeline.publish(few)
    pipeline.build(few)
    pipeline.publish(few)
    assert pipeline.status(few)["is_current"]


def test_what_is_current_is_known_and_new_data_make_it_stale(
    small_pct: Path, tmp_path: Path
) -> None:
    assert pipeline.is_current(small_pct)
    assert not pipeline.is_current(tmp_path)
