"""What a year will probably come to, said in words."""

import json
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.forecast.outturn import BOUNDS, MONEY, Outturn
from pbcanalytics.faces import wording
from pbcanalytics.words import periods

HEADS: Final = (
    *("Practice", "Consortium", "Known", "Late coding", "To come", "Will probably be"),
    *("Four times in five", "Budget", "Over budget", "Run rate counts", "Last time"),
)
"""Of the table by practice."""

PART_OF_A_MONTH: Final = 0.7
"""A latest month that comes to less than this share of what is usual is likely to be incomplete."""


def sentences(found: Outturn) -> list[str]:
    """
    Say the forecast of a PCT, what it is made of, and how good it has been.

    Parameters
    ----------
    found : Outturn

    Returns
    -------
    list of str
        A sentence or two each.
    """
    whole = _row(found.pct.iloc[0])
    to = wording.month(f"{found.known_to:%Y-%m}")
    practices_of = f"{found.financial_year}, all practices, as known to {to}"
    if found.n_months == 12 and not whole["completed_pence"]:
        said = [f"March says {wording.short(whole['point_pence'])} ({practices_of})."]
    else:
        said = [
            f"March will probably say {wording.short(whole['point_pence'])}, between "
            f"{wording.short(whole['low_80_pence'])} and {wording.short(whole['high_80_pence'])} "
            f"four times in five ({practices_of})."
        ]
    said += [_made_of(found, whole), *_against(whole), *_track(found, "pct", "ALL")]
    if found.n_months < 12 or found.is_completed:
        said.append(_practices(found))
    if found.latest_share < PART_OF_A_MONTH:
        said.append(
            f"{to} holds only {found.latest_share:.0%} of what the months before it lead one to "
            "expect: it is likely to be a part of a month, and the forecast too low. Name the "
            "month before with --as-of, or load the rest."
        )
    if not found.is_completed:
        said.append(
            "No month was sent twice, so nothing tells how much of the latest months is still "
            "uncoded: they count as whole, and the forecast is too low if they are not. Load each "
            "month's extracts as they come; from the second on, what came late is counted."
        )
    return said


def notes(found: Outturn) -> list[str]:
    """Say what the table rests on."""
    years = wording.joined(list(found.earlier_years))
    weights = found.practices["credibility"]
    said = [
        f"Reckoned at {found.financial_year} prices from {years}: the year is spread over its "
        f"months as theirs were, on its own working days; {found.elapsed_share:.0%} of it has "
        f"passed. Between what earlier years lead one to expect and a practice's own run rate, the "
        f"run rate counts {weights.min():.0%} to {weights.max():.0%}; the larger the practice, the "
        "more.",
        f"Growth on the last year is taken as {found.growth_share:+.1%}.",
    ]
    thin = found.practices[found.practices["basis"] != "earlier years"]
    if len(thin):
        said.append(
            f"{wording.joined(thin['code'].tolist())}: no earlier year, so the forecast rests on "
            "its budget or on this year only."
        )
    if len(found.earlier_years) < 2:
        said.append(
            "Only one earlier year is held: there is no track record, and the intervals rest on "
            "assumptions (docs/methods/outturn.md)."
        )
    return said


def practices(found: Outturn) -> list[tuple[str, ...]]:
    """
    Give a row of texts per practice, then per consortium, then for the PCT.

    Returns
    -------
    list of tuple of str
        In the order of HEADS; money in pounds.
    """
    last = _last(found)
    rows = []
    for level, frame in (
        ("practice", found.practices),
        ("consortium", found.consortia),
        ("pct", found.pct),
    ):
        for record in frame.to_dict("records"):
            one = _row(record)
            name = "All practices" if level == "pct" else str(one["code"])
            budget = one["budget_pence"]
            rows.append(
                (
                    f"All of {name}" if level == "consortium" else name,
                    str(one.get("consortium_code") or ""),
                    *(_pounds(one[c]) for c in MONEY[:4]),
                    f"{_pounds(one['low_80_pence'])} to {_pounds(one['high_80_pence'])}",
                    "none" if budget is None else _pounds(budget),
                    "" if budget is None else _pounds(one["point_pence"] - budget, signed=True),
                    f"{one['credibility']:.0%}" if "credibility" in one else "",
                    _off(last.get((level, str(one["code"])))),
                )
            )
    return rows


def table(found: Outturn) -> pd.DataFrame:
    """
    Give the forecast as one table.

    Returns
    -------
    DataFrame, one row per practice, consortium and PCT
        `financial_year`, `known_to`, `level`, `code`, `consortium_code`, MONEY, BOUNDS [pence],
        `credibility` [share], `basis`.
    """
    levels = (("practice", found.practices), ("consortium", found.consortia), ("pct", found.pct))
    frame = pd.concat([f.assign(level=level) for level, f in levels], ignore_index=True)
    frame = frame.assign(financial_year=found.financial_year, known_to=f"{found.known_to:%Y-%m}")
    names = ["financial_year", "known_to", "level", "code", "consortium_code", *MONEY, *BOUNDS]
    return frame[[*names, "credibility", "basis"]]


