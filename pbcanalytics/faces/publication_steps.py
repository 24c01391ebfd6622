"""What is published of prices step by step: sums of practices, consortia and PCTs.

A practice's lines are withheld as in its budget, so that no table gives another's away; sums of
several practices are told where nothing that is withheld follows from them (decision 5).
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pandas as pd

from pbcanalytics.costing import answering
from pbcanalytics.faces.disclosure import blanked, withheld_cells
from pbcanalytics.faces.subtraction import tellable
from pbcanalytics.words import codes, periods, tables
from pbcanalytics.words.tables import Table

TAKEN: Final = {
    "short_stay_pence": "n_short_stay",
    "long_stay_pence": "n_long_stay",
    "top_up_pence": "n_top_up",
    "other_pence": "n_other",
}
"""The steps that only some activities have, and how many have each."""

TOGETHER: Final = "together_pence"
"""All of these."""

STEPS: Final = ("base_pence", *TAKEN, "mff_pence", "price_pence")
"""The steps of a price in their order, and the price."""

ALL: Final = "ALL"
"""Stands for all points of delivery."""

_PODS: Final = [*codes.PODS, codes.OTHER_POD]
_AT: Final = ["financial_year", "price_year", "is_reported"]

Line = tuple[str, str, str]
"""Practice, year of activity, point of delivery."""


@dataclass(frozen=True)
class Group:
    """A PCT, a consortium or a practice, and the practices that it is made of."""

    kind: str
    code: str
    name: str
    practices: frozenset[str]


def groups(practices: pd.DataFrame, pcts: pd.DataFrame, consortia: pd.DataFrame) -> Iterator[Group]:
    """
    List whose sums are told, in the order in which they matter: PCTs, consortia, practices.

    Parameters
    ----------
    practices, pcts, consortia : DataFrame
        The registers.
    """
    for kind, register in (("pct", pcts), ("consortium", consortia)):
        names = dict(zip(register[f"{kind}_code"], register[f"{kind}_name"], strict=True))
        for code, own in practices.dropna(subset=[f"{kind}_code"]).groupby(f"{kind}_code"):
            name = names.get(code)
            said = str(code) if name is None or pd.isna(name) else str(name)
            yield Group(kind, str(code), said, frozenset(own["practice_code"]))
    for code, name in zip(practices["practice_code"], practices["practice_name"], strict=True):
        said = str(code) if pd.isna(name) else str(name)
        yield Group("practice", str(code), said, frozenset([str(code)]))


def placed(frame: pd.DataFrame, practices: pd.DataFrame, *by: str) -> pd.DataFrame:
    """
    Sum activity over the practices that answer for it on the day when a budget rests on it.

    Parameters
    ----------
    frame : DataFrame
        With `practice_code`, `pod`, `financial_year`, `price_year`, `is_reported` and sums.
    practices : DataFrame, one row per practice
        Table `practices`.
    *by : str
        Further columns that are kept apart.

    Returns
    -------
    DataFrame, one row per practice, year, price year, point of delivery and combination of `by`
        Activity of no practice of a PCT is left out, as it is of budgets; `pod` is one of budgets'
        lines, `price_year` a blank text where none is held.
    """
    pod = frame["pod"].where(frame["pod"].isin(list(codes.PODS)), codes.OTHER_POD)
    frame = frame.assign(pod=pod, price_year=frame["price_year"].fillna(""))
    kept = ["practice_code", *_AT, "pod", *by]
    sums = [c for c in frame.columns if c not in kept]
    found = []
    for year, own in frame.groupby("financial_year", sort=True):
        answers = _inside(practices, _day(str(year), own["price_year"]))
        found.append(own.assign(practice_code=own["practice_code"].map(answers)))
    if not found:
        return frame
    ours = pd.concat(found, ignore_index=True).dropna(subset=["practice_code"])
    ours[sums] = ours[sums].astype("Int64")
    return ours.groupby(kept, as_index=False, sort=True)[sums].sum(min_count=1)


def _day(year: str, price_years: Iterable[str]) -> dt.date:
    return periods.start(max([periods.following(year), *filter(None, price_years)]))


def _inside(practices: pd.DataFrame, day: dt.date) -> dict[str, str]:
    """Give the practice that answers for each, within its own PCT."""
    pct = practices.dropna(subset=["pct_code"]).set_index("practice_code")["pct_code"].to_dict()
    answers = answering(practices, "practice_code", day)
    return {c: now for c, now in answers.items() if c in pct and pct[c] == pct.get(now)}


def hidden_lines(steps: pd.DataFrame, smallest: int) -> dict[Line, int]:
    """
    Choose the lines of practices that are withheld from every table.

    Parameters
    ----------
    steps : DataFrame, one row per practice, year, price year and point of delivery
        From `placed`, with `n_activity` and `n_priced`.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of (practice, year of activity, point of delivery) to int
        Their counts. They are the same at every year's prices, as the count of a line is.
    """
    # Few priced among many: the pounds would be those of a few patients.
    told = steps["n_priced"].where(steps["n_priced"] > 0, steps["n_activity"])
    return _small(_least(steps.assign(n_told=told), "n_told"), smallest)


def _least(steps: pd.DataFrame, count: str) -> dict[Line, int]:
    """Give the least count of each line at any year's prices that is not zero."""
    some = steps[steps[count] > 0]
    by = ["practice_code", "financial_year", "pod"]
    least = some.groupby(by, as_index=False)[count].min()
    lines = zip(*(least[c].astype(str) for c in by), strict=True)
    return dict(zip(lines, least[count].astype(int).tolist(), strict=True))


