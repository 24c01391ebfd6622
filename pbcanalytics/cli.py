"""The command `pbc`: one word a step, one sentence an error."""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pbcanalytics.words.errors import PbcError

if TYPE_CHECKING:
    from pbcanalytics.intake import Explanation, Loaded

UNFORESEEN_EXIT: Final = 70
INTERRUPTED_EXIT: Final = 130

app = typer.Typer(
    name="pbc",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Budgets, demand and coding for practice-based commissioning, every pound traceable.\n\n"
    "Try it: **pbc start** makes a demonstration PCT and opens the dashboards. With your own "
    "extracts: **pbc load** them, **pbc build**, **pbc publish**, **pbc dashboards**.",
)
_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

Data = Annotated[
    Path,
    typer.Option(
        "--data", metavar="DIR", envvar="PBC_DATA", help="The folder that holds your data."
    ),
]
Port = Annotated[int, typer.Option(envvar="PORT", help="Where to listen.")]
Open = Annotated[bool, typer.Option("--open/--no-open", envvar="OPEN", help="Open a browser.")]
_DATA: Final = Path("data")
_PORT: Final = 8866


@app.command()
def demo(
    data: Data = _DATA,
    practices: Annotated[int, typer.Option(min=3, max=400, help="How many practices.")] = 20,
    years: Annotated[int, typer.Option(min=1, max=3, help="How many years, up to 2018/19.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives another PCT.")] = 2006,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Plant nothing: no growth, no creep, no errors.")
    ] = False,
) -> None:
    """Write the extracts of an invented PCT, to try everything on."""
    from pbcanalytics import pipeline
    from pbcanalytics.words import periods

    wanted = [periods.starting(2019 - years + i) for i in range(years)]
    with _progress("Inventing a PCT") as progress:
        folder = pipeline.demo(
            data, n_practices=practices, years=wanted, seed=seed, quiet=quiet, progress=progress
        )
    key = folder.parent / "answer_key.json"
    _out.print(f"The extracts are in {folder}; what was planted in them is in {key}.")
    _out.print(f"Next: pbc load {folder} --data {data}")


@app.command()
def load(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Extracts, or folders of them.")
    ],
    data: Data = _DATA,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Only say which column would become what; load nothing."),
    ] = False,
) -> None:
    """Load extracts. Every row is accepted, or rejected with a reason."""
    from pbcanalytics import intake, pipeline

    if explain:
        for file in files:
            _show_explanation(intake.explain(file))
        return
    with _progress("Loading") as progress:
        loaded = pipeline.load(data, files, progress=progress)
    for one in loaded:
        _out.print(_became(one))
    _out.print(f"Next: pbc build --data {data}")


@app.command()
def build(data: Data = _DATA) -> None:
    """Turn what is loaded into hospital spells and price them."""
    from pbcanalytics import pipeline

    with _progress("Pricing") as progress:
        years = pipeline.build(data, progress=progress)
    known = pipeline.status(data)
    spells = known["spells"]
    _out.print(
        f"{spells['total']:,} spells, {spells['priced']:,} of them priced, at the tariff of "
        f"{', '.join(years['price_years']) or 'no year'}."
    )
    if years["unpriced_years"]:
        _out.print(
            f"No tariff is held for {', '.join(years['unpriced_years'])} or the year after, so "
            "their activity has no price. To add one, see docs/reference-data.md."
        )
    _out.print(f"Next: pbc publish --data {data}")


@app.command()
def publish(data: Data = _DATA) -> None:
    """Set the budgets and publish them for the dashboards."""
    from pbcanalytics import pipeline

    with _progress("Publishing") as progress:
        progress("budgets", 0.1)
        unset = pipeline.publish(data)
    _out.print("Published.")
    for sentence in unset:
        _out.print(sentence)
    _out.print(f"Next: pbc dashboards --data {data}")


