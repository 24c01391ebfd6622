"""Nothing small follows from measures held against each other, nor a year from its months."""

import datetime as dt
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbcanalytics.demand.forecasting.foreseeing import RECORDED
from pbcanalytics.demand.measuring.groups import GroupSeries
from pbcanalytics.demand.measuring.measures import Condition, Measure, measure_of
from pbcanalytics.faces.publishing.measures import measure_tables
from pbcanalytics.faces.withholding.nested_measures import told_whole, untold_groups
from pbcanalytics.faces.withholding.step_groups import Group
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.reference.measures import measure_documents
from pbcanalytics.store import Published
from pbcanalytics.words import tables

SMALLEST = 8
PODS = ("DC", "EL", "NEL")
KINDS = pd.DataFrame([("admission", "stay", "gp", pod) for pod in PODS])
KINDS.columns = pd.Index(["event", "kind", "source", "pod"])


@pytest.fixture(scope="module")
def rate(small_pct: Path) -> Measure:
    return measure_of(measure_documents(shelf(small_pct))["day_cases"])


def of(*pods: str) -> Condition:
    return Condition(("admission",), pods=pods)


def series(measure: Measure, upper: np.ndarray, lower: np.ndarray | None = None) -> GroupSeries:
    """Lay out counts, group by specialty (all last) by month."""
    months = pd.date_range("2018-04-01", periods=upper.shape[-1], freq="MS")
    return GroupSeries(
        measure=measure, months=months, numerator=upper,
        denominator=np.full(upper.shape, 1e4) if lower is None else lower, counts=upper,
        usual_ratio=np.ones(len(months)), foreseen=None, forecasts=None,
        ahead=months[:0], record=pd.DataFrame(columns=list(RECORDED)),
    )  # fmt: skip


def summed(own: np.ndarray) -> np.ndarray:
    """Put the PCT before its practices."""
    return np.concatenate([own.sum(axis=0, keepdims=True), own])


def test_two_published_measures_do_not_tell_the_stays_that_a_third_withholds(
    small_pct: Path,
) -> None:
    held = Published(small_pct)
    both = pd.DataFrame(
        held.rows(
            "SELECT a.group_code, a.month, a.numerator - b.numerator AS stays "
            "FROM measure_months AS a JOIN measure_months AS b "
            "USING (group_kind, group_code, specialty_code, month) "
            "WHERE a.measure = 'elective_conversion' AND b.measure = 'day_cases'"
        )
    )
    assert len(both)
    assert not both["stays"].between(1, SMALLEST - 1).any()


def test_a_year_that_is_withheld_is_not_the_sum_of_its_months(small_pct: Path) -> None:
    held = Published(small_pct)
    for months, years, parts in (
        ("measure_months", "measure_years", "specialty_code"),
        ("measure_part_months", "measure_part_years", "part_kind, part_code"),
    ):
        told = held.rows(
            f"SELECT y.measure FROM {years} AS y JOIN {months} "
            f"USING (measure, group_kind, group_code, {parts}) WHERE y.is_withheld"
        )
        assert not list(told)


def test_months_of_a_specialty_that_guards_a_practice_are_withheld_too(rate: Measure) -> None:
    # X has three of specialty 300 in a year; Y's many guard them, which follow from the PCT's.
    groups = [Group("pct", "9E1", "", frozenset("AB"))]
    groups += [Group("consortium", c, "", frozenset(p)) for c, p in ("XA", "YB")]
    groups += [Group("practice", p, "", frozenset(p)) for p in "AB"]
    own = np.full((2, 4, 24), 20.0)
    own[:, 0], own[0, 3] = 30, 0
    own[0, 3, 12] = 3
    counts = np.concatenate([own.sum(axis=0, keepdims=True), own, own])
    counts = np.concatenate([counts, counts.sum(axis=1, keepdims=True)], axis=1)
    expected = ["measure", "practice_code", "specialty_code", "ratio", "ratio_low", "ratio_high"]
    told = measure_tables(
        [series(rate, counts)], groups, {"A": "X", "B": "Y"}, ["100", "110", "120", "300"], {},
        pd.DataFrame(columns=expected), KINDS, weighted=np.full((5, 24), np.nan),
        today=dt.date(2026, 1, 1), smallest=SMALLEST,
    )  # fmt: skip
    years, months = told[tables.MEASURE_YEARS], told[tables.MEASURE_MONTHS]
    keys = ["group_kind", "group_code", "specialty_code"]
    hidden = set(map(tuple, years.loc[years["is_withheld"], keys].to_numpy()))
    shown = set(map(tuple, months[keys].to_numpy()))
    assert {("consortium", "X", "300"), ("consortium", "Y", "300")} <= hidden
    assert not hidden & shown
    assert {code for kind, code, part in shown if kind == "consortium" and part != "ALL"} == {"Y"}


@settings(max_examples=25)
@given(
    st.lists(
        st.lists(st.integers(0, 20), min_size=3, max_size=3), min_size=2, max_size=5
    ),
    st.lists(
        st.sampled_from([s for n in (1, 2, 3) for s in combinations(range(3), n)]),
        min_size=2, max_size=5, unique=True,
    ),
)  # fmt: skip
def test_no_few_rows_of_a_practice_follow_from_all_measures_together(
    rate: Measure, drawn: list[list[int]], chosen: list[tuple[int, ...]]
) -> None:
    own = np.array(drawn, dtype=float)
    codes = "ABCDE"[: len(own)]
    groups = [Group("pct", "9E1", "", frozenset(codes))]
    groups += [Group("practice", p, "", frozenset(p)) for p in codes]
    made = [
        series(
            replace(rate, name=f"m{n}", is_own=n > 1, numerator=of(*(PODS[k] for k in some))),
            summed(own[:, list(some)].sum(axis=1))[:, None, None],
        )
        for n, some in enumerate(chosen)
    ]
    untold = untold_groups(made, groups, dict.fromkeys(codes, ""), KINDS, SMALLEST)
    for row, code in enumerate(codes):
        known = [
            np.isin(np.arange(3), some).astype(float)
            for n, some in enumerate(chosen)
            if ("practice", code) not in untold[f"m{n}"]
        ]
        rank = np.linalg.matrix_rank(np.array([*known, np.zeros(3)]))
        for rows in product((0.0, 1.0), repeat=3):
            if 0 < own[row] @ rows < SMALLEST:
                assert np.linalg.matrix_rank(np.array([*known, rows])) > rank


def test_of_two_measures_the_one_of_less_use_is_withheld(rate: Measure) -> None:
    groups = [Group("pct", "9E1", "", frozenset("AB"))]
    groups += [Group("practice", p, "", frozenset(p)) for p in "AB"]
    days, stays = np.array([[20.0], [30.0]]), np.array([[5.0], [6.0]])
    upper, both = summed(days)[:, None], summed(days + stays)[:, None]
    own = replace(rate, name="own", is_own=True, numerator=of("DC", "EL"))
    ratio = replace(
        rate, name="ratio", per="ratio", numerator=of("NEL"), denominator=of("EL", "DC")
    )
    shown = [series(rate, upper), series(own, both), series(ratio, upper, both)]
    untold = untold_groups(shown, groups, {"A": "", "B": ""}, KINDS, SMALLEST)
    small = {("practice", "A"), ("practice", "B")}
    assert untold == {rate.name: set(), "own": small, "ratio": small}
    assert told_whole(shown, KINDS) == {"own"}
