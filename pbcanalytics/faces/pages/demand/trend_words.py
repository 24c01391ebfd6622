"""The sentences of the page of demand: what changed, since when, how sure."""

import datetime as dt
from itertools import groupby
from typing import Any, Final

from pbcanalytics.demand.charting.presets import TREND
from pbcanalytics.faces import wording
from pbcanalytics.faces.pages.demand.trend_view import (
    ALL,
    PROVIDER,
    SOURCE,
    SPECIALTY,
    WEIGHTED,
    TrendView,
)
from pbcanalytics.faces.sentences import compare
from pbcanalytics.faces.sentences import trend as chart_words

PRESETS: Final = {
    "nhsr_0_2_2": "NHSRplotthedots 0.2.2",
    "nhsei_sql_2020": "NHSE&I SQL 2020",
    "mdc_excel_2023": "Making Data Count Excel 2023",
}
"""Rule sets of control charts, as their users know them."""

DIRECTIONS: Final = {
    "lower_better": "lower is usually better",
    "higher_better": "higher is usually better",
    "none": "neither higher nor lower is better in itself",
}

_WAYS: Final = {
    (True, True): "rising",
    (True, False): "falling",
    (False, True): "above the mean",
    (False, False): "below the mean",
}
"""What a rule said, by whether it is that of a trend and whether it points up."""

_MOST_RUNS: Final = 2
"""Of more runs of triangles the earlier ones are counted."""

PARTS: Final = {SPECIALTY: "specialty", PROVIDER: "hospital", SOURCE: "source"}
"""What a measure can be narrowed to, as the page calls it."""


def value(v: TrendView, amount: float | None) -> str:
    """Write a value of the measure."""
    if amount is None:
        return "not known"
    unit = v.measure["unit"]
    if unit == "share":
        return f"{amount:.1%}"
    return f"{amount:.3g}"


def changed(row: dict[str, Any]) -> str:
    """Write a change with its interval."""
    ratio, low, high = (row[f"change_{k}"] for k in ("ratio", "low", "high"))
    if ratio is None:
        return "not known"
    said = _percent(ratio)
    return said if low is None or high is None else f"{said} ({_percent(low)} to {_percent(high)})"


def against(row: dict[str, Any]) -> str:
    """Write what was counted against what ages and sexes lead one to expect."""
    ratio, low, high = (row[f"expected_{k}"] for k in ("ratio", "low", "high"))
    if ratio is None:
        return "not known"
    return f"{_percent(ratio)} ({_percent(low)} to {_percent(high)})"


def is_sure(low: float | None, high: float | None) -> bool:
    """Whether an interval lies on one side of 1."""
    return low is not None and high is not None and (low > 1 or high < 1)


def is_compared(v: TrendView) -> bool:
    """Whether ages and sexes say anything: practices are held against all of them together."""
    return str(v.group["group_kind"]) == "practice"


def sureness(row: dict[str, Any]) -> str:
    """Say whether a change is more than chance, looked at by itself: of many, some are luck."""
    if row["change_low"] is None:
        return "not known"
    is_more = is_sure(row["change_low"], row["change_high"])
    return "more than chance by itself" if is_more else "chance can do it"


def _percent(ratio: float) -> str:
    change = round(100 * (ratio - 1))
    return f"{change:+d}%".replace("-", "−") if change else "0%"


def month_of(day: dt.date) -> str:
    """Write a month."""
    return wording.month(f"{day:%Y-%m}")


def signal(v: TrendView) -> str:
    """Say what the control chart shows of the last month that is whole."""
    if v.adjusted is None:
        return "There are too few months to chart." if v.months else withheld(v)
    last = month_of(v.months[int(v.adjusted.chart.last[0])]["month"])
    if has_no_limits(v):
        why = chart_words.variation(v.adjusted, 0)
        return f"{why[:1].upper()}{why[1:]}."
    said = chart_words.signal(v.adjusted, 0)
    if not said:
        return f"Nothing unusual in {last}: the variation is that of other months."
    return f"{last} is unusual: {said}."


