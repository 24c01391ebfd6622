"""A measure: what is divided by what, and which rows of the cube of demand are counted for it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.reference.events import DIMENSIONS, UNKNOWN
from pbcanalytics.reference.measures import LISTS, NO_REVIEWER

REVIEWED: Final = "reviewed"
UNDER_REVIEW: Final = "under_review"
NOT_REVIEWED: Final = "not_reviewed"
"""Whether a definition was looked at by another than its author, and whether that has run out."""


@dataclass(frozen=True)
class Condition:
    """
    Which rows of the cube of demand are counted.

    Attributes
    ----------
    events : tuple of str
    kinds, sources, pods : tuple of str
        Empty for any.
    counts_days : bool
        Days are counted, not events.
    """

    events: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    pods: tuple[str, ...] = ()
    counts_days: bool = False

    def rows(self, cube: pd.DataFrame) -> NDArray[np.bool_]:
        """Tell for each row of the cube whether it is counted."""
        return self._where(cube, ())

    def unsaid(self, cube: pd.DataFrame) -> NDArray[np.bool_]:
        """Tell for each row whether it would be counted if it said what it does not say."""
        return self._where(cube, (UNKNOWN,)) & ~self.rows(cube)

    def telling(self, cube: pd.DataFrame) -> NDArray[np.bool_]:
        """Tell for each row of its events whether it says all that is asked for."""
        kept = np.array(cube["event"].isin(self.events))
        for column, asked in self._asked():
            if UNKNOWN not in asked:
                kept &= np.asarray(cube[column] != UNKNOWN)
        return kept

    def _where(self, cube: pd.DataFrame, besides: tuple[str, ...]) -> NDArray[np.bool_]:
        kept = np.array(cube["event"].isin(self.events))
        for column, asked in self._asked():
            kept &= np.asarray(cube[column].isin((*asked, *besides)))
        return kept

    def _asked(self) -> list[tuple[str, tuple[str, ...]]]:
        every = zip(DIMENSIONS, (self.kinds, self.sources, self.pods), strict=True)
        return [(column, asked) for column, asked in every if asked]


@dataclass(frozen=True)
class Measure:
    """
    One measure, as its document defines it (docs/measures.md says what each field means).

    Attributes
    ----------
    denominator : Condition or None
        None for a rate, whose denominator is the list that `per` names.
    review_date : date or None
        None where nobody has reviewed it.
    is_own : bool
        It is the user's, not shipped.
    """

    name: str
    title: str
    why_it_matters: str
    numerator: Condition
    denominator: Condition | None
    source: str
    direction: str
    min_denominator: int
    standardise: str
    per: str
    questions_to_ask: tuple[str, ...]
    limits: str
    when_wrong: str
    author: str
    reviewer: str
    review_date: dt.date | None
    next_review: dt.date
    in_alerts: bool
    is_own: bool

    @property
    def is_rate(self) -> bool:
        """Whether it is per 1,000 patients."""
        return self.per in LISTS

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The numerator, and the denominator where it is counted too."""
        return (self.numerator,) if self.denominator is None else (self.numerator, self.denominator)

    def review(self, today: dt.date) -> str:
        """Say whether it is REVIEWED, UNDER_REVIEW since its date has passed, or NOT_REVIEWED."""
        if self.reviewer == NO_REVIEWER:
            return NOT_REVIEWED
        return UNDER_REVIEW if self.next_review < today else REVIEWED


def measure_of(document: Mapping[str, Any]) -> Measure:
    """
    Make a measure of a document.

    Parameters
    ----------
    document : mapping
        As `reference.measures.measure_documents` gives it.

    Returns
    -------
    Measure
    """
    lower = document["denominator"]
    fields = {
        **document,
        "numerator": _condition(document["numerator"]),
        "denominator": _condition(lower) if isinstance(lower, Mapping) else None,
        "questions_to_ask": tuple(document["questions_to_ask"]),
    }
    return Measure(**fields)


def _condition(said: Mapping[str, Any]) -> Condition:
    """Read a condition."""
    events, kinds, sources, pods = (tuple(said[part]) for part in ("event", *DIMENSIONS))
    return Condition(events, kinds, sources, pods, counts_days=said["count"] == "days")
