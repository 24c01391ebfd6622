"""Extracts in and out again: load, unload, and the maps of what suppliers call things."""

import datetime as dt
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pbcanalytics.cli.console import DATA, Data, app, err, out, progressing
from pbcanalytics.cli.saying import became, show_explanation
from pbcanalytics.words.errors import ExtractError, SelectionError

if TYPE_CHECKING:
    from pbcanalytics.intake import Explanation, ImportMap, Wishes
    from pbcanalytics.intake.teaching import Lesson

Layout = Annotated[str, typer.Option("--as", metavar="LAYOUT", help="Read the files as this.")]
Supplier = Annotated[str, typer.Option(help="Who sent them; picks among the saved maps.")]
Year = Annotated[str, typer.Option(help="Financial year of files that do not say it: 2018/19.")]


@app.command()
def load(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Extracts, or folders of them.")
    ],
    data: Data = DATA,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Only say which column would become what; load nothing."),
    ] = False,
    layout: Layout = "",
    supplier: Supplier = "",
    flex: Annotated[bool, typer.Option("--flex", help="The months may still change.")] = False,
    freeze: Annotated[bool, typer.Option("--freeze", help="The months are closed.")] = False,
    year: Year = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Months held already give way, whatever the rows.")
    ] = False,
    add: Annotated[
        bool, typer.Option("--add", help="Rows are added to months held already.")
    ] = False,
    keep_identifiers: Annotated[
        bool,
        typer.Option(
            "--keep-identifiers",
            help="Keep NHS numbers in clear: for one practice's own patients only.",
        ),
    ] = False,
) -> None:
    """Load extracts. Every row is accepted, or rejected with a reason."""
    from pbcanalytics import pipeline
    from pbcanalytics.intake import Wishes

    _not_both("--flex", flex, "--freeze", freeze)
    _not_both("--replace", replace, "--add", add)
    wishes = Wishes(
        layout=layout,
        supplier=supplier,
        submission="flex" if flex else "freeze" if freeze else "",
        year=_year(year),
        months="replace" if replace else "add" if add else "",
        keeps_identifiers=keep_identifiers,
    )
    if explain:
        _explain_all(data, files, wishes)
        return
    with progressing("Loading") as progress:

        def choose(question: str, choices: tuple[str, ...]) -> str:
            with progress.paused():
                return _chosen(question, choices)

        asked = choose if sys.stdin.isatty() else None
        loaded = pipeline.load(data, files, wishes, progress=progress, choose=asked)
    for one in loaded:
        for sentence in became(one, data):
            out.print(sentence, markup=False)
    if any(one.accepted or one.replaced for one in loaded):
        out.print(f"Next: pbc build --data {data}", markup=False)
    else:
        out.print("No row was accepted, so nothing is used. 'pbc check' says why, row by row.")


def _explain_all(data: Path, files: list[Path], wishes: "Wishes") -> None:
    """Explain files, and every file of folders; those that cannot be read are named at the end."""
    from pbcanalytics import intake, pipeline

    faults = []
    for given in files:
        inside = intake.extracts_in(given) if given.is_dir() else [given]
        if not inside:
            faults.append(
                f"There is no file of a kind that extracts have ({', '.join(intake.ENDINGS)}) in "
                f"{given}. Check the name."
            )
        for file in inside:
            try:
                show_explanation(pipeline.explain_extract(data, file, wishes))
            except ExtractError as error:
                faults.append(str(error))
    if faults:
        raise ExtractError("\n".join(faults))


@app.command()
def unload(
    load_id: Annotated[int, typer.Argument(metavar="LOAD", help="Its number in 'pbc status'.")],
    data: Data = DATA,
) -> None:
    """Take back a load: its rows go, and those that gave way to them return."""
    from pbcanalytics import pipeline

    done = pipeline.unload(data, load_id)
    out.print(
        f"Load {done.load_id} ({done.file}) is taken back: {done.removed:,} rows removed, "
        f"{done.returned:,} rows returned that had given way to them."
    )
    out.print(f"Next: pbc build --data {data}")


