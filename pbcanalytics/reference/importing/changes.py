"""What a new year's prices change against an earlier record: codes new and gone, prices moved."""

import csv
import io
from dataclasses import dataclass
from typing import Final

import pandas as pd

from pbcanalytics.reference.importing.targets import SUBJECTS, Subject
from pbcanalytics.reference.shelf import Shelf

_LARGEST: Final = 10
_FORMULA: Final = ("=", "+", "-", "@", "\t")
_SAME_HRGS: Final = 0.5
"""With fewer roots in common than this, the codes are of another version (a working threshold)."""

_Cell = tuple[str, str, str, str, str, float | None]


@dataclass(frozen=True)
class Changes:
    """
    The differences of two tables of one subject.

    `columns` has one row per column: `column`, `n_compared`, `n_changed`, `median_change_share`,
    `n_gained` and `n_lost` (a value only after, only before). `cells` has one row per difference:
    `code`, `column`, `what`, `before`, `after`, `change_share`, largest share first; before and
    after as in the record.
    """

    subject: str
    before: str
    after: str
    new_codes: list[str]
    gone_codes: list[str]
    columns: pd.DataFrame
    cells: pd.DataFrame
    roots_kept_share: float | None

    @property
    def is_none(self) -> bool:
        """Tell whether nothing differs."""
        return self.cells.empty

    @property
    def largest(self) -> pd.DataFrame:
        """The cells whose value moved by the largest share."""
        return self.cells[self.cells["what"] == "changed"].head(_LARGEST)

    @property
    def is_other_version(self) -> bool:
        """Tell whether the HRGs seem to be those of another version."""
        return self.roots_kept_share is not None and self.roots_kept_share < _SAME_HRGS


def compared(
    subject: Subject, old: pd.DataFrame, new: pd.DataFrame, *, before: str, after: str
) -> Changes:
    """
    Compare two tables of one subject.

    Parameters
    ----------
    subject : Subject
    old, new : DataFrame, one row per code
        As `Shelf.read` gives them.
    before, after : str
        What they are called, such as "2017/18".

    Returns
    -------
    Changes
    """
    key = subject.key
    was, now = old.set_index(key), new.set_index(key)
    new_codes = sorted(set(now.index) - set(was.index))
    gone_codes = sorted(set(was.index) - set(now.index))
    both = was.index.intersection(now.index)
    cells: list[_Cell] = [(c, key, "new code", "", c, None) for c in new_codes]
    cells += [(c, key, "code gone", c, "", None) for c in gone_codes]
    summary = []
    numbers = [c for c in now.columns if c.endswith(("_pence", "_days", "_ratio", "_share"))]
    for column in numbers:
        if column not in was.columns:
            continue
        a, b = was.loc[both, column], now.loc[both, column]
        moved = (a.notna() & b.notna() & (a != b).fillna(False)).astype(bool)
        gained, lost = a.isna() & b.notna(), a.notna() & b.isna()
        change = (b[moved].astype(float) - a[moved].astype(float)) / a[moved].astype(float)
        n = int((a.notna() & b.notna()).sum())
        median = float(change.median()) if len(change) else None
        counts = (n, int(moved.sum()), median, int(gained.sum()), int(lost.sum()))
        summary.append((column, *counts))
        for what, which in (("changed", moved), ("value new", gained), ("value gone", lost)):
            for code in both[which.to_numpy()]:
                by = float(change[code]) if what == "changed" else None
                cells.append((code, column, what, _text(a[code]), _text(b[code]), by))
    cells.sort(key=lambda r: (r[5] is None, -abs(r[5] or 0), r[1], r[0]))
    names = ["column", "n_compared", "n_changed", "median_change_share", "n_gained", "n_lost"]
    return Changes(
        subject.name,
        before,
        after,
        new_codes,
        gone_codes,
        pd.DataFrame(summary, columns=names),
        pd.DataFrame(cells, columns=["code", "column", "what", "before", "after", "change_share"]),
        _roots_kept(was.index, now.index) if subject.name == "tariff" else None,
    )


def all_changes(
    tables: dict[str, pd.DataFrame], shelf: Shelf, financial_year: str
) -> dict[str, list[Changes]]:
    """
    Compare new tables with what is held: the latest earlier year, and the year itself.

    Parameters
    ----------
    tables : dict of str to DataFrame
        By subject, as `Shelf.read` gives them.
    shelf : Shelf
        What was held before them.
    financial_year : str

    Returns
    -------
    dict of str to list of Changes
        By subject, the earlier year first; empty where nothing was held.
    """
    found: dict[str, list[Changes]] = {}
    for subject in SUBJECTS:
        if subject.name not in tables:
            continue
        held = [y for y in shelf.years(subject.name) if y <= financial_year]
        earlier = [y for y in held if y < financial_year][-1:]
        found[subject.name] = [
            compared(
                subject,
                shelf.read(subject.name, other),
                tables[subject.name],
                before=other,
                after=financial_year,
            )
            for other in (*earlier, *(y for y in held if y == financial_year))
        ]
    return found


def as_csv(changes: Changes) -> str:
    """Write every difference as CSV that a spreadsheet opens without running anything in it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["subject", "year_before", "year", *changes.cells.columns])
    for row in changes.cells.itertuples(index=False):
        *texts, change = row
        by = "" if change is None or pd.isna(change) else f"{change:.6f}"
        told = [changes.subject, changes.before, changes.after, *texts]
        writer.writerow([*(_safe(str(t)) for t in told), by])
    return out.getvalue()


def _roots_kept(was: pd.Index, now: pd.Index) -> float:
    roots = {str(c)[:4] for c in was}
    return len(roots & {str(c)[:4] for c in now}) / len(roots) if roots else 1.0


def _text(value: object) -> str:
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
