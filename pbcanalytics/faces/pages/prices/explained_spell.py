"""Why one spell costs what it costs, from the working database: for analysts, never served."""

from pathlib import Path
from typing import Any, Final

from pbcanalytics import costing
from pbcanalytics.costing import Explained
from pbcanalytics.faces import wording
from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.pages import evidence
from pbcanalytics.faces.pages.page import Page, Rendered
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.sentences import explanation
from pbcanalytics.reference import Shelf
from pbcanalytics.store import Warehouse
from pbcanalytics.words.errors import PbcError, StoreError

_INSTRUCTIVE: Final = """
SELECT p.spell_id FROM priced_spells AS p
JOIN spell_episodes AS e ON e.spell_id = p.spell_id
WHERE p.is_reported AND p.price_pence IS NOT NULL
GROUP BY p.spell_id, p.long_stay_pence
ORDER BY count(DISTINCT e.hrg) > 1 DESC, p.long_stay_pence > 0 DESC, p.spell_id LIMIT 1
"""
"""A spell of several HRGs, with days beyond the trim point if there is one."""

_PARTS: Final = ("headline", "ladder", "chosen", "provenance")


def ladder(e: Explained) -> str:
    """Make the table of the steps, each with what made it."""
    rows = [
        {
            "step": explanation.STEP_WORDS[s.name],
            "pence": "not held" if s.pence is None else wording.exact(s.pence),
            "why": explanation.because(s),
        }
        for s in e.steps
    ]
    cells = [
        Cell("step", "Step", is_number=False),
        Cell("pence", "Pounds"),
        Cell("why", "Because", is_number=False),
    ]
    price = {"step": "Price", "pence": wording.exact(e.price_pence or 0), "why": ""}
    return cards.table(rows, cells, caption=f"Spell {e.spell_id}, step by step", total=price)


def chosen(e: Explained) -> str:
    """Make the table of the HRGs of the spell, and say what tipped the choice."""
    rows = [
        {
            "where": "whole spell" if c.sequence == 0 else f"episode {c.sequence}",
            "hrg": f"{c.hrg or 'none'} {c.hrg_name or ''}".strip(),
            "base": "no price" if c.base_pence is None else wording.exact(c.base_pence),
            "paid": "paid" if c.is_paid else "not paid",
        }
        for c in e.candidates
    ]
    cells = [
        Cell("where", "HRG of", is_number=False),
        Cell("hrg", "HRG", is_number=False),
        Cell("base", "Base price"),
        Cell("paid", "Paid", is_number=False),
    ]
    said = explanation.chosen(e) or ["Only one HRG stood to choose."]
    made = cards.table(
        rows, cells, caption=f"HRGs of spell {e.spell_id}", marked="paid", mark_key="paid"
    )
    return made + evidence.listed(said)


def page(data: Path, ask: Selection) -> Page:
    """
    Put the page together.

    Parameters
    ----------
    data : Path
        The data folder, with the working database.
    ask : Selection
        With `spell` and `price_year`; an empty spell stands for an instructive one.

    Returns
    -------
    Page
        Parts `headline`, `ladder`, `chosen`, `provenance`.
    """
    found: list[Explained | PbcError] = []
    about: dict[str, Any] = {}
    try:
        found.append(_explained(data, ask.spell, ask.price_year))
        about.update(_about(data, found))
    except PbcError as error:
        if ask.mode == "batch":
            raise
        found.append(error)

    def render() -> Rendered:
        e = found[0]
        if isinstance(e, PbcError):
            raise e
        year = e.price_year or ""
        heads = [(wording.exact(e.price_pence), explanation.headline(e))] if e.price_pence else []
        return {
            "headline": cards.headlines(heads, explanation.reasons(e)),
            "ladder": None if e.price_pence is None else ladder(e),
            "chosen": chosen(e),
            "provenance": evidence.listed(
                [
                    f"Spell {e.spell_id}, provider {e.provider_code}. This is a row about a "
                    "person: do not pass it on.",
                    *evidence.of_prices(about, year),
                ]
            ),
        }

    return Page(ask, {}, render, parts=_PARTS, figures=(), name="explain_spell")


def _explained(data: Path, spell: str, price_year: str) -> Explained:
    with Warehouse.open(data, doing="the explanation") as warehouse:
        if not warehouse.has("priced_spells"):
            raise StoreError(
                f"The activity in {data} has not been priced yet, so there is nothing to explain. "
                "Run 'pbc build' first."
            )
        key = spell.strip()
        if not key:
            rows = warehouse.rows(_INSTRUCTIVE)
            key = str(rows[0][0]) if rows else ""
        return costing.explain(warehouse, key, price_year.strip() or None)


def _about(data: Path, found: list[Explained | PbcError]) -> dict[str, Any]:
    held = Shelf.open(data / "reference")
    years = [e.price_year for e in found if isinstance(e, Explained) and e.price_year]
    return {
        "prices": {y: held.evidence(y) for y in years},
        "rules_not_held": {y: held.rules_not_held(y) for y in years},
        "overrides": {y: [vars(o) for o in held.overrides(y)] for y in years},
    }
