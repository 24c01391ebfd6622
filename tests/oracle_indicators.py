"""All that indicators count, slowly: the model's from drawn rows, the search's from spells."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction
from math import fsum, isnan
from statistics import median
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
Cells = dict[tuple[str, str, dt.date], tuple[float, float, float]]
"""By indicator, provider and month: above the line, below it, and the sum of squares."""


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


def slow_search(
    spells: Rows, roots: dict[str, str], pence: dict[str, float | None], fewest: float
) -> Cells:
    """
    Count all that rests on dear classes and on severity, by loops over spells.

    Of the product it takes the root and the score of each spell; which classes are dear, means,
    shrinkage and the statistics of sections 4.3 and 4.8 of the design are its own.

    Parameters
    ----------
    spells : list of dict, one per spell
        In the columns of `Prepared.spells`; what is not known is None.
    roots, pence : dict, one entry per HRG of the tariff
        Its root, and its list price in the latest year.
    fewest : float
        Spells a month that a series must have had in the first two years.
    """
    sums: defaultdict[tuple[str, str, dt.date], list[list[float]]] = defaultdict(
        lambda: [[], [], []]
    )

    def add(name: str, row: dict[str, Any], upper: float, lower: float, square: float = 0) -> None:
        for cell, value in zip(
            sums[name, row["provider_code"], row["month"]], (upper, lower, square), strict=True
        ):
            cell.append(float(value))

    first = min(r["month"] for r in spells)
    for r in spells:
        r["at"] = _months_from(first, r["month"])
    early = [r for r in spells if r["at"] < 24]
    dear = _dear(roots, pence, Counter(r["hrg"] for r in early))
    split = {root for root in roots.values() if any(roots[h] == root for h in dear)}

    stays: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    weights: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for r in early:
        if r["pod"] != "DC":
            stays[r["hrg"], r["root"]].append(r["los_days"])
        if pence.get(r["hrg"]) is not None:
            weights[r["provider_code"], r["root"]].append(pence[r["hrg"]] or 0)
    listed = [pence[r["hrg"]] for r in spells if pence.get(r["hrg"]) is not None]
    usual_weight = _mean(x or 0 for x in listed)

    paid: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    payees: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for r in spells:
        long_stay = r["long_stay_pence"]
        r["paid"] = None if None in (r["price_pence"], long_stay) else r["price_pence"] - long_stay
        if r["paid"] is not None and r["price_year"] is not None:
            paid[r["root"], r["price_year"]].append(r["paid"])
            payees[r["root"], r["price_year"]].add(r["provider_code"])
    means = {key: _mean(values) for key, values in paid.items()}

    for r in spells:
        r["dear"] = r["hrg"] in dear
        r["split"] = roots.get(r["hrg"]) in split
        if r["split"]:
            add("top_severity_share", r, r["dear"], 1)
        if r["dear"]:
            if r["coding_depth"]:
                # The depth counts the first diagnosis as well.
                add("single_diagnosis_dear", r, r["coding_depth"] == 2, 1)
            mine = stays[r["hrg"], r["root"]]
            if r["pod"] != "DC" and len(mine) >= 20 and sum(mine):
                is_short = r["los_days"] < Fraction(4, 5) * Fraction(sum(mine), len(mine))
                add("short_for_hrg", r, is_short, 1)
            is_severe = r["discharge_destination"] == "79" or (r["critical_care_days"] or 0) > 0
            add("severe_outcomes", r, is_severe, 1)
        key = (r["root"], r["price_year"])
        if r["paid"] is not None and len(payees.get(key, ())) > 1:
            off = r["paid"] - means[key]
            add("excess_tariff_index", r, r["paid"], means[key], off**2)
        before = weights.get((r["provider_code"], r["root"]))
        if before and pence.get(r["hrg"]) is not None:
            risen = (pence[r["hrg"]] or 0) - _mean(before)
            add("within_root_weight", r, risen, usual_weight, risen**2)
    for name, row, upper, lower, square in _severity(spells, first, fewest):
        add(name, row, upper, lower, square)
    return {key: (fsum(x), fsum(n), fsum(s)) for key, (x, n, s) in sums.items()}


def _dear(
    roots: dict[str, str], pence: dict[str, float | None], volume: Counter[str]
) -> dict[str, str]:
    """List the dear classes: the dearest that together come nearest to a third of their root."""
    found = {}
    for root in set(roots.values()):
        classes = [hrg for hrg, own in roots.items() if own == root]
        if sum(volume[hrg] > 0 for hrg in classes) < 2:
            continue
        classes.sort(key=lambda hrg: (pence[hrg] is None, -(pence[hrg] or 0), hrg))
        whole = sum(volume[hrg] for hrg in classes)
        held = [sum(volume[hrg] for hrg in classes[: n + 1]) for n in range(len(classes) - 1)]
        off = [abs(Fraction(n, whole) - Fraction(1, 3)) for n in held]
        found |= dict.fromkeys(classes[: off.index(min(off)) + 1], root)
    return found


def _severity(
    spells: Rows, first: dt.date, fewest: float
) -> Iterable[tuple[str, dict[str, Any], float, float, float]]:
    """Give impostors and hidden severe of every series and month in which they can be told."""
    mine: defaultdict[tuple[str, str], defaultdict[int, Rows]] = defaultdict(
        lambda: defaultdict(list)
    )
    for r in spells:
        if r["split"]:
            mine[r["provider_code"], r["root"]][r["at"]].append(r)
    last = max(r["at"] for r in spells)
    if last < 24:
        return
    series = {
        key: by_month
        for key, by_month in mine.items()
        if sum(len(by_month[t]) for t in range(24)) >= fewest * 24
    }
    partial = {p: _partial([s for (q, _), s in series.items() if q == p], last) for p, _ in series}
    base = {}
    for (provider, root), by_month in series.items():
        rows = [r for t in range(24) if t not in partial[provider] for r in by_month[t]]
        dear = [r["q"] for r in rows if r["dear"]]
        cheap = [r["q"] for r in rows if not r["dear"]]
        share = (len(dear) + 0.5) / (len(rows) + 1)
        base[provider, root] = {
            "p": (share, share * (1 - share) / (len(rows) + 1)),
            "mu1": (_mean(dear), 1 / max(len(dear), 1)),
            "mu0": (_mean(cheap), 1 / max(len(cheap), 1)),
            "d": (_mean(dear) - _mean(cheap), 1 / max(len(dear), 1) + 1 / max(len(cheap), 1)),
            "is_usable": bool(dear and cheap and not any(t < 24 for t in partial[provider])),
        }
    for (provider, root), by_month in series.items():
        if not base[provider, root]["is_usable"]:
            continue
        peers = [one for (_, other), one in base.items() if other == root]
        p, mu1, mu0, d = (
            _shrunk(base[provider, root][name], [one[name] for one in peers])
            for name in ("p", "mu1", "mu0", "d")
        )
        p, d = min(max(p, 1e-3), 1 - 1e-3), max(d, 0.2)
        told = {}
        for t in range(last + 1):
            if t in partial[provider] or not by_month[t]:
                continue
            n = len(by_month[t])
            dear = [r["q"] for r in by_month[t] if r["dear"]]
            cheap = [r["q"] for r in by_month[t] if not r["dear"]]
            k = len(dear)
            c = (mu1 * k - fsum(dear)) / (d * n)
            h = (fsum(cheap) - mu0 * (n - k)) / (d * n)
            # Of those not severe 4% are recorded as dear, of the severe 10% as cheap.
            c_by_chance = max(k, 1) / (d * n) ** 2 + 0.04 * (1 - p) / n
            h_by_chance = max(n - k, 1) / (d * n) ** 2 + (1 - 0.90) * p / n
            told[t] = (n, c, h, c_by_chance, h_by_chance)
        held = [one for t, one in told.items() if t < 24]
        whole = sum(n for n, *_ in held)
        usual_c = fsum(n * c for n, c, *_ in held) / whole
        usual_h = fsum(n * h for n, _, h, *_ in held) / whole
        for t, (n, c, h, c_by_chance, h_by_chance) in told.items():
            year, month = divmod(first.month - 1 + t, 12)
            row = {"provider_code": provider, "month": dt.date(first.year + year, month + 1, 1)}
            yield "impostor_index", row, n * (c - usual_c), n, n**2 * c_by_chance
            yield "hidden_severe_index", row, n * (h - usual_h), n, n**2 * h_by_chance


def _partial(series: list[defaultdict[int, Rows]], last: int) -> set[int]:
    """List the months with less than 60% of the median of the provider's months so far."""
    totals = [sum(len(one[t]) for one in series) for t in range(last + 1)]
    return {t for t, n in enumerate(totals) if n < 0.6 * median(totals[: max(t, 24)])}


def _shrunk(mine: tuple[float, float], peers: list[tuple[float, float]]) -> float:
    """Draw an estimate to the median of its peers by empirical Bayes."""
    peers = [one for one in peers if not isnan(one[0])]
    middle = median(estimate for estimate, _ in peers)
    spread = _mean((estimate - middle) ** 2 for estimate, _ in peers)
    spread = max(spread - _mean(variance for _, variance in peers), 1e-4)
    estimate, variance = mine
    return (estimate / variance + middle / spread) / (1 / variance + 1 / spread)


def _mean(values: Iterable[float]) -> float:
    """Give the mean; not a number of nothing."""
    held = list(values)
    return fsum(held) / len(held) if held else float("nan")


def _months_from(first: dt.date, month: dt.date) -> int:
    """Count the months between two months."""
    return (month.year - first.year) * 12 + month.month - first.month
