"""What changed in months that were held already: in rows by a load, in spells by a build."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import duckdb

from pbcanalytics.intake.titles import title


@dataclass(frozen=True)
class Resent:
    """A month of one sender that was held already and came again, in rows and pence."""

    load_id: int
    table_name: str
    provider_code: str | None
    month: dt.date | None
    outcome: str
    was_frozen: bool
    n_before: int
    n_now: int
    n_added: int | None
    n_gone: int | None
    n_changed: int | None
    pence_before: int | None
    pence_now: int | None

    @property
    def kind(self) -> str:
        """How a reader calls such rows."""
        return title(self.table_name)


@dataclass(frozen=True)
class SpellChange:
    """Spells of one provider's month that a build added, lost (gone) or priced otherwise."""

    provider_code: str
    month: dt.date | None
    change: str
    was_frozen: bool
    n_spells: int
    pence: int


RESENT: Final = (
    "SELECT load_id, table_name, submitter_code AS provider_code, month, outcome, was_frozen, "
    "n_before, n_now, n_added, n_gone, n_changed, pence_before, pence_now FROM submissions "
    "WHERE outcome <> 'new'"
)
"""One row a month that came again; what follows it may narrow the rows."""


def resent_by(con: duckdb.DuckDBPyConnection, load_id: int) -> tuple[Resent, ...]:
    """Give what a load changed of months that were held before, oldest first."""
    found = con.execute(f"{RESENT} AND load_id = ? ORDER BY month, submitter_code", [load_id])
    return tuple(Resent(*row) for row in found.fetchall())


def spells_changed_by(con: duckdb.DuckDBPyConnection, built_at: str) -> tuple[SpellChange, ...]:
    """
    Give what a build changed of the build before it.

    Parameters
    ----------
    con : DuckDBPyConnection
    built_at : str
        When it was made, as `spell_changes` has it.

    Returns
    -------
    tuple of SpellChange
        Frozen months first, then by size; empty where nothing changed or nothing was built before.
    """
    rows = "SELECT * FROM spell_changes WHERE built_at = ?"
    summed = spells_changed(rows, "abs(sum(pence)) DESC, provider_code, month, change")
    found = con.execute(summed, [built_at])
    return tuple(SpellChange(*row) for row in found.fetchall())


def spells_changed(rows: str, order: str) -> str:
    """Write the SELECT of a SpellChange a row, of rows of `spell_changes`; frozen months first."""
    return (
        "SELECT provider_code, month, change, was_frozen, CAST(sum(n_spells) AS BIGINT), "
        f"CAST(sum(pence) AS BIGINT) FROM ({rows}) GROUP BY ALL ORDER BY was_frozen DESC, {order}"
    )
