"""Whose months, and which lines of them, are withheld from the monitoring of a year.

Published are: each practice's and group's months of all activity, its lines of the year to date,
and, of PCTs and consortia, lines by month. A month of 1 to 7 activities is told of nobody, nor what
would give it away by subtraction (decision 5).
"""

from collections.abc import Collection, Mapping

import pandas as pd

from pbcanalytics.faces.disclosure import withheld_cells
from pbcanalytics.faces.step_groups import Group

Whose = tuple[str, str]
"""Kind and code of a group."""


def months_untold(
    cells: pd.DataFrame, consortia: Mapping[str, str], pct_code: str, smallest: int
) -> set[Whose]:
    """
    Choose the groups whose months are withheld.

    Parameters
    ----------
    cells : DataFrame, one row per practice and month (or finer)
        `practice_code`, `month`, `n_activity`.
    consortia : mapping of str to str
        Consortium of each practice; blank outside all.
    pct_code : str
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    set of (kind, code)
        Practices with a small month, those that guard them within their consortium, and
        consortia and the PCT where their own totals would give one away.
    """
    found: set[Whose] = set()
    counts = cells.groupby(["month", "practice_code"], as_index=False)["n_activity"].sum()
    for _, own in counts.groupby("month"):
        by_set: dict[str, dict[str, int]] = {}
        for practice, n in zip(own["practice_code"], own["n_activity"], strict=True):
            by_set.setdefault(consortia.get(practice) or "", {})[practice] = int(n)
        for members in by_set.values():
            found |= {("practice", p) for p in withheld_cells(members, smallest)}
        totals = {code: sum(members.values()) for code, members in by_set.items()}
        found |= {("consortium", c) for c in withheld_cells(totals, smallest) if c}
        if 0 < sum(totals.values()) < smallest:
            found.add(("pct", pct_code))
    return found


def lines_by_month(
    cells: pd.DataFrame, group: Group, others: Collection[Group], told: set[str], smallest: int
) -> set[str]:
    """
    Choose the lines of a PCT or consortium that are told month by month.

    Parameters
    ----------
    cells : DataFrame, one row per practice, point of delivery and month
        `practice_code`, `pod`, `month`, `n_activity`.
    group : Group
    others : collection of Group
        Groups inside it of which lines by month may be told too.
    told : set of str
        Its points of delivery of which the year to date is told.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    set of str
        All of the lines, or none: what is left of the total has to be large in every month.
    """
    own = cells[cells["practice_code"].isin(group.practices)]
    rests = [frozenset(group.practices), *(group.practices - o.practices for o in others)]
    small = {
        pod
        for rest in rests
        for pod in _small(own[own["practice_code"].isin(rest)], ["pod", "month"], smallest)
    }
    fine = told - small
    left = own[~own["pod"].isin(fine)]
    return set() if _small(left, ["month"], smallest) else fine


def _small(cells: pd.DataFrame, by: list[str], smallest: int) -> set[str]:
    """List what has a small number in any of its cells."""
    counts = cells.groupby(by)["n_activity"].sum()
    return set(counts.index[counts.between(1, smallest - 1)].get_level_values(0))
