"""`pbc rules` shows every value of every year's rules, how sure it is, and what a user changed."""

import dataclasses
import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from pbcanalytics.cli import app
from pbcanalytics.faces import wording
from pbcanalytics.faces.sentences import rules_in_force
from pbcanalytics.pipeline.pricing import rules as pipeline_rules
from pbcanalytics.reference import Shelf
from pbcanalytics.words.errors import ReferenceGap
from tests.drawn import shelf_with
from tests.oracle_rules import LOADER
from tests.test_oracle_rules import REFERENCE, YEARS
from tests.test_overrides import OTHER


def said(*words: str) -> str:
    done = CliRunner().invoke(app, ["rules", *words])
    assert done.exit_code == 0, done.output
    return done.output


def shown(year: str, shelf: Shelf) -> str:
    return "\n".join(rules_in_force.told(year, rules_in_force.in_force(shelf, year)))


@pytest.mark.parametrize("year", YEARS)
def test_every_rule_of_every_year_is_shown_with_its_evidence(tmp_path: Path, year: str) -> None:
    text = (REFERENCE / "rules" / f"{year.replace('/', '-')}.yaml").read_text(encoding="utf-8")
    record = yaml.load(text, LOADER)["rules"]
    found = pipeline_rules.rules(tmp_path, year)
    assert {r.rule: r.value for r in found} == {n: r["value"] for n, r in record.items()}
    lines = rules_in_force.told(year, found)
    heads = {line.split(":")[0].strip(): line for line in lines}
    for name, rule in record.items():
        official = rule["status"] == "official" and rule["value"] is not None
        assert heads[name].endswith("(official)") == official
        assert ("not known" in heads[name]) == (rule["value"] is None)
        evidence = lines[lines.index(heads[name]) + 1]
        for said_of_it in ("note", "missing", "open_question"):
            assert str(rule.get(said_of_it, "")).rstrip(".") in evidence
        assert ("source: " in evidence) == ("source" in rule)


def test_another_value_of_any_rule_is_seen(tmp_path: Path) -> None:
    """No rule is dead: those that no price needs are at least told."""
    names = [r.rule for r in rules_in_force.in_force(Shelf.open(), "2018/19")]
    changed = shown("2018/19", shelf_with(tmp_path, "2018/19", **OTHER))
    for name, value in OTHER.items():
        in_file = dict(sorted(value.items())) if isinstance(value, dict) else value
        told = "none, there was no such rule" if value == "none" else wording.ruled(in_file)
        assert f"{name}: {told} (" in " ".join(changed.split())
    assert f"Not as shipped, by your own reference data: {', '.join(names)}." in changed


def test_the_command_says_the_same_to_people_and_to_machines(tmp_path: Path) -> None:
    found = pipeline_rules.rules(tmp_path, "2010/11")
    words = ("--year", "2010/11", "--data", str(tmp_path))
    assert said(*words).splitlines() == rules_in_force.told("2010/11", found)
    assert json.loads(said(*words, "--json")) == [dataclasses.asdict(r) for r in found]


def test_a_users_own_value_is_never_taken_for_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "reference" / "rules"
    own.mkdir(parents=True)
    (own / "2018-19.yaml").write_text(
        "rules:\n  market_forces_factor:\n    value: paid_centrally\n    note: letter of 3 May\n",
        encoding="utf-8",
    )
    found = {r.rule: r for r in pipeline_rules.rules(tmp_path, "2018-19")}
    factor = found["market_forces_factor"]
    assert (factor.value, factor.shipped, factor.is_changed) == ("paid_centrally", "in_price", True)
    assert factor.status == "unverified", "a value of one's own is not official unless it says so"
    assert [r.rule for r in found.values() if r.is_changed] == ["market_forces_factor"]
    text = said("--year", "2018/19", "--data", str(tmp_path))
    assert "market_forces_factor: paid centrally (unverified)" in text
    assert "letter of 3 May; as shipped: in price." in text


def test_none_and_not_known_are_told_apart() -> None:
    text = shown("2003/04", Shelf.open())
    assert "  long_stay: none, there was no such rule" in text
    assert "  market_forces_factor: not known\n" in text


def test_a_year_without_rules_is_refused_and_the_years_held_are_named(tmp_path: Path) -> None:
    with pytest.raises(ReferenceGap, match=r"held for 2021/22.*Held: 2003/04, .*2026/27") as told:
        pipeline_rules.rules(tmp_path, "2021/22")
    assert "reference/rules/2021-22.yaml" in str(told.value)
