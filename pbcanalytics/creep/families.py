"""Which HRGs differ only in severity, and which of them are the dear ones."""

import re
from typing import Final

import numpy as np
import pandas as pd

DEAR_SHARE: Final = 1 / 3
"""The cut between dear and cheap is put where the dear classes come nearest to this share."""

_SEVERITY: Final = re.compile(
    r",?\s*\b(with|without)\b[^,]*\b(CC|complications?|comorbidit\w*)\b.*$", re.IGNORECASE
)


def families(tariff: pd.DataFrame, pairs: pd.DataFrame | None = None) -> pd.DataFrame:
    """
    Group HRGs into roots whose classes a further diagnosis tells apart.

    HRG4 codes belong together if they share their first four signs and their names are the same
    but for complications and comorbidities; so classes that an operation tells apart do not. Codes
    of HRG v3.5 belong together if their names do, or as a table of pairs says.

    Parameters
    ----------
    tariff : DataFrame, one row per HRG
        `hrg`, `name`, `non_elective_pence`, `elective_pence`.
    pairs : DataFrame, optional
        `hrg`, `root`: of codes whose names do not tell.

    Returns
    -------
    DataFrame, one row per HRG
        `hrg`, `root` (the first four signs, and the last signs of its classes where several roots
        share them), `name` (what the classes share), `price_pence`, and `is_split`, whether the
        root has several classes.
    """
    frame = tariff.drop_duplicates("hrg").sort_values("hrg", ignore_index=True)
    names = frame["name"].astype(object).fillna("").map(str)
    stem = names.map(lambda text: _SEVERITY.sub("", text).strip())
    has_class = stem != names
    hrgs = frame["hrg"].astype(object).map(str)
    is_older = hrgs.str.fullmatch(r"[A-Z]\d\d")
    # A code of version 3.5 says its chapter only: what belongs together has one name in it.
    start = hrgs.str[:4].where(~is_older, hrgs.str[:1])
    key = (start + "|" + stem).where(has_class, hrgs.str[:4] + "|" + names)
    found = pd.DataFrame(
        {
            "hrg": hrgs,
            "key": key,
            "four": hrgs.str[:4],
            "name": stem.where(has_class, names),
            "price_pence": frame["non_elective_pence"].fillna(frame["elective_pence"]),
        }
    )
    if pairs is not None:
        told = hrgs.map(dict(zip(pairs["hrg"], pairs["root"], strict=True))).astype(object)
        found["key"] = told.fillna(key)
    by_key = found.groupby("key")["hrg"]
    found["is_split"] = by_key.transform("size") > 1
    letters = by_key.transform(lambda c: "".join(sorted(x[-1] for x in c)))
    is_shared = found.groupby("four")["key"].transform("nunique") > 1
    found["root"] = found["four"].where(~is_shared, found["four"] + "/" + letters)
    joined = by_key.transform(lambda c: "/".join(sorted(c)))
    found["root"] = found["root"].where(~(is_older & found["is_split"]), joined)
    if pairs is not None:
        found["root"] = told.fillna(found["root"])
    return found[["hrg", "root", "name", "price_pence", "is_split"]]


def dear(classes: pd.DataFrame, volumes: "pd.Series[int]") -> pd.DataFrame:
    """
    Mark the dear classes of each root.

    Parameters
    ----------
    classes : DataFrame
        From `families`.
    volumes : Series
        Spells of each HRG in the baseline, all providers; indexed by `hrg`.

    Returns
    -------
    DataFrame
        As `classes`, with `is_dear`: the dearest classes that together come nearest to a third of
        the root's spells, but never the cheapest. A root in which only one class occurs is not
        split.
    """
    frame = classes.assign(n=classes["hrg"].map(volumes).fillna(0).astype("int64"))
    frame = frame.sort_values(["root", "price_pence", "hrg"], ascending=[True, False, True])
    by_root = frame.groupby("root", sort=False)
    share = by_root["n"].cumsum() / by_root["n"].transform("sum").clip(lower=1)
    is_cheapest = by_root.cumcount() == by_root["hrg"].transform("size") - 1
    off = (share - DEAR_SHARE).abs().where(~is_cheapest, np.inf)
    is_cut = off == off.groupby(frame["root"]).transform("min")
    n_cuts = is_cut.groupby(frame["root"]).cumsum()
    # The first of equal cuts, and all that is dearer.
    is_above = (n_cuts == 0) | (is_cut & (n_cuts == 1))
    occurring = (frame["n"] > 0).groupby(frame["root"]).transform("sum")
    frame["is_split"] = frame["is_split"] & (occurring > 1)
    frame["is_dear"] = is_above & ~is_cheapest & frame["is_split"]
    return frame.drop(columns="n").sort_index()
