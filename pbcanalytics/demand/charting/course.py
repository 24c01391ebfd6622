"""What a group of series shares: its season, its growth, and the scatter of its months."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from pbcanalytics.demand.comparing.limits import Array, as_pairs

# A season and a growth cannot be told from each other in less than two years.
_LEAST_MONTHS: Final = 24
# What is believed of a group's growth before there are data: 3% a year either way. Not published.
_GROWTH_SD: Final = 0.03
_MONTHS: Final = 12


@dataclass(frozen=True)
class Course:
    """
    Season and growth of a group.

    Attributes
    ----------
    ratio : array of float, month
        What a month is beside the others, working days and list apart; 1 throughout if not learnt.
    variance : float
        Of the logarithm of the window's mean over the baseline's: how far the course may be off.
    is_learnt : bool
        False with less than two years before the window: a season may be taken for a change.
    """

    ratio: Array
    variance: float
    is_learnt: bool


def pooled_course(
    counts: ArrayLike, exposure: ArrayLike, first_month: int, *, n_months: int
) -> Course:
    """
    Learn the season and growth that series of one group share, from their total before the window.

    Parameters
    ----------
    counts : array of float, series by month
        [events]
    exposure : array of float, series by month
        What makes months and series comparable: working days x weighted list.
    first_month : int
        Calendar month of the first, 1 for January.
    n_months : int
        Months of the window, which are foretold and not learnt from.

    Returns
    -------
    Course

    Raises
    ------
    SelectionError
        If a number is below 0.

    Notes
    -----
    Log-linear by least squares; season and growth are drawn towards none as far as their noise
    demands. A season that only one series has is not learnt.
    """
    y, x = as_pairs(counts, exposure, "exposures")
    is_known = ~np.isnan(y) & ~np.isnan(x)
    totals, bases = (np.where(is_known, a, 0).sum(axis=0) for a in (y, x))
    t = np.arange(y.shape[1])
    learnt = (t < len(t) - n_months) & (totals > 0) & (bases > 0)
    season = (first_month - 1 + t) % _MONTHS
    centre = t[learnt].mean() if learnt.any() else 0.0
    years = (t - centre) / _MONTHS
    if learnt.sum() < _LEAST_MONTHS or len(set(season[learnt])) < _MONTHS:
        far = float(years[-n_months:].mean())
        return Course(np.ones(len(t)), (_GROWTH_SD * far) ** 2, False)
    design = np.column_stack([season[:, None] == np.arange(_MONTHS), years]).astype(float)
    inverse = np.linalg.inv(design[learnt].T @ design[learnt])
    logs = np.log(totals[learnt] / bases[learnt])
    fitted = inverse @ design[learnt].T @ logs
    squares = float(((logs - design[learnt] @ fitted) ** 2).sum())
    noise = squares / max(int(learnt.sum()) - _MONTHS - 1, 1) * inverse
    index = fitted[:-1] - fitted[:-1].mean()
    seen, chance = float((index**2).sum()) / (_MONTHS - 1), float(np.diag(noise)[:-1].mean())
    trust = np.full(_MONTHS + 1, max(0.0, 1 - chance / seen) if seen > 0 else 0.0)
    trust[-1] = _GROWTH_SD**2 / (_GROWTH_SD**2 + noise[-1, -1])
    ahead = design[-n_months:].mean(axis=0) - design[learnt].mean(axis=0)
    # What is left to doubt of a part that is drawn towards none shrinks as the part does.
    doubted = ahead * np.sqrt(trust)
    shape = trust * np.append(index, fitted[-1])
    return Course(np.exp(design @ shape), float(doubted @ noise @ doubted), True)


def in_windows(values: Array, n_months: int) -> Array:
    """
    Add months up into windows, counted back from the last; what is left over of the first is cut.

    Parameters
    ----------
    values : array of float, series by month
    n_months : int

    Returns
    -------
    array of float, series by window
        Not a number where a month is.
    """
    n = values.shape[1] // n_months
    kept = values[:, values.shape[1] - n * n_months :]
    return np.asarray(kept.reshape(len(values), n, n_months).sum(axis=2))


def dispersion(counts: ArrayLike, usual: ArrayLike) -> float:
    """
    Estimate how far counts scatter beyond chance about each series' own level.

    Parameters
    ----------
    counts : array of float, series by month, or by window
        [events]
    usual : array of float, in the same shape
        What is usual, up to a factor for each series.

    Returns
    -------
    float
        Variance = mean + this x mean squared; not below 0. [ratio]

    Raises
    ------
    SelectionError
        If a number is below 0.
    """
    y, x = as_pairs(counts, usual, "values of what is usual")
    held = ~np.isnan(y) & (x > 0)
    y, x = np.where(held, y, 0), np.where(held, x, 0)
    share = x / np.maximum(x.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    mean = share * y.sum(axis=1, keepdims=True)
    # A month's own count is in its series' level, which hides its share of the scatter.
    squares = (y - mean) ** 2 / np.where(share < 1, 1 - share, 1)
    bottom = float((mean**2).sum())
    return max(float((squares - mean).sum()) / bottom, 0.0) if bottom > 0 else 0.0
