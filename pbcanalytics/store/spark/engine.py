"""The models on Spark: tables lent to it as Parquet, results taken back under the same types."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pbcanalytics.store.spark.rendering import rendered, tables_named
from pbcanalytics.store.spark.session import session
from pbcanalytics.store.warehouse import Warehouse
from pbcanalytics.words.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd

_TYPES: Final = {
    "BIGINT": "BIGINT",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "DOUBLE": "DOUBLE",
    "INTEGER": "INT",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "VARCHAR": "STRING",
}
"""The Spark type of each DuckDB type that tables of the house have."""

_WHOLE: Final = ("tinyint", "smallint", "int", "bigint")

_MADE: Final = {
    "BIGINT": _WHOLE,
    "BOOLEAN": ("boolean",),
    "DATE": ("date",),
    "DOUBLE": ("double",),
    "INTEGER": _WHOLE,
    "TIMESTAMP": ("timestamp_ntz",),
    "VARCHAR": ("string",),
}
"""What Spark may make of a column, by what DuckDB makes of it; whole numbers fit or are an error,
a fraction would be cut off without a word."""

_PARTITION_BYTES: Final = 8 * 1024**2
"""DuckDB's files are about ten times denser than rows on the move; Spark likes 100 MB a part."""


class SparkEngine:
    """
    The engine of costing that computes on Spark and keeps everything in the warehouse.

    Tables are lent to Spark as Parquet when a model first asks for them. What Spark makes comes
    back into the warehouse, so that whatever follows finds what DuckDB would have made.
    """

    def __init__(self, warehouse: Warehouse, spark: Any, folder: Path) -> None:
        self._warehouse = warehouse
        self._spark = spark
        self._folder = folder
        self._lent: set[str] = set()
        self._written = 0

    @classmethod
    @contextmanager
    def on(cls, warehouse: Warehouse) -> Iterator["SparkEngine"]:
        """
        Lend the engine for a warehouse, with a session of its own.

        Raises
        ------
        StoreError
            If Spark or Java is not installed, or the session does not start.
        """
        size = warehouse.path.stat().st_size
        partitions = max(os.cpu_count() or 1, size // _PARTITION_BYTES)
        with (
            warehouse.scratch() as folder,
            session(folder, partitions=partitions) as spark,
        ):
            yield cls(warehouse, spark, folder)

    def source(self, name: str, frame: "pd.DataFrame") -> None:
        """Keep a frame as a table, replacing the table of that name."""
        self._warehouse.source(name, frame)
        self._lent.discard(name)

    def define(self, name: str, select: str) -> None:
        """
        Make a table from a SELECT on Spark, replacing the table of that name.

        Raises
        ------
        StoreError
            If the SELECT is not portable, or Spark cannot run it.
        """
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        text = rendered(select)
        columns = self._columns(select, name)
        try:
            for table in tables_named(select):
                self._lend(table)
            made = self._spark.sql(text)
            self._same_kinds(name, columns, made.dtypes)
            place = self._place(name)
            made.selectExpr(
                *(f"CAST({c} AS {_TYPES[t]}) AS {c}" for c, t in columns)
            ).write.parquet(place.as_uri())
            back = ", ".join(f"CAST({c} AS {t}) AS {c}" for c, t in columns)
            files = _quoted(place / "*.parquet")
            self._warehouse.define(name, f"SELECT {back} FROM read_parquet({files})")
            self._show(name, columns, place)
        except (PySparkException, Py4JError) as error:
            raise StoreError(
                f"Spark could not make the table {name} ({_first_line(error)}), so pricing "
                "stopped there. Leave --engine out to price with DuckDB, and report this."
            ) from error

    def view(self, name: str, select: str) -> None:
        """
        Give a SELECT a name, on Spark and in the warehouse, without running it.

        Raises
        ------
        StoreError
            If the SELECT is not portable.
        """
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        text = rendered(select)
        try:
            for table in tables_named(select):
                self._lend(table)
            made = self._spark.sql(text)
            self._same_kinds(name, self._columns(select, name), made.dtypes)
            made.createOrReplaceTempView(name)
        except (PySparkException, Py4JError) as error:
            raise StoreError(
                f"Spark could not make the view {name} ({_first_line(error)}), so pricing "
                "stopped there. Leave --engine out to price with DuckDB, and report this."
            ) from error
        self._warehouse.view(name, select)
        self._lent.add(name)

    def frame(self, select: str) -> "pd.DataFrame":
        """Give the rows of a SELECT; the warehouse, which holds every table, answers."""
        return self._warehouse.frame(select)

    def _place(self, name: str) -> Path:
        self._written += 1
        return (self._folder / f"{self._written:03d}-{name}").resolve()

    def _columns(self, select: str, name: str) -> list[tuple[str, str]]:
        """Give the columns that DuckDB would make, and their types."""
        said = self._warehouse.rows(f"DESCRIBE {select}")
        columns = [(column, "INTEGER" if kind == '"NULL"' else kind) for column, kind, *_ in said]
        strange = [f"{column} ({kind})" for column, kind in columns if kind not in _TYPES]
        if strange:
            raise StoreError(
                f"The table {name} has columns of types that are not kept: {', '.join(strange)}, "
                "so it cannot go to Spark and back. Cast them in the model to one of "
                f"{', '.join(_TYPES)}."
            )
        return columns

    def _same_kinds(
        self, name: str, columns: list[tuple[str, str]], made: list[tuple[str, str]]
    ) -> None:
        """Refuse what Spark would make of another kind than DuckDB."""
        if [c for c, _ in columns] != [c for c, _ in made]:
            raise StoreError(
                f"Spark would make other columns of the table {name} than DuckDB does, so it was "
                "not made. Name each column in the model once, with AS."
            )
        other = [
            f"{column} ({kind.lower()}, on Spark {spark})"
            for (column, kind), (_, spark) in zip(columns, made, strict=True)
            if spark not in (*_MADE[kind], "void")
        ]
        if other:
            raise StoreError(
                f"Spark would make columns of the table {name} of another kind than DuckDB does: "
                f"{', '.join(other)}, so it was not made. Cast them in the model."
            )

    def _lend(self, name: str) -> None:
        """Write a table or view for Spark, typed; any other name is a model's own step."""
        if name in self._lent or not (self._warehouse.has(name) or self._is_view(name)):
            return
        columns = self._columns(f"SELECT * FROM {name}", name)
        place = self._place(name)
        place.mkdir()
        file = _quoted(place / "rows.parquet")
        self._warehouse.con.execute(f"COPY (FROM {name}) TO {file} (FORMAT parquet)")
        self._show(name, columns, place)

    def _is_view(self, name: str) -> bool:
        quoted = name.replace("'", "''")
        held = f"SELECT count(*) FROM duckdb_views() WHERE view_name = '{quoted}' AND NOT internal"
        return bool(self._warehouse.rows(held)[0][0])

    def _show(self, name: str, columns: list[tuple[str, str]], place: Path) -> None:
        schema = ", ".join(f"{c} {_TYPES[t]}" for c, t in columns)
        read = self._spark.read.schema(schema).parquet(place.as_uri())
        read.createOrReplaceTempView(name)
        self._lent.add(name)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    """Give the sentence of a failure without the class of error, the query and the trace."""
    lines = [x for x in str(error).splitlines() if x.strip()] or [type(error).__name__]
    return re.sub(r"\s*SQLSTATE.*", "", lines[0]).rstrip(". ")
