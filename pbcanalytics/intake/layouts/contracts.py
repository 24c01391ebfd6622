"""Contract monitoring: patient-level lines, aggregate totals, invoices (domain 7.4, 5.2)."""

from typing import Final

from pbcanalytics.intake.layouts.hes import NO_PRACTICE
from pbcanalytics.intake.layouts.layout import Field, Layout, Rule
from pbcanalytics.intake.layouts.months import MONTH, PERIOD, UNKNOWN_MONTH
from pbcanalytics.intake.layouts.patient import (
    NHS_NUMBER_RULES,
    REFERENCE,
    SEX,
    WHO,
    WHO_REQUIRED,
    age_on,
    identified,
    recorded_age,
)
from pbcanalytics.words import codes, tables

_PARTIES = (
    Field(
        "provider_code",
        (
            *("Provider_Code", "ORGANISATION IDENTIFIER (CODE OF PROVIDER)"),
            *("ORGANISATION CODE (CODE OF PROVIDER)", "Provider"),
        ),
        required=True,
    ),
    Field(
        "commissioner_code",
        (
            *("Commissioner_Code", "ORGANISATION IDENTIFIER (CODE OF COMMISSIONER)"),
            *("ORGANISATION CODE (CODE OF COMMISSIONER)", "Commissioner"),
        ),
    ),
    *PERIOD,
)
_KIND = (
    Field(
        "budget_pod",
        ("National_POD_Code", "POINT OF DELIVERY CODE", "POD_Code", "POD", "Point Of Delivery"),
        required=True,
        translate=codes.CONTRACT_PODS,
        known=(*codes.PODS, codes.OTHER_POD),
    ),
    Field("hrg", ("HRG Code", "HRG", "Spell Core HRG", "HRG/Currency Code")),
    Field(
        "specialty_code",
        (
            *("ACTIVITY TREATMENT FUNCTION CODE", "Treatment Function Code", "TFC"),
            *("Treatment Function", "Specialty Code"),
        ),
    ),
)
_FROZEN = Field("is_frozen", ("Flex_Freeze", "Freeze Indicator", "Submission Type"))
_N_ACTIVITY = (
    *("Actual Activity", "CONTRACT MONITORING ACTUAL ACTIVITY", "ACTIVITY COUNT", "Activity"),
    *("Activity Actual",),
)
_PRICE = (
    *("Actual Cost", "CONTRACT MONITORING ACTUAL PRICE", "TOTAL COST", "Actual Price"),
    *("Price Actual", "Cost Actual", "Total Price", "Price", "Cost"),
)
_N_PLANNED = ("Activity Plan", "Planned Activity", "CONTRACT MONITORING PLANNED ACTIVITY")
_PLANNED = (
    *("Cost Plan", "Price Plan", "CONTRACT MONITORING PLANNED PRICE", "Planned Price"),
    *("Planned Cost", "Plan Cost", "Plan Price"),
)
_PODS = ", ".join(f"'{pod}'" for pod in codes.PODS)
_BUDGET_LINE = {
    "contract_pod": "budget_pod__text",
    "pod": f"CASE WHEN budget_pod IN ({_PODS}) THEN budget_pod "
    f"WHEN budget_pod IS NOT NULL THEN '{codes.OTHER_POD}' END",
}
"""A point of delivery that budgets have no line for, or that nobody knows, is OTHER: it stays in
`contract_pod` as the contract names it."""

_UNKNOWN_POD = Rule(
    "unknown_pod",
    "budget_pod",
    f"budget_pod NOT IN ({_PODS}, '{codes.OTHER_POD}')",
    "The point of delivery is not a known one; the line counts in the total and in no line of a "
    "budget until the code is translated, which 'pbc map' saves.",
)

