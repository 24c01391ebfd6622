"""What the baseline-budget page shows of one practice and year, read from the published file."""

from dataclasses import dataclass
from typing import Any

from pbcanalytics.store import Published
from pbcanalytics.words import codes


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
    scope, adjustments : list of dict
        What others hold of the practice, with what is outside the resource; and its local
        adjustments.
    unapplied : list of dict
        What the PCT asked for and could not be done, of all its practices.
    checks : list of dict
        What the checklist says of the PCT's budgets.
    """

    practice: dict[str, Any]
    lines: list[dict[str, Any]]
    practices: list[dict[str, Any]]
    budget: dict[str, Any]
    gaps: list[dict[str, Any]]
    scope: list[dict[str, Any]]
    adjustments: list[dict[str, Any]]
    unapplied: list[dict[str, Any]]
    checks: list[dict[str, Any]]

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
    own = "WHERE pct_code = ? AND financial_year = ?"
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
        scope=published.rows(
            f"SELECT * FROM budget_scope {own} AND practice_code IN (?, 'ALL') "
            "ORDER BY practice_code DESC, pod, months",
            (*of_pct, practice),
        ),
        adjustments=published.rows(
            f"SELECT * FROM budget_adjustments {own} AND practice_code = ? ORDER BY pod, reason",
            (*of_pct, practice),
        ),
        unapplied=published.rows(
            f"SELECT * FROM budget_unapplied {own} ORDER BY item, practice_code, pod", of_pct
        ),
        checks=published.rows(
            f"SELECT * FROM budget_checks {own} ORDER BY CAST(substr(item, 2) AS INTEGER)", of_pct
        ),
    )
