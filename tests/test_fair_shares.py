"""Fair shares: the worked examples to the penny, what may never happen, a real ICB."""

import csv
import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import pbcanalytics.cli.fair_shares  # noqa: F401
from pbcanalytics import Wishes, pipeline
from pbcanalytics.budgets import baseline
from pbcanalytics.budgets.shares.age_weights import (
    NO_AGES,
    NOT_WEIGHED,
    WeightSet,
    weigh,
    weight_set,
)
from pbcanalytics.budgets.shares.chance import chance_band, reliability, shrunk, variation
from pbcanalytics.budgets.shares.fair_shares import (
    NO_BUDGET,
    NO_FACTOR,
    NO_WEIGHT,
    FairShares,
    fair_shares,
    with_factors,
)
from pbcanalytics.budgets.shares.pace_of_change import (
    BandRule,
    GrowthRule,
    Moved,
    by_growth,
    towards_band,
)
from pbcanalytics.cli import app
from pbcanalytics.pipeline.budgets.fair_shares import shares_of
from pbcanalytics.pipeline.budgets.weight_sets import chosen_weights, factors_of, share_rules
from pbcanalytics.reference import Shelf
from pbcanalytics.words.errors import ReferenceGap, SelectionError, StoreError
from tests.test_budgets import EXAMPLE, LISTS, PLAN

CHANCE: dict[str, F] = {"k_ratio": F("4.05"), "confidence_share": F("0.95")}
BAND = BandRule(F("0.10"), F("0.01"))
GROWTH = GrowthRule(F("0.25"), F("0.02"), F("0.08"))
PENNY = 1

BANDS = (0, 5, 16, 45, 65, 75, 85)
BANDED = {
    "P1": (420, 880, 2900, 1500, 480, 250, 70),
    "P2": (300, 700, 1900, 1700, 800, 600, 200),
    "P3": (650, 1300, 4600, 1900, 500, 260, 90),
}
BASELINES = {"P1": 630_000_000, "P2": 690_000_000, "P3": 680_000_000}


