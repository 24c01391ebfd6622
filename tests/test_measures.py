"""Measures of demand: recomputed from landing rows, refused if ill defined, unknown is not 0."""

import csv
import datetime as dt
import doctest
import json
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import chi2
from typer.testing import CliRunner

from pbcanalytics.cli import app
from pbcanalytics.cli import measures as registers_the_command
from pbcanalytics.costing.chain import model
from pbcanalytics.demand.measuring import list_months
from pbcanalytics.demand.measuring import sums as measuring
from pbcanalytics.demand.measuring.chain import STAGES, STARTS, chain_of
from pbcanalytics.demand.measuring.cube import Cube, cube_of
from pbcanalytics.demand.measuring.grid import Grid, grid_of
from pbcanalytics.demand.measuring.list_months import Lists
from pbcanalytics.demand.measuring.measures import (
    NOT_REVIEWED,
    REVIEWED,
    UNDER_REVIEW,
    Measure,
    measure_of,
)
from pbcanalytics.demand.measuring.sums import ALL, ratio_limits
from pbcanalytics.faces.sentences import measures as words
from pbcanalytics.faces.sentences import referral_chain as chain_words
from pbcanalytics.pipeline.demand.measures import held_measures, measure_grid, referral_chain
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.events import DIMENSIONS, EVENTS, UNKNOWN
from pbcanalytics.reference.measures import FIELDS, measure_documents
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import ReferenceGap, SelectionError, StoreError
from tests import oracle_measures
from tests.drawn import priced, put

REFERENCE: Final = Path(__file__).resolve().parents[1] / "data" / "reference"
NAMES: Final = sorted(p.stem for p in (REFERENCE / "measures").glob("*.yaml"))
assert registers_the_command


@pytest.fixture(scope="module")
def grid(small_pct: Path) -> Grid:
    return measure_grid(small_pct)


