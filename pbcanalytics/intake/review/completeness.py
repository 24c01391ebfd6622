"""Completeness: what each provider sent, month by month, against what its other months lead to.

Expected is the median of the months within a year before and after, per working day (A&E: per
day), times the days of the month; the month itself is left out. A month is marked where it is
below 0.8 or above 1.25 of that and chance would not do it: further away than three standard
deviations, widened by how much the other months scatter.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Any, Final

import duckdb

from pbcanalytics.intake.review.listing import Listing
from pbcanalytics.intake.review.scope import KINDS, Kind
from pbcanalytics.words.working_days import days_in, months_between

LOW: Final = 0.8
HIGH: Final = 1.25
FEWEST_MONTHS: Final = 6
WINDOW_MONTHS: Final = 12
DEVIATIONS: Final = 3.0
STRAY_SHARE: Final = 0.1
"""A month at either end with less than this of the usual is not where sending began or ended."""
_KEPT_SHARE: Final = 0.8
_KEPT_MEAN: Final = 0.44
"""Mean of the smaller four fifths of squared standard normals; the largest fifth is left out, so
that other months that are incomplete do not pass for scatter."""


@dataclass(frozen=True)
class Cell:
    """
    One provider, kind and month.

    Attributes
    ----------
    expected : float or None
        [rows]; None where fewer than six other months are held.
    state : str
        `as_expected`, `low`, `high`, `missing`; `none` where nothing came and little was expected;
        `not_judged`; `stray` for a few rows dated before or after the months that are sent.
    is_last : bool
        The last month of its kind: often incomplete.
    """

    kind: str
    provider_code: str
    month: dt.date
    n_rows: int
    expected: float | None
    state: str
    is_last: bool

    @property
    def share(self) -> float | None:
        """Rows as a share of what is expected."""
        return self.n_rows / self.expected if self.expected else None

    @property
    def is_marked(self) -> bool:
        """Whether it is to be asked about."""
        return self.state in ("low", "high", "missing")


@dataclass(frozen=True)
class Absent:
    """A provider that sent rows in the year before the last twelve months, and none since."""

    kind: str
    provider_code: str
    n_before: int
    last_month: dt.date


@dataclass(frozen=True)
class Completeness:
    """
    All cells, in order of kind, provider and month.

    `share` is what arrived of what was expected, in the months that can be judged and are not the
    last of their kind: 1 less the rows short in months marked low or missing. None where nothing
    can be judged. `undated` counts, by kind, rows without a month or a provider.
    """

    cells: tuple[Cell, ...]
    absent: tuple[Absent, ...]
    share: float | None
    undated: Mapping[str, int]

    @property
    def marked(self) -> list[Cell]:
        """The cells to be asked about."""
        return [c for c in self.cells if c.is_marked]


def completeness(con: duckdb.DuckDBPyConnection) -> Completeness:
    """Judge each provider's months; expects `measure` to have run."""
    cells: list[Cell] = []
    absent: list[Absent] = []
    undated: dict[str, int] = {}
    for kind in KINDS:
        held: dict[str, dict[dt.date, int]] = defaultdict(dict)
        for provider, month, n in con.execute(
            "SELECT provider_code, month, sum(n)::BIGINT FROM review_rows WHERE table_name = ? "
            "GROUP BY ALL ORDER BY ALL",
            [kind.table.name],
        ).fetchall():
            if provider is None or month is None:
                undated[kind.title] = undated.get(kind.title, 0) + n
            else:
                held[provider][month] = n
        if not held:
            continue
        spans = {p: span(months) for p, months in held.items()}
        last = max(end for _, end in spans.values())
        for provider, months in held.items():
            begin, end = spans[provider]
            gone = _absent(kind, provider, months, end, last)
            if gone:
                absent.append(gone)
            until = end if gone else last
            cells += judged(kind, provider, months, begin, until, last)
    judgeable = [c for c in cells if c.expected and c.state != "stray" and not c.is_last]
    expected = sum(c.expected or 0 for c in judgeable)
    short = sum((c.expected or 0) - c.n_rows for c in judgeable if c.state in ("low", "missing"))
    return Completeness(
        tuple(cells), tuple(absent), 1 - short / expected if expected else None, undated
    )


