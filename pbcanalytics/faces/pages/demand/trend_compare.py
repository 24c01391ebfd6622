"""The page of demand, practices side by side: funnel, nearest peers, and what they say."""

from dataclasses import dataclass
from html import escape
from typing import Any, Final

import numpy as np

from pbcanalytics.demand.comparing.overdispersion import Spread
from pbcanalytics.demand.comparing.practices import FEWEST_FOR_MEDIAN, is_beyond
from pbcanalytics.faces.charts import cards
from pbcanalytics.faces.charts.cards import Cell
from pbcanalytics.faces.charts.funnel_chart import DEFINITION, SHAPES, FunnelPoint, funnel_chart
from pbcanalytics.faces.pages.demand.side_by_side import pct_of, rows_of
from pbcanalytics.faces.pages.demand.trend_view import TrendView
from pbcanalytics.faces.sentences import compare
from pbcanalytics.faces.withholding.lettering import EXPLAINED, are_named, named_as
from pbcanalytics.faces.wording import month
from pbcanalytics.store import Published

_SHOWN_PEERS: Final = 10
_ALIKE_SD, _FAR_SD = 0.5, 1.5
_FEATURES: Final = {
    "list_size": ("List", "longer", "shorter"),
    "aged_65": ("Patients of 65 and over", "more", "fewer"),
    "under_5": ("Children under 5", "more", "fewer"),
    "need": ("Need for each patient", "more", "less"),
}


@dataclass(frozen=True)
class Field:
    """
    The practices that stand side by side.

    Attributes
    ----------
    pct_code : str
    rows : list of dict
        Rows of `measure_comparisons` that are told, the highest ratio first, codes breaking ties.
    n_withheld, n_not_known : int
        Practices of which nothing is told, and of which nothing can be expected.
    own : dict or None
        The row of the page's practice.
    spread : dict or None
        The row of `measure_spreads`; None where nothing is told.
    """

    pct_code: str
    rows: list[dict[str, Any]]
    n_withheld: int
    n_not_known: int
    own: dict[str, Any] | None
    spread: dict[str, Any] | None

    @property
    def peers(self) -> Spread | None:
        """How far practices differ; None where there are too few of them to say."""
        of = self.spread
        if of is None or of["tau_squared"] is None:
            return None
        parts = (np.asarray(of[k]) for k in ("mean_ratio", "tau_squared", "n_practices"))
        return Spread(*parts)


def funnel(published: Published, v: TrendView) -> dict[str, Any] | None:
    """
    Draw the practices in a funnel.

    Parameters
    ----------
    published : Published
        The published file.
    v : TrendView

    Returns
    -------
    dict or None
        A plotly figure; None for fewer than two practices.
    """
    of = field(published, v)
    if of is None or of.spread is None or len(of.rows) < 2:
        return None
    named = named_as(published, v)
    points = [
        FunnelPoint(
            name=(name := named(r["practice_code"])),
            expected=max(float(r["expected_events"]), 0.5),
            ratio=r["ratio"],
            chance=r["chance"],
            peers=r["peers"],
            is_own=r is of.own,
            says=f"{name}: {_told(r)}",
        )
        for r in of.rows
    ]
    return funnel_chart(
        points,
        of.peers,
        event_weight_ratio=of.spread["event_weight_ratio"],
        title=f"Counted over expected: {v.what}",
        description=f"{v.what} of {len(points)} practices in the twelve months to {_until(of)}. "
        f"{_says(of, v)} {DEFINITION} {SHAPES} The table below has the same figures.",
    )


