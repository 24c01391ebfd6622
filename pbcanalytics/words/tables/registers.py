"""What is landed about organisations, lists and money."""

from typing import Final

from pbcanalytics.words.tables.table import ORIGIN, table

LIST_SIZES: Final = table(
    "list_sizes",
    "one row per practice, count date, sex and age",
    *ORIGIN,
    ("practice_code", "code", "practice"),
    ("count_date", "date", "day on which the list was counted"),
    ("sex", "code", "1 male, 2 female, ALL"),
    ("age", "code", "single year of age, 95+, or ALL"),
    ("n_patients", "integer", "patients registered", "patients"),
)
WEIGHTED_LISTS: Final = table(
    "weighted_lists",
    "one row per practice and financial year",
    *ORIGIN,
    ("practice_code", "code", "practice"),
    ("financial_year", "code", "year the weights hold for"),
    ("weighted_list", "ratio", "patients weighted for need, all services", "patients"),
    ("population", "ratio", "patients not weighted, as the weights take them", "patients"),
    ("general_acute_weighted_list", "ratio", "weighted, general and acute", "patients"),
    ("community_weighted_list", "ratio", "weighted, community services", "patients"),
    ("mental_health_weighted_list", "ratio", "weighted, mental health", "patients"),
    ("maternity_weighted_list", "ratio", "weighted, maternity", "patients"),
    ("inequalities_weighted_list", "ratio", "weighted, health inequalities", "patients"),
    ("prescribing_weighted_list", "ratio", "weighted, prescribing", "patients"),
    ("primary_care_weighted_list", "ratio", "weighted, primary medical care", "patients"),
)
PRACTICES: Final = table(
    "practices",
    "one row per practice",
    *ORIGIN,
    ("practice_code", "code", "national code"),
    ("practice_name", "text", "name"),
    ("pct_code", "code", "PCT that pays for its patients"),
    ("consortium_code", "code", "consortium it belongs to; blank if none"),
    ("open_date", "date", "first day"),
    ("close_date", "date", "last day; blank while open"),
    ("successor_code", "code", "practice that took its patients over"),
)
CONSORTIA: Final = table(
    "consortia",
    "one row per consortium",
    *ORIGIN,
    ("consortium_code", "code", "consortium"),
    ("consortium_name", "text", "name"),
    ("pct_code", "code", "PCT in which it is"),
)
MEMBERSHIPS: Final = table(
    "memberships",
    "one row per practice and first day in a consortium",
    *ORIGIN,
    ("practice_code", "code", "practice"),
    ("consortium_code", "code", "consortium"),
    ("from_date", "date", "first day in it"),
    ("to_date", "date", "last day in it; blank while it lasts"),
)
PCTS: Final = table(
    "pcts",
    "one row per PCT or other body that pays",
    *ORIGIN,
    ("pct_code", "code", "national code"),
    ("pct_name", "text", "name"),
    ("open_date", "date", "first day"),
    ("close_date", "date", "last day; blank while open"),
    ("successor_code", "code", "body that took over"),
)
PROVIDERS: Final = table(
    "providers",
    "one row per provider",
    *ORIGIN,
    ("provider_code", "code", "national code"),
    ("provider_name", "text", "name"),
    ("provider_kind", "text", "kind of provider"),
    ("open_date", "date", "first day"),
    ("close_date", "date", "last day; blank while open"),
    ("successor_code", "code", "provider that took over"),
)
PLAN: Final = table(
    "plan",
    "one row per PCT, financial year, item and line",
    *ORIGIN,
    ("pct_code", "code", "PCT"),
    ("financial_year", "code", "budget year"),
    (
        "item",
        "code",
        "resource, contingency, risk_pool, top_slice, growth, uplift, pace_of_change or base_year",
    ),
    ("line", "code", "point of delivery, or ALL"),
    ("value", "text", "as written: pounds, a share (0-1), or the year of a base_year"),
    ("unit", "text", "GBP, share or year"),
    ("note", "text", "who agreed it, and when; of what is held back, when it comes back"),
)
BUDGET_ADJUSTMENTS: Final = table(
    "budget_adjustments",
    "one row per PCT, budget year, practice, line and reason",
    *ORIGIN,
    ("pct_code", "code", "PCT"),
    ("financial_year", "code", "budget year"),
    ("practice_code", "code", "practice, or ALL: spread by what each line came to"),
    ("line", "code", "point of delivery, or ALL: spread in the same way"),
    ("amount_pence", "pence", "added to the budget; negative where taken off", "pence"),
    ("reason", "text", "why"),
    ("agreed_by", "text", "who agreed it"),
    ("agreed_on", "date", "when"),
)
BUDGET_SCOPE: Final = table(
    "budget_scope",
    "one row per PCT, budget year, practice, line and first day",
    *ORIGIN,
    ("pct_code", "code", "PCT"),
    ("financial_year", "code", "budget year"),
    ("practice_code", "code", "practice that hands the line back; ALL: outside the resource"),
    ("line", "code", "point of delivery, or ALL"),
    ("holder", "text", "who holds the line instead"),
    ("from_date", "date", "first day of it, the first of a month"),
    ("to_date", "date", "last day of it, the last of a month"),
    ("reason", "text", "why"),
)

GIVEN_BUDGETS: Final = table(
    "given_budgets",
    "one row per practice, financial year and line, as a PCT or consortium gave it",
    *ORIGIN,
    ("practice_code", "code", "practice"),
    ("financial_year", "code", "budget year"),
    ("line", "code", "point of delivery, service or ALL"),
    ("budget_pence", "pence", "budget", "pence"),
    ("source", "text", "who gave it, and when"),
)
