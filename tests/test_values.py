"""What a text of a file says: short years, months, money, errors, names in wrong places."""

import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pytest

from pbcanalytics import intake
from pbcanalytics.intake import pseudonyms, typing_values
from tests.test_dirty_files import workbook
from tests.test_identifiers import check_digit
from tests.test_intake import HEADINGS, episode
from tests.test_layouts import (
    CONTRACT_LINE,
    OTHER_VALID,
    SUS_SPELL,
    VALID,
    findings,
    in_order,
    load,
    one,
    several,
)

START, END = "Start Date (Hospital Provider Spell)", "End Date (Hospital Provider Spell)"
TODAY = dt.date.today()


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    intake.prepare(opened)
    return opened


def read(kind: str, *texts: str) -> list[object]:
    """Read texts in one go, as a column of a file is read."""
    rows = ", ".join(f"({i}, '{text}')" for i, text in enumerate(texts))
    return [
        found
        for (found,) in duckdb.sql(
            f"SELECT {typing_values.value('t', kind, {})} FROM (VALUES {rows}) v(i, t) ORDER BY i"
        ).fetchall()
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("05/06/18", "5/6/18", "05-Jun-18", "5-JUN-18", "05Jun18", "05 Jun 18", "05/06/18 09:35"),
        *("2018-06-05", "2018/06/05", "20180605", "05/06/2018", "05Jun2018", "05-06-2018"),
        *("2018-06-05 00:00:00", "05/06/2018 09:35", "05/06/2018 09:35:01"),
    ],
)
def test_the_fifth_of_june_is_read_however_it_is_written(text: str) -> None:
    assert read("date", text, "2018-06-05") == [dt.date(2018, 6, 5)] * 2


def test_a_year_of_two_figures_is_not_later_than_next_year() -> None:
    for years, century in ((1, 0), (2, -100)):
        year = TODAY.year + years
        assert (
            read("date", f"05/06/{year % 100:02d}", f"05-Jun-{year % 100:02d}")
            == [dt.date(year + century, 6, 5)] * 2
        )


NO_DAYS = (
    *("18-06-05", "0018-06-05", "05/06/0018", "1899-12-31", "2099-01-01", "31/02/18", "05/13/18"),
)


