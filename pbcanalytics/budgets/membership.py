"""Whose activity and whose patients: practices as they are on a day, mergers followed."""

import datetime as dt

import pandas as pd


def as_at(practices: pd.DataFrame, day: dt.date) -> dict[str, str]:
    """
    Map every practice code to the practice that answers for it on a day.

    Parameters
    ----------
    practices : DataFrame, one row per practice
        Table `practices`: `practice_code`, `close_date`, `successor_code`.
    day : date
        A practice that closed before this day is answered for by its successor.

    Returns
    -------
    dict of str to str
        A practice that closed with no successor is not in it.
    """
    closed: dict[str, str | None] = {}
    gone = pd.to_datetime(practices["close_date"]) < pd.Timestamp(day)
    successors = practices["successor_code"].astype("object")
    for code, successor in zip(practices.loc[gone, "practice_code"], successors[gone], strict=True):
        closed[str(code)] = None if pd.isna(successor) else str(successor)
    answers: dict[str, str] = {}
    for code in practices["practice_code"]:
        now: str | None = str(code)
        followed = set()
        while now in closed and now not in followed:
            followed.add(now)
            now = closed[now]
        if now is not None and now not in closed:
            answers[str(code)] = now
    return answers


def regrouped(frame: pd.DataFrame, answers: dict[str, str], by: list[str]) -> pd.DataFrame:
    """
    Sum a frame over the practices that answer for its practice codes.

    Parameters
    ----------
    frame : DataFrame
        With `practice_code`; the columns that are not in `by` are summed.
    answers : dict of str to str
        From `as_at`; rows of other codes are left out.
    by : list of str
        Columns to keep apart, `practice_code` among them.

    Returns
    -------
    DataFrame, one row per combination of `by`
    """
    mapped = frame.assign(practice_code=frame["practice_code"].map(answers))
    mapped = mapped.dropna(subset=["practice_code"])
    return mapped.groupby(by, as_index=False, sort=True).sum(numeric_only=True)
