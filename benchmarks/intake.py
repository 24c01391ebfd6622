"""Loading many rows against DuckDB's bare read_csv of the same columns as text, in one run.

`python -m benchmarks.intake 20` makes 20 million HES-like episodes (3.7 GB) in a temporary folder,
loads them with every check, and prints both. Each is measured in a process of its own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from pbcanalytics import intake, pipeline

MEMORY = "4GB"


def make(folder: Path, millions: float) -> Path:
    """Write that many million episodes: the demonstration's, again and again with other keys."""
    landing = pipeline.demo(folder, n_practices=20)
    con = duckdb.connect(config={"preserve_insertion_order": "false"})
    con.execute(
        "CREATE TABLE a AS FROM read_csv(?, all_varchar = true, quote = '\"', "
        "ignore_errors = true)",
        [str(landing / "apc_*.csv")],
    )
    counted = con.execute("SELECT count(*) FROM a").fetchone()
    assert counted is not None
    times = round(millions * 1e6 / counted[0])
    file = folder / "many.csv"
    con.execute(
        "COPY (SELECT a.* REPLACE (EPIKEY || '-' || i AS EPIKEY, PSEUDO_HESID || i AS PSEUDO_HESID)"
        f" FROM range({times}) t(i), a) TO '{file}' (HEADER)"
    )
    return file


def measured(what: str, file: Path) -> dict[str, float]:
    """Do one of the two, and give processor seconds, wall seconds and peak memory."""
    with tempfile.TemporaryDirectory(dir=file.parent) as scratch:
        con = duckdb.connect(
            str(Path(scratch) / "x.duckdb"),
            config={"memory_limit": MEMORY, "temp_directory": str(Path(scratch) / "spill")},
        )
        began = time.perf_counter()
        if what == "floor":
            con.execute(
                "CREATE TABLE x AS FROM read_csv(?, all_varchar = true, header = true, "
                "delim = ',', quote = '\"', escape = '\"')",
                [str(file)],
            )
            rows = con.execute("SELECT count(*) FROM x").fetchone()
        else:
            intake.prepare(con)
            done = intake.load_file(con, file)
            rows = (done.rows_read,)
        wall = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "rows": rows[0] if rows else 0,
            "cpu": used.ru_utime + used.ru_stime,
            "wall": wall,
            "gb": used.ru_maxrss / 1024**2,
        }


def main() -> None:
    """Make the file, measure both in processes of their own, print the table."""
    if len(sys.argv) == 3:
        print(json.dumps(measured(sys.argv[1], Path(sys.argv[2]))))
        return
    with tempfile.TemporaryDirectory() as scratch:
        file = make(Path(scratch), float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
        print("| what | rows | processor [s] | wall [s] | peak memory [GB] | ratio |")
        print("|---|---|---|---|---|---|")
        floor = 0.0
        for what in ("floor", "load"):
            words = [sys.executable, "-m", "benchmarks.intake", what, str(file)]
            said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
            m = json.loads(said)
            floor = floor or m["cpu"]
            print(
                f"| {what} | {m['rows']:,} | {m['cpu']:.1f} | {m['wall']:.1f} | {m['gb']:.1f} | "
                f"{m['cpu'] / floor:.2f} |"
            )


if __name__ == "__main__":
    main()
