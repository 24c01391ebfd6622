"""The command that sets practices side by side."""

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
def compare(
    measure: Annotated[str, typer.Argument(help="A measure, as 'pbc measures' lists it.")],
    data: Data = DATA,
    specialty: Annotated[str, typer.Option(help="Of this specialty only: 110.")] = "ALL",
    csv: Annotated[Path | None, typer.Option(help="Write the comparison to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With peers and bands.")] = False,
) -> None:
    """
    Set practices side by side: which differ by more than chance, and than practices do anyway.

    For analysts: practices are named in full and nothing is withheld.
    """
    from pbcanalytics.faces.sentences import compare as words
    from pbcanalytics.pipeline.demand.comparing import compare_measure

    with progressing("Comparing") as progress:
        progress("the practices' latest twelve months", 0.1)
        found = compare_measure(data, measure, specialty)
    if csv is not None:
        keep(words.table(found), csv)
    if as_json:
        told = words.machine(found)
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        return
    for sentence in words.sentences(found):
        out.print(sentence, markup=False)
    table = Table(*words.HEADS[: words.N_TEXTS], box=None)
    for head in words.HEADS[words.N_TEXTS :]:
        table.add_column(head, justify="right", no_wrap=True)
    for row in words.rows(found):
        table.add_row(*row)
    # Into a file or a pipe nothing is cut off.
    (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(table)
    for note in words.NOTES:
        out.print(note, markup=False)
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)
