"""Mechanisms of creep that only a share can tell: asked about, never borne out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.creep.limits import calibrated
from pbcanalytics.creep.mechanisms import MECHANISMS, Asked, Counted, ask, counted
from pbcanalytics.creep.panel import BASELINE_MONTHS
from pbcanalytics.creep.pricing import Z_95
from pbcanalytics.creep.signals import signals
from pbcanalytics.creep.states import Family, Standing, Unit, judge, standing
from pbcanalytics.store import Warehouse
from pbcanalytics.words.tables.signals import CREEP_PRACTICES, CREEP_SIGNALS
from pbcanalytics.words.tables.table import Table

POOL: Final = "provider"
"""The level of all of a provider's series together."""

LEAST_NULL: Final = 4_000
"""Months without creep, of series or pools, that are drawn to set limits."""

MOST_PANELS: Final = 40


@dataclass(frozen=True)
class Shares:
    """
    What was found.

    Attributes
    ----------
    signals, practices : DataFrame
        As the data dictionary has `creep_signals` and `creep_practices`, numbered from 1; what
        takes a severity score is empty.
    n_tested : int
        Shares followed.
    """

    signals: pd.DataFrame
    practices: pd.DataFrame
    n_tested: int


def panels_for(n_rows: int, n_months: int) -> int:
    """Say how many panels without creep are drawn to set the limits of some series or pools."""
    wanted = -(-LEAST_NULL // max(n_rows * (n_months - BASELINE_MONTHS), 1))
    return min(max(4, wanted), MOST_PANELS)


def typed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Give the columns of the dictionary in its order, each of its kind even where all is empty."""
    kinds = {"pence": "Int64", "integer": "Int64", "ratio": "float64", "month": "datetime64[ns]"}
    return table.check(frame).astype({c.name: kinds.get(c.kind, "string") for c in table.columns})


def keep(warehouse: Warehouse, frame: pd.DataFrame, table: Table) -> None:
    """Keep a table in the warehouse with the types that the dictionary says."""
    casts = ", ".join(f"CAST({c.name} AS {c.sql_type}) AS {c.name}" for c in table.columns)
    warehouse.source("creep_incoming", typed(frame, table))
    warehouse.define(table.name, f"SELECT {casts} FROM creep_incoming")
    warehouse.drop(["creep_incoming"])


@dataclass(frozen=True)
class Followed:
    """
    One mechanism that its share alone tells, tested but not yet judged.

    Attributes
    ----------
    of : Counted
    family : Family
        To be judged together with all else that is tested.
    """

    of: Counted
    family: Family


def followed(
    counts: pd.DataFrame,
    months: pd.DatetimeIndex,
    seed: int,
    provisional: Mapping[str, pd.DataFrame] | None = None,
) -> list[Followed]:
    """
    Test every mechanism that its share tells.

    Parameters
    ----------
    counts : DataFrame
        Model `creep_counts`, with `mechanisms.with_depth`.
    months : DatetimeIndex
        The months to follow.
    seed : int
        Of the panels that limits are set on.
    provisional : mapping of str to DataFrame, optional
        By mechanism: the months of providers that may still change, as `counted` takes them.
    """
    held = provisional or {}
    every = [counted(counts, name, months, held.get(name)) for name in MECHANISMS]
    return [Followed(of, _family(of, seed)) for of in every if of is not None]


def asked(tested: Sequence[Followed], stands: Sequence[Standing] | None = None) -> Shares:
    """
    Judge and price what was followed.

    Parameters
    ----------
    tested : sequence of Followed
    stands : sequence of Standing, optional
        What stands of each among everything that was tested; without it, among these.
    """
    rows: list[dict[str, Any]] = []
    practices: list[dict[str, Any]] = []
    judged = stands or standing([one.family for one in tested])
    for one, own in zip(tested, judged, strict=True):
        for row, shared in _signals_of(one, own):
            number = len(rows) + 1
            rows.append({**row, "signal": number})
            practices += [
                {"signal": number, "practice_code": code, "creep_pence": pence}
                for code, pence in shared.items()
            ]
    return Shares(
        signals=pd.DataFrame(rows, columns=CREEP_SIGNALS.names),
        practices=pd.DataFrame(practices, columns=CREEP_PRACTICES.names),
        n_tested=sum(one.of.n_followed(one.family.found.base.is_usable) for one in tested),
    )


def _family(of: Counted, seed: int) -> Family:
    """Test a mechanism's series and pools, with the limits of panels without creep."""
    provider = of.panel.provider
    pools = {POOL: provider}
    found = signals(of.panel, pools)
    n_panels = panels_for(int(provider.max()) + 1, len(of.months))
    limits = calibrated(of.panel, found, pools, n_panels=n_panels, seed=seed)
    usable = found.base.is_usable
    units = [
        Unit("root", row, np.array([row]), float("nan"), bool(usable[row]))
        for row in range(len(provider))
        if not of.is_whole
    ]
    for number in np.unique(provider):
        rows = np.flatnonzero((provider == number) & usable)
        if len(rows) > (0 if of.is_whole else 1):
            units.append(Unit(POOL, int(number), rows, float("nan"), True))
    return Family(found, units, limits)


def _signals_of(one: Followed, stands: Standing) -> list[tuple[dict[str, Any], dict[str, int]]]:
    """Give each signal of a mechanism with what it comes to by practice."""
    of, family = one.of, one.family
    told = []
    judged = judge(of.panel, family.found, family.units, family.limits, stands=stands)
    for signal in judged.to_dict("records"):
        unit = family.units[int(signal["unit"])]
        answer = ask(of, family.found, unit.rows, int(signal["onset"]))
        told.append((_row(of, unit, signal, answer), answer.practices))
    return told


def _row(of: Counted, unit: Unit, one: dict[Any, Any], answer: Asked) -> dict[str, Any]:
    """Put a signal as the data dictionary has it."""
    first = of.index.iloc[unit.rows[0]]
    rise = float(answer.weights @ answer.estimate.value)
    off = Z_95 * answer.estimate.error(answer.weights)
    is_one = unit.level == "root" and first["root"] != "all"
    return {
        "provider_code": first["provider_code"],
        "mechanism": of.mechanism,
        "level": unit.level if is_one else POOL,
        "root": first["root"] if is_one else "",
        "month": of.months[int(one["month"])],
        "onset": of.months[int(one["onset"])],
        "state": "query" if answer.is_moved else "new service",
        "reason": "share alone" if answer.is_moved else "more of one, not less of the other",
        "query": one["query"],
        "p_value": one["p_value"],
        "creep_share": rise,
        "creep_low_share": rise - off,
        "creep_high_share": rise + off,
        "n_spells": answer.n_after,
        "n_months": answer.n_months,
        "creep_pence": answer.pence,
        "creep_low_pence": answer.low_pence,
        "creep_high_pence": answer.high_pence,
    }
