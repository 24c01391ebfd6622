"""What is published of the search for code creep: small numbers withheld, and what tells them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.creep.national import averaged
from pbcanalytics.faces.withholding.disclosure import withheld_cells
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

ALL: Final = "ALL"
OTHERS: Final = "OTHERS"

LENGTHS: Final = (1, 3, 6, 12)
"""Months to a period, the shortest that holds nothing small first; all end with the last month."""

_SIGMAS: Final = 3
_PAIR: Final = ["mechanism", "provider_code", "root"]
_COUNTS: Final = tuple(
    f"n_{kind}_{when}" for when in ("usual", "before", "after") for kind in ("dear", "cheap")
)
_LEAST_AVERAGED: Final = 2
"""A mean over fewer hospitals is of one, and told by its own periods."""

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Coding:
    """
    What was followed, before anything is withheld.

    Attributes
    ----------
    about : dict
        The row of `coded_search`, as far as it is known.
    events : DataFrame
        As `coded_events`.
    pairs : DataFrame, one row per pair
        As `coded_pairs`, with `in_pool` and the dear and cheap spells of both years and of the
        baseline (`n_dear_…`).
    months : DataFrame, one row per pair and month
        `n` and `k` (spells, dear ones), `seen`, `push` and `variance` (weight, weighted sum and its
        variance of the adjusted share less the usual one), `is_heard`.
    practices : DataFrame, one row per pair that is shared out and practice
        As `coded_practices`, with `n` spells.
    national : DataFrame, one row per mechanism, provider and month
        Of all of a provider's roots together: `n`, `k` and `seen` as in `months`, and `shared`, the
        weighted sum of what `creep.national` says of them.
    provisional : DataFrame
        As `coded_provisional`.
    """

    about: Mapping[str, Any]
    events: pd.DataFrame
    pairs: pd.DataFrame
    months: pd.DataFrame
    practices: pd.DataFrame
    national: pd.DataFrame = field(default_factory=pd.DataFrame)
    provisional: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=tables.CODED_PROVISIONAL.names)
    )

    @classmethod
    def nothing(cls, about: Mapping[str, Any], events: pd.DataFrame) -> "Coding":
        """Give the empty answer: nothing can be compared."""
        return cls(about, events, pd.DataFrame(), pd.DataFrame(), pd.DataFrame())


def coding_tables(found: Coding, smallest: int) -> dict[Table, pd.DataFrame]:
    """
    Lay out what was followed for publication.

    Parameters
    ----------
    found : Coding
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of Table to DataFrame
        The tables of OF_CODING.
    """
    n_left_out = found.about.get("n_left_out")
    about = dict(found.about)
    if n_left_out is not None and 0 < n_left_out < smallest:
        about["n_left_out"] = None
    told = {table: pd.DataFrame(columns=table.names) for table in tables.OF_CODING}
    told[tables.CODED_SEARCH] = pd.DataFrame([about]).reindex(columns=tables.CODED_SEARCH.names)
    told[tables.CODED_EVENTS] = found.events
    told[tables.CODED_PROVISIONAL] = found.provisional
    if found.pairs.empty:
        return told
    hidden = _hidden(found.pairs, smallest)
    lengths = _lengths(found, hidden, smallest)
    told[tables.CODED_PAIRS] = _pairs(
        found.pairs, hidden, lengths, found.months["month"].max(), smallest
    )
    told[tables.CODED_PERIODS] = _periods(found, lengths, smallest)
    told[tables.CODED_NATIONAL] = _national(found.national, hidden, smallest)
    told[tables.CODED_PRACTICES] = _practices(found.practices, hidden, smallest)
    return told


def _key(row: Any) -> tuple[str, str, str]:
    return str(row["mechanism"]), str(row["provider_code"]), str(row["root"])


def _hidden(pairs: pd.DataFrame, smallest: int) -> set[tuple[str, str, str]]:
    """Choose the pairs of which nothing is told: few spells in a year, or guards of such."""
    found: set[tuple[str, str, str]] = set()
    for _, own in pairs.groupby(["mechanism", "provider_code"]):
        # Only roots of the pool are in the provider's sums, so that no other can guard them.
        is_part = (own["root"] != ALL) & own["in_pool"].astype(bool)
        parts, others = (own[of].to_dict("records") for of in (is_part, ~is_part))
        for name in _COUNTS:
            found |= withheld_cells({_key(r): int(r[name]) for r in parts}, smallest)
            found |= {_key(r) for r in others if 0 < r[name] < smallest}
    return found


def _lengths(
    found: Coding, hidden: set[tuple[str, str, str]], smallest: int
) -> dict[tuple[str, str, str], int]:
    """Choose the length of each pair's periods; those without one are told by no period."""
    told = {_key(r) for r in found.pairs.to_dict("records")} - hidden
    series = {
        _key(own.iloc[0]): (own[["k", "n"]].to_numpy(dtype=np.int64), bool(own["in_pool"].iloc[0]))
        for _, own in found.months.groupby(_PAIR, sort=False)
    }
    split = {key: np.column_stack([x[:, 0], x[:, 1] - x[:, 0]]) for key, (x, _) in series.items()}
    lengths: dict[tuple[str, str, str], int] = {}
    for key in told & split.keys():
        fine = [length for length in LENGTHS if not _is_small(split[key], length, smallest)]
        if fine:
            lengths[key] = fine[0]
    for key in [k for k in lengths if k[2] == ALL]:
        members = [m for m in lengths if m[:2] == key[:2] and m[2] != ALL and series[m][1]]
        _guard(split, lengths, key, members, smallest)
    _keep_apart(split, lengths, smallest)
    return lengths


