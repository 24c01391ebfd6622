"""What series of months show, said in words that judge only where a direction was given."""

from typing import Any, Final

import numpy as np

from pbcanalytics.demand.charting import presets
from pbcanalytics.demand.charting.spc import SHORT_POINTS
from pbcanalytics.demand.charting.trend import Trend
from pbcanalytics.demand.forecasting import conformal
from pbcanalytics.faces import wording
from pbcanalytics.faces.charts.icons import ASSURANCE, VARIATION

MOST_SHOWN: Final = 40
"""Of more series only those with a signal are shown."""

MOST_IN_FULL: Final = 3
"""Of more series the forecast of the next and the last month is shown only."""

FORECAST_HEADS: Final = ("Series", "Month", "Forecast", "Four times in five", "19 times in 20")

_NO_FORECAST: Final = {
    conformal.SHORT: "fewer than 24 months",
    conformal.ENDED: "no value in the last three months",
    conformal.NOT_POSITIVE: "values below zero, or only zeros",
}


def heads(found: Trend) -> tuple[str, ...]:
    """Name the columns of the table of series."""
    heads = ("Series", "Latest", "Mean", "Limits", "Variation", "Signal")
    return heads if found.target is None else (*heads, f"Target {number(found.target)}")


def shown(found: Trend) -> list[int]:
    """List the places of the series that are shown: all, or of many those with a signal."""
    n = len(found.panel.names)
    return [row for row in range(n) if n <= MOST_SHOWN or signal(found, row)]


def rows(found: Trend) -> list[tuple[str, ...]]:
    """Give a row of texts per series shown, in the order of `heads`."""
    table = []
    for row in shown(found):
        last = int(found.chart.last[row])
        mean, lower, upper = (
            float(a[row, last]) for a in (found.chart.mean, found.chart.lower, found.chart.upper)
        )
        texts: tuple[str, ...] = (
            found.panel.names[row],
            f"{number(found.chart.values[row, last])} in {_month(found, last)}",
            number(mean),
            "none" if np.isnan(lower) else f"{number(lower)} to {number(upper)}",
            variation(found, row),
            signal(found, row),
        )
        met = ASSURANCE.get(str(found.assurances[row]))
        table.append(texts if found.target is None else (*texts, met.words if met else ""))
    return table


def variation(found: Trend, row: int) -> str:
    """Say in words what the variation icon of a series shows."""
    last = int(found.chart.last[row])
    if np.isnan(found.chart.lower[row, last]):
        return "too few months since the limits started anew"
    if found.chart.is_degenerate[row, last]:
        return "hardly varies: no limits can be drawn"
    return VARIATION[str(found.chart.point_types[row, last])].words


def signal(found: Trend, row: int) -> str:
    """Say which rules the last point of a series breaks, and since when; "" if none."""
    last = int(found.chart.last[row])
    rules = [r for r in found.chart.preset.precedence if found.chart.flags[r][row, last]]
    return "; ".join(_said(found, row, last, rule) for rule in rules)


def _said(found: Trend, row: int, last: int, rule: str) -> str:
    """Say that the last point of a series breaks a rule."""
    of = found.chart
    values, segment = of.values[row], of.segment[row]
    is_above = bool(values[last] > of.mean[row, last])
    if rule == presets.ASTRONOMICAL:
        return "above the upper limit" if is_above else "below the lower limit"
    if rule == presets.TWO_IN_THREE:
        near = (
            f"the {'upper' if is_above else 'lower'} limit"
            if of.preset.needs_one_side
            else ("or beyond a limit")
        )
        return f"two of the last three months near {near}"
    if rule == presets.MOVING_RANGE:
        return "a larger change on the month before than usual"
    is_up = bool(values[last] > values[last - 1])
    first = last
    while first and segment[first - 1] == segment[last]:
        if rule == presets.SHIFT:
            goes_on = (values[first - 1] > of.mean[row, last]) == is_above and (
                values[first - 1] != of.mean[row, last]
            )
        else:
            goes_on = values[first] != values[first - 1] and (
                (values[first] > values[first - 1]) == is_up
            )
        if np.isnan(values[first - 1]) or not goes_on:
            break
        first -= 1
    since = f"since {_month(found, first)}"
    if rule == presets.SHIFT:
        side = "above" if is_above else "below"
        return f"{last - first + 1} months {side} the mean {since}"
    return f"{'rising' if is_up else 'falling'} {since}, {last - first} months running"


