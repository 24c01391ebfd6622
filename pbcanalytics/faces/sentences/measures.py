"""Measures of demand, said in words: what each counts, where practices stand, what is not known."""

import datetime as dt
import json
from typing import Any, Final

import pandas as pd

from pbcanalytics.demand.measuring.grid import Grid
from pbcanalytics.demand.measuring.measure_gaps import Gap
from pbcanalytics.demand.measuring.measures import (
    NOT_REVIEWED,
    REVIEWED,
    UNDER_REVIEW,
    Condition,
    Measure,
)
from pbcanalytics.demand.measuring.sums import ALL, NO_LIST, NO_ROWS, SMALL_DENOMINATOR
from pbcanalytics.faces import wording
from pbcanalytics.faces.sentences import compare
from pbcanalytics.reference.events import EVENTS

LISTED: Final = ("Measure", "What it is", "Per", "Direction", "Review")
"""Heads of the list of measures."""

STANDING: Final = (
    *("Measure", "Practice", "Specialty", "Counted", "Of", "Value", "19 times in 20"),
    *("By age and sex", "19 times in 20", "Months"),
)
"""Heads of the table of the latest year."""

PER: Final = {
    "1000 registered": "1,000 registered patients",
    "1000 weighted": "1,000 weighted patients",
    "share": "share",
    "ratio": "ratio",
}
DIRECTIONS: Final = {
    "lower_better": "lower is usually better",
    "higher_better": "higher is usually better",
    "none": "no better or worse",
}
REVIEWS: Final = {
    REVIEWED: "reviewed",
    UNDER_REVIEW: "under review",
    NOT_REVIEWED: "not yet reviewed",
}
REASONS: Final = {
    NO_ROWS: "not known",
    NO_LIST: "no list",
    SMALL_DENOMINATOR: "too few",
}
_STARTS: Final = {
    "gp": "GPs",
    "consultant": "consultants",
    "same_consultant": "the same consultant",
    "emergency_department": "A&E",
    "dentist": "dentists",
    "self": "patients themselves",
    "other": "others",
    "unknown": "nobody knows whom",
}
_PODS: Final = {
    "DC": "day cases",
    "EL": "planned, in a bed",
    "NEL": "emergency",
    "NELNE": "other unplanned",
    "RA": "regular attenders",
    "unknown": "of unknown admission",
}


def listing(measures: tuple[Measure, ...], today: dt.date) -> list[tuple[str, ...]]:
    """Give a row of texts per measure, in the order of LISTED."""
    return [
        (
            m.name,
            f"{m.title} (your own)" if m.is_own else m.title,
            PER[m.per],
            DIRECTIONS[m.direction],
            _review(m, today),
        )
        for m in measures
    ]


def defined(measure: Measure, today: dt.date) -> list[str]:
    """Say how a measure is defined and what it cannot tell, a paragraph each."""
    lower = PER[measure.per] if measure.denominator is None else _counted(measure.denominator)
    by_age = ", also against what ages and sexes lead one to expect"
    said = [
        f"{measure.title}. {measure.why_it_matters}",
        f"Counted: {_counted(measure.numerator)}; divided by {lower}"
        f"{by_age if measure.standardise == 'age_sex' else ''}; {DIRECTIONS[measure.direction]}.",
        f"From: {measure.source}",
        f"Limits: {measure.limits}",
        f"Beware: {measure.when_wrong}",
        f"To ask: {' '.join(measure.questions_to_ask)}",
    ]
    by = "" if measure.review(today) == NOT_REVIEWED else f" by {measure.reviewer}"
    return [*said, f"Written by {measure.author}; {_review(measure, today)}{by}."]


