"""Which series of many have risen or fallen of late: one test each, false alarms kept few."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pbcanalytics.demand.charting.course import dispersion, in_windows
from pbcanalytics.demand.comparing.limits import Array, as_counts
from pbcanalytics.demand.comparing.overdispersion import count_tail, critical_count, detectable_mean
from pbcanalytics.words.errors import SelectionError

ABOVE: Final = "above"
BELOW: Final = "below"

NOT_KNOWN: Final = "not_known"
SHORT_BASELINE: Final = "short_baseline"
REASONS: Final = (NOT_KNOWN, SHORT_BASELINE)
"""Why a series is not tested: a month of the window, or too many before it, are not known."""

FALSE_SHARE: Final = 0.10
POWER_SHARE: Final = 0.8
LEAST_BASELINE_MONTHS: Final = 12


@dataclass(frozen=True)
class Alerts:
    """
    The latest months of many series against what each one's own earlier months foretell.

    Attributes
    ----------
    table : DataFrame, one row per series
        `family`; `observed`, `expected` [events]; `ratio`; `p_share` and `adjusted_p_share`, the
        latter over the family; `is_alert`; `least_detectable_ratio`, the smallest change that
        would have been found in 8 of 10 cases, empty if none would; `reason`, empty or one of
        REASONS.
    families : DataFrame, one row per family
        `n_tested`, `n_alerts`; `threshold_share`, the p at which an alert began;
        `n_false_expected`, the alerts that luck alone would raise at it [series];
        `dispersion_ratio`, how far windows scatter beyond chance.
    side : str
        ABOVE or BELOW.
    n_months : int
        Months of the window.
    """

    table: pd.DataFrame
    families: pd.DataFrame
    side: str
    n_months: int


def alerts(
    counts: pd.DataFrame,
    usual: ArrayLike,
    *,
    n_months: int = 3,
    side: str = ABOVE,
    families: ArrayLike | None = None,
    course_variance: ArrayLike = 0.0,
    dispersion_ratio: float | None = None,
    false_share: float = FALSE_SHARE,
) -> Alerts:
    """
    Test the latest months of every series, and raise alerts of which few are false.

    Parameters
    ----------
    counts : DataFrame, one row per series, one column per month
        Developed months only: late coding makes an undeveloped one look like a fall. [events]
    usual : array of float, series by month
        What is usual, up to a factor for each series: working days x weighted list x what
        `course.pooled_course` gives of season and growth.
    n_months : int
        Months of the window; all before it are the baseline.
    side : str
        ABOVE or BELOW.
    families : array of str or None
        The family of each series, declared before the counts were seen; None for one family.
    course_variance : float, or array of float, one per series
        How far the course may be off; see `course.Course`.
    dispersion_ratio : float or None
        As `course.dispersion`, of windows of so many months; None for the estimate from those of
        each family's baseline, which counts months that go together too.
    false_share : float
        Of the alerts of a family, how many may be false on average. [share]

    Returns
    -------
    Alerts

    Raises
    ------
    SelectionError
        If a number is below 0, shapes differ, or a choice is not among those that there are.

    Notes
    -----
    A negative binomial test whose mean is the baseline's, month for month; its spread holds the
    window's chance, the baseline's, the scatter of windows in both, and the course's own error
    (trends 1.2, whose scatter of independent months is this one times the months of a window).
    Without scatter it is the exact conditional test of two Poisson counts. False discoveries are
    controlled by Benjamini and Hochberg's procedure, family by family.
    """
    y, x = as_counts(counts.to_numpy(float), "counts"), as_counts(usual, "values of what is usual")
    names = np.full(len(y), "") if families is None else np.asarray(families).astype(str)
    _check(y, x, names, n_months, side, false_share)
    x = np.broadcast_to(x, y.shape)
    of = _evidence(y, x, n_months)
    doubt = np.broadcast_to(as_counts(course_variance, "variances of the course"), len(y))
    columns: dict[str, NDArray[Any]] = {
        "family": names,
        "observed": of.observed,
        "expected": of.expected,
        "ratio": of.observed / np.where(of.expected > 0, of.expected, np.nan),
        "p_share": np.full(len(y), np.nan),
        "adjusted_p_share": np.full(len(y), np.nan),
        "is_alert": np.zeros(len(y), dtype=bool),
        "least_detectable_ratio": np.full(len(y), np.nan),
        "reason": of.reason,
    }
    rows = {}
    for family in sorted(set(names)):
        mine = names == family
        scatter = dispersion_ratio
        if scatter is None:
            scatter = dispersion(*(in_windows(a[mine, :-n_months], n_months) for a in (y, x)))
        tested = mine & (of.reason == "")
        extra = (doubt + scatter * of.concentration)[tested]
        found, row = _judged(of, tested, extra, side, false_share)
        for name, values in found.items():
            columns[name][tested] = values
        rows[family] = {**row, "dispersion_ratio": scatter}
    table = pd.DataFrame(columns, index=counts.index)
    by_family = pd.DataFrame.from_dict(rows, orient="index").rename_axis("family")
    return Alerts(table, by_family, side, n_months)


@dataclass(frozen=True)
class _Evidence:
    """
    What the test of every series needs.

    `ahead` is the window's exposure over the baseline's; `concentration` what the scatter of
    windows is multiplied by: 1, and 1 over the number of windows that the baseline would make.
    """

    observed: Array
    expected: Array
    before: Array
    ahead: Array
    concentration: Array
    reason: NDArray[Any]


def _evidence(y: Array, x: Array, n_months: int) -> _Evidence:
    """Add up the window and the baseline of every series."""
    held = ~np.isnan(y[:, :-n_months]) & (x[:, :-n_months] > 0)
    counted, shown = (np.where(held, a[:, :-n_months], 0) for a in (y, x))
    latest, observed = x[:, -n_months:], y[:, -n_months:].sum(axis=1)
    before, base = counted.sum(axis=1), shown.sum(axis=1)
    base = np.where(base > 0, base, np.nan)
    is_unknown = np.isnan(observed) | ~(latest > 0).all(axis=1)
    reason = np.where(is_unknown, NOT_KNOWN, "").astype(object)
    reason[~is_unknown & (held.sum(axis=1) < LEAST_BASELINE_MONTHS)] = SHORT_BASELINE
    window = np.where(is_unknown, np.nan, latest.sum(axis=1))
    concentration = 1 + (shown**2).sum(axis=1) / base**2 * n_months
    ahead = window / base
    return _Evidence(observed, before * ahead, before, ahead, concentration, reason)


def _judged(
    of: _Evidence, tested: NDArray[np.bool_], extra: Array, side: str, false_share: float
) -> tuple[dict[str, NDArray[Any]], dict[str, float]]:
    """Test one family: its series' answers, and its own figures; `extra` is beyond chance."""
    n, is_above = int(tested.sum()), side == ABOVE
    observed = of.observed[tested]
    # One event more before a rise makes the test exact: it is then the conditional binomial one.
    before = of.before[tested] + is_above
    mean = before * of.ahead[tested]
    tau = np.divide(1, before, out=np.zeros(n), where=before > 0) + extra
    p = count_tail(observed, mean, tau) if is_above else 1 - count_tail(observed + 1, mean, tau)
    adjusted = false_discovery_adjusted(p)
    is_alert = adjusted <= false_share
    threshold = false_share * max(int(is_alert.sum()), 1) / max(n, 1)
    by_luck, detectable = _reach(mean, tau, threshold, is_above)
    answers = {
        "p_share": p,
        "adjusted_p_share": adjusted,
        "is_alert": is_alert,
        "least_detectable_ratio": detectable / np.where(mean > 0, mean, np.nan),
    }
    return answers, {
        "n_tested": n,
        "n_alerts": int(is_alert.sum()),
        "threshold_share": threshold,
        "n_false_expected": float(by_luck.sum()),
    }


