"""What the codes of the NHS look like and mean, as far as the rules need them."""

from typing import Final

NO_PRACTICE: Final = ("V81997", "V81998", "V81999")
"""Not registered, not applicable, not known: codes that stand for no practice (domain 7.7)."""

ADMISSION_METHODS: Final = (
    *("11", "12", "13"),
    *("21", "22", "23", "24", "25", "2A", "2B", "2C", "2D", "28"),
    *("31", "32", "81", "82", "83"),
)
"""Elective, emergency, and other non-elective (domain 2.4); a test holds the models to them."""

PODS: Final = {
    "DC": "Day cases",
    "EL": "Elective stays",
    "NEL": "Emergency stays",
    "NELNE": "Other non-elective stays",
    "OPFA": "First outpatient attendances",
    "OPFUP": "Follow-up attendances",
    "OPPROC": "Outpatient procedures",
    "AE": "A&E attendances",
}
"""Points of delivery that a budget holds, in the order in which pages list them (domain 7.9)."""

FILE_NULLS: Final = ("", "-", "&", "X", "NULL")
"""Texts that HES writes where it has no value (domain 7.5)."""

DATE_NULLS: Final = ("1582-10-15", "1600-01-01", "1800-01-01", "1801-01-01", "9999-12-31")
"""Dates that HES writes where it has none (domain 7.5)."""

OTHER_POD: Final = "OTHER"
"""Activity of a kind that the tariff does not price, or of unknown kind."""
