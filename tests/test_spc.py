"""Control charts: limits and rules as R and the NHS tools give them, gaps, chance, and speed."""

import gzip
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pbcanalytics.demand.charting import spc
from pbcanalytics.demand.charting.presets import (
    ASTRONOMICAL,
    MDC_EXCEL,
    MEANS,
    MOVING_RANGE,
    NHSEI_SQL,
    NHSR,
    PRESETS,
    SHIFT,
    TREND,
    TWO_IN_THREE,
    Preset,
    chance_of_signal,
    preset,
)
from pbcanalytics.demand.charting.spc import Chart, assurance, chart
from pbcanalytics.words.errors import SelectionError

UNSCREENED = replace(NHSR, is_screened=False)

# R: set.seed(123); rnorm(20), and what NHSRplotthedots 0.2.2 makes of it.
NORMAL = [
    *(-0.5604756466, -0.2301774895, 1.5587083141, 0.0705083914, 0.1292877352, 1.7150649869),
    *(0.4609162060, -1.2650612346, -0.6868528519, -0.4456619701, 1.2240817974, 0.3598138271),
    *(0.4007714506, 0.1106827159, -0.5558411348, 1.7869131368, 0.4978504782, -1.9666171566),
    *(0.7013559016, -0.4727914077),
]
SPIKED = [*NORMAL[:14], 10.0, *NORMAL[15:]]
ONES_AND_TWOS = [1, 2, 1, 2, 10, *[1, 2] * 6, 1]

# The four sample series of the NHSE&I SQL script.
A1 = [
    *(53, 51, 48, 20, 50, 80, 48, 47, 45, 43, 40, 35, 55, 30, 25, 22, 21, 61, 59, 60, 42, 58, 59),
    *(61, 63, 65, 70, 59),
]
C1 = [
    *(51, 52, 51, 50, 51, 52, 48, 47, 45, 51, 52, 50, 55, 50, 50, 52, 50, 61, 59, 60, 52, 58, 59),
    *(61, 63, 50, 50, 59),
]
A2 = [
    *(1.5, 1.1, 1.2, 1.3, 2.3, 1.8, 1.9, 2.7, 2.7, 1.9, 1.9, 2.3, 2.1, 1.5, 1.0, 1.1, 1.1, 1.4),
    *(1.2, 1.7, 2.8, 1.6, 1.9, 2.6, 3.1, 2.0, 1.8, 1.5),
]
C2 = [
    *(0.4, 0.2, 0.3, 0, 0, 0.2, 0.2, 0.6, 0.7, 0.8, 1.1, 0.1, 0.5, 0, 0, 0.5, 0.1, 0.5, 0.3, 0.2),
    *(0.1, 0, 0.1, 0.1, 0, 0.2, 0.3, 0.2),
]


def one(values: list[float], **options: object) -> Chart:
    """Chart one series."""
    return chart(np.array([values], dtype=float), **options)  # type: ignore[arg-type]


def flagged(of: Chart, row: int = 0) -> dict[str, list[int]]:
    """Give the points that each rule names, from 1, by rule and side."""
    found: dict[str, list[int]] = {}
    for place, (rule, side) in enumerate(zip(of.rule[row], of.side[row], strict=True)):
        if rule >= 0:
            name = f"{of.preset.precedence[rule]} {'+' if side > 0 else '-'}"
            found.setdefault(name, []).append(place + 1)
    return found


def spans(**runs: str) -> dict[str, list[int]]:
    """Read "7-12 14" as points."""
    found = {}
    for name, text in runs.items():
        rule, side = name.rsplit("_", 1)
        points: list[int] = []
        for run in text.split():
            first, _, last = run.partition("-")
            points += range(int(first), int(last or first) + 1)
        found[f"{rule} {'+' if side == 'up' else '-'}"] = points
    return found


