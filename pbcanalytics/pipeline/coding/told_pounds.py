"""What signals and quiet pairs come to, and which of these fell: laid out as tables name it."""

from typing import Any

import pandas as pd

from pbcanalytics.creep.pricing import Z_95, Priced
from pbcanalytics.creep.states import passing
from pbcanalytics.faces.publishing.creep import ALL
from pbcanalytics.pipeline.coding.preparing import MECHANISM
from pbcanalytics.words import tables


def pounds(priced: Priced) -> dict[str, Any]:
    """
    Give shares and pounds as `creep_signals` names them, and the change that they add up to.

    Parameters
    ----------
    priced : Priced

    Returns
    -------
    dict
        By column. [share, pence]
    """
    split, terms = priced.effect, priced.terms
    weights = split.weights
    told: dict[str, Any] = {"true_share": float(weights @ split.true)}
    for name, part in (("creep", split.creep), ("recording", split.recording)):
        value, off = float(weights @ part.value), Z_95 * part.error(weights)
        told |= {
            f"{name}_share": value,
            f"{name}_low_share": value - off,
            f"{name}_high_share": value + off,
        }
    return told | {
        "creep_pence": terms.creep_mix,
        "creep_low_pence": priced.low_pence,
        "creep_high_pence": priced.high_pence,
        "recording_pence": terms.recording,
        "recording_low_pence": priced.recording_low_pence,
        "recording_high_pence": priced.recording_high_pence,
        "true_pence": terms.true_mix,
        "volume_pence": terms.volume,
        "between_pence": terms.between_roots,
        "price_pence": terms.price,
        "change_pence": terms.change,
        "long_stay_pence": priced.long_stay_pence,
        "n_unpriced": priced.n_unpriced,
    }


def fallen(pairs: pd.DataFrame) -> pd.DataFrame:
    """
    Mark the roots whose dear share fell by more than chance, all looked at together.

    Parameters
    ----------
    pairs : DataFrame, one row per pair
        `mechanism`, `root`, `is_heard`, `change_share` and `change_high_share`.

    Returns
    -------
    DataFrame, one row per pair
        With all columns of `coded_pairs`, `is_fallen` among them.
    """
    from scipy.special import ndtr

    pairs = pairs.reindex(columns=[*dict.fromkeys([*pairs.columns, *tables.CODED_PAIRS.names])])
    pairs["is_fallen"] = False
    quiet = (pairs["mechanism"] == MECHANISM) & (pairs["root"] != ALL) & ~pairs["is_heard"]
    own = pairs[quiet]
    error = (own["change_high_share"] - own["change_share"]) / Z_95
    chance = ndtr((own["change_share"] / error).to_numpy(dtype=float))
    pairs.loc[quiet, "is_fallen"] = passing(chance) if len(own) else False
    return pairs
