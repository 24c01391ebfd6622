"""The HRGs of the tariff as the generator sees them: who can have them, prices, classes."""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.reference import Shelf
from pbcanalytics.synthetic import clinical

PRICE_YEAR: Final = "2017/18"
"""Financial year of the price list that HRGs are read from."""

BAND_STARTS: Final = np.array([0, 2, 4, 6, 13, 19, 40, 60, 70, 80, 90])
"""First ages of the age bands within which people are alike; two sexes make the strata."""

N_STRATA: Final = 2 * len(BAND_STARTS)
_MIDDLE: Final = np.array([0.5, 2.5, 4.5, 9, 16, 30, 50, 65, 75, 84.5, 93])
_DEAR_SHARE: Final = 0.35
SETTINGS: Final = (
    "day_case",
    "elective",
    "outpatient_procedure",
    "non_elective_short_stay",
    "non_elective_long_stay",
)

PRICE_OF: Final = {
    "day_case": "day_case_pence",
    "elective": "elective_pence",
    "outpatient_procedure": "outpatient_procedure_pence",
    "non_elective_short_stay": "non_elective_pence",
    "non_elective_long_stay": "non_elective_pence",
}
"""The column of the tariff that holds the price of each setting."""


def strata(age: NDArray[np.int64], sex: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each person the number of a stratum of age band and sex."""
    return (np.searchsorted(BAND_STARTS, age, side="right") - 1) * 2 + sex


def catalogue(shelf: Shelf) -> pd.DataFrame:
    """
    Join tariff and national volumes, and read from each name who can have the HRG.

    Parameters
    ----------
    shelf : Shelf
        Tables `tariff` of 2017/18 and `hrg_mix` of 2024/25.

    Returns
    -------
    DataFrame, one row per HRG with a price list entry
        The tariff's columns as floats (pence, days), national volumes by setting, `stem` (root and
        everything of the name but its CC score), `like` (the HRG4+ code by which clinics know it:
        its own), `step_up` and `step_down` (row numbers of the
        next dearer and cheaper class of the stem, -1 if none), `rank` of the class within its
        stem (0 cheapest, 1 dearest) and `is_dear`, the dearest classes of a stem that together
        make up about a third of national emergencies.
    """
    tariff = shelf.read("tariff", PRICE_YEAR)
    mix = shelf.read("hrg_mix", "2024/25").pivot(
        index="hrg", columns="setting", values="n_activity"
    )
    table = tariff.merge(mix.reset_index(), on="hrg", how="left", validate="one_to_one")
    numeric = [c for c in table if str(c).endswith(("_pence", "_days")) or c in SETTINGS]
    table = table.astype({c: "float64" for c in numeric}).sort_values("hrg", ignore_index=True)
    table[list(SETTINGS)] = table[list(SETTINGS)].fillna(0.0)
    for setting, price in PRICE_OF.items():
        table.loc[table[price].isna(), setting] = 0.0
    names = table["name"].astype(object)
    for column in ("hrg", "root", "name"):
        table[column] = table[column].astype(object)
    table["like"] = table["hrg"]
    table["is_procedure"] = names.str.contains("Procedure|Extraction|Biopsy|Implant|Intervention")
    table["is_procedure"] &= ~names.str.contains("without Interventions")
    table["stem"] = table["root"] + names.str.replace(r",? ?with CC [Ss]core.*", "", regex=True)
    # Only classes told apart by a CC score can be recorded one for another by adding a diagnosis.
    return classes(table, table["name"].str.contains(r"CC [Ss]core"))


def classes(table: pd.DataFrame, is_scored: pd.Series) -> pd.DataFrame:
    """
    Add `step_up`, `step_down`, `rank` and `is_dear` (see `catalogue`) to a table of HRGs.

    Parameters
    ----------
    table : DataFrame, one row per HRG
        With `stem`, `non_elective_pence` and national volumes; it gets the columns.
    is_scored : Series, one value per HRG
        Whether a diagnosis more can make another class of it.
    """
    scored = table[is_scored].copy()
    scored["volume"] = scored["non_elective_short_stay"] + scored["non_elective_long_stay"]
    scored = scored.sort_values(
        ["stem", "non_elective_pence", "hrg"], ascending=[True, False, True]
    )
    by_stem = scored.groupby("stem", sort=False)
    before = by_stem["volume"].cumsum() - scored["volume"]
    share = before / by_stem["volume"].transform("sum").replace(0.0, 1.0)
    place = by_stem.cumcount()
    n = by_stem["hrg"].transform("size")
    rows = pd.Series(scored.index, index=scored.index)
    table["step_up"] = rows.groupby(scored["stem"], sort=False).shift(1)
    table["step_down"] = rows.groupby(scored["stem"], sort=False).shift(-1)
    for step in ("step_up", "step_down"):
        table[step] = table[step].fillna(-1).astype("int64")
    table["rank"] = (1 - place / (n - 1).clip(lower=1)).where(n > 1)
    table["rank"] = table["rank"].fillna(0.5)
    dear = (share < _DEAR_SHARE) & (place < n - 1) & (n > 1)
    table["is_dear"] = dear.reindex(table.index, fill_value=False)
    return table


def affinity(table: pd.DataFrame) -> NDArray[np.float64]:
    """
    Say how much each stratum is drawn to each HRG, before volumes.

    Returns
    -------
    array of stratum x HRG
        Zero where age or sex rule the HRG out; the scale of a column means nothing.
    """
    names = table["name"].to_numpy(dtype=object)
    codes = table["hrg"].to_numpy(dtype=object)
    low, high = np.array([_ages(str(c), str(n)) for c, n in zip(codes, names, strict=True)]).T
    band_low, band_high = BAND_STARTS, np.append(BAND_STARTS[1:] - 1, 120)
    fits = (band_low[:, None] >= low) & (band_high[:, None] <= high)
    slope = np.array([clinical.age_slope(str(c)) for c in codes])
    slope = slope + 0.5 * (table["rank"].to_numpy() - 0.5)
    drawn = fits * np.exp(slope * (np.maximum(_MIDDLE, 25.0)[:, None] - 50) / 20)
    labelled = (high <= 18) | (low > 0)
    drawn *= np.where((BAND_STARTS < 19)[:, None] & ~labelled, 0.15, 1.0)
    weights = np.repeat(drawn[:, None, :], 2, axis=1)
    weights[:, 0, [c[0] == "M" for c in codes]] = 0.0
    weights[BAND_STARTS < 13][:, :, [c[0] == "M" for c in codes]] = 0.0
    weights[:, 1, [bool(re.search(clinical.MEN_ONLY, n)) for n in names]] = 0.0
    weights[:, 0, [c[:2] in clinical.MOSTLY_WOMEN for c in codes]] *= 0.02
    return np.asarray(weights.reshape(N_STRATA, len(table)))


def planned_specialty(table: pd.DataFrame) -> NDArray[Any]:
    """Give the specialty code that treats each HRG by plan."""
    return np.array(
        [
            clinical.PAEDIATRICS
            if str(hrg).startswith("P")
            else clinical.longest_start(clinical.SPECIALTY_OF_CHAPTER, str(hrg), "300")
            for hrg in table["like"]
        ],
        dtype=object,
    )


def _ages(hrg: str, name: str) -> tuple[float, float]:
    low, high = 0.0, 120.0
    if hrg.startswith("P"):
        high = 18.0
    if found := re.search(r"between (\d+) and (\d+) years", name):
        low, high = float(found[1]), float(found[2])
    elif found := re.search(r"(\d+) years? and under", name):
        high = float(found[1])
    elif found := re.search(r"(\d+) years? and over", name):
        low = float(found[1])
    return low, high


@dataclass(frozen=True)
class Sampler:
    """
    Draws one of `members` for people of given strata.

    `steps` is the running sum of probabilities, stratum x member.
    """

    members: NDArray[np.int64]
    steps: NDArray[np.float64]

    def draw(self, who: NDArray[np.int64], uniforms: NDArray[np.float64]) -> NDArray[np.int64]:
        """Draw a member for each stratum number in `who`; a stratum with none gives -1."""
        drawn = np.full(len(who), -1)
        for stratum in np.unique(who):
            here = np.flatnonzero(who == stratum)
            steps = self.steps[stratum]
            if steps[-1] > 0:
                at = np.searchsorted(steps, uniforms[here] * steps[-1], side="right")
                drawn[here] = self.members[np.minimum(at, len(steps) - 1)]
        return drawn


def sampler(
    weights: NDArray[np.float64], volumes: NDArray[Any], demand: NDArray[np.float64]
) -> Sampler:
    """
    Make a sampler that follows the strata's affinities and still gives the national volumes.

    Parameters
    ----------
    weights : array of stratum x HRG
        From `affinity`.
    volumes : array, one value per HRG
        National volume; HRGs without any are left out.
    demand : array, one value per stratum
        The share of all draws that each stratum is going to make. [share]
    """
    members = np.flatnonzero((volumes > 0) & (weights.sum(axis=0) > 0))
    target = volumes[members] / max(volumes[members].sum(), 1.0)
    cells = weights[:, members] * target + 1e-300
    cells[weights[:, members] == 0] = 0.0
    # Iterative proportional fitting: rows to the strata's demand, columns to the volumes.
    for _ in range(40):
        cells *= (demand / np.maximum(cells.sum(axis=1), 1e-300))[:, None]
        cells *= target / np.maximum(cells.sum(axis=0), 1e-300)
    return Sampler(members, np.cumsum(cells, axis=1))
