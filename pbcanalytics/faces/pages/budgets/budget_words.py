"""The sentences of the baseline-budget page."""

from typing import Any, Final

from pbcanalytics.faces.pages.budgets.budget_view import BudgetView
from pbcanalytics.faces.wording import exact, joined, month, priced, share, short

MOVES: Final = (
    ("list_change_pence", "List size"),
    ("growth_pence", "Agreed growth"),
    ("uplift_pence", "Price uplift"),
    ("adjustment_pence", "Local adjustments"),
    ("scope_pence", "Held by others"),
    ("affordability_pence", "Affordability"),
    ("fair_share_pence", "Fair-share move"),
)
"""The steps of the walk after the activity, as readers know them."""

_POOLS: Final = (
    ("contingency", "contingency"),
    ("risk_pool", "risk pool"),
    ("top_slice", "top slice"),
)

_ITEMS: Final = {
    "adjustment": "A local adjustment",
    "scope": "A line held by others",
    "pace_of_change": "The move towards fair shares",
}


def moving(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Give the steps that move anything for anybody; affordability is always shown."""
    return [
        (key, name)
        for key, name in MOVES
        if key == "affordability_pence" or any(r[key] for r in rows)
    ]


def says(v: BudgetView) -> str:
    """Say in words how the practice comes from its activity to its budget."""
    p = v.practice
    list_change = p["list_budget"] - p["list_base"]
    grew = "grew" if list_change > 0 else "fell"
    listed = (
        f"the list {grew} by {abs(list_change):,} to {p['list_budget']:,} patients"
        if list_change
        else f"the list stayed at {p['list_budget']:,} patients"
    )
    cut = p["affordability_pence"]
    needed = p["indicative_pence"] - cut - p["fair_share_pence"]
    fits = (
        f"fitting all budgets to the PCT's money takes {share(-cut, needed)} away"
        if cut < 0
        else f"fitting all budgets to the PCT's money adds {share(cut, needed)}"
    )
    growth = p["growth_pence"]
    agreed = [
        f"agreed growth makes {short(growth, signed=True)}" if growth else "no growth was agreed"
    ]
    if p["adjustment_pence"]:
        agreed.append(f"local adjustments make {short(p['adjustment_pence'], signed=True)}")
    if p["scope_pence"]:
        agreed.append(f"{short(-p['scope_pence'])} of it is not the practice's to hold")
    said = f"{listed}, {', '.join(agreed)}, and {fits}."
    return f"{said[0].upper()}{said[1:]}{_towards(p)}"


def _towards(practice: dict[str, Any]) -> str:
    """Say how far the whole budget is from the fair share, and what the year moves of it."""
    distance, moved = practice["distance_share"], practice["fair_share_pence"]
    if distance is None:
        return ""
    side = "above" if distance > 0 else "below"
    said = f" Its whole budget, before any move, is {abs(distance):.1%} {side} its fair share"
    if not moved:
        return f"{said}."
    return f"{said}; it {'gains' if moved > 0 else 'gives'} {short(abs(moved))} this year."


def sums(v: BudgetView) -> str:
    """Say whether the practices' budgets and all else that is kept sum to the PCT's money."""
    b = v.budget
    pools = [(name, b[f"{key}_pence"]) for key, name in _POOLS if b[f"{key}_pence"]]
    kept = [
        (name, pence)
        for name, pence in (
            ("held by others for the practices", b["held_pence"]),
            ("kept for practices without a budget", b["reserved_pence"]),
            *((f"held back as {name}", pence) for name, pence in pools),
        )
        if pence
    ]
    whole = v.sums_to + sum(pence for _, pence in kept)
    if whole != b["resource_pence"]:
        return (
            f"The budgets and what is kept sum to {exact(whole)}, not to the "
            f"{exact(b['resource_pence'])} that the PCT has: do not use them, and tell the "
            "analytics team."
        )
    told = f"The {len(v.practices)} budgets sum to {exact(v.sums_to)}"
    if not kept:
        return f"{told}, the PCT's resource for these services, to the penny."
    others = joined([f"{exact(pence)} {name}" for name, pence in kept])
    return (
        f"{told}; with {others} that makes {exact(whole)}, the PCT's resource for these services, "
        "to the penny."
    )


def pools(budget: dict[str, Any]) -> list[str]:
    """Say what is held back before budgets are set, and by what rule it comes back."""
    said = []
    for key, name in _POOLS:
        if pence := budget[f"{key}_pence"]:
            rule = budget[f"{key}_return"]
            back = f"the plan says: {rule}" if rule else "the plan does not say when it comes back"
            said.append(f"{name[0].upper()}{name[1:]}, {exact(pence)}: {back.rstrip('.')}.")
    return said


def standing(budget: dict[str, Any]) -> str:
    """Say how firm the budgets are."""
    if budget["version"] is not None:
        on = budget["agreed_on"]
        return f"indicative budget, version {budget['version']}, agreed on {on.day} {on:%B %Y}"
    months = budget["missing_months"]
    gap = f"; no activity of {_listed_months(months)} is loaded" if months else ""
    return f"indicative budget, provisional until agreed{gap}"


def drift(budget: dict[str, Any]) -> str:
    """Say who agreed the budgets, and that they stay as agreed whatever was loaded since."""
    if budget["version"] is None:
        return "Nobody has agreed these budgets yet: they change with what is loaded."
    moved = budget["drift_pence"]
    now = (
        "they can no longer be set from what is loaded"
        if moved is None
        else "what is loaded now would give the same"
        if not moved
        else f"what is loaded now would move {exact(moved)} between practices"
    )
    return f"Agreed by {budget['agreed_by']}; they stay as agreed, and {now}."


def _listed_months(months: str) -> str:
    """Write months in words."""
    return joined([month(m) for m in months.split("; ")])


def when(months: str) -> str:
    """Write first and last month in words, as in April 2018 to September 2018."""
    first, last = months.split(" to ")
    return month(first) if first == last else f"{month(first)} to {month(last)}"


def not_done(row: dict[str, Any]) -> str:
    """Say what was asked for and could not be done."""
    where = " ".join(str(row[k]) for k in ("practice_code", "pod") if row[k])
    about = f" ({where})" if where else ""
    return f"{_ITEMS[row['item']]}{about} could not be done: {row['reason']}."


def priced_share(practice: dict[str, Any]) -> str:
    """Say how much of a practice's payable activity has a price."""
    return priced(practice["coverage"])


def unpriced(practice: dict[str, Any]) -> str:
    """Say how many of a practice's activities have no price and so count for nothing."""
    total = f"the practice's {practice['n_activity']:,} spells and attendances"
    if practice["coverage"] == 1:
        return f"All of {total} are priced."
    most = f"{1 - practice['coverage']:.0%}"
    return f"Up to {most} of {total} could not be priced and count for nothing here."


def outside(budget: dict[str, Any]) -> str:
    """Say how much priced activity stands in no budget."""
    which = "belongs to no practice of the PCT and is in no budget"
    if budget["outside_activity"] is None:
        return f"A little priced activity (1 to 7 items) {which}."
    return (
        f"Priced activity worth {exact(budget['outside_pence'])} "
        f"({budget['outside_activity']:,} items) {which}."
    )
