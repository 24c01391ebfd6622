"""Registers of organisations over time: practices, providers, PCTs, consortia (domain 7.7)."""

from typing import Final

from pbcanalytics.intake.layouts.layout import Field, Layout, Rule
from pbcanalytics.words import tables

_DATES: Final = (
    Field("open_date", ("OPEN_DATE",)),
    Field("close_date", ("CLOSE_DATE",)),
)
_SUCCESSOR: Final = Field("successor_code", ("SUCCESSOR_CODE",))
_CLOSE_BEFORE_OPEN: Final = Rule(
    "close_before_open",
    "close_date",
    "close_date < open_date",
    "The closing date lies before the opening date.",
)


def _rules(code: str) -> tuple[Rule, ...]:
    return (
        _CLOSE_BEFORE_OPEN,
        Rule(
            "own_successor",
            "successor_code",
            f"successor_code = {code}",
            "An organisation is given as its own successor; its activity stays with it.",
        ),
        Rule(
            "successor_while_open",
            "successor_code",
            "successor_code IS NOT NULL AND close_date IS NULL",
            "A successor is named but no closing date, so the organisation counts as open.",
        ),
    )


PRACTICES: Final = Layout(
    "practices",
    "the PCT's practices, one row each",
    tables.PRACTICES,
    (
        Field("practice_code", ("PRACTICE_CODE",), required=True),
        Field("practice_name", ("NAME", "PRACTICE_NAME"), required=True),
        Field("pct_code", ("PCT_CODE",), required=True),
        Field("consortium_code", ("CONSORTIUM_CODE",)),
        *_DATES,
        _SUCCESSOR,
    ),
    key=("practice_code",),
    soft=_rules("practice_code"),
)


def _held(column: str) -> str:
    """Give what is held of a practice already; the inner names leave the file's code visible."""
    return (
        f"(SELECT MAX(held) FROM (SELECT practice_code AS code, {column} AS held FROM practices) "
        "WHERE code = practice_code)"
    )


ODS_PRACTICES: Final = Layout(
    "ods_practices",
    "the national register of practices (ODS epraccur), one row each",
    tables.PRACTICES,
    (
        Field("practice_code", ("Organisation Code",), required=True),
        Field("practice_name", ("Name",), required=True),
        Field("pct_code", ("Commissioner",), required=True),
        *_DATES,
        Field(
            "status_code",
            ("Status Code",),
            required=True,
            translate={"ACTIVE": "A", "INACTIVE": "C"},
            known=("A", "C", "D", "P"),
        ),
        Field("prescribing_setting", ("Prescribing Setting",), translate={"RO76": "4"}),
    ),
    key=("practice_code",),
    # The national file names no successor and no consortium; what the PCT's own said stays.
    derived={
        "successor_code": _held("successor_code"),
        "consortium_code": _held("consortium_code"),
    },
    soft=(
        _CLOSE_BEFORE_OPEN,
        Rule(
            "closed_without_date",
            "status_code",
            "status_code = 'C' AND close_date IS NULL",
            "The practice is marked as closed and has no closing date, so it counts as open.",
        ),
        Rule(
            "no_general_practice",
            "prescribing_setting",
            "prescribing_setting <> '4'",
            "Not a general practice by its prescribing setting (a walk-in centre, a prison …).",
        ),
    ),
    headless=(
        *("Organisation Code", "Name", "National Grouping", "High Level Health Geography"),
        *(f"Address Line {i}" for i in range(1, 6)),
        *("Postcode", "Open Date", "Close Date", "Status Code", "Organisation Sub-Type Code"),
        *("Commissioner", "Join Provider/Purchaser Date", "Left Provider/Purchaser Date"),
        *("Contact Telephone Number", "Null 19", "Null 20", "Null 21"),
        *("Amended Record Indicator", "Null 23", "Provider/Purchaser", "Null 25"),
        *("Prescribing Setting", "Null 27"),
    ),
    headless_first=r"[A-Z][0-9]{5}",
)

PROVIDERS: Final = Layout(
    "providers",
    "hospitals and other providers, one row each",
    tables.PROVIDERS,
    (
        Field("provider_code", ("PROVIDER_CODE",), required=True),
        Field("provider_name", ("NAME", "PROVIDER_NAME"), required=True),
        Field("provider_kind", ("KIND", "PROVIDER_KIND")),
        *_DATES,
        _SUCCESSOR,
    ),
    key=("provider_code",),
    soft=_rules("provider_code"),
)

# PCTs and consortia are recognised by their own kind of name: a plain NAME beside PCT_CODE may as
# well be a register of practices whose code column is missing.
PCTS: Final = Layout(
    "pcts",
    "PCTs and other bodies that pay, one row each",
    tables.PCTS,
    (
        Field("pct_code", ("PCT_CODE",), required=True),
        Field("pct_name", ("PCT_NAME",), required=True),
        *_DATES,
        _SUCCESSOR,
    ),
    key=("pct_code",),
    soft=_rules("pct_code"),
)

CONSORTIA: Final = Layout(
    "consortia",
    "consortia of practices, one row each",
    tables.CONSORTIA,
    (
        Field("consortium_code", ("CONSORTIUM_CODE",), required=True),
        Field("consortium_name", ("CONSORTIUM_NAME",), required=True),
        Field("pct_code", ("PCT_CODE",)),
    ),
    key=("consortium_code",),
)

MEMBERSHIPS: Final = Layout(
    "memberships",
    "who is in which consortium and since when, one row per practice and first day",
    tables.MEMBERSHIPS,
    (
        Field("practice_code", ("PRACTICE_CODE",), required=True),
        Field("consortium_code", ("CONSORTIUM_CODE",), required=True),
        Field("from_date", ("FROM_DATE",), required=True),
        Field("to_date", ("TO_DATE",)),
    ),
    key=("practice_code", "from_date"),
    must=("consortium_code",),
    soft=(
        Rule(
            "membership_ends_before_it_begins",
            "to_date",
            "to_date < from_date",
            "The membership ends before it begins, so it counts on no day.",
        ),
    ),
)

ALL: Final = (PRACTICES, ODS_PRACTICES, PROVIDERS, PCTS, CONSORTIA, MEMBERSHIPS)
