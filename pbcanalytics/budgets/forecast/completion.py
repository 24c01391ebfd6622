"""How complete a month is at first sight: factors from successive extracts, and Mack's variance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Amounts = NDArray[np.float64]

MATURE_MONTHS: Final = 3
"""Age at which a month counts as complete: flex and freeze are over (trends 2). [months]"""

TRIANGLE: Final = ("provider_code", "pod", "month", "age_months", "n_known", "n_final")
"""Of successive extracts: what was held of a month at an age, and what is held of it now."""

FACTORS: Final = ("provider_code", "pod", "age_months", "completion", "completion_sd", "n_months")
"""Columns of completion factors."""


def completion(triangle: pd.DataFrame) -> pd.DataFrame:
    """
    Estimate how complete a month is at each age, by provider and point of delivery.

    What was known is divided by what is known now, volume weighted, over mature months. A
    provider's factor is drawn towards that of all providers as far as its months differ among
    themselves more than providers do (trends 2, step 1).

    Parameters
    ----------
    triangle : DataFrame, one row per provider, point of delivery, month and age
        `provider_code`, `pod`, `month`, `age_months`, `n_known`, `n_final`; mature months only.
        [spells and attendances, or pence]

    Returns
    -------
    DataFrame, one row per provider, point of delivery and age
        `completion` and `completion_sd`, how much it moves between months [share]; `n_months` it
        rests on. No rows where there are no successive extracts.
    """
    seen = triangle[triangle["n_final"] > 0]
    found = []
    for age, of_age in seen.groupby("age_months", sort=True):
        axes = [pd.factorize(of_age[c], sort=True) for c in ("month", "provider_code", "pod")]
        shape = tuple(len(names) for _, names in axes)
        place = tuple(codes for codes, _ in axes)
        known, final = np.zeros(shape), np.zeros(shape)
        np.add.at(known, place, of_age["n_known"].to_numpy(dtype=np.float64))
        np.add.at(final, place, of_age["n_final"].to_numpy(dtype=np.float64))
        share, sd = factors(known, final)
        n_months = (final > 0).sum(axis=0)
        provider, pod = np.nonzero(n_months)
        rows = {
            "provider_code": axes[1][1][provider],
            "pod": axes[2][1][pod],
            "age_months": int(str(age)),
            "completion": share[provider, pod],
            "completion_sd": sd,
            "n_months": n_months[provider, pod],
        }
        found.append(pd.DataFrame(rows))
    if not found:
        return pd.DataFrame(columns=list(FACTORS)).astype(
            {"age_months": "int64", "completion": "float64", "completion_sd": "float64"}
        )
    return pd.concat(found, ignore_index=True)


def factors(known: Amounts, final: Amounts) -> tuple[Amounts, float]:
    """
    Estimate completion at one age.

    Parameters
    ----------
    known, final : array of float, month by provider by point of delivery
        What was held at that age, and what is held now; zero where there is nothing.

    Returns
    -------
    tuple of array of float, provider by point of delivery, and float
        Completion, and how far a provider's whole month moves about it. [share]
    """
    sums, wholes = known.sum(axis=0), final.sum(axis=0)
    pooled = _over(sums.sum(axis=0), wholes.sum(axis=0), 1.0)
    own = _over(sums, wholes, pooled)
    off = np.where(final > 0, _over(known, final, 1.0) - own, 0.0)
    held = wholes > 0
    n_cells, n_held = int((final > 0).sum()), int(held.sum())
    within = float((final * off**2).sum()) / max(n_cells - n_held, 1)
    of_cell = _over(np.full_like(wholes, within), wholes, 0.0)
    n_pods = int(held.any(axis=0).sum())
    spread = float((((own - pooled) ** 2 - of_cell) * held).sum()) / max(n_held - n_pods, 1)
    between = max(spread, 0.0)
    trust = _over(np.full_like(wholes, between), between + of_cell, 0.0)
    completion = np.clip(pooled + trust * (own - pooled), 0.05, 1.2)
    return completion, _batch_sd(off, final)


def _batch_sd(off: Amounts, final: Amounts) -> float:
    """
    Say how far a provider's whole month moves about its factor: coders fall behind in batches.

    What single spells do by chance is taken out; it is told by how points of delivery of one
    provider and month differ among themselves.
    """
    weight = _over(final, final.sum(axis=2, keepdims=True), 0.0)
    mean = (weight * off).sum(axis=2)
    squared = (weight**2).sum(axis=2)
    chance = (weight**2 * (off - mean[:, :, None]) ** 2).sum(axis=2)
    chance = np.where(squared < 0.999, chance / np.maximum(1 - squared, 0.001), 0.0)
    held = squared > 0
    n_months = int(held.sum())
    freedom = max(n_months - int(held.any(axis=0).sum()), 1)
    moved = float((mean**2).sum()) / freedom - float(chance.sum()) / max(n_months, 1)
    return float(np.sqrt(max(moved, 0.0)))


def _over(top: Amounts, bottom: Amounts, otherwise: Amounts | float) -> Amounts:
    """Divide, with something else where there is nothing to divide by."""
    filled = np.broadcast_to(otherwise, np.broadcast_shapes(top.shape, bottom.shape)).copy()
    return np.asarray(np.divide(top, bottom, out=filled, where=bottom > 0))


def by_age(factors: pd.DataFrame, providers: list[str], pods: list[str]) -> tuple[Amounts, Amounts]:
    """
    Lay completion factors out for reckoning.

    Where a provider and point of delivery has no factor, that of the point of delivery stands in,
    then that of all; where there is none, months count as complete.

    Parameters
    ----------
    factors : DataFrame
        From `completion`.
    providers, pods : list of str
        What the axes are.

    Returns
    -------
    tuple of two arrays of float, age by provider by point of delivery
        Completion and how much it moves between months [share]; the last age is complete.
    """
    shape = (MATURE_MONTHS + 1, len(providers), len(pods))
    shares, moves = np.ones(shape), np.zeros(shape)
    young = factors[factors["age_months"] < MATURE_MONTHS]
    of_all = young.groupby("age_months")[["completion", "completion_sd"]].mean()
    for age, share, sd in of_all.itertuples():
        shares[age], moves[age] = share, sd
    of_pods = young.groupby(["age_months", "pod"])[["completion", "completion_sd"]].mean()
    places = {pod: g for g, pod in enumerate(pods)}
    for (age, pod), share, sd in of_pods.itertuples():
        if pod in places:
            shares[age, :, places[pod]], moves[age, :, places[pod]] = share, sd
    known = {provider: c for c, provider in enumerate(providers)}
    columns = ("age_months", "provider_code", "pod", "completion", "completion_sd")
    for age, provider, pod, share, sd in zip(*(young[c] for c in columns), strict=True):
        if provider in known and pod in places:
            place = (age, known[provider], places[pod])
            shares[place], moves[place] = share, sd
    return shares, moves


@dataclass(frozen=True)
class Mack:
    """
    Chain ladder of a triangle with Mack's standard errors.

    Attributes
    ----------
    factors : tuple of float
        Volume-weighted development factors, step by step. [ratio]
    reserves, errors : tuple of float
        Of each row, what is still to come and its standard error.
    reserve, error : float
        Of all rows together.
    """

    factors: tuple[float, ...]
    reserves: tuple[float, ...]
    errors: tuple[float, ...]
    reserve: float
    error: float


def mack(triangle: Sequence[Sequence[float]]) -> Mack:
    """
    Develop a cumulative triangle and give Mack's standard errors (Mack, ASTIN Bulletin 1993).

    Parameters
    ----------
    triangle : sequence of sequences of float
        Row i has n - i amounts: what was known of period i at ages 0, 1, ...

    Returns
    -------
    Mack

    Raises
    ------
    ValueError
        If the rows do not form a triangle of at least three.
    """
    n = len(triangle)
    if n < 3 or [len(row) for row in triangle] != list(range(n, 0, -1)):
        raise ValueError("a triangle has at least three rows, each one shorter than the last")
    full = np.full((n, n), np.nan)
    for i, row in enumerate(triangle):
        full[i, : n - i] = row
    f, sigma2 = np.ones(n - 1), np.zeros(n - 1)
    for k in range(n - 1):
        now, then = full[: n - 1 - k, k], full[: n - 1 - k, k + 1]
        f[k] = then.sum() / now.sum()
        if k < n - 2:
            sigma2[k] = (now * (then / now - f[k]) ** 2).sum() / (n - k - 2)
    before, last = sigma2[n - 4] if n > 3 else sigma2[n - 3], sigma2[n - 3]
    sigma2[n - 2] = min(last**2 / before if before else 0.0, last, before)
    sums = np.array([full[: n - 1 - k, k].sum() for k in range(n - 1)])
    errors, total = np.zeros(n), 0.0
    for i in range(1, n):
        for k in range(n - 1 - i, n - 1):
            full[i, k + 1] = full[i, k] * f[k]
    ends = full[:, -1]
    for i in range(1, n):
        steps = range(n - 1 - i, n - 1)
        own = sum(sigma2[k] / f[k] ** 2 / full[i, k] for k in steps)
        shared = sum(sigma2[k] / f[k] ** 2 / sums[k] for k in steps)
        errors[i] = ends[i] * np.sqrt(own + shared)
        total += errors[i] ** 2 + 2 * ends[i] * ends[i + 1 :].sum() * shared
    reserves = ends - np.array([row[-1] for row in triangle])
    return Mack(
        tuple(f.tolist()),
        tuple(reserves.tolist()),
        tuple(errors.tolist()),
        float(reserves.sum()),
        float(np.sqrt(total)),
    )
