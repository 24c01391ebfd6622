"""Whether a practice's months have moved away from those of the others: since when, how far."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pbcanalytics.demand.comparing.limits import Array, normal_quantile
from pbcanalytics.demand.comparing.overdispersion import count_tail, critical_count, detectable_mean
from pbcanalytics.demand.comparing.scatter import Beside, Scatter, scatter_of

WINDOWS: Final = (1, *range(3, 25, 3))
"""Latest months that are held against all before them; 1 and 3 as trends 1.2, then by quarters."""

LEAST_BASELINE_MONTHS: Final = 12
LEAST_OF_OTHERS: Final = 10
"""With fewer events of the others on either side of a change nothing is held against them."""

POWER_SHARE: Final = 0.8
LEAST_LENDERS: Final = 3
"""Practices that must be left to be set beside, however odd they are."""

_ODD: Final = 0.01
_MOST_ODD: Final = 0.1
_MOST_P: Final = 0.99
# Within this loss of log-likelihood an onset is as good as the best (95%, one degree of freedom).
_ONSET_LOSS: Final = 1.92


@dataclass(frozen=True)
class Evidence:
    """
    The tests of series.

    Attributes
    ----------
    p_above, p_below : array of float, series
        Chance of so much of a rise, or fall, in any of the windows; not a number if not tested.
    scatter : dict of int to Scatter
        By months of a window.
    n_windows : array of int, series
        In which it was tested.
    """

    p_above: Array
    p_below: Array
    scatter: dict[int, Scatter]
    n_windows: NDArray[np.int64]


@dataclass(frozen=True)
class Change:
    """
    A change of one series.

    Attributes
    ----------
    first, earliest, latest : int
        Places of the months in which it most likely began, and may have begun (95%).
    observed, expected : float
        From then on. [events]
    ratio, low, high : float
        Level since over level before, beside the others, with its 95% interval.
    """

    first: int
    earliest: int
    latest: int
    observed: float
    expected: float
    ratio: float
    low: float
    high: float


def beside_others(counts: Array, exposure: Array, *, is_ratio: bool = False) -> Beside:
    """
    Set each practice beside the others of its specialty, month by month.

    What all share cancels: season, growth, working days, a code that all began to use. A practice
    that has plainly moved would make all others seem to move the other way; the tenth of series
    that chance explains least are not among the others.

    Parameters
    ----------
    counts, exposure : array of float, practice by specialty by month
        Not a number where not known. [events; patients x days, or events]
    is_ratio : bool
        The exposure is a count of other events, so that chance moves it too.

    Returns
    -------
    Beside
        Series in the order of practices, then specialties.
    """
    lent = np.ones(counts.shape[:2], dtype=bool)
    first = _beside(counts, exposure, lent, is_ratio)
    windows = _windows(counts.shape[2])
    p = np.fmin(*_in_windows_together(first, dict.fromkeys(windows, Scatter(1.0, 0.0))))
    odd = p <= min(_ODD, np.nanquantile(p, _MOST_ODD)) if (~np.isnan(p)).any() else p < 0
    lent = ~odd.reshape(lent.shape)
    lent |= lent.sum(axis=0) < LEAST_LENDERS
    return _beside(counts, exposure, lent, is_ratio)


def _beside(counts: Array, exposure: Array, lent: NDArray[np.bool_], is_ratio: bool) -> Beside:
    """Set each practice beside those others that are lent."""
    held = ~np.isnan(counts) & (exposure > 0)
    y, x = np.where(held, counts, 0), np.where(held, exposure, 0)
    of, at = (np.where(lent[:, :, None], a, 0) for a in (y, x))
    events, base = of.sum(axis=0) - of, at.sum(axis=0) - at
    usual = x * np.divide(events, base, out=np.zeros_like(y), where=base > 0)
    size = at.sum(axis=2)
    rest, squares = size.sum(axis=0) - size, (size**2).sum(axis=0) - size**2
    n_others = np.divide(rest**2, squares, out=np.zeros_like(size), where=squares > 0)
    flat = (-1, y.shape[2])
    is_used = base > 0
    y, usual, events = (np.where(is_used, a, 0).reshape(flat) for a in (y, usual, events))
    base_events = (x if is_ratio else np.full_like(x, np.inf)).reshape(flat)
    return Beside(y, usual, events, n_others.reshape(-1), base_events)


def tested(of: Beside) -> Evidence:
    """
    Test whether the latest months moved away from the others.

    Each window of latest months is held against all before it: the negative binomial test of
    `alerts`, whose course is what the others did. Its spread holds their chance too, and the
    scatter of windows of that length. The windows of a series are combined by Cauchy's
    combination, which does not mind that they overlap.

    Parameters
    ----------
    of : Beside

    Returns
    -------
    Evidence

    References
    ----------
    .. [1] Liu and Xie (2020), JASA 115:393: Cauchy combination test.
    """
    windows = _windows(of.counts.shape[1])
    scatter = scatter_of(of, windows)
    above, below = _in_windows_together(of, scatter)
    able = [~np.isnan(_foretold(of, n, scatter[n], 1)[0]) for n in windows]
    return Evidence(above, below, scatter, np.asarray(np.sum(able, axis=0), dtype=np.int64))


def least_detectable(of: Beside, found: Evidence, n_months: int, threshold_share: float) -> Array:
    """
    Give the smallest rise that would be found in 8 of 10 cases some months after it began.

    Parameters
    ----------
    of : Beside
    found : Evidence
    n_months : int
        Since it began: one of the windows.
    threshold_share : float
        The p at which an alert begins.

    Returns
    -------
    array of float, series
        [ratio]; of the window alone, so that the others can only help.
    """
    mean, tau = _foretold(of, n_months, found.scatter[n_months], extra_event=1)
    needed = threshold_share / np.maximum(found.n_windows, 1)
    critical = critical_count(mean, tau, needed)
    return np.asarray(detectable_mean(np.maximum(critical, 1), tau, POWER_SHARE) / mean)


def change_of(
    of: Beside, place: int, scatter: dict[int, Scatter], *, is_rise: bool = True
) -> Change:
    """
    Say when a series changed and how far.

    Parameters
    ----------
    of : Beside
    place : int
        Of the series.
    scatter : dict of int to Scatter
        As in `Evidence`.
    is_rise : bool
        Look for a rise; for a fall otherwise.

    Returns
    -------
    Change

    Notes
    -----
    The onset is where the two parts differ most (binomial likelihood, given their sum), one month
    at least from the end and a year from the beginning. The size is read at that onset, which
    flatters it a little.
    """
    y, usual, others = of.counts[place], of.usual[place], of.others[place]
    onsets = np.arange(LEAST_BASELINE_MONTHS, len(y))
    before, base = (np.cumsum(a)[onsets - 1] for a in (y, usual))
    after, ahead = y.sum() - before, usual.sum() - base
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = _entropy(before, base) + _entropy(after, ahead) - _entropy(y.sum(), usual.sum())
        is_side = (after / ahead >= before / base) == is_rise
    gain = np.where((base > 0) & (ahead > 0) & is_side, gain, -np.inf)
    best = int(np.argmax(gain))
    near = onsets[gain >= gain[best] - _ONSET_LOSS]
    first = int(onsets[best])
    expected = before[best] / base[best] * ahead[best] if before[best] else 0.0
    n = len(y) - first
    known = max((w for w in scatter if w <= n), default=min(scatter))
    wide = (1 + n / first) * (1 + 1 / max(of.n_others[place], 1))
    parts = before[best], after[best], others[:first].sum(), others[first:].sum()
    under = of.base_events[place, :first].sum(), of.base_events[place, first:].sum()
    variance = scatter[known].clusters * sum(1 / max(part, 0.5) for part in parts)
    variance += scatter[known].levels * wide + sum(1 / max(part, 0.5) for part in under)
    error = np.sqrt(variance)
    ratio = max(after[best], 0.5) / max(expected, 0.5)
    far = np.exp(normal_quantile(0.95) * error)
    return Change(
        first=first,
        earliest=int(near.min()),
        latest=int(near.max()),
        observed=float(after[best]),
        expected=float(expected),
        ratio=float(ratio),
        low=float(ratio / far),
        high=float(ratio * far),
    )


def _entropy(events: Array | float, usual: Array | float) -> Array:
    """Give a part's share of the logarithm of the likelihood; nothing for no events."""
    y, u = np.asarray(events, dtype=float), np.asarray(usual, dtype=float)
    return np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / u), 0)


