"""Errors that extracts have in life, planted and counted; and the provider that is late."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.synthetic.eras import Era

KEYS: Final = {"apc": "EPIKEY", "op": "ATTENDKEY", "ae": "AEKEY"}
"""The column that names a row of each dataset."""

Rows = pd.DataFrame
Change = Callable[[Rows, pd.Index], dict[str, Any]]


@dataclass(frozen=True)
class Mistake:
    """
    One kind of error: how many rows of a dataset it strikes in a PCT of 20 practices.

    `among` names the rows that can have it, `change` gives the new values of columns.
    """

    kind: str
    dataset: str
    n_rows: int
    among: Callable[[Rows], pd.Series]
    change: Change


def _alone(rows: Rows) -> pd.Series:
    # Spells of one episode, so that one planted error has one consequence.
    return rows["is_last"] & (rows["order"] == 1) & (rows["classpat"] != 3)


def _any(rows: Rows) -> pd.Series:
    return pd.Series(True, index=rows.index)


def _nights(rows: Rows) -> pd.Series:
    return _alone(rows) & (rows["los"] > 0)


def _planned_nights(rows: Rows) -> pd.Series:
    return _nights(rows) & rows["admimeth"].astype(object).str.startswith("1").astype(bool)


def _sets(**values: Any) -> Change:
    return lambda rows, at: values


def _before(rows: Rows, at: pd.Index) -> dict[str, Any]:
    day = rows.loc[at, "ADMIDATE"].astype("datetime64[s]") - np.timedelta64(3, "D")
    early = day.dt.strftime("%Y-%m-%d")
    return {"DISDATE": early, "EPIEND": early}


def _longer(rows: Rows, at: pd.Index) -> dict[str, Any]:
    return {"SPELDUR": rows.loc[at, "los"] + 7}


def catalogue(era: Era) -> tuple[Mistake, ...]:
    """Give every kind of planted error, in the order of the answer key."""
    admitted, arrived = era.unreadable_dates
    return (
        Mistake("unreadable date", "apc", 12, _alone, _sets(ADMIDATE=admitted)),
        Mistake("unreadable date", "op", 10, _any, _sets(APPTDATE="00/00/0000")),
        Mistake("unreadable date", "ae", 6, _any, _sets(ARRIVALDATE=arrived)),
        Mistake("missing provider", "apc", 8, _alone, _sets(PROCODE3=None)),
        Mistake("missing provider", "op", 6, _any, _sets(PROCODE3=None)),
        Mistake("unfinished episode", "apc", 15, _alone, _sets(EPISTAT=1, DISDATE=None)),
        Mistake("invalid episode order", "apc", 6, _alone, _sets(EPIORDER=99)),
        Mistake("unknown HRG", "apc", 15, _alone, _sets(SUSHRG=era.unknown_hrg)),
        Mistake("ungroupable", "apc", 25, _alone, _sets(SUSHRG=era.ungroupable_hrg, DIAG_01=None)),
        Mistake("missing HRG", "apc", 20, _alone, _sets(SUSHRG=None)),
        Mistake("missing HRG", "ae", 10, _any, _sets(SUSHRG=None)),
        Mistake("unknown practice", "apc", 20, _alone, _sets(GPPRAC="V81999")),
        Mistake("unknown practice", "op", 30, _any, _sets(GPPRAC="V81999")),
        Mistake("practice of another PCT", "apc", 8, _alone, _sets(GPPRAC="X89901")),
        Mistake("practice of another PCT", "op", 12, _any, _sets(GPPRAC="X89901")),
        Mistake("discharge before admission", "apc", 6, _nights, _before),
        Mistake("spell duration disagrees", "apc", 20, _nights, _longer),
        Mistake("day case with nights", "apc", 8, _planned_nights, _sets(CLASSPAT=2)),
        Mistake("duplicate key", "apc", 20, _alone, _sets()),
        Mistake("duplicate key", "op", 25, _any, _sets()),
    )


TWICE: Final = "duplicate key"


def in_group(n_rows: int, n_practices: int, from_practice: int, to_practice: int) -> int:
    """
    Say how many of an error's rows fall to a group of practices.

    Examples
    --------
    >>> in_group(12, 20, 0, 20), in_group(12, 1, 0, 1), in_group(12, 40, 20, 40)
    (12, 1, 12)
    """
    total = max(1, round(n_rows * n_practices / 20))
    return total * to_practice // n_practices - total * from_practice // n_practices


def plant(
    frames: dict[str, Rows],
    planned: list[tuple[Mistake, int]],
    rng: np.random.Generator,
) -> tuple[dict[str, Rows], list[dict[str, Any]]]:
    """
    Plant errors.

    Parameters
    ----------
    frames : dict of dataset to DataFrame
        `apc`, `op` and `ae`, as `extracts` writes them.
    planned : list of Mistake and int
        Mistakes, and how many rows each is to strike.
    rng : Generator

    Returns
    -------
    tuple
        The frames with errors in them, and one answer per mistake: kind, dataset, keys. No row
        has two.
    """
    found = {name: frame.copy() for name, frame in frames.items()}
    struck = {name: pd.Series(False, index=frame.index) for name, frame in found.items()}
    answers = []
    for mistake, count in planned:
        rows = found[mistake.dataset]
        open_to = rows.index[mistake.among(rows) & ~struck[mistake.dataset]]
        # Sorted, so that values found for the rows come in the rows' own order.
        at = pd.Index(np.sort(rng.choice(open_to, min(count, len(open_to)), replace=False)))
        struck[mistake.dataset][at] = True
        for column, value in mistake.change(rows, at).items():
            rows.loc[at, column] = value
        keys = rows.loc[at, KEYS[mistake.dataset]].tolist()
        if mistake.kind == TWICE:
            found[mistake.dataset] = pd.concat([rows, rows.loc[at]], ignore_index=True)
            more = pd.Series(True, index=range(len(rows), len(rows) + len(at)))
            struck[mistake.dataset] = pd.concat([struck[mistake.dataset], more])
        answers.append({"kind": mistake.kind, "dataset": mistake.dataset, "keys": keys})
    return found, answers


def withhold(
    frames: dict[str, Rows], provider: int, since: int, share: float, rng: np.random.Generator
) -> tuple[dict[str, Rows], dict[str, int]]:
    """
    Take out most rows of a late provider, from one day on.

    Returns
    -------
    tuple
        The frames, and how many rows of each are missing.
    """
    kept, missing = {}, {}
    for name, frame in frames.items():
        late = (frame["provider"] == provider) & (frame["day"] >= since)
        late &= rng.random(len(frame)) < share
        kept[name] = frame[~late].reset_index(drop=True)
        missing[name] = int(late.sum())
    return kept, missing
