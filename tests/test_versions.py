"""Agreed budgets stay as they were agreed, can be set again from their file, and are told apart."""

import datetime as dt
import io
import json
import shutil
import threading
import zipfile
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from pbcanalytics.budgets import MOVES, Baseline, Plan, ShareRules, YearBudget, baseline
from pbcanalytics.budgets.agreement.checklist import (
    FOR_PEOPLE,
    ITEMS,
    MET,
    NOT_KNOWN,
    NOT_MET,
    Agreement,
    Check,
    checklist,
)
from pbcanalytics.budgets.agreement.versions import difference
from pbcanalytics.cli import app
from pbcanalytics.cli import versions as registers_the_commands
from pbcanalytics.faces.sentences import checklist as check_words
from pbcanalytics.pipeline.budgets import budget_bundle
from pbcanalytics.pipeline.budgets.agreeing import agree
from pbcanalytics.pipeline.budgets.replaying import replay
from pbcanalytics.pipeline.budgets.versions import agreed_budgets, compared, versions
from pbcanalytics.store import agreed, plain_records
from pbcanalytics.words.errors import PbcError, SelectionError, StoreError

YEAR: Final = "2018/19"
AGREED: Final = dt.date(2018, 4, 27)
RULES: Final = ShareRules(Fraction(1, 10), Fraction(81, 20), Fraction(19, 20))
CHAIRED: Final = {"agreed_by": "A. Lead, PEC chair", "reason": "Budgets of the year"}


def set_budget(*, weights: bool = True, cut: int = -50_000, **plan: Any) -> YearBudget:
    """Set budgets of three practices in which every step moves something."""
    activity = pd.DataFrame(
        [
            (practice, pod, 100 * i, 100 * i - (pod == "AE"), 1_000_003 * i + len(pod))
            for i, practice in enumerate(("A", "B", "C"), start=1)
            for pod in ("AE", "EL", "NEL")
        ]
        + [("Z", "EL", 7, 7, 70_000)],
        columns=["practice_code", "pod", "n_activity", "n_priced", "pence"],
    )
    lists = pd.DataFrame(
        {"practice_code": ["A", "B", "C"], "list_base": [8000, 6000, 11000]}
    ).assign(list_budget=[8200, 5900, 11400])
    adjustments = pd.DataFrame(
        [("A", "EL", cut, "clinic closed"), ("Q", "EL", 500, "unknown practice")],
        columns=["practice_code", "line", "amount_pence", "reason"],
    )
    scope = pd.DataFrame(
        [("B", "AE", "PCT", None), ("C", "ALL", "9E1", dt.date(2018, 9, 30))],
        columns=["practice_code", "line", "holder", "to_date"],
    )
    weighed = pd.DataFrame(
        {
            "practice_code": ["A", "B", "C"],
            "n_patients": pd.Series([8200, 5900, 11400], dtype=object),
            "weight": pd.Series([Fraction(9000), Fraction(9001), Fraction(5000)], dtype=object),
            "reason": None,
        }
    )
    told: dict[str, Any] = {
        "resource_pence": 18_000_001,
        "contingency_share": Fraction(3, 100),
        "growth_share": {"EL": Fraction(1, 50)},
        "uplift_share": Fraction(1, 40),
        "notes": ("agreed in March", ""),
        "risk_pool_pence": 100_000,
        "return_rules": {"contingency": "=back in March", "risk_pool": "pro rata"},
        "pace_share": Fraction(1, 100),
        **plan,
    }
    made = baseline(
        activity,
        lists,
        Plan(**told),
        financial_year=YEAR,
        price_year="2017/18",
        adjustments=adjustments,
        scope=scope,
        weights=weighed if weights else None,
        rules=RULES,
        months={dt.date(2017, m, 1) for m in range(4, 13)} | {dt.date(2018, m, 1) for m in (1, 2)},
    )
    return YearBudget("9E1", made, 3, 12_345)


def same(one: Any, other: Any) -> None:
    """Claim that two records are equal in every field, and their frames in every cell and type."""
    assert type(one) is type(other)
    if is_dataclass(one):
        for field in fields(one):
            same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    else:
        assert one == other


