"""Files of SUS, contracts, practices and registers are known by their headings and read rightly."""

import csv
import datetime as dt
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pytest

from pbcanalytics import intake
from pbcanalytics.intake.layouts.layout import plain
from pbcanalytics.words import codes, tables
from pbcanalytics.words.errors import ExtractError

# Domain 7.2, word for word.
PERSON = (
    "SUS Version, Spell Identifier, Parent Spell Identifier, Pseudonymised Status, Local Patient "
    "Identifier, NHS Number, NHS Number Status Indicator, Birth Date, Age At CDS Activity Date, "
    "Age At Start Of Spell, Age At End Of Spell, Gender Code, Ethnic Category Code, Postcode Of "
    "Usual Address, Postcode Sector Of Usual Address, Unique Booking Reference Number (Converted)"
)
SPELL = (
    "Hospital Provider Spell No, Administrative Category (On Admission), Administrative Category "
    "(Derived), Patient Classification, Admission Method (Hospital Provider Spell), Admission Type "
    "(Derived), Admission Subtype (Derived), Source Of Admission (Hospital Provider Spell), "
    "Discharge Destination (Hospital Provider Spell), Discharge Method (Hospital Provider Spell), "
    "Start Date (Hospital Provider Spell), End Date (Hospital Provider Spell), Ready For Discharge "
    "Date, Delay Discharge Reason, Duration Of Elective Wait, Intended Management, Decided To "
    "Admit Date, Length Of Stay (Hospital Provider Spell), PbR NCC PCC Adjusted Length Of Stay, "
    "PbR Final Adjusted Length Of Stay, Spell ACC Length Of Stay, Spell NCC Length Of Stay, Spell "
    "PCC Length Of Stay, Open Spell Indicator"
)
SCOPE = (
    "Spell In PbR/Not In PbR, Spell Exclusion Reason, Excluded Episodes In Hospital Provider "
    "Spell, Number Of Commissioners In PbR Spell, Applicable Costing Period, PbR Spell Error "
    "Status, PbR Spell Frozen Indicator, PbR Spell Status Indicator, Extract Date, Extract Type"
)
ORGANISATIONS = (
    "Organisation Code (Code Of Provider), Provider Code (Original Data), Provider Site Code, "
    "Organisation Code (Code Of Commissioner), Commissioner Code (Original Data), Derived "
    "Commissioner, Derived Commissioner Type, Organisation Code (PCT Of Residence), Patient "
    "Postcode Derived PCT, PCT Derived From GP, PCT Derived From GP Practice, Registered GMP Code, "
    "GP Practice Code, GP Practice Code (Original Data), GP Practice Code (Derived), GP Practice "
    "Derived From PDS, GP Consortium Code, Referrer Code, Referring Organisation Code, Main "
    "Specialty Code, Treatment Function Code"
)
GROUPING = (
    "Spell Core HRG, Core HRG Version (Calculated), HRG Submitted, HRG Version (Submitted), "
    "Grouping Method, Grouping Algorithm Version, Grouping HRG Version, Unbundled HRG 1, Unbundled "
    "HRG 12, Spell Primary Diagnosis, Spell Secondary Diagnosis, Spell Dominant Procedure, Primary "
    "Procedure Code, Number Diagnosis, Number Procedures, Spell Programme Budgeting Category, "
    "Number SSCs, Significant Specialised Service Code, Specialised Service Code 1, Specialised "
    "Service Code 5, BPT Indicator 1, BPT Indicator 5, BPT Indicator 1 Action, BPT Indicator 5 "
    "Action, Evidence Based Intervention Category, Evidence Based Intervention Type, Spell NPOC, "
    "Spell Service Line"
)
MONEY = (
    "PbR Spell Trimpoint Days, PbR Days Beyond Trimpoint, Tariff Initial Amount National, Tariff "
    "Day Case National, Tariff Short Stay Emergency National, Tariff Service Adjustment National, "
    "Tariff Long Stay Rate National, Tariff Long Stay Payment National, Aggregate UnBundled "
    "Adjustment National, Tariff Financial Adjustment National, Applied MFF Elective, Applied MFF "
    "Non Elective, Tariff Pre MFF Adjusted National, MFF Adjustment, Tariff Total Payment "
    "National, PbR Final Tariff, Final Tariff Applied, PbR Costed Indicator, Tarrif Initial Amount "
    "Local, Tariff Initial Amount Non Mandatory"
)
NOT_READ = (
    "HRG Version (Submitted), Grouping Method, Grouping Algorithm Version, Spell Secondary "
    "Diagnosis, Primary Procedure Code, Spell Programme Budgeting Category, Number SSCs, "
    "BPT Indicator 1, BPT Indicator 5, BPT Indicator 1 Action, BPT Indicator 5 Action, "
    "Evidence Based Intervention Category, Evidence Based Intervention Type, Spell NPOC, "
    "Spell Service Line, Tariff Day Case National, Applied MFF Elective, Applied MFF Non "
    "Elective, Final Tariff Applied, PbR Costed Indicator"
)
"""Headings of grouping and money for which the landing table has no column."""


