"""Pieces of a page as HTML: status strip, headline, table with its download."""

import base64
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any


@dataclass(frozen=True)
class Cell:
    """One column of a table: the key in a row, the heading, and how a value is written."""

    key: str
    heading: str
    write: Any = str
    is_number: bool = True


def strip(text: str, *, tone: str = "") -> str:
    """Make the status strip of a page; tone is "" or "warning"."""
    return f'<p class="pbc-strip {escape(tone)}" role="status">{escape(text)}</p>'


def headlines(figures: Sequence[tuple[str, str]], sentence: str) -> str:
    """
    Make the headlines of a page, the first the largest, and the sentence that goes with them.

    Parameters
    ----------
    figures : sequence of (figure, label)
        At most five: more are not read.
    sentence : str
    """
    shown = "".join(
        f'<li class="pbc-headline"><strong>{escape(figure)}</strong> '
        f"<span>{escape(label)}</span></li>"
        for figure, label in figures
    )
    return f'<ul class="pbc-headlines">{shown}</ul><p class="pbc-says">{escape(sentence)}</p>'


def note(text: str) -> str:
    """Make a note in small type."""
    return f'<p class="pbc-note">{escape(text)}</p>'


def folded(summary: str, content: str) -> str:
    """
    Fold content away under its summary.

    Parameters
    ----------
    summary : str
        Plain text, always open.
    content : str
        HTML.
    """
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def table(
    rows: Sequence[dict[str, Any]],
    cells: Sequence[Cell],
    *,
    caption: str,
    total: dict[str, Any] | None = None,
    marked: str = "",
    mark_key: str = "",
) -> str:
    """
    Make a table; a missing value is written as "withheld".

    Parameters
    ----------
    rows : sequence of dict
        One a row.
    cells : sequence of Cell
        The columns; the first is the row's heading.
    caption : str
        What the table shows, with practice and year.
    total : dict, optional
        The last row.
    marked, mark_key : str
        The row whose `mark_key` is `marked` is shown as the reader's own.
    """
    head = "".join(
        f'<th scope="col"{"" if c.is_number else " class=pbc-text"}>{escape(c.heading)}</th>'
        for c in cells
    )
    body = "".join(_row(r, cells, r.get(mark_key) == marked and bool(marked)) for r in rows)
    foot = f"<tfoot>{_row(total, cells, False)}</tfoot>" if total else ""
    return (
        f'<div class="pbc-scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f'<table class="pbc-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>"
    )


def _row(row: dict[str, Any], cells: Sequence[Cell], is_marked: bool) -> str:
    first, *others = cells
    heading = f'<th scope="row">{escape(_written(row, first))}</th>'
    rest = "".join(
        f"<td{'' if c.is_number else ' class=pbc-text'}>{escape(_written(row, c))}</td>"
        for c in others
    )
    return f"<tr{' class=own aria-current=true' if is_marked else ''}>{heading}{rest}</tr>"


def _written(row: dict[str, Any], cell: Cell) -> str:
    value = row.get(cell.key, "")
    if value is None:
        return "withheld"
    return str(value) if value == "" else str(cell.write(value))


def download(
    rows: Sequence[dict[str, Any]], *, file: str, text: str, notes: Sequence[str] = ()
) -> str:
    """
    Make a link that saves rows as CSV, every column, with notes on its last lines.

    Parameters
    ----------
    rows : sequence of dict
        One a row; the keys of the first are the headings.
    file : str
        Name under which it is saved.
    text : str
        Text of the link.
    notes : sequence of str
        What the figures are and where they come from.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    if rows:
        writer.writerow(rows[0])
        writer.writerows([_safe(v) for v in row.values()] for row in rows)
    for line in notes:
        writer.writerow([f"# {line}"])
    data = base64.b64encode(("\ufeff" + out.getvalue()).encode()).decode()
    return (
        f'<a class="pbc-download" download="{escape(file)}" '
        f'href="data:text/csv;charset=utf-8;base64,{data}">{escape(text)}</a>'
    )


def _safe(value: Any) -> Any:
    """Keep a text from being run as a formula by a spreadsheet."""
    is_formula = isinstance(value, str) and value[:1] in ("=", "+", "-", "@")
    return f"'{value}" if is_formula else value