@pytest.fixture(scope="module")
def slowly(small_pct: Path) -> dict[str, tuple[Any, Any]]:
    return oracle_measures.measures(
        small_pct / "warehouse.duckdb", small_pct / "demo" / "landing", REFERENCE
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_measure_is_what_a_loop_over_landing_rows_gives(
    name: str, grid: Grid, slowly: dict[str, tuple[Any, Any]], small_pct: Path
) -> None:
    upper, lower = slowly[name]
    months = [f"{m:%Y-%m}-01" for m in grid.months]
    assert (months[0], months[-1], len(months)) == ("2016-04-01", "2019-03-01", 36)
    lists = oracle_measures.lists(small_pct / "warehouse.duckdb", months)
    practices = {"X80001", "X80002", "X80003"}
    rows = grid.monthly[grid.monthly["measure"] == name]
    assert set(rows["practice_code"]) == {*practices, ALL}
    told = {s for (p, s, _), n in upper.items() if p in practices and n}
    told |= {s for (p, s, _), n in (lower or {}).items() if p in practices and n}
    assert set(rows["specialty_code"]) == told | {ALL}
    least = next(m for m in grid.measures if m.name == name).min_denominator
    for row in rows.to_dict("records"):
        own = {row["practice_code"]} if row["practice_code"] != ALL else practices
        at = str(row["specialty_code"]), str(row["month"])
        x = sum(upper.get((p, *at), 0) for p in own)
        n = (
            sum(lists[p, at[1]] for p in own)
            if lower is None
            else sum(lower.get((p, *at), 0) for p in own)
        )
        assert (row["numerator"], row["denominator"]) == (x, n), (at, own)
        if n < least:
            assert row["reason"] == "small_denominator"
            assert pd.isna(row["value"])
            continue
        assert row["reason"] == ""
        assert row["value"] == pytest.approx((1000 if lower is None else 1) * x / n)
        assert row["low"] <= row["value"] <= row["high"]


def test_the_year_is_the_sum_of_its_months_over_patient_years(grid: Grid) -> None:
    late = grid.monthly[grid.monthly["month"].astype(str) >= "2018-04-01"]
    by = ["measure", "practice_code", "specialty_code"]
    sums = late.groupby(by, observed=True)[["numerator", "denominator"]].sum()
    year = grid.yearly.set_index(by)
    rates = {m.name for m in grid.measures if m.is_rate}
    for at, row in year.iterrows():
        denominator = sums.loc[at, "denominator"] / (12 if at[0] in rates else 1)
        assert row["numerator"] == sums.loc[at, "numerator"]
        assert row["denominator"] == pytest.approx(denominator)
        assert row["n_months"] == 12


def test_what_is_expected_by_age_and_sex_is_what_a_slow_loop_gives(
    grid: Grid, small_pct: Path
) -> None:
    slow = oracle_measures.expected(
        small_pct / "warehouse.duckdb", "03", "2016-04-01", "2019-03-01"
    )
    rows = grid.monthly[
        (grid.monthly["measure"] == "gp_referrals") & (grid.monthly["specialty_code"] == ALL)
    ]
    own = rows[rows["practice_code"] != ALL]
    assert len(own) == len(slow) == 108
    for row in own.to_dict("records"):
        e = slow[row["practice_code"], str(row["month"])]
        assert row["expected"] == pytest.approx(e, rel=1e-9)
        assert row["ratio"] == pytest.approx(row["numerator"] / e, rel=1e-9)
    whole = rows[rows["practice_code"] == ALL]
    assert whole["expected"].to_numpy() == pytest.approx(whole["numerator"].to_numpy())


# Drawn cubes: what a row says, month by month.

MONTHS: Final = ("2018-04-01", "2018-05-01", "2018-06-01")
COUNTS: Final = {
    **{"provider_code": "XD1", "specialty_code": "110", "month": MONTHS[0]},
    **{"kind": "none", "source": "none", "pod": "none"},
    **{"n_events": 1, "n_days": 0, "n_square_days": 0},
}


def cube(*rows: dict[str, Any], practices: tuple[str, ...] = ("A", "B"), ages: Any = ()) -> Cube:
    """Make a cube of rows that say only what differs from COUNTS."""
    counts = pd.DataFrame([{"practice_code": "A"} | COUNTS | row for row in rows])
    counts["month"] = pd.to_datetime(counts["month"])
    by_age = pd.DataFrame([COUNTS | {"sex": "1", "age_years": 40} | row for row in ages or rows])
    return cube_of(counts, by_age, practices)


def lists(
    *rows: tuple[str, str, int], by_age: Any = (), weighted: tuple[tuple[Any, ...], ...] = ()
) -> Lists:
    """Make lists: practice, count date, patients; by age: with sex and age between."""
    registered = pd.DataFrame(rows, columns=["practice_code", "count_date", "n_patients"])
    columns = ["practice_code", "count_date", "sex", "age", "n_patients"]
    years = ["practice_code", "financial_year", "weighted_list"]
    return Lists(
        registered,
        pd.DataFrame(weighted, columns=years),
        pd.DataFrame(list(by_age), columns=columns),
    )


LISTS: Final = lists(("A", "2018-04-01", 10_000), ("B", "2018-04-01", 5_000))


def shipped(name: str, **changed: Any) -> Measure:
    document = measure_documents(Shelf.open())[name] | changed
    return measure_of(document)


def monthly(found: Grid, practice: str = "A", specialty: str = ALL) -> list[dict[str, Any]]:
    rows = found.monthly[
        (found.monthly["practice_code"] == practice)
        & (found.monthly["specialty_code"] == specialty)
    ]
    return rows.to_dict("records")


def gap(found: Grid) -> dict[str, tuple[str, ...]]:
    return {g.what: g.names for g in found.gaps}


def test_without_a_row_of_its_event_a_measure_is_a_named_gap_and_not_0() -> None:
    found = grid_of(cube({"event": "ae_attendance"}), [shipped("gp_referrals")], LISTS)
    assert [(r["reason"], pd.isna(r["numerator"])) for r in monthly(found)] == [("no_rows", True)]
    assert gap(found) == {"not_loaded": ("referral",)}
    (said,) = words.gaps(found)
    assert said == "gp_referrals: no referrals are loaded, so it is not known (and not 0)."
    assert words.headlines(found) == [
        "GP referrals (all practices, April 2018 to April 2018, 0 of 1 months known): not known."
    ]


def test_a_month_without_a_row_of_the_event_is_missing_and_one_without_ours_is_0() -> None:
    by_gp = {"event": "referral", "source": "gp", "kind": "routine"}
    found = grid_of(
        cube(
            by_gp | {"n_events": 20},
            {"event": "ae_attendance", "month": MONTHS[1]},
            by_gp | {"month": MONTHS[2], "practice_code": "B"},
        ),
        [shipped("gp_referrals")],
        LISTS,
    )
    assert [r["reason"] for r in monthly(found)] == ["", "no_rows", ""]
    assert [r["value"] for r in monthly(found)][::2] == [2.0, 0.0]
    assert monthly(found)[2]["high"] == pytest.approx(1000 * chi2.ppf(0.975, 2) / 2 / 10_000)
    assert gap(found)["months_missing"] == ("2018-05",)
    (whole,) = found.yearly[
        (found.yearly["practice_code"] == "A") & (found.yearly["specialty_code"] == ALL)
    ].to_dict("records")
    assert whole["n_months"] == 2
    assert whole["denominator"] == pytest.approx(10_000 * 2 / 12)
    assert whole["value"] == pytest.approx(20 / (10_000 * 2 / 12) * 1000)


def test_a_month_in_which_other_practices_have_rows_was_sent() -> None:
    by_gp = {"event": "referral", "source": "gp", "n_events": 20}
    rows = cube(
        by_gp,
        by_gp | {"month": MONTHS[1], "practice_code": "elsewhere"},
        {"event": "ae_attendance", "month": MONTHS[2]},
    )
    found = monthly(grid_of(rows, [shipped("gp_referrals")], LISTS))
    assert [(r["reason"], r["value"]) for r in found[:2]] == [("", 2.0), ("", 0.0)]
    assert found[2]["reason"] == "no_rows"


def test_referrals_that_do_not_say_who_referred_are_no_referrals_by_nobody() -> None:
    nobody = {"event": "referral", "source": UNKNOWN, "n_events": 9}
    by_gp = {"event": "referral", "source": "gp", "month": MONTHS[1], "n_events": 20}
    found = grid_of(
        cube(nobody, by_gp, nobody | {"month": MONTHS[1]}), [shipped("gp_referrals")], LISTS
    )
    assert [r["reason"] for r in monthly(found)] == ["no_rows", ""]
    assert monthly(found)[1]["numerator"] == 20
    (unsaid,) = [g for g in found.gaps if g.what == "codes_unknown"]
    assert (unsaid.n, unsaid.of) == (18, 38)


def test_missed_appointments_that_were_never_sent_are_not_0() -> None:
    seen = {"event": "attendance", "kind": "first", "source": "gp", "n_events": 50}
    found = grid_of(cube(seen), [shipped("missed_appointments")], LISTS)
    assert monthly(found)[0]["reason"] == "no_rows"
    assert gap(found) == {"not_loaded": ("missed",)}


def test_a_practice_without_a_list_has_no_rate_and_is_not_in_that_of_all() -> None:
    by_gp = {"event": "referral", "source": "gp", "n_events": 20}
    held = lists(("A", "2018-04-01", 10_000))
    found = grid_of(cube(by_gp, by_gp | {"practice_code": "B"}), [shipped("gp_referrals")], held)
    (without,) = monthly(found, "B")
    assert (without["reason"], without["numerator"]) == ("no_list", 20)
    (whole,) = monthly(found, ALL)
    assert (whole["numerator"], whole["denominator"]) == (20, 10_000)
    assert gap(found)["lists_missing"] == ("B",)


def test_a_list_stands_for_twelve_months_and_no_longer() -> None:
    by_gp = {"event": "referral", "source": "gp", "n_events": 20}
    held = lists(("A", "2017-05-01", 8_000), ("A", "2018-06-15", 9_000))
    rows = [by_gp | {"month": m} for m in ("2018-03-01", "2018-04-01", *MONTHS[1:])]
    found = monthly(grid_of(cube(*rows), [shipped("gp_referrals")], held))
    assert [r["denominator"] for r in found[:2]] == [8_000, 8_000]
    assert found[2]["reason"] == "no_list"
    assert found[3]["denominator"] == 9_000


def test_a_rate_per_weighted_patient_takes_the_weighted_list_of_the_year() -> None:
    by_gp = {"event": "referral", "source": "gp", "n_events": 20}
    weighted = (("A", "2017/18", 11_000.0), ("A", "2018/19", 12_500.0))
    measure = shipped(
        "gp_referrals", per="1000 weighted", denominator="weighted list", standardise="none"
    )
    rows = cube(by_gp | {"month": "2018-03-01"}, by_gp)
    found = grid_of(rows, [measure], lists(weighted=weighted))
    assert [r["denominator"] for r in monthly(found)] == [11_000, 12_500]
    assert monthly(found)[1]["value"] == pytest.approx(1.6)
    assert gap(found)["lists_missing"] == ("B",)


def test_age_and_sex_are_taken_out_as_in_a_sum_by_hand() -> None:
    """A: 100 young, 100 old; B: 300 young, 100 old. 40 events of young, 60 of old people."""
    by_age = [
        (p, "2018-04-01", "1", age, n)
        for p, young, old in (("A", 100, 100), ("B", 300, 100))
        for age, n in (("20", young), ("80", old))
    ]
    by_gp = {"event": "referral", "source": "gp"}
    found = grid_of(
        cube(
            by_gp | {"n_events": 52},
            by_gp | {"practice_code": "B", "n_events": 48},
            ages=[
                by_gp | {"age_years": 22, "n_events": 40},
                by_gp | {"age_years": 84, "n_events": 60},
            ],
        ),
        [shipped("gp_referrals", min_denominator=1)],
        lists(("A", "2018-04-01", 200), ("B", "2018-04-01", 400), by_age=by_age),
    )
    # Each young patient 0.1 events, each old one 0.3: A expects 40, B 60.
    assert [monthly(found, p)[0]["expected"] for p in "AB"] == pytest.approx([40, 60])
    assert monthly(found)[0]["ratio"] == pytest.approx(52 / 40)
    assert monthly(found, ALL)[0]["ratio"] == pytest.approx(1)
    assert gap(found) == {}


def test_without_ages_of_events_or_lists_nothing_is_expected_and_it_is_said() -> None:
    by_gp = {"event": "referral", "source": "gp", "n_events": 20}
    ageless = [by_gp | {"age_years": np.nan}]
    found = grid_of(cube(by_gp, ages=ageless), [shipped("gp_referrals")], LISTS)
    assert pd.isna(monthly(found)[0]["ratio"])
    assert "ages_missing" in gap(found)
    found = grid_of(cube(by_gp), [shipped("gp_referrals")], LISTS)
    assert gap(found)["age_lists_missing"] == ("A", "B")
    assert monthly(found)[0]["value"] == 2.0


def test_days_of_one_long_stay_say_less_than_as_many_days_of_many() -> None:
    """30 days of 1 stay, and of 30 stays: the exact limits of 1 event × 30, and of 30 events."""
    stay = {"event": "priced_stay", "kind": "beyond_trim", "pod": "NEL", "n_days": 30}
    found = grid_of(
        cube(
            stay | {"n_square_days": 900},
            stay | {"practice_code": "B", "n_events": 30, "n_square_days": 30},
        ),
        [shipped("excess_bed_days")],
        lists(("A", "2018-04-01", 1000), ("B", "2018-04-01", 1000)),
    )
    one, many = (monthly(found, p)[0] for p in "AB")
    assert one["value"] == many["value"] == 30
    assert one["high"] == pytest.approx(30 * chi2.ppf(0.975, 4) / 2)
    assert one["low"] == pytest.approx(30 * chi2.ppf(0.025, 2) / 2)
    assert many["high"] == pytest.approx(chi2.ppf(0.975, 62) / 2, rel=2e-3)


@pytest.mark.parametrize("module", [measuring, list_months])
def test_the_examples_in_docstrings_hold(module: object) -> None:
    done = doctest.testmod(module)  # type: ignore[arg-type]
    assert done.attempted > 0
    assert done.failed == 0


def test_a_ratio_has_the_limits_of_a_share_of_the_sum() -> None:
    low, high = ratio_limits([10, 0], [10, 5])
    assert low[0] * high[0] == pytest.approx(1)
    assert (low[1], high[0] > 1, np.isfinite(high[1])) == (0, True, True)
    assert np.isinf(ratio_limits(5, 0)[1])


def test_a_provider_that_stops_for_a_month_is_named_and_a_small_one_is_not() -> None:
    by_gp = {"event": "referral", "source": "gp"}
    rows = [by_gp | {"month": m, "n_events": 50} for m in MONTHS]
    for code, n in (("XBIG", 40), ("XTINY", 2)):
        rows += [by_gp | {"month": m, "provider_code": code, "n_events": n} for m in MONTHS[::2]]
    found = grid_of(cube(*rows), [shipped("gp_referrals")], LISTS)
    assert gap(found)["provider_silent"] == ("XBIG (2018-05)",)


def test_events_of_no_practice_and_no_month_are_told() -> None:
    by_gp = {"event": "referral", "source": "gp", "n_events": 20}
    rows = cube(by_gp, by_gp | {"practice_code": "V81999"}, by_gp | {"month": None})
    (left,) = [
        g for g in grid_of(rows, [shipped("gp_referrals")], LISTS).gaps if g.what == "left_out"
    ]
    assert (left.n, left.of) == (40, 60)


def test_the_grid_of_a_pct_takes_less_than_five_seconds() -> None:
    """20 practices, 16 measures, 12 specialties, 36 months, with intervals."""
    codes = [f"P{i:02d}" for i in range(20)]
    kinds: list[dict[str, Any]] = [
        {"event": e, "kind": k, "source": s, "pod": p}
        for e, of in EVENTS.items()
        for k in of.kind[:3] or ("none",)
        for s in ("gp", "consultant", "dentist")[: 3 if e == "referral" else 1]
        for p in of.pod[:4] or ("none",)
    ]
    axes = pd.MultiIndex.from_product(
        [
            codes,
            [f"{100 + s}" for s in range(12)],
            pd.date_range("2016-04-01", periods=36, freq="MS"),
        ],
        names=["practice_code", "specialty_code", "month"],
    ).to_frame(index=False)
    counts = axes.merge(pd.DataFrame(kinds), how="cross").assign(
        provider_code="XD1", n_days=3, n_square_days=9
    )
    counts["n_events"] = np.arange(len(counts)) % 7
    ages = pd.DataFrame(kinds).assign(
        provider_code="XD1", specialty_code="100", sex="1", age_years=40, n_events=5, n_days=3
    )
    held = lists(
        *[(c, f"{y}-04-01", 8_000) for c in codes for y in (2016, 2017, 2018)],
        by_age=[(c, "2018-04-01", "1", "40", 8_000) for c in codes],
    )
    measures = [measure_of(d) for d in measure_documents(Shelf.open()).values()]
    began = time.process_time()
    found = grid_of(cube_of(counts, ages, codes), measures, held)
    took = time.process_time() - began
    assert len(found.monthly) == 16 * 21 * 13 * 36
    assert took < 5


# Documents: refused with every fault.


def document(**changed: Any) -> dict[str, Any]:
    """A good document of one's own, with fields changed; None drops one."""
    path = REFERENCE / "measures" / "gp_referrals.yaml"
    found = yaml.safe_load(path.read_text(encoding="utf-8")) | {"name": "mine"} | changed
    return {k: v for k, v in found.items() if v is not ...}


def written(folder: Path, stem: str = "mine", text: str = "", **changed: Any) -> Path:
    """Write a document into the user's own folder: a text, or a good one with fields changed."""
    (folder / "reference" / "measures").mkdir(parents=True, exist_ok=True)
    path = folder / "reference" / "measures" / f"{stem}.yaml"
    content = yaml.safe_dump(document(**{"name": stem} | changed))
    path.write_text(text or content, encoding="utf-8")
    return path


SHARE: Final = {"per": "share", "standardise": "none"}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"colour": "red"}, "fields that do not exist: colour .there are name, title"),
        ({"limits": ..., "author": ...}, "it has no limits, author"),
        ({"name": "other"}, "its name is 'other', and its file is called mine.yaml"),
        ({"title": ""}, "title is '', and must be a text"),
        (
            {"direction": "down"},
            "direction is 'down', and may be lower_better, higher_better, none",
        ),
        ({"min_denominator": 0}, "min_denominator is '0'"),
        ({"min_denominator": True}, "min_denominator is 'true'"),
        ({"in_alerts": "maybe"}, "in_alerts is 'maybe', and may be true, false"),
        ({"questions_to_ask": ["Why?"]}, "must be a list of 3 questions"),
        ({"questions_to_ask": [{"Who": "he?"}, "b", "c"]}, "question 1 has a colon in it"),
        ({"reviewer": "Dr A", "author": "Dr A"}, "nobody reviews himself"),
        ({"reviewer": "Dr A"}, "review_date is empty, and must be the day of the review"),
        ({"review_date": dt.date(2026, 1, 1)}, "reviewer names nobody"),
        (
            {"reviewer": "Dr A", "review_date": dt.date(2028, 1, 1)},
            "next_review 2027-11-30 is not after review_date 2028-01-01",
        ),
        ({"next_review": "soon"}, "next_review is 'soon', and must be a day"),
        ({"numerator": "referral"}, "numerator is 'referral', and must say what is counted"),
        ({"numerator": {"kind": ["urgent"]}}, "numerator has no event"),
        ({"numerator": {"event": "visit"}}, "the event 'visit' .there are referral, attendance"),
        ({"numerator": {"event": {"a": 1}}}, "the event a '1' .there are referral"),
        ({"numerator": {"event": "referral", "hue": 1}}, "numerator has hue, and may have event"),
        (
            {"numerator": {"event": "referral", "kind": ["slow"]}},
            "the kind 'slow' .there are routine, urgent, two_weeks, unknown",
        ),
        (
            {"numerator": {"event": "referral", "pod": ["EL"]}},
            "asks for a pod, which referral does not have",
        ),
        ({"numerator": {"event": "referral", "source": []}}, "the source of nothing"),
        (
            {"numerator": {"event": "referral", "count": "days"}},
            "which only admission, priced_stay",
        ),
        ({"denominator": "weighted list"}, "per 1000 registered must be 'registered list'"),
        (
            {"per": "1000 weighted", "denominator": "weighted list"},
            "which only measures per 1000 registered can be",
        ),
        ({"per": "1000 heads"}, "per is '1000 heads', and may be 1000 registered, 1000 weighted"),
        (
            SHARE | {"denominator": {"event": "attendance"}},
            "no part of its denominator, so it is no share; per may be ratio",
        ),
        (
            {"per": "ratio", "standardise": "none", "denominator": {"event": "referral"}},
            "a part of its denominator, so per must be share",
        ),
        (
            SHARE
            | {"numerator": {"event": "admission", "count": "days"}}
            | {"denominator": {"event": "admission"}},
            "days are counted per 1000 patients only",
        ),
    ],
)
def test_a_definition_that_cannot_be_meant_is_refused_with_what_there_is(
    tmp_path: Path, changed: dict[str, Any], says: str
) -> None:
    path = written(tmp_path, **changed)
    with pytest.raises(ReferenceGap, match=says) as told:
        held_measures(tmp_path)
    assert str(told.value).startswith(f"{path} cannot be used")


