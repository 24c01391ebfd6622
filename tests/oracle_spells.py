"""A second, slow building of spells (rulebook 2.1, 2.2), in plain Python; see oracle_rules."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

ELECTIVE = {"11", "12", "13"}
EMERGENCY = {"21", "22", "23", "24", "25", "2A", "2B", "2C", "2D", "28"}
OTHER_NON_ELECTIVE = {"31", "32", "81", "82", "83"}
REGULAR = {"3", "4"}

Row = dict[str, Any]


@dataclass
class Activity:
    """Rows by the names of the data dictionary."""

    episodes: list[Row] = field(default_factory=list)
    supplied_spells: list[Row] = field(default_factory=list)
    grouped_episodes: list[Row] = field(default_factory=list)
    grouped_spells: list[Row] = field(default_factory=list)
    outpatients: list[Row] = field(default_factory=list)
    emergency_attendances: list[Row] = field(default_factory=list)


def year_of(day: dt.date) -> str:
    first = day.year if (day.month, day.day) >= (4, 1) else day.year - 1
    return f"{first}/{str(first + 1)[-2:]}"


@dataclass
class Spell:
    """From admission to discharge at one provider (2.1): its episodes in order."""

    key: str
    episodes: list[Row]
    supplied: list[Row] = field(default_factory=list)
    grouped: list[Row] = field(default_factory=list)

    def first(self, column: str) -> Any:
        return next((e[column] for e in self.episodes if e[column] is not None), None)

    def total(self, column: str) -> int:
        return sum(e[column] or 0 for e in self.episodes)

    @cached_property
    def discharged(self) -> dt.date | None:
        return max(
            (e["discharge_date"] for e in self.episodes if e["discharge_date"]), default=None
        )

    @cached_property
    def admitted(self) -> dt.date:
        days: list[dt.date] = [e["admission_date"] for e in self.episodes]
        return min(days)

    @cached_property
    def stayed(self) -> int | None:
        return (self.discharged - self.admitted).days if self.discharged else None

    @cached_property
    def year(self) -> str | None:
        return year_of(self.discharged) if self.discharged else None

    @cached_property
    def pod(self) -> str | None:
        how, kind = self.first("admission_method"), self.first("patient_class")
        if kind in REGULAR:
            return "RA"
        if kind == "2":
            return "DC"
        if how in ELECTIVE:
            return "EL"
        if how in EMERGENCY:
            return "NEL"
        return "NELNE" if how in OTHER_NON_ELECTIVE else None

    @cached_property
    def is_meant_as_day_case(self) -> bool:
        intended = self.first("intended_management") == "2"
        return self.pod == "EL" and self.stayed == 0 and intended

    @cached_property
    def whole_hrg(self) -> str | None:
        """The HRG that came for the whole spell: from SUS, else from the grouper."""
        for rows in (self.supplied, self.grouped):
            named = sorted(r["hrg"] for r in rows if r["hrg"] is not None)
            if named:
                return str(named[0])
        return None

    @cached_property
    def is_outside(self) -> bool:
        marks = [(r["scope"] or "").upper() for r in self.supplied]
        return any("NOT" in mark or mark in ("N", "NO", "0") for mark in marks)

    def lists(self, column: str) -> list[str]:
        """The lists of codes of the first who gave any: SUS, the grouper, the episodes."""
        for rows in (self.supplied, self.grouped, self.episodes):
            told = [r[column] for r in rows if r[column] is not None]
            if told:
                return told
        return []


def _key(row: Row, own: str) -> str:
    """The key of the spell that a row belongs to; a regular attender's every row is its own."""
    rest = f"{row['person_id']}|{_number(row) or row['admission_date']}"
    return f"{row['provider_code']}|{own if row['patient_class'] in REGULAR else rest}"


def _number(row: Row) -> str | None:
    """A spell number of nothing but noughts names no spell."""
    told = row["spell_number"]
    return told if told is not None and told.strip("0-") else None


def spells(activity: Activity) -> dict[str, Spell]:
    """Build the spells: episodes by key and in order, and what came for the whole of each."""
    orders = {
        (g["provider_code"], g["spell_number"], g["episode_order"]): g["hrg"]
        for g in activity.grouped_episodes
    }
    rows = [
        {
            **e,
            "hrg": e["hrg"]
            or orders.get((e["provider_code"], e["spell_number"], e["episode_order"])),
            "has_procedure": e["procedures"] is not None,
        }
        for e in activity.episodes
    ]
    numbered = {(e["provider_code"], _number(e)) for e in rows if _number(e)}
    dated = {
        (e["provider_code"], e["person_id"], e["admission_date"]) for e in rows if not _number(e)
    }
    rows += [
        _of_supplied(s)
        for s in activity.supplied_spells
        if (
            (s["provider_code"], _number(s)) not in numbered
            if _number(s)
            else (s["provider_code"], s["person_id"], s["admission_date"]) not in dated
        )
    ]
    members: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        members[_key(row, row["episode_id"])].append(row)
    found = {key: Spell(key, sorted(m, key=_place)) for key, m in members.items()}
    _attach(found, activity)
    return found


def _of_supplied(row: Row) -> Row:
    """A spell that SUS gave without its episodes is one episode."""
    off = (row["supplied_los_days"] or 0) - (row["adjusted_los_days"] or 0)
    told = None not in (row["supplied_los_days"], row["adjusted_los_days"])
    return {
        **row,
        "episode_id": row["spell_key"],
        "episode_order": 1,
        "episode_start": row["admission_date"],
        "episode_end": row["discharge_date"],
        "critical_care_days": max(0, off) if told else 0,
        "rehabilitation_days": 0,
        "palliative_days": 0,
        "has_procedure": row["dominant_procedure"] is not None,
    }


def _place(row: Row) -> tuple[Any, ...]:
    end_of_time = dt.date.max
    return (
        row["episode_start"] or end_of_time,
        10**9 if row["episode_order"] is None else row["episode_order"],
        row["episode_end"] or end_of_time,
        row["episode_id"],
    )


def _attach(found: dict[str, Spell], activity: Activity) -> None:
    """Find for each spell what SUS and the grouper gave for the whole of it."""
    by_sus: defaultdict[str, list[Row]] = defaultdict(list)
    for s in activity.supplied_spells:
        by_sus[_key(s, s["spell_key"])].append(s)
    by_grouper: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for g in activity.grouped_spells:
        by_grouper[g["provider_code"], g["spell_number"]].append(g)
    for key, spell in found.items():
        head = spell.episodes[0]
        number = None if head["patient_class"] in REGULAR else _number(head)
        spell.supplied = by_sus[key]
        if number is not None:
            spell.grouped = by_grouper[head["provider_code"], number]
