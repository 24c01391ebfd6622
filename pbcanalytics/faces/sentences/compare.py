"""Practices side by side, said in words: two answers for each, and what luck alone would do."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from pbcanalytics.demand.comparing.practices import (
    AGES,
    EVENTS,
    LISTS,
    NO_DIRECTION,
    TOO_FEW,
    Comparison,
    is_beyond,
)
from pbcanalytics.demand.comparing.ranks import NOT_KNOWN, TOO_WIDE

HEADS: Final = (
    *("Practice", "Name", "Chance alone", "Beside the others"),
    *("Counted", "Expected", "Difference", "19 times in 20", "Could be seen", "Place"),
)
N_TEXTS: Final = 4

BASES: Final = {
    AGES: "the ages and sexes of its patients",
    LISTS: "the length of its list",
    EVENTS: "what all practices together have",
}
"""What is expected of a practice rests on."""

NO_PLACES: Final = {
    NO_DIRECTION: "No practice is ranked: neither more nor less is better in itself.",
    TOO_FEW: "No practice is ranked: there are too few of them.",
    TOO_WIDE: "It has no place: chance could move it through more than half of the field.",
    NOT_KNOWN: "It has no place: what it counts is not known.",
}

LIMITS: Final = (
    "Limits of chance: the ratio funnel of Public Health England, 95% and 99.8%. Limits beside the "
    "others: negative binomial, with how far practices' own levels differ."
)
NOTES: Final = (
    "A difference is a question to ask, not a finding: nothing here knows why a practice differs.",
    LIMITS,
)
LUCK_SHARE: Final = 0.05
"""What lies beyond 95% limits by luck alone. [share]"""


def percent(ratio: float) -> str:
    """
    Write how far a ratio is from 1.

    Examples
    --------
    >>> percent(1.086), percent(0.9), percent(1.001)
    ('9% more', '10% fewer', 'as many')
    """
    away = round(100 * (ratio - 1))
    return f"{abs(away)}% {'more' if away > 0 else 'fewer'}" if away else "as many"


def signed(ratio: float) -> str:
    """Write how far a ratio is from 1, as +9%."""
    away = round(100 * (ratio - 1))
    return f"{away:+d}%".replace("-", "−") if away else "0%"


def by_chance(verdict: str) -> str:
    """Say the first answer: whether chance alone would do it."""
    if verdict == NOT_KNOWN:
        return "not known"
    return "more than chance" if is_beyond(verdict) else "chance can do it"


def beside(verdict: str) -> str:
    """Say the second answer: whether practices differ so far anyway."""
    if verdict == NOT_KNOWN:
        return "too few to say"
    return "more than practices differ" if is_beyond(verdict) else "as practices differ"


def luck(n: int) -> str:
    """
    Say how many of so many intervals of 95% miss by luck alone.

    Examples
    --------
    >>> luck(8), luck(20), luck(52)
    ('fewer than 1', 'about 1', 'about 3')
    """
    by_luck = LUCK_SHARE * n
    return "fewer than 1" if by_luck < 1 else f"about {by_luck:.0f}"


def place(row: Mapping[str, Any], n_practices: int) -> str:
    """
    Say between which places a practice lies, or why it has none.

    Parameters
    ----------
    row : mapping
        With `place_low`, `place_high`, `no_place_reason`.
    n_practices : int
    """
    reason = row["no_place_reason"]
    if reason:
        return NO_PLACES[str(reason)]
    low, high = int(row["place_low"]), int(row["place_high"])
    between = f"at the {ordinal(low)}" if low == high else f"from {ordinal(low)} to {ordinal(high)}"
    return f"It lies anywhere {between} highest of {n_practices}."


def nobody(reason: str) -> str:
    """Say of several practices why they have no place."""
    return NO_PLACES[reason].replace("It has no place", "Some have no place")


def ordinal(n: int) -> str:
    """
    Write a place.

    Examples
    --------
    >>> [ordinal(n) for n in (1, 2, 3, 11, 22, 113)]
    ['1st', '2nd', '3rd', '11th', '22nd', '113th']
    """
    last = "th" if 10 < n % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{last}"


def counted(n_chance: int, n_beside: int | None, n_practices: int) -> str:
    """Say how many practices lie beyond either limits; None where these are not known."""
    said = f"{n_chance} of {n_practices} practices {'differs' if n_chance == 1 else 'differ'}"
    said += " by more than chance"
    return said if n_beside is None else f"{said}, {n_beside} by more than practices do anyway"


def sentences(found: Comparison) -> list[str]:
    """
    Say how many practices differ, how many would by luck, and how far practices differ.

    Parameters
    ----------
    found : Comparison

    Returns
    -------
    list of str
    """
    table, of = found.found.table, found.found.spreads.iloc[0]
    n = len(table)
    is_known = not (table["peers"] == NOT_KNOWN).all()
    told = counted(
        int(table["chance"].map(is_beyond).sum()),
        int(table["peers"].map(is_beyond).sum()) if is_known else None,
        n,
    )
    until = table["to_month"].iloc[0]
    said = [
        f"{found.found.measure.title}, {_specialty(found)}, twelve months to {until:%B %Y}, "
        f"against what is expected by {BASES[of['basis']]}.",
        f"{told}; {luck(n)} would by luck alone.",
    ]
    if is_known:
        tau = float(of["tau_squared"]) ** 0.5
        said.append(f"Practices' own levels differ by about {tau:.0%} (standard deviation).")
    return [*said, *(nobody(reason) for reason in sorted(set(table["no_place_reason"]) - {""}))]


def rows(found: Comparison) -> list[tuple[str, ...]]:
    """
    Give a row of texts per practice, in the order of HEADS and of codes: no rank is meant.

    Parameters
    ----------
    found : Comparison
    """
    return [
        (
            r["practice_code"],
            found.practices.get(r["practice_code"], ""),
            by_chance(r["chance"]),
            beside(r["peers"]),
            f"{r['observed']:,.0f}",
            f"{r['expected']:,.0f}",
            signed(r["ratio"]),
            f"{signed(r['ratio_low'])} to {signed(r['ratio_high'])}",
            signed(r["least_detectable_ratio"]),
            "none" if r["no_place_reason"] else f"{r['place_low']:.0f} to {r['place_high']:.0f}",
        )
        for r in found.found.table.to_dict("records")
    ]


def table(found: Comparison) -> pd.DataFrame:
    """Give the comparison as one table, a row a practice, with names in full."""
    own = found.found.table
    names = own["practice_code"].map(dict(found.practices)).fillna("")
    spread = found.found.spreads.iloc[0]
    frame = own.assign(measure=found.found.measure.name, practice_name=names)
    for name in ("basis", "event_weight_ratio", "mean_ratio", "tau_squared"):
        frame[name] = spread[name]
    first = ["measure", "specialty_code", "practice_code", "practice_name"]
    return frame[[*first, *(c for c in frame.columns if c not in first)]]


def machine(found: Comparison) -> dict[str, Any]:
    """Give all of it as JSON takes it: practices, the spread, nearest peers and bands."""
    told = table(found).assign(to_month=lambda f: f["to_month"].astype(str))
    bands = found.bands.assign(month=lambda f: f["month"].astype(str))
    return {
        "measure": found.found.measure.name,
        "specialty": found.specialty,
        "sentences": sentences(found),
        "spread": json.loads(found.found.spreads.to_json(orient="records"))[0],
        "practices": json.loads(told.to_json(orient="records")),
        "peers": json.loads(found.near.to_json(orient="records")),
        "bands": json.loads(bands.to_json(orient="records")),
    }


def _specialty(found: Comparison) -> str:
    if found.specialty == "ALL":
        return "all specialties"
    return f"{found.specialty} {found.specialties.get(found.specialty, '')}".strip()
