"""Ways of recording that only their share can tell: no severity score judges them, so they ask."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.creep.effect import MONTHS_AFTER, Estimate, rise
from pbcanalytics.creep.families import DEAR_SHARE
from pbcanalytics.creep.panel import BASELINE_MONTHS, Flags, Floats, Ints, Panel, panel
from pbcanalytics.creep.preparing import FEWEST_SPELLS, without
from pbcanalytics.creep.pricing import Z_95
from pbcanalytics.creep.signals import Signals

ADDED: Final = ("zero_day", "splitting", "ward_attenders")
"""Mechanisms by which a piece of activity is added; by the others one takes another's place."""

ON_TOP: Final = ("splitting", "ward_attenders")
"""Of these, those whose share is also a share of what they add: stays, attendances and stays."""

DEPTH: Final = "depth"
"""More diagnoses to a stay: what that earns is in the dear classes, so that it has no pounds."""

MECHANISMS: Final = (
    *("day_case_to_ordinary", "outpatient_to_day_case", "zero_day", "splitting"),
    *("follow_up_to_first", "ward_attenders", DEPTH),
)

SENT_SHARE: Final = 0.5
"""Of what the dearer way gains, what the other must lose for it to be the same activity."""


@dataclass(frozen=True)
class Counted:
    """
    A mechanism's panel and what it was made of.

    Attributes
    ----------
    mechanism : str
    panel : Panel
        Without severity: `q1` and `q0` are not numbers.
    index : DataFrame, one row per series
        `provider_code`, `root`, `n_a_month` (baseline).
    months : DatetimeIndex
    counts : DataFrame, one row per series, practice and month
        As the model `creep_counts` gives it, with `series` and `at` (number of the month).
    """

    mechanism: str
    panel: Panel
    index: pd.DataFrame
    months: pd.DatetimeIndex
    counts: pd.DataFrame

    @property
    def is_whole(self) -> bool:
        """
        Tell whether a provider's series are tested together alone.

        Whoever codes more deeply does so in every root. The roots' classes are tested one by one,
        and to test their depth beside them would double the tests that all have to stand among.
        """
        return self.mechanism == DEPTH

    def n_followed(self, is_usable: Flags) -> int:
        """
        Count the shares that are followed.

        Parameters
        ----------
        is_usable : array, one value per series
            Its baseline can be told (`baseline.Baseline`).
        """
        providers = self.index["provider_code"][is_usable]
        return providers.nunique() if self.is_whole else len(providers)


@dataclass(frozen=True)
class Asked:
    """
    What a rise of a share comes to, if none of it has a good reason.

    Attributes
    ----------
    estimate : Estimate
        Rise of the share, by series. [share]
    weights : array
        Shares of the series in the activity after it.
    n_after, n_months : int
        Activity and months priced.
    pence, low_pence, high_pence : int or None
        A series in which either way has no price counts at what the others gain; None where none
        has both, as of DEPTH. [pence]
    practices : dict of str to int
        They add up to `pence`; empty without it. [pence]
    n_gained, n_lost : int
        The sum rule: what the dearer way has more than in the same months of the year before, and
        what the other has less.
    is_moved : bool
        The other lost at least half of what the dearer way gained (always true where activity is
        added: nothing is sent).
    """

    estimate: Estimate
    weights: Floats
    n_after: int
    n_months: int
    pence: int | None
    low_pence: int | None
    high_pence: int | None
    practices: dict[str, int]
    n_gained: int
    n_lost: int
    is_moved: bool


