"""Worlds for the oracle: invented prices with gaps, and random activity that meets every one.

Nothing here is official: codes, prices and shares are made up, and differ from year to year.
"""

import csv
import datetime as dt
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from tests.oracle_rules import Activity, Row, Tables

NOT_DRAWN = frozenset(
    {
        "price below nothing",
        "class missing, facts for the whole",
        "no number, facts for the whole",
        "top-ups held, shares unknown",
        "same_day_elective unknown, and it decides which HRG is dearest",
        "short_stay_los unknown",
    }
)
"""Cases that the models do not price as the rulebook says: take one out, and it is drawn."""

HRGS = [f"Q{letter}{n:02d}Z" for letter in "ABCD" for n in range(8)]
UNKNOWN_HRG, UNGROUPABLE = "QX99Z", "UZ01Z"
UNBUNDLED = ["RN01A", "RD04Z", "XD09Z", "XX99Z"]
CODES = {"23": "children", "34": "orthopaedic", "06": "spinal", "08": "neurosciences"}
PROVIDERS = ["XD1", "XT1", "XI1", "XN1"]
NO_FACTOR = "XN1"
SPECIALTIES = ["100", "110", "300", "420", "999"]
CASUALTY = ["VB01Z", "VB02Z", "VB11Z", "VB99Z"]
NOT_IN_EACH = (
    *("practice_code", "commissioner_code", "specialty_code", "admission_method"),
    *("age_years", "sex", "intended_management", "administrative_category"),
)
"""What some episode of a spell may leave out."""

SHARES = {"children": 0.6, "orthopaedic": 0.245, "spinal": 0.32, "neurosciences": 0.2805}

ALLOWED: dict[str, list[Any]] = {
    "payment_unit": ["spell", None],
    "payable_hrg": ["max_tariff", "procedure_first", "supplied", None],
    "scope_admitted": [["DC", "EL", "NEL", "NELNE"], ["DC", "EL"], ["NEL", "DC"], ["NELNE"], None],
    "scope_outpatients": [True, False, None],
    "scope_emergency": [True, False, None],
    "outpatient_procedure": [
        *("mandatory", "mandatory list", "non-mandatory", "local", "none", None),
    ],
    "same_day_elective": ["day_case", "elective", None],
    "long_stay": ["per day beyond the trim point", "none", None],
    "trim_days_exclude": [
        *(["critical_care", "rehabilitation", "palliative"], ["palliative"]),
        *(["critical_care"], ["rehabilitation"], "none", None),
    ],
    "short_stay_emergency": ["per HRG", "none", None],
    "short_stay_longest_days": [0, 1, 2, 4, "none", None],
    "short_stay_youngest_years": [0, 16, 19, "none", None],
    "short_stay_los": ["raw", "adjusted", "none", None],
    "specialised_top_up": [SHARES, {**SHARES, "children": 0.785}, "none", None],
    "specialised_top_up_base": ["base", "base+long_stay", "none", None],
    "market_forces_factor": ["in_price", "paid_centrally", "none", None],
}
"""The values that prices can follow, of every rule that a spell or attendance needs."""


def rule_changes(seed: int, years: list[str]) -> dict[str, dict[str, Any]]:
    """Change some rules of each year at random: mostly to known values, now and then to none."""
    r = random.Random(seed)
    chosen: dict[str, dict[str, Any]] = {}
    for year in years:
        for name, values in ALLOWED.items():
            known = [v for v in values if v is not None]
            which = r.random()
            if which < 0.75:
                chosen.setdefault(year, {})[name] = r.choice(known)
            elif which < 0.8 and f"{name} unknown" not in NOT_DRAWN:
                chosen.setdefault(year, {})[name] = None
    return chosen


