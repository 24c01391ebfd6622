"""Months and years as contracts and budgets write them: month 1 is April."""

from typing import Final

from pbcanalytics.intake import typing_values
from pbcanalytics.intake.layouts.layout import Field, Rule

FINANCIAL_YEAR: Final = Field("financial_year", ("FINANCIAL YEAR", "Fin Year", "FYear"))
PERIOD: Final = (
    Field(
        "written_month",
        (
            *("FINANCIAL MONTH", "Reporting_Month", "Activity Month", "Contract Month"),
            *("Month", "Period"),
        ),
        required=True,
    ),
    FINANCIAL_YEAR,
)
"""A month, or the number of one, which needs a financial year: in the file, or with --year."""

_NUMBER: Final = (
    "TRY_CAST(regexp_extract(upper(written_month), "
    "'^(M|MONTH ?)?0?([1-9]|1[0-2])([.]0+)?$', 2) AS INTEGER)"
)
_DIGITS: Final = "regexp_replace(financial_year, '[^0-9]', '', 'g')"
_FIRST_YEAR: Final = (
    f"CASE length({_DIGITS}) "
    f"WHEN 4 THEN CASE WHEN (CAST(left({_DIGITS}, 2) AS INTEGER) + 1) % 100 = "
    f"CAST(right({_DIGITS}, 2) AS INTEGER) THEN 2000 + CAST(left({_DIGITS}, 2) AS INTEGER) END "
    f"WHEN 6 THEN CAST(left({_DIGITS}, 4) AS INTEGER) "
    f"WHEN 8 THEN CAST(left({_DIGITS}, 4) AS INTEGER) END"
)
"""From 2018/19, 201819, 1819, 2018-2019; a single year could be either half and is not read."""

MONTH: Final = {
    "month": f"CASE WHEN {_NUMBER} IS NOT NULL "
    f"THEN CAST(make_date({_FIRST_YEAR}, 4, 1) + to_months({_NUMBER} - 1) AS DATE) "
    f"ELSE {typing_values.value('written_month', 'month', {})} END"
}
UNKNOWN_MONTH: Final = Rule(
    "unknown_month",
    "written_month",
    "month IS NULL",
    "The month cannot be told. Months 1 to 12 count from April and need a financial year, as in "
    "2018/19: in the file, or given with --year.",
)

UNKNOWN_YEAR: Final = Rule(
    "unknown_year",
    "financial_year",
    "NOT regexp_full_match(financial_year, '[0-9]{4}[/-][0-9]{2}') OR "
    "(TRY_CAST(left(financial_year, 4) AS INTEGER) + 1) % 100 <> "
    "TRY_CAST(right(financial_year, 2) AS INTEGER)",
    "The financial year is not written as in 2018/19.",
)
