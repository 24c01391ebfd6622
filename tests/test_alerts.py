"""Alerts on invented series whose truth is known; exactness; the ledger."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.alerts import judged, portfolio, raised, raw_xmr, usual
from pbcanalytics.demand.charting.course import dispersion, in_windows, pooled_course
from pbcanalytics.demand.watching import alerts as room
from pbcanalytics.demand.watching.alerts import alerts
from pbcanalytics.demand.watching.ledger import empty_ledger, entered
from pbcanalytics.words.errors import SelectionError

# The goals of trends 7.3 with room for smaller portfolios: some 300 alerts a case tell a share of
# false ones to 2 points, 240 changed series a power of 0.9 to 2 and one of 0.7 to 3 points. A raw
# XmR chart fails each of them.
MOST_FDR = 0.12
ROOM = 0.04
MOST_FALSE = 0.002


@pytest.fixture(scope="module")
def found() -> dict[tuple[int, float], list[tuple[float, ...]]]:
    """What alerts and raw charts make of each case: n, FDR, power, false flags a series."""
    cases: dict[tuple[int, float], list[tuple[float, ...]]] = {}
    for mean, change in ((20, 1.0), (50, 0.5), (200, 0.5)):
        drawn = [portfolio(s, mean, change, n_series=4_000, n_groups=12) for s in range(3)]
        of = [
            (
                *judged(raised(p, 3).table["is_alert"].to_numpy(), p.changed),
                *judged(raised(p, 1).table["is_alert"].to_numpy(), p.changed),
                *judged(raw_xmr(p.counts), p.changed),
            )
            for p in drawn
        ]
        cases[mean, change] = np.mean(of, axis=0).tolist()
    return cases


def test_few_alerts_are_false(found: dict[Any, Any]) -> None:
    fdr = [row[1] for row in found.values()]
    assert np.mean(fdr) <= MOST_FDR
    assert max(fdr) <= MOST_FDR + ROOM
    assert min(row[9] for row in found.values()) > 3 * MOST_FDR


def test_few_series_raise_a_false_alert_at_their_latest_month(found: dict[Any, Any]) -> None:
    assert max(row[7] for row in found.values()) <= MOST_FALSE
    assert min(row[11] for row in found.values()) > 3 * MOST_FALSE


@pytest.mark.parametrize(
    ("case", "power"), [((20, 1.0), 0.95), ((50, 0.5), 0.70), ((200, 0.5), 0.90)]
)
def test_true_changes_are_seen(
    found: dict[Any, Any], case: tuple[int, float], power: float
) -> None:
    assert found[case][2] >= power
    assert found[case][10] < power


def test_growth_and_season_that_all_share_are_no_alerts() -> None:
    of = portfolio(4, 200, 0.0, n_series=4_000, n_groups=36)
    learnt = raised(of, 3)
    bare = alerts(pd.DataFrame(of.counts), of.bases, dispersion_ratio=0.02 / 3)
    assert learnt.table["is_alert"].mean() < 0.001
    assert bare.table["is_alert"].mean() > 0.005
    # A season that is not learnt is taken for scatter, and hides what is there to be seen.
    changed = portfolio(4, 200, 0.5, n_series=4_000, n_groups=36)
    blind = alerts(pd.DataFrame(changed.counts), changed.bases).table["is_alert"]
    seen = raised(changed, 3).table["is_alert"]
    assert blind[changed.changed].mean() < seen[changed.changed].mean() - 0.1


def test_a_quiet_world_raises_as_many_alerts_as_the_page_expects() -> None:
    n = expected = 0.0
    for seed in range(6):
        of = portfolio(seed, 30, 0.0, n_series=1_500, n_groups=6)
        raised_now = raised(of, 3)
        n += raised_now.families["n_alerts"].sum()
        expected += raised_now.families["n_false_expected"].sum()
    # Luck passes the threshold of a first alert in a tenth of worlds.
    assert 0 < expected <= 0.7
    assert n <= 4


def test_the_scatter_of_months_is_found_and_counted() -> None:
    for truth in (0.0, 0.02, 0.1):
        of = portfolio(9, 60, 0.0, n_series=1_000, n_groups=1, dispersion=truth)
        course = pooled_course(of.counts, of.bases, of.first_month, n_months=3)
        seen = dispersion(of.counts, of.bases * course.ratio)
        assert seen == pytest.approx(truth, abs=0.003)


def test_months_that_go_together_are_counted_as_such() -> None:
    # Windows of the baseline show what months that go together come to; single months do not.
    fdr, alone = [], []
    for seed in range(3):
        of = portfolio(seed, 200, 0.5, n_series=4_000, n_groups=12, rho=0.4)
        fdr.append(judged(raised(of, 3).table["is_alert"].to_numpy(), of.changed)[1])
        level, _ = usual(of, 3)
        months = dispersion(of.counts[:, :-3], level[:, :-3])
        naive = alerts(pd.DataFrame(of.counts), level, dispersion_ratio=months / 3)
        alone.append(judged(naive.table["is_alert"].to_numpy(), of.changed)[1])
    assert np.mean(fdr) <= 0.2
    assert np.mean(alone) > 0.35


def test_windows_are_counted_back_from_the_last_month() -> None:
    found = in_windows(np.array([[9.0, 1, 2, 3, 4, np.nan, 6]]), 3)
    np.testing.assert_array_equal(found, [[6.0, np.nan]])


def test_a_course_is_the_groups_season_and_growth() -> None:
    t = np.arange(36)
    season = 1 + 0.1 * np.cos(2 * np.pi * t / 12)
    truth = season * np.exp(0.03 * t / 12)
    counts = np.outer([5_000.0, 9_000.0], truth)
    found = pooled_course(counts, np.ones((2, 36)), 4, n_months=3)
    assert found.is_learnt
    np.testing.assert_allclose(found.ratio / found.ratio[0], truth / truth[0], rtol=1e-6)
    assert found.variance < 1e-12
    short = pooled_course(counts[:, 16:], np.ones((2, 20)), 8, n_months=3)
    assert not short.is_learnt
    assert (short.ratio == 1).all()
    assert short.variance > 0


def test_a_course_that_may_be_off_makes_a_change_less_certain() -> None:
    counts = pd.DataFrame(np.hstack([np.full((2, 24), 100.0), np.full((2, 3), 130.0)]))
    found = alerts(counts, np.ones(27), course_variance=[0.0, 0.05], dispersion_ratio=0.0).table
    assert found["is_alert"].tolist() == [True, False]


def test_a_season_that_is_only_noise_is_hardly_taken_for_one() -> None:
    counts = np.random.default_rng(3).poisson(30, (1, 36)).astype(float)
    found = pooled_course(counts, np.ones((1, 36)), 4, n_months=3)
    raw = counts[0].reshape(3, 12).mean(axis=0)
    assert np.std(found.ratio[:12]) < 0.6 * np.std(raw / raw.mean())
    assert found.variance > 0


@given(st.integers(0, 60), st.integers(0, 40), st.sampled_from([1, 3]))
def test_without_scatter_the_test_is_the_exact_conditional_one(
    before: int, latest: int, n_months: int
) -> None:
    # Two Poisson counts of one rate: the later is binomial, given their sum.
    counts = np.zeros((1, 24))
    counts[0, 3], counts[0, -1] = before, latest
    for side, tail in (
        (room.ABOVE, lambda b: b.sf(latest - 1)),
        (room.BELOW, lambda b: b.cdf(latest)),
    ):
        found = alerts(
            pd.DataFrame(counts),
            np.ones(24),
            n_months=n_months,
            side=side,
            dispersion_ratio=0.0,
        )
        p = tail(stats.binom(before + latest, n_months / 24))
        assert found.table["p_share"].iloc[0] == pytest.approx(p, abs=1e-10)


def test_the_test_is_that_of_the_reference_where_counts_are_not_tiny() -> None:
    # trends 1.2, step 4, with b = 2,400 in 24 months, 3 months of 130, dispersion 2%.
    b, b_m, w, od, observed = 2_400, 24, 3, 0.02, 390
    e = b * w / b_m
    var = e + od * e**2 / w + e * w / b_m + od * e**2 / b_m
    size = e**2 / (var - e)
    p = stats.nbinom.sf(observed - 1, size, size / (size + e))
    counts = np.concatenate([np.full(24, 100.0), np.full(3, 130.0)])[None]
    found = alerts(pd.DataFrame(counts), np.ones(27), dispersion_ratio=od / w)
    assert found.table["p_share"].iloc[0] == pytest.approx(p, rel=0.02)
    assert found.table["expected"].iloc[0] == pytest.approx(e)


def test_what_would_have_been_seen_is_seen_in_eight_of_ten_cases() -> None:
    rng = np.random.default_rng(2)
    baseline = rng.poisson(40, (4_000, 24)).astype(float)
    quiet = np.hstack([baseline, np.full((4_000, 3), 40.0)])
    for side in (room.ABOVE, room.BELOW):
        of = alerts(pd.DataFrame(quiet), np.ones(27), side=side, dispersion_ratio=0.0)
        least = of.table["least_detectable_ratio"].to_numpy()
        assert ((least > 1) == (side == room.ABOVE)).all()
        mean = (of.table["expected"] / 3).to_numpy() * least
        latest = rng.poisson(mean[:, None] * np.ones(3)).astype(float)
        # The threshold of the first alert, for each alone.
        again = alerts(
            pd.DataFrame(np.hstack([baseline, latest])),
            np.ones(27),
            side=side,
            dispersion_ratio=0.0,
        )
        threshold = of.families["threshold_share"].iloc[0]
        # The ratio is of a level that is itself only estimated, which the test allows for.
        assert (again.table["p_share"] <= threshold).mean() == pytest.approx(0.8, abs=0.06)


def test_a_fall_that_nothing_could_show_is_said_to_be_none() -> None:
    counts = np.zeros((1, 27))
    counts[0, :24:4] = 1
    found = alerts(pd.DataFrame(counts), np.ones(27), side=room.BELOW).table.iloc[0]
    assert not found["is_alert"]
    assert np.isnan(found["least_detectable_ratio"])
    assert np.isnan(
        alerts(pd.DataFrame(0 * counts), np.ones(27), side=room.BELOW).table["ratio"].iloc[0]
    )


def test_a_series_that_is_not_tested_says_why_and_others_are() -> None:
    counts = np.full((3, 20), 10.0)
    counts[0, -2] = np.nan
    counts[1, :8] = np.nan
    found = alerts(pd.DataFrame(counts, index=["a", "b", "c"]), np.ones(20))
    assert list(found.table["reason"]) == [room.NOT_KNOWN, room.SHORT_BASELINE, ""]
    assert list(found.table["p_share"].isna()) == [True, True, False]
    assert not found.table["is_alert"].any()
    assert found.families["n_tested"].tolist() == [1]


def test_a_hole_in_the_baseline_shortens_it_and_is_no_zero() -> None:
    counts = np.full((1, 27), 10.0)
    counts[0, 2:6] = np.nan
    assert alerts(pd.DataFrame(counts), np.ones(27)).table["expected"].iloc[0] == pytest.approx(30)


def test_families_are_judged_apart() -> None:
    of = portfolio(6, 50, 1.0, n_series=400, n_groups=2)
    names = np.where(of.changed, "changed", "quiet")
    apart = alerts(pd.DataFrame(of.counts), of.bases, families=names)
    assert list(apart.families.index) == ["changed", "quiet"]
    alone = alerts(pd.DataFrame(of.counts[of.changed]), of.bases[of.changed])
    np.testing.assert_allclose(
        apart.table.loc[of.changed, "adjusted_p_share"], alone.table["adjusted_p_share"]
    )


@given(st.lists(st.integers(0, 40), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_adjusted_ps_rise_with_ps_and_do_not_know_names(latest: list[int], draw: Any) -> None:
    counts = np.full((len(latest), 25), 12.0)
    counts[:, -1] = latest
    frame = pd.DataFrame(counts, index=[f"s{i:02}" for i in range(len(latest))])
    found = alerts(frame, np.ones(25), n_months=1).table
    ordered = found.sort_values("p_share")
    assert (np.diff(ordered["adjusted_p_share"]) >= -1e-12).all()
    assert (found["adjusted_p_share"] >= found["p_share"] - 1e-12).all()
    order = list(frame.index)
    draw.shuffle(order)
    again = alerts(frame.loc[order], np.ones(25), n_months=1).table.loc[found.index]
    np.testing.assert_allclose(again["adjusted_p_share"], found["adjusted_p_share"], rtol=1e-9)
    np.testing.assert_array_equal(again["is_alert"], found["is_alert"])


def test_only_what_is_usual_for_a_month_matters_not_its_scale() -> None:
    of = portfolio(8, 30, 1.0, n_series=200, n_groups=1)
    one = alerts(pd.DataFrame(of.counts), of.bases).table["p_share"]
    scaled = alerts(pd.DataFrame(of.counts), of.bases * np.linspace(1, 9, 200)[:, None])
    np.testing.assert_allclose(one, scaled.table["p_share"], rtol=1e-9)


def test_every_fault_of_a_question_about_alerts_is_named() -> None:
    with pytest.raises(SelectionError) as caught:
        alerts(
            pd.DataFrame(np.ones((2, 5))),
            np.ones(4),
            n_months=9,
            side="up",
            families=["a"],
            false_share=10,
        )
    for part in ("(4,)", "1 families", "window of 9 months needs", "side 'up'", "share of 10"):
        assert part in str(caught.value)


def month(n: int) -> dt.date:
    return dt.date(2018 + n // 12, n % 12 + 1, 1)


def today(*series: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"family": "referrals", "series": list(series), "side": "above", "ratio": 1.5}
    )


def test_yesterdays_alert_is_not_news_today() -> None:
    ledger = entered(empty_ledger(), today("P1", "P2"), month(0))
    assert ledger["is_new"].tolist() == [True, True]
    ledger = entered(ledger, today("P2", "P3"), month(1))
    latest = ledger[ledger["month"] == month(1)].set_index("series")
    assert latest["is_new"].to_dict() == {"P2": False, "P3": True}
    assert latest["since"].to_dict() == {"P2": month(0), "P3": month(1)}
    paused = entered(ledger, today("P1"), month(3))
    assert paused["is_new"].iloc[-1] == np.False_
    forgotten = entered(ledger, today("P1"), month(4))
    assert forgotten["is_new"].iloc[-1] == np.True_
    other = entered(ledger, today("P1").assign(side="below"), month(1))
    assert other["is_new"].iloc[-1] == np.True_


MONTHS = st.lists(
    st.tuples(st.integers(0, 14), st.sets(st.sampled_from(["P1", "P2", "P3"]))), max_size=8
)


@given(MONTHS)
@settings(max_examples=25)
def test_entering_a_month_twice_or_late_changes_nothing(
    drawn: list[tuple[int, set[str]]],
) -> None:
    by_month = dict(drawn)
    ledger = in_order = empty_ledger()
    for n, series in by_month.items():
        ledger = entered(ledger, today(*sorted(series)), month(n))
        pd.testing.assert_frame_equal(
            ledger, entered(ledger, today(*sorted(series)), month(n)), check_dtype=False
        )
    for n in sorted(by_month):
        in_order = entered(in_order, today(*sorted(by_month[n])), month(n))
    pd.testing.assert_frame_equal(
        ledger.reset_index(drop=True), in_order.reset_index(drop=True), check_dtype=False
    )
    assert len(ledger) == sum(map(len, by_month.values()))


def test_a_ledger_refuses_what_it_cannot_tell_apart() -> None:
    with pytest.raises(SelectionError, match="no column side"):
        entered(empty_ledger(), today("P1").drop(columns="side"), month(0))
    with pytest.raises(SelectionError, match="given twice"):
        entered(empty_ledger(), today("P1", "P1"), month(0))
