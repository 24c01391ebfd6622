"""What the page of demand shows of one measure, group and part, from the published file."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from pbcanalytics.demand.charting.trend import Trend
from pbcanalytics.faces.pages import whose
from pbcanalytics.faces.pages.demand.trend_rows import (
    adjusted,
    newest,
    surest,
    weighed_month,
    weighed_year,
)
from pbcanalytics.store import Published

ALL: Final = "ALL"
SPECIALTY: Final = "specialty"
PROVIDER: Final = "provider"
SOURCE: Final = "source"
CUTS: Final = (SPECIALTY, PROVIDER, SOURCE)
"""What a measure may be narrowed to; one of them at a time, as each is guarded by itself."""

REGISTERED: Final = "registered"
WEIGHTED: Final = "weighted"

_PER_REGISTERED: Final = "registered patients"


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
    cut : str
        One of CUTS, or ALL: what the measure is narrowed to.
    months : list of dict
        Rows of `measure_months`, or of `measure_part_months`; empty where they are withheld.
    adjusted : Trend or None
        The chart of values without days and season; None where there are too few months.
    year : dict or None
        The row of `measure_years` or `measure_part_years` of what is shown.
    specialties : list of dict
        The group's rows of `measure_years` by specialty, those that changed most surely first.
    parts : dict of str to list of dict
        The group's rows of `measure_part_years` by PROVIDER and by SOURCE, in the same order.
    practices : list of dict
        Rows of `measure_years` of all practices of the PCT, with `group_name`.
    forecasts : list of dict
        Rows of `measure_forecasts`.
    events : list of dict
        Rows of `chart_events` that concern the chart, oldest first.
    provisional : list of dict
        Rows of `measure_provisional` of its newest months, which are in no rule.
    per : str
        REGISTERED, or WEIGHTED where values are per 1,000 weighted patients.
    """

    measure: dict[str, Any]
    group: dict[str, Any]
    specialty: str
    cut: str
    months: list[dict[str, Any]]
    adjusted: Trend | None
    year: dict[str, Any] | None
    specialties: list[dict[str, Any]]
    parts: dict[str, list[dict[str, Any]]]
    practices: list[dict[str, Any]]
    forecasts: list[dict[str, Any]]
    events: list[dict[str, Any]]
    provisional: list[dict[str, Any]]
    per: str

    @property
    def whose(self) -> str:
        """Name the group."""
        g = self.group
        return whose.named(g["group_kind"], g["group_code"], g["group_name"])

    @property
    def what(self) -> str:
        """Name the measure, and the specialty, hospital or source if one is chosen."""
        title = str(self.measure["title"])
        if self.cut == ALL or self.year is None:
            return title
        if self.cut == SPECIALTY:
            return f"{title}, {self.year['specialty_name'].lower()}"
        asked = ", asked by " if self.cut == SOURCE else " at "
        return f"{title}{asked}{self.year['part_name']}"

    @property
    def title(self) -> str:
        """Name measure and group, as every figure and table of the page does."""
        return f"{self.what}: {self.whose}"

    @property
    def unit(self) -> str:
        """What a value is."""
        unit = str(self.measure["unit"])
        return unit.replace(_PER_REGISTERED, "weighted patients") if self.per == WEIGHTED else unit

    @property
    def has_rate(self) -> bool:
        """Whether it may be given per registered or per weighted patients."""
        return str(self.measure["unit"]).endswith(_PER_REGISTERED)

    @property
    def provisional_months(self) -> list[dt.date]:
        """The newest months that are not whole, oldest first."""
        return sorted({row["month"] for row in self.provisional})

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


def parts_held(published: Published, kind: str) -> list[tuple[str, str]]:
    """List name and code of every hospital or source with a row, all of them first."""
    rows = published.rows(
        "SELECT part_code, min(part_name) AS name FROM measure_part_years WHERE part_kind = ? "
        "GROUP BY part_code ORDER BY part_code IN ('other', 'unknown'), name",
        (kind,),
    )
    every = "All hospitals" if kind == PROVIDER else "Whoever asked"
    return [(every, ALL), *((r["name"], r["part_code"]) for r in rows)]