def weights_of(rows: list[tuple[str, Any, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["practice_code", "n_patients", "weight"], dtype=object)
    return frame.assign(reason=None)


def budgets_of(pence: Mapping[str, int | F]) -> pd.DataFrame:
    return pd.DataFrame(list(pence.items()), columns=["practice_code", "budget_pence"])


def by_code(frame: pd.DataFrame, column: str) -> dict[str, Any]:
    return dict(zip(frame["practice_code"], frame[column], strict=True))


def banded() -> pd.DataFrame:
    rows = [
        (code, "1", str(age), n)
        for code, own in BANDED.items()
        for age, n in zip(BANDS, own, strict=True)
    ]
    return pd.DataFrame(rows, columns=["practice_code", "sex", "age", "n_patients"])


def curve() -> WeightSet:
    return chosen_weights(Shelf.open(), "2007/08")


def method_reference() -> FairShares:
    factors = pd.DataFrame(
        {
            "practice_code": ["P1", "P2", "P3"],
            "need_ratio": [F(1), F("0.92"), F("1.15")],
            "mff_ratio": [F(1)] * 3,
        },
        dtype=object,
    )
    weights = with_factors(weigh(banded(), curve()), factors)
    return fair_shares(weights, budgets=budgets_of(BASELINES), **CHANCE)


# The worked examples.


def test_worked_example_of_the_rulebook_3_10_fair_share_distance_and_pace() -> None:
    weights = weights_of(
        [("A", F(8200), F(8600)), ("B", F(5900), F(6400)), ("C", F(11400), F(10900))]
    )
    # Carried exactly through every step, as 3.10 asks; rounded once, at the end.
    need: dict[str, F] = defaultdict(F)
    listed = LISTS.set_index("practice_code")
    for row in EXAMPLE.itertuples():
        change = F(int(listed.loc[row.practice_code, "list_budget"]),
                   int(listed.loc[row.practice_code, "list_base"]))  # fmt: skip
        growth = (1 + PLAN.growth_share[row.pod]) * (1 + PLAN.uplift_share)
        need[row.practice_code] += row.pence * change * growth
    exact = {code: n * 669_300_000 / sum(need.values()) for code, n in need.items()}
    shares = fair_shares(weights, budgets=budgets_of(exact), **CHANCE)
    set_before = baseline(EXAMPLE, LISTS, PLAN, financial_year="2018/19", price_year="2017/18")
    assert (
        shares.practices["budget_pence"].tolist()
        == set_before.practices["indicative_pence"].tolist()
    )
    p = shares.practices
    assert shares.envelope_pence == 669_300_000
    assert [round(t / 100) for t in p["target_pence"]] == [2_222_386, 1_653_869, 2_816_745]
    assert [f"{float(d):+.1%}" for d in p["distance_share"]] == ["-8.3%", "-21.0%", "+18.8%"]
    moved = towards_band(shares, BAND)
    assert [round(m / 100) for m in moved.practices["move_pence"]] == [0, 33_470, -33_470]
    # Domain 3.10, "the same to the penny"; T2.
    assert moved.practices["final_pence"].tolist() == [203_880_476, 134_069_812, 331_349_712]
    assert round((moved.wanted_pence or 0) / 100) == 181_253
    edge = p["budget_pence"].iloc[2] - F("1.1") * p["target_pence"].iloc[2]
    assert round(edge / 100) == 248_547


def test_worked_example_of_the_method_reference_4_targets_and_distances() -> None:
    p = method_reference().practices
    assert [round(float(i), 6) for i in p["age_index"]] == [0.929433, 1.275922, 0.865373]
    assert p["target_pence"].tolist() == [535_237_632, 644_790_473, 819_971_895]
    heads = p["target_pence"] / p["n_patients"].astype(float) / 100
    assert [round(h, 2) for h in heads] == [823.44, 1039.98, 881.69]
    said = [round(float(d) * 100, 3) for d in p["distance_share"]]
    assert said == [17.705, 7.012, -17.070]


def test_worked_example_of_the_method_reference_4_age_costs() -> None:
    per_head = curve().weights
    costs = {
        code: sum(n * per_head["ALL", age] for n, age in zip(own, BANDS, strict=True))
        for code, own in BANDED.items()
    }
    assert costs == {"P1": 4_305_290, "P2": 5_637_500, "P3": 5_735_310}


def test_worked_example_of_the_method_reference_4_growth_within_limits() -> None:
    moved = by_growth(method_reference(), 2_100_000_000, GROWTH)
    p = moved.practices
    assert p["final_pence"].tolist() == [642_959_956, 722_640_044, 734_400_000]
    growth = p["final_pence"] / p["budget_pence"] - 1
    assert [round(g, 6) for g in growth] == [0.020571, 0.047304, 0.08]
    after = [round(float(d) * 100, 3) for d in p["distance_after_share"]]
    assert after == [14.406, 6.737, -14.701]


# Chance.


def test_a_practice_of_6500_varies_by_about_5_per_cent_and_10_per_cent_may_be_chance() -> None:
    assert round(float(variation(F(6500), F("4.05"))), 3) == 0.050
    assert round(float(chance_band(F(6500), F("4.05"), F("0.95"))), 2) == 0.10


@pytest.mark.parametrize(
    ("n_patients", "per_cent"),
    [(2_000, 8.9), (7_000, 4.8), (10_000, 4.0), (30_000, 2.3), (100_000, 1.26), (300_000, 0.73)],
)
def test_variation_by_size_is_that_of_the_method_reference_3(
    n_patients: int, per_cent: float
) -> None:
    digits = 1 if per_cent > 2 else 2
    assert round(100 * float(variation(F(n_patients), F(4))), digits) == per_cent


def test_the_same_distance_is_chance_for_a_small_list_and_not_for_a_large_one() -> None:
    weights = weights_of([("A", F(3000), F(1)), ("B", F(40_000), F(1)), ("C", None, F(2))])
    p = fair_shares(weights, budgets=budgets_of({"A": 108, "B": 108, "C": 184}), **CHANCE).practices
    assert [round(float(d), 2) for d in p["distance_share"]] == [0.08, 0.08, -0.08]
    assert p["is_beyond_chance"].tolist() == [False, True, None]
    assert p["chance_share"].iloc[2] is None


def test_need_from_own_records_is_drawn_to_the_mean_most_where_lists_are_small() -> None:
    assert reliability(F(6500), F("0.08"), F(4)) == F("0.0064") / (F("0.0064") + F(16, 6500))
    drawn = shrunk([F("1.3"), F("1.3"), F("0.8")], [F(1000), F(9000), F(15_000)], F("0.08"), F(4))
    assert F(1) < drawn[0] < drawn[1] < F("1.3")
    assert F("0.8") < drawn[2] < F(1)
    assert shrunk([F("1.3"), F(1)], [F(10), F(10)], F(0), F(4)) == [F("1.15")] * 2


# What may never happen.

practices = st.lists(
    st.tuples(
        st.integers(300, 40_000),
        st.decimals("0.0001", "60000", places=4).map(F),
        st.integers(0, 10**10),
    ),
    min_size=1,
    max_size=15,
).filter(lambda rows: sum(b for _, _, b in rows) > 0)
close = st.lists(
    st.tuples(st.integers(1_000, 30_000), st.integers(80, 125)), min_size=2, max_size=10
)


def drawn_shares(rows: list[tuple[int, F, int]]) -> FairShares:
    weights = weights_of([(f"P{i:02d}", F(n), w) for i, (n, w, _) in enumerate(rows)])
    budgets = budgets_of({f"P{i:02d}": b for i, (_, _, b) in enumerate(rows)})
    return fair_shares(weights, budgets=budgets, **CHANCE)


def steps(shares: FairShares) -> Iterator[Moved]:
    yield towards_band(shares, BAND)
    yield by_growth(shares, shares.envelope_pence * 105 // 100 or 1, GROWTH)


@given(practices)
def test_targets_and_budgets_sum_to_the_penny_after_any_step(rows: list[Any]) -> None:
    shares = drawn_shares(rows)
    assert shares.practices["target_pence"].sum() == shares.envelope_pence
    assert shares.envelope_pence == sum(b for _, _, b in rows)
    band = towards_band(shares, BAND)
    assert band.practices["final_pence"].sum() == shares.envelope_pence
    assert band.practices["move_pence"].sum() == 0
    total = shares.envelope_pence + shares.envelope_pence // 33
    if F(total, shares.envelope_pence) - 1 >= GROWTH.least_share:
        grown = by_growth(shares, total, GROWTH)
        assert grown.practices["final_pence"].sum() == total


@given(practices, st.randoms())
def test_the_order_of_practices_changes_nothing(rows: list[Any], shuffler: Any) -> None:
    weights = weights_of([(f"P{i:02d}", F(n), w) for i, (n, w, _) in enumerate(rows)])
    budgets = budgets_of({f"P{i:02d}": b for i, (_, _, b) in enumerate(rows)})
    places = list(range(len(rows)))
    shuffler.shuffle(places)
    shares = fair_shares(weights, budgets=budgets, **CHANCE)
    other = fair_shares(weights.iloc[places], budgets=budgets.iloc[places[::-1]], **CHANCE)
    pd.testing.assert_frame_equal(shares.practices, other.practices)
    pd.testing.assert_frame_equal(
        towards_band(shares, BAND).practices, towards_band(other, BAND).practices
    )


@given(practices, st.fractions("0.01", "100"))
def test_weights_times_anything_share_out_the_same(rows: list[Any], scale: F) -> None:
    scaled = [(n, w * scale, b) for n, w, b in rows]
    for column in ("target_pence", "distance_share"):
        assert (
            drawn_shares(rows).practices[column].tolist()
            == drawn_shares(scaled).practices[column].tolist()
        )


@given(practices, st.fractions("1.001", "5"))
def test_more_weight_is_never_less_money_nor_more_for_the_others(rows: list[Any], by: F) -> None:
    before = drawn_shares(rows).practices["target_pence"].tolist()
    (n, w, b), *rest = rows
    after = drawn_shares([(n, w * by, b), *rest]).practices["target_pence"].tolist()
    assert after[0] >= before[0]
    assert all(a <= was + PENNY for a, was in zip(after[1:], before[1:], strict=True))


@given(practices.filter(lambda rows: len(rows) > 1))
def test_a_merged_pair_has_the_sum_of_the_targets(rows: list[Any]) -> None:
    apart = drawn_shares(rows).practices["target_pence"].tolist()
    (n, w, b), (m, v, c), *rest = rows
    merged = drawn_shares([(n + m, w + v, b + c), *rest]).practices["target_pence"].tolist()
    assert abs(merged[0] - apart[0] - apart[1]) <= PENNY


@given(practices)
def test_by_the_band_nobody_moves_inside_it_nor_past_its_edge_nor_faster(rows: list[Any]) -> None:
    shares = drawn_shares(rows)
    whole = sum((w for _, w, _ in rows), F(0))
    moves = towards_band(shares, BAND).practices["move_pence"].tolist()
    for (_, weight, budget), move in zip(rows, moves, strict=True):
        target = shares.envelope_pence * weight / whole
        low, high = target * F("0.9"), target * F("1.1")
        if low <= budget <= high:
            assert move == 0
        elif budget > high:
            assert -min(budget * F("0.01"), budget - high) - PENNY <= move <= 0
        else:
            assert 0 <= move <= low - budget + PENNY


@given(practices, st.integers(20, 80))
def test_by_growth_nobody_leaves_the_limits_nor_moves_away_from_target(
    rows: list[Any], per_mille: int
) -> None:
    shares = drawn_shares(rows)
    total = -(-shares.envelope_pence * (1000 + per_mille) // 1000)
    if F(total, shares.envelope_pence) - 1 > GROWTH.most_share:
        return
    whole = sum((w for _, w, _ in rows), F(0))
    found = by_growth(shares, total, GROWTH).practices["final_pence"].tolist()
    for (_, weight, budget), final in zip(rows, found, strict=True):
        assert budget * F("1.02") - PENNY <= final <= budget * F("1.08") + PENNY
        target = shares.envelope_pence * weight / whole
        aim, stay = total * weight / whole, F(total, shares.envelope_pence) * budget
        if budget > target:
            assert aim - PENNY <= final <= stay + PENNY
        elif budget < target:
            assert stay - PENNY <= final <= aim + PENNY
        else:
            assert abs(final - stay) <= PENNY


@given(close)
def test_by_growth_the_further_above_target_the_less_growth(rows: list[tuple[int, int]]) -> None:
    drawn = [(n, F(n), n * 1000 * per_cent) for n, per_cent in rows]
    shares = drawn_shares(drawn)
    moved = by_growth(shares, shares.envelope_pence * 105 // 100, GROWTH).practices
    growth = [F(f, b) for f, b in zip(moved["final_pence"], moved["budget_pence"], strict=True)]
    order = sorted(zip(moved["distance_share"], growth, strict=True))
    for (_, nearer), (_, further) in itertools.pairwise(order):
        assert further <= nearer + F(1, 10**6)


@settings(max_examples=10)
@given(close)
def test_year_after_year_growth_leads_to_the_targets(rows: list[tuple[int, int]]) -> None:
    shares = drawn_shares([(n, F(n), n * 1000 * per_cent) for n, per_cent in rows])
    furthest = max(map(abs, shares.practices["distance_share"]))
    for _ in range(30):
        moved = by_growth(shares, shares.envelope_pence * 105 // 100, GROWTH).practices
        after = max(map(abs, moved["distance_after_share"]))
        assert after <= furthest + F(1, 10**6)
        furthest = after
        weights = shares.practices[["practice_code", "n_patients", "weight"]].assign(reason=None)
        budgets = moved[["practice_code", "final_pence"]]
        budgets = budgets.rename(columns={"final_pence": "budget_pence"})
        shares = fair_shares(weights, budgets=budgets, **CHANCE)
    assert furthest < F("0.01")


@settings(max_examples=10)
@given(close)
def test_year_after_year_the_band_empties_on_one_side(rows: list[tuple[int, int]]) -> None:
    shares = drawn_shares([(n, F(n), n * 1000 * per_cent) for n, per_cent in rows])
    for _ in range(40):
        moved = towards_band(shares, BAND).practices
        weights = shares.practices[["practice_code", "n_patients", "weight"]].assign(reason=None)
        budgets = moved[["practice_code", "final_pence"]]
        budgets = budgets.rename(columns={"final_pence": "budget_pence"})
        shares = fair_shares(weights, budgets=budgets, **CHANCE)
    left = shares.practices["distance_share"].tolist()
    edge = F("0.1") + F(1, 10**6)
    assert all(d <= edge for d in left) or all(d >= -edge for d in left)


def test_a_practice_at_target_stays_there_while_others_move() -> None:
    rows = [(6000, F(100), 1_000_000), (6000, F(100), 1_300_000), (6000, F(100), 700_000)]
    shares = drawn_shares(rows)
    for moved in steps(shares):
        p = moved.practices
        assert p["distance_after_share"].iloc[0] == 0
        assert abs(p["distance_after_share"].iloc[1]) < abs(p["distance_share"].iloc[1])
        assert abs(p["distance_after_share"].iloc[2]) < abs(p["distance_share"].iloc[2])


def test_the_formula_for_growth_alone_would_carry_a_practice_past_its_target() -> None:
    """Why `by_growth` holds everybody between where they are and target."""
    rows = [(6000, F(100), 999_000), (6000, F(100), 1_250_000), (6000, F(100), 751_000)]
    shares = drawn_shares(rows)
    distances = shares.practices["distance_share"].tolist()
    mean = F(150_000, 3_000_000)
    pull = sum(b * d for (_, _, b), d in zip(rows, distances, strict=True)) / 3_000_000
    steer = mean + F("0.25") * pull
    alone = 999_000 * (1 + steer - F("0.25") * distances[0]) / 1_050_000 - 1
    assert distances[0] < 0 < F("0.009") < alone
    p = by_growth(shares, 3_150_000, GrowthRule(F("0.25"), F(0), F("0.5"))).practices
    assert distances[0] <= p["distance_after_share"].iloc[0] <= 0


def test_nor_does_a_limit_on_growth_push_a_practice_below_its_target() -> None:
    """The largest cannot grow by less than 1%, and what it keeps must not come from the nearest."""
    rows = [(6000, F(100), 1_300_000), (6000, F(100), 1_010_000), (6000, F(100), 690_000)]
    p = by_growth(
        drawn_shares(rows), 3_090_000, GrowthRule(F("0.25"), F("0.01"), F("0.5"))
    ).practices
    assert p["final_pence"].tolist()[:2] == [1_313_000, 1_030_000]
    assert p["distance_after_share"].iloc[1] == 0


# Whose money is left alone, and what is refused.


def test_a_practice_without_weight_or_budget_is_named_and_its_money_is_not_shared_out() -> None:
    weights = weights_of([("A", F(5), F(50)), ("B", F(5), None), ("C", F(5), F(50)),
                          ("D", F(5), F(0)), ("E", F(5), F(7))])  # fmt: skip
    budgets = budgets_of({"A": 700, "B": 1_000, "C": 300, "D": 40, "Z": 60})
    shares = fair_shares(weights, budgets=budgets, **CHANCE)
    assert by_code(shares.practices, "target_pence") == {"A": 500, "C": 500}
    assert by_code(shares.gaps, "reason") == {
        "B": NO_WEIGHT, "D": NO_WEIGHT, "E": NO_BUDGET, "Z": NO_WEIGHT,
    }  # fmt: skip
    assert by_code(shares.gaps, "budget_pence") == {"B": 1_000, "D": 40, "E": None, "Z": 60}


def test_without_budgets_there_are_targets_and_no_step() -> None:
    shares = fair_shares(
        weights_of([("A", F(5), F(1)), ("B", F(5), F(2))]), envelope_pence=100, **CHANCE
    )
    assert shares.practices["target_pence"].tolist() == [33, 67]
    assert shares.practices["distance_share"].tolist() == [None, None]
    with pytest.raises(SelectionError, match="no budgets to move"):
        towards_band(shares, BAND)


def test_growth_that_the_limits_do_not_allow_is_refused() -> None:
    shares = drawn_shares([(100, F(1), 1000), (100, F(1), 900)])
    for total in (1_900, 2_200):
        with pytest.raises(SelectionError, match="which cannot be"):
            by_growth(shares, total, GROWTH)
    with pytest.raises(SelectionError, match="moves no budget sensibly"):
        towards_band(shares, BandRule(F(2), F("0.01")))
    with pytest.raises(SelectionError, match="no money to share out"):
        fair_shares(weights_of([("A", F(5), F(1))]), envelope_pence=0, **CHANCE)


def test_a_factor_that_others_have_is_missed_and_one_that_nobody_has_is_one() -> None:
    weights = weights_of([("A", F(5), F(10)), ("B", F(5), F(10)), ("C", F(5), None)])
    weights["reason"] = [None, None, NO_AGES]
    factors = pd.DataFrame(
        {"practice_code": ["A"], "need_ratio": [F("1.2")], "mff_ratio": [None]}, dtype=object
    )
    found = with_factors(weights, factors)
    assert by_code(found, "weight") == {"A": F(12), "B": None, "C": None}
    assert by_code(found, "reason") == {"A": None, "B": NO_FACTOR, "C": NO_AGES}
    assert by_code(found, "mff_ratio") == dict.fromkeys("ABC", F(1))


# Weight sets.


def band_rows(*lines: str) -> pd.DataFrame:
    names = ["sex", "youngest_years", "oldest_years", "weight_ratio"]
    return pd.DataFrame([line.split(",") for line in lines], columns=names)


def made(*lines: str) -> WeightSet:
    return weight_set(band_rows(*lines), dated="2006/07", status="example", source="ours")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["ALL,0,4,1", "ALL,6,,2"], "no weight for age 5"),
        (["ALL,0,4,1", "ALL,4,,2"], "weighs age 4 a second time"),
        (["1,0,,1"], "neither 1 and 2 nor ALL"),
        (["1,0,,1", "2,1,,1"], "no weight for age 0 of sex 2"),
        (["ALL,0,,-1"], "below 0"),
        (["ALL,0,,much"], "'much' is no number"),
        (["ALL,0,,0"], "none of its weights is above 0"),
    ],
)
def test_a_weight_set_with_a_fault_is_refused(lines: list[str], says: str) -> None:
    with pytest.raises(ReferenceGap, match=says):
        made(*lines)


def test_a_set_by_sex_weighs_men_and_women_apart_and_needs_to_know_them() -> None:
    lists = pd.DataFrame(
        [("A", "1", "30", 100), ("A", "2", "95+", 100), ("B", "ALL", "30", 100),
         ("C", "2", "30", 100), ("D", "ALL", "ALL", 50), ("E", "9", "30", 1)],
        columns=["practice_code", "sex", "age", "n_patients"],
    )  # fmt: skip
    found = weigh(lists, made("1,0,,1", "2,0,89,2", "2,90,,5"))
    index = by_code(found, "age_index")
    assert index["C"] / index["A"] == F(2, 1) / F(6, 2)
    assert sum(w for w in found["weight"] if w is not None) == 300
    assert by_code(found, "reason") == {
        "A": None, "B": NO_AGES, "C": None, "D": NO_AGES, "E": NOT_WEIGHED,
    }  # fmt: skip
    either = weigh(lists, made("ALL,0,,1"))
    assert by_code(either, "n_patients") == {
        "A": 200, "B": 100, "C": 100, "D": None, "E": 1,
    }  # fmt: skip


def test_a_list_given_twice_with_and_without_sexes_is_counted_once() -> None:
    lists = pd.DataFrame(
        [("A", "1", "30", 60), ("A", "2", "30", 40), ("A", "ALL", "30", 100)],
        columns=["practice_code", "sex", "age", "n_patients"],
    )
    assert by_code(weigh(lists, made("ALL,0,,3")), "n_patients") == {"A": 100}


def test_nothing_that_is_shipped_for_fair_shares_passes_for_official() -> None:
    assert curve().dated == "2003/04"
    assert curve().status == "unverified"
    assert {r["status"] for r in share_rules(Shelf.open()).values()} <= {"example", "unverified"}


def test_the_latest_weights_not_after_the_year_count(tmp_path: Path) -> None:
    own_set(tmp_path, "2006-07")
    held = Shelf.open(tmp_path)
    assert chosen_weights(held, "2005/06").dated == "2003/04"
    assert chosen_weights(held, "2006/07").dated == "2006/07"
    with pytest.raises(ReferenceGap, match=r"Add reference/age_weights/2001-02\.csv"):
        chosen_weights(held, "2001/02")


def own_set(folder: Path, stem: str) -> None:
    (folder / "age_weights").mkdir(parents=True)
    (folder / "age_weights" / f"{stem}.csv").write_text(
        "sex,youngest_years,oldest_years,weight_ratio\nALL,0,64,1\nALL,65,,4\n"
    )
    (folder / "age_weights" / f"{stem}.yaml").write_text(
        "title: Ours\nsource: pbc_example\ncolumns:\n"
        "  weight_ratio: {unit: ratio, status: example}\n"
    )


def factors(folder: Path, text: str, more: str = "") -> Shelf:
    (folder / "practice_factors").mkdir(parents=True, exist_ok=True)
    (folder / "practice_factors" / "2018-19.csv").write_text(text)
    (folder / "practice_factors" / "2018-19.yaml").write_text(
        "title: Need of our practices\nsource: pbc_example\ncolumns:\n"
        f"  need_ratio: {{unit: ratio, status: example}}\n{more}"
    )
    return Shelf.open(folder)


def test_factors_that_are_no_numbers_are_all_named_at_once(tmp_path: Path) -> None:
    held = factors(tmp_path, "practice_code,need_ratio\nA,1.1\nA,0\nB,high\n")
    with pytest.raises(ReferenceGap, match=r"A stands there twice.*'0' of A.*'high' of B"):
        factors_of(held, "2018/19")


def test_a_table_that_cannot_be_read_is_refused_in_a_sentence(tmp_path: Path) -> None:
    held = factors(tmp_path, "practice_code,need_ratio\nA,1.1\nB,1.0,2,3\n")
    with pytest.raises(ReferenceGap, match="cannot be read as a table"):
        factors_of(held, "2018/19")


def test_a_rule_of_fair_shares_can_be_changed_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "fair_shares.yaml"
    own.write_text("rules:\n  pace_share: {value: 0.02, status: unverified, note: PCT board}\n")
    rules = share_rules(Shelf.open(tmp_path))
    assert rules["pace_share"]["value"] == F("0.02")
    assert rules["band_share"]["value"] == F("0.1")
    own.write_text("rules:\n  confidence_share: {value: 95}\n  band_share: {value: a tenth}\n")
    with pytest.raises(ReferenceGap, match=r"band_share \(a tenth\), confidence_share \(95\)"):
        share_rules(Shelf.open(tmp_path))


# On the demonstration PCT, and on a real ICB.


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["fair-shares", *words])
    assert done.exit_code == 0, f"{done.output} {done.exception}"
    return done.output


@pytest.mark.parametrize("weights", ["given", "age"])
def test_the_demonstration_pct_is_shared_out_whole(small_pct: Path, weights: str) -> None:
    found = shares_of(small_pct, "2018/19", weights=weights)
    p = found.shares.practices
    assert len(p) == 3
    assert found.shares.gaps.empty
    assert p["target_pence"].sum() == p["budget_pence"].sum() == found.shares.envelope_pence
    assert found.moved is not None
    assert found.moved.practices["final_pence"].sum() == found.shares.envelope_pence
    assert p["is_beyond_chance"].notna().all()


def test_lists_weighted_by_age_favour_the_practice_with_the_older_list(small_pct: Path) -> None:
    found = shares_of(small_pct, "2018/19", weights="age", total_pence=10**9)
    p = found.shares.practices
    old = max(by_code(p, "age_index").items(), key=lambda item: item[1])[0]
    head = by_code(p.assign(head=p["target_pence"] / p["n_patients"].astype(float)), "head")
    assert max(head, key=lambda code: head[code]) == old
    assert found.moved is None


def test_the_command_says_the_same_to_people_files_and_machines(
    small_pct: Path, tmp_path: Path
) -> None:
    path = tmp_path / "shares.csv"
    text = run("--year", "2018/19", "--data", str(small_pct), "--csv", str(path))
    told = json.loads(run("--year", "2018-19", "--data", str(small_pct), "--json"))
    kept = pd.read_csv(path)
    assert "A fair share is a benchmark" in text
    assert "cannot be told from chance" in text
    for practice, row in zip(told["practices"], kept.to_dict("records"), strict=True):
        assert practice["target_pence"] == row["target_pence"]
        pounds = f"£{practice['final_pence'] // 100:,}.{practice['final_pence'] % 100:02d}"
        assert pounds in text
        assert practice["reason"] is None
    assert told["envelope_pence"] == sum(p["target_pence"] for p in told["practices"])
    assert told["rules"]["band_share"] == {"value": 0.1, "status": "unverified"} | {
        "note": told["rules"]["band_share"]["note"]
    }


def test_the_command_grows_budgets_to_a_sum(small_pct: Path) -> None:
    envelope = shares_of(small_pct, "2018/19").shares.envelope_pence
    total = envelope * 105 // 100
    pounds = f"{total // 100}.{total % 100:02d}"
    words = ("--year", "2018/19", "--data", str(small_pct), "--grow-to", pounds)
    told = json.loads(run(*words, "--json"))
    assert sum(p["final_pence"] for p in told["practices"]) == total
    assert "nobody moves away from target" in run(*words)


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        (["--total", "ten"], SelectionError, "no sum of pounds"),
        (["--total", "1.005"], SelectionError, "no sum of pounds"),
        (["--total", "5", "--grow-to", "6"], SelectionError, "--total or --grow-to"),
        (["--weights", "luck"], SelectionError, "Choose one of: given, age"),
        (["--service", "maternity"], SelectionError, "none for the service 'maternity'"),
        (["--pct", "QQQ"], SelectionError, "No practice is registered with QQQ"),
        (["--year", "2013/14"], SelectionError, "No weighted lists of 2013/14"),
    ],
)
def test_what_cannot_be_done_is_said(
    small_pct: Path, words: list[str], error: type[Exception], says: str
) -> None:
    year = [] if "--year" in words else ["--year", "2018/19"]
    done = CliRunner().invoke(app, ["fair-shares", *words, *year, "--data", str(small_pct)])
    assert isinstance(done.exception, error)
    assert says in str(done.exception)


