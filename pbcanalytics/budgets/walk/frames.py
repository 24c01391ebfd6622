"""A walk laid out as tables: lines, practices, and what goes with them."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from pbcanalytics.budgets.walk.scope import in_words, months_of
from pbcanalytics.budgets.walk.steps import LEVELS, MOVES, Walk


def budget_lines(taken: Walk, activity: pd.DataFrame) -> pd.DataFrame:
    """
    Lay out the lines of a walk with the activity from which they came.

    Returns
    -------
    DataFrame, one row per practice and point of delivery
        As `Baseline.lines`. [pence]
    """
    lines = pd.DataFrame(
        [(line.practice_code, line.pod) for line in taken.lines], columns=["practice_code", "pod"]
    )
    counts = activity[["practice_code", "pod", "n_activity", "n_priced"]]
    lines = lines.merge(counts, on=["practice_code", "pod"], how="left", validate="one_to_one")
    lines = lines.fillna({"n_activity": 0, "n_priced": 0})
    lines = lines.astype({"n_activity": "int64", "n_priced": "int64"})
    before = [0] * len(lines)
    for move, level in zip(MOVES, LEVELS, strict=True):
        now = taken.levels[level]
        lines[move] = [a - b for a, b in zip(now, before, strict=True)]
        before = now
    lines["indicative_pence"] = before
    held: dict[tuple[str, str], int] = {}
    for line, _, pence in taken.held:
        place = (line.practice_code, line.pod)
        held[place] = held.get(place, 0) + pence
    places = zip(lines["practice_code"], lines["pod"], strict=True)
    lines["held_pence"] = [held.get(place, 0) for place in places]
    return lines


def budget_practices(known: pd.DataFrame, lines: pd.DataFrame, taken: Walk) -> pd.DataFrame:
    """
    Sum the lines of practices, and put lists and fair shares beside them.

    Returns
    -------
    DataFrame, one row per practice
        As `Baseline.practices`. [patients; pence; shares]
    """
    summed = lines.drop(columns="pod").groupby("practice_code", as_index=False).sum()
    practices = known.merge(summed, on="practice_code", how="inner", validate="one_to_one")
    practices = practices.sort_values("practice_code", ignore_index=True)
    names = ("target_pence", "distance_share", "chance_share")
    shares = taken.move.shares
    by_code: dict[str, list[Any]] = {}
    if shares is not None:
        columns = (shares.practices[c] for c in ("practice_code", *names))
        by_code = {code: rest for code, *rest in zip(*columns, strict=True)}
    for i, name in enumerate(names):
        values = [by_code[c][i] if c in by_code else None for c in practices["practice_code"]]
        practices[name] = pd.Series(values, dtype=object)
    return practices


def sidelines(taken: Walk, financial_year: str) -> dict[str, pd.DataFrame]:
    """
    Lay out what goes with a walk: what others hold, adjustments, what could not be done.

    Returns
    -------
    dict of str to DataFrame
        `held`, `outside`, `adjustments`, `unapplied`, as of a `Baseline`.
    """

    def when(row: Any) -> str:
        return in_words(months_of(row, financial_year))

    return {
        "held": _frame(
            [
                (line.practice_code, line.pod, row.holder, when(row), row.reason, pence)
                for line, row, pence in taken.held
            ],
            ("practice_code", "pod", "holder", "months", "reason", "held_pence"),
        ),
        "outside": _frame(
            [(row.line, row.holder, when(row), row.reason) for row in taken.handed.outside],
            ("pod", "holder", "months", "reason"),
        ),
        "adjustments": _frame(
            [
                (line.practice_code, line.pod, pence, a.reason, a.agreed_by, a.agreed_on)
                for line, a, pence in taken.adjustments
            ],
            ("practice_code", "pod", "amount_pence", "reason", "agreed_by", "agreed_on"),
        ),
        "unapplied": _frame(
            taken.unapplied, ("item", "practice_code", "pod", "amount_pence", "reason")
        ),
    }


def _frame(rows: Iterable[tuple[Any, ...]], columns: Sequence[str]) -> pd.DataFrame:
    """Lay out rows by practice and line; what is not known stays None."""
    frame = pd.DataFrame(list(rows), columns=list(columns), dtype=object)
    whole = [c for c in columns if c.endswith("_pence") and not frame[c].isna().any()]
    by = [c for c in ("item", "practice_code", "pod") if c in columns]
    frame = frame.astype(dict.fromkeys(whole, "int64"))
    return frame.sort_values(by, ignore_index=True, kind="stable")
