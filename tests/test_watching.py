"""Alerts over the grid: what was planted is found, luck is not accused, yesterday is not news."""

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from typer.testing import CliRunner

from benchmarks.demand import counts_of, rise
from pbcanalytics import pipeline
from pbcanalytics.cli import app
from pbcanalytics.demand.comparing.scatter import Beside, Scatter
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.lateness import late_months
from pbcanalytics.demand.watching import changes
from pbcanalytics.demand.watching import grid_watch as watching
from pbcanalytics.demand.watching.changes import beside_others, change_of
from pbcanalytics.demand.watching.changes import tested as evidence
from pbcanalytics.pipeline.demand.measures import held_measures, measure_grid
from pbcanalytics.pipeline.demand.watching import Watched, enter, watch_demand
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError, StoreError

N_PRACTICES: Final = 8
KEY: Final = list(watching.KEY)


def pct(folder: Path, *, quiet: bool) -> Path:
    """The demonstration PCT, loaded and priced."""
    pipeline.load(folder, [pipeline.demo(folder, n_practices=N_PRACTICES, quiet=quiet)])
    pipeline.build(folder)
    return folder


@pytest.fixture(scope="session")
def planted_pct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pct(tmp_path_factory.mktemp("planted"), quiet=False)


@pytest.fixture(scope="session")
def quiet_pct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pct(tmp_path_factory.mktemp("quiet"), quiet=True)


def truth(data: Path, item: str) -> list[dict[str, Any]]:
    """What the answer key says was planted."""
    key = json.loads((data / pipeline.DEMO_FOLDER / "answer_key.json").read_text(encoding="utf-8"))
    return [one for one in key["planted"] if one["item"] == item]


@pytest.fixture(scope="session")
def months_run(planted_pct: Path) -> dict[str, Watched]:
    """The alerts of three months, entered one after the other."""
    months = ("2018-12", "2019-02", "2019-03")
    return {month: watch_demand(planted_pct, as_of=month) for month in months}


def test_the_growth_of_referrals_is_found_and_named(
    planted_pct: Path, months_run: dict[str, Watched]
) -> None:
    alerts = pd.concat([found.alerts for found in months_run.values()])
    referrals = alerts[alerts["measure"] == "gp_referrals"]
    grown = {
        (one["where"]["practice"], specialty): one
        for one in truth(planted_pct, "referral growth")
        for specialty in one["specialties"]
    }
    assert len(referrals)
    for row in referrals.to_dict("records"):
        one = grown[row["practice_code"], row["specialty_code"]]
        since = pd.Timestamp(one["since"]).date()
        assert row["side"] == "above"
        assert row["onset_earliest"] <= since <= row["onset_latest"]
        assert row["ratio_low"] <= 1 + one["size"] <= row["ratio_high"]
    # Of five that grew, two are seen with seven practices (docs/methods/rates.md: four of twenty).
    assert referrals[["practice_code", "specialty_code"]].drop_duplicates().shape[0] >= 2


def test_an_alert_rests_on_the_least_count_that_it_says(
    planted_pct: Path, months_run: dict[str, Watched]
) -> None:
    found = months_run["2019-02"].watch.alerts
    alerts = found[found["measure"] == "gp_referrals"]
    monthly = measure_grid(planted_pct, ["gp_referrals"]).monthly
    month = pd.to_datetime(monthly["month"])
    for row in alerts.to_dict("records"):
        own = monthly["practice_code"] == row["practice_code"]
        own &= monthly["specialty_code"] == row["specialty_code"]
        held = own & (month <= pd.Timestamp(row["last_month"]))
        since = held & (month >= pd.Timestamp(row["onset"]))
        latest = held & (month > pd.Timestamp(row["last_month"]) - pd.DateOffset(months=3))
        sums = [monthly.loc[k, "numerator"].sum() for k in (latest, since, held & ~since)]
        assert row["n_least"] == min(sums)
        assert row["observed"] == sums[1]


def test_the_unlucky_practice_is_not_accused(
    planted_pct: Path, months_run: dict[str, Watched]
) -> None:
    (unlucky,) = truth(planted_pct, "unlucky practice")
    accused = {p for found in months_run.values() for p in found.alerts["practice_code"]}
    assert unlucky["where"]["practice"] not in accused


def test_a_quiet_pct_raises_no_more_alerts_than_luck_is_said_to(quiet_pct: Path) -> None:
    found = watch_demand(quiet_pct)
    expected = found.watch.families["n_false_expected"].sum()
    assert 0 < expected <= 1
    assert len(found.alerts) <= round(expected)


def test_months_that_a_provider_has_not_sent_are_provisional(
    planted_pct: Path, months_run: dict[str, Watched]
) -> None:
    (late,) = truth(planted_pct, "late provider")
    found = months_run["2019-03"].watch
    assert {one.provider_code for one in found.late} == {late["where"]["provider"]}
    assert all(f"{one.months[0]}" == late["since"] for one in found.late)
    last = found.series.groupby("measure")["last_month"].first()
    assert last["first_attendances"] == dt.date(2019, 1, 1)
    assert last["gp_referrals"] == dt.date(2019, 3, 1)


