"""Why spending is off its profile: exact effects since the base year, and what was allowed for."""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pandas as pd

from pbcanalytics.budgets.monitor.monitoring import Monitoring
from pbcanalytics.budgets.monitor.month_shares import month_starts
from pbcanalytics.budgets.monitor.shapley import EFFECTS, effects, in_pence
from pbcanalytics.budgets.rounding import half_up
from pbcanalytics.budgets.walk.baseline import MOVES
from pbcanalytics.budgets.walk.in_scope import heirs, merged_practices
from pbcanalytics.budgets.walk.years import YearBudget
from pbcanalytics.words import codes
from pbcanalytics.words.errors import SelectionError

ALLOWED: Final = tuple(f"allowed_{move}" for move in MOVES[1:])
"""What the budget allowed for, step by step; a step that raised it lowers the variance."""

TIMING: Final = "timing_pence"
"""The base year's own months against the profile's share of it, and pennies of rounding."""

PARTS: Final = (*EFFECTS, *ALLOWED, TIMING)
"""Every part of a variance, as what it adds to spending over profile; they sum to it."""

HRG_CELL: Final = ("practice_code", "pod", "root", "hrg", "month")

_SCOPE: Final = "scope_pence"


@dataclass(frozen=True)
class Variance:
    """
    Spending over profile in parts that add up to it, to the penny, at every level.

    Attributes
    ----------
    financial_year, pct_code, base_year, price_year : str
        The prices of the base year's activity are those of `price_year`.
    known_to : date
    empty_base_months : tuple of date
        Months of the base year that are compared and hold no activity: all is volume then.
    lines : DataFrame, one row per practice and point of delivery
        `practice_code`, `pod`, `n_base`, `n_now` [priced activities], `base_pence`,
        `actual_pence`, `profile_pence`, `variance_pence`, PARTS. [pence]
    practices, groups, pct : DataFrame
        The same sums, in the rows of Monitoring.
    """

    financial_year: str
    pct_code: str
    base_year: str
    price_year: str
    known_to: dt.date
    empty_base_months: tuple[dt.date, ...]
    lines: pd.DataFrame
    practices: pd.DataFrame
    groups: pd.DataFrame
    pct: pd.DataFrame

    @property
    def is_price_with_uplift(self) -> bool:
        """Whether the base year stands at older prices, so that `price_pence` holds the tariff."""
        return self.price_year != self.financial_year


def variance(
    found: YearBudget, now: Monitoring, base_cells: pd.DataFrame, cells: pd.DataFrame
) -> Variance:
    """
    Take apart what was spent over profile.

    Line by line, the spending of the months that count is held against the base year's of the same
    months at the budget's prices, and the change attributed to five factors (`effects`). What the
    budget allowed for is taken off, and what the season of the base year was off the profile.

    Parameters
    ----------
    found : YearBudget
        The budgets.
    now : Monitoring
        Of the same.
    base_cells, cells : DataFrame, one row per practice, line, root, HRG and month
        HRG_CELL, `n_priced`, `pence` of the base year at the budget's prices, and of the budget
        year at its own; practices as they are on 1 April of the budget year. [pence]

    Returns
    -------
    Variance

    Raises
    ------
    SelectionError
        If the spending by HRG is not that by month: one of them is older than the other.
    """
    plain = found.baseline
    here, there = month_starts(plain.financial_year), month_starts(plain.base_year)
    places = [here.index(m) for m in now.months]
    pairs = list(zip(now.lines["practice_code"], now.lines["pod"], strict=True))
    before, base_months = _by_line(base_cells, there, places, now)
    after, _ = _by_line(cells, here, places, now)
    _refuse_other(now, after, pairs)
    members = merged_practices(plain.practices, now.mergers, {})
    sizes = {
        str(code): (int(base), int(budget))
        for code, base, budget in zip(
            *(members[c] for c in ("practice_code", "list_base", "list_budget")), strict=True
        )
    }
    steps = _steps(plain.lines, now)
    rows = []
    for record in now.lines.to_dict("records"):
        pair = (str(record["practice_code"]), str(record["pod"]))
        of_base, of_now = before.get(pair, {}), after.get(pair, {})
        moved = in_pence(effects(_both(of_base, of_now), sizes[pair[0]]))
        allowed = _allowed(steps.get(pair, {}), record["profile_pence"])
        over = int(record["actual_pence"]) - int(record["profile_pence"])
        rows.append(
            (
                *pair,
                sum(n for n, _ in of_base.values()),
                sum(n for n, _ in of_now.values()),
                sum(pence for _, pence in of_base.values()),
                int(record["actual_pence"]),
                int(record["profile_pence"]),
                over,
                *moved,
                *allowed,
                over - sum(moved) - sum(allowed),
            )
        )
    sums = ("n_base", "n_now", "base_pence", "actual_pence", "profile_pence", "variance_pence")
    lines = pd.DataFrame(rows, columns=["practice_code", "pod", *sums, *PARTS])
    practices = lines.drop(columns="pod").groupby("practice_code", as_index=False).sum()
    return Variance(
        financial_year=plain.financial_year,
        pct_code=found.pct_code,
        base_year=plain.base_year,
        price_year=plain.price_year,
        known_to=now.known_to,
        empty_base_months=tuple(there[m] for m in places if m not in base_months),
        lines=lines,
        practices=practices,
        groups=_grouped(practices, now.practices),
        pct=_summed(practices, found.pct_code),
    )


