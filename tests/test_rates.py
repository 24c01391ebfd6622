"""Rates and their limits: PHE's own figures, and what must hold of any rate."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics.demand.comparing import rates
from pbcanalytics.demand.comparing.limits import (
    byar_limits,
    count_limits,
    exact_count_limits,
    wilson_limits,
)
from pbcanalytics.demand.comparing.rates import (
    crude,
    direct,
    direct_of_repeats,
    expected_events,
    proportion,
    standardised_ratio,
)
from pbcanalytics.words.errors import SelectionError


def numbers(text: str) -> np.ndarray[Any, Any]:
    return np.array([float(x) for x in text.split(",")])


# trends 1.3: test figures of PHEindicatormethods 2.1.0, 19 bands of age from 0-4 to 90+.
POPULATION = numbers("636,558,609,543,384,594,669,843,660,576,606,522,426,273,300,288,153,123,207")
ESP2013 = numbers(
    "5000,5500,5500,5500,6000,6000,6500,7000,7000,7000,7000,6500,6000,5500,5000,4000,2500,1500,1000"
)
BIG = numbers("127,25,18,21,12,27,48,27,29,32,32,34,45,65,38,68,74,82,91")
SMALL = numbers("12,4,3,2,3,4,8,2,2,3,4,5,6,8,5,6,5,5,4")
TINY = 9
REFERENCE_EVENTS = numbers(
    "10303,2824,0,3615,3641,3490,3789,3213,3031,2771,3089,3490,3595,4745,5514,7125,5694,6210,5757"
)
REFERENCE = numbers(
    "50520,57173,60213,54659,44345,50128,62163,67423,62899,55463,60479,49974,44140,40888,37239,"
    "30819,18136,15325,13918"
)
PERSONS = np.array(
    [
        numbers("75,16,11,12,8,18,26,18,18,21,21,23,23,39,25,40,46,49,56"),
        numbers("16,3,2,3,0,3,6,3,4,4,4,4,6,8,5,9,9,10,11"),
        numbers("4,1,1,1,0,1,2,1,1,1,1,1,2,2,1,2,2,3,3"),
        numbers("2,0,0,0,1,0,1,0,0,0,0,0,1,1,0,1,1,1,1"),
    ]
)
PHE = {
    "DSR big": (
        10430.247991469423,
        (9717.709067985681, 11178.94091547925),
        (9323.287880219903, 11620.595999522058),
    ),
    "DSR small": (
        1103.212025300104,
        (877.455767536709, 1367.0882227251795),
        (763.6420357939879, 1530.0328948244762),
    ),
    "DSR of repeats": (
        10430.24799147,
        (9532.94977862, 11373.07483298),
        (9036.25631357, 11929.24980749),
    ),
    "ISR big": (
        107.07232939020275,
        (100.17147712553987, 114.3233287249895),
        (96.35155619614437, 118.60070415876287),
    ),
    "ISR small": (
        10.886683770400502,
        (8.765040101829404, 13.366576328418912),
        (7.695425528392111, 14.897920510466744),
    ),
    "ISR tiny": (
        1.0767049882813684,
        (0.4923380825095776, 2.043921455549973),
        (0.2933930655068262, 2.710589651469021),
    ),
    "1 of 100": (
        1,
        (0.025317807984289897, 5.571643390938898),
        (0.0010005003335835344, 9.233413476451585),
    ),
    "5 of 100": (
        5,
        (1.62348639011842, 11.668332079322669),
        (0.739371731917839, 16.454745203680105),
    ),
    "20 of 100": (
        20,
        (12.211428834875937, 30.889880369197066),
        (8.922802365144193, 38.08503562504191),
    ),
    "65 of 100": (
        65,
        (50.163187710459454, 82.84913854593984),
        (42.8802614714802, 94.00029084431802),
    ),
    "share 65 of 100": (
        0.65,
        (0.5525444329688797, 0.7363575175690247),
        (0.4954946574070431, 0.7783540614089697),
    ),
    "share 1045 of 5000": (
        0.209,
        (0.19795549880013297, 0.22049130373189027),
        (0.19179381799015244, 0.22731562902525818),
    ),
}
EXPECTED = expected_events(POPULATION, REFERENCE_EVENTS, REFERENCE)
ASKED = {
    "DSR big": lambda c: direct(BIG, POPULATION, ESP2013, per=100_000, confidence_share=c),
    "DSR small": lambda c: direct(SMALL, POPULATION, ESP2013, per=100_000, confidence_share=c),
    "DSR of repeats": lambda c: direct_of_repeats(
        PERSONS, POPULATION, ESP2013, per=100_000, confidence_share=c
    ),
    "ISR big": lambda c: standardised_ratio(BIG.sum(), EXPECTED, confidence_share=c),
    "ISR small": lambda c: standardised_ratio(SMALL.sum(), EXPECTED, confidence_share=c),
    "ISR tiny": lambda c: standardised_ratio(TINY, EXPECTED, confidence_share=c),
    "1 of 100": lambda c: crude(1, 100, per=100, confidence_share=c),
    "5 of 100": lambda c: crude(5, 100, per=100, confidence_share=c),
    "20 of 100": lambda c: crude(20, 100, per=100, confidence_share=c),
    "65 of 100": lambda c: crude(65, 100, per=100, confidence_share=c),
    "share 65 of 100": lambda c: proportion(65, 100, confidence_share=c),
    "share 1045 of 5000": lambda c: proportion(1045, 5000, confidence_share=c),
}


@pytest.mark.parametrize("name", PHE)
def test_rates_and_limits_are_those_of_public_health_england(name: str) -> None:
    value, *limits = PHE[name]
    for confidence, (lower, upper) in zip((0.95, 0.998), limits, strict=True):
        found = ASKED[name](confidence)
        assert found.reason == ""
        assert [float(x) for x in (found.value, found.lower, found.upper)] == pytest.approx(
            [value, lower, upper], rel=1e-9
        )


def test_expected_events_are_those_of_public_health_england() -> None:
    assert float(EXPECTED) == pytest.approx(835.8835612311743, rel=1e-12)


def test_events_that_repeat_are_less_certain_than_independent_ones() -> None:
    once = direct(BIG, POPULATION, ESP2013)
    often = direct_of_repeats(PERSONS, POPULATION, ESP2013)
    assert often.value == pytest.approx(float(once.value))
    assert often.lower < once.lower < once.upper < often.upper


def test_a_band_alone_makes_a_crude_rate_of_events_that_repeat() -> None:
    persons = np.array([[30], [10], [5]])
    found = direct_of_repeats(persons, [4_000], [1])
    assert float(found.value) == pytest.approx(float(crude(65, 4_000).value))
    # Variance of 65 events by 45 persons: 30 + 4 x 10 + 9 x 5 = 115.
    width = float(found.upper - found.value) / float(crude(65, 4_000).upper - found.value)
    assert width == pytest.approx((115 / 65) ** 0.5)


def test_a_rate_that_cannot_be_given_says_why() -> None:
    nine = np.array([4.0, 5.0])
    people = np.array([100.0, 200.0])
    assert direct(nine, people, [1, 1]).reason == rates.FEW_EVENTS
    assert direct([4, 6], people, [1, 1]).reason == ""
    assert direct([20, 0], [100, 0], [1, 1]).reason == rates.EMPTY_BAND
    assert direct([20, 0], [0, 0], [1, 1]).reason == rates.NO_POPULATION
    assert direct([np.nan, 30], people, [1, 1]).reason == rates.NOT_KNOWN
    assert list(crude([5, 5, np.nan], [0, np.nan, 10]).reason) == [
        rates.NO_POPULATION,
        rates.NOT_KNOWN,
        rates.NOT_KNOWN,
    ]
    assert standardised_ratio(3, 0).reason == rates.NOTHING_EXPECTED
    withheld = direct(nine, people, [1, 1])
    assert np.isnan([withheld.value, withheld.lower, withheld.upper]).all()


def test_people_whom_the_reference_does_not_know_leave_the_expected_unknown() -> None:
    assert np.isnan(expected_events([100, 50], [10, 0], [1_000, 0]))
    assert expected_events([100, 0], [10, 0], [1_000, 0]) == 1.0
    assert standardised_ratio(3, expected_events([1, 1], [1, 1], [1, 0])).reason == rates.NOT_KNOWN


def test_no_events_are_a_rate_of_nothing_with_an_upper_limit() -> None:
    none = crude(0, 1_000)
    assert (float(none.value), float(none.lower), none.reason) == (0, 0, "")
    assert float(none.upper) == pytest.approx(3.6888794541)


def test_impossible_numbers_are_refused_all_at_once() -> None:
    with pytest.raises(SelectionError, match="2 of 3 counts are below 0 or without end"):
        crude([-1, 4, np.inf], 100)
    with pytest.raises(SelectionError, match="more people than there are"):
        proportion([5, 11], 10)
    with pytest.raises(SelectionError, match=r"confidence of 95"):
        crude(1, 10, confidence_share=95)


def test_byars_limits_are_close_to_the_exact_ones_from_ten_events_on() -> None:
    counts = np.arange(10, 400)
    for near, exact in zip(byar_limits(counts), exact_count_limits(counts), strict=True):
        assert np.abs(near / exact - 1).max() < 0.002


def test_exact_limits_hold_the_truth_at_least_as_often_as_they_say() -> None:
    from scipy.stats import poisson

    counts = np.arange(0, 200)
    low, high = exact_count_limits(counts)
    for mean in np.linspace(0.2, 60, 80):
        assert poisson.pmf(counts[(low <= mean) & (mean <= high)], mean).sum() >= 0.95


COUNTS = st.integers(0, 5_000)
SHARES = st.sampled_from([0.5, 0.8, 0.95, 0.998])


@given(COUNTS, st.integers(1, 100_000), SHARES, st.integers(1, 50))
def test_limits_contain_the_rate_and_scale_with_it(x: int, n: int, c: float, k: int) -> None:
    one = crude(x, n, confidence_share=c)
    assert one.lower <= one.value <= one.upper
    scaled = crude(x, n, per=1_000 * k, confidence_share=c)
    halved = crude(x, n * k, confidence_share=c)
    for a, b, d in zip(
        (one.value, one.lower, one.upper),
        (scaled.value, scaled.lower, scaled.upper),
        (halved.value, halved.lower, halved.upper),
        strict=True,
    ):
        assert float(b) == pytest.approx(float(a) * k)
        assert float(d) == pytest.approx(float(a) / k)


@given(st.integers(0, 3_000), st.integers(1, 3_000), SHARES)
def test_wilsons_limits_stay_within_all_and_none_and_mirror(x: int, n: int, c: float) -> None:
    x = min(x, n)
    low, high = wilson_limits(x, n, c)
    other_low, other_high = wilson_limits(n - x, n, c)
    assert 0 <= low <= x / n <= high <= 1
    assert (float(low), float(high)) == pytest.approx((1 - other_high, 1 - other_low), abs=1e-12)


@given(COUNTS)
def test_more_confidence_is_wider(x: int) -> None:
    low, high = zip(*(count_limits(x, c) for c in (0.5, 0.95, 0.998)), strict=True)
    assert list(low) == sorted(low, reverse=True)
    assert list(high) == sorted(high)


BANDS = st.lists(
    st.tuples(st.integers(1, 500), st.integers(1, 60), st.integers(1, 90)), min_size=1, max_size=8
)


@given(BANDS)
def test_a_unit_with_the_references_rates_has_a_ratio_of_one(
    bands: list[tuple[int, int, int]],
) -> None:
    reference, events, times = (np.array(x, float) for x in zip(*bands, strict=True))
    population = reference * times
    expected = expected_events(population, events, reference)
    assert float(standardised_ratio((events * times).sum(), expected, per=1).value) == (
        pytest.approx(1)
    )


@given(BANDS, st.randoms(use_true_random=False), st.integers(2, 9))
def test_the_order_of_bands_and_the_size_of_the_standard_change_nothing(
    bands: list[tuple[int, int, int]], draw: Any, k: int
) -> None:
    people, events, weights = (np.array(x, float) for x in zip(*bands, strict=True))
    events = events + 10
    order = list(range(len(bands)))
    draw.shuffle(order)
    one = direct(events, people, weights)
    other = direct(events[order], people[order], k * weights[order])
    assert float(other.value) == pytest.approx(float(one.value))
    assert float(other.lower) == pytest.approx(float(one.lower))
    assert float(other.upper) == pytest.approx(float(one.upper))
    assert one.lower <= one.value <= one.upper


@given(BANDS)
def test_a_standard_of_the_units_own_people_gives_the_crude_rate(
    bands: list[tuple[int, int, int]],
) -> None:
    people, events, _ = (np.array(x, float) for x in zip(*bands, strict=True))
    events = events + 10
    found = direct(events, people, people)
    assert float(found.value) == pytest.approx(float(crude(events.sum(), people.sum()).value))


def test_many_units_at_once_are_as_each_alone() -> None:
    drawn = np.random.default_rng(7)
    events, people = drawn.poisson(4, (5, 6, 3)), drawn.integers(0, 400, (5, 6, 3))
    many = direct(events, people, [1, 2, 3])
    for i in np.ndindex(5, 6):
        alone = direct(events[i], people[i], [1, 2, 3])
        assert many.reason[i] == alone.reason.item()
        np.testing.assert_array_equal(many.value[i], alone.value)
        np.testing.assert_array_equal(many.upper[i], alone.upper)
