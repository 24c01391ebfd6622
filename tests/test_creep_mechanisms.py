"""Creep that a share alone tells: a planted one is asked about, growth and quiet are not."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pbcanalytics import costing
from pbcanalytics.creep.mechanisms import (
    ADDED,
    DEPTH,
    MECHANISMS,
    ask,
    counted,
    depth_counts,
)
from pbcanalytics.creep.panel import BASELINE_MONTHS
from pbcanalytics.creep.signals import signals
from pbcanalytics.faces.sentences import creep as words
from pbcanalytics.pipeline.coding.creep_shares import Shares, asked, followed
from pbcanalytics.pipeline.coding.margins import above, margins
from pbcanalytics.pipeline.coding.preparing import grouper_months
from pbcanalytics.pipeline.coding.searching import lacks_search, search_if_possible
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import SelectionError

MONTHS = pd.date_range("2014-04-01", periods=54, freq="MS")
ONSET = 36
PROVIDERS = [f"X{letter}1" for letter in "ABCDEFGHI"]
MOVED, GROWN, NEW = PROVIDERS[:3]
"""From month 36 on: one is recorded as the other; twice as much of both; more of the dearer."""

N_A_MONTH = 150
USUAL = {"zero_day": 0.12, "splitting": 0.05, "ward_attenders": 0.10}
"""Usual shares, as in the table of mechanisms (code_creep 1.4); 0.3 where one replaces another."""

ON_TOP = ("splitting", "ward_attenders")
"""Split stays and ward attenders come on top; by the rest one thing takes another's place."""

DEAR_PENCE, OTHER_PENCE = 90_000, 50_000


def counts(mechanism: str, *, is_quiet: bool = False) -> pd.DataFrame:
    """Nine providers' activity of one mechanism, as the model of the counts gives it."""
    rng = np.random.default_rng(MECHANISMS.index(mechanism) + 10)
    share, rows = USUAL.get(mechanism, 0.3), []
    for provider in PROVIDERS:
        for at, month in enumerate(MONTHS):
            dear = rng.poisson(N_A_MONTH * share)
            other = rng.poisson(N_A_MONTH * (1 - share))
            if at >= ONSET and not is_quiet:
                if provider == MOVED:
                    sent = rng.binomial(other, 0.2)
                    dear, other = dear + sent, other - (0 if mechanism in ON_TOP else sent)
                elif provider == GROWN:
                    dear += rng.poisson(N_A_MONTH * share)
                    other += rng.poisson(N_A_MONTH * (1 - share))
                elif provider == NEW and mechanism not in ADDED:
                    dear += rng.poisson(0.15 * N_A_MONTH)
            own = rng.binomial([dear, other], 0.6)
            for practice, (d, o) in (("X80001", own), ("X80002", [dear, other] - own)):
                rows.append((provider, practice, month, d + o, d))
    frame = pd.DataFrame(
        rows, columns=["provider_code", "practice_code", "month", "n_activity", "n_dear"]
    )
    rest = frame["n_activity"] - frame["n_dear"]
    return frame.assign(
        mechanism=mechanism,
        root="all",
        dear_pence=frame["n_dear"] * DEAR_PENCE,
        n_dear_priced=frame["n_dear"],
        other_pence=rest * OTHER_PENCE,
        n_other_priced=rest,
    )


@pytest.fixture(scope="module")
def found() -> Shares:
    return asked(followed(pd.concat([counts(m) for m in MECHANISMS]), MONTHS, 2006))


def test_a_planted_move_of_each_kind_is_asked_about_from_its_month(found: Shares) -> None:
    mine = found.signals[found.signals["provider_code"] == MOVED]
    assert mine["mechanism"].tolist() == list(MECHANISMS)
    assert set(mine["state"]) == {"query"}
    off = pd.DatetimeIndex(mine["onset"]) - MONTHS[ONSET]
    assert np.abs(off.days).max() <= 62
    shared = found.practices.groupby("signal")["creep_pence"].sum()
    assert shared[mine["signal"]].tolist() == mine["creep_pence"].tolist()
    assert (mine["creep_pence"] > 0).all()


def test_more_of_one_and_not_less_of_the_other_is_called_volume(found: Shares) -> None:
    mine = found.signals[found.signals["provider_code"] == NEW]
    assert mine["mechanism"].tolist() == [m for m in MECHANISMS if m not in ADDED]
    assert set(mine["state"]) == {"new service"}


