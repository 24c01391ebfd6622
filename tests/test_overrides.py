"""A user's own reference folder: what is faulty is refused, all of it, by file and fault."""

import re
import shutil
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from pbcanalytics import costing, pipeline
from pbcanalytics.cli import app
from pbcanalytics.costing.rules import payment_rules
from pbcanalytics.faces import wording
from pbcanalytics.faces.pages import evidence
from pbcanalytics.faces.sentences import rules_in_force
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.rule_values import RULE_VALUES
from pbcanalytics.words.codes import PODS
from pbcanalytics.words.errors import PbcError, ReferenceGap
from tests.drawn import priced, shelf_with

YEAR: Final = "2018/19"
SHIPPED: Final = Shelf.open()
YEARS: Final = SHIPPED.record_years("rules")
ACTIVITY: Final = """
    episode_id | spell_number | admission_date | discharge_date | hrg
    1          | one          | 2018-05-01     | 2018-05-02     | HN12F
    """
SOURCES: Final = "key,title,publisher,licence,held_how\nletter,Letter,PCT,none,typed in\n"

OTHER: Final[dict[str, Any]] = {
    "payment_model": "nhsps_api",
    "hrg_version": "HRG4",
    "payment_unit": "episode",
    "payable_hrg": "procedure_first",
    "scope_admitted": ["NEL", "DC"],
    "scope_outpatients": False,
    "scope_emergency": False,
    "outpatient_procedure": "local",
    "outpatient_currency": "specialty_first_follow_up",
    "emergency_currency": "local",
    "daycase_elective_price": "combined",
    "same_day_elective": "elective",
    "long_stay": "none",
    "trim_days_exclude": ["palliative"],
    "short_stay_emergency": "none",
    "short_stay_longest_days": 3,
    "short_stay_youngest_years": 17,
    "short_stay_los": "adjusted",
    "specialised_top_up": {"cancer": 0.13},
    "specialised_top_up_base": "base+long_stay",
    "market_forces_factor": "paid_centrally",
    "emergency_marginal_rate": 0.45,
    "emergency_marginal_base": {"year": "2016/17", "growth_share": 0},
    "emergency_marginal_below": "same_rate",
    "emergency_readmission": "avoidable_not_paid",
    "readmission_days": 14,
    "readmission_after_emergency_cut_share": 1,
    "fixed_and_variable": {"EL": 0.8, "AE": 0},
    "low_volume_threshold_pence": 12_345_600,
    "uplift_quoted_share": -0.011,
    "uplift_is_net": False,
    "efficiency_quoted_share": 0.035,
    "transition": {"first_year": 0.25},
}
"""Of every rule a value that it may have and 2018/19 does not have."""

CHANGED: Final = {"market_forces_factor": {"value": "paid_centrally"}}


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def own_rules(folder: Path, rules: Any, year: str = "2018-19") -> Path:
    return put(folder, f"rules/{year}.yaml", yaml.safe_dump({"rules": rules}))


def refusal(folder: Path, year: str = YEAR) -> str:
    """Gather what prices need from a folder that must be refused; give the sentence."""
    shelf = Shelf.open(folder)
    with pytest.raises(ReferenceGap) as told:
        costing.reference_tables(shelf, [YEAR])
    with pytest.raises(ReferenceGap, match=re.escape(str(told.value))):
        shelf.overrides(year)
    return str(told.value)


# Entries


def test_an_entry_without_a_value_changes_nothing_and_is_refused(tmp_path: Path) -> None:
    path = own_rules(tmp_path, {"market_forces_factor": {"note": "agreed by letter"}})
    said = refusal(tmp_path)
    assert str(path) in said
    assert "market_forces_factor has no value" in said
    assert "'value: null' where it is not known" in said


def test_a_rule_that_is_said_not_to_be_known_is_not_known(tmp_path: Path) -> None:
    own_rules(tmp_path, {"market_forces_factor": {"value": None, "missing": "not agreed"}})
    shelf = Shelf.open(tmp_path)
    assert shelf.rule("rules", "market_forces_factor", YEAR) is None
    assert "market_forces_factor" in shelf.rules_not_held(YEAR)


