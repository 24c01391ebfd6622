"""Forecasts that add up: exactly, better than repeating, honest about error, and nothing small."""

import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmarks.demand import Invented, invented
from pbcanalytics.cli import app
from pbcanalytics.demand.comparing.overdispersion import count_tail
from pbcanalytics.demand.forecasting.conformal import LEVELS
from pbcanalytics.demand.forecasting.foreseeing import (
    POOLED,
    SAME_MONTH,
    SERIES,
    Foreseen,
    foreseen,
    intervals,
)
from pbcanalytics.demand.measuring.cube import Cube, cube_of
from pbcanalytics.demand.measuring.groups import SMOOTHED, group_series
from pbcanalytics.demand.measuring.measures import Condition, Measure, measure_of
from pbcanalytics.demand.measuring.sums import ALL, Sums
from pbcanalytics.faces.pages.demand import trend_forecast
from pbcanalytics.faces.pages.demand.trend_view import view
from pbcanalytics.faces.sentences import forecast as words
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.reference.measures import measure_documents
from pbcanalytics.store import Published

N_KNOWN = 36


@pytest.fixture(scope="module")
def referrals(tmp_path_factory: pytest.TempPathFactory) -> Measure:
    documents = measure_documents(shelf(tmp_path_factory.mktemp("data")))
    measure = measure_of(documents["gp_referrals"])
    return dataclasses.replace(measure, numerator=Condition(("referral",)))


def cube(of: Invented, n_months: int) -> Cube:
    """Lay an invented PCT out as the model of demand gives it."""
    months = pd.date_range("2015-04-01", periods=n_months, freq="MS")
    counts = of.counts[:, :n_months].astype(int)
    series, month = counts.nonzero()
    source = np.array([g.split("/")[1] for g in of.groups])
    rows = pd.DataFrame(
        {
            "practice_code": np.array(of.practices)[series],
            "provider_code": "RAA",
            "specialty_code": np.array(of.courses)[series],
            "month": months[month],
            "event": "referral",
            "kind": "routine",
            "source": source[series],
            "pod": "none",
            "n_events": counts[series, month],
            "n_days": 0,
            "n_square_days": 0,
        }
    )
    ages = pd.DataFrame({c: [] for c in ("sex", "age_years", *rows.columns[2:8])}, dtype=object)
    return cube_of(rows, ages, sorted(set(of.practices)), n_months)


def sums(of: Invented, made: Cube, measure: Measure) -> Sums:
    """Give the lists that the invented counts were drawn from."""
    lists = dict(zip(of.practices, of.exposure[:, 0], strict=True))
    held = np.array([lists[p] for p in made.practices])[:, None, None] * np.ones(
        (1, len(made.specialties) + 1, len(made.months))
    )
    counted = made.summed(measure.numerator, "n_events")
    every = [np.concatenate([part, part.sum(axis=0, keepdims=True)]) for part in (counted, held)]
    told = np.ones(len(made.months), dtype=bool)
    return Sums(measure, *every, every[0], every[0], told)


def members(made: Cube) -> dict[tuple[str, str], list[str]]:
    third = len(made.practices) // 3
    return {
        ("pct", "9E1"): made.practices,
        ("consortium", "C01"): made.practices[:third],
        ("consortium", "C02"): made.practices[third:],
    } | {("practice", p): [p] for p in made.practices}


def made(of: Invented, measure: Measure, n_months: int = N_KNOWN, horizon: int = 12) -> Foreseen:
    held = cube(of, n_months)
    found = foreseen(held, sums(of, held, measure), members(held), is_whole=True, horizon=horizon)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def worlds(referrals: Measure) -> list[tuple[Invented, Foreseen]]:
    """Three PCTs of 30 practices x 12 specialties x 3 sources, median 2 a month."""
    return [(of, made(of, referrals)) for of in map(invented, range(3))]


