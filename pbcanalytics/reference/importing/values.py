"""Cells of a price list read exactly: pence, days, shares, the payment index."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

_NONE: Final = frozenset({"", "-", "--", "–", "—", ".", "..", "*", "n/a", "na", "not applicable"})
_PLAIN: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?|-?\d*\.?\d+(e[+-]?\d+)?", re.IGNORECASE)
_NOISE: Final = Decimal("0.0001")
"""Less than this part of a penny is how a spreadsheet stores the number, not a price."""

_INDEX_PLACES: Final = Decimal("0.000001")


@dataclass(frozen=True)
class Value:
    """A cell as a number: None where the publisher has none; `fault` where it is no number."""

    number: Decimal | None = None
    was_rounded: bool = False
    fault: str = ""


def number(text: str, *, zero_is_none: bool) -> Value:
    """
    Read a cell as a number.

    Examples
    --------
    >>> number("£1,234.50", zero_is_none=True).number, number("-", zero_is_none=True).number
    (Decimal('1234.50'), None)
    >>> number("tbc", zero_is_none=True).fault
    "'tbc' is no number"
    """
    bare = text.replace("£", "").replace("\xa0", "").strip()
    if bare.lower() in _NONE:
        return Value()
    compact = bare.replace(" ", "")
    if not _PLAIN.fullmatch(compact):
        return Value(fault=f"'{text}' is no number")
    try:
        found = Decimal(compact.replace(",", ""))
    except InvalidOperation:
        return Value(fault=f"'{text}' is no number")
    if found < 0:
        return Value(fault=f"'{text}' is below zero")
    return Value(None if found == 0 and zero_is_none else found)


def pence(text: str, *, zero_is_none: bool, in_pence: bool = False) -> Value:
    """
    Read pounds as whole pence; parts of a penny are rounded half up and said so.

    Examples
    --------
    >>> pence("1.005", zero_is_none=True)
    Value(number=Decimal('101'), was_rounded=True, fault='')
    """
    read = number(text, zero_is_none=zero_is_none)
    if read.number is None:
        return read
    exact = read.number * (1 if in_pence else 100)
    whole = exact.quantize(Decimal(1), ROUND_HALF_UP)
    if whole == 0 and zero_is_none:
        return Value(fault=f"'{text}' is less than a penny")
    return Value(whole, abs(exact - whole) > _NOISE)


def days(text: str, *, zero_is_none: bool) -> Value:
    """Read a number of days; one that is not whole is a fault."""
    read = number(text, zero_is_none=zero_is_none)
    if read.number is not None and read.number % 1:
        return Value(fault=f"'{text}' is no whole number of days")
    return read


def index(text: str) -> Value:
    """Read a payment index; below 1 it is some other index (domain 1.3, note 5)."""
    read = number(text, zero_is_none=False)
    if read.number is None:
        return read
    if read.number < 1:
        return Value(fault=f"'{text}' is below 1, so it is not the payment index")
    six = read.number.quantize(_INDEX_PLACES, ROUND_HALF_UP)
    return Value(six, abs(six - read.number) > _INDEX_PLACES * _NOISE)


def share(text: str, *, in_percent: bool) -> Value:
    """
    Read a share of a price; "70%", 70 in a column of percentages, and 0.7 are the same.

    Examples
    --------
    >>> share("70%", in_percent=False).number, share("0.7", in_percent=False).number
    (Decimal('0.700000'), Decimal('0.700000'))
    """
    has_sign = text.strip().endswith("%")
    read = number(text.strip().removesuffix("%"), zero_is_none=True)
    if read.number is None:
        return read
    found = read.number / 100 if has_sign or in_percent else read.number
    if found > 1:
        return Value(fault=f"'{text}' is more than the whole price")
    return Value(found.quantize(_INDEX_PLACES, ROUND_HALF_UP))


def is_in_percent(texts: list[str]) -> bool:
    """Tell whether the plain numbers of a column of shares are percentages: one is above 1."""
    numbers = [number(t, zero_is_none=True).number for t in texts if not t.strip().endswith("%")]
    return any(n is not None and n > 1 for n in numbers)