def earlier(v: TrendView) -> str:
    """Say where rules spoke that no longer do, by the latest triangles; "" if nowhere."""
    if v.adjusted is None:
        return ""
    of = v.adjusted.chart
    is_trend = of.rule[0] == of.preset.precedence.index(TREND)
    kinds = [
        _WAYS[bool(trend), bool(side > 0)] if rule >= 0 else ""
        for rule, trend, side in zip(of.rule[0], is_trend, of.side[0], strict=True)
    ]
    runs = [[*run] for _, run in groupby(range(len(kinds)), key=kinds.__getitem__)]
    past = [run for run in runs if kinds[run[0]] and int(of.last[0]) not in run]
    if not past:
        return ""
    when = [f"{_span(v, run)} {kinds[run[0]]}" for run in past[-_MOST_RUNS:]]
    more = len(past) - len(when)
    said = f"Triangles: {'; '.join(when)}{f'; and {more} earlier' if more else ''}."
    return f"{said} A rule spoke then; it no longer does."


def _span(v: TrendView, run: list[int]) -> str:
    """Write the months of a run."""
    first, last = (month_of(v.months[at]["month"]) for at in (run[0], run[-1]))
    return first if first == last else f"{first} to {last}"


def has_no_limits(v: TrendView) -> bool:
    """Whether the last month that is whole has no limits: too few months, or all alike."""
    if v.adjusted is None:
        return True
    of = v.adjusted.chart
    last = int(of.last[0])
    return bool(of.lower[0, last] != of.lower[0, last] or of.is_degenerate[0, last])


def withheld(v: TrendView) -> str:
    """Say why no months are shown."""
    if v.cut != ALL and v.group["group_kind"] == "practice":
        return (
            f"Month by month one {PARTS[v.cut]} of one practice would tell of few patients, so "
            "only its years are shown. Choose all, or a larger group."
        )
    return (
        "Months are withheld: one of them, or one that could be worked out from them, holds 1 to 7 "
        "events. Choose a larger group."
    )


def says(v: TrendView) -> str:
    """Say in one sentence what changed, and how sure that is."""
    row = v.year
    if row is None:
        return f"There is nothing of {v.what.lower()} in the latest two years."
    if row["is_withheld"]:
        return "Its years are withheld too: few events, or others could be worked out from them."
    until, ratio = month_of(row["to_month"]), row["change_ratio"]
    if ratio is None:
        return f"How it changed in the twelve months to {until} is not known."
    change = round(100 * (ratio - 1))
    did = "stayed level" if not change else f"{'rose' if change > 0 else 'fell'} {abs(change)}%"
    said = f"{v.what} {did} in the twelve months to {until}"
    n_late = len(v.provisional_months)
    if n_late:
        return f"{said}, of which {n_late} {'is' if n_late == 1 else 'are'} provisional."
    if row["change_low"] is None:
        return f"{said}."
    sure = is_sure(row["change_low"], row["change_high"])
    if not sure:
        return f"{said}: chance alone can do that."
    # One of many specialties, hospitals or sources: of so many some are luck.
    return f"{said}: more than chance explains{'' if v.cut == ALL else ', by itself'}."


def provisional(v: TrendView) -> str:
    """Say which months are not whole and whose they are; "" if all are."""
    months = v.provisional_months
    if not months:
        return ""
    when = " and ".join(
        [", ".join(map(month_of, months[:-1])), month_of(months[-1])]
        if len(months) > 1
        else [month_of(months[0])]
    )
    who = _named(v, "late")
    flex = _named(v, "flex")
    why = [f"{who} {_has(who)} hardly sent"] if who else []
    why += [f"{flex} {_has(flex)} sent what may still change"] if flex else []
    return f"{when} provisional: {'; '.join(why)}"


def _named(v: TrendView, reason: str) -> str:
    names = dict.fromkeys(
        f"{r['provider_name']} ({r['provider_code']})"
        if r["provider_name"] != r["provider_code"]
        else r["provider_code"]
        for r in v.provisional
        if r["reason"] == reason
    )
    return wording.joined([*names])


def _has(names: str) -> str:
    return "have" if " and " in names else "has"


