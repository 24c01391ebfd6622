"""What activity cost, step by step: nothing is lost, nothing small told, every price explained."""

import datetime as dt
import itertools
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import papermill
import pytest
import yaml
from playwright.sync_api import Browser

import pbcanalytics
from pbcanalytics import costing, pipeline
from pbcanalytics.faces.notebooks import folder
from pbcanalytics.faces.pages.page import Page
from pbcanalytics.faces.pages.prices.stay_price import family, kind_of, priced
from pbcanalytics.faces.sentences import explanation
from pbcanalytics.faces.serve.listing import entries
from pbcanalytics.faces.withholding.taken_steps import STEPS, TAKEN
from pbcanalytics.faces.wording import exact, short
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Published, Warehouse
from pbcanalytics.words.errors import PbcError, SelectionError, ServeError
from tests import drawn
from tests.browsing import Server, visit, wait_until
from tests.test_subtraction import few_that_follow

SMALLEST = 8
AT = "practice_code, pod, financial_year, price_year"


def text(page: Page, *parts: str) -> str:
    """What parts of a page say in a batch run, without markup."""
    shown = " ".join(page.part(p).data for p in parts)
    return re.sub(r"\s+", " ", re.sub(r'href="[^"]*"|<[^>]*>', " ", shown))


@pytest.fixture
def asked(small_pct: Path, monkeypatch: pytest.MonkeyPatch) -> Published:
    monkeypatch.setenv("PBC_DATA", str(small_pct))
    return Published(small_pct)


def test_the_steps_of_every_line_add_up_to_what_its_activity_cost(small_pct: Path) -> None:
    steps = " + ".join(f"COALESCE({s}, 0)" for s in STEPS[:-1])
    with Warehouse.open(small_pct, doing="the test") as warehouse:
        by_step = warehouse.rows(
            f"SELECT {AT}, is_reported, n_activity, n_priced, {steps} FROM step_totals ORDER BY ALL"
        )
        cube = warehouse.rows(
            f"SELECT {AT}, is_reported, CAST(sum(n_rows - n_outside) AS BIGINT), "
            "CAST(sum(n_priced) AS BIGINT), CAST(sum(pence) AS BIGINT) FROM activity "
            "GROUP BY ALL ORDER BY ALL"
        )
        gaps = warehouse.rows(
            "SELECT financial_year, pod, CAST(sum(n_activity) AS BIGINT) FROM unpriced_totals "
            "WHERE is_reported GROUP BY ALL ORDER BY ALL"
        )
        missing = warehouse.rows(
            "SELECT financial_year, pod, CAST(sum(n_rows - n_priced) AS BIGINT) FROM activity "
            "WHERE is_reported GROUP BY ALL HAVING sum(n_rows - n_priced) > 0 ORDER BY ALL"
        )
    assert by_step == cube
    assert len(by_step) > 50
    assert gaps == missing


def test_published_steps_add_up_and_agree_with_the_budgets(small_pct: Path) -> None:
    held = Published(small_pct)
    rows = held.rows("SELECT * FROM step_totals")
    whole = [r for r in rows if r["price_pence"] is not None and r["base_pence"] is not None]
    for r in whole:
        told = r["together_pence"] or 0
        assert r["base_pence"] + told + r["mff_pence"] == r["price_pence"]
        if not r["steps_are_withheld"]:
            assert sum(r[s] or 0 for s in TAKEN) == told
    assert len(whole) > 100
    of_all = {
        (r["group_code"], r["financial_year"], r["price_year"]): r
        for r in rows
        if r["pod"] == "ALL"
    }
    budgets = held.rows(
        "SELECT p.*, b.base_year, b.price_year FROM budget_practices AS p JOIN budgets AS b "
        "USING (pct_code, financial_year)"
    )
    assert budgets
    for b in budgets:
        total = of_all[b["practice_code"], b["base_year"], b["price_year"]]
        assert (total["price_pence"], total["n_activity"]) == (b["activity_pence"], b["n_activity"])
    pct = of_all["9E1", "2017/18", "2018/19"]["price_pence"]
    assert pct == sum(b["activity_pence"] for b in budgets if b["financial_year"] == "2018/19")


