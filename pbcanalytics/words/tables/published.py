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
_GROUP = (
    ("group_kind", "code", "pct, consortium or practice"),
    ("group_code", "code", "its code"),
)
_PRICED_AT = (
    ("financial_year", "code", "year of the activity"),
    ("price_year", "code", "year of the prices; blank where none are held"),
    ("is_reported", "flag", "these prices count in totals"),
)
STEP_TOTALS: Final = table(
    "step_totals",
    "one row per PCT, consortium or practice, year, price year and point of delivery",
    *_GROUP,
    ("group_name", "text", "its name"),
    *_PRICED_AT,
    ("pod", "code", "point of delivery; ALL for all of them"),
    _ACTIVITY,
    ("base_pence", "pence", "base prices; blank where nothing is priced", "pence"),
    ("short_stay_pence", "pence", "reduction for short emergency stays", "pence"),
    ("long_stay_pence", "pence", "days beyond the trim point", "pence"),
    ("top_up_pence", "pence", "specialised top-ups; blank where no rule is held", "pence"),
    ("other_pence", "pence", "other adjustments; blank where none are held", "pence"),
    ("together_pence", "pence", "the four steps before this, together", "pence"),
    ("mff_pence", "pence", "market forces factor", "pence"),
    ("price_pence", "pence", "base prices, the four steps and the factor", "pence"),
    ("is_withheld", "flag", "small numbers: counts and pounds are left out"),
    ("steps_are_withheld", "flag", "few have a step: it, or what gives it away, is left out"),
)
UNPRICED_ACTIVITY: Final = table(
    "unpriced_activity",
    "one row per PCT, consortium or practice, year, price year, point of delivery and reason",
    *_GROUP,
    *_PRICED_AT,
    ("pod", "code", "point of delivery"),
    ("unpriced_reason", "code", "why it has no price"),
    ("is_gap", "flag", "it should have one; otherwise it lies outside the tariff"),
    ("n_activity", "integer", "spells and attendances; blank where withheld", "activities"),
    ("is_withheld", "flag", "small numbers: the count is left out"),
)
HRG_PRICES: Final = table(
    "hrg_prices",
    "one row per price year, HRG and kind of admission with a price",
    ("price_year", "code", "year of the prices"),
    ("hrg", "code", "HRG"),
    ("hrg_name", "text", "its name"),
    ("root", "code", "HRGs of one root differ by complications, age or the like only"),
    ("pod", "code", "kind of admission"),
    ("base_pence", "pence", "base price", "pence"),
    ("trim_point_days", "integer", "longest stay that the base price pays", "days"),
    ("long_stay_per_day_pence", "pence", "price of each day beyond it", "pence per day"),
    ("short_stay_longest_days", "integer", "longest stay that is short", "days"),
    ("short_stay_youngest_years", "integer", "age from which short stays are reduced", "years"),
    ("short_stay_pence", "pence", "what is added for a short stay; negative", "pence"),
    ("mff_applies", "flag", "the market forces factor is in the price"),
    ("unpriced_reason", "code", "why no such stay has a price; blank where it has"),
    ("short_stay_unpriced_reason", "code", "why no short one has"),
    ("long_stay_unpriced_reason", "code", "why none beyond the trim point has"),
)
PROVIDER_FACTORS: Final = table(
    "provider_factors",
    "one row per price year and provider",
    ("price_year", "code", "year of the prices"),
    ("provider_code", "code", "hospital or other provider"),
    ("provider_name", "text", "its name"),
    ("mff_millionths", "integer", "market forces factor, in millionths", "millionths"),
)
PUBLISHED: Final = (
    *(BUDGETS, BUDGET_PRACTICES, BUDGET_LINES, BUDGET_GAPS),
    *(STEP_TOTALS, UNPRICED_ACTIVITY, HRG_PRICES, PROVIDER_FACTORS),
)
