"""Scheme money: pooled or not, paid out, held, and the invoices paid from what is held (DES)."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pandas as pd

from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.words.errors import SelectionError

INSIDE: Final = "inside"
OUTSIDE: Final = "outside"
DISPUTED: Final = "disputed"
STANDINGS: Final = (INSIDE, OUTSIDE, DISPUTED)
"""Whether a cost is met by the scheme: the plan is inside; the costs of delivery are outside, for
the scheme is an incentive; work on new pathways is disputed (R51, R52)."""


@dataclass(frozen=True)
class Ledger:
    """
    An account of scheme money; every penny is with a practice, spent or left.

    Attributes
    ----------
    practices : DataFrame, one row per practice
        `practice_code`, `component_pence`, `pools`, `paid_pence`, `held_pence`. [pence]
    invoices : DataFrame, one row per invoice, by date
        Those given, with `left_pence` after each. [pence]
    component_pence, paid_pence, held_pence, spent_pence, left_pence : int
        `component = paid + held`; `left = held - spent`, below nothing if overdrawn. [pence]
    by_standing : dict of str to int
        What was spent, by STANDINGS. [pence]
    """

    practices: pd.DataFrame
    invoices: pd.DataFrame
    component_pence: int
    paid_pence: int
    held_pence: int
    spent_pence: int
    left_pence: int
    by_standing: dict[str, int]


def ledger(practices: pd.DataFrame, invoices: pd.DataFrame, *, paid_share: Fraction) -> Ledger:
    """
    Keep the account of a group: what practices got, what was held, what was paid from it (R50).

    Parameters
    ----------
    practices : DataFrame, one row per practice
        `practice_code`, `component_pence`, and `pools`: pooling is optional, and a practice that
        does not pool gets all of its own (R49). [pence]
    invoices : DataFrame, one row per invoice
        `invoice_date`, `what`, `pence`, `standing` (one of STANDINGS); others are kept. [pence]
    paid_share : Fraction
        Of the component of a practice that pools, what it gets itself: 3/4 in Dacorum. [share]

    Returns
    -------
    Ledger

    Raises
    ------
    SelectionError
        If a practice stands there twice, a sum is below nothing or a standing is none; all at once.
    """
    faults = [
        f"practice {c} stands there twice"
        for c in practices.loc[practices["practice_code"].duplicated(), "practice_code"]
    ]
    faults += [f"standing {s!r}" for s in invoices["standing"] if s not in STANDINGS]
    faults += [f"{p} pence" for p in [*practices["component_pence"], *invoices["pence"]] if p < 0]
    if not 0 <= paid_share <= 1:
        faults.append(f"a share of {float(paid_share):g}")
    if faults:
        raise SelectionError(
            f"The account cannot be kept: {'; '.join(faults)}. Each practice stands there once, "
            f"sums are 0 or more, and a cost is {', '.join(STANDINGS)} of the scheme."
        )
    own = practices[["practice_code", "component_pence", "pools"]].copy()
    own["paid_pence"] = [
        half_up(paid_share * int(p)) if pools else int(p)
        for p, pools in zip(own["component_pence"], own["pools"], strict=True)
    ]
    own["held_pence"] = own["component_pence"] - own["paid_pence"]
    held = int(own["held_pence"].sum())
    listed = invoices.sort_values("invoice_date", kind="stable", ignore_index=True)
    listed["left_pence"] = held - listed["pence"].cumsum()
    spent = int(listed["pence"].sum())
    return Ledger(
        practices=own,
        invoices=listed,
        component_pence=int(own["component_pence"].sum()),
        paid_pence=int(own["paid_pence"].sum()),
        held_pence=held,
        spent_pence=spent,
        left_pence=held - spent,
        by_standing={s: int(listed.loc[listed["standing"] == s, "pence"].sum()) for s in STANDINGS},
    )
