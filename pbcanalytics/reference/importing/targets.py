"""What is looked for in a price list: subjects, their columns, and the headings these have."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_HRG: Final = r"[A-Z]{2}\d{2}[A-Z]|[A-Z]\d{2}"
"""HRG4 and HRG4+ codes, and those of version 3.5 (E10)."""

_BPT: Final = r"bpt|sus will automate|automated by sus"
_NOT_A_PRICE: Final = rf"{_BPT}|chang|previous|differ|increase|uplift"
_NOT_A_SPELL: Final = rf"stay|trim|{_NOT_A_PRICE}"


@dataclass(frozen=True)
class Target:
    """
    A column that is looked for.

    `wanted` and `barred` are searched in the heading made alike (`headings.alike`). `kind` says
    how a cell is read: code, label, money, days, index, share or flag. `zero_is_none`: the
    publisher writes 0 where there is no such price. `example` is a heading to name when it is
    missing; without one, its absence is not worth a word. `reason`: why it is left out.
    """

    column: str
    wanted: str
    barred: str = r"(?!)"
    kind: str = "money"
    unit: str = "label"
    zero_is_none: bool = True
    example: str = ""
    reason: str = ""

    def accepts(self, heading: str) -> bool:
        """Tell whether a heading made alike can be that of this column."""
        return bool(re.search(self.wanted, heading)) and not re.search(self.barred, heading)


@dataclass(frozen=True)
class Subject:
    """A table of the reference data: what it is called, and which of its columns it cannot lack."""

    name: str
    title: str
    grain: str
    targets: tuple[Target, ...]
    code: str
    needs_one_of: tuple[str, ...]
    barred_sheets: str = r"(?!)"

    @property
    def key(self) -> str:
        """The column of the codes."""
        return self.targets[0].column

    def target_for(self, heading: str) -> Target | None:
        """Give the first target that accepts a heading made alike."""
        return _target_for(self.name, heading)

    def target(self, column: str) -> Target:
        """Give the target of a column."""
        return next(t for t in self.targets if t.column == column)


def _label(column: str, wanted: str) -> Target:
    return Target(column, wanted, kind="label")


_SPELL: Final = "pence per spell, before MFF"
_ATTENDANCE: Final = "pence per attendance, before MFF"
_HRG_CODE: Final = Target(
    "hrg",
    r"^((core )?(hrg|hrg ?4|currency)( code)?|code)$",
    kind="code",
    unit="HRG code",
    example="HRG code",
)
_HRG_NAME: Final = r"^((core )?(hrg|hrg ?4|currency)( code)? )?(name|desc|description|label|title)$"
_LEFT_OUT_BPT: Final = Target(
    "", _BPT, reason="best practice tariffs are no part of the record", kind="ignored"
)

TARIFF: Final = Subject(
    "tariff",
    "National tariff: admitted patient care and outpatient procedures",
    "one row per HRG",
    (
        _HRG_CODE,
        _LEFT_OUT_BPT,
        _label("name", _HRG_NAME),
        _label("root_name", r"^(hrg )?root (name|desc|description)$"),
        _label("split_name", r"^(hrg )?split (name|desc|description)$"),
        Target("short_stay_applies", r"short stay.*applicable", r"percent|chang", "flag"),
        Target(
            "short_stay_emergency_share",
            r"percent.*short stay|short stay.*(percent|share)",
            r"chang",
            "share",
            "share of the non-elective price, emergencies of adults under 2 days",
        ),
        Target(
            "short_stay_emergency_pence",
            r"short stay.*(emergency|nonelective)|(emergency|nonelective).*short stay",
            rf"percent|{_NOT_A_PRICE}",
            unit=_SPELL,
        ),
        Target(
            "long_stay_per_day_pence",
            r"per day|per diem|daily|excess bed day",
            _NOT_A_PRICE,
            unit="pence per day beyond the trim point, before MFF",
            example="Per day long stay payment (for days exceeding trim point) (£)",
        ),
        Target(
            "non_elective_trim_days",
            r"nonelective.*trim|trim.*nonelective",
            kind="days",
            unit="days",
            example="Non-elective long stay trim point (days)",
        ),
        Target(
            "elective_trim_days",
            r"elective.*trim|trim.*elective",
            kind="days",
            unit="days",
            example="Ordinary elective long stay trim point (days)",
        ),
        Target(
            "outpatient_procedure_pence",
            r"outpatientprocedure",
            _NOT_A_PRICE,
            unit=_ATTENDANCE,
            example="Outpatient procedure tariff (£)",
        ),
        Target("combined_pence", r"daycase.*\belective|\belective.*daycase", _NOT_A_SPELL),
        Target(
            "day_case_pence",
            r"daycase",
            rf"nonelective|{_NOT_A_SPELL}",
            unit=_SPELL,
            example="Day case spell tariff (£)",
        ),
        Target(
            "elective_pence",
            r"\belective",
            rf"nonelective|{_NOT_A_SPELL}",
            unit=_SPELL,
            example="Ordinary elective spell tariff (£)",
        ),
        Target(
            "non_elective_pence",
            r"nonelective",
            _NOT_A_SPELL,
            unit=_SPELL,
            example="Non-elective spell tariff (£)",
        ),
    ),
    _HRG,
    ("combined_pence", "day_case_pence", "elective_pence", "non_elective_pence"),
    r"\bbpt",
)

OUTPATIENT: Final = Subject(
    "outpatient",
    "Outpatient attendance prices",
    "one row per treatment function",
    (
        Target(
            "specialty_code",
            r"^(treatment function|tfc|specialty|treatment function specialty)( code)?$",
            kind="code",
            unit="treatment function code",
            example="Treatment function code",
        ),
        _LEFT_OUT_BPT,
        Target(
            "",
            r"non face|wf0[12][cd]\b|telephone|\bnftf\b",
            kind="ignored",
            reason="attendances that are not face to face have no place in the record",
        ),
        Target(
            "",
            r"non consultant",
            kind="ignored",
            reason="attendances that no consultant leads have no place in the record",
        ),
        Target(
            "follow_up_multi_professional_pence",
            r"wf02a|followup.*multi|multi.*followup",
            _NOT_A_PRICE,
            unit=_ATTENDANCE,
        ),
        Target(
            "first_multi_professional_pence",
            r"wf02b|first.*multi|multi.*first",
            _NOT_A_PRICE,
            unit=_ATTENDANCE,
        ),
        Target(
            "follow_up_attendance_pence",
            r"wf01a|followup",
            rf"wf02|multi|{_NOT_A_PRICE}",
            unit=_ATTENDANCE,
            example="WF01A Follow up attendance - single professional",
        ),
        Target(
            "first_attendance_pence",
            r"wf01b|first",
            rf"wf02|multi|{_NOT_A_PRICE}",
            unit=_ATTENDANCE,
            example="WF01B First attendance - single professional",
        ),
    ),
    r"\d{3}",
    ("first_attendance_pence", "follow_up_attendance_pence"),
    r"\bbpt|non consultant|non face",
)

EMERGENCY: Final = Subject(
    "emergency",
    "A&E attendance prices",
    "one row per HRG",
    (
        _HRG_CODE,
        _LEFT_OUT_BPT,
        Target(
            "",
            r"types? (3|4|iii)\b",
            r"types? (1|i)\b",
            "ignored",
            reason="the record holds the prices of departments of types 1 and 2",
        ),
        Target(
            "attendance_pence",
            r"types? (1|i)\b|tariff|price|payment",
            rf"daycase|elective|short stay|per day|outpatient|trim|{_NOT_A_PRICE}",
            unit=_ATTENDANCE,
            example="Type 1 and 2 departments: tariff (£)",
        ),
    ),
    r"VB\d{2}[A-Z]",
    ("attendance_pence",),
    r"\bbpt",
)

MFF: Final = Subject(
    "mff",
    "Market forces factor by provider",
    "one row per provider",
    (
        Target(
            "provider_code",
            r"^(provider|trust|nhs trust|organisation|org|ods)( code)?$",
            kind="code",
            unit="organisation code",
            example="Provider code",
        ),
        _label("provider_name", r"^((provider|trust|nhs trust|organisation|org) )?name$"),
        Target(
            "mff_ratio",
            r"\bmff|payment index",
            r"underlying|previous|chang|differ|percent|rank|uncapped|impact",
            "index",
            "ratio, payment index, lowest provider = 1",
            zero_is_none=False,
            example="MFF payment index",
        ),
    ),
    r"(?=.*[A-Z])[A-Z0-9]{3,6}",
    ("mff_ratio",),
)

SUBJECTS: Final = (TARIFF, OUTPATIENT, EMERGENCY, MFF)


@lru_cache(maxsize=65_536)
def _target_for(subject: str, heading: str) -> Target | None:
    targets = next(s.targets for s in SUBJECTS if s.name == subject)
    return next((t for t in targets if t.accepts(heading)), None)
