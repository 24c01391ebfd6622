"""A control chart, and ratios with their intervals, as plotly figures."""

from dataclasses import dataclass
from typing import Any, Final

from pbcanalytics.faces.figures import BLUE, GREY, INK, LAYOUT

SIGNAL: Final = "#490092"
_QUIET: Final = "#4c6272"


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


def control_chart(
    points: list[ChartPoint], *, unit: str, title: str, description: str
) -> dict[str, Any]:
    """
    Draw a control chart: values, mean and limits; a filled triangle where a rule speaks.

    Parameters
    ----------
    points : list of ChartPoint
        Month by month; without limits where there are too few.
    unit : str
        What a value is, with its direction in words.
    title, description : str
        Title; and the same for readers who cannot see the figure.

    Returns
    -------
    dict
        A plotly figure: `data` and `layout`.
    """
    months = [p.month for p in points]
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
            "line": {"color": colour, "width": width, "dash": dash},
            "hoverinfo": "skip",
        }
        for y, dash, colour, width in lines
    ]
    data.append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": months,
            "y": [p.value for p in points],
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
    return {
        "data": data,
        "layout": {
            **LAYOUT,
            "height": 340,
            "margin": {"l": 10, "r": 16, "t": 36, "b": 44},
            "title": {"text": title, "x": 0, "xanchor": "left", "font": {"size": 16}},
            "meta": {"description": description},
            "yaxis": {
                "gridcolor": "#e8edee",
                "automargin": True,
                "fixedrange": True,
                "zeroline": False,
                "nticks": 6,
            },
            "xaxis": {
                "title": {"text": unit, "font": {"size": 12, "color": _QUIET}},
                "showgrid": False,
                "fixedrange": True,
                "nticks": 6,
                "tickangle": 0,
            },
        },
    }


@dataclass(frozen=True)
class Whisker:
    """One practice: its ratio with both ends, whether it is the reader's own, and a sentence."""

    name: str
    ratio: float
    low: float
    high: float
    is_own: bool
    says: str


def whiskers(rows: list[Whisker], *, unit: str, title: str, description: str) -> dict[str, Any]:
    """
    Draw ratios with their intervals about 1, in the order given: no rank is meant.

    Parameters
    ----------
    rows : list of Whisker
    unit : str
        What a ratio is of.
    title, description : str

    Returns
    -------
    dict
        A plotly figure: `data` and `layout`.
    """
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "y": [r.name for r in rows],
            "x": [r.ratio for r in rows],
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": [r.high - r.ratio for r in rows],
                "arrayminus": [r.ratio - r.low for r in rows],
                "color": GREY,
                "thickness": 2,
            },
            "marker": {
                "size": [13 if r.is_own else 8 for r in rows],
                "symbol": ["diamond" if r.is_own else "circle" for r in rows],
                "color": [INK if r.is_own else BLUE for r in rows],
            },
            "customdata": [r.says for r in rows],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
    ]
    line = {"color": INK, "width": 1, "dash": "dot"}
    return {
        "data": data,
        "layout": {
            **LAYOUT,
            "height": 110 + 26 * len(rows),
            "margin": {"l": 10, "r": 16, "t": 36, "b": 44},
            "title": {"text": title, "x": 0, "xanchor": "left", "font": {"size": 16}},
            "meta": {"description": description},
            "shapes": [
                {"type": "line", "x0": 1, "x1": 1, "yref": "paper", "y0": 0, "y1": 1, "line": line}
            ],
            "yaxis": {"autorange": "reversed", "automargin": True, "fixedrange": True},
            "xaxis": {
                "title": {"text": unit, "font": {"size": 12, "color": _QUIET}},
                "gridcolor": "#e8edee",
                "fixedrange": True,
                "zeroline": False,
                "nticks": 6,
            },
        },
    }
