"""What section 6 of the method asks, of a test that heeds a provider's other series too."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.creep.generator import World, world
from pbcanalytics.creep.baseline import Baseline
from pbcanalytics.creep.detector import Scan, fits, scan
from pbcanalytics.creep.effect import effect
from pbcanalytics.creep.explanations import (
    CREEP,
    OTHER_PATIENTS,
    RECORDING,
    TRUE_MIX,
    directions,
    leaning,
    parts,
    posterior,
)
from pbcanalytics.creep.limits import TIERS, alarm_rate, calibrated
from pbcanalytics.creep.panel import BASELINE_MONTHS, Flags, Floats, Ints
from pbcanalytics.creep.signals import Signals, signals


def of(found: Signals, version: Flags, provider: Ints | None, rows: Ints | None = None) -> Scan:
    """Scan some series of what was found, with their statistics as they are."""
    at = np.arange(found.z.shape[1]) if rows is None else rows
    ways = directions(found.base)[:, :, at]
    lines = found.z[:, at], found.noise[:, at], found.spread.drift[:, at], version[at]
    return scan(*lines, ways, provider=provider)


def assert_same(one: Scan, other: Scan, rows: Ints, like: Ints, error: float = 0.0) -> None:
    """Compare everything that is said of series of one scan with that of series of another."""
    for each in fields(Scan):
        a, b = (np.take(getattr(x, each.name), r, axis=-2) for x, r in ((one, rows), (other, like)))
        assert np.abs(a - b).max(initial=0) <= error, each.name


@pytest.fixture(scope="module")
def caught_up() -> tuple[World, Signals]:
    """Four of thirty providers catch up in all six roots; in one root the grouper changes."""
    drawn = world(31, "C4", mechanisms=(0, 1, 2), volumes=(50, 200))
    version = np.zeros_like(drawn.panel.is_version)
    version[drawn.panel.root == 3, 50] = True
    drawn.panel = replace(drawn.panel, is_version=version)
    return drawn, signals(drawn.panel, {"provider": drawn.panel.provider})


def test_what_other_series_say_is_heeded_here(caught_up: tuple[World, Signals]) -> None:
    drawn, found = caught_up
    alone = of(found, drawn.panel.is_version, None)
    assert (found.scan.confirmed <= alone.confirmed + 1e-9).all()
    onset = int(drawn.onset[0])
    since = slice(onset + 3, onset + 12)
    heard = alone.confirmed[drawn.panel.provider == 0, since]
    assert found.scan.confirmed[drawn.panel.provider == 0, since].mean() < 0.8 * heard.mean()


def test_no_later_month_changes_anything_that_was_said(caught_up: tuple[World, Signals]) -> None:
    drawn, whole = caught_up
    every = np.arange(len(drawn.panel.n))
    for cut in (28, 40, 51):
        early = signals(drawn.panel.until(cut), {"provider": drawn.panel.provider})
        for then, now in ((early.scan, whole.scan), (early.pools["provider"], None)):
            held = whole.pools["provider"] if now is None else now
            past = Scan(**{f.name: getattr(held, f.name)[..., :cut] for f in fields(Scan)})
            rows = every if now is not None else np.arange(30)
            assert_same(then, past, rows, rows, 1e-9)


def test_a_copy_under_another_code_says_nothing_of_the_other(
    caught_up: tuple[World, Signals],
) -> None:
    drawn, found = caught_up
    provider, version = drawn.panel.provider, drawn.panel.is_version
    own = np.flatnonzero(provider == 0)
    at = np.concatenate([np.arange(len(provider)), own])
    code = np.concatenate([provider, np.full(len(own), 70)])
    twice = of(found, version, code, at)
    once = np.arange(len(provider))
    assert_same(twice, found.scan, once, once, 1e-9)
    assert_same(twice, twice, own, len(provider) + np.arange(len(own)))


def test_a_copy_of_a_provider_gets_the_same_label(caught_up: tuple[World, Signals]) -> None:
    panel = caught_up[0].panel
    own = np.flatnonzero(panel.provider == 1)
    twice = panel.taken(np.concatenate([np.arange(len(panel.n)), own]))
    twice = replace(twice, provider=np.concatenate([panel.provider, np.full(len(own), 31)]))
    found = signals(twice)
    copies = len(panel.n) + np.arange(len(own))
    assert_same(found.scan, found.scan, own, copies)
    scores = [posterior(fits(found.scan, row, 59)) for row in (own[0], copies[0])]
    assert (scores[0] == scores[1]).all()


def test_numbers_with_gaps_and_series_in_any_order_change_nothing(
    caught_up: tuple[World, Signals],
) -> None:
    drawn, found = caught_up
    order = np.random.default_rng(1).permutation(len(drawn.panel.n))
    mixed = drawn.panel.taken(order)
    mixed = replace(mixed, provider=997 - 31 * mixed.provider, root=3 * mixed.root + 5)
    assert_same(signals(mixed).scan, found.scan, np.arange(len(order)), order, 1e-6)


def test_others_that_cannot_be_heard_say_nothing(caught_up: tuple[World, Signals]) -> None:
    drawn, found = caught_up
    version, provider = drawn.panel.is_version, drawn.panel.provider
    # One series of each provider is left, and all others are masked.
    lone = np.flatnonzero(drawn.panel.root == 0)
    masked = found.z.copy()
    masked[:, drawn.panel.root > 0] = np.nan
    heeding = of(replace(found, z=masked), version, provider)
    assert_same(heeding, of(found, version, None), lone, lone)
    assert_same(of(found, version, provider[lone], lone), heeding, np.arange(len(lone)), lone)


def test_a_version_bars_the_onsets_before_it_whatever_others_say(
    caught_up: tuple[World, Signals],
) -> None:
    drawn, found = caught_up
    changed = np.flatnonzero(drawn.panel.root == 3)
    heard = found.scan.query[changed, 50:] > 0
    assert heard.any()
    assert (found.scan.onset[changed, 50:][heard] > 50).all()
    assert not found.scan.query[changed, 50].any()


def test_what_falls_is_no_creep_whatever_others_say(caught_up: tuple[World, Signals]) -> None:
    drawn, found = caught_up
    fallen = found.z.copy()
    mine = np.flatnonzero((drawn.panel.provider == 0) & (drawn.panel.root == 0))
    fallen[:, mine] = np.where(np.arange(60) < 30, 0.0, -0.05)
    fallen[:, mine, :BASELINE_MONTHS] = 0.0
    again = of(replace(found, z=fallen), drawn.panel.is_version, drawn.panel.provider)
    assert not again.query[mine].any()
    assert not again.confirmed[mine].any()


@given(st.lists(st.floats(0, 80), min_size=3, max_size=3), st.floats(0, 20))
def test_others_clear_the_more_the_more_they_are_recorded_better(
    ratios: list[float], more: float
) -> None:
    others = np.array(ratios)[:, None]
    said = leaning(others)[0]
    assert said >= 0
    for explanation, sign in ((RECORDING, 1), (CREEP, -1), (TRUE_MIX, -1)):
        other = others.copy()
        other[explanation] += more
        assert sign * (leaning(other)[0] - said) >= -1e-9


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=8))
@settings(max_examples=60)
def test_the_explanations_can_be_told_apart_at_every_share(shares: list[float]) -> None:
    p = np.array(shares)
    one = np.ones_like(p)
    base = Baseline(p, one, 0 * one, one, 0 * one, one > 0)
    ways, told = directions(base)[:OTHER_PATIENTS], parts(base)
    assert (ways[:, 0] == 1).all()
    assert (ways[CREEP, 1] >= 1 - 1e-12).all()
    assert (ways[RECORDING, 2] <= -1 + 1e-12).all()
    assert (ways[TRUE_MIX, 1] < 0.01).all()
    whole = np.einsum("azs,bzs->abs", told, ways)
    assert np.abs(whole - np.eye(3)[:, :, None]).max() < 1e-12
    assert np.abs(told).max() < 1.2


def test_a_covariance_is_one_whichever_series_are_looked_at(
    caught_up: tuple[World, Signals],
) -> None:
    panel, found = caught_up[0].panel, caught_up[1]
    n = panel.n.copy()
    n[2] = 0.0
    gone = found.z.copy()
    gone[:, 2] = np.nan
    lacking = replace(found, z=gone)
    rng = np.random.default_rng(2)
    for rows in ([0], [2], [0, 1, 2, 3], [2, 8], *rng.integers(0, len(n), (6, 9)).tolist()):
        at = np.unique(rows)
        for is_creep in (True, False):
            told = effect(replace(panel, n=n), lacking, at, 36, is_creep=is_creep)
            for one in (told.creep, told.recording):
                least = np.linalg.eigvalsh((one.covariance + one.covariance.T) / 2).min()
                assert least > -1e-9 * max(one.covariance.max(), 1e-12)
                assert np.abs(one.covariance - one.covariance.T).max() < 1e-6
            assert told.true + told.creep.value + told.recording.value == pytest.approx(told.change)


def test_providers_shuffled_in_every_month_alarm_as_the_limits_of_each_tier_say() -> None:
    rng = np.random.default_rng(8)
    drawn = world(66, "C4", mechanisms=(0,), volumes=(100,), roots_each=8)
    mixed = {name: getattr(drawn.panel, name).copy() for name in ("n", "k", "q1", "q0", "e")}
    for root in range(8):
        rows = np.flatnonzero(drawn.panel.root == root)
        for t in range(drawn.panel.n_months):
            order = rng.permutation(rows)
            for values in mixed.values():
                values[rows, t] = values[order, t]
    shuffled = replace(drawn.panel, **mixed)
    found = signals(shuffled)
    limit = calibrated(shuffled, found, n_panels=6)["series"].limit
    for tier in TIERS:
        # 240 series x 3 years: 20 alarms per 1,000 are 14 ± 4 alarms.
        assert alarm_rate([getattr(found.scan, tier)], limit[tier]) <= 36


def test_where_no_severity_is_known_nobody_is_recorded_better(
    caught_up: tuple[World, Signals],
) -> None:
    panel = caught_up[0].panel
    unknown: Floats = np.full(panel.n.shape, np.nan)
    found = signals(replace(panel, q1=unknown, q0=unknown)).scan
    assert (found.query == found.recording).all()
    assert (found.ratios[CREEP] == found.ratios[RECORDING]).all()
    assert found.query == pytest.approx(np.sqrt(found.ratios[CREEP] / 2))
