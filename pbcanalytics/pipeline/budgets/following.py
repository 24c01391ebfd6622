"""Budget years under way, gathered for publication: where they stand, why, and what is foreseen."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pandas as pd

from pbcanalytics import budgets
from pbcanalytics.budgets.forecast.outturn import BOUNDS, MONEY, group_forecasts, outturn
from pbcanalytics.budgets.monitor.monitoring import Monitoring
from pbcanalytics.budgets.savings.group_prospects import COLUMNS as PROSPECTS
from pbcanalytics.budgets.savings.year_savings import YearSavings
from pbcanalytics.faces.publishing.monitor import Followed
from pbcanalytics.pipeline.budgets.monitor import inputs, under_way
from pbcanalytics.pipeline.budgets.outturn import Held, by_pct, held
from pbcanalytics.pipeline.budgets.savings import Found, savings_of
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import ReferenceGap, SelectionError

_WHOSE: Final = ("group_kind", "group_code")
_CHANCES: Final = (
    *("practice_share", "minimum_share", "naive_noise_share", "default_noise_share"),
)
_RECORD: Final = (
    *("financial_year", "n_months", "level", "code", "forecast_pence", "low_80_pence"),
    *("high_80_pence", "straight_line_pence", "came_pence"),
)


def followed(
    warehouse: Warehouse, reference: Shelf, found: Sequence[budgets.YearBudget]
) -> Iterator[Followed]:
    """
    Follow every budget year that has activity of its own.

    Parameters
    ----------
    warehouse : Warehouse
        With the tables that `build` makes.
    reference : Shelf
    found : sequence of YearBudget

    Yields
    ------
    Followed
        One a PCT and year; without activity of the year, none.
    """
    if not found:
        return
    everything = held(warehouse)
    for year in sorted({b.baseline.financial_year for b in found}):
        of_year = [b for b in found if b.baseline.financial_year == year]
        of = inputs(warehouse, of_year, year)
        if of.spending.empty:
            continue
        saved = _saved(warehouse, everything, reference, year)
        for budget in of_year:
            latest = under_way(of, budget)
            if latest is None:
                continue
            now, why = latest
            yield Followed(
                now=now,
                why=why,
                open_months=of.open_months,
                forecasts=_forecasts(now, saved),
                prospects=_prospects(now.pct_code, saved),
                chances=_chances(now.pct_code, saved),
                record=_record(now, everything),
            )


def _saved(warehouse: Warehouse, everything: Held, reference: Shelf, year: str) -> Found | None:
    """Hold a year against its budgets; None where no rules of it are held."""
    try:
        return savings_of(warehouse, everything, reference, year)
    except (ReferenceGap, SelectionError):
        return None


def _of(pct_code: str, saved: Found | None) -> YearSavings | None:
    """Give the savings of one PCT."""
    return next((s for s in saved.pcts if s.pct_code == pct_code), None) if saved else None


def _forecasts(now: Monitoring, saved: Found | None) -> pd.DataFrame:
    """Give what each group's year would come to, as the end of each month saw it."""
    codes = now.practices["practice_code"]
    groups = {
        "pct": {now.pct_code: list(codes)},
        "consortium": {
            str(c): list(own["practice_code"])
            for c, own in now.practices.groupby("consortium_code")
            if c
        },
        "practice": {str(c): [str(c)] for c in codes},
    }
    frames = [
        group_forecasts(of, members)
        .rename(columns={"code": "group_code"})
        .assign(group_kind=kind, n_months=of.n_months)
        for of in (saved.seen.get(now.pct_code, ()) if saved else ())
        for kind, members in groups.items()
    ]
    names = [*_WHOSE, "n_months", *MONEY, *BOUNDS]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)


def _prospects(pct_code: str, saved: Found | None) -> pd.DataFrame:
    own = _of(pct_code, saved)
    return pd.DataFrame(columns=list(PROSPECTS)) if own is None else own.by_month


def _chances(pct_code: str, saved: Found | None) -> pd.DataFrame:
    """Give the practices' part of a saving, and what chance alone would be paid, by group."""
    own, rows = _of(pct_code, saved), []
    if own is not None and saved is not None and saved.rule.practice_share is not None:
        for group in own.groups:
            if group.noise is None:
                continue
            row: dict[str, Any] = {
                "group_kind": "consortium" if group.is_consortium else "practice",
                "group_code": group.code,
                "practice_share": float(saved.rule.practice_share),
                "minimum_share": group.noise.raised_minimum_share,
                "naive_noise_share": group.noise.naive_share,
                "default_noise_share": group.noise.default_share,
            }
            rows.append(row)
    return pd.DataFrame(rows, columns=[*_WHOSE, *_CHANCES])


def _record(now: Monitoring, everything: Held) -> pd.DataFrame:
    """Give what was forecast of earlier years; nothing where none can be."""
    try:
        ground = by_pct(everything, now.financial_year)[now.pct_code]
        made = outturn(
            ground.activity,
            known_to=ground.known_to,
            triangle=everything.triangle,
            budgets=ground.budgets,
            consortia=dict(
                zip(now.practices["practice_code"], now.practices["consortium_code"], strict=True)
            ),
            of_others=ground.of_others,
        )
    except (SelectionError, KeyError):
        return pd.DataFrame(columns=list(_RECORD))
    return made.record.reindex(columns=list(_RECORD))
