"""The search for code creep, gathered for publication: every pair of a provider and a root."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.costing.chain import model
from pbcanalytics.creep import pairs as of_pairs
from pbcanalytics.creep.effect import MONTHS_AFTER
from pbcanalytics.creep.limits import POOLED, STATED
from pbcanalytics.creep.mechanisms import DEPTH, MECHANISMS, Counted, counted, with_depth
from pbcanalytics.creep.national import creep_part
from pbcanalytics.creep.panel import BASELINE_MONTHS, Ints, Panel
from pbcanalytics.creep.preparing import Prepared, months_held
from pbcanalytics.creep.pricing import Z_95, price
from pbcanalytics.creep.severity import LEAST_AUC
from pbcanalytics.creep.signals import Signals, signals
from pbcanalytics.faces.publishing.creep import ALL, Coding, coding_tables
from pbcanalytics.pipeline.coding.creep import NOTES_LISTED
from pbcanalytics.pipeline.coding.preparing import (
    MECHANISM,
    closing,
    of_held,
    prepared_from,
    provisional,
)
from pbcanalytics.pipeline.coding.told_pounds import fallen, pounds
from pbcanalytics.reference.coding_events import coding_events
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError
from pbcanalytics.words.tables import Table

LEAST_MONTHS: Final = BASELINE_MONTHS + MONTHS_AFTER
"""Months of history that a page needs: those that say what is usual, and a year to compare."""

_ASKED: Final = ("query", "creep-confirmed", "recording")


@dataclass(frozen=True)
class _Unit:
    """What is told together: one series, or all of a provider's."""

    mechanism: str
    provider: str
    root: str
    name: str
    rows: Ints
    of: Panel
    found: Signals
    heard: dict[str, Any] | None
    in_pool: bool
    n_open: int = 0
    """Latest months that may still change: the year compared ends before them."""

    @property
    def key(self) -> dict[str, str]:
        """The pair, as tables have it."""
        return {"mechanism": self.mechanism, "provider_code": self.provider, "root": self.root}


def forget_creep(warehouse: Warehouse) -> None:
    """Drop what a search found in earlier data: it says nothing of those that are priced now."""
    warehouse.drop(table.name for table in tables.FOUND)


