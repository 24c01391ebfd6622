"""Import maps: how a supplier's headings and codes differ from a layout's, saved and dated."""

import datetime as dt
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
        if supplier and supplier != self.supplier:
            return False
        there = {plain(h) for h in headings}
        wanted = {plain(h) for hs in self.columns.values() for h in hs}
        return bool(wanted or supplier) and wanted <= there

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


def saved(data: Path) -> list[ImportMap]:
    """
    Read the maps saved in a data folder, by name.

    Raises
    ------
    ExtractError
        If one of them cannot be used; every fault of every map is named.
    """
    found, faults = [], []
    for path in sorted((data / FOLDER).glob("*.yaml")):
        try:
            found.append(_read(path))
        except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            faults.append(f"{path.name}: {said.strip(chr(39))}")
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


def _read(path: Path) -> ImportMap:
    held: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    columns = held.get("columns") or {}
    codes = held.get("codes") or {}
    found = ImportMap(
        name=path.stem,
        supplier=str(held["supplier"]),
        layout=str(held["layout"]),
        valid_from=_day(held.get("valid_from")),
        valid_to=_day(held.get("valid_to")),
        columns={c: (hs,) if isinstance(hs, str) else tuple(hs) for c, hs in columns.items()},
        codes={c: {str(k).upper(): str(v) for k, v in d.items()} for c, d in codes.items()},
        given={c: str(v) for c, v in (held.get("given") or {}).items()},
    )
    _check(found)
    return found


def _day(value: Any) -> dt.date | None:
    if value is None or isinstance(value, dt.date):
        return value
    return dt.date.fromisoformat(str(value))


def _check(import_map: ImportMap) -> None:
    columns = {f.column for f in named(import_map.layout).fields}
    asked = {*import_map.columns, *import_map.codes, *import_map.given}
    if not asked <= columns:
        raise ExtractError(
            f"The layout {import_map.layout} has no column {', '.join(sorted(asked - columns))}. "
            f"It has: {', '.join(sorted(columns))}."
        )
