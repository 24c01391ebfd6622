"""The seeds' own era: activity of 2003/04, the tariff of 2005/06, the dearest HRG paid."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from pbcanalytics import costing, pipeline
from pbcanalytics.budgets import Unset, YearBudget, every_budget, plans
from pbcanalytics.cli import app
from pbcanalytics.faces.pages.budgets import baseline_budgets, budget_view
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Published, Warehouse
from pbcanalytics.synthetic import write
from pbcanalytics.words.errors import SelectionError
from tests.test_synthetic import Demo, contents

YEARS = ("2003/04", "2004/05", "2005/06")
SHAPE = r"[A-Z]\d\d"
HRG4_DEMO = "5955348a6d2be95527ad797ff3d3a5f826620a9ec4d2bde5d2c2559a1496cbe4"
"""What the HRG4+ demo of 2 practices, 2017/18 and seed 5 wrote before there was another era."""


@pytest.fixture(scope="module")
def pct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The PCT of the older era with 3 practices: loaded, priced and published."""
    data = tmp_path_factory.mktemp("pbr")
    extracts = pipeline.demo(data, n_practices=3, seed=5, era="pbr")
    pipeline.load(data, [extracts])
    pipeline.build(data)
    pipeline.publish(data)
    return data


@pytest.fixture(scope="module")
def demo(pct: Path) -> Demo:
    return Demo(pct / "demo", json.loads((pct / "demo" / "answer_key.json").read_text()))


@pytest.fixture
def warehouse(pct: Path) -> Iterator[Warehouse]:
    with Warehouse.open(pct, doing="the test") as opened:
        yield opened


def tariff_of(pct: Path) -> pd.DataFrame:
    return Shelf.open(pct / "reference").read("tariff", "2005/06").set_index("hrg")


def test_the_hrg4_demo_is_byte_for_byte_what_it_was(tmp_path: Path) -> None:
    write(tmp_path, Shelf.open(), n_practices=2, years=("2017/18",), seed=5)
    total = hashlib.sha256()
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file() and path.name != "answer_key.json":
            total.update(path.relative_to(tmp_path).as_posix().encode())
            total.update(path.read_bytes())
    assert total.hexdigest() == HRG4_DEMO


def test_the_same_seed_gives_the_same_files_and_the_same_prices(pct: Path, tmp_path: Path) -> None:
    pipeline.demo(tmp_path, n_practices=3, seed=5, era="pbr")
    assert contents(tmp_path / "demo") == contents(pct / "demo")
    assert contents(tmp_path / "reference") == contents(pct / "reference")


def test_extracts_have_the_forms_of_the_time(demo: Demo) -> None:
    rows = demo.sound("apc")
    assert sorted(rows["FYEAR"].unique()) == ["0304", "0405", "0506"]
    assert rows["SUSHRG"].str.fullmatch(SHAPE).all()
    # Codes of ten years later.
    assert not rows["ADMIMETH"].isin(["2A", "2B", "2C", "2D"]).any()
    assert (demo.sound("op")["SUSHRG"] == "").all()
    assert set(demo.sound("ae")["SUSHRG"]) == {"V01", "V02", "V03"}
    assert "CCG" not in "".join(demo.read("list_sizes").columns)


def test_groups_are_as_many_as_v35_had_and_come_in_pairs_with_the_dearer_first(pct: Path) -> None:
    tariff = tariff_of(pct)
    assert 450 <= len(tariff) <= 650
    assert tariff.index.str.fullmatch(SHAPE).all()
    assert tariff["name"].str.startswith("Example: ").all()
    pairs = tariff[tariff["split_name"].notna()]
    assert len(pairs) // 2 >= 100
    for root, pair in pairs.groupby("root"):
        with_cc, without = pair.index
        assert pair["split_name"].tolist() == ["with cc", "without cc"]
        assert (with_cc, int(without[1:])) == (root, int(root[1:]) + 1)
        dear, cheap = pair["non_elective_pence"]
        assert dear > cheap, root


def test_prices_are_those_of_the_members_taken_back_to_their_year(pct: Path) -> None:
    now, then = Shelf.open().read("tariff", "2017/18").set_index("hrg"), tariff_of(pct)
    mix = Shelf.open().read("hrg_mix", "2024/25")
    # A root with nothing to tell apart, alone in its group: one member, one price.
    volume = mix[mix["setting"] != "outpatient_procedure"].groupby("hrg")["n_activity"].sum()
    alone = now.groupby("root").filter(lambda rows: len(rows) == 1)
    alone = alone[volume.reindex(alone.index).fillna(0).to_numpy(dtype=float) > 10_000]
    expected = {round(p / 100 * 61.3576 / 77.0388) * 100 for p in alone["day_case_pence"].dropna()}
    assert len(expected) > 20
    assert len(expected & set(then["day_case_pence"].dropna())) > 0.9 * len(expected)