def told_creep(warehouse: Warehouse, smallest: int) -> dict[Table, pd.DataFrame]:
    """
    Lay out for publication what `pbc creep` found since the last build, and every pair it followed.

    The search itself is not run here; without one no change is told, but every pair is.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of Table to DataFrame
        The tables of OF_CODING; empty but for `coded_search` where nothing can be compared.

    Raises
    ------
    ReferenceGap
        If the calendar of national changes, or the table of pairs of HRGs, is there and faulty.
    """
    spells = warehouse.frame(model("creep_spells"))
    months = months_held(spells["month"]) if len(spells) else pd.DatetimeIndex([])
    listed = coding_events(warehouse.path.parent)
    events = pd.DataFrame(listed or [], columns=tables.CODED_EVENTS.names)
    about = {
        "is_searched": warehouse.has(tables.CREEP_SIGNALS.name),
        "first_month": months[0].date() if len(months) else None,
        "last_month": months[-1].date() if len(months) else None,
        "n_months": len(months),
        "has_calendar": listed is not None,
        "closing": (closed := closing(warehouse)).state,
    }
    if len(months) < LEAST_MONTHS:
        return coding_tables(Coding.nothing(about, events), smallest)
    try:
        prepared = prepared_from(warehouse, spells)
    except SelectionError:
        return coding_tables(Coding.nothing(about, events), smallest)
    tested = signals(prepared.panel)
    counts = with_depth(warehouse.frame(model("creep_counts")), prepared.spells)
    is_open = {name: provisional(closed, name) for name in (MECHANISM, *MECHANISMS)}
    every = [counted(counts, m, prepared.months, is_open[m]) for m in MECHANISMS]
    of_shares = [(of, signals(of.panel)) for of in every if of is not None]
    kept = _kept(warehouse)
    units = [
        *_of_classes(prepared, tested, kept),
        *(unit for of, found in of_shares for unit in _of_share(of, found, kept)),
    ]
    late = {name: _n_open(frame, prepared.months) for name, frame in is_open.items()}
    units = [replace(u, n_open=late[u.mechanism].get(u.provider, 0)) for u in units]
    index = prepared.index[tested.base.is_usable]
    about |= {
        "n_series": len(index),
        "n_unusable": len(prepared.index) - len(index),
        "n_shares": sum(of.n_followed(found.base.is_usable) for of, found in of_shares),
        "n_providers": index["provider_code"].nunique(),
        "n_weak": int((index["auc"] < LEAST_AUC).sum()),
        "n_left_out": prepared.n_left_out,
    }
    at = {of.mechanism: of for of, _ in of_shares}
    shared = [u for u in units if _is_shared_out(u, units)]
    every_told = (_told(u, prepared, at.get(u.mechanism)) for u in units)
    told = [one for one in every_told if one is not None]
    provisional_held = of_held(closed, prepared.months).provisional
    if not told:
        nothing = Coding.nothing(about, events)
        return coding_tables(replace(nothing, provisional=provisional_held), smallest)
    pairs = fallen(pd.DataFrame(told))
    names = dict(warehouse.rows("SELECT provider_code, provider_name FROM providers"))
    pairs["provider_name"] = pairs["provider_code"].map(names).fillna(pairs["provider_code"])
    pairs["is_shared_out"] = pairs["signal"].isin([u.heard["signal"] for u in shared if u.heard])
    by_month = pd.concat([_by_month(u, prepared.months) for u in units], ignore_index=True)
    return coding_tables(
        Coding(
            about,
            events,
            pairs,
            # Depth counts the spells of the classes: the two together would tell small roots.
            by_month[by_month["mechanism"] != DEPTH],
            _practices(warehouse, shared, prepared, at),
            by_month[by_month["root"] == ALL],
            provisional_held,
        ),
        smallest,
    )


def _kept(warehouse: Warehouse) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Give the latest signal of each pair."""
    if not warehouse.has(tables.CREEP_SIGNALS.name):
        return {}
    frame = warehouse.frame("SELECT * FROM creep_signals ORDER BY month, signal")
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return {
        (str(r["mechanism"]), str(r["provider_code"]), str(r["root"] or ALL)): {
            str(name): value for name, value in r.items()
        }
        for r in rows
    }


def _of_classes(
    prepared: Prepared, tested: Signals, kept: dict[tuple[str, str, str], dict[str, Any]]
) -> Iterator[_Unit]:
    """List the series of dear classes that can be tested, and each provider's together."""
    index, of = prepared.index, prepared.panel
    is_told = index["auc"].to_numpy(dtype=float) >= LEAST_AUC
    usable = tested.base.is_usable

    def unit(provider: str, root: str, name: str, rows: Ints, in_pool: bool) -> _Unit:
        heard = kept.get((MECHANISM, provider, root))
        return _Unit(MECHANISM, provider, root, name, rows, of, tested, heard, in_pool)

    for provider, own in index.groupby("provider_code", sort=True).groups.items():
        rows = np.asarray(own, dtype=np.int64)
        pool = rows[usable[rows] & is_told[rows]]
        if len(pool) > 1:
            yield unit(str(provider), ALL, "All roots together", pool, True)
        for row in rows[usable[rows]].tolist():
            root, name = str(index.at[row, "root"]), str(index.at[row, "root_name"])
            yield unit(str(provider), root, name, np.array([row]), row in pool)


