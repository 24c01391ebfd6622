"""How a reader calls the kinds of rows that come in."""

from typing import Final

from pbcanalytics.words import tables

_TITLES: Final = {
    tables.EPISODES.name: "Hospital episodes",
    tables.OUTPATIENTS.name: "Outpatient appointments",
    tables.EMERGENCY.name: "A&E attendances",
    tables.REFERRALS.name: "Referrals",
    tables.SUPPLIED_SPELLS.name: "Supplied spells",
    tables.CONTRACT_LINES.name: "Contract lines",
    tables.CONTRACT_TOTALS.name: "Contract totals",
    tables.INVOICES.name: "Invoices",
}


def title(table_name: str) -> str:
    """
    Give the title of a landing table; of one that has none, its name in words.

    Examples
    --------
    >>> title("contract_lines"), title("practice_events")
    ('Contract lines', 'practice events')
    """
    return _TITLES.get(table_name, table_name.replace("_", " "))
