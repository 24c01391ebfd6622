"""What the rules of a contract do to a year's activity: thresholds, readmissions, fixed parts."""

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest

from pbcanalytics import costing
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import ReferenceGap, SelectionError
from tests.drawn import one, priced, shelf_with
from tests.test_payment_rules import shared
from tests.test_price_steps import held

MONTHS = [f"2018-{m:02d}" for m in range(4, 13)] + [f"2019-{m:02d}" for m in range(1, 4)]
NO_MARGIN: dict[str, Any] = {"emergency_marginal_rate": "none", "emergency_readmission": "none"}
WORLDS: Final = ExitStack()


@functools.cache
def world(drawn: str, **kinds: str) -> Warehouse:
    """Price drawn activity once for all contracts, whose rules move no price (tested below)."""
    return WORLDS.enter_context(priced(drawn, **kinds))


@contextmanager
def contracted(drawn: str, shelf: Shelf, **kinds: str) -> Iterator[tuple[Warehouse, pd.DataFrame]]:
    """Reckon the contracts of drawn activity, and leave its prices as they were."""
    warehouse = world(drawn, **kinds)
    warehouse.con.begin()
    try:
        yield warehouse, costing.contract_effects(warehouse, shelf, "2018/19")
    finally:
        warehouse.con.rollback()


def year_of(hrg: str, *, last: int = 12, los_days: int = 0, admission: str = "21") -> str:
    """Draw one emergency a month, each of another patient."""
    lines = [
        "episode_id|person_id|spell_number|commissioner_code|admission_method|admission_date"
        "|discharge_date|hrg"
    ]
    for i, month in enumerate(MONTHS[:last]):
        lines.append(f"e{i}|p{i}|s{i}|5P4|{admission}|{month}-10|{month}-{10 + los_days}|{hrg}")
    return "\n".join(lines)


def effects(drawn: str, shelf: Shelf) -> pd.Series:
    """Give the one contract of some drawn activity."""
    with contracted(drawn, shelf) as (_, found):
        assert len(found) == 1
        return found.iloc[0]


def with_threshold(folder: Path, pence: int, **rules: Any) -> Shelf:
    held(
        folder,
        threshold=f"commissioner_code | provider_code | threshold_pence \n 5P4 | XD1 | {pence}",
    )
    return shelf_with(folder, emergency_readmission="none", **rules)


def test_t1_a_short_stay_of_70_per_cent_at_a_marginal_rate_of_30_pays_21(tmp_path: Path) -> None:
    hrg = shared("0.7")
    full = Shelf.open().read("tariff", "2018/19").set_index("hrg").loc[hrg, "non_elective_pence"]
    shelf = with_threshold(tmp_path, 0, emergency_marginal_rate=0.3)
    found = effects(year_of(hrg), shelf)
    paid = found["emergency_pence"] + found["marginal_effect_pence"]
    assert abs(paid - 12 * full * 0.21) <= 6, "half a penny a rounding"


@pytest.mark.parametrize("rate", [0.3, 0.7])
@pytest.mark.parametrize("gives_back", [True, False])
@pytest.mark.parametrize("part", [0.0, 0.4, 1.0, 1.7])
def test_above_the_threshold_the_rate_is_paid_and_below_it_what_the_rule_gives_back(
    tmp_path: Path, rate: float, gives_back: bool, part: float
) -> None:
    rules = {
        "emergency_marginal_rate": rate,
        "emergency_marginal_below": "full" if gives_back else "same_rate",
    }
    hrg = shared("")
    full = Shelf.open().read("tariff", "2018/19").set_index("hrg").loc[hrg, "non_elective_pence"]
    threshold = round(12 * full * part)
    found = effects(year_of(hrg), with_threshold(tmp_path, threshold, **rules))
    assert found["emergency_pence"] == 12 * full
    excess = 12 * full - threshold
    due = 12 * full if excess < 0 and gives_back else threshold + rate * excess
    assert found["emergency_pence"] + found["marginal_effect_pence"] == pytest.approx(due, abs=0.6)