def test_what_a_budget_withholds_the_steps_withhold_too_and_the_other_way_round(
    small_pct: Path,
) -> None:
    """Shown in one table and hidden in the other, a line would give its neighbours away."""
    held = Published(small_pct)
    both = held.rows(
        "SELECT l.is_withheld AS in_budget, s.is_withheld AS in_steps FROM budget_lines AS l "
        "JOIN budgets AS b USING (pct_code, financial_year) JOIN step_totals AS s ON "
        "s.group_kind = 'practice' AND s.group_code = l.practice_code AND s.pod = l.pod "
        "AND s.financial_year = b.base_year AND s.price_year = b.price_year"
    )
    assert len(both) == held.rows("SELECT count(*) AS n FROM budget_lines")[0]["n"]
    assert all(r["in_budget"] == r["in_steps"] for r in both)
    assert any(r["in_steps"] for r in both)


def test_no_small_count_is_told_and_no_step_of_a_few(small_pct: Path) -> None:
    held = Published(small_pct)
    for table in ("step_totals", "unpriced_activity"):
        told = held.rows(f"SELECT * FROM {table} WHERE n_activity BETWEEN 1 AND 7")
        assert told == []
        assert held.rows(f"SELECT count(*) AS n FROM {table} WHERE is_withheld")[0]["n"]
    with Warehouse.open(small_pct, doing="the test") as warehouse:
        few = warehouse.rows(
            " UNION ALL ".join(
                f"SELECT practice_code, pod, financial_year, '{step}' FROM step_totals "
                f"WHERE {taken.count} BETWEEN 1 AND 7"
                for step, taken in TAKEN.items()
            )
        )
    assert few
    for practice, pod, year, step in few:
        told = held.rows(
            f"SELECT {step} AS step, base_pence FROM step_totals WHERE group_code = ? AND pod = ? "
            "AND financial_year = ?",
            (practice, pod, year),
        )
        assert all(r["step"] is None for r in told)


@pytest.mark.parametrize("what", ["activity", "prices", "steps"])
def test_nothing_small_follows_by_subtraction(small_pct: Path, what: str) -> None:
    """
    Every sum that is told is an equation; solved together they must leave every small sum open.

    A sum is small if it counts 1 to 7 activities: one step or line of one practice, or several
    of any, asked for or not.
    """
    n_told = n_small = 0
    for year, price_year in audited(small_pct, what):
        cells, told, withheld = at_prices(small_pct, what, year, price_year)
        found = few_that_follow(cells, told)
        assert found == [], (year, price_year)
        n_told += len(told)
        n_small += sum(0 < sum(cells[c] for c in s) < SMALLEST for s in withheld)
    assert n_told > 50
    assert n_small >= 10


Part = tuple[str, str, str]
"""Practice, point of delivery; step, or why there is no price."""


def audited(data: Path, what: str) -> list[tuple[str, str]]:
    """The years of activity and prices with sums to subtract."""
    shown = "is_reported" if what == "activity" else "price_pence IS NOT NULL"
    rows = Published(data).rows(
        f"SELECT DISTINCT financial_year AS y, price_year AS p FROM step_totals WHERE {shown}"
    )
    return sorted((r["y"], r["p"] or "") for r in rows)


