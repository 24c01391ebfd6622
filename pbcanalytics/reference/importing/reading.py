"""A price workbook as tables of the record: which sheet is what, and why others are none of it."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pbcanalytics.reference.importing.grids import Sheet, sheets_of
from pbcanalytics.reference.importing.headings import alike, years_in
from pbcanalytics.reference.importing.matching import Match, best_match, has_codes
from pbcanalytics.reference.importing.tables import Table, table_of
from pbcanalytics.reference.importing.targets import SUBJECTS, Subject
from pbcanalytics.words import periods
from pbcanalytics.words.errors import ExtractError

_SHOWN: Final = 8
_FULLER: Final = 2
"""A sheet that has so many columns more than any other of its subject is the main one."""


@dataclass(frozen=True)
class Reading:
    """What a file holds: `tables` by subject, and for every sheet `(name, what it was used as)`."""

    file: str
    sha256: str
    financial_year: str
    tables: dict[str, Table]
    sheets: list[tuple[str, str]]


def read(path: Path, financial_year: str, *, only: Iterable[str] = ()) -> Reading:
    """
    Read the prices of one year from a workbook, or from a CSV file.

    Parameters
    ----------
    path : Path
    financial_year : str
        "2018/19". Sheets and headings that name other years only are not used.
    only : iterable of str
        Names of the sheets to look at; all that are not hidden if left out.

    Returns
    -------
    Reading

    Raises
    ------
    ExtractError
        If nothing is recognised, two sheets could be the same, or a value is none; one message
        for all faults of the file.
    SelectionError
        If the year is none.
    """
    year = periods.starting(periods.first_year(financial_year))
    sheets = sheets_of(path)
    wanted = _chosen(path.name, sheets, list(only))
    verdicts: dict[str, str] = {}
    matches: dict[str, list[Match]] = {s.name: [] for s in SUBJECTS}
    tried: list[Match] = []
    for sheet in sheets:
        verdict = _barred(sheet, year, wanted)
        if not verdict:
            found = [best_match(sheet, s, year) for s in SUBJECTS if not _is_barred(sheet, s)]
            fit = [m for m in found if m.is_enough and has_codes(m)]
            fit = [m for m in fit if not _is_of_another_year(m, year)]
            tried += found
            verdict = _no_verdict(sheet, year, found) if not fit else ""
            for match in fit:
                matches[match.subject.name].append(match)
        verdicts[sheet.name] = verdict
    faults = []
    tables: dict[str, Table] = {}
    for subject in SUBJECTS:
        main, others = _main(matches[subject.name])
        if len(main) > 1:
            names = " and ".join(f"'{m.sheet.name}'" for m in main)
            faults.append(
                f"the sheets {names} could both hold '{subject.title}'; say which with --sheet NAME"
            )
        elif main:
            tables[subject.name] = table_of(main[0])
            faults += [f"'{main[0].sheet.name}': {f}" for f in tables[subject.name].faults]
            verdicts[main[0].sheet.name] = "; ".join(
                filter(None, [verdicts[main[0].sheet.name], subject.title])
            )
        for match in others:
            verdicts[match.sheet.name] = verdicts[match.sheet.name] or (
                f"not used: '{main[0].sheet.name}' has more of the columns of '{subject.title}'"
            )
    if faults:
        raise ExtractError(_said(path.name, faults))
    if not tables:
        raise ExtractError(_not_found(path.name, year, verdicts, tried))
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    return Reading(path.name, sha, year, tables, list(verdicts.items()))


def _chosen(file: str, sheets: list[Sheet], only: list[str]) -> list[str]:
    names = {s.name.strip().lower(): s.name for s in sheets}
    unknown = [o for o in only if o.strip().lower() not in names]
    if unknown:
        raise ExtractError(
            f"{file} has no sheet named '{unknown[0]}', so nothing was imported. Its sheets are: "
            f"{', '.join(s.name for s in sheets)}."
        )
    return [names[o.strip().lower()] for o in only]


def _barred(sheet: Sheet, year: str, wanted: list[str]) -> str:
    """Say why a sheet is not looked at, or nothing if it is."""
    if wanted:
        return "" if sheet.name in wanted else "not used: not among those named with --sheet"
    if sheet.is_hidden:
        return "not used: hidden in the workbook (name it with --sheet to use it)"
    if sheet.is_empty:
        return "not used: empty"
    years = years_in(sheet.name)
    if years and year not in years:
        said = ", ".join(sorted(years))
        return f"not used: its name says {said} (name it with --sheet to use it all the same)"
    return ""


def _is_barred(sheet: Sheet, subject: Subject) -> bool:
    return re.search(subject.barred_sheets, alike(sheet.name)) is not None


def _is_of_another_year(match: Match, year: str) -> bool:
    """Tell whether the lines above the headings name another year, and this one nowhere."""
    if years_in(match.sheet.name):
        return False
    years: set[str] = set()
    for row in match.sheet.rows[: max(0, match.heading_line - 1)]:
        years |= years_in(" ".join(row))
    dated = any(year in years_in(h) for h in match.headings.values())
    return bool(years) and year not in years and not dated


def _main(found: list[Match]) -> tuple[list[Match], list[Match]]:
    """Divide the sheets that hold a subject into the main one, or several, and the others."""
    if len(found) < 2:
        return found, []
    ordered = sorted(found, key=lambda m: -m.n_prices)
    if ordered[0].n_prices >= ordered[1].n_prices + _FULLER:
        return ordered[:1], ordered[1:]
    return ordered, []


def _no_verdict(sheet: Sheet, year: str, found: list[Match]) -> str:
    if any(m.is_enough and has_codes(m) for m in found):
        return f"not used: the lines above its headings name another year than {year}"
    if any(m.is_enough for m in found):
        return "not used: its rows are not those of a table of the record"
    if "bpt" in alike(sheet.name):
        return "not used: best practice tariffs are no part of the record"
    return "not used: no headings of codes and prices"


def _said(file: str, faults: list[str]) -> str:
    more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return (
        f"{file} was not imported, because prices would be wrong: {'; '.join(faults[:_SHOWN])}"
        f"{more}. Put these right in the file, then import it again."
    )


def _not_found(file: str, year: str, verdicts: dict[str, str], tried: list[Match]) -> str:
    nearest = max(tried, key=lambda m: (m.is_enough, m.has_key, len(m.places)), default=None)
    if nearest is None or not nearest.places:
        told = [f"'{n}': {v.removeprefix('not used: ')}" for n, v in verdicts.items()]
        return (
            f"{file} has no sheet with prices or market forces factors of {year}, so nothing was "
            f"imported ({'; '.join(told[:_SHOWN]) or 'it has no sheets'}). A sheet needs a column "
            "'HRG code', 'Treatment function code' or 'Provider code' and one of prices."
        )
    found = ", ".join(f"'{h}'" for h in nearest.headings.values())
    where = f"The nearest is '{nearest.sheet.name}', line {nearest.heading_line}, with {found}"
    if nearest.is_enough:
        why = (
            f"but its title is of another year than {year}"
            if has_codes(nearest)
            else f"but no {nearest.subject.targets[0].unit} stands below"
        )
    else:
        why = f"but without {', '.join(repr(m) for m in nearest.missing)}"
    return (
        f"{file} has no sheet with prices or market forces factors of {year}, so nothing was "
        f"imported. {where}, {why}. Rename the headings, or check the year."
    )