def _small(counts: dict[Line, int], smallest: int) -> dict[Line, int]:
    """Choose small lines, and those that guard them against the total of practice and year."""
    totals: dict[tuple[str, str], dict[Line, int]] = {}
    for line, n in counts.items():
        totals.setdefault(line[:2], {})[line] = n
    return {c: counts[c] for own in totals.values() for c in withheld_cells(own, smallest)}


def step_totals(
    steps: pd.DataFrame, whose: Collection[Group], hidden: dict[Line, int], smallest: int
) -> pd.DataFrame:
    """
    Lay out what activity cost, step by step.

    Parameters
    ----------
    steps : DataFrame
        From `placed`: the model `step_totals`.
    whose : collection of Group
    hidden : dict
        From `hidden_lines`.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    DataFrame, one row per group, year, price year and point of delivery
        Table `step_totals`. Steps are empty where nothing is priced, or none of it has the step;
        withheld where a few activities have one, as the pounds would be those of a few patients.
    """
    untold = _lines_untold(whose, hidden, smallest)
    within = steps_untold(steps, whose, smallest)
    priced = steps["n_priced"] > 0
    steps = steps.assign(**{c: steps[c].where(priced) for c in STEPS})
    steps[TOGETHER] = steps[[*TAKEN]].sum(axis=1, min_count=1)
    values = ["n_activity", *STEPS, TOGETHER]
    frames = []
    for group in whose:
        own = steps[steps["practice_code"].isin(group.practices)]
        both = pd.concat([own, own.assign(pod=ALL)])
        frame = both.groupby([*_AT, "pod"], as_index=False, sort=True)[values].sum(min_count=1)
        frame = frame[frame["n_activity"] > 0]
        keys = [
            (group.kind, group.code, str(year), str(pod))
            for year, pod in zip(frame["financial_year"], frame["pod"], strict=True)
        ]
        some = pd.Series(False, index=frame.index)
        for what in (*TAKEN, TOGETHER):
            asked = pd.Series([(*key, what) in within for key in keys], index=frame.index)
            gone = frame[what].notna() & asked
            hit = [what, "base_pence"] if what == TOGETHER else [what]
            frame[hit] = frame[hit].mask(gone)
            some |= gone
        few = [key in untold for key in keys]
        named = {"group_kind": group.kind, "group_code": group.code, "group_name": group.name}
        frame = frame.assign(
            steps_are_withheld=some.astype(bool) | pd.array(few, dtype=bool), **named
        )
        frames.append(blanked(frame, few, values))
    return _together(frames, tables.STEP_TOTALS)


def _lines_untold(
    whose: Collection[Group], hidden: dict[Line, int], smallest: int
) -> set[tuple[str, str, str, str]]:
    """Choose the lines of groups to withhold: (kind, code, year, point of delivery)."""
    found = {("practice", *line) for line in hidden}
    asked = [(g, pod) for g in whose if g.kind != "practice" for pod in _PODS]
    for year in sorted({line[1] for line in hidden}):
        cells = {line: n for line, n in hidden.items() if line[1] == year}
        known = [[(g.code, year, pod) for pod in _PODS] for g in whose if g.kind == "practice"]
        sums = [[(p, year, pod) for p in sorted(g.practices)] for g, pod in asked]
        may = tellable(cells, known, sums, smallest)
        found |= {
            (g.kind, g.code, year, pod) for (g, pod), t in zip(asked, may, strict=True) if not t
        }
    return found


