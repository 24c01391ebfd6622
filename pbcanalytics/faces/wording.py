"""How numbers, dates and reasons are said to a reader."""

import datetime as dt
from typing import Any, Final

from pbcanalytics.words.reasons import UNPRICED

STATUS_WORDS: Final = {
    "official": "official",
    "example": "an invented example",
    "unverified": "unverified",
}

RULE_WORDS: Final = {
    "payment_model": "the payment model",
    "hrg_version": "the version of the HRGs",
    "payment_unit": "the unit of payment",
    "payable_hrg": "which HRG of a spell is paid",
    "scope_admitted": "which hospital stays have a national price",
    "scope_outpatients": "whether outpatients have a national price",
    "scope_emergency": "whether A&E has a national price",
    "outpatient_procedure": "how outpatient procedures are paid",
    "same_day_elective": "same-day elective stays",
    "long_stay": "long stays",
    "trim_days_exclude": "days that do not count towards the trim point",
    "short_stay_emergency": "reduction for short emergency stays",
    "short_stay_longest_days": "how short a short emergency stay is",
    "short_stay_youngest_years": "from which age short emergency stays are reduced",
    "short_stay_los": "which length of stay decides on the reduction",
    "specialised_top_up": "specialised top-ups",
    "specialised_top_up_base": "what specialised top-ups are a share of",
    "market_forces_factor": "how the market forces factor is paid",
    "emergency_marginal_rate": "marginal rate for emergencies above the threshold",
    "emergency_marginal_base": "marginal rate for emergencies above the threshold",
    "emergency_marginal_below": "marginal rate for emergencies below the threshold",
    "emergency_readmission": "readmissions within 30 days",
    "readmission_days": "how soon a readmission is one",
    "readmission_after_emergency_cut_share": "readmissions after an emergency stay",
    "fixed_and_variable": "the fixed and the variable part of the payment",
    "low_volume_threshold_pence": "the threshold for low volumes",
}
"""What a page calls a rule that is not held."""

PRICE_WORDS: Final = {
    "tariff": "national tariff",
    "short_stay": "reduction for short emergency stays",
    "unbundled": "unbundled care",
    "top_up": "who is eligible for specialised top-ups",
    "adjustment": "local adjustments",
    "mff": "market forces factor",
    "outpatient": "outpatient attendance prices",
    "emergency": "A&E prices",
}


def factor(about: dict[str, Any], price_year: str) -> str:
    """Say whether prices of a year hold the market forces factor."""
    rule = about["market_forces_factor"].get(price_year)
    return {
        "in_price": "market forces factor in",
        "paid_centrally": "market forces factor out, paid centrally",
        "none": "no market forces factor",
    }.get(rule, "market forces factor not known")


def exact(pence: int) -> str:
    """
    Write a sum of money to the penny.

    Examples
    --------
    >>> exact(-123456)
    '−£1,234.56'
    """
    sign = "−" if pence < 0 else ""
    return f"{sign}£{abs(pence) // 100:,}.{abs(pence) % 100:02d}"


def short(pence: int, *, signed: bool = False) -> str:
    """
    Write a sum of money in three figures, as a heading does.

    Examples
    --------
    >>> short(503_120_412), short(-4_567_890, signed=True), short(99_950, signed=True)
    ('£5.03m', '−£45.7k', '+£1,000')
    """
    pounds = abs(pence) / 100
    sign = "−" if pence < 0 else "+" if signed and pence > 0 else ""
    if pounds >= 999_500:
        millions = pounds / 1e6
        return f"{sign}£{millions:.{2 if millions < 10 else 1 if millions < 100 else 0}f}m"
    if pounds >= 9_995:
        thousands = pounds / 1e3
        return f"{sign}£{thousands:.{1 if thousands < 99.95 else 0}f}k"
    return f"{sign}£{pounds:,.0f}"


