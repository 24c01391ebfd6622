"""The command that counts the indicators of coding, and names those that cannot be counted."""

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
def indicators(
    data: Data = DATA,
    provider: Annotated[
        str | None, typer.Option(help="Give the indicators of one provider: its code.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the table to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """
    Count what may move with coding, a year against the year before, beside other providers.

    For analysts: small numbers are shown, in --csv and --json as well.
    """
    from pbcanalytics.faces.sentences import indicators as words
    from pbcanalytics.pipeline.coding.indicators import find_indicators

    with progressing("Counting the indicators of coding") as progress:
        progress("stays, attendances and referrals", 0.1)
        found = find_indicators(data, provider)
    if csv is not None:
        keep(words.table(found), csv)
    if as_json:
        sys.stdout.write(json.dumps(words.machine(found), indent=2, ensure_ascii=False) + "\n")
        return
    for sentence in words.sentences(found):
        out.print(sentence, markup=False)
    table = Table(*words.HEADS[: words.N_TEXTS], box=None)
    for head in words.HEADS[words.N_TEXTS : -1]:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column(words.HEADS[-1])
    for row in words.rows(found):
        table.add_row(*row)
    # Into a file or a pipe nothing is cut off.
    (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(table)
    for sentence in (*words.gaps(found), *words.notes(found)):
        out.print(sentence, markup=False)
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)
