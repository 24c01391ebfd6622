"""The reference data: every value with unit, source and status, years complete, codes sane."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from pbcanalytics import costing
from pbcanalytics.reference import STATUSES, Shelf
from pbcanalytics.words.errors import ReferenceGap

SHELF = Shelf.open()
TABLES = [(name, path) for name, path in SHELF.files() if path.suffix == ".csv"]
YEARS = ["2017/18", "2018/19"]


@pytest.mark.parametrize(
    ("name", "path"), [t for t in TABLES if t[0] != "sources.csv"], ids=lambda v: str(v)[-30:]
)
def test_every_column_has_unit_and_status_and_the_table_a_source(name: str, path: Path) -> None:
    held = yaml.safe_load(path.with_suffix(".yaml").read_text(encoding="utf-8"))
    columns = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert list(held["columns"]) == columns
    for column, says in held["columns"].items():
        assert says["unit"], column
        assert says["status"] in STATUSES, column
    assert held["source"] in SHELF.sources()
    assert held["grain"].startswith("one row per")


def test_every_rule_has_a_value_or_says_what_is_missing() -> None:
    for year in YEARS:
        for name, rule in SHELF.record("rules", year).rules.items():
            assert rule["status"] in STATUSES, name
            assert rule["unit"], name
            assert (rule["value"] is None) == bool(rule.get("missing")), name


@pytest.mark.parametrize("subject", ["tariff", "mff", "outpatient", "emergency", "rules"])
def test_every_year_of_the_tariff_has_all_that_a_price_needs(subject: str) -> None:
    for year in SHELF.years("tariff"):
        assert SHELF.record(subject, year).financial_year == year


@pytest.mark.parametrize("year", YEARS)
def test_the_tariff_is_whole_and_sane(year: str) -> None:
    tariff = SHELF.read("tariff", year)
    assert len(tariff) == 2303
    assert tariff["hrg"].is_unique
    assert tariff["hrg"].str.fullmatch(r"[A-Z]{2}\d{2}[A-Z]").all()
    assert (tariff["root"] == tariff["hrg"].str[:4]).all()
    for column in [c for c in tariff.columns if c.endswith("_pence")]:
        prices = tariff[column].dropna()
        assert (prices > 0).all()
        assert prices.max() < 10_000_000
        assert (prices % 100 == 0).all()
    assert tariff["elective_trim_days"].min() >= 1


def test_the_tariff_agrees_with_the_official_figures(shared_data: Path) -> None:
    """Annex A 2017/19: a price of 0 there is no price here; combined stands for both kinds."""
    official = pd.read_csv(
        shared_data / "tariff-2017-18-2018-19" / "annex_a_apc_2017_19_merged.csv"
    ).set_index("hrg_code")
    for year, short in (("2017/18", "1718"), ("2018/19", "1819")):
        ours = SHELF.read("tariff", year).set_index("hrg").loc[official.index]
        combined = official[f"combined_dc_el_{short}"]
        for column, theirs in {
            "day_case_pence": combined.where(combined > 0, official[f"day_case_only_{short}"]),
            "elective_pence": combined.where(
                combined > 0, official[f"ordinary_elective_only_{short}"]
            ),
            "non_elective_pence": official[f"nonel_{short}"],
            "outpatient_procedure_pence": official[f"outpatient_procedure_{short}"],
            "long_stay_per_day_pence": official["per_day_long_stay_gbp"],
        }.items():
            assert (ours[column].fillna(0) == (theirs.fillna(0) * 100)).all(), column
        assert (ours["elective_trim_days"] == official["el_trim_days"]).all()
        assert (ours["non_elective_trim_days"] == official["nonel_trim_days"]).all()


def test_a_payment_index_is_never_below_one(tmp_path: Path) -> None:
    for year in SHELF.years("mff"):
        assert (SHELF.read("mff", year)["mff_ratio"] >= 1).all()
    (tmp_path / "mff").mkdir()
    (tmp_path / "mff" / "2018-19.csv").write_text(
        "provider_code,provider_name,mff_ratio\nXD1,District,0.98\n"
    )
    with pytest.raises(ReferenceGap, match="below 1, so it is not the payment index"):
        costing.reference_tables(Shelf.open(tmp_path), ["2018/19"])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("VB01Z,100\nVB01Z,100", "VB01Z stands there twice"),
        ("VB01Z,a lot", "'a lot' is no number"),
        ("VB01Z,100.5", "'100.5' is no number"),
    ],
)
def test_a_table_that_would_price_wrongly_is_refused(tmp_path: Path, rows: str, says: str) -> None:
    (tmp_path / "emergency").mkdir()
    (tmp_path / "emergency" / "2018-19.csv").write_text(f"hrg,attendance_pence\n{rows}\n")
    with pytest.raises(ReferenceGap, match=says):
        Shelf.open(tmp_path).read("emergency", "2018/19")


def test_a_users_file_replaces_the_shipped_one_and_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "emergency").mkdir()
    (tmp_path / "emergency" / "2018-19.csv").write_text("hrg,attendance_pence\nVB01Z,12300\n")
    own = Shelf.open(tmp_path)
    assert own.read("emergency", "2018/19")["attendance_pence"].tolist() == [12300]
    assert len(own.read("emergency", "2017/18")) > 5
    assert own.digest() != SHELF.digest()


def test_a_missing_value_is_missing_and_not_zero(tmp_path: Path) -> None:
    (tmp_path / "emergency").mkdir()
    (tmp_path / "emergency" / "2018-19.csv").write_text("hrg,attendance_pence\nVB01Z,\n")
    assert Shelf.open(tmp_path).read("emergency", "2018/19")["attendance_pence"].isna().all()


def test_a_year_that_is_not_held_says_which_file_to_add() -> None:
    for subject in ("tariff", "mff", "outpatient", "emergency"):
        with pytest.raises(ReferenceGap, match=rf"Add reference/{subject}/2013-14\.csv"):
            SHELF.read(subject, "2013/14")


def test_no_file_name_is_a_year_that_does_not_exist() -> None:
    for name, _ in SHELF.files():
        if years := re.search(r"(\d{4})-(\d{2})\.", name):
            assert int(years[2]) == (int(years[1]) + 1) % 100
