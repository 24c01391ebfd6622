"""Practices side by side: who is marked, who is named, and what never follows from it."""

import base64
import json
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import gamma, poisson

from pbcanalytics import store
from pbcanalytics.demand.comparing import practices as comparing
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.measures import Measure, measure_of
from pbcanalytics.demand.measuring.sums import ALL, Sums
from pbcanalytics.faces.charts.funnel_chart import chance_limits, shape
from pbcanalytics.faces.pages.demand import trend_compare, trend_ribbon, trend_words
from pbcanalytics.faces.pages.demand.trend_view import TrendView, view
from pbcanalytics.faces.publishing.comparisons import comparison_tables, rounded
from pbcanalytics.faces.sentences import compare as words
from pbcanalytics.faces.withholding.audience import cleared, for_practice
from pbcanalytics.faces.withholding.lettering import named_as
from pbcanalytics.pipeline.sharing import share
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.compact import compact
from pbcanalytics.reference.measures import measure_documents
from pbcanalytics.store import Published
from pbcanalytics.words import tables
from pbcanalytics.words.errors import ReferenceGap, SelectionError
from pbcanalytics.words.tables import Table
from pbcanalytics.words.tables.compared import BAND_PERCENTS
from tests.commands import pbc

MEASURES = {n: measure_of(d) for n, d in measure_documents(Shelf.open()).items()}
N_MONTHS = 12


def world(
    measure: Measure,
    numerator: np.ndarray,
    denominator: np.ndarray,
    expected: np.ndarray | None = None,
) -> tuple[Cube, Sums]:
    """A year of practices without specialties; arguments are of the year, one a practice."""
    n = len(numerator)
    practices = [f"P{i:03}" for i in range(n)]
    months = pd.date_range("2018-04-01", periods=N_MONTHS, freq="MS")
    none = pd.DataFrame()
    cube = Cube(none, none, none, practices, [], months)

    def by_month(year: np.ndarray, *, is_list: bool = False) -> np.ndarray:
        each = year if is_list else year / N_MONTHS
        monthly = np.repeat(np.asarray(each, dtype=float)[:, None, None], N_MONTHS, axis=2)
        return np.concatenate([monthly, monthly.sum(axis=0, keepdims=True)])

    upper = by_month(numerator)
    lower = by_month(denominator, is_list=measure.is_rate)
    hoped = np.full(upper.shape, np.nan) if expected is None else by_month(expected)
    sums = Sums(measure, upper, lower, upper, hoped, np.ones(N_MONTHS, dtype=bool))
    return cube, sums


def of(measure: str, *arrays: Any, told: set[tuple[str, str]] | None = None) -> pd.DataFrame:
    cube, sums = world(MEASURES[measure], *(np.asarray(a, dtype=float) for a in arrays))
    return comparing.compared(cube, sums, told).table.set_index("practice_code")


def test_verdicts_are_those_of_public_health_england() -> None:
    # Rows of the ratio-funnel test data of PHEindicatormethods.
    observed = [8, 151, 159, 150, 101, 182, 241]
    expected = [6.23986, 106.442972, 232.932904, 119.569550, 126.297361, 143.680430, 288.691902]
    table = of("gp_referrals", observed, [5000] * 7, expected)
    assert table["chance"].tolist() == [
        *("not_significant", "high_0.001", "low_0.001", "high_0.025"),
        *("low_0.025", "high_0.025", "low_0.025"),
    ]
    np.testing.assert_allclose(table["ratio"], np.divide(observed, expected))


def test_the_lines_that_are_drawn_are_those_of_the_verdict() -> None:
    # The macro's values: of 20 events, 12.216519 and 30.888381 expected are just significant.
    low, high = chance_limits(np.array([30.888381, 12.216519]), 0.95)
    assert low[0] * 30.888381 == pytest.approx(20, rel=1e-3)
    assert high[1] * 12.216519 == pytest.approx(20, rel=1e-3)


def test_a_quiet_world_lies_outside_about_as_often_as_said() -> None:
    rng = np.random.default_rng(20261)
    size = rng.integers(150, 900, 600)
    worlds = {
        "gp_referrals": (rng.poisson(size), 10.0 * size),
        "ae_conversion": (rng.binomial(size, 0.3), size),
        "follow_ups_per_first": (rng.poisson(2.5 * size), rng.poisson(size)),
    }
    for name, (upper, lower) in worlds.items():
        table = of(name, upper, lower)
        assert len(table) == 600
        for answer in ("chance", "peers"):
            outside = (table[answer] != "not_significant").mean()
            assert 0.025 < outside < 0.075, (name, answer, outside)