def peers(published: Published, v: TrendView) -> str:
    """
    Make the table of the practices most like this one, with how far each feature is away.

    Parameters
    ----------
    published : Published
        The published file.
    v : TrendView
        Of a practice; of others there is nothing but a note.
    """
    if v.group["group_kind"] != "practice":
        return cards.note("Choose a practice to see which others are most like it.")
    own = v.group["group_code"]
    near = rows_of(published, "measure_peers", "practice_code = ? ORDER BY place", own)
    if not near:
        return cards.note("No list of this practice is held, so it is not known which are like it.")
    named, is_open = named_as(published, v), are_named(published)
    held = [f for f in _FEATURES if near[0][f"{f}_away"] is not None]
    rows = [
        {
            "peer": named(r["peer_code"]),
            "distance": r["distance"],
            **{f: away(r[f"{f}_away"], *_FEATURES[f][1:]) for f in held},
        }
        for r in near
    ]
    cells = [
        Cell("peer", "Nearest first", is_number=False),
        Cell("distance", "Distance", "{:.1f}".format),
        *(Cell(f, _FEATURES[f][0], is_number=False) for f in held),
    ]
    missing = [_FEATURES[f][0].lower() for f in _FEATURES if f not in held]
    made = cards.table(
        rows[:_SHOWN_PEERS], cells, caption=f"The practices most like {v.whose}, by their lists"
    )
    said = (
        "Distance: standard deviations over all features together; alike is within half of one. "
        "Deprivation and travel are not held"
        + (f", nor {', '.join(missing)}" if missing else "")
        + ". How these practices use hospitals plays no part."
    )
    made += cards.note(said if is_open else f"{said} {EXPLAINED}")
    # Figures would tell those who know the lists which practice a letter is.
    away_sd = [{"peer": r["peer"], **{k: n[k] for k in _distances(held)}} for r, n in
               zip(rows, near, strict=True)]  # fmt: skip
    return made + cards.download(
        away_sd if is_open else rows,
        file=f"peers_{own}.csv",
        text="Download all of them (CSV)",
        notes=[f"Most like {v.whose}; distances in standard deviations", said],
    )


def compared(published: Published, v: TrendView) -> str:
    """
    Say both answers, what luck would do and what could not have been seen; and the table twin.

    Parameters
    ----------
    published : Published
        The published file.
    v : TrendView
    """
    of = field(published, v)
    if of is None or of.spread is None:
        return cards.note("Practices cannot be compared: their numbers are withheld or not known.")
    n = len(of.rows)
    is_said = v.group["group_kind"] != "practice"
    said = [_says(of, v), _others(of, is_said=is_said), *_own_words(of), *_left_out(of)]
    shown = f'<p class="pbc-says">{escape(said[0])}</p>'
    shown += f"<p>{escape(' '.join(s for s in said[1:] if s))}</p>"
    named = named_as(published, v)
    rows = [{**r, "name": named(r["practice_code"]), "is_own": r is of.own} for r in of.rows]
    cells = [
        Cell("name", "Practice", is_number=False),
        Cell("expected_events", "Expected, about", "{:,}".format),
        Cell("told", "Counted over expected", is_number=False),
        Cell("first", "Chance", is_number=False),
        Cell("second", "Beside the others", is_number=False),
    ]
    caption = f"{v.what} of {n} practices, twelve months to {_until(of)}"
    table = cards.table(
        [{**r, **_texts(r)} for r in rows], cells, caption=caption, marked="own", mark_key="mark"
    )
    lettered = "" if are_named(published) else f" {EXPLAINED}"
    shown += (
        f"<details><summary>Show as table</summary>{table}"
        + cards.note(f"The most over expected first; no rank is meant.{lettered}")
        + "</details>"
    )
    shown += cards.note(f"{DEFINITION} {SHAPES}")
    keys = ("expected_events", "ratio", "ratio_low", "ratio_high", "chance", "peers", "to_month")
    return shown + cards.download(
        [{"practice": r["name"], **{k: r[k] for k in keys}} for r in rows],
        file=f"{v.measure['measure']}_{v.group['group_code']}_practices.csv",
        text="Download this comparison (CSV)",
        notes=[caption, *said, DEFINITION],
    )


def field(published: Published, v: TrendView) -> Field | None:
    """
    Read the practices that stand side by side in the view's measure and specialty.

    Returns
    -------
    Field or None
        None where nothing was compared.
    """
    pct = pct_of(published, v)
    if pct is None:
        return None
    where, key = "measure = ? AND specialty_code = ? AND pct_code = ?", (
        v.measure["measure"], v.specialty, pct,
    )  # fmt: skip
    every = rows_of(published, "measure_comparisons", where, *key)
    rows = [r for r in every if r["ratio"] is not None]
    rows.sort(key=lambda r: (-r["ratio"], r["practice_code"]))
    spread = rows_of(published, "measure_spreads", where, *key)
    code = v.group["group_code"] if v.group["group_kind"] == "practice" else None
    return Field(
        pct,
        rows,
        n_withheld=sum(r["is_withheld"] for r in every),
        n_not_known=sum(r["ratio"] is None and not r["is_withheld"] for r in every),
        own=next((r for r in rows if r["practice_code"] == code), None),
        spread=spread[0] if spread and rows else None,
    )


