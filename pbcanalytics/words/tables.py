"""The data dictionary: each table's grain, columns, types, units and meaning, declared once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Column:
    """One column: `kind` is text, code, integer, ratio, date, time, pence or flag."""

    name: str
    kind: str
    meaning: str
    unit: str = ""

    @property
    def sql_type(self) -> str:
        """The DuckDB type in which the column is kept."""
        return {
            "text": "VARCHAR",
            "code": "VARCHAR",
            "integer": "BIGINT",
            "pence": "BIGINT",
            "ratio": "DOUBLE",
            "date": "DATE",
            "time": "TIMESTAMP",
            "flag": "BOOLEAN",
        }[self.kind]


@dataclass(frozen=True)
class Table:
    """One table: what one row is, and its columns in order."""

    name: str
    grain: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return [c.name for c in self.columns]

    def ddl(self) -> str:
        """Write the statement that makes the empty table."""
        body = ", ".join(f"{c.name} {c.sql_type}" for c in self.columns)
        return f"CREATE TABLE IF NOT EXISTS {self.name} ({body})"

    def check(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """
        Return the frame with the columns of this entry, in order.

        Raises
        ------
        ValueError
            If a column is missing; all that are missing are named.
        """
        missing = [n for n in self.names if n not in frame.columns]
        if missing:
            raise ValueError(f"table {self.name} lacks {', '.join(missing)}")
        return frame[self.names]


def _table(name: str, grain: str, *columns: tuple[str, ...]) -> Table:
    return Table(name, grain, tuple(Column(*c) for c in columns))


_ORIGIN = (
    ("load_id", "integer", "the load that brought the row"),
    ("line_number", "integer", "line of the file, the heading being line 1"),
)
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

EPISODES: Final = _table(
    "episodes",
    "one row per finished consultant episode",
    *_ORIGIN,
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
OUTPATIENTS: Final = _table(
    "outpatients",
    "one row per outpatient appointment, attended or not",
    *_ORIGIN,
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
EMERGENCY: Final = _table(
    "emergency_attendances",
    "one row per A&E attendance",
    *_ORIGIN,
    ("attendance_id", "code", "key of the attendance"),
    *_PATIENT,
    ("arrival_date", "date", "day of arrival"),
    ("arrival_time", "code", "hour and minute of arrival, HHMM"),
    ("attendance_category", "code", "1 first, 2 and 3 follow-up"),
    ("disposal", "code", "01 admitted; others not"),
    ("department_type", "code", "1 major, 2 single specialty, 3 minor injuries"),
    ("hrg", "code", "HRG supplied with the attendance"),
)
REFERRALS: Final = _table(
    "referrals",
    "one row per referral",
    *_ORIGIN,
    ("referral_id", "code", "key of the referral"),
    *_PATIENT[:-1],
    ("referral_source", "code", "who referred: 03 GP, 05 consultant"),
    ("request_date", "date", "day the referral was received"),
    ("priority", "code", "1 routine, 2 urgent, 3 two weeks"),
)
LIST_SIZES: Final = _table(
    "list_sizes",
    "one row per practice, count date, sex and age",
    *_ORIGIN,
    ("practice_code", "code", "practice"),
    ("count_date", "date", "day on which the list was counted"),
    ("sex", "code", "1 male, 2 female, ALL"),
    ("age", "code", "single year of age, 95+, or ALL"),
    ("n_patients", "integer", "patients registered", "patients"),
)
WEIGHTED_LISTS: Final = _table(
    "weighted_lists",
    "one row per practice and financial year",
    *_ORIGIN,
    ("practice_code", "code", "practice"),
    ("financial_year", "code", "year the weights hold for"),
    ("weighted_list", "ratio", "need-weighted patients", "patients"),
)
PRACTICES: Final = _table(
    "practices",
    "one row per practice",
    *_ORIGIN,
    ("practice_code", "code", "national code"),
    ("practice_name", "text", "name"),
    ("pct_code", "code", "PCT that pays for its patients"),
    ("consortium_code", "code", "consortium it belongs to; blank if none"),
    ("open_date", "date", "first day"),
    ("close_date", "date", "last day; blank while open"),
    ("successor_code", "code", "practice that took its patients over"),
)
PROVIDERS: Final = _table(
    "providers",
    "one row per provider",
    *_ORIGIN,
    ("provider_code", "code", "national code"),
    ("provider_name", "text", "name"),
    ("provider_kind", "text", "kind of provider"),
)
PLAN: Final = _table(
    "plan",
    "one row per PCT, financial year, item and line",
    *_ORIGIN,
    ("pct_code", "code", "PCT"),
    ("financial_year", "code", "budget year"),
    ("item", "code", "resource, contingency or growth"),
    ("line", "code", "point of delivery, or ALL"),
    ("value", "text", "number as written: pounds for a resource, a share (0-1) otherwise"),
    ("unit", "text", "GBP or share"),
    ("note", "text", "who agreed it, and when"),
)
LOADS: Final = _table(
    "loads",
    "one row per file loaded",
    ("load_id", "integer", "number of the load"),
    ("file", "text", "name of the file"),
    ("place", "text", "folder and name under which it was loaded"),
    ("sha256", "code", "checksum of the file; blank once it ought to be loaded again"),
    ("layout", "code", "layout it was read as"),
    ("rows_read", "integer", "rows below the heading", "rows"),
    ("accepted", "integer", "rows kept", "rows"),
    ("rejected", "integer", "rows not kept, each with its reason", "rows"),
    ("loaded_at", "time", "when"),
)
REJECTS: Final = _table(
    "rejects",
    "one row per rejected line of a file",
    *_ORIGIN,
    ("rule", "code", "first rule that the row broke"),
    ("column_name", "text", "heading of the column at fault"),
    ("value", "text", "what stood there"),
    ("sentence", "text", "the rule in words"),
    ("also", "text", "other rules that the row broke"),
)
FINDINGS: Final = _table(
    "findings",
    "one row per file and soft rule that some accepted rows broke",
    ("load_id", "integer", "the load"),
    ("rule", "code", "rule"),
    ("sentence", "text", "the rule in words"),
    ("n_rows", "integer", "rows concerned", "rows"),
)

_BUDGET = (
    ("pct_code", "code", "PCT"),
    ("financial_year", "code", "budget year"),
)
_WALK = (
    ("activity_pence", "pence", "base-year activity at the prices of the budget year", "pence"),
    ("list_change_pence", "pence", "change of the list between the two years", "pence"),
    ("growth_pence", "pence", "agreed growth in activity", "pence"),
    ("uplift_pence", "pence", "price uplift; zero where prices are the budget year's", "pence"),
    ("affordability_pence", "pence", "cut or addition that fits the budgets to the money", "pence"),
    ("indicative_pence", "pence", "indicative budget, the sum of the steps", "pence"),
)
_ACTIVITY = ("n_activity", "integer", "spells and attendances to be priced", "activities")
BUDGETS: Final = _table(
    "budgets",
    "one row per PCT and budget year",
    *_BUDGET,
    ("base_year", "code", "year of the activity"),
    ("price_year", "code", "year of the prices"),
    ("resource_pence", "pence", "money for the services in scope", "pence"),
    ("available_pence", "pence", "resource less contingency", "pence"),
    ("reserved_pence", "pence", "of it, kept for practices without a budget", "pence"),
    ("needed_pence", "pence", "what the budgets would be without affordability", "pence"),
    ("n_practices", "integer", "practices with a budget", "practices"),
    _ACTIVITY,
    ("n_priced", "integer", "of them, those with a price; blank if 1 to 7 have none", "activities"),
    (
        "outside_activity",
        "integer",
        "priced, of no practice of the PCT; blank if 1 to 7",
        "activities",
    ),
    ("outside_pence", "pence", "its price", "pence"),
    ("notes", "text", "what the plan says of itself"),
)
BUDGET_PRACTICES: Final = _table(
    "budget_practices",
    "one row per practice and budget year",
    *_BUDGET,
    ("practice_code", "code", "practice"),
    ("practice_name", "text", "its name"),
    ("consortium_code", "code", "its consortium; blank if none"),
    ("list_base", "integer", "list on 1 April of the base year", "patients"),
    ("list_budget", "integer", "list on 1 April of the budget year", "patients"),
    _ACTIVITY,
    ("coverage", "ratio", "share of them that is priced, rounded down to 0.01", "share"),
    *_WALK,
)
BUDGET_LINES: Final = _table(
    "budget_lines",
    "one row per practice, point of delivery and budget year",
    *_BUDGET,
    ("practice_code", "code", "practice"),
    ("pod", "code", "point of delivery"),
    _ACTIVITY,
    *_WALK,
    ("is_withheld", "flag", "small numbers: counts and pounds are left out"),
)
BUDGET_GAPS: Final = _table(
    "budget_gaps",
    "one row per practice without a budget and budget year",
    *_BUDGET,
    ("practice_code", "code", "practice"),
    ("reason", "text", "why it has none"),
    ("activity_pence", "pence", "its base-year activity at the budget year's prices", "pence"),
)
PUBLISHED: Final = (BUDGETS, BUDGET_PRACTICES, BUDGET_LINES, BUDGET_GAPS)

ACTIVITY: Final = (EPISODES, OUTPATIENTS, EMERGENCY, REFERRALS)
LANDING: Final = (*ACTIVITY, LIST_SIZES, WEIGHTED_LISTS, PRACTICES, PROVIDERS, PLAN)
RECORDS: Final = (LOADS, REJECTS, FINDINGS)
