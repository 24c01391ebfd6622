"""What all providers do alike: no comparison between them can see it, so it is told by itself."""

from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.creep.explanations import CREEP, parts
from pbcanalytics.creep.panel import Floats, Panel
from pbcanalytics.creep.signals import Signals
from pbcanalytics.creep.statistics import FEWEST_PEERS

LEAST_PRESENT: Final = 0.8
"""Of the providers, by all their spells, so many must be known in a period: others are others."""


def creep_part(of: Panel, found: Signals) -> Floats:
    """
    Give what of the dear share's rise is creep in each series, what all share left in.

    What share, impostors and hidden severe together say is creep, where a severity score tells of
    them; the share itself where nothing but it is known.

    Parameters
    ----------
    of : Panel
    found : Signals
        Of `of`.

    Returns
    -------
    array of series x month
        Less its mean over the baseline; not a number where masked. [share]
    """
    if not np.isfinite(of.q1).any():
        return np.asarray(found.raw[0])
    return np.asarray(np.einsum("zs,zst->st", parts(found.base)[CREEP], found.raw))


def national(of: Panel, found: Signals) -> pd.DataFrame:
    """
    Give what all providers do alike, month by month.

    Parameters
    ----------
    of : Panel
    found : Signals
        Of `of`.

    Returns
    -------
    DataFrame, one row per month
        As `averaged` has it.
    """
    part = creep_part(of, found)
    seen = np.where(np.isfinite(part), of.n, 0.0)
    sums = np.zeros((2, int(of.provider.max(initial=-1)) + 1, of.n_months))
    for total, values in zip(sums, (seen, np.nan_to_num(part) * seen), strict=True):
        np.add.at(total, of.provider, values)
    return averaged(*sums)


def averaged(seen: Floats, push: Floats) -> pd.DataFrame:
    """
    Average providers by their spells, with 95% limits from how they differ.

    Parameters
    ----------
    seen : array of provider x period
        Spells; nought where nothing is known. [spells]
    push : array of provider x period
        Sum over these spells of what `creep_part` says of them.

    Returns
    -------
    DataFrame, one row per period
        `n_providers`, and `rise_share`, `low_share`, `high_share`, against the baseline; not
        numbers where fewer than LEAST_PRESENT of the providers are known, and limits not with
        fewer than FEWEST_PEERS. [share]
    """
    from scipy.special import stdtrit

    weight = seen / np.maximum(seen.sum(axis=0), 1e-12)
    own = np.divide(push, seen, out=np.zeros(seen.shape), where=seen > 0)
    whole = seen.sum(axis=1)
    is_present = whole @ (seen > 0) >= LEAST_PRESENT * max(float(whole.sum()), 1e-12)
    mean = np.where(is_present, (weight * own).sum(axis=0), np.nan)
    n, alike = (seen > 0).sum(axis=0), (weight**2).sum(axis=0)
    has_limits = n >= FEWEST_PEERS
    # A provider's chance falls with its spells, so one of many spells lies nearer to the mean.
    spread = (weight**2 * (own - mean) ** 2).sum(axis=0) / np.where(has_limits, 1 - alike, 1.0)
    freedom = np.where(has_limits, 1 / np.maximum(alike, 1e-12) - 1, 1.0)
    off = np.where(has_limits, stdtrit(freedom, 0.975) * np.sqrt(spread), np.nan)
    return pd.DataFrame(
        {
            "n_providers": n,
            "rise_share": mean,
            "low_share": mean - off,
            "high_share": mean + off,
        }
    )
