"""Prices follow the rules of their year: each rule moves what it should, unknown is no price."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from pbcanalytics import costing
from pbcanalytics.reference import Shelf
from pbcanalytics.words.errors import ReferenceGap
from pbcanalytics.words.reasons import UNPRICED
from tests.drawn import Kept, one, priced, shelf_with

SPELLS = """
    episode_id | spell_number | admission_method | admission_date | discharge_date | age_years | hrg
    short | short     | 21 | 2018-05-01 | 2018-05-02 | 50 | {hrg}
    long  | long      | 21 | 2018-05-01 | 2018-05-03 | 50 | {hrg}
    child | child     | 21 | 2018-05-01 | 2018-05-02 | 18 | {hrg}
    plan  | planned   | 11 | 2018-05-01 | 2018-05-02 | 50 | {hrg}
    birth | birth     | 31 | 2018-05-01 | 2018-05-02 | 30 | {hrg}
    """


def shared(share: str) -> str:
    """An HRG with elective and emergency prices that pays this share for a short stay."""
    shelf = Shelf.open()
    short = shelf.read("short_stay", "2018/19").set_index("hrg")["short_stay_emergency_share"]
    tariff = shelf.read("tariff", "2018/19").set_index("hrg")
    both = tariff.dropna(subset=["non_elective_pence", "elective_pence", "day_case_pence"]).index
    found = short[short == float(share)].index if share else short[short.isna()].index
    return str(sorted(found.intersection(both))[0])


def spells(hrg: str, shelf: Shelf | None = None) -> pd.DataFrame:
    with priced(SPELLS.format(hrg=hrg), shelf=shelf) as warehouse:
        found = one(warehouse, "priced_spells")
    return found.assign(spell=found["spell_id"].str.split("|").str[-1]).set_index("spell")


def test_an_adults_short_emergency_stay_is_paid_a_share_and_nobody_elses() -> None:
    found = spells(shared("0.7"))
    base = found["base_pence"]
    assert found.loc["short", "short_stay_pence"] == round(base["short"] * 0.7) - base["short"]
    others = found.drop(index="short")
    assert (others["short_stay_pence"] == 0).all()
    gross = found[["base_pence", "short_stay_pence", "long_stay_pence", "mff_pence"]].sum(axis=1)
    assert (found["price_pence"] == gross).all()
    full = found.loc["long"]
    assert full["price_pence"] > found.loc["short", "price_pence"]


def test_an_hrg_without_a_share_is_not_reduced() -> None:
    assert (spells(shared(""))["short_stay_pence"] == 0).all()


def test_where_no_shares_are_held_a_short_stay_has_no_price_and_the_others_have(
    tmp_path: Path,
) -> None:
    folders = Shelf.open().folders
    bare = tmp_path / "bare"
    shutil.copytree(folders[0], bare)
    shutil.rmtree(bare / "short_stay")
    found = spells(shared("0.7"), Shelf((bare,)))
    assert found["unpriced_reason"].dropna().to_dict() == {"short": "no_short_stay_share"}


def test_an_unknown_age_is_missed_only_where_it_decides() -> None:
    for share, reason in (("0.7", "no_age"), ("", None)):
        with priced(
            f"""
            episode_id | spell_number | admission_method | admission_date | hrg
            a          | s            | 21               | 2018-05-01     | {shared(share)}
            """
        ) as warehouse:
            warehouse.con.execute(
                "UPDATE episodes SET age_years = NULL, discharge_date = DATE '2018-05-01'"
            )
            costing.build(warehouse, Kept.open(), lambda name, share: None)
            told = one(warehouse, "priced_spells")["unpriced_reason"].iloc[0]
        assert (None if pd.isna(told) else told) == reason


def test_t13_the_factor_off_or_on_changes_only_its_own_line(tmp_path: Path) -> None:
    hrg = shared("0.7")
    on = spells(hrg)
    off = spells(hrg, shelf_with(tmp_path, market_forces_factor="paid_centrally"))
    same = ["base_pence", "short_stay_pence", "long_stay_pence"]
    pd.testing.assert_frame_equal(on[same], off[same])
    assert (off["mff_pence"] == 0).all()
    assert (on["mff_pence"] > 0).all()
    assert ((on["price_pence"] - off["price_pence"]) == on["mff_pence"]).all()


def test_a_kind_of_stay_outside_the_scope_has_no_price_and_is_no_gap(tmp_path: Path) -> None:
    found = spells(shared("0.7"), shelf_with(tmp_path, scope_admitted=["DC", "EL"]))
    told = found["unpriced_reason"]
    assert told[["short", "long", "birth"]].tolist() == ["outside_scope"] * 3
    assert pd.isna(told["planned"])
    assert not UNPRICED["outside_scope"].is_gap


@pytest.mark.parametrize(
    ("rule", "missed"),
    [
        ("scope_admitted", {"short", "long", "child", "planned", "birth"}),
        ("payable_hrg", {"short", "long", "child", "planned", "birth"}),
        ("market_forces_factor", {"short", "long", "child", "planned", "birth"}),
        ("short_stay_emergency", {"short"}),
        ("short_stay_youngest_years", {"short", "child"}),
        ("short_stay_longest_days", {"short", "long"}),
        ("long_stay", set()),
    ],
)
def test_a_price_that_needs_an_unknown_rule_has_a_reason_and_no_other_has(
    tmp_path: Path, rule: str, missed: set[str]
) -> None:
    found = spells(shared("0.7"), shelf_with(tmp_path, **{rule: None}))
    reasons = found["unpriced_reason"].dropna()
    assert set(reasons.index) == missed
    assert set(reasons) <= {"rule_not_held"}


def test_a_rule_that_prices_cannot_follow_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceGap, match="payable_hrg of 2018/19 is 'cheapest'"):
        spells(shared("0.7"), shelf_with(tmp_path, payable_hrg="cheapest"))


def test_without_long_stays_in_the_rules_no_day_is_beyond_the_trim_point(tmp_path: Path) -> None:
    drawn = """
    episode_id | spell_number | admission_date | discharge_date | hrg
    a          | a            | 2018-05-01     | 2018-12-24     | HN12F
    """
    with priced(drawn) as warehouse:
        paid = one(warehouse, "priced_spells").iloc[0]
    with priced(drawn, shelf=shelf_with(tmp_path, long_stay="none")) as warehouse:
        unpaid = one(warehouse, "priced_spells").iloc[0]
    assert paid["long_stay_pence"] > 0
    assert (unpaid["long_stay_pence"], unpaid["excess_bed_days"]) == (0, 0)


SEVERAL = """
    episode_id | spell_number | episode_order | admission_date | discharge_date | procedures | hrg
    a | s | 1 | 2018-05-01 | 2018-05-09 |      | {dear}
    b | s | 2 | 2018-05-01 | 2018-05-09 | W371 | {cheap}
    c | t | 1 | 2018-05-01 | 2018-05-09 |      | {cheap}
    d | t | 2 | 2018-05-01 | 2018-05-09 |      | {dear}
    """
WHOLE = "spell_number | hrg\ns            | {cheap}\n"


@pytest.mark.parametrize(
    ("strategy", "of_s"),
    [("max_tariff", "dear"), ("procedure_first", "cheap"), ("supplied", "cheap")],
)
def test_which_hrg_of_a_spell_is_paid_follows_the_rule_of_the_year(
    tmp_path: Path, strategy: str, of_s: str
) -> None:
    tariff = Shelf.open().read("tariff", "2018/19").set_index("hrg")["elective_pence"]
    named = {"dear": "HN12F", "cheap": str(tariff[tariff < 200000].index[0])}
    with priced(
        SEVERAL.format(**named),
        grouped_spells=WHOLE.format(**named),
        shelf=shelf_with(tmp_path, payable_hrg=strategy),
    ) as warehouse:
        found = one(warehouse, "priced_spells").set_index("spell_id")["hrg"]
    assert found.to_dict() == {"XD1|p|s": named[of_s], "XD1|p|t": named["dear"]}


def test_hn12f_elective_for_six_and_eight_days_before_the_factor(tmp_path: Path) -> None:
    """The worked prices of 2018/19: £5,493 within the trim point, £5,947 two days beyond it."""
    drawn = """
    episode_id | spell_number | admission_date | discharge_date | hrg
    six        | six          | 2018-05-01     | 2018-05-07     | HN12F
    eight      | eight        | 2018-05-01     | 2018-05-09     | HN12F
    """
    shelf = shelf_with(tmp_path, market_forces_factor="paid_centrally")
    with priced(drawn, shelf=shelf) as warehouse:
        found = one(warehouse, "priced_spells").set_index("spell_id")["price_pence"]
    assert found.to_dict() == {"XD1|p|eight": 594700, "XD1|p|six": 549300}


def test_the_ways_of_choosing_are_compared_in_spells_and_pounds() -> None:
    tariff = Shelf.open().read("tariff", "2018/19").set_index("hrg")["elective_pence"]
    cheap = str(tariff[tariff < 200000].index[0])
    dear = "HN12F"
    alone = "    e | u | 1 | 2018-05-01 | 2018-05-09 | | {dear}\n"
    with priced(
        (SEVERAL.rstrip() + "\n" + alone).format(dear=dear, cheap=cheap),
        grouped_spells=WHOLE.format(cheap=cheap),
    ) as warehouse:
        (found,) = costing.strategies(warehouse)
    both = int(tariff[dear]) + int(tariff[cheap])
    assert (found.n_spells, found.n_disagreeing) == (2, 1)
    assert found.max_tariff_pence == 2 * tariff[dear]
    assert (found.procedure_first_pence, found.supplied_pence) == (both, both)


ATTENDED = """
    attendance_id | attendance_type | appointment_date
    o             | 1               | 2018-05-01
    """
ARRIVED = """
    attendance_id | arrival_date | hrg
    e             | 2018-05-01   | VB01Z
    """


@pytest.mark.parametrize(
    ("rules", "outpatient", "emergency"),
    [
        ({"scope_outpatients": False}, "outside_scope", None),
        ({"scope_emergency": False}, None, "outside_scope"),
        ({"scope_outpatients": None}, "rule_not_held", None),
        ({"scope_emergency": None}, None, "rule_not_held"),
        ({"market_forces_factor": None}, "rule_not_held", "rule_not_held"),
    ],
)
def test_outpatients_and_casualty_follow_the_rules_of_the_year_too(
    tmp_path: Path, rules: dict[str, object], outpatient: str | None, emergency: str | None
) -> None:
    with priced(
        outpatients=ATTENDED, emergency=ARRIVED, shelf=shelf_with(tmp_path, **rules)
    ) as warehouse:
        for table, reason in (("outpatients", outpatient), ("emergency", emergency)):
            found = one(warehouse, f"priced_{table}").iloc[0]
            told = found["unpriced_reason"]
            assert (None if pd.isna(told) else told) == reason
            assert pd.isna(found["price_pence"]) == (reason is not None)


def test_t13_holds_for_outpatients_and_casualty(tmp_path: Path) -> None:
    off = shelf_with(tmp_path, market_forces_factor="paid_centrally")
    found = []
    for shelf in (None, off):
        with priced(outpatients=ATTENDED, emergency=ARRIVED, shelf=shelf) as warehouse:
            found.append(
                [one(warehouse, f"priced_{t}").iloc[0] for t in ("outpatients", "emergency")]
            )
    for on, without in zip(*found, strict=True):
        assert on["base_pence"] == without["base_pence"] == without["price_pence"]
        assert without["mff_pence"] == 0 < on["mff_pence"]
        assert on["price_pence"] == on["base_pence"] + on["mff_pence"]
