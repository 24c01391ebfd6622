"""The savings of a budget year, gathered from what is loaded and the rules of the year."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pbcanalytics import budgets
from pbcanalytics.budgets.forecast.at_month import AtMonth, each_month
from pbcanalytics.budgets.membership import regrouped
from pbcanalytics.budgets.savings.agreed_sums import agreed_sums
from pbcanalytics.budgets.savings.freed_up import ShareRule, share_rule
from pbcanalytics.budgets.savings.group_incentives import group_incentives
from pbcanalytics.budgets.savings.incentive_scheme import Scheme, scheme
from pbcanalytics.budgets.savings.noise_terms import NoiseTerms, noise_terms
from pbcanalytics.budgets.savings.year_savings import YearSavings, year_savings
from pbcanalytics.costing.organisations import consortium_on
from pbcanalytics.pipeline.budgets.monitor import inputs, standing
from pbcanalytics.pipeline.budgets.outturn import Held, OfPct, answering_in, by_pct, held
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import periods
from pbcanalytics.words.errors import ReferenceGap, SelectionError, StoreError


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
    unforecast : dict of str to str
        Why the outturn of a PCT is not forecast, by its code; its year is then foreseen from the
        rate so far.
    scheme : Scheme or None
        The incentive scheme of the year.
    incentives : dict of str to DataFrame
        By code of the PCT, as `group_incentives` gives it; empty without a scheme.
    seen : dict of str to tuple of AtMonth
        By code of the PCT: the year as the end of each month saw it.
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
    unforecast: dict[str, str]
    scheme: Scheme | None
    incentives: dict[str, pd.DataFrame]
    seen: dict[str, tuple[AtMonth, ...]]


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
    reference = shelf(data)
    _rules(reference, year)
    with Warehouse.open(data, doing="the savings") as warehouse:
        if not (warehouse.has("build") and warehouse.has("practice_lines")):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so there is nothing to hold "
                "against a budget. Run 'pbc build' first."
            )
        return savings_of(warehouse, held(warehouse), reference, year)


def savings_of(warehouse: Warehouse, everything: Held, reference: Shelf, year: str) -> Found:
    """
    Hold the activity of a budget year against its budgets, in a warehouse that is open.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes.
    everything : Held
        From `pipeline.outturn.held`.
    reference : Shelf
    year : str
        "2018/19".

    Returns
    -------
    Found

    Raises
    ------
    SelectionError, ReferenceGap
        As `savings`.
    """
    rules = _rules(reference, year)
    rule, agreed = share_rule(rules), agreed_sums(rules)
    terms = noise_terms(reference.record("saving_noise").rules)
    lists = warehouse.frame("SELECT * FROM practice_lists ORDER BY ALL")
    every, registers = everything.found, everything.registers
    of_year = [b for b in every if isinstance(b, budgets.YearBudget)]
    of_year = [b for b in of_year if b.baseline.financial_year == year]
    unset = [b for b in every if isinstance(b, budgets.Unset) and b.financial_year == year]
    if not of_year and not unset:
        raise SelectionError(
            f"No plan of {year} is loaded, so there is no budget that anything could be saved "
            "from. Load the plan of the PCT for that year, or choose a year with one."
        )
    of = inputs(warehouse, [], year)
    consortia = consortium_on(registers, periods.start(year))
    grounds, none_of_year = _grounds(everything, year)
    national = scheme(rules)
    pairs: list[tuple[str, YearSavings | None]] = []
    unforecast, incentives, as_seen = {}, {}, {}
    for budget in of_year:
        pct_code = budget.pct_code
        ground = grounds.get(pct_code)
        seen, why_not = _seen(ground, everything, none_of_year)
        as_seen[pct_code] = seen
        now = standing(of, budget)
        if now is None:
            pairs.append((pct_code, None))
            continue
        one = year_savings(
            *(budget, now, of.spread, consortia),
            rule=rule,
            agreed=agreed,
            terms=terms,
            seen=seen,
        )
        pairs.append((pct_code, one))
        if why_not:
            unforecast[pct_code] = why_not
        if national is not None:
            answers = answering_in(registers, pct_code, year, now.known_to).now
            counted = regrouped(lists.dropna(), answers, ["practice_code", "count_date"])
            shares = {g.code: g.chain.entitlement_pence if g.chain else None for g in one.groups}
            incentives[pct_code] = group_incentives(national, one.practices, counted, shares)
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
        unforecast=unforecast,
        scheme=national,
        incentives=incentives,
        seen=as_seen,
    )


def _grounds(everything: Held, year: str) -> tuple[dict[str, OfPct], str]:
    """Gather what forecasts of the year rest on, or say why there are none."""
    try:
        return by_pct(everything, year), ""
    except SelectionError as error:
        return {}, str(error)


def _seen(
    ground: OfPct | None, everything: Held, none_of_year: str
) -> tuple[tuple[AtMonth, ...], str]:
    """Forecast a PCT's year as each month saw it, or say why that cannot be."""
    if ground is None:
        return (), none_of_year or "None of the activity of the year is of a practice of the PCT."
    try:
        seen = each_month(
            ground.activity,
            known_to=ground.known_to,
            triangle=everything.triangle,
            budgets=ground.budgets,
            of_others=ground.of_others,
        )
    except SelectionError as error:
        return (), str(error)
    return seen, ""


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
