"""What a layout is: which heading becomes which column, and what a row must satisfy."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pbcanalytics.words.tables import Table


@dataclass(frozen=True)
class Field:
    """One column of a landing table and the headings under which extracts bring it."""

    column: str
    headings: tuple[str, ...]
    required: bool = False
    translate: dict[str, str] = field(default_factory=dict)

    def found_in(self, headings: Sequence[str]) -> list[str]:
        """Give the headings of a file that bring this column, best first."""
        upper = {h.upper(): h for h in headings}
        return [upper[h] for h in self.headings if h in upper]


@dataclass(frozen=True)
class Rule:
    """A condition on typed columns under which a row is rejected (hard) or remarked on (soft)."""

    name: str
    column: str
    broken_when: str
    sentence: str


@dataclass(frozen=True)
class Layout:
    """One kind of extract."""

    name: str
    title: str
    table: Table
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    derived: dict[str, str] = field(default_factory=dict)
    hard: tuple[Rule, ...] = ()
    soft: tuple[Rule, ...] = ()

    def missing(self, headings: Sequence[str]) -> list[str]:
        """Name the headings that the layout needs and a file lacks."""
        return [
            " or ".join(f.headings[:3])
            for f in self.fields
            if f.required and not f.found_in(headings)
        ]

    def matched(self, headings: Sequence[str]) -> int:
        """Count the columns of the layout that a file brings."""
        return sum(bool(f.found_in(headings)) for f in self.fields)
