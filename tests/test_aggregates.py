"""Aggregates cost what their spells cost where they can tell, and bound it where they cannot."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbcanalytics import costing, intake
from pbcanalytics.cli import aggregates as _registered  # noqa: F401
from pbcanalytics.cli import main
from pbcanalytics.costing.aggregates import PricedAggregates, price_aggregates
from pbcanalytics.faces.sentences import aggregates as words
from pbcanalytics.intake.aggregates import read_aggregates
from pbcanalytics.pipeline.aggregates import price_aggregate_file, price_loaded_aggregates
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import settings as kinds
from pbcanalytics.words import tables
from pbcanalytics.words.codes import CONTRACT_PODS
from pbcanalytics.words.errors import ExtractError, ReferenceGap, SelectionError
from pbcanalytics.words.reasons import UNPRICED
from tests.drawn import priced, put, shelf_with

YEAR = "2018/19"
PROVIDERS = ("XD1", "XT1", "XI1")
HOW = {"DC": ("11", "2"), "EL": ("11", "1"), "NEL": ("21", "1"), "NELNE": ("31", "1")}
TARIFF = Shelf.open().read("tariff", YEAR).set_index("hrg")
PRICES = ["day_case_pence", "elective_pence", "non_elective_pence", "long_stay_per_day_pence"]
CODES = sorted(TARIFF.dropna(subset=PRICES).index)[::90]


def drawn(text: str) -> pd.DataFrame:
    """Lines of aggregate activity as a pipe table."""
    lines = [line for line in text.splitlines() if line.strip()]
    names, *body = [[cell.strip() or None for cell in line.split("|")] for line in lines]
    frame = pd.DataFrame(body, columns=names)
    numbers = [c for c in frame if c.startswith("n_") or c.endswith(("_days", "_pence"))]
    return frame.assign(**{c: pd.to_numeric(frame[c]).astype("Int64") for c in numbers})


def costed(
    lines: pd.DataFrame | str, shelf: Shelf | None = None, year: str = YEAR, **known: str
) -> PricedAggregates:
    frame = drawn(lines) if isinstance(lines, str) else lines
    with Warehouse.in_memory() as engine:
        return price_aggregates(engine, shelf or Shelf.open(), frame, year, **known)


def one(lines: pd.DataFrame | str, shelf: Shelf | None = None) -> pd.Series:
    found = costed(lines, shelf).lines
    assert len(found) == 1
    return found.iloc[0]


def reason(lines: str, shelf: Shelf | None = None) -> str:
    line = one(lines, shelf)
    assert pd.isna(line["price_pence"])
    return str(line["unpriced_reason"])


# The prices, worked by hand


def test_ten_hip_operations_cost_ten_times_the_price_of_one() -> None:
    """2018/19: £5,493 each before the market forces factor."""
    line = one("setting | hrg | n_activity\n EL | HN12F | 10")
    assert line["base_pence"] == line["price_pence"] == 5_493_000
    assert pd.isna(line["mff_pence"])


def test_the_factor_is_rounded_for_each_spell_and_not_for_the_line() -> None:
    """£5,493 at 1.025 is £137.325 more, which is £137.33 a spell: £1,373.30, not £1,373.25."""
    line = one("setting | hrg | n_activity | provider_code\n DC | HN12F | 10 | XD1")
    assert line["mff_pence"] == 137_330
    assert line["price_pence"] == line["lowest_pence"] == line["highest_pence"] == 5_630_330


def test_days_beyond_the_trim_point_are_paid_by_the_day() -> None:
    """20 days of HN12F at £227.00: £4,540, on the line of the spells or on one of its own."""
    given = one("setting | hrg | n_activity | excess_bed_days\n EL | HN12F | 10 | 20")
    assert (given["long_stay_pence"], given["price_pence"]) == (454_000, 5_947_000)
    assert given["highest_pence"] == 5_947_000
    apart = costed("setting | hrg | n_activity\n EL | HN12F | 10\n ELXBD | HN12F | 20").lines
    assert apart["price_pence"].tolist() == [5_493_000, 454_000]
    assert apart["long_stay_pence"].tolist() == [0, 454_000]
    assert one("setting | hrg | n_activity\n XBD | HN12F | 20")["price_pence"] == 454_000
    unknown = one("setting | hrg | n_activity\n EL | HN12F | 10")
    assert pd.isna(unknown["long_stay_pence"]) and pd.isna(unknown["highest_pence"])
    assert unknown["unknown_days_rate_pence"] == 22_700


def test_an_emergency_line_costs_between_all_short_and_none_short() -> None:
    """AA22C £9,859; a short stay is paid 25% of it (an example share): £2,464.75."""
    line = one("setting | hrg | n_activity | excess_bed_days\n NEL | AA22C | 7 | 0")
    assert line["price_pence"] == line["highest_pence"] == 7 * 985_900
    assert line["lowest_pence"] == 7 * 246_475
    assert line["short_stay_least_pence"] == 7 * (246_475 - 985_900)
    assert pd.isna(line["short_stay_pence"])


@pytest.mark.parametrize("setting", ["EL", "DC", "NELNE", "NELLS"])
def test_stays_that_cannot_be_short_have_no_reduction(setting: str) -> None:
    line = one(f"setting | hrg | n_activity\n {setting} | AA22C | 7")
    assert line["short_stay_pence"] == 0
    assert line["lowest_pence"] == line["price_pence"]


def test_stays_of_a_night_have_no_days_beyond_the_trim_point() -> None:
    line = one("setting | hrg | n_activity\n NELST | AA22C | 7")
    assert line["long_stay_pence"] == 0
    assert line["highest_pence"] == line["price_pence"] == 7 * 985_900
    assert line["lowest_pence"] == 7 * 246_475


def test_elective_stays_may_be_day_cases_that_ended_on_their_day() -> None:
    """An HRG with two prices: the line lies between them, unless the year's rule says otherwise."""
    both = TARIFF.dropna(subset=["day_case_pence", "elective_pence"])
    hrg = both.index[both["day_case_pence"] != both["elective_pence"]][0]
    day_case, elective = (int(both.at[hrg, f"{k}_pence"]) for k in ("day_case", "elective"))
    lines = f"setting | hrg | n_activity | excess_bed_days\n EL | {hrg} | 3 | 0"
    line = one(lines)
    assert line["price_pence"] == 3 * elective
    assert line["same_day_pence"] == 3 * (day_case - elective)
    assert {line["lowest_pence"], line["highest_pence"]} == {3 * day_case, 3 * elective}


