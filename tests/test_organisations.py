"""Organisations over time: as was and as now, mergers, memberships, faults named (R26, R28)."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pbcanalytics import costing, intake, pipeline
from pbcanalytics.cli import app
from pbcanalytics.costing.organisation_faults import faults
from pbcanalytics.costing.organisations import consortium_on, last_day, pct_on, standing
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import StoreError
from tests.drawn import put, rows

CUBE = "practice_code provider_code specialty_code pod financial_year price_year is_reported month"
MEASURES = "n_rows n_priced n_outside pence"
REGISTERS = (
    *(tables.PRACTICES, tables.PROVIDERS, tables.PCTS, tables.CONSORTIA, tables.MEMBERSHIPS),
)


@pytest.fixture
def held() -> Iterator[Warehouse]:
    con = duckdb.connect()
    intake.prepare(con)
    yield Warehouse(con, None)  # type: ignore[arg-type]
    con.close()


def landed(warehouse: Warehouse, **drawn: str) -> costing.Registers:
    for table in REGISTERS:
        put(warehouse, table, drawn.get(table.name, "practice_code\n"))
    return costing.registers(warehouse)


def cube(warehouse: Warehouse, drawn: str) -> None:
    """Draw the cube: practice, provider, month, pounds; ten rows each, one of them outside."""
    names = [f"{c} VARCHAR" for c in CUBE.split()[:6]]
    counts = [f"{m} BIGINT" for m in MEASURES.split()]
    warehouse.con.execute(
        f"CREATE OR REPLACE TABLE activity ({', '.join(names)}, is_reported BOOLEAN, month DATE, "
        f"{', '.join(counts)})"
    )
    for row in rows(drawn):
        month = row["month"] and dt.date.fromisoformat(f"{row['month']}-01")
        pence = int(row["pounds"] or 0) * 100
        values = [row["practice"], row["provider"], "300", "EL", "2006/07", "2006/07", True, month]
        warehouse.con.execute(
            f"INSERT INTO activity VALUES ({', '.join('?' * 12)})", [*values, 10, 9, 1, pence]
        )


# The worked example: PCTs 5A1 and 5A2 merge into 5Q1 on 1 October 2006; hospital RA1 becomes part
# of RB1 at the new year; practice X3 joins X1 after June; X1 leaves consortium C01 for C02 in
# mid-December; X2 is outside all consortia; X9 is in no register.
PCTS = """
pct_code | pct_name  | open_date  | close_date | successor_code
5A1      | Northmarl | 2002-04-01 | 2006-09-30 | 5Q1
5A2      | Southmarl | 2002-04-01 | 2006-09-30 | 5Q1
5Q1      | Marl      | 2006-10-01 |            |
"""
PRACTICES = """
practice_code | pct_code | open_date  | close_date | successor_code
X1            | 5A1      | 1990-01-01 |            |
X2            | 5A2      | 1990-01-01 |            |
X3            | 5A2      | 1990-01-01 | 2006-06-30 | X1
"""
PROVIDERS = """
provider_code | provider_name | close_date | successor_code
RA1           | Old Infirmary | 2006-12-31 | RB1
RB1           | New General   |            |
"""
MEMBERSHIPS = """
practice_code | consortium_code | from_date  | to_date
X1            | C01             | 2005-04-01 | 2006-12-14
X1            | C02             | 2006-12-15 |
X3            | C01             | 2005-04-01 | 2006-06-30
"""
CONSORTIA = """
consortium_code | consortium_name | pct_code
C01             | First           | 5Q1
C02             | Second          | 5Q1
"""
ACTIVITY = """
practice | provider | month   | pounds
X1       | RA1      | 2006-05 | 100
X1       | RB1      | 2006-12 | 20
X1       | RB1      | 2007-01 | 3
X2       | RA1      | 2006-09 | 4000
X2       | RA1      | 2006-10 | 5000
X3       | RA1      | 2006-05 | 60000
X9       | RA1      | 2006-05 | 700000
         | RA1      | 2006-05 | 8000000
