"""A month sent again: what gives way to the rows that come, and what changed between the two.

What a new file brings of a provider's month is held against what each earlier load brought of it,
commissioner by commissioner. A load is taken as sent again if at least half as many rows come as it
holds and half of them are the same: by their keys, or, where rows have none, by all that they say
but numbers and money. Fewer rows of known keys are corrections, one by one. Rows of which nothing
is known are added. Whatever gives way is kept as history.
"""

from dataclasses import dataclass
from typing import Final, Literal

import duckdb

from pbcanalytics.intake.layouts.layout import Layout
from pbcanalytics.words.errors import ExtractError

Wish = Literal["", "replace", "add"]
"""What the analyst says of months that are held already; empty leaves it to the rows."""

ADDED_BESIDE: Final = (
    "added_beside",
    "Rows of months that are held from another file were added beside those, because no key is "
    "the same. If this file takes their place, load it with --replace.",
)


_LIKE: Final = ("code", "text", "date", "month", "pseudonym")
"""Kinds of columns by which rows without a key are recognised: all but numbers and money."""


@dataclass(frozen=True)
class Submission:
    """
    What is sent.

    Attributes
    ----------
    load_id : int
        The load.
    file, place, supplier : str
        Its name, folder and name, and sender.
    submission : str
        `flex`, `freeze` or empty.
    wish : Wish
        What is to become of months held already.
    """

    load_id: int
    file: str
    place: str
    supplier: str
    submission: str
    wish: Wish


@dataclass(frozen=True)
class Settled:
    """How many rows gave way, and keys of a register that its new edition no longer names."""

    replaced: int
    gone: tuple[str, ...] = ()


_NOT_JUDGED: Final = (
    "CREATE OR REPLACE TEMP TABLE judged (load_id BIGINT, submitter VARCHAR, sent_month DATE, "
    "part VARCHAR, n_shared BIGINT, is_replaced BOOLEAN)"
)


def settle(con: duckdb.DuckDBPyConnection, layout: Layout, sent: Submission) -> Settled:
    """
    Move what gives way to the history, and record what became of each month.

    Parameters
    ----------
    con : DuckDBPyConnection
        With the temporary view `incoming`: the rows that are about to be landed.
    layout : Layout
        Of the file.
    sent : Submission
        What is sent.

    Returns
    -------
    Settled

    Raises
    ------
    ExtractError
        If a month that is closed would be changed by a file that is marked as provisional, or
        would be taken away.
    """
    table, key = layout.table.name, ", ".join(layout.key)
    if con.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None:
        _record_first(con, layout, sent)
        return Settled(0)
    con.execute("CREATE OR REPLACE TEMP TABLE outgoing (load_id BIGINT, line_number BIGINT)")
    con.execute(_NOT_JUDGED)
    _find_outgoing(con, layout, sent)
    gone: list[tuple[str]] = []
    if layout.submitter:
        _record(con, layout, sent)
        _spare_closed_months(con, sent)
    elif key:
        named = " || ' ' || ".join(f"CAST({c} AS VARCHAR)" for c in layout.key)
        gone = con.execute(
            f"SELECT DISTINCT {named} FROM {table} SEMI JOIN outgoing USING (load_id, line_number) "
            f"ANTI JOIN incoming USING ({key}) ORDER BY 1"
        ).fetchall()
    moved = con.execute(
        f"INSERT INTO superseded_{table} SELECT held.*, {sent.load_id} FROM {table} AS held "
        "SEMI JOIN outgoing USING (load_id, line_number)"
    ).fetchone()
    con.execute(
        f"DELETE FROM {table} WHERE (load_id, line_number) IN "
        "(SELECT (load_id, line_number) FROM outgoing)"
    )
    con.execute("DROP TABLE outgoing; DROP TABLE judged")
    return Settled(int(moved[0]) if moved else 0, tuple(k for (k,) in gone))


def _find_outgoing(con: duckdb.DuckDBPyConnection, layout: Layout, sent: Submission) -> None:
    """Note the rows that give way: of loads sent again, of the same file, of the same keys."""
    table, key = layout.table.name, ", ".join(layout.key)
    if layout.submitter:
        _judge_loads(con, layout, sent)
    _same_file(con, layout, sent)
    if layout.submitter:
        con.execute(
            f"INSERT INTO outgoing SELECT load_id, line_number FROM {table} "
            f"WHERE (load_id, {layout.submitter}, {layout.month}, {_part(layout)}) IN "
            "(SELECT (load_id, submitter, sent_month, part) FROM judged WHERE is_replaced)"
        )
    if key:
        con.execute(
            f"INSERT INTO outgoing SELECT load_id, line_number FROM {table} "
            f"SEMI JOIN incoming USING ({key})"
        )


def _part(layout: Layout) -> str:
    """Write what parts a month; a row that names no part is of a part without name."""
    return f"COALESCE({layout.part}, '')" if layout.part else "''"


def _likeness(layout: Layout) -> str:
    """Write what makes two rows the same: their key, else all that they say but numbers."""
    columns = layout.key or tuple(
        c.name for c in layout.table.columns[2:] if c.kind in _LIKE and c.name != "month"
    )
    return f"hash({', '.join(columns)})"


