"""A budget year under way: to the penny, net, and nothing unknown counted as saved."""

import datetime as dt
import doctest
import json
import shutil
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pbcanalytics.budgets import MOVES, Plan, YearBudget, baseline
from pbcanalytics.budgets.forecast.profile import days
from pbcanalytics.budgets.monitor import month_shares, shapley
from pbcanalytics.budgets.monitor.monitoring import Monitoring, monitoring
from pbcanalytics.budgets.monitor.month_shares import Spread, month_budgets, month_starts, spread
from pbcanalytics.budgets.monitor.variance import PARTS, Variance
from pbcanalytics.cli import app
from pbcanalytics.costing.chain import model
from pbcanalytics.faces.sentences import monitor as words
from pbcanalytics.faces.sentences import monitor_tables as tables
from pbcanalytics.pipeline.budgets.monitor import monitor
from pbcanalytics.words import codes
from pbcanalytics.words.errors import SelectionError, StoreError

YEAR: Final = "2018/19"
STARTS: Final = month_starts(YEAR)
EVEN: Final = Spread({p: (Fraction(1, 12),) * 12 for p in (*codes.PODS, "OTHER")}, ("2017/18",))


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


def spent(
    provider: str = "XD1", pod: str = "EL", n_priced: int = 9, **practices: list[int]
) -> pd.DataFrame:
    """Draw the spending of practices, month by month from April; a nought is no activity."""
    drawn = [
        (code, provider, pod, pd.Timestamp(STARTS[m]), 9, n_priced, pence)
        for code, months in practices.items()
        for m, pence in enumerate(months)
        if pence
    ]
    names = ["practice_code", "provider_code", "pod", "month", "n_activity", "n_priced", "pence"]
    return pd.DataFrame(drawn, columns=names)


def found(
    budget: YearBudget,
    spending: pd.DataFrame,
    consortia: dict[str, str],
    known_to: dt.date | None = None,
    closed: Iterable[tuple[str, str, dt.date]] = (),
) -> Monitoring:
    answers = {c: c for c in [*consortia, "X"]}
    made = monitoring(
        budget,
        spending,
        EVEN,
        answers=answers,
        consortia=consortia,
        known_to=known_to,
        closed=closed,
    )
    assert made is not None
    return made


def gaps_of(now: Monitoring, kind: str) -> list[dict[str, Any]]:
    return now.gaps[now.gaps["kind"] == kind].to_dict("records")


weights = st.lists(st.integers(0, 50), min_size=12, max_size=12).filter(any)


@given(st.integers(-(10**9), 10**12), weights, st.frozensets(st.integers(0, 11), max_size=11))
def test_twelve_months_are_the_budget_and_first_months_half_a_penny_off_at_most(
    pence: int, parts: list[int], others: frozenset[int]
) -> None:
    shares = tuple(Fraction(p, sum(parts)) for p in parts)
    months = month_budgets(pence, shares, others)
    assert sum(months) == pence
    own = [0 if m in others else p for m, p in enumerate(parts)]
    if sum(own):
        assert all(months[m] == 0 for m in others)
        for m in range(12):
            due = Fraction(pence * sum(own[: m + 1]), sum(own))
            assert abs(sum(months[: m + 1]) - due) <= Fraction(1, 2)


def test_the_profile_has_the_years_days_and_the_season_of_whole_years_only() -> None:
    none = pd.DataFrame({"pod": [], "month": pd.to_datetime([]), "pence": []})
    alone = spread(none, YEAR, ["EL", "AE"])
    assert alone.years == ()
    assert alone.shares["AE"][0] == Fraction(30, 365)
    assert alone.shares["EL"][0] == Fraction(int(days(YEAR, "EL")[0]), int(days(YEAR, "EL").sum()))
    rows = [
        ("AE", pd.Timestamp(m), int(n) * (200 if m.month == 1 else 100))
        for m, n in zip(month_starts("2017/18"), days("2017/18", "AE"), strict=True)
    ]
    history = pd.DataFrame(rows, columns=["pod", "month", "pence"])
    winter = spread(history, YEAR, ["AE", "EL"])
    assert winter.years == ("2017/18",)
    assert winter.shares["AE"][9] > Fraction(3, 2) * winter.shares["AE"][8]
    assert all(sum(s) == 1 for s in winter.shares.values())
    assert spread(history[1:], YEAR, ["AE"]).years == (), "eleven months are no year"
    now = history.assign(month=history["month"] + pd.DateOffset(years=1))
    assert spread(now, YEAR, ["AE"]).years == (), "the year itself tells nothing of its season"


