"""From a panel to the statistics of the test: two passes, the second without suspects as peers."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pbcanalytics.creep.baseline import Baseline, baseline
from pbcanalytics.creep.detector import WINDOW, Scan, scan
from pbcanalytics.creep.dispersion import Dispersion, dispersion
from pbcanalytics.creep.explanations import directions
from pbcanalytics.creep.panel import Flags, Floats, Ints, Panel
from pbcanalytics.creep.statistics import month_effects, statistics
from pbcanalytics.creep.together import Shared, shared

SUSPECT_FROM: Final = 2.2
"""Query statistic from which a series no longer counts as a peer of the others."""


@dataclass(frozen=True)
class Signals:
    """
    What the test found in a panel.

    Attributes
    ----------
    scan : Scan
        One row per series.
    pools : dict of str to Scan
        One row per pool, for each way of pooling that was asked for.
    base : Baseline
    spread : Dispersion
    z : array of 3 x series x month
        Statistics with the month effects taken off.
    raw : array of 3 x series x month
        The same without that, for the chart of what everybody does.
    noise : array of 3 x series x month
    together : Shared
        What the series of a provider share.
    """

    scan: Scan
    pools: dict[str, Scan]
    base: Baseline
    spread: Dispersion
    z: Floats
    raw: Floats
    noise: Floats
    together: Shared


def signals(of: Panel, pools: dict[str, Ints] | None = None) -> Signals:
    """
    Test every series of a panel, and pools of them.

    A later month changes nothing that was said of an earlier one.

    Parameters
    ----------
    of : Panel
    pools : dict of str to array, optional
        For each way of pooling, the number of the pool of each series, -1 for none.
    """
    base = baseline(of)
    found = statistics(of, base)
    z = np.where(base.is_usable[:, None], found.z, np.nan)
    first = z - month_effects(z, of.root)
    spread = dispersion(first, found.r0, of, base)
    noise = spread.phi[:, :, None] * found.r0
    level = (noise, spread.drift, of.is_version, directions(base))
    # Of shares without a severity score nothing tells recording from creep, in the others neither.
    provider = of.provider if np.isfinite(of.q1).any() else None
    suspects = _suspects(scan(first, *level, provider=provider))
    second = z - month_effects(z, of.root, suspects) if suspects.any() else first
    together = shared(second, noise, of.provider, base)
    return Signals(
        scan=scan(second, *level, provider=provider),
        pools={
            name: scan(second, *level, pools=numbers, together=together)
            for name, numbers in (pools or {}).items()
        },
        base=base,
        spread=spread,
        z=second,
        raw=z,
        noise=noise,
        together=together,
    )


def _suspects(first: Scan) -> Flags:
    """Mark the series that were under suspicion in a month or in the 18 months up to it."""
    flagged = first.query > SUSPECT_FROM
    marked = flagged.copy()
    for lag in range(1, WINDOW):
        marked[:, lag:] |= flagged[:, :-lag]
    return marked
