"""Spells and prices on drawn cases; T and section numbers are those of the rulebook."""

import datetime as dt
import re
from pathlib import Path

import duckdb
import pytest

from pbcanalytics import costing, intake
from pbcanalytics.costing import chain
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import codes, tables
from pbcanalytics.words.errors import ReferenceGap
from pbcanalytics.words.reasons import UNPRICED
from tests.drawn import one, priced, put, shelf_with

HIP = "HN12F"  # elective £5,431, trim point and daily rate from the tariff of 2018/19


def tariff(hrg: str, column: str) -> int:
    table = Shelf.open().read("tariff", "2018/19").set_index("hrg")
    return int(table.loc[hrg, column])


def test_t5_a_stay_beyond_the_trim_point_earns_excess_bed_days() -> None:
    trim = tariff(HIP, "elective_trim_days")
    rate = tariff(HIP, "long_stay_per_day_pence")
    with priced(
        f"""
        episode_id | spell_number | admission_date | discharge_date | episode_end | hrg
        at         | at_trim      | 2018-05-01     | {may(trim)}     | {may(trim)}     | {HIP}
        over       | two_over     | 2018-05-01     | {may(trim + 2)} | {may(trim + 2)} | {HIP}
        """
    ) as warehouse:
        spells = one(warehouse, "priced_spells").set_index("spell_id")
    assert spells.loc["XD1|p|at_trim", "excess_bed_days"] == 0
    assert spells.loc["XD1|p|at_trim", "long_stay_pence"] == 0
    assert spells.loc["XD1|p|two_over", "excess_bed_days"] == 2
    assert spells.loc["XD1|p|two_over", "long_stay_pence"] == 2 * rate


def may(days: int) -> str:
    return str(dt.date(2018, 5, 1) + dt.timedelta(days=days))


def test_t6_critical_care_days_do_not_count_towards_the_trim_point() -> None:
    stay = tariff(HIP, "elective_trim_days") + 4
    with priced(
        f"""
        episode_id | spell_number | admission_date | discharge_date | critical_care_days | hrg
        a          | s            | 2018-05-01     | {may(stay)}     | 4                  | {HIP}
        """
    ) as warehouse:
        spell = one(warehouse, "priced_spells").iloc[0]
    assert spell["los_days"] == stay
    assert spell["excess_bed_days"] == 0


def test_t7_regular_attenders_stay_apart_though_they_share_a_spell_number() -> None:
    with priced(
        """
        episode_id | spell_number | patient_class | admission_date | discharge_date | hrg
        a          | s            | 3             | 2018-05-01     | 2018-05-01     | FZ12A
        b          | s            | 3             | 2018-05-08     | 2018-05-08     | FZ12A
        """
    ) as warehouse:
        spells = one(warehouse, "priced_spells")
    assert len(spells) == 2
    assert set(spells["unpriced_reason"]) == {"regular_attender"}


def test_t8_the_dearest_hrg_of_a_spell_is_paid_once() -> None:
    with priced(
        """
        episode_id | spell_number | episode_order | admission_date | discharge_date | hrg
        a          | s            | 1             | 2018-05-01     |                | HN12F
        b          | s            | 2             | 2018-05-01     |                | HN12A
        c          | s            | 3             | 2018-05-01     | 2018-05-09     | HN12E
        """
    ) as warehouse:
        spells = one(warehouse, "priced_spells")
    assert len(spells) == 1
    assert spells.loc[0, "hrg"] == "HN12A"
    assert spells.loc[0, "base_pence"] == tariff("HN12A", "elective_pence")
    assert spells.loc[0, "n_episodes"] == 3


def test_the_market_forces_factor_multiplies_base_and_excess_and_is_its_own_line() -> None:
    with priced(
        f"""
        episode_id | spell_number | provider_code | admission_date | discharge_date | hrg
        a          | s            | XT1           | 2018-05-01     | {may(90)}       | {HIP}
        """
    ) as warehouse:
        spell = one(warehouse, "priced_spells").iloc[0]
    gross = spell["base_pence"] + spell["long_stay_pence"]
    assert spell["mff_pence"] == round(gross * 0.0643)
    assert spell["price_pence"] == gross + spell["mff_pence"]


