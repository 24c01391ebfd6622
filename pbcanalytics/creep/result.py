"""All that a search for code creep found."""

from dataclasses import dataclass

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
