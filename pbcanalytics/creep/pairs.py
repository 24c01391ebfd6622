"""What is told of a provider and root beside its pounds: patients, growth, breadth, power."""

from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.creep.detector import QUERY_WEIGHT
from pbcanalytics.creep.effect import MONTHS_AFTER, MONTHS_BEFORE, rise
from pbcanalytics.creep.explanations import CREEP, directions
from pbcanalytics.creep.panel import BASELINE_MONTHS, Floats, Ints, Panel
from pbcanalytics.creep.pricing import paid
from pbcanalytics.creep.signals import Signals

POINTS: Final = (2, 5, 10)
"""Rises of the dear share whose chance of being heard is told. [percentage points]"""

MOST_TOLD: Final = 0.9
"""Most that is told of a chance: drift and noise of the baseline are estimates themselves."""

_GRID: Final = 15
"""Points to an axis in the chance of being heard: 3,375 draws of three statistics, as likely."""


def windows(of: Panel, onset: int) -> tuple[slice, slice]:
    """Give the months before a month and from it on that are compared: 18 and 12."""
    before = slice(max(0, onset - MONTHS_BEFORE), onset)
    return before, slice(onset, min(onset + MONTHS_AFTER, of.n_months))


def is_comparable(of: Panel, found: Signals, rows: Ints, onset: int) -> bool:
    """Tell whether every series has a month on either side of a month that can be compared."""
    known = np.isfinite(found.z[0, rows])
    return all(bool(known[:, part].any(axis=1).all()) for part in windows(of, onset))


def patients(of: Panel, rows: Ints, onset: int) -> dict[str, float]:
    """
    Say how ill the patients of some series were before and after a month, by the severity score.

    Parameters
    ----------
    of : Panel
    rows : array of int
        Series.
    onset : int

    Returns
    -------
    dict
        `dear_before`, `dear_after`, `cheap_before`, `cheap_after`; of all patients
        `every_change` and its standard error `every_error`. Not numbers without spells.
    """
    told, n, means = {}, [], []
    for name, part in zip(("before", "after"), windows(of, onset), strict=True):
        seen = ~of.is_masked[rows, part]
        every, dear, q1, q0 = (
            float(np.where(seen, x[rows, part], 0.0).sum()) for x in (of.n, of.k, of.q1, of.q0)
        )
        told[f"dear_{name}"] = q1 / dear if dear else float("nan")
        told[f"cheap_{name}"] = q0 / (every - dear) if every > dear else float("nan")
        n.append(max(every, 1.0))
        means.append((q1 + q0) / n[-1])
    told["every_change"] = means[1] - means[0]
    told["every_error"] = float(np.sqrt(1 / n[0] + 1 / n[1]))
    return told


def growth(of: Panel, rows: Ints, onset: int) -> float:
    """Give the spells of the year after a month over those of the same months before."""
    after = windows(of, onset)[1]
    before = slice(after.start - 12, after.stop - 12)
    lot = float(of.n[rows, before].sum())
    return float(of.n[rows, after].sum()) / lot if lot else float("nan")


def cost(before: pd.DataFrame, after: pd.DataFrame | None = None) -> int:
    """
    Give what spells cost without long stays, as `pricing.price` reckons it.

    Parameters
    ----------
    before : DataFrame, one row per spell
        The spells, as `Prepared.spells` has them.
    after : DataFrame, optional
        Those they are compared with: a spell without a price counts at the mean of its class in
        both. Without them every spell must have a price.

    Returns
    -------
    int
        [pence]
    """
    if after is None:
        return int((before["price_pence"] - before["long_stay_pence"]).sum())
    both = paid(pd.concat([before, after]))
    return int(both["paid_pence"].iloc[: len(before)].sum())


def change(of: Panel, found: Signals, rows: Ints, onset: int) -> tuple[float, float]:
    """Give the change of the dear share at a month, case mix taken off, and its standard error."""
    estimate, weights = rise(of, found, rows, onset)
    return float(weights @ estimate.value), estimate.error(weights)


def breadth(of: Panel, found: Signals, rows: Ints, onset: int) -> float:
    """
    Give the share of series whose dear share rose at a month by more than its standard error.

    Where all is as it was, chance brings about one in six; a new team of coders moves most.

    Parameters
    ----------
    of, found
        As in `change`.
    rows : array of int
        All series of a provider.
    onset : int
    """
    risen = []
    for row in rows.tolist():
        if is_comparable(of, found, np.array([row]), onset):
            moved, error = change(of, found, np.array([row]), onset)
            risen.append(moved > error)
    return float(np.mean(risen)) if risen else float("nan")


def power(found: Signals, rows: Ints, limit: float) -> dict[int, float]:
    """
    Give the chance that a rise which is all creep is a query within its first twelve months.

    What the filter would learn of a step in each statistic (`detector.scan`) says how far its
    evidence stands out from chance. Looked at after twelve months and at the true onset only, so
    that the chance is rather higher. Noise and drift are taken as known, though, which makes large
    chances too sure (1.00 told where simulation gives 0.88 to 0.93): MOST_TOLD ends them, and with
    that it is a lower bound.

    Parameters
    ----------
    found : Signals
    rows : array of int
        Series; several are a pool.
    limit : float
        Of the tier QUERY.

    Returns
    -------
    dict of int to float
        By POINTS.
    """
    from scipy.special import ndtri

    ways, information = directions(found.base)[:, :, rows], _information(found, rows)
    weights = np.einsum("dzs,zs->d", ways**2, information)
    # Scores of the explanations rise together; three ways of rising are nearly all there is.
    alike = np.einsum("dzs,ezs,zs->de", ways, ways, information)
    sizes, axes = np.linalg.eigh(alike)
    spread = axes[:, -3:] * np.sqrt(np.maximum(sizes[-3:], 0.0))
    axis = ndtri((np.arange(_GRID) + 0.5) / _GRID)
    chance = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
    told = {}
    for points in POINTS:
        pushes = (points / 100 * alike[CREEP] + chance @ spread.T).T
        ratios = np.maximum(pushes, 0.0) ** 2 / np.maximum(weights, 1e-12)[:, None]
        query = ratios[CREEP] - QUERY_WEIGHT * ratios[CREEP + 1 :].max(axis=0)
        told[points] = min(float(np.mean(query > limit**2)), MOST_TOLD)
    return told


def _information(found: Signals, rows: Ints) -> Floats:
    """Give what the last twelve months tell of a step at their start, statistic by series."""
    z, noise, drift = found.z[:, rows], found.noise[:, rows], found.spread.drift[:, rows]
    known = np.isfinite(z) & np.isfinite(noise)
    spread = np.where(np.isfinite(noise[:, :, 0]), 4 * noise[:, :, 0], 1.0)
    reached, told = np.zeros(spread.shape), np.zeros(spread.shape)
    begin = max(z.shape[2] - MONTHS_AFTER, BASELINE_MONTHS)
    for t in range(z.shape[2]):
        has = known[:, :, t]
        spread = spread + drift
        total = np.where(has, spread + noise[:, :, t], 1.0)
        gain = np.where(has, spread / total, 0.0)
        spread = (1 - gain) * spread
        if t >= begin:
            heard = np.where(has, 1 - reached, 0.0)
            told += heard**2 / total
            reached += gain * heard
    return told
