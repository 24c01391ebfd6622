"""Savings of a budget year: so far, at its end, and what chance alone would do."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from pbcanalytics.budgets.agreed_sums import Agreed
from pbcanalytics.budgets.baseline import NEEDED
from pbcanalytics.budgets.freed_up import Chain, Position, ShareRule, chain, position
from pbcanalytics.budgets.membership import regrouped
from pbcanalytics.budgets.noise import (
    DEFAULT,
    NAIVE,
    expected_for_noise_share,
    minimum_saving_share,
    payable_pence,
    raised_minimum_share,
)
from pbcanalytics.budgets.noise_terms import NoiseTerms
from pbcanalytics.budgets.prospects import Prospect, prospect
from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.budgets.years import YearBudget
from pbcanalytics.words import periods

_MONTHS = 12


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
        Against the budget of the months so far.
    historic_net_pence : int
        The same net against the historic budget, before it was cut to what the PCT affords (R47).
    months : tuple of Prospect
        One a month so far; empty where the practices' share is not known.
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


@dataclass(frozen=True)
class YearSavings:
    """
    The savings of one PCT in one budget year.

    Attributes
    ----------
    financial_year, pct_code : str
    n_months : int
        From April to the last month with activity.
    empty_months : tuple of date
        Months before that one without any activity.
    whole : Position
        All groups together, so far.
    groups : tuple of GroupSavings
        Consortia by code, then practices outside all.
    n_activity, n_priced : int
        Of practices with a budget; what has no price is in no spending.
    silent : tuple of str
        Practices with a budget and no activity of the year: their spending is not known, so they
        are in no net.
    left_out_pence : int
        Spending of practices without a budget. [pence]
    """

    financial_year: str
    pct_code: str
    n_months: int
    empty_months: tuple[dt.date, ...]
    whole: Position
    groups: tuple[GroupSavings, ...]
    n_activity: int
    n_priced: int
    silent: tuple[str, ...]
    left_out_pence: int


def elapsed_share(financial_year: str, n_months: int) -> Fraction:
    """
    Give the share of a year's weekdays in its first months.

    Parameters
    ----------
    financial_year : str
    n_months : int
        From April. [months]

    Returns
    -------
    Fraction
        Bank holidays are counted as weekdays. [share]

    Examples
    --------
    >>> elapsed_share("2018/19", 3), elapsed_share("2018/19", 12)
    (Fraction(1, 4), Fraction(1, 1))
    """
    starts = np.datetime64(periods.start(financial_year), "M") + np.arange(_MONTHS + 1)
    days = np.busday_count(
        starts[:-1].astype("datetime64[D]"), starts[1:].astype("datetime64[D]")
    ).tolist()
    return Fraction(sum(days[:n_months]), sum(days))


def year_savings(
    found: YearBudget,
    monthly: pd.DataFrame,
    answers: Mapping[str, str],
    consortia: Mapping[str, str],
    *,
    rule: ShareRule,
    agreed: Mapping[str, Agreed],
    terms: NoiseTerms,
) -> YearSavings | None:
    """
    Hold the spending of a budget year against its budgets, group by group.

    Parameters
    ----------
    found : YearBudget
        The budgets.
    monthly : DataFrame, one row per practice and month
        Activity of the budget year at its own prices: `practice_code`, `month` (its first day),
        `n_activity`, `n_priced`, `pence`.
    answers : mapping of str to str
        The practice that answers for each, on 1 April of the year.
    consortia : mapping of str to str
        The consortium of each practice on that day; blank outside all.
    rule : ShareRule
    agreed : mapping of str to Agreed
        By code of the group.
    terms : NoiseTerms

    Returns
    -------
    YearSavings or None
        None where practices with a budget have no activity of the year.
    """
    plain = found.baseline
    rows = regrouped(monthly, dict(answers), ["practice_code", "month"])
    inside = rows[rows["practice_code"].isin(plain.practices["practice_code"])]
    if inside.empty:
        return None
    year = plain.financial_year
    starts = [periods.start(year)]
    starts += [
        (pd.Timestamp(starts[0]) + pd.DateOffset(months=m)).date() for m in range(1, _MONTHS)
    ]
    with_activity = {pd.Timestamp(m).date() for m in inside["month"]}
    n_months = max(starts.index(m) for m in with_activity) + 1
    practices = plain.practices.assign(
        expected_pence=plain.practices[list(NEEDED)].sum(axis=1),
        code=[consortia.get(c) or c for c in plain.practices["practice_code"]],
        is_consortium=[bool(consortia.get(c)) for c in plain.practices["practice_code"]],
    )
    known = practices[practices["practice_code"].isin(inside["practice_code"])]
    spent = [
        inside[inside["month"].map(lambda m, last=start: pd.Timestamp(m).date() <= last)]
        .groupby("practice_code")["pence"]
        .sum()
        for start in starts[:n_months]
    ]
    shares = [elapsed_share(year, m + 1) for m in range(n_months)]
    ordered = known.sort_values(["is_consortium", "code"], ascending=[False, True])
    groups = tuple(
        _group(own, spent, shares, rule, agreed.get(str(code), Agreed()), terms)
        for code, own in ordered.groupby("code", sort=False)
    )
    return YearSavings(
        financial_year=year,
        pct_code=found.pct_code,
        n_months=n_months,
        empty_months=tuple(m for m in starts[:n_months] if m not in with_activity),
        whole=position(_against(known, "indicative_pence", spent[-1], shares[-1])),
        groups=groups,
        n_activity=int(inside["n_activity"].sum()),
        n_priced=int(inside["n_priced"].sum()),
        silent=tuple(sorted(set(practices["practice_code"]) - set(known["practice_code"]))),
        left_out_pence=int(rows["pence"].sum() - inside["pence"].sum()),
    )


def _against(own: pd.DataFrame, budget: str, spent: pd.Series, elapsed: Fraction) -> pd.DataFrame:
    """Put the budget of the months so far beside what was spent in them, a row a practice."""
    return pd.DataFrame(
        {
            "budget_pence": [half_up(int(p) * elapsed) for p in own[budget]],
            "actual_pence": [int(spent.get(c, 0)) for c in own["practice_code"]],
        }
    )


def _group(
    own: pd.DataFrame,
    spent: list[pd.Series],
    shares: list[Fraction],
    rule: ShareRule,
    agreed: Agreed,
    terms: NoiseTerms,
) -> GroupSavings:
    budget, expected = int(own["indicative_pence"].sum()), int(own["expected_pence"].sum())
    n_patients, share = int(own["list_budget"].sum()), rule.practice_share
    so_far = position(_against(own, "indicative_pence", spent[-1], shares[-1]))
    historic = position(_against(own, "expected_pence", spent[-1], shares[-1]))
    whole_year = shares[-1] == 1
    months: tuple[Prospect, ...] = ()
    if share is not None and expected > 0:
        claims = (agreed.prior_deficit_pence or 0) if rule.prior_deficit_first else 0
        claims += (agreed.pct_claim_pence or 0) if rule.pct_claim_first else 0
        months = tuple(
            prospect(
                budget_pence=budget,
                expected_pence=expected,
                actual_pence=sum(int(by.get(c, 0)) for c in own["practice_code"]),
                elapsed_share=elapsed,
                n_patients=n_patients,
                practice_share=share,
                terms=terms,
                first_claims_pence=claims,
            )
            for by, elapsed in zip(spent, shares, strict=True)
        )
    outturn = so_far.actual_pence if whole_year else months[-1].outturn_pence if months else None
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


def _noise(
    own: pd.DataFrame, budget: int, n_patients: int, share: Fraction, terms: NoiseTerms
) -> Noise:
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
