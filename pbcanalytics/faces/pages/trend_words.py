"""The sentences of the page of demand: what changed, since when, how sure."""

from typing import Any, Final

from pbcanalytics.faces import trend as chart_words
from pbcanalytics.faces import wording
from pbcanalytics.faces.pages.trend_view import ALL, TrendView

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


def _percent(ratio: float) -> str:
    change = round(100 * (ratio - 1))
    return f"{change:+d}%".replace("-", "−") if change else "0%"


def signal(v: TrendView) -> str:
    """Say what the control chart shows of the last month."""
    if v.adjusted is None:
        return "There are too few months to chart." if v.months else withheld(v)
    said = chart_words.signal(v.adjusted, 0)
    if not said:
        return "Nothing unusual in the last month: the variation is that of other months."
    return f"The last month is unusual: {said}."


def withheld(v: TrendView) -> str:
    """Say why no months are shown."""
    if v.specialty != ALL and v.group["group_kind"] == "practice":
        return (
            "Month by month one specialty of one practice would tell of few patients, so only its "
            "years are shown. Choose all specialties, or a larger group."
        )
    return (
        "Months are withheld: one of them, or one that could be worked out from them, holds 1 to 7 "
        "events. Choose a larger group."
    )


def says(v: TrendView) -> str:
    """Say in words what changed, and how sure that is."""
    row = v.year
    if row is None:
        return f"There is nothing of {v.what.lower()} in the latest two years."
    if row["is_withheld"]:
        return "Its years are withheld too: few events, or others could be worked out from them."
    until = wording.month(f"{row['to_month']:%Y-%m}")
    said = f"In the twelve months to {until}: {changed(row)} against the twelve before"
    sure = is_sure(row["change_low"], row["change_high"])
    if row["change_low"] is not None:
        said += ", more than chance explains" if sure else ", which chance alone can do"
    return f"{said}. {signal(v)}"


def foreseen(v: TrendView) -> str:
    """Say what the coming months will probably be, and how good such forecasts were."""
    if not v.forecasts:
        return ""
    first, last = v.forecasts[0], v.forecasts[-1]
    said = (
        f"Next month will probably be {value(v, first['value'])} "
        f"({value(v, first['low_80'])} to {value(v, first['high_80'])}, four times in five); "
        f"in a year, {value(v, last['value'])} ({value(v, last['low_80'])} to "
        f"{value(v, last['high_80'])})."
    )
    wape, naive = v.measure["wape"], v.measure["same_month_wape"]
    if wape is not None:
        said += (
            f" Last year such forecasts of practices were {wape:.0%} off on average; repeating the "
            f"month of the year before, {naive:.0%}."
        )
    return said


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
    by_luck = max(1, round(0.05 * len(known)))
    return (
        f"{beyond} of {len(known)} practices differ from what the ages and sexes of their patients "
        f"lead one to expect by more than chance; about {by_luck} would by luck alone. Practices "
        "mostly differ, so a difference alone is no finding; they stand in the order of codes, and "
        "no rank is meant."
    )
