"""Schemes of known effect, and of none; what comes back on its own."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.alerts import evaluated, schemes
from pbcanalytics.demand.comparing.overdispersion import spread
from pbcanalytics.demand.schemes.evaluation import (
    Detectable,
    controlled_difference,
    expected_return_ratio,
    least_detectable,
)
from pbcanalytics.words.errors import SelectionError

N_WORLDS = 500


@pytest.mark.parametrize(
    ("mean", "rho", "dispersion"), [(50, 0.4, 0.02), (200, 0.4, 0.02), (200, 0.0, 0.02)]
)
def test_a_scheme_that_does_nothing_is_found_no_oftener_than_it_should_be(
    mean: float, rho: float, dispersion: float
) -> None:
    drawn = schemes(3, mean, 0.0, n=N_WORLDS, rho=rho, dispersion=dispersion)
    # 4 to 8% (trends 1.7), told to a point by 500 worlds.
    assert 0.03 <= evaluated(drawn)[0] <= 0.08


def test_a_scheme_of_several_practices_is_judged_as_one_of_several() -> None:
    drawn = schemes(2, 200, 0.0, n=N_WORLDS, rho=0.0, dispersion=0.02)
    assert 0.03 <= evaluated(drawn, n_treated=6)[0] <= 0.08


def test_a_single_series_by_itself_finds_effects_where_there_are_none() -> None:
    # What the controls are for: a Poisson test of 12 months against the 12 before.
    drawn = schemes(3, 200, 0.0, n=N_WORLDS, rho=0.4, dispersion=0.02)
    own = np.array([x[0] for x in drawn])
    before, after = own[:, -24:-12].sum(axis=1), own[:, -12:].sum(axis=1)
    z = np.abs(after - before) / np.sqrt(after + before)
    assert (z > 1.96).mean() > 0.25


@pytest.mark.parametrize(("rho", "dispersion"), [(0.0, 0.02), (0.4, 0.01)])
def test_a_fifth_less_of_two_hundred_a_month_is_found(rho: float, dispersion: float) -> None:
    drawn = schemes(5, 200, -0.2, n=300, rho=rho, dispersion=dispersion)
    power, _, fall = evaluated(drawn)
    assert power >= 0.85
    # And that it would be was told before.
    assert 0.8 < fall < 0.86


def test_what_was_called_detectable_before_is_found_in_eight_of_ten_cases() -> None:
    quiet = schemes(7, 100, 0.0, n=100, rho=0.0, dispersion=0.02)
    fall = evaluated(quiet)[2]
    drawn = schemes(8, 100, fall - 1, n=400, rho=0.0, dispersion=0.02)
    assert evaluated(drawn)[0] == pytest.approx(0.8, abs=0.07)


def test_the_effect_and_its_interval_are_those_planted() -> None:
    treated = np.arange(31) == 0
    covered, ratios = [], []
    for counts in schemes(9, 200, -0.2, n=300, rho=0.0, dispersion=0.02):
        frame, flat = pd.DataFrame(counts), np.ones(48)
        before = least_detectable(frame.iloc[:, :36], flat[:36], treated)
        effect = controlled_difference(frame, flat, treated, before)
        covered.append(effect.lower <= 0.8 <= effect.upper)
        ratios.append(effect.ratio)
        assert effect.before is before
    assert np.mean(ratios) == pytest.approx(0.8, abs=0.01)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.035)


def test_a_group_of_practices_shows_a_smaller_effect_than_one() -> None:
    counts = pd.DataFrame(schemes(1, 50, 0.0, n=1, rho=0.0, dispersion=0.02)[0])
    flat = np.ones(48)
    one = least_detectable(counts, flat, np.arange(31) == 0)
    six = least_detectable(counts, flat, np.arange(31) < 6)
    assert one.fall < six.fall < 1 < six.rise < one.rise


@given(st.floats(0.2, 5), st.floats(0.5, 2), st.integers(0, 10_000))
def test_what_happens_to_all_alike_is_no_effect(growth: float, days: float, seed: int) -> None:
    counts = np.random.default_rng(seed).integers(20, 300, (12, 24)).astype(float)
    treated = np.arange(12) == 3
    usual = np.ones(24)
    before = Detectable(0.8, 1.25, 0.1, 11)
    one = controlled_difference(pd.DataFrame(counts), usual, treated, before)
    # Working days and a growth that all share, known or not, change nothing.
    known = usual.copy()
    known[-12:] *= days
    other = controlled_difference(pd.DataFrame(counts), known, treated, before)
    assert other.ratio == pytest.approx(one.ratio)
    order = np.random.default_rng(seed).permutation(12)
    again = controlled_difference(pd.DataFrame(counts[order]), usual, treated[order], before)
    assert again.p_share == pytest.approx(one.p_share)
    grown = counts.copy()
    grown[:, -12:] *= growth
    assert controlled_difference(pd.DataFrame(grown), usual, treated, before).ratio == (
        pytest.approx(one.ratio, rel=0.01)
    )


def test_counts_of_nothing_still_have_an_answer() -> None:
    counts = np.random.default_rng(1).poisson(0.2, (20, 24)).astype(float)
    counts[0] = 0
    treated = np.arange(20) == 0
    before = least_detectable(pd.DataFrame(counts), np.ones(24), treated)
    found = controlled_difference(pd.DataFrame(counts), np.ones(24), treated, before)
    assert found.lower < found.ratio < found.upper
    assert before.fall < 0.2


def test_a_control_with_an_unknown_month_is_left_out_and_a_treated_one_refused() -> None:
    counts = np.random.default_rng(1).poisson(50, (20, 24)).astype(float)
    counts[5, 4] = np.nan
    frame = pd.DataFrame(counts, index=[f"P{i}" for i in range(20)])
    treated = np.arange(20) == 0
    before = least_detectable(frame, np.ones(24), treated)
    assert before.n_placebos == 18
    assert "P5" not in controlled_difference(frame, np.ones(24), treated, before).placebos.index
    with pytest.raises(SelectionError, match="1 treated units have months that are not known"):
        least_detectable(frame, np.ones(24), np.arange(20) == 5)


def test_every_fault_of_a_question_about_a_scheme_is_named() -> None:
    few = pd.DataFrame(np.ones((5, 20)))
    with pytest.raises(SelectionError) as caught:
        least_detectable(few, np.ones(20), np.zeros(5, bool))
    for part in ("12 months before and 12 after", "no unit is treated", "5 controls"):
        assert part in str(caught.value)
    with pytest.raises(SelectionError, match="3 units are marked"):
        least_detectable(few, np.ones(20), np.ones(3, bool))


@pytest.mark.parametrize(("n_patients", "share"), [(3_000, 0.059), (6_500, 0.031), (12_000, 0.017)])
def test_the_costliest_fifth_comes_back_as_far_as_the_reference_says(
    n_patients: int, share: float
) -> None:
    # trends 5: k 3.6, true spread 8%; a fifth is 1.4 standard deviations above the mean.
    chance = 3.6**2 / n_patients
    excess = 1.39981 * (0.08**2 + chance) ** 0.5
    assert float(expected_return_ratio(1 + excess, 0.08**2, chance)) == (
        pytest.approx(share, abs=0.0008)
    )


def test_choosing_the_worst_and_measuring_again_finds_a_saving_that_nobody_made() -> None:
    rng = np.random.default_rng(4)
    n_worlds, n_units, expected, tau = 400, 60, 120.0, 0.10
    levels = rng.gamma(1 / tau**2, tau**2, (n_worlds, n_units))
    year = rng.poisson(expected * levels).astype(float)
    following = rng.poisson(expected * levels).astype(float)
    chosen = np.argsort(-year, axis=1)[:, :12]

    def of_chosen(x: Any) -> Any:
        return np.take_along_axis(x, chosen, axis=1)

    seen = spread(year, np.full(year.shape, expected))
    ratio = year / expected / seen.mean_ratio[:, None]
    foretold = expected_return_ratio(ratio, seen.tau_squared[:, None], 1 / expected)
    fall = (of_chosen(year) - of_chosen(following)).mean() / expected
    assert fall > 0.07
    assert of_chosen(foretold).mean() == pytest.approx(fall, abs=0.01)
    # Chosen without looking at this year, nobody comes back.
    assert abs((year - following)[:, :12].mean()) / expected < 0.01


def test_an_evaluation_of_the_worst_is_fooled_unless_its_baseline_is_another_year() -> None:
    rng = np.random.default_rng(6)
    effects: dict[str, list[float]] = {"same year": [], "another year": []}
    for _ in range(300):
        levels = rng.gamma(100, 1 / 100, (40, 1))
        # Three years whose months share a year's own luck; nothing is done in any.
        years = [rng.poisson(10 * levels * rng.gamma(60, 1 / 60, (40, 1)), (40, 12)) for _ in "abc"]
        worst = np.argsort(-years[1].sum(axis=1))[:5]
        treated = np.isin(np.arange(40), worst)
        for name, first in (("same year", 1), ("another year", 0)):
            frame = pd.DataFrame(np.hstack([years[first], years[2]]).astype(float))
            before = Detectable(0.8, 1.25, 0.1, 35)
            found = controlled_difference(frame, np.ones(24), treated, before)
            effects[name].append(np.log(found.ratio))
    assert np.exp(np.mean(effects["same year"])) < 0.85
    assert np.exp(np.mean(effects["another year"])) == pytest.approx(1, abs=0.02)
