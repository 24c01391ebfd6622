"""The same activity under two years' rules, or two sets of rules: pounds by cause, exactly."""

from dataclasses import dataclass
from typing import Final

from pbcanalytics.costing.alone import price_alone
from pbcanalytics.costing.chain import Engine
from pbcanalytics.reference import Shelf
from pbcanalytics.words.errors import SelectionError

CAUSES: Final = (
    *("price", "payable_hrg", "short_stay", "long_stay", "mff"),
    *("priced_before_only", "priced_after_only"),
)
"""What can move the price of a spell: the HRG's price; another HRG of the spell is paid; short
stays; days beyond the trim point; the market forces factor; it has a price on one side only."""

_MOVED: Final = """
WITH compared AS (
  SELECT b.pod, b.price_pence AS before_pence, a.price_pence AS after_pence,
         b.hrg IS DISTINCT FROM a.hrg AS is_other_hrg,
         a.base_pence - b.base_pence AS base, a.short_stay_pence - b.short_stay_pence AS short,
         a.long_stay_pence - b.long_stay_pence AS long, a.mff_pence - b.mff_pence AS mff
  FROM bridge_before AS b JOIN priced_spells AS a ON a.spell_id = b.spell_id
  WHERE a.financial_year = '{activity_year}'),
caused AS (
  SELECT pod, 'price' AS cause, base AS pence FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL AND NOT is_other_hrg
  UNION ALL SELECT pod, 'payable_hrg', base FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL AND is_other_hrg
  UNION ALL SELECT pod, 'short_stay', short FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL
  UNION ALL SELECT pod, 'long_stay', long FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL
  UNION ALL SELECT pod, 'mff', mff FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL
  UNION ALL SELECT pod, 'priced_before_only', -before_pence FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NULL
  UNION ALL SELECT pod, 'priced_after_only', after_pence FROM compared
  WHERE before_pence IS NULL AND after_pence IS NOT NULL)
SELECT COALESCE(pod, 'OTHER') AS pod, cause, COUNT(*) AS n_spells,
       CAST(SUM(pence) AS BIGINT) AS pence
FROM caused WHERE pence <> 0 GROUP BY pod, cause ORDER BY pod, cause
"""
"""One row per point of delivery and cause that moved any price."""


@dataclass(frozen=True)
class Moved:
    """What one cause moved at one point of delivery: spells, and pence."""

    pod: str
    cause: str
    n_spells: int
    pence: int


@dataclass(frozen=True)
class Bridge:
    """
    The same spells at two sets of prices and rules.

    Attributes
    ----------
    activity_year, before_year, after_year : str
        Year of discharge, and the years of the prices and rules.
    n_spells : int
        Spells of the year.
    before_pence, after_pence : int
        Price of all of them that have one [pence].
    n_priced_before, n_priced_after : int
        How many have one.
    moved : tuple of Moved
        By point of delivery and cause; their sum is the difference, to the penny.
    """

    activity_year: str
    before_year: str
    after_year: str
    n_spells: int
    before_pence: int
    after_pence: int
    n_priced_before: int
    n_priced_after: int
    moved: tuple[Moved, ...]


def bridge(
    engine: Engine,
    activity_year: str,
    before: tuple[Shelf, str],
    after: tuple[Shelf, str],
) -> Bridge:
    """
    Price the spells of one year twice, and attribute every penny of the difference.

    Parameters
    ----------
    engine : Engine
        With the tables that `build` makes; those of prices are overwritten.
    activity_year : str
        Financial year of discharge.
    before, after : (Shelf, str)
        Reference data, and the year of its prices and rules.

    Returns
    -------
    Bridge

    Raises
    ------
    SelectionError
        If the two years have other versions of the HRGs, or one of them is not known: their codes
        do not mean the same (T14).
    ReferenceGap
        If a year lacks prices or rules.
    """
    _refuse_other_versions(before, after)
    price_alone(engine, *before, activity_year)
    engine.define(
        "bridge_before", f"SELECT * FROM priced_spells WHERE financial_year = '{activity_year}'"
    )
    price_alone(engine, *after, activity_year)
    totals = [
        engine.frame(
            "SELECT COUNT(*) AS n, COUNT(price_pence) AS n_priced, "
            f"CAST(COALESCE(SUM(price_pence), 0) AS BIGINT) AS pence FROM {table} "
            f"WHERE financial_year = '{activity_year}'"
        ).iloc[0]
        for table in ("bridge_before", "priced_spells")
    ]
    moved = engine.frame(_MOVED.format(activity_year=activity_year))
    return Bridge(
        activity_year=activity_year,
        before_year=before[1],
        after_year=after[1],
        n_spells=int(totals[0]["n"]),
        before_pence=int(totals[0]["pence"]),
        after_pence=int(totals[1]["pence"]),
        n_priced_before=int(totals[0]["n_priced"]),
        n_priced_after=int(totals[1]["n_priced"]),
        moved=tuple(
            Moved(str(m["pod"]), str(m["cause"]), int(m["n_spells"]), int(m["pence"]))
            for m in moved.to_dict("records")
        ),
    )


def _refuse_other_versions(before: tuple[Shelf, str], after: tuple[Shelf, str]) -> None:
    versions = [shelf.rule("rules", "hrg_version", year) for shelf, year in (before, after)]
    if None in versions or versions[0] != versions[1]:
        said = [
            f"{year} by version {version or '(not known)'}"
            for (_, year), version in zip((before, after), versions, strict=True)
        ]
        raise SelectionError(
            f"Hospital stays are priced {said[0]} and {said[1]} of the HRGs. The same code does "
            "not mean the same in both, so the two cannot be compared without a table that leads "
            "from one to the other, and none is held."
        )
