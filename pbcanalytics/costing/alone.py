"""Hospital stays priced at one year's rules only, outpatients and A&E left aside."""

from typing import Final

import pandas as pd

from pbcanalytics.costing.chain import SPELLS, STAYS, Engine, price_tables, run
from pbcanalytics.reference import Shelf

NO_PROVIDER: Final = "-"
"""Stands for a provider without market forces factor, in spells that are made up."""


def group_alone(engine: Engine) -> None:
    """Turn the episodes that an engine holds into spells."""
    for name in SPELLS:
        run(engine, name)


def price_alone(
    engine: Engine, shelf: Shelf, price_year: str, activity_year: str | None = None
) -> None:
    """
    Price the spells of one year at one year's rules, in the tables that `build` makes.

    The provider NO_PROVIDER has a market forces factor of 1: its prices are those before it.

    Parameters
    ----------
    engine : Engine
        With `spell_episodes`, `spells`, `supplied_facts` and `spell_codes`.
    shelf : Shelf
        The reference data.
    price_year : str
        Whose prices and rules.
    activity_year : str, optional
        Financial year of discharge; the price year if left out.

    Raises
    ------
    ReferenceGap
        If the year lacks prices or rules.
    """
    tables = price_tables(shelf, price_year)
    neutral = {"provider_code": [NO_PROVIDER], "mff_ratio": [1.0], "mff_millionths": [1_000_000]}
    tables["mff"] = pd.concat(
        [tables["mff"], pd.DataFrame(neutral).assign(financial_year=price_year)], ignore_index=True
    )
    for name, frame in tables.items():
        engine.source(name, frame)
    years = {
        "financial_year": [activity_year or price_year],
        "price_year": [price_year],
        "is_reported": [True],
    }
    engine.source("price_years", pd.DataFrame(years))
    for name in STAYS:
        run(engine, name)
