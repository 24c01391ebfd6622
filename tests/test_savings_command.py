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
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pbcanalytics.budgets import Plan, YearBudget, baseline
from pbcanalytics.budgets.monitor.monitoring import Monitoring, monitoring
from pbcanalytics.budgets.monitor.month_shares import Spread
from pbcanalytics.budgets.savings.agreed_sums import Agreed
from pbcanalytics.budgets.savings.freed_up import ShareRule
from pbcanalytics.budgets.savings.noise_terms import NoiseTerms
from pbcanalytics.budgets.savings.year_savings import YearSavings, year_savings
from pbcanalytics.budgets.walk.in_scope import Merger
from pbcanalytics.cli import app
from pbcanalytics.cli import incentive as registers_another
from pbcanalytics.cli import savings as registers_the_command
from pbcanalytics.faces.sentences import savings as words
from pbcanalytics.pipeline.budgets.following import followed
from pbcanalytics.pipeline.budgets.in_force import budgets_in_force
from pbcanalytics.pipeline.budgets.monitor import monitor
from pbcanalytics.pipeline.budgets.outturn import forecast_outturn
from pbcanalytics.pipeline.budgets.savings import savings
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import ReferenceGap, SelectionError, StoreError

YEAR: Final = "2018/19"
RULE: Final = ShareRule(Fraction(7, 10), None, True, False)
TERMS: Final = NoiseTerms(3.6, 0.02, 0.02, 1, 0.9, 0.0025)
EVEN: Final = Spread({"EL": (Fraction(1, 12),) * 12}, ())
UNEVEN: Final = Spread({"EL": tuple(Fraction(m, 78) for m in range(12, 0, -1))}, ())


def from_october(*practices: str) -> pd.DataFrame:
    """Agree that others hold the budgets of practices until September."""
    names = ["practice_code", "line", "holder", "from_date", "to_date", "reason"]
    until = pd.Timestamp("2018-09-30")
    rows = [(p, "ALL", "9E1", pd.NaT, until, "taken in October") for p in practices]
    return pd.DataFrame(rows, columns=names)


def budgets_of(scope: pd.DataFrame | None = None, **practices: int) -> YearBudget:
    """Set budgets of so many pence, without a cut."""
    activity = pd.DataFrame(
        [(c, "EL", 10, 10, p) for c, p in practices.items()],
        columns=["practice_code", "pod", "n_activity", "n_priced", "pence"],
    )
    lists = pd.DataFrame({"practice_code": list(practices), "list_base": 6500, "list_budget": 6500})
    plan = Plan(sum(practices.values()))
    made = baseline(activity, lists, plan, financial_year=YEAR, price_year=YEAR, scope=scope)
    return YearBudget("9E1", made, 0, 0)


def spent(**practices: list[int]) -> pd.DataFrame:
    """Draw the spending of practices, month by month from April."""
    drawn = [
        (code, "XD1", "EL", pd.Timestamp(2018, 4, 1) + pd.DateOffset(months=m), 5, 5, pence)
        for code, months in practices.items()
        for m, pence in enumerate(months)
        if pence
    ]
    columns = ["practice_code", "provider_code", "pod", "month", "n_activity", "n_priced", "pence"]
    return pd.DataFrame(drawn, columns=columns)


def both(
    budget: YearBudget,
    spending: pd.DataFrame,
    consortia: dict[str, str],
    *,
    mergers: tuple[Merger, ...] = (),
    rule: ShareRule = RULE,
    agreed: dict[str, Agreed] | None = None,
    over: Spread = EVEN,
) -> tuple[Monitoring, YearSavings]:
    """Tell a year twice: as monitoring and as savings."""
    answers = {c: c for c in [*consortia, "X"]}
    now = monitoring(budget, spending, over, answers=answers, consortia=consortia, mergers=mergers)
    assert now is not None
    told = year_savings(
        *(budget, now, over, consortia), rule=rule, agreed=agreed or {}, terms=TERMS
    )
    return now, told


def found(
    budget: YearBudget, spending: pd.DataFrame, consortia: dict[str, str], **agreed: Agreed
) -> YearSavings:
    return both(budget, spending, consortia, agreed=agreed)[1]


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
    assert group.so_far.budget_pence == 300_000, "three months of twelve"
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


def test_a_month_without_any_activity_is_said_and_is_no_saving() -> None:
    year = found(budgets_of(A=12_000), spent(A=[1000, 0, 1000]), {"A": "C01"})
    assert year.empty_months == (dt.date(2018, 5, 1),)
    assert year.whole.net_pence == 0
    assert any("no activity of May 2018: neither its spending" in n for n in words.notes(year, {}))
    gap = found(budgets_of(A=12_000), spent(A=[1000] * 5 + [0] + [1000] * 6), {"A": "C01"})
    assert gap.n_months == 12
    assert gap.groups[0].year_net_pence == 0, "what is not known of it is foreseen"