def test_what_is_no_day_of_a_file_is_unreadable_and_not_another_day(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [episode(str(i), DISDATE=text) for i, text in enumerate((*NO_DAYS, "05/06/18"))]
    path = tmp_path / "apc.csv"
    path.write_text("\n".join([HEADINGS, *rows]) + "\n")
    assert intake.load_file(con, path).reasons == {"unreadable_date": len(NO_DAYS)}
    told = con.execute("SELECT column_name, value FROM rejects ORDER BY line_number").fetchall()
    assert told == [("DISDATE", text) for text in NO_DAYS]


def test_days_that_hes_writes_for_nothing_are_nothing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    nulls = ("1582-10-15", "1600-01-01", "01/01/1800", "01Jan1801", "99991231")
    rows = [episode(str(i), DISDATE=text) for i, text in enumerate(nulls)]
    path = tmp_path / "apc.csv"
    path.write_text("\n".join([HEADINGS, *rows]) + "\n")
    assert intake.load_file(con, path).rejected == 0
    assert one(con, "SELECT count(*), count(discharge_date) FROM episodes") == (5, 0)


def test_activity_of_a_month_that_cannot_be_is_rejected(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    late = TODAY + dt.timedelta(days=500)
    days = ["1989-12-31", "1990-01-01", late.isoformat(), TODAY.isoformat()]
    rows = [episode(str(i), ADMIDATE=day) for i, day in enumerate(days)]
    path = tmp_path / "apc.csv"
    path.write_text("\n".join([HEADINGS, *rows]) + "\n")
    assert intake.load_file(con, path).reasons == {"date_out_of_range": 2}
    told = "SELECT line_number, column_name, value FROM rejects ORDER BY 1"
    assert con.execute(told).fetchall() == [(2, "ADMIDATE", days[0]), (4, "ADMIDATE", days[2])]


def test_a_day_beside_the_month_of_a_row_is_remarked_on_and_the_row_is_kept(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load(con, tmp_path, CONTRACT_LINE | {"Activity Date": "1985-06-05"}, CONTRACT_LINE)
    assert one(con, "SELECT count(*) FROM contract_lines") == (2,)
    assert findings(con)["date_out_of_range"] == 1


def test_a_birth_in_a_year_of_two_figures_gives_the_right_age(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """At admission on 1 May 2018; births of 1920 and 1919 would else be after it."""
    told = [
        ("05-Jun-48", 69),
        ("05/06/48", 69),
        ("30/04/18", 0),
        ("05Jun20", 97),
        ("01-May-19", 99),
    ]
    blank = {"Age At Start Of Spell": ""}
    load(con, tmp_path, *several("supplied_spells", [blank | {"Birth Date": b} for b, _ in told]))
    assert in_order(con, "age_years", "supplied_spells") == [(age,) for _, age in told]


def test_months_of_contracts_are_read_in_words_and_wild_ones_are_rejected(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    june = ["Jun 18", "June 18", "Jun-18", "JUN18", "June 2018", "06/2018", "201806", "05/06/18"]
    wild = ["43252", "0018-06", "1989-12", f"{TODAY.year + 2}-01", "Jun 49", "06/18"]
    done = load(con, tmp_path, *(CONTRACT_LINE | {"FINANCIAL MONTH": m} for m in (*june, *wild)))
    months = in_order(con, "month", "contract_lines")
    assert months == [(dt.date(2018, 6, 1),)] * len(june)
    assert done.reasons == {"unknown_month": len(wild)}


@pytest.mark.parametrize(
    ("text", "pence"),
    [
        *(("1,250", 125000), ("£1,250.5", 125050), ("(1,234,567.89)", -123456789)),
        *(("12.50", 1250), ("1,200.20-", -120020), ("-1,250", -125000)),
        *(("12,50", None), ("12,5", None), ("1,25,000", None), ("1250,00", None), ("1,2500", None)),
    ],
)
def test_a_comma_stands_before_three_figures_or_the_sum_is_unreadable(
    text: str, pence: int | None
) -> None:
    assert read("pence", text, "1") == [pence, 100]


def test_activity_with_a_comma_for_a_point_is_not_tenfold() -> None:
    assert read("ratio", "12,5", "1,250", "12.5") == [None, 1250.0, 12.5]


NOT_NUMBERS = ("Unknown", "N/A", "Not stated", "Not known", "9.43477E+09", "UNKNOWN-1",
               "000000000000", "12345678901")  # fmt: skip


def test_words_in_place_of_an_nhs_number_are_no_patient(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [
        {
            "NHS Number": n,
            "Local Patient Identifier": f"LOC{i}",
            "Hospital Provider Spell No": f"S{i}",
        }
        for n in NOT_NUMBERS
        for i in (1, 2)
    ]
    load(con, tmp_path, *several("supplied_spells", rows))
    assert findings(con)["invalid_nhs_number"] == len(rows)
    assert one(con, "SELECT count(DISTINCT person_id) FROM supplied_spells") == (2,)


def test_words_in_place_of_a_hospital_number_are_no_patient_either(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [
        {
            "NHS Number": "N/A",
            "Local Patient Identifier": local,
            "Hospital Provider Spell No": f"S{i}",
        }
        for i, local in enumerate(("Unknown", "Unknown", "0000", "0000"))
    ]
    load(con, tmp_path, *several("supplied_spells", rows))
    assert one(con, "SELECT count(DISTINCT person_id) FROM supplied_spells") == (4,)


def test_a_number_that_a_spreadsheet_gave_a_point_is_the_same_patient(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    numbers = [VALID, f"{VALID}.0", f"{VALID}.00", "943 476 5919"]
    load(con, tmp_path, *several("supplied_spells", [{"NHS Number": n} for n in numbers]))
    (person,) = one(con, "SELECT DISTINCT person_id FROM supplied_spells")
    assert person == pseudonyms.pseudonym(pseudonyms.key(), VALID)


NUMBERS = tuple(
    number
    for i in range(4_010_232_000, 4_010_232_200)
    if (number := str(i)) and check_digit(number[:9]) == i % 10
)


def everything(con: duckdb.DuckDBPyConnection) -> str:
    names = [n for (n,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
    return "\n".join(str(con.execute(f"FROM {name}").fetchall()) for name in names)


WRONG_PLACES = {
    "supplied_spells": (
        *("GP Practice Code (Derived)", "Gender Code", "Spell Core HRG", "Spell Identifier"),
        *("Organisation Code (Code Of Commissioner)", "Treatment Function Code"),
        "Hospital Provider Spell No",
    ),
    "episodes": ("Primary Diagnosis Code", "Spell Identifier"),
    "outpatients": ("Attendance Identifier",),
    "contract_lines": ("Practice_Code", "Spell Number"),
}


@pytest.mark.parametrize("table", WRONG_PLACES)
def test_an_nhs_number_in_a_wrong_column_is_not_stored(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, table: str
) -> None:
    """Each heading with a number of its own, plain and with blanks; other patients in the rows."""
    places = [
        {heading: number}
        for i, heading in enumerate(WRONG_PLACES[table])
        for number in (NUMBERS[i], f"{NUMBERS[i][:3]} {NUMBERS[i][3:6]} {NUMBERS[i][6:]}")
    ]
    done = load(con, tmp_path, *several(table, places))
    # A key that is the same number twice is one key.
    assert done.reasons in ({}, {"duplicate_key": 1})
    assert findings(con)["looks_like_nhs_number"] == done.accepted
    stored = everything(con)
    assert [n for place in places for n in place.values() if n in stored] == []


@pytest.mark.parametrize("heading", ["National_POD_Code", "Provider_Code"])
def test_an_nhs_number_where_a_row_must_have_a_code_is_not_told_in_its_rejection(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, heading: str
) -> None:
    done = load(con, tmp_path, CONTRACT_LINE | {heading: OTHER_VALID})
    assert done.rejected == 1
    assert OTHER_VALID not in everything(con)


def test_a_record_known_by_an_nhs_number_keeps_a_key_of_its_own(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [SUS_SPELL | {"Spell Identifier": n} for n in (VALID, OTHER_VALID, "4010232138", "101")]
    load(con, tmp_path, *rows)
    keys = {k for (k,) in con.execute("SELECT spell_key FROM supplied_spells").fetchall()}
    assert len(keys) == 4
    # Ten figures that are no NHS number are a spell's own.
    assert keys >= {"101", "4010232138"}
    assert findings(con)["looks_like_nhs_number"] == 2


NAMED = {
    "supplied_spells": {
        "GP Practice Code (Derived)": "practice_code",
        "Gender Code": "sex",
        "Spell Core HRG": "hrg",
    },
    "contract_lines": {"Commissioner": "commissioner_code"},
}


@pytest.mark.parametrize("table", NAMED)
def test_a_name_in_a_column_of_codes_is_not_stored(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, table: str
) -> None:
    names = ("Zebedee Quux", "Q" * 21)
    original = {"GP Practice Code (Original Data)": ""} if table == "supplied_spells" else {}
    rows = [original | {heading: name} for heading in NAMED[table] for name in names]
    load(con, tmp_path, *several(table, rows))
    for i, column in enumerate(NAMED[table].values()):
        told = in_order(con, column, table)
        assert [x for (x,) in told].count(None) == 2
        assert told[2 * i] == told[2 * i + 1] == (None,)
    assert findings(con)["no_code"] == len(rows)
    assert not [name for name in names if name in everything(con)]


def test_sound_codes_are_stored_as_they_are(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    load(con, tmp_path, CONTRACT_LINE | {"National_POD_Code": "ACCIDENT AND EMERGENCY"})
    assert one(con, "SELECT contract_pod FROM contract_lines") == ("ACCIDENT AND EMERGENCY",)
    load(con, tmp_path, SUS_SPELL)
    assert {"no_code", "looks_like_nhs_number"}.isdisjoint(findings(con))


WITHHELD = ("Zebedee Quux", "943 476 5870", OTHER_VALID, "on 9434765870", "x" * 21)


def test_lists_of_what_is_wrong_hold_no_names_and_no_numbers(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [{START: text} for text in (*WITHHELD, "someday")]
    rows += [{"Source Of Admission (Hospital Provider Spell)": t} for t in (*WITHHELD, "ZEBRA")]
    load(con, tmp_path, *several("supplied_spells", rows))
    told = con.execute("SELECT value, count(*) FROM rejects GROUP BY ALL ORDER BY 1").fetchall()
    assert told == [("someday", 1), ("withheld", len(WITHHELD))]
    listed = con.execute("SELECT code, sum(n_rows) FROM unknown_codes GROUP BY 1 ORDER BY 1")
    assert ("ZEBRA", 1) in (codes := listed.fetchall())
    assert {c for c, _ in codes} == {"ZEBRA", "withheld"}
    assert not [t for t in WITHHELD if f"'{t}'" in str(con.execute("FROM rejects").fetchall())]


def test_files_that_name_nobody_tell_what_stood_there(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "apc.csv"
    path.write_text("\n".join([HEADINGS, episode("1", DISDATE="the fifth of June 2018")]) + "\n")
    intake.load_file(con, path)
    assert one(con, "SELECT value FROM rejects") == ("the fifth of June 2018",)


INVOICE = {
    "Invoice Number": "0042",
    "Provider_Code": "XD1",
    "Commissioner": "9E1",
    "Month": "2018-05",
    "Invoice Amount": "1,200.25",
}
LINES = [INVOICE | {"Invoice Amount": a} for a in ("100", "100", "50.10", "-20")]


def charged(con: duckdb.DuckDBPyConnection) -> tuple:
    return one(con, "SELECT count(*), sum(price_pence)::BIGINT FROM invoices")


def test_every_line_and_credit_of_an_invoice_counts_and_only_once(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert load(con, tmp_path, *LINES, name="a.csv").rejected == 0
    assert charged(con) == (4, 23010)
    again = [*reversed(LINES)]
    assert load(con, tmp_path, *again, name="b.csv").replaced == 4
    assert charged(con) == (4, 23010)


@pytest.mark.parametrize(
    "other",
    [{"Invoice Amount": "-30"}, {"Invoice Number": "0043"}, {"Month": "2018-06"}],
    ids=["credit", "other invoice", "next instalment"],
)
def test_an_invoice_that_comes_later_takes_nothing_away(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, other: dict[str, str]
) -> None:
    load(con, tmp_path, INVOICE, name="a.csv")
    load(con, tmp_path, INVOICE | other, name="b.csv")
    assert charged(con)[0] == 2


def test_an_invoice_without_a_month_says_so(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    assert load(con, tmp_path, INVOICE | {"Month": "soon"}).reasons == {"unknown_month": 1}


def test_a_repeated_key_is_told_in_full(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    row = {"PRACTICE": "X80001", "MONTH": "May-18", "BNF Chapter": "2", "ITEMS": "3", "NIC": "9.99"}
    load(con, tmp_path, row, row)
    assert one(con, "SELECT rule, value FROM rejects") == ("duplicate_key", "X80001 2018-05-01 02")


def with_cells(rows: Sequence[Sequence[object]], cells: Mapping[str, str], first: str) -> bytes:
    """A workbook of which some cells are other XML; all say where they are, from a column on."""
    content = workbook([list(r) for r in rows])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as book, zipfile.ZipFile(out, "w") as changed:
        for name in book.namelist():
            text = book.read(name).decode()
            if name.endswith("sheet1.xml") and "worksheets" in name:
                for mark, xml in cells.items():
                    old = f'<c t="inlineStr"><is><t>{mark}</t></is></c>'
                    assert old in text
                    text = text.replace(old, xml)
                text = _placed(text, first) if first else text
            changed.writestr(name, text)
    return out.getvalue()


def _placed(text: str, first_column: str) -> str:
    head, *rows = text.split("<row>")
    placed = [head]
    for i, row in enumerate(rows, 1):
        first, *cells = row.split("<c")
        placed.append(
            f'<row r="{i}">{first}'
            + "".join(
                f'<c r="{chr(ord(first_column) + j)}{i}"{cell}' for j, cell in enumerate(cells)
            )
        )
    return "".join(placed)


@pytest.mark.parametrize("first", ["", "A", "B"])
@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ('<c t="e"><v>#N/A</v></c>', "#N/A in cell "),
        ('<c t="e"><f>VLOOKUP(1)</f><v>#REF!</v></c>', "#REF! in cell "),
        ("<c><f>A1+1</f></c>", "a formula without a result in cell "),
    ],
    ids=["error", "error of a formula", "not worked out"],
)
def test_an_error_cell_of_a_workbook_is_no_empty_cell(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, cell: str, says: str, first: str
) -> None:
    rows = [
        [*INVOICE, "Note"],
        [*INVOICE.values(), "fine"],
        *[[*(INVOICE | {h: "HERE"}).values(), ""] for h in ("Commissioner", "Invoice Amount")],
        [*INVOICE.values(), "HERE"],
    ]
    path = tmp_path / "invoices.xlsx"
    path.write_bytes(with_cells(rows, {"HERE": cell}, first))
    done = intake.load_file(con, path)
    # The column that nobody reads may hold what it will.
    assert (done.accepted, done.reasons) == (2, {"error_cell": 2})
    told = con.execute("SELECT line_number, value FROM rejects ORDER BY 1").fetchall()
    columns = "DF" if first == "B" else "CE"
    assert told == [(3, f"{says}{columns[0]}3"), (4, f"{says}{columns[1]}4")]


@pytest.mark.parametrize(
    "cell", ["<c><f>1+1</f><v>2</v></c>", '<c t="str"><f>A1</f><v></v></c>', "<c/>"]
)
def test_a_formula_with_its_result_and_an_empty_cell_are_what_they_say(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, cell: str
) -> None:
    rows = [list(INVOICE), [*(INVOICE | {"Commissioner": "HERE"}).values()]]
    path = tmp_path / "invoices.xlsx"
    path.write_bytes(with_cells(rows, {"HERE": cell}, "A"))
    assert intake.load_file(con, path).rejected == 0
    (commissioner,) = one(con, "SELECT commissioner_code FROM invoices")
    assert commissioner == ("2" if "<v>2" in cell else None)