def split(group: str) -> list[str]:
    """The headings of a group of domain 7.2."""
    return group.split(", ")


SUS_SPELL_HEADINGS = [
    h for group in (PERSON, SPELL, SCOPE, ORGANISATIONS, GROUPING, MONEY) for h in split(group)
]
VALID = "9434765919"
OTHER_VALID = "9434765870"
WHO = {
    "NHS Number": VALID,
    "Local Patient Identifier": "LOC4711",
    "Birth Date": "1950-06-15",
    "Postcode Of Usual Address": "QZ9 9ZQ",
    "Patient Name": "Zebedee Quux",
    "Unique Booking Reference Number (Converted)": "UBRN000987",
    "Consultant Code": "C9999991",
    "Referrer Code": "G8888881",
    "Registered GMP Code": "G7777771",
}
"""Planted: what says who a patient is, or who treated them."""

PARTIES = {
    "Organisation Code (Code Of Provider)": "XD1",
    "GP Practice Code (Derived)": "X80001",
    "GP Practice Code (Original Data)": "X80001",
    "Organisation Code (Code Of Commissioner)": "9E1",
    "Gender Code": "1",
    "Treatment Function Code": "110",
}
STAY = {
    "Hospital Provider Spell No": "SP1",
    "Start Date (Hospital Provider Spell)": "01/05/2018",
    "End Date (Hospital Provider Spell)": "03/05/2018",
    "Admission Method (Hospital Provider Spell)": "11",
    "Patient Classification": "1",
}
SUS_SPELL = {
    "Spell Identifier": "101",
    **WHO,
    **PARTIES,
    **STAY,
    "Spell Core HRG": "HN12F",
    "PbR Final Tariff": "1200.00",
}
SUS_EPISODE = {
    "Spell Identifier": "101",
    **WHO,
    **PARTIES,
    **STAY,
    "Episode Number": "1",
    "Episode Start Date": "2018-05-01",
    "Episode End Date": "2018-05-03",
    "Core HRG (Calculated)": "HN12F",
    "Primary Diagnosis Code": "M161",
    "Secondary Diagnosis Code 1": "I10X",
    "Secondary Diagnosis Code 12": "E119",
    "Primary Procedure Code": "W371",
    "Secondary Procedure Code 1": "Z941",
}
SUS_OUTPATIENT = {
    **WHO,
    **PARTIES,
    "Attendance Identifier": "A1",
    "Attended Or Did Not Attend": "5",
    "First Attendance": "1",
    "Source Of Referral For Outpatients": "03",
    "Appointment Date": "2018-05-10",
    "Core HRG": "WF01B",
}
SUS_EMERGENCY = {
    **WHO,
    **PARTIES,
    "EM Attendance Number": "E1",
    "EM Attendance Category": "1",
    "EM Attendance Disposal": "01",
    "EM Department Type": "01",
    "Arrival Date": "2018-05-11",
    "Arrival Time": "09:35",
    "Core HRG": "VB08Z",
}
CONTRACT_LINE = {
    "FINANCIAL MONTH": "2",
    "FINANCIAL YEAR": "2018/19",
    **WHO,
    "Provider_Code": "XD1",
    "Commissioner": "9E1",
    "Practice_Code": "X80001",
    "National_POD_Code": "EL",
    "HRG Code": "HN12F",
    "Actual Activity": "1",
    "Unit Price": "1200",
    "Actual Cost": "1200",
    "Flex_Freeze": "Freeze",
}
PRACTICE_EVENT = {
    "Practice_Code": "X80001",
    **WHO,
    "Event_Date": "2018-05-12",
    "Event_Type": "Discharge summary for Zebedee Quux",
    "Provider_Code": "XD1",
}
EXTRACTS = {
    "supplied_spells": SUS_SPELL,
    "episodes": SUS_EPISODE,
    "outpatients": SUS_OUTPATIENT,
    "emergency_attendances": SUS_EMERGENCY,
    "contract_lines": CONTRACT_LINE,
    "practice_events": PRACTICE_EVENT,
}
"""Landing table to a sound row of its extract."""


KEYS = {
    "supplied_spells": "Spell Identifier",
    "episodes": "Episode Number",
    "outpatients": "Attendance Identifier",
    "emergency_attendances": "EM Attendance Number",
}
"""Landing table to the heading that tells its rows apart."""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    intake.prepare(opened)
    return opened


