"""A budget opened: its walk as it counts, and behind each step the rows that it rests on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pandas as pd

from pbcanalytics import costing
from pbcanalytics.budgets import MOVES, Baseline, YearBudget
from pbcanalytics.faces.sentences.opened_budget import STEPS, Drilled, Opened, asked_for
from pbcanalytics.pipeline.budgets import drill_rows, drill_sidelines
from pbcanalytics.pipeline.budgets.budget_inputs import the_one
from pbcanalytics.pipeline.budgets.drill_rows import Asked, Found
from pbcanalytics.pipeline.budgets.in_force import InForce, in_force
from pbcanalytics.pipeline.stage import every_budget
from pbcanalytics.store import Warehouse
from pbcanalytics.words import codes, periods
from pbcanalytics.words.errors import SelectionError, StoreError

_READ: Final[dict[str, Callable[[Asked], Found]]] = {
    "activity": drill_rows.activity,
    "list_change": drill_rows.list_change,
    "growth": drill_rows.growth,
    "uplift": drill_rows.uplift,
    "adjustment": drill_sidelines.adjustment,
    "scope": drill_sidelines.scope,
    "affordability": drill_rows.affordability,
    "fair_share": drill_rows.fair_share,
}
"""What reads the rows of each step."""

_SAME: Final = pd.DataFrame(columns=["practice_code", "pod", "then_pence", "now_pence"])
"""No line differs."""


def open_budget(
    data: Path,
    year: str,
    *,
    pct: str | None = None,
    practice: str | None = None,
    line: str | None = None,
) -> Opened:
    """
    Open the budgets of a year: agreed ones as they were kept, else what the data give now.

    Parameters
    ----------
    data : Path
        The data folder.
    year : str
        Budget year, "2018/19".
    pct : str, optional
        Whose, if more than one PCT has budgets of the year.
    practice, line : str, optional
        Of one practice, one point of delivery.

    Returns
    -------
    Opened

    Raises
    ------
    SelectionError
        If there is no such budget, practice or line.
    StoreError
        If nothing was priced, or an agreed version is altered.
    """
    with _priced(data) as warehouse:
        return _opened(warehouse, in_force(warehouse), year, pct, practice, line)


def drill(
    data: Path,
    year: str,
    step: str,
    *,
    pct: str | None = None,
    practice: str | None = None,
    line: str | None = None,
) -> Drilled:
    """
    Open one step of a budget down to the rows that it rests on, as they are loaded now.

    Parameters
    ----------
    data, year, pct, practice, line
        As for `open_budget`.
    step : str
        One of STEPS.

    Returns
    -------
    Drilled
        The rows of `activity` sum to the step, unless a version was agreed from other data.

    Raises
    ------
    SelectionError
        If there is no such step, budget, practice or line.
    StoreError
        If nothing was priced, or the rows are not those from which budgets are set.
    """
    name = step.strip().lower().replace("-", "_")
    if name not in STEPS:
        raise SelectionError(
            f"'{step}' is no step of a budget, so there are no rows to show. The steps are "
            f"{', '.join(STEPS)}; docs/budgets.md says what each does."
        )
    with _priced(data) as warehouse:
        opened = _opened(warehouse, in_force(warehouse), year, pct, practice, line)
        plain = opened.budget.baseline
        asked = _asked(warehouse, opened)
        lines = _stepped(plain, opened.lines, name)
        rows, facts = _READ[name](asked)
        differences: pd.DataFrame | None = _SAME.copy()
        if opened.agreed is not None:
            now = the_one(every_budget(warehouse), opened.budget.pct_code, plain.financial_year)
            differences = _differences(opened, name, lines, rows, now)
    return Drilled(opened, name, lines, rows, facts, differences)


@contextmanager
def _priced(data: Path) -> Iterator[Warehouse]:
    """Open the working database of a data folder whose activity has been priced."""
    with Warehouse.open(data, doing="opening the budget") as warehouse:
        if not (warehouse.has("build") and warehouse.has("practice_lines")):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so there are no budgets to open. "
                "Run 'pbc build' first."
            )
        yield warehouse


def _opened(
    warehouse: Warehouse,
    found: InForce,
    year: str,
    pct: str | None,
    practice: str | None,
    line: str | None,
) -> Opened:
    """Choose the budget, the practice and the line that were asked for."""
    year = periods.starting(periods.first_year(year))
    budget = _the_budget(found, year, pct)
    register = warehouse.frame("SELECT * FROM practices ORDER BY practice_code")
    code = None if practice is None else practice.strip().upper()
    pod = None if line is None else line.strip().upper()
    if code is not None:
        _refuse_without_budget(budget, code, register)
    if pod is not None and asked_for(budget.baseline, code, pod).empty:
        held = set(asked_for(budget.baseline, code, None)["pod"])
        there = [p for p in (*codes.PODS, codes.OTHER_POD) if p in held]
        raise SelectionError(
            f"{code or 'No practice'} has {'no ' if code else 'a '}line '{line}' in the budgets of "
            f"{year}, so there is nothing to show. The lines are {', '.join(there)}."
        )
    names = {
        str(c): str(n)
        for c, n in zip(register["practice_code"], register["practice_name"], strict=True)
        if isinstance(n, str)
    }
    key = (budget.pct_code, year)
    return Opened(budget, found.agreed.get(key), names, code, pod)


def _the_budget(found: InForce, year: str, pct: str | None) -> YearBudget:
    """Choose the one PCT's budgets of a year."""
    of_year = [b for b in found.budgets if b.baseline.financial_year == year]
    chosen = [b for b in of_year if pct in (None, b.pct_code)]
    if len(chosen) > 1:
        raise SelectionError(
            f"More than one PCT has budgets of {year} ({', '.join(b.pct_code for b in chosen)}). "
            "Name one with --pct."
        )
    if chosen:
        return chosen[0]
    for one in found.unset:
        if one.financial_year == year and pct in (None, one.pct_code):
            raise SelectionError(one.reason)
    whose = f" of PCT {pct}" if pct else ""
    years = sorted({b.baseline.financial_year for b in found.budgets})
    raise SelectionError(
        f"There is no budget{whose} for {year}, so there is nothing to open (years with budgets: "
        f"{', '.join(years) or 'none'}). Load the plan of the year, or choose one of these."
    )