def agree(now: Monitoring, told: YearSavings) -> None:
    """Claim that monitoring and savings stand at the same penny, group by group."""
    groups = now.groups.set_index("code")
    active = {g.code: g.so_far for g in told.groups}
    for code, so_far in active.items():
        row = groups.loc[code] if code in groups.index else None
        stood = (0, 0, 0, 0)
        if row is not None:
            stood = (
                *(int(row["profile_pence"]), int(row["actual_pence"])),
                *(-int(row["variance_pence"]), int(row["gross_under_pence"])),
            )
        assert stood == (
            *(so_far.budget_pence, so_far.actual_pence),
            *(so_far.net_pence, so_far.gross_underspend_pence),
        ), code
    assert set(groups.index) <= set(active)
    assert told.whole.net_pence == -int(now.pct["variance_pence"].iloc[0])


def test_a_budget_from_october_is_due_from_october_and_its_rate_is_that_of_its_own_months() -> None:
    """By hand: in November two of A's six months are gone, and eight of B's twelve."""
    now, told = both(
        budgets_of(from_october("A"), A=12_000, B=12_000),
        spent(A=[1000] * 8, B=[1000] * 8),
        {"A": "C01", "B": "C01"},
    )
    agree(now, told)
    (group,) = told.groups
    mine = int(told.practices.set_index("practice_code").loc["A", "indicative_pence"])
    assert 5_900 < mine < 6_100, "half the days of the year"
    assert group.so_far.budget_pence == 8_000 + round(mine / 3)
    assert group.so_far.actual_pence == 10_000
    assert group.months[-1].elapsed_share == pytest.approx((8_000 + mine / 3) / (12_000 + mine))
    assert group.year_net_pence == pytest.approx(0, abs=100), "spent as it falls due, all year"
    september = both(
        budgets_of(from_october("A"), A=12_000, B=12_000),
        spent(A=[1000] * 6, B=[1000] * 6),
        {"A": "", "B": ""},
    )
    agree(*september)
    assert september[1].silent == (), "its activity is there, and others hold its months"


months_spent = st.lists(st.integers(0, 9_000), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(*[months_spent] * 3),
    st.tuples(*[st.integers(1, 10**7)] * 3),
    st.sets(st.sampled_from("ABC")),
    st.sampled_from([{"A": "C1", "B": "C1", "C": ""}, {"A": "C1", "B": "", "C": "C2"}]),
    st.sampled_from(["B", "NEW"]),
)
def test_savings_stand_where_monitoring_does_and_a_merger_moves_no_penny_of_the_pct(
    spending: tuple[list[int], ...],
    pence: tuple[int, ...],
    late: set[str],
    consortia: dict[str, str],
    successor: str,
) -> None:
    # Someone else's spending counts a month of which nothing else is held.
    spending[2][:] = [x + 1 for x in spending[2]] + [1] * (12 - len(spending[2]))
    scope = from_october(*sorted(late)) if late else None
    budget = budgets_of(scope, **dict(zip("ABC", pence, strict=True)))
    spending = tuple(m + [0] * (12 - len(m)) for m in spending)
    rows = spent(**dict(zip("ABC", [[x + 1 for x in m] for m in spending], strict=True)))
    known = consortia | {"NEW": ""}
    apart = both(budget, rows, known, over=UNEVEN)
    agree(*apart)
    merger = Merger("A", dt.date(2018, 6, 30), successor)
    merged = both(budget, rows, known, over=UNEVEN, mergers=(merger,))
    agree(*merged)
    for column in ("budget_pence", "profile_pence", "actual_pence", "n_activity", "n_patients"):
        assert int(apart[0].pct[column].iloc[0]) == int(merged[0].pct[column].iloc[0]), column
    assert apart[1].whole.net_pence == merged[1].whole.net_pence
    codes = merged[0].practices["practice_code"].tolist()
    assert codes == (["B", "C"] if successor == "B" else ["B", "C", "NEW"])
    before = apart[0].practices.set_index("practice_code")["variance_pence"]
    after = merged[0].practices.set_index("practice_code")["variance_pence"]
    assert after[successor] == before["A"] + (before["B"] if successor == "B" else 0)
    placed = merged[0].practices.set_index("practice_code")["consortium_code"]
    assert placed[successor] == consortia["B" if successor == "B" else "A"]


def test_a_share_that_is_not_known_leaves_every_figure_of_it_empty() -> None:
    unknown = ShareRule(None, None, None, None)
    made = both(budgets_of(A=12_000), spent(A=[900] * 12), {"A": "C01"}, rule=unknown)[1]
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


def change(data: Path, *statements: str) -> None:
    with duckdb.connect(data / "warehouse.duckdb") as con:
        for statement in statements:
            con.execute(statement)


