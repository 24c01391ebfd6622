"""All hospitals together: a small chart for each mechanism, before anything is taken off."""

import datetime as dt
from html import escape
from typing import Any, Final

from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.pages.coding import creep_words as words
from pbcanalytics.faces.pages.coding.creep_view import CLASSES, CreepView
from pbcanalytics.faces.pages.coding.shared_lines import SharedPeriod, shared_line

FEWEST: Final = 5
"""With fewer hospitals nothing that they share is taken off anywhere, and no range is told."""

_GRID: Final = (
    "display:grid;grid-template-columns:repeat(auto-fill,minmax(min(300px,100%),1fr));"
    "gap:8px 24px;margin:8px 0"
)


def shared(v: CreepView) -> str | None:
    """Make the section: a sentence, a chart for each mechanism, its table and download."""
    if not v.national:
        return None
    charts = "".join(_chart(v, name) for name in v.national)
    return (
        f"<p>{escape(lead(v))}</p>"
        f'<div style="{_GRID}">{charts}</div>'
        + cards.note(_notes(v))
        + cards.folded("The same as a table", _table(v))
    )


def lead(v: CreepView) -> str:
    """Say what the dear classes did at all hospitals together, and what that can mean."""
    name = CLASSES if CLASSES in v.national else next(iter(v.national))
    year = v.national[name][-1]
    what = "Dear classes for patients no more ill" if name == CLASSES else words.mechanism(name)
    said = (
        f"{what}: {_moved(year)} in the {_months(year)}, all hospitals together. One large "
        "hospital can move it; what all do alike, comparing hospitals cannot see."
    )
    n = year["n_providers"]
    if n >= FEWEST:
        return said
    held = words.counted(n, "hospital", "hospitals")
    return (
        f"{said} With only {held} followed nothing shared is taken off above either: the changes "
        "there hold it too. It is no figure of the nation."
    )


def _notes(v: CreepView) -> str:
    """Say what the charts are of."""
    said = (
        "Points against the first 24 months, which are nought; hospitals count by their spells. "
        "Season, new rules and shorter stays everywhere are in it: nothing is taken off."
    )
    if any(row["low_share"] is not None for rows in v.national.values() for row in rows):
        said += " Shade: 19 times in 20, from how the hospitals differ."
    return f"{said} What is followed at one hospital only is not drawn."


def _chart(v: CreepView, name: str) -> str:
    """Draw one mechanism, under its name and what it did of late."""
    rows = v.national[name]
    year = rows[-1]
    if rows[0]["n_months"] < year["n_months"]:
        rows = rows[:-1]
    held = words.counted(year["n_providers"], "hospital", "hospitals")
    said = f"{_moved(year)}, {_months(year)}; {held}"
    drawn = ""
    if len(rows) > 1:
        periods = [
            SharedPeriod(
                r["first_month"],
                100 * r["rise_share"],
                _points(r["low_share"]),
                _points(r["high_share"]),
            )
            for r in rows
        ]
        drawn = shared_line(periods, says=f"{words.mechanism(name)}: {said}")
    return (
        f'<figure style="margin:0"><figcaption><strong>{escape(words.mechanism(name))}'
        f"</strong><br>{escape(said)}</figcaption>{drawn}</figure>"
    )


def _table(v: CreepView) -> str:
    """Make the table twin: the latest year of each mechanism; every period in the download."""
    years = {name: rows[-1] for name, rows in v.national.items()}
    rows = [
        {
            "what": words.mechanism(name),
            "share": words.share_of(name),
            "rise": 100 * year["rise_share"],
            "range": _range(year),
            "n_providers": year["n_providers"],
        }
        for name, year in years.items()
    ]
    cells = [
        Cell("what", "What is looked at", is_number=False),
        Cell("share", "Share of", is_number=False),
        Cell("rise", "Rise, points", _signed),
        Cell("range", "19 times in 20", is_number=False),
        Cell("n_providers", "Hospitals"),
    ]
    months = _months(next(iter(years.values())))
    caption = f"All hospitals together, {months}, against the first 24 months"
    return cards.table(rows, cells, caption=caption) + cards.download(
        [row for rows in v.national.values() for row in rows],
        file="coding_changes_shared_by_all.csv",
        text="Download all months (CSV)",
        notes=[caption, lead(v)],
    )


def _moved(year: dict[str, Any]) -> str:
    """Say by how much a share moved, and whether that is more than chance."""
    points = _signed(100 * year["rise_share"])
    if year["low_share"] is None:
        return f"{points} points"
    chance = ", no more than chance" if year["low_share"] <= 0 <= year["high_share"] else ""
    return f"{points} points ({_range(year)}){chance}"


def _range(year: dict[str, Any]) -> str:
    if year["low_share"] is None:
        return f"needs {FEWEST} hospitals"
    return f"{_signed(100 * year['low_share'])} to {_signed(100 * year['high_share'])}"


def _months(year: dict[str, Any]) -> str:
    """Name the months of the latest year."""
    first = year["first_month"]
    at = first.year * 12 + first.month - 2 + year["n_months"]
    return f"year to {words.month(dt.date(at // 12, at % 12 + 1, 1))}"


def _points(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "−")
