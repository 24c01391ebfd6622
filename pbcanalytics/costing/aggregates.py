"""Aggregate activity, HRG by setting by count, priced by the rules of a year where they apply."""

from dataclasses import dataclass
from typing import Final

import pandas as pd

from pbcanalytics.costing.chain import Engine, model, price_tables
from pbcanalytics.reference import Shelf
from pbcanalytics.words import settings
from pbcanalytics.words.errors import ReferenceGap, SelectionError

LINE_COLUMNS: Final = {
    "source_line": "Int64",
    "n_rows": "Int64",
    "setting_given": "string",
    "setting": "string",
    "hrg": "string",
    "specialty_code": "string",
    "provider_code": "string",
    "month": "string",
    "n_activity": "Int64",
    "inlier_bed_days": "Int64",
    "excess_bed_days": "Int64",
    "supplied_pence": "Int64",
}
"""What a line of aggregate activity has; all but `setting` may be missing or empty."""

_HELD_APART: Final = {
    "outpatient": (
        "outpatient_prices",
        ("specialty_code", "first_attendance_pence", "follow_up_attendance_pence"),
    ),
    "emergency": ("emergency_prices", ("hrg", "attendance_pence")),
}
_ORDINARY: Final = ("DC", "EL", "NEL", "NELNE", "XBD", "OPPROC")
"""Points of delivery that are priced by HRG of the tariff."""


@dataclass(frozen=True)
class PricedAggregates:
    """
    Aggregate activity at one year's prices.

    Attributes
    ----------
    price_year : str
    lines : DataFrame, one row per line that was given
        What was given, and: `is_code_held`; `price_list`, `tariff`, `outpatient`, `emergency`
        or `unbundled`, that its price is of; `unit_pence`; the steps `base_pence`,
        `short_stay_pence`, `long_stay_pence`, `other_pence` and `mff_pence`, empty where an
        aggregate cannot carry them; `price_pence`, their sum, or `unpriced_reason`;
        `short_stay_least_pence`, the base price less if all stays that may be short were;
        `same_day_pence`, what the base price would change by if all elective stays were day cases
        that ended on their day; `lowest_pence` and `highest_pence`, between which the activity's
        price lies spell by spell, top-ups and adjustments aside (highest is empty where nothing
        bounds it); `unknown_days_rate_pence`, the price of a day beyond the trim point where the
        number of such days is not known. [pence]
    coverage : DataFrame, one row per setting as given and version of the HRGs
        `setting_given`, `setting`, `hrg_version`, `n_lines`, `n_lines_counted`, `n_activity`,
        `n_in_tariff` and `n_priced` [activities], `n_lines_priced`, `price_pence`,
        `supplied_pence`, and of the latter `supplied_priced_pence`, on lines that are priced;
        `price_supplied_pence` and `lowest_supplied_pence`, our price, and the least, of lines that
        came with one. [pence]
    unknown_codes : DataFrame, one row per setting and code that its price list does not have
        `setting`, `hrg`, `hrg_version`, `n_lines`, `n_activity` [activities], largest count first;
        of settings with a national price only.
    top_ups_are_known : bool
        The year had no specialised top-ups, so that none are missing.
    statuses : dict of str to list of str
        Of the price lists that priced something: how far they may be trusted.
    """

    price_year: str
    lines: pd.DataFrame
    coverage: pd.DataFrame
    unknown_codes: pd.DataFrame
    top_ups_are_known: bool
    statuses: dict[str, list[str]]

    @property
    def price_pence(self) -> int:
        """The sum of all prices [pence]."""
        return int(self.lines["price_pence"].sum())

    @property
    def lowest_pence(self) -> int:
        """The sum of the least that priced lines may cost spell by spell [pence]."""
        return int(self.lines["lowest_pence"].sum())

    @property
    def highest_pence(self) -> int | None:
        """The sum of the most that priced lines may cost; None where one is not bounded [pence]."""
        priced = self.lines.loc[self.lines["price_pence"].notna(), "highest_pence"]
        return None if priced.isna().any() else int(priced.sum())


