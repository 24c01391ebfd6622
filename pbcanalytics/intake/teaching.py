"""What somebody says of a supplier, added to the map that is saved of it, and what that changes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pbcanalytics.intake.layouts.layout import plain
from pbcanalytics.intake.maps import (
    ImportMap,
    file_name,
    held_as,
    named,
    turned_round,
    unknown_columns,
)


@dataclass(frozen=True)
class Lesson:
    """
    What would be saved, once somebody has agreed.

    Attributes
    ----------
    map : ImportMap
        What is said now, added to what was held.
    changes : list of str
        What it adds, changes and drops, a sentence each.
    ended : list of ImportMap
        Earlier maps of the supplier and layout, that end the day before it begins.
    later : list of ImportMap
        Maps of the supplier and layout that begin later and count from then on.
    """

    map: ImportMap
    changes: list[str]
    ended: list[ImportMap]
    later: list[ImportMap]


def taught(maps: Sequence[ImportMap], said: ImportMap, *, anew: bool = False) -> Lesson:
    """
    Add what is said of a supplier to the map that is saved of it.

    Parameters
    ----------
    maps : sequence of ImportMap
        Those saved.
    said : ImportMap
        What is said now; it goes before what is saved, entry by entry. Its name is not used.
    anew : bool
        Whether what the saved map of the same supplier, layout and first day holds is dropped.

    Returns
    -------
    Lesson
        Nothing is saved by it.
    """
    held = held_as(maps, said)
    theirs = [m for m in maps if m.is_of(said.supplier)]
    supplier = theirs[0].supplier if theirs else said.supplier.strip()
    name = held.name if held else _free_name(maps, said)
    before = held or replace(said, columns={}, codes={}, given={})
    new = replace(said, name=name, supplier=supplier)
    if not anew:
        new = replace(
            new,
            valid_to=said.valid_to or before.valid_to,
            columns={**before.columns, **said.columns},
            codes={
                c: {**before.codes.get(c, {}), **said.codes.get(c, {})}
                for c in (*before.codes, *said.codes)
            },
            given={**before.given, **said.given},
        )
    first = new.valid_from
    began = first or dt.date.min
    others = [m for m in theirs if m.layout == new.layout]
    ended = [
        replace(m, valid_to=began - dt.timedelta(days=1))
        for m in others
        if m.valid_to is None and (m.valid_from or dt.date.min) < began
    ]
    later = [m for m in others if (m.valid_from or dt.date.min) > began]
    return Lesson(new, _differences(before, new), ended, later)


def faults_in(said: ImportMap, headings: Sequence[str]) -> list[str]:
    """
    Name what cannot be meant: headings that the file has not, columns and codes that nobody has.

    Parameters
    ----------
    said : ImportMap
        What somebody says of a supplier.
    headings : sequence of str
        Of a file of the supplier.

    Returns
    -------
    list of str
        A sentence a fault.
    """
    faults = [*unknown_columns(said), *turned_round(said)]
    there = {plain(h) for h in headings}
    for column, wanted in said.columns.items():
        faults += [
            f"The file has no heading '{h}' to bring {column}; it has: {', '.join(headings)}."
            for h in wanted
            if plain(h) not in there
        ]
    for f in named(said.layout).fields:
        meant = [*said.codes.get(f.column, {}).values(), *filter(None, [said.given.get(f.column)])]
        faults += [
            f"'{code}' is no code of {f.column}; its codes: {', '.join(f.known)}."
            for code in dict.fromkeys(meant)
            if f.known and code not in f.known
        ]
    return faults


def _differences(before: ImportMap, after: ImportMap) -> list[str]:
    was, now = _entries(before), _entries(after)
    return [
        *(f"Added: {what} {value}." for what, value in now.items() if what not in was),
        *(
            f"Changed: {what} {value}; it was {was[what].removeprefix('is ')}."
            for what, value in now.items()
            if what in was and was[what] != value
        ),
        *(f"Dropped: {what} {value}." for what, value in was.items() if what not in now),
    ]


def _entries(m: ImportMap) -> dict[str, str]:
    """Give all that a map says: what is said of, and what of it."""
    return {
        **({"the last day": f"is {m.valid_to}"} if m.valid_to else {}),
        **{c: f"from {', '.join(hs)}" for c, hs in m.columns.items()},
        **{
            f"{c}: {theirs}": f"is {ours}"
            for c, pairs in m.codes.items()
            for theirs, ours in pairs.items()
        },
        **{f"{c} in every row": f"is {value}" for c, value in m.given.items()},
    }


def _free_name(maps: Sequence[ImportMap], said: ImportMap) -> str:
    """Name a new map's file; names of suppliers may differ in signs only."""
    wanted = name = file_name(said.supplier, said.layout, said.valid_from)
    n = 1
    while name in {m.name for m in maps}:
        n += 1
        name = f"{wanted}-{n}"
    return name