def test_attendances_cost_what_the_same_attendances_cost_one_by_one() -> None:
    procedure = TARIFF.index[TARIFF["outpatient_procedure_pence"].notna()][0]
    with priced(
        outpatients=f"""
        attendance_id | appointment_date | attendance_type | hrg
        a             | 2018-05-01       | 1               |
        b             | 2018-05-02       | 1               |
        c             | 2018-05-03       | 2               |
        d             | 2018-05-04       | 2               | {procedure}
        """,
        emergency="""
        attendance_id | arrival_date | hrg
        e             | 2018-05-01   | VB01Z
        f             | 2018-05-01   | VB11Z
        """,
    ) as warehouse:
        truth = warehouse.rows(
            f"SELECT CAST(SUM(pence) AS BIGINT) FROM activity WHERE price_year = '{YEAR}'"
        )[0][0]
    ours = costed(
        f"""
        setting    | hrg         | specialty_code | provider_code | n_activity
        OPFA       |             | 300            | XD1           | 2
        OPFUP      |             | 300            | XD1           | 1
        OPPROCFUP  | {procedure} | 300            | XD1           | 1
        AE         | VB01Z       |                | XD1           | 1
        AE         | VB11Z       |                | XD1           | 1
        """
    )
    assert ours.price_pence == ours.lowest_pence == ours.highest_pence == truth
    assert ours.lines["price_list"].tolist() == ["outpatient"] * 2 + ["tariff"] + ["emergency"] * 2
    assert ours.statuses["outpatient"] == ours.statuses["emergency"] == ["example"]
    assert ours.statuses["tariff"] == ["official"]


# Laws between spells and their aggregates


@pytest.fixture(scope="module")
def engine() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as warehouse:
        intake.prepare(warehouse.con)
        yield warehouse