@pytest.mark.parametrize("status", ["verified", "Official", None, ["official"], True])
def test_a_status_that_is_none_is_refused(tmp_path: Path, status: Any) -> None:
    path = own_rules(tmp_path, {"long_stay": {"value": "none", "status": status}})
    said = refusal(tmp_path)
    assert str(path) in said
    assert "long_stay has the status" in said
    assert "official, example, unverified" in said


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({}, "long_stay is official without a source"),
        ({"source": ""}, "long_stay is official without a source"),
        ({"source": "a letter"}, "source 'a letter', which is not in sources.csv"),
        ({"source": ["letter"]}, "which is not in sources.csv"),
    ],
)
def test_nothing_is_official_without_a_source_that_is_known(
    tmp_path: Path, source: dict[str, Any], says: str
) -> None:
    put(tmp_path, "sources.csv", SOURCES)
    entry = {"value": "none", "status": "official", "note": "letter of 3 May", **source}
    own_rules(tmp_path, {"long_stay": entry})
    assert says in refusal(tmp_path)


@pytest.mark.parametrize("source", ["letter", "annex_a_2017_19"])
def test_a_source_of_any_folder_makes_a_rule_official(tmp_path: Path, source: str) -> None:
    put(tmp_path, "sources.csv", SOURCES)
    own_rules(tmp_path, {"long_stay": {"value": "none", "status": "official", "source": source}})
    (changed,) = Shelf.open(tmp_path).overrides(YEAR)
    assert (changed.rule, changed.status) == ("long_stay", "official")


@pytest.mark.parametrize("text", ["key,title\nletter,Letter\n", "", "a,b\nc,d,e\n"])
def test_a_list_of_sources_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    put(tmp_path, "sources.csv", text)
    with pytest.raises(ReferenceGap, match=r"sources\.csv.*held_how"):
        Shelf.open(tmp_path).sources()


def test_statuses_are_checked_in_records_of_prices_and_of_other_rules(tmp_path: Path) -> None:
    columns = {
        "provider_name": {"unit": "label"},
        "mff_ratio": {"unit": "ratio", "status": "verified"},
        "n_beds": "ten",
    }
    record = {"title": "own", "source": "own", "columns": columns}
    put(tmp_path, "mff/2018-19.yaml", yaml.safe_dump(record))
    with pytest.raises(ReferenceGap, match=r"mff_ratio has the status 'verified'.*n_beds is 'ten'"):
        Shelf.open(tmp_path).evidence(YEAR)
    columns = {"mff_ratio": {"unit": "ratio", "status": "official"}}
    put(tmp_path, "mff/2018-19.yaml", yaml.safe_dump({"columns": columns}))
    with pytest.raises(ReferenceGap, match=r"no title; it has no source; .* without a source"):
        Shelf.open(tmp_path).evidence(YEAR)
    own = {"smallest_shown_count": {"status": "sure"}}
    put(tmp_path, "disclosure.yaml", yaml.safe_dump({"rules": own}))
    with pytest.raises(ReferenceGap, match=r"has no value.*; smallest_shown_count has the status"):
        Shelf.open(tmp_path).rule("disclosure", "smallest_shown_count")


def test_the_values_of_other_rules_are_theirs(tmp_path: Path) -> None:
    own = {"smallest_shown_count": {"value": 12}}
    put(tmp_path, "disclosure.yaml", yaml.safe_dump({"rules": own}))
    assert Shelf.open(tmp_path).rule("disclosure", "smallest_shown_count") == 12


def test_a_page_of_an_earlier_build_is_shown_whatever_its_status() -> None:
    changed = {"rule": "long_stay", "value": "none", "shipped": None, "reason": "letter"}
    about = {
        "prices": {YEAR: {"tariff": ["verified"]}},
        "rules_not_held": {},
        "overrides": {YEAR: [{**changed, "status": "sure"}]},
    }
    said = " ".join(evidence.of_prices(about, YEAR))
    assert "unknown status verified" in said
    assert "unknown status sure" in said


