"""Prices of a year from the official workbook: `pbc tariff import`."""

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich import box
from rich.table import Table as Grid
from rich.text import Text

from pbcanalytics.cli.console import DATA, Data, out
from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError

if TYPE_CHECKING:
    from pbcanalytics.reference.importing import Changes, Draft, Reading, Table

tariff = typer.Typer(no_args_is_help=True, help="Prices of a year: import the official workbook.")

CHANGES_FOLDER: Final = "reference-changes"
"""Beside `reference`, so that a list of differences is never taken for a price table."""

_NEEDED: Final = ("tariff", "mff", "outpatient", "emergency")
_STATUSES: Final = ("official", "unverified")
_BECAME: Final = {
    "combined_pence": "day case and elective",
    "short_stay_applies": "where a short stay price applies",
}
_UNUSED_SHOWN: Final = 12


@tariff.callback()
def _group() -> None:
    """Prices of a year: import the official workbook."""


@tariff.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A workbook (.xlsx), or CSV.")],
    year: Annotated[str, typer.Option("--year", help="The financial year, such as 2018/19.")],
    data: Data = DATA,
    status: Annotated[
        str,
        typer.Option(help="'official' if the file is the publisher's own; or 'unverified'."),
    ] = "unverified",
    sheet: Annotated[
        list[str] | None, typer.Option("--sheet", help="Look at this sheet only; may be repeated.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Replace your own record unasked.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show all of it, write none.")] = False,
) -> None:
    """Take the prices of a year from the official workbook into your reference data."""
    from pbcanalytics.reference import Shelf, importing

    if status not in _STATUSES:
        raise SelectionError(
            f"'{status}' is no status that prices can be imported with. Choose 'official' if the "
            "file is from the publisher, otherwise 'unverified'."
        )
    own = data / "reference"
    held = Shelf.open(own)
    reading = importing.read(file, year, only=sheet or ())
    _show_match(reading)
    made = importing.draft(reading, held, own, status=status, today=dt.date.today())
    changes = importing.all_changes(importing.drafted(made), held, reading.financial_year)
    for found in changes.values():
        for one in found:
            _show_changes(one)
    if importing.is_held_as_is(made, own):
        out.print(f"{file.name} was imported before with these values; nothing changed.")
        _show_next(made, data)
        return
    if dry_run:
        out.print("Nothing was written, as asked with --dry-run.")
        return
    if not _may_replace(made, own, yes):
        out.print("Nothing was written.")
        return
    lists = {
        f"{subject}-{periods.in_file_name(reading.financial_year)}-since-"
        f"{periods.in_file_name(one.before)}.csv": importing.as_csv(one)
        for subject, found in changes.items()
        for one in found
        if one.before != one.after
    }
    written = importing.write(made, own, lists, data / CHANGES_FOLDER)
    out.print(f"Written: {', '.join(p.relative_to(data).as_posix() for p in written)}")
    _show_next(made, data)


def _may_replace(made: "Draft", own: Path, yes: bool) -> bool:
    from pbcanalytics.reference import importing

    theirs = importing.replaced(made, own)
    if not theirs or yes:
        return True
    if not sys.stdin.isatty():
        raise SelectionError(
            f"Your own record holds {', '.join(theirs)} already, so nothing was written. Look at "
            "the differences above, and add --yes to replace it."
        )
    return typer.confirm(f"Replace your own {', '.join(theirs)}?")


def _show_match(reading: "Reading") -> None:
    grid = _grid(f"Sheets of {reading.file}, for {reading.financial_year}", "sheet", "used as")
    for name, verdict in reading.sheets:
        _add(grid, name, verdict)
    out.print(grid)
    for table in reading.tables.values():
        _show_table(table)


