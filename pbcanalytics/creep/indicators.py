"""Indicators of coding: what the classes tell, month by month."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.creep.baseline import baseline
from pbcanalytics.creep.panel import BASELINE_MONTHS
from pbcanalytics.creep.preparing import Prepared
from pbcanalytics.creep.result import Closing
from pbcanalytics.creep.statistics import statistics

COUNTED: Final = ("indicator", "provider_code", "month", "n_upper", "n_lower", "n_square")
"""Columns of counts, one row per indicator, provider and month."""

SHORT_SHARE: Final = 0.8
"""Of the mean stay of its HRG, below which a dear spell is short (HHS OIG 2021)."""

FEWEST_STAYS: Final = 20
"""Spells that the mean stay of an HRG must rest on."""

DIED: Final = "79"


@dataclass(frozen=True)
class Indicators:
    """
    What was counted.

    Attributes
    ----------
    documents : dict of str to dict
        All indicators by name, in the order of their numbers.
    rows : DataFrame, one row per indicator and provider
        As `indicator_years.compared` gives it, in the order of the numbers.
    gaps : dict of str to str
        What each indicator without a row lacks.
    last_month : Timestamp
        First day of the last of the twelve months.
    provider : str or None
        Whose rows these are; None for all.
    closing : Closing
        Which of the twelve months may still change; they count as they were sent.
    """

    documents: dict[str, dict[str, Any]]
    rows: pd.DataFrame
    gaps: dict[str, str]
    last_month: pd.Timestamp
    provider: str | None
    closing: Closing = field(default_factory=Closing)


def search_counts(prepared: Prepared, tariff: pd.DataFrame) -> pd.DataFrame:
    """
    Count the indicators that rest on dear classes and on severity.

    Parameters
    ----------
    prepared : Prepared
        Spells with their roots and classes, and the panel of the search for creep.
    tariff : DataFrame, one row per HRG and year, latest first
        `hrg`, `non_elective_pence`, `elective_pence`.

    Returns
    -------
    DataFrame
        COUNTED. Where severity tells nothing, or fewer than 25 months are held, its indicators have
        no rows.
    """
    spells = prepared.spells
    one = pd.Series(1.0, index=spells.index)
    is_dear = spells["is_dear"].astype(bool)
    is_split = spells["is_split"].astype(bool)
    depth = spells["coding_depth"].astype("float64")
    is_severe = (spells["discharge_destination"].astype("string").fillna("") == DIED) | (
        spells["critical_care_days"].fillna(0) > 0
    )
    stay = spells["los_days"].astype("float64")
    usual = _usual_stays(prepared, stay)
    is_ordinary = is_dear & (spells["pod"] != "DC") & (usual > 0)
    parts = [
        _summed("top_severity_share", spells[is_split], is_dear, one),
        _summed("single_diagnosis_dear", spells[is_dear & (depth >= 1)], depth == 2, one),
        _summed("short_for_hrg", spells[is_ordinary], stay < SHORT_SHARE * usual, one),
        _summed("severe_outcomes", spells[is_dear], is_severe, one),
        _excess(spells),
        _weights(prepared, tariff),
        *_scores(prepared),
    ]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _early(prepared: Prepared) -> "pd.Series[bool]":
    """Tell which spells are of the first 24 months."""
    until = prepared.months[0] + pd.DateOffset(months=BASELINE_MONTHS)
    return prepared.spells["month"] < until


def _usual_stays(prepared: Prepared, stay: "pd.Series[float]") -> "pd.Series[float]":
    """Give each spell the mean stay of its HRG and setting at all providers, in the first years."""
    spells = prepared.spells
    keys = [spells["hrg"], spells["root"]]
    early = stay.where(_early(prepared) & (spells["pod"] != "DC"))
    by = early.groupby(keys)
    return by.transform("mean").where(by.transform("count") >= FEWEST_STAYS)


def _excess(spells: pd.DataFrame) -> pd.DataFrame:
    """Set what was paid against the mean of the same root and price year at all providers."""
    paid = (spells["price_pence"] - spells["long_stay_pence"]).astype("Float64").astype("float64")
    known = spells.assign(paid=paid)[paid.notna()]
    by = known.groupby(["root", "price_year"])
    known = known[by["provider_code"].transform("nunique") > 1]
    expected = known.groupby(["root", "price_year"])["paid"].transform("mean")
    off = known["paid"] - expected
    return _summed("excess_tariff_index", known, known["paid"], expected, off**2)


def _weights(prepared: Prepared, tariff: pd.DataFrame) -> pd.DataFrame:
    """Set spells' list prices against their provider's mean of the root in the first years."""
    of = tariff.drop_duplicates("hrg").set_index("hrg")
    listed = of["non_elective_pence"].fillna(of["elective_pence"]).astype("Float64")
    weight = prepared.spells["hrg"].map(listed.astype("float64"))
    keys = [prepared.spells["provider_code"], prepared.spells["root"]]
    before = weight.where(_early(prepared)).groupby(keys).transform("mean")
    risen = (weight - before).dropna()
    usual = pd.Series(float(weight.mean()), index=risen.index)
    mine = prepared.spells.loc[risen.index]
    return _summed("within_root_weight", mine, risen, usual, risen**2)


def _scores(prepared: Prepared) -> list[pd.DataFrame]:
    """Sum impostors and hidden severe over a provider's roots, with their variances by chance."""
    if len(prepared.months) <= BASELINE_MONTHS or prepared.index.empty:
        return []
    base = baseline(prepared.panel)
    found = statistics(prepared.panel, base)
    row, at = np.nonzero(np.isfinite(found.z[1]) & base.is_usable[:, None])
    n = prepared.panel.n[row, at]
    cells = pd.DataFrame(
        {
            "provider_code": prepared.index["provider_code"].to_numpy()[row],
            "month": prepared.months[at],
        }
    )
    return [
        _summed(
            name,
            cells,
            pd.Series(found.z[place][row, at] * n),
            pd.Series(n),
            pd.Series(found.r0[place][row, at] * n**2),
        )
        for place, name in ((1, "impostor_index"), (2, "hidden_severe_index"))
    ]


def _summed(
    name: str,
    rows: pd.DataFrame,
    upper: "pd.Series[Any]",
    lower: "pd.Series[Any]",
    square: "pd.Series[Any] | None" = None,
) -> pd.DataFrame:
    """Sum what rows count by provider and month."""
    counts = pd.DataFrame(
        {
            "provider_code": rows["provider_code"].astype(object),
            "month": rows["month"],
            "n_upper": upper.reindex(rows.index).astype("float64"),
            "n_lower": lower.reindex(rows.index).astype("float64"),
            "n_square": 0.0 if square is None else square.reindex(rows.index).astype("float64"),
        }
    )
    sums = counts.groupby(["provider_code", "month"], as_index=False).sum()
    sums.insert(0, "indicator", name)
    return sums