def load(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    *rows: Mapping[str, str],
    name: str = "extract.csv",
    year: str = "",
) -> intake.Loaded:
    """Write rows as a file of their headings and load it."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(dict.fromkeys(h for row in rows for h in row)))
        writer.writeheader()
        writer.writerows(rows)
    return intake.load_file(con, path, intake.Wishes(year=year))


def several(table: str, changes: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """A sound row for each change, with a key of its own."""
    return [
        {**EXTRACTS[table], **({KEYS[table]: str(i)} if table in KEYS else {}), **changed}
        for i, changed in enumerate(changes, start=1)
    ]


def in_order(con: duckdb.DuckDBPyConnection, columns: str, table: str) -> list[tuple]:
    return con.execute(f"SELECT {columns} FROM {table} ORDER BY line_number").fetchall()


def one(con: duckdb.DuckDBPyConnection, query: str) -> tuple:
    found = con.execute(query).fetchall()
    assert len(found) == 1
    return found[0]


def findings(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(con.execute("SELECT rule, n_rows FROM findings").fetchall())


def unlike(headings: Sequence[str]) -> list[str]:
    """Headings without those that differ from an earlier one in punctuation only."""
    return list({plain(h): h for h in reversed(headings)}.values())


@pytest.mark.parametrize("layout", intake.LAYOUTS, ids=lambda a: a.name)
@pytest.mark.parametrize("all_of_them", [False, True], ids=["best headings", "all headings"])
def test_the_full_set_of_headings_of_a_layout_is_recognised_as_it(
    layout: intake.Layout, all_of_them: bool
) -> None:
    n = None if all_of_them else 1
    headings = unlike([h for f in layout.fields for h in f.headings[:n]])
    assert intake.recognise("x.csv", headings, intake.LAYOUTS) is layout


def test_no_two_layouts_have_one_name_or_one_title() -> None:
    assert len({a.name for a in intake.LAYOUTS}) == len(intake.LAYOUTS)
    assert len({a.title for a in intake.LAYOUTS}) == len(intake.LAYOUTS)


def test_a_spell_extract_of_sus_is_recognised_by_its_exact_headings() -> None:
    found = intake.recognise("x.csv", SUS_SPELL_HEADINGS, intake.LAYOUTS)
    assert found.name == "sus_spells"
    assert not found.missing(SUS_SPELL_HEADINGS)


def test_every_heading_of_grouping_and_money_is_read_or_known_not_to_be() -> None:
    layout = intake.recognise("x.csv", SUS_SPELL_HEADINGS, intake.LAYOUTS)
    asked = {*split(GROUPING), *split(MONEY)}
    assert layout.used(asked) == asked - set(split(NOT_READ))


def test_headings_that_tell_of_doctors_places_or_names_are_not_read() -> None:
    layout = intake.recognise("x.csv", SUS_SPELL_HEADINGS, intake.LAYOUTS)
    never = {
        *("Postcode Of Usual Address", "Unique Booking Reference Number (Converted)"),
        *("Referrer Code", "Registered GMP Code", "GP Practice Derived From PDS"),
    }
    assert not layout.used(SUS_SPELL_HEADINGS) & never


def test_money_of_a_sus_spell_is_exact_to_the_penny(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load(
        con,
        tmp_path,
        SUS_SPELL
        | {
            "Tariff Initial Amount National": "1,234.50",
            "Tariff Initial Amount Non Mandatory": "£12",
            "Tarrif Initial Amount Local": "0.29",
            "Tariff Service Adjustment National": "(3.20)",
            "Tariff Long Stay Payment National": "3.20-",
            "Tariff Long Stay Rate National": "1.005",
            "Tariff Financial Adjustment National": "",
        },
    )
    assert one(
        con,
        "SELECT initial_pence, initial_non_mandatory_pence, initial_local_pence, "
        "service_adjustment_pence, long_stay_pence, long_stay_per_day_pence, "
        "financial_adjustment_pence, price_pence FROM supplied_spells",
    ) == (123450, 1200, 29, -320, -320, 101, None, 120000)


@pytest.mark.parametrize("heading", ["Tarrif Initial Amount Local", "Tariff Initial Amount Local"])
def test_the_misspelt_heading_and_the_right_one_are_both_read(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, heading: str
) -> None:
    load(con, tmp_path, SUS_SPELL | {heading: "7.01"})
    assert one(con, "SELECT initial_local_pence FROM supplied_spells") == (701,)


def test_what_a_sus_spell_says_of_scope_and_grouping_is_kept(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load(
        con,
        tmp_path,
        SUS_SPELL
        | {
            "Spell In PbR/Not In PbR": "Not In PbR",
            "Spell Exclusion Reason": "01",
            "PbR Spell Frozen Indicator": "Y",
            "GP Consortium Code": "C1",
            "HRG Submitted": "NA12Z",
            "Number Diagnosis": "7",
            "PbR Days Beyond Trimpoint": "2",
        },
    )
    assert one(
        con,
        "SELECT scope, exclusion_reason, is_frozen, consortium_code, submitted_hrg, n_diagnoses, "
        "excess_bed_days, discharge_date FROM supplied_spells",
    ) == ("Not In PbR", "01", True, "C1", "NA12Z", 7, 2, dt.date(2018, 5, 3))


def test_the_derived_practice_goes_before_the_recorded_one_and_disagreement_is_told(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    derived, original = "GP Practice Code (Derived)", "GP Practice Code (Original Data)"
    load(
        con,
        tmp_path,
        SUS_SPELL | {"Spell Identifier": "1", derived: "X80001", original: "X80002"},
        SUS_SPELL | {"Spell Identifier": "2", derived: "", original: "X80002"},
        SUS_SPELL | {"Spell Identifier": "3", derived: "X80003", original: ""},
    )
    found = con.execute(
        "SELECT practice_code, original_practice_code FROM supplied_spells ORDER BY spell_key"
    ).fetchall()
    assert found == [("X80001", "X80002"), ("X80002", "X80002"), ("X80003", None)]
    assert findings(con)["practice_disagrees"] == 1


def test_the_mark_for_derived_from_pds_is_never_a_practice(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = SUS_SPELL | {
        "GP Practice Code (Derived)": "",
        "GP Practice Code (Original Data)": "",
        "GP Practice Derived From PDS": "1",
    }
    load(con, tmp_path, row)
    assert one(con, "SELECT practice_code FROM supplied_spells") == (None,)
    assert findings(con)["no_practice"] == 1


def tariff(
    short_stay: str, before_mff: str = "700", total: str = "770", initial: str = "1000"
) -> dict[str, str]:
    """A spell whose tariff begins with £1,000."""
    return SUS_SPELL | {
        "Tariff Initial Amount National": initial,
        "Tariff Short Stay Emergency National": short_stay,
        "Tariff Pre MFF Adjusted National": before_mff,
        "MFF Adjustment": "70",
        "Tariff Total Payment National": total,
    }


TARIFFS = [
    (tariff("-300"), {"short_stay_is_amount"}),
    (tariff("70"), {"short_stay_is_mark"}),
    (tariff("70%"), {"short_stay_is_mark"}),
    (tariff("0.7"), {"short_stay_is_mark"}),
    (tariff("Y", before_mff="1000", total="1070"), {"short_stay_is_mark"}),
    (tariff("0", before_mff="1000", total="1070"), set()),
    (tariff("", before_mff="1000", total="1070"), set()),
    (tariff("-300", before_mff="650", total="720"), {"tariff_does_not_add_up"}),
    (tariff("Y"), {"tariff_does_not_add_up"}),
    (tariff("Y", initial=""), set()),
    (tariff("-300", total="770.01"), {"short_stay_is_amount", "total_does_not_add_up"}),
    (tariff("-300", total=""), {"short_stay_is_amount"}),
]
"""A spell, and what is said of it."""


def test_the_parts_of_a_tariff_add_up_in_one_of_two_readings_or_it_is_told(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load(
        con,
        tmp_path,
        *several(
            "supplied_spells",
            [row | {"Spell Identifier": str(i)} for i, (row, _) in enumerate(TARIFFS)],
        ),
    )
    expected = Counter(rule for _, said in TARIFFS for rule in said)
    found = {rule: n for rule, n in findings(con).items() if rule in expected}
    assert found == expected


@pytest.mark.parametrize("i", [1, 3, 7])
def test_a_tariff_is_judged_by_itself(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, i: int
) -> None:
    row, said = TARIFFS[i]
    load(con, tmp_path, row)
    assert said <= {*findings(con)}


def test_each_part_of_the_tariff_counts_in_the_sum(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    parts = (
        *("Tariff Service Adjustment National", "Tariff Long Stay Payment National"),
        *("Aggregate UnBundled Adjustment National", "Tariff Financial Adjustment National"),
    )
    rows = [
        tariff("", "1000.01", "1070.01") | {part: "0.01", "Spell Identifier": part}
        for part in parts
    ]
    load(con, tmp_path, *rows)
    assert "tariff_does_not_add_up" not in findings(con)


def test_impossible_dates_open_spells_and_odd_ages_are_told(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    start, end = "Start Date (Hospital Provider Spell)", "End Date (Hospital Provider Spell)"
    load(
        con,
        tmp_path,
        SUS_SPELL | {"Spell Identifier": "1", start: "2018-05-09"},
        SUS_SPELL
        | {"Spell Identifier": "2", end: "", "Birth Date": "", "Open Spell Indicator": ""},
        SUS_SPELL | {"Spell Identifier": "3", "Open Spell Indicator": "Y"},
    )
    told = findings(con)
    assert told["discharge_before_admission"] == 1
    assert told["open_spell"] == 2
    assert told["odd_age"] == 1


def test_an_episode_of_sus_keeps_its_codes_in_order(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load(con, tmp_path, SUS_EPISODE, SUS_EPISODE | {"Episode Number": "2"})
    found = con.execute(
        "SELECT episode_order, hrg, primary_diagnosis, diagnoses, coding_depth, procedures, "
        "spell_number FROM episodes ORDER BY 1"
    ).fetchall()
    rest = ("HN12F", "M161", "M161 I10X E119", 3, "W371 Z941", "SP1")
    assert found == [(1, *rest), (2, *rest)]


def test_an_episode_whose_order_is_not_known_is_rejected(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    done = load(con, tmp_path, SUS_EPISODE | {"Episode Number": "99"})
    assert done.reasons == {"no_episode_order": 1}


def test_appointments_of_one_number_on_two_days_are_two(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load(con, tmp_path, SUS_OUTPATIENT, SUS_OUTPATIENT | {"Appointment Date": "2018-05-17"})
    found = con.execute(
        "SELECT appointment_date, attendance_type, attended, referral_source, hrg FROM outpatients"
    ).fetchall()
    assert found == [
        (dt.date(2018, 5, 10), "1", "5", "03", "WF01B"),
        (dt.date(2018, 5, 17), "1", "5", "03", "WF01B"),
    ]


def test_when_a_patient_came_to_a_and_e_is_read_as_hour_and_minute(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    day, time, both = "Arrival Date", "Arrival Time", "Arrival Date/Time"
    told = [
        ({day: "2018-05-11", time: "09:35"}, "0935"),
        ({day: "2018-05-11", time: "0935"}, "0935"),
        ({day: "2018-05-11", time: "9:35:07"}, "0935"),
        ({both: "2018-05-11 09:35:00"}, "0935"),
        ({both: "11/05/2018 09:35"}, "0935"),
        ({day: "2018-05-11"}, None),
    ]
    without = {day: "", time: "", both: ""}
    load(con, tmp_path, *several("emergency_attendances", [without | t for t, _ in told]))
    found = in_order(con, "arrival_date, arrival_time, disposal", "emergency_attendances")
    assert found == [(dt.date(2018, 5, 11), clock, "01") for _, clock in told]


def test_the_same_patient_has_the_same_pseudonym_in_every_extract(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    ways = [
        {"NHS Number": VALID},
        {"NHS Number": "943 476 5919"},
        {"NHS Number": "943-476-5919", "Local Patient Identifier": ""},
        {"NHS Number": OTHER_VALID},
        {"NHS Number": "", "Local Patient Identifier": "LOC4711"},
        {"NHS Number": "9434765910", "Local Patient Identifier": "LOC4711"},
        {"NHS Number": "Xa93jd-40c2-77", "Local Patient Identifier": "LOC4711"},
    ]
    found = {}
    for table in EXTRACTS:
        done = load(con, tmp_path, *several(table, ways), name=f"{table}.csv")
        assert done.rejected == 0
        found[table] = [p for (p,) in in_order(con, "person_id", table)]
    people = found["episodes"]
    assert all(others == people for others in found.values())
    assert people[0] == people[1] == people[2]
    assert people[4] == people[5]
    assert len(set(people)) == 4
    assert {len(p) for p in people} == {32}


@pytest.mark.parametrize("table", ["supplied_spells", "episodes", "outpatients",
                                   "emergency_attendances"])  # fmt: skip
def test_a_record_that_names_no_patient_has_a_pseudonym_of_its_own(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, table: str
) -> None:
    nobody = {"NHS Number": "", "Local Patient Identifier": ""}
    own = {
        "Spell Identifier": "102",
        "Hospital Provider Spell No": "SP2",
        "Attendance Identifier": "A2",
        "EM Attendance Number": "E2",
    }
    row = EXTRACTS[table] | nobody
    other = row | {h: v for h, v in own.items() if h in row}
    load(con, tmp_path, row, other)
    people = {p for (p,) in con.execute(f"SELECT person_id FROM {table}").fetchall()}
    assert len(people) == 2
    assert None not in people


def test_one_local_number_at_two_hospitals_is_two_patients(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = SUS_SPELL | {"NHS Number": ""}
    other = {"Organisation Code (Code Of Provider)": "XD2", "Spell Identifier": "102"}
    load(con, tmp_path, row, row | other)
    assert one(con, "SELECT count(DISTINCT person_id) FROM supplied_spells") == (2,)


@pytest.mark.parametrize("table", EXTRACTS)
def test_nhs_numbers_are_checked_wherever_they_come(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, table: str
) -> None:
    impossible = ["9434765910", "1111111111", "943476591"]
    numbers = [VALID, *impossible, "9990000018", "", "", "made-elsewhere-7"]
    load(con, tmp_path, *several(table, [{"NHS Number": number} for number in numbers]))
    found = {rule: n for rule, n in findings(con).items() if "nhs_number" in rule}
    assert found == {"invalid_nhs_number": 3, "test_nhs_number": 1, "no_nhs_number": 2}


def test_the_age_is_the_recorded_one_or_complete_years_at_the_start(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    told = [
        ({"Age At Start Of Spell": "67"}, 67),
        ({"Age At Start Of Spell": "7003"}, 0),
        ({"Age At Start Of Spell": "999"}, 68),
        ({"Birth Date": "1950-05-01"}, 68),
        ({"Birth Date": "02/05/1950"}, 67),
        ({"Birth Date": "2018-05-01"}, 0),
        ({"Birth Date": "2018-05-02"}, None),
        ({"Birth Date": "1850-05-02"}, None),
        ({"Birth Date": "not known"}, None),
    ]
    blank = {"Age At Start Of Spell": "", "Birth Date": "1950-05-01"}
    done = load(con, tmp_path, *several("supplied_spells", [blank | t for t, _ in told]))
    assert done.rejected == 0
    assert in_order(con, "age_years", "supplied_spells") == [(age,) for _, age in told]


def test_nothing_that_says_who_a_patient_is_is_in_any_table(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    planted = [
        *WHO.values(),
        "Zebedee",
        "943 476",
        "15/06/1950",
        "1950-06-15",
        dt.date(1950, 6, 15),
    ]
    dates = ("Start Date (Hospital Provider Spell)", "Appointment Date", "Arrival Date",
             "Event_Date", "FINANCIAL MONTH")  # fmt: skip
    for table, row in EXTRACTS.items():
        broken = row | {h: "soon" for h in dates if h in row}
        unknown = row | {"NHS Number": "9434765910", "Birth Date": "ides of June", "Sex": "7"}
        done = load(con, tmp_path, row, broken, unknown, name=f"{table}.csv")
        assert (done.accepted, done.rejected) in {(2, 1), (1, 2)}
        assert "unreadable_date" in done.reasons or table == "contract_lines"
        assert done.reasons.get("unreadable_date", 0) <= 1
    names = [n for (n,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
    assert len(names) > 2 * len(tables.LANDING)
    dump = [c for name in names for row in con.execute(f"FROM {name}").fetchall() for c in row]
    assert "SP1" in dump
    texts = "\n".join(map(str, dump))
    assert [p for p in planted if str(p) in texts] == []


def test_month_one_of_a_contract_is_april(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    told = [
        ("1", "2018/19", "2018-04-01"),
        ("01", "201819", "2018-04-01"),
        ("9", "1819", "2018-12-01"),
        ("M10", "2018-19", "2019-01-01"),
        ("12", "2018/2019", "2019-03-01"),
        ("201805", "", "2018-05-01"),
        ("May-18", "2018/19", "2018-05-01"),
    ]
    load(
        con,
        tmp_path,
        *(CONTRACT_LINE | {"FINANCIAL MONTH": m, "FINANCIAL YEAR": y} for m, y, _ in told),
    )
    found = in_order(con, "CAST(month AS VARCHAR)", "contract_lines")
    assert found == [(first,) for _, _, first in told]


def test_a_line_whose_month_cannot_be_told_is_rejected(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    told = [("1", ""), ("13", "2018/19"), ("1", "2018"), ("", "2018/19")]
    done = load(
        con,
        tmp_path,
        *(CONTRACT_LINE | {"FINANCIAL MONTH": m, "FINANCIAL YEAR": y} for m, y in told),
    )
    assert done.reasons == {"unknown_month": 4}


def test_a_contract_file_without_a_year_takes_the_one_that_is_given(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = {h: v for h, v in CONTRACT_LINE.items() if h != "FINANCIAL YEAR"}
    load(con, tmp_path, row, year="2018/19")
    assert one(con, "SELECT month FROM contract_lines") == (dt.date(2018, 5, 1),)


def test_points_of_delivery_of_contracts_become_lines_of_budgets(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    none = ("ELXBD", "NELXBD", "NELNEXBD", "DAOTHER", "YOC", "UNBCHEMO")
    lines = [
        *((p, p) for p in codes.PODS),
        *(("nel", "NEL"), ("NELST", "NEL"), ("OPFASPCL", "OPFA"), ("OPFUPMPNCL", "OPFUP")),
        *(("OPPROCFA", "OPPROC"), ("OPPROCFUP", "OPPROC"), ("AandE", "AE")),
        *((p, "OTHER") for p in none),
    ]
    done = load(con, tmp_path, *(CONTRACT_LINE | {"National_POD_Code": c} for c, _ in lines))
    assert in_order(con, "contract_pod, pod", "contract_lines") == lines
    assert done.unknown_codes == 0


def test_an_unknown_point_of_delivery_is_kept_and_listed(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    unknown = CONTRACT_LINE | {"National_POD_Code": "ZEBRA"}
    done = load(con, tmp_path, CONTRACT_LINE, unknown, unknown)
    assert (done.accepted, done.unknown_codes) == (3, 1)
    listed = one(con, "SELECT column_name, code, n_rows FROM unknown_codes")
    assert listed == ("National_POD_Code", "ZEBRA", 2)
    assert con.execute(
        "SELECT contract_pod, pod, count(*) FROM contract_lines GROUP BY ALL ORDER BY ALL"
    ).fetchall() == [("EL", "EL", 1), ("ZEBRA", "OTHER", 2)]
    assert findings(con)["unknown_pod"] == 2


def test_a_contract_line_is_charged_to_the_penny(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    line = CONTRACT_LINE | {"Unit Price": "(£600.10)", "Actual Activity": "2"}
    load(con, tmp_path, line | {"Actual Cost": "1,200.20-"}, line | {"Actual Cost": "1,200.25-"})
    assert con.execute(
        "SELECT price_pence, unit_price_pence, n_activity, is_frozen FROM contract_lines"
    ).fetchall() == [(-120020, -60010, 2.0, True), (-120025, -60010, 2.0, True)]
    assert findings(con)["charge_disagrees"] == 1


def test_aggregate_monitoring_brings_the_plan_and_what_was_charged(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = {
        "FINANCIAL MONTH": "2",
        "FINANCIAL YEAR": "201819",
        "ORGANISATION IDENTIFIER (CODE OF PROVIDER)": "XD1",
        "ORGANISATION IDENTIFIER (CODE OF COMMISSIONER)": "9E1",
        "POINT OF DELIVERY CODE": "NELXBD",
        "CONTRACT MONITORING PLANNED ACTIVITY": "10.5",
        "CONTRACT MONITORING PLANNED PRICE": "2,000",
        "CONTRACT MONITORING ACTUAL ACTIVITY": "12",
        "CONTRACT MONITORING ACTUAL PRICE": "2,300.05",
    }
    unplanned = {h: "" if "PLANNED" in h else v for h, v in row.items()}
    done = load(con, tmp_path, row, unplanned, unplanned)
    assert done.layout == "contract_totals"
    assert findings(con) == {"no_plan": 2}
    assert one(
        con,
        "SELECT provider_code, commissioner_code, month, pod, contract_pod, n_planned, "
        "planned_pence, n_activity, price_pence FROM contract_totals WHERE line_number = 2",
    ) == ("XD1", "9E1", dt.date(2018, 5, 1), "OTHER", "NELXBD", 10.5, 200000, 12.0, 230005)


COMMISSIONERS = (
    "Flex_Freeze, Reporting_Month, Provider, POD, National_POD_Code, PBR FLAG, HRG Code, Actual "
    "Cost, Actual Activity, Activity Plan, YTD Plan, Unit Price, Marginal Rate, Marginal "
    "Threshold, CQUIN, Main Specialty Code, Treatment Function Code, Provider_Site"
)
"""Columns of commissioners' contract systems (domain 5.2)."""