def _by_line(
    cells: pd.DataFrame, starts: list[dt.date], places: list[int], now: Monitoring
) -> tuple[dict[tuple[str, str], dict[tuple[str, str], tuple[int, int]]], set[int]]:
    """Sum the months that count by line, root and HRG; and say which months have anything."""
    at = pd.to_datetime(cells["month"]).map({pd.Timestamp(m): n for n, m in enumerate(starts)})
    known = cells["pod"].where(cells["pod"].isin(list(codes.PODS)), codes.OTHER_POD)
    rows = cells.assign(pod=known, at=at)
    rows = rows[rows["at"].isin(places)]
    months = {int(m) for m in rows["at"]}
    if now.held:
        pairs = zip(rows["practice_code"], rows["pod"], rows["at"], strict=True)
        rows = rows[[at not in now.held.get((code, pod), ()) for code, pod, at in pairs]]
    rows = rows.assign(practice_code=rows["practice_code"].replace(heirs(now.mergers)))
    summed = rows.groupby(["practice_code", "pod", "root", "hrg"])[["n_priced", "pence"]].sum()
    found: dict[tuple[str, str], dict[tuple[str, str], tuple[int, int]]] = {}
    for (code, pod, root, hrg), (n, pence) in zip(
        summed.index, summed.to_numpy().tolist(), strict=True
    ):
        if n:
            found.setdefault((str(code), str(pod)), {})[str(root), str(hrg)] = (n, pence)
    return found, months


def _both(
    base: dict[tuple[str, str], tuple[int, int]], now: dict[tuple[str, str], tuple[int, int]]
) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    """Put the two periods of every HRG side by side."""
    none = (0, 0)
    found = {}
    for key in {**base, **now}:
        (before, pence_before), (after, pence_after) = base.get(key, none), now.get(key, none)
        found[key] = (before, after, pence_before, pence_after)
    return found


def _steps(lines: pd.DataFrame, now: Monitoring) -> dict[tuple[str, str], dict[str, Fraction]]:
    """Sum what each step of the budgets comes to so far, by practice that answers and line."""
    columns, goes_to = [c for c in MOVES if c in lines], heirs(now.mergers)
    found: dict[tuple[str, str], dict[str, Fraction]] = {}
    rows = lines[["practice_code", "pod", *columns]].itertuples(index=False)
    for code, pod, *moves in rows:
        elapsed = now.elapsed_shares.get((str(code), str(pod)), Fraction(0))
        of_line = found.setdefault((goes_to.get(str(code), str(code)), str(pod)), {})
        for step, pence in zip(columns, moves, strict=True):
            of_line[step] = of_line.get(step, Fraction(0)) + elapsed * int(pence)
    return found


def _allowed(moved: dict[str, Fraction], profile_pence: int) -> list[int]:
    """Give what each step of the budget allowed for so far, as what it takes off the variance."""
    exact = dict(moved)
    if exact.get(_SCOPE):
        # What others hold is not spread over the year: it is what the other steps leave.
        exact[_SCOPE] = Fraction(0)
        exact[_SCOPE] = profile_pence - sum(exact.values(), Fraction(0))
    return [-half_up(exact.get(move, Fraction(0))) for move in MOVES[1:]]


def _refuse_other(
    now: Monitoring,
    after: dict[tuple[str, str], dict[tuple[str, str], tuple[int, int]]],
    pairs: list[tuple[str, str]],
) -> None:
    """Refuse HRGs that do not add up to the spending that they are to explain."""
    active = set(now.practices["practice_code"])
    by_hrg = {
        pair: sum(pence for _, pence in of.values())
        for pair, of in after.items()
        if pair[0] in active
    }
    by_month = dict(zip(pairs, now.lines["actual_pence"].tolist(), strict=True))
    off = [p for p in sorted({*by_hrg, *by_month}) if by_hrg.get(p, 0) != by_month.get(p, 0)]
    if off:
        named = ", ".join(" ".join(pair) for pair in off[:5])
        raise SelectionError(
            f"The spending of {now.financial_year} by HRG is not the spending by month in "
            f"{len(off)} lines ({named}), so it cannot be said why it changed. Run 'pbc build' "
            "again, so that both are of the same activity."
        )


def _grouped(practices: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Sum the practices of each consortium; one outside all stands for itself."""
    consortia = dict(zip(known["practice_code"], known["consortium_code"], strict=True))
    member = practices["practice_code"].map(consortia)
    rows = practices.assign(
        code=member.where(member != "", practices["practice_code"]), is_consortium=member != ""
    )
    summed = rows.drop(columns="practice_code").groupby(["is_consortium", "code"]).sum()
    summed = summed.reset_index().sort_values(["is_consortium", "code"], ascending=[False, True])
    return summed[["code", *(c for c in summed if c != "code")]].reset_index(drop=True)


def _summed(practices: pd.DataFrame, pct_code: str) -> pd.DataFrame:
    """Sum all practices into one row."""
    whole = practices.drop(columns="practice_code").sum().to_frame().T.astype("int64")
    whole.insert(0, "code", pct_code)
    return whole
