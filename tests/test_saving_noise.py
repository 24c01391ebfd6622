"""What a pay-out rule pays where nothing has changed: closed forms beside drawn worlds."""

from dataclasses import replace
from fractions import Fraction
from math import sqrt
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics.budgets.savings.noise import (
    ABOVE_MINIMUM,
    CREDIBLE,
    DEFAULT,
    NAIVE,
    ONCE_PASSED,
    PAY_OUTS,
    chance_of_passing_share,
    credible_share,
    expected_for_noise_share,
    minimum_saving_share,
    payable_pence,
    raised_minimum_share,
    saving_noise_share,
)
from pbcanalytics.budgets.savings.noise_terms import noise_terms
from pbcanalytics.budgets.savings.prospects import Prospect, prospect
from pbcanalytics.reference import STATUSES, Shelf
from pbcanalytics.words.errors import SelectionError

RECORD: Final = Shelf.open().record("saving_noise")
TERMS: Final = noise_terms(RECORD.rules)
SEVENTY: Final = Fraction(7, 10)
LISTS: Final = (2_000, 6_500, 10_000, 30_000, 100_000, 300_000)

lists = st.integers(300, 2_000_000)
shares = st.fractions("0.05", 1)


@pytest.mark.parametrize(
    ("years", "per_cent"),
    [
        ((1, 1), (14.813, 8.489, 7.010, 4.556, 3.290)),
        ((3, 1), (12.185, 7.087, 5.912, 4.004, 3.067)),
        ((3, 2), (9.760, 5.819, 4.930, 3.533, 2.888)),
    ],
)
def test_the_minimum_savings_rate_is_that_of_the_method_reference(
    years: tuple[int, int], per_cent: tuple[float, ...]
) -> None:
    """Trends 5, verification values (k 3.6, drift 2%)."""
    terms = replace(TERMS, base_years=years[0], measured_years=years[1])
    found = [100 * minimum_saving_share(n, terms) for n in LISTS[:5]]
    assert found == pytest.approx(per_cent, abs=0.0006)


def test_seven_tenths_of_any_underspend_pay_for_chance_what_the_method_reference_says() -> None:
    """Trends 5: 1.85% of the budget of a practice of 6,500, and still 0.6% at 300,000."""
    found = [100 * expected_for_noise_share(NAIVE, n, SEVENTY, TERMS) for n in LISTS]
    assert found == pytest.approx([3.24, 1.85, 1.53, 0.99, 0.72, 0.61], abs=0.015)
    assert found[1] == pytest.approx(1.85, abs=0.005)


@pytest.mark.parametrize(
    ("pay_out", "per_cent"),
    [
        (ONCE_PASSED, (0.81, 0.44, 0.32)),
        (ABOVE_MINIMUM, (0.22, 0.12, 0.09)),
        (CREDIBLE, (0.16, 0.24, 0.27)),
        (DEFAULT, (0.22, 0.12, 0.09)),
    ],
)
def test_the_closed_forms_are_those_of_the_method_reference(
    pay_out: str, per_cent: tuple[float, ...]
) -> None:
    """Trends 7, goal 8."""
    found = [
        100 * expected_for_noise_share(pay_out, n, SEVENTY, TERMS) for n in (6_500, 30_000, 100_000)
    ]
    assert found == pytest.approx(per_cent, abs=0.006)


def test_the_power_is_that_of_the_method_reference() -> None:
    for n, three, five in ((2_000, 0.15, 0.20), (6_500, 0.20, 0.30), (100_000, 0.46, 0.75)):
        minimum = minimum_saving_share(n, TERMS)
        assert chance_of_passing_share(0.03, minimum, n, TERMS) == pytest.approx(three, abs=0.006)
        assert chance_of_passing_share(0.05, minimum, n, TERMS) == pytest.approx(five, abs=0.006)


