"""The headings of a file, whatever kind of file it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pbcanalytics.words.errors import ExtractError


@dataclass(frozen=True)
class Headless:
    """A kind of file without headings: what its first field looks like, and its columns."""

    first: str
    headings: tuple[str, ...]


def lent(fields: Sequence[str], kinds: Sequence[Headless]) -> list[str] | None:
    """Give the headings of a file that has none, by its first line; None if it has its own."""
    for kind in kinds:
        if len(fields) == len(kind.headings) and re.fullmatch(kind.first, fields[0]):
            return list(kind.headings)
    return None


def one_name_each(file: str, headings: list[str]) -> list[str]:
    """
    Check that no two columns have the same name; one without a name is called by its place.

    Raises
    ------
    ExtractError
        If two have.
    """
    named = [h or f"column {i}" for i, h in enumerate(headings, start=1)]
    upper = [h.upper() for h in named]
    twice = sorted({h for h in upper if upper.count(h) > 1})
    if twice:
        raise ExtractError(
            f"{file} has more than one column named {', '.join(twice)}, so it is not clear which "
            "to use; nothing of it was loaded. Rename or remove one of them."
        )
    return named