@app.command()
def grouper(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    data: Data = DATA,
    year: Annotated[str, typer.Option(help="Only discharges of this year: 2018/19.")] = "",
) -> None:
    """Write the input of the NHS grouper; its output is read by 'pbc load'."""
    from pbcanalytics import pipeline

    done = pipeline.grouper_input(data, file, _year(year) or None)
    out.print(f"{done.path}: {done.written:,} episodes written.")
    for reason, n in done.left_out.items():
        out.print(f"  {n:,} left out: {_why_left_out(reason)}.")
    if done.shortened:
        out.print(f"  {done.shortened:,} have more codes than the grouper takes; the last are cut.")


def _why_left_out(reason: str) -> str:
    if reason.startswith("missing_"):
        return f"{reason.removeprefix('missing_')} is empty"
    return {
        "impossible_dates": "the episode ends before it starts",
        "unwritable": "a code has a comma, a quotation mark or a letter that is not plain",
        "number_of_two_patients": "two patients have the same spell number",
        "rest_of_spell": "another episode of the spell is left out",
    }[reason]


@app.command("map")
def map_(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="An extract of the supplier.")
    ] = None,
    data: Data = DATA,
    supplier: Supplier = "",
    layout: Layout = "",
    columns: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="COLUMN=HEADING", help="This heading brings this column."),
    ] = None,
    codes: Annotated[
        list[str] | None,
        typer.Option("--code", metavar="COLUMN:THEIRS=OURS", help="This code of theirs is ours."),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--value", metavar="COLUMN=VALUE", help="Every row has this value."),
    ] = None,
    since: Annotated[
        str, typer.Option("--from", metavar="DATE", help="First day of activity it holds for.")
    ] = "",
    until: Annotated[
        str, typer.Option("--to", metavar="DATE", help="Last day of activity it holds for.")
    ] = "",
    anew: Annotated[
        bool, typer.Option("--anew", help="Drop what the saved map of that first day holds.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Save without asking.")] = False,
) -> None:
    """Save what a supplier's headings and codes mean, or list what is saved."""
    from pbcanalytics import intake
    from pbcanalytics.intake.maps import alike
    from pbcanalytics.intake.teaching import faults_in, taught
    from pbcanalytics.store import lent_folder

    held = intake.saved_maps(data)
    if file is None:
        _list_maps(held)
        return
    if not supplier.strip():
        raise SelectionError("A map belongs to a supplier. Name it with --supplier.")
    with lent_folder(data) as scratch:
        theirs = [m for m in held if m.is_of(supplier)]
        near = intake.nearest(file, maps=theirs, scratch=scratch) if not layout else None
        meant = near or intake.named(layout)
        said = _as_said(supplier, meant.name, columns, codes, values, (_day(since), _day(until)))
        as_it_is = intake.explain_as(file, meant, scratch=scratch)
        if faults := faults_in(said, as_it_is.headings):
            raise SelectionError("\n".join([*faults, "No map was saved."]))
        lesson = taught(held, said, anew=anew)
        how = intake.explain_as(file, lesson.map.applied(), scratch=scratch)
        if how.proposed:
            proposed = {column: (heading,) for column, heading in how.proposed.items()}
            said = replace(said, columns={**proposed, **said.columns})
            lesson = taught(held, said, anew=anew)
            how = intake.explain_as(file, lesson.map.applied(), scratch=scratch)
    show_explanation(how)
    if how.lacks:
        raise SelectionError(
            f"No heading is named for {', '.join(how.lacks)}, so the file could not be loaded with "
            "this map, and it was not saved. Name one with --set COLUMN=HEADING."
        )
    _fitting(lesson, how, file)
    if others := alike(held, supplier):
        out.print(f"Maps are saved for {', '.join(others)} as well; is it the same?", markup=False)
    for change in lesson.changes or ["Nothing changes."]:
        out.print(change, markup=False)
    for ended in lesson.ended:
        out.print(f"The map {ended.name} ends on {ended.valid_to}.", markup=False)
    for m in lesson.later:
        out.print(f"For activity from {m.valid_from} the map {m.name} counts.", markup=False)
    if not yes and not (sys.stdin.isatty() and typer.confirm("Save this map?", err=True)):
        raise SelectionError(
            "Nobody confirmed the map, so it was not saved. Look at it, then say --yes."
        )
    path = intake.save(data, lesson.map)
    for ended in lesson.ended:
        intake.save(data, ended)
    out.print(f"Saved as {path}. Next: pbc load {file} --data {data}", markup=False)


