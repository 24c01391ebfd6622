"""Why a hospital stay costs what it costs: any HRG, kind of admission and length of stay."""

from functools import partial
from html import escape
from typing import Any, Final

from pbcanalytics.faces import wording
from pbcanalytics.faces.charts import cards, figures
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.pages import evidence
from pbcanalytics.faces.pages.page import Page, Rendered, or_why
from pbcanalytics.faces.pages.prices import stay_words
from pbcanalytics.faces.pages.prices.stay_price import (
    KINDS,
    StayPrice,
    factor,
    family,
    hrgs_held,
    kind_of,
    priced,
    providers_held,
    years_held,
)
from pbcanalytics.faces.pages.prices.stay_words import nights, pounds
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.wording import exact
from pbcanalytics.store import Published
from pbcanalytics.words.errors import SelectionError

LONGEST: Final = 180
"""The longest stay that can be chosen [days]."""

NO_PROVIDER: Final = "none"

_NEUTRAL: Final = 1_000_000
_EXAMPLE: Final = {"hrg": "HN12F", "days": "8"}
"""What the page shows first: the worked example of the documentation, where its HRG is held."""

_STEPS: Final = (
    ("base_pence", "Base price"),
    ("short_stay_pence", "Short emergency stay"),
    ("long_stay_pence", "Days beyond the trim point"),
    ("mff_pence", "Market forces factor"),
)


def ladder(title: str, p: StayPrice) -> str:
    """Make the table of the steps of one price."""
    rows = [{"step": name, "pence": getattr(p, key)} for key, name in _STEPS]
    cells = [Cell("step", "Step", is_number=False), Cell("pence", "Pounds", exact)]
    return cards.table(
        rows,
        cells,
        caption=f"Steps of the price: {title}",
        total={"step": "Price", "pence": p.pence},
    )


def relatives(
    hrg: str, days: int, title: str, found: list[tuple[dict[str, Any], StayPrice]]
) -> str:
    """Make the table of the HRGs of one root, the chosen one marked."""
    rows = [
        {
            "hrg": f"{row['hrg']} {row['hrg_name'] or ''}".strip(),
            "code": row["hrg"],
            "trim": row["trim_point_days"] if row["trim_point_days"] is not None else "none",
            "rate": row["long_stay_per_day_pence"] or "none",
            "base": row["base_pence"],
            "price": p.pence if p.reason is None else "no price",
        }
        for row, p in found
    ]

    def money(value: Any) -> str:
        return value if isinstance(value, str) else pounds(value)

    cells = [
        Cell("hrg", "HRG", is_number=False),
        Cell("base", "Base price", money),
        Cell("trim", "Trim point (days)"),
        Cell("rate", "A day beyond it", money),
        Cell("price", f"Price of {nights(days)}", money),
    ]
    return cards.table(
        rows, cells, caption=f"HRGs of the same root: {title}", marked=hrg, mark_key="code"
    )


_PARTS: Final = ("strip", "headline", "days", "ladder", "relatives", "provenance")


def page(published: Published, ask: Selection) -> Page:
    """
    Put the page together.

    Parameters
    ----------
    published : Published
        The published file: its price list holds no person.
    ask : Selection
        With `hrg`, `admission`, `days`, `provider` and `price_year`; an empty text stands for
        the first there is.

    Returns
    -------
    Page
        Parts `strip`, `headline`, `days`, `ladder`, `relatives`, `provenance`. Where there is
        nothing to show, a page that says why.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or not what was asked for.
    """
    return or_why(
        lambda: _page(published, ask), ask, parts=_PARTS, figures=("days",), name="price_of_a_stay"
    )


