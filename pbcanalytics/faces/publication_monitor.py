"""What is published of a budget year under way: small numbers withheld."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from pbcanalytics.budgets.forecast.outturn import BOUNDS
from pbcanalytics.budgets.monitor.monitoring import Monitoring
from pbcanalytics.budgets.monitor.shapley import EFFECTS
from pbcanalytics.budgets.monitor.variance import ALLOWED, PARTS, Variance
from pbcanalytics.budgets.savings.group_prospects import MEMBER
from pbcanalytics.faces.disclosure import blanked
from pbcanalytics.faces.monitor_withholding import lines_by_month, months_untold
from pbcanalytics.faces.step_groups import Group
from pbcanalytics.faces.taken_steps import ALL
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

_FORESEEN: Final = ("late_pence", "outturn_pence", *BOUNDS, "straight_line_pence")
_SHARE: Final = ("chance_of_share", "expected_share_pence")
_OVER: Final = ("gross_under_pence", "gross_over_pence", "n_under", "n_over")
_KEY: Final = ("group_kind", "group_code")


@dataclass(frozen=True)
class Followed:
    """
    A budget year of one PCT as far as it is known.

    Attributes
    ----------
    now : Monitoring
        To the last month with activity.
    why : Variance
        To the same month.
    open_months : frozenset of date
        Months of which something was sent as flex and not closed since.
    forecasts : DataFrame, one row per group and month
        `group_kind`, `group_code`, `n_months`, `completed_pence`, `point_pence`,
        `straight_line_pence` and the ends of the intervals. [pence]
    prospects : DataFrame, one row per group and month
        As `prospects_by_group` gives them.
    chances : DataFrame, one row per group that shares a saving
        `group_kind`, `group_code`, `practice_share`, `minimum_share`, `naive_noise_share`,
        `default_noise_share`. [share]
    record : DataFrame
        As `Outturn.record`.
    """

    now: Monitoring
    why: Variance
    open_months: frozenset[dt.date]
    forecasts: pd.DataFrame
    prospects: pd.DataFrame
    chances: pd.DataFrame
    record: pd.DataFrame


def monitor_tables(
    followed: Sequence[Followed],
    names: Mapping[tuple[str, str], str],
    told: Collection[tuple[str, str, str, str]],
    smallest: int,
) -> dict[Table, pd.DataFrame]:
    """
    Lay out budget years under way for publication.

    Parameters
    ----------
    followed : sequence of Followed
    names : mapping of kind and code to str
        Of PCTs, consortia and practices.
    told : collection of (kind, code, year, point of delivery)
        The lines of a year of activity that are told elsewhere: a line is told here if its
        activity and that which its budget rests on are.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of Table to DataFrame
        The tables of MONITORED.
    """
    found: dict[Table, list[pd.DataFrame]] = {table: [] for table in tables.MONITORED}
    for one in followed:
        whose = _groups(one.now, names)
        untold = months_untold(one.now.cells, _consortia(one.now), one.now.pct_code, smallest)
        made = {
            tables.MONITOR_GROUPS: _groups_table(one, whose, untold),
            tables.MONITOR_MONTHS: _months(one, whose, untold, told, smallest),
            tables.MONITOR_LINES: _lines(one, whose, told),
            tables.MONITOR_CAUSES: _causes(one, whose),
            tables.FORECAST_RECORD: _record(one, whose),
        }
        for table, frame in made.items():
            key = {"pct_code": one.now.pct_code, "financial_year": one.now.financial_year}
            found[table].append(table.check(frame.assign(**key)))
    return {
        table: pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=table.names)
        for table, frames in found.items()
    }


def _consortia(now: Monitoring) -> dict[str, str]:
    return dict(zip(now.practices["practice_code"], now.practices["consortium_code"], strict=True))


def _groups(now: Monitoring, names: Mapping[tuple[str, str], str]) -> list[Group]:
    """List the PCT, its consortia and its practices, with what they are made of."""
    member = _consortia(now)
    every = frozenset(member)
    parts = [("pct", now.pct_code, every)]
    for consortium in sorted({*member.values()} - {""}):
        inside = frozenset(p for p, c in member.items() if c == consortium)
        parts.append(("consortium", consortium, inside))
    parts += [("practice", p, frozenset([p])) for p in sorted(member)]
    return [
        Group(kind, code, names.get((kind, code), code), practices)
        for kind, code, practices in parts
    ]


def _groups_table(
    one: Followed, whose: Sequence[Group], untold: Collection[tuple[str, str]]
) -> pd.DataFrame:
    own = one.now.practices.set_index("practice_code")
    rows = [
        {
            "group_kind": g.kind,
            "group_code": g.code,
            "group_name": g.name,
            "consortium_code": (own.loc[g.code, "consortium_code"] or None)
            if g.kind == "practice"
            else None,
            "to_month": one.now.known_to,
            "n_patients": int(own.loc[sorted(g.practices), "n_patients"].sum()),
            "budget_pence": int(own.loc[sorted(g.practices), "budget_pence"].sum()),
            "months_are_withheld": (g.kind, g.code) in untold,
        }
        for g in whose
    ]
    return pd.DataFrame(rows).merge(one.chances, on=list(_KEY), how="left", validate="one_to_one")


def _months(
    one: Followed,
    whose: Sequence[Group],
    untold: Collection[tuple[str, str]],
    told: Collection[tuple[str, str, str, str]],
    smallest: int,
) -> pd.DataFrame:
    now, frames = one.now, []
    inside = [g for g in whose if g.kind == "consortium"]
    for group in whose:
        if (group.kind, group.code) in untold:
            continue
        own = now.cells[now.cells["practice_code"].isin(group.practices)]
        frames.append(_summed(own, group, one.open_months).assign(pod=ALL))
        if group.kind == "practice":
            continue
        of_lines = _told(one, group, told)
        others = inside if group.kind == "pct" else []
        is_guarded = any((o.kind, o.code) in untold for o in others)
        shown = set() if is_guarded else lines_by_month(own, group, others, of_lines, smallest)
        frames += [
            _summed(own[own["pod"] == pod], group, one.open_months).assign(pod=pod)
            for pod in sorted(shown)
        ]
    if not frames:
        return pd.DataFrame(columns=tables.MONITOR_MONTHS.names)
    months = pd.concat(frames, ignore_index=True)
    seen = _foreseen(one)
    months["n_months"] = [(m.month - 4) % 12 + 1 for m in months["month"]]
    joined = months.merge(seen, on=[*_KEY, "n_months"], how="left", validate="many_to_one")
    joined.loc[joined["pod"] != ALL, [*_FORESEEN, *_SHARE]] = None
    return joined


def _summed(cells: pd.DataFrame, group: Group, open_months: Collection[dt.date]) -> pd.DataFrame:
    """Give a group's months, with how many of its practices were over and under since April."""
    by = cells.groupby(["month", "practice_code"])[["profile_pence", "actual_pence"]].sum()
    over = (by["actual_pence"] - by["profile_pence"]).unstack(fill_value=0).sort_index().cumsum()
    months = cells.groupby("month", as_index=False).agg(
        profile_pence=("profile_pence", "sum"),
        actual_pence=("actual_pence", "sum"),
        is_frozen=("is_frozen", "all"),
    )
    return months.assign(
        group_kind=group.kind,
        group_code=group.code,
        state=[
            "final" if frozen else "provisional" if month in open_months else "not said"
            for month, frozen in zip(months["month"], months["is_frozen"], strict=True)
        ],
        gross_under_pence=(-over.clip(upper=0)).sum(axis=1).to_numpy(),
        gross_over_pence=over.clip(lower=0).sum(axis=1).to_numpy(),
        n_under=(over < 0).sum(axis=1).to_numpy(),
        n_over=(over > 0).sum(axis=1).to_numpy(),
    )


