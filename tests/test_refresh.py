"""A month sent again: one submission gives way to the other, whole, and nothing is lost."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbcanalytics import intake, pipeline
from pbcanalytics.intake import Loaded, Wishes
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import SelectionError
from tests.test_intake import HEADINGS, episode

Row = tuple[str, str, int]
"""Key, provider, month of 2018."""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    intake.prepare(opened)
    return opened


def dated(key: str, provider: str, month: int, **changed: str) -> str:
    day = f"2018-{month:02d}-07"
    days = {c: day for c in ("ADMIDATE", "EPISTART", "EPIEND", "DISDATE")}
    return episode(key, PROCODE3=provider, PSEUDO_HESID=f"p{key}", **days, **changed)


def send(
    con: duckdb.DuckDBPyConnection, folder: Path, name: str, *rows: str, **wishes: str
) -> Loaded:
    path = folder / name
    path.write_text("\n".join([HEADINGS, *rows]) + "\n", encoding="utf-8")
    return intake.load_file(con, path, Wishes(**wishes))  # type: ignore[arg-type]


def held(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return con.execute(
        "SELECT episode_id, provider_code, month(discharge_date) FROM episodes ORDER BY ALL"
    ).fetchall()


def june(n: int, start: int = 0, provider: str = "XD1") -> list[str]:
    return [dated(f"J{i}", provider, 6) for i in range(start, start + n)]


def test_a_month_sent_again_replaces_that_providers_month_and_no_other(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    may, other = dated("M1", "XD1", 5), dated("O1", "XT1", 6)
    send(con, tmp_path, "flex.csv", may, other, *june(10), submission="flex")
    frozen = send(con, tmp_path, "freeze.csv", *june(9), *june(1, 20), submission="freeze")
    keys = {key for key, _, _ in held(con)}
    assert keys == {"M1", "O1", "J20", *(f"J{i}" for i in range(9))}
    (change,) = frozen.changes
    assert (change.submitter_code, change.month, change.outcome) == ("XD1", "2018-06", "replaced")
    assert (change.n_before, change.n_now) == (10, 10)
    assert (change.n_added, change.n_gone, change.n_changed) == (1, 1, 0)
    assert not change.was_frozen
    late = send(con, tmp_path, "late.csv", *june(9), *june(15, 20))
    assert [(c.was_frozen, c.n_added, c.n_gone) for c in late.changes] == [(True, 14, 0)]


def test_what_gave_way_is_kept_as_history_with_the_load_that_took_its_place(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "a.csv", *june(4))
    send(con, tmp_path, "b.csv", *june(3))
    kept = con.execute(
        "SELECT episode_id, load_id, superseded_by FROM superseded_episodes ORDER BY 1"
    ).fetchall()
    assert kept == [(f"J{i}", 1, 2) for i in range(4)]


def test_a_row_that_says_something_else_is_counted_as_changed(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "a.csv", *june(4))
    again = send(con, tmp_path, "b.csv", *june(3), dated("J3", "XD1", 6, SUSHRG="AA22C"))
    assert [(c.n_added, c.n_gone, c.n_changed) for c in again.changes] == [(0, 0, 1)]


def test_a_few_known_rows_are_corrections_and_leave_the_rest_of_the_month(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "a.csv", *june(10))
    fixed = send(con, tmp_path, "b.csv", dated("J3", "XD1", 6, SUSHRG="AA22C"), *june(1, 50))
    assert [c.outcome for c in fixed.changes] == ["corrected"]
    assert len(held(con)) == 11
    assert fixed.replaced == 1
    found = con.execute("SELECT hrg FROM episodes WHERE episode_id = 'J3'").fetchall()
    assert found == [("AA22C",)]


def test_rows_without_a_known_key_stand_beside_the_others_and_that_is_said(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "north.csv", *june(10))
    south = send(con, tmp_path, "south.csv", *june(10, 50))
    assert [c.outcome for c in south.changes] == ["added"]
    assert len(held(con)) == 20
    said = con.execute("SELECT load_id, n_rows FROM findings WHERE rule = 'added_beside'")
    assert said.fetchall() == [(2, 10)]


@pytest.mark.parametrize(("wish", "n"), [("replace", 10), ("add", 20)])
def test_the_analyst_has_the_last_word(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, wish: str, n: int
) -> None:
    send(con, tmp_path, "a.csv", *june(10))
    send(con, tmp_path, "b.csv", *june(10, 50), months=wish)
    assert len(held(con)) == n


def test_a_corrected_file_replaces_all_that_it_brought_before(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "apc.csv", dated("M1", "XD1", 5), *june(4))
    again = send(con, tmp_path, "apc.csv", *june(1))
    assert [key for key, _, _ in held(con)] == ["J0"]
    assert [(c.month, c.outcome) for c in again.changes] == [
        ("2018-05", "withdrawn"),
        ("2018-06", "replaced"),
    ]


def test_next_months_file_under_the_same_name_takes_nothing_away(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "latest.csv", dated("M1", "XD1", 5))
    send(con, tmp_path, "latest.csv", *june(2))
    assert [key for key, _, _ in held(con)] == ["J0", "J1", "M1"]


def test_a_key_is_held_once_whichever_month_it_moves_to(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "may.csv", dated("K", "XD1", 5), dated("L", "XD1", 5))
    send(con, tmp_path, "june.csv", dated("K", "XD1", 6))
    assert held(con) == [("K", "XD1", 6), ("L", "XD1", 5)]


def test_the_newer_row_of_a_register_counts_and_the_older_is_history(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for name, rows in (
        ("2017.csv", "X1,Mill Lane,9E1\nX2,High St,9E1\n"),
        ("2018.csv", "X1,New Mill,9E1\n"),
    ):
        path = tmp_path / name
        path.write_text("PRACTICE_CODE,NAME,PCT_CODE\n" + rows)
        intake.load_file(con, path)
    found = con.execute("SELECT practice_code, practice_name FROM practices ORDER BY 1").fetchall()
    assert found == [("X1", "New Mill"), ("X2", "High St")]
    old = con.execute("SELECT practice_name FROM superseded_practices").fetchall()
    assert old == [("Mill Lane",)]


def test_taking_back_a_load_restores_what_was_there(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "a.csv", dated("M1", "XD1", 5), *june(4))
    before = con.execute("SELECT * FROM episodes ORDER BY episode_id").fetchall()
    send(con, tmp_path, "b.csv", *june(3), dated("M1", "XD1", 5, EPISTAT="1"))
    done = intake.unload(con, 2)
    assert (done.removed, done.returned) == (3, 4)
    assert con.execute("SELECT * FROM episodes ORDER BY episode_id").fetchall() == before
    for table in ("loads", "rejects", "submissions"):
        assert con.execute(f"SELECT count(*) FROM {table} WHERE load_id = 2").fetchone() == (0,)
    assert send(con, tmp_path, "b.csv", *june(3), dated("M1", "XD1", 5, EPISTAT="1")).is_new


def test_a_load_is_taken_back_only_after_those_that_took_its_rows(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "a.csv", *june(4))
    send(con, tmp_path, "b.csv", *june(4), *june(1, 9))
    with pytest.raises(SelectionError, match="Take back load 2 first"):
        intake.unload(con, 1)
    with pytest.raises(SelectionError, match="There is no load 7"):
        intake.unload(con, 7)
    intake.unload(con, 2)
    intake.unload(con, 1)
    assert held(con) == []


rows = st.lists(
    st.tuples(st.sampled_from("ABCDEFGH"), st.sampled_from(["XD1", "XT1"]), st.integers(4, 6)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(["a.csv", "b.csv"]), rows), min_size=1, max_size=5))
def test_whatever_is_sent_every_accepted_row_is_held_or_history_and_taking_back_undoes_it(
    tmp_path_factory: pytest.TempPathFactory, sent: list[tuple[str, list[Row]]]
) -> None:
    con = duckdb.connect()
    intake.prepare(con)
    folder = tmp_path_factory.mktemp("sent")
    states, loads = [], []
    for i, (name, drawn) in enumerate(sent):
        states.append(held(con))
        lines = [dated(k, p, m, SUSHRG=f"AA{i:02d}A") for k, p, m in drawn]
        loads.append(send(con, folder, name, *lines))
        keys = [key for key, _, _ in held(con)]
        assert len(keys) == len(set(keys))
        newest = {k: (p, m) for k, p, m in drawn}
        assert newest.items() <= {k: (p, m) for k, p, m in held(con)}.items()
        counts = con.execute(
            "SELECT (SELECT count(*) FROM episodes) + (SELECT count(*) FROM superseded_episodes)"
        ).fetchone()[0]
        assert counts == sum(load.accepted for load in loads)
        changed = con.execute(
            "SELECT sum(n_now - n_before), sum(n_added - n_gone) FROM submissions "
            f"WHERE load_id = {i + 1}"
        ).fetchone()
        assert changed[0] == len(held(con)) - len(states[-1])
    for i in reversed(range(len(sent))):
        intake.unload(con, i + 1)
        assert held(con) == states[i]


def test_what_a_late_submission_adds_to_a_frozen_month_is_told_in_spells_and_pounds(
    tmp_path: Path,
) -> None:
    data, sent = tmp_path / "data", tmp_path / "sent"
    sent.mkdir()

    def submit(name: str, *lines: str, **wishes: str) -> None:
        path = sent / name
        path.write_text("\n".join([HEADINGS, *lines]) + "\n", encoding="utf-8")
        pipeline.load(data, [path], Wishes(**wishes))  # type: ignore[arg-type]

    submit("june.csv", *june(6), dated("M1", "XD1", 5), submission="freeze")
    assert pipeline.build(data)["changes"] == []
    assert pipeline.build(data)["changes"] == []
    submit("late.csv", *june(5), *june(3, 20))
    with Warehouse.open(data, doing="the test") as warehouse:
        before = dict(
            warehouse.rows("SELECT month(discharge_date), price_pence FROM priced_spells")
        )
    changes = pipeline.build(data)["changes"]
    one = before[6]
    assert [(c.provider_code, c.month, c.change, c.was_frozen) for c in changes] == [
        ("XD1", "2018-06", "added", True),
        ("XD1", "2018-06", "gone", True),
    ]
    assert [(c.n_spells, c.pence) for c in changes] == [(3, 3 * one), (1, -one)]
