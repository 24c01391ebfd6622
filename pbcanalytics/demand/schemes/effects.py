"""Did a scheme work: what its evaluation could see, and what became of it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.demand.comparing.overdispersion import spread
from pbcanalytics.demand.schemes.evaluation import (
    YEAR_MONTHS,
    Detectable,
    Effect,
    controlled_difference,
    expected_return_ratio,
    least_detectable,
    power_of,
)
from pbcanalytics.demand.schemes.scheme import Demand, Scheme
from pbcanalytics.words.errors import SelectionError

LEAST_MONTHS: Final = 6
"""Months that are compared at least, before a scheme; fewer say next to nothing."""

MOST_AHEAD: Final = 24
"""Months from the last held to the first of a scheme; more, and practices are others by then."""

LEAST_SINCE: Final = 3
"""Months since a scheme began, before which nothing is told of it."""

SURE_SHARE: Final = 0.05
"""What chance does no oftener is told from chance: the reverse of a 95% interval."""

TOO_EARLY: Final = "too_early"
CHANCE: Final = "chance"
FELL: Final = "fell"
ROSE: Final = "rose"
"""Verdicts. None is passed before the months agreed are over: who looks monthly finds something."""


@dataclass(frozen=True)
class Plan:
    """
    What the evaluation of a scheme could see, told from the months before it alone.

    Attributes
    ----------
    before : Detectable
    n_before, n_after : int
        Months of the evidence that were held against each other. [months]
    evidence_from, evidence_to : date
        First days of the first and last month of the evidence.
    power_share : float or None
        How often the effect hoped for would be found; None where none is hoped for. [share]
    stood_ratio : float
        The practices' level over that of all, in the months by which they were chosen, or the
        latest twelve. [ratio]
    return_share : float
        What of that level comes back on its own the year after; below 0, rises. [share]
    n_ahead : int
        From the last month of the evidence to the first of the scheme; 1 is the next. [months]
    """

    before: Detectable
    n_before: int
    n_after: int
    evidence_from: dt.date
    evidence_to: dt.date
    power_share: float | None
    stood_ratio: float
    return_share: float
    n_ahead: int


@dataclass(frozen=True)
class Evaluation:
    """
    What became of a scheme.

    Attributes
    ----------
    effect : Effect
    verdict : str
        TOO_EARLY, CHANCE, FELL or ROSE.
    n_months : int
        Months since it began that are held, at most those agreed. [months]
    baseline_from, baseline_to, to_month : date
        First days of the months that it is compared with, and of its last.
    n_events_before, n_events_after : array of float, one per treated practice
        In the two windows. [events]
    naive_ratio : float
        Their level since, over that just before it began: no controls, nothing comes back. [ratio]
    """

    effect: Effect
    verdict: str
    n_months: int
    baseline_from: dt.date
    baseline_to: dt.date
    to_month: dt.date
    n_events_before: Array
    n_events_after: Array
    naive_ratio: float


@dataclass(frozen=True)
class Judged:
    """
    A scheme with all that can be told of it.

    Attributes
    ----------
    scheme : Scheme
    measure_title : str
    specialty_names : tuple of str
        None for all.
    treated, controls : tuple of str
        Practices, as they answer now.
    beside : tuple of str
        Other schemes in the measure that some of the treated are under in the same months.
    plan : Plan or None
    evaluation : Evaluation or None
    reason : str
        Why there is no plan, or no evaluation; empty where both are there.
    """

    scheme: Scheme
    measure_title: str
    specialty_names: tuple[str, ...]
    treated: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    plan: Plan | None = None
    evaluation: Evaluation | None = None
    reason: str = ""


def planned(
    demand: Demand,
    treated: Sequence[str],
    controls: Sequence[str],
    *,
    starts: dt.date,
    n_months: int = YEAR_MONTHS,
    hoped_share: float | None = None,
    figures: tuple[dt.date, dt.date] | None = None,
) -> Plan:
    """
    Tell, from the months before a scheme alone, what its evaluation could see.

    Parameters
    ----------
    demand : Demand
    treated, controls : sequence of str
        Practices that are to take part, and those that have no scheme in the measure.
    starts : date
        First day of its first month; nothing from then on is looked at.
    n_months : int
        For so long it is to be evaluated. [months]
    hoped_share : float, optional
        [share]
    figures : pair of dates, optional
        First and last month by which the practices were chosen, if they were chosen by figures.

    Returns
    -------
    Plan

    Raises
    ------
    SelectionError
        If too few months are held before it, the last of them too long ago, or too few controls.
    """
    past = demand.until(pd.Timestamp(starts))
    counts, usual, is_treated = _units(past, treated, controls)
    n_held = counts.shape[1]
    if n_held < 2 * LEAST_MONTHS:
        raise SelectionError(
            f"{n_held} whole months are held before {starts:%Y-%m}, and {2 * LEAST_MONTHS} are the "
            "least: how far practices move without a scheme is not known. Load earlier months."
        )
    n_ahead = _ahead(past.months[-1].date(), starts)
    n_after = min(n_months, n_held // 2)
    n_before = min(YEAR_MONTHS, n_held - n_after)
    before = least_detectable(counts, usual, is_treated, n_before=n_before, n_after=n_after)
    first, last = figures or (past.months[-min(YEAR_MONTHS, n_held)].date(), past.months[-1].date())
    stood, back = _return(past, first, last, treated, controls, before)
    return Plan(
        before=before,
        n_before=n_before,
        n_after=n_after,
        evidence_from=past.months[-n_before - n_after].date(),
        evidence_to=past.months[-1].date(),
        power_share=None if hoped_share is None else power_of(1 + hoped_share, before),
        stood_ratio=stood,
        return_share=back,
        n_ahead=n_ahead,
    )


def evaluated(
    demand: Demand, scheme: Scheme, treated: Sequence[str], controls: Sequence[str], plan: Plan
) -> Evaluation:
    """
    Tell what became of a scheme.

    The months compared with end before those by which the practices were chosen, if they were:
    who is chosen for a high year comes back from it without any scheme.

    Parameters
    ----------
    demand : Demand
    scheme : Scheme
    treated, controls : sequence of str
        Practices.
    plan : Plan
        Of the same scheme.

    Returns
    -------
    Evaluation

    Raises
    ------
    SelectionError
        If too few months are held before or since, or too few controls.
    """
    end = pd.Timestamp(scheme.starts) + pd.DateOffset(months=scheme.months)
    known = demand.until(end)
    months = known.months
    n_since = int((months >= pd.Timestamp(scheme.starts)).sum())
    compared = scheme.figures_from if scheme.chosen_by_figures else scheme.starts
    n_before = min(YEAR_MONTHS, int((months < pd.Timestamp(compared or scheme.starts)).sum()))
    faults = []
    if n_since < LEAST_SINCE:
        faults.append(
            f"{n_since} whole months are held since it began, {LEAST_SINCE} are the least"
        )
    if n_before < LEAST_MONTHS:
        chosen = " by which practices were chosen" if scheme.chosen_by_figures else ""
        faults.append(
            f"{n_before} months are held before those{chosen or ' since it began'}, "
            f"{LEAST_MONTHS} are the least"
        )
    if faults:
        raise SelectionError(
            f"Scheme {scheme.name} cannot be evaluated: {'; '.join(faults)}. Wait for more months, "
            "or load earlier ones."
        )
    n_between = (
        len(months) - n_since - int((months < pd.Timestamp(compared or scheme.starts)).sum())
    )
    counts, usual, is_treated = _units(known, treated, controls)
    effect = controlled_difference(
        counts, usual, is_treated, plan.before,
        n_before=n_before, n_after=n_since, n_between=n_between,
    )  # fmt: skip
    first = len(months) - n_since - n_between - n_before
    window = months[first].date(), months[first + n_before - 1].date()
    mine = Demand(known.counts.loc[list(treated)], usual[is_treated])
    begun = months[len(months) - n_since].date()
    return Evaluation(
        effect=effect,
        verdict=_verdict(effect, is_whole=n_since == scheme.months),
        n_months=n_since,
        baseline_from=window[0],
        baseline_to=window[1],
        to_month=months[-1].date(),
        n_events_before=mine.of(*window)[0],
        n_events_after=mine.of(begun, months[-1].date())[0],
        naive_ratio=_naive(mine, months, n_since),
    )


def _ahead(last: dt.date, starts: dt.date) -> int:
    """Count the months from the last held to a scheme's first; refuse too many."""
    n_ahead = (starts.year - last.year) * 12 + starts.month - last.month
    if n_ahead > MOST_AHEAD:
        raise SelectionError(
            f"A scheme from {starts:%Y-%m} begins {n_ahead} months after the last whole month held "
            f"({last:%Y-%m}), and {MOST_AHEAD} are the most: how practices move by then cannot be "
            "told from so long ago. Load later months, or let it begin earlier."
        )
    return n_ahead


