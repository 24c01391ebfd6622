"""The steps of a price that only some spells have: days taken off, top-ups, adjustments, unbundled
care; and the spells that are paid by nobody's tariff."""

from pathlib import Path

import pandas as pd
import pytest

from pbcanalytics.reference import Shelf
from pbcanalytics.words.errors import ReferenceGap
from pbcanalytics.words.reasons import UNPRICED
from tests.drawn import one, priced, shelf_with

TRIM = Shelf.open().read("tariff", "2018/19").set_index("hrg").loc["HN12F", "elective_trim_days"]


def held(folder: Path, **tables: str) -> Path:
    """Write reference tables of 2018/19 into a folder: blanks around the bars are left out."""
    for subject, drawn in tables.items():
        lines = [line.split("|") for line in drawn.strip().splitlines()]
        text = "\n".join(",".join(cell.strip() for cell in line) for line in lines)
        (folder / subject).mkdir(parents=True, exist_ok=True)
        (folder / subject / "2018-19.csv").write_text(text + "\n", encoding="utf-8")
    return folder


def spell(drawn: str, shelf: Shelf | None = None, **kinds: str) -> pd.DataFrame:
    """Price drawn episodes; one row a spell at 2018/19 prices, by its number."""
    with priced(drawn, shelf=shelf, **kinds) as warehouse:
        found = one(warehouse, "priced_spells")
    return found.assign(spell=found["spell_id"].str.split("|").str[-1]).set_index("spell")


DAYS = {"critical_care_days": 2, "rehabilitation_days": 3, "palliative_days": 4}


def off() -> str:
    """Draw a stay of twelve days without days off, one with each kind of them, and one with all."""
    lines = ["episode_id|spell_number|hrg|admission_date|discharge_date|" + "|".join(DAYS)]
    for name, kinds in {"none": (), **{k: (k,) for k in DAYS}, "more": (*DAYS,)}.items():
        days = "|".join(
            str(DAYS[k] * (2 if name == "more" else 1)) if k in kinds else "" for k in DAYS
        )
        lines.append(f"{name}|{name}|HN12F|2018-05-01|2018-05-13|{days}")
    return "\n".join(lines)


def test_days_paid_elsewhere_do_not_count_towards_the_trim_point() -> None:
    found = spell(off())
    beyond = 12 - TRIM
    assert found["excess_bed_days"].to_dict() == {
        "none": beyond,
        **{kind: beyond - days for kind, days in DAYS.items()},
        "more": 0,
    }
    assert found["paid_los_days"].to_dict()["more"] == 0


def test_which_days_do_not_count_is_a_rule_of_the_year(tmp_path: Path) -> None:
    rehabilitation = shelf_with(tmp_path, trim_days_exclude=["rehabilitation"])
    assert spell(off(), rehabilitation)["paid_los_days"].to_dict() == {
        **dict.fromkeys(("none", "critical_care_days", "palliative_days"), 12),
        **{"rehabilitation_days": 9, "more": 6},
    }
    unknown = spell(off(), shelf_with(tmp_path, trim_days_exclude=None))
    assert unknown["unpriced_reason"].dropna().to_dict() == dict.fromkeys(
        (*DAYS, "more"), "rule_not_held"
    )


CODED = """
    episode_id|provider_code|spell_number|admission_date|discharge_date|hrg|specialised_codes
    1 | XD1 | child | 2018-05-01 | 2018-05-09 | HN12F | 23
    2 | XD1 | both  | 2018-05-01 | 2018-05-09 | HN12F | 34 23
    3 | XT1 | joint | 2018-05-01 | 2018-05-09 | HN12F | 34
    4 | XT1 | notof | 2018-05-01 | 2018-05-09 | HN12F | 23
    5 | XD1 | none  | 2018-05-01 | 2018-05-09 | HN12F |
    """
ELIGIBLE = """
    specialised_code | kind        | provider_code
    23               | children    | XD1
    34               | orthopaedic | *
    """
SHARES = {"children": 0.78, "orthopaedic": 0.3}


def test_a_top_up_is_a_share_of_the_price_at_the_providers_that_may_have_it(
    tmp_path: Path,
) -> None:
    held(tmp_path, top_up=ELIGIBLE)
    found = spell(CODED, shelf_with(tmp_path, specialised_top_up=SHARES))
    base = int(found["base_pence"].iloc[0])
    child, joint = (base * 78 + 50) // 100, (base * 30 + 50) // 100
    assert found["top_up_pence"].drop("none").to_dict() == {
        **{"child": child, "both": child, "joint": joint, "notof": 0}
    }
    assert pd.isna(found.loc["none", "top_up_pence"]), "no code says that none is due"
    gross = found[["base_pence", "long_stay_pence", "top_up_pence"]].fillna(0).sum(axis=1)
    assert (found["price_pence"] == gross + found["mff_pence"]).all()
    assert found.loc["child", "mff_pence"] > found.loc["none", "mff_pence"], "MFF is paid on it"


