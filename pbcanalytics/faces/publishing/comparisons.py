"""What is published of practices side by side: made of told cells only, so that none follows."""

from collections.abc import Sequence

import pandas as pd

from pbcanalytics.demand.comparing.practices import Compared
from pbcanalytics.demand.measuring.sums import ALL
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

_FIGURES = 2
_DISTANCE_DIGITS = 1


def told_cells(years: pd.DataFrame, measure: str) -> set[tuple[str, str]]:
    """
    List the practices and specialties of which the latest twelve months are told.

    Parameters
    ----------
    years : DataFrame
        Table `measure_years`.
    measure : str

    Returns
    -------
    set of (practice, specialty)
    """
    own = _of_practices(years, measure)
    own = own[~own["is_withheld"].astype(bool)]
    return set(zip(own["group_code"], own["specialty_code"], strict=True))


def told_months(groups: pd.DataFrame, measure: str) -> set[str]:
    """
    List the practices whose months are told.

    Parameters
    ----------
    groups : DataFrame
        Table `measure_groups`.
    measure : str

    Returns
    -------
    set of str
    """
    own = _of_practices(groups, measure)
    return set(own.loc[~own["is_withheld"].astype(bool), "group_code"])


def comparison_tables(
    pct_code: str,
    practices: Sequence[str],
    of_measures: Sequence[tuple[Compared, pd.DataFrame, set[tuple[str, str]]]],
    near: pd.DataFrame,
) -> dict[Table, pd.DataFrame]:
    """
    Lay out comparisons for publication.

    Parameters
    ----------
    pct_code : str
    practices : sequence of str
        All of the PCT.
    of_measures : sequence of (Compared, DataFrame, set of (practice, specialty))
        Each with its bands and the cells that are told; both are made of what `told_cells` and
        `told_months` list.
    near : DataFrame
        As `comparing.near_practices`.

    Returns
    -------
    dict of Table to DataFrame
        The tables of OF_COMPARISON. A practice that is withheld, or of which nothing can be
        expected, has a row that says so.
    """
    parts: dict[Table, list[pd.DataFrame]] = {table: [] for table in tables.OF_COMPARISON}
    away = [n for n in tables.MEASURE_PEERS.names if n.endswith(("_away", "distance"))]
    parts[tables.MEASURE_PEERS].append(near.round(dict.fromkeys(away, _DISTANCE_DIGITS)))
    for found, bands, told in of_measures:
        name = found.measure.name
        rows = _rows(found, practices, told)
        parts[tables.MEASURE_COMPARISONS].append(rows.assign(measure=name))
        parts[tables.MEASURE_SPREADS].append(found.spreads.assign(measure=name))
        parts[tables.MEASURE_BANDS].append(bands.assign(measure=name))
    return {
        table: table.check(
            pd.concat([f.assign(pct_code=pct_code) for f in frames], ignore_index=True)
            if frames
            else pd.DataFrame(columns=table.names)
        )
        for table, frames in parts.items()
    }


def _of_practices(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    return frame[(frame["measure"] == measure) & (frame["group_kind"] == "practice")]


def _rows(found: Compared, practices: Sequence[str], told: set[tuple[str, str]]) -> pd.DataFrame:
    """Round what is expected, and add the practices that are withheld or not known."""
    known = found.table.assign(
        expected_events=[rounded(e) for e in found.table["expected"]], is_withheld=False
    )
    of_all = set(known.loc[known["specialty_code"] == ALL, "practice_code"])
    others = pd.DataFrame(
        [
            {"practice_code": p, "specialty_code": ALL, "is_withheld": (p, ALL) not in told}
            for p in practices
            if p not in of_all
        ],
        columns=["practice_code", "specialty_code", "is_withheld"],
    )
    rows = known if others.empty else pd.concat([known, others], ignore_index=True)
    whole = ["expected_events", "place_low", "place_high"]
    return rows.astype(dict.fromkeys(whole, "Int64") | {"is_withheld": bool})


def rounded(events: float) -> int:
    """
    Round what is expected to two figures: a point of a chart, and no count.

    Examples
    --------
    >>> rounded(12_345.6), rounded(87.4), rounded(3.4)
    (12000, 87, 3)
    """
    digits = len(str(round(abs(events)))) - _FIGURES
    return round(round(events, -max(digits, 0)))
