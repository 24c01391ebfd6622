"""Aggregate activity priced: `pbc aggregates`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pbcanalytics.cli.console import DATA, Data, app, out
from pbcanalytics.cli.keeping import keep
from pbcanalytics.words.errors import SelectionError

if TYPE_CHECKING:
    import pandas as pd

    from pbcanalytics.pipeline.aggregates import AggregatesPriced

_REJECTS_SHOWN: Final = 10
_WIDE: Final = 120
_SOURCES: Final = {
    "contract_lines": "patient-level contract monitoring",
    "contract_totals": "aggregate contract monitoring",
}


@app.command()
def aggregates(
    year: Annotated[str, typer.Option(help="Year of the prices and rules: 2018/19.")],
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="HRG, setting and count, a row each."),
    ] = None,
    data: Data = DATA,
    loaded: Annotated[
        bool, typer.Option("--loaded", help="Price the contract monitoring that is loaded.")
    ] = False,
    activity_year: Annotated[
        str | None, typer.Option(help="Year of the activity, if not in the file's name.")
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Folder of reference data to go first.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="OUT", help="Write every line there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Price counts of activity by HRG and setting, and say what such counts cannot tell."""
    from pbcanalytics.pipeline import aggregates as pricing

    if (file is None) == (not loaded):
        raise SelectionError(
            "Say what to price: either a file, as in 'pbc aggregates FILE --year 2018/19', or "
            "--loaded for the contract monitoring that is loaded."
        )
    if file is None:
        found = pricing.price_loaded_aggregates(data, year=year, rules=rules)
    else:
        found = [
            pricing.price_aggregate_file(
                data, file, year=year, activity_year=activity_year, rules=rules
            )
        ]
    if csv is not None:
        _write(csv, found)
    if as_json:
        told = json.dumps([_plain(one) for one in found], indent=2, ensure_ascii=False)
        sys.stdout.write(told + "\n")
        return
    for one in found:
        _show(one)
    if csv is not None:
        out.print(f"\nEvery line, priced or not, is in {csv}.", markup=False)


def _show(one: "AggregatesPriced") -> None:
    from pbcanalytics.faces.sentences import aggregates as words

    source = _SOURCES.get(one.source, one.source)
    for line in words.accounted(
        source, one.n_rows, one.n_priced, one.unpriced, one.n_rejected, one.n_other_years
    ):
        out.print(line, markup=False)
    for r in one.rejected.head(_REJECTS_SHOWN).to_dict("records"):
        where = "" if _missing(r["source_line"]) else f"line {r['source_line']:,}: "
        out.print(f"  Rejected, {where}{r['sentence']} {r['text']}", markup=False)
    if len(one.rejected) > _REJECTS_SHOWN:
        out.print(f"  … and {len(one.rejected) - _REJECTS_SHOWN:,} more; --csv writes them all.")
    table = Table("\nSetting", "\nHRGs", box=None)
    for head in ("\nLines", "\nActivity", "Code in\nprice list", "\nPriced", "\n£"):
        table.add_column(head, justify="right", no_wrap=True)
    for setting, *row in words.coverage(one.priced):
        table.add_row(Text(setting), *row)
    _print(table)
    for line in (*words.total(one.priced), *words.currency(one.priced, one.activity_year)):
        out.print(line, markup=False)
    compared = words.supplied(one.priced)
    if compared:
        _show_supplied(compared, is_cost=one.is_collection)
    out.print("What these aggregates cannot tell:")
    for line in words.cannot_tell(one.priced, is_collection=one.is_collection):
        out.print(f"  - {line}", markup=False)


def _show_supplied(rows: list[tuple[str, str, str, str, str, str]], *, is_cost: bool) -> None:
    if is_cost:
        out.print(
            "The money in the file is what the activity cost hospitals, no price: it is kept "
            "beside each line and not compared."
        )
        return
    table = Table("Setting", box=None)
    for head in ("Charged", "Ours", "At least", "Charged more", "No price of ours"):
        table.add_column(head, justify="right", no_wrap=True)
    for setting, *row in rows:
        table.add_row(Text(setting), *row)
    _print(table)


def _print(table: Table) -> None:
    """Show a table; where no terminal sets the width, as wide as it needs."""
    (out if out.is_terminal else Console(highlight=False, width=_WIDE)).print(table)


def _write(path: Path, found: "list[AggregatesPriced]") -> None:
    import pandas as pd

    from pbcanalytics.faces.sentences import aggregates as words

    tables = []
    for one in found:
        lines = words.table(one.priced, one.rejected)
        lines.insert(0, "source", one.source)
        tables.append(lines)
    keep(pd.concat(tables, ignore_index=True), path)


def _plain(one: "AggregatesPriced") -> dict[str, Any]:
    from pbcanalytics.faces.sentences import aggregates as words

    priced = one.priced
    return {
        "source": one.source,
        "price_year": priced.price_year,
        "activity_year": one.activity_year,
        "rows": {
            "read": one.n_rows,
            "priced": one.n_priced,
            "unpriced": one.unpriced,
            "rejected": one.n_rejected,
            "other_years": one.n_other_years,
        },
        "price_pence": priced.price_pence,
        "lowest_pence": priced.lowest_pence,
        "highest_pence": priced.highest_pence,
        "statuses": priced.statuses,
        "coverage": _records(priced.coverage),
        "unknown_codes": _records(priced.unknown_codes),
        "rejected": _records(one.rejected),
        "currency": words.currency(priced, one.activity_year),
        "cannot_tell": words.cannot_tell(priced, is_collection=one.is_collection),
    }


def _records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    return [
        {str(k): None if _missing(v) else v for k, v in r.items()}
        for r in frame.astype(object).to_dict("records")
    ]


def _missing(value: Any) -> bool:
    import pandas as pd

    return value is None or bool(pd.isna(value))