def test_every_fault_of_every_document_is_told_at_once(tmp_path: Path) -> None:
    first = written(tmp_path, "first", direction="up", per="heap")
    second = written(tmp_path, "second", text="name: [second\ntitle: a\n")
    third = written(tmp_path, "third", text="")
    third.write_bytes("title: caf\xe9".encode("latin-1"))
    fourth = written(tmp_path, "fourth", text="- a list\n")
    fifth = written(tmp_path, "fifth", text="next_review: 2026-02-30\n")
    sixth = first.with_name("sixth.yml")
    sixth.write_text("name: sixth\n")
    with pytest.raises(ReferenceGap) as told:
        held_measures(tmp_path)
    said = str(told.value).splitlines()
    found = {line.split(" cannot be used")[0]: line for line in said[:-1]}
    assert set(found) == {str(p) for p in (first, second, third, fourth, fifth, sixth)}
    assert "direction is 'up'" in found[str(first)]
    assert "per is 'heap'" in found[str(first)]
    assert "it cannot be read from line" in found[str(second)]
    assert "no text in UTF-8" in found[str(third)]
    assert "does not consist of fields" in found[str(fourth)]
    assert "only files that end in .yaml" in found[str(sixth)]
    assert "docs/measures.md" in said[-1]


def test_a_document_of_ones_own_adds_a_measure_and_replaces_one(tmp_path: Path) -> None:
    urgent = {"event": "referral", "source": ["gp"], "kind": "urgent"}
    written(tmp_path, numerator=urgent, title="Urgent referrals")
    written(tmp_path, "ae_attendances", title="Ours")
    held = {m.name: m for m in held_measures(tmp_path)}
    assert sorted(held) == sorted([*NAMES, "mine"])
    assert held["mine"].numerator.kinds == ("urgent",)
    assert (held["ae_attendances"].title, held["ae_attendances"].is_own) == ("Ours", True)
    assert not held["gp_referrals"].is_own
    listed = {row[0]: row[1] for row in words.listing(tuple(held.values()), dt.date(2026, 1, 1))}
    assert listed["mine"] == "Urgent referrals (your own)"