def test_nothing_invented_stands_among_the_shipped_reference_data() -> None:
    shipped = Shelf.open()
    assert "2005/06" not in shipped.years("tariff")
    assert "pbc_example_v35" not in shipped.sources()
    seen = 0
    for path in shipped.folders[0].rglob("*.csv"):
        frame = pd.read_csv(path, dtype=str)
        if "hrg" in frame:
            seen += 1
            assert not frame["hrg"].str.fullmatch(SHAPE).any(), path
    assert seen >= 5


def test_every_price_on_the_page_is_labelled_an_example(pct: Path) -> None:
    published = Published(pct)
    about = published.about()
    assert list(about["prices"]) == ["2005/06"]
    assert {s for held in about["prices"]["2005/06"].values() for s in held} == {"example"}
    view = budget_view.view(published, "X80001", "2005/06")
    assert view is not None
    (said,) = re.findall("Prices of 2005/06: (.*?)[.]<", baseline_budgets.provenance(view, about))
    assert len(said.split("; ")) >= 5
    assert all(part.endswith(": an invented example") for part in said.split("; "))


def test_every_invented_table_says_so_and_names_its_source(pct: Path) -> None:
    shelf = Shelf.open(pct / "reference")
    records = list((pct / "reference").rglob("*.yaml"))
    assert len(records) == 6
    for path in records:
        assert "no official price list of HRG v3.5 could be had" in " ".join(
            path.read_text("utf-8").split()
        )
    assert "no official price list" in shelf.sources()["pbc_example_v35"].held_how
    changed = shelf.overrides("2005/06")
    assert {o.status for o in changed} == {"example"}
    assert {"scope_admitted", "short_stay_emergency"} <= {o.rule for o in changed}
    assert shelf.rule("rules", "payable_hrg", "2005/06") == "max_tariff"
    assert shelf.rule("rules", "hrg_version", "2005/06") == "v3.5"


def test_of_several_hrgs_in_one_spell_the_dearest_is_paid_once(
    pct: Path, warehouse: Warehouse
) -> None:
    """T8, on every such emergency of the demonstration, from the extracts themselves."""
    tariff = tariff_of(pct)
    held = warehouse.frame(
        "SELECT e.spell_id, e.hrg, p.hrg AS paid_hrg, p.base_pence FROM spell_episodes AS e "
        "JOIN priced_spells AS p ON p.spell_id = e.spell_id "
        "WHERE p.pod = 'NEL' AND p.unpriced_reason IS NULL AND p.is_reported"
    )
    held["own"] = tariff["non_elective_pence"].reindex(held["hrg"]).to_numpy()
    several = held[held.groupby("spell_id")["hrg"].transform("nunique") > 1]
    by_spell = several.groupby("spell_id").agg(
        dearest=("own", "max"), total=("own", "sum"), base=("base_pence", "first")
    )
    assert len(by_spell) > 100
    assert (by_spell["base"] == by_spell["dearest"]).all()
    assert (by_spell["base"] < by_spell["total"]).all()
    paid = several[several["hrg"] == several["paid_hrg"]]
    assert set(paid["spell_id"]) == set(by_spell.index)


def test_an_explanation_shows_the_dearest_paid_and_the_others_not(
    pct: Path, warehouse: Warehouse
) -> None:
    ((spell_id,),) = warehouse.rows(
        "SELECT spell_id FROM priced_spells JOIN (SELECT spell_id, count(DISTINCT hrg) AS n "
        "FROM spell_episodes GROUP BY 1) USING (spell_id) WHERE n >= 3 AND base_pence > 0 "
        "ORDER BY 1 LIMIT 1"
    )
    told = costing.explain(warehouse, spell_id)
    (paid,) = [c for c in told.candidates if c.is_paid]
    assert len({c.hrg for c in told.candidates}) >= 3
    assert told.strategy == "max_tariff"
    assert paid.base_pence == told.steps[0].pence
    assert paid.base_pence == max(c.base_pence for c in told.candidates if c.base_pence)


