"""The commands for schemes of demand management: what could be seen, and whether they worked."""

import datetime as dt
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

Csv = Annotated[Path | None, typer.Option(help="Write the table to this file.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@app.command()
def schemes(data: Data = DATA) -> None:
    """List the schemes that are registered, after checking that every document holds."""
    from pbcanalytics.faces.sentences import schemes as words
    from pbcanalytics.pipeline.demand.schemes import held_schemes

    found = held_schemes(data)
    if not found:
        folder = data / "reference" / "schemes"
        out.print(
            f"No scheme is registered. Write one to {folder} (docs/schemes.md); 'pbc scheme-plan' "
            "says first what its evaluation could see.",
            markup=False,
        )
        return
    table = Table(*words.HEADS, box=None)
    for row in words.listed(found):
        table.add_row(*row)
    # Into a file or a pipe nothing is cut off.
    (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(table)


@app.command()
def scheme(
    name: Annotated[str, typer.Argument(help="As its document is called, without .yaml.")],
    data: Data = DATA,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Look at nothing after a month: 2018-11.")
    ] = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """Say whether a scheme changed demand, beside practices without it and beside placebos."""
    from pbcanalytics.faces.sentences import schemes as words
    from pbcanalytics.pipeline.demand.schemes import judged_scheme

    with progressing("Evaluating") as progress:
        progress("its practices and the others", 0.1)
        found = judged_scheme(data, name, as_of)
    if csv is not None:
        keep(words.table(found), csv)
    if as_json:
        sys.stdout.write(json.dumps(words.machine(found), indent=2, ensure_ascii=False) + "\n")
        return
    for sentence in words.sentences(found):
        out.print(sentence, markup=False)
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)


@app.command("scheme-plan")
def scheme_plan(
    measure: Annotated[str, typer.Option(help="What it is to change: gp_referrals.")],
    practices: Annotated[str, typer.Option(help="Who is to take part: X80001,X80002.")],
    starts: Annotated[str, typer.Option(help="Month in which it is to begin: 2018-04.")],
    specialty: Annotated[str, typer.Option(help="Specialties: 110,330. All if none.")] = "",
    months: Annotated[int, typer.Option(help="For so long it is to be evaluated.")] = 12,
    hoped: Annotated[
        float | None, typer.Option(help="Effect hoped for: -0.1 for a tenth less.")
    ] = None,
    figures: Annotated[
        str, typer.Option(help="If chosen by their figures, those of 2017-04,2018-03.")
    ] = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Say, before a scheme is approved, the smallest effect that its evaluation could see."""
    from pbcanalytics.faces.sentences import schemes as words
    from pbcanalytics.pipeline.demand.schemes import plan_scheme

    with progressing("Planning") as progress:
        progress("how far practices move without a scheme", 0.1)
        plan, chosen, treated, controls = plan_scheme(
            data,
            measure=measure,
            practices=_listed(practices),
            starts=starts,
            specialties=_listed(specialty),
            months=months,
            hoped_share=hoped,
            figures=_listed(figures),
        )
    said = words.plan_sentences(
        plan,
        hoped_share=hoped,
        title=chosen.title,
        n_treated=len(treated),
        n_controls=len(controls),
        n_months=months,
        today=dt.date.today(),
        is_chosen_by_figures=bool(figures),
    )
    if as_json:
        told = words.plan_machine(plan, hoped, said)
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        return
    for sentence in said:
        out.print(sentence, markup=False)


def _listed(text: str) -> list[str]:
    """Read words with commas between."""
    return [word.strip() for word in text.split(",") if word.strip()]