def test_a_review_that_has_run_out_is_shown(tmp_path: Path) -> None:
    written(tmp_path, reviewer="Dr B", review_date=dt.date(2026, 1, 1))
    (mine,) = [m for m in held_measures(tmp_path) if m.name == "mine"]
    assert mine.review(dt.date(2027, 11, 30)) == REVIEWED
    assert mine.review(dt.date(2027, 12, 1)) == UNDER_REVIEW
    ((*_, said),) = words.listing((mine,), dt.date(2028, 1, 1))
    assert said == "under review (since 30 November 2027)"
    assert (
        "reviewed (next 30 November 2027) by Dr B" in words.defined(mine, dt.date(2026, 2, 1))[-1]
    )


def test_every_shipped_measure_says_all_and_is_marked_as_not_reviewed() -> None:
    documents = measure_documents(Shelf.open())
    assert len(documents) == 16
    for name, one in documents.items():
        assert set(one) == {*FIELDS, "is_own"}, name
        assert measure_of(one).review(dt.date(2026, 12, 1)) == NOT_REVIEWED
        assert all(q.endswith("?") for q in one["questions_to_ask"]), name


# The models.


def test_the_cube_knows_the_words_of_documents_only_and_keeps_every_row(small_pct: Path) -> None:
    with Warehouse.open(small_pct, doing="the test") as warehouse, warehouse.rolled_back():
        warehouse.define("demand_events", model("demand_events"))
        counts = warehouse.frame(model("demand_counts"))
        ages = warehouse.frame(model("demand_ages"))
        held = {
            name: warehouse.rows(f"SELECT count(*) FROM {name}")[0][0]
            for name in ("referrals", "outpatients", "emergency_attendances", "spells")
        }
        procedures = warehouse.rows(
            "SELECT count(*) FROM outpatients WHERE procedures <> '' AND attended IN ('5', '6')"
        )[0][0]
    assert set(counts["event"]) <= set(EVENTS)
    for event, rows in counts.groupby("event"):
        for part in DIMENSIONS:
            assert set(rows[part]) <= {*getattr(EVENTS[str(event)], part), UNKNOWN, "none"}, event
    n = counts.groupby("event")["n_events"].sum()
    appointments = ["attendance", "missed", "cancelled", "unresolved"]
    assert n["referral"] == held["referrals"]
    assert n.reindex(appointments).sum() == held["outpatients"]
    assert n[["ae_attendance", "ae_follow_up"]].sum() == held["emergency_attendances"]
    assert n["admission"] == held["spells"]
    assert n["procedure"] == procedures > 0
    assert (ages.groupby("event")["n_events"].sum() == n).all()
    assert not counts.duplicated(list(counts.columns[:8])).any()


