"""The budgets of a year kept as agreed, and what is refused."""

import datetime as dt
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import pandas as pd

from pbcanalytics import budgets
from pbcanalytics.budgets import YearBudget
from pbcanalytics.budgets.agreement.checklist import Agreement, Check
from pbcanalytics.budgets.agreement.versions import cells_that_differ, fields_of
from pbcanalytics.pipeline.budgets import budget_bundle as bundles
from pbcanalytics.pipeline.budgets.budget_inputs import inputs_of, set_again, the_one
from pbcanalytics.pipeline.stage import every_budget, fingerprint, refuse_unpriced, shelf
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse, agreed, plain_records
from pbcanalytics.store.agreed import Version
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError, StoreError


def agree(
    data: Path,
    year: str,
    *,
    agreed_by: str,
    reason: str,
    agreed_on: dt.date | None = None,
    pct: str | None = None,
) -> tuple[Version, YearBudget, tuple[Check, ...]]:
    """
    Keep the budgets of a year, as the data now give them, as their next version.

    Parameters
    ----------
    data : Path
        The data folder.
    year : str
        Financial year, "2018/19".
    agreed_by, reason : str
        Who agreed them, with the role; and why, or on what occasion.
    agreed_on : date, optional
        The day; today if not named.
    pct : str, optional
        Whose, if more than one PCT has budgets of the year.

    Returns
    -------
    Version, YearBudget, tuple of Check

    Raises
    ------
    SelectionError
        If name or reason is missing, the day cannot be, there is no budget of the year, or it is
        the one agreed last.
    StoreError
        If nothing was priced, what is loaded has changed since, or the last version is damaged.
    """
    year = periods.starting(periods.first_year(year))
    day = agreed_on or dt.date.today()
    _refuse_blanks(agreed_by, reason, day)
    held = shelf(data)
    rules = bundles.fair_share_rules(held)
    with Warehouse.open(data, doing="agreeing the budgets") as warehouse:
        budget = budget_now(warehouse, held, data, year, pct)
        earlier = agreed.versions(data, budget.pct_code, year)
        _refuse_repeated(earlier, budget, day)
        inputs = inputs_of(warehouse, budget)
        _refuse_unrepeatable(budget, inputs, rules)
        this = Agreement(len(earlier) + 1, agreed_by.strip(), day, reason.strip())
        checks = bundles.checked(budget, inputs, [*agreements(earlier), this], rules)
        files = warehouse.frame("SELECT * FROM loads ORDER BY load_id")
        about = {
            "pct_code": budget.pct_code,
            "financial_year": year,
            "agreed_by": this.agreed_by,
            "agreed_on": day.isoformat(),
            "reason": this.reason,
            "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "program": installed("pbcanalytics"),
            "indicative_pence": int(budget.baseline.practices["indicative_pence"].sum()),
            "inputs": fingerprint(warehouse, held),
            "files": bundles.files_loaded(files),
        }
        members = bundles.members(budget, inputs, held, checks)
        return agreed.keep(data, about, members), budget, checks


def budget_now(
    warehouse: Warehouse, held: Shelf, data: Path, year: str, pct: str | None
) -> YearBudget:
    """
    Give the budgets of a year as the data give them now.

    Raises
    ------
    SelectionError
        If there is none, or more than one PCT has some and none is named.
    StoreError
        If nothing was priced, or what is loaded has changed since.
    """
    refuse_unpriced(warehouse, held)
    of_year = [
        (one.pct_code, one)
        for one in every_budget(warehouse)
        if (one.baseline if isinstance(one, YearBudget) else one).financial_year == year
    ]
    chosen = [one for code, one in of_year if pct in (None, code)]
    if len(chosen) > 1:
        codes = ", ".join(code for code, _ in of_year)
        raise SelectionError(
            f"More than one PCT has budgets of {year} ({codes}), and each agrees its own. Name "
            "one with --pct."
        )
    if not chosen:
        whose = f" of PCT {pct}" if pct else ""
        raise SelectionError(
            f"No plan{whose} for {year} is loaded, so there is no budget to agree or compare. "
            "Load the plan, or choose a year that has one."
        )
    if isinstance(chosen[0], budgets.Unset):
        raise SelectionError(chosen[0].reason)
    return chosen[0]


def agreements(kept: list[Version]) -> list[Agreement]:
    """Give who agreed which version, those that can be read."""
    return [
        Agreement(v.version, v.agreed_by, v.agreed_on, v.reason)
        for v in kept
        if v.agreed_on is not None
    ]


def _refuse_blanks(agreed_by: str, reason: str, day: dt.date) -> None:
    """Refuse what does not say who, why and when."""
    missing = [
        said
        for said, text in (("who agreed them (--by)", agreed_by), ("a reason (--reason)", reason))
        if not text.strip()
    ]
    if missing:
        raise SelectionError(
            f"The budgets were not kept: {' and '.join(missing)} is missing. A version stays for "
            "good, and whoever reads it later has to know who agreed it and why."
        )
    if day > dt.date.today():
        raise SelectionError(
            f"{day.isoformat()} is still to come, so nothing can have been agreed on it. Name the "
            "day on which the budgets were agreed, or leave --on out for today."
        )


def _refuse_repeated(earlier: list[Version], budget: YearBudget, day: dt.date) -> None:
    """Refuse a day before the last version's, and the same figures again."""
    if not earlier:
        return
    last = earlier[-1]
    if last.agreed_on is not None and day < last.agreed_on:
        raise SelectionError(
            f"Version {last.version} was agreed on {last.agreed_on.isoformat()}, so the next one "
            f"cannot have been agreed on {day.isoformat()}, before it. Correct --on."
        )
    if last.is_altered:
        return  # keeping refuses it, and says what is wrong
    then = plain_records.read_loosely(agreed.opened(last.path).members, bundles.DOCUMENT)
    now = fields_of(budget)
    # Both ways: what only one of them tells, as a rule of return noted since, is a difference.
    if cells_that_differ(then, now).empty and cells_that_differ(now, then).empty:
        raise SelectionError(
            f"The budgets are the same as version {last.version}, agreed on {last.agreed_on} by "
            f"{last.agreed_by}, in every figure, so no new version was kept. That one stays."
        )


def _refuse_unrepeatable(
    budget: YearBudget, inputs: dict[str, pd.DataFrame], rules: dict[str, Any]
) -> None:
    """Keep nothing that could not be set again from its own inputs."""
    year = budget.baseline.financial_year
    again = the_one(set_again(inputs, rules), budget.pct_code, year)
    if isinstance(again, YearBudget):
        then, now = fields_of(budget), fields_of(again)
        if cells_that_differ(then, now).empty:
            return
    raise StoreError(
        f"The budgets of {year} could not be set again from what would be kept with them, so no "
        "version was kept. This is a fault of the program; please tell the maintainers."
    )
