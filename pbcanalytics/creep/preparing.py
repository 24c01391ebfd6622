"""From spells to a panel: dear classes, severity, expected case mix, efficiency taken off."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.creep import families
from pbcanalytics.creep.panel import BASELINE_MONTHS, Flags, Floats, Ints, Panel, panel
from pbcanalytics.creep.severity import scored

FEWEST_SPELLS: Final = 5.0
"""Series with fewer spells a month in the baseline are not tested."""

_AGE_STARTS: Final = (0, 5, 16, 35, 50, 65, 75, 85)
_STRATUM_WEIGHT: Final = 30.0
_STRAY_SHARE: Final = 0.25
_FEWEST_CONTROLS: Final = 48
"""Baseline spells that a root without dear classes must have to tell of a provider's efficiency."""

_LEAST_ODDS: Final = 1e-3


@dataclass(frozen=True)
class Prepared:
    """
    A panel and what it was made of.

    Attributes
    ----------
    panel : Panel
    index : DataFrame, one row per series
        `provider_code`, `root`, `root_name`, `n_a_month` (baseline), `auc` of the root's score.
    months : DatetimeIndex
        The panel's months.
    spells : DataFrame, one row per spell
        As given, with `root`, `is_dear`, `q`, and `series`, the number of its series (-1: none).
    n_left_out : int
        Spells of split roots in series too small to test.
    """

    panel: Panel
    index: pd.DataFrame
    months: pd.DatetimeIndex
    spells: pd.DataFrame
    n_left_out: int


def prepare(
    spells: pd.DataFrame,
    tariff: pd.DataFrame,
    *,
    pairs: pd.DataFrame | None = None,
    successors: dict[str, str] | None = None,
    versions: tuple[str, ...] = (),
    fewest: float = FEWEST_SPELLS,
    provisional: pd.DataFrame | None = None,
) -> Prepared:
    """
    Prepare the test of dear classes within roots.

    Parameters
    ----------
    spells : DataFrame, one row per spell
        Model `creep_spells`.
    tariff : DataFrame, one row per HRG
        Names and prices, as `families.families` takes them.
    pairs : DataFrame, optional
        `hrg`, `root` of HRG v3.5.
    successors : dict of str to str, optional
        Providers that became others: their history is added to that of the successor.
    versions : tuple of str
        Months, "2018-04", from which another version of the grouper holds.
    fewest : float
        Spells a month that a series must have had in the baseline.
    provisional : DataFrame, optional, one row per provider and month
        `provider_code`, `month`: those that may still change decide nothing.

    Raises
    ------
    ValueError
        If there are no spells.
    """
    if spells.empty:
        raise ValueError("there are no spells to test")
    months = months_held(spells["month"])
    held = spells[pd.DatetimeIndex(spells["month"]).isin(months)]
    frame = held.drop_duplicates("spell_id").reset_index(drop=True)
    became = _last(successors or {})
    frame["provider_code"] = frame["provider_code"].replace(became)
    if provisional is not None:
        provisional = provisional.assign(provider_code=provisional["provider_code"].replace(became))
    at = months.get_indexer(pd.DatetimeIndex(frame["month"]))
    early = at < BASELINE_MONTHS
    frame = _classed(frame, tariff, pairs, early)
    frame["q"] = (found := scored(frame, early)).q
    frame["q"] = frame["q"] - efficiency(frame, at, len(months))
    split = frame["is_split"].to_numpy(dtype=bool)
    volume = frame[split & early].groupby(["provider_code", "root"])["spell_id"].size()
    n_early = min(BASELINE_MONTHS, len(months))
    tested = volume[volume >= fewest * n_early].reset_index(name="n_a_month")
    tested["n_a_month"] = tested["n_a_month"] / n_early
    keys = pd.MultiIndex.from_frame(tested[["provider_code", "root"]])
    frame["series"] = keys.get_indexer(pd.MultiIndex.from_frame(frame[["provider_code", "root"]]))
    frame.loc[~split, "series"] = -1
    tested["auc"] = tested["root"].map(found.auc)
    tested["root_name"] = tested["root"].map(frame.groupby("root")["root_name"].first())
    made = _panel(frame, at, tested, months, early, versions)
    return Prepared(
        panel=without(made, tested["provider_code"], months, provisional),
        index=tested,
        months=months,
        spells=frame,
        n_left_out=int((split & (frame["series"] < 0)).sum()),
    )


def without(
    of: Panel,
    providers: "pd.Series[str]",
    months: pd.DatetimeIndex,
    provisional: pd.DataFrame | None,
) -> Panel:
    """
    Take months that may still change for incomplete ones, from which nothing is learnt.

    Parameters
    ----------
    of : Panel
    providers : Series, one value per series
        Its provider's code.
    months : DatetimeIndex
        The panel's.
    provisional : DataFrame or None, one row per provider and month
        `provider_code`, `month`; None: no month is known to be provisional.
    """
    if provisional is None or provisional.empty:
        return of
    at = months.get_indexer(pd.DatetimeIndex(provisional["month"]))
    is_open = np.zeros(of.n.shape, dtype=bool)
    for code, month in zip(provisional["provider_code"], at, strict=True):
        if month >= 0:
            is_open[(providers == code).to_numpy(dtype=bool), month] = True
    return replace(of, is_partial=of.is_partial | is_open)


def months_held(months: "pd.Series[pd.Timestamp]") -> pd.DatetimeIndex:
    """
    Give the months of a history, leaving out stray spells years before or after the rest.

    Parameters
    ----------
    months : Series, one value per spell
        First day of its month.

    Returns
    -------
    DatetimeIndex
        From the first to the last month with a quarter of the usual number of spells, without gaps.
    """
    counts = pd.DatetimeIndex(months).value_counts()
    usual = counts[counts >= _STRAY_SHARE * counts.median()]
    return pd.date_range(usual.index.min(), usual.index.max(), freq="MS")


