"""The command that says what is measured of demand, and where each practice stands."""

import datetime as dt
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from pbcanalytics.cli.console import DATA, Data, app, out, progressing
from pbcanalytics.cli.keeping import keep
from pbcanalytics.words.errors import SelectionError

WIDE: Final = 220


@app.command()
def measures(
    name: Annotated[
        str | None, typer.Argument(help="A measure, as the list names it.", show_default=False)
    ] = None,
    data: Data = DATA,
    practice: Annotated[str | None, typer.Option(help="Show this practice beside all.")] = None,
    specialty: Annotated[str | None, typer.Option(help="Of this specialty only: 110.")] = None,
    provider: Annotated[str | None, typer.Option(help="What this provider did only.")] = None,
    chain: Annotated[
        bool, typer.Option("--chain", help="From referral to admission, by who started it.")
    ] = False,
    csv: Annotated[Path | None, typer.Option(help="Write every month to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """
    List the measures of demand and check them; with a name, say where practices stand.

    Without a name, --practice shows all measures of a practice, and --csv writes all of all.
    """
    if chain:
        if name is not None:
            raise SelectionError(
                f"--chain is of all demand and not of '{name}', so nothing was shown. Leave out "
                "one of the two."
            )
        _chain(data, practice, specialty, provider, csv, as_json)
    elif name is None and all(x is None for x in (practice, specialty, provider, csv)):
        _listed(data, as_json)
    else:
        _measured(data, name, practice, specialty, provider, csv, as_json)


def _listed(data: Path, as_json: bool) -> None:
    """List the measures."""
    from pbcanalytics.faces.sentences import measures as words
    from pbcanalytics.pipeline.demand.measures import held_measures

    held, today = held_measures(data), dt.date.today()
    if as_json:
        _say(words.definitions(held, today))
        return
    _show(words.LISTED, words.listing(held, today), n_texts=len(words.LISTED))
    out.print(
        f"{len(held)} measures, all well defined. 'pbc measures NAME' says where practices stand; "
        "docs/measures.md how to add one.",
        markup=False,
    )


def _measured(
    data: Path,
    name: str | None,
    practice: str | None,
    specialty: str | None,
    provider: str | None,
    csv: Path | None,
    as_json: bool,
) -> None:
    """Say where practices stand."""
    from pbcanalytics.faces.sentences import measures as words
    from pbcanalytics.pipeline.demand.measures import measure_grid

    with progressing("Measuring") as progress:
        progress("referrals, attendances and stays", 0.1)
        grid = measure_grid(
            data,
            () if name is None else (name,),
            practice=practice,
            specialty=specialty,
            provider=provider,
        )
    if csv is not None:
        keep(words.table(grid), csv)
    today = dt.date.today()
    if as_json:
        _say(words.machine(grid, today))
        return
    if name is not None:
        _print(words.defined(grid.measures[0], today))
        _print(words.headlines(grid))
    if name is not None or practice is not None or csv is None:
        _show(words.STANDING, words.standing(grid), n_texts=3)
    _print(words.gaps(grid))
    _print(words.NOTES)
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)


def _chain(
    data: Path,
    practice: str | None,
    specialty: str | None,
    provider: str | None,
    csv: Path | None,
    as_json: bool,
) -> None:
    """Show the referral chain."""
    from pbcanalytics.faces.sentences import referral_chain as words
    from pbcanalytics.pipeline.demand.measures import referral_chain

    with progressing("Following the chain") as progress:
        progress("from referral to admission", 0.1)
        found, names = referral_chain(
            data, practice=practice, specialty=specialty, provider=provider
        )
    if csv is not None:
        keep(words.table(found), csv)
    if as_json:
        _say(words.machine(found))
        return
    whose = "All specialties"
    if specialty is not None:
        whose = f"{specialty} {names.get(specialty, '')}".strip()
    of = [f"practice {practice}"] if practice else []
    of += [f"provider {provider}"] if provider else []
    _print(words.sentences(found, ", ".join([whose, *of])))
    _show(words.HEADS, words.rows(found, names), n_texts=2)
    _print(words.NOTES)
    if csv is not None:
        out.print(f"Written to {csv}.", markup=False)


def _show(heads: Iterable[str], rows: Iterable[tuple[str, ...]], *, n_texts: int) -> None:
    """Print a table; into a file or a pipe nothing of it is cut off."""
    heads = list(heads)
    table = Table(*heads[:n_texts], box=None)
    for head in heads[n_texts:]:
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(table)


def _print(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        out.print(sentence, markup=False)


def _say(told: Any) -> None:
    sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
