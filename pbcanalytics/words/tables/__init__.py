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
from pbcanalytics.words.tables.alerted import ALERTED, DEMAND_ALERT_FAMILIES, DEMAND_ALERTS
from pbcanalytics.words.tables.alerts import ALERT_LEDGER
from pbcanalytics.words.tables.coded import (
    CODED_EVENTS,
    CODED_NATIONAL,
    CODED_PAIRS,
    CODED_PERIODS,
    CODED_PRACTICES,
    CODED_PROVISIONAL,
    CODED_SEARCH,
    OF_CODING,
)
from pbcanalytics.words.tables.compared import (
    MEASURE_BANDS,
    MEASURE_COMPARISONS,
    MEASURE_PEERS,
    MEASURE_SPREADS,
    OF_COMPARISON,
)
from pbcanalytics.words.tables.contracts import CONTRACT_LINES, CONTRACT_TOTALS, INVOICES
from pbcanalytics.words.tables.demand import (
    CHART_EVENTS,
    MEASURE_GROUPS,
    MEASURE_MONTHS,
    MEASURE_PART_MONTHS,
    MEASURE_PART_YEARS,
    MEASURE_PROVISIONAL,
    MEASURE_YEARS,
    MEASURES,
    OF_DEMAND,
)
from pbcanalytics.words.tables.foreseen import (
    FORESEEN,
    MEASURE_FORECAST_RECORD,
    MEASURE_FORECASTS,
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
    STEP_TOTALS,
    UNPRICED_ACTIVITY,
)
from pbcanalytics.words.tables.published import PUBLISHED as _PUBLISHED
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
from pbcanalytics.words.tables.schemed import OF_SCHEMES, SCHEME_GROUPS, SCHEMES
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

PUBLISHED: Final = (*_PUBLISHED, *OF_SCHEMES, *ALERTED, *OF_COMPARISON, *OF_CODING)
"""What pages may read: aggregate, small numbers withheld."""

FOUND: Final = (CREEP_SIGNALS, CREEP_PRACTICES)
"""What a search for code creep keeps in the working database, until the next."""

__all__ = [
    "ALERTED",
    "ALERT_LEDGER",
    "BUDGETS",
    "BUDGET_ADJUSTMENTS",
    "BUDGET_GAPS",
    "BUDGET_LINES",
    "BUDGET_PRACTICES",
    "BUDGET_SCOPE",
    "CHART_EVENTS",
    "CODED_EVENTS",
    "CODED_NATIONAL",
    "CODED_PAIRS",
    "CODED_PERIODS",
    "CODED_PRACTICES",
    "CODED_PROVISIONAL",
    "CODED_SEARCH",
    "CONSORTIA",
    "CONTRACT_LINES",
    "CONTRACT_TOTALS",
    "CREEP_PRACTICES",
    "CREEP_SIGNALS",
    "DEMAND_ALERTS",
    "DEMAND_ALERT_FAMILIES",
    "EMERGENCY",
    "EPISODES",
    "FINDINGS",
    "FORECAST_RECORD",
    "FORESEEN",
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
    "MEASURE_BANDS",
    "MEASURE_COMPARISONS",
    "MEASURE_FORECASTS",
    "MEASURE_FORECAST_RECORD",
    "MEASURE_GROUPS",
    "MEASURE_MONTHS",
    "MEASURE_PART_MONTHS",
    "MEASURE_PART_YEARS",
    "MEASURE_PEERS",
    "MEASURE_PROVISIONAL",
    "MEASURE_SPREADS",
    "MEASURE_YEARS",
    "MEMBERSHIPS",
    "MONITORED",
    "MONITOR_CAUSES",
    "MONITOR_GROUPS",
    "MONITOR_LINES",
    "MONITOR_MONTHS",
    "OF_CODING",
    "OF_COMPARISON",
    "OF_DEMAND",
    "OF_SCHEMES",
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
    "SCHEMES",
    "SCHEME_GROUPS",
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
