"""What is published of measures of demand: small numbers withheld, and what would tell them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.measuring.groups import GroupSeries
from pbcanalytics.demand.measuring.measures import NOT_REVIEWED, UNDER_REVIEW, Measure
from pbcanalytics.demand.measuring.sums import PER_PATIENTS
from pbcanalytics.faces.publishing.forecasts import forecasts, record
from pbcanalytics.faces.publishing.measure_changes import changes_of, weighted_years, year_of
from pbcanalytics.faces.withholding.measure_withholding import hidden_cells
from pbcanalytics.faces.withholding.monitor_withholding import lines_by_month
from pbcanalytics.faces.withholding.nested_measures import told_whole, untold_groups
from pbcanalytics.faces.withholding.step_groups import Group
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

ALL: Final = "ALL"
_OWN: Final = (
    *(tables.MEASURES, tables.MEASURE_GROUPS, tables.MEASURE_MONTHS, tables.MEASURE_YEARS),
    *tables.FORESEEN,
)


def measure_tables(
    series: Sequence[GroupSeries],
    groups: Sequence[Group],
    consortia: Mapping[str, str],
    specialties: Sequence[str],
    names: Mapping[str, str],
    yearly: pd.DataFrame,
    kinds: pd.DataFrame,
    *,
    weighted: NDArray[np.float64],
    today: dt.date,
    smallest: int,
) -> dict[Table, pd.DataFrame]:
    """
    Lay out measures for publication.

    Parameters
    ----------
    series : sequence of GroupSeries
        One a measure, a row a group in the order of `groups`.
    groups : sequence of Group
        The PCT, its consortia, its practices.
    consortia : mapping of str to str
        Consortium of each practice; blank outside all.
    specialties : sequence of str
        Codes, in the order of the series.
    names : mapping of str to str
        Of specialties.
    yearly : DataFrame
        As `measuring.latest_year`, for what ages and sexes lead one to expect.
    kinds : DataFrame, one row per kind of row of the cube
        `event`, `kind`, `source`, `pod`.
    weighted : array of float, group by month
        Weighted lists; not a number where one is not held. [patients]
    today : date
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of Table to DataFrame
        Measures, their groups, months, years and forecasts.
    """
    found: dict[Table, list[pd.DataFrame]] = {table: [] for table in _OWN}
    untold = untold_groups(series, groups, consortia, kinds, smallest) if series else {}
    whole = told_whole(series, kinds)
    for one in series:
        name = one.measure.name
        shown = [(g.kind, g.code) not in untold[name] for g in groups]
        hidden = _hidden(one, groups, consortia, smallest)
        hidden[:, :-1] |= name in whole
        found[tables.MEASURES].append(pd.DataFrame([_described(one, today)]))
        found[tables.MEASURE_GROUPS].append(_whose(one, groups, consortia, shown))
        months = _months(one, groups, specialties, weighted, shown, hidden, smallest)
        found[tables.MEASURE_MONTHS].append(months)
        found[tables.MEASURE_YEARS].append(
            _years(one, groups, specialties, names, yearly, weighted, shown, hidden)
        )
        found[tables.MEASURE_FORECASTS].append(forecasts(one, groups, months))
        found[tables.MEASURE_FORECAST_RECORD].append(record(one, shown))
    return {
        table: pd.concat([table.check(f) for f in frames], ignore_index=True)
        if frames
        else pd.DataFrame(columns=table.names)
        for table, frames in found.items()
    }


def _described(one: GroupSeries, today: dt.date) -> dict[str, Any]:
    measure = one.measure
    state = measure.review(today)
    review = (
        "not yet reviewed"
        if state == NOT_REVIEWED
        else f"reviewed by {measure.reviewer} on {measure.review_date}"
    )
    return {
        "measure": measure.name,
        "title": measure.title,
        "why_it_matters": measure.why_it_matters,
        "unit": _unit(measure),
        "direction": measure.direction,
        "questions": "\n".join(measure.questions_to_ask),
        "limits_text": measure.limits,
        "when_wrong": measure.when_wrong,
        "author": measure.author,
        "review": f"{review}; under review again" if state == UNDER_REVIEW else review,
        "wape": one.wape,
        "same_month_wape": one.same_month_wape,
        "is_own": measure.is_own,
    }


def _unit(measure: Measure) -> str:
    if not measure.is_rate:
        return measure.per
    return f"a month per {measure.per} patients"


def _whose(
    one: GroupSeries, groups: Sequence[Group], consortia: Mapping[str, str], shown: list[bool]
) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "measure": one.measure.name,
                "group_kind": g.kind,
                "group_code": g.code,
                "group_name": g.name,
                "consortium_code": consortia.get(g.code) or None if g.kind == "practice" else None,
                "is_withheld": not is_shown,
            }
            for g, is_shown in zip(groups, shown, strict=True)
        ]
    )


def _months(
    one: GroupSeries,
    groups: Sequence[Group],
    specialties: Sequence[str],
    weighted: NDArray[np.float64],
    shown: list[bool],
    hidden: NDArray[np.bool_],
    smallest: int,
) -> pd.DataFrame:
    inside = [g for g in groups if g.kind == "consortium"]
    is_guarded = not all(
        is_shown for g, is_shown in zip(groups, shown, strict=True) if g.kind != "practice"
    )
    frames = []
    for n, group in enumerate(groups):
        if not shown[n]:
            continue
        frames.append(_series(one, group, n, -1, ALL).assign(weighted_list=weighted[n]))
        if group.kind == "practice" or is_guarded or not one.measure.is_rate:
            continue
        cells = _cells(one, groups, specialties)
        others = inside if group.kind == "pct" else []
        told = lines_by_month(cells, group, others, set(specialties), smallest)
        is_any = np.nansum(one.counts[n], axis=-1) > 0
        frames += [
            _series(one, group, n, k, code).assign(weighted_list=weighted[n])
            for k, code in enumerate(specialties)
            # Twelve months that are told would tell the year.
            if code in told and is_any[k] and not hidden[n, k]
        ]
    names = tables.MEASURE_MONTHS.names
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)


def _cells(one: GroupSeries, groups: Sequence[Group], specialties: Sequence[str]) -> pd.DataFrame:
    """Lay the events of practices out by specialty and month."""
    rows = [n for n, g in enumerate(groups) if g.kind == "practice"]
    counted = np.nan_to_num(one.counts[rows, :-1])
    practice, specialty, month = (i.ravel() for i in np.indices(counted.shape))
    codes = [groups[n].code for n in rows]
    return pd.DataFrame(
        {
            "practice_code": np.array(codes, dtype=object)[practice],
            "pod": np.array(specialties, dtype=object)[specialty],
            "month": month,
            "n_activity": counted.ravel().round().astype(int),
        }
    )


def _series(one: GroupSeries, group: Group, n: int, k: int, code: str) -> pd.DataFrame:
    """Give one group's months of one specialty."""
    upper, lower = one.numerator[n, k], one.denominator[n, k]
    scale = PER_PATIENTS if one.measure.is_rate else 1
    value = np.divide(scale * upper, lower, out=np.full(upper.shape, np.nan), where=lower > 0)
    return pd.DataFrame(
        {
            "measure": one.measure.name,
            "group_kind": group.kind,
            "group_code": group.code,
            "specialty_code": code,
            "month": [m.date() for m in one.months],
            "numerator": upper,
            "denominator": lower,
            "value": value,
            "usual_ratio": one.usual_ratio,
        }
    )


