"""How much of a rise is truly sicker patients, better recording, or creep; and how sure that is."""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from pbcanalytics.creep.dispersion import between_variance
from pbcanalytics.creep.nulls import shared
from pbcanalytics.creep.panel import Floats, Ints, Panel
from pbcanalytics.creep.signals import Signals
from pbcanalytics.creep.statistics import FALSE_TOP, SENSITIVITY

MONTHS_BEFORE: Final = 18
MONTHS_AFTER: Final = 12


@dataclass(frozen=True)
class Estimate:
    """
    One part of the change, one value per series.

    Attributes
    ----------
    value : array
        [share]
    own_variance : array
        Of what is each series' own.
    loading : array
        How far a series takes the common value of all: 0 not, 1 altogether.
    common_variance : float
        Of the common value.
    between : array of series x series
        Covariance of different series of one provider, nought on the diagonal.
    """

    value: Floats
    own_variance: Floats
    loading: Floats
    common_variance: float
    between: Floats = field(default_factory=lambda: np.zeros((1, 1)))

    def error(self, weights: Floats) -> float:
        """Give the standard error of a weighted sum."""
        common = float((weights * self.loading).sum()) ** 2 * self.common_variance
        own = float((weights**2 * self.own_variance).sum())
        together = float((weights[:, None] * self.between * weights).sum())
        return float(np.sqrt(max(own + common + together, own)))


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
        The change is known to be creep: share and impostors are then two witnesses of one number,
        and their weighted mean is taken. Otherwise the impostors alone tell of creep.

    Returns
    -------
    Effect
        From 18 months before to 12 after, or as many as are held.
    """
    before = slice(max(0, onset - MONTHS_BEFORE), onset)
    after = slice(onset, min(onset + MONTHS_AFTER, of.n_months))
    z, n = found.z[:, rows], of.n[rows]
    (pre, n_pre), (post, n_post) = (_means(z[:, :, w], n[:, w]) for w in (before, after))
    change, c, r = post - pre
    right, missed = purity(found.base.p[rows])
    impostors, hidden = (1 - missed) * c - (1 - right) * r, missed * c - right * r
    phi, drift = found.spread.phi[:, rows], found.spread.drift[:, rows]
    chance = _chance(found, rows, n, before) + _chance(found, rows, n, after)
    months = (after.stop - after.start) + (before.stop - before.start)
    is_known = (n_pre > 0) & (n_post > 0)
    v_y, v_c, v_r = np.where(is_known, phi * chance + drift * months / 3, np.inf)
    # The two groups are different patients, so what chance does to one it does not to the other.
    v_impostors = (1 - missed) ** 2 * v_c + (1 - right) ** 2 * v_r
    v_hidden = missed**2 * v_c + right**2 * v_r
    together = _together(of, found, rows, before, after)
    ones, noughts = np.ones(len(rows)), np.zeros(len(rows))
    of_creep = np.stack([noughts, 1 - missed, right - 1])
    creep = drawn_together(impostors, v_impostors)
    if is_creep:
        # Without any spells the variances are endless and their weights nought.
        weight_y, weight_c = 1 / v_y, 1 / v_impostors
        both = np.maximum(weight_y + weight_c, 1e-12)
        joint = (change * weight_y + impostors * weight_c) / both
        of_creep = (np.stack([ones, noughts, noughts]) * weight_y + of_creep * weight_c) / both
        creep = drawn_together(joint, np.where(is_known, 1 / both, np.inf))
    recording = drawn_together(hidden, v_hidden)
    of_recording = np.stack([noughts, missed, -right])
    moved = drawn_together(change, v_y).value
    return Effect(
        true=moved - creep.value - recording.value,
        recording=replace(recording, between=_between(of_recording, together)),
        creep=replace(creep, between=_between(of_creep, together)),
        change=moved,
        n_before=n_pre,
        n_after=n_post,
    )


def rise(of: Panel, found: Signals, rows: Ints, onset: int) -> tuple[Estimate, Floats]:
    """
    Give the rise of the share alone, and each series' share of the activity after it.

    Parameters
    ----------
    of, found, rows, onset
        As in `effect`.
    """
    before = slice(max(0, onset - MONTHS_BEFORE), onset)
    after = slice(onset, min(onset + MONTHS_AFTER, of.n_months))
    z, n = found.z[:1, rows], of.n[rows]
    (pre, n_pre), (post, n_post) = (_means(z[:, :, w], n[:, w]) for w in (before, after))
    chance = _chance(found, rows, n, before) + _chance(found, rows, n, after)
    months = (after.stop - after.start) + (before.stop - before.start)
    variance = found.spread.phi[0, rows] * chance[0] + found.spread.drift[0, rows] * months / 3
    variance = np.where((n_pre > 0) & (n_post > 0), variance, np.inf)
    weights = n_post / max(float(n_post.sum()), 1.0)
    return drawn_together((post - pre)[0], variance), np.asarray(weights)


def purity(dear_share: Floats) -> tuple[Floats, Floats]:
    """
    Give the share of the dear who are severe, and of the cheap who are, by what is believed.

    Were all the dear severe and none of the cheap, impostors would raise `c`, and recording lower
    `r`, by just their share. As it is each moves both a little; these shares undo that.

    Parameters
    ----------
    dear_share : array
        Of the baseline. [share]
    """
    severe = np.clip((dear_share - FALSE_TOP) / (SENSITIVITY - FALSE_TOP), 0.0, 1.0)
    right = np.clip(SENSITIVITY * severe / dear_share, 0.5, 1.0)
    missed = np.clip((1 - SENSITIVITY) * severe / (1 - dear_share), 0.0, 0.4)
    return right, missed


def drawn_together(value: Floats, variance: Floats) -> Estimate:
    """
    Draw estimates of several series towards their common value (DerSimonian and Laird).

    Parameters
    ----------
    value, variance : array
        Infinite variance: the estimate says nothing, and the common value stands in for it.
    """
    if len(value) == 1:
        return Estimate(value, variance, np.zeros(1), 0.0)
    between = between_variance(value, variance)
    wide = 1 / (variance + between)
    common = float((wide * value).sum()) / max(float(wide.sum()), 1e-12)
    own = np.where(np.isfinite(variance), between / (between + variance), 0.0)
    return Estimate(
        value=own * value + (1 - own) * common,
        own_variance=own * np.where(np.isfinite(variance), variance, 0.0),
        loading=1 - own,
        common_variance=1 / max(float(wide.sum()), 1e-12),
    )


def _together(of: Panel, found: Signals, rows: Ints, before: slice, after: slice) -> Floats:
    """Give the covariance of what the rows' provider does to the three changes of each two rows."""
    part = shared(of, found)
    n_before, n_after = before.stop - before.start, after.stop - after.start
    months = 1 / max(n_before, 1) + 1 / max(n_after, 1)
    change = part.walk * (n_before + n_after) / 3 + part.month * months
    load = part.load[:, rows]
    is_same = of.provider[rows][:, None] == of.provider[rows]
    both = np.einsum("ai,ab,bj->aibj", load, change, load)
    return np.asarray(both * (is_same & ~np.eye(len(rows), dtype=bool))[None, :, None, :])


def _between(parts: Floats, together: Floats) -> Floats:
    """Give the covariance of different rows of a sum of the three changes, each weighed by row."""
    return np.asarray(np.einsum("ai,aibj,bj->ij", parts, together, parts))


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
