"""The ledger of alerts, so that yesterday's alert is not news today."""

import datetime as dt
from typing import Final

import pandas as pd

from pbcanalytics.words.errors import SelectionError

KEY: Final = ("family", "series", "side")
COLUMNS: Final = ("month", *KEY, "since", "is_new")
FORGET_MONTHS: Final = 3
"""An alert that was last raised more months ago is news again: its window has passed."""


def empty_ledger() -> pd.DataFrame:
    """Give a ledger in which no alert stands yet."""
    return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})


def entered(
    ledger: pd.DataFrame,
    today: pd.DataFrame,
    month: dt.date,
    *,
    forget_months: int = FORGET_MONTHS,
) -> pd.DataFrame:
    """
    Enter a month's alerts, and tell which of them are new.

    Parameters
    ----------
    ledger : DataFrame, one row per month and alert
        What was entered before; see `empty_ledger`.
    today : DataFrame, one row per alert
        `family`, `series` and `side`; what else it has is kept.
    month : date
        First day of the latest month that the alerts were reckoned from.
    forget_months : int
        An alert raised no more months ago than these is not new, even if it paused.

    Returns
    -------
    DataFrame, one row per month and alert
        By month, then in the order of the key: `since`, the month in which the alert began, and
        `is_new`. A month that is entered again is replaced, so that entering the same twice
        changes nothing, and rows of later months are told anew.

    Raises
    ------
    SelectionError
        If a column of the key is missing, or an alert is given twice.
    """
    missing = [name for name in KEY if name not in today]
    if missing:
        raise SelectionError(
            f"Today's alerts have no column {', '.join(missing)}. Without it they cannot be held "
            "against earlier ones. Add it."
        )
    n_twice = int(today.duplicated(list(KEY)).sum())
    if n_twice:
        raise SelectionError(
            f"{n_twice} of today's alerts are given twice. The ledger holds one row for an alert "
            "and month. Join the windows of one series first."
        )
    kept = ledger[ledger["month"] != month]
    parts = [part for part in (kept, today.assign(month=month)) if len(part)]
    if not parts:
        return ledger.iloc[:0]
    rows = pd.concat(parts, ignore_index=True).sort_values(["month", *KEY], ignore_index=True)
    number = rows["month"].map(lambda day: day.year * 12 + day.month)
    gap = number.groupby([rows[name] for name in KEY]).diff()
    rows["is_new"] = ~(gap <= forget_months)
    rows["since"] = rows["month"].where(rows["is_new"])
    rows["since"] = rows.groupby(list(KEY))["since"].ffill()
    return rows[[*COLUMNS, *(name for name in rows if name not in COLUMNS)]]
