"""Other explanations of a coding change, each with yes or no and why."""

from typing import Any, Final

from pbcanalytics.creep.statistics import FEWEST_PEERS
from pbcanalytics.faces.pages.coding.creep_view import CLASSES, DEPTH, CreepView
from pbcanalytics.faces.pages.coding.creep_words import has_severity, month
from pbcanalytics.faces.pages.coding.creep_words import state as looks_like

GROWN: Final = 1.25
"""Spells over those of the year before from which a new service is likely."""

MOST: Final = 0.5
"""Of a provider's roots, how many must rise for a change of the whole hospital's coding."""

SURE: Final = 2.0
NEAR_MONTHS: Final = 3

_YES: Final = "yes"
_NO: Final = "no"
_UNKNOWN: Final = "not known"
_UNTOLD: Final = "cannot be told"

SMALL: Final = 0.25
"""Part of the change that an explanation may still come to where it is called "no"."""


def reasons(v: CreepView) -> list[tuple[str, str, str]]:
    """
    List the other explanations of the chosen pair's change.

    Parameters
    ----------
    v : CreepView
        With a pair that is not withheld.

    Returns
    -------
    list of (explanation, "yes", "no", "cannot be told" or "not known", why)
    """
    assert v.pair is not None
    pair = v.pair
    return [
        _service(pair),
        *_of_patients(v, pair),
        *_of_mechanism(v, pair),
        _system(pair),
        _grouper(v, pair),
        ("Merger of providers", *_flagged(pair, "merger", "no merger near the change")),
        _rules(v, pair),
    ]


def _service(pair: dict[str, Any]) -> tuple[str, str, str]:
    name, grown = "New service, or more activity", pair["growth_ratio"]
    if pair["state"] == "new service":
        return name, _YES, "there was more of one kind, and not less of the other"
    if grown is None:
        return name, _UNKNOWN, "there were no spells in the year before"
    why = f"spells are {abs(grown - 1):.0%} {'more' if grown >= 1 else 'fewer'} than a year before"
    return name, _YES if grown >= GROWN else _NO, why


def _of_patients(v: CreepView, pair: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Judge sicker patients and better recording, where a severity score can."""
    names = ("Sicker patients", "Better recording")
    classes = v.classes_of(pair["provider_code"]) if pair["mechanism"] == DEPTH else None
    if classes is not None:
        why = f"the hospital's dear classes together look like: {looks_like(classes)}"
        fits = ("true mix", "recording")
        return [
            (name, _YES if classes["state"] == fit else _UNTOLD, why)
            for name, fit in zip(names, fits, strict=True)
        ]
    if pair["mechanism"] != CLASSES:
        return [(name, _UNKNOWN, "nothing tells how ill these patients were") for name in names]
    if not has_severity(pair):
        why = "before or after there were no dear or no cheap spells"
        return [(name, _UNKNOWN, why) for name in names]
    change, moved, error = pair["change_share"], pair["every_change"], SURE * pair["every_error"]
    every = f"mean severity of all moved by {moved:+.2f}; chance alone, {error:.2f} either way"
    # What all of it would be, if the newcomers to the dear classes are as ill as those were.
    sicker = change * (pair["dear_before"] - pair["cheap_before"])
    ends = [f"{100 * pair[f'recording_{end}_share']:+.1f}" for end in ("low", "high")]
    recorded = (
        f"its part of a change of {100 * change:+.1f} points is between {ends[0]} and {ends[1]}; "
        f"in the cheap classes severity moved by {pair['cheap_after'] - pair['cheap_before']:+.2f}"
    )
    judged = (
        (
            "true mix",
            _seen(pair["every_change"] - error, pair["every_change"] + error, sicker),
            every,
        ),
        (
            "recording",
            _seen(pair["recording_low_share"], pair["recording_high_share"], change),
            recorded,
        ),
    )
    return [
        (name, _YES, _minus(f"the test fits this best; {why}"))
        if pair["state"] == state
        else (name, seen, _minus(why))
        for name, (state, seen, why) in zip(names, judged, strict=True)
    ]


def _of_mechanism(v: CreepView, pair: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Give the explanation that one mechanism has and no other."""
    if pair["mechanism"] == "ward_attenders":
        why = "clinics of nurses that were wanted count here too; ask which are new"
        return [("New clinics of nurses", _UNKNOWN, why)]
    if pair["mechanism"] != DEPTH:
        return []
    name, n = "Deeper coding everywhere", v.search["n_providers"]
    if n is None or n < FEWEST_PEERS:
        return [(name, _UNTOLD, "fewer than five hospitals are followed, too few to take it off")]
    return [(name, _NO, "what all hospitals do alike is taken off")]


def _seen(low: float, high: float, change: float) -> str:
    """Say of an explanation, known between two ends, whether it has a part in a change."""
    if low > 0:
        return _YES
    return _NO if high <= SMALL * change else _UNTOLD


def _system(pair: dict[str, Any]) -> tuple[str, str, str]:
    name, share = "New coders or system in the whole hospital", pair["breadth_share"]
    if share is None:
        return name, _UNKNOWN, "roots were not compared"
    why = f"{share:.0%} of its roots rose as well; chance alone, one in six"
    return name, _YES if share > MOST else _NO, why


def _grouper(v: CreepView, pair: dict[str, Any]) -> tuple[str, str, str]:
    name = "Change of grouper"
    if pair["state"] == "version":
        return name, _YES, "the change begins where the grouper changed"
    return _dated(v, pair, name, "grouper", "no change of grouper near the change")


def _rules(v: CreepView, pair: dict[str, Any]) -> tuple[str, str, str]:
    name = "National change of a coding rule"
    return _dated(v, pair, name, "rule", "none near the change")


def _dated(
    v: CreepView, pair: dict[str, Any], name: str, kind: str, none: str
) -> tuple[str, str, str]:
    """Look an explanation up in the calendar."""
    if not v.search["has_calendar"]:
        why = "no calendar of national changes is held"
        return name, _UNKNOWN, why
    begun = pair["onset"] or pair["first_month"]
    near = [
        f"{month(e['month'])}: {e['what']}"
        for e in v.events
        if e["kind"] == kind
        and abs(12 * (e["month"].year - begun.year) + e["month"].month - begun.month) <= NEAR_MONTHS
    ]
    return (name, _YES, "; ".join(near)) if near else (name, _NO, none)


def _flagged(pair: dict[str, Any], state: str, none: str) -> tuple[str, str]:
    if pair["state"] == state:
        return _YES, "the change begins where it happened"
    return _NO, none


def _minus(text: str) -> str:
    """Write minus signs as such."""
    return text.replace("-", "−")