def view(
    published: Published,
    measure: str,
    group: str,
    specialty: str,
    rules: str,
    *,
    provider: str = ALL,
    source: str = ALL,
    per: str = REGISTERED,
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
    provider, source : str
        Code, or ALL. Of specialty, provider and source the first that is not ALL counts.
    per : str
        REGISTERED or WEIGHTED, of a rate.

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
    if not str(described["unit"]).endswith(_PER_REGISTERED):
        per = REGISTERED
    chosen = dict(zip(CUTS, (specialty, provider, source), strict=True))
    cut = next((name for name in CUTS if chosen[name] != ALL), ALL)
    part = chosen.get(cut, ALL)
    years = published.rows(f"SELECT * FROM measure_years WHERE {of}", key)
    in_parts = published.rows(f"SELECT * FROM measure_part_years WHERE {of}", key)
    if cut in (PROVIDER, SOURCE):
        months = published.rows(
            f"SELECT * FROM measure_part_months WHERE {of} AND part_kind = ? AND part_code = ? "
            "ORDER BY month",
            (*key, cut, part),
        )
        ours = [y for y in in_parts if y["part_kind"] == cut and y["part_code"] == part]
    else:
        months = published.rows(
            f"SELECT * FROM measure_months WHERE {of} AND specialty_code = ? ORDER BY month",
            (*key, part),
        )
        ours = [y for y in years if y["specialty_code"] == part]
    if per == WEIGHTED:
        months = [weighed_month(m) for m in months]
        years, in_parts, ours = ([weighed_year(y) for y in f] for f in (years, in_parts, ours))
    late = published.rows(f"SELECT * FROM measure_provisional WHERE {of} ORDER BY month", key)
    if cut == PROVIDER:
        late = [row for row in late if row["provider_code"] == part]
    events = _events(published, measure, group, part) if cut in (ALL, SPECIALTY) else []
    provisional = newest(late, months)
    practices = published.rows(
        "SELECT y.*, g.group_name FROM measure_years AS y JOIN measure_groups AS g "
        "ON g.measure = y.measure AND g.group_kind = y.group_kind "
        "AND g.group_code = y.group_code "
        "WHERE y.measure = ? AND y.group_kind = 'practice' AND y.specialty_code = ? "
        "ORDER BY y.group_code",
        (measure, part if cut == SPECIALTY else ALL),
    )
    return TrendView(
        measure=described,
        group=own[0],
        specialty=part if cut == SPECIALTY else ALL,
        cut=cut,
        months=months,
        adjusted=adjusted(described, months, rules, events, provisional, aims=per == REGISTERED),
        year=ours[0] if ours else None,
        specialties=surest([y for y in years if y["specialty_code"] != ALL]),
        parts={k: surest([y for y in in_parts if y["part_kind"] == k]) for k in CUTS[1:]},
        practices=practices if cut in (ALL, SPECIALTY) else [],
        forecasts=published.rows(
            f"SELECT * FROM measure_forecasts WHERE {of} AND specialty_code = ? ORDER BY month",
            (*key, part),
        )
        if cut in (ALL, SPECIALTY) and per == REGISTERED
        else [],
        events=events,
        provisional=provisional,
        per=per,
    )


def _events(published: Published, measure: str, group: str, specialty: str) -> list[dict[str, Any]]:
    """List what was recorded of this chart, or of every group's."""
    return published.rows(
        "SELECT * FROM chart_events WHERE measure = ? AND group_address IN (?, 'ALL') "
        "AND specialty_code = ? ORDER BY month NULLS FIRST, recorded_on, kind",
        (measure, group, specialty),
    )
