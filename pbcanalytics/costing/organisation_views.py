"""The cube as it was beside the cube as it is now, by PCT and consortium (R26, R28)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from pbcanalytics.costing.organisation_faults import Fault, faults
from pbcanalytics.costing.organisations import Registers
from pbcanalytics.words.codes import NO_PRACTICE

if TYPE_CHECKING:
    from pbcanalytics.costing.chain import Engine

VIEWS: Final = {"as_was": "activity_as_was", "as_now": "activity_as_now"}
MEASURES: Final = ("n_practices", "n_activity", "pence")

_SHOWN: Final = 12
_BY: Final = ["pct_code", "consortium_code", "financial_year"]
_SUMMED: Final = ("n_rows", "n_priced", "n_outside", "pence")


@dataclass(frozen=True)
class Compared:
    """
    Both views of one cube.

    Attributes
    ----------
    groups : DataFrame, one row per PCT, consortium and financial year
        `pct_code`, `consortium_code` (blank outside all; both missing for practices in no
        register), `financial_year`, and `n_practices` with activity, `n_activity` (payable: priced
        or a gap) and `pence` at the reported price, each with `_as_was` and `_as_now` after it.
    totals : dict of str to dict of str to int
        Sums of every row of `activity`, `activity_as_was` and `activity_as_now`: `n_rows`,
        `n_priced`, `n_outside`, `pence`.
    strangers : DataFrame, one row per practice that is in no register
        `practice_code`, `n_activity`, `pence`.
    """

    groups: pd.DataFrame
    totals: dict[str, dict[str, int]]
    strangers: pd.DataFrame

    @property
    def is_equal(self) -> bool:
        """Whether all three have the same totals."""
        first, *others = self.totals.values()
        return all(first == other for other in others)


def compared(engine: "Engine") -> Compared:
    """Put both views side by side; they must have been made (`place`)."""
    was, now = (_by_group(engine, table, view) for view, table in VIEWS.items())
    groups = was.merge(now, on=_BY, how="outer", validate="one_to_one", sort=True)
    counts = [c for c in groups.columns if c not in _BY]
    # A group that one view does not have has no activity there: that is known, and is nought.
    groups[counts] = groups[counts].fillna(0).astype("int64")
    strangers = engine.frame(
        "SELECT practice_code, CAST(SUM(n_rows - n_outside) AS BIGINT) AS n_activity, "
        "CAST(SUM(pence) AS BIGINT) AS pence FROM activity WHERE is_reported AND practice_code "
        "NOT IN (SELECT practice_code FROM practices_now) GROUP BY practice_code ORDER BY 1"
    )
    totals = {table: _total(engine, table) for table in ("activity", *VIEWS.values())}
    return Compared(groups, totals, strangers)


def told(engine: "Engine", registers: Registers) -> dict[str, Any]:
    """
    Put both views side by side in plain values, with names and with what is wrong.

    Returns
    -------
    dict
        `groups`, as in `Compared` where there is activity, a dict each with `pct_name` and
        `consortium_name` (None where no register has one) and, for each measure, `as_was` and
        `as_now`; `totals`; `is_equal`;
        `faults`, a dict each with `rule`, `codes` and `sentence`. [pence]
    """
    both = compared(engine)
    pcts = _names(registers.pcts, "pct_code", "pct_name")
    consortia = _names(registers.consortia, "consortium_code", "consortium_name")
    groups: list[dict[str, Any]] = []
    counted = [f"{m}_{view}" for m in ("n_activity", "pence") for view in VIEWS]
    has_any = both.groups[counted].ne(0).any(axis=1)
    for row in both.groups[has_any].to_dict("records"):
        by = {name: None if pd.isna(row[name]) else str(row[name]) for name in _BY}
        counts = {m: {view: int(row[f"{m}_{view}"]) for view in VIEWS} for m in MEASURES}
        names = {
            "pct_name": pcts.get(str(by["pct_code"])),
            "consortium_name": consortia.get(str(by["consortium_code"])),
        }
        groups.append({**by, **names, **counts})
    first = engine.frame("SELECT MIN(month) AS month FROM activity")["month"].iloc[0]
    since = None if pd.isna(first) else pd.Timestamp(first).date()
    found = [*faults(registers, since), *_of_strangers(both.strangers)]
    return {
        "groups": groups,
        "totals": both.totals,
        "is_equal": both.is_equal,
        "faults": [{"rule": f.rule, "codes": list(f.codes), "sentence": f.sentence} for f in found],
    }


def _of_strangers(strangers: pd.DataFrame) -> list[Fault]:
    odd = strangers[~strangers["practice_code"].isin(NO_PRACTICE)]
    if odd.empty:
        return []
    ranked = odd.sort_values("n_activity", ascending=False, kind="stable")
    named = ", ".join(ranked["practice_code"].head(_SHOWN))
    return [
        Fault(
            "practice_in_no_register",
            tuple(odd["practice_code"]),
            "There is activity of practices that are in no register, so without PCT and consortium "
            f"(in all {int(odd['n_activity'].sum()):,}, £{int(odd['pence'].sum()) / 100:,.2f}): "
            f"{named}{f' and {len(odd) - _SHOWN} more' if len(odd) > _SHOWN else ''}. If they are "
            "yours, load a register that holds them.",
        )
    ]


def _names(register: pd.DataFrame, code: str, name: str) -> dict[str, str]:
    held = register.dropna(subset=[name])
    return dict(zip(held[code].astype(str), held[name].astype(str), strict=True))


def _by_group(engine: "Engine", table: str, view: str) -> pd.DataFrame:
    names = ", ".join(_BY)
    frame = engine.frame(
        f"SELECT {names}, COUNT(DISTINCT practice_code) AS n_practices, "
        "CAST(SUM(n_rows - n_outside) AS BIGINT) AS n_activity, "
        f"CAST(SUM(pence) AS BIGINT) AS pence FROM {table} WHERE is_reported GROUP BY {names}"
    )
    return frame.rename(columns={m: f"{m}_{view}" for m in MEASURES})


def _total(engine: "Engine", table: str) -> dict[str, int]:
    sums = ", ".join(f"COALESCE(SUM({m}), 0) AS {m}" for m in _SUMMED)
    row = engine.frame(f"SELECT {sums} FROM {table}").iloc[0]
    return {m: int(row[m]) for m in _SUMMED}
