"""The page of demand: what it shows is what was counted, and nothing small is told by it."""

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pbcanalytics.demand.charting import spc
from pbcanalytics.demand.charting.presets import PRESETS
from pbcanalytics.demand.measuring.cube import cube_of
from pbcanalytics.demand.measuring.cutting import touched, weighted_of
from pbcanalytics.demand.measuring.lateness import Late
from pbcanalytics.demand.measuring.measures import Condition
from pbcanalytics.faces.charts.control_chart import headed
from pbcanalytics.faces.pages.demand import referral_trends as page_module
from pbcanalytics.faces.pages.demand import trend_compare, trend_forecast, trend_words
from pbcanalytics.faces.pages.demand.trend_chart import chart
from pbcanalytics.faces.pages.demand.trend_rows import weighed_month
from pbcanalytics.faces.pages.demand.trend_view import view
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.withholding.measure_withholding import hidden_cells
from pbcanalytics.faces.withholding.step_groups import Group
from pbcanalytics.pipeline.demand.cut_measures import Senders, _of_flex
from pbcanalytics.pipeline.demand.measures import measure_grid
from pbcanalytics.store import Published
from pbcanalytics.words.errors import SelectionError

SMALLEST = 8


def rows(held: Published, table: str, **where: str) -> pd.DataFrame:
    said = " AND ".join(f"{k} = '{v}'" for k, v in where.items()) or "true"
    return pd.DataFrame(held.rows(f"SELECT * FROM {table} WHERE {said} ORDER BY ALL"))


def test_what_is_published_is_what_the_command_counts(held: Published, small_pct: Path) -> None:
    grid = measure_grid(small_pct).monthly
    told = rows(held, "measure_months", group_kind="practice")
    keys = ["measure", "group_code", "month"]
    ours = told.set_index(keys)[["numerator", "denominator", "value"]].astype(float)
    theirs = grid[grid["specialty_code"] == "ALL"].rename(columns={"practice_code": "group_code"})
    theirs = theirs.assign(month=[dt.date.fromisoformat(str(m)) for m in theirs["month"]])
    theirs = theirs.astype({"group_code": str}).set_index(keys)
    both = ours.join(
        theirs[["numerator", "denominator", "value", "reason"]], suffixes=(None, "_theirs")
    )
    assert len(both) > 300
    for column in ("numerator", "denominator"):
        np.testing.assert_allclose(both[column], both[f"{column}_theirs"])
    same = both[both["reason"] == ""]
    np.testing.assert_allclose(same["value"], same["value_theirs"])


def test_a_month_of_few_is_told_of_nobody(held: Published) -> None:
    months = rows(held, "measure_months", group_kind="practice")
    kinds = rows(held, "measures").set_index("measure")["unit"]
    counted = months[~months["measure"].isin(["excess_bed_days"])]
    assert not counted["numerator"].between(1, SMALLEST - 1).any()
    shares = counted[counted["measure"].map(kinds) == "share"]
    rest = shares["denominator"] - shares["numerator"]
    assert not rest.between(1, SMALLEST - 1).any()
    withheld = rows(held, "measure_groups")
    assert withheld["is_withheld"].any()
    hidden = withheld[withheld["is_withheld"]]
    pairs = set(zip(hidden["measure"], hidden["group_kind"], hidden["group_code"], strict=True))
    every = rows(held, "measure_months")
    shown = set(zip(every["measure"], every["group_kind"], every["group_code"], strict=True))
    assert not pairs & shown


