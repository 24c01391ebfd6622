"""Pricing a country's year against its floor (`benchmarks.floor`), in one run.

`python -m benchmarks.national --episodes 20000000` makes England's year (`benchmarks.generated`) in
a temporary folder, prices it from Parquet and from the typed store with 2 threads and 4 GB for the
database, takes the floor of both, prices one PCT's year, and prints tables. `--folder` keeps what
was made, `--panels` also times the queries of pages (`benchmarks.panels`). Each measurement is a
process of its own; processor seconds are its user and system time, from its first statement to the
database's being closed. The runner's share is what the chain used outside the database.
"""

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb

from benchmarks import floor, generated, panels
from pbcanalytics import costing, intake
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables

THREADS: Final = 2
MEMORY: Final = "3200MB"
"""What the database may use, so that the process stays below 4 GB."""

FORMS: Final = ("parquet", "store")
_ACTIVITY: Final = (tables.EPISODES, tables.OUTPATIENTS, tables.EMERGENCY)
_PLACING: Final = ("activity_as_was", "activity_as_now")


def seconds() -> float:
    """Give the processor seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_gb() -> float:
    """Give the most memory that this process has held [GB]."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024**2 if found else float("nan")


class Timed(Warehouse):
    """A warehouse that writes down what each of its statements took."""

    def __init__(self, con: duckdb.DuckDBPyConnection, path: Path) -> None:
        super().__init__(con, path)
        self.parts: dict[str, list[float]] = {}
        self._inside = False

    def _timed(self, name: str, work: Callable[[], Any]) -> Any:
        if self._inside:
            return work()
        self._inside = True
        cpu, wall = seconds(), time.perf_counter()
        try:
            return work()
        finally:
            self._inside = False
            held = self.parts.setdefault(name, [0.0, 0.0])
            held[0] += seconds() - cpu
            held[1] += time.perf_counter() - wall

    def source(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Keep a frame."""
        self._timed("reference tables", lambda: super(Timed, self).source(name, *args, **kwargs))

    def define(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Run a model."""
        self._timed(name, lambda: super(Timed, self).define(name, *args, **kwargs))

    def frame(self, *args: Any, **kwargs: Any) -> Any:
        """Give rows."""
        return self._timed("questions", lambda: super(Timed, self).frame(*args, **kwargs))


def _views(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Name the Parquet files like the landing tables."""
    for table in _ACTIVITY:
        con.execute(
            f"CREATE VIEW {table.name} AS SELECT {', '.join(table.names)} "
            f"FROM '{folder / table.name / '*.parquet'}'"
        )


def chain(folder: Path, form: str) -> dict[str, Any]:
    """Price a year with the product's own chain; what it makes stays in `folder/form`."""
    data = folder / form
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    if form == "store":
        shutil.copy(folder / "landing.duckdb", data / "warehouse.duckdb")
    shelf = Shelf.open(folder / "reference")
    began_cpu, began = seconds(), time.perf_counter()
    with Timed.open(data, doing="the benchmark", create=True) as warehouse:
        assert isinstance(warehouse, Timed)
        warehouse.con.execute(f"SET threads = {THREADS}")
        warehouse.con.execute(f"SET memory_limit = '{MEMORY}'")
        warehouse.in_any_order()
        if form == "parquet":
            _views(warehouse.con, folder)
        intake.prepare(warehouse.con)
        cpu, wall = seconds(), time.perf_counter()
        costing.build(warehouse, shelf, lambda name, share: None)
        build = [seconds() - cpu, time.perf_counter() - wall]
    return {
        "parts": warehouse.parts,
        "build": build,
        "whole": [seconds() - began_cpu, time.perf_counter() - began],
        "gb": peak_gb(),
    }


def lowest(folder: Path, form: str) -> dict[str, Any]:
    """Take the floor of the year that `chain` has priced."""
    scratch = folder / f"{form}-floor"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    config: Any = {
        "threads": THREADS,
        "memory_limit": MEMORY,
        "temp_directory": str(scratch / "spill"),
        "preserve_insertion_order": "false",
    }
    began_cpu, began = seconds(), time.perf_counter()
    with duckdb.connect(str(scratch / "floor.duckdb"), config=config) as con:
        con.execute(f"ATTACH '{folder / form / 'warehouse.duckdb'}' AS result (READ_ONLY)")
        if form == "parquet":
            _views(con, folder)
        else:
            for table in _ACTIVITY:
                con.execute(f"CREATE VIEW {table.name} AS FROM result.{table.name}")
        parts = floor.run(con, seconds)
    whole = [seconds() - began_cpu, time.perf_counter() - began]
    shutil.rmtree(scratch)
    return {"parts": parts, "whole": whole, "gb": peak_gb()}


def make(folder: Path, size: generated.Size) -> None:
    """Make a year, as Parquet and as a typed store, and its market forces factors."""
    if (folder / "made").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    generated.year(folder, size)
    generated.store(folder, folder / "landing.duckdb")
    generated.reference(folder, size)
    (folder / "made").touch()


def _apart(what: str, folder: Path, detail: str) -> Any:
    """Do one thing in a process of its own, and give what it measured."""
    words = [sys.executable, "-m", "benchmarks.national", "--apart", what, str(folder), detail]
    return json.loads(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout)


def _child(what: str, folder: Path, detail: str) -> Any:
    if what == "make":
        pct = generated.PCT
        make(folder, pct if detail == "pct" else generated.Size.national(int(detail)))
        return {}
    return {"chain": chain, "floor": lowest}[what](folder, detail)


def _line(name: str, *figures: object) -> None:
    shown = (f"{f:,.2f}" if isinstance(f, float) else str(f) for f in figures)
    print(f"| {name} | {' | '.join(shown)} |", flush=True)


def _head(*names: str) -> None:
    print(f"\n| {' | '.join(names)} |\n|{'---|' * len(names)}", flush=True)


def report(form: str, priced: dict[str, Any], low: dict[str, Any]) -> None:
    """Print what pricing took, model by model, and what the floor took, part by part."""
    _head(f"pricing, from {form}", "processor [s]", "wall [s]")
    for name, taken in priced["parts"].items():
        _line(name, *taken)
    _line("**all**", *priced["whole"])
    _head(f"floor, from {form}", "processor [s]", "wall [s]", "rows")
    for name, (cpu, wall, rows) in low["parts"].items():
        _line(name, cpu, wall, f"{rows:,.0f}")
    _line("**all**", *low["whole"], "")


def main() -> None:
    """Make the years, measure, print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--episodes", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=FORMS)
    parser.add_argument("--panels", action="store_true")
    parser.add_argument("--apart", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.apart:
        what, folder, detail = given.apart
        print(json.dumps(_child(what, Path(folder), detail)))
        return
    with _folder(given.folder) as folder:
        national, pct = folder / f"{given.episodes}", folder / "pct"
        _apart("make", national, str(given.episodes))
        rows = []
        for form in given.forms:
            priced = _apart("chain", national, form)
            low = _apart("floor", national, form)
            report(form, priced, low)
            rows.append((form, priced, low))
        _apart("make", pct, "pct")
        small = _apart("chain", pct, "store")
        _head(
            *(f"{given.episodes:,} episodes", "processor [s]", "wall [s]", "peak memory [GB]"),
            *("floor, processor [s]", "ratio", "ratio, with organisations", "runner's share"),
        )
        for form, priced, low in rows:
            placing = sum(priced["parts"].get(n, [0.0])[0] for n in _PLACING)
            cpu, wall = priced["whole"]
            inside = sum(p[0] for p in priced["parts"].values())
            _line(
                *(f"from {form}", cpu, wall, priced["gb"], low["whole"][0]),
                *((cpu - placing) / low["whole"][0], cpu / low["whole"][0]),
                f"{1 - inside / priced['build'][0]:.1%}",
            )
        _line("a PCT's year, from store", *small["build"], small["gb"], "–", "–", "–", "–")
        if given.panels:
            panels.report(folder / "panels.duckdb")


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Lend a folder: the one wanted, which stays, or one that is removed."""
    if wanted:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield Path(scratch)


if __name__ == "__main__":
    main()
