"""As what a file is read: what the analyst says of it, the saved maps, the layouts."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from pbcanalytics.intake import pseudonyms
from pbcanalytics.intake.checking import Check
from pbcanalytics.intake.files.headings import Headless
from pbcanalytics.intake.files.reading import Reading
from pbcanalytics.intake.layouts import LAYOUTS
from pbcanalytics.intake.layouts.layout import Layout
from pbcanalytics.intake.layouts.recognising import recognise
from pbcanalytics.intake.maps import ImportMap
from pbcanalytics.intake.refreshing import Wish
from pbcanalytics.words.errors import ExtractError

HEADLESS: Final = tuple(Headless(a.headless_first, a.headless) for a in LAYOUTS if a.headless)
"""What files look like that bring no headings of their own."""


@dataclass(frozen=True)
class Wishes:
    """
    What the analyst says of files before they are loaded; all of it may be left out.

    Attributes
    ----------
    layout : str
        Name of the layout to read them as.
    supplier : str
        Who sent them; picks among the saved maps.
    submission : str
        `flex` (may still change) or `freeze` (the month is closed).
    year : str
        Financial year of files that do not say theirs.
    months : Wish
        Whether months held already are replaced, or the rows added to them.
    keeps_identifiers : bool
        Whether NHS numbers are kept in clear: for a practice's own patients only.
    """

    layout: str = ""
    supplier: str = ""
    submission: str = ""
    year: str = ""
    months: Wish = ""
    keeps_identifiers: bool = False


def layout_of(
    con: duckdb.DuckDBPyConnection,
    name: str,
    reading: Reading,
    wishes: Wishes,
    maps: Sequence[ImportMap],
) -> Layout:
    """
    Find the layout of a file, saved maps first, with what the analyst says of it.

    Raises
    ------
    ExtractError
        If none fits, or several; or if maps fit, but none of them for the time of the activity.
    """
    given = {"financial_year": wishes.year} if wishes.year else {}
    known = [*_valid(con, name, reading, maps, wishes), *LAYOUTS]
    layout = recognise(
        name, reading.headings, [a.given(given) for a in known], wanted=wishes.layout
    )
    return replace(layout, supplier=wishes.supplier or layout.supplier)


def _valid(
    con: duckdb.DuckDBPyConnection,
    name: str,
    reading: Reading,
    maps: Sequence[ImportMap],
    wishes: Wishes,
) -> list[Layout]:
    """Give the layouts of the maps that fit a file and hold for its latest activity."""
    fitting = [
        (m, layout)
        for m in maps
        if m.fits(reading.headings, wishes.supplier)
        and (layout := m.applied())
        and not layout.missing(reading.headings)
        and wishes.layout in ("", layout.name)
    ]
    latest = {m.name: _latest(con, layout, reading) for m, layout in fitting}
    valid = [layout for m, layout in fitting if m.holds_on(latest[m.name])]
    if fitting and not valid:
        said = "; ".join(
            f"{m.name} ({m.valid_from or 'the beginning'} to {m.valid_to or 'now'})"
            for m, _ in fitting
        )
        day = max(latest.values())
        raise ExtractError(
            f"{name} has the headings of saved import maps, but none holds for its latest "
            f"activity, {day.day} {day:%B %Y}: {said}. Nothing of it was loaded. Save a map for "
            "that time with 'pbc map'."
        )
    return valid


def _latest(con: duckdb.DuckDBPyConnection, layout: Layout, reading: Reading) -> dt.date:
    """Give the last month of a file's activity; today for a register."""
    today = dt.datetime.now(dt.UTC).date()
    if not layout.month:
        return today
    if layout.tells_who:
        pseudonyms.prepare(con)
    check = Check(layout, reading.headings)
    found = con.execute(
        f"SELECT max({layout.month}) FROM ({check.checked(reading.relation)}) WHERE faults = 0"
    ).fetchone()
    month: dt.date | None = found[0] if found else None
    return month or today
