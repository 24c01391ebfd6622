"""How much to believe: what earlier years say of chance, drift and growth, practice by practice."""

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Amounts = NDArray[np.float64]

# What is believed before there are data, and how many observations that belief is worth. None is a
# published value: 2% drift and growth are the example of trends 5, and back-tests correct them.
DRIFT_SD: Final = 0.02
DRIFT_WEIGHT: Final = 10.0
GROWTH_SD: Final = 0.02
GROWTH_WEIGHT: Final = 3.0
SHOCK_SD: Final = 0.015
SHOCK_WEIGHT: Final = 12.0
NEW_PRACTICE_SD: Final = 0.15


@dataclass(frozen=True)
class Scatter:
    """
    What moves outturns, as variances relative to a year's spending.

    Attributes
    ----------
    noise : array of float, one per practice
        Of a whole year by chance; that of a part of the year is the part times it. Not a number
        for a practice without earlier years.
    drift : float
        Of a practice's own level from one year to the next.
    growth, growth_variance : float
        Expected growth of all practices from the last year, and how far it has been off.
    shock : float
        Of one month, common to all practices.
    """

    noise: Amounts
    drift: float
    growth: float
    growth_variance: float
    shock: float


@dataclass(frozen=True)
class Prior:
    """What is expected of each practice before its year begins: `level` [pence], and variance."""

    level: Amounts
    variance: Amounts


def scatter(months: Amounts, shares: Amounts) -> Scatter:
    """
    Estimate chance, drift, growth and shocks from earlier years.

    Parameters
    ----------
    months : array of float, year by month by practice
        What was spent, complete; zeros where a practice has no such year. [pence]
    shares : array of float, year by month by practice
        What the profile expects of each month. [share]

    Returns
    -------
    Scatter
    """
    n_years = months.shape[0]
    whole = months.sum(axis=1)
    held = whole > 0
    usual = shares * whole[:, None, :]
    all_months = usual.sum(axis=2)
    common = np.divide(
        months.sum(axis=2), all_months, out=np.ones_like(all_months), where=all_months > 0
    )
    noise = _noise(months, shares * common[:, :, None], whole, held)
    filled = np.nan_to_num(noise)
    chance = (filled * shares * whole[:, None, :] ** 2).sum(axis=2) / np.maximum(all_months, 1) ** 2
    lost = n_years / max(n_years - 1, 1)
    seen = float(((common - 1) ** 2 * lost - chance).sum()) if n_years > 1 else 0.0
    n_shocks = common.size if n_years > 1 else 0
    shock = max(seen + SHOCK_WEIGHT * SHOCK_SD**2, 0.0) / (n_shocks + SHOCK_WEIGHT)
    steps = growth_steps(whole)
    growth = float(steps.mean() - 1) if len(steps) else 0.0
    moved = float(((steps - 1 - growth) ** 2).sum())
    freedom = max(len(steps) - 1, 0)
    variance = (GROWTH_WEIGHT * GROWTH_SD**2 + moved) / (GROWTH_WEIGHT + freedom)
    return Scatter(
        noise=noise,
        drift=_drift(whole, steps, noise),
        growth=growth,
        growth_variance=variance * (1 + 1 / max(len(steps), 1)),
        shock=shock,
    )


def growth_steps(whole: Amounts) -> Amounts:
    """Give each year's spending over the last one's, of the practices that have both."""
    steps = []
    for before, after in itertools.pairwise(whole):
        both = (before > 0) & (after > 0)
        if both.any():
            steps.append(after[both].sum() / before[both].sum())
    return np.array(steps)


