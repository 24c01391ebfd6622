"""The tables of a budget year under way: for a terminal, for a file, for machines."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from pbcanalytics.budgets.monitor.monitoring import Monitoring
from pbcanalytics.budgets.monitor.shapley import EFFECTS
from pbcanalytics.budgets.monitor.variance import PARTS, Variance
from pbcanalytics.faces.sentences.monitor import CAUSES, MIXED, TOGETHER, name, notes, sentences

NET_HEADS: Final = (
    *("Group", "Budget of the year", "Profile so far", "Spent", "Over profile, net"),
    *("Over, gross", "Under, gross"),
)
PRACTICE_HEADS: Final = (
    *("Practice", "Consortium", "Budget of the year", "Profile so far", "Spent", "Over profile"),
    "Share of profile",
)
WHY_HEADS: Final = ("Why", "Part of what is over profile")


def net_rows(now: Monitoring, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Give the position of each group, and of all, as texts in the order of NET_HEADS."""
    rows = [(name(str(g["code"]), names), g) for g in now.groups.to_dict("records")]
    if len(rows) > 1:
        rows.append(("All practices", now.pct.iloc[0].to_dict()))
    return [
        (
            called,
            *(_pounds(int(g[c])) for c in ("budget_pence", "profile_pence", "actual_pence")),
            _pounds(int(g["variance_pence"]), signed=True),
            f"{_pounds(int(g['gross_over_pence']))} ({g['n_over']})",
            f"{_pounds(int(g['gross_under_pence']))} ({g['n_under']})",
        )
        for called, g in rows
    ]


def practice_rows(now: Monitoring, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Give the position of each practice, as texts in the order of PRACTICE_HEADS."""
    return [
        (
            name(str(p["practice_code"]), names),
            name(str(p["consortium_code"]), names) if p["consortium_code"] else "",
            *(_pounds(int(p[c])) for c in ("budget_pence", "profile_pence", "actual_pence")),
            _pounds(int(p["variance_pence"]), signed=True),
            f"{p['variance_pence'] / p['profile_pence']:+.1%}".replace("-", "−")
            if p["profile_pence"]
            else "",
        )
        for p in now.practices.to_dict("records")
    ]


def why_rows(why: Variance, *, is_other_version: bool = False) -> list[tuple[str, ...]]:
    """Give every part of what all practices are over profile, as texts; they add up."""
    whole = why.pct.iloc[0]
    parts = {CAUSES[p]: int(whole[p]) for p in PARTS if p in EFFECTS or int(whole[p])}
    if is_other_version:
        first = {CAUSES[p]: parts.pop(CAUSES[p]) for p in EFFECTS if p not in MIXED}
        mixed = sum(parts.pop(CAUSES[p]) for p in MIXED)
        parts = {**first, TOGETHER: mixed, **parts}
    parts["over profile"] = int(whole["variance_pence"])
    return [(w[0].upper() + w[1:], _pounds(p, signed=True)) for w, p in parts.items()]


def cell_table(now: Monitoring) -> pd.DataFrame:
    """Give spending against profile as one table, a row a practice, line and month."""
    cells = now.cells.assign(
        month=[f"{m:%Y-%m}" for m in now.cells["month"]],
        variance_pence=now.cells["actual_pence"] - now.cells["profile_pence"],
    )
    cells.insert(0, "financial_year", now.financial_year)
    cells.insert(0, "pct_code", now.pct_code)
    return cells


def variance_table(why: Variance) -> pd.DataFrame:
    """Give the parts of every variance as one table, a row a line, practice, group and PCT."""
    levels = {
        "line": why.lines.rename(columns={"practice_code": "code"}),
        "practice": why.practices.rename(columns={"practice_code": "code"}),
        "group": why.groups.drop(columns="is_consortium"),
        "pct": why.pct,
    }
    table = pd.concat([f.assign(level=level) for level, f in levels.items()], ignore_index=True)
    table = table.assign(
        pct_code=why.pct_code,
        financial_year=why.financial_year,
        known_to=f"{why.known_to:%Y-%m}",
        pod=table["pod"].fillna("ALL"),
    )
    first = ["pct_code", "financial_year", "known_to", "level", "code", "pod"]
    return table[[*first, *(c for c in table if c not in first)]]


def machine(
    now: Monitoring,
    why: Variance,
    names: Mapping[str, str],
    versions: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """Give all of a PCT's monitoring as JSON takes it."""
    return {
        "pct_code": now.pct_code,
        "financial_year": now.financial_year,
        "known_to": f"{now.known_to:%Y-%m}",
        "months": [f"{m:%Y-%m}" for m in now.months],
        "empty_months": [f"{m:%Y-%m}" for m in now.empty_months],
        "spread_years": list(now.spread_years),
        "base_year": why.base_year,
        "price_year": why.price_year,
        "hrg_versions": versions,
        "sentences": sentences(now, why, names, is_other_version=versions is not None),
        "notes": notes(now, why, names, versions),
        "pct": _records(now.pct),
        "groups": _records(now.groups),
        "practices": _records(now.practices),
        "gaps": _records(now.gaps),
        "variance": _records(variance_table(why)),
    }


def _pounds(pence: int, *, signed: bool = False) -> str:
    """Write whole pounds."""
    pounds = (abs(pence) + 50) // 100
    sign = "−" if pence < 0 and pounds else "+" if signed and pounds else ""
    return f"{sign}£{pounds:,}"


def _records(frame: pd.DataFrame) -> Any:
    return json.loads(frame.to_json(orient="records"))
