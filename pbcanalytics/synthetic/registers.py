"""Registers that come with the extracts: lists, the PCT, its consortia and its plan."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.synthetic import demand, places, population
from pbcanalytics.synthetic.eras import Era
from pbcanalytics.synthetic.places import Practices
from pbcanalytics.words import periods

GROWTH: Final = {
    "DC": 0.02, "EL": 0.01, "NEL": 0.015, "NELNE": 0.0, "OPFA": 0.02, "OPFUP": -0.01,
    "OPPROC": 0.02, "AE": 0.015,
}  # fmt: skip
"""Growth assumed in the invented plan, by budget line. [share a year]"""

_CONSORTIA: Final = (
    (places.CONSORTIUM, "Marl Vale Consortium"),
    ("C02", "Wexcombe Side Consortium"),
)
"""Both in the one PCT (R28)."""

_FOUNDED: Final = "2005-04-01"
_MOVER: Final = 0
"""The practice that leaves the second consortium for the first; the rest never move."""

_AFFORDED: Final = 0.97
_RESOURCE_NOTE: Final = "Invented example: what the PCT says it can afford"
_BASE_NOTE: Final = "The first budgets rest on the hospital activity of {}"
_GROWTH_NOTE: Final = "Invented example: agreed by the consortium board and the PCT, February {}"


def counted_lists(
    people: population.People, n_practices: int, row: int, year: int
) -> NDArray[np.int64]:
    """
    Count the persons on each list on a 1 April.

    Returns
    -------
    array of practice x sex x age 0 to 95
    """
    there = np.flatnonzero(people.practice[row] != population.NOBODY)
    day = int(np.datetime64(f"{year}-04-01", "D").astype(np.int64))
    age = np.minimum(population.age_on(people.birth[there], day), population.OLDEST)
    shape = (n_practices, 2, population.OLDEST + 1)
    cell = np.ravel_multi_index((people.practice[row][there], people.sex[there], age), shape)
    return np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape)


def list_rows(lists: NDArray[np.int64], codes: list[str], year: int, era: Era) -> pd.DataFrame:
    """
    Lay out list_sizes.csv for one 1 April, one row per practice, sex and age with patients.

    The headings are those of the national publication, which did not exist in the older era.
    """
    practice, sex, age = np.nonzero(lists)
    rows = pd.DataFrame(
        {
            "PUBLICATION": "GP_PRAC_PAT_LIST",
            "EXTRACT_DATE": f"01APR{year}",
            "TYPE": "GP",
            "CCG_CODE": places.PCT,
            "ONS_CCG_CODE": "E99000001",
            "CODE": np.array(codes, dtype=object)[practice],
            "POSTCODE": np.array([f"ZZ{1 + i % 99} {i % 10}ZZ" for i in range(len(codes))])[
                practice
            ],
            "SEX": np.where(sex == 0, "MALE", "FEMALE"),
            "AGE": np.where(age == population.OLDEST, "95+", age.astype(str)),
            "NUMBER_OF_PATIENTS": lists[practice, sex, age],
        }
    )
    if not era.is_older:
        return rows
    kept = ["PRACTICE_CODE", "EXTRACT_DATE", "SEX", "AGE", "NUMBER_OF_PATIENTS"]
    return rows.rename(columns={"CODE": "PRACTICE_CODE"})[kept]


def weighted_rows(lists: NDArray[np.int64], practices: Practices, year: int) -> pd.DataFrame:
    """Lay out weighted_lists.csv for one year: lists weighted by age, sex and need."""
    age = np.arange(population.OLDEST + 1)
    weight = demand.emergency_rate(age) / 0.095 + demand.referral_rate(age) / 0.275
    raw = (lists * weight).sum(axis=(1, 2)) * practices.need
    scaled = raw * lists.sum() / raw.sum()
    hundredths = np.floor(scaled * 100).astype(np.int64)
    # Whole hundredths that sum exactly: what rounding down leaves goes to the largest remainders.
    left = int(lists.sum()) * 100 - int(hundredths.sum())
    order = np.argsort(-(scaled * 100 - hundredths), kind="stable")
    hundredths[order[:left]] += 1
    rows = pd.DataFrame(
        {
            "PRACTICE_CODE": practices.code,
            "FINANCIAL_YEAR": periods.starting(year),
            "WEIGHTED_POPULATION": [f"{h // 100}.{h % 100:02d}" for h in hundredths.tolist()],
        }
    )
    return rows.drop(index=list(np.flatnonzero(raw == 0)))


def plan_rows(costs: dict[str, dict[str, float]], bases: dict[str, str]) -> pd.DataFrame:
    """
    Lay out plan.csv: what the PCT affords, and the growth it has agreed, by year.

    Parameters
    ----------
    costs : dict of financial year to budget line to pounds
        The base year's activity at the year's own tariff and market forces factors. [GBP]
    bases : dict of financial year to financial year
        The base year of each; it is written where it is not the year before.

    Returns
    -------
    DataFrame, one row per year and item or line
    """
    rows = []
    for year, lines in costs.items():
        grown = sum(pounds * (1 + GROWTH[line]) for line, pounds in lines.items())
        afforded = round(grown * _AFFORDED / 1000) * 1000
        rows.append([places.PCT, year, "resource", "ALL", str(afforded), "GBP", _RESOURCE_NOTE])
        if bases[year] != periods.preceding(year):
            row = ["base_year", "ALL", bases[year], "YEAR", _BASE_NOTE.format(bases[year])]
            rows.append([places.PCT, year, *row])
        note = _GROWTH_NOTE.format(periods.first_year(year))
        rows.extend(
            [places.PCT, year, "growth", n, str(g), "share", note] for n, g in GROWTH.items()
        )
    names = ["PCT_CODE", "FINANCIAL_YEAR", "ITEM", "LINE", "VALUE", "UNIT", "NOTE"]
    return pd.DataFrame(rows, columns=names)


def pct_rows() -> pd.DataFrame:
    """Lay out pcts.csv, one row."""
    names = ["PCT_CODE", "PCT_NAME", "OPEN_DATE", "CLOSE_DATE", "SUCCESSOR_CODE"]
    return pd.DataFrame([[places.PCT, places.PCT_NAME, "2002-04-01", None, None]], columns=names)


def consortium_rows() -> pd.DataFrame:
    """Lay out consortia.csv, one row per consortium of the PCT."""
    rows = [[code, name, places.PCT] for code, name in _CONSORTIA]
    return pd.DataFrame(rows, columns=["CONSORTIUM_CODE", "CONSORTIUM_NAME", "PCT_CODE"])


def membership_rows(practices: Practices, year: int) -> pd.DataFrame:
    """Lay out memberships.csv: one practice changes sides on 1 October of a year."""
    inside = [c for c, is_in in zip(practices.code, practices.in_consortium, strict=True) if is_in]
    (first, _), (second, _) = _CONSORTIA
    mover = practices.code[_MOVER]
    rows: list[list[str | None]] = [[mover, second, _FOUNDED, f"{year}-09-30"]]
    rows += [[c, first, f"{year}-10-01" if c == mover else _FOUNDED, None] for c in inside]
    names = ["PRACTICE_CODE", "CONSORTIUM_CODE", "FROM_DATE", "TO_DATE"]
    return pd.DataFrame(rows, columns=names)
