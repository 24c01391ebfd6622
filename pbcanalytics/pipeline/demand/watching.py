"""Alerts over the grid of measures, and the ledger of those that were raised before."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pandas as pd

from pbcanalytics import intake
from pbcanalytics.demand.measuring.measures import Measure
from pbcanalytics.demand.watching.grid_watch import Watch, up_to, watch
from pbcanalytics.demand.watching.ledger import FORGET_MONTHS, KEY, entered
from pbcanalytics.pipeline.demand.measures import HeldDemand, held_demand, held_measures
from pbcanalytics.pipeline.stage import shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words import tables
from pbcanalytics.words.errors import SelectionError, StoreError

NEW: Final = "new"
STANDING: Final = "standing"


@dataclass(frozen=True)
class Watched:
    """
    Alerts of a month beside those of earlier ones.

    Attributes
    ----------
    watch : Watch
        All that was looked at.
    alerts : DataFrame, one row per alert raised now
        Table `alert_ledger`.
    gone : DataFrame, one row per alert of the last months that is not raised now
        The same; its last row.
    specialties : dict of str to str
        Names by code.
    """

    watch: Watch
    alerts: pd.DataFrame
    gone: pd.DataFrame
    specialties: dict[str, str]


def watch_demand(
    data: Path,
    *,
    as_of: str | None = None,
    measure: str | None = None,
    practice: str | None = None,
) -> Watched:
    """
    Raise the alerts of a month, and enter them into the ledger.

    Parameters
    ----------
    data : Path
        The data folder.
    as_of : str, optional
        Look at nothing after this month: 2018-11.
    measure, practice : str, optional
        Give the alerts of these only; what is tested, counted and entered stays everything.

    Returns
    -------
    Watched

    Raises
    ------
    SelectionError
        If one of the choices is none, or there is too little to watch.
    StoreError
        If nothing was priced yet.
    """
    measures = held_measures(data)
    _refuse_unknown(measure, [m.name for m in measures if m.in_alerts], "measure in alerts")
    month = None if as_of is None else _month(as_of)
    with Warehouse.open(data, doing="watching demand") as warehouse:
        if not warehouse.has("activity"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, and stays are made of episodes "
                "then, so there is nothing to watch. Run 'pbc build' first."
            )
        intake.prepare(warehouse.con)
        held = held_demand(warehouse, shelf(data))
        _refuse_unknown(practice, held.answers, "practice in the register")
        shown = raised(warehouse, held, measures, month)
    for column, chosen in (
        ("measure", measure),
        ("practice_code", None if practice is None else held.answers[practice]),
    ):
        if chosen is not None:
            parts = {k: getattr(shown, k) for k in ("alerts", "gone")}
            shown = replace(shown, **{k: v[v[column] == chosen] for k, v in parts.items()})
    return shown


def raised(
    warehouse: Warehouse,
    held: HeldDemand,
    measures: Sequence[Measure],
    month: dt.date | None = None,
) -> Watched:
    """
    Raise the alerts of a month from a warehouse that is open, and enter them into its ledger.

    Parameters
    ----------
    warehouse : Warehouse
    held : HeldDemand
        What is loaded.
    measures : sequence of Measure
    month : date, optional
        Look at nothing after this month.

    Returns
    -------
    Watched

    Raises
    ------
    SelectionError
        If there is too little to watch.
    """
    found = watch(held.cube if month is None else up_to(held.cube, month), measures, held.lists)
    ledger = warehouse.frame("SELECT * FROM alert_ledger ORDER BY ALL")
    kept = enter(ledger, found.alerts, found.month)
    _keep(warehouse, kept)
    now, gone = _standing(kept, found.month)
    return Watched(found, now, gone, held.specialties)


def enter(ledger: pd.DataFrame, alerts: pd.DataFrame, month: dt.date) -> pd.DataFrame:
    """
    Enter a month's alerts into the table `alert_ledger`; rows of later months are told anew.

    Parameters
    ----------
    ledger : DataFrame
        Table `alert_ledger`.
    alerts : DataFrame
        As `Watch.alerts`.
    month : date
        First day of the latest month looked at.

    Returns
    -------
    DataFrame
        Table `alert_ledger`.
    """
    rows = entered(_keyed(ledger), _keyed(alerts), month)
    if rows.empty:
        return pd.DataFrame(columns=tables.ALERT_LEDGER.names)
    rows = rows.sort_values("month", ignore_index=True)
    rows["n_seen"] = rows.groupby([*KEY, "since"]).cumcount() + 1
    rows["first_seen"] = rows["since"]
    rows["state"] = rows["is_new"].map({True: NEW, False: STANDING})
    return tables.ALERT_LEDGER.check(rows)


def _keyed(rows: pd.DataFrame) -> pd.DataFrame:
    """Name alerts as the ledger of `demand` does."""
    dates = {c: pd.to_datetime(rows[c]).dt.date for c in ("month",) if c in rows}
    return rows.assign(
        family=rows["measure"],
        series=rows["practice_code"] + " " + rows["specialty_code"],
        **dates,
    )


def _standing(ledger: pd.DataFrame, month: dt.date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the alerts of a month, the rarest by chance first, and those that stood of late."""
    key = ["measure", "practice_code", "specialty_code", "side"]
    now = ledger[ledger["month"] == month].sort_values(["p_share", *key], ignore_index=True)
    first = (pd.Timestamp(month) - pd.DateOffset(months=FORGET_MONTHS)).date()
    late = ledger[(ledger["month"] < month) & (ledger["month"] >= first)]
    late = late.sort_values("month").drop_duplicates(key, keep="last")
    raised = set(now[key].itertuples(index=False, name=None))
    names = late[key].itertuples(index=False, name=None)
    is_gone = pd.Series([name not in raised for name in names], index=late.index, dtype=bool)
    return now, late[is_gone].sort_values(key, ignore_index=True)


def _keep(warehouse: Warehouse, ledger: pd.DataFrame) -> None:
    """Put the ledger in the place of what it was, at once."""
    con = warehouse.con
    con.execute("BEGIN")
    try:
        con.execute("DELETE FROM alert_ledger")
        if len(ledger):
            con.register("incoming", ledger)
            con.execute("INSERT INTO alert_ledger BY NAME SELECT * FROM incoming")
            con.unregister("incoming")
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def _month(text: str) -> dt.date:
    found = re.match(r"^(\d{4})-(\d{2})$", text.strip())
    if found and 1 <= int(found[2]) <= 12:
        return dt.date(int(found[1]), int(found[2]), 1)
    raise SelectionError(
        f"'{text}' is no month, so it cannot be said what stood out then. Write it as in 2018-11."
    )


def _refuse_unknown(chosen: str | None, known: Iterable[str], what: str) -> None:
    there = sorted(known)
    if chosen is None or chosen in there:
        return
    more = f" and {len(there) - 40} more" if len(there) > 40 else ""
    raise SelectionError(
        f"'{chosen}' is no {what}, so nothing was watched. There are: "
        f"{', '.join(there[:40]) or 'none'}{more}."
    )
