"""From text to typed columns, and which rules each row breaks: one SELECT a layout."""

from collections.abc import Sequence
from dataclasses import dataclass

from pbcanalytics.intake.layout import Field, Layout, Rule
from pbcanalytics.words import codes

_BABIES = (7001, 7007)
"""HES writes ages under one year as 7001 (under a day) to 7007 (nine to twelve months)."""

_OLDEST_YEARS = 120


@dataclass(frozen=True)
class Fault:
    """A hard rule as SQL: when it is broken, and the text that stood in the file."""

    rule: Rule
    value: str


def _listed(values: Sequence[str]) -> str:
    return ", ".join("'" + v.replace("'", "''") + "'" for v in values)


_NULLS = _listed(codes.FILE_NULLS)
_WHITE = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"


def _cleaned(heading: str, is_odd: bool) -> str:
    """Give a text without the white space around it, HES nulls as NULL."""
    name = '"' + heading.replace('"', '""') + '"'
    bare = f"trim({name}, {_WHITE})" if is_odd else f"trim({name})"
    return f"CASE WHEN {bare} IN ({_NULLS}) THEN NULL ELSE {bare} END"


def _day(text: str) -> str:
    formats = "['%d/%m/%Y', '%Y%m%d', '%d%b%Y', '%Y-%m-%d %H:%M:%S']"
    return f"COALESCE(TRY_CAST({text} AS DATE), CAST(TRY_STRPTIME({text}, {formats}) AS DATE))"


def _date(text: str) -> str:
    nulls = ", ".join(f"DATE '{d}'" for d in codes.DATE_NULLS)
    return f"CASE WHEN {_day(text)} NOT IN ({nulls}) THEN {_day(text)} END"


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


def _translated(text: str, translate: dict[str, str]) -> str:
    if not translate:
        return text
    cases = " ".join(f"WHEN '{k}' THEN '{v}'" for k, v in translate.items())
    return f"CASE upper({text}) {cases} ELSE {text} END"


class Check:
    """
    The SQL that types a layout's columns and finds each row's faults, for one file.

    Parameters
    ----------
    layout : Layout
    headings : sequence of str
        Of the file.
    is_odd : bool
        Whether fields may have white space other than blanks around them; looking for it is slow.
    """

    def __init__(self, layout: Layout, headings: Sequence[str], *, is_odd: bool = True) -> None:
        self.layout = layout
        self._is_odd = is_odd
        self._headings = headings
        self._kinds = {c.name: c.kind for c in layout.table.columns}
        self.faults = [*self._unreadable(), *self._missing(), *self._hard()]

    def checked(self, relation: str) -> str:
        """
        Write the SELECT that types and judges every row in one pass.

        Parameters
        ----------
        relation : str
            SELECT of `line_number` and, as text, one column a heading.

        Returns
        -------
        str
            SELECT of `line_number`, the columns of the landing table, the layout's other columns,
            `faults` (a bit a fault) and, for rows that have one, `texts`: what stood in the file.
        """
        texts = ", ".join(f"{self._text(f)} AS {f.column}__text" for f in self.layout.fields)
        typed = ", ".join(f"{self._value(f)} AS {f.column}" for f in self.layout.fields)
        derived = "".join(f", {sql} AS {c}" for c, sql in self.layout.derived.items())
        bits = " + ".join(
            f"CASE WHEN {fault.rule.broken_when} THEN {1 << i} ELSE 0 END"
            for i, fault in enumerate(self.faults)
        )
        found = ", ".join(fault.value for fault in self.faults)
        other = [f.column for f in self.layout.fields if f.column not in self._kinds]
        kept = ", ".join(["line_number", self.selected(), *other])
        return (
            f"SELECT {kept}, faults, CASE WHEN faults > 0 THEN [{found}] END AS texts FROM ("
            f"SELECT *, {bits or '0'} AS faults FROM (SELECT *{derived} FROM ("
            f"SELECT *, {typed} FROM (SELECT line_number, {texts} FROM ({relation})))))"
        )

    def selected(self) -> str:
        """Write the columns of the landing table, those that the file does not bring as NULL."""
        brought = {f.column for f in self.layout.fields} | set(self.layout.derived)
        columns = [c for c in self.layout.table.columns if c.name not in ("load_id", "line_number")]
        return ", ".join(
            f"CAST({c.name if c.name in brought else 'NULL'} AS {c.sql_type}) AS {c.name}"
            for c in columns
        )

    def _text(self, field: Field) -> str:
        found = [_cleaned(h, self._is_odd) for h in field.found_in(self._headings)]
        if not found:
            return "CAST(NULL AS VARCHAR)"
        if field.column in ("diagnoses", "procedures"):
            return f"NULLIF(concat_ws(' ', {', '.join(found)}), '')"
        return f"COALESCE({', '.join(found)})"

    def _value(self, field: Field) -> str:
        text = f"{field.column}__text"
        kind = self._kinds.get(field.column, "code")
        if field.column == "age_years":
            return _age(text)
        if kind == "date":
            return _date(text)
        if kind == "integer":
            return _integer(text)
        if kind == "ratio":
            return f"TRY_CAST({text} AS DOUBLE)"
        return _translated(text, field.translate)

    def _unreadable(self) -> list[Fault]:
        faults = []
        for field in self.layout.fields:
            kind = self._kinds.get(field.column, "code")
            if field.column == "age_years" or kind not in ("date", "integer", "ratio"):
                continue
            heading = (field.found_in(self._headings) or field.headings)[0]
            text = f"{field.column}__text"
            # A CASE, so that a date is read again only where it came out empty.
            empty = f"{_day(text)} IS NULL" if kind == "date" else "TRUE"
            what = "date" if kind == "date" else "number"
            rule = Rule(
                f"unreadable_{what}",
                heading,
                f"CASE WHEN {field.column} IS NULL AND {text} IS NOT NULL THEN {empty} END",
                f"{heading} is not a {what}.",
            )
            faults.append(Fault(rule, text))
        return faults

    def _missing(self) -> list[Fault]:
        must = {
            *self.layout.key,
            "person_id",
            "provider_code",
            "admission_date",
            "appointment_date",
            "arrival_date",
            "request_date",
            "n_patients",
            "value",
        }
        faults = []
        for field in self.layout.fields:
            if field.column in must and field.required:
                heading = (field.found_in(self._headings) or field.headings)[0]
                text = f"{field.column}__text"
                is_date = self._kinds.get(field.column) == "date"
                null = f"({text} IS NULL OR {_day(text)} IS NOT NULL)" if is_date else "TRUE"
                empty = f"CASE WHEN {field.column} IS NULL THEN {null} END"
                rule = Rule("missing_value", heading, empty, f"{heading} is empty.")
                faults.append(Fault(rule, text))
        return faults

    def _hard(self) -> list[Fault]:
        return [Fault(rule, f"{rule.column}__text") for rule in self.layout.hard]


DUPLICATED = (
    "duplicate_key",
    "The same key stands again further down the file; the last row is kept.",
)
LOADED_BEFORE = (
    "already_loaded",
    "A row with the same key was loaded from another file; the earlier one is kept.",
)
