"""The steps of a price, as the published file, its making and its pages name them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class TakenStep:
    """
    A step that only some activities have.

    Attributes
    ----------
    count : str
        Column of the working database with how many activities have it.
    name : str
        Its name in tables.
    said : str
        What pounds are for, in a sentence.
    """

    count: str
    name: str
    said: str


TAKEN: Final = {
    "short_stay_pence": TakenStep(
        "n_short_stay", "Short emergency stays", "for short emergency stays"
    ),
    "long_stay_pence": TakenStep(
        "n_long_stay", "Days beyond the trim point", "for days beyond the trim point"
    ),
    "top_up_pence": TakenStep("n_top_up", "Specialised top-ups", "for specialised care"),
    "other_pence": TakenStep("n_other", "Other adjustments", "for other adjustments"),
}
"""By column of the published file."""

TOGETHER: Final = "together_pence"
"""All of these."""

STEPS: Final = ("base_pence", *TAKEN, "mff_pence", "price_pence")
"""The steps of a price in their order, and the price."""

ALL: Final = "ALL"
"""Stands for all points of delivery."""
