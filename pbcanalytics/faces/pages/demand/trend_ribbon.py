"""The page of demand: a practice's months over the bands in which the others' lie."""

from typing import Any, Final

import numpy as np

from pbcanalytics.demand.comparing.practices import (
    FEWEST_FOR_BANDS,
    FEWEST_FOR_MIDDLE,
    own_interval,
)
from pbcanalytics.demand.measuring.sums import ALL, PER_PATIENTS
from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.charts.ribbon_chart import RibbonMonth, ribbon_chart
from pbcanalytics.faces.pages.demand import trend_words as words
from pbcanalytics.faces.pages.demand.side_by_side import pct_of, rows_of
from pbcanalytics.faces.pages.demand.trend_view import REGISTERED, TrendView
from pbcanalytics.store import Published
from pbcanalytics.words.tables.compared import BAND_PERCENTS

_LATEST: Final = 12
_OUTER: Final = 70
"""From this percentile on a practice is no longer among the middle."""


def ribbon(published: Published, v: TrendView) -> dict[str, Any] | None:
    """
    Draw the months over the bands of the practices.

    Parameters
    ----------
    published : Published
        The published file.
    v : TrendView

    Returns
    -------
    dict or None
        A plotly figure; None where no months or bands are told, of one specialty, hospital or
        source, and per weighted patients.
    """
    months, n_practices = _months(published, v)
    if not months:
        return None
    return ribbon_chart(
        months,
        unit=f"{v.measure['unit']};<br>{words.DIRECTIONS[v.measure['direction']]}",
        title=f"{v.title}, over {n_practices} practices",
        description=f"{v.title} by month. {_stands(v, months)} {_shades(v, n_practices)} "
        "The table below has the same figures.",
    )


def ribboned(published: Published, v: TrendView) -> str:
    """
    Say where the latest month stands and what the shades are; with the table twin.

    Parameters
    ----------
    published : Published
        The published file.
    v : TrendView
    """
    months, n_practices = _months(published, v)
    if not months:
        return ""
    shown = sorted({p for m in months for p in m.percentiles} & {10, 25, 50, 75, 90})
    rows = [
        {
            "when": m.month,
            "value": m.value,
            "low": m.low,
            "high": m.high,
            **{f"p{p}": m.percentiles.get(p) for p in shown},
            "is_provisional": m.is_provisional,
        }
        for m in months
    ]
    likely = [
        "" if m.low is None else f"{words.value(v, m.low)} to {words.value(v, m.high)}"
        for m in months
    ]
    cells = [
        Cell("when", "Month", is_number=False),
        Cell("value", "Value", _writer(v)),
        *([Cell("likely", "Level, 4 times in 5", is_number=False)] if any(likely) else []),
        *(Cell(f"p{p}", f"{p} in 100 lie below", _writer(v)) for p in shown),
        Cell("state", "State", is_number=False),
    ]
    texts = [
        {**r, "likely": said, "state": "provisional" if r["is_provisional"] else "whole"}
        for r, said in zip(rows, likely, strict=True)
    ]
    caption = f"{v.title}, and {n_practices} practices"
    table = cards.table(texts[-_LATEST:], cells, caption=f"The latest twelve months: {caption}")
    shades = _shades(v, n_practices)
    return (
        f'<p class="pbc-says">{_stands(v, months)}</p>{cards.note(shades)}'
        f"<details><summary>Show as table</summary>{table}</details>"
        + cards.download(
            rows,
            file=f"{v.measure['measure']}_{v.group['group_code']}_bands.csv",
            text="Download months and bands (CSV)",
            notes=[caption, shades],
        )
    )