# Files


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("# rules to come\n", "it is empty"),
        ("rules:\n", "below 'rules:' stand no rules"),
        ("rules: {}\n", "below 'rules:' stand no rules"),
        ("rules: [long_stay]\n", "below 'rules:' stand no rules"),
        ("title: mine\n", "below 'rules:' stand no rules"),
        ("- long_stay\n", "does not consist of names"),
        ("none\n", "does not consist of names"),
        ("rules:\n  long_stay: {value: none\n", "cannot be read from line 3"),
        ("rules:\n\tlong_stay: none\n", "cannot be read from line 2"),
        ("long_stay: {value: none}\n", "long_stay does not stand below 'rules:'"),
        ("rules:\n  short_stay_los: adjusted\n", "short_stay_los is 'adjusted'; its value must"),
        ("rules:\n  scope_admitted: [EL]\n", "scope_admitted is a list of 'EL'; its value must"),
        ("rules:\n  long_stay:\n", "long_stay is empty; its value must"),
        ("rules:\n  1: {value: 2}\n", "rules that do not exist: 1"),
    ],
)
def test_a_file_that_is_no_record_of_rules_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = put(tmp_path, "rules/2018-19.yaml", text)
    said = refusal(tmp_path)
    assert str(path) in said
    assert says in said


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = own_rules(tmp_path, CHANGED)
    path.write_bytes("rules:\n  long_stay: {value: none, note: 3 £}\n".encode("latin-1"))
    assert "no text in UTF-8" in refusal(tmp_path)


def test_a_file_that_windows_marked_as_text_is_read(tmp_path: Path) -> None:
    path = own_rules(tmp_path, CHANGED)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [o.rule for o in Shelf.open(tmp_path).overrides(YEAR)] == ["market_forces_factor"]


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    own_rules(
        tmp_path,
        {
            "long_stay": {"note": "by letter"},
            "short_stay_los": "adjusted",
            "payable_hrg": {"value": "cheapest", "status": "sure"},
            "emergency_marginal_rate": {"value": 70},
            "longstay": {"value": "none"},
            "scope_outpatients": {"value": "maybe"},
        },
    )
    said = refusal(tmp_path)
    for fault in (
        *(
            "rules that do not exist: longstay (the rules: payment_model, ",
            "long_stay has no value",
        ),
        *("short_stay_los is 'adjusted'; ", "payable_hrg of 2018/19 is 'cheapest', and may be "),
        *("payable_hrg has the status 'sure'", "emergency_marginal_rate of 2018/19 is '70'"),
        "scope_outpatients of 2018/19 is 'maybe'",
    ):
        assert fault in said
    assert said.count("Correct the file") == 1


def test_a_year_that_is_not_shipped_is_held_to_the_same(tmp_path: Path) -> None:
    own_rules(tmp_path, {"longstay": {"value": "none"}, "long_stay": {"value": "5"}}, "2022-23")
    with pytest.raises(ReferenceGap) as told:
        Shelf.open(tmp_path).record("rules", "2022/23")
    for fault in ("no title", "no source", "not exist: longstay", "long_stay of 2022/23 is '5'"):
        assert fault in str(told.value)


def test_a_rule_that_a_year_of_ones_own_leaves_out_is_not_known(tmp_path: Path) -> None:
    record = {"title": "t", "source": "s", "rules": {"long_stay": {"value": "none"}}}
    put(tmp_path, "rules/2022-23.yaml", yaml.safe_dump(record))
    shelf = Shelf.open(tmp_path)
    assert shelf.rule("rules", "long_stay", "2022/23") == "none"
    assert shelf.rule("rules", "market_forces_factor", "2022/23") is None
    with pytest.raises(KeyError):
        shelf.rule("rules", "market_force_factor", "2022/23")


def test_a_year_without_rules_names_the_years_that_have_some() -> None:
    with pytest.raises(ReferenceGap, match=r"held: 2003/04, .*2018/19.*2026/27") as told:
        SHIPPED.record("rules", "2021/22")
    assert "Add reference/rules/2021-22.yaml" in str(told.value)


