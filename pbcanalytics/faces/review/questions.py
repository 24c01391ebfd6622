"""What a review leads to ask: plain questions, the weightiest of each kind first."""

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from pbcanalytics.faces.review.parts import month, plural
from pbcanalytics.faces.wording import exact, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pbcanalytics.intake.changes import Resent
    from pbcanalytics.intake.review import Review
    from pbcanalytics.intake.review.completeness import Cell

MOST_OF_A_KIND: Final = 6


@dataclass(frozen=True)
class Question:
    """One question, and the section of the page that holds its figures."""

    section: str
    text: str


def questions(review: "Review") -> list[Question]:
    """Give the questions, in the order of the sections."""
    kinds = (
        ("rejects", _of_rejects),
        ("completeness", _of_completeness),
        ("duplicates", _of_duplicates),
        ("dates", _of_dates),
        ("totals", _of_totals),
        ("changes", _of_changes),
        ("fullness", _of_fullness),
    )
    found = []
    for section, asked in kinds:
        texts = asked(review)
        found += [Question(section, t) for t in islice(texts, MOST_OF_A_KIND)]
        if more := sum(1 for _ in texts):
            found.append(Question(section, f"The section below asks {more:,} more of this kind."))
    return found


def _of_rejects(review: "Review") -> "Iterator[str]":
    for file in sorted({r.load_id for r in review.arrivals.rejected}):
        rejected = [r for r in review.arrivals.rejected if r.load_id == file]
        n = sum(r.n_rows for r in rejected)
        why = "because" if len(rejected) == 1 else "most because"
        yield (
            f"{plural(n, 'row')} of {rejected[0].file} could not be taken, "
            f"{why}: {_small(rejected[0].sentence)} Could {'it' if n == 1 else 'they'} be "
            "corrected and sent again?"
        )
    codes = review.arrivals.unknown_codes
    if codes:
        headings = sorted({c.column_name for c in codes})
        yield (
            f"{plural(len(codes), 'code')} in {joined(headings[:4])} "
            f"{'is' if len(codes) == 1 else 'are'} on none of our lists. What do they stand for?"
        )


def _of_completeness(review: "Review") -> "Iterator[str]":
    found = review.completeness
    marked = sorted(found.marked, key=lambda c: -abs((c.expected or 0) - c.n_rows))
    for cell in marked:
        yield about(cell)
    for gone in found.absent:
        yield (
            f"{gone.kind} of {gone.provider_code} last arrived for {month(gone.last_month)}. "
            "Has the provider closed, merged or changed its code?"
        )


def about(cell: "Cell") -> str:
    """Ask about one month of one provider."""
    where = f"{cell.kind} of {cell.provider_code} for {month(cell.month)}"
    last = " It is the last month, which is often incomplete." if cell.is_last else ""
    if cell.expected is None:
        return f"{where}: nothing has arrived. Was anything sent?{last}"
    expected = f"about {cell.expected:,.0f} would be expected"
    if cell.state == "missing":
        return f"{where}: nothing has arrived where {expected}. Was anything sent?{last}"
    rows = f"{plural(cell.n_rows, 'row')} arrived where {expected}"
    if cell.state == "low":
        return f"{where}: {rows}. Is more to come?{last}"
    return f"{where}: {rows}. Has anything been sent twice, or has a service moved?{last}"


def _of_duplicates(review: "Review") -> "Iterator[str]":
    for one in review.duplicates:
        if one.n_sets:
            yield (
                f"{one.title}: {plural(one.n_surplus, 'row')} more than there are different ones. "
                "Are they the same thing recorded twice?"
            )


def _of_dates(review: "Review") -> "Iterator[str]":
    for one in review.dates:
        yield f"{one.kind}, {plural(one.n_rows, 'row')}: {_small(one.title)} What is right?"


def _of_totals(review: "Review") -> "Iterator[str]":
    differing = [t for t in review.totals.months if t.agrees is False]
    for one in differing:
        sums = [
            f"{name} {exact(pence)}"
            for name, pence in (
                ("patient-level lines come to", one.lines_pence),
                ("aggregate monitoring says", one.totals_pence),
                ("invoices say", one.invoices_pence),
            )
            if pence is not None
        ]
        yield (
            f"{one.provider_code or 'No provider'}, {month(one.month)}: {joined(sums)}. "
            "Which is right?"
        )
    for one in review.totals.one_sided:
        where = f"{one.provider_code or 'No provider'}, {month(one.month)}"
        if one.n_line_rows:
            said = "patient-level lines are held and no aggregate monitoring (ACM)"
        else:
            said = "aggregate monitoring (ACM) is held and no patient-level lines"
        yield f"{where}: {said}. Is the other still to come?"
    for codes in review.totals.kindred:
        yield (
            f"The provider codes {joined(list(codes))} stand beside each other in contract files. "
            "Are they one provider, whose sums belong together?"
        )


def _of_changes(review: "Review") -> "Iterator[str]":
    for one in review.changes.resent:
        if one.was_frozen and changed(one):
            yield f"{changed(one)} What led to it after the month was closed?"


def changed(one: "Resent") -> str:
    """Say what changed in a month that was sent again; empty where nothing did."""
    parts = [
        f"{plural(n, 'row')} {what}"
        for n, what in ((one.n_added, "added to"), (one.n_gone, "taken from"), (one.n_changed, ""))
        if n and what
    ]
    where = f"{'frozen ' if one.was_frozen else ''}{month(one.month)} at {one.provider_code or '–'}"
    if one.n_changed:
        parts.append(f"{plural(one.n_changed, 'row')} changed in")
    if not parts and one.n_added is None and one.n_before != one.n_now:
        parts.append(f"{plural(one.n_before, 'row')} became {one.n_now:,} in")
    pounds = ""
    if one.pence_before is not None and one.pence_now is not None:
        difference = one.pence_now - one.pence_before
        pounds = f", {exact(difference)}" if difference else ", pounds unchanged"
        if difference and not parts:
            parts.append("Prices changed in")
    if not parts:
        return ""
    return f"{joined(parts)} {where} ({one.kind}){pounds}."


def _of_fullness(review: "Review") -> "Iterator[str]":
    for fall in review.fullness.falls:
        yield (
            f"{fall.column_name} in {fall.table_name} of {fall.provider_code}: filled in "
            f"{fall.n_filled / fall.n_rows:.0%} of the rows for {month(fall.month)}, after "
            f"{fall.share_before:.0%} in the months before. Has the extract changed?"
        )


def _small(sentence: str) -> str:
    """Begin a sentence in small letters unless its first word is a heading or a name."""
    word = sentence.split(" ", 1)[0]
    return sentence if word[1:].lower() != word[1:] else sentence[:1].lower() + sentence[1:]