@pytest.mark.parametrize(
    ("values", "rules", "fix_after", "limits"),
    [
        (NORMAL, NHSR, None, (0.1416238025, -3.0113795957, 3.2946272007)),
        (SPIKED, NHSR, None, (0.6694158592, -2.3836655973, 3.7224973157)),
        (SPIKED, UNSCREENED, None, (0.6694158592, -4.5966251825, 5.9354569009)),
        (NORMAL, NHSR, 12, (0.1941793388, -2.6073998148, 2.9957584924)),
        (ONES_AND_TWOS, NHSR, None, (1.9444444444, -0.7155555556, 4.6044444444)),
        (ONES_AND_TWOS, MDC_EXCEL, None, (1.9444444444, -3.0626143791, 6.9515032680)),
        (A1, NHSR, None, (48.92857143, 23.14703297, 74.71010989)),
        (A1, UNSCREENED, None, (48.92857143, 20.16116402, 77.69597884)),
        (C1, NHSR, None, (53.17857143, 46.15617143, 60.20097143)),
        (C1, UNSCREENED, None, (53.17857143, 44.31190476, 62.04523810)),
        (A2, NHSR, None, (1.82142857, 0.63920635, 3.00365079)),
        (A2, UNSCREENED, None, (1.82142857, 0.63920635, 3.00365079)),
        (C2, NHSR, None, (0.275, -0.23653846, 0.78653846)),
        (C2, UNSCREENED, None, (0.275, -0.31611111, 0.86611111)),
    ],
)
def test_limits_are_those_of_nhsrplotthedots(
    values: list[float], rules: Preset, fix_after: int | None, limits: tuple[float, ...]
) -> None:
    of = one(values, preset=rules, fix_after=fix_after)
    assert (of.mean[0, -1], of.lower[0, -1], of.upper[0, -1]) == pytest.approx(limits, abs=6e-9)


@pytest.mark.parametrize(
    ("values", "rules", "points"),
    [
        (ONES_AND_TWOS, NHSR, spans(astronomical_up="5")),
        (ONES_AND_TWOS, UNSCREENED, spans(astronomical_up="5")),
        ([*[1, -1] * 7, 5.5, -5.5], NHSR, {}),
        (A1, NHSR, spans(astronomical_down="4 16-17", astronomical_up="6", trend_down="7-12",
                         two_in_three_down="14-15", trend_up="21-27", shift_up="28")),
        (A1, UNSCREENED, spans(astronomical_down="4", astronomical_up="6", trend_down="7-12",
                               two_in_three_down="15-17", trend_up="21-27", shift_up="28")),
        (C1, NHSR, spans(shift_down="1-6 10-12", two_in_three_down="7-8", astronomical_down="9",
                         astronomical_up="18 24-25", two_in_three_up="19-20 22-23")),
        (A2, NHSR, spans(shift_up="7 10-13", two_in_three_up="8-9", shift_down="14-20",
                         astronomical_up="25")),
        (C2, NHSR, spans(astronomical_up="10-11", shift_down="20-26")),
        (C2, UNSCREENED, spans(two_in_three_up="9-10", astronomical_up="11", shift_down="20-26")),
    ],
)  # fmt: skip
def test_points_are_named_as_nhsrplotthedots_names_them(
    values: list[float], rules: Preset, points: dict[str, list[int]]
) -> None:
    assert flagged(one(values, preset=rules)) == points


TYPES = {
    (ASTRONOMICAL, 1): "Above UCL",
    (ASTRONOMICAL, -1): "Below LCL",
    (SHIFT, 1): "7 Points Above CL",
    (SHIFT, -1): "7 Points Below CL",
    (TREND, 1): "7 Point Trend (Increasing)",
    (TREND, -1): "7 Point Trend (Decreasing)",
    (TWO_IN_THREE, 1): "2 in 3 Above CL",
    (TWO_IN_THREE, -1): "2 in 3 Below CL",
}