def spells_of(
    engine: Warehouse, drawn_spells: list[tuple[str, str, str, int, int]]
) -> pd.DataFrame:
    """Price spells one by one: POD, HRG, provider, nights, age."""
    engine.con.execute("DELETE FROM episodes")
    rows = []
    for i, (pod, hrg, provider, nights, age) in enumerate(drawn_spells):
        admitted = pd.Timestamp("2018-06-01")
        rows.append(
            {
                "episode_id": str(i),
                "person_id": f"p{i}",
                "provider_code": provider,
                "spell_number": str(i),
                "admission_method": HOW[pod][0],
                "patient_class": HOW[pod][1],
                "admission_date": admitted.date(),
                "discharge_date": (admitted + pd.Timedelta(days=nights)).date(),
                "age_years": age,
                "critical_care_days": 0,
                "hrg": hrg,
            }
        )
    frame = pd.DataFrame(rows)
    engine.con.register("made", frame)
    engine.con.execute(f"INSERT INTO episodes BY NAME SELECT {', '.join(frame)} FROM made")
    engine.con.unregister("made")
    costing.group_alone(engine)
    costing.price_alone(engine, Shelf.open(), YEAR)
    found = engine.frame("SELECT * FROM priced_spells")
    assert found["unpriced_reason"].isna().all(), found["unpriced_reason"].unique()
    assert len(found) == len(drawn_spells)
    return found


def counted(spells: pd.DataFrame, setting: pd.Series, *, days: bool) -> pd.DataFrame:
    """Spells as aggregate lines, with or without their days beyond the trim point."""
    grouped = spells.assign(setting=setting).groupby(["setting", "hrg", "provider_code"])
    lines = grouped.agg(
        n_activity=("spell_id", "size"),
        excess_bed_days=("excess_bed_days", "sum"),
        supplied_pence=("price_pence", "sum"),
    ).reset_index()
    return lines if days else lines.drop(columns="excess_bed_days")


def trim(pod: str, hrg: str) -> int:
    column = "elective_trim_days" if pod in ("DC", "EL") else "non_elective_trim_days"
    return int(TARIFF.at[hrg, column])


PLAIN = st.tuples(
    st.sampled_from(sorted(HOW)),
    st.sampled_from(CODES),
    st.sampled_from(PROVIDERS),
    st.integers(0, 100),
    st.integers(0, 100),
)


@given(st.lists(PLAIN, min_size=1, max_size=90))
@settings(max_examples=8)
def test_spells_without_short_and_long_stays_cost_as_aggregates_what_they_cost_one_by_one(
    engine: Warehouse, world: list[tuple[str, str, str, int, int]]
) -> None:
    ordinary = []
    for pod, hrg, provider, nights, age in world:
        most = 0 if pod == "DC" else trim(pod, hrg)
        least = 2 if pod == "NEL" else 0
        ordinary.append((pod, hrg, provider, min(max(nights, least), most), age))
    spells = spells_of(engine, ordinary)
    assert (spells["short_stay_pence"] == 0).all() and (spells["long_stay_pence"] == 0).all()
    ours = costed(counted(spells, spells["pod"], days=False))
    assert ours.price_pence == spells["price_pence"].sum()
    assert ours.lines["base_pence"].sum() == spells["base_pence"].sum()
    assert ours.lines["mff_pence"].sum() == spells["mff_pence"].sum()
    assert ours.coverage["n_activity"].sum() == len(spells) == ours.lines["n_activity"].sum()


@given(st.lists(PLAIN, min_size=20, max_size=90), st.booleans(), st.booleans())
@settings(max_examples=12)
def test_what_spells_cost_lies_within_the_bounds_of_their_aggregates(
    engine: Warehouse, world: list[tuple[str, str, str, int, int]], days: bool, split: bool
) -> None:
    taken = [(pod, h, p, 0 if pod == "DC" else n % 60, a) for pod, h, p, n, a in world]
    spells = spells_of(engine, taken)
    setting = spells["pod"]
    if split:
        by_nights = spells["los_days"].lt(2).map({True: "NELST", False: "NELLS"})
        setting = setting.mask(setting == "NEL", by_nights)
    ours = costed(counted(spells, setting, days=days)).lines
    truth = ours["supplied_pence"]
    assert (ours["lowest_pence"] <= truth).all()
    bounded = ours["highest_pence"].notna()
    assert (truth[bounded] <= ours["highest_pence"][bounded]).all()
    assert bounded.all() or not days
    assert bounded[ours["setting"].isin(["DC", "NELST"])].all()
    assert ours["n_activity"].sum() == len(spells)


def test_the_bounds_are_reached_by_worlds_that_are_all_short_or_none(engine: Warehouse) -> None:
    for nights, bound in ((1, "lowest_pence"), (2, "highest_pence")):
        spells = spells_of(engine, [("NEL", "AA22C", "XT1", nights, 50)] * 9)
        line = one(counted(spells, spells["pod"], days=True))
        assert line[bound] == spells["price_pence"].sum()
        assert line["lowest_pence"] < line["highest_pence"]


