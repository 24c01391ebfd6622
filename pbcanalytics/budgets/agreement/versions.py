"""Two versions of a year's budgets held against each other: what changed, to the penny."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.walk.baseline import MOVES, Baseline

_RESULT: Final = "indicative_pence"
_HELD: Final = "held_pence"
"""What others hold of a line: no step of the walk."""

_KEYS: Final = ("practice_code", "pod", "line", "holder")
"""Columns that say of which row a cell is; a frame where they do not tell rows apart is compared
row by row in its order."""

CELL_COLUMNS: Final = ("part", "row", "column", "then", "now")


@dataclass(frozen=True)
class Difference:
    """
    What changed from one version of budgets to another.

    Attributes
    ----------
    sums : DataFrame, one row per sum of the PCT
        `name`, `then_pence`, `now_pence`, `change_pence`: resource, what is held back, budgets.
    steps : DataFrame, one row per step of the walk
        `step` and the same; the last, `indicative_pence`, is the sum of the others.
    practices : DataFrame, one row per practice of either version
        `practice_code` and the same of its indicative budget; the changes add up to that of the
        budgets.
    lines : DataFrame, one row per practice, line and step that changed
        `practice_code`, `pod`, `step` and the same; of a practice, the changes add up to its own.
    """

    sums: pd.DataFrame
    steps: pd.DataFrame
    practices: pd.DataFrame
    lines: pd.DataFrame


@dataclass(frozen=True)
class Replayed:
    """
    What came of setting the budgets of a version again from its own file.

    Attributes
    ----------
    manifest : dict
    seal : str
    altered : tuple of str
        Members that are not as they were kept; nothing is set again from an altered file.
    differences : DataFrame, one row per cell that differs
        Columns CELL_COLUMNS.
    program : str
        The version of the program that set them again.
    files : DataFrame or None, one row per file loaded then
        `file`, `layout`, `sha256` and `state` (`same`, `changed`, `gone`); None if not asked.
    """

    manifest: dict[str, Any]
    seal: str
    altered: tuple[str, ...]
    differences: pd.DataFrame
    program: str
    files: pd.DataFrame | None

    @property
    def is_same(self) -> bool:
        """Nothing was altered, and every cell is the same."""
        return not self.altered and self.differences.empty


def difference(then: Baseline, now: Baseline) -> Difference:
    """
    Compare two versions by sum, step, practice and line.

    A practice, line or step that only one of them has counts as nothing in the other.

    Parameters
    ----------
    then, now : Baseline
        Of one PCT and year.

    Returns
    -------
    Difference
    """
    cells = _long(then.lines).merge(
        _long(now.lines),
        on=["practice_code", "pod", "step"],
        how="outer",
        suffixes=("_then", "_now"),
    )
    cells = cells.rename(columns={"pence_then": "then_pence", "pence_now": "now_pence"})
    for column in ("then_pence", "now_pence"):
        cells[column] = cells[column].fillna(0).astype("int64")
    cells["change_pence"] = cells["now_pence"] - cells["then_pence"]
    order = _order(set(cells["step"]))
    cells["place"] = cells["step"].map(order)
    money = ["then_pence", "now_pence", "change_pence"]
    steps = cells.groupby(["place", "step"], as_index=False)[money].sum().drop(columns="place")
    # The result is the sum of the steps, so lines tell the steps and practices the result.
    whole = cells[cells["step"] == _RESULT].groupby("practice_code", as_index=False)[money].sum()
    changed = cells[(cells["change_pence"] != 0) & (cells["step"] != _RESULT)]
    changed = changed.sort_values(["practice_code", "pod", "place"], ignore_index=True)
    return Difference(
        _sums(then, now),
        steps,
        whole,
        changed[["practice_code", "pod", "step", *money]],
    )


def cells_that_differ(
    then: Mapping[str, Any], now: Mapping[str, Any], part: str = ""
) -> pd.DataFrame:
    """
    Compare every cell and value of what was kept with what is set now.

    Parameters
    ----------
    then : mapping
        A kept record as plain mappings and frames.
    now : mapping
        The same of today. What only today's has is passed over: then it could not be kept.
    part : str
        Name of the record, for the rows.

    Returns
    -------
    DataFrame, one row per cell that differs
        CELL_COLUMNS; `then` and `now` as text, empty where there is no such cell.
    """
    return pd.DataFrame(list(_cells(then, now, part)), columns=list(CELL_COLUMNS), dtype="str")


def fields_of(record: Any) -> dict[str, Any]:
    """Give a dataclass, and those in it, as plain mappings; frames stay what they are."""
    return {
        f.name: fields_of(v) if is_dataclass(v := getattr(record, f.name)) else v
        for f in fields(record)
    }


def _long(lines: pd.DataFrame) -> pd.DataFrame:
    """Lay the steps of lines out, one row each."""
    steps = [str(c) for c in lines.columns if str(c).endswith("_pence") and c != _HELD]
    long = lines.melt(["practice_code", "pod"], steps, var_name="step", value_name="pence")
    return long.astype({"practice_code": object, "pod": object, "step": object})


def _order(steps: set[str]) -> dict[str, int]:
    """Order steps as the walk does, the result last."""
    walk = [*(m for m in MOVES if m in steps), *sorted(steps - {*MOVES, _RESULT}), _RESULT]
    return {step: place for place, step in enumerate(walk)}


def _sums(then: Baseline, now: Baseline) -> pd.DataFrame:
    """Compare what the PCT has, holds back and hands out."""
    found = [_sums_of(b) for b in (then, now)]
    rows = [
        (name, found[0].get(name, 0), found[1].get(name, 0))
        for name in dict.fromkeys([*found[0], *found[1]])
    ]
    frame = pd.DataFrame(rows, columns=["name", "then_pence", "now_pence"])
    return frame.assign(change_pence=frame["now_pence"] - frame["then_pence"])


def _sums_of(b: Baseline) -> dict[str, int]:
    """Name the sums of a PCT's budgets."""
    own = {
        f.name: int(value)
        for f in fields(b)
        if f.name.endswith("_pence") and isinstance(value := getattr(b, f.name), int)
    }
    budgets = int(b.practices[_RESULT].sum())
    held = {_HELD: int(b.held[_HELD].sum())}
    return {"resource_pence": b.plan.resource_pence, **own, **held, _RESULT: budgets}


