"""The accounts of a working database: every row, spell and penny, and what became of it."""

from typing import Any, Final

from pbcanalytics.store.warehouse import Warehouse
from pbcanalytics.words import tables

STEPS: Final = ("base", "short_stay", "long_stay", "top_up", "other", "mff", "price")
"""The steps of a spell's price, as columns `<step>_pence`; `price` is their sum."""

_COUNTED: Final = {
    "spells": "1",
    "unbundled": "1",
    "outpatients": "n_activity",
    "emergency": "n_activity",
}
"""What is priced, and how much of it one row of the table `priced_…` stands for."""


def status(warehouse: Warehouse) -> dict[str, Any]:
    """
    Account for what is loaded and, once built, for what is priced.

    Parameters
    ----------
    warehouse : Warehouse

    Returns
    -------
    dict
        As described at `pbcanalytics.status`, with `unpriced_activity` (activities by reason,
        of all kinds together) and `findings` besides.
    """
    return {"files": _files(warehouse), **_priced(warehouse), "findings": _findings(warehouse)}


def _files(warehouse: Warehouse) -> list[dict[str, Any]]:
    reasons: dict[int, dict[str, int]] = {}
    for load_id, rule, n in warehouse.rows(
        "SELECT load_id, rule, count(*) FROM rejects GROUP BY ALL ORDER BY ALL"
    ):
        reasons.setdefault(load_id, {})[rule] = n
    replaced: dict[int, int] = {}
    for table in tables.LANDING:
        for load_id, n in warehouse.rows(
            f"SELECT load_id, count(*) FROM superseded_{table.name} GROUP BY ALL"
        ):
            replaced[load_id] = replaced.get(load_id, 0) + n
    columns = ("load_id", "file", "layout", "supplier", "rows_read", "accepted", "rejected")
    return [
        {
            "load": row[0],
            **dict(zip(columns[1:], row[1:], strict=True)),
            "replaced": replaced.get(row[0], 0),
            "reasons": reasons.get(row[0], {}),
        }
        for row in warehouse.rows(f"SELECT {', '.join(columns)} FROM loads ORDER BY load_id")
    ]


def _findings(warehouse: Warehouse) -> list[dict[str, Any]]:
    return [
        {"file": file, "rule": rule, "sentence": sentence, "rows": n}
        for file, rule, sentence, n in warehouse.rows(
            "SELECT file, rule, sentence, n_rows FROM findings JOIN loads USING (load_id) "
            "ORDER BY load_id, rule"
        )
    ]


def _priced(warehouse: Warehouse) -> dict[str, Any]:
    if not warehouse.has("build"):
        return {
            "spells": None,
            "pence": None,
            "coverage": None,
            "data_to": None,
            "built_at": None,
            "unpriced_activity": {},
        }
    by_reason = {
        table: dict(
            warehouse.rows(
                f"SELECT unpriced_reason, CAST(sum({n}) AS BIGINT) FROM priced_{table} "
                "WHERE is_reported GROUP BY ALL ORDER BY ALL"
            )
        )
        for table, n in _COUNTED.items()
    }
    unpriced: dict[str, int] = {}
    for counted in by_reason.values():
        for reason, n in counted.items():
            if reason is not None:
                unpriced[reason] = unpriced.get(reason, 0) + n
    spells = by_reason["spells"]
    steps = ", ".join(f"CAST(sum({step}_pence) AS BIGINT)" for step in STEPS)
    summed = warehouse.rows(f"SELECT {steps} FROM priced_spells WHERE is_reported")[0]
    pence: dict[str, int | None] = dict(zip(STEPS, summed, strict=True))
    beside = [table for table in _COUNTED if table != "spells"]
    for table in beside:
        pence[table] = warehouse.rows(
            f"SELECT CAST(sum({_COUNTED[table]} * price_pence) AS BIGINT) FROM priced_{table} "
            "WHERE is_reported"
        )[0][0]
    pence["total"] = sum(pence[k] or 0 for k in ("price", *beside))
    priced, payable, month = warehouse.rows(
        "SELECT CAST(sum(n_priced) AS BIGINT), CAST(sum(n_rows - n_outside) AS BIGINT), "
        "max(month) FROM activity WHERE is_reported"
    )[0]
    return {
        "spells": {
            "total": sum(spells.values()),
            "priced": spells.get(None, 0),
            "unpriced": {r: n for r, n in spells.items() if r is not None},
        },
        "pence": pence,
        "coverage": priced / payable if payable else None,
        "data_to": month.strftime("%Y-%m") if month else None,
        "built_at": warehouse.rows("SELECT built_at FROM build")[0][0],
        "unpriced_activity": unpriced,
    }
