"""Charts and forecasts of series as one table and as JSON."""

from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.demand.charting.spc import SHORT_POINTS
from pbcanalytics.demand.charting.trend import Trend
from pbcanalytics.demand.forecasting.conformal import LEVELS
from pbcanalytics.faces.charts.icons import ASSURANCE
from pbcanalytics.faces.sentences import trend as words

ENDS: Final = tuple(f"{end}_{level}" for level in LEVELS for end in ("low", "high"))

_MEASURED: Final = ("value", "mean", "lower", "upper")


def table(found: Trend) -> pd.DataFrame:
    """
    Give every point and every forecast as one table.

    Returns
    -------
    DataFrame, one row per series and month
        `series`, `group`, `month`, `value`, `mean`, `lower`, `upper`, `point_type` (also
        provisional, missing, forecast), `rules` joined by a semicolon, `segment` from 1,
        `forecast`, and ENDS.
    """
    names, groups = np.array(found.panel.names), np.array(found.panel.groups)
    n_months, n_ahead = len(found.panel.months), len(found.ahead)
    of = found.chart
    points = pd.DataFrame(
        {
            "series": np.repeat(names, n_months),
            "group": np.repeat(groups, n_months),
            "month": [f"{m:%Y-%m}" for m in found.panel.months] * len(names),
            "value": found.panel.values.ravel(),
            "mean": of.mean.ravel(),
            "lower": of.lower.ravel(),
            "upper": of.upper.ravel(),
            "point_type": words.kinds(found).ravel(),
            "rules": rules(found).ravel(),
            "segment": of.segment.ravel() + 1,
        }
    )
    ahead = pd.DataFrame(
        {
            "series": np.repeat(names, n_ahead),
            "group": np.repeat(groups, n_ahead),
            "month": [f"{m:%Y-%m}" for m in found.ahead] * len(names),
            "point_type": "forecast",
            "forecast": found.forecasts.point.ravel(),
            **{name: end.ravel() for name, end in _ends(found).items()},
        }
    )
    ahead = ahead.dropna(subset=["forecast"])
    if ahead.empty:
        return points.assign(forecast=np.nan, **dict.fromkeys(ENDS, np.nan))
    both = pd.concat([points, ahead], ignore_index=True)
    both["segment"] = both["segment"].astype("Int64")
    return both


def rules(found: Trend) -> Any:
    """Give the rules that flag each point, joined, as an array of series by month."""
    order = found.chart.preset.precedence
    mask = np.zeros(found.chart.values.shape, dtype=np.int64)
    for place, rule in enumerate(order):
        mask |= found.chart.flags[rule].astype(np.int64) << place
    texts = [
        ";".join(r for place, r in enumerate(order) if n >> place & 1)
        for n in range(2 ** len(order))
    ]
    return np.array(texts)[mask]


def machine(found: Trend) -> dict[str, Any]:
    """Give all of it as JSON takes it."""
    of = found.chart
    record = found.record
    kinds, ruled = words.kinds(found).tolist(), rules(found).tolist()
    segments = (of.segment + 1).tolist()
    measured = [_plain(a) for a in (found.panel.values, of.mean, of.lower, of.upper)]
    ahead = [_plain(a) for a in (found.forecasts.point, *_ends(found).values())]
    months = [f"{m:%Y-%m}" for m in found.panel.months]
    months_ahead = [f"{m:%Y-%m}" for m in found.ahead]
    series = []
    for row, name in enumerate(found.panel.names):
        last = int(of.last[row])
        met = str(found.assurances[row])
        missing = str(found.forecasts.missing[row])
        series.append(
            {
                "series": name,
                "group": found.panel.groups[row],
                "last_month": months[last],
                "variation": kinds[row][last],
                "variation_words": words.variation(found, row),
                "signal": words.signal(found, row),
                "assurance": met,
                "assurance_words": ASSURANCE[met].words if met else "",
                "n_points": int(of.n_points[row, last]),
                "is_short": bool(of.n_points[row, last] < SHORT_POINTS),
                "is_degenerate": bool(of.is_degenerate[row, last]),
                "luck_share": float(found.luck_share[row]),
                "forecast_basis": str(found.forecasts.basis[row]),
                "forecast_errors": int(found.forecasts.n_errors[row]),
                "forecast_missing": missing,
                "points": [
                    {
                        "month": month,
                        **dict(zip(_MEASURED, values, strict=True)),
                        "point_type": kind,
                        "rules": rule.split(";") if rule else [],
                        "segment": segment,
                    }
                    for month, values, kind, rule, segment in zip(
                        months,
                        zip(*(a[row] for a in measured), strict=True),
                        kinds[row],
                        ruled[row],
                        segments[row],
                        strict=True,
                    )
                ],
                "forecast": [
                    {"month": month, **dict(zip(("forecast", *ENDS), values, strict=True))}
                    for month, values in zip(
                        months_ahead, zip(*(a[row] for a in ahead), strict=True), strict=True
                    )
                    if not missing
                ],
            }
        )
    return {
        "preset": of.preset.name,
        "source": of.preset.source,
        "is_screened": of.preset.is_screened,
        "run_points": of.preset.shift_points,
        "direction": of.direction,
        "target": found.target,
        "fix_after": found.fix_after,
        "n_provisional": found.n_provisional,
        "rebasings": [
            {"month": f"{r.month:%Y-%m}", "reason": r.reason, "series": r.series}
            for r in found.rebasings
        ],
        "refused": list(found.refused),
        "expected_by_luck": float(found.luck_share.sum()),
        "backtest": None
        if record is None
        else {
            "n_series": record.n_series,
            "n_months": record.n_months,
            "wape": record.wape,
            "wape_same_month": record.wape_same_month,
            "wape_year_mean": record.wape_year_mean,
            "coverage": {str(k): v for k, v in record.coverage.items()},
        },
        "sentences": [*words.sentences(found), *words.notes(found)],
        "series": series,
    }


def _ends(found: Trend) -> dict[str, Any]:
    """Give the ends of the intervals by their names."""
    pairs = [end for level in LEVELS for end in found.forecasts.bounds[level]]
    return dict(zip(ENDS, pairs, strict=True))


def _plain(values: Any) -> list[list[float | None]]:
    """Give an array as lists, what is not a number as None."""
    plain = np.asarray(values, dtype=object)
    plain[np.isnan(values)] = None
    lists: list[list[float | None]] = plain.tolist()
    return lists