def price_aggregates(
    engine: Engine,
    shelf: Shelf,
    lines: pd.DataFrame,
    price_year: str,
    activity_year: str | None = None,
) -> PricedAggregates:
    """
    Price aggregate activity at one year's prices and rules.

    A line is so many spells, attendances or excess bed days of one HRG in one setting. Its HRG is
    taken to be the payable one, its count to be what is paid for.

    Parameters
    ----------
    engine : Engine
        Its tables of prices are overwritten: lend one that holds nothing else.
    shelf : Shelf
        The reference data.
    lines : DataFrame, one row per line
        Columns of LINE_COLUMNS; `setting` one of `words.settings.SETTINGS`; counts whole and not
        negative; money in pence. Without `provider_code` a price is that before the market forces
        factor.
    price_year : str
        Whose prices and rules, "2018/19".
    activity_year : str, optional
        The year of the activity, if known.

    Returns
    -------
    PricedAggregates

    Raises
    ------
    SelectionError
        If a setting is none, a count is negative, or the HRGs are of another version (T14).
    ReferenceGap
        If the year lacks prices or rules.
    """
    tables = price_tables(shelf, price_year)
    for subject, (name, columns) in _HELD_APART.items():
        tables[name] = _list_or_empty(shelf, subject, price_year, columns)
    rules = shelf.record("rules", price_year).rules
    version = rules["hrg_version"]["value"]
    shape = settings.SHAPES.get(version or "")
    _refuse_other_years(shelf, price_year, version, activity_year)
    prepared = _prepared(lines, price_year, shape)
    _refuse_other_shapes(prepared, price_year, shape)
    for name, frame in tables.items():
        engine.source(name, frame)
    engine.source("aggregate_lines", prepared)
    engine.define("priced_aggregates", model("priced_aggregates"))
    return PricedAggregates(
        price_year=price_year,
        lines=_whole(engine.frame("SELECT * FROM priced_aggregates ORDER BY line_id")),
        coverage=_whole(engine.frame(model("aggregate_coverage"))),
        unknown_codes=_whole(engine.frame(_UNKNOWN_CODES)),
        top_ups_are_known=rules["specialised_top_up"]["value"] == "none",
        statuses=_statuses(engine, shelf, price_year),
    )


_UNKNOWN_CODES: Final = """
SELECT setting, hrg, hrg_version, COUNT(*) AS n_lines, CAST(SUM(n_activity) AS BIGINT) AS n_activity
FROM priced_aggregates
WHERE NOT is_code_held AND hrg IS NOT NULL AND pod NOT IN ('RA', 'OTHER', 'UNB', 'OPFA', 'OPFUP')
GROUP BY setting, hrg, hrg_version
ORDER BY COALESCE(SUM(n_activity), -1) DESC, setting, hrg
"""


def _prepared(lines: pd.DataFrame, price_year: str, shape: str | None) -> pd.DataFrame:
    """Give every column its type, and each line what its setting and its code say."""
    frame = lines.reset_index(drop=True).copy()
    if "setting_given" not in frame:
        frame["setting_given"] = frame["setting"]
    if "n_rows" not in frame:
        frame["n_rows"] = 1
    for column, kind in LINE_COLUMNS.items():
        if column not in frame:
            frame[column] = pd.NA
        frame[column] = frame[column].astype(kind)  # type: ignore[call-overload]
    frame = frame[list(LINE_COLUMNS)]
    unknown = sorted(set(frame["setting"].dropna()) - set(settings.SETTINGS))
    if unknown or frame["setting"].isna().any():
        raise SelectionError(
            f"Lines have settings that are none: {', '.join(unknown) or 'an empty one'}. The "
            f"settings: {', '.join(settings.SETTINGS)}."
        )
    negative = [
        c
        for c in ("n_activity", "inlier_bed_days", "excess_bed_days")
        if (frame[c] < 0).fillna(False).any()
    ]
    if negative:
        raise SelectionError(f"Counts of activity may not be negative; {', '.join(negative)} are.")
    kinds = frame["setting"].map(settings.SETTINGS)
    frame["pod"] = kinds.map(lambda s: s.pod).astype("string")
    frame["is_days"] = kinds.map(lambda s: s.is_days).astype("bool")
    frame["stay"] = kinds.map(lambda s: s.stay).astype("string")
    frame["attendance"] = kinds.map(lambda s: s.attendance).astype("string")
    apart = set(frame.loc[frame["is_days"], "pod"])
    frame["days_are_apart"] = frame["pod"].isin(apart) | ("XBD" in apart)
    grouped = frame["setting_given"].fillna("").map(settings.has_hrgs).astype(bool)
    frame["hrg_version"] = frame["hrg"].fillna("").map(settings.version_of).astype("string")
    frame.loc[~grouped, "hrg_version"] = settings.NO_HRG_SHAPE
    frame["is_other_version"] = frame["pod"].isin(_ORDINARY) & frame["hrg_version"].isin(
        {*settings.SHAPES.values()} - {shape} if shape else set()
    )
    frame["price_year"] = price_year
    frame.insert(0, "line_id", range(1, len(frame) + 1))
    return frame


