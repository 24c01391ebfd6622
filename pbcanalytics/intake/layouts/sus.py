"""SUS PbR: spells, episodes, outpatients, A&E (domain 7.2-7.3).

`GP Practice Derived From PDS` is an indicator and `Registered GMP Code` a doctor's: neither is ever
read as a practice. Consultants, referrers, booking references and postcodes are not read at all.
"""

from typing import Final

from pbcanalytics.intake.layouts.hes import HES_APC, NO_PRACTICE, ODD_AGE, month_of
from pbcanalytics.intake.layouts.layout import Field, Layout, Rule
from pbcanalytics.intake.layouts.money import TARIFF, TARIFF_PARTS, TARIFF_RULES
from pbcanalytics.intake.layouts.patient import (
    NHS_NUMBER_RULES,
    PRACTICE_DISAGREES,
    SEX,
    WHO,
    age_on,
    counted,
    identified,
    recorded_age,
)
from pbcanalytics.words import codes, tables

_ORIGINAL_PRACTICE = Field("original_practice_code", ("GP Practice Code (Original Data)",))
_PARTIES = (
    *WHO,
    SEX,
    Field(
        "provider_code",
        ("Organisation Code (Code Of Provider)", "Provider Code (Original Data)", "Provider Code"),
        required=True,
    ),
    Field(
        "practice_code",
        (
            *("GP Practice Code (Derived)", "GP Practice Code (Original Data)"),
            "GP Practice Code",
        ),
        required=True,
    ),
    _ORIGINAL_PRACTICE,
    Field(
        "commissioner_code",
        (
            *("Organisation Code (Code Of Commissioner)", "Derived Commissioner"),
            *("Commissioner Code (Original Data)", "Commissioner Code"),
        ),
    ),
    Field("specialty_code", ("Treatment Function Code", "Treatment Function")),
    Field("main_specialty_code", ("Main Specialty Code", "Main Specialty")),
)
_STAY = (
    recorded_age("Age At Start Of Spell", "Age At Start Of Episode", "Age At CDS Activity Date"),
    Field("spell_number", ("Hospital Provider Spell No", "Hospital Provider Spell Number")),
    Field(
        "admission_date",
        ("Start Date (Hospital Provider Spell)", "Admission Date"),
        required=True,
    ),
    Field(
        "admission_method",
        ("Admission Method (Hospital Provider Spell)", "Admission Method"),
        required=True,
    ),
    Field(
        "admission_source",
        ("Source Of Admission (Hospital Provider Spell)", "Source Of Admission"),
        known=codes.ADMISSION_SOURCES,
    ),
    Field(
        "patient_class",
        ("Patient Classification", "Patient Classification Code"),
        required=True,
        known=codes.PATIENT_CLASSES,
    ),
    Field("intended_management", ("Intended Management",)),
    Field(
        "discharge_date", ("End Date (Hospital Provider Spell)", "Discharge Date"), required=True
    ),
    Field(
        "discharge_method",
        ("Discharge Method (Hospital Provider Spell)", "Discharge Method"),
        known=codes.DISCHARGE_METHODS,
    ),
    Field(
        "discharge_destination",
        ("Discharge Destination (Hospital Provider Spell)", "Discharge Destination"),
    ),
    Field(
        "supplied_los_days", ("Length Of Stay (Hospital Provider Spell)", "Spell Length Of Stay")
    ),
)
_DIAGNOSES = Field(
    "diagnoses",
    (
        *("Primary Diagnosis Code", "Primary Diagnosis Code (ICD)", "Primary Diagnosis"),
        *counted("Secondary Diagnosis Code", 14),
        *counted("Secondary Diagnosis Code (ICD)", 14),
    ),
    is_joined=True,
)
_PROCEDURES = Field(
    "procedures",
    (
        *("Primary Procedure Code", "Primary Procedure Code (OPCS)", "Primary Procedure"),
        *counted("Secondary Procedure Code", 24),
        *counted("Secondary Procedure Code (OPCS)", 24),
    ),
    is_joined=True,
)
_ADMINISTRATIVE = Field(
    "administrative_category",
    ("Administrative Category (On Admission)", "Administrative Category (Derived)"),
)
_UNBUNDLED = Field("unbundled_hrgs", counted("Unbundled HRG", 12), is_joined=True)
_SPECIALISED = Field(
    "specialised_codes",
    ("Significant Specialised Service Code", *counted("Specialised Service Code", 7)),
    is_joined=True,
)
_SPELL = ("spell_number", "spell_key")

