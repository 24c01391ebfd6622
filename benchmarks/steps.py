"""How long the steps take on the demonstration PCT, against a floor taken in the same run.

The floor of loading is DuckDB reading the same files as text into a table; the floor of pricing
is one hash aggregation over the landing tables. `python -m benchmarks.steps`.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from pbcanalytics import pipeline


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Give wall and processor seconds of some work."""
    wall, cpu = time.perf_counter(), os.times()
    work()
    now = os.times()
    return time.perf_counter() - wall, now.user + now.system - cpu.user - cpu.system


def read_floor(folder: Path) -> None:
    """Read every extract as text, and keep it."""
    con = duckdb.connect()
    for i, file in enumerate(sorted(folder.glob("*.csv"))):
        con.execute(
            f"CREATE TABLE t{i} AS FROM read_csv(?, all_varchar = true, store_rejects = true)",
            [str(file)],
        )


def price_floor(data: Path) -> None:
    """Aggregate the landing tables once, by practice, provider and day."""
    con = duckdb.connect(str(data / "warehouse.duckdb"), read_only=True)
    for table, day in (
        ("episodes", "discharge_date"),
        ("outpatients", "appointment_date"),
        ("emergency_attendances", "arrival_date"),
    ):
        con.execute(
            f"SELECT practice_code, provider_code, {day}, count(*) FROM {table} GROUP BY ALL"
        ).fetchall()


def main() -> None:
    """Run the steps and print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch)
        landing = pipeline.demo_extracts(data)
        rows = [("demo (20 practices, 3 years)", timed(lambda: pipeline.demo(data)), None)]
        floor = timed(lambda: read_floor(landing))
        rows.append(("load", timed(lambda: pipeline.load(data, [landing])), floor))
        floor = timed(lambda: price_floor(data))
        rows.append(("build", timed(lambda: pipeline.build(data)), floor))
        rows.append(("publish", timed(lambda: pipeline.publish(data)), None))
        rows.append(("status", timed(lambda: pipeline.status(data)), None))
        known = pipeline.status(data)
    print(f"{sum(f['rows_read'] for f in known['files']):,} rows, {os.cpu_count()} cores")
    print("| step | wall [s] | processor [s] | floor, processor [s] | ratio |")
    print("|---|---|---|---|---|")
    for name, (wall, cpu), low in rows:
        against = f"{low[1]:.2f} | {cpu / low[1]:.1f}" if low else "– | –"
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {against} |")


if __name__ == "__main__":
    main()
