"""Parts of the page of demand: what is to come, and what such forecasts were worth last year."""

from html import escape
from typing import Any, Final

from pbcanalytics.demand.forecasting.foreseeing import SAME_MONTH
from pbcanalytics.demand.measuring.sums import ALL
from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.charts.control_chart import headed
from pbcanalytics.faces.charts.figures import BLUE, INK, LAYOUT, QUIET
from pbcanalytics.faces.pages.demand import trend_words
from pbcanalytics.faces.pages.demand.trend_view import TrendView
from pbcanalytics.faces.sentences import forecast as words
from pbcanalytics.faces.wording import month
from pbcanalytics.store import Published

HISTORY_MONTHS: Final = 24
"""Shown before the months that are forecast."""

TICK_MONTHS: Final = 12
"""Between names of months: more do not fit a telephone."""

POOR_SHARE: Final = 0.7
"""Of months in the 80% range: where fewer were, the page says so."""

_LEVELS: Final = {
    "pct": "all practices together",
    "consortium": "all practices of a consortium",
    "practice": "practices",
    "pct_specialty": "specialties of all practices together",
    "consortium_specialty": "specialties of a consortium",
}
_BANDS: Final = ((95, "rgba(0, 94, 184, 0.14)"), (80, "rgba(0, 94, 184, 0.26)"))


def said(published: Published, v: TrendView) -> str:
    """
    Say what is to come and what such forecasts were worth, or why nothing is foreseen.

    Parameters
    ----------
    published : Published
    v : TrendView

    Returns
    -------
    str
        HTML.
    """
    if not v.forecasts:
        return cards.note(trend_words.unforeseen(v))
    return f"<p>{escape(_sentence(v, _record(published, v)))}</p>"


def foreseen(published: Published, v: TrendView) -> dict[str, Any] | None:
    """
    Draw two years of history and the months ahead, with both ranges.

    Parameters
    ----------
    published : Published
    v : TrendView

    Returns
    -------
    dict or None
        A plotly figure; None where no forecast is told of what is chosen.
    """
    if not v.forecasts or not v.months:
        return None
    last = v.months[-1]
    before, ahead = v.months[-HISTORY_MONTHS:], v.forecasts
    to_come = [_name(f) for f in ahead]
    data: list[dict[str, Any]] = []
    for level, colour in _BANDS:
        low, high = ([f[f"{end}_{level}"] for f in ahead] for end in ("low", "high"))
        if None not in (*low, *high):
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": [*to_come, *reversed(to_come)],
                    "y": [*high, *reversed(low)],
                    "fill": "toself",
                    "fillcolor": colour,
                    "line": {"width": 0},
                    "hoverinfo": "skip",
                }
            )
    # The dashed line begins where the known months end.
    middle = [last["value"], *(f["value"] for f in ahead)]
    data.append(_line([_name(last), *to_come], middle, "dash", ["", *(_says(v, f) for f in ahead)]))
    known = [m["value"] for m in before]
    texts = [f"{m['month']:%B %Y}: {trend_words.value(v, m['value'])}" for m in before]
    data.append(_line([_name(m) for m in before], known, "solid", texts))
    end = ahead[-1]
    label = f"{trend_words.value(v, end['value'])} in {end['month']:%b %Y}"
    title = f"To come: {v.what}<br>{v.whose}"
    return {
        "data": data,
        "layout": {
            **LAYOUT,
            **headed(title, plot=240, bottom=44),
            "meta": {"description": f"To come: {v.title}. {_sentence(v, _record(published, v))}"},
            "annotations": [
                {
                    "x": _name(end),
                    "y": max(f["high_95"] or f["value"] for f in ahead),
                    "text": f"<b>{escape(label)}</b>",
                    "showarrow": False,
                    "xanchor": "right",
                    "yshift": 16,
                    "font": {"size": 14, "color": INK},
                }
            ],
            "yaxis": {
                "gridcolor": "#e8edee",
                "automargin": True,
                "fixedrange": True,
                "zeroline": False,
                "nticks": 6,
            },
            "xaxis": {
                "title": {
                    "text": "dashed: forecast; dark: 4 times in 5; light: 19 in 20",
                    "font": {"size": 12, "color": QUIET},
                },
                "categoryorder": "array",
                "categoryarray": [*(_name(m) for m in before), *to_come],
                "showgrid": False,
                "fixedrange": True,
                "tickvals": [_name(m) for m in [*before, *ahead][::TICK_MONTHS]],
                "tickangle": 0,
            },
        },
    }


