"""Did a scheme change demand? Against controls, against placebos, and against coming back alone."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pbcanalytics.demand.comparing.limits import Array, as_counts, upper_share
from pbcanalytics.demand.schemes.placebos import placebo_groups
from pbcanalytics.words.errors import SelectionError

Flags = NDArray[np.bool_]

YEAR_MONTHS: Final = 12
# With fewer controls how far they scatter is hardly known; trends 1.7 judges against 30.
LEAST_CONTROLS: Final = 8
# Added to every sum of events, so that none has an endless logarithm.
_HALF: Final = 0.5


@dataclass(frozen=True)
class Detectable:
    """
    What an evaluation could find, told from the months before the scheme alone.

    Attributes
    ----------
    fall, rise : float
        Ratios that would be found as often as asked for; 0.8 is a fifth less. [ratio]
    standard_error : float
        Of the logarithm of the ratio, if nothing changes.
    n_placebos : int
        Controls that it rests on.
    levels_variance : float
        Of a unit's change without a scheme beyond the chance of counts, in logarithms.
    """

    fall: float
    rise: float
    standard_error: float
    n_placebos: int
    levels_variance: float = 0.0


@dataclass(frozen=True)
class Effect:
    """
    What happened to the treated units together, beyond what happened to their controls.

    Attributes
    ----------
    ratio, lower, upper : float
        Change of the treated over that of the controls; 1 is no effect. [ratio]
    p_share : float
        How often a world without effects is as far from 1, either way. [share]
    placebo_rank : int
        Place of the treated among the placebos, by distance from 1 in standard errors.
    placebos : Series, one per control, or group of as many controls as are treated
        The same ratio, of each against the other controls. [ratio]
    n_together : int
        Controls in each placebo: as many as are treated, or half of them where they are too few.
    others_ratio : float
        Change of the controls by themselves. [ratio]
    before : Detectable
        What was told before the scheme.
    """

    ratio: float
    lower: float
    upper: float
    p_share: float
    placebo_rank: int
    placebos: "pd.Series[float]"
    n_together: int
    others_ratio: float
    before: Detectable


def least_detectable(
    counts: pd.DataFrame,
    usual: ArrayLike,
    treated: ArrayLike,
    *,
    n_before: int = YEAR_MONTHS,
    n_after: int = YEAR_MONTHS,
    n_between: int = 0,
    confidence_share: float = 0.95,
    power_share: float = 0.8,
) -> Detectable:
    """
    Tell, before a scheme is approved, the smallest effect that its evaluation could find.

    Parameters
    ----------
    counts : DataFrame, one row per unit, one column per month
        Months before the scheme; the last ones are used. [events]
    usual : array of float, unit by month
        Working days x weighted list, up to a factor for each unit. One row does for all units.
    treated : array of bool, one per unit
        Those who are to take part; the others are controls.
    n_before, n_after, n_between : int
        Months that are to be compared, and those between them that are not.
    confidence_share, power_share : float
        [share]

    Returns
    -------
    Detectable

    Raises
    ------
    SelectionError
        If months or controls are too few, none is treated, or a treated unit's month is not known.

    Notes
    -----
    The controls' changes in these months, as if a scheme had begun among them, show how far
    changes scatter where there is none.
    """
    of = _compared(counts, usual, treated, (n_before, n_between, n_after))
    reach = (_t(upper_share(confidence_share), of) + _t(power_share, of)) * of.error
    return Detectable(
        float(np.exp(-reach)), float(np.exp(reach)), of.error, of.n_controls, of.extra
    )


def power_of(ratio: float, before: Detectable, confidence_share: float = 0.95) -> float:
    """
    Tell how often an effect would be found.

    Parameters
    ----------
    ratio : float
        The effect; 0.9 is a tenth less. [ratio]
    before : Detectable
        As `least_detectable` told it.
    confidence_share : float
        [share]

    Returns
    -------
    float
        [share]
    """
    from scipy.special import stdtr, stdtrit

    freedom = before.n_placebos - 1
    far = abs(np.log(ratio)) / before.standard_error
    return float(stdtr(freedom, far - stdtrit(freedom, upper_share(confidence_share))))


def controlled_difference(
    counts: pd.DataFrame,
    usual: ArrayLike,
    treated: ArrayLike,
    before: Detectable,
    *,
    n_before: int = YEAR_MONTHS,
    n_after: int = YEAR_MONTHS,
    n_between: int = 0,
    confidence_share: float = 0.95,
) -> Effect:
    """
    Measure what a scheme changed against controls, and judge it by placebos.

    Parameters
    ----------
    counts : DataFrame, one row per unit, one column per month
        The last are used: `n_before`, `n_between`, and `n_after` since the scheme began. [events]
    usual : array of float, unit by month
        As in `least_detectable`.
    treated : array of bool, one per unit
        Chosen for another reason than their counts of these months: see `expected_return_ratio`.
    before : Detectable
        What `least_detectable` told before the scheme; no answer without it.
    n_before, n_after : int
        [months]
    n_between : int
        Months before the scheme by which the treated were chosen: what is high by luck in them
        comes back without any scheme, so that nothing may be compared with them. [months]
    confidence_share : float
        [share]

    Returns
    -------
    Effect

    Raises
    ------
    SelectionError
        As `least_detectable`.

    Notes
    -----
    Trends 1.7: the logarithm of events per usual, after less before, of the treated less that of
    their pooled controls. Months are added up before logarithms are taken, which small counts
    need. Each control is set against the others in the same way: what these placebos scatter
    beyond the chance of their own counts, a practice's level may move without any scheme. The place
    is that among groups of as many controls as are treated.
    """
    from scipy.special import stdtr

    of = _compared(counts, usual, treated, (n_before, n_between, n_after))
    names = counts.index[of.controls].astype(str).to_numpy(object)
    groups = placebo_groups(of.n_controls, min(int(np.sum(treated)), of.n_controls // 2))
    placebos, errors = of.placebos(groups)
    far = abs(of.effect) / of.error
    width = _t(upper_share(confidence_share), of) * of.error
    return Effect(
        ratio=float(np.exp(of.effect)),
        lower=float(np.exp(of.effect - width)),
        upper=float(np.exp(of.effect + width)),
        p_share=float(2 * stdtr(of.n_controls - 1, -far)),
        placebo_rank=1 + int((np.abs(placebos) / errors >= far).sum()),
        placebos=pd.Series(np.exp(placebos), index=[" ".join(names[g]) for g in groups]),
        n_together=int(groups[0].sum()),
        others_ratio=float(np.exp(of.others)),
        before=before,
    )


def expected_return_ratio(
    ratio: ArrayLike, tau_squared: ArrayLike, chance_variance: ArrayLike
) -> Array:
    """
    Tell how far units come back towards their peers on their own, if nothing is done.

    Parameters
    ----------
    ratio : array of float
        Observed over expected, 1 being the peers' mean. [ratio]
    tau_squared : array of float
        Variance of units' own levels; see `overdispersion.spread`.
    chance_variance : array of float
        Of the ratio by chance: 1 / expected events, if they are independent.

    Returns
    -------
    array of float
        Expected fall from this year to next, below 0 for a rise, in terms of the peers' mean.
        [ratio]

    Notes
    -----
    (1 - reliability) x excess (trends 5): a saving that a scheme for the highest will show without
    doing anything.

    Examples
    --------
    >>> float(expected_return_ratio(1.128, 0.08**2, 3.6**2 / 6_500).round(4))
    0.0304
    """
    r, tau, chance = (np.asarray(a, float) for a in (ratio, tau_squared, chance_variance))
    both = tau + chance
    return np.asarray((r - 1) * chance / np.where(both > 0, both, 1))


@dataclass(frozen=True)
class _Compared:
    """The treated against their controls, and the controls to set against each other."""

    effect: float
    error: float
    others: float
    extra: float
    own: Array
    base: Array
    controls: Flags

    @property
    def n_controls(self) -> int:
        """Count the controls."""
        return int(self.own.shape[1])

    def placebos(self, groups: Flags) -> tuple[Array, Array]:
        """Give the logarithm of the ratio of each group against the others, and its error."""
        changes, chance, weights = _set_apart(self.own, self.base, groups)
        return changes, np.sqrt(chance + self.extra * weights)


def _compared(
    counts: pd.DataFrame, usual: ArrayLike, treated: ArrayLike, spans: tuple[int, int, int]
) -> _Compared:
    """Set the treated against the controls, and each control against the others."""
    is_treated = np.asarray(treated, dtype=bool)
    y = as_counts(counts.to_numpy(float), "counts")
    x = np.broadcast_to(as_counts(usual, "values of what is usual"), y.shape)
    _, n_between, n_after = spans
    windows = slice(-sum(spans), -(n_between + n_after) or None), slice(-n_after, None)
    is_known: Flags = np.all([~(np.isnan(y) | ~(x > 0))[:, w].any(axis=1) for w in windows], axis=0)
    _check(y, is_treated, is_known, spans)
    controls = ~is_treated & is_known
    # Events and exposure, before and after, one column per unit.
    events, bases = (np.stack([a[:, w].sum(axis=1) for w in windows]) for a in (y, x))
    own, base = events[:, controls], bases[:, controls]
    placebos, chance, weights = _set_apart(own, base, np.eye(own.shape[1], dtype=bool))
    extra = max(float((placebos**2 - chance).sum() / weights.sum()), 0.0)
    mine, my_bases = (a[:, is_treated].sum(axis=1) for a in (events, bases))
    all_own, others = own.sum(axis=1), float(_change(own.sum(axis=1), base.sum(axis=1)))
    weight = sum(
        float((part**2).sum()) / max(float(part.sum()), _HALF) ** 2
        for part in (events[0, is_treated], own[0])
    )
    return _Compared(
        effect=float(_change(mine, my_bases) - others),
        error=float(np.sqrt(_chance(mine) + _chance(all_own) + extra * weight)),
        others=others,
        extra=extra,
        own=own,
        base=base,
        controls=controls,
    )


def _set_apart(own: Array, base: Array, groups: Flags) -> tuple[Array, Array, Array]:
    """Set each group against the others: its change, the chance of that, the weight of levels."""
    inside = groups.T.astype(float)
    mine, my_base, squares = own @ inside, base @ inside, own[0] ** 2 @ inside
    others, other_base = (
        a.sum(axis=1, keepdims=True) - b for a, b in ((own, mine), (base, my_base))
    )
    weights = squares / np.maximum(mine[0], _HALF) ** 2
    weights += ((own[0] ** 2).sum() - squares) / np.maximum(others[0], _HALF) ** 2
    changes = _change(mine, my_base) - _change(others, other_base)
    return changes, _chance(mine) + _chance(others), weights


def _change(events: Array, bases: Array) -> Array:
    """Give the logarithm of the rate after less that before."""
    logs = np.log((events + _HALF) / bases)
    return np.asarray(logs[1] - logs[0])


def _chance(events: Array) -> Array:
    """Give the variance of a change by the chance of counts alone."""
    return np.asarray((1 / (events + _HALF)).sum(axis=0))


def _t(share: float, of: _Compared) -> float:
    """Give a quantile of Student's distribution with a freedom less than there are placebos."""
    from scipy.special import stdtrit

    return float(stdtrit(of.n_controls - 1, share))


