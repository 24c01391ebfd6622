"""A second, slow calculation of the measures: a loop over landing rows, sharing no code.

Stays come from the extracts by way of `oracle`, the rest from the rows that were accepted.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb

from tests import oracle

Key = tuple[str, str, str]
Rows = list[dict[str, Any]]

DONE = ("5", "6")
MISSED = ("3", "7")


def key(practice: Any, specialty: Any, day: Any) -> Key:
    """Practice, specialty and month of one row."""
    return str(practice), specialty or "unknown", f"{day:%Y-%m}-01"


def counted(rows: Iterable[dict[str, Any]], day: str, *, where: Callable[[Any], bool]) -> Any:
    """Count rows by practice, specialty and month; all specialties as ALL."""
    found: defaultdict[Key, float] = defaultdict(float)
    for row in rows:
        if where(row):
            own = key(row["practice_code"], row["specialty_code"], row[day])
            found[own] += row.get("days", 1)
            found[own[0], "ALL", own[2]] += row.get("days", 1)
    return found


def landed(warehouse: Path, table: str) -> Rows:
    """The rows of a landing table."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        result = con.execute(f"SELECT * FROM {table}")
        names = [d[0] for d in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def stays(landing: Path, reference: Path) -> Rows:
    """Every finished stay: whose, how, when, its nights, and days beyond trim if it is priced."""
    prices = oracle.Prices(reference)
    found = []
    for members in oracle.spells(oracle.episodes(landing)).values():

        def first(column: str, of: Rows = members) -> str | None:
            return next((m[column] for m in of if m[column] not in oracle.NULLS), None)

        ends = [d for m in members if (d := oracle.day(m["DISDATE"]))]
        if not ends:
            continue
        nights = (max(ends) - min(d for m in members if (d := oracle.day(m["ADMIDATE"])))).days
        how, kind = first("ADMIMETH"), first("CLASSPAT")
        pod = (
            "RA" if kind in ("3", "4") else "DC" if kind == "2"
            else "EL" if how in ("11", "12", "13") else "NEL" if how in oracle.EMERGENCY
            else "NELNE"
        )  # fmt: skip
        year = oracle.year_of(max(ends))
        year = year if year in prices.years else oracle.next_year(year)
        priced = oracle.price(members, year, prices)
        beyond = None
        if priced["reason"] is None:
            rate = prices.tariff[year][str(priced["hrg"])]["long_stay_per_day_pence"]
            beyond = int(str(priced["long_stay"])) // int(rate or 1)
        found.append(
            {"practice_code": first("GPPRAC"), "specialty_code": first("TRETSPEF"), "pod": pod,
             "discharged": max(ends), "nights": nights, "beyond": beyond}
        )  # fmt: skip
    return found


def lists(warehouse: Path, months: list[str]) -> dict[tuple[str, str], float]:
    """The registered list of each practice in each month: the count of that year's 1 April."""
    sums: defaultdict[tuple[str, dt.date], float] = defaultdict(float)
    for row in landed(warehouse, "list_sizes"):
        sums[row["practice_code"], row["count_date"]] += row["n_patients"]
    found = {}
    for month in months:
        day = dt.date.fromisoformat(month)
        april = dt.date(day.year if day.month >= 4 else day.year - 1, 4, 1)
        for (practice, counted_on), n in sums.items():
            if counted_on == april:
                found[practice, month] = n
    return found


def measures(warehouse: Path, landing: Path, reference: Path) -> dict[str, tuple[Any, Any]]:
    """Numerator and denominator of each shipped measure; None for the registered list."""
    seen, ae = landed(warehouse, "outpatients"), landed(warehouse, "emergency_attendances")
    sent, stayed = landed(warehouse, "referrals"), stays(landing, reference)
    beyond = [s | {"days": s["beyond"]} for s in stayed if s["beyond"] is not None]

    def referrals(*codes: str) -> Any:
        return counted(sent, "request_date", where=lambda r: r["referral_source"] in codes)

    def outpatients(came: tuple[str, ...], *types: str) -> Any:
        return counted(
            seen,
            "appointment_date",
            where=lambda r: r["attended"] in came and r["attendance_type"] in types,
        )

    def attended(*disposals: str) -> Any:
        return counted(
            ae,
            "arrival_date",
            where=lambda r: (
                r["attendance_category"] != "2" and (not disposals or r["disposal"] in disposals)
            ),
        )

    def admitted(*pods: str, nights: Callable[[int], bool] = lambda n: True) -> Any:
        return counted(
            stayed, "discharged", where=lambda r: r["pod"] in pods and nights(r["nights"])
        )

    first, follow_up = outpatients(DONE, "1", "3"), outpatients(DONE, "2", "4")
    every = ("1", "2", "3", "4")
    return {
        "gp_referrals": (referrals("03"), None),
        "consultant_referrals": (referrals("05", "01", "02", "11"), None),
        "other_referrals": (referrals("04", "10", "92", "93", "06", "97"), None),
        "first_attendances": (first, None),
        "follow_up_attendances": (follow_up, None),
        "follow_ups_per_first": (follow_up, first),
        "elective_conversion": (admitted("DC", "EL"), first),
        "ae_attendances": (attended(), None),
        "ae_conversion": (attended("01"), attended()),
        "emergency_admissions": (admitted("NEL"), None),
        "zero_day_emergencies": (
            admitted("NEL", nights=lambda n: n == 0),
            admitted("NEL"),
        ),
        "elective_stays": (admitted("EL"), None),
        "day_cases": (admitted("DC"), None),
        "day_case_share": (admitted("DC"), admitted("DC", "EL")),
        "excess_bed_days": (counted(beyond, "discharged", where=lambda r: True), None),
        "missed_appointments": (
            outpatients(MISSED, *every),
            outpatients((*MISSED, *DONE), *every),
        ),
    }


def expected(warehouse: Path, source: str, first: str, last: str) -> dict[tuple[str, str], float]:
    """What each practice would refer in each month at the rates of all, by age and sex (slow)."""

    def stratum(sex: str, age: Any) -> tuple[str, int]:
        return sex, min(int(str(age).removesuffix("+")) // 5, 18)

    events: defaultdict[Any, float] = defaultdict(float)
    observed: defaultdict[str, float] = defaultdict(float)
    for row in landed(warehouse, "referrals"):
        if row["referral_source"] == source:
            events[stratum(row["sex"], row["age_years"])] += 1
            observed[f"{row['request_date']:%Y-%m}-01"] += 1
    people: defaultdict[Any, float] = defaultdict(float)
    for row in landed(warehouse, "list_sizes"):
        for m in range(12):
            april = row["count_date"]
            month = f"{april.year + (m > 8)}-{(m + 3) % 12 + 1:02d}-01"
            if first <= month <= last:
                at = stratum(row["sex"], row["age"])
                people[row["practice_code"], month, at] += row["n_patients"]
    in_all: defaultdict[Any, float] = defaultdict(float)
    for (_, _, at), n in people.items():
        in_all[at] += n
    raw: defaultdict[tuple[str, str], float] = defaultdict(float)
    for (practice, month, at), n in people.items():
        raw[practice, month] += n * events[at] / in_all[at] if n else 0
    level: defaultdict[str, float] = defaultdict(float)
    for (_, month), value in raw.items():
        level[month] += value
    return {(p, m): value * observed[m] / level[m] for (p, m), value in raw.items()}
