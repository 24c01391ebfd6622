"""A record as it stands in a file: read, and refused with every fault that it has."""

import functools
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from pbcanalytics.reference.rule_values import RULE_VALUES, fault_of, told
from pbcanalytics.words.errors import ReferenceGap

STATUSES: Final = ("official", "example", "unverified")
"""How far a value may be trusted (domain 0): only `official` may be shown as such."""

LABEL_COLUMNS: Final = ("hrg", "name", "root", "code", "setting")
"""Endings of columns that hold no numbers, so that nothing rests on their status."""

_RULES: Final = "rules"


def checked(
    path: Path,
    subject: str,
    financial_year: str | None,
    *,
    held: Mapping[str, Any] | None,
    sources: Collection[str] | None,
) -> dict[str, Any]:
    """
    Read a record and hold it against what records must be.

    Parameters
    ----------
    path : Path
        The `.yaml` file.
    subject, financial_year : str
        What it is a record of.
    held : mapping of str to any, optional
        The rules of earlier folders that this one changes; None if it is the first.
    sources : collection of str, optional
        Keys of the sources that are known; None if what it cites is not to be looked up.

    Returns
    -------
    dict of str to any
        The record as it stands there.

    Raises
    ------
    ReferenceGap
        With every fault of the file.
    """
    try:
        record = _parsed(path, path.stat().st_mtime_ns)
        faults = _faults(record, subject, financial_year, held, sources)
    except (yaml.YAMLError, UnicodeError) as error:
        record, faults = None, [_unreadable(error)]
    if faults:
        where = "docs/rules.md" if subject == _RULES else "docs/reference-data.md"
        raise ReferenceGap(
            f"{path} cannot be used, because figures would be wrong: {'; '.join(faults)}. Correct "
            f"the file, then build again; {where} says how it is written."
        )
    return dict(record or {})


@functools.lru_cache(maxsize=512)
def _parsed(path: Path, changed_ns: int) -> Any:
    """Read a file, anew whenever it has changed."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=loader)


def _unreadable(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return "it is no text in UTF-8 that can be read as a record"
    # The place at which reading stopped is where the fault shows, at times a line after it.
    return (
        f"it cannot be read from line {mark.line + 1} on; look there and on the line before for "
        "a bracket, a quotation mark, a colon or spaces that are missing or too many"
    )


def _faults(
    record: Any,
    subject: str,
    year: str | None,
    held: Mapping[str, Any] | None,
    sources: Collection[str] | None,
) -> list[str]:
    if record is None:
        return ["it is empty"]
    if not isinstance(record, dict):
        return ["it does not consist of names with values, such as 'title: ...'"]
    faults = []
    if held is None or not {subject, *record} & {_RULES}:
        faults += [f"it has no {name}" for name in ("title", "source") if not record.get(name)]
    faults += _of_columns(record, sources)
    if subject == _RULES or _RULES in record:
        faults += _of_rules(record, subject, year, held, sources)
    return faults


def _of_columns(record: dict[str, Any], sources: Collection[str] | None) -> list[str]:
    columns = record.get("columns", {})
    if not isinstance(columns, dict):
        return ["below 'columns:' stand no columns"]
    faults = []
    for name, says in columns.items():
        if not isinstance(says, dict):
            faults.append(f"column {name} is {told(says)}, without unit and status")
        elif "status" in says or not str(name).endswith(LABEL_COLUMNS):
            faults += _of_status(
                f"column {name}", says.get("status"), record.get("source"), sources
            )
    return faults


def _of_rules(
    record: dict[str, Any],
    subject: str,
    year: str | None,
    held: Mapping[str, Any] | None,
    sources: Collection[str] | None,
) -> list[str]:
    rules = record.get(_RULES)
    known = RULE_VALUES if subject == _RULES else held
    outside = [n for n in record if subject == _RULES and n in RULE_VALUES]
    faults = [f"{name} does not stand below 'rules:'" for name in outside]
    if not isinstance(rules, dict) or not rules:
        return [*faults, "below 'rules:' stand no rules"]
    unknown = [str(name) for name in rules if known and name not in known]
    if unknown and known:
        faults.append(
            f"it names rules that do not exist: {', '.join(unknown)} (the rules: "
            f"{', '.join(known)})"
        )
    for name, rule in rules.items():
        if str(name) in unknown:
            continue
        if not isinstance(rule, dict):
            faults.append(f"{name} is {told(rule)}; its value must stand below it, as 'value: ...'")
            continue
        if "value" not in rule:
            faults.append(f"{name} has no value (write 'value: null' where it is not known)")
        elif subject == _RULES and (fault := fault_of(name, rule["value"], year)):
            faults.append(fault)
        status = rule.get("status", "unverified")
        faults += _of_status(str(name), status, rule.get("source"), sources)
    return faults


def _of_status(name: str, status: Any, source: Any, sources: Collection[str] | None) -> list[str]:
    if status not in STATUSES:
        return [f"{name} has the status {told(status)}, and may have {', '.join(STATUSES)}"]
    if status != "official" or sources is None or str(source or "") in sources:
        return []
    if not source:
        return [f"{name} is official without a source"]
    return [f"{name} is official by the source {told(source)}, which is not in sources.csv"]
