"""What is loaded, made ready for the search for code creep and for the page that tells of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from pbcanalytics.creep.panel import BASELINE_MONTHS
from pbcanalytics.creep.preparing import Prepared, months_held, prepare
from pbcanalytics.creep.result import NOT_SAID, PARTLY_SAID, PROVISIONAL, SAID, Closing
from pbcanalytics.reference.coding_events import coding_events
from pbcanalytics.reference.creep_pairs import creep_pairs
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import SelectionError

MECHANISM: Final = "cc_split"
"""The mechanism that a severity score judges: dear classes within roots."""

TARIFF: Final = (
    "SELECT hrg, name, non_elective_pence, elective_pence FROM tariff ORDER BY financial_year DESC"
)
"""Names and prices of HRGs, the latest year first."""

_STAYS: Final = ("episodes", "supplied_spells")
_FEEDS: Final = {
    "outpatient_to_day_case": (*_STAYS, "outpatients"),
    "zero_day": (*_STAYS, "emergency_attendances"),
    "follow_up_to_first": ("outpatients",),
    "ward_attenders": (*_STAYS, "outpatients"),
}
"""The landing tables that a mechanism is counted in; the others in hospital stays alone."""

_SENT: Final = """
SELECT table_name, submitter_code AS provider_code, month,
       COUNT(CASE WHEN submission IN ('flex', 'freeze') THEN 1 END) > 0 AS is_said,
       COUNT(CASE WHEN submission = 'freeze' THEN 1 END) > 0 AS is_final
FROM submissions
WHERE month IS NOT NULL AND table_name IN
      ('episodes', 'supplied_spells', 'outpatients', 'emergency_attendances')
GROUP BY table_name, submitter_code, month
ORDER BY table_name, submitter_code, month
"""


def closing(warehouse: Warehouse) -> Closing:
    """
    Read which months of hospitals were sent as flex and not as freeze since.

    Parameters
    ----------
    warehouse : Warehouse

    Returns
    -------
    Closing
    """
    if not warehouse.has("submissions"):
        return Closing()
    sent = warehouse.frame(_SENT)
    said = sent["is_said"].astype(bool)
    is_open = said & ~sent["is_final"].astype(bool)
    state = NOT_SAID if not said.any() else SAID if said.all() else PARTLY_SAID
    return Closing(state, sent.loc[is_open, list(PROVISIONAL)].reset_index(drop=True))


def of_held(of: Closing, months: pd.DatetimeIndex) -> Closing:
    """Keep the provisional months that are among those held."""
    mine = pd.DatetimeIndex(of.provisional["month"]).isin(months)
    return replace(of, provisional=of.provisional[mine].reset_index(drop=True))


def provisional(of: Closing, mechanism: str) -> pd.DataFrame:
    """
    Give the months that may still change in what a mechanism is counted in.

    Parameters
    ----------
    of : Closing
    mechanism : str

    Returns
    -------
    DataFrame, one row per provider and month
        `provider_code`, `month`.
    """
    own = of.provisional["table_name"].isin(_FEEDS.get(mechanism, _STAYS))
    return of.provisional.loc[own, ["provider_code", "month"]].drop_duplicates()


def prepared_from(
    warehouse: Warehouse,
    spells: pd.DataFrame,
    provider: str | None = None,
    versions: Sequence[str] = (),
) -> Prepared:
    """
    Make the panel of dear classes from a priced warehouse.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes.
    spells : DataFrame, one row per spell
        Model `creep_spells`.
    provider : str, optional
        One that has to be among those that can be tested.
    versions : sequence of str
        Months, "2018-04", from which another grouper holds, beside those of the calendar of
        national changes (`reference.coding_events`).

    Raises
    ------
    SelectionError
        If fewer than 25 months are held, nothing can be tested, there is no such provider, or a
        version is not of a month.
    ReferenceGap
        If the calendar, or the table of pairs of HRG v3.5, is there and faulty.
    """
    data = warehouse.path.parent
    if spells.empty:
        raise SelectionError(
            f"No finished hospital stay with an HRG is loaded into {data}, so there is nothing to "
            "compare. Load admitted patient care ('pbc load') and run 'pbc build'."
        )
    months = months_held(spells["month"])
    n_months = len(months)
    if n_months <= BASELINE_MONTHS:
        raise SelectionError(
            f"{n_months} months of hospital stays are loaded, and the first {BASELINE_MONTHS} only "
            "say what is usual, so there is no month to test. Load earlier years as well."
        )
    tariff = warehouse.frame(TARIFF)
    prepared = prepare(
        spells,
        tariff,
        pairs=creep_pairs(data, set(tariff["hrg"])),
        successors=successors(warehouse),
        versions=grouper_months(data, months, versions),
        provisional=provisional(closing(warehouse), MECHANISM),
    )
    held = set(prepared.index["provider_code"])
    if not held:
        raise SelectionError(
            "No provider has five spells a month in any root with dear and cheap classes, so no "
            "share can be tested. Load more practices, or more of their activity."
        )
    if provider is not None and provider not in held:
        raise SelectionError(
            f"No series of provider {provider} can be tested. Those that can are of: "
            f"{', '.join(sorted(held))}."
        )
    return prepared


def joined_providers(warehouse: Warehouse) -> pd.DataFrame:
    """
    List the providers that became others.

    Returns
    -------
    DataFrame, one row per provider that was taken in
        `provider_code`, `successor_code`, `close_date`.
    """
    return warehouse.frame(
        "SELECT provider_code, successor_code, close_date FROM providers "
        "WHERE successor_code IS NOT NULL"
    )


def successors(warehouse: Warehouse) -> dict[str, str]:
    """Give what each provider that was taken in became."""
    joined = joined_providers(warehouse)
    return dict(zip(joined["provider_code"], joined["successor_code"], strict=True))


def grouper_months(data: Path, months: pd.DatetimeIndex, asked: Sequence[str]) -> tuple[str, ...]:
    """
    Give the months from which another grouper holds.

    Parameters
    ----------
    data : Path
        The data folder.
    months : DatetimeIndex
        Those held.
    asked : sequence of str
        Months that somebody named, "2018-04"; those of the calendar are added, where held.

    Raises
    ------
    SelectionError
        If a month that was named is not held.
    ReferenceGap
        If the calendar is faulty.
    """
    held = set(months.strftime("%Y-%m"))
    odd = [one for one in asked if one not in held]
    if odd:
        raise SelectionError(
            f"{', '.join(odd)}: no such month is held, so no change of the grouper can be placed. "
            f"Write it as in 2018-04, from {min(held)} to {max(held)}."
        )
    listed = {f"{e.month:%Y-%m}" for e in coding_events(data) or () if e.kind == "grouper"}
    return tuple(sorted({*asked, *(listed & held)}))
