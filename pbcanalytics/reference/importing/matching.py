"""Where in a sheet the headings are, and which of them is which column."""

import re
from dataclasses import dataclass
from typing import Final

from pbcanalytics.reference.importing.grids import Sheet
from pbcanalytics.reference.importing.headings import alike, years_in
from pbcanalytics.reference.importing.targets import Subject

_DEEPEST: Final = 3
"""So many lines a heading may take."""


@dataclass(frozen=True)
class Match:
    """
    The headings of a sheet as the columns of a subject.

    `places` gives the number of the column in the sheet; `headings` what stands there;
    `ignored` heading and reason; `unclear` columns that several headings could be.
    """

    subject: Subject
    sheet: Sheet
    heading_line: int
    places: dict[str, int]
    headings: dict[str, str]
    ignored: list[tuple[str, str]]
    unclear: dict[str, list[str]]

    @property
    def has_key(self) -> bool:
        """Tell whether the column of codes was found."""
        return self.subject.key in self.places

    @property
    def is_enough(self) -> bool:
        """Tell whether it has the codes and one of the columns that the subject is about."""
        found = {*self.places, *self.unclear}
        return self.has_key and any(c in found for c in self.subject.needs_one_of)

    @property
    def n_prices(self) -> int:
        """How many columns of numbers were found."""
        found = {*self.places, *self.unclear}
        return sum(self.subject.target(c).kind not in ("code", "label") for c in found)

    @property
    def missing(self) -> list[str]:
        """The headings that were looked for and not found, as one workbook or other words them."""
        found = {*self.places, *self.unclear}
        if "combined_pence" in found:
            found |= {"day_case_pence", "elective_pence"}
        return [t.example for t in self.subject.targets if t.example and t.column not in found]


def best_match(sheet: Sheet, subject: Subject, year: str) -> Match:
    """
    Find the lines of a sheet that are the headings of a subject, as well as it can be done.

    Parameters
    ----------
    sheet : Sheet
    subject : Subject
    year : str
        Financial year; a heading that names another year only is not used.

    Returns
    -------
    Match
        The one that finds most columns; look at `is_enough`.
    """
    best = Match(subject, sheet, 0, {}, {}, [], {})
    most = (False, 0)
    for last in range(len(sheet.headed)):
        for depth in range(1, min(_DEEPEST, last + 1) + 1):
            found = _matched(sheet, subject, year, last, depth)
            score = (found.has_key, len(found.places) + len(found.unclear))
            if score > most or (score == most and len(found.unclear) < len(best.unclear)):
                best, most = found, score
    return best


def _matched(sheet: Sheet, subject: Subject, year: str, last: int, depth: int) -> Match:
    lines = sheet.headed[last - depth + 1 : last + 1]
    candidates: dict[str, list[int]] = {}
    said: dict[int, str] = {}
    ignored: list[tuple[str, str]] = []
    for place in range(max(map(len, lines))):
        parts = dict.fromkeys(line[place] for line in lines if place < len(line) and line[place])
        if not parts:
            continue
        said[place] = " ".join(parts)
        years = years_in(said[place])
        target = subject.target_for(alike(said[place]))
        if target is None:
            ignored.append((said[place], "no column of the record"))
        elif not target.column:
            ignored.append((said[place], target.reason))
        elif years and year not in years:
            ignored.append((said[place], f"of {', '.join(sorted(years))}"))
        else:
            candidates.setdefault(target.column, []).append(place)
    candidates = {c: _preferred(p, said, year) for c, p in candidates.items()}
    places = {c: p[0] for c, p in candidates.items() if len(p) == 1}
    return Match(
        subject,
        sheet,
        last + 1,
        places,
        {c: said[p] for c, p in places.items()},
        ignored,
        {c: [said[p] for p in ps] for c, ps in candidates.items() if len(ps) > 1},
    )


def _preferred(places: list[int], said: dict[int, str], year: str) -> list[int]:
    """Of several headings for one column, take those that name the year, if any does."""
    dated = [p for p in places if year in years_in(said[p])]
    return dated or places


def is_code_of(subject: Subject, text: str) -> bool:
    """Tell whether a text is a code of the kind that the rows of a subject have."""
    return re.fullmatch(subject.code, text.strip().upper()) is not None


def has_codes(match: Match) -> bool:
    """Tell whether at least half of what stands below the heading of the codes are codes."""
    place = match.places[match.subject.key]
    below = [r[place] for r in match.sheet.rows[match.heading_line :] if place < len(r)]
    filled = [text for text in below if text]
    n_codes = sum(is_code_of(match.subject, text) for text in filled)
    if match.subject.name == "tariff" and n_codes:
        n_codes -= sum(re.fullmatch(r"VB\d{2}[A-Z]", t.upper()) is not None for t in filled)
    return n_codes > 0 and 2 * n_codes >= len(filled)
