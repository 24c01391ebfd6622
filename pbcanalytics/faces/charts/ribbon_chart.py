"""A ribbon: one practice's months over the bands in which the others' lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pbcanalytics.faces.charts.control_chart import VALUES, headed
from pbcanalytics.faces.charts.figures import GREY, INK, LAYOUT, QUIET

_PEERS: Final = "0, 94, 184"
_PAIRS: Final = ((10, 90, 0.10), (20, 80, 0.10), (30, 70, 0.12), (40, 60, 0.14), (25, 75, 0.22))
"""Lower and upper percentile of a band and how dark it is; bands lie over one another."""


@dataclass(frozen=True)
class RibbonMonth:
    """One month: the own value and where its level probably lies, and the others' percentiles."""

    month: str
    value: float
    low: float | None
    high: float | None
    percentiles: Mapping[int, float]
    is_provisional: bool
    says: str


def ribbon_chart(
    months: Sequence[RibbonMonth], *, unit: str, title: str, description: str
) -> dict[str, Any]:
    """
    Draw own months over bands of peers: open marks and a dashed line where provisional.

    Parameters
    ----------
    months : sequence of RibbonMonth
        In order; percentiles may be 10 to 90 by tens, or 25, 50 and 75, or 50 alone.
    unit : str
        What a value is, with its direction in words.
    title, description : str
        Title; and the same for readers who cannot see the figure.

    Returns
    -------
    dict
        A plotly figure: `data` and `layout`.
    """
    x = [m.month for m in months]
    data: list[dict[str, Any]] = []
    for low, high, dark in _PAIRS:
        ends = [[m.percentiles.get(p) for m in months] for p in (low, high)]
        if all(v is not None for end in ends for v in end):
            data += _band(x, ends[0], ends[1], f"rgba({_PEERS}, {dark})")
    middle = [m.percentiles.get(50) for m in months]
    if any(v is not None for v in middle):
        data.append(_line(x, middle, colour=GREY, width=1.5))
    own = [[m.low for m in months], [m.high for m in months]]
    if any(v is not None for v in own[0]):
        data += _band(x, own[0], own[1], "rgba(33, 43, 50, 0.22)")
    n_whole = len(months) - _n_last(months)
    # The dashed part begins at the last whole month, so that the line does not break.
    whole = [m.value if n < n_whole else None for n, m in enumerate(months)]
    late = [m.value if n >= n_whole - 1 else None for n, m in enumerate(months)]
    data.append(_line(x, whole, colour=INK, width=2))
    if n_whole < len(months):
        data.append(_line(x, late, colour=INK, width=2, dash="dash"))
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": x,
            "y": [m.value for m in months],
            "marker": {
                "size": [8 if m.is_provisional else 5 for m in months],
                "symbol": ["circle-open" if m.is_provisional else "circle" for m in months],
                "color": INK,
            },
            "customdata": [m.says for m in months],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
    )
    return {
        "data": data,
        "layout": {
            **LAYOUT,
            **headed(title, plot=224, bottom=60),
            "meta": {"description": description},
            "yaxis": VALUES,
            "xaxis": {
                "title": {"text": unit, "font": {"size": 12, "color": QUIET}},
                "showgrid": False,
                "fixedrange": True,
                "tickvals": x[:: max(len(x) // 5, 1)],
                "tickangle": 0,
            },
        },
    }


def _n_last(months: Sequence[RibbonMonth]) -> int:
    """Count the provisional months at the end."""
    for n, m in enumerate(reversed(months)):
        if not m.is_provisional:
            return n
    return len(months)


def _band(
    x: list[str], low: Sequence[float | None], high: Sequence[float | None], colour: str
) -> list[dict[str, Any]]:
    """Fill between two lines that are not drawn themselves."""
    edge = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    return [{**edge, "y": low}, {**edge, "y": high, "fill": "tonexty", "fillcolor": colour}]


def _line(
    x: list[str], y: Sequence[float | None], *, colour: str, width: float, dash: str = "solid"
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": colour, "width": width, "dash": dash},
        "hoverinfo": "skip",
    }