def headlines(grid: Grid) -> list[str]:
    """Say where all practices stand in each measure, and which lie outside what chance allows."""
    said = []
    for measure in grid.measures:
        rows = grid.yearly[grid.yearly["measure"] == measure.name]
        whole = rows[(rows["practice_code"] == ALL)]
        whole = whole[whole["specialty_code"].isin([ALL, *whole["specialty_code"].unique()[:1]])]
        if whole.empty:
            continue
        one = whole.to_dict("records")[-1]
        specialty = "" if one["specialty_code"] == ALL else f", specialty {one['specialty_code']}"
        over = f"all practices{specialty}, {_period(grid, int(one['n_months']))}"
        if one["reason"]:
            said.append(f"{measure.title} ({over}): {REASONS[one['reason']]}.")
            continue
        said.append(
            f"{measure.title} ({over}): {_value(measure, one['value'])}"
            f"{_unit(measure)} ({_range(measure, one['low'], one['high'])})."
        )
        said += _outside(measure, rows, str(one["specialty_code"]))
    return said


def standing(grid: Grid) -> list[tuple[str, ...]]:
    """
    Give a row of texts per measure, practice and specialty, over the latest year.

    Returns
    -------
    list of tuple of str
        In the order of STANDING. All specialties together only, unless one was asked for.
    """
    measures = {m.name: m for m in grid.measures}
    frame = grid.yearly
    if (frame["specialty_code"] == ALL).any():
        frame = frame[frame["specialty_code"] == ALL]
    rows: list[tuple[str, ...]] = []
    for one in frame.to_dict("records"):
        measure = measures[one["measure"]]
        is_given = not one["reason"]
        is_held_against = is_given and pd.notna(one["ratio"]) and one["practice_code"] != ALL
        rows.append(
            (
                measure.name,
                "All practices" if one["practice_code"] == ALL else str(one["practice_code"]),
                "all" if one["specialty_code"] == ALL else str(one["specialty_code"]),
                _count(one["numerator"]),
                _count(one["denominator"]),
                _value(measure, one["value"]) if is_given else REASONS[one["reason"]],
                _range(measure, one["low"], one["high"]) if is_given else "",
                f"× {one['ratio']:.2f}" if is_held_against else "",
                f"{one['ratio_low']:.2f} to {one['ratio_high']:.2f}" if is_held_against else "",
                str(one["n_months"]),
            )
        )
    return rows


def gaps(grid: Grid) -> list[str]:
    """Say what is not known, a sentence each; measures that share a gap share its sentence."""
    by_sentence: dict[str, list[str]] = {}
    for gap in grid.gaps:
        by_sentence.setdefault(_gap(gap), []).append(gap.measure)
    return [f"{wording.joined(names)}: {said}" for said, names in by_sentence.items()]


MOST_NAMES: Final = 12
"""Names that a sentence gives; of more, it says how many."""

NOTES: Final = (
    "Rates are per patient and year, over the latest twelve months; --csv has every month. "
    "Intervals take events as independent; of patients who come often, chance moves a rate more. "
    "Practices mostly differ by more than chance, so a difference alone is no finding.",
    "Small numbers are shown, because these figures are for analysts: pass none of them on as they "
    "are.",
)
"""What a reader of the table must know."""


def table(grid: Grid) -> pd.DataFrame:
    """
    Give every month as one table.

    Returns
    -------
    DataFrame, one row per measure, practice, specialty and month
        As `measuring.cells`, with `per` and `direction`.
    """
    by_name = {m.name: m for m in grid.measures}
    of = grid.monthly["measure"].map
    return grid.monthly.assign(
        per=of({n: m.per for n, m in by_name.items()}),
        direction=of({n: m.direction for n, m in by_name.items()}),
    ).drop(columns="n_months")


def machine(grid: Grid, today: dt.date) -> dict[str, Any]:
    """Give all of a grid as JSON takes it."""
    return {
        "measures": definitions(grid.measures, today),
        "from": f"{grid.months[0]:%Y-%m}",
        "to": f"{grid.months[-1]:%Y-%m}",
        "confidence_share": grid.confidence_share,
        "gaps": [{**vars(gap), "sentence": _gap(gap)} for gap in grid.gaps],
        "year": json.loads(grid.yearly.to_json(orient="records")),
        "months": json.loads(grid.monthly.drop(columns="n_months").to_json(orient="records")),
    }


