"""What is published: aggregate, small numbers withheld."""

from typing import Final

from pbcanalytics.words.tables.table import table

_BUDGET = (
    ("pct_code", "code", "PCT"),
    ("financial_year", "code", "budget year"),
)
_WALK = (
    ("activity_pence", "pence", "base-year activity at the prices of the budget year", "pence"),
    ("list_change_pence", "pence", "change of the list between the two years", "pence"),
    ("growth_pence", "pence", "agreed growth in activity", "pence"),
    ("uplift_pence", "pence", "price uplift; zero where prices are the budget year's", "pence"),
    ("affordability_pence", "pence", "cut or addition that fits the budgets to the money", "pence"),
    ("indicative_pence", "pence", "indicative budget, the sum of the steps", "pence"),
)
_ACTIVITY = ("n_activity", "integer", "spells and attendances to be priced", "activities")
BUDGETS: Final = table(
    "budgets",
    "one row per PCT and budget year",
    *_BUDGET,
    ("base_year", "code", "year of the activity"),
    ("price_year", "code", "year of the prices"),
    ("resource_pence", "pence", "money for the services in scope", "pence"),
    ("available_pence", "pence", "resource less contingency", "pence"),
    ("reserved_pence", "pence", "of it, kept for practices without a budget", "pence"),
    ("needed_pence", "pence", "what the budgets would be without affordability", "pence"),
    ("n_practices", "integer", "practices with a budget", "practices"),
    _ACTIVITY,
    ("n_priced", "integer", "of them, those with a price; blank if 1 to 7 have none", "activities"),
    (
        "outside_activity",
        "integer",
        "priced, of no practice of the PCT; blank if 1 to 7",
        "activities",
    ),
    ("outside_pence", "pence", "its price", "pence"),
    ("notes", "text", "what the plan says of itself"),
)
BUDGET_PRACTICES: Final = table(
    "budget_practices",
    "one row per practice and budget year",
    *_BUDGET,
    ("practice_code", "code", "practice"),
    ("practice_name", "text", "its name"),
    ("consortium_code", "code", "its consortium; blank if none"),
    ("list_base", "integer", "list on 1 April of the base year", "patients"),
    ("list_budget", "integer", "list on 1 April of the budget year", "patients"),
    _ACTIVITY,
    ("coverage", "ratio", "share of them that is priced, rounded down to 0.01", "share"),
    *_WALK,
)
BUDGET_LINES: Final = table(
    "budget_lines",
    "one row per practice, point of delivery and budget year",
    *_BUDGET,
    ("practice_code", "code", "practice"),
    ("pod", "code", "point of delivery"),
    _ACTIVITY,
    *_WALK,
    ("is_withheld", "flag", "small numbers: counts and pounds are left out"),
)
BUDGET_GAPS: Final = table(
    "budget_gaps",
    "one row per practice without a budget and budget year",
    *_BUDGET,
    ("practice_code", "code", "practice"),
    ("reason", "text", "why it has none"),
    ("activity_pence", "pence", "its base-year activity at the budget year's prices", "pence"),
)
PUBLISHED: Final = (BUDGETS, BUDGET_PRACTICES, BUDGET_LINES, BUDGET_GAPS)
