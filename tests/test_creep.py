"""Creep told from sicker patients and from better recording, on series whose truth is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.creep.generator import World, world
from pbcanalytics.creep import limits as limiting
from pbcanalytics.creep.baseline import baseline
from pbcanalytics.creep.detector import alarms, scan
from pbcanalytics.creep.dispersion import dispersion
from pbcanalytics.creep.effect import drawn_together, effect
from pbcanalytics.creep.explanations import posterior
from pbcanalytics.creep.limits import TIERS, alarm_rate, calibrated, limit_for
from pbcanalytics.creep.panel import BASELINE_MONTHS, Panel, panel
from pbcanalytics.creep.signals import Signals, signals
from pbcanalytics.creep.states import Family, Unit, judge, passing, standing
from pbcanalytics.creep.statistics import month_effects, statistics

CC_ONLY = (0,)
N_ROOTS = 4


def one_series(seed: int, what: str, points: float = 0.10, n: int = 20_000) -> Panel:
    """A series of many spells, in which one thing happens at month 40."""
    rng = np.random.default_rng(seed)
    severe_share = np.full(60, 0.30) + (points * (np.arange(60) >= 40) if what == "true" else 0.0)
    severe = np.round(n * severe_share)
    sensitivity = np.where((np.arange(60) < 40) & (what == "recording"), 1 - points / 0.30, 1.0)
    top_severe = severe * sensitivity
    crept = n * points * (np.arange(60) >= 40) * (what == "creep")
    k = top_severe + crept
    noise = rng.normal(0, np.sqrt(n / 2), (2, 60)) * 0.01
    q1 = 1.0 * top_severe + noise[0]
    q0 = 1.0 * (severe - top_severe) + noise[1]
    lines = [np.tile(x, (1, 1)) for x in (np.full(60, float(n)), k, q1, q0)]
    return panel(*lines, provider=[0], root=[0])


@pytest.mark.parametrize(
    ("what", "parts"),
    [("true", (0.10, 0, 0)), ("recording", (0, 0.10, 0)), ("creep", (0, 0, 0.10))],
)
def test_each_cause_leaves_its_own_fingerprint(what: str, parts: tuple[float, ...]) -> None:
    of = one_series(1, what)
    found = effect(of, signals(of), np.array([0]), 40, is_creep=False)
    split = [found.true[0], found.recording.value[0], found.creep.value[0]]
    # To first order, and with beliefs of how often records err that are not quite this world's.
    assert split == pytest.approx(parts, abs=0.035)
    assert sum(split) == pytest.approx(found.change[0], abs=1e-12)


def test_records_that_err_as_is_believed_bias_no_part() -> None:
    n, severe, month = 20_000.0, 6_000.0, np.arange(60)
    top_severe, false = 0.9 * severe, 0.04 * (n - severe)
    crept = 0.10 * n * (month >= 40)
    k = top_severe + false + crept
    q1, q0 = np.full(60, top_severe), np.full(60, severe - top_severe)
    of = panel(*[x[None] for x in (np.full(60, n), k, q1, q0)], provider=[0], root=[0])
    found = effect(of, signals(of), np.array([0]), 40, is_creep=False)
    # Without their beliefs the impostors alone would say 10.5 points.
    assert found.creep.value[0] == pytest.approx(0.10, abs=0.001)
    assert found.recording.value[0] == pytest.approx(0, abs=0.001)


@given(
    st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(1e-6, 1e-2)), min_size=1, max_size=30),
    st.booleans(),
)
def test_drawing_together_keeps_every_estimate_between_the_extremes(
    given: list[tuple[float, float]], knows_one_nothing: bool
) -> None:
    value, variance = (np.array(x) for x in zip(*given, strict=True))
    if knows_one_nothing and len(value) > 1:
        variance[0] = 1e9
        value[0] = 0.0
    found = drawn_together(value, np.eye(len(value)), np.diag(variance))
    known = value[variance < 1]
    assert (found.value >= known.min() - 1e-9).all()
    assert (found.value <= known.max() + 1e-9).all()
    assert np.isfinite(found.error(np.full(len(value), 1 / len(value))))


def test_the_filter_is_the_textbooks_local_level() -> None:
    rng = np.random.default_rng(3)
    z = np.broadcast_to(rng.normal(0, 0.1, 40), (3, 1, 40)).copy()
    noise, drift = np.full((3, 1, 40), 0.01), np.full((3, 1), 0.001)
    ways = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, -1.0], [0.0, 1.0, 0.0]])[
        :, :, None
    ]
    found = scan(z, noise, drift, np.zeros((1, 40), dtype=bool), ways)
    # A plain filter, and for one onset the regression of its innovations on a unit step's.
    u, t_end = 30, 39
    level, spread, reached, score, information = 0.0, 0.04, 0.0, 0.0, 0.0
    for t in range(t_end + 1):
        predicted = spread + 0.001
        total = predicted + 0.01
        gain = predicted / total
        innovation = z[0, 0, t] - level
        level, spread = level + gain * innovation, (1 - gain) * predicted
        if t >= u:
            heard = 1 - reached
            reached += gain * heard
            score += heard * innovation / total
            information += heard**2 / total
    creep = max(0.0, 2 * score) ** 2 / (2 * information)
    against = max(0.0, score) ** 2 / information
    best = np.sqrt(max(0.0, creep - 0.5 * against))
    assert found.query[0, t_end] >= best - 1e-12
    if found.onset[0, t_end] == u:
        assert found.query[0, t_end] == pytest.approx(best)


@pytest.fixture(scope="module")
def crept() -> tuple[World, Signals]:
    drawn = world(5, "creep", mechanisms=CC_ONLY, volumes=(100, 500), sizes=(0.10,), roots_each=2)
    return drawn, signals(drawn.panel)


def test_a_later_month_changes_nothing_that_was_said_before(crept: tuple[World, Signals]) -> None:
    drawn, whole = crept
    for cut in (30, 41, 52):
        earlier = signals(drawn.panel.until(cut))
        for tier in TIERS:
            then, now = getattr(earlier.scan, tier), getattr(whole.scan, tier)[:, :cut]
            assert np.abs(then - now).max() < 1e-9


def test_a_copy_of_a_provider_is_judged_as_it_is(crept: tuple[World, Signals]) -> None:
    of = crept[0].panel
    own = np.flatnonzero(of.provider == 0)
    twice = of.taken(np.concatenate([np.arange(len(of.n)), own]))
    copied = replace(twice, provider=np.concatenate([of.provider, np.full(len(own), 99)]))
    found = signals(copied).scan
    assert np.abs(found.query[own] - found.query[len(of.n) :]).max() == 0


def test_everybody_equally_more_ill_by_the_score_changes_nothing(
    crept: tuple[World, Signals],
) -> None:
    of, found = crept[0].panel, crept[1]
    shifted = replace(of, q1=of.q1 + 3 * of.k, q0=of.q0 + 3 * (of.n - of.k))
    assert np.abs(signals(shifted).scan.query - found.scan.query).max() < 1e-6


def test_other_numbers_for_providers_and_roots_change_nothing(
    crept: tuple[World, Signals],
) -> None:
    drawn, found = crept
    renamed = replace(drawn.panel, root=7 - drawn.panel.root, provider=90 - drawn.panel.provider)
    again = signals(renamed)
    assert np.abs(again.scan.query - found.scan.query).max() < 1e-9


def test_shuffled_providers_alarm_as_often_as_the_limit_says() -> None:
    rng = np.random.default_rng(8)
    drawn = world(6, "creep", mechanisms=CC_ONLY, volumes=(100,), roots_each=8, sizes=(0.05,))
    of = drawn.panel
    mixed = {name: getattr(of, name).copy() for name in ("n", "k", "q1", "q0", "e")}
    for root in range(8):
        rows = np.flatnonzero(of.root == root)
        for t in range(of.n_months):
            order = rng.permutation(rows)
            for values in mixed.values():
                values[rows, t] = values[order, t]
    shuffled = replace(of, **mixed)
    found = signals(shuffled)
    limit = calibrated(shuffled, found, n_panels=6)["series"].limit["query"]
    rate = alarm_rate([found.scan.query], limit)
    # 240 series × 3 years: 20 alarms per 1,000 are 14 ± 4 alarms.
    assert rate <= 36


def test_prices_are_not_asked_for_by_the_test() -> None:
    assert not {"price", "pence", "gap"} & set(Panel.__dataclass_fields__)


def test_creep_is_heard_and_its_size_is_told(crept: tuple[World, Signals]) -> None:
    drawn, found = crept
    limit = calibrated(drawn.panel, found, n_panels=3)["series"].limit
    heard = alarms(found.scan.query, limit["query"])
    at = np.flatnonzero(drawn.onset >= 0)
    in_time = [heard[i, drawn.onset[i] : drawn.onset[i] + 12].any() for i in at]
    assert np.mean(in_time) >= 0.85
    sizes = [
        effect(drawn.panel, found, np.array([i]), int(drawn.onset[i]), is_creep=True).creep.value[0]
        for i in at
    ]
    # Ramps of half a year are counted from their first month, so a part is missing.
    assert 0.07 <= np.median(sizes) <= 0.11


@pytest.fixture(scope="module")
def caught_up() -> tuple[World, Signals]:
    drawn = world(9, "C4", mechanisms=CC_ONLY, volumes=(100, 500), roots_each=2)
    return drawn, signals(drawn.panel, {"provider": drawn.panel.provider})


def test_a_catch_up_is_called_recording_and_not_creep(caught_up: tuple[World, Signals]) -> None:
    drawn, found = caught_up
    pools = {"provider": drawn.panel.provider}
    limits = calibrated(drawn.panel, found, pools, n_panels=6)
    units = [
        Unit("provider", j, np.flatnonzero(drawn.panel.provider == j), 0.75, True)
        for j in range(30)
    ]
    judged = judge(drawn.panel, found, units, limits)
    ours = judged[judged["unit"] < 4]
    assert set(ours["state"]) == {"recording"}
    assert ours["unit"].nunique() == 4
    # Of the others 20 in 1,000 years may be: 1.6 of 78, at most 4 in 97 draws of 100.
    assert (judged["state"] == "creep-confirmed").sum() <= 4


def test_the_creep_part_of_a_catch_up_is_small() -> None:
    change = creep = recording = 0.0
    for seed in (9, 10, 11):
        drawn = world(seed, "C4", mechanisms=CC_ONLY)
        found = signals(drawn.panel)
        for j in range(4):
            mine = np.flatnonzero(drawn.panel.provider == j)
            split = effect(drawn.panel, found, mine, int(drawn.onset[mine[0]]), is_creep=False)
            change += float(split.weights @ split.change)
            creep += float(split.weights @ split.creep.value)
            recording += float(split.weights @ split.recording.value)
    # Twelve providers tell the ratio to about 6 points.
    assert abs(creep / change) <= 0.15
    assert recording / change >= 0.80


def test_a_change_of_the_grouper_is_not_heard_as_creep() -> None:
    drawn = world(4, "C5", mechanisms=CC_ONLY, volumes=(100,), roots_each=6)
    found = signals(drawn.panel)
    blind = replace(drawn.panel, is_version=np.zeros_like(drawn.panel.is_version))
    unaware = signals(blind)
    assert alarm_rate([found.scan.query], 2.74) <= 30
    year = slice(36, 48)
    told, untold = (alarms(x.scan.query, 2.74)[:, year].sum() for x in (found, unaware))
    assert untold >= 2 * max(told, 1)
    since = slice(37, 37 + 18)
    heard = found.scan.query[:, since] > 0
    assert (found.scan.onset[:, since][heard] > 36).all()


def test_nothing_is_decided_in_an_incomplete_month(crept: tuple[World, Signals]) -> None:
    of = crept[0].panel
    cut = {name: getattr(of, name).copy() for name in ("n", "k", "q1", "q0")}
    rows = np.flatnonzero(of.provider == 3)
    for values in cut.values():
        values[rows, 45] *= 0.4
    lacking = panel(**cut, provider=of.provider, root=of.root, e=of.e)
    assert lacking.is_partial[rows, 45].all()
    assert not lacking.is_partial[:, :45].any()
    # Ten times the activity later on does not make today's month incomplete.
    grown = {name: values * np.where(np.arange(60) < 29, 1, 10) for name, values in cut.items()}
    later = panel(**grown, provider=of.provider, root=of.root)
    assert not later.is_partial[:, :29].any()
    found = signals(lacking).scan
    # Only drift is added: what was learnt by month 44 is what is known at 45.
    same = found.onset[rows, 45] == found.onset[rows, 44]
    assert np.abs(found.query[rows, 45] - found.query[rows, 44])[same].max(initial=0) < 1e-9


def test_two_years_are_needed_before_anything_is_said() -> None:
    drawn = world(5, "creep", mechanisms=CC_ONLY, volumes=(100,), sizes=(0.10,))
    n_missing = 3
    short = {name: getattr(drawn.panel, name).copy() for name in ("n", "k", "q1", "q0")}
    rows = drawn.panel.provider == 0
    for values in short.values():
        values[rows, :n_missing] = 0
    of = panel(**short, provider=drawn.panel.provider, root=drawn.panel.root)
    of = replace(of, is_partial=of.is_partial | (rows[:, None] & (np.arange(60) < n_missing)))
    assert not baseline(of).is_usable[rows].any()
    assert signals(of).scan.query[rows].max() == 0


def test_few_providers_are_nobodys_peers() -> None:
    z = np.ones((3, 4, 10))
    assert not month_effects(z, np.zeros(4, dtype=np.int64)).any()
    five = month_effects(np.ones((3, 5, 10)), np.zeros(5, dtype=np.int64))
    assert (five == 1).all()


def test_a_fifth_of_the_providers_is_trimmed_off_either_end() -> None:
    z = np.zeros((3, 10, 1))
    z[:, :2], z[:, 2:4] = 9.0, -5.0
    assert not month_effects(z, np.zeros(10, dtype=np.int64)).any()
    left_out = np.zeros((10, 1), dtype=bool)
    left_out[:4] = True
    assert not month_effects(z, np.zeros(10, dtype=np.int64), left_out).any()


def test_the_variances_of_the_statistics_are_those_that_are_stated() -> None:
    drawn = world(12, mechanisms=CC_ONLY, volumes=(200,), roots_each=6)
    base = baseline(drawn.panel)
    found = statistics(drawn.panel, base)
    step = np.diff(found.z - month_effects(found.z, drawn.panel.root), axis=2)
    stated = found.r0[:, :, 1:] + found.r0[:, :, :-1]
    ratio = (step**2).mean(axis=(1, 2)) / stated.mean(axis=(1, 2))
    # Chance, and the noise and drift that the world adds to it.
    assert ((ratio > 0.8) & (ratio < 1.6)).all()


def test_limits_give_the_wanted_rate_on_what_they_were_set_on() -> None:
    rng = np.random.default_rng(0)
    values = [np.abs(rng.normal(size=(200, 60)))]
    limit = limit_for(values, 20)
    assert alarm_rate(values, limit) <= 20 < alarm_rate(values, limit * 0.97)


def test_series_that_are_not_tested_do_not_thin_out_the_alarms(
    crept: tuple[World, Signals],
) -> None:
    of, found = crept[0].panel, crept[1]
    own = calibrated(of, found, n_panels=2)["series"].null["query"]
    rows = np.tile(np.arange(len(of.n)), 2)
    twice = of.taken(rows)
    untested = np.repeat([False, True], len(of.n))
    twice = replace(
        twice,
        is_partial=twice.is_partial | untested[:, None],
        provider=twice.provider + 100 * untested,
    )
    again = calibrated(twice, signals(twice), n_panels=2)["series"].null["query"]
    assert len(again) == len(own) == 2 * len(of.n) * (of.n_months - BASELINE_MONTHS)


def test_a_few_series_have_no_lower_limit_than_is_stated(crept: tuple[World, Signals]) -> None:
    of = crept[0].panel.taken(slice(0, 4))
    limits = calibrated(of, signals(of), {"all": np.zeros(4, dtype=np.int64)}, n_panels=4)
    for tier in TIERS:
        assert limits["series"].limit[tier] >= limiting.STATED[tier]
        assert limits["all"].limit[tier] >= limiting.POOLED[tier]


def test_a_null_panel_keeps_its_spells_and_plants_nothing(crept: tuple[World, Signals]) -> None:
    drawn, found = crept
    drawn_null = limiting.null_panel(drawn.panel, found, 1, 0)
    assert (drawn_null.n == drawn.panel.n).all()
    later = drawn_null.k[:, BASELINE_MONTHS:].sum() / drawn_null.n[:, BASELINE_MONTHS:].sum()
    first = drawn_null.k[:, :BASELINE_MONTHS].sum() / drawn_null.n[:, :BASELINE_MONTHS].sum()
    assert abs(later - first) < 0.01
    again = limiting.null_panel(drawn.panel, found, 1, 0)
    assert (again.k == drawn_null.k).all()


def test_limits_are_set_on_the_baseline_alone(crept: tuple[World, Signals]) -> None:
    of, found = crept[0].panel, crept[1]
    later = {name: getattr(of, name).copy() for name in ("k", "q1", "q0")}
    for values in later.values():
        values[:, BASELINE_MONTHS:] *= 0.5
    other = replace(of, **later)
    once, again = (
        limiting.null_panel(of, found, 1, 0),
        limiting.null_panel(other, signals(other), 1, 0),
    )
    assert (once.k == again.k).all()
    assert np.abs(once.q1 - again.q1).max() < 1e-9


def test_drift_is_told_from_noise_and_from_the_season() -> None:
    rng = np.random.default_rng(4)
    n, month = np.full((400, BASELINE_MONTHS), 1_000.0), np.arange(BASELINE_MONTHS)
    of = panel(n, 0.3 * n, 0.3 * n, 0 * n, provider=np.arange(400), root=np.arange(400) % 4)
    base = baseline(of)
    r0 = np.full((3, *n.shape), 1e-4)
    drift, phi = 5e-6, 1.5
    z = rng.normal(size=r0.shape) * np.sqrt(phi * r0)
    z += np.cumsum(rng.normal(size=r0.shape), axis=2) * np.sqrt(drift)
    told = dispersion(z, r0, of, base)
    # 400 series: the standard error is about a tenth of the drift, and a fiftieth of the noise.
    assert told.drift.mean(axis=1) == pytest.approx(np.full(3, drift), rel=0.3)
    assert told.phi.mean(axis=1) == pytest.approx(np.full(3, phi), rel=0.06)
    seasonal = dispersion(z + 0.02 * np.cos(2 * np.pi * month / 12), r0, of, base)
    assert (np.abs(seasonal.drift.mean(axis=1) / told.drift.mean(axis=1) - 1) < 0.25).all()


def test_what_a_provider_does_in_all_its_series_is_drawn_in_panels_without_creep() -> None:
    drawn = world(21, mechanisms=CC_ONLY, volumes=(500,), roots_each=6)
    found = signals(drawn.panel)
    together = found.together
    # The world takes 1 / 600 of the score's variance off wrongly, month by month.
    impostors, hidden = together.month[1, 1], together.month[2, 2]
    assert 0.0008 < impostors < 0.0024
    assert together.month[1, 2] / np.sqrt(impostors * hidden) < -0.8
    null = signals(limiting.null_panel(drawn.panel, found, 1, 0))
    again = null.together.month
    assert again[1, 2] == pytest.approx(together.month[1, 2], rel=0.35)


def test_series_of_one_provider_share_part_of_their_error(crept: tuple[World, Signals]) -> None:
    of, found = crept[0].panel, crept[1]
    rows = np.flatnonzero(of.provider < 2)
    got = effect(of, found, rows, 40, is_creep=True).creep
    is_same = of.provider[rows][:, None] == of.provider[rows]
    assert got.covariance[is_same].mean() > got.covariance[~is_same].mean()
    weights = np.full(len(rows), 1 / len(rows))
    apart = replace(got, covariance=np.diag(np.diag(got.covariance)))
    assert got.error(weights) > apart.error(weights)


def test_an_alarm_is_armed_again_after_a_year() -> None:
    statistic = np.full((1, 40), 9.0)
    assert np.flatnonzero(alarms(statistic, 1.0)[0]).tolist() == [0, 12, 24, 36]


def test_false_discoveries_are_held_as_benjamini_and_hochberg_say() -> None:
    # Their own example (1995, section 4.1): 15 p-values at 0.05, four are rejected.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    p += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert passing(np.array(p), 0.05).sum() == 4


def test_lists_judged_together_stand_as_one_list_would(crept: tuple[World, Signals]) -> None:
    drawn, found = crept
    limits = calibrated(drawn.panel, found, n_panels=2)
    units = [Unit("root", i, np.array([i]), 0.75, True) for i in range(len(drawn.panel.n))]
    (whole,) = standing([Family(found, units, limits)])
    halves = [Family(found, part, limits) for part in (units[:70], units[70:])]
    together = standing(halves)
    for tier in TIERS:
        assert (np.concatenate([x[tier] for x in together]) == whole[tier]).all()
    # Quiet tests beside them leave fewer standing, never more.
    quiet = [u for u in units if drawn.onset[u.row] < 0]
    beside = standing([Family(found, units, limits), *[Family(found, quiet, limits)] * 3])[0]
    assert not (beside["query"] & ~whole["query"]).any()
    assert beside["query"].sum() < whole["query"].sum()
    judged = judge(drawn.panel, found, units, limits, stands=whole)
    pd.testing.assert_frame_equal(judged, judge(drawn.panel, found, units, limits))


def test_lists_of_other_months_are_not_judged_together(crept: tuple[World, Signals]) -> None:
    drawn, found = crept
    shorter = signals(drawn.panel.until(40))
    with pytest.raises(ValueError, match="same months"):
        standing([Family(found, [], {}), Family(shorter, [], {})])


def test_without_evidence_the_scores_are_the_beliefs() -> None:
    assert posterior(np.zeros(3)) == pytest.approx([0.90, 0.03, 0.04, 0.03])
    assert posterior(np.array([30.0, 3.0, 3.0])).argmax() == 1
