"""What activity cost, step by step, and what has no price, read from the published file."""

from dataclasses import dataclass
from typing import Any, Final

from pbcanalytics.faces.pages import whose
from pbcanalytics.faces.withholding.taken_steps import ALL, TAKEN, TOGETHER
from pbcanalytics.faces.wording import joined, short
from pbcanalytics.store import Published
from pbcanalytics.words import codes

PODS: Final = {**codes.PODS, codes.OTHER_POD: "Other activity"}

_SAID: Final = {
    **{key: step.said for key, step in TAKEN.items()},
    TOGETHER: "for short and long stays and the like",
    "mff_pence": "for the market forces factor",
}


@dataclass(frozen=True)
class StepsView:
    """
    What the activity of one PCT, consortium or practice cost in one year.

    Attributes
    ----------
    chosen : dict
        The row of `step_totals` for the chosen point of delivery, or all.
    rows : list of dict
        Its rows by point of delivery, in the order of pages; the total aside.
    total : dict
        The row for all.
    unpriced : list of dict
        Its rows of `unpriced_activity` for the chosen point of delivery.
    held : tuple of str
        The steps of TAKEN that the prices have at all.
    """

    chosen: dict[str, Any]
    rows: list[dict[str, Any]]
    total: dict[str, Any]
    unpriced: list[dict[str, Any]]
    held: tuple[str, ...]

    @property
    def whose(self) -> str:
        """Name the group."""
        name, code = self.total["group_name"], self.total["group_code"]
        return whose.named(self.total["group_kind"], code, name)

    @property
    def at(self) -> str:
        """Name the year, and its prices where they are another year's."""
        year, price_year = self.total["financial_year"], self.total["price_year"]
        return year if year == price_year else f"{year} at {price_year} prices"

    @property
    def title(self) -> str:
        """Name group, kind of activity and year, as every figure and table of the page does."""
        pod = self.chosen["pod"]
        what = "" if pod == ALL else f" {PODS[pod].lower().replace('a&e', 'A&E')},"
        return f"{self.whose},{what} {self.at}"


def groups_held(published: Published) -> list[tuple[str, str]]:
    """List name and address of every PCT, consortium and practice with activity."""
    return whose.listed(
        published.rows(
            "SELECT DISTINCT group_kind, group_code, group_name FROM step_totals "
            f"ORDER BY {whose.ORDER}"
        )
    )


def years_held(published: Published) -> list[tuple[str, str]]:
    """List the years of activity and prices, latest first, prices that count in totals first."""
    rows = published.rows(
        "SELECT DISTINCT financial_year, price_year, is_reported FROM step_totals "
        "WHERE price_year IS NOT NULL ORDER BY financial_year DESC, is_reported DESC, price_year"
    )
    pairs = [(r["financial_year"], r["price_year"]) for r in rows]
    return [(years_said(*p), p[0] if p[0] == p[1] else f"{p[0]} at {p[1]}") for p in pairs]


def years_said(year: str, price_year: str) -> str:
    """Say a year and at which prices."""
    return (
        f"{year} at its own prices" if year == price_year else f"{year} at prices of {price_year}"
    )


def view(published: Published, group: str, years: str, pod: str) -> StepsView | None:
    """
    Read what one group's activity cost.

    Parameters
    ----------
    published : Published
        The published file.
    group : str
        Practice code, or kind and code: "pct-9E1".
    years : str
        As `years_held` writes them.
    pod : str
        Point of delivery, or ALL.

    Returns
    -------
    StepsView or None
        None if the group has no such activity.
    """
    kind, code = whose.meant(group)
    year, _, price_year = years.partition(" at ")
    at = (year, price_year or year)
    rows = published.rows(
        "SELECT * FROM step_totals WHERE group_kind = ? AND group_code = ? AND financial_year = ? "
        "AND price_year = ?",
        (kind, code, *at),
    )
    by_pod = {r["pod"]: r for r in rows}
    if pod not in by_pod:
        return None
    held = published.rows(
        f"SELECT {', '.join(f'count({s}) > 0 AS {s}' for s in TAKEN)} FROM step_totals "
        "WHERE financial_year = ? AND price_year = ?",
        at,
    )[0]
    unpriced = published.rows(
        "SELECT * FROM unpriced_activity WHERE group_kind = ? AND group_code = ? AND "
        "financial_year = ? AND pod = ? ORDER BY is_gap DESC, n_activity DESC NULLS LAST, "
        "unpriced_reason",
        (kind, code, year, pod),
    )
    return StepsView(
        chosen=by_pod[pod],
        rows=[by_pod[p] for p in PODS if p in by_pod],
        total=by_pod[ALL],
        unpriced=unpriced,
        held=tuple(s for s in TAKEN if held[s]),
    )


def moves(v: StepsView) -> list[tuple[str, str, int]]:
    """
    List the steps between base prices and price, where they are told: key, name, pence.

    Where single ones are withheld, the steps together stand for them; none where these are too.
    """
    row = v.chosen
    if row["base_pence"] is None:
        return []
    single = [(s, TAKEN[s].name, row[s]) for s in v.held]
    if row["steps_are_withheld"]:
        single = [(TOGETHER, "Short and long stays", row[TOGETHER])]
    found = [*single, ("mff_pence", "Market forces factor", row["mff_pence"])]
    return [m for m in found if m[2]]


def says(v: StepsView) -> str:
    """Say in words what the activity cost, and what made it up."""
    row = v.chosen
    if row["is_withheld"]:
        return (
            "Counts and pounds are withheld: they, or others that could be worked out from them, "
            "would be those of 1 to 7 activities. They are in the total of all activity."
        )
    if row["price_pence"] is None:
        return f"None of the {row['n_activity']:,} has a price; why is said below."
    if row["base_pence"] is None:
        return (
            f"{short(row['price_pence'])} for {row['n_activity']:,} spells and attendances, where "
            "these have a price. How it is made up is withheld: too few of them, or of others that "
            "could be worked out from it, have one of the steps. Choose all activity, or a larger "
            "group."
        )
    told = []
    for key, _, pence in moves(v):
        turn = "come on top" if pence > 0 else "are taken off"
        told.append(f"{short(abs(pence))} {turn} {_SAID[key]}")
    # How many have one is not published: what is left may be a few.
    of = f"{row['n_activity']:,} spells and attendances, where these have a price,"
    made = f"; {joined(told)}; that makes {short(row['price_pence'])}" if told else ""
    return f"The base prices of {of} come to {short(row['base_pence'])}{made}."
