"""How ill patients were, judged from what coders do not choose: the severity score."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.creep.panel import Flags, Floats, Ints

LEAST_AUC: Final = 0.65
"""Below this the score of a root cannot carry a confirmed signal."""

MOST_DAYS: Final = 60
_LEAST_OF_EACH: Final = 300
_RIDGE: Final = 5.0
_STEPS: Final = 12
_AS_SPELLS: Final = 50
"""Spells that the variance of all roots counts for in that of one."""

_EMERGENCY: Final = "^(?:2|8[13])"
_USUAL_HOME: Final = ("19", "29")
_DIED: Final = "79"


@dataclass(frozen=True)
class Scores:
    """
    The severity score and how well it tells dear from cheap.

    Attributes
    ----------
    q : array, one value per spell
        Centred on the baseline mean of its root, with unit variance there.
    auc : Series, one value per root
        Of the score against the dear class in the baseline: 0.5 tells nothing, 1 all.
    """

    q: Floats
    auc: "pd.Series[float]"


def features(spells: pd.DataFrame) -> Floats:
    """
    Lay out what the score is made of.

    Parameters
    ----------
    spells : DataFrame, one row per spell
        `age_years`, `sex`, `los_days`, `admission_method`, `admission_source`,
        `discharge_destination`, `critical_care_days`.

    Returns
    -------
    array of spell x feature
    """
    age = spells["age_years"].astype("float64").fillna(60.0).to_numpy() / 20
    days = spells["los_days"].astype("float64").clip(0, MOST_DAYS).to_numpy()
    method = spells["admission_method"].astype("string").fillna("")
    leaves = spells["discharge_destination"].astype("string").fillna("19")
    comes = spells["admission_source"].astype("string").fillna("19")
    columns = [
        age,
        np.maximum(age - 3.25, 0),
        spells["sex"].astype("string").fillna("").eq("2"),
        np.log1p(days),
        days == 0,
        days == 1,
        np.log1p(np.maximum(days - 7, 0)),
        method.str.contains(_EMERGENCY),
        ~comes.isin(_USUAL_HOME),
        leaves.eq(_DIED),
        ~leaves.isin([*_USUAL_HOME, _DIED]),
        spells["critical_care_days"].astype("float64").fillna(0).gt(0),
    ]
    return np.column_stack([np.asarray(c, dtype=float) for c in columns])


def scored(spells: pd.DataFrame, is_baseline: Flags) -> Scores:
    """
    Fit the score on the baseline months of all providers and give it to every spell.

    A logistic model for each chapter of HRGs tells dear from cheap within roots; roots that have
    no dear class take the weights of their chapter.

    Parameters
    ----------
    spells : DataFrame, one row per spell
        The columns of `features`, `root`, `hrg`, `is_split` and `is_dear`.
    is_baseline : array, one value per spell
    """
    root, roots = pd.factorize(spells["root"].astype(object), sort=True)
    x = features(spells)
    x = x - _means(x, root, len(roots), is_baseline)
    dear = spells["is_dear"].to_numpy(dtype=float)
    taught = is_baseline & spells["is_split"].to_numpy(dtype=bool)
    share = np.clip(_means(dear[:, None], root, len(roots), taught)[:, 0], 0.01, 0.99)
    offset = np.log(share / (1 - share))
    spread = x[taught].std(axis=0) if taught.any() else np.ones(x.shape[1])
    x = x / np.where(spread > 0, spread, 1.0)
    chapter = spells["hrg"].astype("string").str[:2].to_numpy(dtype=object)
    weights = _fitted(x[taught], dear[taught], offset[taught])
    q = x @ weights
    for name in pd.unique(chapter):
        mine = chapter == name
        taken = taught & mine
        n_dear = dear[taken].sum()
        if min(n_dear, taken.sum() - n_dear) >= _LEAST_OF_EACH:
            q[mine] = x[mine] @ _fitted(x[taken], dear[taken], offset[taken])
    q = q / np.sqrt(_variances(q, root, len(roots), is_baseline))
    frame = pd.DataFrame({"root": root[taught], "q": q[taught], "is_dear": dear[taught] > 0})
    found = {
        str(roots[int(str(r))]): auc(g["q"].to_numpy(), g["is_dear"].to_numpy())
        for r, g in frame.groupby("root")
    }
    return Scores(q, pd.Series(found, dtype="float64"))


def _variances(q: Floats, root: Ints, n_roots: int, taken: Flags) -> Floats:
    """Give each row the variance in its root, drawn to that of all where the root is small."""
    every = float((q[taken] ** 2).mean()) if taken.any() else 1.0
    count = np.bincount(root[taken], minlength=n_roots)
    squares = np.bincount(root[taken], q[taken] ** 2, minlength=n_roots)
    return np.asarray((squares + _AS_SPELLS * every) / (count + _AS_SPELLS))[root] + 1e-12


def auc(q: Floats, is_dear: Flags) -> float:
    """
    Give the chance that a dear spell scores above a cheap one, ties counting half.

    Not a number where one of the groups is empty.
    """
    n_dear = int(is_dear.sum())
    n_cheap = len(q) - n_dear
    if not n_dear or not n_cheap:
        return float("nan")
    ranks = pd.Series(q).rank().to_numpy()
    return float((ranks[is_dear].sum() - n_dear * (n_dear + 1) / 2) / (n_dear * n_cheap))


def _means(x: Floats, root: Ints, n_roots: int, taken: Flags) -> Floats:
    """Give each row the mean of its root's rows among those taken; nought where there are none."""
    count = np.bincount(root[taken], minlength=n_roots)
    sums = np.column_stack(
        [np.bincount(root[taken], column[taken], minlength=n_roots) for column in x.T]
    )
    return np.asarray((sums / np.maximum(count, 1)[:, None])[root])


def _fitted(x: Floats, dear: Floats, offset: Floats) -> Floats:
    """Fit a logistic model with a given offset by Newton's method, weights drawn towards nought."""
    weights, penalty = np.zeros(x.shape[1]), _RIDGE * np.eye(x.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(offset + x @ weights)))
        slope = x.T @ (dear - p) - _RIDGE * weights
        curve = (x * (p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(weights)
