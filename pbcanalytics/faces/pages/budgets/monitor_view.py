"""What the monitoring page shows of one group, year and month, from the published file."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from pbcanalytics.faces.pages import whose
from pbcanalytics.faces.withholding.taken_steps import ALL
from pbcanalytics.store import Published
from pbcanalytics.words import codes, periods

LATEST: Final = "latest"

PODS: Final = {**codes.PODS, codes.OTHER_POD: "Other activity"}


@dataclass(frozen=True)
class MonitorView:
    """
    Where one budget stands at the end of one month.

    Attributes
    ----------
    group : dict
        Its row of `monitor_groups`.
    months : list of dict
        Its rows of `monitor_months`, from April to the month, of the chosen line or all;
        empty where they are withheld.
    now : dict or None
        The last of its rows for all lines; None where months are withheld.
    lines : list of dict
        Its rows of `monitor_lines`, in the order of pages.
    causes : list of dict
        Its rows of `monitor_causes` for the month.
    record : list of dict
        Forecasts of earlier years at the same month, latest first.
    practices : list of dict
        Of a PCT or consortium: its practices' rows of `monitor_groups`, each with `now`.
    scope : str
        Point of delivery, or ALL.
    to : date
        First day of the month.
    """

    group: dict[str, Any]
    months: list[dict[str, Any]]
    now: dict[str, Any] | None
    lines: list[dict[str, Any]]
    causes: list[dict[str, Any]]
    record: list[dict[str, Any]]
    practices: list[dict[str, Any]]
    scope: str
    to: dt.date

    @property
    def year(self) -> str:
        """The budget year."""
        return str(self.group["financial_year"])

    @property
    def whose(self) -> str:
        """Name the group."""
        g = self.group
        return whose.named(g["group_kind"], g["group_code"], g["group_name"])

    @property
    def title(self) -> str:
        """Name group, line and year, as every figure and table of the page does."""
        line = "" if self.scope == ALL else f", {PODS[self.scope]}"
        return f"{self.whose}{line}, {self.year}"

    @property
    def is_latest(self) -> bool:
        """Whether the month is the last that is held."""
        return bool(self.to == self.group["to_month"])

    @property
    def is_sharing(self) -> bool:
        """Whether the group has a saving to share: consortia, and practices outside all."""
        g = self.group
        return g["group_kind"] != "pct" and not g["consortium_code"]

    @property
    def n_months(self) -> int:
        """Months from April to the one shown."""
        return (self.to.month - 4) % 12 + 1

    @property
    def is_over(self) -> bool:
        """Whether the year is over; late coding may still come."""
        return self.n_months == 12


def groups_held(published: Published) -> list[tuple[str, str]]:
    """List name and address of every group with a budget and activity of its year."""
    rows = published.rows(
        "SELECT DISTINCT group_kind, group_code, group_name FROM monitor_groups "
        f"ORDER BY {whose.ORDER}"
    )
    return whose.listed(rows)


def years_held(published: Published) -> list[str]:
    """List the years that can be monitored, latest first."""
    rows = published.rows("SELECT DISTINCT financial_year FROM monitor_groups ORDER BY 1 DESC")
    return [r["financial_year"] for r in rows]


def view(
    published: Published, group: str, financial_year: str, to: str, scope: str
) -> MonitorView | None:
    """
    Read where one budget stands.

    Parameters
    ----------
    published : Published
        The published file.
    group : str
        As `whose.address` writes it.
    financial_year : str
        Budget year.
    to : str
        Month of the year, "04" to "03"; LATEST, or one that is not held yet, for the last held.
    scope : str
        Point of delivery, or ALL.

    Returns
    -------
    MonitorView or None
        None if the group has no budget of that year with activity.
    """
    kind, code = whose.meant(group)
    key = (financial_year, kind, code)
    of = "financial_year = ? AND group_kind = ? AND group_code = ?"
    found = published.rows(f"SELECT * FROM monitor_groups WHERE {of}", key)
    if not found:
        return None
    own = found[0]
    last: dt.date = own["to_month"]
    month = min(_month(financial_year, to) or last, last)
    rows = published.rows(
        f"SELECT * FROM monitor_months WHERE {of} AND month <= ? ORDER BY month", (*key, month)
    )
    of_all = [r for r in rows if r["pod"] == ALL]
    lines = published.rows(f"SELECT * FROM monitor_lines WHERE {of}", key)
    return MonitorView(
        group=own,
        months=[r for r in rows if r["pod"] == scope],
        now=of_all[-1] if of_all else None,
        lines=sorted(lines, key=lambda r: list(PODS).index(r["pod"])),
        causes=published.rows(
            f"SELECT * FROM monitor_causes WHERE {of} AND to_month = ?", (*key, month)
        ),
        record=published.rows(
            f"SELECT * FROM forecast_record WHERE {of} AND n_months = ? ORDER BY earlier_year DESC",
            (*key, (month.month - 4) % 12 + 1),
        ),
        practices=[] if kind == "practice" else _practices(published, own, month),
        scope=scope,
        to=month,
    )


def _practices(published: Published, own: dict[str, Any], month: dt.date) -> list[dict[str, Any]]:
    """Read the practices of a PCT or consortium, with where each stands."""
    inside = "pct_code = ?" if own["group_kind"] == "pct" else "consortium_code = ?"
    key = (own["financial_year"], own["group_code"])
    rows = published.rows(
        f"SELECT * FROM monitor_groups WHERE financial_year = ? AND {inside} "
        "AND group_kind = 'practice' ORDER BY group_code",
        key,
    )
    months = published.rows(
        "SELECT * FROM monitor_months WHERE financial_year = ? AND group_kind = 'practice' "
        f"AND pod = '{ALL}' AND month <= ? ORDER BY month",
        (own["financial_year"], month),
    )
    so_far: dict[str, list[dict[str, Any]]] = {}
    for row in months:
        so_far.setdefault(row["group_code"], []).append(row)
    return [{**r, "months": so_far.get(r["group_code"], [])} for r in rows]


def _month(financial_year: str, to: str) -> dt.date | None:
    if to == LATEST:
        return None
    first = periods.first_year(financial_year)
    return dt.date(first + (int(to) < 4), int(to), 1)