def span(months: Mapping[dt.date, int]) -> tuple[dt.date, dt.date]:
    """Give the first and the last month that a provider sends, rows of stray dates left out."""
    usual = median(months.values())
    full = [m for m, n in months.items() if n >= STRAY_SHARE * usual]
    return min(full), max(full)


def _absent(
    kind: Kind, provider: str, months: Mapping[dt.date, int], end: dt.date, last: dt.date
) -> Absent | None:
    if _index(last) - _index(end) < WINDOW_MONTHS:
        return None
    before = {m: n for m, n in months.items() if 12 <= _index(last) - _index(m) < 24}
    if not before:
        return Absent(kind.title, provider, 0, end)
    return Absent(kind.title, provider, sum(before.values()), end)


def judged(
    kind: Kind,
    provider: str,
    months: Mapping[dt.date, int],
    begin: dt.date,
    until: dt.date,
    last: dt.date,
) -> list[Cell]:
    """
    Judge the months of one provider and kind.

    Parameters
    ----------
    kind : Kind
    provider : str
    months : mapping of month to rows
        What is held.
    begin, until : date
        First and last month in which something should have come.
    last : date
        Last month of the kind, whoever sent it.
    """
    unit = {m: days_in(m)[1 if kind.is_daily else 0] for m in months_between(begin, until)}
    sent = {m: n for m, n in months.items() if m in unit}
    rates = {m: n / unit[m] for m, n in sent.items()}
    cells = []
    for month in sorted({*unit, *months}):
        n = months.get(month, 0)
        expected: float | None = None
        state = "stray"
        if month in unit:
            others = [
                m for m in sent if m != month and abs(_index(m) - _index(month)) <= WINDOW_MONTHS
            ]
            state = "not_judged"
            if len(others) >= FEWEST_MONTHS:
                rate = median(rates[m] for m in others)
                expected = rate * unit[month]
                squares = [(sent[m] - rate * unit[m]) ** 2 / (rate * unit[m]) for m in others]
                state = _state(n, expected, _scatter(squares))
            elif not n and median(sent.values()) > DEVIATIONS**2:
                state = "missing"
        cells.append(Cell(kind.title, provider, month, n, expected, state, month == last))
    return cells


def _state(n: int, expected: float, scatter: float) -> str:
    # Small counts lean to the high side; their roots do not (Anscombe's transformation).
    by_chance = abs(n - expected) <= DEVIATIONS * sqrt(expected * scatter) or 2 * abs(
        sqrt(n + 0.375) - sqrt(expected + 0.375)
    ) <= DEVIATIONS * sqrt(scatter)
    if not n:
        return "none" if by_chance else "missing"
    if by_chance or LOW <= n / expected <= HIGH:
        return "as_expected"
    return "low" if n < expected else "high"


def _scatter(squares: list[float]) -> float:
    """Give the variance of the other months in terms of chance's; at least 1, more if few."""
    kept = sorted(squares)[: max(1, round(len(squares) * _KEPT_SHARE))]
    return max(1.0, sum(kept) / len(kept) / _KEPT_MEAN) * (1 + 2 / len(squares))


def _index(month: dt.date) -> int:
    return month.year * 12 + month.month


def listing(found: Completeness) -> Listing:
    """List every cell."""

    def rows() -> Iterator[tuple[Any, ...]]:
        for c in found.cells:
            expected = None if c.expected is None else round(c.expected, 1)
            share = None if c.share is None else round(c.share, 4)
            last = "last month, often incomplete" if c.is_last else ""
            yield (c.kind, c.provider_code, c.month, c.n_rows, expected, share, c.state, last)

    names = ("kind", "provider_code", "month", "n_rows", "expected_rows", "share", "state", "note")
    return Listing(names, rows)