def test_a_planted_practice_is_beyond_its_peers_and_is_marked() -> None:
    rng = np.random.default_rng(20262)
    expected = rng.uniform(200, 600, 40)
    level = rng.gamma(100, 1 / 100, 40)
    level[7] = 1.6
    table = of("gp_referrals", rng.poisson(expected * level), expected * 10, expected)
    assert table.loc["P007", ["chance", "peers"]].tolist() == ["high_0.001", "high_0.001"]
    assert shape("high_0.001", "high_0.001") == "triangle-up"
    # Levels differ by a tenth: far more lie beyond chance than beyond what practices do anyway.
    others = table.drop(index="P007")
    beyond = {a: (others[a] != "not_significant").sum() for a in ("chance", "peers")}
    assert beyond["peers"] <= 4 < beyond["chance"]


def test_no_rank_where_there_is_no_direction_or_chance_moves_it_through_half_the_field() -> None:
    size = np.full(30, 400.0)
    mild = np.linspace(118, 122, 30)
    assert set(of("gp_referrals", mild, 10 * size)["no_place_reason"]) == {"no_direction"}
    alike = of("missed_appointments", mild, size)
    assert set(alike["no_place_reason"]) == {"interval_spans_half_the_field"}
    far = of("missed_appointments", np.linspace(20, 300, 30), size)
    last = far.loc["P029"]
    assert last["no_place_reason"] == ""
    assert words.place(last.to_dict(), 30).startswith("It lies anywhere from 1st to ")
    few = of("missed_appointments", [40, 50, 60, 70], [400] * 4)
    assert few.empty  # their own mean is no reference


def test_the_own_interval_is_that_of_bayes_on_a_grid() -> None:
    level = np.linspace(0.001, 4, 400_000)
    chances = gamma.pdf(level, 1 / 0.04, scale=0.04) * poisson.pmf(30, 20 * level)
    share = chances.cumsum() / chances.sum()
    oracle = [level[np.searchsorted(share, q)] * 0.02 for q in (0.1, 0.9)]
    found = comparing.own_interval(30, 1000, 0.02, event_weight_ratio=1.0, tau_squared=0.04)
    np.testing.assert_allclose([float(x) for x in found], oracle, rtol=1e-4)


@pytest.mark.parametrize(
    ("n", "shown"),
    [
        (4, None),
        (7, {50}),
        (20, {25, 50, 75}),
        (30, {10, 20, 30, 40, 50, 60, 70, 80, 90}),
    ],
)
def test_few_practices_show_few_percentiles(n: int, shown: set[int] | None) -> None:
    lists = np.full(n, 6000.0)
    cube, sums = world(MEASURES["gp_referrals"], np.arange(1, n + 1) * 72.0, lists)
    bands = comparing.bands(cube, sums)
    if shown is None:
        assert bands.empty
        return
    held = {p for p in BAND_PERCENTS if bands[f"p{p}"].notna().all()}
    assert held == shown
    # n practices of 1, 2, ... n events a month and 1,000 patients: the middle one is (n + 1) / 2.
    assert bands["p50"].iloc[0] == pytest.approx((n + 1) / 2)


def test_nothing_published_knows_a_cell_that_is_withheld() -> None:
    rng = np.random.default_rng(20263)
    lists = rng.uniform(3000, 9000, 12)
    counted = rng.poisson(lists * 0.05).astype(float)
    told = {(f"P{i:03}", ALL) for i in range(12) if i not in (3, 9)}
    made = []
    for hidden in (counted, np.where(np.isin(np.arange(12), (3, 9)), counted * 3 + 5, counted)):
        cube, sums = world(MEASURES["excess_bed_days"], hidden, lists)
        found = comparing.compared(cube, sums, told)
        bands = comparing.bands(cube, sums, {p for p, _ in told})
        near = pd.DataFrame(columns=tables.MEASURE_PEERS.names)
        made.append(comparison_tables("9E1", cube.practices, [(found, bands, told)], near))
    for table, frame in made[0].items():
        pd.testing.assert_frame_equal(frame, made[1][table])
    rows = made[0][tables.MEASURE_COMPARISONS].set_index("practice_code")
    assert rows["is_withheld"].sum() == 2
    assert rows.loc[["P003", "P009"], "ratio":"no_place_reason"].isna().all(axis=None)


