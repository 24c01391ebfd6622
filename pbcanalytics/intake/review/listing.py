"""Lists that may be long: written row by row, never held whole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import duckdb

_AT_ONCE: Final = 10_000


@dataclass(frozen=True)
class Listing:
    """
    Rows to be written to a file.

    Attributes
    ----------
    columns : tuple of str
        Names of the columns; those that end in `_pence` hold whole pence.
    rows : callable
        Gives the rows, a tuple each; one listing is read to its end before the next is begun.
    """

    columns: tuple[str, ...]
    rows: Callable[[], Iterator[tuple[Any, ...]]]


def listed(con: duckdb.DuckDBPyConnection, select: str) -> Listing:
    """Give the rows of a SELECT, a few thousand at once."""
    columns = tuple(name for name, *_ in con.execute(f"DESCRIBE {select}").fetchall())

    def rows() -> Iterator[tuple[Any, ...]]:
        found = con.execute(select)
        while batch := found.fetchmany(_AT_ONCE):
            yield from batch

    return Listing(columns, rows)
