"""Fair shares of a year from what is loaded: weights, budgets and rules brought together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pbcanalytics import budgets, costing, intake
from pbcanalytics.budgets.shares.fair_shares import FairShares, fair_shares
from pbcanalytics.budgets.shares.pace_of_change import (
    BandRule,
    GrowthRule,
    Moved,
    by_growth,
    towards_band,
)
from pbcanalytics.pipeline.budgets.weighed_lists import (
    BY_AGE,
    GIVEN,
    SERVICES,
    WEIGHTS,
    by_age,
    given,
)
from pbcanalytics.pipeline.budgets.weight_sets import share_rules
from pbcanalytics.pipeline.stage import every_budget, fingerprint, shelf
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError, StoreError


@dataclass(frozen=True)
class SharesOfPct:
    """
    The fair shares of one PCT and year, and what they rest on.

    Attributes
    ----------
    pct_code, financial_year : str
    basis : dict
        `weights` (one of WEIGHTS), `service`, `files`, and of a weight set `dated`, `status`,
        `source`, `note`, with `factors_status` and `factors_note` where need or market forces
        factor are held.
    rules : dict of str to dict
        `value` (Fraction), `status` and `note` of what chance and pace rest on.
    shares : FairShares
    moved : Moved or None
        One step towards target; None where there are no budgets.
    """

    pct_code: str
    financial_year: str
    basis: dict[str, Any]
    rules: dict[str, dict[str, Any]]
    shares: FairShares
    moved: Moved | None


def shares_of(
    data: Path,
    year: str,
    *,
    pct: str | None = None,
    weights: str = GIVEN,
    service: str = "all",
    total_pence: int | None = None,
    grow_to_pence: int | None = None,
) -> SharesOfPct:
    """
    Reckon the fair shares of a PCT's practices; nothing that is held or published changes.

    Parameters
    ----------
    data : Path
        The data folder.
    year : str
        "2018/19" or "2018-19".
    pct : str, optional
        Code of the PCT, or of another body that pays; needed where several are registered.
    weights, service : str
        One of WEIGHTS, one of SERVICES.
    total_pence : int, optional
        Share this out, and leave budgets aside. [pence]
    grow_to_pence : int, optional
        Let budgets grow to this by the rule for growth, not move by the band. [pence]

    Returns
    -------
    SharesOfPct

    Raises
    ------
    SelectionError
        If a choice is none, or there is nothing to share out.
    ReferenceGap
        If a weight set or rule is missing or wrong.
    StoreError
        If budgets are needed and nothing was priced since the last load.
    """
    year = periods.starting(periods.first_year(year))
    _refuse_unknown(weights, WEIGHTS, "kind of weights")
    _refuse_unknown(service, tuple(SERVICES), "service")
    if total_pence is not None and grow_to_pence is not None:
        raise SelectionError(
            "Either a sum is shared out afresh, or budgets grow to a sum, so nothing was done. "
            "Choose --total or --grow-to."
        )
    held = shelf(data)
    rules = share_rules(held)
    with Warehouse.open(data, doing="the fair shares") as warehouse:
        intake.prepare(warehouse.con)
        practices = warehouse.frame("SELECT * FROM practices ORDER BY practice_code")
        pct = _pct(practices, pct)
        answers = _answers(practices, pct, year)
        if weights == BY_AGE:
            weighed, basis = by_age(warehouse, held, year, answers)
        else:
            weighed, basis = given(warehouse, year, service, answers)
        set_budgets = None
        if total_pence is None:
            set_budgets = _budgets(data, warehouse, held, pct, year)
    shares = fair_shares(
        weighed,
        k_ratio=rules["person_cost_variation_ratio"]["value"],
        confidence_share=rules["confidence_share"]["value"],
        budgets=set_budgets,
        envelope_pence=total_pence,
    )
    moved = None if set_budgets is None else _step(shares, rules, grow_to_pence)
    return SharesOfPct(pct, year, basis, rules, shares, moved)


def _step(shares: FairShares, rules: dict[str, dict[str, Any]], grow_to_pence: int | None) -> Moved:
    value = {name: rule["value"] for name, rule in rules.items()}
    if grow_to_pence is None:
        return towards_band(shares, BandRule(value["band_share"], value["pace_share"]))
    least, most = value["least_growth_share"], value["most_growth_share"]
    return by_growth(shares, grow_to_pence, GrowthRule(value["slope_share"], least, most))


def _refuse_unknown(chosen: str, known: tuple[str, ...], what: str) -> None:
    if chosen not in known:
        raise SelectionError(
            f"'{chosen}' is no {what}, so nothing was shared out. Choose one of: "
            f"{', '.join(known)}."
        )


def _pct(practices: pd.DataFrame, pct: str | None) -> str:
    known = sorted(practices["pct_code"].dropna().astype(str).unique())
    if pct is None and len(known) == 1:
        return str(known[0])
    if pct is None or pct not in known:
        raise SelectionError(
            f"{'It is not said' if pct is None else f'No practice is registered with {pct}, so'} "
            f"{'whose money is to be shared out' if pct is None else 'nothing can be shared out'}. "
            + (
                f"Choose with --pct: {', '.join(known[:12])}{' …' if len(known) > 12 else ''}."
                if known
                else "Load a register of practices that names who pays for them "
                "(docs/organisations.md)."
            )
        )
    return pct


def _answers(practices: pd.DataFrame, pct: str, year: str) -> dict[str, str]:
    ours = set(practices.loc[practices["pct_code"] == pct, "practice_code"])
    found = costing.answering(practices, "practice_code", periods.start(year))
    return {code: now for code, now in found.items() if now in ours}


def _budgets(
    data: Path,
    warehouse: Warehouse,
    held: Shelf,
    pct: str,
    year: str,
) -> pd.DataFrame:
    built = warehouse.rows("SELECT inputs FROM build") if warehouse.has("build") else []
    if built != [(fingerprint(warehouse, held),)]:
        raise StoreError(
            f"The activity in {data} has not been priced since extracts or reference data "
            "changed, so there are no budgets to measure. Run 'pbc build' first, or say with "
            "--total what to share out."
        )
    # Before a move that the plan asks for: it would be taken twice.
    for one in every_budget(warehouse, is_moved=False):
        told = one if isinstance(one, budgets.Unset) else one.baseline
        if (one.pct_code, told.financial_year) != (pct, year):
            continue
        if isinstance(one, budgets.Unset):
            raise SelectionError(one.reason)
        own = one.baseline.practices
        whole = own["indicative_pence"] + own["held_pence"]
        return own[["practice_code"]].assign(budget_pence=whole)
    raise SelectionError(
        f"{pct} has no plan for {year}, so there are no budgets to measure. Load a plan and run "
        "'pbc build', or say with --total what to share out."
    )
