"""Patient-level sum = aggregate monitoring = invoice, by provider and month (domain 7.4)."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import duckdb

from pbcanalytics.intake.review.listing import Listing, listed
from pbcanalytics.intake.review.scope import Scope
from pbcanalytics.words import tables


@dataclass(frozen=True)
class Total:
    """
    One provider and month, in pence and activities; None where nothing of the kind is held.

    `n_unpriced` counts lines and totals without a price, which no sum can hold; `n_line_rows` and
    `n_total_rows` count the rows of lines and totals.
    """

    provider_code: str | None
    month: dt.date | None
    lines_pence: int | None
    totals_pence: int | None
    invoices_pence: int | None
    n_lines: Decimal | None
    n_totals: Decimal | None
    n_unpriced: int
    n_line_rows: int
    n_total_rows: int

    @property
    def lines_less_totals_pence(self) -> int | None:
        """Patient-level sum less aggregate monitoring."""
        return _less(self.lines_pence, self.totals_pence)

    @property
    def totals_less_invoices_pence(self) -> int | None:
        """Aggregate monitoring less invoices."""
        return _less(self.totals_pence, self.invoices_pence)

    @property
    def lines_less_invoices_pence(self) -> int | None:
        """Patient-level sum less invoices."""
        return _less(self.lines_pence, self.invoices_pence)

    @property
    def agrees(self) -> bool | None:
        """Whether all that is held is one sum; None where fewer than two are held."""
        held = [
            p for p in (self.lines_pence, self.totals_pence, self.invoices_pence) if p is not None
        ]
        return None if len(held) < 2 else len(set(held)) == 1


@dataclass(frozen=True)
class PodDifference:
    """A point of delivery in which patient-level lines and aggregate monitoring differ."""

    provider_code: str | None
    month: dt.date | None
    pod: str | None
    n_lines: Decimal | None
    n_totals: Decimal | None
    lines_pence: int | None
    totals_pence: int | None

    @property
    def less_pence(self) -> int | None:
        """Patient-level sum less aggregate monitoring."""
        return _less(self.lines_pence, self.totals_pence)


@dataclass(frozen=True)
class Totals:
    """
    Every provider and month with a patient-level line, a total or an invoice.

    `kindred` are sets of provider codes that differ in capitals or in the site only, as RX1, rx1
    and RX100 do: their sums may belong together.
    """

    months: tuple[Total, ...]
    pods: tuple[PodDifference, ...]
    has_lines: bool
    has_totals: bool
    has_invoices: bool
    kindred: tuple[tuple[str, ...], ...] = ()

    @property
    def one_sided(self) -> tuple[Total, ...]:
        """Months with lines and no total, or a total and no lines, where both are sent at all."""
        if not (self.has_lines and self.has_totals):
            return ()
        return tuple(t for t in self.months if (t.n_line_rows == 0) != (t.n_total_rows == 0))


def totals(con: duckdb.DuckDBPyConnection, scope: Scope) -> Totals:
    """Compare what was charged line by line, in total and by invoice, to the penny."""
    lines, sums, invoices = (
        scope.view(t) for t in (tables.CONTRACT_LINES, tables.CONTRACT_TOTALS, tables.INVOICES)
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_charges AS "
        f"SELECT 'lines' AS said_by, {_CHARGES} FROM {lines} GROUP BY ALL UNION ALL "
        f"SELECT 'totals', {_CHARGES} FROM {sums} GROUP BY ALL UNION ALL "
        "SELECT 'invoices', provider_code, month, NULL, NULL, sum(price_pence)::BIGINT, "
        f"count(*) - count(price_pence), count(*) FROM {invoices} GROUP BY ALL"
    )
    held = {by for (by,) in con.execute("SELECT DISTINCT said_by FROM review_charges").fetchall()}
    months = con.execute(
        f"SELECT provider_code, month, {_PIVOTED}, sum(n_unpriced)::BIGINT, {_ROWS} "
        "FROM review_charges GROUP BY ALL ORDER BY provider_code, month"
    ).fetchall()
    pods = con.execute(f"{_PODS} HAVING {_DIFFERS} ORDER BY provider_code, month, pod").fetchall()
    return Totals(
        tuple(Total(*row) for row in months),
        tuple(PodDifference(*row) for row in pods),
        has_lines="lines" in held,
        has_totals="totals" in held,
        has_invoices="invoices" in held,
        kindred=tuple(tuple(codes) for (codes,) in con.execute(_KINDRED).fetchall()),
    )


def listing(con: duckdb.DuckDBPyConnection) -> Listing:
    """List the months, then the same by point of delivery; expects `totals` to have run."""
    by_pod = _PODS.replace("SELECT provider_code", "SELECT 'by point of delivery', provider_code")
    return listed(
        con,
        "SELECT * FROM (SELECT 'month' AS level, provider_code, month, NULL AS pod, "
        f"{_N.format('lines')} AS n_lines, {_N.format('totals')} AS n_totals, "
        f"{_PENCE.format('lines')} AS lines_pence, {_PENCE.format('totals')} AS totals_pence, "
        f"{_PENCE.format('invoices')} AS invoices_pence, "
        f"{_PENCE.format('lines')} - {_PENCE.format('totals')} AS lines_less_totals_pence, "
        f"{_PENCE.format('totals')} - {_PENCE.format('invoices')} AS totals_less_invoices_pence "
        "FROM review_charges GROUP BY ALL UNION ALL "
        f"SELECT *, NULL, #7 - #8, NULL FROM ({by_pod})) "
        "ORDER BY level DESC, provider_code, month, pod",
    )


_CHARGES: Final = (
    "provider_code, month, COALESCE(pod, contract_pod) AS pod, "
    "sum(CAST(n_activity AS DECIMAL(18, 4))) AS n_activity, sum(price_pence)::BIGINT AS pence, "
    "count(*) - count(price_pence) AS n_unpriced, count(*) AS n_rows"
)
_ROWS: Final = ", ".join(
    f"COALESCE(sum(n_rows) FILTER (said_by = '{by}'), 0)::BIGINT" for by in ("lines", "totals")
)
_KINDRED: Final = (
    "SELECT list(provider_code ORDER BY provider_code) FROM "
    "(SELECT DISTINCT provider_code FROM review_charges WHERE provider_code IS NOT NULL) "
    "GROUP BY upper(CASE WHEN length(provider_code) = 5 THEN left(provider_code, 3) "
    "ELSE provider_code END) HAVING count(*) > 1 ORDER BY 1"
)
"""A site's code of five signs begins with the three of its provider."""
_PENCE: Final = "sum(pence) FILTER (said_by = '{}')::BIGINT"
_N: Final = "sum(n_activity) FILTER (said_by = '{}')"
_PIVOTED: Final = ", ".join(
    [
        *(_PENCE.format(by) for by in ("lines", "totals", "invoices")),
        *(_N.format(by) for by in ("lines", "totals")),
    ]
)
_PODS: Final = (
    "SELECT provider_code, month, pod, "
    + ", ".join([*(_N.format(by) for by in ("lines", "totals"))])
    + ", "
    + ", ".join([*(_PENCE.format(by) for by in ("lines", "totals"))])
    + " FROM review_charges WHERE said_by <> 'invoices' AND (provider_code, month) IN (SELECT "
    "(provider_code, month) FROM review_charges GROUP BY ALL HAVING count(*) FILTER "
    "(said_by = 'lines') > 0 AND count(*) FILTER (said_by = 'totals') > 0) GROUP BY ALL"
)
"""Only months of which both are held: where one is missing, every line would be a difference."""
_DIFFERS: Final = (
    f"{_PENCE.format('lines')} IS DISTINCT FROM {_PENCE.format('totals')} "
    f"OR {_N.format('lines')} IS DISTINCT FROM {_N.format('totals')}"
)


def _less(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a - b