def test_need_and_market_forces_of_a_pct_count_and_are_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    lists = tmp_path / "list_sizes.csv"
    lists.write_text(
        "CODE,EXTRACT_DATE,SEX,AGE,NUMBER_OF_PATIENTS\n"
        "X1,01APR2018,MALE,40,1000\nX2,01APR2018,MALE,40,1000\nX3,01APR2018,MALE,40,2000\n"
    )
    register = tmp_path / "practices.csv"
    register.write_text(
        "PRACTICE_CODE,NAME,PCT_CODE,CONSORTIUM_CODE,OPEN_DATE,CLOSE_DATE,SUCCESSOR_CODE\n"
        "X1,One,5P4,,,,\nX2,Two,5P4,,,,\nX3,Three,5P4,,,,\nX4,Four,5P4,,,,\nY1,Other,5P5,,,,\n"
    )
    data = tmp_path / "data"
    pipeline.load(data, [lists, register])
    factors(data / "reference", "practice_code,need_ratio\nX1,1.5\nX2,0.5\nX3,1\n")
    words = ("--year", "2018/19", "--pct", "5P4", "--weights", "age", "--data", str(data))
    text = run(*words, "--total", "4000")
    assert "times need (an invented example: Need of our practices)" in text
    assert "no market forces factor is held" in text
    assert f"Left out, {NO_WEIGHT}: X4." in text
    told = json.loads(run(*words, "--total", "4000", "--json"))["practices"]
    assert [p["target_pence"] for p in told] == [150_000, 50_000, 200_000, None]
    with pytest.raises(SelectionError, match="Choose with --pct: 5P4, 5P5"):
        shares_of(data, "2018/19", weights="age", total_pence=1)
    with pytest.raises(StoreError, match="Run 'pbc build' first"):
        shares_of(data, "2018/19", pct="5P4", weights="age")
    # Need that the practices' own records gave is drawn in: a list of 1,000 shows mostly chance.
    text = "practice_code,need_ratio\nX1,1.5\nX2,0.5\nX3,1\n"
    factors(data / "reference", text, "rules:\n  need_spread_share: {value: 0.08}\n")
    drawn = json.loads(run(*words, "--total", "4000", "--json"))["practices"]
    rel = reliability(F(1000), F("0.08"), F("4.05"))
    assert drawn[0]["target_pence"] == round(100_000 * (1 + rel / 2))
    assert "drawn towards the mean" in run(*words, "--total", "4000")


