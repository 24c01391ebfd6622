"""Forecasts of months: a pooled season, a smoothed level, and ranges that hold what comes."""

import itertools
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pbcanalytics.demand.charting.season import pooled_index
from pbcanalytics.demand.forecasting.conformal import (
    BAND,
    ENDED,
    GROUP,
    HORIZONS,
    LEVELS,
    NOT_POSITIVE,
    OWN,
    SHORT,
    SIZES,
    Forecasts,
    backtest,
    forecast_with_intervals,
)
from pbcanalytics.demand.forecasting.smoothing import forecast
from pbcanalytics.words.errors import SelectionError

APRIL, JANUARY = 3, 0
Amounts = NDArray[np.float64]
SEASON = 1 + 0.2 * np.sin(np.arange(12) / 12 * 2 * np.pi)
"""From January."""


def months(n_series: int, n_months: int, mean: float, seed: int = 1, first: int = APRIL) -> Amounts:
    """Draw counts that have a season and nothing else."""
    season = SEASON[(first + np.arange(n_months)) % 12]
    return np.random.default_rng(seed).poisson(mean * season, (n_series, n_months)).astype(float)


def inside(made: Forecasts, came: Amounts, level: int) -> NDArray[np.bool_]:
    low, high = made.bounds[level]
    return (low <= came) & (came <= high)


@pytest.fixture(scope="module")
def panel(shared_data: Path) -> tuple[Amounts, list[str]]:
    """The A&E panel: what has a value in all 36 months, above 0 in more than nine in ten."""
    rows = pd.read_csv(shared_data / "ae-attendances-2016-19" / "ae_attendances.csv")
    parts, groups = [], []
    for measure in ("attendances", "breaches", "admissions"):
        wide = rows.pivot(index=["org_code", "type"], columns="period", values=measure)
        wide = wide[wide.notna().all(axis=1) & ((wide > 0).mean(axis=1) > 0.9)]
        parts.append(wide.to_numpy())
        groups += [measure] * len(wide)
    assert len(groups) == 633
    return np.vstack(parts), groups


def test_real_departments_are_forecast_as_well_as_asked(
    panel: tuple[Amounts, list[str]],
) -> None:
    values, groups = panel
    record = backtest(values, groups, APRIL)
    assert record is not None
    assert record.n_months == 633 * 12
    assert record.wape <= 0.107
    assert record.wape_same_month == pytest.approx(0.1261, abs=5e-5)
    assert record.wape_year_mean == pytest.approx(0.1238, abs=5e-5)
    assert 0.77 <= record.coverage[80] <= 0.83
    assert 0.93 <= record.coverage[95] <= 0.97


def test_ranges_of_real_departments_hold_in_every_size(
    panel: tuple[Amounts, list[str]],
) -> None:
    values, groups = panel
    made = forecast_with_intervals(values[:, :24], groups, APRIL)
    assert set(made.basis) == {BAND, GROUP}
    bands = np.searchsorted(SIZES, values[:, :24].mean(axis=1), side="right")
    assert np.unique(bands).tolist() == [0, 1, 2, 3]
    for band in range(4):
        of = bands == band
        assert 0.75 <= inside(made, values[:, 24:], 80)[of].mean() <= 0.85
        assert 0.91 <= inside(made, values[:, 24:], 95)[of].mean() <= 0.98


def test_a_real_department_alone_has_honest_ranges(panel: tuple[Amounts, list[str]]) -> None:
    values, _ = panel
    held: dict[int, list[float]] = {80: [], 95: []}
    for row in range(0, 633, 6):
        made = forecast_with_intervals(values[row : row + 1, :24], ["one"], APRIL)
        assert made.basis.tolist() == [OWN]
        for level in LEVELS:
            held[level].append(float(inside(made, values[row : row + 1, 24:], level).mean()))
    assert 0.77 <= np.mean(held[80]) <= 0.87
    assert 0.92 <= np.mean(held[95]) <= 0.97