def test_lines_of_excess_days_cost_what_the_long_stays_cost_to_the_rounding(
    engine: Warehouse,
) -> None:
    spells = spells_of(engine, [("EL", "HN12F", "XT1", 6 + n, 50) for n in range(9)])
    base = counted(spells, spells["pod"], days=False).drop(columns="supplied_pence")
    apart = base.assign(setting="ELXBD", n_activity=spells["excess_bed_days"].sum())
    ours = costed(pd.concat([base, apart]))
    truth = spells["price_pence"].sum()
    assert abs(ours.price_pence - truth) <= 9
    assert ours.lowest_pence <= truth <= (ours.highest_pence or 0)
    assert ours.lines["long_stay_pence"].sum() == spells["long_stay_pence"].sum() > 0


# What has no price says why


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("EL | ZZ99Z | 3 |", "unknown_hrg"),
        ("EL | | 3 |", "no_hrg"),
        ("NEL | UZ01Z | 3 |", "ungroupable"),
        ("EL | HN12F | |", "no_count"),
        ("EL | HN12F | 3 | RTA", "no_mff"),
        ("RA | HN12F | 3 |", "regular_attender"),
        ("OTHER | HN12F | 3 |", "outside_scope"),
        ("UNB | SB12Z | 3 |", "no_unbundled_price"),
        ("AE | HN12F | 3 |", "no_emergency_price"),
        ("OPFA | WF01B | 3 |", "no_specialty_price"),
        ("OPPROC | HN12F | 3 |", "no_price_for_admission"),
        ("ELXBD | ZZ99Z | 3 |", "unknown_hrg"),
    ],
)
def test_a_line_without_a_price_says_why(line: str, why: str) -> None:
    head = "setting | hrg | n_activity | provider_code\n"
    assert reason(head + line) == why
    assert words.why(why)


def test_no_activity_costs_nothing_and_that_is_known() -> None:
    assert one("setting | hrg | n_activity\n EL | HN12F | 0")["price_pence"] == 0


@pytest.mark.parametrize(
    ("rule", "setting", "why"),
    [
        ("scope_admitted", "EL", "rule_not_held"),
        ("market_forces_factor", "EL", "rule_not_held"),
        ("long_stay", "ELXBD", "rule_not_held"),
        ("long_stay", "EL", None),
        ("short_stay_emergency", "NEL", "rule_not_held"),
        ("short_stay_emergency", "NELST", "rule_not_held"),
        ("short_stay_emergency", "EL", None),
        ("short_stay_youngest_years", "NEL", "rule_not_held"),
        ("short_stay_longest_days", "NELLS", "rule_not_held"),
    ],
)
def test_a_price_that_needs_a_rule_which_is_not_known_is_empty(
    tmp_path: Path, rule: str, setting: str, why: str | None
) -> None:
    line = one(
        f"setting | hrg | n_activity\n {setting} | AA22C | 2",
        shelf_with(tmp_path, YEAR, **{rule: None}),
    )
    assert (line["unpriced_reason"] if why else None) == why
    assert pd.isna(line["price_pence"]) == (why is not None)


def test_rules_of_the_year_move_the_prices_of_aggregates(tmp_path: Path) -> None:
    lines = """
        setting | hrg   | n_activity | provider_code | excess_bed_days
        NEL     | AA22C | 7          | XD1           | 3
        NELNE   | AA22C | 7          | XD1           |
        """
    ordinary = costed(lines).lines.iloc[0]
    assert ordinary["long_stay_pence"] == 72_000 and ordinary["mff_pence"] > 0

    def under(**rules: object) -> PricedAggregates:
        return costed(lines, shelf_with(tmp_path, YEAR, **rules))

    assert (under(market_forces_factor="paid_centrally").lines["mff_pence"] == 0).all()
    assert (under(long_stay="none").lines["long_stay_pence"] == 0).all()
    never = under(short_stay_emergency="none").lines.iloc[0]
    assert never["short_stay_pence"] == 0
    outside = under(scope_admitted=["EL"]).lines["unpriced_reason"]
    assert outside.tolist() == ["outside_scope", "outside_scope"]
    assert not costed(lines).top_ups_are_known
    assert under(specialised_top_up="none").top_ups_are_known