def test_a_threshold_that_was_not_agreed_is_the_activity_of_its_year_at_todays_prices(
    tmp_path: Path,
) -> None:
    hrg = shared("")
    rules = {
        **BASED,
        "emergency_marginal_base": {"year": "2017/18", "growth_share": 0.03},
    }
    drawn = [months_of(2018, "a", hrg), months_of(2018, "c", hrg), months_of(2017, "b", hrg)]
    found = contracts_of(drawn, shelf_with(tmp_path, **rules)).loc["XD1"]
    one = found["emergency_pence"] / 24
    assert found["threshold_pence"] == round(12 * one * 1.03)
    assert found["marginal_effect_pence"] == -round((24 - 12 * 1.03) * one * 0.5)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"emergency_marginal_rate": None}, "rule_not_held"),
        ({"emergency_marginal_below": None}, "rule_not_held"),
        ({"emergency_marginal_base": None}, "no_threshold"),
        ({"emergency_marginal_rate": "none"}, None),
    ],
)
def test_an_effect_that_needs_an_unknown_rule_is_not_known(
    tmp_path: Path, rules: dict[str, Any], reason: str | None
) -> None:
    shelf = shelf_with(tmp_path, emergency_readmission="none", **rules)
    found = effects(year_of(shared("")), shelf)
    told = found["marginal_reason"]
    assert (None if pd.isna(told) else told) == reason
    assert pd.isna(found["marginal_effect_pence"]) == (reason is not None)
    if reason is None:
        assert found["marginal_effect_pence"] == 0


def test_part_of_a_year_is_not_held_against_the_threshold_of_a_whole_one(tmp_path: Path) -> None:
    shelf = with_threshold(tmp_path, 1, emergency_marginal_rate=0.5)
    found = effects(year_of(shared(""), last=11), shelf)
    assert found["marginal_reason"] == "part_of_year"
    assert pd.isna(found["marginal_effect_pence"])


AGAIN = """
    episode_id|person_id|spell_number|provider_code|admission_method|admission_date|discharge_date|age_years|hrg|diagnoses|discharge_method
    1|plan|1|XD1|11|2018-05-01|2018-05-03|50|HN12F|M16|1
    2|plan|2|XT1|21|2018-05-20|2018-05-24|50|{hrg}|J18|1
    3|late|3|XD1|11|2018-05-01|2018-05-03|50|HN12F|M16|1
    4|late|4|XD1|21|2018-06-03|2018-06-08|50|{hrg}|J18|1
    5|emer|5|XD1|21|2018-05-01|2018-05-05|50|{hrg}|J18|1
    6|emer|6|XD1|21|2018-05-10|2018-05-15|50|{hrg}|J18|1
    7|baby|7|XD1|11|2018-05-01|2018-05-03|3|HN12F|M16|1
    8|baby|8|XD1|21|2018-05-10|2018-05-15|3|{hrg}|J18|1
    9|canc|9|XD1|11|2018-05-01|2018-05-03|50|HN12F|C50|1
    10|canc|10|XD1|21|2018-05-10|2018-05-15|50|{hrg}|J18|1
    11|self|11|XD1|11|2018-05-01|2018-05-03|50|HN12F|M16|2
    12|self|12|XD1|21|2018-05-10|2018-05-15|50|{hrg}|J18|1
    13|move|13|XD1|11|2018-05-01|2018-05-03|50|HN12F|M16|1
    14|move|14|XT1|2B|2018-05-03|2018-05-15|50|{hrg}|J18|1
    15|road|15|XD1|11|2018-05-01|2018-05-03|50|HN12F|M16|1
    16|road|16|XD1|21|2018-05-10|2018-05-15|50|{hrg}|S72 V43|1
    """