def test_twice_the_activity_in_the_same_mix_is_not_asked_about(found: Shares) -> None:
    asked_about = found.signals[found.signals["state"] == "query"]
    assert GROWN not in set(asked_about["provider_code"])


def test_where_nothing_happens_next_to_nothing_is_asked(found: Shares) -> None:
    # 20 false alarms in 1,000 series and years: of 6 quiet providers, 7 shares and 18 months 1.3.
    others = found.signals[~found.signals["provider_code"].isin([MOVED, GROWN, NEW])]
    assert len(others) <= 4
    quiet = asked(followed(counts("splitting", is_quiet=True), MONTHS, 2006))
    assert quiet.n_tested == len(PROVIDERS)
    assert len(quiet.signals) <= 1


def test_the_sum_rule_counts_what_one_way_gained_and_the_other_lost() -> None:
    frame = counts("day_case_to_ordinary")
    of = counted(frame, "day_case_to_ordinary", MONTHS)
    assert of is not None
    tested = signals(of.panel)
    for number, is_moved in ((0, True), (2, False)):
        told = ask(of, tested, np.array([number]), ONSET)
        mine = frame[frame["provider_code"] == PROVIDERS[number]].set_index("month").sort_index()
        after, before = (mine.loc[MONTHS[a] : MONTHS[b]] for a, b in ((36, 47), (24, 35)))
        dear, every = ((after[c].sum() - before[c].sum()) for c in ("n_dear", "n_activity"))
        assert (told.n_gained, told.n_lost) == (dear, dear - every)
        assert told.is_moved is is_moved


def spells(what: str, seed: int = 3) -> pd.DataFrame:
    """Spells of one root of two classes at nine providers; a deeply coded one is often dear."""
    rng = np.random.default_rng(seed)
    n = len(PROVIDERS) * len(MONTHS) * 60
    provider, at = rng.integers(0, len(PROVIDERS), n), rng.integers(0, len(MONTHS), n)
    after = (provider == 0) & (at >= ONSET)
    depth = 1 + rng.poisson(np.where(after & (what == "deeper"), 3.2, 2.0))
    is_dear = rng.random(n) < np.clip(0.12 * depth - 0.1, 0.02, 0.9)
    is_thin = (what == "twice XA1") & (provider == 0) & (at < ONSET)
    kept = ~is_thin | (rng.random(n) < 0.5)
    frame = pd.DataFrame(
        {
            "spell_id": [f"s{i}" for i in range(n)],
            "provider_code": np.array(PROVIDERS)[provider],
            "practice_code": "X80001",
            "root": "DZ11 non-elective",
            "is_split": True,
            "hrg": np.where(is_dear, "DZ11R", "DZ11V"),
            "month": MONTHS[at],
            "coding_depth": depth,
            "price_pence": np.where(is_dear, 380_700, 148_600),
            "long_stay_pence": 0,
        }
    )
    return frame[kept].reset_index(drop=True)


def test_deeper_coding_is_asked_about_and_priced_by_its_effect_on_the_class() -> None:
    frame = spells("deeper")
    found = asked(followed(depth_counts(frame), MONTHS, 2006)).signals
    assert found[["provider_code", "mechanism", "state"]].to_numpy().tolist() == [
        ["XA1", DEPTH, "query"]
    ]
    assert abs((found["onset"].iloc[0] - MONTHS[ONSET]).days) <= 62
    # By hand: what the dear share rose by at XA1, at the difference of the two classes' prices.
    mine = frame[frame["provider_code"] == "XA1"].assign(is_dear=lambda f: f["hrg"] == "DZ11R")
    later = mine["month"] >= MONTHS[ONSET]
    rise = mine.loc[later, "is_dear"].mean() - mine.loc[~later, "is_dear"].mean()
    year = (mine["month"] >= MONTHS[ONSET]) & (mine["month"] < MONTHS[ONSET + 12])
    by_hand = rise * year.sum() * (380_700 - 148_600)
    # Stays that were deep before and are deeper now count for nothing, so a part is missing.
    assert 0.5 * by_hand < found["creep_pence"].iloc[0] < by_hand


@pytest.mark.parametrize("what", ["nothing", "twice XA1"])
def test_more_stays_coded_as_deeply_as_before_are_not_asked_about(what: str) -> None:
    assert asked(followed(depth_counts(spells(what)), MONTHS, 2006)).signals.empty


