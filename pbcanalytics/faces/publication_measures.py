"""What is published of measures of demand: small numbers withheld, and what would tell them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.demand.conformal import LEVELS
from pbcanalytics.demand.groups import GroupSeries
from pbcanalytics.demand.measures import NOT_REVIEWED, UNDER_REVIEW, Measure
from pbcanalytics.demand.measuring import PER_PATIENTS, ratio_limits
from pbcanalytics.faces.disclosure import withheld_cells
from pbcanalytics.faces.monitor_withholding import lines_by_month, months_untold
from pbcanalytics.faces.step_groups import Group
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

ALL: Final = "ALL"
_YEAR: Final = 12
_LEVELS: Final = (80, 95)


def measure_tables(
    series: Sequence[GroupSeries],
    groups: Sequence[Group],
    consortia: Mapping[str, str],
    specialties: Sequence[str],
    names: Mapping[str, str],
    yearly: pd.DataFrame,
    *,
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
    today : date
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of Table to DataFrame
        The tables of OF_DEMAND.
    """
    found: dict[Table, list[pd.DataFrame]] = {table: [] for table in tables.OF_DEMAND}
    for one in series:
        untold = _untold(one, groups, consortia, smallest)
        shown = [(g.kind, g.code) not in untold for g in groups]
        found[tables.MEASURES].append(pd.DataFrame([_described(one, today)]))
        found[tables.MEASURE_GROUPS].append(_whose(one, groups, consortia, shown))
        found[tables.MEASURE_MONTHS].append(_months(one, groups, specialties, shown, smallest))
        found[tables.MEASURE_YEARS].append(
            _years(one, groups, specialties, names, yearly, shown, smallest)
        )
        found[tables.MEASURE_FORECASTS].append(_forecasts(one, groups, shown))
    return {
        table: pd.concat([table.check(f) for f in frames], ignore_index=True)
        if frames
        else pd.DataFrame(columns=table.names)
        for table, frames in found.items()
    }


def _counts(one: GroupSeries) -> list[NDArray[np.float64]]:
    """Give what must not be small: events, and of shares those that are not counted."""
    if one.measure.is_rate:
        return [one.counts]
    if one.measure.per == "share":
        return [one.counts, one.denominator - one.numerator]
    return [one.counts, one.denominator]


