"""What is published of schemes: all of it, or what tells nothing of few patients."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from pbcanalytics.demand.comparing.limits import Array
from pbcanalytics.demand.schemes.effects import Judged
from pbcanalytics.words import tables
from pbcanalytics.words.tables import Table

ALL: Final = "ALL"
_COUNTED: Final = (
    *("effect_ratio", "effect_low", "effect_high", "others_ratio", "naive_ratio"),
    *("least_fall_ratio", "least_rise_ratio", "power_share", "stood_ratio", "return_share"),
)
_PLACES: Final = 2


def scheme_tables(
    found: Sequence[Judged], practices: pd.DataFrame, years: pd.DataFrame, smallest: int
) -> dict[Table, pd.DataFrame]:
    """
    Lay out schemes for publication.

    Parameters
    ----------
    found : sequence of Judged
    practices : DataFrame, one row per practice
        Table `practices`.
    years : DataFrame
        Table `measure_years`, which says whose years are told.
    smallest : int
        The smallest count that may be shown.

    Returns
    -------
    dict of Table to DataFrame
        The tables of OF_SCHEMES.
    """
    of_practices = years[(years["group_kind"] == "practice") & ~years["is_withheld"].astype(bool)]
    keys = ("measure", "group_code", "specialty_code")
    told = set(of_practices[[*keys]].astype(str).itertuples(index=False, name=None))
    rows = [_published(one, told, smallest) for one in found]
    groups = [
        {"scheme": one.scheme.name, "group_kind": kind, "group_code": code}
        for one in found
        for kind, code in _groups(one, practices)
    ]
    counted = [c.name for c in tables.SCHEMES.columns if c.kind == "integer"]
    return {
        tables.SCHEMES: pd.DataFrame(rows, columns=tables.SCHEMES.names).astype(
            dict.fromkeys(counted, "Int64")
        ),
        tables.SCHEME_GROUPS: pd.DataFrame(groups, columns=tables.SCHEME_GROUPS.names),
    }


def row_of(one: Judged) -> dict[str, Any]:
    """
    Give all that is told of a scheme to those who may see everything.

    Returns
    -------
    dict
        The columns of table `schemes`; None for what is not known.
    """
    scheme, plan, of = one.scheme, one.plan, one.evaluation
    row: dict[str, Any] = dict.fromkeys(tables.SCHEMES.names)
    names = ("title", "what_is_done", "measure", "starts", "hoped_share", "author")
    days = ("registered_on", "approved_by", "approved_on", "planned_on")
    row |= {name: getattr(scheme, name) for name in (*names, *days, "figures_from", "figures_to")}
    row |= {
        "scheme": scheme.name,
        "measure_title": one.measure_title,
        "specialty_names": ", ".join(one.specialty_names),
        "n_months_agreed": scheme.months,
        "planned_share": scheme.least_detectable_share,
        "remarks": ",".join(scheme.remarks),
        "beside": ", ".join(one.beside),
        "n_practices": len(one.treated) or len(scheme.practices),
        "n_controls": len(one.controls),
        "is_chosen_by_figures": scheme.chosen_by_figures,
        "reason": one.reason,
        "is_withheld": False,
    }
    if plan is not None:
        row |= {
            "least_fall_ratio": plan.before.fall,
            "least_rise_ratio": plan.before.rise,
            "power_share": plan.power_share,
            "stood_ratio": _number(plan.stood_ratio),
            "return_share": _number(plan.return_share),
        }
    if of is not None:
        own = ("verdict", "n_months", "baseline_from", "baseline_to", "to_month")
        row |= {name: getattr(of, name) for name in own} | {
            "effect_ratio": of.effect.ratio,
            "effect_low": of.effect.lower,
            "effect_high": of.effect.upper,
            "others_ratio": of.effect.others_ratio,
            "naive_ratio": _number(of.naive_ratio),
            "n_placebos": len(of.effect.placebos),
            "n_together": of.effect.n_together,
            "n_as_far": of.effect.placebo_rank - 1,
        }
    return row


def _published(
    one: Judged, told: Collection[tuple[str, str, str]], smallest: int
) -> dict[str, Any]:
    """Round what is told of a scheme, or leave out what was counted."""
    row = row_of(one)
    if one.plan is None:
        return row
    if _is_told(one, told, smallest):
        rounded = {name: round(row[name], _PLACES) for name in _COUNTED if row[name] is not None}
        return row | rounded
    blank = dict.fromkeys((*_COUNTED, "verdict", "n_as_far"))
    return row | blank | {"is_withheld": True}


def _is_told(one: Judged, told: Collection[tuple[str, str, str]], smallest: int) -> bool:
    """
    Tell whether what became of a scheme may be told.

    It rests on what its practices had together before and since, which must not be few; nor may it
    be that of one practice whose year is withheld, or of several such with few together, once the
    years that are told are taken away.
    """
    codes = one.scheme.specialties or (ALL,)
    hidden = np.array(
        [any((one.scheme.measure, p, s) not in told for s in codes) for p in one.treated]
    )
    of = one.evaluation
    if of is None:
        return not hidden.any()
    windows = (of.n_events_before, of.n_events_after)
    if any(0 < window.sum() < smallest for window in windows):
        return False
    return not hidden.any() or (
        hidden.sum() > 1 and all(_left(window, hidden) >= smallest for window in windows)
    )


def _left(window: Array, hidden: Array) -> float:
    """Add up the events of the practices whose years are withheld."""
    return float(window[hidden].sum())


def _groups(one: Judged, practices: pd.DataFrame) -> list[tuple[str, str]]:
    """List the groups that have a practice in a scheme."""
    own = practices[practices["practice_code"].isin([*one.treated])]
    return [
        (kind, str(code))
        for kind in ("pct", "consortium", "practice")
        for code in sorted(own[f"{kind}_code"].dropna().unique())
        if code
    ]


def _number(value: float) -> float | None:
    return None if value != value else value