SUS_SPELLS: Final = Layout(
    "sus_spells",
    "SUS PbR spells, one row per spell with its tariff",
    tables.SUPPLIED_SPELLS,
    (
        Field("spell_key", ("Spell Identifier",), required=True),
        *_PARTIES,
        *_STAY,
        Field("consortium_code", ("GP Consortium Code",)),
        Field("is_open", ("Open Spell Indicator",), kind="flag"),
        Field("adjusted_los_days", ("PbR Final Adjusted Length Of Stay",)),
        _ADMINISTRATIVE,
        Field("hrg", ("Spell Core HRG",), required=True),
        _UNBUNDLED,
        _SPECIALISED,
        Field("submitted_hrg", ("HRG Submitted",)),
        Field("hrg_version", ("Core HRG Version (Calculated)", "Grouping HRG Version")),
        Field("primary_diagnosis", ("Spell Primary Diagnosis",)),
        Field("dominant_procedure", ("Spell Dominant Procedure",)),
        Field("n_diagnoses", ("Number Diagnosis", "Number Of Diagnoses")),
        Field("n_procedures", ("Number Procedures", "Number Of Procedures")),
        Field("scope", ("Spell In PbR/Not In PbR",)),
        Field("exclusion_reason", ("Spell Exclusion Reason",)),
        Field("is_frozen", ("PbR Spell Frozen Indicator",)),
        *TARIFF,
    ),
    key=("spell_key",),
    must=("person_id", "provider_code", "admission_date"),
    submitter="provider_code",
    month=month_of("discharge_date", "admission_date"),
    derived={**identified(*_SPELL), **age_on("admission_date"), **TARIFF_PARTS},
    soft=(
        *HES_APC.soft,
        *NHS_NUMBER_RULES,
        PRACTICE_DISAGREES,
        Rule(
            "open_spell",
            "discharge_date",
            "is_open OR discharge_date IS NULL",
            "The spell had not ended when it was extracted; it is not final.",
        ),
        *TARIFF_RULES,
    ),
)

SUS_EPISODES: Final = Layout(
    "sus_episodes",
    "SUS PbR episodes, one row per episode",
    tables.EPISODES,
    (
        Field("spell_key", ("Spell Identifier",)),
        Field(
            "recorded_episode_id",
            (
                *("Episode Identifier", "Generated Record Identifier", "CDS Unique Identifier"),
                "Unique CDS Identifier",
            ),
        ),
        *_PARTIES,
        *_STAY,
        Field("episode_order", ("Episode Number",), required=True),
        Field(
            "episode_start",
            ("Episode Start Date", "Start Date (Episode)", "Start Date (Consultant Episode)"),
            required=True,
        ),
        Field(
            "episode_end",
            ("Episode End Date", "End Date (Episode)", "End Date (Consultant Episode)"),
            required=True,
        ),
        Field("critical_care_days", ("Critical Care Days", "Critical Care Length Of Stay")),
        Field("rehabilitation_days", ("Rehabilitation Days",)),
        Field("palliative_days", ("Palliative Care Days", "Specialist Palliative Care Days")),
        _ADMINISTRATIVE,
        Field("hrg", ("Core HRG (Calculated)", "Episode Core HRG"), required=True),
        _UNBUNDLED,
        _SPECIALISED,
        _DIAGNOSES,
        _PROCEDURES,
    ),
    key=("episode_id",),
    must=("person_id", "provider_code", "admission_date"),
    submitter="provider_code",
    month=month_of("discharge_date", "episode_end", "admission_date"),
    derived={
        **identified(*_SPELL, "recorded_episode_id"),
        **age_on("admission_date"),
        "episode_id": "COALESCE(recorded_episode_id, concat_ws('|', provider_code, "
        "COALESCE(spell_key, spell_number, person_id), admission_date, episode_order, "
        "episode_start))",
        "primary_diagnosis": "NULLIF(split_part(diagnoses, ' ', 1), '')",
        "coding_depth": "len(string_split(diagnoses, ' '))",
    },
    hard=tuple(rule for rule in HES_APC.hard if rule.name == "no_episode_order"),
    soft=(*HES_APC.soft, *NHS_NUMBER_RULES, PRACTICE_DISAGREES),
)

