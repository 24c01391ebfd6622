"""Groups of the shape of HRG v3.5, invented from the HRG4+ list: a letter and two digits."""

from fractions import Fraction
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.synthetic import casemix, clinical
from pbcanalytics.words.errors import SelectionError

Held = dict[str, NDArray[Any]]
"""Columns of the HRG table, one value per HRG."""

Ints = NDArray[np.int64]

DEFLATOR: Final = Fraction(613576, 770388)
"""GDP deflator of 2005/06 over that of 2017/18 (61.3576 and 77.0388, 2024/25 = 100) [ratio]."""

_CHAPTERS: Final[dict[str, str]] = {
    "A": "A nervous system", "B": "B eyes", "C": "C mouth, head and neck", "D": "D respiratory",
    "E": "E heart", "F": "F digestive", "G": "G liver and pancreas", "H": "H bones and joints",
    "HC": "R spine", "J": "J skin and breast", "K": "K endocrine", "L": "L kidneys and urinary",
    "M": "M women", "P": "P childhood", "PB": "N newborn", "S": "S blood and infections",
    "V": "H bones and joints", "W": "S blood and infections", "Y": "Q vessels",
}  # fmt: skip
"""Letter and subject of the invented chapter for a start of the HRG4+ code."""

_OWN_GROUP: Final = 8_000
"""National admissions from which an HRG4+ root is a group of its own; the rest of a chapter is one.
It makes about as many groups as v3.5 had."""

_ADMITTED: Final = ("day_case", "elective", "non_elective_short_stay", "non_elective_long_stay")
_PRICES: Final = {
    "day_case_pence": ("day_case",),
    "elective_pence": ("elective",),
    "non_elective_pence": ("non_elective_short_stay", "non_elective_long_stay"),
    "long_stay_per_day_pence": _ADMITTED,
}
_TRIMS: Final = {
    "elective_trim_days": ("elective",),
    "non_elective_trim_days": ("non_elective_short_stay", "non_elective_long_stay"),
}


def regrouped(
    table: pd.DataFrame, weights: NDArray[np.float64]
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """
    Put HRGs together into groups with and without complications.

    A root of the HRG4+ list, or the small roots of a chapter together, becomes a pair: its classes
    that `casemix` calls dear are "with cc", the others "without cc"; a root with nothing to tell
    apart stays one group. Prices are means of the members' prices of 2017/18, weighted by national
    volumes, times `DEFLATOR`, in whole pounds; trim points are means too.

    Parameters
    ----------
    table : DataFrame, one row per HRG
        From `casemix.catalogue`.
    weights : array of stratum x HRG
        From `casemix.affinity`.

    Returns
    -------
    tuple
        The table of groups in the columns of `casemix.catalogue`, where `root` is the first code
        of a pair and `like` the commonest HRG4+ member; and the affinities of strata to groups.

    Raises
    ------
    SelectionError
        If a chapter would have more groups than two digits can number.
    """
    held = {str(c): table[c].to_numpy() for c in table}
    held["admitted"] = np.sum([held[setting] for setting in _ADMITTED], axis=0)
    scale = np.maximum(weights.sum(axis=0), 1e-300)
    rows: list[dict[str, Any]] = []
    drawn: list[NDArray[np.float64]] = []
    for letter, families in _families(held).items():
        number = 0
        for place, (subject, members) in enumerate(families, start=1):
            parts = _pair(held, members)
            root = f"{letter}{number + 1:02d}"
            for split, part in parts.items():
                number += 1
                rows.append(
                    {
                        "hrg": f"{letter}{number:02d}",
                        "root": root,
                        "root_name": f"Example: chapter {subject}, group {place:02d}",
                        "split_name": split,
                        **_summed(held, part),
                    }
                )
                share = (weights[:, part] / scale[part]) * held["admitted"][part]
                drawn.append(share.sum(axis=1))
        if number > 99:
            raise SelectionError(
                f"The invented chapter {letter} would have {number} groups, more than two digits "
                "can number, so no PCT of that era can be made. The national activity in "
                "reference/hrg_mix differs from what is shipped; take yours away."
            )
    made = pd.DataFrame(rows)
    for column in (*_PRICES, *_TRIMS, *casemix.SETTINGS, "outpatient_procedure_pence"):
        made[column] = made[column].astype("float64")
    for setting, price in casemix.PRICE_OF.items():
        made.loc[made[price].isna(), setting] = 0.0
    made["name"] = (made["root_name"] + " " + made["split_name"]).str.strip()
    made["stem"] = made["root"]
    for column in ("hrg", "root", "name", "stem", "like"):
        made[column] = made[column].astype(object)
    return casemix.classes(made, made["split_name"] != ""), np.array(drawn).T


def _families(held: Held) -> dict[str, list[tuple[str, Ints]]]:
    """List, by letter, the groups-to-be: their subject, and the HRGs that people go in for."""
    volume = pd.Series(held["admitted"])
    root = pd.Series(held["root"]).astype(str)
    alone = volume.groupby(root).transform("sum") >= _OWN_GROUP
    family = root.where(alone, root.str[:2] + "~").tolist()
    found: dict[str, dict[str, tuple[str, list[int]]]] = {}
    for row in np.flatnonzero(held["admitted"] > 0).tolist():
        subject = clinical.longest_start(_CHAPTERS, str(held["hrg"][row]), "")
        if subject:
            of_letter = found.setdefault(subject[0], {})
            of_letter.setdefault(family[row], (subject, []))[1].append(row)
    return {
        letter: [(subject, np.array(rows)) for _, (subject, rows) in sorted(families.items())]
        for letter, families in sorted(found.items())
    }


def _pair(held: Held, members: Ints) -> dict[str, Ints]:
    """Part members with complications from those without, where the former cost more."""
    dear = held["is_dear"][members].astype(bool)
    parts = {"with cc": members[dear], "without cc": members[~dear]}
    price = "non_elective_pence"
    with_cc, without = (_mean(held, price, part, _PRICES[price]) for part in parts.values())
    if with_cc is None or without is None or _pounds(with_cc) <= _pounds(without):
        return {"": members}
    return parts


def _summed(held: Held, part: Ints) -> dict[str, Any]:
    found: dict[str, Any] = {s: held[s][part].sum() for s in casemix.SETTINGS}
    for column, of in _PRICES.items():
        mean = _mean(held, column, part, of)
        found[column] = None if mean is None else 100 * _pounds(mean)
    for column, of in _TRIMS.items():
        mean = _mean(held, column, part, of)
        found[column] = None if mean is None else round(mean)
    # Procedures on outpatients were attendances then, paid by specialty.
    found["outpatient_procedure"], found["outpatient_procedure_pence"] = 0.0, None
    volume = held["admitted"][part]
    operated = volume[held["is_procedure"][part].astype(bool)].sum()
    found["is_procedure"] = bool(operated * 2 > volume.sum())
    found["like"] = held["like"][part][int(np.argmax(volume))]
    return found


def _mean(held: Held, column: str, part: Ints, of: tuple[str, ...]) -> Fraction | None:
    """Give the mean of a column, by volumes where there are any; None of nothing."""
    values = held[column][part]
    known = ~np.isnan(values)
    if not known.any():
        return None
    whole = values[known].astype(np.int64)
    volume = np.sum([held[setting][part][known] for setting in of], axis=0).astype(np.int64)
    if not volume.any():
        volume = np.ones_like(whole)
    return Fraction(int((whole * volume).sum()), int(volume.sum()))


def _pounds(pence: Fraction) -> int:
    return round(pence * DEFLATOR / 100)
