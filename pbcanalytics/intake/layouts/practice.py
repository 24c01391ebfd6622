"""What practices have themselves: their own list of events, and prescribing (domain 2.8, 7.7)."""

from typing import Final

from pbcanalytics.intake.layouts.hes import month_of
from pbcanalytics.intake.layouts.layout import Field, Layout, Rule
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

_KINDS = ", ".join(f"'{kind}'" for kind in codes.EVENT_KINDS)
_EVENT = f"""CASE
  WHEN lower(event_text) IN ({_KINDS}) THEN lower(event_text)
  WHEN contains(lower(event_text), 'discharge') THEN 'discharge'
  WHEN contains(lower(event_text), 'referr') THEN 'referral'
  WHEN contains(lower(event_text), 'letter') OR contains(lower(event_text), 'correspond')
    THEN 'letter'
  WHEN contains(lower(event_text), 'attend') OR contains(lower(event_text), 'appointment')
    OR contains(lower(event_text), 'a&e') OR contains(lower(event_text), 'casualty')
    THEN 'attendance' END"""
_EVENT_KIND = """CASE
  WHEN has_letter AND COALESCE(told_kind, 'other') IN ('attendance', 'other') THEN 'letter'
  WHEN NOT has_letter AND told_kind IN ('letter', 'discharge') THEN 'other'
  ELSE COALESCE(told_kind, 'other') END"""

PRACTICE_EVENTS: Final = Layout(
    "practice_events",
    "a practice's own events: letters, referrals, discharges, one row each",
    tables.PRACTICE_EVENTS,
    (
        Field("practice_code", ("Practice_Code", "GP Practice Code", "Practice"), required=True),
        *WHO,
        WHO_REQUIRED,
        Field(
            "practice_patient_id",
            ("Practice Patient Id", "Patient Number", "Patient Id", "EMIS Number"),
            is_secret=True,
        ),
        Field(
            "event_date",
            (
                *("Event_Date", "Date Of Event", "Letter Date", "Date Received", "Referral Date"),
                "Date",
            ),
            required=True,
        ),
        # Free text may name somebody: only the kind that is read out of it is kept.
        Field(
            "event_text",
            ("Event_Type", "Event Kind", "Event", "Document Type", "Letter Type", "Type"),
            required=True,
            is_secret=True,
        ),
        Field("has_letter", ("Letter Received", "Letter"), kind="flag"),
        Field("provider_code", ("Provider_Code", "Hospital Code", "Provider")),
        Field("specialty_code", ("Treatment Function Code", "Specialty Code", "TFC")),
        recorded_age("Age", "Age At Event"),
        SEX,
    ),
    key=(),
    must=("practice_code", "event_date"),
    submitter="practice_code",
    month=month_of("event_date"),
    derived={
        **identified(
            local=("'patient ' || practice_code || ' ' || practice_patient_id",), number=REFERENCE
        ),
        **age_on("event_date"),
        "told_kind": _EVENT,
        "event_kind": _EVENT_KIND,
    },
    soft=(
        *NHS_NUMBER_RULES,
        Rule(
            "unknown_event",
            "event_kind",
            "told_kind IS NULL",
            "The kind of event is not known; it counts as other (or as a letter, if one was "
            "received). 'pbc map' saves what a practice's own words mean.",
        ),
        Rule(
            "unknown_patient",
            "person_id",
            "person_id IS NULL",
            "The event names no patient; no hospital record can be found for it.",
        ),
    ),
)

_CHAPTER = "lpad(NULLIF(regexp_extract(recorded_chapter, '([0-9]{1,2})', 1), ''), 2, '0')"
_PRACTICE = Field("practice_code", ("PRACTICE_CODE", "PRACTICE", "GP Practice Code"), required=True)
_MONTH = Field("month", ("YEAR_MONTH", "PERIOD", "MONTH"), required=True)
_AMOUNTS = (
    Field("n_items", ("ITEMS", "TOTAL_ITEMS", "Number Of Items")),
    Field("net_cost_pence", ("NIC", "Net Ingredient Cost", "TOTAL_NIC"), required=True),
    Field("actual_cost_pence", ("ACTUAL_COST", "ACT COST", "TOTAL_ACTUAL_COST")),
)
_CHAPTERS = ("BNF_CHAPTER", "BNF_CHAPTER_CODE", "BNF_CHAPTER_PLUS_CODE")

PRESCRIBING: Final = Layout(
    "prescribing",
    "prescribing by practice, month and BNF code (EPD)",
    tables.PRESCRIBING,
    (
        _PRACTICE,
        _MONTH,
        Field("bnf_code", ("BNF_CODE", "BNF_PRESENTATION_CODE"), required=True),
        Field("recorded_chapter", _CHAPTERS),
        *_AMOUNTS,
    ),
    # EPD has a row for each quantity of a product, so that rows of one code rightly repeat.
    key=(),
    must=("practice_code", "month", "bnf_code"),
    submitter="practice_code",
    month="month",
    derived={"bnf_chapter": f"COALESCE(regexp_extract(bnf_code, '^[0-9][0-9]'), {_CHAPTER})"},
)

PRESCRIBING_CHAPTERS: Final = Layout(
    "prescribing_chapters",
    "prescribing by practice, month and BNF chapter",
    tables.PRESCRIBING,
    (_PRACTICE, _MONTH, Field("recorded_chapter", _CHAPTERS, required=True), *_AMOUNTS),
    key=("practice_code", "month", "bnf_code"),
    submitter="practice_code",
    month="month",
    derived={"bnf_chapter": _CHAPTER, "bnf_code": _CHAPTER},
)

ALL: Final = (PRACTICE_EVENTS, PRESCRIBING, PRESCRIBING_CHAPTERS)
