"""The sections of the page that say what arrived, what was wrong with it, and what is missing."""

from typing import TYPE_CHECKING, Final

from pbcanalytics.faces.review.grids import STATES, grids
from pbcanalytics.faces.review.parts import (
    NOTHING,
    cut,
    day,
    items,
    month,
    paragraph,
    plural,
    stack,
    table,
)

if TYPE_CHECKING:
    from pbcanalytics.intake.review import Review
    from pbcanalytics.intake.review.arrivals import Rejected

ROWS_SHOWN: Final = 60
"""Rows of one table on the page; the CSV holds them all."""


def arrived(review: "Review", as_of: str) -> str:
    """Say which files came, and that every row of them is accounted for."""
    loads = review.arrivals.loads
    if not loads:
        return paragraph("No file has been loaded.")
    astray = [a for a in loads if not a.is_accounted_for]
    shared = (
        "Files marked with a dash bring rows of other providers as well; only the rows of this "
        "provider are counted, and rejected rows, which do not say whose they are, are left out."
        if review.arrivals.has_shared_files
        else ""
    )
    accounted = (
        "Of these files rows are unaccounted for; please load them again, and tell the maintainers "
        f"of pbcanalytics: {', '.join(a.file for a in astray)}."
        if astray
        else "Every row read was accepted or rejected; a row that a later file replaced is kept "
        "as history."
    )
    return paragraph(accounted, shared) + table(
        f"Files loaded, as held on {as_of}",
        ["File", "Loaded", "Read as", "From", "Stage", "Read", "Accepted", "Rejected", "Replaced"],
        (
            (
                a.file,
                f"{day(a.loaded_at)}, {a.loaded_at:%H:%M}",
                a.layout,
                a.supplier or NOTHING,
                a.submission or NOTHING,
                NOTHING if a.rows_read is None else a.rows_read,
                a.accepted,
                NOTHING if a.rejected is None else a.rejected,
                a.superseded,
            )
            for a in loads
        ),
        texts=5,
    )


def rejects(review: "Review", as_of: str) -> str:
    """Say what was rejected, what was remarked on, and which codes nobody knows."""
    found = review.arrivals
    said = ""
    if found.rejected:
        said += more(len(found.rejected), "rejects.csv") + table(
            f"Rejected rows by file and reason, first lines of each, as held on {as_of}",
            ["File", "Reason", "First lines: line, column, what stood there", "Rows"],
            ((r.file, r.sentence, stack(_line(r)), r.n_rows) for r in found.rejected[:ROWS_SHOWN]),
            texts=3,
        )
    else:
        said += paragraph("No row was rejected.")
    if found.findings:
        said += more(len(found.findings), "findings.csv") + table(
            f"Rows accepted but worth a look, as held on {as_of}",
            ["File", "What was noticed", "Rows"],
            ((f.file, f.sentence, f.n_rows) for f in found.findings[:ROWS_SHOWN]),
            texts=2,
        )
    if found.unknown_codes:
        said += table(
            f"Codes that are on no list; their rows are kept, as held on {as_of}",
            ["File", "Column", "Code", "Rows"],
            ((c.file, c.column_name, cut(c.code, 40), c.n_rows) for c in found.unknown_codes),
            texts=3,
        )
    else:
        said += paragraph("Every code is on its list.")
    return said


def _line(rejected: "Rejected") -> list[str]:
    lines = []
    for one in rejected.first:
        where = f"line {one.line_number}"
        if one.column_name:
            where += f", {one.column_name}: {cut(one.value)}"
        lines.append(where)
    if rejected.n_rows > len(lines):
        lines.append(f"and {rejected.n_rows - len(lines):,} more in rejects.csv")
    return lines


def completeness(review: "Review", as_of: str) -> str:
    """Say what came of what was expected, provider by month."""
    found = review.completeness
    if not found.cells:
        return paragraph("No activity is held, so that nothing can be expected.")
    share = (
        "Too few months are held to say how complete they are."
        if found.share is None
        else f"{_share(found.share)} of the rows to be expected arrived, in the months that can be "
        "judged, each kind's last month left aside."
    )
    said = paragraph(
        share,
        "A month's expected rows are the median of the months within a year before and after, per "
        "working day (Monday to Friday without bank holidays; for A&E, per day). A month is marked "
        "if it is below 80% (▼) or above 125% (▲) of that by more than chance would do. "
        "Months with fewer than six others to compare are not judged. The last month is often "
        "incomplete.",
    )
    marked = sorted(found.marked, key=lambda c: (c.month, c.kind, c.provider_code), reverse=True)
    if marked:
        said += more(len(marked), "completeness.csv") + table(
            f"Months to ask about, latest first, as held on {as_of}",
            ["Provider", "Kind", "Month", "What stands out", "Rows", "Expected", "Share"],
            (
                (
                    c.provider_code,
                    c.kind,
                    month(c.month),
                    STATES[c.state] + (" (last month)" if c.is_last else ""),
                    c.n_rows,
                    NOTHING if c.expected is None else f"{c.expected:,.0f}",
                    NOTHING if c.share is None else f"{c.share:.0%}",
                )
                for c in marked[:ROWS_SHOWN]
            ),
            texts=4,
        )
    if found.absent:
        said += table(
            f"Providers of the year before that sent nothing in the last twelve months, {as_of}",
            ["Provider", "Kind", "Last month", "Rows in the year before"],
            ((a.provider_code, a.kind, month(a.last_month), a.n_before) for a in found.absent),
            texts=3,
        )
    stray = [c for c in found.cells if c.state == "stray"]
    if stray:
        n = sum(c.n_rows for c in stray)
        said += paragraph(
            f"{plural(n, 'row')} {'is' if n == 1 else 'are'} dated outside the months in which "
            "their provider sends; they are in completeness.csv with the state stray."
        )
    if found.undated:
        said += items(
            f"{kind}: {plural(n, 'row')} without a month or a provider stand in no cell."
            for kind, n in found.undated.items()
        )
    return said + grids(found.cells, f"as held on {as_of}")


def _share(share: float) -> str:
    """Write a share; 100% only where nothing is short."""
    return "All" if share >= 1 else f"{min(99.9, 100 * share):.1f}%"


def more(n: int, file: str) -> str:
    """Say where the rows are that the page leaves out."""
    if n <= ROWS_SHOWN:
        return ""
    return paragraph(f"The first {ROWS_SHOWN} of {n:,} are shown; all are in {file}.")
