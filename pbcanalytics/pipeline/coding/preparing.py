"""What is loaded, made ready for the search for code creep and for the page that tells of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from pbcanalytics.creep.panel import BASELINE_MONTHS
from pbcanalytics.creep.preparing import Prepared, months_held, prepare
from pbcanalytics.reference.coding_events import coding_events
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import ReferenceGap, SelectionError

PAIRS: Final = Path("reference") / "creep" / "pairs.csv"
"""Of the data folder: `hrg` and `root` of HRGs whose names do not tell what belongs together."""

_TARIFF: Final = (
    "SELECT hrg, name, non_elective_pence, elective_pence FROM tariff ORDER BY financial_year DESC"
)


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
    prepared = prepare(
        spells,
        warehouse.frame(_TARIFF),
        pairs=_pairs(data),
        successors=_successors(joined_providers(warehouse)),
        versions=grouper_months(data, months, versions),
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


def _successors(joined: pd.DataFrame) -> dict[str, str]:
    """Give what each provider that was taken in became."""
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


def _pairs(data: Path) -> pd.DataFrame | None:
    """Read which codes of HRG v3.5 belong together, where somebody has said so."""
    path = data / PAIRS
    if not path.is_file():
        return None
    frame = pd.read_csv(path, dtype=str)
    lacking = [name for name in ("hrg", "root") if name not in frame]
    doubled = [] if lacking else frame.loc[frame["hrg"].duplicated(), "hrg"].tolist()
    if lacking or doubled:
        fault = f"has no column {', '.join(lacking)}" if lacking else f"has {doubled[0]} twice"
        raise ReferenceGap(
            f"{path} {fault}, so it does not say which HRGs differ only by complications. It needs "
            "the columns hrg and root, with a row for each HRG."
        )
    return frame
