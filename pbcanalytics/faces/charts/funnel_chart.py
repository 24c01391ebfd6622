"""A funnel: practices against what chance allows, and against what their own levels allow."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pbcanalytics.demand.comparing.funnels import (
    INNER_SHARE,
    OUTER_SHARE,
    peer_limits,
    phe_ratio_limits,
)
from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.demand.comparing.overdispersion import Spread
from pbcanalytics.demand.comparing.practices import is_beyond
from pbcanalytics.faces.charts.control_chart import headed
from pbcanalytics.faces.charts.figures import BLUE, GREY, INK, LAYOUT, QUIET

DEFINITION: Final = (
    "Solid: chance alone (the ratio funnel of Public Health England). Dashed: chance and how far "
    "practices' own levels differ (negative binomial). Inner lines 95%, outer 99.8%."
)
SHAPES: Final = (
    "Filled triangles lie beyond the dashed 95% line, open ones beyond the solid one only; they "
    "point up or down. Circles are within both."
)
_NAMES: Final = {INNER_SHARE: "95%", OUTER_SHARE: "99.8%"}
_N_POINTS: Final = 60


@dataclass(frozen=True)
class FunnelPoint:
    """One practice: what is expected, its ratio, both verdicts, and a sentence."""

    name: str
    expected: float
    ratio: float
    chance: str
    peers: str
    is_own: bool
    says: str


def funnel_chart(
    points: list[FunnelPoint],
    peers: Spread | None,
    *,
    event_weight_ratio: float,
    title: str,
    description: str,
) -> dict[str, Any]:
    """
    Draw a funnel with 95% and 99.8% limits, with and without the practices' own levels.

    Parameters
    ----------
    points : list of FunnelPoint
        One at least.
    peers : Spread or None
        How far practices differ; None where there are too few of them to say.
    event_weight_ratio : float
        Variance that chance gives a count, over its mean.
    title, description : str
        Title; and the same for readers who cannot see the figure.

    Returns
    -------
    dict
        A plotly figure: `data` and `layout`.
    """
    expected = [p.expected for p in points]
    least, most = max(min(expected) * 0.85, 1.0), max(expected) * 1.06
    at = np.linspace(least, most, _N_POINTS)
    data, labels = [], []
    for share in (INNER_SHARE, OUTER_SHARE):
        ends = chance_limits(at / event_weight_ratio, share)
        data += [_line(at, y, "solid") for y in ends]
        if peers is not None:
            wide = peer_limits(at / event_weight_ratio, peers, share)
            data += [_line(at, y, "dash") for y in wide]
            ends = wide
        labels.append(_label(most, float(ends[1][-1]), _NAMES[share]))
    others, own = ([p for p in points if p.is_own is mine] for mine in (False, True))
    data += [_points(some, is_own=some is own) for some in (others, own) if some]
    ratios = [p.ratio for p in points]
    limits = np.concatenate([np.asarray(d["y"], dtype=float) for d in data[:-1]])
    room = 0.06 * (max(*ratios, *limits) - min(*ratios, *limits))
    return {
        "data": data,
        "layout": {
            **LAYOUT,
            **headed(title, plot=316, bottom=66 if own else 48),
            "meta": {"description": description},
            "annotations": labels,
            "shapes": [
                {"type": "line", "x0": least, "x1": most, "y0": 1, "y1": 1,
                 "line": {"color": INK, "width": 1, "dash": "dot"}}
            ],
            "yaxis": {
                "gridcolor": "#e8edee",
                "automargin": True,
                "fixedrange": True,
                "zeroline": False,
                "nticks": 6,
                "range": [
                    max(float(min(*ratios, *limits)) - room, 0.0),
                    float(max(*ratios, *limits)) + room,
                ],
            },
            "xaxis": {
                "title": {
                    "text": "expected in twelve months"
                    + "".join(f"<br>large and dark: {p.name}" for p in own),
                    "font": {"size": 12, "color": QUIET},
                },
                "showgrid": False,
                "fixedrange": True,
                "zeroline": False,
                "nticks": 5,
            },
        },
    }  # fmt: skip


def chance_limits(expected: Array, confidence_share: float) -> tuple[Array, Array]:
    """
    Give the ratios at which a practice is just beyond chance, by the definition of the verdict.

    Parameters
    ----------
    expected : array of float
        [events]
    confidence_share : float
        [share]

    Returns
    -------
    tuple of array
        [ratio]
    """
    counts = np.geomspace(0.01, 3 * float(np.max(expected)) + 30, 400)
    high_at, low_at = phe_ratio_limits(counts, confidence_share)
    # The least count that is high where so much is expected, and the largest that is low.
    return (
        np.interp(expected, low_at, counts, left=0.0) / expected,
        np.interp(expected, high_at, counts) / expected,
    )


def _line(x: Array, y: Array, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [round(float(v), 1) for v in x],
        "y": [round(float(v), 4) for v in y],
        "line": {"color": GREY, "width": 1, "dash": dash},
        "hoverinfo": "skip",
    }


def _points(points: list[FunnelPoint], *, is_own: bool) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [p.expected for p in points],
        "y": [p.ratio for p in points],
        "marker": {
            "size": 15 if is_own else 10,
            "symbol": [shape(p.chance, p.peers) for p in points],
            "color": INK if is_own else BLUE,
            "line": {"width": 2, "color": INK if is_own else BLUE},
        },
        "customdata": [p.says for p in points],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def shape(chance: str, peers: str) -> str:
    """
    Give the mark of a practice by its verdicts.

    Examples
    --------
    >>> shape("high_0.001", "high_0.025"), shape("low_0.025", "not_significant")
    ('triangle-up', 'triangle-down-open')
    """
    for verdict, ending in ((peers, ""), (chance, "-open")):
        if is_beyond(verdict):
            way = "up" if verdict.startswith("high_") else "down"
            return f"triangle-{way}{ending}"
    return "circle"


def _label(x: float, y: float, text: str) -> dict[str, Any]:
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": False,
        "xanchor": "right",
        "yanchor": "bottom",
        "font": {"size": 12, "color": QUIET},
    }
