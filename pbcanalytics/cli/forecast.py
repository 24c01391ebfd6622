"""The command that says what will probably be asked of hospitals, and what such forecasts were."""

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
def forecast(
    measure: Annotated[str, typer.Argument(help="A measure of events: gp_referrals.")],
    data: Data = DATA,
    practice: Annotated[str | None, typer.Option(help="Of this practice, by its parts.")] = None,
    specialty: Annotated[str | None, typer.Option(help="Of this specialty: 110.")] = None,
    months: Annotated[int, typer.Option(help="Months ahead, 1 to 12.")] = 12,
    csv: Annotated[Path | None, typer.Option(help="Write every month to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Forecast a measure by practice, specialty and source; all sums agree. With its back-test."""
    from pbcanalytics.faces.sentences import forecast as words
    from pbcanalytics.pipeline.demand.foreseen import foresee

    with progressing("Forecasting") as progress:
        progress("what practices share, and each one's level", 0.1)
        of = foresee(data, measure, practice=practice, specialty=specialty, months=months)
    found = of.found
    which = words.shown(found, of.practice, of.specialty)
    if csv is not None:
        keep(words.table(found, which), csv)
    if as_json:
        told = words.machine(found, of.last, of.practice, of.specialty)
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        return
    for sentence in words.sentences(found, of.last, of.practice, of.specialty):
        out.print(sentence, markup=False)
    _show(words.HEADS, words.rows(found, which, of.specialties), n_texts=3)
    record = [tuple(r.values()) for r in words.record_rows(found.record.to_dict("records"))]
    if record:
        _show(words.RECORD, record, n_texts=1)
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)


def _show(heads: tuple[str, ...], rows: list[tuple[str, ...]], *, n_texts: int) -> None:
    """Print a table; into a file or a pipe nothing of it is cut off."""
    made = Table(*heads[:n_texts], box=None)
    for head in heads[n_texts:]:
        made.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        made.add_row(*row)
    (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(made)
