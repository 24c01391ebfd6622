"""The baseline-budget page: one practice, one year, from activity to indicative budget."""

from typing import Any, Final

from pbcanalytics.faces import wording
from pbcanalytics.faces.charts import cards, figures
from pbcanalytics.faces.pages import evidence
from pbcanalytics.faces.pages.budgets import budget_tables as tables
from pbcanalytics.faces.pages.budgets import budget_words as words
from pbcanalytics.faces.pages.budgets.budget_view import (
    BudgetView,
    practices_held,
    view,
    years_held,
)
from pbcanalytics.faces.pages.page import Page, Rendered, or_why
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.wording import exact, short
from pbcanalytics.store import Published
from pbcanalytics.words.errors import SelectionError


def strip(v: BudgetView, about: dict[str, Any]) -> str:
    """Make the status strip: list, period, prices, coverage."""
    p, b = v.practice, v.budget
    text = " · ".join(
        [
            *(["Invented demonstration data"] if about["is_demo"] else []),
            v.title,
            words.standing(b),
            f"list {p['list_budget']:,} on 1 April {b['financial_year'][:4]}",
            f"activity of {b['base_year']}",
            f"prices of {b['price_year']}, {wording.factor(about, b['price_year'])}",
            f"{words.priced_share(p)} of its activity priced",
        ]
    )
    return cards.strip(text)


def headline(v: BudgetView) -> str:
    """Make the headlines: the indicative budget, the steps that lead to it, and both in words."""
    p, b = v.practice, v.budget
    moves = [(short(p[key], signed=True), name.lower()) for key, name in _own(p)]
    figures = [
        (short(p["indicative_pence"]), f"indicative budget: {v.title}"),
        (short(p["activity_pence"]), f"{b['base_year']} activity at {b['price_year']} prices"),
        *moves,
    ]
    return cards.headlines(figures, words.says(v))


def _own(practice: dict[str, Any]) -> list[tuple[str, str]]:
    """Give the largest of a practice's own steps, in their order: more than three are not read."""
    steps = words.moving([practice])
    largest = sorted(steps, key=lambda step: -abs(practice[step[0]]))[:3]
    return [step for step in steps if step in largest]


def walk(v: BudgetView) -> dict[str, Any]:
    """Draw the walk from base-year activity to indicative budget."""
    p, b = v.practice, v.budget
    start = figures.Step(
        f"{b['base_year']} activity",
        p["activity_pence"],
        f"{b['base_year']} activity at {b['price_year']} tariff: {exact(p['activity_pence'])}",
    )
    steps = [
        figures.Step(name, p[key], f"{name}: {exact(p[key])}") for key, name in words.moving([p])
    ]
    return figures.walk(
        start,
        steps,
        "Indicative budget",
        title=v.title,
        description=f"{v.title}. {words.says(v)} The table below has the same figures.",
    )


def provenance(v: BudgetView, about: dict[str, Any]) -> str:
    """Say where the figures come from, what they leave out, and how far to trust them."""
    p, b = v.practice, v.budget
    return evidence.listed(
        [
            "Budgets are indicative: legal responsibility stays with the PCT.",
            f"{words.unpriced(p)} {words.outside(b)}",
            *evidence.of_prices(about, b["price_year"]),
            f"The plan says: {b['notes'] or 'nothing of its source'}.",
            *evidence.of_build(about),
        ]
    )


_PARTS: Final = ("strip", "headline", "walk", "lines", "practices", "checklist", "provenance")


def page(published: Published, ask: Selection) -> Page:
    """
    Put the page together.

    Parameters
    ----------
    published : Published
        The published file.
    ask : Selection
        With `practice` and `financial_year`; an empty text stands for the first there is.

    Returns
    -------
    Page
        Parts `strip`, `headline`, `walk`, `lines`, `practices`, `checklist`, `provenance`. Where
        there is nothing to show, a page that says why.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, there is no budget, or not the one asked for.
    """
    return or_why(
        lambda: _page(published, ask), ask, parts=_PARTS, figures=("walk",), name="baseline_budgets"
    )


def _page(published: Published, ask: Selection) -> Page:
    held = years_held(published)
    if not held:
        unset = [u["reason"] for u in published.about()["unset"]]
        raise SelectionError(
            "No budget has been set from what is loaded. "
            + (
                " ".join(unset)
                or "It needs the PCT's practices, its plan, list sizes and a year of activity; "
                "the demonstration PCT ('pbc demo') has one of each to copy."
            )
        )

    def render(practice: str, financial_year: str) -> Rendered:
        about = published.about()
        v = view(published, practice, financial_year)
        if v is None:
            said = f"This practice has no budget of {financial_year}: it was not open on 1 April."
            return {"message": cards.strip(said, tone="warning")}
        return {
            "strip": strip(v, about),
            "headline": headline(v),
            "walk": walk(v),
            "lines": tables.lines(v),
            "practices": tables.practices(v),
            "checklist": tables.checklist(v),
            "provenance": provenance(v, about),
        }

    return Page(
        ask,
        {
            "practice": ("Practice", practices_held(published)),
            "financial_year": ("Year", [(y, y) for y in held]),
        },
        render,
        parts=_PARTS,
        figures=("walk",),
        name="baseline_budgets",
    )