def forecast_rows(found: Trend) -> list[tuple[str, ...]]:
    """Give a row of texts per series and month ahead, in the order of FORECAST_HEADS; few only."""
    of = found.forecasts
    places = shown(found) if len(found.panel.names) <= MOST_SHOWN else []
    ahead = list(range(len(found.ahead)))
    if len(places) > MOST_IN_FULL:
        ahead = sorted({0, len(found.ahead) - 1})
    return [
        (
            found.panel.names[row],
            wording.month(f"{found.ahead[month]:%Y-%m}"),
            number(of.point[row, month], is_estimate=True),
            *(
                " to ".join(number(end[row, month], is_estimate=True) for end in of.bounds[level])
                for level in conformal.LEVELS
            ),
        )
        for row in places
        if not of.missing[row]
        for month in ahead
    ]


def sentences(found: Trend) -> list[str]:
    """Say what the charts show as a whole, and what they rest on."""
    names, of = found.panel.names, found.chart
    n_known = len(found.panel.months) - found.n_provisional
    n_signals = sum(bool(signal(found, row)) for row in range(len(names)))
    luck = float(found.luck_share.sum())
    said = [
        f"{_counted(len(names), 'series')}, {_month(found, 0)} to {_month(found, n_known - 1)}. "
        f"Rule set {of.preset.name}: {of.preset.source}, limits "
        f"{'screened' if of.preset.is_screened else 'not screened'}.",
        f"{n_signals:,} of {len(names):,} series show a signal in the last month; by luck alone "
        f"about {f'{luck:.0f}' if luck >= 10 else f'{max(luck, 0.01):.1g}'} would, if nothing had "
        "changed and each month were chance around its mean. Season, growth and working days make "
        "more of them (docs/methods/demand.md).",
    ]
    if len(names) > MOST_SHOWN:
        said.append(
            f"Shown are the {len(shown(found))} series with a signal, without forecasts; --csv or "
            "--json gives all."
        )
    if found.fix_after:
        said.append(f"Mean and limits rest on the first {found.fix_after} months of each part.")
    for one in found.rebasings:
        said.append(
            f"From {wording.month(f'{one.month:%Y-%m}')} limits start anew "
            f"({one.series or 'all series'}): {one.reason}."
        )
    if found.n_provisional:
        first = _month(found, n_known)
        said.append(
            f"Provisional, in no rule, limit or forecast: {first}"
            f"{'' if found.n_provisional == 1 else f' to {_month(found, -1)}'}."
        )
    return said + _cautions(found)


def _cautions(found: Trend) -> list[str]:
    """Say which series are not what they seem."""
    names, of = found.panel.names, found.chart
    at = (np.arange(len(names)), of.last)
    n_known = len(found.panel.months) - found.n_provisional
    there = ~np.isnan(of.values[:, :n_known])
    starts = there.argmax(axis=1)
    holes = (of.last + 1 - starts) - there.sum(axis=1)
    n_points = of.n_points[at]
    kinds = (
        ((n_points < SHORT_POINTS) & ~of.is_degenerate[at],
         f"fewer than {SHORT_POINTS} months make the limits, which will still move"),
        (of.is_degenerate[at],
         "the months hardly differ, so there are no limits and no signals"),
        (holes > 0, "months are missing; no change is measured across the hole and runs end there"),
        (of.last < n_known - 1, f"nothing for {_month(found, n_known - 1)}: the last month shown "
                                "is an earlier one"),
    )  # fmt: skip
    said = [
        f"{_named([n for n, is_so in zip(names, which, strict=True) if is_so])}: {why}."
        for which, why in kinds
        if which.any()
    ]
    if found.refused:
        said.append(
            f"{_named(list(found.refused))}: not charted, because fewer than 3 months are there. "
            "Add earlier ones."
        )
    return said