def test_yesterdays_alert_is_not_new_today(months_run: dict[str, Watched]) -> None:
    first, second, third = (found.alerts.set_index(KEY) for found in months_run.values())
    assert set(first["state"]) == {"new"}
    stood = second.index.intersection(first.index)
    assert len(stood)
    assert (second.loc[stood, "state"] == "standing").all()
    assert (second.loc[stood, "first_seen"] == dt.date(2018, 12, 1)).all()
    assert (third.loc[third.index.intersection(stood), "n_seen"] == 3).all()
    gone = months_run["2019-03"].gone.set_index(KEY).index
    assert set(gone) == set(first.index.union(second.index).difference(third.index))


def test_looking_again_changes_nothing_and_filters_neither_test_nor_ledger(
    planted_pct: Path, months_run: dict[str, Watched]
) -> None:
    before = ledger(planted_pct)
    again = watch_demand(planted_pct, as_of="2019-02", measure="gp_referrals", practice="X80001")
    pd.testing.assert_frame_equal(ledger(planted_pct), before)
    assert again.alerts.empty
    whole = months_run["2019-02"].watch.families
    pd.testing.assert_frame_equal(again.watch.families, whole)


def ledger(data: Path) -> pd.DataFrame:
    with Warehouse.open(data, doing="a test") as warehouse:
        return warehouse.frame("SELECT * FROM alert_ledger ORDER BY ALL")


def test_the_command_says_what_luck_raises_and_what_it_could_not_see(
    planted_pct: Path, tmp_path: Path
) -> None:
    file = tmp_path / "alerts.csv"
    words = ["alerts", "--data", str(planted_pct), "--as-of", "2019-02"]
    said = CliRunner().invoke(app, [*words, "--csv", str(file)])
    assert said.exit_code == 0, said.output
    text = " ".join(said.output.split())
    for part in ("Luck alone would raise about", "A rise is found in 8 of 10 cases", "provisional"):
        assert part in text
    assert "320 Cardiology" in text
    assert list(pd.read_csv(file).columns) == tables.ALERT_LEDGER.names
    told = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    assert told["n_false_expected"] > 0
    assert told["alerts"][0]["onset_earliest"] < told["alerts"][0]["onset_latest"]


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ({"as_of": "March"}, "is no month"),
        ({"as_of": "2016-01"}, "begins in 2016-04"),
        ({"as_of": "2016-09"}, "6 months are held"),
        ({"measure": "other_referrals"}, "no measure in alerts"),
        ({"practice": "Z"}, "no practice in the register"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    planted_pct: Path, choice: dict[str, Any], says: str
) -> None:
    with pytest.raises(SelectionError, match=says):
        watch_demand(planted_pct, **choice)


def test_nothing_priced_is_said_so(tmp_path: Path, planted_pct: Path) -> None:
    shutil.copy(planted_pct / "warehouse.duckdb", tmp_path)
    with Warehouse.open(tmp_path, doing="a test") as warehouse:
        warehouse.drop(["activity"])
    with pytest.raises(StoreError, match="pbc build"):
        watch_demand(tmp_path)


def test_small_specialties_are_put_together_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(np.array([20.0, 1.0, 2.0, 0.0])[None, :, None], (5, 4, 30)).astype(float)
    (rate,) = [m for m in held_measures(Path("nowhere")) if m.name == "gp_referrals"]
    base = np.full((5, 1, 30), 6_000.0)
    codes = ["100", "160", "320", "800"]
    y, seen, x, names = watching._rolled_up(counts, counts, base, codes, rate)
    assert names == ["100", watching.REST]
    np.testing.assert_array_equal(y.sum(axis=1), counts.sum(axis=1))
    np.testing.assert_array_equal(seen, y)
    assert (x == 6_000).all()


@pytest.mark.parametrize(
    "world", [{}, {"scatter": 0.02}, {"visits": 2.0}, {"n_practices": 3}, {"mean": 6}]
)
def test_a_quiet_world_passes_a_threshold_no_more_often_than_it_says(
    world: dict[str, float],
) -> None:
    p: list[float] = []
    for seed in range(30):
        found = evidence(beside_others(*counts_of(seed, **world)))  # type: ignore[arg-type]
        p += [*found.p_above, *found.p_below]
    for share in (0.05, 0.01, 0.001):
        assert np.mean(np.array(p) <= share) <= 1.6 * share


def test_what_all_practices_share_is_no_alert() -> None:
    counts, lists = counts_of(3, mean=60, rise=rise(slice(None), slice(None), 30, 1.5))
    found = evidence(beside_others(counts, lists))
    assert min(found.p_above.min(), found.p_below.min()) > 1e-4
    # Nor does it pass for scatter, which would hide what only one of them did.
    assert found.scatter[6].levels < 0.002


def test_a_list_that_doubles_is_no_rise() -> None:
    counts, lists = counts_of(5, mean=60, rise=rise(0, slice(None), 18, 2))
    blamed = evidence(beside_others(counts, lists)).p_above[:12]
    lists[0, :, 18:] *= 2
    spared = evidence(beside_others(counts, lists)).p_above[:12]
    assert blamed.max() < 1e-3
    assert spared.min() > 1e-3