@given(lists, shares)
def test_the_default_rule_pays_chance_at_most_a_quarter_of_a_per_cent_at_any_list(
    n: int, share: Fraction
) -> None:
    expected = expected_for_noise_share(DEFAULT, n, share, TERMS)
    assert expected <= TERMS.most_noise_share + 1e-9
    raised = raised_minimum_share(n, share, TERMS)
    assert raised >= minimum_saving_share(n, TERMS) - 1e-12
    assert chance_of_passing_share(0, raised, n, TERMS) <= 0.1 + 1e-9
    if raised > minimum_saving_share(n, TERMS) + 1e-9:
        assert expected == pytest.approx(TERMS.most_noise_share), "raised no further than needed"
    assert expected <= expected_for_noise_share(ABOVE_MINIMUM, n, share, TERMS) + 1e-12


@given(lists, shares)
def test_a_rule_that_asks_more_pays_chance_less(n: int, share: Fraction) -> None:
    paid = {p: expected_for_noise_share(p, n, share, TERMS) for p in PAY_OUTS}
    assert paid[NAIVE] > paid[ONCE_PASSED] > paid[ABOVE_MINIMUM] > 0.999999 * paid[DEFAULT] > 0
    assert paid[NAIVE] > paid[CREDIBLE] > 0
    larger = expected_for_noise_share(NAIVE, 2 * n, share, TERMS)
    assert larger < paid[NAIVE], "pooling pays less for chance"
    assert credible_share(2 * n, TERMS) > credible_share(n, TERMS)


def null_world(n_patients: int, n_worlds: int, seed: int) -> tuple[Any, Any]:
    """
    Draw budgets and spendings in which nothing has changed.

    A year's cost of `n` persons, each gamma with standard deviation k times the mean, is gamma
    itself: skew and all. The spending also drifts. The mean of both is 1.
    """
    rng = np.random.default_rng(seed)
    shape = n_patients / TERMS.spread_per_person_ratio**2
    budget = rng.gamma(shape, 1 / shape, n_worlds)
    spent = rng.gamma(shape, 1 / shape, n_worlds) + rng.normal(0, TERMS.drift_share, n_worlds)
    return budget, spent


@pytest.mark.parametrize("n", [2_000, 6_500, 30_000, 100_000])
def test_in_drawn_worlds_without_change_the_closed_forms_hold(n: int) -> None:
    budget, spent = null_world(n, 400_000, seed=n)
    saved = budget - spent
    naive = 0.7 * np.maximum(saved, 0)
    minimum = raised_minimum_share(n, SEVENTY, TERMS)
    default = 0.7 * np.maximum(saved - minimum, 0)
    assert naive.mean() == pytest.approx(
        expected_for_noise_share(NAIVE, n, SEVENTY, TERMS), rel=0.02
    )
    assert default.mean() == pytest.approx(
        expected_for_noise_share(DEFAULT, n, SEVENTY, TERMS), rel=0.06
    )
    assert default.mean() <= 0.0025 * 1.06
    assert (default > 0).mean() <= 0.105


def test_a_practice_of_6500_is_paid_1_85_per_cent_for_chance_by_the_naive_rule() -> None:
    budget, spent = null_world(6_500, 400_000, seed=2006)
    naive = 0.7 * np.maximum(budget - spent, 0)
    assert 100 * naive.mean() == pytest.approx(1.85, abs=0.03)
    default = 0.7 * np.maximum(budget - spent - raised_minimum_share(6_500, SEVENTY, TERMS), 0)
    assert 100 * default.mean() <= 0.25


def test_ten_thousand_practices_without_change_are_paid_in_pence_what_the_forms_say() -> None:
    """The whole way, by `payable_pence` on budgets of £4m of which each practice has its own."""
    budgets, spent = (np.rint(x * 4e8).astype(int).tolist() for x in null_world(6_500, 10_000, 7))
    paid = {
        p: [
            payable_pence(p, b - s, 400_000_000, 6_500, SEVENTY, TERMS)
            for b, s in zip(budgets, spent, strict=True)
        ]
        for p in PAY_OUTS
    }
    for pay_out, sums in paid.items():
        expected = expected_for_noise_share(pay_out, 6_500, SEVENTY, TERMS)
        assert sum(sums) / 10_000 / 4e8 == pytest.approx(expected, abs=0.0004), pay_out
    assert sum(p > 0 for p in paid[DEFAULT]) <= 1_050
    assert sum(paid[DEFAULT]) / 10_000 / 4e8 <= 0.0025


