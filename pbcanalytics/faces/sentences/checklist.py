"""The pbcanalytics budget checklist in words."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pbcanalytics.budgets.agreement.checklist import FOR_PEOPLE, MET, NOT_KNOWN, NOT_MET, Check
from pbcanalytics.faces import wording

TITLE: Final = "pbcanalytics budget checklist"

QUESTIONS: Final = {
    "C1": "Agreed and given to the practices by 1 May",
    "C2": "Based on actual activity of a stated year, at the budget year's tariff",
    "C3": "Prescribing by the current formula plus uplift",
    "C4": "Change of list size between the years reflected",
    "C5": "Uplift and agreed growth shown apart",
    "C6": "Scope listed: what is in, what is out, who holds what is out",
    "C7": "Practice budgets reconciled to the PCT's total",
    "C8": "Contingency, risk pool and top slice as sums, with a rule for their return",
    "C9": "Fair share, distance and pace disclosed; nobody near it moved",
    "C10": "No cut for past overspends; nothing recalculated in the year without agreement",
}

HEADS: Final = ("item", "check", "state", "what the data say")

_POOLS: Final = {
    "contingency": "contingency",
    "risk_pool": "risk pool",
    "top_slice": "top slice",
    "held": "held by others",
    "reserved": "kept for practices without a list",
    "budgets": "budgets",
}


def rows(checks: Sequence[Check]) -> list[tuple[str, str, str, str]]:
    """
    Give a row of texts per check.

    Returns
    -------
    list of tuple of str
        In the order of HEADS.
    """
    return [(c.item, QUESTIONS[c.item], c.state, sentence(c)) for c in checks]


def headline(checks: Sequence[Check]) -> str:
    """Say how the ten questions came out."""
    counts = [
        f"{n} {state}"
        for state in (MET, NOT_MET, NOT_KNOWN, FOR_PEOPLE)
        if (n := sum(c.state == state for c in checks))
    ]
    return f"{TITLE}: {wording.joined(counts)}."


def sentence(check: Check) -> str:
    """Say what the data say to one question, and what it rests on."""
    return _SENTENCES[check.item](check.facts)


def plain(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Give the checklist as JSON takes it."""
    return [dict(zip(HEADS, row, strict=True)) for row in rows(checks)]


def day(date: dt.date) -> str:
    """Write a day in words."""
    return f"{date.day} {date:%B %Y}"


def _in_time(facts: Mapping[str, Any]) -> str:
    """Say C1."""
    first, due = facts["first_agreed_on"], facts["due"]
    if first is None:
        return f"Nothing is agreed: the budget is provisional. It was due on {day(due)}."
    when = "in time" if first <= due else f"{(first - due).days} days late"
    return f"First agreed on {day(first)}, due by {day(due)}: {when}."


def _activity(facts: Mapping[str, Any]) -> str:
    """Say C2."""
    base, priced_at = facts["base_year"], facts["price_year"]
    said = [f"Activity of {base} at {priced_at} prices"]
    if priced_at != facts["financial_year"]:
        said.append(
            f"the tariff of {facts['financial_year']} is not held, so an uplift stands for it"
        )
    if facts["missing_months"]:
        months = wording.joined([f"{m:%B %Y}" for m in facts["missing_months"]])
        said.append(f"no activity at all of {months}")
    share = wording.share(facts["n_priced"], facts["n_activity"])
    return f"{'; '.join(said)}; {share} of it has a price."


def _prescribing(facts: Mapping[str, Any]) -> str:
    """Say C3."""
    n = facts["n_given"]
    if not n:
        return "No prescribing budgets are loaded (given budgets, line RX)."
    if facts["without"]:
        return (
            f"Loaded for {n} practices, not for {wording.joined(list(facts['without']))}; whether "
            "they follow the current formula cannot be told from them."
        )
    return (
        f"Loaded for all {n} practices, beside this budget; whether they follow the current "
        "formula cannot be told from them."
    )


def _list_change(facts: Mapping[str, Any]) -> str:
    """Say C4."""
    said = (
        f"Lists of {facts['list_base']:,} on 1 April of the base year and "
        f"{facts['list_budget']:,} of the budget year move the budgets by "
        f"{wording.exact(facts['pence'])}."
    )
    if facts["without"]:
        codes = wording.joined(list(facts["without"]))
        said += f" No list, so no budget: {codes}."
    return said