def test_a_budget_comes_back_from_its_files_exactly() -> None:
    budget = set_budget()
    assert (budget.baseline.practices[list(MOVES)] != 0).any().all(), "a step that moves nothing"
    assert all(len(getattr(budget.baseline, n)) for n in ("held", "adjustments", "unapplied"))
    members = budget_bundle.figures(budget)
    same(plain_records.read(YearBudget, members, "pct.json"), budget)
    assert members["budget.csv"].count(b"\n") == len(budget.baseline.lines) + 1


CELLS: Final = {
    "str": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5),
    "object": st.one_of(
        st.none(),
        st.text('\\=-+@\t\r\n,"{ a', max_size=3),
        st.fractions(),
        st.dates(),
        st.integers(),
        st.tuples(st.booleans(), st.none()),
    ),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(),
    "Int64": st.one_of(st.none(), st.integers(-(2**53), 2**53)),
    "boolean": st.one_of(st.none(), st.booleans()),
    "bool": st.booleans(),
    "datetime64[us]": st.one_of(st.none(), st.datetimes(dt.datetime(1900, 1, 1))),
}


@given(st.data(), st.integers(0, 4))
def test_any_table_comes_back_cell_by_cell(data: st.DataObject, n: int) -> None:
    frame = pd.DataFrame(
        {
            kind: pd.Series(data.draw(st.lists(cells, min_size=n, max_size=n)), dtype=kind)
            for kind, cells in CELLS.items()
        }
    )
    text, kinds = plain_records.frame_text(frame)
    back = plain_records.frame_of(text, kinds)
    pd.testing.assert_frame_equal(back, frame, check_exact=True)
    assert [type(v) for v in back["object"]] == [type(v) for v in frame["object"]]


@pytest.mark.parametrize("text", ["\r", "\n", "a\rb", "\r\n", "\x85", "\u2028"])
def test_a_line_end_within_a_text_is_no_new_row(text: str) -> None:
    frame = pd.DataFrame({"reason": [text, "plain"], "n": [1, 2]})
    pd.testing.assert_frame_equal(
        plain_records.frame_of(*plain_records.frame_text(frame)), frame, check_exact=True
    )


@dataclass(frozen=True)
class Small:
    """A record of a version to come."""

    name: str
    fresh: int


def test_what_no_file_can_hold_and_what_was_not_kept_is_said() -> None:
    with pytest.raises(TypeError, match="name is set"):
        plain_records.written(replace(Small("a", 1), name={1}), "a.json")  # type: ignore[arg-type]
    old = {"a.json": b'{"$record": "Small", "name": "a", "gone": 3}'}
    with pytest.raises(StoreError, match="did not know fresh"):
        plain_records.read(Small, old, "a.json")
    assert plain_records.read_loosely(old, "a.json") == {"name": "a", "gone": 3}
    with pytest.raises(StoreError, match="cannot be read as written"):
        plain_records.read(Small, {"a.json": b"{"}, "a.json")


def kept(data: Path, n: int = 1, pct: str = "9E1") -> agreed.Version:
    """Keep a version of next to nothing."""
    about = {
        "pct_code": pct,
        "financial_year": YEAR,
        "agreed_by": "A",
        "agreed_on": AGREED.isoformat(),
        "reason": "x",
        "made_at": "2018-04-27T10:00:00+00:00",
        "program": "0",
        "indicative_pence": n,
    }
    return agreed.keep(data, about, {"budget.csv": f"pence\n{n}\n".encode(), "a.txt": b"a"})


def rewritten(path: Path, *, drop: str = "", add: str = "", **changed: bytes) -> None:
    """Change members of a version's file, as somebody with a zip program could."""
    with zipfile.ZipFile(path) as held:
        members = {name: held.read(name) for name in held.namelist()}
    members |= {name.replace("__", "."): content for name, content in changed.items()}
    members |= {add: b"new"} if add else {}
    members.pop(drop, None)
    path.chmod(0o644)
    with zipfile.ZipFile(path, "w") as out:
        for name, content in members.items():
            out.writestr(name, content)


