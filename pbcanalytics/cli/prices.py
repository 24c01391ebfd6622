"""The commands that explain a price: of a spell that is held, or of one that is made up."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from pbcanalytics.cli.console import DATA, Data, app, out, progressing

if TYPE_CHECKING:
    from pbcanalytics.costing import Explained

Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@app.command()
def explain(
    spell: Annotated[str, typer.Argument(metavar="SPELL", help="Its key in priced_spells.")],
    data: Data = DATA,
    year: Annotated[str | None, typer.Option(help="At the prices of this year.")] = None,
    as_json: Json = False,
) -> None:
    """Explain the price of one spell, step by step, and the HRGs that were not paid."""
    from pbcanalytics import pipeline

    _show(pipeline.explain(data, spell, year), as_json)


@app.command()
def price(
    year: Annotated[str, typer.Option(help="Financial year of discharge: 2018/19.")],
    hrg: Annotated[str, typer.Option(help="HRG of the spell: HN12F.")],
    admission: Annotated[str, typer.Option(help="elective, daycase, emergency or other.")],
    los: Annotated[int, typer.Option(min=0, max=3000, help="Length of stay in days.")],
    data: Data = DATA,
    age: Annotated[int | None, typer.Option(min=0, max=120, help="Age at admission.")] = None,
    provider: Annotated[
        str | None, typer.Option(help="Provider; without it, before market forces factor.")
    ] = None,
    critical_care: Annotated[
        int, typer.Option("--critical-care", min=0, help="Days of the stay in critical care.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """Price a spell that you make up, and show the steps."""
    from pbcanalytics import pipeline

    explained = pipeline.price(
        data,
        year=year,
        hrg=hrg,
        admission=admission,
        los_days=los,
        age_years=age,
        provider=provider,
        critical_care_days=critical_care,
    )
    _show(explained, as_json)


@app.command()
def bridge(
    activity: Annotated[str, typer.Option(help="Year of the hospital stays: 2017/18.")],
    before: Annotated[str, typer.Option("--from", help="Year of prices and rules before.")],
    after: Annotated[str, typer.Option("--to", help="Year of prices and rules after.")],
    data: Data = DATA,
    before_reference: Annotated[
        Path | None, typer.Option("--from-reference", help="Folder of other reference data.")
    ] = None,
    after_reference: Annotated[
        Path | None, typer.Option("--to-reference", help="Folder of other reference data.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Price the same hospital stays twice, and say what moved the pounds."""
    from pbcanalytics import pipeline
    from pbcanalytics.faces.sentences import explanation

    with progressing("Pricing twice") as progress:
        progress("both years", 0.1)
        found = pipeline.bridge(
            data,
            activity_year=activity,
            before=before,
            after=after,
            before_reference=before_reference,
            after_reference=after_reference,
        )
    if as_json:
        told = json.dumps(dataclasses.asdict(found), indent=2, ensure_ascii=False)
        sys.stdout.write(told + "\n")
        return
    lines, rows = explanation.bridged(found)
    for line in lines:
        out.print(line, markup=False)
    table = Table("Kind of stay", "Because of", box=None)
    for head in ("Spells", "£"):
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(*row)
    out.print(table)


@app.command()
def hrgs(data: Data = DATA, as_json: Json = False) -> None:
    """Compare, over spells of several HRGs, the ways of choosing the one that is paid."""
    from pbcanalytics import pipeline
    from pbcanalytics.faces.sentences import explanation

    found = pipeline.strategies(data)
    if as_json:
        told = json.dumps([dataclasses.asdict(s) for s in found], indent=2)
        sys.stdout.write(told + "\n")
        return
    out.print(explanation.WAYS, markup=False)
    table = Table("Prices", "POD", box=None)
    for head in ("Spells", "Differ", "No price", "Dearest", "Procedure first", "Supplied"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in explanation.ways(found):
        table.add_row(*row)
    out.print(table)


@app.command()
def supplied(data: Data = DATA, as_json: Json = False) -> None:
    """Hold the prices that SUS supplied against ours, by the step that explains the difference."""
    from pbcanalytics import pipeline
    from pbcanalytics.faces.sentences import explanation

    found = pipeline.supplied(data)
    if as_json:
        sys.stdout.write(json.dumps([dataclasses.asdict(s) for s in found], indent=2) + "\n")
        return
    if not found:
        out.print("No prices were supplied: none of the spells that SUS priced is loaded.")
        return
    table = Table("Difference because of", box=None)
    for head in ("Spells", "Supplied", "Ours", "Difference"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in explanation.supplied(found):
        table.add_row(*row)
    out.print(table)
    out.print("Each spell is in the table supplied_prices, theirs beside ours.")


def _show(explained: "Explained", as_json: bool) -> None:
    from pbcanalytics.faces.sentences import explanation

    if as_json:
        told = json.dumps(dataclasses.asdict(explained), indent=2, ensure_ascii=False, default=str)
        sys.stdout.write(told + "\n")
        return
    for line in explanation.told(explained):
        out.print(line, markup=False)