def away(sd: float, more: str, less: str) -> str:
    """
    Write how far a feature is away, in words: a number would tell which practice it is.

    Examples
    --------
    >>> [away(sd, "longer", "shorter") for sd in (0.4, -0.9, 2.0)]
    ['alike', 'shorter', 'much longer']
    """
    if abs(sd) < _ALIKE_SD:
        return "alike"
    return ("much " if abs(sd) >= _FAR_SD else "") + (more if sd > 0 else less)


def _distances(held: list[str]) -> list[str]:
    return ["place", "distance", *(f"{f}_away" for f in held)]


def _until(of: Field) -> str:
    return month(f"{of.rows[0]['to_month']:%Y-%m}")


def _texts(row: dict[str, Any]) -> dict[str, str]:
    """Write a row of the table twin."""
    low, high = (compare.signed(row[k]) for k in ("ratio_low", "ratio_high"))
    return {
        "told": f"{compare.signed(row['ratio'])} ({low} to {high})",
        "first": compare.by_chance(row["chance"]),
        "second": compare.beside(row["peers"]),
        "mark": "own" if row["is_own"] else "",
    }


def _told(row: dict[str, Any]) -> str:
    """Write a practice's difference and both answers."""
    first, second = compare.by_chance(row["chance"]), compare.beside(row["peers"])
    low, high = (compare.signed(row[k]) for k in ("ratio_low", "ratio_high"))
    return f"{compare.signed(row['ratio'])} ({low} to {high}); {first}; {second}"


def _says(of: Field, v: TrendView) -> str:
    """Say in one sentence how the page's practice stands, or how many differ."""
    own = of.own
    if own is None and v.group["group_kind"] == "practice":
        return f"{v.group['group_name']} is not shown here: its numbers are withheld or not known."
    if own is None:
        return f"{_counted(of)}."
    name = v.group["group_name"]
    differs = compare.percent(own["ratio"])
    if not is_beyond(own["chance"]):
        return f"{name} counts {differs} {_than(own)} expected, which chance alone can do."
    others = (
        "; nobody can say how far practices differ"
        if of.peers is None
        else " and than practices differ anyway"
        if is_beyond(own["peers"])
        else ", but no more than practices differ"
    )
    return f"{name} counts {differs} {_than(own)} expected: more than chance explains{others}."


def _than(row: dict[str, Any]) -> str:
    return "than" if round(100 * (row["ratio"] - 1)) else "as"


def _counted(of: Field) -> str:
    n_chance, n_peers = (sum(is_beyond(r[k]) for r in of.rows) for k in ("chance", "peers"))
    return compare.counted(n_chance, None if of.peers is None else n_peers, len(of.rows))


def _others(of: Field, *, is_said: bool) -> str:
    """Say how many differ (unless said already) and would by luck, and what is expected."""
    assert of.spread is not None
    n = len(of.rows)
    said = [] if is_said else [f"{_counted(of)}."]
    lucky = compare.luck(n)
    said.append(
        f"{lucky[0].upper()}{lucky[1:]} of {n} would lie outside the 95% lines by luck alone."
    )
    said.append(f"Expected: by {compare.BASES[of.spread['basis']]}.")
    if of.peers is None:
        said.append(f"Fewer than {FEWEST_FOR_MEDIAN} practices are no group of peers.")
    return " ".join(said)


def _own_words(of: Field) -> list[str]:
    """Say what could not have been seen at the page's practice, and its place."""
    if of.own is None:
        reasons = {r["no_place_reason"] for r in of.rows} - {None, ""}
        return [compare.nobody(reason) for reason in sorted(reasons)]
    least = compare.signed(of.own["least_detectable_ratio"])
    return [
        f"At a practice of its size a true difference below {least} would mostly not be seen.",
        compare.place(of.own, len(of.rows)),
    ]


def _left_out(of: Field) -> list[str]:
    """Say of how many nothing is shown, and why."""
    said = []
    if of.n_withheld:
        said.append(f"{_n(of.n_withheld)} withheld: few events, or others could be worked out.")
    if of.n_not_known:
        said.append(f"{_n(of.n_not_known)} left out: no list or too few events.")
    return said


def _n(n: int) -> str:
    return f"{n} practice is" if n == 1 else f"{n} practices are"