def test_a_version_that_is_kept_never_changes(tmp_path: Path) -> None:
    first = kept(tmp_path)
    before = first.path.read_bytes()
    second = kept(tmp_path, 2)
    other = kept(tmp_path, 3, pct="5QP")
    assert first.path.read_bytes() == before
    assert [first.version, second.version, other.version] == [1, 2, 1]
    assert [v.fault for v in agreed.versions(tmp_path)] == ["", "", ""]
    assert not first.path.stat().st_mode & 0o222
    with pytest.raises(StoreError, match="kept by another command at the same moment"):
        agreed._placed(first.path, b"something else")
    assert first.path.read_bytes() == before
    assert sorted(p.name for p in first.path.parent.iterdir()) == [
        "budget-5QP-2018-19-v1.zip",
        "budget-9E1-2018-19-v1.zip",
        "budget-9E1-2018-19-v2.zip",
    ]


def test_two_at_once_get_numbers_of_their_own_or_are_refused(tmp_path: Path) -> None:
    gate, done = threading.Barrier(8), []

    def one(n: int) -> None:
        gate.wait()
        try:
            done.append(kept(tmp_path, n).version)
        except StoreError as error:
            done.append(str(error))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = sorted(v for v in done if isinstance(v, int))
    assert got == list(range(1, len(got) + 1))
    assert all("at the same moment" in v for v in done if isinstance(v, str))
    assert len(done) == 8
    assert [(v.version, v.fault) for v in agreed.versions(tmp_path)] == [(n, "") for n in got]


def test_the_chain_tells_at_which_version_it_is_broken(tmp_path: Path) -> None:
    files = [kept(tmp_path, n).path for n in (1, 2, 3)]
    sound = [f.read_bytes() for f in files]

    def faults() -> list[str]:
        told = [v.fault for v in agreed.versions(tmp_path)]
        for file, content in zip(files, sound, strict=True):
            file.unlink(missing_ok=True)
            file.write_bytes(content)
        return told

    rewritten(files[0], budget__csv=b"pence\n9\n")
    assert faults() == ["changed since it was kept: budget.csv (changed)", "", ""]
    rewritten(files[1], drop="a.txt", add="b.txt")
    assert faults() == ["", "changed since it was kept: b.txt (added), a.txt (removed)", ""]
    about = agreed.opened(files[0]).manifest
    rewritten(files[0], manifest__json=json.dumps(about | {"reason": "another"}).encode())
    assert faults() == ["", "version 1, to which it is chained, is not here as it was", ""]
    files[0].unlink()
    assert faults() == ["version 1, to which it is chained, is not here as it was", ""]
    files[1].unlink()
    files[2].rename(files[1])
    assert faults()[1].startswith("the file bears the name of another version; version 1,")
    files[2].unlink()
    files[1].write_bytes(sound[1][:200])
    assert faults() == ["", "the file is damaged and cannot be read"]
    with zipfile.ZipFile(files[2], "a") as out, pytest.warns(UserWarning, match="Duplicate"):
        out.writestr("budget.csv", "pence\n3\n")
    assert faults()[2] == "changed since it was kept: budget.csv (twice)"
    rewritten(files[2], budget__csv=b"pence\n9\n")
    with pytest.raises(StoreError, match=r"v3\.zip is not as it was kept.*none was kept"):
        kept(tmp_path, 4)
    with pytest.raises(StoreError, match="no file of an agreed version"):
        agreed.opened(Path(__file__))
    with pytest.raises(StoreError, match="There is no file"):
        agreed.opened(tmp_path / "none.zip")


AMOUNTS: Final = st.lists(st.integers(1, 10**9), min_size=6, max_size=6)


def drawn(pence: list[int], resource: int, practices: str) -> Baseline:
    """Set budgets of drawn sums."""
    pairs = [(p, pod) for p in practices for pod in ("AE", "EL")]
    activity = pd.DataFrame(
        [(p, pod, 9, 9, a) for (p, pod), a in zip(pairs, pence, strict=False)],
        columns=["practice_code", "pod", "n_activity", "n_priced", "pence"],
    )
    lists = pd.DataFrame({"practice_code": list(practices), "list_base": 7, "list_budget": 9})
    plan = Plan(resource, Fraction(1, 33), {"EL": Fraction(1, 7)})
    return baseline(activity, lists, plan, financial_year=YEAR, price_year=YEAR)


