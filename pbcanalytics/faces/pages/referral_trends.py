"""The page of demand: what changed, where, since when, how sure, and what to ask."""

from html import escape
from typing import Any, Final

from pbcanalytics.faces import cards, icons
from pbcanalytics.faces.cards import Cell
from pbcanalytics.faces.control_chart import ChartPoint, Whisker, control_chart, whiskers
from pbcanalytics.faces.pages import evidence
from pbcanalytics.faces.pages import trend_words as words
from pbcanalytics.faces.pages.page import Page, Rendered, or_why
from pbcanalytics.faces.pages.trend_view import (
    TrendView,
    groups_held,
    measures_held,
    specialties_held,
    view,
)
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.wording import month
from pbcanalytics.store import Published
from pbcanalytics.words.errors import SelectionError


def strip(v: TrendView, about: dict[str, Any]) -> str:
    """Make the status strip: what is measured, of whom, to when."""
    m = v.measure
    return cards.strip(
        " · ".join(
            [
                *(["Invented demonstration data"] if about["is_demo"] else []),
                v.title,
                *([f"to {month(f'{v.to:%Y-%m}')}"] if v.to else []),
                words.DIRECTIONS[m["direction"]],
                f"definition {m['review']}",
            ]
        )
    )


def headline(v: TrendView) -> str:
    """Make the headlines: the value, its change, what would be expected; and all in words."""
    row = v.year
    if row is None or row["is_withheld"]:
        return cards.headlines([("withheld" if row else "none", v.title)], words.says(v))
    told = [
        (words.value(v, row["value"]), f"{v.measure['unit']}: {v.title}"),
        (words.changed(row), "against the twelve months before"),
    ]
    if row["expected_ratio"] is not None:
        told.append((words.against(row), "against what ages and sexes lead one to expect"))
    return cards.headlines(told, words.says(v))


def chart(v: TrendView) -> dict[str, Any] | None:
    """Draw the control chart of the values without days and season."""
    if v.adjusted is None:
        return None
    of = v.adjusted.chart
    points = [
        ChartPoint(
            f"{m['month']:%b %Y}",
            float(of.values[0, i]),
            mean=_number(of.mean[0, i]),
            lower=_number(of.lower[0, i]),
            upper=_number(of.upper[0, i]),
            has_signal=bool(of.rule[0, i] >= 0),
            says=f"{m['month']:%B %Y}: {of.values[0, i]:.3g} adjusted, {m['value']:.3g} as counted",
        )
        for i, m in enumerate(v.months)
        if m["value"] is not None
    ]
    return control_chart(
        points,
        unit=f"{v.measure['unit']}, less days and season",
        title=v.title,
        description=f"{v.title}. {words.says(v)} The table below has the same figures.",
    )


def _number(value: float) -> float | None:
    return None if value != value else float(value)


def sure(v: TrendView) -> str:
    """Say what the chart shows with its icon, what luck would do, and what is to come."""
    if v.adjusted is None:
        return cards.note(words.signal(v))
    kind = str(v.adjusted.chart.point_types[0, v.adjusted.chart.last[0]])
    icon = icons.variation(kind) if kind in icons.VARIATION else ""
    said = [words.signal(v), words.luck(v), words.foreseen(v)]
    return f'<div class="pbc-icon">{icon}</div>' + "".join(f"<p>{escape(s)}</p>" for s in said if s)


