"""The payment rules of each price year, as the table that the models join."""

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from pbcanalytics.reference import Shelf
from pbcanalytics.words.errors import ReferenceGap

_NONE: Final = "none"

STRATEGIES: Final = ("max_tariff", "procedure_first", "supplied")
"""How the one HRG of a spell is chosen that is paid (domain 2.3)."""

_SCOPES: Final = {"dc": "DC", "el": "EL", "nel": "NEL", "nelne": "NELNE"}

_TYPES: Final = {
    "payable_hrg": "string",
    "long_stay_applies": "boolean",
    "short_stay_applies": "boolean",
    "short_stay_longest_days": "Int64",
    "short_stay_youngest_years": "Int64",
    "short_stay_is_raw": "boolean",
    "mff_applies": "boolean",
    **{f"{pod}_in_scope": "boolean" for pod in (*_SCOPES, "outpatient", "emergency")},
}


def payment_rules(shelf: Shelf, years: Iterable[str]) -> pd.DataFrame:
    """
    Gather the rules that prices follow.

    Parameters
    ----------
    shelf : Shelf
        The reference data.
    years : iterable of str
        Price years.

    Returns
    -------
    DataFrame, one row per price year
        `financial_year`; `payable_hrg`, one of STRATEGIES; `long_stay_applies`,
        `short_stay_applies` and `mff_applies`; `short_stay_longest_days` [days],
        `short_stay_youngest_years` [years], `short_stay_is_raw`; and, a kind of activity each,
        `..._in_scope`. Empty where a rule is not known.

    Raises
    ------
    ReferenceGap
        If a year has no rules, or a rule has a value that prices cannot follow.
    """
    rows = [{"financial_year": y, **_of_year(shelf, y)} for y in sorted(set(years))]
    frame = pd.DataFrame(rows, columns=["financial_year", *_TYPES])
    return frame.astype({"financial_year": "string", **_TYPES})


def _of_year(shelf: Shelf, year: str) -> dict[str, Any]:
    held = {name: rule["value"] for name, rule in shelf.record("rules", year).rules.items()}
    scope = held.get("scope_admitted")
    return {
        "payable_hrg": _among(year, held, "payable_hrg", {s: s for s in STRATEGIES}),
        "long_stay_applies": _among(
            year, held, "long_stay", {"per day beyond the trim point": True, _NONE: False}
        ),
        "short_stay_applies": _among(
            year, held, "short_stay_emergency", {"per HRG": True, _NONE: False}
        ),
        "short_stay_longest_days": _whole(held.get("short_stay_longest_days")),
        "short_stay_youngest_years": _whole(held.get("short_stay_youngest_years")),
        "short_stay_is_raw": _among(
            year, held, "short_stay_los", {"raw": True, "adjusted": False, _NONE: True}
        ),
        "mff_applies": _among(
            year,
            held,
            "market_forces_factor",
            {"in_price": True, "paid_centrally": False, _NONE: False},
        ),
        **{
            f"{name}_in_scope": None if scope is None else pod in scope
            for name, pod in _SCOPES.items()
        },
        "outpatient_in_scope": held.get("scope_outpatients"),
        "emergency_in_scope": held.get("scope_emergency"),
    }


def _among(year: str, held: dict[str, Any], name: str, meanings: dict[str, Any]) -> Any:
    """Give what the value of a rule means; None where it is not known."""
    value = held.get(name)
    if value is None:
        return None
    if value not in meanings:
        raise ReferenceGap(
            f"The rule {name} of {year} is '{value}', which prices cannot follow, so activity of "
            f"that year cannot be priced. Its values: {', '.join(meanings)} (docs/rules.md)."
        )
    return meanings[value]


def _whole(value: Any) -> int | None:
    return None if value is None or value == _NONE else int(value)