def _judge_loads(con: duckdb.DuckDBPyConnection, layout: Layout, sent: Submission) -> None:
    """
    Decide, for each part of a month and each load that holds rows of it, whether it is sent again.

    The temporary table `judged` has a row each: `load_id`, `submitter`, `sent_month`, `part`,
    `n_shared`, `is_replaced`.
    """
    table, like = layout.table.name, _likeness(layout)
    by = f"{layout.submitter} AS submitter, {layout.month} AS sent_month, {_part(layout)} AS part"
    again = "2 * i.n >= h.n AND 2 * h.n_shared >= least(i.n, h.n)"
    if not layout.key:
        again += " AND (? = '' OR COALESCE(l.supplier, '') IN ('', ?))"
    decided = {"": again, "replace": "TRUE", "add": "FALSE"}[sent.wish]
    parameters = [sent.supplier] * decided.count("?")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE judged AS "
        f"WITH i AS (SELECT {by}, count(*) AS n FROM incoming GROUP BY ALL), "
        f"h AS (SELECT load_id, {by}, count(*) AS n, count(*) FILTER ({like} IN "
        f"(SELECT {like} FROM incoming)) AS n_shared FROM {table} GROUP BY ALL) "
        f"SELECT h.load_id, h.submitter, h.sent_month, h.part, h.n_shared, "
        f"{decided} AS is_replaced "
        "FROM h JOIN i ON h.submitter IS NOT DISTINCT FROM i.submitter "
        "AND h.sent_month = i.sent_month AND h.part = i.part "
        "LEFT JOIN loads AS l ON l.load_id = h.load_id",
        parameters,
    )


def _same_file(con: duckdb.DuckDBPyConnection, layout: Layout, sent: Submission) -> None:
    """
    Let the rows give way that the same file brought before.

    A file that brings other months than before is the next month's under the same name: then
    nothing gives way.
    """
    if sent.wish == "add":
        return
    table = layout.table.name
    earlier = f"{table} SEMI JOIN (SELECT load_id FROM loads WHERE place = ?) USING (load_id)"
    if layout.submitter:
        overlap = con.execute(
            "SELECT count(*) FROM judged SEMI JOIN (SELECT load_id FROM loads WHERE place = ?) "
            "USING (load_id)",
            [sent.place],
        ).fetchone()
        if not overlap or not overlap[0]:
            return
        con.execute(
            "UPDATE judged SET is_replaced = TRUE WHERE load_id IN "
            "(SELECT load_id FROM loads WHERE place = ?)",
            [sent.place],
        )
    con.execute(f"INSERT INTO outgoing SELECT load_id, line_number FROM {earlier}", [sent.place])


def _spare_closed_months(con: duckdb.DuckDBPyConnection, sent: Submission) -> None:
    """Refuse to change a closed month by a provisional file, or to take it away, unasked."""
    if sent.wish == "replace":
        return
    touched = con.execute(
        "SELECT submitter_code, strftime(month, '%B %Y'), n_before, outcome FROM submissions "
        "WHERE load_id = ? AND was_frozen AND (n_gone > 0 OR n_changed > 0 OR n_now < n_before "
        "OR outcome IN ('withdrawn', 'replaced')) AND (? = 'flex' OR outcome = 'withdrawn') "
        "ORDER BY month, submitter_code",
        [sent.load_id, sent.submission],
    ).fetchall()
    if touched:
        months = "; ".join(f"{who}, {month} ({n:,} rows)" for who, month, n, _ in touched[:5])
        more = f" and {len(touched) - 5} more" if len(touched) > 5 else ""
        raise ExtractError(
            f"{sent.file} would change or take away months that are closed (freeze): {months}"
            f"{more}. Nothing of it was loaded. If the provider opened them again, say --replace."
        )


def _record_first(con: duckdb.DuckDBPyConnection, layout: Layout, sent: Submission) -> None:
    """Write a row a month where nothing was held before: one pass over the rows that come."""
    if not layout.submitter:
        return
    zero = "0" if layout.key else "NULL"
    pence = "sum(price_pence)" if "price_pence" in layout.table.names else "NULL"
    con.execute(
        f"INSERT INTO submissions BY NAME SELECT {sent.load_id} AS load_id, "
        f"'{layout.table.name}' AS table_name, {layout.submitter} AS submitter_code, "
        f"{layout.month} AS month, 'new' AS outcome, ? AS submission, FALSE AS was_frozen, "
        f"0 AS n_before, count(*) AS n_now, {'count(*)' if layout.key else 'NULL'} AS n_added, "
        f"{zero} AS n_gone, {zero} AS n_changed, {pence} AS pence_now FROM incoming GROUP BY ALL",
        [sent.submission],
    )


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
outcomes AS (
  SELECT submitter, sent_month,
         CASE WHEN bool_or(is_replaced) THEN 'replaced'
              WHEN {is_keyed} AND sum(n_shared) > 0 THEN 'corrected' ELSE 'added' END AS outcome
  FROM judged GROUP BY ALL),
touched AS (
  SELECT submitter, sent_month FROM brings UNION SELECT submitter, sent_month FROM leaves)
SELECT {load_id} AS load_id, '{table}' AS table_name, touched.submitter AS submitter_code,
       touched.sent_month AS month,
       CASE WHEN before.n IS NULL THEN 'new' WHEN brings.n IS NOT NULL
            THEN COALESCE(outcomes.outcome, 'added')
            WHEN before.n = leaves.n THEN 'withdrawn' ELSE 'corrected' END AS outcome,
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

_JOINED: Final = ("outcomes", "brings", "leaves", "before", "closed", "added", "gone", "changed")


def _record(con: duckdb.DuckDBPyConnection, layout: Layout, sent: Submission) -> None:
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
            load_id=sent.load_id,
            is_keyed=str(bool(layout.key)).upper(),
            none="0" if layout.key else "NULL",
            joins=joins,
        ),
        [sent.submission],
    )
