"""What a rise of the dear share can be: creep, sicker patients, better recording."""

from typing import Final

import numpy as np

from pbcanalytics.creep.baseline import Baseline
from pbcanalytics.creep.panel import Floats

FALSE_TOP: Final = 0.04
"""Share of patients who are not severe and are recorded as dear all the same; a belief."""

MOST_FALSE: Final = 0.25
"""Of few dear no more than this share is believed to be false: the belief above would say half."""

SENSITIVITY: Final = 0.90
"""Share of severe patients who are recorded as such, where nothing better is known; a belief."""

CREEP, TRUE_MIX, RECORDING = range(3)
"""The explanations of a rise, in the order of every array that has one value for each."""

OTHER_PATIENTS: Final = 3
"""
The dear have become less ill and are no more of them than before: other patients, or shorter stays.
Nobody gains by it, so it explains no rise; but what looks like creep may be this alone.
"""

PRIORS: Final = (0.90, 0.03, 0.04, 0.03)
"""None, creep, true mix, recording; the net error that audits found is near nought."""

ALIKE: Final = 0.38
"""Belief that a series is recorded better too, were it certain that its provider's others are."""


def _false_top(dear_share: Floats) -> Floats:
    """Give the share of those who are not severe that is believed to be recorded as dear."""
    return np.minimum(FALSE_TOP, MOST_FALSE * dear_share)


def purity(dear_share: Floats) -> tuple[Floats, Floats]:
    """
    Give the share of the dear who are severe, and of the cheap who are, by what is believed.

    Parameters
    ----------
    dear_share : array
        Of the baseline. [share]
    """
    false = _false_top(dear_share)
    severe = np.clip((dear_share - false) / (SENSITIVITY - false), 0.0, 1.0)
    right = np.clip(SENSITIVITY * severe / dear_share, 0.5, 1.0)
    missed = np.clip((1 - SENSITIVITY) * severe / (1 - dear_share), 0.0, 0.4)
    return right, missed


def directions(base: Baseline) -> Floats:
    """
    Say what a rise of the dear share by 1 does to the three statistics, if one thing explains it.

    Were all the dear severe and none of the cheap, creep would raise share and impostors alike,
    recording raise the share and lower the hidden severe, and truly sicker patients move the share
    alone. Records err both ways even in a baseline, so each moves all three a little; what comes
    of it follows from the beliefs about those errors.

    Parameters
    ----------
    base : Baseline

    Returns
    -------
    array of explanation x statistic x series
        Explanations as numbered here, OTHER_PATIENTS last and moving the impostors alone;
        statistics as in `Statistics.z`.
    """
    right, missed = purity(base.p)
    one, gap = np.ones_like(right), right - missed
    # Of the severe who come, some are missed; in the place of those who are not severe come fewer
    # who would have been taken for it.
    severe = 1 / (SENSITIVITY - _false_top(base.p))
    creep = (one, right / gap, missed / gap)
    true = (
        one,
        (right - SENSITIVITY * severe) / gap,
        ((1 - SENSITIVITY) * severe + missed) / gap,
    )
    recording = (one, (right - 1) / gap, (missed - 1) / gap)
    other = (0 * one, one, 0 * one)
    return np.stack([np.stack(x) for x in (creep, true, recording, other)])


def parts(base: Baseline) -> Floats:
    """
    Give the weights on the three statistics that tell what each explanation adds to the share.

    Parameters
    ----------
    base : Baseline

    Returns
    -------
    array of explanation x statistic x series
        The parts add up to the change of the share: the weights on it to 1, the others to 0.
    """
    columns = np.moveaxis(directions(base)[:OTHER_PATIENTS], 2, 0)
    return np.asarray(
        np.moveaxis(np.asarray(np.linalg.inv(columns.transpose(0, 2, 1)), dtype=float), 0, 2)
    )


def posterior(ratios: Floats) -> Floats:
    """
    Weigh none, creep, true mix and recording; a score, not a calibrated probability.

    Parameters
    ----------
    ratios : array of 3, or of 3 x anything
        Likelihood-ratio statistics of creep, true mix and recording.

    Returns
    -------
    array of 4, or of 4 x anything
        They add up to 1.
    """
    ratios = np.asarray(ratios, dtype=float)
    logs = np.concatenate([np.zeros((1, *ratios.shape[1:])), ratios / 2])
    logs += np.log(PRIORS).reshape(4, *[1] * (ratios.ndim - 1))
    weights = np.exp(logs - logs.max(axis=0))
    return np.asarray(weights / weights.sum(axis=0))


def leaning(others: Floats) -> Floats:
    """
    Say what the other series of a provider add to the belief that one is but recorded better.

    The coders of a provider code all its roots, so one that records better does so in many at once:
    a root of it is then no creep, unless its own evidence is the stronger for it. Of the patients
    of one root those of others say little, and what others do never speaks for creep.

    Parameters
    ----------
    others : array of 3 x series
        Likelihood-ratio statistics of the other series of each one's provider, together.

    Returns
    -------
    array, one value per series
        To be added to the likelihood-ratio statistic of recording; nought where the others say
        nothing or something else.
    """
    prior = PRIORS[1 + RECORDING]
    learnt = np.maximum(posterior(others)[1 + RECORDING] - prior, 0.0) / (1 - prior)
    now = prior + learnt * (ALIKE - prior)
    return np.asarray(2 * np.log(now / (1 - now) * (1 - prior) / prior))
