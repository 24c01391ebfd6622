"""What a year will probably come to, practice by practice, and how sure that is (trends 2)."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.budgets.forecast.at_month import AtMonth, at_month
from pbcanalytics.budgets.forecast.forecasting import Forecast, quantile, variance
from pbcanalytics.budgets.forecast.profile import Profile
from pbcanalytics.budgets.forecast.track_record import Trial, own_scale, trials
from pbcanalytics.budgets.forecast.year_to_date import Known, Months
from pbcanalytics.budgets.monitor.month_shares import HeldMonths
from pbcanalytics.words import periods

Amounts = NDArray[np.float64]

LEVELS: Final = (50, 80, 95)
"""Of the intervals: in how many of a hundred years the outturn lies within. [per cent]"""

Z_SCORES: Final = {level: NormalDist().inv_cdf(0.5 + level / 200) for level in LEVELS}

MONEY: Final = (
    *("actual_pence", "completed_pence", "rest_pence", "point_pence"),
    *("straight_line_pence", "ladder_pence", "expected_pence", "budget_pence"),
)
"""The amounts of a forecast; the first three add up to the fourth."""

BOUNDS: Final = tuple(f"{end}_{level}_pence" for level in LEVELS for end in ("low", "high"))
"""The intervals' ends."""

EVERYONE: Final = "ALL"
"""What stands for all practices together."""


@dataclass(frozen=True)
class Outturn:
    """
    What a year will probably come to.

    Attributes
    ----------
    financial_year : str
    known_to : date
        First day of the latest month of which activity is held.
    n_months : int
        Months of the year that have passed.
    practices, consortia, pct : DataFrame, one row per practice, per consortium, one row
        `code`, MONEY and BOUNDS [pence]; of practices also `consortium_code`, `credibility` [share]
        and `basis`: earlier years, budget, or this year only. `budget_pence` is null where some
        budget is not known. Consortia and PCT are the sums of their practices, to the penny; their
        intervals are not.
    profile : DataFrame, one row per point of delivery and month
        `pod`, `month`, `share` of the year, on the year's own days. [share]
    record : DataFrame, one row per earlier year, month, and practice, consortium or PCT
        `financial_year`, `n_months`, `level`, `code`, `forecast_pence`, `low_80_pence`,
        `high_80_pence`, `straight_line_pence`, `budget_pence`, `came_pence`, `error_pence`
        (forecast less what came). [pence]
    elapsed_share, growth_share, growth_credibility, interval_scale : float
        Part of the year passed; growth on the last year, and how much of this year's is believed;
        what back-tests made of the width of intervals. [share, ratio]
    latest_share : float
        The latest month's spending over what the months before it lead one to expect; far below
        1, it is likely to be a part of a month. [share]
    is_completed : bool
        Successive extracts told how complete the latest months are; otherwise they count as whole.
    earlier_years : tuple of str
    """

    financial_year: str
    known_to: dt.date
    n_months: int
    practices: pd.DataFrame
    consortia: pd.DataFrame
    pct: pd.DataFrame
    profile: pd.DataFrame
    record: pd.DataFrame
    elapsed_share: float
    growth_share: float
    growth_credibility: float
    interval_scale: float
    latest_share: float
    is_completed: bool
    earlier_years: tuple[str, ...]


