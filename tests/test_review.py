"""The check finds what was planted, keeps quiet where nothing was, and tells nobody else's."""

import csv
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pytest
from typer.testing import CliRunner

from pbcanalytics import intake, pipeline
from pbcanalytics.cli import app
from pbcanalytics.faces.review import Written
from pbcanalytics.faces.review.exporting import cell
from pbcanalytics.faces.review.questions import questions
from pbcanalytics.intake import Wishes
from pbcanalytics.intake.review import review
from pbcanalytics.intake.review.completeness import judged
from pbcanalytics.intake.review.scope import KINDS
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import SelectionError, StoreError
from pbcanalytics.words.working_days import bank_holidays, days_in, months_between
from tests.browsing import DESK, PHONE, Visit, browser

HEADINGS = (
    "EPIKEY,PSEUDO_HESID,PROCODE3,GPPRAC,PCTCODE,SEX,ADMIDATE,ADMIMETH,CLASSPAT,EPISTART,EPIEND,"
    "EPIORDER,EPISTAT,DISDATE,STARTAGE,SUSHRG,DIAG_01"
)
NHS_NUMBER = "4010232137"
PERSON = "personhash"
EPISODES, OUTPATIENTS, EMERGENCY = KINDS[0], KINDS[1], KINDS[2]


def episode(key: str, day: str, provider: str = "RX1", **changed: str) -> str:
    row = dict(
        zip(
            HEADINGS.split(","),
            f"{key},{PERSON}{key},{provider},X80001,5E1,1,{day},11,1,{day},{day},1,3,{day},50,"
            "HN12F,M161".split(","),
            strict=True,
        )
    )
    return ",".join((row | changed).values())


def month_of_episodes(provider: str, month: dt.date, n: int) -> list[str]:
    day = month.isoformat()
    return [episode(f"{provider}{month:%y%m}{i:03d}", day, provider) for i in range(n)]


def load(
    con: duckdb.DuckDBPyConnection, path: Path, rows: list[str], wishes: Wishes | None = None
) -> intake.Loaded:
    path.write_text("\n".join([HEADINGS, *rows]) + "\n", encoding="utf-8")
    return intake.load_file(con, path, wishes)


def redate(con: duckdb.DuckDBPyConnection, key: str, day: dt.date) -> None:
    """Give an episode days that loading rejects now and earlier versions took."""
    con.execute(
        "UPDATE episodes SET admission_date = $day, episode_start = $day, episode_end = $day, "
        "discharge_date = $day WHERE episode_id = $key",
        {"day": day, "key": key},
    )


def charge(con: duckdb.DuckDBPyConnection, table: str, *rows: str) -> None:
    """Land drawn charges: provider month pod activity pence."""
    for row in rows:
        provider, month, pod, n, pence = row.split()
        columns = {"provider_code": provider, "month": f"{month}-01", "price_pence": pence}
        if table != "invoices":
            columns |= {"pod": pod, "n_activity": n}
        said = {k: None if v == "?" else v for k, v in columns.items()}
        con.execute(
            f"INSERT INTO {table} (load_id, line_number, {', '.join(said)}) "
            f"VALUES (99, 2, {', '.join('?' for _ in said)})",
            list(said.values()),
        )


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    intake.prepare(opened)
    yield opened
    opened.close()


YEAR = list(months_between(dt.date(2018, 1, 1), dt.date(2019, 2, 1)))


