"""A control chart, and ratios with their intervals, as plotly figures."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pbcanalytics.faces.charts.figures import BLUE, GREY, INK, LAYOUT, QUIET

SIGNAL: Final = "#490092"
VALUES: Final = {
    "gridcolor": "#e8edee",
    "automargin": True,
    "fixedrange": True,
    "zeroline": False,
    "nticks": 6,
}
"""The axis on which the values of months stand."""

_TICKS: Final = 3
"""So many months are written below a chart: more would meet on a phone."""

_LINE_LETTERS: Final = 40
_LINE_PIXELS: Final = 21
"""A line of a title, as long as a phone shows whole, and as high as it is written."""


@dataclass(frozen=True)
class ChartPoint:
    """One month: its value, the limits that hold then, its signal (or none), and a sentence."""

    month: str
    value: float
    mean: float | None
    lower: float | None
    upper: float | None
    has_signal: bool
    says: str
    is_provisional: bool = False


@dataclass(frozen=True)
class Mark:
    """Something recorded: its month as the points write it, and the number it is told under."""

    month: str
    number: int


def headed(title: str, *, plot: int, bottom: int) -> dict[str, Any]:
    """
    Give a figure a title of as many lines as a phone needs, and the room for it.

    Parameters
    ----------
    title : str
        A new line begins at each <br>, and where one grows too long.
    plot, bottom : int
        Heights of what is drawn and of what is written below it. [pixels]

    Returns
    -------
    dict
        `title`, `height` and `margin` of a plotly layout.
    """
    lines = [part for line in title.split("<br>") for part in textwrap.wrap(line, _LINE_LETTERS)]
    top = 22 + _LINE_PIXELS * len(lines)
    return {
        "title": {"text": "<br>".join(lines), "x": 0, "xanchor": "left", "font": {"size": 16}},
        "height": top + plot + bottom,
        # Half of the first month's name stands left of the axis.
        "margin": {"l": 36, "r": 16, "t": top, "b": bottom},
    }


def control_chart(
    points: list[ChartPoint],
    *,
    unit: str,
    title: str,
    description: str,
    marks: Sequence[Mark] = (),
    target: float | None = None,
) -> dict[str, Any]:
    """
    Draw a control chart: values, mean and limits; a filled triangle where a rule speaks.

    Parameters
    ----------
    points : list of ChartPoint
        Month by month; without limits where there are too few. Those that are not whole are open
        circles on a dashed line.
    unit : str
        What a value is, with its direction in words.
    title, description : str
        Title; and the same for readers who cannot see the figure.
    marks : sequence of Mark
        Drawn as numbered lines.
    target : float, optional
        Drawn as a line with its word.

    Returns
    -------
    dict
        A plotly figure: `data` and `layout`.
    """
    months = [p.month for p in points]
    goals = [] if target is None else [target]
    n_whole = len(points) - sum(p.is_provisional for p in points)
    dashed = [p.value if n >= n_whole - 1 else None for n, p in enumerate(points)]
    lines = [
        ([p.upper for p in points], "dash", GREY, 1),
        ([p.mean for p in points], "solid", GREY, 2),
        ([p.lower for p in points], "dash", GREY, 1),
    ]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": months,
            "y": y,
            # Where limits start anew they jump, and do not lean over.
            "line": {"color": colour, "width": width, "dash": dash, "shape": "hv"},
            "hoverinfo": "skip",
        }
        for y, dash, colour, width in lines
    ]
    data.append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": months,
            "y": [None if p.is_provisional else p.value for p in points],
            "line": {"color": BLUE, "width": 2},
            "marker": {
                "size": [12 if p.has_signal else 7 for p in points],
                "symbol": ["triangle-up" if p.has_signal else "circle" for p in points],
                "color": [SIGNAL if p.has_signal else BLUE for p in points],
            },
            "customdata": [p.says for p in points],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
    )
    if n_whole < len(points):
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": months,
                "y": dashed,
                "line": {"color": BLUE, "width": 2, "dash": "dot"},
                "marker": {
                    "size": [9 if p.is_provisional else 0 for p in points],
                    "symbol": "circle-open",
                    "color": BLUE,
                },
                "customdata": [p.says for p in points],
                "hovertemplate": "%{customdata}<extra></extra>",
            }
        )
    return {
        "data": data,
        "layout": {
            **LAYOUT,
            **headed(title, plot=244, bottom=76),
            "shapes": [*map(_upright, marks), *map(_level, goals)],
            "annotations": [*map(_numbered, marks), *map(_worded, goals)],
            "meta": {"description": description},
            "yaxis": VALUES,
            "xaxis": {
                "title": {"text": unit, "font": {"size": 12, "color": QUIET}},
                "showgrid": False,
                "fixedrange": True,
                "tickmode": "array",
                "tickvals": months[:: max(1, len(months) // _TICKS)],
                "tickangle": 0,
            },
        },
    }


def _upright(mark: Mark) -> dict[str, Any]:
    """Draw the line of something recorded."""
    line = {"color": INK, "width": 1, "dash": "dash"}
    ends = {"x0": mark.month, "x1": mark.month, "y0": 0, "y1": 1}
    return {"type": "line", "xref": "x", "yref": "paper", **ends, "line": line}


def _numbered(mark: Mark) -> dict[str, Any]:
    """Write its number on top of it."""
    at = {"x": mark.month, "xref": "x", "y": 1, "yref": "paper", "showarrow": False}
    look = {"bgcolor": "#ffffff", "bordercolor": INK, "borderpad": 2, "font": {"size": 12}}
    return {"text": str(mark.number), **at, **look}


def _level(target: float) -> dict[str, Any]:
    """Draw the line of a target."""
    line = {"color": INK, "width": 2, "dash": "longdash"}
    ends = {"x0": 0, "x1": 1, "y0": target, "y1": target}
    return {"type": "line", "xref": "paper", "yref": "y", **ends, "line": line}


def _worded(target: float) -> dict[str, Any]:
    """Write its word beside it."""
    right = {"x": 1, "xref": "paper", "xanchor": "right"}
    above = {"y": target, "yref": "y", "yanchor": "bottom"}
    return {"text": "target", "showarrow": False, "font": {"size": 12}, **right, **above}
