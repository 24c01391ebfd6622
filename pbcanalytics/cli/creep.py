"""The command that tells code creep from sicker patients and from better recording."""

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from pbcanalytics.cli.console import DATA, Data, app, out, progressing
from pbcanalytics.cli.keeping import keep

WIDE: Final = 200


@app.command()
def creep(
    data: Data = DATA,
    provider: Annotated[
        str | None, typer.Option(help="Give the signals of one provider: its code.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the signals to this file.")] = None,
    validation: Annotated[
        Path | None,
        typer.Option(help="Write the spells most worth a look to this file. It names no patients."),
    ] = None,
    grouper: Annotated[
        list[str] | None,
        typer.Option(
            "--grouper-change",
            help="A month from which another grouper holds: 2018-04.",
        ),
    ] = None,
    pairs: Annotated[
        bool,
        typer.Option(
            "--pairs",
            help="Write which HRGs of v3.5 belong together into a table to edit, and stop.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Ask where dear HRGs rose without sicker patients or better recording, and what that costs."""
    if pairs:
        _write_pairs(data)
        return
    from pbcanalytics.faces.sentences import creep as words
    from pbcanalytics.pipeline.coding.creep import find_creep

    with progressing("Following the shares of dear classes") as progress:
        progress("every provider and root", 0.1)
        found = find_creep(data, provider, grouper or ())
    if csv is not None:
        keep(words.table(found), csv)
    if validation is not None:
        keep(found.spells, validation)
    if as_json:
        sys.stdout.write(json.dumps(words.machine(found), indent=2, ensure_ascii=False) + "\n")
        return
    for sentence in words.sentences(found):
        out.print(sentence, markup=False)
    if len(found.signals):
        table = Table(*words.HEADS[:5], box=None)
        for head in words.HEADS[5:]:
            table.add_column(head, justify="right", no_wrap=True)
        for row in words.rows(found):
            table.add_row(*row)
        # Into a file or a pipe nothing is cut off.
        (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(table)
    for note in words.notes(found):
        out.print(note, markup=False)
    for path in (csv, validation):
        if path is not None:
            out.print(f"Written to {path}.", markup=False)


def _write_pairs(data: Path) -> None:
    """Write the table of HRGs that belong together, and say what to do with it."""
    from pbcanalytics.faces.sentences.creep_pairs import written
    from pbcanalytics.pipeline.coding.pairs import write_pairs

    for sentence in written(*write_pairs(data)):
        out.print(sentence, markup=False)
