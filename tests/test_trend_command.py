"""`pbc trend`: files as people have them, signals in words, luck, and what comes next."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pbcanalytics.cli import app
from pbcanalytics.demand.charting.presets import PRESETS
from pbcanalytics.demand.charting.spc import chart
from pbcanalytics.faces.charts import icons
from pbcanalytics.pipeline.demand.series import month_of, read_series
from pbcanalytics.words.errors import ExtractError, PbcError, SelectionError
from tests.commands import pbc
from tests.test_spc import A1, flagged

JUDGING = re.compile(r"improv|concern|better|worse|good|bad", re.I)
N_MONTHS = 36
MONTHS = [f"{d:%Y-%m}" for d in pd.date_range("2016-04-01", periods=60, freq="MS")]


def written(path: Path, series: dict[str, list[Any]]) -> Path:
    """Write series that all begin in April 2016; None is a month left empty."""
    lines = ["series,month,value"]
    for name, values in series.items():
        for month, value in zip(MONTHS, values, strict=False):
            lines.append(f"{name},{month},{'' if value is None else value}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def trend(*words: str | Path) -> str:
    """Run the command; what it refuses is raised."""
    done = CliRunner().invoke(app, ["trend", *map(str, words)])
    if done.exception:
        raise done.exception
    return done.output


def told(*words: str | Path) -> dict[str, Any]:
    """Run the command for machines."""
    found: dict[str, Any] = json.loads(trend(*words, "--json"))
    return found


def quiet(n_series: int, mean: float = 50, n_months: int = N_MONTHS) -> dict[str, list[Any]]:
    """Draw a world in which nothing happens."""
    drawn = np.random.default_rng(7).poisson(mean, (n_series, n_months))
    return {f"X8{k:04d}": row.tolist() for k, row in enumerate(drawn)}


def test_a_file_with_faults_names_them_all(tmp_path: Path) -> None:
    file = tmp_path / "faulty.csv"
    file.write_text(
        "Series,Month,Value\nA,Apr 2018,12\nA,May-18,12.5\nA,2018-06,abc\nA,13/2018,4\n"
        'A,2018-05,5\n,2018-07,5\nB,04/18,7\nB,Jul 2018,1,5\nB,Aug 2018,"12,50"\nB,2018,nan\n'
    )
    with pytest.raises(ExtractError) as refused:
        read_series(file)
    said = str(refused.value)
    for fault in (
        "4 fields where the heading has 3: line 9",
        "No name of a series: line 7",
        "line 5 ('13/2018'), 8 ('04/18'), 11 ('2018')",
        "no number (leave it empty if it is not known): line 4 ('abc'), 10 ('12,50'), 11 ('nan')",
        "A has 2018-05 more than once: lines 3, 6",
    ):
        assert fault in said
    done = pbc("trend", str(file))
    assert done.returncode == ExtractError.exit_code
    assert "Traceback" not in done.stderr
    assert all(line in said for line in done.stderr.splitlines())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "no column for the month .*; no column for the value"),
        ("month,date,value\n2018-04,1,2\n", "month and date could both be the month|the series"),
        ("shop,month,value\nA,2018-04,2\n", "no column for the series; shop may be it"),
        ("series,month,value\n", "no line"),
        ("series,group,month,value\nA,x,2018-04,2\nA,y,2018-05,2\n", "more than one group: x, y"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "other.csv"
    file.write_text(text)
    with pytest.raises(ExtractError, match=says):
        read_series(file)


@pytest.mark.parametrize(
    "text",
    [
        *("2018-04", "201804", "04/2018", "4/2018", "Apr 2018", "April 2018", "Apr-18", "apr 18"),
        *("APR2018", "01/04/2018", "30/04/18", "2018-04-01", "2018-04-30 00:00:00", "1 Apr 2018"),
    ],
)
def test_a_month_is_read_as_people_write_it(text: str) -> None:
    found = month_of(text)
    assert found is not None
    assert f"{found:%Y-%m}" == "2018-04"


@pytest.mark.parametrize(
    "text", ["04/18", "2011/12", "2018-13", "2018", "Aprilis 2018", "1066-10", "2918-04", ""]
)
def test_what_could_be_two_months_or_none_is_not_read(text: str) -> None:
    assert month_of(text) is None


def test_files_of_other_programs_are_read_alike(tmp_path: Path) -> None:
    plain = tmp_path / "a.csv"
    plain.write_text("series,month,value\nSt André,2018-04,1200\nSt André,2018-06,7\n")
    latin = tmp_path / "b.csv"
    text = 'Practice;Period;Count\r\nSt André;01/06/2018;7\r\nSt André;Apr-18;"1,200"\r\n'
    latin.write_bytes(text.encode("latin-1"))
    book = tmp_path / "c.xlsx"
    frame = pd.DataFrame({"Name": "St André", "Date": pd.to_datetime(["2018-04-01", "2018-06-01"])})
    frame.assign(Value=[1200, 7]).to_excel(book, index=False)
    first = read_series(plain)
    assert np.isnan(first.values[0, 1])
    for file in (latin, book):
        again = read_series(file)
        assert (again.names, again.months) == (first.names, first.months)
        np.testing.assert_array_equal(again.values, first.values)


def test_the_machine_gets_every_point_and_forecast(tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    rows = "".join(f"{m},{v}\n" for m, v in zip(MONTHS, A1, strict=False))
    file.write_text("month,value\n" + rows)
    kept = tmp_path / "kept.csv"
    found = json.loads(trend(file, "--csv", kept, "--json", "--horizon", "6"))
    (series,) = found["series"]
    of = chart(np.array([A1], dtype=float))
    assert [p["value"] for p in series["points"]] == A1
    named: dict[str, list[int]] = {}
    for place, point in enumerate(series["points"]):
        if point["rules"]:
            side = "+" if point["point_type"] == "neutral_high" else "-"
            named.setdefault(f"{point['rules'][0]} {side}", []).append(place + 1)
    assert named == flagged(of)
    assert series["points"][0]["upper"] == pytest.approx(74.71010989)
    assert [r["month"] for r in series["forecast"]] == [
        *("2018-08", "2018-09", "2018-10", "2018-11", "2018-12", "2019-01")
    ]
    assert found["backtest"]["coverage"] == {}
    table = pd.read_csv(kept)
    assert len(table) == 28 + 6
    assert table["forecast"].dropna().tolist() == pytest.approx(
        [r["forecast"] for r in series["forecast"]]
    )
    assert table["low_95"].dropna().tolist() == pytest.approx(
        [r["low_95"] for r in series["forecast"]]
    )


def test_signals_are_said_in_words_that_do_not_judge(tmp_path: Path) -> None:
    level = [4, 6] * 9
    file = written(
        tmp_path / "a.csv",
        {
            "high": [*level, 30],
            "shifted": [*level, *[6, 7] * 4],
            "rising": [*level, 2, 3, 4, 5, 6, 7, 8],
            "near": [*level, 8, 9.4, 9.5],
            "quiet": level,
        },
    )
    said = trend(file)
    assert not JUDGING.search(said)
    words = {s["series"]: s["signal"] for s in told(file)["series"]}
    assert words == {
        "high": "above the upper limit",
        "shifted": "9 months above the mean since September 2017",
        "rising": "rising since October 2017, 6 months running",
        "near": "two of the last three months near the upper limit",
        "quiet": "",
    }
    for text in words.values():
        assert text in said


def test_a_direction_is_the_users_and_a_target_needs_one(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", {"A": [*[4, 6] * 9, 30], "B": [*[48, 52] * 9, 1]})
    kinds = [s["variation"] for s in told(file, "--direction", "decrease")["series"]]
    assert kinds == ["concern_high", "improvement_low"]
    with pytest.raises(SelectionError, match="target of 20 says nothing"):
        trend(file, "--target", "20")
    found = told(file, "--direction", "decrease", "--target", "20")["series"]
    assert [s["assurance"] for s in found] == ["pass", "fail"]
    assert "meets the target" in trend(file, "--direction", "decrease", "--target", "20")


def test_limits_start_anew_for_a_reason_only(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", {"A": [*[4, 6] * 9, *[14, 16] * 9], "B": [4, 6] * 18})
    wishes = ("A, Oct 2017: new clinic, in the village", "2018-06: list cleaned: twice")
    found = told(file, "--rebase", wishes[0], "--rebase", wishes[1])
    assert [r["reason"] for r in found["rebasings"]] == [
        "new clinic, in the village",
        "list cleaned: twice",
    ]
    segments = [[p["segment"] for p in s["points"]] for s in found["series"]]
    assert segments == [[*[1] * 18, *[2] * 8, *[3] * 10], [*[1] * 26, *[2] * 10]]
    said = trend(file, "--rebase", wishes[0])
    assert "From October 2017 limits start anew (A): new clinic, in the village." in said
    with pytest.raises(SelectionError) as refused:
        trend(file, "--rebase", "2017-10", "--rebase", "2017-11: ", "--rebase", "soon: why")
    assert str(refused.value).count("gives no reason") == 2
    assert "'soon: why' names no month" in str(refused.value)
    with pytest.raises(SelectionError) as refused:
        trend(file, "--rebase", "2016-04: a", "--rebase", "2025-01: b", "--rebase", "C,2017-10: c")
    assert str(refused.value).count("cannot start anew in") == 2
    assert "no series 'C'" in str(refused.value)


def test_fixed_limits_are_said_to_be(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", {"A": [*[4, 6] * 9, *[14, 16] * 9]})
    assert told(file, "--fix", "18")["series"][0]["points"][-1]["mean"] == 5
    assert "rest on the first 18 months" in trend(file, "--fix", "18")
    with pytest.raises(SelectionError, match="12 or more"):
        trend(file, "--fix", "6")


def test_short_holed_and_ended_series_are_named_and_the_others_shown(tmp_path: Path) -> None:
    file = written(
        tmp_path / "a.csv",
        {
            "whole": [4, 6] * 15,
            "short": [*[None] * 20, *[4, 6] * 5],
            "holed": [4, 6, None, *[6, 4] * 13, 6],
            "ended": [4, 6] * 12,
            "flat": [5] * 30,
            "two": [4, 6],
        },
    )
    said = trend(file)
    assert "two: not charted, because fewer than 3 months are there" in said
    assert re.search(r"^short: fewer than 13 months make the limits", said, re.M)
    assert re.search(r"^holed: months are missing", said, re.M)
    assert re.search(r"^ended: nothing for September 2018", said, re.M)
    assert re.search(r"^flat: the months hardly differ", said, re.M)
    assert "short: no forecast, fewer than 24 months." in said
    assert "ended: no forecast, no value in the last three months." in said
    found = told(file)
    assert found["refused"] == ["two"]
    assert [s["series"] for s in found["series"]] == ["whole", "short", "holed", "ended", "flat"]
    assert found["series"][2]["points"][2]["point_type"] == "missing"
    with pytest.raises(SelectionError, match="No series has 3 months"):
        trend(written(tmp_path / "b.csv", {"two": [4, 6]}))


def test_a_provisional_month_counts_for_nothing_and_is_forecast(tmp_path: Path) -> None:
    level = [4, 6] * 15
    file = written(tmp_path / "a.csv", {"A": [*level, 1]})
    whole = told(written(tmp_path / "b.csv", {"A": level}))["series"][0]
    found = told(file, "--provisional", "1")["series"][0]
    assert found["points"][-1]["point_type"] == "provisional"
    assert found["points"][-1]["value"] == 1
    assert found["points"][:-1] == whole["points"]
    assert found["forecast"] == whole["forecast"]
    assert "Provisional, in no rule, limit or forecast: October 2018." in trend(
        file, "--provisional", "1"
    )
    assert told(file)["series"][0]["points"][0] != whole["points"][0]
    with pytest.raises(SelectionError, match="cannot be provisional"):
        trend(file, "--provisional", "31")


def test_few_series_say_what_their_ranges_rest_on(tmp_path: Path) -> None:
    said = trend(written(tmp_path / "a.csv", quiet(2)))
    assert "Ranges rest on each series' own 24 errors of one month ahead" in said
    assert "A year ago the forecast would have been" in said
    assert "lay in the 80% range" in said
    many = trend(written(tmp_path / "b.csv", quiet(60)))
    assert "rest on errors that the same forecast made a year ago" in many


@pytest.mark.parametrize("rules", PRESETS)
def test_a_quiet_world_has_as_many_signals_as_luck_is_said_to_make(
    tmp_path: Path, rules: str
) -> None:
    found = told(written(tmp_path / "a.csv", quiet(200)), "--preset", rules)
    n_signals = sum(bool(s["signal"]) for s in found["series"])
    expected = found["expected_by_luck"]
    assert 3 < expected < 7
    assert abs(n_signals - expected) < 3 * expected**0.5
    assert f"{n_signals} of 200 series show a signal" in found["sentences"][1]
    assert f"by luck alone about {expected:.1g} would" in found["sentences"][1]


def test_a_planted_step_stands_out_of_a_quiet_world(tmp_path: Path) -> None:
    world = quiet(200)
    rng = np.random.default_rng(3)
    planted = list(world)[::20]
    for name in planted:
        world[name][24:] = rng.poisson(75, 12).tolist()
    found = told(written(tmp_path / "a.csv", world), "--fix", "24")
    raised = {s["series"] for s in found["series"] if s["variation"] == "neutral_high"}
    assert set(planted) <= raised
    by_name = {s["series"]: s for s in found["series"]}
    since = [p["month"] for p in by_name[planted[0]]["points"] if p["point_type"] != "common_cause"]
    assert "2018-04" in since
    said = trend(tmp_path / "a.csv", "--fix", "24")
    assert f"Shown are the {sum(bool(s['signal']) for s in found['series'])} series" in said
    assert all(name in said for name in planted)


def test_a_rule_set_of_six_points_and_one_that_is_none(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", {"A": [*[4, 6] * 9, *[6.1, 6.2] * 3]})
    assert told(file, "--preset", "mdc_excel_2023", "--run", "6")["series"][0]["signal"] == (
        "7 months above the mean since September 2017"
    )
    with pytest.raises(PbcError, match="no rule set 'mdc'"):
        trend(file, "--preset", "mdc")


@pytest.mark.parametrize("kind", [*icons.VARIATION, *icons.ASSURANCE])
def test_an_icon_says_in_words_and_a_letter_what_its_colour_says(kind: str) -> None:
    known = icons.VARIATION.get(kind) or icons.ASSURANCE[kind]
    drawn = (icons.variation if kind in icons.VARIATION else icons.assurance)(kind)
    root = ET.fromstring(drawn)
    names = {"svg": "http://www.w3.org/2000/svg"}
    assert root.findtext("svg:title", namespaces=names) == root.get("aria-label") == known.words
    assert root.findtext("svg:text", default="", namespaces=names) == known.letter
    if kind.startswith("neutral") or kind == "common_cause":
        assert not JUDGING.search(known.words)


def test_no_two_icons_differ_by_colour_alone() -> None:
    for drawn in (icons.VARIATION.values(), icons.ASSURANCE.values()):
        assert len({icon.words for icon in drawn}) == len(drawn)
