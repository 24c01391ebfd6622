"""The savings of one group in a budget year, and what chance alone would do to them."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pandas as pd

from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.budgets.savings.agreed_sums import Agreed
from pbcanalytics.budgets.savings.freed_up import Chain, Position, ShareRule, chain, position
from pbcanalytics.budgets.savings.noise import (
    DEFAULT,
    NAIVE,
    expected_for_noise_share,
    minimum_saving_share,
    payable_pence,
    raised_minimum_share,
)
from pbcanalytics.budgets.savings.noise_terms import NoiseTerms
from pbcanalytics.budgets.savings.prospects import Prospect, first_claims, prospect

MONTHS: Final = 12


@dataclass(frozen=True)
class Noise:
    """
    What chance alone would do to a group's saving.

    Attributes
    ----------
    minimum_share, raised_minimum_share : float
        Minimum savings rate, and that of the default pay-out rule. [share of budget]
    naive_share, default_share : float
        What a share of any underspend, and the default rule, are expected to pay if nothing has
        changed. [share of budget]
    naive_pence, default_pence : int
        The same of the year's budget. [pence]
    one_by_one_pence : int
        What a share of any underspend pays where each practice keeps its own. [pence]
    """

    minimum_share: float
    raised_minimum_share: float
    naive_share: float
    default_share: float
    naive_pence: int
    default_pence: int
    one_by_one_pence: int


@dataclass(frozen=True)
class GroupSavings:
    """
    One consortium, or one practice outside all, in one budget year.

    Attributes
    ----------
    code : str
        Of the consortium, or of the practice.
    is_consortium : bool
    n_patients : int
        On 1 April of the budget year. [patients]
    year_budget_pence : int
    so_far : Position
        Against the budget of the months that count: monitoring's profile and spending.
    historic_net_pence : int
        The same net against the historic budget, before it was cut to what the PCT affords (R47).
    months : tuple of Prospect
        One a month so far; a month is missing where a practice was in no activity by then, and all
        are where nothing is foreseen.
    year_net_pence : int or None
        Net of the whole year; foreseen while the year runs, and None where it cannot be.
    chain : Chain or None
        Of `year_net_pence`.
    historic_chain : Chain or None
        Of the net of the whole year against the historic budget.
    beyond_chance_pence : int or None
        What the default pay-out rule would pay of `year_net_pence`. [pence]
    noise : Noise or None
        None where the practices' share is not known.
    """

    code: str
    is_consortium: bool
    n_patients: int
    year_budget_pence: int
    so_far: Position
    historic_net_pence: int
    months: tuple[Prospect, ...]
    year_net_pence: int | None
    chain: Chain | None
    historic_chain: Chain | None
    beyond_chance_pence: int | None
    noise: Noise | None


def group_savings(
    own: pd.DataFrame,
    course: pd.DataFrame,
    n_months: int,
    rule: ShareRule,
    agreed: Agreed,
    terms: NoiseTerms,
    months: tuple[Prospect, ...] | None,
) -> GroupSavings:
    """
    Hold the spending of one group against its budget.

    Parameters
    ----------
    own : DataFrame, one row per practice of the group
        `practice_code`, `code` of the group, `is_consortium`, `list_budget` [patients],
        `indicative_pence` and `expected_pence`, the budget before it was cut. [pence]
    course : DataFrame, one row per practice of the group and month that counts
        `practice_code`, `at` (April is 0); what falls to the month of the budget, and of the
        budget before it was cut: `budget_pence`, `historic_pence`; `actual_pence`. [pence]
    n_months : int
        From April to the last that counts. [months]
    rule : ShareRule
    agreed : Agreed
    terms : NoiseTerms
    months : tuple of Prospect, or None
        From the forecast of the outturn; None where there is none, and the year is foreseen from
        the rate so far and `terms`.

    Returns
    -------
    GroupSavings
    """
    budget, expected = int(own["indicative_pence"].sum()), int(own["expected_pence"].sum())
    n_patients, share = int(own["list_budget"].sum()), rule.practice_share
    so_far, historic = stands(course, "budget_pence"), stands(course, "historic_pence")
    is_forecast = months is not None
    if months is None:
        months = _by_rate(own, course, n_months, rule, agreed, terms)
    is_over = course["at"].nunique() == MONTHS
    outturn = _outturn(so_far, months, n_months, is_over=is_over, is_forecast=is_forecast)
    year_net = None if outturn is None else budget - outturn
    return GroupSavings(
        code=str(own["code"].iloc[0]),
        is_consortium=bool(own["is_consortium"].iloc[0]),
        n_patients=n_patients,
        year_budget_pence=budget,
        so_far=so_far,
        historic_net_pence=historic.net_pence,
        months=months,
        year_net_pence=year_net,
        chain=None if year_net is None else chain(year_net, rule, agreed),
        historic_chain=None if outturn is None else chain(expected - outturn, rule, agreed),
        beyond_chance_pence=None
        if year_net is None or share is None
        else payable_pence(DEFAULT, year_net, budget, n_patients, share, terms),
        noise=None if share is None else _noise(own, budget, n_patients, share, terms),
    )


def stands(course: pd.DataFrame, budget: str) -> Position:
    """Hold what practices spent so far against what fell to these months of one of the budgets."""
    sums = course.groupby("practice_code")[[budget, "actual_pence"]].sum()
    return position(sums.rename(columns={budget: "budget_pence"}))


def _outturn(
    so_far: Position,
    months: tuple[Prospect, ...],
    n_months: int,
    *,
    is_over: bool,
    is_forecast: bool,
) -> int | None:
    """Say what the year comes to: as forecast now, else what was spent in a year that is over."""
    if is_forecast and months and months[-1].n_months == n_months:
        return months[-1].outturn_pence
    if is_over:
        return so_far.actual_pence
    return months[-1].outturn_pence if months and not is_forecast else None


def _by_rate(
    own: pd.DataFrame,
    course: pd.DataFrame,
    n_months: int,
    rule: ShareRule,
    agreed: Agreed,
    terms: NoiseTerms,
) -> tuple[Prospect, ...]:
    """Foresee the year from the rate so far and that of the base year, month by month."""
    expected = int(own["expected_pence"].sum())
    if rule.practice_share is None or expected <= 0:
        return ()
    months = course.groupby("at")[["historic_pence", "actual_pence"]].sum()
    until = [months.loc[: m - 1].sum() for m in range(1, n_months + 1)]
    elapsed = [Fraction(int(u["historic_pence"]), expected) for u in until]
    # Lines below nothing can make it no share of a year's work: nothing follows from it then.
    if not all(0 <= share <= 1 for share in elapsed):
        return ()
    return tuple(
        prospect(
            budget_pence=int(own["indicative_pence"].sum()),
            expected_pence=expected,
            actual_pence=int(so_far["actual_pence"]),
            elapsed_share=share,
            n_patients=int(own["list_budget"].sum()),
            practice_share=rule.practice_share,
            terms=terms,
            n_months=m,
            first_claims_pence=first_claims(rule, agreed),
        )
        for m, (so_far, share) in enumerate(zip(until, elapsed, strict=True), start=1)
    )


def _noise(
    own: pd.DataFrame, budget: int, n_patients: int, share: Fraction, terms: NoiseTerms
) -> Noise:
    """Say what chance alone would do to the group's saving, and to its practices' one by one."""
    naive = expected_for_noise_share(NAIVE, n_patients, share, terms)
    default = expected_for_noise_share(DEFAULT, n_patients, share, terms)
    alone = [
        Fraction(expected_for_noise_share(NAIVE, int(n), share, terms)) * int(pence)
        for n, pence in zip(own["list_budget"], own["indicative_pence"], strict=True)
    ]
    return Noise(
        minimum_share=minimum_saving_share(n_patients, terms),
        raised_minimum_share=raised_minimum_share(n_patients, share, terms),
        naive_share=naive,
        default_share=default,
        naive_pence=half_up(Fraction(naive) * budget),
        default_pence=half_up(Fraction(default) * budget),
        one_by_one_pence=half_up(sum(alone, Fraction(0))),
    )
