"""What changed in months that were sent again, in rows and in spells."""

from dataclasses import dataclass

import duckdb

from pbcanalytics.intake.changes import RESENT, Resent, SpellChange, spells_changed
from pbcanalytics.intake.review.listing import Listing, listed
from pbcanalytics.intake.review.scope import SENT_BY_PROVIDERS, Scope, quoted
from pbcanalytics.intake.titles import title
from pbcanalytics.words import tables


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
    if _compares(scope):
        spells = con.execute(
            spells_changed(_last_build(scope), "month, provider_code, change")
        ).fetchall()
    return Changes(
        tuple(Resent(*row) for row in resent),
        tuple(SpellChange(*row) for row in spells),  # type: ignore[arg-type]
        knows_spells=bool(spells),
    )


def listing(con: duckdb.DuckDBPyConnection, scope: Scope) -> Listing:
    """List the months sent again, then the spells by point of delivery."""
    spells = ""
    if _compares(scope):
        spells = (
            " UNION ALL BY NAME SELECT 'spells' AS counted, 'Spells' AS kind, provider_code, "
            "month, pod, change AS outcome, was_frozen, n_spells AS n_added_or_gone, "
            f"pence AS difference_pence FROM ({_last_build(scope)})"
        )
    titles = " ".join(f"WHEN '{t.name}' THEN {quoted(title(t.name))}" for t in tables.LANDING)
    return listed(
        con,
        f"SELECT * FROM (SELECT 'rows' AS counted, CASE table_name {titles} END AS kind, "
        "provider_code, month, NULL::VARCHAR AS pod, outcome, was_frozen, n_before, n_now, "
        "n_added, n_gone, n_changed, NULL::BIGINT AS n_added_or_gone, pence_before, pence_now, "
        f"pence_now - pence_before AS difference_pence, load_id FROM ({_resent(scope)}){spells}) "
        "ORDER BY counted, load_id, month, provider_code, pod, outcome",
    )


def _resent(scope: Scope) -> str:
    where = ""
    if scope.provider is not None:
        sent = ", ".join(quoted(name) for name in sorted(SENT_BY_PROVIDERS))
        where += f" AND submitter_code = {quoted(scope.provider)} AND table_name IN ({sent})"
    if scope.supplier is not None:
        where += f" AND load_id IN ({scope.loads_of_supplier})"
    return f"{RESENT}{where} ORDER BY was_frozen DESC, load_id DESC, month, submitter_code"


def _compares(scope: Scope) -> bool:
    """Spells do not say which file brought them, so that a supplier's cannot be told apart."""
    return scope.supplier is None


def _last_build(scope: Scope) -> str:
    provider = "" if scope.provider is None else f"AND provider_code = {quoted(scope.provider)}"
    return (
        "SELECT * FROM spell_changes WHERE built_at = (SELECT max(built_at) FROM spell_changes) "
        f"{provider}"
    )
