"""The parts of a printed page: text that is escaped, tables that are captioned and can be read."""

import datetime as dt
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final


class Html(str):
    """A text that is HTML already."""

    __slots__ = ()


Said = str | int
NOTHING: Final = "–"


def safe(text: Said) -> str:
    """Write a cell: HTML as it is, whole numbers with commas, everything else escaped."""
    if isinstance(text, Html):
        return text
    return f"{text:,}" if isinstance(text, int) else escape(text)


def table(
    caption: str, headings: Sequence[str], rows: Iterable[Sequence[Said]], *, texts: int = 1
) -> str:
    """
    Write a table.

    Parameters
    ----------
    caption : str
        What it shows, and as of when.
    headings : sequence of str
        One a column.
    rows : iterable of sequence
        One cell a column; the first is the row's heading.
    texts : int
        How many columns from the left hold words; the others hold numbers.
    """
    kinds = ["pbc-text" if i < texts else "" for i in range(len(headings))]
    head = "".join(
        f'<th scope="col"{_class(k)}>{escape(h)}</th>' for h, k in zip(headings, kinds, strict=True)
    )
    body = "".join(
        "<tr>"
        + f'<th scope="row" class="pbc-text">{safe(row[0])}</th>'
        + "".join(f"<td{_class(k)}>{safe(c)}</td>" for c, k in zip(row[1:], kinds[1:], strict=True))
        + "</tr>"
        for row in rows
    )
    # In a narrow window the table scrolls, not the page; a keyboard must be able to scroll it.
    return (
        f'<div class="pbc-scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f'<table class="pbc-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def paragraph(*sentences: str) -> str:
    """Write a paragraph of sentences; empty ones are left out."""
    said = " ".join(s for s in sentences if s)
    return f"<p>{escape(said)}</p>" if said else ""


def items(texts: Iterable[str]) -> str:
    """Write a list of texts, each on its own line."""
    return "<ul>" + "".join(f"<li>{safe(t)}</li>" for t in texts) + "</ul>"


def stack(texts: Iterable[str]) -> Html:
    """Write several short texts in one cell, each on its own line."""
    return Html('<ul class="stack">' + "".join(f"<li>{escape(t)}</li>" for t in texts) + "</ul>")


def cut(text: str | None, length: int = 60) -> str:
    """Shorten what stood in a file to what a line holds."""
    if not text:
        return "(empty)"
    return text if len(text) <= length else f"{text[: length - 1]}…"


def day(at: dt.date | dt.datetime) -> str:
    """
    Write a day in words.

    Examples
    --------
    >>> day(dt.date(2018, 6, 1))
    '1 June 2018'
    """
    return f"{at.day} {at:%B %Y}"


def month(first: dt.date | None) -> str:
    """Write a month in words."""
    return "no month" if first is None else f"{first:%B %Y}"


def plural(n: int, one: str, many: str = "") -> str:
    """
    Count things in words.

    Examples
    --------
    >>> plural(1, "row"), plural(1200, "row"), plural(2, "entry", "entries")
    ('1 row', '1,200 rows', '2 entries')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
