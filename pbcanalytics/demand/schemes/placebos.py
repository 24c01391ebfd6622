"""Groups of units that had no scheme, to be judged as if they had had it."""

from functools import cache
from itertools import combinations
from math import comb, gcd
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_PLACEBOS: Final = 999
"""Groups that are taken at most; all of them, where there are fewer."""


@cache
def placebo_groups(n_units: int, n_together: int) -> NDArray[np.bool_]:
    """
    Choose groups of units, as evenly among all groups as can be.

    All groups where there are few. Otherwise one at every so many places in the order of a
    dictionary, by a stride near the golden section: nothing is drawn by lot, so that the same units
    always have the same placebos.

    Parameters
    ----------
    n_units, n_together : int
        Units there are, and those in each group.

    Returns
    -------
    array of bool, group by unit
        Not to be written to.

    Examples
    --------
    >>> placebo_groups(3, 2).astype(int).tolist()
    [[1, 1, 0], [1, 0, 1], [0, 1, 1]]
    """
    total = comb(n_units, n_together)
    if total <= MOST_PLACEBOS:
        chosen = list(combinations(range(n_units), n_together))
    else:
        stride = total * 6_180_339_887 // 10_000_000_000
        while gcd(stride, total) > 1:  # or it would come to a group twice
            stride += 1
        places = [i * stride % total for i in range(MOST_PLACEBOS)]
        chosen = [_at(place, n_units, n_together) for place in places]
    found = np.zeros((len(chosen), n_units), dtype=bool)
    for row, members in zip(found, chosen, strict=True):
        row[list(members)] = True
    found.flags.writeable = False
    return found


def _at(place: int, n_units: int, n_together: int) -> tuple[int, ...]:
    """Give the group at a place in the order of a dictionary."""
    members: list[int] = []
    for unit in range(n_units):
        if len(members) == n_together:
            break
        n_with_it = comb(n_units - unit - 1, n_together - len(members) - 1)
        if place < n_with_it:
            members.append(unit)
        else:
            place -= n_with_it
    return tuple(members)
