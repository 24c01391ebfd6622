"""What leads the page of demand: the strip, the headlines, the chart and how sure it is."""

from html import escape
from typing import Any, Final

from pbcanalytics.demand.charting.spc import COMMON
from pbcanalytics.faces.charts import cards, icons
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.charts.control_chart import ChartPoint, Mark, control_chart
from pbcanalytics.faces.pages.demand import trend_words as words
from pbcanalytics.faces.pages.demand.trend_view import ALL, TrendView
from pbcanalytics.store import Published

_READ: Final = (
    "Each point is a month, less its days and the season that all practices share. Between the "
    "dashed lines nothing has to be explained; a triangle is a month in which a rule speaks; an "
    "open circle is a month that is not whole."
)


def strip(published: Published, v: TrendView) -> str:
    """Make the status strip: what is measured, of whom, to when, and what is not whole."""
    m = v.measure
    late = words.provisional(v)
    return cards.strip(
        " · ".join(
            [
                *(["Invented demonstration data"] if published.about()["is_demo"] else []),
                v.title,
                *([f"to {words.month_of(v.to)}"] if v.to else []),
                *([late] if late else []),
                words.DIRECTIONS[m["direction"]],
                f"definition {m['review']}",
            ]
        ),
        tone="warning" if late else "",
    )


def headline(published: Published, v: TrendView) -> str:
    """Make the headlines: the value, its change, what would be expected; and one sentence."""
    row = v.year
    said = words.says(v)
    gaps = "".join(cards.note(text) for text in (words.whole(v), words.unweighed(v)) if text)
    if row is None or row["is_withheld"]:
        return cards.headlines([("withheld" if row else "none", v.title)], said) + gaps
    told = [
        (words.value(v, row["value"]), f"{v.unit}: {v.title}"),
        (words.changed(row), "against the twelve months before"),
    ]
    if words.is_compared(v) and row.get("expected_ratio") is not None:
        told.append((words.against(row), "against what ages and sexes lead one to expect"))
    return cards.headlines(told, said) + gaps


def read(published: Published, v: TrendView) -> str | None:
    """Say how to read the chart; None where there is none."""
    return None if v.adjusted is None else f"<p>{_READ}</p>"


def chart(published: Published, v: TrendView) -> dict[str, Any] | None:
    """Draw the control chart of the values without days and season."""
    if v.adjusted is None:
        return None
    of, late = v.adjusted.chart, set(v.provisional_months)
    values = v.adjusted.panel.values
    points = [
        ChartPoint(
            f"{m['month']:%b %Y}",
            float(values[0, i]),
            mean=_number(of.mean[0, i]),
            lower=_number(of.lower[0, i]),
            upper=_number(of.upper[0, i]),
            has_signal=bool(of.rule[0, i] >= 0),
            says=f"{m['month']:%B %Y}: {values[0, i]:.3g} adjusted, {m['value']:.3g} as counted"
            + (", provisional" if m["month"] in late else ""),
            is_provisional=m["month"] in late,
        )
        for i, m in enumerate(v.months)
        if m["value"] is not None
    ]
    there = {p.month for p in points}
    marks = [m for m in _marks(v) if m.month in there]
    until = f", to {words.month_of(v.to)}" if v.to else ""
    return control_chart(
        points,
        unit=f"{v.unit},<br>less days and season<br>{words.DIRECTIONS[v.measure['direction']]}",
        title=f"{v.what}<br>{v.whose}{until}",
        description=f"{v.title}{until}. {words.says(v)} {words.signal(v)} {words.earlier(v)} "
        "The table of months has the same figures.",
        marks=marks,
        target=v.adjusted.target,
    )


def _marks(v: TrendView) -> list[Mark]:
    """Give the events that have a line in the chart the numbers under which they are listed."""
    return [
        Mark(f"{e['month']:%b %Y}", n)
        for n, e in enumerate(v.events, start=1)
        if e["month"] and e["kind"] in ("rebase", "note")
    ]


def _number(value: float) -> float | None:
    return None if value != value else float(value)


def sure(published: Published, v: TrendView) -> str:
    """Say what the chart shows with its icons, what was recorded of it, and what luck would do."""
    if v.adjusted is None:
        return cards.note(words.signal(v))
    of = v.adjusted
    kind = str(of.chart.point_types[0, of.chart.last[0]])
    icon = "" if words.has_no_limits(v) else icons.variation(kind)
    special = "" if kind == COMMON else f"{icons.VARIATION[kind].words}. "
    shown = [(icon, f"{special}{words.signal(v)}")]
    met = str(of.assurances[0])
    if met in icons.ASSURANCE:
        aim = f"Target {words.value(v, of.target)}: {icons.ASSURANCE[met].words}"
        shown.append((icons.assurance(met), aim))
    told = "".join(
        f'<p class="pbc-icon">{icon} <strong>{escape(said[:1].upper() + said[1:])}</strong></p>'
        for icon, said in shown
    )
    was = words.earlier(v)
    told += f"<p>{escape(was)}</p>" if was else ""
    told += f"<p>{escape(words.luck(v))}</p>"
    recorded = "".join(f"<li>{escape(text)}</li>" for text in words.recorded(v))
    if recorded:
        told += f"<p>Recorded of this chart:</p><ol>{recorded}</ol>"
    return told


def months(published: Published, v: TrendView) -> str:
    """Make the table of months, with its download."""
    if not v.months:
        return f"<p>{escape(words.withheld(v))}</p>"
    late = set(v.provisional_months)
    rows = [
        {
            "when": f"{m['month']:%B %Y}{' (provisional)' if m['month'] in late else ''}",
            "value": words.value(v, m["value"]),
            "adjusted": words.value(v, m["value"] and m["value"] / m["usual_ratio"]),
            "usual": f"{m['usual_ratio']:.2f}",
            "numerator": m["numerator"],
        }
        for m in v.months[-12:]
    ]
    cells = [
        Cell("when", "Month", is_number=False),
        Cell("numerator", "Counted", "{:,.0f}".format),
        Cell("value", f"{v.unit[:1].upper()}{v.unit[1:]}"),
        Cell("usual", "Usual for the month"),
        Cell("adjusted", "Less days and season"),
    ]
    keys = ("month", "numerator", "denominator", "value", "usual_ratio")
    saved = [
        {
            **{k: m[k] for k in keys},
            "is_provisional": m["month"] in late,
            "group": v.group["group_code"],
        }
        for m in v.months
    ]
    part = v.specialty if v.cut == ALL else str((v.year or {}).get("part_code", v.specialty))
    return cards.table(
        rows, cells, caption=f"The latest twelve months: {v.title}"
    ) + cards.download(
        saved,
        file=f"{v.measure['measure']}_{v.group['group_code']}_{part}.csv",
        text="Download all months (CSV)",
        notes=[v.title, v.unit, words.says(v), *words.recorded(v)],
    )
