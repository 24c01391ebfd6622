"""As what a file is read: what the analyst says of it, the saved maps, the layouts."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from pbcanalytics.intake import pseudonyms
from pbcanalytics.intake.checking import Check
from pbcanalytics.intake.files.headings import FirstLines
from pbcanalytics.intake.files.reading import Reading
from pbcanalytics.intake.layouts import LAYOUTS
from pbcanalytics.intake.layouts.layout import Layout, plain
from pbcanalytics.intake.layouts.recognising import Undecided, recognise
from pbcanalytics.intake.maps import ImportMap, alike, in_force
from pbcanalytics.intake.refreshing import Wish
from pbcanalytics.words.errors import ExtractError

FIRST_LINES: Final = tuple(
    FirstLines(
        a.headless_first,
        a.headless,
        tuple(
            tuple(map(plain, f.headings))
            for f in a.fields
            # The year may be said with --year instead.
            if f.required and f.column != "financial_year"
        ),
    )
    for a in LAYOUTS
)
"""How files without headings look, and files with lines of title above their headings."""


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

    Of the maps of one supplier and layout that hold for the activity, the one that began last
    counts; it must be the same for the first month of the file and for the last.

    Raises
    ------
    Undecided
        If several layouts fit, or the maps of several suppliers and none is named.
    ExtractError
        If none fits; if maps fit, but none of them for the time of the activity, or one for its
        first month and another for its last; if no map is saved of the supplier, but one that
        fits of a supplier with a similar name.
    """
    given = {"financial_year": wishes.year} if wishes.year else {}
    known = [a.given(given) for a in LAYOUTS]
    fitting = {
        m.name: (m, layout)
        for m in maps
        if m.fits(reading.headings, wishes.supplier)
        and (layout := m.applied().given(given))
        and not layout.missing(reading.headings)
        and wishes.layout in ("", layout.name)
    }
    mapped = [layout for _, layout in fitting.values()]
    _not_misspelt(name, reading, wishes, maps)
    layout = recognise(name, reading.headings, [*mapped, *known], wanted=wishes.layout)
    rivals = [m for m, _ in fitting.values() if m.layout == layout.name]
    if rivals:
        _one_supplier(name, rivals)
        chosen = _holding(con, name, reading, rivals, layout)
        return recognise(name, reading.headings, [fitting[chosen.name][1]])
    theirs = [m.supplier for m in maps if m.is_of(wishes.supplier)]
    return replace(layout, supplier=theirs[0] if theirs else wishes.supplier.strip())


def _not_misspelt(name: str, reading: Reading, wishes: Wishes, maps: Sequence[ImportMap]) -> None:
    """Refuse a supplier without a map if one that would fit is saved under a similar name."""
    near = alike(maps, wishes.supplier) if wishes.supplier.strip() else []
    meant = [
        m
        for m in maps
        if m.supplier in near
        and m.fits(reading.headings, m.supplier)
        and not m.applied().missing(reading.headings)
    ]
    if meant:
        names = " and ".join(dict.fromkeys(f"'{m.supplier}'" for m in meant))
        raise ExtractError(
            f"No import map is saved for the supplier '{wishes.supplier.strip()}', but for "
            f"{names}, so nothing of {name} was loaded. Write --supplier as it is saved; if it is "
            "another supplier, save a map for it with 'pbc map'."
        )


def _one_supplier(name: str, rivals: Sequence[ImportMap]) -> None:
    """Refuse to guess between suppliers that call things alike."""
    suppliers: list[str] = []
    for m in rivals:
        if not any(m.is_of(supplier) for supplier in suppliers):
            suppliers.append(m.supplier)
    if len(suppliers) > 1:
        raise Undecided(
            f"{name} has the headings of the import maps of more than one supplier: "
            f"{', '.join(suppliers)}. Nothing of it was loaded. Say whose it is with --supplier, "
            f'for example --supplier "{suppliers[0]}".',
            tuple(suppliers),
            "supplier",
        )


def _holding(
    con: duckdb.DuckDBPyConnection,
    name: str,
    reading: Reading,
    rivals: Sequence[ImportMap],
    layout: Layout,
) -> ImportMap:
    """Give the map that counts for the first and the last month of a file."""
    first, last = _months(con, layout, reading)
    at_first, at_last = in_force(rivals, first), in_force(rivals, last)
    if at_first is not None and at_first is at_last:
        return at_first
    if at_first is not None and at_last is not None:
        raise ExtractError(
            f"{name} holds activity from {_said(first)} to {_said(last)}, but the import map "
            f"{at_first.name} counts for its first month and {at_last.name} for its last; nothing "
            "of it was loaded. Split it where the second map begins and load the parts, or change "
            "the days of the maps with 'pbc map'."
        )
    which, day = ("latest", last) if at_last is None else ("earliest", first)
    said = "; ".join(f"{m.name} ({m.period})" for m in rivals)
    raise ExtractError(
        f"{name} has the headings of saved import maps, but none holds for its {which} "
        f"activity, {_said(day)}: {said}. Nothing of it was loaded. Save a map for "
        "that time with 'pbc map'."
    )


def _said(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def _months(
    con: duckdb.DuckDBPyConnection, layout: Layout, reading: Reading
) -> tuple[dt.date, dt.date]:
    """Give the first and the last month of a file's activity; today for a register."""
    today = dt.datetime.now(dt.UTC).date()
    if not layout.month:
        return today, today
    if layout.tells_who:
        pseudonyms.prepare(con)
    check = Check(layout, reading.headings)

    def ends(relation: str) -> tuple[dt.date | None, dt.date | None]:
        found = con.execute(
            f"SELECT min({layout.month}), max({layout.month}) FROM ({check.checked(relation)}) "
            "WHERE faults = 0"
        ).fetchone()
        return found or (None, None)

    try:
        first, last = ends(reading.relation)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        # Lines that are no rows: they are named when the file is loaded; here the others count.
        first, last = ends(reading.tolerant)
    return first or today, last or today