def test_what_is_expected_is_told_to_two_figures() -> None:
    assert [rounded(e) for e in (0.4, 9.6, 87.4, 104.9, 2_849.0)] == [0, 10, 87, 100, 2800]


def seen(held: Published, group: str, measure: str = "gp_referrals") -> TrendView:
    v = view(held, measure, group, ALL, "nhsr_0_2_2")
    assert v is not None
    return v


def test_only_cells_that_are_told_by_themselves_are_compared(held: Published) -> None:
    rows = held.rows(
        "SELECT c.*, y.is_withheld AS hidden, y.expected_ratio FROM measure_comparisons AS c "
        "LEFT JOIN measure_years AS y ON y.measure = c.measure AND y.group_kind = 'practice' "
        "AND y.group_code = c.practice_code AND y.specialty_code = c.specialty_code"
    )
    told = [r for r in rows if r["ratio"] is not None]
    assert len(told) > 60
    assert any(r["is_withheld"] for r in rows)
    assert not any(r["hidden"] is not False for r in told)
    by_age = [r for r in told if r["expected_ratio"] is not None]
    assert by_age
    for r in by_age:
        assert r["ratio"] == pytest.approx(r["expected_ratio"])


def copied(held: Published, to: Path, about: dict[str, Any], **frames: pd.DataFrame) -> Published:
    """Publish again with another `about`, and other tables where given."""
    every = {t.name: t for t in vars(tables).values() if isinstance(t, Table)}
    every |= {t.name: t for t in tables.PUBLISHED}
    there = [r["table_name"] for r in held.rows("SELECT table_name FROM information_schema.tables")]
    made = {
        every[n]: frames.get(n, held.con.execute(f"SELECT * FROM {n}").df())
        for n in there
        if n in every
    }
    store.publish(to, made, held.about() | {"build_id": "copy"} | about)
    return Published(to)


def texts(published: Published, v: TrendView) -> list[str]:
    """All that the parts of the page say, their downloads in plain text."""
    parts = [
        trend_compare.funnel(published, v),
        trend_compare.compared(published, v),
        trend_compare.peers(published, v),
        trend_ribbon.ribbon(published, v),
        trend_ribbon.ribboned(published, v),
    ]
    said = [p if isinstance(p, str) else json.dumps(p) for p in parts]
    files = [
        base64.b64decode(b).decode() for s in said for b in re.findall(r"base64,([\w+/=]+)", s)
    ]
    return said + files


def names_of(published: Published) -> dict[str, str]:
    rows = published.rows(
        "SELECT DISTINCT group_code, group_name FROM measure_groups WHERE group_kind = 'practice'"
    )
    return {r["group_code"]: r["group_name"] for r in rows}


def test_a_practice_is_named_to_itself_alone_until_the_compact_opens_names(
    held: Published, tmp_path: Path
) -> None:
    names = names_of(held)
    assert compact(Shelf.open()).practices_named_to_each_other is False
    for group in (*names, "pct-9E1", "consortium-C01"):
        shown = "\n".join(texts(held, seen(held, group)))
        for code, name in names.items():
            assert ((code in shown) or (name in shown)) is (code == group), (group, code)
        assert "Practice A" in shown
    opened = copied(held, tmp_path, {"practices_named": True})
    shown = "\n".join(texts(opened, seen(opened, "pct-9E1")))
    assert all(name in shown for name in names.values())


def test_letters_go_by_the_order_shown_and_begin_anew_in_each_figure(held: Published) -> None:
    v = seen(held, "X80001")
    first, second = named_as(held, v), named_as(held, v)
    others = sorted(set(names_of(held)) - {"X80001"})
    assert [first(c) for c in others] == ["Practice A", "Practice B"]
    assert [second(c) for c in reversed(others)] == ["Practice A", "Practice B"]
    assert [first(c) for c in others] == ["Practice A", "Practice B"]
    assert "X80001" in first("X80001")


