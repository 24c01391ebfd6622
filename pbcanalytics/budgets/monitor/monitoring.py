"""A budget year under way: what was spent against the part of each budget that falls to it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pandas as pd

from pbcanalytics.budgets.monitor.left_out import late_months, left_out
from pbcanalytics.budgets.monitor.month_shares import (
    HeldMonths,
    Spread,
    month_starts,
    own_months,
)
from pbcanalytics.budgets.savings.freed_up import position
from pbcanalytics.budgets.walk.in_scope import Merger, heirs, held_months, merged_practices
from pbcanalytics.budgets.walk.years import YearBudget
from pbcanalytics.words import codes
from pbcanalytics.words.errors import SelectionError

CELL: Final = ("practice_code", "pod", "month")
COUNTS: Final = ("n_activity", "n_priced")


@dataclass(frozen=True)
class Monitoring:
    """
    Spending of a budget year so far against the profile of its budgets; over is positive.

    Attributes
    ----------
    financial_year, pct_code : str
    known_to : date
        First day of the last month that is looked at.
    months : tuple of date
        Months that count: those until then with any activity.
    empty_months : tuple of date
        Months until then without any: in no sum, because nothing is known of them.
    spread_years : tuple of str
        Earlier years that the season was learned from.
    cells : DataFrame, one row per practice, point of delivery and month that counts
        CELL, `profile_pence`, `actual_pence` [pence], `n_activity`, `n_priced`, `is_frozen`
        (the month is closed by all providers of its activity, and none of them is late; where
        there is no activity, by one of the practice's providers).
    lines : DataFrame, one row per practice and point of delivery
        `budget_pence` of the year, the sums of its cells [pence], `n_activity`, `n_priced`,
        `is_frozen`.
    practices : DataFrame, one row per practice
        `practice_code`, `consortium_code` (blank outside all), `n_patients`, `budget_pence`,
        `profile_pence`, `actual_pence`, `variance_pence` [pence], counts, `is_frozen`.
    groups : DataFrame, one row per consortium, then per practice outside all
        `code`, `is_consortium`, the same sums, and as sub-lines of the net `variance_pence` (T11)
        `gross_over_pence`, `gross_under_pence` [pence], `n_over`, `n_under`, `n_practices`.
    pct : DataFrame, one row
        The same of all together.
    held : mapping
        Months of lines that others hold: in no practice's position. By practice on 1 April.
    elapsed_shares : mapping
        By practice on 1 April and line: the share of the year that falls to its own months of
        those that count. [share]
    mergers : tuple of Merger
        Practices with a budget that closed since 1 April. Their budget and spending of all the
        months count with their successor everywhere else here.
    gaps : DataFrame, one row per thing that is in no sum
        `kind` (`silent`: a practice with a budget and no activity; `no_budget`: a practice without
        one; `no_practice`; `held`: a line in months that another holds; `unpriced`;
        `empty_month`; `late`: a provider's month that did not come), `code`, `pod`, `n_activity`,
        `pence`. [pence]
    """

    financial_year: str
    pct_code: str
    known_to: dt.date
    months: tuple[dt.date, ...]
    empty_months: tuple[dt.date, ...]
    spread_years: tuple[str, ...]
    cells: pd.DataFrame
    lines: pd.DataFrame
    practices: pd.DataFrame
    groups: pd.DataFrame
    pct: pd.DataFrame
    held: HeldMonths
    elapsed_shares: Mapping[tuple[str, str], Fraction]
    mergers: tuple[Merger, ...]
    gaps: pd.DataFrame


def monitoring(
    found: YearBudget,
    activity: pd.DataFrame,
    over: Spread,
    *,
    answers: Mapping[str, str],
    consortia: Mapping[str, str],
    known_to: dt.date | None = None,
    closed: Iterable[tuple[str, str, dt.date]] = (),
    mergers: Iterable[Merger] = (),
) -> Monitoring | None:
    """
    Hold what was spent so far against the part of each budget that falls to the months so far.

    Parameters
    ----------
    found : YearBudget
        The budgets.
    activity : DataFrame, one row per practice, provider, point of delivery and month
        Of the budget year at its own prices: `practice_code`, `provider_code`, `pod`, `month`,
        `n_activity`, `n_priced`, `pence`. [pence]
    over : Spread
    answers : mapping of str to str
        The practice of the PCT that answers for each, on 1 April of the year.
    consortia : mapping of str to str
        The consortium of each practice on that day; blank outside all.
    known_to : date, optional
        Month to look until; otherwise the last with activity.
    closed : iterable of provider, point of delivery and first day of a month
        What is closed (freeze); all else may still change (flex).
    mergers : iterable of Merger
        Practices with a budget that closed since 1 April, by the end of that month.

    Returns
    -------
    Monitoring or None
        None where practices with a budget have no activity until then.

    Raises
    ------
    SelectionError
        If the month asked for is not of the year.
    """
    plain = found.baseline
    starts, held = month_starts(plain.financial_year), held_months(plain)
    if known_to is not None and known_to not in starts:
        raise SelectionError(
            f"{known_to:%Y-%m} is no month of {plain.financial_year}, so nothing can be held "
            f"against its budgets. Name one from {starts[0]:%Y-%m} to {starts[-1]:%Y-%m}."
        )
    merged = tuple(m for m in mergers if m.practice_code in set(plain.practices["practice_code"]))
    goes_to, members = heirs(merged), merged_practices(plain.practices, merged, consortia)
    rows = _placed(activity, answers, goes_to, starts)
    last = starts.index(known_to) if known_to else int(rows["at"].max()) if len(rows) else -1
    rows = rows[rows["at"] <= last]
    inside = rows[rows["practice_code"].isin(members["practice_code"])]
    if inside.empty:
        return None
    counted = sorted({int(m) for m in inside["at"]})
    active = set(inside["practice_code"])
    is_held = pd.Series(
        [
            at in held.get((code, pod), ())
            for code, pod, at in zip(
                inside["holder_code"], inside["pod"], inside["at"], strict=True
            )
        ],
        index=inside.index,
        dtype=bool,
    )
    own = inside[~is_held]
    budgets = {
        (str(code), str(pod)): int(pence)
        for code, pod, pence in zip(
            *(plain.lines[c] for c in ("practice_code", "pod", "indicative_pence")), strict=True
        )
        if goes_to.get(code, code) in active
    }
    unknown = dict.fromkeys(zip(own["holder_code"], own["pod"], strict=True), 0)
    due = {
        pair: own_months(pence, over.shares[pair[1]], held.get(pair, frozenset()))
        for pair, pence in (unknown | budgets).items()
    }
    cells = _cells(due, goes_to, own, counted, set(closed), starts)
    if cells.empty:
        return None
    lines = _lines(cells, budgets, goes_to)
    practices = _practices(lines, members)
    return Monitoring(
        financial_year=plain.financial_year,
        pct_code=found.pct_code,
        known_to=starts[last],
        months=tuple(starts[m] for m in counted),
        empty_months=tuple(starts[m] for m in range(last + 1) if m not in counted),
        spread_years=over.years,
        cells=cells,
        lines=lines,
        practices=practices,
        groups=_groups(practices),
        pct=pd.DataFrame([_group(found.pct_code, practices)]),
        held=held,
        elapsed_shares={
            pair: sum((over.shares[pair[1]][m] for m in counted if m in months), Fraction(0))
            for pair, months in due.items()
        },
        mergers=merged,
        gaps=left_out(members, rows, inside[is_held], own, starts[: last + 1]),
    )


def _placed(
    activity: pd.DataFrame,
    answers: Mapping[str, str],
    goes_to: Mapping[str, str],
    starts: list[dt.date],
) -> pd.DataFrame:
    """Sum activity by practice that answers, by that of 1 April, provider, line and month."""
    known = activity["pod"].where(activity["pod"].isin(list(codes.PODS)), codes.OTHER_POD)
    places = {pd.Timestamp(m): n for n, m in enumerate(starts)}
    rows = activity.assign(
        pod=known,
        holder_code=activity["practice_code"].map(dict(answers)).fillna(""),
        provider_code=activity["provider_code"].fillna(""),
        at=pd.to_datetime(activity["month"]).map(places),
    ).dropna(subset=["at"])
    rows["at"] = rows["at"].astype("int64")
    rows["practice_code"] = rows["holder_code"].map(lambda code: goes_to.get(code, code))
    by = ["practice_code", "holder_code", "provider_code", "pod", "at"]
    return rows.groupby(by, as_index=False)[[*COUNTS, "pence"]].sum()


def _cells(
    due: Mapping[tuple[str, str], Mapping[int, int]],
    goes_to: Mapping[str, str],
    own: pd.DataFrame,
    counted: list[int],
    closed: set[tuple[str, str, dt.date]],
    starts: list[dt.date],
) -> pd.DataFrame:
    """Lay out every practice that answers, line and month that counts."""
    summed = own.groupby(["practice_code", "pod", "at"])[["pence", *COUNTS]].sum()
    spent = dict(zip(summed.index, summed.to_numpy().tolist(), strict=True))
    senders = _senders(own, counted)
    profile: dict[tuple[str, str, int], int] = {}
    for (holder, pod), months in due.items():
        for m in (m for m in counted if m in months):
            place = (goes_to.get(holder, holder), pod, m)
            profile[place] = profile.get(place, 0) + months[m]
    cells = []
    for (code, pod, m), pence in sorted(profile.items()):
        # Where nobody sent anything of the line, one of the practice's hospitals must say so.
        of_cell = senders.get((code, pod, m))
        is_all = [(s, pod, starts[m]) in closed for s in of_cell or senders[code, "", m]]
        is_frozen = all(is_all) if of_cell else any(is_all)
        actual, n_activity, n_priced = spent.get((code, pod, m), (0, 0, 0))
        cells.append((code, pod, starts[m], pence, int(actual), n_activity, n_priced, is_frozen))
    names = [*CELL, "profile_pence", "actual_pence", *COUNTS, "is_frozen"]
    return pd.DataFrame(cells, columns=names)


def _senders(own: pd.DataFrame, counted: list[int]) -> defaultdict[tuple[str, str, int], set[str]]:
    """Name the providers of each cell, and of a practice (line ""), with those that are late."""
    found: defaultdict[tuple[str, str, int], set[str]] = defaultdict(set)
    late = late_months(own, counted)
    columns = (own[c] for c in ("practice_code", "pod", "provider_code", "at"))
    for code, pod, provider, at in zip(*columns, strict=True):
        missed = [m for m in counted if (provider, m) in late]
        for m in (at, *missed):
            found[code, pod, m].add(provider)
        for m in counted:
            found[code, "", m].add(provider)
    return found


def _lines(
    cells: pd.DataFrame, budgets: Mapping[tuple[str, str], int], goes_to: Mapping[str, str]
) -> pd.DataFrame:
    """Sum the months of each line."""
    sums = ("profile_pence", "actual_pence", *COUNTS)
    taken = {**dict.fromkeys(sums, "sum"), "is_frozen": "all"}
    lines = cells.groupby(["practice_code", "pod"], as_index=False).agg(taken)
    whole: dict[tuple[str, str], int] = {}
    for (holder, pod), pence in budgets.items():
        pair = (goes_to.get(holder, holder), pod)
        whole[pair] = whole.get(pair, 0) + pence
    pairs = zip(lines["practice_code"], lines["pod"], strict=True)
    lines.insert(2, "budget_pence", [whole.get(pair, 0) for pair in pairs])
    return lines


def _practices(lines: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Sum the lines of each practice."""
    sums = ("budget_pence", "profile_pence", "actual_pence", *COUNTS)
    taken = {**dict.fromkeys(sums, "sum"), "is_frozen": "all"}
    rows = lines.groupby("practice_code", as_index=False).agg(taken)
    known = members.set_index("practice_code").loc[rows["practice_code"]]
    rows.insert(1, "consortium_code", known["consortium_code"].tolist())
    rows.insert(2, "n_patients", [int(n) for n in known["list_budget"]])
    rows.insert(6, "variance_pence", rows["actual_pence"] - rows["profile_pence"])
    return rows


def _groups(practices: pd.DataFrame) -> pd.DataFrame:
    """Give the net of each consortium, and of each practice outside all."""
    by_code = practices.groupby("consortium_code", sort=True)
    inside = [_group(str(c), own, is_consortium=True) for c, own in by_code if c]
    alone = practices[practices["consortium_code"] == ""]
    outside = [_group(str(c), own) for c, own in alone.groupby("practice_code", sort=True)]
    return pd.DataFrame([*inside, *outside])


def _group(
    code: str, own: pd.DataFrame, *, is_consortium: bool = False
) -> dict[str, str | int | bool]:
    """Net the practices of a group."""
    so_far = {"budget_pence": own["profile_pence"], "actual_pence": own["actual_pence"]}
    net = position(pd.DataFrame(so_far))
    return {
        "code": code,
        "is_consortium": is_consortium,
        "n_patients": int(own["n_patients"].sum()),
        "budget_pence": int(own["budget_pence"].sum()),
        "profile_pence": net.budget_pence,
        "actual_pence": net.actual_pence,
        "variance_pence": -net.net_pence,
        "gross_over_pence": net.gross_overspend_pence,
        "gross_under_pence": net.gross_underspend_pence,
        "n_over": net.n_over,
        "n_under": net.n_under,
        "n_practices": net.n_practices,
        **{name: int(own[name].sum()) for name in COUNTS},
        "is_frozen": bool(own["is_frozen"].all()),
    }
