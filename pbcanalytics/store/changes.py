"""What a build changed of the build before it, in spells and pounds."""

from dataclasses import dataclass
from typing import Final

from pbcanalytics.store.warehouse import Warehouse

_BEFORE: Final = "spells_before"

_SPELLS: Final = """
SELECT spell_id, provider_code, pod, CAST(date_trunc('month', discharge_date) AS DATE) AS month,
       price_pence
FROM priced_spells WHERE is_reported
"""

_CHANGES: Final = """
INSERT INTO spell_changes BY NAME
WITH compared AS (
  SELECT COALESCE(n.provider_code, b.provider_code) AS provider_code,
         CASE WHEN n.spell_id IS NULL THEN b.month ELSE n.month END AS month,
         CASE WHEN n.spell_id IS NULL THEN b.pod ELSE n.pod END AS pod,
         CASE WHEN b.spell_id IS NULL THEN 'added' WHEN n.spell_id IS NULL THEN 'gone'
              WHEN n.price_pence IS DISTINCT FROM b.price_pence THEN 'repriced' END AS change,
         COALESCE(n.price_pence, 0) - COALESCE(b.price_pence, 0) AS pence
  FROM ({spells}) AS n FULL JOIN {before} AS b ON b.spell_id = n.spell_id),
closed AS (
  SELECT submitter_code, month, bool_or(was_frozen) AS was_frozen FROM submissions
  WHERE load_id > {last_load} AND table_name IN ('episodes', 'supplied_spells') GROUP BY ALL)
SELECT '{built_at}' AS built_at, provider_code, compared.month, pod, change,
       COALESCE(bool_or(closed.was_frozen), FALSE) AS was_frozen,
       count(*) AS n_spells, CAST(sum(pence) AS BIGINT) AS pence
FROM compared LEFT JOIN closed
  ON closed.submitter_code = provider_code AND closed.month = compared.month
WHERE change IS NOT NULL GROUP BY ALL
"""
"""One row per provider, month, point of delivery and kind of change; a spell that stays as it was
is no change."""


@dataclass(frozen=True)
class SpellChange:
    """Spells of one provider's month that a build added, lost or priced otherwise."""

    provider_code: str
    month: str
    change: str
    was_frozen: bool
    n_spells: int
    pence: int


def remember(warehouse: Warehouse) -> int | None:
    """
    Set the spells of the last build aside before they are priced anew.

    Returns
    -------
    int or None
        The last load of that build; None if nothing was built before.
    """
    if not (warehouse.has("build") and warehouse.has("priced_spells")):
        return None
    warehouse.define(_BEFORE, _SPELLS)
    last = warehouse.frame("SELECT * FROM build").get("last_load")
    return 0 if last is None else int(last.iloc[0])


def record(warehouse: Warehouse, last_load: int | None, built_at: str) -> list[SpellChange]:
    """
    Compare the spells priced now with those set aside, and keep the difference.

    Parameters
    ----------
    warehouse : Warehouse
    last_load : int or None
        What `remember` gave.
    built_at : str
        When this build was made.

    Returns
    -------
    list of SpellChange
        Frozen months first, then by size; empty where nothing changed or nothing was built before.
    """
    if last_load is None:
        return []
    warehouse.con.execute(
        _CHANGES.format(spells=_SPELLS, before=_BEFORE, last_load=last_load, built_at=built_at)
    )
    warehouse.drop([_BEFORE])
    found = warehouse.rows(
        "SELECT provider_code, COALESCE(strftime(month, '%Y-%m'), ''), change, was_frozen, "
        "CAST(sum(n_spells) AS BIGINT), CAST(sum(pence) AS BIGINT) FROM spell_changes "
        f"WHERE built_at = '{built_at}' GROUP BY ALL "
        "ORDER BY was_frozen DESC, abs(sum(pence)) DESC, provider_code, 2, change"
    )
    return [SpellChange(*row) for row in found]
