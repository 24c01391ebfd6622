"""The page of coding changes: it asks, its pounds add up, and nothing small is told by it."""

import base64
import csv
import datetime as dt
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from pbcanalytics import code_creep, store
from pbcanalytics.creep import pairs as of_pairs
from pbcanalytics.creep.limits import STATED, null_panel
from pbcanalytics.creep.panel import Panel, panel
from pbcanalytics.creep.result import Closing
from pbcanalytics.creep.signals import signals
from pbcanalytics.creep.states import STATES
from pbcanalytics.faces.pages.coding import code_creep as page_module
from pbcanalytics.faces.pages.coding import creep_parts, creep_shared
from pbcanalytics.faces.pages.coding import creep_words as words
from pbcanalytics.faces.pages.coding.creep_reasons import reasons
from pbcanalytics.faces.pages.coding.creep_view import CreepView, view
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.publishing.creep import ALL, LENGTHS, Coding, coding_tables
from pbcanalytics.faces.sentences import creep as of_command
from pbcanalytics.faces.wording import exact
from pbcanalytics.pipeline.coding.creep_shares import typed
from pbcanalytics.pipeline.coding.told_creep import forget_creep, told_creep
from pbcanalytics.reference.coding_events import FILE, coding_events
from pbcanalytics.store import Published, Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import ReferenceGap, SelectionError
from pbcanalytics.words.tables import Table
from tests.browsing import DESK, PHONE, Server, serving, visit

SMALLEST = 8
TIMES = 5
"""So often does every stay of the small PCT stand in the larger one: its roots can be followed."""

FORBIDDEN = ("fraud", "gaming", "cheat", "dishonest", "abuse", "upcod", "creep")
ONSET = pd.Timestamp("2018-05-01")