def _foreseen(one: Followed) -> pd.DataFrame:
    """Put forecasts and what may be shared side by side, a row a group and month."""
    seen = one.forecasts.rename(
        columns={"completed_pence": "late_pence", "point_pence": "outturn_pence"}
    )
    shares = one.prospects[one.prospects["level"] != MEMBER]
    kinds = shares["level"].map({"consortium": "consortium", "outside": "practice"})
    shares = shares.assign(group_kind=kinds, group_code=shares["code"])
    return seen[[*_KEY, "n_months", *_FORESEEN]].merge(
        shares[[*_KEY, "n_months", *_SHARE]],
        on=[*_KEY, "n_months"],
        how="left",
        validate="one_to_one",
    )


def _lines(
    one: Followed, whose: Sequence[Group], told: Collection[tuple[str, str, str, str]]
) -> pd.DataFrame:
    values = ["budget_pence", "profile_pence", "actual_pence", "n_activity"]
    frames = []
    for group in whose:
        own = one.now.lines[one.now.lines["practice_code"].isin(group.practices)]
        frame = own.groupby("pod", as_index=False)[values].sum()
        shown = _told(one, group, told)
        hidden = [pod not in shown for pod in frame["pod"]]
        frame = frame.assign(group_kind=group.kind, group_code=group.code)
        frames.append(blanked(frame, hidden, values))
    return pd.concat(frames, ignore_index=True)


def _told(one: Followed, group: Group, told: Collection[tuple[str, str, str, str]]) -> set[str]:
    """List the lines of a group that are told, of the year and of the base year alike."""
    years = (one.now.financial_year, one.why.base_year)
    by_year = [
        {pod for kind, code, year, pod in told if (kind, code, year) == (group.kind, group.code, y)}
        for y in years
    ]
    return by_year[0] & by_year[1]


def _causes(one: Followed, whose: Sequence[Group]) -> pd.DataFrame:
    of_practices = one.why.practices
    rows = [
        {
            "group_kind": group.kind,
            "group_code": group.code,
            "to_month": one.why.known_to,
            "part": _part(part),
            "cause": part.removeprefix("allowed_").removesuffix("_pence"),
            "pence": int(own[part].sum()),
        }
        for group in whose
        for own in [of_practices[of_practices["practice_code"].isin(group.practices)]]
        for part in PARTS
    ]
    return pd.DataFrame(rows, columns=[*_KEY, "to_month", "part", "cause", "pence"])


def _part(name: str) -> str:
    if name in EFFECTS:
        return "moved"
    return "allowed" if name in ALLOWED else "timing"


def _record(one: Followed, whose: Sequence[Group]) -> pd.DataFrame:
    kinds = {(g.kind, g.code) for g in whose}
    record = one.record.rename(columns={"financial_year": "earlier_year", "level": "group_kind"})
    # The PCT's row stands for all practices and carries no code of its own.
    code = record["code"].where(record["group_kind"] != "pct", one.now.pct_code)
    record = record.assign(group_code=code.astype(object))
    pairs = zip(record["group_kind"], record["group_code"], strict=True)
    return record.loc[pd.Series([pair in kinds for pair in pairs], index=record.index, dtype=bool)]