def test_what_a_top_up_is_a_share_of_is_a_rule_of_the_year(tmp_path: Path) -> None:
    held(tmp_path, top_up=ELIGIBLE)
    both = {"specialised_top_up": SHARES, "specialised_top_up_base": "base+long_stay"}
    found = spell(CODED, shelf_with(tmp_path, **both)).loc["child"]
    assert found["long_stay_pence"] > 0
    over = int(found["base_pence"] + found["long_stay_pence"])
    assert found["top_up_pence"] == (over * 78 + 50) // 100
    unknown = spell(CODED, shelf_with(tmp_path, **{**both, "specialised_top_up_base": None}))
    assert unknown["unpriced_reason"].dropna().to_dict() == {
        name: "rule_not_held" for name in ("child", "both", "joint")
    }


def test_specialised_care_whose_top_up_is_not_known_has_no_price(tmp_path: Path) -> None:
    for shelf in (
        None,
        shelf_with(tmp_path, specialised_top_up=SHARES),
    ):
        found = spell(CODED, shelf)
        assert set(found["unpriced_reason"].drop("none")) == {"no_top_up_share"}
        assert pd.isna(found.loc["none", "unpriced_reason"])
    never = spell(CODED, shelf_with(tmp_path, specialised_top_up="none"))
    assert never["unpriced_reason"].isna().all()
    assert (never["top_up_pence"] == 0).all(), "the rule did not exist: nothing, and it is known"


def test_a_kind_of_specialised_care_without_a_share_is_refused(tmp_path: Path) -> None:
    held(tmp_path, top_up="specialised_code | kind | provider_code \n 9 | burns | *")
    with pytest.raises(ReferenceGap, match="burns"):
        spell(CODED, shelf_with(tmp_path, specialised_top_up=SHARES))


def test_adjustments_agreed_with_one_provider_or_all_are_a_step(tmp_path: Path) -> None:
    held(
        tmp_path,
        adjustment="""
        provider_code | hrg   | pod | adjustment_pence | reason
        XD1           | HN12F | EL  | -10000           | pathway without the first visit
        *             | HN12F | EL  | 2500             | registry of joints
        *             | HN12F | DC  | 99               | another kind of stay
        """,
    )
    found = spell(CODED, Shelf.open(tmp_path)).loc["none"]
    plain = spell(CODED).loc["none"]
    assert found["other_pence"] == -7500
    assert pd.isna(plain["other_pence"])
    assert found["mff_pence"] < plain["mff_pence"]
    less = plain["price_pence"] - found["price_pence"]
    assert less == 7500 + plain["mff_pence"] - found["mff_pence"]


def test_unbundled_care_is_a_line_of_its_own_and_an_unknown_code_a_gap(tmp_path: Path) -> None:
    held(tmp_path, unbundled="hrg | price_pence \n RN01A | 10000 \n RD04Z | 7050")
    drawn = """
    episode_id | spell_number | admission_date | discharge_date | hrg   | unbundled_hrgs
    1          | s            | 2018-05-01     | 2018-05-02     | HN12F | RN01A RD04Z RN01A
    2          | s            | 2018-05-01     | 2018-05-02     | HN12F | XX99Z
    3          | t            | 2018-05-01     | 2018-05-02     | HN12F |
    """
    with priced(drawn, shelf=Shelf.open(tmp_path)) as warehouse:
        lines = warehouse.frame("SELECT * FROM priced_unbundled ORDER BY base_pence, hrg")
        cube = warehouse.rows(
            "SELECT CAST(SUM(n_rows) AS BIGINT), CAST(SUM(n_priced) AS BIGINT), "
            "CAST(SUM(pence) AS BIGINT) FROM activity WHERE pod = 'UNB'"
        )
        price = one(warehouse, "priced_spells").set_index("spell_id")["base_pence"]
    assert lines["base_pence"].dropna().tolist() == [7050, 10000, 10000]
    assert lines["unpriced_reason"].dropna().tolist() == ["no_unbundled_price"]
    assert cube == [(4, 3, int(lines["price_pence"].sum()))]
    assert price.nunique() == 1, "the core price does not know of it"


def test_a_list_that_came_twice_counts_once(tmp_path: Path) -> None:
    held(tmp_path, unbundled="hrg | price_pence \n RN01A | 10000")
    with priced(
        """
        episode_id | spell_number | admission_date | discharge_date | hrg   | unbundled_hrgs
        1          | s            | 2018-05-01     | 2018-05-02     | HN12F | RN01A
        """,
        supplied="""
        spell_key | spell_number | admission_date | discharge_date | hrg   | unbundled_hrgs
        k         | s            | 2018-05-01     | 2018-05-02     | HN12F | RN01A RN01A
        """,
        grouped_spells="""
        spell_number | hrg   | unbundled_hrgs
        s            | HN12F | RN01A
        """,
        shelf=Shelf.open(tmp_path),
    ) as warehouse:
        lines = warehouse.frame("SELECT * FROM priced_unbundled")
    assert len(lines) == 2, "SUS goes before the grouper, and that before the episodes"


