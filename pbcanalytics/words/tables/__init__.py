"""The data dictionary: each table's grain, columns, types, units and meaning, declared once."""

from typing import Final

from pbcanalytics.words.tables.activity import (
    EMERGENCY,
    EPISODES,
    GROUPED_EPISODES,
    GROUPED_SPELLS,
    OUTPATIENTS,
    PRACTICE_EVENTS,
    PRESCRIBING,
    REFERRALS,
    SUPPLIED_SPELLS,
)
from pbcanalytics.words.tables.alerts import ALERT_LEDGER
from pbcanalytics.words.tables.contracts import CONTRACT_LINES, CONTRACT_TOTALS, INVOICES
from pbcanalytics.words.tables.demand import (
    MEASURE_FORECASTS,
    MEASURE_GROUPS,
    MEASURE_MONTHS,
    MEASURE_YEARS,
    MEASURES,
    OF_DEMAND,
)
from pbcanalytics.words.tables.monitored import (
    FORECAST_RECORD,
    MONITOR_CAUSES,
    MONITOR_GROUPS,
    MONITOR_LINES,
    MONITOR_MONTHS,
    MONITORED,
)
from pbcanalytics.words.tables.published import (
    BUDGET_GAPS,
    BUDGET_LINES,
    BUDGET_PRACTICES,
    BUDGETS,
    HRG_PRICES,
    PROVIDER_FACTORS,
    PUBLISHED,
    STEP_TOTALS,
    UNPRICED_ACTIVITY,
)
from pbcanalytics.words.tables.records import (
    FINDINGS,
    IDENTITIES,
    KEY_MARKS,
    LOADS,
    REJECTS,
    SPELL_CHANGES,
    SUBMISSIONS,
    UNKNOWN_CODES,
)
from pbcanalytics.words.tables.registers import (
    BUDGET_ADJUSTMENTS,
    BUDGET_SCOPE,
    CONSORTIA,
    GIVEN_BUDGETS,
    LIST_SIZES,
    MEMBERSHIPS,
    PCTS,
    PLAN,
    PRACTICES,
    PROVIDERS,
    WEIGHTED_LISTS,
)
from pbcanalytics.words.tables.signals import CREEP_PRACTICES, CREEP_SIGNALS
from pbcanalytics.words.tables.table import Column, Table

LANDING: Final = (
    *(EPISODES, OUTPATIENTS, EMERGENCY, REFERRALS, SUPPLIED_SPELLS),
    *(CONTRACT_LINES, CONTRACT_TOTALS, INVOICES, PRESCRIBING, PRACTICE_EVENTS),
    *(GROUPED_EPISODES, GROUPED_SPELLS),
    *(PRACTICES, PROVIDERS, PCTS, CONSORTIA, MEMBERSHIPS),
    *(LIST_SIZES, WEIGHTED_LISTS, PLAN, GIVEN_BUDGETS),
    *(BUDGET_ADJUSTMENTS, BUDGET_SCOPE),
)
"""What extracts bring; each has a twin, `superseded_…`, for rows that later loads replaced."""

RECORDS: Final = (
    *(LOADS, REJECTS, FINDINGS, SUBMISSIONS, UNKNOWN_CODES, IDENTITIES),
    *(KEY_MARKS, SPELL_CHANGES, ALERT_LEDGER),
)
"""What is kept about the files and the builds themselves."""

FOUND: Final = (CREEP_SIGNALS, CREEP_PRACTICES)
"""What a search for code creep keeps in the working database, until the next."""

__all__ = [
    "ALERT_LEDGER",
    "BUDGETS",
    "BUDGET_ADJUSTMENTS",
    "BUDGET_GAPS",
    "BUDGET_LINES",
    "BUDGET_PRACTICES",
    "BUDGET_SCOPE",
    "CONSORTIA",
    "CONTRACT_LINES",
    "CONTRACT_TOTALS",
    "CREEP_PRACTICES",
    "CREEP_SIGNALS",
    "EMERGENCY",
    "EPISODES",
    "FINDINGS",
    "FORECAST_RECORD",
    "FOUND",
    "GIVEN_BUDGETS",
    "GROUPED_EPISODES",
    "GROUPED_SPELLS",
    "HRG_PRICES",
    "IDENTITIES",
    "INVOICES",
    "KEY_MARKS",
    "LANDING",
    "LIST_SIZES",
    "LOADS",
    "MEASURES",
    "MEASURE_FORECASTS",
    "MEASURE_GROUPS",
    "MEASURE_MONTHS",
    "MEASURE_YEARS",
    "MEMBERSHIPS",
    "MONITORED",
    "MONITOR_CAUSES",
    "MONITOR_GROUPS",
    "MONITOR_LINES",
    "MONITOR_MONTHS",
    "OF_DEMAND",
    "OUTPATIENTS",
    "PCTS",
    "PLAN",
    "PRACTICES",
    "PRACTICE_EVENTS",
    "PRESCRIBING",
    "PROVIDERS",
    "PROVIDER_FACTORS",
    "PUBLISHED",
    "RECORDS",
    "REFERRALS",
    "REJECTS",
    "SPELL_CHANGES",
    "STEP_TOTALS",
    "SUBMISSIONS",
    "SUPPLIED_SPELLS",
    "UNKNOWN_CODES",
    "UNPRICED_ACTIVITY",
    "WEIGHTED_LISTS",
    "Column",
    "Table",
]
