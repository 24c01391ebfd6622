"""The rows that each step of a budget rests on, with the file and line from which they came."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets import NEEDED, Baseline
from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.budgets.walk.adjustments import ALL
from pbcanalytics.costing.chain import model
from pbcanalytics.faces.wording import exact
from pbcanalytics.pipeline.budgets.weight_sets import share_rules
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import codes, periods
from pbcanalytics.words.errors import StoreError

_ACTIVITY: Final = """
SELECT practice_code, pod AS line, kind, spell_number, provider_code, commissioner_code,
       specialty_code, hrg, discharge_date, month, n_activity, price_year, price_pence, pence,
       unpriced_reason
FROM ({model}) AS m
WHERE financial_year = ? AND price_year = ? AND practice_code IN ({marks})
ORDER BY pence DESC NULLS LAST, practice_code, line, kind, provider_code, month, discharge_date,
         spell_number, hrg, specialty_code, commissioner_code, n_activity
"""

_SET_FROM: Final = """
SELECT practice_code, pod AS line, n_activity, pence FROM practice_lines
WHERE financial_year = ? AND price_year = ? AND practice_code IN ({marks})
"""

_LISTS: Final = """
SELECT m.practice_code, m.count_date, m.sex, m.age, m.n_patients, f.file, m.line_number
FROM ({model}) AS m LEFT JOIN loads AS f USING (load_id)
WHERE m.count_date IN (?, ?) AND m.practice_code IN ({marks})
ORDER BY m.count_date, m.practice_code, f.file, m.line_number
"""

_COUNTED: Final = """
SELECT practice_code, count_date, n_patients FROM practice_lists
WHERE count_date IN (?, ?) AND practice_code IN ({marks})
"""

_OF_YEAR: Final = """
SELECT t.*, f.file FROM {table} AS t LEFT JOIN loads AS f USING (load_id)
WHERE t.pct_code = ? AND REPLACE(t.financial_year, '-', '/') = ?
ORDER BY ALL
"""

_WEIGHED: Final = """
SELECT w.practice_code, w.weighted_list, w.population, f.file, w.line_number
FROM weighted_lists AS w LEFT JOIN loads AS f USING (load_id)
WHERE w.financial_year = ? AND w.practice_code IN ({marks})
ORDER BY ALL
"""

_OTHER_DATA: Final = (
    "They were priced or loaded apart, so nothing can be shown as the rows behind the budget. Run "
    "'pbc build' and try again."
)


@dataclass(frozen=True)
class Asked:
    """
    What the rows of a step are chosen by.

    Attributes
    ----------
    warehouse : Warehouse
    pct_code : str
    plain : Baseline
        The budgets that count.
    lines : DataFrame
        The lines asked for, of `Baseline.lines`.
    line : str or None
        The one line asked for; None for all of the practices.
    answers : dict of str to str
        The practice with the budget, by its own code and those of practices it took over.
    every_answer : dict of str to str
        The same of all practices with a budget.
    """

    warehouse: Warehouse
    pct_code: str
    plain: Baseline
    lines: pd.DataFrame
    line: str | None
    answers: dict[str, str]
    every_answer: dict[str, str]

    @property
    def places(self) -> set[tuple[str, str]]:
        """The practices and lines asked for."""
        return set(zip(self.lines["practice_code"], self.lines["pod"], strict=True))

    def own(self, select: str, *values: Any) -> pd.DataFrame:
        """Give the rows of a SELECT that are of these practices, and in whose budget each is."""
        marks = ", ".join("?" * len(self.answers))
        found = self.warehouse.frame(select.format(marks=marks), [*values, *self.answers])
        found.insert(0, "budget_practice_code", found["practice_code"].map(self.answers))
        return found

    def of_year(self, table: str) -> pd.DataFrame:
        """Give the rows of a landing table of the PCT and year, with their file."""
        if not self.warehouse.has(table):
            return pd.DataFrame()
        values = [self.pct_code, self.plain.financial_year]
        return self.warehouse.frame(_OF_YEAR.format(table=table), values)


Found = tuple[pd.DataFrame, dict[str, Any]]
"""Rows, and further figures of the formula."""


def activity(asked: Asked) -> Found:
    """
    Give every spell, unbundled HRG and cell of attendances of the base year with its price.

    Returns
    -------
    DataFrame, one row per spell, unbundled HRG or cell of equal attendances
        `budget_practice_code`, `practice_code` (its own), `line`, `kind`, `spell_number`,
        `provider_code`, `commissioner_code`, `specialty_code`, `hrg`, `discharge_date`, `month`,
        `n_activity`, `price_year`, `price_pence` (of one), `pence`, `unpriced_reason`. [pence]
    dict
        `base_year`, `price_year`, `n_activity`, `n_unpriced`.

    Raises
    ------
    StoreError
        If they are not the activity that budgets are set from.
    """
    years = (asked.plain.base_year, asked.plain.price_year)
    rows = asked.own(_ACTIVITY.replace("{model}", model("budget_rows")), *years)
    rows = _of_lines(rows, asked).astype(
        dict.fromkeys(("n_activity", "price_pence", "pence"), "Int64")
    )
    by = ["budget_practice_code", "line"]
    set_from = _of_lines(asked.own(_SET_FROM, *years), asked)
    theirs, ours = (f.groupby(by)[["n_activity", "pence"]].sum() for f in (set_from, rows))
    off = ours.sub(theirs, fill_value=0).astype("int64")
    off = off[(off != 0).any(axis=1)]
    if len(off):
        told = "; ".join(
            f"{d['budget_practice_code']} {d['line']} by {exact(d['pence'])} and "
            f"{d['n_activity']:,} items"
            for d in off.head(8).reset_index().to_dict("records")
        )
        raise StoreError(
            f"The budget was set from other data than the rows of {years[0]} at {years[1]} prices "
            f"that are held now; the rows differ by {exact(int(off['pence'].sum()))}: {told}. "
            f"{_OTHER_DATA}"
        )
    is_unpriced = rows["unpriced_reason"].notna()
    return rows, {
        "base_year": years[0],
        "price_year": years[1],
        "n_activity": int(rows["n_activity"].sum()),
        "n_unpriced": int(rows.loc[is_unpriced, "n_activity"].sum()),
    }


def list_change(asked: Asked) -> Found:
    """
    Give the rows of lists that are counted in the lists of both years.

    Returns
    -------
    DataFrame, one row per practice, count date, sex and age, as the file gives them
        `budget_practice_code`, `practice_code` (its own), `count_date`, `sex`, `age`,
        `n_patients`, `file`, `line_number`. [patients]
    dict
        `practices`, one dict a practice: `list_base`, `list_budget`, and the same as they are
        loaded now, `list_base_now`, `list_budget_now`. [patients]

    Raises
    ------
    StoreError
        If the lists were loaded after the last build.
    """
    days = [periods.start(asked.plain.base_year), periods.start(asked.plain.financial_year)]
    rows = asked.own(_LISTS.replace("{model}", model("budget_lists")), *days)
    by = ["budget_practice_code", "count_date"]
    ours = rows.groupby(by)["n_patients"].sum()
    counted = asked.own(_COUNTED, *days).dropna(subset=["n_patients"])
    theirs = counted.groupby(by)["n_patients"].sum()
    off = ours.sub(theirs, fill_value=0)
    off = off[off != 0]
    if len(off):
        told = "; ".join(
            f"{d['budget_practice_code']} on {d['count_date']:%Y-%m-%d} by "
            f"{int(d['n_patients']):+,} patients"
            for d in off.reset_index().to_dict("records")
        )
        raise StoreError(
            f"The budget was set from other lists than those that are loaded now: {told}. "
            f"{_OTHER_DATA}"
        )
    now = {
        (d["budget_practice_code"], d["count_date"].date()): int(d["n_patients"])
        for d in ours.reset_index().to_dict("records")
    }
    return rows, {
        "practices": [
            {
                "practice_code": row["practice_code"],
                "list_base": int(row["list_base"]),
                "list_budget": int(row["list_budget"]),
                "list_base_now": now.get((row["practice_code"], days[0])),
                "list_budget_now": now.get((row["practice_code"], days[1])),
            }
            for row in _practices(asked).to_dict("records")
        ]
    }


def growth(asked: Asked) -> Found:
    """Give the rows of the plan that agree growth for the lines (as `_plan`)."""
    return _plan(asked, ("growth",), {pod for _, pod in asked.places}), {}


def uplift(asked: Asked) -> Found:
    """Give the row of the plan with the price uplift, and the years of activity and prices."""
    plain = asked.plain
    return _plan(asked, ("uplift",), {ALL}), {
        "base_year": plain.base_year,
        "price_year": plain.price_year,
        "uplift_share": plain.plan.uplift_share,
    }


def affordability(asked: Asked) -> Found:
    """
    Give the rows of the plan with the resource and what is held back of it, and the sums.

    Returns
    -------
    DataFrame
        As `_plan`.
    dict
        `resource_pence`, `contingency_pence`, `risk_pool_pence`, `top_slice_pence`,
        `available_pence`, and `needed_pence`: what all practices need, with what others hold and
        what is kept for those without a list, as the ratio tells it. [pence]
    """
    plain = asked.plain
    pools = ("contingency", "risk_pool", "top_slice")
    scale = _scale(plain)
    return _plan(asked, ("resource", *pools), {ALL}), {
        "resource_pence": plain.plan.resource_pence,
        **{f"{pool}_pence": getattr(plain, f"{pool}_pence") for pool in pools},
        "available_pence": plain.available_pence,
        "needed_pence": half_up(plain.available_pence / scale) if scale else None,
    }


def fair_share(asked: Asked) -> Found:
    """
    Give the weighted lists of the practices, and where their whole budgets stood before the move.

    Returns
    -------
    DataFrame, one row per weighted list loaded
        `budget_practice_code`, `practice_code` (its own), `weighted_list`, `population`, `file`,
        `line_number`. [patients]
    dict
        `band_share`, `pace_share` (None: nobody is to be moved), `pot_pence` (what moves between
        practices), `weighted_lists` (of all practices, as loaded now), and `practices`, one dict a
        practice: `weighted_list`, `whole_pence` (its whole budget before, with what others hold),
        `target_pence`, `distance_share`, `whole_move_pence`; None where it has no weighted list.
        [patients; pence; shares]
    """
    everybody = replace(asked, answers=asked.every_answer)
    rows = everybody.own(_WEIGHED, asked.plain.financial_year)
    lists = rows.groupby("budget_practice_code")["weighted_list"].sum().to_dict()
    every = [_standing(row) for row in asked.plain.practices.to_dict("records")]
    for one in every:
        known = one["target_pence"] is not None
        one["weighted_list"] = lists.get(one["practice_code"], 0.0) if known else None
    ours = set(asked.lines["practice_code"])
    rows = rows[rows["budget_practice_code"].isin(list(ours))].reset_index(drop=True)
    band = share_rules(shelf(asked.warehouse.path.parent))["band_share"]["value"]
    return rows, {
        "band_share": band,
        "pace_share": asked.plain.plan.pace_share,
        "weighted_lists": sum(one["weighted_list"] or 0.0 for one in every),
        "pot_pence": sum(max(0, one["whole_move_pence"] or 0) for one in every),
        "practices": [one for one in every if one["practice_code"] in ours],
    }


def factors(plain: Baseline, lines: pd.DataFrame, step: str) -> list[Fraction | None]:
    """Give what a step multiplies each line by; None where it does not multiply."""
    lists = {
        row["practice_code"]: Fraction(int(row["list_budget"]), int(row["list_base"]))
        for row in plain.practices.to_dict("records")
    }
    scale = _scale(plain)
    found: list[Fraction | None] = []
    for code, pod in zip(lines["practice_code"], lines["pod"], strict=True):
        factor: dict[str, Fraction | None] = {
            "list_change": lists[code],
            "growth": 1 + plain.plan.growth_share.get(pod, Fraction(0)),
            "uplift": 1 + plain.plan.uplift_share,
            "affordability": scale,
        }
        found.append(factor.get(step))
    return found


def _scale(plain: Baseline) -> Fraction | None:
    """Give the ratio of affordability, the same for all lines, as far as whole pence tell it."""
    needed = int(plain.lines[list(NEEDED)].sum().sum())
    return (
        Fraction(needed + int(plain.lines["affordability_pence"].sum()), needed) if needed else None
    )


def _of_lines(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Keep the rows of the lines asked for; what no line is for is of the other one."""
    line = rows["line"].where(rows["line"].isin(list(codes.PODS)), codes.OTHER_POD)
    rows = rows.assign(line=line)
    return rows if asked.line is None else rows[line == asked.line].reset_index(drop=True)


