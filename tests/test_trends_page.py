"""The page of demand: what it shows is what was counted, and nothing small is told by it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from pbcanalytics.demand.presets import PRESETS
from pbcanalytics.faces.pages import referral_trends as page_module
from pbcanalytics.faces.pages import trend_words
from pbcanalytics.faces.pages.trend_view import view
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.publication_measures import _hidden
from pbcanalytics.faces.step_groups import Group
from pbcanalytics.pipeline.measures import measure_grid
from pbcanalytics.store import Published
from pbcanalytics.words.errors import SelectionError
from tests.browsing import DESK, PHONE, Server, browser, serving, visit

SMALLEST = 8


@pytest.fixture(scope="module")
def held(small_pct: Path) -> Published:
    return Published(small_pct)


def rows(held: Published, table: str, **where: str) -> pd.DataFrame:
    said = " AND ".join(f"{k} = '{v}'" for k, v in where.items()) or "true"
    return pd.DataFrame(held.rows(f"SELECT * FROM {table} WHERE {said} ORDER BY ALL"))


def test_what_is_published_is_what_the_command_counts(held: Published, small_pct: Path) -> None:
    grid = measure_grid(small_pct).monthly
    told = rows(held, "measure_months", group_kind="practice")
    keys = ["measure", "group_code", "month"]
    ours = told.set_index(keys)[["numerator", "denominator", "value"]].astype(float)
    theirs = grid[grid["specialty_code"] == "ALL"].rename(columns={"practice_code": "group_code"})
    theirs = theirs.assign(month=[dt.date.fromisoformat(str(m)) for m in theirs["month"]])
    theirs = theirs.astype({"group_code": str}).set_index(keys)
    both = ours.join(
        theirs[["numerator", "denominator", "value", "reason"]], suffixes=(None, "_theirs")
    )
    assert len(both) > 300
    for column in ("numerator", "denominator"):
        np.testing.assert_allclose(both[column], both[f"{column}_theirs"])
    same = both[both["reason"] == ""]
    np.testing.assert_allclose(same["value"], same["value_theirs"])


def test_a_month_of_few_is_told_of_nobody(held: Published) -> None:
    months = rows(held, "measure_months", group_kind="practice")
    kinds = rows(held, "measures").set_index("measure")["unit"]
    counted = months[~months["measure"].isin(["excess_bed_days"])]
    assert not counted["numerator"].between(1, SMALLEST - 1).any()
    shares = counted[counted["measure"].map(kinds) == "share"]
    rest = shares["denominator"] - shares["numerator"]
    assert not rest.between(1, SMALLEST - 1).any()
    withheld = rows(held, "measure_groups")
    assert withheld["is_withheld"].any()
    hidden = withheld[withheld["is_withheld"]]
    pairs = set(zip(hidden["measure"], hidden["group_kind"], hidden["group_code"], strict=True))
    every = rows(held, "measure_months")
    shown = set(zip(every["measure"], every["group_kind"], every["group_code"], strict=True))
    assert not pairs & shown


def test_the_years_of_specialties_tell_no_few_by_subtraction(held: Published) -> None:
    years = rows(held, "measure_years")
    for _, of_measure in years.groupby("measure"):
        for column in ("n_events", "n_events_before"):
            shown = of_measure.loc[~of_measure["is_withheld"], column]
            assert not shown.between(1, SMALLEST - 1).any()


@given(
    st.lists(st.lists(st.integers(0, 30), min_size=4, max_size=4), min_size=2, max_size=5),
    st.randoms(use_true_random=False),
)
def test_hidden_cells_are_guarded_in_rows_and_columns(drawn: list[list[int]], _: object) -> None:
    counts = np.array(drawn, dtype=float)
    now = np.vstack([counts.sum(axis=0, keepdims=True), counts])
    now = np.hstack([now, now.sum(axis=1, keepdims=True)])
    groups = [Group("pct", "9E1", "", frozenset("ABCDE"[: len(drawn)]))]
    groups += [Group("practice", c, "", frozenset([c])) for c in "ABCDE"[: len(drawn)]]
    hidden = _hidden(now, np.zeros_like(now), groups, SMALLEST)
    inside, shown = hidden[1:, :-1], counts[~hidden[1:, :-1]]
    assert not ((shown > 0) & (shown < SMALLEST)).any()
    for axis in (0, 1):
        lines = (inside if axis else inside.T, counts if axis else counts.T)
        for gone, held in zip(*lines, strict=True):
            left = held[gone & (held > 0)]
            # A line that has a hidden cell has two, or all that there is.
            assert len(left) != 1 or not (held[~gone] > 0).any()


def batch(held: Published, **asked: str) -> dict[str, str]:
    names = ("measure", "group", "specialty", "preset")
    page = page_module.page(held, Selection("batch", {**dict.fromkeys(names, ""), **asked}))
    parts = ("strip", "headline", "sure", "where", "compared", "ask", "months", "provenance")
    return {part: str(getattr(page.part(part), "data", "")) for part in parts}


def test_the_page_answers_what_where_since_when_how_sure_and_what_to_ask(held: Published) -> None:
    shown = batch(held, group="pct-9E1")
    assert "GP referrals" in shown["strip"]
    assert "neither higher nor lower is better" in shown["strip"]
    assert "In the twelve months to March 2019" in shown["headline"]
    assert "four times in five" in shown["sure"]
    assert "With nothing changed, about" in shown["sure"]
    assert "would by luck alone" in shown["where"]
    assert "no rank is meant" in shown["compared"]
    assert shown["ask"].count("<li>") == 3
    assert "cannot tell whether a referral was needed" in shown["provenance"]


def test_a_specialty_of_a_practice_is_told_by_year_and_not_by_month(held: Published) -> None:
    years = rows(held, "measure_years", measure="gp_referrals", group_code="X80001")
    told = years[~years["is_withheld"] & (years["specialty_code"] != "ALL")]
    shown = batch(held, group="X80001", specialty=str(told["specialty_code"].iloc[0]))
    assert "would tell of few patients" in shown["months"]
    assert str(told["specialty_name"].iloc[0]).lower() in shown["headline"]


def test_days_and_season_are_taken_out_before_rules_are_asked(held: Published) -> None:
    v = view(held, "gp_referrals", "pct-9E1", "ALL", "nhsr_0_2_2")
    assert v is not None
    assert v.adjusted is not None
    raw = np.array([m["value"] for m in v.months])
    usual = np.array([m["usual_ratio"] for m in v.months])
    np.testing.assert_allclose(v.adjusted.chart.values[0], raw / usual)
    # December has the fewest working days and the fewest referrals of any month.
    december = [m["month"].month == 12 for m in v.months]
    assert usual[december].max() < usual.mean()
    assert (raw / usual).std() < raw.std()


def test_every_rule_set_has_a_name_that_its_users_know() -> None:
    assert trend_words.PRESETS.keys() == PRESETS.keys()


@pytest.mark.parametrize(
    ("ratio", "low", "high", "sure"),
    [(1.3, 1.1, 1.5, True), (1.3, 0.9, 1.7, False), (0.7, 0.5, 0.9, True), (1.0, 1.0, 1.0, False)],
)
def test_a_change_is_sure_where_its_interval_is_on_one_side(
    ratio: float, low: float, high: float, sure: bool
) -> None:
    assert trend_words.is_sure(low, high) is sure
    row = {"change_ratio": ratio, "change_low": low, "change_high": high}
    said = trend_words.changed(row)
    assert ("−" in said) == (low < 1)


def test_a_measure_that_is_not_there_is_refused_in_a_batch_run(held: Published) -> None:
    with pytest.raises(SelectionError, match="nonsense"):
        batch(held, measure="nonsense")


@pytest.fixture(scope="module")
def server(small_pct: Path) -> Iterator[Server]:
    with serving(small_pct) as started:
        yield started


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.mark.browser
def test_the_page_opens_on_desk_and_phone_without_a_fault(
    server: Server, chromium: Browser
) -> None:
    for size, name in ((DESK, "desk"), (PHONE, "phone")):
        with visit(chromium, server, size) as tab:
            tab.open("/pages/referral_trends?group=X80001").drawn("X80001")
            assert tab.inaccessible() == []
            assert not tab.scrolls_sideways()
            assert tab.faults == []
            tab.picture(f"referral_trends_{name}")
