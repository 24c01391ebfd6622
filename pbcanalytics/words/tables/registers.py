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
    ("weighted_list", "ratio", "need-weighted patients", "patients"),
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
PROVIDERS: Final = table(
    "providers",
    "one row per provider",
    *ORIGIN,
    ("provider_code", "code", "national code"),
    ("provider_name", "text", "name"),
    ("provider_kind", "text", "kind of provider"),
)
PLAN: Final = table(
    "plan",
    "one row per PCT, financial year, item and line",
    *ORIGIN,
    ("pct_code", "code", "PCT"),
    ("financial_year", "code", "budget year"),
    ("item", "code", "resource, contingency or growth"),
    ("line", "code", "point of delivery, or ALL"),
    ("value", "text", "number as written: pounds for a resource, a share (0-1) otherwise"),
    ("unit", "text", "GBP or share"),
    ("note", "text", "who agreed it, and when"),
)
