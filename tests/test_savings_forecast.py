"""Savings rest on the forecast of the outturn: one story of March, told by two commands."""

import datetime as dt
import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from benchmarks.outturn import world
from pbcanalytics.budgets import Plan, YearBudget, baseline
from pbcanalytics.budgets.forecast.at_month import AtMonth, at_month, each_month
from pbcanalytics.budgets.forecast.forecasting import quantile
from pbcanalytics.budgets.forecast.outturn import outturn
from pbcanalytics.budgets.forecast.track_record import own_scale, trials
from pbcanalytics.budgets.monitor.monitoring import monitoring
from pbcanalytics.budgets.monitor.month_shares import Spread
from pbcanalytics.budgets.savings.agreed_sums import Agreed
from pbcanalytics.budgets.savings.freed_up import ShareRule
from pbcanalytics.budgets.savings.group_incentives import group_incentives
from pbcanalytics.budgets.savings.group_prospects import COLUMNS, prospects_by_group
from pbcanalytics.budgets.savings.incentive_scheme import Scheme
from pbcanalytics.budgets.savings.noise_terms import NoiseTerms
from pbcanalytics.budgets.savings.shortfall import shortfall
from pbcanalytics.budgets.savings.year_savings import YearSavings, year_savings
from pbcanalytics.budgets.walk.in_scope import Merger
from pbcanalytics.cli import app
from pbcanalytics.cli import savings as registers_the_command
from pbcanalytics.faces.sentences import savings as words
from pbcanalytics.faces.sentences import savings_incentive as scheme_words
from pbcanalytics.pipeline.budgets.outturn import forecast_outturn
from pbcanalytics.pipeline.budgets.savings import savings
from pbcanalytics.words import codes as known_codes
from tests.test_outturn import SIZES, of_year, seen_twice, steady

YEAR: Final = "2018/19"
RULE: Final = ShareRule(Fraction(7, 10), None, True, False)
TERMS: Final = NoiseTerms(3.6, 0.02, 0.02, 1, 0.9, 0.0025)
CONSORTIA: Final = {"X80001": "C01", "X80002": "C01", "X80003": ""}
MARCH: Final = dt.date(2019, 3, 1)


def grouped(budget: dict[str, int], consortia: dict[str, str] = CONSORTIA) -> pd.DataFrame:
    """Lay budgets out with the groups of their practices."""
    rows = [(c, consortia[c] or c, bool(consortia[c]), p) for c, p in budget.items()]
    return pd.DataFrame(rows, columns=["practice_code", "code", "is_consortium", PENCE])


PENCE: Final = "indicative_pence"
EVEN: Final = grouped(dict.fromkeys(SIZES, 10**9))


# ---------------------------------------------------------------- the same forecast, told twice


def test_each_month_is_the_forecast_that_the_outturn_gives_as_of_it_to_the_penny() -> None:
    activity = steady(noise=0.2)
    # One provider and one practice begin during the year: nothing of them is known before.
    late = (activity["month"] >= "2018-09-01") & (activity["practice_code"] == "X80002")
    activity["provider_code"] = activity["provider_code"].where(~late, "XNEW")
    activity = activity[(activity["practice_code"] != "X80003") | (activity["month"] >= "2018-07")]
    triangle = seen_twice(activity, 0.85, 0.97)
    budget = pd.DataFrame({"financial_year": YEAR, "practice_code": list(SIZES), "pence": 10**9})
    known: dict[str, Any] = {"triangle": triangle, "budgets": budget}
    seen = each_month(activity, known_to=MARCH, **known)
    table = prospects_by_group(seen, EVEN, rule=RULE).set_index(["code", "n_months"])
    assert [of.n_months for of in seen] == list(range(1, 13))
    assert table.loc["X80003"].index.tolist() == list(range(4, 13)), "it begins in July"
    assert (table.loc["C01", "outturn_pence"] > 0).all()
    for of in (seen[m - 1] for m in (1, 3, 4, 8, 12)):
        found = outturn(activity, known_to=of.month, consortia=CONSORTIA, **known)
        assert of.own_scale == found.interval_scale
        came = of.known.history.sum(axis=(1, 3))
        tried = trials(of.held, of.known.years, came, of.budgets)
        of_month = [(t.made, t.came) for t in tried if t.n_months == of.n_months]
        assert of.own_scale == own_scale(of_month) != 1
        rows = [("C01", found.consortia), ("X80003", found.practices), ("X80001", found.practices)]
        for code, frame in rows:
            row = frame[frame["code"] == code]
            if row.empty:
                assert (code, of.n_months) not in table.index, "not seen yet is not foreseen"
                continue
            mine = table.loc[(code, of.n_months)]
            assert mine["outturn_pence"] == row["point_pence"].iloc[0]
            assert mine["low_80_pence"] == row["low_80_pence"].iloc[0]
            assert mine["high_80_pence"] == row["high_80_pence"].iloc[0]
        ours = found.practices[found.practices["consortium_code"] == "C01"]
        assert table.loc[("C01", of.n_months), "outturn_pence"] == ours["point_pence"].sum()


