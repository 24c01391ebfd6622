"""What arrived: each load, what was rejected and remarked on, codes that nobody knows."""

from dataclasses import dataclass
from typing import Any, Final

import duckdb

from pbcanalytics.intake.checking import DUPLICATED
from pbcanalytics.intake.review.listing import Listing, listed
from pbcanalytics.intake.review.scope import Scope
from pbcanalytics.words import tables

LINES_SHOWN: Final = 10
"""Rejected lines that the page shows of each file and rule."""


@dataclass(frozen=True)
class Arrival:
    """
    One file.

    `rows_read`, `rejected` and `accepted` are of the whole file; the first two are None where the
    file brings rows of others as well and the review is about one provider: a rejected row does
    not say whose it is. Of the accepted rows, `superseded` were replaced by later loads and
    `held` stand.
    """

    load_id: int
    file: str
    layout: str
    supplier: str
    submission: str
    loaded_at: Any
    rows_read: int | None
    accepted: int
    rejected: int | None
    superseded: int
    held: int

    @property
    def is_accounted_for(self) -> bool:
        """Whether each row read was accepted or rejected, and each accepted one is held or was."""
        if self.rows_read is None or self.rejected is None:
            return True
        return (
            self.rows_read == self.accepted + self.rejected
            and self.accepted == self.held + self.superseded
        )


@dataclass(frozen=True)
class RejectedLine:
    """One rejected line: its number in the file, the column at fault and what stood there."""

    line_number: int
    column_name: str | None
    value: str | None


@dataclass(frozen=True)
class Rejected:
    """The rejected lines of one file and rule: how many, and the first of them."""

    load_id: int
    file: str
    rule: str
    sentence: str
    n_rows: int
    first: tuple[RejectedLine, ...]


@dataclass(frozen=True)
class Finding:
    """A soft rule that accepted rows of one file broke."""

    load_id: int
    file: str
    rule: str
    sentence: str
    n_rows: int


@dataclass(frozen=True)
class UnknownCode:
    """A code that is on no list; the rows that carry it are kept."""

    load_id: int
    file: str
    column_name: str
    code: str
    n_rows: int


@dataclass(frozen=True)
class Arrivals:
    """What arrived; `has_shared_files` where files bring rows of others beside those in scope."""

    loads: tuple[Arrival, ...]
    rejected: tuple[Rejected, ...]
    findings: tuple[Finding, ...]
    unknown_codes: tuple[UnknownCode, ...]
    has_shared_files: bool


def arrivals(con: duckdb.DuckDBPyConnection, scope: Scope) -> Arrivals:
    """
    Give each load in scope, and what is recorded about it.

    Expects `measure` to have run. Makes the temporary tables `review_loads` (one row a load in
    scope) and `review_rejects` (its rejected lines, where they can only be of those in scope).
    """
    _find_loads(con, scope)
    _mask_rejects(con)
    loads = con.execute(
        "SELECT load_id, file, layout, supplier, submission, loaded_at, "
        "CASE WHEN is_whole THEN rows_read END, "
        "CASE WHEN is_whole THEN accepted ELSE n_held + n_superseded END, "
        "CASE WHEN is_whole THEN rejected END, n_superseded, n_held "
        "FROM review_loads ORDER BY load_id"
    ).fetchall()
    shared = con.execute("SELECT count(*) FROM review_loads WHERE NOT is_whole").fetchone()
    return Arrivals(
        tuple(Arrival(*row) for row in loads),
        _rejected(con),
        tuple(Finding(*row) for row in con.execute(_FINDINGS).fetchall()),
        tuple(UnknownCode(*row) for row in con.execute(_UNKNOWN).fetchall()),
        has_shared_files=bool(shared and shared[0]),
    )