def _months(published: Published, v: TrendView) -> tuple[list[RibbonMonth], int]:
    """Lay the view's months over the bands; nothing where there are none, or of one specialty."""
    pct = pct_of(published, v)
    # Bands are of all specialties, and per registered patients.
    if v.specialty != ALL or v.per != REGISTERED or pct is None:
        return [], 0
    key = (str(v.measure["measure"]), pct)
    rows = rows_of(published, "measure_bands", "measure = ? AND pct_code = ?", *key)
    bands = {b["month"]: b for b in rows}
    known = [m for m in v.months if m["month"] in bands and m["value"] is not None]
    if not known:
        return [], 0
    held = [bands[m["month"]] for m in known]
    late = v.provisional_months
    months = [
        RibbonMonth(
            month=f"{m['month']:%b %Y}",
            value=m["value"],
            low=low,
            high=high,
            percentiles={p: b[f"p{p}"] for p in BAND_PERCENTS if b[f"p{p}"] is not None},
            is_provisional=m["month"] in late,
            says=_says(v, m, b["p50"], low, high, m["month"] in late),
        )
        for m, b, low, high in zip(known, held, *_ends(v, known, held), strict=True)
    ]
    return months, int(held[-1]["n_practices"])


def _ends(
    v: TrendView, months: list[dict[str, Any]], held: list[dict[str, Any]]
) -> tuple[list[float | None], list[float | None]]:
    """Give where the practice's level of each month probably lies; nothing of larger groups."""
    if v.group["group_kind"] != "practice" or held[0]["tau_squared"] is None:
        return [None] * len(months), [None] * len(months)
    upper, lower = (np.array([m[k] for m in months]) for k in ("numerator", "denominator"))
    mean, weight, tau = (
        np.array([b[k] for b in held]) for k in ("mean_ratio", "event_weight_ratio", "tau_squared")
    )
    low, high = own_interval(upper, lower, mean, event_weight_ratio=weight, tau_squared=tau)
    scale = 1 if v.measure["unit"] in ("share", "ratio") else PER_PATIENTS
    return [float(x) * scale for x in low], [float(x) * scale for x in high]


def _says(
    v: TrendView,
    m: dict[str, Any],
    middle: float | None,
    low: float | None,
    high: float | None,
    is_late: bool,
) -> str:
    """Say what a month is."""
    said = f"{m['month']:%B %Y}: {words.value(v, m['value'])}"
    if low is not None:
        said += f"; its level probably {words.value(v, low)} to {words.value(v, high)}"
    said += f"; middle practice {words.value(v, middle)}"
    return f"{said}; provisional" if is_late else said


def _stands(v: TrendView, months: list[RibbonMonth]) -> str:
    """Say where the latest whole month stands among the practices."""
    whole = [m for m in months if not m.is_provisional] or months
    last = whole[-1]
    held = last.percentiles
    name = f"{v.group['group_name']} lay"
    if len(held) == 1:
        side = "above" if last.value > held[50] else "below" if last.value < held[50] else "at"
        return f"{name} {side} the middle practice in {last.month}."
    over = max((p for p, at in held.items() if last.value > at), default=0)
    under = min((p for p, at in held.items() if last.value < at), default=100)
    if over >= _OUTER:
        return f"{name} higher than {_of_all(over)} practices in {last.month}."
    if under <= 100 - _OUTER:
        return f"{name} lower than {_of_all(100 - under)} practices in {last.month}."
    return f"{name} among the middle of practices in {last.month}."


def _of_all(percent: int) -> str:
    """Write a share of practices."""
    return "3 in 4" if percent == 75 else f"{percent // 10} in 10"


def _shades(v: TrendView, n_practices: int) -> str:
    """Say what is drawn."""
    if n_practices >= FEWEST_FOR_BANDS:
        drawn = "Blue: from the darkest, the middle 20, 40, 60 and 80 in 100 practices"
    elif n_practices >= FEWEST_FOR_MIDDLE:
        drawn = "Blue: the middle half of practices"
    else:
        drawn = "There are too few practices for a band"
    said = f"{drawn}; grey line: the middle one of {n_practices}. Dark line: {v.whose}"
    if v.group["group_kind"] == "practice":
        said += (
            "; dark band: where its level of a month probably lies, four times in five, by its own "
            "events and how far practices differ, so that a small practice's lies nearer the mean"
        )
    return f"{said}. Open marks and a dashed line: months that are not yet whole."


def _writer(v: TrendView) -> Any:
    """Give how values of the measure are written."""

    def write(amount: float) -> str:
        return words.value(v, amount)

    return write
