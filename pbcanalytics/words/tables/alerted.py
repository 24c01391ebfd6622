"""What is published of alerts: no counts, and nothing that rests on small ones."""

from typing import Final

from pbcanalytics.words.tables.table import table

DEMAND_ALERTS: Final = table(
    "demand_alerts",
    "one row per alert of the latest month that may be told: a measure, practice and specialty",
    ("measure", "code", "measure"),
    ("group_kind", "code", "practice"),
    ("group_code", "code", "its code"),
    ("consortium_code", "code", "consortium of the practice; blank if none"),
    ("pct_code", "code", "PCT of the practice"),
    ("specialty_code", "code", "specialty; SMALL for all small ones together"),
    ("specialty_name", "text", "its name"),
    ("side", "code", "above or below"),
    ("ratio", "ratio", "level since over level before, beside the other practices; a few steps"),
    ("onset", "month", "likeliest month in which the change began"),
    ("onset_earliest", "month", "earliest month in which it may have begun (95%)"),
    ("onset_latest", "month", "latest month in which it may have begun (95%)"),
    ("to_month", "month", "latest month that counts"),
    ("first_seen", "month", "month for which it was first raised, without a pause of over 3"),
    ("n_seen", "integer", "months for which it was raised since", "months"),
    ("is_new", "flag", "it was not raised in the three months before"),
    ("chance_one_in", "integer", "chance alone moves one series in so many as far; rounded"),
    ("is_provisional", "flag", "newest months are left out, as a provider is late"),
)
DEMAND_ALERT_FAMILIES: Final = table(
    "demand_alert_families",
    "one row per measure that alerts look at: how much was looked at, and what could not be seen",
    ("measure", "code", "measure"),
    ("title", "text", "its name"),
    ("family", "code", "measures whose false alerts are controlled together"),
    ("month", "month", "latest month looked at"),
    ("to_month", "month", "latest month that counts"),
    ("is_provisional", "flag", "newest months are left out, as a provider is late"),
    ("n_tested", "integer", "series tested, each for a rise and a fall", "series"),
    ("n_untested", "integer", "series that could not be tested", "series"),
    ("n_alerts", "integer", "alerts raised", "alerts"),
    ("n_untold", "integer", "of them, left out as they rest on few events", "alerts"),
    ("n_false_expected", "ratio", "alerts that luck alone would raise", "alerts"),
    ("false_share", "ratio", "of the alerts of a family, how many may be false", "share"),
    ("least_soon", "ratio", "least rise found 8 times in 10 after 3 months, usual size"),
    ("least_later", "ratio", "the same after 12 months"),
    ("least_soon_small", "ratio", "least rise found after 3 months, where one in ten is smaller"),
    ("least_later_small", "ratio", "the same after 12 months"),
)
"""Least rises are rounded up to a twentieth, so that no count follows from them."""

ALERTED: Final = (DEMAND_ALERTS, DEMAND_ALERT_FAMILIES)
