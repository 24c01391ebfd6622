"""Why a piece of activity has no price: one code, one sentence, and whether it is a gap.

A gap is activity that should have been priced and could not be: it lowers coverage. The rest
is outside the tariff or not yet payable, and is counted apart.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Reason:
    """Why a price is empty; `sentence` follows "This activity has no price: "."""

    sentence: str
    is_gap: bool


UNPRICED: Final = {
    "private_patient": Reason("its patient paid privately", False),
    "excluded": Reason("the extract says that it lies outside payment by results", False),
    "no_hrg": Reason("no HRG was supplied with it", True),
    "ungroupable": Reason(
        "the grouper could not place it in an HRG (UZ01Z; U01 to U09 in version 3.5)", True
    ),
    "open_spell": Reason("the patient has not been discharged yet", False),
    "dates_disagree": Reason("its discharge comes before its admission", True),
    "regular_attender": Reason("regular day and night attenders have no national price", False),
    "unknown_admission_method": Reason("its admission method is not a known code", True),
    "no_tariff_year": Reason("no national tariff is held for its year", True),
    "outside_scope": Reason("the national tariff of the year did not reach its kind", False),
    "rule_not_held": Reason("a payment rule that its price needs is not known for the year", True),
    "unknown_hrg": Reason("its HRG is not in the tariff of the year", True),
    "no_price_for_admission": Reason(
        "the tariff has no price for its HRG with this kind of admission", True
    ),
    "no_mff": Reason("no market forces factor is held for its provider", True),
    "no_long_stay_rate": Reason("it passed its trim point and its HRG has no daily rate", True),
    "no_short_stay_share": Reason(
        "it is a short emergency stay, and what such a stay is paid is not held", True
    ),
    "no_top_up_share": Reason(
        "it carries a specialised service code, and what such care is paid on top is not held", True
    ),
    "no_unbundled_price": Reason("no price of its unbundled HRG is held", True),
    "no_age": Reason("its patient's age is not known, which decides on the reduction", True),
    "not_attended": Reason("the patient did not attend", False),
    "unknown_attendance_type": Reason("it is neither a first nor a follow-up attendance", True),
    "no_specialty_price": Reason("no outpatient price is held for its specialty", True),
    "no_emergency_price": Reason("no A&E price is held for its HRG", True),
}
