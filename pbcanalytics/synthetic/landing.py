"""Files of the landing folder: rows gathered in DuckDB, written once, in a stated order."""

from pathlib import Path
from typing import Final

import duckdb
import pandas as pd

from pbcanalytics.synthetic.extracts import HEADINGS
from pbcanalytics.words import periods

_MEMORY: Final = "1500MB"


class Landing:
    """
    Gathers the rows of one dataset after another and writes a file per dataset and year.

    Rows wait in a database on disk, so that a large PCT does not have to fit into memory.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder = folder
        self.rows: dict[str, int] = {}
        self._database = scratch
        self._connection = duckdb.connect(str(scratch))
        self._connection.execute("SET pandas_analyze_sample = 0")
        self._connection.execute(f"SET memory_limit = '{_MEMORY}'")
        self._connection.execute("SET threads = 2")
        for dataset, names in HEADINGS.items():
            columns = ", ".join(f"{n} VARCHAR" for n in names)
            self._connection.execute(
                f"CREATE TABLE {dataset} (year INTEGER, day INTEGER, part INTEGER, place BIGINT, "
                f"{columns})"
            )

    def add(self, dataset: str, frame: pd.DataFrame, part: int) -> None:
        """Gather the rows of one group of practices."""
        ready = frame[["year", "day", *HEADINGS[dataset]]].assign(
            part=part, place=range(len(frame))
        )
        self._connection.register("ready", ready)
        names = ", ".join(["year", "day", "part", "place", *HEADINGS[dataset]])
        self._connection.execute(f"INSERT INTO {dataset} ({names}) SELECT {names} FROM ready")
        self._connection.unregister("ready")

    def write(self, years: list[int]) -> None:
        """Write a file per dataset and financial year, in order of day and row."""
        for dataset, names in HEADINGS.items():
            for year in years:
                path = self.folder / f"{dataset}_{periods.in_file_name(periods.starting(year))}.csv"
                done = self._connection.execute(
                    f"COPY (SELECT {', '.join(names)} FROM {dataset} WHERE year = {year} "
                    f"ORDER BY day, part, place) TO '{_quoted(path)}' (HEADER, DELIMITER ',')"
                ).fetchone()
                self.rows[path.name] = 0 if done is None else int(done[0])

    def write_table(self, name: str, frame: pd.DataFrame) -> None:
        """Write one small table as it stands."""
        frame.to_csv(self.folder / name, index=False, lineterminator="\n")
        self.rows[name] = len(frame)

    def break_a_row(self, name: str, n_fields: int) -> int:
        """
        Add to a file a last row with too few fields, and give its line number.

        The row begins like the one before it, as when a transfer broke off.
        """
        path = self.folder / name
        lines = path.read_bytes().splitlines()
        broken = b",".join(lines[-1].split(b",")[:n_fields])
        with path.open("ab") as file:
            file.write(broken + b"\n")
        self.rows[name] += 1
        return len(lines) + 1

    def close(self) -> None:
        """Let go of the database and delete it."""
        self._connection.close()
        self._database.unlink(missing_ok=True)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
