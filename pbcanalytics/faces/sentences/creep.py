"""What the test of code creep found, said in words: a query, never an accusation."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from pbcanalytics.creep.mechanisms import DEPTH
from pbcanalytics.creep.result import Creep
from pbcanalytics.creep.statistics import FEWEST_PEERS
from pbcanalytics.faces import wording
from pbcanalytics.faces.sentences.creep_months import closing

HEADS: Final = (
    *("Provider", "Where", "Since", "Heard in", "It looks like", "Share rose, points"),
    *("To ask about, points", "To ask about, a year", "Between", "Better recording, a year"),
    "As paid at the margin",
)
"""Of the table of signals; the rise of a share that nothing judges is asked about whole."""

MOST_ROOTS: Final = 10
"""Single roots in the table, those with most pounds: all are in the file."""

STATES: Final = {
    "none": "nothing to ask about",
    "query": "query: ask the provider",
    "creep-confirmed": "query, borne out by patients who seem less ill",
    "recording": "better recording of the same patients",
    "true mix": "sicker patients",
    "new service": "new service, or more activity",
    "version": "change of grouper: cannot be told",
    "merger": "merger: cannot be told",
    "insufficient": "cannot be told: severity is told too poorly here",
}
"""What each state means to a reader."""

IN_SHORT: Final = {
    "query": "ask",
    "creep-confirmed": "ask; seem less ill",
    "recording": "better recording",
    "true mix": "sicker patients",
    "new service": "more activity",
    "version": "grouper changed",
    "merger": "merger",
    "insufficient": "cannot be told",
}
"""The same in the table, where there is little room."""

MECHANISMS: Final = {
    "day_case_to_ordinary": "planned stays of at most a day that are no day cases",
    "outpatient_to_day_case": "procedures done as day cases and not in outpatients",
    "zero_day": "emergency admissions of no days for each A&E attendance",
    "splitting": "stays that begin within two days of the last at the same hospital",
    "follow_up_to_first": "outpatient attendances that are first ones",
    "ward_attenders": "nurses' attendances, on wards or in clinics, out of these and stays",
    "depth": "stays with as many diagnoses as a third had before",
}
"""What each share is the share of, where no severity score judges it."""

WANTED: Final = {"ward_attenders": " New clinics of nurses, if wanted, look the same."}
"""What else a share rises by, where that is of this share alone."""

QUERY: Final = (
    "These are queries for validation, not findings: audits of payment by results found HRG errors "
    "of about 8% either way and a net error near nought, and reviews of the best-known cases found "
    "no wrongdoing. Ask the provider before anything else."
)

PRICES: Final = {
    "marginal": "At the margin: emergencies above their contract's threshold count at its marginal "
    "rate, the rest at full tariff.",
    "full": "At full tariff: the emergencies are below their contract's threshold, or the stays "
    "were planned.",
    "no_rate": "At full tariff: the rules of the year have no marginal rate for emergencies.",
    "no_threshold": "Full tariff: no threshold is known. Where one is agreed, put it into "
    "reference/threshold/<year>.csv; emergencies above it earn less.",
    "not_priced": "Full tariff: the stays of its years have no prices of those years, so what lies "
    "above a threshold is not known.",
    "not_parted": "Full tariff: how much of a share is emergencies, which may earn less above a "
    "threshold, is not known.",
}
"""Which price was used, by `price_used` of a signal."""

MARGINS: Final = {
    "marginal": "",
    "full": ", full tariff",
    "no_rate": ", full tariff",
    "no_threshold": "full tariff: no threshold",
    "not_priced": "full tariff: year not priced",
    "not_parted": "full tariff: emergencies unknown",
}
"""What stands beside pounds at the margin, or in their place, by `price_used`."""

UNSEARCHED: Final = (
    "Nobody has looked for changes of coding since the last build, so the page Coding changes "
    "tells of none: run 'pbc creep', then 'pbc publish' again."
)

ALTERNATIVES: Final = (
    "Other explanations to ask about: sicker or older patients than age and route of admission "
    "show; fuller coding of what was always there (a new system, a new team of coders); a new "
    "service or ward; shorter stays of the severely ill only; a change of the grouper or of a "
    "national coding rule (sepsis, kidney injury, palliative care)."
)


def sentences(found: Creep) -> list[str]:
    """
    Say what was looked at and what was found.

    Parameters
    ----------
    found : Creep

    Returns
    -------
    list of str
        A sentence or two each.
    """
    first, last = (_month(m) for m in (found.first_month, found.last_month))
    n = len(found.tested)
    said = [
        f"{n} shares of dear classes (a provider and a root of HRGs each) and {found.n_shares} "
        f"other shares were followed from {first} to {last}; the first 24 months say what is "
        "usual."
    ]
    if found.n_unusable:
        said.append(
            f"{found.n_unusable} more could not be followed: one of their first 24 months is flex "
            "or incomplete, or all 24 hold no dear or no cheap spells. What changed there is not "
            "known."
        )
    signals = to_ask_about(found.signals)
    if not n and not found.n_shares:
        said.append("So nothing was tested. Load final (freeze) months of the first two years.")
    elif signals.empty:
        said.append("Nothing stands out from what chance brings: there is nothing to ask about.")
    by_class = signals[signals["mechanism"] == "cc_split"]
    pools = by_class[by_class["level"] == "provider"]
    said += [_of_provider(row) for row in pools.to_dict("records")]
    said += _not_counted(found, pools)
    shares = signals[(signals["mechanism"] != "cc_split") & (signals["level"] == "provider")]
    states = dict(zip(pools["provider_code"], pools["state"], strict=True))
    said += [
        _of_depth(row, states, found.n_providers) if row["mechanism"] == DEPTH else _of_share(row)
        for row in shares.to_dict("records")
    ]
    rest = len(signals) - len(pools) - len(shares)
    if rest:
        some = f"{rest} single roots" if rest > 1 else "One single root"
        most = f"; the {MOST_ROOTS} largest are below" if rest > MOST_ROOTS else " (below)"
        said.append(
            f"{some} stand{'' if rest > 1 else 's'} out as well{most}. Of signals like these one "
            "in ten is likely to be chance."
        )
    if len(signals):
        said.append(QUERY)
    grown = len(found.signals) - len(signals)
    if grown:
        said.append(
            f"{grown} share{'s' if grown > 1 else ''} rose because there was more of one kind and "
            "not less of the other: more activity, not other recording. --csv lists every signal."
        )
    return said


def to_ask_about(signals: pd.DataFrame) -> pd.DataFrame:
    """Leave out the shares that rose by more activity and by no other recording."""
    return signals[(signals["mechanism"] == "cc_split") | (signals["state"] != "new service")]


def notes(found: Creep) -> list[str]:
    """Say what the signals rest on, and what else could explain them."""
    said = [ALTERNATIVES] if len(to_ask_about(found.signals)) else []
    if found.n_providers < 5:
        said.append(
            f"Only {found.n_providers} provider{'s' if found.n_providers > 1 else ''} can be "
            "followed: too few to be one another's peers, so what all providers did is not taken "
            "off, a season included. With the activity of the region the test is sharper."
        )
    weak = int((found.tested["auc"] < 0.65).sum())
    if weak:
        said.append(
            f"In {weak} of {len(found.tested)} series age, stay, route and outcome tell too little "
            "of how ill patients are (AUC under 0.65); they cannot bear out a query, and do not "
            "count in their provider's whole."
        )
    if found.n_left_out:
        said.append(
            f"{found.n_left_out:,} spells are in series of fewer than five a month, which no test "
            "could tell from chance; they were left out."
        )
    unpriced = int(found.signals["n_unpriced"].fillna(0).sum()) if len(found.signals) else 0
    if unpriced:
        said.append(
            f"{unpriced:,} spells of the years compared have no price; they count at the mean of "
            "their class, so that what prices did between the years is understated."
        )
    if len(found.signals):
        said.append(
            "Pounds are at the prices paid for stays as short as the cheap classes' are, for up to "
            "twelve months from the likeliest onset."
        )
        used = set(found.signals["price_used"].dropna())
        said += [PRICES[name] for name in PRICES if name in used]
    return [*said, *closing(found.closing)]


def rows(found: Creep) -> list[tuple[str, ...]]:
    """
    Give a row of texts per signal to ask about, in the order of HEADS.

    Returns
    -------
    list of tuple of str
        Whole providers, and the MOST_ROOTS single roots with most pounds.
    """
    asked = to_ask_about(found.signals)
    pounds = asked[["creep_pence", "recording_pence"]].astype("Float64").fillna(0).max(axis=1)
    is_root = asked["level"] == "root"
    largest = pounds[is_root].sort_values(ascending=False, kind="stable").index[:MOST_ROOTS]
    order = asked[~is_root | asked.index.isin(largest)].sort_values(
        ["provider_code", "level", "creep_pence"], ascending=[True, True, False]
    )
    return [
        (
            str(row["provider_code"]),
            _where(row),
            _month(row["onset"]),
            _month(row["month"]),
            IN_SHORT[str(row["state"])],
            _points(_risen(row)),
            _points(row["creep_share"]),
            *_pounds(row),
            "" if pd.isna(row["recording_pence"]) else wording.rough(int(row["recording_pence"])),
            at_the_margin(row),
        )
        for row in order.to_dict("records")
    ]


def machine(found: Creep) -> dict[str, Any]:
    """Give all of it as JSON takes it."""
    return {
        "first_month": f"{found.first_month:%Y-%m}",
        "last_month": f"{found.last_month:%Y-%m}",
        "n_series": len(found.tested),
        "limits": found.limits,
        "sentences": sentences(found),
        "notes": notes(found),
        "closing": found.closing.state,
        "provisional": json.loads(_monthly(found.closing.provisional).to_json(orient="records")),
        "signals": json.loads(_dated(found.signals).to_json(orient="records")),
        "practices": json.loads(found.practices.to_json(orient="records")),
    }


def table(found: Creep) -> pd.DataFrame:
    """Give the signals with months as texts, for a file."""
    return _dated(found.signals)


def _dated(signals: pd.DataFrame) -> pd.DataFrame:
    months = {c: pd.DatetimeIndex(signals[c]).strftime("%Y-%m") for c in ("month", "onset")}
    return signals.assign(**months)


def _of_provider(row: dict[Any, Any]) -> str:
    """Say what a provider's roots together show."""
    since = _month(row["onset"])
    who = f"{row['provider_code']}, all roots together, since {since}: {STATES[row['state']]}."
    if row["state"] == "creep-confirmed":
        return (
            f"{who} The dear share rose by {_points(row['creep_share'])} points "
            f"({_points(row['creep_low_share'])} to {_points(row['creep_high_share'])}) by "
            f"patients who seem no more ill than before: about "
            f"{wording.rough(int(row['creep_pence']))} in {row['n_months']} months, between "
            f"{wording.rough(int(row['creep_low_pence']))} and "
            f"{wording.rough(int(row['creep_high_pence']))}.{_audit(row)}"
        )
    if row["state"] == "recording":
        return (
            f"{who} Patients who were ill before are now recorded as such: "
            f"{_points(row['recording_share'])} points, about "
            f"{wording.rough(int(row['recording_pence']))} in {row['n_months']} months. It costs "
            "money, but it is not creep: the contract's rules for changes of counting and coding "
            "apply."
        )
    return who