def _page(published: Published, ask: Selection) -> Page:
    hrgs, years = hrgs_held(published), years_held(published)
    if not hrgs:
        raise SelectionError(
            "No price list is published, so no stay can be priced. Add a tariff to the folder "
            "reference of your data, then run 'pbc build' and 'pbc publish'."
        )

    def render(hrg: str, admission: str, days: str, provider: str, price_year: str) -> Rendered:
        about = published.about()
        pod, is_adult = kind_of(admission)
        stay = 0 if admission == "DC" else int(days)
        named = dict((code, name) for name, code in providers).get(provider, "")
        rows = family(published, hrg, price_year, pod)
        row = next((r for r in rows if r["hrg"] == hrg), None)
        mff = _NEUTRAL if provider == NO_PROVIDER else factor(published, provider, price_year)
        what = f"{hrg}, {KINDS[admission].lower()}, {nights(stay)}, prices of {price_year}"
        if row is None:
            why = f"The tariff of {price_year} has no price for {hrg} with this kind of admission."
            return {"message": cards.strip(why, tone="warning")}
        if mff is None and row["mff_applies"]:
            why = (
                f"No market forces factor of {named} is held for {price_year}: {what} has no price."
            )
            return {"message": cards.strip(why, tone="warning")}
        at = partial(priced, is_adult=is_adult, mff_millionths=mff or _NEUTRAL)
        own = at(row, stay)
        trust = evidence.listed(
            [
                "A stay that is made up: no patient is behind it. Days in critical care, "
                "rehabilitation and palliative care do not count as days beyond the trim point.",
                "Not in this price: specialised top-ups, local adjustments, unbundled care, and "
                "what a contract changes for all stays together.",
                *evidence.of_prices(about, price_year),
                *evidence.of_build(about),
            ]
        )
        if own.reason is not None:
            why = f"{what}: no price, because {wording.why_unpriced(own.reason)}."
            return {"message": cards.strip(why, tone="warning"), "provenance": trust}
        found = [(r, at(r, stay)) for r in rows]
        others = [(r, p) for r, p in found if r["hrg"] != hrg and p.reason is None]
        because = stay_words.because(row, own, stay, named)
        tips = [*stay_words.tipping(row, own, stay), *stay_words.nearest(row, own, others)]
        says = " ".join([because, *tips])
        before = "" if own.mff_pence else ", before the market forces factor"
        if not row["mff_applies"]:
            before = "; the market forces factor is paid apart"
        reach = max(stay, row["trim_point_days"] or 0, row["short_stay_longest_days"] or 0)
        line = [(d, at(row, d)) for d in range(round(reach * 1.3) + 4)]
        changed = evidence.changed_here(about, price_year)
        return {
            "strip": cards.strip(
                " · ".join(
                    [
                        *(["Invented demonstration data"] if about["is_demo"] else []),
                        f"{hrg} {row['hrg_name'] or ''}".strip(),
                        f"prices of {price_year}{before}",
                        *(["rules changed here, listed below"] if changed else []),
                    ]
                ),
                tone="warning" if changed else "",
            ),
            "headline": cards.headlines([(pounds(own.pence), what)], because)
            + "".join(f'<p class="pbc-says">{escape(tip)}</p>' for tip in tips),
            "days": None
            if admission == "DC"
            else figures.by_days(
                [(d, p.pence) for d, p in line if p.reason is None],
                chosen=stay,
                trim_days=row["trim_point_days"],
                title=f"{hrg}, {KINDS[admission].lower()}, {price_year}",
                description=f"Price by length of stay. {says}",
            ),
            "ladder": ladder(what, own),
            "relatives": relatives(hrg, stay, what, found),
            "provenance": trust,
        }

    providers = [("None: before the market forces factor", NO_PROVIDER), *providers_held(published)]
    return Page(
        ask,
        {
            "hrg": ("HRG: type a code or a word", hrgs),
            "admission": ("Kind of admission", [(n, k) for k, n in KINDS.items()]),
            "days": ("Days in hospital", [(str(d), str(d)) for d in range(LONGEST + 1)]),
            "provider": ("Hospital", providers),
            "price_year": ("Prices of", [(y, y) for y in years]),
        },
        render,
        parts=_PARTS,
        figures=("days",),
        name="price_of_a_stay",
        searched=("hrg",),
        first=_EXAMPLE,
    )
