"""What each group of a PCT may share at the end of a year, as the end of each month saw it."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from pbcanalytics.budgets.forecast.at_month import AtMonth
from pbcanalytics.budgets.savings.agreed_sums import Agreed
from pbcanalytics.budgets.savings.freed_up import ShareRule
from pbcanalytics.budgets.savings.prospects import Prospect, first_claims, foreseen

CONSORTIUM: Final = "consortium"
OUTSIDE: Final = "outside"
MEMBER: Final = "member"

LEVELS: Final = (CONSORTIUM, OUTSIDE, MEMBER)
"""Groups whose net counts: consortia, and practices outside all; and for information a consortium's
practices, whose own net nobody is paid for."""

COLUMNS: Final = (
    *("code", "level", "n_months", "outturn_pence", "low_80_pence", "high_80_pence"),
    *("chance_of_share", "expected_share_pence"),
)
"""Of `prospects_by_group`."""


def group_prospects(
    seen: Sequence[AtMonth],
    practices: pd.DataFrame,
    *,
    rule: ShareRule,
    agreed: Mapping[str, Agreed] | None = None,
) -> dict[tuple[str, str], tuple[Prospect, ...]]:
    """
    Foresee what each group of a PCT may share, as the end of each month saw it.

    Parameters
    ----------
    seen : sequence of AtMonth
        One a month, from `each_month`, of all practices of the PCT.
    practices : DataFrame, one row per practice with a budget
        `practice_code`, `code` of its consortium or its own, `is_consortium`, `indicative_pence`.
    rule : ShareRule
    agreed : mapping of str to Agreed, optional
        By code of the group; what comes before the share counts for groups, not for their members.

    Returns
    -------
    dict of level and code to tuple of Prospect
        Of LEVELS; a month is left out where a practice of the group was in no activity by then.
    """
    found = {}
    for level, code, own in groups_of(practices):
        claims = 0 if level == MEMBER else first_claims(rule, (agreed or {}).get(code))
        each = [
            foreseen(
                of,
                own["practice_code"],
                budget_pence=int(own["indicative_pence"].sum()),
                practice_share=rule.practice_share,
                first_claims_pence=claims,
            )
            for of in seen
        ]
        found[level, code] = tuple(p for p in each if p is not None)
    return found


def prospects_by_group(
    seen: Sequence[AtMonth],
    practices: pd.DataFrame,
    *,
    rule: ShareRule,
    agreed: Mapping[str, Agreed] | None = None,
) -> pd.DataFrame:
    """
    Give what each group of a PCT may share, as the end of each month saw it, as a table.

    Parameters
    ----------
    seen, practices, rule, agreed
        As `group_prospects` takes them.

    Returns
    -------
    DataFrame, one row per group and month
        COLUMNS: `code`, `level` (of LEVELS), `n_months`, the expected outturn and between what it
        stays four times in five [pence], the chance of a share [share] and the expected share
        [pence].
    """
    return as_table(group_prospects(seen, practices, rule=rule, agreed=agreed))


def as_table(found: Mapping[tuple[str, str], Sequence[Prospect]]) -> pd.DataFrame:
    """Lay prospects by level and code out as `prospects_by_group` gives them."""
    rows = [
        {"code": code, "level": level} | vars(one)
        for (level, code), months in found.items()
        for one in months
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({c: "Int64" for c in COLUMNS if c.endswith("_pence")})


def groups_of(practices: pd.DataFrame) -> list[tuple[str, str, pd.DataFrame]]:
    """
    List consortia by code, practices outside all, and the practices of consortia.

    Parameters
    ----------
    practices : DataFrame, one row per practice
        `practice_code`, `code` of its consortium or its own, `is_consortium`.

    Returns
    -------
    list of level, code and the rows of its practices
    """
    is_inside = practices["is_consortium"].astype(bool)
    kinds = (
        (CONSORTIUM, practices[is_inside].groupby("code")),
        (OUTSIDE, practices[~is_inside].groupby("code")),
        (MEMBER, practices[is_inside].groupby("practice_code")),
    )
    return [(level, str(code), own) for level, groups in kinds for code, own in groups]
