"""What the parts of a page that compare practices read from the published file."""

from typing import Any

from pbcanalytics.faces.pages.demand.trend_view import TrendView
from pbcanalytics.store import Published


def rows_of(published: Published, table: str, where: str, *key: str) -> list[dict[str, Any]]:
    """
    Read rows of a table.

    Parameters
    ----------
    published : Published
    table, where : str
        Its name, and a condition with a question mark a key.
    *key : str
    """
    return published.rows(f"SELECT * FROM {table} WHERE {where}", key)


def pct_of(published: Published, v: TrendView) -> str | None:
    """Find the PCT of the view's group; None where its practices were not compared."""
    kind, code = v.group["group_kind"], str(v.group["group_code"])
    if kind == "pct":
        return code
    inside = "practice_code = ?"
    if kind == "consortium":
        inside = (
            "practice_code IN (SELECT group_code FROM measure_groups "
            "WHERE group_kind = 'practice' AND consortium_code = ?)"
        )
    found = rows_of(published, "measure_comparisons", f"{inside} LIMIT 1", code)
    return str(found[0]["pct_code"]) if found else None