EPISODE: Final = """
    episode_id | person_id | specialty_code | admission_method | admission_date | patient_class | administrative_category | episode_start | episode_end | discharge_date | hrg
    own        | p1        | 110            | 11               | 2018-06-04     | 2             |                         | 2018-06-04    | 2018-06-04  | 2018-06-04     | HN12F
    elsewhere  | p2        | 110            | 12               | 2018-06-04     | 1             |                         | 2018-06-04    | 2018-06-06  | 2018-06-06     | HN12F
    long_ago   | p3        | 110            | 11               | 2018-06-04     | 2             |                         | 2018-06-04    | 2018-06-04  | 2018-06-04     | HN12F
    by_ae      | p4        | 300            | 21               | 2018-06-04     | 1             |                         | 2018-06-04    | 2018-06-04  | 2018-06-04     | DZ09M
    by_gp      | p5        | 300            | 22               | 2018-06-04     | 1             |                         | 2018-06-04    | 2018-06-04  | 2018-06-04     | DZ09M
    privately  | p6        | 110            | 11               | 2018-06-04     | 2             | 02                      | 2018-06-04    | 2018-06-04  | 2018-06-04     | HN12F
"""  # noqa: E501

CLINIC: Final = """
    attendance_id | person_id | specialty_code | appointment_date | attendance_type | attended | referral_source
    a1            | p1        | 110            | 2018-03-01       | 1               | 5        | 03
    a2            | p1        | 110            | 2018-05-01       | 2               | 5        | 05
    a3            | p1        | 110            | 2018-06-01       | 2               | 3        | 92
    a4            | p2        | 320            | 2018-05-01       | 1               | 6        | 03
    a5            | p3        | 110            | 2016-05-01       | 1               | 5        | 03
    a6            | p9        | 110            | 2018-05-02       | 4               | 7        | 12
    a7            | p9        | 110            | 2018-05-02       | 5               | 2        |
    a8            | p9        | 110            | 2018-05-02       |                 |          | 77
"""  # noqa: E501


