"""Aggregate activity of a file, or of the contract monitoring that is loaded, priced."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from pbcanalytics.costing.aggregates import PricedAggregates, price_aggregates
from pbcanalytics.costing.chain import model
from pbcanalytics.intake.aggregates import read_aggregates
from pbcanalytics.reference import Shelf
from pbcanalytics.reference.importing.headings import years_in
from pbcanalytics.store import Warehouse
from pbcanalytics.words import periods, settings
from pbcanalytics.words.errors import SelectionError

_SENTENCES: Final = {
    "negative_count": "The count is below zero: a credit, to be taken off the line it corrects.",
    "count_not_whole": "The count is not a whole number.",
    "unknown_setting": "The point of delivery is not a known one.",
}


@dataclass(frozen=True)
class AggregatesPriced:
    """
    One source of aggregate activity, priced, with an account of its rows.

    Attributes
    ----------
    source : str
        Name of the file, or of the table `contract_lines` or `contract_totals`.
    is_collection : bool
        It is the National Cost Collection: the money in it is cost, not price.
    activity_year : str or None
        The year of the activity, if it is known.
    n_rows : int
        Rows read: those of priced and unpriced lines, `n_rejected` and `n_other_years`.
    n_other_years : int
        Rows of months outside the year, left aside.
    rejected : DataFrame, one row per rejected line
        `source_line`, `n_rows`, `reason`, `sentence`, `text`.
    priced : PricedAggregates
    """

    source: str
    is_collection: bool
    activity_year: str | None
    n_rows: int
    n_other_years: int
    rejected: pd.DataFrame
    priced: PricedAggregates

    @property
    def n_priced(self) -> int:
        """Rows of lines that have a price."""
        lines = self.priced.lines
        return int(lines.loc[lines["price_pence"].notna(), "n_rows"].sum())

    @property
    def n_rejected(self) -> int:
        """Rows that could not be used."""
        return int(self.rejected["n_rows"].sum())

    @property
    def unpriced(self) -> dict[str, int]:
        """Rows of lines that have no price, by reason, the commonest first."""
        lines = self.priced.lines
        counted = lines[lines["price_pence"].isna()].groupby("unpriced_reason")["n_rows"].sum()
        ordered = sorted(counted.items(), key=lambda r: (-int(r[1]), str(r[0])))
        return {str(reason): int(n) for reason, n in ordered}


def price_aggregate_file(
    data: Path,
    file: Path,
    *,
    year: str,
    activity_year: str | None = None,
    rules: Path | None = None,
) -> AggregatesPriced:
    """
    Price a file of aggregate activity.

    Parameters
    ----------
    data : Path
        The data folder, for reference data of the user's own.
    file : Path
        HRG, setting and count, a row each; or the National Cost Collection.
    year : str
        Financial year of the prices and rules, "2018/19".
    activity_year : str, optional
        Year of the activity; otherwise that in the file's name, if it names one.
    rules : Path, optional
        A folder of reference data that goes before those in force.

    Raises
    ------
    ExtractError
        If the file cannot be read, or lacks a column.
    SelectionError
        If the HRGs of the activity are of another version than the prices (T14).
    ReferenceGap
        If the year lacks prices or rules.
    """
    price_year = periods.starting(periods.first_year(year))
    read = read_aggregates(file)
    named = sorted(years_in(file.name))
    if activity_year is not None:
        activity_year = periods.starting(periods.first_year(activity_year))
    elif len(named) == 1:
        activity_year = named[0]
    with Warehouse.in_memory() as engine:
        priced = price_aggregates(
            engine, _shelf(data, rules), read.lines, price_year, activity_year
        )
    return AggregatesPriced(
        source=read.name,
        is_collection=read.is_collection,
        activity_year=activity_year,
        n_rows=read.n_rows,
        n_other_years=0,
        rejected=read.rejected.assign(n_rows=1),
        priced=priced,
    )


def price_loaded_aggregates(
    data: Path, *, year: str, rules: Path | None = None
) -> list[AggregatesPriced]:
    """
    Price the contract monitoring that is loaded; nothing that is held is changed.

    Parameters
    ----------
    data : Path
        The data folder.
    year : str
        Financial year of the months, and of the prices and rules.
    rules : Path, optional
        A folder of reference data that goes before those in force.

    Returns
    -------
    list of AggregatesPriced
        Patient-level lines and totals apart, because they tell of the same activity.

    Raises
    ------
    SelectionError
        If no contract monitoring of that year is loaded.
    StoreError
        If nothing is loaded at all.
    """
    price_year = periods.starting(periods.first_year(year))
    shelf = _shelf(data, rules)
    with Warehouse.open(data, doing="pricing contract monitoring") as warehouse:
        held = warehouse.frame(model("contract_aggregates"))
    if not (held["financial_year"] == price_year).any():
        there = ", ".join(sorted(set(held["financial_year"].dropna()))) or "none"
        raise SelectionError(
            f"No contract monitoring of {price_year} is loaded in {data} (held: {there}), so "
            "there is nothing to price. Load it with 'pbc load FILE …', or choose another year."
        )
    found = []
    for source, rows in held.groupby("source", sort=True):
        of_year = rows[rows["financial_year"] == price_year]
        if of_year.empty:
            continue
        lines, rejected = _lines(of_year)
        with Warehouse.in_memory() as engine:
            priced = price_aggregates(engine, shelf, lines, price_year, price_year)
        found.append(
            AggregatesPriced(
                source=str(source),
                is_collection=False,
                activity_year=price_year,
                n_rows=int(rows["n_rows"].sum()),
                n_other_years=int(rows["n_rows"].sum() - of_year["n_rows"].sum()),
                rejected=rejected,
                priced=priced,
            )
        )
    return found


def _shelf(data: Path, rules: Path | None) -> Shelf:
    if rules is not None and not rules.is_dir():
        raise SelectionError(f"There is no folder {rules} with reference data.")
    return Shelf.open(data / "reference", *([rules] if rules else []))


def _lines(held: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make lines of what was charged alike, and rejects of counts and kinds that are none."""
    pods = zip(held["contract_pod"], held["pod"], strict=True)
    meant = [_setting(given, pod) for given, pod in pods]
    lines = held.assign(
        setting=pd.Series(meant, index=held.index, dtype="string"),
        setting_given=held["contract_pod"],
    )
    reason = lines["counting"].where(lines["counting"].isin(list(_SENTENCES)))
    reason = reason.mask(reason.isna() & lines["setting"].isna(), "unknown_setting")
    bad = lines[reason.notna()]
    why = reason[reason.notna()]
    rejected = pd.DataFrame(
        {
            "source_line": pd.Series(pd.NA, index=bad.index, dtype="Int64"),
            "n_rows": bad["n_rows"],
            "reason": why,
            "sentence": why.map(_SENTENCES),
            "text": [
                f"{r.provider_code} {r.month} {r.contract_pod} {r.hrg}" for r in bad.itertuples()
            ],
        }
    )
    return lines[reason.isna()], rejected.reset_index(drop=True)


def _setting(given: object, pod: object) -> str | None:
    """Give the setting of a contract's point of delivery; what it was translated to goes first."""
    known = settings.setting_of(given) if isinstance(given, str) else None
    if isinstance(pod, str) and pod in settings.SETTINGS and pod != "OTHER":
        return known if known and settings.SETTINGS[known].pod == pod else pod
    return known
