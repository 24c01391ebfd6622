"""The command for savings: net positions, what may be claimed, and what chance would be paid."""

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
    from pbcanalytics.pipeline.budgets.savings import Found

WIDE: Final = 220


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
    from pbcanalytics.pipeline.budgets.savings import savings as found_savings

    with progressing("Reckoning the savings") as progress:
        progress("every group", 0.1)
        found = found_savings(data, year)
    if csv is not None and found.pcts:
        _keep(found, csv)
    if as_json:
        sys.stdout.write(json.dumps(_for_machines(found), indent=2) + "\n")
        return
    _say(found, months=months)
    if csv is not None:
        written = f"Written to {csv}" if found.pcts else f"Nothing was written to {csv}"
        beside = f", and by month to {_beside(csv, 'by-month')}" if found.pcts else ""
        out.print(f"{written}{beside}.", markup=False)


def _keep(found: "Found", csv: Path) -> None:
    """Write the groups to a file, what each month foresaw and the scheme to files beside it."""
    import pandas as pd

    from pbcanalytics.faces.sentences import savings_tables as tables

    keep(pd.concat([tables.flat(s, found.names) for s in found.pcts]), csv)
    keep(pd.concat([tables.by_month(s) for s in found.pcts]), _beside(csv, "by-month"))
    if found.incentives:
        parts = [table.assign(pct_code=pct) for pct, table in found.incentives.items()]
        keep(pd.concat(parts), _beside(csv, "incentive"))


def _beside(csv: Path, what: str) -> Path:
    """Name a second file after the first: savings-by-month.csv."""
    return csv.with_name(f"{csv.stem}-{what}{csv.suffix}")


def _say(found: "Found", *, months: bool) -> None:
    """Print the savings for people."""
    from pbcanalytics.faces.sentences import savings as words
    from pbcanalytics.faces.sentences import savings_incentive as scheme_words

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
            out.print("What the end of each month foresaw:", markup=False)
            _table(words.MONTH_HEADS, words.month_rows(year, found.names))
        scheme_notes: list[str] = []
        if found.scheme is not None:
            paid = found.incentives[year.pct_code]
            out.print("The incentive scheme of the year:", markup=False)
            _table(scheme_words.INCENTIVE_HEADS, scheme_words.incentive_rows(paid, found.names))
            scheme_notes = scheme_words.incentive_notes(
                paid,
                found.scheme,
                found.names,
                is_over=year.n_months == 12 and not year.is_completed,
            )
        why_not = found.unforecast.get(year.pct_code, "")
        for note in [*scheme_notes, *words.notes(year, found.names, why_not)]:
            out.print(note, markup=False)
    if found.unmatched:
        out.print(
            f"Something is recorded for {', '.join(found.unmatched)}, which is no consortium, nor "
            f"a practice outside all, of {found.financial_year}: it is not used. Correct the codes "
            "in reference/savings.",
            markup=False,
        )


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print texts as a table; nothing where there are no rows."""
    table = Table(heads[0], box=None)
    for head in heads[1:]:
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(*row)
    if rows:
        # Into a file or a pipe nothing is cut off.
        (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(table)


def _for_machines(found: "Found") -> dict[str, object]:
    """Give all of the savings as JSON takes it."""
    from pbcanalytics.faces.sentences import savings_tables as tables

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
                "by_month": json.loads(tables.by_month(year).to_json(orient="records")),
                "rests_on": list(year.earlier_years),
                "unforecast": found.unforecast.get(year.pct_code),
                "unforeseen": year.unforeseen,
                "incentives": json.loads(found.incentives[year.pct_code].to_json(orient="records"))
                if year.pct_code in found.incentives
                else [],
            }
            for year in found.pcts
        ],
    }