def test_sums_agree_exactly_at_every_level(worlds: list[tuple[Invented, Foreseen]]) -> None:
    _, found = worlds[0]
    nodes = found.nodes
    pct = found.point[(nodes["level"] == "pct").to_numpy()][0]
    for level in ("consortium", "practice", "pct_specialty", "pct_source", SERIES):
        parts = found.point[(nodes["level"] == level).to_numpy()]
        assert len(parts) > 1
        assert (parts.sum(axis=0) == pct).all()
        assert (parts[::-1].cumsum(axis=0)[-1] == pct).all()
    for code in nodes.loc[nodes["level"] == "practice", "code"]:
        of = (nodes["code"] == code).to_numpy()
        whole = found.point[of & (nodes["level"] == "practice").to_numpy()][0]
        for level in ("practice_specialty", "practice_source", SERIES):
            own = found.point[of & (nodes["level"] == level).to_numpy()]
            assert (own.sum(axis=0) == whole).all()


def came(of: Invented, found: Foreseen) -> np.ndarray:
    """Add what came up node by node, in another way than the forecasts are."""
    source = np.array([g.split("/")[1] for g in of.groups])
    groups = members(cube(of, N_KNOWN))
    rows = []
    for node in found.nodes.itertuples():
        inside = np.isin(of.practices, groups[node.kind, node.code])
        if node.specialty_code != ALL:
            inside &= np.array(of.courses) == node.specialty_code
        if node.source != ALL:
            inside &= source == node.source
        rows.append(of.counts[inside, N_KNOWN:].sum(axis=0))
    return np.array(rows)


@pytest.mark.parametrize(("level", "least", "most"), [(80, 0.77, 0.83), (95, 0.93, 0.97)])
def test_intervals_of_series_and_of_sums_hold_what_they_say(
    worlds: list[tuple[Invented, Foreseen]], level: int, least: float, most: float
) -> None:
    held: dict[str, list[float]] = {}
    for of, found in worlds:
        low, high = (end[:, :-1] for end in intervals(found)[level])
        true = came(of, found)
        for name in (SERIES, "practice", "pct_specialty"):
            rows = (found.nodes["level"] == name).to_numpy()
            held.setdefault(name, []).append(float(((low <= true) & (true <= high))[rows].mean()))
    assert least <= np.mean(held[SERIES]) <= most
    # All sums of a year err alike, so three worlds tell less of them.
    for name in ("practice", "pct_specialty"):
        assert least - 0.05 <= np.mean(held[name]) <= 1


@pytest.mark.parametrize("level", LEVELS)
def test_a_good_year_makes_no_sum_surer_than_the_model(
    worlds: list[tuple[Invented, Foreseen]], level: int
) -> None:
    for _, found in worlds:
        sums = found.nodes["level"].isin(["pct", "pct_specialty", "pct_source", "practice"])
        now, rows = found.origins[0], sums.to_numpy()
        low, high = intervals(found, rows)[level]
        most = (1 - level / 100) / 2
        assert (count_tail(high + 1, now.mean[rows], now.tau[rows]) <= most).all()
        assert (1 - count_tail(low, now.mean[rows], now.tau[rows]) <= most).all()


def test_a_season_learnt_from_a_total_does_not_make_its_ranges_too_narrow(
    referrals: Measure,
) -> None:
    # Large counts whose months scatter by 8% for all practices alike: a season of eleven months,
    # learnt from 24, takes half of that for its own.
    tails = []
    for seed in range(24):
        rng = np.random.default_rng(100 + seed)
        of = invented(seed, n_practices=6, n_specialties=1)
        alike = rng.normal(0, 0.08, of.counts.shape[1])
        usual = np.outer(of.counts.mean(axis=1) + 40, np.exp(alike))
        of = dataclasses.replace(of, counts=rng.poisson(usual).astype(float))
        found = made(of, referrals)
        tails.append(found.origins[1].tails[(found.nodes["level"] == "pct").to_numpy(), :-1])
    assert 0.75 <= (np.array(tails) >= 0.1).mean() <= 0.88
    assert 0.91 <= (np.array(tails) >= 0.025).mean() <= 0.99


def test_forecasts_of_sums_are_better_than_repeating(
    worlds: list[tuple[Invented, Foreseen]],
) -> None:
    for of, found in worlds:
        rows = (found.nodes["level"] == "practice").to_numpy()
        true, before = came(of, found)[rows], found.counts[rows, -12:]
        ours = np.abs(found.point[rows] - true).sum()
        assert ours < 0.95 * np.abs(before - true).sum()