def test_an_elective_stay_was_started_by_who_referred_to_the_last_attendance() -> None:
    with priced(episodes=EPISODE, outpatients=CLINIC) as warehouse:
        warehouse.define("demand_events", model("demand_events"))
        found = warehouse.frame(
            "SELECT pod, kind, source, CAST(sum(n_events) AS INT) AS n FROM demand_events "
            "WHERE event = 'admission' GROUP BY ALL ORDER BY ALL"
        ).to_numpy().tolist()  # fmt: skip
        clinic = warehouse.frame(
            "SELECT event, kind, source FROM demand_events "
            "WHERE month = '2018-05-01' AND specialty_code = '110' ORDER BY ALL"
        ).to_numpy().tolist()  # fmt: skip
    assert found == [
        ["DC", "zero_days", "consultant", 1],
        ["DC", "zero_days", "unknown", 1],
        ["EL", "with_nights", "unknown", 1],
        ["NEL", "zero_days", "emergency_department", 1],
        ["NEL", "zero_days", "gp", 1],
    ]
    assert clinic == [
        ["attendance", "follow_up", "consultant"],
        ["cancelled", "administrative", "unknown"],
        ["missed", "follow_up_by_telephone", "other"],
        ["unresolved", "unknown", "unknown"],
    ]


# The chain.


