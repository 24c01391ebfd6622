"""What is published of a budget year under way: small numbers withheld."""

from typing import Final

from pbcanalytics.words.tables.table import table

_WHOSE = (
    ("pct_code", "code", "PCT"),
    ("financial_year", "code", "budget year"),
    ("group_kind", "code", "pct, consortium or practice"),
    ("group_code", "code", "its code"),
)
_AGAINST = (
    ("profile_pence", "pence", "the budget's part that falls to the time", "pence"),
    ("actual_pence", "pence", "spent in it, at the year's prices", "pence"),
)
_ENDS = tuple(
    (f"{end}_{level}_pence", "pence", f"{end} end of the middle {level}%", "pence")
    for level in (50, 80, 95)
    for end in ("low", "high")
)
MONITOR_GROUPS: Final = table(
    "monitor_groups",
    "one row per PCT, consortium or practice with a budget, and budget year",
    *_WHOSE,
    ("group_name", "text", "its name"),
    ("consortium_code", "code", "consortium of a practice; blank if none"),
    ("to_month", "month", "last month with activity"),
    ("n_patients", "integer", "list on 1 April of the year", "patients"),
    ("budget_pence", "pence", "indicative budget of the year", "pence"),
    ("practice_share", "ratio", "the practices' part of a saving; blank if not known", "share"),
    ("minimum_share", "ratio", "a saving below it cannot be told from chance", "share of budget"),
    ("naive_noise_share", "ratio", "what a share of any underspend pays for chance", "share"),
    ("default_noise_share", "ratio", "what the default rule pays for chance", "share"),
    ("months_are_withheld", "flag", "a month holds few activities, or guards one that does"),
)
MONITOR_MONTHS: Final = table(
    "monitor_months",
    "one row per group, budget year, line and month so far",
    *_WHOSE,
    ("pod", "code", "ALL; of PCTs and consortia also each point of delivery"),
    ("month", "month", "month"),
    *_AGAINST,
    ("state", "text", "final (all frozen), provisional (some sent as flex), not said"),
    ("gross_under_pence", "pence", "practices under profile since April; no saving", "pence"),
    ("gross_over_pence", "pence", "practices over profile since April", "pence"),
    ("n_under", "integer", "practices under profile since April", "practices"),
    ("n_over", "integer", "practices over profile since April", "practices"),
    ("late_pence", "pence", "late coding expected at its end, of months gone", "pence"),
    ("outturn_pence", "pence", "what the year would probably come to, at its end", "pence"),
    *_ENDS,
    ("straight_line_pence", "pence", "what a straight line said", "pence"),
    ("chance_of_share", "ratio", "that there is a saving to share; blank if not known", "share"),
    ("expected_share_pence", "pence", "the practices' part to expect, noughts counted", "pence"),
)
MONITOR_LINES: Final = table(
    "monitor_lines",
    "one row per group, budget year and point of delivery",
    *_WHOSE,
    ("pod", "code", "point of delivery"),
    ("budget_pence", "pence", "indicative budget of the year", "pence"),
    *_AGAINST,
    ("n_activity", "integer", "spells and attendances so far", "activities"),
    ("is_withheld", "flag", "small numbers: counts and pounds are left out"),
)
MONITOR_CAUSES: Final = table(
    "monitor_causes",
    "one row per group, budget year and cause; they add up to what is over profile",
    *_WHOSE,
    ("to_month", "month", "since April, to this month, the last held"),
    ("part", "code", "moved (against the base year), allowed (by the budget) or timing"),
    ("cause", "code", "list, volume, between_root, within_root, price; a step of the budget"),
    ("pence", "pence", "what it adds to spending over profile", "pence"),
)
FORECAST_RECORD: Final = table(
    "forecast_record",
    "one row per group, earlier year and month of forecast",
    *_WHOSE,
    ("earlier_year", "code", "the year that was forecast"),
    ("n_months", "integer", "months that were known then", "months"),
    ("forecast_pence", "pence", "what was forecast", "pence"),
    ("low_80_pence", "pence", "low end of its interval", "pence"),
    ("high_80_pence", "pence", "high end of its interval", "pence"),
    ("straight_line_pence", "pence", "what a straight line said", "pence"),
    ("came_pence", "pence", "what came", "pence"),
)
MONITORED: Final = (
    *(MONITOR_GROUPS, MONITOR_MONTHS, MONITOR_LINES),
    *(MONITOR_CAUSES, FORECAST_RECORD),
)
