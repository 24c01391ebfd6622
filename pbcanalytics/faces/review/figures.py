"""The sections of the page on duplicates, dates, pounds, changes and fullness."""

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from pbcanalytics.faces.review.parts import NOTHING, Said, month, paragraph, plural, table
from pbcanalytics.faces.review.questions import changed
from pbcanalytics.faces.review.sections import ROWS_SHOWN, more
from pbcanalytics.faces.wording import exact, share

if TYPE_CHECKING:
    from decimal import Decimal

    from pbcanalytics.intake.changes import SpellChange
    from pbcanalytics.intake.review import Review

_NONE: Final = dt.date.min


def duplicates(review: "Review", as_of: str) -> str:
    """Say what looks like one thing under two keys."""
    if not review.duplicates:
        return paragraph("No activity is held in which something could stand twice.")
    return paragraph(
        "Rows that agree in all that is named, under different keys. The keys of all, with their "
        "files and lines, are in duplicates.csv; the page names no patient."
    ) + table(
        f"Rows that look alike, as held on {as_of}",
        ["What agrees", "First keys", "Rows looked at", "Sets alike", "Rows beyond the first"],
        (
            (d.title, "; ".join(d.first_keys) or NOTHING, d.n_rows, d.n_sets, d.n_surplus)
            for d in review.duplicates
        ),
        texts=2,
    )


def dates(review: "Review", as_of: str) -> str:
    """Say which dates and ages cannot be."""
    if not review.dates:
        return paragraph("No date or age was found that cannot be.")
    return paragraph("The keys of all, with their files and lines, are in dates.csv.") + table(
        f"Dates and ages that cannot be, as held on {as_of}",
        ["What does not fit", "Kind", "First keys", "Rows"],
        ((d.title, d.kind, ", ".join(d.first_keys) or NOTHING, d.n_rows) for d in review.dates),
        texts=3,
    )


def totals(review: "Review", as_of: str) -> str:
    """Say whether patient-level lines, aggregate monitoring and invoices are one sum."""
    found = review.totals
    if not found.months:
        return paragraph(
            "No contract monitoring and no invoices are held, so that nothing can be compared."
        )
    held = [
        "" if found.has_lines else "No patient-level contract monitoring is held.",
        "" if found.has_totals else "No aggregate contract monitoring (ACM) is held.",
        "" if found.has_invoices else "No invoice is held.",
        "What is not held is not compared, and is not taken as nothing.",
    ]
    unpriced = sum(t.n_unpriced for t in found.months)
    if unpriced:
        held.append(f"{plural(unpriced, 'entry', 'entries')} without a price are in no sum.")
    agreeing = sum(t.agrees is True for t in found.months)
    compared = sum(t.agrees is not None for t in found.months)
    if compared:
        held.insert(
            0,
            f"{agreeing:,} of {plural(compared, 'month')} that can be compared agree to the penny.",
        )
    ordered = sorted(
        found.months, key=lambda t: (t.agrees is not False, t.provider_code or "", t.month or _NONE)
    )
    said = paragraph(*held) + more(len(ordered), "totals.csv")
    said += table(
        f"Charges by provider and month, as held on {as_of}",
        ["Provider", "Month", "Lines", "ACM", "Invoices", "Lines − ACM", "ACM − invoices"],
        (
            (
                t.provider_code or NOTHING,
                month(t.month),
                pounds(t.lines_pence, "none held"),
                pounds(t.totals_pence, "no ACM held"),
                pounds(t.invoices_pence, "none held"),
                pounds(t.lines_less_totals_pence),
                pounds(t.totals_less_invoices_pence),
            )
            for t in ordered[:ROWS_SHOWN]
        ),
        texts=2,
    )
    if found.pods:
        said += more(len(found.pods), "totals.csv") + table(
            f"Points of delivery in which lines and ACM differ, as held on {as_of}",
            ["Provider", "Month", "POD", "Lines", "ACM", "Lines £", "ACM £", "Lines − ACM"],
            (
                (
                    p.provider_code or NOTHING,
                    month(p.month),
                    p.pod or "not said",
                    activities(p.n_lines),
                    activities(p.n_totals),
                    pounds(p.lines_pence),
                    pounds(p.totals_pence),
                    pounds(p.less_pence),
                )
                for p in found.pods[:ROWS_SHOWN]
            ),
            texts=3,
        )
    return said


