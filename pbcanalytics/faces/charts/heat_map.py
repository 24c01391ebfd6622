"""A heat map of pounds as a table: blue for more, amber for less, sign and pounds in every cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from pbcanalytics.faces.wording import rough

_MORE: Final = ("#ffffff", "#e3eef9", "#c3dbf3", "#9cc3ea")
_LESS: Final = ("#ffffff", "#fdeedd", "#fadcb8", "#f5c58b")
_SHARES: Final = (0.02, 0.15, 0.5)
"""Of the largest sum, from which a cell takes the next deeper colour."""


@dataclass(frozen=True)
class Heat:
    """
    One cell.

    Attributes
    ----------
    pence : int or None
        None: withheld.
    mark : str
        A word after the sum; blank for none.
    """

    pence: int | None
    mark: str = ""


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], Heat],
    *,
    corner: str,
    caption: str,
) -> str:
    """
    Make the map.

    Parameters
    ----------
    rows, columns : sequence of str
        Headings.
    cells : mapping of (row, column) to Heat
        A cell that is left out was not followed.
    corner : str
        What the rows are.
    caption : str

    Returns
    -------
    str
        HTML.
    """
    most = max((abs(c.pence) for c in cells.values() if c.pence), default=1)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(row)}</th>'
        + "".join(_cell(cells.get((row, column)), most) for column in columns)
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="pbc-scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f'<table class="pbc-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr><th scope=col class=pbc-text>{escape(corner)}</th>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(cell: Heat | None, most: int) -> str:
    if cell is None:
        return "<td>not followed</td>"
    if cell.pence is None:
        return "<td>withheld</td>"
    depth = sum(abs(cell.pence) >= share * most for share in _SHARES)
    colour = (_MORE if cell.pence >= 0 else _LESS)[depth]
    said = f"{'+' if cell.pence > 0 else ''}{rough(cell.pence)}"
    mark = f"<br><strong>{escape(cell.mark)}</strong>" if cell.mark else ""
    return f'<td style="background:{colour}">{escape(said)}{mark}</td>'
