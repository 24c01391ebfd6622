"""What the rules of a contract do to a year's activity, beyond the price of each spell."""

from typing import Final

import pandas as pd

from pbcanalytics.costing.alone import price_alone
from pbcanalytics.costing.chain import Engine, model
from pbcanalytics.costing.contract_terms import base_of_threshold, contract_terms, variable_shares
from pbcanalytics.reference import Shelf
from pbcanalytics.words.errors import SelectionError

_HELD: Final = (
    "SELECT COUNT(*) AS n FROM priced_spells "
    "WHERE financial_year = '{year}' AND price_year = '{year}'"
)


def contract_effects(engine: Engine, shelf: Shelf, year: str) -> pd.DataFrame:
    """
    Reckon what the rules of a year's contracts do to its activity at tariff.

    The threshold for emergencies is what `reference/threshold/<year>.csv` says was agreed, else the
    activity of the year that the rules name, at this year's prices, if it is held.

    Parameters
    ----------
    engine : Engine
        With the tables that `build` makes; those of prices are overwritten, so this belongs into
        a transaction that is rolled back.
    shelf : Shelf
        The reference data.
    year : str
        Financial year of the contracts, "2018/19".

    Returns
    -------
    DataFrame, one row per commissioner and provider
        `commissioner_code`, `provider_code`, `payment_model`, `n_months` (of the year in which the
        provider has activity), `n_activity`, `gross_pence` (before
        the market forces factor), `mff_pence`, `price_pence`, `emergency_pence`,
        `threshold_pence`, `marginal_effect_pence`, `marginal_reason`, `n_readmissions`,
        `readmission_effect_pence`, `readmission_reason`, `variable_pence`, `undivided_pence` (of
        which it is not known), `is_low_volume`. An effect is empty where a rule or the threshold
        is not known, and its reason says so. [pence]

    Raises
    ------
    SelectionError
        If no activity of the year is priced at its own prices.
    ReferenceGap
        If a rule cannot be followed.
    """
    if not engine.frame(_HELD.format(year=year))["n"].iloc[0]:
        raise SelectionError(
            f"No hospital stays of {year} are priced at the prices of {year}, so there is nothing "
            f"that its contracts could change. Load activity of {year}, or add its tariff, then "
            "run 'pbc build'."
        )
    engine.source("contract_terms", contract_terms(shelf, year))
    engine.source("contract_shares", variable_shares(shelf, year))
    engine.define("provider_months", model("provider_months"))
    engine.define("contract_values", model("contract_values"))
    engine.define("readmissions", model("readmissions"))
    engine.source("emergency_thresholds", _thresholds(engine, shelf, year))
    engine.define("contract_effects", model("contract_effects"))
    return engine.frame(
        "SELECT * FROM contract_effects ORDER BY commissioner_code NULLS LAST, provider_code"
    )


def _thresholds(engine: Engine, shelf: Shelf, year: str) -> pd.DataFrame:
    """Gather the thresholds that were agreed, else those that the rules lay down."""
    columns = ["commissioner_code", "provider_code", "threshold_pence"]
    empty = pd.DataFrame({c: pd.Series(dtype="string") for c in columns}).astype(
        {"threshold_pence": "Int64"}
    )
    empty["base_is_whole"] = pd.Series(dtype="boolean")
    if year in shelf.years("threshold"):
        return shelf.read("threshold", year)[columns].assign(base_is_whole=True)
    base = base_of_threshold(shelf, year)
    if base is None:
        return empty
    base_year, growth = base
    versions = {y: shelf.rule("rules", "hrg_version", y) for y in (base_year, year)}
    held = engine.frame(f"SELECT COUNT(*) AS n FROM spells WHERE financial_year = '{base_year}'")
    if not held["n"].iloc[0] or None in versions.values() or len(set(versions.values())) > 1:
        return empty
    price_alone(engine, shelf, year, base_year)
    engine.define("emergency_base", model("emergency_base"))
    return engine.frame(
        "SELECT commissioner_code, provider_code, base_is_whole, "
        f"(base_pence * (1000000 + {growth}) + 500000) // 1000000 AS threshold_pence "
        "FROM emergency_base"
    )
