"""The page of coding changes: what to ask which hospital, what it comes to, what else it may be."""

from typing import Any, Final

from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.charts.heat_map import Heat, heat_map
from pbcanalytics.faces.pages import evidence
from pbcanalytics.faces.pages.coding import creep_parts as parts
from pbcanalytics.faces.pages.coding import creep_words as words
from pbcanalytics.faces.pages.coding.creep_shared import shared
from pbcanalytics.faces.pages.coding.creep_view import (
    ALL,
    CLASSES,
    CreepView,
    first_held,
    providers_held,
    roots_held,
    view,
    within,
)
from pbcanalytics.faces.pages.page import Page, Rendered, or_why
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.sentences.creep_months import closing, in_short
from pbcanalytics.faces.wording import rough
from pbcanalytics.store import Published
from pbcanalytics.words.errors import SelectionError

MOST_ROOTS: Final = 12
MOST_OPEN: Final = 5
_OTHERS: Final = "All other roots"


def strip(v: CreepView, about: dict[str, Any]) -> str:
    """Make the status strip: data, groupers, how long the baseline is."""
    groupers = [f"{words.month(e['month'])}" for e in v.events if e["kind"] == "grouper"]
    held = (
        "changes of grouper not listed"
        if not v.search.get("has_calendar")
        else f"grouper changed {', '.join(groupers)}"
        if groupers
        else "no change of grouper listed"
    )
    first, last = v.search["first_month"], v.search["last_month"]
    return cards.strip(
        " · ".join(
            [
                *(["Invented demonstration data"] if about["is_demo"] else []),
                *([f"stays from {words.month(first)} to {words.month(last)}"] if first else []),
                "usual: the first 24 months",
                held,
                in_short(v.closing),
            ]
        )
    )


def headline(v: CreepView) -> str:
    """Make the headlines: how much to ask about, better recording, the other way."""
    if not v.pairs:
        return cards.headlines([("Nothing compared", "hospital stays")], words.says(v))
    told = [("Not tested", "changes in these data")]
    if v.search["is_searched"]:
        told = [("Nothing to ask about", "changes beyond chance")]
    if v.asked:
        total, low, high = words.worth(v.asked)
        told = [
            *(
                [(rough(total), f"a year to ask about; {rough(low)} to {rough(high)}")]
                if words.with_pounds(v.asked)
                else []
            ),
            (str(len(v.asked)), f"to ask about; {words.stand_out(v)}"),
        ]
    if v.recorded:
        total, low, high = words.worth(v.recorded, "recording")
        told.append((rough(total), f"a year of better recording; {rough(low)} to {rough(high)}"))
    fell = -sum(within(p) for p in v.fallen)
    told.append((rough(fell), "a year the other way, beyond chance"))
    return cards.headlines(told, words.says(v))


def coloured(v: CreepView) -> str | None:
    """Make the map of providers and roots in pounds, with its download."""
    own = [p for p in v.pairs if p["mechanism"] == CLASSES and p["root"] != ALL]
    if not own:
        return None
    sizes: dict[str, float] = {}
    for p in own:
        # A change that was heard is on the map, however small its root.
        sizes[p["root"]] = sizes.get(p["root"], 0) + (p["n_spells"] or 0) + 1e9 * p["is_heard"]
    largest = sorted(sizes, key=lambda root: (-sizes[root], root))[:MOST_ROOTS]
    names = {p["root"]: f"{p['root_name']} ({p['root']})" for p in own}
    columns = {p["provider_code"]: f"{p['provider_name']} ({p['provider_code']})" for p in own}
    cells: dict[tuple[str, str], Heat] = {}
    rest: dict[str, int] = {}
    for p in own:
        column = columns[p["provider_code"]]
        if p["root"] in largest:
            mark = words.STATES.get(p["state"] or "none", ("", ""))[1]
            pence = None if p["is_withheld"] else within(p)
            cells[names[p["root"]], column] = Heat(pence, mark)
        elif not p["is_withheld"]:
            rest[column] = rest.get(column, 0) + within(p)
    cells |= {(_OTHERS, column): Heat(pence) for column, pence in rest.items()}
    rows = [names[root] for root in largest] + ([_OTHERS] if rest else [])
    caption = "Dearer (+) or cheaper (−) classes within roots, in a year, before asking why"
    made = heat_map(rows, [*dict.fromkeys(columns.values())], cells, corner="Root", caption=caption)
    final = "" if v.closing.provisional.empty else " that are final"
    made += cards.note(
        f"Latest twelve months{final} against the twelve before; where a change was heard, the "
        "year from it. Blue with + is dearer, amber with − cheaper. First the roots with a change, "
        f"then the {MOST_ROOTS} largest; most sums are chance, only those with a word were heard. "
        "Roots with 1 to 7 dear or cheap spells are withheld, and those that would tell of them."
    )
    told = [p for p in own if not p["is_withheld"]]
    columns_of = ("provider_code", "root", "root_name", "n_spells", "state", "change_share")
    return made + cards.download(
        [{**{k: p[k] for k in columns_of}, "pence": within(p)} for p in told],
        file="coding_changes_by_root.csv",
        text="Download all roots (CSV, in pence)",
        notes=[caption, words.says(v)],
    )


