"""`pbc savings`: a year's spending against its budgets, group by group, and what is not known."""

import datetime as dt
import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pbcanalytics.budgets import Plan, YearBudget, baseline
from pbcanalytics.budgets.savings.agreed_sums import Agreed
from pbcanalytics.budgets.savings.freed_up import ShareRule
from pbcanalytics.budgets.savings.noise_terms import NoiseTerms
from pbcanalytics.budgets.savings.year_savings import YearSavings, elapsed_share, year_savings
from pbcanalytics.cli import app
from pbcanalytics.cli import incentive as registers_another
from pbcanalytics.cli import savings as registers_the_command
from pbcanalytics.faces import savings as words
from pbcanalytics.pipeline.savings import savings
from pbcanalytics.words.errors import ReferenceGap, SelectionError, StoreError

YEAR: Final = "2018/19"
RULE: Final = ShareRule(Fraction(7, 10), None, True, False)
TERMS: Final = NoiseTerms(3.6, 0.02, 0.02, 1, 0.9, 0.0025)
DAYS: Final = {m + 1: elapsed_share(YEAR, m + 1) for m in range(12)}


def budgets_of(**practices: int) -> YearBudget:
    """Set budgets of so many pence, without a cut."""
    activity = pd.DataFrame(
        [(c, "EL", 10, 10, p) for c, p in practices.items()],
        columns=["practice_code", "pod", "n_activity", "n_priced", "pence"],
    )
    lists = pd.DataFrame({"practice_code": list(practices), "list_base": 6500, "list_budget": 6500})
    plan = Plan(sum(practices.values()))
    made = baseline(activity, lists, plan, financial_year=YEAR, price_year=YEAR)
    return YearBudget("9E1", made, 0, 0)


def spent(**practices: list[int]) -> pd.DataFrame:
    """Draw the spending of practices, month by month from April."""
    drawn = [
        (code, pd.Timestamp(2018, 4, 1) + pd.DateOffset(months=m), 5, 5, pence)
        for code, months in practices.items()
        for m, pence in enumerate(months)
        if pence
    ]
    columns = ["practice_code", "month", "n_activity", "n_priced", "pence"]
    return pd.DataFrame(drawn, columns=columns)


def found(
    budget: YearBudget, spending: pd.DataFrame, consortia: dict[str, str], **agreed: Agreed
) -> YearSavings:
    answers = {c: c for c in [*consortia, "X"]}
    made = year_savings(budget, spending, answers, consortia, rule=RULE, agreed=agreed, terms=TERMS)
    assert made is not None
    return made


def test_t11_a_consortium_is_judged_by_its_net_and_a_practice_outside_by_itself() -> None:
    """Rulebook 9.5, over a whole year: under by 100, over by 60 and 70; and D outside all."""
    year = found(
        budgets_of(A=12_000, B=12_000, C=12_000, D=12_000),
        spent(A=[1000] * 11 + [900], B=[1005] * 12, C=[1000] * 11 + [1070], D=[900] * 12),
        {"A": "C01", "B": "C01", "C": "C01", "D": ""},
    )
    consortium, outside = year.groups
    assert (consortium.code, consortium.is_consortium) == ("C01", True)
    assert consortium.so_far.net_pence == consortium.year_net_pence == -30
    assert consortium.so_far.gross_underspend_pence == 100
    assert consortium.chain is not None
    assert consortium.chain.entitlement_pence == 0
    assert consortium.beyond_chance_pence == 0
    assert (outside.code, outside.is_consortium) == ("D", False)
    assert outside.chain is not None
    assert outside.chain.entitlement_pence == 840
    assert year.whole.net_pence == 1200 - 30
    assert words.net_rows(year, {"C01": "Vale"})[0][:2] == ("Vale", "£360.00")


def test_what_is_recorded_of_a_group_is_in_its_chain_and_in_nobody_elses() -> None:
    year = found(
        budgets_of(A=12_000, D=12_000),
        spent(A=[900] * 12, D=[900] * 12),
        {"A": "C01", "D": ""},
        C01=Agreed(pct_claim_pence=200, authorised_pence=500, paid_pence=400),
    )
    claimed, free = (g.chain for g in year.groups)
    assert claimed is not None
    assert free is not None
    assert (claimed.pct_claim_pence, claimed.entitlement_pence, claimed.paid_pence) == (
        *(200, 700),
        400,
    )
    assert (free.pct_claim_pence, free.entitlement_pence, free.paid_pence) == (0, 840, None)
    texts = words.claim_rows(year, {})
    assert texts[0][3:8] == ("£2.00", "70%", "£7.00", "£5.00", "£4.00")
    assert texts[1][3] == "not recorded", "no claim on record is not a claim of nothing"


