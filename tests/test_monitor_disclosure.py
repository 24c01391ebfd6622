"""No sum of 1 to 7 activities follows from the published file, across tables, years and mergers.

What each published sum is made of is worked out here once more, from the registers, and every set
of few activities is tried. Cells that no published sum tells apart count as one: nothing that
follows has a part of them only.
"""

import csv
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbcanalytics import pipeline
from pbcanalytics.faces.withholding.monitor_withholding import months_untold
from pbcanalytics.faces.withholding.told_sums import Cells, Ledger
from pbcanalytics.store import Published, Warehouse
from tests.test_subtraction import SMALLEST, few_that_follow

Cell = tuple[str, str, dt.date]
ALL = "ALL"
CELLS = """
SELECT practice_code AS practice, pod, month, financial_year AS year,
       CAST(SUM(n_rows - n_outside) AS BIGINT) AS n_activity,
       CAST(SUM(n_priced) AS BIGINT) AS n_priced
FROM activity WHERE price_year = financial_year GROUP BY ALL
"""


class World:
    """A published file, and what its sums are made of."""

    def __init__(self, data: Path) -> None:
        self.published = Published(data)
        with Warehouse.open(data, doing="the test") as warehouse:
            self.cells = warehouse.frame(CELLS)
            self.register = warehouse.frame("SELECT * FROM practices").to_dict("records")
        self.cells["month"] = pd.to_datetime(self.cells["month"]).dt.date
        self.held = self.rows("SELECT * FROM budget_scope WHERE practice_code <> 'ALL'")

    def rows(self, sql: str) -> list[dict[str, object]]:
        return self.published.rows(sql)

    def under(self, day: dt.date, practices: set[str]) -> set[str]:
        """The codes that practices answer for on a day: their own, and those that they took on."""
        by = {r["practice_code"]: r for r in self.register}

        def now(code: str) -> str:
            closed, successor = by[code]["close_date"], by[code]["successor_code"]
            is_closed = pd.notna(closed) and pd.Timestamp(closed).date() < day
            return now(str(successor)) if is_closed and successor in by else code

        return {code for code in by if now(code) in practices}

    def is_held(self, year: str, practice: str, pod: str, month: dt.date) -> bool:
        return any(
            (r["financial_year"], r["practice_code"], r["pod"]) == (year, practice, pod)
            and r["months"][:7] <= f"{month:%Y-%m}" <= r["months"][-7:]
            for r in self.held
        )

    def members(self, year: str, kind: str, code: str) -> set[str]:
        """The practices of a group in the monitoring of a year."""
        rows = self.rows(
            f"SELECT * FROM monitor_groups WHERE financial_year = '{year}' "
            "AND group_kind = 'practice'"
        )
        column = {"pct": "pct_code", "consortium": "consortium_code", "practice": "group_code"}
        return {r["group_code"] for r in rows if r[column[kind]] == code}

    def of_year(self, year: str) -> list[Cell]:
        own = self.cells[self.cells["year"] == year]
        return list(own[["practice", "pod", "month"]].itertuples(index=False, name=None))

    def taken(self, year: str, codes: set[str], pod: str, now: set[str] | None = None) -> set[Cell]:
        """The cells of a year recorded under some codes; `now` leaves out what others hold."""
        cells = {c for c in self.of_year(year) if c[0] in codes and pod in (ALL, c[1])}
        if now is None:
            return cells
        first = start(year)
        answering = {code: p for p in now for code in self.under(first, {p})}
        return {c for c in cells if not self.is_held(year, answering[c[0]], c[1], c[2])}

    def told_elsewhere(self, year: str) -> list[set[Cell]]:
        """Steps of prices have practices as of a year later, budgets as of their own 1 April."""
        after = start(year).replace(year=start(year).year + 1)
        column = {"pct": "pct_code", "consortium": "consortium_code", "practice": "practice_code"}
        sums = []
        for r in self.rows(
            "SELECT DISTINCT group_kind, group_code, pod FROM step_totals "
            f"WHERE NOT is_withheld AND financial_year = '{year}'"
        ):
            own = {
                p["practice_code"]
                for p in self.register
                if p[column[r["group_kind"]]] == r["group_code"]
            }
            sums.append(self.taken(year, self.under(after, own), r["pod"]))
        for r in self.rows(
            "SELECT l.practice_code, l.pod, l.financial_year FROM (SELECT * FROM budget_lines "
            "WHERE NOT is_withheld) AS l JOIN budgets AS b USING (pct_code, financial_year) "
            f"WHERE b.base_year = '{year}' UNION SELECT practice_code, 'ALL', financial_year FROM "
            f"budget_practices JOIN budgets AS b USING (pct_code, financial_year) "
            f"WHERE b.base_year = '{year}'"
        ):
            own = self.under(start(r["financial_year"]), {r["practice_code"]})
            sums.append(self.taken(year, own, r["pod"]))
        return sums

    def told_by_month(self, year: str) -> list[set[Cell]]:
        """Months of groups and lines, and those that the record of forecasts gives back."""
        sums = []
        for r in self.rows(
            "SELECT DISTINCT group_kind, group_code, pod FROM monitor_months "
            f"WHERE financial_year = '{year}'"
        ):
            now = self.members(year, r["group_kind"], r["group_code"])
            sums.append(self.taken(year, self.under(start(year), now), r["pod"], now))
        for r in self.rows(
            "SELECT DISTINCT financial_year, group_kind, group_code FROM forecast_record "
            f"WHERE earlier_year = '{year}'"
        ):
            now = self.members(r["financial_year"], r["group_kind"], r["group_code"])
            last = start(r["financial_year"]).replace(year=start(r["financial_year"]).year + 1)
            own = self.under(last - dt.timedelta(1), now)
            sums.append(self.taken(year, own, ALL))
        return sums

    def told_of_the_year(self, year: str) -> list[set[Cell]]:
        """Lines and sums to date, of the activity itself and of budgets that rest on it."""
        sums = []
        for r in self.rows(
            "SELECT financial_year, group_kind, group_code, pod FROM monitor_lines "
            "WHERE NOT is_withheld UNION "
            "SELECT financial_year, group_kind, group_code, 'ALL' FROM monitor_causes"
        ):
            now = self.members(r["financial_year"], r["group_kind"], r["group_code"])
            own = self.under(start(r["financial_year"]), now)
            if r["financial_year"] == year:
                sums.append(self.taken(year, own, r["pod"], now))
            elif start(r["financial_year"]).year == start(year).year + 1:
                sums.append(self.taken(year, own, r["pod"]))
        return sums


