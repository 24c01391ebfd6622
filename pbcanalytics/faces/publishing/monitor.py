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
from pbcanalytics.faces.withholding.disclosure import blanked
from pbcanalytics.faces.withholding.monitor_withholding import Withheld, earlier_told, withheld
from pbcanalytics.faces.withholding.step_groups import Group
from pbcanalytics.faces.withholding.taken_steps import ALL
from pbcanalytics.faces.withholding.told_sums import Elsewhere, ledgers
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
    elsewhere: Elsewhere,
    smallest: int,
) -> dict[Table, pd.DataFrame]:
    """
    Lay out budget years under way for publication.

    Parameters
    ----------
    followed : sequence of Followed
    names : mapping of kind and code to str
        Of PCTs, consortia and practices.
    elsewhere : Elsewhere
        The activity, and what other tables tell of it.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of Table to DataFrame
        The tables of MONITORED.
    """
    found: dict[Table, list[pd.DataFrame]] = {table: [] for table in tables.MONITORED}
    books = ledgers(elsewhere, smallest)
    ordered = sorted(followed, key=lambda one: one.now.financial_year)
    whose = [_groups(one.now, names) for one in ordered]
    # The years' own months and lines come before what is said of them in later years.
    untold = [
        withheld(one.now, one.why, own, elsewhere, books, smallest)
        for one, own in zip(ordered, whose, strict=True)
    ]
    for one, own, hidden in zip(ordered, whose, untold, strict=True):
        earlier = set(one.record["financial_year"].astype(str))
        made = {
            tables.MONITOR_GROUPS: _groups_table(one, own, hidden.months),
            tables.MONITOR_MONTHS: _months(one, own, hidden),
            tables.MONITOR_LINES: _lines(one, own, hidden),
            tables.MONITOR_CAUSES: _causes(one, [g for g in own if _key(g) not in hidden.totals]),
            tables.FORECAST_RECORD: _record(
                one, earlier_told(one.now, own, earlier, elsewhere, books)
            ),
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


def _months(one: Followed, whose: Sequence[Group], hidden: Withheld) -> pd.DataFrame:
    now, frames = one.now, []
    for group in whose:
        if _key(group) in hidden.months:
            continue
        own = now.cells[now.cells["practice_code"].isin(group.practices)]
        summed = [_summed(own, group, one.open_months).assign(pod=ALL)]
        summed += [
            _summed(own[own["pod"] == pod], group, one.open_months).assign(pod=pod)
            for pod in sorted(set(own["pod"]))
            if (*_key(group), pod) in hidden.by_month
        ]
        # Sums of those that are over, less the practices that are shown, would tell of the others.
        is_apart = any(("practice", p) in hidden.months for p in group.practices)
        for months in summed[0 if is_apart else 1 :]:
            months[[*_OVER]] = None
        frames += summed
    if not frames:
        return pd.DataFrame(columns=tables.MONITOR_MONTHS.names)
    months = pd.concat(frames, ignore_index=True)
    seen = _foreseen(one)
    months["n_months"] = [(m.month - 4) % 12 + 1 for m in months["month"]]
    joined = months.merge(seen, on=[*_KEY, "n_months"], how="left", validate="many_to_one")
    joined.loc[joined["pod"] != ALL, [*_FORESEEN, *_SHARE]] = None
    untold = [
        (kind, code, month) in hidden.foreseen
        for kind, code, month in joined[[*_KEY, "month"]].itertuples(index=False)
    ]
    joined.loc[untold, [*_FORESEEN, *_SHARE]] = None
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


def _lines(one: Followed, whose: Sequence[Group], hidden: Withheld) -> pd.DataFrame:
    values = ["budget_pence", "profile_pence", "actual_pence", "n_activity"]
    frames = []
    for group in whose:
        own = one.now.lines[one.now.lines["practice_code"].isin(group.practices)]
        frame = own.groupby("pod", as_index=False)[values].sum()
        gone = [(*_key(group), pod) not in hidden.lines for pod in frame["pod"]]
        frame = frame.assign(group_kind=group.kind, group_code=group.code)
        frames.append(blanked(frame, gone, values))
    return pd.concat(frames, ignore_index=True)


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


def _record(one: Followed, told: Collection[tuple[str, str, str]]) -> pd.DataFrame:
    record = one.record.rename(columns={"financial_year": "earlier_year", "level": "group_kind"})
    # The PCT's row stands for all practices and carries no code of its own.
    code = record["code"].where(record["group_kind"] != "pct", one.now.pct_code)
    record = record.assign(group_code=code.astype(object))
    keys = record[[*_KEY, "earlier_year"]].astype(str).itertuples(index=False, name=None)
    return record.loc[pd.Series([key in told for key in keys], index=record.index, dtype=bool)]


def _key(group: Group) -> tuple[str, str]:
    return group.kind, group.code
