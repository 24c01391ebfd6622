"""Forecasts of a measure that add up, said in words."""

import json
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.forecasting.counted import HORIZON
from pbcanalytics.demand.forecasting.foreseeing import (
    POOLED,
    SAME_MONTH,
    SERIES,
    Foreseen,
    intervals,
)
from pbcanalytics.demand.measuring.sums import ALL
from pbcanalytics.faces import wording

HEADS: Final = (
    *("Whose", "Specialty", "Asked by", "Last twelve", "To come", "Four times in five"),
    *("19 times in 20", "Next month"),
)
"""Of the table of sums; the first three are texts."""

RECORD: Final = (
    *("Forecasts of", "Months", "Off on average", "As the year before", "Too high or low"),
    *("In 80% range", "In 95% range"),
)
"""Of the table of the back-test."""

RECORD_KEYS: Final = (
    *("what", "n_months", "wape", "same_month", "bias", "coverage_80", "coverage_95"),
)
"""Of its rows."""

LEVELS: Final = {
    "pct": "all practices",
    "pct_specialty": "specialties, all practices",
    "consortium": "consortia",
    "practice": "practices",
    SERIES: "practice by specialty by source",
}
"""Of a record, those that are shown."""


def shown(found: Foreseen, practice: str | None, specialty: str | None) -> NDArray[np.bool_]:
    """
    Choose the nodes that answer what is asked.

    Of all: groups, and what all practices do by specialty and source; of a practice or specialty:
    itself, and its parts.
    """
    nodes = found.nodes
    is_series = nodes["level"] == SERIES
    in_all = (nodes["specialty_code"] == ALL) & (nodes["source"] == ALL)
    if practice is None and specialty is None:
        return np.array(~is_series & (in_all | (nodes["kind"] == "pct")), dtype=bool)
    of = nodes["code"] == practice if practice is not None else ~is_series
    if specialty is None:
        return np.array(of & ~is_series, dtype=bool)
    return np.array(of & (nodes["specialty_code"] == specialty), dtype=bool)


def sentences(
    found: Foreseen, last: pd.Timestamp, practice: str | None, specialty: str | None
) -> list[str]:
    """
    Say what is to come, and what such forecasts were worth last year.

    Parameters
    ----------
    found : Foreseen
    last : Timestamp
        The last month that is known.
    practice, specialty : str, optional
        As asked for.

    Returns
    -------
    list of str
    """
    nodes = found.nodes
    of = (nodes["kind"] == "pct") if practice is None else (nodes["code"] == practice)
    of &= (nodes["specialty_code"] == (specialty or ALL)) & (nodes["source"] == ALL)
    of &= nodes["level"] != SERIES
    title = found.measure.title
    said = []
    if not of.any():
        said.append(f"There is nothing of {title} in these months.")
    else:
        which = np.array(of, dtype=bool)
        (row,) = np.flatnonzero(which)[:1]
        ends = intervals(found, which)
        to = wording.month(f"{found.ahead[-1]:%Y-%m}")
        whose = "all practices" if practice is None else practice
        about = f"{found.point[row].sum():,.0f}"
        first = f"{title} of {whose} to {to} will probably be about {about}"
        if ends:
            low, high = (end[0, -1] for end in ends[80])
            first += f", between {low:,.0f} and {high:,.0f} four times in five"
        before = found.counts[row, -len(found.ahead) :].sum()
        said.append(f"{first}; the {len(found.ahead)} months before had {before:,.0f}.")
    return [*said, worth(found.record.to_dict("records"))]


def worth(record: list[Any], level: str = "practice") -> str:
    """
    Say what forecasts were worth last year, by the rows of a record.

    Parameters
    ----------
    record : list of dict
        Rows of `Foreseen.record`, or of table `measure_forecast_record`.
    level : str
        One of its levels.

    Returns
    -------
    str
        A sentence or two.
    """
    of = {r["method"]: r for r in record if r["level"] == level and _is_none(r["size_from"])}
    ours = next((r for method, r in of.items() if method != SAME_MONTH), None)
    if ours is None or SAME_MONTH not in of:
        return "There is no year yet that such forecasts could be held against."
    naive = of[SAME_MONTH]["wape"]
    gained = "better than" if ours["wape"] < naive else "no better than"
    said = (
        f"A year ago such forecasts of {LEVELS[level]} were {ours['wape']:.1%} off on average: "
        f"{gained} repeating the year before ({naive:.1%})."
    )
    if not _is_none(ours["coverage_80"]):
        said += (
            f" {ours['coverage_80']:.0%} of the months lay where four in five should, and "
            f"{ours['coverage_95']:.0%} where 19 in 20 should."
        )
    return said


