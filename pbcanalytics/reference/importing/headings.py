"""Headings of price lists made alike: case, marks, years and the names of settings."""

import re
from functools import lru_cache
from typing import Final

from pbcanalytics.words import periods

_YEARS: Final = re.compile(
    r"(?<!\d)(?<!\d[/.-])(?:20(?P<a>\d\d)[ /._-]?(?:20)?(?P<b>\d\d)"
    r"|(?P<c>\d\d)[/._-](?P<d>\d\d)|(?P<e>\d\d)(?P<f>\d\d))(?!\d)(?![/.-]\d)"
)
_CALENDAR: Final = "2021"
"""Alone it is a calendar year more often than 2020/21."""

_ALIKE: Final = (
    (r"%", " percent "),
    (r"[^a-z0-9 ]", " "),
    (r"\b(non ?elective|non ?el|nel)\b", "nonelective"),
    (r"\b(day ?cases?|dc)\b", "daycase"),
    (r"\b(electives?|el)\b", "elective"),
    (r"\btrim ?points?\b", "trim"),
    (r"\bfollow ?ups?\b", "followup"),
    (r"\bmulti ?prof(essional)?\b", "multi"),
    (r"\bsingle ?prof(essional)?\b", "single"),
    (r"\b(op ?proc|outpatient procedures?)\b", "outpatientprocedure"),
    (r"\bmarket forces factor\b", "mff"),
    (r"\b(best practice( tariff)?|bpts?)\b", "bpt"),
    (r"\s+", " "),
)


@lru_cache(maxsize=65_536)
def years_in(text: str) -> frozenset[str]:
    """
    Find the financial years that a text names; a span of years names each of them.

    Examples
    --------
    >>> sorted(years_in("1b APC & OPROC 18.19")), sorted(years_in("2017/19 tariff"))
    (['2018/19'], ['2017/18', '2018/19'])
    >>> years_in("27/06/2025, table 2021")
    frozenset()
    """
    found: set[str] = set()
    for match in _YEARS.finditer(text):
        first, last = (int(g) for g in match.groups() if g is not None)
        if match["a"] is None and match["c"] is None and match[0] == _CALENDAR:
            continue
        n_years = (last - first) % 100
        if n_years in (1, 2):
            found |= {periods.starting(2000 + first + i) for i in range(n_years)}
    return frozenset(found)


@lru_cache(maxsize=65_536)
def alike(heading: str) -> str:
    """
    Write a heading so that the same heading of another year's workbook is the same text.

    Examples
    --------
    >>> alike("Combined day case / ordinary elective spell tariff (£)")
    'combined daycase ordinary elective spell tariff'
    >>> alike("Non-elective_Trim point (days) 2018/19") == alike("nonel trimpoint days")
    True
    """
    text = _YEARS.sub(" ", heading.lower()).replace("_", " ")
    for pattern, word in _ALIKE:
        text = re.sub(pattern, word, text)
    return text.strip()