def test_steps_for_which_no_rule_is_held_are_empty_and_not_zero() -> None:
    with priced(
        f"""
        episode_id | spell_number | admission_date | discharge_date | hrg
        a          | s            | 2018-05-01     | 2018-05-04     | {HIP}
        """
    ) as warehouse:
        spell = one(warehouse, "priced_spells")
    for step in ("top_up_pence", "other_pence"):
        assert spell[step].isna().all()


@pytest.mark.parametrize(
    ("columns", "values", "reason"),
    [
        ("hrg", "", "no_hrg"),
        ("hrg", "UZ01Z", "ungroupable"),
        ("hrg", "ZZ99Z", "unknown_hrg"),
        ("hrg | admission_method", f"{HIP} | 99", "unknown_admission_method"),
        ("hrg | patient_class", f"{HIP} | 4", "regular_attender"),
        ("hrg | provider_code", f"{HIP} | RTA", "no_mff"),
        ("hrg", "LA97A", "no_price_for_admission"),
    ],
)
def test_t15_a_spell_that_cannot_be_priced_keeps_its_row_and_says_why(
    columns: str, values: str, reason: str
) -> None:
    with priced(
        f"""
        episode_id | spell_number | admission_date | discharge_date | {columns}
        a          | s            | 2018-05-01     | 2018-05-01     | {values}
        """
    ) as warehouse:
        spells = one(warehouse, "priced_spells")
    assert spells["unpriced_reason"].tolist() == [reason]
    assert spells["price_pence"].isna().all()
    assert spells["base_pence"].isna().all()


@pytest.mark.parametrize(
    ("discharged", "reason"), [("", "open_spell"), ("2018-04-30", "dates_disagree")]
)
def test_a_spell_without_a_sound_discharge_is_not_priced(discharged: str, reason: str) -> None:
    with priced(
        f"""
        episode_id | spell_number | admission_date | discharge_date | hrg
        a          | s            | 2018-05-01     | {discharged}   | {HIP}
        """
    ) as warehouse:
        spells = warehouse.frame("SELECT DISTINCT unpriced_reason FROM priced_spells")
    assert spells["unpriced_reason"].tolist() == [reason]


def test_the_first_of_april_begins_the_new_year() -> None:
    with priced(
        f"""
        episode_id | spell_number | admission_date | discharge_date | hrg
        a          | march        | 2018-03-30     | 2018-03-31     | {HIP}
        b          | april        | 2018-03-30     | 2018-04-01     | {HIP}
        """
    ) as warehouse:
        years = dict(warehouse.rows("SELECT spell_id, financial_year FROM spells"))
    assert years == {"XD1|p|march": "2017/18", "XD1|p|april": "2018/19"}


def test_without_a_spell_number_the_day_of_admission_makes_the_spell() -> None:
    with priced(
        f"""
        episode_id | spell_number | episode_order | admission_date | discharge_date | hrg
        a          |              | 1             | 2018-05-01     |                | {HIP}
        b          |              | 2             | 2018-05-01     | 2018-05-03     | {HIP}
        c          |              | 1             | 2018-06-01     | 2018-06-03     | {HIP}
        """
    ) as warehouse:
        counted = warehouse.rows("SELECT n_episodes FROM spells ORDER BY spell_id")
    assert counted == [(2,), (1,)]


def test_activity_is_priced_at_its_own_years_tariff_and_at_the_next() -> None:
    years = costing.price_years(["2016/17", "2017/18", "2018/19"], ["2017/18", "2018/19"])
    assert years.to_numpy().tolist() == [
        ["2016/17", "2017/18", True],
        ["2017/18", "2017/18", True],
        ["2017/18", "2018/19", False],
        ["2018/19", "2018/19", True],
    ]


def test_activity_of_a_year_without_a_tariff_is_unpriced_with_that_reason() -> None:
    with priced(
        f"""
        episode_id | spell_number | admission_date | discharge_date | hrg
        a          | s            | 2001-05-01     | 2001-05-02     | {HIP}
        """
    ) as warehouse:
        rows = warehouse.rows("SELECT price_year, unpriced_reason, is_reported FROM priced_spells")
    assert rows == [(None, "no_tariff_year", True)]


