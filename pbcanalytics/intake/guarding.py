"""Columns of codes in a file that names patients: no NHS number and no name is stored from them."""

from typing import Final

from pbcanalytics.intake import typing_values as values
from pbcanalytics.intake.layouts.layout import Field, Layout, Rule

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


class Guard:
    """
    The SQL that keeps who a patient is out of the columns of codes of one layout.

    Where the files of a layout do not say who patients are, it changes nothing.

    Parameters
    ----------
    layout : Layout

    Attributes
    ----------
    rules : tuple of Rule
        Soft rules, by columns that `guarded` adds; none where nothing is guarded.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._fields = self._fields_to_guard()
        self.rules = (_LOOKS_LIKE_NHS_NUMBER, _NO_CODE) if self._fields else ()

    def guarded(self, rows: str) -> str:
        """
        Write the SELECT that leaves NHS numbers and names out, or puts a pseudonym in their place.

        Parameters
        ----------
        rows : str
            SELECT of every field's text.

        Returns
        -------
        str
            The same with the columns `looks_like_nhs_number` and `no_code`: whether a row had one.
        """
        if not self._fields:
            return rows
        single = ", ".join(f.text_column for f in self._fields if not f.is_joined)
        is_number, is_wordy, kept = ["len(numbers_found) > 0"], ["FALSE"], []
        for field in self._fields:
            text = field.text_column
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

    def told(self, text: str) -> str:
        """Write a text of the file as far as it may be told: in such a file it may be a name."""
        if not self._layout.tells_who:
            return text
        return f"CASE WHEN may_tell_who({text}) THEN 'withheld' ELSE {text} END"

    def told_code(self, column: str) -> str:
        """Write a code as far as it may be told."""
        return self.told(column) if self._layout.tells_who else f"left({column}, {_LONGEST_CODE})"

    def _fields_to_guard(self) -> list[Field]:
        """Give the fields whose texts are stored as they are, in a file that says who is who."""
        if not self._layout.tells_who:
            return []
        derived = " ".join(self._layout.derived.values())
        return [
            f
            for f in self._layout.fields
            if not f.is_secret
            and self._layout.kind_of(f) in ("code", "text")
            and (
                f.column in self._layout.table.names
                or _names_a_record(f)
                or f.text_column in derived
            )
        ]


def _names_a_record(field: Field) -> bool:
    """Whether a record is found by it, so that it cannot be left out."""
    return field.column.endswith(("_id", "_key", "_number"))
