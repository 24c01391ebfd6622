"""Aggregate activity in words: how much of it has a price, and what an aggregate cannot tell."""

import re
from typing import Any, Final

import pandas as pd

from pbcanalytics.costing.aggregates import PricedAggregates
from pbcanalytics.faces import wording
from pbcanalytics.words import reasons, settings

_OWN_PRICES: Final = ("OTHER", "RA")
_BY_SPECIALTY: Final = ("OPFA", "OPFUP")
_DAYS: Final = tuple(code for code, kind in settings.SETTINGS.items() if kind.is_days)
_SUMMED: Final = (
    *("n_lines", "n_lines_priced", "n_activity", "n_in_tariff", "n_priced", "price_pence"),
)
_FORMULA: Final = re.compile(r"[=+\-@\t\r]")


def why(reason: str) -> str:
    """Say why a line has no price, as the end of a sentence."""
    return {**reasons.UNPRICED, **settings.UNPRICED}[reason].sentence


def accounted(
    source: str, n_rows: int, n_priced: int, unpriced: dict[str, int], n_rejected: int, n_other: int
) -> list[str]:
    """Account for every row that was read."""
    aside = f", {n_other:,} of other years" if n_other else ""
    lines = [
        f"{source}: {n_rows:,} rows read: {n_priced:,} priced, {sum(unpriced.values()):,} not "
        f"priced, {n_rejected:,} rejected{aside}."
    ]
    return lines + [f"  {n:,} not priced: {why(reason)}." for reason, n in unpriced.items()]


def coverage(priced: PricedAggregates) -> list[tuple[str, ...]]:
    """
    Give a table of what has a price.

    Returns
    -------
    list of tuple
        Setting, version of the HRGs, lines, activity, share of it whose code is in the price
        list, share that is priced, pounds; kinds without a national price last, a row a version.
    """
    held = priced.coverage
    ours = held[~held["setting"].isin(_OWN_PRICES)]
    rows = [_covered(r["setting_given"], r["hrg_version"], r) for _, r in ours.iterrows()]
    for version, others in held[held["setting"].isin(_OWN_PRICES)].groupby("hrg_version"):
        n = others["setting_given"].nunique()
        words = f"{n} kinds without national price" if n > 1 else others["setting_given"].iloc[0]
        rows.append(_covered(words, str(version), others[list(_SUMMED)].sum()))
    return rows


def _covered(setting: str, version: str, r: "pd.Series[Any]") -> tuple[str, ...]:
    is_attendance = r.get("setting") in _BY_SPECIALTY
    return (
        setting,
        version,
        f"{r['n_lines']:,}",
        f"{r['n_activity']:,}",
        "by specialty" if is_attendance else wording.share(r["n_in_tariff"], r["n_activity"]),
        wording.share(r["n_priced"], r["n_activity"]),
        wording.exact(int(r["price_pence"])) if r["n_lines_priced"] else "no price",
    )


def supplied(priced: PricedAggregates) -> list[tuple[str, str, str, str, str, str]]:
    """
    Set the money that came with the activity beside ours, by setting as given.

    Returns
    -------
    list of tuple
        Setting, supplied where we have a price too, ours where one was supplied too, the least
        that ours may be, theirs less ours, and supplied where we have none. [pounds, in words]
    """
    held = priced.coverage.groupby("setting_given", sort=False).sum(numeric_only=True)
    held = held[held["supplied_pence"] != 0]
    rows = []
    for setting, r in held.iterrows():
        theirs, ours = int(r["supplied_priced_pence"]), int(r["price_supplied_pence"])
        alone = wording.exact(int(r["supplied_pence"]) - theirs)
        least, more = wording.exact(int(r["lowest_supplied_pence"])), wording.exact(theirs - ours)
        rows.append((str(setting), wording.exact(theirs), wording.exact(ours), least, more, alone))
    return rows


