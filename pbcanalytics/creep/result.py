"""All that a search for code creep found."""

from dataclasses import dataclass, field

import pandas as pd


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
    tested : DataFrame, one row per series
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
    n_shares : int
        Series of mechanisms that their share alone tells.
    margins : DataFrame, one row per signal
        `signal`, `emergency_pence`, `margin_pence`, `price_used`: what creep comes to where
        emergencies above a threshold earn a part of the tariff. [pence]
    counted : dict of str to float
        By provider: share of its stays in roots with dear and cheap classes that its whole is of.
        The others are in small roots, or in roots whose severity is told too poorly. [share]
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
    n_shares: int = 0
    margins: pd.DataFrame = field(default_factory=pd.DataFrame)
    counted: dict[str, float] = field(default_factory=dict)
