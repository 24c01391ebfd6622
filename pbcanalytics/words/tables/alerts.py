"""What is kept of alerts, so that yesterday's is not news today."""

from typing import Final

from pbcanalytics.words.tables.table import table

ALERT_LEDGER: Final = table(
    "alert_ledger",
    "one row per alert and month for which it was raised; its measure, practice, specialty and "
    "side are its key",
    ("month", "month", "latest month looked at; of an alert's last row, when it was last seen"),
    ("measure", "code", "measure"),
    ("practice_code", "code", "practice"),
    ("specialty_code", "code", "specialty; SMALL for all small ones together"),
    ("side", "code", "above or below"),
    ("first_seen", "month", "month for which it was first raised, without a pause of over 3"),
    ("n_seen", "integer", "months for which it was raised since", "months"),
    ("state", "code", "new, or standing if it was raised before"),
    ("onset", "month", "likeliest month in which the change began"),
    ("onset_earliest", "month", "earliest month in which it may have begun (95%)"),
    ("onset_latest", "month", "latest month in which it may have begun (95%)"),
    ("observed", "ratio", "events since then", "events"),
    ("expected", "ratio", "events that its own past and the other practices lead to", "events"),
    ("ratio", "ratio", "level since over level before, beside the other practices"),
    ("ratio_low", "ratio", "low end of its 95% interval"),
    ("ratio_high", "ratio", "high end of its 95% interval"),
    ("p_share", "ratio", "how often chance alone moves a series so far", "share"),
    ("adjusted_p_share", "ratio", "share of false ones among alerts as rare as this", "share"),
)
"""The rows of one month are replaced when that month is looked at again."""
