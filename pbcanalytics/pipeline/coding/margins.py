"""Creep at the price paid at the margin: emergencies above a threshold earn a part of theirs."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics import costing
from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.costing.contract_terms import base_of_threshold, contract_terms
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError

COLUMNS: Final = ("signal", "margin_pence", "price_used")

FULL, NO_RATE, UNKNOWN, MARGINAL = ("full", "no_rate", "no_threshold", "marginal")
"""What a signal was priced at: below the threshold; no such rule; none known; in part the rate."""

NOT_PRICED: Final = "not_priced"
"""No stays of a year are priced at its own prices, so nobody knows what lies above a threshold."""

NOT_PARTED: Final = "not_parted"
"""Nobody can say how much of the signal is of emergencies, which alone have a threshold."""

_WEIGHTIEST: Final = (UNKNOWN, NOT_PRICED, MARGINAL, FULL, NO_RATE)
"""Of a signal's years the word that is said of all of it: what is not known goes first."""

_MILLION: Final = 1_000_000


def margins(
    warehouse: Warehouse, shelf: Shelf, signals: pd.DataFrame, emergency: Mapping[int, int | None]
) -> pd.DataFrame:
    """
    Price the creep of emergencies as the contracts pay for more of them.

    The emergencies of a year that go beyond the threshold earn the marginal rate; creep is taken to
    be the last of them. A signal over two financial years is parted by its months.

    Parameters
    ----------
    warehouse : Warehouse
        Priced; it is left as it is.
    shelf : Shelf
        The reference data.
    signals : DataFrame
        As the data dictionary has `creep_signals`.
    emergency : mapping of int to int or None
        By signal: what of its creep is of emergencies; None where it is not known. [pence]

    Returns
    -------
    DataFrame, one row per signal with pounds
        `signal`, `margin_pence` (all of its creep at the price paid; empty where that is not
        known), `price_used`: FULL, NO_RATE, UNKNOWN, MARGINAL, NOT_PRICED or
        NOT_PARTED.
    """
    rows = []
    held: dict[str, pd.DataFrame] = {}
    for one in signals.to_dict("records"):
        if pd.isna(one["creep_pence"]):
            continue
        pence = emergency.get(int(one["signal"]), 0)
        if pence is None:
            rows.append({"signal": one["signal"], "margin_pence": None, "price_used": NOT_PARTED})
            continue
        parts = _by_year(pd.Timestamp(one["onset"]), int(one["n_months"]))
        whole = max(pence, 0)
        cuts = [
            _cut(warehouse, shelf, held, year, str(one["provider_code"]), whole * share)
            for year, share in parts.items()
            if pence
        ]
        known = [cut for _, cut in cuts if cut is not None]
        used = {word for word, _ in cuts} or {FULL}
        is_known = len(known) == len(cuts)
        rows.append(
            {
                "signal": one["signal"],
                "margin_pence": int(one["creep_pence"]) - half_up(sum(known, Fraction(0)))
                if is_known
                else None,
                "price_used": next(w for w in _WEIGHTIEST if w in used),
            }
        )
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"margin_pence": "Int64"})


def above(pence: Fraction, row: dict[Any, Any]) -> Fraction:
    """
    Give what of a sum of emergencies lies above a contract's threshold.

    Parameters
    ----------
    pence : Fraction
        At full tariff, with the market forces factor, of the contract's year. [pence]
    row : dict
        Of `costing.contract_effects`: `emergency_pence` and `threshold_pence` are without it.
    """
    with_mff = Fraction(int(row["price_pence"]), max(int(row["gross_pence"]), 1))
    beyond = (int(row["emergency_pence"]) - int(row["threshold_pence"])) * with_mff
    return min(max(beyond, Fraction(0)), pence)


def _by_year(onset: pd.Timestamp, n_months: int) -> dict[str, Fraction]:
    """Give the share of a signal's months in each financial year."""
    months = pd.date_range(onset, periods=max(n_months, 1), freq="MS")
    years = [periods.containing(month.date()) for month in months]
    return {year: Fraction(years.count(year), len(years)) for year in dict.fromkeys(years)}


def _cut(
    warehouse: Warehouse,
    shelf: Shelf,
    held: dict[str, pd.DataFrame],
    year: str,
    provider: str,
    pence: Fraction,
) -> tuple[str, Fraction | None]:
    """Give the word for a provider's year, and what the rate takes off a sum, where it is known."""
    terms = contract_terms(shelf, year).iloc[0] if year in shelf.record_years("rules") else None
    if terms is None or pd.isna(terms["marginal_applies"]):
        return UNKNOWN, None
    if not terms["marginal_applies"]:
        return NO_RATE, Fraction(0)
    if not _has_threshold(warehouse, shelf, year):
        return UNKNOWN, None
    if year not in held:
        try:
            with warehouse.rolled_back():
                held[year] = costing.contract_effects(warehouse, shelf, year)
        except SelectionError:
            return NOT_PRICED, None
    effects = held[year]
    own = effects[(effects["provider_code"] == provider) & (effects["emergency_pence"] > 0)]
    if own.empty or own["marginal_reason"].notna().any():
        return UNKNOWN, None
    whole = int(own["emergency_pence"].sum())
    beyond = sum(
        (
            above(pence * Fraction(int(row["emergency_pence"]), whole), row)
            for row in own.to_dict("records")
        ),
        Fraction(0),
    )
    rate = Fraction(int(terms["marginal_rate_millionths"]), _MILLION)
    return (MARGINAL if beyond else FULL), beyond * (1 - rate)


def _has_threshold(warehouse: Warehouse, shelf: Shelf, year: str) -> bool:
    """Tell whether a threshold was agreed, or the year that it is reckoned from is held."""
    if year in shelf.years("threshold"):
        return True
    base = base_of_threshold(shelf, year)
    return base is not None and bool(
        warehouse.rows(f"SELECT COUNT(*) FROM spells WHERE financial_year = '{base[0]}'")[0][0]
    )
