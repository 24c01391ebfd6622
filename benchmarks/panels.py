"""How fast pages' queries are on a published file with five years of England in it.

`python -m benchmarks.panels [FILE]` makes the tables by generation, in the sort orders in which
they are published, and times each query for many random choices. What a page asks is in TABLES and
QUERIES; a query's `$name` is a random value of CHOICES.
"""

import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

ROUNDS: Final = 40
PRACTICES: Final = 7_000
MONTHS: Final = 60
ROOTS: Final = 650
PCTS: Final = 152


@dataclass(frozen=True)
class Rollup:
    """A published table: its name, its rows before they are sorted, and their order."""

    name: str
    select: str
    order: str


_CODES: Final = f"""
SELECT chr(65 + p::INTEGER // 1000) || (81000 + p % 1000)::VARCHAR AS practice_code,
       printf('5%03d', p * {PCTS} // {PRACTICES}) AS pct_code,
       (DATE '2014-04-01' + to_months(m::INTEGER))::DATE AS month, p, m
FROM range({PRACTICES}) AS a(p), range({MONTHS}) AS b(m)
"""

_DRAWN: Final = "(hash(p * 100000 + m * 1000 + k) % {n})::BIGINT"
_PODS: Final = "['DC', 'EL', 'NEL', 'NELNE', 'OPFA', 'OPFUP', 'OPPROC', 'AE'][1 + k::INTEGER]"

_BY_POD: Final = f"""
SELECT pct_code, practice_code, month, {_PODS} AS pod, 1 + {_DRAWN.format(n=400)} AS n_rows,
       5000 * (1 + {_DRAWN.format(n=4000)}) AS pence
FROM ({_CODES}), range(8) AS c(k)
"""

# Of 650 roots a practice has some 110 in a month, the commoner ones nearly always.
_BY_HRG: Final = f"""
SELECT pct_code, practice_code, month, printf('%s%02d', chr(65 + k::INTEGER // 50), k % 50) AS root,
       ['DC', 'EL', 'NEL'][1 + (hash(p + m + k) % 3)::INTEGER] AS pod,
       1 + {_DRAWN.format(n=3)} AS n_rows, 5000 * (1 + {_DRAWN.format(n=4000)}) AS pence
FROM ({_CODES}), range({ROOTS}) AS c(k)
WHERE hash(p * 7 + m * 131 + k * 1009) % 1000 < 1000 * exp(-k / 110.0)
"""

TABLES: Final = (
    Rollup("practice_months", _BY_POD, "pct_code, practice_code, month"),
    Rollup("practice_hrg_months", _BY_HRG, "pct_code, practice_code, month"),
    Rollup(
        "hrg_months",
        "SELECT root, pod, month, pct_code, sum(n_rows)::BIGINT AS n_rows, "
        "sum(pence)::BIGINT AS pence FROM practice_hrg_months GROUP BY ALL",
        "root, month, pct_code",
    ),
)
"""What is published, each made of generation or of those before it."""

CHOICES: Final = {
    "practice": "SELECT DISTINCT practice_code FROM practice_months",
    "pct": "SELECT DISTINCT pct_code FROM practice_months",
    "root": "SELECT DISTINCT root FROM hrg_months",
}

QUERIES: Final = (
    (
        "one PCT: pounds a month by point of delivery",
        "SELECT month, pod, sum(n_rows), sum(pence) FROM practice_months "
        "WHERE pct_code = $pct GROUP BY ALL ORDER BY ALL",
    ),
    (
        "one PCT: practices ranked, a year",
        "SELECT practice_code, sum(pence) AS pence FROM practice_months WHERE pct_code = $pct "
        "AND month >= DATE '2018-04-01' GROUP BY ALL ORDER BY pence DESC",
    ),
    (
        "one PCT: twenty dearest HRGs, a year",
        "SELECT root, sum(n_rows), sum(pence) AS pence FROM practice_hrg_months "
        "WHERE pct_code = $pct AND month >= DATE '2018-04-01' "
        "GROUP BY ALL ORDER BY pence DESC LIMIT 20",
    ),
    (
        "one practice: pounds a month by point of delivery",
        "SELECT month, pod, sum(n_rows), sum(pence) FROM practice_months "
        "WHERE practice_code = $practice GROUP BY ALL ORDER BY ALL",
    ),
    (
        "one practice: twenty dearest HRGs, a year",
        "SELECT root, sum(n_rows), sum(pence) AS pence FROM practice_hrg_months "
        "WHERE practice_code = $practice AND month >= DATE '2018-04-01' "
        "GROUP BY ALL ORDER BY pence DESC LIMIT 20",
    ),
    (
        "England: one HRG a month",
        "SELECT month, sum(n_rows), sum(pence) FROM hrg_months WHERE root = $root "
        "GROUP BY ALL ORDER BY ALL",
    ),
)
"""What a page asks: its name, and its query."""


def make(path: Path) -> None:
    """Make the published tables of five years of England in a file of their own."""
    path.unlink(missing_ok=True)
    config: Any = {"memory_limit": "4GB", "temp_directory": str(path.parent / "spill")}
    with duckdb.connect(str(path), config=config) as con:
        for table in TABLES:
            con.execute(
                f"CREATE TABLE {table.name} AS FROM ({table.select}) ORDER BY {table.order}"
            )


def panels(path: Path) -> dict[str, list[float]]:
    """
    Time the queries on a published file.

    Parameters
    ----------
    path : Path
        The file; it is only read.

    Returns
    -------
    dict of str to list of float
        Of each query, the milliseconds that each of ROUNDS random choices took, sorted.
    """
    taken: dict[str, list[float]] = {}
    chance = random.Random(1)
    with duckdb.connect(str(path), read_only=True, config={"threads": 2}) as con:
        held = {n: [v for (v,) in con.execute(q).fetchall()] for n, q in CHOICES.items()}
        for name, query in QUERIES:
            times = []
            for _ in range(ROUNDS):
                chosen = {n: chance.choice(v) for n, v in held.items() if f"${n}" in query}
                began = time.perf_counter()
                con.execute(query, chosen).fetchall()
                times.append((time.perf_counter() - began) * 1000)
            taken[name] = sorted(times)
    return taken


def report(path: Path) -> None:
    """Make the file where there is none, time the queries and print the table."""
    if not path.is_file():
        make(path)
    with duckdb.connect(str(path), read_only=True) as con:
        rows = con.execute(
            "SELECT sum(estimated_size)::BIGINT FROM duckdb_tables() WHERE NOT internal"
        ).fetchone()
    print(f"\n{rows[0] if rows else 0:,} rows, {path.stat().st_size / 1e6:,.0f} MB")
    print("| query | p50 [ms] | p95 [ms] |\n|---|---|---|")
    for name, times in panels(path).items():
        p95 = times[min(len(times) - 1, round(0.95 * (len(times) - 1)))]
        print(f"| {name} | {statistics.median(times):.1f} | {p95:.1f} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        report(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            report(Path(scratch) / "panels.duckdb")
