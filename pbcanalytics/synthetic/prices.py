"""What the invented activity is worth at a year's tariff: for the facts and the plan only."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pbcanalytics.reference import Shelf
from pbcanalytics.synthetic import places

LINES: Final = ("DC", "EL", "NEL", "NELNE", "OPFA", "OPFUP", "OPPROC", "AE")
_UNPAID: Final = ""


def admitted_lines(rows: pd.DataFrame) -> NDArray[Any]:
    """Give the budget line of each episode; regular attenders have none."""
    method = rows["admimeth"].astype(object)
    planned = method.str.startswith("1").to_numpy(dtype=bool)
    acute = method.str.startswith("2").to_numpy(dtype=bool)
    one_day = (rows["classpat"] == 2).to_numpy()
    line = np.where(planned, np.where(one_day, "DC", "EL"), np.where(acute, "NEL", "NELNE"))
    return np.where(rows["classpat"] == 3, _UNPAID, line).astype(object)


def admitted(shelf: Shelf, rows: pd.DataFrame, price_year: str) -> pd.DataFrame:
    """
    Price spells: the dearest episode's tariff, less if short, and days beyond the trim point.

    Parameters
    ----------
    shelf : Shelf
    rows : DataFrame, one row per episode
        From `extracts.admitted`.
    price_year : str
        Financial year of the tariff.

    Returns
    -------
    DataFrame, one row per spell that ends in the years asked for
        `year`, `line`, `practice`, `provider`, `person`, `pence`; without market forces factor.
    """
    tariff = shelf.read("tariff", price_year).set_index("hrg")
    held = tariff.reindex(rows["SUSHRG"].astype(object))
    line = admitted_lines(rows)
    price = np.select(
        [line == "DC", line == "EL", line == _UNPAID],
        [_floats(held["day_case_pence"]), _floats(held["elective_pence"]), 0.0],
        _floats(held["non_elective_pence"]),
    )
    price *= _short_stay_shares(shelf, rows, line, price_year)
    planned = line == "EL"
    trims = (_floats(held["elective_trim_days"]), _floats(held["non_elective_trim_days"]))
    beyond = rows["los"].to_numpy() - np.where(planned, *trims)
    per_day = _floats(held["long_stay_per_day_pence"])
    price += np.where((line == "DC") | (line == _UNPAID), 0.0, np.maximum(beyond, 0) * per_day)
    visit = np.where(line == _UNPAID, np.arange(len(rows)), 0)
    priced = pd.DataFrame({"spell": rows["spell"], "visit": visit, "pence": price, "line": line})
    priced["pence"] = priced.groupby(["spell", "visit"])["pence"].transform("max")
    wanted = ["year", "practice", "provider", "person"]
    return pd.concat([priced[["line", "pence"]], rows[wanted]], axis=1)[rows["is_last"].to_numpy()]


def _short_stay_shares(
    shelf: Shelf, rows: pd.DataFrame, line: NDArray[Any], price_year: str
) -> NDArray[np.float64]:
    """Give the share of the price that each stay is paid: less than 1 for adults' short ones."""
    days = shelf.rule("rules", "short_stay_longest_days", price_year)
    adult = shelf.rule("rules", "short_stay_youngest_years", price_year)
    held = shelf.read("short_stay", price_year).set_index("hrg")["short_stay_emergency_share"]
    share = held.reindex(rows["SUSHRG"].astype(object)).astype("float64").fillna(1.0).to_numpy()
    is_adult = rows["STARTAGE"].to_numpy() >= adult
    is_short = (line == "NEL") & (rows["los"].to_numpy() <= days) & is_adult
    return np.where(is_short, share, 1.0)


def outpatient(shelf: Shelf, rows: pd.DataFrame, price_year: str) -> pd.DataFrame:
    """Price attendances that took place, one row per appointment, in the columns of `admitted`."""
    rates = shelf.read("outpatient", price_year).set_index("specialty_code")
    held = rates.reindex(rows["TRETSPEF"].astype(object))
    codes = rows["SUSHRG"].astype(object)
    tariff = shelf.read("tariff", price_year).set_index("hrg")["outpatient_procedure_pence"]
    # An attendance is a procedure if it has an HRG, and one that is not of an attendance.
    done = (codes.notna() & ~codes.str.startswith("WF", na=False)).to_numpy(dtype=bool)
    first = (rows["FIRSTATT"] == 1).to_numpy()
    pence = np.where(
        first,
        _floats(held["first_attendance_pence"]),
        _floats(held["follow_up_attendance_pence"]),
    )
    pence = np.where(done, _floats(tariff.reindex(codes)), pence)
    line = np.where(done, "OPPROC", np.where(first, "OPFA", "OPFUP")).astype(object)
    pence = np.where(rows["ATTENDED"].isin(["5", "6"]), pence, 0.0)
    kept = rows[["year", "practice", "provider", "person"]]
    return kept.assign(line=line, pence=pence)


def casualty(shelf: Shelf, rows: pd.DataFrame, price_year: str) -> pd.DataFrame:
    """Price A&E attendances, one row per attendance, in the columns of `admitted`."""
    rates = shelf.read("emergency", price_year).set_index("hrg")["attendance_pence"]
    pence = _floats(rates.reindex(rows["SUSHRG"].astype(object)))
    kept = rows[["year", "practice", "provider", "person"]]
    return kept.assign(line="AE", pence=pence)


def market_forces(shelf: Shelf, price_year: str) -> NDArray[np.float64]:
    """
    Give each provider's market forces factor, in the order of `places.PROVIDERS`.

    It is 1 in a year in which the purchaser does not pay it.
    """
    if shelf.rule("rules", "market_forces_factor", price_year) != "in_price":
        return np.ones(len(places.PROVIDERS))
    held = shelf.read("mff", price_year).set_index("provider_code")["mff_ratio"]
    return np.asarray(held.reindex(list(places.PROVIDERS)), dtype=np.float64)


def _floats(column: pd.Series) -> NDArray[np.float64]:
    return np.asarray(column.astype("float64").fillna(0.0).to_numpy(), dtype=np.float64)
