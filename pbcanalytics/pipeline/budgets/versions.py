"""Agreed budgets: kept for good, read back, held against each other and against the checklist."""

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pbcanalytics.budgets import YearBudget
from pbcanalytics.budgets.agreement.checklist import Check
from pbcanalytics.budgets.agreement.versions import Difference, difference
from pbcanalytics.budgets.walk.baseline import NOT_AGREED
from pbcanalytics.pipeline.budgets import budget_bundle as bundles
from pbcanalytics.pipeline.budgets.agreeing import agreements, budget_now
from pbcanalytics.pipeline.budgets.budget_inputs import inputs_of, unpacked
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.store import Warehouse, agreed, plain_records
from pbcanalytics.store.agreed import Version
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError, StoreError

NOW: Final = "now"
"""Stands for what the data would give now, where a version may be named."""


@dataclass(frozen=True)
class AgreedBudget:
    """
    The budgets of a PCT and year as last agreed: the figures kept, not reckoned anew.

    Attributes
    ----------
    budget : YearBudget
        As kept, but that it is no longer provisional for want of agreement.
    version : int
    agreed_by, reason : str
    agreed_on : date
    seal : str
        Checksum of the version's manifest.
    fault : str
        What is wrong with the chain of versions; empty where it is intact.
    """

    budget: YearBudget
    version: int
    agreed_by: str
    agreed_on: dt.date
    reason: str
    seal: str
    fault: str


def versions(data: Path, year: str | None = None, pct: str | None = None) -> list[Version]:
    """
    List the agreed versions that are kept, each with what is wrong with it.

    Raises
    ------
    SelectionError
        If that is no financial year.
    """
    of = None if year is None else periods.starting(periods.first_year(year))
    return agreed.versions(data, pct, of)


def agreed_budgets(data: Path) -> dict[tuple[str, str], AgreedBudget]:
    """
    Give the last agreed budgets of every PCT and year, from the figures that were kept.

    Parameters
    ----------
    data : Path
        The data folder.

    Returns
    -------
    dict of (PCT code, financial year) to AgreedBudget
        Of a year without an agreed version there is none.

    Raises
    ------
    StoreError
        If the file of a last version is altered or damaged: altered figures are not used.
    """
    last = {(v.pct_code, v.financial_year): v for v in agreed.versions(data)}
    return {key: _agreed_budget(one) for key, one in last.items()}


def checked(
    data: Path, year: str, pct: str | None = None
) -> tuple[str, Version | None, tuple[Check, ...]]:
    """
    Hold the last agreed budgets of a year, or else the provisional ones, against the checklist.

    Returns
    -------
    str, Version or None, tuple of Check
        The code of the PCT, the version held against it (None: provisional), and the answers.

    Raises
    ------
    SelectionError, StoreError
    """
    year = periods.starting(periods.first_year(year))
    kept = agreed.versions(data, pct, year)
    if kept:
        own = [v for v in kept if v.pct_code == _one_pct(kept, year)]
        bundle = agreed.opened(own[-1].path)
        budget = _agreed_budget(own[-1]).budget
        inputs = unpacked(bundle.members)
        told = bundles.checked(budget, inputs, agreements(own), bundles.rules_kept(bundle.members))
        return budget.pct_code, own[-1], told
    held = shelf(data)
    with Warehouse.open(data, doing="the checklist") as warehouse:
        budget = budget_now(warehouse, held, data, year, pct)
        inputs = inputs_of(warehouse, budget)
    told = bundles.checked(budget, inputs, [], bundles.fair_share_rules(held))
    return budget.pct_code, None, told


def compared(
    data: Path, year: str, then: str, now: str, pct: str | None = None
) -> tuple[str, Difference]:
    """
    Hold two versions of a year's budgets against each other.

    Parameters
    ----------
    data : Path
    year : str
    then, now : str
        Numbers of versions, or NOW for what the data would give now.
    pct : str, optional

    Returns
    -------
    str, Difference
        The code of the PCT, and what changed.

    Raises
    ------
    SelectionError
        If there is no such version or no budget.
    StoreError
        If a version is altered, or what is loaded has changed since it was priced.
    """
    year = periods.starting(periods.first_year(year))
    kept = agreed.versions(data, pct, year)
    pct_code = _one_pct(kept, year) if kept else pct
    found = [_named(data, kept, name, year, pct_code) for name in (then, now)]
    return found[0].pct_code, difference(found[0].baseline, found[1].baseline)


def _named(data: Path, kept: list[Version], name: str, year: str, pct: str | None) -> YearBudget:
    """Give the budget of a version, or what the data give now."""
    if name.strip().lower() == NOW:
        with Warehouse.open(data, doing="comparing the budgets") as warehouse:
            return budget_now(warehouse, shelf(data), data, year, pct)
    for one in kept:
        if name.strip().lower() in (str(one.version), f"v{one.version}"):
            return _agreed_budget(one).budget
    held = ", ".join(str(v.version) for v in kept) or "none"
    raise SelectionError(
        f"There is no version {name} of the budgets of {year} (kept: {held}), so nothing can be "
        f"compared with it. Name one of these, or {NOW} for what the data would give now."
    )


def _agreed_budget(one: Version) -> AgreedBudget:
    """Make a kept version's budgets again from its figures."""
    if one.is_altered or one.agreed_on is None:
        raise StoreError(
            f"{one.path.name} is not as it was kept ({one.fault}), so its budgets are not used. "
            "Put the file back from a copy; 'pbc versions' checks it."
        )
    kept = plain_records.read(YearBudget, agreed.opened(one.path).members, bundles.DOCUMENT)
    reasons = tuple(r for r in kept.baseline.provisional_reasons if r != NOT_AGREED)
    budget = replace(kept, baseline=replace(kept.baseline, provisional_reasons=reasons))
    return AgreedBudget(
        budget, one.version, one.agreed_by, one.agreed_on, one.reason, one.seal, one.fault
    )


def _one_pct(kept: list[Version], year: str) -> str:
    """Give the one PCT whose versions these are."""
    codes = sorted({v.pct_code for v in kept})
    if len(codes) > 1:
        raise SelectionError(
            f"Versions of {year} are kept for more than one PCT ({', '.join(codes)}). Name one "
            "with --pct."
        )
    return codes[0]
