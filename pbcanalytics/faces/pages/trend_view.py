"""What the page of demand shows of one measure, group and specialty, from the published file."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pbcanalytics.demand.presets import preset
from pbcanalytics.demand.trend import Panel, Trend, trend
from pbcanalytics.faces.pages import whose
from pbcanalytics.store import Published

ALL: Final = "ALL"
_DIRECTIONS: Final = {"lower_better": "decrease", "higher_better": "increase"}


@dataclass(frozen=True)
class TrendView:
    """
    One measure of one group.

    Attributes
    ----------
    measure : dict
        Its row of `measures`.
    group : dict
        Its row of `measure_groups`.
    specialty : str
        Code, or ALL.
    months : list of dict
        Rows of `measure_months`; empty where they are withheld.
    adjusted : Trend or None
        The chart of values without days and season; None where there are too few months.
    year : dict or None
        The row of `measure_years` of the specialty.
    specialties : list of dict
        The group's rows of `measure_years` by specialty, those that changed most surely first.
    practices : list of dict
        Rows of `measure_years` of all practices of the PCT, with `group_name`.
    forecasts : list of dict
        Rows of `measure_forecasts`.
    """

    measure: dict[str, Any]
    group: dict[str, Any]
    specialty: str
    months: list[dict[str, Any]]
    adjusted: Trend | None
    year: dict[str, Any] | None
    specialties: list[dict[str, Any]]
    practices: list[dict[str, Any]]
    forecasts: list[dict[str, Any]]

    @property
    def whose(self) -> str:
        """Name the group."""
        g = self.group
        return whose.named(g["group_kind"], g["group_code"], g["group_name"])

    @property
    def what(self) -> str:
        """Name the measure, and the specialty if one is chosen."""
        title = str(self.measure["title"])
        if self.specialty == ALL or self.year is None:
            return title
        return f"{title}, {self.year['specialty_name'].lower()}"

    @property
    def title(self) -> str:
        """Name measure and group, as every figure and table of the page does."""
        return f"{self.what}: {self.whose}"

    @property
    def to(self) -> dt.date | None:
        """The last month, by its first day."""
        return self.year["to_month"] if self.year else None


def measures_held(published: Published) -> list[tuple[str, str]]:
    """List title and name of every measure."""
    rows = published.rows(
        "SELECT measure, title FROM measures ORDER BY measure <> 'gp_referrals', title"
    )
    return [(r["title"], r["measure"]) for r in rows]


def groups_held(published: Published) -> list[tuple[str, str]]:
    """List name and address of every group that is measured."""
    return whose.listed(
        published.rows(
            "SELECT DISTINCT group_kind, group_code, group_name FROM measure_groups "
            f"ORDER BY {whose.ORDER}"
        )
    )


def specialties_held(published: Published) -> list[tuple[str, str]]:
    """List name and code of every specialty with a row, all of them first."""
    rows = published.rows(
        "SELECT specialty_code, min(specialty_name) AS name FROM measure_years "
        f"WHERE specialty_code <> '{ALL}' GROUP BY specialty_code ORDER BY name"
    )
    return [("All specialties", ALL), *((r["name"], r["specialty_code"]) for r in rows)]


def view(
    published: Published, measure: str, group: str, specialty: str, rules: str
) -> TrendView | None:
    """
    Read one measure of one group.

    Parameters
    ----------
    published : Published
        The published file.
    measure : str
    group : str
        As `whose.address` writes it.
    specialty : str
        Code, or ALL.
    rules : str
        Name of a preset.

    Returns
    -------
    TrendView or None
        None if the group is not measured so.
    """
    kind, code = whose.meant(group)
    key = (measure, kind, code)
    of = "measure = ? AND group_kind = ? AND group_code = ?"
    own = published.rows(f"SELECT * FROM measure_groups WHERE {of}", key)
    if not own:
        return None
    described = published.rows("SELECT * FROM measures WHERE measure = ?", (measure,))[0]
    months = published.rows(
        f"SELECT * FROM measure_months WHERE {of} AND specialty_code = ? ORDER BY month",
        (*key, specialty),
    )
    years = published.rows(f"SELECT * FROM measure_years WHERE {of}", key)
    return TrendView(
        measure=described,
        group=own[0],
        specialty=specialty,
        months=months,
        adjusted=_adjusted(described, months, rules),
        year=next((y for y in years if y["specialty_code"] == specialty), None),
        specialties=sorted((y for y in years if y["specialty_code"] != ALL), key=_sureness),
        practices=published.rows(
            "SELECT y.*, g.group_name FROM measure_years AS y JOIN measure_groups AS g "
            "ON g.measure = y.measure AND g.group_kind = y.group_kind "
            "AND g.group_code = y.group_code "
            "WHERE y.measure = ? AND y.group_kind = 'practice' AND y.specialty_code = ? "
            "ORDER BY y.group_code",
            (measure, specialty),
        ),
        forecasts=published.rows(f"SELECT * FROM measure_forecasts WHERE {of} ORDER BY month", key)
        if specialty == ALL
        else [],
    )


def _adjusted(measure: dict[str, Any], months: list[dict[str, Any]], rules: str) -> Trend | None:
    """Chart the values without the days of their months and the season that all share."""
    values = [float("nan") if m["value"] is None else m["value"] / m["usual_ratio"] for m in months]
    if sum(not np.isnan(v) for v in values) < 3:
        return None
    panel = Panel(
        names=("series",),
        groups=("series",),
        months=tuple(m["month"] for m in months),
        values=np.array([values]),
    )
    direction = _DIRECTIONS.get(measure["direction"], "none")
    return trend(panel, preset=preset(rules), direction=direction)


def _sureness(row: dict[str, Any]) -> tuple[bool, float]:
    """Order specialties by how surely they changed: the nearer end of the interval from 1."""
    low, high = row["change_low"], row["change_high"]
    if row["is_withheld"] or low is None or high is None:
        return True, 0.0
    return False, -max(low - 1, 1 - high)
