"""The command for savings: net positions, what may be claimed, and what chance would be paid."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from pbcanalytics.cli.console import DATA, Data, app, out, progressing
from pbcanalytics.cli.keeping import keep

if TYPE_CHECKING:
    from pbcanalytics.pipeline.savings import Found


@app.command()
def savings(
    year: Annotated[str, typer.Option(help="Budget year: 2018/19.")],
    data: Data = DATA,
    months: Annotated[
        bool, typer.Option("--months", help="Also the chance of a share as each month saw it.")
    ] = False,
    csv: Annotated[Path | None, typer.Option(help="Write the table to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say what each consortium has saved, what may be claimed, and what chance would be paid."""
    from pbcanalytics.pipeline.savings import savings as found_savings

    with progressing("Reckoning the savings") as progress:
        progress("every group", 0.1)
        found = found_savings(data, year)
    if csv is not None and found.pcts:
        import pandas as pd

        from pbcanalytics.faces import savings_tables as tables

        keep(pd.concat([tables.flat(s, found.names) for s in found.pcts]), csv)
    if as_json:
        sys.stdout.write(json.dumps(_for_machines(found), indent=2) + "\n")
        return
    _say(found, months=months)
    if csv is not None:
        written = f"Written to {csv}." if found.pcts else f"Nothing was written to {csv}."
        out.print(written, markup=False)


def _say(found: "Found", *, months: bool) -> None:
    from pbcanalytics.faces import savings as words

    for reason in found.unset:
        out.print(reason, markup=False)
    for pct_code in found.without_activity:
        out.print(
            f"{pct_code} has budgets of {found.financial_year} and no priced activity of that "
            "year, so nothing can be said of savings yet. Load the activity of the year, then run "
            "'pbc build'.",
            markup=False,
        )
    for year in found.pcts:
        out.print(words.heading(year), markup=False)
        _table(words.NET_HEADS, words.net_rows(year, found.names))
        out.print(words.share_line(found.rules, found.financial_year), markup=False)
        _table(words.CLAIM_HEADS, words.claim_rows(year, found.names))
        out.print(words.noise_line(found.rule.practice_share, found.terms), markup=False)
        _table(words.CHANCE_HEADS, words.chance_rows(year, found.names))
        if months:
            out.print("What each month foresaw, by its own activity:", markup=False)
            _table(words.MONTH_HEADS, words.month_rows(year, found.names))
        for note in words.notes(year, found.names):
            out.print(note, markup=False)
    if found.unmatched:
        out.print(
            f"Something is recorded for {', '.join(found.unmatched)}, which is no consortium, nor "
            f"a practice outside all, of {found.financial_year}: it is not used. Correct the codes "
            "in reference/savings.",
            markup=False,
        )


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(heads[0], box=None)
    for head in heads[1:]:
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(*row)
    if rows:
        out.print(table)


def _for_machines(found: "Found") -> dict[str, object]:
    from pbcanalytics.faces import savings_tables as tables

    return {
        "financial_year": found.financial_year,
        "unset": found.unset,
        "without_activity": found.without_activity,
        "unmatched": found.unmatched,
        "rules": found.rules,
        "noise_terms": vars(found.terms),
        "pcts": [
            {
                "pct_code": year.pct_code,
                "n_months": year.n_months,
                "empty_months": [m.isoformat() for m in year.empty_months],
                "n_activity": year.n_activity,
                "n_priced": year.n_priced,
                "whole": vars(year.whole),
                "silent": year.silent,
                "left_out_pence": year.left_out_pence,
                "groups": json.loads(tables.flat(year, found.names).to_json(orient="records")),
                "months": json.loads(tables.months_flat(year).to_json(orient="records")),
            }
            for year in found.pcts
        ],
    }
