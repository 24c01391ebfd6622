"""What is published of alerts: in few steps, so that no count follows, and never of small ones."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.demand.watching.alerts import ABOVE
from pbcanalytics.demand.watching.grid_watch import REST, Watch
from pbcanalytics.faces.pages.demand.trend_alerts import HOW_FAR, REST_NAME
from pbcanalytics.faces.publishing.measures import ALL
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

MOST_ODDS: Final = 100_000
"""Chances are told up to one in so many."""

_SMALL_SHARE: Final = 0.1
_KEY: Final = ["measure", "practice_code", "specialty_code", "side"]


def no_alerts() -> dict[Table, pd.DataFrame]:
    """Give the tables of ALERTED as they are where nothing could be watched."""
    return {table: pd.DataFrame(columns=table.names) for table in tables.ALERTED}


def alert_tables(
    found: Watch,
    ledger: pd.DataFrame,
    practices: pd.DataFrame,
    years: pd.DataFrame,
    names: Mapping[str, str],
    *,
    false_share: float,
    smallest: int,
) -> dict[Table, pd.DataFrame]:
    """
    Lay out the alerts of a month for publication.

    Parameters
    ----------
    found : Watch
        All that was looked at.
    ledger : DataFrame, one row per alert raised now
        Table `alert_ledger`.
    practices : DataFrame, one row per practice
        Table `practices`.
    years : DataFrame
        Table `measure_years`: an alert is told of what is not withheld there.
    names : mapping of str to str
        Of specialties.
    false_share : float
        Of the alerts of a family, how many may be false on average. [share]
    smallest : int
        The smallest count that may be told of; an alert that rests on a smaller one is left out.

    Returns
    -------
    dict of Table to DataFrame
        The tables of ALERTED.
    """
    raised = ledger.merge(found.alerts[[*_KEY, "last_month", "n_least"]], on=_KEY, how="left")
    groups = practices.set_index("practice_code")
    raised["pct_code"] = raised["practice_code"].map(groups["pct_code"])
    raised["consortium_code"] = raised["practice_code"].map(groups["consortium_code"])
    rates = {m.name for m in found.measures if m.is_rate}
    withheld = {
        tuple(map(str, key)): bool(is_withheld)
        for *key, is_withheld in years[
            ["measure", "group_kind", "group_code", "specialty_code", "is_withheld"]
        ].itertuples(index=False)
    }
    records = raised.to_dict("records")
    is_told = [_is_told(r, withheld, r["measure"] in rates, smallest) for r in records]
    told = raised[np.array(is_told, dtype=bool)]
    return {
        tables.DEMAND_ALERTS: _alerts(told, names, found),
        tables.DEMAND_ALERT_FAMILIES: _families(found, raised, told, false_share),
    }


def _is_told(
    row: Mapping[Any, Any], withheld: Mapping[Any, bool], is_rate: bool, smallest: int
) -> bool:
    """Tell whether an alert rests on enough, and its year is not withheld; unknown is not told."""
    measure, practice, specialty = (row[k] for k in ("measure", "practice_code", "specialty_code"))
    years = [(measure, "practice", practice, ALL)]
    if is_rate and specialty != REST:
        years.append((measure, "practice", practice, specialty))
        years.append((measure, "pct", str(row["pct_code"]), specialty))
    return row["n_least"] >= smallest and not any(withheld.get(year, True) for year in years)


def _alerts(told: pd.DataFrame, names: Mapping[str, str], found: Watch) -> pd.DataFrame:
    """Say each alert in few steps, the new ones first and the rarest by chance before others."""
    codes = told["specialty_code"]
    consortium = told["consortium_code"]
    rows = told.assign(
        group_kind="practice",
        group_code=told["practice_code"],
        consortium_code=consortium.where(consortium.fillna("").astype(str) != "", None),
        specialty_name=[REST_NAME if c == REST else names.get(c, c) for c in codes],
        ratio=[in_steps(r, s) for r, s in zip(told["ratio"], told["side"], strict=True)],
        to_month=told["last_month"],
        is_new=told["state"] == "new",
        chance_one_in=pd.array([odds(p) for p in told["p_share"]], dtype="Int64"),
        is_provisional=told["last_month"] < found.month,
    )
    rows = rows.sort_values(["is_new", "p_share", *_KEY], ascending=[False] + [True] * 5)
    return tables.DEMAND_ALERTS.check(rows).reset_index(drop=True)


def _families(
    found: Watch, raised: pd.DataFrame, told: pd.DataFrame, false_share: float
) -> pd.DataFrame:
    """Say of each measure how much was looked at, and what could not have been seen."""
    rows = []
    titles = {m.name: m.title for m in found.measures}
    thresholds = found.families.groupby("family")["threshold_share"].sum()
    for name, series in found.series.groupby("measure", sort=True):
        tested = series[~series["p_share"].isna()]
        family, to_month = series["family"].iloc[0], series["last_month"].iloc[0]
        n_alerts = int((raised["measure"] == name).sum())
        least = {
            f"least_{when}{size}": rounded_up(float(tested[f"least_ratio_{when}"].quantile(share)))
            for when in ("soon", "later")
            for size, share in (("", 0.5), ("_small", 1 - _SMALL_SHARE))
        }
        rows.append(
            {
                "measure": name,
                "title": titles[str(name)],
                "family": family,
                "month": found.month,
                "to_month": to_month,
                "is_provisional": to_month < found.month,
                "n_tested": len(tested),
                "n_untested": len(series) - len(tested),
                "n_alerts": n_alerts,
                "n_untold": n_alerts - int((told["measure"] == name).sum()),
                "n_false_expected": float(thresholds[family]) * len(tested),
                "false_share": false_share,
                **least,
            }
        )
    return tables.DEMAND_ALERT_FAMILIES.check(pd.DataFrame(rows))


def in_steps(ratio: float, side: str) -> float:
    """
    Give the nearest ratio that is told, on its own side.

    Examples
    --------
    >>> in_steps(1.41, "above"), in_steps(17.0, "above"), in_steps(0.99, "below")
    (1.5, 5.0, 0.9)
    """
    steps = np.array([step for step in HOW_FAR if (step > 1) == (side == ABOVE)])
    return float(steps[np.abs(np.log(steps) - np.log(max(ratio, 1e-9))).argmin()])


def odds(p_share: float) -> int:
    """
    Say in how many series chance alone moves one so far, in one figure.

    Examples
    --------
    >>> odds(0.00137), odds(1e-12)
    (700, 100000)
    """
    n = min(1 / max(p_share, 1e-15), MOST_ODDS)
    return int(float(f"{n:.1g}"))


def rounded_up(ratio: float) -> float:
    """
    Round a ratio up to a twentieth.

    Examples
    --------
    >>> rounded_up(1.337), rounded_up(1.35)
    (1.35, 1.35)
    """
    return float(np.ceil(round(20 * ratio, 6)) / 20)
