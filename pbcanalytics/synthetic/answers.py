"""The answer key: every planted item with where, since when, how much, and which rows."""

from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.synthetic import days, places, planting
from pbcanalytics.synthetic.places import Practices
from pbcanalytics.synthetic.planting import Planting
from pbcanalytics.synthetic.recording import CREPT, MISSED, ZERO_STAY

MOST_KEYS: Final = 2000
"""Beyond this many rows the key gives their count, and the spells' keys stand in a file beside."""

_ITEM_OF: Final = {MISSED: "recording catch-up", CREPT: "creep", ZERO_STAY: "zero-day admissions"}


def date(day: int) -> str:
    """Write a day number as a date."""
    return str(np.datetime64(day, "D"))


def affected_spells(rows: pd.DataFrame) -> pd.DataFrame:
    """
    List the spells that recording changed.

    Parameters
    ----------
    rows : DataFrame, one row per episode
        From `extracts.admitted`.

    Returns
    -------
    DataFrame, one row per spell
        `ITEM`, `PROCODE3`, `PROVSPNO`, `EPIKEY` of the last episode, `ADMIDATE`, `RECORDED` (the
        class the spell is recorded in) and `OTHERWISE`, the class it would have had, or "home".
    """
    changed = rows[(rows["why"] > 0) & rows["is_last"]]
    kept = changed[["PROCODE3", "PROVSPNO", "EPIKEY", "ADMIDATE", "recorded_code", "would_be"]]
    kept = kept.rename(columns={"recorded_code": "RECORDED", "would_be": "OTHERWISE"})
    kept.insert(0, "ITEM", changed["why"].map(_ITEM_OF))
    return kept.sort_values(["ITEM", "EPIKEY"], ignore_index=True)


def keys_of(values: list[Any]) -> dict[str, Any]:
    """Give a count of rows, and their keys where they are few."""
    found: dict[str, Any] = {"n_affected": len(values)}
    return found | {"keys": values} if len(values) <= MOST_KEYS else found


def planted(
    plan: Planting,
    practices: Practices,
    table: pd.DataFrame,
    spells: pd.DataFrame,
    grown: list[dict[str, Any]],
    found: dict[str, Any],
) -> list[dict[str, Any]]:
    """
    Lay out the planted items.

    Parameters
    ----------
    plan : Planting
    practices : Practices
    table : DataFrame, one row per HRG
    spells : DataFrame, one row per spell
        From `affected_spells`, all groups.
    grown : list of dict
        Keys of the referrals that growth added and counts of what followed, per `plan.growths`.
    found : dict
        `ageing`, `luck`, `merger` and `late`: what was measured of those.

    Returns
    -------
    list of dict
        Each with `item`, `where`, `since` and `size`, and its own details.
    """
    items: list[dict[str, Any]] = []
    for growth, more in zip(plan.growths, grown, strict=True):
        items.append(
            {
                "item": "referral growth",
                "where": {"practice": practices.code[growth.practice]},
                "since": date(growth.since),
                "size": growth.share,
                "specialties": list(growth.specialties),
                "referral_source": "03",
                **more,
            }
        )
    for item, provider, since, size in (
        ("creep", places.DISTRICT, plan.creep_since, planting.CREEP_POINTS),
        ("zero-day admissions", places.DISTRICT, plan.zero_stay_since, planting.ZERO_STAY_SHARE),
        ("recording catch-up", places.TEACHING, plan.caught_up_since, plan.missed_before),
    ):
        if since != days.NEVER:
            mine = spells[spells["ITEM"] == item]
            items.append(
                {
                    "item": item,
                    "where": {"provider": places.PROVIDERS[provider]},
                    "since": date(since),
                    "size": size,
                    **keys_of(mine["EPIKEY"].tolist()),
                    **_details(item, table, plan),
                }
            )
    if plan.ageing_a_year:
        items.append(
            {
                "item": "ageing population",
                "where": {"pct": places.PCT},
                "since": found["ageing"]["since"],
                "size": plan.ageing_a_year,
                "share_65_and_over": found["ageing"]["shares"],
            }
        )
    if plan.unlucky is not None:
        where = {"practice": practices.code[plan.unlucky]}
        items.append({"item": "unlucky practice", "where": where, **found["luck"]})
    if plan.closing is not None and plan.successor is not None:
        where = {"practice": practices.code[plan.closing]}
        successor = practices.code[plan.successor]
        items.append({"item": "merger", "where": where, "successor": successor, **found["merger"]})
    if plan.late_since != days.NEVER:
        items.append(
            {
                "item": "late provider",
                "where": {"provider": places.PROVIDERS[places.COMMUNITY]},
                "since": date(plan.late_since),
                "size": planting.LATE_SHARE,
                "n_missing": found["late"],
            }
        )
    return items


def _details(item: str, table: pd.DataFrame, plan: Planting) -> dict[str, Any]:
    if item == "creep":
        return {
            "roots": planting.creep_roots(table, plan.creep_in),
            "dear_classes": planting.dear_classes(table, plan.creep_in),
            "size_is": "rise of the dear share within each root, share of spells",
        }
    if item == "zero-day admissions":
        return {"size_is": "share of XD1's attendances that would have gone home"}
    return {
        "size_is": "probability that a dear spell was recorded in the cheapest class before",
    }


def mistakes(groups: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Put together the planted errors of all groups, one item per kind and dataset."""
    items = []
    for same in zip(*groups, strict=True):
        keys = sorted(k for answer in same for k in answer["keys"])
        items.append(
            {
                "item": "data error",
                "kind": same[0]["kind"],
                "where": {"dataset": same[0]["dataset"]},
                **keys_of(keys),
            }
        )
    return items