def write_rules(changes: dict[str, dict[str, Any]], folder: Path) -> None:
    """Write changed rules as a user would, one file a year."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    for year, values in changes.items():
        told = {
            name: {"value": value, **({"missing": "not held"} if value is None else {})}
            for name, value in values.items()
        }
        path = folder / "rules" / f"{year.replace('/', '-')}.yaml"
        path.write_text(
            yaml.safe_dump({"title": "changed", "source": "own", "rules": told}), encoding="utf-8"
        )


def tables(seed: int, years: list[str], rules: dict[str, dict[str, Any]]) -> Tables:
    """Invent the prices of every year, with every kind of gap in each."""
    found = Tables({}, {}, {}, {})
    for place, year in enumerate(years):
        r = random.Random(f"{seed} {year}")
        where = ("apart", "with the tariff", "apart", "nowhere")[(place + seed) % 4]
        found.tariff[year] = {hrg: _prices(r, where == "with the tariff") for hrg in HRGS[:-2]}
        unclear = "same_day_elective unknown, and it decides which HRG is dearest" in NOT_DRAWN
        if unclear and rules[year]["same_day_elective"] is None:
            _combine(found.tariff[year])
        if where == "apart":
            found.short_stay[year] = {
                hrg: {"short_stay_emergency_share": _share(r)} for hrg in r.sample(HRGS, 24)
            }
        found.mff[year] = {
            p: Fraction(1_000_000 + r.randrange(0, 320_000), 1_000_000)
            for p in PROVIDERS
            if p != NO_FACTOR
        }
        found.outpatient[year] = {
            s: {
                "first_attendance_pence": None if r.random() < 0.1 else r.randrange(5000, 30000),
                "follow_up_attendance_pence": None if r.random() < 0.1 else r.randrange(1, 15000),
            }
            for s in SPECIALTIES[:-1]
        }
        found.emergency[year] = {h: r.randrange(3000, 40000) for h in CASUALTY[:-1]}
        _optional(r, (place + seed) % 8, year, found, rules[year]["specialised_top_up"])
    return found


def _combine(tariff: dict[str, Row]) -> None:
    """Give each HRG one price for day cases and stays, but the dearest, which has two."""
    for line in tariff.values():
        line["day_case_pence"] = line["elective_pence"]
    tariff[HRGS[0]] |= {"elective_pence": 2_000_000, "day_case_pence": 1_500_000}


def _optional(r: random.Random, turn: int, year: str, found: Tables, shares: Any) -> None:
    """Invent the tables that a year may be without: each is missing in one year of eight."""
    kinds = shares if isinstance(shares, dict) else {}
    is_drawn = bool(kinds) or "top-ups held, shares unknown" not in NOT_DRAWN
    if turn != 1 and is_drawn:
        found.top_up[year] = [
            {"specialised_code": code, "kind": kind, "provider_code": provider}
            for code, kind in CODES.items()
            if not kinds or kind in kinds
            for provider in (["*"] if kind == "orthopaedic" else r.sample(PROVIDERS, 2))
        ]
    if turn != 2:
        least = -4500 if "price below nothing" in NOT_DRAWN else -400_000
        found.adjustment[year] = {
            (provider, hrg, pod): r.randrange(least, 40000)
            for hrg in r.sample(HRGS, 10)
            for pod in r.sample(["DC", "EL", "NEL", "NELNE"], 2)
            for provider in r.sample([*PROVIDERS, "*"], 3)
        }
    if turn != 3:
        found.unbundled[year] = {h: r.randrange(1000, 90000) for h in UNBUNDLED[:-1]}


def _share(r: random.Random) -> Fraction | None:
    return r.choice([Fraction(1, 4), Fraction(45, 100), Fraction(7, 10), Fraction(1), None])


def _prices(r: random.Random, with_short_stay: bool) -> Row:
    """One HRG's line: few distinct prices, so that equals occur; every cell may be missing."""

    def price() -> int | None:
        return None if r.random() < 0.06 else r.choice([50000, 120000, r.randrange(40000, 900000)])

    elective = price()
    line = {
        "day_case_pence": elective if r.random() < 0.5 else price(),
        "elective_pence": elective,
        "non_elective_pence": price(),
        "outpatient_procedure_pence": r.randrange(5000, 40000) if r.random() < 0.4 else None,
        "elective_trim_days": None if r.random() < 0.15 else r.randrange(0, 12),
        "non_elective_trim_days": None if r.random() < 0.15 else r.randrange(0, 25),
        "long_stay_per_day_pence": None if r.random() < 0.15 else r.randrange(15000, 40000),
    }
    if with_short_stay:
        line["short_stay_emergency_share"] = _share(r)
        line["short_stay_emergency_pence"] = r.choice([None, None, r.randrange(20000, 300000)])
    return line


def write_tables(found: Tables, folder: Path) -> None:
    """Write the prices as the reference tables that the package reads."""
    by_code = {"tariff": found.tariff, "short_stay": found.short_stay}
    for subject, years in by_code.items():
        for year, lines in years.items():
            _write(folder, subject, year, [{"hrg": h, **line} for h, line in lines.items()])
    for year, factors in found.mff.items():
        told = [{"provider_code": p, "mff_ratio": f} for p, f in factors.items()]
        _write(folder, "mff", year, told)
    for year, lines in found.outpatient.items():
        told = [{"specialty_code": s, **line} for s, line in lines.items()]
        _write(folder, "outpatient", year, told)
    for subject, column, priced in (
        ("emergency", "attendance_pence", found.emergency),
        ("unbundled", "price_pence", found.unbundled),
    ):
        for year, prices in priced.items():
            _write(folder, subject, year, [{"hrg": h, column: p} for h, p in prices.items()])
    for year, eligible in found.top_up.items():
        _write(folder, "top_up", year, eligible)
    for year, agreed in found.adjustment.items():
        told = [
            {
                "provider_code": p,
                "hrg": h,
                "pod": pod,
                "adjustment_pence": pence,
                "reason": "agreed",
            }
            for (p, h, pod), pence in agreed.items()
        ]
        _write(folder, "adjustment", year, told)