@app.command()
def status(
    data: Data = _DATA,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Account for every row, spell and penny."""
    from pbcanalytics import pipeline

    known = pipeline.status(data)
    if as_json:
        sys.stdout.write(json.dumps(known, indent=2, ensure_ascii=False) + "\n")
        return
    _show_status(known)


@app.command()
def dashboards(
    data: Data = _DATA,
    port: Port = _PORT,
    open_browser: Open = True,
) -> None:
    """Open the dashboards in a browser, until Ctrl-C."""
    from pbcanalytics.faces import serve, wording
    from pbcanalytics.faces.notebooks import folder
    from pbcanalytics.store import Published

    published = Published(data)
    published.about()
    serve.serve(
        folder(),
        status=lambda: wording.status_line(published.about()),
        environment={"PBC_DATA": str(data.resolve())},
        port=port,
        open_browser=open_browser and _has_screen(),
        announce=_out.print,
    )


@app.command()
def start(
    data: Data = _DATA,
    port: Port = _PORT,
    open_browser: Open = True,
) -> None:
    """Do all of it: a demonstration PCT if there are no data, build, publish, dashboards."""
    from pbcanalytics import pipeline
    from pbcanalytics.faces import serve

    serve.check_port(port)
    began = time.monotonic()
    steps: list[tuple[str, Callable[..., Any]]] = []
    if not pipeline.has_activity(data):
        steps += [
            ("Inventing a demonstration PCT", lambda p: pipeline.demo(data, progress=p)),
            (
                "Loading its extracts",
                lambda p: pipeline.load(data, [pipeline.demo_extracts(data)], progress=p),
            ),
        ]
    if steps or not pipeline.is_current(data):
        steps += [
            ("Pricing", lambda p: pipeline.build(data, progress=p)),
            ("Setting and publishing budgets", lambda p: pipeline.publish(data)),
        ]
    for name, step in steps:
        at = time.monotonic()
        with _progress(name) as progress:
            step(progress)
        _out.print(f"{name}: done in {time.monotonic() - at:.1f} s")
    _out.print(f"Ready after {time.monotonic() - began:.1f} s; opening the dashboards")
    dashboards(data, port, open_browser)


def _show_explanation(how: "Explanation") -> None:
    _out.print(f"{how.file} would be read as {how.layout}: {how.title}.")
    table = Table("Column", "From", "Means", box=None)
    for column, headings, meaning in how.used:
        brought = ", ".join(headings[:3]) + (" …" if len(headings) > 3 else "")
        table.add_row(column, brought, meaning)
    _out.print(table)
    _out.print(f"Not in the file, and not needed: {', '.join(how.missing) or 'nothing'}.")
    _out.print(f"Ignored: {', '.join(how.ignored) or 'nothing'}.")


def _became(one: "Loaded") -> str:
    """Say what became of a file."""
    if not one.is_new:
        return f"{one.file}: loaded before, nothing changed."
    why = ", ".join(f"{rule} {n:,}" for rule, n in one.reasons.items())
    said = (
        f"{one.file}: {one.rows_read:,} rows read as {one.layout}, {one.accepted:,} accepted, "
        f"{one.rejected:,} rejected{f' ({why})' if why else ''}."
    )
    if not one.accepted:
        said += " No row of it is used."
    if one.replaced:
        said += f" It replaces the {one.replaced:,} rows that it brought before."
    if one.to_reload:
        said += f" Load {', '.join(one.to_reload)} again: rows of it gave way to those."
    return said


def _has_screen() -> bool:
    on_desktop = sys.platform in ("win32", "darwin")
    return on_desktop or any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY"))


def _show_status(known: dict[str, Any]) -> None:
    table = Table("File", "Read as", "Rows", "Accepted", "Rejected", "Why", box=None)
    for f in known["files"]:
        why = ", ".join(f"{reason} {n:,}" for reason, n in f["reasons"].items())
        numbers = [f"{f[k]:,}" for k in ("rows_read", "accepted", "rejected")]
        table.add_row(f["file"], f["layout"], *numbers, why)
    _out.print(table)
    for finding in known["findings"]:
        _out.print(f"{finding['file']}: {finding['rows']:,} rows. {finding['sentence']}")
    if known["spells"] is None:
        _out.print("Nothing has been priced yet. Next: pbc build")
        return
    from pbcanalytics.faces import wording

    spells = known["spells"]
    if not known["is_current"]:
        _out.print("\nThe figures below rest on an earlier state of the files. Next: pbc build")
    _out.print(f"\n{spells['total']:,} spells, {spells['priced']:,} priced.")
    for reason, n in spells["unpriced"].items():
        _out.print(f"  {n:,} not priced: {wording.why_unpriced(reason)}.")
    coverage = known["coverage"]
    said = "none of it payable" if coverage is None else f"{wording.share(coverage, 1)} priced"
    _out.print(
        f"Activity to {wording.month(known['data_to'])}, {said}, worth "
        f"{wording.exact(known['pence']['total'])}; built {wording.moment(known['built_at'])}."
    )


@contextmanager
def _progress(title: str) -> Iterator[Callable[[str, float], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[step]}"),
    )
    with Progress(*columns, console=_err, transient=True, disable=not _err.is_terminal) as bar:
        task = bar.add_task(title, total=1.0, step="")

        def report(step: str, share: float) -> None:
            bar.update(task, completed=share, step=step)

        yield report


def main() -> None:
    """Run `pbc`; whatever goes wrong ends in a sentence and an exit code, never a traceback."""
    try:
        app(standalone_mode=False)
    except PbcError as error:
        for sentence in str(error).splitlines():
            _err.print(sentence, markup=False, style="bold red")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED_EXIT)
    except Exception as error:
        sys.exit(_unforeseen(error))


def _unforeseen(error: Exception) -> int:
    usage_exit = getattr(error, "exit_code", None)
    show = getattr(error, "show", None)
    if isinstance(usage_exit, int) and callable(show):
        show()
        return usage_exit
    log = Path("pbc-error.log")
    with_log = ""
    try:
        logging.basicConfig(filename=log, encoding="utf-8", force=True)
        logging.exception("pbc %s", " ".join(sys.argv[1:]))
        with_log = f" The details are in {log}; send it to the maintainers."
    except OSError:
        pass
    _err.print(
        f"pbc stopped because of something it did not foresee ({type(error).__name__}). Nothing "
        f"half-done was kept.{with_log}",
        markup=False,
        style="bold red",
    )
    return UNFORESEEN_EXIT