@pytest.fixture
def own_pct(small_pct: Path, tmp_path: Path) -> Path:
    """A copy of the demonstration PCT, to change."""
    data = tmp_path / "own"
    data.mkdir()
    shutil.copy(small_pct / "warehouse.duckdb", data)
    return data


def change(data: Path, *statements: str) -> None:
    with duckdb.connect(data / "warehouse.duckdb") as con:
        for statement in statements:
            con.execute(statement)


def test_in_november_both_commands_tell_the_same_of_march(own_pct: Path) -> None:
    change(own_pct, "DELETE FROM activity WHERE month > '2018-11-30'")
    ((_, found),) = forecast_outturn(own_pct, YEAR)
    year = savings(own_pct, YEAR).pcts[0]
    assert (year.n_months, year.earlier_years) == (8, ("2016/17", "2017/18"))
    practices = found.practices.set_index("code")["point_pence"]
    for group in year.groups:
        own = year.practices[year.practices["code"] == group.code]["practice_code"]
        assert group.months[-1].outturn_pence == practices[own].sum()
        assert group.year_net_pence == group.year_budget_pence - practices[own].sum()
    consortium = found.consortia.iloc[0]
    last = year.groups[0].months[-1]
    assert year.groups[0].code == consortium["code"]
    assert last.low_80_pence == consortium["low_80_pence"]
    assert last.high_80_pence == consortium["high_80_pence"]
    ((_, august),) = forecast_outturn(own_pct, YEAR, "2018-08")
    then = year.by_month[(year.by_month["n_months"] == 5) & (year.by_month["level"] != "member")]
    assert then["outturn_pence"].sum() == august.pct["point_pence"].iloc[0]
    said = " ".join(words.notes(year, {}))
    assert "the forecast of 'pbc outturn', from 2016/17 and 2017/18" in said
    assert "nothing of late coding is in it" in said


def test_without_an_earlier_year_the_rate_so_far_stands_in_and_it_is_said(own_pct: Path) -> None:
    change(
        own_pct,
        "DELETE FROM activity WHERE financial_year < '2018/19' OR month > '2018-11-30'",
    )
    found = savings(own_pct, YEAR)
    year = found.pcts[0]
    assert year.earlier_years == ()
    assert [len(g.months) for g in year.groups] == [8, 8]
    assert set(year.by_month["level"]) == {"consortium", "outside"}
    said = " ".join(words.notes(year, {}, found.unforecast["9E1"]))
    assert "The outturn is not forecast, so the year is foreseen from the rate so far" in said
    assert "No whole year of activity is held before 2018/19" in said
    done = CliRunner().invoke(app, ["savings", "--year", YEAR, "--data", str(own_pct), "--json"])
    assert "No whole year" in json.loads(done.stdout)["pcts"][0]["unforecast"]


# ---------------------------------------------------------------- the chance of a share


@pytest.mark.parametrize("inverse", [0.0001, 0.01, 0.1, 0.5, 1.0])  # of the gamma's shape
def test_chance_and_size_of_a_share_are_those_of_drawn_gamma_amounts(inverse: float) -> None:
    known, rest = 3e8, 1e8
    drawn = known + rest * np.random.default_rng(5).gamma(1 / inverse, inverse, 400_000)
    for z in (-2, -1, -0.3, 0, 0.5, 1, 2):
        limit = known + rest * max(1 + z * inverse**0.5, 0.05)
        chance, size = shortfall(limit, known, rest, inverse * rest**2)
        assert chance == pytest.approx((drawn < limit).mean(), abs=0.012)
        assert size == pytest.approx(np.maximum(limit - drawn, 0).mean(), abs=0.003 * rest)


