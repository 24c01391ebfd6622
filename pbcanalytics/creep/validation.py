"""Which spells are most worth a look, and how many notes an audit must read to settle a query."""

from dataclasses import dataclass
from typing import Final

import pandas as pd

USUAL_ERROR_SHARE: Final = 0.08
"""HRGs that audits of payment by results found wrong, either way, gross; net it was near nought."""

LEVEL: Final = 0.05
POWER: Final = 0.90
MOST_NOTES: Final = 2_000


@dataclass(frozen=True)
class Audit:
    """
    An audit that would settle a query.

    Attributes
    ----------
    n_notes, n_failures : int
        Notes to read, and how many must fail to bear the query out. [notes]
    level : float
        Chance of that many if only the usual errors are there.
    power : float
        Chance of that many if the estimate is right.
    expected_share : float
        Notes that should fail if it is right. [share]
    """

    n_notes: int
    n_failures: int
    level: float
    power: float
    expected_share: float


def failing(true_share: float, creep_share: float, usual_error: float = USUAL_ERROR_SHARE) -> float:
    """
    Give the share of dear spells that should fail an audit.

    Parameters
    ----------
    true_share : float
        Dear share without creep. [share]
    creep_share : float
        What creep added to it. [share]
    usual_error : float
        The share that fails anywhere. [share]

    Examples
    --------
    >>> round(failing(0.30, 0.05), 2)
    0.22
    """
    return creep_share / (true_share + creep_share) + usual_error


def audit_of(n_notes: int, expected: float, usual_error: float = USUAL_ERROR_SHARE) -> Audit:
    """
    Say what an audit of a given size can tell, by the exact binomial.

    Parameters
    ----------
    n_notes : int
        Notes read. [notes]
    expected, usual_error : float
        Shares that fail with and without creep. [share]

    Examples
    --------
    >>> found = audit_of(60, 0.22)
    >>> found.n_failures, round(found.level, 3), round(found.power, 2)
    (9, 0.048, 0.93)
    """
    from scipy.stats import binom

    failures = int(binom.isf(LEVEL, n_notes, usual_error)) + 1
    return Audit(
        n_notes=n_notes,
        n_failures=failures,
        level=float(binom.sf(failures - 1, n_notes, usual_error)),
        power=float(binom.sf(failures - 1, n_notes, expected)),
        expected_share=expected,
    )


def audit_size(
    true_share: float, creep_share: float, usual_error: float = USUAL_ERROR_SHARE
) -> Audit | None:
    """
    Find the smallest audit that has a power of nine in ten.

    Returns
    -------
    Audit or None
        None if two thousand notes would not do.
    """
    expected = min(failing(true_share, creep_share, usual_error), 1.0)
    if expected <= usual_error:
        return None
    low, high = 1, MOST_NOTES
    if audit_of(high, expected, usual_error).power < POWER:
        return None
    while low < high:
        middle = (low + high) // 2
        if audit_of(middle, expected, usual_error).power < POWER:
            low = middle + 1
        else:
            high = middle
    return audit_of(low, expected, usual_error)


def worth_a_look(spells: pd.DataFrame, most: int) -> pd.DataFrame:
    """
    List the dear spells whose patients seem least ill, least ill first.

    Parameters
    ----------
    spells : DataFrame, one row per spell
        `is_dear`, `q`, `spell_id` and whatever else is to be listed.
    most : int
        How many.
    """
    dear = spells[spells["is_dear"].astype(bool)]
    return dear.sort_values(["q", "spell_id"]).head(most).reset_index(drop=True)
