"""What a measure does not know, by name: unknown is not nothing."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.expecting import events_by_stratum
from pbcanalytics.demand.measuring.measures import Condition
from pbcanalytics.demand.measuring.sums import Sums

NOT_LOADED: Final = "not_loaded"
MONTHS_MISSING: Final = "months_missing"
PROVIDER_SILENT: Final = "provider_silent"
CODES_UNKNOWN: Final = "codes_unknown"
UNPRICED: Final = "unpriced"
LISTS_MISSING: Final = "lists_missing"
AGES_MISSING: Final = "ages_missing"
AGE_LISTS_MISSING: Final = "age_lists_missing"
LEFT_OUT: Final = "left_out"
GAPS: Final = (
    *(NOT_LOADED, MONTHS_MISSING, PROVIDER_SILENT, CODES_UNKNOWN, UNPRICED),
    *(LISTS_MISSING, AGES_MISSING, AGE_LISTS_MISSING, LEFT_OUT),
)

LEAST_MONTHLY: Final = 7
"""Events a month from which an empty month is, by chance alone, rarer than one in a thousand."""


@dataclass(frozen=True)
class Gap:
    """
    Something that a measure does not know.

    Attributes
    ----------
    measure : str
    what : str
        One of GAPS.
    names : tuple of str
        Of the events, months, providers (with their months) or practices concerned.
    n, of : int
        How many events are concerned, and of how many; 0 where events are not counted.
    """

    measure: str
    what: str
    names: tuple[str, ...] = ()
    n: int = 0
    of: int = 0


def gaps_of(cube: Cube, sums: Sums) -> list[Gap]:
    """
    Name what a measure does not know.

    Parameters
    ----------
    cube : Cube
    sums : Sums
        Of the measure.

    Returns
    -------
    list of Gap
        In the order of GAPS; where an event is not loaded at all, that only.
    """
    measure = sums.measure
    events = tuple(dict.fromkeys(e for c in measure.conditions for e in c.events))
    held = {*cube.rows["event"].unique(), *cube.left_out["event"].unique()}
    lacking = tuple(e for e in events if e not in held)
    if lacking:
        return [Gap(measure.name, NOT_LOADED, lacking)]
    found = []
    silent_months = tuple(f"{m:%Y-%m}" for m in cube.months[~sums.is_told])
    if silent_months:
        found.append(Gap(measure.name, MONTHS_MISSING, silent_months))
    quiet = tuple(dict.fromkeys(name for event in events for name in _silent(cube, event)))
    if quiet:
        found.append(Gap(measure.name, PROVIDER_SILENT, quiet))
    for what, n, of in (
        (CODES_UNKNOWN, *_unsaid(cube, measure.conditions)),
        (UNPRICED, *_unpriced(cube, measure.numerator)),
    ):
        if n:
            found.append(Gap(measure.name, what, n=n, of=of))
    found += _of_lists(cube, sums)
    n, of = _outside(cube, measure.conditions)
    if n:
        found.append(Gap(measure.name, LEFT_OUT, n=n, of=of))
    return found


def _silent(cube: Cube, event: str) -> list[str]:
    """Name the providers that sent an event before and after some months, and nothing in them."""
    rows = cube.rows[cube.rows["event"] == event]
    found = []
    for provider, own in rows.groupby("provider_code", sort=True):
        months = pd.DatetimeIndex(own["month"].unique())
        between = (cube.months > months.min()) & (cube.months < months.max())
        quiet = cube.months[between & ~cube.months.isin(months)]
        if len(quiet) and own["n_events"].sum() >= LEAST_MONTHLY * (len(months) + len(quiet)):
            found.append(f"{provider} ({', '.join(f'{m:%Y-%m}' for m in quiet)})")
    return found


def _unsaid(cube: Cube, conditions: tuple[Condition, ...]) -> tuple[int, int]:
    """Count the events that do not say what decides whether they count, and all that may."""
    unsaid, rows = np.zeros(len(cube.rows), dtype=bool), np.zeros(len(cube.rows), dtype=bool)
    for condition in conditions:
        unsaid |= condition.unsaid(cube.rows)
        rows |= condition.rows(cube.rows)
    n_events = cube.rows["n_events"].to_numpy()
    return int(n_events[unsaid].sum()), int(n_events[unsaid | rows].sum())


def _unpriced(cube: Cube, numerator: Condition) -> tuple[int, int]:
    """Count the stays without a price where priced ones are asked for, and both together."""
    if "priced_stay" not in numerator.events:
        return 0, 0
    n_events = cube.rows["n_events"].to_numpy()
    without, priced = (
        int(n_events[Condition((event,), pods=numerator.pods).rows(cube.rows)].sum())
        for event in ("unpriced_stay", "priced_stay")
    )
    return without, without + priced


def _of_lists(cube: Cube, sums: Sums) -> list[Gap]:
    """Name the practices without a list, or without one by age where it is wanted."""
    measure = sums.measure
    if not measure.is_rate:
        return []
    found = []
    denominator = sums.denominator[:-1, -1, :]
    lacking = np.isnan(denominator[:, sums.is_told]).any(axis=1)
    if lacking.any():
        found.append(Gap(measure.name, LISTS_MISSING, _names(cube, lacking)))
    if measure.standardise != "age_sex":
        return found
    if events_by_stratum(cube, measure) is None:
        return [*found, Gap(measure.name, AGES_MISSING)]
    is_known = ~np.isnan(denominator) & sums.is_told
    ageless = (is_known & np.isnan(sums.expected[:-1, -1, :])).any(axis=1)
    if ageless.any():
        found.append(Gap(measure.name, AGE_LISTS_MISSING, _names(cube, ageless)))
    return found


def _outside(cube: Cube, conditions: tuple[Condition, ...]) -> tuple[int, int]:
    """Count the events of no practice that is compared, or of no month, and all."""
    left = cube.left_out
    n, of = 0, 0
    for rows in (left, cube.rows):
        kept = np.zeros(len(rows), dtype=bool)
        for condition in conditions:
            kept |= condition.rows(rows)
        total = int(rows["n_events"].to_numpy()[kept].sum())
        n, of = (total if rows is left else n), of + total
    return n, of


def _names(cube: Cube, which: ArrayLike) -> tuple[str, ...]:
    return tuple(c for c, is_ in zip(cube.practices, np.asarray(which), strict=True) if is_)
