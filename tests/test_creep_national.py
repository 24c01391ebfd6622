"""What all hospitals do alike is told beside what tells them apart; flex months decide nothing."""

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.creep.generator import World, world
from pbcanalytics.creep.limits import STATED
from pbcanalytics.creep.national import averaged, creep_part, national
from pbcanalytics.creep.preparing import prepare
from pbcanalytics.creep.result import NOT_SAID, PARTLY_SAID, SAID, Closing
from pbcanalytics.creep.signals import Signals, signals
from pbcanalytics.faces.publishing.creep import ALL, Coding, coding_tables
from pbcanalytics.faces.sentences.creep_months import closing as said_of
from pbcanalytics.faces.sentences.creep_months import in_short, still_open
from pbcanalytics.pipeline.coding.creep_shares import asked, followed
from pbcanalytics.pipeline.coding.margins import margins
from pbcanalytics.pipeline.coding.preparing import closing, provisional
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables

N_MONTHS = 42
MONTHS = pd.date_range("2015-04-01", periods=N_MONTHS, freq="MS")
LAST = MONTHS[-1]
PROVIDERS = [f"X{letter}1" for letter in "ABCDEF"]
WILD = PROVIDERS[0]
"""The provider whose last month is far from what it was."""

SMALLEST = 8


@pytest.fixture(scope="module")
def everybody() -> tuple[World, Signals]:
    """Creep of 5 points at all thirty providers, begun in their third or fourth year."""
    drawn = world(
        11, "creep", mechanisms=(0,), volumes=(200,), sizes=(0.05,), roots_each=2, n_affected=30,
        whole_provider=True,
    )  # fmt: skip
    return drawn, signals(drawn.panel)


def test_creep_of_everybody_is_told_though_no_comparison_sees_it(
    everybody: tuple[World, Signals],
) -> None:
    drawn, found = everybody
    late, n = slice(48, 60), drawn.panel.n
    planted = (drawn.n_crept[:, late].sum() / n[:, late].sum()) * 100
    assert planted > 4
    told = national(drawn.panel, found)
    assert len(told) == 60
    assert (told["n_providers"] == 30).all()
    assert 100 * told["rise_share"][late].mean() == pytest.approx(planted, abs=1.0)
    assert (told["low_share"][late] > 0).all()
    assert abs(told["rise_share"][:24]).max() < 0.02
    # Against each other the providers hardly moved: who crept later is left of the difference.
    against = np.nanmean(found.z[1][:, late])
    assert abs(100 * against) < planted / 3


def test_where_a_share_alone_tells_it_is_the_share_that_is_averaged() -> None:
    of = world(12, mechanisms=(0,), volumes=(100,), n_providers=6).panel
    unknown = np.full(of.n.shape, np.nan)
    for panel, is_share in ((of, False), (replace(of, q1=unknown, q0=unknown), True)):
        found = signals(panel)
        part = creep_part(panel, found)
        assert np.array_equal(part, found.raw[0], equal_nan=True) == is_share


def test_the_average_weighs_by_spells_and_its_limits_are_students() -> None:
    own = np.array([0.01, 0.03, -0.02, 0.05, 0.00, 0.04])
    equal = averaged(np.full((6, 1), 50.0), 50 * own[:, None]).iloc[0]
    low, high = stats.t.interval(0.95, 5, own.mean(), stats.sem(own))
    assert equal[["rise_share", "low_share", "high_share"]].tolist() == pytest.approx(
        [own.mean(), low, high]
    )
    seen = np.array([[30.0], [10.0]])
    few = averaged(seen, seen * [[0.02], [0.06]]).iloc[0]
    assert few["rise_share"] == pytest.approx(0.03)
    assert np.isnan(few["low_share"])
    assert few["n_providers"] == 2
    # Where one of two large ones is missing the other is no average of both.
    gone = averaged(np.array([[30.0, 0.0], [10.0, 10.0]]), np.ones((2, 2)))["rise_share"]
    assert np.isfinite(gone[0])
    assert np.isnan(gone[1])
    nobody = averaged(np.zeros((3, 1)), np.zeros((3, 1))).iloc[0]
    assert np.isnan(nobody["rise_share"])


def test_the_limits_hold_the_truth_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(4)
    size = np.array([80.0, 100, 150, 200, 260, 300, 400])[:, None]
    found = averaged(
        np.broadcast_to(size, (7, 4_000)).copy(), rng.binomial(size.astype(int), 0.3, (7, 4_000))
    )
    held = ((found["low_share"] <= 0.3) & (found["high_share"] >= 0.3)).mean()
    # Seven providers of unlike size: a Student of as many as they weigh like.
    assert 0.93 < held < 0.98


cells = st.lists(
    st.lists(st.tuples(st.integers(0, 14), st.integers(0, 30)), min_size=12, max_size=12),
    min_size=2,
    max_size=4,
)


