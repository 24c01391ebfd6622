"""Code creep looked for in what is loaded and priced; the signals are kept in the warehouse."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.costing.chain import model
from pbcanalytics.creep.limits import calibrated
from pbcanalytics.creep.mechanisms import MECHANISMS, with_depth
from pbcanalytics.creep.panel import Ints
from pbcanalytics.creep.preparing import Prepared
from pbcanalytics.creep.pricing import Priced, price
from pbcanalytics.creep.result import Creep
from pbcanalytics.creep.severity import LEAST_AUC
from pbcanalytics.creep.signals import Signals, signals
from pbcanalytics.creep.states import Family, Standing, Unit, judge, standing
from pbcanalytics.creep.validation import audit_size, worth_a_look
from pbcanalytics.pipeline.coding.creep_shares import (
    POOL,
    Shares,
    asked,
    followed,
    keep,
    panels_for,
    typed,
)
from pbcanalytics.pipeline.coding.margins import margins
from pbcanalytics.pipeline.coding.preparing import (
    MECHANISM,
    closing,
    joined_providers,
    of_held,
    prepared_from,
    provisional,
)
from pbcanalytics.pipeline.coding.told_pounds import pounds
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import StoreError
from pbcanalytics.words.tables.signals import CREEP_PRACTICES, CREEP_SIGNALS

OF_EMERGENCIES: Final[dict[str, bool]] = {"zero_day": True, "splitting": False}
"""Shares of which emergencies are a part, and whether they are all of it."""

NOTES_LISTED: Final = 60

_LISTED: Final = (
    *("spell_id", "provider_code", "practice_code", "root", "hrg", "admission_date"),
    *("discharge_date", "los_days", "age_years", "coding_depth", "price_pence", "q"),
)


def find_creep(
    data: Path,
    provider: str | None = None,
    versions: Sequence[str] = (),
    seed: int = 2006,
) -> Creep:
    """
    Look for code creep in all that is loaded, price what is found, and keep it.

    Parameters
    ----------
    data : Path
        The data folder.
    provider : str, optional
        Give the signals of one provider only; all are tested, and kept.
    versions : sequence of str
        Months, "2018-04", from which another version of the grouper holds, beside those of the
        calendar of national changes.
    seed : int
        Of the panels without creep that the limits are set on.

    Returns
    -------
    Creep

    Raises
    ------
    StoreError
        If nothing was priced yet.
    SelectionError
        If fewer than 25 months are held, nothing can be tested, there is no such provider, or a
        version is not of a month.
    ReferenceGap
        If the calendar, or the table of pairs of HRG v3.5, is there and faulty.
    """
    with Warehouse.open(data, doing="the search for code creep") as warehouse:
        if not warehouse.has("priced_spells"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so there are no classes to "
                "compare. Run 'pbc build' first."
            )
        spells = warehouse.frame(model("creep_spells"))
        counts = warehouse.frame(model("creep_counts"))
        prepared = prepared_from(warehouse, spells, provider, versions)
        classes = _tested(prepared, seed)
        counts = with_depth(counts, prepared.spells)
        closed = closing(warehouse)
        is_open = {name: provisional(closed, name) for name in MECHANISMS}
        shares = followed(counts, prepared.months, seed, is_open)
        # False signals are held to one share over all that is tested, not list by list.
        stands = standing([classes, *(one.family for one in shares)])
        mergers = _mergers(joined_providers(warehouse), prepared)
        found, emergency = _told(prepared, classes, stands[0], mergers)
        found = _with_shares(found, asked(shares, stands[1:]))
        emergency |= _of_emergencies(found.signals)
        priced = margins(warehouse, shelf(data), found.signals, emergency)
        kept = found.signals.drop(columns=["margin_pence", "price_used"])
        found = replace(
            found,
            signals=typed(kept.merge(priced, on="signal", how="left"), CREEP_SIGNALS),
            closing=of_held(closed, prepared.months),
        )
        keep(warehouse, found.signals, CREEP_SIGNALS)
        keep(warehouse, found.practices, CREEP_PRACTICES)
    return found if provider is None else _of_provider(found, provider)


def _mergers(joined: pd.DataFrame, prepared: Prepared) -> dict[int, int]:
    """Give the month in which each tested provider took another in."""
    numbers = dict(zip(prepared.index["provider_code"], prepared.panel.provider, strict=True))
    found = {}
    for code, day in zip(joined["successor_code"], joined["close_date"], strict=True):
        if code in numbers and not pd.isna(day):
            after = pd.Timestamp(day).to_period("M") + 1
            found[int(numbers[code])] = int((after - prepared.months[0].to_period("M")).n)
    return found


def _of_emergencies(signals: pd.DataFrame) -> dict[int, int | None]:
    """Say what of the shares' pounds is of emergencies, or that it is not known."""
    mine = signals[signals["mechanism"].isin(list(OF_EMERGENCIES))]
    return {
        int(one["signal"]): int(one["creep_pence"]) if OF_EMERGENCIES[one["mechanism"]] else None
        for one in mine[mine["creep_pence"].notna()].to_dict("records")
    }


