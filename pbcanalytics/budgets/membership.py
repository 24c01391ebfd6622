"""Whose activity and whose patients: sums over the practices that answer for others."""

import pandas as pd


def regrouped(frame: pd.DataFrame, answers: dict[str, str], by: list[str]) -> pd.DataFrame:
    """
    Sum a frame over the practices that answer for its practice codes.

    Parameters
    ----------
    frame : DataFrame
        With `practice_code`; the columns that are not in `by` are summed.
    answers : dict of str to str
        From `costing.answering`; rows of other codes are left out.
    by : list of str
        Columns to keep apart, `practice_code` among them.

    Returns
    -------
    DataFrame, one row per combination of `by`
    """
    mapped = frame.assign(practice_code=frame["practice_code"].map(answers))
    mapped = mapped.dropna(subset=["practice_code"])
    return mapped.groupby(by, as_index=False, sort=True).sum(numeric_only=True)