def _cells(then: Any, now: Any, part: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Go through the values that differ, records and frames inside included."""
    for name, before in then.items():
        if name not in now:
            yield part, "", name, _text(before), "no longer told"
            continue
        after = now[name]
        if isinstance(before, pd.DataFrame) and isinstance(after, pd.DataFrame):
            yield from _cells_of_frames(before, after, name)
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _cells(before, after, f"{part}.{name}" if part else name)
        elif not _same(before, after):
            yield part, "", name, _text(before), _text(after)


def _cells_of_frames(
    then: pd.DataFrame, now: pd.DataFrame, part: str
) -> Iterator[tuple[str, str, str, str, str]]:
    """Go through the cells of two frames that differ, row by row."""
    keys = [k for k in _KEYS if k in then.columns and k in now.columns]
    if not keys or then.duplicated(keys).any() or now.duplicated(keys).any():
        keys = []
    rows = [_by_key(frame, keys) for frame in (then, now)]
    for key in dict.fromkeys([*rows[0], *rows[1]]):
        before, after = (held.get(key) for held in rows)
        if before is None or after is None:
            there = ("not there", "there") if before is None else ("there", "not there")
            yield part, key, "", *there
            continue
        for column, value in before.items():
            if not _same(value, after.get(column)):
                yield part, key, str(column), _text(value), _text(after.get(column))


def _by_key(frame: pd.DataFrame, keys: list[str]) -> dict[str, dict[Any, Any]]:
    """Give the rows of a frame by their keys, or by their number."""
    records = frame.to_dict("records")
    if not keys:
        return {f"row {i + 1}": r for i, r in enumerate(records)}
    return {" ".join(str(r[k]) for k in keys): r for r in records}


def _same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same, both missing included."""
    if isinstance(one, pd.DataFrame) or isinstance(other, pd.DataFrame):
        return False
    gone = [v is None or (pd.api.types.is_scalar(v) and bool(pd.isna(v))) for v in (one, other)]
    return all(gone) if any(gone) else bool(one == other)


def _text(value: Any) -> str:
    """Write a value, a missing one as nothing."""
    if value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value))):
        return ""
    return str(value)