def test_the_record_is_that_of_forecasts_made_a_year_ago(
    worlds: list[tuple[Invented, Foreseen]], referrals: Measure
) -> None:
    of, found = worlds[0]
    then = made(of, referrals, N_KNOWN - 12)
    keys = ["level", "kind", "code", "specialty_code", "source"]
    pd.testing.assert_frame_equal(then.nodes[keys], found.nodes[keys])
    true, before = found.counts[:, -12:], found.counts[:, -24:-12]
    ends = intervals(then)
    for level in ("pct", "practice", "pct_specialty", SERIES):
        rows = (found.nodes["level"] == level).to_numpy()
        told = found.record[found.record["level"].eq(level) & found.record["size_from"].isna()]
        ours, naive = (told[told["method"] == m].iloc[0] for m in (POOLED, SAME_MONTH))
        total = true[rows].sum()
        error = (then.point - true)[rows]
        assert ours["wape"] == pytest.approx(np.abs(error).sum() / total, abs=1e-3)
        assert ours["bias"] == pytest.approx(error.sum() / total, abs=1e-3)
        assert naive["wape"] == pytest.approx(np.abs(before - true)[rows].sum() / total)
        assert ours["n_months"] == true[rows].size
        for n in LEVELS:
            low, high = (end[rows, :-1] for end in ends[n])
            inside = ((low <= true[rows]) & (true[rows] <= high)).mean()
            assert ours[f"coverage_{n}"] == pytest.approx(inside, abs=0.002)


def test_the_record_is_told_by_size_too(worlds: list[tuple[Invented, Foreseen]]) -> None:
    record = worlds[0][1].record
    of = record[(record["level"] == SERIES) & (record["method"] == POOLED)]
    sized = of.dropna(subset="size_from")
    assert sized["size_from"].tolist() == [0, 0.5, 2, 10]
    assert sized["n_months"].sum() == of.loc[of["size_from"].isna(), "n_months"].sum()
    assert sized["coverage_80"].between(0.74, 0.88).all()


def test_a_shorter_forecast_is_the_beginning_of_the_longer(
    worlds: list[tuple[Invented, Foreseen]], referrals: Measure
) -> None:
    of, found = worlds[0]
    short = made(of, referrals, horizon=3)
    np.testing.assert_allclose(short.point, found.point[:, :3], rtol=0.02, atol=0.02)
    assert intervals(short)[80][0].shape[1] == 4


def test_an_unknown_list_or_month_is_not_zero(referrals: Measure) -> None:
    of = invented(4, n_practices=6, n_specialties=3)
    held = cube(of, N_KNOWN)
    whole = sums(of, held, referrals)
    groups = members(held)
    found = foreseen(held, whole, groups)
    assert found is not None
    # Three months of the last year were never sent: what is forecast hardly moves.
    told = whole.is_told.copy()
    told[-6:-3] = False
    gap = foreseen(held, dataclasses.replace(whole, is_told=told), groups)
    assert gap is not None
    assert gap.point[0].sum() == pytest.approx(found.point[0].sum(), rel=0.15)
    assert np.isnan(gap.counts[0, -6:-3]).all()
    # A practice whose list ended is no part of any sum.
    below = whole.denominator.copy()
    below[0, :, -3:] = np.nan
    fewer = foreseen(held, dataclasses.replace(whole, denominator=below), groups)
    assert fewer is not None
    assert held.practices[0] not in set(fewer.nodes["code"])
    lists = sums(of, held, referrals).denominator[1:-1, 0, -1]
    assert fewer.nodes.loc[0, "patients"] == pytest.approx(lists.sum())
    # Of nobody's list nothing is forecast.
    nobody = dataclasses.replace(whole, denominator=np.full_like(below, np.nan))
    assert foreseen(held, nobody, groups) is None


def test_days_and_shares_keep_their_own_method(referrals: Measure) -> None:
    of = invented(4, n_practices=6, n_specialties=3)
    held = cube(of, N_KNOWN)
    days = dataclasses.replace(referrals, numerator=Condition(("referral",), counts_days=True))
    one = group_series(held, sums(of, held, days), members(held))
    assert one.foreseen is None
    assert one.forecasts is not None
    assert set(one.record["method"]) <= {SMOOTHED, SAME_MONTH}
    rate = group_series(held, sums(of, held, referrals), members(held))
    assert rate.forecasts is None
    assert (
        rate.wape == rate.record.query("level == 'practice' and method == 'pooled'")["wape"].iloc[0]
    )


