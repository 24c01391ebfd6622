"""Which budgets count: those that were agreed, as they were kept; else what the data give now."""

from collections.abc import Sequence
from dataclasses import dataclass

from pbcanalytics import budgets
from pbcanalytics.budgets import Unset, YearBudget
from pbcanalytics.budgets.agreement.checklist import Check
from pbcanalytics.faces.publishing.budgets import Agreed
from pbcanalytics.pipeline.budgets.agreeing import agreements
from pbcanalytics.pipeline.budgets.budget_bundle import checked, fair_share_rules
from pbcanalytics.pipeline.budgets.budget_inputs import inputs_of
from pbcanalytics.pipeline.budgets.versions import AgreedBudget, agreed_budgets
from pbcanalytics.pipeline.stage import every_budget
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse, agreed

Key = tuple[str, str]
"""Code of the PCT, and financial year."""


@dataclass(frozen=True)
class InForce:
    """
    The budgets that count, and what became of them since they were agreed.

    Attributes
    ----------
    budgets : list of YearBudget
    unset : list of Unset
        Years with a plan of which there is no budget, agreed or not.
    agreed : dict of Key to Agreed
        Of the budgets that were agreed.
    """

    budgets: list[YearBudget]
    unset: list[Unset]
    agreed: dict[Key, Agreed]


def budgets_in_force(warehouse: Warehouse) -> list[YearBudget | Unset]:
    """Give every budget that counts, and the years for which there is none."""
    found = in_force(warehouse)
    return [*found.budgets, *found.unset]


def in_force(warehouse: Warehouse) -> InForce:
    """
    Put agreed budgets in the place of what the data would give now.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes; agreed budgets lie beside it.

    Raises
    ------
    StoreError
        If the file of a last version is altered or damaged.
    """
    now = every_budget(warehouse)
    kept = agreed_budgets(warehouse.path.parent)
    set_now = {(b.pct_code, b.baseline.financial_year): b for b in now if isinstance(b, YearBudget)}
    used = set_now | {key: one.budget for key, one in kept.items()}
    unset = [b for b in now if isinstance(b, Unset) and (b.pct_code, b.financial_year) not in used]
    told = {key: _agreed(one, set_now.get(key)) for key, one in kept.items()}
    return InForce([used[key] for key in sorted(used)], unset, told)


def checklists(
    warehouse: Warehouse, held: Shelf, found: Sequence[budgets.YearBudget]
) -> dict[Key, tuple[Check, ...]]:
    """Hold every budget that counts against the checklist."""
    data, rules = warehouse.path.parent, fair_share_rules(held)
    checks = {}
    for one in found:
        key = (one.pct_code, one.baseline.financial_year)
        kept = agreements(agreed.versions(data, *key))
        checks[key] = checked(one, inputs_of(warehouse, one), kept, rules)
    return checks


def _agreed(kept: AgreedBudget, now: YearBudget | None) -> Agreed:
    """Say who agreed a budget, and what would move between practices if it were set anew."""
    drift = None
    if now is not None:
        then, new = (
            b.baseline.practices.set_index("practice_code")["indicative_pence"]
            for b in (kept.budget, now)
        )
        drift = int(new.sub(then, fill_value=0).abs().sum()) // 2
    return Agreed(kept.version, kept.agreed_by, kept.agreed_on, drift)
