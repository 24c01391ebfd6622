"""Measures as documents: one file each, a user's own on top, every fault of every file at once."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pbcanalytics.reference.documents import field_faults, is_text, read_document
from pbcanalytics.reference.events import DIMENSIONS, EVENTS, UNKNOWN
from pbcanalytics.reference.rule_values import told
from pbcanalytics.reference.shelf import Shelf
from pbcanalytics.words.errors import ReferenceGap

SUBJECT: Final = "measures"

LISTS: Final = {"1000 registered": "registered list", "1000 weighted": "weighted list"}
"""The denominator of each rate."""

PER: Final = (*LISTS, "share", "ratio")
DIRECTIONS: Final = ("lower_better", "higher_better", "none")
STANDARDS: Final = ("none", "age_sex")
NO_REVIEWER: Final = "none"
"""What a document says that nobody has reviewed yet."""

N_QUESTIONS: Final = 3
_COUNTS: Final = ("events", "days")
_CONDITION: Final = ("event", *DIMENSIONS, "count")

_TEXTS: Final = ("title", "why_it_matters", "source", "limits", "when_wrong", "author", "reviewer")
_AMONG: Final = {"direction": DIRECTIONS, "standardise": STANDARDS, "per": PER}
FIELDS: Final = (
    *("name", "title", "why_it_matters", "numerator", "denominator", "source", "direction"),
    *("min_denominator", "standardise", "per", "questions_to_ask", "limits", "when_wrong"),
    *("author", "reviewer", "review_date", "next_review", "in_alerts"),
)
"""Every field of a document; docs/measures.md says what each means."""


def measure_documents(shelf: Shelf) -> dict[str, dict[str, Any]]:
    """
    Read the measures that are held; one of the user's own replaces a shipped one of its name.

    Parameters
    ----------
    shelf : Shelf
        The reference data.

    Returns
    -------
    dict of str to dict
        Documents by name, in order; each has all FIELDS, `numerator` and conditions among
        denominators with lists for `event`, `kind`, `source` and `pod` (empty: any), and `is_own`,
        whether it is the user's.

    Raises
    ------
    ReferenceGap
        With every fault of every document, file by file.
    """
    found: dict[str, dict[str, Any]] = {}
    faulty: list[str] = []
    for folder in shelf.folders:
        for path in sorted((folder / SUBJECT).glob("[!.]*")):
            document, faults = _read(path)
            if faults:
                faulty.append(f"{path} cannot be used: {'; '.join(faults)}.")
            else:
                found[path.stem] = _whole(document, is_own=folder != shelf.folders[0])
    if faulty:
        raise ReferenceGap(
            "\n".join(
                [
                    *faulty,
                    "No measure was reckoned, because a wrong definition counts the wrong thing. "
                    "Correct these files; docs/measures.md says how they are written.",
                ]
            )
        )
    return dict(sorted(found.items()))


def _read(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Read a document and list its faults."""
    document, faults = read_document(path, "measure")
    if faults:
        return {}, faults
    return document, list(_faults(document, path.stem))


def _faults(document: Mapping[str, Any], stem: str) -> Iterator[str]:
    yield from field_faults(document, stem, FIELDS, _TEXTS)
    for field, words in _AMONG.items():
        if field in document and document[field] not in words:
            yield f"{field} is {told(document[field])}, and may be {', '.join(words)}"
    least = document.get("min_denominator", 1)
    if not isinstance(least, int) or isinstance(least, bool) or least < 1:
        yield f"min_denominator is {told(least)}, and must be a whole number from 1 on"
    if not isinstance(document.get("in_alerts", True), bool):
        yield f"in_alerts is {told(document['in_alerts'])}, and may be true, false"
    if "questions_to_ask" in document:
        yield from _of_questions(document["questions_to_ask"])
    yield from _of_review(document)
    yield from _of_fraction(document)


def _of_questions(questions: Any) -> Iterator[str]:
    if not isinstance(questions, list) or len(questions) != N_QUESTIONS:
        yield f"questions_to_ask must be a list of {N_QUESTIONS} questions"
        return
    for n, question in enumerate(questions, start=1):
        if isinstance(question, Mapping):
            yield f"question {n} has a colon in it, so it must stand in quotation marks"
        elif not is_text(question):
            yield f"question {n} is {told(question)}, and must be a text"