def test_part_of_a_year_is_held_against_its_part_of_the_budget_and_the_rest_is_foreseen() -> None:
    year = found(budgets_of(A=1_200_000), spent(A=[90_000, 90_000, 90_000]), {"A": "C01"})
    (group,) = year.groups
    assert (year.n_months, len(group.months)) == (3, 3)
    assert group.so_far.budget_pence == 300_000, "65 of 260 weekdays"
    assert group.so_far.net_pence == 30_000
    last = group.months[-1]
    assert group.year_net_pence == 1_200_000 - last.outturn_pence
    assert 30_000 < group.year_net_pence < 120_000, "between what is saved and the straight line"
    assert 0.5 < last.chance_of_share < 1
    assert any("The year is not over" in n for n in words.notes(year, {}))
    whole = found(budgets_of(A=1_200_000), spent(A=[90_000] * 12), {"A": "C01"})
    assert not any("The year is not over" in n for n in words.notes(whole, {}))
    assert whole.groups[0].year_net_pence == 120_000


def test_a_practice_without_spending_is_named_and_has_not_saved_its_budget() -> None:
    year = found(
        budgets_of(A=12_000, B=12_000), spent(A=[1000] * 12, X=[7] * 12), {"A": "C01", "B": "C01"}
    )
    assert year.silent == ("B",)
    assert (year.groups[0].so_far.n_practices, year.groups[0].so_far.net_pence) == (1, 0)
    assert year.left_out_pence == 84
    said = " ".join(words.notes(year, {"B": "Brook Street"}))
    assert "in no net: Brook Street" in said
    assert "£0.84 were spent for practices without a budget" in said


def test_a_month_without_any_activity_is_said_because_it_looks_like_a_saving() -> None:
    year = found(budgets_of(A=12_000), spent(A=[1000, 0, 1000]), {"A": "C01"})
    assert year.empty_months == (dt.date(2018, 5, 1),)
    assert any("no activity of May 2018" in n for n in words.notes(year, {}))


def test_no_activity_of_the_year_is_no_saving_of_the_whole_budget() -> None:
    made = year_savings(
        budgets_of(A=12_000),
        spent(X=[100]),
        {"A": "A", "X": "X"},
        {"A": "C01"},
        rule=RULE,
        agreed={},
        terms=TERMS,
    )
    assert made is None


def test_a_share_that_is_not_known_leaves_every_figure_of_it_empty() -> None:
    unknown = ShareRule(None, None, None, None)
    made = year_savings(
        budgets_of(A=12_000),
        spent(A=[900] * 12),
        {"A": "A"},
        {"A": "C01"},
        rule=unknown,
        agreed={},
        terms=TERMS,
    )
    assert made is not None
    (group,) = made.groups
    assert (group.noise, group.beyond_chance_pence, group.months) == (None, None, ())
    assert group.chain is not None
    assert (group.chain.net_saving_pence, group.chain.entitlement_pence) == (1200, None)
    assert words.claim_rows(made, {})[0][4:6] == ("not known", "not known")
    assert words.chance_rows(made, {}) == []


def test_pooling_practices_is_paid_less_for_chance_than_each_by_itself() -> None:
    codes = [f"P{i:02d}" for i in range(17)]
    year = found(
        budgets_of(**dict.fromkeys(codes, 1_200_000)),
        spent(**dict.fromkeys(codes, [100_000] * 12)),
        dict.fromkeys(codes, "C01"),
    )
    noise = year.groups[0].noise
    assert noise is not None
    assert noise.one_by_one_pence == pytest.approx(0.0185 * 17 * 1_200_000, rel=0.005)
    assert noise.naive_pence < 0.5 * noise.one_by_one_pence
    assert noise.default_share < 0.0025


