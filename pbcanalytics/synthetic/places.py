"""The invented PCT: its practices, its consortium and its four providers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PCT: Final = "9E1"
"""A code that a spreadsheet reads as ten-to-the-something, as real PCT codes did."""

PCT_NAME: Final = "Marl Vale PCT"
CONSORTIUM: Final = "C01"
PROVIDERS: Final = ("XD1", "XT1", "XI1", "XC1")
DISTRICT, TEACHING, INDEPENDENT, COMMUNITY = range(4)

_PROVIDER_ROWS: Final = (
    ("XD1", "Marlbridge District General Hospital", "acute"),
    ("XT1", "Wexcombe Teaching Hospitals", "acute"),
    ("XI1", "Hartley Independent Treatment Centre", "independent"),
    ("XC1", "Marl Valley Community Services", "community"),
)
_FIRST: Final = (
    "Amberley Ashcroft Brambling Castle Chalkpit Dovecote Elmhurst Fernhill Grange Hazelwood "
    "Ivybridge Juniper Kingfisher Larkrise Millpond Nettlefield Orchard Priory Quarry "
    "Riverside Saddler Thornbury Upperton Vicarage Watermead Yewtree"
)
_SECOND: Final = ("Surgery", "Medical Centre", "Practice", "Health Centre")
_PLACE: Final = ("", "Marlbridge ", "Wexcombe ", "North Vale ", "South Vale ")


@dataclass(frozen=True)
class Practices:
    """
    The practices of the PCT, each array one value per practice.

    `need` is the level of hospital need against the PCT's mean [ratio], `tilt` how much older than
    the PCT its people are, `near_district` the share of its patients who go to XD1 rather than XT1.
    """

    code: list[str]
    name: list[str]
    size: NDArray[np.int64]
    need: NDArray[np.float64]
    tilt: NDArray[np.float64]
    near_district: NDArray[np.float64]
    in_consortium: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.code)

    def part(self, start: int, end: int) -> "Practices":
        """Give some of the practices, numbered anew from nought."""
        return Practices(
            code=self.code[start:end],
            name=self.name[start:end],
            size=self.size[start:end],
            need=self.need[start:end],
            tilt=self.tilt[start:end],
            near_district=self.near_district[start:end],
            in_consortium=self.in_consortium[start:end],
        )


def practices(n_practices: int, rng: np.random.Generator) -> Practices:
    """
    Invent the practices.

    Parameters
    ----------
    n_practices : int
        How many. From five on, lists run from 2,000 to 18,000 and average 7,500 people; fewer
        practices are given small lists, so that a trial run stays quick.
    rng : Generator
    """
    small = n_practices < 5
    raw = rng.lognormal(0.0, 0.5, n_practices)
    size = 2_000 + raw / raw.mean() * (1_100 if small else 5_500)
    size = np.clip(size, 2_000, 4_500 if small else 18_000)
    need = np.exp(rng.normal(0.0, 0.12, n_practices))
    n_outside = 0 if n_practices < 3 else max(1, round(n_practices * 0.15))
    names = [
        f"{place}{first} {second}"
        for place in _PLACE
        for second in _SECOND
        for first in _FIRST.split()
    ]
    return Practices(
        code=[f"X{80001 + i}" for i in range(n_practices)],
        name=[names[i % len(names)] for i in range(n_practices)],
        size=size.astype(np.int64),
        need=need / np.average(need, weights=size),
        tilt=rng.normal(0.0, 0.25, n_practices),
        near_district=np.clip(rng.normal(0.75, 0.12, n_practices), 0.4, 0.95),
        in_consortium=np.arange(n_practices) < n_practices - n_outside,
    )


def practice_rows(
    places: Practices, closing: int | None, successor: int | None, close_date: str | None
) -> pd.DataFrame:
    """Lay out practices.csv, one row per practice that was ever open."""
    rows = pd.DataFrame(
        {
            "PRACTICE_CODE": places.code,
            "NAME": places.name,
            "PCT_CODE": PCT,
            "CONSORTIUM_CODE": [CONSORTIUM if inside else None for inside in places.in_consortium],
            "OPEN_DATE": "1995-04-01",
            "CLOSE_DATE": None,
            "SUCCESSOR_CODE": None,
        },
        dtype=object,
    )
    if closing is not None and successor is not None:
        rows.loc[closing, ["CLOSE_DATE", "SUCCESSOR_CODE"]] = [close_date, places.code[successor]]
    return rows


def provider_rows() -> pd.DataFrame:
    """Lay out providers.csv, one row per provider."""
    return pd.DataFrame(list(_PROVIDER_ROWS), columns=["PROVIDER_CODE", "NAME", "KIND"])