CONTRACT_LINES: Final = Layout(
    "contract_lines",
    "patient-level contract monitoring (PLCM, SLAM), one row per line charged",
    tables.CONTRACT_LINES,
    (
        *_PARTIES,
        *WHO,
        WHO_REQUIRED,
        SEX,
        recorded_age("Age", "Age At CDS Activity Date", "Age At Activity Date"),
        Field(
            "practice_code",
            (
                *("GENERAL MEDICAL PRACTICE CODE (PATIENT REGISTRATION)", "Practice_Code"),
                *("GP Practice Code", "GP Practice"),
            ),
        ),
        *_KIND,
        Field(
            "activity_date",
            (
                *("Activity Date", "Discharge Date", "Attendance Date", "Activity End Date"),
                *("End Date (Hospital Provider Spell)", "Appointment Date"),
            ),
        ),
        Field(
            "spell_number",
            (
                *("HOSPITAL PROVIDER SPELL IDENTIFIER", "Hospital Provider Spell No"),
                *("Spell Number", "Attendance Number", "ATTENDANCE IDENTIFIER"),
            ),
        ),
        Field("n_activity", _N_ACTIVITY),
        Field("unit_price_pence", ("Unit Price", "ACTIVITY UNIT PRICE", "Tariff")),
        Field("price_pence", _PRICE, required=True),
        _FROZEN,
    ),
    key=(),
    must=("provider_code", "budget_pod"),
    submitter="provider_code",
    month="month",
    part="commissioner_code",
    derived={
        **identified("spell_number", number=REFERENCE),
        **age_on("activity_date"),
        **MONTH,
        **_BUDGET_LINE,
    },
    hard=(UNKNOWN_MONTH,),
    soft=(
        NO_PRACTICE,
        *NHS_NUMBER_RULES,
        _UNKNOWN_POD,
        Rule(
            "no_charge",
            "price_pence",
            "price_pence IS NULL",
            "The line has no charge; it adds nothing to the total.",
        ),
        Rule(
            "charge_disagrees",
            "price_pence",
            "abs(unit_price_pence * n_activity - price_pence) > 1",
            "The charge is not the unit price times the activity.",
        ),
    ),
)

CONTRACT_TOTALS: Final = Layout(
    "contract_totals",
    "aggregate contract monitoring (ACM), one row per line of the plan",
    tables.CONTRACT_TOTALS,
    (
        *_PARTIES,
        *_KIND,
        Field("n_planned", _N_PLANNED),
        Field("planned_pence", _PLANNED),
        # One of the two tells a plan from a list of charges.
        Field("either_plan", (*_PLANNED, *_N_PLANNED), required=True),
        Field("n_activity", _N_ACTIVITY),
        Field("price_pence", _PRICE, required=True),
        _FROZEN,
    ),
    key=(),
    must=("provider_code", "budget_pod"),
    submitter="provider_code",
    month="month",
    part="commissioner_code",
    derived={**MONTH, **_BUDGET_LINE},
    hard=(UNKNOWN_MONTH,),
    soft=(
        _UNKNOWN_POD,
        Rule(
            "no_plan",
            "either_plan",
            "either_plan IS NULL",
            "The line has no plan, neither of activity nor of money; nothing can be held to it.",
        ),
    ),
)

INVOICES: Final = Layout(
    "invoices",
    "invoices, one row each or one a line",
    tables.INVOICES,
    (
        *_PARTIES,
        Field("invoice_number", ("Invoice Number", "Invoice No", "Invoice"), required=True),
        Field(
            "price_pence",
            ("Invoice Amount", "Invoice Value", "Amount", "Total", "Net Amount"),
            required=True,
        ),
    ),
    # Lines and credits stand under one number; the same line again in a later file gives way.
    key=("provider_code", "invoice_number", "month", "price_pence"),
    submitter="provider_code",
    month="month",
    rows_may_repeat=True,
    derived=MONTH,
    hard=(UNKNOWN_MONTH,),
)

ALL: Final = (CONTRACT_LINES, CONTRACT_TOTALS, INVOICES)
