"""The monitoring page: where a budget stands this month, why, and where March will probably be."""

from typing import Any, Final

from pbcanalytics.faces import wording
from pbcanalytics.faces.charts import cards, figures
from pbcanalytics.faces.charts.course import End, Point, course
from pbcanalytics.faces.pages import evidence
from pbcanalytics.faces.pages.budgets import monitor_tables as tables
from pbcanalytics.faces.pages.budgets import monitor_words as words
from pbcanalytics.faces.pages.budgets.monitor_view import (
    LATEST,
    PODS,
    MonitorView,
    groups_held,
    view,
    years_held,
)
from pbcanalytics.faces.pages.page import Page, Rendered, or_why
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.withholding.taken_steps import ALL
from pbcanalytics.faces.wording import chance, exact, rough, short
from pbcanalytics.store import Published
from pbcanalytics.words.errors import SelectionError

_MONTHS: Final = (
    *("April", "May", "June", "July", "August", "September"),
    *("October", "November", "December", "January", "February", "March"),
)


def strip(v: MonitorView, about: dict[str, Any]) -> str:
    """Make the status strip: whose budget, known to when, at whose prices."""
    states = {m["state"] for m in v.months}
    standing = (
        ", provisional"
        if "provisional" in states
        else ""
        if states <= {"final"}
        else ", not said whether closed"
    )
    text = " · ".join(
        [
            *(["Invented demonstration data"] if about["is_demo"] else []),
            v.title,
            f"list {v.group['n_patients']:,} on 1 April {v.year[:4]}",
            f"activity to {words.month(v.to)}{standing}",
            f"prices of {v.year}, {wording.factor(about, v.year)}",
            "" if about["coverage"] is None else f"{wording.priced(about['coverage'])} priced",
        ]
    )
    return cards.strip(text.removesuffix(" · "))


def headline(v: MonitorView) -> str:
    """Make the headlines: budget, spent, forecast, chance and share, and both in words."""
    budget = v.group["budget_pence"]
    told = [(short(budget), f"indicative budget: {v.whose}, {v.year}")]
    if v.scope != ALL:
        line = next((r for r in v.lines if r["pod"] == v.scope), None)
        if line is None or line["is_withheld"]:
            said = "withheld" if line else "no budget"
            return cards.headlines([(said, v.title)], words.says(v))
        told = [(short(line["budget_pence"]), f"indicative budget: {v.title}")]
        if v.is_latest:
            told.append((short(line["actual_pence"]), f"spent to {words.month(v.to)}"))
        return cards.headlines(told, words.says(v))
    if v.now is None:
        return cards.headlines(told, words.says(v))
    spent = sum(m["actual_pence"] for m in v.months)
    told.append((short(spent), f"spent to {words.month(v.to)}"))
    if v.now["outturn_pence"] is not None:
        over, low, high = words.over_by(v.now, budget)
        label = (
            "in the end"
            if v.is_over
            else f"forecast for March; {rough(low)} to {rough(high)} over budget, 4 in 5"
        )
        amount = short(abs(over)) if v.is_over else rough(abs(over))
        told.append((f"{amount} {'over' if over > 0 else 'under'}", label))
    if v.is_sharing and v.now["chance_of_share"] is not None:
        told.append((chance(v.now["chance_of_share"]), "chance of a saving to share"))
        told.append((rough(v.now["expected_share_pence"]), "practices' part, on average"))
    return cards.headlines(told, words.says(v))


def running(v: MonitorView) -> dict[str, Any] | None:
    """Draw the course of the year against the budget; nothing where months are withheld."""
    if not v.months:
        return None
    points, over = [], 0
    for m in v.months:
        over += int(m["actual_pence"]) - int(m["profile_pence"])
        state = {"provisional": ", provisional", "final": ""}.get(m["state"], ", may change")
        said = f"to {words.month(m['month'])}{state}: {words.side(over)}"
        points.append(Point(over, m["state"] != "final", said))
    end = None
    if v.scope == ALL and not v.is_over and v.now and v.now["outturn_pence"] is not None:
        at, low, high = words.over_by(v.now, v.group["budget_pence"])
        end = End(at, low, high, words.foreseen(v))
    said = f"{v.title}. {words.says(v)} The table below has the same figures."
    return course(points, end, title=f"Against the budget: {v.title}", description=said)


