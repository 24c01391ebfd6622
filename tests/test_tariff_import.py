"""The price importer: official layouts in, our record out, every row, heading and change told."""

import csv
import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from pbcanalytics import cli, pipeline
from pbcanalytics.reference import Shelf, importing
from pbcanalytics.store import Published, Warehouse
from pbcanalytics.words.errors import ExtractError, PbcError, ReferenceGap, SelectionError

SHELF = Shelf.open()
TODAY = dt.date(2019, 4, 1)

HEADINGS_2017_19 = [
    "HRG code",
    "HRG name",
    "Outpatient procedure tariff (£)",
    "Combined day case / ordinary elective spell tariff (£)",
    "Day case spell tariff (£)",
    "Ordinary elective spell tariff (£)",
    "Ordinary elective long stay trim point\n(days)",
    "Non-elective spell tariff (£)",
    "Non-elective long stay trim point\n(days)",
    "Per day long stay payment (for days exceeding trim point) (£)",
    "Reduced short stay emergency tariff _applicable?",
    "% applied in calculation of reduced short stay emergency tariff ",
    "Reduced short stay emergency tariff (£)",
    " BPT applies to HRG or sub-HRG level",
    "Where BPT applies:_NE = Non-elective spell tariff_DC/EL = Day case",
    "BPT Flag",
]

Rows = list[list[Any]]