def changes(review: "Review", as_of: str) -> str:
    """Say what changed in months that were held already."""
    resent = [(c, text) for c in review.changes.resent if (text := changed(c))]
    unchanged = len(review.changes.resent) - len(resent)
    said = ""
    if unchanged:
        said += paragraph(f"{plural(unchanged, 'month')} came again without any change.")
    if resent:
        said += more(len(resent), "changes.csv") + table(
            f"Months sent again, closed ones first, as held on {as_of}",
            ["Provider", "What changed", "Rows before", "Rows now", "Pounds before", "Pounds now"],
            (
                (
                    c.provider_code or NOTHING,
                    text,
                    c.n_before,
                    c.n_now,
                    pounds(c.pence_before),
                    pounds(c.pence_now),
                )
                for c, text in resent[:ROWS_SHOWN]
            ),
            texts=2,
        )
    if not review.changes.resent:
        said += paragraph("No month that was held has been sent again.")
    spells = review.changes.spells
    if spells:
        said += more(len(spells), "changes.csv") + table(
            f"The same in spells, between the last two builds, as held on {as_of}",
            ["Provider", "What changed", "Spells", "Pounds"],
            (
                (c.provider_code, spell_sentence(c), c.n_spells, pounds(c.pence))
                for c in spells[:ROWS_SHOWN]
            ),
            texts=2,
        )
    elif review.supplier is not None:
        said += paragraph("Spells do not say which supplier's file they came with.")
    else:
        said += paragraph("No change in spells is known: that takes two builds.")
    return said


def spell_sentence(one: "SpellChange") -> str:
    """
    Say what became of a month's spells.

    "14 spells added to frozen June 2018 at RX1, £21,300.00".
    """
    how = {"added": "added to", "gone": "taken from", "repriced": "priced anew in"}
    frozen = "frozen " if one.was_frozen else ""
    price = "" if one.pence is None else f", {exact(one.pence)}"
    return (
        f"{plural(one.n_spells, 'spell')} {how.get(one.change, one.change)} {frozen}"
        f"{month(one.month)} at {one.provider_code}{price}"
    )


def fullness(review: "Review", as_of: str) -> str:
    """Say how much of each column is filled, and when it fell."""
    found = review.fullness
    if not found.columns:
        return paragraph("No row is held.")
    said = paragraph(
        "The share of rows in which a column holds a value; by provider in fullness.csv. A fall is "
        "a month in which less than half as much is filled as in the year before it."
    )
    if found.falls:
        said += more(len(found.falls), "fullness.csv") + table(
            f"Columns that were suddenly less filled, as held on {as_of}",
            ["Column", "Of", "Provider", "Month", "Before", "Now", "Rows"],
            (
                (
                    f.column_name,
                    f.table_name,
                    f.provider_code,
                    month(f.month),
                    f"{f.share_before:.0%}",
                    share(f.n_filled, f.n_rows),
                    f.n_rows,
                )
                for f in found.falls[:ROWS_SHOWN]
            ),
            texts=4,
        )
    else:
        said += paragraph("No column was suddenly less filled.")
    by_table: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for c in found.columns:
        by_table[c.table_name].append((c.column_name, c.n_filled, c.n_rows))
    rows: list[tuple[Said, ...]] = []
    for name, columns in by_table.items():
        full = [c for c, filled, n in columns if filled == n]
        none = [c for c, filled, n in columns if not filled]
        part = [f"{c} {share(filled, n)}" for c, filled, n in columns if 0 < filled < n]
        rows.append(
            (
                name.replace("_", " "),
                ", ".join(full) or NOTHING,
                ", ".join(part) or NOTHING,
                ", ".join(none) or NOTHING,
                columns[0][2],
            )
        )
    return said + table(
        f"How far columns are filled, as held on {as_of}",
        ["Table", "Always filled", "Partly filled", "Never filled", "Rows"],
        rows,
        texts=4,
    )


def pounds(pence: int | None, otherwise: str = NOTHING) -> str:
    """Write pence as pounds to the penny; what is not known is said."""
    return otherwise if pence is None else exact(pence)


def activities(n: "Decimal | None") -> str:
    """Write a count of activities, with decimals only where it has some."""
    return NOTHING if n is None else f"{n.normalize():,f}"
