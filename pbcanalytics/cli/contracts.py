"""The command for contracts: what their rules do to a year's activity."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pbcanalytics.cli.console import DATA, Data, app, out, progressing
from pbcanalytics.cli.keeping import keep


@app.command()
def contracts(
    year: Annotated[str, typer.Option(help="Financial year of the contracts: 2018/19.")],
    data: Data = DATA,
    csv: Annotated[Path | None, typer.Option(help="Write the table to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say what thresholds, readmissions and fixed parts do to each contract of a year."""
    from pbcanalytics import pipeline
    from pbcanalytics.faces.sentences import contracts as words

    with progressing("Reckoning the contracts") as progress:
        progress("every provider", 0.1)
        found = pipeline.contract_effects(data, year)
    if csv is not None:
        keep(found, csv)
    if as_json:
        sys.stdout.write(json.dumps(json.loads(found.to_json(orient="records")), indent=2) + "\n")
        return
    out.print(words.EFFECTS, markup=False)
    for row in words.contracts(found):
        table = Table(f"{row[0]} with {row[1]}", "", box=None)
        table.columns[1].justify = "right"
        for head, value in zip(words.HEADS[2:], row[2:], strict=True):
            table.add_row(head, value)
        out.print(table)
    for note in words.notes(found):
        out.print(note, markup=False)
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)
