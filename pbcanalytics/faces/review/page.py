"""The page of a review: one file, no scripts, nothing from outside, made to be printed."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pbcanalytics.faces.review import figures, sections
from pbcanalytics.faces.review.parts import day, month, paragraph, plural
from pbcanalytics.faces.review.questions import Question, questions
from pbcanalytics.faces.template import PARTS_STYLESHEET

if TYPE_CHECKING:
    from pbcanalytics.intake.review import Review

_SHEET: Final = Path(__file__).with_name("sheet.css")
_SECTIONS: Final = (
    ("arrived", "What arrived", sections.arrived),
    ("rejects", "What could not be taken", sections.rejects),
    ("completeness", "Is it all there?", sections.completeness),
    ("duplicates", "Is anything there twice?", figures.duplicates),
    ("dates", "Dates that cannot be", figures.dates),
    ("totals", "Do the totals agree?", figures.totals),
    ("changes", "What changed since it was sent before", figures.changes),
    ("fullness", "How full are the columns?", figures.fullness),
)


def page(review: "Review") -> str:
    """Write the page."""
    as_of = day(review.made_at)
    asked = questions(review)
    body = "".join(
        f'<section id="{key}"><h2>{i}. {escape(title)}</h2>{write(review, as_of)}</section>'
        for i, (key, title, write) in enumerate(_SECTIONS, 1)
    )
    title = f"Check of the extracts of {about(review)}"
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_style()}</style></head>"
        '<body><main class="pbc-sheet">'
        f"<h1>{escape(title)}</h1>{_strip(review)}{_headlines(review, asked)}"
        f'<section id="questions"><h2>What we would like to ask</h2>{_asked(asked)}</section>'
        f"{body}</main>"
        "<footer>The lists behind this page are the CSV files beside it. What each check does, and "
        "what to do about it, is in docs/checks.md.</footer>"
        "</body></html>\n"
    )


def about(review: "Review") -> str:
    """Say whose extracts it is about."""
    provider = review.provider
    name = review.provider_names.get(provider or "")
    whose = f"{provider} {name}" if provider and name else provider
    return " from ".join(w for w in (whose, review.supplier) if w) or "all providers"


def summary(review: "Review") -> list[str]:
    """Say the same in a few lines, for the terminal."""
    found, loads = review.completeness, review.arrivals.loads
    rejected = sum(a.rejected or 0 for a in loads)
    asked = questions(review)
    lines = [
        f"Check of the extracts of {about(review)}, as held on {day(review.made_at)}.",
        f"{plural(len(loads), 'file')}, {plural(sum(a.accepted for a in loads), 'row')} accepted, "
        f"{rejected:,} rejected; activity to {month(review.data_to)}.",
        f"Completeness: {_complete(found.share)}; {plural(len(found.marked), 'month')} marked.",
        f"Rows that look alike: {sum(d.n_surplus for d in review.duplicates):,}. "
        f"Dates that cannot be: {sum(d.n_rows for d in review.dates):,}. "
        f"Columns suddenly less filled: {len(review.fullness.falls):,}.",
        f"Totals: {_totals(review)}. Months sent again: {len(review.changes.resent):,}.",
    ]
    room = 18
    lines += [f"- {q.text}" for q in asked[:room]]
    if len(asked) > room:
        lines.append(f"- and {len(asked) - room:,} more questions on the page.")
    if not asked:
        lines.append("There is nothing to ask.")
    return lines


def _totals(review: "Review") -> str:
    compared = [t for t in review.totals.months if t.agrees is not None]
    if not compared:
        return "nothing to compare"
    agreeing = sum(t.agrees is True for t in compared)
    return f"{agreeing:,} of {plural(len(compared), 'month')} agree to the penny"


def _complete(share: float | None) -> str:
    if share is None:
        return "too few months to say"
    return "100%" if share >= 1 else f"{min(99.9, 100 * share):.1f}%"


def _style() -> str:
    return PARTS_STYLESHEET.read_text(encoding="utf-8") + _SHEET.read_text(encoding="utf-8")


def _strip(review: "Review") -> str:
    at = f"{day(review.made_at)}, {review.made_at:%H:%M} UTC"
    held = f"As held on {at}; activity to {month(review.data_to)}."
    return (
        f'<div class="pbc-strip">{paragraph(held)}'
        + paragraph(
            "These are questions about files, not findings against anybody: the answer may well be "
            "that all is right."
        )
        + paragraph(
            "For the sender of the files and the commissioner only: it may hold counts of few "
            "patients. It names no patient."
        )
        + "</div>"
    )


def _headlines(review: "Review", asked: list[Question]) -> str:
    loads = review.arrivals.loads
    shown = (
        (_complete(review.completeness.share), "of the rows to be expected arrived"),
        (f"{len(loads):,}", "files"),
        (f"{sum(a.accepted for a in loads):,}", "rows accepted"),
        (f"{sum(a.rejected or 0 for a in loads):,}", "rows rejected"),
        (f"{len(asked):,}", "questions"),
    )
    return (
        '<ul class="pbc-headlines">'
        + "".join(
            f'<li class="pbc-headline"><strong>{escape(n)}</strong><span>{escape(what)}</span></li>'
            for n, what in shown
        )
        + "</ul>"
    )


def _asked(asked: list[Question]) -> str:
    if not asked:
        return paragraph("Nothing stands out that would have to be asked.")
    numbers = {key: i for i, (key, _, _) in enumerate(_SECTIONS, 1)}
    rows = "".join(
        f'<li>{escape(q.text)} <a href="#{q.section}">Section {numbers[q.section]}</a></li>'
        for q in asked
    )
    return f'<ol class="asked">{rows}</ol>'
