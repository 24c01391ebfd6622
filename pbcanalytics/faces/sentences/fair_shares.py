"""Fair shares in words: targets, distances with the reach of chance, and the step of a year."""

from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.shares.chance import chance_band, variation
from pbcanalytics.budgets.shares.fair_shares import FairShares
from pbcanalytics.budgets.shares.pace_of_change import Moved
from pbcanalytics.faces import wording

_AVERAGE_LIST: Final = 6500
"""The list of an average practice, as an illustration (domain 3.4)."""

HEADS: Final = ("Practice", "List", "Weighted", "Target", "Budget", "Distance", "Chance", "")
STEP_HEADS: Final = ("Move", "After the move", "Distance then")

_SERVICES: Final = {
    "all": "all services",
    "general_acute": "general and acute care",
    "community": "community services",
    "mental_health": "mental health",
    "maternity": "maternity",
    "inequalities": "health inequalities",
    "prescribing": "prescribing",
    "primary_care": "primary medical care",
}
_FACTORS: Final = {"need_ratio": "need", "mff_ratio": "market forces factor"}
_BEYOND: Final = {True: "beyond chance", False: "may be chance", None: ""}


def told(
    pct_code: str, year: str, basis: dict[str, Any], rules: dict[str, Any], shares: FairShares
) -> list[str]:
    """
    Say what is shared out, by what weights, and how far chance goes.

    Parameters
    ----------
    pct_code, year : str
    basis, rules : dict
        As the pipeline found them: the weights and the rules, each with its status.
    shares : FairShares

    Returns
    -------
    list of str, a sentence or two each
    """
    n = len(shares.practices)
    money = "A sum" if shares.practices["budget_pence"].isna().all() else "What the budgets sum to"
    k, confidence = (rules[r]["value"] for r in ("person_cost_variation_ratio", "confidence_share"))
    average = Fraction(_AVERAGE_LIST)
    return [
        f"Fair shares of {pct_code}, {year}. {money}, {wording.exact(shares.envelope_pence)}, is "
        f"shared out over {n:,} practice{'' if n == 1 else 's'} by {_weighed_by(basis)}.",
        "A fair share is a benchmark: it does not set a budget by itself.",
        f"Chance: the cost of a list of {_AVERAGE_LIST:,} varies by "
        f"{_percent(variation(average, k))} from year to year with nothing changed, so a distance "
        f"within {_percent(chance_band(average, k, confidence))} either way cannot be told from "
        f"chance ({float(confidence):.0%} of years; {_sure(rules, 'person_cost_variation_ratio')} "
        "variation of persons' cost). Smaller lists vary more; each practice's band stands beside "
        "its distance.",
    ]


def stepped(rules: dict[str, Any], shares: FairShares, moved: Moved) -> list[str]:
    """Say by what rule budgets move, how much moves, and which moves may rest on chance."""
    if moved.offered_pence is None or moved.wanted_pence is None:
        return [
            f"The budgets grow to {wording.exact(moved.envelope_pence)}, each by "
            f"{_percent(rules['least_growth_share']['value'])} to "
            f"{_percent(rules['most_growth_share']['value'])} "
            f"({_sure(rules, 'least_growth_share')}), the less the further above target; nobody "
            "moves away from target or past it."
        ]
    moves = moved.practices["move_pence"].tolist()
    given = sum(m for m in moves if m > 0)
    verdicts = zip(moved.practices["practice_code"], shares.practices["is_beyond_chance"], moves,
                   strict=True)  # fmt: skip
    doubtful = [str(code) for code, is_beyond, m in verdicts if m and is_beyond is False]
    said = [
        f"Inside {_percent(rules['band_share']['value'])} of target "
        f"({_sure(rules, 'band_share')}) no budget moves. Above it a practice gives at most "
        f"{_percent(rules['pace_share']['value'])} of its budget "
        f"({_sure(rules, 'pace_share')}). Offered {wording.exact(moved.offered_pence)}, wanted "
        f"{wording.exact(moved.wanted_pence)}, moved {wording.exact(given)}."
    ]
    if doubtful:
        named = wording.joined(doubtful) if len(doubtful) <= 12 else f"{len(doubtful)} practices"
        said.append(
            f"Moved though the distance may be chance: {named}. The band is the same for all "
            "lists and too narrow for small ones."
        )
    return said


def heads(moved: Moved | None) -> tuple[str, ...]:
    """Give the headings of `rows`."""
    return HEADS if moved is None else (*HEADS, *STEP_HEADS)


