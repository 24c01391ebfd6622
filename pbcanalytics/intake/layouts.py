"""The layouts of extracts that can be read, and which of them a file has."""

from collections.abc import Sequence
from typing import Final

from pbcanalytics.intake.layout import Field, Layout, Rule
from pbcanalytics.words import codes, tables
from pbcanalytics.words.errors import ExtractError


def _many(stems: Sequence[str], n: int) -> tuple[str, ...]:
    return tuple(f"{stem}{i:02d}" for stem in stems for i in range(1, n + 1))


_PATIENT = (
    Field(
        "person_id", ("PSEUDO_HESID", "ENCRYPTED_HESID", "TOKEN_PERSON_ID", "HESID"), required=True
    ),
    Field("provider_code", ("PROCODE3", "PROCODE", "PROCODET"), required=True),
    Field("practice_code", ("GPPRAC",), required=True),
    Field("commissioner_code", ("PURCODE", "PCTCODE", "PCTCODE_HIS", "GPPRPCT")),
    Field("sex", ("SEX",)),
    Field("specialty_code", ("TRETSPEF",)),
    Field("main_specialty_code", ("MAINSPEF",)),
)
_DIAGNOSES = Field("diagnoses", _many(("DIAG_", "DIAG_4_"), 20))
_PROCEDURES = Field("procedures", _many(("OPERTN_", "OPERTN_4_"), 24))
_NO_PRACTICE = Rule(
    "no_practice",
    "practice_code",
    f"practice_code IS NULL OR practice_code IN {codes.NO_PRACTICE}",
    "No practice is recorded; the activity stands in no practice's budget.",
)
_ODD_AGE = Rule("odd_age", "age_years", "age_years IS NULL", "The age is missing or impossible.")

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
        Field("admission_source", ("ADMISORC",)),
        Field("patient_class", ("CLASSPAT",), required=True),
        Field("intended_management", ("INTMANAG",)),
        Field("episode_start", ("EPISTART",), required=True),
        Field("episode_end", ("EPIEND",), required=True),
        Field("episode_order", ("EPIORDER",), required=True),
        Field("episode_status", ("EPISTAT",)),
        Field("discharge_date", ("DISDATE",), required=True),
        Field("discharge_method", ("DISMETH",)),
        Field("discharge_destination", ("DISDEST",)),
        Field("age_years", ("STARTAGE",), required=True),
        Field("supplied_los_days", ("SPELDUR",)),
        Field("critical_care_days", ("CRITICALCAREDAYS",)),
        Field("hrg", ("SUSHRG", "HRG40"), required=True),
        _DIAGNOSES,
        _PROCEDURES,
    ),
    key=("episode_id",),
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
        _NO_PRACTICE,
        _ODD_AGE,
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
        Field("attendance_type", ("FIRSTATT",), required=True),
        Field("attended", ("ATTENDED",), required=True),
        Field("referral_source", ("REFSOURC",)),
        Field("request_date", ("REQDATE",)),
        Field("hrg", ("SUSHRG",)),
        _DIAGNOSES,
        _PROCEDURES,
    ),
    key=("attendance_id",),
    soft=(_NO_PRACTICE, _ODD_AGE),
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
        Field("disposal", ("AEATTENDDISP",)),
        Field("department_type", ("AEDEPTTYPE",)),
        Field("hrg", ("SUSHRG",), required=True),
    ),
    key=("attendance_id",),
    soft=(_NO_PRACTICE, _ODD_AGE),
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
    soft=(_NO_PRACTICE,),
)

LIST_SIZES: Final = Layout(
    "list_sizes",
    "patients registered, one row per practice, sex and age",
    tables.LIST_SIZES,
    (
        Field("practice_code", ("CODE", "PRACTICE_CODE"), required=True),
        Field("count_date", ("EXTRACT_DATE",), required=True),
        Field(
            "sex",
            ("SEX",),
            required=True,
            translate={"MALE": "1", "FEMALE": "2", "M": "1", "F": "2"},
        ),
        Field("age", ("AGE",), required=True),
        Field("n_patients", ("NUMBER_OF_PATIENTS",), required=True),
    ),
    key=("practice_code", "count_date", "sex", "age"),
)

WEIGHTED_LISTS: Final = Layout(
    "weighted_lists",
    "need-weighted lists, one row per practice and year",
    tables.WEIGHTED_LISTS,
    (
        Field("practice_code", ("PRACTICE_CODE",), required=True),
        Field("financial_year", ("FINANCIAL_YEAR",), required=True),
        Field("weighted_list", ("WEIGHTED_POPULATION",), required=True),
    ),
    key=("practice_code", "financial_year"),
)

