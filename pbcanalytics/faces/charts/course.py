"""The course of a year against its budget, as a plotly figure."""

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from pbcanalytics.faces.charts.figures import BLUE, GREY, INK, LAYOUT, QUIET, ticks
from pbcanalytics.faces.wording import short

MONTHS: Final = ("Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar")
_SHADE: Final = "rgba(0, 94, 184, 0.15)"


@dataclass(frozen=True)
class Point:
    """
    Where a year stands at the end of one month.

    Attributes
    ----------
    over_pence : int
        Spent since April, less the part of the budget for these months. [pence]
    is_provisional : bool
        Some of the month may still change.
    says : str
        The sentence that explains it.
    """

    over_pence: int
    is_provisional: bool
    says: str


@dataclass(frozen=True)
class End:
    """Where the year will probably end over budget, and the ends of four in five; in pence."""

    over_pence: int
    low_pence: int
    high_pence: int
    says: str


def course(points: list[Point], end: End | None, *, title: str, description: str) -> dict[str, Any]:
    """
    Draw how far spending is over or under the budget, month by month, and where it will end.

    The range of the end widens from the last month as the root of the months gone: drawn, not
    reckoned, between the two.

    Parameters
    ----------
    points : list of Point
        From April.
    end : End, optional
        Where March will probably be; none where the year is over or nothing can be foreseen.
    title, description : str
        Title, with the group and year; and the same for readers who cannot see the figure.

    Returns
    -------
    dict
        A plotly figure: `data` and `layout`.
    """
    shown = MONTHS[: len(points)]
    over = [p.over_pence / 100 for p in points]
    reached = [0.0, *over]
    data: list[dict[str, Any]] = []
    to_come: list[str] = []
    if end is not None and len(points) <= 12:
        to_come = list(MONTHS[max(len(points) - 1, 0) :])
        gone = [i / (len(to_come) - 1) if len(to_come) > 1 else 1.0 for i in range(len(to_come))]
        last = over[-1]
        middle = [last + (end.over_pence / 100 - last) * g for g in gone]
        below, above = end.over_pence - end.low_pence, end.high_pence - end.over_pence
        low = [m - below / 100 * sqrt(g) for m, g in zip(middle, gone, strict=True)]
        high = [m + above / 100 * sqrt(g) for m, g in zip(middle, gone, strict=True)]
        reached += [*low, *high]
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [*to_come, *reversed(to_come)],
                "y": [*high, *reversed(low)],
                "fill": "toself",
                "fillcolor": _SHADE,
                "line": {"width": 0},
                "hoverinfo": "skip",
            }
        )
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": to_come,
                "y": middle,
                "line": {"color": BLUE, "width": 2, "dash": "dash"},
                "hoverinfo": "skip",
            }
        )
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [MONTHS[-1]],
                "y": [end.over_pence / 100],
                "marker": {"symbol": "diamond", "size": 13, "color": INK},
                "customdata": [end.says],
                "hovertemplate": "%{customdata}<extra></extra>",
            }
        )
    data.append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(shown),
            "y": over,
            "line": {"color": BLUE, "width": 2},
            "marker": {
                "size": 9,
                "color": ["#ffffff" if p.is_provisional else BLUE for p in points],
                "line": {"color": BLUE, "width": 2},
            },
            "customdata": [p.says for p in points],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
    )
    high_end, low_end = max(reached), min(reached)
    room = (high_end - low_end) * 0.12 or 1.0
    at = ticks(low_end - room, high_end + room)
    return {
        "data": data,
        "layout": {
            **LAYOUT,
            "height": 340,
            "margin": {"l": 10, "r": 16, "t": 36, "b": 44},
            "title": {"text": title, "x": 0, "xanchor": "left", "font": {"size": 16}},
            "meta": {"description": description},
            "shapes": [
                {
                    "type": "line",
                    "xref": "paper",
                    "x0": 0,
                    "x1": 1,
                    "y0": 0,
                    "y1": 0,
                    "line": {"color": GREY, "width": 2},
                }
            ],
            "annotations": _labels(over, end, room),
            "yaxis": {
                "range": [low_end - room, high_end + room],
                "tickvals": at,
                "ticktext": [_side(t) for t in at],
                "gridcolor": "#e8edee",
                "zeroline": False,
                "automargin": True,
                "fixedrange": True,
            },
            "xaxis": {
                "categoryorder": "array",
                "categoryarray": list(MONTHS),
                "range": [-0.4, 11.6],
                "showgrid": False,
                "fixedrange": True,
                "title": {
                    "text": "running total since April; 0 is the budget's profile",
                    "font": {"size": 12, "color": QUIET},
                },
            },
        },
    }


def _side(pounds: float) -> str:
    """Say on which side of the budget a place on the axis is."""
    if not pounds:
        return "0"
    return f"{short(round(abs(pounds) * 100))} {'over' if pounds > 0 else 'under'}"


def _labels(over: list[float], end: End | None, room: float) -> list[dict[str, Any]]:
    """Write the latest place, and the end of the year, beside their marks."""
    told = []
    is_wide = len(over) < 10
    if over:
        told.append((MONTHS[len(over) - 1], over[-1], _side(over[-1]), "right"))
    if end is not None and is_wide:
        told.append((MONTHS[-1], end.over_pence / 100, _side(end.over_pence / 100), "right"))
    return [
        {
            "x": month,
            "y": y,
            "text": f"<b>{text}</b>",
            "showarrow": False,
            "xanchor": anchor,
            "xshift": -10,
            "yshift": 14,
            "font": {"size": 14},
        }
        for month, y, text, anchor in told
    ]