@given(st.floats(0, 1e10), st.floats(1e6, 1e10), st.floats(1e-6, 1.0), st.floats(-2.5, 2.5))
def test_a_limit_at_an_end_of_the_interval_is_undershot_as_often_as_the_interval_says(
    known: float, rest: float, inverse: float, z: float
) -> None:
    variance = inverse * rest**2
    limit = float(quantile(known, rest, variance, z))
    if limit - known < 1e-3 * rest:
        return
    chance, size = shortfall(limit, known, rest, variance)
    assert chance == pytest.approx(NormalDist().cdf(z), abs=1e-6)
    # What is left below a limit is the sum of the chances of all limits below it.
    steps = np.linspace(max(limit - 8 * rest * inverse**0.5, known), limit, 101)
    below = [shortfall(float(s), known, rest, variance)[0] for s in steps]
    assert size == pytest.approx(np.trapezoid(below, steps), rel=0.02, abs=1e-6 * rest)


def test_what_is_known_for_certain_leaves_nothing_to_chance() -> None:
    assert shortfall(100.0, 90.0, 0.0, 0.0) == (1.0, 10.0)
    assert shortfall(100.0, 100.0, 0.0, 0.0) == (0.0, 0.0)
    assert shortfall(100.0, 100.0, 20.0, 50.0) == (0.0, 0.0), "no month to come spends less than 0"
    credit, size = shortfall(100.0, 110.0, -10.0, 25.0)
    assert credit == 0.5
    assert size == pytest.approx(5 * 0.39894, abs=1e-3)


def test_in_invented_pcts_chances_and_sizes_of_shares_come_true() -> None:
    """Eight PCTs of 60 practices at month 6; each practice and each ten of them a group."""
    rng = np.random.default_rng(20_260)
    chance, came, sizes, gains, inside = [], [], [], [], []
    for _ in range(8):
        of = world(rng)
        pence = np.round(of.known[-1].sum(axis=3) * 100).astype(np.int64)
        year, month, practice, pod = np.indices(pence.shape)
        first = int(of.years[0][:4])
        frame = pd.DataFrame(
            {
                "practice_code": np.array([f"P{i:03}" for i in range(60)])[practice.ravel()],
                "provider_code": "XD1",
                "pod": np.array(of.pods)[pod.ravel()],
                "month": (np.datetime64(f"{first}-04") + (12 * year + month).ravel()).astype(
                    "datetime64[s]"
                ),
                "pence": pence.ravel(),
            }
        )
        truth = pence[-1].sum(axis=(0, 2))
        budget = np.round(of.budget * 100 * rng.normal(1, 0.02, 60)).astype(np.int64)
        seen = at_month(frame, known_to=dt.date(int(of.years[-1][:4]), 9, 1))
        codes = [f"P{i:03}" for i in range(60)]
        groups = {c: f"C{i // 10}" for i, c in enumerate(codes)}
        laid = grouped(dict(zip(codes, budget.tolist(), strict=True)), groups)
        table = prospects_by_group([seen], laid, rule=RULE)
        for row in table.to_dict("records"):
            at = [i for i, c in enumerate(codes) if row["code"] in (c, groups[c])]
            whole = float(budget[at].sum())
            left = 1 - float(truth[at].sum()) / whole
            chance.append(row["chance_of_share"])
            came.append(left > 0)
            sizes.append(float(row["expected_share_pence"]) / whole)
            gains.append(0.7 * max(left, 0.0))
            inside.append(row["low_80_pence"] <= truth[at].sum() <= row["high_80_pence"])
    chances, happened = np.array(chance), np.array(came)
    assert 0.2 < happened.mean() < 0.8
    assert chances.mean() == pytest.approx(happened.mean(), abs=0.06)
    for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
        of_bin = (chances >= low) & (chances < high)
        assert happened[of_bin].mean() == pytest.approx(chances[of_bin].mean(), abs=0.12)
    assert np.mean(sizes) == pytest.approx(np.mean(gains), rel=0.12)
    assert 0.74 <= np.mean(inside) <= 0.88