def _refuse_other_years(
    shelf: Shelf, price_year: str, price_version: str | None, activity_year: str | None
) -> None:
    """Refuse prices of a year whose HRGs are of another version than the activity's (T14)."""
    if activity_year is None or activity_year == price_year:
        return
    try:
        version = shelf.rule("rules", "hrg_version", activity_year)
    except ReferenceGap:
        return
    if None not in (version, price_version) and version != price_version:
        raise SelectionError(
            f"The activity is of {activity_year}, whose HRGs are {version}, and the prices of "
            f"{price_year} are by {price_version}. The same code does not mean the same in both, "
            "so nothing was priced; choose a year whose prices use the same HRGs."
        )


def _refuse_other_shapes(lines: pd.DataFrame, price_year: str, shape: str | None) -> None:
    """Refuse activity none of whose HRGs can be of the version of the prices (T14)."""
    coded = lines[lines["pod"].isin(_ORDINARY) & lines["hrg"].notna()]
    if shape and coded["is_other_version"].any() and not (coded["hrg_version"] == shape).any():
        found = sorted(set(coded.loc[coded["is_other_version"], "hrg_version"]))
        raise SelectionError(
            f"The HRGs of this activity look like {', '.join(found)}, and the prices of "
            f"{price_year} are by {shape}. The same activity has other codes in another version, "
            "so nothing was priced; choose a year whose prices use the same HRGs."
        )


def _list_or_empty(shelf: Shelf, subject: str, year: str, columns: tuple[str, ...]) -> pd.DataFrame:
    if year in shelf.years(subject):
        return shelf.read(subject, year).assign(financial_year=year)
    kinds = {c: "Int64" if c.endswith("_pence") else "string" for c in columns}
    empty = pd.DataFrame({c: pd.Series(dtype=k) for c, k in kinds.items()})
    return empty.assign(financial_year=pd.Series(dtype="string"))


def _statuses(engine: Engine, shelf: Shelf, year: str) -> dict[str, list[str]]:
    """Give the statuses of the price lists that priced something."""
    used = engine.frame(
        "SELECT DISTINCT price_list AS subject, short_stay_pence IS NULL AS may_be_short, "
        "COALESCE(mff_pence, 0) <> 0 AS has_mff FROM priced_aggregates "
        "WHERE price_pence IS NOT NULL"
    )
    subjects = set(used["subject"])
    if used["may_be_short"].any() and year in shelf.years("short_stay"):
        subjects.add("short_stay")
    if used["has_mff"].any():
        subjects.add("mff")
    order = ("tariff", "short_stay", "mff", "outpatient", "emergency", "unbundled")
    return {s: sorted(shelf.record(s, year).statuses) for s in order if s in subjects}


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    """Give counts and money as whole numbers, missing where they are."""
    ends = ("_pence", "_days")
    numbers = [c for c in frame if str(c).endswith(ends) or str(c).startswith("n_")]
    ids = [c for c in ("line_id", "source_line") if c in frame]
    texts = [c for c in frame if frame[c].dtype == object]
    return frame.astype(
        {**dict.fromkeys([*numbers, *ids], "Int64"), **dict.fromkeys(texts, "string")}
    )
