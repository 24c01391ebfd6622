"""Invented providers, roots and months: creep of eight kinds, and six things that look like it.

Nothing here is fitted to the detector: severity is drawn for every patient's group, recording goes
wrong both ways, and case mix is seen only in part. The constants are choices; English monthly data
that could set them are not public. The spread between providers is the one measured on American
hospitals of 2011 (0.33 on the logit scale).
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.creep.panel import Panel, panel

Floats = NDArray[np.float64]

MECHANISMS: Final = (
    ("cc split", 0.30, 0.95),
    ("depth", 0.30, 0.80),
    ("day case to ordinary", 0.25, 0.75),
    ("outpatient to day case", 0.35, 0.45),
    ("zero-day", 0.10, 0.70),
    ("splitting", 0.06, 0.60),
    ("follow-up to first", 0.35, 0.40),
    ("ward attender", 0.15, 0.35),
)
"""Name, share of severe patients, and gap of the severity score in its standard deviations."""

CONFOUNDERS: Final = ("C1", "C2", "C3", "C4", "C5", "C6")
VOLUMES: Final = (20, 50, 100, 200, 500)
SIZES: Final = (0.02, 0.05, 0.10)
N_PROVIDERS: Final = 30
N_MONTHS: Final = 60
AFFECTED: Final = 4
"""Providers of 30 in which something is planted."""

BETWEEN_SD: Final = 0.33
SEASON: Final = 0.06
GROWTH_A_YEAR: Final = 0.02
NATIONAL_SD: Final = 0.03
MONTH_SD: Final = 0.06
DRIFT_SD: Final = 0.015
CASE_MIX_SD: Final = 0.01
SEEN_SHARE: Final = 0.5
SENSITIVITY: Final = 0.90
FALSE_TOP: Final = 0.04
EFFICIENCY_TREND: Final = -0.008
EFFICIENCY_SD: Final = 0.02
ROOT_EFFICIENCY_SD: Final = 0.004
CONTROL_SPELLS: Final = 600
DISPERSION: Final = 60.0
"""Shape of the gamma amounts that volumes are drawn from: variation of 13% beyond chance."""


@dataclass
class World:
    """
    One draw.

    `panel` is what the detector sees, after its own preparation; `raw` what methods without it
    see. `onset` is the month in which something begins, -1 in series without; `size` the creep
    planted [share] and `mechanism` the number of each series' mechanism. `is_severe` and
    `is_crept` are truths: spells, by month.
    """

    panel: Panel
    raw: Panel
    onset: NDArray[np.int64]
    size: Floats
    mechanism: NDArray[np.int64]
    volume: NDArray[np.int64]
    n_crept: Floats
    share_before: Floats = field(default_factory=lambda: np.zeros(0))


def world(
    seed: int,
    kind: str = "clean",
    *,
    mechanisms: tuple[int, ...] = tuple(range(8)),
    volumes: tuple[int, ...] = VOLUMES,
    n_providers: int = N_PROVIDERS,
    sizes: tuple[float, ...] = SIZES,
    with_creep: bool = False,
    roots_each: int = 1,
    n_affected: int = AFFECTED,
    whole_provider: bool = False,
) -> World:
    """
    Draw a world.

    Parameters
    ----------
    seed : int
    kind : str
        "clean", "creep", or one of CONFOUNDERS.
    mechanisms : tuple of int
        Numbers in MECHANISMS.
    volumes : tuple of int
        Spells a month; there is a root for each mechanism, volume and copy.
    n_providers : int
    sizes : tuple of float
        Creep planted, in turn. [share]
    with_creep : bool
        Plant creep in the confounded providers as well.
    roots_each : int
        Copies.
    n_affected : int
        Providers in which something is planted.
    whole_provider : bool
        Creep begins in all roots of a provider at once, and is of one size.
    """
    rng = np.random.default_rng([seed, sum(map(ord, kind))])
    cells = [(m, v) for _ in range(roots_each) for m in mechanisms for v in volumes]
    n_roots, n_series = len(cells), len(cells) * n_providers
    root = np.tile(np.arange(n_roots), n_providers)
    provider = np.repeat(np.arange(n_providers), n_roots)
    mechanism = np.array([c[0] for c in cells])[root]
    volume = np.array([c[1] for c in cells])[root]
    base = np.array([m[1] for m in MECHANISMS])[mechanism]
    gap = np.array([m[2] for m in MECHANISMS])[mechanism]
    shape, month = (n_series, N_MONTHS), np.arange(N_MONTHS)

    affected = np.zeros(n_series, dtype=bool)
    if kind in CONFOUNDERS or (kind == "creep" and whole_provider):
        affected = provider < n_affected
    elif kind == "creep":
        # Other providers in every root, so that nobody's peers creep everywhere.
        affected = (provider + 3 * root) % n_providers < n_affected
    onset = np.where(affected, rng.integers(27, 43, n_series), -1)
    if kind in CONFOUNDERS or whole_provider:
        onset = np.where(affected, rng.integers(27, 43, n_providers)[provider], -1)
    if kind == "C5":
        onset = np.where(affected, 36, -1)
    since = np.where(affected[:, None], month[None] - onset[:, None], -1)
    on = since >= 0

    seasons = SEASON * np.cos(2 * np.pi * (month - rng.uniform(8, 11)) / 12)
    national = (
        GROWTH_A_YEAR * month / 12 + seasons + rng.normal(0, NATIONAL_SD, (n_roots, N_MONTHS))[root]
    )
    walk = np.cumsum(rng.normal(0, CASE_MIX_SD, (n_providers, N_MONTHS)), axis=1)[provider]
    hidden = np.cumsum(rng.normal(0, DRIFT_SD, shape), axis=1) + rng.normal(0, MONTH_SD, shape)
    between = rng.normal(0, BETWEEN_SD, n_series)
    odds = np.log(base / (1 - base))[:, None] + between[:, None] + national + walk + hidden
    seen = SEEN_SHARE * walk
    efficiency = EFFICIENCY_TREND * month + np.cumsum(
        rng.normal(0, EFFICIENCY_SD, (n_providers, N_MONTHS)), axis=1
    )
    own_efficiency = np.cumsum(rng.normal(0, ROOT_EFFICIENCY_SD, shape), axis=1)
    sensitivity = np.full(shape, SENSITIVITY)
    false_top = np.full(shape, FALSE_TOP)
    growth = (1 + 0.02 * month / 12) * (1 + 0.05 * np.cos(2 * np.pi * (month - 9) / 12))
    expected = volume[:, None] * rng.lognormal(0, 0.2, n_series)[:, None] * growth
    is_version = np.zeros(shape, dtype=bool)
    ward = np.zeros(shape)

    if kind == "C1":
        rise = np.where(on, np.minimum(since + 1, 12) / 12, 0.0) * 0.35
        odds, seen = odds + rise, seen + SEEN_SHARE * rise
    if kind == "C2":
        some = affected & (rng.random(n_series) < 0.5)
        onset = np.where(some, onset, -1)
        arrived = np.where(on & some[:, None], 1.0, 0.0)
        now, more, new_share = 1 / (1 + np.exp(-odds)), 0.5 * arrived, 0.65
        mixed = (now + more * np.maximum(new_share, now)) / (1 + more)
        step = np.log(mixed / (1 - mixed)) - odds
        odds, expected, seen = odds + step, expected * (1 + more), seen + 0.8 * step
    if kind == "C3":
        winter = on & (since < 4)
        odds, ward = odds + 0.25 * winter, 0.10 * winter
        seen = seen + SEEN_SHARE * 0.25 * winter
    if kind == "C4":
        low = 0.60 + 0.30 * np.clip(since + 1, 0, 4) / 4
        sensitivity = np.where(affected[:, None], low, sensitivity)
        ward = np.where(on, -0.03, 0.0)
    if kind == "C5":
        after = month >= 36
        jump = rng.normal(0.15, 0.1, n_roots)[root] + rng.normal(0, 0.15, n_series)
        odds = odds + after * jump[:, None]
        sensitivity = np.where(after, 0.93, sensitivity)
        false_top = np.where(after, 0.06, false_top)
        is_version[:, 36] = True

    n = rng.poisson(expected * rng.gamma(DISPERSION, 1 / DISPERSION, shape))
    severe = rng.binomial(n, 1 / (1 + np.exp(-odds)))
    true_top = rng.binomial(severe, sensitivity)
    false = rng.binomial(n - severe, false_top)
    size = np.zeros(n_series)
    crept = np.zeros(shape, dtype=np.int64)
    if kind == "creep" or with_creep:
        turn = rng.integers(len(sizes), size=n_series)
        is_step = rng.random(n_series) < 0.5
        if whole_provider:
            turn, is_step = turn[provider * n_roots], is_step[provider * n_roots]
        size = np.where(onset >= 0, np.array(sizes)[turn], 0.0)
        ramp = np.where(is_step, 1, 6)[:, None]
        share = size[:, None] * np.clip((since + 1) / ramp, 0, 1) * on
        rest = n - severe - false
        crept = rng.binomial(rest, np.clip(share * n / np.maximum(rest, 1), 0, 1))
    k = true_top + false + crept
    level = efficiency[provider] + own_efficiency + ward
    hidden_severe = severe - true_top
    q1 = _scores(rng, true_top, false + crept, gap, level)
    q0 = _scores(rng, hidden_severe, n - k - hidden_severe, gap, level)
    q1, q0 = _standardised(q1, q0, k, n, gap, base)
    if kind == "C6":
        return _merged(rng, n, k, q1, q0, seen, provider, root, mechanism, volume, level)
    # What the control roots show of each provider's month, with their own chance.
    shown = efficiency + rng.normal(0, 1 / np.sqrt(CONTROL_SPELLS), efficiency.shape)
    if kind in ("C3", "C4"):
        shown = shown + ward.reshape(n_providers, n_roots, N_MONTHS)[:, 0]
    shown = shown - shown[:, :24].mean(axis=1, keepdims=True)
    scale = _scale(gap, base)[:, None]
    made = panel(
        n,
        k,
        q1 - k * shown[provider] / scale,
        q0 - (n - k) * shown[provider] / scale,
        provider,
        root,
        seen,
        is_version,
    )
    return World(
        made,
        panel(n, k, q1, q0, provider, root),
        onset,
        size,
        mechanism,
        volume,
        crept.astype(float),
    )


def _scale(gap: Floats, base: Floats) -> Floats:
    return np.asarray(np.sqrt(1 + gap**2 * base * (1 - base)))


def _scores(
    rng: np.random.Generator, severe: Floats, others: Floats, gap: Floats, level: Floats
) -> Floats:
    """Draw the sum of the severity scores of a group."""
    spread = np.sqrt(severe + others) * rng.normal(size=severe.shape)
    return np.asarray(severe * gap[:, None] + (severe + others) * level + spread)


def _standardised(
    q1: Floats, q0: Floats, k: Floats, n: Floats, gap: Floats, base: Floats
) -> tuple[Floats, Floats]:
    """Scale the score to unit variance over all patients."""
    scale = _scale(gap, base)[:, None]
    return q1 / scale, q0 / scale


def _merged(
    rng: np.random.Generator,
    n: Floats,
    k: Floats,
    q1: Floats,
    q0: Floats,
    seen: Floats,
    provider: NDArray[np.int64],
    root: NDArray[np.int64],
    mechanism: NDArray[np.int64],
    volume: NDArray[np.int64],
    level: Floats,
) -> World:
    """Merge providers 0 with 1 and 2 with 3: back-cast for the detector only."""
    n_roots = int(root.max()) + 1
    when = rng.integers(27, 43, 2)
    keep = np.ones(len(n), dtype=bool)
    onset = np.full(len(n), -1)
    sums = [x.astype(float).copy() for x in (n, k, q1 - level * k / 1.0, q0 - level * (n - k))]
    raws = [x.astype(float).copy() for x in (n, k, q1, q0)]
    for pair in range(2):
        a = np.flatnonzero(provider == 2 * pair)
        b = np.flatnonzero(provider == 2 * pair + 1)
        after = np.arange(n.shape[1]) >= when[pair]
        for x in sums:
            x[a] += x[b]
        for x in raws:
            x[a] += x[b] * after
        keep[b], onset[a] = False, when[pair]
    assert n_roots * 30 == len(n)
    made = panel(*[x[keep] for x in sums], provider[keep], root[keep], seen[keep])
    raw = panel(*[x[keep] for x in raws], provider[keep], root[keep])
    zero = np.zeros(keep.sum())
    return World(
        made, raw, onset[keep], zero, mechanism[keep], volume[keep], np.zeros(made.n.shape)
    )
