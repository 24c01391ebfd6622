"""What the data dictionary says of a table: its grain, and each column's type, unit and meaning."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Column:
    """
    One column.

    `kind` is text, code, integer, ratio, date, month (its first day), time, pence, flag or
    pseudonym (a keyed hash of what stood in the file).
    """

    name: str
    kind: str
    meaning: str
    unit: str = ""

    @property
    def sql_type(self) -> str:
        """The DuckDB type in which the column is kept."""
        return {
            "text": "VARCHAR",
            "code": "VARCHAR",
            "integer": "BIGINT",
            "pence": "BIGINT",
            "ratio": "DOUBLE",
            "date": "DATE",
            "month": "DATE",
            "pseudonym": "VARCHAR",
            "time": "TIMESTAMP",
            "flag": "BOOLEAN",
        }[self.kind]


@dataclass(frozen=True)
class Table:
    """One table: what one row is, and its columns in order."""

    name: str
    grain: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return [c.name for c in self.columns]

    def ddl(self) -> str:
        """Write the statement that makes the empty table."""
        body = ", ".join(f"{c.name} {c.sql_type}" for c in self.columns)
        return f"CREATE TABLE IF NOT EXISTS {self.name} ({body})"

    def superseded(self) -> "Table":
        """Give the entry of the table that keeps rows once a later load has taken their place."""
        by = Column("superseded_by", "integer", "the load that took the row's place")
        return Table(f"superseded_{self.name}", f"{self.grain}, as it was", (*self.columns, by))

    def check(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """
        Return the frame with the columns of this entry, in order.

        Raises
        ------
        ValueError
            If a column is missing; all that are missing are named.
        """
        missing = [n for n in self.names if n not in frame.columns]
        if missing:
            raise ValueError(f"table {self.name} lacks {', '.join(missing)}")
        return frame[self.names]


def table(name: str, grain: str, *columns: tuple[str, ...]) -> Table:
    """Write an entry: name, grain, and each column as (name, kind, meaning, unit)."""
    return Table(name, grain, tuple(Column(*c) for c in columns))


ORIGIN = (
    ("load_id", "integer", "the load that brought the row"),
    ("line_number", "integer", "line of the file, the heading being line 1"),
)
"""The columns that say where a landed row came from."""