def test_the_years_of_specialties_tell_no_few_by_subtraction(held: Published) -> None:
    years = rows(held, "measure_years")
    for _, of_measure in years.groupby("measure"):
        for column in ("n_events", "n_events_before"):
            shown = of_measure.loc[~of_measure["is_withheld"], column]
            assert not shown.between(1, SMALLEST - 1).any()


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.integers(0, 30), min_size=4, max_size=4), min_size=2, max_size=6),
    st.lists(st.sampled_from(["", "C1", "C2"]), min_size=6, max_size=6),
)
def test_no_small_cell_follows_from_what_is_told(drawn: list[list[int]], whose: list[str]) -> None:
    # A group with so few in all is told nothing of, by another rule.
    assume(all(sum(row) == 0 or sum(row) >= SMALLEST for row in drawn))
    codes = "ABCDEF"[: len(drawn)]
    consortia = dict(zip(codes, whose, strict=False))
    joint = sorted({*consortia.values()} - {""})
    own = np.array(drawn, dtype=float)
    blocks = [[consortia[c] == code for c in codes] for code in joint]
    counts = np.vstack([own.sum(axis=0), *(own[np.array(b)].sum(axis=0) for b in blocks), own])
    counts = np.hstack([counts, counts.sum(axis=1, keepdims=True)])
    groups = [Group("pct", "9E1", "", frozenset(codes))]
    groups += [Group("consortium", c, "", frozenset()) for c in joint]
    groups += [Group("practice", c, "", frozenset([c])) for c in codes]
    hidden = hidden_cells([counts], groups, consortia, SMALLEST)
    assert not ((counts > 0) & (counts < SMALLEST))[:, :-1][~hidden[:, :-1]].any()

    # What a reader knows: every sum of a row, and every cell that is shown, as one of practices.
    n, k = own.shape
    known = [np.kron(np.eye(n)[i], np.ones(k)) for i in range(n)]
    members = [np.ones(n), *(np.array(b, dtype=float) for b in blocks), *np.eye(n)]
    for row, of in enumerate(members):
        for part in range(k):
            if not hidden[row, part]:
                known.append(np.kron(of, np.eye(k)[part]))
    # Cells of nothing are told too.
    known += [np.eye(n * k)[c] for c in np.flatnonzero(own.ravel() == 0)]
    rank = np.linalg.matrix_rank(np.array(known))
    for c in np.flatnonzero((own.ravel() > 0) & (own.ravel() < SMALLEST)):
        follows = np.linalg.matrix_rank(np.array([*known, np.eye(n * k)[c]])) == rank
        assert not follows


def batch(held: Published, **asked: str) -> dict[str, str]:
    names = ("measure", "group", "specialty", "provider", "source", "per", "preset")
    page = page_module.page(held, Selection("batch", {**dict.fromkeys(names, ""), **asked}))
    parts = [part.name for part in page_module.PARTS if not part.is_figure]
    return {part: str(getattr(page.part(part), "data", "")) for part in parts}


def test_the_page_answers_what_where_since_when_how_sure_and_what_to_ask(held: Published) -> None:
    shown = batch(held, group="pct-9E1")
    assert "GP referrals" in shown["strip"]
    assert "neither higher nor lower is better" in shown["strip"]
    assert "in the twelve months to March 2019" in shown["headline"]
    assert "four times in five" in shown["foreseen"]
    assert "With nothing changed, about" in shown["sure"]
    assert "would by luck alone" in shown["where"]
    assert "no rank is meant" in shown["compared"]
    assert shown["ask"].count("<li>") == 3
    assert "cannot tell whether a referral was needed" in shown["provenance"]


def test_a_specialty_of_a_practice_is_told_by_year_and_not_by_month(held: Published) -> None:
    years = rows(held, "measure_years", measure="gp_referrals", group_code="X80001")
    told = years[~years["is_withheld"] & (years["specialty_code"] != "ALL")]
    shown = batch(held, group="X80001", specialty=str(told["specialty_code"].iloc[0]))
    assert "would tell of few patients" in shown["months"]
    assert str(told["specialty_name"].iloc[0]).lower() in shown["headline"]


