"""Indicators of coding as documents: one file each, a user's own on top, all faults at once."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pbcanalytics.reference.documents import field_faults, is_text, read_document
from pbcanalytics.reference.rule_values import told
from pbcanalytics.reference.shelf import Shelf
from pbcanalytics.words.errors import ReferenceGap

SUBJECT: Final = "indicators"

KINDS: Final = ("share", "ratio", "mean", "net", "index")
"""A part of a whole; counts of two kinds; a mean; more of one than of the other; a score."""

COUNTED_BY: Final = ("model", "search", "nothing")
"""The model `indicator_counts`, the classes of the search for creep, or nothing that is held."""

WHEN: Final = ("rises", "falls")

MECHANISMS: Final = (
    *(f"M{n}" for n in range(1, 9)),
    *("demand", "length of stay", "add-ons", "double count"),
)
"""What an indicator may catch: the ways of docs/methods/indicators.md, and others in words."""

NONE: Final = "none"
"""No sum rule; nobody has reviewed it."""

N_QUESTIONS: Final = 3

_TEXTS: Final = (
    *("number", "name", "title", "why_it_matters", "numerator", "denominator", "confounders"),
    *("sum_rule", "source", "limits", "needs", "author", "reviewer"),
)
_AMONG: Final = {"kind": KINDS, "counted_by": COUNTED_BY, "asks_when": WHEN}

FIELDS: Final = (*_TEXTS, *_AMONG, "catches", "questions_to_ask", "review_date")
"""Every field of a document; docs/methods/indicators.md says what each means."""

FIXED: Final = ("number", "kind", "counted_by")
"""Fields that follow from how the package counts; a user's own words leave them as they are."""


def indicator_documents(shelf: Shelf) -> dict[str, dict[str, Any]]:
    """
    Read the indicators that are held; a user's own words replace the shipped ones of a name.

    Parameters
    ----------
    shelf : Shelf
        The reference data.

    Returns
    -------
    dict of str to dict
        Documents by name, in the order of their numbers (I1, I2, …); each has all FIELDS.

    Raises
    ------
    ReferenceGap
        With every fault of every document, file by file.
    """
    found: dict[str, dict[str, Any]] = {}
    faulty: list[str] = []
    for folder in shelf.folders:
        shipped = dict(found) if folder != shelf.folders[0] else None
        for path in sorted((folder / SUBJECT).glob("[!.]*")):
            document, faults = _read(path)
            if not faults and shipped is not None:
                faults = list(_not_as_counted(document, shipped.get(path.stem)))
            if faults:
                faulty.append(f"{path} cannot be used: {'; '.join(faults)}.")
            else:
                found[path.stem] = document
    if faulty:
        raise ReferenceGap(
            "\n".join(
                [
                    *faulty,
                    "No indicator was counted, because a number under the wrong words asks the "
                    "wrong question. Correct these files; docs/methods/indicators.md says how "
                    "they are written.",
                ]
            )
        )
    return dict(sorted(found.items(), key=lambda one: _order(str(one[1]["number"]))))


def _read(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Read a document and list its faults."""
    document, faults = read_document(path, "indicator")
    if faults:
        return {}, faults
    return document, list(_faults(document, path.stem))


def _faults(document: Mapping[str, Any], stem: str) -> Iterator[str]:
    """Find all that is wrong with a document."""
    yield from field_faults(document, stem, FIELDS, _TEXTS)
    if "number" in document and _order(str(document["number"]))[0] < 0:
        yield f"number is {told(document['number'])}, and must be such as I9 or I21b"
    for field, words in _AMONG.items():
        if field in document and document[field] not in words:
            yield f"{field} is {told(document[field])}, and may be {', '.join(words)}"
    if "catches" in document:
        yield from _of_catches(document["catches"])
    questions = document.get("questions_to_ask", ["?"] * N_QUESTIONS)
    if not (
        isinstance(questions, list)
        and len(questions) == N_QUESTIONS
        and all(map(is_text, questions))
    ):
        yield (
            f"questions_to_ask must be a list of {N_QUESTIONS} questions, one with a colon in "
            "quotation marks"
        )
    yield from _of_review(document)


def _of_catches(catches: Any) -> Iterator[str]:
    """Find what is wrong with the ways of recording that an indicator is to catch."""
    listed = catches if isinstance(catches, list) else [catches]
    odd = [told(one) for one in listed if one not in MECHANISMS]
    if odd or not listed:
        yield f"catches has {', '.join(odd) or 'nothing'} (there are {', '.join(MECHANISMS)})"


def _of_review(document: Mapping[str, Any]) -> Iterator[str]:
    """Find what is wrong with who looked at it, and when."""
    reviewer, day = document.get("reviewer"), document.get("review_date")
    is_reviewed = reviewer is not None and reviewer != NONE
    is_day = isinstance(day, dt.date) and not isinstance(day, dt.datetime)
    if is_reviewed and reviewer == document.get("author"):
        yield "its reviewer is its author, and nobody reviews himself"
    if is_reviewed and "review_date" in document and not is_day:
        yield f"review_date is {told(day)}, and must be the day of the review, such as 2026-04-30"
    if not is_reviewed and day is not None:
        yield f"review_date is {told(day)}, and reviewer names nobody"


def _not_as_counted(
    document: Mapping[str, Any], shipped: Mapping[str, Any] | None
) -> Iterator[str]:
    """Find where a user's own document says what the package does not count."""
    if shipped is None:
        yield (
            f"nothing counts {told(document['name'])}; your own files may put other words to a "
            "shipped indicator, and keep its name"
        )
        return
    for field in FIXED:
        if document[field] != shipped[field]:
            yield f"{field} is {told(document[field])}, and is counted as {told(shipped[field])}"


def _order(number: str) -> tuple[int, str]:
    """Give the place of a number such as I21b; below nought where it is none."""
    digits = number[1:].rstrip("abcdefghij")
    is_number = number.startswith("I") and digits.isdecimal()
    return (int(digits), number) if is_number else (-1, number)
