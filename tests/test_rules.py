"""The payment rules of every year: one set of names, values of the right kind, what is unknown."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from pbcanalytics.faces import wording
from pbcanalytics.reference import STATUSES, Shelf
from pbcanalytics.words import periods
from pbcanalytics.words.codes import PODS

SHELF = Shelf.open()
YEARS: Final = [
    Path(name).stem.replace("-", "/") for name, _ in SHELF.files() if name.startswith("rules/")
]
RULES: Final[dict[str, dict[str, Any]]] = {y: SHELF.record("rules", y).rules for y in YEARS}
NONE: Final = "none"

ADMITTED: Final = ("DC", "EL", "NEL", "NELNE")
TOP_UPS: Final = {"children", "orthopaedic", "spinal", "neurosciences"}
DAYS_OFF: Final = ["critical_care", "rehabilitation", "palliative"]


def among(*words: object) -> Callable[[Any], bool]:
    """Make a test for one of some words."""
    return lambda v: v in words and not isinstance(v, int | float)


def whole(low: int, high: int) -> Callable[[Any], bool]:
    """Make a test for a whole number in a range, or that the rule did not exist."""
    return lambda v: v == NONE or (type(v) is int and low <= v <= high)


def share(low: float, high: float) -> Callable[[Any], bool]:
    """Make a test for a share in a range, or that the rule did not exist."""
    return lambda v: v == NONE or (type(v) is float and low <= v <= high)


def shares(keys: set[str]) -> Callable[[Any], bool]:
    """Make a test for a share of each of some kinds, or that the rule did not exist."""
    one = share(0, 1)
    return lambda v: (
        v == NONE or (isinstance(v, dict) and v and set(v) <= keys and all(map(one, v.values())))
    )


def baseline(v: Any) -> bool:
    """Tell whether a value is a baseline: a financial year that exists, and growth on it."""
    return v == NONE or (
        v.keys() == {"year", "growth_share"}
        and periods.first_year(v["year"]) in range(2004, 2019)
        and share(0, 0.1)(v["growth_share"])
    )


ALLOWED: Final[dict[str, Callable[[Any], bool]]] = {
    "payment_model": among("pbr", "ntps", "nhsps_api"),
    "hrg_version": among("v3.1", "v3.5", "HRG4", "HRG4+"),
    "payment_unit": among("spell", "episode"),
    "payable_hrg": among("max_tariff", "procedure_first", "supplied"),
    "scope_admitted": lambda v: bool(v) and v == [p for p in ADMITTED if p in v],
    "scope_outpatients": lambda v: isinstance(v, bool),
    "scope_emergency": lambda v: isinstance(v, bool),
    "outpatient_procedure": among(NONE, "local", "non-mandatory", "mandatory list", "mandatory"),
    "outpatient_currency": among("specialty_first_follow_up", "hrg_and_specialty"),
    "emergency_currency": among(
        *("local", "three_levels", "hrg_v3.5", "hrg_vb", "hrg_investigation_treatment")
    ),
    "daycase_elective_price": among("combined", "separate", "per HRG"),
    "same_day_elective": among("day_case", "elective"),
    "long_stay": among(NONE, "per day beyond the trim point"),
    "trim_days_exclude": lambda v: v in (NONE, DAYS_OFF),
    "short_stay_emergency": among(NONE, "per HRG"),
    "short_stay_longest_days": whole(0, 5),
    "short_stay_youngest_years": whole(0, 25),
    "short_stay_los": among(NONE, "raw", "adjusted"),
    "specialised_top_up": shares(TOP_UPS),
    "specialised_top_up_base": among(NONE, "base", "base+long_stay"),
    "market_forces_factor": among("in_price", "paid_centrally"),
    "emergency_marginal_rate": share(0.1, 0.9),
    "emergency_marginal_base": baseline,
    "emergency_marginal_below": among(NONE, "same_rate", "full"),
    "emergency_readmission": among(NONE, "avoidable_not_paid", "not_paid_after_elective"),
    "readmission_days": whole(1, 30),
    "readmission_after_emergency_cut_share": share(0, 1),
    "fixed_and_variable": shares(set(PODS)),
    "low_volume_threshold_pence": whole(10_000_000, 1_000_000_000),
    "uplift_quoted_share": share(-0.05, 0.1),
    "uplift_is_net": lambda v: isinstance(v, bool),
    "efficiency_quoted_share": share(0, 0.06),
    "transition": lambda v: isinstance(v, str) or shares(set(v))(v),
}


def known(year: str, name: str) -> Any:
    """Give the value of a rule."""
    return RULES[year][name]["value"]


def test_the_years_are_those_of_the_three_payment_models() -> None:
    pbr = [f"{y}/{(y + 1) % 100:02d}" for y in range(2003, 2014)]
    assert [y for y in YEARS if known(y, "payment_model") == "pbr"] == pbr
    scheme = ["2023/24", "2024/25", "2025/26", "2026/27"]
    assert [y for y in YEARS if known(y, "payment_model") == "nhsps_api"] == scheme
    assert {"2017/18", "2018/19"} < {y for y in YEARS if known(y, "payment_model") == "ntps"}


@pytest.mark.parametrize("year", YEARS)
def test_every_year_has_the_same_rules_of_the_same_unit_and_kind(year: str) -> None:
    first = RULES[YEARS[0]]
    assert list(RULES[year]) == list(first) == list(ALLOWED)
    for name, rule in RULES[year].items():
        assert (rule["unit"], rule["kind"]) == (first[name]["unit"], first[name]["kind"]), name
        assert rule["kind"] in ("price", "information"), name


@pytest.mark.parametrize("year", YEARS)
def test_a_record_says_which_year_it_is_of_and_nothing_else(year: str) -> None:
    record = SHELF.record("rules", year)
    assert record.financial_year == year
    assert record.title == f"Payment rules {year}"
    assert record.source in SHELF.sources()
    for name, rule in record.rules.items():
        always = {"value", "unit", "kind", "status"}
        assert always <= set(rule), name
        assert set(rule) <= always | {"source", "note", "missing", "open_question"}, name


@pytest.mark.parametrize("year", YEARS)
def test_a_value_has_the_type_and_range_of_its_rule(year: str) -> None:
    values = {name: known(year, name) for name in RULES[year]}
    odd = {n: v for n, v in values.items() if v is not None and not ALLOWED[n](v)}
    assert odd == {}


@pytest.mark.parametrize("year", YEARS)
def test_what_is_not_known_is_said_and_what_is_official_has_a_source(year: str) -> None:
    sources = SHELF.sources()
    for name, rule in RULES[year].items():
        assert rule["status"] in STATUSES, name
        assert (rule["value"] is None) == bool(rule.get("missing")), name
        if rule["value"] is None:
            assert rule["status"] == "unverified", name
        if rule["status"] == "official":
            assert rule["source"] != "rulebook", name
            assert rule["source"] in sources, name
        assert rule.get("source", "rulebook") in sources, name
        assert re.fullmatch(r"O([1-9]|1\d|2[0-2])", rule.get("open_question", "O1")), name


def test_every_source_says_where_it_is_and_what_may_be_done_with_it() -> None:
    for source in SHELF.sources().values():
        assert source.title, source.key
        assert source.publisher, source.key
        assert source.licence, source.key
        assert source.held_how, source.key


@pytest.mark.parametrize("year", YEARS)
def test_rules_that_hang_together_exist_together(year: str) -> None:
    for head, parts in {
        "long_stay": ["trim_days_exclude"],
        "short_stay_emergency": [
            *("short_stay_longest_days", "short_stay_youngest_years", "short_stay_los")
        ],
        "specialised_top_up": ["specialised_top_up_base"],
        "emergency_marginal_rate": ["emergency_marginal_base", "emergency_marginal_below"],
        "emergency_readmission": ["readmission_days", "readmission_after_emergency_cut_share"],
    }.items():
        for part in parts:
            assert (known(year, head) == NONE) == (known(year, part) == NONE), part


@pytest.mark.parametrize("year", YEARS)
def test_a_baseline_of_emergencies_lies_before_its_year(year: str) -> None:
    base = known(year, "emergency_marginal_base")
    if isinstance(base, dict):
        assert periods.first_year(base["year"]) < periods.first_year(year)


def test_the_payable_hrg_follows_the_version_of_the_hrgs() -> None:
    by_version = {
        (known(y, "hrg_version"), known(y, "payable_hrg"))
        for y in YEARS
        if known(y, "hrg_version") is not None
    }
    assert by_version == {
        ("v3.1", "max_tariff"),
        ("v3.5", "max_tariff"),
        ("HRG4", "supplied"),
        ("HRG4+", "supplied"),
    }


@pytest.mark.parametrize(
    ("year", "name", "value", "source"),
    [
        ("2005/06", "scope_admitted", ["DC", "EL"], "hsj_timeline"),
        ("2005/06", "scope_outpatients", False, "hsj_timeline"),
        ("2006/07", "scope_admitted", ["DC", "EL", "NEL", "NELNE"], "hsj_timeline"),
        ("2006/07", "scope_outpatients", True, "hsj_timeline"),
        ("2006/07", "scope_emergency", True, "hsj_timeline"),
        ("2006/07", "emergency_marginal_rate", 0.5, "hsj_timeline"),
        (
            "2006/07",
            "emergency_marginal_base",
            {"year": "2004/05", "growth_share": 0.03},
            "hsj_timeline",
        ),
        ("2006/07", "emergency_marginal_below", "same_rate", "hsj_timeline"),
        ("2007/08", "emergency_marginal_base", {"year": "2005/06", "growth_share": 0.0}, "reckon"),
        ("2007/08", "uplift_quoted_share", 0.025, "reckon"),
        ("2007/08", "efficiency_quoted_share", 0.025, "reckon"),
        ("2008/09", "transition", "none", "hsj_briefing"),
        ("2009/10", "hrg_version", "HRG4", "hfma_2009_package"),
        ("2009/10", "emergency_currency", "hrg_v3.5", "hfma_2009_package"),
        ("2009/10", "emergency_marginal_rate", "none", "hfma_2009_package"),
        ("2009/10", "uplift_quoted_share", 0.017, "hfma_testing_times"),
        ("2010/11", "daycase_elective_price", "combined", "hfma_2010_combined"),
        ("2010/11", "outpatient_procedure", "mandatory list", "hfma_2010_combined"),
        ("2010/11", "emergency_marginal_rate", 0.3, "hfma_2010_final"),
        (
            "2010/11",
            "emergency_marginal_base",
            {"year": "2008/09", "growth_share": 0.0},
            "hfma_2010_final",
        ),
        (
            "2010/11",
            "specialised_top_up",
            {"children": 0.78, "orthopaedic": 0.30},
            "hfma_intro_4",
        ),
        ("2010/11", "uplift_quoted_share", 0.0, "hsj_5009432"),
        ("2010/11", "readmission_days", 14, "hfma_readmissions_2010"),
        ("2011/12", "emergency_readmission", "not_paid_after_elective", "hfma_readmissions"),
        ("2011/12", "readmission_days", 30, "hfma_readmissions"),
        ("2011/12", "readmission_after_emergency_cut_share", 0.25, "hfma_readmissions"),
        (
            "2011/12",
            "specialised_top_up",
            {"children": 0.60, "orthopaedic": 0.24, "spinal": 0.32, "neurosciences": 0.28},
            "hfma_intro_4",
        ),
        ("2011/12", "short_stay_longest_days", 1, "hfma_intro_4"),
        ("2014/15", "emergency_marginal_rate", 0.3, "gov_marginal_rate"),
        ("2015/16", "emergency_marginal_rate", 0.7, "hsj_7022143"),
        ("2018/19", "hrg_version", "HRG4+", "annex_a_2017_19"),
        ("2018/19", "short_stay_youngest_years", 19, "annex_a_2017_19"),
        ("2023/24", "low_volume_threshold_pence", 50_000_000, "nhsps_2023_25"),
        ("2025/26", "low_volume_threshold_pence", 150_000_000, "nhsps_2025_26"),
        ("2025/26", "uplift_quoted_share", 0.0483, "nhsps_2025_26"),
        (
            "2025/26",
            "fixed_and_variable",
            {"DC": 1.0, "EL": 1.0, "OPFA": 1.0, "OPPROC": 1.0},
            "nhsps_2025_26_mechanisms",
        ),
        ("2026/27", "efficiency_quoted_share", 0.02, "nhsps_2026_27_consultation"),
    ],
)
def test_an_official_value_is_what_its_source_says(
    year: str, name: str, value: object, source: str
) -> None:
    """Domain 1.1-1.8 and 9.2 give each of these with the source named here."""
    rule = RULES[year][name]
    assert (rule["value"], rule["source"], rule["status"]) == (value, source, "official")


@pytest.mark.parametrize(
    ("years", "name", "question"),
    [
        (["2005/06", "2006/07", "2007/08", "2008/09"], "short_stay_emergency", "O2"),
        (["2005/06", "2006/07", "2007/08", "2008/09"], "specialised_top_up", "O3"),
        (["2026/27"], "low_volume_threshold_pence", "O17"),
    ],
)
def test_what_nobody_knows_points_to_its_open_question(
    years: list[str], name: str, question: str
) -> None:
    for year in years:
        rule = RULES[year][name]
        assert (rule["value"], rule["open_question"]) == (None, question)


def test_whether_the_uplift_of_2007_was_net_stays_open() -> None:
    """Domain 1.3, note 1: both sources are ambiguous."""
    assert known("2007/08", "uplift_is_net") is None


@pytest.mark.parametrize("year", ["2017/18", "2018/19"])
def test_what_a_price_of_these_years_leaves_out_is_named_and_nothing_more(year: str) -> None:
    assert set(SHELF.rules_not_held(year)) == {
        "specialised_top_up",
        "emergency_marginal_base",
        "emergency_readmission",
    }
    assert known(year, "transition") is None


def test_a_rule_that_says_nothing_of_its_kind_is_one_that_a_price_needs(tmp_path: Path) -> None:
    record = tmp_path / "rules" / "2022-23.yaml"
    record.parent.mkdir()
    rule = {"value": None, "unit": "rule", "status": "unverified", "missing": "not held"}
    held = {"title": "t", "source": "own", "grain": "g", "rules": {"long_stay": rule}}
    record.write_text(yaml.safe_dump(held), encoding="utf-8")
    assert Shelf.open(tmp_path).rules_not_held("2022/23") == {"long_stay": "not held"}


def test_a_users_copy_of_a_year_changes_that_year_only(tmp_path: Path) -> None:
    shipped = dict(SHELF.files())["rules/2011-12.yaml"]
    own = tmp_path / "rules" / "2011-12.yaml"
    own.parent.mkdir()
    shutil.copy(shipped, own)
    text = own.read_text(encoding="utf-8")
    own.write_text(text.replace("children: 0.6,", "children: 0.5,"), encoding="utf-8")
    shelf = Shelf.open(tmp_path)
    assert shelf.rule("rules", "specialised_top_up", "2011/12")["children"] == 0.5
    assert shelf.rule("rules", "specialised_top_up", "2010/11")["children"] == 0.78
    assert shelf.rule("rules", "readmission_days", "2011/12") == 30
    assert shelf.digest() != SHELF.digest()


def test_the_page_on_rules_explains_every_one_of_them() -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "rules.md"
    explained = re.findall(r"^\| `(\w+)` \|", page.read_text(encoding="utf-8"), re.M)
    assert explained == list(ALLOWED)


def test_every_rule_that_a_price_may_lack_has_words_for_a_page() -> None:
    priced = {n for rules in RULES.values() for n, r in rules.items() if r["kind"] == "price"}
    assert priced <= set(wording.RULE_WORDS)
