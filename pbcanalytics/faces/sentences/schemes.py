"""Schemes said in words: what could be seen before, what became of it, what would come back."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from pbcanalytics.demand.schemes.effects import CHANCE, FELL, ROSE, TOO_EARLY, Judged, Plan
from pbcanalytics.demand.schemes.scheme import (
    APPROVED_UNSEEN,
    NOT_APPROVED,
    NOT_PLANNED,
    REGISTERED_LATE,
    Scheme,
)
from pbcanalytics.faces import wording
from pbcanalytics.faces.publishing.schemes import row_of

HEADS: Final = ("Scheme", "Measure", "Whose", "Starts", "Months", "Hoped for", "Approved")

VERDICTS: Final = {
    TOO_EARLY: "too early to tell",
    CHANCE: "could not be told from chance",
    FELL: "fell more than chance explains",
    ROSE: "rose more than chance explains",
}
REMARKS: Final = {
    REGISTERED_LATE: "It was registered after it had begun, so it cannot be known whether the "
    "measure, the practices or the months were chosen in sight of the result.",
    NOT_APPROVED: "Nobody has approved it.",
    NOT_PLANNED: "Nobody looked beforehand at what its evaluation could see ('pbc scheme-plan').",
    APPROVED_UNSEEN: "It was approved before anybody had looked at what its evaluation could see.",
}
NOTE: Final = (
    "An effect is what its practices did beyond the others of the PCT. What else happened to them "
    "alone in these months is in it too, and patients may have been sent elsewhere."
)
_ALIKE: Final = 0.005


def listed(schemes: Sequence[Scheme]) -> list[tuple[str, ...]]:
    """Give a row of texts per scheme, in the order of HEADS."""
    return [
        (
            s.name,
            s.measure + (f" ({', '.join(s.specialties)})" if s.specialties else ""),
            s.consortium or ", ".join(s.practices),
            f"{s.starts:%Y-%m}",
            str(s.months),
            change(1 + s.hoped_share),
            "not yet" if s.approved_on is None else f"{s.approved_by}, {s.approved_on}",
        )
        for s in schemes
    ]


def change(ratio: float | None) -> str:
    """
    Write a ratio as a change.

    Examples
    --------
    >>> change(0.82), change(1.0), change(None)
    ('−18%', '0%', 'not known')
    """
    if ratio is None:
        return "not known"
    percent = round(100 * (ratio - 1))
    return f"{percent:+d}%".replace("-", "−") if percent else "0%"


def says(row: Mapping[str, Any]) -> str:
    """
    Say in a sentence what became of a scheme.

    Parameters
    ----------
    row : mapping
        Table `schemes`.
    """
    if row["reason"]:
        return str(row["reason"])
    if row["is_withheld"]:
        return "Withheld: too few events to be told of its practices."
    until = _month(row["to_month"])
    effect = f"{change(row['effect_ratio'])} ({interval(row)}), to {until}"
    if row["verdict"] == TOO_EARLY:
        known = f"{row['n_months']} of {row['n_months_agreed']} months are known"
        return f"Too early to tell: {known}. So far: {effect}."
    if row["verdict"] == CHANCE:
        return f"No effect that could be told from chance: {effect}."
    of = f" ({row['specialty_names']})" if row["specialty_names"] else ""
    return f"{row['measure_title']}{of} {VERDICTS[row['verdict']]}: {effect}."


def interval(row: Mapping[str, Any]) -> str:
    """Write the 95% interval of an effect."""
    return f"{change(row['effect_low'])} to {change(row['effect_high'])}"


def placebos(row: Mapping[str, Any]) -> str:
    """Say where a scheme stands among groups that had none."""
    n, together = row["n_placebos"], row["n_together"]
    what = "practices" if together == 1 else f"groups of {together} practices"
    far = row["n_as_far"]
    as_far = "none" if not far else "all" if far == n else str(far)
    return f"Of {n} {what} without a scheme, judged as if they had it, {as_far} moved as far."


def seen(row: Mapping[str, Any]) -> str:
    """Say what could have been seen, and whether that was known when it was planned."""
    fall, rise = row["least_fall_ratio"], row["least_rise_ratio"]
    if fall is None:
        return "What could be seen is not known."
    said = f"A fall of {1 - fall:.0%} or a rise of {rise - 1:.0%} is found in 8 of 10 cases."
    least = row["planned_share"]
    if least is not None:
        said += f" When it was planned, {least:.0%} was said."
    return said


def hope(row: Mapping[str, Any]) -> str:
    """Say whether the effect that is hoped for could be seen."""
    hoped = row["hoped_share"]
    if hoped is None or row["least_fall_ratio"] is None:
        return ""
    word = "fall" if hoped < 0 else "rise"
    least = 1 - row["least_fall_ratio"] if hoped < 0 else row["least_rise_ratio"] - 1
    often = wording.chance(row["power_share"])
    if abs(hoped) < least:
        return (
            f"The hoped-for {word} of {abs(hoped):.0%} is smaller than the {least:.0%} that could "
            f"be seen: the evaluation could not tell. Were it true, it would be found in {often} "
            "cases."
        )
    return (
        f"The hoped-for {word} of {abs(hoped):.0%} could be seen: were it true, it would be found "
        f"in {often} cases."
    )


def compared(row: Mapping[str, Any]) -> str:
    """Say which months and whose were compared."""
    return (
        f"{_months(row['starts'], row['to_month'])} beside {_span(row)}; {_n(row['n_practices'])} "
        f"beside {row['n_controls']} of the PCT without a scheme in the measure, which changed by "
        f"{change(row['others_ratio'])}."
    )


def naive(row: Mapping[str, Any]) -> str:
    """Say what before and after alone would make of it, and what comes back on its own."""
    said = (
        f"Before and after alone, without the others, would say {change(row['naive_ratio'])}."
        if row["naive_ratio"] is not None
        else ""
    )
    stood, back = row["stood_ratio"], row["return_share"]
    if stood is None or back is None:
        return said
    chosen = row["is_chosen_by_figures"]
    when = (
        f"in {_months(row['figures_from'], row['figures_to'])}, by which they were chosen,"
        if chosen
        else "in the year before it began"
    )
    said += f" Its practices stood {change(stood)} against the PCT {when}"
    if abs(back) < _ALIKE:
        return f"{said} and would keep that level on their own.".strip()
    way = "comes back" if back > 0 else "rises again"
    said += f" and about {abs(back):.0%} of such a level {way} on its own, whatever is done."
    if chosen:
        said += (
            " So the months compared with are those before they were chosen, which luck has not "
            "picked."
        )
    return said.strip()


def remarks(row: Mapping[str, Any]) -> list[str]:
    """Say what weakens the evaluation."""
    said = [REMARKS[name] for name in str(row["remarks"] or "").split(",") if name]
    if row["beside"]:
        said.append(
            f"Some of its practices are under {row['beside']} too: what is seen is of both."
        )
    return said


def sentences(one: Judged) -> list[str]:
    """
    Say all of a scheme: the verdict first.

    Parameters
    ----------
    one : Judged

    Returns
    -------
    list of str
    """
    row = row_of(one)
    s = one.scheme
    names = f", {', '.join(one.specialty_names)}" if one.specialty_names else ""
    head = (
        f"{s.title}: {one.measure_title}{names}, from {_month(s.starts)}, for {s.months} months. "
        f"{s.what_is_done}"
    )
    said = [says(row)]
    if one.evaluation is not None:
        said += [placebos(row), compared(row), naive(row)]
    said += [seen(row), hope(row), *remarks(row)]
    return [head, *(x for x in said if x), NOTE]


def plan_sentences(
    plan: Plan,
    *,
    hoped_share: float | None,
    title: str,
    n_treated: int,
    n_controls: int,
    n_months: int,
    today: dt.date,
    is_chosen_by_figures: bool = False,
) -> list[str]:
    """
    Say, before a scheme is approved, what its evaluation could see.

    Parameters
    ----------
    plan : Plan
    hoped_share : float or None
        [share]
    title : str
        Of the measure.
    n_treated, n_controls : int
        [practices]
    n_months : int
        For so long it is to be evaluated. [months]
    today : date
        Day on which this was looked at.
    is_chosen_by_figures : bool
        The practices were chosen by their figures.

    Returns
    -------
    list of str
        The answer first; the last two are lines for the scheme's document.
    """
    fall, rise = plan.before.fall, plan.before.rise
    row = {
        "hoped_share": hoped_share,
        "least_fall_ratio": fall,
        "least_rise_ratio": rise,
        "power_share": plan.power_share,
        "planned_share": None,
    }
    least = least_share(plan, hoped_share)
    said = [x for x in (hope(row), seen(row)) if x]
    said.append(
        f"{title}: {_n(n_treated)} beside {n_controls} of the PCT, {plan.n_after} months against "
        f"{plan.n_before} before them, told from {_months(plan.evidence_from, plan.evidence_to)}."
    )
    if plan.n_ahead > 1:
        said.append(
            f"{_month(plan.evidence_to)} is the last whole month held, and the scheme begins "
            f"{plan.n_ahead} months later: what practices do in between is not in this."
        )
    if plan.n_after < n_months:
        said.append(
            f"{n_months} months are planned; too few are held to judge so many, which could show "
            "a little less than this."
        )
    if plan.return_share >= _ALIKE:
        said.append(
            f"These practices stood {change(plan.stood_ratio)} against the PCT; about "
            f"{plan.return_share:.0%} of such a level comes back on its own the year after. "
            + (
                "The evaluation will compare with the year before those figures."
                if is_chosen_by_figures
                else "If that is why they were chosen, say so (--figures 2017-04,2018-03)."
            )
        )
    return [
        *said,
        "Put this into the scheme's document before it is approved:",
        f"planned_on: {today}",
        f"least_detectable_share: {least:.3f}",
    ]


def least_share(plan: Plan, hoped_share: float | None) -> float:
    """Give the smallest change that could be seen, on the side hoped for. [share]."""
    is_rise = hoped_share is not None and hoped_share > 0
    return plan.before.rise - 1 if is_rise else 1 - plan.before.fall


def table(one: Judged) -> pd.DataFrame:
    """
    Give a scheme and its placebos as a table.

    Returns
    -------
    DataFrame, one row for the scheme and one per placebo
        `scheme`, `kind`, `practices`, `ratio`; the first also what table `schemes` has.
    """
    row = row_of(one)
    first = row | {
        "kind": "scheme",
        "practices": " ".join(one.treated),
        "ratio": row["effect_ratio"],
    }
    lead = ("scheme", "kind", "practices", "ratio")
    rows = [{**{k: first[k] for k in lead}, **row}]
    if one.evaluation is not None:
        found = one.evaluation.effect.placebos
        rows += [
            {"scheme": one.scheme.name, "kind": "placebo", "practices": codes, "ratio": float(r)}
            for codes, r in found.items()
        ]
    return pd.DataFrame(rows)


def machine(one: Judged) -> dict[str, Any]:
    """Give all of it as JSON takes it."""
    told: dict[str, Any] = json.loads(json.dumps(row_of(one), default=str))
    told |= {
        "practices": list(one.treated),
        "controls": list(one.controls),
        "sentences": sentences(one),
    }
    if one.evaluation is not None:
        effect = one.evaluation.effect
        told |= {
            "p_share": effect.p_share,
            "placebos": [
                {"practices": str(codes), "ratio": float(r)} for codes, r in effect.placebos.items()
            ],
        }
    return told


def plan_machine(plan: Plan, hoped_share: float | None, said: Sequence[str]) -> dict[str, Any]:
    """Give a plan as JSON takes it."""
    return {
        "least_detectable_share": least_share(plan, hoped_share),
        "least_fall_ratio": plan.before.fall,
        "least_rise_ratio": plan.before.rise,
        "hoped_share": hoped_share,
        "power_share": plan.power_share,
        "n_controls": plan.before.n_placebos,
        "n_months_before": plan.n_before,
        "n_months_after": plan.n_after,
        "evidence_from": f"{plan.evidence_from:%Y-%m}",
        "evidence_to": f"{plan.evidence_to:%Y-%m}",
        "n_months_ahead": plan.n_ahead,
        "stood_ratio": plan.stood_ratio,
        "return_share": plan.return_share,
        "sentences": list(said),
    }


def _month(day: dt.date) -> str:
    return wording.month(f"{day:%Y-%m}")


def _months(first: dt.date, last: dt.date) -> str:
    return _month(first) if first == last else f"{_month(first)} to {_month(last)}"


def _span(row: Mapping[str, Any]) -> str:
    return _months(row["baseline_from"], row["baseline_to"])


def _n(n: int) -> str:
    return f"{n} practice{'' if n == 1 else 's'}"
