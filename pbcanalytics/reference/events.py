"""What demand is counted by: events, and which kinds, starts and points of delivery each knows."""

from dataclasses import dataclass
from typing import Final

UNKNOWN: Final = "unknown"
"""What a row did not say; it may be asked for in any of the three."""

STARTS: Final = (
    *("gp", "consultant", "same_consultant", "emergency_department", "dentist", "self", "other"),
)
"""Who started it (NHS Data Dictionary, Source of Referral for Out-Patients): 03; 05; 01, 02, 11;
04, 10; 92, 93; 06; the rest that is known."""

_APPOINTMENTS: Final = (
    *("first", "first_by_telephone", "follow_up", "follow_up_by_telephone", "administrative"),
)
_STAYS: Final = ("DC", "EL", "NEL", "NELNE")


@dataclass(frozen=True)
class Event:
    """
    Something that is counted.

    Attributes
    ----------
    words : str
        What a person reads.
    kind, source, pod : tuple of str
        What may be asked for of each, besides UNKNOWN; empty where the event does not know it.
    has_days : bool
        Its days can be counted.
    """

    words: str
    kind: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    pod: tuple[str, ...] = ()
    has_days: bool = False


EVENTS: Final = {
    "referral": Event("referrals", ("routine", "urgent", "two_weeks"), STARTS),
    "attendance": Event("outpatients seen", _APPOINTMENTS, STARTS),
    "procedure": Event("outpatients seen, a procedure recorded", _APPOINTMENTS, STARTS),
    "missed": Event("appointments missed", _APPOINTMENTS, STARTS),
    "cancelled": Event("appointments cancelled", _APPOINTMENTS, STARTS),
    "unresolved": Event("appointments that may have taken place", _APPOINTMENTS, STARTS),
    "ae_attendance": Event("A&E attendances", ("admitted", "not_admitted")),
    "ae_follow_up": Event("planned follow-ups in A&E", ("admitted", "not_admitted")),
    "admission": Event(
        "hospital stays", ("zero_days", "with_nights"), STARTS, (*_STAYS, "RA"), has_days=True
    ),
    "priced_stay": Event(
        "priced hospital stays", ("within_trim", "beyond_trim"), (), _STAYS, has_days=True
    ),
    "unpriced_stay": Event("hospital stays without a price", (), (), _STAYS),
}
"""Events by name; days are nights of a stay, and of priced stays days beyond the trim point."""

DIMENSIONS: Final = ("kind", "source", "pod")
