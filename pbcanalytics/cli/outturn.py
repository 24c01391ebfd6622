"""The command that says in November what March will probably say."""

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
def outturn(
    year: Annotated[str, typer.Option(help="Financial year to forecast: 2018/19.")],
    data: Data = DATA,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="Take only what was known at the end of a month: 2018-11."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the table to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say what a year will probably come to, by practice, and how good such forecasts were."""
    import pandas as pd

    from pbcanalytics.faces.sentences import outturn as words
    from pbcanalytics.pipeline.budgets.outturn import forecast_outturn

    with progressing("Forecasting the year") as progress:
        progress("this year and those before it", 0.1)
        found = forecast_outturn(data, year, as_of)
    if csv is not None:
        parts = [words.table(one).assign(pct_code=pct_code) for pct_code, one in found]
        keep(pd.concat(parts, ignore_index=True), csv)
    if as_json:
        told = [{"pct_code": pct_code, **words.machine(one)} for pct_code, one in found]
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        return
    for pct_code, one in found:
        if len(found) > 1:
            out.print(f"PCT {pct_code}", markup=False)
        for sentence in words.sentences(one):
            out.print(sentence, markup=False)
        table = Table(*words.HEADS[:2], box=None)
        for head in words.HEADS[2:]:
            table.add_column(head, justify="right", no_wrap=True)
        for row in words.practices(one):
            table.add_row(*row)
        # Into a file or a pipe nothing is cut off.
        (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(table)
        for note in words.notes(one):
            out.print(note, markup=False)
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)
