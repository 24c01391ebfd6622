"""Records as files that a person and a spreadsheet can open, and that come back exactly."""

import csv
import datetime as dt
import io
import json
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from fractions import Fraction
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd

from pbcanalytics.words.errors import StoreError

_T = TypeVar("_T")
_ESCAPED: Final = ("\\", "=", "+", "-", "@", "\t", "\r")
"""Texts that begin so get a backslash: a spreadsheet would take most of them for a formula."""


def written(
    record: Any, document: str, table_names: Mapping[str, str] | None = None
) -> dict[str, bytes]:
    """
    Write a dataclass, whatever its fields, as one JSON document and a CSV a frame.

    Parameters
    ----------
    record : dataclass
        Of texts, numbers, Fractions, dates, tuples, lists, mappings, frames and further
        dataclasses. The index of a frame is not kept.
    document : str
        Name of the JSON document.
    table_names : mapping of str to str, optional
        File of a field that is a frame; `<field>.csv` where not named.

    Returns
    -------
    dict of str to bytes
        By file name.

    Raises
    ------
    TypeError
        If a value is of another kind: nothing is left out in silence.
    """
    tables: dict[str, bytes] = {}
    plain = _plain(record, "record", dict(table_names or {}), tables)
    text = json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False)
    return {document: text.encode(), **tables}


def read(kind: type[_T], members: Mapping[str, bytes], document: str) -> _T:
    """
    Make the dataclass again that was written.

    Raises
    ------
    StoreError
        If it was written by a version of the program whose dataclass lacked a field, or a member
        is missing or damaged.
    """
    found = _opened(members, document, _kinds(kind))
    return typing.cast("_T", found)


def read_loosely(members: Mapping[str, bytes], document: str) -> dict[str, Any]:
    """
    Read what was written as plain mappings, whatever fields the dataclasses have today.

    Raises
    ------
    StoreError
        If a member is missing or damaged.
    """
    return dict(_opened(members, document, None))


def frame_text(frame: pd.DataFrame) -> tuple[bytes, dict[str, str]]:
    """
    Write a frame as CSV; give the kind of each column besides, which `frame_of` needs.

    An empty cell is missing. A text that is empty, or that a spreadsheet might take for a formula,
    has a backslash before it.
    """
    kinds = {str(c): _column_kind(frame[c]) for c in frame.columns}
    out = io.StringIO(newline="")
    # With both signs of a line end in it, texts that hold either are quoted.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(kinds)
    columns = [[_cell(v, kinds[str(c)]) for v in frame[c].tolist()] for c in frame.columns]
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue().encode(), kinds


def frame_of(text: bytes, kinds: Mapping[str, str]) -> pd.DataFrame:
    """Read a frame that `frame_text` wrote."""
    rows = list(csv.reader(io.StringIO(text.decode(), newline="")))
    if not rows or rows[0] != list(kinds):
        raise ValueError(f"the columns are {rows[0] if rows else []} and not {list(kinds)}")
    made = {
        name: _column([row[i] for row in rows[1:]], kind)
        for i, (name, kind) in enumerate(kinds.items())
    }
    return pd.DataFrame(made, columns=list(kinds))


