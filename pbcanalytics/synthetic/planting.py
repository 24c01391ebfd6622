"""What is planted in the demo PCT: where, from when, how much; nothing at all in a quiet one."""

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.synthetic import days, places

CREEP_POINTS: Final = 0.10
"""What not-for-profit hospitals of one country added to their dearest pneumonia class in seven
years (Silverman and Skinner 2004); others added two and three times that."""

ZERO_STAY_SHARE: Final = 0.03
MISSED_BEFORE: Final = 0.40
"""Within what is known: 11% to 57% of lifelong conditions are not coded again at the next
emergency (BMC Health Services Research 2018)."""

AGEING_A_YEAR: Final = 0.004
_WATCHED: Final = 36
LIST_GROWTH_SD: Final = 0.013
LATE_SHARE: Final = 0.85
UNLUCKY_DRAWS: Final = 12
_SURELY: Final = 0.36
_GROWTH: Final = ((0.25, ("330", "110")), (0.40, ("130", "301", "320")))


def stream(seed: int, *key: int | str) -> np.random.Generator:
    """
    Open the random stream of one purpose, independent of every other.

    Parameters
    ----------
    seed : int
    *key : int or str
        What the stream is for; the same key gives the same numbers whatever else is drawn.
    """
    words = [zlib.crc32(k.encode()) if isinstance(k, str) else k + 1 for k in key]
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(words)))


@dataclass(frozen=True)
class Growth:
    """Growth of GP referrals at one practice, in some specialties, from one day on."""

    practice: int
    share: float
    specialties: tuple[str, ...]
    since: int


@dataclass(frozen=True)
class Planting:
    """
    Everything planted; days are day numbers, NEVER where a thing does not happen.

    `creep_since` and `zero_stay_since` are at XD1, `caught_up_since` at XT1: until then a truly
    dear spell is recorded in the cheapest class of its root with probability `missed_before`.
    `creep_in` are the first four signs of the HRG4+ roots in which creep is planted.
    """

    growths: tuple[Growth, ...] = ()
    ageing_a_year: float = 0.0
    list_growth_sd: float = 0.0
    creep_since: int = days.NEVER
    creep_in: tuple[str, ...] = ()
    zero_stay_since: int = days.NEVER
    caught_up_since: int = days.NEVER
    missed_before: float = 0.0
    unlucky: int | None = None
    closing: int | None = None
    successor: int | None = None
    late_since: int = days.NEVER
    mistakes: bool = False


def nothing() -> Planting:
    """Plant nothing: a quiet PCT, on which every alarm is a false one."""
    return Planting()


