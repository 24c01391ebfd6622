"""The steps from extracts to dashboards, a command each."""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

import typer

from pbcanalytics.cli.console import DATA, PORT, Data, Open, Port, app, out, progressing
from pbcanalytics.cli.saying import show_status, since_last_build

LOOKING: Final = "Looking for changes of coding"


@app.command()
def demo(
    data: Data = DATA,
    practices: Annotated[int, typer.Option(min=3, max=400, help="How many practices.")] = 20,
    years: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=5,
            help="How many years, up to the last of the era: all unless you say otherwise, 5 in "
            "ntps and 3 in pbr.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives another PCT.")] = 2006,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Plant nothing: no growth, no creep, no errors.")
    ] = False,
    era: Annotated[
        Literal["ntps", "pbr"],
        typer.Option(
            "--era",
            help="ntps: 2014/15 to 2018/19 with HRG4+. pbr: 2003/04 to 2005/06 with codes like "
            "HRG v3.5 and invented prices (docs/demo.md).",
        ),
    ] = "ntps",
) -> None:
    """Write the extracts of an invented PCT, to try everything on."""
    from pbcanalytics import pipeline, synthetic

    chosen = synthetic.ERAS[era]
    wanted = chosen.last(chosen.most_years if years is None else years)
    with progressing("Inventing a PCT") as progress:
        folder = pipeline.demo(
            data,
            n_practices=practices,
            years=wanted,
            seed=seed,
            quiet=quiet,
            era=era,
            progress=progress,
        )
    key = folder.parent / "answer_key.json"
    out.print(f"The extracts are in {folder}; what was planted in them is in {key}.")
    if era == synthetic.PBR.name:
        out.print(
            f"Their codes and prices are invented: {data / 'reference'} holds the price list, "
            "marked as an example."
        )
    out.print(f"Next: pbc load {folder} --data {data}")


@app.command()
def build(
    data: Data = DATA,
    engine: Annotated[
        Literal["duckdb", "spark"],
        typer.Option(
            "--engine", help="What to compute on; the figures are the same (docs/scale.md)."
        ),
    ] = "duckdb",
) -> None:
    """Turn what is loaded into hospital spells and price them."""
    from pbcanalytics import pipeline

    with progressing("Pricing") as progress:
        years = pipeline.build(data, engine=engine, progress=progress)
    known = pipeline.status(data)
    spells = known["spells"]
    out.print(
        f"{spells['total']:,} spells, {spells['priced']:,} of them priced, at the tariff of "
        f"{', '.join(years['price_years']) or 'no year'}."
    )
    if years["unpriced_years"]:
        out.print(
            f"No tariff is held for {', '.join(years['unpriced_years'])} or the year after, so "
            "their activity has no price. To add one, see docs/reference-data.md."
        )
    for sentence in since_last_build(years["changes"]):
        out.print(sentence, markup=False)
    out.print(f"Next: pbc publish --data {data}")


@app.command()
def publish(data: Data = DATA) -> None:
    """Set the budgets and publish them for the dashboards."""
    from pbcanalytics import pipeline
    from pbcanalytics.faces.sentences import creep as words
    from pbcanalytics.pipeline.coding.searching import lacks_search

    with progressing("Publishing") as progress:
        progress("budgets", 0.1)
        unset = pipeline.publish(data)
    out.print("Published.")
    for sentence in unset:
        out.print(sentence)
    if lacks_search(data):
        out.print(words.UNSEARCHED, markup=False)
    out.print(f"Next: pbc dashboards --data {data}")


@app.command()
def status(
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Account for every row, spell and penny."""
    from pbcanalytics import pipeline

    known = pipeline.status(data)
    if as_json:
        sys.stdout.write(json.dumps(known, indent=2, ensure_ascii=False) + "\n")
        return
    show_status(known)


@app.command()
def dashboards(
    data: Data = DATA,
    port: Port = PORT,
    open_browser: Open = True,
    warm: Annotated[
        bool, typer.Option("--warm/--cold", help="Keep kernels ready, so that pages open sooner.")
    ] = True,
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
        announce=out.print,
        warm=None if warm else 0,
    )


@app.command()
def start(
    data: Data = DATA,
    port: Port = PORT,
    open_browser: Open = True,
) -> None:
    """Do all of it: a demonstration PCT if there are no data, build, publish, dashboards."""
    from pbcanalytics import pipeline, synthetic
    from pbcanalytics.faces import serve
    from pbcanalytics.pipeline.coding.searching import search_if_possible

    serve.check_port(port)
    began, years = time.monotonic(), synthetic.NTPS.last(synthetic.NTPS.most_years)
    steps: list[tuple[str, Callable[..., Any]]] = []
    if not pipeline.has_activity(data):
        steps += [
            (
                "Inventing a demonstration PCT",
                lambda p: pipeline.demo(data, years=years, progress=p),
            ),
            (
                "Loading its extracts",
                lambda p: pipeline.load(data, [pipeline.demo_extracts(data)], progress=p),
            ),
        ]
    if steps or not pipeline.is_current(data):
        steps += [
            ("Pricing", lambda p: pipeline.build(data, progress=p)),
            (LOOKING, lambda p: search_if_possible(data)),
            ("Setting and publishing budgets", lambda p: pipeline.publish(data)),
        ]
    for name, step in steps:
        at = time.monotonic()
        with progressing(name) as progress:
            came_of_it = step(progress)
        out.print(f"{name}: done in {time.monotonic() - at:.1f} s")
        if name == LOOKING and came_of_it:
            out.print(came_of_it, markup=False)
    out.print(f"Ready after {time.monotonic() - began:.1f} s; opening the dashboards")
    dashboards(data, port, open_browser)


def _has_screen() -> bool:
    on_desktop = sys.platform in ("win32", "darwin")
    return on_desktop or any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY"))
