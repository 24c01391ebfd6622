"""From text to typed columns, and which rules each row breaks: one SELECT a layout."""

from collections.abc import Sequence
from dataclasses import dataclass

from pbcanalytics.intake import typing_values as values
from pbcanalytics.intake.layouts.layout import Field, Layout, Rule

_WITHHELD = "CAST(NULL AS VARCHAR)"
"""Stands for the text of a field that says who the patient is: no reject holds it."""


@dataclass(frozen=True)
class Fault:
    """A hard rule as SQL: when it is broken, and the text that stood in the file."""

    rule: Rule
    value: str


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
    keeps : sequence of str
        Fields that say who patients are and are to be had all the same.
    """

    def __init__(
        self,
        layout: Layout,
        headings: Sequence[str],
        *,
        is_odd: bool = True,
        keeps: Sequence[str] = (),
    ) -> None:
        self.layout = layout
        self._keeps = keeps
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
        typed = ", ".join(
            f"{values.value(_text(f), self._kind(f), f.translate)} AS {f.column}"
            for f in self.layout.fields
        )
        derived = "".join(f", {sql} AS {c}" for c, sql in self.layout.derived.items())
        bits = " + ".join(
            f"CASE WHEN {fault.rule.broken_when} THEN {1 << i} ELSE 0 END"
            for i, fault in enumerate(self.faults)
        )
        found = ", ".join(fault.value for fault in self.faults)
        kept = ", ".join(["line_number", self.selected(), *self._other()])
        return (
            f"SELECT {kept}, faults, CASE WHEN faults > 0 THEN [{found}] END AS texts FROM ("
            f"SELECT *, {bits or '0'} AS faults FROM (SELECT *{derived} FROM ("
            f"SELECT *, {typed} FROM (SELECT line_number, {texts} FROM ({relation})))))"
        )

    def known_codes(self) -> list[tuple[str, str, str]]:
        """Give, for each field with a list of codes, column, heading and when a code is unknown."""
        return [
            (
                f.column,
                self._heading(f),
                f"{f.column} IS NOT NULL AND {f.column} NOT IN ({values.listed(f.known)})",
            )
            for f in self.layout.fields
            if f.known and (f.found_in(self._headings) or f.given)
        ]

    def _other(self) -> list[str]:
        """Name the columns that only rules need; what says who a patient is stays behind."""
        fields = [
            f.column for f in self.layout.fields if not f.is_secret or f.column in self._keeps
        ]
        return [c for c in (*fields, *self.layout.derived) if c not in self._kinds]

    def selected(self) -> str:
        """Write the columns of the landing table, those that the file does not bring as NULL."""
        brought = {f.column for f in self.layout.fields} | set(self.layout.derived)
        columns = [c for c in self.layout.table.columns if c.name not in ("load_id", "line_number")]
        return ", ".join(
            f"CAST({c.name if c.name in brought else 'NULL'} AS {c.sql_type}) AS {c.name}"
            for c in columns
        )

    def _text(self, field: Field) -> str:
        found = [values.cleaned(h, self._is_odd) for h in field.found_in(self._headings)]
        if field.given is not None:
            found.append(values.listed([field.given]))
        if not found:
            return "CAST(NULL AS VARCHAR)"
        if field.is_joined:
            return f"NULLIF(concat_ws(' ', {', '.join(found)}), '')"
        return f"COALESCE({', '.join(found)})"

    def _kind(self, field: Field) -> str:
        kind = "age" if field.column == "age_years" else self._kinds.get(field.column, "code")
        return field.kind or kind

    def _heading(self, field: Field) -> str:
        return (field.found_in(self._headings) or field.headings or (field.column,))[0]

    def _told(self, field: Field) -> str:
        return _WITHHELD if field.is_secret or self._kind(field) == "pseudonym" else _text(field)

    def _unreadable(self) -> list[Fault]:
        faults = []
        for field in self.layout.fields:
            what = values.UNREADABLE.get(self._kind(field))
            if what is None or field.is_secret:
                continue
            heading, text = self._heading(field), _text(field)
            # A CASE, so that a text is read again only where it came out empty.
            unread = f"NOT {values.is_empty(text, self._kind(field))}"
            rule = Rule(
                "unreadable_" + what.split()[0],
                heading,
                f"CASE WHEN {field.column} IS NULL AND {text} IS NOT NULL THEN {unread} END",
                f"{heading} is not a {what}.",
            )
            faults.append(Fault(rule, self._told(field)))
        return faults

    def _missing(self) -> list[Fault]:
        must = {*self.layout.key, *self.layout.must}
        faults = []
        for field in self.layout.fields:
            if field.column in must:
                heading, text = self._heading(field), _text(field)
                empty = values.is_empty(text, self._kind(field))
                rule = Rule(
                    "missing_value",
                    heading,
                    f"CASE WHEN {field.column} IS NULL THEN {empty} END",
                    f"{heading} is empty.",
                )
                faults.append(Fault(rule, self._told(field)))
        for column in sorted(must & set(self.layout.derived)):
            rule = Rule("missing_value", column, f"{column} IS NULL", f"There is no {column}.")
            faults.append(Fault(rule, _WITHHELD))
        return faults

    def _hard(self) -> list[Fault]:
        told = {f.column: self._told(f) for f in self.layout.fields}
        return [Fault(rule, told.get(rule.column, _WITHHELD)) for rule in self.layout.hard]


def _text(field: Field) -> str:
    return f"{field.column}__text"


DUPLICATED = (
    "duplicate_key",
    "The same key stands again further down the file; the last row is kept.",
)