@given(
    st.integers(-(10**10), 10**10), st.integers(1, 10**10), lists, shares, st.sampled_from(PAY_OUTS)
)
def test_no_rule_pays_for_an_overspend_nor_more_than_the_share(
    saving: int, budget: int, n: int, share: Fraction, pay_out: str
) -> None:
    paid = payable_pence(pay_out, saving, budget, n, share, TERMS)
    assert 0 <= paid <= max(saving, 0) * share + Fraction(1, 2)
    more = payable_pence(pay_out, saving + 1000, budget, n, share, TERMS)
    assert more >= paid
    if pay_out == NAIVE:
        assert abs(paid - share * max(saving, 0)) <= Fraction(1, 2)


def test_the_default_rule_pays_the_share_of_what_is_above_the_minimum() -> None:
    minimum = minimum_saving_share(30_000, TERMS)
    paid = payable_pence(DEFAULT, 10_000_000, 100_000_000, 30_000, SEVENTY, TERMS)
    assert paid == pytest.approx(0.7 * (10_000_000 - minimum * 100_000_000), abs=1)
    once = payable_pence(ONCE_PASSED, 10_000_000, 100_000_000, 30_000, SEVENTY, TERMS)
    assert once == 7_000_000
    assert payable_pence(ONCE_PASSED, 4_000_000, 100_000_000, 30_000, SEVENTY, TERMS) == 0
    assert minimum == pytest.approx(0.04556, abs=1e-5)


@pytest.mark.parametrize("n", [0, -5, float("nan")])
def test_a_list_of_nobody_is_refused(n: float) -> None:
    with pytest.raises(SelectionError, match="list size above 0"):
        saving_noise_share(n, TERMS)


def test_a_pay_out_rule_that_does_not_exist_is_refused() -> None:
    for ask in (
        lambda: expected_for_noise_share("generous", 6_500, SEVENTY, TERMS),
        lambda: payable_pence("generous", 1, 1, 6_500, SEVENTY, TERMS),
    ):
        with pytest.raises(SelectionError, match="above_raised_minimum"):
            ask()


def test_no_term_of_chance_is_shown_as_official_and_impossible_ones_are_refused_at_once() -> None:
    for name, rule in RECORD.rules.items():
        assert rule["status"] in STATUSES, name
        assert rule["status"] != "official", name
        assert rule["unit"], name
        assert rule["value"] is not None, name
    odd = RECORD.rules | {"drift_share": {"value": None}, "base_years": {"value": 0}}
    with pytest.raises(SelectionError, match=r"drift_share is None.*base_years is 0"):
        noise_terms(odd)


def seen(elapsed: Fraction, actual: int, **changed: Any) -> Prospect:
    asked: dict[str, Any] = {
        "budget_pence": 400_000_000,
        "expected_pence": 400_000_000,
        "actual_pence": actual,
        "elapsed_share": elapsed,
        "n_patients": 6_500,
        "practice_share": SEVENTY,
        "terms": TERMS,
        "n_months": 0,
    }
    return prospect(**(asked | changed))


def test_before_the_year_the_expected_share_is_what_the_naive_rule_pays_for_chance() -> None:
    before = seen(Fraction(0), 0)
    assert before.outturn_pence == 400_000_000
    assert before.chance_of_share == pytest.approx(0.5)
    naive = expected_for_noise_share(NAIVE, 6_500, SEVENTY, TERMS)
    assert before.expected_share_pence == pytest.approx(naive * 400_000_000, abs=1)


