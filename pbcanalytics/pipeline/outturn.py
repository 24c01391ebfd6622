"""What a year will probably come to, from what is loaded and priced."""

import datetime as dt
import re
from pathlib import Path

import pandas as pd

from pbcanalytics import budgets, costing
from pbcanalytics.budgets.completion import MATURE_MONTHS
from pbcanalytics.budgets.outturn import Outturn, outturn
from pbcanalytics.budgets.price_levels import at_one_level
from pbcanalytics.costing.organisations import consortium_on
from pbcanalytics.intake.extract_ages import extract_ages
from pbcanalytics.pipeline.stage import every_budget
from pbcanalytics.store import Warehouse
from pbcanalytics.words import codes, periods
from pbcanalytics.words.errors import SelectionError, StoreError

_CUBE = """
SELECT practice_code, provider_code, pod, month, financial_year, price_year, is_reported,
       CAST(SUM(pence) AS BIGINT) AS pence
FROM activity WHERE n_priced > 0 AND month IS NOT NULL
GROUP BY ALL
"""


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
        cube = warehouse.frame(_CUBE)
        seen = extract_ages(warehouse.con, MATURE_MONTHS)
        registers = costing.registers(warehouse)
        found = every_budget(warehouse)
    cube["pod"] = cube["pod"].where(cube["pod"].isin(list(codes.PODS)), codes.OTHER_POD)
    level = at_one_level(cube, year)
    of_year = pd.to_datetime(level["month"]) >= pd.Timestamp(periods.start(year))
    known_to = asked or pd.to_datetime(level.loc[of_year, "month"]).max().date()
    day = (pd.Timestamp(known_to) + pd.offsets.MonthEnd(0)).date()
    answers = costing.answering(registers.practices, "practice_code", day)
    consortia = consortium_on(registers, day)
    agreed = _at_level(_agreed(found), cube, level)
    forecasts = []
    for pct_code, own in registers.practices.groupby("pct_code", sort=True):
        ours = set(own["practice_code"].astype(str))
        rows = level.assign(practice_code=level["practice_code"].map(answers))
        rows = rows[rows["practice_code"].isin(ours)]
        if rows.empty:
            continue
        one = outturn(rows, known_to=known_to, triangle=seen, budgets=agreed, consortia=consortia)
        forecasts.append((str(pct_code), one))
    if not forecasts:
        raise SelectionError(
            f"None of the activity of {year} is of a practice in the register, so no outturn can "
            "be forecast. Load the register of practices ('pbc load practices.csv')."
        )
    return forecasts


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
    found = re.match(r"^(\d{4})-(\d{2})$", text.strip())
    first = periods.first_year(year)
    if found and 1 <= int(found[2]) <= 12:
        day = dt.date(int(found[1]), int(found[2]), 1)
        if periods.containing(day) == year:
            return day
    raise SelectionError(
        f"'{text}' is not a month of {year}, so it cannot be said what was known then. Write it as "
        f"in {first}-11, from {first}-04 to {first + 1}-03."
    )
