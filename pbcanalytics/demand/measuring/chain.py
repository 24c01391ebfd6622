"""The referral chain: from referral to admission, by who started it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.demand.comparing.limits import wilson_limits
from pbcanalytics.demand.measuring.cube import Cube
from pbcanalytics.demand.measuring.measures import Condition
from pbcanalytics.demand.measuring.sums import ALL, YEAR_MONTHS, ratio_limits
from pbcanalytics.reference.events import UNKNOWN

FIRST: Final = ("first", "first_by_telephone")
FOLLOW_UP: Final = ("follow_up", "follow_up_by_telephone")

STAGES: Final = {
    "referral": Condition(("referral",)),
    "first": Condition(("attendance",), kinds=FIRST),
    "follow_up": Condition(("attendance",), kinds=FOLLOW_UP),
    "procedure": Condition(("procedure",)),
    "elective": Condition(("admission",), pods=("DC", "EL")),
    "emergency": Condition(("admission",), pods=("NEL",)),
}
"""In the order of the chain. A procedure is one of an outpatient, who is among those seen too."""

STARTS: Final = {
    "gp": ("gp",),
    "consultant": ("consultant", "same_consultant"),
    "emergency_department": ("emergency_department",),
    "other": ("dentist", "self", "other"),
    UNKNOWN: (UNKNOWN, "none"),
}
"""Who started it: GPs; consultants, whom GPs do not control; A&E; others; nobody says."""

LINKS: Final = (
    ("referral", "first"),
    ("first", "follow_up"),
    ("first", "procedure"),
    ("first", "elective"),
)
"""The stages that are held against each other."""


@dataclass(frozen=True)
class Chain:
    """
    The stages of the chain over the latest months.

    Attributes
    ----------
    months : DatetimeIndex
        The months of the latest twelve in which every stage that is held has rows.
    stages : DataFrame, one row per specialty, start and stage
        `specialty_code`, `start` (one of STARTS, or ALL), `stage`, `n_events` (missing where the
        stage is not held), `share` of the stage's events, `share_low`, `share_high`.
    links : DataFrame, one row per specialty, start and link
        `specialty_code`, `start`, `from_stage`, `to_stage`, `ratio`, `low`, `high`; missing where
        one of the stages is, or the first is 0.
    not_held : tuple of str
        Stages without a row.
    """

    months: pd.DatetimeIndex
    stages: pd.DataFrame
    links: pd.DataFrame
    not_held: tuple[str, ...]


def chain_of(cube: Cube, practice: str | None = None, *, confidence_share: float = 0.95) -> Chain:
    """
    Reckon the chain of all practices of a cube together, or of one.

    Parameters
    ----------
    cube : Cube
    practice : str, optional
        One of the cube's.
    confidence_share : float
        [share]

    Returns
    -------
    Chain
    """
    latest = cube.months[-YEAR_MONTHS:]
    told = {name: _months(cube, stage, latest) for name, stage in STAGES.items()}
    not_held = tuple(name for name, months in told.items() if not len(months))
    months = latest
    for held in told.values():
        months = months.intersection(held) if len(held) else months
    rows = cube.rows[cube.rows["month"].isin(months)]
    if practice is not None:
        rows = rows[rows["practice_code"] == practice]
    starts = {source: start for start, sources in STARTS.items() for source in sources}
    parts = [
        rows[stage.rows(rows)].assign(stage=name)[["specialty_code", "source", "stage", "n_events"]]
        for name, stage in STAGES.items()
    ]
    every = pd.concat(parts, ignore_index=True)
    every = every.astype({"specialty_code": "str", "source": "str"})
    every["start"] = every["source"].map(starts)
    by = ["specialty_code", "start", "stage"]
    doubled = pd.concat([every, every.assign(start=ALL)], ignore_index=True)
    doubled = pd.concat([doubled, doubled.assign(specialty_code=ALL)], ignore_index=True)
    index = pd.MultiIndex.from_product(
        [[*sorted(every["specialty_code"].unique()), ALL], [*STARTS, ALL], list(STAGES)], names=by
    )
    stages = doubled.groupby(by)["n_events"].sum().reindex(index).fillna(0).reset_index()
    stages["n_events"] = stages["n_events"].mask(stages["stage"].isin(not_held)).astype("Int64")
    return Chain(
        months, _shared(stages, confidence_share), _linked(stages, confidence_share), not_held
    )


def _months(cube: Cube, stage: Condition, latest: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Give the months in which the event of a stage has a row."""
    event = Condition(stage.events)
    seen = [rows.loc[event.rows(rows), "month"] for rows in (cube.rows, cube.left_out)]
    return latest[latest.isin(pd.DatetimeIndex(pd.concat(seen)))]


def _shared(stages: pd.DataFrame, confidence_share: float) -> pd.DataFrame:
    """Add the share that each start has of a stage."""
    of_all = stages[stages["start"] == ALL].drop(columns="start")
    by = ["specialty_code", "stage"]
    whole = stages[by].merge(of_all, on=by, how="left", validate="many_to_one")["n_events"]
    x, n = (part.to_numpy(float, na_value=np.nan) for part in (stages["n_events"], whole))
    low, high = wilson_limits(x, n, confidence_share)
    share = x / np.where(n > 0, n, np.nan)
    return stages.assign(share=share, share_low=low, share_high=high)


def _linked(stages: pd.DataFrame, confidence_share: float) -> pd.DataFrame:
    """Hold the stages of the chain against each other."""
    wide = stages.pivot(index=["specialty_code", "start"], columns="stage", values="n_events")
    parts = []
    for before, after in LINKS:
        x, n = (wide[s].to_numpy(float, na_value=np.nan) for s in (after, before))
        n = np.where(n > 0, n, np.nan)
        low, high = ratio_limits(x, n, confidence_share)
        frame = wide.index.to_frame(index=False)
        parts.append(
            frame.assign(from_stage=before, to_stage=after, ratio=x / n, low=low, high=high)
        )
    return pd.concat(parts, ignore_index=True)
