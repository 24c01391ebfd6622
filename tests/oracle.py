"""A second, slow calculation of spells and prices, in plain Python from the guidance.

It shares no code with the package: it reads the extracts and the reference tables as text, and
works with dictionaries and whole pence.
"""

import csv
import datetime as dt
import decimal
from collections import defaultdict
from pathlib import Path

NULLS = {"", "-", "&", "X"}
EMERGENCY = {"21", "22", "23", "24", "25", "2A", "2B", "2C", "2D", "28"}
OTHER_NON_ELECTIVE = {"31", "32", "81", "82", "83"}


def day(text: str) -> dt.date | None:
    return None if text in NULLS else dt.date.fromisoformat(text)


def year_of(date: dt.date) -> str:
    first = date.year if (date.month, date.day) >= (4, 1) else date.year - 1
    return f"{first}/{str(first + 1)[-2:]}"


def next_year(year: str) -> str:
    return f"{int(year[:4]) + 1}/{str(int(year[:4]) + 2)[-2:]}"


def episodes(folder: Path) -> list[dict[str, str]]:
    """Every row of the extracts that a careful reader would keep."""
    kept: dict[str, tuple[str, dict[str, str]]] = {}
    for file in sorted(folder.glob("apc_*.csv")):
        with file.open(encoding="utf-8", newline="") as opened:
            lines = list(csv.reader(opened))
        for cells in lines[1:]:
            if len(cells) != len(lines[0]):
                continue
            row = dict(zip(lines[0], cells, strict=True))
            try:
                dates = [day(row[c]) for c in ("ADMIDATE", "DISDATE", "EPISTART", "EPIEND")]
            except ValueError:
                continue
            must = ("EPIKEY", "PROCODE3", "PSEUDO_HESID")
            if dates[0] is None or any(row[c] in NULLS for c in must):
                continue
            if row["EPISTAT"] not in ("3", "") or row["EPIORDER"] in ("98", "99"):
                continue
            earlier = kept.get(row["EPIKEY"])
            if earlier is None or earlier[0] == file.name:
                kept[row["EPIKEY"]] = (file.name, row)
    return [row for _, row in kept.values()]


