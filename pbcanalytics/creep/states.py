"""From statistics to a state: which explanation fits a signal, and whether it may be called one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.creep.detector import REARMED_AFTER, WINDOW, Scan, fits
from pbcanalytics.creep.explanations import CREEP, RECORDING, TRUE_MIX, posterior
from pbcanalytics.creep.limits import TIERS, Limits
from pbcanalytics.creep.panel import BASELINE_MONTHS, Flags, Floats, Panel
from pbcanalytics.creep.severity import LEAST_AUC
from pbcanalytics.creep.signals import Signals

STATES: Final = (
    *("none", "query", "creep-confirmed", "recording", "true mix", "new service"),
    *("version", "merger", "insufficient"),
)

FALSE_DISCOVERY_SHARE: Final = 0.10
"""Of the signals of a month, the share that may be false on average (Benjamini-Hochberg)."""

GROWN: Final = 1.25
"""Spells after over before from which a truly sicker mix is a new service."""

NEAR_MERGER: Final = 3


@dataclass(frozen=True)
class Unit:
    """
    What is tested: one series, or a pool of them.

    Attributes
    ----------
    level : str
        "root", or the name of a way of pooling.
    row : int
        Its row in the scan.
    rows : array of int
        Its series.
    auc : float
        How well severity is told in it.
    is_usable : bool
    """

    level: str
    row: int
    rows: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    auc: float
    is_usable: bool


@dataclass(frozen=True)
class Family:
    """
    One panel that was tested, with what it takes to judge it among others.

    Attributes
    ----------
    found : Signals
    units : list of Unit
    limits : dict of str to Limits
        "series" and each way of pooling.
    """

    found: Signals
    units: list[Unit]
    limits: dict[str, Limits]


Standing = dict[str, Flags]
"""By tier: array of unit x month, which units are above their limit and stand among all tested."""


def passing(p_values: Floats, share: float = FALSE_DISCOVERY_SHARE) -> Flags:
    """
    Tell which tests stand when all of a month are looked at together (Benjamini and Hochberg).

    Parameters
    ----------
    p_values : array
    share : float
        False discoveries allowed, of all discoveries. [share]

    Examples
    --------
    >>> passing(np.array([0.01, 0.08, 0.9])).tolist()
    [True, False, False]
    """
    n = len(p_values)
    order = np.argsort(p_values)
    below = p_values[order] <= share * np.arange(1, n + 1) / max(n, 1)
    found = np.zeros(n, dtype=bool)
    if below.any():
        found[order[: int(np.flatnonzero(below).max()) + 1]] = True
    return found


def judge(
    of: Panel,
    found: Signals,
    units: list[Unit],
    limits: dict[str, Limits],
    mergers: dict[int, int] | None = None,
    stands: Standing | None = None,
) -> pd.DataFrame:
    """
    List the signals, each with the state that fits it best.

    Parameters
    ----------
    of : Panel
    found : Signals
        Of `of`, with the pools of `units`.
    units : list of Unit
    limits : dict of str to Limits
        "series" and each way of pooling.
    mergers : dict of int to int, optional
        Month number in which a provider (by its number in the panel) took another in.
    stands : Standing, optional
        Of these units, where other panels were tested beside this one (`standing`); otherwise
        this panel is taken for all that was tested.

    Returns
    -------
    DataFrame, one row per signal
        `unit` (number in `units`), `month` (number of the month of the alarm), `onset`, `state`,
        `reason`, `query`, `confirmed`, `recording` (statistics at their peak), `p_value`, and
        the scores `none_score`, `creep_score`, `true_score`, `recording_score`.
    """
    stands = standing([Family(found, units, limits)])[0] if stands is None else stands
    any_alarm = stands["query"] | stands["confirmed"] | stands["recording"]
    rows: list[dict[str, Any]] = []
    for number, unit in enumerate(units):
        scan, t = _scan(found, unit), BASELINE_MONTHS
        while t < of.n_months:
            if not any_alarm[number, t]:
                t += 1
                continue
            cover = slice(t, min(t + REARMED_AFTER, of.n_months))
            tiers = {tier: bool(stands[tier][number, cover].any()) for tier in TIERS}
            signal = _signal(of, scan, unit, cover, tiers)
            t += REARMED_AFTER
            if rows and rows[-1]["unit"] == number and signal["onset"] < rows[-1]["month"] + WINDOW:
                continue  # The same change, still heard a year on.
            rows.append({"unit": number, "month": cover.start, **signal})
            peak = scan.query[unit.row, cover].max()
            p = limits["series" if unit.level == "root" else unit.level].p_values("query", peak)
            rows[-1]["p_value"] = float(p)
            if mergers and _is_merger(of, unit, int(signal["onset"]), mergers):
                rows[-1] |= {"state": "merger", "reason": "merger"}
    columns = ["unit", "month", "onset", "state", "reason", "p_value", *TIERS]
    return pd.DataFrame(rows, columns=[*columns, *_SCORES])


_SCORES: Final = ("none_score", "creep_score", "true_score", "recording_score")


def _scan(found: Signals, unit: Unit) -> Scan:
    return found.scan if unit.level == "root" else found.pools[unit.level]


def standing(tested: Sequence[Family]) -> list[Standing]:
    """
    Hold the false share of a month's signals over everything that was tested together.

    A PCT that tests classes and five shares apart, each at 0.10, is promised 0.10 of none of its
    lists: one true signal in a list makes room for false ones there only.

    Parameters
    ----------
    tested : sequence of Family
        Panels of the same months.

    Returns
    -------
    list of Standing, one per panel

    Raises
    ------
    ValueError
        If the panels are of different months.
    """
    if len({one.found.scan.query.shape[1] for one in tested}) > 1:
        raise ValueError("panels are judged together month by month, so all hold the same months")
    out: list[Standing] = [{} for _ in tested]
    if not tested:
        return out
    ends = np.cumsum([len(one.units) for one in tested])[:-1]
    for tier in TIERS:
        parts = [_above(one, tier) for one in tested]
        above, p = (np.concatenate(x) for x in zip(*parts, strict=True))
        usable = np.array([u.is_usable for one in tested for u in one.units], dtype=bool)
        stands = np.zeros(above.shape, dtype=bool)
        for t in range(BASELINE_MONTHS, above.shape[1]):
            if above[usable, t].any():
                stands[usable, t] = passing(p[usable, t]) & above[usable, t]
        for own, flags in zip(out, np.split(stands, ends), strict=True):
            own[tier] = flags
    return out


def _above(of: Family, tier: str) -> tuple[Flags, Floats]:
    """Tell in which months each unit is above its limit, and how rare that is without creep."""
    n_months = of.found.scan.query.shape[1]
    above = np.zeros((len(of.units), n_months), dtype=bool)
    p = np.ones(above.shape)
    for row, unit in enumerate(of.units):
        limits = of.limits["series" if unit.level == "root" else unit.level]
        value = getattr(_scan(of.found, unit), tier)[unit.row]
        above[row], p[row] = value > limits.limit[tier], limits.p_values(tier, value)
    return above, p


def _signal(
    of: Panel, scan: Scan, unit: Unit, cover: slice, tiers: dict[str, bool]
) -> dict[str, Any]:
    """Name the explanation that fits the months of a signal."""
    peaks = {tier: float(getattr(scan, tier)[unit.row, cover].max()) for tier in TIERS}
    leading = "query" if peaks["query"] >= peaks["recording"] else "recording"
    at = cover.start + int(getattr(scan, leading)[unit.row, cover].argmax())
    ratios = fits(scan, unit.row, at)
    onsets = scan.onset if leading == "query" else scan.recording_onset
    onset = int(onsets[unit.row, at])
    state, reason = _state(of, unit, onset, tiers, ratios)
    return {
        "onset": min(onset, cover.start),
        "state": state,
        "reason": reason,
        **peaks,
        **dict(zip(_SCORES, posterior(ratios).tolist(), strict=True)),
    }


def _state(
    of: Panel, unit: Unit, onset: int, tiers: dict[str, bool], ratios: Floats
) -> tuple[str, str]:
    best = int(np.argmax(ratios))
    if of.is_version[unit.rows, max(0, onset - 1) : onset + 1].any():
        return "version", "version"
    if best == RECORDING and (tiers["recording"] or not tiers["confirmed"]):
        return "recording", "hidden severe leave the cheap"
    if tiers["confirmed"]:
        if not unit.auc >= LEAST_AUC:
            return "insufficient", "weak score"
        return "creep-confirmed", "impostors among the dear"
    if best == TRUE_MIX:
        grown = _growth(of, unit, onset)
        return ("new service", "more spells") if grown >= GROWN else ("true mix", "all sicker")
    if best == CREEP and not unit.auc >= LEAST_AUC:
        return "insufficient", "weak score"
    return "query", "share and impostors"


def _growth(of: Panel, unit: Unit, onset: int) -> float:
    """Give the spells a month after an onset over those of the year before it."""
    before = of.n[unit.rows, max(0, onset - 12) : onset].sum() / min(12, max(onset, 1))
    after = of.n[unit.rows, onset : onset + WINDOW]
    return float(after.sum() / max(after.shape[1], 1) / max(before, 1e-9))


def _is_merger(of: Panel, unit: Unit, onset: int, mergers: dict[int, int]) -> bool:
    when = [mergers[int(p)] for p in of.provider[unit.rows] if int(p) in mergers]
    return any(abs(month - onset) <= NEAR_MERGER for month in when)
