"""What is published: aggregate tables, with small numbers withheld."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pandas as pd

from pbcanalytics.budgets import MOVES, NEEDED, Baseline, YearBudget
from pbcanalytics.budgets.agreement.checklist import Check
from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.budgets.walk.plan import HELD_BACK
from pbcanalytics.faces.sentences import checklist
from pbcanalytics.faces.withholding.disclosure import blanked
from pbcanalytics.words.tables import Table, published

_PENCE: Final = (*MOVES, "indicative_pence", "held_pence")
_OF_C10: Final = (
    "The analytics team has the list of reductions and of versions agreed in the year "
    "('pbc versions --checklist')."
)
_TABLES: Final = (
    *(published.BUDGETS, published.BUDGET_PRACTICES, published.BUDGET_LINES),
    *(published.BUDGET_GAPS, published.BUDGET_SCOPE, published.BUDGET_ADJUSTMENTS),
    *(published.BUDGET_UNAPPLIED, published.BUDGET_CHECKS),
)


@dataclass(frozen=True)
class Agreed:
    """
    Who agreed a budget, and what became of the data since.

    Attributes
    ----------
    version : int
    agreed_by : str
    agreed_on : date
    drift_pence : int or None
        What would move between practices if the budget were set anew; None where it cannot be.
    """

    version: int
    agreed_by: str
    agreed_on: dt.date
    drift_pence: int | None


def budget_tables(
    budgets: Iterable[YearBudget],
    practices: pd.DataFrame,
    *,
    hidden: Collection[tuple[str, str, str]],
    smallest: int,
    agreed: Mapping[tuple[str, str], Agreed] | None = None,
    checks: Mapping[tuple[str, str], Sequence[Check]] | None = None,
) -> dict[Table, pd.DataFrame]:
    """
    Lay out budgets for publication.

    Parameters
    ----------
    budgets : iterable of YearBudget
    practices : DataFrame, one row per practice
        Table `practices`, for names and consortia.
    hidden : collection of (practice, year of activity, point of delivery)
        The lines that are withheld, as `step_withholding.hidden_lines` chooses them for every
        table that has lines of practices.
    smallest : int
        The smallest count that may be shown.
    agreed : mapping of (PCT, year) to Agreed, optional
        Of those that were agreed.
    checks : mapping of (PCT, year) to sequence of Check, optional
        What the checklist says of each.

    Returns
    -------
    dict of Table to DataFrame
        `budgets`, one row per PCT and year; `budget_practices`, one row per practice and year;
        `budget_lines`, one row per practice, point of delivery and year; `budget_gaps`, one row
        per practice left out and year; `budget_scope`, `budget_adjustments` and
        `budget_unapplied`, what goes with them. Where `is_withheld`, counts and pounds of a line
        are empty; they are in the practice's total.
    """
    parts: dict[Table, list[pd.DataFrame]] = {table: [] for table in _TABLES}
    names = practices[["practice_code", "practice_name", "consortium_code"]]
    for budget in budgets:
        b = budget.baseline
        whose = (budget.pct_code, b.financial_year)
        key = dict(zip(("pct_code", "financial_year"), whose, strict=True))
        places = zip(b.lines["practice_code"], b.lines["pod"], strict=True)
        withheld = {(code, pod) for code, pod in places if (code, b.base_year, pod) in hidden}
        shown = _put_back(b, withheld)
        made = {
            published.BUDGETS: _year(budget, shown, (agreed or {}).get(whose)),
            published.BUDGET_PRACTICES: _practices(shown).merge(
                names, on="practice_code", how="left", validate="many_to_one"
            ),
            published.BUDGET_LINES: _blank(b.lines, withheld, ["n_activity", *_PENCE]),
            published.BUDGET_GAPS: _gaps(b.gaps, smallest),
            published.BUDGET_SCOPE: _scope(b, withheld),
            published.BUDGET_ADJUSTMENTS: _blank(b.adjustments, withheld, ["amount_pence"]),
            published.BUDGET_UNAPPLIED: b.unapplied,
            published.BUDGET_CHECKS: _checks((checks or {}).get(whose, ())),
        }
        for table, frame in made.items():
            parts[table].append(frame.assign(**key))
    found = {
        table: pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
        for table, frames in parts.items()
    }
    if not found[published.BUDGETS].empty:
        found[published.BUDGETS] = _without_few(found[published.BUDGETS], smallest)
    return found


def _year(budget: YearBudget, practices: pd.DataFrame, agreed: Agreed | None) -> pd.DataFrame:
    """Lay out the row of a PCT and year."""
    b, plan = budget.baseline, budget.baseline.plan
    row = {
        "base_year": b.base_year,
        "price_year": b.price_year,
        "resource_pence": plan.resource_pence,
        **{f"{item}_pence": getattr(b, f"{item}_pence") for item in HELD_BACK},
        **{f"{item}_return": plan.return_rules.get(item) for item in HELD_BACK},
        "available_pence": b.available_pence,
        "held_pence": int(practices["held_pence"].sum()),
        "reserved_pence": b.reserved_pence,
        "needed_pence": int(practices[list(NEEDED)].sum().sum()),
        "pace_share": None if plan.pace_share is None else float(plan.pace_share),
        "missing_months": "; ".join(f"{m:%Y-%m}" for m in b.missing_months) or None,
        "is_provisional": b.is_provisional,
        **(vars(agreed) if agreed else dict.fromkeys(("version", "agreed_by", "agreed_on"))),
        "drift_pence": agreed.drift_pence if agreed else None,
        "n_practices": len(practices),
        "n_activity": int(practices["n_activity"].sum()),
        "n_priced": int(practices["n_priced"].sum()),
        "outside_activity": budget.outside_activity,
        "outside_pence": budget.outside_pence,
        "notes": "; ".join(plan.notes),
    }
    return pd.DataFrame([row])


def _practices(practices: pd.DataFrame) -> pd.DataFrame:
    """Lay out practices: coverage rounded down, distances as numbers."""
    counts = zip(practices["n_priced"], practices["n_activity"], strict=True)
    shares = {
        name: [None if pd.isna(v) else round(float(v), 4) for v in practices[name]]
        for name in ("distance_share", "chance_share")
    }
    return practices.assign(
        coverage=[rounded_down(priced / payable) if payable else 1.0 for priced, payable in counts],
        target_pence=practices["target_pence"].astype("Int64"),
        **{name: pd.Series(values, dtype="Float64") for name, values in shares.items()},
    )


def _checks(checks: Sequence[Check]) -> pd.DataFrame:
    """Lay out the checklist; C10 may name single lines and is told to analysts only."""
    rows = [
        (item, question, state, said if item != "C10" else _OF_C10)
        for item, question, state, said in checklist.rows(checks)
    ]
    return pd.DataFrame(rows, columns=["item", "question", "state", "sentence"])


def _put_back(b: Baseline, withheld: set[tuple[str, str]]) -> pd.DataFrame:
    """
    Give the practices, with withheld lines that are handed back by themselves in their budgets.

    The step of the scope would tell what such a line holds. Where all lines of a practice are
    handed back for the same months, it tells of none of them.
    """
    n_lines = b.lines["practice_code"].value_counts()
    by_row = b.held.groupby(["practice_code", "holder", "months"])["pod"].transform("size")
    alone = by_row < b.held["practice_code"].map(n_lines)
    places = zip(b.held["practice_code"], b.held["pod"], strict=True)
    rows = b.held[alone & pd.Series([p in withheld for p in places], dtype=bool)]
    if rows.empty:
        return b.practices
    lines = b.lines[["practice_code", "pod", "scope_pence", "held_pence"]]
    both = rows.merge(lines, on=["practice_code", "pod"], suffixes=("", "_of_line"))
    # Of a line that goes back in several parts, each has its part of the step.
    both["scope_pence"] = [
        half_up(Fraction(int(scope) * int(part), int(whole))) if whole else int(scope)
        for scope, part, whole in zip(
            both["scope_pence"], both["held_pence"], both["held_pence_of_line"], strict=True
        )
    ]
    sums = both.groupby("practice_code")[["scope_pence", "held_pence"]].sum()
    own = sums.reindex(b.practices["practice_code"], fill_value=0).reset_index(drop=True)
    p = b.practices
    return p.assign(
        scope_pence=p["scope_pence"] - own["scope_pence"],
        affordability_pence=p["affordability_pence"] + own["scope_pence"] + own["held_pence"],
        indicative_pence=p["indicative_pence"] + own["held_pence"],
        held_pence=p["held_pence"] - own["held_pence"],
    )


def _blank(
    frame: pd.DataFrame, withheld: Collection[tuple[str, str]], values: list[str]
) -> pd.DataFrame:
    """Blank the values of lines that are withheld, and mark them."""
    places = zip(frame["practice_code"], frame["pod"], strict=True)
    return blanked(frame, [place in withheld for place in places], values)


def _scope(b: Baseline, withheld: Collection[tuple[str, str]]) -> pd.DataFrame:
    """Lay out what others hold of practices' lines, and what is outside the resource."""
    held = _blank(b.held, withheld, ["held_pence"])
    outside = b.outside.assign(practice_code="ALL", held_pence=None, is_withheld=False)
    return pd.concat([f for f in (held, outside) if len(f)] or [held], ignore_index=True)


def _gaps(gaps: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Lay out practices without a budget; what few activities cost is left out."""
    few = gaps["n_activity"].between(1, smallest - 1)
    return gaps.assign(activity_pence=gaps["activity_pence"].astype("Int64").mask(few))


def rounded_down(share: float) -> float:
    """Keep a share to two places, never up: few without a price are neither told nor lost."""
    return int(share * 100) / 100


def _without_few(years: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Empty what is a small number of activities outside the practices, or without a price."""
    outside = years["outside_activity"].between(1, smallest - 1)
    unpriced = (years["n_activity"] - years["n_priced"]).between(1, smallest - 1)
    kept = {
        c: years[c].astype("Int64").mask(outside) for c in ("outside_activity", "outside_pence")
    }
    return years.assign(n_priced=years["n_priced"].astype("Int64").mask(unpriced), **kept)
