"""Import maps: how a supplier's headings and codes differ from a layout's, saved and dated."""

import datetime as dt
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import yaml

from pbcanalytics.intake.layouts import LAYOUTS
from pbcanalytics.intake.layouts.layout import Field, Layout, plain
from pbcanalytics.words.errors import ExtractError, StoreError

FOLDER: Final = "maps"

_ALIKE: Final = 0.8
"""How alike two suppliers' names must be (difflib's ratio) for one to be taken for a slip."""


@dataclass(frozen=True)
class ImportMap:
    """
    What one supplier calls things, between two days.

    Attributes
    ----------
    name : str
        Name of its file, without ending.
    supplier, layout : str
    valid_from, valid_to : date or None
        First and last day of the activity for which it holds; None is open.
    columns : mapping of str to tuple of str
        Column of the layout to the supplier's headings, best first.
    codes : mapping of str to mapping of str to str
        Column to the supplier's codes, in capitals, and ours.
    given : mapping of str to str
        Column to a value for every row.
    """

    name: str
    supplier: str
    layout: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)

    def applied(self) -> Layout:
        """Give the layout with this supplier's headings, codes and values."""
        layout = named(self.layout)
        fields = tuple(self._changed(f) for f in layout.fields)
        return replace(layout, fields=fields, import_map=self.name, supplier=self.supplier)

    def fits(self, headings: Sequence[str], supplier: str) -> bool:
        """Tell whether a file may be this supplier's: every heading of the map is there."""
        if supplier and not self.is_of(supplier):
            return False
        there = {plain(h) for h in headings}
        wanted = {plain(h) for hs in self.columns.values() for h in hs}
        return bool(wanted or supplier) and wanted <= there

    def is_of(self, supplier: str) -> bool:
        """Tell whether it is a supplier's, whatever the case of its name and the blanks in it."""
        return _bare(supplier) == _bare(self.supplier)

    @property
    def period(self) -> str:
        """From when to when it holds, in words."""
        return f"{self.valid_from or 'the beginning'} to {self.valid_to or 'now'}"

    def holds_on(self, day: dt.date) -> bool:
        """Tell whether it holds for activity of a day."""
        after = self.valid_from is None or self.valid_from <= day
        return after and (self.valid_to is None or day <= self.valid_to)

    def _changed(self, f: Field) -> Field:
        return replace(
            f,
            headings=(*self.columns.get(f.column, ()), *f.headings),
            translate={**f.translate, **self.codes.get(f.column, {})},
            given=self.given.get(f.column, f.given),
        )


def named(layout: str) -> Layout:
    """
    Give a layout by its name.

    Raises
    ------
    ExtractError
        If there is none of that name.
    """
    for known in LAYOUTS:
        if known.name == layout:
            return known
    raise ExtractError(
        f"'{layout}' is no layout. The layouts: {', '.join(a.name for a in LAYOUTS)}."
    )


def in_force(maps: Sequence[ImportMap], day: dt.date) -> ImportMap | None:
    """
    Give, of one supplier's maps for one layout, the one that counts for activity of a day.

    Of several that hold it is the one that began last, whatever their files are called.
    """
    holding = [m for m in maps if m.holds_on(day)]
    return max(holding, key=lambda m: m.valid_from or dt.date.min, default=None)


def held_as(maps: Sequence[ImportMap], new: ImportMap) -> ImportMap | None:
    """Give the map of the same supplier, layout and first day."""
    same = (m for m in maps if m.is_of(new.supplier) and m.layout == new.layout)
    return next((m for m in same if m.valid_from == new.valid_from), None)


def alike(maps: Sequence[ImportMap], supplier: str) -> list[str]:
    """
    Give the suppliers whose names look like one for which no map is saved, the likest first.

    Returns
    -------
    list of str
        Empty if the supplier has a map.
    """
    names = {_bare(m.supplier): m.supplier for m in maps}
    if _bare(supplier) in names:
        return []
    near = difflib.get_close_matches(_bare(supplier), names, cutoff=_ALIKE)
    return [names[name] for name in near]


def saved(data: Path) -> list[ImportMap]:
    """
    Read the maps saved in a data folder, by name.

    Raises
    ------
    ExtractError
        If one of them cannot be used; every fault of every map is named. If two are of the same
        supplier, layout and first day.
    """
    found: list[ImportMap] = []
    faults = []
    for path in sorted((data / FOLDER).glob("*.yaml")):
        try:
            new = _read(path)
        except ExtractError as error:
            faults.append(f"{path.name}: {str(error).removesuffix('.')}")
            continue
        if twin := held_as(found, new):
            faults.append(
                f"{twin.name}.yaml and {path.name} are maps of the same supplier, layout and first "
                "day"
            )
        found.append(new)
    if faults:
        raise ExtractError(
            f"Saved import maps cannot be used, so nothing was loaded: {'; '.join(faults)}. "
            f"Correct or remove them in {data / FOLDER}."
        )
    return found


