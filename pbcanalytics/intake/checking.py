"""From text to typed columns, and which rules each row breaks: one SELECT a layout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pbcanalytics.intake import typing_values as values
from pbcanalytics.intake.files import workbooks
from pbcanalytics.intake.layouts.layout import Field, Layout, Rule

_WITHHELD = "CAST(NULL AS VARCHAR)"
"""Stands for the text of a field that says who the patient is: no reject holds it."""


_ACTIVITY_DAYS: Final = (
    *("admission_date", "discharge_date", "episode_start", "episode_end", "appointment_date"),
    *("arrival_date", "request_date", "activity_date", "event_date"),
)
_ERROR_CELL: Final = "error_cell"
_SHAPED: Final = (
    *("practice_code", "original_practice_code", "provider_code", "commissioner_code"),
    *("consortium_code", "sex", "hrg", "submitted_hrg"),
)
"""Codes without blanks, of at most `_LONGEST_CODE` signs; what is otherwise may be a name."""

_LONGEST_CODE: Final = 20
_TEN_FIGURES: Final = "(^| )[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}( |$)"
_LOOKS_LIKE_NHS_NUMBER: Final = Rule(
    "looks_like_nhs_number",
    "",
    "looks_like_nhs_number",
    "A column of codes holds what is an NHS number by its check digit. It was left out, or, where "
    "it stands for the number of a record, turned into a pseudonym.",
)
_NO_CODE: Final = Rule(
    "no_code",
    "",
    "no_code",
    "A column of codes (practice, provider, commissioner, sex or HRG) holds a text with blanks or "
    f"of more than {_LONGEST_CODE} signs, which may name somebody. It was left out.",
)


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
        self._guarded = self._fields_to_guard()
        self.faults = [
            *self._error_cells(),
            *self._unreadable(),
            *self._undated(),
            *self._missing(),
            *self._hard(),
        ]
        self.soft = [*layout.soft, *self._odd_days()]
        if self._guarded:
            self.soft += [_LOOKS_LIKE_NHS_NUMBER, _NO_CODE]

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
            f"SELECT *, {typed} FROM ("
            + self._guard(f"SELECT line_number, {texts} FROM ({relation})")
            + "))))"
        )

    def told_code(self, column: str) -> str:
        """Write a code as far as it may be told: in files that name patients, one may be a name."""
        if not self.layout.tells_who:
            return f"left({column}, 20)"
        return f"CASE WHEN may_tell_who({column}) THEN 'withheld' ELSE {column} END"

    def told_value(self) -> str:
        """Write what stood in the first fault found, as far as it may be told."""
        if not self.layout.tells_who:
            return "found[1].value"
        return (
            f"CASE WHEN found[1].rule <> '{_ERROR_CELL}' AND may_tell_who(found[1].value) "
            "THEN 'withheld' ELSE found[1].value END"
        )

    def _fields_to_guard(self) -> list[Field]:
        """Give the fields whose texts are stored as they are, in a file that says who is who."""
        if not self.layout.tells_who:
            return []
        derived = " ".join(self.layout.derived.values())
        return [
            f
            for f in self.layout.fields
            if not f.is_secret
            and self._kind(f) in ("code", "text")
            and (f.column in self._kinds or _names_a_record(f) or _text(f) in derived)
        ]

    def _guard(self, rows: str) -> str:
        """Write the SELECT that keeps NHS numbers and names out of columns of codes."""
        if not self._guarded:
            return rows
        single = ", ".join(_text(f) for f in self._guarded if not f.is_joined)
        is_number, is_wordy, kept = ["len(numbers_found) > 0"], ["FALSE"], []
        for field in self._guarded:
            text = _text(field)
            found, instead = f"list_contains(numbers_found, {text})", "NULL"
            if field.is_joined:
                found = f"regexp_matches({text}, '{_TEN_FIGURES}')"
                instead = f"NULLIF(trim(regexp_replace({text}, '{_TEN_FIGURES}', ' ', 'g')), '')"
                is_number.append(found)
            elif _names_a_record(field):
                instead = f"pseudonym(nhs_digits({text}))"
            elif field.column in _SHAPED:
                wordy = f"(contains({text}, ' ') OR length({text}) > {_LONGEST_CODE})"
                if field.translate:
                    known = values.listed(list(field.translate))
                    wordy = f"({wordy} AND upper({text}) NOT IN ({known}))"
                is_wordy.append(f"({wordy} AND NOT {found})")
                found = f"{found} OR {wordy}"
            kept.append(f"CASE WHEN {found} THEN {instead} ELSE {text} END AS {text}")
        flags, words = (
            " OR ".join(f"COALESCE({x}, FALSE)" for x in found) for found in (is_number, is_wordy)
        )
        # One lambda over a list: the check written out for each column would take seconds to plan.
        looked = f"list_filter([{single}], lambda t: looks_like_nhs_number(t)) AS numbers_found"
        return (
            f"SELECT * REPLACE ({', '.join(kept)}), {flags} AS looks_like_nhs_number, "
            f"{words} AS no_code FROM (SELECT *, {looked} FROM ({rows}))"
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
        flags = [r.broken_when for r in (_LOOKS_LIKE_NHS_NUMBER, _NO_CODE) if self._guarded]
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

    def _kind(self, field: Field) -> str:
        kind = "age" if field.column == "age_years" else self._kinds.get(field.column, "code")
        return field.kind or kind

    def _heading(self, field: Field) -> str:
        return (field.found_in(self._headings) or field.headings or (field.column,))[0]

    def _told(self, field: Field) -> str:
        return _WITHHELD if field.is_secret or self._kind(field) == "pseudonym" else _text(field)

    def _error_cells(self) -> list[Fault]:
        """Tell cells of a workbook that hold an error from empty ones; no other file has them."""
        there = [f for f in self.layout.fields if f.found_in(self._headings)]
        if not self._is_odd or not there:
            return []
        cells = [f"CASE WHEN {workbooks.is_error(_text(f))} THEN {_text(f)} END" for f in there]
        rule = Rule(
            _ERROR_CELL,
            "",
            " OR ".join(f"COALESCE({workbooks.is_error(_text(f))}, FALSE)" for f in there),
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
            if field.column in _ACTIVITY_DAYS and self._kind(field) == "date"
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


def _text(field: Field) -> str:
    return f"{field.column}__text"


def _names_a_record(field: Field) -> bool:
    """Whether a record is found by it, so that it cannot be left out."""
    return field.column.endswith(("_id", "_key", "_number"))


DUPLICATED = (
    "duplicate_key",
    "The same key stands again further down the file; the last row is kept.",
)