@pytest.mark.parametrize("n_series", [1, 3, 7])
@pytest.mark.parametrize("mean", [5, 50])
def test_few_series_have_ranges_that_are_not_too_narrow(n_series: int, mean: float) -> None:
    held: dict[int, list[float]] = {80: [], 95: []}
    for seed in range(60):
        y = months(n_series, 48, mean, seed)
        made = forecast_with_intervals(y[:, :36], ["all"] * n_series, APRIL)
        assert (made.n_errors == 24).all()
        for level in LEVELS:
            held[level].append(float(inside(made, y[:, 36:], level).mean()))
    assert 0.80 <= np.mean(held[80]) <= 0.95
    assert np.mean(held[95]) >= 0.95


def test_the_backtest_sees_nothing_of_the_last_year() -> None:
    y = months(80, 36, 40)
    record = backtest(y, ["all"] * 80, APRIL)
    assert record is not None
    made = forecast_with_intervals(y[:, :24], ["all"] * 80, APRIL)
    came = y[:, 24:]
    assert record.wape == pytest.approx(np.abs(came - made.point).sum() / came.sum())
    assert record.coverage[80] == pytest.approx(inside(made, came, 80).mean())


def test_with_two_years_the_ranges_are_not_tried() -> None:
    record = backtest(months(80, 30, 40), ["all"] * 80, APRIL)
    assert record is not None
    assert record.coverage == {}
    assert backtest(months(80, 23, 40), ["all"] * 80, APRIL) is None


@pytest.mark.parametrize("first", [APRIL, JANUARY])
@pytest.mark.parametrize("n_months", [24, 29, 36])
def test_a_planted_season_is_learnt_whenever_the_months_begin(first: int, n_months: int) -> None:
    index = pooled_index(months(300, n_months, 60, first=first), first)
    assert index == pytest.approx(SEASON, abs=0.02)
    assert index.mean() == pytest.approx(1)


def test_chance_is_not_taken_for_a_season() -> None:
    flat = [
        pooled_index(np.random.default_rng(s).poisson(20, (1, 36)).astype(float), APRIL)
        for s in range(40)
    ]
    # Drawn towards 1, they are off by less than half of what three years' means are.
    assert np.std(flat) < 0.5 * (20 / 3) ** 0.5 / 20 * 3**0.5
    assert (pooled_index(months(1, 12, 50), APRIL) == 1).all()
    assert (pooled_index(months(1, 11, 50), APRIL) == 1).all()


def test_a_season_shared_by_few_series_is_kept_when_it_is_strong() -> None:
    assert pooled_index(months(2, 36, 2_000), APRIL) == pytest.approx(SEASON, abs=0.03)


def test_a_level_moves_by_three_tenths_of_the_surprise() -> None:
    # One year of one series tells no season; the level is 10, then 10 + 0.3 x 10, then 0.7 x 13.
    values = np.array([[*[10.0] * 12, 20.0], [*[10.0] * 12, 0.0]])
    assert forecast(values, ["a", "b"], APRIL, 2).tolist() == [[13, 13], [7, 7]]
    gap = np.array([[*[10.0] * 12, 20.0, np.nan]])
    assert forecast(gap, ["a"], APRIL, 1).tolist() == [[13]]
    assert np.isnan(forecast(values[:, :11], ["a", "b"], APRIL, 1)).all()


def test_a_month_in_which_nothing_ever_happens_is_forecast_as_nothing() -> None:
    y = np.tile([0.0, *[10.0] * 11], (60, 3))
    made = forecast_with_intervals(y, ["all"] * 60, JANUARY)
    assert made.point[:, 0] == pytest.approx(0)
    assert made.point[:, 1:] == pytest.approx(10)