def _foretold(of: Beside, n: int, scatter: Scatter, extra_event: int) -> tuple[Array, Array]:
    """Give mean and dispersion of the latest n months by all before, beside the others."""
    before, base, others, under = (
        a[:, :-n].sum(axis=1) for a in (of.counts, of.usual, of.others, of.base_events)
    )
    ahead, latest, below = (a[:, -n:].sum(axis=1) for a in (of.usual, of.others, of.base_events))
    n_held = (of.usual[:, :-n] > 0).sum(axis=1)
    can = (np.minimum(others, latest) >= LEAST_OF_OTHERS) & (n_held >= LEAST_BASELINE_MONTHS)
    can &= (of.usual[:, -n:] > 0).any(axis=1)
    base, others, latest = (np.where(can, a, np.nan) for a in (base, others, latest))
    before = before + extra_event
    mean = before * ahead / base
    own = np.divide(1, before, out=np.zeros(len(before)), where=before > 0)
    window = np.divide(1, mean, out=np.zeros(len(before)), where=mean > 0)
    wide = (1 + n / np.maximum(n_held, 1)) * (1 + 1 / np.maximum(of.n_others, 1))
    tau = scatter.clusters * (own + 1 / others + 1 / latest) + (scatter.clusters - 1) * window
    tau += scatter.levels * wide
    return mean, tau + 1 / np.maximum(under, 1) + 1 / np.maximum(below, 1)


def _windows(n_months: int) -> list[int]:
    """Give the windows that leave a year before them."""
    return [n for n in WINDOWS if n <= n_months - LEAST_BASELINE_MONTHS]


def _in_windows_together(of: Beside, scatter: dict[int, Scatter]) -> tuple[Array, Array]:
    """Give the chance of such a rise, and of such a fall, in any window."""
    pairs = [_window(of, n, scatter[n]) for n in scatter]
    above, below = (_combined([pair[side] for pair in pairs]) for side in (0, 1))
    return above, below


def _window(of: Beside, n: int, scatter: Scatter) -> tuple[Array, Array]:
    """Give the chance of so many, and of so few, events in the latest n months."""
    observed = of.counts[:, -n:].sum(axis=1)
    # One event more before a rise makes the test exact: it is then the conditional binomial one.
    above = count_tail(observed, *_foretold(of, n, scatter, 1))
    below = 1 - count_tail(observed + 1, *_foretold(of, n, scatter, 0))
    return above, below


def _combined(of_windows: list[Array]) -> Array:
    """Combine the ps of windows that overlap."""
    p = np.clip(np.array(of_windows), 1e-15, _MOST_P)
    there = ~np.isnan(p)
    score = np.where(there, np.tan((0.5 - np.where(there, p, 0.5)) * np.pi), 0).sum(axis=0)
    n = there.sum(axis=0)
    return np.where(n > 0, 0.5 - np.arctan(score / np.maximum(n, 1)) / np.pi, np.nan)
