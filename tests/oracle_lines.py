"""The oracle's prices as the lines that the package keeps, one a spell, code or cell."""

from collections import Counter
from typing import Any

from tests.oracle_rules import Pricing, price_years
from tests.oracle_spells import Row, Spell, year_of

SPELL_COLUMNS = (
    *("spell_id", "price_year", "is_reported", "person_id", "provider_code", "commissioner_code"),
    *("practice_code", "specialty_code", "pod", "hrg", "admission_date", "discharge_date"),
    *("financial_year", "n_episodes", "los_days", "age_years", "sex", "base_pence"),
    *("short_stay_pence", "long_stay_pence", "top_up_pence", "other_pence", "mff_pence"),
    *("price_pence", "unpriced_reason", "paid_los_days", "excess_bed_days"),
)
LINE_COLUMNS = (
    *("spell_id", "position", "hrg", "provider_code", "commissioner_code", "practice_code"),
    *("specialty_code", "pod", "discharge_date", "financial_year", "price_year", "is_reported"),
    *("base_pence", "mff_pence", "price_pence", "unpriced_reason"),
)
CELL = ("practice_code", "commissioner_code", "provider_code", "specialty_code", "hrg", "month")
CELL_COLUMNS = (
    *(*CELL, "financial_year", "price_year", "is_reported", "pod", "base_pence", "mff_pence"),
    *("price_pence", "unpriced_reason"),
)


def priced_spells(
    pricing: Pricing, found: dict[str, Spell]
) -> dict[tuple[str, str | None], tuple[Any, ...]]:
    """Every spell at each price year, in the order of SPELL_COLUMNS."""
    facts = ("person_id", "provider_code", "commissioner_code", "practice_code", "specialty_code")
    result = {}
    for key, spell in found.items():
        who = tuple(spell.first(f) for f in facts)
        for year, counts in price_years(spell.year, pricing.held):
            p = pricing.spell(spell, year)
            result[key, year] = (
                *(key, year, counts, *who, spell.pod, p["hrg"], spell.admitted, spell.discharged),
                *(spell.year, len(spell.episodes), spell.stayed),
                *(spell.first("age_years"), spell.first("sex")),
                *(p["base"], p["short_stay"], p["long_stay"], p["top_up"], p["other"], p["mff"]),
                *(p["price"], p["reason"], p["paid_los"], p["excess"]),
            )
    return result


def priced_unbundled(pricing: Pricing, found: dict[str, Spell]) -> Counter[tuple[Any, ...]]:
    """Every unbundled line at each price year, in the order of LINE_COLUMNS."""
    facts = ("provider_code", "commissioner_code", "practice_code", "specialty_code")
    result: Counter[tuple[Any, ...]] = Counter()
    for key, spell in found.items():
        who = tuple(spell.first(f) for f in facts)
        for year, counts in price_years(spell.year, pricing.held):
            for p in pricing.unbundled(spell, year):
                line = (key, p["position"], p["hrg"], *who, "UNB", spell.discharged, spell.year)
                money = (p["base"], p["mff"], p["price"], p["reason"])
                result[(*line, year, counts, *money)] += 1
    return result


def priced_attendances(pricing: Pricing, rows: list[Row], kind: str) -> Counter[tuple[Any, ...]]:
    """How many attendances of each month and price there are, in the order of CELL_COLUMNS."""
    dates, price = {
        "outpatient": ("appointment_date", pricing.outpatient),
        "emergency": ("arrival_date", pricing.casualty),
    }[kind]
    result: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        day = row[dates]
        own = year_of(day)
        who = tuple(row[c] for c in CELL[:-1])
        for year, counts in price_years(own, pricing.held):
            p = price(row, year)
            money = (p["pod"], p["base"], p["mff"], p["price"], p["reason"])
            result[(*who, day.replace(day=1), own, year, counts, *money)] += 1
    return result
