"""Files for a spreadsheet: whole rows, pounds to the penny, nothing that runs as a formula."""

import csv
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typing import TextIO

    from pbcanalytics.intake.review.listing import Listing

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_UNSEEN: Final = " \u00a0\u200b\ufeff\"'"
"""White space and quotation marks before a formula do not keep a spreadsheet from running it."""


@contextmanager
def whole(path: Path) -> "Iterator[TextIO]":
    """Open a file to be written; it takes the place of the last one only when it is whole."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as out:
            yield out
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_csv(path: Path, listing: "Listing") -> int:
    """
    Write a listing; give how many rows it has.

    A byte order mark tells spreadsheets that it is UTF-8. Columns of pence become pounds.
    """
    names = listing.columns
    is_money = [name.endswith("_pence") for name in names]
    n = 0
    with whole(path) as out:
        out.write("\ufeff")
        writer = csv.writer(out)
        writer.writerow([name.replace("_pence", "_pounds") for name in names])
        for row in listing.rows():
            writer.writerow([cell(v, m) for v, m in zip(row, is_money, strict=True)])
            n += 1
    return n


def cell(value: Any, is_money: bool = False) -> str:
    """
    Write one value.

    Examples
    --------
    >>> cell(-2130050, True), cell("=1+1"), cell(None), cell(dt.date(2018, 6, 1))
    ('-21300.50', "'=1+1", '', '2018-06-01')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_money:
        pence = int(value)
        return f"{'-' if pence < 0 else ''}{abs(pence) // 100}.{abs(pence) % 100:02d}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str):
        is_formula = value.startswith(_FORMULA) or value.lstrip(_UNSEEN).startswith(_FORMULA)
        return f"'{value}" if is_formula else value
    return str(value)
