"""What a year will probably come to, from what is loaded and priced."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pbcanalytics import budgets, costing
from pbcanalytics.budgets.forecast.completion import MATURE_MONTHS
from pbcanalytics.budgets.forecast.outturn import Outturn, outturn
from pbcanalytics.budgets.forecast.price_levels import at_one_level
from pbcanalytics.budgets.membership import regrouped
from pbcanalytics.budgets.monitor.month_shares import HeldMonths
from pbcanalytics.budgets.walk.in_scope import (
    Merger,
    heirs,
    held_months,
    held_together,
    in_scope,
)
from pbcanalytics.costing.chain import model
from pbcanalytics.costing.organisations import Registers, consortium_on
from pbcanalytics.intake.extract_ages import extract_ages
from pbcanalytics.pipeline.budgets.in_force import budgets_in_force
from pbcanalytics.store import Warehouse
from pbcanalytics.words import codes, periods
from pbcanalytics.words.errors import SelectionError, StoreError


@dataclass(frozen=True)
class Held:
    """
    What forecasts rest on, as it is held now.

    Attributes
    ----------
    cells : DataFrame
        Model `forecast_cells`.
    triangle : DataFrame
        What successive extracts showed.
    registers : Registers
    found : list of YearBudget or Unset
        Every budget.
    """

    cells: pd.DataFrame
    triangle: pd.DataFrame
    registers: Registers
    found: list[budgets.YearBudget | budgets.Unset]


@dataclass(frozen=True)
class OfPct:
    """
    What the forecast of one PCT's year rests on.

    Attributes
    ----------
    activity : DataFrame, one row per practice, provider, point of delivery and month
        At the year's prices, of the practices that answer. [pence]
    known_to : date
        In the latest month with activity, or the month that was asked for.
    answers : dict of str to str
        Who in the PCT answers for each practice at the end of that month.
    budgets : DataFrame or None
        `financial_year`, `practice_code`, `pence`, at the level of prices of `activity`.
    of_others : HeldMonths
        Months of lines that others hold in the year: in no practice's forecast. Where practices
        merged, what others hold of one and not of the other is in no `activity` already.
    """

    activity: pd.DataFrame
    known_to: dt.date
    answers: dict[str, str]
    budgets: pd.DataFrame | None
    of_others: HeldMonths


@dataclass(frozen=True)
class Answering:
    """
    Who of a PCT answers for whom within a budget year.

    Attributes
    ----------
    on_first : dict of str to str
        The practice of the PCT that answers for each on 1 April.
    elsewhere : frozenset of str
        Practices that one of another PCT answers for on that day.
    mergers : tuple of Merger
        Of those, the ones that have closed since, by the end of a month, and whose successor is of
        the same PCT.
    """

    on_first: dict[str, str]
    elsewhere: frozenset[str]
    mergers: tuple[Merger, ...]

    @property
    def now(self) -> dict[str, str]:
        """Who answers for each by now; who closed without a successor in the PCT for itself."""
        goes_to = heirs(self.mergers)
        return {code: goes_to.get(then, then) for code, then in self.on_first.items()}


def answering_in(registers: Registers, pct_code: str, year: str, last: dt.date) -> Answering:
    """
    Say who of a PCT answers for whom in a budget year: the one rule of all that follows it.

    Parameters
    ----------
    registers : Registers
    pct_code : str
    year : str
        Financial year.
    last : date
        A day of the last month that is looked at; who closed by its end has closed.

    Returns
    -------
    Answering
    """
    register = registers.practices
    ours = set(register.loc[register["pct_code"] == pct_code, "practice_code"].astype(str))
    then = costing.answering(register, "practice_code", periods.start(year))
    now = costing.answering(register, "practice_code", _month_end(last))
    on_first = {code: own for code, own in then.items() if own in ours}
    closed = dict(
        zip(register["practice_code"], pd.to_datetime(register["close_date"]), strict=True)
    )
    mergers = tuple(
        Merger(code, closed[code].date(), now[code])
        for code in sorted(set(on_first.values()))
        if now.get(code, code) != code and now[code] in ours
    )
    return Answering(on_first, frozenset(then.keys() - on_first.keys()), mergers)


def held(warehouse: Warehouse) -> Held:
    """Read what forecasts rest on."""
    cells = warehouse.frame(model("forecast_cells"))
    cells["pod"] = cells["pod"].where(cells["pod"].isin(list(codes.PODS)), codes.OTHER_POD)
    return Held(
        cells=cells,
        triangle=extract_ages(warehouse.con, MATURE_MONTHS),
        registers=costing.registers(warehouse),
        found=budgets_in_force(warehouse),
    )


def by_pct(of: Held, year: str, asked: dt.date | None = None) -> dict[str, OfPct]:
    """
    Gather what the forecast of a year rests on, PCT by PCT.

    Parameters
    ----------
    of : Held
    year : str
        Financial year.
    asked : date, optional
        A day of the latest month to be known; otherwise the latest with activity of the PCT.

    Returns
    -------
    dict of str to OfPct
        By code; a PCT whose practices have no activity is not in it.

    Raises
    ------
    SelectionError
        If no activity of the year is priced.
    """
    level = at_one_level(of.cells, year)
    agreed = _at_level(_agreed(of.found), of.cells, level)
    when = pd.to_datetime(level["month"])
    of_year = when >= pd.Timestamp(periods.start(year))
    found = {}
    for pct_code, own in of.registers.practices.groupby("pct_code", sort=True):
        ours = set(own["practice_code"].astype(str))
        latest = when[of_year & level["practice_code"].isin(list(ours))].max()
        if asked is None and pd.isna(latest):
            continue
        known_to = asked or latest.date()
        who = answering_in(of.registers, str(pct_code), year, known_to)
        # Of who closed without a successor in the PCT, nothing is to come and nothing foreseen.
        at_end = costing.answering(of.registers.practices, "practice_code", _month_end(known_to))
        answers = {code: now for code, now in who.now.items() if at_end.get(now) == now}
        of_others, mixed = _of_others(of.found, str(pct_code), year, heirs(who.mergers))
        rows = in_scope(level, mixed, who.on_first)
        rows = rows.assign(practice_code=rows["practice_code"].map(answers))
        rows = rows.dropna(subset=["practice_code"])
        if rows.empty:
            continue
        merged = (
            None
            if agreed is None
            else regrouped(agreed, answers, ["financial_year", "practice_code"])
        )
        found[str(pct_code)] = OfPct(rows, known_to, answers, merged, of_others)
    return found


def forecast_outturn(data: Path, year: str, as_of: str | None = None) -> list[tuple[str, Outturn]]:
    """
    Forecast what a year will come to, for every PCT that has practices.

    Parameters
    ----------
    data : Path
        The data folder.
    year : str
        Financial year, "2018/19".
    as_of : str, optional
        Month, "2018-11": take only what was known at its end. Otherwise the latest month held.

    Returns
    -------
    list of PCT code and Outturn

    Raises
    ------
    SelectionError
        If the month is not of the year, or there is no activity of the year or none before it.
    StoreError
        If nothing was priced yet.
    """
    year = periods.starting(periods.first_year(year))
    asked = None if as_of is None else _month(as_of, year)
    with Warehouse.open(data, doing="the forecast") as warehouse:
        if not warehouse.has("activity"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so there is nothing to "
                "forecast from. Run 'pbc build' first."
            )
        everything = held(warehouse)
    forecasts = []
    for pct_code, one in by_pct(everything, year, asked).items():
        made = outturn(
            one.activity,
            known_to=one.known_to,
            triangle=everything.triangle,
            budgets=one.budgets,
            consortia=consortium_on(everything.registers, _month_end(one.known_to)),
            of_others=one.of_others,
        )
        forecasts.append((pct_code, made))
    if not forecasts:
        raise SelectionError(
            f"None of the activity of {year} is of a practice in the register, so no outturn can "
            "be forecast. Load the register of practices ('pbc load practices.csv')."
        )
    return forecasts


def _of_others(
    found: list[budgets.YearBudget | budgets.Unset],
    pct_code: str,
    year: str,
    goes_to: dict[str, str],
) -> tuple[HeldMonths, HeldMonths]:
    """
    Say which months of which lines are in no practice's budget of a year.

    Returns
    -------
    tuple of HeldMonths
        By practice that answers by now, what others hold of all the budgets that count with it;
        and, by practice on 1 April, what they hold of it and not of the others.
    """
    plain = (b for b in found if isinstance(b, budgets.YearBudget) and b.pct_code == pct_code)
    own = next((b.baseline for b in plain if b.baseline.financial_year == year), None)
    if own is None:
        return {}, {}
    each = held_months(own)
    together = held_together(each, own.practices["practice_code"].astype(str), goes_to)
    alone = {
        (code, pod): months - together.get((goes_to.get(code, code), pod), frozenset())
        for (code, pod), months in each.items()
    }
    return together, {pair: months for pair, months in alone.items() if months}


def _month_end(day: dt.date) -> dt.date:
    """Give the last day of a month."""
    return (pd.Timestamp(day) + pd.offsets.MonthEnd(0)).date()


def _agreed(found: list[budgets.YearBudget | budgets.Unset]) -> pd.DataFrame | None:
    """Gather the budgets of every year that has them."""
    parts = [
        one.baseline.practices[["practice_code", "indicative_pence"]]
        .rename(columns={"indicative_pence": "pence"})
        .assign(financial_year=one.baseline.financial_year)
        for one in found
        if isinstance(one, budgets.YearBudget)
    ]
    return pd.concat(parts, ignore_index=True) if parts else None


def _at_level(
    agreed: pd.DataFrame | None, cube: pd.DataFrame, level: pd.DataFrame
) -> pd.DataFrame | None:
    """Bring each year's budgets to the level of prices that its activity was brought to."""
    if agreed is None:
        return None
    own = cube[cube["financial_year"] == cube["price_year"]]
    paid = own.groupby("financial_year")["pence"].sum()
    months = pd.to_datetime(level["month"])
    years = pd.Series([periods.containing(m.date()) for m in months], index=level.index)
    taken = level.groupby(years)["pence"].sum()
    ratio = agreed["financial_year"].map(taken / paid)
    return agreed.assign(pence=(agreed["pence"] * ratio).round())[ratio.notna()]


def _month(text: str, year: str) -> dt.date:
    """Read a month of a year."""
    first = periods.first_year(year)
    if month := periods.month_of(text, year):
        return month
    raise SelectionError(
        f"'{text}' is not a month of {year}, so it cannot be said what was known then. Write it as "
        f"in {first}-11, from {first}-04 to {first + 1}-03."
    )