@given(
    st.lists(
        st.tuples(st.integers(1, 10**9), st.integers(1, 10**8), st.sampled_from(["C1", "C2", ""])),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 12),
)
def test_the_groups_add_up_to_the_whole_to_the_penny(
    drawn: list[tuple[int, int, str]], n_months: int
) -> None:
    codes = [f"P{i:02d}" for i in range(len(drawn))]
    year = found(
        budgets_of(**{c: d[0] for c, d in zip(codes, drawn, strict=True)}),
        spent(**{c: [d[1]] * n_months for c, d in zip(codes, drawn, strict=True)}),
        {c: d[2] for c, d in zip(codes, drawn, strict=True)},
    )
    for part in ("budget_pence", "actual_pence", "net_pence", "gross_underspend_pence"):
        whole = getattr(year.whole, part)
        assert sum(getattr(g.so_far, part) for g in year.groups) == whole, part
    if n_months == 12:
        assert sum(g.year_net_pence or 0 for g in year.groups) == year.whole.net_pence


def test_the_weekdays_of_the_months_add_up_to_the_year() -> None:
    assert DAYS[12] == 1
    assert all(DAYS[m] < DAYS[m + 1] for m in range(1, 12))
    assert DAYS[1] == Fraction(21, 260)
    assert elapsed_share("2019/20", 0) == 0


def run(data: Path, *more: str) -> str:
    done = CliRunner().invoke(app, ["savings", "--year", YEAR, "--data", str(data), *more])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def own_pct(small_pct: Path, tmp_path: Path) -> Path:
    """A copy of the demonstration PCT, to change."""
    data = tmp_path / "own"
    data.mkdir()
    shutil.copy(small_pct / "warehouse.duckdb", data)
    return data


@pytest.mark.parametrize("year", ["2017/18", YEAR])
def test_the_spending_is_that_of_the_cube_at_the_prices_of_its_own_year(
    small_pct: Path, year: str
) -> None:
    assert registers_the_command.savings
    made = savings(small_pct, year.replace("/", "-")).pcts[0]
    with duckdb.connect(small_pct / "warehouse.duckdb", read_only=True) as con:
        (spending,) = con.execute(
            "SELECT SUM(pence) FROM activity WHERE financial_year = $1 AND price_year = $1 "
            "AND practice_code IN (SELECT practice_code FROM practices)",
            [year],
        ).fetchall()[0]
    assert made.whole.actual_pence + made.left_out_pence == spending
    assert made.n_months == 12
    assert sum(g.year_net_pence or 0 for g in made.groups) == made.whole.net_pence


def test_people_machines_and_files_are_told_the_same(small_pct: Path, tmp_path: Path) -> None:
    kept = tmp_path / "savings.csv"
    text = run(small_pct, "--months", "--csv", str(kept))
    told = json.loads(run(small_pct, "--json"))
    held = pd.read_csv(kept)
    groups = told["pcts"][0]["groups"]
    assert held["group_code"].tolist() == [g["group_code"] for g in groups]
    assert held["entitlement_pence"].tolist() == [g["entitlement_pence"] for g in groups]
    by_month = pd.read_csv(tmp_path / "savings-by-month.csv")
    assert by_month["outturn_pence"].tolist() == [
        m["outturn_pence"] for m in told["pcts"][0]["by_month"]
    ]
    of_groups = by_month[by_month["level"] != "member"]
    assert len(of_groups) == 12 * len(groups)
    assert set(of_groups["month"]) == {f"2018-{m:02d}" for m in range(4, 13)} | {
        *("2019-01", "2019-02", "2019-03")
    }
    flat_text = " ".join(text.split())
    assert "1.85% of its budget to a practice of 6,500" in flat_text
    assert "never more than 0.25%" in flat_text
    assert "an invented example" in flat_text
    for group in groups:
        assert group["noise_default_share"] <= 0.0025


def test_a_users_own_record_is_used_and_a_code_that_is_no_group_is_named(own_pct: Path) -> None:
    code = savings(own_pct, YEAR).pcts[0].groups[0].code
    folder = own_pct / "reference" / "savings"
    folder.mkdir(parents=True)
    own = {
        "practice_share": {"value": 0.5, "note": "agreed with the PCT"},
        "authorised_pence": {"value": {code: 12_345, "Q99": 1}},
    }
    (folder / "2018-19.yaml").write_text(yaml.safe_dump({"rules": own}), encoding="utf-8")
    made = savings(own_pct, YEAR)
    first = made.pcts[0].groups[0].chain
    assert first is not None
    assert (first.practice_share, first.authorised_pence) == (Fraction(1, 2), 12_345)
    assert made.unmatched == ("Q99",)
    text = " ".join(run(own_pct).split())
    assert "Q99, which is no consortium" in text
    assert "50% of a saving of 2018/19 (unverified; agreed with the PCT" in text


