"""Budgets: from last years' activity to what a practice is offered. Frames in, a result out."""

from pbcanalytics.budgets.baseline import LEVELS, MOVES, Baseline, baseline
from pbcanalytics.budgets.plan import Plan, plans
from pbcanalytics.budgets.years import Unset, YearBudget, every_budget

__all__ = [
    "LEVELS",
    "MOVES",
    "Baseline",
    "Plan",
    "Unset",
    "YearBudget",
    "baseline",
    "every_budget",
    "plans",
]