def test_an_adjustment_that_was_agreed_is_paid_with_every_spell(tmp_path: Path) -> None:
    folder = tmp_path / "adjustment"
    folder.mkdir()
    (folder / "2018-19.csv").write_text(
        "provider_code,hrg,pod,adjustment_pence\nXD1,HN12F,EL,-10000\n*,HN12F,EL,500\n"
    )
    (folder / "2018-19.yaml").write_text(
        "title: agreed\nsource: pbc_example\nfinancial_year: 2018/19\ncolumns:\n"
        "  adjustment_pence: {unit: pence, status: unverified}\n"
    )
    lines = "setting | hrg | n_activity | provider_code\n EL | HN12F | 4 | XD1\n EL | HN12F | 4 |"
    found = costed(lines, Shelf.open(tmp_path)).lines
    assert found["other_pence"].tolist()[0] == 4 * -9_500
    assert found["price_pence"].tolist()[0] == 4 * (539_800 + 13_495)
    assert pd.isna(found["other_pence"].tolist()[1])
    assert found["price_pence"].tolist()[1] == 4 * 549_800


# Versions of the HRGs


@pytest.mark.parametrize(
    ("code", "version"),
    [("HN12F", kinds.HRG4), ("H02", kinds.V3_5), ("DEV01", "no HRG"), ("HN12", "no HRG")],
)
def test_a_code_shows_its_version_by_its_shape(code: str, version: str) -> None:
    assert kinds.version_of(code) == version


def test_activity_of_another_version_is_refused_and_one_stray_line_is_not_priced() -> None:
    """T14: v3.5 codes have no price in a list of HRG4+."""
    old = "setting | hrg | n_activity\n EL | H02 | 3\n NEL | A01 | 4"
    with pytest.raises(SelectionError, match=r"look like v3\.5"):
        costed(old)
    mixed = costed(old + "\n EL | HN12F | 1").lines
    assert mixed["unpriced_reason"].tolist()[:2] == ["other_hrg_version"] * 2
    assert mixed["price_pence"].tolist()[2] == 549_300


def test_a_year_of_another_version_is_refused_and_one_of_the_same_name_is_told() -> None:
    lines = "setting | hrg | n_activity\n EL | HN12F | 3"
    with pytest.raises(SelectionError, match=r"2008/09, whose HRGs are v3\.5"):
        costed(lines, activity_year="2008/09")
    told = " ".join(words.currency(costed(lines, activity_year="2024/25"), "2024/25"))
    assert "The activity is of 2024/25, the prices are of 2018/19" in told
    assert "100% have a code that is in the price list" in told
    with pytest.raises(ReferenceGap, match="No tariff data are held for 2024/25"):
        costed(lines, year="2024/25")


# Files


def written(folder: Path, text: str, name: str = "counts.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_headings_and_settings_are_read_as_people_write_them(tmp_path: Path) -> None:
    text = (
        "hrg code;Point of Delivery;ACTIVITY;Provider Code;TFC;Excess bed days;Total price;Note\n"
        'hn12f;Day case;"1,200";XD1;100;;£6,756,396.00;x\n'
        "AA22C;Non-Elective Inpatient - Short Stay;7.0;;;;;\n"
    )
    read = read_aggregates(written(tmp_path, text))
    assert read.ignored == ("Note",)
    assert read.lines["setting"].tolist() == ["DC", "NELST"]
    assert read.lines["hrg"].tolist() == ["HN12F", "AA22C"]
    assert read.lines["n_activity"].tolist() == [1200, 7]
    assert read.lines["supplied_pence"].tolist()[0] == 675_639_600
    assert read.lines["source_line"].tolist() == [2, 3]
    assert not read.is_collection


def test_every_point_of_delivery_of_contracts_is_a_setting() -> None:
    for name, pod in CONTRACT_PODS.items():
        code = kinds.setting_of(name)
        assert code is not None, name
        if pod != "OTHER":
            assert kinds.SETTINGS[code].pod == pod, name
        else:
            setting = kinds.SETTINGS[code]
            assert setting.is_days or setting.pod in ("RA", "UNB", "OTHER"), name


def test_all_faults_of_the_headings_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ExtractError) as refused:
        read_aggregates(written(tmp_path, "Code,POD,Department\nHN12F,EL,EL\n"))
    said = str(refused.value)
    assert "no column for the HRG" in said and "no column for the count" in said
    assert "POD and Department could each be" in said


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("HN12F,EL,abc", "count_is_no_number"),
        ("HN12F,EL,-4", "negative_count"),
        ("HN12F,EL,4.5", "count_not_whole"),
        ('HN12F,EL,"1,2"', "count_is_no_number"),
        ("HN12F,EL,99999999999999999999", "count_is_no_number"),
        ("HN12F,spaceflight,4", "unknown_setting"),
        ("HN12F,,4", "no_setting"),
        ("HN12F,nowhere,many", "unknown_setting; count_is_no_number"),
        ("HN12F,EL", "wrong_number_of_fields"),
        ("HN12F,EL,4,5", "wrong_number_of_fields"),
    ],
)
def test_a_faulty_row_is_rejected_with_every_reason_and_the_others_are_priced(
    tmp_path: Path, row: str, why: str
) -> None:
    file = written(tmp_path, f"HRG,Setting,Activity\n{row}\nHN12F,EL,1\n")
    found = price_aggregate_file(tmp_path, file, year=YEAR)
    assert found.rejected["reason"].tolist() == [why]
    assert found.rejected["source_line"].tolist() == [2]
    assert found.rejected["sentence"].iloc[0].endswith(".")
    assert (found.n_rows, found.n_priced, found.n_rejected) == (2, 1, 1)
    assert found.priced.price_pence == 549_300
    table = words.table(found.priced, found.rejected)
    assert table["outcome"].tolist() == ["priced", "rejected"]


