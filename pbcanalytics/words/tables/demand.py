"""What is published of measures of demand: small numbers withheld."""

from typing import Final

from pbcanalytics.words.tables.table import table

_WHAT: Final = (
    ("measure", "code", "measure"),
    ("group_kind", "code", "pct, consortium or practice"),
    ("group_code", "code", "its code"),
)
_LEVELS: Final = tuple(
    (f"{end}_{level}", "ratio", f"{end} end of the middle {level}%")
    for level in (80, 95)
    for end in ("low", "high")
)
MEASURES: Final = table(
    "measures",
    "one row per measure",
    ("measure", "code", "measure"),
    ("title", "text", "its name"),
    ("why_it_matters", "text", "why it is looked at"),
    ("unit", "text", "what a value is"),
    ("direction", "code", "lower_better, higher_better or none"),
    ("questions", "text", "what to ask, one a line"),
    ("limits_text", "text", "what it cannot tell"),
    ("when_wrong", "text", "when it is too high or too low"),
    ("author", "text", "who wrote the definition"),
    ("review", "text", "who reviewed it, and whether that has run out"),
    ("wape", "ratio", "mean error of last year's forecasts of practices", "share"),
    ("same_month_wape", "ratio", "that of repeating the same month", "share"),
    ("is_own", "flag", "the user's own definition"),
)
MEASURE_GROUPS: Final = table(
    "measure_groups",
    "one row per measure and group",
    *_WHAT,
    ("group_name", "text", "its name"),
    ("consortium_code", "code", "consortium of a practice; blank if none"),
    ("is_withheld", "flag", "small numbers: months are left out"),
)
MEASURE_MONTHS: Final = table(
    "measure_months",
    "one row per measure, group, specialty and month",
    *_WHAT,
    ("specialty_code", "code", "ALL; of PCTs and consortia also each specialty"),
    ("month", "month", "month"),
    ("numerator", "ratio", "events or days"),
    ("denominator", "ratio", "patients, or events"),
    ("value", "ratio", "per 1,000 patients, share or ratio"),
    ("usual_ratio", "ratio", "what the month has against the mean month: days and season"),
)
MEASURE_YEARS: Final = table(
    "measure_years",
    "one row per measure, group and specialty: the latest twelve months and those before",
    *_WHAT,
    ("specialty_code", "code", "specialty, ALL for all"),
    ("specialty_name", "text", "its name"),
    ("to_month", "month", "last month"),
    ("n_events", "integer", "events of the latest twelve months", "events"),
    ("n_events_before", "integer", "events of the twelve before", "events"),
    ("value", "ratio", "per 1,000 patients, share or ratio"),
    ("value_before", "ratio", "the same of the twelve months before"),
    ("change_ratio", "ratio", "value over the value before"),
    ("change_low", "ratio", "low end of its 95% interval"),
    ("change_high", "ratio", "high end of it"),
    ("expected_ratio", "ratio", "events over what ages and sexes lead one to expect"),
    ("expected_low", "ratio", "low end of its 95% interval"),
    ("expected_high", "ratio", "high end of it"),
    ("is_withheld", "flag", "small numbers: all is left out"),
)
MEASURE_FORECASTS: Final = table(
    "measure_forecasts",
    "one row per measure, group and month ahead, of all specialties",
    *_WHAT,
    ("month", "month", "month"),
    ("value", "ratio", "forecast"),
    *_LEVELS,
)
OF_DEMAND: Final = (*(MEASURES, MEASURE_GROUPS, MEASURE_MONTHS, MEASURE_YEARS, MEASURE_FORECASTS),)