def _as_said(
    supplier: str,
    layout: str,
    columns: list[str] | None,
    codes: list[str] | None,
    values: list[str] | None,
    days: tuple[dt.date | None, dt.date | None],
) -> "ImportMap":
    from pbcanalytics.intake import ImportMap

    headings: dict[str, tuple[str, ...]] = {}
    for column, heading in map(_pair, columns or []):
        headings[column] = (*headings.get(column, ()), heading)
    translations: dict[str, dict[str, str]] = {}
    for column, pair in (_split(text, ":") for text in codes or []):
        theirs, ours = _pair(pair)
        translations.setdefault(column, {})[theirs.upper()] = ours
    return ImportMap(
        name="",
        supplier=supplier.strip(),
        layout=layout,
        valid_from=days[0],
        valid_to=days[1],
        columns=headings,
        codes=translations,
        given=dict(map(_pair, values or [])),
    )


def _fitting(lesson: "Lesson", how: "Explanation", file: Path) -> None:
    """Refuse a map by which the very file could not be read, for headings held from earlier."""
    from pbcanalytics.intake.layouts.layout import plain

    if lesson.map.fits(how.headings, lesson.map.supplier):
        return
    old = [
        f"{column} from {', '.join(headings)}"
        for column, headings in lesson.map.columns.items()
        if not set(map(plain, headings)) <= set(map(plain, how.headings))
    ]
    raise SelectionError(
        f"The saved map {lesson.map.name} brings {', '.join(old)}, which {file.name} does not "
        "have, so it could not be read with both. Save a map for the time since the headings "
        "changed with --from, name the new heading with --set, or start again with --anew."
    )


def _list_maps(maps: "list[ImportMap]") -> None:
    if not maps:
        out.print("No import map is saved.")
    for m in maps:
        out.print(f"{m.name}: {m.supplier}, {m.layout}, activity from {m.period}", markup=False)
        for column, headings in m.columns.items():
            out.print(f"  {column} from {', '.join(headings)}", markup=False)
        for column, pairs in m.codes.items():
            said = ", ".join(f"{theirs} is {ours}" for theirs, ours in pairs.items())
            out.print(f"  {column}: {said}", markup=False)
        for column, value in m.given.items():
            out.print(f"  {column} is {value} in every row", markup=False)


def _chosen(question: str, choices: tuple[str, ...]) -> str:
    err.print(question, markup=False)
    for i, name in enumerate(choices, start=1):
        err.print(f"  {i}  {name}", markup=False)
    while True:
        number: str = typer.prompt("Which", err=True)
        if number in map(str, range(1, len(choices) + 1)):
            return choices[int(number) - 1]


def _not_both(one: str, is_one: bool, other: str, is_other: bool) -> None:
    if is_one and is_other:
        raise SelectionError(f"{one} and {other} exclude each other. Say one of them.")


def _year(text: str) -> str:
    from pbcanalytics.words import periods

    return periods.starting(periods.first_year(text)) if text else ""


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise SelectionError(f"'{text}' is not a day. Write it as in 2018-04-01.") from error


def _split(text: str, sign: str) -> tuple[str, str]:
    left, found, right = text.partition(sign)
    if not (left and found and right):
        raise SelectionError(f"'{text}' has no '{sign}' between two texts. See pbc map --help.")
    return left.strip(), right.strip()


def _pair(text: str) -> tuple[str, str]:
    return _split(text, "=")