def workbook(path: Path, **sheets: Rows) -> Path:
    """Write a workbook; "_" in a sheet's name stands for a blank."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def pounds(value: Any, none: Any = "-") -> Any:
    """Write pence as the workbook does."""
    return none if pd.isna(value) else value // 100


def apc(year: str, short_stay: dict[str, Any] | None = None, n: int = 9999) -> Rows:
    """The sheet of admitted care as the workbook of 2017/19 has it, from the shipped record."""
    rows: Rows = [[f"National prices {year}: admitted patient care"], [], HEADINGS_2017_19]
    for r in SHELF.read("tariff", year).head(n).itertuples():
        same = pd.notna(r.day_case_pence) and r.day_case_pence == r.elective_pence
        split = pd.notna(r.day_case_pence) and not same
        flag, share, price = (short_stay or {}).get(r.hrg, ("No", "-", "-"))
        rows.append(
            [
                r.hrg,
                r.name,
                pounds(r.outpatient_procedure_pence),
                pounds(r.day_case_pence) if same else "-",
                f"{pounds(r.day_case_pence):,}" if split else "-",
                pounds(r.elective_pence) if split else 0,
                r.elective_trim_days,
                pounds(r.non_elective_pence, none=None),
                r.non_elective_trim_days,
                pounds(r.long_stay_per_day_pence, none="n/a"),
                flag,
                share,
                price,
                "HRG",
                "NE",
                1,
            ]
        )
    return [*rows, [], ["Notes: BPT = best practice tariff"]]


def opatt(year: str) -> Rows:
    shipped = SHELF.read("outpatient", year)
    return [
        ["Consultant-led outpatient attendances"],
        [
            "Treatment function code",
            "Treatment function description ",
            "WF01B_First Attendance - Single Professional",
            "WF02B_First Attendance - Multi Professional",
            "WF01A_Follow Up Attendance - Single Professional",
            "WF02A_Follow Up Attendance - Multi Professional",
            "WF01C Non face to face follow up",
        ],
        *(
            [
                int(r.specialty_code),
                "label",
                r.first_attendance_pence / 100,
                r.first_attendance_pence / 50,
                r.follow_up_attendance_pence / 100,
                "-",
                23,
            ]
            for r in shipped.itertuples()
        ),
    ]


def a_and_e(year: str) -> Rows:
    shipped = SHELF.read("emergency", year)
    return [
        ["HRG code", "HRG name", "Type 1 and 2 Departments (£)", "Type 3 Departments (£)"],
        *([r.hrg, "label", r.attendance_pence / 100, "-"] for r in shipped.itertuples()),
    ]


def mff(year: str) -> Rows:
    shipped = SHELF.read("mff", min(year, "2018/19"))
    return [
        ["Provider code", "Provider name", "MFF payment index for\n2016/17", f"{year} MFF"],
        *([r.provider_code, r.provider_name, 1.5, r.mff_ratio] for r in shipped.itertuples()),
    ]


def small(**columns: list[Any]) -> Rows:
    """A sheet of two HRGs with the headings of 2017/19, some columns replaced or left out."""
    known: dict[str, list[Any]] = {
        "HRG code": ["AA22C", "NA10Z"],
        "HRG name": ["Stroke", "National"],
        "Combined day case / ordinary elective spell tariff (£)": [100, 200],
        "Non-elective spell tariff (£)": [300, 400],
    }
    by = {"code": 0, "name": 1, "combined": 2, "non_elective": 3}
    for short, values in columns.items():
        known[list(known)[by[short]]] = values
    kept = {h: v for h, v in known.items() if v}
    n = max(map(len, kept.values()))
    return [list(kept), *([v[i] if i < len(v) else None for v in kept.values()] for i in range(n))]


def imported(path: Path, year: str, own: Path, status: str = "official") -> Shelf:
    """Read, draft and write; give the shelf with the new record on top."""
    held = Shelf.open(own)
    made = importing.draft(importing.read(path, year), held, own, status=status, today=TODAY)
    importing.drafted(made)
    importing.write(made, own, {}, own.parent / "changes")
    return Shelf.open(own)


def pbc(*words: object) -> Result:
    return CliRunner().invoke(cli.app, [str(w) for w in words])


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# --- the official layouts ---------------------------------------------------------------------


@pytest.mark.parametrize("year", ["2017/18", "2018/19"])
def test_the_workbook_of_2017_19_gives_the_shipped_record_cell_by_cell(
    tmp_path: Path, year: str
) -> None:
    path = workbook(
        tmp_path / "Annex A.xlsx",
        Contents=[["Annex A: national prices"], ["Contact", "england.pricing"]],
        **{
            "1a_APC_&_OPROC_17.18": apc("2017/18", n=9999 if year == "2017/18" else 9),
            "1b_APC_&_OPROC_18.19": apc("2018/19", n=9999 if year == "2018/19" else 9),
            "2_OPATT": opatt(year),
            "3_A&E": a_and_e(year),
            "7_BPTs": [["HRG code", "Non-elective spell tariff (£)"], ["AA22C", 5]],
            "9_MFF": mff(year),
        },
    )
    shelf = imported(path, year, tmp_path / "reference")
    for subject in ("tariff", "outpatient", "emergency", "mff"):
        ours, shipped = shelf.read(subject, year), SHELF.read(subject, year)
        pd.testing.assert_frame_equal(ours[list(shipped.columns)], shipped)
        assert shelf.record(subject, year).statuses == {"official"}
        assert shelf.record(subject, year).source in shelf.sources()
    multi = shelf.read("outpatient", year)["first_multi_professional_pence"]
    assert multi.tolist() == (2 * SHELF.read("outpatient", year)["first_attendance_pence"]).tolist()
    verdicts = dict(importing.read(path, year).sheets)
    other = "1a APC & OPROC 17.18" if year == "2018/19" else "1b APC & OPROC 18.19"
    assert verdicts[other].startswith("not used: its name says")
    assert verdicts["7 BPTs"] == "not used: best practice tariffs are no part of the record"
    assert verdicts["Contents"] == "not used: no headings of codes and prices"


def test_the_official_prices_give_the_shipped_record(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "tariff-2017-18-2018-19" / "annex_a_apc_2017_19_merged.csv"
    for year, stem in (("2017/18", "2017-18"), ("2018/19", "2018-19")):
        imported(path, year, tmp_path / "reference")
        ours = (tmp_path / "reference" / "tariff" / f"{stem}.csv").read_text(encoding="utf-8")
        shipped = SHELF.folders[0] / "tariff" / f"{stem}.csv"
        assert ours == shipped.read_text(encoding="utf-8")


def test_the_official_market_forces_factors_give_the_shipped_record(
    shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "cost-indices-mff" / "nhse_provider_mff_2627.csv"
    ours = imported(path, "2026/27", tmp_path / "reference").read("mff", "2026/27")
    shipped = SHELF.read("mff", "2026/27")
    key = "provider_code"
    pd.testing.assert_frame_equal(
        ours.sort_values(key, ignore_index=True), shipped.sort_values(key, ignore_index=True)
    )


def test_the_workbook_of_the_payment_scheme_is_read_by_its_two_line_headings(
    tmp_path: Path,
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "1 APC & OPROC"
    for row in (
        ["2025/26 NHS Payment Scheme: prices"],
        ["Prices are before MFF"],
        [],
        [None, "HRG\ncode", "HRG description", "Outpatient", "Elective", None, "Non-elective"],
        [
            *(None, None, None, "Procedure unit price (£)", "Combined day case / elective"),
            *("Trim point (days)", "Guide price (£)", "Trim point (days)", "Per day long stay (£)"),
        ],
        [None, "AA22C", "Stroke", "-", 9647.4, 7, 11113, 11, 280],
        [None, "NA10Z", "National", 99, "-", "-", 12.005, 5, 280],
    ):
        sheet.append(row)
    for merged in ("A1:I1", "B4:B5", "C4:C5", "E4:F4", "G4:H4"):
        sheet.merge_cells(merged)
    uec = book.create_sheet("3 UEC")
    uec.append(["Currency code", "Currency description", "Unit price (£)"])
    uec.append(["VB01Z", "Any investigation", 512])
    other = book.create_sheet("4b Other unit prices")
    for row in (["HRG code", "Combined DC/EL unit price"], ["AA22C", 1]):
        other.append(row)
    book.create_sheet("Old prices").append(["HRG code", "Non-elective"])
    book["Old prices"].sheet_state = "hidden"
    book.save(tmp_path / "25-26NHSPS-prices.xlsx")
    reading = importing.read(tmp_path / "25-26NHSPS-prices.xlsx", "2025/26")
    table = reading.tables["tariff"]
    frame = table.frame.set_index("hrg")
    assert frame.loc["AA22C", "day_case_pence"] == "964740"
    assert frame.loc["AA22C", "elective_pence"] == "964740"
    assert frame.loc["AA22C", ["elective_trim_days", "non_elective_trim_days"]].tolist() == [
        "7",
        "11",
    ]
    assert frame.loc["NA10Z", ["elective_pence", "elective_trim_days"]].tolist() == ["", ""]
    assert frame.loc["NA10Z", "outpatient_procedure_pence"] == "9900"
    assert frame.loc["NA10Z", "non_elective_pence"] == "1201"
    assert frame.loc["NA10Z", "long_stay_per_day_pence"] == "28000"
    assert table.rounded == 1
    assert reading.tables["emergency"].frame.to_numpy().tolist() == [["VB01Z", "51200"]]
    verdicts = dict(reading.sheets)
    assert "'1 APC & OPROC' has more of the columns" in verdicts["4b Other unit prices"]
    assert verdicts["Old prices"].startswith("not used: hidden")


def test_the_year_in_a_heading_over_several_columns_decides(tmp_path: Path) -> None:
    rows: Rows = [
        ["HRG code", "2017/18", None, "2018/19", None],
        [None, "DC/EL price", "NEL price", "DC/EL price", "NEL price"],
        ["AA22C", 1, 2, 3, 4],
    ]
    book = openpyxl.load_workbook(workbook(tmp_path / "a.xlsx", A=rows))
    for merged in ("B1:C1", "D1:E1"):
        book["A"].merge_cells(merged)
    book.save(tmp_path / "a.xlsx")
    for year, prices in (("2017/18", ["100", "200"]), ("2018/19", ["300", "400"])):
        frame = importing.read(tmp_path / "a.xlsx", year).tables["tariff"].frame
        assert frame.loc[0, ["elective_pence", "non_elective_pence"]].tolist() == prices


def test_a_price_of_short_stays_is_no_price_of_all(tmp_path: Path) -> None:
    head = ["HRG code", "Elective tariff", "Short stay elective tariff", "Non-elective tariff"]
    path = workbook(tmp_path / "a.xlsx", A=[[*head, "BPT non-elective"], ["AA22C", 1, 2, 3, 4]])
    table = importing.read(path, "2009/10").tables["tariff"]
    prices = table.frame.loc[0, ["day_case_pence", "elective_pence", "non_elective_pence"]]
    assert prices.tolist() == ["", "100", "300"]
    assert dict(table.match.ignored).keys() == {"Short stay elective tariff", "BPT non-elective"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_text_file_of_any_encoding_and_delimiter_is_read(
    tmp_path: Path, encoding: str, mark: str
) -> None:
    rows = [
        ["Prices"],
        ["HRG code", "HRG name", "Non-elective (£)"],
        ["AA22C", "Stroke, with CC, 14+, or not", "£1,234.50"],
    ]
    with (tmp_path / "a.csv").open("w", encoding=encoding, newline="") as out:
        csv.writer(out, delimiter=mark).writerows(rows)
    frame = importing.read(tmp_path / "a.csv", "2018/19").tables["tariff"].frame
    assert frame.loc[0, ["name", "non_elective_pence"]].tolist() == [rows[2][1], "123450"]


def test_a_year_new_to_the_shelf_gets_rules_that_say_they_are_missing(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", Prices=small())
    shelf = imported(path, "2022/23", tmp_path / "reference")
    rules = SHELF.record("rules", "2018/19").rules
    assert shelf.record("rules", "2022/23").rules.keys() == rules.keys()
    priced = {name for name, rule in rules.items() if rule["kind"] == "price"}
    assert shelf.rules_not_held("2022/23").keys() == priced
    assert all(shelf.rules_not_held("2022/23").values())
    assert shelf.record("rules", "2022/23").source in shelf.sources()


def test_short_stay_prices_are_held_where_the_flag_says_so(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "AA22C": ("Yes", 0.25, 2465),
        "AA22D": ("No", 1, 5683),
        "AA22E": ("Yes", "70%", 900),
    }
    given["AA22F"] = ("Yes", "-", "-")
    path = workbook(tmp_path / "a.xlsx", Prices=apc("2018/19", given, n=9))
    reading = importing.read(path, "2018/19")
    assert reading.tables["tariff"].unstated == 1
    tariff = imported(path, "2018/19", tmp_path / "reference").read("tariff", "2018/19")
    held = tariff.set_index("hrg")[["short_stay_emergency_share", "short_stay_emergency_pence"]]
    assert held.loc["AA22C"].tolist() == [0.25, 246500]
    assert held.loc["AA22E"].tolist() == [0.7, 90000]
    assert held.drop(index=["AA22C", "AA22E"]).isna().all(axis=None)


@pytest.mark.parametrize("value", ["1.2", "-0.1", "half"])
def test_the_shelf_takes_no_share_that_is_none(tmp_path: Path, value: str) -> None:
    (tmp_path / "tariff").mkdir()
    (tmp_path / "tariff" / "2018-19.csv").write_text(
        f"hrg,short_stay_emergency_share\nAA22C,{value}\n"
    )
    with pytest.raises(ReferenceGap, match=f"short_stay_emergency_share '?{value}'? is no"):
        Shelf.open(tmp_path).read("tariff", "2018/19")


# --- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "held"),
    [
        (1234.56, "123456"),
        (0.29, "29"),
        (1.1 + 2.2, "330"),
        ("£1,234", "123400"),
        (" 7 ", "700"),
        ("-", ""),
        ("–", ""),
        ("N/A", ""),
        (0, ""),
        ("0.0", ""),
        (None, ""),
    ],
)
def test_pounds_are_whole_pence_and_none_is_never_zero(
    tmp_path: Path, cell: Any, held: str
) -> None:
    path = workbook(tmp_path / "a.xlsx", Prices=small(non_elective=[cell, 1]))
    table = importing.read(path, "2018/19").tables["tariff"]
    assert table.frame["non_elective_pence"].tolist() == [held, "100"]
    assert table.rounded == 0


def test_codes_stay_text_and_na_is_no_gap(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("HRG code,HRG name,Non-elective\nE10,old,5\nNA10Z,NA,6\naa22c,x,7\n")
    shelf = imported(path, "2005/06", tmp_path / "reference")
    tariff = shelf.read("tariff", "2005/06")
    assert tariff["hrg"].tolist() == ["E10", "NA10Z", "AA22C"]
    assert tariff["name"].tolist() == ["old", "NA", "x"]
    assert tariff["non_elective_pence"].tolist() == [500, 600, 700]


def test_a_label_is_never_run_as_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "mff.csv"
    path.write_text('Provider code,Provider name,MFF\nRAA,"=HYPERLINK(""x"")",1.1\n')
    imported(path, "2018/19", tmp_path / "reference")
    written = (tmp_path / "reference" / "mff" / "2018-19.csv").read_text()
    assert next(csv.DictReader(written.splitlines()))["provider_name"] == '\'=HYPERLINK("x")'


@given(st.lists(st.sampled_from(["AA22C", "AB10Z", "NA10Z", "Notes", "", "12"]), max_size=12))
def test_every_row_is_used_repeated_or_listed(codes: list[str]) -> None:
    lines = ["HRG code,Non-elective spell tariff", "FZ01A,5", *(f"{c},5" for c in codes)]
    path = Path(f"{_scratch()}/rows.csv")
    path.write_text("\n".join(lines))
    table = importing.read(path, "2018/19").tables if _mostly_codes(codes) else {}
    if table:
        tariff = table["tariff"]
        assert tariff.rows == len(codes) + 1
        assert tariff.rows == tariff.used + tariff.repeated + len(tariff.unused)
        wrong = [i for i, c in enumerate(codes, start=3) if c in ("Notes", "", "12")]
        assert [u.line for u in tariff.unused] == wrong


_SCRATCH: list[Path] = []


@pytest.fixture(autouse=True)
def _scratch_folder(tmp_path: Path) -> None:
    _SCRATCH[:] = [tmp_path]


def _scratch() -> Path:
    return _SCRATCH[0]


def _mostly_codes(codes: list[str]) -> bool:
    said = [c for c in codes if c]
    return 2 * (1 + sum(len(c) == 5 and c != "Notes" for c in said)) >= 1 + len(said)


# --- dirty files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheets", "says"),
    [
        ({"A": small(non_elective=["tbc", 1])}, r"line 2, AA22C, Non-elective.*'tbc' is no number"),
        ({"A": small(non_elective=[-5, 1])}, r"'-5' is below zero"),
        ({"A": small(non_elective=["#N/A", 1])}, r"AA22C.*'#N/A' is no number"),
        ({"A": small(non_elective=["=1+1", 1])}, r"'formula without a result' is no number"),
        ({"A": small(non_elective=[dt.date(2019, 1, 2), 1])}, r"'2019-01-02' is no number"),
        (
            {"A": small(code=["AA22C", "AA22C"])},
            r"AA22C stands on lines 2 and 3 with different values",
        ),
        ({"A": small(), "B": small()}, r"the sheets 'A' and 'B' could both hold.*--sheet NAME"),
        ({"A": []}, r"no sheet with prices.*'A': empty"),
        (
            {"A": small(combined=[], non_elective=[])},
            r"The nearest is 'A', line 1, with 'HRG code', 'HRG name', but without.*'Day case",
        ),
        ({"A": [["Month", "Beds"], [1, 2]]}, r"'A': no headings of codes and prices"),
        (
            {"A": small(code=["total", "mean"])},
            r"The nearest is 'A'.*but no HRG code stands below",
        ),
        ({"Prices 17.18": small()}, r"its name says 2017/18"),
        ({"A": [["Prices of 2016/17"], *small()]}, r"its title is of another year than 2018/19"),
        (
            {"A": [["Provider code", "MFF payment index 2017/18"], ["RAA", 1.1]]},
            r"The nearest is 'A', line 1, with 'Provider code', but without 'MFF payment index'",
        ),
        (
            {"A": [["Provider code", "MFF"], ["RAA", 0.93], ["RAB", 0.99]]},
            r"RAA.*'0.93' is below 1, so it is not the payment index; .*RAB",
        ),
        (
            {"A": [["HRG code", "Non-elective price", "Non-elective unit price"], ["AA22C", 1, 2]]},
            r"non_elective_pence could be 'Non-elective price' or 'Non-elective unit price'",
        ),
        (
            {
                "A": [
                    ["HRG code", "Combined DC/EL", "Day case", "Elective"],
                    ["AA22C", 5, 4, 6],
                ]
            },
            r"line 2, AA22C: a combined day case and elective price, and others beside it",
        ),
    ],
)
def test_a_file_that_would_price_wrongly_is_refused_with_the_reason(
    tmp_path: Path, sheets: dict[str, Rows], says: str
) -> None:
    path = workbook(tmp_path / "a.xlsx", **sheets)
    with pytest.raises(ExtractError, match=says) as caught:
        importing.read(path, "2018/19")
    assert "\n" not in str(caught.value)


def test_all_faults_are_told_at_once_the_first_eight_by_name(tmp_path: Path) -> None:
    codes = [f"AA{i}Z" for i in range(10, 22)]
    path = workbook(
        tmp_path / "a.xlsx",
        A=small(code=codes, name=codes, combined=[1] * 12, non_elective=["?"] * 12),
    )
    with pytest.raises(ExtractError) as caught:
        importing.read(path, "2018/19")
    assert str(caught.value).count("is no number") == 8
    assert "and 4 more" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.xlsx", b"not a workbook", "cannot be read as a workbook"),
        ("a.xlsx", b"PK\x03\x04 broken", "cannot be read as a workbook"),
        ("a.xlsx", b"", "cannot be read as a workbook"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "protected by a password"),
        ("a.csv", b"HRG code\0,x", "is not a text file"),
        ("a.csv", b'HRG code,Non-elective\n"AA22C,5\n', "quotation mark is probably not closed"),
        ("a.csv", b"", "has no sheet with prices"),
    ],
)
def test_a_damaged_file_is_one_sentence(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ExtractError, match=says):
        importing.read(tmp_path / name, "2018/19")


def test_a_truncated_workbook_is_one_sentence(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "a.xlsx", A=small()).read_bytes()
    (tmp_path / "a.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ExtractError, match="cannot be read as a workbook"):
        importing.read(tmp_path / "a.xlsx", "2018/19")


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match="cannot be opened"):
        importing.read(tmp_path / "none.xlsx", "2018/19")


def test_a_sheet_can_be_named_where_two_are_alike(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", A=small(), B=small(non_elective=[7, 8]))
    table = importing.read(path, "2018/19", only=["b"]).tables["tariff"]
    assert table.frame["non_elective_pence"].tolist() == ["700", "800"]
    with pytest.raises(ExtractError, match=r"no sheet named 'C'.*A, B"):
        importing.read(path, "2018/19", only=["C"])


def test_a_missing_price_column_is_a_named_gap(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", A=small(combined=[]))
    said = pbc("tariff", "import", path, "--year", "2018/19", "--data", tmp_path / "d").stdout
    assert "Missing, and left blank: a heading such as 'Day case spell tariff (£)'" in said
    tariff = Shelf.open(tmp_path / "d" / "reference").read("tariff", "2018/19")
    assert tariff["day_case_pence"].isna().all()
    assert tariff["non_elective_pence"].tolist() == [30000, 40000]


# --- writing -------------------------------------------------------------------------------------


def test_what_cannot_be_written_whole_is_not_written(tmp_path: Path) -> None:
    own = tmp_path / "reference"
    imported(workbook(tmp_path / "a.xlsx", A=small()), "2018/19", own)
    (own / "mff" / "2018-19.csv" / "in the way").mkdir(parents=True)
    before = tree(own)
    path = workbook(tmp_path / "b.xlsx", A=small(non_elective=[7, 8]), M=mff("2018/19"))
    made = importing.draft(
        importing.read(path, "2018/19"), SHELF, own, status="official", today=TODAY
    )
    with pytest.raises(PbcError, match="nothing was imported; what was there before is unchanged"):
        importing.write(made, own, {}, tmp_path / "changes")
    assert tree(own) == before


def test_a_users_record_is_replaced_only_when_said_and_the_same_file_changes_nothing(
    tmp_path: Path,
) -> None:
    data = tmp_path / "d"
    first = workbook(tmp_path / "a.xlsx", A=small())
    words = ("tariff", "import", first, "--year", "2019/20", "--data", data)
    assert "Nothing was written" in pbc(*words, "--dry-run").stdout
    assert not data.exists()
    assert pbc(*words).exit_code == 0
    before = tree(data)
    assert "imported before with these values; nothing changed" in pbc(*words).stdout
    assert tree(data) == before
    second = workbook(tmp_path / "b.xlsx", A=small(non_elective=[330, 400]))
    words = ("tariff", "import", second, "--year", "2019/20", "--data", data)
    refused = pbc(*words)
    assert isinstance(refused.exception, SelectionError)
    assert "tariff/2019-20.csv already" in str(refused.exception)
    assert "+10.0%" in refused.stdout
    assert tree(data) == before
    assert pbc(*words, "--yes").exit_code == 0
    shelf = Shelf.open(data / "reference")
    assert shelf.read("tariff", "2019/20")["non_elective_pence"].tolist() == [33000, 40000]
    assert len([k for k in shelf.sources() if k.startswith("user_")]) == 2


def test_the_command_shows_the_match_the_rows_and_what_to_add_next(tmp_path: Path) -> None:
    rows = [*small(), ["Notes", "see annex"], ["AA22C", "Stroke", 100, 300]]
    path = workbook(tmp_path / "a.xlsx", A=rows, Empty=[])
    said = pbc("tariff", "import", path, "--year", "2019/20", "--data", tmp_path / "d").stdout
    assert "4 rows: 2 used, 1 said twice the same, 1 not used." in said
    assert "line 4: 'NOTES' is no HRG code (Notes | see annex)" in said
    assert "not used: empty" in said
    for subject in ("mff", "outpatient", "emergency"):
        assert f"reference/{subject}/2019-20.csv" in said
    assert "pbc build stops until these are there as well" in said
    assert "another version of the HRGs" in said
    for words in (["--status", "example"], ["--year", "2019/21"]):
        done = pbc("tariff", "import", path, "--year", "2019/20", "--data", tmp_path, *words)
        assert isinstance(done.exception, SelectionError)


# --- differences ---------------------------------------------------------------------------------


def test_changes_since_the_year_before_are_counted_and_kept_as_a_safe_list(tmp_path: Path) -> None:
    data = tmp_path / "d"
    rows = apc("2018/19")
    raised = next(r for r in rows if r and r[0] == "AA22C")
    raised[7] = (
        2
        * SHELF.read("tariff", "2018/19").set_index("hrg").loc["AA22C", "non_elective_pence"]
        // 100
    )
    gone = next(r for r in rows if r and r[0] == "AA22D")
    gone[0] = "ZZ99Z"
    path = workbook(tmp_path / "a.xlsx", A=rows[2:])
    said = pbc("tariff", "import", path, "--year", "2019/20", "--data", data).stdout
    assert "Against 2018/19, tariff: 1 codes new, 1 gone" in said
    assert "+100.0%" in said
    assert "another version" not in said
    with (data / "reference-changes" / "tariff-2019-20-since-2018-19.csv").open() as opened:
        told = list(csv.DictReader(opened))
    assert [(t["code"], t["column"], t["what"]) for t in told] == [
        ("AA22C", "non_elective_pence", "changed"),
        ("AA22D", "hrg", "code gone"),
        ("ZZ99Z", "hrg", "new code"),
    ]
    assert told[0]["change_share"] == "1.000000"
    assert "2019/20" in Shelf.open(data / "reference").years("tariff")


def test_a_price_given_or_taken_away_is_no_change_of_price() -> None:
    subject = importing.SUBJECTS[0]
    codes = ["AA22C", "AA22D", "AA22E"]
    old = pd.DataFrame({"hrg": codes, "non_elective_pence": [100, None, None]})
    new = pd.DataFrame({"hrg": codes, "non_elective_pence": [None, 100, 100]})
    old, new = (f.astype({"non_elective_pence": "Int64"}) for f in (old, new))
    changes = importing.compared(subject, old, new, before="2017/18", after="2018/19")
    row = changes.columns.iloc[0]
    assert (row["n_compared"], row["n_changed"], row["n_gained"], row["n_lost"]) == (0, 0, 2, 1)
    assert changes.largest.empty
    assert changes.cells.groupby("what")["code"].agg(list).to_dict() == {
        "value new": ["AA22D", "AA22E"],
        "value gone": ["AA22C"],
    }


def test_a_code_of_a_table_made_by_hand_is_never_run_as_a_formula() -> None:
    old, new = pd.DataFrame({"hrg": ["=1+1"]}), pd.DataFrame({"hrg": ["AA22C"]})
    changes = importing.compared(importing.SUBJECTS[0], old, new, before="2017/18", after="2018/19")
    assert ",'=1+1," in importing.as_csv(changes)
    assert ",=1+1," not in importing.as_csv(changes)


# --- to the end ----------------------------------------------------------------------------------


def test_what_is_built_after_an_import_rests_on_the_imported_record(
    small_pct: Path, tmp_path: Path
) -> None:
    data = tmp_path / "pct"
    shutil.copytree(small_pct, data)

    def base() -> int:
        with Warehouse.open(data, doing="the test") as warehouse:
            (total,) = warehouse.rows(
                "SELECT SUM(base_pence) FROM priced_spells WHERE price_year = '2018/19'"
            )[0]
            return int(total)

    before = base()
    rows = apc("2018/19")
    for row in rows[3:]:
        for place in (3, 4, 5, 7):
            cell = str(row[place] if len(row) > 7 else "-").replace(",", "")
            if cell.isdigit() and int(cell):
                row[place] = 2 * int(cell)
    path = workbook(tmp_path / "a.xlsx", A=rows)
    assert pbc("tariff", "import", path, "--year", "2018/19", "--data", data).exit_code == 0
    later = workbook(
        tmp_path / "b.xlsx",
        **{"APC": apc("2018/19", n=50)[2:], "OP": opatt("2018/19")},
        **{"UEC": a_and_e("2018/19"), "MFF": mff("2019/20")},
    )
    assert pbc("tariff", "import", later, "--year", "2019/20", "--data", data).exit_code == 0
    assert "2019/20" in pipeline.build(data)["price_years"]
    assert base() == 2 * before
    pipeline.publish(data)
    about = Published(data).about()
    assert about["prices"]["2018/19"]["tariff"] == ["unverified"]
    assert "specialised_top_up" in about["rules_not_held"]["2019/20"]
