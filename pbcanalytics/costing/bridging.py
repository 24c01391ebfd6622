"""The same activity under two years' rules, or two sets of rules: pounds by cause, exactly."""

from dataclasses import dataclass
from typing import Final

from pbcanalytics.costing.alone import price_alone
from pbcanalytics.costing.chain import Engine, model
from pbcanalytics.reference import Shelf
from pbcanalytics.words.errors import ReferenceGap, SelectionError

CAUSES: Final = (
    *("price", "payable_hrg", "short_stay", "long_stay", "top_up", "adjustment", "mff"),
    *("scope", "currency", "rule_not_held", "priced_before_only", "priced_after_only"),
)
"""What can move the price of a spell: the HRG's price; another HRG of the spell is paid; short
stays; days beyond the trim point; specialised top-ups; adjustments that were agreed; the market
forces factor; and, where it has a price on one side only, because the other does not pay its kind,
does not know its HRG, lacks a rule, or for another reason."""


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
    activity_version, version : str or None
        Version of the HRGs in the year of the stays, and in those of the prices.
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
    activity_version: str | None
    version: str
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
    for side, (shelf, year) in (("before", before), ("after", after)):
        price_alone(engine, shelf, year, activity_year)
        engine.define(
            f"bridge_{side}",
            f"SELECT * FROM priced_spells WHERE financial_year = '{activity_year}'",
        )
    totals = [
        engine.frame(
            "SELECT COUNT(*) AS n, COUNT(price_pence) AS n_priced, "
            f"CAST(COALESCE(SUM(price_pence), 0) AS BIGINT) AS pence FROM bridge_{side}"
        ).iloc[0]
        for side in ("before", "after")
    ]
    if not totals[0]["n"]:
        raise SelectionError(
            f"No hospital stays of {activity_year} are held, so there is nothing to compare. Load "
            "activity of that year, then run 'pbc build'."
        )
    moved = engine.frame(model("bridge_causes"))
    return Bridge(
        activity_year=activity_year,
        before_year=before[1],
        after_year=after[1],
        n_spells=int(totals[0]["n"]),
        before_pence=int(totals[0]["pence"]),
        after_pence=int(totals[1]["pence"]),
        n_priced_before=int(totals[0]["n_priced"]),
        n_priced_after=int(totals[1]["n_priced"]),
        activity_version=_version(before[0], activity_year),
        version=str(_version(*before)),
        moved=tuple(
            Moved(str(m["pod"]), str(m["cause"]), int(m["n_spells"]), int(m["pence"]))
            for m in moved.to_dict("records")
        ),
    )


def _version(shelf: Shelf, year: str) -> str | None:
    """Give the version of the HRGs of a year; None where no rules of it are held."""
    try:
        value = shelf.rule("rules", "hrg_version", year)
    except ReferenceGap:
        return None
    return None if value is None else str(value)


def _refuse_other_versions(before: tuple[Shelf, str], after: tuple[Shelf, str]) -> None:
    versions = [_version(*side) for side in (before, after)]
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
