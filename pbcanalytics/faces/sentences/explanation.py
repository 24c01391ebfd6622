"""A price in words: each step because of what, and what was not paid."""

from typing import Any, Final

from pbcanalytics.costing import (
    NO_PROVIDER,
    Bridge,
    Candidate,
    Explained,
    Step,
    Strategies,
    Supplied,
)
from pbcanalytics.faces import wording
from pbcanalytics.words.codes import PODS

STEP_WORDS: Final = {
    "base": "Base price",
    "short_stay": "Short emergency stay",
    "long_stay": "Days beyond the trim point",
    "top_up": "Specialised top-up",
    "other": "Other adjustments",
    "mff": "Market forces factor",
}
"""What a person reads for each step."""

_FOR: Final = {
    "base": "are the base price",
    "short_stay": "are for a short stay",
    "long_stay": "are for days beyond the trim point",
    "top_up": "are for specialised care",
    "other": "are adjustments",
    "mff": "are the market forces factor",
}

CAUSE_WORDS: Final = {
    "price": "price of the HRG",
    "payable_hrg": "another HRG of the spell is paid",
    "short_stay": "short emergency stays",
    "long_stay": "days beyond the trim point",
    "top_up": "specialised top-ups",
    "adjustment": "agreed adjustments",
    "mff": "market forces factor",
    "scope": "kind of stay that only one side pays at tariff",
    "currency": "HRG that only one side's price list has",
    "rule_not_held": "rule that one side lacks",
    "priced_before_only": "had a price only before",
    "priced_after_only": "has a price only after",
}
"""What a person reads for each cause of a difference."""

_STRATEGY_WORDS: Final = {
    "max_tariff": "of the HRGs of its episodes the dearest is paid, once",
    "procedure_first": "the dearest HRG of the episodes with a procedure is paid, once",
    "supplied": "the HRG that came for the whole spell is paid, else the dearest of its episodes",
}


def headline(e: Explained) -> str:
    """Say in one sentence what a spell costs, or why that cannot be known."""
    kind = PODS.get(e.pod or "", "A stay of unknown kind").lower()
    what = f"{e.hrg} ({e.hrg_name})" if e.hrg_name else (e.hrg or "no HRG")
    at = f"at the prices of {e.price_year}" if e.price_year else "at no year's prices"
    if e.price_pence is None:
        return f"No price {at}: {wording.why_unpriced(e.unpriced_reason or '')}."
    return f"{wording.exact(e.price_pence)} {at}: {what}, one of the {kind}, {_days(e.los_days)}."


def because(step: Step) -> str:
    """Say what made a step."""
    m = step.made_of
    if step.pence is None:
        return "no rule is held for it, so it is not in the price"
    if step.name == "base":
        return f"the tariff of {m['hrg']} for {PODS.get(m['pod'] or '', 'this kind').lower()}"
    if step.name == "short_stay":
        return (
            _because_short(m)
            if step.pence
            else "no reduction: not a short emergency stay of an adult"
        )
    if step.name == "long_stay":
        return _because_long(m)
    if step.name == "mff":
        if m["mff_applies"] is False:
            return "paid centrally in that year, not with the price"
        if m["provider_code"] == NO_PROVIDER:
            return "no provider was named: this is the price before the factor"
        return f"the provider's factor of {m['mff_ratio']}, on all the steps above"
    if not step.pence:
        return "none applies to it"
    return "its specialised service code" if step.name == "top_up" else "as agreed for its HRG"


def reasons(e: Explained) -> str:
    """Say in one sentence what a spell costs and what made it so much."""
    if e.price_pence is None:
        return headline(e)
    told = [f"{wording.exact(s.pence)} {_FOR[s.name]} ({because(s)})" for s in e.steps if s.pence]
    return f"{wording.exact(e.price_pence)} because {wording.joined(told)}."


def chosen(e: Explained) -> list[str]:
    """Say which HRG was paid and why, and what the others would have been worth."""
    if len({c.hrg for c in e.candidates}) < 2:
        return []
    said = [
        f"Of several HRGs one is paid: {_STRATEGY_WORDS.get(e.strategy or '', 'rule unknown')}."
    ]
    paid = next((c for c in e.candidates if c.is_paid), None)
    for c in e.candidates:
        if c.is_paid:
            continue
        where = "for the whole spell" if c.sequence == 0 else f"of episode {c.sequence}"
        worth = "no price" if c.base_pence is None else wording.exact(c.base_pence)
        said.append(f"Not paid: {c.hrg or 'no HRG'} {where}, {worth}.")
    others = [c for c in e.candidates if not c.is_paid and c.base_pence is not None]
    if paid and paid.base_pence is not None and others:
        nearest = max(others, key=lambda c: c.base_pence or 0)
        gap = paid.base_pence - (nearest.base_pence or 0)
        said.append(
            f"Next dearest is {nearest.hrg}: {wording.exact(abs(gap))} "
            f"{'less' if gap >= 0 else 'more'} before the other steps."
        )
    if paid:
        said.append(f"What tipped it: {tipped(e, paid)}.")
    return said


