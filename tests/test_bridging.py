"""The same activity at two sets of prices: the causes add up to the difference, to the penny."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbcanalytics import costing, pipeline
from pbcanalytics.costing import Bridge
from pbcanalytics.faces.sentences import explanation
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import SelectionError
from tests.drawn import priced, shelf_with

SPELLS = """
    episode_id | spell_number | admission_method | admission_date | discharge_date | hrg
    a          | a            | 11               | 2018-05-01     | 2018-05-09     | HN12F
    b          | b            | 21               | 2018-05-01     | 2018-05-02     | AA22C
    c          | c            | 21               | 2018-05-01     | 2018-12-01     | AA22C
    d          | d            | 11               | 2018-05-01     | 2018-05-04     | ZZ99Z
    """


def compared(before: Shelf, after: Shelf, spells: str = SPELLS) -> Bridge:
    with priced(spells) as warehouse:
        return costing.bridge(warehouse, "2018/19", (before, "2018/19"), (after, "2018/19"))


def by_cause(found: Bridge) -> dict[str, int]:
    causes: dict[str, int] = {}
    for m in found.moved:
        causes[m.cause] = causes.get(m.cause, 0) + m.pence
    return causes


def with_tariff(folder: Path, **changed: int) -> Shelf:
    """The shipped reference data with the elective prices of some HRGs changed by so many pence."""
    shelf = Shelf.open()
    frame = shelf.read("tariff", "2018/19").set_index("hrg")
    for hrg, pence in changed.items():
        frame.loc[hrg, "elective_pence"] += pence
    (folder / "tariff").mkdir(parents=True)
    frame.reset_index().to_csv(folder / "tariff" / "2018-19.csv", index=False)
    record = shelf.folders[0] / "tariff" / "2018-19.yaml"
    (folder / "tariff" / "2018-19.yaml").write_text(record.read_text("utf-8"), "utf-8")
    return Shelf.open(folder)


def test_two_years_of_the_small_pct_differ_by_causes_that_add_up(small_pct: Path) -> None:
    with Warehouse.open(small_pct, doing="the test") as warehouse:
        stamped = warehouse.rows("SELECT count(*), sum(price_pence) FROM priced_spells")
        totals = dict(
            warehouse.rows(
                "SELECT price_year, CAST(sum(price_pence) AS BIGINT) FROM priced_spells "
                "WHERE financial_year = '2017/18' GROUP BY ALL"
            )
        )
    found = pipeline.bridge(small_pct, activity_year="2017/18", before="2017/18", after="2018/19")
    assert (found.before_pence, found.after_pence) == (totals["2017/18"], totals["2018/19"])
    assert sum(m.pence for m in found.moved) == found.after_pence - found.before_pence != 0
    with Warehouse.open(small_pct, doing="the test") as warehouse:
        assert warehouse.rows("SELECT count(*), sum(price_pence) FROM priced_spells") == stamped
        assert not warehouse.has("bridge_before")
    lines, rows = explanation.bridged(found)
    assert len(rows) == len(found.moved)
    assert "2017/18" in lines[0]


def test_the_same_rules_move_nothing() -> None:
    found = compared(Shelf.open(), Shelf.open())
    assert found.moved == ()
    assert found.before_pence == found.after_pence > 0


def test_a_dearer_hrg_is_a_matter_of_price_and_the_factor_on_it(tmp_path: Path) -> None:
    found = compared(Shelf.open(), with_tariff(tmp_path, HN12F=100_000))
    assert by_cause(found) == {"price": 100_000, "mff": 2_500}
    assert {m.n_spells for m in found.moved} == {1}


@pytest.mark.parametrize(
    ("rules", "causes"),
    [
        ({"short_stay_emergency": "none"}, {"short_stay", "mff"}),
        ({"long_stay": "none"}, {"long_stay", "mff"}),
        ({"market_forces_factor": "paid_centrally"}, {"mff"}),
        ({"scope_admitted": ["EL", "DC"]}, {"scope"}),
    ],
)
def test_each_rule_moves_its_own_cause(
    tmp_path: Path, rules: dict[str, object], causes: set[str]
) -> None:
    found = compared(Shelf.open(), shelf_with(tmp_path, **rules))
    assert set(by_cause(found)) == causes
    assert sum(by_cause(found).values()) == found.after_pence - found.before_pence


def test_another_hrg_of_the_spell_is_a_cause_of_its_own(tmp_path: Path) -> None:
    several = """
    episode_id | spell_number | episode_order | admission_date | discharge_date | procedures | hrg
    a | s | 1 | 2018-05-01 | 2018-05-04 |      | AA22C
    b | s | 2 | 2018-05-01 | 2018-05-04 | W371 | HN12F
    """
    found = compared(Shelf.open(), shelf_with(tmp_path, payable_hrg="procedure_first"), several)
    assert by_cause(found)["payable_hrg"] == 549300 - 828500


changes = st.dictionaries(st.sampled_from(["HN12F", "AA22C"]), st.integers(-200_000, 200_000))


@settings(max_examples=8)
@given(changes, st.booleans(), st.booleans())
def test_whatever_changes_the_causes_add_up(
    tmp_path_factory: pytest.TempPathFactory,
    prices: dict[str, int],
    short: bool,
    factor: bool,
) -> None:
    folder = tmp_path_factory.mktemp("reference")
    with_tariff(folder, **prices)
    after = shelf_with(
        folder,
        short_stay_emergency="per HRG" if short else "none",
        market_forces_factor="in_price" if factor else "paid_centrally",
    )
    found = compared(Shelf.open(), after)
    assert sum(m.pence for m in found.moved) == found.after_pence - found.before_pence


def test_t14_a_change_of_hrg_version_is_refused(small_pct: Path) -> None:
    with pytest.raises(
        SelectionError, match=r"2008/09 by version v3.5 and 2009/10 by version HRG4"
    ):
        pipeline.bridge(small_pct, activity_year="2017/18", before="2008/09", after="2009/10")


def test_a_folder_of_other_rules_is_taken_before_those_in_force(
    small_pct: Path, tmp_path: Path
) -> None:
    shelf_with(tmp_path / "other", market_forces_factor="paid_centrally")
    found = pipeline.bridge(
        small_pct,
        activity_year="2018/19",
        before="2018/19",
        after="2018/19",
        after_reference=tmp_path / "other",
    )
    assert set(by_cause(found)) == {"mff"}
    frame = pd.DataFrame([m.__dict__ for m in found.moved])
    assert (frame["pence"] < 0).all()
    with pytest.raises(SelectionError, match="no folder"):
        pipeline.bridge(
            small_pct,
            activity_year="2018/19",
            before="2018/19",
            after="2018/19",
            after_reference=tmp_path / "none",
        )
