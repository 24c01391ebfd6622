"""How one text of a file becomes a value: the SQL of each kind (domain 7.5)."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pbcanalytics.words import codes

_BABIES: Final = (7001, 7007)
"""HES writes ages under one year as 7001 (under a day) to 7007 (nine to twelve months)."""

_OLDEST_YEARS: Final = 120

_FIRST_DAY: Final = "DATE '1900-01-01'"


def _years_ahead(years: int) -> str:
    """Write a day that far ahead as a constant: SQL's own current_date is added up row by row."""
    today = dt.datetime.now(dt.UTC).date()
    return f"DATE '{today + dt.timedelta(days=round(365.25 * years))}'"


_LAST_DAY: Final = _years_ahead(2)
"""Between these any day may lie, births and closures included; others are no days at all."""

FIRST_ACTIVITY: Final = "DATE '1990-01-01'"
LAST_ACTIVITY: Final = _years_ahead(1)
"""SQL of the days between which activity may lie, when it is loaded."""

_SHORT_DAY: Final = (
    "([0-9]{1,2}(?:/[0-9]{1,2}/|[ -]?[A-Za-z]{3}[ -]?))([0-9]{2})((?: [0-9]{1,2}:[0-9:]+)?)"
)
_SHORT_MONTH: Final = "([A-Za-z]{3,9}[ -]?)([0-9]{2})()"
_THOUSANDS: Final = "[(+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]*)?[)-]?"


_CAST_ERRS_BEFORE: Final = "DATE '1000-01-01'"
"""What a cast reads as an earlier day was written otherwise."""


def listed(values: Sequence[str]) -> str:
    """Write texts as SQL, with commas."""
    return ", ".join("'" + v.replace("'", "''") + "'" for v in values)


_NULLS = listed(codes.FILE_NULLS)
_WHITE = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"


def cleaned(heading: str, is_odd: bool) -> str:
    """Give a text without the white space around it, HES nulls as NULL."""
    name = '"' + heading.replace('"', '""') + '"'
    bare = f"trim({name}, {_WHITE})" if is_odd else f"trim({name})"
    return f"CASE WHEN {bare} IN ({_NULLS}) THEN NULL ELSE {bare} END"


def has_short_year(text: str) -> str:
    """Write the SQL that tells whether a text is a day whose year has two figures."""
    return f"regexp_full_match({text}, '{_SHORT_DAY}')"


def day(text: str) -> str:
    """Read a day in any of the forms that extracts use; nulls of HES are days too."""
    # The cast reads 05/06/18 as a day of the year 5; most files write what it reads rightly.
    iso = _iso(text)
    return f"CASE WHEN {iso} >= {_CAST_ERRS_BEFORE} THEN {iso} ELSE {_otherwise(text)} END"


def _iso(text: str) -> str:
    return f"TRY_CAST({text} AS DATE)"


def _otherwise(text: str) -> str:
    """Read a day that is not written as 2018-05-01."""
    formats = (
        "['%d/%m/%Y', '%Y%m%d', '%d%b%Y', '%d/%m/%Y %H:%M', '%d/%m/%Y %H:%M:%S', '%d-%b-%Y', "
        "'%d %b %Y', '%d-%m-%Y']"
    )
    return f"CAST(TRY_STRPTIME({_in_full(text, _SHORT_DAY)}, {formats}) AS DATE)"


def _in_full(text: str, short: str) -> str:
    """Write a year of two figures in four: not later than next year (domain 7.5 is silent)."""
    year = f"regexp_extract({text}, '{short}', 2)"
    century = (
        f"CASE WHEN 2000 + CAST({year} AS INTEGER) <= year(current_date) + 1 "
        "THEN '20' ELSE '19' END"
    )
    parts = f"regexp_extract({text}, '{short}', 1), {century}, {year}"
    return (
        f"CASE WHEN regexp_full_match({text}, '{short}') "
        f"THEN concat({parts}, regexp_extract({text}, '{short}', 3)) ELSE {text} END"
    )


def _date(text: str) -> str:
    # First what most files write, so that they are read once.
    iso, other = _iso(text), _otherwise(text)
    return (
        f"CASE WHEN {iso} BETWEEN {_FIRST_DAY} AND {_LAST_DAY} THEN {iso} "
        f"WHEN {iso} >= {_CAST_ERRS_BEFORE} THEN NULL "
        f"ELSE CASE WHEN {other} BETWEEN {_FIRST_DAY} AND {_LAST_DAY} THEN {other} END END"
    )


