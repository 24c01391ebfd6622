"""What each series was like in the months that are taken to be clean."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pbcanalytics.creep.panel import (
    BASELINE_MONTHS,
    Flags,
    Floats,
    Panel,
    root_means,
    root_medians,
)

LEAST_GAP: Final = 0.2
"""Dear and cheap groups that differ by less in severity are treated as if by this much."""

_LEAST_SPREAD: Final = 1e-4


@dataclass(frozen=True)
class Baseline:
    """
    Dear share, severity of both groups, and the gap between them, one value per series.

    Attributes
    ----------
    p : array
        Dear share. [share]
    mu1, mu0, d : array
        Mean severity of the dear and of the cheap group, and their difference, never below 0.2.
    e : array
        Mean of the expected log-odds.
    is_usable : array
        24 whole months are held, and both groups occur in them.
    """

    p: Floats
    mu1: Floats
    mu0: Floats
    d: Floats
    e: Floats
    is_usable: Flags


def baseline(of: Panel) -> Baseline:
    """
    Estimate the baseline of each series, shrunk towards the median of its root's providers.

    Parameters
    ----------
    of : Panel

    Returns
    -------
    Baseline
    """
    held = ~of.is_masked[:, :BASELINE_MONTHS]
    whole = ~of.is_partial[:, :BASELINE_MONTHS]
    n, k, q1, q0, e = (
        np.where(held, x[:, :BASELINE_MONTHS], 0.0) for x in (of.n, of.k, of.q1, of.q0, of.e)
    )
    n_b, k_b = n.sum(axis=1), k.sum(axis=1)
    cheap = n_b - k_b
    p = (k_b + 0.5) / (n_b + 1)
    mu1 = _ratio(q1.sum(axis=1), k_b)
    mu0 = _ratio(q0.sum(axis=1), cheap)
    v1, v0 = 1 / np.maximum(k_b, 1), 1 / np.maximum(cheap, 1)
    d = _shrunk(mu1 - mu0, v1 + v0, of)
    return Baseline(
        p=np.clip(_shrunk(p, p * (1 - p) / (n_b + 1), of), 1e-3, 1 - 1e-3),
        mu1=_shrunk(mu1, v1, of),
        mu0=_shrunk(mu0, v0, of),
        d=np.maximum(np.nan_to_num(d), LEAST_GAP),
        e=np.nan_to_num(_ratio((n * e).sum(axis=1), n_b)),
        is_usable=(whole.sum(axis=1) == BASELINE_MONTHS) & (k_b > 0) & (cheap > 0),
    )


def _ratio(top: Floats, low: Floats) -> Floats:
    return np.divide(top, low, out=np.full_like(top, np.nan), where=low > 0)


def _shrunk(estimate: Floats, variance: Floats, of: Panel) -> Floats:
    """Draw estimates towards the median of their root, the less certain the more."""
    middle = root_medians(estimate, of.root)
    spread = root_means((estimate - middle) ** 2, of.root)
    spread = spread - root_means(np.where(np.isfinite(estimate), variance, np.nan), of.root)
    spread = np.maximum(np.nan_to_num(spread), _LEAST_SPREAD)
    shrunk = (estimate / variance + middle / spread) / (1 / variance + 1 / spread)
    return np.asarray(np.where(np.isfinite(estimate), shrunk, middle))