def test_one_that_moved_is_found_with_its_onset_and_the_others_are_not() -> None:
    counts, lists = counts_of(8, n_practices=7, mean=60, rise=rise(2, 4, 20, 1.6, 7))
    of = beside_others(counts, lists)
    found = evidence(of)
    place = 2 * 12 + 4
    assert found.p_above.argmin() == place
    assert found.p_above[place] < 1e-4
    assert np.nanmin(found.p_below) > 1e-3
    change = change_of(of, place, found.scatter)
    assert change.earliest <= 20 <= change.latest
    assert abs(change.first - 20) <= 1
    assert change.low <= 1.6 <= change.high
    assert change.observed == counts[2, 4, change.first :].sum()


def test_an_unknown_month_is_no_fall() -> None:
    counts, lists = counts_of(10, mean=60)
    counts[3, :, 33:] = np.nan
    p = evidence(beside_others(counts, lists)).p_below.reshape(20, 12)
    assert p[3].min() > 1e-3
    counts[3, :, 33:] = 0
    assert evidence(beside_others(counts, lists)).p_below.reshape(20, 12)[3].max() < 1e-4


def test_beside_very_many_others_the_test_is_the_exact_conditional_one() -> None:
    own = np.array([np.r_[np.full(33, 5.0), 9, 8, 7]])
    of = Beside(
        own, np.ones((1, 36)), np.full((1, 36), 1e12), np.array([1e12]), np.full((1, 36), np.inf)
    )
    above, below = changes._window(of, 3, Scatter(1.0, 0.0))
    given = stats.binom(own.sum(), 3 / 36)
    assert above[0] == pytest.approx(given.sf(23), rel=1e-6)
    assert below[0] == pytest.approx(given.cdf(24), rel=1e-6)


def test_what_would_have_been_seen_is_seen_in_eight_of_ten_cases() -> None:
    seen = []
    for seed in range(12):
        of = beside_others(*counts_of(seed, mean=40))
        least = changes.least_detectable(of, evidence(of), 12, 1e-3).reshape(20, 12)
        # One practice of each specialty, so that the others stay what they are.
        one = np.arange(12) + seed % 8
        raised = counts_of(
            seed + 100, mean=40, rise=rise(one, np.arange(12), 24, least[one, range(12), None])
        )
        p = evidence(beside_others(*raised)).p_above.reshape(20, 12)
        seen.append(p[one, np.arange(12)] <= 1e-3)
    # Other windows can only help, so it may be more.
    assert np.mean(seen) >= 0.75


def test_patients_who_come_again_are_told_from_levels_that_move() -> None:
    visits = evidence(beside_others(*counts_of(1, visits=2.0))).scatter[3]
    levels = evidence(beside_others(*counts_of(1, mean=100, scatter=0.05))).scatter[1]
    # One and a Poisson number of 2 more: variance over mean = (1 + 2) + 2 / (1 + 2).
    assert visits.clusters == pytest.approx(3 + 2 / 3, rel=0.15)
    assert levels.levels == pytest.approx(0.05, rel=0.2)


def test_a_provider_is_late_only_in_an_unbroken_run_to_the_end() -> None:
    months = pd.date_range("2016-04-01", periods=24, freq="MS")
    sent = pd.DataFrame(
        [(p, m, 100) for p in ("steady", "late", "gap", "tiny") for m in months],
        columns=["provider_code", "month", "n_events"],
    ).assign(event="referral")
    sent.loc[sent["provider_code"] == "tiny", "n_events"] = 1
    late = (sent["provider_code"] == "late") & (sent["month"] >= months[-2])
    gap = (sent["provider_code"] == "gap") & (sent["month"] == months[-2])
    tiny = (sent["provider_code"] == "tiny") & (sent["month"] >= months[-2])
    sent.loc[late | gap, "n_events"] = 10
    cube = Cube(sent[~tiny], sent, sent.iloc[:0], [], [], months)
    (found,) = late_months(cube)
    assert found.provider_code == "late"
    assert found.months == (dt.date(2018, 2, 1), dt.date(2018, 3, 1))


def test_a_month_entered_late_takes_the_news_from_those_after_it() -> None:
    alert = pd.DataFrame([["gp_referrals", "P1", "110", "above"]], columns=KEY)
    alert = alert.assign(**dict.fromkeys(tables.ALERT_LEDGER.names[8:], 1.0))
    empty = pd.DataFrame(columns=tables.ALERT_LEDGER.names)
    march = enter(empty, alert, dt.date(2019, 3, 1))
    assert march["state"].tolist() == ["new"]
    both = enter(march, alert, dt.date(2019, 1, 1))
    assert both["state"].tolist() == ["new", "standing"]
    assert both["n_seen"].tolist() == [1, 2]
    assert (both["first_seen"] == dt.date(2019, 1, 1)).all()
    none = enter(both, alert.iloc[:0], dt.date(2019, 3, 1))
    assert none["month"].tolist() == [dt.date(2019, 1, 1)]