X1       | RB1      |         | 0
"""


@pytest.fixture
def merged(held: Warehouse) -> Warehouse:
    landed(
        held,
        practices=PRACTICES,
        providers=PROVIDERS,
        pcts=PCTS,
        consortia=CONSORTIA,
        memberships=MEMBERSHIPS,
    )
    cube(held, ACTIVITY)
    return held


def test_as_was_each_month_stands_under_the_organisations_of_its_first_day(
    merged: Warehouse,
) -> None:
    """R26: merged PCTs are two until September; R28: a member of C01 until the month it left."""
    assert costing.place(merged) == dt.date(2007, 1, 31)
    seen = merged.rows(
        "SELECT practice_code, provider_code, CAST(month AS VARCHAR)[:7], pct_code, "
        "consortium_code, pence // 100 FROM activity_as_was ORDER BY pence"
    )
    assert seen == [
        ("X1", "RB1", None, None, None, 0),
        ("X1", "RB1", "2007-01", "5Q1", "C02", 3),
        ("X1", "RB1", "2006-12", "5Q1", "C01", 20),
        ("X1", "RA1", "2006-05", "5A1", "C01", 100),
        ("X2", "RA1", "2006-09", "5A2", "", 4000),
        ("X2", "RA1", "2006-10", "5Q1", "", 5000),
        ("X3", "RA1", "2006-05", "5A2", "C01", 60000),
        ("X9", "RA1", "2006-05", None, None, 700000),
        (None, "RA1", "2006-05", None, None, 8000000),
    ]


def test_as_now_all_of_it_stands_under_the_organisations_of_the_last_day(
    merged: Warehouse,
) -> None:
    costing.place(merged)
    seen = merged.rows(
        "SELECT practice_code, provider_code, CAST(month AS VARCHAR)[:7], pct_code, "
        "consortium_code, pence // 100, n_rows FROM activity_as_now ORDER BY pence"
    )
    assert seen == [
        ("X1", "RB1", None, "5Q1", "C02", 0, 10),
        ("X1", "RB1", "2007-01", "5Q1", "C02", 3, 10),
        ("X1", "RB1", "2006-12", "5Q1", "C02", 20, 10),
        ("X2", "RB1", "2006-09", "5Q1", "", 4000, 10),
        ("X2", "RB1", "2006-10", "5Q1", "", 5000, 10),
        ("X1", "RB1", "2006-05", "5Q1", "C02", 60100, 20),
        ("X9", "RB1", "2006-05", None, None, 700000, 10),
        (None, "RB1", "2006-05", None, None, 8000000, 10),
    ]


def test_now_may_be_any_day(merged: Warehouse) -> None:
    """On its last day an organisation is still there; on the day after, its successor is."""
    for day, provider, pct in (
        ("2006-09-30", "RA1", "5A2"),
        ("2006-10-01", "RA1", "5Q1"),
        ("2006-12-31", "RA1", "5Q1"),
        ("2007-01-01", "RB1", "5Q1"),
    ):
        costing.place(merged, dt.date.fromisoformat(day))
        seen = merged.rows(
            "SELECT DISTINCT provider_code, pct_code FROM activity_as_now "
            "WHERE practice_code = 'X2'"
        )
        assert seen == [(provider, pct)]


def test_both_views_and_the_cube_have_the_same_totals_and_say_so(merged: Warehouse) -> None:
    costing.place(merged)
    both = costing.compared(merged)
    assert both.is_equal
    assert both.totals["activity_as_now"] == {
        "n_rows": 90,
        "n_priced": 81,
        "n_outside": 9,
        "pence": 876_912_300,
    }
    told = costing.told(merged, costing.registers(merged))
    one = next(g for g in told["groups"] if (g["pct_code"], g["consortium_code"]) == ("5Q1", "C02"))
    assert one["consortium_name"] == "Second"
    assert one["pence"] == {"as_was": 300, "as_now": 6_012_300}
    assert one["n_practices"] == {"as_was": 1, "as_now": 1}
    assert one["n_activity"] == {"as_was": 9, "as_now": 45}
    strangers = [f for f in told["faults"] if f["rule"] == "practice_in_no_register"]
    assert strangers[0]["codes"] == ["X9"]
    merged.view("activity_as_was", "SELECT * FROM activity_as_now WHERE practice_code <> 'X2'")
    assert not costing.compared(merged).is_equal


def test_a_chain_is_followed_and_what_cannot_be_followed_stays_and_is_named(
    held: Warehouse,
) -> None:
    registers = landed(
        held,
        practices="""
