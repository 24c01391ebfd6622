"""Dates and ages that cannot be (domain 5.3, V50)."""

from dataclasses import dataclass
from typing import Final

import duckdb

from pbcanalytics.intake.review.listing import Listing, listed
from pbcanalytics.intake.review.scope import KINDS, Kind, Scope
from pbcanalytics.words import tables

EARLIEST: Final = "DATE '1990-01-01'"
OLDEST_YEARS: Final = 120

_TITLES: Final = {
    "discharge_before_admission": "The discharge comes before the admission.",
    "episode_end_before_start": "The episode ends before it starts.",
    "episode_before_admission": "The episode starts before the admission.",
    "episode_after_discharge": "The episode ends after the discharge.",
    "request_after_appointment": "The referral was received after the appointment.",
    "date_after_load": "A date or a month lies after the day on which the file was loaded.",
    "date_before_1990": "A date or a month lies before 1990.",
    "age_over_120": f"The age is above {OLDEST_YEARS}.",
    "ages_disagree": "One patient's ages at different dates are further apart than the dates.",
}
_OF_STAYS: Final = {"discharge_before_admission": "discharge_date < admission_date"}
_RULES: Final[dict[str, dict[str, str]]] = {
    tables.EPISODES.name: {
        **_OF_STAYS,
        "episode_end_before_start": "episode_end < episode_start",
        "episode_before_admission": "episode_start < admission_date",
        "episode_after_discharge": "episode_end > discharge_date "
        "AND discharge_date >= admission_date",
    },
    tables.SUPPLIED_SPELLS.name: _OF_STAYS,
    tables.OUTPATIENTS.name: {"request_after_appointment": "request_date > appointment_date"},
}
_DAYS: Final = {
    tables.EPISODES.name: ("admission_date", "episode_start", "episode_end", "discharge_date"),
    tables.OUTPATIENTS.name: ("appointment_date", "request_date"),
    tables.EMERGENCY.name: ("arrival_date",),
    tables.REFERRALS.name: ("request_date",),
    tables.SUPPLIED_SPELLS.name: ("admission_date", "discharge_date"),
    tables.CONTRACT_LINES.name: ("activity_date", "month"),
    tables.CONTRACT_TOTALS.name: ("month",),
    tables.INVOICES.name: ("month",),
}
_BESIDES: Final = (
    Kind(tables.CONTRACT_TOTALS, "month", "contract_pod"),
    Kind(tables.INVOICES, "month", "invoice_number"),
)
"""What is dated by its month alone, and is not expected every month."""


@dataclass(frozen=True)
class Misdated:
    """One rule of one kind of activity: rows that break it, and the first keys."""

    rule: str
    title: str
    kind: str
    n_rows: int
    first_keys: tuple[str, ...]


def misdated(con: duckdb.DuckDBPyConnection, scope: Scope) -> tuple[Misdated, ...]:
    """
    Find dates and ages that cannot be.

    Makes the temporary table `review_dates`, one row a row and rule that it breaks.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_dates (rule VARCHAR, kind VARCHAR, "
        "provider_code VARCHAR, record_key VARCHAR, load_id BIGINT, line_number BIGINT)"
    )
    for kind in (*KINDS, *_BESIDES):
        con.execute(_broken(kind, scope.view(kind.table)))
        con.execute(_disagreeing(kind, scope.view(kind.table)))
    found = con.execute(
        "SELECT rule, kind, count(*), list(record_key ORDER BY load_id, line_number)[:5] "
        "FROM review_dates GROUP BY ALL ORDER BY count(*) DESC, rule, kind"
    ).fetchall()
    return tuple(
        Misdated(rule, _TITLES[rule], kind, n, tuple(k for k in keys if k))
        for rule, kind, n, keys in found
    )


def listing(con: duckdb.DuckDBPyConnection) -> Listing:
    """List every row with such a date: its key, its file and its line."""
    return listed(
        con,
        "SELECT rule, kind, provider_code, record_key, file, line_number "
        "FROM review_dates JOIN review_loads USING (load_id) "
        "ORDER BY rule, kind, load_id, line_number",
    )


def _broken(kind: Kind, view: str) -> str:
    """Write the statement that finds the rows that break a rule, in one scan."""
    days = _DAYS[kind.table.name]
    rules = {
        **_RULES.get(kind.table.name, {}),
        "date_after_load": f"greatest({', '.join(days)}) > CAST(loaded_at AS DATE)",
        "date_before_1990": f"least({', '.join(days)}) < {EARLIEST}",
    }
    if "age_years" in kind.table.names:
        rules["age_over_120"] = f"age_years > {OLDEST_YEARS}"
    cases = ", ".join(f"CASE WHEN {sql} THEN '{rule}' END" for rule, sql in rules.items())
    some = " OR ".join(f"({sql})" for sql in rules.values())
    return (
        "INSERT INTO review_dates SELECT * FROM (SELECT unnest(list_filter("
        f"[{cases}], lambda r: r IS NOT NULL)) AS rule, '{kind.title}', provider_code, {kind.key}, "
        f"load_id, line_number FROM {view} JOIN (SELECT load_id, loaded_at FROM loads) "
        f"USING (load_id) WHERE {some})"
    )


def _disagreeing(kind: Kind, view: str) -> str:
    """
    Write the statement that finds patients whose ages cannot all be right.

    An age at a date says between which days the birth lies; the days that all rows of a person
    allow must meet. A year either way is let pass: extracts take the age at slightly other dates.
    """
    day = _DAYS[kind.table.name][0]
    if "age_years" not in kind.table.names:
        return "SELECT 1"
    dated = f"{view} WHERE age_years IS NOT NULL AND {day} >= {EARLIEST} AND person_id IS NOT NULL"
    return (
        "INSERT INTO review_dates WITH people AS (SELECT hash(person_id) AS person, "
        f"max(year({day}) * 12 + month({day}) - 12 * (age_years + 1)) AS earliest, "
        f"min(year({day}) * 12 + month({day}) - 12 * age_years) AS latest "
        f"FROM {dated} GROUP BY 1) "
        f"SELECT 'ages_disagree', '{kind.title}', provider_code, {kind.key}, load_id, line_number "
        f"FROM {dated} AND hash(person_id) IN "
        "(SELECT person FROM people WHERE earliest > latest + 12)"
    )
