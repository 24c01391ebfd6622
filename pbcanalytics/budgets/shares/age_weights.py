"""What a patient of an age and sex costs beside others: dated weight sets, and lists weighed."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pandas as pd

from pbcanalytics.words.errors import ReferenceGap

ANY_SEX: Final = "ALL"
_SEXES: Final = ({ANY_SEX}, {"1", "2"})
_OLDEST: Final = 120
COLUMNS: Final = ("sex", "youngest_years", "oldest_years", "weight_ratio")
"""Columns of a weight set; `oldest_years` is blank in the band without an upper end."""

NO_AGES: Final = "no list by age and sex at 1 April"
NOT_WEIGHED: Final = "patients on its list whose age or sex has no weight"


@dataclass(frozen=True)
class WeightSet:
    """
    Weights by age and sex: reference data with a date, a source and a status (domain 3.4).

    Attributes
    ----------
    dated : str
        Financial year that the weights describe.
    status, source, note : str
        `official`, `example` or `unverified`; title of the source; what a reader must know.
    weights : dict of (str, int) to Fraction
        By sex (`1`, `2`, or `ALL` alone) and age in whole years; only proportions count.
    """

    dated: str
    status: str
    source: str
    note: str
    weights: dict[tuple[str, int], Fraction]


def weight_set(
    rows: pd.DataFrame, *, dated: str, status: str, source: str, note: str = ""
) -> WeightSet:
    """
    Read a weight set, and refuse one that leaves an age out or weighs it twice.

    Parameters
    ----------
    rows : DataFrame, one row per sex and age band
        COLUMNS, as text.
    dated, status, source, note : str
        As in WeightSet.

    Returns
    -------
    WeightSet

    Raises
    ------
    ReferenceGap
        With every fault of the set.
    """
    missing = [c for c in COLUMNS if c not in rows.columns]
    faults = [f"it has no column {c}" for c in missing]
    weights: dict[tuple[str, int], Fraction] = {}
    if not missing:
        faults += _taken(rows, weights)
        sexes = {sex for sex, _ in weights}
        if sexes not in _SEXES:
            faults.append("its sexes are neither 1 and 2 nor ALL alone")
        faults += [
            f"it has no weight for age {age}" + ("" if sex == ANY_SEX else f" of sex {sex}")
            for sex in sorted(sexes)
            for age in range(_OLDEST + 1)
            if (sex, age) not in weights and (age == 0 or (sex, age - 1) in weights)
        ]
        if not any(weights.values()):
            faults.append("none of its weights is above 0")
    if faults:
        raise ReferenceGap(
            f"The age weights of {dated} cannot be used, because shares would be wrong: "
            f"{'; '.join(faults[:8])}{' …' if len(faults) > 8 else ''}. Correct "
            f"reference/age_weights/{dated.replace('/', '-')}.csv."
        )
    return WeightSet(dated, status, source, note, weights)


def weigh(lists: pd.DataFrame, chosen: WeightSet) -> pd.DataFrame:
    """
    Weigh lists by age and sex.

    Parameters
    ----------
    lists : DataFrame, one row per practice, sex and age
        `practice_code`, `sex`, `age` ("0" to "94", "95+", "ALL"), `n_patients`, of one day.
    chosen : WeightSet

    Returns
    -------
    DataFrame, one row per practice
        `practice_code`, `n_patients`, `weight` (weighted patients: list times age index) and
        `age_index` (1 for the mean of these lists), as Fractions; None with a `reason` where the
        list cannot be weighed. [patients; patients; ratio]
    """
    n_patients: dict[str, int] = {}
    cost: dict[str, Fraction] = {}
    gaps: dict[str, str] = {}
    for code, own in lists.groupby("practice_code", sort=True):
        rows = _cells(own, by_sex=(ANY_SEX, 0) not in chosen.weights)
        if rows.empty:
            gaps[str(code)] = NO_AGES
            continue
        counted, total = 0, Fraction(0)
        for sex, age, n in zip(rows["sex"], rows["age"], rows["n_patients"], strict=True):
            years = str(age).rstrip("+")
            key = (str(sex) if ("1", 0) in chosen.weights else ANY_SEX, int(years or -1))
            if key not in chosen.weights:
                gaps[str(code)] = NOT_WEIGHED
                break
            counted += int(n)
            total += int(n) * chosen.weights[key]
        else:
            n_patients[str(code)], cost[str(code)] = counted, total
    listed, whole = sum(n_patients.values()), sum(cost.values(), Fraction(0))
    scale = listed / whole if whole else Fraction(0)
    found: list[tuple[object, ...]] = [
        (code, Fraction(n), cost[code] * scale, cost[code] * scale / n if n else None, None)
        for code, n in n_patients.items()
    ]
    found += [(code, None, None, None, reason) for code, reason in gaps.items()]
    names = ["practice_code", "n_patients", "weight", "age_index", "reason"]
    return pd.DataFrame(found, columns=names, dtype=object).sort_values(
        "practice_code", ignore_index=True
    )


def _cells(own: pd.DataFrame, *, by_sex: bool) -> pd.DataFrame:
    """Take the rows of a list that name ages, counting nobody twice; none if there are none."""
    of_age = own[own["age"] != "ALL"]
    of_age = of_age[of_age["age"].str.fullmatch(r"[0-9]{1,3}\+?")]
    of_both = of_age[of_age["sex"] != ANY_SEX]
    if by_sex or not of_both.empty:
        return of_both
    return of_age


def _taken(rows: pd.DataFrame, weights: dict[tuple[str, int], Fraction]) -> Iterator[str]:
    """Put the bands of a set into `weights`, and tell the faults."""
    texts = rows[list(COLUMNS)].fillna("").astype(str)
    for row in texts.itertuples(index=False):
        sex, youngest, oldest, weight = (str(v).strip() for v in row)
        said = f"the band {sex} {youngest} to {oldest or 'the oldest'}"
        try:
            first, last = int(youngest), int(oldest) if oldest else _OLDEST
            value = Fraction(weight)
        except (ValueError, ZeroDivisionError):
            yield f"{said} or its weight '{weight}' is no number"
            continue
        if not 0 <= first <= last or value < 0:
            yield f"{said} is no band, or its weight {weight} is below 0"
            continue
        twice = [age for age in range(first, last + 1) if (sex, age) in weights]
        if twice:
            yield f"{said} weighs age {twice[0]} a second time"
        weights.update({(sex, age): value for age in range(first, last + 1)})