def test_the_page_says_both_answers_what_luck_does_and_what_would_not_be_seen(
    held: Published,
) -> None:
    said = trend_compare.compared(held, seen(held, "X80001"))
    for part in ("chance", "by luck alone", "would mostly not be seen", "no group of peers"):
        assert part in said
    figure = trend_compare.funnel(held, seen(held, "X80001"))
    assert figure is not None
    assert "Public Health England" in figure["layout"]["meta"]["description"]
    assert [a["text"] for a in figure["layout"]["annotations"]][:2] == ["95%", "99.8%"]
    assert trend_ribbon.ribbon(held, seen(held, "X80001")) is None  # three have no bands


def test_months_lie_over_bands_and_open_where_they_are_provisional(
    held: Published, tmp_path: Path
) -> None:
    v = seen(held, "X80001")
    shares = {f"p{p}": 15 + p / 10 for p in (25, 50, 75)}
    fixed = {"mean_ratio": 0.02, "event_weight_ratio": 1.0, "tau_squared": 0.01}
    bands = pd.DataFrame(
        [
            {"pct_code": "9E1", "measure": "gp_referrals", "month": m["month"], "n_practices": 20}
            | shares
            | fixed
            for m in v.months
        ]
    ).reindex(columns=tables.MEASURE_BANDS.names)
    late = pd.DataFrame(
        [
            {
                "measure": "gp_referrals",
                "group_kind": "practice",
                "group_code": "X80001",
                "month": v.months[-1]["month"],
                "provider_code": "XD1",
                "reason": "late",
            }
        ]
    ).reindex(columns=tables.MEASURE_PROVISIONAL.names)
    again = copied(held, tmp_path, {}, measure_bands=bands, measure_provisional=late)
    figure = trend_ribbon.ribbon(again, seen(again, "X80001"))
    assert figure is not None
    marks = figure["data"][-1]["marker"]["symbol"]
    assert marks[-1] == "circle-open"
    assert set(marks[:-1]) == {"circle"}
    assert any(d.get("line", {}).get("dash") == "dash" for d in figure["data"])
    said = trend_ribbon.ribboned(again, seen(again, "X80001"))
    assert "the middle half of practices" in said
    assert "provisional" in said


def test_a_practices_own_folder_names_no_other_anywhere(small_pct: Path, tmp_path: Path) -> None:
    share(small_pct, "X80001", tmp_path / "own")
    own = Published(tmp_path / "own")
    names = names_of(Published(small_pct))
    others = {w for c, n in names.items() if c != "X80001" for w in (c, n)}
    assert len(others) == 4
    there = [r["table_name"] for r in own.rows("SELECT table_name FROM information_schema.tables")]
    n_rows = 0
    for table in there:
        for row in own.rows(f"SELECT * FROM {table}"):
            n_rows += 1
            said = " ".join(str(v) for v in row.values())
            assert not any(w in said for w in others), (table, row)
    assert n_rows > 1000
    assert {"X80001", "A"} <= {
        r["practice_code"] for r in own.rows("SELECT practice_code FROM measure_comparisons")
    }
    kinds = {r["group_kind"] for r in own.rows("SELECT group_kind FROM measure_groups")}
    assert kinds == {"pct", "consortium", "practice"}
    assert own.about()["audience"] == "X80001"
    assert "Practice A" in trend_compare.compared(own, seen(own, "X80001"))
    with pytest.raises(SelectionError, match="written over"):
        share(small_pct, "X80001", small_pct)
    with pytest.raises(SelectionError, match="no practice"):
        share(small_pct, "Q1", tmp_path / "other")