def test_gps_consultants_and_others_make_up_all_of_every_stage(small_pct: Path) -> None:
    chain, _ = referral_chain(small_pct)
    wide = chain.stages.pivot(
        index=["specialty_code", "stage"], columns="start", values="n_events"
    ).astype(int)
    assert (wide[list(STARTS)].sum(axis=1) == wide[ALL]).all()
    stages = wide[ALL].unstack("stage")
    assert (stages.drop(index=ALL).sum() == stages.loc[ALL]).all()
    seen = oracle_measures.landed(small_pct / "warehouse.duckdb", "referrals")
    year = [r for r in seen if r["request_date"] >= dt.date(2018, 4, 1)]
    assert wide.loc[(ALL, "referral"), "gp"] == sum(r["referral_source"] == "03" for r in year)
    assert wide.loc[(ALL, "referral"), "consultant"] == sum(
        r["referral_source"] == "05" for r in year
    )
    shares = chain.stages[(chain.stages["specialty_code"] == ALL)]
    assert shares[shares["start"] != ALL].groupby("stage")["share"].sum().round(12).eq(1).all()


def test_the_chains_of_practices_add_up_to_that_of_all(small_pct: Path) -> None:
    whole = referral_chain(small_pct)[0].stages.set_index(["specialty_code", "start", "stage"])
    by = [referral_chain(small_pct, practice=f"X8000{n}")[0].stages for n in (1, 2, 3)]
    sums = pd.concat(by).groupby(["specialty_code", "start", "stage"])["n_events"].sum()
    assert (sums == whole["n_events"].reindex(sums.index)).all()
    assert sums[(ALL, ALL, "referral")] == whole.loc[(ALL, ALL, "referral"), "n_events"] > 0


def test_a_stage_that_is_not_loaded_is_not_known_and_not_0() -> None:
    seen = {"event": "attendance", "kind": "first", "source": "gp", "n_events": 30}
    chain = chain_of(cube(seen))
    assert set(chain.not_held) == set(STAGES) - {"first", "follow_up"}
    stages = chain.stages[chain.stages["specialty_code"] == ALL].set_index(["start", "stage"])
    assert pd.isna(stages.loc[(ALL, "referral"), "n_events"])
    assert stages.loc[("gp", "first"), "n_events"] == 30
    # Follow-ups come in the extract of first attendances, so there were none.
    assert stages.loc[(ALL, "follow_up"), "n_events"] == 0
    assert any("No referrals, " in s for s in chain_words.sentences(chain, "All"))
    assert "not known" in chain_words.rows(chain, {})[-1]


# The command.


def pbc(data: Path, *asked: str) -> str:
    done = CliRunner().invoke(app, ["measures", *asked, "--data", str(data)])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_the_list_names_every_measure_and_checks_them(tmp_path: Path) -> None:
    said = pbc(tmp_path)
    assert all(name in said for name in NAMES)
    assert "16 measures, all well defined" in said
    assert [m["name"] for m in json.loads(pbc(tmp_path, "--json"))] == NAMES
    written(tmp_path, per="heap")
    with pytest.raises(ReferenceGap, match="per is 'heap'"):
        pbc(tmp_path)