def total(priced: PricedAggregates) -> list[str]:
    """Say what the activity costs, between which sums it lies, and how far its prices hold."""
    n_before, n_priced = _n_before_factor(priced), int(priced.lines["price_pence"].notna().sum())
    before = " before the market forces factor" if n_before else ""
    if 0 < n_before < n_priced:
        before = f", {_lines(n_before)} of it{before}"
    highest = priced.highest_pence
    most = "nothing bounds it above" if highest is None else f"at most {wording.exact(highest)}"
    said = [f"At the prices of {priced.price_year}: {wording.exact(priced.price_pence)}{before}."]
    if not priced.price_pence == priced.lowest_pence == highest:
        said.append(
            "Spell by spell the same activity would cost at least "
            f"{wording.exact(priced.lowest_pence)}; {most} (top-ups and adjustments aside)."
        )
    sums = priced.lines.groupby("price_list")["price_pence"].sum()
    for subject, pence in sums.items():
        statuses = priced.statuses.get(str(subject), [])
        if statuses != ["official"]:
            marks = wording.joined([wording.STATUS_WORDS[s] for s in statuses])
            words = wording.PRICE_WORDS.get(str(subject), "unbundled prices")
            said.append(
                f"{wording.exact(int(pence))} of it is by {words} that are {marks}, not official."
            )
    if "mff" in priced.statuses and priced.statuses["mff"] != ["official"]:
        marks = wording.joined([wording.STATUS_WORDS[s] for s in priced.statuses["mff"]])
        said.append(f"The market forces factors in it are {marks}, not official.")
    return said


def currency(priced: PricedAggregates, activity_year: str | None) -> list[str]:
    """Say how far the codes of the activity are those of the prices."""
    elsewhere = [*_OWN_PRICES, *_DAYS, *_BY_SPECIALTY, "UNB"]
    held = priced.coverage[~priced.coverage["setting"].isin(elsewhere)]
    n, known, with_price = (int(held[c].sum()) for c in ("n_activity", "n_in_tariff", "n_priced"))
    codes = priced.unknown_codes
    said = []
    if activity_year and activity_year != priced.price_year:
        said.append(
            f"The activity is of {activity_year}, the prices are of {priced.price_year}. The HRGs "
            "of both bear the same name, but codes were added, dropped and redefined between: a "
            "code in both need not mean the same, and the sum is not what that activity was paid."
        )
    elif not activity_year:
        said.append(
            "The file does not say of which year its activity is; --activity-year lets that be "
            "checked against the prices."
        )
    if n:
        said.append(
            f"Of the {n:,} activities in settings with a national price by HRG, "
            f"{wording.share(known, n)} have a code that is in the price list of "
            f"{priced.price_year}, and {wording.share(with_price, n)} have a price."
        )
    if len(codes):
        first = ", ".join(f"{r.hrg} ({_counted(r.n_activity)})" for r in codes.head(5).itertuples())
        said.append(
            f"{codes['hrg'].nunique():,} codes are not in it, on {len(codes):,} pairs of code and "
            f"setting; the commonest: {first}."
        )
    return said


def cannot_tell(priced: PricedAggregates, *, is_collection: bool = False) -> list[str]:
    """Say what aggregates cannot tell, each with its bound in pounds where it has one."""
    lines = priced.lines[priced.lines["price_pence"].notna()]
    units = "The collection does not say so. " if is_collection else ""
    said = [
        f"Whether a count is of spells, which is what is paid: it is taken to be. {units}If "
        "consultant episodes are counted, a spell of several is priced several times; no bound.",
        "Which HRG of a spell is paid: the HRG given is taken as the one.",
    ]
    short = lines[lines["short_stay_pence"].isna()]
    if len(short):
        less = int(short["short_stay_least_pence"].sum())
        marks = priced.statuses.get("short_stay", [])
        by = (
            ""
            if marks in ([], ["official"])
            else (
                f", by shares that are {wording.joined([wording.STATUS_WORDS[s] for s in marks])}"
            )
        )
        said.append(
            f"Short emergency stays, and the patients' ages, which decide on them: "
            f"{_lines(len(short))} priced as if none were short; if all were that may be, "
            f"{wording.exact(-less)} less{by}."
        )
    long = lines[lines["long_stay_pence"].isna()]
    if len(long):
        rates = long["unknown_days_rate_pence"].dropna()
        ends = [wording.exact(int(p)) for p in sorted({*rates})[:: max(1, rates.nunique() - 1)]]
        a_day = f"at {' to '.join(ends)} each" if ends else "at a rate that is not held"
        said.append(
            f"Days beyond the trim point: {_lines(len(long))} without them, priced as if there "
            f"were none; each adds to the price, {a_day}; how many, nothing bounds."
        )
    if priced.lines["setting"].isin(_DAYS).any():
        said.append(
            "Whose the days beyond the trim point were: they are priced by the lines that count "
            "them, and the factor on them is rounded once a line, not once a spell."
        )
    same_day = lines.loc[lines["same_day_pence"] != 0, "same_day_pence"]
    if len(same_day):
        said.append(
            f"Elective stays meant as day cases that ended on their day: {_lines(len(same_day))} "
            "with another price as day cases; if all of them were that, "
            f"{wording.exact(int(same_day.sum()))} on the base price."
        )
    before = _n_before_factor(priced)
    if before:
        said.append(
            f"The market forces factor: {_lines(before)} without a provider, priced before "
            "it. It never lowers a price; how much it would add depends on the provider."
        )
    if not priced.top_ups_are_known:
        said.append("Specialised top-ups: they go by diagnosis, procedure and provider; no bound.")
    if len(lines) and lines["other_pence"].isna().any():
        said.append("Best practice and other adjustments: none are held for these lines; no bound.")
    said.append("Readmissions and marginal rates: they are rules of a contract; no bound.")
    empty = priced.lines[priced.lines["unpriced_reason"] == "no_count"]
    if len(empty):
        cost = empty["supplied_pence"].sum()
        with_cost = f"; {wording.exact(int(cost))} came with them" if cost else ""
        said.append(f"How much {_lines(len(empty))} without a count may stand for{with_cost}.")
    return said


