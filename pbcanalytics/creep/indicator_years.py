"""A year of an indicator beside the year before: by how much more than chance it moved."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.creep.mechanisms import SENT_SHARE
from pbcanalytics.creep.panel import Flags, Floats
from pbcanalytics.creep.states import passing
from pbcanalytics.creep.statistics import FEWEST_PEERS

MONTHS: Final = 12
"""Months of a year, set against as many before."""

FEWEST: Final = 20
"""With a smaller denominator in either year nothing is asked."""

ASK, OTHER_WAY, AS_BEFORE = "ask", "other way", "as before"
MORE, FEW, NO_YEAR = "more activity", "too few", "no year before"
"""Answers: moved the way that asks, or the other; not beyond chance; more of one kind and not less
of the other; too few to say; nothing to compare with."""

Z_95: Final = 1.959964

AS_PAIRS: Final = 11
"""Pairs of months that the dispersion of all counts for in that of one: half, in whole years."""

Limits = Callable[[Floats, Floats], tuple[Floats, Floats]]
"""Limits of a share: events and of how many, to the lower and the upper."""

_KEYS: Final = ["indicator", "provider_code"]
_SUMS: Final = ["n_upper", "n_lower", "n_square"]


def compared(
    counts: pd.DataFrame,
    documents: Mapping[str, Mapping[str, Any]],
    last_month: pd.Timestamp,
    share_limits: Limits,
) -> pd.DataFrame:
    """
    Set the latest twelve months against the twelve before, and providers beside each other.

    Parameters
    ----------
    counts : DataFrame
        `indicators.COUNTED`, of everything that is tested together.
    documents : mapping of str to mapping
        Of the indicators, by name: `kind`, `asks_when`, `sum_rule`.
    last_month : Timestamp
        First day of the last month.
    share_limits : callable
        Limits of shares, at 95%.

    Returns
    -------
    DataFrame, one row per indicator and provider with the latest twelve months
        `indicator`, `provider_code`; `n_upper`, `n_lower`, `n_months`, `value`, `low`, `high` and
        the same with `_before`, limits by chance alone; `change`, with `change_low`, `change_high`
        by chance, months and providers together (not a number without a year before);
        `dispersion`, by how much months differ more than chance [ratio of variances]; `spread`,
        the deviation of the other providers' changes (nought with fewer than five providers);
        `p_value` of the change in the way that asks; `place` of `n_providers`, the highest value
        first; `n_gained`, `n_lost`, which the sum rule compares; `answer`. Values as upper over
        lower.

    Notes
    -----
    A change is beyond chance if its limits leave out nought and it stands among all changes in the
    same way (Benjamini and Hochberg). Its limits hold three things: chance, by Newcombe's method 10
    from the limits of both years; times the dispersion; and the spread of the other providers'
    changes, by moments (DerSimonian and Laird).
    """
    month = pd.DatetimeIndex(counts["month"])
    ago = (last_month.year - month.year) * 12 + last_month.month - month.month
    held = counts.assign(ago=ago)[(ago >= 0) & (ago < 2 * MONTHS)]
    held = held.groupby([*_KEYS, "ago"], as_index=False)[_SUMS].sum()
    held = held.astype(dict.fromkeys(_SUMS, "float64"))
    held["kind"] = held["indicator"].map({name: str(d["kind"]) for name, d in documents.items()})
    now, before = (_year(held[held["ago"] // MONTHS == year], share_limits) for year in (0, 1))
    found = now.merge(before.drop(columns="kind"), on=_KEYS, how="left", suffixes=("", "_before"))
    phi = _dispersion(held, now, before).reindex(pd.MultiIndex.from_frame(found[_KEYS]))
    is_enough = found[["n_lower", "n_lower_before"]].min(axis=1, skipna=False) >= FEWEST
    found = _changed(found.assign(dispersion=phi.fillna(1.0).to_numpy()), is_enough)
    by = found.groupby("indicator")
    found["place"] = by["value"].rank(ascending=False, method="min").astype("Int64")
    found["n_providers"] = by["value"].transform("count").astype("Int64")
    found["n_gained"] = found["n_upper"] - found["n_upper_before"]
    found["n_lost"] = found["n_gained"] - (found["n_lower"] - found["n_lower_before"])
    rises = found["indicator"].map({n: d["asks_when"] == "rises" for n, d in documents.items()})
    found["p_value"] = _p_values(found, rises.to_numpy(dtype=bool))
    asks, other = _beyond(found, is_enough.to_numpy(dtype=bool))
    found["answer"] = [
        _answer(row, documents, is_enough=enough, is_asking=asking, is_other=away)
        for row, enough, asking, away in zip(
            found.to_dict("records"), is_enough, asks, other, strict=True
        )
    ]
    return found.drop(columns=["kind", "n_square", "n_square_before"])


def _year(cells: pd.DataFrame, share_limits: Limits) -> pd.DataFrame:
    """Add up the months of a year, divide, and say how far chance goes."""
    by = cells.groupby([*_KEYS, "kind"])
    year = by[_SUMS].sum().assign(n_months=by["ago"].nunique()).reset_index()
    x, n, square = (np.asarray(year[c], dtype=float) for c in _SUMS)
    value = np.divide(x, n, out=np.full(len(x), np.nan), where=n > 0)
    low, high = np.full(len(x), np.nan), np.full(len(x), np.nan)
    for kind in year["kind"].unique():
        at = (year["kind"] == kind).to_numpy(dtype=bool)
        low[at], high[at] = _limits(str(kind), x[at], n[at], square[at], share_limits)
    return year.assign(value=value, low=low, high=high)


def _limits(
    kind: str, x: Floats, n: Floats, square: Floats, share_limits: Limits
) -> tuple[Floats, Floats]:
    """Give the limits of values of a kind."""
    if kind == "share":
        return share_limits(x, n)
    if kind == "ratio":
        # Given both counts together, the upper is binomial: the limits are those of its odds.
        low, high = share_limits(x, x + n)
        return low / (1 - low), high / (1 - high)
    if kind == "net":
        low, high = share_limits((n + x) / 2, n)
        return 2 * low - 1, 2 * high - 1
    variance = np.maximum(square - x**2 / n, 0) if kind == "mean" else square
    off = Z_95 * np.sqrt(variance) / n
    return x / n - off, x / n + off


def _changed(found: pd.DataFrame, is_enough: "pd.Series[bool]") -> pd.DataFrame:
    """Say how far a change may be chance, months that differ, and what providers do anyway."""
    change = found["value"] - found["value_before"]
    down = np.hypot(found["value"] - found["low"], found["high_before"] - found["value_before"])
    up = np.hypot(found["high"] - found["value"], found["value_before"] - found["low_before"])
    down, up = (side * np.sqrt(found["dispersion"]) for side in (down, up))
    error = (down + up).where(is_enough) / (2 * Z_95)
    spread = _spread(found["indicator"], change, error)
    down, up = (np.hypot(side, Z_95 * spread) for side in (down, up))
    return found.assign(
        change=change, change_low=change - down, change_high=change + up, spread=spread
    )


def _dispersion(held: pd.DataFrame, now: pd.DataFrame, before: pd.DataFrame) -> "pd.Series[float]":
    """
    Say by how much months differ more than chance makes them, never below once.

    A month is held against the same month of the year before, so that no season counts, nor the
    change itself. That of a provider is drawn half-way to that of all.
    """
    pairs = []
    for year, of in ((0, now), (1, before)):
        cells = held[held["ago"] // MONTHS == year]
        cells = cells.merge(of[[*_KEYS, *_SUMS, "value"]], on=_KEYS, suffixes=("", "_year"))
        cells = cells[cells["n_lower"] > 0]
        cells = cells.assign(
            month=cells["ago"] % MONTHS,
            part=cells["n_upper"] / cells["n_lower"],
            chance=_month_variance(cells),
        )
        pairs.append(cells[[*_KEYS, "month", "part", "chance"]])
    both = pairs[0].merge(pairs[1], on=[*_KEYS, "month"], suffixes=("", "_before"))
    weight = 1 / (both["chance"] + both["chance_before"])
    both = both.assign(weight=weight, moved=both["part"] - both["part_before"])
    both = both[np.isfinite(weight)]
    by = both.groupby(_KEYS)
    mean = (both["moved"] * both["weight"]).groupby([both[k] for k in _KEYS]).transform("sum")
    off = both["moved"] - mean / by["weight"].transform("sum")
    squares = (both["weight"] * off**2).groupby([both[k] for k in _KEYS]).sum()
    free = by.size() - 1
    every, n_free = (x.groupby(level="indicator").transform("sum") for x in (squares, free))
    pooled = (every / n_free.where(n_free > 0)).clip(lower=1.0)
    return pd.Series((squares + AS_PAIRS * pooled) / (free + AS_PAIRS)).clip(lower=1.0)


def _month_variance(cells: pd.DataFrame) -> "pd.Series[float]":
    """Give the variance of a month's value by chance, at the year's value."""
    v, n = cells["value"], cells["n_lower"]
    by_kind = {
        "share": v * (1 - v) / n,
        "ratio": v * (1 + v) / n,
        "net": (1 - v**2) / n,
        "mean": (cells["n_square_year"] / cells["n_lower_year"] - v**2) / n,
        "index": cells["n_square"] / n**2,
    }
    return pd.Series(
        np.select([cells["kind"] == kind for kind in by_kind], list(by_kind.values()), np.nan),
        index=cells.index,
    )


def _spread(indicator: "pd.Series[str]", change: "pd.Series[float]", error: Any) -> Floats:
    """Give the deviation of the true changes of all other providers, where there are enough."""
    found = np.zeros(len(change))
    known = (np.isfinite(change) & (error > 0)).to_numpy(dtype=bool)
    for name in indicator.unique():
        rows = np.flatnonzero(known & (indicator == name).to_numpy(dtype=bool))
        if len(rows) < FEWEST_PEERS:
            continue
        for row in np.flatnonzero((indicator == name).to_numpy(dtype=bool)):
            others = rows[rows != row]
            moved, weight = change.to_numpy()[others], 1 / error.to_numpy()[others] ** 2
            mean = (weight * moved).sum() / weight.sum()
            beyond = (weight * (moved - mean) ** 2).sum() - (len(others) - 1)
            bottom = weight.sum() - (weight**2).sum() / weight.sum()
            found[row] = np.sqrt(max(beyond, 0.0) / bottom) if bottom > 0 else 0.0
    return found


def _p_values(found: pd.DataFrame, rises: Flags) -> Floats:
    """Give the chance of such a change, or a greater one, in the way that asks."""
    from scipy.special import ndtr

    change = found["change"].to_numpy(dtype=float)
    side = np.where(change > 0, change - found["change_low"], found["change_high"] - change)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(side > 0, change / (side / Z_95), np.nan)
    return np.asarray(ndtr(np.where(rises, -z, z)), dtype=float)


def _beyond(found: pd.DataFrame, is_enough: Flags) -> tuple[Flags, Flags]:
    """Tell what moved the way that asks, and the other: past its limits, and standing among all."""
    p = found["p_value"].to_numpy(dtype=float)
    outside = ((found["change_low"] > 0) | (found["change_high"] < 0)).to_numpy(dtype=bool)
    tested = is_enough & np.isfinite(p)
    asks, other = np.zeros(len(p), dtype=bool), np.zeros(len(p), dtype=bool)
    asks[tested], other[tested] = passing(p[tested]), passing(1 - p[tested])
    return asks & outside & (p < 0.5), other & outside & (p > 0.5)


def _answer(
    row: Mapping[Any, Any],
    documents: Mapping[str, Mapping[str, Any]],
    *,
    is_enough: bool,
    is_asking: bool,
    is_other: bool,
) -> str:
    """Say what a change comes to."""
    if pd.isna(row["change"]):
        return NO_YEAR
    if not is_enough:
        return FEW
    if not is_asking:
        return OTHER_WAY if is_other else AS_BEFORE
    is_moved = row["n_gained"] > 0 and row["n_lost"] >= SENT_SHARE * row["n_gained"]
    return ASK if documents[str(row["indicator"])]["sum_rule"] == "none" or is_moved else MORE
