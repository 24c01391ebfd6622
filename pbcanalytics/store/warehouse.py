"""The working database of one PCT: opened by one process at a time, never by a page."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import psutil

from pbcanalytics.store.scratch import folder_in, sweep
from pbcanalytics.words.errors import PbcError, StoreError

if TYPE_CHECKING:
    import pandas as pd

FILE: Final = "warehouse.duckdb"

_MOST_MEMORY_BYTES: Final = 4 * 1024**3
"""20 million episodes load within this (docs/performance.md)."""


def _memory_bytes() -> int:
    """Give the memory that the database may use: what a national year needs, half of a laptop's."""
    return min(_MOST_MEMORY_BYTES, psutil.virtual_memory().total // 2)


def explained(error: Exception, path: Path, doing: str) -> StoreError:
    """Turn a failure of the database or of the disk into a sentence for a person."""
    text = str(error)
    if "lock" in text.lower() and "conflicting" in text.lower():
        return StoreError(
            f"{path} is being used by another pbc command, so {doing} must wait. "
            "Let the other command finish, or stop it, and try again."
        )
    full = "No space left" in text or "File too large" in text or "out of disk" in text.lower()
    if full or getattr(error, "errno", None) in (27, 28, 122):
        return StoreError(
            f"The disk that holds {path.parent} is full, so {doing} stopped; what was there "
            "before is unchanged. Free some space and try again."
        )
    if "Permission denied" in text or isinstance(error, PermissionError):
        return StoreError(
            f"{path} may not be written or read by this user, so {doing} stopped. "
            "Change its permissions, or choose another folder with --data."
        )
    why = "it is damaged" if "not a valid DuckDB" in text else text.splitlines()[0].rstrip(".")
    return StoreError(
        f"{path} cannot be used as a database ({why}), so {doing} stopped. If it is damaged, move "
        "it away and load the extracts again."
    )


class Warehouse:
    """
    One DuckDB file with landing tables, models and what was computed from them.

    Statements are run by name and text; results come back as DataFrames.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, path: Path) -> None:
        self.con = con
        self.path = path

    @classmethod
    @contextmanager
    def open(cls, data: Path, *, doing: str, create: bool = False) -> Iterator["Warehouse"]:
        """
        Open the working database of a data folder.

        Parameters
        ----------
        data : Path
            The data folder.
        doing : str
            What the caller is about, for messages: "loading", "pricing".
        create : bool
            Make folder and database where there are none.

        Raises
        ------
        StoreError
            If there is no database, it is damaged, in use, or the disk is full.
        """
        path = data / FILE
        if create:
            try:
                data.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"The folder {data} cannot be made ({error.strerror}), so {doing} stopped. "
                    "Choose another with --data."
                ) from error
        elif not path.is_file():
            raise StoreError(
                f"No activity has been loaded into {data} yet, so there is nothing for "
                f"{doing} to work on. Load extracts with 'pbc load FILE …', or make the "
                "demonstration PCT with 'pbc demo' first; another folder is chosen with --data."
            )
        config: Any = {
            "temp_directory": str(data / ".spill"),
            "memory_limit": f"{_memory_bytes()}B",
        }
        try:
            con = duckdb.connect(str(path), config=config)
        except (duckdb.Error, OSError) as error:
            raise explained(error, path, doing) from error
        sweep(data)
        try:
            yield cls(con, path)
        except PbcError:
            raise
        except (duckdb.IOException, duckdb.FatalException, OSError) as error:
            raise explained(error, path, doing) from error
        finally:
            con.close()

    @classmethod
    @contextmanager
    def in_memory(cls) -> Iterator["Warehouse"]:
        """Lend a database that lies in no file."""
        with duckdb.connect() as con:
            yield cls(con, Path(":memory:"))

    def in_any_order(self) -> None:
        """Let tables be made with their rows in any order from now on, which needs less memory."""
        self.con.execute("SET preserve_insertion_order = false")

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Take back at the end whatever is changed meanwhile."""
        self.con.execute("BEGIN")
        try:
            yield
        finally:
            self.con.execute("ROLLBACK")

    def scratch(self) -> AbstractContextManager[Path]:
        """Lend a folder beside the database for copies of what is being read (`folder_in`)."""
        return folder_in(self.path.parent)

    @staticmethod
    def rewrite(data: Path) -> None:
        """
        Write the working database anew, so that nothing of what was deleted stays in its file.

        Raises
        ------
        StoreError
            If it is in use, or the disk is full; it is unchanged then.
        """
        path, fresh = data / FILE, data / f"{FILE}.fresh"
        fresh.unlink(missing_ok=True)
        try:
            with duckdb.connect() as con:
                for name, file in (("held", path), ("fresh", fresh)):
                    quoted = str(file).replace("'", "''")
                    con.execute(f"ATTACH '{quoted}' AS {name}")
                con.execute("COPY FROM DATABASE held TO fresh")
            fresh.replace(path)
        except (duckdb.Error, OSError) as error:
            fresh.unlink(missing_ok=True)
            raise explained(error, path, "writing it anew") from error

    def source(self, name: str, frame: "pd.DataFrame") -> None:
        """Keep a frame as a table, replacing the table of that name."""
        self.con.register("incoming", frame)
        self.con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM incoming")
        self.con.unregister("incoming")

    def define(self, name: str, select: str) -> None:
        """Make a table from a SELECT, replacing what had its name."""
        self._give_up(name, "view")
        self.con.execute(f"CREATE OR REPLACE TABLE {name} AS {select}")

    def view(self, name: str, select: str) -> None:
        """Give a SELECT a name without running it, replacing what had that name."""
        self._give_up(name, "table")
        self.con.execute(f"CREATE OR REPLACE VIEW {name} AS {select}")

    def _give_up(self, name: str, kind: str) -> None:
        """Remove a table, or a view, whose name goes to the other."""
        held = f"SELECT count(*) FROM duckdb_{kind}s() WHERE {kind}_name = ?"
        found = self.con.execute(held, [name]).fetchone()
        if found and found[0]:
            self.con.execute(f"DROP {kind} {name}")

    def drop(self, names: Iterable[str]) -> None:
        """Remove tables that were only steps on the way."""
        for name in names:
            self.con.execute(f"DROP TABLE IF EXISTS {name}")

    def frame(self, select: str, parameters: Iterable[Any] = ()) -> "pd.DataFrame":
        """Give the rows of a SELECT as a DataFrame."""
        return self.con.execute(select, list(parameters)).df()

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        """Give the rows of a SELECT as tuples."""
        return self.con.execute(select).fetchall()

    def has(self, name: str) -> bool:
        """Tell whether a table of that name exists."""
        found = self.con.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = ? AND NOT temporary", [name]
        ).fetchone()
        return bool(found and found[0])

    def has_rows(self, table: str, column: str, value: str) -> bool:
        """Tell whether a table has a row with that value."""
        found = self.con.execute(
            f"SELECT count(*) FROM {table} WHERE {column} = ?", [value]
        ).fetchone()
        return bool(found and found[0])
