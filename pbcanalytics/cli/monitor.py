"""The command that holds a year under way against its budgets, and says why it is off."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from pbcanalytics.cli.console import DATA, Data, app, out, progressing
from pbcanalytics.cli.keeping import keep

if TYPE_CHECKING:
    from pbcanalytics.pipeline.budgets.monitor import Monitored

WIDE: Final = 200


@app.command()
def monitor(
    year: Annotated[str, typer.Option(help="Budget year: 2018/19.")],
    data: Data = DATA,
    to: Annotated[
        str | None, typer.Option("--to", help="Look until the end of a month: 2018-11.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write practices, lines and months to this file.")
    ] = None,
    variance_csv: Annotated[
        Path | None, typer.Option(help="Write the parts of what is over profile to this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say where each budget stands so far, and why: list, volume, mix, price, what was allowed."""
    import pandas as pd

    from pbcanalytics.faces.sentences import monitor_tables as tables
    from pbcanalytics.pipeline.budgets.monitor import monitor as monitored

    with progressing("Holding the year against its budgets") as progress:
        progress("every practice, line and month", 0.1)
        found = monitored(data, year, to)
    kept = []
    for file, parts in (
        (csv, [tables.cell_table(now) for now, _ in found.pcts]),
        (variance_csv, [tables.variance_table(why) for _, why in found.pcts]),
    ):
        if file is not None and parts:
            keep(pd.concat(parts, ignore_index=True), file)
            kept.append(str(file))
    if as_json:
        told = {
            "financial_year": found.financial_year,
            "unset": found.unset,
            "without_activity": found.without_activity,
            "pcts": [
                tables.machine(now, why, found.names, found.other_versions.get(now.pct_code))
                for now, why in found.pcts
            ],
        }
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        return
    _say(found)
    for path in kept:
        out.print(f"Written to {path}.", markup=False)


def _say(found: "Monitored") -> None:
    from pbcanalytics.faces.sentences import monitor as words
    from pbcanalytics.faces.sentences import monitor_tables as tables

    for reason in found.unset:
        out.print(reason, markup=False)
    for pct_code in found.without_activity:
        out.print(words.nothing(pct_code, found.financial_year), markup=False)
    for now, why in found.pcts:
        versions = found.other_versions.get(now.pct_code)
        out.print(words.heading(now), markup=False)
        for sentence in words.sentences(
            now, why, found.names, is_other_version=versions is not None
        ):
            out.print(sentence, markup=False)
        _table(tables.NET_HEADS, tables.net_rows(now, found.names))
        _table(tables.PRACTICE_HEADS, tables.practice_rows(now, found.names), n_texts=2)
        _table(tables.WHY_HEADS, tables.why_rows(why, is_other_version=versions is not None))
        for note in words.notes(now, why, found.names, versions):
            out.print(note, markup=False)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], *, n_texts: int = 1) -> None:
    """Print a table; the first columns are texts, the others figures."""
    table = Table(*heads[:n_texts], box=None)
    for head in heads[n_texts:]:
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    # Into a file or a pipe nothing is cut off.
    (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(table)