def test_what_is_paid_privately_or_marked_as_outside_has_no_tariff() -> None:
    found = spell(
        """
        episode_id | spell_number | admission_date | discharge_date | hrg | administrative_category
        1          | private      | 2018-05-01     | 2018-05-02     | HN12F | 02
        2          | nhs          | 2018-05-01     | 2018-05-02     | HN12F | 01
        3          | marked       | 2018-05-01     | 2018-05-02     | HN12F |
        4          | within       | 2018-05-01     | 2018-05-02     | HN12F |
        """,
        supplied="""
        spell_key | spell_number | admission_date | discharge_date | hrg   | scope
        k         | marked       | 2018-05-01     | 2018-05-02     | HN12F | Not in PbR
        l         | within       | 2018-05-01     | 2018-05-02     | HN12F | In PbR
        """,
    )
    assert found["unpriced_reason"].dropna().to_dict() == {
        "private": "private_patient",
        "marked": "excluded",
    }
    assert not any(UNPRICED[reason].is_gap for reason in ("private_patient", "excluded"))


def test_a_same_day_stay_meant_as_a_day_case_is_paid_as_one(tmp_path: Path) -> None:
    tariff = Shelf.open().read("tariff", "2018/19")
    apart = tariff[(tariff["day_case_pence"] != tariff["elective_pence"])].iloc[0]
    drawn = f"""
    episode_id|spell_number|admission_date|discharge_date|hrg|intended_management
    1          | meant        | 2018-05-01     | 2018-05-01     | {apart["hrg"]} | 2
    2          | stayed       | 2018-05-01     | 2018-05-02     | {apart["hrg"]} | 2
    3          | ordinary     | 2018-05-01     | 2018-05-01     | {apart["hrg"]} | 1
    """
    base = {"meant": apart["day_case_pence"], "stayed": apart["elective_pence"]}
    found = spell(drawn)
    assert found["base_pence"].to_dict() == {**base, "ordinary": apart["elective_pence"]}
    assert found["pod"].tolist() == ["EL"] * 3, "how it was admitted is not rewritten"
    other = spell(drawn, shelf_with(tmp_path, same_day_elective="elective"))
    assert set(other["base_pence"]) == {apart["elective_pence"]}
    unknown = spell(drawn, shelf_with(tmp_path, same_day_elective=None))
    assert unknown["unpriced_reason"].dropna().to_dict() == {"meant": "rule_not_held"}


def test_whether_spells_are_paid_matters_only_to_those_of_several_episodes(
    tmp_path: Path,
) -> None:
    drawn = """
    episode_id | spell_number | admission_date | discharge_date | hrg
    1          | one          | 2018-05-01     | 2018-05-02     | HN12F
    2          | two          | 2018-05-01     | 2018-05-02     | HN12F
    3          | two          | 2018-05-01     | 2018-05-02     | HN12F
    """
    found = spell(drawn, shelf_with(tmp_path, payment_unit=None))
    assert found["unpriced_reason"].dropna().to_dict() == {"two": "rule_not_held"}
    with pytest.raises(ReferenceGap, match="payment_unit"):
        spell(drawn, shelf_with(tmp_path, payment_unit="episode"))


@pytest.mark.parametrize(
    ("rule", "pod", "reason"),
    [
        ("mandatory", "OPPROC", None),
        ("mandatory list", "OPPROC", None),
        ("non-mandatory", "OPFUP", None),
        ("local", "OPFUP", None),
        ("none", "OPFUP", None),
        (None, "OPPROC", "rule_not_held"),
    ],
)
def test_a_procedure_on_an_outpatient_is_paid_as_one_where_its_price_binds(
    tmp_path: Path, rule: str | None, pod: str, reason: str | None
) -> None:
    tariff = Shelf.open().read("tariff", "2018/19").dropna(subset=["outpatient_procedure_pence"])
    hrg = tariff["hrg"].iloc[0]
    drawn = f"""
    attendance_id | appointment_date | attendance_type | hrg
    o             | 2018-05-01       | 2               | {hrg}
    """
    with priced(
        outpatients=drawn, shelf=shelf_with(tmp_path, outpatient_procedure=rule)
    ) as warehouse:
        found = one(warehouse, "priced_outpatients").iloc[0]
    if reason:
        assert (found["unpriced_reason"], pd.isna(found["pence"])) == (reason, True)
    else:
        assert found["pod"] == pod
        assert found["base_pence"] > 0