@settings(max_examples=25)
@given(AMOUNTS, AMOUNTS, st.integers(10**6, 10**9), st.integers(10**6, 10**9))
def test_a_difference_adds_up_to_the_penny(
    then: list[int], now: list[int], resource: int, later: int
) -> None:
    one, other = drawn(then, resource, "ABC"), drawn(now, later, "BCD")
    found = difference(one, other)
    whole = int(other.practices["indicative_pence"].sum() - one.practices["indicative_pence"].sum())
    steps = found.steps.set_index("step")["change_pence"]
    assert steps["indicative_pence"] == steps.drop("indicative_pence").sum() == whole
    assert found.steps["step"].tolist() == [*MOVES, "indicative_pence"]
    assert found.practices["change_pence"].sum() == found.lines["change_pence"].sum() == whole
    of_practices = found.lines.groupby("practice_code")["change_pence"].sum()
    for row in found.practices.to_dict("records"):
        assert of_practices.get(row["practice_code"], 0) == row["change_pence"]
        assert row["now_pence"] - row["then_pence"] == row["change_pence"]
    sums = found.sums.set_index("name")["change_pence"]
    assert sums["resource_pence"] == later - resource
    assert sums["resource_pence"] == sums["contingency_pence"] + sums["available_pence"]
    assert difference(one, one).lines.empty


def item(checks: tuple[Check, ...], name: str) -> tuple[str, str]:
    """Give the state and the sentence of one check."""
    (found,) = [c for c in checks if c.item == name]
    return found.state, check_words.sentence(found)


def version(n: int, day: dt.date, reason: str = "late coding.") -> Agreement:
    return Agreement(n, "A. Lead", day, reason)


def changed(budget: YearBudget, **to: Any) -> YearBudget:
    return replace(budget, baseline=replace(budget.baseline, **to))


def judged(name: str, budget: YearBudget, **more: Any) -> tuple[str, str]:
    return item(checklist(budget, **more), name)


def test_the_checklist_is_labelled_as_ours_and_has_ten_items() -> None:
    rows = check_words.rows(checklist(set_budget()))
    assert [r[0] for r in rows] == list(ITEMS) == list(check_words.QUESTIONS)
    assert check_words.headline(checklist(set_budget())).startswith("pbcanalytics budget checklist")
    assert not any("Jenner" in text for row in rows for text in row)


def test_c1_looks_at_the_day_of_the_first_agreement() -> None:
    budget = set_budget()
    assert judged("C1", budget) == (
        NOT_MET,
        "Nothing is agreed: the budget is provisional. It was due on 1 May 2018.",
    )
    in_time = [version(1, dt.date(2018, 5, 1)), version(2, dt.date(2018, 11, 1))]
    assert judged("C1", budget, agreed=in_time)[0] == MET
    late = judged("C1", budget, agreed=[version(1, dt.date(2018, 5, 3))])
    assert late[0] == NOT_MET
    assert "2 days late" in late[1]


def test_c2_needs_a_whole_base_year_at_the_budget_years_tariff() -> None:
    budget = set_budget()
    state, said = judged("C2", budget)
    assert state == NOT_MET
    assert "no activity at all of March 2018" in said
    assert "so an uplift stands for it" in said
    whole = changed(budget, missing_months=())
    assert judged("C2", whole)[0] == FOR_PEOPLE
    assert judged("C2", changed(whole, price_year=YEAR))[0] == MET


def test_c3_is_not_known_without_prescribing_budgets() -> None:
    budget = set_budget()
    assert judged("C3", budget)[0] == NOT_KNOWN
    state, said = judged("C3", budget, prescribing={"A": 1, "B": 1})
    assert state == NOT_MET
    assert "not for C" in said
    assert judged("C3", budget, prescribing=dict.fromkeys("ABC", 1))[0] == FOR_PEOPLE


def test_c4_names_the_practice_without_a_list() -> None:
    state, said = judged("C4", set_budget())
    assert state == NOT_MET
    assert "No list, so no budget: Z." in said
    assert "25,000 on 1 April" in said
    full = changed(set_budget(), gaps=set_budget().baseline.gaps.iloc[:0])
    assert judged("C4", full)[0] == MET


