"""The command that says whose demand has moved, and what of it is new."""

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from pbcanalytics.cli.console import DATA, Data, app, out, progressing
from pbcanalytics.cli.keeping import keep

WIDE: Final = 220


@app.command()
def alerts(
    data: Data = DATA,
    measure: Annotated[str | None, typer.Option(help="Show alerts of this measure only.")] = None,
    practice: Annotated[str | None, typer.Option(help="Show alerts of this practice only.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Look at nothing after a month: 2018-11.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the alerts to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say whose demand has moved away from the other practices', since when and how far."""
    from pbcanalytics.faces.sentences import alerts as words
    from pbcanalytics.pipeline.demand.watching import watch_demand

    with progressing("Watching demand") as progress:
        progress("every measure, practice and specialty", 0.1)
        found = watch_demand(data, as_of=as_of, measure=measure, practice=practice)
    if csv is not None:
        keep(words.table(found.alerts, found.gone), csv)
    if as_json:
        told = words.machine(found.watch, found.alerts, found.gone, found.specialties)
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        return
    for sentence in words.sentences(found.watch, found.alerts, found.gone):
        out.print(sentence, markup=False)
    if len(found.alerts):
        table = Table(*words.HEADS[: words.N_TEXTS], box=None)
        for head in words.HEADS[words.N_TEXTS :]:
            table.add_column(head, justify="right", no_wrap=True)
        for row in words.rows(found.alerts, found.specialties):
            table.add_row(*row)
        # Into a file or a pipe nothing is cut off.
        (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(table)
    for note in words.NOTES:
        out.print(note, markup=False)
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)