def test_t11_a_consortium_is_judged_by_its_net_and_a_practice_outside_by_itself() -> None:
    """Rulebook 9.5: under by 100, over by 60 and 70; and D outside all."""
    now = found(
        budgets_of(A=12_000, B=12_000, C=12_000, D=12_000),
        spent(A=[900], B=[1060], C=[1070], D=[990]),
        {"A": "C01", "B": "C01", "C": "C01", "D": ""},
    )
    consortium, outside = now.groups.to_dict("records")
    assert (consortium["code"], consortium["is_consortium"]) == ("C01", True)
    assert consortium["variance_pence"] == 30
    assert (consortium["gross_under_pence"], consortium["gross_over_pence"]) == (100, 130)
    assert (consortium["n_under"], consortium["n_over"]) == (1, 2)
    assert (outside["code"], outside["is_consortium"], outside["variance_pence"]) == (
        *("D", False),
        -10,
    )
    assert int(now.pct["variance_pence"].iloc[0]) == 20
    assert now.practices["variance_pence"].tolist() == [-100, 60, 70, -10]


@settings(max_examples=25)
@given(
    st.lists(st.lists(st.integers(0, 9_000), min_size=12, max_size=12), min_size=3, max_size=3),
    st.lists(st.integers(1, 10**6), min_size=3, max_size=3),
)
def test_months_are_lines_are_practices_are_groups_are_the_pct(
    spending: list[list[int]], pence: list[int]
) -> None:
    spending[0][0] += 1
    names = dict(zip("ABC", spending, strict=True))
    now = found(
        budgets_of(**dict(zip("ABC", pence, strict=True))),
        spent(**names),
        {"A": "C01", "B": "C01", "C": ""},
    )
    frames = (now.cells, now.lines, now.practices, now.groups, now.pct)
    for column in ("profile_pence", "actual_pence", "n_activity", "n_priced"):
        assert len({int(f[column].sum()) for f in frames}) == 1
    silent = {g["code"] for g in gaps_of(now, "silent")}
    assert int(now.pct["actual_pence"].iloc[0]) == sum(
        sum(months[: STARTS.index(now.known_to) + 1]) for months in spending
    )
    if len(now.months) == 12:
        whole = sum(p for c, p in zip("ABC", pence, strict=True) if c not in silent)
        assert int(now.pct["profile_pence"].iloc[0]) == whole


def test_a_practice_without_activity_is_silent_and_has_saved_nothing() -> None:
    now = found(budgets_of(A=12_000, B=24_000), spent(A=[1000]), {"A": "C01", "B": "C01"})
    assert [(g["code"], g["pence"]) for g in gaps_of(now, "silent")] == [("B", 24_000)]
    assert now.practices["practice_code"].tolist() == ["A"]
    assert int(now.groups["variance_pence"].iloc[0]) == 0


def test_a_month_without_any_activity_is_named_and_its_budget_is_in_no_sum() -> None:
    now = found(budgets_of(A=12_000), spent(A=[1000, 0, 1000]), {"A": "C01"}, STARTS[3])
    assert now.months == (STARTS[0], STARTS[2])
    assert now.empty_months == (STARTS[1], STARTS[3])
    assert int(now.pct["variance_pence"].iloc[0]) == 0
    assert [g["code"] for g in gaps_of(now, "empty_month")] == ["2018-05", "2018-07"]


def test_a_providers_month_that_did_not_come_is_named() -> None:
    both = pd.concat([spent(A=[500] * 4), spent("XT1", A=[500, 500, 0, 500])])
    now = found(budgets_of(A=12_000), both, {"A": "C01"})
    assert [(g["code"], g["n_activity"]) for g in gaps_of(now, "late")] == [("XT1 2018-06", 9)]
    few = pd.concat([spent(A=[500] * 4), spent("XT1", A=[500, 500, 0, 500]).assign(n_activity=6)])
    assert gaps_of(found(budgets_of(A=12_000), few, {"A": "C01"}), "late") == []