RULE: dict[str, Any] = {
    "emergency_readmission": "not_paid_after_elective",
    "readmission_days": 30,
    "readmission_after_emergency_cut_share": 0.25,
    "emergency_marginal_rate": "none",
}


def readmitted(shelf: Shelf) -> tuple[pd.DataFrame, pd.DataFrame]:
    with contracted(AGAIN.format(hrg=shared("")), shelf) as (warehouse, found):
        rows = warehouse.frame("SELECT * FROM readmissions")
    rows["patient"] = rows["spell_id"].str.split("|").str[1]
    return found.set_index("provider_code"), rows.set_index("patient")


def test_emergency_readmissions_are_not_paid_after_an_elective_stay(tmp_path: Path) -> None:
    contracts, found = readmitted(shelf_with(tmp_path, **RULE))
    gross = found["gross_pence"].iloc[0]
    assert set(found.index) == {"plan", "emer", "baby", "canc", "self", "move", "road"}
    assert found["effect_pence"].to_dict() == {
        **dict.fromkeys(("baby", "canc", "self", "move", "road"), 0),
        **{"plan": -gross, "emer": -round(gross / 4)},
    }
    assert found["exclusion"].dropna().to_dict() == {
        "baby": "under_four",
        "canc": "cancer",
        "self": "self_discharge",
        "move": "transfer",
        "road": "transport_accident",
    }
    assert found.loc["plan", "days_after"] == 17
    assert found.loc["plan", "provider_code"] == "XD1", "the hospital that discharged bears it"
    assert contracts.loc["XD1", "readmission_effect_pence"] == found["effect_pence"].sum()
    assert contracts.loc["XD1", "n_readmissions"] == 2
    assert contracts.loc["XT1", "readmission_effect_pence"] == 0


def test_whether_readmissions_are_paid_is_not_guessed(tmp_path: Path) -> None:
    for rule in (None, "avoidable_not_paid"):
        contracts, found = readmitted(
            shelf_with(tmp_path, **{**RULE, "emergency_readmission": rule})
        )
        assert len(found) == 7, "they are listed all the same"
        assert contracts.loc["XD1", "readmission_reason"] == "rule_not_held"
        assert pd.isna(contracts.loc["XD1", "readmission_effect_pence"])
    with pytest.raises(ReferenceGap, match="emergency_readmission"):
        readmitted(shelf_with(tmp_path, **{**RULE, "emergency_readmission": "halved"}))


def test_what_varies_with_activity_and_what_is_not_known_make_the_whole(tmp_path: Path) -> None:
    drawn = AGAIN.format(hrg=shared(""))
    shares = {"EL": 1.0, "NEL": 0.2}
    shelf = shelf_with(tmp_path, **NO_MARGIN, fixed_and_variable=shares)
    ae = "attendance_id | provider_code | arrival_date | hrg \n a | XT1 | 2018-05-01 | VB08Z"
    with contracted(drawn, shelf, emergency=ae) as (warehouse, told):
        found = told.set_index("provider_code")
        lines = warehouse.frame("SELECT * FROM contract_values")
    gross = lines.groupby(["provider_code", "pod"])["gross_pence"].sum()
    assert found.loc["XD1", "undivided_pence"] == 0
    assert found.loc["XT1", "undivided_pence"] == gross["XT1", "AE"]
    due = gross["XD1", "EL"] + round(gross["XD1", "NEL"] * 0.2)
    assert found.loc["XD1", "variable_pence"] == due
    unknown = shelf_with(tmp_path, **NO_MARGIN, fixed_and_variable=None)
    with contracted(drawn, unknown) as (_, found):
        assert (found["variable_pence"] == 0).all()
        assert (found["undivided_pence"] == found["gross_pence"]).all()


@pytest.mark.parametrize(
    ("threshold", "is_low"), [("none", False), (None, None), (10**12, True), (10**6, False)]
)
def test_a_low_volume_is_one_below_the_threshold_of_the_year(
    tmp_path: Path, threshold: object, is_low: bool | None
) -> None:
    shelf = shelf_with(tmp_path, **NO_MARGIN, low_volume_threshold_pence=threshold)
    found = effects(year_of("HN12F", admission="11"), shelf)["is_low_volume"]
    assert (None if pd.isna(found) else bool(found)) == is_low