def machine(found: Outturn) -> dict[str, Any]:
    """Give all of a forecast as JSON takes it."""
    return {
        "financial_year": found.financial_year,
        "known_to": f"{found.known_to:%Y-%m}",
        "earlier_years": list(found.earlier_years),
        "elapsed_share": found.elapsed_share,
        "growth_share": found.growth_share,
        "growth_credibility": found.growth_credibility,
        "interval_scale": found.interval_scale,
        "is_completed": found.is_completed,
        "sentences": sentences(found),
        "rows": json.loads(table(found).to_json(orient="records")),
        "record": json.loads(found.record.to_json(orient="records")),
    }


def _made_of(found: Outturn, whole: dict[str, Any]) -> str:
    late = whole["completed_pence"]
    parts = [f"{wording.short(whole['actual_pence'])} is known"]
    if late:
        parts.append(f"{wording.short(late)} will come by late coding of months that have passed")
    if found.n_months < 12:
        left = 12 - found.n_months
        months = "the month" if left == 1 else f"the {left} months"
        parts.append(f"{wording.short(whole['rest_pence'])} is forecast for {months} to come")
    return f"Of that, {wording.joined(parts)}."


def _against(whole: dict[str, Any]) -> list[str]:
    budget = whole["budget_pence"]
    if budget is None:
        return []
    over = whole["point_pence"] - budget
    side = "more than" if over > 0 else "less than"
    return [
        f"That is {wording.short(abs(over))} {side} the budgets of {wording.short(budget)}. A "
        f"straight line would say {wording.short(whole['straight_line_pence'])}."
    ]


def _track(found: Outturn, level: str, code: str) -> list[str]:
    """Say how far the forecasts of earlier years at this month were off."""
    if found.n_months == 12 and not found.is_completed:
        return []
    record = found.record
    of = record[
        (record["level"] == level)
        & (record["code"] == code)
        & (record["n_months"] == found.n_months)
    ]
    said = []
    before = periods.preceding(found.financial_year)
    for row in of.sort_values("financial_year", ascending=False).to_dict("records"):
        month = _month_of(str(row["financial_year"]), found.n_months)
        came = int(row["came_pence"])
        inside = row["low_80_pence"] <= came <= row["high_80_pence"]
        line = int(row["straight_line_pence"]) - came
        whose = f"The forecast as of {month}"
        if row["financial_year"] == before:
            whose = f"Last {month.split()[0]}'s forecast"
        said.append(
            f"{whose} would have been {_off(int(row['error_pence']))} "
            f"({wording.short(int(row['forecast_pence']))} against "
            f"{wording.short(came)}, {'inside' if inside else 'outside'} its "
            f"interval); a straight line, {_off(line)}."
        )
    return said


def _practices(found: Outturn) -> str:
    """Say how often practices' outturns fell within their intervals, at this month."""
    record = found.record
    of = record[(record["level"] == "practice") & (record["n_months"] == found.n_months)]
    if of.empty:
        return "There is no earlier forecast to hold this one against: it takes two earlier years."
    inside = (of["low_80_pence"] <= of["came_pence"]) & (of["came_pence"] <= of["high_80_pence"])
    off = (of["error_pence"].abs() / of["came_pence"]).mean()
    line = ((of["straight_line_pence"] - of["came_pence"]).abs() / of["came_pence"]).mean()
    return (
        f"Of {len(of)} practice forecasts of earlier years at this month, {int(inside.sum())} held "
        f"what came within their interval (four in five should); they were {float(off):.1%} off on "
        f"average, a straight line {float(line):.1%}."
    )


def _last(found: Outturn) -> dict[tuple[str, str], int]:
    """Give the error of last year's forecast at this month, by level and code."""
    record = found.record[found.record["n_months"] == found.n_months]
    if record.empty:
        return {}
    latest = record[record["financial_year"] == record["financial_year"].max()]
    columns = (latest["level"], latest["code"], latest["error_pence"])
    return {(str(a), str(b)): int(e) for a, b, e in zip(*columns, strict=True)}


def _month_of(year: str, n_months: int) -> str:
    first = periods.first_year(year)
    return wording.month(f"{first + (n_months > 9)}-{(n_months + 2) % 12 + 1:02d}")


def _off(pence: int | None) -> str:
    if pence is None:
        return ""
    if abs(pence) < 50:
        return "right"
    return f"{wording.short(abs(pence))} too {'high' if pence > 0 else 'low'}"


def _pounds(pence: int, *, signed: bool = False) -> str:
    """Write whole pounds."""
    pounds = (abs(pence) + 50) // 100
    sign = "−" if pence < 0 and pounds else "+" if signed and pounds else ""
    return f"{sign}£{pounds:,}"


def _row(record: Any) -> dict[str, Any]:
    """Give a row's values, missing ones as None."""
    values = dict(record)
    return {k: None if v is None or pd.isna(v) else v for k, v in values.items()}