def steps_untold(
    steps: pd.DataFrame, whose: Collection[Group], smallest: int
) -> set[tuple[str, str, str, str, str]]:
    """
    Choose the steps of groups to withhold: (kind, code, year, point of delivery or ALL, step).

    No step of any practice's line is taken as known; a sum of them is told if no small count of
    activities follows from it and all that was told before. The steps together come before each of
    them, all points of delivery before each, PCTs and consortia before practices.
    """
    counts = {step: _least(steps, count) for step, count in TAKEN.items()}
    wholes = [(TOGETHER, [ALL]), (TOGETHER, _PODS), *((s, [ALL]) for s in TAKEN)]
    order = [*wholes, *((s, _PODS) for s in TAKEN)]
    asked = [(g, pod, what) for what, pods in order for g in whose for pod in pods]
    found = set()
    for year in sorted(set(steps["financial_year"])):
        cells = {
            (line[0], line[2], s): n
            for s in TAKEN
            for line, n in counts[s].items()
            if line[1] == year
        }
        by_practice: dict[str, list[tuple[str, str, str]]] = {}
        for cell in sorted(cells):
            by_practice.setdefault(cell[0], []).append(cell)
        sums = [
            [
                c
                for p in sorted(g.practices)
                for c in by_practice.get(p, ())
                if pod in (ALL, c[1]) and what in (TOGETHER, c[2])
            ]
            for g, pod, what in asked
        ]
        may = tellable(cells, [], sums, smallest)
        found |= {
            (g.kind, g.code, str(year), pod, what)
            for (g, pod, what), told in zip(asked, may, strict=True)
            if not told
        }
    return found


def unpriced_activity(
    unpriced: pd.DataFrame, whose: Collection[Group], smallest: int
) -> pd.DataFrame:
    """
    Lay out how much activity has no price, by reason, at the prices that count in totals.

    Parameters
    ----------
    unpriced : DataFrame
        From `placed`, apart by `unpriced_reason` and `is_gap`: the model `unpriced_totals`.
    whose : collection of Group
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    DataFrame, one row per group, year, point of delivery (and ALL) and reason
        Table `unpriced_activity`.
    """
    cells = unpriced[unpriced["is_reported"].astype(bool) & (unpriced["n_activity"] > 0)]
    frames = []
    for _, own in cells.groupby("financial_year", sort=True):
        keys = list(zip(own["practice_code"], own["pod"], own["unpriced_reason"], strict=True))
        counts = {k: int(n) for k, n in zip(keys, own["n_activity"], strict=True)}
        gaps = dict(zip(keys, own["is_gap"].astype(bool), strict=True))
        pct = [
            {k for k in counts if gaps[k] and k[0] in g.practices} for g in whose if g.kind == "pct"
        ]
        hidden = {k for k, n in counts.items() if n < smallest}
        for known in pct:
            hidden |= withheld_cells({k: counts[k] for k in sorted(known)}, smallest)
        asked: list[tuple[Group, str, str]] = []
        for group in whose:
            inside = {k for k in counts if k[0] in group.practices}
            asked += [(group, ALL, r) for r in sorted({k[2] for k in inside})]
            if group.kind != "practice":
                asked += [(group, p, r) for p, r in sorted({(k[1], k[2]) for k in inside})]
        sums = [
            [k for k in counts if k[0] in g.practices and k[2] == r and p in (ALL, k[1])]
            for g, p, r in asked
        ]
        may = tellable({k: counts[k] for k in sorted(hidden)}, pct, sums, smallest)
        rows = [
            (g, pod, reason, sum(counts[k] for k in cells_of), not told)
            for (g, pod, reason), cells_of, told in zip(asked, sums, may, strict=True)
        ]
        practices = {g.code: g for g in whose if g.kind == "practice"}
        rows += [
            (practices[p], pod, r, n, (p, pod, r) in hidden) for (p, pod, r), n in counts.items()
        ]
        gap = dict(zip(own["unpriced_reason"], own["is_gap"], strict=True))
        frame = pd.DataFrame(
            [(g.kind, g.code, p, r, gap[r], n, w) for g, p, r, n, w in rows],
            columns=[
                "group_kind",
                "group_code",
                "pod",
                "unpriced_reason",
                "is_gap",
                "n_activity",
                "withheld",
            ],
        )
        at = own.iloc[0]
        shown = blanked(frame, frame["withheld"].tolist(), ["n_activity"])
        frames.append(shown.assign(**{c: at[c] for c in _AT}))
    return _together(frames, tables.UNPRICED_ACTIVITY)


def _together(frames: list[pd.DataFrame], table: Table) -> pd.DataFrame:
    held = [f for f in frames if not f.empty]
    if not held:
        return pd.DataFrame(columns=table.names)
    frame = pd.concat(held, ignore_index=True)
    return table.check(frame.assign(price_year=frame["price_year"].replace("", None)))