def outturn(
    activity: pd.DataFrame,
    *,
    known_to: dt.date,
    triangle: pd.DataFrame | None = None,
    budgets: pd.DataFrame | None = None,
    consortia: Mapping[str, str] | None = None,
    of_others: HeldMonths | None = None,
) -> Outturn:
    """
    Forecast what a year will come to from what is known at the end of a month.

    Months so far are completed by what successive extracts showed; the rest of the year lies
    between each practice's own run rate and what its earlier years and the growth of all lead one
    to expect, weighed by how much chance is in either (trends 2). Reckoned in floating point;
    `actual_pence` is exact, `completed_pence` and `rest_pence` are rounded half up once, for each
    practice, and everything else is their sum. Ends of intervals are rounded outwards.

    Parameters
    ----------
    activity : DataFrame, one row per practice, provider, point of delivery and month
        `practice_code`, `provider_code`, `pod`, `month` (its first day), `pence`; of the year and
        of earlier ones, all at one level of prices, as held now. Later months are not looked at.
    known_to : date
        A day of the latest month that is known; the year is the one that it falls in.
    triangle : DataFrame, optional
        What successive extracts showed, as `completion.completion` takes it.
    budgets : DataFrame, optional, one row per financial year and practice
        `financial_year`, `practice_code`, `pence`. [pence]
    consortia : mapping of str to str, optional
        Consortium of each practice.
    of_others : HeldMonths, optional
        Months of lines that others hold in the year: forecast with the rest, then left out.

    Returns
    -------
    Outturn

    Raises
    ------
    SelectionError
        If there is no activity of the year by then, or no whole year before it.
    """
    of = at_month(
        activity,
        known_to=known_to,
        triangle=triangle,
        budgets=budgets,
        of_others=of_others,
    )
    held, known, spread, made = of.held, of.known, of.spread, of.made
    tried = trials(held, known.years, known.history.sum(axis=(1, 3)), of.budgets)
    member = [(consortia or {}).get(code, "") for code in held.practices]
    every = np.arange(len(held.practices))
    practices = _rows([(c, every[[n]]) for n, c in enumerate(held.practices)], of)
    of_consortia = [
        (code, np.flatnonzero([m == code for m in member])) for code in sorted({*member} - {""})
    ]
    practices.insert(1, "consortium_code", member)
    practices["credibility"] = made.credibility
    earlier = known.history.sum(axis=(0, 1, 3)) > 0
    budgeted = np.where(np.isnan(known.year.budget), "this year only", "budget")
    practices["basis"] = np.where(earlier, "earlier years", budgeted)
    is_open = practices[list(MONEY[:4])].any(axis=1)
    start = periods.start(of.financial_year)
    pods, months = np.meshgrid(held.pods, pd.date_range(start, periods=12, freq="MS"))
    shares = {"pod": pods.ravel(), "month": months.ravel(), "share": spread.shares.ravel()}
    return Outturn(
        financial_year=of.financial_year,
        known_to=of.month,
        n_months=of.n_months,
        practices=practices[is_open].reset_index(drop=True),
        consortia=_rows(of_consortia, of),
        pct=_rows([(EVERYONE, every)], of),
        profile=pd.DataFrame(shares).sort_values(["pod", "month"], ignore_index=True),
        record=_record(held, tried, of_consortia, of.budgets),
        elapsed_share=made.elapsed,
        growth_share=made.growth,
        growth_credibility=made.growth_credibility,
        interval_scale=of.own_scale,
        latest_share=_latest(known, spread),
        is_completed=known.is_completed,
        earlier_years=of.earlier_years,
    )


def interval(of: Forecast, members: Any, own_scale: float = 1.0) -> dict[int, tuple[float, float]]:
    """
    Give the intervals of the outturn of some practices together.

    What is known, and what is not as a gamma amount (`forecasting.quantile`): no end lies below
    what is known already.

    Parameters
    ----------
    of : Forecast
    members : index or mask of practices
    own_scale : float
        From `track_record.own_scale`. [ratio]

    Returns
    -------
    dict of int to tuple of float
        By level in per cent, low and high. [pence]
    """
    known = float(of.actual[members].sum())
    rest = float((of.completed + of.rest)[members].sum())
    spread = variance(of, members, own_scale)
    return {
        level: (float(quantile(known, rest, spread, -z)), float(quantile(known, rest, spread, z)))
        for level, z in Z_SCORES.items()
    }


@dataclass(frozen=True)
class Moments:
    """
    What a forecast says of some practices together.

    Attributes
    ----------
    point_pence, low_80_pence, high_80_pence : int
        As `outturn` gives them of a consortium. [pence]
    known_pence, rest_pence : float
        What is known, and the mean of what is not: late coding and the months to come. [pence]
    variance : float
        Of what is not known. [pence squared]
    """

    point_pence: int
    low_80_pence: int
    high_80_pence: int
    known_pence: float
    rest_pence: float
    variance: float


def moments(of: AtMonth, practice_codes: Iterable[str]) -> Moments | None:
    """
    Say what a forecast says of the outturn of some practices together.

    Parameters
    ----------
    of : AtMonth
    practice_codes : iterable of str

    Returns
    -------
    Moments or None
        None where one of them has no activity so far, of this year or an earlier one: its outturn
        is not known, so that of all of them is not.
    """
    members = of.places(practice_codes)
    if members is None:
        return None
    point = _point(of.made, members)
    low, high = _outwards(interval(of.made, members, of.own_scale)[80], point)
    return Moments(
        point_pence=point,
        low_80_pence=low,
        high_80_pence=high,
        known_pence=float(of.made.actual[members].sum()),
        rest_pence=float((of.made.completed + of.made.rest)[members].sum()),
        variance=variance(of.made, members, of.own_scale),
    )


