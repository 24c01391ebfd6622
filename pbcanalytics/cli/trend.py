"""The command that charts series of months and says what comes next: `pbc trend`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from pbcanalytics.cli.console import app, out
from pbcanalytics.cli.keeping import keep

_WIDE: Final = 200


@app.command()
def trend(
    file: Annotated[
        Path, typer.Argument(help="Series, month, value: CSV or Excel; or month, value alone.")
    ],
    preset: Annotated[
        str, typer.Option(help="Rule set: nhsr_0_2_2, nhsei_sql_2020 or mdc_excel_2023.")
    ] = "nhsr_0_2_2",
    run: Annotated[
        int | None, typer.Option(help="Points of a shift and a trend, 6 or 7: mdc_excel_2023 only.")
    ] = None,
    rebase: Annotated[
        list[str] | None,
        typer.Option(
            help='Start limits anew: "2018-04: new pathway", for one series "X, 2018-04: …".'
        ),
    ] = None,
    fix: Annotated[
        int | None, typer.Option(help="Limits rest on the first so many points, 12 or more.")
    ] = None,
    direction: Annotated[
        str, typer.Option(help="Which way is good: increase, decrease or none.")
    ] = "none",
    target: Annotated[float | None, typer.Option(help="Needs a direction.")] = None,
    horizon: Annotated[int, typer.Option(help="Months to forecast, 1 to 12.")] = 12,
    provisional: Annotated[
        int, typer.Option(min=0, help="So many last months are not complete and count for nothing.")
    ] = 0,
    csv: Annotated[Path | None, typer.Option(help="Write every point to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Chart series of months: what is unusual, what luck alone would show, and what comes next."""
    from pbcanalytics.demand.charting.presets import preset as chosen
    from pbcanalytics.demand.charting.trend import trend as charted
    from pbcanalytics.faces.sentences import trend as words
    from pbcanalytics.faces.sentences import trend_tables
    from pbcanalytics.pipeline.demand.series import read_series, rebasings

    rules, restarts = chosen(preset, run), rebasings(rebase or [])
    found = charted(
        read_series(file),
        preset=rules,
        direction=direction,
        target=target,
        rebasings=restarts,
        fix_after=fix,
        horizon=horizon,
        n_provisional=provisional,
    )
    if csv is not None:
        keep(trend_tables.table(found), csv)
    if as_json:
        told = json.dumps(trend_tables.machine(found), indent=2, ensure_ascii=False)
        sys.stdout.write(told + "\n")
        return
    for sentence in words.sentences(found):
        out.print(sentence, markup=False)
    _print(words.heads(found), words.rows(found), n_right=4)
    _print(words.FORECAST_HEADS, words.forecast_rows(found), n_right=5)
    for note in words.notes(found):
        out.print(note, markup=False)
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)


def _print(heads: tuple[str, ...], rows: list[tuple[str, ...]], n_right: int) -> None:
    """Print a table if it has rows; numbers to the right."""
    if not rows:
        return
    table = Table(box=None)
    for place, head in enumerate(heads):
        is_number = 1 <= place < n_right
        table.add_column(head, justify="right" if is_number else "left", no_wrap=is_number)
    for row in rows:
        table.add_row(*(text.replace("[", r"\[") for text in row))
    # Into a file or a pipe nothing is cut off.
    (out if out.is_terminal else Console(highlight=False, width=_WIDE)).print(table)