def test_a_year_with_budgets_and_no_activity_says_so(own_pct: Path, tmp_path: Path) -> None:
    with duckdb.connect(own_pct / "warehouse.duckdb") as con:
        con.execute("DELETE FROM activity WHERE financial_year = '2018/19'")
    made = savings(own_pct, YEAR)
    assert (made.pcts, made.without_activity) == ((), ("9E1",))
    text = " ".join(run(own_pct, "--csv", str(tmp_path / "none.csv")).split())
    assert "no priced activity of that year, so nothing can be said of savings yet" in text
    assert not (tmp_path / "none.csv").exists()


def refused(call: Callable[[], Any], kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        call()


def test_a_year_that_nothing_is_held_of_says_what_to_add(own_pct: Path, tmp_path: Path) -> None:
    refused(lambda: savings(own_pct, "2018"), SelectionError, "not a financial year")
    refused(
        lambda: savings(own_pct, "2013/14"), ReferenceGap, r"Add reference/savings/2013-14\.yaml"
    )
    refused(lambda: savings(own_pct, "2006/07"), SelectionError, "No plan of 2006/07 is loaded")
    refused(lambda: savings(tmp_path / "none", YEAR), StoreError, "pbc")
    folder = own_pct / "reference" / "savings"
    folder.mkdir(parents=True)
    of_new = {"title": "x", "source": "rulebook", "rules": {"practice_share": {"value": 0.7}}}
    (folder / "2013-14.yaml").write_text(yaml.safe_dump(of_new), encoding="utf-8")
    refused(lambda: savings(own_pct, "2013/14"), ReferenceGap, "lack .*pct_claim_first")


def incentive(*more: str) -> str:
    assert registers_another.incentive
    done = CliRunner().invoke(app, ["incentive", "--patients", "8000", *more])
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_t4_the_command_tells_the_incentive_of_a_list_of_8000(tmp_path: Path) -> None:
    at = ("--data", str(tmp_path), "--year", "2006/07")
    topped_up = incentive(*at, "--share", "5000")
    assert "Component 2: £7,600.00" in topped_up
    assert "Second payment: £7,600.00, of which a top-up of £2,600.00." in topped_up
    assert "in writing by 30 June 2007" in topped_up
    assert "day of its list is not known" in topped_up
    assert "Second payment: £12,000.00." in incentive(*at, "--share", "12000")
    assert "Second payment: £5,000.00." in incentive(*at, "--share", "5000", "--not-met")
    unknown = incentive(*at)
    assert "not known yet; £7,600.00 are certain" in unknown
    held = incentive(*at, "--held", "0.25")
    assert "£5,700.00 to practices, £1,900.00 held" in held


def test_another_rate_is_held_against_the_national_one(tmp_path: Path) -> None:
    at = ("--data", str(tmp_path), "--year", "2006/07", "--share", "5000", "--rate", "125")
    text = incentive(*at)
    assert "Component 1: £10,000.00" in text
    assert "£2,400.00 more than at the national rate" in text
    told = json.loads(incentive(*at, "--json"))
    assert told["component_1_pence"] == 1_000_000
    assert told["second_payment_pence"] == 1_000_000


def test_a_year_without_a_scheme_asks_for_a_rate(tmp_path: Path) -> None:
    at = ("--data", str(tmp_path), "--year", "2018/19")
    done = CliRunner().invoke(app, ["incentive", "--patients", "8000", *at])
    assert isinstance(done.exception, SelectionError)
    assert "There was no national scheme in 2018/19" in str(done.exception)
    assert "Component 1: £10,000.00" in incentive(*at, "--rate", "125")
    for wrong, says in {
        ("--rate", "much"): "--rate much is no number",
        ("--rate", "-1"): "--rate -1 is no number",
        ("--share", "-5"): "--share -5 is no number",
        ("--held", "2"): "--held 2 is more than all",
    }.items():
        done = CliRunner().invoke(app, ["incentive", "--patients", "8000", *at, *wrong])
        assert isinstance(done.exception, SelectionError), wrong
        assert says in str(done.exception)


def test_every_rule_of_savings_is_explained_in_the_docs() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "freed-up-resources.md").read_text()
    reference = Path(__file__).resolve().parents[1] / "data" / "reference"
    for name in ("savings/2006-07.yaml", "saving_noise.yaml"):
        for rule in yaml.safe_load((reference / name).read_text(encoding="utf-8"))["rules"]:
            assert f"`{rule}`" in page, rule
