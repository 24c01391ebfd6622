"""The payment rules of each price year, as the table that the models join."""

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from pbcanalytics.reference import Shelf
from pbcanalytics.words.errors import ReferenceGap

_NONE: Final = "none"
_MILLION: Final = 1_000_000

STRATEGIES: Final = ("max_tariff", "procedure_first", "supplied")
"""How the one HRG of a spell is chosen that is paid (domain 2.3)."""

_SCOPES: Final = {"dc": "DC", "el": "EL", "nel": "NEL", "nelne": "NELNE"}

_DAYS_OFF: Final = ("critical_care", "rehabilitation", "palliative")

_TYPES: Final = {
    "payable_hrg": "string",
    "is_paid_by_spell": "boolean",
    "same_day_as_day_case": "boolean",
    "long_stay_applies": "boolean",
    **{f"{kind}_is_off": "boolean" for kind in _DAYS_OFF},
    "short_stay_applies": "boolean",
    "short_stay_longest_days": "Int64",
    "short_stay_youngest_years": "Int64",
    "short_stay_is_raw": "boolean",
    "top_up_applies": "boolean",
    "top_up_on_long_stay": "boolean",
    "mff_applies": "boolean",
    "outpatient_procedure_is_paid": "boolean",
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
        `financial_year`; `payable_hrg`, one of STRATEGIES; `is_paid_by_spell`;
        `same_day_as_day_case`; `long_stay_applies`, `short_stay_applies`, `top_up_applies` and
        `mff_applies`; `critical_care_is_off`, `rehabilitation_is_off` and `palliative_is_off`:
        days that do not count towards the trim point; `short_stay_longest_days` [days],
        `short_stay_youngest_years` [years], `short_stay_is_raw`; `top_up_on_long_stay`;
        `outpatient_procedure_is_paid`; and, a kind of activity each, `..._in_scope`. Empty where
        a rule is not known.

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
    off = held.get("trim_days_exclude")
    return {
        "is_paid_by_spell": _among(year, held, "payment_unit", {"spell": True}),
        "same_day_as_day_case": _among(
            year, held, "same_day_elective", {"day_case": True, "elective": False}
        ),
        **{f"{kind}_is_off": None if off is None else kind in off for kind in _DAYS_OFF},
        "top_up_applies": _top_up(held.get("specialised_top_up")),
        "top_up_on_long_stay": _among(
            year,
            held,
            "specialised_top_up_base",
            {"base": False, "base+long_stay": True, _NONE: False},
        ),
        "outpatient_procedure_is_paid": _among(
            year,
            held,
            "outpatient_procedure",
            {
                **{"mandatory": True, "mandatory list": True},
                **{"non-mandatory": False, "local": False, _NONE: False},
            },
        ),
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
    """
    Give what the value of a rule means; None where it is not known.

    A value that a rule may have is not always one that prices can follow: `payment_unit`.
    """
    value = held.get(name)
    if value is None:
        return None
    if value not in meanings:
        raise ReferenceGap(
            f"The rule {name} of {year} is '{value}', which prices cannot follow, so activity of "
            f"that year cannot be priced. Its values: {', '.join(meanings)} (docs/rules.md)."
        )
    return meanings[value]


def top_ups(shelf: Shelf, years: Iterable[str]) -> pd.DataFrame:
    """
    Gather what specialised care is paid on top, where it is known who is eligible.

    The share of a kind of care is a rule of its year; which codes are of that kind, and at which
    providers (`*` for every one), is a table of the year.

    Returns
    -------
    DataFrame, one row per price year, specialised service code and eligible provider
        `financial_year`, `specialised_code`, `provider_code`, `share_millionths`.

    Raises
    ------
    ReferenceGap
        If the table is faulty or names a kind of care that the rules give no share for.
    """
    found = []
    for year in sorted(set(years)):
        shares = shelf.rule("rules", "specialised_top_up", year)
        if year not in shelf.years("top_up") or not isinstance(shares, dict):
            continue
        table = shelf.read("top_up", year).assign(financial_year=year)
        unknown = sorted(set(table["kind"]) - set(shares))
        if unknown:
            raise ReferenceGap(
                f"The top-up table of {year} has codes of a kind that its rules give no share "
                f"for: {', '.join(unknown)}. The kinds: {', '.join(shares)}. "
                "Correct the table or the rule specialised_top_up, then build again."
            )
        in_millionths = {kind: round(share * _MILLION) for kind, share in shares.items()}
        found.append(table.assign(share_millionths=table["kind"].map(in_millionths)))
    columns = ["financial_year", "specialised_code", "provider_code", "share_millionths"]
    if not found:
        empty = pd.DataFrame({c: pd.Series(dtype="string") for c in columns})
        return empty.astype({"share_millionths": "Int64"})
    return pd.concat(found, ignore_index=True)[columns].astype({"share_millionths": "Int64"})


def _top_up(value: Any) -> bool | None:
    return None if value is None else value != _NONE


def _whole(value: Any) -> int | None:
    return None if value is None or value == _NONE else int(value)