def test_ten_thousand_series_take_less_than_three_seconds(referrals: Measure) -> None:
    of = invented(0, n_practices=278)
    held = cube(of, N_KNOWN)
    whole = sums(of, held, referrals)
    groups = {("pct", "9E1"): held.practices} | {("practice", p): [p] for p in held.practices}
    began = time.process_time()
    found = foreseen(held, whole, groups)
    assert found is not None
    intervals(found, (found.nodes["level"] != SERIES).to_numpy())
    assert time.process_time() - began < 3
    assert (found.nodes["level"] == SERIES).sum() == 10_008


def told(data: Path, table: str) -> pd.DataFrame:
    return pd.DataFrame(Published(data).rows(f"SELECT * FROM {table} ORDER BY ALL"))


def test_what_is_published_adds_up_where_nothing_is_withheld(small_pct: Path) -> None:
    rows, groups = told(small_pct, "measure_forecasts"), told(small_pct, "measure_groups")
    hidden = set(groups.loc[groups["is_withheld"], "measure"])
    whole = rows[(rows["specialty_code"] == ALL) & ~rows["measure"].isin(hidden)]
    whole = whole.dropna(subset="n_events")
    assert whole["measure"].nunique() >= 3
    for column in ("n_events", "n_patients"):
        by = whole.groupby(["measure", "month", "group_kind"])[column].sum().unstack()
        assert (by["practice"] == by["pct"]).all()
    given = 1_000 * whole["n_events"] / whole["n_patients"]
    np.testing.assert_allclose(whole["value"].astype(float), given)
    inside = (rows["low_80"] <= rows["value"] + 0.5) & (rows["value"] <= rows["high_80"] + 0.5)
    assert inside.mean() > 0.95


def test_a_forecast_is_told_only_where_its_months_are(small_pct: Path) -> None:
    keys = ["measure", "group_kind", "group_code", "specialty_code"]
    rows, months = (told(small_pct, f"measure_{k}")[keys] for k in ("forecasts", "months"))
    have, may = (set(f.itertuples(index=False, name=None)) for f in (rows, months))
    assert have
    assert have <= may
    assert not {k for k in have if k[1] == "practice" and k[3] != ALL}


def test_the_page_draws_what_is_to_come_and_says_what_it_was_worth(small_pct: Path) -> None:
    published = Published(small_pct)
    v = view(published, "gp_referrals", "pct-9E1", ALL, "nhsr_0_2_2")
    assert v is not None
    figure = trend_forecast.foreseen(published, v)
    assert figure is not None
    filled = [d for d in figure["data"] if d.get("fill") == "toself"]
    assert len(filled) == 2
    assert len(set(filled[0]["x"])) == 12
    outer, inner = (np.array(d["y"], dtype=float) for d in filled)
    assert (outer[:12] >= inner[:12]).all()
    said = trend_forecast.record(published, v)
    rows = [r for r in told(small_pct, "measure_forecast_record").to_dict("records")
            if r["measure"] == "gp_referrals"]  # fmt: skip
    assert words.worth(rows) in said
    assert "off on average" in said
    assert "<table" in said
    assert "text/csv" in said
    assert "March 2019" in said
    none = dataclasses.replace(v, forecasts=[])
    assert trend_forecast.foreseen(published, none) is None


def test_the_command_says_it_writes_it_and_refuses(small_pct: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    path = tmp_path / "forecast.csv"
    asked = ["forecast", "gp_referrals", "--data", str(small_pct), "--practice", "X80001"]
    said = run(app, [*asked, "--csv", str(path), "--json"], catch_exceptions=False)
    found = json.loads(said.stdout)
    rows = pd.read_csv(path, dtype={"specialty_code": str})
    assert len(found["rows"]) == len(rows)
    whole = rows[(rows["level"] == "practice")]
    parts = rows[rows["level"] == "practice_specialty"]
    assert whole["n_events"].sum() == parts["n_events"].sum()
    assert "four times in five" in found["sentences"][0]
    for wrong, why in (
        (["forecast", "day_case_share"], "whose events add up"),
        (["forecast", "gp_referrals", "--months", "13"], "--months 1 to 12"),
        (["forecast", "gp_referrals", "--practice", "X99999"], "no practice in the register"),
    ):
        refused = run(app, [*wrong, "--data", str(small_pct)])
        assert why in str(refused.exception)
