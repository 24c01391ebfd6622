"""What is wrong with the registers of organisations, each fault in words (R26, R28)."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from pbcanalytics.costing.organisations import CLOSED, UNKNOWN, Registers, standing

_KINDS: Final = (
    ("practices", "practice_code", "practice"),
    ("providers", "provider_code", "provider"),
    ("pcts", "pct_code", "PCT"),
)
_AFTER_ALL: Final = dt.date(9999, 12, 31)
"""A register is at fault whatever day is asked for, so all closings count."""

_SHOWN: Final = 12


@dataclass(frozen=True)
class Fault:
    """One fault of the registers: its `rule`, all `codes` concerned, and a sentence for people."""

    rule: str
    codes: tuple[str, ...]
    sentence: str


def faults(registers: Registers, since: dt.date | None = None) -> list[Fault]:
    """
    Name every fault of the registers.

    Parameters
    ----------
    registers : Registers
    since : date, optional
        First day of the activity; a PCT that opened later is a fault of its practices.

    Returns
    -------
    list of Fault
        Rules: `circle`, `own_successor`, `unknown_successor`, `closed_without_successor`,
        `successor_while_open`, `close_before_open`, `overlapping_memberships`,
        `gap_in_membership`, `membership_ends_before_it_begins`, `unknown_consortium`,
        `unknown_pct`, `pct_not_open_yet`.
    """
    found: list[Fault] = []
    for table, code, word in _KINDS:
        found += _of_successors(getattr(registers, table), code, word)
    return [*found, *_of_memberships(registers), *_of_pcts(registers, since or _AFTER_ALL)]


def _of_successors(register: pd.DataFrame, code: str, word: str) -> Iterator[Fault]:
    known = register.drop_duplicates(code, keep="last")
    heirs = {
        str(c): str(s)
        for c, s, closed in zip(
            known[code], known["successor_code"], known["close_date"], strict=True
        )
        if pd.notna(s) and pd.notna(closed)
    }
    yield from _circles(heirs, word)
    stands = standing(known, code, _AFTER_ALL)
    ends = {s.code: s.state for s in stands.values() if s.state in (CLOSED, UNKNOWN)}
    yield from _listed(
        "unknown_successor",
        [c for c, state in ends.items() if state == UNKNOWN],
        f"The successor named is in no register, so the activity stays where it is: {word} {{}}. "
        "Correct the successor, or load the register that holds it.",
    )
    yield from _listed(
        "closed_without_successor",
        [c for c, state in ends.items() if state == CLOSED],
        f"Closed, and no successor is named, so the activity stays where it is: {word} {{}}. If "
        "somebody took over, name them.",
    )
    has_heir = known["successor_code"].notna()
    yield from _listed(
        "successor_while_open",
        known.loc[has_heir & known["close_date"].isna(), code],
        f"A successor is named but no closing date, so it counts as open: {word} {{}}. Add the "
        "date if it has closed.",
    )
    opened, closed = pd.to_datetime(known["open_date"]), pd.to_datetime(known["close_date"])
    yield from _listed(
        "close_before_open",
        known.loc[closed < opened, code],
        f"The closing date lies before the opening date, and is believed: {word} {{}}. Correct "
        "the dates.",
    )


def _circles(heirs: dict[str, str], word: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for first in heirs:
        path: list[str] = []
        now: str | None = first
        while now is not None and now not in seen:
            seen.add(now)
            path.append(now)
            now = heirs.get(now)
        if now not in path:
            continue
        circle = path[path.index(now) :]
        if len(circle) == 1:
            yield Fault(
                "own_successor",
                tuple(circle),
                f"The {word} {circle[0]} is given as its own successor, so its activity stays "
                "with it. Correct the successor.",
            )
        else:
            yield Fault(
                "circle",
                tuple(circle),
                f"The {word}s {', '.join(circle)} succeed each other in a circle, so the activity "
                "of each, and of any that leads there, stays with it. Correct a successor.",
            )


def _of_memberships(registers: Registers) -> Iterator[Fault]:
    held = registers.memberships.assign(
        from_date=pd.to_datetime(registers.memberships["from_date"]),
        to_date=pd.to_datetime(registers.memberships["to_date"]),
    )
    wrong = held["to_date"] < held["from_date"]
    yield from _listed(
        "membership_ends_before_it_begins",
        held.loc[wrong, "practice_code"],
        "A membership ends before it begins, so it counts on no day: practice {}. Correct its "
        "dates.",
    )
    ordered = held[~wrong].sort_values(
        ["practice_code", "from_date", "consortium_code"], na_position="first", kind="stable"
    )
    for practice, rows in ordered.groupby("practice_code"):
        yield from _overlaps_and_gaps(str(practice), rows)
    if not registers.consortia.empty:
        known = registers.consortia["consortium_code"]
        named = [held["consortium_code"]]
        if held.empty:
            named = [registers.practices["consortium_code"]]
        strange = pd.concat(named).dropna()
        yield from _listed(
            "unknown_consortium",
            strange[~strange.isin(known)],
            "A consortium that practices belong to is not in the register of consortia: {}. Add "
            "it, or correct the memberships.",
        )


def _overlaps_and_gaps(practice: str, rows: pd.DataFrame) -> Iterator[Fault]:
    """Compare each membership with the one so far that lasts longest."""
    last_end: pd.Timestamp | None = None
    last_code = ""
    spans: list[Any] = rows[["from_date", "to_date", "consortium_code"]].to_numpy().tolist()
    for i, (begin, end, code) in enumerate(spans):
        endless = i > 0 and last_end is None
        if endless or (last_end is not None and (pd.isna(begin) or begin <= last_end)):
            since = "the beginning" if pd.isna(begin) else _said(begin)
            yield Fault(
                "overlapping_memberships",
                (practice,),
                f"The practice {practice} is in {last_code} and in {code} at one time, from "
                f"{since}; the one that began later counts. End the earlier one before.",
            )
        elif last_end is not None and begin > last_end + pd.Timedelta(days=1):
            yield Fault(
                "gap_in_membership",
                (practice,),
                f"The practice {practice} is in no consortium between {_said(last_end)}, when it "
                f"left {last_code}, and {_said(begin)}. If it was, correct the dates.",
            )
        if not endless and (i == 0 or pd.isna(end) or (last_end is not None and end > last_end)):
            last_end, last_code = (None if pd.isna(end) else end), code


def _of_pcts(registers: Registers, since: dt.date) -> Iterator[Fault]:
    if registers.pcts.empty:
        return
    own = registers.practices[["practice_code", "pct_code", "open_date"]].dropna(
        subset=["pct_code"]
    )
    yield from _listed(
        "unknown_pct",
        own.loc[~own["pct_code"].isin(registers.pcts["pct_code"]), "pct_code"],
        "A PCT of practices is not in the register of PCTs, so no merger of it is followed: {}. "
        "Add it, or correct the practices.",
    )
    opened = dict(
        zip(registers.pcts["pct_code"], pd.to_datetime(registers.pcts["open_date"]), strict=True)
    )
    began = pd.to_datetime(own["pct_code"].map(opened))
    is_older = ~(pd.to_datetime(own["open_date"]) >= began)
    yield from _listed(
        "pct_not_open_yet",
        own.loc[is_older & (began > pd.Timestamp(since)), "practice_code"],
        "There is activity from before the PCT opened, which stands under that PCT as well: "
        "practice {}. Give the practice its earlier PCT; the successor of that is followed.",
    )


def _listed(rule: str, codes: Sequence[str] | pd.Series, sentence: str) -> Iterator[Fault]:
    """Say one sentence of all codes with that fault; the first of them are named."""
    every = tuple(dict.fromkeys(str(c) for c in codes))
    if every:
        named = ", ".join(every[:_SHOWN])
        if len(every) > _SHOWN:
            named += f" and {len(every) - _SHOWN} more"
        yield Fault(rule, every, sentence.format(named))


def _said(day: pd.Timestamp) -> str:
    return f"{day.day} {day:%B %Y}"