def test_c5_wants_growth_and_uplift_as_two_steps() -> None:
    budget = set_budget()
    assert judged("C5", budget)[0] == MET
    one_step = budget.baseline.lines.drop(columns="uplift_pence")
    assert judged("C5", changed(budget, lines=one_step))[0] == NOT_MET


def test_c6_wants_a_holder_of_whatever_is_out() -> None:
    budget = set_budget()
    state, said = judged("C6", budget)
    assert state == MET
    assert "held by 9E1 and PCT" in said
    nobody = changed(budget, held=budget.baseline.held.assign(holder=" "))
    state, said = judged("C6", nobody)
    assert state == NOT_MET
    assert "No holder is named for B AE" in said
    everybody = pd.DataFrame({"pod": ["ALL"], "holder": ["block contract"]})
    assert judged("C6", changed(nobody, outside=everybody))[0] == MET


def test_c7_adds_everything_up_to_the_penny() -> None:
    budget = set_budget()
    state, said = judged("C7", budget)
    assert state == MET
    assert "against a resource of £180,000.01: the same to the penny" in said
    state, said = judged("C7", changed(budget, reserved_pence=budget.baseline.reserved_pence + 1))
    assert state == NOT_MET
    assert "£0.01 more than it" in said
    lines = budget.baseline.lines.assign(indicative_pence=0)
    assert judged("C7", changed(budget, lines=lines))[0] == NOT_MET


def test_c8_wants_a_rule_of_return_for_each_sum_held_back() -> None:
    state, said = judged("C8", set_budget())
    assert state == MET
    assert "contingency £5,400.00 (=back in March); risk pool £1,000.00 (pro rata)" in said
    state, said = judged("C8", set_budget(top_slice_pence=7))
    assert state == NOT_MET
    assert "top slice £0.07 (no rule of return)" in said


def test_c9_wants_targets_and_nobody_near_them_moved() -> None:
    budget = set_budget()
    state, said = judged("C9", budget)
    assert state == MET
    assert "at a pace of 1.0% at most. Nobody within 10%" in said
    near = budget.baseline.practices.assign(distance_share=Fraction(1, 10))
    state, said = judged("C9", changed(budget, practices=near))
    assert state == NOT_MET
    assert "Moved although within 10% of the fair share: " in said
    assert judged("C9", set_budget(weights=False))[0] == NOT_MET


def test_c10_lists_what_replaced_what_and_leaves_the_judgement_to_people() -> None:
    begun = [version(1, AGREED)]
    state, said = judged("C10", set_budget(cut=50_000), agreed=begun)
    assert state == FOR_PEOPLE
    assert said.startswith("No version replaced another in the year. Whether")
    state, said = judged("C10", set_budget(), agreed=[*begun, version(2, dt.date(2018, 10, 5))])
    assert state == FOR_PEOPLE
    assert "Version 2 replaced the one before on 5 October 2018, agreed by A. Lead: late" in said
    assert "Local adjustment of −£500.00 to A EL: clinic closed." in said


def run(*words: str, data: Path | None = None) -> Result:
    assert registers_the_commands.agree
    where = () if data is None else ("--data", str(data))
    return CliRunner().invoke(app, [*words, *where])


def text(done: Result) -> str:
    return " ".join(done.output.split())


ASKED: Final = """
DELETE FROM budget_adjustments;
DELETE FROM budget_scope;
DELETE FROM plan WHERE item IN ('pace_of_change', 'contingency');
INSERT INTO budget_adjustments BY NAME SELECT * FROM (VALUES
    (9, 2, '9E1', '2018-19', 'X80001', 'EL', -120050, '=moved', 'A. Lead', DATE '2018-03-01'),
    (9, 3, '9E1', '2018/19', 'ALL', 'AE', 500000, 'new centre', NULL, NULL))
    AS asked(load_id, line_number, pct_code, financial_year, practice_code, line, amount_pence,
             reason, agreed_by, agreed_on);
INSERT INTO budget_scope BY NAME SELECT * FROM (VALUES
    (9, 2, '9E1', '2018/19', 'X80002', 'AE', 'PCT', NULL, NULL),
    (9, 3, '9E1', '2018/19', 'X80003', 'ALL', 'PCT', NULL, DATE '2018-09-30'))
    AS asked(load_id, line_number, pct_code, financial_year, practice_code, line, holder,
             from_date, to_date);
INSERT INTO plan BY NAME SELECT * FROM (VALUES
    (9, 2, '9E1', '2018/19', 'pace_of_change', 'ALL', '0.01', 'share'))
    AS asked(load_id, line_number, pct_code, financial_year, item, line, value, unit)
"""
"""So that every step of the walk has something to do."""