@settings(max_examples=30)
@given(cells, st.booleans())
def test_no_period_of_a_provider_that_is_averaged_is_small(
    drawn: list[list[tuple[int, int]]], is_one_hidden: bool
) -> None:
    counts = np.array(drawn)
    months = pd.date_range("2018-04-01", periods=12, freq="MS")
    frames, pairs = [], []
    for number, own in enumerate(counts):
        key = {"mechanism": "splitting", "provider_code": f"X{number}", "root": ALL}
        k, n = own[:, 0], own.sum(axis=1)
        frames.append(
            pd.DataFrame({**key, "month": months, "n": n, "k": k, "seen": n, "shared": k})
        )
        small = 3 if is_one_hidden and number == 0 else 50
        same = dict.fromkeys(
            (f"n_{x}_{y}" for x in ("dear", "cheap") for y in ("usual", "before", "after")), small
        )
        pairs.append({**key, **same, "is_heard": False, "usual_share": 0.3, "in_pool": True})
    columns = [*dict.fromkeys([*pairs[0], *tables.CODED_PAIRS.names])]
    nothing = pd.DataFrame(
        columns=["mechanism", "provider_code", "root", "k", "n", "in_pool", "month"]
    )
    found = Coding(
        {}, pd.DataFrame(), pd.DataFrame(pairs).reindex(columns=columns), nothing, pd.DataFrame(),
        pd.concat(frames, ignore_index=True),
    )  # fmt: skip
    told = coding_tables(found, SMALLEST)[tables.CODED_NATIONAL]
    assert set(told.columns) == set(tables.CODED_NATIONAL.names)

    def is_small(own: np.ndarray, length: int) -> bool:
        sums = own.reshape(12 // length, length, 2).sum(axis=1)
        return bool(((sums > 0) & (sums < SMALLEST)).any())

    named = [own for i, own in enumerate(counts) if not (is_one_hidden and i == 0)]
    tellable = [own for own in named if not is_small(own, 12)]
    assert told.empty or told["n_providers"].iloc[-1] > 1
    for row in told.to_dict("records"):
        length = row["n_months"]
        at = row["first_month"].month - 4 if row["first_month"].year == 2018 else 9
        fits = [own for own in tellable if not any(is_small(own, x) for x in (length, 12))]
        part = [own[at : at + length].sum(axis=0) for own in fits]
        present = sum(own.sum() for own, p in zip(fits, part, strict=True) if p.sum())
        assert present >= 0.8 * sum(own.sum() for own in fits)
        whole = sum(p.sum() for p in part)
        assert row["n_providers"] == sum(p.sum() > 0 for p in part)
        assert row["rise_share"] == pytest.approx(sum(p[0] for p in part) / whole)
    assert told.empty or (told["n_months"] == 12).sum() == 1


TARIFF = pd.DataFrame(
    {
        "hrg": ["DZ11R", "DZ11V", "AA01Z"],
        "name": [
            "Pneumonia, without Interventions, with CC Score 14+",
            "Pneumonia, without Interventions, with CC Score 0-3",
            "Something without classes",
        ],
        "non_elective_pence": [380_700, 148_600, 90_000],
        "elective_pence": pd.NA,
    }
)


def stays() -> pd.DataFrame:
    """Six providers' stays; in the last month all of one provider's are in the dear class."""
    rng = np.random.default_rng(8)
    n = len(PROVIDERS) * N_MONTHS * 60
    provider, at = np.arange(n) % len(PROVIDERS), np.arange(n) // 60 // len(PROVIDERS)
    is_severe = rng.random(n) < 0.3
    is_wild = (provider == 0) & (at == N_MONTHS - 1)
    is_split = np.arange(n) // len(PROVIDERS) % 4 > 0
    return pd.DataFrame(
        {
            "spell_id": [f"s{i}" for i in range(n)],
            "provider_code": np.array(PROVIDERS)[provider],
            "practice_code": "X80001",
            "month": MONTHS[at],
            "hrg": np.where(
                is_split, np.where(is_severe | is_wild, "DZ11R", "DZ11V"), "AA01Z"
            ),
            "pod": "NEL",
            "age_years": 70,
            "sex": "1",
            "los_days": rng.poisson(np.where(is_severe, 9, 3)),
            "admission_method": "21",
            "admission_source": "19",
            "discharge_destination": "19",
            "critical_care_days": 0,
            "coding_depth": 3,
            "price_pence": 150_000,
            "long_stay_pence": 0,
        }
    )  # fmt: skip


def firsts() -> pd.DataFrame:
    """Counts of first attendances; in the last month nearly all of one provider's are first."""
    rng = np.random.default_rng(9)
    rows = []
    for provider in PROVIDERS:
        for month in MONTHS:
            share = 0.95 if (provider, month) == (WILD, LAST) else 0.3
            rows.append((provider, month, 200, rng.binomial(200, share)))
    frame = pd.DataFrame(rows, columns=["provider_code", "month", "n_activity", "n_dear"])
    rest = frame["n_activity"] - frame["n_dear"]
    return frame.assign(
        mechanism="follow_up_to_first", root="all", practice_code="X80001",
        dear_pence=frame["n_dear"] * 20_000, n_dear_priced=frame["n_dear"],
        other_pence=rest * 9_000, n_other_priced=rest,
    )  # fmt: skip


def sent(*last_month: str) -> Closing:
    """What a warehouse says of months sent as freeze, but that the wild one was sent as named."""
    rows = [
        (table, provider, month, "freeze")
        for table in ("episodes", "outpatients")
        for provider in PROVIDERS
        for month in MONTHS
        if (provider, month) != (WILD, LAST)
    ]
    for table in ("episodes", "outpatients"):
        rows += [(table, WILD, LAST, word) for word in last_month]
    frame = pd.DataFrame(rows, columns=["table_name", "submitter_code", "month", "submission"])
    with Warehouse.in_memory() as warehouse:
        warehouse.source("submissions", frame)
        return closing(warehouse)


def is_heard_in_classes(of: Closing) -> bool:
    made = prepare(stays(), TARIFF, provisional=provisional(of, "cc_split"))
    mine = made.index["provider_code"].to_numpy() == WILD
    assert mine.sum() == 1
    query = signals(made.panel).scan.query
    return bool(query[mine, -1].max() > STATED["query"])


def is_heard_in_shares(of: Closing) -> bool:
    name = "follow_up_to_first"
    found = asked(followed(firsts(), MONTHS, 2006, {name: provisional(of, name)}))
    return bool(((found.signals["provider_code"] == WILD) & (found.signals["month"] == LAST)).any())


def test_a_flex_month_alarms_nobody_and_is_told_and_as_freeze_it_does() -> None:
    flex, freeze = sent("flex"), sent("flex", "freeze")
    for is_heard in (is_heard_in_classes, is_heard_in_shares):
        assert is_heard(freeze)
        assert not is_heard(flex)
    assert flex.state == freeze.state == SAID
    (told,) = said_of(flex)
    assert told.startswith("Left out, as they are flex and may still change: ")
    assert "hospital stays and outpatients of September 2018 (XA1)." in told
    assert in_short(flex) == "1 flex month left out"
    assert said_of(freeze) == ["No month is known to be flex: none may still change."]


def test_where_nobody_says_flex_or_freeze_that_is_said_and_all_count() -> None:
    with Warehouse.in_memory() as warehouse:
        assert closing(warehouse).state == NOT_SAID
    silent = Closing()
    assert is_heard_in_shares(silent)
    (told,) = said_of(silent)
    assert "do not say whether months are flex" in told
    partly = sent("")
    assert partly.state == PARTLY_SAID
    assert partly.provisional.empty
    assert is_heard_in_shares(partly)
    assert "nobody said" in said_of(partly)[-1]


def test_indicators_say_which_of_their_months_may_still_change() -> None:
    (told,) = still_open(sent("flex"))
    assert told.startswith("Counted as sent, though flex, so they may still change: ")
    assert "hospital stays and outpatients of September 2018 (XA1)." in told
    assert still_open(sent("flex", "freeze")) == []
    assert "do not say whether" in still_open(Closing())[0]


def test_many_flex_months_are_named_up_to_six_and_counted() -> None:
    rows = [("episodes", f"X{number:02d}", month) for number in range(9) for month in MONTHS[-8:]]
    frame = pd.DataFrame(rows, columns=["table_name", "provider_code", "month"])
    (told,) = said_of(Closing(SAID, frame))
    assert "September 2018 (9 hospitals)" in told
    assert "; and 2 more. Only in the pounds" in told
    assert dt.date(2018, 9, 1) == LAST.date()


def test_a_threshold_of_a_year_without_prices_is_unknown_and_stops_nothing(
    small_pct: Path, tmp_path: Path
) -> None:
    shutil.copy(small_pct / "warehouse.duckdb", tmp_path)
    (tmp_path / "reference" / "threshold").mkdir(parents=True)
    (tmp_path / "reference" / "threshold" / "2016-17.csv").write_text(
        "commissioner_code,provider_code,threshold_pence\n5P4,XD1,0\n"
    )
    first = {"provider_code": "XD1", "creep_pence": 100_000, "n_months": 12}
    months = {1: "2016-04-01", 2: "2017-04-01", 3: "2017-04-01", 4: "2017-04-01"}
    signals_of = pd.DataFrame(
        [{**first, "signal": n, "onset": pd.Timestamp(m)} for n, m in months.items()]
    ).astype({"creep_pence": "Int64"})
    signals_of.loc[3, "creep_pence"] = pd.NA
    with Warehouse.open(tmp_path, doing="the test") as warehouse:
        told = margins(warehouse, shelf(tmp_path), signals_of, {1: 80_000, 3: None, 2: 80_000})
    assert dict(zip(told["signal"], told["price_used"], strict=True)) == {
        1: "not_priced", 2: "no_threshold", 3: "not_parted",
    }  # fmt: skip
    # What is not known is no nought; a signal without pounds (the fourth) has no price either.
    assert told["margin_pence"].isna().all()
