"""Budgets: from last years' activity to what a practice is offered. Frames in, a result out."""

from pbcanalytics.budgets.walk.baseline import LEVELS, MOVES, NEEDED, Baseline, baseline
from pbcanalytics.budgets.walk.fair_share_move import ShareRules
from pbcanalytics.budgets.walk.plan import Plan, plans
from pbcanalytics.budgets.walk.years import Agreements, Unset, YearBudget, every_budget

__all__ = [
    "LEVELS",
    "MOVES",
    "NEEDED",
    "Agreements",
    "Baseline",
    "Plan",
    "ShareRules",
    "Unset",
    "YearBudget",
    "baseline",
    "every_budget",
    "plans",
]
