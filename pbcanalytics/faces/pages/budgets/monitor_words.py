"""The sentences of the monitoring page."""

import datetime as dt
from typing import Any, Final

from pbcanalytics.faces import wording
from pbcanalytics.faces.pages.budgets.monitor_view import MonitorView
from pbcanalytics.faces.withholding.taken_steps import ALL
from pbcanalytics.faces.wording import chance, rough, short
from pbcanalytics.words import periods

CAUSES: Final = {
    "list": ("List size", "more or fewer registered patients than in the base year"),
    "volume": ("Activity per patient", "more or less activity for each registered patient"),
    "between_root": ("Case mix", "dearer or cheaper kinds of treatment"),
    "within_root": ("Mix within a kind", "dearer or cheaper HRGs of the same kind"),
    "price": ("Price of the same HRG", "length of stay, and which hospital was chosen"),
    "allowed": ("Allowed in the budget", "what the budget gave or took since the base year"),
    "timing": ("Timing in the year", "the base year's own months against the profile"),
}
"""Why spending is not as the budget's profile has it: heading, and what that means."""


def month(day: dt.date) -> str:
    """Write a month in words."""
    return wording.month(f"{day:%Y-%m}")


def side(pence: int, budget: str = "profile") -> str:
    """Say how far a sum is over or under the profile or budget."""
    if not pence:
        return f"exactly on {budget}"
    return f"{short(abs(pence))} {'over' if pence > 0 else 'under'} {budget}"


def over_by(row: dict[str, Any], budget: int) -> tuple[int, int, int]:
    """Give how far the year will probably end over budget, and the ends of four in five."""
    return tuple(int(row[f"{e}_pence"]) - budget for e in ("outturn", "low_80", "high_80"))  # type: ignore[return-value]


def so_far(v: MonitorView) -> str:
    """Say where spending stands against the profile."""
    spent = sum(m["actual_pence"] for m in v.months)
    over = spent - sum(m["profile_pence"] for m in v.months)
    provisional = [m["month"] for m in v.months if m["state"] == "provisional"]
    said = f"Spending from April to {month(v.to)} is {side(over)}."
    if provisional:
        first = f"from {month(provisional[0])}" if len(provisional) > 1 else month(provisional[0])
        said += f" Provisional: the hospitals may still change {first}."
    elif any(m["state"] != "final" for m in v.months):
        said += " Whether the hospitals have closed these months was not said: they may change."
    return said


def foreseen(v: MonitorView) -> str:
    """Say where the year will probably end."""
    if v.now is None or v.now["outturn_pence"] is None:
        return (
            "No forecast: no whole earlier year of activity is held, or a practice of this group "
            "closed and nobody in the PCT answers for its patients."
        )
    over, low, high = over_by(v.now, v.group["budget_pence"])
    if v.is_over:
        late = v.now["late_pence"]
        coming = f", with {rough(late)} of late coding counted in" if late else ""
        ended = "ended" if all(m["state"] == "final" for m in v.months) else "will have ended"
        return f"The year {ended} {side(over, 'budget')}{coming}."
    return (
        f"The year will probably end {rough(abs(over))} {'over' if over > 0 else 'under'} budget, "
        f"four times in five between {_end(low)} and {_end(high)}."
    )


def _end(pence: int) -> str:
    return f"{rough(abs(pence))} {'over' if pence > 0 else 'under'}"


def track(v: MonitorView) -> str:
    """Say how far the forecasts of earlier years at this month were off."""
    if not v.record:
        return "There is no earlier forecast to hold this one against: it takes two earlier years."
    said = []
    for row in v.record:
        off = int(row["forecast_pence"] - row["came_pence"])
        line = int(row["straight_line_pence"] - row["came_pence"])
        inside = row["low_80_pence"] <= row["came_pence"] <= row["high_80_pence"]
        when = dt.date(periods.first_year(row["earlier_year"]) + (v.to.month < 4), v.to.month, 1)
        said.append(
            f"The forecast of {month(when)} would have been {_off(off)}, "
            f"{'inside' if inside else 'outside'} its range; a straight line, {_off(line)}."
        )
    return " ".join(said)


def _off(pence: int) -> str:
    return "right" if not pence else f"{rough(abs(pence))} too {'high' if pence > 0 else 'low'}"


def says(v: MonitorView) -> str:
    """Say the page in two or three sentences."""
    if v.scope != ALL:
        return so_far(v) if v.months else few_months(v)
    if v.now is None:
        return few_months(v)
    return " ".join([so_far(v), foreseen(v)])


def few_months(v: MonitorView) -> str:
    """Say why there is no course by month."""
    if v.scope != ALL and not any(r["pod"] == v.scope for r in v.lines):
        return (
            "There is no budget and no spending of this line here: others hold it, or the group "
            "has none. The page of the baseline budget says who holds what."
        )
    if v.scope != ALL and v.group["group_kind"] == "practice":
        return (
            "Month by month a line of one practice would tell of few patients, so only the year "
            "to date is shown, in the table of lines. Choose all activity, or a larger group."
        )
    if not v.group["months_are_withheld"] and v.scope == ALL:
        return (
            f"Nothing counts here until {month(v.to)}: others hold this budget for the months so "
            "far, as the page of the baseline budget says."
        )
    return (
        "Months are withheld: one of them, or one that could be worked out from them, holds 1 to 7 "
        "activities. Choose a larger group."
    )


def why_not(v: MonitorView) -> str:
    """Say why no causes are shown."""
    return f"Causes are worked out to the latest month only, {month(v.group['to_month'])}."


def share_of_saving(v: MonitorView) -> list[str]:
    """Say what may be shared at the end of the year, and what chance alone would be paid."""
    g = v.group
    if g["group_kind"] == "pct":
        return ["Savings are shared by consortium, net of overspends; choose one."]
    if g["consortium_code"]:
        return [
            "A member of a consortium shares in the consortium's net, not in its own underspend: "
            f"choose consortium {g['consortium_code']} for what may be shared."
        ]
    if g["practice_share"] is None:
        return [f"What practices may keep of a saving of {v.year} is not known; so none is given."]
    said = []
    if v.now and v.now["chance_of_share"] is not None:
        size = rough(v.now["expected_share_pence"])
        said.append(
            f"The practices' part of a saving is {g['practice_share']:.0%}; the chance of any: "
            f"{chance(v.now['chance_of_share'])}; on average, noughts counted, {size}."
        )
    said.append(
        f"A saving below {g['minimum_share']:.1%} of the budget cannot be told from chance at "
        f"{g['n_patients']:,} patients. If nothing had changed, {g['practice_share']:.0%} of any "
        f"underspend would still be expected to pay {g['naive_noise_share']:.2%} of the budget; "
        f"the default rule, which pays only what is beyond chance, {g['default_noise_share']:.2%}."
    )
    return said


def luck(v: MonitorView) -> str:
    """Say that some practices are over or under by chance alone."""
    now = v.now
    if now is None or now["gross_under_pence"] is None:
        return "Only the net of all practices counts."
    parts = [
        _counted(now[f"n_{side}"], side, now[f"gross_{side}_pence"]) for side in ("under", "over")
    ]
    said = f"{parts[0]}; {parts[1]}."
    return (
        f"{said[0].upper()}{said[1:]} Only the net counts: with nothing saved, some are always "
        "under."
    )


def _counted(n: int, side: str, pence: int) -> str:
    """Say how many practices are on one side of the profile, and by how much."""
    if not n:
        return f"no practice is {side} profile"
    if n == 1:
        return f"one practice is {side} profile, by {short(pence)}"
    return f"{n} practices are {side} profile, by {short(pence)} together"