def record(published: Published, v: TrendView) -> str | None:
    """
    Say what the forecasts of a year ago were worth: a sentence, a table, its download.

    Parameters
    ----------
    published : Published
    v : TrendView

    Returns
    -------
    str or None
        HTML; None where no forecast is told of what is chosen.
    """
    if not v.forecasts:
        return None
    rows = _record(published, v)
    # Levels, not groups, are told of: a fault of one practice's forecast would tell its months.
    own = "" if _level(v) == "practice" else worth(rows, _level(v))
    first = f"<p>{escape(f'{own} {words.worth(rows)}'.strip())}</p>"
    shown = words.record_rows(rows)
    if not shown:
        return first
    to = month(f"{rows[0]['to_month']:%Y-%m}")
    keys = ("what", "wape", "same_month", "bias", "coverage_80", "coverage_95", "n_months")
    heads = dict(zip(words.RECORD_KEYS, words.RECORD, strict=True))
    cells = [Cell(k, heads[k], is_number=k != "what") for k in keys]
    caption = f"Forecasts of the twelve months to {to}: {v.measure['title']}"
    made = cards.table(shown, cells, caption=caption)
    made += cards.note(
        "Off on average: all errors, whichever side, over all that came. A good 80% range holds "
        "about 80% of months."
    )
    return (
        first
        + made
        + cards.download(
            rows,
            file=f"{v.measure['measure']}_forecast_record.csv",
            text="Download the record (CSV)",
            notes=[caption, "wape, bias and coverage are shares; size_from is events a month"],
        )
    )


def worth(record: list[dict[str, Any]], level: str) -> str:
    """
    Say how far off forecasts of a level were last year, and whether their ranges held.

    Parameters
    ----------
    record : list of dict
        Rows of `measure_forecast_record` of one measure.
    level : str
        One of its levels.

    Returns
    -------
    str
        "" where nothing could be held against them.
    """
    of = {r["method"]: r for r in record if r["level"] == level and r["size_from"] is None}
    naive = of.pop(SAME_MONTH, None)
    if naive is None or not of:
        return ""
    ours = next(iter(of.values()))
    told = (
        f"Last year such forecasts of {_LEVELS[level]} were {ours['wape']:.0%} off on average; "
        f"repeating the month of the year before, {naive['wape']:.0%}."
    )
    held, n_months = ours["coverage_80"], ours["n_months"]
    if held is not None and held < POOR_SHARE:
        told += (
            f" Only {held * n_months:.0f} of {n_months} months lay where four in five should: the "
            "ranges may be too narrow."
        )
    return told


def _record(published: Published, v: TrendView) -> list[dict[str, Any]]:
    """Read how the measure's forecasts of a year ago turned out."""
    return published.rows(
        "SELECT * FROM measure_forecast_record WHERE measure = ? ORDER BY level, method, size_from",
        (v.measure["measure"],),
    )


def _level(v: TrendView) -> str:
    """Name the level of the record that the view's own forecast belongs to."""
    kind = str(v.group["group_kind"])
    return kind if v.specialty == ALL else f"{kind}_specialty"


def _sentence(v: TrendView, rows: list[dict[str, Any]]) -> str:
    """Say what is to come, and what such forecasts of the group's own level were worth."""
    return f"{trend_words.foreseen(v)} {worth(rows, _level(v))}".strip()


def _says(v: TrendView, of: dict[str, Any]) -> str:
    """Say one month ahead."""
    said = f"{of['month']:%B %Y}: probably {trend_words.value(v, of['value'])}"
    if of["low_80"] is None:
        return said
    low, high = (trend_words.value(v, of[k]) for k in ("low_80", "high_80"))
    return f"{said}, {low} to {high} four times in five"


def _name(row: dict[str, Any]) -> str:
    return f"{row['month']:%b %Y}"


def _line(x: list[str], y: list[Any], dash: str, says: list[str]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": BLUE, "width": 2, "dash": dash},
        "customdata": says,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