def test_what_is_in_no_sum_is_named_with_its_pounds() -> None:
    spending = pd.concat(
        [spent(A=[1000], X=[70], Z=[5]), spent(pod="DRUG", A=[3], n_priced=0), spent(A=[0, 900])]
    )
    now = found(budgets_of(A=12_000), spending, {"A": "C01"})
    assert [(g["code"], g["pence"]) for g in gaps_of(now, "no_budget")] == [("X", 70)]
    assert [(g["code"], g["pence"]) for g in gaps_of(now, "no_practice")] == [("", 5)]
    assert [(g["code"], g["n_activity"]) for g in gaps_of(now, "unpriced")] == [("A", 9)]
    assert set(now.lines["pod"]) == {"EL", "OTHER"}


def test_a_line_that_the_budget_does_not_know_is_spent_against_nothing() -> None:
    spending = pd.concat([spent(A=[1000]), spent(pod="AE", A=[50])])
    now = found(budgets_of(A=12_000), spending, {"A": "C01"})
    of_ae = now.lines.set_index("pod").loc["AE"]
    assert (of_ae["profile_pence"], of_ae["actual_pence"]) == (0, 50)
    assert int(now.pct["variance_pence"].iloc[0]) == 50


def test_a_month_is_closed_when_all_its_providers_have_closed_it() -> None:
    both = pd.concat([spent(A=[500, 500]), spent("XT1", A=[500, 500])])
    closed = [("XD1", "EL", STARTS[0]), ("XT1", "EL", STARTS[0]), ("XD1", "EL", STARTS[1])]
    closed.append(("XT1", "AE", STARTS[1]))
    now = found(budgets_of(A=12_000), both, {"A": ""}, closed=closed)
    assert now.cells["is_frozen"].tolist() == [True, False]
    assert not now.practices["is_frozen"].iloc[0]
    now = found(budgets_of(A=12_000), both, {"A": ""}, STARTS[0], closed=closed)
    assert now.groups["is_frozen"].tolist() == [True]


def test_a_month_is_open_while_a_hospital_is_late_and_not_because_a_small_one_had_nobody() -> None:
    closed = [("XD1", "EL", m) for m in STARTS] + [("XT1", "EL", m) for m in STARTS[:2]]
    late = pd.concat([spent(A=[500] * 3), spent("XT1", A=[500, 500])])
    now = found(budgets_of(A=12_000), late, {"A": ""}, closed=closed)
    assert now.cells["is_frozen"].tolist() == [True, True, False]
    small = pd.concat([spent(A=[500] * 3), spent("XT1", A=[500, 500]).assign(n_activity=1)])
    now = found(budgets_of(A=12_000), small, {"A": ""}, closed=closed)
    assert now.cells["is_frozen"].tolist() == [True, True, True]
    other = pd.concat([spent(A=[0, 500]), spent(pod="AE", A=[40, 40])])
    now = found(budgets_of(A=12_000), other, {"A": ""}, closed=[("XD1", "EL", STARTS[0])])
    assert now.cells.set_index(["pod", "month"])["is_frozen"].to_dict() == {
        ("AE", STARTS[0]): False,
        ("AE", STARTS[1]): False,
        ("EL", STARTS[0]): True,
        ("EL", STARTS[1]): False,
    }


def test_what_others_hold_is_in_no_position_and_the_own_months_carry_the_budget() -> None:
    scope = pd.DataFrame(
        {
            "practice_code": ["A"],
            "line": ["ALL"],
            "holder": ["9E1"],
            "from_date": [pd.Timestamp("2018-04-01")],
            "to_date": [pd.Timestamp("2018-09-30")],
            "reason": ["from 1 October"],
        }
    )
    budget = budgets_of(scope=scope, A=12_000, B=12_000)
    spending = spent(n_priced=8, A=[1000] * 12, B=[1000] * 12)
    now = found(budget, spending, {"A": "C01", "B": "C01"})
    assert [(g["code"], g["n_activity"]) for g in gaps_of(now, "unpriced")] == [("A", 6), ("B", 12)]
    own = now.cells[now.cells["practice_code"] == "A"]
    indicative = int(budget.baseline.practices.set_index("practice_code").loc["A"].indicative_pence)
    assert 0 < indicative < 12_000
    assert own["month"].tolist() == STARTS[6:]
    assert own["profile_pence"].sum() == indicative
    assert [(g["code"], g["pence"]) for g in gaps_of(now, "held")] == [("A", 6000)]
    june = found(budget, spent(A=[1000] * 3, B=[1000] * 3), {"A": "C01", "B": "C01"})
    assert june.practices["practice_code"].tolist() == ["B"]
    assert gaps_of(june, "silent") == []