PRACTICES: Final = Layout(
    "practices",
    "the PCT's practices, one row each",
    tables.PRACTICES,
    (
        Field("practice_code", ("PRACTICE_CODE",), required=True),
        Field("practice_name", ("NAME",), required=True),
        Field("pct_code", ("PCT_CODE",), required=True),
        Field("consortium_code", ("CONSORTIUM_CODE",)),
        Field("open_date", ("OPEN_DATE",)),
        Field("close_date", ("CLOSE_DATE",)),
        Field("successor_code", ("SUCCESSOR_CODE",)),
    ),
    key=("practice_code",),
)

PROVIDERS: Final = Layout(
    "providers",
    "hospitals and other providers, one row each",
    tables.PROVIDERS,
    (
        Field("provider_code", ("PROVIDER_CODE",), required=True),
        Field("provider_name", ("NAME",), required=True),
        Field("provider_kind", ("KIND",)),
    ),
    key=("provider_code",),
)

PLAN: Final = Layout(
    "plan",
    "the PCT's plan: resource, contingency and agreed growth",
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
    hard=(
        Rule(
            "unknown_plan_item",
            "item",
            "item NOT IN ('resource', 'contingency', 'growth')",
            "The item is none of resource, contingency and growth.",
        ),
        Rule(
            "unknown_year",
            "financial_year",
            "NOT regexp_full_match(financial_year, '[0-9]{4}[/-][0-9]{2}') OR "
            "(TRY_CAST(left(financial_year, 4) AS INTEGER) + 1) % 100 <> "
            "TRY_CAST(right(financial_year, 2) AS INTEGER)",
            "The financial year is not written as in 2018/19.",
        ),
        Rule(
            "wrong_unit",
            "unit",
            "upper(unit) <> CASE item WHEN 'resource' THEN 'GBP' ELSE 'SHARE' END",
            "The unit of a resource is GBP; that of contingency and growth is share (0.02 is 2%).",
        ),
        Rule(
            "unknown_plan_line",
            "line",
            "CASE WHEN item = 'growth' THEN line NOT IN "
            f"({', '.join(repr(pod) for pod in codes.PODS)}) ELSE line <> 'ALL' END",
            "The line is none of those of a budget (ALL for resource and contingency).",
        ),
        Rule(
            "impossible_plan_value",
            "value",
            "TRY_CAST(value AS DECIMAL(18, 6)) IS NULL OR CASE item "
            "WHEN 'resource' THEN TRY_CAST(value AS DECIMAL(18, 6)) <= 0 "
            "WHEN 'contingency' THEN TRY_CAST(value AS DECIMAL(18, 6)) NOT BETWEEN 0 AND 0.5 "
            "ELSE TRY_CAST(value AS DECIMAL(18, 6)) NOT BETWEEN -0.5 AND 0.5 END",
            "The value is no number, or an impossible one (a resource is above 0, a share at most "
            "0.5 either way).",
        ),
    ),
)

LAYOUTS: Final = (
    HES_APC,
    HES_OP,
    HES_AE,
    REFERRAL_LIST,
    LIST_SIZES,
    WEIGHTED_LISTS,
    PRACTICES,
    PROVIDERS,
    PLAN,
)


def recognise(file: str, headings: Sequence[str]) -> Layout:
    """
    Find the layout of a file by its headings.

    Parameters
    ----------
    file : str
        Name of the file, for the message.
    headings : sequence of str
        The first line of the file, in order; upper and lower case are the same.

    Returns
    -------
    Layout
        The layout whose needed headings are all there; of several, the one that uses most.

    Raises
    ------
    ExtractError
        If no layout fits; the message names the nearest and every column that it misses.
    """
    fitting = [a for a in LAYOUTS if not a.missing(headings)]
    if fitting:
        return max(fitting, key=lambda a: a.matched(headings))
    nearest = max(LAYOUTS, key=lambda a: (a.matched(headings), -len(a.fields)))
    lacks = nearest.missing(headings)
    needed = sum(f.required for f in nearest.fields)
    if len(lacks) * 2 <= needed:
        raise ExtractError(
            f"{file} looks like {nearest.title}, but has no column {', no column '.join(lacks)}; "
            "nothing of it was loaded. Ask the supplier for the full extract, or rename the "
            "heading if the column is there under another name."
        )
    known = "; ".join(a.title for a in LAYOUTS)
    raise ExtractError(
        f"{file} is none of the files that pbc can read, judging by its headings "
        f"({', '.join(list(headings)[:4])}, …); nothing of it was loaded. It reads: {known}."
    )