def spells(rows: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Episodes by spell, in order."""
    grouped: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        if row["CLASSPAT"] in ("3", "4"):
            key = row["EPIKEY"]
        elif row["PROVSPNO"] not in NULLS:
            key = f"{row['PSEUDO_HESID']}|{row['PROVSPNO']}"
        else:
            key = f"{row['PSEUDO_HESID']}|{row['ADMIDATE']}"
        grouped[f"{row['PROCODE3']}|{key}"].append(row)
    for key, members in grouped.items():
        grouped[key] = sorted(
            members,
            key=lambda r: (
                day(r["EPISTART"]) or dt.date.max,
                int(r["EPIORDER"] or 10**6),
                day(r["EPIEND"]) or dt.date.max,
                r["EPIKEY"],
            ),
        )
    return dict(grouped)


class Prices:
    """The reference tables of the years held, as text turned into whole pence."""

    def __init__(self, folder: Path) -> None:
        self.years = sorted(p.stem.replace("-", "/") for p in (folder / "tariff").glob("*.csv"))
        self.tariff = {y: self._read(folder / "tariff", y, "hrg") for y in self.years}
        self.mff = {y: self._read(folder / "mff", y, "provider_code") for y in self.years}
        self.short = {y: self._read(folder / "short_stay", y, "hrg") for y in self.years}

    @staticmethod
    def _read(folder: Path, year: str, key: str) -> dict[str, dict[str, str]]:
        with (folder / f"{year.replace('/', '-')}.csv").open(newline="", encoding="utf-8") as f:
            return {r[key]: r for r in csv.DictReader(f)}


def rounded(pence: decimal.Decimal) -> int:
    """Half a penny goes up."""
    return int(pence.quantize(decimal.Decimal(1), rounding=decimal.ROUND_HALF_UP))


def with_mff(pence: int, ratio: str) -> int:
    """Market forces adjustment, rounded half up to the penny."""
    return rounded(decimal.Decimal(pence) * (decimal.Decimal(ratio) - 1))


def price(members: list[dict[str, str]], year: str | None, prices: Prices) -> dict[str, object]:
    """Price one spell at one year's tariff, or say why not."""

    def first(column: str) -> str | None:
        return next((m[column] for m in members if m[column] not in NULLS), None)

    discharged = max((d for m in members if (d := day(m["DISDATE"]))), default=None)
    admitted = min(d for m in members if (d := day(m["ADMIDATE"])))
    how, kind = first("ADMIMETH"), first("CLASSPAT")
    if kind in ("3", "4"):
        pod = "RA"
    elif kind == "2":
        pod = "DC"
    elif how in ("11", "12", "13"):
        pod = "EL"
    elif how in EMERGENCY:
        pod = "NEL"
    elif how in OTHER_NON_ELECTIVE:
        pod = "NELNE"
    else:
        pod = None
    column = {"DC": "day_case_pence", "EL": "elective_pence"}.get(pod or "", "non_elective_pence")
    hrgs = [m["SUSHRG"] for m in members if m["SUSHRG"] not in NULLS]
    if not hrgs:
        return {"reason": "no_hrg"}
    tariff = prices.tariff[year] if year else {}

    def worth(hrg: str) -> int:
        if hrg not in tariff:
            return -2
        return int(tariff[hrg][column] or -1) if pod not in (None, "RA") else -1

    hrg = max(hrgs, key=worth)
    if hrg == "UZ01Z":
        return {"reason": "ungroupable"}
    if discharged is None:
        return {"reason": "open_spell"}
    if discharged < admitted:
        return {"reason": "dates_disagree"}
    if pod == "RA":
        return {"reason": "regular_attender"}
    if pod is None:
        return {"reason": "unknown_admission_method"}
    if year is None:
        return {"reason": "no_tariff_year"}
    if hrg not in tariff:
        return {"reason": "unknown_hrg"}
    if not tariff[hrg][column]:
        return {"reason": "no_price_for_admission"}
    provider = members[0]["PROCODE3"]
    if provider not in prices.mff[year]:
        return {"reason": "no_mff"}
    trim = "elective_trim_days" if pod in ("DC", "EL") else "non_elective_trim_days"
    critical = sum(int(m["CRITICALCAREDAYS"] or 0) for m in members)
    stayed = max(0, (discharged - admitted).days - critical)
    beyond = max(0, stayed - int(tariff[hrg][trim])) if tariff[hrg][trim] else 0
    rate = tariff[hrg]["long_stay_per_day_pence"]
    if beyond and not rate:
        return {"reason": "no_long_stay_rate"}
    base, extra = int(tariff[hrg][column]), beyond * int(rate or 0)
    share = prices.short[year].get(hrg, {}).get("short_stay_emergency_share", "")
    reduction = 0
    if pod == "NEL" and (discharged - admitted).days < 2 and share:
        age = first("STARTAGE")
        years = int(age) if age is not None and age.isdigit() else 999
        if years > 120 and not 7001 <= years <= 7007:
            return {"reason": "no_age"}
        if 19 <= years <= 120:
            reduction = rounded(decimal.Decimal(base) * decimal.Decimal(share)) - base
    mff = with_mff(base + reduction + extra, prices.mff[year][provider]["mff_ratio"])
    return {
        "reason": None,
        "hrg": hrg,
        "pod": pod,
        "base": base,
        "short_stay": reduction,
        "long_stay": extra,
        "mff": mff,
        "price": base + reduction + extra + mff,
        "practice": first("GPPRAC"),
    }


def reprice(folder: Path, reference: Path) -> dict[tuple[str, str | None], dict[str, object]]:
    """Every spell at its own year's tariff and the next year's, by (spell, price year)."""
    prices = Prices(reference)
    found: dict[tuple[str, str | None], dict[str, object]] = {}
    for key, members in spells(episodes(folder)).items():
        ends = [d for m in members if (d := day(m["DISDATE"]))]
        own = year_of(max(ends)) if ends else None
        wanted = [y for y in (own, next_year(own) if own else None) if y in prices.years]
        for year in wanted or [None]:
            found[key, year] = price(members, year, prices)
    return found
