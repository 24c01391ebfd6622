"""Schemes of demand management as documents: one file each, every fault of every file at once."""

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pbcanalytics.reference.documents import field_faults, is_text, read_document
from pbcanalytics.reference.measures import measure_documents
from pbcanalytics.reference.rule_values import told
from pbcanalytics.reference.shelf import Shelf
from pbcanalytics.words.errors import ReferenceGap

SUBJECT: Final = "schemes"

FIELDS: Final = (
    *("name", "title", "what_is_done", "measure", "specialties", "practices", "consortium"),
    *("starts", "months", "hoped_share", "chosen_by", "figures_from", "figures_to"),
    *("author", "registered_on", "planned_on", "least_detectable_share"),
    *("approved_by", "approved_on"),
)
"""Every field of a document; docs/schemes.md says what each means."""

ALL: Final = "ALL"
NOBODY: Final = "none"
"""What a document says that nobody has approved yet."""

FIGURES: Final = "figures"
OTHER: Final = "other"
"""Whether the practices were chosen by their own figures of the measure."""

LEAST_MONTHS: Final = 6
MOST_MONTHS: Final = 36
_OPTIONAL: Final = ("practices", "consortium", "figures_from", "figures_to")
_TEXTS: Final = ("title", "what_is_done", "measure", "author", "approved_by")
_DAYS: Final = ("registered_on", "planned_on", "approved_on")
_MONTH: Final = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


def scheme_documents(shelf: Shelf) -> dict[str, dict[str, Any]]:
    """
    Read the schemes that are registered.

    Parameters
    ----------
    shelf : Shelf
        The reference data, with those of the user on top.

    Returns
    -------
    dict of str to dict
        What `demand.schemes.Scheme` takes, by name and in order of names.

    Raises
    ------
    ReferenceGap
        With every fault of every document, file by file.
    """
    paths = [p for folder in shelf.folders for p in sorted((folder / SUBJECT).glob("[!.]*"))]
    if not paths:
        return {}
    measures = list(measure_documents(shelf))
    specialties = set(shelf.read("specialties")["specialty_code"].astype(str))
    found: dict[str, dict[str, Any]] = {}
    faulty: list[str] = []
    for path in paths:
        document, faults = _read(path, measures, specialties)
        if faults:
            faulty.append(f"{path} cannot be used: {'; '.join(faults)}.")
        else:
            found[path.stem] = _whole(document)
    if faulty:
        raise ReferenceGap(
            "\n".join(
                [
                    *faulty,
                    "No scheme was evaluated, because a scheme without one of these cannot be told "
                    "from one made up afterwards. Correct these files; docs/schemes.md says how "
                    "they are written.",
                ]
            )
        )
    return dict(sorted(found.items()))


def month_of(text: Any) -> dt.date | None:
    """
    Give the first day of a month as documents and commands write it, None if it is no month.

    Examples
    --------
    >>> month_of("2018-04"), month_of("2018-13")
    (datetime.date(2018, 4, 1), None)
    """
    match = _MONTH.match(text.strip()) if isinstance(text, str) else None
    return dt.date(int(match[1]), int(match[2]), 1) if match else None


def _read(
    path: Path, measures: Collection[str], specialties: Collection[str]
) -> tuple[dict[str, Any], list[str]]:
    """Read a document and list its faults."""
    document, faults = read_document(path, "scheme")
    if faults:
        return {}, faults
    faults = [
        *field_faults(document, path.stem, FIELDS, _TEXTS, _OPTIONAL),
        *_of_whom(document, measures, specialties),
    ]
    return document, [*faults, *_of_time(document), *_of_size(document), *_of_people(document)]


def _of_whom(
    document: Mapping[str, Any], measures: Collection[str], specialties: Collection[str]
) -> Iterator[str]:
    """Find what is wrong with what is to change, and whose."""
    measure = document.get("measure")
    if is_text(measure) and measure not in measures:
        yield f"measure is {told(measure)}, and may be {', '.join(measures)}"
    asked = document.get("specialties", ALL)
    codes = asked if isinstance(asked, list) else [asked]
    odd = [told(c) for c in codes if c != ALL and str(c) not in specialties]
    if odd or not codes or (ALL in codes and len(codes) > 1):
        yield (
            f"specialties is {', '.join(odd) or told(asked)}, and must be {ALL} or codes such as "
            "['110', '330']"
        )
    practices, consortium = document.get("practices"), document.get("consortium")
    if (practices is None) == (consortium is None):
        yield "it must name practices or a consortium, and not both"
    if practices is not None and (
        not isinstance(practices, list) or not practices or not all(map(is_text, practices))
    ):
        yield f"practices is {told(practices)}, and must be a list of codes"
    elif practices is not None and len(set(practices)) < len(practices):
        yield "practices names one of them twice"
    if consortium is not None and not is_text(consortium):
        yield f"consortium is {told(consortium)}, and must be a code"


