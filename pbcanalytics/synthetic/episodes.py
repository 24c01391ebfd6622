"""From spells to the rows of an admitted-care extract: episodes, diagnoses, procedures."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.synthetic import clinical
from pbcanalytics.synthetic.emergencies import Clinic

_MULTIPLE: Final = (0.0, 0.12, 0.24)
_HOW_MANY: Final = (0.76, 0.18, 0.06)
_CRITICAL: Final = 0.015
_DEARER_ELSEWHERE: Final = 0.1
N_DIAGNOSES: Final = 6


def episodes(clinic: Clinic, spells: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """
    Split spells into finished consultant episodes.

    Parameters
    ----------
    clinic : Clinic
    spells : DataFrame, one row per spell
        With `recorded`, the HRG that the spell should be paid for.
    rng : Generator

    Returns
    -------
    DataFrame, one row per episode
        The spell's columns, and `spell` (its row number), `order` from 1, `is_last`, `begins` and
        `finishes` [day numbers; one episode ends on the day the next begins], `code` (row of the
        HRG table), `critical_days`, and diagnoses and procedures.
    """
    los = (spells["end"] - spells["start"]).to_numpy()
    acute = spells["admimeth"].str.contains("^2|^8").to_numpy(dtype=bool)
    chance = np.where(acute, np.array(_MULTIPLE)[np.minimum(los, 2)], 0.0)
    several = rng.random(len(spells)) < chance
    count = np.where(several, rng.choice([2, 3, 4], len(spells), p=_HOW_MANY), 1)
    critical_lot, critical_size = rng.random(len(spells)), rng.random(len(spells))

    row = np.repeat(np.arange(len(spells)), count)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    length, start = los[row], spells["start"].to_numpy()[row]
    # The first episode is often the short one, on the admissions ward; the rest share the stay.
    part = np.where(place == 0, 0.0, np.minimum(1.0, (place - 0.5) / np.maximum(count[row] - 1, 1)))
    begins = start + np.ceil(part * length).astype(np.int64)
    finishes = np.append(begins[1:], 0)
    is_last = place == count[row] - 1
    finishes[is_last] = spells["end"].to_numpy()[row[is_last]]
    table = spells.iloc[row].reset_index(drop=True)
    main = np.minimum(np.floor(rng.random(len(spells)) * 1.6 * count), count - 1).astype(np.int64)
    code = table["recorded"].to_numpy().copy()
    other = place != main[row]
    code[other] = _companion(clinic, table[other], rng)

    longest = pd.Series(finishes - begins).groupby(row).transform("max").to_numpy()
    critical = (critical_lot < _CRITICAL) & (los >= 3)
    n_critical = 1 + np.floor(critical_size[row] * np.minimum(longest, 12) * 0.999)
    holds = critical[row] & (finishes - begins == longest)
    holds &= ~pd.Series(holds).groupby(row).cumsum().gt(1).to_numpy()
    table = table.assign(
        spell=row,
        order=place + 1,
        is_last=is_last,
        begins=begins,
        finishes=finishes,
        code=code,
        critical_days=np.where(holds, n_critical, 0).astype(np.int64),
    )
    return pd.concat([table, _coding(clinic, table, rng)], axis=1)


def _companion(clinic: Clinic, table: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.int64]:
    # A spell is usually paid for its dearest episode, so the others are mostly cheaper.
    price = clinic.table["non_elective_pence"].fillna(0.0).to_numpy()
    drawn = clinic.emergency.draw(table["stratum"].to_numpy(), rng.random(len(table)))
    own = table["recorded"].to_numpy()
    cheaper = clinic.table["step_down"].to_numpy()[own]
    instead = np.where(cheaper >= 0, cheaper, own)
    dearer = (price[drawn] > price[own]) & (rng.random(len(table)) > _DEARER_ELSEWHERE)
    return np.where(dearer, instead, drawn)


def _coding(clinic: Clinic, table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    hrg = table["code"].to_numpy()
    coded = {"DIAG_01": _one_of(clinical.DIAGNOSES, clinic, hrg, "R69X", rng)}
    rank = clinic.table["rank"].to_numpy()[hrg]
    older = (table["stratum"].to_numpy() // 2 >= 6) * 0.8
    depth = np.minimum(rng.poisson(0.4 + 3.2 * rank + older), N_DIAGNOSES - 1)
    pool = np.array(clinical.COMPANIONS.split(), dtype=object)
    # Distinct companions: a random start and stride through a list of prime-free length.
    start = np.floor(len(pool) * rng.random(len(table)) ** 1.8).astype(np.int64)
    stride = rng.choice(np.array([1, 5, 7, 11]), len(table))
    for place in range(N_DIAGNOSES - 1):
        chosen = pool[(start + place * stride) % len(pool)]
        chosen[chosen == coded["DIAG_01"]] = "Z922"
        chosen[depth <= place] = None
        coded[f"DIAG_{place + 2:02d}"] = chosen
    operated = clinic.table["is_procedure"].to_numpy(dtype=bool)[hrg]
    first = _one_of(clinical.OPERATIONS, clinic, hrg, "X403", rng)
    first[~operated] = None
    second = np.array(["Z941", "Z942", "Z943", "Y981"], dtype=object)[rng.integers(0, 4, len(hrg))]
    second[~operated | (rng.random(len(hrg)) < 0.4)] = None
    return pd.DataFrame({**coded, "OPERTN_01": first, "OPERTN_02": second}, dtype=object)


def _one_of(
    table: dict[str, str],
    clinic: Clinic,
    hrg: NDArray[np.int64],
    otherwise: str,
    rng: np.random.Generator,
) -> NDArray[Any]:
    width = 4
    lists = [
        clinical.longest_start(table, c, otherwise).split() for c in clinic.table["like"].tolist()
    ]
    padded = np.array([[x[i % len(x)] for i in range(width)] for x in lists], dtype=object)
    return np.asarray(padded[hrg, rng.integers(0, width, len(hrg))])


def operations(clinic: Clinic, hrg: NDArray[np.int64], rng: np.random.Generator) -> NDArray[Any]:
    """Give an OPCS-4 code for each outpatient procedure; none where `hrg` is -1."""
    coded = _one_of(clinical.OPERATIONS, clinic, np.maximum(hrg, 0), "X403", rng)
    coded[hrg < 0] = None
    return coded
