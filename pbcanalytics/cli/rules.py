"""The command that shows the payment rules of a year."""

import dataclasses
import json
import sys
from typing import Annotated

import typer

from pbcanalytics.cli.console import DATA, Data, app, out


@app.command()
def rules(
    year: Annotated[str, typer.Option(help="Financial year: 2018/19.")],
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show every payment rule of a year: its value, how sure it is, and what you changed."""
    from pbcanalytics.faces.sentences import rules_in_force
    from pbcanalytics.pipeline.pricing.rules import rules as found_rules
    from pbcanalytics.words import periods

    found = found_rules(data, year)
    if as_json:
        listed = [dataclasses.asdict(rule) for rule in found]
        sys.stdout.write(json.dumps(listed, indent=2, ensure_ascii=False, default=str) + "\n")
        return
    for line in rules_in_force.told(periods.in_file_name(year).replace("-", "/"), found):
        out.print(line, markup=False)
