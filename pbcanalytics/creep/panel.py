"""What the test of code creep is made on: five monthly sums of each series."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

BASELINE_MONTHS: Final = 24
"""Months at the start of a history that are taken to be clean."""

COMPLETE_SHARE: Final = 0.6
"""A month of a provider with less than this share of its usual spells is incomplete."""

_BY_MONTH: Final = ("n", "k", "q1", "q0", "e", "is_partial", "is_version")


@dataclass(frozen=True)
class Panel:
    """
    Series of one provider and one root each, month by month.

    Attributes
    ----------
    n, k : array of series x month
        Spells, and of these the ones in the dear classes. [spells]
    q1, q0 : array of series x month
        Sums of the severity score over the dear spells and over the cheap ones.
    e : array of series x month
        Log-odds of the dear share that the case mix leads one to expect at everybody's rates.
    is_partial : array of series x month
        The month of the provider is incomplete.
    is_version : array of series x month
        The grouper changed in this month.
    provider, root : array, one value per series
        Numbers of its provider and of its root.
    """

    n: Floats
    k: Floats
    q1: Floats
    q0: Floats
    e: Floats
    is_partial: Flags
    is_version: Flags
    provider: Ints
    root: Ints

    @property
    def n_months(self) -> int:
        """How many months."""
        return int(self.n.shape[1])

    @property
    def is_masked(self) -> Flags:
        """Tell the months from which nothing is learnt: incomplete, or without spells."""
        return self.is_partial | (self.n <= 0)

    def taken(self, series: Any) -> "Panel":
        """Give some of the series."""
        return Panel(**{f.name: getattr(self, f.name)[series] for f in fields(self)})

    def until(self, n_months: int) -> "Panel":
        """Give the first months."""
        cut = {name: getattr(self, name)[:, :n_months] for name in _BY_MONTH}
        return replace(self, **cut)


def panel(
    n: Floats,
    k: Floats,
    q1: Floats,
    q0: Floats,
    provider: Sequence[int] | Ints,
    root: Sequence[int] | Ints,
    e: Floats | None = None,
    is_version: Flags | None = None,
) -> Panel:
    """
    Put a panel together, with the months that came in parts marked.

    A month is incomplete if its provider has less than 60% of the median of its spells so far
    (the baseline's, during the baseline), over all roots.

    Parameters
    ----------
    n, k, q1, q0, e : array of series x month
        As in `Panel`; without `e` the case mix is taken not to change.
    provider, root : one value per series
    is_version : array of series x month, optional

    Raises
    ------
    ValueError
        If the arrays are of different shapes.
    """
    n = np.asarray(n, dtype=float)
    e = np.zeros_like(n) if e is None else np.asarray(e, dtype=float)
    version = np.zeros(n.shape, dtype=bool) if is_version is None else is_version
    if any(np.shape(x) != n.shape for x in (k, q1, q0, e, version)):
        raise ValueError("the sums of a panel are arrays of one shape, series x month")
    provider = np.asarray(provider, dtype=np.int64)
    k = np.minimum(np.asarray(k, dtype=float), n)
    return Panel(
        n=n,
        k=k,
        q1=np.asarray(q1, dtype=float),
        q0=np.asarray(q0, dtype=float),
        e=e,
        is_partial=_incomplete(n, provider),
        is_version=version,
        provider=provider,
        root=np.asarray(root, dtype=np.int64),
    )


def _incomplete(n: Floats, provider: Ints) -> Flags:
    """Tell which months of a provider came in parts; a later month never changes the answer."""
    total = np.zeros((int(provider.max(initial=-1)) + 1, n.shape[1]))
    np.add.at(total, provider, n)
    parts = np.zeros(total.shape, dtype=bool)
    for t in range(n.shape[1]):
        usual = np.median(total[:, : max(t, min(BASELINE_MONTHS, n.shape[1]))], axis=1)
        parts[:, t] = total[:, t] < COMPLETE_SHARE * usual
    return np.asarray(parts[provider])


def root_means(values: Floats, root: Ints, weights: Floats | None = None) -> Floats:
    """Give each series the mean of its root's series, weighted if weights are given."""
    weights = np.ones_like(values) if weights is None else weights
    known = np.isfinite(values) & (weights > 0)
    top = np.bincount(root, np.where(known, values * weights, 0.0))
    low = np.bincount(root, np.where(known, weights, 0.0))
    return np.asarray(np.divide(top, low, out=np.full_like(top, np.nan), where=low > 0)[root])


def root_medians(values: Floats, root: Ints) -> Floats:
    """Give each series the median of its root's series."""
    import pandas as pd

    return pd.Series(values).groupby(root).transform("median").to_numpy(dtype=float)
