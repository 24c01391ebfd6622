"""The command that writes what one practice may have of what is published."""

from pathlib import Path
from typing import Annotated

import typer

from pbcanalytics.cli.console import DATA, Data, app, out


@app.command()
def share(
    practice: Annotated[str, typer.Argument(help="Code of the practice it is for: X80001.")],
    to: Annotated[Path, typer.Option("--to", help="A folder of its own, for that practice.")],
    data: Data = DATA,
) -> None:
    """
    Write a published folder for one practice: its own figures, its consortium's and its PCT's.

    Other practices are in it as letters in comparisons, and nowhere else.
    """
    from pbcanalytics.pipeline.sharing import share as shared

    rows = shared(data, practice, to)
    out.print(
        f"Written to {to} for {practice}: {sum(rows.values()):,} rows of {len(rows)} tables, other "
        f"practices as letters only. Open it with 'pbc dashboards --data {to}'.",
        markup=False,
    )
