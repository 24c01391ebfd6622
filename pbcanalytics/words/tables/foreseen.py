"""What is published of forecasts of measures, and of how good such forecasts were."""

from typing import Final

from pbcanalytics.words.tables.table import table

_LEVELS: Final = tuple(
    (f"{end}_{level}", "ratio", f"{end} end of the middle {level}%")
    for level in (80, 95)
    for end in ("low", "high")
)
MEASURE_FORECASTS: Final = table(
    "measure_forecasts",
    "one row per measure, group, specialty and month ahead",
    ("measure", "code", "measure"),
    ("group_kind", "code", "pct, consortium or practice"),
    ("group_code", "code", "its code"),
    ("specialty_code", "code", "ALL; of PCTs and consortia also each specialty"),
    ("month", "month", "month"),
    ("n_events", "ratio", "forecast of events; sums of groups agree; blank of shares and days"),
    ("n_patients", "ratio", "the latest lists, by which they are divided", "patients"),
    ("value", "ratio", "forecast per 1,000 patients, share or ratio"),
    *_LEVELS,
)
MEASURE_FORECAST_RECORD: Final = table(
    "measure_forecast_record",
    "one row per measure, level, size and method: the forecasts of a year ago against what came",
    ("measure", "code", "measure"),
    ("level", "code", "pct, consortium or practice, by specialty or source; or single series"),
    ("size_from", "ratio", "events a month at which the size begins; blank for all", "events"),
    ("method", "code", "pooled, smoothed, or same_month: as the year before"),
    ("to_month", "month", "last month forecast"),
    ("n_series", "integer", "series held against what came"),
    ("n_months", "integer", "their months"),
    ("wape", "ratio", "sum of absolute errors over the sum of what came", "share"),
    ("bias", "ratio", "sum of errors over it; above 0 is forecast too high", "share"),
    ("coverage_80", "ratio", "months inside the middle 80%", "share"),
    ("coverage_95", "ratio", "months inside the middle 95%", "share"),
)
FORESEEN: Final = (MEASURE_FORECASTS, MEASURE_FORECAST_RECORD)
