"""How much of a rise is truly sicker patients, better recording, or creep; and how sure that is."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pbcanalytics.creep.dispersion import between_variance
from pbcanalytics.creep.explanations import CREEP, RECORDING, directions, parts
from pbcanalytics.creep.panel import Floats, Ints, Panel
from pbcanalytics.creep.signals import Signals
from pbcanalytics.creep.together import LEAST_OWN

MONTHS_BEFORE: Final = 18
MONTHS_AFTER: Final = 12

_FAR: Final = 1.96
_UNKNOWN: Final = 1e6
"""Variance of what is not known at all."""


@dataclass(frozen=True)
class Estimate:
    """
    One part of the change, one value per series.

    Attributes
    ----------
    value : array
        [share]
    covariance : array of series x series
    """

    value: Floats
    covariance: Floats

    def error(self, weights: Floats) -> float:
        """Give the standard error of a weighted sum."""
        return float(np.sqrt(max(float(weights @ self.covariance @ weights), 0.0)))


@dataclass(frozen=True)
class Effect:
    """
    What became of the dear share of some series after a month, one value per series.

    Attributes
    ----------
    true : array
        What the other two parts leave of `change`. [share]
    recording, creep : Estimate
    change : array
        Dear share after less before, expected case mix and month effects taken off. [share]
    n_before, n_after : array
        Spells of the two windows. [spells]
    """

    true: Floats
    recording: Estimate
    creep: Estimate
    change: Floats
    n_before: Floats
    n_after: Floats

    @property
    def weights(self) -> Floats:
        """The series' shares of the spells after the change."""
        return np.asarray(self.n_after / max(float(self.n_after.sum()), 1.0))


def effect(of: Panel, found: Signals, rows: Ints, onset: int, *, is_creep: bool) -> Effect:
    """
    Split the change of the dear share at a month.

    Of several series each is drawn towards what all have in common, as far as they do not differ
    more than chance makes them.

    Parameters
    ----------
    of : Panel
    found : Signals
        Of `of`.
    rows : array of int
        The series to look at.
    onset : int
        Number of the first month after the change.
    is_creep : bool
        The change is known to be creep: all three statistics are then witnesses of one number.
        Otherwise each explanation's part is told by its weights (`explanations.parts`).

    Returns
    -------
    Effect
        From 18 months before to 12 after, or as many as are held.
    """
    moved = _moved(of, found, rows, onset)
    ways = directions(found.base)[:, :, rows]
    told = parts(found.base)[:, :, rows]
    change = _told(moved, _share_alone(len(rows)))
    recording = _told(moved, told[RECORDING])
    if is_creep:
        creep = _witnessed(moved, ways[CREEP])
    else:
        creep = _no_more_than(change.value, _told(moved, told[CREEP]))
    return Effect(
        true=change.value - creep.value - recording.value,
        recording=recording,
        creep=creep,
        change=change.value,
        n_before=moved.n_before,
        n_after=moved.n_after,
    )


def rise(of: Panel, found: Signals, rows: Ints, onset: int) -> tuple[Estimate, Floats]:
    """
    Give the rise of the share alone, and each series' share of the activity after it.

    Parameters
    ----------
    of, found, rows, onset
        As in `effect`.
    """
    moved = _moved(of, found, rows, onset)
    return _told(moved, _share_alone(len(rows))), np.asarray(
        moved.n_after / max(float(moved.n_after.sum()), 1.0)
    )


@dataclass(frozen=True)
class _Moved:
    """What the statistics did by series, and how sure that is of each and of any two together."""

    z: Floats
    variance: Floats
    together: Floats
    n_before: Floats
    n_after: Floats

    def covariance(self) -> Floats:
        """Give the covariance of all statistics of all series, 3 x series x 3 x series."""
        n = self.z.shape[1]
        shared = self.together.reshape(3 * n, 3 * n)
        whole = np.minimum(self.variance.reshape(-1), _UNKNOWN)
        own = np.maximum(whole - np.diag(shared), LEAST_OWN * whole)
        return np.asarray((shared + np.diag(own)).reshape(3, n, 3, n))


def _moved(of: Panel, found: Signals, rows: Ints, onset: int) -> _Moved:
    """Compare 18 months before an onset with 12 after, or as many as are held."""
    before = slice(max(0, onset - MONTHS_BEFORE), onset)
    after = slice(onset, min(onset + MONTHS_AFTER, of.n_months))
    z, n = found.z[:, rows], of.n[rows]
    (pre, n_pre), (post, n_post) = (_means(z[:, :, w], n[:, w]) for w in (before, after))
    chance = _chance(found, rows, n, before) + _chance(found, rows, n, after)
    months = (after.stop - after.start) + (before.stop - before.start)
    variance = found.spread.phi[:, rows] * chance + found.spread.drift[:, rows] * months / 3
    is_known = (n_pre > 0) & (n_post > 0) & np.isfinite(variance)
    return _Moved(
        z=np.where(is_known, post - pre, 0.0),
        variance=np.where(is_known, variance, _UNKNOWN),
        together=_together(of, found, rows, before, after),
        n_before=n_pre,
        n_after=n_post,
    )


