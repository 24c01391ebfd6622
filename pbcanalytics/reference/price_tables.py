"""A reference table as it stands in a file: read, and refused with every fault that it has."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.words.codes import PODS
from pbcanalytics.words.errors import ReferenceGap

_KEYS: Final = (
    "hrg",
    "setting",
    "provider_code",
    "specialty_code",
    "specialised_code",
    "pod",
    "commissioner_code",
)
"""Columns that tell the rows of a table apart."""

_NUMBERS: Final = ("_pence", "_days", "_ratio", "_share")
"""Endings of the columns that hold numbers; of these, pence and days are whole."""

_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "tariff": (
        *("hrg", "day_case_pence", "elective_pence", "outpatient_procedure_pence"),
        *("non_elective_pence", "elective_trim_days", "non_elective_trim_days"),
        "long_stay_per_day_pence",
    ),
    "short_stay": ("hrg",),
    "mff": ("provider_code", "mff_ratio"),
    "outpatient": ("specialty_code", "first_attendance_pence", "follow_up_attendance_pence"),
    "emergency": ("hrg", "attendance_pence"),
    "top_up": ("specialised_code", "kind", "provider_code"),
    "adjustment": ("provider_code", "hrg", "pod", "adjustment_pence"),
    "unbundled": ("hrg", "price_pence"),
    "threshold": ("commissioner_code", "provider_code", "threshold_pence"),
}
"""Columns that prices and contracts need of a table."""

_FILLED: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("tariff", "short_stay", "emergency"), ("hrg",)),
    "mff": ("provider_code",),
    "outpatient": ("specialty_code",),
    "top_up": _COLUMNS["top_up"],
    "adjustment": _COLUMNS["adjustment"],
    "unbundled": _COLUMNS["unbundled"],
    # Activity may have no commissioner, and a threshold without one is that of such activity.
    "threshold": ("provider_code", "threshold_pence"),
}
"""Of those, the ones in which a blank says nothing: the code, and what was agreed for it."""

_SHORT_STAY: Final = ("short_stay_emergency_share", "short_stay_emergency_pence")

_MAY_BE_NEGATIVE: Final = ("adjustment_pence",)

_LONGEST_LIST: Final = 20
"""Faults that are told of one file: a wrong column of a price list has thousands."""


def read(path: Path, subject: str) -> pd.DataFrame:
    """
    Read a reference table.

    Parameters
    ----------
    path : Path
        The `.csv` file.
    subject : str
        What it is a table of.

    Returns
    -------
    DataFrame, one row per code
        Text as text; numbers as nullable integers or floats. A blank is missing, never zero.

    Raises
    ------
    ReferenceGap
        With the faults of the file: a column that is not there, a blank where one cannot be
        meant, a code that stands there twice, a number that is none or below 0, a market forces
        factor below 1 (domain 1.3, note 5).
    """
    frame, faults = _cells(path)
    if not faults:
        missing = [c for c in _COLUMNS.get(subject, ()) if c not in frame]
        if subject == "short_stay" and not set(_SHORT_STAY) & set(frame):
            missing.append(" or ".join(_SHORT_STAY))
        if missing:
            faults.append(
                f"it has no column {', '.join(missing)} (its columns: {', '.join(frame.columns)})"
            )
        faults += _blank(frame, subject)
        for column in frame.columns:
            if column.endswith(_NUMBERS) or column.startswith("n_"):
                frame[column], odd = _numbers(frame[column], subject)
                faults += odd
        if not missing:
            faults += _of_codes(frame, subject)
    if faults:
        more = len(faults) - _LONGEST_LIST
        raise ReferenceGap(
            f"{path} cannot be used, because prices would be wrong: "
            f"{'; '.join(faults[:_LONGEST_LIST])}{f'; and {more} more' if more > 0 else ''}. "
            "Correct the file, then build again; docs/reference-data.md says how it is written."
        )
    return frame.reset_index(drop=True)


def _cells(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Read a file as text; its rows keep the numbers of their lines."""
    try:
        frame = pd.read_csv(
            path,
            dtype="string",
            keep_default_na=False,
            na_values=[""],
            encoding="utf-8-sig",
            skip_blank_lines=False,
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame(), ["it is empty"]
    except pd.errors.ParserError as error:
        line = re.search(r"in line (\d+)", str(error))
        where = f"line {line[1]}" if line else "a line"
        return pd.DataFrame(), [f"{where} has more cells than there are headings"]
    except UnicodeError:
        return pd.DataFrame(), ["it is no text in UTF-8"]
    if not isinstance(frame.index, pd.RangeIndex):
        return pd.DataFrame(), ["its lines have more cells than there are headings"]
    frame.index = frame.index + 2
    return frame.dropna(how="all"), []


def _blank(frame: pd.DataFrame, subject: str) -> Iterator[str]:
    for column in _FILLED.get(subject, ()):
        if column in frame:
            for line in frame.index[frame[column].isna()]:
                yield f"line {line} has no {column}"


def _numbers(texts: pd.Series, subject: str) -> tuple[pd.Series, list[str]]:
    """Read a column of numbers; what is none is empty and told."""
    column = str(texts.name)
    is_whole = not column.endswith(("_ratio", "_share"))
    numbers = pd.to_numeric(texts, errors="coerce").astype("Float64")
    is_number = pd.Series(np.isfinite(numbers.to_numpy("float64", na_value=np.nan)), texts.index)
    wrong = texts.notna() & (~is_number | (is_whole & (numbers % 1 != 0).fillna(True)))
    faults = [f"{column} {str(v)!r} is no number" for v in texts[wrong]]
    found = numbers.mask(wrong).astype("Int64" if is_whole else "Float64")
    if column.endswith("_share"):
        odd = found.notna() & ~found.between(0, 1)
        faults += [f"{column} {v} is no share" for v in found[odd.fillna(False)]]
    elif subject in _COLUMNS and subject != "mff" and column not in _MAY_BE_NEGATIVE:
        faults += [f"{column} {v} is below 0" for v in found[(found < 0).fillna(False)]]
    return found, faults


def _of_codes(frame: pd.DataFrame, subject: str) -> Iterator[str]:
    if subject == "mff":
        low = frame.loc[(frame["mff_ratio"] < 1).fillna(False), "provider_code"]
        yield from (f"{code} is below 1, so it is not the payment index" for code in low)
    if subject == "adjustment":
        odd = frame.loc[frame["pod"].notna() & ~frame["pod"].isin(PODS), "pod"]
        yield from (f"pod '{pod}' is none of {', '.join(PODS)}" for pod in odd)
    key = [c for c in frame.columns if c in _KEYS]
    if key:
        twice = frame.loc[frame.duplicated(key), key].drop_duplicates()
        for row in twice.to_numpy():
            yield f"{' '.join('(blank)' if pd.isna(c) else str(c) for c in row)} stands there twice"