def test_the_ways_of_choosing_are_compared_over_spells_of_several_hrgs(
    warehouse: Warehouse,
) -> None:
    found = {(s.price_year, s.pod): s for s in costing.strategies(warehouse)}
    assert {year for year, _ in found} == {"2005/06"}
    emergencies = found["2005/06", "NEL"]
    assert emergencies.n_spells > 100


def test_short_emergencies_are_paid_half_and_long_ones_by_the_day(warehouse: Warehouse) -> None:
    short = warehouse.frame(
        "SELECT * FROM priced_spells WHERE pod = 'NEL' AND los_days <= 1 AND price_pence > 0"
    )
    assert len(short) > 500
    assert (short["short_stay_pence"] * 2 == -short["base_pence"]).all()
    long = warehouse.frame("SELECT * FROM priced_spells WHERE excess_bed_days > 0")
    assert len(long) > 20
    assert (long["long_stay_pence"] > 0).all()
    # Paid by the department to the trust, outside the price (O6).
    assert warehouse.rows("SELECT DISTINCT mff_pence FROM priced_spells WHERE price_pence > 0") == [
        (0,)
    ]


def test_nearly_all_activity_is_priced_and_only_planted_errors_are_not(
    pct: Path, warehouse: Warehouse
) -> None:
    reasons = dict(
        warehouse.rows(
            "SELECT unpriced_reason, count(*) FROM priced_spells "
            "WHERE unpriced_reason IS NOT NULL GROUP BY 1"
        )
    )
    reasons.pop("regular_attender")
    assert set(reasons) <= {
        *("dates_disagree", "no_hrg", "open_spell", "unknown_hrg", "ungroupable"),
    }
    about = Published(pct).about()
    assert about["coverage"] >= 0.99
    assert about["rules_not_held"] == {"2005/06": {}}


def test_the_first_budgets_rest_on_2003_04_activity_at_the_2005_06_tariff(
    pct: Path, warehouse: Warehouse
) -> None:
    years = warehouse.rows("SELECT * FROM price_years ORDER BY 1")
    assert years == [(year, "2005/06", True) for year in YEARS]
    published = Published(pct)
    (budget,) = published.rows("SELECT * FROM budgets")
    named = (budget["financial_year"], budget["base_year"], budget["price_year"])
    assert named == ("2005/06", "2003/04", "2005/06")
    practices = published.rows("SELECT * FROM budget_practices")
    ((spent,),) = warehouse.rows(
        "SELECT CAST(sum(pence) AS BIGINT) FROM practice_lines "
        "WHERE financial_year = '2003/04' AND practice_code LIKE 'X8000%'"
    )
    assert sum(p["activity_pence"] for p in practices) == spent
    lists = dict(
        warehouse.rows(
            "SELECT practice_code, n_patients FROM practice_lists WHERE count_date = '2003-04-01'"
        )
    )
    assert {p["practice_code"]: p["list_base"] for p in practices} == lists


def test_the_practices_sum_to_the_resource_to_the_penny(pct: Path) -> None:
    published = Published(pct)
    (budget,) = published.rows("SELECT * FROM budgets")
    practices = published.rows("SELECT * FROM budget_practices")
    assert len(practices) == 3
    total = sum(p["indicative_pence"] for p in practices)
    assert total + budget["reserved_pence"] == budget["available_pence"] == budget["resource_pence"]


def test_the_plan_lands_whole_and_affords_nearly_what_is_needed(
    pct: Path, warehouse: Warehouse
) -> None:
    assert warehouse.rows("SELECT rejected FROM loads WHERE layout = 'plan'") == [(0,)]
    (budget,) = Published(pct).rows("SELECT * FROM budgets")
    assert budget["resource_pence"] / budget["needed_pence"] == pytest.approx(0.97, abs=0.03)


@pytest.mark.parametrize("value", ["2005/06", "2006/07", "2003", "2003/05", "soon"])
def test_a_base_year_that_is_no_earlier_year_is_refused_at_the_door(
    value: str, tmp_path: Path
) -> None:
    file = tmp_path / "plan.csv"
    file.write_text(
        "PCT_CODE,FINANCIAL_YEAR,ITEM,LINE,VALUE,UNIT,NOTE\n"
        f"9E1,2005/06,base_year,ALL,{value},YEAR,agreed\n"
        "9E1,2005/06,base_year,ALL,2003/04,YEAR,agreed\n"
    )
    (loaded,) = pipeline.load(tmp_path, [file])
    assert (loaded.accepted, loaded.rejected) == (1, 1)


