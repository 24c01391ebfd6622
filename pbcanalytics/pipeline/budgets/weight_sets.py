"""Weight sets, need and market forces factors and the rules of fair shares, off the shelf."""

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.shares.age_weights import WeightSet, weight_set
from pbcanalytics.reference import Shelf
from pbcanalytics.words import periods
from pbcanalytics.words.errors import ReferenceGap

_WEIGHTS: Final = "age_weights"
_FACTORS: Final = "practice_factors"
_RULES: Final = "fair_shares"
_COLUMNS: Final = ("need_ratio", "mff_ratio")
_NO_FACTORS: Final[dict[str, Any]] = {
    "factors_status": None,
    "factors_note": None,
    "factors_held": [],
    "need_spread_share": None,
}


def chosen_weights(held: Shelf, year: str) -> WeightSet:
    """
    Take the latest age weights that are not of a later year.

    Raises
    ------
    ReferenceGap
        If none is held, or the set cannot be used.
    """
    known = [y for y in held.years(_WEIGHTS) if periods.first_year(y) <= periods.first_year(year)]
    if not known:
        raise ReferenceGap(
            f"No age weights are held for {year} or before, so lists cannot be weighed. Add "
            f"reference/{_WEIGHTS}/{periods.in_file_name(year)}.csv and .yaml to your data folder; "
            "docs/fair-shares.md shows how."
        )
    dated = known[-1]
    record = held.record(_WEIGHTS, dated)
    return weight_set(
        _read(held, _WEIGHTS, dated),
        dated=dated,
        status=_worst(record.statuses),
        source=_title(held, record.source),
        note=record.title,
    )


def factors_of(held: Shelf, year: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """
    Take need index and market forces factor of the year's practices.

    Returns
    -------
    DataFrame, one row per practice
        `practice_code`, `need_ratio`, `mff_ratio`, as Fractions or None; empty where the year has
        none.
    dict
        `factors_status`, `factors_note` (None where the year has none), `factors_held` (the
        columns that are held), `need_spread_share` (how far practices' true need spreads, where
        their own records gave the need; None where a formula did). [share]

    Raises
    ------
    ReferenceGap
        With every fault of the table.
    """
    names = ["practice_code", *_COLUMNS]
    if year not in held.years(_FACTORS):
        return pd.DataFrame(columns=names, dtype=object), dict(_NO_FACTORS)
    rows = _read(held, _FACTORS, year)
    columns = [c for c in _COLUMNS if c in rows.columns]
    faults = [] if columns else ["it has neither need_ratio nor mff_ratio"]
    if "practice_code" not in rows.columns:
        faults.append("it has no column practice_code")
        rows["practice_code"] = ""
    twice = rows.loc[rows["practice_code"].duplicated(), "practice_code"].unique()
    faults += [f"{code} stands there twice" for code in twice if code]
    found = pd.DataFrame({"practice_code": rows["practice_code"]}, dtype=object)
    for column in _COLUMNS:
        texts = rows[column] if column in columns else [""] * len(rows)
        values = [_ratio(t) for t in texts]
        faults += [
            f"{column} '{t}' of {c} is no number above 0"
            for t, v, c in zip(texts, values, rows["practice_code"], strict=True)
            if t and v is None
        ]
        found[column] = pd.Series(values, dtype=object)
    if faults:
        raise ReferenceGap(
            f"The need and market forces factors of {year} cannot be used, because shares would "
            f"be wrong: {'; '.join(faults[:8])}{' …' if len(faults) > 8 else ''}. Correct "
            f"reference/{_FACTORS}/{periods.in_file_name(year)}.csv."
        )
    record = held.record(_FACTORS, year)
    spread = _spread(record.rules, year)
    given = [c for c in _COLUMNS if any(v is not None for v in found[c])]
    return found, {
        "factors_status": _worst(record.statuses),
        "factors_note": record.title,
        "factors_held": given,
        "need_spread_share": spread,
    }


def _spread(rules: dict[str, dict[str, Any]], year: str) -> Fraction | None:
    value = rules.get("need_spread_share", {}).get("value")
    spread = None if value is None else _ratio(str(value))
    if value is not None and spread is None:
        raise ReferenceGap(
            f"need_spread_share of {year} is {value}, which is no share above 0, so need cannot be "
            f"told from chance. Correct reference/{_FACTORS}/{periods.in_file_name(year)}.yaml."
        )
    return spread


def share_rules(held: Shelf) -> dict[str, dict[str, Any]]:
    """
    Give the rules that chance and pace of change rest on.

    Returns
    -------
    dict of str to dict
        `value` (Fraction), `status`, `note`.

    Raises
    ------
    ReferenceGap
        If a rule has no value, or one that is no number.
    """
    rules = held.record(_RULES).rules
    values = {name: _ratio(str(rule["value"]), least=None) for name, rule in rules.items()}
    wrong = [f"{n} ({rules[n]['value']})" for n, v in values.items() if v is None]
    confidence = values["confidence_share"]
    if confidence is not None and not 0 < confidence < 1:
        wrong.append(
            f"confidence_share ({rules['confidence_share']['value']}), not between 0 and 1"
        )
    if wrong:
        raise ReferenceGap(
            f"Rules of fair shares have no usable value: {', '.join(wrong)}. Without them nothing "
            f"can be said of chance or pace. Correct reference/{_RULES}.yaml of your data folder."
        )
    return {
        name: {
            "value": values[name],
            "status": str(rule["status"]),
            "note": str(rule.get("note") or ""),
        }
        for name, rule in rules.items()
    }


def _read(held: Shelf, subject: str, year: str) -> pd.DataFrame:
    path: Path = dict(held.files())[f"{subject}/{periods.in_file_name(year)}.csv"]
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except ValueError as error:
        raise ReferenceGap(
            f"{path} cannot be read as a table ({error}), so nothing can be weighed by it. Save it "
            "as CSV in UTF-8, the same number of columns in every row."
        ) from error
    return rows.assign(**{str(c): rows[c].fillna("").str.strip() for c in rows.columns})


def _ratio(text: str, *, least: int | None = 0) -> Fraction | None:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
    return value if least is None or value > least else None


def _title(held: Shelf, key: str) -> str:
    source = held.sources().get(key)
    return source.title if source else key


def _worst(statuses: set[str]) -> str:
    """Give the status that may be shown for all of a table: the least sure."""
    return next((s for s in ("example", "unverified", "official") if s in statuses), "unverified")