def _check(y: Array, is_treated: Flags, is_known: Flags, spans: tuple[int, int, int]) -> None:
    """Refuse what cannot be compared, all faults at once."""
    if is_treated.shape != y.shape[:1]:
        raise SelectionError(
            f"{is_treated.size} units are marked as treated or not, and there are {len(y)}. "
            "Nothing can be compared. Mark each unit once."
        )
    faults, cures = [], []
    n_before, n_between, n_after = spans
    if n_before < 1 or n_after < 1 or n_between < 0 or sum(spans) > y.shape[1]:
        between = f", {n_between} between" if n_between else ""
        faults.append(
            f"{n_before} months before{between} and {n_after} after are asked for and "
            f"{y.shape[1]} are held"
        )
        cures.append("Load earlier months.")
    if not is_treated.any():
        faults.append("no unit is treated")
        cures.append("Name who takes part.")
    n_unknown = int((is_treated & ~is_known).sum())
    if n_unknown:
        faults.append(f"{n_unknown} treated units have months that are not known")
        cures.append("Load what is missing, or leave out practices of which it is not held.")
    n_controls = int((~is_treated & is_known).sum())
    if n_controls < LEAST_CONTROLS:
        faults.append(
            f"{LEAST_CONTROLS} other practices of the PCT are needed beside it, and "
            f"{n_controls} controls have all their months"
        )
        cures.append(
            "A control is a practice that no scheme in the measure has reached: choose fewer "
            "practices, or load the missing months of the others."
        )
    if faults:
        raise SelectionError(
            f"The scheme cannot be evaluated: {'; '.join(faults)}. {' '.join(cures)}"
        )
