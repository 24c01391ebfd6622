"""Freed-up resources: the net position of a group, and what becomes of a saving, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd

from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.budgets.savings.agreed_sums import Agreed, refuse_impossible
from pbcanalytics.words.errors import SelectionError


@dataclass(frozen=True)
class Position:
    """
    A group's spending against its budgets; what counts is the net (domain 3.5, T11).

    Attributes
    ----------
    budget_pence, actual_pence : int
        Of all practices of the group. [pence]
    net_pence : int
        Budget less spending; below nothing it is an overspend. [pence]
    gross_underspend_pence, gross_overspend_pence : int
        Of the practices below and above their budgets, each at least nothing: sub-lines, which
        say nothing of what was saved. [pence]
    n_under, n_over, n_practices : int
    """

    budget_pence: int
    actual_pence: int
    net_pence: int
    gross_underspend_pence: int
    gross_overspend_pence: int
    n_under: int
    n_over: int
    n_practices: int


def position(practices: pd.DataFrame) -> Position:
    """
    Hold the spending of a group of practices against their budgets.

    Parameters
    ----------
    practices : DataFrame, one row per practice
        `budget_pence`, `actual_pence`. [pence]

    Returns
    -------
    Position

    Raises
    ------
    SelectionError
        If a budget or a spending is missing: a net of part of a group is no net.
    """
    known = practices[["budget_pence", "actual_pence"]]
    if known.isna().any(axis=None):
        raise SelectionError(
            f"{int(known.isna().any(axis=1).sum())} of {len(known)} practices have no budget or "
            "no spending, so the position of the group is not known. Leave them out by name, or "
            "load what is missing."
        )
    budgets = [int(b) for b in known["budget_pence"]]
    actual = [int(a) for a in known["actual_pence"]]
    left = [b - a for b, a in zip(budgets, actual, strict=True)]
    return Position(
        budget_pence=sum(budgets),
        actual_pence=sum(actual),
        net_pence=sum(left),
        gross_underspend_pence=sum(x for x in left if x > 0),
        gross_overspend_pence=sum(-x for x in left if x < 0),
        n_under=sum(x > 0 for x in left),
        n_over=sum(x < 0 for x in left),
        n_practices=len(left),
    )


@dataclass(frozen=True)
class ShareRule:
    """
    What a year's policy says of a saving (domain 3.5); None where it is not known.

    Attributes
    ----------
    practice_share : Fraction or None
        Of the saving, for the practices to recommend a use. [share]
    prior_deficit_first, pct_claim_first, management_cost_first : bool or None
        Whether overspends of earlier years, the PCT's own overspend and practice management cost
        are met from it; the first two before the share, the last from what is not the share.
    """

    practice_share: Fraction | None
    prior_deficit_first: bool | None
    pct_claim_first: bool | None
    management_cost_first: bool | None


def share_rule(rules: Mapping[str, Mapping[str, Any]]) -> ShareRule:
    """
    Read the rule of a year from its record.

    Parameters
    ----------
    rules : mapping of str to mapping
        The rules of `data/reference/savings/<year>.yaml`.

    Raises
    ------
    SelectionError
        If the share is no share, or another rule is neither true nor false nor unknown.
    """
    share = rules["practice_share"]["value"]
    names = ("prior_deficit_first", "pct_claim_first", "management_cost_first")
    faults = [
        f"{name} is {rules[name]['value']!r} and not true, false or null"
        for name in names
        if rules[name]["value"] not in (True, False, None)
    ]
    is_number = isinstance(share, int | float) and not isinstance(share, bool)
    if share is not None and not (is_number and 0 <= share <= 1):
        faults.append(f"practice_share is {share!r} and not a share from 0 to 1, or null")
    if faults:
        raise SelectionError(
            f"The savings rules of the year cannot be followed: {'; '.join(faults)}. Correct "
            "reference/savings in your data folder; docs/freed-up-resources.md lists the rules."
        )
    return ShareRule(
        None if share is None else Fraction(str(share)), *(rules[n]["value"] for n in names)
    )


@dataclass(frozen=True)
class Chain:
    """
    What becomes of a saving: claimed, shared, authorised, paid; every penny stands in one place.

    A saving is `prior_deficit + pct_claim + net_saving`, and the net saving is `entitlement +
    management + to_pct`. A step that rests on a rule that is not known is None, and so is what
    follows from it. What is not recorded is taken as not made and named in `not_recorded`: the
    entitlement is then the most that could be claimed.

    Attributes
    ----------
    saving_pence : int
        Budget less spending, at least nothing. [pence]
    carried_pence : int
        Overspend that is carried, at least nothing. [pence]
    prior_deficit_pence, pct_claim_pence, net_saving_pence : int or None
    practice_share : Fraction or None
    entitlement_pence, management_pence, to_pct_pence : int or None
    authorised_pence, paid_pence : int or None
        As recorded; a paper entitlement and cash differed (domain 3.6).
    not_recorded : tuple of str
        Names of Agreed.
    """

    saving_pence: int
    carried_pence: int
    prior_deficit_pence: int | None
    pct_claim_pence: int | None
    net_saving_pence: int | None
    practice_share: Fraction | None
    entitlement_pence: int | None
    management_pence: int | None
    to_pct_pence: int | None
    authorised_pence: int | None
    paid_pence: int | None
    not_recorded: tuple[str, ...]


def chain(net_pence: int, rule: ShareRule, agreed: Agreed | None = None) -> Chain:
    """
    Follow a group's net position to what may be claimed of it.

    Parameters
    ----------
    net_pence : int
        Budget less spending of the whole year; below nothing it is carried. [pence]
    rule : ShareRule
    agreed : Agreed, optional
        What is recorded.

    Returns
    -------
    Chain

    Raises
    ------
    SelectionError
        If a sum is below nothing, or more was paid than was authorised.
    """
    agreed = agreed or Agreed()
    refuse_impossible(agreed)
    saving = max(net_pence, 0)
    deficit = _taken(agreed.prior_deficit_pence, rule.prior_deficit_first, saving)
    left = None if deficit is None else saving - deficit
    claim = None if left is None else _taken(agreed.pct_claim_pence, rule.pct_claim_first, left)
    net = None if left is None or claim is None else left - claim
    entitlement = management = to_pct = None
    if net is not None and (net == 0 or rule.practice_share is not None):
        entitlement = half_up((rule.practice_share or Fraction(0)) * net)
        rest = net - entitlement
        management = _taken(agreed.management_cost_pence, rule.management_cost_first, rest)
        to_pct = None if management is None else rest - management
    return Chain(
        saving_pence=saving,
        carried_pence=max(-net_pence, 0),
        prior_deficit_pence=deficit,
        pct_claim_pence=claim,
        net_saving_pence=net,
        practice_share=rule.practice_share,
        entitlement_pence=entitlement,
        management_pence=management,
        to_pct_pence=to_pct,
        authorised_pence=agreed.authorised_pence,
        paid_pence=agreed.paid_pence,
        not_recorded=tuple(n for n, v in vars(agreed).items() if v is None),
    )


def _taken(asked: int | None, is_allowed: bool | None, left: int) -> int | None:
    """Give what is taken of what is left; None where the rule that decides is not known."""
    wanted = min(asked or 0, left)
    if wanted and is_allowed is None:
        return None
    return wanted if is_allowed else 0