def _reach(mean: Array, tau: Array, threshold: float, is_above: bool) -> tuple[Array, Array]:
    """Give how often luck passes a threshold, and the mean from which a true change does."""
    if is_above:
        critical = critical_count(mean, tau, threshold)
        return count_tail(critical, mean, tau), detectable_mean(critical, tau, POWER_SHARE)
    # One more than the highest count that would be an alert; none is, if not even 0 would be.
    critical = critical_count(mean, tau, 1 - threshold) - 1
    can = critical >= 1
    by_luck = np.where(can, 1 - count_tail(critical, mean, tau), 0)
    lowered = detectable_mean(np.maximum(critical, 1), tau, 1 - POWER_SHARE)
    return by_luck, np.where(can, lowered, np.nan)


def _check(
    y: Array, x: Array, names: NDArray[Any], n_months: int, side: str, false_share: float
) -> None:
    """Refuse what cannot be tested, all faults at once."""
    faults = []
    if x.shape not in (y.shape, y.shape[1:]):
        faults.append(f"counts are {y.shape} (series, months) and what is usual is {x.shape}")
    if names.shape != y.shape[:1]:
        faults.append(f"{len(names)} families are named for {len(y)} series")
    if not 1 <= n_months <= y.shape[1] // 3:
        faults.append(
            f"a window of {n_months} months needs twice as many before it, and there are "
            f"{y.shape[1]} in all"
        )
    if side not in (ABOVE, BELOW):
        faults.append(f"side '{side}' is neither '{ABOVE}' nor '{BELOW}'")
    if not 0 < false_share < 1:
        faults.append(f"a share of {false_share} of false alerts is not between 0 and 1")
    if faults:
        raise SelectionError("No alerts can be reckoned: " + "; ".join(faults) + ". Correct these.")


def false_discovery_adjusted(p: Array) -> Array:
    """
    Adjust p for the share of false ones among all that are found.

    The same as scipy.stats.false_discovery_control, whose module takes half a second to load.

    Parameters
    ----------
    p : array of float
        One per test. [share]

    Returns
    -------
    array of float
        [share]

    References
    ----------
    .. [1] Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57:289.

    Examples
    --------
    >>> [round(float(q), 3) for q in false_discovery_adjusted(np.array([0.01, 0.4, 0.02, 0.5]))]
    [0.04, 0.5, 0.04, 0.5]
    """
    order = np.argsort(p)
    raised = p[order] * (len(p) / np.arange(1, len(p) + 1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum.accumulate(raised[::-1])[::-1]
    return np.clip(adjusted, 0, 1)