def test_every_golden_point_is_as_r_gives_it(shared_data: Path) -> None:
    with gzip.open(shared_data / "xmr_golden" / "xmr_golden_public.csv.gz") as opened:
        golden = pd.read_csv(opened)
    right = 0
    for _, series in golden.groupby("id"):
        first = series.iloc[0]
        breaks = np.zeros(len(series), dtype=bool)
        if first["rebase"]:
            breaks[first["rebase"] - 1] = True
        of = one(
            series["y"].tolist(),
            preset=NHSR if first["screen"] else UNSCREENED,
            direction={1: "increase", -1: "decrease", 0: "none"}[first["dir"]],
            breaks=breaks,
            fix_after=int(first["fix"]) or None,
        )
        for ours, theirs in ((of.mean, "mean"), (of.lower, "lpl"), (of.upper, "upl")):
            assert np.abs(ours[0] - series[theirs]).max() <= 1e-9
        kinds = of.point_types[0]
        # R says of improvement and concern no side.
        kinds = ["_".join(k.split("_")[: 2 if "neutral" in k else 1]) for k in kinds]
        for rule, side, kind, theirs, point in zip(
            of.rule[0], of.side[0], kinds, series["type"], series["pt"], strict=True
        ):
            named = TYPES[NHSR.precedence[rule], side] if rule >= 0 else "Common Cause"
            right += named == theirs and kind == point.removeprefix("special_cause_").replace(
                "common_cause", "common"
            )
    assert (right, len(golden)) == (2536, 2536)


def test_the_pieces_of_the_rules() -> None:
    sides = np.array([[1] * 8 + [-1]])
    assert ((spc._run_lengths(sides) >= 7)[0] == [1] * 8 + [0]).all()
    for values, is_trend in (
        ([1, 2, 3, 4, 5, 6, 7], True),
        ([7, 6, 5, 4, 3, 2, 1], True),
        ([1, 2, 3, 3, 4, 5, 6], False),
    ):
        assert (one(values).flags[TREND] == is_trend).all()


@pytest.mark.parametrize(
    ("near", "sides", "whole", "own"),
    [
        ("0010100", "1111111", "0011100", "0010100"),
        ("101", "1-1", "000", "000"),
        ("10011", "11111", "00111", "00011"),
    ],
)
def test_two_in_three(near: str, sides: str, whole: str, own: str) -> None:
    marks = np.array([[c == "1" for c in near]])
    side = np.array([[-1 if c == "-" else 1 for c in sides]])
    there, segment = np.ones_like(marks), np.zeros(marks.shape, dtype=np.int64)
    for rules, expected in ((replace(NHSR, flags_whole_window=True), whole), (NHSR, own)):
        found = spc._two_in_three(marks, side, segment, there, rules)
        assert "".join("01"[int(f)] for f in found[0]) == expected


def test_the_sql_script_flags_a_trend_of_six_but_not_its_first_point() -> None:
    values = [5, 3, 5, 3, 1, 2, 3, 4, 5, 6, 3, 5, 3, 5]
    assert np.flatnonzero(one(values, preset=NHSEI_SQL).flags[TREND]).tolist() == [5, 6, 7, 8, 9]
    assert not one(values).flags[TREND].any()
    assert not one(values, preset=MDC_EXCEL).flags[TREND].any()
    six = one(values, preset=preset("mdc_excel_2023", 6)).flags[TREND]
    assert np.flatnonzero(six).tolist() == [4, 5, 6, 7, 8, 9]


def test_the_sql_script_asks_no_side_of_two_in_three() -> None:
    # Mean 0; moving ranges 13 x 2, 6.5 and 11, mean 2.9: two sigma is 5.143, and 11 > 3.27 x 2.9.
    values = [*[1, -1] * 7, 5.5, -5.5]
    of = one(values, preset=NHSEI_SQL)
    assert np.flatnonzero(of.flags[TWO_IN_THREE]).tolist() == [13, 14, 15]
    assert np.flatnonzero(of.flags[MOVING_RANGE]).tolist() == [15]
    assert flagged(of) == {"two_in_three -": [14, 16], "two_in_three +": [15]}
    assert not one(values, preset=MDC_EXCEL).flags[TWO_IN_THREE].any()