def group_forecasts(of: AtMonth, groups: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """
    Give the forecast of groups as one month saw it, with all intervals.

    Parameters
    ----------
    of : AtMonth
    groups : mapping of str to iterable of str
        Practices of each group, by its code.

    Returns
    -------
    DataFrame, one row per group
        `code`, MONEY and BOUNDS [pence]; a group is left out where one of its practices has no
        activity, as its outturn is not known.
    """
    placed = ((code, of.places(practices)) for code, practices in groups.items())
    return _rows([(code, members) for code, members in placed if members is not None], of)


def _latest(known: Known, spread: Profile) -> float:
    """Hold the latest month against the months before it, or against last year if it is April."""
    so_far = known.year.developed.sum(axis=(1, 2))
    whole = known.history[-1].sum(axis=(0, 1))
    usual = (spread.shares * whole).sum(axis=1)[: len(so_far)]
    level = so_far[:-1].sum() / usual[:-1].sum() if len(so_far) > 1 else 1.0
    expected = float(usual[-1] * level)
    return float(so_far[-1]) / expected if expected else 1.0


def _rows(groups: Iterable[tuple[str, Any]], of: AtMonth) -> pd.DataFrame:
    """Add practices up to groups, with the intervals of each."""
    made = of.made
    parts = {
        "actual_pence": made.actual,
        "completed_pence": made.completed,
        "rest_pence": made.rest,
        "straight_line_pence": made.straight_line,
        "ladder_pence": made.ladder,
        "expected_pence": made.expected,
    }
    whole = {name: _half_up(values) for name, values in parts.items()}
    rows = []
    for code, members in groups:
        row: dict[str, Any] = {"code": code}
        row |= {name: int(values[members].sum()) for name, values in whole.items()}
        row["point_pence"] = _point(of.made, members)
        budget = of.known.year.budget[members]
        row["budget_pence"] = None if np.isnan(budget).any() else int(budget.sum())
        for level, ends in interval(made, members, of.own_scale).items():
            low, high = _outwards(ends, row["point_pence"])
            row |= {f"low_{level}_pence": low, f"high_{level}_pence": high}
        rows.append(row)
    frame = pd.DataFrame(rows, columns=["code", *MONEY, *BOUNDS])
    return frame.astype({name: "Int64" for name in (*MONEY, *BOUNDS)})


def _point(made: Forecast, members: Any) -> int:
    """Add up what practices will probably come to, each part of each in whole pence."""
    parts = (made.actual, made.completed, made.rest)
    return sum(int(_half_up(part)[members].sum()) for part in parts)


def _outwards(ends: tuple[float, float], point: int) -> tuple[int, int]:
    """Round the ends of an interval outwards, its point within."""
    return min(int(np.floor(ends[0])), point), max(int(np.ceil(ends[1])), point)


def _record(
    held: Months,
    tried: list[Trial],
    of_consortia: list[tuple[str, Any]],
    budgets: Mapping[int, Amounts],
) -> pd.DataFrame:
    every = np.arange(len(held.practices))
    groups = [("pct", EVERYONE, every), *(("consortium", c, m) for c, m in of_consortia)]
    groups += [("practice", code, every[[n]]) for n, code in enumerate(held.practices)]
    rows = []
    for trial in tried:
        before = [t for t in tried if t.n_months == trial.n_months and t.year < trial.year]
        scale = own_scale([(t.made, t.came) for t in before])
        budget = budgets.get(trial.year)
        point = _half_up(trial.made.point)
        line, came = _half_up(trial.made.straight_line), _half_up(trial.came)
        for level, code, members in groups:
            if not came[members].any():
                continue
            low, high = interval(trial.made, members, scale)[80]
            known = budget is not None and not np.isnan(budget[members]).any()
            rows.append(
                {
                    "financial_year": held.named(trial.year),
                    "n_months": trial.n_months,
                    "level": level,
                    "code": code,
                    "forecast_pence": int(point[members].sum()),
                    "low_80_pence": int(np.floor(low)),
                    "high_80_pence": int(np.ceil(high)),
                    "straight_line_pence": int(line[members].sum()),
                    "budget_pence": int(budget[members].sum())
                    if known and budget is not None
                    else None,
                    "came_pence": int(came[members].sum()),
                    "error_pence": int(point[members].sum() - came[members].sum()),
                }
            )
    names = ["financial_year", "n_months", "level", "code", "forecast_pence", "low_80_pence"]
    names += ["high_80_pence", "straight_line_pence", "budget_pence", "came_pence", "error_pence"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype({n: "Int64" for n in names if n.endswith("_pence")})


def _half_up(amounts: Amounts) -> NDArray[np.int64]:
    """Round to whole pence, halves upwards."""
    return np.floor(amounts + 0.5).astype(np.int64)
