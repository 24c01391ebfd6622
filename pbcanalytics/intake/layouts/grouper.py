"""Output of the NHS local payment grouper, which repeats what was put in (domain 2.7).

`PBC` in its headings is a programme budgeting category, not practice-based commissioning.
"""

from typing import Final

from pbcanalytics.intake.layouts.layout import Field, Layout
from pbcanalytics.words import tables

_SPELL = (
    Field("provider_code", ("PROCODET",), required=True),
    Field("spell_number", ("PROVSPNO",), required=True),
)


def numbered(*stems: str) -> tuple[str, ...]:
    """Write headings that end in 1 to 7."""
    return tuple(f"{stem}{i}" for stem in stems for i in range(1, 8))


GROUPED_EPISODES: Final = Layout(
    "grouped_episodes",
    "NHS grouper, episodes (file _FCE)",
    tables.GROUPED_EPISODES,
    (
        *_SPELL,
        Field("episode_order", ("EPIORDER",), required=True),
        Field("hrg", ("FCE_HRG",), required=True),
        Field("spell_hrg", ("SpellHRG",)),
        Field("grouping_method", ("GroupingMethodFlag",)),
        Field("dominant_procedure", ("DominantProcedure",)),
        Field("programme_budgeting_category", ("FCE_PBC",)),
        Field("trim_point_days", ("FCETrimpoint",)),
        Field("excess_bed_days", ("FCEExcessBeddays",)),
    ),
    key=("provider_code", "spell_number", "episode_order"),
)

GROUPED_SPELLS: Final = Layout(
    "grouped_spells",
    "NHS grouper, spells (file _spell)",
    tables.GROUPED_SPELLS,
    (
        *_SPELL,
        Field("hrg", ("SpellHRG",), required=True),
        Field("grouping_method", ("SpellGroupingMethodFlag",)),
        Field("dominant_procedure", ("SpellDominantProcedure",)),
        Field("primary_diagnosis", ("SpellPDiag",)),
        Field("programme_budgeting_category", ("SpellPBC",)),
        Field("n_episodes", ("SpellEpisodeCount",), required=True),
        Field("los_days", ("SpellLOS",), required=True),
        Field("trim_point_days", ("SpellTrimpoint",)),
        Field("excess_bed_days", ("SpellExcessBeddays",)),
        Field("critical_care_days", ("SpellCCDays",)),
        Field("listed_unbundled", ("UnbundledHRGs",)),
        Field("specialised_codes", numbered("SpellSSC", "SpellSSCs"), is_joined=True),
    ),
    key=("provider_code", "spell_number"),
    derived={
        "unbundled_hrgs": "NULLIF(trim(regexp_replace(listed_unbundled, '[^A-Za-z0-9]+', ' ', "
        "'g')), '')"
    },
)

ALL: Final = (GROUPED_EPISODES, GROUPED_SPELLS)
