"""Settings of aggregate activity: what files call them, and what each says of the stays in it."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from pbcanalytics.words.reasons import Reason

Stay = Literal["any", "none", "short", "long"]
"""Nights that its stays may have: any number; none; fewer than two; two or more."""


@dataclass(frozen=True)
class Setting:
    """
    A kind of activity that is counted.

    Attributes
    ----------
    words : str
        What a person reads.
    pod : str
        Whose price applies: a point of delivery, or UNB, RA, XBD, OTHER.
    is_days : bool
        Its count is excess bed days, not spells.
    stay : Stay
    attendance : str or None
        `first`, `follow_up`, for attendances.
    """

    words: str
    pod: str
    is_days: bool = False
    stay: Stay = "any"
    attendance: str | None = None


SETTINGS: Final = {
    "DC": Setting("day cases", "DC", stay="none"),
    "EL": Setting("elective stays", "EL"),
    "NEL": Setting("emergency stays", "NEL"),
    "NELST": Setting("non-elective stays of at most one night", "NEL", stay="short"),
    "NELLS": Setting("non-elective stays of two nights or more", "NEL", stay="long"),
    "NELNE": Setting("other non-elective stays", "NELNE"),
    "ELXBD": Setting("excess bed days of elective stays", "EL", is_days=True),
    "NELXBD": Setting("excess bed days of emergency stays", "NEL", is_days=True),
    "NELNEXBD": Setting("excess bed days of other non-elective stays", "NELNE", is_days=True),
    "XBD": Setting("excess bed days", "XBD", is_days=True),
    "OPFA": Setting("first attendances", "OPFA", attendance="first"),
    "OPFUP": Setting("follow-up attendances", "OPFUP", attendance="follow_up"),
    "OPPROC": Setting("outpatient procedures", "OPPROC"),
    "OPPROCFA": Setting("outpatient procedures, first", "OPPROC", attendance="first"),
    "OPPROCFUP": Setting("outpatient procedures, follow-up", "OPPROC", attendance="follow_up"),
    "AE": Setting("A&E attendances", "AE"),
    "UNB": Setting("care paid beside the stay, by unbundled HRG", "UNB"),
    "RA": Setting("regular day and night attenders", "RA"),
    "OTHER": Setting("kinds without a national price", "OTHER"),
}
"""Settings by code; those that contracts name too have their names (domain 7.4)."""

_NAMES: Final = {
    "DC": ("Daycase", "Daycases", "Day cases"),
    "EL": ("Elective", "Electives", "Elective inpatient", "Elective inpatients", "ELIP"),
    "NEL": ("Non-elective", "Emergency", "Emergencies", "Emergency stays", "EM", "NELEM"),
    "NELST": (
        *("NELSD", "NES", "NELSS", "Non-elective short stay", "Short stay emergency"),
        "Non-Elective Inpatient - Short Stay",
    ),
    "NELLS": ("NELLT", "Non-elective long stay", "Non-Elective Inpatient - Long Stay"),
    "NELNE": ("NELNEL", "Non-elective non-emergency", "Other non-elective"),
    "ELXBD": ("ELXS", "Elective excess bed days", "Elective inpatient excess bed days"),
    "NELXBD": (
        *("NELXS", "NELSTXBD", "Non-elective excess bed days", "Emergency excess bed days"),
        "Non-elective inpatient excess bed days",
    ),
    "NELNEXBD": ("Non-elective non-emergency excess bed days",),
    "XBD": ("Excess bed days",),
    "OPFA": (
        *("OPFASPCL", "OPFASPNCL", "OPFAMPCL", "OPFAMPNCL", "First attendance"),
        *("First outpatient attendance", "Outpatient first", "First attendances"),
    ),
    "OPFUP": (
        *("OPFUPSPCL", "OPFUPSPNCL", "OPFUPMPCL", "OPFUPMPNCL", "Follow-up attendance"),
        *("Outpatient follow-up", "Follow-up", "Follow-up attendances"),
    ),
    "OPPROC": ("Outpatient procedure", "Outpatient procedures", "OPROC", "OPP"),
    "AE": (*("A&E", "AANDE", "Accident and emergency"), "Emergency care", "A&E attendances"),
    "UNB": (
        *("UNBCHEMO", "UNBRAD", "UNBRTHPY", "UNBREHAB", "UNBPALL", "UNBACC", "UNBPCC", "UNBNCC"),
        *("UNBOTHER", "Unbundled"),
    ),
    "RA": ("RADAY", "RANIGHT", "Regular attenders", "Regular Day or Night Admissions"),
    "OTHER": (
        *("NF2F", "NF2FFA", "NF2FFUP", "WAFA", "WAFUP", "OPFAPREOP", "OPFUPPREOP", "DAOTHER"),
        *("DAIMG", "DALAB", "YOC", "POC", "DRUG", "DEVICE", "MATPATHAN"),
        *("MATPATHPN", "CC", "CQUIN", "ADJUSTMENT", "BLOCK", "ELOBD", "NELOBD", "IPOBD"),
        *("Cancer MDT", "Community diagnostic centres", "Consultant Led", "Non Consultant Led"),
        *("Critical care", "Critical care transport", "Diagnostic Imaging"),
        *("Directly Accessed Audiology", "Directly Accessed Diagnostic Services"),
        *("Directly Accessed Pathology Services", "High Cost Devices", "High Cost Drugs"),
        *("National screening programmes", "Nuclear Medicine", "Rehabilitation Inpatient"),
        "Renal Dialysis",
    ),
}

_OWN_CURRENCY: Final = (
    *("Ambulance", "Audiology Admitted Patient Care", "Audiology Community Health Services"),
    *("Audiology Outpatient Care", "Community Health Service", "Mental Health Care Contact"),
    *("Mental Health Provider Spell", "NHS Talking Therapy Care Contact"),
    "Wheelchair Equipment",
)
"""Departments of the National Cost Collection whose codes are no HRGs, whatever they look like."""

HRG4: Final = "HRG4/4+"
V3_5: Final = "v3.5"
NO_HRG_SHAPE: Final = "no HRG"

_SHAPES: Final = (
    (HRG4, re.compile(r"[A-Z]{2}[0-9]{2}[A-Z]")),
    (V3_5, re.compile(r"[A-Z][0-9]{2}")),
)

SHAPES: Final = {"v3.1": V3_5, "v3.5": V3_5, "HRG4": HRG4, "HRG4+": HRG4}
"""The shape of the codes of each version of the HRGs."""


UNPRICED: Final = {
    "no_count": Reason("its count was left out or withheld, which is not zero", True),
    "other_hrg_version": Reason(
        "its HRG is of another version than the prices, whose codes do not mean the same", True
    ),
}
"""Why a line of aggregate activity has no price, besides the reasons that any activity has."""


def plain(name: str) -> str:
    """
    Write a name in capital letters and figures only, as names are compared.

    Examples
    --------
    >>> plain("Non-Elective (short stay)")
    'NONELECTIVESHORTSTAY'
    """
    return "".join(c for c in name.upper() if c.isalnum())


_BY_NAME: Final = {
    **{plain(name): code for code, names in _NAMES.items() for name in names},
    **{plain(name): "OTHER" for name in _OWN_CURRENCY},
    **{plain(code): code for code in SETTINGS},
}
_NO_HRGS: Final = {plain(name) for name in _OWN_CURRENCY}


def setting_of(name: str) -> str | None:
    """
    Find the setting that a file means; None if nobody knows it.

    Examples
    --------
    >>> setting_of("Non-Elective Inpatient - Short Stay"), setting_of("day case"), setting_of("?")
    ('NELST', 'DC', None)
    """
    return _BY_NAME.get(plain(name))


def has_hrgs(name: str) -> bool:
    """Tell whether the codes of a setting, as a file names it, are HRGs at all."""
    return plain(name) not in _NO_HRGS


def version_of(code: str) -> str:
    """
    Tell the version of an HRG by the shape of its code, which is all that a code shows.

    HRG4 and every release of HRG4+ look alike; so do v3.1 and v3.5.

    Examples
    --------
    >>> version_of("HN12F"), version_of("H02"), version_of("DEV01")
    ('HRG4/4+', 'v3.5', 'no HRG')
    """
    return next((name for name, shape in _SHAPES if shape.fullmatch(code)), NO_HRG_SHAPE)
