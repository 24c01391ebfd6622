"""One patient, one day, one thing, under two keys (domain 5.3 B)."""

from dataclasses import dataclass
from typing import Final

import duckdb

from pbcanalytics.intake.review.listing import Listing, listed
from pbcanalytics.intake.review.scope import Scope
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table


@dataclass(frozen=True)
class Sameness:
    """
    What makes two rows look like one.

    `alike` are the columns in which they agree, all of them filled but those that are `or_blank`;
    `only` narrows the rows, as SQL.
    """

    name: str
    title: str
    table: Table
    key: str
    alike: tuple[str, ...]
    or_blank: tuple[str, ...] = ()
    only: str = "TRUE"


SAMENESSES: Final = (
    Sameness(
        "same_episode",
        "Hospital episodes of the same person, provider, start, end and HRG",
        tables.EPISODES,
        "episode_id",
        ("person_id", "provider_code", "episode_start", "episode_end"),
        ("hrg", "admission_date", "episode_order"),
    ),
    Sameness(
        "same_spell",
        "Supplied spells of the same person, provider, start, end and HRG",
        tables.SUPPLIED_SPELLS,
        "spell_key",
        ("person_id", "provider_code", "admission_date", "discharge_date"),
        ("hrg",),
    ),
    Sameness(
        "same_appointment",
        "Outpatients seen twice on a day by the same provider in the same specialty",
        tables.OUTPATIENTS,
        "attendance_id",
        ("person_id", "provider_code", "appointment_date", "specialty_code"),
        only="attended IN ('5', '6') OR attended IS NULL",
    ),
    Sameness(
        "same_arrival",
        "A&E attendances of the same person, provider, day and time of arrival",
        tables.EMERGENCY,
        "attendance_id",
        ("person_id", "provider_code", "arrival_date", "arrival_time"),
    ),
    Sameness(
        "same_contract_line",
        "Contract lines alike in every column",
        tables.CONTRACT_LINES,
        "COALESCE(spell_number, 'line ' || line_number)",
        ("person_id", "provider_code", "month", "contract_pod", "price_pence"),
        tuple(
            c
            for c in tables.CONTRACT_LINES.names[2:]
            if c not in ("person_id", "provider_code", "month", "contract_pod", "price_pence")
        ),
    ),
)
"""An episode must also agree in its place in the spell: a stay of two episodes on one day is no
duplicate. Appointments that were not kept are none either."""


@dataclass(frozen=True)
class Duplicates:
    """
    One check: sets of rows that look alike, and the rows beyond the first of each.

    `n_rows` is how many rows were looked at; `first_keys` are of the first sets.
    """

    name: str
    title: str
    n_rows: int
    n_sets: int
    n_surplus: int
    first_keys: tuple[str, ...]


def duplicates(con: duckdb.DuckDBPyConnection, scope: Scope) -> tuple[Duplicates, ...]:
    """
    Find what looks like one thing under two keys.

    Makes the temporary table `review_duplicates`, one row a row that has a double; it holds no
    pseudonyms.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_duplicates (check_name VARCHAR, set_number BIGINT, "
        "provider_code VARCHAR, record_key VARCHAR, load_id BIGINT, line_number BIGINT)"
    )
    found = []
    for one in SAMENESSES:
        view = scope.view(one.table)
        rows = con.execute(
            "SELECT COALESCE(sum(n), 0)::BIGINT FROM review_rows WHERE table_name = ?",
            [one.table.name],
        ).fetchone()
        if not rows or not rows[0]:
            continue
        con.execute(_insert(one, view))
        counted = con.execute(
            "SELECT count(DISTINCT set_number), count(*) - count(DISTINCT set_number) "
            "FROM review_duplicates WHERE check_name = ?",
            [one.name],
        ).fetchone() or (0, 0)
        keys = con.execute(
            "SELECT string_agg(record_key, ' = ' ORDER BY record_key) FROM review_duplicates "
            "WHERE check_name = ? GROUP BY set_number ORDER BY set_number LIMIT 5",
            [one.name],
        ).fetchall()
        found.append(
            Duplicates(
                one.name,
                one.title,
                n_rows=rows[0],
                n_sets=counted[0],
                n_surplus=counted[1],
                first_keys=tuple(k for (k,) in keys if k),
            )
        )
    return tuple(found)


def listing(con: duckdb.DuckDBPyConnection) -> Listing:
    """List every row that has a double: its key, its file and its line."""
    return listed(
        con,
        "SELECT check_name, set_number, provider_code, record_key, file, line_number "
        "FROM review_duplicates JOIN review_loads USING (load_id) "
        "ORDER BY check_name, set_number, record_key, line_number",
    )


def _insert(one: Sameness, view: str) -> str:
    """
    Write the statement that lists the rows of one check that have a double.

    Rows are first told apart by one number each, so that a year of the country fits in memory;
    those few that share a number are then compared in full.
    """
    alike = ", ".join((*one.alike, *one.or_blank))
    filled = " AND ".join(f"{c} IS NOT NULL" for c in one.alike)
    rows = f"SELECT * FROM {view} WHERE {filled} AND ({one.only})"
    return (
        f"INSERT INTO review_duplicates WITH numbers AS (SELECT hash({alike}) AS number "
        f"FROM ({rows}) GROUP BY 1 HAVING count(*) > 1), "
        f"suspects AS (SELECT *, count(*) OVER w AS n, "
        f"min(struct_pack(l := load_id, r := line_number)) OVER w AS first_row FROM ({rows}) "
        f"WHERE hash({alike}) IN (SELECT number FROM numbers) WINDOW w AS (PARTITION BY {alike})) "
        f"SELECT '{one.name}', dense_rank() OVER (ORDER BY first_row), provider_code, {one.key}, "
        "load_id, line_number FROM suspects WHERE n > 1"
    )
