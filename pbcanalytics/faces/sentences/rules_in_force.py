"""The payment rules of a year in words: value, evidence, and what the user changed."""

from dataclasses import dataclass
from typing import Any, Final

from pbcanalytics.faces import wording
from pbcanalytics.reference import Shelf

_KINDS: Final = {
    "price": "Rules that payment needs:",
    "information": "Rules that only explain a price:",
}
_ENDS: Final = (".", "?", "!")


@dataclass(frozen=True)
class RuleInForce:
    """
    One rule of a year, as prices follow it.

    Attributes
    ----------
    rule, unit, kind : str
        Its name (docs/rules.md), the unit of its value, and `price` or `information`.
    value : any
        None where it is not known, which `missing` then explains; "none" where the rule did not
        exist.
    status : str
        `official`, `example` or `unverified`.
    source : str
        Title of the source; empty where none is named.
    note, missing, open_question : str
        What is said beside it; empty where nothing is.
    is_changed : bool
        The user's own reference data give it another value, status or source.
    shipped : any
        The value as shipped.
    """

    rule: str
    value: Any
    unit: str
    kind: str
    status: str
    source: str
    note: str
    missing: str
    open_question: str
    is_changed: bool
    shipped: Any


def in_force(shelf: Shelf, financial_year: str) -> list[RuleInForce]:
    """
    List the rules of a year.

    Parameters
    ----------
    shelf : Shelf
        The reference data, with the user's own on top.
    financial_year : str
        "2018/19".

    Returns
    -------
    list of RuleInForce, one per rule, in the order of the file

    Raises
    ------
    ReferenceGap
        If no rules of the year are held, or a name in the user's own is no rule.
    """
    titles = {key: source.title for key, source in shelf.sources().items()}
    changed = {o.rule: o.shipped for o in shelf.overrides(financial_year)}
    rules = shelf.record("rules", financial_year).rules
    return [
        RuleInForce(
            rule=name,
            value=rule["value"],
            unit=str(rule.get("unit", "")),
            kind=str(rule.get("kind", "price")),
            status=str(rule["status"]),
            source=titles.get(str(rule.get("source", "")), str(rule.get("source") or "")),
            note=str(rule.get("note") or ""),
            missing=str(rule.get("missing") or "") if rule["value"] is None else "",
            open_question=str(rule.get("open_question") or ""),
            is_changed=name in changed,
            shipped=changed.get(name, rule["value"]),
        )
        for name, rule in rules.items()
    ]


def told(financial_year: str, rules: list[RuleInForce]) -> list[str]:
    """
    Say what the rules of a year are.

    Returns
    -------
    list of str, the lines: how many are known and how well, then each with its evidence
    """
    known = [r for r in rules if r.value is not None]
    counts = [
        f"{n} {wording.STATUS_WORDS.get(status, status)}"
        for status in dict.fromkeys(("official", *sorted({r.status for r in known})))
        if (n := sum(r.status == status for r in known))
    ]
    counts += [f"{len(rules) - len(known)} not known"] if len(known) < len(rules) else []
    lines = [f"{len(rules)} payment rules of {financial_year}: {wording.joined(counts)}."]
    changed = [r.rule for r in rules if r.is_changed]
    if changed:
        lines.append(f"Not as shipped, by your own reference data: {', '.join(changed)}.")
    for kind, title in _KINDS.items():
        lines += ["", title]
        lines += [line for r in rules if r.kind == kind for line in _of(r)]
    return [*lines, "", "What each means, and how to set your own: docs/rules.md"]


def _of(rule: RuleInForce) -> list[str]:
    if rule.value is None:
        said = "not known"
    elif rule.value == "none":
        said = "none, there was no such rule"
    else:
        said = wording.ruled(rule.value)
    sure = "" if rule.value is None else f" ({wording.STATUS_WORDS.get(rule.status, rule.status)})"
    beside = [
        rule.unit,
        rule.missing,
        rule.note,
        rule.source and f"source: {rule.source}",
        rule.open_question and f"open question {rule.open_question} of the rulebook",
        rule.is_changed and f"as shipped: {wording.ruled(rule.shipped)}",
    ]
    text = "; ".join(str(b).rstrip(".") for b in beside if b)
    return [f"  {rule.rule}: {said}{sure}", f"      {text}{'' if text.endswith(_ENDS) else '.'}"]
