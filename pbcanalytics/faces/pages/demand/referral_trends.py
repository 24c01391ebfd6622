"""The page of demand: what changed, where, since when, how sure, and what to ask."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Final

from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.pages import evidence
from pbcanalytics.faces.pages.demand import trend_forecast
from pbcanalytics.faces.pages.demand import trend_words as words
from pbcanalytics.faces.pages.demand.trend_alerts import stands_out
from pbcanalytics.faces.pages.demand.trend_chart import (
    chart,
    headline,
    months,
    read,
    strip,
    sure,
)
from pbcanalytics.faces.pages.demand.trend_compare import compared, funnel, peers
from pbcanalytics.faces.pages.demand.trend_parts import by_hospital, by_source, by_specialty
from pbcanalytics.faces.pages.demand.trend_ribbon import ribbon, ribboned
from pbcanalytics.faces.pages.demand.trend_schemes import schemes
from pbcanalytics.faces.pages.demand.trend_view import (
    ALL,
    CUTS,
    PROVIDER,
    REGISTERED,
    SOURCE,
    WEIGHTED,
    TrendView,
    groups_held,
    measures_held,
    parts_held,
    specialties_held,
    view,
)
from pbcanalytics.faces.pages.page import Page, Rendered, or_why
from pbcanalytics.faces.parameters import Selection
from pbcanalytics.faces.withholding.lettering import named_as
from pbcanalytics.store import Published
from pbcanalytics.words.errors import SelectionError


@dataclass(frozen=True)
class Part:
    """
    A part of the page.

    Attributes
    ----------
    name : str
        As the notebook asks for it.
    title : str
        Its heading; "" for none.
    draw : callable
        From the published file and the view to HTML, or to a plotly figure; None leaves it out.
    is_figure : bool
        It draws a figure, which has no heading of its own.
    is_folded : bool
        Only its heading is open at first.
    """

    name: str
    title: str
    draw: Callable[[Published, TrendView], Any]
    is_figure: bool = False
    is_folded: bool = False

    def drawn(self, published: Published, v: TrendView) -> Any:
        """Draw it, under its heading."""
        content = self.draw(published, v)
        if content is None or self.is_figure or not self.title:
            return content
        if self.is_folded:
            return cards.folded(self.title, content)
        return f"<h2>{escape(self.title)}</h2>{content}"


def stands(published: Published, v: TrendView) -> str:
    """Say what stands out in all measures."""
    return stands_out(published, v, named_as(published, v))


def ask(published: Published, v: TrendView) -> str:
    """List the questions to ask, and why the measure matters."""
    questions = "".join(f"<li>{escape(q)}</li>" for q in v.measure["questions"].split("\n"))
    return f"<p>{escape(v.measure['why_it_matters'])}</p><ul>{questions}</ul>"


def provenance(published: Published, v: TrendView) -> str:
    """Say what the measure cannot tell, when it is wrong, and what it was made from."""
    m = v.measure
    return evidence.listed(
        [
            m["limits_text"],
            m["when_wrong"],
            "Values are charted less the days of their months and the season that all practices "
            "share. Months that a hospital has hardly sent, or may still change, are provisional.",
            f"Definition by {m['author']}, {m['review']}"
            + ("; your own, put over the shipped one." if m["is_own"] else "."),
            *evidence.of_build(published.about()),
        ]
    )


PARTS: Final = (
    Part("strip", "", strip),
    Part("headline", "", headline),
    Part("read", "", read),
    Part("chart", "", chart, is_figure=True),
    Part("sure", "", sure),
    Part("stands", "What stands out", stands),
    Part("where", "Where it changed", by_specialty),
    Part("hospitals", "By hospital", by_hospital, is_folded=True),
    Part("sources", "Who asked", by_source, is_folded=True),
    Part("compared", "Practices beside each other", compared),
    Part("compare", "", funnel, is_figure=True),
    Part("ribbon", "", ribbon, is_figure=True),
    Part("ribboned", "", ribboned),
    Part("peers", "Practices most like it", peers, is_folded=True),
    Part("foreseen", "What is to come", trend_forecast.said),
    Part("ahead", "", trend_forecast.foreseen, is_figure=True),
    Part("worth", "What such forecasts were worth", trend_forecast.record, is_folded=True),
    Part("schemes", "What schemes changed", schemes, is_folded=True),
    Part("ask", "What to ask", ask),
    Part("months", "Month by month", months, is_folded=True),
    Part("provenance", "How far to trust this", provenance),
)
"""What the page shows, in this order: a part is added by its line here and its cell there."""

_NAMES: Final = tuple(part.name for part in PARTS)
_FIGURES: Final = tuple(part.name for part in PARTS if part.is_figure)


class TrendPage(Page):
    """A page on which specialty, hospital and source exclude each other: the last choice holds."""

    def __init__(self, ask: Selection, *args: Any, set_back: list[str], **kwargs: Any) -> None:
        self._set_back = set_back
        self._is_setting = False
        super().__init__(ask, *args, **kwargs)

    def _changed(self, change: Any = None) -> None:
        if self._is_setting:
            return
        if change is not None and change["new"] != ALL:
            boxes = {name: self._dropdowns[name] for name in CUTS}
            if any(box is change["owner"] for box in boxes.values()):
                self._is_setting = True
                for name, box in boxes.items():
                    if box is not change["owner"] and box.value != ALL:
                        box.value = ALL
                        self._set_back.append(words.PARTS[name])
                self._is_setting = False
        super()._changed(change)


def page(published: Published, asked: Selection) -> Page:
    """
    Put the page together.

    Parameters
    ----------
    published : Published
        The published file.
    asked : Selection
        With `measure`, `group`, `specialty`, `provider`, `source`, `per` and `preset`; an empty
        text stands for the first.

    Returns
    -------
    Page
        The PARTS. Where there is nothing to show, a page that says why.

    Raises
    ------
    PbcError
        In a batch run: if nothing was published, or not what was asked for.
    """
    return or_why(
        lambda: _page(published, asked),
        asked,
        parts=_NAMES,
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
    asked, set_back = _one_cut(asked)

    def render(
        measure: str,
        group: str,
        specialty: str,
        provider: str,
        source: str,
        per: str,
        preset: str,
    ) -> Rendered:
        v = view(
            published, measure, group, specialty, preset, provider=provider, source=source, per=per
        )
        if v is None:
            said = "That is not measured of this group. Choose another measure or group."
            return {"message": cards.strip(said, tone="warning")}
        notes = []
        if set_back:
            gone = " and ".join(set_back)
            notes.append(
                f"One of specialty, hospital and source is shown at a time: {gone} set back to all."
            )
            set_back.clear()
        if per == WEIGHTED and not v.has_rate:
            notes.append("This measure is no rate of registered patients: it is shown as it is.")
        shown: dict[str, Any] = {part.name: part.drawn(published, v) for part in PARTS}
        return shown | {"message": "".join(cards.strip(n, tone="warning") for n in notes)}

    return TrendPage(
        asked,
        {
            "measure": ("Measure", measures),
            "group": ("Of whom", groups),
            "specialty": ("Specialty", specialties_held(published)),
            "provider": ("Hospital", parts_held(published, PROVIDER)),
            "source": ("Asked by", parts_held(published, SOURCE)),
            "per": ("Per 1,000", [("registered", REGISTERED), ("weighted", WEIGHTED)]),
            "preset": ("Rules", [(said, name) for name, said in words.PRESETS.items()]),
        },
        render,
        parts=_NAMES,
        figures=_FIGURES,
        name="referral_trends",
        set_back=set_back,
    )


def _one_cut(asked: Selection) -> tuple[Selection, list[str]]:
    """Keep the first of specialty, hospital and source that is asked for, and name the others."""
    chosen = [c for c in CUTS if str(asked.values[c]).strip().casefold() not in ("", "all")]
    if len(chosen) < 2:
        return asked, []
    others = chosen[1:]
    if asked.mode == "batch":
        raise SelectionError(
            f"One of specialty, provider and source can be shown at a time, and {len(chosen)} were "
            "asked for, so nothing was written: what few have in common is told of nobody. Leave "
            f"out {' and '.join(others)}."
        )
    values = {**asked.values, **dict.fromkeys(others, "")}
    return replace(asked, values=values), [words.PARTS[c] for c in others]