def tipped(e: Explained, paid: Candidate) -> str:
    """Say what decided that one HRG of several was paid: the rule of the year, or the order."""
    rule = f"the rule of {e.price_year}" if e.price_year else "the rule"
    if e.strategy is None:
        return f"nothing that is known: {rule} is not held"
    offered = [c for c in e.candidates if c.sequence or e.strategy == "supplied"]
    if paid.sequence == 0:
        return f"{paid.hrg} came with the spell, and {rule} pays what came"
    said = f"{rule} pays the dearest"
    if e.strategy == "supplied":
        said = f"no HRG came with the spell, and then {rule} pays the dearest"
    if e.strategy == "procedure_first" and any(c.has_procedure and c.hrg for c in offered):
        offered = [c for c in offered if c.has_procedure and c.hrg]
        said = f"{rule} pays the dearest of the episodes with a procedure"
    equals = [c for c in offered if c.base_pence == paid.base_pence and c.hrg != paid.hrg]
    if equals and paid.base_pence is not None:
        said += f", and of equals ({wording.joined([c.hrg or '' for c in equals])}) the first"
    return said


def told(e: Explained) -> list[str]:
    """Explain a price line by line, as a terminal or a page shows it."""
    lines = [headline(e)]
    if e.price_pence is not None:
        for step in e.steps:
            pence = "not held" if step.pence is None else wording.exact(step.pence)
            lines.append(f"  {STEP_WORDS[step.name]}: {pence}, because {because(step)}.")
        lines.append(f"  Price: {wording.exact(e.price_pence)}, the sum of the steps.")
    return [*lines, *chosen(e)]


def bridged(b: Bridge) -> tuple[list[str], list[tuple[str, str, str, str]]]:
    """
    Say what moved the price of the same activity.

    Returns
    -------
    (list of str, list of tuple)
        Sentences, and a row per kind of stay and cause: the two in words, spells, pounds.
    """
    difference = b.after_pence - b.before_pence
    lines = [
        f"{b.n_spells:,} hospital stays of {b.activity_year}: "
        f"{wording.exact(b.before_pence)} at the prices and rules of {b.before_year} "
        f"({b.n_priced_before:,} priced), {wording.exact(b.after_pence)} at those of "
        f"{b.after_year} ({b.n_priced_after:,} priced).",
        *(
            [
                f"The HRGs of {b.activity_year} are {b.activity_version or 'of unknown version'}, "
                f"those of the prices {b.version}: its codes are taken as they stand."
            ]
            if b.activity_version != b.version
            else []
        ),
        f"Difference {wording.exact(difference)}; by cause, which add up to it:",
    ]
    rows = [
        (
            PODS.get(m.pod, "Other stays"),
            CAUSE_WORDS[m.cause],
            f"{m.n_spells:,}",
            wording.exact(m.pence),
        )
        for m in b.moved
    ]
    return lines, rows


WAYS: Final = (
    "Spells whose episodes, or who supplied one for the whole, name several HRGs; in how many the "
    "ways of choosing would pay different ones; base prices by each way, of those that have a "
    "price by all three."
)


def ways(found: list[Strategies]) -> list[tuple[str, ...]]:
    """Give a row of texts per price year and kind of stay: spells, those that differ, pounds."""
    return [
        (
            s.price_year,
            s.pod,
            f"{s.n_spells:,}",
            f"{s.n_disagreeing:,}",
            f"{s.n_not_compared:,}",
            wording.exact(s.max_tariff_pence),
            wording.exact(s.procedure_first_pence),
            wording.exact(s.supplied_pence),
        )
        for s in found
    ]


SUPPLIED_WORDS: Final = {
    "none": "nothing: the prices are equal",
    "hrg": "another HRG",
    "base": "the price of the HRG",
    "long_stay": "days beyond the trim point",
    "top_up": "specialised top-ups",
    "unbundled": "unbundled care, which has lines of its own here",
    "adjustment": "financial adjustments",
    "short_stay": "the reduction for short emergency stays",
    "mff": "the market forces factor",
    "other": "a step that one side does not have",
    "no_price_of_ours": "no price of ours",
}
"""What a person reads for what explains a difference from a supplied price."""


def supplied(found: list[Supplied]) -> list[tuple[str, ...]]:
    """Give a row of texts per explanation: spells, their pounds, ours, the difference."""
    return [
        (
            SUPPLIED_WORDS[s.explained_by],
            f"{s.n_spells:,}",
            wording.exact(s.supplied_pence),
            wording.exact(s.price_pence),
            wording.exact(s.supplied_pence - s.price_pence),
        )
        for s in found
    ]


def _days(days: int | None) -> str:
    if days is None:
        return "length of stay unknown"
    return f"{days} day" if days == 1 else f"{days} days"


def _because_short(m: dict[str, Any]) -> str:
    millionths = m["short_stay_millionths"]
    share = "a price of its own" if millionths is None else f"{millionths / 10_000:g}% of the price"
    return f"an adult's emergency stay of {_days(m['los_days'])} is paid {share}"


def _because_long(m: dict[str, Any]) -> str:
    trim, stay = m["trim_point_days"], _days(m["paid_los_days"])
    if trim is None:
        return f"{stay}, and the HRG has no trim point"
    if not m["excess_bed_days"]:
        return f"a stay of {stay} is within the trim point of {_days(trim)}"
    rate = wording.exact(m["long_stay_per_day_pence"])
    beyond = _days(m["excess_bed_days"])
    return f"a stay of {stay}, {beyond} beyond the trim point of {trim}, at {rate} a day"