def test_at_the_end_of_the_year_the_share_is_known_and_nothing_is_chance() -> None:
    done = seen(Fraction(1), 390_000_000)
    assert done.outturn_pence == done.low_80_pence == done.high_80_pence == 390_000_000
    assert (done.chance_of_share, done.expected_share_pence) == (1.0, 7_000_000)
    claimed = seen(Fraction(1), 390_000_000, first_claims_pence=4_000_000)
    assert claimed.expected_share_pence == 4_200_000
    over = seen(Fraction(1), 410_000_000)
    assert (over.chance_of_share, over.expected_share_pence, over.if_any_pence) == (0.0, 0, None)


@given(st.integers(1, 11), st.integers(300, 300_000))
def test_each_month_narrows_the_range_and_the_rate_lies_between_the_years(
    month: int, n: int
) -> None:
    now, later = (seen(Fraction(m, 12), 30_000_000 * m, n_patients=n) for m in (month, month + 1))
    assert later.high_80_pence - later.low_80_pence < now.high_80_pence - now.low_80_pence
    straight = 360_000_000
    assert straight < now.outturn_pence < 400_000_000
    assert later.outturn_pence <= now.outturn_pence
    cut = seen(Fraction(month, 12), 30_000_000 * month, n_patients=n, budget_pence=350_000_000)
    assert cut.chance_of_share < now.chance_of_share
    assert cut.outturn_pence == now.outturn_pence, "a cut budget changes no spending"


@pytest.mark.parametrize("month", [3, 6, 9])
def test_in_drawn_years_the_chance_of_a_share_and_its_size_come_true(month: int) -> None:
    """Practices of 6,500 whose base year and budget year are drawn from the terms."""
    rng = np.random.default_rng(month)
    n_worlds, n = 4_000, 6_500
    chance = TERMS.spread_per_person_ratio / sqrt(n)
    true = 1 + TERMS.drift_share * rng.standard_normal(n_worlds)
    base = 1 + chance * rng.standard_normal(n_worlds)
    part = month / 12
    first = part * true + chance * sqrt(part) * rng.standard_normal(n_worlds)
    rest = (1 - part) * true + chance * sqrt(1 - part) * rng.standard_normal(n_worlds)
    made = [
        seen(
            Fraction(month, 12),
            round(4e8 * spent),
            expected_pence=round(4e8 * budget),
            budget_pence=round(4e8 * budget),
        )
        for budget, spent in zip(base.tolist(), first.tolist(), strict=True)
    ]
    outturn = 4e8 * (first + rest)
    budgets = 4e8 * base
    inside = [p.low_80_pence <= x <= p.high_80_pence for p, x in zip(made, outturn, strict=True)]
    assert np.mean(inside) == pytest.approx(0.8, abs=0.025)
    happened = (budgets > outturn).mean()
    assert np.mean([p.chance_of_share for p in made]) == pytest.approx(happened, abs=0.02)
    size = (0.7 * np.maximum(budgets - outturn, 0)).mean()
    assert np.mean([p.expected_share_pence for p in made]) == pytest.approx(size, rel=0.06)


@pytest.mark.parametrize(
    "odd", [{"elapsed_share": Fraction(3, 2)}, {"n_patients": 0}, {"expected_pence": 0}]
)
def test_nothing_is_foreseen_from_an_impossible_year(odd: dict[str, Any]) -> None:
    with pytest.raises(SelectionError, match="Nothing can be foreseen"):
        seen(**({"elapsed": Fraction(1, 2), "actual": 1} | _moved(odd)))


def _moved(odd: dict[str, Any]) -> dict[str, Any]:
    return {"elapsed" if k == "elapsed_share" else k: v for k, v in odd.items()}


def test_the_table_of_the_docs_is_what_the_closed_forms_give() -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "freed-up-resources.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    for n in (2_000, 6_500, 10_000, 30_000, 100_000):
        raised = raised_minimum_share(n, SEVENTY, TERMS)
        naive, default = (expected_for_noise_share(p, n, SEVENTY, TERMS) for p in (NAIVE, DEFAULT))
        assert f"| {n:,} | {raised:.1%} | {naive:.2%} | {default:.2%} |" in lines
