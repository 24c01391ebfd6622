"""Earlier years brought to one year's prices, so that growth is of activity and not of tariffs."""

from typing import Final

import pandas as pd

from pbcanalytics.words import periods
from pbcanalytics.words.errors import SelectionError

CELL: Final = ("practice_code", "provider_code", "pod", "month")


def at_one_level(cube: pd.DataFrame, year: str) -> pd.DataFrame:
    """
    Give the activity of a year and of those before it at the prices of that year.

    The year before is priced at them already, as a budget's baseline is (domain 3.2). Each year
    before that is at the prices of the year after it, times what those activities' prices changed
    to the next, point of delivery by point of delivery. Where a year was priced only once, it stays
    as it is, and its prices' change counts as growth.

    Parameters
    ----------
    cube : DataFrame, one row per practice, provider, point of delivery, month and price year
        `practice_code`, `provider_code`, `pod`, `month`, `financial_year`, `price_year`,
        `is_reported`, `pence`. [pence]
    year : str
        "2018/19".

    Returns
    -------
    DataFrame, one row per practice, provider, point of delivery and month
        CELL and `pence`, rounded half up. [pence]

    Raises
    ------
    SelectionError
        If nothing of the year is priced.
    """
    own = cube[(cube["financial_year"] == year) & cube["is_reported"]]
    if own.empty:
        held = ", ".join(sorted(cube.loc[cube["is_reported"], "financial_year"].unique()))
        raise SelectionError(
            f"No priced activity of {year} is held, so its outturn cannot be forecast (held: "
            f"{held or 'none'}). Load the year's activity so far, and its tariff, then 'pbc build'."
        )
    parts = [own]
    factors: dict[str, float] = {}
    native = str(own["price_year"].iloc[0])
    after = year
    while True:
        before = periods.preceding(after)
        rows = cube[cube["financial_year"] == before]
        if rows.empty:
            break
        factors = _links(cube, after, native, factors)
        level = after if (rows["price_year"] == after).any() else None
        taken = rows[rows["price_year"] == level] if level else rows[rows["is_reported"]]
        if taken.empty:
            break
        ratio = taken["pod"].map(factors).fillna(1.0)
        pence = (taken["pence"] * ratio + 0.5) // 1
        parts.append(taken.assign(pence=pence.astype("int64")))
        after, native = before, str(taken["price_year"].iloc[0])
    together = pd.concat(parts, ignore_index=True)
    return together.groupby(list(CELL), dropna=False)["pence"].sum().reset_index()


def _links(
    cube: pd.DataFrame, year: str, native: str, factors: dict[str, float]
) -> dict[str, float]:
    """Chain the change from a year's own prices to those that it is taken at, by line."""
    rows = cube[cube["financial_year"] == year]
    own = rows[rows["price_year"] == year].groupby("pod")["pence"].sum()
    taken = rows[rows["price_year"] == native].groupby("pod")["pence"].sum()
    linked = {}
    for pod in {*factors, *own.index.astype(str)}:
        before, after = float(own.get(pod, 0)), float(taken.get(pod, 0))
        change = after / before if before > 0 and after > 0 else 1.0
        linked[pod] = change * factors.get(pod, 1.0)
    return linked