def _keep_apart(
    split: Mapping[tuple[str, str, str], Counts],
    lengths: dict[tuple[str, str, str], int],
    smallest: int,
) -> None:
    """
    Tell no mechanism by periods in which it counts all that another does but a few, or a few more.

    Day cases are counted by two mechanisms and stays by others, so that the two together would
    tell these few. They are known by what they count, month by month, and not by name.
    """
    for one, other in combinations(sorted(key for key in lengths if key[2] == ALL), 2):
        if one[1] != other[1] or one not in lengths or other not in lengths:
            continue
        told = [x for x in LENGTHS if x >= max(lengths[one], lengths[other])]
        kinds = ([*split[key].T, split[key].sum(axis=1)] for key in (one, other))
        for a, b in product(*kinds):
            more = np.abs(a - b)
            is_nested = bool((a >= b).all() or (a <= b).all())
            if is_nested and any(_is_small(more, x, smallest) for x in told):
                lengths.pop(other, None)


def _guard(
    split: Mapping[tuple[str, str, str], Counts],
    lengths: dict[tuple[str, str, str], int],
    whole: tuple[str, str, str],
    members: list[tuple[str, str, str]],
    smallest: int,
) -> None:
    """
    Lengthen the periods of roots until what they leave of their whole is nowhere small.

    Periods lie within each other, so that whatever follows from the sums that are told is, period
    by period, the whole less the roots told in periods as short, or more than that.
    """
    members.sort(key=lambda m: int(split[m].sum()))
    is_done = False
    while not is_done:
        is_done = True
        for length in [x for x in LENGTHS if x >= lengths[whole]]:
            shown = [m for m in members if m in lengths and lengths[m] <= length]
            rest = split[whole] - sum((split[m] for m in shown), np.zeros_like(split[whole]))
            if not shown or not _is_small(rest, length, smallest):
                continue
            is_done = False
            longer = [
                x for x in LENGTHS if x > length and not _is_small(split[shown[0]], x, smallest)
            ]
            if longer:
                lengths[shown[0]] = longer[0]
            else:
                del lengths[shown[0]]


def _is_small(counts: Counts, length: int, smallest: int) -> bool:
    """Tell whether a period of that length holds 1 to 7 of either kind."""
    sums = _summed(counts, length)
    return bool(((sums > 0) & (sums < smallest)).any())


