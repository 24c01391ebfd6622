"""Prices for the oracle, invented and full of gaps, and rules changed at random.

Nothing here is official: codes, prices and shares are made up, and differ from year to year.
"""

import csv
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from tests.oracle_rules import Tables
from tests.oracle_spells import Row

NOT_DRAWN: frozenset[str] = frozenset()
"""Cases that the models do not price as the rulebook says: take one out, and it is drawn."""

HRGS = [f"Q{letter}{n:02d}Z" for letter in "ABCD" for n in range(8)]
UNKNOWN_HRG, UNGROUPABLE = "QX99Z", "UZ01Z"
UNBUNDLED = ["RN01A", "RD04Z", "XD09Z", "XX99Z"]
CODES = {"23": "children", "34": "orthopaedic", "3": "spinal", "08": "neurosciences"}
PROVIDERS = ["XD1", "XT1", "XI1", "XN1"]
NO_FACTOR = "XN1"
SPECIALTIES = ["100", "110", "300", "420", "999"]
CASUALTY = ["VB01Z", "VB02Z", "VB11Z", "VB99Z"]
SHARES = {"children": 0.6, "orthopaedic": 0.245, "spinal": 0.32, "neurosciences": 0.2805}

ALLOWED: dict[str, list[Any]] = {
    "payment_unit": ["spell", None],
    "payable_hrg": ["max_tariff", "procedure_first", "supplied", None],
    "scope_admitted": [*([["DC", "EL", "NEL", "NELNE"]] * 4), ["DC", "EL"], ["NEL", "NELNE"], None],
    "scope_outpatients": [True, False, None],
    "scope_emergency": [True, False, None],
    "outpatient_procedure": [
        *("mandatory", "mandatory list", "non-mandatory", "local", "none", None),
    ],
    "same_day_elective": ["day_case", "elective", None],
    "long_stay": ["per day beyond the trim point", "per day beyond the trim point", "none", None],
    "trim_days_exclude": [
        *(["critical_care", "rehabilitation", "palliative"], ["palliative"]),
        *(["critical_care"], ["rehabilitation"], "none", None),
    ],
    "short_stay_emergency": ["per HRG", "per HRG", "per HRG", "none", None],
    "short_stay_longest_days": [0, 1, 2, 4, 5, 6, "none", None],
    "short_stay_youngest_years": [0, 15, 19, 25, "none", None],
    "short_stay_los": ["raw", "adjusted", "none", None],
    "specialised_top_up": [SHARES, SHARES, {**SHARES, "children": 0.785}, "none", None],
    "specialised_top_up_base": ["base", "base+long_stay", "base+long_stay", "none", None],
    "market_forces_factor": ["in_price", "in_price", "paid_centrally", "none", None],
}
"""The values that prices can follow, of every rule that a spell or attendance needs."""


HIDING = {"scope_admitted", "payable_hrg", "market_forces_factor"}
"""Where one of these is unknown nothing has a price, and the rest of the rules is not seen."""


def rule_changes(seed: int, years: list[str]) -> dict[str, dict[str, Any]]:
    """Change some rules of each year at random: mostly to known values, now and then to none."""
    r = random.Random(seed)
    chosen: dict[str, dict[str, Any]] = {}
    for year in years:
        for name, values in ALLOWED.items():
            known = [v for v in values if v is not None]
            unknown = 0.04 if name in HIDING else 0.14
            which = r.random()
            if which < unknown and f"{name} unknown" not in NOT_DRAWN:
                chosen.setdefault(year, {})[name] = None
            elif which < 0.85:
                chosen.setdefault(year, {})[name] = r.choice(known)
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
            for provider in (["*"] if kind == "orthopaedic" else r.sample(PROVIDERS, 3))
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
    line: Row = {
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
