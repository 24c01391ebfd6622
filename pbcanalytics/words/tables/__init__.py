"""The data dictionary: each table's grain, columns, types, units and meaning, declared once."""

from typing import Final

from pbcanalytics.words.tables.activity import EMERGENCY, EPISODES, OUTPATIENTS, REFERRALS
from pbcanalytics.words.tables.published import (
    BUDGET_GAPS,
    BUDGET_LINES,
    BUDGET_PRACTICES,
    BUDGETS,
)
from pbcanalytics.words.tables.records import FINDINGS, LOADS, REJECTS
from pbcanalytics.words.tables.registers import (
    LIST_SIZES,
    PLAN,
    PRACTICES,
    PROVIDERS,
    WEIGHTED_LISTS,
)
from pbcanalytics.words.tables.table import Column, Table

ACTIVITY: Final = (EPISODES, OUTPATIENTS, EMERGENCY, REFERRALS)
LANDING: Final = (*ACTIVITY, LIST_SIZES, WEIGHTED_LISTS, PRACTICES, PROVIDERS, PLAN)
RECORDS: Final = (LOADS, REJECTS, FINDINGS)
PUBLISHED: Final = (BUDGETS, BUDGET_PRACTICES, BUDGET_LINES, BUDGET_GAPS)

__all__ = [
    "ACTIVITY",
    "BUDGETS",
    "BUDGET_GAPS",
    "BUDGET_LINES",
    "BUDGET_PRACTICES",
    "EMERGENCY",
    "EPISODES",
    "FINDINGS",
    "LANDING",
    "LIST_SIZES",
    "LOADS",
    "OUTPATIENTS",
    "PLAN",
    "PRACTICES",
    "PROVIDERS",
    "PUBLISHED",
    "RECORDS",
    "REFERRALS",
    "REJECTS",
    "WEIGHTED_LISTS",
    "Column",
    "Table",
]
