"""A small chart of what all hospitals do alike in one mechanism, drawn on the server."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from pbcanalytics.faces.charts.figures import BLUE, GREY, INK

_WIDTH, _HEIGHT = 320, 132
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 312, 10, 108
_LEAST_POINTS: Final = 1.0
"""The axis spans at least so many points either way: chance alone must not look like a rise."""


@dataclass(frozen=True)
class SharedPeriod:
    """One period: its first month, the rise and, where known, its limits, in percentage points."""

    begun: dt.date
    rise: float
    low: float | None
    high: float | None


def shared_line(periods: Sequence[SharedPeriod], *, says: str) -> str:
    """
    Draw periods as a line about nought, with their limits as a shade.

    Parameters
    ----------
    periods : sequence of SharedPeriod
        In order, two at least.
    says : str
        The same in words, for readers who cannot see it.

    Returns
    -------
    str
        An SVG.
    """
    ends = [x for p in periods for x in (p.rise, p.low, p.high) if x is not None]
    low, high = min(*ends, -_LEAST_POINTS), max(*ends, _LEAST_POINTS)
    days = [(p.begun - periods[0].begun).days for p in periods]
    across = [_LEFT + (_RIGHT - _LEFT) * day / days[-1] for day in days]

    def up(points: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (points - low) / (high - low)

    def path(values: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{x:.1f},{up(y):.1f}" for x, y in values)

    banded = [
        (x, p.low, p.high)
        for x, p in zip(across, periods, strict=True)
        if p.low is not None and p.high is not None
    ]
    edge = [(x, y) for x, y, _ in banded] + [(x, y) for x, _, y in reversed(banded)]
    band = f'<polygon points="{path(edge)}" fill="{BLUE}" fill-opacity="0.18"/>' if banded else ""
    line = path([(x, p.rise) for x, p in zip(across, periods, strict=True)])
    levels = "".join(
        f'<text x="{_LEFT - 6}" y="{up(y) + 4:.1f}" text-anchor="end">{_signed(y)}</text>'
        for y in ((low, high) if min(-low, high) < 0.18 * (high - low) else (low, 0.0, high))
    )
    months = (
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}">{periods[0].begun:%b %Y}</text>'
        f'<text x="{_RIGHT}" y="{_HEIGHT - 6}" text-anchor="end">{periods[-1].begun:%b %Y}</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(says)}" style="width:100%;max-width:420px;height:auto" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}">'
        f"<title>{escape(says)}</title>{band}"
        f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{up(0):.1f}" y2="{up(0):.1f}" stroke="{GREY}"/>'
        f'<polyline points="{line}" fill="none" stroke="{BLUE}" stroke-width="2"/>'
        f"{levels}{months}</svg>"
    )


def _signed(points: float) -> str:
    """Write a level of the axis."""
    written = f"{points:+.0f}" if abs(points) >= 9.5 else f"{points:+.1f}"
    return "0" if not points else written.replace("-", "−")
