"""The official artificial HES extracts go through to spells, with all their traps."""

from pathlib import Path

import pytest

from pbcanalytics import pipeline
from pbcanalytics.store import Warehouse


@pytest.fixture(scope="module")
def data(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artificial")
    pipeline.load(folder, sorted((shared_data / "artificial-hes").glob("*.csv")))
    pipeline.build(folder)
    pipeline.publish(folder)
    return folder


def test_every_row_is_accounted_for(data: Path) -> None:
    known = pipeline.status(data)
    assert {f["layout"]: f["rows_read"] for f in known["files"]} == {
        "hes_apc": 2075,
        "hes_op": 1000,
    }
    for file in known["files"]:
        assert file["rows_read"] == file["accepted"] + file["rejected"]
        assert file["rejected"] == sum(file["reasons"].values())
    reasons = known["files"][0]["reasons"]
    assert reasons == {"missing_value": 1, "unfinished_episode": 16}


def test_no_spell_is_priced_because_no_hrg_was_supplied(data: Path) -> None:
    spells = pipeline.status(data)["spells"]
    assert spells["total"] > 1900
    assert spells["priced"] == 0
    private = {"private_patient": 13}
    assert spells["unpriced"] == {"no_hrg": spells["total"] - 13, **private}
    assert pipeline.status(data)["coverage"] == 0


def test_the_traps_are_data(data: Path) -> None:
    with Warehouse.open(data, doing="the test") as warehouse:
        babies, oldest = warehouse.rows(
            "SELECT count(*) FILTER (age_years = 0), max(age_years) FROM episodes"
        )[0]
        blank_dash = warehouse.rows("SELECT count(*) FROM episodes WHERE procedures LIKE '%-%'")
        unknown = warehouse.rows("SELECT count(*) FROM outpatients WHERE diagnoses = 'R69X'")
        practices = warehouse.rows(
            "SELECT count(*) FILTER (practice_code IS NULL), "
            "count(*) FILTER (practice_code = 'V81998') FROM episodes"
        )[0]
        disagree = warehouse.rows("SELECT n_rows FROM findings WHERE rule = 'los_disagrees'")
    assert babies > 50
    assert oldest <= 120
    assert blank_dash == [(0,)]
    assert unknown[0][0] > 500
    assert sum(practices) > 0
    assert disagree[0][0] > 1000


def test_published_without_budgets_and_says_what_is_missing(data: Path) -> None:
    from pbcanalytics.faces.notebooks import baseline_budgets_page
    from pbcanalytics.faces.parameters import resolve
    from pbcanalytics.store import Published
    from pbcanalytics.words.errors import SelectionError

    published = Published(data)
    assert published.rows("SELECT * FROM budgets") == []
    ask = resolve("batch", practice="", financial_year="")
    with pytest.raises(SelectionError, match="No budget has been set"):
        baseline_budgets_page.page(published, ask)
    shown = baseline_budgets_page.page(published, resolve("lab", practice="", financial_year=""))
    said = shown.controls().children[1].value
    assert "No budget has been set" in said
    assert "Traceback" not in said
