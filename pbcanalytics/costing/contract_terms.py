"""The rules of a contract in one year, as the tables that its models join."""

from typing import Any, Final

import pandas as pd

from pbcanalytics.reference import Shelf
from pbcanalytics.words.codes import PODS

_NONE: Final = "none"
_MILLION: Final = 1_000_000

_TYPES: Final = {
    "payment_model": "string",
    "marginal_applies": "boolean",
    "marginal_rate_millionths": "Int64",
    "marginal_gives_back": "boolean",
    "readmission_is_known": "boolean",
    "readmission_rule": "string",
    "readmission_days": "Int64",
    "readmission_cut_millionths": "Int64",
    "low_volume_is_known": "boolean",
    "low_volume_pence": "Int64",
}


def contract_terms(shelf: Shelf, year: str) -> pd.DataFrame:
    """
    Gather what a contract's effects follow.

    Parameters
    ----------
    shelf : Shelf
        The reference data.
    year : str
        Financial year of the contract.

    Returns
    -------
    DataFrame, one row
        `financial_year`, `payment_model`, `marginal_applies`, `marginal_rate_millionths`,
        `marginal_gives_back` (activity below the threshold is refunded in full),
        `readmission_is_known`, `readmission_rule`, `readmission_days` [days],
        `readmission_cut_millionths`, `low_volume_is_known`, `low_volume_pence` [pence].
        Empty where a rule is not known.

    Raises
    ------
    ReferenceGap
        If the year has no rules, or their record is faulty.
    """
    held = {name: rule["value"] for name, rule in shelf.record("rules", year).rules.items()}
    rate = held.get("emergency_marginal_rate")
    below = held.get("emergency_marginal_below")
    rule = held.get("emergency_readmission")
    volume = held.get("low_volume_threshold_pence")
    row = {
        "financial_year": year,
        "payment_model": held.get("payment_model"),
        "marginal_applies": None if rate is None else rate != _NONE,
        "marginal_rate_millionths": _millionths(rate),
        "marginal_gives_back": None if below is None else below == "full",
        "readmission_is_known": rule == _NONE
        or (rule is not None and held.get("readmission_days") is not None),
        "readmission_rule": rule,
        "readmission_days": None if rule == _NONE else _number(held.get("readmission_days")),
        "readmission_cut_millionths": _millionths(
            held.get("readmission_after_emergency_cut_share")
        ),
        "low_volume_is_known": volume is not None,
        "low_volume_pence": _number(volume),
    }
    frame = pd.DataFrame([row], columns=["financial_year", *_TYPES])
    return frame.astype({"financial_year": "string", **_TYPES})


def variable_shares(shelf: Shelf, year: str) -> pd.DataFrame:
    """
    Gather which part of each kind of activity's price varies with its volume.

    Returns
    -------
    DataFrame, one row per point of delivery of which it is known
        `pod`, `variable_millionths`.
    """
    value = shelf.rule("rules", "fixed_and_variable", year)
    shares: dict[str, float] = dict.fromkeys(PODS, 1.0) if value == _NONE else (value or {})
    return pd.DataFrame(
        {
            "pod": pd.Series(list(shares), dtype="string"),
            "variable_millionths": pd.Series(
                [round(s * _MILLION) for s in shares.values()], dtype="Int64"
            ),
        }
    )


def base_of_threshold(shelf: Shelf, year: str) -> tuple[str, int] | None:
    """
    Tell what the threshold for emergencies is reckoned from.

    Returns
    -------
    (str, int) or None
        Financial year of the activity, at this year's prices, and the growth allowed on it
        [millionths]; None where there is none or it is not known.
    """
    value = shelf.rule("rules", "emergency_marginal_base", year)
    if not isinstance(value, dict):
        return None
    return str(value["year"]), round(value["growth_share"] * _MILLION)


def _millionths(value: Any) -> int | None:
    return None if value is None or value == _NONE else round(value * _MILLION)


def _number(value: Any) -> int | None:
    return None if value is None or value == _NONE else int(value)