def _show_table(table: "Table") -> None:
    match = table.match
    title = f"{match.subject.title}: sheet '{match.sheet.name}', headings on line"
    grid = _grid(f"{title} {match.heading_line}", "heading", "became")
    for column, heading in match.headings.items():
        _add(grid, heading, _BECAME.get(column, _name(column)))
    for heading, reason in match.ignored:
        _add(grid, heading, f"not used: {reason}")
    out.print(grid)
    for heading in match.missing:
        _say(f"  Missing, and left blank: a heading such as '{heading}'.")
    _say(
        f"  {table.rows:,} rows: {table.used:,} used, {table.repeated:,} said twice the same, "
        f"{len(table.unused):,} not used."
    )
    for row in table.unused[:_UNUSED_SHOWN]:
        _say(f"    line {row.line}: {row.reason} ({row.said})")
    if len(table.unused) > _UNUSED_SHOWN:
        last = table.unused[_UNUSED_SHOWN:]
        _say(f"    and on the lines {', '.join(str(r.line) for r in last)}: no codes either")
    if table.rounded:
        _say(f"  {table.rounded:,} values had smaller parts than are held, and were rounded.")
    if table.unstated:
        _say(f"  {table.unstated:,} rows are flagged for a short stay price, and none is given.")


def _show_changes(changes: "Changes") -> None:
    if changes.before == changes.after:
        versus = f"the {changes.before} held so far"
    else:
        versus = changes.before
    if changes.is_none:
        _say(f"Against {versus}, {changes.subject}: no difference.")
        return
    grid = _grid(
        f"Against {versus}, {changes.subject}: {len(changes.new_codes):,} codes new, "
        f"{len(changes.gone_codes):,} gone",
        *("value", "compared", "changed", "median change", "now given", "given no more"),
    )
    for row in changes.columns.itertuples(index=False):
        counts = [_figure(v) for v in (*row[1:3], *row[4:])]
        _add(grid, _name(row[0]), *counts[:2], _percent(row[3]), *counts[2:])
    out.print(grid)
    if not changes.largest.empty:
        grid = _grid("Largest changes", "code", "value", "before", "after", "change")
        for cell in changes.largest.itertuples(index=False):
            moved = (_said(cell[1], cell[3]), _said(cell[1], cell[4]))
            _add(grid, str(cell[0]), _name(cell[1]), *moved, _percent(cell[5]))
        out.print(grid)
    if changes.is_other_version:
        _say(
            f"  Only {_percent(changes.roots_kept_share).lstrip('+')} of the HRG roots of "
            f"{changes.before} are there: this is probably another version of the HRGs, and "
            "activity coded in one cannot be priced with the other."
        )


def _show_next(made: "Draft", data: Path) -> None:
    year = made.reading.financial_year
    stem = periods.in_file_name(year)
    missing = [
        s for s in _NEEDED if s not in made.reading.tables and year not in made.shelf.years(s)
    ]
    if missing:
        files = ", ".join(f"{data.as_posix()}/reference/{s}/{stem}.csv" for s in missing)
        stops = "" if "tariff" in missing else ", and pbc build stops"
        _say(
            f"Next: activity of {year} cannot be priced{stops} until these are there as well: "
            f"{files}, each with its .yaml. Import a file that holds them, or see "
            "docs/reference-data.md."
        )
        return
    for subject in _NEEDED:
        if (
            subject not in made.reading.tables
            and "example" in made.shelf.record(subject, year).statuses
        ):
            _say(f"Note: the {subject} values of {year} are invented examples; the file has none.")
    _say(f"Next: pbc build --data {data}")


def _grid(title: str, *columns: str) -> Grid:
    grid = Grid(title=Text(title), box=box.SIMPLE, title_justify="left")
    for column in columns:
        grid.add_column(column, overflow="fold")
    return grid


def _add(grid: Grid, *cells: str) -> None:
    grid.add_row(*(Text(c) for c in cells))


def _say(sentence: str) -> None:
    out.print(sentence, markup=False)


def _name(column: str) -> str:
    """Say a column without its unit: "day case"."""
    return column.removesuffix("_pence").removesuffix("_share").replace("_", " ")


def _said(column: str, value: str) -> str:
    return f"£{int(value) / 100:,.2f}" if column.endswith("_pence") else value


def _figure(value: Any) -> str:
    return f"{value:,}"


def _percent(share: float | None) -> str:
    has_none = share is None or share != share
    return "" if has_none else f"{100 * share:+.1f}%"  # type: ignore[operator]