def _tested(prepared: Prepared, seed: int) -> Family:
    numbers = prepared.panel.provider
    # Roots whose patients' severity is told too poorly would only blur their provider's pool.
    is_told = prepared.index["auc"].to_numpy(dtype=float) >= LEAST_AUC
    pools = {POOL: np.where(is_told, numbers, -1)}
    tested = signals(prepared.panel, pools)
    n_panels = panels_for(int(numbers.max()) + 1, len(prepared.months))
    limits = calibrated(prepared.panel, tested, pools, n_panels=n_panels, seed=seed)
    return Family(tested, _units(prepared, tested), limits)


def _units(prepared: Prepared, tested: Signals) -> list[Unit]:
    """List what is tested: every series, and each provider's series together."""
    auc = prepared.index["auc"].to_numpy(dtype=float)
    usable = tested.base.is_usable
    units = [
        Unit("root", row, np.array([row]), float(auc[row]), bool(usable[row]))
        for row in range(len(auc))
    ]
    weight = np.where(np.isfinite(auc), prepared.index["n_a_month"].to_numpy(dtype=float), 0.0)
    for number in range(int(prepared.panel.provider.max()) + 1):
        rows = np.flatnonzero((prepared.panel.provider == number) & usable & (auc >= LEAST_AUC))
        if len(rows) > 1:
            mean = float(np.average(np.nan_to_num(auc[rows]), weights=weight[rows]))
            units.append(Unit(POOL, number, rows, mean, True))
    return units


def _told(
    prepared: Prepared, classes: Family, stands: Standing, mergers: dict[int, int]
) -> tuple[Creep, dict[int, int | None]]:
    """Judge and price what is heard; give with it the pence of emergencies by signal."""
    emergency: dict[int, int | None] = {}
    tested, units, limits = classes.found, classes.units, classes.limits
    judged = judge(prepared.panel, tested, units, limits, mergers, stands)
    rows, practices, spells = [], [], []
    for number, one in enumerate(judged.to_dict("records"), start=1):
        unit = units[int(one["unit"])]
        rows_of = np.asarray(unit.rows, dtype=np.int64)
        is_creep = one["state"] == "creep-confirmed"
        priced = price(prepared, tested, rows_of, int(one["onset"]), is_creep=is_creep)
        emergency[number] = priced.emergency_pence
        rows.append(_row(prepared, tested, unit, number, one, priced))
        practices += [
            {
                "signal": number,
                "practice_code": code,
                "creep_pence": terms.creep_mix,
                "recording_pence": terms.recording,
                "true_pence": terms.true_mix,
                "change_pence": terms.change,
            }
            for code, terms in priced.practices.items()
        ]
        spells.append(_listed(prepared, rows_of, number, int(one["onset"])))
    usable = tested.base.is_usable
    tested_frame = prepared.index[usable].assign(dear_share=tested.base.p[usable])
    listed = pd.concat(spells, ignore_index=True) if spells else pd.DataFrame()
    told = Creep(
        signals=pd.DataFrame(rows, columns=CREEP_SIGNALS.names),
        practices=pd.DataFrame(practices, columns=CREEP_PRACTICES.names),
        spells=listed if len(listed) else pd.DataFrame(columns=["signal", *_LISTED]),
        tested=tested_frame,
        first_month=prepared.months[0],
        last_month=prepared.months[-1],
        n_months=len(prepared.months),
        n_left_out=prepared.n_left_out,
        limits=limits["series"].limit,
        n_providers=tested_frame["provider_code"].nunique(),
        n_unusable=int((~usable).sum()),
        counted=_counted(prepared, units),
    )
    return told, emergency