def _integer(text: str) -> str:
    return (
        f"CASE WHEN contains({text}, '.') THEN "
        f"CAST(floor(TRY_CAST({text} AS DECIMAL(18, 3))) AS BIGINT) "
        f"ELSE TRY_CAST({text} AS BIGINT) END"
    )


def _age(text: str) -> str:
    years = _integer(text)
    return (
        f"CASE WHEN {years} BETWEEN {_BABIES[0]} AND {_BABIES[1]} THEN 0 "
        f"WHEN {years} BETWEEN 0 AND {_OLDEST_YEARS} THEN {years} END"
    )


def translated(text: str, translate: Mapping[str, str]) -> str:
    """Read a code, the supplier's turned into ours."""
    if not translate:
        return text
    cases = " ".join(f"WHEN {listed([k])} THEN {listed([v])}" for k, v in translate.items())
    return f"CASE upper({text}) {cases} ELSE {text} END"


def _month(text: str) -> str:
    formats = "['%Y%m', '%Y-%m', '%m/%Y', '%b-%Y', '%b %Y', '%b%Y', '%B %Y', '%B-%Y']"
    first = f"CAST(TRY_STRPTIME({_in_full(text, _SHORT_MONTH)}, {formats}) AS DATE)"
    found = f"COALESCE({first}, {_date(text)})"
    return (
        f"CASE WHEN {found} BETWEEN {FIRST_ACTIVITY} AND make_date(year(current_date) + 1, 12, 31) "
        f"THEN CAST(date_trunc('month', {found}) AS DATE) END"
    )


def _without_commas(text: str) -> str:
    """Take the commas between thousands out; any other comma, as in 12,50, stays and is unread."""
    return (
        f"CASE WHEN contains({text}, ',') AND regexp_full_match({text}, '{_THOUSANDS}') "
        f"THEN replace({text}, ',', '') ELSE {text} END"
    )


def _pence(text: str) -> str:
    """Read pounds as written, (12.30) and 12.30- being what is taken off, in whole pence."""
    bare = _without_commas(f"replace(replace({text}, '£', ''), ' ', '')")
    minus = f"regexp_replace({bare}, '^[(](.*)[)]$|^(.*)-$', '-\\1\\2')"
    return f"CAST(round(TRY_CAST({minus} AS DECIMAL(18, 5)) * 100) AS BIGINT)"


def _flag(text: str) -> str:
    return (
        f"CASE WHEN upper({text}) IN ({listed(codes.YES)}) THEN TRUE "
        f"WHEN upper({text}) IN ({listed(codes.NO)}) THEN FALSE END"
    )


_KINDS: Final[Mapping[str, Callable[[str], str]]] = {
    "age": _age,
    "date": _date,
    "integer": _integer,
    "ratio": lambda text: f"TRY_CAST({_without_commas(text)} AS DOUBLE)",
    "month": _month,
    "pence": _pence,
    "flag": _flag,
    "pseudonym": lambda text: f"pseudonym({text})",
}

UNREADABLE: Final = {
    "date": "date",
    "month": "month",
    "integer": "number",
    "ratio": "number",
    "pence": "sum of money",
}
"""Kinds a text of which may be unreadable, and what it is then not."""


def value(text: str, kind: str, translate: Mapping[str, str]) -> str:
    """
    Write the SQL that reads a text as a value of a kind.

    Parameters
    ----------
    text : str
        SQL of the text, already without white space and nulls.
    kind : str
        As in the data dictionary, or `age`.
    translate : mapping of str to str
        Codes of the supplier, in capitals, to ours.
    """
    if kind in _KINDS:
        return _KINDS[kind](translated(text, translate))
    return translated(text, translate)


def is_empty(text: str, kind: str) -> str:
    """Write the SQL that tells an empty text from an unreadable one, where the value is NULL."""
    if kind == "date":
        nulls = ", ".join(f"DATE '{d}'" for d in codes.DATE_NULLS)
        return f"({text} IS NULL OR COALESCE({day(text)} IN ({nulls}), FALSE))"
    return f"{text} IS NULL" if kind in UNREADABLE else "TRUE"
