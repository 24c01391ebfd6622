"""HES: admitted patients, outpatients, A&E, and the list of referrals beside them (domain 7.5)."""

from collections.abc import Sequence
from typing import Final

from pbcanalytics.intake.layouts.layout import Field, Layout, Rule
from pbcanalytics.words import codes, tables


def numbered(stems: Sequence[str], n: int) -> tuple[str, ...]:
    """Write headings that end in 01, 02 and so on."""
    return tuple(f"{stem}{i:02d}" for stem in stems for i in range(1, n + 1))


def month_of(*days: str) -> str:
    """Write the month of the first of these days that is there."""
    return f"CAST(date_trunc('month', COALESCE({', '.join(days)})) AS DATE)"


_PATIENT = (
    Field(
        "person_id", ("PSEUDO_HESID", "ENCRYPTED_HESID", "TOKEN_PERSON_ID", "HESID"), required=True
    ),
    Field("provider_code", ("PROCODE3", "PROCODE", "PROCODET"), required=True),
    Field("practice_code", ("GPPRAC",), required=True),
    Field("commissioner_code", ("PURCODE", "PCTCODE", "PCTCODE_HIS", "GPPRPCT")),
    Field("sex", ("SEX",), known=codes.SEXES),
    Field("specialty_code", ("TRETSPEF",)),
    Field("main_specialty_code", ("MAINSPEF",)),
)
_DIAGNOSES = Field("diagnoses", numbered(("DIAG_", "DIAG_4_"), 20), is_joined=True)
_PROCEDURES = Field("procedures", numbered(("OPERTN_", "OPERTN_4_"), 24), is_joined=True)
NO_PRACTICE = Rule(
    "no_practice",
    "practice_code",
    f"practice_code IS NULL OR practice_code IN {codes.NO_PRACTICE}",
    "No practice is recorded; the activity stands in no practice's budget.",
)
ODD_AGE = Rule("odd_age", "age_years", "age_years IS NULL", "The age is missing or impossible.")

HES_APC: Final = Layout(
    "hes_apc",
    "HES admitted patient care, one row per episode",
    tables.EPISODES,
    (
        Field("episode_id", ("EPIKEY",), required=True),
        *_PATIENT,
        Field("spell_number", ("PROVSPNOPS", "PROVSPNO")),
        Field("admission_date", ("ADMIDATE",), required=True),
        Field("admission_method", ("ADMIMETH",), required=True),
        Field("admission_source", ("ADMISORC",), known=codes.ADMISSION_SOURCES),
        Field("patient_class", ("CLASSPAT",), required=True, known=codes.PATIENT_CLASSES),
        Field("intended_management", ("INTMANAG",)),
        Field("episode_start", ("EPISTART",), required=True),
        Field("episode_end", ("EPIEND",), required=True),
        Field("episode_order", ("EPIORDER",), required=True),
        Field("episode_status", ("EPISTAT",)),
        Field("discharge_date", ("DISDATE",), required=True),
        Field("discharge_method", ("DISMETH",), known=codes.DISCHARGE_METHODS),
        Field("discharge_destination", ("DISDEST",)),
        Field("age_years", ("STARTAGE",), required=True),
        Field("supplied_los_days", ("SPELDUR",)),
        Field("critical_care_days", ("CRITICALCAREDAYS",)),
        Field("rehabilitation_days", ("REHABILITATIONDAYS",)),
        Field("palliative_days", ("SPCDAYS",)),
        Field("administrative_category", ("ADMINCAT",)),
        Field("hrg", ("SUSHRG", "HRG40"), required=True),
        _DIAGNOSES,
        _PROCEDURES,
    ),
    key=("episode_id",),
    must=("person_id", "provider_code", "admission_date"),
    submitter="provider_code",
    month=month_of("discharge_date", "episode_end", "admission_date"),
    derived={
        "primary_diagnosis": "NULLIF(split_part(diagnoses, ' ', 1), '')",
        "coding_depth": "len(string_split(diagnoses, ' '))",
    },
    hard=(
        Rule(
            "unfinished_episode",
            "episode_status",
            "episode_status <> '3'",
            "The episode is not finished (EPISTAT is not 3).",
        ),
        Rule(
            "no_episode_order",
            "episode_order",
            "episode_order IN (98, 99)",
            "The order of the episode is not known (EPIORDER 98 or 99).",
        ),
    ),
    soft=(
        NO_PRACTICE,
        ODD_AGE,
        Rule(
            "los_disagrees",
            "supplied_los_days",
            "supplied_los_days <> date_diff('day', admission_date, discharge_date)",
            "The length of stay supplied (SPELDUR) disagrees with the dates; the dates are used.",
        ),
        Rule(
            "discharge_before_admission",
            "discharge_date",
            "discharge_date < admission_date",
            "The discharge comes before the admission; the spell cannot be priced.",
        ),
        Rule(
            "day_case_with_stay",
            "patient_class",
            "patient_class = '2' AND discharge_date > admission_date",
            "A day case (CLASSPAT 2) with a stay of a night or more.",
        ),
        Rule(
            "unknown_admission_method",
            "admission_method",
            f"admission_method IS NULL OR admission_method NOT IN {codes.ADMISSION_METHODS}",
            "The admission method is not a known code; the spell cannot be priced.",
        ),
    ),
)

