"""All that the model `indicator_counts` counts, counted slowly over drawn rows."""

import datetime as dt
from collections import defaultdict
from typing import Any

import pandas as pd

LIFELONG = {
    **dict.fromkeys(("E10", "E11", "E13", "E14"), "diabetes"),
    **{"G81": "hemiplegia", "G20": "parkinson", "G35": "ms", "J44": "copd", "I50": "heart"},
    **{"N18": "kidney", "F00": "dementia", "F01": "dementia", "F03": "dementia"},
    **{"M05": "arthritis", "M06": "arthritis"},
}

Rows = list[dict[str, Any]]
Counts = dict[tuple[str, str, dt.date], tuple[int, int]]


def slow_counts(
    beds: Rows,
    pods: dict[str, str],
    seen: Rows,
    casualty: Rows,
    asked: Rows,
    earlier: Rows,
    tariff: pd.DataFrame,
) -> Counts:
    """Count all that the model counts, by loops over the rows as they were drawn."""
    sums: defaultdict[tuple[str, str, dt.date], list[int]] = defaultdict(lambda: [0, 0])
    sent: defaultdict[tuple[str, dt.date], set[str]] = defaultdict(set)

    def add(name: str, row: dict[str, Any], day: dt.date, upper: int, lower: int) -> None:
        cell = sums[name, row["provider_code"], day.replace(day=1)]
        cell[0] += upper
        cell[1] += lower

    def there(kind: str, row: dict[str, Any], day: dt.date) -> None:
        sent[row["provider_code"], day.replace(day=1)].add(kind)

    held = [{**r, "pod": pods[r["spell_number"]]} for r in beds if r["spell_number"] in pods]
    for r in held:
        r["los"] = (r["discharge_date"] - r["admission_date"]).days
        r["op"] = r["procedures"].split()[0] if r["procedures"] else None
    kept = [r for r in held if r["pod"] != "RA"]
    seen = [r for r in seen if r["attended"] in ("5", "6")]
    short = [
        r for r in kept if r["op"] and (r["pod"] == "DC" or (r["pod"] == "EL" and r["los"] <= 1))
    ]
    ways = {op: {r["pod"] for r in short if r["op"] == op} for op in {r["op"] for r in short}}
    clinics = {r["procedures"].split()[0] for r in seen if r["procedures"]}
    both = {r["op"] for r in short if r["pod"] == "DC"} & clinics
    unbundlers = {r["provider_code"] for r in held if r["unbundled_hrgs"]}

    def order(r: dict[str, Any]) -> tuple[Any, ...]:
        key = f"{r['provider_code']}|{r['person_id']}|{r['spell_number']}"
        return r["admission_date"], r["discharge_date"], key

    kept.sort(key=order)
    for place, r in enumerate(kept):
        day, pod, los = r["discharge_date"], r["pod"], r["los"]
        before = [b for b in kept[:place] if b["person_id"] == r["person_id"]]
        there("stays", r, day)
        if r["coding_depth"]:
            add("coding_depth", r, day, r["coding_depth"] - 1, 1)
        if r["diagnoses"]:
            known = [{LIFELONG.get(c[:3]) for c in (b["diagnoses"] or "").split()} for b in before]
            mine = {LIFELONG.get(c[:3]) for c in r["diagnoses"].split()}
            for condition in set(LIFELONG.values()):
                if sum(condition in one for one in known) >= 2:
                    add("lifelong_carried_forward", r, day, int(condition in mine), 1)
        first = (r["primary_diagnosis"] or "").replace(".", "")
        if pod == "NEL":
            there("emergencies", r, day)
            if first[:3] in ("A40", "A41"):
                add("sepsis_share", r, day, 1, 1)
            elif first[:3] in ("J12", "J13", "J14", "J15", "J16", "J17", "J18") or first == "N390":
                add("sepsis_share", r, day, 0, 1)
            is_alive = r["discharge_method"] != "4" and r["discharge_destination"] != "79"
            add("zero_day_rate", r, day, int(los == 0 and not r["op"] and is_alive), 0)
            if r["main_specialty_code"]:
                add("decision_unit_share", r, day, int(r["main_specialty_code"] == "180"), 1)
        if r in short and len(ways[r["op"]]) == 2:
            add("elective_ordinary_share", r, day, int(pod == "EL"), 1)
        if pod == "DC":
            if r["op"] in both:
                add("day_case_of_procedures", r, day, 1, 1)
            same = [
                b
                for b in before
                if b["pod"] == "DC"
                and b["provider_code"] == r["provider_code"]
                and (b["op"] or b["hrg"]) == (r["op"] or r["hrg"])
                and (day - b["discharge_date"]).days <= 365
            ]
            if len(same) >= 5:
                add("repeated_day_cases", r, day, 1, 1)
        else:
            trust = [b for b in before if b["provider_code"][:3] == r["provider_code"][:3]]
            away = (r["admission_date"] - trust[-1]["discharge_date"]).days if trust else None
            add("spell_splitting", r, day, int(away in (0, 1, 2)), 1)
            year = f"{day.year - (day.month < 4)}/{(day.year - (day.month < 4) + 1) % 100}"
            if (r["hrg"], year) in tariff.index:
                of = tariff.loc[(r["hrg"], year)]
                trim = of["elective_trim_days" if pod == "EL" else "non_elective_trim_days"]
                if not pd.isna(trim) and los - trim in (-1, 0, 1, 2):
                    add("trim_point_bunching", r, day, 1 if los > trim else -1, 1)
                share = of["short_stay_millionths"]
                if pod == "NEL" and not pd.isna(share) and share < 1_000_000 and los <= 3:
                    add("two_day_bunching", r, day, 1 if los >= 2 else -1, 1)
        add("ward_attender_rate", r, day, 0, 1)
        if r["provider_code"] in unbundlers:
            add("unbundled_rate", r, day, len((r["unbundled_hrgs"] or "").split()), 1)
    for r in held:
        if r["pod"] == "RA":
            add("repeated_day_cases", r, r["discharge_date"], 0, 1)
    twice = set()
    providers = {r["provider_code"] for r in asked}
    since = {p: min(r["request_date"] for r in asked if r["provider_code"] == p) for p in providers}
    for r in seen:
        day = r["appointment_date"]
        if r["procedures"] and r["procedures"].split()[0] in both:
            add("day_case_of_procedures", r, day, 0, 1)
            there("procedures", r, day)
        if r["attendance_type"] in ("1", "2"):
            add("first_share", r, day, int(r["attendance_type"] == "1"), 1)
        if r["attendance_type"] == "1":
            if r["referral_source"]:
                add("consultant_to_consultant", r, day, int(r["referral_source"] == "05"), 1)
            if (day - since[r["provider_code"]]).days >= 365:
                there("firsts", r, day)
                keys = ("person_id", "provider_code", "specialty_code")
                is_matched = any(
                    all(a[k] == r[k] for k in keys) and 0 <= (day - a["request_date"]).days <= 365
                    for a in asked
                )
                add("firsts_unreferred", r, day, int(not is_matched), 0)
        if r["main_specialty_code"]:
            there("clinics", r, day)
            add("ward_attender_rate", r, day, int(r["main_specialty_code"] == "950"), 0)
        visit = (r["provider_code"], r["person_id"], day, r["specialty_code"])
        add("same_day_duplicates", r, day, int(visit in twice), 1)
        twice.add(visit)
    for r in casualty:
        if r["department_type"] in ("1", "01", None) and r["attendance_category"] != "2":
            add("zero_day_rate", r, r["arrival_date"], 0, 1)
            there("casualty", r, r["arrival_date"])
    for r in asked:
        add("firsts_unreferred", r, r["request_date"], 0, 1)
        there("referrals", r, r["request_date"])
    pence = tariff["non_elective_pence"].xs("2018/19", level="financial_year").to_dict()
    for r in beds:
        olds = [o for o in earlier if o["spell_number"] == r["spell_number"] and o["load_id"] == 1]
        risen = pence[r["hrg"]] - pence[olds[0]["hrg"]] if olds else 0
        if risen:
            add("recoded_dearer", r, r["discharge_date"], 1 if risen > 0 else -1, 1)
    needs = {
        "day_case_of_procedures": {"stays", "procedures"},
        "zero_day_rate": {"emergencies", "casualty"},
        "firsts_unreferred": {"firsts", "referrals"},
        "ward_attender_rate": {"clinics", "stays"},
    }
    return {
        (name, provider, month): (upper, lower)
        for (name, provider, month), (upper, lower) in sums.items()
        if lower > 0 and needs.get(name, set()) <= sent[provider, month]
    }