def efficiency(spells: pd.DataFrame, month: Ints, n_months: int) -> Floats:
    """
    Give each spell the change of its provider's severity score in roots where nobody gains.

    Stays grow shorter everywhere; what they do in roots without a dear class is not a change of
    patients or of codes. It is drawn towards nought by what chance there is in it.

    Parameters
    ----------
    spells : DataFrame, one row per spell
        `provider_code`, `is_split`, `q`.
    month : array, one value per spell
        Number of its month.
    n_months : int
    """
    provider, names = pd.factorize(spells["provider_code"])
    root, roots = pd.factorize(spells["root"])
    early = np.bincount(root[month < BASELINE_MONTHS], minlength=len(roots))
    control = ~spells["is_split"].to_numpy(dtype=bool) & (early >= _FEWEST_CONTROLS)[root]
    cell = provider * n_months + month
    size = len(names) * n_months
    n = np.bincount(cell[control], minlength=size).reshape(len(names), n_months)
    sums = np.bincount(cell[control], spells["q"].to_numpy()[control], minlength=size)
    mean = np.divide(sums.reshape(n.shape), n, out=np.zeros(n.shape), where=n > 0)
    first = slice(0, BASELINE_MONTHS)
    usual = (mean * n)[:, first].sum(axis=1) / np.maximum(n[:, first].sum(axis=1), 1)
    moved = np.where(n > 0, mean - usual[:, None], 0.0)
    chance = 1 / np.maximum(n, 1)
    # Its spread is learnt on the baseline alone, so that a later month changes no earlier one.
    real = np.maximum((moved**2 - chance)[:, first].mean(axis=1), 1e-6)[:, None]
    return np.asarray((moved * real / (real + chance)).reshape(-1)[cell])


def _classed(
    frame: pd.DataFrame, tariff: pd.DataFrame, pairs: pd.DataFrame | None, early: Flags
) -> pd.DataFrame:
    """Give every spell its root and whether its class is a dear one."""
    classes = families.families(tariff, pairs)
    usual = frame[early].groupby("hrg").size()
    classes = families.dear(classes, usual).set_index("hrg")
    held = classes.reindex(frame["hrg"])
    setting = np.where(frame["pod"].isin(["NEL", "NELNE"]), "non-elective", "elective")
    root = held["root"].astype(object).to_numpy()
    unknown = pd.isna(root)
    root = np.where(unknown, frame["hrg"].astype(object).to_numpy(), root)
    return frame.assign(
        root=pd.Series(root, index=frame.index) + " " + setting,
        root_name=held["name"].astype(object).to_numpy(),
        is_split=np.where(unknown, False, held["is_split"].to_numpy()).astype(bool),
        is_dear=np.where(unknown, False, held["is_dear"].to_numpy()).astype(bool),
    )


def _panel(
    frame: pd.DataFrame,
    at: Ints,
    index: pd.DataFrame,
    months: pd.DatetimeIndex,
    early: Flags,
    versions: tuple[str, ...],
) -> Panel:
    series = frame["series"].to_numpy()
    mine = series >= 0
    shape = (len(index), len(months))
    cell = series[mine] * shape[1] + at[mine]
    is_dear, q = frame["is_dear"].to_numpy()[mine], frame["q"].to_numpy()[mine]
    expected = _expected(frame, early)[mine]

    def sums(values: Floats) -> Floats:
        added = np.bincount(cell, values, minlength=shape[0] * shape[1])
        return np.asarray(added.reshape(shape), dtype=float)

    n = sums(np.ones(len(cell)))
    share = np.clip(sums(expected) / np.maximum(n, 1), _LEAST_ODDS, 1 - _LEAST_ODDS)
    e = np.where(n > 0, np.log(share / (1 - share)), 0.0)
    is_version = np.isin(months.strftime("%Y-%m"), list(versions))
    return panel(
        n=n,
        k=sums(is_dear.astype(float)),
        q1=sums(q * is_dear),
        q0=sums(q * ~is_dear),
        provider=pd.factorize(index["provider_code"])[0],
        root=pd.factorize(index["root"])[0],
        e=e,
        is_version=np.broadcast_to(is_version, shape),
    )


def _expected(frame: pd.DataFrame, early: Flags) -> Floats:
    """Give each spell the dear share of its kind of patient in its root, all providers."""
    age = pd.cut(frame["age_years"].astype("float64").fillna(60), [*_AGE_STARTS, 200], right=False)
    how = frame["admission_method"].astype("string").fillna("").str[:1]
    strata = frame.groupby(["root", age, how], observed=True, dropna=False)
    stratum = np.asarray(strata.ngroup(), dtype=np.int64)
    root = np.asarray(pd.factorize(frame["root"])[0], dtype=np.int64)
    dear = frame["is_dear"].to_numpy(dtype=float)
    whole = _share(dear, root, early, np.zeros(len(dear)), 1.0)
    return _share(dear, stratum, early, whole, _STRATUM_WEIGHT)


def _share(dear: Floats, key: Ints, taken: Flags, prior: Floats, weight: float) -> Floats:
    top = np.bincount(key[taken], dear[taken], minlength=key.max() + 1)[key]
    low = np.bincount(key[taken], minlength=key.max() + 1)[key]
    return np.asarray((top + weight * prior) / (low + weight))


def _last(successors: dict[str, str]) -> dict[str, str]:
    """Follow each provider to the one that it is now."""
    found = {}
    for code in successors:
        at, seen = code, {code}
        while at in successors and successors[at] not in seen:
            at = successors[at]
            seen.add(at)
        found[code] = at
    return found
