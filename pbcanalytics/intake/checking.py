"""From text to typed columns, and which rules each row breaks: one SELECT a layout."""

from collections.abc import Sequence
from dataclasses import dataclass

from pbcanalytics.intake.layouts import Field, Layout, Rule
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


_NULLS = f"[{_listed(codes.FILE_NULLS)}]"
_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"


def _trimmed(heading: str) -> str:
    return f"""trim("{heading.replace('"', '""')}", {_BLANKS})"""


def _date(text: str) -> str:
    formats = "['%Y-%m-%d', '%d/%m/%Y', '%Y%m%d', '%d%b%Y', '%Y-%m-%d %H:%M:%S']"
    known = f"CASE WHEN {text} NOT IN ({_listed(codes.DATE_NULLS)}) THEN {text} END"
    return f"CAST(TRY_STRPTIME({known}, {formats}) AS DATE)"


def _integer(text: str) -> str:
    return f"CAST(floor(TRY_CAST({text} AS DECIMAL(18, 3))) AS BIGINT)"


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
    """The SQL that types a layout's columns and finds each row's faults, for one file."""

    def __init__(self, layout: Layout, headings: Sequence[str]) -> None:
        self.layout = layout
        self._headings = headings
        self._kinds = {c.name: c.kind for c in layout.table.columns}
        self.faults = [*self._unreadable(), *self._missing(), *self._hard()]

    def texts(self) -> str:
        """Write the SELECT of `line_number` and each field's text, blanks and HES nulls as NULL."""
        parts = [f"{self._text(f)} AS {f.column}__text" for f in self.layout.fields]
        return f"SELECT line_number, {', '.join(parts)} FROM raw"

    def typed(self) -> str:
        """Write the SELECT that adds the typed columns to the texts."""
        parts = [f"{self._value(f)} AS {f.column}" for f in self.layout.fields]
        derived = "".join(f", {sql} AS {c}" for c, sql in self.layout.derived.items())
        return f"SELECT *{derived} FROM (SELECT *, {', '.join(parts)} FROM texts)"

    def broken(self) -> str:
        """Write the list of the faults (their numbers) of a typed row."""
        cases = ", ".join(
            f"CASE WHEN {fault.rule.broken_when} THEN {i} END"
            for i, fault in enumerate(self.faults)
        )
        return f"list_filter([{cases}], lambda x: x IS NOT NULL)" if cases else "[]"

    def selected(self) -> str:
        """Write the columns of the landing table, those that the file does not bring as NULL."""
        brought = {f.column for f in self.layout.fields} | set(self.layout.derived)
        columns = [c for c in self.layout.table.columns if c.name not in ("load_id", "line_number")]
        return ", ".join(
            f"CAST({c.name if c.name in brought else 'NULL'} AS {c.sql_type}) AS {c.name}"
            for c in columns
        )

    def _text(self, field: Field) -> str:
        found = [_trimmed(h) for h in field.found_in(self._headings)]
        if not found:
            return "CAST(NULL AS VARCHAR)"
        meant = f"list_filter([{', '.join(found)}], lambda x: upper(x) NOT IN {_NULLS})"
        if field.column in ("diagnoses", "procedures"):
            return f"NULLIF(array_to_string({meant}, ' '), '')"
        return f"{meant}[1]"

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
            known_null = f" AND {text} NOT IN ({_listed(codes.DATE_NULLS)})"
            broken = f"{text} IS NOT NULL AND {field.column} IS NULL"
            name, what = (
                ("unreadable_date", "a date")
                if kind == "date"
                else ("unreadable_number", "a number")
            )
            rule = Rule(
                name,
                heading,
                broken + (known_null if kind == "date" else ""),
                f"{heading} is not {what}.",
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
                empty = (
                    f"{field.column} IS NULL AND ({text} IS NULL OR {text} IN "
                    f"({_listed(codes.DATE_NULLS)}))"
                )
                rule = Rule("missing_value", heading, empty, f"{heading} is empty.")
                faults.append(Fault(rule, text))
        return faults

    def _hard(self) -> list[Fault]:
        return [Fault(rule, f"{rule.column}__text") for rule in self.layout.hard]


def duplicated(layout: Layout) -> Rule:
    """Give the rule on rows whose key stands again further down the same file."""
    key = ", ".join(layout.key)
    return Rule(
        "duplicate_key",
        key,
        f"count(*) OVER (PARTITION BY {key} ORDER BY line_number ROWS BETWEEN 1 FOLLOWING AND "
        "UNBOUNDED FOLLOWING) > 0",
        "The same key stands again further down the file; the last row is kept.",
    )


def loaded_before(layout: Layout) -> Rule:
    """Give the rule on rows whose key came with another file."""
    same = " AND ".join(f"held.{k} = checked.{k}" for k in layout.key)
    return Rule(
        "already_loaded",
        ", ".join(layout.key),
        f"EXISTS (SELECT 1 FROM {layout.table.name} AS held WHERE {same})",
        "A row with the same key was loaded from another file; the earlier one is kept.",
    )
