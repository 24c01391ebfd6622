"""What the test of code creep found: a row a signal, and a row a signal and practice."""

from typing import Final

from pbcanalytics.words.tables.table import table

_ENDS = (("", ""), ("_low", ", low end of 95%"), ("_high", ", high end"))

_SHARES = (
    ("true_share", "ratio", "change of the dear share by sicker patients", "share"),
    *(
        (f"{part}{end}_share", "ratio", f"change of the dear share by {meaning}{what}", "share")
        for part, meaning in (("recording", "better recording"), ("creep", "creep"))
        for end, what in _ENDS
    ),
)

CREEP_SIGNALS: Final = table(
    "creep_signals",
    "one row per signal of the test of code creep: a query for validation, never a finding",
    ("signal", "integer", "number of the signal"),
    ("provider_code", "code", "hospital or other provider"),
    ("mechanism", "code", "what is looked at: cc_split, dear classes within roots; others a share"),
    ("level", "code", "root, or provider: all roots of the provider together"),
    ("root", "code", "root of HRGs and setting; blank for all of the provider's"),
    ("month", "month", "first month whose end gave the alarm"),
    ("onset", "month", "likeliest month in which the change began"),
    ("state", "code", "query, creep-confirmed, recording, true mix, new service, version, …"),
    ("reason", "code", "what speaks for that state"),
    ("query", "ratio", "statistic of the tier that raises a query, at its peak"),
    ("confirmed", "ratio", "statistic of the stricter tier, at its peak"),
    ("recording", "ratio", "statistic for better recording, at its peak"),
    ("p_value", "ratio", "share of months without creep that reach the query statistic"),
    ("creep_score", "ratio", "weight of creep among the explanations; not calibrated", "share"),
    ("auc", "ratio", "how well the severity score tells dear from cheap: 0.5 not at all"),
    *_SHARES,
    ("n_spells", "integer", "spells of the months priced", "spells"),
    ("n_months", "integer", "months priced, up to 12 from the onset", "months"),
    ("creep_pence", "pence", "what creep comes to; of a share, at most; of depth blank", "pence"),
    ("creep_low_pence", "pence", "low end of its 95% interval", "pence"),
    ("creep_high_pence", "pence", "high end of its 95% interval", "pence"),
    ("margin_pence", "pence", "what creep comes to as paid at the margin; blank: unknown", "pence"),
    ("price_used", "code", "full, no_rate, marginal, no_threshold, not_priced or not_parted"),
    ("recording_pence", "pence", "what better recording comes to", "pence"),
    ("recording_low_pence", "pence", "low end of its 95% interval", "pence"),
    ("recording_high_pence", "pence", "high end of its 95% interval", "pence"),
    ("true_pence", "pence", "other patients within roots", "pence"),
    ("volume_pence", "pence", "more or fewer spells", "pence"),
    ("between_pence", "pence", "other roots and practices", "pence"),
    ("price_pence", "pence", "other prices", "pence"),
    ("long_stay_pence", "pence", "days beyond the trim point; no class explains them", "pence"),
    ("n_unpriced", "integer", "spells without a price, reckoned at their class's mean", "spells"),
    ("audit_notes", "integer", "notes an audit would have to read; empty if none would do"),
    ("audit_failures", "integer", "notes that must fail to bear the query out"),
)
"""The pence of a signal add up to the change of the cost of its spells between two years."""

CREEP_PRACTICES: Final = table(
    "creep_practices",
    "one row per signal and practice; a signal's practices add up to it",
    ("signal", "integer", "number of the signal"),
    ("practice_code", "code", "practice"),
    ("creep_pence", "pence", "its part of what creep comes to", "pence"),
    ("recording_pence", "pence", "its part of better recording", "pence"),
    ("true_pence", "pence", "its part of other patients", "pence"),
    ("change_pence", "pence", "change of the cost of its spells", "pence"),
)
"""Practices are never tested: a provider's effect is shared out by their spells."""