def test_nothing_to_hold_against_is_no_saving_and_a_month_must_be_of_the_year() -> None:
    budget, none = budgets_of(A=12_000), spent(X=[100])
    assert monitoring(budget, none, EVEN, answers={"A": "A", "X": "X"}, consortia={}) is None
    with pytest.raises(SelectionError, match=r"2019-04 is no month of 2018/19.*2018-04 to 2019-03"):
        found(budget, spent(A=[1]), {"A": ""}, dt.date(2019, 4, 1))


@pytest.mark.parametrize("module", [month_shares, shapley, words])
def test_the_examples_in_docstrings_are_true(module: object) -> None:
    done = doctest.testmod(module)  # type: ignore[arg-type]
    assert done.attempted
    assert not done.failed


# The whole of it, on the demonstration PCT.


@pytest.fixture(scope="module")
def closed_pct(small_pct: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration PCT with April to June 2018 closed by all."""
    data = tmp_path_factory.mktemp("closed") / "data"
    shutil.copytree(small_pct, data)
    with duckdb.connect(str(data / "warehouse.duckdb")) as con:
        con.execute(
            "UPDATE submissions SET submission = 'freeze' "
            "WHERE month BETWEEN DATE '2018-04-01' AND DATE '2018-06-01'"
        )
    return data


def pbc(*said: str) -> str:
    done = CliRunner().invoke(app, list(said))
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_spending_by_hrg_is_the_cube_of_every_year_and_price(small_pct: Path) -> None:
    keys = "practice_code, pod, month, financial_year, price_year"
    with duckdb.connect(str(small_pct / "warehouse.duckdb"), read_only=True) as con:
        by_hrg, cube = (
            con.execute(
                f"SELECT {keys}, CAST(SUM(n_priced) AS BIGINT) AS n, "
                f"CAST(SUM(pence) AS BIGINT) AS p FROM {source} WHERE n_priced > 0 "
                f"GROUP BY {keys} ORDER BY ALL"
            ).fetchall()
            for source in (f"({model('hrg_months')}) AS m", "activity")
        )
        (n_codes,) = con.execute(
            f"SELECT count(*) FROM ({model('hrg_months')}) AS m "
            "WHERE hrg IS NULL OR root IS NULL OR (pod = 'NEL' AND hrg NOT LIKE root || '_')"
        ).fetchall()
    assert by_hrg == cube
    assert len(cube) > 1000
    assert n_codes == (0,)


def test_every_penny_over_profile_is_explained(small_pct: Path) -> None:
    told = monitor(small_pct, "2018-19", "2018-11")
    ((now, why),) = told.pcts
    assert now.known_to == dt.date(2018, 11, 1)
    for frame in (why.lines, why.practices, why.groups, why.pct):
        assert (frame[list(PARTS)].sum(axis=1) == frame["variance_pence"]).all()
    assert why.practices["variance_pence"].tolist() == now.practices["variance_pence"].tolist()
    ((year, whole),) = monitor(small_pct, YEAR).pcts
    own = [
        pair not in year.held
        for pair in zip(whole.lines["practice_code"], whole.lines["pod"], strict=True)
    ]
    assert sum(own) > 20
    assert whole.lines[own]["timing_pence"].abs().max() <= len(MOVES), "pennies of rounding only"
    assert told.other_versions == {}


def test_the_words_say_net_first_then_why_largest_first(closed_pct: Path) -> None:
    said = pbc("monitor", "--year", YEAR, "--to", "2018-11", "--data", str(closed_pct))
    assert "Monitoring of 2018/19, 9E1: April to November 2018" in said
    assert "so far, net, provisional (" in said
    assert "only the net counts" in said
    assert "Closed (freeze): April to June 2018. Provisional, may still change: July to" in said
    ((now, why),) = monitor(closed_pct, YEAR, "2018-11").pcts
    listed = words.drivers(why.groups.iloc[0])
    assert [abs(p) for _, p in listed] == sorted((abs(p) for _, p in listed), reverse=True)
    assert sum(p for _, p in listed) == int(why.groups["variance_pence"].iloc[0])
    together = dict(words.drivers(why.groups.iloc[0], is_other_version=True))
    assert "mix and price together" in together
    assert "case mix" not in together
    assert sum(together.values()) == int(why.groups["variance_pence"].iloc[0])
    june = monitor(closed_pct, YEAR, "2018-06").pcts[0][0]
    assert "provisional" not in words.sentences(june, why, {})[0]
    assert words.notes(june, why, {})[0] == "All these months are closed (freeze)."
    versions = words.notes(now, why, {}, ("v3.5", "HRG4"))
    assert any("grouped by HRG version v3.5, 2018/19 by HRG4" in n for n in versions)


def test_the_files_hold_every_month_and_every_part(small_pct: Path, tmp_path: Path) -> None:
    cells, parts = tmp_path / "cells.csv", tmp_path / "parts.csv"
    options = ["--csv", str(cells), "--variance-csv", str(parts), "--json"]
    told = json.loads(pbc("monitor", "--year", YEAR, "--data", str(small_pct), *options))
    (pct,) = told["pcts"]
    months, effects = pd.read_csv(cells), pd.read_csv(parts)
    over = pct["pct"][0]["variance_pence"]
    assert months["variance_pence"].sum() == over
    assert months["month"].nunique() == 12
    for level, own in effects.groupby("level"):
        assert own[list(PARTS)].to_numpy().sum() == over, level
    assert set(effects["level"]) == {"line", "practice", "group", "pct"}
    assert pct["months"][0] == "2018-04"
    assert pct["hrg_versions"] is None


def test_gaps_are_said_with_their_effect() -> None:
    spending = pd.concat(
        [spent(A=[900, 0, 1000], X=[70], Z=[5]), spent("XT1", A=[90, 0, 0, 80], n_priced=8)]
    )
    now = found(budgets_of(A=12_000, B=5_000), spending, {"A": "C01", "B": "C01"})
    why = _why_of(now)
    said = " ".join(words.notes(now, why, {"B": "Brook Street", "XT1": "Teaching"}))
    assert "Nothing is held of May 2018" in said
    assert "it is no saving" in said
    assert "Teaching in June 2018" in said
    assert "XD1 in July 2018" in said
    assert "Brook Street" in said
    assert "nothing saved" in said
    assert "£0.70 were spent for practices without a budget" in said
    assert "£0.05 were spent for patients of no known practice" in said
    assert "2 activities have no price" in said


def _why_of(now: Monitoring) -> Any:
    """The parts of a year of which only the notes are asked."""
    empty = pd.DataFrame({"month": pd.to_datetime([]), "pod": []})
    return Variance(YEAR, "9E1", "2017/18", YEAR, now.known_to, (), *[empty] * 4)


def test_what_cannot_be_held_against_anything_is_a_sentence(
    small_pct: Path, tmp_path: Path
) -> None:
    with pytest.raises(SelectionError, match=r"'2019-04' is not a month of 2018/19"):
        monitor(small_pct, YEAR, "2019-04")
    with pytest.raises(SelectionError, match="No plan of 2014/15 is loaded"):
        monitor(small_pct, "2014/15")
    with pytest.raises(StoreError, match="No activity has been loaded"):
        monitor(tmp_path, YEAR)
    data = tmp_path / "fresh"
    data.mkdir()
    duckdb.connect(str(data / "warehouse.duckdb")).close()
    with pytest.raises(StoreError, match="Run 'pbc build' first"):
        monitor(data, YEAR)
    assert "no priced activity of that year" in words.nothing("9E1", YEAR)
    assert tables.NET_HEADS[4] == "Over profile, net"