def _untold(
    one: GroupSeries, groups: Sequence[Group], consortia: Mapping[str, str], smallest: int
) -> set[tuple[str, str]]:
    """Choose the groups whose months are withheld."""
    found: set[tuple[str, str]] = set()
    for counts in _counts(one):
        cells = pd.concat(
            [
                pd.DataFrame(
                    {"practice_code": g.code, "month": one.months, "n_activity": counts[n, -1]}
                )
                for n, g in enumerate(groups)
                if g.kind == "practice"
            ]
        ).dropna()
        cells["n_activity"] = cells["n_activity"].round().astype(int)
        (pct,) = [g.code for g in groups if g.kind == "pct"]
        found |= months_untold(cells, consortia, pct, smallest)
    return found


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
    shown: list[bool],
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
        frames.append(_series(one, group, n, -1, ALL))
        if group.kind == "practice" or is_guarded or not one.measure.is_rate:
            continue
        cells = _cells(one, groups, specialties)
        others = inside if group.kind == "pct" else []
        told = lines_by_month(cells, group, others, set(specialties), smallest)
        is_any = np.nansum(one.counts[n], axis=-1) > 0
        frames += [
            _series(one, group, n, k, code)
            for k, code in enumerate(specialties)
            if code in told and is_any[k]
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


def _years(
    one: GroupSeries,
    groups: Sequence[Group],
    specialties: Sequence[str],
    names: Mapping[str, str],
    yearly: pd.DataFrame,
    shown: list[bool],
    smallest: int,
) -> pd.DataFrame:
    """Give the latest twelve months against those before, by specialty where these are told."""
    codes = [*specialties, ALL]
    now, before = ([_year(part, last) for part in _parts(one)] for last in (True, False))
    hidden = _hidden(now[2], before[2], groups, smallest)
    scale = PER_PATIENTS if one.measure.is_rate else 1
    ratio = np.divide(
        now[0] * before[1], before[0] * now[1], out=np.full(now[0].shape, np.nan),
        where=(before[0] > 0) & (now[1] > 0) & (before[1] > 0),
    )  # fmt: skip
    low, high = ratio_limits(now[2], before[2])
    if one.measure.numerator.counts_days or one.measure.per == "ratio":
        # What such a change rests on is more than one count, or days that come several at a time.
        low, high = np.full(low.shape, np.nan), np.full(high.shape, np.nan)
    size = np.divide(before[1], now[1], out=np.full(now[1].shape, np.nan), where=now[1] > 0)
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
                row |= {
                    "n_events": round(float(now[2][n, k])),
                    "n_events_before": round(float(before[2][n, k])),
                    "value": _divided(now, n, k, scale),
                    "value_before": _divided(before, n, k, scale),
                    "change_ratio": float(ratio[n, k]),
                    "change_low": float(low[n, k] * size[n, k]),
                    "change_high": float(high[n, k] * size[n, k]),
                }
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


def _year(part: NDArray[np.float64], is_last: bool) -> NDArray[np.float64]:
    """Sum the last twelve months, or those before."""
    months = part[..., -_YEAR:] if is_last else part[..., -2 * _YEAR : -_YEAR]
    return np.asarray(np.nansum(months, axis=-1))


def _divided(parts: list[NDArray[np.float64]], n: int, k: int, scale: int) -> float:
    upper, lower = float(parts[0][n, k]), float(parts[1][n, k])
    return scale * upper / lower if lower else float("nan")


def _hidden(
    now: NDArray[np.float64],
    before: NDArray[np.float64],
    groups: Sequence[Group],
    smallest: int,
) -> NDArray[np.bool_]:
    """Choose the cells of specialties that are withheld, in rows and in columns alike."""
    hidden = np.zeros(now.shape, dtype=bool)
    practices = [n for n, g in enumerate(groups) if g.kind == "practice"]
    for counts in (now, before):
        while True:
            was = hidden.sum()
            for n in range(len(groups)):
                _hide(hidden, counts, [(n, k) for k in range(now.shape[1] - 1)], smallest)
            for k in range(now.shape[1] - 1):
                _hide(hidden, counts, [(n, k) for n in practices], smallest)
            if hidden.sum() == was:
                break
    return hidden


def _hide(
    hidden: NDArray[np.bool_],
    counts: NDArray[np.float64],
    cells: list[tuple[int, int]],
    smallest: int,
) -> None:
    """Hide the small cells of a sum that is told, and as many more as guard those hidden."""
    held = {cell: round(float(counts[cell])) for cell in cells}
    gone = [cell for cell in cells if hidden[cell] and held[cell]]
    for cell in withheld_cells(held, smallest):
        hidden[cell] = True
    while gone and 0 < sum(held[c] for c in cells if hidden[c]) < smallest:
        left = sorted((n, c) for c, n in held.items() if n and not hidden[c])
        if not left:
            break
        hidden[left[0][1]] = True
    if len([c for c in cells if hidden[c] and held[c]]) == 1:
        left = sorted((n, c) for c, n in held.items() if n and not hidden[c])
        if left:
            hidden[left[0][1]] = True


def _forecasts(one: GroupSeries, groups: Sequence[Group], shown: list[bool]) -> pd.DataFrame:
    frames = []
    for n, group in enumerate(groups):
        if not shown[n] or one.forecasts.missing[n]:
            continue
        ends = {
            f"{end}_{level}": one.forecasts.bounds[level][i][n]
            for level in _LEVELS
            for i, end in enumerate(("low", "high"))
            if level in LEVELS
        }
        frames.append(
            pd.DataFrame(
                {
                    "measure": one.measure.name,
                    "group_kind": group.kind,
                    "group_code": group.code,
                    "month": [m.date() for m in one.ahead],
                    "value": one.forecasts.point[n],
                    **ends,
                }
            )
        )
    names = tables.MEASURE_FORECASTS.names
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)
