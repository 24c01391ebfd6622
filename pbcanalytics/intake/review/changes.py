"""What changed in months that were sent again, in rows and in spells."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import duckdb

from pbcanalytics.intake.review.listing import Listing, listed
from pbcanalytics.intake.review.scope import KINDS, SENT_BY_PROVIDERS, Scope, quoted
from pbcanalytics.words import tables


@dataclass(frozen=True)
class Resent:
    """A month of one sender that was held already and came again, in rows and pence."""

    load_id: int
    kind: str
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


@dataclass(frozen=True)
class SpellChange:
    """What a provider's month gained or lost between the last two builds, in spells and pence."""

    provider_code: str
    month: dt.date
    change: str
    was_frozen: bool
    n_spells: int
    pence: int | None


@dataclass(frozen=True)
class Changes:
    """Months sent again, and the change in spells; `knows_spells` where builds were compared."""

    resent: tuple[Resent, ...]
    spells: tuple[SpellChange, ...]
    knows_spells: bool


def changes(con: duckdb.DuckDBPyConnection, scope: Scope) -> Changes:
    """Give what changed in what was held already."""
    resent = con.execute(_resent(scope)).fetchall()
    spells: list[tuple[object, ...]] = []
    if _compares(scope) and _has(con, tables.SPELL_CHANGES.name):
        spells = con.execute(
            "SELECT provider_code, month, change, was_frozen, sum(n_spells)::BIGINT, "
            f"sum(pence)::BIGINT FROM ({_last_build(scope)}) GROUP BY ALL "
            "ORDER BY was_frozen DESC, month, provider_code, change"
        ).fetchall()
    return Changes(
        tuple(Resent(*row) for row in resent),
        tuple(SpellChange(*row) for row in spells),  # type: ignore[arg-type]
        knows_spells=bool(spells),
    )


def listing(con: duckdb.DuckDBPyConnection, scope: Scope) -> Listing:
    """List the months sent again, then the spells by point of delivery."""
    spells = ""
    if _compares(scope) and _has(con, tables.SPELL_CHANGES.name):
        spells = (
            " UNION ALL BY NAME SELECT 'spells' AS counted, 'Spells' AS kind, provider_code, "
            "month, pod, change AS outcome, was_frozen, n_spells AS n_added_or_gone, "
            f"pence AS difference_pence FROM ({_last_build(scope)})"
        )
    return listed(
        con,
        "SELECT * FROM (SELECT 'rows' AS counted, kind, provider_code, month, "
        "NULL::VARCHAR AS pod, outcome, was_frozen, n_before, n_now, n_added, n_gone, n_changed, "
        "NULL::BIGINT AS n_added_or_gone, pence_before, pence_now, "
        f"pence_now - pence_before AS difference_pence, load_id FROM ({_resent(scope)}){spells}) "
        "ORDER BY counted, load_id, month, provider_code, pod, outcome",
    )


def _resent(scope: Scope) -> str:
    titles = " ".join(
        f"WHEN '{name}' THEN {quoted(title)}"
        for name, title in {
            **{k.table.name: k.title for k in KINDS},
            tables.CONTRACT_TOTALS.name: "Contract totals",
            tables.INVOICES.name: "Invoices",
        }.items()
    )
    where = "outcome <> 'new'"
    if scope.provider is not None:
        sent = ", ".join(quoted(name) for name in sorted(SENT_BY_PROVIDERS))
        where += f" AND submitter_code = {quoted(scope.provider)} AND table_name IN ({sent})"
    if scope.supplier is not None:
        where += f" AND load_id IN ({scope.loads_of_supplier})"
    return (
        f"SELECT load_id, CASE table_name {titles} ELSE replace(table_name, '_', ' ') END AS kind, "
        "submitter_code AS provider_code, month, outcome, was_frozen, n_before, n_now, n_added, "
        f"n_gone, n_changed, pence_before, pence_now FROM submissions WHERE {where} "
        "ORDER BY was_frozen DESC, load_id DESC, month, submitter_code"
    )


def _compares(scope: Scope) -> bool:
    """Spells do not say which file brought them, so that a supplier's cannot be told apart."""
    return scope.supplier is None


def _last_build(scope: Scope) -> str:
    provider = "" if scope.provider is None else f"AND provider_code = {quoted(scope.provider)}"
    return (
        "SELECT * FROM spell_changes WHERE built_at = (SELECT max(built_at) FROM spell_changes) "
        f"{provider}"
    )


_HAS: Final = "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?"


def _has(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = con.execute(_HAS, [table]).fetchone()
    return bool(found and found[0])