@pytest.fixture(scope="module")
def agreed_pct(small_pct: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration PCT with two agreed versions, and other money than at the second."""
    data = tmp_path_factory.mktemp("agreed")
    shutil.copy(small_pct / "warehouse.duckdb", data)
    with duckdb.connect(data / "warehouse.duckdb") as con:
        con.execute(ASKED)
    for version, (day, resource) in enumerate(((AGREED, 5), (dt.date(2018, 10, 5), 6)), start=1):
        agree(data, YEAR, agreed_on=day, **CHAIRED)
        with duckdb.connect(data / "warehouse.duckdb") as con:
            con.execute(f"UPDATE plan SET value = '{resource}000000' WHERE item = 'resource'")
        assert len(versions(data, "2018-19")) == version
    return data


@pytest.fixture
def own(agreed_pct: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    shutil.copytree(agreed_pct, tmp_path / "own")
    return tmp_path / "own"


def test_every_step_and_input_of_a_version_is_in_its_file(agreed_pct: Path) -> None:
    first = versions(agreed_pct)[0]
    bundle = agreed.opened(first.path)
    budget = pd.read_csv(io.BytesIO(bundle.members["budget.csv"]))
    assert (budget[list(MOVES)].sum(axis=1) == budget["indicative_pence"]).all()
    assert budget["indicative_pence"].sum() == first.indicative_pence
    moved = budget[["adjustment_pence", "scope_pence", "fair_share_pence"]]
    assert (moved.abs() > 100).any().all()
    assert {"inputs/practice_lines.csv", "inputs/plan.csv", "README.txt"} < set(bundle.members)
    assert b"NOT TO BE\n  PUBLISHED" in bundle.members["README.txt"]
    assert all(move.encode() in bundle.members["formulas.md"] for move in MOVES)
    rules = json.loads(bundle.members["rules.json"])
    assert set(rules["payment_rules"]) == {"2017/18", YEAR}
    assert {"value", "status", "source"} <= set(rules["payment_rules"][YEAR][0])
    assert rules["price_tables"][YEAR]["tariff"] == ["official"]
    assert "tariff/2018-19.csv" in rules["files"]
    with duckdb.connect(agreed_pct / "warehouse.duckdb", read_only=True) as con:
        sums = con.execute("SELECT sha256, accepted, rejected FROM loads ORDER BY load_id")
        loads = sums.fetchall()
    files = bundle.manifest["files"]
    assert [(f["sha256"], f["accepted"], f["rejected"]) for f in files] == loads
    lines = pd.read_csv(io.BytesIO(bundle.members["inputs/practice_lines.csv"]))
    ours = set(budget["practice_code"])
    assert set(lines["practice_code"]) == {*ours, "OUTSIDE"}, "what is no PCT practice's is one sum"
    outside = json.loads(bundle.members["pct.json"])["outside_pence"]
    assert lines.loc[lines["practice_code"] == "OUTSIDE", "pence"].sum() >= outside > 0
    everything = b"".join(bundle.members.values()) + json.dumps(bundle.manifest).encode()
    assert str(agreed_pct).encode() not in everything


def test_a_version_is_set_again_from_its_file_alone_to_the_penny(
    agreed_pct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing beside the file counts: not the data, not the rules where the command is run."""
    alone = tmp_path / "sent to the auditor.zip"
    shutil.copy(versions(agreed_pct)[0].path, alone)
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "fair_shares.yaml").write_text("rules: nonsense\n")
    monkeypatch.chdir(tmp_path)
    done = run("replay", str(alone))
    assert done.exit_code == 0, done.output
    assert "set again from the inputs kept with them" in text(done)
    assert "the same to the penny" in text(done)
    told = json.loads(run("replay", str(alone), "--json").stdout)
    assert (told["is_same"], told["altered"], told["differences"]) == (True, [], [])


