"""What activity cost, step by step: the totals of the steps of its price."""

from typing import Any, Final

from pbcanalytics.faces import wording
from pbcanalytics.faces.charts import cards, figures
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.pages import evidence
from pbcanalytics.faces.pages.page import Page, Rendered, or_why
from pbcanalytics.faces.pages.prices.steps_view import (
    PODS,
    StepsView,
    groups_held,
    moves,
    says,
    view,
    years_held,
)
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.withholding.taken_steps import ALL, TAKEN
from pbcanalytics.faces.wording import exact, short
from pbcanalytics.store import Published
from pbcanalytics.words.errors import SelectionError

_NONE: Final = "–"


def strip(v: StepsView, about: dict[str, Any]) -> str:
    """Make the status strip: whose activity, which year, at which prices."""
    changed = evidence.changed_here(about, _year(v))
    said = [
        *(["Invented demonstration data"] if about["is_demo"] else []),
        v.title,
        *([f"prices of {_year(v)}"] if _year(v) == v.total["financial_year"] else []),
        *(["rules changed here, listed below"] if changed else []),
    ]
    return cards.strip(" · ".join(said), tone="warning" if changed else "")


def _year(v: StepsView) -> str:
    return str(v.total["price_year"])


def headline(v: StepsView) -> str:
    """Make the headlines: the price, how much activity, and what made it up."""
    row = v.chosen
    if row["is_withheld"] or row["price_pence"] is None:
        told = [("withheld" if row["is_withheld"] else "no price", v.title)]
        return cards.headlines(told, says(v))
    told = [
        (short(row["price_pence"]), v.title),
        (f"{row['n_activity']:,}", "spells and attendances"),
    ]
    told += [(short(p, signed=True), name.lower()) for _, name, p in moves(v)]
    return cards.headlines(told[:5], says(v))


def walk(v: StepsView) -> dict[str, Any] | None:
    """Draw the walk from base prices to the price; nothing where steps are withheld."""
    row = v.chosen
    if row["base_pence"] is None:
        return None
    base = row["base_pence"]
    steps = [figures.Step(name, p, f"{name}: {exact(p)}") for _, name, p in moves(v)]
    return figures.walk(
        figures.Step("Base prices", base, f"Base prices of the tariff: {exact(base)}"),
        steps,
        "Price",
        title=v.title,
        description=f"{v.title}. {says(v)} The table below has the same figures.",
    )


def lines(v: StepsView) -> str:
    """Make the table of steps by kind of activity, with its download."""
    cells = [
        Cell("line", "Kind of activity", is_number=False),
        Cell("n_activity", "Activity", "{:,}".format),
        Cell("base_pence", "Base prices", _money),
        *(Cell(s, TAKEN[s].name, _money) for s in v.held),
        Cell("mff_pence", "Market forces factor", _money),
        Cell("price_pence", "Price", _money),
    ]
    rows = [{**_shown(r, cells), "pod": r["pod"], "line": PODS[r["pod"]]} for r in v.rows]
    made = cards.table(
        rows,
        cells,
        caption=f"What activity of {v.whose} cost, {v.at}",
        total={**_shown(v.total, cells), "line": "All activity"},
        marked=v.chosen["pod"],
        mark_key="pod",
    )
    notes = []
    if any(r["is_withheld"] or r["steps_are_withheld"] for r in [*v.rows, v.total]):
        notes.append(
            "Withheld: counts and steps of 1 to 7 activities, and those from which they could be "
            "worked out. They are in the totals."
        )
    missing = [TAKEN[s].name.lower() for s in TAKEN if s not in v.held]
    if missing:
        notes.append(f"In no price, because no rule or table is held: {wording.joined(missing)}.")
    kept = [c.key for c in cells[1:]]
    saved = [
        {
            "line": PODS.get(r["pod"], "All activity"),
            **{k: r[k] for k in kept},
            "group": r["group_code"],
            "financial_year": r["financial_year"],
            "price_year": r["price_year"],
            "is_withheld": r["is_withheld"],
            "steps_are_withheld": r["steps_are_withheld"],
        }
        for r in [*v.rows, v.total]
    ]
    file = f"steps_{v.total['group_code']}_{v.at}.csv".replace("/", "-").replace(" ", "_")
    return (
        made
        + "".join(cards.note(n) for n in notes)
        + cards.download(
            saved, file=file, text="Download this table (CSV, in pence)", notes=[v.title, says(v)]
        )
    )