def test_a_measure_is_told_with_its_definition_and_kept_month_by_month(
    small_pct: Path, tmp_path: Path
) -> None:
    file = tmp_path / "out.csv"
    said = pbc(small_pct, "gp_referrals", "--specialty", "110", "--csv", str(file))
    assert "Limits: It cannot tell whether a referral was needed." in said
    assert "no better or worse" in said
    assert "(all practices, specialty 110, April 2018 to March 2019)" in said
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 4 * 36
    assert rows[0].keys() >= {"measure", "practice_code", "value", "low", "high", "reason", "per"}
    assert {r["specialty_code"] for r in rows} == {"110"}


def test_all_measures_of_a_practice_for_machines(small_pct: Path, grid: Grid) -> None:
    told = json.loads(pbc(small_pct, "--practice", "X80002", "--json"))
    assert {r["measure"] for r in told["year"]} == set(NAMES)
    assert {r["practice_code"] for r in told["months"]} == {"X80002", ALL}
    assert told["to"] == "2019-03"
    assert all(g["sentence"].endswith(".") for g in told["gaps"])
    rows = words.standing(grid)
    assert len(rows) == len(NAMES) * 4
    assert all(len(row) == len(words.STANDING) for row in rows)
    assert {row[1] for row in rows} == {"X80001", "X80002", "X80003", "All practices"}


def test_the_activity_of_one_provider_is_a_part_of_all(small_pct: Path, grid: Grid) -> None:
    by = [
        measure_grid(small_pct, ["first_attendances"], provider=p).monthly
        for p in ("XD1", "XT1", "XI1", "XC1")
    ]
    total = sum(f[f["specialty_code"] == ALL]["numerator"].sum() for f in by)
    whole = grid.monthly[
        (grid.monthly["measure"] == "first_attendances") & (grid.monthly["specialty_code"] == ALL)
    ]
    assert total == whole["numerator"].sum()


def test_the_chain_is_told_in_words(small_pct: Path, tmp_path: Path) -> None:
    file = tmp_path / "chain.csv"
    said = pbc(small_pct, "--chain", "--specialty", "110", "--csv", str(file))
    assert "110 Trauma and orthopaedics, April 2018 to March 2019 (12 months)." in said
    assert "which GPs do not control" in said
    assert len(pd.read_csv(file)) == len(STAGES) * (len(STARTS) + 1)
    assert json.loads(pbc(small_pct, "--chain", "--json"))["not_held"] == []


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        (("nonsense",), SelectionError, "'nonsense' is no measure, .* There are: ae_attendances"),
        (("gp_referrals", "--practice", "Z9"), SelectionError, "no practice .* X80001, X80002"),
        (("gp_referrals", "--specialty", "999"), SelectionError, "no specialty with activity"),
        (("gp_referrals", "--provider", "XX"), SelectionError, "no provider .* XC1, XD1"),
        (("gp_referrals", "--chain"), SelectionError, "Leave out one of the two"),
    ],
)
def test_a_choice_that_is_none_is_answered_with_what_there_is(
    small_pct: Path, asked: tuple[str, ...], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        pbc(small_pct, *asked)


def test_before_anything_is_priced_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Load extracts"):
        pbc(tmp_path, "gp_referrals")
    with Warehouse.open(tmp_path, doing="the test", create=True):
        pass
    with pytest.raises(StoreError, match="Run 'pbc build' first"):
        pbc(tmp_path, "gp_referrals")


def kept(folder: Path, **landed: str) -> None:
    """Keep drawn activity of practice X80001, priced, and drawn landing tables as a warehouse."""
    with priced(outpatients=CLINIC) as built:
        for name, drawn in landed.items():
            put(built, getattr(tables, name), drawn, load_id=1)
        built.define("practice_lists", model("practice_lists"))
        built.con.execute(f"ATTACH '{folder}/warehouse.duckdb' AS kept")
        built.con.execute("COPY FROM DATABASE memory TO kept")


def test_activity_of_practices_that_nobody_registered_is_refused(tmp_path: Path) -> None:
    kept(tmp_path)
    with pytest.raises(SelectionError, match="Load the register of practices"):
        measure_grid(tmp_path)


def test_a_practice_that_closed_counts_with_its_successor_and_its_list_does(tmp_path: Path) -> None:
    kept(
        tmp_path,
        PRACTICES="""
            practice_code | pct_code | open_date  | close_date | successor_code
            X80001        | 9E1      | 2000-01-01 | 2018-04-30 | X80002
            X80002        | 9E1      | 2000-01-01 |            |
        """,
        LIST_SIZES="""
            practice_code | count_date | sex | age | n_patients
            X80001        | 2018-04-01 | ALL | ALL | 3000
            X80002        | 2018-04-01 | ALL | ALL | 2000
        """,
    )
    found = measure_grid(tmp_path, ["first_attendances"], practice="X80001")
    assert set(found.monthly["practice_code"]) == {"X80002", ALL}
    may = [r for r in monthly(found, "X80002") if r["month"] == "2018-05-01"]
    assert [(r["numerator"], r["denominator"], r["value"]) for r in may] == [(1, 5_000, 0.2)]
    gaps = {g.what for g in measure_grid(tmp_path, ["gp_referrals"]).gaps}
    assert gaps == {"not_loaded"}
