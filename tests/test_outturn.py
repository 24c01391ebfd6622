"""In November, what March will probably say: completion, profile, credibility, track record."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmarks.outturn import evaluate, table, world
from pbcanalytics import cli, intake
from pbcanalytics.budgets.forecast.completion import by_age, completion, mack
from pbcanalytics.budgets.forecast.outturn import BOUNDS, MONEY, Outturn, outturn
from pbcanalytics.budgets.forecast.price_levels import at_one_level
from pbcanalytics.budgets.forecast.profile import days
from pbcanalytics.cli import outturn as command
from pbcanalytics.faces.sentences import outturn as words
from pbcanalytics.intake.extract_ages import extract_ages
from pbcanalytics.pipeline.budgets.outturn import forecast_outturn
from pbcanalytics.synthetic.days import BANK_HOLIDAYS
from pbcanalytics.words.errors import SelectionError, StoreError
from pbcanalytics.words.working_days import bank_holidays
from tests.test_refresh import dated, send

NOVEMBER = dt.date(2018, 11, 30)
YEARS = ("2015/16", "2016/17", "2017/18", "2018/19")
SIZES = {"X80001": 900, "X80002": 2_000, "X80003": 4_100}

RAA = (
    "5012,8269,10907,11805,13539,16181,18009,18608,18662,18834 / "
    "106,4285,5396,10666,13782,15599,15496,16169,16704 / "
    "3410,8992,13873,16141,18735,22214,22863,23466 / 5655,11555,15766,21266,23425,26083,27067 / "
    "1092,9565,15836,22169,25955,26180 / 1513,6445,11702,12935,15852 / 557,4020,10946,12314 / "
    "1351,6947,13112 / 3133,5395 / 2063"
)
TAYLOR_ASHE = (
    "357848,1124788,1735330,2218270,2745596,3319994,3466336,3606286,3833515,3901463 / "
    "352118,1236139,2170033,3353322,3799067,4120063,4647867,4914039,5339085 / "
    "290507,1292306,2218525,3235179,3985995,4132918,4628910,4909315 / "
    "310608,1418858,2195047,3757447,4029929,4381982,4588268 / "
    "443160,1136350,2128333,2897821,3402672,3873311 / 396132,1333217,2180715,2985752,3691712 / "
    "440832,1288463,2419861,3483130 / 359480,1421128,2864498 / 376686,1363294 / 344014"
)


def steady(
    growth: float = 0.0, noise: float = 0.0, sizes: dict[str, int] = SIZES, provider: str = "XD1"
) -> pd.DataFrame:
    """Activity that follows the calendar: so many pounds a day, of every practice and line."""
    chance = np.random.default_rng(7)
    rows = []
    for n, year in enumerate(YEARS):
        for pod, rate in (("AE", 50), ("DC", 300)):
            months = pd.date_range(f"{year[:4]}-04-01", periods=12, freq="MS")
            for month, count in zip(months, days(year, pod), strict=True):
                for code, size in sizes.items():
                    usual = rate * size * count * (1 + growth) ** n
                    pence = round(usual * (1 + noise * chance.standard_normal()))
                    rows.append((code, provider, pod, month, pence))
    columns = ["practice_code", "provider_code", "pod", "month", "pence"]
    return pd.DataFrame(rows, columns=columns)


def of_year(activity: pd.DataFrame, year: str = "2018/19") -> int:
    first = pd.Timestamp(f"{year[:4]}-04-01")
    within = (activity["month"] >= first) & (activity["month"] < first + pd.DateOffset(years=1))
    return int(activity.loc[within, "pence"].sum())


def november(activity: pd.DataFrame, **known: Any) -> Outturn:
    return outturn(activity, known_to=NOVEMBER, **known)


def seen_twice(activity: pd.DataFrame, first: float, second: float = 1.0) -> pd.DataFrame:
    """What two extracts a month showed, counted in pounds."""
    by = activity.groupby(["provider_code", "pod", "month"], as_index=False)["pence"].sum()
    ages = [
        by.assign(age_months=age, n_known=by["pence"] * share, n_final=by["pence"])
        for age, share in ((0, first), (1, second))
    ]
    return pd.concat(ages, ignore_index=True).drop(columns="pence")


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    """Twelve PCTs of the simulator, 720 practice years: the full table is in docs/methods."""
    return evaluate(12, months=(1, 2, 3, 6, 9, 12))


def test_bank_holidays_are_those_that_the_demonstration_keeps() -> None:
    kept = {str(day) for day in BANK_HOLIDAYS}
    for year in (*range(2002, 2007), *range(2015, 2019)):
        assert {str(d) for d in bank_holidays(year)} == {d for d in kept if d[:4] == str(year)}
    assert dt.date(2012, 6, 5) in bank_holidays(2012)
    assert dt.date(2012, 5, 28) not in bank_holidays(2012)


def test_macks_published_triangles_come_out() -> None:
    def rows(text: str) -> list[list[float]]:
        return [[float(x) for x in row.split(",")] for row in text.split(" / ")]

    found = mack(rows(RAA))
    assert [round(f, 4) for f in found.factors][:3] == [2.9994, 1.6235, 1.2709]
    assert [round(r) for r in found.reserves] == [
        *(0, 154, 617, 1636, 2747, 3649, 5435, 10907, 10650, 16339)
    ]
    errors = [round(e) for e in found.errors[1:]]
    assert errors == [206, 623, 747, 1469, 2002, 2209, 5358, 6333, 24566]
    assert (found.reserve, found.error) == pytest.approx((52_135.2, 26_909.0), abs=0.1)
    found = mack(rows(TAYLOR_ASHE))
    assert (found.reserve, found.error) == pytest.approx((18_680_855.6, 2_447_094.9), abs=0.1)
    with pytest.raises(ValueError, match="three rows"):
        mack([[1.0, 2.0], [1.0]])


def test_the_simulator_is_as_hard_as_the_reference_says(scores: pd.DataFrame) -> None:
    practices = table(scores[scores["size"].notna()])
    ladder, line = practices["ladder_mape"], practices["straight_line_mape"]
    assert [ladder[3], ladder[6], ladder[9]] == pytest.approx([5.04, 2.92, 1.63], rel=0.12)
    assert [line[3], line[6]] == pytest.approx([8.46, 4.41], rel=0.15)
    assert practices["budget_mape"][6] == pytest.approx(4.36, rel=0.1)


def test_a_practices_outturn_is_forecast_as_well_as_promised(scores: pd.DataFrame) -> None:
    practices = table(scores[scores["size"].notna()])
    mape = practices["forecast_mape"]
    assert mape[3] <= 4.0
    assert mape[6] <= 2.7
    assert mape[9] <= 1.6 * 1.05, "720 practice years tell it to a twentieth"
    later = practices.loc[2:]
    # A PCT's common error at month 2 is 1.1%: 12 PCTs tell the bias to a third of a per cent.
    assert later["bias"].abs().max() <= 0.5 + 0.33
    assert (mape <= practices["straight_line_mape"]).all()
    assert (mape <= practices["budget_mape"]).all()


def test_intervals_hold_what_comes_as_often_as_they_say(scores: pd.DataFrame) -> None:
    practices = table(scores[scores["size"].notna()])
    assert practices["in_80"].between(77 - 3, 83 + 3).all()
    assert practices["in_50"].between(44, 57).all()
    assert practices["in_95"].between(91, 98.5).all()
    whole = scores[scores["size"].isna()]
    assert 0.68 <= whole["in_80"].mean() <= 0.95, "72 forecasts of PCTs"


def test_a_year_that_follows_the_calendar_is_forecast_to_the_pound() -> None:
    activity = steady()
    for month in ("2018-04", "2018-08", "2018-12", "2019-03"):
        found = outturn(activity, known_to=dt.date.fromisoformat(f"{month}-01"))
        point = int(found.pct["point_pence"].iloc[0])
        assert point == pytest.approx(of_year(activity), rel=2e-4)
    # The working days of April 2018 are 20 of 253: a straight line is far off.
    april = outturn(activity, known_to=dt.date(2018, 4, 30))
    assert int(april.pct["straight_line_pence"].iloc[0]) < 0.97 * of_year(activity)


def test_growth_of_earlier_years_is_expected_to_go_on() -> None:
    activity = steady(growth=0.05)
    found = outturn(activity, known_to=dt.date(2018, 4, 30))
    assert int(found.pct["point_pence"].iloc[0]) == pytest.approx(of_year(activity), rel=2e-3)
    # 2017/18 had fewer working days than 2016/17 and 2018/19: growth is not told to the tenth.
    assert found.growth_share == pytest.approx(0.05, abs=0.006)


def test_parts_add_up_and_practices_add_up_to_the_pct_to_the_penny() -> None:
    activity = steady(noise=0.2)
    found = november(
        activity,
        triangle=seen_twice(activity, 0.83, 0.97),
        consortia={"X80001": "C01", "X80003": "C01"},
    )
    for frame in (found.practices, found.consortia, found.pct):
        assert (frame[list(MONEY[:3])].sum(axis=1) == frame["point_pence"]).all()
        for level in (50, 80, 95):
            assert (frame[f"low_{level}_pence"] <= frame["point_pence"]).all()
            assert (frame[f"high_{level}_pence"] >= frame["point_pence"]).all()
            assert (frame[f"low_{level}_pence"] >= frame["actual_pence"]).all()
        assert (frame["low_95_pence"] < frame["low_80_pence"]).all()
        assert (frame["high_50_pence"] < frame["high_80_pence"]).all()
    for name in MONEY[:7]:
        assert int(found.practices[name].sum()) == int(found.pct[name].iloc[0])
    ours = found.practices[found.practices["consortium_code"] == "C01"]
    assert int(ours["point_pence"].sum()) == int(found.consortia["point_pence"].iloc[0])
    held = activity[(activity["month"] >= "2018-04-01") & (activity["month"] <= "2018-11-01")]
    known = int(found.pct["actual_pence"].iloc[0])
    assert known < int(held["pence"].sum()), "what was not yet sent by November is not known"


def test_what_is_common_to_practices_does_not_pool_away() -> None:
    activity = steady(noise=0.1, sizes={f"X8{n:04}": 2_000 for n in range(30)})
    found = november(activity)
    half = (found.practices["high_80_pence"] - found.practices["low_80_pence"]) / 2
    pooled = float(np.sqrt((half.astype(float) ** 2).sum()))
    whole = float((found.pct["high_80_pence"] - found.pct["low_80_pence"]).iloc[0]) / 2
    assert pooled * 1.05 < whole < float(half.sum())


def test_late_coding_is_added_by_what_earlier_extracts_lacked() -> None:
    activity = steady()
    found = november(activity, triangle=seen_twice(activity, 0.8))
    of_november = activity[activity["month"] == "2018-11-01"]["pence"].sum()
    assert int(found.pct["completed_pence"].iloc[0]) == pytest.approx(0.2 * of_november, rel=1e-6)
    assert int(found.pct["point_pence"].iloc[0]) == pytest.approx(of_year(activity), rel=2e-4)
    assert found.is_completed
    whole = november(activity)
    assert not whole.is_completed
    assert int(whole.pct["completed_pence"].iloc[0]) == 0


def test_completion_is_volume_weighted_and_a_thin_provider_leans_on_the_others() -> None:
    months = pd.date_range("2017-04-01", periods=12, freq="MS")
    chance = np.random.default_rng(3)
    rows = []
    for provider, n, share in (("XD1", 4_000, 0.95), ("XT1", 4_000, 0.85), ("XS1", 3, 0.9)):
        for month in months:
            rows.append((provider, "DC", month, 0, int(chance.binomial(n, share)), n))
    rows.append(("XS1", "DC", pd.Timestamp("2018-04-01"), 0, 0, 4))
    names = ["provider_code", "pod", "month", "age_months", "n_known", "n_final"]
    found = completion(pd.DataFrame(rows, columns=names)).set_index("provider_code")
    assert found.loc["XD1", "completion"] == pytest.approx(0.95, abs=0.004)
    assert found.loc["XT1", "completion"] == pytest.approx(0.85, abs=0.004)
    own = sum(r[4] for r in rows if r[0] == "XS1") / sum(r[5] for r in rows if r[0] == "XS1")
    pooled = sum(r[4] for r in rows) / sum(r[5] for r in rows)
    assert abs(found.loc["XS1", "completion"] - pooled) < abs(own - pooled)
    share, _ = by_age(found.reset_index(), ["XD1", "XNEW"], ["DC", "EL"])
    assert share[0, 0, 0] == pytest.approx(0.95, abs=0.004)
    assert share[0, 1, 0] == pytest.approx(found["completion"].mean())
    assert share[0, 1, 1] == pytest.approx(found["completion"].mean())
    assert (share[1:] == 1).all()
    nothing = completion(pd.DataFrame(columns=names))
    assert (by_age(nothing, ["XD1"], ["DC"])[0] == 1).all()


def test_a_forecast_as_of_a_month_knows_nothing_of_later_months() -> None:
    activity = steady(noise=0.1)
    later = activity["month"] > "2018-11-01"
    changed = activity.assign(pence=activity["pence"].where(~later, activity["pence"] * 3))
    seen = seen_twice(activity, 0.9)
    one, other = november(activity, triangle=seen), november(changed, triangle=seen)
    pd.testing.assert_frame_equal(one.practices, other.practices)
    pd.testing.assert_frame_equal(one.record, other.record)


def test_the_track_record_is_of_earlier_years_and_of_what_came() -> None:
    activity = steady(noise=0.1)
    found = november(activity)
    record = found.record
    assert set(record["financial_year"]) == {"2016/17", "2017/18"}, "2015/16 has none before it"
    assert set(record["n_months"]) == set(range(1, 13))
    assert (record["error_pence"] == record["forecast_pence"] - record["came_pence"]).all()
    whole = record[record["level"] == "pct"].set_index(["financial_year", "n_months"])
    assert int(whole.loc[("2017/18", 8), "came_pence"]) == of_year(activity, "2017/18")
    # The forecast of 2017/18 in November 2017 is the one that is made with the data of then.
    then = outturn(activity[activity["month"] < "2018-04-01"], known_to=dt.date(2017, 11, 1))
    made = int(then.pct["point_pence"].iloc[0])
    assert int(whole.loc[("2017/18", 8), "forecast_pence"]) == made


def test_a_small_practice_is_believed_less_than_a_large_one() -> None:
    of = world(np.random.default_rng(11))
    pence = np.round(of.known[-1].sum(axis=3) * 100).astype(np.int64)
    year, month, practice, pod = np.indices(pence.shape)
    frame = pd.DataFrame(
        {
            "practice_code": [f"P{i:03}" for i in practice.ravel()],
            "provider_code": "XD1",
            "pod": [of.pods[g] for g in pod.ravel()],
            "month": [
                pd.Timestamp(int(of.years[y][:4]) + (m > 8), (m + 3) % 12 + 1, 1)
                for y, m in zip(year.ravel(), month.ravel(), strict=True)
            ],
            "pence": pence.ravel(),
        }
    )
    found = outturn(frame, known_to=dt.date(int(of.years[-1][:4]), 9, 1))
    weight = found.practices["credibility"].to_numpy()
    order = np.argsort(of.sizes)
    assert weight[order[:15]].mean() < weight[order[-15:]].mean() - 0.05
    assert ((weight > 0) & (weight < 1)).all()
    between = found.practices[["ladder_pence", "expected_pence"]]
    assert (
        found.practices["point_pence"]
        .between(between.min(axis=1) * 0.97, between.max(axis=1) * 1.03)
        .all()
    )


def test_a_practice_without_earlier_years_rests_on_its_budget_or_on_this_year() -> None:
    activity = steady()
    new = activity["practice_code"] == "X80001"
    opened = activity[~new | (activity["month"] >= "2018-04-01")]
    budget = pd.DataFrame(
        {"financial_year": ["2018/19"], "practice_code": ["X80001"], "pence": [50_000_000]}
    )
    alone, given = november(opened), november(opened, budgets=budget)
    truth = of_year(activity[new])
    row = alone.practices.set_index("code").loc["X80001"]
    assert row["basis"] == "this year only"
    assert int(row["point_pence"]) == pytest.approx(truth, rel=0.01)
    assert pd.isna(row["budget_pence"])
    row = given.practices.set_index("code").loc["X80001"]
    assert row["basis"] == "budget"
    assert int(row["budget_pence"]) == 50_000_000
    assert pd.isna(given.pct["budget_pence"].iloc[0]), "budgets of the others are not known"


def test_a_practice_that_doubled_is_not_held_to_its_past() -> None:
    activity = steady(noise=0.1)
    ours = (activity["practice_code"] == "X80003") & (activity["month"] >= "2018-04-01")
    doubled = activity.assign(pence=activity["pence"].where(~ours, activity["pence"] * 2))
    found = november(doubled).practices.set_index("code").loc["X80003"]
    assert int(found["point_pence"]) == pytest.approx(of_year(doubled[ours]), rel=0.04)


def test_part_of_a_month_is_noticed() -> None:
    activity = steady()
    last = activity["month"] == "2018-11-01"
    part = activity.assign(pence=activity["pence"].where(~last, activity["pence"] // 3))
    assert november(part).latest_share == pytest.approx(1 / 3, abs=0.01)
    assert "part of a month" in " ".join(words.sentences(november(part)))
    assert "part of a month" not in " ".join(words.sentences(november(activity)))


def test_without_an_earlier_year_or_this_one_nothing_is_forecast() -> None:
    activity = steady()
    with pytest.raises(SelectionError, match="No whole year of activity is held before 2015/16"):
        outturn(activity, known_to=dt.date(2015, 9, 1))
    gap = activity[(activity["month"] != "2017-06-01")]
    with pytest.raises(SelectionError, match="all twelve months"):
        november(gap)
    with pytest.raises(SelectionError, match="no activity of 2019/20 up to June 2019"):
        outturn(activity, known_to=dt.date(2019, 6, 1))


def test_earlier_years_are_brought_to_the_years_prices_line_by_line() -> None:
    rows = [
        ("2018/19", "2018/19", True, "DC", "2018-04-01", 130),
        ("2017/18", "2018/19", False, "DC", "2017-04-01", 220),
        ("2017/18", "2017/18", True, "DC", "2017-04-01", 200),
        ("2017/18", "2017/18", True, "AE", "2017-04-01", 50),
        ("2017/18", "2018/19", False, "AE", "2017-04-01", 50),
        ("2016/17", "2017/18", True, "DC", "2016-04-01", 1_000),
        ("2016/17", "2017/18", True, "AE", "2016-04-01", 40),
    ]
    names = ["financial_year", "price_year", "is_reported", "pod", "month", "pence"]
    cube = pd.DataFrame(rows, columns=names).assign(practice_code="X80001", provider_code="XD1")
    found = at_one_level(cube, "2018/19").set_index(["month", "pod"])["pence"].to_dict()
    assert found == {
        ("2018-04-01", "DC"): 130,
        ("2017-04-01", "DC"): 220,
        ("2017-04-01", "AE"): 50,
        ("2016-04-01", "DC"): 1_100,
        ("2016-04-01", "AE"): 40,
    }
    with pytest.raises(SelectionError, match="No priced activity of 2019/20"):
        at_one_level(cube, "2019/20")


def test_successive_extracts_tell_how_much_of_a_month_came_late(tmp_path: Path) -> None:
    con = duckdb.connect()
    intake.prepare(con)
    may = [dated(f"M{i}", "XD1", 5) for i in range(10)]
    june = [dated(f"J{i}", "XD1", 6) for i in range(10)]
    july = [dated(f"Y{i}", "XD1", 7) for i in range(10)]
    uncoded = dated("M9", "XD1", 5, SUSHRG="")
    send(con, tmp_path, "may.csv", *may[:8], uncoded)
    send(con, tmp_path, "june.csv", *may, *june[:7])
    send(con, tmp_path, "july.csv", *june, *july[:6])
    found = extract_ages(con, 3)
    seen = found.groupby(["month", "age_months"])[["n_known", "n_final"]].sum()
    assert {(k[0].month, k[1]): tuple(v) for k, v in seen.T.items()} == {
        (5, 0): (8, 10),
        (6, 0): (7, 10),
    }, "M9 had no HRG; May was not sent again after June, nor July after July"
    assert set(found["provider_code"]) == {"XD1"}


def test_one_extract_of_whole_years_tells_nothing_of_completion(tmp_path: Path) -> None:
    con = duckdb.connect()
    intake.prepare(con)
    send(con, tmp_path, "all.csv", *[dated(f"E{m}", "XD1", m) for m in range(1, 13)])
    assert extract_ages(con, 3).empty


def test_the_command_says_what_march_will_say(small_pct: Path, tmp_path: Path) -> None:
    ((pct_code, found),) = forecast_outturn(small_pct, "2018/19", "2018-11")
    assert (found.financial_year, found.n_months) == ("2018/19", 8)
    assert found.earlier_years == ("2016/17", "2017/18")
    ((_, came),) = forecast_outturn(small_pct, "2018/19")
    truth = int(came.pct["actual_pence"].iloc[0])
    whole = found.pct.iloc[0]
    assert whole["low_95_pence"] <= truth <= whole["high_95_pence"]
    assert abs(whole["point_pence"] / truth - 1) < 0.05
    kept = tmp_path / "outturn.csv"
    arguments = ["outturn", "--data", str(small_pct), "--year", "2018/19", "--as-of", "2018-11"]
    done = CliRunner().invoke(cli.app, [*arguments, "--csv", str(kept)])
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert said.startswith("March will probably say £")
    assert "four times in five (2018/19, all practices, as known to November 2018)" in said
    assert "Last November's forecast would have been £" in said
    assert "No month was sent twice" in said
    rows = pd.read_csv(kept)
    practices = rows[rows["level"] == "practice"]
    assert practices["point_pence"].sum() == rows.loc[rows["level"] == "pct", "point_pence"].sum()
    assert set(BOUNDS) <= set(rows)
    told = json.loads(CliRunner().invoke(cli.app, [*arguments, "--json"]).stdout)
    assert told[0]["pct_code"] == pct_code
    assert told[0]["rows"][-1]["point_pence"] == int(whole["point_pence"])
    assert command.outturn.__doc__


@pytest.mark.parametrize(
    ("year", "as_of", "sentence"),
    [
        ("2018/19", "2019-11", "'2019-11' is not a month of 2018/19"),
        ("2018/19", "November", "Write it as in 2018-11"),
        ("2016/17", None, "No whole year of activity is held before 2016/17"),
        ("2025/26", None, "No priced activity of 2025/26 is held"),
        ("2018", None, "not a financial year"),
    ],
)
def test_what_cannot_be_forecast_is_said(
    small_pct: Path, year: str, as_of: str | None, sentence: str
) -> None:
    with pytest.raises(SelectionError, match=sentence):
        forecast_outturn(small_pct, year, as_of)


def test_what_was_not_priced_is_not_forecast(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No activity has been loaded"):
        forecast_outturn(tmp_path, "2018/19")
