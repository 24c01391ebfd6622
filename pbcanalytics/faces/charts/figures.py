"""Figures: pure functions from a result to a plotly figure, as plain data."""

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any, Final

from pbcanalytics.faces.wording import exact, short

INK: Final = "#212b32"
BLUE: Final = "#005eb8"
AMBER: Final = "#b45309"
GREY: Final = "#768692"
QUIET: Final = "#4c6272"

LAYOUT: Final[dict[str, Any]] = {
    "font": {"family": "system-ui, 'Segoe UI', Roboto, sans-serif", "size": 14, "color": INK},
    "paper_bgcolor": "#ffffff",
    "plot_bgcolor": "#ffffff",
    "showlegend": False,
    "hoverlabel": {"bgcolor": "#ffffff", "font": {"color": INK}},
}
"""What all figures have in common."""


@dataclass(frozen=True)
class Step:
    """One step of a walk: its name, what it adds [pence], and the sentence that explains it."""

    name: str
    pence: int
    says: str


def walk(
    start: Step, steps: list[Step], end: str, *, title: str, description: str
) -> dict[str, Any]:
    """
    Draw a walk from one sum to another: diamonds at both ends, a floating bar a step.

    Bars start and end where the sum stands, so the axis need not begin at zero; no bar's length
    misleads, because only the steps are drawn as bars.

    Parameters
    ----------
    start : Step
        Where the walk begins.
    steps : list of Step
        In order.
    end : str
        Name of the sum at which it arrives.
    title, description : str
        Title, with practice and year; and the same for readers who cannot see the figure.

    Returns
    -------
    dict
        A plotly figure: `data` and `layout`.
    """
    levels = [start.pence]
    for step in steps:
        levels.append(levels[-1] + step.pence)
    names = [start.name, *(s.name for s in steps), end]
    ends = [start.pence / 100, levels[-1] / 100]
    bars = [(s, levels[i] / 100) for i, s in enumerate(steps)]
    low, high = min(levels) / 100, max(levels) / 100
    room = (high - low) * 0.65 or high * 0.02
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "orientation": "h",
            "y": [s.name for s, _ in bars],
            "x": [s.pence / 100 for s, _ in bars],
            "base": [base for _, base in bars],
            "marker": {"color": [AMBER if s.pence < 0 else BLUE for s, _ in bars]},
            "width": 0.5,
            "customdata": [s.says for s, _ in bars],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "y": [names[0], names[-1]],
            "x": ends,
            "marker": {"symbol": "diamond", "size": 15, "color": INK},
            "customdata": [start.says, f"{end}: {short(levels[-1])}"],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
    ]
    reached = [levels[0], *levels[1:], levels[-1]]
    shapes = [
        {
            "type": "line",
            "y0": i,
            "y1": i + 1,
            "x0": reached[i] / 100,
            "x1": reached[i] / 100,
            "line": {"color": GREY, "width": 1, "dash": "dot"},
        }
        for i in range(len(names) - 1)
    ]
    labels = [(names[0], ends[0], short(levels[0]), "left")]
    for step, base in bars:
        right = max(base, base + step.pence / 100)
        labels.append((step.name, right, short(step.pence, signed=True), "left"))
    labels.append((names[-1], ends[1], short(levels[-1]), "left"))
    annotations = [
        {
            "y": name,
            "x": x,
            "text": f"<b>{text}</b>",
            "showarrow": False,
            "xanchor": anchor,
            "xshift": 12,
            "font": {"size": 15},
        }
        for name, x, text, anchor in labels
    ]
    at = ticks(low - room * 0.3, high + room)
    return {
        "data": data,
        "layout": {
            **LAYOUT,
            "height": 84 + 40 * len(names),
            "margin": {"l": 10, "r": 10, "t": 36, "b": 44},
            "title": {"text": title, "x": 0, "xanchor": "left", "font": {"size": 16}},
            "meta": {"description": description},
            "shapes": shapes,
            "annotations": annotations,
            "bargap": 0.4,
            "yaxis": {
                "categoryorder": "array",
                "categoryarray": names,
                "autorange": "reversed",
                "automargin": True,
                "fixedrange": True,
            },
            "xaxis": {
                "range": [low - room * 0.3, high + room],
                "tickangle": 0,
                "tickvals": at,
                "ticktext": [short(round(t * 100)) for t in at],
                "gridcolor": "#e8edee",
                "fixedrange": True,
                "title": {
                    "text": f"axis starts at {short(round((low - room * 0.3) * 100))}",
                    "font": {"size": 12, "color": QUIET},
                },
            },
        },
    }