def _hidden(
    one: GroupSeries, groups: Sequence[Group], consortia: Mapping[str, str], smallest: int
) -> NDArray[np.bool_]:
    """Choose the specialties of groups of which neither years nor months are told."""
    years = [year_of(one.counts, last) for last in (True, False)]
    return hidden_cells(years, groups, consortia, smallest)


def _years(
    one: GroupSeries,
    groups: Sequence[Group],
    specialties: Sequence[str],
    names: Mapping[str, str],
    yearly: pd.DataFrame,
    weighted: NDArray[np.float64],
    shown: list[bool],
    hidden: NDArray[np.bool_],
) -> pd.DataFrame:
    """Give the latest twelve months against those before, by specialty where these are told."""
    codes = [*specialties, ALL]
    now, before = ([year_of(part, last) for part in _parts(one)] for last in (True, False))
    changes = changes_of(one.measure, now, before)
    changes |= weighted_years(one.measure, now[0], before[0], weighted)
    against = _expected(yearly, one.measure.name)
    rows = []
    for n, group in enumerate(groups):
        for k, code in enumerate(codes):
            if not now[2][n, k] and not before[2][n, k]:
                continue
            if not one.measure.is_rate and code != ALL:
                continue
            is_withheld = bool(hidden[n, k]) or not shown[n]
            row: dict[str, Any] = {
                "measure": one.measure.name,
                "group_kind": group.kind,
                "group_code": group.code,
                "specialty_code": code,
                "specialty_name": "All" if code == ALL else names.get(code, code),
                "to_month": one.months[-1].date(),
                "is_withheld": is_withheld,
            }
            if not is_withheld:
                row |= {name: part[n, k] for name, part in changes.items()}
                key = (ALL if group.kind == "pct" else group.code, code)
                if group.kind != "consortium":
                    row |= against.get(key, {})
            rows.append(row)
    frame = pd.DataFrame(rows).reindex(columns=tables.MEASURE_YEARS.names)
    frame["is_withheld"] = frame["is_withheld"].astype(bool)
    return frame.replace([np.inf, -np.inf], np.nan).astype(
        {"n_events": "Int64", "n_events_before": "Int64"}
    )


def _expected(yearly: pd.DataFrame, measure: str) -> dict[tuple[str, str], dict[str, float]]:
    """Give observed over expected by practice and specialty."""
    own = yearly[yearly["measure"] == measure]
    names = {"ratio": "expected_ratio", "ratio_low": "expected_low", "ratio_high": "expected_high"}
    values = own[list(names)].rename(columns=names).to_dict("records")
    keys = zip(own["practice_code"].astype(str), own["specialty_code"].astype(str), strict=True)
    return {
        key: {str(k): float(v) for k, v in row.items()}
        for key, row in zip(keys, values, strict=True)
    }


def _parts(one: GroupSeries) -> tuple[NDArray[np.float64], ...]:
    return one.numerator, one.denominator, one.counts