def test_a_point_beyond_a_limit_counts_as_near_it_in_excel_and_not_in_r() -> None:
    # Mean 16/19; moving ranges 15 x 2, 10, 3 and 5, mean 48/18: two sigma at 5.57, three at 7.94.
    values = [*[1, -1] * 8, 9, 6, 1]
    assert flagged(one(values, preset=UNSCREENED)) == {"astronomical +": [17]}
    assert flagged(one(values, preset=MDC_EXCEL)) == {
        "astronomical +": [17],
        "two_in_three +": [18],
    }
    of = one(values, preset=NHSEI_SQL)
    assert np.flatnonzero(of.flags[TWO_IN_THREE]).tolist() == [15, 16, 17, 18]


@pytest.mark.parametrize("rules", PRESETS.values(), ids=PRESETS)
def test_a_shift_is_seven_on_one_side(rules: Preset) -> None:
    seven = [4, 6, 4, 6, 4, 6, 4, *[5.3, 5.4] * 3, 5.3, 4, 6, 4]
    assert np.flatnonzero(one(seven, preset=rules).flags[SHIFT]).tolist() == list(range(7, 14))
    six = [4, 6, 4, 6, 4, 6, 4, *[5.3, 5.4] * 3, 4, 6, 4]
    assert not one(six, preset=rules).flags[SHIFT].any()
    assert preset("mdc_excel_2023", 6).shift_points == 6


def test_a_rule_set_that_is_none_is_refused() -> None:
    with pytest.raises(SelectionError, match="no rule set 'abspc'"):
        preset("abspc")
    with pytest.raises(SelectionError, match="no run of 6 points"):
        preset("nhsr_0_2_2", 6)
    with pytest.raises(SelectionError, match="no run of 8 points"):
        preset("mdc_excel_2023", 8)
    with pytest.raises(SelectionError, match="no direction"):
        one(A1, direction="up")
    with pytest.raises(SelectionError, match="after 11 points"):
        one(A1, fix_after=11)


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("increase", ["fail", "pass", "inconsistent", "inconsistent"]),
        ("decrease", ["pass", "fail", "inconsistent", "inconsistent"]),
        ("none", ["", "", "", ""]),
    ],
)
def test_a_target_is_held_against_the_last_limits(direction: str, expected: list[str]) -> None:
    of = chart(np.ones((4, 2)), direction=direction)
    limits = {
        "lower": np.array([[9.0, 1], [0, 5], [9, 1], [9, 4]]),
        "upper": np.array([[9.0, 3], [0, 7], [9, 5], [9, 8]]),
    }
    assert assurance(replace(of, **limits), 4).tolist() == expected


def test_a_constant_series_has_no_signals() -> None:
    for rules in PRESETS.values():
        of = one([0.1] * 20, preset=rules)
        assert of.is_degenerate.all()
        assert (of.lower == of.mean).all()
        assert flagged(of) == {}


def test_fourteen_fives_then_a_six_are_not_fifteen_alarms() -> None:
    of = one([*[5] * 14, 6])
    assert of.is_degenerate.all()
    assert of.upper[0, 0] == of.lower[0, 0] == pytest.approx(76 / 15)
    assert flagged(of) == {}


def test_a_missing_month_is_not_bridged() -> None:
    gap = float("nan")
    of = one([10, 12, gap, 30, 26], preset=UNSCREENED)
    # Moving ranges 2 and 4, and none of 18.
    assert of.mean[0, 0] == 19.5
    assert of.upper[0, 0] == pytest.approx(19.5 + 2.66 * 3)
    assert of.point_types[0, 2] == ""
    whole = [4, 6, 4, 6, 4, 6, 4, *[5.3, 5.4] * 4, 4, 6, 4]
    assert one(whole).flags[SHIFT].any()
    holed = [*whole[:11], gap, *whole[12:]]
    assert not one(holed).flags[SHIFT].any()
    rising = [5, 3, 5, 3, 1, 2, 3, gap, 4, 5, 6, 7, 3, 5]
    assert not one(rising).flags[TREND].any()


