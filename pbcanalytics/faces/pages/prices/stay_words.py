"""Why a stay costs what it costs, in words: its steps, what one more day does, what is next."""

from typing import Any, Final

from pbcanalytics.faces import wording
from pbcanalytics.faces.pages.prices.stay_price import StayPrice
from pbcanalytics.faces.wording import exact

_KIND: Final = {
    "EL": "an elective stay",
    "DC": "a day case",
    "NEL": "an emergency stay",
    "NELNE": "a non-elective stay",
}


def pounds(pence: int) -> str:
    """Write a price: whole pounds without pence."""
    return exact(pence).removesuffix(".00")


def nights(days: int) -> str:
    """Write a length of stay."""
    return "1 day" if days == 1 else f"{days} days"


def because(row: dict[str, Any], p: StayPrice, days: int, provider: str) -> str:
    """Say why a stay costs what it costs, every step of it."""
    told = [f"the tariff pays {pounds(p.base_pence)} for {_KIND[row['pod']]} with {row['hrg']}"]
    if p.short_stay_pence:
        told.append(
            f"a stay of {nights(days)} is a short emergency stay, for which "
            f"{pounds(-p.short_stay_pence)} are taken off"
        )
    if p.long_stay_pence:
        told.append(
            f"{nights(p.excess_days)} beyond the trim point of {row['trim_point_days']} are paid "
            f"{pounds(row['long_stay_per_day_pence'])} each, together {pounds(p.long_stay_pence)}"
        )
    if p.mff_pence:
        told.append(f"the market forces factor of {provider} adds {pounds(p.mff_pence)}")
    return f"{pounds(p.pence)} because {wording.joined(told)}."


def tipping(row: dict[str, Any], p: StayPrice, days: int) -> list[str]:
    """Say from which day a stay is paid otherwise, and what one more day does."""
    longest, trim = row["short_stay_longest_days"], row["trim_point_days"]
    rate = row["long_stay_per_day_pence"]
    before = " before the market forces factor" if p.mff_pence else ""
    if row["pod"] == "DC":
        return []
    if p.short_stay_pence:
        more = f"{pounds(-p.short_stay_pence)} more{before}"
        first = (
            f"One more day, day {days + 1}, brings"
            if days == longest
            else f"Day {longest + 1} brings"
        )
        return [f"{first} the full price: {more}."]
    if trim is None or not rate:
        return ["No day is paid apart: one more day changes nothing."]
    each = f"{pounds(rate)}{before}"
    if days < trim:
        return [
            f"One more day changes nothing: {nights(trim)}, the trim point, are in the price. "
            f"Day {trim + 1} is the first that is paid apart, at {each}."
        ]
    if days == trim:
        return [
            f"This is the longest stay that the price covers: one more day, day {trim + 1}, costs "
            f"{each}."
        ]
    return [f"Day {trim + 1} was the first paid apart; one more day costs {each}."]


def nearest(
    row: dict[str, Any], own: StayPrice, others: list[tuple[dict[str, Any], StayPrice]]
) -> list[str]:
    """Say which HRG of the same root comes next in price, and what tells them apart."""
    if not others:
        return [f"No other HRG of the root {row['root']} has a price to compare."]
    said = []
    dearer = [o for o in others if o[1].pence > own.pence]
    if dearer:
        beside, p = min(dearer, key=lambda o: o[1].pence)
        said.append(
            f"Next dearer for this stay is {beside['hrg']}, {pounds(p.pence - own.pence)} more; "
            f"what tips it: “{_split(beside, row)}” instead of “{_split(row, beside)}”."
        )
    else:
        beside, p = max(others, key=lambda o: o[1].pence)
        gap = own.pence - p.pence
        said.append(
            f"{row['hrg']} is the dearest of its root for this stay; next is {beside['hrg']}, "
            f"{pounds(gap) + ' less' if gap else 'the same'}: “{_split(beside, row)}” instead of "
            f"“{_split(row, beside)}”."
        )
    turned = [o for o in others if o[1].base_pence > own.base_pence and o[1].pence < own.pence]
    if turned and own.long_stay_pence:
        beside, p = min(turned, key=lambda o: o[1].base_pence)
        said.append(
            f"{beside['hrg']} has the higher base price and yet would cost "
            f"{pounds(own.pence - p.pence)} less: its trim point is "
            f"{nights(beside['trim_point_days'])}."
        )
    return said


def _split(row: dict[str, Any], beside: dict[str, Any]) -> str:
    """Give what is left of a name after the words that both begin with."""
    own, other = (row["hrg_name"] or row["hrg"]).split(), (beside["hrg_name"] or "").split()
    shared = next((i for i, w in enumerate(own) if i >= len(other) or w != other[i]), len(own))
    while shared and own[shared - 1].lower() in ("with", "without", "and", "score", "cc"):
        shared -= 1
    return " ".join(own[shared:]) or " ".join(own)
