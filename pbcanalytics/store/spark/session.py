"""A Spark session: on this machine unless another master is named, quiet, and gone afterwards."""

import importlib.util
import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil

from pbcanalytics.words.errors import StoreError

MASTER: Final = "PBC_SPARK_MASTER"
"""The environment variable that names a cluster; without it Spark runs on this machine."""

_HERE: Final = "local[*]"

_OLDEST_JAVA: Final = 17


def lacking() -> str | None:
    """Say in a sentence what has to be installed before Spark can run here; None if nothing."""
    packages = [n for n in ("pyspark", "sqlglot") if importlib.util.find_spec(n) is None]
    if packages:
        return (
            f"The engine Spark is not installed here ({' and '.join(packages)} not found). Type "
            "pip install 'pbcanalytics[spark]', in a clone make spark; or leave --engine out: "
            "DuckDB gives the same figures."
        )
    version = _java_version()
    if version is None or version < _OLDEST_JAVA:
        found = "none was found" if version is None else f"only Java {version} was found"
        return (
            f"Spark needs Java {_OLDEST_JAVA} or newer and {found} here. Install it (on Debian: "
            "default-jre-headless), or leave --engine out: DuckDB gives the same figures."
        )
    return None


def _java_version() -> int | None:
    """Give the main version of the Java that Spark will find; None if there is none."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None:
        return None
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    found = re.search(r'version "(\d+)', said.stderr)
    return int(found[1]) if found else None


@contextmanager
def session(folder: Path, *, partitions: int, memory_bytes: int | None = None) -> Iterator[Any]:
    """
    Lend a Spark session.

    Where the program has one already, as on a cluster's own notebooks, it is one beside that.

    Parameters
    ----------
    folder : Path
        For its log and for what does not fit into memory; rows about people may lie there while
        it runs.
    partitions : int
        Into how many parts rows are dealt at most when they are joined or summed.
    memory_bytes : int, optional
        How much memory it may take on this machine; half of the machine's if left out.

    Returns
    -------
    iterator of SparkSession

    Raises
    ------
    StoreError
        If Spark or Java is not installed, or the session does not start.
    """
    missing = lacking()
    if missing:
        raise StoreError(missing)
    with warnings.catch_warnings():
        # PySpark warns of new editions of pandas, which nothing here passes to it.
        warnings.simplefilter("ignore", FutureWarning)
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

    master = os.environ.get(MASTER) or _HERE
    memory = memory_bytes or psutil.virtual_memory().total // 2
    meaning = {
        # A sum that does not fit is an error and never another number.
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(partitions),
    }
    running = SparkSession.getActiveSession()
    if running is not None:
        apart = running.newSession()
        for name, value in meaning.items():
            apart.conf.set(name, value)
        yield apart
        return
    settings = meaning | {
        "spark.app.name": "pbcanalytics",
        "spark.master": master,
        "spark.sql.warehouse.dir": (folder / "unused").resolve().as_uri(),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    if master.startswith("local"):
        settings |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": f"{memory // 1024**2}m",
            "spark.local.dir": str((folder / "spilt").resolve()),
        }
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    log = folder / "spark.log"
    try:
        with _said_into(log):
            held = builder.getOrCreate()
    except (PySparkException, Py4JError, OSError, RuntimeError, ValueError) as error:
        raise StoreError(
            f"Spark did not start on {master} ({_why(log, error)}). Check the installation of "
            f"Java and the setting {MASTER}, or leave --engine out: DuckDB gives the same figures."
        ) from error
    try:
        yield held
    finally:
        with _said_into(log):
            held.stop()


def _why(log: Path, error: Exception) -> str:
    """Give the line of the log that names the failure, else the failure's own first line."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    named = [x for x in lines if re.search(r"Error|Exception", x)]
    text = named[0] if named else (str(error).splitlines() or [type(error).__name__])[0]
    return text.strip().rstrip(".")


@contextmanager
def _said_into(log: Path) -> Iterator[None]:
    """Let what Java says to the terminal, which concerns no reader, go into a file."""
    with log.open("ab") as file:
        terminal = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
