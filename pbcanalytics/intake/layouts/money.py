"""The tariff of a SUS spell: its parts, and whether they add up (domain 7.2)."""

from typing import Final

from pbcanalytics.intake import typing_values
from pbcanalytics.intake.layouts.layout import Field, Rule

TARIFF: Final = (
    Field("trim_point_days", ("PbR Spell Trimpoint Days",)),
    Field("excess_bed_days", ("PbR Days Beyond Trimpoint",)),
    Field("initial_pence", ("Tariff Initial Amount National",)),
    Field("initial_non_mandatory_pence", ("Tariff Initial Amount Non Mandatory",)),
    # The feed misspells it.
    Field("initial_local_pence", ("Tarrif Initial Amount Local", "Tariff Initial Amount Local")),
    Field("short_stay", ("Tariff Short Stay Emergency National",)),
    Field("service_adjustment_pence", ("Tariff Service Adjustment National",)),
    Field("long_stay_per_day_pence", ("Tariff Long Stay Rate National",)),
    Field("long_stay_pence", ("Tariff Long Stay Payment National",)),
    Field("unbundled_pence", ("Aggregate UnBundled Adjustment National",)),
    Field("financial_adjustment_pence", ("Tariff Financial Adjustment National",)),
    Field("pre_mff_pence", ("Tariff Pre MFF Adjusted National",)),
    Field("mff_pence", ("MFF Adjustment", "MFF Adjustment National")),
    Field("total_pence", ("Tariff Total Payment National",)),
    Field("price_pence", ("PbR Final Tariff", "Tariff Total Payment National"), required=True),
)

_ADDED = " + ".join(
    f"COALESCE({part}, 0)"
    for part in (
        *("service_adjustment_pence", "long_stay_pence", "unbundled_pence"),
        "financial_adjustment_pence",
    )
)
_NUMBER = "TRY_CAST(replace(short_stay, '%', '') AS DECIMAL(18, 5))"
_SHARE = f"CASE WHEN abs({_NUMBER}) <= 1 THEN {_NUMBER} ELSE {_NUMBER} / 100 END"

TARIFF_PARTS: Final = {
    "short_stay_pence": typing_values.value("short_stay", "pence", {}),
    "fits_as_amount": "(short_stay IS NULL OR short_stay_pence IS NOT NULL) AND "
    f"initial_pence + COALESCE(short_stay_pence, 0) + {_ADDED} = pre_mff_pence",
    "fits_as_mark": f"initial_pence + {_ADDED} = pre_mff_pence "
    f"OR abs(initial_pence * ({_SHARE}) + {_ADDED} - pre_mff_pence) <= 1",
}
"""Whether the parts make the price before MFF, with the short-stay entry read in two ways: as an
amount to add; as a mark that adds nothing, or the share (70% or 0.7) that is left of the price."""

TARIFF_RULES: Final = (
    Rule(
        "short_stay_is_amount",
        "short_stay",
        "short_stay IS NOT NULL AND fits_as_amount AND NOT COALESCE(fits_as_mark, FALSE)",
        "The parts of the tariff add up with the short-stay entry read as a sum of money.",
    ),
    Rule(
        "short_stay_is_mark",
        "short_stay",
        "short_stay IS NOT NULL AND fits_as_mark AND NOT COALESCE(fits_as_amount, FALSE)",
        "The parts of the tariff add up with the short-stay entry read as a mark or a percentage, "
        "not as a sum of money.",
    ),
    Rule(
        "tariff_does_not_add_up",
        "pre_mff_pence",
        "initial_pence IS NOT NULL AND pre_mff_pence IS NOT NULL "
        "AND NOT fits_as_amount AND NOT COALESCE(fits_as_mark, FALSE)",
        "The parts of the tariff do not make the price before the market forces factor, whichever "
        "way the short-stay entry is read.",
    ),
    Rule(
        "total_does_not_add_up",
        "total_pence",
        "pre_mff_pence + mff_pence <> total_pence",
        "The price before the market forces factor and the MFF adjustment do not make the total.",
    ),
)