def _summed(values: NDArray[Any], length: int) -> NDArray[Any]:
    """Add months up to periods that end with the last month; an odd start is left out."""
    whole = values[len(values) % length :]
    return np.asarray(whole.reshape(-1, length, *values.shape[1:]).sum(axis=1))


def _pairs(
    pairs: pd.DataFrame,
    hidden: set[tuple[str, str, str]],
    lengths: Mapping[tuple[str, str, str], int],
    last_month: pd.Timestamp,
    smallest: int,
) -> pd.DataFrame:
    frame = pairs.reindex(columns=tables.CODED_PAIRS.names).copy()
    keys = [_key(r) for r in frame[_PAIR].to_dict("records")]
    frame["is_withheld"] = [key in hidden for key in keys]
    frame["growth_ratio"] = frame["growth_ratio"].astype(float).round(2)
    # A year that begins or ends within a period, and the periods, would together tell months.
    rows = zip(keys, frame.to_dict("records"), strict=True)
    is_odd = np.array([not _fits(row, last_month, lengths.get(key)) for key, row in rows])
    for name in ("n_spells", "n_listed"):
        frame[name] = frame[name].astype("Int64").mask(is_odd)
    for name in ("n_listed", "n_unpriced"):
        few = frame[name].astype("Int64").between(1, smallest - 1).fillna(False)
        frame[name] = frame[name].astype("Int64").mask(few)
    kept = (*_PAIR, "provider_name", "root_name", "is_heard", "is_withheld", "is_shared_out")
    kept = (*kept, "is_fallen")
    gone = frame["is_withheld"]
    for column in tables.CODED_PAIRS.columns:
        if column.name in kept:
            continue
        if column.kind in ("pence", "integer"):
            frame[column.name] = frame[column.name].astype("Int64")
        frame[column.name] = frame[column.name].mask(gone)
    for flag in ("is_heard", "is_fallen", "is_shared_out"):
        frame[flag] = frame[flag].eq(True) & ~gone
    return frame


def _fits(row: Mapping[Any, Any], last_month: pd.Timestamp, length: int | None) -> bool:
    """Tell whether the year of a pair is made of whole periods, or is everybody's latest."""
    if length is None:
        return not row["is_heard"]
    begun = pd.Timestamp(row["first_month"])
    to_end = 12 * (last_month.year - begun.year) + last_month.month - begun.month + 1
    return to_end % length == 0 and int(row["n_months"]) % length == 0


def _periods(
    found: Coding, lengths: Mapping[tuple[str, str, str], int], smallest: int
) -> pd.DataFrame:
    usual = {_key(r): float(r["usual_share"]) for r in found.pairs.to_dict("records")}
    frames = list(_of_pairs(found.months, lengths, usual, smallest))
    names = tables.CODED_PERIODS.names
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)


def _tellable(months: pd.DataFrame, length: int, smallest: int) -> NDArray[np.bool_]:
    """Tell the periods of a series of which neither what is compared nor what is not is small."""
    n, k, seen = (months[c].to_numpy(dtype=float) for c in ("n", "k", "seen"))
    split = np.column_stack([k, n - k])
    is_seen = (seen > 0)[:, None]
    sums = np.hstack([_summed(np.where(of, split, 0.0), length) for of in (is_seen, ~is_seen)])
    is_small = ((sums > 0) & (sums < smallest)).any(axis=1)
    is_partly = _summed((seen > 0) & (seen < n), length) > 0
    return np.asarray(~is_small & ~is_partly)