def test_what_is_not_shown_is_not_explained_and_its_reason_is_given(held: Published) -> None:
    whole = batch(held, group="X80001")
    part = batch(held, group="X80001", specialty="110")
    for name, words_of in (("read", "Each point is a month"), ("worth", "off on average")):
        assert words_of in whole[name]
        assert part[name] == ""
    assert "one specialty of one practice" in part["foreseen"]
    for asked, why in (({"provider": "XD1"}, "one hospital"), ({"per": "weighted"}, "registered")):
        assert why in batch(held, group="pct-9E1", **asked)["foreseen"]


def test_triangles_of_months_gone_by_are_named(held: Published) -> None:
    v = view(held, "gp_referrals", "pct-9E1", "ALL", "nhsr_0_2_2")
    assert v is not None
    assert v.adjusted is not None
    of = v.adjusted.chart
    high = np.where(np.arange(36) < 9, 30.0, 20.0) + np.arange(36) % 2
    moved = spc.chart(high[None], preset=of.preset)
    drawn = replace(v, adjusted=replace(v.adjusted, chart=moved))
    first = f"Triangles: {trend_words.month_of(v.months[0]['month'])} to "
    assert moved.rule[0, 0] >= 0
    assert trend_words.earlier(drawn).startswith(first)
    assert "above the mean" in trend_words.earlier(drawn)
    for spoken in range(36):
        month = trend_words.month_of(v.months[spoken]["month"])
        if moved.rule[0, spoken] >= 0 > moved.rule[0, max(spoken - 1, 0)]:
            assert month in trend_words.earlier(drawn) + trend_words.signal(drawn)
    quiet = spc.chart(20.0 + np.arange(36)[None] % 2, preset=of.preset)
    assert trend_words.earlier(replace(v, adjusted=replace(v.adjusted, chart=quiet))) == ""


def test_what_forecasts_were_worth_is_of_the_groups_own_level(held: Published) -> None:
    record = rows(held, "measure_forecast_record", measure="gp_referrals")
    of = record[record["size_from"].isna() & (record["method"] != "same_month")]
    off = of.set_index("level")["wape"]
    for group, level in (("pct-9E1", "pct"), ("X80001", "practice")):
        assert f"were {off[level]:.0%} off" in batch(held, group=group)["foreseen"]
    assert round(off["pct"], 2) != round(off["practice"], 2)
    told = [
        {"level": "pct", "size_from": None, "method": m, "wape": 0.1, "n_months": 12}
        | {"coverage_80": covered}
        for m, covered in (("pooled", 8 / 12), ("same_month", None))
    ]
    assert "Only 8 of 12 months lay where four in five" in trend_forecast.worth(told, "pct")
    told[0]["coverage_80"] = 9 / 12
    assert "Only" not in trend_forecast.worth(told, "pct")


def test_a_title_is_broken_where_a_phone_would_cut_it() -> None:
    said = "To come: GP referrals, trauma and orthopaedics<br>Amberley Surgery (X80001)"
    drawn = headed(said, plot=240, bottom=44)
    lines = drawn["title"]["text"].split("<br>")
    assert " ".join(lines) == said.replace("<br>", " ")
    assert max(map(len, lines)) <= 40
    assert drawn["height"] - drawn["margin"]["t"] - drawn["margin"]["b"] == 240
    assert drawn["margin"]["t"] > headed("GP referrals", plot=240, bottom=44)["margin"]["t"]


def test_the_readers_own_name_covers_no_other_practice(held: Published) -> None:
    v = view(held, "gp_referrals", "X80001", "ALL", "nhsr_0_2_2")
    assert v is not None
    figure = trend_compare.funnel(held, v)
    assert figure is not None
    assert {a["text"] for a in figure["layout"]["annotations"]} == {"95%", "99.8%"}
    assert "X80001" in figure["layout"]["xaxis"]["title"]["text"]


def test_how_sure_a_change_is_stands_before_the_counts(held: Published) -> None:
    shown = batch(held, group="X80001")["where"]
    heads = ["Change", "How sure", "Against ages and sexes", "Twelve months", "Twelve before"]
    places = [shown.index(f">{h}</th>") for h in heads]
    assert places == sorted(places)