def test_depth_that_earns_nothing_is_not_followed() -> None:
    frame = spells("deeper").assign(hrg="DZ11V", price_pence=148_600)
    assert depth_counts(frame).empty
    # A longer stay is coded more deeply and paid more for its days: that is no class.
    long = spells("deeper").assign(hrg="DZ11V", price_pence=lambda f: 100_000 * f["coding_depth"])
    long["long_stay_pence"] = long["price_pence"] - 90_000
    assert depth_counts(long).empty


def test_the_deep_are_cut_nearest_to_a_third_of_the_baseline_and_every_stay_counts_once() -> None:
    frame = spells("deeper")
    frame.loc[:99, "coding_depth"] = pd.NA
    made = depth_counts(frame)
    assert made["n_activity"].sum() == len(frame) - 100
    early = pd.DatetimeIndex(made["month"]) < MONTHS[BASELINE_MONTHS]
    share = made.loc[early, "n_dear"].sum() / made.loc[early, "n_activity"].sum()
    assert share == pytest.approx(1 / 3, abs=0.05)
    parts = made["n_dear_priced"] + made["n_other_priced"]
    assert (parts == made["n_activity"]).all()


def test_every_share_has_words() -> None:
    assert set(words.MECHANISMS) == set(MECHANISMS)


@pytest.mark.parametrize(
    ("pence", "threshold", "beyond"),
    [(50_000, 1_000_000, 50_000), (200_000, 1_000_000, 110_000), (50_000, 1_200_000, 0)],
)
def test_creep_is_the_last_of_the_emergencies_above_a_threshold(
    pence: int, threshold: int, beyond: int
) -> None:
    # Emergencies of 1,100,000 and a tenth of market forces on everything.
    row = {
        **{"gross_pence": 2_000_000, "price_pence": 2_200_000},
        **{"emergency_pence": 1_100_000, "threshold_pence": threshold},
    }
    assert above(Fraction(pence), row) == beyond


def test_emergencies_above_a_threshold_count_at_the_rate_of_their_year(small_pct: Path) -> None:
    signals_of = pd.DataFrame(
        {
            **{"signal": [1], "provider_code": ["XD1"], "creep_pence": [100_000]},
            **{"onset": [pd.Timestamp("2017-04-01")], "n_months": [12]},
        }
    )

    def told() -> tuple[object, ...]:
        with Warehouse.open(small_pct, doing="the test") as warehouse:
            frame = margins(warehouse, shelf(small_pct), signals_of, {1: 80_000})
        return tuple(frame[["margin_pence", "price_used"]].iloc[0])

    unknown, why = told()
    assert unknown is pd.NA
    assert why == "no_threshold"
    with Warehouse.open(small_pct, doing="the test") as warehouse, warehouse.rolled_back():
        found = costing.contract_effects(warehouse, shelf(small_pct), "2017/18")
    code = found.loc[found["provider_code"] == "XD1", "commissioner_code"].iloc[0]
    folder = small_pct / "reference" / "threshold"
    folder.mkdir(parents=True)
    for threshold, pence, price_used in ((0, 76_000, "marginal"), (10**12, 100_000, "full")):
        (folder / "2017-18.csv").write_text(
            f"commissioner_code,provider_code,threshold_pence\n{code},XD1,{threshold}\n"
        )
        # In 2017/18 what lies above earns 70% (rules of the year).
        assert told() == (pence, price_used)


def test_the_calendars_groupers_count_without_being_named(tmp_path: Path) -> None:
    (tmp_path / "reference" / "creep").mkdir(parents=True)
    (tmp_path / "reference" / "creep" / "events.csv").write_text(
        "month,kind,what\n2017-04,grouper,HRG4+\n2017-10,rule,sepsis\n2001-04,grouper,old\n"
    )
    assert grouper_months(tmp_path, MONTHS, ()) == ("2017-04",)
    assert grouper_months(tmp_path, MONTHS, ("2016-04",)) == ("2016-04", "2017-04")
    with pytest.raises(SelectionError, match="no such month is held"):
        grouper_months(tmp_path, MONTHS, ("2030-04",))


def test_too_few_stays_stop_no_other_step_and_an_unmade_search_is_known(small_pct: Path) -> None:
    assert lacks_search(small_pct)
    assert "five spells a month" in str(search_if_possible(small_pct))
