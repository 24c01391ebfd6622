"""The referral chain, said in words: what GPs start, and what is started without them."""

import json
from typing import Any, Final

import pandas as pd

from pbcanalytics.demand.measuring.chain import STARTS, Chain
from pbcanalytics.demand.measuring.sums import ALL
from pbcanalytics.faces import wording

HEADS: Final = (
    *("Specialty", "Started by", "Referrals", "First", "Follow-up", "Procedures"),
    *("Planned stays", "Emergency stays"),
)
"""Of the table of the chain."""

_STAGES: Final = {
    "referral": "referrals",
    "first": "first attendances",
    "follow_up": "follow-ups",
    "procedure": "outpatient procedures",
    "elective": "planned stays",
    "emergency": "emergency stays",
}
_STARTS: Final = {
    "gp": "GPs",
    "consultant": "consultants",
    "emergency_department": "A&E",
    "other": "others",
    "unknown": "not known",
    ALL: "all",
}
NOTES: Final = (
    "A planned stay is counted to whoever referred to the patient's last attendance in the same "
    "specialty in the 18 months before; an emergency stay by its method of admission, so that a "
    "patient whom a GP sent to A&E stands there with A&E.",
    "Stages of the same months are held against each other, though one follows another by months.",
    "Small numbers are shown, because these figures are for analysts: pass none of them on as they "
    "are.",
)
"""What a reader of the chain must know."""


def sentences(chain: Chain, name: str) -> list[str]:
    """
    Say how much of the chain GPs start, and how one stage leads to the next.

    Parameters
    ----------
    chain : Chain
    name : str
        Whose chain it is: "all specialties", or one with its code.

    Returns
    -------
    list of str
    """
    if chain.not_held:
        lacking = wording.joined([_STAGES[s] for s in chain.not_held])
        gaps = [f"No {lacking} are loaded, so these are not known (and not 0)."]
    else:
        gaps = []
    if not len(chain.months):
        return gaps
    first, last = (wording.month(f"{m:%Y-%m}") for m in (chain.months[0], chain.months[-1]))
    code = ALL if (chain.stages["specialty_code"] == ALL).any() else None
    stages, links = (
        f if code is None else f[f["specialty_code"] == code] for f in (chain.stages, chain.links)
    )
    said = [f"{name}, {first} to {last} ({len(chain.months)} months)."]
    for stage in ("referral", "first", "elective"):
        of = stages[(stages["stage"] == stage) & stages["share"].notna()].set_index("start")
        if of.empty:
            continue
        gp, consultant = of.loc["gp"], of.loc["consultant"]
        said.append(
            f"Of {of['n_events'].max():,} {_STAGES[stage]}, GPs started {gp['share']:.0%} "
            f"({gp['share_low']:.0%} to {gp['share_high']:.0%}) and consultants "
            f"{consultant['share']:.0%} ({consultant['share_low']:.0%} to "
            f"{consultant['share_high']:.0%}), which GPs do not control."
        )
    whole = links[(links["start"] == ALL) & links["ratio"].notna()]
    for one in whole.to_dict("records"):
        said.append(
            f"For 100 {_STAGES[one['from_stage']]} there were {100 * one['ratio']:.0f} "
            f"{_STAGES[one['to_stage']]} ({100 * one['low']:.0f} to {100 * one['high']:.0f})."
        )
    return [*said, *gaps]


def rows(chain: Chain, names: dict[str, str]) -> list[tuple[str, ...]]:
    """Give a row of texts per specialty and start, in the order of HEADS."""
    wide = chain.stages.pivot(index=["specialty_code", "start"], columns="stage", values="n_events")
    specialties = [s for s in wide.index.unique(0) if s != ALL]
    specialties += [ALL] if ALL in wide.index.unique(0) else []
    said = []
    for code in specialties:
        for start in (*STARTS, ALL):
            counts = wide.loc[(code, start)]
            if start != ALL and not counts.fillna(0).any():
                continue
            name = "All specialties" if code == ALL else f"{code} {names.get(code, '')}".strip()
            told = ("not known" if pd.isna(counts[s]) else f"{counts[s]:,}" for s in _STAGES)
            said.append((name, _STARTS[start], *told))
    return said


def table(chain: Chain) -> pd.DataFrame:
    """Give the stages as one table: a row per specialty, start and stage."""
    return chain.stages.assign(first_month=_month(chain, 0), last_month=_month(chain, -1))


def machine(chain: Chain) -> dict[str, Any]:
    """Give all of a chain as JSON takes it."""
    return {
        "months": [f"{m:%Y-%m}" for m in chain.months],
        "not_held": list(chain.not_held),
        "stages": json.loads(chain.stages.to_json(orient="records")),
        "links": json.loads(chain.links.to_json(orient="records")),
    }


def _month(chain: Chain, which: int) -> str:
    return f"{chain.months[which]:%Y-%m}" if len(chain.months) else ""
