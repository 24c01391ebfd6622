"""What is published of measures of demand: small numbers withheld."""

from typing import Final

from pbcanalytics.words.tables.foreseen import FORESEEN
from pbcanalytics.words.tables.table import table

_WHAT: Final = (
    ("measure", "code", "measure"),
    ("group_kind", "code", "pct, consortium or practice"),
    ("group_code", "code", "its code"),
)
_WEIGHTED: Final = (
    ("value_weighted", "ratio", "per 1,000 weighted patients; blank if a practice has none"),
    ("value_weighted_before", "ratio", "the same of the twelve months before"),
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
    ("weighted_list", "ratio", "weighted patients; blank if a practice has none", "patients"),
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
    *_WEIGHTED,
    ("is_withheld", "flag", "small numbers: all is left out"),
)
_PART: Final = (
    ("part_kind", "code", "provider or source (who asked)"),
    ("part_code", "code", "provider; gp, consultant, emergency_department, other or unknown"),
)
MEASURE_PART_MONTHS: Final = table(
    "measure_part_months",
    "one row per measure, PCT or consortium, part and month: one hospital, or one kind of source",
    *_WHAT,
    *_PART,
    ("month", "month", "month"),
    ("numerator", "ratio", "events or days"),
    ("denominator", "ratio", "patients"),
    ("value", "ratio", "per 1,000 patients"),
    ("usual_ratio", "ratio", "what the month has against the mean month: days and season"),
    ("weighted_list", "ratio", "weighted patients; blank if a practice has none", "patients"),
)
MEASURE_PART_YEARS: Final = table(
    "measure_part_years",
    "one row per measure, group and part: the latest twelve months and those before",
    *_WHAT,
    *_PART,
    ("part_name", "text", "its name"),
    ("to_month", "month", "last month"),
    ("n_events", "integer", "events of the latest twelve months", "events"),
    ("n_events_before", "integer", "events of the twelve before", "events"),
    ("value", "ratio", "per 1,000 patients"),
    ("value_before", "ratio", "the same of the twelve months before"),
    ("change_ratio", "ratio", "value over the value before"),
    ("change_low", "ratio", "low end of its 95% interval"),
    ("change_high", "ratio", "high end of it"),
    *_WEIGHTED,
    ("is_withheld", "flag", "small numbers: all is left out"),
)
MEASURE_PROVISIONAL: Final = table(
    "measure_provisional",
    "one row per measure, group, month and provider that has not sent it whole",
    *_WHAT,
    ("month", "month", "month"),
    ("provider_code", "code", "provider"),
    ("provider_name", "text", "its name"),
    ("reason", "code", "late (hardly sent), or flex (sent as provisional)"),
)
CHART_EVENTS: Final = table(
    "chart_events",
    "one row per event that was recorded of charts",
    ("measure", "code", "measure"),
    ("group_address", "code", "X80001, consortium-C01 or pct-9E1; ALL for every group"),
    ("specialty_code", "code", "specialty; ALL for the chart of all together"),
    ("month", "month", "month; blank of a fixed baseline, and of a target that always held"),
    ("kind", "code", "rebase, fix, target or note"),
    ("value", "ratio", "of fix months, of target in the measure's unit"),
    ("reason", "text", "why"),
    ("author", "text", "who recorded it"),
    ("recorded_on", "date", "when"),
)
OF_DEMAND: Final = (
    *(MEASURES, MEASURE_GROUPS, MEASURE_MONTHS, MEASURE_YEARS, *FORESEEN),
    *(MEASURE_PART_MONTHS, MEASURE_PART_YEARS, MEASURE_PROVISIONAL, CHART_EVENTS),
)
