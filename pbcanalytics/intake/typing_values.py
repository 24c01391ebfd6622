"""How one text of a file becomes a value: the SQL of each kind (domain 7.5)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pbcanalytics.words import codes

_BABIES: Final = (7001, 7007)
"""HES writes ages under one year as 7001 (under a day) to 7007 (nine to twelve months)."""

_OLDEST_YEARS: Final = 120


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


def day(text: str) -> str:
    """Read a day in any of the forms that extracts use; nulls of HES are days too."""
    formats = (
        "['%d/%m/%Y', '%Y%m%d', '%d%b%Y', '%Y-%m-%d %H:%M:%S', '%d/%m/%Y %H:%M', "
        "'%d/%m/%Y %H:%M:%S', '%d-%b-%Y', '%d-%b-%y']"
    )
    return f"COALESCE(TRY_CAST({text} AS DATE), CAST(TRY_STRPTIME({text}, {formats}) AS DATE))"


def _date(text: str) -> str:
    nulls = ", ".join(f"DATE '{d}'" for d in codes.DATE_NULLS)
    return f"CASE WHEN {day(text)} NOT IN ({nulls}) THEN {day(text)} END"


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
    formats = "['%Y%m', '%Y-%m', '%m/%Y', '%b-%y', '%b %Y', '%B %Y', '%b-%Y']"
    first = f"CAST(TRY_STRPTIME({text}, {formats}) AS DATE)"
    return f"CAST(date_trunc('month', COALESCE({first}, {_date(text)})) AS DATE)"


def _pence(text: str) -> str:
    """Read pounds as written, (12.30) and 12.30- being what is taken off, in whole pence."""
    bare = f"replace(replace(replace({text}, '£', ''), ',', ''), ' ', '')"
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
    "ratio": lambda text: f"TRY_CAST(replace({text}, ',', '') AS DOUBLE)",
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
        return f"({text} IS NULL OR {day(text)} IS NOT NULL)"
    return f"{text} IS NULL" if kind in UNREADABLE else "TRUE"