practice_code | close_date | successor_code
A             | 2010-01-01 | B
B             | 2011-01-01 | C
C             |            |
D             | 2010-01-01 | E
E             | 2010-01-01 | D
F             | 2010-01-01 | E
G             | 2010-01-01 | ZZ
H             | 2010-01-01 |
I             | 2010-01-01 | H
J             | 2010-01-01 | J
K             |            | C
""",
    )
    day = dt.date(2012, 1, 1)
    found = standing(registers.practices, "practice_code", day)
    assert {c: (s.code, s.state) for c, s in found.items()} == {
        "A": ("C", "followed"),
        "B": ("C", "followed"),
        "C": ("C", "open"),
        "D": ("D", "circle"),
        "E": ("E", "circle"),
        "F": ("F", "circle"),
        "G": ("G", "unknown"),
        "H": ("H", "closed"),
        "I": ("H", "closed"),
        "J": ("J", "circle"),
        "K": ("K", "open"),
    }
    assert costing.answering(registers.practices, "practice_code", day) == {
        **dict.fromkeys("ABC", "C"),
        "K": "K",
    }
    early = standing(registers.practices, "practice_code", dt.date(2010, 6, 1))
    assert early["A"].code == "B"
    named = {(f.rule, f.codes) for f in faults(registers)}
    assert named == {
        ("circle", ("D", "E")),
        ("own_successor", ("J",)),
        ("unknown_successor", ("G",)),
        ("closed_without_successor", ("H",)),
        ("successor_while_open", ("K",)),
    }


def test_overlaps_gaps_and_backward_memberships_are_named_and_the_later_start_counts(
    held: Warehouse,
) -> None:
    registers = landed(
        held,
        practices="practice_code | pct_code\nX1 | 9E1\nX2 | 9E1\nX3 | 9E1\nX4 | 9E1\nX5 | 9E1\n",
        memberships="""