def _not_counted(found: Creep, pools: pd.DataFrame) -> list[str]:
    """Say how much of a provider its pounds are of: what cannot be followed is not nought."""
    asked = pools[pools["state"].isin(["creep-confirmed", "recording"])]
    codes = [c for c in dict.fromkeys(asked["provider_code"]) if c in found.counted]
    return [
        f"{code}: these pounds are of the roots that can be followed, {found.counted[code]:.0%} of "
        "its stays in roots with dear and cheap classes. Whoever codes these roots codes the "
        "others too; what was done there is not counted."
        for code in codes
    ]


def _of_share(row: dict[Any, Any]) -> str:
    """Say what a share alone shows, for all of a provider's roots."""
    who = f"{row['provider_code']}, {MECHANISMS[row['mechanism']]}, since {_month(row['onset'])}: "
    risen = f"up by {_points(row['creep_share'])} points"
    worth = "what it comes to is not known, as no price is held of it."
    if not pd.isna(row["creep_pence"]):
        worth = (
            f"if none of the rise had a good reason it would be "
            f"{wording.rough(int(row['creep_pence']))} in {row['n_months']} months, so it is that "
            "at most."
        )
    return (
        f"{who}{risen}. {STATES['query'].capitalize()}. Nothing tells how ill these patients were; "
        f"{worth}{WANTED.get(row['mechanism'], '')}"
    )