@pytest.mark.parametrize("nothing", ["", "*", "-", "NULL", "n/a"])
def test_a_count_that_was_withheld_is_not_zero(tmp_path: Path, nothing: str) -> None:
    file = written(tmp_path, f"HRG,Setting,Activity\nHN12F,EL,{nothing}\n")
    found = price_aggregate_file(tmp_path, file, year=YEAR)
    assert found.unpriced == {"no_count": 1}


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ("Excess bed days|-1", "days_are_no_number"),
        ("Excess bed days|some", "days_are_no_number"),
        ("Cost|twelve", "cost_is_no_number"),
    ],
)
def test_other_numbers_that_are_none_are_rejected_too(tmp_path: Path, extra: str, why: str) -> None:
    heading, value = extra.split("|")
    file = written(tmp_path, f"HRG,Setting,Activity,{heading}\nHN12F,EL,1,{value}\n")
    assert price_aggregate_file(tmp_path, file, year=YEAR).rejected["reason"].tolist() == [why]


def test_pounds_are_read_to_the_penny_half_up(tmp_path: Path) -> None:
    file = written(tmp_path, "HRG,Setting,Activity,Cost\nHN12F,EL,1,10.005\nHN12F,EL,1,-3\n")
    assert read_aggregates(file).lines["supplied_pence"].tolist() == [1001, -300]


CELLS = st.sampled_from(
    ("", "*", "EL", "DC", "nel", "Total", "HN12F", "AA22C", "H02", "1", "1,000", "-2", "2.5", 'a"b')
)


