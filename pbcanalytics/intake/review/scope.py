"""Whose rows a review is about: views over the landing tables that hold nobody else's."""

from dataclasses import dataclass
from typing import Any, Final

import duckdb

from pbcanalytics.intake.titles import title
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError
from pbcanalytics.words.tables import Table


@dataclass(frozen=True)
class Kind:
    """
    A kind of activity that providers send month by month.

    Attributes
    ----------
    table : Table
        Where it is landed.
    month : str
        SQL of the month of a row.
    key : str
        Column by which the sender finds a row.
    is_daily : bool
        It comes on every day of the week, so that months are compared by their days and not by
        their working days.
    """

    table: Table
    month: str
    key: str
    is_daily: bool = False

    @property
    def title(self) -> str:
        """How a reader calls it."""
        return title(self.table.name)


def _month(days: str) -> str:
    return f"CAST(date_trunc('month', {days}) AS DATE)"


KINDS: Final = (
    Kind(
        tables.EPISODES,
        _month("COALESCE(discharge_date, episode_end, admission_date)"),
        "episode_id",
    ),
    Kind(tables.OUTPATIENTS, _month("appointment_date"), "attendance_id"),
    Kind(
        tables.EMERGENCY,
        _month("arrival_date"),
        "attendance_id",
        is_daily=True,
    ),
    Kind(tables.REFERRALS, _month("request_date"), "referral_id"),
    Kind(
        tables.SUPPLIED_SPELLS,
        _month("COALESCE(discharge_date, admission_date)"),
        "spell_key",
    ),
    Kind(tables.CONTRACT_LINES, "month", "spell_number"),
)
"""What is expected every month; the month is the one by which a refresh replaces rows."""

SENT_BY_PROVIDERS: Final = frozenset(
    [*(k.table.name for k in KINDS), tables.CONTRACT_TOTALS.name, tables.INVOICES.name]
)
"""Landing tables whose `provider_code` says who sent the row."""


@dataclass(frozen=True)
class Scope:
    """One provider, one supplier, both, or everybody."""

    provider: str | None = None
    supplier: str | None = None

    def view(self, table: Table) -> str:
        """Name the view of a landing table that holds the rows in scope only."""
        return f"in_review_{table.name}"

    @property
    def loads_of_supplier(self) -> str:
        """The SELECT of the numbers of the supplier's loads."""
        name = quoted(self.supplier or "")
        return f"SELECT load_id FROM loads WHERE lower(supplier) = lower({name})"

    def condition(self, table: str) -> str:
        """Write the SQL condition under which a row of a landing table is in scope."""
        parts = []
        if self.provider is not None:
            if table not in SENT_BY_PROVIDERS:
                return "FALSE"
            parts.append(f"provider_code = {quoted(self.provider)}")
        if self.supplier is not None:
            parts.append(f"load_id IN ({self.loads_of_supplier})")
        return " AND ".join(parts) or "TRUE"


def quoted(text: str) -> str:
    """
    Write a text as SQL does.

    Examples
    --------
    >>> quoted("St Mary's")
    "'St Mary''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def settle(con: duckdb.DuckDBPyConnection, provider: str | None, supplier: str | None) -> Scope:
    """
    Make the views of what is in scope.

    Parameters
    ----------
    con : DuckDBPyConnection
        The working database.
    provider : str, optional
        Code of the one provider; capitals do not matter.
    supplier : str, optional
        Name of the one supplier as given when files were loaded; capitals do not matter.

    Raises
    ------
    SelectionError
        If nothing was loaded of that provider or from that supplier.
    """
    scope = Scope(
        _chosen(con, "provider", provider, _PROVIDERS),
        _chosen(con, "supplier", supplier, _SUPPLIERS),
    )
    for table in tables.LANDING:
        there = {name for name, *_ in con.execute(f"DESCRIBE {table.name}").fetchall()}
        # A database made by an earlier version may lack columns that have been added since.
        columns = ", ".join(
            c.name if c.name in there else f"CAST(NULL AS {c.sql_type}) AS {c.name}"
            for c in table.columns
        )
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW {scope.view(table)} AS "
            f"SELECT {columns} FROM {table.name} WHERE {scope.condition(table.name)}"
        )
    return scope


_PROVIDERS: Final = " UNION ".join(
    f"SELECT DISTINCT provider_code FROM {prefix}{name}"
    for name in sorted(SENT_BY_PROVIDERS)
    for prefix in ("", "superseded_")
)
_SUPPLIERS: Final = "SELECT DISTINCT supplier FROM loads WHERE supplier <> ''"


def _chosen(
    con: duckdb.DuckDBPyConnection, what: str, wanted: str | None, choices: str
) -> str | None:
    """Find what was meant among the codes or names that are there."""
    if wanted is None:
        return None
    found: list[Any] = [x for (x,) in con.execute(f"FROM ({choices}) ORDER BY 1").fetchall() if x]
    same = [x for x in found if x.lower() == wanted.strip().lower()]
    if same:
        return str(same[0])
    shown = ", ".join(found[:20]) + (" …" if len(found) > 20 else "")
    raise SelectionError(
        f"Nothing that is loaded is known to be of {what} '{wanted}', so there is nothing to "
        + (f"check. Choose one of: {shown}." if found else f"check; no file names a {what}.")
    )