def test_a_table_that_a_spreadsheet_saved_is_named(own: Path) -> None:
    path = versions(own)[1].path
    saved = agreed.opened(path).members["budget.csv"].replace(b"\n", b"\r\n")
    rewritten(path, budget__csv=saved)
    done = run("replay", str(path))
    assert done.exit_code == 1
    assert "budget.csv (changed)" in text(done)
    assert "the same to the penny" not in text(done)


def test_figures_that_do_not_follow_from_the_inputs_are_shown_cell_by_cell(own: Path) -> None:
    """Somebody changed a figure and every checksum with it; only the sum set again tells."""
    path = versions(own)[0].path
    bundle = agreed.opened(path)
    table = bundle.members["budget.csv"].decode().splitlines()
    last = table[0].split(",").index("indicative_pence")
    cells = table[1].split(",")
    was = int(cells[last])
    cells[last] = str(was + 100)
    lines = "\n".join([table[0], ",".join(cells), *table[2:]]) + "\n"
    digests = bundle.manifest["members"] | {"budget.csv": agreed._sha(lines.encode())}
    manifest = json.dumps(bundle.manifest | {"members": digests}).encode()
    rewritten(path, budget__csv=lines.encode(), manifest__json=manifest)
    found = replay(path)
    assert (found.is_same, found.altered) == (False, ())
    assert found.differences.to_numpy().tolist() == [
        ["lines", " ".join(cells[:2]), "indicative_pence", str(was + 100), str(was)]
    ]
    done = run("replay", str(path))
    assert done.exit_code == 1
    assert "differ in 1 cell" in text(done)
    chain = run("versions", data=own)
    assert "The chain is broken at 9E1 2018/19 version 2" in text(chain)


def test_a_replay_says_which_files_are_other_files_now(own: Path) -> None:
    path = versions(own)[0].path
    assert "files loaded then are loaded now" in text(run("replay", str(path), data=own))
    with duckdb.connect(own / "warehouse.duckdb") as con:
        con.execute("UPDATE loads SET sha256 = 'other' WHERE file = 'plan.csv'")
        con.execute("DELETE FROM loads WHERE file = 'practices.csv'")
    done = run("replay", str(path), data=own)
    assert done.exit_code == 0, "the budgets are those that were agreed all the same"
    assert "plan.csv, loaded then, has another checksum now." in text(done)
    assert "practices.csv, loaded then, is not loaded now." in text(done)


def test_the_agreed_figures_are_those_kept_not_those_of_today(own: Path) -> None:
    """The plan has £6m by now; what was agreed rests on £5m."""
    found = agreed_budgets(own)["9E1", YEAR]
    assert (found.version, found.agreed_on, found.fault) == (2, dt.date(2018, 10, 5), "")
    assert found.budget.baseline.plan.resource_pence == 500_000_000
    assert "not_agreed" not in found.budget.baseline.provisional_reasons
    _, unchanged = compared(own, YEAR, "2", "v2")
    assert unchanged.lines.empty
    _, since = compared(own, YEAR, "2", "now")
    sums = since.sums.set_index("name")["change_pence"]
    assert sums["resource_pence"] == 100_000_000
    assert since.practices["change_pence"].sum() == sums["indicative_pence"] > 0
    last = versions(own)[1].path
    rewritten(last, budget__csv=b"practice_code\n")
    with pytest.raises(StoreError, match=r"changed since it was kept: budget\.csv.*not used"):
        agreed_budgets(own)


def test_people_machines_and_files_are_told_of_versions_and_differences(
    agreed_pct: Path, tmp_path: Path
) -> None:
    listed = run("versions", data=agreed_pct)
    assert "All 2 versions are as kept" in text(listed)
    assert "A. Lead, PEC chair" in text(listed)
    told = json.loads(run("versions", "2018-19", "--json", data=agreed_pct).stdout)
    assert [(v["version"], v["agreed_on"], v["fault"]) for v in told] == [
        (1, "2018-04-27", ""),
        (2, "2018-10-05", ""),
    ]
    file = tmp_path / "difference.csv"
    words = ("versions", YEAR, "--difference", "1", "2")
    said = text(run(*words, "--csv", str(file), data=agreed_pct))
    assert said.index("The PCT:") < said.index("By step:") < said.index("By practice:")
    table = pd.read_csv(file)
    sums = table.groupby("level")["change_pence"].sum()
    assert sums["practice"] == sums["line"] == sums["step"] // 2
    machine = json.loads(run(*words, "--json", data=agreed_pct).stdout)
    assert len(machine) == len(table)
    checked = text(run("versions", YEAR, "--checklist", data=agreed_pct))
    assert "Budgets of 9E1 for 2018/19: version 2." in checked
    assert "Version 2 replaced the one before on 5 October 2018" in checked