# Values


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("short_stay_longest_days", "two"),
        ("short_stay_longest_days", 1.5),
        ("short_stay_longest_days", True),
        ("short_stay_longest_days", -1),
        ("short_stay_longest_days", 31),
        ("short_stay_youngest_years", "19"),
        ("short_stay_youngest_years", 121),
        ("readmission_days", 366),
        ("scope_outpatients", "maybe"),
        ("scope_outpatients", 1),
        ("scope_emergency", "yes"),
        ("uplift_is_net", "none"),
        ("emergency_marginal_rate", "abc"),
        ("emergency_marginal_rate", 70),
        ("emergency_marginal_rate", True),
        ("emergency_marginal_rate", float("nan")),
        ("emergency_marginal_base", {"year": "2008/09"}),
        ("emergency_marginal_base", {"year": "2008", "growth_share": 0.0}),
        ("emergency_marginal_base", {"year": "2008/10", "growth_share": 0.0}),
        ("emergency_marginal_base", {"year": "2008/09", "growth_share": 3}),
        ("emergency_marginal_base", {"year": "2008/09", "growth_share": 0.0, "of": "us"}),
        ("emergency_marginal_base", "2008/09"),
        ("fixed_and_variable", {"EL": "abc"}),
        ("fixed_and_variable", {"ELX": 0.5}),
        ("fixed_and_variable", {"EL": 80}),
        ("fixed_and_variable", {}),
        ("fixed_and_variable", 0.8),
        ("specialised_top_up", 0.3),
        ("specialised_top_up", {"children": 60}),
        ("specialised_top_up", {23: 0.6}),
        ("scope_admitted", "NELNE"),
        ("scope_admitted", ["NIL"]),
        ("scope_admitted", []),
        ("scope_admitted", ["EL", "EL"]),
        ("scope_admitted", ["EL", ["DC"]]),
        ("scope_admitted", "none"),
        ("trim_days_exclude", "critical_care"),
        ("trim_days_exclude", ["critical care"]),
        ("readmission_after_emergency_cut_share", 25),
        ("low_volume_threshold_pence", 500_000.5),
        ("low_volume_threshold_pence", -1),
        ("uplift_quoted_share", 2.5),
        ("efficiency_quoted_share", 2),
        ("transition", 0.5),
        ("transition", ""),
        *((name, "None") for name in RULE_VALUES if name != "transition"),
        *((name, ["x"]) for name in RULE_VALUES),
    ],
)
def test_a_value_of_another_kind_or_out_of_range_is_refused(
    tmp_path: Path, rule: str, value: Any
) -> None:
    path = own_rules(tmp_path, {rule: {"value": value}})
    said = refusal(tmp_path)
    assert str(path) in said
    assert f"{rule} of 2018/19 is " in said
    assert f", and may be {RULE_VALUES[rule].said}" in said
    assert "docs/rules.md" in said


@pytest.mark.parametrize("rule", list(RULE_VALUES))
def test_every_rule_may_be_another_than_shipped_or_unknown(tmp_path: Path, rule: str) -> None:
    assert SHIPPED.rule("rules", rule, YEAR) != OTHER[rule]
    own_rules(tmp_path, {rule: {"value": OTHER[rule]}})
    (found,) = [r for r in rules_in_force.in_force(Shelf.open(tmp_path), YEAR) if r.rule == rule]
    assert (found.value, found.status) == (OTHER[rule], "unverified")
    own_rules(tmp_path / "unknown", {rule: {"value": None}})
    assert Shelf.open(tmp_path / "unknown").rule("rules", rule, YEAR) is None


@pytest.mark.parametrize("year", YEARS)
def test_the_rules_that_are_shipped_are_those_that_may_be_set(year: str) -> None:
    assert list(SHIPPED.record("rules", year).rules) == list(RULE_VALUES)


def test_every_word_that_a_rule_may_be_is_one_that_prices_follow(tmp_path: Path) -> None:
    """`payment_unit: episode` aside: it was so once, and prices cannot follow it."""
    refused = set()
    for rule, kind in RULE_VALUES.items():
        for word in kind.words:
            try:
                payment_rules(shelf_with(tmp_path, **{rule: word}), [YEAR])
            except ReferenceGap as told:
                assert f"The rule {rule} of 2018/19 is '{word}', which prices cannot" in str(told)
                refused.add((rule, word))
    assert refused == {("payment_unit", "episode")}


def test_the_docs_name_every_word_that_a_rule_may_be() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "rules.md").read_text(encoding="utf-8")
    lines = dict(re.findall(r"^\| `(\w+)` \| (.*)$", page, re.M))
    for rule, kind in RULE_VALUES.items():
        for word in set(kind.words) - {"none"}:
            assert f"`{word}`" in lines[rule], (rule, word)


# Tables