def _plain(value: Any, name: str, named: dict[str, str], tables: dict[str, bytes]) -> Any:
    """Turn a value into what JSON holds; its frames go to `tables`."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, np.generic):
        return _plain(value.item(), name, named, tables)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return value if np.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, Fraction):
        return {"$fraction": str(value)}
    if value is pd.NA:
        return {"$na": None}
    if value is pd.NaT:
        return {"$moment": "NaT"}
    if isinstance(value, pd.Timestamp):
        return {"$moment": value.isoformat()}
    if isinstance(value, dt.datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, dt.date):
        return {"$date": value.isoformat()}
    if isinstance(value, pd.DataFrame):
        file = named.get(name, f"{name}.csv")
        if file in tables:
            raise TypeError(f"two frames are called {name}, so one file cannot hold both")
        tables[file], kinds = frame_text(value)
        return {"$table": file, "columns": kinds}
    if is_dataclass(value) and not isinstance(value, type):
        inside = {
            f.name: _plain(getattr(value, f.name), f.name, named, tables) for f in fields(value)
        }
        return {"$record": type(value).__name__, **inside}
    if isinstance(value, tuple):
        return {"$tuple": [_plain(v, name, named, tables) for v in value]}
    if isinstance(value, list):
        return [_plain(v, name, named, tables) for v in value]
    if isinstance(value, Mapping):
        pairs = [(k, _plain(v, str(k), named, tables)) for k, v in value.items()]
        if all(isinstance(k, str) and not k.startswith("$") for k, _ in pairs):
            return dict(pairs)
        return {"$map": [[_plain(k, name, named, tables), v] for k, v in pairs]}
    raise TypeError(f"{name} is {type(value).__name__}, which no file can hold")


def _opened(members: Mapping[str, bytes], document: str, kinds: Mapping[str, type] | None) -> Any:
    """Read the document and its tables; say in one sentence what cannot be read."""
    try:
        return _value(json.loads(members[document]), members, kinds)
    except StoreError:
        raise
    except (KeyError, ValueError, TypeError) as error:
        raise StoreError(
            f"{document} or a table that belongs to it cannot be read as written ({error}), so the "
            "figures in it are not used. Put the file back from a copy that was not changed."
        ) from error


def _value(plain: Any, members: Mapping[str, bytes], kinds: Mapping[str, type] | None) -> Any:
    """Turn what JSON holds back into the value; records become mappings without `kinds`."""
    if isinstance(plain, list):
        return [_value(v, members, kinds) for v in plain]
    if not isinstance(plain, dict):
        return plain
    tag = next(iter(plain), "")
    if tag == "$table":
        return frame_of(members[plain["$table"]], plain["columns"])
    if tag == "$record":
        inside = {k: _value(v, members, kinds) for k, v in plain.items() if k != tag}
        return inside if kinds is None else _record(plain[tag], inside, kinds)
    if tag == "$tuple":
        return tuple(_value(v, members, kinds) for v in plain[tag])
    if tag == "$map":
        return {_value(k, members, kinds): _value(v, members, kinds) for k, v in plain[tag]}
    if tag in _SCALARS:
        return _SCALARS[tag](plain[tag])
    return {k: _value(v, members, kinds) for k, v in plain.items()}


_SCALARS: Final[dict[str, Any]] = {
    "$float": float,
    "$fraction": Fraction,
    "$na": lambda _: pd.NA,
    "$moment": pd.Timestamp,
    "$datetime": dt.datetime.fromisoformat,
    "$date": dt.date.fromisoformat,
}


_OBJECTS: Final[dict[str, Any]] = {
    "fraction": Fraction,
    "date": dt.date.fromisoformat,
    "moment": pd.Timestamp,
}


def _record(name: str, inside: dict[str, Any], kinds: Mapping[str, type]) -> Any:
    """Make a dataclass; what today's no longer has is passed over, what it lacks is said."""
    kind = kinds[name]
    known = {f.name: f for f in fields(kind)}
    missing = [
        n
        for n, f in known.items()
        if n not in inside and f.default is MISSING and f.default_factory is MISSING
    ]
    if missing:
        raise StoreError(
            f"This was kept by another version of the program, which did not know "
            f"{', '.join(missing)}, so its figures cannot be used here. The files in it can be "
            "read as they are; to use the figures, install the version that manifest.json names."
        )
    return kind(**{n: v for n, v in inside.items() if n in known})


def _kinds(root: type) -> dict[str, type]:
    """Find a dataclass and those in its fields, by name."""
    found: dict[str, type] = {}
    waiting: list[Any] = [root]
    while waiting:
        one = waiting.pop()
        waiting += typing.get_args(one)
        if isinstance(one, type) and is_dataclass(one) and one.__name__ not in found:
            found[one.__name__] = one
            waiting += typing.get_type_hints(one).values()
    return found


def _column_kind(column: "pd.Series[Any]") -> str:
    """Name what a column holds: its dtype, or what all its objects are."""
    if column.dtype != object:
        return str(column.dtype)
    values = [v for v in column.tolist() if v is not None]
    for kind, of in (("text", str), ("fraction", Fraction)):
        if all(isinstance(v, of) for v in values):
            return kind
    for kind, exactly in (("date", dt.date), ("moment", pd.Timestamp)):
        if all(type(v) is exactly for v in values):
            return kind
    return "mixed"


def _cell(value: Any, kind: str) -> str:
    """Write one cell."""
    if kind == "mixed":
        return "" if value is None else json.dumps(_plain(value, "cell", {}, {}))
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, str):
        return f"\\{value}" if not value or value.startswith(_ESCAPED) else value
    if isinstance(value, float):
        return repr(value)
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _column(cells: list[str], kind: str) -> "pd.Series[Any]":
    """Read the cells of one column."""
    if kind == "mixed":
        values = [None if c == "" else _value(json.loads(c), {}, None) for c in cells]
        return pd.Series(values, dtype=object)
    if kind in ("str", "string", "text"):
        texts = [None if c == "" else c.removeprefix("\\") for c in cells]
        return pd.Series(texts, dtype="object" if kind == "text" else kind)
    if kind in _OBJECTS:
        made = _OBJECTS[kind]
        return pd.Series([None if c == "" else made(c) for c in cells], dtype=object)
    if kind.startswith("datetime64"):
        moments = [None if c == "" else pd.Timestamp(c) for c in cells]
        return pd.Series(pd.to_datetime(pd.Series(moments, dtype=object)), dtype=kind)
    as_number = {"b": {"True": True, "False": False}.__getitem__, "f": float}
    parse: Any = as_number.get(kind[0].lower(), int)
    numbers = [None if c == "" else parse(c) for c in cells]
    return pd.Series(numbers, dtype=typing.cast("Any", kind))
