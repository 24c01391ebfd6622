"""The command for the incentive scheme: what its two parts pay for a list."""

import json
import sys
from typing import Annotated

import typer

from pbcanalytics.cli.console import DATA, Data, app, out


@app.command()
def incentive(
    year: Annotated[str, typer.Option(help="Year of the scheme: 2006/07.")],
    patients: Annotated[int, typer.Option(min=0, help="Registered on the day of the list.")],
    data: Data = DATA,
    share: Annotated[
        str | None, typer.Option(help="Share of the saving in pounds, if it is known.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(help="Pence per patient, instead of the national rates.")
    ] = None,
    held: Annotated[
        str | None, typer.Option(help="Share of component 1 that is held for invoices: 0.25.")
    ] = None,
    met: Annotated[
        bool, typer.Option("--met/--not-met", help="Whether objectives are met.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say what an incentive scheme pays for a list, and how it goes with the share of a saving."""
    from pbcanalytics.faces.sentences import incentive as words
    from pbcanalytics.pipeline.budgets.savings import incentive_scheme

    national = incentive_scheme(data, year)
    found = words.incentive(
        national,
        year,
        n_patients=patients,
        rate=rate,
        share=share,
        held=held,
        objectives_met=met,
    )
    if as_json:
        told = {
            "component_1_pence": found.component_1_pence,
            "component_2_pence": found.component_2_pence,
            "second_payment_pence": found.second.pence,
            "top_up_pence": found.second.top_up_pence,
            "certain_pence": found.second.at_least_pence,
            "paid_pence": found.paid_pence,
            "held_pence": found.held_pence,
            "national_component_1_pence": found.national_pence,
        }
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    for line in words.told(found, national):
        out.print(line, markup=False)
