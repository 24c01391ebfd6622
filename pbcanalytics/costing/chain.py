"""The chain of models: which reference tables they join, and in which order they run."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from importlib import resources
from typing import Final, Protocol

import pandas as pd

from pbcanalytics.costing import organisations
from pbcanalytics.costing.organisations import Registers
from pbcanalytics.costing.rules import payment_rules, top_ups
from pbcanalytics.reference import Shelf
from pbcanalytics.words import periods
from pbcanalytics.words.reasons import UNPRICED

SPELLS: Final = (
    *(
        "keyed_supplied",
        "given_episodes",
        "shared_hints",
        "linked_episodes",
        "lone_episodes",
        "spell_episodes",
    ),
    *("linked_spells", "spells", "supplied_facts", "spell_codes"),
)
"""The models that make spells of episodes, and gather what came for whole spells."""

STAYS: Final = ("payable_hrgs", "spell_hrgs", "spell_top_ups", "priced_spells")
"""The models that price spells."""

GROUPING: Final = (*SPELLS, "spell_flags", "continuous_spells", "activity_years")
"""The models that need no price: episodes to spells, and the years they fall in."""

PRICING: Final = (
    *STAYS,
    "priced_unbundled",
    "supplied_prices",
    "outpatient_counts",
    "priced_outpatients",
    "emergency_counts",
    "priced_emergency",
    "activity",
    "practice_lines",
    "practice_lists",
    "step_totals",
    "unpriced_totals",
)
"""The models that price: payable HRG, price step by step, and the cube of all of it."""

PLACING: Final = ("activity_as_was", "activity_as_now")
"""The cube by the organisations of its time, and by those of one day."""

VIEWS: Final = frozenset(
    (
        *(
            "keyed_supplied",
            "given_episodes",
            "lone_episodes",
            "spell_episodes",
            "spells",
            "spell_hrgs",
        ),
        *("spell_flags", "continuous_spells", "outpatient_counts", "emergency_counts", *PLACING),
    )
)
"""The models that are kept as views: what reads one runs it, and no rows are written for it."""

MODELS: Final = (*GROUPING, *PRICING, *PLACING)
"""The models in the order in which they run; each is `models/<name>.sql` and makes that table."""

_MILLION: Final = 1_000_000

_LONGEST_LIST: Final = 40
"""Places of a list of unbundled HRGs that are looked at; the grouper gives fewer."""


class Engine(Protocol):
    """What costing needs of a store: keep a frame as a table, make a table from a SELECT."""

    def source(self, name: str, frame: pd.DataFrame) -> None:
        """Keep a frame as a table."""

    def define(self, name: str, select: str) -> None:
        """Make a table from a SELECT."""

    def view(self, name: str, select: str) -> None:
        """Give a SELECT a name without running it."""

    def frame(self, select: str) -> pd.DataFrame:
        """Give the rows of a SELECT."""


def run(engine: Engine, name: str) -> None:
    """Run a model: make its table, or its view."""
    make = engine.view if name in VIEWS else engine.define
    make(name, model(name))


def model(name: str) -> str:
    """Give the text of a model."""
    folder = resources.files("pbcanalytics.costing") / "models"
    return (folder / f"{name}.sql").read_text(encoding="utf-8")


def digest() -> str:
    """Give a checksum of the models (16 hexadecimal digits)."""
    total = hashlib.sha256()
    for name in MODELS:
        total.update(model(name).replace("\r\n", "\n").encode())
    return total.hexdigest()[:16]


def price_years(
    activity_years: Iterable[str],
    tariff_years: Iterable[str],
    budget_years: Iterable[tuple[str, str]] = (),
) -> pd.DataFrame:
    """
    Decide at the prices of which years each year's activity is costed.

    A year's activity is priced at its own tariff, which tells what was paid, and at the next
    year's, which makes it a budget's baseline (domain 3.2); so do the prices of any other year
    whose budget rests on it. The first of these that is held is the reported price.

    Parameters
    ----------
    activity_years : iterable of str
        Financial years of discharge or attendance.
    tariff_years : iterable of str
        Financial years of which a tariff is held.
    budget_years : iterable of pairs of str
        Base year and budget year, where a plan names a base year that is not the year before.

    Returns
    -------
    DataFrame, one row per financial year and price year
        `financial_year`, `price_year`, `is_reported`. A year with no tariff has no row.

    Examples
    --------
    >>> price_years(["2016/17", "2017/18"], ["2017/18"]).to_numpy().tolist()
    [['2016/17', '2017/18', True], ['2017/18', '2017/18', True]]
    >>> price_years(["2003/04"], ["2005/06"], [("2003/04", "2005/06")]).to_numpy().tolist()
    [['2003/04', '2005/06', True]]
    """
    held, pairs = set(tariff_years), sorted(set(budget_years))
    rows = []
    for year in sorted(set(activity_years)):
        budgets = [budget for base, budget in pairs if base == year]
        asked = dict.fromkeys((year, periods.following(year), *budgets))
        wanted = [y for y in asked if y in held]
        rows += [(year, y, y == wanted[0]) for y in wanted]
    frame = pd.DataFrame(rows, columns=["financial_year", "price_year", "is_reported"])
    return frame.astype({"financial_year": "str", "price_year": "str", "is_reported": "bool"})


def price_months(activity_years: Iterable[str], years: pd.DataFrame) -> pd.DataFrame:
    """
    Write out the months of financial years, with the prices of which each is costed at.

    Parameters
    ----------
    activity_years : iterable of str
        Financial years of which there is activity.
    years : DataFrame
        As `price_years` gives it.

    Returns
    -------
    DataFrame, one row per month and price year
        `month` (its first day), `financial_year`, `price_year`, `is_reported`; the last two are
        empty for the months of a year that has no prices.
    """
    months = [
        (dt.date(first + (m > 12), (m - 1) % 12 + 1, 1), year)
        for year in sorted(set(activity_years))
        for first in [periods.first_year(year)]
        for m in range(4, 16)
    ]
    frame = pd.DataFrame(months, columns=["month", "financial_year"])
    found = frame.astype({"financial_year": "str"}).merge(years, on="financial_year", how="left")
    return found.astype({"price_year": "string", "is_reported": "boolean"})


def reference_tables(shelf: Shelf, years: Iterable[str]) -> dict[str, pd.DataFrame]:
    """
    Gather the reference tables that the models join, for some price years.

    Parameters
    ----------
    shelf : Shelf
        The reference data.
    years : iterable of str
        Price years.

    Returns
    -------
    dict of str to DataFrame
        `tariff` (with `short_stay_millionths` and `short_stay_is_held`), `payment_rules` (with
        `top_ups_are_held` and `adjustments_are_held`), `top_ups`, `adjustments`,
        `unbundled_prices`, `mff` (with `mff_millionths`, an integer), `outpatient_prices` and
        `emergency_prices`, each with a column `financial_year`; and `positions`, the places of a
        list of codes. Top-ups, adjustments and unbundled prices are empty for a year that has
        none.

    Raises
    ------
    ReferenceGap
        If a year lacks one of them or it is faulty; the message says what to do.
    """
    wanted = sorted(set(years))

    if not wanted:
        wanted = shelf.years("tariff")[-1:]

    def gathered(subject: str) -> pd.DataFrame:
        frames = [shelf.read(subject, y).assign(financial_year=y) for y in wanted]
        return pd.concat(frames, ignore_index=True)

    return {
        "tariff": pd.concat([_tariff(shelf, y) for y in wanted], ignore_index=True),
        **_of_stays(shelf, wanted),
        "mff": _in_millionths(gathered("mff")),
        "outpatient_prices": gathered("outpatient"),
        "emergency_prices": gathered("emergency"),
    }


def price_tables(shelf: Shelf, year: str) -> dict[str, pd.DataFrame]:
    """
    Gather what the prices of hospital stays need of one year, as `reference_tables` does.

    Market forces factors are not asked for where none are held: prices before them need none.

    Raises
    ------
    ReferenceGap
        If the year lacks its tariff or its rules, or one of them is faulty.
    """
    columns = ["provider_code", "mff_ratio"]
    mff = shelf.read("mff", year)[columns] if year in shelf.years("mff") else None
    if mff is None:
        mff = pd.DataFrame(columns=columns).astype({"mff_ratio": "Float64"})
    return {
        "tariff": _tariff(shelf, year),
        **_of_stays(shelf, [year]),
        "mff": _in_millionths(mff).assign(financial_year=year),
    }


def _of_stays(shelf: Shelf, years: list[str]) -> dict[str, pd.DataFrame]:
    """Gather the rules of some years, and the tables that a year may be without."""
    rules = payment_rules(shelf, years)
    for flag, subject in (("top_ups_are_held", "top_up"), ("adjustments_are_held", "adjustment")):
        rules[flag] = rules["financial_year"].isin(shelf.years(subject)).astype("boolean")
    rules["top_ups_are_held"] &= rules["top_up_applies"].fillna(False)
    return {
        "payment_rules": rules,
        "top_ups": top_ups(shelf, years),
        "adjustments": _where_held(
            shelf, "adjustment", years, ("provider_code", "hrg", "pod", "adjustment_pence")
        ),
        "unbundled_prices": _where_held(shelf, "unbundled", years, ("hrg", "price_pence")),
        "positions": pd.DataFrame({"position": range(1, _LONGEST_LIST + 1)}, dtype="int32"),
    }


def _where_held(
    shelf: Shelf, subject: str, years: list[str], columns: tuple[str, ...]
) -> pd.DataFrame:
    """Read a table of the years that have it; no rows where none has."""
    frames = [
        shelf.read(subject, y)[list(columns)].assign(financial_year=y)
        for y in years
        if y in shelf.years(subject)
    ]
    if frames:
        return pd.concat(frames, ignore_index=True)
    kinds = {c: "Int64" if c.endswith("_pence") else "string" for c in columns}
    return pd.DataFrame(columns=[*columns, "financial_year"]).astype(
        kinds | {"financial_year": "string"}
    )


def _in_millionths(mff: pd.DataFrame) -> pd.DataFrame:
    """Add the factor as a whole number, in which models reckon."""
    return mff.assign(mff_millionths=(mff["mff_ratio"] * _MILLION).round().astype("Int64"))


def _tariff(shelf: Shelf, year: str) -> pd.DataFrame:
    """Give a year's tariff with what short emergency stays are paid, where that is held."""
    share, pence = "short_stay_emergency_share", "short_stay_emergency_pence"
    frame = shelf.read("tariff", year).assign(financial_year=year)
    own = share in frame or pence in frame
    apart = not own and year in shelf.years("short_stay")
    if apart:
        frame = frame.merge(shelf.read("short_stay", year), on="hrg", how="left")
    for column, kind in ((share, "Float64"), (pence, "Int64")):
        if column not in frame:
            frame[column] = pd.Series(pd.NA, index=frame.index, dtype=kind)
    frame["short_stay_millionths"] = (frame[share] * _MILLION).round().astype("Int64")
    return frame.assign(short_stay_is_held=own or apart)