def test_ranges_are_the_quantiles_of_last_years_errors() -> None:
    # 99 series that were level for a year, then up by 1 to 99 per cent for a year: no season.
    rise = 1 + np.arange(1, 100) / 100
    y = np.concatenate(
        [np.full((99, 12), 9_999.5), (10_000 * rise[:, None] - 0.5).repeat(12, 1)], 1
    )
    made = forecast_with_intervals(y, ["all"] * 99, APRIL, 3)
    assert set(made.basis) == {BAND}
    low, high = made.bounds[80]
    # Of 297 errors (each rise three times) the tenth and ninetieth per cent, with one to come.
    ratios = np.sort(np.log(rise).repeat(3))
    end = 0.9 * 298 / 297
    expected = np.exp(np.quantile(ratios, [1 - end, end]))
    assert (high + 0.5) / (made.point + 0.5) == pytest.approx(expected[1])
    # The low end is above the forecast, which is never left outside its own range.
    assert expected[0] > 1
    assert low == pytest.approx(made.point)


def test_a_series_that_cannot_be_forecast_is_named_and_harms_no_other() -> None:
    good = months(3, 36, 50)
    short, ended, below, nothing = (good[:1].copy() for _ in range(4))
    short[:, :13] = np.nan
    ended[:, -3:] = np.nan
    below[:, 5] = -1
    nothing[:] = 0
    every = np.vstack([good, short, ended, below, nothing])
    made = forecast_with_intervals(every, ["all"] * 7, APRIL)
    assert made.missing.tolist() == ["", "", "", SHORT, ENDED, NOT_POSITIVE, NOT_POSITIVE]
    assert np.isnan(made.point[3:]).all()
    alone = forecast_with_intervals(good, ["all"] * 3, APRIL)
    np.testing.assert_array_equal(made.point[:3], alone.point)
    np.testing.assert_array_equal(made.bounds[95][1][:3], alone.bounds[95][1])


@pytest.mark.parametrize("horizon", [0, 13])
def test_more_than_a_year_ahead_is_refused(horizon: int) -> None:
    with pytest.raises(SelectionError, match=f"{horizon} months ahead"):
        forecast_with_intervals(months(1, 36, 50), ["all"], APRIL, horizon)


@settings(max_examples=25)
@given(
    n_series=st.sampled_from([1, 5, 60]),
    n_months=st.integers(24, 40),
    mean=st.sampled_from([0.7, 8.0, 300.0]),
    seed=st.integers(0, 10_000),
    holes=st.floats(0, 0.1),
)
def test_ranges_are_nested_hold_the_forecast_and_depend_on_no_order(
    n_series: int, n_months: int, mean: float, seed: int, holes: float
) -> None:
    y = months(n_series, n_months, mean, seed)
    chance = np.random.default_rng(seed)
    y[chance.random(y.shape) < holes] = np.nan
    groups = [f"group {k % 2}" for k in range(n_series)]
    made = forecast_with_intervals(y, groups, APRIL)
    there = made.missing == ""
    assert (np.isnan(made.point).any(axis=1) == ~there).all()
    ends = [made.bounds[95][0], made.bounds[80][0], made.point, made.bounds[80][1]]
    ends = [e[there] for e in [*ends, made.bounds[95][1]]]
    assert (ends[0] >= 0).all()
    for low, high in itertools.pairwise(ends):
        assert (low <= high + 1e-9).all()
    order = chance.permutation(n_series)
    again = forecast_with_intervals(y[order], [groups[k] for k in order], APRIL)
    np.testing.assert_allclose(again.point, made.point[order])
    np.testing.assert_allclose(again.bounds[80][1], made.bounds[80][1][order])


def test_every_month_ahead_has_its_errors() -> None:
    covered = [m for first, last in HORIZONS for m in range(first, last + 1)]
    assert covered == list(range(1, 13))


def test_ten_thousand_series_take_less_than_three_seconds() -> None:
    y = months(10_000, 36, 30)
    began = time.process_time()
    forecast_with_intervals(y, ["all"] * 10_000, APRIL)
    backtest(y, ["all"] * 10_000, APRIL)
    assert time.process_time() - began < 3