def counted(
    counts: pd.DataFrame,
    mechanism: str,
    months: pd.DatetimeIndex,
    provisional: pd.DataFrame | None = None,
) -> Counted | None:
    """
    Make the panel of a mechanism.

    Parameters
    ----------
    counts : DataFrame
        Model `creep_counts`.
    mechanism : str
        One of MECHANISMS.
    months : DatetimeIndex
        The months to follow, without a gap.
    provisional : DataFrame, optional, one row per provider and month
        `provider_code`, `month`: those that may still change decide nothing.

    Returns
    -------
    Counted or None
        None if no series has five pieces of activity a month in the baseline, or none goes both
        ways.
    """
    mine = counts[counts["mechanism"] == mechanism]
    at = months.get_indexer(pd.DatetimeIndex(mine["month"]))
    mine = mine.assign(at=at)[at >= 0]
    early = mine[mine["at"] < BASELINE_MONTHS]
    usual = early.groupby(["provider_code", "root"])[["n_activity", "n_dear"]].sum()
    is_kept = (usual["n_activity"] >= FEWEST_SPELLS * BASELINE_MONTHS) & (usual["n_dear"] > 0)
    is_kept &= usual["n_dear"] < usual["n_activity"]
    index = usual[is_kept].reset_index()
    if index.empty:
        return None
    index["n_a_month"] = index["n_activity"] / BASELINE_MONTHS
    keys = pd.MultiIndex.from_frame(index[["provider_code", "root"]])
    series = keys.get_indexer(pd.MultiIndex.from_frame(mine[["provider_code", "root"]]))
    mine = mine.assign(series=series)[series >= 0]
    shape = (len(index), len(months))
    n, k = np.zeros(shape), np.zeros(shape)
    where = (mine["series"].to_numpy(), mine["at"].to_numpy())
    np.add.at(n, where, mine["n_activity"].to_numpy())
    np.add.at(k, where, mine["n_dear"].to_numpy())
    unknown = np.full(shape, np.nan)
    made = panel(
        n=n,
        k=k,
        q1=unknown,
        q0=unknown,
        provider=pd.factorize(index["provider_code"])[0],
        root=pd.factorize(index["root"])[0],
    )
    made = without(made, index["provider_code"], months, provisional)
    return Counted(mechanism, made, index[["provider_code", "root", "n_a_month"]], months, mine)


