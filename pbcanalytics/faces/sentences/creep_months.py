"""Which months of a search for code creep may still change, said in words."""

from typing import Any, Final

import pandas as pd

from pbcanalytics.creep.result import NOT_SAID, PARTLY_SAID, Closing
from pbcanalytics.faces import wording

SENT: Final = {
    "episodes": "hospital stays",
    "supplied_spells": "hospital stays",
    "outpatients": "outpatients",
    "emergency_attendances": "A&E",
}
"""What the landing tables hold."""

MOST_NAMED: Final = 6


def closing(of: Closing) -> list[str]:
    """
    Say which months may still change and so decided nothing, or that nobody said.

    Parameters
    ----------
    of : Closing

    Returns
    -------
    list of str
        A sentence or two.
    """
    if of.state == NOT_SAID:
        return [
            "The extracts do not say whether months are flex (may still change) or freeze (final), "
            "so every month counts as it was sent."
        ]
    said = ["No month is known to be flex: none may still change."]
    if not of.provisional.empty:
        said = [
            f"Left out, as they are flex and may still change: {_listed(of)}. Only in the pounds "
            "of a change that was heard before do they count, as they were sent."
        ]
    if of.state == PARTLY_SAID:
        said.append(
            "Of some other months nobody said whether they are flex or freeze; they count as they "
            "were sent."
        )
    return said


def still_open(of: Closing) -> list[str]:
    """Say which of the months that were counted may still change."""
    if of.provisional.empty:
        return closing(of)[:1] if of.state == NOT_SAID else []
    return [f"Counted as sent, though flex, so they may still change: {_listed(of)}."]


def in_short(of: Closing) -> str:
    """Say the same in a few words, for a status strip."""
    if of.state == NOT_SAID:
        return "flex or freeze not said"
    n = of.provisional["month"].nunique()
    return f"{n} flex month{'s' if n != 1 else ''} left out" if n else "no flex months"


def _listed(of: Closing) -> str:
    """Name provisional months, and say how many more there are."""
    months = _named(of.provisional)
    more = f"; and {len(months) - MOST_NAMED} more" if len(months) > MOST_NAMED else ""
    return "; ".join(months[:MOST_NAMED]) + more


def _named(provisional: pd.DataFrame) -> list[str]:
    """Name provisional months, the latest first: what was sent, and by whom."""
    senders: dict[tuple[Any, str], set[str]] = {}
    for row in provisional.to_dict("records"):
        kind = (pd.Timestamp(row["month"]), SENT[str(row["table_name"])])
        senders.setdefault(kind, set()).add(str(row["provider_code"]))
    sent: dict[tuple[Any, tuple[str, ...]], list[str]] = {}
    for (month, what), codes in sorted(senders.items()):
        sent.setdefault((month, tuple(sorted(codes))), []).append(what)
    return [
        f"{_joined(kinds)} of {_month(month)} ({_who(codes)})"
        for (month, codes), kinds in sorted(sent.items(), reverse=True)
    ]


def _joined(kinds: list[str]) -> str:
    return " and ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)


def _who(codes: tuple[str, ...]) -> str:
    return ", ".join(codes) if len(codes) <= MOST_NAMED else f"{len(codes)} hospitals"


def _month(when: Any) -> str:
    return wording.month(f"{pd.Timestamp(when):%Y-%m}")
