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
    "UNB": "Unbundled care beside the spell",
    "AE": "A&E attendances",
}
"""Points of delivery that a budget holds, in the order in which pages list them (domain 7.9)."""

FILE_NULLS: Final = ("", "-", "&", "X", "NULL")
"""Texts that HES writes where it has no value (domain 7.5)."""

DATE_NULLS: Final = ("1582-10-15", "1600-01-01", "1800-01-01", "1801-01-01", "9999-12-31")
"""Dates that HES writes where it has none (domain 7.5)."""

OTHER_POD: Final = "OTHER"
"""Activity of a kind that the tariff does not price, or of unknown kind."""

SEXES: Final = ("0", "1", "2", "9")
"""Not known, male, female, not specified."""

PATIENT_CLASSES: Final = ("1", "2", "3", "4", "5", "8")
"""Ordinary, day case, regular day, regular night, mother and baby, not applicable (domain 7.6)."""

ADMISSION_SOURCES: Final = (
    *("19", "29", "30", "37", "38", "39", "48", "49", "50", "51", "52", "53", "54", "65", "66"),
    *("69", "79", "84", "85", "86", "87", "88", "89", "98", "99"),
)
"""Home, penal, other hospitals, care homes, born here, and not known (domain 7.6)."""

DISCHARGE_METHODS: Final = ("1", "2", "3", "4", "5", "8", "9")
"""Advised, self, by tribunal, died, stillborn, not yet, not known (domain 7.6)."""

ATTENDANCE_TYPES: Final = ("1", "2", "3", "4", "5", "8", "9")
"""First, follow-up, the same by telephone; 5 a referral only, 8 and 9 not known."""

ATTENDED: Final = ("2", "3", "4", "5", "6", "7", "0", "8", "9")
"""Cancelled, did not attend, seen, late and seen, late and not seen, not yet, not known."""

DEPARTMENT_TYPES: Final = ("1", "2", "3", "4", "9", "99", "01", "02", "03", "04", "05", "5")
"""Major, single specialty, minor injuries, walk-in, same-day; with and without a zero."""

DISPOSALS: Final = (
    *("01", "02", "03", "04", "05", "06", "07", "10", "11", "12", "13", "14", "98", "99"),
    *("1", "2", "3", "4", "5", "6", "7"),
)
"""Where A&E patients went (domain 7.6)."""

YES: Final = ("Y", "YES", "TRUE", "1", "FREEZE", "FROZEN", "FINAL", "RECONCILED")
"""Texts by which a flag is set, in capitals; a T or F alone is too unsure."""

NO: Final = ("N", "NO", "FALSE", "0", "FLEX", "UNFROZEN", "PROVISIONAL")
"""Texts by which a flag is not set, in capitals."""

CONTRACT_PODS: Final = {
    **{pod: pod for pod in PODS},
    **{"DAYCASE": "DC", "NELST": "NEL", "NELSD": "NEL", "EM": "NEL", "NELNEL": "NELNE"},
    **dict.fromkeys(("OPFASPCL", "OPFASPNCL", "OPFAMPCL", "OPFAMPNCL"), "OPFA"),
    **dict.fromkeys(("OPFUPSPCL", "OPFUPSPNCL", "OPFUPMPCL", "OPFUPMPNCL"), "OPFUP"),
    **dict.fromkeys(("OPPROCFA", "OPPROCFUP"), "OPPROC"),
    **dict.fromkeys(("AANDE", "A&E", "ACCIDENT AND EMERGENCY"), "AE"),
    **dict.fromkeys(
        (
            *("ELXBD", "NELXBD", "NELNEXBD", "NELSTXBD", "XBD", "ELOBD", "NELOBD", "IPOBD"),
            *("RA", "RADAY", "RANIGHT", "NF2F", "NF2FFA", "NF2FFUP", "WAFA", "WAFUP"),
            *("OPFAPREOP", "OPFUPPREOP", "DAOTHER", "DAIMG", "DALAB", "YOC", "POC"),
            *("UNBCHEMO", "UNBRAD", "UNBRTHPY", "UNBREHAB", "UNBPALL", "UNBACC", "UNBPCC"),
            *("UNBNCC", "UNBOTHER", "DRUG", "DEVICE", "MATPATHAN", "MATPATHPN", "CC"),
            *("CQUIN", "ADJUSTMENT", "BLOCK", "OTHER"),
        ),
        OTHER_POD,
    ),
}
"""Points of delivery of contracts, in capitals, and the line of a budget that each falls to; excess
bed days, drugs and the like fall to none (domain 7.4; what is not there is common practice)."""

EVENT_KINDS: Final = ("referral", "letter", "discharge", "attendance", "other")
"""What a practice notes of its patients (domain 2.8)."""
