"""A month sent again: what gives way to the rows that come, and what changed between the two.

A provider-month is taken as sent again if the new file brings at least half as many rows as are
held and half of the keys are the same. Fewer rows of known keys are corrections, one by one. Rows
without a known key are added. Whatever gives way is kept as history.
"""

from dataclasses import dataclass
from typing import Final, Literal

import duckdb

from pbcanalytics.intake.layouts.layout import Layout

Wish = Literal["", "replace", "add"]
"""What the analyst says of months that are held already; empty leaves it to the rows."""

ADDED_BESIDE: Final = (
    "added_beside",
    "Rows of months that are held from another file were added beside those, because no key is "
    "the same. If this file takes their place, load it with --replace.",
)


@dataclass(frozen=True)
class Change:
    """What became of one provider's month: one row of the table `submissions`."""

    submitter_code: str
    month: str
    outcome: str
    was_frozen: bool
    n_before: int
    n_now: int
    n_added: int | None
    n_gone: int | None
    n_changed: int | None
    pence_before: int | None
    pence_now: int | None


def settle(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    load_id: int,
    place: str,
    submission: str,
    wish: Wish,
) -> int:
    """
    Move what gives way to the history, and record what became of each month.

    Parameters
    ----------
    con : DuckDBPyConnection
        With the temporary view `incoming`: the rows that are about to be landed.
    layout : Layout
        Of the file.
    load_id : int
        The load.
    place : str
        Folder and name of the file.
    submission : str
        `flex`, `freeze` or empty.
    wish : Wish
        What is to become of months held already.

    Returns
    -------
    int
        How many rows gave way.
    """
    table, key = layout.table.name, ", ".join(layout.key)
    con.execute("CREATE OR REPLACE TEMP TABLE outgoing (load_id BIGINT, line_number BIGINT)")
    held = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    is_first = not held or not held[0]
    if layout.submitter:
        _judge_months(con, layout, wish)
    if not is_first:
        _same_file(con, layout, place)
        if layout.submitter:
            con.execute(
                f"INSERT INTO outgoing SELECT load_id, line_number FROM {table} "
                f"WHERE ({layout.submitter}, {layout.month}) IN "
                "(SELECT (submitter, sent_month) FROM months WHERE outcome = 'replaced')"
            )
        if key:
            con.execute(
                f"INSERT INTO outgoing SELECT load_id, line_number FROM {table} "
                f"SEMI JOIN incoming USING ({key})"
            )
    if layout.submitter:
        _record(con, layout, load_id, submission)
    gone = con.execute(
        f"INSERT INTO superseded_{table} SELECT held.*, {load_id} FROM {table} AS held "
        "SEMI JOIN outgoing USING (load_id, line_number)"
    ).fetchone()
    con.execute(
        f"DELETE FROM {table} WHERE (load_id, line_number) IN "
        "(SELECT (load_id, line_number) FROM outgoing)"
    )
    con.execute("DROP TABLE outgoing; DROP TABLE IF EXISTS months")
    return int(gone[0]) if gone else 0


def changes(con: duckdb.DuckDBPyConnection, load_id: int) -> tuple[Change, ...]:
    """Give what a load changed of months that were held before, oldest first."""
    found = con.execute(
        "SELECT submitter_code, strftime(month, '%Y-%m'), outcome, was_frozen, n_before, n_now, "
        "n_added, n_gone, n_changed, pence_before, pence_now FROM submissions "
        "WHERE load_id = ? AND outcome <> 'new' ORDER BY month, submitter_code",
        [load_id],
    ).fetchall()
    return tuple(Change(*row) for row in found)


def _judge_months(con: duckdb.DuckDBPyConnection, layout: Layout, wish: Wish) -> None:
    """Decide the outcome of each month that the file brings, in the temporary table `months`."""
    table, key = layout.table.name, ", ".join(layout.key)
    who, month = layout.submitter, layout.month
    shared = (
        f"SELECT {who} AS submitter, {month} AS sent_month, count(*) AS n FROM {table} "
        f"SEMI JOIN incoming USING ({key}) GROUP BY ALL"
        if key
        else _NONE
    )
    again = "h.n IS NOT NULL AND 2 * i.n >= h.n"
    if key:
        again += " AND 2 * COALESCE(s.n, 0) >= least(i.n, h.n)"
    replaced = {
        "": f"WHEN {again} THEN 'replaced'",
        "replace": "WHEN h.n IS NOT NULL THEN 'replaced'",
        "add": "",
    }
    by = f"{who} AS submitter, {month} AS sent_month"
    joined = " ".join(
        f"LEFT JOIN {one} ON {one}.submitter IS NOT DISTINCT FROM i.submitter "
        f"AND {one}.sent_month = i.sent_month"
        for one in ("h", "s")
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE months AS "
        f"WITH i AS (SELECT {by}, count(*) AS n FROM incoming GROUP BY ALL), "
        f"h AS (SELECT {by}, count(*) AS n FROM {table} GROUP BY ALL), s AS ({shared}) "
        f"SELECT i.submitter, i.sent_month, CASE WHEN h.n IS NULL THEN 'new' {replaced[wish]} "
        f"WHEN s.n > 0 THEN 'corrected' ELSE 'added' END AS outcome FROM i {joined}"
    )


