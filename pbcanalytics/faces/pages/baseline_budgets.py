"""The baseline-budget page: one practice, one year, from activity to indicative budget."""

from html import escape
from typing import Any, Final

from pbcanalytics.faces import cards, figures, wording
from pbcanalytics.faces.cards import Cell
from pbcanalytics.faces.pages import evidence
from pbcanalytics.faces.pages.budget_view import (
    MOVES,
    BudgetView,
    outside,
    practices_held,
    priced_share,
    says,
    sums,
    unpriced,
    view,
    years_held,
)
from pbcanalytics.faces.pages.page import Page, Rendered, or_why
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.wording import exact, short
from pbcanalytics.store import Published
from pbcanalytics.words import codes
from pbcanalytics.words.errors import SelectionError

_STEPS: Final = (
    Cell("activity_pence", "Activity at tariff", exact),
    Cell("list_change_pence", "List size", exact),
    Cell("growth_pence", "Agreed growth", exact),
    Cell("uplift_pence", "Price uplift", exact),
    Cell("affordability_pence", "Affordability", exact),
    Cell("indicative_pence", "Indicative budget", exact),
)


def _steps(rows: list[dict[str, Any]]) -> list[Cell]:
    """Give the columns of the walk; a step that moves nothing for anybody is left out."""
    return [c for c in _STEPS if c.key != "uplift_pence" or any(r["uplift_pence"] for r in rows)]


def strip(v: BudgetView, about: dict[str, Any]) -> str:
    """Make the status strip: list, period, prices, coverage."""
    p, b = v.practice, v.budget
    text = " · ".join(
        [
            *(["Invented demonstration data"] if about["is_demo"] else []),
            v.title,
            f"list {p['list_budget']:,} on 1 April {b['financial_year'][:4]}",
            f"activity of {b['base_year']}",
            f"prices of {b['price_year']}, {wording.factor(about, b['price_year'])}",
            f"{priced_share(p)} of its activity priced",
        ]
    )
    return cards.strip(text)


def headline(v: BudgetView) -> str:
    """Make the headlines: the indicative budget, the steps that lead to it, and both in words."""
    p, b = v.practice, v.budget
    moves = [
        (short(p[key], signed=True), name.lower())
        for key, name in MOVES
        if key != "uplift_pence" or p[key]
    ]
    figures = [
        (short(p["indicative_pence"]), f"indicative budget: {v.title}"),
        (short(p["activity_pence"]), f"{b['base_year']} activity at {b['price_year']} prices"),
        *moves,
    ]
    return cards.headlines(figures, says(v))


def walk(v: BudgetView) -> dict[str, Any]:
    """Draw the walk from base-year activity to indicative budget."""
    p, b = v.practice, v.budget
    start = figures.Step(
        f"{b['base_year']} activity",
        p["activity_pence"],
        f"{b['base_year']} activity at {b['price_year']} tariff: {exact(p['activity_pence'])}",
    )
    steps = [
        figures.Step(name, p[key], f"{name}: {exact(p[key])}")
        for key, name in MOVES
        if key != "uplift_pence" or p[key]
    ]
    return figures.walk(
        start,
        steps,
        "Indicative budget",
        title=v.title,
        description=f"{v.title}. {says(v)} The table below has the same figures.",
    )


def lines(v: BudgetView) -> str:
    """Make the table of the budget's lines, with its download."""
    names = {**codes.PODS, codes.OTHER_POD: "Other, not priced"}
    rows = [{"line": names[r["pod"]], **r} for r in v.lines]
    cells = [
        Cell("line", "Line", is_number=False),
        Cell("n_activity", "Activity", "{:,}".format),
        *_steps([v.practice]),
    ]
    made = cards.table(
        rows,
        cells,
        caption=f"Budget by line: {v.title}",
        total={"line": "All lines", **v.practice},
    )
    withheld = sum(r["is_withheld"] for r in rows)
    if withheld:
        made += cards.note(
            f"{withheld} lines are withheld because they, or the lines from which they could be "
            "worked out, hold 1 to 7 activities. They are in the total."
        )
    kept = [c.key for c in cells]
    saved = [{**{k: r[k] for k in kept}, "practice": v.code, "year": v.year} for r in rows]
    return made + cards.download(
        saved,
        file=f"budget_lines_{v.code}_{v.year.replace('/', '-')}.csv",
        text="Download this table (CSV, in pence)",
        notes=[v.title, says(v)],
    )


def practices(v: BudgetView) -> str:
    """Make the table of every practice of the PCT, with the sum and its download."""
    cells = [
        Cell("name", "Practice", is_number=False),
        Cell("consortium", "Consortium", is_number=False),
        Cell("list_budget", f"List, April {v.year[:4]}", "{:,}".format),
        *_steps(v.practices),
    ]
    rows = [
        {
            **p,
            "name": f"{p['practice_name']} ({p['practice_code']})",
            "consortium": p["consortium_code"] or "none",
        }
        for p in v.practices
    ]
    numbers = ["list_budget", *(c.key for c in _STEPS)]
    total: dict[str, Any] = {k: sum(int(p[k]) for p in v.practices) for k in numbers}
    made = cards.table(
        rows,
        cells,
        caption=f"All practices of PCT {v.budget['pct_code']}, {v.year}",
        total={"name": f"All {len(rows)} practices", "consortium": "", **total},
        marked=v.code,
        mark_key="practice_code",
    )
    gaps = "".join(
        cards.note(f"Practice {g['practice_code']} has no budget: {g['reason']}.") for g in v.gaps
    )
    keys = ["practice_code", "practice_name", "consortium_code", "list_base", *numbers]
    return f"<p>{escape(sums(v))}</p>{made}{gaps}" + cards.download(
        [{k: p[k] for k in keys} for p in v.practices],
        file=f"budgets_{v.budget['pct_code']}_{v.year.replace('/', '-')}.csv",
        text="Download all practices (CSV, in pence)",
        notes=[sums(v)],
    )


def provenance(v: BudgetView, about: dict[str, Any]) -> str:
    """Say where the figures come from, what they leave out, and how far to trust them."""
    p, b = v.practice, v.budget
    return evidence.listed(
        [
            "Budgets are indicative: legal responsibility stays with the PCT.",
            f"{unpriced(p)} {outside(b)}",
            *evidence.of_prices(about, b["price_year"]),
            f"The plan says: {b['notes'] or 'nothing of its source'}.",
            *evidence.of_build(about),
        ]
    )


_PARTS: Final = ("strip", "headline", "walk", "lines", "practices", "provenance")


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
        Parts `strip`, `headline`, `walk`, `lines`, `practices`, `provenance`. Where there is
        nothing to show, a page that says why.

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
            "lines": lines(v),
            "practices": practices(v),
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
