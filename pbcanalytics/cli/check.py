"""The command that looks over what is loaded, for a page to send back to the supplier."""

from pathlib import Path
from typing import Annotated

import typer

from pbcanalytics.cli.console import DATA, Data, app, out, progressing


@app.command()
def check(
    data: Data = DATA,
    provider: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only what this provider sent.")
    ] = None,
    supplier: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the files of this supplier.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Where to write; DIR/check if not said."),
    ] = None,
) -> None:
    """Look over what is loaded, and write a page that can be sent back to the supplier."""
    from pbcanalytics import pipeline

    with progressing("Checking") as progress:
        progress("reading what is loaded", 0.1)
        done = pipeline.check(data, provider, supplier, folder)
    for line in done.summary:
        out.print(line, markup=False)
    out.print(
        f"To print or send: {done.folder / 'check.html'}; the full lists are {len(done.files)} CSV "
        "files beside it.",
        markup=False,
    )