def _share_alone(n_series: int) -> Floats:
    """Give the weights of which the dear share has all."""
    return np.repeat([[1.0], [0.0], [0.0]], n_series, axis=1)


def _told(moved: _Moved, weights: Floats) -> Estimate:
    """Estimate what a weighted sum of the three statistics says of each series."""
    covariance = np.einsum("ai,aibj,bj->ij", weights, moved.covariance(), weights)
    n = len(weights.T)
    return drawn_together((weights * moved.z).sum(axis=0), np.eye(n), covariance)


def _no_more_than(change: Floats, part: Estimate) -> Estimate:
    """
    Keep a part of a change, where it has the change's sign, from being far more than the whole.

    Impostors alone would say so where the dear are less ill and hardly more of them than before;
    but those are other patients, and it is the share that is paid for. What chance may do is left:
    to cut it off on one side would make every estimate too small.
    """
    chance = _FAR * np.sqrt(np.diag(part.covariance))
    is_more = (part.value * change > 0) & (np.abs(part.value) > np.abs(change) + chance)
    return replace(part, value=np.where(is_more, change, part.value))


def _witnessed(moved: _Moved, direction: Floats) -> Estimate:
    """Estimate creep where nothing else is at work: all three statistics are witnesses of it."""
    n = direction.shape[1]
    design = np.concatenate([np.diag(one) for one in direction])
    return drawn_together(moved.z.reshape(-1), design, moved.covariance().reshape(3 * n, 3 * n))


def drawn_together(z: Floats, design: Floats, covariance: Floats) -> Estimate:
    """
    Estimate values of several series, each drawn towards what is common to all.

    How far the values differ is estimated by moments (DerSimonian and Laird); what is common, and
    each one's own part, by generalised least squares.

    Parameters
    ----------
    z : array, one value per observation
    design : array of observation x series
        How far each observation follows the value of each series.
    covariance : array of observation x observation
        Of the observations about what they follow.
    """
    own = (design**2 / np.diag(covariance)[:, None]).sum(axis=0)
    single = (design * (z / np.diag(covariance))[:, None]).sum(axis=0) / own
    n = design.shape[1]
    between = between_variance(single, 1 / own) if n > 1 else 0.0
    ones = design.sum(axis=1)
    precision = np.linalg.inv(covariance + between * design @ design.T)
    common_variance = 1 / float(ones @ precision @ ones)
    common = common_variance * float(ones @ precision @ z)
    gain = between * design.T @ precision
    left = 1 - gain @ ones
    return Estimate(
        value=common + gain @ (z - common * ones),
        covariance=between * (np.eye(n) - gain @ design) + common_variance * np.outer(left, left),
    )


def _together(of: Panel, found: Signals, rows: Ints, before: slice, after: slice) -> Floats:
    """Give the covariance of what the rows' provider does to the three changes of any two rows."""
    if len(rows) == 1:
        return np.zeros((3, 1, 3, 1))
    part = found.together
    n_before, n_after = before.stop - before.start, after.stop - after.start
    months = 1 / max(n_before, 1) + 1 / max(n_after, 1)
    change = part.walk * (n_before + n_after) / 3 + part.month * months
    load = part.load[:, rows]
    is_same = of.provider[rows][:, None] == of.provider[rows]
    both = np.einsum("ai,ab,bj->aibj", load, change, load)
    return np.asarray(both * is_same[None, :, None, :])


def _means(z: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Give the means of statistics over a window, weighted by spells, and its spells."""
    known = np.isfinite(z[0])
    spells = np.where(known, n, 0.0)
    total = spells.sum(axis=1)
    mean = (np.nan_to_num(z) * spells).sum(axis=2) / np.maximum(total, 1)
    return mean, total


def _chance(found: Signals, rows: Ints, n: Floats, window: slice) -> Floats:
    """Give the variance by chance of the means over a window."""
    held = np.isfinite(found.z[:, rows, window])
    r0 = found.noise[:, rows, window] / found.spread.phi[:, rows, None]
    spells = np.where(held, n[None, :, window], 0.0)
    total = np.maximum(spells.sum(axis=2), 1)
    return np.asarray((np.where(held, r0, 0.0) * spells**2).sum(axis=2) / total**2)