def _of_pairs(
    months: pd.DataFrame,
    lengths: Mapping[tuple[str, str, str], int],
    usual: Mapping[tuple[str, str, str], float],
    smallest: int,
) -> Iterator[pd.DataFrame]:
    """Give the periods of each pair that is told."""
    for _, own in months.groupby(_PAIR, sort=False):
        key = _key(own.iloc[0])
        if key not in lengths:
            continue
        length = lengths[key]
        n, k, seen, push, variance, heard = (
            _summed(own[c].to_numpy(), length)
            for c in ("n", "k", "seen", "push", "variance", "is_heard")
        )
        # Where a part of a period is left out, what is told of the rest would tell of either.
        is_told = _tellable(own, length, smallest)
        seen = np.where(is_told, seen, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(n > 0, k / n, np.nan)
            adjusted = np.where(seen > 0, usual[key] + push / seen, np.nan)
            off = np.where(seen > 0, _SIGMAS * np.sqrt(variance) / seen, np.nan)
        yield pd.DataFrame(
            {
                **dict(zip(_PAIR, key, strict=True)),
                "first_month": [m.date() for m in own["month"].iloc[len(own) % length :: length]],
                "n_months": length,
                "n_spells": n,
                "dear_share": share,
                "adjusted_share": adjusted,
                "low_share": np.maximum(usual[key] - off, 0.0),
                "high_share": usual[key] + off,
                "is_heard": heard > 0,
            }
        )


def _national(
    months: pd.DataFrame, hidden: set[tuple[str, str, str]], smallest: int
) -> pd.DataFrame:
    """
    Average the providers that are told, in periods in which none of them holds anything small.

    So neither does what their mean leaves of one where the others are known.
    """
    frames = []
    for mechanism, own in months.groupby("mechanism", sort=False) if len(months) else ():
        fine: dict[str, int] = {}
        for provider, mine in own.groupby("provider_code"):
            lengths = [x for x in LENGTHS if _tellable(mine, x, smallest).all()]
            if lengths and (str(mechanism), str(provider), ALL) not in hidden:
                fine[str(provider)] = lengths[0]
        if not fine:
            continue
        told = own[own["provider_code"].isin(fine)]
        wide = told.pivot_table(index="month", columns="provider_code", values=["seen", "shared"])
        year, *rest = (
            _averaged(wide, length).assign(mechanism=mechanism)
            for length in sorted({max(fine.values()), LENGTHS[-1]}, reverse=True)
        )
        # Without its latest year a mechanism has no sentence.
        latest = year.iloc[-1]
        if pd.notna(latest["rise_share"]) and latest["n_providers"] >= _LEAST_AVERAGED:
            frames += [*rest, year.tail(1)] if rest else [year]
    names = tables.CODED_NATIONAL.names
    made = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)
    return made.loc[made["rise_share"].notna(), names].reset_index(drop=True)


def _averaged(wide: pd.DataFrame, length: int) -> pd.DataFrame:
    """Average the providers' months in periods of a length."""
    sums = (_summed(wide[name].to_numpy(), length).T for name in ("seen", "shared"))
    first = wide.index[len(wide) % length :: length]
    return averaged(*sums).assign(first_month=[m.date() for m in first], n_months=length)


def _practices(
    practices: pd.DataFrame, hidden: set[tuple[str, str, str]], smallest: int
) -> pd.DataFrame:
    """Put the practices with few spells, and those that guard them, together."""
    names = tables.CODED_PRACTICES.names
    rows: list[pd.DataFrame] = []
    for _, own in practices.groupby(_PAIR, sort=False) if len(practices) else ():
        key = _key(own.iloc[0])
        if key in hidden:
            continue
        counts = dict(zip(own.index, own["n"].astype(int), strict=True))
        gone = withheld_cells(counts, smallest) | {i for i, n in counts.items() if not n}
        rows.append(own.loc[~own.index.isin(gone), names])
        few = own.loc[own.index.isin(gone), ["creep_pence", "recording_pence"]]
        if len(few):
            together: dict[str, Any] = {
                **dict(zip(_PAIR, key, strict=True)),
                "practice_code": OTHERS,
                "practice_name": "Others, with few spells each",
                **{str(k): v for k, v in few.astype("Int64").sum(min_count=1).items()},
            }
            rows.append(pd.DataFrame([together]))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=names)