def test_a_contract_file_is_of_patients_if_it_names_them_and_else_of_totals() -> None:
    totals = split(COMMISSIONERS)
    lines = [*totals, "Local Patient Identifier", "Practice_Code", "Discharge Date"]
    assert intake.recognise("x.csv", totals, intake.LAYOUTS).name == "contract_totals"
    assert intake.recognise("x.csv", lines, intake.LAYOUTS).name == "contract_lines"


def test_a_map_of_one_heading_and_one_code_serves_a_contract_file(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    own = {"National_POD_Code": "Where", "NHS Number": "Pat"}
    gone = ("NHS Number", "Local Patient Identifier")
    row = {own.get(h, h): v for h, v in CONTRACT_LINE.items() if h in own or h not in gone}
    import_map = intake.ImportMap(
        "m",
        "Marlbridge",
        "contract_lines",
        columns={"budget_pod": ("Where",), "patient_reference": ("Pat",)},
        codes={"budget_pod": {"WARD": "NEL"}},
    )
    path = tmp_path / "slam.csv"
    path.write_text(",".join(row) + "\n" + ",".join((row | {"Where": "Ward"}).values()) + "\n")
    done = intake.load_file(con, path, maps=[import_map])
    assert (done.import_map, done.unknown_codes) == ("m", 0)
    load(con, tmp_path, SUS_SPELL)
    assert one(con, "SELECT contract_pod, pod FROM contract_lines") == ("Ward", "NEL")
    assert one(con, "SELECT person_id FROM contract_lines") == one(
        con, "SELECT person_id FROM supplied_spells"
    )


def test_an_invoice_is_read(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    row = {
        "Invoice Number": "0042",
        "Provider_Code": "XD1",
        "Commissioner": "9E1",
        "Month": "2018-05",
        "Invoice Amount": "£1,200.25",
    }
    load(con, tmp_path, row)
    assert one(con, "SELECT invoice_number, month, price_pence FROM invoices") == (
        "0042",
        dt.date(2018, 5, 1),
        120025,
    )


def test_what_a_practice_noted_becomes_a_kind_of_event_and_its_words_are_not_kept(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    noted = [
        ("Letter", "", "letter"),
        ("Discharge summary, Mr Quux", "", "discharge"),
        ("Referral letter", "", "referral"),
        ("seen, A&E", "", "attendance"),
        ("OP appointment", "Y", "letter"),
        ("OP appointment", "N", "attendance"),
        ("Letter", "N", "other"),
        ("Phoned his sister", "", "other"),
    ]
    load(
        con,
        tmp_path,
        *(PRACTICE_EVENT | {"Event_Type": t, "Letter Received": r} for t, r, _ in noted),
    )
    found = in_order(con, "event_kind, age_years", "practice_events")
    assert found == [(kind, 67) for _, _, kind in noted]
    assert findings(con)["unknown_event"] == 1
    assert con.execute("SELECT * FROM unknown_codes").fetchall() == []


def test_a_practice_may_know_its_patients_by_its_own_number(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = PRACTICE_EVENT | {"NHS Number": "", "Local Patient Identifier": "", "Patient Number": "7"}
    load(con, tmp_path, row, row, row | {"Patient Number": "8"}, row | {"Patient Number": ""})
    people = [p for (p,) in con.execute("SELECT person_id FROM practice_events").fetchall()]
    assert people[0] == people[1] != people[2]
    assert people[3] is None
    assert findings(con)["unknown_patient"] == 1


def test_every_row_of_prescribing_data_is_kept_though_codes_repeat(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = {
        "YEAR_MONTH": "201805",
        "PRACTICE_CODE": "X80001",
        "BNF_CODE": "0212000B0AAABAB",
        "BNF_CHEMICAL_SUBSTANCE": "0212000B0",
        "ITEMS": "3",
        "QUANTITY": "28",
        "NIC": "2.505",
        "ACTUAL_COST": "2.34711",
        "ADQ_USAGE": "84",
        "UNIDENTIFIED": "N",
    }
    load(con, tmp_path, row, row | {"QUANTITY": "56"}, row | {"BNF_CODE": "21300000100"})
    assert con.execute(
        "SELECT practice_code, month, bnf_code, bnf_chapter, n_items, net_cost_pence, "
        "actual_cost_pence FROM prescribing"
    ).fetchall() == [
        ("X80001", dt.date(2018, 5, 1), code, code[:2], 3, 251, 235)
        for code in ("0212000B0AAABAB", "0212000B0AAABAB", "21300000100")
    ]


def test_prescribing_by_chapter_is_read(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    row = {"PRACTICE": "X80001", "MONTH": "May-18", "BNF Chapter": "2", "ITEMS": "3", "NIC": "9.99"}
    load(con, tmp_path, row, row | {"BNF Chapter": "04: Central Nervous System"})
    assert con.execute(
        "SELECT bnf_code, bnf_chapter, net_cost_pence FROM prescribing ORDER BY 1"
    ).fetchall() == [("02", "02", 999), ("04", "04", 999)]


WEIGHTED = {"Practice_Code": "X80001", "pop 2022/23": "4058.5", "G&A WP": "5026.25",
            "CS WP": "5372.5", "MH WP": "4676", "Mat WP": "3832", "Health Ineq WP": "9073",
            "Prescr WP": "4931", "Final WP": "5000.75", "Primary Medical Care WP": "4900",
            "Final PMC WP": "4950"}  # fmt: skip


def test_official_weighted_lists_take_the_year_that_is_given(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load(con, tmp_path, WEIGHTED, year="2023/24")
    assert one(con, "SELECT * EXCLUDE (load_id, line_number) FROM weighted_lists") == (
        *("X80001", "2023/24", 5000.75, 4058.5, 5026.25, 5372.5, 4676, 3832, 9073, 4931, 4950),
    )


def test_official_weighted_lists_without_a_year_are_refused_and_told_how_to_give_it(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(ExtractError, match=r"which financial year.*--year 2018/19"):
        load(con, tmp_path, WEIGHTED)


def test_the_weighted_lists_of_the_demonstration_are_read_as_before(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = {"PRACTICE_CODE": "X80001", "FINANCIAL_YEAR": "2018/19", "WEIGHTED_POPULATION": "5.25"}
    done = load(con, tmp_path, row, row | {"FINANCIAL_YEAR": "2018"})
    assert done.reasons == {"unknown_year": 1}
    assert one(con, "SELECT financial_year, weighted_list FROM weighted_lists") == ("2018/19", 5.25)


def test_budgets_that_were_given_are_read(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    row = {
        "PRACTICE_CODE": "X80001",
        "FINANCIAL_YEAR": "2018/19",
        "LINE": "EL",
        "BUDGET": "£120,000.50",
        "SOURCE": "PCT letter, 3 May 2018",
    }
    load(con, tmp_path, row)
    assert one(con, "SELECT line, budget_pence, source FROM given_budgets") == (
        "EL",
        12000050,
        "PCT letter, 3 May 2018",
    )


def test_a_list_counts_practices_and_not_areas(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = {"EXTRACT_DATE": "01JAN2021", "ORG_TYPE": "GP", "ORG_CODE": "X80001", "SEX": "MALE",
           "AGE": "95+", "NUMBER_OF_PATIENTS": "12"}  # fmt: skip
    done = load(con, tmp_path, row, row | {"ORG_TYPE": "CCG", "ORG_CODE": "00L"})
    assert done.reasons == {"not_a_practice": 1}
    assert one(con, "SELECT practice_code, sex, age, n_patients FROM list_sizes") == (
        *("X80001", "1", "95+", 12),
    )


def test_the_official_weighted_lists_are_read_whole(
    con: duckdb.DuckDBPyConnection, shared_data: Path
) -> None:
    path = shared_data / "weighted-populations-practice" / "2023_2024.csv"
    if not path.is_file():
        pytest.skip("the official weighted populations are not on this machine")
    done = intake.load_file(con, path, intake.Wishes(year="2023/24"))
    assert (done.layout, done.rejected) == ("weighted_lists", 0)
    assert done.accepted == 6553
    populations, acute = one(
        con,
        "SELECT round(sum(population)), round(sum(general_acute_weighted_list)) "
        "FROM weighted_lists",
    )
    assert populations == acute > 55_000_000


def test_the_official_list_sizes_are_read_whole(
    con: duckdb.DuckDBPyConnection, shared_data: Path
) -> None:
    path = shared_data / "gp-list-size-2021" / "gp-reg-pat-prac-all.csv"
    if not path.is_file():
        pytest.skip("the official list sizes are not on this machine")
    done = intake.load_file(con, path)
    assert (done.layout, done.rejected) == ("list_sizes", 0)
    assert done.accepted > 6000
    found = one(con, "SELECT DISTINCT count_date, sex, age FROM list_sizes")
    assert found == (dt.date(2021, 1, 1), "ALL", "ALL")


def test_no_two_extracts_are_taken_for_each_other() -> None:
    for (_, row), (_, other) in itertools.permutations(EXTRACTS.items(), 2):
        layout = intake.recognise("x.csv", list(row), intake.LAYOUTS)
        assert layout.missing(list(other))