practice_code | consortium_code | from_date  | to_date
X1            | C01             | 2016-04-01 |
X1            | C02             | 2017-04-01 | 2017-09-30
X6            | C02             | 2016-04-01 | 2017-04-01
X6            | C01             | 2017-04-01 |
X2            | C01             | 2016-04-01 | 2016-12-31
X2            | C02             | 2017-02-01 |
X3            | C01             | 2018-01-01 | 2017-01-01
X4            | C01             | 2016-04-01 | 2017-03-31
X4            | C03             | 2017-04-01 |
""",
        consortia="consortium_code\nC01\nC02\n",
    )
    assert [consortium_on(registers, dt.date(2017, m, 1))["X1"] for m in (3, 4, 9, 10)] == [
        *("C01", "C02", "C02", "C01")
    ]
    assert [
        consortium_on(registers, dt.date.fromisoformat(day))["X2"]
        for day in ("2016-12-31", "2017-01-01", "2017-01-31", "2017-02-01")
    ] == ["C01", "", "", "C02"]
    assert consortium_on(registers, dt.date(2017, 4, 1))["X6"] == "C01"
    assert consortium_on(registers, dt.date(2017, 6, 1))["X3"] == ""
    assert consortium_on(registers, dt.date(2017, 6, 1))["X5"] == ""
    found = faults(registers)
    assert [(f.rule, f.codes) for f in found] == [
        ("membership_ends_before_it_begins", ("X3",)),
        ("overlapping_memberships", ("X1",)),
        ("gap_in_membership", ("X2",)),
        ("overlapping_memberships", ("X6",)),
        ("unknown_consortium", ("C03",)),
    ]
    assert "in C01 and in C02 at one time, from 1 April 2017" in found[1].sentence
    assert "between 31 December 2016" in found[2].sentence


def test_without_memberships_the_register_of_practices_says_for_every_day(held: Warehouse) -> None:
    registers = landed(held, practices="practice_code | consortium_code\nX1 | C01\nX2 |\n")
    for year in (1999, 2018):
        assert consortium_on(registers, dt.date(year, 1, 1)) == {"X1": "C01", "X2": ""}


def test_a_pct_younger_than_its_practices_activity_is_named(held: Warehouse) -> None:
    practices = "practice_code | pct_code\nX1 | 5Q1\nX2 | 5A1\nX3 | 5ZZ\n"
    registers = landed(held, practices=practices, pcts=PCTS)
    found = {f.rule: f.codes for f in faults(registers, dt.date(2006, 4, 1))}
    assert found == {"pct_not_open_yet": ("X1",), "unknown_pct": ("5ZZ",)}
    assert "pct_not_open_yet" not in {f.rule for f in faults(registers, dt.date(2006, 10, 1))}
    assert pct_on(registers, dt.date(2006, 11, 1)) == {"X1": "5Q1", "X2": "5Q1", "X3": "5ZZ"}


def test_the_last_day_is_that_of_the_latest_month() -> None:
    months = pd.Series(pd.to_datetime(["2018-02-01", None, "2016-12-01"]))
    assert last_day(months) == dt.date(2018, 2, 28)


codes = st.sampled_from("ABCDEF")
days = st.dates(dt.date(2015, 1, 1), dt.date(2019, 12, 31))
maybe_day = st.none() | days
successions = st.lists(
    st.tuples(codes, maybe_day, st.none() | st.sampled_from("ABCDEFZ")),
    max_size=6,
    unique_by=lambda row: row[0],
)
memberships = st.lists(
    st.tuples(codes, st.sampled_from(["C1", "C2", "C3"]), days, maybe_day), max_size=10
)
activity = st.lists(
    st.tuples(
        st.none() | st.sampled_from("ABCDEFXY"),
        st.sampled_from("ABCDEFXY"),
        st.none() | days.map(lambda day: day.replace(day=1)),
        st.integers(0, 10**9),
    ),
    max_size=12,
    unique_by=lambda row: row[:3],
)


def put_drawn(
    warehouse: Warehouse,
    successors: list[tuple[str, dt.date | None, str | None]],
    table: str,
    code: str,
    **more: str,
) -> None:
    for own, closed, heir in successors:
        names = [code, "close_date", "successor_code", *more]
        warehouse.con.execute(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
            [own, closed, heir, *more.values()],
        )


@pytest.fixture(scope="module")
def emptied() -> Iterator[Warehouse]:
    """One database for all draws: opening one for each takes most of the time."""
    con = duckdb.connect(config={"threads": 1})
    yield Warehouse(con, None)  # type: ignore[arg-type]
    con.close()


@given(successions, successions, successions, memberships, activity, maybe_day)
def test_whatever_the_registers_say_both_views_sum_to_the_cube(
    emptied: Warehouse,
    practices: list[tuple[str, dt.date | None, str | None]],
    providers: list[tuple[str, dt.date | None, str | None]],
    pcts: list[tuple[str, dt.date | None, str | None]],
    members: list[tuple[str, str, dt.date, dt.date | None]],
    drawn: list[tuple[str | None, str, dt.date | None, int]],
    day: dt.date | None,
) -> None:
    warehouse, con = emptied, emptied.con
    for table in REGISTERS:
        con.execute(f"DROP TABLE IF EXISTS {table.name}")
        con.execute(table.ddl())
    put_drawn(warehouse, practices, "practices", "practice_code", pct_code="A")
    put_drawn(warehouse, providers, "providers", "provider_code")
    put_drawn(warehouse, pcts, "pcts", "pct_code")
    for member in members:
        con.execute(
            "INSERT INTO memberships (practice_code, consortium_code, from_date, to_date) "
            "VALUES (?, ?, ?, ?)",
            list(member),
        )
    cube(warehouse, "practice | provider | month | pounds\n")
    for i, (practice, provider, month, pence) in enumerate(drawn):
        values = [practice, provider, "300", "EL", "2016/17", "2017/18", i % 2 == 0, month]
        con.execute(
            f"INSERT INTO activity VALUES ({', '.join('?' * 12)})", [*values, 9, i, 1, pence]
        )
    now = costing.place(warehouse, day)
    assert costing.compared(warehouse).is_equal
    was = warehouse.frame("SELECT * FROM activity_as_was")
    assert len(was) == len(drawn)
    known = {p for p, *_ in practices} | {m[0] for m in members}
    for row in was.dropna(subset=["practice_code", "month"]).itertuples(index=False):
        first = row.month.date()
        in_force = [
            (begin, consortium)
            for practice, consortium, begin, end in members
            if practice == row.practice_code and begin <= first <= (end or dt.date.max)
        ]
        if row.practice_code not in known:
            assert pd.isna(row.consortium_code)
            assert pd.isna(row.pct_code)
        elif members:
            assert row.consortium_code == (max(in_force)[1] if in_force else "")
    stands = standing(costing.registers(warehouse).practices, "practice_code", now)
    for code in warehouse.frame("SELECT DISTINCT practice_code AS c FROM activity_as_now")["c"]:
        assert pd.isna(code) or code not in stands or stands[code].code == code
    faults(costing.registers(warehouse), now)


EPRACCUR = (
    '"X80001","FIRST SURGERY","Y60","QXX","1 HIGH ST","","","","TOWN","ZZ1 1ZZ",19740401,'
    '20180331,"C","B","5Q1",20130401,20180331,"01234 567890","","","","0","","5Q1","","4",""'
)


def test_the_national_register_is_read_without_headings_and_keeps_what_it_does_not_say(
    held: Warehouse, tmp_path: Path
) -> None:
    own = tmp_path / "practices.csv"
    own.write_text(
        "PRACTICE_CODE,NAME,PCT_CODE,CONSORTIUM_CODE,OPEN_DATE,CLOSE_DATE,SUCCESSOR_CODE\n"
        "X80001,First,5A1,C01,1974-04-01,2018-03-31,X80002\n"
        "X80002,Second,5A1,C01,1974-04-01,,X80002\n"
        "X80003,Third,5A1,,1974-04-01,1970-01-01,\n",
        encoding="utf-8",
    )
    assert intake.load_file(held.con, own).layout == "practices"
    broken = dict(held.rows("SELECT rule, n_rows FROM findings"))
    assert broken == {"own_successor": 1, "successor_while_open": 1, "close_before_open": 1}

    national = tmp_path / "epraccur.csv"
    prison = EPRACCUR.replace("X80001", "Y00009").replace('"4"', '"25"').replace("20180331,", ",")
    national.write_text(f"{EPRACCUR}\n{prison}\n", encoding="utf-8")
    loaded = intake.load_file(held.con, national)
    assert (loaded.layout, loaded.accepted, loaded.rejected) == ("ods_practices", 2, 0)
    assert held.rows(
        "SELECT practice_name, pct_code, consortium_code, CAST(open_date AS VARCHAR), "
        "CAST(close_date AS VARCHAR), successor_code FROM practices ORDER BY practice_code"
    ) == [
        ("FIRST SURGERY", "5Q1", "C01", "1974-04-01", "2018-03-31", "X80002"),
        ("Second", "5A1", "C01", "1974-04-01", None, "X80002"),
        ("Third", "5A1", None, "1974-04-01", "1970-01-01", None),
        ("FIRST SURGERY", "5Q1", None, "1974-04-01", None, None),
    ]
    added = dict(held.rows("SELECT rule, n_rows FROM findings WHERE load_id = 2"))
    assert added == {"no_general_practice": 1, "closed_without_date": 1}
    assert "HIGH ST" not in str(held.rows("SELECT * FROM practices"))


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("pcts", "PCT_CODE,PCT_NAME,OPEN_DATE,CLOSE_DATE,SUCCESSOR_CODE\n5A1,N,,2006-09-30,5Q1"),
        ("consortia", "CONSORTIUM_CODE,CONSORTIUM_NAME,PCT_CODE\nC01,First,5Q1"),
        ("memberships", "PRACTICE_CODE,CONSORTIUM_CODE,FROM_DATE,TO_DATE\nX1,C01,2006-04-01,"),
        ("providers", "PROVIDER_CODE,NAME,CLOSE_DATE,SUCCESSOR_CODE\nRA1,Old,2006-12-31,RB1"),
    ],
)
def test_the_other_registers_are_recognised_and_a_corrected_row_replaces_the_first(
    held: Warehouse, tmp_path: Path, layout: str, text: str
) -> None:
    for name in ("first.csv", "second.csv"):
        (tmp_path / name).write_text(
            text + ("\n" if name == "first.csv" else "\n\n"), encoding="utf-8"
        )
        assert intake.load_file(held.con, tmp_path / name).layout == layout
    assert held.rows(f"SELECT count(*) FROM {layout}") == [(1,)]


def said(data: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["organisations", "--data", str(data), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_compares_the_demonstration_pct_and_changes_nothing(small_pct: Path) -> None:
    def kept() -> list[tuple[object, ...]]:
        with Warehouse.open(small_pct, doing="the test") as warehouse:
            return warehouse.rows(
                "SELECT practice_code, now_code, consortium_code FROM practices_now ORDER BY 1"
            )

    before = kept()
    assert len(before) == 3
    usual = pipeline.organisations(small_pct)
    assert usual["day"] == "2019-03-31"
    early = json.loads(said(small_pct, "--day", "2016-05-01", "--json"))
    assert early["is_equal"]
    assert early["totals"] == usual["totals"]
    in_second = [
        {
            g["financial_year"]: g["n_practices"]
            for g in told["groups"]
            if g["consortium_code"] == "C02"
        }
        for told in (early, usual)
    ]
    # X80001 is in C02 until 30 September 2017.
    assert in_second[0]["2018/19"] == {"as_was": 0, "as_now": 1}
    assert "2018/19" not in in_second[1]
    assert in_second[1]["2016/17"] == {"as_was": 1, "as_now": 0}
    assert kept() == before
    page = said(small_pct)
    assert "C02 Wexcombe Side Consortium" in page
    assert "no consortium" in page
    assert "equal, and equal to what was priced" in page


def test_the_command_before_anything_is_built_says_what_to_do(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path, doing="the test", create=True) as warehouse:
        intake.prepare(warehouse.con)
    with pytest.raises(StoreError, match="Run 'pbc build' first"):
        pipeline.organisations(tmp_path)
