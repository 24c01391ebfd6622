"""What the baseline-budget page shows of one practice and year, read from the published file."""

from dataclasses import dataclass
from typing import Any, Final

from pbcanalytics.faces.wording import exact, priced, share
from pbcanalytics.store import Published
from pbcanalytics.words import codes

MOVES: Final = (
    ("list_change_pence", "List size"),
    ("growth_pence", "Agreed growth"),
    ("uplift_pence", "Price uplift"),
    ("affordability_pence", "Affordability"),
)


@dataclass(frozen=True)
class BudgetView:
    """
    One practice's budget of one year, with those of its PCT.

    Attributes
    ----------
    practice : dict
        Its row of `budget_practices`.
    lines : list of dict
        Its rows of `budget_lines`, in the order of points of delivery.
    practices : list of dict
        The rows of every practice of the PCT.
    budget : dict
        The PCT's row of `budgets`.
    gaps : list of dict
        Practices of the PCT that have no budget, and why.
    """

    practice: dict[str, Any]
    lines: list[dict[str, Any]]
    practices: list[dict[str, Any]]
    budget: dict[str, Any]
    gaps: list[dict[str, Any]]

    @property
    def title(self) -> str:
        """Name practice and year, as every figure and table of the page does."""
        return f"{self.practice['practice_name']} ({self.code}), {self.year}"

    @property
    def code(self) -> str:
        """The practice's code."""
        return str(self.practice["practice_code"])

    @property
    def year(self) -> str:
        """The budget year."""
        return str(self.practice["financial_year"])

    @property
    def sums_to(self) -> int:
        """The sum [pence] of the practices' budgets."""
        return sum(int(p["indicative_pence"]) for p in self.practices)


def practices_held(published: Published) -> list[tuple[str, str]]:
    """List name and code of every practice that has a budget in any year."""
    rows = published.rows(
        "SELECT practice_code, min(practice_name) AS practice_name FROM budget_practices "
        "GROUP BY practice_code ORDER BY practice_code"
    )
    return [(f"{r['practice_name']} ({r['practice_code']})", r["practice_code"]) for r in rows]


def years_held(published: Published) -> list[str]:
    """List the years of which there are budgets, latest first."""
    rows = published.rows("SELECT DISTINCT financial_year FROM budgets ORDER BY 1 DESC")
    return [r["financial_year"] for r in rows]


def view(published: Published, practice: str, financial_year: str) -> BudgetView | None:
    """
    Read one practice's budget.

    Parameters
    ----------
    published : Published
        The published file.
    practice : str
        Practice code.
    financial_year : str
        Budget year.

    Returns
    -------
    BudgetView or None
        None if the practice has no budget of that year.
    """
    found = published.rows(
        "SELECT * FROM budget_practices WHERE practice_code = ? AND financial_year = ?",
        (practice, financial_year),
    )
    if not found:
        return None
    of_pct = (found[0]["pct_code"], financial_year)
    lines = published.rows(
        "SELECT * FROM budget_lines WHERE practice_code = ? AND financial_year = ?",
        (practice, financial_year),
    )
    order = [*codes.PODS, codes.OTHER_POD]
    return BudgetView(
        practice=found[0],
        lines=sorted(lines, key=lambda r: order.index(r["pod"])),
        practices=published.rows(
            "SELECT * FROM budget_practices WHERE pct_code = ? AND financial_year = ? "
            "ORDER BY practice_code",
            of_pct,
        ),
        budget=published.rows(
            "SELECT * FROM budgets WHERE pct_code = ? AND financial_year = ?", of_pct
        )[0],
        gaps=published.rows(
            "SELECT * FROM budget_gaps WHERE pct_code = ? AND financial_year = ? ORDER BY 3",
            of_pct,
        ),
    )


def says(v: BudgetView) -> str:
    """Say in words how the practice comes from its activity to its budget."""
    p = v.practice
    list_change = p["list_budget"] - p["list_base"]
    grew = "grew" if list_change > 0 else "fell"
    listed = (
        f"the list {grew} by {abs(list_change):,} to {p['list_budget']:,} patients"
        if list_change
        else f"the list stayed at {p['list_budget']:,} patients"
    )
    cut = p["affordability_pence"]
    needed = p["indicative_pence"] - cut
    fits = (
        f"fitting all budgets to the PCT's money takes {share(-cut, needed)} away"
        if cut < 0
        else f"fitting all budgets to the PCT's money adds {share(cut, needed)}"
    )
    said = f"{listed}, growth was agreed for each line, and {fits}."
    return said[0].upper() + said[1:]


def sums(v: BudgetView) -> str:
    """Say whether the practices' budgets sum to the PCT's money."""
    available, resource = v.budget["available_pence"], v.budget["resource_pence"]
    held_back = f", after {exact(resource - available)} held back" if resource != available else ""
    reserved = v.budget["reserved_pence"]
    if v.sums_to + reserved != available:
        return (
            f"The budgets sum to {exact(v.sums_to)}, not to the {exact(available)} that the PCT "
            "has: do not use them, and tell the analytics team."
        )
    if reserved:
        return (
            f"The {len(v.practices)} budgets sum to {exact(v.sums_to)}; {exact(reserved)} are kept "
            f"for practices without a budget; together {exact(available)}, the PCT's resource for "
            f"these services{held_back}, to the penny."
        )
    return (
        f"The {len(v.practices)} budgets sum to {exact(v.sums_to)}, the PCT's resource for these "
        f"services{held_back}, to the penny."
    )


def priced_share(practice: dict[str, Any]) -> str:
    """Say how much of a practice's payable activity has a price."""
    return priced(practice["coverage"])


def unpriced(practice: dict[str, Any]) -> str:
    """Say how many of a practice's activities have no price and so count for nothing."""
    total = f"the practice's {practice['n_activity']:,} spells and attendances"
    if practice["coverage"] == 1:
        return f"All of {total} are priced."
    most = f"{1 - practice['coverage']:.0%}"
    return f"Up to {most} of {total} could not be priced and count for nothing here."


def outside(budget: dict[str, Any]) -> str:
    """Say how much priced activity stands in no budget."""
    which = "belongs to no practice of the PCT and is in no budget"
    if budget["outside_activity"] is None:
        return f"A little priced activity (1 to 7 items) {which}."
    return (
        f"Priced activity worth {exact(budget['outside_pence'])} "
        f"({budget['outside_activity']:,} items) {which}."
    )