def _verdict(effect: Effect, *, is_whole: bool) -> str:
    """Tell an effect from chance, once the months agreed are over."""
    if not is_whole:
        return TOO_EARLY
    if effect.p_share >= SURE_SHARE:
        return CHANCE
    return FELL if effect.ratio < 1 else ROSE


def _naive(mine: Demand, months: pd.DatetimeIndex, n_since: int) -> float:
    """Give the level since over that of as many months just before, at most twelve."""
    at = len(months) - n_since
    before = mine.of(months[max(at - YEAR_MONTHS, 0)].date(), months[at - 1].date())
    after = mine.of(months[at].date(), months[-1].date())
    (x, n), (y, m) = ((e.sum(), u.sum()) for e, u in (before, after))
    return float(y / m / (x / n)) if x and n and m else float("nan")


def _return(
    past: Demand,
    first: dt.date,
    last: dt.date,
    treated: Sequence[str],
    controls: Sequence[str],
    before: Detectable,
) -> tuple[float, float]:
    """
    Give how high the practices stood in some months, and what of it comes back on its own.

    Levels that move between two windows without any scheme, beyond the chance of counts, are no
    more their own than that chance is.
    """
    codes = [*treated, *controls]
    rows = past.counts.index.get_indexer(pd.Index(codes))
    events, usual = (a[rows] for a in past.of(first, last))
    held = ~np.isnan(events) & (usual > 0)
    level = events[held].sum() / usual[held].sum() if usual[held].sum() else np.nan
    expected = np.where(held, usual, 0) * level
    n = len(treated)
    stood = float(events[:n].sum() / expected[:n].sum()) if expected[:n].sum() else float("nan")
    moving = before.levels_variance / 2
    tau = max(float(spread(events, expected, robust=True).tau_squared) - moving, 0.0)
    ratio = events[:n] / np.where(expected[:n] > 0, expected[:n], np.nan)
    chance = 1 / np.where(expected[:n] > 0, expected[:n], np.nan) + moving
    falls = expected_return_ratio(ratio, tau, chance) * expected[:n]
    total = float(events[:n].sum())
    return stood, float(falls.sum()) / total if total else float("nan")


def _units(
    demand: Demand, treated: Sequence[str], controls: Sequence[str]
) -> tuple[pd.DataFrame, Array, Any]:
    """Keep the practices that are compared."""
    codes = [*treated, *controls]
    rows = demand.counts.index.get_indexer(pd.Index(codes))
    is_treated = np.arange(len(codes)) < len(treated)
    return demand.counts.loc[codes], demand.usual[rows], is_treated