def at_prices(
    data: Path, what: str, year: str, price_year: str
) -> tuple[dict[Part, int], list[set[Part]], list[set[Part]]]:
    """The parts that some activity has, and the sums of them that are told or withheld."""
    at = f"financial_year = '{year}' AND coalesce(price_year, '') = '{price_year}'"
    counted = {"": "n_priced"} if what != "steps" else {s: t.count for s, t in TAKEN.items()}
    pod = "CASE WHEN pod = 'RA' THEN 'OTHER' ELSE pod END"
    with Warehouse.open(data, doing="the test") as warehouse:
        parts = [
            (practice, line, part, n, True)
            for part, count in counted.items()
            for practice, line, n in warehouse.rows(
                f"SELECT practice_code, {pod}, CAST(sum({count}) AS BIGINT) FROM step_totals "
                f"WHERE {at} GROUP BY ALL"
            )
        ]
        if what == "activity":
            parts += warehouse.rows(
                f"SELECT practice_code, {pod}, unpriced_reason, CAST(sum(n_activity) AS BIGINT), "
                f"is_gap FROM unpriced_totals WHERE {at} GROUP BY ALL"
            )
        members = dict(warehouse.rows("SELECT practice_code, consortium_code FROM practices"))
    cells = {(p, line, part): n for p, line, part, n, _ in parts if n and p in members}
    payable = {(p, line, part) for p, line, part, _, yes in parts if yes}
    columns = {
        "activity": {"n_activity": {part for _, _, part in payable}},
        "prices": {"price_pence": {""}},
        "steps": {**{s: {s} for s in TAKEN}, "together_pence": set(TAKEN)},
    }[what]

    def inside(row: dict[str, Any], kinds: set[str]) -> set[Part]:
        own = {
            "pct": set(members),
            "consortium": {p for p, c in members.items() if c == row["group_code"]},
            "practice": {row["group_code"]},
        }[row["group_kind"]]
        return {c for c in cells if c[0] in own and row["pod"] in ("ALL", c[1]) and c[2] in kinds}

    held = Published(data)
    sums = [
        (row[column], inside(row, kinds))
        for row in held.rows(f"SELECT * FROM step_totals WHERE {at}")
        for column, kinds in columns.items()
    ]
    if what == "activity":
        sums += [
            (row["n_activity"], inside(row, {row["unpriced_reason"]}))
            for row in held.rows(f"SELECT * FROM unpriced_activity WHERE {at}")
        ]
    if what != "steps":
        column = "n_activity" if what == "activity" else "activity_pence"
        sums += [
            (row["told"], inside(row, *columns.values()))
            for row in held.rows(
                f"SELECT 'practice' AS group_kind, l.practice_code AS group_code, l.pod, "
                f"l.{column} AS told FROM budget_lines AS l JOIN budgets AS b "
                "USING (pct_code, financial_year) "
                f"WHERE b.base_year = '{year}' AND b.price_year = '{price_year}'"
            )
        ]
    told = [s for value, s in sums if value is not None and s]
    return cells, told, [s for value, s in sums if value is None]


def test_the_page_shows_the_sums_and_the_steps_between(asked: Published) -> None:
    row = asked.rows(
        "SELECT * FROM step_totals WHERE group_code = '9E1' AND pod = 'ALL' "
        "AND financial_year = '2018/19' AND price_year = '2018/19'"
    )[0]
    page = pbcanalytics.explained_prices("pct-9E1", "2018/19", mode="batch")
    said = text(page, "headline", "lines")
    for step in ("base_pence", "short_stay_pence", "long_stay_pence", "mff_pence", "price_pence"):
        assert exact(row[step]) in said
    assert f"that makes {short(row['price_pence'])}" in said
    assert f"{row['n_activity']:,} spells and attendances, where these have a price" in said
    drawn_bars = page.part("walk").data[0]
    pounds = [round(100 * x) for x in drawn_bars["x"]]
    assert row["base_pence"] + sum(pounds) == row["price_pence"]
    assert "In no price, because no rule or table is held: specialised top-ups" in said
    assert "The patient did not attend" in text(page, "unpriced")


def test_a_line_that_is_withheld_says_so_and_shows_no_number(asked: Published) -> None:
    hidden = asked.rows("SELECT * FROM step_totals WHERE is_withheld AND group_kind = 'practice'")[
        0
    ]
    years = f"{hidden['financial_year']} at {hidden['price_year']}"
    if hidden["financial_year"] == hidden["price_year"]:
        years = hidden["financial_year"]
    page = pbcanalytics.explained_prices(hidden["group_code"], years, hidden["pod"], mode="batch")
    assert "withheld" in text(page, "headline")
    assert "£" not in text(page, "headline")
    assert page.part("walk").data == ""


def test_a_group_that_is_not_there_is_refused_in_a_batch_run(asked: Published) -> None:
    with pytest.raises(SelectionError, match="X99999"):
        pbcanalytics.explained_prices("X99999", mode="batch")


def test_the_worked_example_of_a_hip_and_the_day_that_tips_it(asked: Published) -> None:
    """HN12F, elective, 2018/19 before the market forces factor: 8 days £5,947, 6 days £5,493."""
    eight = text(
        pbcanalytics.price_of_a_stay("hn12f", "EL", "8", mode="batch"), "headline", "ladder"
    )
    assert "£5,947 because the tariff pays £5,493 for an elective stay with HN12F" in eight
    assert "2 days beyond the trim point of 6 are paid £227 each, together £454" in eight
    assert "Day 7 was the first paid apart; one more day costs £227." in eight
    assert "HN12E has the higher base price and yet would cost £258 less" in eight
    six = text(pbcanalytics.price_of_a_stay("HN12F", "EL", "6", mode="batch"), "headline")
    assert "£5,493 because" in six
    assert "one more day, day 7, costs £227." in six
    assert "Next dearer for this stay is HN12E, £196 more" in six
    assert "“with CC Score 2-3” instead of “with CC Score 0-1”" in six