def codes_and_pence(data: Path, to: str | None = None) -> tuple[Monitoring, YearSavings | None]:
    """Tell of a data folder as both commands do."""
    now = monitor(data, YEAR, to).pcts[0][0]
    return now, None if to else savings(data, YEAR).pcts[0]


PART_YEAR: Final = (
    "INSERT INTO budget_scope (pct_code, financial_year, practice_code, line, holder, to_date, "
    "reason) SELECT '9E1', '2018/19', min(practice_code), 'ALL', '9E1', DATE '2018-09-30', 'late' "
    "FROM practices WHERE close_date IS NULL AND pct_code = '9E1'"
)


def test_both_commands_say_the_same_of_a_pct_with_a_budget_of_part_of_the_year(
    own_pct: Path,
) -> None:
    change(own_pct, "DELETE FROM activity WHERE month > '2018-11-30'", PART_YEAR)
    now, told = codes_and_pence(own_pct)
    assert now.held, "the part of the year counts"
    assert told is not None
    agree(now, told)
    said = " ".join(words.notes(told, {}))
    assert "what falls to these months by the profile of 'pbc monitor'" in said


def test_a_practice_that_closes_within_the_year_counts_with_its_successor_in_all_that_is_told(
    own_pct: Path,
) -> None:
    with duckdb.connect(own_pct / "warehouse.duckdb", read_only=True) as con:
        gone, heir = (
            c
            for (c,) in con.execute(
                "SELECT practice_code FROM practices WHERE close_date IS NULL AND pct_code = '9E1' "
                "ORDER BY 1 LIMIT 2"
            ).fetchall()
        )
    change(own_pct, PART_YEAR)
    apart = monitor(own_pct, YEAR).pcts[0]
    change(
        own_pct,
        f"UPDATE practices SET close_date = DATE '2018-10-31', successor_code = '{heir}' "
        f"WHERE practice_code = '{gone}'",
        f"UPDATE activity SET practice_code = '{heir}' "
        f"WHERE practice_code = '{gone}' AND month > '2018-10-31'",
    )
    now, told = codes_and_pence(own_pct)
    assert told is not None
    agree(now, told)
    merger = Merger(gone, dt.date(2018, 10, 31), heir)
    assert now.mergers == told.mergers == (merger,)
    for column in ("budget_pence", "profile_pence", "actual_pence", "variance_pence"):
        assert int(now.pct[column].iloc[0]) == int(apart[0].pct[column].iloc[0]), column
    why = monitor(own_pct, YEAR).pcts[0][1]
    assert why.practices["variance_pence"].tolist() == now.practices["variance_pence"].tolist()
    assert gone not in set(now.practices["practice_code"])
    ((_, foreseen),) = forecast_outturn(own_pct, YEAR)
    spent_so_far = foreseen.practices.set_index("code")["actual_pence"]
    for row in now.practices.to_dict("records"):
        assert spent_so_far[row["practice_code"]] == row["actual_pence"]
    with Warehouse.open(own_pct, doing="the test") as warehouse:
        of_year = [b for b in budgets_in_force(warehouse) if isinstance(b, YearBudget)]
        of_year = [b for b in of_year if b.baseline.financial_year == YEAR]
        (page,) = followed(warehouse, shelf(own_pct), of_year)
    last = page.forecasts[page.forecasts["n_months"] == 12].set_index(["group_kind", "group_code"])
    assert last.loc[("pct", "9E1"), "actual_pence"] == now.pct["actual_pence"].iloc[0]
    assert last.loc[("practice", heir), "actual_pence"] == spent_so_far[heir]
    said = " ".join(words.notes(told, {gone: "Old Mill", heir: "Vale"}))
    assert "Old Mill closed on 31 October 2018; its budget and its patients count with Vale" in said
    assert "Old Mill closed" not in said.replace("Old Mill closed", "", 1), "said once"
    before = monitor(own_pct, YEAR, "2018-10").pcts[0][0]
    assert before.mergers == ()
    assert gone in set(before.practices["practice_code"])
    change(
        own_pct, "UPDATE practices SET close_date = close_date - 16 WHERE close_date > '2018-04-01'"
    )
    assert monitor(own_pct, YEAR, "2018-10").pcts[0][0].mergers, "closed by the end of October"


def test_a_practice_that_closes_without_a_successor_keeps_its_name_and_its_budget(
    own_pct: Path,
) -> None:
    with duckdb.connect(own_pct / "warehouse.duckdb", read_only=True) as con:
        ((gone,),) = con.execute(
            "SELECT min(practice_code) FROM practices WHERE close_date IS NULL AND pct_code = '9E1'"
        ).fetchall()
    change(
        own_pct,
        f"UPDATE practices SET close_date = DATE '2018-10-31' WHERE practice_code = '{gone}'",
    )
    now, told = codes_and_pence(own_pct)
    assert told is not None
    agree(now, told)
    assert gone in set(now.practices["practice_code"])
    assert (now.mergers, told.unforeseen) == ((), (gone,))


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