def test_days_and_season_are_taken_out_before_rules_are_asked(held: Published) -> None:
    v = view(held, "gp_referrals", "pct-9E1", "ALL", "nhsr_0_2_2")
    assert v is not None
    assert v.adjusted is not None
    raw = np.array([m["value"] for m in v.months])
    usual = np.array([m["usual_ratio"] for m in v.months])
    np.testing.assert_allclose(v.adjusted.chart.values[0], raw / usual)
    # December has the fewest working days and the fewest referrals of any month.
    december = [m["month"].month == 12 for m in v.months]
    assert usual[december].max() < usual.mean()
    assert (raw / usual).std() < raw.std()


def test_every_rule_set_has_a_name_that_its_users_know() -> None:
    assert trend_words.PRESETS.keys() == PRESETS.keys()


@pytest.mark.parametrize(
    ("ratio", "low", "high", "sure"),
    [(1.3, 1.1, 1.5, True), (1.3, 0.9, 1.7, False), (0.7, 0.5, 0.9, True), (1.0, 1.0, 1.0, False)],
)
def test_a_change_is_sure_where_its_interval_is_on_one_side(
    ratio: float, low: float, high: float, sure: bool
) -> None:
    assert trend_words.is_sure(low, high) is sure
    row = {"change_ratio": ratio, "change_low": low, "change_high": high}
    said = trend_words.changed(row)
    assert ("−" in said) == (low < 1)


def test_a_measure_that_is_not_there_is_refused_in_a_batch_run(held: Published) -> None:
    with pytest.raises(SelectionError, match="nonsense"):
        batch(held, measure="nonsense")


def test_hospitals_and_sources_add_up_to_the_measure(held: Published) -> None:
    keys = ["measure", "group_kind", "group_code"]
    whole = rows(held, "measure_years", specialty_code="ALL").set_index(keys)
    parts = rows(held, "measure_part_years")
    assert {"provider", "source"} == set(parts["part_kind"])
    n_whole = 0
    for (*key, _), of in parts.groupby([*keys, "part_kind"]):
        total = whole.loc[tuple(key)]
        for column in ("n_events", "n_events_before"):
            shown = of.loc[~of["is_withheld"], column]
            assert not shown.between(1, SMALLEST - 1).any()
            if not total["is_withheld"]:
                left = total[column] - shown.sum()
                # What is withheld of a sum that is told holds enough together.
                assert left == 0 if not of["is_withheld"].any() else not 0 < left < SMALLEST
                n_whole += not of["is_withheld"].any()
    assert n_whole > 20


def test_a_hospitals_rows_are_what_the_command_counts(held: Published, small_pct: Path) -> None:
    yearly = measure_grid(small_pct, ["gp_referrals"], provider="XD1").yearly
    theirs = yearly[yearly["specialty_code"] == "ALL"].astype({"practice_code": str})
    theirs = theirs.set_index("practice_code")["numerator"]
    ours = rows(held, "measure_part_years", measure="gp_referrals", part_code="XD1")
    ours = ours[(ours["group_kind"] == "practice") & ~ours["is_withheld"]]
    assert len(ours) > 1
    for code, n in zip(ours["group_code"], ours["n_events"], strict=True):
        assert n == theirs[code]


def test_months_of_a_hospital_are_told_of_larger_groups_only(held: Published) -> None:
    months = rows(held, "measure_part_months")
    assert set(months["group_kind"]) <= {"pct", "consortium"}
    counted = months[months["measure"] != "excess_bed_days"]
    assert not counted["numerator"].between(1, SMALLEST - 1).any()
    shown = batch(held, group="pct-9E1", provider="XD1")
    assert "GP referrals at Marlbridge District General Hospital" in shown["strip"]
    assert "March 2019" in shown["months"]
    assert "one hospital of one practice" in batch(held, group="X80001", provider="XD1")["months"]


