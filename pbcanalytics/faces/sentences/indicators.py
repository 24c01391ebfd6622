"""Indicators of coding, said in words: what to ask, what could not be counted, and why."""

import datetime as dt
import json
from typing import Any, Final

import pandas as pd

from pbcanalytics.creep import indicator_years as answers
from pbcanalytics.creep.indicators import Indicators
from pbcanalytics.creep.states import FALSE_DISCOVERY_SHARE
from pbcanalytics.faces import wording
from pbcanalytics.faces.sentences.creep_months import still_open

HEADS: Final = (
    *("No.", "Indicator", "Provider", "Latest year", "Between", "Year before", "Change"),
    *("Place", "Answer"),
)
"""Of the table; values per 100, means as they are."""

N_TEXTS: Final = 3

ANSWERS: Final = {
    answers.ASK: "worth asking about",
    answers.OTHER_WAY: "moved the other way",
    answers.AS_BEFORE: "as before",
    answers.MORE: "more of one, not less of the other",
    answers.FEW: "too few to say",
    answers.NO_YEAR: "no year before to compare with",
}

QUERY: Final = (
    "These are questions, not findings: every indicator has good reasons to move, and reviews of "
    "the best-known cases found no wrongdoing. Ask the provider before anything else."
)

COMPARED: Final = (answers.ASK, answers.OTHER_WAY, answers.AS_BEFORE, answers.MORE)
"""Answers of comparisons that could have ended in a question."""

N_SAID: Final = 5
"""Questions that are said in sentences; all are in the table."""

ANALYSTS: Final = (
    "Small numbers are shown, here and in --csv and --json, because these figures are for "
    "analysts: pass none of them on as they are."
)


def sentences(found: Indicators) -> list[str]:
    """
    Say how many indicators could be counted, and what is worth asking first.

    Parameters
    ----------
    found : Indicators

    Returns
    -------
    list of str
        A sentence or two each.
    """
    rows = found.rows
    until = wording.month(f"{found.last_month:%Y-%m}")
    n_there, n_all = rows["indicator"].nunique(), len(found.documents)
    n_providers = rows["provider_code"].nunique()
    who = found.provider or f"{n_providers} provider{'s' if n_providers != 1 else ''}"
    said = [f"{n_there} of {n_all} indicators can be counted for {who}, in the year to {until}."]
    tested = rows[rows["answer"].isin(COMPARED)]
    asked = tested[tested["answer"] == answers.ASK]
    if tested.empty:
        said.append("Nothing could be compared with a year before, so nothing is known to ask.")
        return said
    if asked.empty:
        said.append("Nothing moved in the way that asks: there is nothing to ask about.")
        return said
    said.append(
        f"{len(asked)} of {len(tested)} comparisons with the year before "
        f"{'are' if len(asked) > 1 else 'is'} worth asking about: moved by more than months and "
        f"other providers make likely. Of all such questions chance brings about "
        f"{wording.chance(FALSE_DISCOVERY_SHARE)} at most, on average."
    )
    certain = asked["change"] / (asked["change_high"] - asked["change_low"])
    first = asked.loc[certain.abs().sort_values(ascending=False, kind="stable").index[:N_SAID]]
    said += [_asked(row, found.documents[row["indicator"]]) for row in first.to_dict("records")]
    if len(asked) > N_SAID:
        said.append(f"{len(asked) - N_SAID} more are in the table.")
    return [*said, QUERY]


def rows(found: Indicators) -> list[tuple[str, ...]]:
    """
    Give a row of texts per indicator and provider, in the order of HEADS.

    Returns
    -------
    list of tuple of str
    """
    told: list[tuple[str, ...]] = []
    for row in found.rows.to_dict("records"):
        document = found.documents[row["indicator"]]
        told.append(
            (
                str(document["number"]),
                str(document["title"]),
                str(row["provider_code"]),
                _value(row["value"], document),
                f"{_value(row['low'], document)} to {_value(row['high'], document)}",
                _value(row["value_before"], document),
                _value(row["change"], document, is_signed=True),
                f"{row['place']} of {row['n_providers']}",
                ANSWERS[row["answer"]],
            )
        )
    return told


