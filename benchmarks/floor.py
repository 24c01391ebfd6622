"""What pricing a year cannot do without, done by DuckDB with no logic at all.

In the floor are, each once:

- reading the columns that prices depend on, and the hash aggregations of them: episodes to spells
  by provider, patient and spell number, with one value of each other column; appointments and A&E
  attendances to one count of each combination of the columns that their price or a report of it
  depends on, and month; and of all that is priced to the cube;
- writing the result: the priced tables and the cube, copied row by row and column by column from
  those that the chain has made, into a new database.

Not in the floor are joins, prices, rules, order within a spell, keys made of several columns,
tables on the way, what organisations make of the cube, and reading reference data. What is written
follows the result's own shape, so the ratio says nothing of a result that is larger than it need
be; the benchmark prints its rows.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

import duckdb

RESULT: Final = ("priced_spells", "priced_outpatients", "priced_emergency", "activity")
"""The tables that pricing is for."""

_SPELLS: Final = """
SELECT provider_code, person_id, spell_number, count(*) AS n, min(practice_code) AS a,
       min(commissioner_code) AS b, min(specialty_code) AS c, min(admission_method) AS d,
       min(patient_class) AS e, min(age_years) AS f, min(sex) AS g, min(admission_date) AS h,
       max(discharge_date) AS i, min(hrg) AS j, sum(critical_care_days) AS k,
       min(episode_start) AS l, min(episode_order) AS m, count(procedures) AS o
FROM episodes GROUP BY provider_code, person_id, spell_number
"""

_OUTPATIENTS: Final = """
SELECT practice_code, provider_code, commissioner_code, specialty_code, attendance_type,
       attended IN ('5', '6') AS seen, hrg, date_trunc('month', appointment_date) AS month,
       count(*) AS n
FROM outpatients GROUP BY ALL
"""

_EMERGENCY: Final = """
SELECT practice_code, provider_code, commissioner_code, specialty_code, department_type, hrg,
       date_trunc('month', arrival_date) AS month, count(*) AS n
FROM emergency_attendances GROUP BY ALL
"""

_CUBE: Final = """
SELECT practice_code, provider_code, specialty_code, pod, price_year, month, count(*) AS n,
       sum(price_pence) AS pence
FROM (
  SELECT practice_code, provider_code, specialty_code, pod, price_year,
         date_trunc('month', discharge_date) AS month, price_pence FROM result.priced_spells
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, pod, price_year,
         {outpatient_month}, price_pence FROM result.priced_outpatients
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, pod, price_year,
         {emergency_month}, price_pence FROM result.priced_emergency)
GROUP BY ALL
"""


def run(con: duckdb.DuckDBPyConnection, seconds: Callable[[], float]) -> dict[str, list[float]]:
    """
    Do what cannot be done without.

    Parameters
    ----------
    con : DuckDBPyConnection
        A new database, with views of the landing tables and, attached as `result`, the database
        in which the chain has priced the same rows.
    seconds : callable
        Gives the processor seconds so far.

    Returns
    -------
    dict of str to list of float
        Of each part, its processor seconds, wall seconds and rows.
    """
    months = {
        f"{kind}_month": "month" if _has(con, table, "month") else f"date_trunc('month', {day})"
        for kind, table, day in (
            ("outpatient", "priced_outpatients", "appointment_date"),
            ("emergency", "priced_emergency", "arrival_date"),
        )
    }
    parts: dict[str, list[float]] = {}
    for name, select in (
        ("episodes to spells", _SPELLS),
        ("appointments to cells", _OUTPATIENTS),
        ("A&E attendances to cells", _EMERGENCY),
        ("all that is priced to the cube", _CUBE.format(**months)),
    ):
        parts[name] = _timed(seconds, partial(_emptied, con, select))
    for table in RESULT:
        parts[f"{table}, written"] = _timed(seconds, partial(_copied, con, table))
    return parts


def _has(con: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    return any(c[0] == column for c in con.execute(f"DESCRIBE result.{table}").fetchall())


def _emptied(con: duckdb.DuckDBPyConnection, select: str) -> float:
    """Run a SELECT to its end, every column of it, keeping no row; give the rows."""
    names = [c[0] for c in con.execute(f"DESCRIBE {select}").fetchall()]
    counts = ", ".join(f"count({n})" for n in names)
    found = con.execute(f"SELECT count(*), {counts} FROM ({select})").fetchone()
    return float(found[0]) if found else 0


def _copied(con: duckdb.DuckDBPyConnection, table: str) -> float:
    con.execute(f"CREATE TABLE {table} AS FROM result.{table}")
    found = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return float(found[0]) if found else 0


def _timed(seconds: Callable[[], float], work: Callable[[], float]) -> list[float]:
    cpu, wall = seconds(), time.perf_counter()
    rows = work()
    return [seconds() - cpu, time.perf_counter() - wall, rows]
