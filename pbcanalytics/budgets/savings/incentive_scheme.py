"""The "Towards practice-based commissioning" scheme of 2006/07 and its local variants (DES)."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.words.errors import SelectionError

_TERMS: Final = (
    *("component_1_pence", "component_2_pence"),
    *("component_1_list_date", "component_2_list_date", "claim_by"),
)


@dataclass(frozen=True)
class Scheme:
    """
    The terms of a scheme; None where a term is not known.

    Attributes
    ----------
    rate_1_pence, rate_2_pence : Fraction or None
        Per registered patient: for the plan, and for meeting its objectives. [pence]
    list_date_1, list_date_2 : date or None
        The lists that are counted.
    claim_by : date or None
        Last day for a claim in writing.
    """

    rate_1_pence: Fraction | None
    rate_2_pence: Fraction | None
    list_date_1: dt.date | None
    list_date_2: dt.date | None
    claim_by: dt.date | None


def scheme(rules: Mapping[str, Mapping[str, Any]]) -> Scheme | None:
    """
    Read the national scheme of a year from its record; None where there was none.

    Parameters
    ----------
    rules : mapping of str to mapping
        The rules of `data/reference/savings/<year>.yaml`.

    Raises
    ------
    SelectionError
        If a rate is no number of pence or a date no date; all faults at once.
    """
    values = {name: rules[f"des_{name}"]["value"] for name in _TERMS}
    if all(v == "none" for v in values.values()):
        return None
    read: dict[str, Any] = {}
    faults = []
    for name, value in values.items():
        try:
            if value is None:
                read[name] = None
            elif name.endswith("_pence"):
                read[name] = _rate(value)
            else:
                read[name] = dt.date.fromisoformat(str(value))
        except ValueError:
            faults.append(f"des_{name} is {value!r}")
    if faults:
        raise SelectionError(
            f"The incentive scheme cannot be reckoned: {'; '.join(faults)}. Rates are pence per "
            "patient and dates are written 2007-04-01: correct reference/savings in your data "
            "folder."
        )
    return Scheme(
        rate_1_pence=read["component_1_pence"],
        rate_2_pence=read["component_2_pence"],
        list_date_1=read["component_1_list_date"],
        list_date_2=read["component_2_list_date"],
        claim_by=read["claim_by"],
    )


def _rate(value: Any) -> Fraction:
    rate = Fraction(str(value))
    if rate < 0:
        raise ValueError("a rate is not below nothing")
    return rate


def component_pence(n_patients: int, rate_pence: Fraction) -> int:
    """
    Give one component: so much per registered patient, at any rate (R48).

    Parameters
    ----------
    n_patients : int
        Registered on the day that the scheme names. [patients]
    rate_pence : Fraction
        Per patient. [pence]

    Returns
    -------
    int
        [pence]

    Examples
    --------
    >>> component_pence(8_000, Fraction(95)), component_pence(8_000, Fraction(125))
    (760000, 1000000)
    """
    return half_up(n_patients * rate_pence)


@dataclass(frozen=True)
class SecondPayment:
    """
    What is paid for the second part: the share of the saving, topped up to the component.

    Attributes
    ----------
    pence : int or None
        None where the share, or whether the objectives were met, is not known. [pence]
    share_pence, top_up_pence : int or None
        The two parts of it. [pence]
    at_least_pence : int
        What is certain already. [pence]
    """

    pence: int | None
    share_pence: int | None
    top_up_pence: int | None
    at_least_pence: int


def second_payment(
    share_pence: int | None, component_2_pence: int, *, objectives_met: bool | None
) -> SecondPayment:
    """
    Give the second payment: the larger of the share of the saving and component 2 (domain 3.7).

    Parameters
    ----------
    share_pence : int or None
        The practices' share of freed-up resources; None if it is not known yet. [pence]
    component_2_pence : int
        If the objectives are met. [pence]
    objectives_met : bool or None
        None if that is not decided: without them the share stands alone.

    Returns
    -------
    SecondPayment

    Raises
    ------
    SelectionError
        If a sum is below nothing.
    """
    if (share_pence or 0) < 0 or component_2_pence < 0:
        raise SelectionError(
            f"A share of {share_pence} pence or a component of {component_2_pence} pence cannot "
            "be: an overspend earns no share, which is 0. Give sums from 0."
        )
    floor = component_2_pence if objectives_met else 0
    certain = max(share_pence or 0, floor)
    if share_pence is None or (objectives_met is None and share_pence < component_2_pence):
        return SecondPayment(None, share_pence, None, certain)
    return SecondPayment(certain, share_pence, certain - share_pence, certain)


def is_in_time(claimed_on: dt.date | None, claim_by: dt.date | None) -> bool | None:
    """Tell whether a claim in writing came in time; None where either day is not known."""
    if claimed_on is None or claim_by is None:
        return None
    return claimed_on <= claim_by


@dataclass(frozen=True)
class Variant:
    """
    A local form of the scheme (R53).

    Attributes
    ----------
    name : str
    rate_1_pence, rate_2_pence : Fraction
        Per registered patient. [pence]
    saving_share : Fraction
        Of the saving, that practices may use under this variant. [share]
    tops_up : bool
        Whether the second payment is at least component 2 where objectives are met.
    purpose, funded_by : str
        What another rate is for, as continued validation of data, and what pays for it.
    """

    name: str
    rate_1_pence: Fraction
    rate_2_pence: Fraction
    saving_share: Fraction
    tops_up: bool = True
    purpose: str = ""
    funded_by: str = ""


def compare_variants(
    variants: list[Variant], *, n_patients: int, saving_pence: int, objectives_met: bool
) -> pd.DataFrame:
    """
    Hold variants of the scheme against the first, at one list and one saving.

    Parameters
    ----------
    variants : list of Variant
        The first is what the others are held against, as a rule the national scheme.
    n_patients : int
        [patients]
    saving_pence : int
        Net saving that may be shared; below nothing there is none. [pence]
    objectives_met : bool

    Returns
    -------
    DataFrame, one row per variant
        `variant`, `purpose`, `funded_by`, `component_1_pence`, `share_pence`, `top_up_pence`,
        `second_pence`, `total_pence`; `second_change_pence` and `total_change_pence` against the
        first variant; `keeps_component_2`: whether practices get what its component 2 would pay.
        [pence]
    """
    rows: list[dict[str, Any]] = []
    floor = None
    for v in variants:
        share = half_up(v.saving_share * max(saving_pence, 0))
        own = component_pence(n_patients, v.rate_2_pence)
        second = second_payment(share, own if v.tops_up else 0, objectives_met=objectives_met)
        first = component_pence(n_patients, v.rate_1_pence)
        floor = floor if floor is not None else (own if objectives_met else 0)
        rows.append(
            {
                "variant": v.name,
                "purpose": v.purpose,
                "funded_by": v.funded_by,
                "component_1_pence": first,
                "share_pence": share,
                "top_up_pence": second.top_up_pence,
                "second_pence": second.at_least_pence,
                "total_pence": first + second.at_least_pence,
                "keeps_component_2": second.at_least_pence >= floor,
            }
        )
    found = pd.DataFrame(rows)
    for name in ("second", "total"):
        found[f"{name}_change_pence"] = found[f"{name}_pence"] - found[f"{name}_pence"].iloc[0]
    return found
