"""Newest months that a provider has hardly sent, which would look like a fall."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np

from pbcanalytics.demand.charting.season import MONTHS
from pbcanalytics.demand.comparing.overdispersion import count_tail
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.words.working_days import days_in

MOST_LATE_MONTHS: Final = 3
"""A provider that sends too little for longer has changed and is not late."""

_LATE_RATIO: Final = 0.7
_LATE_CHANCE: Final = 0.001
_USUAL_SCATTER: Final = 0.02


@dataclass(frozen=True)
class Late:
    """Newest months that a provider has not sent in full, so that they are provisional."""

    provider_code: str
    event: str
    months: tuple[dt.date, ...]


def late_months(cube: Cube) -> tuple[Late, ...]:
    """
    Find the newest months that a provider has hardly sent.

    A month is late if it holds less than seven tenths of what the year before the newest months
    leads one to expect, and chance makes that rarer than once in a thousand.

    Parameters
    ----------
    cube : Cube

    Returns
    -------
    tuple of Late
        One per provider and event that is late; none with less than 15 months.
    """
    n = MOST_LATE_MONTHS
    if len(cube.months) < MONTHS + n:
        return ()
    days = np.array([days_in(m.date())[0] for m in cube.months], dtype=float)
    rows = cube.rows.groupby(["event", "provider_code", "month"], observed=True)["n_events"].sum()
    table = rows.unstack("month").reindex(columns=cube.months).fillna(0)
    y = table.to_numpy(float)
    mean = y[:, -MONTHS - n : -n].sum(axis=1) / days[-MONTHS - n : -n].sum()
    usual = mean[:, None] * days[-n:]
    rarely = 1 - count_tail(y[:, -n:] + 1, usual, _USUAL_SCATTER) < _LATE_CHANCE
    is_late = rarely & (y[:, -n:] < _LATE_RATIO * usual)
    # Only an unbroken run up to the newest month is late: the first month of it is the earliest.
    run = np.logical_and.accumulate(is_late[:, ::-1], axis=1).sum(axis=1)
    found = []
    for (event, provider), k in zip(table.index, run.tolist(), strict=True):
        if k:
            months = tuple(m.date() for m in cube.months[-k:])
            found.append(Late(str(provider), str(event), months))
    return tuple(found)
