"""What is published of the search for code creep: aggregates, small numbers withheld."""

from typing import Final

from pbcanalytics.words.tables.signals import CREEP_SIGNALS
from pbcanalytics.words.tables.table import Table, table

_PAIR: Final = (
    ("mechanism", "code", "what is looked at: cc_split, dear classes within roots; others a share"),
    ("provider_code", "code", "hospital or other provider"),
    ("root", "code", "root, HRG or specialty; ALL for all of the provider's together"),
)

_TAKEN: Final = (
    *("level", "month", "onset", "state", "reason", "query", "confirmed", "p_value"),
    *("creep_score", "auc", "true_share", "recording_share", "recording_low_share"),
    *("recording_high_share", "creep_share", "creep_low_share", "creep_high_share", "n_spells"),
    *("n_months", "creep_pence", "creep_low_pence", "creep_high_pence", "margin_pence"),
    *("price_used", "recording_pence", "recording_low_pence", "recording_high_pence"),
    *("true_pence", "volume_pence"),
    *("between_pence", "price_pence", "long_stay_pence", "n_unpriced", "audit_notes"),
    "audit_failures",
)
"""Columns of `creep_signals` that are published as they are; empty where nothing was heard."""

CODED_SEARCH: Final = table(
    "coded_search",
    "one row: what the search for code creep had to go on",
    ("is_searched", "flag", "the search was run on these very data"),
    ("first_month", "month", "first month held"),
    ("last_month", "month", "last month held"),
    ("n_months", "integer", "months of hospital stays held", "months"),
    ("n_series", "integer", "shares of dear classes followed"),
    (
        "n_unusable",
        "integer",
        "shares of dear classes whose first 24 months do not say what is usual",
    ),
    ("n_shares", "integer", "other shares followed"),
    ("n_providers", "integer", "providers followed"),
    ("n_weak", "integer", "of the series, those whose severity is told too poorly"),
    ("n_left_out", "integer", "spells in series too small to test; blank if 1 to 7", "spells"),
    ("has_calendar", "flag", "a calendar of national changes is held"),
    ("closing", "code", "of the months, flex or freeze is: said, partly said, not said"),
)
CODED_PROVISIONAL: Final = table(
    "coded_provisional",
    "one row per landing table, provider and month that was sent as flex and not as freeze since; "
    "it decides nothing",
    ("table_name", "code", "landing table"),
    ("provider_code", "code", "hospital or other provider"),
    ("month", "month", "month that may still change"),
)
CODED_EVENTS: Final = table(
    "coded_events",
    "one row per national change of grouper or of a coding rule that the calendar holds",
    ("month", "month", "month from which it held"),
    ("kind", "code", "grouper or rule"),
    ("what", "text", "what changed"),
)
CODED_PAIRS: Final = table(
    "coded_pairs",
    "one row per mechanism, provider and root: the year after a change that was heard, or else "
    "the latest twelve months, against the same months a year before",
    *_PAIR,
    ("provider_name", "text", "name of the provider"),
    ("root_name", "text", "name of the root"),
    ("is_heard", "flag", "the test heard a change"),
    ("first_month", "month", "first of the months priced"),
    *((c.name, c.kind, c.meaning, c.unit) for c in CREEP_SIGNALS.columns if c.name in _TAKEN),
    ("is_shared_out", "flag", "its pounds are shared out to practices here"),
    ("usual_share", "ratio", "dear share of the first 24 months", "share"),
    ("change_share", "ratio", "dear share after less before, case mix taken off", "share"),
    ("change_low_share", "ratio", "low end of its 95% interval", "share"),
    ("change_high_share", "ratio", "high end of it", "share"),
    ("is_fallen", "flag", "it fell by more than chance among all roots"),
    ("change_pence", "pence", "change of the cost, long stays apart", "pence"),
    ("before_pence", "pence", "cost of the year before; blank where spells have no price", "pence"),
    ("growth_ratio", "ratio", "spells over those of the year before"),
    ("dear_before", "ratio", "mean severity of the dear, 18 months before"),
    ("dear_after", "ratio", "mean severity of the dear, 12 months after"),
    ("cheap_before", "ratio", "mean severity of the cheap, before"),
    ("cheap_after", "ratio", "mean severity of the cheap, after"),
    ("every_change", "ratio", "change of the mean severity of all"),
    ("every_error", "ratio", "its standard error"),
    ("breadth_share", "ratio", "of the provider's roots, those that rose as well", "share"),
    ("power_2", "ratio", "chance of hearing 2 points within 12 months", "share"),
    ("power_5", "ratio", "chance of hearing 5 points", "share"),
    ("power_10", "ratio", "chance of hearing 10 points", "share"),
    ("n_listed", "integer", "spells on the list for validation", "spells"),
    ("is_withheld", "flag", "small numbers: all figures are left out"),
)
CODED_PERIODS: Final = table(
    "coded_periods",
    "one row per pair and period, as long as no period holds 1 to 7 dear or cheap spells",
    *_PAIR,
    ("first_month", "month", "first month of the period"),
    ("n_months", "integer", "its length: 1, 3, 6 or 12", "months"),
    ("n_spells", "integer", "spells or attendances", "spells"),
    ("dear_share", "ratio", "dear of all, as counted", "share"),
    ("adjusted_share", "ratio", "the same, case mix and what all providers share taken off"),
    ("low_share", "ratio", "low limit about the usual share"),
    ("high_share", "ratio", "high limit"),
    ("is_heard", "flag", "the change was first heard in this period"),
)
CODED_PRACTICES: Final = table(
    "coded_practices",
    "one row per pair that was heard and practice; a pair's practices add up to it",
    *_PAIR,
    ("practice_code", "code", "practice; OTHERS for those with few spells, together"),
    ("practice_name", "text", "its name"),
    ("creep_pence", "pence", "its part of what creep comes to", "pence"),
    ("recording_pence", "pence", "its part of better recording", "pence"),
)

CODED_NATIONAL: Final = table(
    "coded_national",
    "one row per mechanism and period, as long as no hospital's share holds 1 to 7 of either kind "
    "in it, and one for the latest year: what all hospitals together do, against the first 24 "
    "months",
    _PAIR[0],
    ("first_month", "month", "first month of the period"),
    ("n_months", "integer", "its length: 1, 3, 6 or 12", "months"),
    ("n_providers", "integer", "providers averaged, by their spells"),
    (
        "rise_share",
        "ratio",
        "rise of the dear share with no sicker patients, or of a share",
        "share",
    ),
    (
        "low_share",
        "ratio",
        "low end of its 95% interval; blank with fewer than 5 providers",
        "share",
    ),
    ("high_share", "ratio", "high end of it", "share"),
)

OF_CODING: Final[tuple[Table, ...]] = (
    *(CODED_SEARCH, CODED_EVENTS, CODED_PROVISIONAL, CODED_NATIONAL),
    *(CODED_PAIRS, CODED_PERIODS, CODED_PRACTICES),
)