def test_a_month_of_which_two_fifths_are_missing_is_marked_and_no_other(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = []
    for month in YEAR:
        usual = days_in(month)[0] * 5
        rows += month_of_episodes("RX1", month, round(usual * (0.6 if month.month == 9 else 1)))
    load(con, tmp_path / "apc.csv", rows)
    found = review(con).completeness
    (marked,) = found.marked
    assert (marked.state, marked.month, marked.provider_code) == ("low", dt.date(2018, 9, 1), "RX1")
    assert marked.expected == days_in(marked.month)[0] * 5
    assert marked.share == pytest.approx(0.6)
    held = [c for c in found.cells if not c.is_last]
    short = marked.expected - marked.n_rows
    assert found.share == pytest.approx(1 - short / sum(c.expected or 0 for c in held))


def test_months_without_a_row_are_marked_between_the_first_and_the_last_of_the_kind(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = []
    for month in YEAR:
        rows += month_of_episodes("RX1", month, 60)
        if month not in (dt.date(2018, 5, 1), *YEAR[-2:]):
            rows += month_of_episodes("RY2", month, 60)
    load(con, tmp_path / "apc.csv", rows)
    marked = [(c.provider_code, c.month, c.state) for c in review(con).completeness.marked]
    months = [dt.date(2018, 5, 1), *YEAR[-2:]]
    assert marked == [("RY2", m, "missing") for m in months]


def test_few_rows_of_a_wild_date_make_no_years_of_missing_months(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [r for m in YEAR for r in month_of_episodes("RX1", m, 60)]
    load(con, tmp_path / "apc.csv", [*rows, episode("wild", "1995-01-01")])
    redate(con, "wild", dt.date(1985, 1, 1))
    found = review(con)
    assert found.completeness.marked == []
    assert [c.state for c in found.completeness.cells if c.month.year == 1985] == ["stray"]
    assert [(d.rule, d.n_rows) for d in found.dates] == [("date_before_1990", 1)]


def test_a_provider_of_the_year_before_that_sent_nothing_since_is_named(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    months = list(months_between(dt.date(2017, 1, 1), dt.date(2018, 12, 1)))
    rows = [r for m in months for r in month_of_episodes("RX1", m, 30)]
    rows += [r for m in months[:10] for r in month_of_episodes("RY2", m, 30)]
    load(con, tmp_path / "apc.csv", rows)
    found = review(con).completeness
    assert [(a.provider_code, a.last_month) for a in found.absent] == [("RY2", months[9])]
    assert found.marked == []


def test_a_month_is_judged_by_six_others_at_least_and_never_by_itself() -> None:
    for n, is_judged in ((6, False), (7, True)):
        sent = {m: 100 * days_in(m)[0] for m in YEAR[:n]}
        sent[YEAR[0]] *= 3
        cells = judged(EPISODES, "RX1", sent, YEAR[0], YEAR[n - 1], YEAR[-1])
        assert {c.expected is not None for c in cells} == {is_judged}
        assert [c.state == "high" for c in cells] == [is_judged] + [False] * (n - 1)


def test_attendances_are_expected_by_the_day_and_stays_by_the_working_day() -> None:
    for kind, i in ((EMERGENCY, 1), (OUTPATIENTS, 0)):
        sent = {m: 10 * days_in(m)[i] for m in YEAR}
        cells = judged(kind, "RX1", sent, YEAR[0], YEAR[-1], YEAR[-1])
        assert [c.share for c in cells] == pytest.approx([1] * len(YEAR))


@pytest.mark.parametrize(("scatter", "share"), [(1, 0.001), (3, 0.01)], ids=["poisson", "thrice"])
def test_chance_alone_marks_few_months(scatter: int, share: float) -> None:
    """Of 20,000 quiet months of providers of every size, few are marked."""
    draw = np.random.default_rng(2006)
    months = list(months_between(dt.date(2016, 4, 1), dt.date(2019, 3, 1)))
    marked = judged_months = 0
    for mean in (0.5, 2, 5, 15, 40, 150, 1000):
        for _ in range(96):
            level = np.array([mean * days_in(m)[0] / 21 for m in months])
            if scatter > 1:
                level = draw.gamma(level / (scatter - 1), scatter - 1)
            sent = {m: int(n) for m, n in zip(months, draw.poisson(level), strict=True) if n}
            cells = judged(EPISODES, "RX1", sent, min(sent), max(sent), max(sent))
            marked += sum(c.is_marked for c in cells)
            judged_months += sum(c.expected is not None for c in cells)
    assert judged_months > 20_000
    assert marked / judged_months < share


def test_the_quiet_demonstration_pct_is_left_quiet(tmp_path: Path) -> None:
    extracts = pipeline.demo(tmp_path, n_practices=3, years=["2018/19"], quiet=True)
    pipeline.load(tmp_path, [extracts])
    with Warehouse.open(tmp_path, doing="the test") as warehouse:
        found = review(warehouse.con)
    cells = found.completeness.cells
    assert len(cells) > 100
    assert len(found.completeness.marked) <= len(cells) * 0.01
    assert found.dates == ()
    assert found.fullness.falls == ()
    assert sum(d.n_surplus for d in found.duplicates if d.name != "same_appointment") == 0


def test_working_days_leave_out_weekends_and_bank_holidays() -> None:
    assert dt.date(2018, 3, 30) in bank_holidays(2018)
    assert bank_holidays(2016) >= {dt.date(2016, 12, 26), dt.date(2016, 12, 27)}
    # 21 weekdays less Christmas and Boxing Day; 21 less two May holidays; Easter 2018.
    found = [days_in(dt.date(2018, m, 1))[0] for m in (12, 5, 4)]
    assert found == [19, 21, 20]
    # April to March, as trends 1.5 counts them.
    days = [days_in(month)[0] for month in months_between(dt.date(2003, 4, 1), dt.date(2010, 3, 1))]
    years = [sum(days[12 * n : 12 * n + 12]) for n in range(7)]
    assert years == [254, 251, 255, 252, 251, 255, 253]
    assert days[48:60] == [19, 21, 21, 22, 22, 20, 23, 22, 19, 22, 21, 19]


def test_one_stay_under_two_keys_is_found_and_two_episodes_of_a_stay_are_not(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    same = {"PSEUDO_HESID": "pat"}
    rows = [
        episode("1", "2018-05-01", **same),
        episode("2", "2018-05-01", **same),
        episode("3", "2018-05-01", EPIORDER="2", **same),
        episode("4", "2018-05-01", provider="RY2", **same),
        episode("5", "2018-05-01", SUSHRG="AA22C", **same),
    ]
    load(con, tmp_path / "apc.csv", rows)
    found = review(con)
    (one,) = found.duplicates
    assert (one.name, one.n_sets, one.n_surplus, one.first_keys) == (
        *("same_episode", 1, 1),
        ("1 = 2",),
    )
    listed = [(row[3], row[5]) for row in found.listings["duplicates"].rows()]
    assert listed == [("1", 2), ("2", 3)]


def test_attendances_of_one_moment_are_found_and_missed_appointments_are_not(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute(
        "INSERT INTO outpatients BY NAME SELECT 1 AS load_id, i AS line_number, 'k' || i AS "
        "attendance_id, 'p' AS person_id, 'RX1' AS provider_code, '100' AS specialty_code, "
        "DATE '2018-05-01' AS appointment_date, [5, 6, 3][i] AS attended FROM range(1, 4) t(i)"
    )
    con.execute(
        "INSERT INTO emergency_attendances BY NAME SELECT 1 AS load_id, i AS line_number, "
        "'a' || i AS attendance_id, 'p' AS person_id, 'RX1' AS provider_code, "
        "DATE '2018-05-01' AS arrival_date, ['0900', '0900', '2100', NULL, NULL][i] AS "
        "arrival_time FROM range(1, 6) t(i)"
    )
    found = {d.name: (d.n_sets, d.n_surplus, d.first_keys) for d in review(con).duplicates}
    assert found == {
        "same_appointment": (1, 1, ("k1 = k2",)),
        "same_arrival": (1, 1, ("a1 = a2",)),
    }


def test_dates_that_cannot_be_are_found_with_their_keys(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [
        episode("sound", "2018-05-01"),
        episode("back", "2018-05-04", DISDATE="2018-05-01", EPIEND="2018-05-04"),
        episode("ends", "2018-05-04", EPIEND="2018-05-03", DISDATE="2018-05-09"),
        episode("early", "2018-05-04", EPISTART="2018-05-01"),
        episode("late", "2018-05-04", EPIEND="2018-05-20", DISDATE="2018-05-10"),
        episode("future", "2018-05-04"),
        episode("old", "2018-05-04"),
        episode("young", "2018-05-04", PSEUDO_HESID="twin", STARTAGE="30"),
        episode("aged", "2018-06-04", PSEUDO_HESID="twin", STARTAGE="45"),
        episode("ten", "2008-06-04", PSEUDO_HESID="other", STARTAGE="10"),
        episode("twenty", "2018-06-05", PSEUDO_HESID="other", STARTAGE="20"),
    ]
    load(con, tmp_path / "apc.csv", rows)
    redate(con, "future", dt.date(2090, 5, 4))
    redate(con, "old", dt.date(1985, 5, 4))
    found = review(con)
    keys = {d.rule: d.first_keys for d in found.dates}
    assert keys == {
        "discharge_before_admission": ("back",),
        "episode_end_before_start": ("ends",),
        "episode_before_admission": ("early",),
        "episode_after_discharge": ("late",),
        "date_after_load": ("future",),
        "date_before_1990": ("old",),
        "ages_disagree": ("young", "aged"),
    }
    assert len(list(found.listings["dates"].rows())) == sum(d.n_rows for d in found.dates)


def test_months_of_contracts_that_cannot_be_are_found(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("INSERT INTO loads SELECT 99, 'x.csv', '', '', '', '', '', '', 1, 1, 0, now()")
    charge(con, "contract_lines", "RX1 2018-06 EL 1 1", "RX1 0018-06 EL 1 1")
    charge(con, "contract_totals", "RX1 2018-06 EL 1 1", "RX1 1985-06 EL 1 1")
    charge(con, "invoices", "RX1 2018-06 - - 1", "RX1 4325-02 - - 1")
    assert {(d.rule, d.kind, d.n_rows) for d in review(con).dates} == {
        ("date_before_1990", "Contract lines", 1),
        ("date_before_1990", "Contract totals", 1),
        ("date_after_load", "Invoices", 1),
    }


def test_contract_lines_alike_in_every_column_are_found(con: duckdb.DuckDBPyConnection) -> None:
    """Lines 2 and 3 are alike; each of the others differs in one column, or names nobody."""
    lines = [
        *(("p", "EL", "HN12F", 100), ("p", "EL", "HN12F", 100), ("p", "EL", None, 100)),
        *(("p", "EL", "HN12F", 101), ("q", "EL", "HN12F", 100), ("p", "DC", "HN12F", 100)),
        *((None, "EL", "HN12F", 100), (None, "EL", "HN12F", 100)),
    ]
    con.executemany(
        "INSERT INTO contract_lines (load_id, line_number, provider_code, month, person_id, "
        "contract_pod, hrg, price_pence) VALUES (1, ?, 'RX1', '2018-06-01', ?, ?, ?, ?)",
        [(i, *line) for i, line in enumerate(lines, start=2)],
    )
    (one,) = review(con).duplicates
    assert (one.name, one.n_rows, one.n_sets, one.n_surplus) == ("same_contract_line", 8, 1, 1)
    assert one.first_keys == ("line 2 = line 3",)


def asked_of_totals(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [q.text for q in questions(review(con)) if q.section == "totals"]


def test_months_of_which_only_lines_or_only_totals_are_held_are_asked_about(
    con: duckdb.DuckDBPyConnection,
) -> None:
    charge(con, "contract_lines", "RX1 2018-06 EL 1 5", "RX1 2018-07 EL 1 5", "RX1 2018-09 EL 1 ?")
    assert asked_of_totals(con) == []
    charge(con, "contract_totals", "RX1 2018-06 EL 1 5", "RX1 2018-08 EL 1 5")
    assert asked_of_totals(con) == [
        "RX1, July 2018: patient-level lines are held and no aggregate monitoring (ACM). Is the "
        "other still to come?",
        "RX1, August 2018: aggregate monitoring (ACM) is held and no patient-level lines. Is the "
        "other still to come?",
        "RX1, September 2018: patient-level lines are held and no aggregate monitoring (ACM). Is "
        "the other still to come?",
    ]


def test_codes_of_one_provider_in_several_spellings_are_asked_about(
    con: duckdb.DuckDBPyConnection,
) -> None:
    charge(
        con, "contract_lines", "RX1 2018-06 EL 1 5", "RY2 2018-06 EL 1 5", "RX1ABC 2018-06 EL 1 5"
    )
    assert asked_of_totals(con) == []
    charge(con, "invoices", "rx1 2018-06 - - 5", "RX100 2018-06 - - 5")
    (asked,) = asked_of_totals(con)
    assert asked.startswith("The provider codes RX1, RX100 and rx1 stand beside each other")


def test_lines_totals_and_invoices_are_compared_to_the_penny(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """June: 3 × £1,000.33 + 2 × £120.50 = £3,241.99; ACM and invoices say £3,242.00."""
    charge(con, "contract_lines", *(["RX1 2018-06 EL 1 100033"] * 3))
    charge(con, "contract_lines", *(["RX1 2018-06 OPFA 1 12050"] * 2), "RX1 2018-06 OPFA 0 ?")
    charge(con, "contract_totals", "RX1 2018-06 EL 3 300100", "RX1 2018-06 OPFA 2 24100")
    charge(con, "invoices", "RX1 2018-06 - - 300000", "RX1 2018-06 - - 24200")
    charge(con, "contract_lines", "RX1 2018-07 EL 1 100033")
    charge(con, "contract_totals", "RX1 2018-08 EL 2 50", "RY2 2018-08 EL 1 70")
    charge(con, "invoices", "RX1 2018-08 - - 50")
    found = review(con).totals
    june, july, august, other = found.months
    assert (june.lines_pence, june.totals_pence, june.invoices_pence) == (324199, 324200, 324200)
    assert (june.lines_less_totals_pence, june.totals_less_invoices_pence) == (-1, 0)
    assert (june.agrees, june.n_unpriced) == (False, 1)
    assert (july.totals_pence, july.lines_less_totals_pence, july.agrees) == (None, None, None)
    assert (august.lines_pence, august.agrees) == (None, True)
    assert (other.provider_code, other.agrees) == ("RY2", None)
    (pod,) = found.pods
    assert (pod.pod, pod.n_lines, pod.n_totals, pod.less_pence) == ("EL", 3, 3, -1)


def test_rows_added_to_a_closed_month_are_told_in_rows_and_pounds(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("INSERT INTO loads SELECT 7, 'plcm.csv', '', '', '', '', '', '', 1, 1, 0, now()")
    con.execute(
        "INSERT INTO submissions VALUES "
        "(7, 'contract_lines', 'RX1', '2018-06-01', 'replaced', 'freeze', TRUE, 100, 114, 14, 0, "
        "0, 10000000, 12130000), "
        "(7, 'contract_lines', 'RX1', '2018-07-01', 'new', '', FALSE, 0, 9, 9, 0, 0, NULL, 5)"
    )
    con.execute(
        "INSERT INTO spell_changes VALUES "
        "('1', 'RX1', '2018-05-01', 'NEL', 'added', TRUE, 99, 1), "
        "('2', 'RX1', '2018-06-01', 'NEL', 'added', TRUE, 10, 2000000), "
        "('2', 'RX1', '2018-06-01', 'DC', 'added', TRUE, 4, 130000), "
        "('2', 'RY2', '2018-06-01', 'DC', 'gone', FALSE, 1, -500)"
    )
    found = review(con).changes
    (resent,) = found.resent
    assert (resent.n_added, resent.was_frozen, resent.pence_now) == (14, True, 12130000)
    assert [(c.provider_code, c.n_spells, c.pence) for c in found.spells] == [
        ("RX1", 14, 2130000),
        ("RY2", 1, -500),
    ]


def test_a_column_that_is_no_longer_filled_is_noticed_and_a_thin_one_is_not(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = []
    for i, month in enumerate(YEAR):
        for j, row in enumerate(month_of_episodes("RX1", month, 40)):
            is_empty = i == 9 and j % 4
            rows.append(row.replace("HN12F", "") if is_empty else row)
    rows += [
        r.replace("M161", "M161" if j % 12 == 0 else "")
        for m in YEAR
        for j, r in enumerate(month_of_episodes("RY2", m, 30))
    ]
    load(con, tmp_path / "apc.csv", rows)
    found = review(con).fullness
    (fall,) = found.falls
    assert (fall.column_name, fall.month, fall.n_rows, fall.n_filled) == ("hrg", YEAR[9], 40, 10)
    assert fall.share_before == 1.0
    hrg = next(c for c in found.columns if c.column_name == "hrg")
    assert (hrg.n_rows, hrg.n_filled) == (len(rows), len(rows) - 30)


def test_every_row_is_accounted_for_when_files_come_again(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    june = month_of_episodes("RX1", dt.date(2018, 6, 1), 40)
    load(con, tmp_path / "june.csv", [*june, episode("bad", "someday")])
    load(con, tmp_path / "again.csv", [*june[:30], episode("late", "2018-06-04")])
    first, second = review(con).arrivals.loads
    assert (first.rows_read, first.accepted, first.rejected) == (41, 40, 1)
    assert (first.held, first.superseded) == (0, 40)
    assert (second.rows_read, second.held) == (31, 31)
    assert first.is_accounted_for and second.is_accounted_for
    con.execute("DELETE FROM episodes WHERE episode_id = 'late'")
    assert not review(con).arrivals.loads[1].is_accounted_for


def test_a_database_with_nothing_in_it_and_one_of_an_older_version_are_reviewed(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("ALTER TABLE grouped_spells DROP COLUMN los_days; DROP TABLE spell_changes")
    intake.prepare(con)
    found = review(con)
    assert (found.arrivals.loads, found.completeness.share, found.data_to) == ((), None, None)
    assert all(list(one.rows()) == [] for one in found.listings.values())


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ('"=1', "'\"=1"),
        ("RX1", "RX1"),
        (-5, "-5"),
        (True, "yes"),
        (None, ""),
    ],
)
def test_no_text_of_a_file_runs_as_a_formula(value: object, written: str) -> None:
    assert cell(value) == written


class World(NamedTuple):
    """Two suppliers' files, and the check of all, of one supplier and of one provider."""

    data: Path
    every: Written
    supplier: Written
    provider: Written


OTHERS = re.compile(r"RY2|southern|Southern|SOUTHERN|71\.77|Y2HRG|717,?177")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    data = tmp_path_factory.mktemp("world")
    with Warehouse.open(data, doing="the test", create=True) as warehouse:
        con = warehouse.con
        intake.prepare(con)
        northern = Wishes(supplier="Northern", submission="freeze")
        rows = []
        for month in YEAR:
            n = 0 if month.month == 11 else days_in(month)[0] * (2 if month.month == 9 else 4)
            rows += month_of_episodes("RX1", month, n)
        rows += [
            episode("bad1", "=cmd|' /C calc'!A0"),
            episode("bad2", f"NHS {NHS_NUMBER} {NHS_NUMBER}"),
            episode("bad3", "401 023 2137"),
            episode("bad4", "<script>alert(1)</script>"),
            episode("twice", "2018-07-01", PSEUDO_HESID=f"{PERSON}RX11807000"),
            episode("back", "2018-07-09", DISDATE="2018-07-01", EPIEND="2018-07-09"),
            episode("code", "2018-07-09", SEX="=7"),
            episode("code2", "2018-07-09", SEX=NHS_NUMBER),
            episode("code3", "2018-07-09", SEX="<b>7"),
        ]
        load(con, data / "northern.csv", rows, northern)
        june = month_of_episodes("RX1", dt.date(2018, 6, 1), days_in(dt.date(2018, 6, 1))[0] * 4)
        late = [episode(f"late{i}", "2018-06-20") for i in range(14)]
        load(con, data / "northern-june.csv", [*june, *late], northern)
        rows = [r for m in YEAR for r in month_of_episodes("RY2", m, 50)]
        rows = [r.replace("HN12F", "Y2HRG") for r in rows]
        bad = episode("southernbad", "southerndate", "RY2")
        load(con, data / "southern.csv", [*rows, bad], Wishes(supplier="Southern"))
        both = [episode("x", "2018-06-11"), episode("y", "2018-06-11", "RY2")]
        load(con, data / "both.csv", [*both, episode("z", "southerndate", "RY2")])
        charge(con, "contract_lines", *(["RX1 2018-06 EL 1 100033"] * 3), "RY2 2018-06 EL 1 7177")
        charge(con, "contract_totals", "RX1 2018-06 EL 3 300100", "RX1 2018-07 EL 3 300100")
        charge(con, "invoices", "RX1 2018-06 - - 300100", "RY2 2018-06 - - 7177")
        con.execute(
            "INSERT INTO spell_changes VALUES ('2', 'RX1', '2018-06-01', 'NEL', 'added', "
            "TRUE, 14, 2130000), ('2', 'RY2', '2018-06-01', 'DC', 'gone', FALSE, 1, 7177)"
        )
        con.execute(
            "INSERT INTO providers (provider_code, provider_name) VALUES "
            "('RX1', 'Marl District'), ('RY2', 'Southern Vale')"
        )
    return World(
        data,
        pipeline.check(data),
        pipeline.check(data, supplier="northern", out=data / "to northern"),
        pipeline.check(data, provider="rx1", out=data / "to rx1"),
    )


NAMES = (
    *("arrived", "changes", "check", "completeness"),
    *("dates", "duplicates", "findings", "fullness", "rejects", "totals", "unknown_codes"),
)


def texts(written: Written) -> dict[str, str]:
    return {p.name: p.read_text(encoding="utf-8-sig") for p in written.folder.iterdir()}


def test_the_files_have_their_names_and_nothing_half_written_is_left(world: World) -> None:
    assert world.every.folder == world.data / "check"
    names = {f"{n}.csv" for n in NAMES if n not in ("arrived", "check")} | {"check.html"}
    for written in world[1:]:
        assert set(texts(written)) == names


def test_no_patient_is_named_in_any_file(world: World) -> None:
    for written in world[1:]:
        for name, text in texts(written).items():
            assert PERSON not in text, name
            assert NHS_NUMBER not in text.replace(" ", "").replace("-", ""), name
    rejected = texts(world.every)["rejects.csv"]
    assert rejected.count("ten figures withheld") == 3
    assert "ten figures withheld" in texts(world.every)["unknown_codes.csv"]


def test_a_page_for_one_tells_nothing_of_the_others(world: World) -> None:
    assert OTHERS.search(texts(world.every)["check.html"])
    for written in (world.supplier, world.provider):
        for name, text in texts(written).items():
            assert not OTHERS.search(text), f"{written.folder.name}/{name}"
        assert not OTHERS.search("\n".join(written.summary))
    assert "northern.csv" in texts(world.provider)["check.html"]
    assert "3,000.99" in texts(world.provider)["check.html"]


def test_formulas_from_files_are_told_as_text(world: World) -> None:
    for name in ("rejects.csv", "unknown_codes.csv"):
        with (world.every.folder / name).open(encoding="utf-8-sig", newline="") as file:
            cells = [c for row in csv.reader(file) for c in row]
        assert not [c for c in cells if c[:1] in ("=", "+", "-", "@", "\t", "\r")]
        assert [c for c in cells if c.startswith("'=")]


def test_the_page_says_what_was_planted(world: World) -> None:
    page = re.sub(r"<[^>]+>", " ", texts(world.every)["check.html"])
    for said in (
        "Hospital episodes of RX1 for November 2018: nothing has arrived",
        "Hospital episodes of RX1 for September 2018: 40 rows arrived where about 80",
        "14 rows added to frozen June 2018 at RX1",
        "14 spells added to frozen June 2018 at RX1, £21,300.00",
        "patient-level lines come to £3,000.99, aggregate monitoring says £3,001.00",
        "no ACM held",
        "The discharge comes before the admission.",
        "3 codes in SEX are on none of our lists",
        "RX11807000 = twice",
    ):
        assert said in page, said
    totals = texts(world.every)["totals.csv"]
    assert "month,RX1,2018-06-01,,3,3,3000.99,3001.00,3001.00,-0.01,0.00" in totals
    for tag in ("<script", "<b>"):
        assert tag not in texts(world.every)["check.html"]


def test_every_rejected_line_is_in_the_list_with_what_stood_there(world: World) -> None:
    with (world.every.folder / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with Warehouse.open(world.data, doing="the test") as warehouse:
        n = warehouse.rows("SELECT count(*) FROM rejects")[0][0]
    assert len(rows) == n == 6
    assert {r["value"] for r in rows} >= {"'=cmd|' /C calc'!A0", "southerndate"}


def test_a_list_is_replaced_whole_or_not_at_all(world: World, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        pipeline.check(world.data, out=blocked)
    again = pipeline.check(world.data, out=tmp_path / "again")
    assert texts(again)["rejects.csv"] == texts(world.every)["rejects.csv"]


@pytest.mark.parametrize("choice", [{"provider": "RZ9"}, {"supplier": "Eastern"}])
def test_nothing_known_of_a_name_ends_in_a_sentence(world: World, choice: dict[str, str]) -> None:
    with pytest.raises(SelectionError, match=r"Choose one of: .*(RX1|Northern)"):
        pipeline.check(world.data, **choice)


def test_the_command_ends_with_where_the_page_is(world: World, tmp_path: Path) -> None:
    words = ["check", "--data", str(world.data), "--provider", "RX1", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert lines[0].startswith("Check of the extracts of RX1 Marl District")
    assert str(tmp_path / "check.html") in lines[-1]
    assert len(lines) <= 26
    assert not OTHERS.search(done.stdout)


@pytest.mark.browser
def test_the_page_is_accessible_and_asks_nothing_from_outside(world: World) -> None:
    with browser() as chromium:
        tab = chromium.new_page()
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        visit = Visit(tab, (world.every.folder / "check.html").as_uri())
        visit.open("")
        tab.wait_for_load_state()
        assert asked == [visit.url]
        for size in (DESK, PHONE):
            tab.set_viewport_size(size)  # type: ignore[arg-type]
            visit.picture(f"check-{size['width']}")
            assert not visit.scrolls_sideways()
            assert visit.inaccessible() == []
