"""What was agreed, claimed, authorised and paid of a group's saving, as people recorded it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pbcanalytics.words.errors import SelectionError


@dataclass(frozen=True)
class Agreed:
    """
    What is recorded of one group's saving; None where nothing is.

    Attributes
    ----------
    prior_deficit_pence, pct_claim_pence, management_cost_pence : int or None
        What may be met from the saving, as far as the rule of the year lets it. [pence]
    authorised_pence, paid_pence : int or None
        What the PCT let practices use, and what it paid. [pence]
    """

    prior_deficit_pence: int | None = None
    pct_claim_pence: int | None = None
    management_cost_pence: int | None = None
    authorised_pence: int | None = None
    paid_pence: int | None = None


def agreed_sums(rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Agreed]:
    """
    Read what is recorded of each group.

    Parameters
    ----------
    rules : mapping of str to mapping
        The rules of `reference/savings/<year>.yaml`; those named as the fields of Agreed hold sums
        by the code of a consortium, or of a practice that stands alone.

    Returns
    -------
    dict of str to Agreed
        By code; a group of which nothing is recorded is not in it.

    Raises
    ------
    SelectionError
        If a sum is no whole number of pence, is below nothing, or more was paid than authorised;
        all of them at once.
    """
    held: dict[str, dict[str, int]] = {}
    faults = []
    for name in (f.name for f in fields(Agreed)):
        value = rules[name]["value"]
        if value is not None and not isinstance(value, dict):
            faults.append(f"{name} is {value!r} and not a sum for each code")
            continue
        for code, pence in (value or {}).items():
            if type(pence) is int:
                held.setdefault(str(code), {})[name] = pence
            else:
                faults.append(f"{name} of {code} is {pence!r} and not a whole number of pence")
    found = {code: Agreed(**sums) for code, sums in held.items()}
    faults += [f"{code}: {f}" for code, agreed in found.items() for f in _impossible(agreed)]
    _refuse(faults)
    return found


def refuse_impossible(agreed: Agreed) -> None:
    """
    Refuse sums that cannot be.

    Raises
    ------
    SelectionError
        If a sum is below nothing, or more was paid than was authorised.
    """
    _refuse(_impossible(agreed))


def _impossible(agreed: Agreed) -> list[str]:
    faults = [f"{n} is {v}" for n, v in vars(agreed).items() if v is not None and v < 0]
    authorised, paid = agreed.authorised_pence, agreed.paid_pence
    if authorised is not None and paid is not None and paid > authorised:
        faults.append(f"{paid} pence were paid of {authorised} authorised")
    return faults


def _refuse(faults: list[str]) -> None:
    if faults:
        raise SelectionError(
            f"What is recorded of savings cannot be: {'; '.join(faults)}. Sums are whole pence "
            "without a sign, and what is paid was authorised first: correct reference/savings in "
            "your data folder."
        )
