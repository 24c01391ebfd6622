"""A measure cut by hospital or by who asked, for groups of practices, month by month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.charting.season import MONTHS
from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.demand.measuring.chain import STARTS
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.lateness import MOST_LATE_MONTHS, Late
from pbcanalytics.demand.measuring.list_months import Patients
from pbcanalytics.demand.measuring.sums import Sums

PROVIDER: Final = "provider"
SOURCE: Final = "source"
OTHERS: Final = "other"
UNSAID: Final = "unknown"

MOST_PROVIDERS: Final = 12
"""Smaller hospitals are counted together: each would be a column of small numbers."""

LEAST_SHARE: Final = 0.05
"""Without a hospital of more than this share of its events a group's month is provisional."""

_START_OF: Final = {source: start for start, sources in STARTS.items() for source in sources}


@dataclass(frozen=True)
class Cut:
    """
    One measure of several groups, cut.

    Attributes
    ----------
    by : str
        PROVIDER or SOURCE.
    codes : tuple of str
        Of providers; of who asked as `chain.STARTS`. OTHERS and UNSAID come last.
    numerator : array of float, group by code (all last) by month
        Not a number where the measure is not known. [events or days]
    counts : array of float, group by code by month
        Events of it, for judging small numbers. [events]
    """

    by: str
    codes: tuple[str, ...]
    numerator: Array
    counts: Array


def labels(cube: Cube, by: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """
    List what a cube is cut by, and give the place in that list of each of its rows.

    Parameters
    ----------
    cube : Cube
    by : str
        PROVIDER or SOURCE.
    """
    if by == SOURCE:
        text = pd.Series(cube.rows["source"].astype(object).map(_START_OF)).fillna(UNSAID)
        codes = tuple(STARTS)
    else:
        text = cube.rows["provider_code"].astype(object).fillna(UNSAID).astype(str)
        sizes = cube.rows["n_events"].groupby(text.to_numpy()).sum().drop(UNSAID, errors="ignore")
        largest = sorted(sizes.sort_values(ascending=False, kind="stable").index[:MOST_PROVIDERS])
        codes = (*largest, OTHERS, UNSAID)
        text = text.where(text.isin(codes), OTHERS)
    return codes, np.asarray(pd.Index(codes).get_indexer(pd.Index(text)), dtype=np.int64)


def cut_of(
    cube: Cube,
    sums: Sums,
    members: Mapping[tuple[str, str], Sequence[str]],
    by: str,
    labelled: tuple[tuple[str, ...], NDArray[np.int64]],
) -> Cut | None:
    """
    Cut a measure.

    Parameters
    ----------
    cube : Cube
    sums : Sums
        Of a measure that is a rate: what is divided by stays the list, whatever is cut.
    members : mapping of kind and code to sequence of str
        Practices of each group.
    by : str
        PROVIDER or SOURCE.
    labelled : tuple
        As `labels` gives it.

    Returns
    -------
    Cut or None
        None for a share or ratio, and where all is in one part, as of referrals by GPs.
    """
    measure = sums.measure
    if not measure.is_rate:
        return None
    codes, part = labelled
    of = measure.numerator.rows(cube.rows)
    n_practices, n_specialties, n_months = cube.shape
    place = cube.place[of]
    at = (place // (n_specialties * n_months) * len(codes) + part[of]) * n_months + place % n_months
    shape = (n_practices, len(codes), n_months)
    is_told = ~np.isnan(sums.numerator[:-1, -1]) & ~np.isnan(sums.denominator[:-1, -1])
    inside = _inside(cube, members)
    events, counted = (
        np.bincount(at, cube.rows[column].to_numpy(float)[of], int(np.prod(shape))).reshape(shape)
        for column in ("n_events", "n_days" if measure.numerator.counts_days else "n_events")
    )
    is_any = events.sum(axis=(0, 2)) > 0
    if is_any.sum() < 2:
        return None
    known = np.where(np.einsum("gp,pm->gm", inside, is_told) > 0, 1.0, np.nan)[:, None, :]
    counts, numerator = (
        np.einsum("gp,pkm->gkm", inside, p[:, is_any] * is_told[:, None, :]) * known
        for p in (events, counted)
    )
    return Cut(
        by,
        tuple(c for c, there in zip(codes, is_any.tolist(), strict=True) if there),
        *(np.concatenate([p, p.sum(axis=1, keepdims=True)], axis=1) for p in (numerator, counts)),
    )


def weighted_of(
    cube: Cube, patients: Patients, members: Mapping[tuple[str, str], Sequence[str]]
) -> Array:
    """
    Add up the weighted lists of groups, month by month.

    Returns
    -------
    array of float, group by month
        Not a number where a practice with a registered list has no weighted one: a sum without it
        would belong to other practices than what is counted. [weighted patients]
    """
    is_listed = patients.registered > 0
    held = np.where(is_listed, patients.weighted, 0.0)
    inside = _inside(cube, members)
    n_gaps = np.einsum("gp,pm->gm", inside, np.isnan(held))
    sums = np.einsum("gp,pm->gm", inside, np.nan_to_num(held))
    return np.where((n_gaps == 0) & (sums > 0), sums, np.nan)


def touched(
    cube: Cube, sums: Sums, late: Sequence[Late], members: Mapping[tuple[str, str], Sequence[str]]
) -> list[tuple[tuple[str, str], Late]]:
    """
    Tell which groups' newest months are not whole, because a hospital that they use is late.

    Parameters
    ----------
    cube : Cube
    sums : Sums
        Of the measure.
    late : sequence of Late
    members : mapping of kind and code to sequence of str
        Practices of each group.

    Returns
    -------
    list of (group, Late)
        Where the hospital did more than LEAST_SHARE of the measure in the year before.
    """
    conditions = sums.measure.conditions
    ours = [one for one in late if any(one.event in c.events for c in conditions)]
    if not ours:
        return []
    rows = cube.rows
    before = cube.months[:-MOST_LATE_MONTHS][-MONTHS:]
    of = np.logical_or.reduce([c.rows(rows) for c in conditions])
    of &= np.asarray(rows["month"].isin(before))
    used = rows[of].groupby(["practice_code", "provider_code"], observed=True)["n_events"].sum()
    table = used.unstack(fill_value=0).reindex(index=cube.practices, fill_value=0)
    sizes = _inside(cube, members) @ table.to_numpy(float)
    matters = sizes > LEAST_SHARE * sizes.sum(axis=1, keepdims=True)
    column = {str(code): k for k, code in enumerate(table.columns)}
    return [
        (group, one)
        for one in ours
        for n, group in enumerate(members)
        if one.provider_code in column and matters[n, column[one.provider_code]]
    ]


def _inside(cube: Cube, members: Mapping[tuple[str, str], Sequence[str]]) -> Array:
    """Mark which practices each group is made of: group by practice."""
    place = {code: n for n, code in enumerate(cube.practices)}
    found = np.zeros((len(members), len(cube.practices)))
    for n, practices in enumerate(members.values()):
        found[n, [place[p] for p in practices if p in place]] = 1
    return found
