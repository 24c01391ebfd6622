"""What is left of a published file for one practice: others appear as letters, or not at all."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.faces.withholding.lettering import letter
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

_COARSE_SD: Final = 0.5
"""Finer, how far a practice's list is away would tell which practice it is. [sd]"""

_FINEST: Final = 0.01
"""Finer, a lettered ratio would tell which practice it is to whoever knows the figures. [ratio]"""

_RATIOS: Final = ["ratio", "ratio_low", "ratio_high"]
_BLURRED: Final = [*_RATIOS, "expected_events", "least_detectable_ratio"]
_FIELD: Final = ["pct_code", "measure", "specialty_code"]


def for_practice(
    frames: Mapping[Table, pd.DataFrame], own: Collection[str], others: Collection[str]
) -> dict[Table, pd.DataFrame]:
    """
    Keep what one practice may have of each published table.

    Parameters
    ----------
    frames : mapping of Table to DataFrame
        As published.
    own : collection of str
        The practice's code, and codes and names of it, its consortium and its PCT.
    others : collection of str
        Codes and names of all other practices, consortia and PCTs.

    Returns
    -------
    dict of Table to DataFrame
        Rows that name nobody else in any column, nor tell of others together; comparisons with
        letters in place of codes and coarser figures of the others, the highest ratio first, each
        measure and specialty by itself.
    """
    naming = _naming(own, others)
    found = {}
    for table, frame in frames.items():
        if table == tables.MEASURE_COMPARISONS:
            frame = _compared(frame[_is_own(frame["pct_code"], own)], own)
        elif table == tables.MEASURE_PEERS:
            frame = _peers(frame[_is_own(frame["practice_code"], own)])
        elif table == tables.CODED_PRACTICES:
            # The others together, less what is known of them, would be one of them.
            frame = frame[_is_own(frame["practice_code"], own)]
        found[table] = frame[~_names_others(frame, naming)].reset_index(drop=True)
    return found


def cleared(document: Any, own: Collection[str], others: Collection[str]) -> Any:
    """
    Leave out what names others from a document of dicts, lists and texts.

    Parameters
    ----------
    document : dict, list, str or any
    own, others : collection of str
        As in `for_practice`.

    Returns
    -------
    any
        Without the texts that name others, the entries that hold them, and keys that do.
    """
    naming = _naming(own, others)

    def left(part: Any) -> Any:
        if isinstance(part, dict):
            kept = {k: left(v) for k, v in part.items() if not naming(str(k))}
            return {k: v for k, v in kept.items() if v is not _GONE}
        if isinstance(part, list):
            return [v for v in map(left, part) if v is not _GONE]
        return _GONE if isinstance(part, str) and naming(part) else part

    return left(document)


_GONE: Final = object()


def _naming(own: Collection[str], others: Collection[str]) -> Any:
    """Give the test whether a text names others; a longer name is looked for before a shorter."""
    mine = {name.casefold() for name in own if name}
    theirs = {name.casefold() for name in others if name} - mine
    words = sorted(mine | theirs, key=lambda w: (-len(w), w))
    if not theirs:
        return lambda text: False
    pattern = re.compile(r"(?<!\w)(" + "|".join(map(re.escape, words)) + r")(?!\w)")
    return lambda text: any(found in theirs for found in pattern.findall(text.casefold()))


def _names_others(frame: pd.DataFrame, naming: Any) -> pd.Series:
    """Tell the rows in which any text names others."""
    is_theirs = pd.Series(False, index=frame.index)
    for column in frame.columns:
        if pd.api.types.is_object_dtype(frame[column]) or pd.api.types.is_string_dtype(
            frame[column]
        ):
            texts = frame[column].dropna().astype(str)
            theirs = {text for text in texts.unique() if naming(text)}
            is_theirs |= texts.isin(theirs).reindex(frame.index, fill_value=False)
    return is_theirs


def _is_own(codes: pd.Series, own: Collection[str]) -> pd.Series:
    return codes.isin(list(own))


def _compared(frame: pd.DataFrame, own: Collection[str]) -> pd.DataFrame:
    """Letter the other practices of each comparison, by what is left of their figures."""
    told = _coarser(frame, _is_own(frame["practice_code"], own))
    order = [*_FIELD, "ratio", "expected_events", "practice_code"]
    rows = told.sort_values(order, ascending=[True] * 3 + [False, False, True])
    is_mine = _is_own(rows["practice_code"], own)
    place = (~is_mine).groupby([rows[c] for c in _FIELD]).cumsum()
    lettered = [letter(n - 1) for n in place.where(~is_mine, 1)]
    return rows.assign(practice_code=rows["practice_code"].where(is_mine, lettered))


def _coarser(frame: pd.DataFrame, is_mine: pd.Series) -> pd.DataFrame:
    """Round what is told of others: their width and what is expected would tell their size."""
    exact = frame.assign(**{c: frame[c].astype(float) for c in _BLURRED})
    width = (exact["ratio_high"] - exact["ratio_low"]).clip(lower=_FINEST)
    step = (_size(width) / 10).clip(lower=_FINEST)
    ratios = {c: ((exact[c] / step).round() * step).round(2) for c in _RATIOS}
    least = 1 + _one_figure(exact["least_detectable_ratio"] - 1)
    expected = _one_figure(exact["expected_events"]).round()
    less = ratios | {"expected_events": expected, "least_detectable_ratio": least.round(3)}
    told = {c: exact[c].where(is_mine, less[c]).astype(frame[c].dtype) for c in _BLURRED}
    return frame.assign(**told)


def _one_figure(values: pd.Series) -> pd.Series:
    """Round to one significant figure."""
    size = _size(values.clip(lower=0.001))
    return (values / size).round() * size


def _size(values: pd.Series) -> pd.Series:
    """Give the power of ten of the first figure."""
    return values.map(lambda value: 10.0 ** np.floor(np.log10(value)))


def _peers(frame: pd.DataFrame) -> pd.DataFrame:
    """Letter the peers of a practice, and blur how far they are away."""
    rows = frame.sort_values("place")
    away = [c for c in rows.columns if c.endswith(("_away", "distance"))]
    blurred = {c: (rows[c] / _COARSE_SD).round() * _COARSE_SD for c in away}
    return rows.assign(peer_code=[letter(n) for n in range(len(rows))], **blurred)
