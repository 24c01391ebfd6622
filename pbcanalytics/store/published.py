"""The published file: aggregate, read-only, swapped in whole; all that a page may open.

Each build is written beside the last under its own name; a small pointer file is then replaced
in one step. A page that is open keeps the build it opened. This works on Windows too, where a
file that somebody reads cannot be replaced.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb

from pbcanalytics.store.warehouse import explained
from pbcanalytics.words.errors import StoreError
from pbcanalytics.words.tables import Table

if TYPE_CHECKING:
    import pandas as pd

FOLDER: Final = "published"
_POINTER: Final = "current.json"
_READING: Final = {
    "threads": "1",
    "memory_limit": "512MB",
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "lock_configuration": "true",
}


def publish(data: Path, frames: Mapping[Table, "pd.DataFrame"], about: Mapping[str, Any]) -> Path:
    """
    Write a new published file and make it the current one, or change nothing.

    Parameters
    ----------
    data : Path
        The data folder.
    frames : mapping of Table to DataFrame
        Suppressed, aggregate tables by their entry in the data dictionary.
    about : mapping
        What the build says of itself; needs `build_id` (unique, fit for a file name).

    Returns
    -------
    Path
        The file.

    Raises
    ------
    StoreError
        If it cannot be written, for instance because the disk is full.
    """
    folder = data / FOLDER
    final = folder / f"pbc-{about['build_id']}.duckdb"
    building = final.with_suffix(".building")
    pointer = folder / _POINTER
    coming = pointer.with_suffix(".coming")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        building.unlink(missing_ok=True)
        _written(building, frames, about)
        with building.open("rb+") as opened:
            os.fsync(opened.fileno())
        building.replace(final)
        with coming.open("w", encoding="utf-8") as opened:
            json.dump({"file": final.name}, opened)
            opened.flush()
            os.fsync(opened.fileno())
        coming.replace(pointer)
    except (duckdb.Error, OSError) as error:
        for left in (building, building.with_name(building.name + ".wal"), coming):
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)
        if not isinstance(error, StoreError):
            raise explained(error, final, "publishing") from error
        raise
    for old in folder.glob("pbc-*"):
        if old != final:
            with contextlib.suppress(OSError):
                old.unlink()
    return final


def _written(path: Path, frames: Mapping[Table, "pd.DataFrame"], about: Mapping[str, Any]) -> None:
    con = duckdb.connect(str(path))
    try:
        for table, frame in frames.items():
            con.execute(table.ddl())
            if frame.empty:
                continue
            con.register("incoming", table.check(frame))
            con.execute(f"INSERT INTO {table.name} SELECT {', '.join(table.names)} FROM incoming")
            con.unregister("incoming")
            counted = con.execute(f"SELECT count(*) FROM {table.name}").fetchone()
            if counted is None or counted[0] != len(frame):
                raise StoreError(
                    f"The published table {table.name} came out with other rows than it was "
                    "given, so it was not published; the last build stays. Try again."
                )
        con.execute("CREATE TABLE about (document VARCHAR)")
        con.execute("INSERT INTO about VALUES (?)", [json.dumps(dict(about), sort_keys=True)])
        con.execute("CHECKPOINT")
    finally:
        con.close()


class Published:
    """The current published file, open for reading; reopened when a newer build is current."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER
        self._file = ""
        self._con: duckdb.DuckDBPyConnection | None = None

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """
        A connection to the current build.

        Raises
        ------
        StoreError
            If nothing was published, or the file is damaged.
        """
        current = self._current()
        if self._con is None or current != self._file:
            path = self._folder / current
            try:
                opened = duckdb.connect(str(path), read_only=True, config=dict(_READING))
            except (duckdb.Error, OSError) as error:
                if self._con is not None and not path.exists():
                    return self._con
                raise explained(error, path, "opening the published figures") from error
            if self._con is not None:
                self._con.close()
            self._con, self._file = opened, current
        return self._con

    def rows(self, select: str, parameters: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
        """Give the rows of a SELECT on the published tables, each by column name."""
        cursor = self.con.execute(select, list(parameters))
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def about(self) -> dict[str, Any]:
        """Give what the build says of itself: inputs, years, coverage, when it was made."""
        row = self.con.execute("SELECT document FROM about").fetchone()
        return dict(json.loads(row[0])) if row else {}

    def close(self) -> None:
        """Let the file go."""
        if self._con is not None:
            self._con.close()
            self._con = None

    def _current(self) -> str:
        pointer = self._folder / _POINTER
        try:
            return str(json.loads(pointer.read_text(encoding="utf-8"))["file"])
        except FileNotFoundError:
            raise StoreError(
                f"Nothing has been published in {self._folder.parent} yet, so there are no "
                "figures to show. Run 'pbc build' and 'pbc publish' first, or 'pbc start', which "
                "does all steps."
            ) from None
        except (OSError, ValueError, KeyError) as error:
            raise explained(error, pointer, "opening the published figures") from error
