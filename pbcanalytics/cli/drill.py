"""The command that opens a budget: its walk, and behind any step the rows that it rests on."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from pbcanalytics.cli.console import DATA, Data, app, out, progressing
from pbcanalytics.cli.keeping import keep

WIDE: Final = 240


@app.command()
def budget(
    year: Annotated[str, typer.Argument(help="Budget year: 2018/19.", show_default=False)],
    data: Data = DATA,
    practice: Annotated[str | None, typer.Option(help="Of this practice only: X80001.")] = None,
    line: Annotated[str | None, typer.Option(help="Of this line only: NEL.")] = None,
    step: Annotated[
        str | None,
        typer.Option(
            help="Open a step down to its rows: activity, list_change, growth, uplift, adjustment, "
            "scope, affordability or fair_share."
        ),
    ] = None,
    pct: Annotated[
        str | None, typer.Option(help="Whose, if more than one PCT has budgets.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all rows to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Open the budgets of a year: every step of every practice, and the rows behind each step."""
    if step is None:
        _walk(data, year, {"pct": pct, "practice": practice, "line": line}, csv, as_json=as_json)
    else:
        asked = {"pct": pct, "practice": practice, "line": line}
        _step(data, year, step, asked, csv, as_json=as_json)


def _walk(
    data: Path, year: str, asked: dict[str, str | None], csv: Path | None, *, as_json: bool
) -> None:
    """Show the walk of every practice, or of one by its lines."""
    from pbcanalytics.faces.sentences import drill as words
    from pbcanalytics.pipeline.budgets.drill import open_budget

    with progressing("Opening the budgets") as progress:
        progress("every step", 0.1)
        opened = open_budget(data, year, **asked)
    if csv is not None:
        keep(words.walk_table(opened), csv)
    if as_json:
        _write(words.walk_machine(opened))
        return
    out.print(words.title(opened), markup=False)
    heads, rows = words.walk(opened)
    _table(heads, rows, n_texts=1)
    for note in words.notes(opened):
        out.print(note, markup=False)
    _written(csv)


def _step(
    data: Path,
    year: str,
    step: str,
    asked: dict[str, str | None],
    csv: Path | None,
    *,
    as_json: bool,
) -> None:
    """Show a step, its formula, and the first of the rows behind it."""
    from pbcanalytics.faces.sentences import drill as walk_words
    from pbcanalytics.faces.sentences import drill_steps as words
    from pbcanalytics.pipeline.budgets.drill import drill

    with progressing("Opening the step") as progress:
        progress("down to its rows", 0.1)
        drilled = drill(data, year, step, **asked)
    if csv is not None:
        keep(words.table(drilled), csv)
    if as_json:
        _write(words.machine(drilled))
        return
    out.print(walk_words.title(drilled.opened), markup=False)
    out.print(words.step_title(drilled), markup=False)
    for sentence in words.formulas(drilled):
        out.print(f"  {sentence}", markup=False)
    heads, rows = words.shown(drilled)
    if rows:
        _table(heads, rows, n_texts=len(heads))
    for sentence in words.accounts(drilled):
        out.print(sentence, markup=False)
    _written(csv)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], *, n_texts: int) -> None:
    """Print a table; into a file or a pipe nothing of it is cut off."""
    table = Table(*heads[:n_texts], box=None)
    for head in heads[n_texts:]:
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(table)


def _write(told: Any) -> None:
    """Write JSON."""
    sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _written(csv: Path | None) -> None:
    """Say where the rows were written."""
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)