def test_outpatients_are_first_follow_up_or_procedure() -> None:
    procedure = Shelf.open().read("tariff", "2018/19").dropna(subset=["outpatient_procedure_pence"])
    hrg, pence = procedure.iloc[0][["hrg", "outpatient_procedure_pence"]]
    with priced(
        outpatients=f"""
        attendance_id | appointment_date | attendance_type | attended | hrg
        1_first       | 2018-05-01       | 1               | 5        | WF01B
        2_follow_up   | 2018-05-01       | 2               | 6        | WF01A
        3_procedure   | 2018-05-01       | 2               | 5        | {hrg}
        4_missed      | 2018-05-01       | 1               | 3        | WF01B
        5_unclear     | 2018-05-01       | 9               | 5        |
        """
    ) as warehouse:
        seen = warehouse.frame(
            "SELECT * FROM priced_outpatients WHERE price_year = '2018/19' "
            "ORDER BY unpriced_reason NULLS FIRST, pod"
        )
    prices = Shelf.open().read("outpatient", "2018/19").set_index("specialty_code").loc["300"]
    assert seen["pod"].iloc[:3].tolist() == ["OPFA", "OPFUP", "OPPROC"]
    assert seen["base_pence"].iloc[:3].tolist() == [
        prices["first_attendance_pence"],
        prices["follow_up_attendance_pence"],
        pence,
    ]
    assert seen["unpriced_reason"].iloc[3:].tolist() == ["not_attended", "unknown_attendance_type"]


def test_a_and_e_is_priced_by_its_hrg() -> None:
    with priced(
        emergency="""
        attendance_id | arrival_date | hrg
        1_known       | 2018-05-01   | VB08Z
        1_again       | 2018-05-30   | VB08Z
        2_unknown     | 2018-05-01   | VB77Z
        3_none        | 2018-05-01   |
        """
    ) as warehouse:
        seen = warehouse.frame(
            "SELECT * FROM priced_emergency ORDER BY unpriced_reason NULLS FIRST"
        )
    assert seen["price_pence"].notna().tolist() == [True, False, False]
    assert seen["n_activity"].tolist() == [2, 1, 1]
    assert seen["pence"].iloc[0] == 2 * seen["price_pence"].iloc[0]
    assert seen["unpriced_reason"].iloc[1:].tolist() == ["no_emergency_price", "no_hrg"]


@pytest.mark.parametrize("name", ["activity", "step_totals"])
def test_the_cube_knows_what_is_no_gap(name: str) -> None:
    listed = re.search(r"unpriced_reason IN \(([^)]*)\)", chain.model(name))
    assert listed
    outside = {code for code, reason in UNPRICED.items() if not reason.is_gap}
    assert set(re.findall(r"'(\w+)'", listed[1])) == outside


def test_every_reason_that_a_model_gives_has_its_sentence() -> None:
    text = "".join(chain.model(m) for m in costing.MODELS if m.startswith("priced"))
    given = set(re.findall(r"THEN '([a-z_]+)'", text))
    assert given == set(UNPRICED)


def test_the_models_know_the_admission_methods_that_intake_knows() -> None:
    lists = re.findall(r"admission_method IN \(([^)]*)\)", chain.model("spells"))
    known = [code for found in lists for code in re.findall(r"'(\w+)'", found)]
    assert tuple(known) == codes.ADMISSION_METHODS


def test_a_missing_tariff_year_says_how_to_add_it() -> None:
    with pytest.raises(ReferenceGap, match=r"2019/20 .*reference/tariff/2019-20\.csv"):
        Shelf.open().read("tariff", "2019/20")


@pytest.mark.parametrize(
    ("drawn", "size"),
    [
        ("1 | 30 | 700 \n 2 | 31 | 800", 1500),
        ("ALL | ALL | 1500", 1500),
        ("1 | ALL | 700 \n 2 | ALL | 800", 1500),
        ("ALL | 30 | 700 \n ALL | 31 | 800", 1500),
        ("1 | 30 | 700 \n 2 | 31 | 800 \n ALL | ALL | 1500", 1500),
    ],
)
def test_a_list_is_counted_once_whatever_detail_the_file_gives(drawn: str, size: int) -> None:
    con = duckdb.connect()
    warehouse = Warehouse(con, None)  # type: ignore[arg-type]
    intake.prepare(con)
    heading = "sex | age | n_patients\n"
    day = {"practice_code": "X80001", "count_date": "2018-04-01"}
    put(warehouse, tables.LIST_SIZES, heading + drawn, **day)
    assert warehouse.rows(chain.model("practice_lists")) == [("X80001", dt.date(2018, 4, 1), size)]


