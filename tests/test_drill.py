"""Every step of a budget opens down to the rows that it rests on, and the rows sum to the step."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from pbcanalytics.cli import app
from pbcanalytics.faces.sentences import drill_steps as words
from pbcanalytics.faces.sentences.opened_budget import STEPS, Drilled
from pbcanalytics.pipeline.budgets.agreeing import agree
from pbcanalytics.pipeline.budgets.drill import drill, open_budget
from pbcanalytics.pipeline.budgets.drill_sidelines import ROUNDING
from pbcanalytics.words.errors import SelectionError, StoreError

YEAR: Final = "2018/19"
BY: Final = ["practice_code", "pod"]


@contextmanager
def changing(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the working database of a data folder to change it by hand."""
    with duckdb.connect(str(data / "warehouse.duckdb")) as con:
        yield con


def copied(data: Path, to: Path) -> Path:
    """Copy what is loaded and priced."""
    to.mkdir(parents=True, exist_ok=True)
    shutil.copy(data / "warehouse.duckdb", to / "warehouse.duckdb")
    return to


@pytest.fixture(scope="module")
def busy(small_pct: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small PCT with a merger, sums that are spread, and lines that others hold."""
    data = copied(small_pct, tmp_path_factory.mktemp("busy"))
    with changing(data) as con:
        con.execute(
            "UPDATE practices SET close_date = DATE '2017-12-31', successor_code = 'X80002' "
            "WHERE practice_code = 'X80003'"
        )
        con.execute(
            "INSERT INTO budget_adjustments BY NAME SELECT * FROM (VALUES "
            "(7, 3, '9E1', '2018/19', 'ALL', 'ALL', 1000001, 'winter', 'board', NULL), "
            "(7, 4, '9E1', '2018/19', 'X80003', 'UNB', 12345, 'new clinic', 'board', NULL), "
            "(7, 5, '9E1', '2018/19', 'ALL', 'NEL', -777, 'winter', 'board', NULL)) AS t(load_id, "
            "line_number, pct_code, financial_year, practice_code, line, amount_pence, reason, "
            "agreed_by, agreed_on)"
        )
        con.execute(
            "INSERT INTO budget_scope BY NAME SELECT * FROM (VALUES "
            "(7, 6, '9E1', '2018/19', 'X80001', 'AE', 'PCT', NULL, NULL), "
            "(7, 7, '9E1', '2018/19', 'X80003', 'EL', 'PCT', NULL, DATE '2018-09-30'), "
            "(7, 8, '9E1', '2018/19', 'X80003', 'EL', 'PCT', DATE '2018-10-01', DATE '2018-12-31'),"
            "(7, 9, '9E1', '2018/19', 'ALL', 'OPPROC', 'a trust', NULL, DATE '2018-07-31')) AS t("
            "load_id, line_number, pct_code, financial_year, practice_code, line, holder, "
            "from_date, to_date)"
        )
    return data


@pytest.fixture(scope="module", params=["as it is", "busy"])
def data(request: pytest.FixtureRequest) -> Path:
    """The small PCT as it is, and with everything that can happen to it."""
    name = "small_pct" if request.param == "as it is" else "busy"
    folder: Path = request.getfixturevalue(name)
    return folder


def by_line(drilled: Drilled, practice: str = "practice_code") -> dict[tuple[str, str], int]:
    """Sum the pence of the rows by practice and line."""
    sums = drilled.rows.groupby([practice, "line"])["pence"].sum()
    return {(str(code), str(line)): int(pence) for (code, line), pence in sums.items()}


def steps_of(drilled: Drilled) -> dict[tuple[str, str], int]:
    """Give the step of every line."""
    columns = (drilled.lines[c] for c in (*BY, "step_pence"))
    return {(code, pod): int(pence) for code, pod, pence in zip(*columns, strict=True)}


def test_the_rows_of_every_line_sum_to_its_step(data: Path) -> None:
    lines = open_budget(data, YEAR).lines
    activity = drill(data, YEAR, "activity")
    found = by_line(activity, "budget_practice_code")
    stated = {k: v for k, v in steps_of(activity).items() if v or k in found}
    assert found == stated
    counted = activity.rows.groupby(["budget_practice_code", "line"])["n_activity"].sum()
    assert int(counted.sum()) == int(lines["n_activity"].sum())
    unpriced = activity.rows[activity.rows["pence"].isna()]
    assert len(unpriced)
    assert unpriced["unpriced_reason"].notna().all()
    assert (unpriced["n_activity"].sum()) == (lines["n_activity"] - lines["n_priced"]).sum()
    priced = activity.rows.dropna(subset=["pence"])
    assert (priced["pence"] == priced["n_activity"] * priced["price_pence"]).all()
    for step in ("adjustment", "scope"):
        one = drill(data, YEAR, step)
        assert by_line(one) == {k: v for k, v in steps_of(one).items() if v}, step


def test_the_steps_that_multiply_give_what_they_say(data: Path) -> None:
    for step in ("list_change", "growth", "uplift", "affordability"):
        one = drill(data, YEAR, step)
        for row in one.lines.to_dict("records"):
            exact = Fraction(int(row["before_pence"])) * row["factor"]
            assert abs(exact - int(row["after_pence"])) <= 2, (step, row)
    facts = drill(data, YEAR, "affordability").facts
    held = sum(facts[f"{pool}_pence"] for pool in ("contingency", "risk_pool", "top_slice"))
    assert facts["resource_pence"] - held == facts["available_pence"]


def test_the_rows_of_a_list_sum_to_both_lists(data: Path) -> None:
    drilled = drill(data, YEAR, "list_change")
    practices = open_budget(data, YEAR).budget.baseline.practices.set_index("practice_code")
    sums = drilled.rows.groupby(["budget_practice_code", "count_date"])["n_patients"].sum()
    for code, row in practices.iterrows():
        assert sums[code, "2017-04-01"] == row["list_base"]
        assert sums[code, "2018-04-01"] == row["list_budget"]
    assert drilled.rows["file"].eq("list_sizes.csv").all()


def test_the_plan_rows_name_the_file_and_the_line(small_pct: Path) -> None:
    growth = drill(small_pct, YEAR, "growth", practice="X80001", line="NEL")
    (row,) = growth.rows.to_dict("records")
    text = (small_pct / "demo" / "landing" / str(row["file"])).read_text(encoding="utf-8")
    assert str(row["value"]) in text.splitlines()[row["line_number"] - 1]
    assert growth.lines["factor"].tolist() == [1 + Fraction(str(row["value"]))]


def test_a_move_towards_fair_shares_is_between_practices(small_pct: Path) -> None:
    drilled = drill(small_pct, YEAR, "fair_share")
    facts = drilled.facts
    moves = [one["whole_move_pence"] for one in facts["practices"]]
    assert sum(moves) == 0
    assert facts["pot_pence"] == sum(m for m in moves if m > 0) > 0
    for one in facts["practices"]:
        inside = abs(one["distance_share"]) <= facts["band_share"]
        assert inside == (one["whole_move_pence"] == 0)
        assert -one["whole_move_pence"] <= one["whole_pence"] * facts["pace_share"] + 1
        target = Fraction(one["target_pence"], sum(o["whole_pence"] for o in facts["practices"]))
        assert float(target) == pytest.approx(one["weighted_list"] / facts["weighted_lists"])


def test_a_merged_practice_s_rows_are_in_under_its_own_code(busy: Path) -> None:
    for step in ("activity", "list_change", "fair_share"):
        rows = drill(busy, YEAR, step, practice="X80002").rows
        assert set(rows["practice_code"]) == {"X80002", "X80003"}, step
        assert set(rows["budget_practice_code"]) == {"X80002"}, step
    with pytest.raises(SelectionError, match="X80002 answers for it"):
        drill(busy, YEAR, "activity", practice="x80003")


def test_what_was_agreed_by_name_leads_back_to_its_row(busy: Path) -> None:
    put = drill(busy, YEAR, "adjustment").rows
    assert set(put["reason"]) >= {"winter", "new clinic"}
    winter = put[put["reason"] == "winter"]
    spread = winter.groupby("line_number")["pence"].sum()
    assert spread.to_dict() == {3: 1_000_001, 5: -777}
    assert put.loc[put["reason"] == "new clinic", "asked_for"].tolist() == ["X80003 UNB"]
    held = drill(busy, YEAR, "scope").rows
    elective = held[(held["practice_code"] == "X80002") & (held["line"] == "EL")]
    assert elective["line_number"].tolist() == [7, 8]
    assert elective["share"].tolist()[0] == Fraction(126, 253)
    odd = held[held["reason"] == ROUNDING]
    assert odd["pence"].abs().le(1).all()
    outside = held[held["line"] == "OPPROC"]
    assert outside["held_pence"].isna().all()
    assert (outside["line_number"] == 9).all()


def test_no_pseudonym_leaves_with_the_rows(small_pct: Path, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    said = pbc(small_pct, "--step", "activity", "--csv", str(file))
    assert words.ABOUT_PEOPLE in said
    text = file.read_text(encoding="utf-8")
    assert "person_id" not in text
    with changing(small_pct) as con:
        people = con.execute("SELECT DISTINCT person_id FROM priced_spells").fetchall()
        numbers = con.execute(
            "SELECT count(DISTINCT (provider_code, spell_number)) FROM spells JOIN priced_spells "
            "USING (spell_id, provider_code) WHERE price_year = '2018/19' "
            "AND priced_spells.financial_year = '2017/18' AND unpriced_reason IS NULL "
            "AND priced_spells.practice_code IN (FROM practices SELECT practice_code)"
        ).fetchall()
    assert len(people) > 100
    assert min(len(person) for (person,) in people) > 8
    assert not {person for (person,) in people} & set(re.split(r"[,|\s]", text))
    rows = pd.read_csv(file, dtype=str)
    spells = rows[(rows["kind"] == "spell") & rows["pence"].notna()]
    assert len(spells[["provider_code", "spell_number"]].drop_duplicates()) == numbers[0][0]


def test_a_price_that_was_changed_since_is_caught(small_pct: Path, tmp_path: Path) -> None:
    data = copied(small_pct, tmp_path / "tampered")
    with changing(data) as con:
        con.execute(
            "UPDATE priced_spells SET price_pence = price_pence + 1 WHERE spell_id = (SELECT "
            "min(spell_id) FROM priced_spells WHERE practice_code = 'X80001' AND pod = 'NEL' "
            "AND financial_year = '2017/18' AND price_pence > 0) AND price_year = '2018/19'"
        )
    with pytest.raises(StoreError, match=r"other data .* differ by £0\.01: X80001 NEL"):
        drill(data, YEAR, "activity")
    assert len(drill(data, YEAR, "activity", practice="X80002").rows)
    with changing(data) as con:
        con.execute("UPDATE list_sizes SET n_patients = n_patients + 1 WHERE line_number = 600")
    with pytest.raises(StoreError, match=r"other lists .* by \+1 patients"):
        drill(data, YEAR, "list_change")


def test_an_agreed_budget_says_what_changed_since(small_pct: Path, tmp_path: Path) -> None:
    data = copied(small_pct, tmp_path / "agreed")
    agree(data, YEAR, agreed_by="A. Lead, PEC chair", reason="Budgets of the year")
    same = drill(data, YEAR, "activity", practice="X80001", line="NEL")
    assert same.drift_pence == 0
    assert any("says the same" in sentence for sentence in words.accounts(same))
    with changing(data) as con:
        con.execute(
            "UPDATE priced_spells SET price_pence = price_pence + 5 WHERE spell_id = (SELECT "
            "min(spell_id) FROM priced_spells WHERE practice_code = 'X80001' AND pod = 'NEL' "
            "AND financial_year = '2017/18' AND price_pence > 0) AND price_year = '2018/19'"
        )
        con.execute(
            "UPDATE practice_lines SET pence = pence + 5 WHERE practice_code = 'X80001' "
            "AND pod = 'NEL' AND financial_year = '2017/18' AND price_year = '2018/19'"
        )
        con.execute("UPDATE plan SET value = '0.03' WHERE item = 'growth' AND line = 'EL'")
    now = drill(data, YEAR, "activity", practice="X80001")
    assert now.opened.agreed is not None
    assert now.drift_pence == 5
    assert int(now.rows["pence"].sum()) == int(now.lines["step_pence"].sum()) + 5
    told = " ".join(words.accounts(now))
    assert "set from other data" in told
    assert "£0.05" in told
    assert "to the penny what the step says" not in told
    growth = drill(data, YEAR, "growth", practice="X80001")
    assert growth.differences is not None
    assert "EL" in set(growth.differences["pod"])
    with changing(data) as con:
        con.execute("DELETE FROM plan")
    gone = drill(data, YEAR, "growth", practice="X80001")
    assert gone.drift_pence is None
    assert any("cannot be set" in sentence for sentence in words.accounts(gone))


def run(data: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["budget", YEAR, "--data", str(data), *options])


def pbc(data: Path, *options: str) -> str:
    done = run(data, *options)
    assert done.exception is None, done.exception
    return done.output


def test_the_walk_of_all_sums_to_the_money(data: Path, tmp_path: Path) -> None:
    said = pbc(data, "--csv", str(tmp_path / "walk.csv"))
    assert "the PCT's resource, to the penny." in said
    assert "provisional until agreed" in said
    table = pd.read_csv(tmp_path / "walk.csv")
    told = json.loads(pbc(data, "--json"))
    assert [r["indicative_pence"] for r in told["rows"]] == table["indicative_pence"].tolist()
    steps = table[[f"{step}_pence" for step in STEPS]].sum(axis=1)
    assert steps.tolist() == table["indicative_pence"].tolist()
    pools = sum(told[f"{pool}_pence"] for pool in ("contingency", "risk_pool", "top_slice"))
    whole = table["indicative_pence"].sum() + table["held_pence"].sum() + told["reserved_pence"]
    assert whole + pools == told["resource_pence"]


def test_every_step_is_told_in_words_and_for_machines(busy: Path, tmp_path: Path) -> None:
    for step in STEPS:
        said = pbc(busy, "--practice", "X80002", "--step", step)
        assert "X80002" in said
        assert "nan" not in said.lower().split()
    file = tmp_path / "rows.csv"
    said = pbc(busy, "--practice", "X80002", "--step", "activity", "--csv", str(file))
    n = len(pd.read_csv(file))
    assert f"{n:,} rows behind it, the first {words.N_SHOWN} of them above" in said
    assert sum(line.strip().startswith("X80002") for line in said.splitlines()) == words.N_SHOWN
    pbc(busy, "--practice", "X80001", "--step", "scope", "--csv", str(file))
    assert {1.0} <= set(pd.read_csv(file)["share"].dropna())
    told = json.loads(pbc(busy, "--practice", "X80002", "--step", "scope", "--json"))
    assert sum(row["pence"] for row in told["rows"]) == sum(
        line["step_pence"] for line in told["lines"]
    )
    helped = CliRunner().invoke(app, ["budget", "--help"], env={"COLUMNS": "300"}).output
    assert all(step in helped for step in STEPS)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--step", "magic"), "no step of a budget"),
        (("--practice", "Q1"), "no practice 'Q1'"),
        (("--practice", "X80001", "--line", "UNB"), "no line 'UNB'"),
        (("--pct", "5XX"), "no budget of PCT 5XX"),
    ],
)
def test_what_is_not_there_is_refused(small_pct: Path, options: tuple[str, ...], says: str) -> None:
    done = run(small_pct, *options)
    assert isinstance(done.exception, SelectionError)
    assert says in str(done.exception)