def _counted(prepared: Prepared, units: list[Unit]) -> dict[str, float]:
    """Give the share of a provider's stays with dear and cheap classes that its pool is of."""
    spells = prepared.spells[prepared.spells["is_split"]]
    every = spells["provider_code"].value_counts()
    pooled = np.concatenate([u.rows for u in units if u.level == POOL] or [np.zeros(0, np.int64)])
    own = spells.loc[spells["series"].isin(pooled.tolist()), "provider_code"].value_counts()
    return {str(code): n / int(every[str(code)]) for code, n in own.items()}


def _listed(prepared: Prepared, rows: Ints, number: int, onset: int) -> pd.DataFrame:
    """List the spells of a signal that are most worth a look."""
    spells = prepared.spells
    when = prepared.months[onset]
    mine = spells["series"].isin(rows.tolist()) & (pd.DatetimeIndex(spells["month"]) >= when)
    listed = worth_a_look(spells[mine], NOTES_LISTED)[list(_LISTED)]
    listed.insert(0, "signal", number)
    return listed


def _row(
    prepared: Prepared,
    tested: Signals,
    unit: Unit,
    number: int,
    one: dict[Any, Any],
    priced: Priced,
) -> dict[str, Any]:
    """Put a signal as the data dictionary has it."""
    first = prepared.index.iloc[unit.rows[0]]
    split = priced.effect
    weight = split.weights
    creep = float((weight * split.creep.value).sum())
    true_share = float((weight * tested.base.p[unit.rows]).sum())
    audit = audit_size(max(true_share, 0.01), max(creep, 0.0)) if creep > 0 else None
    return {
        "signal": number,
        "provider_code": first["provider_code"],
        "mechanism": MECHANISM,
        "level": unit.level,
        "root": first["root"] if unit.level == "root" else "",
        "month": prepared.months[int(one["month"])],
        "onset": prepared.months[int(one["onset"])],
        **{k: one[k] for k in ("state", "reason", "query", "confirmed", "recording")},
        **{k: one[k] for k in ("p_value", "creep_score")},
        "auc": unit.auc,
        **pounds(priced),
        "n_spells": int(split.n_after.sum()),
        "n_months": priced.n_months,
        "audit_notes": None if audit is None else audit.n_notes,
        "audit_failures": None if audit is None else audit.n_failures,
    }


def _with_shares(found: Creep, shares: Shares) -> Creep:
    """Add the signals of mechanisms that their share alone tells, numbered on."""
    first = len(found.signals)
    parts = []
    for held, more in ((found.signals, shares.signals), (found.practices, shares.practices)):
        more = more.assign(signal=more["signal"] + first)
        parts.append(pd.concat([held, more], ignore_index=True) if len(more) else held)
    return replace(
        found,
        signals=typed(parts[0], CREEP_SIGNALS),
        practices=typed(parts[1], CREEP_PRACTICES),
        n_shares=shares.n_tested,
    )


def _of_provider(found: Creep, provider: str) -> Creep:
    mine = found.signals[found.signals["provider_code"] == provider]
    numbers = mine["signal"].tolist()
    return replace(
        found,
        signals=mine,
        practices=found.practices[found.practices["signal"].isin(numbers)],
        spells=found.spells[found.spells["signal"].isin(numbers)],
        tested=found.tested[found.tested["provider_code"] == provider],
    )