def _money(pence: Any) -> str:
    return pence if isinstance(pence, str) else exact(pence)


def _shown(row: dict[str, Any], cells: list[Cell]) -> dict[str, Any]:
    """Tell what is withheld (left empty) from what is not there (a dash)."""
    found = {c.key: row.get(c.key) for c in cells}
    if row["is_withheld"]:
        return found
    has_steps = row["steps_are_withheld"]
    nothing = row["price_pence"] is None
    return {
        k: _NONE if n is None and (nothing or not (has_steps and k != "price_pence")) else n
        for k, n in found.items()
    }


def unpriced(v: StepsView) -> str:
    """Make the table of what has no price, by reason."""
    if not v.unpriced:
        return "<p>Everything here has a price.</p>"
    rows = [
        {
            "why": f"{s[0].upper()}{s[1:]}",
            "kind": "should have a price" if r["is_gap"] else "outside the tariff",
            "n_activity": r["n_activity"],
        }
        for r in v.unpriced
        for s in [wording.why_unpriced(r["unpriced_reason"])]
    ]
    cells = [
        Cell("why", "Why it has no price", is_number=False),
        Cell("kind", "What that means", is_number=False),
        Cell("n_activity", "Activity", "{:,}".format),
    ]
    at = v.unpriced[0]["price_year"]
    pod = v.chosen["pod"]
    what = "All activity" if pod == ALL else PODS[pod]
    made = cards.table(
        rows,
        cells,
        caption=f"{what} of {v.whose} without a price, {v.total['financial_year']}"
        + (f" at prices of {at}" if at else ""),
    )
    if any(r["is_withheld"] for r in v.unpriced):
        made += cards.note("Withheld: counts of 1 to 7, and those that would give them away.")
    return made


def provenance(v: StepsView, about: dict[str, Any]) -> str:
    """Say where the figures come from, what they leave out, and how far to trust them."""
    return evidence.listed(
        [
            "These are prices by the rules of the year, not what was invoiced.",
            "Activity of no practice of a PCT is left out; a practice that merged is counted with "
            "the one that followed it.",
            *evidence.of_prices(about, _year(v)),
            *evidence.of_build(about),
        ]
    )


_PARTS: Final = ("strip", "headline", "walk", "lines", "unpriced", "provenance")


def page(published: Published, ask: Selection) -> Page:
    """
    Put the page together.

    Parameters
    ----------
    published : Published
        The published file.
    ask : Selection
        With `group`, `years` and `pod`; an empty text stands for the first there is.

    Returns
    -------
    Page
        Parts `strip`, `headline`, `walk`, `lines`, `unpriced`, `provenance`. Where there is
        nothing to show, a page that says why.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or not what was asked for.
    """
    return or_why(
        lambda: _page(published, ask), ask, parts=_PARTS, figures=("walk",), name="explained_prices"
    )


def _page(published: Published, ask: Selection) -> Page:
    groups, years = groups_held(published), years_held(published)
    if not groups or not years:
        raise SelectionError(
            "No priced activity of a practice is published. It needs the practices' register and "
            "a year of activity with a tariff; 'pbc demo' makes one of each."
        )

    def render(group: str, years: str, pod: str) -> Rendered:
        about = published.about()
        v = view(published, group, years, pod)
        if v is None:
            said = "There is no such activity in that year. Choose another kind, or all activity."
            return {"message": cards.strip(said, tone="warning")}
        return {
            "strip": strip(v, about),
            "headline": headline(v),
            "walk": walk(v),
            "lines": lines(v),
            "unpriced": unpriced(v),
            "provenance": provenance(v, about),
        }

    return Page(
        ask,
        {
            "group": ("Whose activity", groups),
            "years": ("Year and prices", years),
            "pod": (
                "Kind of activity",
                [("All activity", ALL), *((n, p) for p, n in PODS.items())],
            ),
        },
        render,
        parts=_PARTS,
        figures=("walk",),
        name="explained_prices",
    )