def test_a_year_without_priced_stays_has_no_contracts() -> None:
    shelf = Shelf.open()
    with pytest.raises(SelectionError, match="2017/18"):
        costing.contract_effects(world(year_of("HN12F")), shelf, "2017/18")


def test_a_stay_that_went_on_elsewhere_is_one_continuous_spell() -> None:
    with priced(
        """
        episode_id|person_id|spell_number|provider_code|admission_source|admission_date|discharge_date|hrg|discharge_destination
        1|p|1|XD1|19|2018-05-01|2018-05-03|HN12F|51
        2|p|2|XT1|51|2018-05-03|2018-05-10|HN12F|51
        3|p|3|XD1|51|2018-05-12|2018-05-20|HN12F|19
        4|p|4|XD1|19|2018-05-21|2018-05-22|HN12F|19
        5|q|5|XD1|19|2018-05-01|2018-05-03|HN12F|51
        6|q|6|XT1|19|2018-05-06|2018-05-08|HN12F|19
        7|r|7|XD1|19|2018-05-01|2018-05-03|HN12F|19
        8|r|8|XT1|19|2018-05-03|2018-05-08|HN12F|19
        """
    ) as warehouse:
        found = warehouse.frame("SELECT * FROM continuous_spells ORDER BY position")
        paid = warehouse.rows("SELECT count(*) FROM priced_spells WHERE price_year = '2018/19'")
    assert found["spell_id"].tolist() == ["XD1|p|1", "XT1|p|2", "XD1|p|3"]
    assert set(found["continuous_spell_id"]) == {"XD1|p|1"}
    assert set(found["los_days"]) == {19}
    assert paid == [(8,)], "each provider's spell is paid by itself"


def test_what_is_odd_about_the_episodes_of_a_spell_is_flagged() -> None:
    with priced(
        """
        episode_id|spell_number|sex|patient_class|episode_order|episode_start|admission_date|discharge_date|hrg
        1|fine|1|1|1|2018-05-01|2018-05-01||HN12F
        2|fine|1|1|2|2018-05-02|2018-05-01|2018-05-03|HN12F
        3|sex |1|1|1|2018-05-01|2018-05-01||HN12F
        4|sex |2|1|2|2018-05-02|2018-05-01|2018-05-03|HN12F
        5|kind|1|1|1|2018-05-01|2018-05-01||HN12F
        6|kind|1|2|2|2018-05-02|2018-05-01|2018-05-03|HN12F
        7|same|1|1|1|2018-05-01|2018-05-01||HN12F
        8|same|1|1|1|2018-05-01|2018-05-01|2018-05-03|HN12F
        9|late|1|1|2|2018-05-02|2018-05-01|2018-05-03|HN12F
        """
    ) as warehouse:
        found = warehouse.rows("SELECT spell_id, flag FROM spell_flags ORDER BY ALL")
    assert [(spell.split("|")[-1], flag) for spell, flag in found] == [
        ("kind", "class_differs"),
        ("late", "first_episode_missing"),
        ("same", "episode_twice"),
        ("sex", "sex_differs"),
    ]


