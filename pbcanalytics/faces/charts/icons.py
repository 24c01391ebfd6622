"""Icons of variation and assurance as SVG: a letter and words go with every colour."""

from dataclasses import dataclass
from html import escape
from typing import Final

_GREY, _BLUE, _ORANGE, _PURPLE, _INK = "#a6a6a6", "#00b0f0", "#e46c0a", "#490092", "#212b32"
"""NHSRplotthedots' colours; letters are dark, so that they can be read on white."""


@dataclass(frozen=True)
class Icon:
    """An icon: its words, letter and colour, and the places of its dots (x, y; y grows down)."""

    words: str
    letter: str
    colour: str
    dots: tuple[tuple[int, int], ...]


_LEVEL: Final = ((14, 34), (23, 28), (32, 36), (41, 29), (50, 34))
_UP: Final = ((14, 42), (23, 40), (32, 41), (41, 24), (50, 20))
_DOWN: Final = ((14, 22), (23, 24), (32, 23), (41, 40), (50, 44))

VARIATION: Final = {
    "common_cause": Icon("nothing unusual", "", _GREY, _LEVEL),
    "improvement_high": Icon("improvement: higher than usual", "H", _BLUE, _UP),
    "improvement_low": Icon("improvement: lower than usual", "L", _BLUE, _DOWN),
    "concern_high": Icon("concern: higher than usual", "H", _ORANGE, _UP),
    "concern_low": Icon("concern: lower than usual", "L", _ORANGE, _DOWN),
    "neutral_high": Icon("higher than usual", "H", _PURPLE, _UP),
    "neutral_low": Icon("lower than usual", "L", _PURPLE, _DOWN),
}
"""By the type of a series' last point (Making Data Count; nothing is judged if no way is good)."""

ASSURANCE: Final = {
    "pass": Icon("meets the target month after month", "P", _BLUE, ()),
    "fail": Icon("misses the target month after month", "F", _ORANGE, ()),
    "inconsistent": Icon("meets or misses the target by chance", "?", _GREY, _LEVEL),
}
"""By where the limits lie against the target, not by what the last months were."""


def variation(kind: str) -> str:
    """
    Draw the variation icon of a point type.

    Returns
    -------
    str
        SVG of 64 by 64 units whose title says what it says.
    """
    icon = VARIATION[kind]
    line = " ".join(f"{x},{y}" for x, y in icon.dots)
    drawn = f'<polyline points="{line}" fill="none" stroke="{icon.colour}" stroke-width="2"/>'
    # What is usual is small and pale; what is not is filled.
    fill = icon.colour if icon.letter else "#ffffff"
    drawn += "".join(
        f'<circle cx="{x}" cy="{y}" r="3.5" fill="{fill}" stroke="{icon.colour}"/>'
        for x, y in icon.dots
    )
    return _drawn(icon, drawn, "14" if icon.dots == _UP else "38", "16" if icon.letter else "0")


def assurance(kind: str) -> str:
    """
    Draw the assurance icon.

    Returns
    -------
    str
        SVG of 64 by 64 units whose title says what it says.
    """
    icon = ASSURANCE[kind]
    drawn = (
        f'<line x1="10" y1="44" x2="54" y2="44" stroke="{icon.colour}" stroke-width="3" '
        'stroke-dasharray="5 3"/>'
    )
    return _drawn(icon, drawn, "25", "24")


def _drawn(icon: Icon, inside: str, x: str, size: str) -> str:
    """Put a drawing and the letter into the ring, under the words."""
    letter = (
        f'<text x="{x}" y="32" font-family="Arial, sans-serif" font-size="{size}" '
        f'font-weight="bold" fill="{_INK}">{escape(icon.letter)}</text>'
        if icon.letter
        else ""
    )
    words = escape(icon.words)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" '
        f'aria-label="{words}"><title>{words}</title>'
        f'<circle cx="32" cy="32" r="29" fill="#ffffff" stroke="{icon.colour}" stroke-width="4"/>'
        f"{inside}{letter}</svg>"
    )