def _of_share(
    of: Counted, found: Signals, kept: dict[tuple[str, str, str], dict[str, Any]]
) -> Iterator[_Unit]:
    """List each provider's share of a mechanism, and the single roots in which it was heard."""
    usable = found.base.is_usable
    for provider, own in of.index.groupby("provider_code", sort=True).groups.items():
        rows = np.asarray(own, dtype=np.int64)
        rows = rows[usable[rows]]
        if not len(rows):
            continue
        heard = kept.get((of.mechanism, str(provider), ALL))
        yield _Unit(
            of.mechanism, str(provider), ALL, "All together", rows, of.panel, found, heard, True
        )
        for row in rows.tolist():
            root = str(of.index.at[row, "root"])
            heard = kept.get((of.mechanism, str(provider), root))
            if heard is not None:
                yield _Unit(
                    of.mechanism, str(provider), root, root, np.array([row]), of.panel, found,
                    heard, True,
                )  # fmt: skip


def _n_open(provisional: pd.DataFrame, months: pd.DatetimeIndex) -> dict[str, int]:
    """Count the latest months in a row of each provider that may still change."""
    found: dict[str, int] = {}
    for provider, own in provisional.groupby("provider_code"):
        is_open = months.isin(pd.DatetimeIndex(own["month"]))
        found[str(provider)] = int(np.logical_and.accumulate(is_open[::-1]).sum())
    return found


def _onset(unit: _Unit, months: pd.DatetimeIndex) -> int:
    """Give the number of the month from which a pair is compared."""
    if unit.heard is None:
        return len(months) - unit.n_open - MONTHS_AFTER
    return int(months.get_indexer(pd.DatetimeIndex([unit.heard["onset"]]))[0])


def _told(unit: _Unit, prepared: Prepared, counts: Counted | None) -> dict[str, Any] | None:
    """Put together what is told of a pair; nothing where there is no month to compare."""
    onset = _onset(unit, prepared.months)
    if not of_pairs.is_comparable(unit.of, unit.found, unit.rows, onset):
        return None
    after = of_pairs.windows(unit.of, onset)[1]
    moved, error = of_pairs.change(unit.of, unit.found, unit.rows, onset)
    limit = (STATED if len(unit.rows) == 1 else POOLED)["query"]
    chances = of_pairs.power(unit.found, unit.rows, limit)
    weights = unit.of.n[unit.rows, :BASELINE_MONTHS].sum(axis=1)
    year = slice(after.start - 12, after.stop - 12)
    told: dict[str, Any] = {
        **unit.key,
        "root_name": unit.name,
        "signal": None if unit.heard is None else unit.heard["signal"],
        "is_heard": unit.heard is not None,
        "first_month": prepared.months[onset].date(),
        "state": "none",
        "in_pool": unit.in_pool,
        "usual_share": float(np.average(unit.found.base.p[unit.rows], weights=weights)),
        "change_share": moved,
        "change_low_share": moved - Z_95 * error,
        "change_high_share": moved + Z_95 * error,
        "growth_ratio": of_pairs.growth(unit.of, unit.rows, onset),
        "n_spells": int(unit.of.n[unit.rows, after].sum()),
        "n_months": after.stop - after.start,
        **{f"power_{points}": share for points, share in chances.items()},
        # What must not be small: dear and cheap, in both years and in what is usual.
        **_counts(unit, slice(BASELINE_MONTHS), "usual"),
        **_counts(unit, year, "before"),
        **_counts(unit, after, "after"),
    }
    if counts is None:
        is_creep = unit.heard is not None and unit.heard["state"] == "creep-confirmed"
        priced = price(prepared, unit.found, unit.rows, onset, is_creep=is_creep)
        after_too = _spells(unit, prepared, after) if priced.n_unpriced else None
        told |= pounds(priced) | of_pairs.patients(unit.of, unit.rows, onset)
        if unit.heard is not None or not priced.n_unpriced:
            told["before_pence"] = of_pairs.cost(_spells(unit, prepared, year), after_too)
        if unit.heard is not None:
            own = prepared.index["provider_code"].to_numpy() == unit.provider
            rows = np.flatnonzero(own & unit.found.base.is_usable)
            told["breadth_share"] = of_pairs.breadth(unit.of, unit.found, rows, onset)
            told["n_listed"] = _listed(unit, prepared, onset)
    if unit.mechanism == DEPTH:
        told["n_spells"] = None
    # What was heard is told as it was heard.
    heard = {} if unit.heard is None else {k: v for k, v in unit.heard.items() if k != "root"}
    return told | heard


