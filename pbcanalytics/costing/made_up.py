"""A spell that is made up, priced by the very models that price those that are held."""

import datetime as dt
from typing import Any, Final

import pandas as pd

from pbcanalytics.costing.alone import NO_PROVIDER, group_alone, price_alone
from pbcanalytics.costing.chain import Engine
from pbcanalytics.costing.explaining import Explained, explain
from pbcanalytics.reference import Shelf
from pbcanalytics.words import periods, tables
from pbcanalytics.words.errors import SelectionError

ADMISSIONS: Final = {
    "elective": ("11", "1"),
    "daycase": ("11", "2"),
    "emergency": ("21", "1"),
    "other": ("31", "1"),
}
"""Kinds of admission, and how they are coded: admission method and patient class."""

_NOBODY: Final = "nobody"
_SPELL_NUMBER: Final = "made up"


def price_made_up(
    engine: Engine,
    shelf: Shelf,
    *,
    year: str,
    hrg: str,
    admission: str,
    los_days: int,
    age_years: int | None = None,
    provider: str | None = None,
    critical_care_days: int = 0,
) -> Explained:
    """
    Price a spell that is made up, discharged on the last day of a year.

    Parameters
    ----------
    engine : Engine
        With landing tables, of which `episodes` is overwritten; nothing else need be in them.
    shelf : Shelf
        The reference data.
    year : str
        Financial year of discharge, "2018/19".
    hrg : str
        HRG of the spell.
    admission : str
        One of ADMISSIONS.
    los_days, critical_care_days : int
        Length of stay, and days of it in critical care [days].
    age_years : int, optional
        Age at admission [years].
    provider : str, optional
        Provider code; without it the price is that before the market forces factor.

    Returns
    -------
    Explained

    Raises
    ------
    SelectionError
        If the admission is of no kind that is known, or the days are impossible.
    ReferenceGap
        If no tariff or no rules of the year are held.
    """
    _refuse_impossible(admission, los_days, critical_care_days)
    method, kind = ADMISSIONS[admission]
    discharged = periods.start(periods.following(year)) - dt.timedelta(days=1)
    at = provider or NO_PROVIDER
    _land(
        engine,
        {
            "load_id": 0,
            "line_number": 0,
            "episode_id": "1",
            "person_id": _NOBODY,
            "provider_code": at,
            "spell_number": _SPELL_NUMBER,
            "admission_method": method,
            "patient_class": kind,
            "admission_date": discharged - dt.timedelta(days=los_days),
            "discharge_date": discharged,
            "age_years": age_years,
            "critical_care_days": critical_care_days,
            "hrg": hrg.strip().upper(),
        },
    )
    group_alone(engine)
    price_alone(engine, shelf, periods.starting(periods.first_year(year)))
    return explain(engine, f"{at}|{_NOBODY}|{_SPELL_NUMBER}")


def _refuse_impossible(admission: str, los_days: int, critical_care_days: int) -> None:
    if admission not in ADMISSIONS:
        raise SelectionError(
            f"'{admission}' is no kind of admission. The kinds: {', '.join(ADMISSIONS)}."
        )
    if not 0 <= critical_care_days <= los_days:
        raise SelectionError(
            f"A stay of {los_days} days with {critical_care_days} in critical care cannot be. "
            "Give whole days, those in critical care among them."
        )


def _land(engine: Engine, episode: dict[str, Any]) -> None:
    """Make the table `episodes` of one row, in the kinds of the data dictionary."""
    engine.source("made_up_episode", pd.DataFrame([episode]))
    columns = ", ".join(
        f"CAST({c.name if c.name in episode else 'NULL'} AS {c.sql_type}) AS {c.name}"
        for c in tables.EPISODES.columns
    )
    engine.define(tables.EPISODES.name, f"SELECT {columns} FROM made_up_episode")