def rows(shares: FairShares, moved: Moved | None) -> list[tuple[str, ...]]:
    """
    Give a row of texts per practice.

    Returns
    -------
    list of tuple of str
        In the order of `heads`.
    """
    said: list[tuple[str, ...]] = [
        (
            str(r["practice_code"]),
            _people(r["n_patients"]),
            _people(r["weight"]),
            wording.exact(int(r["target_pence"])),
            "" if pd.isna(r["budget_pence"]) else wording.exact(int(r["budget_pence"])),
            _signed(r["distance_share"]),
            "not known" if r["chance_share"] is None else f"±{_percent(r['chance_share'])}",
            _BEYOND[r["is_beyond_chance"]],
        )
        for r in shares.practices.to_dict("records")
    ]
    if moved is None:
        return said
    steps = moved.practices.to_dict("records")
    return [
        (
            *row,
            ("+" if step["move_pence"] > 0 else "") + wording.exact(int(step["move_pence"])),
            wording.exact(int(step["final_pence"])),
            _signed(step["distance_after_share"]),
        )
        for row, step in zip(said, steps, strict=True)
    ]


def left_out(shares: FairShares) -> list[str]:
    """Say which practices have no fair share, and why; they keep their budgets."""
    said = []
    for reason, own in shares.gaps.groupby("reason", sort=True):
        codes = own["practice_code"].astype(str).tolist()
        kept = sum(int(b) for b in own["budget_pence"] if not pd.isna(b))
        named = wording.joined(codes) if len(codes) <= 12 else f"{len(codes):,} practices"
        said.append(
            f"Left out, {reason}: {named}."
            + (f" Budgets of {wording.exact(kept)} stay as they are." if kept else "")
        )
    return said


def table(shares: FairShares, moved: Moved | None) -> pd.DataFrame:
    """
    Lay out every practice for a file; what is not known is blank.

    Returns
    -------
    DataFrame, one row per practice, those left out among them with the `reason`
        Money in pence; patients and shares to six decimals.
    """
    found = shares.practices.drop(columns="exact_pence")
    found = found.rename(columns={"weight": "weighted_list"})
    if moved is not None:
        step = moved.practices[
            ["practice_code", "move_pence", "final_pence", "distance_after_share"]
        ]
        found = found.merge(step, on="practice_code", how="left", validate="one_to_one")
    found["reason"] = None
    whole = pd.DataFrame(
        [*found.to_dict("records"), *shares.gaps.to_dict("records")], columns=found.columns
    ).sort_values("practice_code", ignore_index=True)
    for column in whole.columns:
        if column.endswith("_pence"):
            whole[column] = whole[column].astype("Int64")
        elif column.endswith(("_share", "_ratio", "_index", "_patients", "_list")):
            numbers = [None if pd.isna(v) else round(float(v), 6) for v in whole[column]]
            whole[column] = pd.Series(numbers, dtype="Float64")
    return whole


def plain(
    pct_code: str,
    year: str,
    basis: dict[str, Any],
    rules: dict[str, Any],
    shares: FairShares,
    moved: Moved | None,
) -> dict[str, Any]:
    """Give all that was found for machines: plain numbers, null where nothing is known."""
    records = table(shares, moved).astype(object)
    return {
        "pct_code": pct_code,
        "financial_year": year,
        "basis": {k: float(v) if isinstance(v, Fraction) else v for k, v in basis.items()},
        "rules": {n: r | {"value": float(r["value"])} for n, r in rules.items()},
        "envelope_pence": shares.envelope_pence,
        "new_envelope_pence": None if moved is None else moved.envelope_pence,
        "offered_pence": None if moved is None else moved.offered_pence,
        "wanted_pence": None if moved is None else moved.wanted_pence,
        "practices": [
            {str(k): None if pd.isna(v) else v for k, v in r.items()}
            for r in records.to_dict("records")
        ],
    }


def _weighed_by(basis: dict[str, Any]) -> str:
    if basis["weights"] == "given":
        files = wording.joined(basis["files"]) or "a file whose name is not known"
        return f"the weighted lists of {_SERVICES[basis['service']]} that were loaded ({files})"
    status = wording.STATUS_WORDS.get(basis["status"], basis["status"])
    said = (
        f"lists weighted by the age weights of {basis['dated']} ({status}: {basis['note']}; "
        f"source: {basis['source']})"
    )
    held = [_FACTORS[f] for f in basis["factors_held"]]
    if held:
        sure = wording.STATUS_WORDS.get(basis["factors_status"], basis["factors_status"])
        said += f", times {wording.joined(held)} ({sure}: {basis['factors_note']})"
    if basis["need_spread_share"] is not None:
        said += ", need drawn towards the mean as far as chance made it"
    lacking = [name for column, name in _FACTORS.items() if column not in basis["factors_held"]]
    if lacking:
        said += f"; no {' and no '.join(lacking)} is held, so all practices are taken to be alike"
    return said


def _sure(rules: dict[str, Any], name: str) -> str:
    status = str(rules[name]["status"])
    return wording.STATUS_WORDS.get(status, status)


def _percent(share: Fraction) -> str:
    return f"{float(share):.1%}"


def _signed(share: Any) -> str:
    return "" if share is None else f"{float(share):+.1%}".replace("-", "−")


def _people(count: Any) -> str:
    return "not known" if count is None else f"{float(count):,.0f}"