def prior(whole: Amounts, of: Scatter) -> Prior:
    """
    Weigh each practice's earlier years into what is expected of it.

    Earlier years are brought to the last one's level by the growth of all; a practice's own level
    drifts, and each year shows it with chance, so that a large practice is expected to repeat its
    last year and a small one the mean of its years.

    Parameters
    ----------
    whole : array of float, year by practice
        Outturns; zero where there is none. [pence]
    of : Scatter

    Returns
    -------
    Prior
        Not a number for a practice with no earlier year.
    """
    steps = np.append(growth_steps(whole), 1.0)
    if len(steps) < whole.shape[0]:
        steps = np.ones(whole.shape[0])
    to_last = np.cumprod(steps[::-1])[::-1]
    level: Amounts = np.full(whole.shape[1], np.nan)
    variance: Amounts = np.full(whole.shape[1], np.nan)
    for year, factor in zip(whole, to_last, strict=True):
        now = np.where(year > 0, year * factor, np.nan)
        is_first = np.isnan(level) & ~np.isnan(now)
        known = ~np.isnan(level) & ~np.isnan(now)
        trust = (variance + of.drift) / (variance + of.drift + of.noise)
        level = np.where(known, level + trust * (now - level), level)
        variance = np.where(known, (1 - trust) * (variance + of.drift), variance + of.drift)
        level = np.where(is_first, now, level)
        variance = np.where(is_first, of.noise, variance)
    return Prior(level * (1 + of.growth), variance + of.drift)


def _noise(months: Amounts, shares: Amounts, whole: Amounts, held: NDArray[np.bool_]) -> Amounts:
    """Estimate each practice's chance, drawn towards what its size predicts."""
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    part = np.divide(months, whole[:, None, :], out=shares.copy(), where=held[:, None, :])
    squares = ((part - shares) ** 2 / np.maximum(shares, 1e-6)).sum(axis=1) / 11
    n_years = held.sum(axis=0)
    seen = n_years > 0
    own = np.full(whole.shape[1], np.nan)
    own[seen] = (squares * held).sum(axis=0)[seen] / n_years[seen]
    n_seen = int(seen.sum())
    if not n_seen:
        return own
    own *= n_seen / max(n_seen - 1, 1)
    size = whole.sum(axis=0) / np.maximum(n_years, 1)
    curve = _by_size(own[seen], size[seen])
    ratio = own[seen] / curve
    chance = 2 / (11 * n_years[seen])
    spread = float(np.mean((ratio - ratio.mean()) ** 2 - chance))
    trust = max(spread, 0.0) / (max(spread, 0.0) + chance)
    own[seen] = curve * (1 + trust * (ratio - 1))
    return np.asarray(np.maximum(own, 1e-8))


def _by_size(own: Amounts, size: Amounts) -> Amounts:
    """Fit a + b / size, neither below nothing: chance falls with size, and never quite away."""
    inverse = 1 / size
    b = float(own.sum() / inverse.sum())
    a = 0.0
    for _ in range(3):
        weights = 1 / (a + b * inverse) ** 2
        x, y = np.average(inverse, weights=weights), np.average(own, weights=weights)
        spread = np.average((inverse - x) ** 2, weights=weights)
        if spread < 1e-6 * x**2:
            break
        slope = np.average((inverse - x) * (own - y), weights=weights) / spread
        b = min(max(float(slope), 0.0), float(y / x))
        a = float(y) - b * float(x)
    return np.asarray(a + b * inverse)


def _drift(whole: Amounts, steps: Amounts, noise: Amounts) -> float:
    """Estimate how far practices' own levels move in a year, beyond chance and common growth."""
    top, bottom = DRIFT_WEIGHT * DRIFT_SD**2, DRIFT_WEIGHT
    if len(steps) == whole.shape[0] - 1:
        for before, after, step in zip(whole[:-1], whole[1:], steps, strict=True):
            both = (before > 0) & (after > 0)
            moved = (after[both] / before[both] / step - 1) ** 2 - 2 * noise[both]
            weights = (DRIFT_SD**2 / (2 * noise[both] + DRIFT_SD**2)) ** 2
            top += float((weights * moved).sum())
            bottom += float(weights.sum())
    return max(top / bottom, 0.0)
