"""What is published of forecasts of measures, and of how good they were."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pbcanalytics.demand.forecasting.foreseeing import Foreseen, intervals
from pbcanalytics.demand.measuring.groups import GroupSeries
from pbcanalytics.demand.measuring.sums import ALL, PER_PATIENTS
from pbcanalytics.faces.withholding.step_groups import Group
from pbcanalytics.words import tables


def forecasts(one: GroupSeries, groups: Sequence[Group], months: pd.DataFrame) -> pd.DataFrame:
    """
    Lay out the forecasts of a measure.

    A forecast is told where the months that it rests on are: what could be had of forecasts by
    subtraction is then of sums whose months could be had so too, and these are guarded.

    Parameters
    ----------
    one : GroupSeries
    groups : sequence of Group
        In the order of the series.
    months : DataFrame
        Rows of `measure_months` of the measure.

    Returns
    -------
    DataFrame
        Table `measure_forecasts`.
    """
    keys = months[["group_kind", "group_code", "specialty_code"]].drop_duplicates()
    told = {(str(a), str(b), str(c)) for a, b, c in keys.itertuples(index=False)}
    frames = _foreseen(one.foreseen, told) if one.foreseen else _smoothed(one, groups, told)
    names = tables.MEASURE_FORECASTS.names
    if not frames:
        return pd.DataFrame(columns=names)
    ahead = [m.date() for m in one.ahead]
    parts = [pd.DataFrame({"month": ahead, **columns}) for columns in frames]
    every = pd.concat(parts, ignore_index=True).assign(measure=one.measure.name)
    return every.reindex(columns=names)


def record(one: GroupSeries, shown: Sequence[bool]) -> pd.DataFrame:
    """
    Lay out how forecasts of a year ago turned out; nothing where the PCT's months are withheld.

    Parameters
    ----------
    one : GroupSeries
    shown : sequence of bool
        Of each group, the PCT first: whether its months are told.

    Returns
    -------
    DataFrame
        Table `measure_forecast_record`.
    """
    rows = one.record if shown[0] else one.record.head(0)
    return rows.assign(measure=one.measure.name, to_month=one.months[-1].date())


def _foreseen(found: Foreseen, told: set[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Give what is told of forecasts that add up."""
    nodes = found.nodes
    keys = nodes[["kind", "code", "specialty_code"]].itertuples(index=False, name=None)
    is_sum = (nodes["source"] == ALL).to_numpy(bool)
    which = np.array([key in told for key in keys]) & is_sum
    bounds = intervals(found, which)
    frames = []
    for place, row in enumerate(np.flatnonzero(which)):
        point, node = found.point[row], nodes.iloc[row]
        if np.isnan(point).all():
            continue
        scale = PER_PATIENTS / node["patients"]
        frames.append(
            {
                "group_kind": node["kind"],
                "group_code": node["code"],
                "specialty_code": node["specialty_code"],
                "n_events": point,
                "n_patients": node["patients"],
                "value": scale * point,
                **{
                    f"{end}_{level}": scale * bounds[level][i][place, :-1]
                    for level in bounds
                    for i, end in enumerate(("low", "high"))
                },
            }
        )
    return frames


def _smoothed(
    one: GroupSeries, groups: Sequence[Group], told: set[tuple[str, str, str]]
) -> list[dict[str, Any]]:
    """Give what is told of forecasts that do not add up: shares, ratios, days."""
    made = one.forecasts
    if made is None:
        return []
    return [
        {
            "group_kind": g.kind,
            "group_code": g.code,
            "specialty_code": ALL,
            "value": made.point[n],
            **{
                f"{end}_{level}": bounds[i][n]
                for level, bounds in made.bounds.items()
                for i, end in enumerate(("low", "high"))
            },
        }
        for n, g in enumerate(groups)
        if (g.kind, g.code, ALL) in told and not made.missing[n]
    ]
