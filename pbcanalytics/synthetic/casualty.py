"""Accident and emergency attendances: those that end in admission and those that go home."""

from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.reference import Shelf
from pbcanalytics.synthetic import casemix, days, demand, places
from pbcanalytics.synthetic.emergencies import Clinic
from pbcanalytics.synthetic.eras import Era

ADMITTED: Final = "01"
_HOMEWARD: Final = np.array(["02", "03", "04", "05", "06", "07", "12", "13"], dtype=object)
_HOMEWARD_SHARE: Final = (0.36, 0.45, 0.03, 0.04, 0.05, 0.02, 0.04, 0.01)
_MINOR_UNIT: Final = 0.17
_FRAILTY_SHARE: Final = 0.3
_DRAWN_TO: Final = {
    "VB01Z": (9, 1, 0), "VB02Z": (7, 1, 0), "VB03Z": (5, 1, 0), "VB04Z": (4, 1, 0),
    "VB05Z": (3, 1, 0), "VB06Z": (1, 1, 0.5), "VB07Z": (2, 1, 0.3), "VB08Z": (1, 1, 0.5),
    "VB09Z": (0.3, 1, 1), "VB10Z": (0.3, 1, 1), "VB11Z": (0.1, 1, 2),
}  # fmt: skip


def hrg_sampler(shelf: Shelf, era: Era) -> tuple[list[str], casemix.Sampler]:
    """
    Make the sampler of A&E HRGs for attendances that are admitted, go home, or are minor.

    Returns
    -------
    tuple
        The HRG codes, and a sampler whose strata 0, 1, 2 are those three kinds.
    """
    mix = shelf.read("hrg_mix", "2024/25")
    volumes = mix[mix["setting"] == "emergency_care"].set_index("hrg")["n_activity"]
    codes = [c for c in _DRAWN_TO if c in volumes.index]
    weights = np.array([_DRAWN_TO[c] for c in codes], dtype=np.float64).T
    share = np.array([0.18, 0.82 * (1 - _MINOR_UNIT), 0.82 * _MINOR_UNIT])
    drawn = casemix.sampler(weights, volumes[codes].to_numpy(dtype=np.float64), share)
    return [era.emergency_levels.get(c, c) for c in codes], drawn


def going_home(
    clinic: Clinic, who: pd.DataFrame, year: int, rng: np.random.Generator
) -> pd.DataFrame:
    """
    Draw a year's attendances that end without admission.

    Returns
    -------
    DataFrame, one row per attendance
        `person`, `day`, `provider`, `disposal` (AEATTENDDISP) and `kind`, 1 at a major department
        and 2 at the community provider's minor injury unit.
    """
    weights = 0.5 * days.emergency_weights(year) + 0.5 / 365.25
    frail = 1 - _FRAILTY_SHARE + _FRAILTY_SHARE * who["frailty"].to_numpy()
    rate = demand.home_rate(who["age"].to_numpy()) * frail * weights.sum()
    rate = rate * clinic.places.need[who["practice"].to_numpy()]
    row = np.repeat(np.arange(len(who)), rng.poisson(rate))
    near = clinic.places.near_district[who["practice"].to_numpy()[row]]
    provider = np.where(rng.random(len(row)) < near, places.DISTRICT, places.TEACHING)
    minor = rng.random(len(row)) < _MINOR_UNIT
    return pd.DataFrame(
        {
            "person": who["person"].to_numpy()[row],
            "day": days.pick(year, weights, rng.random(len(row))),
            "provider": np.where(minor, places.COMMUNITY, provider),
            "disposal": _HOMEWARD[rng.choice(len(_HOMEWARD), len(row), p=_HOMEWARD_SHARE)],
            "kind": np.where(minor, 2, 1),
        }
    )


def leading_to_admission(spells: pd.DataFrame) -> pd.DataFrame:
    """Give the attendance that goes with each spell admitted through A&E (ADMIMETH 21)."""
    via = spells[spells["admimeth"] == "21"]
    return pd.DataFrame(
        {
            "person": via["person"].to_numpy(),
            "day": via["start"].to_numpy(),
            "provider": via["provider"].to_numpy(),
            "disposal": ADMITTED,
            "kind": 0,
        }
    )


def details(
    sampler: tuple[list[str], casemix.Sampler], table: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Add to attendances the HRG, time of arrival, category and source of each."""
    codes, drawn = sampler
    hrg = drawn.draw(table["kind"].to_numpy(), rng.random(len(table)))
    by_hour = np.cumsum(np.interp(np.arange(24), [0, 4, 8, 11, 18, 23], [2, 1, 4, 7, 6.5, 3]))
    hour = np.searchsorted(by_hour, rng.random(len(table)) * by_hour[-1], side="right")
    minute = rng.integers(0, 60, len(table))
    clock = np.array([f"{h:02d}{m:02d}" for h in range(24) for m in range(60)], dtype=object)
    again = np.array(["1", "2", "3"], dtype=object)
    sent = np.array(["01", "03", "00", "08"], dtype=object)
    return table.assign(
        code=np.array(codes, dtype=object)[hrg],
        time=clock[np.minimum(hour, 23) * 60 + minute],
        category=again[rng.choice(3, len(table), p=(0.92, 0.03, 0.05))],
        sent_by=sent[rng.choice(4, len(table), p=(0.62, 0.24, 0.08, 0.06))],
    )
