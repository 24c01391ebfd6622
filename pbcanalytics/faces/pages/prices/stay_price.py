"""The price of a stay that nobody had, from the published price list.

The models price what happened; a page has no models, so the same steps are taken here on the few
figures that they come to (model `hrg_prices`), and a test holds both together.
"""

from dataclasses import dataclass
from typing import Any, Final

from pbcanalytics.store import Published

KINDS: Final = {
    "EL": "Elective stay",
    "DC": "Day case",
    "NEL": "Emergency stay",
    "NEL-child": "Emergency stay of a child",
    "NELNE": "Other non-elective stay",
}
"""Kinds of admission, as a person chooses them."""

_MILLION: Final = 1_000_000


@dataclass(frozen=True)
class StayPrice:
    """The price of one stay, step by step [pence]; `reason` says why it has none."""

    base_pence: int
    short_stay_pence: int
    long_stay_pence: int
    mff_pence: int
    excess_days: int
    reason: str | None

    @property
    def before_mff_pence(self) -> int:
        """The price before the market forces factor."""
        return self.base_pence + self.short_stay_pence + self.long_stay_pence

    @property
    def pence(self) -> int:
        """The price."""
        return self.before_mff_pence + self.mff_pence


def priced(row: dict[str, Any], days: int, *, is_adult: bool, mff_millionths: int) -> StayPrice:
    """
    Price a stay.

    Parameters
    ----------
    row : dict
        The row of `hrg_prices` for its HRG and kind of admission.
    days : int
        Length of stay, none of it in critical care and the like. [days]
    is_adult : bool
        At least as old as the rules ask for the reduction of short stays.
    mff_millionths : int
        The provider's factor; 1,000,000 gives the price before it.

    Returns
    -------
    StayPrice
    """
    longest, trim = row["short_stay_longest_days"], row["trim_point_days"]
    is_short = longest is not None and days <= longest and is_adult
    excess = max(0, days - trim) if trim is not None else 0
    reason = row["unpriced_reason"]
    if reason is None and excess:
        reason = row["long_stay_unpriced_reason"]
    if reason is None and is_short:
        reason = row["short_stay_unpriced_reason"]
    short = row["short_stay_pence"] if is_short else 0
    long = excess * (row["long_stay_per_day_pence"] or 0)
    gross = row["base_pence"] + short + long
    over = mff_millionths - _MILLION if row["mff_applies"] else 0
    mff = (gross * over + _MILLION // 2) // _MILLION
    return StayPrice(row["base_pence"], short, long, mff, excess, reason)


def hrgs_held(published: Published) -> list[tuple[str, str]]:
    """List name and code of every HRG with a price, of the latest year that has it."""
    rows = published.rows(
        "SELECT hrg, arg_max(hrg_name, price_year) AS hrg_name FROM hrg_prices GROUP BY hrg "
        "ORDER BY hrg"
    )
    return [(f"{r['hrg']} {r['hrg_name'] or ''}".strip(), r["hrg"]) for r in rows]


def years_held(published: Published) -> list[str]:
    """List the years of prices, latest first."""
    rows = published.rows("SELECT DISTINCT price_year FROM hrg_prices ORDER BY 1 DESC")
    return [r["price_year"] for r in rows]


def providers_held(published: Published) -> list[tuple[str, str]]:
    """List name and code of the providers with a factor in any year that are named."""
    rows = published.rows(
        "SELECT provider_code, max(provider_name) AS provider_name FROM provider_factors "
        "WHERE provider_name IS NOT NULL GROUP BY provider_code ORDER BY 2"
    )
    return [(f"{r['provider_name']} ({r['provider_code']})", r["provider_code"]) for r in rows]


def kind_of(admission: str) -> tuple[str, bool]:
    """Give the point of delivery of a kind of admission, and whether short stays are reduced."""
    pod, _, who = admission.partition("-")
    return pod, not who


def family(published: Published, hrg: str, year: str, pod: str) -> list[dict[str, Any]]:
    """Give the rows of `hrg_prices` of an HRG and of those of its root, by code."""
    return published.rows(
        "SELECT * FROM hrg_prices WHERE price_year = ? AND pod = ? AND root = "
        "(SELECT root FROM hrg_prices WHERE price_year = ? AND hrg = ? LIMIT 1) ORDER BY hrg",
        (year, pod, year, hrg),
    )


def factor(published: Published, provider: str, year: str) -> int | None:
    """Give a provider's market forces factor of a year [millionths], or None."""
    rows = published.rows(
        "SELECT mff_millionths FROM provider_factors WHERE provider_code = ? AND price_year = ?",
        (provider, year),
    )
    return rows[0]["mff_millionths"] if rows else None