def official(shared_data: Path) -> list[dict[str, str]]:
    path = shared_data / "weighted-populations-practice" / "2023_2024.csv"
    if not path.is_file():
        pytest.skip("the official weighted populations are not on this machine")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_real_icb_is_shared_out_to_the_penny(shared_data: Path, tmp_path: Path) -> None:
    rows = official(shared_data)
    register = tmp_path / "practices.csv"
    with register.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["PRACTICE_CODE", "NAME", "PCT_CODE"])
        writer.writerows([r["Practice_Code"], r["GP_Practice_Name"], r["ICS22"]] for r in rows)
    data = tmp_path / "data"
    pipeline.load(data, [register])
    path = shared_data / "weighted-populations-practice" / "2023_2024.csv"
    pipeline.load(data, [path], wishes=Wishes(year="2023/24"))
    total = 512_345_678_901
    for service, column in (("all", "Final WP"), ("prescribing", "Prescr WP")):
        found = shares_of(data, "2023/24", pct="QOP", service=service, total_pence=total)
        ours = {r["Practice_Code"]: F(r[column]) for r in rows if r["ICS22"] == "QOP"}
        assert len(ours) == len(found.shares.practices) == 427
        assert found.shares.gaps.empty
        got = by_code(found.shares.practices, "target_pence")
        assert sum(got.values()) == total
        whole = sum(ours.values())
        assert all(abs(got[c] - total * w / whole) < PENNY for c, w in ours.items())


def test_in_every_real_icb_steps_from_heads_towards_need_keep_every_penny(
    shared_data: Path,
) -> None:
    """Budgets by head, invented; weights and lists, official."""
    rows = official(shared_data)
    for icb in sorted({r["ICS22"] for r in rows})[::7]:
        own = [r for r in rows if r["ICS22"] == icb]
        weights = weights_of(
            [(r["Practice_Code"], F(r["pop 2022/23"]), F(r["Final WP"])) for r in own]
        )
        budgets = budgets_of({r["Practice_Code"]: int(F(r["pop 2022/23"]) * 250_000) for r in own})
        shares = fair_shares(weights, budgets=budgets, **CHANCE)
        assert shares.practices["target_pence"].sum() == shares.envelope_pence
        beyond = shares.practices["is_beyond_chance"].astype(bool)
        assert 0 < beyond.sum() < len(own)
        for moved in steps(shares):
            p = moved.practices
            assert p["final_pence"].sum() == moved.envelope_pence
            closer = [
                abs(a) <= abs(d) + F(1, 10**6)
                for a, d in zip(p["distance_after_share"], p["distance_share"], strict=True)
            ]
            assert all(closer)