def test_hrgs_of_two_versions_are_not_compared_without_a_bridge(pct: Path) -> None:
    """T14: 2005/06 counts in v3.5, 2017/18 in HRG4+."""
    with pytest.raises(SelectionError, match=r"v3\.5.*HRG4\+"):
        pipeline.bridge(pct, activity_year="2005/06", before="2005/06", after="2017/18")


def test_what_is_planted_is_in_the_files_as_the_key_says(demo: Demo) -> None:
    apc, struck = demo.read("apc"), demo.planted("data error")
    told = {(p["kind"], p["where"]["dataset"]): p["n_affected"] for p in struck}
    assert (apc["SUSHRG"] == "Z99").sum() == told["unknown HRG", "apc"]
    assert (apc["SUSHRG"] == "U01").sum() == told["ungroupable", "apc"]
    assert (~apc["ADMIDATE"].str.match(r"^\d{4}-")).sum() == told["unreadable date", "apc"]
    assert demo.key["parameters"]["era"] == "pbr"
    assert demo.key["parameters"]["years"] == list(YEARS)


def test_creep_and_catch_up_move_spells_within_pairs(demo: Demo, pct: Path) -> None:
    tariff = tariff_of(pct)
    named = pd.read_csv(demo.folder / "answer_key_spells.csv", dtype=str)
    for item, is_dearer in (("creep", True), ("recording catch-up", False)):
        moved = named[named["ITEM"] == item]
        assert len(moved) > 5
        recorded, otherwise = tariff.loc[moved["RECORDED"]], tariff.loc[moved["OTHERWISE"]]
        assert (recorded["root"].to_numpy() == otherwise["root"].to_numpy()).all()
        gained = recorded["non_elective_pence"].to_numpy() > otherwise["non_elective_pence"]
        assert (gained.to_numpy() == is_dearer).all()
    (creep,) = demo.planted("creep")
    assert len(creep["roots"]) == 5
    assert all(len(codes) == 1 for codes in creep["dear_classes"].values())


def test_spend_is_that_of_the_period_and_as_skewed_as_hospital_spend_is(demo: Demo) -> None:
    for year in YEARS:
        facts = demo.key["facts"][year]
        assert facts["price_year"] == "2005/06"
        assert 300 <= facts["spend_per_head_gbp"] <= 450
        assert 0.22 <= facts["top_1pc_share"] <= 0.36
        assert 80 <= facts["per_1000"]["emergency_spells"] <= 115


def test_the_key_prices_emergencies_as_the_chain_does(demo: Demo, warehouse: Warehouse) -> None:
    """Spend by person in the key rests on a reckoning of its own; they agree within rounding."""
    ((pence,),) = warehouse.rows(
        "SELECT CAST(sum(pence) AS BIGINT) FROM practice_lines WHERE financial_year = '2005/06'"
    )
    facts = demo.key["facts"]["2005/06"]
    # The key counts people on the list of 1 April only, and errors are planted after it is made.
    assert pence / 100 == pytest.approx(facts["spend_gbp"], rel=0.06)


def test_invented_prices_never_go_among_the_shipped_ones(tmp_path: Path) -> None:
    shipped = Shelf.open().folders[0]
    with pytest.raises(SelectionError, match="among the official ones"):
        write(tmp_path, Shelf.open(), n_practices=1, era="pbr", reference=shipped)
    assert not (shipped / "tariff" / "2005-06.csv").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_price_list_of_ones_own_is_never_replaced(pct: Path, tmp_path: Path) -> None:
    own = tmp_path / "reference" / "tariff" / "2005-06.csv"
    own.parent.mkdir(parents=True)
    own.write_text("hrg\nA01\n")
    with pytest.raises(SelectionError, match=r"tariff/2005-06\.csv"):
        pipeline.demo(tmp_path, n_practices=1, era="pbr")
    assert own.read_text() == "hrg\nA01\n"
    assert not (tmp_path / "demo").exists()


def test_a_second_demo_replaces_its_own_prices_and_keeps_the_sources_of_others(
    pct: Path, tmp_path: Path
) -> None:
    shutil.copytree(pct / "reference", tmp_path / "reference")
    sources = tmp_path / "reference" / "sources.csv"
    sources.write_text(sources.read_text() + "mine,My list,me,none,typed in\n")
    pipeline.demo(tmp_path, n_practices=1, years=("2005/06",), era="pbr")
    held = Shelf.open(tmp_path / "reference").sources()
    assert {"mine", "pbc_example_v35"} <= set(held)