def by_days(
    prices: list[tuple[int, int]],
    *,
    chosen: int,
    trim_days: int | None,
    title: str,
    description: str,
) -> dict[str, Any]:
    """
    Draw the price of a stay by its length: a step a day, a diamond at the chosen one.

    Parameters
    ----------
    prices : list of (int, int)
        Days and pence, in order.
    chosen : int
        The stay that is asked about. [days]
    trim_days : int, optional
        The trim point, drawn as a dotted line. [days]
    title, description : str
        Title, with HRG and year; and the same for readers who cannot see the figure.

    Returns
    -------
    dict
        A plotly figure: `data` and `layout`.
    """
    days = [d for d, _ in prices]
    pounds = [p / 100 for _, p in prices]
    own = dict(prices)[chosen]
    said = [f"{'1 day' if d == 1 else f'{d} days'}: {exact(p)}" for d, p in prices]
    high = max(pounds) * 1.25
    at = ticks(0, high)
    annotations: list[dict[str, Any]] = [
        {
            "x": chosen,
            "y": own / 100,
            "text": f"<b>{exact(own).removesuffix('.00')}</b>",
            "showarrow": False,
            **_beside(chosen / days[-1], own / 100 / high),
            "font": {"size": 15},
        }
    ]
    shapes = []
    if trim_days is not None and trim_days <= days[-1]:
        line = {"color": GREY, "width": 1, "dash": "dot"}
        upright = {"x0": trim_days, "x1": trim_days, "y0": 0, "y1": high}
        shapes.append({"type": "line", **upright, "line": line})
        is_right = trim_days > days[-1] / 2
        annotations.append(
            {
                "x": trim_days,
                "y": high,
                "text": f"trim point: {trim_days} days",
                "showarrow": False,
                "xanchor": "right" if is_right else "left",
                "xshift": -6 if is_right else 6,
                "yanchor": "top",
                "font": {"size": 13, "color": QUIET},
            }
        )
    shown = {"customdata": said, "hovertemplate": "%{customdata}<extra></extra>"}
    return {
        "data": [
            {
                **shown,
                "type": "scatter",
                "mode": "lines+markers" if len(days) < 40 else "lines",
                "x": days,
                "y": pounds,
                "line": {"color": BLUE, "width": 2, "shape": "hv"},
                "marker": {"size": 5, "color": BLUE},
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": [chosen],
                "y": [own / 100],
                "marker": {"symbol": "diamond", "size": 15, "color": INK},
                "customdata": [said[days.index(chosen)]],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        ],
        "layout": {
            **LAYOUT,
            "height": 320,
            "margin": {"l": 10, "r": 10, "t": 36, "b": 44},
            "title": {"text": title, "x": 0, "xanchor": "left", "font": {"size": 16}},
            "meta": {"description": description},
            "shapes": shapes,
            "annotations": annotations,
            "yaxis": {
                "range": [0, high],
                "tickvals": at,
                "ticktext": [short(round(t * 100)) for t in at],
                "gridcolor": "#e8edee",
                "automargin": True,
                "fixedrange": True,
            },
            "xaxis": {
                "range": [-0.5, days[-1] + 0.5],
                "nticks": 8,
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
                "title": {"text": "days in hospital", "font": {"size": 12, "color": QUIET}},
            },
        },
    }


def _beside(across: float, up: float) -> dict[str, Any]:
    """Place a label beside its mark so that it stays off the axes: how far across and up it is."""
    if across < 0.2:
        return {"xanchor": "left", "xshift": 12}
    if across > 0.85:
        return {"xanchor": "right", "xshift": -12, "yshift": 14}
    return {"yshift": -22 if up > 0.3 else 22}


def ticks(low: float, high: float) -> list[float]:
    """Choose two to four round numbers between two ends: as many as a phone has room for."""
    step = 10 ** floor(log10(max(high - low, 1.0)))
    step = next(step * m for m in (2, 1, 0.5, 0.2) if (high - low) / (step * m) >= 2)
    first = ceil(low / step)
    return [i * step for i in range(first, floor(high / step) + 1)]
