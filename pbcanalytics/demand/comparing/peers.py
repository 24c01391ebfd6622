"""The nearest peers of a unit by given features, with the distances shown."""

from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.words.errors import SelectionError

NEAREST: Final = 20


def nearest_peers(
    features: pd.DataFrame, *, n_peers: int = NEAREST, weights: dict[str, float] | None = None
) -> pd.DataFrame:
    """
    Find the units most like each unit.

    Parameters
    ----------
    features : DataFrame, one row per unit
        Indexed by unit; one column of numbers a feature, each in its own unit.
    n_peers : int
        At most so many; fewer where there are fewer others.
    weights : dict or None
        What a feature counts; 1 for those not named. [ratio]

    Returns
    -------
    DataFrame, one row per unit and peer
        `unit`, `place` from 1, `peer`, `distance`, and for each feature `<feature>_away`, how far
        the peer is above the unit; all in standard deviations of the feature. Ties go by the
        peers' names. A unit with a feature that is not known is in no row: it has no distance.

    Raises
    ------
    SelectionError
        If units are named twice, features are not numbers, a weight names no feature or is below
        0, or fewer than one peer is asked for.

    Notes
    -----
    Distance is the root of the weighted sum of squares. A feature that is the same in all units
    tells nothing and counts nothing.
    """
    faults = _faults(features, n_peers, weights or {})
    if faults:
        raise SelectionError(
            "Peers cannot be found: " + "; ".join(faults) + ". Correct these and ask again."
        )
    known = features.dropna().sort_index()
    values = known.to_numpy(dtype=float)
    sd = values.std(axis=0) if len(known) else np.ones(values.shape[1])
    is_same = sd <= 1e-12 * np.abs(values).max(axis=0, initial=0)
    scaled = np.where(is_same, 0.0, values / np.where(is_same, 1.0, sd))
    counts = np.array([(weights or {}).get(str(name), 1.0) for name in features.columns])
    away = scaled[None, :, :] - scaled[:, None, :]
    distance = np.sqrt((counts * away**2).sum(axis=2))
    np.fill_diagonal(distance, np.inf)
    n_taken = max(min(n_peers, len(known) - 1), 0)
    # Rounded, so that two distances that differ by the order of a sum count as one.
    order = np.argsort(distance.round(9), axis=1, kind="stable")[:, :n_taken]
    units = np.repeat(np.arange(len(known)), n_taken)
    peers = order.ravel()
    columns = {
        "unit": known.index[units],
        "place": np.tile(np.arange(1, n_taken + 1), len(known)),
        "peer": known.index[peers],
        "distance": distance[units, peers],
    }
    for i, name in enumerate(features.columns):
        columns[f"{name}_away"] = away[units, peers, i]
    return pd.DataFrame(columns)


def _faults(features: pd.DataFrame, n_peers: int, weights: dict[str, float]) -> list[str]:
    """Name all that is wrong with what was asked."""
    faults = [
        f"feature '{name}' is not a number"
        for name in features.columns
        if not pd.api.types.is_numeric_dtype(features[name])
    ]
    twice = sorted({str(unit) for unit in features.index[features.index.duplicated()]})
    if twice:
        faults.append(f"named more than once: {', '.join(twice)}")
    unknown = sorted(set(weights) - {str(name) for name in features.columns})
    if unknown:
        faults.append(f"weights name no feature: {', '.join(unknown)}")
    faults += [f"the weight of '{name}' is below 0" for name in weights if weights[name] < 0]
    if not len(features.columns):
        faults.append("no feature is given")
    if n_peers < 1:
        faults.append(f"{n_peers} peers were asked for")
    return faults