SUS_OP: Final = Layout(
    "sus_op",
    "SUS outpatients, one row per appointment",
    tables.OUTPATIENTS,
    (
        Field(
            "recorded_attendance_id",
            ("Attendance Identifier", "Outpatient Attendance Identifier"),
            required=True,
        ),
        *_PARTIES,
        recorded_age("Age At CDS Activity Date", "Age At Appointment"),
        Field("appointment_date", ("Appointment Date",), required=True),
        Field(
            "attendance_type",
            ("First Attendance", "First Attendance Code"),
            required=True,
            known=codes.ATTENDANCE_TYPES,
        ),
        Field(
            "attended",
            ("Attended Or Did Not Attend", "Attended Or Did Not Attend Code"),
            required=True,
            known=codes.ATTENDED,
        ),
        Field(
            "referral_source",
            ("Source Of Referral For Outpatients", "Source Of Referral For Out-Patients"),
        ),
        Field("request_date", ("Referral Request Received Date",)),
        Field("hrg", ("Core HRG", "Core HRG (Calculated)", "HRG Used For Tariff")),
        _DIAGNOSES,
        _PROCEDURES,
    ),
    key=("attendance_id",),
    must=("person_id", "provider_code", "appointment_date"),
    submitter="provider_code",
    month=month_of("appointment_date"),
    derived={
        **identified("recorded_attendance_id"),
        **age_on("appointment_date"),
        # A provider's number may be the time of day: it tells appointments apart on one day only.
        "attendance_id": "concat_ws('|', provider_code, strftime(appointment_date, '%Y%m%d'), "
        "recorded_attendance_id, left(person_id, 8))",
    },
    soft=(NO_PRACTICE, ODD_AGE, *NHS_NUMBER_RULES, PRACTICE_DISAGREES),
)

SUS_AE: Final = Layout(
    "sus_ae",
    "SUS A&E, one row per attendance",
    tables.EMERGENCY,
    (
        Field(
            "recorded_attendance_id",
            ("EM Attendance Number", "A&E Attendance Number"),
            required=True,
        ),
        *_PARTIES,
        recorded_age("Age At CDS Activity Date", "Age At Arrival"),
        Field(
            "arrival_date", ("Arrival Date", "EM Arrival Date", "Arrival Date/Time"), required=True
        ),
        Field(
            "recorded_time",
            ("Arrival Time", "EM Arrival Time", "Arrival Date/Time"),
        ),
        Field("attendance_category", ("EM Attendance Category",), required=True),
        Field("disposal", ("EM Attendance Disposal",), known=codes.DISPOSALS),
        Field("department_type", ("EM Department Type",), known=codes.DEPARTMENT_TYPES),
        Field("hrg", ("Core HRG", "Core HRG (Calculated)", "HRG Used For Tariff"), required=True),
    ),
    key=("attendance_id",),
    must=("person_id", "provider_code", "arrival_date"),
    submitter="provider_code",
    month=month_of("arrival_date"),
    derived={
        **identified("recorded_attendance_id"),
        **age_on("arrival_date"),
        "attendance_id": "concat_ws('|', provider_code, strftime(arrival_date, '%Y%m%d'), "
        "recorded_attendance_id, left(person_id, 8))",
        "arrival_time": "NULLIF(replace(lpad(regexp_extract(recorded_time, "
        "'(^|[ T])([0-9]{1,2}:?[0-9]{2})(:[0-9]{2})?([.][0-9]+)?$', 2), "
        "CASE WHEN contains(recorded_time, ':') THEN 5 ELSE 4 END, '0'), ':', ''), '0000000')",
    },
    soft=(NO_PRACTICE, ODD_AGE, *NHS_NUMBER_RULES, PRACTICE_DISAGREES),
)

ALL: Final = (SUS_SPELLS, SUS_EPISODES, SUS_OP, SUS_AE)