def _refuse_without_budget(budget: YearBudget, code: str, register: pd.DataFrame) -> None:
    """Refuse a practice that has no budget of its own, and say where its activity is."""
    plain = budget.baseline
    if code in set(plain.practices["practice_code"]):
        return
    gaps = dict(zip(plain.gaps["practice_code"], plain.gaps["reason"], strict=True))
    day = periods.start(plain.financial_year)
    now = costing.answering(register, "practice_code", day).get(code, code)
    if now != code:
        raise SelectionError(
            f"Practice {code} has no budget of {plain.financial_year}: {now} answers for it, and "
            f"its rows are in that one's budget. Choose --practice {now}."
        )
    if code in gaps:
        raise SelectionError(
            f"Practice {code} has no budget of {plain.financial_year}: {gaps[code]}. Its share of "
            "the money is kept for it; load what is missing and run 'pbc build'."
        )
    raise SelectionError(
        f"There is no practice '{code}' among the budgets of {budget.pct_code} for "
        f"{plain.financial_year}. They are {', '.join(plain.practices['practice_code'])}."
    )


def _asked(warehouse: Warehouse, opened: Opened) -> Asked:
    """Gather what the rows of a step are chosen by."""
    plain, pct = opened.budget.baseline, opened.budget.pct_code
    register = warehouse.frame("SELECT * FROM practices ORDER BY practice_code")
    day = periods.start(plain.financial_year)
    answers = costing.answering(register, "practice_code", day)
    lines = opened.lines
    budgeted, every = set(lines["practice_code"]), set(plain.practices["practice_code"])
    return Asked(
        warehouse=warehouse,
        pct_code=pct,
        plain=plain,
        lines=lines,
        line=opened.line,
        answers={code: now for code, now in answers.items() if now in budgeted},
        every_answer={code: now for code, now in answers.items() if now in every},
    )


def _stepped(plain: Baseline, lines: pd.DataFrame, step: str) -> pd.DataFrame:
    """Say what each line was before a step, what the step did, and what it was after."""
    place = STEPS.index(step)
    before = lines[list(MOVES[:place])].sum(axis=1).astype("int64")
    moved = lines[MOVES[place]]
    factors = drill_rows.factors(plain, lines, step)
    return pd.DataFrame(
        {
            "practice_code": lines["practice_code"],
            "pod": lines["pod"],
            "before_pence": before,
            "factor": pd.Series(factors, index=lines.index, dtype=object),
            "step_pence": moved,
            "after_pence": before + moved,
        }
    )


def _differences(
    opened: Opened, step: str, lines: pd.DataFrame, rows: pd.DataFrame, now: Any
) -> pd.DataFrame | None:
    """Name the lines of which an agreed step would be another, set from what is loaded now."""
    names = {"budget_practice_code": "practice_code", "line": "pod"}
    by = ["practice_code", "pod"]
    if step == "activity":
        today = rows.rename(columns={"practice_code": "own_code"}).rename(columns=names)
        ours = today.groupby(by)["pence"].sum()
    elif isinstance(now, YearBudget):
        today = asked_for(now.baseline, opened.practice_code, opened.line)
        ours = today.set_index(by)[f"{step}_pence"]
    else:
        return None
    both = pd.DataFrame({"then_pence": lines.set_index(by)["step_pence"], "now_pence": ours})
    both = both.fillna(0).astype("int64")
    return both[both["then_pence"] != both["now_pence"]].reset_index()