def _of_depth(row: dict[Any, Any], states: Mapping[str, str], n_providers: int) -> str:
    """Say that a provider codes more deeply, and where that is told in pounds."""
    code = row["provider_code"]
    alike = f", which look like: {STATES[states[code]]}" if code in states else ""
    peers = (
        ""
        if n_providers >= FEWEST_PEERS
        else " Coding deepens everywhere, and fewer than five providers cannot take that off."
    )
    return (
        f"{code}, {MECHANISMS[DEPTH]}, since {_month(row['onset'])}: up by "
        f"{_points(row['creep_share'])} points. {STATES['query'].capitalize()}. Fuller coding of "
        f"the same patients looks the same. Its pounds are those of {code}'s dear classes{alike}; "
        f"they are not counted twice.{peers}"
    )


def _pounds(row: Mapping[Any, Any]) -> tuple[str, str]:
    """Write what creep comes to in a year, and its interval; depth is told by the classes."""
    if pd.isna(row["creep_pence"]):
        return "in its classes" if row["mechanism"] == DEPTH else "no price held", ""
    ends = (wording.rough(int(row[f"creep_{end}_pence"])) for end in ("low", "high"))
    return wording.rough(int(row["creep_pence"])), " to ".join(ends)


def at_the_margin(row: Mapping[Any, Any]) -> str:
    """
    Write what a signal comes to at the price paid at the margin, or why that is not known.

    Parameters
    ----------
    row : mapping
        `margin_pence` and `price_used` of `creep_signals`; empty without pounds.
    """
    if pd.isna(row["price_used"]):
        return ""
    known = "" if pd.isna(row["margin_pence"]) else wording.rough(int(row["margin_pence"]))
    return f"{known}{MARGINS[row['price_used']]}"


def _monthly(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(month=pd.DatetimeIndex(frame["month"]).strftime("%Y-%m"))


def _where(row: dict[Any, Any]) -> str:
    where = str(row["root"]) or "all its roots"
    if row["mechanism"] == "cc_split":
        return where
    what = str(row["mechanism"]).replace("_", " ")
    return f"{what}: {row['root']}" if row["root"] else what


def _risen(row: dict[Any, Any]) -> float:
    """Give the whole rise of a share."""
    parts = [row[f"{part}_share"] for part in ("true", "recording", "creep")]
    return float(sum(part for part in parts if not pd.isna(part)))


def _audit(row: dict[Any, Any]) -> str:
    if pd.isna(row["audit_notes"]):
        return ""
    return (
        f" Reading {int(row['audit_notes'])} notes of dear spells would settle it nine times in "
        f"ten: {int(row['audit_failures'])} or more wrong ones would bear the query out."
    )


def _month(when: Any) -> str:
    return wording.month(f"{pd.Timestamp(when):%Y-%m}")


def _points(share: float) -> str:
    """Write a change of a share in percentage points."""
    sign = "−" if share < 0 else ""
    return f"{sign}{abs(100 * share):.1f}"
