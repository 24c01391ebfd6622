"""What is published of practices side by side: made of cells that are told by themselves."""

from typing import Final

from pbcanalytics.words.tables.table import table

BAND_PERCENTS: Final = (10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90)
"""Percentiles of practices' values; fewer of them where there are few practices."""

_WHICH: Final = (
    ("pct_code", "code", "PCT whose practices stand side by side"),
    ("measure", "code", "measure"),
)
MEASURE_COMPARISONS: Final = table(
    "measure_comparisons",
    "one row per measure, specialty and practice: the latest twelve months",
    *_WHICH,
    ("specialty_code", "code", "specialty, ALL for all; those told of the practice only"),
    ("practice_code", "code", "practice"),
    ("to_month", "month", "last month"),
    ("expected_events", "integer", "what is expected of it, to two figures", "events"),
    ("ratio", "ratio", "counted over expected"),
    ("ratio_low", "ratio", "low end of its 95% interval"),
    ("ratio_high", "ratio", "high end of it"),
    ("chance", "code", "beyond which limits of chance it lies"),
    ("peers", "code", "beyond which limits of chance and the practices' own levels it lies"),
    ("least_detectable_ratio", "ratio", "smallest true ratio found in 8 of 10 cases"),
    ("place_low", "integer", "first place it may hold, 1 for the highest ratio", "place"),
    ("place_high", "integer", "last place it may hold", "place"),
    ("no_place_reason", "code", "why it has no place; blank where it has"),
    ("is_withheld", "flag", "small numbers: all is left out"),
)
MEASURE_SPREADS: Final = table(
    "measure_spreads",
    "one row per measure and specialty: how far practices differ",
    *_WHICH,
    ("specialty_code", "code", "specialty, ALL for all"),
    ("basis", "code", "what is expected rests on: age_sex, list or events"),
    ("n_practices", "integer", "practices compared", "practices"),
    ("event_weight_ratio", "ratio", "variance that chance gives a count, over its mean"),
    ("mean_ratio", "ratio", "counted over expected of all practices"),
    ("tau_squared", "ratio", "variance of practices' own levels over the square of their mean"),
)
MEASURE_PEERS: Final = table(
    "measure_peers",
    "one row per practice and peer: the practices most like it",
    ("pct_code", "code", "PCT"),
    ("practice_code", "code", "practice"),
    ("place", "integer", "1 for the nearest"),
    ("peer_code", "code", "the other practice"),
    ("distance", "ratio", "root of the sum of squares", "standard deviations"),
    ("list_size_away", "ratio", "how far its list is above", "standard deviations"),
    ("aged_65_away", "ratio", "how far its share of patients of 65 and over is above", "sd"),
    ("under_5_away", "ratio", "how far its share of patients under 5 is above", "sd"),
    ("need_away", "ratio", "how far its weighted over registered list is above", "sd"),
)
MEASURE_BANDS: Final = table(
    "measure_bands",
    "one row per measure and month: the values of practices, all specialties",
    *_WHICH,
    ("month", "month", "month"),
    ("n_practices", "integer", "practices whose month is told", "practices"),
    *((f"p{p}", "ratio", f"so many in 100 lie below: {p}") for p in BAND_PERCENTS),
    ("mean_ratio", "ratio", "numerators over denominators of these practices"),
    ("event_weight_ratio", "ratio", "variance that chance gives a count, over its mean"),
    ("tau_squared", "ratio", "variance of practices' own levels over the square of their mean"),
)
OF_COMPARISON: Final = (MEASURE_COMPARISONS, MEASURE_SPREADS, MEASURE_PEERS, MEASURE_BANDS)
