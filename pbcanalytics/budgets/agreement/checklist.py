"""The budget checklist: ten questions that every budget can be held against (domain 3.3)."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.walk.adjustments import ALL
from pbcanalytics.budgets.walk.baseline import Baseline
from pbcanalytics.budgets.walk.plan import HELD_BACK
from pbcanalytics.budgets.walk.years import YearBudget
from pbcanalytics.words import periods

ITEMS: Final = tuple(f"C{i}" for i in range(1, 11))
"""The checks, by their number in domain 3.3."""

MET: Final = "met"
NOT_MET: Final = "not met"
NOT_KNOWN: Final = "not known"
FOR_PEOPLE: Final = "for people to judge"


_ROUNDED_PENCE: Final = 1
"""By so much a step that moves nothing may differ, because every level is rounded by itself."""


@dataclass(frozen=True)
class Agreement:
    """Who agreed a version of the budgets, when and why."""

    version: int
    agreed_by: str
    agreed_on: dt.date
    reason: str


@dataclass(frozen=True)
class Check:
    """
    What the data say to one question of the checklist.

    Attributes
    ----------
    item : str
        One of ITEMS.
    state : str
        MET, NOT_MET, NOT_KNOWN or FOR_PEOPLE.
    facts : mapping
        What the state rests on, for the sentence.
    """

    item: str
    state: str
    facts: Mapping[str, Any]


def checklist(
    budget: YearBudget,
    *,
    agreed: Sequence[Agreement] = (),
    prescribing: Mapping[str, int] | None = None,
    band_share: Fraction = Fraction(1, 10),
) -> tuple[Check, ...]:
    """
    Hold a budget against the ten questions.

    Parameters
    ----------
    budget : YearBudget
    agreed : sequence of Agreement
        The versions of that year up to this one, oldest first; none while it is provisional.
    prescribing : mapping of str to int, optional
        Prescribing budgets that are loaded, by practice. [pence]
    band_share : Fraction
        Distance from the fair share inside which nobody is to be moved (DH_4127155). [share]

    Returns
    -------
    tuple of Check, one per item, in order
    """
    b = budget.baseline
    found = (
        _in_time(b, agreed),
        _based_on_activity(b),
        _prescribing(b, prescribing or {}),
        _list_change(b),
        _separate(b),
        _scope(b),
        _reconciled(b),
        _pools(b),
        _fair_share(b, band_share),
        _not_cut(b, agreed),
    )
    return tuple(Check(item, *one) for item, one in zip(ITEMS, found, strict=True))


def pools(b: Baseline) -> dict[str, int]:
    """Give what is held back before budgets are set, by item of HELD_BACK, in pence."""
    return {name: int(getattr(b, f"{name}_pence")) for name in HELD_BACK}


_Found = tuple[str, dict[str, Any]]


def _in_time(b: Baseline, agreed: Sequence[Agreement]) -> _Found:
    """C1: hold the day of the first agreement against 1 May."""
    due = dt.date(periods.first_year(b.financial_year), 5, 1)
    first = agreed[0].agreed_on if agreed else None
    state = MET if first is not None and first <= due else NOT_MET
    return state, {"due": due, "first_agreed_on": first, "n_versions": len(agreed)}


def _based_on_activity(b: Baseline) -> _Found:
    """C2: look at base year, prices and months without activity."""
    facts = {
        "base_year": b.base_year,
        "price_year": b.price_year,
        "financial_year": b.financial_year,
        "missing_months": tuple(b.missing_months),
        "n_activity": int(b.practices["n_activity"].sum()),
        "n_priced": int(b.practices["n_priced"].sum()),
    }
    if facts["missing_months"]:
        return NOT_MET, facts
    # Base-year prices with an uplift come near the budget year's tariff and are not it.
    return (MET if b.price_year == b.financial_year else FOR_PEOPLE), facts


def _prescribing(b: Baseline, given: Mapping[str, int]) -> _Found:
    """C3: look for prescribing budgets of every practice."""
    without = [c for c in b.practices["practice_code"].astype(str) if c not in given]
    facts = {"n_given": len(b.practices) - len(without), "without": tuple(without)}
    if not facts["n_given"]:
        return NOT_KNOWN, facts
    return (NOT_MET if without else FOR_PEOPLE), facts


def _list_change(b: Baseline) -> _Found:
    """C4: look for practices without both lists."""
    left_out = b.gaps[b.gaps["n_activity"] > 0]["practice_code"].astype(str)
    facts = {
        "list_base": int(b.practices["list_base"].sum()),
        "list_budget": int(b.practices["list_budget"].sum()),
        "pence": _sum(b, "list_change_pence"),
        "without": tuple(left_out),
    }
    return (NOT_MET if facts["without"] else MET), facts


def _separate(b: Baseline) -> _Found:
    """C5: look for growth and uplift as two steps."""
    steps = ("growth_pence", "uplift_pence")
    facts: dict[str, Any] = {s: _sum(b, s) if s in b.lines else None for s in steps}
    facts["prices_are_of_the_year"] = b.price_year == b.financial_year
    return (NOT_MET if None in facts.values() else MET), facts


def _scope(b: Baseline) -> _Found:
    """C6: look for lines that are out and that nobody is said to hold."""
    own = b.held[["practice_code", "pod", "holder"]].values.tolist()
    of_all = [(ALL, pod, holder) for pod, holder in b.outside[["pod", "holder"]].values.tolist()]
    named = {(str(p), str(pod)): str(h).strip() for p, pod, h in (*own, *of_all) if _is_said(h)}
    out = b.lines[b.lines["scope_pence"].abs() > _ROUNDED_PENCE]
    pairs = list(zip(out["practice_code"].astype(str), out["pod"].astype(str), strict=True))
    unheld = [(p, pod) for p, pod in pairs if not {(p, pod), (ALL, pod), (ALL, ALL)} & named.keys()]
    facts = {
        "lines": tuple(dict.fromkeys(b.lines["pod"].astype(str))),
        "n_out": len(pairs),
        "pence": _sum(b, "scope_pence"),
        "holders": tuple(sorted(set(named.values()))),
        "unheld": tuple(unheld),
    }
    return (NOT_MET if unheld else MET), facts


def _reconciled(b: Baseline) -> _Found:
    """C7: add up every part of the resource."""
    parts = {
        **pools(b),
        "held": int(b.held["held_pence"].sum()),
        "reserved": b.reserved_pence,
        "budgets": int(b.practices["indicative_pence"].sum()),
    }
    lines = b.lines.groupby("practice_code")["indicative_pence"].sum()
    own = b.practices.set_index("practice_code")["indicative_pence"]
    apart = [str(c) for c in own.index if int(lines.get(c, 0)) != int(own[c])]
    over = sum(parts.values()) - b.plan.resource_pence
    facts = {"resource": b.plan.resource_pence, "parts": parts, "over": over, "apart": tuple(apart)}
    return (NOT_MET if over or apart else MET), facts


def _pools(b: Baseline) -> _Found:
    """C8: look for a rule of return beside each sum held back."""
    held_back = {name: pence for name, pence in pools(b).items() if pence}
    told = b.plan.return_rules
    rules = {name: told[name] for name in held_back if _is_said(told.get(name))}
    facts = {
        "pence": held_back,
        "rules": rules,
        "without": tuple(name for name in held_back if name not in rules),
    }
    return (NOT_MET if facts["without"] else MET), facts


def _fair_share(b: Baseline, band_share: Fraction) -> _Found:
    """C9: look for practices without a target, and for those moved inside the band."""
    rows = b.practices
    codes = rows["practice_code"].astype(str).tolist()
    without = [c for c, t in zip(codes, rows["target_pence"], strict=True) if pd.isna(t)]
    moved = zip(codes, rows["distance_share"], rows["fair_share_pence"], strict=True)
    inside = [
        c
        for c, far, pence in moved
        if abs(pence) > _ROUNDED_PENCE and not pd.isna(far) and abs(far) <= band_share
    ]
    facts = {
        "without": tuple(without),
        "n_practices": len(codes),
        "moved_inside": tuple(inside),
        "band_share": band_share,
        "pace_share": b.plan.pace_share,
        "given_pence": -int(rows["fair_share_pence"].clip(upper=0).sum()),
        "received_pence": int(rows["fair_share_pence"].clip(lower=0).sum()),
        "is_held_by_others": not b.held.empty,
    }
    return (NOT_MET if without or inside else MET), facts


def _not_cut(b: Baseline, agreed: Sequence[Agreement]) -> _Found:
    """C10: list what replaced what, and what was taken away."""
    year_began = periods.start(b.financial_year)
    # The first version of a year begins it; only those after it recalculate.
    later = [a for a in agreed[1:] if a.agreed_on > year_began]
    return FOR_PEOPLE, {"recalculated": tuple(later), "reductions": _reductions(b)}


def _reductions(b: Baseline) -> tuple[tuple[str, str, int, str], ...]:
    """List the local adjustments that take something away, with their reasons."""
    columns = ("practice_code", "pod", "amount_pence", "reason")
    return tuple(
        (str(practice), str(pod), int(pence), str(reason))
        for practice, pod, pence, reason in b.adjustments[list(columns)].itertuples(index=False)
        if pence < 0
    )


def _sum(b: Baseline, step: str) -> int:
    """Add a step up over the practices, in pence."""
    return int(b.practices[step].sum())


def _is_said(text: Any) -> bool:
    """Tell whether something was written that is not blank."""
    return isinstance(text, str) and bool(text.strip())