TABLES: Final = {
    "tariff": (
        "hrg,day_case_pence,elective_pence,outpatient_procedure_pence,non_elective_pence,"
        "elective_trim_days,non_elective_trim_days,long_stay_per_day_pence",
        "HN12F,1,2,3,4,5,6,7",
    ),
    "short_stay": ("hrg,short_stay_emergency_share", "HN12F,0.5"),
    "mff": ("provider_code,mff_ratio", "XD1,1.1"),
    "outpatient": (
        "specialty_code,first_attendance_pence,follow_up_attendance_pence",
        "300,2,1",
    ),
    "emergency": ("hrg,attendance_pence", "VB01Z,1"),
    "top_up": ("specialised_code,kind,provider_code", "23,children,*"),
    "adjustment": ("provider_code,hrg,pod,adjustment_pence", "XD1,HN12F,EL,-5"),
    "unbundled": ("hrg,price_pence", "RN01A,1"),
    "threshold": ("commissioner_code,provider_code,threshold_pence", "5P4,XD1,0"),
}
"""Headings that a table needs, and a line of it."""

MAY_BE_BLANK: Final = {
    *(("tariff", c) for c in TABLES["tariff"][0].split(",")[1:]),
    *(("outpatient", c) for c in TABLES["outpatient"][0].split(",")[1:]),
    *(("short_stay", "short_stay_emergency_share"), ("mff", "mff_ratio")),
    *(("emergency", "attendance_pence"), ("threshold", "commissioner_code")),
}
CELLS: Final = [(s, c) for s, (heads, _) in TABLES.items() for c in heads.split(",")]


def table(folder: Path, subject: str, *lines: str) -> Path:
    return put(folder, f"{subject}/2018-19.csv", "\n".join(lines) + "\n")


def unread(folder: Path, subject: str) -> str:
    with pytest.raises(ReferenceGap) as told:
        Shelf.open(folder).read(subject, YEAR)
    return str(told.value)


@pytest.mark.parametrize("subject", TABLES)
def test_a_table_with_what_prices_need_is_read(tmp_path: Path, subject: str) -> None:
    heads, line = TABLES[subject]
    table(tmp_path, subject, f"note,{heads}", f",{line}", "," * heads.count(",") + ",", "")
    found = Shelf.open(tmp_path).read(subject, YEAR)
    assert len(found) == 1
    assert found.index.tolist() == [0]


@pytest.mark.parametrize(("subject", "column"), CELLS)
def test_a_wrong_heading_is_named_with_those_that_are_there(
    tmp_path: Path, subject: str, column: str
) -> None:
    heads, line = TABLES[subject]
    wrong = [f"my_{h}"[:20] if h == column else h for h in heads.split(",")]
    path = table(tmp_path, subject, ",".join(wrong), line)
    said = unread(tmp_path, subject)
    assert str(path) in said
    assert re.search(rf"has no column {column}( or \w+)? \(its columns: {', '.join(wrong)}", said)


@pytest.mark.parametrize(("subject", "column"), CELLS)
def test_a_blank_is_refused_where_none_can_be_meant(
    tmp_path: Path, subject: str, column: str
) -> None:
    heads, line = TABLES[subject]
    cells = dict(zip(heads.split(","), line.split(","), strict=True)) | {column: ""}
    table(tmp_path, subject, heads, "", ",".join(cells.values()))
    if (subject, column) in MAY_BE_BLANK:
        assert Shelf.open(tmp_path).read(subject, YEAR)[column].isna().tolist() == [True]
    else:
        assert f"line 3 has no {column}" in unread(tmp_path, subject)


@pytest.mark.parametrize(
    ("subject", "column"), [(s, c) for s, c in CELLS if c.endswith(("_pence", "_days", "_share"))]
)
def test_a_negative_number_is_refused_unless_it_is_an_adjustment(
    tmp_path: Path, subject: str, column: str
) -> None:
    heads, line = TABLES[subject]
    cells = dict(zip(heads.split(","), line.split(","), strict=True)) | {column: "-7"}
    table(tmp_path, subject, heads, ",".join(cells.values()))
    if subject == "adjustment":
        assert Shelf.open(tmp_path).read(subject, YEAR)[column].tolist() == [-7]
    else:
        assert re.search(f"{column} -7(.0 is no share| is below 0)", unread(tmp_path, subject))