def test_a_spell_that_sus_supplied_alone_is_priced_and_one_with_episodes_counts_once() -> None:
    supplied = """
        spell_key | spell_number | admission_date | discharge_date | hrg
        k1        | alone        | 2018-05-01     | 2018-05-04     | HN12F
        k2        | both         | 2018-05-01     | 2018-05-03     | HN12F
        """
    with priced(
        """
        episode_id | spell_number | admission_date | discharge_date | hrg
        e          | both         | 2018-05-01     | 2018-05-03     | HN12F
        """,
        supplied=supplied,
    ) as warehouse:
        spells = one(warehouse, "priced_spells").set_index("spell_id")
    assert list(spells.index) == ["XD1|p|alone", "XD1|p|both"]
    assert spells["base_pence"].nunique() == 1
    assert spells["price_pence"].notna().all()


def test_an_episode_without_an_hrg_takes_the_groupers_and_one_with_its_own_keeps_it() -> None:
    grouped = """
        spell_number | episode_order | hrg
        s            | 1             | HN12F
        t            | 1             | AA22C
        """
    with priced(
        """
        episode_id | spell_number | episode_order | admission_date | discharge_date | hrg
        a          | s            | 1             | 2018-05-01     | 2018-05-03     |
        b          | t            | 1             | 2018-05-01     | 2018-05-03     | HN12F
        c          | u            | 1             | 2018-05-01     | 2018-05-03     |
        """,
        grouped=grouped,
    ) as warehouse:
        spells = one(warehouse, "priced_spells").set_index("spell_id")["hrg"]
    assert list(spells.fillna("none")) == ["HN12F", "HN12F", "none"]


def test_a_supplied_price_stands_beside_ours_with_the_step_that_explains_the_difference(
    tmp_path: Path,
) -> None:
    base = tariff(HIP, "elective_pence")
    mff = (base * 25_000 + 500_000) // 1_000_000
    drawn = "spell_key | spell_number | admission_date | discharge_date | hrg | initial_pence | "
    drawn += "long_stay_pence | mff_pence | price_pence\n"
    for name, hrg, initial, long_stay, factor, price in (
        ("same", HIP, base, 0, mff, base + mff),
        ("base", HIP, base + 7, 0, mff, base + 7 + mff),
        ("hrg", "AA22C", 828500, 0, mff, 828500 + mff),
        ("long", HIP, base, 900, mff, base + 900 + mff),
        ("mff", HIP, base, 0, mff + 3, base + mff + 3),
        ("other", HIP, base, 0, mff, base + mff - 50),
        ("ours", "ZZ99Z", 5, 0, 0, 5),
    ):
        drawn += f"{name} | {name} | 2018-05-01 | 2018-05-03 | {hrg} | {initial} | "
        drawn += f"{long_stay} | {factor} | {price}\n"
    episodes = "episode_id | spell_number | admission_date | discharge_date | hrg\n"
    episodes += f"e | hrg | 2018-05-01 | 2018-05-03 | {HIP}\n"
    shelf = shelf_with(tmp_path, payable_hrg="max_tariff")
    with priced(episodes, supplied=drawn, shelf=shelf) as warehouse:
        found = dict(
            warehouse.rows("SELECT spell_id, explained_by FROM supplied_prices ORDER BY 1")
        )
        summed = {s.explained_by: s for s in costing.supplied(warehouse)}
    assert {key.rsplit("|", 1)[1]: why for key, why in found.items()} == {
        "same": "none",
        "base": "base",
        "hrg": "hrg",
        "long": "long_stay",
        "mff": "mff",
        "other": "other",
        "ours": "no_price_of_ours",
    }
    assert summed["mff"].supplied_pence - summed["mff"].price_pence == 3
    assert sum(s.n_spells for s in summed.values()) == 7
