"""Which HRGs differ only in severity, and which of them are the dear ones."""

import re
from typing import Final

import numpy as np
import pandas as pd

from pbcanalytics.words.settings import V3_5, version_of

_DEAR_PART: Final = 3

DEAR_SHARE: Final = 1 / _DEAR_PART
"""The cut between dear and cheap is put where the dear classes come nearest to this share."""

# HRG4 says ", with CC Score 4-6"; version 3.5 "w cc" and "w/o cc", or with an age in the same
# breath: ">69 or w cc" and "<70 w/o cc".
_SEVERITY: Final = re.compile(
    r",?\s*(?:(?:\baged?\s*)?[<>]\s*\d+\s*(?:or|and)?\s*)?\b(?:with|without|w/o|w)\b[^,]*"
    r"\b(?:CC|complications?|comorbidit\w*)\b.*$",
    re.IGNORECASE,
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
    is_older = hrgs.map(version_of) == V3_5
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


def pairs_by_name(tariff: pd.DataFrame) -> pd.DataFrame:
    """
    List what the names of HRG v3.5 say belongs together, as a table of pairs.

    Parameters
    ----------
    tariff : DataFrame, one row per HRG
        As `families` takes it.

    Returns
    -------
    DataFrame, one row per HRG of v3.5
        `hrg`, `root`, `name`; a code that belongs to no other is its own root. Given to `families`
        as pairs, it changes nothing.
    """
    found = families(tariff)
    names = tariff.drop_duplicates("hrg").set_index("hrg")["name"]
    found["name"] = found["hrg"].map(names).astype(object).fillna("")
    is_older = found["hrg"].map(version_of) == V3_5
    return found.loc[is_older, ["hrg", "root", "name"]].reset_index(drop=True)


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
    is_cheapest = by_root.cumcount() == by_root["hrg"].transform("size") - 1
    # In whole spells: as shares, equal distances on either side would be told apart by rounding.
    off = (_DEAR_PART * by_root["n"].cumsum() - by_root["n"].transform("sum")).abs()
    off = off.where(~is_cheapest, np.inf)
    is_cut = off == off.groupby(frame["root"]).transform("min")
    n_cuts = is_cut.groupby(frame["root"]).cumsum()
    # The first of equal cuts, and all that is dearer.
    is_above = (n_cuts == 0) | (is_cut & (n_cuts == 1))
    occurring = (frame["n"] > 0).groupby(frame["root"]).transform("sum")
    frame["is_split"] = frame["is_split"] & (occurring > 1)
    frame["is_dear"] = is_above & ~is_cheapest & frame["is_split"]
    return frame.drop(columns="n").sort_index()