@pytest.fixture(scope="module")
def pct(small_pct: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small PCT with every stay five times, and two changes heard at its hospital."""
    data = tmp_path_factory.mktemp("coding")
    shutil.copy(small_pct / "warehouse.duckdb", data)
    with Warehouse.open(data, doing="the test") as warehouse:
        larger = {
            name: warehouse.frame(
                f"SELECT t.* REPLACE (spell_id || '-' || i AS spell_id), i AS copy FROM {name} AS "
                f"t, range({TIMES}) AS r(i)"
            )
            for name in ("priced_spells", "spells", "linked_episodes", "spell_episodes")
        }
        larger["priced_spells"] = moved(larger["priced_spells"])
        for name, frame in larger.items():
            warehouse.define(name, "SELECT 1")
            warehouse.source(name, frame)
        told = told_creep(warehouse, SMALLEST)[tables.CODED_PAIRS]
        pool = told[(told["mechanism"] == "cc_split") & (told["root"] == ALL)].iloc[0]
        codes = warehouse.frame("SELECT practice_code FROM practices ORDER BY 1")["practice_code"]
        rows = [
            _signal(1, pool["provider_code"], "cc_split", "creep-confirmed"),
            _signal(2, pool["provider_code"], "zero_day", "query"),
        ]
        parts = [
            {"signal": n, "practice_code": code, "creep_pence": pence}
            for n in (1, 2)
            for code, pence in zip([*codes, "X99999"], (900_001, 400_000, 33, 2, 1), strict=False)
        ]
        sums = pd.DataFrame(parts).groupby("signal")["creep_pence"].sum()
        for row in rows:
            row["creep_pence"] = int(sums[row["signal"]])
        for frame, table in ((rows, tables.CREEP_SIGNALS), (parts, tables.CREEP_PRACTICES)):
            held = pd.DataFrame(frame).reindex(columns=table.names)
            warehouse.source(table.name, typed(held, table))
    return data


def moved(stays: pd.DataFrame) -> pd.DataFrame:
    """Move each copy by some months, round the three years, so that no month stands out."""
    first = pd.Period("2016-04", "M")
    left = pd.DatetimeIndex(stays["discharge_date"])
    at = pd.Series((left.year - first.year) * 12 + left.month - first.month, index=stays.index)
    to = (at + 7 * stays["copy"]) % 36
    day = first.to_timestamp() + pd.to_timedelta(left.day.map(lambda d: min(d, 28)) - 1, "D")
    came = pd.to_timedelta(stays["los_days"], "D")
    gone = [d + pd.DateOffset(months=int(n)) for d, n in zip(day, to, strict=True)]
    days = pd.Series(gone, index=stays.index)
    return stays.assign(discharge_date=days.dt.date, admission_date=(days - came).dt.date)


def _signal(number: int, provider: str, mechanism: str, state: str) -> dict[str, object]:
    """A signal as a search keeps it; its pounds are not those of the activity."""
    judged = mechanism == "cc_split"
    return {
        "signal": number,
        "provider_code": provider,
        "mechanism": mechanism,
        "level": "provider",
        "root": "",
        "month": ONSET + pd.DateOffset(months=3),
        "onset": ONSET,
        "state": state,
        "query": 4.1,
        "p_value": 0.001,
        "creep_share": 0.03,
        "n_spells": 900,
        "n_months": 11,
        "creep_low_pence": 100_000,
        "creep_high_pence": 2_000_000,
        "margin_pence": 1_234_500 if judged else None,
        "price_used": "marginal" if judged else "no_threshold",
        **(
            {
                "confirmed": 3.2,
                "creep_score": 0.8,
                "auc": 0.71,
                "recording_low_share": -0.01,
                "recording_high_share": 0.02,
                "recording_pence": -5_000,
                "recording_low_pence": -9_000,
                "recording_high_pence": 2_000,
                "true_pence": 12_345,
                "volume_pence": 67_890,
                "between_pence": -1_111,
                "price_pence": 2_222,
                "n_unpriced": 0,
                "audit_notes": 60,
                "audit_failures": 9,
            }
            if judged
            else {}
        ),
    }


@pytest.fixture(scope="module")
def told(pct: Path) -> dict[Table, pd.DataFrame]:
    with Warehouse.open(pct, doing="the test") as warehouse:
        return told_creep(warehouse, SMALLEST)


@pytest.fixture(scope="module")
def held(pct: Path, small_pct: Path, told: dict[Table, pd.DataFrame]) -> Published:
    store.publish(pct, told, {**Published(small_pct).about(), "build_id": "coding"})
    return Published(pct)


def batch(held: Published, **asked: str) -> dict[str, str]:
    names = ("provider", "root", "mechanism")
    page = page_module.page(held, Selection("batch", {**dict.fromkeys(names, ""), **asked}))
    figures = ("chart", "bridge")
    return {
        p: str(getattr(page.part(p), "data", "")) for p in page_module._PARTS if p not in figures
    }


def seen(held: Published, **asked: str) -> CreepView:
    first = {"provider": "", "root": ALL, "mechanism": "cc_split", **asked}
    if not first["provider"]:
        first["provider"] = str(
            held.rows("SELECT provider_code FROM coded_pairs WHERE is_heard")[0]["provider_code"]
        )
    return view(held, first["provider"], first["root"], first["mechanism"])


def test_the_parts_of_every_pair_add_up_to_its_change(told: dict[Table, pd.DataFrame]) -> None:
    pairs = told[tables.CODED_PAIRS]
    split = pairs[(pairs["mechanism"] == "cc_split") & ~pairs["is_withheld"] & ~pairs["is_heard"]]
    assert len(split) > 3
    names = ("volume", "between", "true", "recording", "creep", "price")
    added = sum(split[f"{name}_pence"] for name in names)
    assert (added == split["change_pence"]).all()
    assert (
        pairs.loc[pairs["is_withheld"], ["n_spells", "creep_pence", "usual_share"]]
        .isna()
        .all(axis=None)
    )


def test_the_shares_are_of_what_was_counted(pct: Path, told: dict[Table, pd.DataFrame]) -> None:
    periods = told[tables.CODED_PERIODS]
    shown = periods[(periods["mechanism"] == "zero_day") & (periods["n_months"] == 1)]
    assert len(shown) >= 36
    with Warehouse.open(pct, doing="the test") as warehouse:
        counted = warehouse.frame(
            "SELECT provider_code, CAST(date_trunc('month', arrival_date) AS DATE) AS first_month, "
            "count(*) AS n FROM emergency_attendances WHERE coalesce(department_type, '1') = '1' "
            "GROUP BY ALL"
        )
    counted["first_month"] = pd.to_datetime(counted["first_month"]).dt.date
    both = shown.merge(counted, on=["provider_code", "first_month"], validate="one_to_one")
    assert len(both) == len(shown)
    assert (both["n_spells"] == both["n"]).all()


def test_practices_add_up_to_the_hospital_and_few_are_put_together(
    told: dict[Table, pd.DataFrame],
) -> None:
    practices, pairs = told[tables.CODED_PRACTICES], told[tables.CODED_PAIRS]
    sums = practices.groupby(["mechanism", "provider_code", "root"])["creep_pence"].sum()
    heard = pairs[pairs["is_heard"]].set_index(["mechanism", "provider_code", "root"])
    assert len(heard) == 2
    assert sums.to_dict() == heard["creep_pence"].astype(int).to_dict()
    assert "OTHERS" in set(practices["practice_code"])
    assert "X99999" not in set(practices["practice_code"])


def test_a_practice_with_few_spells_is_told_with_another() -> None:
    key = {"mechanism": "cc_split", "provider_code": "XD1", "root": ALL}
    rows = [
        {**key, "practice_code": code, "practice_name": code, "creep_pence": 100 * n, "n": n}
        for code, n in (("P1", 3), ("P2", 40), ("P3", 50))
    ]
    parts = pd.DataFrame(rows).assign(recording_pence=None)
    made = replace(coding([[(9, 9)] * N_MONTHS] * 2), practices=parts)
    shown = coding_tables(made, SMALLEST)[tables.CODED_PRACTICES]
    sums = dict(zip(shown["practice_code"], shown["creep_pence"], strict=True))
    assert sums == {"P3": 5_000, "OTHERS": 4_300}


def test_depth_counts_the_spells_of_the_classes_so_it_is_told_without_counts(
    told: dict[Table, pd.DataFrame],
) -> None:
    pairs, periods = told[tables.CODED_PAIRS], told[tables.CODED_PERIODS]
    depth = pairs[pairs["mechanism"] == "depth"]
    assert len(depth) > 0
    assert depth["n_spells"].isna().all()
    assert not depth["is_shared_out"].any()
    assert "depth" not in set(periods["mechanism"])


def test_no_period_that_is_told_is_small(told: dict[Table, pd.DataFrame]) -> None:
    periods = told[tables.CODED_PERIODS]
    dear = (periods["dear_share"] * periods["n_spells"]).astype(float).round()
    for counts in (dear, periods["n_spells"] - dear):
        assert not counts.between(1, SMALLEST - 1).any()


N_MONTHS = 12
small_counts = st.lists(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 25)), min_size=N_MONTHS, max_size=N_MONTHS
    ),
    min_size=2,
    max_size=4,
)


def coding(drawn: list[list[tuple[int, int]]]) -> Coding:
    """Roots of one provider, and all of them together, month by month."""
    counts = np.array(drawn)
    series = {ALL: counts.sum(axis=0), **{f"R{i}": own for i, own in enumerate(counts)}}
    months = pd.date_range("2018-04-01", periods=N_MONTHS, freq="MS")
    frames, pairs = [], []
    for root, own in series.items():
        key = {"mechanism": "cc_split", "provider_code": "XD1", "root": root}
        k, n = own[:, 0], own.sum(axis=1)
        flat = {"seen": n, "push": 0.0, "variance": 1.0, "is_heard": False, "in_pool": True}
        frames.append(pd.DataFrame({**key, "month": months, "n": n, "k": k, **flat}))
        whole = {"is_heard": False, "usual_share": 0.3, "n_spells": int(n.sum()), "in_pool": True}
        year = {"first_month": months[0].date(), "n_months": N_MONTHS}
        pairs.append({**key, **whole, **year})
        for when in ("usual", "before", "after"):
            sums = {f"n_dear_{when}": int(k.sum()), f"n_cheap_{when}": int((n - k).sum())}
            pairs[-1] |= sums
    wide = pd.DataFrame(pairs).reindex(
        columns=[*dict.fromkeys([*pairs[0], *tables.CODED_PAIRS.names])]
    )
    return Coding({}, pd.DataFrame(), wide, pd.concat(frames, ignore_index=True), pd.DataFrame())


@settings(max_examples=25)
@given(small_counts)
def test_no_small_month_follows_from_all_that_is_told(drawn: list[list[tuple[int, int]]]) -> None:
    """An oracle of its own: every sum is an equation, and small cells must not follow from them."""
    found = coding_tables(coding(drawn), SMALLEST)[tables.CODED_PERIODS]
    n_roots = len(drawn)
    for kind in (0, 1):
        cells = np.array([[month[kind] for month in own] for own in drawn])
        equations = []
        for row in found.to_dict("records"):
            at = (row["first_month"].year - 2018) * 12 + row["first_month"].month - 4
            mask = np.zeros(cells.shape)
            rows = range(n_roots) if row["root"] == ALL else [int(row["root"][1:])]
            mask[list(rows), at : at + row["n_months"]] = 1
            assert not 0 < (mask * cells).sum() < SMALLEST
            equations.append(mask.ravel())
        if not equations:
            continue
        told = np.array(equations)
        rank = np.linalg.matrix_rank(told)
        # A cell without spells is known to whoever knows that the root has none; it tells nothing.
        for cell in np.flatnonzero((cells.ravel() > 0) & (cells.ravel() < SMALLEST)):
            unit = np.eye(cells.size)[cell]
            assert np.linalg.matrix_rank(np.vstack([told, unit])) > rank
        for length in LENGTHS:
            for begin in range(0, N_MONTHS, length):
                part = cells[:, begin : begin + length].sum(axis=1)
                shown = {
                    r["root"]
                    for r in found.to_dict("records")
                    if r["n_months"] <= length and r["root"] != ALL
                }
                is_whole = ((found["root"] == ALL) & (found["n_months"] <= length)).any()
                rest = sum(n for i, n in enumerate(part) if f"R{i}" not in shown)
                assert not (is_whole and 0 < rest < SMALLEST)


ROOTS = [[(9, 20)] * N_MONTHS] * 3


def withheld(found: Coding) -> set[str]:
    told = coding_tables(found, SMALLEST)[tables.CODED_PAIRS]
    return set(told.loc[told["is_withheld"], "root"])


def test_a_small_root_is_guarded_by_one_that_is_in_the_same_sum() -> None:
    found = coding(ROOTS)
    pairs = found.pairs.set_index("root")
    pairs.loc["R0", "n_dear_after"] = 3
    pairs.loc["R1", ["n_dear_after", "in_pool"]] = [20, False]
    # R1 is the smallest, but the hospital's whole does not hold it: it would guard nothing.
    assert withheld(replace(found, pairs=pairs.reset_index())) == {"R0", "R2"}


def test_a_root_of_few_in_the_first_months_is_withheld_though_later_it_is_large() -> None:
    found = coding(ROOTS)
    few = found.pairs["n_dear_usual"].mask(found.pairs["root"] == "R0", 3)
    assert "R0" in withheld(replace(found, pairs=found.pairs.assign(n_dear_usual=few)))


def test_a_year_that_cuts_a_period_in_two_is_not_counted() -> None:
    quarterly = [[(3, 20)] * N_MONTHS] * 2
    for first, is_told in (("2018-07-01", True), ("2018-08-01", False)):
        found = coding(quarterly)
        year = {"first_month": pd.Timestamp(first).date(), "n_months": 9 if is_told else 8}
        pairs = found.pairs.assign(**year, is_heard=True, n_listed=30)
        told = coding_tables(replace(found, pairs=pairs), SMALLEST)
        assert set(told[tables.CODED_PERIODS]["n_months"]) == {3}
        counts = told[tables.CODED_PAIRS][["n_spells", "n_listed"]]
        assert counts.notna().all(axis=None) == is_told
        assert counts.isna().all(axis=None) != is_told


def test_the_months_left_of_a_period_are_not_told_where_they_are_few() -> None:
    quarterly = [[(3, 20)] * N_MONTHS] * 2
    for n_open, is_told in ((0, True), (1, False), (3, False)):
        found = coding(quarterly)
        is_open = found.months["month"] > pd.Timestamp("2019-03-01") - pd.DateOffset(months=n_open)
        seen = found.months["seen"].astype(float).mask(is_open, 0.0)
        made = coding_tables(replace(found, months=found.months.assign(seen=seen)), SMALLEST)
        last = made[tables.CODED_PERIODS].groupby("root").tail(1)
        assert set(last["n_months"]) == {3}
        assert last["n_spells"].notna().all()
        assert last["adjusted_share"].notna().all() == is_told


def test_two_mechanisms_do_not_tell_the_few_that_only_one_of_them_counts() -> None:
    """Day cases: cheap beside ordinary stays, dear beside outpatient procedures."""
    ordinary, day_cases, outpatients = (np.full(N_MONTHS, n) for n in (30, 40, 50))
    for few, is_told in (([0, 1] * 6, False), ([0] * 12, True), ([0, 30] * 6, True)):
        frames, pairs = [], []
        for name, k, n in (
            ("day_case_to_ordinary", ordinary, ordinary + day_cases + few),
            ("outpatient_to_day_case", day_cases, day_cases + outpatients),
        ):
            one = coding([[*zip(k.tolist(), (n - k).tolist(), strict=True)]])
            for held, frame in ((frames, one.months), (pairs, one.pairs)):
                held.append(frame[frame["root"] == ALL].assign(mechanism=name))
        found = replace(one, months=pd.concat(frames), pairs=pd.concat(pairs))
        periods = coding_tables(found, SMALLEST)[tables.CODED_PERIODS]
        assert ("outpatient_to_day_case" in set(periods["mechanism"])) == is_told
        assert "day_case_to_ordinary" in set(periods["mechanism"])


def test_the_page_asks_in_one_sentence_and_shows_both_ways(held: Published) -> None:
    shown = batch(held)
    said = words.says(seen(held))
    first = re.split(r"(?<=\))\. ", said)[0]
    hospital = seen(held).asked[0]["provider_name"]
    assert first.startswith(f"Ask about 2 changes at {hospital}, worth at most about £")
    assert len(first.split()) < 20
    assert "the other way" in shown["headline"]
    assert shown["headline"].count("pbc-headline") - 1 <= 5
    assert "£130" not in shown["headline"]
    n = len(seen(held).heard)
    assert f"to ask about; {n} series stand out" in shown["headline"]
    assert f"{n} series stand out; each hospital's together counts once" in said
    open_, for_analysts = shown["sure"].split("<summary>For analysts</summary>")
    assert "Statistic" not in open_
    assert "Statistic of a query" in for_analysts
    assert "net error near nought" in shown["sure"]
    assert "Reading 60 notes" in shown["sure"]
    assert "pbc creep --validation FILE" in shown["sure"]
    assert "at least so often: 2 points" in shown["sure"]
    assert "flex or freeze not said" in shown["strip"]
    assert "do not say whether months are flex" in shown["provenance"]
    text = re.sub(r"<[^>]+>", " ", " ".join(shown.values())).replace("pbc creep", "")
    assert not [word for word in FORBIDDEN if word in text.lower()]


def test_more_activity_is_counted_in_a_sentence_and_listed_in_the_download(held: Published) -> None:
    v = seen(held)
    heard = {p["mechanism"]: p for p in v.heard}
    grown = {**heard["zero_day"], "mechanism": "follow_up_to_first", "state": "new service"}
    made = str(page_module.listed(replace(v, pairs=[grown, *v.pairs])))
    shown, rest = made.split("</table>", 1)
    assert words.mechanism("zero_day") in shown
    assert words.mechanism("follow_up_to_first") not in shown
    assert "1 share more rose because there was more of one kind" in rest
    coded = re.findall(r"base64,([A-Za-z0-9+/=]+)", rest)[0]
    assert words.mechanism("follow_up_to_first") in base64.b64decode(coded).decode()
    alone = str(page_module.listed(replace(v, pairs=[grown])))
    assert "<table" not in alone


def test_every_table_has_its_download_with_the_same_sum(held: Published) -> None:
    shown = batch(held)
    names = ("map", "listed", "shared", "severity", "parts", "explained", "practices", "periods")
    for part in names:
        assert shown[part].count("<table") == shown[part].count("pbc-download") == 1, part
    (data,) = re.findall(r"base64,([^\"]+)", shown["practices"])
    text = base64.b64decode(data).decode("utf-8-sig")
    rows = [r for r in csv.DictReader(io.StringIO(text)) if r["pence"]]
    assert exact(sum(int(r["pence"]) for r in rows)) in shown["practices"]


def test_the_map_prints_a_sign_or_a_word_in_every_cell(held: Published) -> None:
    cells = re.findall(r"<td[^>]*>(.*?)</td>", batch(held)["map"])
    assert len(cells) > 5
    assert all(re.match(r"\+£|−£|£0|not followed|withheld", cell) for cell in cells)


def test_the_price_at_the_margin_stands_beside_the_full_tariff(held: Published) -> None:
    shown = batch(held, mechanism="cc_split")["chosen"]
    assert "11 months at full tariff" in shown
    assert "At the price paid at the margin: £12k, since emergencies above" in shown
    unknown = batch(held, mechanism="zero_day")["chosen"]
    assert "At the price paid at the margin: not known, as no threshold" in unknown
    assert "£0" not in unknown
    (data,) = re.findall(r"base64,([^\"]+)", batch(held)["listed"])
    text = base64.b64decode(data).decode("utf-8-sig")
    told = {r["price_used"]: r["margin_pence"] for r in csv.DictReader(io.StringIO(text))}
    assert (told["marginal"], told["no_threshold"]) == ("1234500", "")
    assert words.MARGINS.keys() == of_command.MARGINS.keys() == of_command.PRICES.keys()
    priced = {**seen(held).heard[0], "margin_pence": 500_000}
    for used in words.MARGINS:
        said = words.margin({**priced, "price_used": used})
        assert ("£5,000" in said) == (used in ("marginal", "full", "no_rate")), used
    assert words.margin({**priced, "price_used": None}) == ""


def test_what_all_hospitals_do_is_drawn_dated_and_said_for_few(
    held: Published, told: dict[Table, pd.DataFrame]
) -> None:
    v = seen(held)
    made = batch(held)["shared"]
    assert made.count("<svg") == len(v.national) > 0
    assert all(rows[-1]["n_providers"] > 1 for rows in v.national.values())
    assert "One large hospital can move it; what all do alike, comparing hospitals" in made
    assert "year to March 2019" in made
    assert "nothing shared is taken off above either" in made
    assert "needs 5 hospitals" in made
    many = {
        name: [{**r, "n_providers": 7, "low_share": -0.01, "high_share": 0.02} for r in rows]
        for name, rows in v.national.items()
    }
    wide = creep_shared.shared(replace(v, national=many))
    assert wide is not None
    assert "(−1.0 to +2.0), no more than chance" in wide
    assert "taken off above either" not in wide
    assert wide.count("<polygon") == wide.count("<svg")
    assert "Shade: 19 times in 20" in wide
    frame = told[tables.CODED_NATIONAL]
    latest = frame[frame["n_months"] == 12].groupby("mechanism").tail(1)
    assert set(latest["mechanism"]) == set(frame["mechanism"])


def test_the_page_says_which_months_may_still_change_or_that_nobody_said(pct: Path) -> None:
    with Warehouse.open(pct, doing="the test") as warehouse, warehouse.rolled_back():
        sent = warehouse.frame("SELECT * FROM submissions")
        last = sent["month"].max()
        freeze = sent.assign(submission="freeze")
        is_open = (sent["month"] == last) & (sent["table_name"] == "episodes")
        warehouse.define("submissions", "SELECT 1")
        warehouse.source("submissions", freeze.assign(
            submission=freeze["submission"].mask(is_open, "flex")
        ))  # fmt: skip
        found = told_creep(warehouse, SMALLEST)
    provisional = found[tables.CODED_PROVISIONAL]
    assert set(provisional["month"]) == {last}
    assert found[tables.CODED_SEARCH]["closing"].tolist() == ["said"]
    pairs = found[tables.CODED_PAIRS]
    quiet = pairs[(pairs["mechanism"] == "cc_split") & ~pairs["is_heard"]]
    assert {d.month for d in quiet["first_month"].dropna()} == {last.month}
    v = CreepView({}, [], [], None, [], [], closing=Closing("said", provisional))
    about = {"is_demo": False, "sources": [], "files": []}
    assert "1 flex month left out" in page_module.strip(
        replace(v, search={"first_month": last, "last_month": last}), about
    )


def test_other_explanations_say_yes_or_no_and_why(held: Published) -> None:
    found = {what: (is_so, why) for what, is_so, why in reasons(seen(held))}
    assert found["New service, or more activity"][0] == "no"
    assert found["Change of grouper"][0] == "not known"
    assert "no calendar" in found["Change of grouper"][1]
    v = seen(held)
    assert v.pair is not None
    event = {"month": dt.date(2018, 4, 1), "kind": "rule", "what": "sepsis"}
    known = replace(v, search={**v.search, "has_calendar": True}, events=[event])
    found = {what: (is_so, why) for what, is_so, why in reasons(known)}
    assert found["Change of grouper"][0] == "no"
    assert found["National change of a coding rule"] == ("yes", "April 2018: sepsis")
    grown = replace(v, pair={**v.pair, "growth_ratio": 1.4})
    assert reasons(grown)[0][1:] == ("yes", "spells are 40% more than a year before")
    recorded = replace(v, pair={**v.pair, "state": "recording"})
    assert reasons(recorded)[2][1] == "yes"
    assert "fits this best" in reasons(recorded)[2][2]
    share = seen(held, mechanism="zero_day")
    assert {is_so for _, is_so, _ in reasons(share)[1:3]} == {"not known"}


def test_an_explanation_is_ruled_out_only_where_little_of_the_change_may_be_its(
    held: Published,
) -> None:
    v = seen(held)
    assert v.pair is not None
    of = {**v.pair, "state": "query", "change_share": 0.061, "every_change": 0.0}
    of |= {"dear_before": 0.5, "cheap_before": -0.5}

    def answers(low: float, high: float, error: float) -> tuple[str, str]:
        ends = {"recording_low_share": low, "recording_high_share": high, "every_error": error}
        sicker, recorded = reasons(replace(v, pair={**of, **ends}))[1:3]
        return sicker[1], recorded[1]

    assert answers(-0.052, 0.051, 0.03) == ("cannot be told", "cannot be told")
    assert answers(-0.052, 0.012, 0.005) == ("no", "no")
    assert answers(0.002, 0.051, 0.005) == ("no", "yes")


def test_where_every_month_may_still_change_nothing_is_told(pct: Path) -> None:
    with Warehouse.open(pct, doing="the test") as warehouse, warehouse.rolled_back():
        sent = warehouse.frame("SELECT * FROM submissions").assign(submission="flex")
        warehouse.define("submissions", "SELECT 1")
        warehouse.source("submissions", sent)
        found = told_creep(warehouse, SMALLEST)
    search = found[tables.CODED_SEARCH].iloc[0]
    assert found[tables.CODED_PAIRS].empty
    assert (search["n_series"], search["n_shares"], search["n_providers"]) == (0, 0, 0)
    assert search["n_unusable"] > 0
    assert len(found[tables.CODED_PROVISIONAL]) > 36
    v = CreepView({str(k): x for k, x in search.items()}, [], [], None, [], [])
    assert "no hospital has 24 whole, final months" in words.says(v)


def test_what_could_not_be_followed_is_said_and_nothing_where_all_was(held: Published) -> None:
    v, about = seen(held), held.about()
    for n, words_of in (
        (0, ""),
        (1, "1 root of a hospital cannot"),
        (3, "3 roots of a hospital cannot"),
    ):
        told = page_module.provenance(replace(v, search={**v.search, "n_unusable": n}), about)
        assert words_of in told
        assert ("What changed there is not known" in told) == (n > 0)


def test_a_service_that_closed_or_has_no_price_is_said_in_words(held: Published) -> None:
    v = seen(held)
    assert v.pair is not None
    closed = replace(v, pair={**v.pair, "dear_after": None})
    assert "no dear or no cheap spells" in str(creep_parts.severity(closed))
    assert ("Sicker patients", "not known") in [row[:2] for row in reasons(closed)]
    unpriced = {"mechanism": "ward_attenders", "state": "query", "creep_pence": None}
    without = replace(v, pair={**v.pair, **unpriced}, practices=[])
    assert "What it comes to is not known, as no price is held" in creep_parts.chosen(without)
    assert "No price is held" in str(creep_parts.practices(without))
    assert words.without_pounds({**v.pair, **unpriced}) == "no price held"


@pytest.mark.parametrize("state", sorted({*STATES} - {"none", "query", "creep-confirmed"}))
def test_what_is_not_asked_about_is_not_said_to_come_to_pounds(held: Published, state: str) -> None:
    v = seen(held)
    assert v.pair is not None
    told = creep_parts.chosen(replace(v, pair={**v.pair, "state": state, "recording_pence": 100}))
    assert ("It comes to" in told) == (state == "recording")


def test_without_a_search_no_change_is_told(pct: Path, told: dict[Table, pd.DataFrame]) -> None:
    quiet = {**told}
    pairs = told[tables.CODED_PAIRS]
    quiet[tables.CODED_PAIRS] = pairs[~pairs["is_heard"]]
    search = told[tables.CODED_SEARCH].to_dict("records")[0]
    rows = quiet[tables.CODED_PAIRS].astype(object).where(lambda f: f.notna(), None)
    kept = [{str(k): x for k, x in r.items()} for r in rows.to_dict("records")]
    v = CreepView({**search, "is_searched": False}, [], kept, None, [], [])
    assert words.says(v).startswith("Run 'pbc creep', then 'pbc publish'")
    assert words.says(replace(v, search=search)).startswith("Nothing to ask about")
    with Warehouse.open(pct, doing="the test") as warehouse, warehouse.rolled_back():
        forget_creep(warehouse)
        assert not warehouse.has("creep_signals")


def test_a_short_or_thin_history_says_so(small_pct: Path) -> None:
    with pytest.raises(SelectionError, match="five spells a month in a root with dear and cheap"):
        batch(Published(small_pct))
    v = CreepView({"n_months": 30, "is_searched": True}, [], [], None, [], [])
    assert words.says(v).startswith("Too short a history: 24 months of baseline and 12 after")
    assert "held: 30" in words.says(v)


def test_a_calendar_is_read_or_refused_with_all_its_faults(tmp_path: Path) -> None:
    assert coding_events(tmp_path) is None
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_text("month,kind,what\n2018-04,grouper,HRG4+\n", encoding="utf-8")
    found = coding_events(tmp_path)
    assert found is not None
    assert found[0] == (dt.date(2018, 4, 1), "grouper", "HRG4+")
    path.write_text("month,kind,what\nspring,grouper,x\n2018-04,news,\n", encoding="utf-8")
    with pytest.raises(ReferenceGap) as refused:
        coding_events(tmp_path)
    for fault in ("line 2: 'spring' is no month", "line 3: its kind is 'news'", "what changed"):
        assert fault in str(refused.value)


def test_every_state_and_mechanism_has_words() -> None:
    assert words.STATES.keys() == set(STATES)
    assert {*of_command.MECHANISMS, "cc_split"} == words.MECHANISMS.keys() == words.SHARES.keys()
    assert of_command.IN_SHORT.keys() == {*STATES} - {"none"}


def planted(of: Panel, points: float, rng: np.random.Generator) -> Panel:
    """Let patients who are not severe into the dear classes in the last twelve months."""
    k, q1, q0 = (x.copy() for x in (of.k, of.q1, of.q0))
    late = slice(of.n_months - 12, None)
    cheap = (of.n - of.k)[:, late].astype(int)
    share = np.clip(points * of.n[:, late] / np.maximum(cheap, 1), 0, 1)
    moved = rng.binomial(cheap, share)
    mean = (q0 / np.maximum(of.n - of.k, 1))[:, late]
    k[:, late] += moved
    q1[:, late] += moved * mean
    q0[:, late] -= moved * mean
    return replace(of, k=k, q1=q1, q0=q0)


def test_the_chance_of_being_heard_is_a_lower_bound_near_what_simulation_gives() -> None:
    rng = np.random.default_rng(5)
    shape = (4, 48)
    n = rng.poisson(np.array([[20], [60], [120], [300]]), shape).astype(float)
    k = rng.binomial(n.astype(int), 0.3).astype(float)
    q1 = rng.normal(0.7 * k, np.sqrt(k))
    q0 = rng.normal(-0.3 * (n - k), np.sqrt(n - k))
    made = panel(n, k, q1, q0, provider=[0, 0, 0, 0], root=[0, 1, 2, 3])
    base = signals(made)
    limit = STATED["query"]
    runs = 80
    rises = (5, 10)
    heard = np.zeros((runs, 2, 4))
    for run in range(runs):
        still = null_panel(made, base, 7, run)
        for at, points in enumerate(rises):
            query = signals(planted(still, points / 100, rng)).scan.query
            heard[run, at] = query[:, -12:].max(axis=1) > limit
    simulated = heard.mean(axis=0)
    chances = [of_pairs.power(base, np.array([row]), limit) for row in range(4)]
    told = np.array([[c[points] for c in chances] for points in rises])
    # Two standard errors of 80 runs in which seven in eight are heard.
    assert (told <= simulated + 0.08).all()
    assert (told >= simulated - 0.4).all()
    assert (np.diff(told, axis=1) >= 0).all()
    assert (told[1] >= told[0]).all()
    assert told[0, 0] < 0.3 < 0.8 < told[0, -1]


def test_the_notebooks_function_asks_for_the_page(
    held: Published, pct: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PBC_DATA", str(pct))
    page = code_creep(mode="batch")
    assert "Ask about 2 changes" in page.part("headline").data
    with pytest.raises(SelectionError, match="NOBODY"):
        code_creep(provider="NOBODY", mode="batch")


@pytest.fixture(scope="module")
def server(pct: Path, held: Published) -> Iterator[Server]:
    with serving(pct) as started:
        yield started


@pytest.mark.browser
def test_the_page_opens_on_desk_and_phone_without_a_fault(
    server: Server, chromium: Browser
) -> None:
    for size, name in ((DESK, "desk"), (PHONE, "phone")):
        with visit(chromium, server, size) as tab:
            tab.open("/pages/code_creep").drawn("cc_split")
            assert tab.inaccessible() == []
            assert not tab.scrolls_sideways()
            assert tab.faults == []
            tab.picture(f"code_creep_{name}")