def test_a_short_emergency_stay_says_what_one_more_day_brings(asked: Published) -> None:
    page = pbcanalytics.price_of_a_stay("AA22C", "NEL", "1", "XD1", "2018/19", "batch")
    said = text(page, "headline")
    assert "£2,526.37 because" in said
    assert "day 2, brings the full price: £7,394.25 more before the market forces factor" in said
    child = text(pbcanalytics.price_of_a_stay("AA22C", "NEL-child", "1", mode="batch"), "headline")
    assert "£9,859 because" in child


HRGS = ("HN12F", "AA22C", "DZ11K", "FF31D", "LA04J")
KINDS = {"EL": "elective", "DC": "daycase", "NEL": "emergency", "NEL-child": "emergency"}
KINDS["NELNE"] = "other"


def test_a_page_prices_a_stay_as_the_models_do(asked: Published) -> None:
    last = dt.date(2019, 3, 31)
    lines = [
        "episode_id|person_id|spell_number|admission_method|patient_class|admission_date"
        "|discharge_date|age_years|hrg"
    ]
    ours = {}
    for hrg, admission in itertools.product(HRGS, KINDS):
        pod, is_adult = kind_of(admission)
        row = next((r for r in family(asked, hrg, "2018/19", pod) if r["hrg"] == hrg), None)
        if row is None:
            continue
        trim = row["trim_point_days"] or 5
        for days in {0} if pod == "DC" else {0, 1, 2, trim, trim + 3}:
            name = f"{hrg} {admission} {days}"
            ours[name] = [
                priced(row, days, is_adult=is_adult, mff_millionths=mff)
                for mff in (1_000_000, 1_064_300)
            ]
            method, kind = costing.ADMISSIONS[KINDS[admission]]
            age = 50 if is_adult else 10
            begun = last - dt.timedelta(days)
            lines.append(f"{name}|{name}|{name}|{method}|{kind}|{begun}|{last}|{age}|{hrg}")
    with drawn.priced("\n".join(lines), provider="XT1") as warehouse:
        models = drawn.one(warehouse, "priced_spells").set_index("person_id")
    assert len(models) == len(ours) > 60
    for name, (without, whole) in ours.items():
        model = models.loc[name]
        reason = model["unpriced_reason"]
        assert whole.reason == (None if pd.isna(reason) else reason), name
        if whole.reason is None:
            assert whole.pence == model["price_pence"], name
            assert without.pence == model["price_pence"] - model["mff_pence"], name


