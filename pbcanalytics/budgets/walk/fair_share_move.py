"""The step of a budget towards the practices' fair shares, where the plan has a pace of change."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pandas as pd

from pbcanalytics.budgets.shares.fair_shares import FairShares, fair_shares
from pbcanalytics.budgets.shares.pace_of_change import BandRule, towards_band

NO_WEIGHTS: Final = "fair shares asked for, no weighted lists"


@dataclass(frozen=True)
class ShareRules:
    """
    What distances from fair shares are judged by.

    Attributes
    ----------
    band_share : Fraction
        Inside it, either way, no budget moves. [share of the target]
    k_ratio, confidence_share : Fraction
        What the chance band rests on, as in `chance.chance_band`.
    """

    band_share: Fraction
    k_ratio: Fraction
    confidence_share: Fraction


@dataclass(frozen=True)
class Move:
    """
    Whole budgets after one step towards fair shares.

    Attributes
    ----------
    shares : FairShares or None
        Targets and distances before the step; None where no practice has a weight.
    whole_pence : dict of str to int
        Practices' whole budgets after it; empty where nobody moves. [pence]
    stays : list of (str, str)
        Practices that keep their budget, and why; the code is empty where it is all of them.
    movers : frozenset of str
        Practices outside the band, whose budgets moved.
    """

    shares: FairShares | None
    whole_pence: dict[str, int]
    stays: list[tuple[str, str]]
    movers: frozenset[str] = frozenset()


def towards_fair_shares(
    budgets: Mapping[str, Fraction],
    weights: pd.DataFrame | None,
    rules: ShareRules | None,
    pace_share: Fraction | None,
) -> Move:
    """
    Measure whole budgets against fair shares, and move them if the plan has a pace (domain 3.2).

    Parameters
    ----------
    budgets : mapping of str to Fraction
        Each practice's whole budget, in scope and handed back, before it is rounded. [pence]
    weights : DataFrame, one row per practice, or None
        `practice_code`, `n_patients`, `weight`, `reason`, as `fair_shares` takes them.
    rules : ShareRules or None
        Needed with weights.
    pace_share : Fraction or None
        None where nobody is to be moved. [share]

    Returns
    -------
    Move
    """
    no_weights = [("", NO_WEIGHTS)] if pace_share is not None else []
    if weights is None or rules is None:
        return Move(None, {}, no_weights)
    # A budget of nothing has no lines over which a gain could be spread.
    above = {code: pence for code, pence in budgets.items() if pence > 0}
    has_weight = [w is not None and w > 0 for w in weights["weight"]]
    if not set(weights.loc[has_weight, "practice_code"]) & set(above):
        return Move(None, {}, no_weights)
    shares = fair_shares(
        weights,
        k_ratio=rules.k_ratio,
        confidence_share=rules.confidence_share,
        budgets=pd.DataFrame(
            {
                "practice_code": list(above),
                "budget_pence": pd.Series(list(above.values()), dtype=object),
            }
        ),
    )
    if pace_share is None:
        return Move(shares, {}, [])
    gaps = zip(shares.gaps["practice_code"], shares.gaps["reason"], strict=True)
    stays = [(str(code), str(why)) for code, why in gaps if code in budgets]
    moved = towards_band(shares, BandRule(rules.band_share, pace_share))
    if not moved.offered_pence or not moved.wanted_pence:
        return Move(shares, {}, stays)
    after = moved.practices
    codes, pence = after["practice_code"].tolist(), after["final_pence"].tolist()
    distances = zip(codes, shares.practices["distance_share"], strict=True)
    movers = frozenset(code for code, d in distances if abs(d) > rules.band_share)
    return Move(shares, dict(zip(codes, map(int, pence), strict=True)), stays, movers)
