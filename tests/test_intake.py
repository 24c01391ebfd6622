"""Every row is accepted or rejected with a reason; codes stay codes; nothing is lost."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbcanalytics import intake
from pbcanalytics.words import tables
from pbcanalytics.words.errors import ExtractError

HEADINGS = (
    "EPIKEY,PSEUDO_HESID,PROCODE3,GPPRAC,PCTCODE,SEX,ADMIDATE,ADMIMETH,CLASSPAT,EPISTART,EPIEND,"
    "EPIORDER,EPISTAT,DISDATE,STARTAGE,SUSHRG,DIAG_01,DIAG_02"
)


def episode(key: str = "1", **changed: str) -> str:
    """One row of an APC extract, sound except for what is changed."""
    row = dict(
        zip(
            HEADINGS.split(","),
            f"{key},p1,XD1,X80001,5E1,1,2018-05-01,11,1,2018-05-01,2018-05-03,1,3,2018-05-03,50,"
            "HN12F,M161,I10X".split(","),
            strict=True,
        )
    )
    return ",".join((row | changed).values())


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        intake.prepare(opened)
        yield opened


def load(
    con: duckdb.DuckDBPyConnection, folder: Path, *rows: str, name: str = "apc.csv"
) -> intake.Loaded:
    path = folder / name
    path.write_text("\n".join([HEADINGS, *rows]) + "\n", encoding="utf-8")
    return intake.load_file(con, path)


def rejects(con: duckdb.DuckDBPyConnection) -> list[tuple[int, str, str]]:
    return con.execute("SELECT line_number, rule, column_name FROM rejects ORDER BY 1").fetchall()


def test_a_code_that_looks_like_a_number_stays_a_code(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load(con, tmp_path, episode("00123", GPPRAC="81000", SUSHRG="1E5"))
    stored = con.execute(
        "SELECT episode_id, practice_code, commissioner_code, hrg FROM episodes"
    ).fetchone()
    assert stored == ("00123", "81000", "5E1", "1E5")


@pytest.mark.parametrize("text", ["2018-05-01", "01/05/2018", "20180501", "01May2018", "01MAY2018"])
def test_dates_are_read_in_the_forms_that_extracts_use(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, text: str
) -> None:
    load(con, tmp_path, episode(ADMIDATE=text))
    assert str(con.execute("SELECT admission_date FROM episodes").fetchone()[0]) == "2018-05-01"


@pytest.mark.parametrize("text", ["1800-01-01", "1801-01-01", "", "-", "&"])
def test_the_nulls_of_hes_are_missing_and_not_dates(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, text: str
) -> None:
    load(con, tmp_path, episode("1", DISDATE=text), episode("2", ADMIDATE=text))
    assert con.execute("SELECT episode_id, discharge_date FROM episodes").fetchall() == [
        ("1", None)
    ]
    assert rejects(con) == [(3, "missing_value", "ADMIDATE")]


def test_babies_are_under_one_year_old(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    load(con, tmp_path, episode("1", STARTAGE="7003"), episode("2", STARTAGE="7999"))
    ages = con.execute("SELECT age_years FROM episodes ORDER BY episode_id").fetchall()
    assert ages == [(0,), (None,)]


@pytest.mark.parametrize(
    ("changed", "rule", "column"),
    [
        ({"ADMIDATE": "first of May"}, "unreadable_date", "ADMIDATE"),
        ({"DISDATE": "2018-02-30"}, "unreadable_date", "DISDATE"),
        ({"PROCODE3": ""}, "missing_value", "PROCODE3"),
        ({"PSEUDO_HESID": "-"}, "missing_value", "PSEUDO_HESID"),
        ({"EPISTAT": "1"}, "unfinished_episode", "episode_status"),
        ({"EPIORDER": "99"}, "no_episode_order", "episode_order"),
        ({"EPIORDER": "one"}, "unreadable_number", "EPIORDER"),
    ],
)
def test_a_row_that_breaks_a_hard_rule_is_rejected_with_its_line_and_reason(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, changed: dict[str, str], rule: str, column: str
) -> None:
    done = load(con, tmp_path, episode("1"), episode("2", **changed), episode("3"))
    assert (done.rows_read, done.accepted, done.rejected) == (3, 2, 1)
    assert rejects(con) == [(3, rule, column)]


def test_a_row_with_several_faults_counts_once_and_names_them_all(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    done = load(con, tmp_path, episode(ADMIDATE="soon", PROCODE3="", EPISTAT="1"))
    assert done.rejected == 1
    rule, also = con.execute("SELECT rule, also FROM rejects").fetchone()
    assert {rule, *also.split(", ")} == {"unreadable_date", "missing_value", "unfinished_episode"}


def test_of_rows_with_the_same_key_the_last_is_kept(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load(con, tmp_path, episode("1", SUSHRG="AA22C"), episode("2"), episode("1", SUSHRG="AA22D"))
    assert rejects(con) == [(2, "duplicate_key", "episode_id")]
    kept = con.execute("SELECT hrg FROM episodes WHERE episode_id = '1'").fetchall()
    assert kept == [("AA22D",)]


def test_the_same_file_twice_changes_nothing_and_says_so(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = load(con, tmp_path, episode("1"), episode("1"))
    second = load(con, tmp_path, episode("1"), episode("1"))
    assert first.is_new
    assert not second.is_new
    assert (second.accepted, second.rejected) == (1, 1)
    assert con.execute("SELECT count(*) FROM episodes").fetchone() == (1,)


def test_a_file_of_the_same_name_in_another_folder_is_another_file(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for year in ("2017", "2018"):
        (tmp_path / year).mkdir()
        load(con, tmp_path / year, episode(year))
    assert con.execute("SELECT count(*) FROM episodes").fetchone() == (2,)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("9E1,2018/19,growth,NEL,1.5,percent", "wrong_unit"),
        ("9E1,2018/19,resource,ALL,5,GBP thousand", "wrong_unit"),
        ("9E1,2018/19,resource,ALL,-5,GBP", "impossible_plan_value"),
        ("9E1,2018/19,contingency,ALL,1.5,share", "impossible_plan_value"),
        ("9E1,2018/19,growth,EL,some,share", "impossible_plan_value"),
        ("9E1,2018/19,resource,Total,5,GBP", "unknown_plan_line"),
        ("9E1,2018/19,growth,All,0.1,share", "unknown_plan_line"),
        ("9E1,2018,resource,ALL,5,GBP", "unknown_year"),
        ("9E1,2018/20,resource,ALL,5,GBP", "unknown_year"),
        ("9E1,2018/19,reserve,ALL,5,GBP", "unknown_plan_item"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_rejected(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, row: str, rule: str
) -> None:
    path = tmp_path / "plan.csv"
    sound = "9E1,2018-19,resource,ALL,5.5,GBP"
    path.write_text(f"PCT_CODE,FINANCIAL_YEAR,ITEM,LINE,VALUE,UNIT\n{sound}\n{row}\n")
    done = intake.load_file(con, path)
    assert (done.accepted, done.rejected) == (1, 1)
    rule_found, also = con.execute("SELECT rule, also FROM rejects").fetchone()
    assert rule in {rule_found, *(also or "").split(", ")}


def test_an_unclosed_quotation_mark_costs_its_own_line_only(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [episode(str(i)) for i in range(400)]
    rows[100] = episode("100", DIAG_01='"M16')
    done = load(con, tmp_path, *rows)
    assert (done.rows_read, done.accepted) == (400, 399)
    assert rejects(con) == [(102, "quote_never_closed", None)]


def test_a_line_with_too_few_or_too_many_fields_is_rejected(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    done = load(con, tmp_path, episode("1"), "2,p1,XD1", episode("3") + ",extra", episode("4"))
    assert (done.rows_read, done.accepted) == (4, 2)
    assert [r[:2] for r in rejects(con)] == [
        (3, "wrong_number_of_fields"),
        (4, "wrong_number_of_fields"),
    ]


def test_a_line_break_inside_quotes_is_no_new_row_and_lines_are_still_counted(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    done = load(con, tmp_path, episode("1", DIAG_02='"I10\nX"'), "", episode("2", EPISTAT="1"))
    assert (done.rows_read, done.accepted) == (2, 1)
    assert rejects(con) == [(5, "unfinished_episode", "episode_status")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_register_is_read_in_any_encoding_delimiter_and_line_end(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, encoding: str, delimiter: str, newline: str
) -> None:
    lines = ["PRACTICE_CODE,NAME,PCT_CODE", "X80001,Café – Surgery,9E1"]
    text = newline.join(line.replace(",", delimiter) for line in lines) + newline
    path = tmp_path / "practices.csv"
    path.write_bytes(text.encode(encoding))
    intake.load_file(con, path)
    assert con.execute("SELECT practice_code, practice_name FROM practices").fetchall() == [
        ("X80001", "Café – Surgery")
    ]


def test_a_quotation_mark_inside_a_field_is_no_quote(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    done = load(con, tmp_path, episode("1", DIAG_02='5" nail'), "too,few", episode("2"))
    assert (done.rows_read, done.accepted) == (3, 2)


def test_headings_may_be_in_small_letters(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "apc.csv"
    path.write_text(HEADINGS.lower() + "\n" + episode() + "\n")
    assert intake.load_file(con, path).accepted == 1


def test_a_missing_column_is_named_and_nothing_is_loaded(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "apc.csv"
    path.write_text(HEADINGS.replace("ADMIDATE", "SOMETHING") + "\n" + episode() + "\n")
    with pytest.raises(ExtractError, match=r"apc\.csv looks like HES admitted .* ADMIDATE"):
        intake.load_file(con, path)
    assert con.execute("SELECT count(*) FROM loads").fetchone() == (0,)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"colour,shape\nred,round\n", "none of the files that pbc can read"),
        (b"EPIKEY,EPIKEY,X\n1,2,3\n", "more than one column named EPIKEY"),
        (b"EPIKEY\n\x81\x8d\x8f\n", "not a text file"),
    ],
    ids=["empty", "other headings", "heading twice", "no text"],
)
def test_a_file_that_is_no_extract_is_refused_in_a_sentence(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "thing.csv"
    path.write_bytes(content)
    with pytest.raises(ExtractError, match=says):
        intake.load_file(con, path)


def test_soft_faults_are_counted_and_the_row_is_kept(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    done = load(con, tmp_path, episode("1", GPPRAC="V81999"), episode("2", CLASSPAT="2"))
    assert done.rejected == 0
    found = con.execute("SELECT rule, n_rows FROM findings ORDER BY 1").fetchall()
    assert found == [("day_case_with_stay", 1), ("no_practice", 1)]


def test_diagnoses_keep_their_order_and_placeholders_do_not_count(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load(con, tmp_path, episode("1"), episode("2", DIAG_01="-", DIAG_02="E119"))
    stored = con.execute(
        "SELECT primary_diagnosis, diagnoses, coding_depth FROM episodes ORDER BY episode_id"
    ).fetchall()
    assert stored == [("M161", "M161 I10X", 2), ("E119", "E119", 1)]


broken = st.sampled_from(
    [{}, {"ADMIDATE": "x"}, {"PROCODE3": ""}, {"EPISTAT": "1"}, {"DIAG_01": '"a'}, {"SEX": "1,2"}]
)


@given(st.lists(st.tuples(st.integers(1, 8), broken), min_size=1, max_size=25))
@settings(max_examples=30)
def test_rows_read_are_rows_accepted_and_rows_rejected(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, dict[str, str]]]
) -> None:
    folder = tmp_path_factory.mktemp("extract")
    with duckdb.connect() as con:
        intake.prepare(con)
        done = load(con, folder, *(episode(str(key), **changed) for key, changed in drawn))
        landed = con.execute("SELECT count(*) FROM episodes").fetchone()[0]
        refused = con.execute("SELECT count(DISTINCT line_number) FROM rejects").fetchone()[0]
    assert done.rows_read == len(drawn) == landed + refused
    assert (done.accepted, done.rejected) == (landed, refused)


@pytest.mark.parametrize("layout", intake.LAYOUTS, ids=lambda a: a.name)
def test_a_column_of_a_layout_is_landed_or_used_by_a_rule(layout: intake.Layout) -> None:
    named = {f.column for f in layout.fields} | set(layout.derived)
    sql = " ".join(
        [*layout.derived.values(), *(rule.broken_when for rule in (*layout.hard, *layout.soft))]
    )
    used = {c for c in named if re.search(rf"\b{c}\b", sql)}
    checked = {f.column for f in layout.fields if f.known}
    assert named - set(layout.table.names) <= used | checked
    assert {*layout.key, *layout.must} <= named
    assert layout.table in tables.LANDING


def test_a_file_is_explained_before_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "apc.csv"
    path.write_text(HEADINGS + ",SOMETHING\n" + episode() + ",x\n")
    how = intake.explain(path)
    used = {column: headings for column, headings, _ in how.used}
    assert how.layout == "hes_apc"
    assert used["episode_id"] == ["EPIKEY"]
    assert used["diagnoses"] == ["DIAG_01", "DIAG_02"]
    assert "critical_care_days" in how.missing
    assert how.ignored == ["SOMETHING"]


@pytest.mark.parametrize("layout", intake.LAYOUTS, ids=lambda a: a.name)
def test_the_headings_of_a_layout_are_recognised_as_it(layout: intake.Layout) -> None:
    needed = [f.headings[0] for f in layout.fields if f.required]
    assert intake.recognise("x.csv", needed, intake.LAYOUTS) is layout
