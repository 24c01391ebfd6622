"""Where a measure changed: by specialty, by hospital, by who asked, each a table with its CSV."""

from typing import Any, Final

from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.pages.demand import trend_words as words
from pbcanalytics.faces.pages.demand.trend_view import PROVIDER, SOURCE, SPECIALTY, TrendView
from pbcanalytics.faces.sentences.compare import luck
from pbcanalytics.store import Published

MOST_OPEN: Final = 8
"""Of more parts the others are folded."""

_SOURCE_NOTE: Final = (
    "Who asked decides who can change it: practices start what GPs ask for; what consultants and "
    "A&E ask for follows from the hospital's own practice."
)


def by_specialty(published: Published, v: TrendView) -> str:
    """Make the table of specialties, those that changed most surely first."""
    if not _shown(v.specialties):
        return cards.note("No specialty by itself can be told, or the measure is not by specialty.")
    return _table(v, SPECIALTY, v.specialties)


def by_hospital(published: Published, v: TrendView) -> str:
    """Make the table of hospitals."""
    if not _shown(v.parts[PROVIDER]):
        return cards.note("No hospital by itself can be told, or the measure is no rate.")
    return _table(v, PROVIDER, v.parts[PROVIDER])


def by_source(published: Published, v: TrendView) -> str:
    """Make the table of who asked."""
    if not _shown(v.parts[SOURCE]):
        return cards.note(
            "There is one source only, or none is recorded. What GPs, consultants and others refer "
            "are measures of their own: choose among them above."
        )
    return _table(v, SOURCE, v.parts[SOURCE]) + cards.note(_SOURCE_NOTE)


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [r for r in rows if not r["is_withheld"]]


def _table(v: TrendView, cut: str, parts: list[dict[str, Any]]) -> str:
    """Make one of the tables."""
    of, kind = _shown(parts), words.PARTS[cut]
    is_compared = cut == SPECIALTY and words.is_compared(v)
    code = "specialty_code" if cut == SPECIALTY else "part_code"
    rows = [
        {
            "name": r["specialty_name" if cut == SPECIALTY else "part_name"],
            "n_events": r["n_events"],
            "n_events_before": r["n_events_before"],
            "change": words.changed(r),
            "sure": words.sureness(r),
            "against": words.against(r) if is_compared else "",
            code: r[code],
        }
        for r in of
    ]
    cells = [
        Cell("name", kind.capitalize(), is_number=False),
        Cell("change", "Change", is_number=False),
        Cell("sure", "How sure", is_number=False),
        *([Cell("against", "Against ages and sexes", is_number=False)] if is_compared else []),
        Cell("n_events", "Twelve months", "{:,}".format),
        Cell("n_events_before", "Twelve before", "{:,}".format),
    ]
    until = f", to {words.month_of(v.to)}" if v.to else ""
    title = f"By {kind}: {v.measure['title']}, {v.whose}{until}"
    chosen = v.specialty if cut == SPECIALTY else str((v.year or {}).get("part_code", ""))
    look: dict[str, Any] = {"marked": chosen if v.cut == cut else "", "mark_key": code}
    made = cards.table(rows[:MOST_OPEN], cells, caption=title, **look)
    if rows[MOST_OPEN:]:
        rest = cards.table(rows[MOST_OPEN:], cells, caption=f"The others. {title}", **look)
        more = f"The other {len(rows) - MOST_OPEN}"
        made += cards.folded(more, rest)
    judged = [r for r in of if r["change_low"] is not None]
    n_sure = sum(words.is_sure(r["change_low"], r["change_high"]) for r in judged)
    said = ["The surest change first."] if judged else []
    if judged:
        said.append(
            f"{n_sure} of {len(judged)} changed by more than chance, each by itself; "
            f"{luck(len(judged))} would by luck alone."
        )
    n_hidden = len(parts) - len(of)
    if n_hidden:
        said.append(
            f"{n_hidden} {'is' if n_hidden == 1 else 'are'} withheld: 1 to 7 events, or what would "
            "give such a number away."
        )
    return (
        made
        + (cards.note(" ".join(said)) if said else "")
        + cards.download(
            [{k: r[k] for k in (code, *(c.key for c in cells))} for r in rows],
            file=f"{v.measure['measure']}_{v.group['group_code']}_by_{kind}.csv",
            text="Download this table (CSV)",
            notes=[title, v.unit],
        )
    )
