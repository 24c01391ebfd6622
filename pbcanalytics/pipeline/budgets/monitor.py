"""A budget year under way against its budgets, gathered from what is loaded and priced."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from pbcanalytics import budgets, costing
from pbcanalytics.budgets.membership import regrouped
from pbcanalytics.budgets.monitor.monitoring import Monitoring, monitoring
from pbcanalytics.budgets.monitor.month_shares import Spread, spread
from pbcanalytics.budgets.monitor.variance import HRG_CELL, Variance, variance
from pbcanalytics.costing.chain import model
from pbcanalytics.costing.organisations import consortium_on
from pbcanalytics.pipeline.budgets.in_force import budgets_in_force
from pbcanalytics.pipeline.budgets.outturn import Answering, answering_in
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import codes, periods
from pbcanalytics.words.errors import ReferenceGap, SelectionError, StoreError

_SPENDING: Final = """
SELECT practice_code, provider_code, pod, month,
       CAST(SUM(n_rows - n_outside) AS BIGINT) AS n_activity,
       CAST(SUM(n_priced) AS BIGINT) AS n_priced, CAST(SUM(pence) AS BIGINT) AS pence
FROM activity
WHERE financial_year = ? AND price_year = ?
GROUP BY practice_code, provider_code, pod, month
HAVING SUM(n_rows - n_outside) > 0
"""
"""The spending of a year at its own prices."""

_HISTORY: Final = """
SELECT pod, month, CAST(SUM(pence) AS BIGINT) AS pence
FROM activity WHERE is_reported AND n_priced > 0 AND month IS NOT NULL
GROUP BY pod, month
"""
"""What all practices spent, month by month: the season."""

_SENT: Final = """
SELECT DISTINCT table_name, submitter_code, month, submission FROM submissions
WHERE submission IN ('flex', 'freeze') AND month IS NOT NULL
"""

_STAYS: Final = ("DC", "EL", "NEL", "NELNE", "UNB", codes.OTHER_POD)
_SENT_AS: Final = {
    "episodes": _STAYS,
    "supplied_spells": _STAYS,
    "outpatients": ("OPFA", "OPFUP", "OPPROC", codes.OTHER_POD),
    "emergency_attendances": ("AE",),
}
"""The lines that each landing table feeds: a month is closed line by line."""


@dataclass(frozen=True)
class Monitored:
    """
    A budget year under way.

    Attributes
    ----------
    financial_year : str
    pcts : tuple of Monitoring and Variance
        One a PCT with budgets and activity of the year.
    without_activity : tuple of str
        PCTs with budgets of the year and no activity of it until the month asked for.
    unset : tuple of str
        Why no budget could be set, a sentence a PCT.
    names : dict of str to str
        Of consortia and practices, by code.
    other_versions : dict of str to tuple of str
        By PCT: the versions of the HRGs of its base year and of the budget year, where they differ.
    """

    financial_year: str
    pcts: tuple[tuple[Monitoring, Variance], ...]
    without_activity: tuple[str, ...]
    unset: tuple[str, ...]
    names: dict[str, str]
    other_versions: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Inputs:
    """
    What the monitoring of a year rests on, as it is held now.

    Attributes
    ----------
    registers : Registers
    spending : DataFrame, one row per practice, provider, line and month of the year
        At its own prices. [pence]
    spread : Spread
    closed : set of provider, line and month
        What is closed (freeze).
    open_months : frozenset of date
        Months of which something was sent as flex and not closed since.
    hrgs : dict of (activity year, price year) to DataFrame
        Model `hrg_months` of the year and of the base years. [pence]
    """

    registers: costing.Registers
    spending: pd.DataFrame
    spread: Spread
    closed: set[tuple[str, str, dt.date]]
    open_months: frozenset[dt.date]
    hrgs: dict[tuple[str, str], pd.DataFrame]


def monitor(data: Path, financial_year: str, known_to: str | None = None) -> Monitored:
    """
    Hold the activity of a budget year so far against the profile of its budgets, and say why.

    What is held and published stays as it is.

    Parameters
    ----------
    data : Path
        The data folder.
    financial_year : str
        "2018/19" or "2018-19".
    known_to : str, optional
        Month to look until, "2018-11"; otherwise the last with activity.

    Returns
    -------
    Monitored

    Raises
    ------
    SelectionError
        If that is no financial year, the month is not of it, or no plan of it is loaded.
    StoreError
        If nothing was priced yet.
    """
    year = periods.starting(periods.first_year(financial_year))
    until = None if known_to is None else _month(known_to, year)
    with Warehouse.open(data, doing="the monitoring") as warehouse:
        if not (warehouse.has("build") and warehouse.has("practice_lines")):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so there is nothing to hold "
                "against a budget. Run 'pbc build' first."
            )
        every = budgets_in_force(warehouse)
        of_year = [
            b
            for b in every
            if isinstance(b, budgets.YearBudget) and b.baseline.financial_year == year
        ]
        unset = [b for b in every if isinstance(b, budgets.Unset) and b.financial_year == year]
        if not of_year and not unset:
            raise SelectionError(
                f"No plan of {year} is loaded, so there is no budget to hold anything against. "
                "Load the plan of the PCT for that year, or choose a year with one."
            )
        of = inputs(warehouse, of_year, year)
    held = shelf(data)
    found = {b.pct_code: under_way(of, b, until) for b in of_year}
    versions = {
        b.pct_code: (before, after)
        for b in of_year
        for before in [_version(held, b.baseline.base_year)]
        for after in [_version(held, year)]
        if before and after and before != after
    }
    return Monitored(
        financial_year=year,
        pcts=tuple(pair for pair in found.values() if pair),
        without_activity=tuple(pct for pct, pair in found.items() if not pair),
        unset=tuple(u.reason for u in unset),
        names=_names(of.registers),
        other_versions=versions,
    )


def inputs(warehouse: Warehouse, of_year: list[budgets.YearBudget], year: str) -> Inputs:
    """
    Read what the monitoring of a year rests on.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes.
    of_year : list of YearBudget
        The budgets of the year whose variance is asked for; without any, nothing by HRG is read.
    year : str
        "2018/19".
    """
    bases = {(b.baseline.base_year, b.baseline.price_year) for b in of_year}
    wanted = {(year, year), *bases} if of_year else set()
    return Inputs(
        registers=costing.registers(warehouse),
        spending=warehouse.frame(_SPENDING, [year, year]),
        spread=spread(warehouse.frame(_HISTORY), year, [*codes.PODS, codes.OTHER_POD]),
        closed=_sent(warehouse, "freeze"),
        open_months=frozenset(m for *_, m in _sent(warehouse, "flex") - _sent(warehouse, "freeze")),
        hrgs={pair: _hrg_months(warehouse, *pair) for pair in sorted(wanted)},
    )


def under_way(
    of: Inputs, found: budgets.YearBudget, known_to: dt.date | None = None
) -> tuple[Monitoring, Variance] | None:
    """
    Hold a PCT's spending so far against its budgets, and take apart what is over.

    Parameters
    ----------
    of : Inputs
    found : YearBudget
    known_to : date, optional
        First day of the month to look until; otherwise the last with activity.

    Returns
    -------
    Monitoring and Variance, or None
        None where there is no activity of practices with a budget until then.
    """
    plain, now = found.baseline, standing(of, found, known_to)
    if now is None:
        return None
    own = _who(of, found, known_to).on_first
    pairs = ((plain.base_year, plain.price_year), (plain.financial_year, plain.financial_year))
    base, this = (regrouped(of.hrgs[pair], own, list(HRG_CELL)) for pair in pairs)
    return now, variance(found, now, base, this)


def standing(
    of: Inputs, found: budgets.YearBudget, known_to: dt.date | None = None
) -> Monitoring | None:
    """
    Hold a PCT's spending so far against its budgets.

    Parameters
    ----------
    of, found, known_to
        As `under_way` takes them.

    Returns
    -------
    Monitoring or None
        None where there is no activity of practices with a budget until then.
    """
    who = _who(of, found, known_to)
    return monitoring(
        found,
        of.spending[~of.spending["practice_code"].isin(who.elsewhere)],
        of.spread,
        answers=who.on_first,
        consortia=consortium_on(of.registers, periods.start(found.baseline.financial_year)),
        known_to=known_to,
        closed=of.closed,
        mergers=who.mergers,
    )


def _who(of: Inputs, found: budgets.YearBudget, known_to: dt.date | None) -> Answering:
    """Say who answers for whom by the month asked for, otherwise the last of the PCT."""
    year, practices = found.baseline.financial_year, of.registers.practices
    ours = practices.loc[practices["pct_code"] == found.pct_code, "practice_code"]
    months = of.spending.loc[of.spending["practice_code"].isin(ours), "month"]
    latest = periods.start(year) if months.empty else pd.Timestamp(months.max()).date()
    return answering_in(of.registers, found.pct_code, year, known_to or latest)


def _hrg_months(warehouse: Warehouse, financial_year: str, price_year: str) -> pd.DataFrame:
    """Give what was spent by practice, HRG and month in a year, at the prices of one."""
    return warehouse.frame(
        f"SELECT practice_code, pod, root, hrg, month, n_priced, pence "
        f"FROM ({model('hrg_months')}) AS m WHERE financial_year = ? AND price_year = ?",
        [financial_year, price_year],
    )


def _sent(warehouse: Warehouse, submission: str) -> set[tuple[str, str, dt.date]]:
    """List the months that providers have sent as flex or as freeze, line by line."""
    if not warehouse.has("submissions"):
        return set()
    return {
        (str(provider), pod, month)
        for table, provider, month, said in warehouse.rows(_SENT)
        if said == submission
        for pod in _SENT_AS.get(str(table), ())
    }


def _names(registers: costing.Registers) -> dict[str, str]:
    """Name consortia and practices by their codes."""
    kinds: Iterable[tuple[pd.DataFrame, str]] = (
        (registers.practices, "practice"),
        (registers.consortia, "consortium"),
    )
    return {
        str(code): str(name)
        for register, kind in kinds
        for code, name in zip(register[f"{kind}_code"], register[f"{kind}_name"], strict=True)
        if isinstance(name, str)
    }


def _version(held: Shelf, year: str) -> str | None:
    """Give the version of the HRGs of a year; None where it is not held."""
    try:
        value = held.rule("rules", "hrg_version", year)
    except ReferenceGap:
        return None
    return None if value is None else str(value)


def _month(text: str, year: str) -> dt.date:
    """Read a month of a year."""
    first = periods.first_year(year)
    if month := periods.month_of(text, year):
        return month
    raise SelectionError(
        f"'{text}' is not a month of {year}, so nothing can be held against its budgets. "
        f"Write it as in {first}-04, from {first}-04 to {first + 1}-03."
    )