def _write(folder: Path, subject: str, year: str, rows: list[Row]) -> None:
    (folder / subject).mkdir(parents=True, exist_ok=True)
    path = folder / subject / f"{year.replace('/', '-')}.csv"
    with path.open("w", encoding="utf-8", newline="") as opened:
        told = csv.DictWriter(opened, rows[0].keys())
        told.writeheader()
        for row in rows:
            told.writerow({k: _decimal(v) for k, v in row.items()})


def _decimal(value: Any) -> Any:
    return f"{float(value):.6f}" if isinstance(value, Fraction) else value


class Draw:
    """Random activity of the years, the same for the same seed."""

    def __init__(self, seed: int, years: list[str]) -> None:
        self.r = random.Random(seed)
        self.years = years
        self.n = 0

    def activity(self, n_spells: int, n_attendances: int) -> Activity:
        """Draw so many spells, appointments and A&E attendances of each year."""
        found = Activity()
        for year in self.years:
            first = dt.date(int(year[:4]), 4, 1)
            days = (first.replace(year=first.year + 1) - first).days
            for _ in range(n_spells):
                self._spell(found, first + dt.timedelta(int(self.r.random() * days)))
            for _ in range(n_attendances):
                on = first + dt.timedelta(int(self.r.random() * days))
                found.outpatients.append(self._appointment(on))
                found.emergency_attendances.append(self._arrival(on))
        return found

    def _often(self, share: float) -> bool:
        return self.r.random() < share

    def _hrg(self) -> str | None:
        x = self.r.random()
        if x < 0.94:
            return HRGS[int(x * len(HRGS) / 0.94)]
        return (None, UNKNOWN_HRG, UNGROUPABLE)[int((x - 0.94) * 49.9)]

    def _who(self) -> Row:
        c = self.r.choice
        return {
            "provider_code": c(PROVIDERS[:3]) if self._often(0.97) else NO_FACTOR,
            "practice_code": c(["X80001", "X80002", "X80003", None]),
            "commissioner_code": c(["5XA", "5XB", None]),
            "specialty_code": c(SPECIALTIES),
            "age_years": None if self._often(0.04) else int(self.r.random() * 60) // 3 * 2 + 3,
            "sex": c(["1", "2", None]),
        }

    def _codes(self, listed: list[str], share: float) -> str | None:
        if not self._often(share):
            return None
        return " ".join(self.r.choice(listed) for _ in range(1 + int(self.r.random() * 3)))

    def _spell(self, found: Activity, ended: dt.date) -> None:
        r, c = self.r, self.r.choice
        self.n += 1
        los = int(r.random() * 4) if r.random() < 0.6 else int(r.random() * 45)
        kind = c("1111111122345") if self._often(0.99) else None
        number = None if self._often(0.05) else "0000" if self._often(0.02) else f"S{self.n}"
        has_whole = self._often(0.25)
        spell = {
            **self._who(),
            "person_id": f"p{self.n}",
            "spell_number": number,
            "admission_date": ended - dt.timedelta(los),
            "admission_method": c(
                ["11", "12", "13", "21", "21", "22", "24", "2A", "28", "31", "82", "21", "11"]
            ),
            "admission_source": c(["19", "51", None]),
            "patient_class": kind,
            "intended_management": c(["1", "2", "2", None]),
            "administrative_category": c(["01"] * 20 + ["02", "03", None]),
            "discharge_destination": c(["19", "51", None]),
        }
        if self._often(0.02):
            spell["admission_method"] = c(["99", None])
        ended_on: dt.date | None = ended
        if self._often(0.01):
            ended_on = None
        elif self._often(0.01):
            ended_on = spell["admission_date"] - dt.timedelta(1)
        if has_whole and self._often(0.3):
            self._supplied(found, spell, ended_on, los)
            return
        several = 1 if self._often(0.6) else 2 + int(r.random() * 3)
        self._episodes(found, spell, several, ended_on, los)
        if has_whole and number is not None:
            self._whole(found, spell, ended_on, several, los)

    def _episodes(
        self, found: Activity, spell: Row, several: int, ended: dt.date | None, los: int
    ) -> None:
        """Episodes of one spell in any order, with ties; who and how is not told in each."""
        r, c = self.r, self.r.choice
        rows = []
        for order in range(several):
            row = {
                **spell,
                "episode_id": f"e{self.n}-{c('abcdefgh')}{order}",
                "episode_order": None if self._often(0.05) else 1 + order // c((1, 1, 2)),
                "episode_start": None
                if self._often(0.05)
                else spell["admission_date"] + dt.timedelta(los * order // several),
                "episode_end": None if self._often(0.05) else ended,
                "discharge_date": ended if order == several - 1 else c([None, ended]),
                "hrg": self._hrg(),
                "procedures": c([None, None, "W371"]),
                "critical_care_days": self._days(),
                "rehabilitation_days": self._days(),
                "palliative_days": self._days(),
                "unbundled_hrgs": self._codes(UNBUNDLED, 0.06),
                "specialised_codes": self._codes([*CODES, "99"], 0.1),
            }
            if several > 1 and self._often(0.3):
                for column in r.sample(NOT_IN_EACH, 2):
                    row[column] = None
            if several > 1 and self._often(0.1):
                row["admission_method"] = c(["11", "21", "31"])
            rows.append(row)
        if several > 1 and spell["patient_class"] in ("1", "2", "5") and self._often(0.03):
            rows[-1]["patient_class"] = c(["1", "3", None])
        r.shuffle(rows)
        found.episodes += rows

    def _days(self) -> int | None:
        return int(1 + self.r.random() * 9) if self._often(0.05) else self.r.choice((None, 0))

    def _whole(
        self, found: Activity, spell: Row, ended: dt.date | None, several: int, los: int
    ) -> None:
        """Facts that came for the whole of a spell whose episodes came too."""
        which = self.r.random()
        no_class = spell["patient_class"] is None
        if no_class and "class missing, facts for the whole" in NOT_DRAWN:
            return
        if which < 0.5:
            self._supplied(found, spell, ended, los)
        if which > 0.35:
            found.grouped_spells.append(
                {
                    "provider_code": spell["provider_code"],
                    "spell_number": spell["spell_number"],
                    "hrg": self._hrg(),
                    "unbundled_hrgs": self._codes(UNBUNDLED, 0.2),
                    "specialised_codes": self._codes([*CODES, "99"], 0.2),
                }
            )
        if which > 0.6 and spell["spell_number"].startswith("S"):
            found.grouped_episodes += [
                {
                    "provider_code": spell["provider_code"],
                    "spell_number": spell["spell_number"],
                    "episode_order": 1 + order,
                    "hrg": self._hrg(),
                }
                for order in range(several)
            ]

    def _supplied(self, found: Activity, spell: Row, ended: dt.date | None, los: int) -> None:
        """A spell as SUS gives it, with or without its episodes."""
        c = self.r.choice
        no_number = spell["spell_number"] is None or not spell["spell_number"].strip("0")
        alone = no_number or spell["patient_class"] in ("3", "4", None)
        bare = alone and "no number, facts for the whole" in NOT_DRAWN
        found.supplied_spells.append(
            {
                **spell,
                "spell_key": f"k{self.n}",
                "discharge_date": ended,
                "supplied_los_days": c([None, los, los]),
                "adjusted_los_days": c([None, los, los - int(self.r.random() * 5), los + 1]),
                "hrg": self._hrg(),
                "dominant_procedure": c([None, "W371"]),
                "unbundled_hrgs": None if bare else self._codes(UNBUNDLED, 0.2),
                "specialised_codes": None if bare else self._codes([*CODES, "99"], 0.2),
                "scope": None
                if bare
                else c([None, "In PbR", "Y", "1", "YES", "Y", "Not In PbR", "N", "0", "no"]),
            }
        )

    def _appointment(self, on: dt.date) -> Row:
        self.n += 1
        return {
            **self._who(),
            "attendance_id": f"o{self.n}",
            "person_id": f"p{self.n}",
            "appointment_date": on,
            "attendance_type": self.r.choice(["1", "2", "2", "1", "2", "3", "4", "9", None]),
            "attended": self.r.choice(["5", "6", "5", "5", "3", None]),
            "hrg": self._hrg(),
        }

    def _arrival(self, on: dt.date) -> Row:
        self.n += 1
        return {
            **self._who(),
            "attendance_id": f"a{self.n}",
            "person_id": f"p{self.n}",
            "arrival_date": on,
            "hrg": self.r.choice([*CASUALTY, *CASUALTY, None]),
        }
