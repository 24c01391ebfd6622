"""What a layout is: which heading becomes which column, and what a row must satisfy."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pbcanalytics.words.tables import Table


@functools.cache
def plain(heading: str) -> str:
    """
    Reduce a heading to its letters and figures.

    Examples
    --------
    >>> plain("Organisation Code (Code Of Provider)")
    'ORGANISATIONCODECODEOFPROVIDER'
    """
    return "".join(c for c in heading.upper() if c.isalnum())


@dataclass(frozen=True)
class Field:
    """
    One column and the headings under which extracts bring it.

    Attributes
    ----------
    column : str
        A column of the landing table, or one that only rules and derived columns use.
    headings : tuple of str
        Best first; case, blanks and punctuation do not matter.
    required : bool
        Whether a file without any of the headings is none of this layout.
    translate : dict
        Codes of the supplier to codes of ours, the former in capitals.
    known : tuple of str
        The codes that the column may hold; others are kept, and listed for somebody to look at.
    kind : str
        Left out where the landing table says; else as in the data dictionary, or `age`.
    is_secret : bool
        It says who the patient is: used to derive columns, kept nowhere.
    is_joined : bool
        Several headings bring several codes, all kept in order; else the first that has one.
    given : str, optional
        Value for every row, where the file brings no such column.
    """

    column: str
    headings: tuple[str, ...]
    required: bool = False
    translate: Mapping[str, str] = field(default_factory=dict)
    known: tuple[str, ...] = ()
    kind: str = ""
    is_secret: bool = False
    is_joined: bool = False
    given: str | None = None

    def found_in(self, headings: Sequence[str]) -> list[str]:
        """Give the headings of a file that bring this column, best first."""
        by_plain: dict[str, list[str]] = {}
        for heading in headings:
            by_plain.setdefault(plain(heading), []).append(heading)
        found = [h for name in self.headings for h in by_plain.get(plain(name), [])]
        return list(dict.fromkeys(found))

    @property
    def text_column(self) -> str:
        """Name of the column that holds its text as the file has it, while rows are checked."""
        return f"{self.column}__text"


@dataclass(frozen=True)
class Rule:
    """A condition on typed columns under which a row is rejected (hard) or remarked on (soft)."""

    name: str
    column: str
    broken_when: str
    sentence: str


@dataclass(frozen=True)
class Layout:
    """
    One kind of extract.

    Attributes
    ----------
    key : tuple of str
        Columns that tell its rows apart; none where rows may rightly repeat.
    must : tuple of str
        Columns, besides the key, without a value of which a row is rejected.
    derived : dict
        Column to SQL over the typed columns.
    submitter, month : str
        Where a month may be sent again: column of who sends it, and SQL of the month. Empty for
        registers, where a newer row of one key replaces the older.
    part : str
        Column that parts what one sender sends of a month, where each part may be sent again by
        itself; empty where a month is one whole.
    rows_may_repeat : bool
        Whether rows of one key in one file are all kept, as an invoice may charge the same sum
        twice; else the last of them is.
    headless : tuple of str
        Headings of files that have none, in order; `headless_first` is what the first field of
        such a file looks like, a regular expression.
    import_map, supplier : str
        The saved map that this layout was made from, and whose it is.
    """

    name: str
    title: str
    table: Table
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    must: tuple[str, ...] = ()
    derived: Mapping[str, str] = field(default_factory=dict)
    hard: tuple[Rule, ...] = ()
    soft: tuple[Rule, ...] = ()
    submitter: str = ""
    month: str = ""
    part: str = ""
    rows_may_repeat: bool = False
    headless: tuple[str, ...] = ()
    headless_first: str = ""
    import_map: str = ""
    supplier: str = ""

    def missing(self, headings: Sequence[str]) -> list[Field]:
        """Give the fields that the layout needs and a file lacks."""
        return [
            f for f in self.fields if f.required and f.given is None and not f.found_in(headings)
        ]

    def used(self, headings: Sequence[str]) -> set[str]:
        """Give the headings of a file that the layout uses."""
        return {h for f in self.fields for h in f.found_in(headings)}

    def given(self, values: Mapping[str, str]) -> "Layout":
        """Give the layout with values for columns that a file does not bring."""
        fields = tuple(
            replace(f, given=values[f.column]) if f.column in values else f for f in self.fields
        )
        return replace(self, fields=fields)

    def kind_of(self, field: Field) -> str:
        """Give the kind of a field: its own, else as in the data dictionary."""
        if field.kind or field.column == "age_years":
            return field.kind or "age"
        kinds = (c.kind for c in self.table.columns if c.name == field.column)
        return next(kinds, "code")

    @property
    def tells_who(self) -> bool:
        """Whether its files say who patients are."""
        return any(f.is_secret for f in self.fields)
