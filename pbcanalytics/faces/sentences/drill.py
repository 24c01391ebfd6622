"""An opened budget in words: its walk, whom it leaves out, and that it sums to the money."""

import json
from fractions import Fraction
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets import MOVES
from pbcanalytics.faces import wording
from pbcanalytics.faces.pages.budgets import budget_words
from pbcanalytics.faces.sentences.opened_budget import Opened
from pbcanalytics.words import codes

NAMES: Final = {"activity_pence": "Activity at tariff", **dict(budget_words.MOVES)}
LINES: Final = {**codes.PODS, codes.OTHER_POD: "Other activity"}
POOLS: Final = ("contingency", "risk_pool", "top_slice")


def title(opened: Opened) -> str:
    """Say whose budgets these are, and how firm."""
    plain = opened.budget.baseline
    code = opened.practice_code
    whose = "Budgets" if code is None else f"Budget of {code} {opened.names.get(code, '')}".rstrip()
    months = "; ".join(f"{m:%Y-%m}" for m in plain.missing_months)
    agreed = opened.agreed
    firm = budget_words.standing(
        {
            "version": agreed.version if agreed else None,
            "agreed_on": agreed.agreed_on if agreed else None,
            "missing_months": months,
        }
    )
    drift = budget_words.drift(
        {
            "version": agreed.version if agreed else None,
            "agreed_by": agreed.agreed_by if agreed else None,
            "drift_pence": agreed.drift_pence if agreed else None,
        }
    )
    return f"{whose} ({opened.budget.pct_code}, {plain.financial_year}): {firm}. {drift}"


def walk(opened: Opened) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """
    Give the walk as a table: practices, or the lines of one, by the steps that move anything.

    Returns
    -------
    tuple of str
        Headings.
    list of tuple of str
        One row per practice or line, the last their sum; in pounds, to the penny.
    """
    table = walk_table(opened)
    always = ("activity_pence", "affordability_pence")
    steps = [move for move in MOVES if move in always or (table[move] != 0).any()]
    columns = [*steps, "indicative_pence"]
    if opened.practice_code is None:
        first, names = (
            "Practice",
            [f"{c} {opened.names.get(c, '')}" for c in table["practice_code"]],
        )
    else:
        first, names = "Line", [LINES[pod] for pod in table["pod"]]
    rows = [
        (name.rstrip(), *(pounds(int(pence)) for pence in values))
        for name, values in zip(names, table[columns].to_numpy().tolist(), strict=True)
    ]
    sums = [pounds(int(table[c].sum())) for c in columns]
    heads = (first, *(NAMES[step] for step in steps), "Indicative budget")
    return heads, [*rows, ("All", *sums)]


def walk_table(opened: Opened) -> pd.DataFrame:
    """
    Give the walk as a file has it.

    Returns
    -------
    DataFrame, one row per practice, or per line of one
        `pct_code`, `financial_year`, `practice_code`, `pod` where of one practice, `n_activity`,
        `n_priced`, MOVES, `indicative_pence`, `held_pence`. [pence]
    """
    lines = opened.lines
    numbers = ["n_activity", "n_priced", *MOVES, "indicative_pence", "held_pence"]
    by = ["practice_code"] if opened.practice_code is None else ["practice_code", "pod"]
    table = lines.groupby(by, as_index=False, sort=True)[numbers].sum()
    if "pod" in by:
        order = {pod: i for i, pod in enumerate(LINES)}
        table = table.sort_values("pod", key=lambda pods: pods.map(order), ignore_index=True)
    table.insert(0, "financial_year", opened.budget.baseline.financial_year)
    table.insert(0, "pct_code", opened.budget.pct_code)
    return table


def notes(opened: Opened) -> list[str]:
    """Say what the walk rests on, that it sums to the PCT's money, and what is left out."""
    plain = opened.budget.baseline
    said = [f"In pounds. Activity of {plain.base_year} at {plain.price_year} prices."]
    if opened.line is not None:
        said.append(f"Only the line {LINES[opened.line].lower()} is shown.")
    said.append(_money(opened))
    said += budget_words.pools(
        {
            **{f"{pool}_pence": getattr(plain, f"{pool}_pence") for pool in POOLS},
            **{f"{pool}_return": plain.plan.return_rules.get(pool) for pool in POOLS},
        }
    )
    said += [
        f"{gap['practice_code']} has no budget: {gap['reason']}. Its {gap['n_activity']:,} items "
        f"of activity, {wording.exact(int(gap['activity_pence']))}, are in no budget."
        for gap in plain.gaps.to_dict("records")
    ]
    said += [
        budget_words.not_done({str(k): v for k, v in row.items()})
        for row in plain.unapplied.to_dict("records")
    ]
    where = "" if opened.practice_code else " --practice CODE"
    return [*said, f"Open a step with{where} --step {'|'.join(m[:-6] for m in MOVES)}."]


def walk_machine(opened: Opened) -> dict[str, Any]:
    """Give an opened budget as JSON takes it."""
    plain, agreed = opened.budget.baseline, opened.agreed
    return {
        "pct_code": opened.budget.pct_code,
        "financial_year": plain.financial_year,
        "base_year": plain.base_year,
        "price_year": plain.price_year,
        "version": agreed.version if agreed else None,
        "is_provisional": plain.is_provisional,
        "resource_pence": plain.plan.resource_pence,
        **{f"{pool}_pence": getattr(plain, f"{pool}_pence") for pool in POOLS},
        "available_pence": plain.available_pence,
        "reserved_pence": plain.reserved_pence,
        "rows": records(walk_table(opened)),
        "gaps": records(plain.gaps),
        "unapplied": records(plain.unapplied),
    }


def _money(opened: Opened) -> str:
    """Say that all budgets and what is kept sum to the resource."""
    plain = opened.budget.baseline
    parts = [
        ("budgets", int(plain.lines["indicative_pence"].sum())),
        ("held by others for the practices", int(plain.lines["held_pence"].sum())),
        ("kept for practices without a budget", plain.reserved_pence),
        *((pool.replace("_", " "), getattr(plain, f"{pool}_pence")) for pool in POOLS),
    ]
    whole, resource = sum(pence for _, pence in parts), plain.plan.resource_pence
    told = wording.joined([f"{wording.exact(p)} {name}" for name, p in parts if p])
    if whole != resource:
        return (
            f"{told} sum to {wording.exact(whole)}, not to the resource of "
            f"{wording.exact(resource)}: do not use them, and tell the analytics team."
        )
    return f"{told}: {wording.exact(whole)}, the PCT's resource, to the penny."


def pounds(pence: int) -> str:
    """Write pounds and pence without the sign of the currency, as a column does."""
    return wording.exact(pence).replace("£", "")


def records(frame: pd.DataFrame) -> Any:
    """
    Give rows as JSON takes them: days as text, fractions as written.

    Parameters
    ----------
    frame : DataFrame
    """
    plain = frame.copy()
    for column in plain.columns:
        if pd.api.types.is_datetime64_any_dtype(plain[column]):
            plain[column] = plain[column].dt.strftime("%Y-%m-%d")
        elif plain[column].dtype == object:
            plain[column] = [_plain(value) for value in plain[column]]
    return json.loads(plain.to_json(orient="records"))


def _plain(value: Any) -> Any:
    """Give a value as JSON takes it."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, Fraction):
        return str(value)
    return f"{value:%Y-%m-%d}" if hasattr(value, "strftime") else value
