"""One forecast of a year, in arrays: completed months, and a rest between run rate and prior."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.budgets.forecast.credibility import (
    NEW_PRACTICE_SD,
    Prior,
    Scatter,
    prior,
    scatter,
)
from pbcanalytics.budgets.forecast.profile import Profile

Amounts = NDArray[np.float64]

BROKEN_SDS: Final = 5.0
"""So many standard deviations from its prior, a practice has changed; the prior is dropped."""


@dataclass(frozen=True)
class Year:
    """
    What is known of a year that is under way.

    Attributes
    ----------
    actual, developed : array of float, month by practice by point of delivery
        As known, and as it will be once complete; as many months as have passed. [pence]
    late_noise : array of float, practice
        Sum of developed x (1 - completion) / completion. [pence]
    late_common : array of float, practice by batch
        What one standard deviation of a batch's completion moves. [pence]
    budget : array of float, practice
        Not a number where there is none. [pence]
    """

    actual: Amounts
    developed: Amounts
    late_noise: Amounts
    late_common: Amounts
    budget: Amounts


@dataclass(frozen=True)
class Forecast:
    """
    A forecast of every practice, in pence that are not rounded.

    Attributes
    ----------
    actual, completed, rest : array of float, practice
        Known; what late coding will add; the months to come. Their sum is the point.
    straight_line, ladder, expected : array of float, practice
        Known x 12 / months; developed / share elapsed (all credibility to the year); developed and
        the rest as expected before the year (none).
    credibility : array of float, practice
        Weight of the year's own run rate. [share]
    own_variance : array of float, practice
        Of what is the practice's own. [pence squared]
    common : array of float, practice by cause
        What one standard deviation of a cause common to all moves. [pence]
    growth, growth_credibility, elapsed : float
        Growth used; weight of this year's in it; share of the year that has passed.
    """

    actual: Amounts
    completed: Amounts
    rest: Amounts
    straight_line: Amounts
    ladder: Amounts
    expected: Amounts
    credibility: Amounts
    own_variance: Amounts
    common: Amounts
    growth: float
    growth_credibility: float
    elapsed: float

    @property
    def point(self) -> Amounts:
        """What the year will probably come to."""
        return self.actual + self.completed + self.rest


def forecast(history: Amounts, spread: Profile, year: Year) -> Forecast:
    """
    Forecast the year of every practice (trends 2, steps 3 and 4).

    Parameters
    ----------
    history : array of float, year by month by practice by point of delivery
        Earlier years, complete, oldest first; zeros where a practice has none. [pence]
    spread : Profile
        Of the same years and points of delivery.
    year : Year

    Returns
    -------
    Forecast
    """
    n_months = year.actual.shape[0]
    lines = mix(history, year)
    past = np.einsum("ykg,ng->ykn", spread.past, lines)
    shares = np.einsum("kg,ng->kn", spread.shares, lines)
    of = scatter(history.sum(axis=3), past)
    p = shares[:n_months].sum(axis=0)
    left = np.maximum(1 - p, 0.0)
    actual, so_far = year.actual.sum(axis=(0, 2)), year.developed.sum(axis=(0, 2))
    before, noise, is_new = _complete(prior(history.sum(axis=(1, 3)), of), of, year, so_far / p)
    base, spread_of = before.level, before.variance
    late = noise * np.divide(year.late_noise, base, out=np.zeros_like(base), where=base > 0)
    months_squared = (shares**2).sum(axis=1)
    n_years = history.shape[0]
    seen = ~is_new
    # The year's common growth, with a credibility of its own: a full one harms early (trends 2).
    usual = float((p * base)[seen].sum())
    found = float(so_far[seen].sum()) / usual - 1 if usual else 0.0
    own = ((p * noise + p**2 * spread_of + late) * base**2)[seen].sum()
    batches = (year.late_common[seen].sum(axis=0) ** 2).sum()
    own_share = float(own + batches) / usual**2 if usual else 0.0
    weights = base / base.sum()
    elapsed = float((p * weights).sum())
    squares = (shares * weights).sum(axis=1) ** 2
    shock_seen = of.shock * squares[:n_months].sum() / elapsed**2
    # The profile rests on few years of the same chance; its error moves every practice alike.
    of_year = float((noise * weights**2)[seen].sum()) + of.shock * squares.sum()
    misjudged = max(elapsed * (1 - elapsed), 0.0) * of_year / n_years
    unsure = own_share + shock_seen + misjudged / elapsed**2
    trust = of.growth_variance / (of.growth_variance + unsure) if usual else 0.0
    g = trust * found
    base = np.where(is_new, base, base * (1 + g))
    rate = so_far / p
    chance = noise / p + late / p**2
    off = np.divide(rate, base, out=np.ones_like(base), where=base > 0) - 1
    is_broken = off**2 > BROKEN_SDS**2 * (spread_of + chance + unsure + of.growth_variance)
    spread_of = np.where(is_broken, np.maximum(off**2 - chance, spread_of), spread_of)
    z = np.divide(spread_of, spread_of + chance, out=np.ones_like(base), where=chance > 0)
    rest = left * (z * rate + (1 - z) * base)
    carried = 1 + left * z / p
    own_variance = base**2 * (
        late * carried**2 + left**2 * (z**2 * noise / p + (1 - z) ** 2 * spread_of) + left * noise
    )
    fixed = left * base
    followed = z + (1 - z) * trust
    causes = [
        base * (1 + left / p * followed) * np.sqrt(misjudged),
        fixed * followed * np.sqrt(shock_seen),
        fixed * (1 - z) * (1 - trust) * np.sqrt(of.growth_variance),
        fixed * (1 - z) * trust * np.sqrt(own_share),
        base * np.sqrt(of.shock * months_squared[n_months:].sum() / len(base)),
    ]
    common = np.column_stack([*causes, year.late_common * carried[:, None]])
    return Forecast(
        actual=actual,
        completed=so_far - actual,
        rest=rest,
        straight_line=actual * 12 / n_months,
        ladder=so_far + left * rate,
        expected=so_far + left * before.level,
        credibility=z,
        own_variance=own_variance,
        common=common,
        growth=(1 + of.growth) * (1 + g) - 1,
        growth_credibility=float(trust),
        elapsed=elapsed,
    )


def mix(history: Amounts, year: Year) -> Amounts:
    """
    Give how each practice's spending is spread over points of delivery.

    Returns
    -------
    array of float, practice by point of delivery
        Of earlier years, else of this one, else that of all practices; rows sum to 1. [share]
    """
    spent = np.maximum(history.sum(axis=(0, 1)), 0.0)
    now = np.maximum(year.developed.sum(axis=0), 0.0)
    spent = np.where(spent.sum(axis=1, keepdims=True) > 0, spent, now)
    everyone = spent.sum(axis=0) if spent.sum() else np.ones(spent.shape[1])
    spent = np.where(spent.sum(axis=1, keepdims=True) > 0, spent, everyone)
    return np.asarray(spent / spent.sum(axis=1, keepdims=True))


def variance(of: Forecast, members: Any, own_scale: float = 1.0) -> float:
    """
    Give the variance of the outturn of some practices together.

    What is common to practices is added up before it is squared: it does not pool away.

    Parameters
    ----------
    of : Forecast
    members : index or mask of practices
    own_scale : float
        By which back-tests found practices' own variance to be too small. [ratio]

    Returns
    -------
    float
        [pence squared]
    """
    own = float(of.own_variance[members].sum()) * own_scale
    return own + float((of.common[members].sum(axis=0) ** 2).sum())


def quantile(known: Any, rest: Any, spread: Any, z: float) -> Any:
    """
    Give a quantile of the outturn: what is known, and a gamma amount that is not.

    What is still to come is a sum of spells, the dear ones few: never below nothing, and skewed
    where little is left. Wilson and Hilferty's cube root (PNAS 1931) gives its quantiles.

    Parameters
    ----------
    known, rest, spread : float or array of float
        Known amount, mean and variance of what is not known. [pence, pence squared]
    z : float
        Quantile of the standard normal distribution.

    Returns
    -------
    float or array of float
        [pence]

    Examples
    --------
    >>> round(float(quantile(100.0, 50.0, 100.0, 0.0)), 2)
    149.34
    """
    rest, spread = np.asarray(rest, dtype=np.float64), np.asarray(spread, dtype=np.float64)
    skewed = (rest > 0) & (spread > 0)
    inverse = np.divide(spread, rest**2, out=np.zeros(skewed.shape), where=skewed)
    cube = np.maximum(1 - inverse / 9 + z * np.sqrt(inverse) / 3, 0.0) ** 3
    return known + np.where(skewed, rest * cube, rest + z * np.sqrt(spread))


def _complete(
    known: Prior, of: Scatter, year: Year, rate: Amounts
) -> tuple[Prior, Amounts, NDArray[np.bool_]]:
    """Fill in practices without an earlier year: their budget, else their own run rate."""
    is_new = np.isnan(known.level)
    level = np.where(is_new, np.where(np.isnan(year.budget), rate, year.budget), known.level)
    spread = np.where(is_new, NEW_PRACTICE_SD**2, known.variance)
    seen = of.noise[~is_new]
    size = float(np.mean(known.level[~is_new])) if (~is_new).any() else 0.0
    usual = float(seen.mean()) * size if size else 0.0
    guess = np.divide(usual, level, out=np.full_like(level, 0.01), where=level > 0)
    noise = np.where(is_new, guess if usual else 0.01, of.noise)
    return Prior(level, spread), noise, is_new
