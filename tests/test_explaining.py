"""A price explained: the steps add up to it, the sentences say what made them."""

import json
from pathlib import Path

import pytest

from pbcanalytics import costing, pipeline
from pbcanalytics.faces.sentences import explanation
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import ReferenceGap, SelectionError
from tests.commands import pbc
from tests.drawn import priced


def made_up(tmp_path: Path, **changed: object) -> costing.Explained:
    asked = {"year": "2018/19", "hrg": "HN12F", "admission": "elective", "los_days": 8}
    return pipeline.price(tmp_path, **(asked | changed))  # type: ignore[arg-type]


def test_the_worked_prices_of_a_hip_operation(tmp_path: Path) -> None:
    """2018/19, before the market forces factor: 6 days £5,493, 8 days £5,947."""
    assert made_up(tmp_path, los_days=6).price_pence == 549300
    eight = made_up(tmp_path)
    assert eight.price_pence == 594700
    assert {s.name: s.pence for s in eight.steps} == {
        "base": 549300,
        "short_stay": 0,
        "long_stay": 45400,
        "top_up": None,
        "other": None,
        "mff": 0,
    }
    said = "\n".join(explanation.told(eight))
    assert "£5,947.00 at the prices of 2018/19" in said
    assert "a stay of 8 days, 2 days beyond the trim point of 6, at £227.00 a day" in said


def test_a_made_up_spell_costs_what_the_same_spell_costs_when_it_is_held(tmp_path: Path) -> None:
    with priced(
        """
        episode_id | spell_number | admission_method | admission_date | discharge_date | hrg
        a          | s            | 21               | 2018-05-01     | 2018-05-02     | AA22C
        """
    ) as warehouse:
        held = costing.explain(warehouse, "XD1|p|s", "2018/19")
    asked = {"hrg": "AA22C", "admission": "emergency", "los_days": 1, "age_years": 50}
    drawn = made_up(tmp_path, provider="XD1", **asked)
    assert [(s.name, s.pence) for s in drawn.steps] == [(s.name, s.pence) for s in held.steps]
    assert drawn.price_pence == held.price_pence
    assert drawn.steps[1].pence is not None and drawn.steps[1].pence < 0
    assert "is paid 25% of the price" in "\n".join(explanation.told(drawn))


def test_every_price_of_the_small_pct_is_the_sum_of_its_explained_steps(small_pct: Path) -> None:
    with Warehouse.open(small_pct, doing="the test") as warehouse:
        keys = warehouse.rows(
            "SELECT spell_id, price_year FROM priced_spells WHERE hash(spell_id) % 40 = 0 "
            "UNION ALL (SELECT spell_id, price_year FROM priced_spells "
            "WHERE unpriced_reason IS NOT NULL LIMIT 20)"
        )
        explained = [costing.explain(warehouse, spell, year) for spell, year in keys if year]
    assert sum(e.price_pence is not None for e in explained) > 50
    for e in explained:
        told = explanation.told(e)
        assert all(line.strip() for line in told)
        if e.price_pence is None:
            assert told[0].startswith("No price")
        else:
            assert sum(s.pence or 0 for s in e.steps) == e.price_pence
            assert sum(c.is_paid for c in e.candidates) == 1


def test_the_hrgs_that_were_not_paid_are_named_with_what_they_would_have_been_worth() -> None:
    with priced(
        """
        episode_id | spell_number | episode_order | admission_date | discharge_date | hrg
        a          | s            | 1             | 2018-05-01     | 2018-05-09     | HN12F
        b          | s            | 2             | 2018-05-01     | 2018-05-09     | AA22C
        """
    ) as warehouse:
        e = costing.explain(warehouse, "XD1|p|s", "2018/19")
    assert [(c.hrg, c.is_paid, c.base_pence) for c in e.candidates] == [
        ("HN12F", False, 549300),
        ("AA22C", True, 828500),
    ]
    said = explanation.chosen(e)
    assert "Not paid: HN12F of episode 1, £5,493.00." in said
    assert "Next dearest is HN12F: £2,792.00 less before the other steps." in said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"hrg": "ZZ99Z"}, "its HRG is not in the tariff of the year"),
        ({"admission": "emergency", "los_days": 0, "hrg": "AA22C"}, "age is not known"),
        ({"provider": "RTA"}, "no market forces factor is held"),
    ],
)
def test_what_cannot_be_priced_says_why(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    e = made_up(tmp_path, **changed)
    assert e.price_pence is None
    assert said in explanation.headline(e)


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"admission": "sudden"}, SelectionError, "no kind of admission"),
        ({"critical_care_days": 9}, SelectionError, "cannot be"),
        ({"year": "2018"}, SelectionError, "not a financial year"),
        ({"year": "2019/20"}, ReferenceGap, "No tariff data are held for 2019/20"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    tmp_path: Path, changed: dict[str, object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        made_up(tmp_path, **changed)


def test_a_spell_that_is_not_there_is_said(small_pct: Path) -> None:
    with pytest.raises(SelectionError, match="no spell 'X'"):
        pipeline.explain(small_pct, "X")


def test_the_command_speaks_to_machines_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["price", "--year", "2018/19", "--hrg", "hn12f", "--admission", "elective"]
    done = pbc(*words, "--los", "8", "--json")
    assert json.loads(done.stdout)["price_pence"] == 594700
