"""How long people stay: lengths of stay that respect each HRG's trim point, and deaths."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SPREAD: Final = 1.05
_TRIM_AT: Final = 1.75
_ELECTIVE_SPREAD: Final = 0.8
_ELECTIVE_TRIM_AT: Final = 1.8
_SAME_DAY_OF_SHORT: Final = 0.52
_DISCHARGED_AT_ONCE: Final = "DZ65K"


def is_short(table: pd.DataFrame, hrg: Ints, age: Ints, uniforms: Floats) -> NDArray[np.bool_]:
    """
    Say which emergencies stay under two days, as often as the nation's did for the HRG.

    Parameters
    ----------
    table : DataFrame, one row per HRG
        From `casemix.catalogue`.
    hrg, age, uniforms : arrays, one value per spell
        Row number in `table`; age [years]; a uniform random number.
    """
    short = table["non_elective_short_stay"].to_numpy()[hrg]
    long = table["non_elective_long_stay"].to_numpy()[hrg]
    odds = short / np.maximum(long, 0.5) * np.exp(-0.3 * (np.clip(age, 20, 95) - 66) / 20)
    at_once = table["like"].to_numpy(dtype=object)[hrg] == _DISCHARGED_AT_ONCE
    return np.asarray((uniforms < odds / (1 + odds)) | at_once)


def emergency_days(
    table: pd.DataFrame,
    hrg: Ints,
    age: Ints,
    short: NDArray[np.bool_],
    severity: Floats,
    rng: np.random.Generator,
) -> Ints:
    """
    Draw lengths of stay of non-elective spells.

    Parameters
    ----------
    table : DataFrame, one row per HRG
    hrg, age, short, severity : arrays, one value per spell
        Severity is a standard normal score that lengthens a stay.
    rng : Generator

    Returns
    -------
    array, one value per spell [days]
        Nought or one for short stays; otherwise two or more, log-normal, with the median so set
        that three to six in a hundred pass the HRG's trim point.
    """
    same_day = rng.random(len(hrg)) < _SAME_DAY_OF_SHORT
    trim = table["non_elective_trim_days"].to_numpy()[hrg]
    median = (trim - 1) / np.exp(_TRIM_AT * _SPREAD)
    noise = 0.5 * severity + np.sqrt(0.75) * rng.normal(size=len(hrg))
    older = 0.12 * (np.clip(age, 20, 95) - 66) / 20
    long = 2 + np.floor(median * np.exp(_SPREAD * noise + older))
    return np.where(short, np.where(same_day, 0, 1), np.minimum(long, 300)).astype(np.int64)


def elective_days(table: pd.DataFrame, hrg: Ints, rng: np.random.Generator) -> Ints:
    """Draw lengths of stay [days] of planned ordinary admissions."""
    trim = table["elective_trim_days"].to_numpy()[hrg]
    median = trim / np.exp(_ELECTIVE_TRIM_AT * _ELECTIVE_SPREAD)
    drawn = 1 + np.floor(median * np.exp(_ELECTIVE_SPREAD * rng.normal(size=len(hrg))))
    return np.where(rng.random(len(hrg)) < 0.07, 0, np.minimum(drawn, 200)).astype(np.int64)


def dies(
    table: pd.DataFrame,
    hrg: Ints,
    age: Ints,
    short: NDArray[np.bool_],
    severity: Floats,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Say which emergency spells end in death: older, dearer class, more severe, longer stay."""
    base = np.interp(age, [0, 40, 65, 80, 100], [0.0005, 0.003, 0.014, 0.032, 0.07])
    rank = table["rank"].to_numpy()[hrg]
    odds = base * (0.5 + 1.5 * rank) * np.exp(0.5 * severity) * np.where(short, 0.5, 1.6)
    return np.asarray(rng.random(len(hrg)) < odds)
