"""The savings of a budget year, gathered from what is loaded and the rules of the year."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pbcanalytics import budgets, costing
from pbcanalytics.budgets.agreed_sums import agreed_sums
from pbcanalytics.budgets.freed_up import ShareRule, share_rule
from pbcanalytics.budgets.incentive_scheme import Scheme, scheme
from pbcanalytics.budgets.noise_terms import NoiseTerms, noise_terms
from pbcanalytics.budgets.year_savings import YearSavings, year_savings
from pbcanalytics.costing.organisations import consortium_on
from pbcanalytics.pipeline.stage import every_budget, shelf
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import periods
from pbcanalytics.words.errors import ReferenceGap, SelectionError, StoreError

_MONTHLY = """
SELECT practice_code, month, CAST(SUM(n_rows - n_outside) AS BIGINT) AS n_activity,
       CAST(SUM(n_priced) AS BIGINT) AS n_priced, CAST(SUM(pence) AS BIGINT) AS pence
FROM activity
WHERE financial_year = ? AND price_year = ?
GROUP BY practice_code, month
HAVING SUM(n_rows - n_outside) > 0
"""
"""The spending of a year at its own prices."""


@dataclass(frozen=True)
class Found:
    """
    The savings of a year and what they rest on.

    Attributes
    ----------
    financial_year : str
    rules : dict of str to dict
        The savings rules of the year, each with value, unit, status and source.
    rule : ShareRule
    terms : NoiseTerms
    pcts : tuple of YearSavings
        One a PCT with budgets and activity of the year.
    without_activity : tuple of str
        PCTs with budgets of the year and no activity of it.
    unset : tuple of str
        Why no budget could be set, a sentence a PCT.
    names : dict of str to str
        Of consortia and practices, by code.
    unmatched : tuple of str
        Codes for which something is recorded and that are no group of the year.
    """

    financial_year: str
    rules: dict[str, dict[str, Any]]
    rule: ShareRule
    terms: NoiseTerms
    pcts: tuple[YearSavings, ...]
    without_activity: tuple[str, ...]
    unset: tuple[str, ...]
    names: dict[str, str]
    unmatched: tuple[str, ...]


def savings(data: Path, financial_year: str) -> Found:
    """
    Hold the activity of a budget year against its budgets.

    What is held and published stays as it is.

    Parameters
    ----------
    data : Path
        The data folder.
    financial_year : str
        "2018/19" or "2018-19".

    Returns
    -------
    Found

    Raises
    ------
    SelectionError
        If that is no financial year, no plan of it is loaded, or what is recorded cannot be.
    ReferenceGap
        If no savings rules of the year are held.
    StoreError
        If nothing was priced yet.
    """
    year = periods.starting(periods.first_year(financial_year))
    held = shelf(data)
    rules = _rules(held, year)
    rule, agreed = share_rule(rules), agreed_sums(rules)
    terms = noise_terms(held.record("saving_noise").rules)
    with Warehouse.open(data, doing="the savings") as warehouse:
        if not (warehouse.has("build") and warehouse.has("practice_lines")):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so there is nothing to hold "
                "against a budget. Run 'pbc build' first."
            )
        registers = costing.registers(warehouse)
        every = every_budget(warehouse)
        monthly = warehouse.frame(_MONTHLY, [year, year])
    of_year = [b for b in every if isinstance(b, budgets.YearBudget)]
    of_year = [b for b in of_year if b.baseline.financial_year == year]
    unset = [b for b in every if isinstance(b, budgets.Unset) and b.financial_year == year]
    if not of_year and not unset:
        raise SelectionError(
            f"No plan of {year} is loaded, so there is no budget that anything could be saved "
            "from. Load the plan of the PCT for that year, or choose a year with one."
        )
    day = periods.start(year)
    answers = costing.answering(registers.practices, "practice_code", day)
    consortia = consortium_on(registers, day)
    pairs = [
        (
            b.pct_code,
            year_savings(b, monthly, answers, consortia, rule=rule, agreed=agreed, terms=terms),
        )
        for b in of_year
    ]
    found = tuple(s for _, s in pairs if s is not None)
    names = {
        str(code): str(name)
        for register, kind in (
            (registers.practices, "practice"),
            (registers.consortia, "consortium"),
        )
        for code, name in zip(register[f"{kind}_code"], register[f"{kind}_name"], strict=True)
        if isinstance(name, str)
    }
    matched = {g.code for s in found for g in s.groups}
    return Found(
        financial_year=year,
        rules=rules,
        rule=rule,
        terms=terms,
        pcts=found,
        without_activity=tuple(pct for pct, s in pairs if s is None),
        unset=tuple(u.reason for u in unset),
        names=names,
        unmatched=tuple(sorted(set(agreed) - matched)) if found else (),
    )


def incentive_scheme(data: Path, financial_year: str) -> Scheme | None:
    """
    Read the national incentive scheme of a year; None where there was none.

    Raises
    ------
    SelectionError
        If that is no financial year, or the terms cannot be read.
    ReferenceGap
        If no savings rules of the year are held.
    """
    year = periods.starting(periods.first_year(financial_year))
    return scheme(_rules(shelf(data), year))


def _rules(held: Shelf, year: str) -> dict[str, dict[str, Any]]:
    """Give the savings rules of a year, those of the user's own folder on top."""
    stem = periods.in_file_name(year)
    stems = [
        name[len("savings/") : -len(".yaml")]
        for name, _ in held.files()
        if name.startswith("savings/") and name.endswith(".yaml")
    ]
    if stem not in stems:
        years = ", ".join(s.replace("-", "/") for s in stems)
        raise ReferenceGap(
            f"No savings rules are held for {year}, so it is not known what practices may keep. "
            f"Held: {years}. Add reference/savings/{stem}.yaml to your data folder; "
            "docs/freed-up-resources.md says how."
        )
    rules = held.record("savings", year).rules
    missing = sorted(set(held.record("savings", stems[0].replace("-", "/")).rules) - set(rules))
    if missing:
        raise ReferenceGap(
            f"The savings rules of {year} lack {', '.join(missing)}, so a share cannot be "
            f"reckoned. Add them to reference/savings/{stem}.yaml; a rule that is not known has "
            "the value null and says what is missing."
        )
    return rules
