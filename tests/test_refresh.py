"""A month sent again: one submission gives way to the other, whole, and nothing is lost."""

import datetime as dt
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbcanalytics import intake, pipeline
from pbcanalytics.intake import Loaded, Wishes
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import ExtractError, SelectionError
from tests.test_intake import HEADINGS, episode

Row = tuple[str, str, int]
"""Key, provider, month of 2018."""

JUNE = dt.date(2018, 6, 1)


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
    assert (change.provider_code, change.month, change.outcome) == ("XD1", JUNE, "replaced")
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
        (dt.date(2018, 5, 1), "withdrawn"),
        (JUNE, "replaced"),
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
    con = duckdb.connect(config={"threads": 1})
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
    assert pipeline.build(data)["changes"] == ()
    assert pipeline.build(data)["changes"] == ()
    submit("late.csv", *june(5), *june(3, 20))
    with Warehouse.open(data, doing="the test") as warehouse:
        before = dict(
            warehouse.rows("SELECT month(discharge_date), price_pence FROM priced_spells")
        )
    changes = pipeline.build(data)["changes"]
    one = before[6]
    assert [(c.provider_code, c.month, c.change, c.was_frozen) for c in changes] == [
        ("XD1", JUNE, "added", True),
        ("XD1", JUNE, "gone", True),
    ]
    assert [(c.n_spells, c.pence) for c in changes] == [(3, 3 * one), (1, -one)]


MONITORING = (
    "Provider_Code,Commissioner,FINANCIAL YEAR,FINANCIAL MONTH,National_POD_Code,HRG Code,"
    "HOSPITAL PROVIDER SPELL IDENTIFIER,LOCAL PATIENT IDENTIFIER,Actual Activity,Actual Cost"
)


def charge(
    con: duckdb.DuckDBPyConnection, folder: Path, name: str, *lines: str, **wishes: str
) -> Loaded:
    path = folder / name
    path.write_text("\n".join([MONITORING, *lines]) + "\n", encoding="utf-8")
    return intake.load_file(con, path, Wishes(**wishes))  # type: ignore[arg-type]


def charges(n: int, commissioner: str = "5E1", pod: str = "NEL", price: str = "10") -> list[str]:
    return [
        f"RX1,{commissioner},2018/19,3,{pod},AA22C,S{pod}{i},L{i},1,{price}.00" for i in range(n)
    ]


def charged(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    found = con.execute(
        "SELECT commissioner_code || ' ' || contract_pod, count(*) FROM contract_lines GROUP BY ALL"
    )
    return dict(found.fetchall())


def test_contract_lines_sent_again_replace_those_they_resemble_and_no_others(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    charge(con, tmp_path, "both.csv", *charges(40), *charges(40, "5E2"))
    charge(con, tmp_path, "drugs.csv", *charges(35, pod="DRUG"))
    again = charge(con, tmp_path, "again.csv", *charges(41, price="11"))
    assert charged(con) == {"5E1 NEL": 41, "5E2 NEL": 40, "5E1 DRUG": 35}
    assert again.replaced == 40
    assert [(c.n_before, c.n_now, c.pence_now - c.pence_before) for c in again.changes] == [
        (115, 116, 41 * 1100 - 40 * 1000)
    ]


def test_one_suppliers_lines_do_not_give_way_to_anothers_unless_that_is_said(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    charge(con, tmp_path, "a.csv", *charges(10), supplier="Alpha")
    charge(con, tmp_path, "b.csv", *charges(10, price="9"), supplier="Beta")
    assert charged(con) == {"5E1 NEL": 20}
    charge(con, tmp_path, "c.csv", *charges(10, price="8"), supplier="Beta", months="replace")
    assert charged(con) == {"5E1 NEL": 10}


def test_a_part_of_a_month_sent_again_leaves_the_other_part(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "north.csv", *june(10))
    send(con, tmp_path, "south.csv", *june(10, 50))
    send(con, tmp_path, "north_again.csv", *june(9))
    assert {key for key, _, _ in held(con)} == {f"J{i}" for i in (*range(9), *range(50, 60))}


def test_a_freeze_of_the_very_bytes_of_the_flex_closes_the_month(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "flex.csv", *june(10), submission="flex")
    same = send(con, tmp_path, "freeze.csv", *june(10), submission="freeze")
    assert not same.is_new
    assert "marked as freeze" in same.note
    late = send(con, tmp_path, "late.csv", *june(12))
    assert [c.was_frozen for c in late.changes] == [True]


def test_a_closed_month_is_not_changed_by_a_provisional_file_nor_taken_away_unasked(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "year.csv", dated("M1", "XD1", 5), *june(10), submission="freeze")
    for name, wishes in (("flex.csv", {"submission": "flex"}), ("year.csv", {})):
        with pytest.raises(ExtractError, match="closed"):
            send(con, tmp_path, name, *june(9), **wishes)
    assert len(held(con)) == 11
    send(con, tmp_path, "flex.csv", *june(9), submission="flex", months="replace")
    assert len(held(con)) == 10


def test_add_keeps_both_also_where_the_file_has_the_same_name(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "slam.csv", *june(10))
    send(con, tmp_path, "slam.csv", *june(10, 50), months="add")
    assert len(held(con)) == 20


def test_a_file_whose_rows_gave_way_says_so_and_is_loaded_anew_if_asked(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    send(con, tmp_path, "a.csv", *june(10))
    send(con, tmp_path, "b.csv", *june(10, 50), months="replace")
    told = send(con, tmp_path, "a.csv", *june(10))
    assert "10 of its rows have since given way to load 2" in told.note
    assert send(con, tmp_path, "a.csv", *june(10), months="replace").is_new
    assert {key for key, _, _ in held(con)} == {f"J{i}" for i in range(10)}
    assert "unload 3" in send(con, tmp_path, "a.csv", *june(10), supplier="Other").note


def test_what_a_new_edition_of_a_register_no_longer_names_is_told(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "practices.csv"
    for rows in ("X1,Mill,9E1\nX2,High St,9E1\n", "X2,High St,9E1\nX3,Park,9E1\n"):
        path.write_text("PRACTICE_CODE,NAME,PCT_CODE\n" + rows)
        done = intake.load_file(con, path)
    assert done.gone == ("X1",)


def test_a_working_database_of_an_earlier_version_gets_the_columns_of_today(
    tmp_path: Path,
) -> None:
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE loads (load_id BIGINT, file VARCHAR, place VARCHAR, sha256 VARCHAR, "
        "layout VARCHAR, rows_read BIGINT, accepted BIGINT, rejected BIGINT, loaded_at TIMESTAMP)"
    )
    con.execute("INSERT INTO loads VALUES (1, 'a.csv', '/a.csv', 'x', 'hes_apc', 2, 1, 1, now())")
    intake.prepare(con)
    send(con, tmp_path, "b.csv", *june(1))
    found = con.execute("SELECT load_id, file, supplier, accepted FROM loads ORDER BY 1").fetchall()
    assert found == [(1, "a.csv", None, 1), (2, "b.csv", "", 1)]