def _counts(unit: _Unit, part: slice, name: str) -> dict[str, int]:
    n, k = (int(x[unit.rows, part].sum()) for x in (unit.of.n, unit.of.k))
    return {f"n_dear_{name}": k, f"n_cheap_{name}": n - k}


def _spells(unit: _Unit, prepared: Prepared, part: slice) -> pd.DataFrame:
    """Give the spells of a pair in some months."""
    frame = prepared.spells
    mine = frame[frame["series"].isin(unit.rows.tolist())]
    return mine[pd.DatetimeIndex(mine["month"]).isin(prepared.months[part])]


def _listed(unit: _Unit, prepared: Prepared, onset: int) -> int:
    dear = _spells(unit, prepared, slice(onset, None))["is_dear"]
    return min(int(dear.sum()), NOTES_LISTED)


def _by_month(unit: _Unit, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Lay out a pair's months: counts, and what the adjusted share is made from."""
    n, k = unit.of.n[unit.rows], unit.of.k[unit.rows]
    z, noise = unit.found.z[0, unit.rows], unit.found.noise[0, unit.rows]
    seen = np.where(np.isfinite(z), n, 0.0)
    shared = np.nan_to_num(creep_part(unit.of, unit.found)[unit.rows])
    heard = None if unit.heard is None else pd.Timestamp(unit.heard["month"])
    return pd.DataFrame(
        {
            **unit.key,
            "in_pool": unit.in_pool,
            "month": months,
            "n": n.sum(axis=0).astype(int),
            "k": k.sum(axis=0).astype(int),
            "seen": seen.sum(axis=0),
            "push": (np.nan_to_num(z) * seen).sum(axis=0),
            "shared": (shared * seen).sum(axis=0),
            "variance": (np.where(seen > 0, noise, 0.0) * seen**2).sum(axis=0),
            "is_heard": months == heard,
        }
    )


def _is_shared_out(unit: _Unit, units: list[_Unit]) -> bool:
    """Tell whether a pair's pounds are shared out: once, under the provider where that is heard."""
    if unit.heard is None or unit.heard["state"] not in _ASKED or unit.mechanism == DEPTH:
        return False
    whole = {**unit.key, "root": ALL}
    above = [u for u in units if u.key == whole and u.heard and u.heard["state"] in _ASKED]
    return unit.root == ALL or not above


def _practices(
    warehouse: Warehouse, shared: list[_Unit], prepared: Prepared, at: dict[str, Counted]
) -> pd.DataFrame:
    """Give the parts of practices, with how many spells each rests on."""
    found = []
    for unit in shared:
        assert unit.heard is not None
        own = warehouse.frame(
            "SELECT practice_code, creep_pence, recording_pence FROM creep_practices "
            "WHERE signal = ?",
            [unit.heard["signal"]],
        )
        part = of_pairs.windows(unit.of, _onset(unit, prepared.months))[1]
        if unit.mechanism in at:
            counts = at[unit.mechanism].counts
            mine = counts["series"].isin(unit.rows.tolist()) & counts["at"].isin(
                range(*part.indices(10**6))
            )
            n = counts[mine].groupby(counts["practice_code"].fillna(""))["n_activity"].sum()
        else:
            n = _spells(unit, prepared, part)["practice_code"].fillna("").value_counts()
        own["n"] = own["practice_code"].fillna("").map(n).fillna(0).astype(int)
        found.append(own.assign(**unit.key))
    if not found:
        return pd.DataFrame(columns=[*tables.CODED_PRACTICES.names, "n"])
    names = dict(warehouse.rows("SELECT practice_code, practice_name FROM practices"))
    frame = pd.concat(found, ignore_index=True)
    frame["practice_name"] = frame["practice_code"].map(names).fillna(frame["practice_code"])
    return frame
