"""The arrival grid: provider by month, what came as a share of what was expected."""

from collections import defaultdict
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from pbcanalytics.faces.review.parts import Html, table

if TYPE_CHECKING:
    import datetime as dt

    from pbcanalytics.intake.review.completeness import Cell

STATES: Final = {
    "low": "fewer rows than expected",
    "high": "more rows than expected",
    "missing": "nothing arrived",
}
MONTHS_SHOWN: Final = 12
PROVIDERS_SHOWN: Final = 30


def grids(cells: "Sequence[Cell]", as_of: str) -> str:
    """
    Draw one grid a kind of activity, of its last twelve months.

    Providers with a mark come first; what does not fit is said, and stands in the CSV.
    """
    by_kind: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_kind[cell.kind].append(cell)
    return "".join(_grid(kind, of_kind, as_of) for kind, of_kind in by_kind.items())


def _grid(kind: str, cells: "list[Cell]", as_of: str) -> str:
    last = max(c.month for c in cells if c.is_last or c.state != "stray")
    months = sorted({c.month for c in cells if c.month <= last})[-MONTHS_SHOWN:]
    if len(months) < 2:
        return ""
    rows: dict[str, dict[dt.date, Cell]] = defaultdict(dict)
    for cell in cells:
        if cell.month in months:
            rows[cell.provider_code][cell.month] = cell
    order = sorted(rows, key=lambda p: (-sum(c.is_marked for c in rows[p].values()), p))
    shown = sorted(order[:PROVIDERS_SHOWN])
    left = len(order) - len(shown)
    note = f", {len(shown)} of {len(order)} providers, the others in completeness.csv"
    heads = [f"{m:%b %y}" for m in months]
    return table(
        f"{kind}: rows by month, and as a share of expected, {as_of}{note if left else ''}",
        ["Provider", *heads],
        ([p, *(_cell(rows[p].get(m)) for m in months)] for p in shown),
    )


def _cell(cell: "Cell | None") -> Html:
    if cell is None:
        return Html('<span class="few">–</span>')
    sign = {"high": "▲"}.get(cell.state, "▼") if cell.is_marked else ""
    share = "" if cell.share is None else f"{cell.share:.0%}"
    under = f'<span class="few">{share}</span>' if share else ""
    if not sign:
        return Html(f"{cell.n_rows:,}{under}")
    seen = f'<span aria-hidden="true">{sign}</span>'
    heard = f'<span class="heard"> {escape(STATES[cell.state])}</span>'
    return Html(f'<strong class="mark">{cell.n_rows:,} {seen}{heard}</strong>{under}')
