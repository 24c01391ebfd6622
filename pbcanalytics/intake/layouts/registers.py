"""Registers of people and money: lists, weighted lists, the PCT's plan."""

from dataclasses import replace
from typing import Final

from pbcanalytics.intake.layouts.layout import Field, Layout, Rule
from pbcanalytics.intake.layouts.months import FINANCIAL_YEAR, UNKNOWN_YEAR
from pbcanalytics.words import codes, periods, tables

LIST_SIZES: Final = Layout(
    "list_sizes",
    "patients registered, one row per practice, sex and age",
    tables.LIST_SIZES,
    (
        Field("practice_code", ("CODE", "PRACTICE_CODE", "ORG_CODE"), required=True),
        Field("count_date", ("EXTRACT_DATE",), required=True),
        Field(
            "sex",
            ("SEX",),
            required=True,
            translate={"MALE": "1", "FEMALE": "2", "M": "1", "F": "2"},
        ),
        Field("age", ("AGE",), required=True),
        Field("n_patients", ("NUMBER_OF_PATIENTS",), required=True),
        Field("organisation_type", ("ORG_TYPE", "TYPE")),
    ),
    key=("practice_code", "count_date", "sex", "age"),
    must=("n_patients",),
    hard=(
        Rule(
            "not_a_practice",
            "organisation_type",
            "organisation_type <> 'GP'",
            "The row counts the patients of an area, not of a practice.",
        ),
    ),
)

_YEAR = replace(FINANCIAL_YEAR, required=True)
_POPULATIONS = tuple(f"pop {periods.starting(year)}" for year in range(2010, 2040))

WEIGHTED_LISTS: Final = Layout(
    "weighted_lists",
    "need-weighted lists, one row per practice and year",
    tables.WEIGHTED_LISTS,
    (
        Field("practice_code", ("PRACTICE_CODE",), required=True),
        _YEAR,
        Field("weighted_list", ("WEIGHTED_POPULATION", "Final WP"), required=True),
        Field("population", ("POPULATION", *_POPULATIONS)),
        Field("general_acute_weighted_list", ("G&A WP",)),
        Field("community_weighted_list", ("CS WP",)),
        Field("mental_health_weighted_list", ("MH WP",)),
        Field("maternity_weighted_list", ("Mat WP",)),
        Field("inequalities_weighted_list", ("Health Ineq WP",)),
        Field("prescribing_weighted_list", ("Prescr WP",)),
        Field("primary_care_weighted_list", ("Final PMC WP", "Primary Medical Care WP")),
    ),
    key=("practice_code", "financial_year"),
    must=("weighted_list",),
    hard=(UNKNOWN_YEAR,),
)

GIVEN_BUDGETS: Final = Layout(
    "given_budgets",
    "budgets as they were given, one row per practice, year and line",
    tables.GIVEN_BUDGETS,
    (
        Field("practice_code", ("PRACTICE_CODE", "PRACTICE"), required=True),
        _YEAR,
        Field("line", ("LINE", "BUDGET_LINE", "POD", "SERVICE"), required=True),
        Field(
            "budget_pence",
            ("BUDGET", "BUDGET_GBP", "BUDGET (£)", "INDICATIVE_BUDGET", "AMOUNT"),
            required=True,
        ),
        Field("source", ("SOURCE", "GIVEN_BY")),
    ),
    key=("practice_code", "financial_year", "line"),
    must=("budget_pence",),
    hard=(UNKNOWN_YEAR,),
)

_PODS: Final = ", ".join(repr(pod) for pod in codes.PODS)
_HELD_BACK: Final = "item IN ('contingency', 'risk_pool', 'top_slice')"
_NUMBER: Final = "TRY_CAST(value AS DECIMAL(18, 6))"