def with_depth(counts: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """
    Add how deeply stays are coded to the counts of the other mechanisms.

    Parameters
    ----------
    counts : DataFrame
        Model `creep_counts`.
    spells : DataFrame, one row per spell
        As `depth_counts` takes them.
    """
    return pd.concat([counts, depth_counts(spells)], ignore_index=True)


def depth_counts(spells: pd.DataFrame) -> pd.DataFrame:
    """
    Count the spells that are coded deeply, where depth goes with dearer classes.

    A spell is deep if it has at least as many diagnoses as the deepest third of its root had in
    the first 24 months. Roots in which the deep were in no dearer classes are left out: there
    depth earns nothing. What depth earns is what its classes earn, and those are followed
    themselves: nothing here has a price, so that no pound is told twice.

    Parameters
    ----------
    spells : DataFrame, one row per spell
        From `preparing.prepare`: `spell_id`, `provider_code`, `practice_code`, `root`, `is_split`,
        `hrg`, `month`, `coding_depth`, `price_pence`, `long_stay_pence`.

    Returns
    -------
    DataFrame
        As the model `creep_counts`, of the mechanism DEPTH; no pence.
    """
    months = pd.DatetimeIndex(spells["month"])
    known = spells["is_split"].astype(bool) & spells["coding_depth"].notna()
    frame = spells.assign(is_early=months < months.min() + pd.DateOffset(months=BASELINE_MONTHS))
    frame = frame[known]
    depth = frame["coding_depth"].astype("int64")
    cut = depth[frame["is_early"]].groupby(frame["root"]).agg(_deep_from)
    paid = frame["price_pence"].astype("Float64") - frame["long_stay_pence"].astype("Float64")
    # A long stay is coded deeply too, so each spell counts at what its class is usually paid.
    usual = paid.astype("float64").groupby([frame["root"], frame["hrg"]]).transform("mean")
    frame = frame.assign(is_deep=depth >= frame["root"].map(cut), usual=usual)
    early = frame[frame["is_early"]].groupby(["root", "is_deep"])["usual"].mean().unstack()
    earns = early.reindex(columns=[False, True])
    frame = frame[frame["root"].isin(earns.index[earns[True] > earns[False]])]
    keys = ["provider_code", "root", "practice_code", "month"]
    stays = frame.groupby(keys, dropna=False)["is_deep"].agg(n_activity="size", n_dear="sum")
    return stays.reset_index().assign(mechanism=DEPTH, **dict.fromkeys(_PRICED, 0))


_PRICED: Final = ("dear_pence", "n_dear_priced", "other_pence", "n_other_priced")


def _deep_from(depths: "pd.Series[int]") -> float:
    """Give the number of diagnoses from which spells come nearest to being the deepest third."""
    counts = depths.value_counts().sort_index(ascending=False)
    if len(counts) < 2:
        return float("inf")
    off = (counts.cumsum() / counts.sum() - DEAR_SHARE).abs()
    return float(counts.index[int(off.iloc[:-1].argmin())])


def ask(of: Counted, found: Signals, rows: Ints, onset: int) -> Asked:
    """
    Say what the rise of a share comes to in the year after a month.

    Parameters
    ----------
    of : Counted
    found : Signals
        Of its panel.
    rows : array of int
        Series.
    onset : int
        Number of the first month of the rise.
    """
    estimate, weights = rise(of.panel, found, rows, onset)
    after = range(onset, min(onset + MONTHS_AFTER, len(of.months)))
    mine = of.counts[of.counts["series"].isin(rows.tolist())]
    later = mine[mine["at"].isin(list(after))]
    earlier = mine[mine["at"].isin([m - 12 for m in after])]
    n_after = int(later["n_activity"].sum())
    gaps = np.array([_gap(mine[mine["series"] == row], of.mechanism) for row in rows.tolist()])
    is_priced = np.isfinite(gaps)
    pence: int | None = None
    ends: tuple[int | None, int | None] = (None, None)
    if is_priced.any():
        heavy = np.maximum(weights[is_priced], 1e-12)
        loads = (
            weights
            * n_after
            * np.where(is_priced, gaps, np.average(gaps[is_priced], weights=heavy))
        )
        if of.mechanism in ON_TOP:
            # What is added adds to the whole too, so that a point of it raises the share by less.
            loads = loads / (1 - found.base.p[rows])
        pence = floor(float(loads @ estimate.value) + 0.5)
        off = Z_95 * estimate.error(loads)
        ends = (floor(pence - off), -floor(-(pence + off)))
    gained, lost = _sum_rule(later, earlier)
    return Asked(
        estimate=estimate,
        weights=weights,
        n_after=n_after,
        n_months=len(after),
        pence=pence,
        low_pence=ends[0],
        high_pence=ends[1],
        practices={} if pence is None else _shared_out(pence, later),
        n_gained=gained,
        n_lost=lost,
        is_moved=of.mechanism in ADDED or (gained > 0 and lost >= SENT_SHARE * gained),
    )


def _gap(counts: pd.DataFrame, mechanism: str) -> float:
    """Give what the dearer way earns more; not a number where either has no price."""
    sums = counts[list(_PRICED)].sum()
    if not sums["n_dear_priced"]:
        return float("nan")
    dear = float(sums["dear_pence"] / sums["n_dear_priced"])
    if mechanism in ADDED:
        return dear
    if not sums["n_other_priced"]:
        return float("nan")
    return dear - float(sums["other_pence"] / sums["n_other_priced"])


def _sum_rule(later: pd.DataFrame, earlier: pd.DataFrame) -> tuple[int, int]:
    """Count what the dearer way gained and what the other lost."""
    dear, every = (
        int(later[name].sum() - earlier[name].sum()) for name in ("n_dear", "n_activity")
    )
    return dear, dear - every


def _shared_out(pence: int, counts: pd.DataFrame) -> dict[str, int]:
    """Share out a sum by practices' activity, to the penny."""
    usual = counts.assign(practice_code=counts["practice_code"].astype("string").fillna(""))
    n = usual.groupby("practice_code")["n_activity"].sum()
    whole = max(int(n.sum()), 1)
    shared, reached, before = {}, 0, 0
    for code, own in n.items():
        reached += int(own)
        upto = floor(Fraction(pence * reached, whole) + Fraction(1, 2))
        shared[str(code)], before = upto - before, upto
    return shared