def notes(found: Trend) -> list[str]:
    """Say what the forecasts rest on and how good they have been."""
    of, said = found.forecasts, []
    if (of.missing == "").any():
        said.append(
            "Forecast: each series' own smoothed level, times the season that its group shares."
        )
    for basis, words in (
        (conformal.BAND, "errors that the same forecast made a year ago in {} series of its size"),
        (conformal.GROUP, "errors that the same forecast made a year ago in the {} series of the "
                          "group, because too few are of its size"),
        (conformal.OWN, "each series' own {} errors of one month ahead, because fewer than "
                        f"{conformal.LEAST_IN_GROUP} series of its group could lend theirs"),
    ):  # fmt: skip
        which = of.basis == basis
        if which.any():
            counts = of.n_errors[which]
            n = f"{counts.min():,}"
            n += f" to {counts.max():,}" if counts.max() > counts.min() else ""
            whose = "" if which.all() else f" ({_counted(int(which.sum()), 'series')})"
            said.append(f"Ranges{whose} rest on {words.format(n)}.")
    for reason, why in _NO_FORECAST.items():
        none = [n for n, m in zip(found.panel.names, of.missing, strict=True) if m == reason]
        if none:
            said.append(f"{_named(none)}: no forecast, {why}.")
    record = found.record
    if record is None:
        return [*said, "No forecast could be held against what came: that takes 24 months."]
    said.append(
        f"A year ago the forecast would have been {record.wape:.1%} off (absolute errors over what "
        f"came, {_counted(record.n_series, 'series')}, 12 months); the same month of the year "
        f"before {record.wape_same_month:.1%}, the mean of that year {record.wape_year_mean:.1%}."
    )
    if record.coverage:
        inside = " and ".join(
            f"{share:.0%} lay in the {level}% range" for level, share in record.coverage.items()
        )
        said.append(f"Of the months of that test {inside}.")
    else:
        said.append("The ranges could not be tried so: that takes 36 months.")
    return said


def number(value: float, *, is_estimate: bool = False) -> str:
    """
    Write a number as a table does; whole ones whole, estimates in three figures.

    Examples
    --------
    >>> number(1234.0), number(48.92857), number(-0.24), number(12345.6, is_estimate=True)
    ('1,234', '48.9', '−0.240', '12,300')
    """
    if np.isnan(value):
        return "none"
    size = abs(value)
    figures = int(np.floor(np.log10(size))) if size else 0
    if is_estimate and figures >= 3:
        size = round(size, 2 - figures)
    decimals = 0 if size == round(size) else min(max(2 - figures, 0), 6) if size < 100 else 0
    written = f"{size:,.{decimals}f}"
    return f"−{written}" if value < 0 and written.strip("0.,") else written


def _month(found: Trend, place: int) -> str:
    """Write one of the months in words."""
    return wording.month(f"{found.panel.months[place]:%Y-%m}")


def _counted(n: int, what: str) -> str:
    """Write a number of things."""
    return f"{n:,} {what}"


def _named(names: list[str], most: int = 8) -> str:
    """Name the first few, and count the others."""
    more = [f"{len(names) - most:,} more"] if len(names) > most else []
    return wording.joined([*names[:most], *more])


def kinds(found: Trend) -> Any:
    """Give each point's type as an array of series by month, also of months without a point."""
    types = found.chart.point_types.astype("<U20")
    there = ~np.isnan(found.panel.values)
    types[~there] = "missing"
    n_known = len(found.panel.months) - found.n_provisional
    types[:, n_known:][there[:, n_known:]] = "provisional"
    return types