def start(year: str) -> dt.date:
    return dt.date(int(year[:4]), 4, 1)


def few(
    counts: dict[Cell, int], anyhow: Sequence[set[Cell]], told: Sequence[set[Cell]]
) -> list[set[Cell]]:
    """The sets of 1 to 7 activities that follow from what is told, and not from `anyhow`."""
    some = [c for c, n in counts.items() if n]
    every = list({frozenset(s & set(some)): None for s in (*anyhow, *told)})
    alike: dict[tuple[bool, ...], list[Cell]] = {}
    for cell in some:
        alike.setdefault(tuple(cell in s for s in every), []).append(cell)
    lots = {n: sum(counts[c] for c in own) for n, own in enumerate(alike.values())}
    made = [{n for n, seen in enumerate(alike) if seen[k]} for k in range(len(every))]
    n_known = len({frozenset(s & set(some)) for s in anyhow})
    found = few_that_follow(lots, made)
    if found:
        before = [set(f) for f in few_that_follow(lots, made[:n_known])]
        found = [f for f in found if set(f) not in before]
    cells = list(alike.values())
    return [{c for n in f for c in cells[n]} for f in found]


def audit(world: World) -> list[tuple[str, str, set[Cell]]]:
    """Everything small that follows from the published file of one world."""
    found = []
    for year in sorted(set(world.cells["year"])):
        own = world.cells[world.cells["year"] == year]
        by_month = world.told_by_month(year)
        anyhow = world.told_elsewhere(year)
        of_year = [*world.told_of_the_year(year), *by_month]
        assert anyhow
        for count in ("n_activity", "n_priced"):
            held = dict(zip(world.of_year(year), own[count].astype(int), strict=True))
            found += [(year, "year", s) for s in few(held, anyhow, of_year)]
            for month in sorted(set(own["month"])):
                of_month = {c: n for c, n in held.items() if c[2] == month}
                found += [(year, f"{month}", s) for s in few(of_month, [], by_month)]
    return found


TINY = "X80009"