def months(v: TrendView) -> str:
    """Make the table of months, with its download."""
    if not v.months:
        return f"<p>{escape(words.withheld(v))}</p>"
    rows = [
        {
            "when": f"{m['month']:%B %Y}",
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
        Cell("value", v.measure["unit"].capitalize()),
        Cell("usual", "Usual for the month"),
        Cell("adjusted", "Less days and season"),
    ]
    keys = ("month", "numerator", "denominator", "value", "usual_ratio")
    return cards.table(
        rows, cells, caption=f"The latest twelve months: {v.title}"
    ) + cards.download(
        [{**{k: m[k] for k in keys}, "group": v.group["group_code"]} for m in v.months],
        file=f"{v.measure['measure']}_{v.group['group_code']}_{v.specialty}.csv",
        text="Download all months (CSV)",
        notes=[v.title, words.says(v)],
    )


def where(v: TrendView) -> str:
    """Make the table of specialties, those that changed most surely first."""
    shown = [r for r in v.specialties if not r["is_withheld"]]
    if not shown:
        return cards.note("No specialty by itself can be told, or the measure is not by specialty.")
    rows = [
        {
            "name": r["specialty_name"],
            "n_events": r["n_events"],
            "change": words.changed(r),
            "sure": "more than chance"
            if words.is_sure(r["change_low"], r["change_high"])
            else "chance can do it",
            "against": words.against(r),
            "specialty_code": r["specialty_code"],
        }
        for r in shown
    ]
    cells = [
        Cell("name", "Specialty", is_number=False),
        Cell("n_events", "Twelve months", "{:,}".format),
        Cell("change", "Against the twelve before", is_number=False),
        Cell("sure", "How sure", is_number=False),
        Cell("against", "Against ages and sexes", is_number=False),
    ]
    made = cards.table(
        rows,
        cells,
        caption=f"By specialty: {v.measure['title']}, {v.whose}",
        marked=v.specialty,
        mark_key="specialty_code",
    )
    n_sure = sum(r["sure"] == "more than chance" for r in rows)
    luck = max(1, round(0.05 * len(rows)))
    made += cards.note(
        f"The surest change first. {n_sure} of {len(rows)} changed by more than chance; about "
        f"{luck} would by luck alone. Specialties with 1 to 7 events are withheld, and those that "
        "would give them away."
    )
    return made + cards.download(
        [{k: r[k] for k in ("specialty_code", *(c.key for c in cells))} for r in rows],
        file=f"{v.measure['measure']}_{v.group['group_code']}_specialties.csv",
        text="Download this table (CSV)",
        notes=[v.title],
    )


def compare(v: TrendView) -> dict[str, Any] | None:
    """Draw the practices against what ages and sexes lead one to expect."""
    rows = [
        Whisker(
            p["group_code"] if p["group_name"] == p["group_code"] else p["group_name"],
            p["expected_ratio"],
            p["expected_low"],
            p["expected_high"],
            p["group_code"] == v.group["group_code"],
            f"{p['group_name']}: {words.against(p)}",
        )
        for p in v.practices
        if not p["is_withheld"] and p["expected_ratio"] is not None
    ]
    if len(rows) < 2:
        return None
    return whiskers(
        rows,
        unit="counted over expected by age and sex; 1 is as expected; bars: 19 times in 20",
        title=f"Practices: {v.what}",
        description=f"{v.what} of all practices. {words.compared(v)}",
    )


def compared(v: TrendView) -> str:
    """Say what the comparison of practices means."""
    return f"<p>{escape(words.compared(v))}</p>"


def ask(v: TrendView) -> str:
    """List the questions to ask, and why the measure matters."""
    questions = "".join(f"<li>{escape(q)}</li>" for q in v.measure["questions"].split("\n"))
    return f"<p>{escape(v.measure['why_it_matters'])}</p><ul>{questions}</ul>"


def provenance(v: TrendView, about: dict[str, Any]) -> str:
    """Say what the measure cannot tell, when it is wrong, and what it was made from."""
    m = v.measure
    return evidence.listed(
        [
            m["limits_text"],
            m["when_wrong"],
            "Values are charted less the days of their months and the season that all practices "
            "share. The newest months may still be incomplete.",
            f"Definition by {m['author']}, {m['review']}"
            + ("; your own, put over the shipped one." if m["is_own"] else "."),
            *evidence.of_build(about),
        ]
    )


_PARTS: Final = (
    *("strip", "headline", "chart", "sure", "where", "compare", "compared", "ask", "months"),
    "provenance",
)
_FIGURES: Final = ("chart", "compare")


def page(published: Published, asked: Selection) -> Page:
    """
    Put the page together.

    Parameters
    ----------
    published : Published
        The published file.
    asked : Selection
        With `measure`, `group`, `specialty` and `preset`; an empty text stands for the first.

    Returns
    -------
    Page
        Parts `strip`, `headline`, `chart`, `sure`, `where`, `compare`, `compared`, `ask`,
        `months`, `provenance`. Where there is nothing to show, a page that says why.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or not what was asked for.
    """
    return or_why(
        lambda: _page(published, asked),
        asked,
        parts=_PARTS,
        figures=_FIGURES,
        name="referral_trends",
    )


def _page(published: Published, asked: Selection) -> Page:
    measures, groups = measures_held(published), groups_held(published)
    if not measures or not groups:
        raise SelectionError(
            "Nothing can be measured yet: it takes activity of practices in the register. Load "
            "referrals, outpatients, A&E or hospital stays, then run 'pbc build' and 'pbc publish'."
        )

    def render(measure: str, group: str, specialty: str, preset: str) -> Rendered:
        about = published.about()
        v = view(published, measure, group, specialty, preset)
        if v is None:
            said = "That is not measured of this group. Choose another measure or group."
            return {"message": cards.strip(said, tone="warning")}
        shown: dict[str, Any] = {
            "strip": strip(v, about),
            "headline": headline(v),
            "chart": chart(v),
            "sure": sure(v),
            "where": where(v),
            "compare": compare(v),
            "compared": compared(v),
            "ask": ask(v),
            "months": months(v),
            "provenance": provenance(v, about),
        }
        return shown

    return Page(
        asked,
        {
            "measure": ("Measure", measures),
            "group": ("Of whom", groups),
            "specialty": ("Specialty", specialties_held(published)),
            "preset": ("Rules", [(said, name) for name, said in words.PRESETS.items()]),
        },
        render,
        parts=_PARTS,
        figures=_FIGURES,
        name="referral_trends",
    )
