"""Fair shares: what practices would have if money followed age, sex, need and local costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.rounding import half_up, largest_remainder
from pbcanalytics.budgets.shares.chance import chance_band
from pbcanalytics.words.errors import SelectionError

NO_WEIGHT: Final = "no weighted list for the year"
NO_BUDGET: Final = "no budget for the year"
NO_FACTOR: Final = "no need index or market forces factor, though others have one"


@dataclass(frozen=True)
class FairShares:
    """
    Targets of the practices of one PCT, and how far their budgets are from them.

    Fair shares are a benchmark and not by themselves a budget (domain 3.1).

    Attributes
    ----------
    practices : DataFrame, one row per practice, by code
        `practice_code`, `n_patients`, `weight` (weighted patients), what else the weights held,
        `target_pence`, `budget_pence`, `exact_pence` (the budget before it was rounded),
        `distance_share` (budget over target, less 1),
        `chance_share` (how far chance alone goes, either way) and `is_beyond_chance`; missing
        where there is no budget or the list is not known. Patients, weights and shares are
        Fractions. [patients; pence; shares]
    envelope_pence : int
        What is shared out; the targets sum to it. [pence]
    gaps : DataFrame, one row per practice left out
        `practice_code`, `reason`, `budget_pence`: it keeps its budget, which is not shared out.
    """

    practices: pd.DataFrame
    envelope_pence: int
    gaps: pd.DataFrame


def targets(weights: Sequence[Fraction], envelope_pence: int) -> list[Fraction]:
    """
    Share money out by weight, exactly.

    Parameters
    ----------
    weights : sequence of Fraction
        Weighted patients, one a practice; their sum is above 0.
    envelope_pence : int
        [pence]

    Returns
    -------
    list of Fraction
        In the order of `weights`; they sum to the envelope. [pence]
    """
    whole = sum(weights, Fraction(0))
    return [envelope_pence * w / whole for w in weights]


def with_factors(weights: pd.DataFrame, factors: pd.DataFrame) -> pd.DataFrame:
    """
    Multiply lists weighted by age and sex by need and by market forces factor (domain 3.4).

    Parameters
    ----------
    weights : DataFrame, one row per practice
        `practice_code`, `n_patients`, `weight`, `reason`.
    factors : DataFrame, one row per practice
        `practice_code`, `need_ratio`, `mff_ratio`, as Fractions; one of the two may be missing
        for all practices, which is then 1 for all.

    Returns
    -------
    DataFrame, one row per practice of `weights`
        With the factors; `weight` is None, with a `reason`, where a factor is missing that other
        practices have.
    """
    found = weights.merge(factors, on="practice_code", how="left", validate="one_to_one")
    for column in ("need_ratio", "mff_ratio"):
        values = [None if pd.isna(v) else v for v in found[column]]
        if all(v is None for v in values):
            values = [Fraction(1)] * len(values)
        found[column] = pd.Series(values, dtype=object)
    rows = zip(*(found[c] for c in ("weight", "need_ratio", "mff_ratio", "reason")), strict=True)
    products = [_product(*row) for row in rows]
    found["weight"] = pd.Series([p[0] for p in products], dtype=object)
    found["reason"] = pd.Series([p[1] for p in products], dtype=object)
    return found


def _product(weight: Any, need: Any, mff: Any, reason: Any) -> tuple[Fraction | None, Any]:
    if weight is None:
        return None, reason
    if need is None or mff is None:
        return None, NO_FACTOR
    return weight * need * mff, None


def fair_shares(
    weights: pd.DataFrame,
    *,
    k_ratio: Fraction,
    confidence_share: Fraction,
    budgets: pd.DataFrame | None = None,
    envelope_pence: int | None = None,
) -> FairShares:
    """
    Share money out by weighted lists, and measure budgets against it.

    Parameters
    ----------
    weights : DataFrame, one row per practice
        `practice_code`, `n_patients` and `weight`, as Fractions or None, `reason` why a weight is
        missing; other columns are kept.
    k_ratio, confidence_share : Fraction
        What the chance band rests on, as in `chance.chance_band`.
    budgets : DataFrame, one row per practice, optional
        `practice_code`, `budget_pence`, whole or exact (Fraction). What they sum to is shared
        out, so that the distances balance. [pence]
    envelope_pence : int, optional
        What is shared out where there are no budgets. [pence]

    Returns
    -------
    FairShares

    Raises
    ------
    SelectionError
        If there is nothing to share out, or nobody to share it.
    """
    known = weights.sort_values("practice_code", ignore_index=True)
    has_weight = pd.Series([w is not None and w > 0 for w in known["weight"]], dtype=bool)
    reasons = dict(zip(known["practice_code"], known["reason"], strict=True))
    without = {c: reasons[c] or NO_WEIGHT for c in known.loc[~has_weight, "practice_code"]}
    inside = known[has_weight].drop(columns="reason").reset_index(drop=True)
    weighted = set(inside["practice_code"])
    held: dict[str, Fraction] = {}
    if budgets is not None:
        held = dict(
            zip(budgets["practice_code"], map(Fraction, budgets["budget_pence"]), strict=True)
        )
        without |= {c: reasons.get(c) or NO_WEIGHT for c in held if c not in weighted}
        has_budget = inside["practice_code"].isin(list(held))
        without |= dict.fromkeys(inside.loc[~has_budget, "practice_code"], NO_BUDGET)
        inside = inside[has_budget].reset_index(drop=True)
        kept = [held[c] for c in inside["practice_code"]]
        inside["exact_pence"] = pd.Series(kept, dtype=object)
        envelope_pence = half_up(sum(kept, Fraction(0)))
        inside["budget_pence"] = largest_remainder(kept, envelope_pence)
    if inside.empty or not envelope_pence or envelope_pence < 0:
        raise SelectionError(
            "There is no money to share out, or no practice with a weighted list to share it, so "
            "there are no fair shares. Load weighted lists, or lists by age and sex, of the year; "
            "and a plan and the activity of its base year, or say the sum with --total."
        )
    exact = targets(inside["weight"].tolist(), envelope_pence)
    inside["target_pence"] = largest_remainder(exact, envelope_pence)
    if budgets is None:
        inside["budget_pence"] = inside["exact_pence"] = None
    rows = zip(exact, inside["exact_pence"], inside["n_patients"], strict=True)
    measured = [_measured(t, b, n, k_ratio, confidence_share) for t, b, n in rows]
    for place, column in enumerate(("distance_share", "chance_share", "is_beyond_chance")):
        inside[column] = pd.Series([m[place] for m in measured], dtype=object)
    missing = pd.DataFrame(
        [
            (code, reason, half_up(held[code]) if code in held else None)
            for code, reason in sorted(without.items())
        ],
        columns=["practice_code", "reason", "budget_pence"],
        dtype=object,
    )
    return FairShares(inside, envelope_pence, missing)


def _measured(
    target: Fraction, budget: Any, n_patients: Any, k_ratio: Fraction, confidence_share: Fraction
) -> tuple[Fraction | None, Fraction | None, bool | None]:
    distance = None if budget is None else budget / target - 1
    if n_patients is None or n_patients <= 0:
        return distance, None, None
    band = chance_band(n_patients, k_ratio, confidence_share)
    return distance, band, None if distance is None else abs(distance) > band