def gaps(found: Indicators) -> list[str]:
    """Name each indicator that could not be counted, with what it lacks."""
    return [
        f"Not counted: {found.documents[name]['number']} {found.documents[name]['title']}. "
        f"{_lacking(found, name, why)}"
        for name, why in found.gaps.items()
    ]


def notes(found: Indicators) -> list[str]:
    """Say what the sum rules show, and how to read the table."""
    return [
        *_sum_rules(found),
        "Values are per 100, means as they are; place 1 is the highest, and a high place is no "
        "fault. The limits of a year hold what chance does to counts (95%); a change is judged "
        "also by how much months and other providers' changes differ beyond chance, and all "
        "changes together. docs/methods/indicators.md says how.",
        *still_open(found.closing),
        ANALYSTS,
    ]


def table(found: Indicators) -> pd.DataFrame:
    """Give all rows and gaps for a file, with numbers and titles; a gap has its reason only."""
    words = {
        name: {key: one[key] for key in ("number", "title", "kind", "asks_when")}
        for name, one in found.documents.items()
    }
    lacking = [
        {"indicator": n, "not_counted": _lacking(found, n, y)} for n, y in found.gaps.items()
    ]
    frame = pd.concat([found.rows, pd.DataFrame(lacking)], ignore_index=True)
    for place, key in enumerate(("number", "title", "kind", "asks_when")):
        frame.insert(place, key, [words[name][key] for name in frame["indicator"]])
    frame.insert(len(frame.columns), "last_month", f"{found.last_month:%Y-%m}")
    return frame


def machine(found: Indicators) -> dict[str, Any]:
    """Give all of it as JSON takes it, the documents with it."""
    return {
        "last_month": f"{found.last_month:%Y-%m}",
        "sentences": sentences(found),
        "notes": notes(found),
        "not_counted": {name: _lacking(found, name, why) for name, why in found.gaps.items()},
        "indicators": [_plain(document) for document in found.documents.values()],
        "rows": json.loads(found.rows.to_json(orient="records")),
    }


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """Write the days of a document as texts."""
    return {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in document.items()}


def _asked(row: dict[Any, Any], document: dict[str, Any]) -> str:
    """Say what moved, and the first question to ask."""
    return (
        f"{row['provider_code']}, {document['number']} {_small(document['title'])}: "
        f"{_value(row['value_before'], document)} to {_value(row['value'], document)}"
        f"{'' if document['kind'] == 'mean' else ' per 100'}. Ask: "
        f"{document['questions_to_ask'][0]}"
    )


def _small(text: str) -> str:
    """Write a first word small, unless it is an abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _lacking(found: Indicators, name: str, why: str) -> str:
    """Say what an indicator lacks: something to load, or something that nobody can load."""
    if found.documents[name]["counted_by"] == "nothing":
        return why
    whose = f" of {found.provider}" if found.provider else ""
    return f"It needs what the latest twelve months{whose} do not hold: {_small(why)}"


def _sum_rules(found: Indicators) -> list[str]:
    """Say of each indicator with a sum rule what one way gained and the other lost."""
    said = []
    for row in found.rows.to_dict("records"):
        document = found.documents[row["indicator"]]
        if document["sum_rule"] == "none" or pd.isna(row["change"]) or row["n_gained"] <= 0:
            continue
        gained, lost = round(row["n_gained"]), round(row["n_lost"])
        other = f"{abs(lost):,} {'fewer' if lost >= 0 else 'more'}"
        said.append(
            f"{row['provider_code']}, {document['number']}: {gained:,} more of the one, {other} of "
            f"the other. {document['sum_rule']}"
        )
    return said


def _value(value: float, document: dict[str, Any], *, is_signed: bool = False) -> str:
    """Write a value: a mean with two decimals, anything else per 100 with one."""
    if pd.isna(value):
        return "–"
    text = f"{abs(value):,.2f}" if document["kind"] == "mean" else f"{abs(100 * value):,.1f}"
    sign = "−" if value < 0 else "+" if is_signed else ""
    return text if text.strip("0.,") == "" else sign + text