def not_known(line: dict[str, Any]) -> str:
    """
    Say of one priced line which steps an aggregate could not carry, and their bounds.

    Parameters
    ----------
    line : dict
        A row of `PricedAggregates.lines`.
    """
    if pd.isna(line["price_pence"]):
        return ""
    gaps = []
    if pd.isna(line["short_stay_pence"]):
        least = wording.exact(int(line["short_stay_least_pence"]))
        gaps.append(f"short stays between {least} and £0.00")
    if pd.isna(line["long_stay_pence"]):
        rate = line["unknown_days_rate_pence"]
        each = "rate not held" if pd.isna(rate) else f"{wording.exact(int(rate))} a day"
        gaps.append(f"days beyond the trim point not given, {each}, no bound")
    if line["same_day_pence"]:
        other = wording.exact(int(line["same_day_pence"]))
        gaps.append(f"stays meant as day cases that ended on their day between £0.00 and {other}")
    if pd.isna(line["mff_pence"]):
        gaps.append("before the market forces factor, which adds or is nothing")
    return "; ".join(gaps)


def table(priced: PricedAggregates, rejected: pd.DataFrame) -> pd.DataFrame:
    """
    Put every line, priced, unpriced or rejected, into one table for a spreadsheet.

    Returns
    -------
    DataFrame, one row per line
        `outcome`, the columns of `PricedAggregates.lines`, `because` and `not_known` in words;
        texts that a spreadsheet would take for a formula begin with an apostrophe.
    """
    lines = priced.lines.drop(columns=["line_id"])
    is_priced = lines["price_pence"].notna()
    lines.insert(0, "outcome", is_priced.map({True: "priced", False: "unpriced"}))
    lines["because"] = ["" if pd.isna(r) else why(str(r)) for r in lines["unpriced_reason"]]
    lines["not_known"] = [not_known(r) for r in lines.to_dict("records")]  # type: ignore[arg-type]
    refused = pd.DataFrame(
        {
            "outcome": "rejected",
            "source_line": rejected["source_line"].astype("Int64"),
            "n_rows": rejected["n_rows"].astype("Int64"),
            "setting_given": rejected["text"],
            "unpriced_reason": rejected["reason"],
            "because": rejected["sentence"],
        }
    )
    every = pd.concat([lines.astype(object), refused.astype(object)], ignore_index=True)
    texts = ("setting_given", "hrg", "specialty_code", "provider_code", "month")
    for column in texts:
        every[column] = every[column].map(
            lambda v: f"'{v}" if isinstance(v, str) and _FORMULA.match(v) else v
        )
    return every


def _n_before_factor(priced: PricedAggregates) -> int:
    lines = priced.lines
    return int((lines["price_pence"].notna() & lines["mff_pence"].isna()).sum())


def _lines(n: int) -> str:
    return f"{n:,} line" if n == 1 else f"{n:,} lines"


def _counted(n: Any) -> str:
    return "count not given" if pd.isna(n) else f"{int(n):,}"