def test_a_claim_lowers_the_chance_of_a_group_and_not_of_its_practices() -> None:
    activity = steady(noise=0.1)
    usual = of_year(activity, "2017/18")
    each = grouped({c: usual * n // sum(SIZES.values()) for c, n in SIZES.items()})
    seen = each_month(activity, known_to=dt.date(2018, 6, 1))
    free = prospects_by_group(seen, each, rule=RULE)
    agreed = {"C01": Agreed(pct_claim_pence=usual // 100)}
    claimed = prospects_by_group(seen, each, rule=RULE, agreed=agreed)
    assert list(free.columns) == list(COLUMNS)
    assert sorted(set(free["level"])) == ["consortium", "member", "outside"]
    is_ours = free["code"] == "C01"
    assert (claimed.loc[is_ours, "chance_of_share"] < free.loc[is_ours, "chance_of_share"]).all()
    pd.testing.assert_frame_equal(claimed[~is_ours], free[~is_ours])
    assert (claimed["outturn_pence"] == free["outturn_pence"]).all()
    unknown = prospects_by_group(seen, each, rule=ShareRule(None, None, None, None))
    assert unknown["expected_share_pence"].isna().all()
    assert (unknown["outturn_pence"] == free["outturn_pence"]).all()


# ---------------------------------------------------------------- practices that close


def judged(
    seen: tuple[AtMonth, ...], mergers: tuple[Merger, ...], spent: pd.DataFrame
) -> YearSavings:
    """Hold spending against budgets of £10m each."""
    base = pd.DataFrame(
        [(c, "EL", 10, 10, 10**9) for c in SIZES],
        columns=["practice_code", "pod", "n_activity", "n_priced", "pence"],
    )
    lists = pd.DataFrame({"practice_code": list(SIZES), "list_base": 6500, "list_budget": 6500})
    made = baseline(base, lists, Plan(3 * 10**9), financial_year=YEAR, price_year=YEAR)
    budget, even = YearBudget("9E1", made, 0, 0), (Fraction(1, 12),) * 12
    over = Spread(dict.fromkeys([*known_codes.PODS, known_codes.OTHER_POD], even), ())
    monthly = spent[spent["month"] >= "2018-04-01"].assign(n_activity=5, n_priced=5)
    now = monitoring(
        *(budget, monthly, over),
        answers={c: c for c in SIZES},
        consortia=CONSORTIA,
        mergers=mergers,
    )
    assert now is not None
    return year_savings(
        *(budget, now, over, CONSORTIA), rule=RULE, agreed={}, terms=TERMS, seen=seen
    )


def test_the_budget_of_a_practice_that_closed_goes_with_its_patients() -> None:
    """X80001 of C01 closes in September; X80003, outside all, takes its patients."""
    activity = steady()
    moved = (activity["practice_code"] == "X80001") & (activity["month"] > "2018-08-31")
    activity["practice_code"] = activity["practice_code"].where(~moved, "X80003")
    answers = {"X80001": "X80003", "X80002": "X80002", "X80003": "X80003"}
    mapped = activity.assign(practice_code=activity["practice_code"].map(answers))
    mergers = (Merger("X80001", dt.date(2018, 8, 31), "X80003"),)
    year = judged(each_month(mapped, known_to=MARCH), mergers, activity)
    consortium, outside = year.groups
    assert (consortium.code, consortium.year_budget_pence) == ("C01", 10**9)
    assert (outside.code, outside.year_budget_pence, outside.n_patients) == (
        *("X80003", 2 * 10**9),
        13_000,
    )
    assert outside.so_far.actual_pence + consortium.so_far.actual_pence == of_year(activity)
    assert year.whole.actual_pence == of_year(activity)


def test_a_practice_that_nobody_answers_for_leaves_its_group_unforeseen_and_named() -> None:
    activity = steady()
    activity = activity[(activity["practice_code"] != "X80001") | (activity["month"] < "2018-09")]
    activity = activity[activity["month"] < "2018-12"]
    forecast = activity[activity["practice_code"] != "X80001"]
    year = judged(each_month(forecast, known_to=dt.date(2018, 11, 1)), (), activity)
    consortium, outside = year.groups
    assert (year.unforeseen, consortium.months, consortium.year_net_pence) == (
        *(("X80001",), ()),
        None,
    )
    assert outside.year_net_pence is not None
    assert "does not hold Old Mill" in " ".join(words.notes(year, {"X80001": "Old Mill"}))


# ---------------------------------------------------------------- the incentive scheme, by group

SCHEME: Final = Scheme(
    *(Fraction(95), Fraction(95), None, dt.date(2007, 4, 1), dt.date(2007, 6, 30))
)
LISTS: Final = pd.DataFrame(
    [("X80001", "2007-04-01", 6_000), ("X80002", "2007-04-01", 2_000)],
    columns=["practice_code", "count_date", "n_patients"],
)


def test_t4_by_group_the_share_is_topped_up_and_a_missing_list_is_named() -> None:
    """Rulebook 9.5: list 8,000: a share of £5,000 pays £7,600; here two practices of a group."""
    found = group_incentives(SCHEME, EVEN, LISTS, {"C01": 500_000, "X80003": 1_200_000})
    of = found.set_index("code")
    assert of.loc["C01", "component_2_pence"] == 760_000
    assert of.loc["C01", "if_met_pence"] == 760_000
    assert of.loc["C01", "top_up_pence"] == 260_000
    assert of.loc["C01", "if_not_met_pence"] == 500_000
    members = found[found["level"] == "member"]
    assert members["component_2_pence"].sum() == of.loc["C01", "component_2_pence"]
    assert members["if_met_pence"].isna().all(), "the share is the group's"
    assert found["component_1_pence"].isna().all(), "the day of its list is not held (O11)"
    alone = of.loc["X80003"]
    assert alone["no_list_2"] == "X80003"
    assert pd.isna(alone["component_2_pence"])
    assert pd.isna(alone["if_met_pence"])
    notes = scheme_words.incentive_notes(found, SCHEME, {"X80003": "Vale"}, is_over=True)
    said = " ".join(notes)
    assert "in writing by 30 June 2007" in said
    assert "No list of 1 April 2007 is held of Vale: component 2" in said
    assert "The day of the list of component 1 is not known" in said
    assert "outside it" in said
    rows = scheme_words.incentive_rows(found, {"X80003": "Vale"})
    assert rows[1][:3] == ("Vale", "not known", "not known")


def scheme_of_the_users_own(data: Path) -> None:
    folder = data / "reference" / "savings"
    folder.mkdir(parents=True)
    own: dict[str, dict[str, object]] = {
        "des_component_1_pence": {"value": 95},
        "des_component_1_list_date": {"value": "2018-04-01"},
        "des_component_2_pence": {"value": 95},
        "des_component_2_list_date": {"value": "2019-04-01"},
        "des_claim_by": {"value": "2019-06-30"},
    }
    (folder / "2018-19.yaml").write_text(yaml.safe_dump({"rules": own}), encoding="utf-8")


def test_a_scheme_of_the_year_is_shown_beside_the_savings(own_pct: Path, tmp_path: Path) -> None:
    assert registers_the_command.savings
    run: Callable[..., Any] = CliRunner().invoke
    arguments = ["savings", "--year", YEAR, "--data", str(own_pct)]
    assert "incentive scheme" not in run(app, arguments).output
    scheme_of_the_users_own(own_pct)
    with duckdb.connect(own_pct / "warehouse.duckdb", read_only=True) as con:
        lists = con.execute(
            "SELECT count_date, SUM(n_patients) FROM practice_lists GROUP BY ALL"
        ).fetchall()
    sizes = {str(day): int(n) for day, n in lists}
    told = json.loads(run(app, [*arguments, "--json"]).stdout)["pcts"][0]
    groups = [r for r in told["incentives"] if r["level"] != "member"]
    assert sum(r["component_1_pence"] for r in groups) == 95 * sizes["2018-04-01"]
    assert sum(r["component_2_pence"] for r in groups) == 95 * sizes["2019-04-01"]
    entitled = {g["group_code"]: g["entitlement_pence"] for g in told["groups"]}
    for row in groups:
        assert row["if_met_pence"] == max(entitled[row["code"]], row["component_2_pence"])
    done = run(app, [*arguments, "--csv", str(tmp_path / "kept.csv")])
    assert done.exit_code == 0, done.output
    text = " ".join(done.output.split())
    assert "The incentive scheme of the year:" in text
    assert "It must be claimed in writing by 30 June 2019." in text
    kept = pd.read_csv(tmp_path / "kept-incentive.csv")
    assert kept["component_2_pence"].tolist() == [
        r["component_2_pence"] for r in told["incentives"]
    ]
