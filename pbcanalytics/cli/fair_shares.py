"""Fair shares of a PCT's practices: `pbc fair-shares`."""

import json
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from pbcanalytics.cli.console import DATA, Data, app, out
from pbcanalytics.cli.keeping import keep
from pbcanalytics.words.errors import SelectionError

_WIDE: Final = 160


@app.command("fair-shares")
def fair_shares(
    year: Annotated[str, typer.Option(help="Budget year: 2018/19.")],
    data: Data = DATA,
    pct: Annotated[
        str | None, typer.Option(help="Whose practices, if more than one PCT is registered.")
    ] = None,
    weights: Annotated[
        str, typer.Option(help="'given': weighted lists as loaded; 'age': lists weighted by age.")
    ] = "given",
    service: Annotated[
        str, typer.Option(help="Of the lists given: all, general_acute, prescribing …")
    ] = "all",
    total: Annotated[
        str | None, typer.Option(help="Share out these pounds; budgets are left aside.")
    ] = None,
    grow_to: Annotated[
        str | None, typer.Option(help="Let the budgets grow to these pounds in all.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the table to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show each practice's fair share, how far its budget is from it, and what a year may move."""
    from pbcanalytics.faces.sentences import fair_shares as words
    from pbcanalytics.pipeline.budgets.fair_shares import shares_of

    found = shares_of(
        data,
        year,
        pct=pct,
        weights=weights,
        service=service,
        total_pence=_pence(total, "--total"),
        grow_to_pence=_pence(grow_to, "--grow-to"),
    )
    about = (found.pct_code, found.financial_year, found.basis, found.rules, found.shares)
    if csv is not None:
        keep(words.table(found.shares, found.moved), csv)
    if as_json:
        told = json.dumps(words.plain(*about, found.moved), indent=2, ensure_ascii=False)
        sys.stdout.write(told + "\n")
        return
    for line in words.told(*about):
        out.print(line, markup=False)
    heads = words.heads(found.moved)
    grid = Table(heads[0], box=None)
    for head in heads[1:]:
        grid.add_column(head, justify="right", no_wrap=True)
    for row in words.rows(found.shares, found.moved):
        grid.add_row(*row)
    (out if out.is_terminal else Console(highlight=False, width=_WIDE)).print(grid)
    if found.moved is not None:
        for line in words.stepped(found.rules, found.shares, found.moved):
            out.print(line, markup=False)
    for line in words.left_out(found.shares):
        out.print(line, markup=False)
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)


def _pence(pounds: str | None, option: str) -> int | None:
    """Read a sum of pounds to the penny."""
    if pounds is None:
        return None
    try:
        pence = Decimal(pounds.replace(",", "").replace("£", "").strip()) * 100
    except InvalidOperation:
        pence = Decimal("NaN")
    if not pence.is_finite() or pence <= 0 or pence != int(pence):
        raise SelectionError(
            f"'{pounds}' is no sum of pounds and whole pence above 0, so nothing was shared out. "
            f"Write it as in {option} 6900000 or {option} 6900000.50."
        )
    return int(pence)
