"""What is landed about contracts: what a provider reports and charges."""

from typing import Final

from pbcanalytics.words.tables.table import ORIGIN, table

_PARTIES = (
    ("provider_code", "code", "hospital or other provider"),
    ("commissioner_code", "code", "PCT that pays"),
    ("month", "month", "month of the activity"),
)
_KIND = (
    ("pod", "code", "point of delivery, as budgets name it"),
    ("contract_pod", "code", "point of delivery as the contract names it"),
    ("hrg", "code", "HRG"),
    ("specialty_code", "code", "treatment function"),
)

CONTRACT_LINES: Final = table(
    "contract_lines",
    "one row per line of patient-level contract monitoring",
    *ORIGIN,
    *_PARTIES,
    ("practice_code", "code", "practice of registration, as recorded"),
    ("person_id", "pseudonym", "pseudonym of the patient"),
    *_KIND,
    ("activity_date", "date", "day of the activity"),
    ("spell_number", "code", "provider's own number of the spell or attendance"),
    ("age_years", "integer", "age; under 1 is 0", "years"),
    ("n_activity", "ratio", "activity charged", "activities"),
    ("unit_price_pence", "pence", "price of one", "pence"),
    ("price_pence", "pence", "charged", "pence"),
    ("is_frozen", "flag", "the month was closed when it was extracted"),
)
CONTRACT_TOTALS: Final = table(
    "contract_totals",
    "one row per line of aggregate contract monitoring",
    *ORIGIN,
    *_PARTIES,
    *_KIND,
    ("n_planned", "ratio", "activity planned", "activities"),
    ("planned_pence", "pence", "charge planned", "pence"),
    ("n_activity", "ratio", "activity reported", "activities"),
    ("price_pence", "pence", "charge reported", "pence"),
    ("is_frozen", "flag", "the month was closed when it was reported"),
)
INVOICES: Final = table(
    "invoices",
    "one row per line of an invoice",
    *ORIGIN,
    *_PARTIES,
    ("invoice_number", "code", "number of the invoice"),
    ("price_pence", "pence", "amount", "pence"),
)
