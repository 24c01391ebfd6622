"""What the incentive scheme of a year pays each group and practice, and which list is missing."""

import datetime as dt
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.savings.group_prospects import MEMBER, groups_of
from pbcanalytics.budgets.savings.incentive_scheme import Scheme, component_pence, second_payment

COLUMNS: Final = (
    *("code", "level", "n_patients_1", "component_1_pence", "n_patients_2", "component_2_pence"),
    *("share_pence", "if_met_pence", "top_up_pence", "if_not_met_pence", "no_list_1", "no_list_2"),
)
"""Of `group_incentives`."""


def group_incentives(
    scheme: Scheme,
    practices: pd.DataFrame,
    lists: pd.DataFrame,
    shares: Mapping[str, int | None],
) -> pd.DataFrame:
    """
    Give both components of a scheme and the second payment, by group and practice (domain 3.7).

    Parameters
    ----------
    scheme : Scheme
    practices : DataFrame, one row per practice
        `practice_code`, `code` of its consortium or its own, `is_consortium`.
    lists : DataFrame, one row per practice and count date
        `practice_code`, `count_date`, `n_patients`. [patients]
    shares : mapping of str to int or None
        Share of the saving of each group; None where it is not known. [pence]

    Returns
    -------
    DataFrame, one row per consortium, practice outside all, and practice of a consortium
        COLUMNS. `level` is one of `group_prospects.LEVELS`. A component is empty where its rate,
        the day of its list or one of the lists is not known; `no_list_1` and `no_list_2` name the
        practices without a list of a day that is known. The second payment is given as it is if
        objectives are met, with the top-up in it, and if they are not; of a consortium's practices
        it is empty, for the share is their group's. [patients, pence]
    """
    parts = (
        ("1", scheme.list_date_1, scheme.rate_1_pence),
        ("2", scheme.list_date_2, scheme.rate_2_pence),
    )
    rows = []
    for level, code, own in groups_of(practices):
        row: dict[str, Any] = {"code": code, "level": level}
        for part, day, rate in parts:
            n_patients, pence, missing = _component(own["practice_code"], lists, day, rate)
            row |= {f"n_patients_{part}": n_patients, f"component_{part}_pence": pence}
            row[f"no_list_{part}"] = " ".join(missing)
        if level != MEMBER:
            row |= _second(shares.get(code), row["component_2_pence"])
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    whole = [c for c in COLUMNS if c.endswith("_pence") or c.startswith("n_patients")]
    return table.astype(dict.fromkeys(whole, "Int64"))


def _component(
    practice_codes: Iterable[str], lists: pd.DataFrame, on: dt.date | None, rate: Fraction | None
) -> tuple[int | None, int | None, list[str]]:
    """Give the patients of a day, what they are paid, and the practices without a list of it."""
    if on is None:
        return None, None, []
    of_day = lists[pd.to_datetime(lists["count_date"]) == pd.Timestamp(on)]
    counted = of_day.dropna(subset=["n_patients"]).groupby("practice_code")["n_patients"].sum()
    codes = [str(c) for c in practice_codes]
    missing = [c for c in codes if c not in counted.index]
    if missing:
        return None, None, missing
    sizes = [int(counted[c]) for c in codes]
    paid = None if rate is None else sum(component_pence(n, rate) for n in sizes)
    return sum(sizes), paid, []


def _second(share_pence: int | None, component_2: int | None) -> dict[str, int | None]:
    """Give the second payment, both ways that the objectives may be judged."""
    if component_2 is None or share_pence is None:
        return {"share_pence": share_pence, "if_not_met_pence": share_pence}
    met = second_payment(share_pence, component_2, objectives_met=True)
    return {
        "share_pence": share_pence,
        "if_met_pence": met.pence,
        "top_up_pence": met.top_up_pence,
        "if_not_met_pence": second_payment(share_pence, component_2, objectives_met=False).pence,
    }
