"""From statistics to a state: which explanation fits a signal, and whether it may be called one."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.creep.detector import (
    CREEP,
    REARMED_AFTER,
    RECORDING,
    TRUE_MIX,
    WINDOW,
    Scan,
    fits,
)
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

PRIORS: Final = (0.90, 0.03, 0.04, 0.03)
"""None, creep, true mix, recording; the net error that audits found is near nought."""

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


def posterior(ratios: Floats) -> Floats:
    """
    Weigh none, creep, true mix and recording; a score, not a calibrated probability.

    Parameters
    ----------
    ratios : array of 3
        Likelihood-ratio statistics of creep, true mix and recording.
    """
    logs = np.log(PRIORS) + np.concatenate([[0.0], np.asarray(ratios) / 2])
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def judge(
    of: Panel,
    found: Signals,
    units: list[Unit],
    limits: dict[str, Limits],
    mergers: dict[int, int] | None = None,
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

    Returns
    -------
    DataFrame, one row per signal
        `unit` (number in `units`), `month` (number of the month of the alarm), `onset`, `state`,
        `reason`, `query`, `confirmed`, `recording` (statistics at their peak), `p_value`, and
        the scores `none_score`, `creep_score`, `true_score`, `recording_score`.
    """
    stands = {tier: _standing(found, units, limits, tier) for tier in TIERS}
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


def _standing(found: Signals, units: list[Unit], limits: dict[str, Limits], tier: str) -> Flags:
    """Tell in which months each unit is above its limit and stands among all that are tested."""
    value = np.array([getattr(_scan(found, u), tier)[u.row] for u in units])
    names = ["series" if u.level == "root" else u.level for u in units]
    above = value > np.array([limits[name].limit[tier] for name in names])[:, None]
    p = np.array([limits[x].p_values(tier, v) for x, v in zip(names, value, strict=True)])
    usable = np.array([u.is_usable for u in units])
    out = np.zeros(value.shape, dtype=bool)
    for t in range(BASELINE_MONTHS, value.shape[1]):
        if above[usable, t].any():
            out[usable, t] = passing(p[usable, t]) & above[usable, t]
    return out


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