def test_every_fault_of_a_table_is_told_at_once(tmp_path: Path) -> None:
    table(
        tmp_path,
        "adjustment",
        "provider_code,hrg,pod,adjustment_pence",
        *("XD1,HN12F,EL,5", "XD1,HN12F,EL,6", "XD1,HN12F,ELX,5", ",HN12F,DC,5", "XD1,HN12F,DC,x"),
    )
    said = unread(tmp_path, "adjustment")
    for fault in (
        *("XD1 HN12F EL stands there twice", "pod 'ELX' is none of", "line 5 has no provider_code"),
        "adjustment_pence 'x' is no number",
    ):
        assert fault in said
    lines = [f"5P4,XD{n},-1" for n in range(25)]
    table(tmp_path, "threshold", TABLES["threshold"][0], *lines)
    said = unread(tmp_path, "threshold")
    assert said.count("is below 0") == 20
    assert "and 5 more" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("hrg,attendance_pence\nVB01Z,1,000\nVB02Z,2\n", "more cells than there are headings"),
        ("hrg,attendance_pence\nVB01Z,1\nVB02Z,2,000\n", "line 3 has more cells"),
        ("hrg,attendance_pence\nVB01Z,inf\n", "'inf' is no number"),
        ("hrg;attendance_pence\nVB01Z;1\n", "no column hrg, attendance_pence"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = put(tmp_path, "emergency/2018-19.csv", text)
    said = unread(tmp_path, "emergency")
    assert str(path) in said
    assert says in said


def test_a_table_in_another_encoding_is_refused_and_a_marked_one_read(tmp_path: Path) -> None:
    path = put(tmp_path, "emergency/2018-19.csv", "")
    path.write_bytes("hrg,attendance_pence\n£,1\n".encode("latin-1"))
    assert "no text in UTF-8" in unread(tmp_path, "emergency")
    path.write_bytes("hrg,attendance_pence\nVB01Z,1\n".encode("utf-8-sig"))
    assert Shelf.open(tmp_path).read("emergency", YEAR)["hrg"].tolist() == ["VB01Z"]


@pytest.mark.parametrize("column", TABLES["threshold"][0].split(","))
def test_contracts_refuse_a_threshold_with_a_wrong_heading(tmp_path: Path, column: str) -> None:
    heads, line = TABLES["threshold"]
    path = table(tmp_path, "threshold", heads.replace(column, column.split("_")[0]), line)
    shelf = Shelf.open(tmp_path)
    with priced(ACTIVITY, shelf=shelf) as warehouse, pytest.raises(ReferenceGap) as told:
        costing.contract_effects(warehouse, shelf, YEAR)
    assert str(path) in str(told.value)
    assert f"no column {column}" in str(told.value)


# The commands


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("rules/2018-19.yaml", "rules:\n", "below 'rules:' stand no rules"),
        ("rules/2018-19.yaml", "rules: {long_stay: {note: x}}", "long_stay has no value"),
        ("rules/2018-19.yaml", "rules: [", "cannot be read from line"),
        ("adjustment/2018-19.csv", "provider_code,hrg,adjustment_pence\nX,HN12F,1\n", "column pod"),
    ],
)
def test_nothing_is_built_from_a_faulty_file(
    small_pct: Path, tmp_path: Path, name: str, text: str, says: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(small_pct / "warehouse.duckdb", data)
    with duckdb.connect(data / "warehouse.duckdb") as con:
        con.execute("UPDATE activity SET pence = 7")
    path = put(data / "reference", name, text)
    with pytest.raises(PbcError, match=re.escape(says)):
        pipeline.build(data)
    with duckdb.connect(data / "warehouse.duckdb", read_only=True) as con:
        assert con.execute("SELECT DISTINCT pence FROM activity").fetchall() == [(7,)]
    done = CliRunner().invoke(app, ["rules", "--year", YEAR, "--data", str(data)])
    if path.suffix == ".yaml":
        assert isinstance(done.exception, ReferenceGap)
        assert says in str(done.exception)


def test_words_of_every_value_that_may_be_set_are_told() -> None:
    assert wording.ruled(OTHER["specialised_top_up"]) == "cancer 0.13"
    assert set(OTHER["fixed_and_variable"]) <= set(PODS)
    assert OTHER.keys() == RULE_VALUES.keys()
