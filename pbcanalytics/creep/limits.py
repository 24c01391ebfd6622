"""Limits of the test by parametric bootstrap: how often a panel without creep would alarm."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from pbcanalytics.creep.detector import Scan, alarms
from pbcanalytics.creep.nulls import null_panel
from pbcanalytics.creep.panel import BASELINE_MONTHS, Floats, Ints, Panel
from pbcanalytics.creep.signals import Signals, signals

FALSE_ALARMS: Final = 20.0
"""False alarms per 1,000 series and years that a tier may give."""

STATED: Final = {"query": 2.74, "confirmed": 2.16, "recording": 2.74}
POOLED: Final = {"query": 2.82, "confirmed": 2.27, "recording": 2.82}
"""Limits of a reference calculation: with few rows no limit goes below them."""

FEW_ROWS: Final = 30
"""With fewer series or pools their noise is known too poorly for limits of their own."""

TIERS: Final = ("query", "confirmed", "recording")


@dataclass(frozen=True)
class Limits:
    """
    The limit of each tier, and the statistics of panels without creep that it was taken from.

    Attributes
    ----------
    limit : dict of str to float
        By tier: query, confirmed, recording.
    null : dict of str to array
        Sorted statistics of all months after the baseline, by tier.
    """

    limit: dict[str, float]
    null: dict[str, Floats]

    def p_values(self, tier: str, statistic: ArrayLike) -> Floats:
        """Give the share of null values that reach each statistic, itself counted among them."""
        held = self.null[tier]
        above = len(held) - np.searchsorted(held, np.asarray(statistic), side="left")
        return np.asarray((1 + above) / (1 + len(held)))


def calibrated(
    of: Panel,
    found: Signals,
    pools: dict[str, Ints] | None = None,
    *,
    n_panels: int = 4,
    seed: int = 2006,
    false_alarms: float = FALSE_ALARMS,
) -> dict[str, Limits]:
    """
    Set the limits of a panel, and of its pools, before its results are looked at.

    Panels with the same spells, shares, noise and drift but no creep are drawn and tested the same
    way; each limit gives the wanted rate of alarms on them.

    Parameters
    ----------
    of : Panel
    found : Signals
        Of `of`; only what was estimated on its baseline is used.
    pools : dict of str to array, optional
        As in `signals`.
    n_panels : int
        Panels to draw.
    seed : int
    false_alarms : float
        Wanted alarms per 1,000 series and years.

    Returns
    -------
    dict of str to Limits
        "series", and each way of pooling.
    """
    scans: dict[str, list[Scan]] = {"series": []}
    for number in range(n_panels):
        drawn = signals(null_panel(of, found, seed, number), pools)
        scans["series"].append(drawn.scan)
        for name, one in drawn.pools.items():
            scans.setdefault(name, []).append(one)
    return {
        name: _limits(held, false_alarms, STATED if name == "series" else POOLED)
        for name, held in scans.items()
    }


def _limits(scans: list[Scan], wanted: float, stated: dict[str, float]) -> Limits:
    limit, null = {}, {}
    for tier in TIERS:
        # A row of which nothing speaks is no series: untested, or a pool without members.
        held = [getattr(one, tier)[one.ratios.max(axis=(0, 2), initial=0.0) > 0] for one in scans]
        own = limit_for([np.concatenate(held)], wanted)
        is_few = sum(len(x) for x in held) < FEW_ROWS * len(held)
        limit[tier] = max(own, stated[tier]) if is_few else own
        after = [np.ravel(x[:, BASELINE_MONTHS:]) for x in held]
        null[tier] = np.sort(np.concatenate(after))
    return Limits(limit, null)


def limit_for(statistics: list[Floats], wanted: float) -> float:
    """
    Find the limit at which statistics alarm as often as wanted.

    Parameters
    ----------
    statistics : list of array of series x month
    wanted : float
        Alarms per 1,000 series and years after the baseline.
    """
    low, high = 0.0, max(float(x.max(initial=0.0)) for x in statistics) + 1e-9
    for _ in range(30):
        middle = (low + high) / 2
        if alarm_rate(statistics, middle) > wanted:
            low = middle
        else:
            high = middle
    return high


def alarm_rate(statistics: list[Floats], limit: float) -> float:
    """Count alarms per 1,000 series and years after the baseline."""
    n_alarms = sum(int(alarms(x, limit).sum()) for x in statistics)
    years = sum(len(x) * max(x.shape[1] - BASELINE_MONTHS, 0) for x in statistics) / 12
    return 1000 * n_alarms / years if years else 0.0