def usual(
    practices: places.Practices, first_year: int, n_years: int, creep_in: tuple[str, ...] = ()
) -> Planting:
    """
    Decide what is planted, from the sizes of the practices and the years alone.

    Parameters
    ----------
    practices : Practices
    first_year : int
        Calendar year in which the first financial year starts.
    n_years : int
        Financial years; every onset is placed in proportion to them, growth to the last three.
    creep_in : tuple of str
        As in `Planting`.
    """
    order = [int(i) for i in np.argsort(practices.size, kind="stable")]
    n, months = len(order), 12 * n_years
    large, median = order[::-1], order[(n - 1) // 2]
    growing = [large[min(1, n - 1)], large[min(3, n - 1)]] if n > 3 else large[: max(1, n - 1)]
    # Demand is watched for three years, and growth within them can be told from what was usual.
    watched = min(months, _WATCHED)
    onsets = (
        _month(first_year, months - watched + watched * 7 // 12),
        _month(first_year, months - watched + watched * 5 // 12),
    )
    growths = [
        Growth(p, share, specialties, since)
        for p, (share, specialties), since in zip(growing, _GROWTH, onsets, strict=False)
    ]
    spare = [i for i in order if i not in growing and i not in (order[0], median)]
    merges = n >= 5 and n_years >= 2
    return Planting(
        growths=tuple(growths),
        ageing_a_year=AGEING_A_YEAR,
        list_growth_sd=LIST_GROWTH_SD,
        creep_since=_month(first_year, months // 2),
        creep_in=creep_in,
        zero_stay_since=_month(first_year, months * 2 // 3),
        caught_up_since=_month(first_year, months * 5 // 12),
        missed_before=MISSED_BEFORE,
        unlucky=spare[len(spare) // 2] if spare else order[0],
        closing=order[0] if merges else None,
        successor=median if merges else None,
        late_since=_month(first_year, months - 2),
        mistakes=True,
    )


def _month(first_year: int, months: int) -> int:
    first = np.datetime64(f"{first_year}-04", "M") + np.timedelta64(months, "M")
    return days.number(str(first) + "-01")


def creep_roots(table: pd.DataFrame, creep_in: tuple[str, ...]) -> list[str]:
    """Give the roots of a table of HRGs in which creep is planted, in the order of `creep_in`."""
    held = dict(zip(table["like"].str[:4], table["root"], strict=True))
    return [str(held[root]) for root in creep_in if root in held]


def creep_chance(table: pd.DataFrame, creep_in: tuple[str, ...]) -> pd.Series:
    """
    Say how often creep records a cheap spell as dear, so that the dear share rises as planted.

    Parameters
    ----------
    table : DataFrame, one row per HRG
        From `casemix.catalogue`.
    creep_in : tuple of str
        As in `Planting`.

    Returns
    -------
    Series, one value per HRG [share]
        Nought for classes that are dear already, or of other roots.
    """
    is_open = table["root"].isin(creep_roots(table, creep_in)) & ~table["is_dear"]
    is_open &= surely_dear(table) >= 0
    by_root = _acute(table).groupby(table["root"])
    share = (_acute(table) * is_open).groupby(table["root"]).transform("sum")
    share = share / by_root.transform("sum")
    return (CREEP_POINTS / share.where(is_open)).fillna(0.0)


def surely_dear(table: pd.DataFrame) -> pd.Series:
    """
    Give, for each HRG, the row of the class that creep records; -1 if its stem has no dear one.

    It is the cheapest of the classes that together make up at most a third or so of the stem's
    emergencies, or else the dearest: dear wherever dear and cheap are parted, so that what is
    planted can be seen by whoever draws that line elsewhere.
    """
    scored = table[table["stem"].isin(table.loc[table["is_dear"], "stem"])]
    scored = scored[(scored["step_up"] >= 0) | (scored["step_down"] >= 0)]
    scored = scored.sort_values(["non_elective_pence", "hrg"], ascending=[False, True])
    by_stem = _acute(scored).groupby(scored["stem"])
    upto = by_stem.cumsum() / by_stem.transform("sum").replace(0.0, 1.0)
    taken = scored[(upto <= _SURELY) | (scored["step_up"] < 0)]
    return _row_of_stem(table, taken)


def cheapest(table: pd.DataFrame) -> pd.Series:
    """Give, for each HRG, the row of the cheapest class of its stem; -1 if it has no classes."""
    return _row_of_stem(table, table[(table["step_up"] >= 0) & (table["step_down"] < 0)])


def _row_of_stem(table: pd.DataFrame, classes: pd.DataFrame) -> pd.Series:
    """Give each HRG the last of some classes of its stem."""
    last = pd.Series(classes.index, index=classes["stem"]).groupby(level=0).last()
    return table["stem"].map(last).fillna(-1).astype("int64")


def _acute(table: pd.DataFrame) -> pd.Series:
    return table["non_elective_short_stay"] + table["non_elective_long_stay"]


def dear_classes(table: pd.DataFrame, creep_in: tuple[str, ...]) -> dict[str, list[str]]:
    """List the dear classes of every root in which creep is planted."""
    dear = table[table["is_dear"] & table["root"].isin(creep_roots(table, creep_in))]
    return {str(r): sorted(g["hrg"]) for r, g in dear.groupby("root")}