def save(data: Path, import_map: ImportMap) -> Path:
    """
    Save a map in a data folder.

    Returns
    -------
    Path
        Its file; one of the same supplier, layout and first day is replaced.

    Raises
    ------
    ExtractError
        If it names a column that the layout does not have.
    StoreError
        If the folder cannot be written.
    """
    _check(import_map)
    path = data / FOLDER / f"{import_map.name}.yaml"
    held = {
        "supplier": import_map.supplier,
        "layout": import_map.layout,
        "valid_from": import_map.valid_from,
        "valid_to": import_map.valid_to,
        "columns": {c: list(hs) for c, hs in import_map.columns.items()},
        "codes": {c: dict(pairs) for c, pairs in import_map.codes.items()},
        "given": dict(import_map.given),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(held, sort_keys=False, allow_unicode=True), "utf-8")
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror}), so the map was not saved."
        ) from error
    return path


def file_name(supplier: str, layout: str, valid_from: dt.date | None) -> str:
    """
    Name the file of a map.

    Examples
    --------
    >>> file_name("Marlbridge General", "hes_apc", dt.date(2018, 4, 1))
    'marlbridge-general_hes_apc_2018-04-01'
    """
    words = re.sub(r"[^a-z0-9]+", "-", supplier.lower()).strip("-")
    return "_".join(filter(None, [words, layout, valid_from.isoformat() if valid_from else ""]))


def _bare(supplier: str) -> str:
    return " ".join(supplier.split()).casefold()


def _read(path: Path) -> ImportMap:
    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ExtractError("it is not a text file in UTF-8") from error
    except OSError as error:
        raise ExtractError(f"it cannot be opened ({error.strerror})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1} of it" if mark else "it"
        raise ExtractError(f"{where} is not YAML, the form that maps are kept in") from error
    if not isinstance(held, dict):
        raise ExtractError("it is no map, which begins with 'supplier:' and 'layout:'")
    for name in ("supplier", "layout"):
        if not isinstance(held.get(name), str | int) or not str(held[name]).strip():
            raise ExtractError(f"it names no {name}; write it as '{name}: …'")
    columns, codes, given = (_pairs(held, name) for name in ("columns", "codes", "given"))
    for c, pairs in codes.items():
        if not isinstance(pairs, dict):
            raise ExtractError(f"under 'codes', {c} has no pairs; write them as 'THEIRS: OURS'")
    found = ImportMap(
        name=path.stem,
        supplier=str(held["supplier"]).strip(),
        layout=str(held["layout"]),
        valid_from=_day(held, "valid_from"),
        valid_to=_day(held, "valid_to"),
        columns={
            c: tuple(map(str, hs)) if isinstance(hs, list) else (str(hs),)
            for c, hs in columns.items()
        },
        codes={c: {str(k).upper(): str(v) for k, v in d.items()} for c, d in codes.items()},
        given={c: str(v) for c, v in given.items()},
    )
    _check(found)
    return found


def _pairs(held: Mapping[str, Any], name: str) -> dict[str, Any]:
    pairs = held.get(name) or {}
    if not isinstance(pairs, dict):
        raise ExtractError(f"'{name}' holds no pairs; write them below it, one 'COLUMN: …' a line")
    return {str(column): value for column, value in pairs.items()}


def _day(held: Mapping[str, Any], name: str) -> dt.date | None:
    value = held.get(name)
    if isinstance(value, dt.datetime):
        return value.date()
    if value is None or isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError as error:
        raise ExtractError(
            f"its {name} is '{value}', which is no day; write it as in 2018-04-01"
        ) from error


def _check(import_map: ImportMap) -> None:
    if faults := [*unknown_columns(import_map), *turned_round(import_map)]:
        raise ExtractError(" ".join(faults))


def unknown_columns(import_map: ImportMap) -> list[str]:
    """Name the columns that a map speaks of and its layout does not have, in a sentence."""
    columns = {f.column for f in named(import_map.layout).fields}
    asked = {*import_map.columns, *import_map.codes, *import_map.given}
    if asked <= columns:
        return []
    return [
        f"The layout {import_map.layout} has no column {', '.join(sorted(asked - columns))}. "
        f"It has: {', '.join(sorted(columns))}."
    ]


def turned_round(import_map: ImportMap) -> list[str]:
    """Say so if a map ends before it begins."""
    first, last = import_map.valid_from, import_map.valid_to
    if first is None or last is None or first <= last:
        return []
    return [f"The map would end ({last}) before it begins ({first})."]