def test_rules_that_are_changed_here_are_listed_on_every_page(
    small_pct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    shutil.copytree(small_pct, data)
    changed = {
        "rules": {
            "market_forces_factor": {
                "value": "paid_centrally",
                "note": "as agreed with the PCT in April 2018",
            }
        }
    }
    rules = data / "reference" / "rules" / "2018-19.yaml"
    rules.parent.mkdir(parents=True, exist_ok=True)
    rules.write_text(yaml.safe_dump(changed), encoding="utf-8")
    assert [o.rule for o in Shelf.open(data / "reference").overrides("2018/19")]
    pipeline.build(data)
    pipeline.publish(data)
    monkeypatch.setenv("PBC_DATA", str(data))
    said = (
        "Rules of 2018/19 changed here: how the market forces factor is paid: paid centrally "
        "(as shipped: in price; unverified; as agreed with the PCT in April 2018)."
    )
    pages = (
        pbcanalytics.baseline_budgets(mode="batch"),
        pbcanalytics.explained_prices(mode="batch"),
        pbcanalytics.price_of_a_stay(mode="batch"),
        pbcanalytics.explained_spell(price_year="2018/19", mode="batch"),
    )
    for page in pages:
        assert said in text(page, "provenance")
    assert "rules changed here" in text(pages[1], "strip")
    assert "rules changed here" in text(pages[2], "strip")
    monkeypatch.setenv("PBC_DATA", str(small_pct))
    assert "changed here" not in text(pbcanalytics.baseline_budgets(mode="batch"), "provenance")


def test_a_spell_is_explained_to_analysts_and_never_served(
    asked: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = pbcanalytics.explained_spell(mode="batch")
    said = text(page, "headline", "ladder", "chosen", "provenance")
    assert re.search(r"£[\d,.]+ because £[\d,.]+ are the base price", said)
    assert "Next dearest is" in said
    assert "What tipped it: " in said
    assert "do not pass it on" in said
    assert "explain_spell" not in {e.name for e in entries(folder())}
    notebook = json.loads((folder() / "explain_spell.ipynb").read_text(encoding="utf-8"))
    assert notebook["metadata"]["pbc"] == {"served": False}
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    with pytest.raises(ServeError, match="rows about people"):
        pbcanalytics.explained_spell()


@pytest.mark.parametrize("name", ["explain_spell", "explained_prices", "price_of_a_stay"])
def test_a_notebook_runs_from_top_to_bottom_without_anybody(
    asked: Published, tmp_path: Path, name: str
) -> None:
    out = tmp_path / f"{name}.ipynb"
    papermill.execute_notebook(
        str(folder() / f"{name}.ipynb"),
        str(out),
        parameters={"mode": "batch"},
        progress_bar=False,
        cwd=str(tmp_path),
    )
    assert "£" in out.read_text(encoding="utf-8")


def test_a_spell_that_is_not_there_is_a_sentence(asked: Published) -> None:
    with pytest.raises(PbcError, match="no spell 'X'"):
        pbcanalytics.explained_spell("X", mode="batch")


PAIR = """
episode_id | spell_number | episode_order | admission_date | discharge_date | hrg   | {extra}
a          | s            | 1             | 2018-05-01     | 2018-05-09     | {one} | {with_one}
b          | s            | 2             | 2018-05-01     | 2018-05-09     | {two} |
"""


@pytest.mark.parametrize(
    ("strategy", "one", "two", "with_one", "said"),
    [
        ("max_tariff", "HN12F", "AA22C", "", "the rule of 2018/19 pays the dearest"),
        ("max_tariff", "HN12F", "HN12F", "", None),
        ("supplied", "HN12F", "AA22C", "", "no HRG came with the spell, and then the rule"),
        (
            "procedure_first",
            "HN12F",
            "AA22C",
            "W371",
            "the dearest of the episodes with a procedure",
        ),
        ("procedure_first", "HN12F", "AA22C", "", "the rule of 2018/19 pays the dearest"),
    ],
)
def test_what_tipped_the_choice_is_the_rule_of_the_year(
    tmp_path: Path, strategy: str, one: str, two: str, with_one: str, said: str | None
) -> None:
    shelf = drawn.shelf_with(tmp_path, payable_hrg=strategy)
    table = PAIR.format(one=one, two=two, extra="procedures", with_one=with_one)
    with drawn.priced(table, shelf=shelf) as warehouse:
        told = explanation.chosen(costing.explain(warehouse, "XD1|p|s", "2018/19"))
    if said is None:
        assert told == []
    else:
        assert any(t.startswith("What tipped it:") and said in t for t in told)


# In the browser


@pytest.mark.browser
def test_an_hrg_is_found_by_typing_and_nonsense_is_said(server: Server, chromium: Browser) -> None:
    with visit(chromium, server) as tab:
        tab.open("/pages/price_of_a_stay").drawn("HN12F EL 8")
        assert "£5,947" in tab.page.inner_text(".pbc-headline")
        box = tab.page.get_by_label("HRG: type a code or a word")
        box.fill("hn12e")
        box.press("Enter")
        tab.drawn("HN12E EL 8")
        assert "£5,689" in tab.page.inner_text(".pbc-headline")
        box.fill("no such thing")
        box.press("Enter")
        wait_until(tab.page, "document.querySelector('.pbc-error') !== null")
        assert "none of the list has it" in tab.page.inner_text(".pbc-error")
        assert not tab.page.locator(".pbc-headline").first.is_visible()
        assert tab.faults == []


@pytest.mark.browser
def test_a_notebook_with_rows_about_people_is_no_page(server: Server, chromium: Browser) -> None:
    assert server.get("/pages/explain_spell").status == 404
    assert server.get("/voila/render/explain_spell.ipynb").status == 404
    with visit(chromium, server) as tab:
        tab.page.goto(server.url)
        assert "analysts only" not in tab.page.inner_text("main")