def test_a_segment_of_two_months_has_no_limits() -> None:
    of = one([*[4, 6] * 8, 40, 44], breaks=np.array([False] * 16 + [True, False]))
    assert np.isnan(of.upper[0, -1])
    assert of.n_points[0, -1] == 2
    assert flagged(of) == {}


def test_runs_and_fixed_limits_end_where_limits_start_anew() -> None:
    up, down = [1, 9, 1, 9, 1, 2, 3, 4, 5, 6, 7], [17, 16, 15, 14, 13, 12, 11, 19, 11, 19, 11]
    of = one([*up, *down], breaks=np.arange(22) == 11)
    # The trend upwards is still one upwards at its last point, though the next one goes down.
    assert flagged(of) == spans(trend_up="5-11", trend_down="12-18")
    marks, side = np.array([[True, True, False]]), np.ones((1, 3), dtype=np.int64)
    for segment, n_flagged in (([0, 0, 0], 2), ([0, 0, 1], 0)):
        where = np.array([segment], dtype=np.int64)
        assert spc._two_in_three(marks, side, where, marks | True, NHSR).sum() == n_flagged
    fixed = one([*[4, 6] * 10, *[14, 16] * 6, *[50] * 8], breaks=np.arange(40) == 20, fix_after=12)
    assert (fixed.mean[0, 0], fixed.mean[0, -1]) == (5, 15)
    assert fixed.n_points[0, -1] == 12


@given(
    values=st.lists(
        st.lists(st.integers(0, 12) | st.none(), min_size=24, max_size=24), min_size=2, max_size=4
    ),
    start=st.integers(1, 23),
    rules=st.sampled_from(list(PRESETS.values())),
)
def test_a_series_is_charted_alone_as_among_others_and_upside_down(
    values: list[list[int | None]], start: int, rules: Preset
) -> None:
    y = np.array([[np.nan if v is None else v for v in row] for row in values], dtype=float)
    breaks = np.zeros(y.shape, dtype=bool)
    breaks[0, start] = True
    together = chart(y, preset=rules, breaks=breaks)
    mirrored = chart(-y, preset=rules, breaks=breaks)
    for row in range(len(y)):
        alone = chart(y[row : row + 1], preset=rules, breaks=breaks[row : row + 1])
        np.testing.assert_array_equal(alone.rule[0], together.rule[row])
        np.testing.assert_array_equal(alone.upper[0], together.upper[row])
    np.testing.assert_array_equal(mirrored.rule, together.rule)
    np.testing.assert_array_equal(mirrored.side, -together.side)
    np.testing.assert_array_equal(mirrored.upper, -together.lower)


def quiet(mean: float, n_series: int, n_months: int = 36) -> NDArray[np.float64]:
    """Draw months in which nothing changes."""
    return np.random.default_rng(20_181_130).poisson(mean, (n_series, n_months)).astype(float)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("run", [None, 6])
def test_the_chance_of_a_false_signal_is_the_one_stated(name: str, run: int | None) -> None:
    if run and not PRESETS[name].may_choose_run:
        return
    rules = preset(name, run)
    for mean in MEANS[::2]:
        found = (chart(quiet(mean, 10_000), preset=rules).rule[:, -1] >= 0).mean()
        stated = float(chance_of_signal(rules, np.array([mean]))[0])
        assert found == pytest.approx(stated, abs=3.5 * (stated / 10_000) ** 0.5)


def test_a_step_of_half_at_fifty_a_month_is_found() -> None:
    y = quiet(50, 400)
    y[:, 24:] = np.random.default_rng(1).poisson(75, (400, 12))
    of = chart(y, fix_after=24)
    found = ((of.rule >= 0) & (of.side > 0))[:, 24:27].any(axis=1)
    assert found.mean() > 0.95


def test_ten_thousand_series_take_a_quarter_of_a_second() -> None:
    y = quiet(20, 10_000)
    taken = []
    for _ in range(3):
        began = time.process_time()
        chart(y)
        taken.append(time.process_time() - began)
    assert min(taken) < 0.25
