"""Pace of change: the step of a year from what practices have towards their fair shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from pbcanalytics.budgets.rounding import half_up, largest_remainder
from pbcanalytics.budgets.shares.fair_shares import FairShares, targets
from pbcanalytics.words.errors import SelectionError


@dataclass(frozen=True)
class BandRule:
    """Inside `band_share` of target nobody moves; nobody gives more than `pace_share` a year."""

    band_share: Fraction
    pace_share: Fraction


@dataclass(frozen=True)
class GrowthRule:
    """All grow by `least_share` to `most_share`, the less, by `slope_share`, the more they have."""

    slope_share: Fraction
    least_share: Fraction
    most_share: Fraction


@dataclass(frozen=True)
class Moved:
    """
    Budgets after one step towards fair shares.

    Attributes
    ----------
    practices : DataFrame, one row per practice, by code
        `practice_code`, `budget_pence`, `move_pence`, `final_pence`, `distance_share` before and
        `distance_after_share` after, measured against targets of the new envelope. [pence; shares]
    envelope_pence : int
        What the final budgets sum to. [pence]
    offered_pence, wanted_pence : int or None
        By the band: what those above could give and those below want. [pence]
    """

    practices: pd.DataFrame
    envelope_pence: int
    offered_pence: int | None
    wanted_pence: int | None


def towards_band(shares: FairShares, rule: BandRule) -> Moved:
    """
    Let practices beyond the band above target give to those beyond it below (domain 3.2).

    Who is above gives `pace_share` of its budget, at most down to the band's edge; who is below
    gets at most what brings it up to the edge. What moves is the smaller of what is offered and
    wanted, shared in proportion.

    Parameters
    ----------
    shares : FairShares
        With budgets.
    rule : BandRule

    Returns
    -------
    Moved
        Its envelope is that of the budgets.

    Raises
    ------
    SelectionError
        If there are no budgets, or band and pace are no shares.
    """
    if not (0 <= rule.band_share < 1 and 0 <= rule.pace_share <= 1):
        raise SelectionError(
            f"A band of {float(rule.band_share):g} with a pace of {float(rule.pace_share):g} moves "
            "no budget sensibly, so none was moved. Both are shares from 0 to 1: 0.1 is 10%. "
            "Correct reference/fair_shares.yaml of your data folder."
        )
    before = _budgets(shares)
    aim = targets(shares.practices["weight"].tolist(), shares.envelope_pence)
    high, low = 1 + rule.band_share, 1 - rule.band_share
    give = [
        max(Fraction(0), min(rule.pace_share * b, b - high * t))
        for b, t in zip(before, aim, strict=True)
    ]
    want = [max(Fraction(0), low * t - b) for b, t in zip(before, aim, strict=True)]
    offered, wanted = sum(give, Fraction(0)), sum(want, Fraction(0))
    pot = min(offered, wanted)
    final = [
        b + (w * pot / wanted - g * pot / offered if pot else Fraction(0))
        for b, g, w in zip(before, give, want, strict=True)
    ]
    return _moved(shares, final, shares.envelope_pence, half_up(offered), half_up(wanted))


def by_growth(shares: FairShares, envelope_pence: int, rule: GrowthRule) -> Moved:
    """
    Share growth money out so that those further above target grow less (`trends.md` 4).

    Growth is `a - slope x distance`, held between the least and the most, with `a` such that the
    budgets sum to the new envelope exactly. Nobody moves away from target, nor past it, and who is
    at target grows as the envelope does: without that, the formula alone would do either near
    the target.

    Parameters
    ----------
    shares : FairShares
        With budgets.
    envelope_pence : int
        What the new budgets sum to. [pence]
    rule : GrowthRule

    Returns
    -------
    Moved

    Raises
    ------
    SelectionError
        If there are no budgets, the slope is not above 0, or the envelope grows by less than the
        least or more than the most.
    """
    before = _budgets(shares)
    mean = Fraction(envelope_pence, shares.envelope_pence) - 1
    if rule.slope_share <= 0 or not rule.least_share <= mean <= rule.most_share:
        raise SelectionError(
            f"The budgets are to grow by {float(mean):.2%} in all, each by "
            f"{float(rule.least_share):.2%} to {float(rule.most_share):.2%} and with a slope of "
            f"{float(rule.slope_share):g}, which cannot be; none was moved. Choose a sum between, "
            "or change reference/fair_shares.yaml of your data folder (the slope is above 0)."
        )
    aim = targets(shares.practices["weight"].tolist(), shares.envelope_pence)
    lines = []
    for b, t in zip(before, aim, strict=True):
        distance = b / t - 1
        to_target = (1 + mean) * t / b - 1 if b else rule.most_share
        least = mean if distance <= 0 else max(rule.least_share, to_target)
        most = mean if distance >= 0 else min(rule.most_share, to_target)
        lines.append((b, rule.slope_share * distance, least, most))
    steer = _steer(lines, envelope_pence)
    final = [b * (1 + min(max(steer - s, least), most)) for b, s, least, most in lines]
    return _moved(shares, final, envelope_pence, None, None)


def _steer(lines: Sequence[tuple[Fraction, Fraction, Fraction, Fraction]], total: int) -> Fraction:
    """Find `a` exactly: the sum of the budgets is a broken line in it, followed bend by bend."""
    bends = sorted(
        [(least + s, b) for b, s, least, _ in lines] + [(most + s, -b) for b, s, _, most in lines]
    )
    short = total - sum((b * (1 + least) for b, _, least, _ in lines), Fraction(0))
    at, slope = bends[0][0], Fraction(0)
    for bend, change in bends:
        if slope > 0 and short <= slope * (bend - at):
            return at + short / slope
        short -= slope * (bend - at)
        at, slope = bend, slope + change
    return at


def _budgets(shares: FairShares) -> list[Fraction]:
    budgets = shares.practices["exact_pence"].tolist()
    if any(b is None for b in budgets):
        raise SelectionError(
            "There are no budgets to move, only targets. Load a plan and the activity of its base "
            "year, then run 'pbc build'."
        )
    return [Fraction(b) for b in budgets]


def _moved(
    shares: FairShares,
    final: list[Fraction],
    envelope_pence: int,
    offered_pence: int | None,
    wanted_pence: int | None,
) -> Moved:
    practices = shares.practices[["practice_code", "budget_pence", "distance_share"]].copy()
    rounded = largest_remainder(final, envelope_pence)
    aim = targets(shares.practices["weight"].tolist(), envelope_pence)
    practices["final_pence"] = rounded
    practices["move_pence"] = practices["final_pence"] - practices["budget_pence"]
    after = [f / t - 1 for f, t in zip(rounded, aim, strict=True)]
    practices["distance_after_share"] = pd.Series(after, dtype=object)
    return Moved(practices, envelope_pence, offered_pence, wanted_pence)