def whole(v: TrendView) -> str:
    """Say what months that are not whole do to the figures; "" if all are."""
    if not v.provisional_months:
        return ""
    return (
        f"{provisional(v)}. No rule looks at such months (open circles); the twelve months still "
        "hold them as they were sent, so that a fall may be none."
    )


def unweighed(v: TrendView) -> str:
    """Say what values per weighted patient lack; "" if nothing."""
    if v.per != WEIGHTED:
        return ""
    n_gaps = sum(m["weighted_list"] is None for m in v.months)
    if not n_gaps:
        return ""
    return (
        f"Of {n_gaps} of {len(v.months)} months there is no value: a practice of the group has no "
        "weighted list loaded for the year (table weighted_lists). It is a gap, and not zero."
    )


def recorded(v: TrendView) -> list[str]:
    """Say what was recorded of the chart, by whom and when."""
    return [
        f"{_event(v, e)} ({e['author']}, {e['recorded_on'].day} {e['recorded_on']:%B %Y})"
        for e in v.events
    ]


def _event(v: TrendView, event: dict[str, Any]) -> str:
    reason = event["reason"].rstrip(".")
    when = f"{month_of(event['month'])}: " if event["month"] else ""
    if event["kind"] == "rebase":
        inside = v.months and event["month"] in [m["month"] for m in v.months[1:]]
        does = "limits start anew" if inside else "limits start anew, before what is shown"
        return f"{when}{does}. {reason}"
    if event["kind"] == "fix":
        return f"Limits rest on the first {event['value']:.0f} months of each stretch. {reason}"
    if event["kind"] == "target":
        told = f"{when}target {value(v, event['value'])}. {reason}"
        return (
            f"{told}. It is per registered patient and not judged here"
            if v.per == WEIGHTED
            else told
        )
    return f"{when}{reason}"


def foreseen(v: TrendView) -> str:
    """Say what the coming months will probably be; "" where no forecast is told."""
    if not v.forecasts:
        return ""
    first, last = v.forecasts[0], v.forecasts[-1]
    return (
        f"Next month will probably be {value(v, first['value'])} "
        f"({value(v, first['low_80'])} to {value(v, first['high_80'])}, four times in five); "
        f"in a year, {value(v, last['value'])} ({value(v, last['low_80'])} to "
        f"{value(v, last['high_80'])})."
    )


def unforeseen(v: TrendView) -> str:
    """Say why no forecast is told."""
    if v.cut in (PROVIDER, SOURCE):
        return f"No forecast is made of one {PARTS[v.cut]}. Choose all."
    if v.per == WEIGHTED:
        return "Forecasts are per 1,000 registered patients. Choose registered."
    if v.months:
        return "No forecast is told: that takes two years of months with a value in each."
    if v.cut == SPECIALTY and v.group["group_kind"] == "practice":
        return (
            "No forecast of one specialty of one practice is told: its months would tell of few "
            "patients. Choose all specialties, or a larger group."
        )
    return "No forecast is told, because the months are withheld. Choose all, or a larger group."


def luck(v: TrendView) -> str:
    """Say how often luck alone would make a signal, and how many intervals would miss."""
    if v.adjusted is None:
        return ""
    chance = float(v.adjusted.luck_share[0])
    rules = PRESETS[v.adjusted.chart.preset.name]
    return (
        f"Rules: {rules}. With nothing changed, about {chance:.1%} of such charts would show a "
        "signal in their last month."
    )


def compared(v: TrendView) -> str:
    """Say how many practices differ by more than chance, and how many would by luck."""
    known = [p for p in v.practices if not p["is_withheld"] and p["expected_ratio"] is not None]
    if not known:
        return "Not standardised: ages and sexes are not known, or numbers are too small."
    beyond = sum(is_sure(p["expected_low"], p["expected_high"]) for p in known)
    return (
        f"{beyond} of {len(known)} practices differ from what the ages and sexes of their patients "
        f"lead one to expect by more than chance; {compare.luck(len(known))} would by luck alone. "
        "Practices mostly differ, so a difference alone is no finding; they stand in the order of "
        "codes, and no rank is meant."
    )