@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=30))
def test_every_row_of_a_file_is_a_line_or_a_reject(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "any.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["HRG", "POD", "Activity", "Provider"])
        writer.writerows(rows)
    read = read_aggregates(path)
    assert read.n_rows == len(rows) == len(read.lines) + len(read.rejected)
    there = [*read.lines["source_line"], *read.rejected["source_line"]]
    assert sorted(there) == list(range(2, len(rows) + 2))


def test_a_spreadsheet_is_given_nothing_to_run(tmp_path: Path) -> None:
    file = written(tmp_path, 'HRG,Setting,Activity\n"=HYPERLINK(1)",EL,1\nHN12F,EL,1\n')
    found = price_aggregate_file(tmp_path, file, year=YEAR)
    assert words.table(found.priced, found.rejected)["hrg"].tolist()[0] == "'=HYPERLINK(1)"


# Contract monitoring that is loaded


TOTALS = """
    contract_pod | pod   | hrg   | n_activity | price_pence
    EL           | EL    | HN12F | 10         | 5700000
    ELXBD        | OTHER | HN12F | 20         | 465350
    OURPOD       | NEL   | AA22C | 7          | 100
    NEWPOD       | OTHER | AA22C | 3          | 100
    DRUG         | OTHER |       |            | 9900
    EL           | EL    | HN12F | -1         | -563033
    """


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    with Warehouse.open(tmp_path, doing="the test", create=True) as warehouse:
        intake.prepare(warehouse.con)
        fixed = {"provider_code": "XD1", "load_id": 1, "line_number": 1}
        put(warehouse, tables.CONTRACT_TOTALS, TOTALS, month="2018-05-01", **fixed)
        old = "contract_pod | pod | hrg | n_activity | price_pence\n EL | EL | HN12F | 5 | 100"
        put(warehouse, tables.CONTRACT_TOTALS, old, month="2018-03-01", **fixed)
        lines = "\n".join(["EL | EL | HN12F | 1 | 563033"] * 4)
        head = "contract_pod | pod | hrg | n_activity | price_pence\n"
        put(warehouse, tables.CONTRACT_LINES, head + lines, month="2018-05-01", **fixed)
    return tmp_path


def test_loaded_contract_monitoring_is_priced_beside_what_was_charged(contracts: Path) -> None:
    before = (contracts / "warehouse.duckdb").read_bytes()
    patients, totals = price_loaded_aggregates(contracts, year=YEAR)
    assert (contracts / "warehouse.duckdb").read_bytes() == before
    assert (patients.source, totals.source) == ("contract_lines", "contract_totals")
    assert (patients.n_rows, patients.n_priced, len(patients.priced.lines)) == (4, 4, 1)
    assert words.supplied(patients.priced) == [
        ("EL", "£22,521.32", "£22,521.32", "£22,521.32", "£0.00", "£0.00")
    ]
    assert (totals.n_rows, totals.n_other_years, totals.n_priced) == (7, 1, 3)
    assert totals.unpriced == {"outside_scope": 1}
    assert sorted(totals.rejected["reason"]) == ["negative_count", "unknown_setting"]
    compared = {row[0]: row[1:] for row in words.supplied(totals.priced)}
    assert compared["EL"] == ("£57,000.00", "£56,303.30", "£56,303.30", "£696.70", "£0.00")
    assert compared["ELXBD"] == ("£4,653.50", "£4,653.50", "£4,653.29", "£0.00", "£0.00")
    assert compared["DRUG"] == ("£0.00", "£0.00", "£0.00", "£0.00", "£99.00")
    assert set(totals.priced.lines["setting"]) == {"EL", "ELXBD", "NEL", "OTHER"}


def test_a_year_without_contract_monitoring_is_said(contracts: Path) -> None:
    with pytest.raises(SelectionError, match="of 2016/17 is loaded"):
        price_loaded_aggregates(contracts, year="2016/17")


# The National Cost Collection


@pytest.fixture(scope="module")
def collection(shared_data: Path) -> Path:
    return shared_data / "ncc-national-cost-collection" / "ncc_2024_25.csv"


def test_the_national_cost_collection_runs_through(collection: Path, tmp_path: Path) -> None:
    """As measured on the file of 2024/25, at the prices of 2018/19."""
    found = price_aggregate_file(tmp_path, collection, year=YEAR)
    assert found.is_collection and found.activity_year == "2024/25"
    assert (found.n_rows, found.n_priced, found.n_rejected) == (13_362, 7_412, 0)
    assert found.unpriced == {
        "unknown_hrg": 2_300,
        "outside_scope": 1_507,
        "regular_attender": 1_181,
        "no_count": 613,
        "no_price_for_admission": 349,
    }
    assert found.n_rows == found.n_priced + sum(found.unpriced.values())
    covered = found.priced.coverage.set_index(["setting_given", "hrg_version"])
    assert covered["n_lines"].sum() == 13_362
    columns = ["n_activity", "n_in_tariff", "n_priced"]
    for setting, expected in {
        "Daycase": (7_679_452, 3_980_544, 3_870_684),
        "Elective Inpatients": (1_255_498, 941_804, 940_085),
        "Non-Elective Inpatient - Short Stay": (6_602_666, 4_752_340, 4_751_923),
        "Non-Elective Inpatient - Long Stay": (4_552_545, 3_525_699, 3_525_495),
        "Outpatient Procedures": (19_224_270, 12_268_220, 12_067_417),
        "Emergency Care": (23_570_779, 23_570_779, 23_570_779),
    }.items():
        assert tuple(covered.loc[(setting, kinds.HRG4), columns]) == expected, setting
    versions = found.priced.coverage.groupby("hrg_version")["n_lines"].sum().to_dict()
    assert versions == {kinds.HRG4: 12_927, "no HRG": 435}
    assert found.priced.price_pence == 3_297_200_208_600
    assert found.priced.lowest_pence < found.priced.price_pence
    assert found.priced.highest_pence is None


def test_every_code_that_the_tariff_does_not_have_is_counted(
    collection: Path, tmp_path: Path
) -> None:
    priced = price_aggregate_file(tmp_path, collection, year=YEAR).priced
    unknown = priced.unknown_codes
    assert (unknown["hrg"].nunique(), len(unknown)) == (581, 2_300)
    assert not set(unknown["hrg"]) & set(TARIFF.index)
    ours = priced.coverage[~priced.coverage["setting"].isin(["OTHER", "RA"])]
    missing = (ours["n_activity"] - ours["n_in_tariff"]).sum()
    assert unknown["n_activity"].sum() == missing == 63_050_408 - 49_039_386
    raw = pd.read_csv(collection, dtype=str)
    raw = raw[raw["department_code"].map(kinds.setting_of).isin(["DC", "EL", "NELST", "NELLS"])]
    n = pd.to_numeric(raw["activity"])[~raw["currency_code"].isin(TARIFF.index)].sum()
    stays = unknown[unknown["setting"].isin(["DC", "EL", "NELST", "NELLS"])]
    assert stays["n_activity"].sum() == n


def test_the_collection_is_told_for_what_it_is(collection: Path, tmp_path: Path) -> None:
    found = price_aggregate_file(tmp_path, collection, year=YEAR)
    told = "\n".join(
        (
            *words.total(found.priced),
            *words.currency(found.priced, found.activity_year),
            *words.cannot_tell(found.priced, is_collection=True),
        )
    )
    assert "before the market forces factor" in told
    assert "A&E prices that are an invented example, not official" in told
    assert "The activity is of 2024/25, the prices are of 2018/19" in told
    assert "77.8% have a code that is in the price list of 2018/19" in told
    assert "if all were that may be, £4,256,832,736.00 less" in told
    assert "Specialised top-ups" in told and "Days beyond the trim point" in told


# The command


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run `pbc aggregates` in a folder: exit code, and what it said on both channels."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pbc", "aggregates", *arguments])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_command_prints_writes_and_speaks_to_machines(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    file = written(tmp_path, "HRG,POD,Activity\nHN12F,EL,10\nZZ99Z,EL,3\nHN12F,EL,x\n")
    code, said, _ = command(file.name, "--year", YEAR, "--csv", "out.csv")
    assert code == 0
    assert "3 rows read: 1 priced, 1 not priced, 1 rejected" in said
    assert "line 4: The count is not a number." in said
    assert "£54,930.00 before the market forces factor" in said
    assert "What these aggregates cannot tell" in said
    assert len(pd.read_csv(tmp_path / "out.csv")) == 3
    plain = json.loads(command(file.name, "--year", YEAR, "--json")[1])
    assert plain[0]["price_pence"] == 5_493_000
    assert plain[0]["rows"] == {
        "read": 3,
        "priced": 1,
        "unpriced": {"unknown_hrg": 1},
        "rejected": 1,
        "other_years": 0,
    }
    assert plain[0]["unknown_codes"][0]["hrg"] == "ZZ99Z"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--year", YEAR), 5, "Say what to price"),
        (("nothing.csv", "--year", YEAR), 4, "There is no file"),
        (("--loaded", "--year", YEAR), 6, "No activity has been loaded"),
        (("--year", "2018", "--loaded"), 5, "is not a financial year"),
        (("--year", YEAR, "--loaded", "--rules", "nowhere"), 5, "There is no folder"),
    ],
)
def test_the_command_refuses_in_a_sentence(
    command: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended, _, wrong = command(*arguments)
    assert ended == code
    assert said in wrong
    assert "Traceback" not in wrong


def test_what_was_priced_cannot_be_written_nowhere(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    file = written(tmp_path, "HRG,POD,Activity\nHN12F,EL,10\n")
    code, _, wrong = command(file.name, "--year", YEAR, "--csv", "no/such/folder.csv")
    assert (code, "cannot be written" in wrong) == (6, True)


def test_every_reason_has_a_sentence_of_its_own() -> None:
    assert not set(kinds.UNPRICED) & set(UNPRICED)
    assert all(not r.sentence.endswith(".") for r in kinds.UNPRICED.values())
