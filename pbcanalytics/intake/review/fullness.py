"""How much of each column is filled, and when it suddenly was less (domain 7.7)."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from math import sqrt
from typing import Final

import duckdb

from pbcanalytics.intake.review.listing import Listing, listed

FALL_SHARE: Final = 0.5
FEWEST_MONTHS: Final = 3
BEFORE_MONTHS: Final = 12
DEVIATIONS: Final = 3.0
FEWEST_ROWS: Final = 20


@dataclass(frozen=True)
class Filled:
    """One column of one landing table: rows, and those with a value."""

    table_name: str
    column_name: str
    n_rows: int
    n_filled: int


@dataclass(frozen=True)
class Fall:
    """A month in which less than half as much of a column was filled as in the year before."""

    table_name: str
    column_name: str
    provider_code: str
    month: dt.date
    n_rows: int
    n_filled: int
    share_before: float


@dataclass(frozen=True)
class Fullness:
    """Every column of every table that holds rows, and the falls."""

    columns: tuple[Filled, ...]
    falls: tuple[Fall, ...]


def fullness(con: duckdb.DuckDBPyConnection) -> Fullness:
    """Tell how full the columns are; expects `measure` to have run."""
    columns = con.execute(
        f"SELECT table_name, column_name, n_rows, n_filled FROM ({_COLUMNS}) "
        "ORDER BY table_name, n_filled DESC, column_name"
    ).fetchall()
    history: dict[tuple[str, str, str], list[tuple[dt.date, int, int]]] = defaultdict(list)
    for table, column, provider, *month in con.execute(_SOMETIMES_LESS).fetchall():
        history[table, column, provider].append((month[0], month[1], month[2]))
    found = (fall for key, months in history.items() for fall in _falls(*key, months))
    falls = sorted(found, key=lambda f: (f.table_name, f.column_name, f.provider_code, f.month))
    return Fullness(tuple(Filled(*row) for row in columns), tuple(falls))


def listing(con: duckdb.DuckDBPyConnection) -> Listing:
    """List every column with its share filled, in all and by provider."""
    return listed(
        con,
        "SELECT table_name, column_name, NULL AS provider_code, n_rows, n_filled, "
        f"round(n_filled / n_rows, 4) AS filled_share FROM ({_COLUMNS}) UNION ALL "
        "SELECT table_name, column_name, provider_code, sum(n)::BIGINT, sum(n_filled)::BIGINT, "
        "round(sum(n_filled) / sum(n), 4) FROM review_filled WHERE provider_code IS NOT NULL "
        "GROUP BY ALL ORDER BY table_name, column_name, provider_code NULLS FIRST",
    )


_COLUMNS: Final = (
    "SELECT table_name, column_name, sum(n)::BIGINT AS n_rows, "
    "sum(n_filled)::BIGINT AS n_filled FROM review_filled GROUP BY ALL"
)
_SOMETIMES_LESS: Final = """
SELECT table_name, column_name, provider_code, month, sum(n)::BIGINT, sum(n_filled)::BIGINT
FROM review_filled WHERE provider_code IS NOT NULL AND month IS NOT NULL
AND (table_name, column_name, provider_code) IN (
  SELECT (table_name, column_name, provider_code) FROM review_filled WHERE n > 0
  GROUP BY table_name, column_name, provider_code
  HAVING min(n_filled / n) < 0.5 * max(n_filled / n))
GROUP BY ALL ORDER BY table_name, column_name, provider_code, month
"""
"""Only columns that can have fallen at all: few of many."""


def _falls(
    table: str, column: str, provider: str, months: list[tuple[dt.date, int, int]]
) -> list[Fall]:
    """Find the months that fall by more than half, and by more than chance."""
    found = []
    for i, (month, n, filled) in enumerate(months):
        before = months[max(0, i - BEFORE_MONTHS) : i]
        rows = sum(m[1] for m in before)
        if len(before) < FEWEST_MONTHS or n < FEWEST_ROWS or not rows:
            continue
        share = sum(m[2] for m in before) / rows
        by_chance = n * share - filled <= DEVIATIONS * sqrt(n * share * (1 - share) + 1)
        if filled < FALL_SHARE * share * n and not by_chance:
            found.append(Fall(table, column, provider, month, n, filled, share))
    return found
