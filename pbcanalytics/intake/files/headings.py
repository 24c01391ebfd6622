"""The headings of a file, whatever kind of file it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pbcanalytics.words.errors import ExtractError


@dataclass(frozen=True)
class FirstLines:
    """
    How files of a kind are told by their first lines.

    Attributes
    ----------
    first : str
        What the first field looks like of files without headings, a regular expression.
    headings : tuple of str
        The headings that such files lack, in order; none if the kind always brings its own.
    needs : tuple of tuple of str
        For each column that the kind needs, the headings that bring it, in letters and figures.
    """

    first: str
    headings: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...] = ()


def lent(fields: Sequence[str], kinds: Sequence[FirstLines]) -> list[str] | None:
    """Give the headings of a file that has none, by its first line; None if it has its own."""
    for kind in kinds:
        if (
            kind.headings
            and len(fields) == len(kind.headings)
            and re.fullmatch(kind.first, fields[0])
        ):
            return list(kind.headings)
    return None


def below_titles(lines: Sequence[Sequence[str]], kinds: Sequence[FirstLines]) -> int | None:
    """
    Find the headings of a file that has lines of title above them.

    Parameters
    ----------
    lines : sequence of sequence of str
        The fields of the first lines of the file, in order.
    kinds : sequence of FirstLines
        The kinds of files, with what they need.

    Returns
    -------
    int or None
        Number of the line that has the headings of a kind, from 2; None if the first line has
        them, or no line.
    """
    for number, fields in enumerate(lines, start=1):
        there = {"".join(c for c in field.upper() if c.isalnum()) for field in fields}
        for kind in kinds:
            if len(kind.needs) > 1 and all(there.intersection(need) for need in kind.needs):
                return number if number > 1 else None
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