@pytest.mark.parametrize(
    ("rule", "value", "other"),
    [
        ("emergency_marginal_rate", 0.5, 0.7),
        (
            "emergency_marginal_base",
            {"year": "2017/18", "growth_share": 0.0},
            {"year": "2017/18", "growth_share": 0.03},
        ),
        ("emergency_marginal_below", "full", "same_rate"),
        ("emergency_readmission", "not_paid_after_elective", "none"),
        ("readmission_days", 30, 5),
        ("readmission_after_emergency_cut_share", 0.25, 0.5),
        ("fixed_and_variable", {"NEL": 1.0}, {"NEL": 0.2}),
        ("low_volume_threshold_pence", 1, 10**12),
    ],
)
def test_every_rule_of_contracts_moves_what_they_pay(
    tmp_path: Path, rule: str, value: object, other: object
) -> None:
    hrg = shared("")
    before = "\n".join(
        f"b{i}{y}{m}|q{i}{y}{m}|t{i}{y}{m}|5P4|21|{y}-{m:02d}-10|{y}-{m:02d}-10|{hrg}"
        for i in range(2)
        for y, m in [*((2017, m) for m in range(4, 13)), *((2018, m) for m in range(1, 4))]
    )
    again = f"r1|p0|r1|5P4|21|2018-04-20|2018-04-20|{hrg}\n"
    again += (
        f"o1|z|o1|5P4|11|2018-05-01|2018-05-02|{hrg}\nr2|z|r2|5P4|21|2018-05-09|2018-05-10|{hrg}"
    )
    usual = {
        **RULE,
        "emergency_marginal_rate": 0.5,
        "emergency_marginal_below": "same_rate",
        "emergency_marginal_base": {"year": "2017/18", "growth_share": 0.0},
        "fixed_and_variable": "none",
        "low_volume_threshold_pence": "none",
    }
    drawn = "\n".join([year_of(hrg), before, again])
    found = [
        effects(drawn, shelf_with(tmp_path / name, **{**usual, rule: chosen}))
        for name, chosen in (("one", value), ("two", other))
    ]
    assert not found[0].equals(found[1]), f"{rule} moves nothing"


def test_no_rule_of_contracts_moves_a_price(tmp_path: Path) -> None:
    drawn = AGAIN.format(hrg=shared(""))
    ours = {
        **BASED,
        "readmission_days": 5,
        "readmission_after_emergency_cut_share": 0.5,
        "fixed_and_variable": {"NEL": 0.2},
        "low_volume_threshold_pence": 1,
    }
    shelf = shelf_with(tmp_path, **ours)
    rules = [s.record("rules", "2018/19").rules for s in (shelf, Shelf.open())]
    assert all(rules[0][name]["value"] != rules[1][name]["value"] for name in ours)
    with priced(drawn, shelf=shelf) as warehouse:
        pd.testing.assert_frame_equal(
            one(warehouse, "priced_spells"), one(world(drawn), "priced_spells")
        )


def months_of(year: int, prefix: str, hrg: str, *, provider: str = "XD1", n: int = 12) -> str:
    """Draw one emergency a month of a financial year, each of another patient."""
    months = [(year, m) for m in range(4, 13)] + [(year + 1, m) for m in range(1, 4)]
    return "\n".join(
        f"{prefix}{i}|{prefix}{i}|{prefix}{i}|{provider}|21|{y}-{m:02d}-10|{y}-{m:02d}-10|{hrg}"
        for i, (y, m) in enumerate(months[:n])
    )


HEAD = (
    "episode_id|person_id|spell_number|provider_code|admission_method|admission_date"
    "|discharge_date|hrg"
)
BASED: dict[str, Any] = {
    "emergency_marginal_rate": 0.5,
    "emergency_marginal_below": "same_rate",
    "emergency_marginal_base": {"year": "2017/18", "growth_share": 0.0},
    "emergency_readmission": "none",
}


def contracts_of(drawn: list[str], shelf: Shelf) -> pd.DataFrame:
    with contracted("\n".join([HEAD, *drawn]), shelf) as (_, found):
        return found.set_index("provider_code")