def test_the_budget_is_provisional_until_it_is_agreed(own: Path) -> None:
    shutil.rmtree(own / "agreed")
    assert agreed_budgets(own) == {}
    assert "No budget of 2018/19 has been agreed" in text(run("versions", YEAR, data=own))
    assert "provisional, not agreed" in text(run("versions", YEAR, "--checklist", data=own))
    words = ("agree", YEAR, "--by", "B. Chair, PCT", "--reason", "=2018 budgets", "--on")
    done = run(*words, "2018-04-30", data=own)
    assert done.exit_code == 0, done.output
    assert "kept as version 1: agreed on 30 April 2018 by B. Chair, PCT" in text(done)
    assert versions(own)[0].seal in text(done)
    assert "C1 MET" in text(done)
    assert versions(own)[0].reason == "=2018 budgets"


def refused(own: Path, says: str, kind: type[PbcError] = SelectionError, **to: Any) -> None:
    """Claim that budgets are not kept, and that nothing is left of the attempt."""
    before = sorted(p.name for p in (own / "agreed").iterdir())
    asked: dict[str, Any] = {**CHAIRED, "agreed_on": dt.date(2018, 11, 1), "year": YEAR, **to}
    with pytest.raises(kind, match=says):
        agree(own, asked.pop("year"), **asked)
    assert sorted(p.name for p in (own / "agreed").iterdir()) == before


def noted(own: Path) -> dict[str, str]:
    """Say of a contingency of nothing when it comes back: no figure moves, and the plan does."""
    with duckdb.connect(own / "warehouse.duckdb") as con:
        con.execute(
            "INSERT INTO plan BY NAME SELECT 999 AS load_id, 9 AS line_number, '9E1' AS pct_code, "
            "'2018/19' AS financial_year, 'contingency' AS item, 'ALL' AS line, '0' AS value, "
            "'share' AS unit, (SELECT min(note) FROM plan WHERE financial_year = '2018/19') AS note"
        )
    return CHAIRED


def test_what_cannot_be_agreed_is_refused_in_a_sentence(own: Path) -> None:
    refused(own, r"who agreed them \(--by\) and a reason", agreed_by=" ", reason="")
    refused(own, "is still to come", agreed_on=dt.date.today() + dt.timedelta(days=1))
    refused(own, "cannot have been agreed on 2018-10-04, before it", agreed_on=dt.date(2018, 10, 4))
    refused(own, "No plan for 2012/13 is loaded", year="2012/13")
    refused(own, "No plan of PCT 5QP", pct="5QP")
    with pytest.raises(SelectionError, match=r"no version 7 .*kept: 1, 2"):
        compared(own, YEAR, "7", "2")
    with duckdb.connect(own / "warehouse.duckdb") as con:
        con.execute("UPDATE plan SET value = '5000000' WHERE item = 'resource'")
    refused(own, "same as version 2, agreed on 2018-10-05 by A. Lead, PEC chair, in every figure")
    assert agree(own, YEAR, agreed_on=dt.date(2018, 11, 1), **noted(own))[0].version == 3
    with duckdb.connect(own / "warehouse.duckdb") as con:
        con.execute("UPDATE plan SET value = '7000000' WHERE item = 'resource'")
        con.execute("UPDATE build SET inputs = 'before'")
    refused(own, "have changed since .*Run 'pbc build' first", kind=StoreError)
    with duckdb.connect(own / "warehouse.duckdb") as con:
        con.execute("DROP TABLE build")
    refused(own, "has not been priced yet", kind=StoreError)
    assert run("agree", YEAR, "--by", "A", "--reason", "x", "--on", "May", data=own).exception
    assert run("versions", "--checklist", data=own).exception