def listings(con: duckdb.DuckDBPyConnection) -> dict[str, Listing]:
    """Give the full lists: of rejected lines, of findings, of unknown codes."""
    return {
        "rejects": listed(
            con,
            "SELECT load_id, file, line_number, rule, column_name, value, sentence, also "
            "FROM review_rejects ORDER BY load_id, line_number, rule",
        ),
        "findings": listed(con, _FINDINGS),
        "unknown_codes": listed(con, _UNKNOWN),
    }


def _find_loads(con: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    """List the loads in scope, and tell which bring rows of nobody else."""
    gone = " UNION ALL ".join(
        f"SELECT load_id, count(*) AS n FROM superseded_{t.name} "
        f"WHERE {scope.condition(t.name)} GROUP BY load_id"
        for t in tables.LANDING
    )
    supplier = scope.condition(tables.LOADS.name) if scope.provider is None else "TRUE"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_loads AS WITH "
        "held AS (SELECT load_id, sum(n) AS n FROM review_rows GROUP BY ALL), "
        f"gone AS (SELECT load_id, sum(n) AS n FROM ({gone}) GROUP BY ALL) "
        "SELECT loads.*, COALESCE(held.n, 0)::BIGINT AS n_held, "
        "COALESCE(gone.n, 0)::BIGINT AS n_superseded, TRUE AS is_whole "
        "FROM loads LEFT JOIN held USING (load_id) LEFT JOIN gone USING (load_id) "
        f"WHERE {supplier if scope.provider is None else 'held.n > 0 OR gone.n > 0'}"
    )
    if scope.provider is not None:
        con.execute("UPDATE review_loads SET is_whole = (accepted = n_held + n_superseded)")


def _mask_rejects(con: duckdb.DuckDBPyConnection) -> None:
    """Keep what may be shown of rejects: keys, and nothing that could be an NHS number."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_rejects AS "
        f"SELECT rejects.* EXCLUDE (value), file, CASE WHEN rule = '{DUPLICATED[0]}' THEN value "
        f"ELSE {masked('value')} END AS value "
        "FROM rejects JOIN (SELECT load_id, file FROM review_loads WHERE is_whole) USING (load_id)"
    )


def masked(column: str) -> str:
    """
    Write the SQL of a text from a file in which what could be an NHS number is withheld.

    Ten figures, however they are spaced, that stand alone: a key of other length stays readable.
    """
    ten = "[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}"
    return f"regexp_replace({column}, '\\b{ten}\\b', '(ten figures withheld)', 'g')"


def _rejected(con: duckdb.DuckDBPyConnection) -> tuple[Rejected, ...]:
    first: dict[tuple[int, str], list[RejectedLine]] = {}
    for load_id, rule, *line in con.execute(
        "SELECT load_id, rule, line_number, column_name, value FROM review_rejects "
        "QUALIFY row_number() OVER (PARTITION BY load_id, rule ORDER BY line_number) <= ? "
        "ORDER BY ALL",
        [LINES_SHOWN],
    ).fetchall():
        first.setdefault((load_id, rule), []).append(RejectedLine(*line))
    counted = con.execute(
        "SELECT load_id, file, rule, min(sentence), count(*) FROM review_rejects "
        "GROUP BY ALL ORDER BY load_id, count(*) DESC, rule"
    ).fetchall()
    return tuple(
        Rejected(load_id, file, rule, sentence, n, tuple(first[load_id, rule]))
        for load_id, file, rule, sentence, n in counted
    )


_OF_WHOLE: Final = "JOIN (SELECT load_id, file FROM review_loads WHERE is_whole) USING (load_id)"
_FINDINGS: Final = (
    f"SELECT load_id, file, rule, sentence, n_rows FROM findings {_OF_WHOLE} "
    "ORDER BY load_id, n_rows DESC, rule"
)
_UNKNOWN: Final = (
    f"SELECT load_id, file, column_name, {masked('code')} AS code, n_rows FROM unknown_codes "
    f"{_OF_WHOLE} ORDER BY load_id, column_name, n_rows DESC, code"
)
