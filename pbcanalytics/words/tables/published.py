"""What is published: aggregate, small numbers withheld."""

from typing import Final

from pbcanalytics.words.tables.demand import OF_DEMAND
from pbcanalytics.words.tables.monitored import MONITORED
from pbcanalytics.words.tables.table import table

_BUDGET = (
    ("pct_code", "code", "PCT"),
    ("financial_year", "code", "budget year"),
)
_WALK = (
    ("activity_pence", "pence", "base-year activity at the prices of the price year", "pence"),
    ("list_change_pence", "pence", "change of the list between the two years", "pence"),
    ("growth_pence", "pence", "agreed growth in activity", "pence"),
    ("uplift_pence", "pence", "price uplift; zero where prices are the budget year's", "pence"),
    ("adjustment_pence", "pence", "local adjustments, each with a reason", "pence"),
    ("scope_pence", "pence", "handed back to others, or outside the resource", "pence"),
    ("affordability_pence", "pence", "cut or addition that fits the budgets to the money", "pence"),
    ("fair_share_pence", "pence", "moved towards the fair share", "pence"),
    ("indicative_pence", "pence", "indicative budget, the sum of the steps", "pence"),
    ("held_pence", "pence", "of the practice's whole budget, held by others", "pence"),
)
_ACTIVITY = ("n_activity", "integer", "spells and attendances to be priced", "activities")
BUDGETS: Final = table(
    "budgets",
    "one row per PCT and budget year",
    *_BUDGET,
    ("base_year", "code", "year of the activity"),
    ("price_year", "code", "year of the prices"),
    ("resource_pence", "pence", "money for the services in scope", "pence"),
    ("contingency_pence", "pence", "of it, held back as contingency", "pence"),
    ("risk_pool_pence", "pence", "of it, held back as risk pool", "pence"),
    ("top_slice_pence", "pence", "of it, held back as top slice", "pence"),
    ("contingency_return", "text", "what the plan says of its return; blank if nothing"),
    ("risk_pool_return", "text", "what the plan says of its return; blank if nothing"),
    ("top_slice_return", "text", "what the plan says of its return; blank if nothing"),
    ("available_pence", "pence", "resource less what is held back", "pence"),
    ("held_pence", "pence", "of it, held by others for the practices", "pence"),
    ("reserved_pence", "pence", "of it, kept for practices without a budget", "pence"),
    ("needed_pence", "pence", "what the budgets would be without affordability", "pence"),
    ("pace_share", "ratio", "pace of change; blank where nobody is to be moved", "share a year"),
    ("missing_months", "text", "months of the base year without activity; blank if none"),
    ("is_provisional", "flag", "the budgets are not agreed, or rest on part of a year"),
    ("version", "integer", "agreed version; blank while nothing is agreed"),
    ("agreed_by", "text", "who agreed it"),
    ("agreed_on", "date", "when"),
    ("drift_pence", "pence", "what would move if it were set from what is loaded now", "pence"),
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
    ("target_pence", "pence", "fair share of what all the PCT's practices have", "pence"),
    (
        "distance_share",
        "ratio",
        "whole budget over the fair share, less 1, before the move",
        "share",
    ),
    ("chance_share", "ratio", "how far chance alone goes, either way", "share"),
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
BUDGET_SCOPE: Final = table(
    "budget_scope",
    "one row per budget year, practice, line and months that others hold",
    *_BUDGET,
    ("practice_code", "code", "practice; ALL where the line is outside the resource"),
    ("pod", "code", "point of delivery; ALL where all of them are outside"),
    ("holder", "text", "who holds it"),
    ("months", "text", "first and last month"),
    ("reason", "text", "why"),
    ("held_pence", "pence", "what they hold; blank where withheld or outside", "pence"),
    ("is_withheld", "flag", "small numbers: the pounds are left out"),
)
BUDGET_ADJUSTMENTS: Final = table(
    "budget_adjustments",
    "one row per budget year, local adjustment and line on which it fell",
    *_BUDGET,
    ("practice_code", "code", "practice"),
    ("pod", "code", "point of delivery"),
    ("reason", "text", "why"),
    ("amount_pence", "pence", "added; negative where taken off; blank where withheld", "pence"),
    ("is_withheld", "flag", "small numbers: the pounds are left out"),
)
BUDGET_UNAPPLIED: Final = table(
    "budget_unapplied",
    "one row per budget year and thing that was asked for and could not be done",
    *_BUDGET,
    ("item", "code", "adjustment, scope or pace_of_change"),
    ("practice_code", "code", "practice, or ALL; blank where it is the whole PCT"),
    ("pod", "code", "point of delivery, or ALL"),
    ("reason", "text", "why"),
)
BUDGET_CHECKS: Final = table(
    "budget_checks",
    "one row per PCT, budget year and question of the checklist",
    *_BUDGET,
    ("item", "code", "C1 to C10"),
    ("question", "text", "what is asked of a budget"),
    ("state", "text", "met, not met, not known, or for people to judge"),
    ("sentence", "text", "what the data say"),
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
    *(BUDGET_SCOPE, BUDGET_ADJUSTMENTS, BUDGET_UNAPPLIED, BUDGET_CHECKS),
    *(STEP_TOTALS, UNPRICED_ACTIVITY, HRG_PRICES, PROVIDER_FACTORS),
    *MONITORED,
    *OF_DEMAND,
)
