"""How far to trust a page: the prices of a year, what they leave out, what was changed here."""

from html import escape
from typing import Any

from pbcanalytics.faces import wording


def of_prices(about: dict[str, Any], year: str) -> list[str]:
    """Say how far the prices of a year may be trusted, and what they leave out."""
    if year not in about["prices"]:
        return [f"No prices are held for {year}." if year else "No prices are held for this year."]
    prices = [
        f"{wording.PRICE_WORDS[subject]}: " + wording.joined([_status(s) for s in statuses])
        for subject, statuses in about["prices"][year].items()
    ]
    not_held = about["rules_not_held"].get(year, {})
    left_out = list(dict.fromkeys(wording.RULE_WORDS.get(name, name) for name in not_held))
    said = [f"Prices of {year}: {'; '.join(prices)}."]
    if left_out:
        said.append(
            f"Not in the prices, because no rule is held for {year}: {wording.joined(left_out)}."
        )
    return [*said, *changed_here(about, year)]


def changed_here(about: dict[str, Any], year: str) -> list[str]:
    """List the rules of a year that are not those that were shipped."""
    changed = about["overrides"].get(year, [])
    if not changed:
        return []
    told = [
        f"{wording.RULE_WORDS.get(o['rule'], o['rule'])}: {wording.ruled(o['value'])} "
        f"(as shipped: {wording.ruled(o['shipped'])}; "
        + "; ".join(filter(None, [_status(o["status"]), o["reason"]]))
        + ")"
        for o in changed
    ]
    return [f"Rules of {year} changed here: {'; '.join(told)}."]


def _status(status: str) -> str:
    # What was published by an earlier version may say what is refused by now.
    return wording.STATUS_WORDS.get(status, f"of the unknown status {status}")


def of_build(about: dict[str, Any]) -> list[str]:
    """Say what a page was made from, and when."""
    return [
        f"Made from {about['files']} files with {about['rows_read']:,} rows, of which "
        f"{about['rows_rejected']:,} were rejected; activity to {wording.month(about['data_to'])}.",
        f"Build {about['build_id']}, reference data {about['reference']}, pbcanalytics "
        f"{about['version']}, published {wording.moment(about['published_at'])}.",
    ]


def listed(items: list[str]) -> str:
    """Make the list at the end of a page."""
    return f'<ul class="pbc-note">{"".join(f"<li>{escape(i)}</li>" for i in items)}</ul>'