def test_specialty_hospital_and_source_are_shown_one_at_a_time(held: Published) -> None:
    with pytest.raises(SelectionError, match="One of specialty, provider and source"):
        batch(held, specialty="110", provider="XD1")
    names = ("measure", "group", "specialty", "provider", "source", "per", "preset")
    asked = Selection("lab", {**dict.fromkeys(names, ""), "specialty": "110", "provider": "XD1"})
    page = page_module.page(held, asked)
    boxes = page._dropdowns
    assert (boxes["specialty"].value, boxes["provider"].value) == ("110", "ALL")
    assert "hospital set back to all" in page._message.value
    boxes["provider"].value = "XD1"
    assert (boxes["specialty"].value, boxes["provider"].value) == ("ALL", "XD1")
    assert "specialty set back to all" in page._message.value
    assert "Marlbridge" in page.part("strip").value
    boxes["group"].value = "X80001"
    assert page._message.value == ""


def test_rates_per_weighted_patient_rest_on_the_weighted_lists(held: Published) -> None:
    v = view(held, "gp_referrals", "pct-9E1", "ALL", "nhsr_0_2_2", per="weighted")
    assert v is not None
    assert v.unit == "a month per 1000 weighted patients"
    for m in v.months:
        assert m["value"] == pytest.approx(1000 * m["numerator"] / m["weighted_list"])
    assert v.year is not None
    of_year = sum(m["numerator"] for m in v.months[-12:])
    lists = sum(m["weighted_list"] for m in v.months[-12:])
    assert v.year["value"] == pytest.approx(1000 * of_year / lists)
    # A share is of events, whoever is on a list.
    share = view(held, "missed_appointments", "pct-9E1", "ALL", "nhsr_0_2_2", per="weighted")
    assert share is not None
    assert share.unit == "share"


def test_a_list_that_is_not_held_is_a_gap_and_not_zero() -> None:
    row = {"numerator": 5.0, "denominator": 100.0, "value": 50.0, "weighted_list": None}
    assert weighed_month(row)["value"] is None
    cube = SimpleNamespace(practices=["A", "B"])
    patients = SimpleNamespace(
        registered=np.array([[10.0, 10], [10, 10]]), weighted=np.array([[9.0, 9], [np.nan, 8]])
    )
    members = {("pct", "P"): ["A", "B"], ("practice", "A"): ["A"]}
    found = weighted_of(cube, patients, members)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, [[np.nan, 17], [9, 9]])


def test_a_late_hospital_matters_where_it_did_more_than_a_little() -> None:
    months = pd.date_range("2016-04-01", periods=24, freq="MS")
    cells = [("A", "XD1", 90), ("A", "XT1", 10), ("B", "XD1", 98), ("B", "XT1", 2)]
    counts = pd.DataFrame(
        [
            {"practice_code": p, "provider_code": h, "month": m, "n_events": n}
            for p, h, n in cells
            for m in months
        ]
    ).assign(event="referral", kind="routine", source="gp", pod="none", specialty_code="110")
    ages = counts.head(1).assign(sex="1", age_years="40")
    cube = cube_of(counts, ages, ["A", "B"])
    condition = Condition(("referral",), sources=("gp",))
    sums = SimpleNamespace(measure=SimpleNamespace(conditions=(condition,)))
    members = {("practice", "A"): ["A"], ("practice", "B"): ["B"]}
    late = Late("XT1", "referral", (dt.date(2018, 3, 1),))
    other = Late("XT1", "ae_attendance", (dt.date(2018, 3, 1),))
    found = touched(cube, sums, [late, other], members)  # type: ignore[arg-type]
    assert found == [(("practice", "A"), late)]


def test_months_sent_as_flex_are_provisional_until_they_are_frozen() -> None:
    cube = SimpleNamespace(months=pd.date_range("2018-10-01", periods=6, freq="MS"))
    march, february = dt.date(2019, 3, 1), dt.date(2019, 2, 1)
    older = dt.date(2018, 12, 1)
    sent = Senders(
        {},
        {
            ("referrals", "XD1"): frozenset([march, february, older]),
            ("referrals", "XT1"): frozenset([february]),
        },
    )
    # A newer month that is final has closed those before it.
    assert _of_flex(cube, sent) == [  # type: ignore[arg-type]
        Late("XD1", "referral", (february, march))
    ]