def test_extracts_of_others_are_never_priced_at_invented_prices(tmp_path: Path) -> None:
    file = tmp_path / "practices.csv"
    file.write_text("PRACTICE_CODE,NAME,PCT_CODE\nE82001,A real practice,5GX\n")
    pipeline.load(tmp_path, [file])
    with pytest.raises(SelectionError, match="not the demonstration's"):
        pipeline.demo(tmp_path, n_practices=1, era="pbr")
    assert not (tmp_path / "reference").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"era": "fundholding"}, "no era 'fundholding'"),
        ({"era": "pbr", "years": ("2006/07",)}, "has no 2006/07"),
        ({"era": "pbr", "years": ("2003/04", "2005/06")}, "follow one another"),
    ],
)
def test_an_era_or_a_year_that_is_not_there_is_refused(
    asked: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(SelectionError, match=said):
        write(tmp_path / "x", Shelf.open(), n_practices=1, **asked)


def test_the_command_says_that_the_prices_are_invented(tmp_path: Path) -> None:
    words = ["demo", "--era", "pbr", "--practices", "3", "--years", "1", "--data", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert "marked as an example" in " ".join(done.stdout.split())
    assert (tmp_path / "reference" / "tariff" / "2005-06.csv").is_file()
    assert [p.name for p in (tmp_path / "demo" / "landing").glob("apc*")] == ["apc_2005-06.csv"]


def plan_of(base_year: str | None) -> pd.DataFrame:
    rows = [("resource", "ALL", "16", "GBP"), ("growth", "EL", "0", "share")]
    if base_year is not None:
        rows.append(("base_year", "ALL", base_year, "YEAR"))
    frame = pd.DataFrame(rows, columns=["item", "line", "value", "unit"])
    return frame.assign(pct_code="9E1", financial_year="2005/06", note="agreed")


@pytest.mark.parametrize(
    ("written", "read"), [("2003/04", "2003/04"), ("2003-04", "2003/04"), (None, None)]
)
def test_a_plan_may_name_its_base_year(written: str | None, read: str | None) -> None:
    assert plans(plan_of(written))["2005/06"].base_year == read


def budget_of(base_year: str | None) -> YearBudget | Unset:
    columns = ["practice_code", "pod", "financial_year", "price_year", "pence"]
    activity = pd.DataFrame(
        [("X1", "EL", "2003/04", "2005/06", 300), ("X1", "EL", "2004/05", "2005/06", 500)],
        columns=columns,
    ).assign(n_activity=5, n_priced=5)
    lists = pd.DataFrame(
        {
            "practice_code": "X1",
            "count_date": pd.to_datetime(["2003-04-01", "2004-04-01", "2005-04-01"]),
            "n_patients": [100, 150, 200],
        }
    )
    practices = pd.DataFrame(
        {
            "practice_code": ["X1"],
            "pct_code": ["9E1"],
            "open_date": [pd.Timestamp("1995-04-01")],
            "close_date": [pd.NaT],
            "successor_code": [None],
        }
    )
    (found,) = every_budget(activity, lists, practices, plan_of(base_year))
    return found


@pytest.mark.parametrize(
    ("named", "base_year", "activity", "list_base"),
    [("2003/04", "2003/04", 300, 100), (None, "2004/05", 500, 150)],
)
def test_a_budget_rests_on_the_base_year_of_its_plan_else_on_the_year_before(
    named: str | None, base_year: str, activity: int, list_base: int
) -> None:
    found = budget_of(named)
    assert isinstance(found, YearBudget)
    assert found.baseline.base_year == base_year
    (row,) = found.baseline.practices.to_dict("records")
    assert (row["activity_pence"], row["list_base"], row["list_budget"]) == (
        *(activity, list_base),
        200,
    )


@pytest.mark.parametrize("named", ["2005/06", "2007/08", "2001/02", "long ago"])
def test_a_base_year_that_cannot_be_leaves_the_year_without_a_budget_and_says_why(
    named: str,
) -> None:
    found = budget_of(named)
    assert isinstance(found, Unset)
    assert named in found.reason


def test_the_base_year_of_a_plan_is_priced_at_the_budget_year_too() -> None:
    tariffs = ["2004/05", "2005/06"]
    years = costing.price_years(["2003/04", "2004/05"], tariffs, [("2003/04", "2005/06")])
    assert years.to_numpy().tolist() == [
        ["2003/04", "2004/05", True],
        ["2003/04", "2005/06", False],
        ["2004/05", "2004/05", True],
        ["2004/05", "2005/06", False],
    ]
    without = costing.price_years(["2003/04"], ["2005/06"])
    assert without.empty
