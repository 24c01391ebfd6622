"""Creep that a share alone tells: a planted one is asked about, growth and quiet are not."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from pbcanalytics import costing
from pbcanalytics.costing.chain import model
from pbcanalytics.creep.mechanisms import (
    ADDED,
    DEPTH,
    MECHANISMS,
    ON_TOP,
    ask,
    counted,
    depth_counts,
    with_depth,
)
from pbcanalytics.creep.panel import BASELINE_MONTHS
from pbcanalytics.creep.result import Creep
from pbcanalytics.creep.signals import signals
from pbcanalytics.faces.pages.coding import creep_words as of_page
from pbcanalytics.faces.pages.coding.creep_reasons import reasons
from pbcanalytics.faces.pages.coding.creep_view import ALL, CLASSES, CreepView
from pbcanalytics.faces.sentences import creep as words
from pbcanalytics.pipeline.coding.creep_shares import Shares, asked, followed, typed
from pbcanalytics.pipeline.coding.margins import above, margins
from pbcanalytics.pipeline.coding.preparing import grouper_months
from pbcanalytics.pipeline.coding.searching import lacks_search, search_if_possible
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import SelectionError
from pbcanalytics.words.tables.signals import CREEP_PRACTICES, CREEP_SIGNALS
from tests.drawn import priced

MONTHS = pd.date_range("2014-04-01", periods=54, freq="MS")
ONSET = 36
PROVIDERS = [f"X{letter}1" for letter in "ABCDEFGHI"]
MOVED, GROWN, NEW = PROVIDERS[:3]
"""From month 36 on: one is recorded as the other; twice as much of both; more of the dearer."""

N_A_MONTH = 150
USUAL = {"zero_day": 0.12, "splitting": 0.05, "ward_attenders": 0.10}
"""Usual shares, as in the table of mechanisms (code_creep 1.4); 0.3 where one replaces another."""

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
    own = mine[mine["mechanism"] != DEPTH]
    assert shared[own["signal"]].tolist() == own["creep_pence"].tolist()
    assert (own["creep_pence"] > 0).all()


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


@pytest.mark.parametrize("mechanism", ON_TOP)
def test_what_comes_on_top_is_priced_though_it_swells_what_it_is_a_share_of(mechanism: str) -> None:
    frame = counts(mechanism, is_quiet=True).drop_duplicates(["provider_code", "month"])
    is_more = (frame["provider_code"] == MOVED) & (frame["month"] >= MONTHS[ONSET])
    frame = frame.assign(n_dear=np.where(is_more, 42, 15), n_activity=np.where(is_more, 177, 150))
    frame = frame.assign(dear_pence=frame["n_dear"] * 9_000, n_dear_priced=frame["n_dear"])
    gap = 9_000 if mechanism in ADDED else 9_000 - OTHER_PENCE
    of = counted(frame, mechanism, MONTHS)
    assert of is not None
    told = ask(of, signals(of.panel), np.array([0]), ONSET)
    assert told.pence == pytest.approx(12 * 27 * gap, rel=0.002)


def drawn_records(n_more: int) -> dict[str, pd.DataFrame]:
    """Stays and appointments of nine providers; one has more with nurses from month 36 on."""
    rng = np.random.default_rng(8)
    stays, seen_by = [], []
    for provider in PROVIDERS:
        for at, month in enumerate(MONTHS):
            more = n_more if provider == MOVED and at >= ONSET else 0
            stays += [(provider, month)] * int(rng.poisson(135))
            seen_by += [(provider, month, "950")] * int(rng.poisson(15 + more))
            seen_by += [(provider, month, "300")] * int(rng.poisson(20))
    beds = pd.DataFrame(stays, columns=["provider_code", "discharge_date"])
    beds = beds.assign(
        **{"spell_id": [f"s{i}" for i in range(len(beds))], "person_id": "p", "pod": "DC"},
        **{"practice_code": "X80001", "hrg": None, "los_days": 0, "price_pence": 50_000},
        **{"admission_date": beds["discharge_date"], "is_reported": True, "unpriced_reason": None},
    )
    clinic = pd.DataFrame(seen_by, columns=["provider_code", "appointment_date", "main_specialty"])
    clinic = clinic.rename(columns={"main_specialty": "main_specialty_code"}).assign(
        **{"practice_code": "X80001", "specialty_code": "300", "attendance_type": "2"},
        **{"hrg": None, "attended": "5"},
    )
    usual = clinic.drop_duplicates(["provider_code", "appointment_date"])
    usual = usual.rename(columns={"appointment_date": "month"}).assign(
        **{"pod": "NF2F", "is_reported": True, "unpriced_reason": None, "n_activity": 1},
        **{"price_pence": 8_000, "pence": 8_000},
    )
    other_year = usual.assign(is_reported=False, price_pence=99_000)
    return {
        "priced_spells": beds,
        "spells": beds[["spell_id"]].assign(discharge_destination="19"),
        "outpatients": clinic,
        "priced_outpatients": pd.concat([usual, other_year]),
        "emergency_attendances": pd.DataFrame(
            {"provider_code": ["X"], "practice_code": "X", "arrival_date": [MONTHS[0]],
             "department_type": "3"}
        ),
    }  # fmt: skip


@pytest.mark.parametrize("n_more", [0, 27])
def test_ward_attenders_planted_among_records_are_asked_about_and_a_quiet_world_is_not(
    n_more: int,
) -> None:
    with duckdb.connect(config={"threads": 1}) as con:
        for name, frame in drawn_records(n_more).items():
            con.register(name, frame)
        found = con.execute(model("creep_counts")).df()
    own = found[found["mechanism"] == "ward_attenders"]
    told = asked(followed(own, MONTHS, 2006)).signals
    if not n_more:
        assert told.empty
        return
    assert told[["provider_code", "state"]].to_numpy().tolist() == [[MOVED, "query"]]
    assert abs((told["onset"].iloc[0] - MONTHS[ONSET]).days) <= 62
    low, high = (told[f"creep_{end}_pence"].iloc[0] for end in ("low", "high"))
    assert 0 < low <= 12 * n_more * 8_000 <= high


STAYS = """
episode_id | spell_number | admission_date | discharge_date | episode_start | episode_end | hrg
a          | a            | 2018-05-02     | 2018-05-04     | 2018-05-02    | 2018-05-04  | DZ11K
b          | b            | 2018-05-30     | 2018-06-02     | 2018-05-30    | 2018-06-02  | DZ11K
"""
APPOINTMENTS = """
attendance_id | person_id | appointment_date | main_specialty_code | attendance_type | attended
1             | p         | 2018-05-03       | 950                 | 1               | 5
2             | p         | 2018-05-09       | 950                 | 2               | 6
3             | p         | 2018-05-10       | 950                 | 2               | 3
4             | p         | 2018-05-10       | 300                 | 2               | 5
5             | p         | 2018-05-11       |                     | 2               | 5
6             | p         | 2018-06-11       |                     | 2               | 5
7             | p         | 2018-07-11       | 950                 | 2               | 5
"""


def test_ward_attenders_are_those_of_the_indicator_in_months_that_both_extracts_hold() -> None:
    with priced(STAYS, APPOINTMENTS) as warehouse:
        found = warehouse.frame(model("creep_counts"))
        price = dict(
            warehouse.rows(
                "SELECT attendance_type, price_pence FROM priced_outpatients WHERE is_reported "
                "AND month = '2018-05-01' AND unpriced_reason IS NULL GROUP BY ALL"
            )
        )
    (told,) = found[found["mechanism"] == "ward_attenders"].to_dict("records")
    assert (told["provider_code"], f"{told['month']:%Y-%m}") == ("XD1", "2018-05")
    # Two were seen by nurses and one stay ended; June has no main specialty and July no stay.
    assert (told["n_activity"], told["n_dear"], told["n_dear_priced"]) == (3, 2, 2)
    assert told["dear_pence"] == price["1"] + price["2"] > 0
    assert (told["other_pence"], told["n_other_priced"]) == (0, 0)


@pytest.mark.parametrize("mechanism", ["ward_attenders", "day_case_to_ordinary"])
def test_what_has_no_price_is_not_worth_nought(mechanism: str) -> None:
    frame = counts(mechanism).assign(dear_pence=0, n_dear_priced=0)
    told = asked(followed(frame, MONTHS, 2006))
    mine = told.signals[told.signals["provider_code"] == MOVED]
    assert len(mine) == 1
    assert mine[[f"creep{end}_pence" for end in ("", "_low", "_high")]].isna().all(axis=None)
    assert told.practices.empty
    (said,) = [
        s for s in words.sentences(creep(told)) if f"{MOVED}, {words.MECHANISMS[mechanism]}" in s
    ]
    assert "not known, as no price is held" in said
    assert "£" not in said
    assert ("no price held", "") in [row[7:9] for row in words.rows(creep(told))]


def test_the_table_holds_what_is_asked_and_ten_roots_at_most(found: Shares) -> None:
    one = found.signals[found.signals["state"] == "query"].iloc[[0]]
    roots = [
        one.assign(signal=200 + n, root=f"R{n}", level="root", creep_pence=n) for n in range(14)
    ]
    of = creep(replace(found, signals=pd.concat([found.signals, *roots], ignore_index=True)))
    rows = words.rows(of)
    assert {row[4] for row in rows} == {"ask", "better recording"}
    shown = [row[1].split(": ")[1] for row in rows if ": " in row[1]]
    assert sorted(shown) == sorted(f"R{n}" for n in range(4, 14))
    said = " ".join(words.sentences(of))
    assert "14 single roots stand out as well; the 10 largest are below." in said
    assert "--csv lists every signal" in said
    assert len(words.table(of)) == len(of.signals) > len(rows)


def test_what_could_not_be_followed_is_not_called_quiet(found: Shares) -> None:
    nothing = replace(found, signals=found.signals[:0], practices=found.practices[:0])
    of = creep(nothing)
    none = replace(of, signals=of.signals[:0], tested=of.tested[:0], n_unusable=3)
    said = " ".join(words.sentences(none))
    assert "3 more could not be followed" in said
    assert "nothing was tested" in said
    assert "Nothing stands out" not in said


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
    after = (at >= ONSET) & ((provider == 0) | (what == "all deeper"))
    depth = 1 + rng.poisson(np.where(after & (what in ("deeper", "all deeper")), 3.2, 2.0))
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


@pytest.fixture(scope="module")
def deeper() -> Shares:
    return asked(followed(depth_counts(spells("deeper")), MONTHS, 2006))


def test_deeper_coding_is_asked_about_and_its_pounds_are_left_to_the_classes(
    deeper: Shares,
) -> None:
    of = deeper.signals
    named = of[["provider_code", "mechanism", "level", "state"]].to_numpy().tolist()
    assert named == [["XA1", DEPTH, "provider", "query"]]
    assert abs((of["onset"].iloc[0] - MONTHS[ONSET]).days) <= 62
    # By hand: stays with four diagnoses, as the deepest third had, of the year and of 18 months.
    mine = spells("deeper").query("provider_code == 'XA1'")
    is_deep, since = mine["coding_depth"] >= 4, of["onset"].iloc[0]
    ends = {n: since + pd.DateOffset(months=n) for n in (-18, 0, 12)}
    after, before = (
        is_deep[(mine["month"] >= ends[a]) & (mine["month"] < ends[b])].mean()
        for a, b in ((0, 12), (-18, 0))
    )
    assert of["creep_share"].iloc[0] == pytest.approx(after - before, abs=0.02)
    assert of[["creep_pence", "creep_low_pence", "creep_high_pence"]].isna().all(axis=None)
    assert deeper.practices.empty


@pytest.mark.parametrize("what", ["nothing", "twice XA1", "all deeper"])
def test_coding_as_deep_as_before_or_as_everybodys_is_not_asked_about(what: str) -> None:
    assert asked(followed(depth_counts(spells(what)), MONTHS, 2006)).signals.empty


def test_fewer_than_five_providers_cannot_take_off_what_all_do_and_the_words_say_so() -> None:
    few = spells("all deeper")
    few = few[few["provider_code"].isin(PROVIDERS[:3])]
    of = asked(followed(depth_counts(few), MONTHS, 2006))
    assert set(of.signals["provider_code"]) == set(PROVIDERS[:3])
    for n_providers, is_said in ((3, True), (5, False)):
        said = " ".join(words.sentences(creep(of, n_providers)))
        assert ("fewer than five providers cannot take that off" in said) is is_said


def test_depth_is_tested_once_a_provider_however_many_its_roots() -> None:
    one = spells("nothing")
    other = one.assign(root="EB03 non-elective", spell_id="t" + one["spell_id"].str[1:])
    both = pd.concat([one, other], ignore_index=True)
    (tested,) = followed(depth_counts(both), MONTHS, 2006)
    assert len(tested.of.index) == 2 * len(PROVIDERS)
    assert len(tested.family.units) == asked([tested]).n_tested == len(PROVIDERS)


def creep(shares: Shares, n_providers: int = 9) -> Creep:
    """What a search gives that hears the classes of XA1 and some shares."""
    whole = {"provider_code": "XA1", "mechanism": "cc_split", "level": "provider", "root": ""}
    when = {"month": MONTHS[40], "onset": MONTHS[ONSET], "state": "recording", "n_months": 12}
    pounds = {f"{p}_pence": 900_000 for p in ("creep", "creep_low", "creep_high", "recording")}
    change = {f"{part}_share": 0.04 for part in ("true", "recording", "creep")}
    classes = pd.DataFrame([{"signal": 99, **whole, **when, **pounds, **change}])
    return Creep(
        signals=pd.concat([typed(classes.reindex(columns=CREEP_SIGNALS.names), CREEP_SIGNALS),
                           typed(shares.signals, CREEP_SIGNALS)], ignore_index=True),
        practices=typed(shares.practices, CREEP_PRACTICES),
        spells=pd.DataFrame(),
        tested=pd.DataFrame({"auc": [0.7]}),
        first_month=MONTHS[0],
        last_month=MONTHS[-1],
        n_months=len(MONTHS),
        n_left_out=0,
        limits={},
        n_providers=n_providers,
    )  # fmt: skip


def test_depth_adds_no_pounds_to_those_of_the_classes_on_the_command(deeper: Shares) -> None:
    of = creep(deeper)
    assert of.signals["creep_pence"].sum() == 900_000
    said = " ".join(words.sentences(of))
    assert "Its pounds are those of XA1's dear classes, which look like: better recording" in said
    assert [row[7:9] for row in words.rows(of)] == [("£9,000", "£9,000 to £9,000"),
                                                    ("in its classes", "")]  # fmt: skip


def pair(mechanism: str, **known: Any) -> dict[str, Any]:
    """A change that was heard at XA1, as the page has it."""
    pence = None if mechanism == DEPTH else 900_000
    made = {f"{p}_pence": pence for p in ("creep", "creep_low", "creep_high")}
    return {
        **{"mechanism": mechanism, "provider_code": "XA1", "provider_name": "A", "root": ALL},
        **{"is_heard": True, "is_fallen": False, "state": "query", "growth_ratio": 1.0},
        **{"breadth_share": None, "onset": MONTHS[ONSET], "month": MONTHS[40]},
        **{"change_share": 0.1, "recording_pence": None, "true_pence": None, **made, **known},
    }


def seen(*pairs: dict[str, Any], n_providers: int = 3) -> CreepView:
    about = {"is_searched": True, "has_calendar": True, "n_providers": n_providers}
    return CreepView(about, [], list(pairs), pairs[-1], [], [])


def test_depth_adds_no_pounds_and_no_question_to_those_of_the_classes_on_the_page() -> None:
    classes, depth = pair(CLASSES), pair(DEPTH)
    of_both, of_one = of_page.says(seen(classes, depth)), of_page.says(seen(classes))
    assert of_both.replace("2 series stand", "1 series stands") == of_one
    alone = of_page.says(seen(depth))
    assert alone.startswith("Ask about 1 change at A. ")
    assert "worth" not in alone
    assert "its dear classes" not in of_page.heard(classes)
    assert "those of the dear classes of the same hospital" in of_page.heard(depth)
    assert "dear classes" in of_page.untold(depth)


def test_the_other_explanations_of_depth_and_of_ward_attenders_are_named() -> None:
    classes, depth = pair(CLASSES, state="recording"), pair(DEPTH)
    told = {what: is_so for what, is_so, _ in reasons(seen(classes, depth))}
    assert told["Better recording"] == "yes"
    assert told["Sicker patients"] == told["Deeper coding everywhere"] == "cannot be told"
    alone = {what: is_so for what, is_so, _ in reasons(seen(depth, n_providers=9))}
    assert (alone["Better recording"], alone["Deeper coding everywhere"]) == ("not known", "no")
    nurses = {what: is_so for what, is_so, _ in reasons(seen(pair("ward_attenders")))}
    assert nurses["New clinics of nurses"] == "not known"


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
    both = with_depth(counts("splitting"), frame)
    assert both["mechanism"].value_counts()[DEPTH] == len(made)
    assert not both.isna().any(axis=None)


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


def test_emergencies_above_a_threshold_count_at_the_rate_of_their_year(
    small_pct: Path, tmp_path: Path
) -> None:
    signals_of = pd.DataFrame(
        {
            **{"signal": [1], "provider_code": ["XD1"], "creep_pence": [100_000]},
            **{"onset": [pd.Timestamp("2017-04-01")], "n_months": [12]},
        }
    )

    def told() -> tuple[object, ...]:
        with Warehouse.open(small_pct, doing="the test") as warehouse:
            frame = margins(warehouse, shelf(tmp_path), signals_of, {1: 80_000})
        return tuple(frame[["margin_pence", "price_used"]].iloc[0])

    unknown, why = told()
    assert unknown is pd.NA
    assert why == "no_threshold"
    with Warehouse.open(small_pct, doing="the test") as warehouse, warehouse.rolled_back():
        found = costing.contract_effects(warehouse, shelf(small_pct), "2017/18")
    code = found.loc[found["provider_code"] == "XD1", "commissioner_code"].iloc[0]
    folder = tmp_path / "reference" / "threshold"
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