def definitions(measures: tuple[Measure, ...], today: dt.date) -> list[dict[str, Any]]:
    """Give the definitions of measures as JSON takes them."""
    told = []
    for measure in measures:
        fields = {**vars(measure), "review": measure.review(today)}
        fields["numerator"] = vars(measure.numerator)
        fields["denominator"] = measure.denominator and vars(measure.denominator)
        fields["review_date"] = measure.review_date and measure.review_date.isoformat()
        told.append(fields | {"next_review": measure.next_review.isoformat()})
    return told


def _outside(measure: Measure, rows: pd.DataFrame, specialty: str) -> list[str]:
    """Name the practices that differ from what their ages and sexes lead one to expect."""
    own = rows[(rows["practice_code"] != ALL) & (rows["specialty_code"] == specialty)]
    own = own[own["ratio"].notna()]
    if own.empty:
        return []
    higher, lower = own[own["ratio_low"] > 1], own[own["ratio_high"] < 1]
    named = [
        f"{r['practice_code']} ({'higher' if r['ratio'] > 1 else 'lower'}, × {r['ratio']:.2f})"
        for r in pd.concat([higher, lower]).to_dict("records")
    ]
    return [
        f"Of {len(own)} practices, {len(named)} differ from what ages and sexes lead one to expect "
        f"by more than chance alone would mostly bring{': ' if named else ''}"
        f"{wording.joined(named)}; {compare.luck(len(own))} would by luck alone."
    ]


def _counted(condition: Condition) -> str:
    """Say what a condition counts."""
    said = wording.joined([EVENTS[e].words for e in condition.events])
    if condition.counts_days:
        said = f"days of {said}"
    if condition.kinds:
        said += f" ({', '.join(k.replace('_', ' ') for k in condition.kinds)})"
    if condition.pods:
        said += f", {' or '.join(_PODS[p] for p in condition.pods)}"
    if condition.sources:
        said += f", started by {' or '.join(_STARTS[s] for s in condition.sources)}"
    return said


def _gap(gap: Gap) -> str:
    """Say one thing that is not known, and what that does."""
    events = wording.joined([EVENTS[n].words for n in gap.names if n in EVENTS])
    more = len(gap.names) - MOST_NAMES
    kept = list(gap.names[:MOST_NAMES])
    names = wording.joined([*kept, f"{more} more"] if more > 0 else kept)
    part = f"{gap.n:,} of {gap.of:,}"
    return {
        "not_loaded": f"no {events} are loaded, so it is not known (and not 0)",
        "months_missing": f"nothing was sent for {names}, so these months are missing (and not 0)",
        "provider_silent": f"{names} sent nothing in between; if there was any, values are too low",
        "codes_unknown": f"{part} events do not say what decides whether they count, and do not",
        "unpriced": f"{part} stays have no price, so the days of these are not in it",
        "lists_missing": f"no list is held of {names} for all or some months, so there is no rate",
        "ages_missing": "too few ages and sexes are known, so nothing is expected by them",
        "age_lists_missing": f"{names} have no list by age and sex, so nothing is expected of them",
        "left_out": f"{part} events are of no practice in the register, or have no month",
    }[gap.what] + "."


def _review(measure: Measure, today: dt.date) -> str:
    status = measure.review(today)
    due = f"{measure.next_review.day} {measure.next_review:%B %Y}"
    return f"{REVIEWS[status]} ({'since' if status == UNDER_REVIEW else 'next'} {due})"


def _period(grid: Grid, n_months: int) -> str:
    shown = grid.months[-12:]
    first, last = (wording.month(f"{m:%Y-%m}") for m in (shown[0], shown[-1]))
    known = "" if n_months == len(shown) else f", {n_months} of {len(shown)} months known"
    return f"{first} to {last}{known}"


def _unit(measure: Measure) -> str:
    if measure.is_rate:
        return f" per {PER[measure.per]} a year"
    return "" if measure.per == "share" else " to 1"


def _value(measure: Measure, value: float) -> str:
    """Write a value in three figures, as it deserves."""
    if pd.isna(value):
        return ""
    if measure.per == "share":
        return f"{value:.1%}"
    if value == float("inf"):
        return "no limit"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _range(measure: Measure, low: float, high: float) -> str:
    return f"{_value(measure, low)} to {_value(measure, high)}"


def _count(count: float) -> str:
    return "" if pd.isna(count) else f"{count:,.0f}"
