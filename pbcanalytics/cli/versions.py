"""Agreed budgets: `pbc agree`, `pbc versions`, `pbc replay`."""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from pbcanalytics.cli.console import DATA, Data, app, out, progressing
from pbcanalytics.cli.keeping import keep
from pbcanalytics.words.errors import SelectionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pbcanalytics.budgets.agreement.checklist import Check

_WIDE: Final = 200
DIFFERS_EXIT: Final = 1

Year = Annotated[str, typer.Argument(help="Financial year: 2018/19.", show_default=False)]
Pct = Annotated[str | None, typer.Option(help="Whose, if more than one PCT has budgets.")]
Csv = Annotated[Path | None, typer.Option(help="Write the table to this file.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@app.command()
def agree(
    year: Year,
    by: Annotated[str, typer.Option("--by", help="Who agreed them: name and role.")],
    reason: Annotated[str, typer.Option(help="Why, or on what occasion.")],
    data: Data = DATA,
    on: Annotated[
        str | None, typer.Option("--on", help="The day they were agreed: 2018-04-27. Else today.")
    ] = None,
    pct: Pct = None,
) -> None:
    """Keep the budgets of a year as agreed, for good: figures, inputs, rules and checksums."""
    from pbcanalytics.faces.sentences import versions as words
    from pbcanalytics.pipeline.budgets.agreeing import agree as kept_as_agreed

    day = None if on is None else _day(on)
    with progressing("Keeping the budgets") as progress:
        progress("setting them, and once more from what is kept", 0.1)
        version, _, checks = kept_as_agreed(
            data, year, agreed_by=by, reason=reason, agreed_on=day, pct=pct
        )
    for line in words.kept(version, version.version - 1):
        out.print(line, markup=False)
    _checklist(checks)


@app.command()
def versions(
    year: Annotated[
        str | None, typer.Argument(help="Financial year: 2018/19; else all.", show_default=False)
    ] = None,
    data: Data = DATA,
    pct: Pct = None,
    difference: Annotated[
        tuple[str, str] | None,
        typer.Option(help="Two versions, as in 1 2, or 2 now: what changed.", show_default=False),
    ] = None,
    checklist: Annotated[
        bool, typer.Option("--checklist", help="Hold the year's budgets against ten questions.")
    ] = False,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """List the agreed versions of budgets, check that all are as kept, and compare them."""
    from pbcanalytics.faces.sentences import versions as words
    from pbcanalytics.pipeline.budgets import versions as agreed

    if year is None and (difference or checklist):
        raise SelectionError(
            "A difference and a checklist are of one year, and none is named. Write it after "
            "'pbc versions', as in: pbc versions 2018/19 --checklist"
        )
    if difference and year:
        _difference(data, year, pct, difference, csv, as_json=as_json)
        return
    if checklist and year:
        _checked(data, year, pct, csv, as_json=as_json)
        return
    found = agreed.versions(data, year, pct)
    if csv is not None:
        keep(words.table(found), csv)
    if as_json:
        _write(words.machine(found))
        return
    if not found:
        out.print(words.none_kept(year), markup=False)
        return
    _table(words.HEADS, words.rows(found), right=6)
    out.print(words.chain(found), markup=False)
    _written(csv)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="The file of an agreed version.")],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="DIR", help="Also compare the files loaded then with those here."
        ),
    ] = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """Set agreed budgets again from their file alone, and compare every cell; 1 if not the same."""
    from pbcanalytics.faces.sentences import versions as words
    from pbcanalytics.pipeline.budgets.replaying import replay as replayed

    found = replayed(file, data)
    if csv is not None:
        keep(found.differences, csv)
    if as_json:
        _write(words.replay_machine(found))
    else:
        for line in words.replayed(found):
            out.print(line, markup=False)
        _written(csv)
    if not found.is_same:
        sys.exit(DIFFERS_EXIT)


def _difference(
    data: Path,
    year: str,
    pct: str | None,
    pair: tuple[str, str],
    csv: Path | None,
    *,
    as_json: bool,
) -> None:
    """Say what changed between two versions."""
    from pbcanalytics.faces.sentences import versions as words
    from pbcanalytics.pipeline.budgets import versions as agreed

    pct_code, found = agreed.compared(data, year, *pair, pct)
    flat = words.difference_table(found)
    if csv is not None:
        keep(flat, csv)
    if as_json:
        _write(json.loads(flat.to_json(orient="records")))
        return
    out.print(words.difference_title(pct_code, year, *pair), markup=False)
    for title, rows in words.difference_rows(found).items():
        out.print(f"\n{title}:", markup=False)
        _table(words.DIFFERENCE_HEADS, rows, right=1)
    _written(csv)


def _checked(data: Path, year: str, pct: str | None, csv: Path | None, *, as_json: bool) -> None:
    """Say how a year's budgets come out of the checklist."""
    import pandas as pd

    from pbcanalytics.faces.sentences import checklist as words
    from pbcanalytics.pipeline.budgets import versions as agreed

    pct_code, version, checks = agreed.checked(data, year, pct)
    if csv is not None:
        keep(pd.DataFrame(words.rows(checks), columns=list(words.HEADS)), csv)
    if as_json:
        _write(words.plain(checks))
        return
    which = "provisional, not agreed" if version is None else f"version {version.version}"
    out.print(f"Budgets of {pct_code} for {year}: {which}.", markup=False)
    _checklist(checks)
    _written(csv)


def _checklist(checks: "Sequence[Check]") -> None:
    """Print the checklist."""
    from pbcanalytics.faces.sentences import checklist as words

    out.print(words.headline(checks), markup=False)
    for item, question, state, said in words.rows(checks):
        out.print(f"  {item:<3} {state.upper()}: {question}.", markup=False)
        out.print(f"      {said}", markup=False)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], *, right: int) -> None:
    """Print rows; the columns from `right` on hold figures."""
    grid = Table(box=None)
    for i, head in enumerate(heads):
        grid.add_column(head, justify="right" if right <= i < right + 3 else "left")
    for row in rows:
        grid.add_row(*row)
    if rows:
        (out if out.is_terminal else Console(highlight=False, width=_WIDE)).print(grid)
    else:
        out.print("  nothing", markup=False)


def _write(told: object) -> None:
    """Write JSON."""
    sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _written(csv: Path | None) -> None:
    """Say where a table was written."""
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)


def _day(text: str) -> dt.date:
    """Read a day."""
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise SelectionError(
            f"'{text}' is not a day, so it cannot be said when the budgets were agreed. Write it "
            "as in --on 2018-04-27."
        ) from None