def listed(v: CreepView) -> str | None:
    """Make the table of all changes that were heard."""
    if not v.heard:
        return None
    rows = [
        {
            "where": words.where(p),
            "what": words.mechanism(p["mechanism"]),
            "since": words.month(p["onset"]),
            "state": words.state(p),
            "pence": "" if p["creep_pence"] is None else int(p["creep_pence"]),
            "range": words.without_pounds(p)
            if p["creep_pence"] is None
            else f"{rough(p['creep_low_pence'])} to {rough(p['creep_high_pence'])}",
            "recording": "" if p["recording_pence"] is None else rough(p["recording_pence"]),
            "margin_pence": p["margin_pence"],
            "price_used": p["price_used"],
        }
        for p in sorted(v.heard, key=lambda p: p in v.grown)
    ]
    cells = [
        Cell("where", "Where", is_number=False),
        Cell("what", "What is looked at", is_number=False),
        Cell("since", "Since", is_number=False),
        Cell("state", "What it looks like", is_number=False),
        Cell("pence", "Dearer class, a year", rough),
        Cell("range", "19 times in 20", is_number=False),
        Cell("recording", "Better recording"),
    ]
    luck = "One change in ten that are heard is likely to be chance."
    shown = rows[: len(rows) - len(v.grown)]
    first, rest = shown[:MOST_OPEN], shown[MOST_OPEN:]
    caption = "Changes that were heard, largest sum first"
    made = cards.table(first, cells, caption=caption) if first else ""
    if rest:
        made += cards.folded(
            f"The other {len(rest)}", cards.table(rest, cells, caption="The smaller ones")
        )
    return (
        made
        + cards.note(f"{words.once(v)}. {words.more_activity(v)} {luck} {words.BASE_RATE}")
        + cards.download(
            rows,
            file="coding_changes.csv",
            text="Download this table (CSV, in pence)",
            notes=[words.says(v), words.BASE_RATE],
        )
    )


def provenance(v: CreepView, about: dict[str, Any]) -> str:
    """Say what the search cannot tell, and what it was made from."""
    said = [
        "A change that began within the first 24 months cannot be heard: they say what is usual.",
        "Pounds are at full tariff, for stays as short as those of the cheap classes; what a "
        "change comes to at the margin, above a contract's threshold, stands beside it.",
        *closing(v.closing),
        "What the share of other mechanisms comes to is an upper end: all of it may have a good "
        "reason.",
    ]
    n = v.search.get("n_providers")
    if n is not None and n < 5:
        said.append(
            f"Only {words.counted(n, 'hospital', 'hospitals')} can be followed, too few to be one "
            "another's peers: a season, or what all do, is not taken off."
        )
    if v.search.get("n_weak"):
        said.append(
            f"In {v.search['n_weak']} of {v.search['n_series']} roots severity is told too poorly "
            "to bear a question out; they do not count in their hospital's whole."
        )
    if v.search.get("n_unusable"):
        said.append(
            f"{words.counted(v.search['n_unusable'], 'root', 'roots')} of a hospital cannot be "
            "followed: one of the first 24 months is flex or incomplete, or all hold no dear or no "
            "cheap spells. What changed there is not known."
        )
    if v.search.get("n_left_out"):
        said.append(
            f"{v.search['n_left_out']:,} spells are in roots with fewer than five a month at their "
            "hospital, and are not followed."
        )
    return evidence.listed([*said, *evidence.of_build(about)])


def _folded(summary: str, content: str | None) -> str | None:
    return None if content is None else cards.folded(summary, content)


_PARTS: Final = (
    *("strip", "headline", "map", "listed", "shared", "chosen", "chart", "severity", "bridge"),
    *("parts", "explained", "sure", "practices", "periods", "provenance"),
)
_FIGURES: Final = ("chart", "bridge")
_NAME: Final = "code_creep"


def page(published: Published, asked: Selection) -> Page:
    """
    Put the page together.

    Parameters
    ----------
    published : Published
        The published file.
    asked : Selection
        With `provider`, `root` and `mechanism`; an empty text stands for the largest change that
        is asked about.

    Returns
    -------
    Page
        Parts `strip`, `headline`, `map`, `listed`, `shared`, `chosen`, `chart`, `severity`,
        `bridge`, `parts`, `explained`, `sure`, `practices`, `periods`, `provenance`. Where there is
        nothing to show, a page that says why.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or not what was asked for.
    """
    return or_why(
        lambda: _page(published, asked), asked, parts=_PARTS, figures=_FIGURES, name=_NAME
    )


def _page(published: Published, asked: Selection) -> Page:
    first = first_held(published)
    if not first:
        raise SelectionError(words.says(view(published, "", "", "")))

    def render(provider: str, root: str, mechanism: str) -> Rendered:
        about = published.about()
        v = view(published, provider, root, mechanism)
        shown: dict[str, Any] = {
            "strip": strip(v, about),
            "headline": headline(v),
            "map": coloured(v),
            "listed": listed(v),
            "shared": shared(v),
            "chosen": parts.chosen(v),
            "chart": parts.chart(v),
            "severity": parts.severity(v),
            "bridge": parts.bridge(v),
            "parts": _folded("The same as a table", parts.parts(v)),
            "explained": parts.explained(v),
            "sure": parts.sure(v),
            "practices": _folded("By practice", parts.practices(v)),
            "periods": _folded("Period by period", parts.periods(v)),
            "provenance": provenance(v, about),
        }
        return shown

    held = published.rows("SELECT DISTINCT mechanism FROM coded_pairs")
    names = [r["mechanism"] for r in held]
    return Page(
        asked,
        {
            "provider": ("Hospital", providers_held(published)),
            "root": ("Root", roots_held(published)),
            "mechanism": (
                "Looked at",
                sorted(((words.mechanism(n), n) for n in names), key=lambda m: m[1] != CLASSES),
            ),
        },
        render,
        parts=_PARTS,
        figures=_FIGURES,
        name=_NAME,
        first=first,
    )