HES_OP: Final = Layout(
    "hes_op",
    "HES outpatients, one row per appointment",
    tables.OUTPATIENTS,
    (
        Field("attendance_id", ("ATTENDKEY",), required=True),
        *_PATIENT,
        Field("age_years", ("APPTAGE",), required=True),
        Field("appointment_date", ("APPTDATE",), required=True),
        Field("attendance_type", ("FIRSTATT",), required=True, known=codes.ATTENDANCE_TYPES),
        Field("attended", ("ATTENDED",), required=True, known=codes.ATTENDED),
        Field("referral_source", ("REFSOURC",)),
        Field("request_date", ("REQDATE",)),
        Field("hrg", ("SUSHRG",)),
        _DIAGNOSES,
        _PROCEDURES,
    ),
    key=("attendance_id",),
    must=("person_id", "provider_code", "appointment_date"),
    submitter="provider_code",
    month=month_of("appointment_date"),
    soft=(NO_PRACTICE, ODD_AGE),
)

HES_AE: Final = Layout(
    "hes_ae",
    "HES A&E, one row per attendance",
    tables.EMERGENCY,
    (
        Field("attendance_id", ("AEKEY",), required=True),
        *_PATIENT,
        Field("age_years", ("ARRIVALAGE",), required=True),
        Field("arrival_date", ("ARRIVALDATE",), required=True),
        Field("arrival_time", ("ARRIVALTIME",)),
        Field("attendance_category", ("AEATTENDCAT",)),
        Field("disposal", ("AEATTENDDISP",), known=codes.DISPOSALS),
        Field("department_type", ("AEDEPTTYPE",), known=codes.DEPARTMENT_TYPES),
        Field("hrg", ("SUSHRG",), required=True),
    ),
    key=("attendance_id",),
    must=("person_id", "provider_code", "arrival_date"),
    submitter="provider_code",
    month=month_of("arrival_date"),
    soft=(NO_PRACTICE, ODD_AGE),
)

REFERRAL_LIST: Final = Layout(
    "referrals",
    "referrals, one row each",
    tables.REFERRALS,
    (
        Field("referral_id", ("REFERRALKEY",), required=True),
        *_PATIENT[:-1],
        Field("age_years", ("AGE",)),
        Field("referral_source", ("REFSOURC",), required=True),
        Field("request_date", ("REQDATE",), required=True),
        Field("priority", ("PRIORITY",)),
    ),
    key=("referral_id",),
    must=("person_id", "provider_code", "request_date"),
    submitter="provider_code",
    month=month_of("request_date"),
    soft=(NO_PRACTICE,),
)

ALL: Final = (HES_APC, HES_OP, HES_AE, REFERRAL_LIST)
