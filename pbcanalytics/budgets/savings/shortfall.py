"""The chance that an outturn stays below a sum, and by how much: what there may be to share."""

from math import cbrt, sqrt
from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()

_CERTAIN: Final = 1.0
"""A variance below this is none: less than a penny either way. [pence squared]"""


def shortfall(limit: float, known: float, rest: float, variance: float) -> tuple[float, float]:
    """
    Give the chance that an outturn is below a limit, and its expected distance below it.

    The outturn is what is known and an amount that is not, spread as `forecasting.quantile`
    spreads it: a gamma amount by Wilson and Hilferty's cube root. So the amount is the cube of a
    normal one, c = a + b z and at least nothing, and what is expected below the limit is a sum of
    the normal distribution's partial moments. An amount to come that is below nothing is normal.

    Parameters
    ----------
    limit : float
        [pence]
    known, rest, variance : float
        Known amount, mean and variance of what is not known. [pence, pence squared]

    Returns
    -------
    tuple of float
        Chance [share], and mean of max(0, limit - outturn) [pence].

    Examples
    --------
    >>> chance, size = shortfall(150.0, 100.0, 50.0, 100.0)
    >>> round(chance, 3), round(size, 2)
    (0.526, 3.98)
    """
    left = limit - known
    if variance < _CERTAIN:
        return float(left > rest), max(left - rest, 0.0)
    if rest <= 0:
        return _below_normal(left - rest, sqrt(variance))
    if left <= 0:
        return 0.0, 0.0
    inverse = variance / rest**2
    a, b = 1 - inverse / 9, sqrt(inverse) / 3
    ratio = left / rest
    none, top = -a / b, (cbrt(ratio) - a) / b
    chance = _NORMAL.cdf(top)
    low, high = _NORMAL.pdf(none), _NORMAL.pdf(top)
    m0 = chance - _NORMAL.cdf(none)
    m1 = low - high
    m2 = m0 + none * low - top * high
    m3 = 2 * m1 + none**2 * low - top**2 * high
    spent = a**3 * m0 + 3 * a**2 * b * m1 + 3 * a * b**2 * m2 + b**3 * m3
    return chance, max(rest * (ratio * chance - spent), 0.0)


def _below_normal(mean: float, spread: float) -> tuple[float, float]:
    """Give the chance that a normal sum is above nothing, and its expected part above nothing."""
    z = mean / spread
    return _NORMAL.cdf(z), spread * (_NORMAL.pdf(z) + z * _NORMAL.cdf(z))