def _practices(asked: Asked) -> pd.DataFrame:
    """Give the practices asked for."""
    practices = asked.plain.practices
    return practices[practices["practice_code"].isin(list(asked.lines["practice_code"]))]


def _plan(asked: Asked, items: Iterable[str], lines: set[str]) -> pd.DataFrame:
    """
    Give rows of the plan.

    Returns
    -------
    DataFrame, one row per item and line
        `item`, `line`, `value`, `unit`, `note`, `file`, `line_number`, as loaded now.
    """
    rows = asked.of_year("plan")
    rows = rows[rows["item"].isin(list(items)) & rows["line"].isin(list(lines))]
    names = ["item", "line", "value", "unit", "note", "file", "line_number"]
    return rows[names].reset_index(drop=True)


def _standing(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Say where a practice's whole budget stood before the move, and what moved of it."""
    after, held = int(row["indicative_pence"]) + int(row["held_pence"]), int(row["held_pence"])
    before: int | None = after - int(row["fair_share_pence"])
    target, distance = row["target_pence"], row["distance_share"]
    if target is None or distance is None:
        before = target = distance = None
    elif held:
        # What others hold moves too; before the move it is told by the distance alone.
        before = half_up(target * (1 + distance))
    return {
        "practice_code": row["practice_code"],
        "whole_pence": before,
        "target_pence": target,
        "distance_share": distance,
        "whole_move_pence": None if before is None else after - before,
    }