def causes(v: MonitorView) -> dict[str, Any] | None:
    """Draw why spending is not as the profile has it; nothing for a single line."""
    if not v.causes or v.scope != ALL or not v.months:
        return None
    by_cause: dict[str, int] = {}
    for row in v.causes:
        name = row["cause"] if row["part"] == "moved" else row["part"]
        by_cause[name] = by_cause.get(name, 0) + int(row["pence"])
    profile = sum(int(m["profile_pence"]) for m in v.months)
    steps = [
        figures.Step(
            words.CAUSES[name][0],
            by_cause[name],
            f"{words.CAUSES[name][0]}: {exact(by_cause[name])} ({words.CAUSES[name][1]})",
        )
        for name in words.CAUSES
        if by_cause.get(name)
    ]
    return figures.walk(
        figures.Step("Budget so far", profile, f"Budget for these months: {exact(profile)}"),
        steps,
        "Spent",
        title=f"Why: {v.title}, to {words.month(v.to)}",
        description=f"{v.title}. Why spending to {words.month(v.to)} is not as budgeted. The "
        "table below has the same figures.",
    )


def provenance(v: MonitorView, about: dict[str, Any]) -> str:
    """Say where the figures come from, what they leave out, and how far to trust them."""
    return evidence.listed(
        [
            "The profile spreads each line's budget over the months as earlier years were, on the "
            "year's own working days; emergencies by calendar days.",
            "Spending is activity at the prices and rules of the year, not what was invoiced; the "
            "forecast adds what is likely to be coded late.",
            "Causes are averaged over every order in which they could be taken, so that none is "
            "favoured; they add up to the penny.",
            *[m["sentence"] for m in about["mergers"] if m["financial_year"] == v.year],
            *evidence.of_prices(about, v.year),
            *evidence.of_build(about),
        ]
    )


_PARTS: Final = (
    *("strip", "headline", "course", "causes", "why", "months", "lines", "practices"),
    *("share", "provenance"),
)
_FIGURES: Final = ("course", "causes")


def page(published: Published, ask: Selection) -> Page:
    """
    Put the page together.

    Parameters
    ----------
    published : Published
        The published file.
    ask : Selection
        With `group`, `financial_year`, `month` and `scope`; an empty text stands for the first.

    Returns
    -------
    Page
        Parts `strip`, `headline`, `course`, `causes`, `why`, `months`, `lines`, `practices`,
        `share`, `provenance`. Where there is nothing to show, a page that says why.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or not what was asked for.
    """
    return or_why(
        lambda: _page(published, ask), ask, parts=_PARTS, figures=_FIGURES, name="budget_monitor"
    )


def _page(published: Published, ask: Selection) -> Page:
    groups, years = groups_held(published), years_held(published)
    if not groups:
        raise SelectionError(
            "No budget can be monitored yet: none of the years with a budget has activity of its "
            "own. Load the year's activity so far, then run 'pbc build' and 'pbc publish'."
        )

    def render(group: str, financial_year: str, month: str, scope: str) -> Rendered:
        about = published.about()
        v = view(published, group, financial_year, month, scope)
        if v is None:
            said = f"There is no budget of {financial_year} with activity here. Choose another."
            return {"message": cards.strip(said, tone="warning")}
        shown: dict[str, Any] = {
            "strip": strip(v, about),
            "headline": headline(v),
            "course": running(v),
            "causes": causes(v),
            "why": tables.why(v),
            "months": tables.months(v),
            "lines": tables.lines(v),
            "practices": tables.practices(v),
            "share": tables.share(v),
            "provenance": provenance(v, about),
        }
        return shown

    return Page(
        ask,
        {
            "group": ("Whose budget", groups),
            "financial_year": ("Year", [(y, y) for y in years]),
            "month": (
                "Known to",
                [
                    ("Latest month", LATEST),
                    *((m, f"{(n + 3) % 12 + 1:02d}") for n, m in enumerate(_MONTHS)),
                ],
            ),
            "scope": ("Scope", [("All activity", ALL), *((n, p) for p, n in PODS.items())]),
        },
        render,
        parts=_PARTS,
        figures=_FIGURES,
        name="budget_monitor",
    )