def test_a_threshold_rests_on_a_whole_base_year_or_is_not_known(tmp_path: Path) -> None:
    hrg, shelf = shared(""), shelf_with(tmp_path, **BASED)
    whole = contracts_of([months_of(2018, "a", hrg), months_of(2017, "b", hrg)], shelf)
    assert whole.loc["XD1", "marginal_effect_pence"] == 0
    part = contracts_of([months_of(2018, "a", hrg), months_of(2017, "b", hrg, n=11)], shelf)
    gap = "g|g|g|XD1|21|2017-05-01|2017-05-01|XX99Z"
    unpriced = contracts_of([months_of(2018, "a", hrg), months_of(2017, "b", hrg), gap], shelf)
    for found in (part, unpriced):
        assert found.loc["XD1", "marginal_reason"] == "part_of_base"
        assert pd.isna(found.loc["XD1", "marginal_effect_pence"])


def test_a_provider_that_sent_two_months_is_not_held_against_a_year(tmp_path: Path) -> None:
    hrg = shared("")
    shelf = shelf_with(tmp_path, **BASED, low_volume_threshold_pence=10**9)
    drawn = [months_of(2018, "a", hrg), months_of(2017, "b", hrg)]
    drawn += [months_of(2018, "c", hrg, provider="XT1", n=2)]
    drawn += [months_of(2017, "d", hrg, provider="XT1")]
    found = contracts_of(drawn, shelf)
    assert found.loc["XT1", "n_months"] == 2
    assert found.loc["XT1", "marginal_reason"] == "part_of_year"
    assert pd.isna(found.loc["XT1", "is_low_volume"])
    assert found.loc["XD1", "is_low_volume"]


def test_two_emergencies_of_one_day_are_one_readmission_at_most(tmp_path: Path) -> None:
    hrg, shelf = shared(""), shelf_with(tmp_path, **RULE)
    drawn = [f"{i}|p|{i}|XD1|21|2018-06-01|2018-06-01|{hrg}" for i in (1, 2)]
    with contracted("\n".join([HEAD, *drawn]), shelf) as (warehouse, _):
        pairs = warehouse.rows("SELECT spell_id, index_spell_id FROM readmissions")
    assert pairs == [("XD1|p|2", "XD1|p|1")]


def test_a_stay_that_began_elective_and_went_on_elsewhere_is_elective(tmp_path: Path) -> None:
    hrg, shelf = shared(""), shelf_with(tmp_path, **RULE)
    drawn = [
        "1|p|1|XD1|11|2018-06-01|2018-06-05|HN12F",
        "2|p|2|XT1|81|2018-06-05|2018-06-10|HN12F",
        f"3|p|3|XD1|21|2018-06-15|2018-06-18|{hrg}",
    ]
    with contracted("\n".join([HEAD, *drawn]), shelf) as (warehouse, _):
        found = warehouse.frame("SELECT * FROM readmissions").iloc[0]
    assert (found["index_spell_id"], found["after_stay"]) == ("XT1|p|2", "elective")
    assert pd.isna(found["exclusion"])
    assert found["effect_pence"] == -found["gross_pence"]


def test_readmissions_after_a_contract_without_activity_are_in_no_sum_lost(tmp_path: Path) -> None:
    hrg, shelf = shared(""), shelf_with(tmp_path, **RULE)
    drawn = [
        "1|p|1|XC1|11|2018-03-20|2018-03-25|HN12F",
        f"2|p|2|XD1|21|2018-04-05|2018-04-08|{hrg}",
    ]
    with contracted("\n".join([HEAD, *drawn]), shelf) as (warehouse, told):
        found = told.set_index("provider_code")
        due = warehouse.rows("SELECT CAST(SUM(effect_pence) AS BIGINT) FROM readmissions")[0][0]
    assert due < 0
    assert found["readmission_effect_pence"].sum() == due
    assert (found.loc["XC1", "n_activity"], found.loc["XC1", "n_readmissions"]) == (0, 1)


def test_how_soon_a_readmission_is_one_is_not_guessed(tmp_path: Path) -> None:
    found = effects(year_of(shared("")), shelf_with(tmp_path, **{**RULE, "readmission_days": None}))
    assert found["readmission_reason"] == "rule_not_held"
    assert pd.isna(found["readmission_effect_pence"])