def registers(engine: Engine) -> Registers:
    """Gather the registers that an engine holds."""
    names = ("practices", "providers", "pcts", "consortia", "memberships")
    return Registers(**{name: engine.frame(f"SELECT * FROM {name}") for name in names})


def place(engine: Engine, day: dt.date | None = None) -> dt.date:
    """
    Make the cube as it was and as it is now, from the cube and the registers.

    Parameters
    ----------
    engine : Engine
        Holds `activity` and the registers; gets `activity_as_was` and `activity_as_now`.
    day : date, optional
        The day that is "now"; otherwise the last day of the latest month of activity.

    Returns
    -------
    date
        The day taken.
    """
    held = registers(engine)
    months = engine.frame("SELECT DISTINCT practice_code, month FROM activity")
    day = day or organisations.last_day(months["month"])
    engine.source("practice_months", organisations.practice_months(held, months))
    engine.source("practices_now", organisations.practices_now(held, day))
    engine.source("providers_now", organisations.providers_now(held, day))
    for name in PLACING:
        run(engine, name)
    return day


def build(
    engine: Engine, shelf: Shelf, progress: Callable[[str, float], None]
) -> dict[str, list[str]]:
    """
    Run every model, in order.

    Parameters
    ----------
    engine : Engine
        Holds the landing tables; gets the reference tables and one table a model.
    shelf : Shelf
        The reference data.
    progress : callable
        Called with the name of each model before it runs, and the share of models done.

    Returns
    -------
    dict of str to list of str
        `activity_years` and, of those, `unpriced_years`: years at whose prices nothing can be
        priced because neither their tariff nor the next year's is held; and `price_years`.

    Raises
    ------
    ReferenceGap
        If a year with a tariff lacks the rest of its prices; the message says what to add.
    """
    for done, name in enumerate(GROUPING):
        progress(name, done / len(MODELS))
        run(engine, name)
    activity_years = engine.frame("SELECT financial_year FROM activity_years ORDER BY 1")
    seen = activity_years["financial_year"].tolist()
    bases = engine.frame("SELECT financial_year, value FROM plan WHERE item = 'base_year'")
    named = [
        (str(base).strip().replace("-", "/"), str(year).replace("-", "/"))
        for year, base in zip(bases["financial_year"], bases["value"], strict=True)
    ]
    years = price_years(seen, shelf.years("tariff"), named)
    for name, frame in reference_tables(shelf, years["price_year"]).items():
        engine.source(name, frame)
    engine.source("price_years", years)
    engine.source("price_months", price_months(seen, years))
    reasons = [(code, reason.is_gap) for code, reason in UNPRICED.items()]
    engine.source("unpriced_reasons", pd.DataFrame(reasons, columns=["unpriced_reason", "is_gap"]))
    for done, name in enumerate(PRICING, start=len(GROUPING)):
        progress(name, done / len(MODELS))
        run(engine, name)
    progress(PLACING[0], 1 - len(PLACING) / len(MODELS))
    place(engine)
    return {
        "activity_years": seen,
        "price_years": sorted(set(years["price_year"])),
        "unpriced_years": sorted(set(seen) - set(years["financial_year"])),
    }
