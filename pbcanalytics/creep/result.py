"""All that a search for code creep found."""

from dataclasses import dataclass, field
from typing import Final

import pandas as pd

SAID, PARTLY_SAID, NOT_SAID = ("said", "partly said", "not said")
"""Whether the extracts say of all, some or none of their months that they are flex or freeze."""

PROVISIONAL: Final = ("table_name", "provider_code", "month")


@dataclass(frozen=True)
class Closing:
    """
    Which months may still change.

    Attributes
    ----------
    state : str
        SAID, PARTLY_SAID or NOT_SAID.
    provisional : DataFrame, one row per landing table, provider and month
        PROVISIONAL: sent as flex and not as freeze since. They decide nothing.
    """

    state: str = NOT_SAID
    provisional: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PROVISIONAL))


@dataclass(frozen=True)
class Creep:
    """
    What was found.

    Attributes
    ----------
    signals : DataFrame
        As the data dictionary has `creep_signals`.
    practices : DataFrame
        As it has `creep_practices`.
    spells : DataFrame, one row per spell worth a look
        `signal`, `spell_id`, …, least ill first.
    tested : DataFrame, one row per series that can be followed
        `provider_code`, `root`, `root_name`, `n_a_month`, `auc`, `dear_share`.
    first_month, last_month : Timestamp
    n_months : int
        Months held; the first 24 are taken to be clean.
    n_left_out : int
        Spells in series too small to test.
    limits : dict of str to float
        Of the tiers, for series.
    n_providers : int
        Providers with tested series: fewer than 5 are nobody's peers.
    n_unusable : int
        Series large enough that cannot be followed: one of their first 24 months is flex or
        incomplete, or they hold no dear or no cheap spell.
    n_shares : int
        Series of mechanisms that their share alone tells.
    counted : dict of str to float
        By provider: share of its stays in roots with dear and cheap classes that its whole is of.
        The others are in small roots, or in roots whose severity is told too poorly. [share]
    closing : Closing
        Months that may still change.
    """

    signals: pd.DataFrame
    practices: pd.DataFrame
    spells: pd.DataFrame
    tested: pd.DataFrame
    first_month: pd.Timestamp
    last_month: pd.Timestamp
    n_months: int
    n_left_out: int
    limits: dict[str, float]
    n_providers: int
    n_unusable: int = 0
    n_shares: int = 0
    counted: dict[str, float] = field(default_factory=dict)
    closing: Closing = field(default_factory=Closing)
