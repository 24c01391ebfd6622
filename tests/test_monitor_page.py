"""The monitoring page: what it shows is what was spent, and nothing small is told by it."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbcanalytics import budget_monitor
from pbcanalytics.faces.pages.budgets import budget_monitor as page_module
from pbcanalytics.faces.pages.budgets.monitor_view import view
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.withholding.monitor_withholding import lines_by_month, months_untold
from pbcanalytics.faces.withholding.step_groups import Group
from pbcanalytics.faces.withholding.step_withholding import hidden_lines
from pbcanalytics.faces.wording import exact
from pbcanalytics.pipeline.budgets.monitor import monitor
from pbcanalytics.pipeline.budgets.outturn import forecast_outturn
from pbcanalytics.store import Published, Warehouse
from pbcanalytics.words.errors import SelectionError

YEAR = "2018/19"
SMALLEST = 8


def rows(held: Published, table: str, **where: str) -> pd.DataFrame:
    said = " AND ".join(f"{k} = '{v}'" for k, v in {"financial_year": YEAR, **where}.items())
    return pd.DataFrame(held.rows(f"SELECT * FROM {table} WHERE {said}"))


def test_what_is_published_is_what_was_spent_and_budgeted(held: Published, small_pct: Path) -> None:
    with Warehouse.open(small_pct, doing="the test") as warehouse:
        spent = warehouse.frame(
            "SELECT practice_code, CAST(SUM(pence) AS BIGINT) AS pence FROM activity "
            f"WHERE financial_year = '{YEAR}' AND price_year = '{YEAR}' GROUP BY ALL"
        ).set_index("practice_code")["pence"]
    budgets = rows(held, "budget_practices").set_index("practice_code")["indicative_pence"]
    months = rows(held, "monitor_months", group_kind="practice", pod="ALL")
    by_practice = months.groupby("group_code")[["profile_pence", "actual_pence"]].sum()
    for code, one in by_practice.iterrows():
        assert int(one["actual_pence"]) == int(spent[code])
        assert int(one["profile_pence"]) == int(budgets[code])


def test_groups_are_the_sum_of_their_practices_in_every_month(held: Published) -> None:
    months = rows(held, "monitor_months", pod="ALL")
    money = ["profile_pence", "actual_pence"]
    practices = months[months["group_kind"] == "practice"].groupby("month")[money].sum()
    pct = months[months["group_kind"] == "pct"].set_index("month")[money]
    pd.testing.assert_frame_equal(practices, pct, check_dtype=False)


def test_causes_add_up_to_what_is_over_profile(held: Published) -> None:
    causes = rows(held, "monitor_causes").groupby(["group_kind", "group_code"])["pence"].sum()
    months = rows(held, "monitor_months", pod="ALL")
    over = (months["actual_pence"] - months["profile_pence"]).groupby(
        [months["group_kind"], months["group_code"]]
    )
    assert causes.to_dict() == over.sum().to_dict()


def test_the_forecast_is_that_of_the_command(held: Published, small_pct: Path) -> None:
    ((_, november),) = forecast_outturn(small_pct, YEAR, "2018-11")
    months = rows(held, "monitor_months", group_kind="practice", pod="ALL")
    told = months[months["month"] == dt.date(2018, 11, 1)].set_index("group_code")
    for one in november.practices.to_dict("records"):
        for ours, theirs in (("outturn", "point"), ("low_80", "low_80"), ("high_95", "high_95")):
            assert told.loc[one["code"], f"{ours}_pence"] == one[f"{theirs}_pence"]


def test_no_line_is_told_that_is_withheld_elsewhere(held: Published) -> None:
    lines = rows(held, "monitor_lines")
    steps = pd.DataFrame(held.rows("SELECT * FROM step_totals"))
    keys = ["group_kind", "group_code", "financial_year", "pod"]
    withheld = {tuple(k) for k in steps.loc[steps["is_withheld"], keys].itertuples(index=False)}
    assert withheld
    shown = lines[~lines["is_withheld"]]
    assert not withheld & {tuple(k) for k in shown[keys].itertuples(index=False)}
    assert (shown["n_activity"] >= SMALLEST).all()
    assert lines.loc[lines["is_withheld"], "actual_pence"].isna().all()


counts = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 15)), min_size=1, max_size=20
)


@given(counts, st.lists(st.sampled_from(["", "C1", "C2"]), min_size=6, max_size=6))
def test_a_small_month_is_told_of_nobody_nor_left_over(
    drawn: list[tuple[int, int, int]], member: list[str]
) -> None:
    cells = pd.DataFrame(drawn, columns=["practice_code", "month", "n_activity"])
    cells["practice_code"] = "P" + cells["practice_code"].astype(str)
    consortia = {f"P{n}": c for n, c in enumerate(member)}
    untold = months_untold(cells, consortia, "9E1", SMALLEST)
    table = cells.groupby(["month", "practice_code"])["n_activity"].sum()
    for month in table.index.get_level_values("month").unique():
        own = table[month].to_dict()
        sets = {c: [p for p in own if consortia[p] == c] for c in set(member)}
        told = {p: n for p, n in own.items() if ("practice", p) not in untold}
        assert not any(0 < n < SMALLEST for n in told.values())
        for consortium, members in sets.items():
            total = sum(own[p] for p in members)
            left = total - sum(told.get(p, 0) for p in members)
            if consortium and ("consortium", consortium) not in untold:
                assert not 0 < total < SMALLEST
                assert not 0 < left < SMALLEST
        if ("pct", "9E1") not in untold:
            shown = [c for c in sets if c and ("consortium", c) not in untold]
            rest = sum(own.values()) - sum(own[p] for c in shown for p in sets[c])
            assert not 0 < rest < SMALLEST


@given(counts)
def test_lines_by_month_leave_no_small_rest(drawn: list[tuple[int, int, int]]) -> None:
    cells = pd.DataFrame(drawn, columns=["practice_code", "month", "n_activity"])
    cells["practice_code"] = "P" + cells["practice_code"].astype(str)
    cells["pod"] = ["NEL", "EL", "AE"] * (len(cells) // 3) + ["NEL", "EL", "AE"][: len(cells) % 3]
    group = Group("pct", "9E1", "", frozenset(cells["practice_code"]))
    inside = [Group("consortium", "C1", "", frozenset(["P0", "P1"]))]
    shown = lines_by_month(cells, group, inside, {"NEL", "EL"}, SMALLEST)
    assert shown <= {"NEL", "EL"}
    whole = group.practices
    asked = [({pod}, who) for pod in shown for who in (whole, whole - inside[0].practices)]
    # What is left of the total by month; that of groups inside is judged where theirs are told.
    asked += [({"NEL", "EL", "AE"} - shown, whole)] if shown else []
    for pods, practices in asked:
        own = cells[cells["pod"].isin(pods) & cells["practice_code"].isin(practices)]
        by_month = own.groupby("month")["n_activity"].sum()
        assert not by_month.between(1, SMALLEST - 1).any()


def test_two_rates_of_growth_do_not_tell_two_withheld_lines_apart() -> None:
    counts = {"EL": 3, "AE": 9, "NEL": 40, "OPFA": 60}
    steps = pd.DataFrame(
        [
            {
                "practice_code": "P1",
                "financial_year": "2017/18",
                "price_year": YEAR,
                "pod": pod,
                "n_activity": n,
                "n_priced": n,
            }
            for pod, n in counts.items()
        ]
    )
    alike = {("P1", "2017/18"): {}}
    assert {pod for *_, pod in hidden_lines(steps, SMALLEST, alike)} == {"EL", "AE"}
    growth = {("P1", "2017/18"): {"EL": 0.02, "AE": 0.03}}
    # Activity and growth would be two equations for two lines: a third has to go.
    assert {pod for *_, pod in hidden_lines(steps, SMALLEST, growth)} == {"EL", "AE", "NEL"}


def batch(held: Published, **asked: str) -> dict[str, str]:
    names = ("group", "financial_year", "month", "scope")
    ask = Selection("batch", {**dict.fromkeys(names, ""), **asked})
    page = page_module.page(held, ask)
    parts = ("strip", "headline", "why", "months", "lines", "practices", "share", "provenance")
    return {part: str(getattr(page.part(part), "data", "")) for part in parts}


def test_the_page_tells_the_sums_of_what_is_published(held: Published) -> None:
    shown = batch(held, group="pct-9E1", financial_year=YEAR)
    v = view(held, "pct-9E1", YEAR, "latest", "ALL")
    assert v is not None
    spent = sum(m["actual_pence"] for m in v.months)
    profile = sum(m["profile_pence"] for m in v.months)
    assert exact(spent) in shown["months"]
    assert exact(spent - profile) in shown["why"]
    assert "activity to March 2019" in shown["strip"]
    assert "Only the net counts" in shown["practices"]


def test_earlier_months_are_shown_as_they_were_foreseen_then(held: Published) -> None:
    v = view(held, "pct-9E1", YEAR, "11", "ALL")
    assert v is not None
    assert v.to == dt.date(2018, 11, 1)
    assert len(v.months) == 8
    assert not v.causes
    shown = batch(held, group="pct-9E1", month="11")
    assert "will probably end" in shown["headline"]
    assert "four times in five" in shown["headline"]
    assert "March 2019 only" not in shown["why"]
    assert "latest month only, March 2019" in shown["why"]
    # There is one earlier forecast to hold this one against.
    assert "The forecast of November 2017 would have been" in shown["share"]


def test_a_line_of_a_practice_is_told_to_date_and_not_by_month(held: Published) -> None:
    shown = batch(held, group="X80001", scope="NEL")
    assert "would tell of few patients" in shown["months"]
    assert "Emergency stays" in shown["headline"]


def test_a_group_that_is_not_there_is_refused_in_a_batch_run(held: Published) -> None:
    with pytest.raises(SelectionError, match="X99999"):
        batch(held, group="X99999")


def test_the_notebooks_function_asks_for_the_page(
    small_pct: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PBC_DATA", str(small_pct))
    page = budget_monitor(group="X80001", mode="batch")
    assert "X80001" in page.part("headline").data


def test_the_command_and_the_page_tell_one_story(held: Published, small_pct: Path) -> None:
    ((now, why),) = monitor(small_pct, YEAR, "2018-11").pcts
    months = rows(held, "monitor_months", group_kind="pct", pod="ALL")
    until = months[months["month"] <= dt.date(2018, 11, 1)]
    over = int((until["actual_pence"] - until["profile_pence"]).sum())
    assert over == int(now.pct["variance_pence"].iloc[0]) == int(why.pct["variance_pence"].iloc[0])