def _of_time(document: Mapping[str, Any]) -> Iterator[str]:
    """Find what is wrong with its months, and those by which practices were chosen."""
    starts = month_of(document.get("starts"))
    if "starts" in document and starts is None:
        yield f"starts is {told(document['starts'])}, and must be a month such as 2018-04"
    n = document.get("months", LEAST_MONTHS)
    if not isinstance(n, int) or isinstance(n, bool) or not LEAST_MONTHS <= n <= MOST_MONTHS:
        yield (
            f"months is {told(n)}, and must be a whole number from {LEAST_MONTHS} to {MOST_MONTHS}"
        )
    chosen = document.get("chosen_by", OTHER)
    if chosen not in (FIGURES, OTHER):
        yield f"chosen_by is {told(chosen)}, and may be {FIGURES}, {OTHER}"
        return
    ends = {f: document.get(f) for f in ("figures_from", "figures_to")}
    if chosen == OTHER and any(v is not None for v in ends.values()):
        yield f"it has figures_from or figures_to, and chosen_by is not {FIGURES}"
    if chosen == OTHER:
        return
    months = {f: month_of(v) for f, v in ends.items()}
    for field, month in months.items():
        if month is None:
            yield f"{field} is {told(ends[field])}, and must be a month such as 2017-03"
    first, last = months.values()
    if first and last and last < first:
        yield f"figures_to {last:%Y-%m} is before figures_from {first:%Y-%m}"
    if last and starts and last >= starts:
        yield f"figures_to {last:%Y-%m} is not before it starts, in {starts:%Y-%m}"


def _of_size(document: Mapping[str, Any]) -> Iterator[str]:
    """Find what is wrong with the effects hoped for, and seen to be detectable."""
    hoped = document.get("hoped_share", -0.1)
    if not _is_number(hoped) or not -1 < hoped <= 1 or not hoped:
        yield (
            f"hoped_share is {told(hoped)}, and must be a share between -1 and 1 other than 0: "
            "-0.1 for a tenth less"
        )
    least, on = document.get("least_detectable_share"), document.get("planned_on")
    if least is not None and (not _is_number(least) or not least > 0):
        yield (
            f"least_detectable_share is {told(least)}, and must be the share that pbc scheme-plan "
            "gave, above 0, or null"
        )
    if (least is None) != (on is None) and {"least_detectable_share", "planned_on"} <= {*document}:
        yield "planned_on and least_detectable_share belong together: both or neither"


def _of_people(document: Mapping[str, Any]) -> Iterator[str]:
    """Find what is wrong with who wrote and approved it, and when."""
    for field in _DAYS:
        day = document.get(field)
        is_open = day is None and field != "registered_on"
        if field in document and not is_open and not _is_day(day):
            yield f"{field} is {told(day)}, and must be a day such as 2018-02-28"
    by, on = document.get("approved_by"), document.get("approved_on")
    is_approved = is_text(by) and by != NOBODY
    if is_approved and by == document.get("author"):
        yield "its author approved it, and nobody approves his own scheme"
    if is_approved and "approved_on" in document and on is None:
        yield "approved_on is empty, and approved_by names somebody"
    if by == NOBODY and on is not None:
        yield f"approved_on is {told(on)}, and approved_by names nobody"


def _whole(document: Mapping[str, Any]) -> dict[str, Any]:
    """Write a document out as a scheme has it."""
    asked = document["specialties"]
    codes = asked if isinstance(asked, list) else [asked]
    texts = {f: document[f] for f in ("name", "title", "what_is_done", "measure", "author")}
    by = document["approved_by"]
    return texts | {
        "specialties": () if ALL in codes else tuple(map(str, codes)),
        "practices": tuple(document.get("practices") or ()),
        "consortium": document.get("consortium"),
        "starts": month_of(document["starts"]),
        "months": document["months"],
        "hoped_share": float(document["hoped_share"]),
        "chosen_by_figures": document["chosen_by"] == FIGURES,
        "figures_from": month_of(document.get("figures_from")),
        "figures_to": month_of(document.get("figures_to")),
        "registered_on": document["registered_on"],
        "approved_by": None if by == NOBODY else by,
        "approved_on": document["approved_on"],
        "planned_on": document["planned_on"],
        "least_detectable_share": document["least_detectable_share"],
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_day(value: Any) -> bool:
    # A moment of a day is no day, though Python takes one for the other.
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
