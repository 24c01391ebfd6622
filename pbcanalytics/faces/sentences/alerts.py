"""Alerts said in words: what stood out, what luck alone raises, what could not have been seen."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from pbcanalytics.demand.watching.alerts import ABOVE
from pbcanalytics.demand.watching.grid_watch import LATER, REST, SOON, Watch
from pbcanalytics.faces import wording
from pbcanalytics.words import tables

HEADS: Final = (
    *("Measure", "Practice", "Specialty", "State"),
    *("Since", "It may have begun", "Events since", "Expected", "Change", "95%", "By chance"),
)
N_TEXTS: Final = 4

SIZES: Final = (10.0, 30.0, 100.0)
"""Events a month from which it is said what would have been seen."""

NOTES: Final = (
    "An alert is a question to ask, not a finding: nothing here knows why a series moved, nor "
    "whether that is good. Each practice is held against its own past and what the other practices "
    "did in the same months; what all of them share is no alert ('pbc measures' shows it).",
    "The size is read at the likeliest onset, which flatters it a little.",
)


def sentences(found: Watch, alerts: pd.DataFrame, gone: pd.DataFrame) -> list[str]:
    """
    Say how much was looked at, what stood out and how much of it may be luck.

    Parameters
    ----------
    found : Watch
    alerts, gone : DataFrame
        Table `alert_ledger`: raised now; raised of late and not now.

    Returns
    -------
    list of str
    """
    tested = int((~found.series["p_share"].isna()).sum())
    untested = len(found.series) - tested
    n_new = int((alerts["state"] == "new").sum())
    practices = found.series["practice_code"].nunique()
    n_measures = len(found.measures) - len(found.missing)
    said = [
        f"{tested:,} series of {_n(n_measures, 'measure')} and {_n(practices, 'practice')} were "
        f"looked at up to {_month(found.month)}: {_n(len(alerts), 'alert')}"
        + (f", {n_new} of them new." if len(alerts) else ".")
    ]
    expected = float(found.families["n_false_expected"].sum())
    said.append(
        f"Luck alone would raise about {expected:.1f} as rare as that, over all measures and "
        f"practices; raised: {int(found.families['n_alerts'].sum())}."
    )
    if len(gone):
        said.append(f"No longer raised: {wording.joined([_name(r) for r in _rows(gone)])}.")
    said += [*_provisional(found), *_unseen(found)]
    if found.missing:
        said.append(
            f"Nothing is loaded of {wording.joined([m.name for m in found.missing])}, so no alert "
            "could come of it."
        )
    if untested:
        said.append(
            f"{untested:,} series could not be tested: too few months, no list, or too few events "
            "of the other practices to be held against."
        )
    return said


def rows(alerts: pd.DataFrame, specialties: dict[str, str]) -> list[tuple[str, ...]]:
    """
    Give a row of texts per alert.

    Returns
    -------
    list of tuple of str
        In the order of HEADS.
    """
    return [
        (
            r["measure"],
            r["practice_code"],
            _specialty(r["specialty_code"], specialties),
            r["state"] if r["state"] == "new" else f"since {_short(r['first_seen'])}",
            _short(r["onset"]),
            f"{_short(r['onset_earliest'])} to {_short(r['onset_latest'])}",
            f"{r['observed']:,.0f}",
            f"{r['expected']:,.0f}",
            _change(r["ratio"]),
            f"{_change(r['ratio_low'])} to {_change(r['ratio_high'])}",
            _odds(r["p_share"]),
        )
        for r in _rows(alerts)
    ]


def table(alerts: pd.DataFrame, gone: pd.DataFrame) -> pd.DataFrame:
    """
    Give alerts as one table.

    Returns
    -------
    DataFrame
        Table `alert_ledger`; those that are no longer raised have the state `ended`.
    """
    parts = [p for p in (alerts, gone.assign(state="ended")) if len(p)]
    return pd.concat(parts, ignore_index=True) if parts else alerts[tables.ALERT_LEDGER.names]


def machine(
    found: Watch, alerts: pd.DataFrame, gone: pd.DataFrame, specialties: dict[str, str]
) -> dict[str, Any]:
    """Give all of it as JSON takes it."""
    told = table(alerts, gone)
    told = told.assign(specialty=[_specialty(s, specialties) for s in told["specialty_code"]])
    dates = [c.name for c in tables.ALERT_LEDGER.columns if c.kind == "month"]
    told[dates] = told[dates].astype(str)
    return {
        "month": f"{found.month:%Y-%m}",
        "n_tested": int((~found.series["p_share"].isna()).sum()),
        "n_false_expected": float(found.families["n_false_expected"].sum()),
        "families": json.loads(found.families.to_json(orient="records")),
        "provisional": [
            {
                "provider_code": one.provider_code,
                "event": one.event,
                "months": [f"{m:%Y-%m}" for m in one.months],
            }
            for one in found.late
        ],
        "sentences": sentences(found, alerts, gone),
        "alerts": json.loads(told.to_json(orient="records")),
    }


def _provisional(found: Watch) -> list[str]:
    """Say which months were left out because a provider is late."""
    of: dict[tuple[str, tuple[dt.date, ...]], list[str]] = {}
    for one in found.late:
        of.setdefault((one.provider_code, one.months), []).append(one.event.replace("_", " "))
    return [
        f"{provider} has hardly sent any {wording.joined(events)} for "
        f"{wording.joined([_month(m) for m in months])}: provisional, and left out of what counts "
        "these."
        for (provider, months), events in of.items()
    ]


def _unseen(found: Watch) -> list[str]:
    """Say what rise would have been seen, by the size of a series."""
    parts = []
    for low, high in zip(SIZES, (*SIZES[1:], float("inf")), strict=True):
        of = found.series[(found.series["n_a_month"] >= low) & (found.series["n_a_month"] < high)]
        soon, later = (of[f"least_ratio_{w}"].median() for w in ("soon", "later"))
        if pd.isna(soon):
            continue
        after = "" if pd.isna(later) else f", of {later - 1:.0%} within {LATER}"
        size = f"{low:.0f} to {high:.0f}" if high < float("inf") else f"{low:.0f} and more"
        parts.append(f"at {size} events a month one of {soon - 1:.0%} within {SOON} months{after}")
    if not parts:
        return []
    return [f"A rise is found in 8 of 10 cases only from a certain size: {'; '.join(parts)}."]


def _rows(frame: pd.DataFrame) -> Sequence[dict[str, Any]]:
    return [{str(k): v for k, v in r.items()} for r in frame.to_dict("records")]


def _name(row: dict[str, Any]) -> str:
    return (
        f"{row['measure']} of {row['practice_code']}, {row['specialty_code']} "
        f"({'a rise' if row['side'] == ABOVE else 'a fall'}, last seen for {_short(row['month'])})"
    )


def _specialty(code: str, names: dict[str, str]) -> str:
    if code == REST:
        return "all small ones together"
    return f"{code} {names.get(code, '')}".strip()


def _change(ratio: float) -> str:
    return f"{ratio - 1:+.0%}".replace("-", "−")


def _odds(p_share: float) -> str:
    """Say how often chance alone does it."""
    return "1 in over 100,000" if p_share < 1e-5 else f"1 in {1 / p_share:,.0f}"


def _month(day: dt.date) -> str:
    return wording.month(f"{day:%Y-%m}")


def _short(day: dt.date) -> str:
    return f"{day:%b %Y}"


def _n(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}" if n else f"no {what}s"
