"""One price explained: of a spell that is held, or of one that is made up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from pbcanalytics import costing, intake
from pbcanalytics.costing import Bridge, Explained, Strategies, Supplied
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError, StoreError


def explain(data: Path, spell_id: str, price_year: str | None = None) -> Explained:
    """
    Explain the price of one spell.

    Parameters
    ----------
    data : Path
        The data folder.
    spell_id : str
        Key of the spell, as in the table `priced_spells`.
    price_year : str, optional
        At the prices of which year; otherwise those that count in totals.

    Raises
    ------
    SelectionError
        If there is no such spell.
    StoreError
        If nothing was priced yet.
    """
    if price_year is not None:
        price_year = periods.starting(periods.first_year(price_year))
    with _priced(data, "the explanation") as warehouse:
        return costing.explain(warehouse, spell_id, price_year)


def price(
    data: Path,
    *,
    year: str,
    hrg: str,
    admission: str,
    los_days: int,
    age_years: int | None = None,
    provider: str | None = None,
    critical_care_days: int = 0,
) -> Explained:
    """
    Price a spell that is made up, by the very models that price those that are held.

    Parameters
    ----------
    data : Path
        The data folder, for reference data of the user's own.
    year : str
        Financial year of discharge, "2018/19".
    hrg : str
        HRG of the spell.
    admission : str
        One of `costing.ADMISSIONS`.
    los_days, critical_care_days : int
        Length of stay, and days of it in critical care [days].
    age_years : int, optional
        Age at admission [years].
    provider : str, optional
        Provider code; without it the price is that before the market forces factor.

    Raises
    ------
    SelectionError
        If the admission is of no kind that is known, or the days are impossible.
    ReferenceGap
        If no tariff or no rules of the year are held.
    """
    with Warehouse.in_memory() as warehouse:
        intake.prepare(warehouse.con)
        return costing.price_made_up(
            warehouse,
            shelf(data),
            year=year,
            hrg=hrg,
            admission=admission,
            los_days=los_days,
            age_years=age_years,
            provider=provider,
            critical_care_days=critical_care_days,
        )


def bridge(
    data: Path,
    *,
    activity_year: str,
    before: str,
    after: str,
    before_reference: Path | None = None,
    after_reference: Path | None = None,
) -> Bridge:
    """
    Price the hospital stays of one year at two years' rules, and say what moved every penny.

    What is held and published stays as it is.

    Parameters
    ----------
    data : Path
        The data folder.
    activity_year : str
        Financial year of discharge, "2017/18".
    before, after : str
        Financial years of the prices and rules.
    before_reference, after_reference : Path, optional
        Folders of reference data that go before those in force: two sets of rules for one year.

    Raises
    ------
    SelectionError
        If the years have other versions of the HRGs (T14), or a folder is not there.
    ReferenceGap
        If a year lacks prices or rules.
    StoreError
        If nothing was priced yet.
    """
    years = [periods.starting(periods.first_year(y)) for y in (activity_year, before, after)]
    shelves = []
    for folder in (before_reference, after_reference):
        if folder is not None and not folder.is_dir():
            raise SelectionError(f"There is no folder {folder} with reference data.")
        shelves.append(Shelf.open(data / "reference", *([folder] if folder else [])))
    with _priced(data, "the comparison") as warehouse, warehouse.rolled_back():
        return costing.bridge(warehouse, years[0], (shelves[0], years[1]), (shelves[1], years[2]))


def strategies(data: Path) -> list[Strategies]:
    """
    Compare, over the spells of several HRGs, the ways of choosing the one that is paid.

    Raises
    ------
    StoreError
        If nothing was priced yet.
    """
    with _priced(data, "the comparison") as warehouse:
        return costing.strategies(warehouse)


def supplied(data: Path) -> list[Supplied]:
    """
    Hold the prices that SUS supplied against ours, by the step that explains the difference.

    Raises
    ------
    StoreError
        If nothing was priced yet.
    """
    with _priced(data, "the comparison") as warehouse:
        return costing.supplied(warehouse)


def contract_effects(data: Path, year: str) -> pd.DataFrame:
    """
    Reckon what the rules of a year's contracts do to its activity.

    What is held and published stays as it is.

    Returns
    -------
    DataFrame, one row per commissioner and provider
        As `costing.contract_effects`.

    Raises
    ------
    SelectionError
        If no activity of the year is priced at its own prices.
    ReferenceGap
        If a rule cannot be followed.
    StoreError
        If nothing was priced yet.
    """
    year = periods.starting(periods.first_year(year))
    with _priced(data, "the reckoning") as warehouse, warehouse.rolled_back():
        return costing.contract_effects(warehouse, shelf(data), year)


@contextmanager
def _priced(data: Path, doing: str) -> Iterator[Warehouse]:
    """Open the working database of a data folder whose activity has been priced."""
    with Warehouse.open(data, doing=doing) as warehouse:
        if not warehouse.has("priced_spells"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so there is nothing for "
                f"{doing} to work on. Run 'pbc build' first."
            )
        yield warehouse
