"""What a signal costs: its effect at the prices paid, practice by practice, to the penny."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.creep.effect import MONTHS_AFTER, Effect, effect
from pbcanalytics.creep.panel import Flags, Floats, Ints
from pbcanalytics.creep.pounds import Cell, Terms, decompose, total
from pbcanalytics.creep.preparing import Prepared
from pbcanalytics.creep.signals import Signals

Z_95: Final = 1.96
SHORT_DAYS: Final = 1
"""Days up to which an emergency may be paid as a short stay."""

EMERGENCY: Final = " non-elective"
"""What the name of a root of emergencies ends with."""

_BELIEVED_SPELLS: Final = 20.0
"""Spells that the belief about the classes counts for, beside what is seen."""

_FINE: Final = 10**6


@dataclass(frozen=True)
class Priced:
    """
    What a change of recording came to in the year after it.

    Attributes
    ----------
    effect : Effect
        By series.
    n_months : int
        Months priced, up to 12.
    terms : Terms
        Of all practices.
    practices : dict of str to Terms
        By practice; they add up to `terms`.
    long_stay_pence : int
        Change of payments for days beyond the trim point, which no class explains. [pence]
    low_pence, high_pence : int
        Ends of the 95% interval of creep. [pence]
    recording_low_pence, recording_high_pence : int
        The same of recording. [pence]
    n_unpriced : int
        Spells without a price, reckoned at the mean of their class. [spells]
    emergency_pence : int
        What of the creep is of emergencies. [pence]
    """

    effect: Effect
    n_months: int
    terms: Terms
    practices: dict[str, Terms]
    long_stay_pence: int
    low_pence: int
    high_pence: int
    recording_low_pence: int
    recording_high_pence: int
    n_unpriced: int
    emergency_pence: int


def price(prepared: Prepared, found: Signals, rows: Ints, onset: int, *, is_creep: bool) -> Priced:
    """
    Price a change of recording that began in a month.

    The year after it (or what is held of it) is compared with the same calendar months of the year
    before. Prices are those paid for each class at the provider, without payments for long stays:
    a code does not lengthen a stay.

    Parameters
    ----------
    prepared : Prepared
    found : Signals
    rows : array of int
        Series.
    onset : int
        Number of the first month after the change.
    is_creep : bool
        As in `effect.effect`.
    """
    split = effect(prepared.panel, found, rows, onset, is_creep=is_creep)
    after = range(onset, min(onset + MONTHS_AFTER, len(prepared.months)))
    before = [m - 12 for m in after]
    spells = prepared.spells[prepared.spells["series"].isin(rows.tolist())]
    at = prepared.months.get_indexer(pd.DatetimeIndex(spells["month"]))
    spells = spells.assign(
        period=np.where(np.isin(at, list(after)), 1, np.where(np.isin(at, before), 0, -1))
    )
    spells = paid(spells[spells["period"] >= 0])
    cells, names, gaps, is_emergency = [], [], np.zeros(len(rows)), []
    emergencies = prepared.index["root"].str.endswith(EMERGENCY).to_numpy(dtype=bool)
    for place, row in enumerate(rows.tolist()):
        mine = spells[spells["series"] == row]
        if mine.empty:
            continue
        classes = mine.groupby("hrg")[["is_dear", "class_pence"]].first()
        prices = [Fraction(p).limit_denominator(_FINE) for p in classes["class_pence"]]
        moved = _moves(mine, classes)
        creep = [w * _fraction(split.creep.value[place]) for w in moved]
        recording = [w * _fraction(split.recording.value[place]) for w in moved]
        n_after = int((mine["period"] == 1).sum())
        gaps[place] = n_after * float(sum(w * p for w, p in zip(moved, prices, strict=True)))
        for practice, counts, pence in _by_practice(mine, classes.index):
            cells.append(_cell(counts, pence, prices, creep, recording))
            names.append(practice)
            is_emergency.append(bool(emergencies[row]))
    # No records are grouped anew: what differs within a class before and after is its price.
    terms = [replace(t, version=0, price=t.price + t.version) for t in decompose(cells)]
    practices = {
        name: total([t for t, n in zip(terms, names, strict=True) if n == name])
        for name in sorted(set(names))
    }
    added = total(terms)
    ends = [
        _ends(added.creep_mix, split.creep.error(gaps)),
        _ends(added.recording, split.recording.error(gaps)),
    ]
    signs = np.where(spells["period"] == 1, 1, -1)
    return Priced(
        effect=split,
        n_months=len(after),
        terms=added,
        practices=practices,
        long_stay_pence=int((signs * spells["long_stay_pence"].fillna(0).astype("int64")).sum()),
        low_pence=ends[0][0],
        high_pence=ends[0][1],
        recording_low_pence=ends[1][0],
        recording_high_pence=ends[1][1],
        n_unpriced=int(spells["price_pence"].isna().sum()),
        emergency_pence=sum(t.creep_mix for t, own in zip(terms, is_emergency, strict=True) if own),
    )


def _ends(pence: int, error: float) -> tuple[int, int]:
    return int(np.floor(pence - Z_95 * error)), int(np.ceil(pence + Z_95 * error))


def _fraction(share: float) -> Fraction:
    return Fraction(round(float(share) * _FINE), _FINE)


def paid(spells: pd.DataFrame) -> pd.DataFrame:
    """
    Add what was paid for each spell without long stays, and the price of its class.

    Parameters
    ----------
    spells : DataFrame, one row per spell
        From `Prepared.spells`.

    Returns
    -------
    DataFrame, one row per spell
        With `paid_pence` (without a price: the mean of its class) and `class_pence`, what the
        class is paid for stays as short as those of the root's cheap ones.
    """
    pence = spells["price_pence"].astype("Float64") - spells["long_stay_pence"].astype("Float64")
    frame = spells.assign(paid=pence.astype("float64"))
    frame["is_short"] = frame["los_days"] <= SHORT_DAYS
    own = frame.groupby(["series", "hrg"])["paid"].transform("mean")
    # A class that nobody paid for takes the mean of its side of the root.
    side = frame.groupby(["series", "is_dear"])["paid"].transform("mean")
    own = own.fillna(side).fillna(0.0)
    # Who is recorded as dear without being so stays as long as the cheap do, and short stays earn
    # less: so every class is priced for the stays of the cheap.
    cheap = frame[~frame["is_dear"].astype(bool)]
    is_brief = frame["series"].map(cheap.groupby("series")["is_short"].mean()).fillna(0.0)
    by_stay = frame.pivot_table(index=["series", "hrg"], columns="is_short", values="paid")
    by_stay = by_stay.reindex(columns=[False, True])
    at = pd.MultiIndex.from_frame(frame[["series", "hrg"]])
    longer, brief = (
        pd.Series(by_stay[flag].reindex(at).to_numpy(), index=frame.index).fillna(own)
        for flag in (False, True)
    )
    return frame.assign(
        class_pence=is_brief * brief + (1 - is_brief) * longer,
        paid_pence=frame["paid"].fillna(own).round().astype("int64"),
    )


def _moves(spells: pd.DataFrame, classes: pd.DataFrame) -> list[Fraction]:
    """
    Say between which classes a spell moves that is recorded as dear: 1 in all to the dear.

    The dear classes that gained most receive most, the cheap ones that lost most give most. Where
    little can be seen, the cheapest of the dear receive, and all the cheap give: a further code
    moves a spell by a step.
    """
    share = spells.groupby(["period", "hrg"]).size().unstack("hrg", fill_value=0)
    share = share.reindex(index=[0, 1], columns=classes.index, fill_value=0)
    n = share.sum(axis=1).clip(lower=1)
    gained = (share.loc[1] - share.loc[0] * (n[1] / n[0])).to_numpy(dtype=float)
    usual = share.sum().to_numpy(dtype=float)
    is_dear = classes["is_dear"].to_numpy(dtype=bool)
    price = classes["class_pence"].to_numpy(dtype=float)
    nearest = is_dear & (price == price[is_dear].min(initial=np.inf))
    moves = np.zeros(len(classes))
    for side, sign, likely in ((is_dear, 1.0, nearest * 1.0), (~is_dear, -1.0, usual * ~is_dear)):
        weight = np.where(side, np.maximum(sign * gained, 0.0), 0.0)
        weight = weight + _BELIEVED_SPELLS * likely / max(likely.sum(), 1e-12)
        moves += sign * weight / max(weight.sum(), 1e-12)
    if not is_dear.any() or is_dear.all():
        return [Fraction(0)] * len(classes)
    return _balanced(moves, is_dear)


def _balanced(moves: Floats, is_dear: Flags) -> list[Fraction]:
    """Make the moves exact: the dear receive 1 in all, the cheap give 1."""
    exact = [_fraction(m) for m in moves]
    for side, wanted in ((is_dear, Fraction(1)), (~is_dear, Fraction(-1))):
        at = [int(i) for i in np.flatnonzero(side)]
        largest = max(at, key=lambda i: abs(exact[i]))
        exact[largest] += wanted - sum(exact[i] for i in at)
    return exact


def _by_practice(
    spells: pd.DataFrame, hrgs: "pd.Index[str]"
) -> Iterator[tuple[str, Ints, list[int]]]:
    """Give each practice with its spells by period and class, and what they cost by period."""
    place = hrgs.get_indexer(pd.Index(spells["hrg"]))
    practice, names = pd.factorize(spells["practice_code"].astype(object), sort=True)
    period = spells["period"].to_numpy()
    n = len(names) + 1
    counts = np.zeros((n, 2, len(hrgs)), dtype=np.int64)
    pence = np.zeros((n, 2), dtype=np.int64)
    np.add.at(counts, (practice, period, place), 1)
    np.add.at(pence, (practice, period), spells["paid_pence"].to_numpy())
    for at, name in enumerate([*names, ""]):
        if counts[at].any():
            yield str(name), counts[at], [int(p) for p in pence[at]]


def _cell(
    counts: Ints,
    pence: list[int],
    prices: list[Fraction],
    creep: list[Fraction],
    recording: list[Fraction],
) -> Cell:
    """Put the spells of a practice at a provider and root together."""
    n = [int(x) for x in counts.sum(axis=1)]
    shares = [[Fraction(int(k), max(n[at], 1)) for k in counts[at]] for at in (0, 1)]
    nothing = [Fraction(0)] * len(prices)
    return Cell(
        n_before=n[0],
        n_after=n[1],
        pence_before=pence[0],
        pence_after=pence[1],
        shares_before=shares[0],
        shares_after=shares[1],
        prices=prices,
        creep=creep if n[1] else nothing,
        recording=recording if n[1] else nothing,
    )