def _same_file(con: duckdb.DuckDBPyConnection, layout: Layout, place: str) -> None:
    """
    Let the rows give way that the same file brought before.

    A file that brings other months than before is the next month's under the same name: then
    nothing gives way.
    """
    table = layout.table.name
    earlier = f"{table} SEMI JOIN (SELECT load_id FROM loads WHERE place = ?) USING (load_id)"
    if layout.submitter:
        overlap = con.execute(
            f"SELECT count(*) FROM {earlier} WHERE ({layout.submitter}, {layout.month}) IN "
            "(SELECT (submitter, sent_month) FROM months)",
            [place],
        ).fetchone()
        if not overlap or not overlap[0]:
            return
        con.execute(
            "UPDATE months SET outcome = 'replaced' WHERE outcome <> 'new' "
            f"AND (submitter, sent_month) IN "
            f"(SELECT ({layout.submitter}, {layout.month}) FROM {earlier})",
            [place],
        )
    con.execute(f"INSERT INTO outgoing SELECT load_id, line_number FROM {earlier}", [place])


_NONE: Final = "SELECT NULL AS submitter, NULL AS sent_month, NULL AS n WHERE FALSE"

_SUBMISSIONS: Final = """
INSERT INTO submissions BY NAME
WITH gives_way AS (
  SELECT {by}, held.* FROM {table} AS held SEMI JOIN outgoing USING (load_id, line_number)),
brings AS (SELECT {by}, count(*) AS n, {pence} AS pence FROM incoming GROUP BY ALL),
leaves AS (
  SELECT submitter, sent_month, count(*) AS n, {pence} AS pence FROM gives_way GROUP BY ALL),
before AS (
  SELECT {by}, count(*) AS n, {pence} AS pence, {frozen} AS frozen FROM {table} GROUP BY ALL),
closed AS (
  SELECT submitter_code AS submitter, month AS sent_month, count(*) AS n FROM submissions
  WHERE submission = 'freeze' AND table_name = '{table}' GROUP BY ALL),
added AS ({added}), gone AS ({gone}), changed AS ({changed}),
touched AS (
  SELECT submitter, sent_month FROM brings UNION SELECT submitter, sent_month FROM leaves)
SELECT {load_id} AS load_id, '{table}' AS table_name, touched.submitter AS submitter_code,
       touched.sent_month AS month, COALESCE(months.outcome, 'withdrawn') AS outcome,
       ? AS submission,
       COALESCE(before.frozen, FALSE) OR COALESCE(closed.n, 0) > 0 AS was_frozen,
       COALESCE(before.n, 0) AS n_before,
       COALESCE(before.n, 0) - COALESCE(leaves.n, 0) + COALESCE(brings.n, 0) AS n_now,
       COALESCE(added.n, {none}) AS n_added, COALESCE(gone.n, {none}) AS n_gone,
       COALESCE(changed.n, {none}) AS n_changed, before.pence AS pence_before,
       CASE WHEN COALESCE(before.pence, brings.pence) IS NOT NULL
            THEN COALESCE(before.pence, 0) - COALESCE(leaves.pence, 0) + COALESCE(brings.pence, 0)
            END AS pence_now
FROM touched {joins}
"""
"""One row a month that rows come to or leave; `none` is NULL where rows have no key."""

_JOINED: Final = ("months", "brings", "leaves", "before", "closed", "added", "gone", "changed")


def _record(con: duckdb.DuckDBPyConnection, layout: Layout, load_id: int, submission: str) -> None:
    """Write a row a month: rows and pounds before and after, keys added, gone and changed."""
    table, names = layout.table.name, layout.table.names
    by = f"{layout.submitter} AS submitter, {layout.month} AS sent_month"
    added = gone = changed = _NONE
    if layout.key:
        key = ", ".join(layout.key)
        differs = " OR ".join(f"o.{c} IS DISTINCT FROM i.{c}" for c in names[2:])
        same = " AND ".join(f"o.{c} = i.{c}" for c in layout.key)
        count = "count(*) AS n FROM"
        added = f"SELECT {by}, {count} incoming ANTI JOIN {table} USING ({key}) GROUP BY ALL"
        gone = (
            f"SELECT submitter, sent_month, {count} gives_way ANTI JOIN incoming USING ({key}) "
            "GROUP BY ALL"
        )
        changed = (
            f"SELECT o.submitter, o.sent_month, {count} gives_way AS o "
            f"JOIN incoming AS i ON {same} WHERE {differs} GROUP BY ALL"
        )
    joins = " ".join(
        f"LEFT JOIN {one} ON {one}.submitter IS NOT DISTINCT FROM touched.submitter "
        f"AND {one}.sent_month IS NOT DISTINCT FROM touched.sent_month"
        for one in _JOINED
    )
    con.execute(
        _SUBMISSIONS.format(
            by=by,
            table=table,
            pence="sum(price_pence)" if "price_pence" in names else "NULL",
            frozen="bool_or(is_frozen)" if "is_frozen" in names else "FALSE",
            added=added,
            gone=gone,
            changed=changed,
            load_id=load_id,
            none="0" if layout.key else "NULL",
            joins=joins,
        ),
        [submission],
    )
