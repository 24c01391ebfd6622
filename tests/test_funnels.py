"""Funnels, the spread of peers, ranks and nearest peers: published figures, and luck."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pbcanalytics.demand.comparing import funnels, ranks
from pbcanalytics.demand.comparing.funnels import (
    beyond_peers,
    funnel,
    funnelplotr_ratio_limits,
    least_detectable_ratio,
    peer_limits,
    phe_proportion_limits,
    phe_ratio_limits,
    significance,
)
from pbcanalytics.demand.comparing.overdispersion import (
    count_tail,
    cqc,
    cqc_limits,
    critical_count,
    detectable_mean,
    shmi,
    shmi_limits,
    spread,
)
from pbcanalytics.demand.comparing.peers import nearest_peers
from pbcanalytics.words.errors import SelectionError

# trends 1.4: FunnelPlotR's own example of over-dispersion.
OBSERVED = np.array([100.0, 150, 180, 80, 120, 225])
EXPECTED = np.array([108.0, 112, 165, 95, 100, 220])


@pytest.mark.parametrize(
    ("observed", "inner", "outer"),
    [
        (5, (11.668333, 1.623486), (16.454745, 0.739372)),
        (20, (30.888381, 12.216519), (38.041887, 8.958211)),
        (76, (95.125344, 59.879360), None),
    ],
)
def test_the_ratio_funnel_is_that_of_public_health_england(
    observed: float, inner: tuple[float, float], outer: tuple[float, float] | None
) -> None:
    # The macro that these come from halves intervals, to 5e-5.
    assert phe_ratio_limits(observed)[::-1] == pytest.approx(inner, rel=5e-5)
    if outer:
        assert phe_ratio_limits(observed, 0.998)[::-1] == pytest.approx(outer, rel=5e-5)


@pytest.mark.parametrize(
    ("people", "confidence", "low", "high"),
    [
        (30, 0.95, 66.504234, 94.780661),
        (30, 0.998, 58.351036, 100.0),
        (664, 0.95, 77.637263, 83.647632),
    ],
)
def test_the_proportion_funnel_is_that_of_public_health_england(
    people: int, confidence: float, low: float, high: float
) -> None:
    found = phe_proportion_limits(0.80642448, people, confidence)
    assert [100 * float(x) for x in found] == pytest.approx([low, high], abs=1e-5)


def test_the_third_definition_is_that_of_funnelplotr() -> None:
    for confidence, lows, highs in (
        (
            0.95,
            (0.5596924089, 0.6108259793, 0.6746958007),
            (1.649347925, 1.544418895, 1.427562180),
        ),
        (
            0.998,
            (0.3862650349, 0.4479106634, 0.5289723599),
            (2.082907302, 1.902094068, 1.702770806),
        ),
    ):
        low, high = funnelplotr_ratio_limits([15, 20, 30], confidence)
        assert list(low) == pytest.approx(lows, rel=1e-9)
        assert list(high) == pytest.approx(highs, rel=1e-9)


def test_with_twenty_events_expected_only_a_doubling_is_likely_to_be_seen() -> None:
    # Exactly: the first count that luck passes 1 time in 1,000 is 36; Poisson 40.93 reaches it.
    assert float(least_detectable_ratio(20)) == pytest.approx(2.0464, abs=1e-4)
    assert stats.poisson.sf(35, 20) <= 0.001 < stats.poisson.sf(34, 20)
    assert stats.poisson.sf(35, 20 * 2.0464) == pytest.approx(0.8, abs=1e-4)


def test_verdicts_are_those_of_phe_indicator_methods() -> None:
    rows = [
        (8, 6.23986, funnels.USUAL),
        (151, 106.442972, funnels.HIGH_OUTER),
        (159, 232.932904, funnels.LOW_OUTER),
        (150, 119.569550, funnels.HIGH_INNER),
        (101, 126.297361, funnels.LOW_INNER),
        (0, 240.627350, funnels.LOW_OUTER),
        (182, 143.680430, funnels.HIGH_INNER),
        (241, 288.691902, funnels.LOW_INNER),
        (np.nan, 5, funnels.NOT_KNOWN),
        (5, 0, funnels.NOT_KNOWN),
    ]
    observed, expected, verdicts = zip(*rows, strict=True)
    assert list(significance(observed, expected)) == list(verdicts)


def test_over_dispersion_is_replicated_as_funnelplotr_reckons_it() -> None:
    found = shmi(OBSERVED, EXPECTED)
    assert list(found.z) == pytest.approx(
        [-0.79980260, 3.09168129, 1.11768137, -1.67498911, 1.82321557, 0.33332632], abs=1e-8
    )
    assert found.n_units == 6
    assert found.phi == pytest.approx(2.9480331751, rel=1e-10)
    assert found.tau_squared == pytest.approx(0.0194775306, abs=1e-10)
    assert [float(x) for x in shmi_limits(108, found.tau_squared)] == pytest.approx(
        [0.717306749, 1.39410371], rel=1e-8
    )
    pulled = cqc(OBSERVED, EXPECTED)
    assert pulled.phi == pytest.approx(2.3271782576, rel=1e-10)
    assert pulled.tau_squared == pytest.approx(0.0034397802, abs=1e-10)
    assert [float(x) for x in cqc_limits(108, pulled.tau_squared)] == pytest.approx(
        [0.851318999, 1.148681], abs=1e-8
    )


def test_a_tenth_of_the_units_is_cut_at_each_end_as_the_shmi_does() -> None:
    observed = np.arange(80.0, 120.0, 2)
    assert shmi(observed, np.full(20, 100.0)).n_units == 16


def drawn(tau: float, low: float, high: float, n: int = 300) -> tuple[Any, Any]:
    """Units of known spread, as trends 1.4 drew them."""
    rng = np.random.default_rng(11)
    expected = np.exp(rng.uniform(np.log(low), np.log(high), (n, 60)))
    levels = rng.gamma(1 / tau**2, tau**2, expected.shape) if tau else 1.0
    return rng.poisson(expected * levels).astype(float), expected


@pytest.mark.parametrize(
    ("tau", "low", "high", "moments"),
    [
        (0.05, 20, 600, 0.046),
        (0.10, 20, 600, 0.095),
        (0.20, 20, 600, 0.193),
        (0.10, 5, 60, 0.085),
        (0, 5, 60, 0.027),
    ],
)
def test_moments_find_the_spread_that_trimmed_estimators_lose(
    tau: float, low: float, high: float, moments: float
) -> None:
    observed, expected = drawn(tau, low, high)
    found = float(np.sqrt(spread(observed, expected).tau_squared).mean())
    assert found == pytest.approx(moments, abs=0.008)
    if tau:
        trimmed = [shmi(np.maximum(o, 0.5), e) for o, e in zip(observed, expected, strict=True)]
        assert np.mean([np.sqrt(x.tau_squared) for x in trimmed]) < 0.75 * found


def test_one_wild_unit_does_not_make_all_its_peers_look_alike() -> None:
    observed, expected = drawn(0.1, 100, 600)
    wild = observed.copy()
    wild[:, 0] = 4 * expected[:, 0]
    plain, robust = (np.sqrt(spread(wild, expected, robust=r).tau_squared) for r in (False, True))
    assert plain.mean() > 0.25
    assert robust.mean() == pytest.approx(0.1, abs=0.02)
    assert beyond_peers(wild[0], expected[0], spread(wild[0], expected[0], robust=True))[0] == (
        funnels.HIGH_OUTER
    )


def test_few_units_are_beyond_their_peers_where_peers_differ() -> None:
    observed, expected = drawn(0.15, 50, 600)
    by_chance = significance(observed, expected) != funnels.USUAL
    by_peers = beyond_peers(observed, expected, spread(observed, expected)) != funnels.USUAL
    assert by_chance.mean() > 0.25
    assert by_peers.mean() < 0.06


def test_a_funnel_gives_both_answers_and_what_it_could_not_see() -> None:
    units = pd.Series(OBSERVED, index=list("abcdef"))
    table = funnel(units, EXPECTED).table
    assert list(table.index) == list("abcdef")
    assert table.loc["b", "chance"] == funnels.HIGH_OUTER
    assert table.loc["b", "peers"] == funnels.USUAL
    assert (table["peers_upper_95"] > table["chance_upper_95"]).all()
    assert table.loc["f", "least_detectable_ratio"] < table.loc["d", "least_detectable_ratio"]


@given(st.floats(0.05, 3_000), st.sampled_from([0, 1e-3, 0.05, 1.0, 3.0]), st.floats(1e-7, 0.999))
def test_critical_counts_are_quantiles_of_the_negative_binomial(
    mean: float, tau: float, tail: float
) -> None:
    of = stats.nbinom(1 / tau, 1 / (1 + tau * mean)) if tau else stats.poisson(mean)
    critical = float(critical_count(mean, tau, tail))
    assert float(count_tail(critical, mean, tau)) == pytest.approx(of.sf(critical - 1), abs=1e-12)
    assert of.sf(critical - 1) <= tail * (1 + 1e-9)
    assert critical == 0 or of.sf(critical - 2) > tail * (1 - 1e-9)


@given(st.floats(0.5, 2_000), st.sampled_from([0, 0.01, 0.3]), st.sampled_from([0.95, 0.998]))
def test_the_least_detectable_ratio_is_found_in_eight_of_ten_cases(
    expected: float, tau: float, confidence: float
) -> None:
    ratio = float(least_detectable_ratio(expected, tau, confidence_share=confidence))
    critical = critical_count(expected, tau, (1 - confidence) / 2)
    assert float(count_tail(critical, ratio * expected, tau)) == pytest.approx(0.8)
    assert float(detectable_mean(critical, tau)) == pytest.approx(ratio * expected)
    assert ratio > 1


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 80)), min_size=2, max_size=25),
    st.randoms(use_true_random=False),
)
def test_verdicts_and_limits_agree_and_do_not_know_the_order(
    rows: list[tuple[int, int]], draw: Any
) -> None:
    observed, expected = (np.array(x, float) for x in zip(*rows, strict=True))
    peers = spread(observed, expected)
    verdicts = beyond_peers(observed, expected, peers)
    low, high = peer_limits(expected, peers)
    outside = (observed / expected < low - 1e-9) | (observed / expected > high + 1e-9)
    assert list(verdicts != funnels.USUAL) == list(outside)
    order = list(range(len(rows)))
    draw.shuffle(order)
    again = spread(observed[order], expected[order])
    assert float(again.tau_squared) == pytest.approx(float(peers.tau_squared), abs=1e-9)
    assert list(significance(observed, expected)[order]) == list(
        significance(observed[order], expected[order])
    )


def test_limits_of_each_definition_contain_their_centre() -> None:
    e = np.linspace(0.2, 400, 300)
    for low, high in (
        funnelplotr_ratio_limits(e),
        peer_limits(e, spread(OBSERVED, EXPECTED)),
        tuple(x / e for x in phe_ratio_limits(e)),
    ):
        assert ((low <= 1) & (high >= 1)).all()


def test_ranks_are_those_of_a_simulation() -> None:
    rng = np.random.default_rng(5)
    expected = rng.uniform(20, 900, 30)
    observed = rng.poisson(expected * rng.gamma(25, 1 / 25, 30)).astype(float)
    of = spread(observed, expected)
    found = ranks.ranks(observed, expected, peers=of)
    tau, mean = float(of.tau_squared), float(of.mean_ratio)
    levels = rng.gamma(1 / tau + observed, 1 / (1 / tau + mean * expected), (20_000, 30))
    places = 1 + (levels[:, None, :] > levels[:, :, None]).sum(axis=2)
    low, high = np.quantile(places, [0.025, 0.975], axis=0)
    assert np.abs(found.lower - low).max() <= 1
    assert np.abs(found.upper - high).max() <= 1
    is_shown = found.reason == ""
    assert 0 < is_shown.sum() < 30
    assert np.abs(found.rank - places.mean(axis=0))[is_shown].max() < 0.7


def test_no_rank_is_given_where_chance_could_move_it_half_the_field() -> None:
    alike = ranks.ranks(np.full(20, 100.0), np.full(20, 100.0))
    assert (alike.reason == ranks.TOO_WIDE).all()
    assert np.isnan(alike.rank).all()
    assert (alike.upper - alike.lower > 15).all()
    apart = ranks.ranks(np.array([2_000.0, 1_000, 500, np.nan]), np.full(4, 1_000.0))
    assert list(apart.rank[:3]) == [1, 2, 3]
    assert apart.reason[3] == ranks.NOT_KNOWN
    assert apart.n_places == 3


@given(st.lists(st.integers(0, 60), min_size=3, max_size=12), st.randoms(use_true_random=False))
def test_ranks_do_not_know_the_order_of_the_units(counts: list[int], draw: Any) -> None:
    observed, expected = np.array(counts, float), np.linspace(5, 60, len(counts))
    order = list(range(len(counts)))
    draw.shuffle(order)
    one = ranks.ranks(observed, expected)
    other = ranks.ranks(observed[order], expected[order])
    assert (one.lower <= one.upper).all()
    # A quantile that lies on a step may fall to either side of it.
    assert np.abs(one.lower[order] - other.lower).max() <= 1
    assert np.abs(one.upper[order] - other.upper).max() <= 1


FEATURES = pd.DataFrame(
    {"aged_75_share": [0.06, 0.07, 0.11, 0.065, np.nan], "list_size": [6e3, 7e3, 6e3, 2e3, 5e3]},
    index=["X1", "X2", "X3", "X4", "X5"],
)


def test_the_nearest_peers_are_shown_with_their_distances() -> None:
    found = nearest_peers(FEATURES, n_peers=2)
    assert "X5" not in set(found["unit"]) | set(found["peer"])
    first = found[found["unit"] == "X1"]
    assert list(first["peer"]) == ["X2", "X4"]
    sds = FEATURES.dropna().std(ddof=0)
    away = np.array([0.01 / sds["aged_75_share"], 1_000 / sds["list_size"]])
    assert first["distance"].iloc[0] == pytest.approx(np.hypot(*away))
    assert first["list_size_away"].iloc[0] == pytest.approx(away[1])
    by_age = nearest_peers(FEATURES, n_peers=2, weights={"list_size": 0})
    assert list(by_age[by_age["unit"] == "X1"]["peer"]) == ["X4", "X2"]
    assert len(nearest_peers(FEATURES)) == 4 * 3


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=12),
    st.randoms(use_true_random=False),
)
def test_peers_are_the_same_in_any_order_and_any_unit(
    rows: list[tuple[int, int]], draw: Any
) -> None:
    names = [f"P{i:02}" for i in range(len(rows))]
    frame = pd.DataFrame(rows, columns=["a", "b"], index=names)
    order = list(names)
    draw.shuffle(order)
    one = nearest_peers(frame, n_peers=3)
    other = nearest_peers(1_000.0 * frame.loc[order] + 5, n_peers=3)
    assert list(one["peer"]) == list(other["peer"])
    assert list(one["distance"]) == pytest.approx(list(other["distance"]))
    assert (one["unit"] != one["peer"]).all()


def test_every_fault_of_a_question_about_peers_is_named() -> None:
    wrong = pd.DataFrame({"town": ["Barnet", "Hertford"]}, index=["X1", "X1"])
    with pytest.raises(SelectionError) as caught:
        nearest_peers(wrong, n_peers=0, weights={"age": -1.0})
    for part in ("'town'", "X1", "no feature: age", "below 0", "0 peers"):
        assert part in str(caught.value)