PLAN: Final = Layout(
    "plan",
    "the PCT's plan: resource, what is held back, agreed growth, uplift, pace and base year",
    tables.PLAN,
    (
        Field("pct_code", ("PCT_CODE",), required=True),
        Field("financial_year", ("FINANCIAL_YEAR",), required=True),
        Field("item", ("ITEM",), required=True),
        Field("line", ("LINE",), required=True),
        Field("value", ("VALUE",), required=True),
        Field("unit", ("UNIT",), required=True),
        Field("note", ("NOTE",)),
    ),
    key=("pct_code", "financial_year", "item", "line"),
    must=("value",),
    hard=(
        Rule(
            "unknown_plan_item",
            "item",
            "item NOT IN ('resource', 'contingency', 'risk_pool', 'top_slice', 'growth', "
            "'uplift', 'pace_of_change', 'base_year')",
            "The item is none of resource, contingency, risk_pool, top_slice, growth, uplift, "
            "pace_of_change and base_year.",
        ),
        UNKNOWN_YEAR,
        Rule(
            "wrong_unit",
            "unit",
            f"CASE WHEN {_HELD_BACK} THEN upper(unit) NOT IN ('SHARE', 'GBP') ELSE upper(unit) <> "
            "CASE item WHEN 'resource' THEN 'GBP' WHEN 'base_year' THEN 'YEAR' ELSE 'SHARE' END "
            "END",
            "The unit of a resource is GBP, that of a base year is year; that of contingency, "
            "risk pool and top slice is share of the resource or GBP, that of growth, uplift and "
            "pace is share (0.02 is 2%).",
        ),
        Rule(
            "unknown_plan_line",
            "line",
            f"CASE WHEN item = 'growth' THEN line NOT IN ({_PODS}) ELSE line <> 'ALL' END",
            "The line is none of those of a budget (ALL for every item but growth).",
        ),
        Rule(
            "impossible_plan_value",
            "value",
            f"item <> 'base_year' AND ({_NUMBER} IS NULL OR CASE "
            f"WHEN item = 'resource' THEN {_NUMBER} <= 0 "
            f"WHEN {_HELD_BACK} AND upper(unit) = 'GBP' THEN {_NUMBER} < 0 "
            f"WHEN {_HELD_BACK} OR item = 'pace_of_change' THEN {_NUMBER} NOT BETWEEN 0 AND 0.5 "
            f"ELSE {_NUMBER} NOT BETWEEN -0.5 AND 0.5 END)",
            "The value is no number, or an impossible one (a resource is above 0, a sum held back "
            "not below, a share at most 0.5 either way).",
        ),
        Rule(
            "impossible_base_year",
            "value",
            "item = 'base_year' AND NOT COALESCE(regexp_full_match(value, '[0-9]{4}[/-][0-9]{2}') "
            "AND (TRY_CAST(left(value, 4) AS INTEGER) + 1) % 100 = "
            "TRY_CAST(right(value, 2) AS INTEGER) AND left(value, 4) < left(financial_year, 4), "
            "FALSE)",
            "The base year is not written as in 2003/04, or is not before the year of the plan.",
        ),
    ),
    soft=(
        Rule(
            "no_return_rule",
            "note",
            f"{_HELD_BACK} AND note IS NULL",
            "Nothing is said of when and to whom this money comes back; it is held back all the "
            "same.",
        ),
    ),
)

_UNKNOWN_LINE: Final = Rule(
    "unknown_budget_line",
    "line",
    f"line NOT IN ('ALL', {_PODS})",
    "The line is none of those of a budget, nor ALL.",
)
_WHOSE: Final = (
    Field("pct_code", ("PCT_CODE",), required=True),
    _YEAR,
    Field("practice_code", ("PRACTICE_CODE",), required=True),
    Field("line", ("LINE",), required=True),
)

BUDGET_ADJUSTMENTS: Final = Layout(
    "budget_adjustments",
    "local adjustments of budgets, one row per practice, line and reason",
    tables.BUDGET_ADJUSTMENTS,
    (
        *_WHOSE,
        Field("amount_pence", ("AMOUNT", "AMOUNT_GBP"), required=True),
        Field("reason", ("REASON",), required=True),
        Field("agreed_by", ("AGREED_BY",)),
        Field("agreed_on", ("AGREED_ON",)),
    ),
    key=("pct_code", "financial_year", "practice_code", "line", "reason"),
    must=("amount_pence",),
    hard=(UNKNOWN_YEAR, _UNKNOWN_LINE),
)

_START: Final = "TRY_CAST(left(financial_year, 4) || '-04-01' AS DATE)"

BUDGET_SCOPE: Final = Layout(
    "budget_scope",
    "lines of budgets that others hold, one row per practice, line and first day",
    tables.BUDGET_SCOPE,
    (
        *_WHOSE,
        Field("holder", ("HOLDER", "HELD_BY"), required=True),
        Field("written_from", ("FROM_DATE",), kind="date"),
        Field("written_to", ("TO_DATE",), kind="date"),
        Field("reason", ("REASON",)),
    ),
    key=("pct_code", "financial_year", "practice_code", "line", "from_date"),
    must=("holder",),
    derived={
        "from_date": f"COALESCE(written_from, {_START})",
        "to_date": f"COALESCE(written_to, {_START} + INTERVAL 1 YEAR - INTERVAL 1 DAY)",
    },
    hard=(
        UNKNOWN_YEAR,
        _UNKNOWN_LINE,
        Rule(
            "no_whole_months",
            "written_from",
            f"from_date < {_START} OR to_date >= {_START} + INTERVAL 1 YEAR OR from_date > to_date "
            "OR day(from_date) <> 1 OR day(to_date + INTERVAL 1 DAY) <> 1",
            "The dates are not the first and the last day of months of the financial year; leave "
            "both blank for the whole year.",
        ),
    ),
)

ALL: Final = (LIST_SIZES, WEIGHTED_LISTS, GIVEN_BUDGETS, PLAN, BUDGET_ADJUSTMENTS, BUDGET_SCOPE)
"""What is landed about organisations, lists and money."""
