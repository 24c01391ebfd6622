"""Agreed versions in words: who, when, why, what changed, and whether all is as it was kept."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.agreement.versions import Difference, Replayed
from pbcanalytics.faces import wording
from pbcanalytics.faces.sentences.checklist import day
from pbcanalytics.store.agreed import Version
from pbcanalytics.words import periods

HEADS: Final = ("PCT", "Year", "Version", "Agreed on", "By", "Why", "Budgets", "Chain")

DIFFERENCE_HEADS: Final = ("", "Then", "Now", "Change")

STEPS: Final = {
    "activity_pence": "Base-year activity",
    "list_change_pence": "List size",
    "growth_pence": "Agreed growth",
    "uplift_pence": "Price uplift",
    "adjustment_pence": "Local adjustments",
    "scope_pence": "Held by others (scope)",
    "affordability_pence": "Affordability",
    "fair_share_pence": "Fair-share move",
    "indicative_pence": "Indicative budget",
    "resource_pence": "Resource",
    "available_pence": "Left for budgets",
    "reserved_pence": "Kept for practices without a list",
    "needed_pence": "Needed before affordability",
    "contingency_pence": "Contingency",
    "risk_pool_pence": "Risk pool",
    "top_slice_pence": "Top slice",
    "held_pence": "Held by others",
}
"""What the sums and steps of a budget are called."""

MOST_CELLS: Final = 40
"""So many differences are listed on a terminal; the table has all."""

INTACT: Final = "intact"


def kept(version: Version, seals_before: int) -> list[str]:
    """
    Say that a version was kept, and what its seal is for.

    Parameters
    ----------
    version : Version
    seals_before : int
        How many versions it is chained to.
    """
    assert version.agreed_on is not None
    total = 0 if version.indicative_pence is None else version.indicative_pence
    chained = f" It is chained to version {version.version - 1}." if seals_before else ""
    return [
        f"The budgets of {version.pct_code} for {version.financial_year}, "
        f"{wording.exact(total)} in all, are kept as version {version.version}: agreed on "
        f"{day(version.agreed_on)} by {version.agreed_by}. Reason: {version.reason}",
        f"{version.path} holds figures, inputs, rules and checksums, for the PCT and its auditors; "
        f"it has small counts in it and is not to be published.{chained}",
        f"Its seal, for the minutes: {version.seal}. Whoever has the seal can tell whether a file "
        "is the one that was agreed.",
    ]


def rows(found: list[Version]) -> list[tuple[str, ...]]:
    """
    Give a row of texts per version.

    Returns
    -------
    list of tuple of str
        In the order of HEADS.
    """
    return [
        (
            v.pct_code,
            v.financial_year,
            str(v.version),
            "" if v.agreed_on is None else day(v.agreed_on),
            v.agreed_by,
            v.reason,
            "" if v.indicative_pence is None else wording.exact(v.indicative_pence),
            (v.fault and f"BROKEN: {v.fault}") or INTACT,
        )
        for v in found
    ]


def chain(found: list[Version]) -> str:
    """Say whether all versions are as they were kept, or at which the chain is broken."""
    broken = [f"{v.pct_code} {v.financial_year} version {v.version}" for v in found if v.fault]
    if broken:
        return (
            f"The chain is broken at {wording.joined(broken)}. What was agreed cannot be shown "
            "from these files as they are: put them back from a copy."
        )
    n = len(found)
    versions = "The one version is" if n == 1 else f"All {n} versions are"
    return f"{versions} as kept, and chained to the one before."


def none_kept(year: str | None) -> str:
    """Say that nothing was agreed."""
    of = "" if year is None else f" of {periods.starting(periods.first_year(year))}"
    return (
        f"No budget{of} has been agreed here: what the pages show is provisional. "
        "'pbc agree' keeps one as agreed."
    )


def table(found: list[Version]) -> pd.DataFrame:
    """Give the versions as a table, one row each."""
    columns = ["pct_code", "financial_year", "version", "agreed_on", "agreed_by", "reason"]
    columns += ["indicative_pence", "made_at", "program", "seal", "fault"]
    told = [[getattr(v, c) for c in columns] for v in found]
    frame = pd.DataFrame(told, columns=columns)
    return frame.assign(file=[v.path.name for v in found])


def machine(found: list[Version]) -> list[dict[str, Any]]:
    """Give the versions as JSON takes them."""
    days = [None if v.agreed_on is None else v.agreed_on.isoformat() for v in found]
    frame = table(found).assign(agreed_on=pd.Series(days, dtype=object))
    told: list[dict[str, Any]] = json.loads(frame.to_json(orient="records"))
    return told


def difference_title(pct_code: str, year: str, then: str, now: str) -> str:
    """Say what is compared."""
    said = [_called(name) for name in (then, now)]
    return f"{pct_code}, {year}: {said[0]}, then {said[1]}."


def difference_rows(found: Difference) -> dict[str, list[tuple[str, ...]]]:
    """
    Give what changed as texts, totals first.

    Returns
    -------
    dict of str to list of tuple of str
        By title; in the order of DIFFERENCE_HEADS. The lines are those that changed.
    """
    lines = found.lines.assign(
        name=found.lines["practice_code"]
        + " "
        + found.lines["pod"]
        + ", "
        + found.lines["step"].map(_step)
    )
    return {
        "The PCT": _money(found.sums, found.sums["name"].map(_step)),
        "By step": _money(found.steps, found.steps["step"].map(_step)),
        "By practice": _money(found.practices, found.practices["practice_code"]),
        "By line and step, where anything changed": _money(lines, lines["name"]),
    }


def difference_table(found: Difference) -> pd.DataFrame:
    """
    Give the difference as one table.

    Returns
    -------
    DataFrame, one row per sum, step, practice, or line and step that changed
        `level`, `practice_code`, `pod`, `step`, `then_pence`, `now_pence`, `change_pence`.
    """
    sums = found.sums.rename(columns={"name": "step"}).assign(level="pct")
    practices = found.practices.assign(level="practice", step="indicative_pence")
    parts = (sums, found.steps.assign(level="step"), practices, found.lines.assign(level="line"))
    columns = ["level", "practice_code", "pod", "step", "then_pence", "now_pence", "change_pence"]
    return pd.concat([p.reindex(columns=columns) for p in parts], ignore_index=True)


def replayed(found: Replayed) -> list[str]:
    """Say what came of setting the budgets of a version again."""
    about = found.manifest
    which = (
        f"version {about.get('version')} of {about.get('pct_code')} {about.get('financial_year')}"
    )
    said = []
    if found.altered:
        said.append(
            f"This is not the file that was kept as {which}: {', '.join(found.altered)}. A "
            "spreadsheet that opens and saves a table is enough for that. Nothing was set again; "
            "put the file back from a copy."
        )
    elif found.differences.empty:
        said.append(
            f"The budgets of {which}, set again from the inputs kept with them by version "
            f"{found.program} of the program (then {about.get('program')}): the same to the penny."
        )
    else:
        n = len(found.differences)
        said.append(
            f"The budgets of {which}, set again by version {found.program} of the program (then "
            f"{about.get('program')}), differ in {n:,} {'cell' if n == 1 else 'cells'}:"
        )
        said += [_cell(row) for row in found.differences.head(MOST_CELLS).to_dict("records")]
        if n > MOST_CELLS:
            said.append(f"… and {n - MOST_CELLS:,} more; --csv writes all of them.")
    said.append(f"Seal of this file: {found.seal}")
    return said + _files(found)


def replay_machine(found: Replayed) -> dict[str, Any]:
    """Give what came of a replay as JSON takes it."""
    files = found.files
    return {
        "is_same": found.is_same,
        "seal": found.seal,
        "program": found.program,
        "altered": list(found.altered),
        "differences": json.loads(found.differences.to_json(orient="records")),
        "files": None if files is None else json.loads(files.to_json(orient="records")),
        "manifest": found.manifest,
    }


def _files(found: Replayed) -> list[str]:
    """Say which of the files loaded then are others now."""
    if found.files is None:
        return []
    other = found.files[found.files["state"] != "same"]
    if other.empty:
        return [
            f"All {len(found.files)} files loaded then are loaded now, with the same checksums."
        ]
    words = {"changed": "has another checksum now", "gone": "is not loaded now"}
    return [
        f"{row['file']}, loaded then, {words[row['state']]}." for row in other.to_dict("records")
    ]


def _cell(row: Mapping[Any, Any]) -> str:
    """Say how one cell differs."""
    at = ", ".join(t for t in (str(row["part"]), str(row["row"]), _step(str(row["column"]))) if t)
    return f"  {at}: then {_shown(row, 'then')}, now {_shown(row, 'now')}"


def _shown(row: Mapping[Any, Any], when: str) -> str:
    """Write a value; money as money."""
    text = str(row[when])
    is_money = str(row["column"]).endswith("_pence") and text.lstrip("-").isdigit()
    return wording.exact(int(text)) if is_money else text or "nothing"


def _step(name: str) -> str:
    """Give what a step or sum is called."""
    return STEPS.get(name, name)


def _called(name: str) -> str:
    """Name a version, or the data as they are."""
    return "as the data are now" if name.strip().lower() == "now" else f"version {name}"


def _money(frame: pd.DataFrame, names: "pd.Series[Any]") -> list[tuple[str, ...]]:
    """Write names and sums as rows of texts."""
    return [
        (
            str(name),
            wording.exact(int(then)),
            wording.exact(int(now)),
            f"{'+' if change > 0 else ''}{wording.exact(int(change))}",
        )
        for name, then, now, change in zip(
            names,
            frame["then_pence"],
            frame["now_pence"],
            frame["change_pence"],
            strict=True,
        )
    ]
