"""Every landing table is measured in one scan: rows, and how many fill each column."""

from typing import Final

import duckdb

from pbcanalytics.intake.review.scope import KINDS, Scope
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

_MONTHS: Final = {k.table.name: k.month for k in KINDS}
_NOT_MEASURED: Final = ("load_id", "line_number")


def month_of(table: Table) -> str:
    """Write the SQL of a row's month; NULL for registers."""
    if table.name in _MONTHS:
        return _MONTHS[table.name]
    return "month" if "month" in table.names else "CAST(NULL AS DATE)"


def measured_columns(table: Table) -> list[str]:
    """Name the columns whose fullness is told."""
    return [c for c in table.names if c not in _NOT_MEASURED]


def measure(con: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    """
    Measure what is in scope, into two temporary tables.

    `review_rows` has a row a table, load, provider and month: `n` rows. `review_filled` has a row
    a table, provider, month and column: `n` rows, `n_filled` of them with a value.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_rows (table_name VARCHAR, load_id BIGINT, "
        "provider_code VARCHAR, month DATE, n BIGINT)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_filled (table_name VARCHAR, provider_code VARCHAR, "
        "month DATE, column_name VARCHAR, n BIGINT, n_filled BIGINT)"
    )
    for table in tables.LANDING:
        provider = "provider_code" if "provider_code" in table.names else "CAST(NULL AS VARCHAR)"
        columns = measured_columns(table)
        counts = ", ".join(f"count({c}) AS filled__{c}" for c in columns)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE review_scan AS "
            f"SELECT load_id, {provider} AS provider, {month_of(table)} AS month_of, "
            f"count(*) AS n, {counts} FROM {scope.view(table)} GROUP BY ALL"
        )
        con.execute(
            f"INSERT INTO review_rows SELECT '{table.name}', load_id, provider, month_of, n "
            "FROM review_scan"
        )
        pairs = ", ".join(f"{{'c': '{c}', 'filled': sum(filled__{c})}}" for c in columns)
        con.execute(
            f"INSERT INTO review_filled SELECT '{table.name}', provider, month_of, pair.c, n, "
            "pair.filled FROM (SELECT provider, month_of, n, unnest(pairs) AS pair FROM ("
            f"SELECT provider, month_of, sum(n) AS n, [{pairs}] AS pairs "
            "FROM review_scan GROUP BY provider, month_of))"
        )
    con.execute("DROP TABLE review_scan")
