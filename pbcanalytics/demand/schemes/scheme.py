"""A scheme of demand management as its document has it, and the demand that it is to change."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.lateness import late_months
from pbcanalytics.demand.measuring.list_months import Lists, Patients
from pbcanalytics.demand.measuring.measures import Measure
from pbcanalytics.demand.measuring.sums import sums_of
from pbcanalytics.words.working_days import days_in

REGISTERED_LATE: Final = "registered_late"
NOT_APPROVED: Final = "not_approved"
NOT_PLANNED: Final = "not_planned"
APPROVED_UNSEEN: Final = "approved_unseen"
"""What weakens an evaluation. Sentences for them live in the faces."""


@dataclass(frozen=True)
class Scheme:
    """
    A scheme as its document defines it (docs/schemes.md says what each field means).

    Attributes
    ----------
    specialties : tuple of str
        Codes; none for all.
    practices : tuple of str
        Codes; none where a consortium is named.
    starts : date
        First day of the month in which it begins.
    months : int
        For so long it is evaluated. [months]
    hoped_share : float
        Change that is hoped for; below 0 for a fall. [share]
    chosen_by_figures : bool
        The practices were chosen by their own figures of the measure.
    figures_from, figures_to : date or None
        First days of the first and last month of those figures.
    least_detectable_share : float or None
        What was told when it was planned; None where nobody looked. [share]
    """

    name: str
    title: str
    what_is_done: str
    measure: str
    specialties: tuple[str, ...]
    practices: tuple[str, ...]
    consortium: str | None
    starts: dt.date
    months: int
    hoped_share: float
    chosen_by_figures: bool
    figures_from: dt.date | None
    figures_to: dt.date | None
    author: str
    registered_on: dt.date
    approved_by: str | None
    approved_on: dt.date | None
    planned_on: dt.date | None
    least_detectable_share: float | None

    @property
    def ends(self) -> dt.date:
        """Give the first day of the month after those agreed."""
        return (pd.Timestamp(self.starts) + pd.DateOffset(months=self.months)).date()

    @property
    def figures(self) -> tuple[dt.date, dt.date] | None:
        """Give the months by which the practices were chosen, None if they were not so."""
        if self.figures_from is None or self.figures_to is None:
            return None
        return self.figures_from, self.figures_to

    @property
    def remarks(self) -> tuple[str, ...]:
        """Name what weakens its evaluation: what was written down too late, or not at all."""
        approved, planned = self.approved_on, self.planned_on
        found = {
            REGISTERED_LATE: self.registered_on > self.starts,
            NOT_APPROVED: approved is None,
            NOT_PLANNED: planned is None,
            APPROVED_UNSEEN: approved is not None and planned is not None and approved < planned,
        }
        return tuple(name for name, is_so in found.items() if is_so)


@dataclass(frozen=True)
class Demand:
    """
    One measure of the practices of a PCT.

    Attributes
    ----------
    counts : DataFrame, one row per practice, one column per month
        Of the specialties asked for. Not a number where not known. [events, or days]
    usual : array of float, practice by month
        Working days x list; of shares and ratios, what is divided by.
    """

    counts: pd.DataFrame
    usual: Array

    @property
    def months(self) -> pd.DatetimeIndex:
        """First days of the months that are held, the latest whole one last."""
        return pd.DatetimeIndex(self.counts.columns)

    def until(self, month: pd.Timestamp) -> "Demand":
        """Leave out a month and what came after."""
        n = int((self.months < month).sum())
        return Demand(self.counts.iloc[:, :n], self.usual[:, :n])

    def of(self, first: dt.date, last: dt.date) -> tuple[Array, Array]:
        """Sum events, and what is usual, of each practice from one month to another."""
        held = (self.months >= pd.Timestamp(first)) & (self.months <= pd.Timestamp(last))
        return self.counts.to_numpy(float)[:, held].sum(axis=1), self.usual[:, held].sum(axis=1)


def scheme_of(document: Mapping[str, Any]) -> Scheme:
    """Make a scheme of a document, as `reference.schemes.scheme_documents` gives it."""
    return Scheme(**document)


def demand_of(
    cube: Cube, measure: Measure, lists: Lists, specialties: Sequence[str] = ()
) -> Demand:
    """
    Lay out a measure of the practices of a cube, in whole months.

    Parameters
    ----------
    cube : Cube
    measure : Measure
    lists : Lists
    specialties : sequence of str
        Codes; all where none is named.

    Returns
    -------
    Demand

    Notes
    -----
    Working days stand for the days of all measures: days, season and growth are the same for all
    practices of a PCT, so that controls take them out, known or not.
    """
    sums = sums_of(cube, measure, Patients(lists, cube.practices, cube.months))
    events = {e for condition in measure.conditions for e in condition.events}
    n_late = max((len(x.months) for x in late_months(cube) if x.event in events), default=0)
    months = cube.months[: len(cube.months) - n_late]
    places = [cube.specialties.index(s) for s in specialties if s in cube.specialties]
    # The last row is all practices, the last column all specialties.
    columns = places if specialties else [len(cube.specialties)]
    counts, base = (a[:-1, columns, : len(months)] for a in (sums.numerator, sums.denominator))
    days = np.array([days_in(m.date())[0] for m in months], dtype=float)
    usual = base[:, :1].sum(axis=1) * days if measure.is_rate else base.sum(axis=1)
    frame = pd.DataFrame(counts.sum(axis=1), index=cube.practices, columns=months)
    return Demand(frame, np.nan_to_num(usual))
