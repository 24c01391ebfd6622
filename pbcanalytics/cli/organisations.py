"""Organisations over time: `pbc organisations`."""

import json
import sys
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any, Final

import typer
from rich import box
from rich.table import Table as Grid
from rich.text import Text

from pbcanalytics.cli.console import DATA, Data, app, out


@app.command()
def organisations(
    data: Data = DATA,
    day: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The day that is 'now'; otherwise the last day of the latest month of activity.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show mergers and memberships: each PCT and consortium as it was, and as it is now."""
    from pbcanalytics import pipeline

    found = pipeline.organisations(data, day=day.date() if day else None)
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        return
    _show(found)


_VIEWS: Final = ("as_was", "as_now")
_NUMBERS: Final = {
    "n_practices": ("practices", 4),
    "n_activity": ("activity", 8),
    "pence": ("£", 10),
}


def _show(found: dict[str, Any]) -> None:
    out.print(f"Activity as it was, and by the organisations of {found['day']}.")
    for name, rows in groupby(found["groups"], key=_name):
        out.print(_grid(name, list(rows)))
    was, now = (found["totals"][f"activity_{view}"] for view in _VIEWS)
    out.print(
        f"All rows and price years: {was['n_rows']:,} and £{was['pence'] / 100:,.2f} as it was, "
        f"{now['n_rows']:,} and £{now['pence'] / 100:,.2f} as it is now: "
        + ("equal, and equal to what was priced." if found["is_equal"] else "NOT equal.")
    )
    if not found["faults"]:
        out.print("The registers have no fault.")
    for fault in found["faults"]:
        out.print(f"- {fault['sentence']}", markup=False)


def _grid(name: str, rows: list[dict[str, Any]]) -> Grid:
    grid = Grid(title=Text(name, "bold"), title_justify="left", box=box.SIMPLE)
    grid.add_column("year", min_width=7)
    for title, width in _NUMBERS.values():
        for said in (f"{title} was", "now"):
            grid.add_column(said, justify="right", min_width=width)
    for row in rows:
        counts = [f"{row[m][v]:,}" for m in ("n_practices", "n_activity") for v in _VIEWS]
        pounds = [f"{row['pence'][v] / 100:,.0f}" for v in _VIEWS]
        grid.add_row(row["financial_year"] or "no date", *counts, *pounds)
    return grid


def _name(row: dict[str, Any]) -> str:
    """Name a PCT and consortium; a practice outside all is not one of which nothing is known."""
    if row["consortium_code"] is None:
        return "Practice not recorded, or in no register"
    pct = f"{row['pct_code'] or 'PCT not known'} {row['pct_name'] or ''}".strip()
    if row["consortium_code"] == "":
        return f"{pct}: no consortium"
    return f"{pct}: {row['consortium_code']} {row['consortium_name'] or ''}".strip()