def with_a_tiny_practice(extracts: Path) -> Path:
    """Give five outpatients of each year to a ninth practice."""
    every = {f.name: list(csv.reader(f.open(encoding="utf-8"))) for f in extracts.rglob("*.csv")}
    for name, (head, *rows) in every.items():
        if name.startswith("op_"):
            at = head.index("GPPRAC")
            for row in [r for r in rows if len(r) > at and r[at] == "X80003"][:5]:
                row[at] = TINY
    every["practices.csv"].append([TINY, "Tiny Surgery", "9E1", "C01", "1995-04-01", "", ""])
    every["memberships.csv"].append([TINY, "C01", "2005-04-01", ""])
    every["list_sizes.csv"] += [
        f"GP_PRAC_PAT_LIST,01APR{year},GP,9E1,E99000001,{TINY},ZZ9 9ZZ,MALE,40,300".split(",")
        for year in (2016, 2017, 2018, 2019)
    ]
    every["weighted_lists.csv"] += [[y, TINY, "310"] for y in ("2016/17", "2017/18", "2018/19")]
    for path in extracts.rglob("*.csv"):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(every[path.name])
    return extracts


@pytest.fixture(scope="module")
def nine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine practices: one is taken on by another, two leave budgets with the PCT, one is tiny."""
    data = tmp_path_factory.mktemp("nine")
    extracts = with_a_tiny_practice(pipeline.demo(data, n_practices=8))
    # Monitoring knows nothing of referrals, and their part of publishing is the dearest.
    pipeline.load(data, [p for p in sorted(extracts.iterdir()) if "referrals" not in p.name])
    pipeline.build(data)
    pipeline.publish(data)
    return data


def test_nothing_small_follows_of_three_practices(small_pct: Path) -> None:
    assert audit(World(small_pct)) == []


def test_nothing_small_follows_of_nine_practices_with_a_merger_and_lines_of_others(
    nine: Path,
) -> None:
    world = World(nine)
    assert world.held
    assert any(pd.notna(p["successor_code"]) for p in world.register)
    assert audit(world) == []


def test_a_practice_that_closed_keeps_lines_of_its_own_before(nine: Path) -> None:
    """Its code has no row in the steps of prices of that year, which have it with its successor."""
    world = World(nine)
    closed = next(p["practice_code"] for p in world.register if pd.notna(p["successor_code"]))
    of = f"WHERE group_code = '{closed}' AND financial_year = '2017/18'"
    assert not world.rows(f"SELECT * FROM step_totals {of}")
    rows = world.rows("SELECT * FROM monitor_lines WHERE group_code = 'C02'")
    assert {r["pod"] for r in rows if not r["is_withheld"]} >= {"NEL", "OPFA", "OPFUP"}


def test_of_a_practice_with_few_in_all_monitoring_tells_nothing(nine: Path) -> None:
    """And of its consortium no sums over those that are over, nor what guards it."""
    world = World(nine)
    for table in ("monitor_months", "monitor_causes", "forecast_record"):
        assert not world.rows(f"SELECT * FROM {table} WHERE group_code = '{TINY}'"), table
    years = {r["financial_year"] for r in world.rows("SELECT * FROM monitor_groups")}
    for year in years:
        of = f"WHERE financial_year = '{year}'"
        told = world.rows(f"SELECT DISTINCT group_code FROM monitor_causes {of}")
        groups = world.rows(f"SELECT * FROM monitor_groups {of}")
        gone = {g["group_code"] for g in groups} - {t["group_code"] for t in told}
        assert len(gone) >= 2
        assert all(g["months_are_withheld"] for g in groups if g["group_code"] in gone)
        lines = world.rows(f"SELECT * FROM monitor_lines {of}")
        assert all(r["is_withheld"] for r in lines if r["group_code"] in gone)
        months = world.rows(f"SELECT * FROM monitor_months {of} AND group_code IN ('C01', '9E1')")
        assert months
        assert {r["gross_over_pence"] for r in months} == {None}


groups_of_months = st.lists(
    st.tuples(st.sampled_from("ABCDEF"), st.integers(0, 1), st.integers(0, 12)), min_size=1
)


@given(groups_of_months, st.lists(st.sampled_from(["", "C1", "C2"]), min_size=6, max_size=6))
def test_no_months_follow_from_members_of_a_consortium_that_is_withheld(
    drawn: list[tuple[str, int, int]], member: list[str]
) -> None:
    cells = pd.DataFrame(drawn, columns=["practice_code", "month", "n_activity"])
    consortia = dict(zip("ABCDEF", member, strict=True))
    untold = months_untold(cells, consortia, "9E1", SMALLEST)
    for _, own in cells.groupby("month"):
        size = own.groupby("practice_code")["n_activity"].sum().to_dict()
        sums = {("pct", "9E1"): set(size), **{("practice", p): {p} for p in size}}
        for c in ("C1", "C2"):
            sums["consortium", c] = {p for p in size if consortia[p] == c}
        some = {p: n for p, n in size.items() if n}
        told = [s & set(some) for who, s in sums.items() if who not in untold]
        assert few_that_follow(some, [s for s in told if s]) == []


def drawn_year(counts: Sequence[int]) -> pd.DataFrame:
    """Four practices, two lines and three months."""
    places = [
        (practice, pod, dt.date(2018, month, 1))
        for practice in "ABCD"
        for pod in ("EL", "NEL")
        for month in (4, 5, 6)
    ]
    cells = pd.DataFrame(places, columns=["practice_code", "pod", "month"])
    cells = cells.assign(price_year="2018/19", n_activity=counts, n_priced=counts)
    return cells[cells["n_activity"] > 0]


@given(
    st.lists(st.sampled_from((0, 1, 2, 3, 5, 7, 9, 12, 30)), min_size=24, max_size=24),
    st.integers(0, 3),
)
@settings(max_examples=40)
def test_nothing_small_follows_from_months_and_years_together(
    counts: list[int], held_to: int
) -> None:
    """D is apart on 1 April and with A a year later; of B's NEL others hold the first months."""
    ledger = Ledger(drawn_year(counts), "2018/19", SMALLEST)
    if not ledger.practice.size:
        return
    held = {("B", "NEL"): frozenset(range(held_to))}
    scope = ledger.counted({p: p for p in "ABCD"}, range(12), held)

    def cut(practices: str, pod: str = ALL) -> Cells:
        return ledger.cells(set(practices), pod)

    anyhow = [cut(practices) for practices in ("ABCD", "ABD", "AD", "B", "C")]
    ledger.of_year += anyhow
    for practices in ("ABCD", "ABD", "A", "B", "C", "D"):
        ledger.ask([cut(practices) & scope])
    ledger.ask_by_month([cut(p) & scope for p in ("ABCD", "ABD", "A", "B", "C", "D")])
    lines = [(p, pod) for p in ("A", "B", "C", "D", "ABCD", "ABD") for pod in ("EL", "NEL")]
    may = ledger.ask([cut(*line) & scope for line in lines])
    groups = [line for line, yes in zip(lines, may, strict=True) if yes and len(line[0]) > 1]
    ledger.ask_by_month([cut(*line) & scope for line in groups])
    ledger.ask_by_month([cut(p) for p in ("ABCD", "ABD", "AD", "B", "C")])
    of_months = [s & (ledger.at == m) for s in ledger.of_months for m in range(3)]
    told = [set(map(int, np.flatnonzero(s))) for s in (*ledger.of_year, *of_months)]
    size = {n: int(count) for n, count in enumerate(ledger.counts[0])}
    known = few_that_follow(size, [set(map(int, np.flatnonzero(s))) for s in anyhow])
    found = few_that_follow(size, [s for s in told if s])
    assert [f for f in found if f not in known] == []


def test_few_of_each_month_are_told_together_and_not_apart() -> None:
    """Two lines of a year may be told where their months may not."""
    ledger = Ledger(drawn_year([4, 4, 4, 9, 9, 9] + [0] * 18), "2018/19", SMALLEST)
    lines = [ledger.cells({"A"}, pod) for pod in ("EL", "NEL")]
    assert ledger.ask(lines) == [True, True]
    assert ledger.ask_by_month(lines) == [False, True]
    # All of a month less its emergency stays would be the 4.
    assert ledger.ask_by_month([ledger.cells({"A"})]) == [False]


def test_a_sum_under_another_practice_is_a_sum_of_the_same_activity() -> None:
    """The worked case of the shipped demonstration: 26 stays of both practices, 22 of the first."""
    counts = [0] * 24
    counts[3], counts[4], counts[21] = 11, 11, 4
    ledger = Ledger(drawn_year(counts), "2018/19", SMALLEST)
    ledger.of_year.append(ledger.cells({"A", "D"}, "NEL"))
    assert ledger.ask([ledger.cells({"A"}, "NEL")]) == [False]