@pytest.fixture
def edited(small_pct: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of what was published, to write recorded events and late months into."""
    shutil.copytree(small_pct / "published", tmp_path / "published")
    current = json.loads((tmp_path / "published" / "current.json").read_text())["file"]
    with duckdb.connect(str(tmp_path / "published" / current)) as con:
        yield con


def test_months_that_are_not_whole_are_in_no_rule_and_said(
    edited: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    edited.execute("DELETE FROM measure_provisional")
    late = "'gp_referrals', 'pct', '9E1', DATE '2019-0{}-01', 'XD1', 'Marlbridge', 'late'"
    edited.execute(f"INSERT INTO measure_provisional VALUES ({late.format(2)}), ({late.format(3)})")
    edited.execute(
        "UPDATE measure_months SET value = value / 9 WHERE measure = 'gp_referrals' "
        "AND group_kind = 'pct' AND month >= DATE '2019-02-01'"
    )
    edited.close()
    held = Published(tmp_path)
    v = view(held, "gp_referrals", "pct-9E1", "ALL", "nhsr_0_2_2")
    assert v is not None
    assert v.adjusted is not None
    assert v.adjusted.chart.last[0] == len(v.months) - 3
    assert v.adjusted.chart.rule[0, -2:].tolist() == [-1, -1]
    figure = chart(held, v)
    assert figure is not None
    dashed = figure["data"][-1]
    assert dashed["line"]["dash"] == "dot"
    assert dashed["marker"]["symbol"] == "circle-open"
    assert [y is not None for y in dashed["y"]][-4:] == [False, True, True, True]
    shown = batch(held, group="pct-9E1")
    said = "February 2019 and March 2019 provisional: Marlbridge (XD1) has hardly sent"
    assert said in shown["strip"]
    assert "of which 2 are provisional" in shown["headline"]
    assert "more than chance explains" not in shown["headline"]
    assert "in January 2019" in shown["sure"]
    assert "March 2019 (provisional)" in shown["months"]
    # A hospital that is not late has whole months.
    assert "provisional:" not in batch(held, group="pct-9E1", provider="XT1")["strip"]


def test_recorded_events_move_limits_and_are_told_with_author_and_day(
    edited: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    who = "'A. Analyst', DATE '2018-05-02'"
    edited.execute(
        "INSERT INTO chart_events VALUES ('missed_appointments', 'ALL', 'ALL', DATE '2017-10-01', "
        f"'rebase', NULL, 'Reminders by telephone', {who}), ('missed_appointments', 'ALL', 'ALL', "
        f"NULL, 'target', 0.9, 'Contract', {who}), ('missed_appointments', 'X80002', 'ALL', "
        f"DATE '2018-01-01', 'note', NULL, 'Of another group', {who})"
    )
    edited.close()
    held = Published(tmp_path)
    v = view(held, "missed_appointments", "pct-9E1", "ALL", "nhsr_0_2_2")
    assert v is not None
    assert v.adjusted is not None
    of = v.adjusted.chart
    assert of.segment[0].tolist() == [0] * 18 + [1] * 18
    assert of.mean[0, 0] == pytest.approx(np.mean(of.values[0, :18]))
    figure = chart(held, v)
    assert figure is not None
    assert [a["text"] for a in figure["layout"]["annotations"]] == ["2", "target"]
    shown = batch(held, group="pct-9E1", measure="missed_appointments")["sure"]
    assert "October 2017: limits start anew. Reminders by telephone (A. Analyst, 2 May" in shown
    assert "Target 90.0%: meets the target month after month" in shown
    assert shown.count("<svg") == 2
    assert "Of another group" not in shown