def rows(
    found: Foreseen, which: NDArray[np.bool_], specialties: dict[str, str]
) -> list[tuple[str, ...]]:
    """Give a row of texts per node, in the order of HEADS."""
    ends = intervals(found, which)
    told = []
    for place, row in enumerate(np.flatnonzero(which)):
        node = found.nodes.iloc[row]
        whose = {"pct": "All practices", "consortium": f"All of {node['code']}"}
        code = node["specialty_code"]
        name = "" if code == ALL else f"{code} {specialties.get(code, '')}".strip()
        between = [
            f"{ends[k][0][place, -1]:,.0f} to {ends[k][1][place, -1]:,.0f}" if ends else "not known"
            for k in (80, 95)
        ]
        point = found.point[row]
        told.append(
            (
                whose.get(node["kind"], str(node["code"])),
                name,
                "" if node["source"] == ALL else str(node["source"]).replace("_", " "),
                f"{np.nansum(found.counts[row, -HORIZON:]):,.0f}",
                f"{point.sum():,.0f}",
                *between,
                f"{point[0]:,.1f}",
            )
        )
    return told


def record_rows(record: list[Any]) -> list[dict[str, Any]]:
    """
    Give the back-test by level, of all sizes.

    Parameters
    ----------
    record : list of dict
        As in `worth`.

    Returns
    -------
    list of dict
        `what`, `n_months`, `wape`, `same_month`, `bias`, `coverage_80`, `coverage_95`: texts.
    """
    told = []
    for level, what in LEVELS.items():
        of = {r["method"]: r for r in record if r["level"] == level and _is_none(r["size_from"])}
        ours = next((r for method, r in of.items() if method != SAME_MONTH), None)
        if ours is None:
            continue
        naive = of.get(SAME_MONTH)
        told.append(
            {
                "what": what.capitalize(),
                "n_months": f"{ours['n_months']:,}",
                "wape": f"{ours['wape']:.1%}",
                "same_month": "not known" if naive is None else f"{naive['wape']:.1%}",
                "bias": _side(ours["bias"]),
                **{
                    k: "not known" if _is_none(ours[k]) else f"{ours[k]:.0%}"
                    for k in ("coverage_80", "coverage_95")
                },
            }
        )
    return told


def table(found: Foreseen, which: NDArray[np.bool_]) -> pd.DataFrame:
    """
    Give forecasts as one table.

    Returns
    -------
    DataFrame, one row per node and month ahead
        `measure`, `level`, `kind`, `code`, `specialty_code`, `source`, `month`, `n_events`,
        `low_80`, `high_80`, `low_95`, `high_95`. [events]
    """
    n = len(found.ahead)
    nodes = found.nodes[which].drop(columns="patients")
    long = nodes.loc[nodes.index.repeat(n)].reset_index(drop=True)
    long.insert(0, "measure", found.measure.name)
    long["month"] = [f"{m:%Y-%m}" for m in found.ahead] * len(nodes)
    long["n_events"] = found.point[which].ravel()
    for level, ends in intervals(found, which).items():
        for name, end in zip(("low", "high"), ends, strict=True):
            long[f"{name}_{level}"] = end[:, :-1].ravel()
    return long


def machine(
    found: Foreseen, last: pd.Timestamp, practice: str | None, specialty: str | None
) -> dict[str, Any]:
    """Give all that is asked for as JSON takes it."""
    which = shown(found, practice, specialty)
    return {
        "measure": found.measure.name,
        "known_to": f"{last:%Y-%m}",
        "method": POOLED,
        "sentences": sentences(found, last, practice, specialty),
        "rows": json.loads(table(found, which).to_json(orient="records")),
        "record": json.loads(found.record.to_json(orient="records")),
    }


def _side(bias: Any) -> str:
    """Say on which side forecasts were."""
    if _is_none(bias):
        return "not known"
    return f"{abs(bias):.1%} too {'high' if bias > 0 else 'low'}"


def _is_none(value: Any) -> bool:
    return value is None or bool(pd.isna(value))
