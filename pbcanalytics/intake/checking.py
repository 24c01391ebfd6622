"""From text to typed columns, and which rules each row breaks: one SELECT a layout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pbcanalytics.intake import typing_values as values
from pbcanalytics.intake.files import workbooks
from pbcanalytics.intake.guarding import Guard
from pbcanalytics.intake.layouts.layout import Field, Layout, Rule

_WITHHELD = "CAST(NULL AS VARCHAR)"
"""Stands for the text of a field that says who the patient is: no reject holds it."""


_ACTIVITY_DAYS: Final = (
    *("admission_date", "discharge_date", "episode_start", "episode_end", "appointment_date"),
    *("arrival_date", "request_date", "activity_date", "event_date"),
)
_ERROR_CELL: Final = "error_cell"


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
        self.guard = Guard(layout)
        self.faults = [
            *self._error_cells(),
            *self._unreadable(),
            *self._undated(),
            *self._missing(),
            *self._hard(),
        ]
        self.soft = [*layout.soft, *self._odd_days(), *self.guard.rules]

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
        texts = ", ".join(f"{self._text(f)} AS {f.text_column}" for f in self.layout.fields)
        typed = ", ".join(
            f"{values.value(f.text_column, self.layout.kind_of(f), f.translate)} AS {f.column}"
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
            f"SELECT *, {typed} FROM ("
            + self.guard.guarded(f"SELECT line_number, {texts} FROM ({relation})")
            + "))))"
        )

    def told_value(self) -> str:
        """Write what stood in the first fault found; an error of a spreadsheet names nobody."""
        value = "found[1].value"
        told = self.guard.told(value)
        return f"CASE WHEN found[1].rule = '{_ERROR_CELL}' THEN {value} ELSE {told} END"

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
        flags = [r.broken_when for r in self.guard.rules]
        return [c for c in (*fields, *self.layout.derived, *flags) if c not in self._kinds]

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

    def _heading(self, field: Field) -> str:
        return (field.found_in(self._headings) or field.headings or (field.column,))[0]

    def _told(self, field: Field) -> str:
        return (
            _WITHHELD
            if field.is_secret or self.layout.kind_of(field) == "pseudonym"
            else field.text_column
        )

    def _error_cells(self) -> list[Fault]:
        """Tell cells of a workbook that hold an error from empty ones; no other file has them."""
        there = [f for f in self.layout.fields if f.found_in(self._headings)]
        if not self._is_odd or not there:
            return []
        cells = [
            f"CASE WHEN {workbooks.is_error(f.text_column)} THEN {f.text_column} END" for f in there
        ]
        rule = Rule(
            _ERROR_CELL,
            "",
            " OR ".join(f"COALESCE({workbooks.is_error(f.text_column)}, FALSE)" for f in there),
            "A cell holds an error of the spreadsheet, or a formula that was never worked out.",
        )
        return [Fault(rule, f"COALESCE({', '.join(cells)})")]

    def _dated(self) -> list[tuple[Field, str]]:
        """Give the days of activity that a file brings, and when one of them cannot be."""
        return [
            (
                field,
                f"{field.column} NOT BETWEEN {values.FIRST_ACTIVITY} AND {values.LAST_ACTIVITY}",
            )
            for field in self.layout.fields
            if field.column in _ACTIVITY_DAYS and self.layout.kind_of(field) == "date"
        ]

    def _dates_the_row(self, field: Field) -> bool:
        return field.column in self.layout.must or field.column in self.layout.month

    def _undated(self) -> list[Fault]:
        """Reject a row whose activity would fall into a month that cannot be."""
        return [
            Fault(
                Rule(
                    "date_out_of_range",
                    self._heading(field),
                    broken,
                    f"{self._heading(field)} lies before 1990 or more than a year ahead.",
                ),
                self._told(field),
            )
            for field, broken in self._dated()
            if self._dates_the_row(field)
        ]

    def _odd_days(self) -> list[Rule]:
        """Remark on other days that cannot be: the row stands in its month all the same."""
        return [
            Rule(
                "date_out_of_range",
                self._heading(field),
                broken,
                f"{self._heading(field)} lies before 1990 or more than a year ahead; the row is "
                "kept in its month.",
            )
            for field, broken in self._dated()
            if not self._dates_the_row(field)
        ]

    def _unreadable(self) -> list[Fault]:
        faults = []
        for field in self.layout.fields:
            what = values.UNREADABLE.get(self.layout.kind_of(field))
            if what is None or field.is_secret:
                continue
            heading, text = self._heading(field), field.text_column
            # A CASE, so that a text is read again only where it came out empty.
            unread = f"NOT {values.is_empty(text, self.layout.kind_of(field))}"
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
                heading, text = self._heading(field), field.text_column
                empty = values.is_empty(text, self.layout.kind_of(field))
                rule = Rule(
                    "missing_value",
                    heading,
                    f"CASE WHEN {field.column} IS NULL THEN {empty} END",
                    f"{heading} is empty.",
                )
                faults.append(Fault(rule, self._told(field)))
        told = {rule.broken_when for rule in self.layout.hard}
        for column in sorted(must & set(self.layout.derived)):
            if f"{column} IS NULL" in told:
                continue
            rule = Rule("missing_value", column, f"{column} IS NULL", f"There is no {column}.")
            faults.append(Fault(rule, _WITHHELD))
        return faults

    def _hard(self) -> list[Fault]:
        told = {f.column: self._told(f) for f in self.layout.fields}
        return [Fault(rule, told.get(rule.column, _WITHHELD)) for rule in self.layout.hard]


DUPLICATED = (
    "duplicate_key",
    "The same key stands again further down the file; the last row is kept.",
)