def _of_review(document: Mapping[str, Any]) -> Iterator[str]:
    """Find what is wrong with who looked at it, and when."""
    reviewer, on, then = (document.get(f) for f in ("reviewer", "review_date", "next_review"))
    is_reviewed = reviewer is not None and reviewer != NO_REVIEWER
    if is_reviewed and reviewer == document.get("author"):
        yield "its reviewer is its author, and nobody reviews himself"
    if "next_review" in document and not _is_day(then):
        yield f"next_review is {told(then)}, and must be a day such as 2027-04-30"
    if "review_date" not in document:
        return
    if is_reviewed and not _is_day(on):
        yield f"review_date is {told(on)}, and must be the day of the review, such as 2026-04-30"
    if not is_reviewed and on is not None:
        yield f"review_date is {told(on)}, and reviewer names nobody"
    if on is not None and then is not None and _is_day(on) and _is_day(then) and then <= on:
        yield f"next_review {then} is not after review_date {on}"


def _of_fraction(document: Mapping[str, Any]) -> Iterator[str]:
    """Find what is wrong with what is divided by what."""
    per = str(document.get("per"))
    upper, lower = document.get("numerator"), document.get("denominator")
    if "numerator" in document:
        yield from _of_condition("numerator", upper)
    is_rate = per in LISTS
    if is_rate and "denominator" in document and lower != LISTS[per]:
        yield f"denominator is {told(lower)}, and of a measure per {per} must be '{LISTS[per]}'"
    if document.get("standardise") == "age_sex" and per != "1000 registered":
        yield "standardise is 'age_sex', which only measures per 1000 registered can be"
    if is_rate or per not in PER or "denominator" not in document:
        return
    faults = list(_of_condition("denominator", lower))
    yield from faults
    if faults or list(_of_condition("numerator", upper)) or upper is None or lower is None:
        return
    if "days" in (upper.get("count"), lower.get("count")):
        yield f"days are counted per 1000 patients only, and per is {told(per)}"
    if per == "share" and not _is_part(upper, lower):
        yield "its numerator is no part of its denominator, so it is no share; per may be ratio"
    if per == "ratio" and _is_part(upper, lower):
        yield "its numerator is a part of its denominator, so per must be share"


def _of_condition(name: str, condition: Any) -> Iterator[str]:
    """Find what is wrong with a condition on the cube."""
    if not isinstance(condition, Mapping):
        yield f"{name} is {told(condition)}, and must say what is counted, as 'event: referral'"
        return
    strange = [str(part) for part in condition if part not in _CONDITION]
    if strange:
        yield f"{name} has {', '.join(strange)}, and may have {', '.join(_CONDITION)}"
    events = _listed(condition.get("event"))
    if not events:
        yield f"{name} has no event (there are {', '.join(EVENTS)})"
    unknown = [told(e) for e in events if not isinstance(e, str) or e not in EVENTS]
    if unknown:
        yield f"{name} has the event {', '.join(unknown)} (there are {', '.join(EVENTS)})"
        return
    for part in DIMENSIONS:
        if part not in condition:
            continue
        there = list(dict.fromkeys(v for e in events for v in getattr(EVENTS[e], part)))
        lacking = [e for e in events if not getattr(EVENTS[e], part)]
        if lacking:
            yield f"{name} asks for a {part}, which {', '.join(lacking)} does not have"
            continue
        asked = _listed(condition[part])
        odd = [told(v) for v in asked if v not in (*there, UNKNOWN)]
        if odd or not asked:
            yield (
                f"{name} has the {part} {', '.join(odd) or 'of nothing'} (there are "
                f"{', '.join((*there, UNKNOWN))})"
            )
    if condition.get("count", "events") not in _COUNTS:
        yield f"{name} counts {told(condition['count'])}, and may count {', '.join(_COUNTS)}"
    elif condition.get("count") == "days" and not all(EVENTS[e].has_days for e in events):
        with_days = ", ".join(e for e, is_ in EVENTS.items() if is_.has_days)
        yield f"{name} counts days, which only {with_days} have"


def _is_part(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> bool:
    """Tell whether all that one condition counts is counted by the other."""
    return all(
        part not in lower
        or (part in upper and set(_listed(upper[part])) <= set(_listed(lower[part])))
        for part in ("event", *DIMENSIONS)
    )


def _whole(document: Mapping[str, Any], *, is_own: bool) -> dict[str, Any]:
    """Write a document out in full: lists where one word stood."""
    full = {field: document[field] for field in FIELDS}
    for side in ("numerator", "denominator"):
        if isinstance(full[side], Mapping):
            lists = {p: _listed(full[side].get(p)) for p in ("event", *DIMENSIONS)}
            full[side] = lists | {"count": full[side].get("count", "events")}
    return full | {"is_own": is_own}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _is_day(value: Any) -> bool:
    # A moment of a day is no day, though Python takes one for the other.
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