def test_a_practice_outside_a_consortium_has_a_folder_too(small_pct: Path, tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    for path in (small_pct / "warehouse.duckdb", *(small_pct / "published").glob("*")):
        shutil.copyfile(path, tmp_path / path.relative_to(small_pct))
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("UPDATE practices SET consortium_code = NULL WHERE practice_code = 'X80001'")
    share(tmp_path, "X80001", tmp_path / "own")
    own = Published(tmp_path / "own")
    assert own.rows("SELECT * FROM measure_comparisons WHERE practice_code = 'X80001'")
    kinds = {r["group_kind"] for r in own.rows("SELECT group_kind FROM measure_groups")}
    assert "consortium" not in kinds


def test_a_letter_cannot_be_undone_by_the_figures_beside_it() -> None:
    """Two practices of nearly the same size and level are told apart by nothing but chance."""
    own = ("P0", "9E1")
    exact = pd.DataFrame(
        [
            ("P0", 3412.0, 0.983563, 0.951305, 1.016637, 1.066857),
            ("P1", 3600.0, 1.031739, 0.998066, 1.066258, 1.067958),
            ("P2", 3700.0, 1.034012, 1.001474, 1.068412, 1.066413),
            ("P3", 4.0, 1.512345, 0.312345, 4.412345, 3.912345),
            ("P4", 0.0, 0.0, 0.0, 7.654321, 9.123456),
            ("P5", np.nan, np.nan, np.nan, np.nan, np.nan),
        ],
        columns=["practice_code", "expected_events", "ratio", "ratio_low", "ratio_high",
                 "least_detectable_ratio"],
    ).assign(pct_code="9E1", measure="m", specialty_code=ALL)  # fmt: skip
    exact = exact.astype({"expected_events": "Int64"})
    names = [f"P{n}" for n in range(1, 6)]
    told = for_practice({tables.MEASURE_COMPARISONS: exact}, own, names)
    left = told[tables.MEASURE_COMPARISONS].set_index("practice_code")
    figures = ["ratio", "ratio_low", "ratio_high", "expected_events", "least_detectable_ratio"]
    assert left.loc["P0", figures].tolist() == exact.loc[0, figures].tolist()
    # The width of 4.1 in two figures; of what is expected, one.
    assert left.loc["A", figures].tolist() == [1.5, 0.3, 4.4, 4, 4]
    assert left.loc["B", figures].tolist() == [1.03, 1.0, 1.07, 4000, 1.07]
    assert left.loc["B", figures].tolist() == left.loc["C", figures].tolist()
    assert left.loc["D", figures].tolist() == [0, 0, 7.7, 0, 9]
    assert left.loc["E", figures].isna().all()


def test_others_together_are_left_out_of_a_practices_folder() -> None:
    pairs = pd.DataFrame(
        {"practice_code": ["P0", "OTHERS"], "practice_name": ["Own", "Others, with few spells"]}
    )
    told = for_practice({tables.CODED_PRACTICES: pairs}, ("P0", "Own"), ("P1", "Other"))
    assert told[tables.CODED_PRACTICES]["practice_code"].tolist() == ["P0"]


def test_luck_is_said_alike_wherever_practices_are_counted(held: Published) -> None:
    assert [words.luck(n) for n in (3, 19, 20, 70)] == [
        "fewer than 1", "fewer than 1", "about 1", "about 4"
    ]  # fmt: skip
    v = seen(held, "X80001")
    assert "Fewer than 1 of 3 would lie outside" in trend_compare.compared(held, v)
    assert "fewer than 1 would by luck alone" in trend_words.compared(v)


def test_a_name_within_a_longer_name_of_ones_own_is_no_other() -> None:
    own, others = {"Old Park Surgery", "Park Surgery North"}, {"Park Surgery"}
    document = {"a": [*sorted(own), "Park Surgery grew"], "Park Surgery": 1, "n": 3}
    assert cleared(document, own, others) == {"a": sorted(own), "n": 3}


def test_the_compact_is_true_or_false(tmp_path: Path) -> None:
    record = tmp_path / "compact.yaml"
    for value, found in (("true", True), ("null", False), ("false", False)):
        record.write_text(f"rules:\n  practices_named_to_each_other:\n    value: {value}\n")
        assert compact(Shelf.open(tmp_path)).practices_named_to_each_other is found
    record.write_text("rules:\n  practices_named_to_each_other:\n    value: mostly\n")
    with pytest.raises(ReferenceGap, match="true or false"):
        compact(Shelf.open(tmp_path))


def test_the_command_names_practices_in_full(small_pct: Path) -> None:
    told = json.loads(pbc("compare", "gp_referrals", "--json", "--data", small_pct).stdout)
    assert {p["practice_name"] for p in told["practices"]} == set(
        names_of(Published(small_pct)).values()
    )
    assert len(told["peers"]) == 6
    refused = pbc("compare", "nonsense", "--data", small_pct)
    assert refused.returncode not in (0, 70)
    assert "gp_referrals" in refused.stderr