def rough(pence: int) -> str:
    """
    Write an estimate in two figures, as it deserves.

    Examples
    --------
    >>> rough(503_120_412), rough(4_567_890), rough(99_950), rough(-31_49)
    ('£5.0m', '£46k', '£1,000', '−£31')
    """
    pounds = abs(pence) / 100
    for size, letter in ((1e6, "m"), (1e3, "k")):
        scaled = float(f"{pounds / size:.2g}")
        if scaled >= (1 if letter == "m" else 10):
            return f"{'−' if pence < 0 else ''}£{scaled:.{1 if scaled < 10 else 0}f}{letter}"
    return f"{'−' if pence < 0 else ''}£{float(f'{pounds:.2g}'):,.0f}"


def chance(share: float) -> str:
    """
    Write a chance in tens.

    Examples
    --------
    >>> chance(0.78), chance(0.02), chance(0.97), chance(1e-9)
    ('8 in 10', 'less than 1 in 10', 'more than 9 in 10', 'next to none')
    """
    if not 0.01 <= share <= 0.99:
        return "next to none" if share < 0.5 else "next to certain"
    if share < 0.05:
        return "less than 1 in 10"
    if share > 0.95:
        return "more than 9 in 10"
    return f"{min(max(round(share * 10), 1), 9)} in 10"


def share(part: float, whole: float) -> str:
    """
    Write a share in per cent; 100% only where nothing is missing.

    Examples
    --------
    >>> share(9999, 10000), share(1, 3), share(3, 3)
    ('99.9%', '33.3%', '100%')
    """
    if not whole:
        return "none"
    if part == whole:
        return "100%"
    return f"{min(99.9, 100 * part / whole):.1f}%"


def priced(coverage: float) -> str:
    """
    Say how much is priced, from a share that was rounded down.

    Examples
    --------
    >>> priced(1.0), priced(0.99)
    ('all', 'at least 99%')
    """
    return "all" if coverage == 1 else f"at least {coverage:.0%}"


def ruled(value: Any) -> str:
    """
    Write the value of a rule.

    Examples
    --------
    >>> ruled("paid_centrally"), ruled(None), ruled(["DC", "EL"]), ruled({"children": 0.4})
    ('paid centrally', 'not known', 'DC and EL', 'children 0.4')
    """
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return joined([ruled(v) for v in value]) or "none"
    if isinstance(value, dict):
        return joined([f"{ruled(k)} {ruled(v)}" for k, v in value.items()])
    return str(value).replace("_", " ")


def month(year_month: str | None) -> str:
    """
    Write a month in words.

    Examples
    --------
    >>> month("2019-03")
    'March 2019'
    """
    if not year_month:
        return "no month"
    return dt.date.fromisoformat(f"{year_month}-01").strftime("%B %Y")


def moment(iso: str) -> str:
    """
    Write a moment in words.

    Examples
    --------
    >>> moment("2026-11-22T09:05:00+00:00")
    '22 November 2026, 09:05 UTC'
    """
    at = dt.datetime.fromisoformat(iso)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def joined(items: list[str]) -> str:
    """
    Join words as a sentence does.

    Examples
    --------
    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def status_line(about: dict[str, Any]) -> str:
    """Say what the published figures are: until which month, at whose prices, how complete."""
    years = list(about["prices"])
    coverage = about["coverage"]
    parts = [
        "Demonstration PCT, invented data" if about["is_demo"] else "",
        f"activity to {month(about['data_to'])}",
        f"prices of {joined(years)}" if years else "no prices held for these years",
        "no payable activity" if coverage is None else f"{priced(coverage)} of activity priced",
        f"published {moment(about['published_at'])}",
    ]
    said = " · ".join(p for p in parts if p)
    return said[0].upper() + said[1:]


def why_unpriced(reason: str) -> str:
    """Say why a piece of activity has no price, as the end of a sentence."""
    return UNPRICED[reason].sentence
