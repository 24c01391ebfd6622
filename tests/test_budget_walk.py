"""The whole walk: 3.10 in every cell, 10,000 random PCTs, adjustments, scope, pools, pace."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction as F
from itertools import pairwise
from math import floor
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbcanalytics import intake
from pbcanalytics.budgets import (
    LEVELS,
    MOVES,
    NEEDED,
    Agreements,
    Baseline,
    Plan,
    ShareRules,
    Unset,
    YearBudget,
    baseline,
    every_budget,
    plans,
)
from pbcanalytics.budgets.walk.adjustments import NO_PRACTICE, NOTHING_TO_SPREAD_OVER, Adjustment
from pbcanalytics.budgets.walk.fair_share_move import NO_WEIGHTS
from pbcanalytics.budgets.walk.scope import NO_LINE, HandBack, share_of_year
from pbcanalytics.budgets.walk.steps import Line, Walk, walk
from pbcanalytics.faces.pages.budgets import (
    baseline_budgets,
    budget_tables,
    budget_view,
    budget_words,
)
from pbcanalytics.faces.publishing import budgets as publication
from pbcanalytics.pipeline import stage
from pbcanalytics.store import Published, Warehouse
from pbcanalytics.words.errors import SelectionError
from pbcanalytics.words.tables import published
from tests.test_budgets import EXAMPLE, GROWTH, LISTS, PLAN

RULES = ShareRules(F("0.1"), F("4.05"), F("0.95"))
PACE = replace(PLAN, pace_share=F("0.01"))
YEARS = {"financial_year": "2018/19", "price_year": "2017/18"}


def weights_of(**weights: int | None) -> pd.DataFrame:
    rows = [(c, None, None if w is None else F(w), None) for c, w in weights.items()]
    return pd.DataFrame(
        rows, columns=["practice_code", "n_patients", "weight", "reason"], dtype=object
    )


WEIGHTS = weights_of(A=8_600, B=6_400, C=10_900)


def adjusting(*rows: tuple[str, str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["practice_code", "line", "amount_pence", "reason"])


def handing(*rows: tuple[str, str, str, str | None, str | None]) -> pd.DataFrame:
    columns = ["practice_code", "line", "holder", "from_date", "to_date"]
    return pd.DataFrame(rows, columns=columns)


def set_with(plan: Plan = PLAN, **given: Any) -> Baseline:
    return baseline(EXAMPLE, LISTS, plan, **YEARS, **given)


def check_sums(b: Baseline) -> None:
    """Every law of the walk that needs no second calculation."""
    held_back = b.contingency_pence + b.risk_pool_pence + b.top_slice_pence
    budgets, held = b.practices["indicative_pence"].sum(), b.held["held_pence"].sum()
    assert b.plan.resource_pence == held_back + budgets + held + b.reserved_pence
    assert b.available_pence == b.plan.resource_pence - held_back
    assert (b.lines[list(MOVES)].sum(axis=1) == b.lines["indicative_pence"]).all()
    assert (b.lines["indicative_pence"] >= 0).all()
    for column in (*MOVES, "indicative_pence", "held_pence"):
        of_lines = b.lines.groupby("practice_code")[column].sum()
        assert of_lines.tolist() == b.practices[column].tolist()
    of_held = b.held.groupby(["practice_code", "pod"])["held_pence"].sum()
    kept = b.lines[b.lines["held_pence"] > 0].set_index(["practice_code", "pod"])["held_pence"]
    assert of_held[of_held > 0].to_dict() == kept.to_dict()
    put = b.adjustments.groupby(["practice_code", "pod"])["amount_pence"].sum().to_dict()
    for line in b.lines.itertuples():
        assert put.get((line.practice_code, line.pod), 0) == line.adjustment_pence
    assert b.practices[list(NEEDED)].sum().sum() == b.needed_pence


# The worked example of domain 3.10.


def check_3_10(b: Baseline) -> None:
    """Hold every cell of the table against the budget."""
    p = b.practices.set_index("practice_code")

    def pounds(*columns: str) -> list[int]:
        return [round(int(v) / 100) for v in p[list(columns)].sum(axis=1)]

    assert p["list_base"].tolist() == [8_000, 6_000, 11_000]
    assert p["list_budget"].tolist() == [8_200, 5_900, 11_400]
    table = b.lines.pivot(index="pod", columns="practice_code", values="activity_pence") // 100
    assert table.loc["EL"].tolist() == [560_000, 330_000, 900_000]
    assert table.loc["NEL"].tolist() == [900_000, 610_000, 1_450_000]
    assert table.loc["OPFA"].tolist() == [410_000, 300_000, 690_000]
    assert table.loc["AE"].tolist() == [150_000, 110_000, 240_000]
    assert pounds("activity_pence") == [2_020_000, 1_350_000, 3_280_000]
    assert p["activity_pence"].sum() == 665_000_000
    grown = ("activity_pence", "list_change_pence", "growth_pence")
    assert pounds(*grown) == [2_120_571, 1_359_655, 3_481_197]
    assert pounds(*grown, "uplift_pence") == [2_173_586, 1_393_646, 3_568_227]
    assert round(b.needed_pence / 100) == 7_135_459
    assert b.contingency_pence == 690_000_000 * 3 // 100
    assert b.available_pence == 669_300_000
    assert round(b.available_pence / b.needed_pence, 6) == 0.937992
    afforded = (*NEEDED, "affordability_pence")
    assert pounds(*afforded) == [2_038_805, 1_307_228, 3_346_967]
    assert p[list(afforded)].sum().sum() == 669_300_000
    assert [round(int(t) / 100) for t in p["target_pence"]] == [2_222_386, 1_653_869, 2_816_745]
    assert p["target_pence"].sum() == 669_300_000
    assert [f"{float(d):+.1%}" for d in p["distance_share"]] == ["-8.3%", "-21.0%", "+18.8%"]
    # A is inside the band: not a penny moves.
    assert p["fair_share_pence"].tolist() == [0, 3_346_967, -3_346_967]
    assert pounds("indicative_pence") == [2_038_805, 1_340_698, 3_313_497]
    assert p["indicative_pence"].tolist() == [203_880_476, 134_069_812, 331_349_712]
    assert p["indicative_pence"].sum() == 669_300_000
    assert (b.lines.set_index("practice_code").loc["A", "fair_share_pence"] == 0).all()
    check_sums(b)


def test_the_worked_example_reproduces_in_every_cell() -> None:
    check_3_10(set_with(PACE, weights=WEIGHTS, rules=RULES))


def example_year(price_years: tuple[str, ...], plan_extra: list[tuple[str, ...]]) -> list[Any]:
    """Set the example through `every_budget`, from tables as they are loaded."""
    activity = pd.concat(
        EXAMPLE.assign(financial_year="2017/18", price_year=year) for year in price_years
    )
    lists = pd.concat(
        LISTS[["practice_code", name]]
        .rename(columns={name: "n_patients"})
        .assign(count_date=pd.Timestamp(day))
        for name, day in (("list_base", "2017-04-01"), ("list_budget", "2018-04-01"))
    )
    register = pd.DataFrame(
        {
            "practice_code": list("ABC"),
            "pct_code": "9E1",
            "close_date": pd.NaT,
            "successor_code": None,
        }
    )
    rows = [
        ("resource", "ALL", "6900000", "GBP", None),
        ("contingency", "ALL", "0.03", "share", "kept to March, then shared by list"),
        ("pace_of_change", "ALL", "0.01", "share", None),
        *(("growth", pod, str(float(g)), "share", None) for pod, g in GROWTH.items()),
        *((item, "ALL", value, "share", None) for item, value in plan_extra),
    ]
    plan = pd.DataFrame(rows, columns=["item", "line", "value", "unit", "note"])
    plan = plan.assign(pct_code="9E1", financial_year="2018-19")
    agreed = Agreements(weights={("9E1", "2018/19"): WEIGHTS}, rules=RULES)
    return list(every_budget(activity, lists, register, plan, agreed))


def test_the_worked_example_reproduces_from_the_tables_that_are_loaded() -> None:
    (found,) = example_year(("2017/18",), [("uplift", "0.025")])
    assert isinstance(found, YearBudget)
    assert found.baseline.price_year == "2017/18"
    check_3_10(found.baseline)
    assert found.baseline.plan.return_rules == {"contingency": "kept to March, then shared by list"}


def test_prices_of_the_budget_year_come_first_and_forbid_an_uplift() -> None:
    (plain,) = example_year(("2017/18", "2018/19"), [])
    assert isinstance(plain, YearBudget)
    assert plain.baseline.price_year == "2018/19"
    (refused,) = example_year(("2017/18", "2018/19"), [("uplift", "0.025")])
    assert isinstance(refused, Unset)
    assert "count it twice" in refused.reason


def test_prices_of_the_base_year_alone_make_no_budget_without_an_uplift() -> None:
    (refused,) = example_year(("2017/18",), [])
    assert isinstance(refused, Unset)
    assert "reference/tariff/2018-19.csv" in refused.reason


# Ten thousand PCTs, each step of which is held against a second calculation.

PODS = ("AE", "DC", "EL", "NEL")
MONTHS = [dt.date(2018, m, 1) for m in range(4, 13)] + [dt.date(2019, m, 1) for m in range(1, 4)]
WORKING_DAYS = dict(zip(MONTHS, (20, 21, 21, 22, 22, 20, 23, 22, 19, 22, 20, 21), strict=True))
"""Of 2018/19 in England, counted on a calendar on the wall."""


@dataclass
class World:
    lines: list[Line]
    plan: Plan
    adjustments: list[Adjustment]
    scope: list[HandBack]
    weights: dict[str, int | None] | None


def world(seed: int) -> World:
    """Draw a PCT: sizes, gaps, pools as shares or sums, adjustments, scope, weights."""
    rng = np.random.default_rng(seed)

    def share(most: int) -> F:
        return F(int(rng.integers(-most, most + 1)), 1000)

    codes = [f"P{i}" for i in range(rng.integers(1, 7))]
    lines = []
    for code in codes:
        is_listed = rng.random() < 0.9 or code == "P0"
        now, then = (int(n) for n in rng.integers(500, 30_000, 2))
        for pod in PODS[: rng.integers(1, 5)]:
            pence = int(rng.integers(0, 10 ** int(rng.integers(1, 10)))) + (code == "P0")
            lines.append(Line(code, pod, pence, F(now, then) if is_listed else None))
    held = [F(int(rng.integers(0, 40)), 1000) if rng.random() < 0.5 else F(0) for _ in range(3)]
    resource = int(rng.integers(10**6, 10**11))
    plan = Plan(
        resource,
        held[0],
        {pod: share(100) for pod in PODS if rng.random() < 0.7},
        share(50) if rng.random() < 0.5 else F(0),
        risk_pool_share=held[1],
        top_slice_share=held[2],
        contingency_pence=0 if held[0] else int(rng.integers(0, 1000)),
        pace_share=F(int(rng.integers(0, 100)), 1000) if rng.random() < 0.5 else None,
    )
    adjustments = [
        Adjustment(
            str(rng.choice(["ALL", *codes, "P99"])),
            str(rng.choice(["ALL", *PODS])),
            int(rng.integers(-(10**5), 10**6)),
            "drawn",
        )
        for _ in range(rng.integers(0, 3))
    ]
    scope = []
    for code in codes:
        if rng.random() < 0.3:
            first, last = sorted(int(m) for m in rng.integers(0, 12, 2))
            end = (pd.Timestamp(MONTHS[last]) + pd.offsets.MonthEnd(0)).date()
            line = str(rng.choice(["ALL", "AE", "DC", "NEL"]))
            scope.append(HandBack(code, line, "the PCT", MONTHS[first], end))
    if rng.random() < 0.2 and not any(row.line in ("ALL", "EL") for row in scope):
        scope.append(HandBack("ALL", "EL", "the region"))
    weights = None
    if rng.random() < 0.25:
        weights = {c: None if rng.random() < 0.15 else int(rng.integers(1, 9999)) for c in codes}
    return World(lines, plan, adjustments, scope, weights)


def to_whole(amounts: dict[Any, F], total: int) -> dict[Any, int]:
    """Largest remainder, by sorting what is cut off."""
    cut = {key: a - floor(a) for key, a in amounts.items()}
    spare = total - sum(floor(a) for a in amounts.values())
    up = sorted(cut, key=lambda key: cut[key], reverse=True)[:spare]
    return {key: floor(a) + (key in up) for key, a in amounts.items()}


def second_calculation(w: World) -> tuple[dict[Any, int], dict[Any, int], int] | None:
    """
    Reckon the final lines, what is held and the reserve from 3.2, sharing no code with the walk.

    None where the walk must refuse.
    """
    p = w.plan
    back = [p.contingency_share, p.risk_pool_share, p.top_slice_share]
    left = p.resource_pence * (1 - sum(back)) - p.contingency_pence
    if left < 0:
        return None
    available = to_whole(
        {
            "": left,
            "c": p.resource_pence * back[0] + p.contingency_pence,
            "r": p.resource_pence * back[1],
            "t": p.resource_pence * back[2],
        },
        p.resource_pence,
    )[""]
    listed = {line.practice_code: line.list_change for line in w.lines}
    need = {
        (line.practice_code, line.pod): line.pence
        * (listed[line.practice_code] or F(1))
        * (1 + p.growth_share.get(line.pod, 0))
        * (1 + p.uplift_share)
        for line in w.lines
    }
    need = dict(sorted(need.items()))
    extra: dict[Any, F] = defaultdict(F)
    for a in w.adjustments:
        hit = {
            k: v
            for k, v in need.items()
            if a.practice_code in ("ALL", k[0]) and a.line in ("ALL", k[1])
        }
        if "ALL" not in (a.practice_code, a.line):
            hit = dict.fromkeys(hit, F(1))
        if total := sum(hit.values()):
            parts = to_whole(
                {k: a.amount_pence * v / total for k, v in hit.items()}, a.amount_pence
            )
            for k, v in parts.items():
                extra[k] += v
    need = {k: v + extra[k] for k, v in need.items()}
    if min(need.values()) < 0:
        return None
    items: dict[Any, F] = {}
    for (code, pod), amount in need.items():
        items[code, pod, -1] = amount
    for i, row in enumerate(w.scope):
        days = [
            WORKING_DAYS[m]
            for m in MONTHS
            if (row.from_date or MONTHS[0]) <= m <= (row.to_date or MONTHS[-1])
        ]
        away = F(sum(days), sum(WORKING_DAYS.values()))
        for (code, pod), amount in need.items():
            if row.practice_code in ("ALL", code) and row.line in ("ALL", pod):
                items[code, pod, -1] -= amount * away
                if row.practice_code != "ALL":
                    items[code, pod, i] = amount * away
    total = sum(items.values())
    if not total:
        return None
    items = {k: v * available / total for k, v in items.items()}
    whole: dict[str, F] = defaultdict(F)
    for (code, _, _), amount in items.items():
        whole[code if listed[code] is not None else ""] += amount
    final: dict[str, int] = {}
    known = {
        c: F(x)
        for c, x in (w.weights or {}).items()
        if x and listed[c] is not None and whole[c] > 0
    }
    if known and p.pace_share is not None:
        pot = {c: whole[c] for c in sorted(known)}
        envelope = floor(sum(pot.values()) + F(1, 2))
        fair = {c: envelope * known[c] / sum(known.values()) for c in pot}
        above = {
            c: min(p.pace_share * pot[c], pot[c] - F("1.1") * fair[c])
            for c in pot
            if pot[c] > F("1.1") * fair[c]
        }
        below = {c: F("0.9") * fair[c] - pot[c] for c in pot if pot[c] < F("0.9") * fair[c]}
        moves = min(sum(above.values()), sum(below.values()))
        if moves > 1:
            for c in above:
                pot[c] -= above[c] / sum(above.values()) * moves
            for c in below:
                pot[c] += below[c] / sum(below.values()) * moves
            final = to_whole(pot, envelope)
    rest = {
        c: v
        for c, v in sorted(whole.items(), key=lambda kv: (kv[0] == "", kv[0]))
        if c not in final
    }
    final |= to_whole(rest, available - sum(final.values())) if rest else {}
    rounded: dict[Any, int] = {}
    for code, pence in final.items():
        own = {k: v for k, v in items.items() if k[0] == code}
        if own and whole[code]:
            rounded |= to_whole({k: v / whole[code] * pence for k, v in own.items()}, pence)
        else:
            rounded |= dict.fromkeys(own, 0)
    inside = {k[:2]: v for k, v in rounded.items() if k[2] == -1}
    held = {k: v for k, v in rounded.items() if k[2] >= 0}
    return inside, held, final.get("", 0)


def walked(w: World) -> Walk:
    weights = None if w.weights is None else weights_of(**w.weights)
    return walk(
        sorted(w.lines, key=lambda line: (line.practice_code, line.pod)),
        w.plan,
        financial_year="2018/19",
        adjustments=w.adjustments,
        scope=w.scope,
        weights=weights,
        rules=RULES,
    )


def check_levels(w: World, taken: Walk) -> None:
    """Hold every level: whole pence, sums, and nothing below zero."""
    d = taken.division
    back = d.contingency_pence + d.risk_pool_pence + d.top_slice_pence
    final = sum(taken.levels["indicative"]) + sum(p for *_, p in taken.held) + taken.reserved_pence
    assert d.available_pence + back == w.plan.resource_pence
    assert final == d.available_pence
    for level in LEVELS:
        assert all(type(p) is int and p >= 0 for p in taken.levels[level])
    assert taken.levels["activity"] == [line.pence for line in taken.lines]
    assert sum(taken.levels["indicative"]) >= 0 <= taken.reserved_pence
    added = [b - a for a, b in zip(taken.levels["uplifted"], taken.levels["adjusted"], strict=True)]
    told: dict[Any, int] = defaultdict(int)
    for line, _, pence in taken.adjustments:
        told[line.practice_code, line.pod] += pence
    assert added == [told[line.practice_code, line.pod] for line in taken.lines]


@given(st.integers(0, 10**9))
@settings(max_examples=100)
def test_ten_thousand_pcts_keep_every_penny_and_agree_with_a_second_calculation(first: int) -> None:
    for seed in range(first, first + 100):
        w = world(seed)
        expected = second_calculation(w)
        if expected is None:
            with pytest.raises(SelectionError):
                walked(w)
            continue
        taken = walked(w)
        check_levels(w, taken)
        inside, held, reserved = expected
        lines = [(line.practice_code, line.pod) for line in taken.lines]
        ended = dict(zip(lines, taken.levels["indicative"], strict=True))
        assert ended == {k: inside[k] for k in lines}, seed
        rows = {(a.practice_code, a.pod, w.scope.index(r)): p for a, r, p in taken.held}
        assert rows == {k: v for k, v in held.items() if k[:2] in ended}, seed
        assert taken.reserved_pence == reserved, seed


@given(st.integers(0, 10**9))
def test_the_frames_of_a_budget_say_what_the_walk_said(seed: int) -> None:
    w = world(seed)
    if second_calculation(w) is None:
        return
    taken = walked(w)
    activity = pd.DataFrame(
        [(a.practice_code, a.pod, 9, 8, a.pence) for a in w.lines], columns=EXAMPLE.columns
    )
    known = {a.practice_code: a.list_change for a in w.lines if a.list_change is not None}
    lists = pd.DataFrame(
        [(c, x.denominator, x.numerator) for c, x in known.items()], columns=LISTS.columns
    )
    if not activity.loc[activity["practice_code"].isin(list(known)), "pence"].sum():
        return
    # Without lines that only an adjustment makes: the walk was given none.
    places = {(a.practice_code, a.pod) for a in w.lines}
    asked = [
        a
        for a in w.adjustments
        if "ALL" in (a.practice_code, a.line) or (a.practice_code, a.line) in places
    ]
    asked = asked or [Adjustment("P99", "ALL", 1, "of nobody")]
    b = baseline(
        activity,
        lists,
        w.plan,
        **YEARS,
        adjustments=pd.DataFrame(asked),
        scope=pd.DataFrame(w.scope),
        weights=None if w.weights is None else weights_of(**w.weights),
        rules=RULES,
    )
    check_sums(b)
    if len(asked) == len(w.adjustments):
        assert b.lines["indicative_pence"].tolist() == taken.levels["indicative"]
        assert b.reserved_pence == taken.reserved_pence


# Adjustments.


def test_an_adjustment_for_one_line_is_its_own_step_and_all_share_what_it_costs() -> None:
    b = set_with(adjustments=adjusting(("B", "NEL", 5_000_000, "a new nursing home")))
    nel = b.lines[(b.lines["practice_code"] == "B") & (b.lines["pod"] == "NEL")].iloc[0]
    assert nel["adjustment_pence"] == 5_000_000 == b.practices["adjustment_pence"].sum()
    plain = set_with()
    gained = b.practices["indicative_pence"] - plain.practices["indicative_pence"]
    assert [g > 0 for g in gained] == [False, True, False]
    assert gained.sum() == 0
    check_sums(b)


def test_what_is_for_all_is_spread_by_what_each_line_came_to() -> None:
    b = set_with(adjustments=adjusting(("ALL", "ALL", 713_545, "winter")))
    before = b.lines[["activity_pence", "list_change_pence", "growth_pence", "uplift_pence"]].sum(
        axis=1
    )
    exact = 713_545 * before / before.sum()
    assert ((b.lines["adjustment_pence"] - exact).abs() < 1).all()
    assert b.lines["adjustment_pence"].sum() == 713_545
    # Spread over all in proportion, it changes no budget by more than rounding.
    assert (b.lines["indicative_pence"] - set_with().lines["indicative_pence"]).abs().max() <= 1
    check_sums(b)


def test_a_line_without_activity_is_made_by_an_adjustment() -> None:
    b = set_with(adjustments=adjusting(("A", "UNB", 12_345, "a clinic opens")))
    line = b.lines[b.lines["pod"] == "UNB"].iloc[0]
    assert (line["practice_code"], line["n_activity"], line["adjustment_pence"]) == ("A", 0, 12_345)
    lists = pd.concat([LISTS, pd.DataFrame([("D", 1000, 1000)], columns=LISTS.columns)])
    new = adjusting(("D", "EL", 9_999, "it opened in March"))
    d = baseline(EXAMPLE, lists, PLAN, **YEARS, adjustments=new)
    assert d.practices["practice_code"].tolist() == ["A", "B", "C", "D"]
    assert d.gaps.empty
    check_sums(d)


def test_every_line_that_would_be_below_zero_is_named() -> None:
    taking = adjusting(("A", "AE", -99_999_999, "x"), ("B", "UNB", -1, "y"), ("C", "EL", -1, "z"))
    with pytest.raises(SelectionError, match=r"A AE, B UNB.*below zero"):
        set_with(adjustments=taking)


def test_what_cannot_be_applied_is_named_and_not_lost() -> None:
    b = set_with(
        adjustments=adjusting(("Z", "EL", 100, "a slip of the pen"), ("ALL", "UNB", 7, "no such")),
        scope=handing(("Z", "AE", "the PCT", None, None), ("A", "UNB", "the PCT", None, None)),
    )
    named = list(
        zip(b.unapplied["item"], b.unapplied["practice_code"], b.unapplied["pod"], strict=True)
    )
    assert named == [
        ("adjustment", "ALL", "UNB"),
        ("adjustment", "Z", "EL"),
        ("scope", "A", "UNB"),
        ("scope", "Z", "AE"),
    ]
    assert b.unapplied["reason"].tolist() == [
        NOTHING_TO_SPREAD_OVER,
        NO_PRACTICE,
        NO_LINE,
        NO_PRACTICE,
    ]
    assert b.lines["indicative_pence"].tolist() == set_with().lines["indicative_pence"].tolist()


# Scope.


def test_a_line_handed_back_is_held_at_the_same_scale_and_changes_nobody_elses_budget() -> None:
    b = set_with(scope=handing(("A", "AE", "the PCT", None, None)))
    plain = set_with()
    line, was = b.lines.iloc[0], plain.lines.iloc[0]
    assert (line["practice_code"], line["pod"], line["indicative_pence"]) == ("A", "AE", 0)
    assert b.held[["practice_code", "pod", "holder", "months"]].to_numpy().tolist() == [
        ["A", "AE", "the PCT", "2018-04 to 2019-03"]
    ]
    assert abs(b.held["held_pence"].iloc[0] - was["indicative_pence"]) <= 1
    rest = b.lines["indicative_pence"].iloc[1:] - plain.lines["indicative_pence"].iloc[1:]
    assert rest.abs().max() <= 1
    assert b.practices["held_pence"].tolist() == [b.held["held_pence"].sum(), 0, 0]
    check_sums(b)


def test_a_budget_taken_from_october_has_the_working_days_of_the_second_half() -> None:
    assert share_of_year(MONTHS[:6], "2018/19") == F(126, 253)
    assert sum(WORKING_DAYS[m] for m in MONTHS[:6]) == 126
    b = set_with(scope=handing(("B", "ALL", "the PCT", "2018-04-01", "2018-09-30")))
    whole = set_with().practices["indicative_pence"].iloc[1]
    assert abs(b.practices["indicative_pence"].iloc[1] - whole * 127 / 253) < 1
    assert len(b.held) == 4
    check_sums(b)


def test_a_line_that_all_leave_out_takes_no_money_with_it() -> None:
    b = set_with(scope=handing(("ALL", "AE", "the region", None, None)))
    ae = b.lines[b.lines["pod"] == "AE"]
    assert (ae["indicative_pence"] == 0).all()
    assert (ae["scope_pence"] < 0).all()
    assert b.held.empty
    assert b.outside["holder"].tolist() == ["the region"]
    assert b.practices["indicative_pence"].sum() == b.available_pence
    check_sums(b)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("A", "AE", "the PCT", None, None), ("A", "AE", "B", "2019-03-01", None)),
        (("A", "ALL", "the PCT", None, "2018-09-30"), ("A", "AE", "B", "2018-09-01", None)),
        (("ALL", "AE", "the region", None, None), ("A", "AE", "B", None, None)),
    ],
)
def test_a_line_handed_back_twice_is_refused(one: Any, other: Any) -> None:
    with pytest.raises(SelectionError, match=r"handed back twice.* AE"):
        set_with(scope=handing(one, other))


def test_the_same_line_may_be_held_by_two_one_after_the_other() -> None:
    b = set_with(
        scope=handing(
            ("A", "AE", "the PCT", None, "2018-09-30"), ("A", "AE", "B", "2018-10-01", None)
        )
    )
    assert sorted(b.held["holder"]) == ["B", "the PCT"]
    check_sums(b)


def test_dates_within_a_month_and_a_scope_of_everything_are_refused() -> None:
    with pytest.raises(SelectionError, match="not whole months"):
        set_with(scope=handing(("A", "AE", "the PCT", "2018-04-15", None)))
    with pytest.raises(SelectionError, match="Nothing of the activity"):
        set_with(scope=handing(("ALL", "ALL", "the region", None, None)))


# What is held back.


def test_pools_are_shares_or_sums_and_make_the_resource_whole() -> None:
    plan = replace(PLAN, risk_pool_share=F("0.005"), top_slice_pence=1_234_567)
    b = set_with(plan)
    assert (b.contingency_pence, b.risk_pool_pence, b.top_slice_pence) == (
        20_700_000,
        3_450_000,
        1_234_567,
    )
    check_sums(b)


def test_more_held_back_than_there_is_is_refused() -> None:
    with pytest.raises(SelectionError, match="nothing is left for budgets"):
        set_with(replace(PLAN, top_slice_pence=690_000_000))


def test_a_plan_holds_back_shares_or_pounds_and_keeps_their_return_rules() -> None:
    rows = pd.DataFrame(
        [
            ("resource", "ALL", "1000000", "GBP", "the board"),
            ("contingency", "ALL", "25000.50", "GBP", None),
            ("risk_pool", "ALL", "0.005", "share", "back to the practices by list in April"),
            ("top_slice", "ALL", "0.01", "share", " "),
            ("uplift", "ALL", "0.025", "share", None),
            ("pace_of_change", "ALL", "0.01", "share", None),
        ],
        columns=["item", "line", "value", "unit", "note"],
    ).assign(pct_code="9E1", financial_year="2018-19")
    plan = plans(rows)["2018/19"]
    assert (plan.contingency_share, plan.contingency_pence) == (0, 2_500_050)
    assert (plan.risk_pool_share, plan.top_slice_share) == (F("0.005"), F("0.01"))
    assert (plan.uplift_share, plan.pace_share) == (F("0.025"), F("0.01"))
    assert plan.return_rules == {"risk_pool": "back to the practices by list in April"}


# Fair shares.


def test_without_a_pace_nobody_moves_and_distances_are_told() -> None:
    b = set_with(weights=WEIGHTS, rules=RULES)
    assert (b.practices["fair_share_pence"] == 0).all()
    assert [f"{float(d):+.1%}" for d in b.practices["distance_share"]] == [
        "-8.3%",
        "-21.0%",
        "+18.8%",
    ]
    assert b.unapplied.empty


def test_a_pace_without_weighted_lists_moves_nobody_and_says_so() -> None:
    for weights in (None, weights_of(A=None, B=None)):
        b = set_with(PACE, weights=weights, rules=RULES)
        assert (b.practices["fair_share_pence"] == 0).all()
        assert b.unapplied[["item", "reason"]].to_numpy().tolist() == [
            ["pace_of_change", NO_WEIGHTS]
        ]


def test_a_practice_without_a_weight_keeps_its_budget_to_the_penny() -> None:
    b = set_with(PACE, weights=weights_of(A=9_900, B=None, C=9_900), rules=RULES)
    assert b.practices["fair_share_pence"].iloc[1] == 0
    assert b.practices["fair_share_pence"].iloc[2] < 0
    assert b.practices["target_pence"].iloc[1] is None
    assert b.unapplied["practice_code"].tolist() == ["B"]
    check_sums(b)


def test_what_is_handed_back_counts_towards_the_fair_share_and_moves_with_it() -> None:
    plain = set_with(PACE, weights=WEIGHTS, rules=RULES)
    half = set_with(
        PACE,
        weights=WEIGHTS,
        rules=RULES,
        scope=handing(("C", "ALL", "the PCT", None, "2018-09-30")),
    )
    assert half.practices["distance_share"].tolist() == plain.practices["distance_share"].tolist()
    moved = half.practices["fair_share_pence"]
    assert moved.iloc[1] == plain.practices["fair_share_pence"].iloc[1]
    assert abs(moved.iloc[2] - plain.practices["fair_share_pence"].iloc[2] * 127 / 253) <= 1
    check_sums(half)


# How firm a budget is.


def test_months_of_the_base_year_without_activity_are_named() -> None:
    base = [dt.date(2017, m, 1) for m in range(4, 13)] + [dt.date(2018, m, 1) for m in (1, 3)]
    b = set_with(months=base)
    assert b.missing_months == (dt.date(2018, 2, 1),)
    assert b.provisional_reasons == ("not_agreed", "base_year_incomplete")
    assert set_with().provisional_reasons == ("not_agreed",)
    assert set_with().is_provisional


# What is published.


def published_of(b: Baseline, *hidden: tuple[str, str]) -> dict[str, pd.DataFrame]:
    register = pd.DataFrame(
        {"practice_code": list("ABC"), "practice_name": "a surgery", "consortium_code": None}
    )
    made = publication.budget_tables(
        [YearBudget("9E1", b, 0, 0)],
        register,
        hidden={(code, "2017/18", pod) for code, pod in hidden},
        smallest=8,
    )
    return {
        table.name: table.check(frame) if len(frame) else frame for table, frame in made.items()
    }


def test_what_is_published_sums_to_the_resource() -> None:
    plan = replace(PACE, risk_pool_share=F("0.005"), return_rules={"risk_pool": "by list"})
    b = set_with(
        plan,
        weights=WEIGHTS,
        rules=RULES,
        scope=handing(
            ("A", "AE", "the PCT", None, None), ("ALL", "OPFA", "the region", None, None)
        ),
        adjustments=adjusting(("B", "EL", 500, "why not")),
    )
    told = published_of(b, ("A", "AE"), ("A", "EL"))
    year, practices = told[published.BUDGETS.name].iloc[0], told["budget_practices"]
    parts = ["contingency_pence", "risk_pool_pence", "top_slice_pence", "held_pence"]
    whole = year[parts].sum() + practices["indicative_pence"].sum() + year["reserved_pence"]
    assert whole == year["resource_pence"]
    assert year["risk_pool_return"] == "by list"
    assert (practices[list(MOVES)].sum(axis=1) == practices["indicative_pence"]).all()
    assert practices["distance_share"].round(1).tolist() == [-0.1, -0.2, 0.2]
    assert set(told["budget_scope"]["practice_code"]) == {"A", "ALL"}


def test_a_withheld_line_that_is_handed_back_by_itself_stays_in_its_practices_figures() -> None:
    """Else the step of the scope would tell what the line holds."""
    b = set_with(
        scope=handing(
            ("A", "AE", "the PCT", None, None), ("B", "ALL", "the PCT", None, "2018-09-30")
        ),
        adjustments=adjusting(("A", "AE", 321, "a reason")),
    )
    open_, told = (
        published_of(b),
        published_of(b, ("A", "AE"), ("A", "EL"), ("B", "AE"), ("B", "EL")),
    )
    a, b_ = (told["budget_practices"].iloc[i] for i in (0, 1))
    assert a["scope_pence"] == a["held_pence"] == 0
    assert open_["budget_practices"]["scope_pence"].iloc[0] < 0
    assert b_["scope_pence"] == open_["budget_practices"]["scope_pence"].iloc[1]
    rows = told["budget_scope"].set_index(["practice_code", "pod"])
    assert rows["is_withheld"].sum() == 3
    assert rows.loc[rows["is_withheld"], "held_pence"].isna().all()
    assert told["budget_adjustments"]["amount_pence"].isna().all()
    whole = a["indicative_pence"] + a["held_pence"]
    assert whole == open_["budget_practices"].iloc[0][["indicative_pence", "held_pence"]].sum()
    # Everybody is cut by one scale, and A's own figures say no other.
    scale = [
        p["affordability_pence"] / (p["indicative_pence"] - p["affordability_pence"])
        for p in (a, b_)
    ]
    assert scale[0] == pytest.approx(scale[1], abs=1e-7)


# What is loaded.

WHOSE = {"PCT_CODE": "9E1", "FINANCIAL_YEAR": "2018/19", "PRACTICE_CODE": "X80001", "LINE": "AE"}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        intake.prepare(opened)
        yield opened


def loaded(con: duckdb.DuckDBPyConnection, folder: Path, *rows: dict[str, str]) -> dict[str, int]:
    path = folder / "agreed.csv"
    pd.DataFrame(list(rows)).to_csv(path, index=False)
    return dict(intake.load_file(con, path, intake.Wishes()).reasons)


def test_an_adjustment_without_a_reason_is_rejected_at_the_door(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    good = WHOSE | {"AMOUNT": "(1,234.50)", "REASON": "a ward closes"}
    nameless = WHOSE | {"LINE": "DC", "AMOUNT": "5", "REASON": ""}
    other = WHOSE | {"LINE": "XX", "AMOUNT": "5", "REASON": "a slip"}
    twice = WHOSE | {"PRACTICE_CODE": "ALL", "LINE": "ALL", "AMOUNT": "7", "REASON": "winter"}
    assert loaded(con, tmp_path, good, nameless, other, twice) == {
        "missing_value": 1,
        "unknown_budget_line": 1,
    }
    held = con.execute(
        "SELECT practice_code, line, amount_pence FROM budget_adjustments"
    ).fetchall()
    assert sorted(held) == [("ALL", "ALL", 700), ("X80001", "AE", -123_450)]


def test_a_scope_stands_for_whole_months_and_without_dates_for_the_year(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    told = [("", ""), ("2018-10-01", "2018-12-31"), ("2018-10-02", ""), ("", "2019-04-30"),
            ("2018-09-01", "2018-06-30")]  # fmt: skip
    rows = [
        WHOSE | {"PRACTICE_CODE": f"X{i}", "HOLDER": "the PCT", "FROM_DATE": a, "TO_DATE": b}
        for i, (a, b) in enumerate(told)
    ]
    nobody = WHOSE | {"HOLDER": "", "FROM_DATE": "", "TO_DATE": ""}
    assert loaded(con, tmp_path, *rows, nobody) == {"no_whole_months": 3, "missing_value": 1}
    held = con.execute("SELECT from_date, to_date FROM budget_scope ORDER BY 1").fetchall()
    assert held == [
        (dt.date(2018, 4, 1), dt.date(2019, 3, 31)),
        (dt.date(2018, 10, 1), dt.date(2018, 12, 31)),
    ]


@pytest.mark.parametrize(
    ("item", "value", "unit", "broken"),
    [
        ("risk_pool", "0.005", "share", ""),
        ("risk_pool", "25000", "GBP", ""),
        ("top_slice", "-1", "GBP", "impossible_plan_value"),
        ("contingency", "0.6", "share", "impossible_plan_value"),
        ("uplift", "-0.01", "share", ""),
        ("uplift", "5", "GBP", "wrong_unit"),
        ("pace_of_change", "-0.01", "share", "impossible_plan_value"),
        ("pool", "0.01", "share", "unknown_plan_item"),
    ],
)
def test_items_of_a_plan_are_checked_at_the_door(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, item: str, value: str, unit: str, broken: str
) -> None:
    row = {"PCT_CODE": "9E1", "FINANCIAL_YEAR": "2018/19", "ITEM": item, "LINE": "ALL",
           "VALUE": value, "UNIT": unit, "NOTE": "agreed"}  # fmt: skip
    found = loaded(con, tmp_path, row)
    assert set(found) >= ({broken} if broken else set())
    assert bool(found) == bool(broken)


def test_the_demonstration_has_pools_an_adjustment_and_a_pace(small_pct: Path) -> None:
    with Warehouse.open(small_pct, doing="the test") as warehouse:
        found = stage.every_budget(warehouse)
        register = warehouse.frame("SELECT * FROM practices ORDER BY practice_code")
        plan = warehouse.frame("SELECT * FROM plan ORDER BY ALL")
        inputs = stage.agreement_inputs(warehouse, register, plan)
        once = stage.agreements(warehouse, register, plan)
        with warehouse.rolled_back():
            for name, frame in inputs.items():
                warehouse.source(name, frame)
            again = stage.agreements(warehouse, register, plan)
    budgets = [b.baseline for b in found if isinstance(b, YearBudget)]
    assert [b.financial_year for b in budgets] == ["2017/18", "2018/19"]
    for b in budgets:
        check_sums(b)
        assert b.risk_pool_pence > 0 < b.top_slice_pence
        assert set(b.plan.return_rules) == {"risk_pool", "top_slice"}
        assert b.missing_months == ()
        assert b.practices["target_pence"].notna().all()
    assert budgets[1].adjustments["amount_pence"].tolist() == [1_200_000]
    # What a budget is set again from gives the same weights and rules.
    assert once.rules == again.rules
    for key, weights in once.weights.items():
        assert weights["weight"].tolist() == again.weights[key]["weight"].tolist()
        assert weights["n_patients"].tolist() == again.weights[key]["n_patients"].tolist()


def test_the_page_shows_the_walk_the_adjustment_and_the_pools(small_pct: Path) -> None:
    reader = Published(small_pct)
    code = reader.rows("SELECT practice_code FROM budget_adjustments")[0]["practice_code"]
    v = budget_view.view(reader, code, "2018/19")
    assert v is not None
    said = " ".join(
        [
            baseline_budgets.strip(v, reader.about()),
            budget_tables.lines(v),
            budget_tables.practices(v),
        ]
    )
    assert "indicative budget, provisional until agreed" in said
    for words in ("Local adjustments", "a nursing home of 60 beds", "Fair-share move", "£12,000.00",
                  "Risk pool, £", "goes back by list in April", "to the penny"):  # fmt: skip
        assert words in said
    assert "Price uplift" not in said
    assert "Held by others" not in said
    broken = replace(v, budget=v.budget | {"held_pence": 1})
    assert "do not use them" in budget_words.sums(broken)


def test_the_steps_and_the_levels_go_together() -> None:
    assert len(LEVELS) == len(MOVES)
    assert MOVES[:6] == NEEDED
    assert len(set(LEVELS)) == len(LEVELS)
    assert all(a != b for a, b in pairwise(MOVES))


def test_a_line_that_nobody_hands_back_shows_no_penny_of_the_scope() -> None:
    """Rounding is no reason to show a step to somebody whom it does not concern."""
    pods = ("AE", "DC", "EL", "NEL", "OPFA")
    activity = pd.DataFrame(
        [(p, pod, 50, 50, 100_003 + 7 * n) for p in "ABC" for n, pod in enumerate(pods)],
        columns=["practice_code", "pod", "n_activity", "n_priced", "pence"],
    )
    lists = pd.DataFrame({"practice_code": list("ABC"), "list_base": [3001, 2999, 4007]})
    lists = lists.assign(list_budget=[3007, 3001, 4001])
    scope = pd.DataFrame([("B", "AE", "PCT")], columns=["practice_code", "line", "holder"])
    made = baseline(
        activity,
        lists,
        Plan(resource_pence=1_400_001, growth_share={"NEL": F(1, 37)}),
        financial_year="2018/19",
        price_year="2018/19",
        scope=scope,
    )
    is_back = (made.lines["practice_code"] == "B") & (made.lines["pod"] == "AE")
    assert (made.lines.loc[~is_back, "scope_pence"] == 0).all()
    assert (made.lines.loc[is_back, "indicative_pence"] == 0).all()
    whole = made.lines["indicative_pence"].sum() + made.held["held_pence"].sum()
    assert whole == made.available_pence