def _separate(facts: Mapping[str, Any]) -> str:
    """Say C5."""
    growth, uplift = facts["growth_pence"], facts["uplift_pence"]
    if growth is None or uplift is None:
        return "Growth and uplift are not shown as two steps."
    said = f"Agreed growth {wording.exact(growth)} and price uplift {wording.exact(uplift)}"
    if facts["prices_are_of_the_year"]:
        said += " (the prices are those of the budget year and hold its uplift)"
    return f"{said}, a step each."


def _scope(facts: Mapping[str, Any]) -> str:
    """Say C6."""
    said = f"In: {', '.join(facts['lines'])}; all else is outside."
    if not facts["n_out"]:
        return f"{said} Nothing is handed back."
    held = wording.joined(list(facts["holders"])) or "nobody named"
    said += (
        f" Out, for some practices or months: {facts['n_out']} lines, "
        f"{wording.exact(-facts['pence'])} before budgets are fitted to the money, held by {held}."
    )
    if facts["unheld"]:
        lines = wording.joined([f"{p} {line}" for p, line in facts["unheld"]])
        said += f" No holder is named for {lines}."
    return said


def _reconciled(facts: Mapping[str, Any]) -> str:
    """Say C7."""
    parts = [
        f"{_POOLS[name]} {wording.exact(pence)}" for name, pence in facts["parts"].items() if pence
    ]
    said = f"{wording.joined(parts)} against a resource of {wording.exact(facts['resource'])}"
    over = facts["over"]
    if over:
        return f"{said}: {wording.exact(abs(over))} {'more' if over > 0 else 'less'} than it."
    if facts["apart"]:
        return f"{said}; the lines of {wording.joined(list(facts['apart']))} do not sum to theirs."
    return f"{said}: the same to the penny."


def _pools(facts: Mapping[str, Any]) -> str:
    """Say C8."""
    if not facts["pence"]:
        return "Nothing is held back."
    said = [
        f"{_POOLS[name]} {wording.exact(pence)} ({facts['rules'].get(name, 'no rule of return')})"
        for name, pence in facts["pence"].items()
    ]
    return f"Held back: {'; '.join(said)}."


def _fair_share(facts: Mapping[str, Any]) -> str:
    """Say C9."""
    if len(facts["without"]) == facts["n_practices"]:
        return "No fair share is shown: there are no weighted lists of the year."
    pace = facts["pace_share"]
    said = "The plan has no pace of change, so nobody was moved."
    if pace is not None:
        given, received = (wording.exact(facts[f"{k}_pence"]) for k in ("given", "received"))
        rest = ", the rest with those who hold parts" if facts["is_held_by_others"] else ""
        said = (
            f"{given} given and {received} received in the budgets{rest}, at a pace of "
            f"{float(pace):.1%} at most."
        )
    if facts["without"]:
        said += f" No fair share is known of {wording.joined(list(facts['without']))}."
    band = f"{float(facts['band_share']):.0%}"
    if facts["moved_inside"]:
        codes = wording.joined(list(facts["moved_inside"]))
        return f"{said} Moved although within {band} of the fair share: {codes}."
    return said if pace is None else f"{said} Nobody within {band} of the fair share was moved."


def _not_cut(facts: Mapping[str, Any]) -> str:
    """Say C10."""
    said = []
    if facts["recalculated"]:
        said += [
            f"Version {a.version} replaced the one before on {day(a.agreed_on)}, agreed by "
            f"{a.agreed_by}: {a.reason.rstrip('.')}."
            for a in facts["recalculated"]
        ]
    else:
        said.append("No version replaced another in the year.")
    said += [
        f"Local adjustment of {wording.exact(pence)} to {practice} {line}: {why.rstrip('.')}."
        for practice, line, pence, why in facts["reductions"]
    ]
    return f"{' '.join(said)} Whether anything was taken for a past overspend, people have to say."


_SENTENCES: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "C1": _in_time,
    "C2": _activity,
    "C3": _prescribing,
    "C4": _list_change,
    "C5": _separate,
    "C6": _scope,
    "C7": _reconciled,
    "C8": _pools,
    "C9": _fair_share,
    "C10": _not_cut,
}
