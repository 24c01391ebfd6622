"""What is landed about patients: a row an episode, an attendance, a referral."""

from typing import Final

from pbcanalytics.words.tables.table import ORIGIN, table

_PATIENT = (
    ("person_id", "code", "pseudonym of the patient"),
    ("provider_code", "code", "hospital or other provider"),
    ("practice_code", "code", "practice of registration, as recorded"),
    ("commissioner_code", "code", "PCT that pays"),
    ("age_years", "integer", "age; under 1 is 0", "years"),
    ("sex", "code", "1 male, 2 female"),
    ("specialty_code", "code", "treatment function"),
    ("main_specialty_code", "code", "specialty of the consultant's contract"),
)

EPISODES: Final = table(
    "episodes",
    "one row per finished consultant episode",
    *ORIGIN,
    ("episode_id", "code", "key of the episode"),
    *_PATIENT,
    ("spell_number", "code", "provider's own number of the spell"),
    ("admission_date", "date", "day of admission of the spell"),
    ("admission_method", "code", "how the patient was admitted"),
    ("admission_source", "code", "where the patient came from"),
    (
        "patient_class",
        "code",
        "1 ordinary, 2 day case, 3 and 4 regular attender, 5 mother and baby",
    ),
    ("intended_management", "code", "what was intended at the decision to admit"),
    ("episode_start", "date", "first day of the episode"),
    ("episode_end", "date", "last day of the episode"),
    ("episode_order", "integer", "order within the spell as recorded"),
    ("discharge_date", "date", "day of discharge, on the last episode"),
    ("discharge_method", "code", "how the patient left; 8 is not yet"),
    ("discharge_destination", "code", "where the patient went"),
    ("supplied_los_days", "integer", "length of the spell as supplied", "days"),
    ("critical_care_days", "integer", "days in critical care during the episode", "days"),
    ("hrg", "code", "HRG supplied with the episode"),
    ("primary_diagnosis", "code", "ICD-10 code in first position"),
    ("diagnoses", "text", "all ICD-10 codes in order, separated by a space"),
    ("coding_depth", "integer", "diagnoses recorded", "codes"),
    ("procedures", "text", "OPCS-4 codes in order, separated by a space"),
)
OUTPATIENTS: Final = table(
    "outpatients",
    "one row per outpatient appointment, attended or not",
    *ORIGIN,
    ("attendance_id", "code", "key of the appointment"),
    *_PATIENT,
    ("appointment_date", "date", "day of the appointment"),
    ("attendance_type", "code", "1 first, 2 follow-up; 3 and 4 the same by telephone"),
    ("attended", "code", "5 and 6 seen; others not"),
    ("referral_source", "code", "who referred: 03 GP, 05 consultant"),
    ("request_date", "date", "day the referral was received"),
    ("diagnoses", "text", "all ICD-10 codes in order, separated by a space"),
    ("procedures", "text", "OPCS-4 codes in order, separated by a space"),
    ("hrg", "code", "HRG supplied with the attendance"),
)
EMERGENCY: Final = table(
    "emergency_attendances",
    "one row per A&E attendance",
    *ORIGIN,
    ("attendance_id", "code", "key of the attendance"),
    *_PATIENT,
    ("arrival_date", "date", "day of arrival"),
    ("arrival_time", "code", "hour and minute of arrival, HHMM"),
    ("attendance_category", "code", "1 first, 2 and 3 follow-up"),
    ("disposal", "code", "01 admitted; others not"),
    ("department_type", "code", "1 major, 2 single specialty, 3 minor injuries"),
    ("hrg", "code", "HRG supplied with the attendance"),
)
REFERRALS: Final = table(
    "referrals",
    "one row per referral",
    *ORIGIN,
    ("referral_id", "code", "key of the referral"),
    *_PATIENT[:-1],
    ("referral_source", "code", "who referred: 03 GP, 05 consultant"),
    ("request_date", "date", "day the referral was received"),
    ("priority", "code", "1 routine, 2 urgent, 3 two weeks"),
)
